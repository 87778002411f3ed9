"""What notebooks show of a scan, its course, and a conversation: all escaped, no script, no style sheet."""

from __future__ import annotations

import importlib
import re
import sys
import time
from collections.abc import Iterable, Mapping
from html import escape
from typing import Any

_SECONDS = 0.2  # between two drawings of a bar
_HIDDEN = ("unlisted", "stages", "settings", "run_id")  # in the run's record


def facts(title: str, values: Mapping[str, Any]) -> str:
    """Names and numbers."""
    rows = "".join(
        f"<tr><th scope='row' style='text-align:left'>{escape(name.replace('_', ' '))}</th><td>{escape(_plain(value))}"
        "</td></tr>"
        for name, value in values.items()
        if name not in _HIDDEN
    )
    return f"<table><caption>{escape(title)}</caption>{rows}</table>"


def conversation(title: str, turns: Iterable[Mapping[str, Any]]) -> str:
    """A conversation, a row per turn, with the words that carried its labels marked."""
    head = "<tr><th>#</th><th>who</th><th style='text-align:left'>said</th><th>tone</th><th>care</th></tr>"
    rows = "".join(
        f"<tr><td>{number}</td><td>{escape(turn['agent_id'] or turn['role'])}</td>"
        f"<td style='text-align:left'>{_marked(turn['text'], turn['words'])}</td>"
        f"<td>{escape(turn['tone'])}</td><td>{escape(', '.join([turn['care_class'], *turn['own']]))}</td></tr>"
        for number, turn in enumerate(turns, 1)
    )
    return f"<table><caption>{escape(title)}</caption>{head}{rows}</table>"


def is_open() -> bool:
    """Whether this program runs in a notebook that can show HTML: a kernel of Jupyter, which has loaded IPython."""
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython is not None else None
    return shell is not None and hasattr(shell, "kernel")


class Bars:
    """The course of a scan in a notebook: one output that changes, a line per stage; needs IPython alone."""

    def __init__(self, titles: Mapping[str, tuple[str, str]]) -> None:
        self._titles, self._stages, self._drawn = titles, dict[str, tuple[int, int]](), 0.0
        self._shown: Any = None

    def tell(self, stage: str, done: int, total: int) -> None:
        """Draws, but not more often than eyes can follow; the end of a stage always."""
        new = stage not in self._stages
        self._stages[stage] = (done, total)
        if not new and done != total and time.monotonic() - self._drawn < _SECONDS:
            return
        self._drawn = time.monotonic()
        display = importlib.import_module("IPython.display")
        drawn = display.HTML(self.html())
        if self._shown is None:
            self._shown = display.display(drawn, display_id=True)
        else:
            self._shown.update(drawn)

    def html(self) -> str:
        """A line per stage: its name, a bar and how much of how many; a stage without a number only its name."""
        return "".join(f"<div>{self._line(stage, *said)}</div>" for stage, said in self._stages.items())

    def _line(self, stage: str, done: int, total: int) -> str:
        title, unit = self._titles.get(stage, (stage, ""))
        if not total:
            return escape(title)
        told = f"{done:,} of {total:,} {unit}".rstrip()
        return f"<progress value='{done}' max='{total}'>{escape(told)}</progress> {escape(title)}: {escape(told)}"


def _marked(text: str, words: Iterable[str]) -> str:
    """The text with those words in `<mark>`, the longest first."""
    alike = "|".join(re.escape(word) for word in sorted(words, key=len, reverse=True) if word)
    if not alike:
        return escape(text)
    parts = re.split(f"({alike})", text)
    return "".join(f"<mark>{escape(part)}</mark>" if place % 2 else escape(part) for place, part in enumerate(parts))


def _plain(value: object) -> str:
    return f"{value:,}" if isinstance(value, int) else str(value)

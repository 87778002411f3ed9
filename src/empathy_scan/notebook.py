"""What notebooks show of a scan and of a conversation: small tables, all in them escaped, no script, no style sheet."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from html import escape
from typing import Any

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
        f"<td>{escape(turn['tone'])}</td><td>{escape(turn['care_class'])}</td></tr>"
        for number, turn in enumerate(turns, 1)
    )
    return f"<table><caption>{escape(title)}</caption>{head}{rows}</table>"


def _marked(text: str, words: Iterable[str]) -> str:
    """The text with those words in `<mark>`, the longest first."""
    alike = "|".join(re.escape(word) for word in sorted(words, key=len, reverse=True) if word)
    if not alike:
        return escape(text)
    parts = re.split(f"({alike})", text)
    return "".join(f"<mark>{escape(part)}</mark>" if place % 2 else escape(part) for place, part in enumerate(parts))


def _plain(value: object) -> str:
    return f"{value:,}" if isinstance(value, int) else str(value)

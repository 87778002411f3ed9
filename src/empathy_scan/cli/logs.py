"""What goes to stderr and to a log file: lines for people, or one JSON object per line for a collector of logs.

Log lines hold files, counts, seconds and classes of errors; never words of a transcript.
"""

from __future__ import annotations

import json
import logging
import re
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TextIO

import typer

from empathy_scan.errors import OutputError

# Escape sequences of terminals, and characters that turn the direction of writing: transcripts come from strangers.
UNSAFE = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")
_OURS = "empathy_scan"
_SAID = logging.getLogger("empathy_scan.said")  # what people are told; they see it without a date and a name before it


class _Stderr(logging.StreamHandler[TextIO]):
    """Writes to what is stderr at the moment: progress bars put themselves in its place."""

    def __init__(self) -> None:
        super().__init__(sys.stderr)

    def emit(self, record: logging.LogRecord) -> None:
        self.stream = sys.stderr
        super().emit(record)


class _Text(logging.Formatter):
    """A line with its time, nothing in it that could steer a terminal."""

    def format(self, record: logging.LogRecord) -> str:
        return safe(super().format(record)).replace("\n", " ")


class _Json(logging.Formatter):
    """A line as an object: time, level, logger, message and the fields of the event."""

    def format(self, record: logging.LogRecord) -> str:
        time = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        line = {"time": time, "level": record.levelname.lower(), "logger": record.name, "message": record.getMessage()}
        if record.exc_info and record.exc_info[0] is not None:
            line["exception"] = record.exc_info[0].__name__
        return as_json({**getattr(record, "fields", {}), **line})


_HANDLERS: list[logging.Handler] = []  # ours, which the next call takes away


def configure(*, verbose: bool = False, form: str = "text", file: str = "", quiet: bool = False) -> None:
    """Log to stderr, and to a file if one is named. Raises OutputError where that cannot be written.

    Without `verbose`, a file or JSON lines only warnings are logged; of other packages only errors.
    """
    root = logging.getLogger()
    while _HANDLERS:
        handler = _HANDLERS.pop()
        root.removeHandler(handler)
        handler.close()
    here: logging.Handler = _Stderr()
    structured = form == "json"
    if not structured:  # people have been told already
        here.addFilter(lambda record: record.name != _SAID.name)
    level = logging.ERROR if quiet else logging.INFO if verbose or (structured and not file) else logging.WARNING
    here.setLevel(level)
    _HANDLERS.append(here)
    if file:
        _HANDLERS.append(_opened(file))
    for handler in _HANDLERS:
        handler.setFormatter(_Json() if structured else _Text("%(asctime)s %(name)s %(message)s"))
        root.addHandler(handler)
    root.setLevel(logging.ERROR)
    logging.getLogger(_OURS).setLevel(logging.INFO if file else level)
    _STATE.update(structured=structured and not file, quiet=quiet)


_STATE = {"structured": False, "quiet": False}


def _opened(file: str) -> logging.Handler:
    try:
        Path(file).absolute().parent.mkdir(parents=True, exist_ok=True)
        return logging.FileHandler(file, encoding="utf-8", errors="replace")
    except OSError as error:
        raise OutputError(
            f"the log cannot be written ({error.strerror})", where=file, remedy="choose another --log-file"
        ) from error


def say(text: str, **fields: Any) -> None:  # noqa: ANN401 - whatever JSON can hold
    """Tell people on stderr, and the log; as an object where stderr is for a collector of logs.

    `event="error"` is told also where the run is to be quiet.
    """
    failure = fields.get("event") == "error"
    if not _STATE["structured"] and (failure or not _STATE["quiet"]):
        typer.echo(safe(text), err=True)
    _SAID.log(logging.ERROR if failure else logging.WARNING, "%s", text, extra={"fields": fields})


def is_plain() -> bool:
    """Whether stderr is for people who want to hear of progress."""
    return not (_STATE["structured"] or _STATE["quiet"])


def as_json(answer: Any, *, indent: int | None = None) -> str:  # noqa: ANN401 - whatever JSON can hold
    """JSON that may be shown on a terminal: what could steer one is spelt as an escape."""
    return spelt(json.dumps(answer, ensure_ascii=False, indent=indent))


def spelt(text: str) -> str:
    """JSON in which what could steer a terminal is spelt as an escape."""
    return UNSAFE.sub(lambda match: f"\\u{ord(match.group()):04x}", text)


def safe(text: str) -> str:
    """The text without what could steer a terminal; of the same length, so that evidence stays in place."""
    return UNSAFE.sub("�", text)

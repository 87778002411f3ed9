"""What a program hands to the functions of `api.py`, checked: whatever is wrong is told in words, before any work."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import Any

import polars as pl

from empathy_scan import labelled_rows, tables
from empathy_scan.config import Config
from empathy_scan.errors import UsageError

Place = str | os.PathLike[str]
Places = Place | Iterable[Place]
Day = str | date | datetime | None
Turn = str | Mapping[str, Any]
_PAGE = "see docs/python.md"


def places(sources: Places) -> list[Path]:
    """The paths of files and folders. Raises UsageError for what is no path, by its number."""
    if isinstance(sources, str | os.PathLike):
        return [Path(place(sources, "sources"))]
    if not isinstance(sources, Iterable) or isinstance(sources, bytes | Mapping):
        raise _unfit("sources", sources, "give a path, or a list of paths")
    return [Path(place(each, f"path {number} of the sources")) for number, each in enumerate(sources, 1)]


def place(value: Place, name: str) -> str | Path:
    """A path, or the address of a store, as it is. Raises UsageError for anything else, and for an empty one."""
    if not isinstance(value, str | os.PathLike) or not os.fspath(value):
        raise _unfit(name, value, "give a path as a text or a pathlib.Path")
    return value if isinstance(value, str) else Path(value)


def settings(config: Config | None) -> Config:
    """The settings, or the usual ones. Raises UsageError for a path or a dict in their place."""
    if config is None or isinstance(config, Config):
        return config or Config()
    raise _unfit("config", config, "give what es.load_config(path) gives, or es.Config()")


def count(value: int, name: str) -> int:
    """A number of something. Raises UsageError for what is none."""
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise _unfit(name, value, "give a whole number from 1 on")
    return value


def period(since: Day, until: Day) -> tuple[datetime | None, datetime | None]:
    """Begin and end of a period. Raises UsageError for a text that is no date, and for an end that is not after."""
    begin, end = _moment(since, "since"), _moment(until, "until")
    if begin is not None and end is not None and begin >= end:
        raise UsageError("`since` must be before `until`", where=f"{begin:%Y-%m-%d} and {end:%Y-%m-%d}", remedy=_PAGE)
    return begin, end


def key(value: str, name: str) -> str:
    """An id. Raises UsageError for an empty one, and for what is no text."""
    if not isinstance(value, str) or not value:
        raise _unfit(name, value, "give it as a text, as it stands in the column of that name")
    return value


def turns(given: Turn | Iterable[Turn] | pl.DataFrame) -> list[dict[str, Any]]:
    """Single turns as rows of `classify`; those of a frame by its columns. Raises UsageError for what is no turn."""
    if isinstance(given, pl.DataFrame):
        return _of_frame(given)
    if isinstance(given, str | Mapping):
        given = [given]
    if not isinstance(given, Iterable) or isinstance(given, bytes | pl.LazyFrame):
        raise _unfit("turns", given, "give a text, a dict with role and text, a list of these, or a frame")
    return [_turn(one, number) for number, one in enumerate(given, 1)]


def labels(frame: pl.DataFrame) -> pl.DataFrame:
    """A LABELS frame, also of a table of labels with other types or more columns, as `empathy-scan measure` takes it.

    Raises MissingColumnError and MalformedInputError, with all columns and rows that are wrong.
    """
    if not isinstance(frame, pl.DataFrame):
        raise _unfit("labels", frame, "give a polars frame: pl.DataFrame(rows), or .collect() of a lazy one")
    if dict(frame.schema) == tables.LABELS.columns:
        return tables.conform(frame, tables.LABELS)
    return labelled_rows.labels_from_rows(frame, "labels")


def _turn(one: Turn, number: int) -> dict[str, Any]:
    if isinstance(one, str | Mapping):
        return {"role": "agent", "text": one} if isinstance(one, str) else dict(one)
    raise _unfit(f"turn {number}", one, "give a text, or a dict with role and text")


def _of_frame(frame: pl.DataFrame) -> list[dict[str, Any]]:
    """Rows of the columns that count; a frame of TURNS names its rows by nothing else."""
    if missing := {"role", "text"} - set(frame.columns):
        raise UsageError(
            f"the frame has no column {', '.join(sorted(missing))}", where="turns",
            remedy="rename a column: `role` is agent or customer, `text` what was said",
        )  # fmt: skip
    return frame.select(name for name in ("id", "role", "text", "context") if name in frame.columns).to_dicts()


def _moment(day: Day, name: str) -> datetime | None:
    """A day's beginning, in UTC where nothing else is said."""
    if day is None or isinstance(day, datetime):
        return day if day is None or day.tzinfo else day.replace(tzinfo=UTC)
    if not isinstance(day, str | date):
        raise _unfit(name, day, "give a day as a text such as 2026-10-12, or as a datetime.date")
    try:
        parsed = datetime.fromisoformat(day) if isinstance(day, str) else datetime.combine(day, time())
    except ValueError as error:
        raise UsageError("this is no date", where=repr(day), remedy="write it as 2026-10-12") from error
    return parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)


def _unfit(name: str, value: object, remedy: str) -> UsageError:
    """That something is of the wrong kind; never what it says, which may be words of a transcript."""
    empty = isinstance(value, str | bytes) and not value
    return UsageError(f"{name} cannot be {'an empty text' if empty else _kind(value)}", remedy=remedy)


def _kind(value: object) -> str:
    if value is None:
        return "None"
    return repr(value) if isinstance(value, int | float) else f"of type {type(value).__name__}"


__all__ = ["Day", "Place", "Places", "Turn", "count", "key", "labels", "period", "place", "places", "settings", "turns"]

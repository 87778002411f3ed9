"""The times that stand beside turns of a text, with or without dates: when it began, and each turn's seconds."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime
from itertools import pairwise

from empathy_scan.readers import times

_DATED = re.compile(
    r"(?P<first>\d{1,2})(?P<mark>[-/.])(?P<second>\d{1,2})(?P=mark)(?P<year>\d{4}|\d{2}),?\s+(?P<clock>\d.*)"
)
_ISO = re.compile(r"(\d{4})[-/.](\d{2})[-/.](\d{2}),?\s*(?=\d)")


def timeline(found: Sequence[str]) -> tuple[datetime | None, list[float | None]]:
    """When a conversation began, if its times tell, and seconds from then for each of them.

    `05/10/2026` is the fifth of October or the tenth of May: where no date of the file tells, the conversation has no
    start, and its turns have seconds only if both ways give the same.
    """
    plain = [_ISO.sub(r"\1-\2-\3 ", stamp) for stamp in found]
    dated = [match for stamp in plain if (match := _DATED.fullmatch(stamp))]
    if not dated:
        return times.timeline(times.read_instants(plain))
    if order := _order(dated):
        return times.timeline(times.read_instants([_in_order(stamp, order) for stamp in plain]))
    if len({_date(match) for match in dated}) == 1:
        return times.timeline(times.read_instants([_without_date(stamp) for stamp in plain]))
    ways = [
        times.timeline(times.read_instants([_in_order(stamp, order) for stamp in plain]))[1] for order in ("dm", "md")
    ]
    rising = [way for way in ways if _is_rising(way)]
    return None, rising[0] if len(rising) == 1 or (rising and ways[0] == ways[1]) else [None] * len(found)


def _order(dated: Sequence[re.Match[str]]) -> str:
    """`dm` or `md`: what a number over 12 demands; dots are written where the day comes first."""
    first = any(int(match["first"]) > 12 for match in dated)
    second = any(int(match["second"]) > 12 for match in dated)
    if first != second:
        return "dm" if first else "md"
    return "dm" if not first and all(match["mark"] == "." for match in dated) else ""


def _date(match: re.Match[str]) -> tuple[str, ...]:
    return match["first"], match["second"], match["year"]


def _in_order(stamp: str, order: str) -> str:
    """A date of numbers as ISO 8601; a stamp without one as it is."""
    match = _DATED.fullmatch(stamp)
    if match is None:
        return stamp
    day, month = (match["first"], match["second"]) if order == "dm" else (match["second"], match["first"])
    year = match["year"] if len(match["year"]) == 4 else f"20{match['year']}"
    seconds = times.parse_clock(_full(match["clock"]))
    if seconds is None:
        return ""
    minutes, second = divmod(int(seconds), 60)
    hour, minute = divmod(minutes, 60)
    return f"{year}-{int(month):02}-{int(day):02}T{hour:02}:{minute:02}:{second:02}"


def _full(clock: str) -> str:
    """`10:12` as hours, minutes and seconds: beside a date it is a time of day."""
    return f"{clock}:00" if clock.count(":") == 1 and clock[-1:].isdigit() else clock


def _without_date(stamp: str) -> str:
    match = _DATED.fullmatch(stamp)
    return match["clock"] if match else stamp


def _is_rising(seconds: Sequence[float | None]) -> bool:
    known = [value for value in seconds if value is not None]
    return len(known) == len(seconds) and all(after >= before for before, after in pairwise(known))

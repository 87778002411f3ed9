"""Times as exports write them: clock times, offsets in several units, epoch numbers and date-times, told apart."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, timezone
from functools import lru_cache

DAY = 86_400.0
_LARGEST = 1e30  # no instant is a larger number; those beyond any float are none either
# Plausible sizes of numbers that count from 1970: seconds from 1973, milliseconds and microseconds likewise.
_EPOCH_SECONDS, _EPOCH_MILLIS, _EPOCH_MICROS = 1e8, 1e11, 1e14
# A conversation whose first clock is later than this shows the time of day, not an offset; `05:00` or later
# as the first of short clocks is hours and minutes.
_CLOCK_START, _SHORT_CLOCK_START = 1800.0, 300.0

_CLOCK = re.compile(r"(?:(\d{1,3}):)?(\d{1,3}):(\d{1,2})(?:[.,](\d{1,6}))?\s*(?:([ap])\.?m\.?)?", re.IGNORECASE)
_SPAN = re.compile(r"(?:PT)?(?:(\d+)\s*h)?\s*(?:(\d+)\s*m)?\s*(?:(\d+(?:\.\d+)?)\s*s)?", re.IGNORECASE)
_NUMBER = re.compile(r"[+-]?\d+(?:\.\d+)?(?:e[+-]?\d+)?", re.IGNORECASE)
_ISO_LIKE = re.compile(r"\d{4}[-/]\d{2}[-/]\d{2}.*|\d{8}T\d{4,6}.*")
# Day and month as numbers, in an order that only the column can tell, and a time of day.
_NUMERIC = re.compile(
    r"(?P<first>\d{1,2})(?P<mark>[/.-])(?P<second>\d{1,2})(?P=mark)(?P<year>\d{4})(?:[ ,T]+(?P<clock>\d.*))?"
)
_HALF_DAYS = re.compile(r"\b(1[0-2]|0?\d):(\d{2}(?::\d{2})?)\s?([ap])\.?m\.?(?![a-z])", re.IGNORECASE)
_HYPHEN_BY_MONTH = re.compile(r"(?<=\d)-(?=[^\W\d_])|(?<=[^\W\d_])-(?=\d)")
_WITH_MONTH_NAME = (
    "%d %B %Y", "%d %b %Y", "%B %d %Y", "%b %d %Y", "%a %d %b %Y", "%A %d %B %Y",
    "%A %B %d %Y", "%a %b %d %Y",
)  # fmt: skip
ASSUMED = timezone(timedelta(0), "")  # UTC that nobody wrote: of times without a zone, and of numbers
_TIME_OF_DAY = ("", " %H:%M", " %H:%M:%S", " %I:%M %p", " %I:%M:%S %p", " %H:%M %Z", " %H:%M:%S %z")


@dataclass(frozen=True, slots=True)
class Instant:
    """A time read from a cell: an absolute moment, or seconds of an offset or clock; both None when unreadable."""

    moment: datetime | None = None
    seconds: float | None = None
    clock: bool = False  # written with colons, so perhaps the time of day
    short: bool = False  # two numbers only: minutes and seconds, or hours and minutes


NOTHING = Instant()


def parse_moment(text: str) -> datetime | None:
    """An absolute time from ISO 8601 or an English date with a month name; None for anything ambiguous.

    It is in UTC, and `zone` tells in which zone it was written; a time without one is taken as UTC.
    `03/04/2026` is no date here: nobody can say which month it is.
    """
    text = text.strip()
    if _ISO_LIKE.fullmatch(text):
        return _iso(text.replace("/", "-"))
    if not any(character.isalpha() for character in text):
        return None
    plain = re.sub(r"\s+", " ", _HYPHEN_BY_MONTH.sub(" ", re.sub(r"[,()]| at ", " ", text)).strip())
    for day in _WITH_MONTH_NAME:
        for clock in _TIME_OF_DAY:
            try:
                return placed(datetime.strptime(plain, day + clock))  # noqa: DTZ007 - set to UTC there
            except ValueError:
                continue
    return None


def parse_clock(text: str) -> float | None:
    """Seconds of `1:02:03.5`, `01:23`, `10:02 AM`, `95s`, `1m 20s` or `PT1M20S`; None for anything else."""
    text = text.strip(" \t[]()")
    if found := _CLOCK.fullmatch(text):
        first, second, third, fraction, half = found.groups()
        # `10:02 AM` is hours and minutes; `01:23` is minutes and seconds.
        hours, minutes, seconds = (first or 0, second, third) if first or not half else (second, third, 0)
        total = int(hours) * 3600 + int(minutes) * 60 + int(seconds) + float(f"0.{fraction or 0}")
        return _half_day(total, half)
    found = _SPAN.fullmatch(text)
    if found and any(found.groups()):
        return int(found[1] or 0) * 3600 + int(found[2] or 0) * 60 + float(found[3] or 0)
    return None


def placed(moment: datetime) -> datetime | None:
    """The moment in UTC; its zone is called by the name or offset that it was written in, "" where there was none.

    None for a moment that has no UTC time.
    """
    if moment.tzinfo is None:
        return moment.replace(tzinfo=ASSUMED)
    if moment.tzinfo is ASSUMED or moment.tzinfo is UTC:
        return moment
    minutes = round((moment.utcoffset() or timedelta()).total_seconds() / 60)
    written = f"{'-' if minutes < 0 else '+'}{abs(minutes) // 60:02}:{abs(minutes) % 60:02}" if minutes else "UTC"
    try:
        return moment.astimezone(timezone(timedelta(0), getattr(moment.tzinfo, "key", None) or written))
    except OverflowError:
        return None


def zone(moment: datetime | None) -> str | None:
    """The zone that a moment was written in: `UTC`, `+02:00`, `Europe/Berlin`; None where none was."""
    return (moment.tzname() or None) if moment is not None else None


def read_instants(values: Sequence[object], *, name: str = "") -> list[Instant]:
    """The times of one column, its unit decided for the column as a whole (a name ending in `ms` says milliseconds).

    So is the order of day and month: `05/10/2026` is read only where another cell of the column has a part over 12.
    """
    cells = _with_numeric_dates(values, [_cell(value) for value in values])
    largest = max((cell.seconds or 0.0 for cell in cells if not cell.clock), default=0.0)
    if largest >= _EPOCH_SECONDS:
        return [cell if cell.seconds is None else Instant(moment=from_epoch(cell.seconds)) for cell in cells]
    if re.search(r"(?:ms|millis|milliseconds)$", name.casefold()):
        return [cell if cell.seconds is None else Instant(seconds=cell.seconds / 1000) for cell in cells]
    if (
        largest > DAY
    ):  # no conversation lasts longer than a day: a unit that nobody named, so no times rather than wrong ones
        return [cell if cell.seconds is None or cell.clock else NOTHING for cell in cells]
    return cells


def unread_note(name: str, values: Sequence[object], read: Sequence[object]) -> list[str]:
    """A note that says how many cells of a column hold something, but no time that can be read; none if there is none.

    `read` is what was made of the cells: an Instant or a moment each, None or an empty Instant for nothing.
    """
    filled = [made for value, made in zip(values, read, strict=True) if value is not None and str(value).strip()]
    unread = sum(made is None or made == NOTHING for made in filled)
    if not unread:
        return []
    plain = [value for value in values if isinstance(value, str) and _NUMERIC.fullmatch(value.strip())]
    why = " (nothing tells whether day or month comes first)" if plain and not _date_order(plain) else ""
    return [f"column {name!r}: {unread} of {len(filled)} cells cannot be read as a time{why}; their times stay empty"]


def from_epoch(number: float) -> datetime | None:
    """The moment of seconds, milliseconds or microseconds since 1970, told by their size; None out of range."""
    size = abs(number)
    scale = 1e6 if size > _EPOCH_MICROS else 1e3 if size > _EPOCH_MILLIS else 1.0
    try:
        return datetime.fromtimestamp(number / scale, ASSUMED)
    except (OverflowError, OSError, ValueError):
        return None


def timeline(instants: Sequence[Instant]) -> tuple[datetime | None, list[float | None]]:
    """When a conversation started, if its turns tell, and each turn's seconds from the start."""
    moments = [instant.moment for instant in instants]
    if known := [moment for moment in moments if moment is not None]:
        first = min(known)
        if len(instants) > 1 and len(known) > 1 and len(set(known)) == 1:
            return first, [None] * len(
                moments
            )  # one and the same time on every turn: the conversation's, not the turn's
        return first, [None if moment is None else (moment - first).total_seconds() for moment in moments]
    seconds = [instant.seconds for instant in instants]
    if any(instant.clock for instant in instants):
        return None, _from_first_clock(seconds, short=all(instant.short for instant in instants if instant.clock))
    return None, seconds


def _from_first_clock(seconds: Sequence[float | None], *, short: bool) -> list[float | None]:
    """Times of day as seconds since the first of them, also over midnight; offsets stay as they are."""
    first = next((value for value in seconds if value is not None), 0.0)
    if first < (_SHORT_CLOCK_START if short else _CLOCK_START):
        return list(seconds)
    scale = 60.0 if short else 1.0
    return [None if value is None else (value - first) * scale % DAY for value in seconds]


@lru_cache(maxsize=65536)
def _from_text(text: str) -> Instant:
    if _NUMBER.fullmatch(text):
        return Instant(seconds=float(text))
    if (moment := parse_moment(text)) is not None:
        return Instant(moment=moment)
    seconds = parse_clock(text)
    if seconds is None:
        return NOTHING
    return Instant(seconds=seconds, clock=":" in text, short=text.count(":") == 1 and text[-1:].isdigit())


def _with_numeric_dates(values: Sequence[object], cells: list[Instant]) -> list[Instant]:
    """The cells with dates such as `25/10/2026`, if the column tells the order of day and month."""
    texts = {at: value.strip() for at, value in enumerate(values) if isinstance(value, str) and cells[at] == NOTHING}
    dates = {at: text for at, text in texts.items() if _NUMERIC.fullmatch(text)}
    if not (order := _date_order(list(dates.values()))):
        return cells
    read = {at: Instant(moment=numeric_date(text, order)) for at, text in dates.items()}
    return [read.get(at, cell) for at, cell in enumerate(cells)]


def _date_order(dates: Sequence[str]) -> str:
    """`%d %m` or `%m %d`, whichever some date demands; empty if none does, or both are demanded."""
    found = orders(dates)
    return found.pop() if len(found) == 1 else ""


def orders(values: Sequence[object]) -> set[str]:
    """The orders of day and month that some of the dates demand: none, one, or both where they disagree.

    A number over 12 is no month; with dots between, as in `01.03.2026`, nobody writes the month first.
    """
    found = [match for value in values if isinstance(value, str) and (match := _NUMERIC.fullmatch(value.strip()))]
    wanted = {"%d %m": "first", "%m %d": "second"}
    demanded = {order for order, part in wanted.items() if any(int(match[part]) > 12 for match in found)}
    return demanded or ({"%d %m"} if any(match["mark"] == "." for match in found) else set())


def in_order(values: Sequence[object], order: str) -> list[object]:
    """The cells, dates such as `25/10/2026` as moments in an order of day and month; other cells as they are."""
    return [
        numeric_date(value.strip(), order) if isinstance(value, str) and _NUMERIC.fullmatch(value.strip()) else value
        for value in values
    ]


@lru_cache(maxsize=65536)
def numeric_date(text: str, order: str) -> datetime | None:
    """The date of `25/10/2026 09:14 AM` in an order of day and month; None if there is no such day or time."""
    match = _NUMERIC.fullmatch(text)
    if match is None:
        return None
    plain = f"{match['first']} {match['second']} {match['year']} {match['clock'] or ''}".strip()
    for clock in _TIME_OF_DAY:
        try:
            return placed(datetime.strptime(plain, f"{order} %Y{clock}"))  # noqa: DTZ007 - set to UTC there
        except ValueError:
            continue
    return None


def _cell(value: object) -> Instant:
    """One cell of any type as an instant."""
    if isinstance(value, str):
        return _from_text(value.strip())
    if isinstance(value, datetime):
        return Instant(moment=placed(value))
    if isinstance(value, date):
        return Instant(moment=datetime.combine(value, time(), ASSUMED))
    if isinstance(value, int | float) and not isinstance(value, bool) and -_LARGEST < value < _LARGEST:
        return Instant(seconds=float(value))
    return NOTHING


def _iso(text: str) -> datetime | None:
    """ISO 8601 with a few liberties: ` UTC`, a space before the zone, any number of decimals."""
    text = _HALF_DAYS.sub(_in_full, text)
    text = re.sub(r"(?<!\s)\s*+(?:UTC|GMT)$", "Z", text)
    text = re.sub(r"(?<!\s)\s++([+-]\d\d:?\d\d)$", r"\1", text)
    try:
        return placed(datetime.fromisoformat(text))
    except (ValueError, OverflowError):
        return None


def _in_full(clock: re.Match[str]) -> str:
    """`10:02 PM` as `22:02`."""
    hour = int(clock[1]) % 12 + (12 if clock[3].lower() == "p" else 0)
    return f"{hour:02}:{clock[2]}"


def _half_day(total: float, half: str | None) -> float:
    """The seconds of a twelve-hour clock as those of the day."""
    if half is None:
        return total
    return total % (DAY / 2) + (DAY / 2 if half.lower() == "p" else 0.0)

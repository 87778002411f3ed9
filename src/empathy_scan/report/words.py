"""The wording of a report: numbers, dates and names as a team lead reads them, file names that are safe anywhere."""

from __future__ import annotations

import hashlib
import math
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import date as day
from datetime import datetime

# One for one, so that offsets into a text stay right: controls, the marks that turn the direction of what follows, and
# what is no character of XML: the converter of charts does not survive it.
_UNSHOWABLE = dict.fromkeys(
    (*range(0x20), *range(0x7F, 0xA0), *range(0x202A, 0x202F), *range(0x2066, 0x206A), 0xFFFE, 0xFFFF), "\ufffd"
)
_UNSHOWABLE |= {ord("\t"): "\t", ord("\n"): "\n", ord("\r"): " ", 0x85: " ", 0x2028: "\n", 0x2029: "\n", 0xFEFF: " "}
# Marks that stand above or below a letter; the fifth and later ones on one letter would be drawn over other lines.
_MARK = (
    r"[\u0300-\u036f\u0483-\u0489\u0591-\u05bd\u0610-\u061a\u064b-\u065f"
    r"\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f]"
)
_PILED = re.compile(f"{_MARK}(?<={_MARK * 5})")
_NOTHING = "\N{WORD JOINER}"  # has no width and no ink
# Letters of the Cyrillic and Greek alphabets that cannot be told from Latin ones by looking.
_LOOK_ALIKE = str.maketrans(
    "АВЕЅІЈКМНОРСТХУавеѕіјкмнорстхуԁԛԝһΑΒΕΖΗΙΚΜΝΟΡΤΥΧαικνορτυχ",
    "ABESIJKMHOPCTXYabesijkmhopctxydqwhABEZHIKMNOPTYXaikvoptux",
)
_TOLD_CHARACTERS = 3
_PLAIN_SLUG = re.compile(r"[a-z0-9]+(?:[._-][a-z0-9]+)*")
_SLUG_LENGTH = 80
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
# Names that a page of ours has, or that Windows keeps for devices.
_RESERVED = {"index", "con", "prn", "aux", "nul", *(f"{port}{digit}" for port in ("com", "lpt") for digit in range(10))}


def shown(text: str) -> str:
    """The text with characters that would disturb a page replaced, one for one."""
    replaced = text.translate(_UNSHOWABLE)
    return replaced if replaced.isascii() else _PILED.sub(_NOTHING, replaced)


def whole(value: float) -> int:
    """The nearest whole number, halves away from zero (Python's own rounding takes 0.5 to 0)."""
    return int(math.copysign(math.floor(abs(value) + 0.5), value))


def percent(share: float) -> str:
    """0.624 as `62%`."""
    return f"{whole(share * 100)}%"


def chance(probability: float) -> str:
    """A model's probability, never quite certain: 0.998 as `>99%`."""
    return ">99%" if probability >= 0.995 else "<1%" if probability < 0.005 else percent(probability)


def signed(value: float) -> str:
    """A difference with its sign: `+58`, `−3`, `0`."""
    number = whole(value)
    return f"{number:+d}".replace("-", "\N{MINUS SIGN}") if number else "0"


def plural(count: int, one: str, many: str) -> str:
    """`1 call` or `1,204 calls`."""
    return f"{count:,} {one if count == 1 else many}"


def date(moment: datetime) -> str:
    """`5 Oct 2026`, in English whatever the machine's language."""
    return f"{moment.day} {MONTHS[moment.month - 1]} {moment.year}"


def week(monday: day) -> str:
    """The week that begins on a Monday: `5 Oct 2026`."""
    return date(datetime(monday.year, monday.month, monday.day))  # noqa: DTZ001 - a calendar day has no zone


def day_and_month(monday: day) -> str:
    """The week that begins on a Monday, where the year is plain: `5 Oct`."""
    return week(monday).rpartition(" ")[0]


def date_and_time(moment: datetime) -> str:
    """`5 Oct 2026, 09:12 UTC`."""
    return f"{date(moment)}, {moment:%H:%M} UTC"


def period(first: datetime | None, last: datetime | None) -> str:
    """`5 Oct 2026 to 23 Oct 2026`, one date where both are of one day, words where there is none."""
    if first is None or last is None:
        return "dates not known"
    return date(first) if date(first) == date(last) else f"{date(first)} to {date(last)}"


def clock(seconds: float) -> str:
    """Seconds from the start of a call as `1:05` or `1:01:05`."""
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"


def listing(items: Iterable[str]) -> str:
    """`a`, `a and b`, `a, b and c`."""
    *rest, last = list(items) or [""]
    return f"{', '.join(rest)} and {last}" if rest else last


def name(agent_id: str) -> str:
    """The name of an agent: `maya.osei` as `Maya Osei`."""
    parts = [part for part in re.split(r"[\s._]+", shown(agent_id.partition("@")[0])) if part]
    return " ".join("-".join(word[:1].upper() + word[1:] for word in part.split("-")) for part in parts) or shown(
        agent_id
    )


def names(agent_ids: Iterable[str], known: Mapping[str, str] | None = None) -> dict[str, str]:
    """The name of every agent, known or made of the id; two who would be called the same carry their id in brackets."""
    told = {agent_id: shown(text) for agent_id, text in {"unknown-agent": "Unknown agent", **(known or {})}.items()}
    called = {agent_id: told.get(agent_id) or name(agent_id) for agent_id in agent_ids}
    count = Counter(called.values())
    unique = {
        agent_id: short if count[short] == 1 else f"{short} ({shown(agent_id)})" for agent_id, short in called.items()
    }
    alike = Counter(map(_looks, unique.values()))
    return {agent_id: each if alike[_looks(each)] == 1 else _spelt(each) for agent_id, each in unique.items()}


def _looks(text: str) -> str:
    """The same for names that look the same: compatible forms, letters of other alphabets, nothing unseen."""
    if text.isascii():
        return text.casefold()
    plain = unicodedata.normalize("NFKC", text).translate(_LOOK_ALIKE).casefold().translate(_LOOK_ALIKE)
    return "".join(each for each in plain if unicodedata.category(each) not in {"Cf", "Mn", "Cc"})


def _spelt(text: str) -> str:
    """A name that looks like another, with the numbers of its characters outside ASCII."""
    strange = dict.fromkeys(each for each in text if not each.isascii())
    codes = ", ".join(f"U+{ord(each):04X}" for each in [*strange][:_TOLD_CHARACTERS])
    return f"{text} ({codes})" if codes else text


def slug(identifier: str) -> str:
    """A file name (without ending) for an agent or a conversation: the same every time, and no two alike.

    A plain lower-case id stays as it is; any other is cleaned and carries a hash behind a tilde, which no plain id has.
    """
    if (
        _PLAIN_SLUG.fullmatch(identifier)
        and len(identifier) <= _SLUG_LENGTH
        and identifier.partition(".")[0] not in _RESERVED
    ):
        return identifier
    cleaned = re.sub(r"[^a-z0-9]+", "-", identifier.casefold()).strip("-")[: _SLUG_LENGTH - 20].strip("-")
    return f"{cleaned or 'x'}~{hashlib.sha256(identifier.encode()).hexdigest()[:12]}"


def beginning(text: str, length: int) -> str:
    """The text up to the last space within a length, with a mark that it goes on; a short one as it is."""
    return text if len(text) <= length else f"{text[:length].rsplit(' ', 1)[0]} …"


def excerpt(text: str, *, around: int, length: int = 420) -> tuple[int, int]:
    """The stretch of a long text to quote, cut at spaces, with the character `around` in it; all of a short one."""
    if len(text) <= length:
        return 0, len(text)
    start = max(0, min(around - length // 4, len(text) - length))
    end = min(len(text), start + length)
    if start and (space := text.find(" ", start, start + 40)) >= 0:
        start = space + 1
    if end < len(text) and (space := text.rfind(" ", end - 40, end)) >= 0:
        end = space
    return start, end

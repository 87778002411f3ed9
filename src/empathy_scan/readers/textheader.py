"""The header of a plain text transcript: `Call ID: 123`, `Queue: billing`, `Agent: Dana Lopez` before the turns.

`Agent: Dana Lopez` looks like a turn. It is a header line when it stands in a block of header lines before the first
turn and its value is a short name or an id.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import takewhile

from empathy_scan.codebook import Channel
from empathy_scan.readers import labels, textshape, times
from empathy_scan.readers.channels import read_channel

_LINE = re.compile(
    r"^\s*+[-*#]*\s*+(?P<key>[A-Za-z][\w /.#&()-]{0,30}?)\**+\s*+:\**+\s*+"
    r"(?P<value>(?:[^\s*]++|[\s*]++(?=[^\s*]))*+)[\s*]*+$"
)
_IDENTITY = (
    "conversation id, conversation, conversation number, call id, call, call number, call reference, contact id, "
    "interaction id, session id, ticket id, ticket, ticket number, case id, case, case number, chat id, chat, "
    "transcript id, recording id, thread id, dialogue id, reference, id"
)
_AGENT = "agent name, agent id, agent email, advisor name, advisor id, adviser name, handled by, operator id, rep name"
_QUEUE = "queue, queue name, skill, skill group, department, team, line of business"
_CHANNEL = "channel, media, media type, medium, channel type"
_STARTED = (
    "date, date/time, datetime, date and time, start, start time, started, started at, call date, timestamp, begin, "
    "call start, chat started, chat start time, call start time, start date"
)
_OTHERS = (
    "customer name, customer id, customer number, account, account number, account id, phone, phone number, duration, "
    "call duration, language, subject, topic, disposition, result, status, direction, type, call type, end, end time, "
    "ended, location, site, priority, tags, participants, company, title, version, wait time, hold time, category, "
    "reason, outcome, rating, csat, number, order, order number, customer phone, customer email, scenario"
)
_FIELDS = {
    key.strip(): name
    for keys, name in (
        (_IDENTITY, "conversation_id"), (_AGENT, "agent"), (_QUEUE, "queue"), (_CHANNEL, "channel"),
        (_STARTED, "started_at"), ("time", "time"), (_OTHERS, "other"),
    )
    for key in keys.split(",")
}  # fmt: skip
_NAMED_BY_ROLE = {"agent", "advisor", "adviser", "representative", "operator", "csr", "rep", "associate", "consultant"}
_CUSTOMERS = {"customer", "client", "caller", "user", "guest", "visitor", "member", "patient"}
_GREETINGS = {"hello", "hi", "hey", "yes", "no", "okay", "ok", "thanks", "sure", "good", "morning", "afternoon", "bye"}
_LONGEST_NAME = 4  # words
_LONGEST_TITLE = 60  # characters


@dataclass(frozen=True, slots=True)
class Header:
    """What the header lines of a transcript say."""

    conversation_id: str | None = None
    agent: str | None = None
    queue: str | None = None
    channel: Channel | None = None
    started_at: datetime | None = None


def length(lines: Sequence[str]) -> int:
    """How many lines at the top are header: the turns begin after them."""
    end = 0
    for number, (first, last) in enumerate(_paragraphs(lines)):
        kinds = list(takewhile(lambda kind: kind != "other", map(_kind, lines[first:last])))
        whole = _leading(kinds, lines[first:last], lines[last:])
        if whole:
            end = first + whole
        title = number == 0 and len(kinds) == last - first and set(kinds) == {"title"}
        if whole < last - first and not title:
            break
    return end


def identity(line: str) -> str | None:
    """The id of a line such as `Call ID: 123` or `Conversation: c-17`; None for any other line."""
    found = _LINE.match(textshape.bare(line))
    if found is None or _FIELDS.get(_key(found)) != "conversation_id":
        return None
    value = found["value"].strip("# ")
    named = "id" in _key(found).split() or any(character.isdigit() for character in value)
    return value if named and re.fullmatch(r"\S{1,80}", value) else None


def read(lines: Sequence[str]) -> Header:
    """The header of the transcript, every field None that it does not give."""
    values: dict[str, str] = {}
    for line in lines[: length(lines)]:
        if found := _LINE.match(textshape.bare(line)):
            key = _key(found)
            name = "agent" if key in _NAMED_BY_ROLE else _FIELDS.get(key, "other")
            if found["value"]:
                values.setdefault(name, found["value"])
    return Header(
        conversation_id=values.get("conversation_id", "").strip("# ") or None,
        agent=values.get("agent"),
        queue=values.get("queue"),
        channel=read_channel(values.get("channel")),
        started_at=_started(values.get("started_at", ""), values.get("time", "")),
    )


def _key(found: re.Match[str]) -> str:
    return " ".join(found["key"].replace("_", " ").casefold().strip("# ").split())


def _kind(line: str) -> str:
    """`sure` for a known key, `person` for a role word with a name, `title` for a short line, else `other`."""
    found = _LINE.match(textshape.bare(line))
    if found is None:
        short = len(line.strip()) <= _LONGEST_TITLE and not re.search(r":|[.?!]\s*$", line)
        return "title" if short and labels.read_label(line).role == "unknown" else "other"
    key = _key(found)
    if key in _NAMED_BY_ROLE | _CUSTOMERS:
        return "person" if _is_name_or_id(found["value"]) else "other"
    return "sure" if key in _FIELDS else "other"


def _is_name_or_id(value: str) -> bool:
    """A short name (`Dana Lopez`) or an id (`a-17`, an address), not something said."""
    words = value.split()
    if not 0 < len(words) <= _LONGEST_NAME or re.search(r"[?!,;]|\.$", value):
        return False
    if {word.casefold() for word in words} & _GREETINGS:
        return False
    return all(word[0].isupper() or re.search(r"[\d@_]|\w\.\w", word) is not None for word in words)


def _leading(kinds: Sequence[str], lines: Sequence[str], later: Sequence[str]) -> int:
    """How many lines at the top of a paragraph are header lines, given the kinds of those that may be."""
    count = len(kinds)
    if "sure" in kinds:
        while count and kinds[count - 1] == "person" and not _is_introduced(lines[count - 1], lines[count:], later):
            count -= 1
        return count if "sure" in kinds[:count] else 0
    persons = count == len(lines) and kinds.count("person") > 1 and set(kinds) <= {"person", "title"}
    return count if persons and any(_comes_again(line, later) for line in lines) else 0


def _is_introduced(line: str, below: Sequence[str], later: Sequence[str]) -> bool:
    """Whether `Agent: Dana Lopez` introduces somebody who speaks later, rather than being what somebody says."""
    if _comes_again(line, [*below, *later]):
        return True
    return not below and len(line.split(":", 1)[1].split()) > 1


def _comes_again(line: str, later: Sequence[str]) -> bool:
    """Whether the label of a line, or the name it gives, opens a later line."""
    label, colon, name = (part.strip().casefold() for part in line.partition(":"))
    if not (colon and name):
        return False
    return any(other.casefold().lstrip().startswith(label) or f"{name}:" in other.casefold() for other in later)


def _paragraphs(lines: Sequence[str]) -> Iterator[tuple[int, int]]:
    """First and last position of each run of lines without a blank one."""
    first: int | None = None
    for position, line in enumerate(lines):
        if line.strip():
            first = position if first is None else first
        elif first is not None:
            yield first, position
            first = None
    if first is not None:
        yield first, len(lines)


def _started(date: str, time: str) -> datetime | None:
    """The date-time of the header, from two lines where date and time of day stand apart."""
    moment = times.parse_moment(date)
    clock = times.parse_clock(f"{time}:00" if time.count(":") == 1 and time[-1:].isdigit() else time) if time else None
    if moment is not None and clock is not None and moment.time() == datetime.min.time():
        return moment + timedelta(seconds=clock)
    return moment

"""Chats that stand as one text in a cell or comment: lines such as `(10:02:11) Dana: ...`, `( 1m 12s ) Agent: ...`."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from empathy_scan.codebook import Role
from empathy_scan.readers import labels, times
from empathy_scan.readers.conversation import Turn, clean

ASIDE = "\ue001"  # a private-use character before lines that no participant said
_CLOCK = r"\d{1,2}:\d{2}(?::\d{2})?(?:\s?[AaPp]\.?[Mm]\.?)?"
_SPAN = r"(?:\d+\s?h\s*)?(?:\d+\s?m\s*)?\d+\s?s|(?:\d+\s?h\s*)?\d+\s?m"
_LINE = re.compile(rf"^\(\s*(?P<time>{_CLOCK}|{_SPAN})\s*\)[ \t]*(?P<said>.*)$")
_SAID = re.compile(r"^(?P<name>[^:*\s][^:\n]{0,79}?)\s*:(?:\s(?P<text>.*)|$)")
_VISITOR = re.compile(r"(?:visitor|web user|guest|anonymous)(?:\s+[\w-]{1,40})?", re.IGNORECASE)
_LEAST_SHARE = 0.3  # of the lines carry a time, for a text to count as a chat (messages may have several lines)


@dataclass(frozen=True, slots=True)
class Line:
    """What one participant sent; `seconds` from the first line, or from the start where the log counts from there."""

    name: str
    text: str
    seconds: float | None = None


@dataclass(frozen=True, slots=True)
class Log:
    """The messages of a chat, and the lines that nobody said: header, who joined, who left."""

    lines: Sequence[Line]
    asides: Sequence[str] = ()


Person = tuple[Role, str | None]  # role and agent id


def read(text: str) -> Log | None:
    """The chat that a text is, if it has lines with a time in brackets and a name; None if it is none."""
    if "(" not in text:
        return None
    lines = text.split("\n")
    filled = [line for line in lines if line.strip() and not line.startswith(ASIDE)]
    openings = [found for line in filled if (found := _LINE.match(line))]
    said = [found for found in openings if _SAID.match(found["said"])]
    if not said or len(openings) < _LEAST_SHARE * len(filled):
        return None
    first_line = next(line for line in filled if _LINE.match(line))
    if len(said) == 1 and first_line is not filled[0]:
        return None  # one time in brackets amid a letter
    return _log(lines)


def turns(log: Log, people: Mapping[str, Person]) -> list[Turn]:
    """The messages as turns, by whose names `people` (casefolded) knows, by role words in names, else unknown."""
    read_names = labels.read_labels(line.name for line in log.lines)
    return [_turn(line, read_names[line.name], people) for line in log.lines]


def completed(found: Sequence[Turn], source: str) -> list[Turn]:
    """The turns with the one speaker who is left beside known agents as the customer."""
    spoken = {turn.role for turn in found}
    left = {turn.speaker for turn in found if turn.role == Role.UNKNOWN}
    if Role.AGENT not in spoken or Role.CUSTOMER in spoken or len(left) != 1:
        return list(found)
    return [
        replace(turn, role=Role.CUSTOMER, role_source=source, agent_id=None) if turn.role == Role.UNKNOWN else turn
        for turn in found
    ]


def _log(lines: Sequence[str]) -> Log:
    """The lines with a time, each with the lines that follow it."""
    bodies: list[tuple[re.Match[str], list[str]]] = []
    asides: list[str] = []
    for line in lines:
        opening = _LINE.match(line)
        if opening is not None:
            bodies.append((opening, []))
        elif line.startswith(ASIDE) or not bodies:
            asides.append(line.lstrip(ASIDE).strip())
        else:
            bodies[-1][1].append(line)
    seconds = _seconds([opening["time"] for opening, _ in bodies])
    found: list[Line] = []
    for (opening, following), second in zip(bodies, seconds, strict=True):
        said = _SAID.match(opening["said"])
        if said is None:  # `*** Dana joined the chat ***`
            asides.append(opening["said"].strip())
        elif content := clean("\n".join([said["text"] or "", *following])):
            found.append(Line(clean(said["name"]), content, second))
    return Log(found, [aside for aside in asides if aside])


def _seconds(stamps: Sequence[str]) -> list[float | None]:
    """Spans as they are, times of day as seconds since the first of them, also over midnight."""
    read_times = [_stamp(stamp) for stamp in stamps]
    first = next((seconds for clock, seconds in read_times if clock and seconds is not None), 0.0)
    return [None if value is None else (value - first) % times.DAY if clock else value for clock, value in read_times]


def _stamp(stamp: str) -> tuple[bool, float | None]:
    """Whether a stamp is a time of day, and its seconds; `10:02` is hours and minutes here."""
    clock, seconds = ":" in stamp, times.parse_clock(stamp)
    short = clock and stamp.count(":") == 1 and stamp[-1].isdigit()
    return clock, seconds * 60 if short and seconds is not None else seconds


def _turn(line: Line, label: labels.Label, people: Mapping[str, Person]) -> Turn:
    role, agent = people.get(line.name.casefold(), (Role.UNKNOWN, None))
    source = "name in the chat" if role != Role.UNKNOWN else ""
    if role == Role.UNKNOWN and (_VISITOR.fullmatch(line.name) or label.role != Role.UNKNOWN):
        role = Role.CUSTOMER if _VISITOR.fullmatch(line.name) else label.role
        agent, source = label.name if role == Role.AGENT else None, "speaker label"
    return Turn(
        text=line.text,
        role=role,
        role_source=source,
        speaker=line.name,
        agent_id=(agent or (line.name if role == Role.UNKNOWN else None))
        if role in {Role.AGENT, Role.UNKNOWN}
        else None,
        start=line.seconds,
    )

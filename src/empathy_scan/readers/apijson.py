"""What the JSON of web APIs has in common: envelopes, lists and lines of resources, and values of any type."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from empathy_scan.codebook import Role
from empathy_scan.errors import InputError, MalformedInputError
from empathy_scan.readers import labels, times
from empathy_scan.readers.conversation import Turn, clean, label_or_none
from empathy_scan.readers.files import Document, json_lines, parse_json
from empathy_scan.readers.verdict import Verdict

ENVELOPES = ("data", "response", "body", "result", "results", "payload")  # that scripts and webhooks put around it
_DEEP = 4  # envelopes and lists within one another: two of a script around two of the vendor
_LONGEST_STAMP = 64  # characters of a date-time
_LARGEST_OFFSET = 1e8  # seconds: three years, from which on a number counts from 1970

Resource = Mapping[str, object]
Holds = Callable[[Resource], bool]


@dataclass(frozen=True, slots=True)
class Person:
    """Who speaks or writes, as a list beside the words tells."""

    role: Role
    name: str | None
    agent_id: str | None


@dataclass(frozen=True, slots=True)
class Resources:
    """The resources of a file, each with its place ("" when it is the whole file), and what is broken around them."""

    found: Sequence[tuple[str, Resource]]
    problems: Sequence[InputError] = field(default_factory=list)


def resources(document: Document, holds: Holds, *, listed: Sequence[str] = ()) -> Resources:
    """The objects of a JSON or JSON Lines file for which `holds` is true; `listed` names members that hold them.

    An item of a list or a line that is no such object becomes a problem if another one of it is. Raises
    MalformedInputError when the file is neither JSON nor JSON Lines.
    """
    if not in_lines(document.text):
        read = _resources(document.json, holds, (*ENVELOPES, *listed), "", _DEEP)
        return Resources([("", each) for _, each in read.found], read.problems) if len(read.found) == 1 else read
    found: list[tuple[str, Resource]] = []
    problems: list[InputError] = []
    for number, value in json_lines(document.text):
        if isinstance(value, MalformedInputError):
            problems.append(value)
            continue
        inner = _resources(value, holds, (*ENVELOPES, *listed), f"line {number}", _DEEP)
        found += inner.found
        problems += inner.problems or ([] if inner.found else [_foreign(f"line {number}")])
    return Resources(found, problems)


def identity(stem: str, place: str) -> str:
    """What a conversation without an id of its own is called: the file, and the number at the end of its place."""
    last = place.rpartition(" ")[2]
    return f"{stem}-{last}" if last.isdigit() else stem


def has_resource(document: Document, holds: Holds, *, listed: Sequence[str] = ()) -> bool:
    """Whether the file holds such an object; of JSON Lines only the first line is looked at."""
    value = parse_json(_first_line(document.text)) if in_lines(document.text) else document.json
    return bool(_resources(value, holds, (*ENVELOPES, *listed), "", _DEEP).found)


def sniff(  # noqa: PLR0913 - the keys and the words of one verdict
    document: Document,
    holds: Holds,
    *,
    fits: str,
    lacks: str,
    otherwise: str,
    every: Sequence[str] = (),
    some: Sequence[str] = (),
    listed: Sequence[str] = (),
    nearness: float = 0.4,
) -> Verdict:
    """Whether a file is JSON, names every key of `every` and one of `some`, and holds such an object.

    `fits`, `lacks` (a key) and `otherwise` (keys, but no such object) say it in words; the text is searched before it
    is parsed.
    """
    if not begins_json(document.text):
        return Verdict(fits=False, why="it does not begin with { or [")
    named = [f'"{key}"' in document.text for key in every]
    if not all(named) or (some and not any(f'"{key}"' in document.text for key in some)):
        return Verdict(fits=False, why=lacks, nearness=0.1)
    if has_resource(document, holds, listed=listed):
        return Verdict(fits=True, why=fits)
    return Verdict(fits=False, why=otherwise, nearness=nearness)


def begins_json(text: str) -> bool:
    """Whether a text begins with an object or a list of objects or lists."""
    start = text[:200].lstrip()
    return start.startswith("{") or (start.startswith("[") and start[1:].lstrip()[:1] in {"{", "["})


def objects(value: object) -> list[Resource]:
    """The objects of a list; an empty list for anything else."""
    return [each for each in value if isinstance(each, Mapping)] if isinstance(value, list) else []


def part(value: object) -> Resource:
    """The object itself, or an empty one in place of anything else."""
    return value if isinstance(value, Mapping) else {}


def spoken(value: object) -> str:
    """A text, cleaned; "" for anything that is no string."""
    return clean(value) if isinstance(value, str) else ""


def faulty(members: object, where: str, *names: str) -> list[InputError]:
    """One problem for all members of a list that are no objects, or whose text, under any of the names, is none."""
    listed = members if isinstance(members, list) else []
    broken = [at for at, each in enumerate(listed, start=1) if not isinstance(each, Mapping) or _no_text(each, names)]
    if not broken:
        return []
    what = f"{len(broken)} of {len(listed)} are no objects with a text, and are left out"
    return [MalformedInputError(what, where=f"{where} {broken[0]}".strip(), remedy="export it again")]


def _no_text(value: Resource, names: Sequence[str]) -> bool:
    """Whether an object has something else than a text where its text should be."""
    found = [value[name] for name in names if value.get(name) is not None]
    return bool(found) and not any(isinstance(each, str) for each in found)


def number(value: object) -> float | None:
    """A finite number, also from a string; None for anything else."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        found = float(value[:_LONGEST_STAMP] if isinstance(value, str) else value)
    except (ValueError, OverflowError):
        return None
    return found if math.isfinite(found) else None


def seconds(value: object, *, unit: float = 1.0) -> float | None:
    """An offset in seconds of a number in `unit` seconds; None for what cannot be one."""
    found = number(value)
    if found is None or not 0 <= found * unit < _LARGEST_OFFSET:
        return None
    return round(found * unit, 6)


def share(value: object) -> float | None:
    """A confidence from 0 to 1; None for anything else."""
    found = number(value)
    return found if found is not None and 0 <= found <= 1 else None


def moment(value: object) -> datetime | None:
    """A moment in UTC of an ISO date-time or of a number that counts from 1970; None for anything else."""
    if isinstance(value, str) and len(value) <= _LONGEST_STAMP and (found := times.parse_moment(value)) is not None:
        return found
    counted = number(value)
    return times.from_epoch(counted) if counted is not None and counted >= _LARGEST_OFFSET else None


def since(start: datetime | None, later: datetime | None) -> float | None:
    """Seconds from one moment to another; None where one is missing."""
    return None if start is None or later is None else (later - start).total_seconds()


def earliest(moments: Sequence[datetime | None]) -> datetime | None:
    """The first of some moments; None without any."""
    return min((each for each in moments if each is not None), default=None)


def first_label(source: Resource, *names: str) -> str | None:
    """The first of some members that holds a label or id."""
    return next((found for name in names if (found := label_or_none(source.get(name)))), None)


def metadata(**found: object) -> dict[str, str]:
    """Labels of a conversation for grouping, without those that are empty, too long for a label, or lists."""
    read = {name: label_or_none(value) for name, value in found.items()}
    return {name: value for name, value in read.items() if value and len(value) <= _LONGEST_STAMP}


def direction(value: object) -> str | None:
    """`inbound` or `outbound` for the words that exports have for it, another word in small letters; None for none."""
    word = (label_or_none(value) or "").casefold()
    known = {"in": "inbound", "incoming": "inbound", "out": "outbound", "outgoing": "outbound"}
    return known.get(word, word) or None


def role_word(value: object) -> labels.Label:
    """The role that a role field names (`Agent`, `SUPERVISOR`); unknown for what is no role word."""
    return labels.read_label(clean(value)) if isinstance(value, str) else labels.Label(Role.UNKNOWN)


def with_person(turn: Turn, person: Person | None, source: str) -> Turn:
    """The turn with role, name and id of who speaks; the label stays where nothing tells who that is."""
    if person is None:
        return turn
    return replace(
        turn,
        role=person.role,
        role_source=source if person.role != Role.UNKNOWN else "",
        speaker=person.name or turn.speaker,
        agent_id=person.agent_id,
    )


def in_order(keys: Sequence[float | None]) -> list[int]:
    """The positions sorted by key, equals as they come; all as they come when a key is missing."""
    known = [key for key in keys if key is not None]
    positions = list(range(len(keys)))
    return sorted(positions, key=lambda at: known[at]) if len(known) == len(keys) else positions


def _resources(value: object, holds: Holds, names: Sequence[str], place: str, deep: int) -> Resources:
    """The resources in a JSON value, at most some envelopes deep."""
    if isinstance(value, Mapping):
        if holds(value):
            return Resources([(place, value)])
        inner = (
            _resources(value[name], holds, names, f"{place} {name}".strip(), deep - 1)
            for name in names
            if deep and name in value
        )
        return next((each for each in inner if each.found), Resources([]))
    if not isinstance(value, list) or not deep:
        return Resources([])
    return _of_list(value, holds, names, place, deep)


def _of_list(values: Sequence[object], holds: Holds, names: Sequence[str], place: str, deep: int) -> Resources:
    """The resources of a list; its other members are problems, unless there is no resource at all."""
    found: list[tuple[str, Resource]] = []
    problems: list[InputError] = []
    for at, value in enumerate(values, start=1):
        here = f"{place} item {at}".strip() if len(values) > 1 else place
        inner = _resources(value, holds, names, here, deep - 1)
        found += inner.found
        problems += inner.problems or ([] if inner.found else [_foreign(here)])
    return Resources(found, problems if found else [])


def _foreign(place: str) -> InputError:
    return MalformedInputError("not a resource of this format", where=place, remedy="export it again or remove it")


def in_lines(text: str) -> bool:
    """Whether the text is one object per line, as far as its first lines tell."""
    content = text.lstrip("\ufeff \t\r\n")
    end = content.find("\n")
    return content.startswith("{") and end > 0 and content[:end].rstrip().endswith("}") and _more(content, end)


def _more(content: str, end: int) -> bool:
    """Whether another object begins after the end of the first line."""
    return content[end : end + 1000].lstrip().startswith("{")


def _first_line(text: str) -> str:
    return text.lstrip("\ufeff \t\r\n").partition("\n")[0]

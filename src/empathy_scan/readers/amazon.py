"""What the JSON files of Amazon's contact-centre and speech products share: records, numbers, times, twins.

A file holds one object, a list of them, an object per line, or objects written one behind the other as Firehose does.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import PurePosixPath

from empathy_scan.errors import InputError, MalformedInputError
from empathy_scan.readers import apijson
from empathy_scan.readers.conversation import Conversation, Parsed, Turn, label_or_none
from empathy_scan.readers.files import Document
from empathy_scan.readers.times import DAY
from empathy_scan.readers.verdict import Verdict

Json = Mapping[str, object]
NOTHING: Json = {}
_ENVELOPES = ("data", "response", "body", "payload", "detail")
_PLACEHOLDER = re.compile(r"\[[A-Z_ ]+\]|[*#]+|x{3,}|none|null|n/a", re.IGNORECASE)
_REDACTED = re.compile(r"(?:^|[/_.-])redacted(?:[/_.-]|$)", re.IGNORECASE)
_BETWEEN = re.compile(r"[\s,]*")
_AGAIN = "export it again"


@dataclass(frozen=True, slots=True)
class Record:
    """One JSON object of a file, and where it stands there; `place` is empty for the only one."""

    value: Json
    place: str = ""


def opening(document: Document, *words: str) -> Json | Verdict:
    """The first object of a JSON file that has one of the words in it, else the verdict that refuses the file."""
    if not document.text.lstrip()[:1].startswith(("{", "[")):
        return Verdict(fits=False, why="it does not begin with { or [")
    if not any(f'"{word}"' in document.text for word in words):
        return Verdict(fits=False, why=f"it has no {' or '.join(words)}", nearness=0.1)
    try:
        value = document.json
    except MalformedInputError:
        value = next(_objects_of_line(_first_line(document.text)), None)
        if value is None:
            raise
    if isinstance(value, list):
        value = value[0] if value else None
    found = unwrapped(value)
    return found or Verdict(fits=False, why="it holds no JSON object", nearness=0.1)


def parse_each(document: Document, parse_one: Callable[[Record], Parsed]) -> Parsed:
    """The conversations of all records of a file; of several records a broken one becomes a problem.

    Raises MalformedInputError when the file is no JSON, or when its only record is broken.
    """
    found, problems = records(document)
    parts: list[Parsed] = []
    for record in found:
        try:
            parts.append(parse_one(record))
        except MalformedInputError as error:
            if len(found) == 1:
                raise
            problems.append(placed(error, record.place))
    return Parsed(
        [conversation for part in parts for conversation in part.conversations],
        problems=[*problems, *(problem for part in parts for problem in part.problems)],
        notes=list(dict.fromkeys(note for part in parts for note in part.notes)),
    )


def records(document: Document) -> tuple[list[Record], list[InputError]]:
    """The objects of a file, and what is no object; raises MalformedInputError when the file is no JSON."""
    try:
        value = document.json
    except MalformedInputError:
        if next(_objects_of_line(_first_line(document.text)), None) is None:
            raise
        return _of_lines(document.text)
    if not isinstance(value, list):
        return _split([("", value)])
    return _split([(f"item {number}", each) for number, each in enumerate(value, 1)])


def placed(error: InputError, place: str) -> InputError:
    """The error with the record's place before its own."""
    where = " ".join(part for part in (place, error.where) if part)
    return type(error)(error.what, where=where, remedy=error.remedy)


def unwrapped(value: object) -> Json:
    """The object itself, or the one in an envelope such as `{"data": {...}}`, up to two deep."""
    for _ in range(2):
        if not isinstance(value, Mapping) or len(value) > 3:
            break
        inner = next((value[name] for name in _ENVELOPES if isinstance(value.get(name), Mapping)), None)
        if inner is None:
            break
        value = inner
    return value if isinstance(value, Mapping) else NOTHING


def child(value: Json, *names: str) -> Json:
    """The object at a path of keys; an empty one where there is none."""
    for name in names:
        inner = value.get(name)
        if not isinstance(inner, Mapping):
            return NOTHING
        value = inner
    return value


def with_text(items: object, key: str, where: str) -> tuple[list[Json], list[InputError]]:
    """The objects of a list whose `key` is text or missing; one problem says how many others there are."""
    listed = items if isinstance(items, list) else []
    broken = [at for at, item in enumerate(listed) if not _sound(item, key)]
    sound = [item for item in listed if _sound(item, key)]
    if not broken:
        return sound, []
    what = f"{len(broken)} of {len(listed)} items are no objects with a text {key}; they are left out"
    return sound, [InputError(what, where=f"{where}[{broken[0]}]", remedy=_AGAIN)]


def word(value: object) -> str | None:
    """A label or id; None for what is no text or number, and for placeholders such as `None`, `[NAME]` or `***`."""
    label = label_or_none(value) if isinstance(value, str | int) and not isinstance(value, bool) else None
    return None if label is None or _PLACEHOLDER.fullmatch(label) else label


def seconds(value: object) -> float | None:
    """A time in seconds, written as number or string; None for anything that is none."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        found = float(value)
    except (ValueError, OverflowError):
        return None
    return found if math.isfinite(found) and found >= 0 else None


def millis(value: object) -> float | None:
    """Seconds of a number of milliseconds."""
    found = seconds(value)
    return None if found is None else found / 1000


def share(value: object) -> float | None:
    """A confidence between 0 and 1."""
    found = seconds(value)
    return found if found is not None and found <= 1 else None


def in_order(turns: Sequence[Turn]) -> tuple[list[Turn], list[str]]:
    """Utterances in order of their start if all have one, without ends before starts; and what to note of the times.

    Times beyond a day are those of another unit: the turns keep their order and lose them.
    """
    if any(max(turn.start or 0.0, turn.end or 0.0) > DAY for turn in turns):
        note = "the times reach beyond a day, so their unit is not the one of the format; they are left out"
        return [replace(turn, start=None, end=None) for turn in turns], [note]
    sound = [
        replace(turn, end=None) if turn.end is not None and turn.end < (turn.start or 0.0) else turn for turn in turns
    ]
    if all(turn.start is not None for turn in sound):
        sound.sort(key=lambda turn: turn.start or 0.0)
    return sound, []


def labels(**values: object) -> dict[str, str]:
    """The labels that have a value."""
    return {name: found for name, value in values.items() if (found := word(value))}


def direction(value: object) -> str | None:
    """`inbound` or `outbound` of a vendor's word (`INBOUND`, `EXTERNAL_OUTBOUND`, `CALLBACK`); None for others."""
    folded = value.casefold() if isinstance(value, str) else ""
    if "inbound" in folded:
        return "inbound"
    return "outbound" if "outbound" in folded or folded == "callback" else None


def is_redacted_name(name: str) -> bool:
    """Whether a path or job is called after the redacted one of two twins (`redacted-call-7.json`, `Redacted/...`)."""
    return _REDACTED.search(name) is not None


def own_name(record: Record, document: Document) -> str:
    """What a conversation without an id is called: its file without `redacted-`, and its place among several."""
    path = PurePosixPath(document.stem)
    stem = str(path.with_name(path.name.removeprefix("redacted-") or path.name)) if path.name else document.stem
    return f"{stem}#{record.place.rpartition(' ')[2]}" if record.place else stem


def is_call_analytics(value: Json) -> bool:
    """Whether an object is an analysis of Transcribe Call Analytics, which looks much like one of Contact Lens."""
    if not isinstance(value.get("Transcript"), list) or {"CustomerMetadata", "ChatTranscriptVersion"} & value.keys():
        return False
    items = apijson.objects(value["Transcript"])
    if any("ParticipantId" in item or "AbsoluteTime" in item for item in items):
        return False
    of_job = {"JobName", "SessionId"} & value.keys()
    return any("LoudnessScores" in item or (of_job and "ParticipantRole" in item) for item in items)


def said(conversation: Conversation, problems: Iterable[InputError] = (), notes: Iterable[str] = ()) -> Parsed:
    """One record's conversation; raises MalformedInputError when nobody says anything in it."""
    if not conversation.turns:
        raise MalformedInputError("the transcript holds no words", remedy="remove the file, or transcribe it again")
    return Parsed([conversation], problems=[placed(each, conversation.place) for each in problems], notes=list(notes))


def _sound(item: object, key: str) -> bool:
    return isinstance(item, Mapping) and isinstance(item.get(key), str | None)


def _of_lines(text: str) -> tuple[list[Record], list[InputError]]:
    """The objects of a file with one or several of them on each line."""
    values: list[tuple[str, object]] = []
    for number, line in enumerate(text.split("\n"), 1):
        found = list(_objects_of_line(line))
        places = (
            [f"line {number}"] if len(found) == 1 else [f"line {number} object {at + 1}" for at in range(len(found))]
        )
        values += zip(places, found, strict=True)
    return _split(values)


def _split(values: Iterable[tuple[str, object]]) -> tuple[list[Record], list[InputError]]:
    found: list[Record] = []
    problems: list[InputError] = []
    for place, value in values:
        if inner := unwrapped(value):
            found.append(Record(inner, place))
        else:
            problems.append(MalformedInputError("no JSON object with anything in it", where=place, remedy=_AGAIN))
    if not found:
        raise MalformedInputError("there is no JSON object in it", remedy=_AGAIN)
    return found, problems


def _first_line(text: str) -> str:
    return next((line for line in text.split("\n", 64) if line.strip()), "")


def _objects_of_line(line: str) -> Iterator[object]:
    """The JSON values of a line one behind the other; where it is broken, None in their place."""
    decoder = json.JSONDecoder(parse_constant=_refuse_constant)
    line, at = line.strip(), 0
    while at < len(line):
        try:
            value, at = decoder.raw_decode(line, at)
        except (ValueError, RecursionError):
            yield None
            return
        yield value
        between = _BETWEEN.match(line, at)
        at = between.end() if between else at


def _refuse_constant(name: str) -> object:
    msg = f"{name} is no JSON value"
    raise ValueError(msg)

"""Captions: WebVTT and SRT, with speakers in `<v Name>` tags (Teams) or as `Name: text` (Zoom).

A cue is a display unit: neighbouring cues of one speaker with little time between them are one turn, and the repeated
line of rolling captions is read once.
"""

from __future__ import annotations

import html
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from empathy_scan.codebook import Channel, Role
from empathy_scan.config import ReadConfig
from empathy_scan.errors import InputError, MalformedInputError
from empathy_scan.readers import labels
from empathy_scan.readers.conversation import Conversation, Parsed, Turn, clean
from empathy_scan.readers.files import Document
from empathy_scan.readers.verdict import Verdict

_CLOCK = r"(?:\d+:)?\d{1,2}:\d{2}[.,]\d{1,3}"
_TIMING = re.compile(rf"^\s*(?P<start>{_CLOCK})\s*-->\s*(?P<end>{_CLOCK})(?:\s.*)?$")
_VOICE = re.compile(r"<v(?:\.[^\s>]*)?(?:\s+(?P<name>[^>]*))?>(?P<text>.*?)(?=</v>|<v[.\s>]|\Z)", re.DOTALL)
_TAG = re.compile(r"</?[a-zA-Z][^<>]*>|</?>|<\d[\d:.]*>")
_PREFIX = re.compile(r"^\s*(?:>>\s*)?(?P<name>[^\n:<>]{1,60}):\s+(?P<text>.+)$", re.DOTALL)
_SHORTEST_GAP = 2.0  # seconds between two cues of one speaker that are two turns


@dataclass(frozen=True, slots=True)
class Cue:
    """What is shown at one time: who speaks, if it tells, and the words."""

    start: float
    end: float | None
    speaker: str | None
    text: str


def sniff_webvtt(document: Document) -> Verdict:
    """Whether the text begins with the WEBVTT magic."""
    fits = re.match(r"\ufeff?WEBVTT(?:[ \t\r\n]|\Z)", document.text) is not None
    return Verdict(fits=fits, why="begins with WEBVTT" if fits else "it does not begin with WEBVTT")


def sniff_srt(document: Document) -> Verdict:
    """Whether the text begins with a cue number and a timing line."""
    lines = [line for line in document.text[:2000].lstrip("\ufeff").splitlines() if line.strip()]
    fits = len(lines) > 1 and lines[0].strip().isdigit() and _TIMING.match(lines[1]) is not None
    return Verdict(fits=fits, why="begins with a numbered cue" if fits else "it does not begin with a numbered cue")


def parse(document: Document, config: ReadConfig) -> Parsed:
    """The conversation of a caption file; cues that are broken are left out and reported."""
    del config
    cues, problems = _cues(document.text)
    cues = _without_rolling(_named_by_prefix(sorted(cues, key=lambda cue: cue.start)))
    turns = [_turn(cue) for cue in _joined(cues) if cue.text]
    if not turns:
        raise MalformedInputError("no cue with text in it", remedy="export the captions again")
    return Parsed([Conversation(document.stem, turns, Channel.CALL)], problems)


def _cues(text: str) -> tuple[list[Cue], list[InputError]]:
    """All cues in file order, and the timing lines that are none."""
    cues: list[Cue] = []
    problems: list[InputError] = []
    lines = re.sub(r"\r\n?", "\n", text).split("\n")
    for number, first, last in _timed_blocks(lines):
        timing = _TIMING.match(lines[number])
        if timing is None:
            problems.append(
                MalformedInputError(
                    "broken cue timing", where=f"line {number + 1}", remedy="write hh:mm:ss.mmm --> hh:mm:ss.mmm"
                )
            )
            continue
        start, end = _seconds(timing["start"]), _seconds(timing["end"])
        cues += _voices("\n".join(lines[first:last]), start, end if end >= start else None)
    return cues, problems


def _timed_blocks(lines: Sequence[str]) -> Iterator[tuple[int, int, int]]:
    """Position of each timing line, and first and last position of the payload below it."""
    position = 0
    while position < len(lines):
        if "-->" not in lines[position]:
            position += 1
            continue
        last = position + 1
        while last < len(lines) and lines[last].strip() and "-->" not in lines[last]:
            last += 1
        yield position, position + 1, last
        position = last


def _seconds(clock: str) -> float:
    *hours, minutes, seconds = clock.replace(",", ".").split(":")
    return (int(hours[0]) if hours else 0) * 3600 + int(minutes) * 60 + float(seconds)


def _voices(payload: str, start: float, end: float | None) -> Iterator[Cue]:
    """One cue per `<v Name>` of a payload, or one without a speaker."""
    if "<v" in payload:
        before = payload[: payload.index("<v")]
        if _plain(before):
            yield Cue(start, end, None, _plain(before))
        for voice in _VOICE.finditer(payload):
            yield Cue(start, end, _plain(voice["name"] or "") or None, _plain(voice["text"]))
    else:
        yield Cue(start, end, None, _plain(payload))


def _plain(payload: str) -> str:
    """The words without tags and inline times, entities decoded once."""
    return clean(html.unescape(_TAG.sub("", payload)))


def _named_by_prefix(cues: Sequence[Cue]) -> list[Cue]:
    """Cues whose text begins with `Name: ` get that speaker; a name counts when it comes twice or is a role word.

    Where nearly every cue has a prefix, one without continues the speaker before.
    """
    found = [None if cue.speaker else _PREFIX.match(cue.text) for cue in cues]
    counts = Counter(match["name"].strip() for match in found if match)
    names = {name for name, count in counts.items() if _is_name(name, count)}
    named, speaker = [], None
    share = sum(match is not None and match["name"].strip() in names for match in found) / max(len(cues), 1)
    for cue, match in zip(cues, found, strict=True):
        if match is not None and match["name"].strip() in names:
            speaker = match["name"].strip()
            named.append(replace(cue, speaker=speaker, text=clean(match["text"])))
        elif cue.speaker is None and share > 0.5:
            named.append(replace(cue, speaker=speaker))
        else:
            named.append(replace(cue, text=re.sub(r"^(?:>>|-)\s+", "", cue.text)))
    return named


def _is_name(name: str, count: int) -> bool:
    """Whether a prefix is a speaker: a role word, or a name that comes at least twice and is no address or time."""
    if labels.read_label(name).role != Role.UNKNOWN:
        return True
    if labels.is_speaker_number(name) and not name.isdigit():
        return count > 1 or not labels.is_short_number(name)
    return count > 1 and name.casefold() not in {"http", "https"} and not re.search(r"\d$|[?!,;]", name)


def _without_rolling(cues: Sequence[Cue]) -> list[Cue]:
    """Rolling captions repeat the line before: if more than half of the cues do, the repetition is cut."""
    overlaps = [0, *(_overlap(cues[at - 1].text, cues[at].text) for at in range(1, len(cues)))]
    if sum(overlap > 0 for overlap in overlaps) * 2 <= len(cues):
        return list(cues)
    return [
        replace(cue, text=clean(cue.text[overlap:]))
        for cue, overlap in zip(cues, overlaps, strict=True)
        if cue.text[overlap:].strip()
    ]


def _overlap(before: str, after: str) -> int:
    """How many characters at the start of a cue repeat the end (or a last line) of the one before."""
    for candidate in (before, before.rsplit("\n", maxsplit=1)[-1]):
        if candidate and after.startswith(candidate):
            return len(candidate)
    return 0


def _joined(cues: Sequence[Cue]) -> list[Cue]:
    """Neighbouring cues of one speaker as one, unless a pause lies between them."""
    joined: list[Cue] = []
    for cue in cues:
        before = joined[-1] if joined else None
        if before is not None and before.speaker is not None and before.speaker == cue.speaker and _close(before, cue):
            joined[-1] = replace(before, end=cue.end or before.end, text=f"{before.text} {cue.text}".strip())
        else:
            joined.append(cue)
    return joined


def _close(before: Cue, cue: Cue) -> bool:
    return cue.start - (before.end if before.end is not None else before.start) < _SHORTEST_GAP


def _turn(cue: Cue) -> Turn:
    """A cue as a turn, its role from a role word in the speaker's name."""
    label = labels.read_label(cue.speaker) if cue.speaker else labels.Label(Role.UNKNOWN)
    return Turn(
        text=cue.text,
        role=label.role,
        role_source="speaker label" if label.role != Role.UNKNOWN else "",
        speaker=cue.speaker,
        agent_id=label.name if label.role in {Role.AGENT, Role.UNKNOWN} else None,
        start=cue.start,
        end=cue.end,
    )

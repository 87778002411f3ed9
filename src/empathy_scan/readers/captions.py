"""Captions: WebVTT, SRT and SBV, with speakers in `<v Name>` tags (Teams), as `Name: text` (Zoom) or `[Name] text`.

A cue is a display unit: neighbouring cues of one speaker with little time between them are one turn, and the repeated
line of rolling captions is read once. `cuespeakers` finds who speaks where no tag says it.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from itertools import pairwise

from empathy_scan.codebook import Channel, Role
from empathy_scan.config import ReadConfig
from empathy_scan.errors import InputError, MalformedInputError
from empathy_scan.readers import cuespeakers, labels
from empathy_scan.readers.conversation import Conversation, Parsed, Turn, clean
from empathy_scan.readers.cuespeakers import Cue
from empathy_scan.readers.files import Document
from empathy_scan.readers.verdict import Verdict

_CLOCK = r"(?:\d+:)?\d{1,2}:\d{2}(?:[.,]\d{1,3})?"
_TIMING = re.compile(rf"^\s*(?P<start>{_CLOCK})\s*--?>\s*(?P<end>{_CLOCK})(?:\s.*)?$")
_SBV = re.compile(r"^(\d+:\d{2}:\d{2}\.\d{3}),(\d+:\d{2}:\d{2}\.\d{3})[ \t]*$", re.MULTILINE)
_VOICE = re.compile(
    r"<v(?:\.[^\s>]{0,200})?(?:\s++(?P<name>[^>]{0,200}))?>(?P<text>.*?)(?=</v>|<v[.\s>]|\Z)", re.DOTALL
)
_TAG = re.compile(r"</?[a-zA-Z][^<>]*>|</?>|<\d[\d:.]*>|\{\\[^{}]{1,80}\}")
_INLINE_TIME = re.compile(r"<\d[\d:.]*>")
_NO_CUE = re.compile(r"\s*(?:NOTE|STYLE|REGION|X-TIMESTAMP-MAP)\b")
_CONFIDENCE = re.compile(r"\s*NOTE\s+confidence\s*:\s*(\d(?:\.\d+)?)\s*$", re.IGNORECASE)
_ZOOM = re.compile(r"GMT(\d{8}-\d{6})(?!\d)")
_SHORTEST_GAP = 2.0  # seconds between two cues of one speaker that are two turns


def sniff_webvtt(document: Document) -> Verdict:
    """Whether the text begins with the WEBVTT magic."""
    fits = re.match(r"\s*\ufeff?WEBVTT(?:[ \t\r\n]|\Z)", document.text) is not None
    return Verdict(fits=fits, why="begins with WEBVTT" if fits else "it does not begin with WEBVTT")


def sniff_srt(document: Document) -> Verdict:
    """Whether the text begins with a cue number and a timing line, or with a timing line of either kind."""
    lines = [line.strip() for line in document.text[:2000].lstrip("\ufeff").splitlines() if line.strip()]
    numbered = len(lines) > 1 and lines[0].isdigit() and _TIMING.match(lines[1]) is not None
    bare = bool(lines) and (_TIMING.match(lines[0]) is not None or _SBV.fullmatch(lines[0]) is not None)
    why = "begins with a numbered cue" if numbered else "begins with the times of a cue"
    return Verdict(fits=numbered or bare, why=why if numbered or bare else "it does not begin with a numbered cue")


def parse(document: Document, config: ReadConfig) -> Parsed:
    """The conversation of a caption file; cues that are broken are left out and reported."""
    del config
    cues, problems = _cues(_SBV.sub(r"\1 --> \2", document.text))
    rolling = _INLINE_TIME.search(document.text) is not None
    cues = _without_rolling(sorted(cues, key=lambda cue: cue.start), marked=rolling)
    cues = cuespeakers.named(cues)
    turns = [_turn(cue) for cue in _joined(cues) if cue.text]
    if not turns:
        raise MalformedInputError("no cue with text in it", remedy="export the captions again")
    started_at = _started(document.stem)
    return Parsed([Conversation(document.stem, turns, Channel.CALL, started_at=started_at)], problems)


def _started(stem: str) -> datetime | None:
    """When the recording began, which Zoom writes into the file's name: `GMT20261005-091200_Recording`."""
    found = _ZOOM.search(stem)
    try:
        return datetime.strptime(found[1], "%Y%m%d-%H%M%S").replace(tzinfo=UTC) if found else None
    except ValueError:
        return None


def _cues(text: str) -> tuple[list[Cue], list[InputError]]:
    """All cues in file order, and the timing lines that are none."""
    cues: list[Cue] = []
    problems: list[InputError] = []
    lines = re.sub(r"\r\n?", "\n", text).split("\n")
    marks = [at for at, line in enumerate(lines) if "-->" in line or _TIMING.match(line)]
    for number, following in pairwise([*marks, len(lines)]):
        confidence = _confidence_above(lines, number)
        timing = _TIMING.match(lines[number])
        if timing is None:
            problems.append(
                MalformedInputError(
                    "broken cue timing", where=f"line {number + 1}", remedy="write hh:mm:ss.mmm --> hh:mm:ss.mmm"
                )
            )
            continue
        start, end = _seconds(timing["start"]), _seconds(timing["end"])
        payload = "\n".join(_payload(lines[number + 1 : following], last=following == len(lines)))
        cues += _voices(payload, Cue(start, end if end >= start else None, None, "", confidence))
    return cues, problems


def _payload(lines: Sequence[str], *, last: bool) -> list[str]:
    """The words between two timing lines: without the id of the next cue, without notes and styles.

    A blank line ends a cue; what stands below it and is no id of the next cue is taken for its words all the same.
    """
    blocks: list[list[str]] = [[]]
    for line in lines:
        if line.strip():
            blocks[-1].append(line)
        elif blocks[-1]:
            blocks.append([])
    trailing_blank = bool(lines) and not lines[-1].strip()
    if not last and not trailing_blank and blocks[-1] and (len(blocks) > 1 or blocks[-1][-1].strip().isdigit()):
        blocks[-1] = blocks[-1][:-1]
    return [line for block in blocks if block and not _NO_CUE.match(block[0]) for line in block]


def _confidence_above(lines: Sequence[str], position: int) -> float | None:
    """What a note right above a cue says about the recogniser's confidence."""
    for line in reversed(lines[max(0, position - 5) : position]):
        if "-->" in line:
            break
        if found := _CONFIDENCE.match(line):
            return min(float(found[1]), 1.0)
    return None


def _seconds(clock: str) -> float:
    *hours, minutes, seconds = clock.replace(",", ".").split(":")
    return (int(hours[0]) if hours else 0) * 3600 + int(minutes) * 60 + float(seconds)


def _voices(payload: str, cue: Cue) -> Iterator[Cue]:
    """One cue per `<v Name>` of a payload, or one without a speaker."""
    if "<v" in payload:
        before = payload[: payload.index("<v")]
        if _plain(before):
            yield replace(cue, text=_plain(before))
        for voice in _VOICE.finditer(payload):
            yield replace(cue, speaker=_plain(voice["name"] or "") or None, text=_plain(voice["text"]))
    else:
        yield replace(cue, text=_plain(payload))


def _plain(payload: str) -> str:
    """The words without tags and inline times, entities decoded once."""
    text = html.unescape(_TAG.sub("", payload))
    return clean("\n".join(line.strip() for line in text.split("\n") if line.strip()))


def _without_rolling(cues: Sequence[Cue], *, marked: bool) -> list[Cue]:
    """Rolling captions repeat the line before: if half of the cues do, the repetition is cut.

    `marked` says that the file has times between words, as rolling captions have; then two repetitions are enough.
    """
    overlaps = [0, *(_overlap(cues[at - 1].text, cues[at].text) for at in range(1, len(cues)))]
    repeated = sum(overlap > 0 for overlap in overlaps)
    enough = repeated * 2 > len(cues) or (marked and repeated * 2 >= len(cues) - 1 and repeated > 1)
    if not enough:
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
        if before is not None and _goes_on(before, cue):
            joined[-1] = replace(
                before, end=cue.end or before.end, text=f"{before.text} {cue.text}".strip(),
                confidence=_mean(before, cue),
            )  # fmt: skip
        else:
            joined.append(cue)
    return joined


def _goes_on(before: Cue, cue: Cue) -> bool:
    """Whether a cue goes on with the turn before it."""
    if (
        before.sound
        or cue.sound
        or cue.start - (before.end if before.end is not None else before.start) >= _SHORTEST_GAP
    ):
        return False
    return before.speaker == cue.speaker and (cue.continues or cue.speaker is not None)


def _mean(before: Cue, cue: Cue) -> float | None:
    """The confidence of two cues together, by their words."""
    if before.confidence is None or cue.confidence is None:
        return before.confidence if cue.confidence is None else cue.confidence
    first, second = len(before.text.split()), len(cue.text.split())
    return (before.confidence * first + cue.confidence * second) / max(first + second, 1)


def _turn(cue: Cue) -> Turn:
    """A cue as a turn, its role from a role word in the speaker's name; music and noise are nobody's."""
    label = labels.read_label(cue.speaker) if cue.speaker else labels.Label(Role.UNKNOWN)
    role, source = label.role, "speaker label" if label.role != Role.UNKNOWN else ""
    if cue.sound and role == Role.UNKNOWN:
        role, source = Role.SYSTEM, "sound, no words"
    return Turn(
        text=cue.text,
        role=role,
        role_source=source,
        speaker=cue.speaker,
        agent_id=label.name if role in {Role.AGENT, Role.UNKNOWN} else None,
        start=cue.start,
        end=cue.end,
        confidence=cue.confidence,
    )

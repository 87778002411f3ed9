"""Who speaks in captions whose cues have no voice tags: `Name: text`, `[Name] text`, `>> text`, `- text`."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from empathy_scan.codebook import Role
from empathy_scan.readers import labels, remarks
from empathy_scan.readers.conversation import clean

_CHANGE = r"(?:>{1,3}|»|[-–—])"
_PREFIX = re.compile(
    rf"^\s*(?:{_CHANGE}\s*)?(?:\[(?P<square>[^\]\n]{{1,60}})\]\s*:?|\((?P<round>[^)\n]{{1,60}})\)\s*:?|"
    r"(?P<name>[^\n:：<>\[\]]{1,60})[:：](?!//|\d))\s*(?P<text>.*)$"
)
_BARE_CHANGE = re.compile(rf"^\s*(?P<mark>{_CHANGE})\s*(?P<text>\S.*)$")
_WITHIN = re.compile(r"(?<=\S)\s+(?=(?:>>|»)\s*\S)")
_SOUND = re.compile(r"\[[^\]\n]*\]|\([^)\n]*\)|\*[^*\n]+\*|[♪♫][^♪♫\n]*[♪♫]")
_LONGEST_SOUND = 200  # characters


@dataclass(frozen=True, slots=True)
class Cue:
    """What is shown at one time: who speaks, if it tells, and the words."""

    start: float
    end: float | None
    speaker: str | None
    text: str
    confidence: float | None = None
    continues: bool = False  # goes on with the words of the cue before, in files that mark where the speaker changes
    sound: bool = False  # music or noise, no words


def named(cues: Sequence[Cue]) -> list[Cue]:
    """Cues whose lines begin with a speaker get that one; a name counts when it comes twice or is a role word.

    Where most cues name one, or names stand where the speaker changes, a cue without goes on with the speaker before.
    A cue with the words of two is two.
    """
    names = _names(cues)
    pieces = [piece for cue in cues for piece in _pieces(cue, names)]
    starting = {piece.start for piece in pieces if piece.speaker is not None}
    spoken = [cue for cue in cues if not _is_sound(cue.text)]
    share = sum(cue.start in starting for cue in spoken) / max(len(spoken), 1) if names else 0.0
    # Where two speakers are named and the first words have a name, names are given where the speaker changes.
    at_changes = len({piece.speaker for piece in pieces} - {None}) > 1 and spoken[0].start in starting
    changes = sum(_BARE_CHANGE.match(cue.text) is not None for cue in pieces if cue.speaker is None)
    return list(_resolved(pieces, goes_on=share > 0.5 or (bool(names) and at_changes), marked=changes > 1))


def _resolved(pieces: Sequence[Cue], *, goes_on: bool, marked: bool) -> Iterator[Cue]:
    speaker: str | None = None
    for piece in pieces:
        if _is_sound(piece.text):
            yield replace(piece, sound=True)
            continue
        if piece.speaker is not None:
            speaker = piece.speaker
            yield piece
            continue
        change = _BARE_CHANGE.match(piece.text)
        text = clean(change["text"]) if change else piece.text
        if change is not None and change["mark"] != "-":
            speaker = None
        yield replace(
            piece, text=text, speaker=speaker if goes_on and not change else None, continues=marked and change is None
        )


def _names(cues: Sequence[Cue]) -> set[str]:
    """The prefixes of lines that are speakers."""
    found = [
        match
        for cue in cues
        if cue.speaker is None
        for line in _lines(cue.text)
        if (match := _PREFIX.match(line)) is not None
    ]
    counts = Counter(_name(match) for match in found)
    brackets = {_name(match) for match in found if match["name"] is None}
    return {name for name, count in counts.items() if _is_name(name, count, bracketed=name in brackets)}


def _pieces(cue: Cue, names: set[str]) -> Iterator[Cue]:
    """The cue, cut where within it another speaker begins."""
    if cue.speaker is not None:
        yield cue
        return
    current: Cue | None = None
    for line in _lines(cue.text):
        match = _PREFIX.match(line)
        speaker = _name(match) if match is not None and _name(match) in names else None
        change = speaker is not None or _BARE_CHANGE.match(line) is not None
        if current is not None and (change or _is_sound(line) != _is_sound(current.text)):
            yield current
            current = None
        text = clean(match["text"]) if match is not None and speaker is not None else line
        if current is None:
            current = replace(cue, speaker=speaker, text=text)
        else:
            current = replace(current, text=f"{current.text}\n{text}".strip())
    if current is not None:
        yield current


def _lines(text: str) -> list[str]:
    """The lines of a cue, and those that `>>` begins within a line."""
    return [part for line in text.split("\n") for part in _WITHIN.split(line) if part.strip()]


def _name(match: re.Match[str]) -> str:
    return str(match["square"] or match["round"] or match["name"] or "").strip(" *_")


def _is_name(name: str, count: int, *, bracketed: bool) -> bool:
    """Whether a prefix is a speaker: a role word or number, or a name that comes twice and is no field or sound."""
    words = name.casefold().split()
    if not words or name.casefold() in remarks.FIELDS or (bracketed and _is_sound(f"[{name}]")):
        return False
    if labels.read_label(name).role != Role.UNKNOWN:
        return True
    if labels.is_speaker_number(name) and not name.isdigit():
        return count > 1 or not labels.is_short_number(name)
    if count < 2 or len(words) > 6 or not remarks.FIELDS.isdisjoint(words) or re.search(r"[?!,;]", name):
        return False
    return not re.search(r"\d$", name) or re.fullmatch(r"\+?[\d ()*-]{5,}", name) is not None


def _is_sound(text: str) -> bool:
    """Whether a text is nothing but music, noise or silence in brackets or between notes."""
    if not text or len(text) > _LONGEST_SOUND or _SOUND.sub("", text).strip(" \n♪♫"):
        return False
    if set(text) & set("♪♫"):
        return True
    words = re.findall(r"[a-z]+", text.casefold())
    return bool(words) and not remarks.IN_CAPTIONS.isdisjoint(words)

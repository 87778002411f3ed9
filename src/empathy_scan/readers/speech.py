"""Words and utterances of speech recognisers as turns: what one speaker says in a row is one turn."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import groupby

from empathy_scan.readers.conversation import Turn, clean

LONGEST_PAUSE = 10.0  # seconds of silence after which the same speaker's words are a turn of their own
TRACK_PAUSE = 1.0  # the same where each speaker has a track: enough for another track's words to go between

# Chinese and Japanese characters and punctuation, Thai, Lao, Khmer and Burmese: written without spaces between words.
_NO_SPACES = re.compile(
    r"[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3000-\u30ff\u3400-\u9fff\uf900-\ufaff\uff01-\uff65]"
)


@dataclass(frozen=True, slots=True)
class Word:
    """A recognised word or punctuation mark; times in seconds from the start of the recording."""

    text: str
    speaker: str | None = None
    start: float | None = None
    end: float | None = None
    confidence: float | None = None
    attached: bool = False  # follows the word before without a space, as punctuation does


def turns_of_words(words: Iterable[Word], *, longest_pause: float = LONGEST_PAUSE) -> list[Turn]:
    """One turn per run of words of one speaker, cut at long pauses; a word without a speaker is the last one's."""
    turns: list[Turn] = []
    for _, run in groupby(_spoken(words), key=lambda pair: pair[0]):
        turns += _turns_of_run([word for _, word in run], longest_pause)
    return turns


def turns_of_tracks(tracks: Iterable[Iterable[Word]]) -> list[Turn]:
    """The turns of a recording with a track per speaker: each cut at short pauses, put in order of start and joined."""
    turns = [turn for track in tracks for turn in turns_of_words(track, longest_pause=TRACK_PAUSE)]
    return joined(in_order(turns))


def in_order(turns: Sequence[Turn]) -> list[Turn]:
    """The turns in order of start, those that start together as they stood; as given when one has no start."""
    starts = [turn.start for turn in turns if turn.start is not None]
    if len(starts) < len(turns):
        return list(turns)
    return [
        turn for _, _, turn in sorted(zip(starts, range(len(turns)), turns, strict=True), key=lambda each: each[:2])
    ]


def joined(turns: Sequence[Turn], *, longest_pause: float = LONGEST_PAUSE) -> list[Turn]:
    """Neighbouring turns of one speaker and role as one turn, unless a long pause lies between; order as given."""
    runs: list[list[Turn]] = []
    end = 0.0  # of the run, whose first turn may outlast the next ones
    for turn in turns:
        last = runs[-1][-1] if runs else None
        if last is None or not _same(last, turn) or (last.end is not None and _pause(end, turn) > longest_pause):
            runs.append([])
            end = 0.0
        runs[-1].append(turn)
        end = max(end, turn.end or 0.0)
    return [_merged(run) for run in runs]


def glued(pieces: Iterable[tuple[str, bool]]) -> str:
    """Pieces of text with a space before each that is not attached; none between characters of Chinese and the like."""
    parts: list[str] = []
    before = ""
    for text, attached in pieces:
        if not text:
            continue
        if before and not attached and not (_NO_SPACES.match(before) and _NO_SPACES.match(text)):
            parts.append(" ")
        parts.append(text)
        before = text[-1]
    return "".join(parts)


def mean(values: Sequence[float]) -> float | None:
    """The mean of confidences; None without any."""
    return sum(values) / len(values) if values else None


def _spoken(words: Iterable[Word]) -> Iterable[tuple[str | None, Word]]:
    """Each word with the speaker it belongs to."""
    speaker: str | None = None
    for word in words:
        speaker = word.speaker if word.speaker is not None else speaker
        yield speaker, word


def _turns_of_run(words: Sequence[Word], longest_pause: float) -> list[Turn]:
    """The turns of one speaker's words: one, or several with long pauses between."""
    parts: list[list[Word]] = []
    before: float | None = None
    for word in words:
        if not parts or (before is not None and word.start is not None and word.start - before > longest_pause):
            parts.append([])
        parts[-1].append(word)
        before = word.end if word.end is not None else word.start if word.start is not None else before
    speaker = next((word.speaker for word in words if word.speaker is not None), None)
    turns = [_turn(part, speaker) for part in parts]
    return [turn for turn in turns if turn.text]


def _turn(words: Sequence[Word], speaker: str | None) -> Turn:
    return Turn(
        text=clean(glued((word.text, word.attached) for word in words)),
        speaker=speaker,
        start=next((word.start for word in words if word.start is not None), None),
        end=max((word.end for word in words if word.end is not None), default=None),
        confidence=mean([word.confidence for word in words if word.confidence is not None]),
    )


def _merged(run: Sequence[Turn]) -> Turn:
    """Turns of one speaker as one; their confidences count by their words."""
    if len(run) == 1:
        return run[0]
    weighed = [(turn.confidence, len(turn.text.split()) or 1) for turn in run if turn.confidence is not None]
    return replace(
        run[0],
        text=glued((turn.text, False) for turn in run),
        start=next((turn.start for turn in run if turn.start is not None), None),
        end=max((turn.end for turn in run if turn.end is not None), default=None),
        confidence=sum(value * size for value, size in weighed) / sum(size for _, size in weighed) if weighed else None,
    )


def _same(one: Turn, other: Turn) -> bool:
    return (one.speaker, one.role, one.agent_id) == (other.speaker, other.role, other.agent_id)


def _pause(end: float, turn: Turn) -> float:
    """Seconds between the end of a run and a turn; none where the turn has no start."""
    return 0.0 if turn.start is None else turn.start - end

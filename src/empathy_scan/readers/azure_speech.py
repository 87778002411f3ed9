"""Azure Speech: results of batch transcription (v3.x, 2024-11-15), of fast transcription, and of recognition live.

Source: schemas `transcriptionresult_v3*` in the samples of the Speech SDK; REST "Transcriptions - Transcribe" and
"Speech to text REST API for short audio", whose answers the SDK gives for each phrase (`RecognitionStatus`).
`timestamp` says when the recording was transcribed, so these files do not tell when a call began.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from empathy_scan.codebook import Channel
from empathy_scan.config import ReadConfig
from empathy_scan.errors import InputError, MalformedInputError
from empathy_scan.readers import apijson
from empathy_scan.readers.conversation import Conversation, Parsed, Turn
from empathy_scan.readers.files import Document
from empathy_scan.readers.utterances import (
    Object,
    Said,
    after,
    confidence,
    label,
    labels,
    offset,
    pick,
    place_of_url,
    said,
    silent,
    span,
    turns_in_order,
)
from empathy_scan.readers.verdict import Verdict

_MARKS = ("recognizedPhrases", "combinedPhrases", "RecognitionStatus")
_LISTED = ("transcription", "transcriptions", "transcript")
_TICK, _MILLISECOND = 1e-7, 1e-3
# Of a text, the most readable first; live they begin with a capital.
_FORMS = ("display", "itn", "lexical", "maskedITN", "maskedItn", "Display", "ITN", "Lexical", "MaskedITN")
_NOBODY = {"", "unknown", "unidentified"}  # what live diarisation calls a voice that it cannot place


@dataclass(frozen=True, slots=True)
class Layout:
    """Batch or fast transcription: the list of phrases and the unit of a bare `offset`."""

    phrases: str
    bare: float


_BATCH = Layout("recognizedPhrases", _TICK)
_FAST = Layout("phrases", _MILLISECOND)


def sniff_azure_speech(document: Document) -> Verdict:
    """Whether the file holds `recognizedPhrases`, `combinedPhrases` beside `phrases`, or `RecognitionStatus`."""
    return apijson.sniff(
        document,
        _holds,
        listed=_LISTED,
        some=_MARKS,
        fits="phrases of a transcription by Azure Speech",
        lacks="it has no recognizedPhrases, combinedPhrases or RecognitionStatus",
        otherwise="no list of phrases beside the combined ones",
    )


def parse_azure_speech(document: Document, config: ReadConfig) -> Parsed:
    """The recordings of a file; raises MalformedInputError when it holds no phrases of Azure Speech."""
    del config
    resources = apijson.resources(document, _holds, listed=_LISTED)
    if not resources.found:
        raise MalformedInputError("no recognizedPhrases or phrases in it", remedy="give the result file as it is")
    conversations: list[Conversation] = []
    problems = list(resources.problems)
    notes: list[str] = []
    found = _live_as_one(resources.found)
    names = [place_of_url(value.get("source")) for _, value in found]
    for at, (place, value) in enumerate(found, start=1):
        stem = document.stem if len(found) == 1 else f"{document.stem}-{at}"
        name = names[at - 1] if names.count(names[at - 1]) == 1 else None
        made, broken = _conversation(value, place, name or stem, notes)
        problems += broken
        conversations += [made] if made is not None else []
    return Parsed(conversations, problems, notes=notes)


def _holds(value: Object) -> bool:
    return _layout(value) is not None or _is_live(value)


def _is_live(value: Object) -> bool:
    """Whether an object is the result of one phrase, as recognition gives it live."""
    return isinstance(value.get("RecognitionStatus"), str) and bool(
        {"DisplayText", "NBest", "Offset", "Duration"} & value.keys()
    )


def _live_as_one(found: Sequence[tuple[str, Object]]) -> list[tuple[str, Object]]:
    """The objects of a file, the results of live recognition as one recording with the names of batch results."""
    heard = [value for _, value in found if _is_live(value)]
    others = [(place, value) for place, value in found if not _is_live(value)]
    return [*others, ("", {"recognizedPhrases": [_as_phrase(each) for each in heard]})] if heard else others


def _as_phrase(value: Object) -> Object:
    best = pick(value, "NBest")
    speaker = label(value.get("SpeakerId"))
    text = value.get("DisplayText")
    return {
        "recognitionStatus": value.get("RecognitionStatus"),
        "channel": value.get("Channel"),
        "speaker": None if speaker is None or speaker.casefold() in _NOBODY else speaker,
        "offsetInTicks": value.get("Offset"),
        "durationInTicks": value.get("Duration"),
        "locale": label(apijson.part(value.get("PrimaryLanguage")).get("Language")),
        "display": text if text is not None or best else "",
        "nBest": best,
        "confidence": None if best else value.get("Confidence"),
    }


def _layout(value: Object) -> Layout | None:
    if isinstance(value.get("recognizedPhrases"), list):
        return _BATCH
    return _FAST if "combinedPhrases" in value and isinstance(value.get("phrases"), list) else None


def _conversation(
    value: Object, place: str, name: str, notes: list[str]
) -> tuple[Conversation | None, list[InputError]]:
    """One recording, and what is broken in it; None with a problem if nobody says anything."""
    layout = _layout(value) or _BATCH
    where = f"{place} {layout.phrases}".strip()
    spoken, problems = said(value.get(layout.phrases), where, _text)
    heard = [each for each in spoken if each.value.get("recognitionStatus") in (None, "Success")]
    if failed := len(spoken) - len(heard):
        notes.append(f"{failed} phrases were not recognised successfully, and are left out")
    if not heard:
        return None, [*problems, silent(where)]
    channels = {label(each.value.get("channel")) for each in heard}
    turns = [_turn(each, layout, several=len(channels) > 1) for each in heard]
    return Conversation(
        conversation_id=name,
        turns=turns_in_order(turns, Channel.CALL),
        channel=Channel.CALL,
        place=place,
        metadata=labels({"language": _locale(heard) or value.get("locale")}),
    ), problems


def _best(phrase: Object) -> Object:
    """The likeliest reading of a phrase; of fast transcription the phrase itself."""
    readings = apijson.objects(pick(phrase, "nBest", "NBest"))
    return readings[0] if readings else phrase


def _text(phrase: Object) -> object:
    return pick(_best(phrase), *_FORMS, "text") or phrase.get("display")


def _turn(phrase: Said, layout: Layout, *, several: bool) -> Turn:
    value, best = phrase.value, _best(phrase.value)
    start, length = _time(value, "offset", layout), _time(value, "duration", layout)
    return Turn(
        text=phrase.text,
        speaker=_speaker(value, several=several),
        start=start,
        end=after(start, length),
        confidence=confidence(apijson.objects(best.get("words")), pick(best, "confidence", "Confidence")),
    )


def _speaker(phrase: Object, *, several: bool) -> str | None:
    """The number of the speaker; of recordings with several channels that of the channel, as `ch_0`."""
    speaker, channel = label(phrase.get("speaker")), label(phrase.get("channel"))
    if not several or channel is None:
        return speaker
    return f"ch_{channel}/{speaker}" if speaker else f"ch_{channel}"


def _time(phrase: Object, name: str, layout: Layout) -> float | None:
    """Seconds of an offset or duration, whichever of its units the phrase has."""
    for suffix, unit in (("InTicks", _TICK), ("Milliseconds", _MILLISECOND), ("InMs", _MILLISECOND)):
        if (found := offset(phrase.get(f"{name}{suffix}"), unit=unit)) is not None:
            return found
    bare = phrase.get(name)
    return span(bare) if isinstance(bare, str) and not bare.isdigit() else offset(bare, unit=layout.bare)


def _locale(phrases: Sequence[Said]) -> str | None:
    """The language that most phrases have."""
    found = Counter(name for each in phrases if (name := label(each.value.get("locale"))))
    return found.most_common(1)[0][0] if found else None

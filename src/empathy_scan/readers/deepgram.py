"""Deepgram: responses for recordings, and the messages of a live stream.

Sources: Deepgram API reference, "Pre-recorded audio", "Live audio" and "Turn-based audio" (Flux, `TurnInfo`); the
features utterances, diarization, multichannel and extra metadata. `metadata.created` is the time of the request, not
of the call.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence

from empathy_scan.config import ReadConfig
from empathy_scan.readers import apijson, recognised, speech
from empathy_scan.readers.apijson import Resource, part, seconds, spoken
from empathy_scan.readers.conversation import Parsed, Turn
from empathy_scan.readers.files import Document
from empathy_scan.readers.recognised import Findings, Transcript, Vendor
from empathy_scan.readers.speech import Word
from empathy_scan.readers.verdict import Verdict

_TURN_BASED = {"TurnInfo", "Connected", "ConfigureSuccess"}
_LIVE = {"Results", "Metadata", "SpeechStarted", "UtteranceEnd", "Finalize"}
_CHANNELS = 64  # at most, in a stream


def sniff_deepgram(document: Document) -> Verdict:
    """Whether the file holds `results.channels[].alternatives[]` or the messages of a live stream."""
    if not any(f'"{mark}"' in document.text for mark in ("alternatives", "TurnInfo")):
        return Verdict(fits=False, why="it has no alternatives", nearness=0.0)
    return recognised.sniff(document, _DEEPGRAM, why="results.channels with alternatives")


def parse_deepgram(document: Document, config: ReadConfig) -> Parsed:
    """The recordings of a file; raises MalformedInputError when it holds none of Deepgram."""
    del config
    return recognised.parse(document, _DEEPGRAM)


def _holds(value: Resource) -> bool:
    channels = part(value.get("results")).get("channels")
    if not isinstance(channels, list):
        return False
    return any(isinstance(channel.get("alternatives"), list) for channel in apijson.objects(channels)) or (
        not channels and "request_id" in part(value.get("metadata"))
    )


def _is_message(value: Resource) -> bool:
    """Whether the object is a message of a live stream: words, or what stands between them."""
    if isinstance(part(value.get("channel")).get("alternatives"), list) and "is_final" in value:
        return True
    kind = value.get("type")
    if isinstance(kind, str) and kind in _TURN_BASED:
        return "sequence_id" in value or "request_id" in value
    return (
        isinstance(kind, str)
        and kind in _LIVE
        and ("request_id" in value or "channel" in value or "last_word_end" in value)
    )


def _merge(messages: Sequence[Resource]) -> Resource:
    """The final messages of a stream in the shape of a response for a recording; interim ones are said again later."""
    if any(message.get("type") == "TurnInfo" for message in messages):
        return _merge_turns(messages)
    words: dict[int, list[object]] = defaultdict(list)
    names = [part(message.get("metadata")).get("request_id") or message.get("request_id") for message in messages]
    for message in messages:
        index = message.get("channel_index")
        channel = index[0] if isinstance(index, list) and index and index[0] in range(_CHANNELS) else 0
        heard = apijson.objects(part(message.get("channel")).get("alternatives"))
        if message.get("is_final") is True and heard and isinstance(heard[0].get("words"), list):
            words[channel] += heard[0]["words"]  # type: ignore[arg-type] # a list, as asked in the line before
    channels = [{"alternatives": [{"words": words.get(at, [])}]} for at in range(max(words, default=0) + 1)]
    return {"metadata": {"request_id": next(filter(None, names), None)}, "results": {"channels": channels}}


def _merge_turns(messages: Sequence[Resource]) -> Resource:
    """The turns of a turn-based stream at their end, as utterances; those not ended yet are said again."""
    ended = [each for each in messages if each.get("type") == "TurnInfo" and each.get("event") == "EndOfTurn"]
    turns = {str(each.get("turn_index", at)): each for at, each in enumerate(ended)}
    utterances = [
        {**each, "start": each.get("audio_window_start"), "end": each.get("audio_window_end")}
        for each in turns.values()
    ]
    name = next((each["request_id"] for each in messages if each.get("request_id")), None)
    return {"metadata": {"request_id": name}, "results": {"channels": [], "utterances": utterances}}


def _read(value: Resource, findings: Findings) -> Transcript:
    results, metadata = part(value.get("results")), part(value.get("metadata"))
    channels = recognised.entries(results, "channels", findings)
    heard = [alternatives[0] for channel in channels if (alternatives := apijson.objects(channel.get("alternatives")))]
    turns = (
        _of_utterances(results, findings, several=len(channels) > 1)
        or _of_words([recognised.entries(alternative, "words", findings) for alternative in heard])
        or _of_paragraphs(heard, findings)
    )
    languages = [channel.get("detected_language") for channel in channels]
    return Transcript(
        turns=turns,
        native_id=apijson.first_label(metadata, "request_id"),
        language=next((language for language in languages if isinstance(language, str)), None),
        tags=part(metadata.get("extra")),
    )


def _of_utterances(results: Resource, findings: Findings, *, several: bool) -> list[Turn]:
    """A turn per utterance, which is what is said between two pauses."""
    utterances = recognised.entries(results, "utterances", findings)
    voices = [(each.get("channel"), each.get("speaker")) for each in utterances]
    names = recognised.voice_labels(voices, several=several)
    turns = [_of_utterance(each, name) for each, name in zip(utterances, names, strict=True)]
    return speech.in_order(recognised.with_text(turns, utterances, "transcript", findings))


def _of_utterance(utterance: Resource, speaker: str | None) -> Turn:
    sure = recognised.confidence(apijson.objects(utterance.get("words")), "confidence")
    return Turn(
        text=spoken(utterance.get("transcript")),
        speaker=speaker,
        start=seconds(utterance.get("start")),
        end=seconds(utterance.get("end")),
        confidence=sure if sure is not None else apijson.share(utterance.get("confidence")),
    )


def _of_words(tracks: Sequence[Sequence[Resource]]) -> list[Turn]:
    """Turns of the words of each channel."""
    voices = [(at, word.get("speaker")) for at, track in enumerate(tracks) for word in track]
    names = iter(recognised.voice_labels(voices, several=len(tracks) > 1))
    heard = [[_word(word, next(names)) for word in track] for track in tracks]
    return speech.turns_of_words(heard[0]) if len(heard) == 1 else speech.turns_of_tracks(heard)


def _word(word: Resource, speaker: str | None) -> Word:
    return Word(
        text=spoken(word.get("punctuated_word")) or spoken(word.get("word")),
        speaker=speaker,
        start=seconds(word.get("start")),
        end=seconds(word.get("end")),
        confidence=apijson.share(word.get("confidence")),
    )


def _of_paragraphs(tracks: Sequence[Mapping[str, object]], findings: Findings) -> list[Turn]:
    """Turns of the paragraphs, else of each channel's whole transcript, of a file that has been stripped of words."""
    blocks = [
        (at, block)
        for at, track in enumerate(tracks)
        for block in apijson.objects(part(track.get("paragraphs")).get("paragraphs")) or [track]
    ]
    sentences = [each for _, block in blocks for each in apijson.objects(block.get("sentences"))]
    recognised.with_text([], sentences, "text", findings)  # what of them is broken
    names = recognised.voice_labels([(at, block.get("speaker")) for at, block in blocks], several=len(tracks) > 1)
    turns = [_of_paragraph(block, name) for (_, block), name in zip(blocks, names, strict=True)]
    return speech.in_order([turn for turn in turns if turn.text])


def _of_paragraph(block: Resource, speaker: str | None) -> Turn:
    sentences = [(spoken(each.get("text")), False) for each in apijson.objects(block.get("sentences"))]
    return Turn(
        text=speech.glued(sentences) or spoken(block.get("transcript")),
        speaker=speaker,
        start=seconds(block.get("start")),
        end=seconds(block.get("end")),
        confidence=apijson.share(block.get("confidence")),
    )


_DEEPGRAM = Vendor(
    name="Deepgram",
    marks=(),
    holds=_holds,
    read=_read,
    is_message=_is_message,
    merge=_merge,
)

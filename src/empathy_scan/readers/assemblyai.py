"""AssemblyAI: transcripts with utterances, with words only, or with the text only; sentences; messages of a stream.

Sources: AssemblyAI API reference, "Get transcript", "Get sentences", "Streaming API" (and version 2, "Real-time");
"Multichannel transcription"; "Speaker identification", which puts
roles or names in place of the letters. Times are milliseconds, `audio_duration` is seconds. `audio_url` may be signed:
nothing of it is read.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from empathy_scan.config import ReadConfig
from empathy_scan.errors import MalformedInputError
from empathy_scan.readers import apijson, recognised, speech
from empathy_scan.readers.apijson import Resource, seconds, spoken
from empathy_scan.readers.conversation import Parsed, Turn
from empathy_scan.readers.files import Document
from empathy_scan.readers.recognised import Findings, Transcript, Vendor
from empathy_scan.readers.speech import Word
from empathy_scan.readers.verdict import Verdict

_MILLISECONDS = 0.001
_STATES = {"completed", "error", "queued", "processing"}
_MARKS = ("audio_url", "acoustic_model", "speech_model", "speech_models", "language_model", "webhook_status_code")
_LISTS = ("sentences", "paragraphs")  # of a transcript, each behind a link of its own
_SESSION = {"SessionBegins", "SessionInformation", "PartialTranscript", "FinalTranscript", "SessionTerminated"}
_SHORT = 10  # seconds; a shorter recording says nothing of the unit of its times


def sniff_assemblyai(document: Document) -> Verdict:
    """Whether the file holds transcripts with `status`, `words` or `utterances`, and `audio_url` or a model's name."""
    marks = ("status", "audio_duration", "message_type", "end_of_turn")
    if not any(f'"{mark}"' in document.text for mark in marks):
        return Verdict(fits=False, why="it has no status", nearness=0.0)
    return recognised.sniff(document, _ASSEMBLYAI, why="words or utterances with status and audio_url or speech_model")


def parse_assemblyai(document: Document, config: ReadConfig) -> Parsed:
    """The transcripts of a file; raises MalformedInputError when it holds none of AssemblyAI."""
    del config
    return recognised.parse(document, _ASSEMBLYAI)


def _holds(value: Resource) -> bool:
    status = value.get("status")
    if status is None and _list_of(value):
        return True
    if not isinstance(status, str) or status not in _STATES or "segments" in value:
        return False
    return any(mark in value for mark in _MARKS) and any(key in value for key in ("words", "utterances", "text"))


def _list_of(value: Resource) -> str | None:
    """The name of the list, if the object is the list of sentences or paragraphs of a transcript."""
    for name in _LISTS:
        said = apijson.objects(value.get(name))[:1]
        if "audio_duration" in value and said and {"text", "start", "end"} <= said[0].keys():
            return name
    return None


def _is_message(value: Resource) -> bool:
    """Whether the object is a message of a stream, by version 3 (`Turn`) or by version 2 (`FinalTranscript`)."""
    kind, former = value.get("type"), value.get("message_type")
    if isinstance(former, str) and former in _SESSION:
        return True
    if kind == "Turn":
        return "turn_order" in value and "transcript" in value
    return (kind == "Begin" and "expires_at" in value) or (kind == "Termination" and "audio_duration_seconds" in value)


def _merge(messages: Sequence[Resource]) -> Resource:
    """The final texts of a stream as one transcript; a turn that is delivered again, formatted, counts as that."""
    turns: dict[object, Resource] = {}
    for at, message in enumerate(messages):
        if message.get("message_type") == "FinalTranscript":
            turns[at] = message
        elif message.get("type") == "Turn" and message.get("end_of_turn") is True:
            turns[f"turn {message.get('turn_order')}"] = {
                **message,
                "text": message.get("transcript"),
                "speaker": message.get("speaker_label"),
            }
    named = (message.get("session_id") or message.get("id") for message in messages)
    return {
        "status": "completed",
        "id": next(filter(None, named), None),
        "utterances": list(map(_timed, turns.values())),
    }


def _timed(message: Resource) -> Resource:
    """A message of a stream as an utterance, from its first word to its last."""
    words = apijson.objects(message.get("words"))
    ends = {"start": words[0].get("start"), "end": words[-1].get("end")} if words else {}
    return {"start": message.get("audio_start"), "end": message.get("audio_end"), **message, **ends}


def _read(value: Resource, findings: Findings) -> Transcript:
    """The transcript; raises MalformedInputError for one that failed or is not done."""
    listed = _list_of(value)
    status = value.get("status") or ("completed" if listed else None)
    if status != "completed":
        failed = status == "error"
        raise MalformedInputError(
            f"its transcription {'failed' if failed else 'was not done yet'}",
            where="status",
            remedy="transcribe the recording again" if failed else "fetch the transcript when it is completed",
        )
    turns = (
        _of_utterances(recognised.entries(value, listed or "utterances", findings), findings)
        or _of_words(recognised.entries(value, "words", findings))
        or _of_text(value)
    )
    duration = apijson.number(value.get("audio_duration")) or 0.0
    last = max((turn.end for turn in turns if turn.end is not None), default=None)
    if last is not None and duration >= _SHORT and last / _MILLISECONDS <= 2 * duration:
        findings.notes.append("times look like seconds, but AssemblyAI writes milliseconds; they are read as such")
    return Transcript(
        turns=turns,
        native_id=apijson.first_label(value, "id"),
        language=apijson.first_label(value, "language_code"),
        redacted=value.get("redact_pii") is True,
    )


def _of_utterances(utterances: Sequence[Resource], findings: Findings) -> list[Turn]:
    turns = [
        Turn(
            text=spoken(each.get("text")),
            speaker=_voice(each),
            start=seconds(each.get("start"), unit=_MILLISECONDS),
            end=seconds(each.get("end"), unit=_MILLISECONDS),
            confidence=_confidence(each),
        )
        for each in utterances
    ]
    return speech.in_order(recognised.with_text(turns, utterances, "text", findings))


def _confidence(utterance: Resource) -> float | None:
    sure = recognised.confidence(apijson.objects(utterance.get("words")), "confidence")
    return sure if sure is not None else apijson.share(utterance.get("confidence"))


def _of_words(words: Sequence[Resource]) -> list[Turn]:
    """Turns of words; each channel is a track of its own."""
    tracks: dict[str | None, list[Word]] = defaultdict(list)
    for each in words:
        word = Word(
            text=spoken(each.get("text")),
            speaker=_voice(each),
            start=seconds(each.get("start"), unit=_MILLISECONDS),
            end=seconds(each.get("end"), unit=_MILLISECONDS),
            confidence=apijson.share(each.get("confidence")),
        )
        tracks[apijson.first_label(each, "channel")].append(word)
    heard = list(tracks.values())
    return speech.turns_of_words(heard[0]) if len(heard) == 1 else speech.turns_of_tracks(heard)


def _voice(item: Resource) -> str | None:
    """The speaker, who with several channels is called like the channel (`1`), or like a voice on it (`1A`)."""
    return apijson.first_label(item, "speaker", "channel")


def _of_text(value: Resource) -> list[Turn]:
    text = spoken(value.get("text"))
    return [Turn(text=text, confidence=apijson.share(value.get("confidence")))] if text else []


_ASSEMBLYAI = Vendor(
    name="AssemblyAI",
    marks=(),
    holds=_holds,
    read=_read,
    is_message=_is_message,
    merge=_merge,
)

"""Rev AI (and the editors of Rev and Temi) and Gladia: transcripts that list what each speaker says.

Sources: Rev AI API reference, "Transcript" (`monologues`); Gladia API reference v2, "Get pre-recorded result", "Live
result", callback payloads. None of them holds the time of the call.
"""

from __future__ import annotations

from collections.abc import Sequence

from empathy_scan.config import ReadConfig
from empathy_scan.errors import MalformedInputError
from empathy_scan.readers import apijson, recognised, speech
from empathy_scan.readers.apijson import Resource, part, seconds, spoken
from empathy_scan.readers.conversation import Parsed, Turn
from empathy_scan.readers.files import Document
from empathy_scan.readers.recognised import Findings, Transcript, Vendor
from empathy_scan.readers.speech import Word
from empathy_scan.readers.verdict import Verdict

# --- Rev AI --------------------------------------------------------------------------------------------------------


def sniff_rev(document: Document) -> Verdict:
    """Whether the file holds `monologues[].elements[]`."""
    return recognised.sniff(document, _REV, why="monologues with elements")


def parse_rev(document: Document, config: ReadConfig) -> Parsed:
    """The transcripts of a file; raises MalformedInputError when it holds none of Rev AI."""
    del config
    return recognised.parse(document, _REV)


def _holds_monologues(value: Resource) -> bool:
    monologues = value.get("monologues")
    if not isinstance(monologues, list):
        return False
    return not monologues or any(isinstance(each.get("elements"), list) for each in apijson.objects(monologues))


def _read_rev(value: Resource, findings: Findings) -> Transcript:
    monologues = recognised.entries(value, "monologues", findings)
    people = {
        apijson.first_label(each, "id"): apijson.first_label(each, "name")
        for each in apijson.objects(value.get("speakers"))
    }
    turns: list[Turn] = []
    for each in monologues:
        number = apijson.first_label(each, "speaker")
        name = apijson.first_label(part(each.get("speaker_info")), "display_name") or apijson.first_label(
            each, "speaker_name"
        )
        turns += _of_monologue(recognised.entries(each, "elements", findings), name or people.get(number) or number)
    return Transcript(
        turns=turns,
        native_id=apijson.first_label(value, "job_id"),
        language=apijson.first_label(value, "language"),
        tags=part(value.get("metadata")),
    )


def _of_monologue(elements: Sequence[Resource], speaker: str | None) -> list[Turn]:
    """The turns of a monologue; its spaces are elements of their own, unless somebody has left them out."""
    texts = [value if isinstance(value := each.get("value"), str) else "" for each in elements]
    spaced = any(text.isspace() for text in texts) or sum(bool(text) for text in texts) == 1
    words = [
        Word(
            text=text,
            speaker=speaker,
            start=seconds(each.get("ts")),
            end=seconds(each.get("end_ts")),
            confidence=apijson.share(each.get("confidence")),
            attached=spaced or each.get("type") == "punct",
        )
        for each, text in zip(elements, texts, strict=True)
    ]
    return speech.turns_of_words(words)


# --- Gladia --------------------------------------------------------------------------------------------------------


def sniff_gladia(document: Document) -> Verdict:
    """Whether the file holds `transcription.utterances[]`, mostly within `result`."""
    if not any(f'"{mark}"' in document.text for mark in ("utterances", "request_params")):
        return Verdict(fits=False, why="it has no utterances", nearness=0.0)
    return recognised.sniff(document, _GLADIA, why="transcription with utterances")


def parse_gladia(document: Document, config: ReadConfig) -> Parsed:
    """The recordings of a file; raises MalformedInputError when it holds none of Gladia."""
    del config
    return recognised.parse(document, _GLADIA)


def _holds_transcription(value: Resource) -> bool:
    if isinstance(_transcription(value).get("utterances"), list):
        return True
    return "request_params" in value and "result" in value and "status" in value  # failed, or not done


def _transcription(value: Resource) -> Resource:
    """The transcription of a result, a callback's payload or a live session's last message."""
    places = (part(value.get(name)) for name in ("result", "payload", "data"))
    return next((found for place in (*places, value) if (found := part(place.get("transcription")))), {})


def _read_gladia(value: Resource, findings: Findings) -> Transcript:
    transcription = _transcription(value)
    status = value.get("status")
    if not transcription:
        failed = status == "error"
        raise MalformedInputError(
            f"its transcription {'failed' if failed else 'was not done yet'}",
            where="status",
            remedy="transcribe the recording again" if failed else "fetch the result when it is done",
        )
    utterances = recognised.entries(transcription, "utterances", findings)
    languages = transcription.get("languages")
    return Transcript(
        turns=_of_utterances(utterances, findings),
        native_id=apijson.first_label(value, "id", "session_id"),
        language=languages[0] if isinstance(languages, list) and languages and isinstance(languages[0], str) else None,
        tags=part(value.get("custom_metadata")),
    )


def _of_utterances(utterances: Sequence[Resource], findings: Findings) -> list[Turn]:
    names = recognised.voice_labels([(each.get("channel"), each.get("speaker")) for each in utterances])
    turns = [_of_utterance(each, name) for each, name in zip(utterances, names, strict=True)]
    return speech.in_order(recognised.with_text(turns, utterances, "text", findings))


def _of_utterance(utterance: Resource, speaker: str | None) -> Turn:
    sure = recognised.confidence(apijson.objects(utterance.get("words")), "confidence")
    return Turn(
        text=spoken(utterance.get("text")),
        speaker=speaker,
        start=seconds(utterance.get("start")),
        end=seconds(utterance.get("end")),
        confidence=sure if sure is not None else apijson.share(utterance.get("confidence")),
    )


_REV = Vendor(name="Rev AI", marks=("monologues",), holds=_holds_monologues, read=_read_rev)
_GLADIA = Vendor(name="Gladia", marks=(), holds=_holds_transcription, read=_read_gladia)

"""Rev AI (and the editors of Rev and Temi) and Gladia: transcripts that list what each speaker says.

Sources: Rev AI API reference, "Transcript" (`monologues`) and "Streaming"; Gladia API reference v2, "Get pre-recorded
result", "Live result", callback payloads, messages of a session, and v1 (`prediction`). None of them holds the time of
the call.
"""

from __future__ import annotations

from collections.abc import Sequence

from empathy_scan.config import ReadConfig
from empathy_scan.errors import MalformedInputError
from empathy_scan.readers import apijson, recognised, speech, times
from empathy_scan.readers.apijson import Resource, part, seconds, spoken
from empathy_scan.readers.conversation import Parsed, Turn
from empathy_scan.readers.files import Document
from empathy_scan.readers.recognised import Findings, Transcript, Vendor
from empathy_scan.readers.speech import Word
from empathy_scan.readers.verdict import Verdict

# What Gladia sends in a live session beside `transcript`.
_LIVE = {
    "start_session", "start_recording", "end_recording", "end_session", "speech_start", "speech_end", "audio_chunk",
    "stop_recording", "translation", "named_entity_recognition", "sentiment_analysis", "post_transcript",
    "post_final_transcript", "post_summarization", "post_chapterization",
}  # fmt: skip

# --- Rev AI --------------------------------------------------------------------------------------------------------


def sniff_rev(document: Document) -> Verdict:
    """Whether the file holds `monologues[].elements[]`, or the messages of a stream with `elements`."""
    if not any(f'"{mark}"' in document.text for mark in ("monologues", "elements")):
        return Verdict(fits=False, why="it has no monologues", nearness=0.0)
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


def _is_rev_message(value: Resource) -> bool:
    """Whether the object is a message of a stream: a hypothesis, final or not, or what comes before the first one."""
    kind = value.get("type")
    if kind == "connected":
        return "id" in value
    return kind in ("partial", "final") and isinstance(value.get("elements"), list)


def _merge_rev(messages: Sequence[Resource]) -> Resource:
    """The final hypotheses of a stream as monologues."""
    begun = next((message for message in messages if message.get("type") == "connected"), {})
    final = [message for message in messages if message.get("type") == "final"]
    return {
        "job_id": begun.get("id"),
        "monologues": [{**message, "speaker": message.get("speaker_id")} for message in final],
    }


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
        elements = recognised.entries(each, "elements", findings)
        recognised.with_text([], elements, "value", findings)  # what of them is broken
        turns += _of_monologue(elements, name or people.get(number) or number)
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
            start=_rev_time(each, "ts", "timestamp"),
            end=_rev_time(each, "end_ts", "end_timestamp"),
            confidence=apijson.share(each.get("confidence")),
            attached=spaced or each.get("type") == "punct",
        )
        for each, text in zip(elements, texts, strict=True)
    ]
    return speech.turns_of_words(words)


def _rev_time(element: Resource, name: str, clock: str) -> float | None:
    """Seconds of an element; transcripts by people have a clock, `00:01:02,340`, in their stead."""
    found, written = seconds(element.get(name)), element.get(clock)
    if found is not None or not isinstance(written, str):
        return found
    return times.parse_clock(written.replace(",", "."))


# --- Gladia --------------------------------------------------------------------------------------------------------


def sniff_gladia(document: Document) -> Verdict:
    """Whether the file holds `transcription.utterances[]`, mostly within `result`, or messages of a live session."""
    if not any(f'"{mark}"' in document.text for mark in ("utterances", "utterance", "request_params", "prediction")):
        return Verdict(fits=False, why="it has no utterances", nearness=0.0)
    return recognised.sniff(document, _GLADIA, why="transcription with utterances")


def parse_gladia(document: Document, config: ReadConfig) -> Parsed:
    """The recordings of a file; raises MalformedInputError when it holds none of Gladia."""
    del config
    return recognised.parse(document, _GLADIA)


def _holds_transcription(value: Resource) -> bool:
    if _is_gladia_message(value):
        return False
    if isinstance(_transcription(value).get("utterances"), list) or _predictions(value):
        return True
    return "request_params" in value and "result" in value and "status" in value  # failed, or not done


def _transcription(value: Resource) -> Resource:
    """The transcription of a result, a callback's payload or a live session's last message."""
    places = (part(value.get(name)) for name in ("result", "payload", "data"))
    return next((found for place in (*places, value) if (found := part(place.get("transcription")))), {})


def _predictions(value: Resource) -> list[Resource]:
    """The utterances of version 1, by the names of version 2."""
    predicted = apijson.objects(value.get("prediction"))
    if not any("time_begin" in each and "transcription" in each for each in predicted):
        return []
    return [
        {**each, "text": each.get("transcription"), "start": each.get("time_begin"), "end": each.get("time_end")}
        for each in predicted
    ]


def _is_gladia_message(value: Resource) -> bool:
    """Whether the object is a message of a live session: an utterance, or what stands between them."""
    kind = value.get("type")
    if not isinstance(kind, str) or "session_id" not in value:
        return False
    if kind == "transcript":
        return isinstance(part(value.get("data")).get("utterance"), dict)
    return kind in _LIVE and ("data" in value or "created_at" in value)


def _merge_gladia(messages: Sequence[Resource]) -> Resource:
    """A live session as one result: by its last message, which repeats all, else by its final utterances."""
    session = next((message["session_id"] for message in messages), None)
    for message in reversed(messages):
        whole = _transcription(message)
        if isinstance(whole.get("utterances"), list):
            return {"id": session, "result": {"transcription": whole}}
    heard = [part(message.get("data")) for message in messages if message.get("type") == "transcript"]
    final = [each.get("utterance") for each in heard if each.get("is_final") is not False]
    return {"id": session, "result": {"transcription": {"utterances": final}}}


def _read_gladia(value: Resource, findings: Findings) -> Transcript:
    predicted = value.get("prediction") if _predictions(value) else None
    transcription = {"utterances": _predictions(value)} if predicted else _transcription(value)
    status = value.get("status")
    if not transcription:
        failed = status == "error"
        raise MalformedInputError(
            f"its transcription {'failed' if failed else 'was not done yet'}",
            where="status",
            remedy="transcribe the recording again" if failed else "fetch the result when it is done",
        )
    if predicted:
        recognised.entries(value, "prediction", findings)  # what of them is broken
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


_REV = Vendor(
    name="Rev AI",
    marks=(),
    holds=_holds_monologues,
    read=_read_rev,
    is_message=_is_rev_message,
    merge=_merge_rev,
)
_GLADIA = Vendor(
    name="Gladia",
    marks=(),
    holds=_holds_transcription,
    read=_read_gladia,
    is_message=_is_gladia_message,
    merge=_merge_gladia,
)

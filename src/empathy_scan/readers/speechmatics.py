"""Speechmatics: json-v2 transcripts of batch jobs, messages of the real-time service, and the older json-v1.

Source: Speechmatics documentation, "Output formats" (json-v2), "Diarization", "Realtime API reference".
`job.created_at` is the time of the job, not of the call. `UU` is a voice that was not placed.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence

from empathy_scan.config import ReadConfig
from empathy_scan.readers import apijson, recognised, speech
from empathy_scan.readers.apijson import Resource, part, seconds, spoken
from empathy_scan.readers.conversation import Parsed
from empathy_scan.readers.files import Document
from empathy_scan.readers.recognised import Findings, Transcript, Vendor
from empathy_scan.readers.speech import Word
from empathy_scan.readers.verdict import Verdict

_SPOKEN = ("word", "punctuation", "entity")  # audio events are no speech
_TYPES = (*_SPOKEN, "audio_event", "speaker_change")
# What the real-time service says around its `AddTranscript`; `AddPartialTranscript` is said again later.
_MESSAGES = {"AddTranscript", "AddPartialTranscript", "RecognitionStarted", "EndOfTranscript", "AudioAdded",
             "EndOfUtterance", "AddTranslation", "AddPartialTranslation", "AudioEventStarted", "AudioEventEnded",
             "Info", "Warning", "SpeakersResult"}  # fmt: skip


def sniff_speechmatics(document: Document) -> Verdict:
    """Whether the file holds typed `results[].alternatives[]` with `format` or `job`, or messages with them."""
    text = document.text
    if apijson.begins_json(text) and '"speakers"' in text and '"alternatives"' not in text:
        return recognised.sniff(document, _FIRST_VERSION, why="job with words[].name and their time")
    return recognised.sniff(document, _SPEECHMATICS, why="typed results with alternatives, and format or job")


def parse_speechmatics(document: Document, config: ReadConfig) -> Parsed:
    """The recordings of a file; raises MalformedInputError when it holds none of Speechmatics."""
    del config
    first = apijson.has_resource(document, _is_first_version)
    return recognised.parse(document, _FIRST_VERSION if first else _SPEECHMATICS)


# --- json-v2 and real time -----------------------------------------------------------------------------------------


def _holds(value: Resource) -> bool:
    results = value.get("results")
    if not isinstance(results, list) or "message" in value:
        return False
    named = "job" in value or "transcription_config" in part(value.get("metadata"))
    if not results:
        return named and "format" in value
    return (named or "format" in value) and any(_is_result(result) for result in apijson.objects(results[:20]))


def _is_result(result: Resource) -> bool:
    return result.get("type") in _TYPES and isinstance(result.get("alternatives", []), list)


def _is_message(value: Resource) -> bool:
    message = value.get("message")
    if not isinstance(message, str) or message not in _MESSAGES:
        return False
    return message not in {"AddTranscript", "Info", "Warning"} or "results" in value or "reason" in value


def _merge(messages: Sequence[Resource]) -> Resource:
    """The final messages of a session as one transcript."""
    final = [message for message in messages if message.get("message") == "AddTranscript"]
    begun = next((message for message in messages if message.get("message") == "RecognitionStarted"), {})
    language = part(begun.get("language_pack_info")).get("language_code")
    results = [
        {**result, "channel": result.get("channel", message.get("channel"))}
        for message in final
        for result in apijson.objects(message.get("results"))
    ]
    return {
        "job": {"id": begun.get("id")},
        "metadata": {"transcription_config": {"language": language}},
        "results": results,
    }


def _read(value: Resource, findings: Findings) -> Transcript:
    job, metadata = part(value.get("job")), part(value.get("metadata"))
    results = recognised.entries(value, "results", findings)
    said = [result for result in results if result.get("type") in _SPOKEN and _best(result)]
    recognised.with_text([], [_best(result) for result in said], "content", findings)  # what of them is broken
    tracks: dict[str | None, list[Resource]] = defaultdict(list)
    for result in said:
        tracks[apijson.first_label(result, "channel")].append(result)
    names = iter(
        recognised.voice_labels(
            [(channel, _best(result).get("speaker")) for channel, track in tracks.items() for result in track]
        )
    )
    heard = [list(_words(track, names)) for track in tracks.values()]
    tracking = part(job.get("tracking"))
    given = part(metadata.get("transcription_config")).get("language")
    languages = (given, *(_best(result).get("language") for result in said[:1]))
    return Transcript(
        turns=speech.turns_of_words(heard[0]) if len(heard) == 1 else speech.turns_of_tracks(heard),
        native_id=apijson.first_label(job, "id"),
        language=next((language for language in languages if isinstance(language, str) and language != "auto"), None),
        tags={
            **{name: tracking[name] for name in ("title", "reference") if name in tracking},
            **part(tracking.get("details")),
        },
    )


def _best(result: Resource) -> Resource:
    """The likeliest of the alternatives; that of an entity is its written form."""
    heard = apijson.objects(result.get("alternatives"))
    return heard[0] if heard else {}


def _words(results: Sequence[Resource], names: Iterator[str | None]) -> Iterator[Word]:
    """The words and marks of a channel; a mark says to which neighbour it belongs, and belongs to its speaker."""
    attaches, speaker = "", None
    for result in results:
        mark, name = result.get("type") == "punctuation", next(names)
        to = apijson.first_label(result, "attaches_to") or ("previous" if mark else "none")
        speaker = speaker if mark and to != "next" and speaker is not None else name
        yield Word(
            text=spoken(_best(result).get("content")),
            speaker=speaker,
            start=seconds(result.get("start_time")),
            end=seconds(result.get("end_time")),
            confidence=None if mark else apijson.share(_best(result).get("confidence")),
            attached=to in {"previous", "both"} or attaches in {"next", "both"},
        )
        attaches = to


# --- json-v1 -------------------------------------------------------------------------------------------------------


def _is_first_version(value: Resource) -> bool:
    words = apijson.objects(value.get("words"))
    return isinstance(value.get("job"), dict) and bool(words) and "time" in words[0] and "name" in words[0]


def _read_first_version(value: Resource, findings: Findings) -> Transcript:
    """The words with the speaker in whose time they begin."""
    job = part(value.get("job"))
    people = [
        (start, apijson.first_label(each, "name"))
        for each in recognised.entries(value, "speakers", findings)
        if (start := seconds(each.get("time"))) is not None
    ]
    people.sort(key=lambda each: each[0])
    words: list[Word] = []
    at = -1
    for each in recognised.entries(value, "words", findings):
        start, duration = seconds(each.get("time")), seconds(each.get("duration"))
        while start is not None and at + 1 < len(people) and people[at + 1][0] <= start + 0.001:
            at += 1
        text = spoken(each.get("name"))
        words.append(
            Word(
                text=text,
                speaker=people[at][1] if at >= 0 else None,
                start=start,
                end=None if start is None or duration is None else start + duration,
                confidence=apijson.share(each.get("confidence")),
                attached=bool(text) and not any(map(str.isalnum, text)),
            )
        )
    return Transcript(
        turns=speech.turns_of_words(words),
        native_id=apijson.first_label(job, "id"),
        language=apijson.first_label(job, "lang"),
    )


_SPEECHMATICS = Vendor(
    name="Speechmatics",
    marks=("results",),
    holds=_holds,
    read=_read,
    is_message=_is_message,
    merge=_merge,
)
_FIRST_VERSION = Vendor(
    name="Speechmatics", marks=("job", "speakers", "words"), holds=_is_first_version, read=_read_first_version
)

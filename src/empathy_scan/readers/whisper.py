"""The Whisper family: segments of openai-whisper, faster-whisper, WhisperX, whisper-timestamped, whisper.cpp and more.

Also read: results of Hugging Face pipelines, and of the OpenAI API (`verbose_json`, `diarized_json`). Sources:
openai/whisper `transcribe.py`, m-bain/whisperX `diarize.py`, linto-ai/whisper-timestamped, ggml-org/whisper.cpp
`examples/cli`, OpenAI API reference, "Create transcription". Only some of them tell voices apart, and none knows an id
or the time of the call. In silence Whisper is known to repeat a phrase that nobody said; that is noted, not removed.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import groupby

from empathy_scan.codebook import Role
from empathy_scan.config import ReadConfig
from empathy_scan.readers import apijson, columns, recognised, speech
from empathy_scan.readers.apijson import Resource, part, seconds, spoken
from empathy_scan.readers.conversation import Parsed, Turn
from empathy_scan.readers.files import Document
from empathy_scan.readers.recognised import Findings, Transcript, Vendor
from empathy_scan.readers.verdict import Verdict

_DECODING = {"seek", "tokens", "temperature", "avg_logprob", "compression_ratio", "no_speech_prob"}
_DIARIZED = "transcript.text.segment"
_TASKS = {"transcribe", "translate"}
_MILLISECONDS = 0.001
_REPEATED = 4  # the same segment so often in a row is hardly speech
_LOOKED_AT = 20  # segments that are looked at to know the format


def sniff_whisper(document: Document) -> Verdict:
    """Whether the file holds segments with what only programs of the Whisper family write beside them."""
    if not any(f'"{mark}"' in document.text for mark in ("segments", "avg_logprob", "transcription", "chunks")):
        return Verdict(fits=False, why="it has no segments, transcription or chunks", nearness=0.0)
    return recognised.sniff(document, _WHISPER, why="segments as Whisper writes them")


def parse_whisper(document: Document, config: ReadConfig) -> Parsed:
    """The recordings of a file; raises MalformedInputError when it holds none of the Whisper family."""
    del config
    return recognised.parse(document, _WHISPER)


def _holds(value: Resource) -> bool:
    segments = apijson.objects(value.get("segments"))[:_LOOKED_AT]
    if "segments" in value:
        return _is_verbose(value) or "word_segments" in value or any(_is_segment(segment) for segment in segments)
    return _is_cpp(value) or _is_pipeline(value)


def _is_verbose(value: Resource) -> bool:
    """Whether the object is an answer of the OpenAI API."""
    task = value.get("task")
    return isinstance(task, str) and task in _TASKS and "text" in value and isinstance(value.get("segments"), list)


def _is_segment(segment: Resource) -> bool:
    """Whether a segment has a text, a start, and the marks of one of the programs."""
    if not isinstance(segment.get("text"), str) or "start" not in segment:
        return False
    words = apijson.objects(segment.get("words"))[:_LOOKED_AT]
    timestamped = "confidence" in segment and any("text" in word and "confidence" in word for word in words)
    aligned = any("word" in word and ("score" in word or "probability" in word) for word in words)
    return len(_DECODING & segment.keys()) > 1 or segment.get("type") == _DIARIZED or timestamped or aligned


def _is_cpp(value: Resource) -> bool:
    heard = apijson.objects(value.get("transcription"))
    return bool(heard) and "from" in part(heard[0].get("offsets")) and "text" in heard[0]


def _is_pipeline(value: Resource) -> bool:
    """Whether the object is the result of a Hugging Face pipeline, also with insanely-fast-whisper's speakers."""
    chunks = apijson.objects(value.get("chunks"))
    return bool(chunks) and isinstance(chunks[0].get("timestamp"), list) and "text" in chunks[0]


def _is_bare(value: Resource) -> bool:
    """Whether the object is a segment in a list of them, as faster-whisper's are often saved; not a row of a table."""
    return _is_segment(value) and "conversation_id" not in columns.guess([str(key) for key in value], {})


def _merge(segments: Sequence[Resource]) -> Resource:
    return {"segments": list(segments)}


def _read(value: Resource, findings: Findings) -> Transcript:
    key, of_segment = _layout(value)
    segments = recognised.entries(value, key, findings)
    turns = recognised.with_text([of_segment(segment) for segment in segments], segments, "text", findings)
    if not turns and spoken(value.get("text")):
        turns = [Turn(text=spoken(value.get("text")))]
    if (repeated := _repeated(turns)) >= _REPEATED:
        findings.notes.append(f"a segment comes {repeated} times in a row: most likely silence, not speech")
    languages = (value.get("language"), part(value.get("result")).get("language"))
    return Transcript(
        turns=speech.in_order(turns),
        language=next((language for language in languages if isinstance(language, str)), None),
    )


def _layout(value: Resource) -> tuple[str, Callable[[Resource], Turn]]:
    """Under which name a file lists what is said, and how to read an item."""
    if "segments" in value:
        return "segments", _of_segment
    if _is_cpp(value):
        return "transcription", _of_cpp
    speakers = apijson.objects(value.get("speakers"))
    placed = any(isinstance(each.get("timestamp"), list) and "speaker" in each for each in speakers)
    return ("speakers" if placed else "chunks"), _of_chunk


def _of_segment(segment: Resource) -> Turn:
    """A segment; a role that somebody has written beside it counts."""
    words = apijson.objects(segment.get("words"))
    sure = recognised.confidence(words, "score", "probability", "confidence")
    role = apijson.role_word(segment.get("role")).role
    return Turn(
        text=spoken(segment.get("text")),
        role=role,
        role_source="column role" if role != Role.UNKNOWN else "",
        speaker=apijson.first_label(segment, "speaker"),
        start=seconds(segment.get("start")),
        end=seconds(segment.get("end")),
        confidence=sure if sure is not None else apijson.share(segment.get("confidence")),
    )


def _of_cpp(segment: Resource) -> Turn:
    """A segment of whisper.cpp, whose offsets are milliseconds; tokens such as `[_BEG_]` are not heard."""
    offsets = part(segment.get("offsets"))
    tokens = apijson.objects(segment.get("tokens"))
    return Turn(
        text=spoken(segment.get("text")),
        speaker=apijson.first_label(segment, "speaker"),
        start=seconds(offsets.get("from"), unit=_MILLISECONDS),
        end=seconds(offsets.get("to"), unit=_MILLISECONDS),
        confidence=recognised.confidence(
            [each for each in tokens if not spoken(each.get("text")).startswith("[_")], "p"
        ),
    )


def _of_chunk(chunk: Resource) -> Turn:
    """A chunk of a pipeline, whose `timestamp` is start and end; the last end may be missing."""
    stamps = chunk.get("timestamp")
    start, end = (*stamps, None, None)[:2] if isinstance(stamps, list) else (None, None)
    return Turn(
        text=spoken(chunk.get("text")),
        speaker=apijson.first_label(chunk, "speaker"),
        start=seconds(start),
        end=seconds(end),
    )


def _repeated(turns: Sequence[Turn]) -> int:
    """How often one text comes in a row at most."""
    return max((len(list(run)) for _, run in groupby(turns, key=lambda turn: turn.text.casefold())), default=0)


_WHISPER = Vendor(name="Whisper", marks=("text",), holds=_holds, read=_read, is_message=_is_bare, merge=_merge)

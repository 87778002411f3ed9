"""The Whisper family: segments of openai-whisper, faster-whisper, WhisperX, whisper-timestamped, whisper.cpp and more.

Also read: results of Hugging Face pipelines, and of the OpenAI API (`verbose_json`, `diarized_json`). Sources:
openai/whisper `transcribe.py`, m-bain/whisperX `diarize.py`, linto-ai/whisper-timestamped, ggml-org/whisper.cpp
`examples/cli`, OpenAI API reference, "Create transcription". Only some of them tell voices apart, and none knows an id
or the time of the call. A segment in which two voices speak is cut where its words say so. In silence Whisper is known
to repeat a phrase that nobody said; that is noted, not removed.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import replace
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
_FEW_WORDS = 3  # fewer of another voice within a segment are most likely misplaced by a word or two
_OF_SEGMENT = {"id", "start", "end", "text", "speaker", "words", "chars", "duration", "confidence", "language", "score"}
_NAMED = ("segments", "avg_logprob", "transcription", "chunks", "words", _DIARIZED)
_STREAM = {"transcript.text.delta", "transcript.text.done", _DIARIZED}  # events of the OpenAI API
_TOKEN = re.compile(r"<\|[^|<>]{1,30}\|>")  # `<|0.00|>`, `<|en|>`: left in the text by some programs
_PREFIX = re.compile(r"\s*\[(SPEAKER_\d+)\]:?\s*")  # as WhisperX's writers and whisper-ctranslate2 put it
# What there may be beside segments that have nothing but text, times and speakers.
_BESIDE = {
    "segments", "word_segments", "text", "language", "detected_language", "language_probability", "duration", "task",
    "num_speakers", "speaker_embeddings", "usage",
}  # fmt: skip


def sniff_whisper(document: Document) -> Verdict:
    """Whether the file holds segments with what only programs of the Whisper family write beside them."""
    if not any(f'"{mark}"' in document.text for mark in _NAMED):
        return Verdict(fits=False, why="it has no segments, transcription or chunks", nearness=0.0)
    return recognised.sniff(document, _WHISPER, why="segments as Whisper writes them")


def parse_whisper(document: Document, config: ReadConfig) -> Parsed:
    """The recordings of a file; raises MalformedInputError when it holds none of the Whisper family."""
    del config
    return recognised.parse(document, _WHISPER)


def _holds(value: Resource) -> bool:
    segments = apijson.objects(value.get("segments"))[:_LOOKED_AT]
    if "segments" in value:
        marked = _is_verbose(value) or "word_segments" in value or any(_is_segment(segment) for segment in segments)
        return marked or _is_plain(value, segments)
    return _is_cpp(value) or _is_pipeline(value) or _is_of_words(value)


def _is_bare_segment(segment: Resource) -> bool:
    """Whether a segment has a text and times, and nothing that programs of the Whisper family do not write."""
    timed = isinstance(segment.get("text"), str) and {"start", "end"} <= segment.keys()
    return timed and segment.keys() <= _OF_SEGMENT


def _is_plain(value: Resource, segments: Sequence[Resource]) -> bool:
    """Whether the segments have only text, times and speakers, or are none, and nothing foreign stands beside them."""
    if not value.keys() <= _BESIDE or not {"language", "detected_language", "text"} & value.keys():
        return False
    return value["segments"] == [] or (bool(segments) and all(map(_is_bare_segment, segments)))


def _is_of_words(value: Resource) -> bool:
    """Whether the object is an answer of the OpenAI API with times of words only."""
    words = apijson.objects(value.get("words"))
    task = value.get("task")
    named = bool(words) and "word" in words[0] and "start" in words[0] and isinstance(value.get("text"), str)
    return named and isinstance(task, str) and task in _TASKS


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
    """Whether the object is a segment in a list of them, as faster-whisper's are often saved, or an event of a stream.

    A row of a table is none.
    """
    kind = value.get("type")
    if isinstance(kind, str) and kind in _STREAM:
        return True
    return _is_segment(value) and "conversation_id" not in columns.guess([str(key) for key in value], {})


def _merge(segments: Sequence[Resource]) -> Resource:
    """Segments as one recording; of a stream without segments the whole text, which comes last."""
    kept = [each for each in segments if each.get("type") not in _STREAM - {_DIARIZED}]
    whole = next((each.get("text") for each in segments if each.get("type") == "transcript.text.done"), None)
    return {"segments": kept, "text": whole}


def _read(value: Resource, findings: Findings) -> Transcript:
    key, of_segment = _layout(value)
    segments = recognised.entries(value, key, findings)
    turns = [turn for segment in segments for turn in _cut(of_segment(segment), segment)]
    turns = recognised.with_text(turns, segments, "text", findings)
    if not turns and spoken(value.get("text")):
        words = recognised.entries(value, "words", findings)
        times = [seconds(word.get(side)) for word in (words[:1] + words[-1:]) for side in ("start", "end")]
        turns = [
            Turn(text=spoken(value.get("text")), start=times[0] if times else None, end=times[-1] if times else None)
        ]
    if (repeated := _repeated(turns)) >= _REPEATED:
        findings.notes.append(f"a segment comes {repeated} times in a row: most likely silence, not speech")
    languages = (value.get("language"), value.get("detected_language"), part(value.get("result")).get("language"))
    return Transcript(
        turns=speech.in_order(turns),
        language=next((language for language in languages if isinstance(language, str)), None),
    )


def _layout(value: Resource) -> tuple[str, Callable[[Resource], Turn]]:
    """Under which name a file lists what is said, and how to read an item."""
    if "segments" in value or "words" in value:
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
    text = _TOKEN.sub("", spoken(segment.get("text"))).strip()
    prefix = _PREFIX.match(text)
    return Turn(
        text=text[prefix.end() :] if prefix else text,
        role=role,
        role_source="column role" if role != Role.UNKNOWN else "",
        speaker=apijson.first_label(segment, "speaker") or (prefix[1] if prefix else None),
        start=seconds(segment.get("start")),
        end=seconds(segment.get("end")),
        confidence=sure if sure is not None else apijson.share(segment.get("confidence")),
    )


def _cut(turn: Turn, segment: Resource) -> list[Turn]:
    """The turn of a segment, cut where its words are another voice's, a few words at least."""
    words = apijson.objects(segment.get("words"))
    voices = [apijson.first_label(word, "speaker") for word in words]
    if len(set(voices) - {None}) < 2 or turn.role != Role.UNKNOWN:
        return [turn]
    texts = [spoken(word.get("word")) or spoken(word.get("text")) for word in words]
    if "".join("".join(texts).split()) != "".join(turn.text.split()):
        return [turn]  # a cut would lose words
    heard = zip(words, texts, _settled(voices, turn.speaker), strict=True)
    made = speech.turns_of_words(_word(word, text, voice) for word, text, voice in heard)
    whole = zip(
        (turn.start, *(each.start for each in made[1:])), (*(each.end for each in made[:-1]), turn.end), strict=True
    )
    return [replace(each, start=start, end=end) for each, (start, end) in zip(made, whole, strict=True)]


def _settled(voices: Sequence[str | None], whole: str | None) -> list[str | None]:
    """The voice of each word: those without one, and runs of a few words, belong to the voice before."""
    filled: list[str | None] = []
    for voice in voices:
        filled.append(voice if voice is not None else filled[-1] if filled else whole)
    settled: list[str | None] = []
    for voice, run in groupby(filled):
        length = len(list(run))
        before = settled[-1] if settled else whole
        settled += [voice if length >= _FEW_WORDS else before] * length
    return settled


def _word(word: Resource, text: str, voice: str | None) -> speech.Word:
    sure = recognised.confidence([word], "score", "probability", "confidence")
    return speech.Word(text, voice, seconds(word.get("start")), seconds(word.get("end")), sure)


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

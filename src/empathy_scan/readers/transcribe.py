"""Amazon Transcribe: the transcript files of batch jobs, with speakers, channels, or neither.

Source: Amazon Transcribe Developer Guide, "Data input and output" and the examples of diarization, channel
identification and redaction. Times and confidences are strings there; who speaks is a label without a role.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise

from empathy_scan.codebook import Channel
from empathy_scan.config import ReadConfig
from empathy_scan.errors import InputError, MalformedInputError
from empathy_scan.readers import amazon, apijson, speech
from empathy_scan.readers.amazon import Json, Record
from empathy_scan.readers.conversation import Conversation, Parsed, Turn, clean
from empathy_scan.readers.files import Document
from empathy_scan.readers.speech import Word
from empathy_scan.readers.verdict import Verdict

_JOBS = ("TranscriptionJob", "CallAnalyticsJob")  # the answer about a job, often saved instead of its transcript
_PAUSE = 1.0  # seconds of silence that end an utterance on a channel
_BREATH = 0.3  # and those that end it when another channel speaks meanwhile
_WITHOUT_SPACES = ("zh", "ja", "th")


def sniff(document: Document) -> Verdict:
    """Whether the file is a JSON object with `results.transcripts`, and `jobName` or the items of Transcribe."""
    found = amazon.opening(document, "transcripts", *_JOBS)
    if isinstance(found, Verdict):
        return found
    if any(isinstance(found.get(name), Mapping) for name in _JOBS):
        return Verdict(fits=True, why="the answer of Transcribe about a job")
    results = amazon.child(found, "results")
    if not any("transcript" in each for each in apijson.objects(results.get("transcripts"))):
        return Verdict(fits=False, why="it has no results.transcripts[].transcript", nearness=0.2)
    if "jobName" in found or _is_timed(results.get("items")):
        return Verdict(fits=True, why="results.transcripts of Transcribe")
    return Verdict(fits=False, why="results.transcripts without jobName or timed items", nearness=0.5)


def parse(document: Document, config: ReadConfig) -> Parsed:
    """The recordings of a file, a conversation each; raises MalformedInputError when there are no words in it."""
    del config
    return amazon.parse_each(document, lambda record: _recording(record, document))


def labelled(spoken: Sequence[tuple[str | None, str | None]]) -> list[str | None]:
    """The label of each utterance or word, given its speaker and channel.

    Where every channel carries one speaker, the channel is the label: it means the same in each recording of a line,
    while speakers are numbered anew in each file.
    """
    pairs = {pair for pair in spoken if pair != (None, None)}
    channels = {channel for _, channel in pairs}
    alone = None not in channels and len(channels) > 1 and len(pairs) == len(channels)
    return [channel if alone else speaker or channel for speaker, channel in spoken]


def _recording(record: Record, document: Document) -> Parsed:
    if name := next((name for name in _JOBS if isinstance(record.value.get(name), Mapping)), None):
        raise MalformedInputError(
            "this is the description of a job, not its transcript",
            where=name,
            remedy="download the transcript that TranscriptFileUri in it leads to",
        )
    results = amazon.child(record.value, "results")
    turns, problems = _turns(results)
    ordered, notes = amazon.in_order(turns)
    job = amazon.word(record.value.get("jobName"))
    conversation = Conversation(
        conversation_id=job.removeprefix("redacted-") if job else amazon.own_name(record, document),
        turns=speech.joined(ordered),
        channel=Channel.CALL,
        place=record.place,
        redacted=record.value.get("isRedacted") is True or amazon.is_redacted_name(document.source),
        metadata=amazon.labels(language=_language(results)),
    )
    return amazon.said(conversation, problems, notes)


def _turns(results: Json) -> tuple[list[Turn], list[InputError]]:
    """Utterances from the best source that there is: labelled segments, channels, labelled words, or plain text."""
    segments, broken = amazon.with_text(results.get("audio_segments"), "transcript", "results.audio_segments")
    utterances = _of_segments(segments, results)
    if utterances and all(turn.speaker for turn in utterances):
        return utterances, broken
    attached = (_language(results) or "").startswith(_WITHOUT_SPACES)
    channels = apijson.objects(amazon.child(results, "channel_labels").get("channels"))
    if of_channels := _of_channels(channels, attached=attached):
        return of_channels, _wordless([item for channel in channels for item in apijson.objects(channel.get("items"))])
    items = apijson.objects(results.get("items"))
    words = [
        _word(item, speaker, attached=attached) for item, speaker in zip(items, _speakers(items, results), strict=True)
    ]
    if not utterances or any(word.speaker for word in words):
        utterances, broken = speech.turns_of_words(word for word in words if word.text), _wordless(items)
    if utterances:
        return utterances, broken
    texts, broken = amazon.with_text(results.get("transcripts"), "transcript", "results.transcripts")
    return [Turn(text=text) for each in texts if (text := _text(each, "transcript"))], broken


def _of_segments(segments: Sequence[Json], results: Json) -> list[Turn]:
    """One utterance per audio segment; its items are the ids of its words."""
    words = {item["id"]: item for item in apijson.objects(results.get("items")) if type(item.get("id")) is int}
    spoken = labelled([_labels(segment) for segment in segments])
    return [
        Turn(
            text=text,
            speaker=speaker,
            start=amazon.seconds(segment.get("start_time")),
            end=amazon.seconds(segment.get("end_time")),
            confidence=_mean_confidence(segment.get("items"), words),
        )
        for segment, speaker in zip(segments, spoken, strict=True)
        if (text := _text(segment, "transcript"))
    ]


def _mean_confidence(ids: object, words: Mapping[object, Json]) -> float | None:
    named = [words[each] for each in ids if type(each) is int and each in words] if isinstance(ids, list) else []
    return speech.mean([found for item in named if (found := _confidence(item)) is not None])


def _of_channels(channels: Sequence[Json], *, attached: bool) -> list[Turn]:
    """The utterances of each channel, so that an overlap leaves both sides whole; none without channels."""
    items = [(item, _labels(channel)[1]) for channel in channels for item in apijson.objects(channel.get("items"))]
    speakers = labelled([(_labels(item)[0], channel) for item, channel in items])
    sides: dict[str | None, list[Word]] = {}
    for (item, channel), speaker in zip(items, speakers, strict=True):
        if (word := _word(item, speaker, attached=attached)).text:
            sides.setdefault(channel, []).append(word)
    starts = {side: sorted(word.start for word in words if word.start is not None) for side, words in sides.items()}
    turns: list[Turn] = []
    for side, words in sides.items():
        others = sorted(start for other, found in starts.items() if other != side for start in found)
        for run in _between_pauses(words, others):
            turns += speech.turns_of_words(run)
    return turns


def _between_pauses(words: Sequence[Word], others: Sequence[float]) -> Iterable[Sequence[Word]]:
    """The words of a channel, cut at pauses, and at the shorter ones in which another channel begins to speak."""
    cuts, ended = [0], None
    for at, word in enumerate(words):
        if ended is not None and word.start is not None:
            pause = word.start - ended
            answered = bisect_left(others, ended) < bisect_left(others, word.start)
            if pause > _PAUSE or (pause > _BREATH and answered):
                cuts.append(at)
        ended = word.end if word.end is not None else ended
    return [words[start:end] for start, end in pairwise([*cuts, len(words)])]


def _speakers(items: Sequence[Json], results: Json) -> list[str | None]:
    """The label of each word: its own, else that of the word with the same times among the speakers' segments."""
    segments = apijson.objects(amazon.child(results, "speaker_labels").get("segments"))
    timed = [item for segment in segments for item in [segment, *apijson.objects(segment.get("items"))]]
    of_start = {start: _labels(item)[0] for item in timed if isinstance(start := item.get("start_time"), str | float)}
    own = labelled([_labels(item) for item in items])
    return [
        label or (of_start.get(start) if isinstance(start := item.get("start_time"), str | float) else None)
        for item, label in zip(items, own, strict=True)
    ]


def _word(item: Json, speaker: str | None, *, attached: bool) -> Word:
    alternatives = apijson.objects(item.get("alternatives"))
    mark = item.get("type") == "punctuation"
    return Word(
        text=_text(alternatives[0], "content") if alternatives else "",
        speaker=speaker,
        start=amazon.seconds(item.get("start_time")),
        end=amazon.seconds(item.get("end_time")),
        confidence=None if mark else _confidence(item),
        attached=attached or mark,
    )


def _confidence(item: Json) -> float | None:
    """That of a spoken word; none for punctuation and for `[PII]`, whose figure says how surely it is personal."""
    alternatives = apijson.objects(item.get("alternatives"))
    if not alternatives or item.get("type") == "punctuation" or alternatives[0].get("redactions"):
        return None
    return amazon.share(alternatives[0].get("confidence"))


def _wordless(items: Sequence[Json]) -> list[InputError]:
    """A problem that counts the items without a word in them."""
    broken = [
        at
        for at, item in enumerate(items)
        if not (found := apijson.objects(item.get("alternatives"))) or not isinstance(found[0].get("content"), str)
    ]
    if not broken:
        return []
    what = f"{len(broken)} of {len(items)} words have no content; they are left out"
    return [InputError(what, where=f"results, item {broken[0]}", remedy="export the transcript again")]


def _labels(item: Json) -> tuple[str | None, str | None]:
    """Speaker and channel."""
    return amazon.word(item.get("speaker_label")), amazon.word(item.get("channel_label"))


def _text(item: Json, key: str) -> str:
    text = item.get(key)
    return clean(text) if isinstance(text, str) else ""


def _language(results: Json) -> str | None:
    """The language of the recording; none when several were recognised, or none was asked for."""
    codes = {amazon.word(each.get("language_code")) for each in apijson.objects(results.get("language_codes"))}
    return amazon.word(results.get("language_code")) or (codes.pop() if len(codes) == 1 else None)


def _is_timed(items: object) -> bool:
    return any("alternatives" in item and "start_time" in item for item in apijson.objects(items)[:20])

"""Google Cloud Speech-to-Text: recognition results of v1 and v2, as answers, stored operations and batch files.

Source: REST resources `RecognizeResponse`, `LongRunningRecognizeResponse`, `BatchRecognizeResults`, `WordInfo`. With
diarisation the last result of v1 repeats every word of the others, and only there have the words a speaker. A file of
streaming answers is one recording: results that are not final are said again.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from empathy_scan.codebook import Channel
from empathy_scan.config import ReadConfig
from empathy_scan.errors import InputError, MalformedInputError
from empathy_scan.readers import apijson, speech
from empathy_scan.readers.conversation import Conversation, Parsed, Turn
from empathy_scan.readers.files import Document
from empathy_scan.readers.speech import Word
from empathy_scan.readers.utterances import Object, confidence, label, labels, name_of_url, pick, silent, span
from empathy_scan.readers.verdict import Verdict

_OTHERS = {"result_index", "speaker_labels", "channels", "jobName"}  # of recognisers with results of a similar shape
_UNSPACED = ("zh", "ja", "th", "lo", "km", "my", "yue", "cmn")  # languages that are written without spaces
_LIVE = ("isFinal", "is_final", "stability")  # what only results of a stream have
_LIVE_ANSWER = ("speechEventType", "speech_event_type", "speechEventTime", "speechEventOffset")
_SILENT = ("totalBilledTime", "total_billed_time", "totalBilledDuration")  # of an answer without results
_LISTED = ("responses", "inlineResult", "inline_result", "transcript", "fileResult")
_SHORT_PAUSE = 1.0  # seconds
_TOLERANCE = 0.5  # seconds by which the repeated words of the last result may begin later than the first ones


@dataclass(frozen=True, slots=True)
class Result:
    """A recognised stretch of one audio channel: its words, or without words its text."""

    channel: str | None
    words: Sequence[Word]
    text: str
    end: float | None
    confidence: float | None
    language: str | None

    @property
    def diarised(self) -> bool:
        """Whether a word of it has a speaker."""
        return any(word.speaker is not None for word in self.words)


def sniff_google_speech(document: Document) -> Verdict:
    """Whether the file holds `results` with `alternatives` that have a `transcript`, as Google writes them."""
    return apijson.sniff(
        document,
        _holds,
        listed=_LISTED,
        some=("alternatives", *_LIVE_ANSWER, *_SILENT),
        fits="results with alternatives that have a transcript, of Google Speech-to-Text",
        lacks="it has no alternatives with a transcript",
        otherwise="its results are not those of Google Speech-to-Text",
    )


def parse_google_speech(document: Document, config: ReadConfig) -> Parsed:
    """The recordings of a file; raises MalformedInputError when it holds no recognition results."""
    del config
    resources = apijson.resources(document, _holds, listed=_LISTED)
    recordings = _one_of_stream([each for place, value in resources.found for each in _recordings(value, place)])
    if not recordings:
        raise MalformedInputError("no recognition results in it", remedy="give the answer of Speech-to-Text as it is")
    names = [name for name, _, _ in recordings]
    conversations: list[Conversation] = []
    problems = [*resources.problems, *(each for place, value in resources.found for each in _failed(value, place))]
    for at, (name, place, value) in enumerate(recordings, start=1):
        own = name if name and names.count(name) == 1 else None
        stem = document.stem if len(recordings) == 1 else f"{document.stem}-{at}"
        results, broken = _results(value, place)
        problems += broken
        turns = _turns(results)
        if not turns:
            problems.append(silent(f"{place} results".strip()))
            continue
        conversations.append(
            Conversation(
                conversation_id=own or stem,
                turns=turns,
                channel=Channel.CALL,
                place=place,
                metadata=labels({"language": next((each.language for each in results if each.language), None)}),
            )
        )
    return Parsed(conversations, problems)


def _one_of_stream(recordings: list[tuple[str | None, str, Object]]) -> list[tuple[str | None, str, Object]]:
    """The answers of a stream as one recording of their final results; other recordings as they are."""
    answers = [value for _, _, value in recordings]
    results = [each for value in answers for each in apijson.objects(value.get("results"))]
    if len(answers) < 2 or not any(name in each for each in results for name in _LIVE):
        return recordings
    broken = [each for value in answers for each in _listed(value) if not isinstance(each, Mapping)]
    final = [each for each in results if pick(each, "isFinal", "is_final") is True]
    return [(None, "", {"results": [*final, *broken]})]


def _listed(value: Object) -> list[object]:
    results = value.get("results")
    return results if isinstance(results, list) else []


def _holds(value: Object) -> bool:
    """Whether an object holds results, or by the link of each recording one that does, or says that there are none."""
    return _is_recording(value) or _is_silent(value) or next(_by_link(value), None) is not None


def _is_silent(value: Object) -> bool:
    """Whether an object is an answer in which nothing was recognised, or one between others in a stream."""
    if value.get("results", []) != [] or _OTHERS & value.keys():
        return False
    about = (value, apijson.part(value.get("metadata")))
    return any(name in each for each in about for name in (*_LIVE_ANSWER, *_SILENT))


def _is_recording(value: Object) -> bool:
    if _OTHERS & value.keys() or not isinstance(value.get("results"), list):
        return False
    alternatives = [each for result in apijson.objects(value["results"]) for each in _alternatives(result)]
    odd = any("timestamps" in each or "content" in each for each in alternatives) or any(
        "final" in each for each in apijson.objects(value["results"])
    )
    return not odd and any("transcript" in each for each in alternatives)


def _alternatives(result: Object) -> list[Object]:
    return apijson.objects(result.get("alternatives"))


def _by_link(value: Object) -> Iterator[tuple[str, Object]]:
    """The recordings of a batch of v2: by their links, each with a transcript of its own."""
    for link, each in apijson.part(value.get("results")).items():
        inner = apijson.part(each)
        places = (inner, apijson.part(inner.get("transcript")))
        inline = apijson.part(pick(inner, "inlineResult", "inline_result"))
        for place in (*places, apijson.part(inline.get("transcript"))):
            if _is_recording(place):
                yield link, place
                break


def _failed(value: Object, place: str) -> list[InputError]:
    """A problem for each recording of a batch that was not recognised; nothing of it is in the file."""
    batch = value.get("results")
    linked = list(batch.values()) if isinstance(batch, Mapping) else []
    return [
        MalformedInputError(
            "its recognition failed", where=f"{place} results, recording {at}".strip(), remedy="run it again"
        )
        for at, each in enumerate(linked, start=1)
        if apijson.part(apijson.part(each).get("error"))
    ]


def _recordings(value: Object, place: str) -> list[tuple[str | None, str, Object]]:
    """Name, place and results of each recording of an object."""
    if _is_recording(value) or _is_silent(value):
        return [(None, place, value)]
    found = enumerate(_by_link(value), start=1)
    return [(name_of_url(link), f"{place} results {at}".strip(), each) for at, (link, each) in found]


def _results(value: Object, place: str) -> tuple[list[Result], list[InputError]]:
    """The final results that say something, and one problem for those that are broken."""
    listed = _listed(value)
    found: list[Result] = []
    broken: list[int] = []
    for at, each in enumerate(listed):
        if not isinstance(each, Mapping) or _is_broken(each):
            broken.append(at)
        elif pick(each, "isFinal", "is_final") is not False and (result := _result(each)) is not None:
            found.append(result)
    wordless = _wordless(listed, place)
    if not broken:
        return found, wordless
    what = f"{len(broken)} of {len(listed)} results are no objects with a text, and are left out"
    where = f"{place} results[{broken[0]}]".strip()
    return found, [MalformedInputError(what, where=where, remedy="run the recognition again"), *wordless]


def _is_broken(value: Object) -> bool:
    """Whether the text of a result is none, and no word of it can stand in."""
    best = next(iter(_alternatives(value)), {})
    return not isinstance(best.get("transcript"), str | None) and not any(
        isinstance(word.get("word"), str) for word in apijson.objects(best.get("words"))
    )


def _wordless(results: Sequence[object], place: str) -> list[InputError]:
    """A problem that counts the words without a text."""
    found = [next(iter(_alternatives(each)), {}).get("words") for each in results if isinstance(each, Mapping)]
    words = [word for listed in found if isinstance(listed, list) for word in listed]
    broken = sum(not isinstance(word, Mapping) or not isinstance(word.get("word"), str | None) for word in words)
    if not broken:
        return []
    what = f"{broken} of {len(words)} words have no text, and are left out"
    return [MalformedInputError(what, where=f"{place} results".strip(), remedy="run the recognition again")]


def _result(value: Object) -> Result | None:
    """One result by its first alternative; None if that says nothing."""
    best = next(iter(_alternatives(value)), None)
    if best is None:
        return None
    language = label(pick(value, "languageCode", "language_code"))
    channel = label(pick(value, "channelTag", "channel_tag"))
    spoken = apijson.objects(best.get("words"))
    end = span(pick(value, "resultEndTime", "result_end_time", "resultEndOffset", "result_end_offset"))
    words = [word for each in spoken if (word := _word(each, best, language or "")) is not None]
    text = apijson.spoken(best.get("transcript"))
    if not words and not text:
        return None
    return Result(
        channel=None if channel == "0" else channel,
        words=[_within(word, end) for word in words],
        text=text,
        end=end,
        confidence=confidence(spoken, best.get("confidence")),
        language=language,
    )


def _within(word: Word, end: float | None) -> Word:
    """The word without times that lie beyond the end of its result, as some models of v2 write them now and then."""
    latest = max((each for each in (word.start, word.end) if each is not None), default=0.0)
    return word if end is None or latest <= end + _TOLERANCE else replace(word, start=None, end=None)


def _word(value: Object, best: Object, language: str) -> Word | None:
    text = apijson.spoken(value.get("word"))
    if language.startswith("ja"):
        text = text.split("|")[0]  # the pronunciation follows
    tag = label(pick(value, "speakerLabel", "speaker_label", "speakerTag", "speaker_tag"))
    start, end = (span(_of_word(value, side)) for side in ("start", "end"))
    if start is None and end is not None and _of_word(value, "start") is None:
        start = 0.0  # a zero is left out
    return Word(
        text=text,
        speaker=None if tag == "0" else tag,
        start=start,
        end=end if end is not None and (start is None or end >= start) else None,
        confidence=confidence([value], best.get("confidence")),
        attached=language.casefold().startswith(_UNSPACED),
    ) if text else None  # fmt: skip


def _of_word(value: Object, side: str) -> object:
    return next(
        (value[name] for name in (f"{side}Time", f"{side}_time", f"{side}Offset", f"{side}_offset") if name in value),
        None,
    )


def _turns(results: Sequence[Result]) -> list[Turn]:
    """The turns of all channels, in order of their start; without starts by their ends, else as the file has them."""
    channels = list(dict.fromkeys(result.channel for result in results))
    several = len(channels) > 1
    turns: list[tuple[int, Turn]] = []
    for channel in channels:
        named = f"ch_{channel}" if channel is not None and several else None
        own = [(at, result) for at, result in enumerate(results) if result.channel == channel]
        for at in _without_repeated([result for _, result in own]):
            place, result = own[at]
            turns += [(place, _named(turn, named)) for turn in _of_result(result, several=several)]
    turns.sort(key=lambda each: each[0])
    keys = [turn.start for _, turn in turns]
    if None in keys:
        keys = [turn.end for _, turn in turns]
    return speech.joined([turns[at][1] for at in apijson.in_order(keys)])


def _named(turn: Turn, channel: str | None) -> Turn:
    """The turn with the channel in its speaker, if there are several."""
    speaker = f"{channel}/{turn.speaker}" if channel and turn.speaker else channel or turn.speaker
    return replace(turn, speaker=speaker)


def _of_result(result: Result, *, several: bool) -> list[Turn]:
    """The turns of one result; of several channels cut at short pauses, where the other side may have its say."""
    if not result.words:
        return [Turn(text=result.text, end=result.end, confidence=result.confidence)]
    parts: list[list[Word]] = []
    for word in result.words:
        before = parts[-1][-1] if parts else None
        pause = 0.0 if before is None or before.end is None or word.start is None else word.start - before.end
        if before is None or (several and pause > _SHORT_PAUSE):
            parts.append([])
        parts[-1].append(word)
    return [turn for part in parts for turn in speech.turns_of_words(part)]


def _without_repeated(results: Sequence[Result]) -> list[int]:
    """The places of the results, without those whose words the last one repeats with their speakers."""
    *others, last = results
    if not last.diarised:
        return list(range(len(results)))
    return [*(at for at, each in enumerate(others) if not _repeats(last, each, others)), len(others)]


def _repeats(last: Result, other: Result, others: Sequence[Result]) -> bool:
    """Whether the words of another result lie within the time of the last one; without times, by their numbers."""
    times = [word.start for word in (*last.words, *other.words) if word.start is not None]
    if len(times) == len(last.words) + len(other.words) and other.words:
        first, final = last.words[0].start or 0.0, last.words[-1].start or 0.0
        return all(first - _TOLERANCE <= (word.start or 0.0) <= final + _TOLERANCE for word in other.words)
    said = sum(len(each.words) or len(each.text.split()) for each in others)
    return not other.diarised and len(last.words) >= 0.9 * said

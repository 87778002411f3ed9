"""Amazon Transcribe, live: the results of a stream, utterances of Call Analytics, segments of Live Call Analytics.

Sources: API reference of Transcribe streaming (`TranscriptEvent`, `Result`, `UtteranceEvent`), and the solution Live
Call Analytics (`ADD_TRANSCRIPT_SEGMENT`). Partial results are said again by the final one with the same id. The SDKs
write names as `IsPartial`, `isPartial` or `is_partial`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from empathy_scan.codebook import Channel, Role
from empathy_scan.config import ReadConfig
from empathy_scan.errors import InputError, MalformedInputError
from empathy_scan.readers import amazon, apijson, speech
from empathy_scan.readers.amazon import NOTHING, Json, Record
from empathy_scan.readers.conversation import Conversation, Parsed, Turn, clean
from empathy_scan.readers.files import Document
from empathy_scan.readers.speech import Word
from empathy_scan.readers.transcribe import labelled
from empathy_scan.readers.verdict import Verdict

_MARKS = ("IsPartial", "isPartial", "is_partial")
_ROLES = {
    "AGENT": Role.AGENT,
    "CUSTOMER": Role.CUSTOMER,
    "CALLER": Role.CUSTOMER,  # as Live Call Analytics says
    "AGENT_ASSISTANT": Role.SYSTEM,  # its advice to the agent
    "MEETING_ASSISTANT": Role.SYSTEM,
}
_AGAIN = "record the stream again"


@dataclass(slots=True)
class _Call:
    """What the events of one call have said so far."""

    place: str
    results: list[Json] = field(default_factory=list)  # of a stream, final ones
    utterances: list[Json] = field(default_factory=list)
    partial: int = 0
    started: datetime | None = None
    seen: set[str] = field(default_factory=set)


def sniff(document: Document) -> Verdict:
    """Whether the file begins with an event of a live transcription by Amazon."""
    found = amazon.opening(document, *_MARKS)
    if isinstance(found, Verdict):
        return found
    if _is_event(_folded(found)):
        return Verdict(fits=True, why="events of a live transcription: results or utterances with IsPartial")
    return Verdict(fits=False, why="IsPartial, but not in events of Transcribe", nearness=0.3)


def parse(document: Document, config: ReadConfig) -> Parsed:
    """The calls whose events the file holds; raises MalformedInputError when there are no words in them."""
    del config
    found, problems = amazon.records(document)
    calls: dict[str, _Call] = {}
    for record in found:
        value = _folded(record.value)
        if not _is_event(value):
            what = "no event of a live transcription"
            problems.append(MalformedInputError(what, where=record.place, remedy=_AGAIN))
            continue
        call = calls.setdefault(amazon.word(value.get("callid")) or "", _Call(record.place))
        problems += _add(call, value, record.place)
    conversations: list[Conversation] = []
    notes: dict[str, None] = {}
    for name, call in calls.items():
        several = len(calls) > 1
        if not any((call.results, call.utterances, call.partial)) and (several or problems):
            continue  # events around the words
        try:
            conversation, remarks = _conversation(name, call, document, several=several)
        except MalformedInputError as error:
            problems.append(error)
            continue
        conversations.append(conversation)
        notes |= dict.fromkeys(remarks)
    if not conversations and len(problems) < 2:
        raise problems[0] if problems else _silent("")
    return Parsed(conversations, problems=problems, notes=list(notes))


def _add(call: _Call, value: Json, place: str) -> list[InputError]:
    """Take one event into the call: final words once each, partial ones are counted."""
    results, problems = _sound_results(value, place)
    for result in results:
        _take(call, result, call.results)
    if utterance := _utterance(value):
        _take(call, utterance, call.utterances)
        if not isinstance(utterance.get("transcript"), str | None):
            problems.append(MalformedInputError("an utterance without a text", where=place, remedy=_AGAIN))
    if call.started is None and str(value.get("eventtype")) == "START":
        call.started = apijson.moment(value.get("createdat"))
    return problems


def _sound_results(value: Json, place: str) -> tuple[list[Json], list[InputError]]:
    """The results of an event, and a problem for those that are no objects."""
    listed = _results(value)
    found = listed if isinstance(listed, list) else []
    sound = [_folded(each) for each in apijson.objects(found)]
    problems: list[InputError] = []
    if broken := len(found) - len(sound):
        what = f"{broken} of {len(found)} results are no objects; they are left out"
        problems.append(InputError(what, where=place, remedy=_AGAIN))
    if broken := sum(_is_wordless(each) for each in sound if each.get("ispartial") is not True):
        what = f"{broken} of {len(found)} results have words without content; those are left out"
        problems.append(InputError(what, where=place, remedy=_AGAIN))
    return sound, problems


def _is_wordless(result: Json) -> bool:
    """Whether an alternative or a word of a result holds no text where there must be one."""
    listed = result.get("alternatives")
    if not isinstance(listed, list) or (listed and not isinstance(listed[0], Mapping)):
        return True
    best = _folded(listed[0]) if listed else NOTHING
    items = best.get("items")
    words = [item.get("content") for item in map(_folded, apijson.objects(items))]
    broken = isinstance(items, list) and (len(words) < len(items) or not all(isinstance(each, str) for each in words))
    return broken or not isinstance(best.get("transcript"), str | None)


def _take(call: _Call, piece: Json, pieces: list[Json]) -> None:
    if piece.get("ispartial") is True:
        call.partial += 1
        return
    key = next(
        (name for each in ("resultid", "utteranceid", "segmentid") if (name := amazon.word(piece.get(each)))), ""
    )
    if not key or key not in call.seen:
        call.seen.add(key)
        pieces.append(piece)


def _conversation(name: str, call: _Call, document: Document, *, several: bool) -> tuple[Conversation, list[str]]:
    """One call; raises MalformedInputError when only partial results are there."""
    place = call.place if several else ""
    if not call.results and not call.utterances and call.partial:
        what = f"only {call.partial} partial results, no final one"
        raise MalformedInputError(what, where=place, remedy="record the stream to its end")
    turns, notes = amazon.in_order([*_of_results(call.results), *map(_of_utterance, call.utterances)])
    turns = [turn for turn in turns if turn.text]
    if not turns:
        raise _silent(place)
    if call.partial:
        notes.append("partial results are left out; the final ones hold their words")
    return Conversation(
        conversation_id=name or amazon.own_name(Record(NOTHING, place), document),
        turns=speech.joined(turns),
        channel=Channel.CALL,
        started_at=call.started,
        place=place,
        redacted=amazon.is_redacted_name(document.source),
        metadata=amazon.labels(language=_language([*call.results, *call.utterances])),
    ), notes


def _is_event(value: Json) -> bool:
    """Whether an object is an event of a live transcription; its names are folded."""
    return isinstance(_results(value), list) or bool(_utterance(value)) or _is_call_event(value)


def _silent(place: str) -> MalformedInputError:
    return MalformedInputError("the events hold no words", where=place, remedy="nothing to do if nobody spoke")


# --- results of a stream -------------------------------------------------------------------------------------------


def _results(value: Json) -> object:
    """The results of an event, with or without what the SDK puts around them; None for another object."""
    event = _part(value, "transcriptevent") or value
    transcript = _part(event, "transcript")
    if "results" in transcript:
        return transcript["results"]
    bare = value.get("results")
    live = any("ispartial" in _folded(each) for each in apijson.objects(bare)[:1])
    return bare if live else None


def _of_results(results: Sequence[Json]) -> list[Turn]:
    """The turns of the results, by the speakers of their words, or by their channels."""
    heard = [list(_words(result)) for result in results]
    channels = [amazon.word(result.get("channelid")) for result in results]
    pairs = [
        (speaker, channel) for words, channel in zip(heard, channels, strict=True) for _, speaker in words if speaker
    ]
    names = dict(zip(pairs, labelled(pairs), strict=True))
    turns: list[Turn] = []
    for result, words, channel in zip(results, heard, channels, strict=True):
        named = (_named(word, names.get((speaker, channel)) if speaker else None) for word, speaker in words)
        made = speech.turns_of_words(named) or [_plain(result)]
        turns += [_on_channel(turn, channel) for turn in made]
    return turns


def _words(result: Json) -> Iterator[tuple[Word, str | None]]:
    """The words of the best alternative, each with its speaker."""
    best = next(iter(apijson.objects(result.get("alternatives"))), NOTHING)
    for item in map(_folded, apijson.objects(_folded(best).get("items"))):
        content = item.get("content")
        if not isinstance(content, str):
            continue
        mark = str(item.get("type") or item.get("itemtype")).casefold() == "punctuation"
        speaker = amazon.word(item.get("speaker"))
        yield (
            Word(
                text=clean(content),
                start=amazon.seconds(item.get("starttime")),
                end=amazon.seconds(item.get("endtime")),
                confidence=None if mark else amazon.share(item.get("confidence")),
                attached=mark,
            ),
            f"spk_{speaker}" if speaker and speaker.isdecimal() else speaker,
        )


def _named(word: Word, speaker: str | None) -> Word:
    return Word(word.text, speaker, word.start, word.end, word.confidence, word.attached)


def _plain(result: Json) -> Turn:
    """A result without words by its transcript."""
    best = _folded(next(iter(apijson.objects(result.get("alternatives"))), NOTHING))
    text = best.get("transcript")
    return Turn(
        text=clean(text) if isinstance(text, str) else "",
        start=amazon.seconds(result.get("starttime")),
        end=amazon.seconds(result.get("endtime")),
    )


def _on_channel(turn: Turn, channel: str | None) -> Turn:
    """The turn with its channel for a speaker, unless it has one."""
    return turn if turn.speaker else Turn(turn.text, speaker=channel, start=turn.start, end=turn.end,
                                          confidence=turn.confidence)  # fmt: skip


# --- utterances ----------------------------------------------------------------------------------------------------


def _utterance(value: Json) -> Json:
    """The utterance of an event of Call Analytics, or a segment of Live Call Analytics; empty for another object."""
    inner = _part(value, "utteranceevent")
    if inner:
        return inner
    named = "utteranceid" in value or ("segmentid" in value and "callid" in value)
    return value if named and "ispartial" in value and "transcript" in value else NOTHING


def _is_call_event(value: Json) -> bool:
    """Whether an event only names a call or what was found in it."""
    if "categoryevent" in value or "utteranceevent" in value:
        return True
    return "callid" in value and isinstance(value.get("eventtype"), str)


def _of_utterance(value: Json) -> Turn:
    said = amazon.word(value.get("participantrole")) or amazon.word(value.get("channel"))
    role = _ROLES.get((said or "").upper(), Role.UNKNOWN)
    text = value.get("transcript")
    start, end = amazon.millis(value.get("beginoffsetmillis")), amazon.millis(value.get("endoffsetmillis"))
    return Turn(
        text=clean(text) if isinstance(text, str) else "",
        role=role,
        role_source="" if role == Role.UNKNOWN else _source(value),
        speaker=amazon.word(value.get("speaker")) or said,
        agent_id=amazon.word(value.get("agentid")) if role in {Role.AGENT, Role.UNKNOWN} else None,
        start=amazon.seconds(value.get("starttime")) if start is None else start,
        end=amazon.seconds(value.get("endtime")) if end is None else end,
        confidence=_confidence(value.get("items")),
    )


def _source(value: Json) -> str:
    return "column ParticipantRole" if amazon.word(value.get("participantrole")) else "column Channel"


def _confidence(items: object) -> float | None:
    """The mean over the words."""
    spoken = [each for item in apijson.objects(items) if (each := _folded(item)).get("itemtype") != "punctuation"]
    return speech.mean([found for each in spoken if (found := amazon.share(each.get("confidence"))) is not None])


# --- names ---------------------------------------------------------------------------------------------------------


def _language(pieces: Sequence[Json]) -> str | None:
    """The one language of all that is said; none of several."""
    found = {name for each in pieces if (name := amazon.word(each.get("languagecode")))}
    return found.pop() if len(found) == 1 else None


def _folded(value: Json) -> Json:
    """An object with its names in small letters and without underlines, as each SDK writes them differently."""
    return {name.replace("_", "").casefold(): each for name, each in value.items() if isinstance(name, str)}


def _part(value: Json, name: str) -> Json:
    inner = value.get(name)
    return _folded(inner) if isinstance(inner, Mapping) else NOTHING

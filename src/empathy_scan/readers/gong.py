"""Gong: call transcripts of the API (`/v2/calls/transcript`), with the parties of `/v2/calls/extensive` beside them.

A transcript names its speakers by number only. Who belongs to the company stands in the `parties` of the call, which
may lie in the same file: as `calls` beside `callTranscripts`, or within each call.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from empathy_scan.codebook import Channel, Role
from empathy_scan.config import ReadConfig
from empathy_scan.errors import InputError, MalformedInputError
from empathy_scan.readers import apijson, customers
from empathy_scan.readers.conversation import Conversation, Parsed, Turn, label_or_none
from empathy_scan.readers.files import Document
from empathy_scan.readers.speech import joined
from empathy_scan.readers.verdict import Verdict

_MILLISECOND = 0.001
_ROLES = {"internal": Role.AGENT, "external": Role.CUSTOMER}
_UNIT_DOUBT = 20.0  # seconds that a call must last before its times can look like another unit


def sniff_gong(document: Document) -> Verdict:
    """Whether the file holds transcripts of monologues with `speakerId` and `sentences`."""
    return apijson.sniff(
        document,
        lambda value: _is_transcript(value) or _is_details(value),
        listed=("callTranscripts", "calls"),
        every=("speakerId",),
        fits="transcripts of monologues with speakerId and sentences, or the parties of calls",
        lacks="it has no speakerId",
        otherwise="speakerId, but not with sentences in a transcript",
    )


def parse_gong(document: Document, config: ReadConfig) -> Parsed:
    """The calls of a file; raises MalformedInputError when it holds no transcript."""
    del config
    found = apijson.resources(document, _is_answer)
    problems: list[InputError] = list(found.problems)
    transcripts = [
        (f"{place} {inner}".strip(), call) for place, answer in found.found for inner, call in _transcripts(answer)
    ]
    if not any(_is_transcript(call) for _, call in transcripts):
        raise MalformedInputError(
            "no call transcripts in it, only what is known of calls" if found.found else "no call transcripts in it",
            remedy="give the answer of /v2/calls/transcript, and that of /v2/calls/extensive beside it in one file",
        )
    details = _details([answer for _, answer in found.found])
    notes: list[str] = []
    conversations: list[Conversation] = []
    for place, transcript in transcripts:
        beside = apijson.part(transcript.get("call"))
        call = _merged({**beside, **transcript}, details.get(_call_id(transcript) or ""))
        conversation = _conversation(call, place, document.stem, problems)
        if conversation is None:
            problems.append(
                MalformedInputError("the transcript holds no words", where=place or "transcript", remedy="remove it")
            )
            continue
        conversations.append(conversation)
        notes += _unit_doubt(call, conversation)
    return Parsed(conversations, problems, notes=notes)


def _is_transcript(value: apijson.Resource) -> bool:
    """Whether an object is the transcript of one call."""
    monologues = apijson.objects(value.get("transcript"))
    return any("speakerId" in each and isinstance(each.get("sentences"), list) for each in monologues)


def _is_details(value: apijson.Resource) -> bool:
    """Whether an object is what /v2/calls/extensive tells of a call."""
    return isinstance(value.get("metaData"), Mapping) and isinstance(value.get("parties"), list)


def _is_answer(value: apijson.Resource) -> bool:
    """Whether an object is a transcript, or an answer with transcripts or with the calls' details."""
    listed = (*apijson.objects(value.get("callTranscripts")), *apijson.objects(value.get("calls")))
    known = any("parties" in call or "metaData" in call for call in listed)
    return known or _is_details(value) or any(map(_is_transcript, (value, *listed)))


def _transcripts(answer: apijson.Resource) -> list[tuple[str, apijson.Resource]]:
    """The transcripts of an answer with their places in it: itself, those listed, and those within the calls."""
    if _is_transcript(answer):
        return [("", answer)]
    if _is_details(answer):
        return []
    listed = answer.get("callTranscripts")
    given = [apijson.part(each) for each in listed] if isinstance(listed, list) else []
    inner = [call for call in apijson.objects(answer.get("calls")) if _is_transcript(call)]
    several = len(given) + len(inner) > 1
    return [(f"call {at}" if several else "", call) for at, call in enumerate([*given, *inner], start=1)]


def _details(answers: Sequence[apijson.Resource]) -> dict[str, apijson.Resource]:
    """The calls of /v2/calls/extensive that stand beside the transcripts, by id."""
    calls = [call for answer in answers for call in (answer, *apijson.objects(answer.get("calls")))]
    return {identity: call for call in calls if (identity := _call_id(call))}


def _merged(transcript: apijson.Resource, details: apijson.Resource | None) -> apijson.Resource:
    return {**details, **transcript} if details else transcript


def _call_id(call: apijson.Resource) -> str | None:
    meta = apijson.part(call.get("metaData"))
    return apijson.first_label(call, "callId", "id") or apijson.first_label(meta, "id")


def _conversation(call: apijson.Resource, place: str, stem: str, problems: list[InputError]) -> Conversation | None:
    """A call as a conversation; None when nobody says anything in it."""
    turns: list[Turn] = []
    monologues = call.get("transcript")
    for at, monologue in enumerate(monologues if isinstance(monologues, list) else [], start=1):
        if isinstance(monologue, Mapping) and isinstance(monologue.get("sentences"), list):
            turns += _monologue(monologue)
            problems += apijson.faulty(monologue["sentences"], f"{place} monologue {at} sentence".strip(), "text")
        else:
            where = f"{place} monologue {at}".strip()
            problems.append(
                MalformedInputError("not a monologue with sentences", where=where, remedy="export it again")
            )
    order = apijson.in_order([turn.start for turn in turns])
    people = _people(call)
    spoken = [
        apijson.with_person(turn, people.get(turn.speaker or ""), "column affiliation")
        for turn in joined([turns[at] for at in order])
    ]
    if not spoken:
        return None
    meta = apijson.part(call.get("metaData")) or call
    return Conversation(
        conversation_id=_call_id(call) or apijson.identity(stem, place),
        turns=spoken,
        channel=Channel.CALL,
        started_at=apijson.moment(meta.get("started")),
        place=place,
        people=customers.of_object(call),
        metadata=apijson.metadata(
            direction=apijson.direction(meta.get("direction")),
            language=meta.get("language"),
            system=meta.get("system"),
            workspace=meta.get("workspaceId"),
        ),
    )


def _monologue(monologue: apijson.Resource) -> list[Turn]:
    """The sentences of one monologue as turns, joined unless long pauses lie between."""
    speaker = label_or_none(monologue.get("speakerId"))
    turns = [
        Turn(
            text=text,
            speaker=speaker,
            start=apijson.seconds(sentence.get("start"), unit=_MILLISECOND),
            end=apijson.seconds(sentence.get("end"), unit=_MILLISECOND),
        )
        for sentence in apijson.objects(monologue.get("sentences"))
        if (text := apijson.spoken(sentence.get("text")))
    ]
    return joined(turns)


def _people(call: apijson.Resource) -> dict[str, apijson.Person]:
    """The parties by speaker id."""
    return {
        speaker: _party(each)
        for each in apijson.objects(call.get("parties"))
        if (speaker := label_or_none(each.get("speakerId")))
    }


def _party(party: apijson.Resource) -> apijson.Person:
    """A party; colleagues are `Internal`, and those whom Gong does not know stay unknown."""
    role = _ROLES.get((label_or_none(party.get("affiliation")) or "").casefold(), Role.UNKNOWN)
    identity = apijson.first_label(party, "emailAddress", "email", "userId", "name")
    return apijson.Person(role, apijson.first_label(party, "name"), identity if role != Role.CUSTOMER else None)


def _unit_doubt(call: apijson.Resource, conversation: Conversation) -> Sequence[str]:
    """A note when the times look like seconds, though Gong writes milliseconds."""
    lasts = apijson.number(apijson.part(call.get("metaData")).get("duration")) or 0.0
    last = max((turn.end or 0.0 for turn in conversation.turns), default=0.0)
    if lasts < _UNIT_DOUBT or not 0 < last * 1000 < lasts * 2:
        return []
    return [f"call {conversation.conversation_id}: its times look like seconds and are read as milliseconds"]

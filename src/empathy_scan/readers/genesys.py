"""Genesys Cloud: transcripts of speech and text analytics, one file per conversation and communication.

Messages as the API lists them, and as recordings hold them, are read by `genesys_messages`.

Source: Genesys Cloud developer centre, "Transcript URL" and its JSON schema. Times are milliseconds since 1970. A
phrase says only whether it is `external` or `internal`; who of the company spoke, tells the time.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from empathy_scan.codebook import Channel, Role
from empathy_scan.config import ReadConfig
from empathy_scan.errors import InputError, MalformedInputError
from empathy_scan.readers import apijson, customers, genesys_messages, times
from empathy_scan.readers.channels import read_channel
from empathy_scan.readers.conversation import Conversation, Parsed, Turn
from empathy_scan.readers.files import Document
from empathy_scan.readers.utterances import (
    Object,
    Said,
    after,
    confidence,
    label,
    labels,
    pick,
    said,
    silent,
    turns_in_order,
)
from empathy_scan.readers.verdict import Verdict

_ROLES = {
    **dict.fromkeys(("external", "customer"), Role.CUSTOMER),
    **dict.fromkeys(("agent", "user"), Role.AGENT),
    **dict.fromkeys(
        ("acd", "ivr", "workflow", "voicemail", "fax", "bot", "botflow", "voicebot", "system", "campaign", "dialer"),
        Role.SYSTEM,
    ),
}
_CHANNELS = {"message": Channel.CHAT, "open": Channel.CHAT, "callback": Channel.CALL}  # others by their own names
_LISTED = ("conversations", "conversation", "entities", "items", "records", "transcript")
_LAST = datetime.max.replace(tzinfo=UTC)
_SINCE_1970 = 1e11  # milliseconds; a smaller number counts from the start of the conversation


@dataclass(frozen=True, slots=True)
class Person:
    """A participant: purpose, role, and the time in milliseconds for which they took part."""

    role: Role
    user: str | None
    begin: float
    end: float


def sniff_genesys(document: Document) -> Verdict:
    """Whether the file holds `phrases` with a `participantPurpose`, in `transcripts` or `communications`."""
    return apijson.sniff(
        document,
        _holds,
        listed=_LISTED,
        some=("phrases", *genesys_messages.MARKS),
        fits="phrases with participantPurpose, or messages, of Genesys Cloud",
        lacks="it has neither phrases nor messages of Genesys Cloud",
        otherwise="no phrases with participantPurpose and no messages of Genesys Cloud",
    )


def parse_genesys(document: Document, config: ReadConfig) -> Parsed:
    """The conversations of a file, their communications joined; raises MalformedInputError when it has no phrases."""
    del config
    resources = apijson.resources(document, _holds, listed=_LISTED)
    if not resources.found:
        raise MalformedInputError("no transcripts with phrases in it", remedy="give the file behind the transcript URL")
    parts: dict[str, list[Conversation]] = {}
    problems = list(resources.problems)
    notes: list[str] = []
    for at, (place, value) in enumerate(resources.found, start=1):
        stem = document.stem if len(resources.found) == 1 else f"{document.stem}-{at}"
        read = [_conversation(each, where, stem, notes) for where, each in _communications(value, place)]
        read += [genesys_messages.conversation(each, stem) for each in genesys_messages.found(value, place)]
        for made, broken in read:
            problems += broken
            if made is not None:
                parts.setdefault(made.conversation_id, []).append(made)
    return Parsed([join(each) for each in parts.values()], problems, notes=notes)


def join(parts: Sequence[Conversation]) -> Conversation:
    """The communications of one conversation as one: a call that was transferred has a file for each."""
    first, *others = sorted(parts, key=lambda each: each.started_at or _LAST)
    if not others:
        return first
    turns = [
        _later(turn, apijson.since(first.started_at, part.started_at))
        for part in (first, *others)
        for turn in part.turns
    ]
    found = [part.metadata.get("communication") for part in (first, *others)]
    named = " ".join(dict.fromkeys(name for name in found if name))
    return replace(
        first,
        turns=turns_in_order(_once(turns), first.channel),
        redacted=all(part.redacted for part in parts),
        queue=next((part.queue for part in (first, *others) if part.queue), None),
        metadata={**first.metadata, **({"communication": named} if named else {})},
        people=frozenset(name for part in (first, *others) for name in part.people),
    )


def _once(turns: Iterable[Turn]) -> list[Turn]:
    """The turns without those that are there a second time: two transcripts or communications may share them."""
    kept: dict[object, Turn] = {}
    for at, turn in enumerate(turns):
        kept.setdefault(turn if turn.start is not None else at, turn)
    return list(kept.values())


def _later(turn: Turn, seconds: float | None) -> Turn:
    """The turn with its times counted from an earlier start."""
    moved = [None if each is None else each + (seconds or 0.0) for each in (turn.start, turn.end)]
    return replace(turn, start=moved[0], end=moved[1])


def _holds(value: Object) -> bool:
    return (
        genesys_messages.holds(value)
        or any(True for _ in _phrases(value))
        or any(_holds_phrases(each) for each in apijson.objects(value.get("communications")))
    )


def _holds_phrases(value: Object) -> bool:
    return any(True for _ in _phrases(value))


def _phrases(value: Object) -> Iterable[tuple[str, Object]]:
    """The transcripts of a communication that have phrases with a purpose, with their places."""
    listed = value.get("transcripts")
    members = listed if isinstance(listed, list) else []
    named = [(f"transcripts[{at}]", each) for at, each in enumerate(members) if isinstance(each, Mapping)]
    for where, each in [("", value), *named]:
        if any("participantPurpose" in phrase for phrase in apijson.objects(each.get("phrases"))):
            yield where, each


def _communications(value: Object, place: str) -> list[tuple[str, Object]]:
    """The communications of an object: itself, or those that it lists, with what it says of all of them."""
    if _holds_phrases(value):
        return [(place, value)]
    whole = {name: each for name, each in value.items() if name != "communications"}
    return [
        (f"{place} communications[{at}]".strip(), {**whole, **each})
        for at, each in enumerate(apijson.objects(value.get("communications")))
        if _holds_phrases(each)
    ]


def _conversation(
    value: Object, place: str, stem: str, notes: list[str]
) -> tuple[Conversation | None, list[InputError]]:
    """One communication, and what is broken in it; None with a problem if nobody says anything."""
    transcripts = list(_phrases(value))
    spoken: list[Said] = []
    problems: list[InputError] = []
    for where, each in transcripts:
        found, broken = said(each["phrases"], f"{place} {where} phrases".strip(), _text)
        spoken += found
        problems += broken
    if not spoken:
        return None, [*problems, silent(place)]
    base = _base(value, spoken)
    people = _people(value, base)
    channel = _channel(value, spoken)
    turns = _once(_turn(each, base, people) for each in spoken)
    if several := sum(turn.role == Role.AGENT and turn.agent_id is None for turn in turns):
        notes.append(f"agent left open where none or several took part at the time: {several} of {len(turns)} phrases")
    return Conversation(
        conversation_id=label(value.get("conversationId")) or stem,
        turns=turns_in_order(turns, channel),
        channel=channel,
        queue=_queue(value),
        started_at=None if base is None else times.from_epoch(base / 1000),
        place=place,
        people=customers.of_object(value),
        metadata=_metadata(value, transcripts),
    ), problems


def _text(phrase: Object) -> object:
    return pick(phrase, "decoratedText", "text")


def _base(value: Object, spoken: Sequence[Said]) -> float | None:
    """When the conversation began, in milliseconds since 1970; None if nothing says so."""
    people = [each.get("startTimeMs") for each in apijson.objects(value.get("participants"))]
    phrases = [each.value.get("startTimeMs") for each in spoken]
    stated = apijson.number(value.get("conversationStartTime"))
    if stated is not None and stated >= _SINCE_1970 and times.from_epoch(stated / 1000):
        return stated
    known = [apijson.number(each) for each in (value.get("startTime"), *people, *phrases)]
    since_1970 = [each for each in known if each is not None and each >= _SINCE_1970 and times.from_epoch(each / 1000)]
    return min(since_1970, default=None)


def _seconds(value: object, base: float | None) -> float | None:
    """Seconds from the start of a time in milliseconds, since 1970 or since the start."""
    found = apijson.number(value)
    if found is None or found < 0:
        return None
    if found >= _SINCE_1970:
        found = -1.0 if base is None else found - base
    return found / 1000 if 0 <= found / 1000 <= times.DAY * 7 else None


def _people(value: Object, base: float | None) -> list[Person]:
    """The participants from the company's side, with the time for which they took part."""
    found: list[Person] = []
    for each in apijson.objects(value.get("participants")):
        role = _ROLES.get(str(label(each.get("participantPurpose"))).casefold(), Role.UNKNOWN)
        begin, end = (_seconds(each.get(name), base) for name in ("startTimeMs", "endTimeMs"))
        if role in {Role.AGENT, Role.SYSTEM}:
            user = label(each.get("userId")) if role == Role.AGENT else None
            found.append(Person(role, user, begin or 0.0, float("inf") if end is None else end))
    return found


def _turn(phrase: Said, base: float | None, people: Sequence[Person]) -> Turn:
    value = phrase.value
    purpose = label(value.get("participantPurpose")) or ""
    start = _seconds(value.get("startTimeMs"), base)
    length = apijson.seconds(apijson.part(value.get("duration")).get("milliseconds"), unit=0.001)
    end = after(start, length)
    role, agent = _ROLES.get(purpose.casefold(), Role.UNKNOWN), None
    if purpose.casefold() == "internal" or role == Role.AGENT:
        found, agent = _company(start, end, people)
        role = found if role == Role.UNKNOWN else role
    return Turn(
        text=phrase.text,
        role=role,
        role_source="column participantPurpose" if role != Role.UNKNOWN else "",
        speaker="agent" if role == Role.AGENT else purpose or None,  # `internal` would be taken for a name
        agent_id=label(value.get("userId")) or agent if role == Role.AGENT else None,
        start=start,
        end=end,
        confidence=confidence(apijson.objects(value.get("words")), value.get("confidence")),
    )


def _company(start: float | None, end: float | None, people: Sequence[Person]) -> tuple[Role, str | None]:
    """Role and id of who spoke from the company's side: whoever took part then, people before machines.

    Of several agents at one time nobody can say which, so the agent has no id.
    """
    there = people
    if start is not None:
        there = [each for each in people if each.begin <= start <= each.end]
        if not there and end is not None:
            there = [each for each in people if each.begin <= end and start <= each.end]
    agents = [each for each in there if each.role == Role.AGENT]
    if not agents and there:
        return Role.SYSTEM, None
    if not agents and any(each.role == Role.SYSTEM for each in people):
        return Role.UNKNOWN, None
    users = {each.user for each in (agents or people)}
    return Role.AGENT, users.pop() if len(users) == 1 else None


def _channel(value: Object, spoken: Sequence[Said]) -> str:
    """The channel of `mediaType`, of messages that of `messageType`; a call if there are spoken words."""
    media = str(label(value.get("mediaType")) or "").casefold()
    transcripts, people = apijson.objects(value.get("transcripts")), apijson.objects(value.get("participants"))
    kinds = [label(each.get("messageType")) for each in (*transcripts, *people)]
    if media in {"message", ""} and (kind := next((kind for kind in kinds if kind), None)):
        return read_channel(kind) or _CHANNELS.get(kind.casefold(), Channel.CHAT)
    if not media and any(apijson.objects(each.value.get("words")) for each in spoken):
        return Channel.CALL
    return _CHANNELS.get(media) or read_channel(media) or Channel.OTHER


def _queue(value: Object) -> str | None:
    """The queue of the first agent who has one, else of anybody."""
    people = apijson.objects(value.get("participants"))
    agents = [each for each in people if each.get("participantPurpose") == "agent"]
    return next((name for each in (*agents, *people) if (name := label(pick(each, "queueName", "queueId")))), None)


def _metadata(value: Object, transcripts: Sequence[tuple[str, Object]]) -> dict[str, str]:
    """Direction, language, team, division, and the communication, of which a conversation may have several."""
    people = apijson.objects(value.get("participants"))
    directions = (apijson.direction(each.get("initialDirection")) for each in people)
    return labels(
        {
            "direction": next(filter(None, directions), None),
            "language": next(filter(None, (each.get("language") for _, each in transcripts)), None),
            "team": next(filter(None, (pick(each, "teamName", "teamId") for each in people)), None),
            "division": next(filter(None, (each.get("divisionId") for each in people)), None),
            "communication": value.get("communicationId"),
        }
    )

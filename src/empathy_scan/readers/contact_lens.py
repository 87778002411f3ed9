"""Amazon Connect: the analysis files of Contact Lens, and the raw transcripts of chats, which share their items.

Sources: Amazon Connect Administrator Guide, "Example Contact Lens output files", "Output file locations"; API reference
of the participant service, `Item` and `GetTranscript`. A contact may lie there twice, as original and as redacted copy;
`gather` keeps the redacted one. `connect_segments` reads the real-time streams with what is here.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import PurePosixPath

from empathy_scan.codebook import Channel, Role
from empathy_scan.config import ReadConfig
from empathy_scan.errors import MalformedInputError
from empathy_scan.readers import amazon, apijson, customers, speech, times
from empathy_scan.readers.amazon import Json, Record
from empathy_scan.readers.channels import read_channel
from empathy_scan.readers.conversation import Conversation, Parsed, Turn, clean
from empathy_scan.readers.files import Document
from empathy_scan.readers.verdict import Verdict

_ROLES = {
    "AGENT": Role.AGENT,
    "SUPERVISOR": Role.AGENT,  # another agent with an id of their own
    "CUSTOMER": Role.CUSTOMER,
    "SYSTEM": Role.SYSTEM,
    "CUSTOM_BOT": Role.SYSTEM,
}
_MARKS = ("ContentMetadata", "CustomerMetadata", "ChatTranscriptVersion", "Participants", "ConversationCharacteristics")
_RAW_MARKS = ("InitialContactId", "ContactId", "AWSAccountId")
_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", re.IGNORECASE)
_NAMES = ("Username", "UserName", "DisplayName", "Name", "AgentId", "Id")  # of an agent, in an export that adds one
_SESSION_ID = "agents have no name in it, only ids that change with each contact; they count as one unnamed agent"


@dataclass(frozen=True, slots=True)
class _Person:
    """A participant: their role, and their name where the file has one."""

    role: Role
    name: str | None


def sniff(document: Document) -> Verdict:
    """Whether the file is a JSON object with a `Transcript` and the marks of Contact Lens or of a Connect chat."""
    value = amazon.opening(document, "Transcript")
    if isinstance(value, Verdict):
        return value
    items = value.get("Transcript")
    if not isinstance(items, list):
        return Verdict(fits=False, why="it has no list Transcript at the top", nearness=0.2)
    marks = [mark for mark in _MARKS if mark in value]
    if any("ParticipantRole" in item or "ParticipantId" in item for item in apijson.objects(items)):
        marks += [mark for mark in _RAW_MARKS if mark in value]
    if not marks or "JobName" in value or amazon.is_call_analytics(value):
        return Verdict(fits=False, why="Transcript without Participants or ContentMetadata", nearness=0.6)
    return Verdict(fits=True, why=f"Transcript with {', '.join(marks)}")


def parse(document: Document, config: ReadConfig) -> Parsed:
    """The contacts of a file; raises MalformedInputError when it is no JSON or its only contact has no transcript."""
    del config
    return amazon.parse_each(document, lambda record: contact(record, document))


def contact(record: Record, document: Document) -> Parsed:
    """One contact as a conversation, its chat messages or its utterances joined to turns."""
    value = record.value
    if not isinstance(value.get("Transcript"), list):
        raise MalformedInputError(
            "no list Transcript at the top", remedy="give the analysis file as Contact Lens wrote it"
        )
    items, problems = amazon.with_text(value["Transcript"], "Content", "Transcript")
    messages = [item for item in items if _is_said(item)]
    people = _participants(value)
    started, starts = _times(value, items, messages)
    turns = [_turn(item, people, start) for item, start in zip(messages, starts, strict=True)]
    if not turns:
        raise MalformedInputError("the Transcript holds no message", where="Transcript", remedy="remove the file")
    ordered, notes = amazon.in_order(turns) if all(start is None for start in starts) else (_by_time(turns), [])
    channel = read_channel(amazon.word(value.get("Channel"))) or _likely_channel(started, messages)
    conversation = Conversation(
        conversation_id=_contact_id(record, document),
        turns=_with_agent(speech.joined(ordered) if channel == Channel.CALL else ordered, value),
        channel=channel,
        queue=_name_of(value.get("Queue"), ("Name", "Id")),
        started_at=started,
        place=record.place,
        people=customers.of_object(value),
        redacted=_is_redacted(value, document),
        metadata=amazon.labels(language=value.get("LanguageCode"), direction=_direction(value)),
    )
    notes += _notes(items, conversation)
    return amazon.said(replace(conversation, turns=_nameless(conversation.turns)), problems, notes)


def _likely_channel(started: datetime | None, messages: Sequence[Json]) -> Channel:
    """The channel where nothing names it, as in what the API lists: messages have moments, utterances have offsets."""
    if started is not None:
        return Channel.CHAT
    return Channel.CALL if any("BeginOffsetMillis" in each for each in messages) else Channel.OTHER


def _is_said(item: Json) -> bool:
    """Whether an item is a message or utterance; events, attachments and forms say nothing that can be read."""
    content = item.get("Content")
    message = str(item.get("Type") or "MESSAGE").upper() == "MESSAGE"
    return message and _is_text(item) and isinstance(content, str) and bool(clean(content))


def _is_text(item: Json) -> bool:
    kind = item.get("ContentType")
    return not isinstance(kind, str) or not kind or kind.startswith("text/")


def _times(value: Json, items: Sequence[Json], messages: Sequence[Json]) -> tuple[datetime | None, list[float | None]]:
    """When the contact began, and the seconds from then to each message; none for utterances, which have offsets."""
    known = [moment for item in items if (moment := _moment(item)) is not None]
    started = min((moment for moment in (_initiated(value), *known) if moment is not None), default=None)
    moments = [_moment(item) for item in messages]
    return started, [None if at is None or started is None else (at - started).total_seconds() for at in moments]


def _moment(item: Json) -> datetime | None:
    return apijson.moment(item.get("AbsoluteTime") or amazon.child(item, "Time").get("AbsoluteTime"))


def _initiated(value: Json) -> datetime | None:
    """When the contact began, where an export says so; Contact Lens itself times only the messages of chats."""
    text = _added(value, "InitiationTimestamp")
    return times.parse_moment(text) if isinstance(text, str) else None


def _direction(value: Json) -> str | None:
    return amazon.direction(_added(value, "InitiationMethod"))


def _added(value: Json, name: str) -> object:
    """A field of the contact record, at one of the places where exports put it."""
    places = (value, amazon.child(value, "CustomerMetadata"), amazon.child(value, "ContentMetadata"))
    return next((place[name] for place in places if place.get(name)), None)


def _by_time(turns: Sequence[Turn]) -> list[Turn]:
    """Messages in order of time, which the API lists backwards; as they stand where one has no time."""
    if any(turn.start is None for turn in turns):
        return list(turns)
    return sorted(turns, key=lambda turn: turn.start or 0.0)


def _participants(value: Json) -> dict[str, _Person]:
    """Role and display name of each participant id."""
    return {
        str(each.get("ParticipantId")): _Person(
            _role(each.get("ParticipantRole")), amazon.word(each.get("DisplayName"))
        )
        for each in apijson.objects(value.get("Participants"))
    }


def _role(word: object) -> Role:
    return _ROLES.get(word.upper(), Role.UNKNOWN) if isinstance(word, str) else Role.UNKNOWN


def _turn(item: Json, people: Mapping[str, _Person], start: float | None) -> Turn:
    """A message or utterance; the role is that of the list of participants, else its own."""
    identity = amazon.word(item.get("ParticipantId"))
    person = people.get(identity or "", _Person(Role.UNKNOWN, None))
    role = person.role
    if role == Role.UNKNOWN:
        role = _role(item.get("ParticipantRole") or identity)
    name = person.name or amazon.word(item.get("DisplayName"))
    begin, end = amazon.millis(item.get("BeginOffsetMillis")), amazon.millis(item.get("EndOffsetMillis"))
    return Turn(
        text=clean(str(item.get("Content") or "")),
        role=role,
        role_source="column ParticipantRole" if role != Role.UNKNOWN else "",
        speaker=(name if role == Role.CUSTOMER else None) or identity,  # the name, for redaction
        agent_id=(name or _lasting(identity)) if role in {Role.AGENT, Role.UNKNOWN} else None,
        start=begin if start is None else start,
        end=end,
    )


def _lasting(identity: str | None) -> str | None:
    """A participant's id that names a person beyond this contact: neither a role nor the id of a session."""
    if identity is None or identity.upper() in _ROLES or _UUID.fullmatch(identity):
        return None
    return identity


def _with_agent(turns: Sequence[Turn], value: Json) -> list[Turn]:
    """The turns of the one unnamed agent with the agent's name, where an export adds it from the contact record."""
    agent = _name_of(value.get("Agent"), _NAMES)
    speakers = {turn.speaker for turn in turns if turn.role == Role.AGENT}
    if agent is None or len(speakers) > 1:
        return list(turns)
    return [replace(turn, agent_id=turn.agent_id or agent) if turn.role == Role.AGENT else turn for turn in turns]


def _nameless(turns: Sequence[Turn]) -> list[Turn]:
    """The turns of agents without a name with a label that is taken for none: `AGENT`, or of several `AGENT 1`."""
    sessions = dict.fromkeys(turn.speaker for turn in turns if _is_unnamed(turn))
    names = {one: f"AGENT {at}" if len(sessions) > 1 else "AGENT" for at, one in enumerate(sessions, 1)}
    return [replace(turn, speaker=names[turn.speaker]) if _is_unnamed(turn) else turn for turn in turns]


def _is_unnamed(turn: Turn) -> bool:
    return turn.role == Role.AGENT and not turn.agent_id and _is_session(turn.speaker)


def _name_of(value: object, keys: Sequence[str]) -> str | None:
    """The name that an export adds for queue or agent, as text or as an object; Contact Lens itself writes none."""
    if isinstance(value, Mapping):
        return next((name for key in keys if (name := amazon.word(value.get(key)))), None)
    return amazon.word(value)


def _notes(items: Sequence[Json], conversation: Conversation) -> list[str]:
    """What somebody should know of messages that are no text, and of agents without names."""
    notes = []
    if forms := sum(not _is_text(item) and str(item.get("Type") or "").upper() == "MESSAGE" for item in items):
        notes.append(f"{forms} messages are forms, lists to pick from or the like, not text; they are left out")
    if any(map(_is_unnamed, conversation.turns)):
        notes.append(_SESSION_ID)
    return notes


def _is_session(speaker: str | None) -> bool:
    return speaker is not None and _UUID.fullmatch(speaker) is not None


def _contact_id(record: Record, document: Document) -> str:
    """The contact's own id, else the one in the file's name, else that of the contact which it was transferred from."""
    value = record.value
    of_items = {
        named for item in apijson.objects(value.get("Transcript")) if (named := amazon.word(item.get("ContactId")))
    }
    candidates = (
        amazon.word(amazon.child(value, "CustomerMetadata").get("ContactId")),
        amazon.word(value.get("ContactId")),
        of_items.pop() if len(of_items) == 1 else None,
        None if record.place else _in_name(document),
        amazon.word(value.get("InitialContactId")),
    )
    return next((found for found in candidates if found), None) or amazon.own_name(record, document)


def _in_name(document: Document) -> str | None:
    """What a file's name says before `_analysis`, or before the time of a raw chat."""
    name = PurePosixPath(document.stem).name
    found = _UUID.match(name)
    return name.split("_analysis")[0] if "_analysis" in name else found[0] if found else None


def _is_redacted(value: Json, document: Document) -> bool:
    """Whether this is the redacted copy, by its metadata or, without them, by its name."""
    output = amazon.child(value, "ContentMetadata").get("Output")
    if isinstance(output, str):
        return output.casefold() == "redacted"
    return amazon.is_redacted_name(document.source)

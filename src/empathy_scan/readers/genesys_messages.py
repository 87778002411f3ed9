"""Genesys Cloud: written conversations as its API lists them, message by message, and as recordings hold them.

Sources: Genesys Cloud API, `RecordingMessagingMessage` (`messagingTranscript`) and `ChatMessage` (`transcript`) of
`/conversations/{id}/recordings`; `/conversations/messages/{id}/messages/bulk`; `/conversations/chats/{id}/messages`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from empathy_scan.codebook import Channel, Role
from empathy_scan.errors import InputError, MalformedInputError
from empathy_scan.readers import apijson
from empathy_scan.readers.channels import read_channel
from empathy_scan.readers.conversation import Conversation, Turn
from empathy_scan.readers.utterances import Object, Said, label, pick, said, silent, turns_in_order

MARKS = ("messagingTranscript", "participantPurpose", "textBody", "bodyType", "messageText")
_ROLES = {
    **dict.fromkeys(("external", "customer"), Role.CUSTOMER),
    **dict.fromkeys(("agent", "user", "internal"), Role.AGENT),
    **dict.fromkeys(("acd", "ivr", "workflow", "bot", "botflow", "system", "campaign"), Role.SYSTEM),
}
_LISTS = ("messagingTranscript", "transcript", "entities", "messages")
_TEXTS = ("messageText", "textBody", "body", "message")
_NOT_SAID = {"activity", "member-join", "member-leave", "notice", "typing-indicator", "receipt", "event"}
_CHANNELS = {"message": Channel.CHAT, "webmessaging": Channel.CHAT, "open": Channel.CHAT}  # others by their own names
_LOOKED_AT = 20  # messages, to know the format


@dataclass(frozen=True, slots=True)
class Found:
    """The messages of one conversation in a file."""

    identity: str | None
    place: str
    value: Object
    messages: Sequence[object]


def holds(value: Object) -> bool:
    """Whether an object is a recording of a written conversation, or lists its messages."""
    return any(True for _ in _lists(value))


def found(value: Object, place: str) -> list[Found]:
    """The conversations of an object; messages that name several are told apart."""
    conversations: list[Found] = []
    for name, messages in _lists(value):
        where = f"{place} {name}".strip()
        of_each: dict[str | None, list[object]] = {}
        own = label(pick(value, "conversationId"))
        for message in messages:
            part = apijson.part(message)
            named = label(part.get("conversationId")) or label(apijson.part(part.get("conversation")).get("id"))
            of_each.setdefault(named or own, []).append(message)
        if len(of_each) > 1 and None in of_each:
            of_each.setdefault(next(filter(None, of_each)), []).extend(of_each.pop(None))
        conversations += [Found(identity, where, value, members) for identity, members in of_each.items()]
    return conversations


def conversation(each: Found, stem: str) -> tuple[Conversation | None, list[InputError]]:
    """One conversation, and what is broken in it; None with a problem if nobody says anything."""
    spoken, problems = said(each.messages, each.place, _text)
    messages = [message for message in spoken if _is_message(message.value)]
    if not messages:
        return None, [*problems, silent(each.place)]
    moments = [_moment(message.value) for message in messages]
    started = apijson.earliest([apijson.moment(each.value.get("startTime")), *moments])
    channel = _channel(each.value, messages)
    turns = [_turn(message, apijson.since(started, moment)) for message, moment in zip(messages, moments, strict=True)]
    if not any(turn.role != Role.UNKNOWN or turn.speaker for turn in turns):
        what = "the messages do not say who wrote them"
        problems.append(MalformedInputError(what, where=each.place, remedy="export the recording of the conversation"))
    return Conversation(
        conversation_id=each.identity or stem,
        turns=turns_in_order(turns, channel),
        channel=channel,
        queue=_queue(messages),
        started_at=started,
        place=each.place if each.identity else "",
    ), problems


def _lists(value: Object) -> Iterator[tuple[str, Sequence[object]]]:
    """The lists of messages of an object, with their names."""
    for name in _LISTS:
        messages = value.get(name)
        looked = apijson.objects(messages)[:_LOOKED_AT]
        if isinstance(messages, list) and any(_is_listed(each) for each in looked):
            yield name, messages


def _is_listed(value: Object) -> bool:
    """Whether an object is a message of Genesys: a text, its time, and who wrote it in one of its ways."""
    if not any(isinstance(value.get(name), str) for name in _TEXTS):
        return False
    if "messageText" in value:
        return "purpose" in value or "fromUser" in value or "participantId" in value
    if "textBody" in value:
        return "messengerType" in value or "normalizedMessage" in value or "conversationId" in value
    chat = "bodyType" in value or ("utc" in value and "chat" in value)
    return chat and ("participantPurpose" in value or "sender" in value or "senderCommunicationId" in value)


def _is_message(value: Object) -> bool:
    kinds = {str(label(value.get(name)) or "").casefold() for name in ("bodyType", "type")}
    return not kinds & _NOT_SAID


def _text(value: Object) -> object:
    return pick(value, *_TEXTS)


def _moment(value: Object) -> datetime | None:
    return apijson.moment(pick(value, "timestamp", "utc", "time"))


def _turn(message: Said, start: float | None) -> Turn:
    """A message; who wrote it is a purpose, else its direction, beside which a machine is named as such."""
    value = message.value
    purpose = label(pick(value, "purpose", "participantPurpose"))
    way = apijson.direction(value.get("direction"))
    user = apijson.part(pick(value, "fromUser", "user", "createdBy"))
    person = label(pick(user, "id", "name"))
    role, source = _ROLES.get((purpose or "").casefold(), Role.UNKNOWN), "column purpose"
    if role == Role.UNKNOWN and way in {"inbound", "outbound"}:
        role, source = (Role.CUSTOMER if way == "inbound" else Role.AGENT), "column direction"
    writer = label(apijson.part(value.get("normalizedMessage")).get("originatingEntity"))
    if role == Role.AGENT and (writer or "").casefold() == "bot":
        role, source = Role.SYSTEM, "column originatingEntity"
    elif role == Role.UNKNOWN and person:
        role, source = Role.AGENT, "column user"
    sender = label(apijson.part(value.get("sender")).get("id"))
    return Turn(
        text=message.text,
        role=role,
        role_source=source if role != Role.UNKNOWN else "",
        speaker=str(role) if role in {Role.AGENT, Role.CUSTOMER} else purpose or sender,
        agent_id=(person or sender) if role in {Role.AGENT, Role.UNKNOWN} else None,
        start=start,
    )


def _channel(value: Object, messages: Sequence[Said]) -> Channel:
    """The channel of the messenger (`webmessaging`, `whatsapp`, `sms`, `facebook`); else of the recording's medium."""
    kinds = [label(each.value.get("messengerType")) for each in messages] + [label(value.get("media"))]
    kind = next((each for each in kinds if each), None)
    return _CHANNELS.get((kind or "").casefold()) or read_channel(kind) or Channel.CHAT


def _queue(messages: Sequence[Said]) -> str | None:
    queues = [apijson.part(each.value.get("queue")) for each in messages]
    return next((name for each in queues if (name := label(pick(each, "name", "id")))), None)

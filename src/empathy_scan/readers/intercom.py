"""Intercom: conversations and tickets with their parts, one or many to a file, also as webhooks carry them.

The first message stands in `source`, the replies in `conversation_parts`. Source: Intercom OpenAPI description 2.14;
API 1.x had `conversation_message` and `user` instead of `source` and `contacts`.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from empathy_scan.codebook import Channel, Role
from empathy_scan.config import ReadConfig
from empathy_scan.readers import apijson, customers, tickets
from empathy_scan.readers.channels import read_channel
from empathy_scan.readers.conversation import Conversation, Parsed, Turn
from empathy_scan.readers.files import Document
from empathy_scan.readers.tickets import Ledger, Message, Object, at
from empathy_scan.readers.verdict import Verdict

_AUTHORS = {
    "user": Role.CUSTOMER, "lead": Role.CUSTOMER, "contact": Role.CUSTOMER, "visitor": Role.CUSTOMER,
    "admin": Role.AGENT, "team": Role.AGENT, "teammate": Role.AGENT,
    "bot": Role.SYSTEM, "operator": Role.SYSTEM, "workflow": Role.SYSTEM,
}  # fmt: skip
# Parts that carry words of a participant when they have a body; the others tell of what was done.
_SPOKEN = {
    "comment", "open", "close", "assignment", "snoozed", "unsnoozed", "assign_and_reopen", "assign_and_unsnooze",
    "quick_reply", "message",
}  # fmt: skip
_CHANNELS = {
    "conversation": Channel.CHAT, "push": Channel.CHAT, "inapp": Channel.CHAT, "post": Channel.CHAT,
    "phone_call": Channel.CALL, "phone_switch": Channel.CALL,
}  # fmt: skip
_REMOVED = "We've removed this part of the conversation to comply with"  # Intercom's words in place of a tweet
_DIRECTIONS = {"customer_initiated": "inbound", "admin_initiated": "outbound"}
# Sent by a campaign or workflow in the name of an agent.
_AUTOMATED = {"automated", "campaigns_initiated", "operator_initiated"}


def sniff(document: Document) -> Verdict:
    """Whether the file is JSON or JSON Lines of Intercom conversations."""
    return tickets.sniff(
        document,
        _fits,
        words=("conversation_parts", "conversation_message", "conversation.list", "ticket_parts", "source"),
        title="Intercom (conversation with source or conversation_parts)",
    )


def parse(document: Document, config: ReadConfig) -> Parsed:
    """The conversations of a file; internal notes are left out and counted, conversations without parts reported."""
    del config
    ledger = Ledger()
    admins: dict[str, str] = {}
    found: list[tuple[str, Object]] = []
    for item in tickets.read_items(document, _fits, ledger):
        admins |= _admins(item.value)
        if isinstance(item.value.get("conversations"), list):
            found += _listed(item, ledger)
        elif _is_conversation(item.value):
            found.append((item.place, item.value))
        elif _is_ticket(item.value):
            found.append((item.place, _as_conversation(item.value)))
    partless: list[str] = []
    for place, value in found:
        if not isinstance(value.get("conversation_parts"), Mapping | list):
            partless.append(place)
        elif (conversation := _conversation(value, place, document.stem, admins, ledger)) is not None:
            ledger.conversations.append(conversation)
    if partless:
        ledger.refuse(
            f"conversations without conversation_parts, as lists of conversations have them: {len(partless)}",
            partless[0],
            "export each conversation by itself: GET /conversations/{id}",
        )
    return ledger.parsed()


def _fits(value: Object) -> bool:
    """Whether an object is a conversation, a list of conversations, or a list of admins beside them."""
    if value.get("type") == "admin.list":
        return True
    listed = apijson.objects(value.get("conversations"))
    return (
        _is_conversation(value)
        or _is_ticket(value)
        or (any(_is_conversation(each) for each in listed[:5]) or value.get("type") == "conversation.list")
    )


def _is_conversation(value: Object) -> bool:
    """Whether an object is a conversation, known by its type and parts, or by author and kind of its first message."""
    parts = value.get("conversation_parts")
    first = apijson.part(value.get("source") or value.get("conversation_message"))
    told = isinstance(first.get("author"), Mapping) and "body" in first
    if value.get("type") == "conversation":
        return isinstance(parts, Mapping | list) or told
    inner = apijson.objects(apijson.part(parts).get("conversation_parts"))
    return (told and (isinstance(parts, Mapping) or "delivered_as" in first)) or any(
        "part_type" in each for each in inner
    )


def _is_ticket(value: Object) -> bool:
    """Whether an object is one of Intercom's tickets with its parts."""
    return value.get("type") == "ticket" and isinstance(value.get("ticket_parts"), Mapping | list)


def _as_conversation(ticket: Object) -> Object:
    """A ticket as a conversation: what was described is its first message, by the first contact."""
    parts = ticket.get("ticket_parts")
    contact = next(iter(apijson.objects(apijson.part(ticket.get("contacts")).get("contacts"))), {})
    described = apijson.part(ticket.get("ticket_attributes")).get("_default_description_")
    first = {"type": "ticket", "body": described, "author": {"type": "contact", "id": contact.get("id")}}
    held = {**parts, "conversation_parts": parts.get("ticket_parts")} if isinstance(parts, Mapping) else parts
    return {**ticket, "source": first, "conversation_parts": held, "state": ticket.get("ticket_state")}


def _listed(item: tickets.Item, ledger: Ledger) -> list[tuple[str, Object]]:
    """The conversations of a list with their places; what is none is a problem."""
    found: list[tuple[str, Object]] = []
    listed = item.value.get("conversations")
    for number, each in enumerate(listed if isinstance(listed, list) else [], start=1):
        place = at(item.place, f"conversation {number}")
        if isinstance(each, Mapping):
            found.append((place, each))
        else:
            ledger.refuse("a conversation that is no object", place)
    return found


def _admins(value: Object) -> dict[str, str]:
    """The names of agents by their ids, where the file has them."""
    listed = [value.get("admins"), value.get("teammates"), apijson.part(value.get("teammates")).get("teammates")]
    people = [person for each in listed for person in apijson.objects(each)]
    return {
        identity: name
        for person in people
        if (identity := tickets.identity(person.get("id"))) and (name := tickets.identity(person.get("name")))
    }


def _conversation(
    value: Object, place: str, stem: str, admins: Mapping[str, str], ledger: Ledger
) -> Conversation | None:
    """One conversation; None, and a problem, when it has no words."""
    source = apijson.part(value.get("source") or value.get("conversation_message"))
    names = {**admins, **_admins(value)}
    began = tickets.moment(value.get("created_at"))
    channel = _channel(source)
    mail = channel == Channel.EMAIL
    messages = [
        message
        for message in (
            _first(source, began, names, mail=mail),
            *_parts(value, place, names, ledger, mail=mail),
        )
        if message is not None
    ]
    if not messages:
        ledger.refuse("a conversation without words", place, "nothing to do; notes and events are not read")
        return None
    turns, started = tickets.timed(messages, began)
    return Conversation(
        conversation_id=tickets.identity(value.get("id")) or (at(stem, place) if place else stem),
        turns=turns,
        channel=channel,
        queue=tickets.identity(value.get("team_assignee_id")),
        started_at=started,
        place=place,
        people=customers.of_object(value),
        metadata=tickets.labels(
            via=source.get("type"),
            direction=_DIRECTIONS.get(str(source.get("delivered_as"))),
            delivered_as=source.get("delivered_as"),
            state=value.get("state"),
            priority=value.get("priority"),
            tags=[each.get("name") for each in apijson.objects(apijson.part(value.get("tags")).get("tags"))],
            rating=apijson.part(value.get("conversation_rating")).get("rating"),
            ai_agent=value.get("ai_agent_participated"),
            is_bot=True if any(turn.role == Role.SYSTEM for turn in turns) else None,
        ),
    )


def _first(source: Object, began: datetime | None, names: Mapping[str, str], *, mail: bool) -> Message | None:
    """The first message, which is none of the parts."""
    content = tickets.own_words(tickets.shown_text(plain=source.get("body")), mail=mail)
    if not content or tickets.truth(source.get("redacted")) or content.startswith(_REMOVED):
        return None
    turn = _turn(content, source, names)
    if turn.role == Role.AGENT and tickets.words(source.get("delivered_as")) in _AUTOMATED:
        turn = Turn(content, Role.SYSTEM, "delivered_as", turn.speaker)
    return Message(turn, tickets.moment(source.get("created_at")) or began)


def _parts(value: Object, place: str, names: Mapping[str, str], ledger: Ledger, *, mail: bool) -> list[Message]:
    """The replies in the order of the file."""
    held = value.get("conversation_parts")
    listed = apijson.part(held).get("conversation_parts") if isinstance(held, Mapping) else held
    parts = listed if isinstance(listed, list) else []
    total = apijson.part(held).get("total_count")
    if isinstance(total, int) and total > len(parts):
        ledger.notes.append("some conversations have more parts than the file holds (Intercom gives out 500 at most)")
    found: list[Message] = []
    for number, part in enumerate(parts, start=1):
        if not isinstance(part, Mapping):
            ledger.refuse("a part that is no object", at(place, f"part {number}"))
        elif content := _words_of(part, at(place, f"part {number}"), ledger, mail=mail):
            found.append(Message(_turn(content, part, names), tickets.moment(part.get("created_at"))))
    return found


def _words_of(part: Object, where: str, ledger: Ledger, *, mail: bool) -> str:
    """The words of a part; empty for notes, which are counted, and for what tells only that something was done."""
    body, kind = part.get("body"), str(part.get("part_type") or "comment")
    if body is None or body == "":
        return ""
    if not isinstance(body, str):
        ledger.refuse("a part whose body is no text", where)
        return ""
    if tickets.truth(part.get("redacted")) or body.startswith(_REMOVED):  # its body is Intercom's word for that
        ledger.left_out["deleted parts"] += 1
        return ""
    if kind.startswith("note"):
        ledger.left_out["internal notes"] += 1
        return ""
    if kind not in _SPOKEN and _author(part)[0] != Role.CUSTOMER:
        ledger.left_out[f"parts of the kind {kind[:40]}"] += 1
        return ""
    shown = tickets.shown_text(plain=body)
    content = tickets.own_words(shown, mail=mail)
    if not content:
        ledger.left_out["parts of quoted text only" if shown else "parts without words"] += 1
    return content


def _turn(content: str, said: Object, names: Mapping[str, str]) -> Turn:
    role, identity = _author(said)
    author = apijson.part(said.get("author"))
    name = tickets.identity(author.get("name")) or names.get(identity or "") or tickets.identity(author.get("email"))
    return Turn(
        text=content,
        role=role,
        role_source="author type" if role != Role.UNKNOWN else "",
        speaker=name or identity,
        agent_id=identity if role in {Role.AGENT, Role.UNKNOWN} else None,
    )


def _author(said: Object) -> tuple[Role, str | None]:
    """Role and id of who wrote a message; an AI agent that writes as an admin is a bot."""
    author = apijson.part(said.get("author"))
    identity = tickets.identity(author.get("id"))
    told = (
        author.get("from_ai_agent"),
        author.get("is_ai_answer"),
        said.get("from_ai_agent"),
        said.get("is_ai_answer"),
    )
    if any(tickets.truth(each) for each in told):
        return Role.SYSTEM, identity
    return _AUTHORS.get(str(author.get("type")).casefold(), Role.UNKNOWN), identity


def _channel(source: Object) -> Channel:
    """The channel of the first message's kind; API 1.x, which has none, knew chats only."""
    kind = tickets.identity(source.get("type")) or ""
    known = _CHANNELS.get(kind) or read_channel(kind.split("_")[0])
    return known or (Channel.CHAT if kind in {"", "conversation_message"} else Channel.OTHER)

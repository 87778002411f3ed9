"""Chats of the Zendesk Chat API: each with its `history`, and offline messages, which are a chat of one message.

Source: Zendesk Chat API, "Chats". The messages within tickets (`ChatStartedEvent`) have the same members.
"""

from __future__ import annotations

from collections.abc import Iterator

from empathy_scan.codebook import Channel, Role
from empathy_scan.readers import apijson, customers, tickets
from empathy_scan.readers.apijson import objects, part
from empathy_scan.readers.conversation import Conversation, Turn, clean
from empathy_scan.readers.tickets import Ledger, Message, Object, at
from empathy_scan.readers.zendesk_people import NOBODY, People

_ACTORS = {
    "end-user": Role.CUSTOMER, "enduser": Role.CUSTOMER, "visitor": Role.CUSTOMER, "user": Role.CUSTOMER,
    "agent": Role.AGENT, "system": Role.SYSTEM, "bot": Role.SYSTEM, "trigger": Role.SYSTEM, "business": Role.SYSTEM,
    "answerbot": Role.SYSTEM,
}  # fmt: skip
_MESSAGES = {"chatmessage", "chat.msg", "message", "none", "chat.triggered"}
_TRIGGER = "agent:trigger"  # `nick` of automatic messages


def is_chat(value: Object) -> bool:
    """Whether an object is a chat or an offline message of the Chat API."""
    told = any(str(each.get("type")).startswith("chat.") for each in objects(value.get("history"))[:20])
    return told or (value.get("type") == "offline_msg" and "message" in value)


def chats(page: Object) -> Iterator[tuple[str, Object]]:
    """The chats of a page with their places in it: itself, those of a list, or those of `docs` by id."""
    if is_chat(page):
        yield "", page
    listed = page.get("chats")
    for number, each in enumerate(listed if isinstance(listed, list) else [], start=1):
        yield f"chat {number}", part(each)
    for number, each in enumerate(part(page.get("docs")).values(), start=1):
        yield f"chat {number}", part(each)


def conversation(chat: Object, place: str, stem: str, ledger: Ledger) -> Conversation | None:
    """A chat as a conversation; None, and a problem, when nobody says anything in it."""
    listed = chat.get("history")
    messages = history(listed, NOBODY, ledger, place)
    began = tickets.moment(chat.get("timestamp"))
    if chat.get("type") == "offline_msg" and (content := clean(tickets.words(chat.get("message")))):
        name = tickets.identity(part(chat.get("visitor")).get("name"))
        messages.append(Message(Turn(content, Role.CUSTOMER, "type offline_msg", name), began, chat=True))
    if not messages:
        ledger.refuse("a chat without words", place, "nothing to do")
        return None
    turns, first = tickets.timed(messages, began)
    return Conversation(
        conversation_id=tickets.identity(chat.get("id")) or (at(stem, place) if place else stem),
        turns=turns,
        channel=Channel.CHAT,
        queue=tickets.identity(chat.get("department_name")) or tickets.identity(chat.get("department_id")),
        started_at=first,
        place=place,
        people=customers.of_object(chat),
        metadata=tickets.labels(
            type=chat.get("type"),
            rating=chat.get("rating"),
            started_by=chat.get("started_by"),
            tags=chat.get("tags"),
            ticket=chat.get("zendesk_ticket_id"),
            is_bot=True if any(turn.role == Role.SYSTEM for turn in turns) else None,
        ),
    )


def history(listed: object, people: People, ledger: Ledger, where: str) -> list[Message]:
    """The messages of a chat or messaging event; who joined or rated is no message."""
    found: list[Message] = []
    ledger.problems += apijson.faulty(listed, at(where, "message"), "message", "msg")
    for each in objects(listed):
        content = clean(tickets.words(each.get("message") or each.get("msg")))
        if not content or str(each.get("type")).casefold() not in _MESSAGES:
            continue
        role, identity = _who(each, people)
        name = tickets.identity(each.get("actor_name")) or tickets.identity(each.get("name"))
        turn = Turn(
            text=content,
            role=role,
            role_source="actor_type" if role != Role.UNKNOWN else "",
            speaker=name or identity,
            agent_id=(identity or name) if role in {Role.AGENT, Role.UNKNOWN} else None,
        )
        found.append(Message(turn, tickets.moment(each.get("timestamp")), chat=True))
    return found


def _who(said: Object, people: People) -> tuple[Role, str | None]:
    """Role and id of who wrote a line: by the kind of actor, by the `nick` (`visitor`, `agent:123`), or by the id."""
    kind, _, number = tickets.words(said.get("nick")).casefold().partition(":")
    identity = tickets.identity(said.get("actor_id")) or tickets.identity(said.get("agent_id")) or number or None
    if tickets.words(said.get("nick")).casefold() == _TRIGGER:
        return Role.SYSTEM, None
    told = str(said.get("actor_type") or said.get("sender_type")).casefold()
    role = _ACTORS.get(told) or _ACTORS.get(kind) or people.roles.get(identity or "", Role.UNKNOWN)
    return role, identity

"""Freshdesk: tickets with their conversations, one or many to a file, and lists of conversations alone.

The first message is the ticket's `description`, the replies are `conversations`; in the account's export and in
version 1 of the API they are `notes`, each wrapped in an object of its own, and exports may be XML. Source: Freshdesk
API reference, "Tickets" and "Conversations".
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from email.utils import parseaddr

from empathy_scan.codebook import Channel, Role
from empathy_scan.config import ReadConfig
from empathy_scan.readers import customers, tickets
from empathy_scan.readers.apijson import objects, part
from empathy_scan.readers.conversation import Conversation, Parsed, Turn, clean
from empathy_scan.readers.files import Document
from empathy_scan.readers.tickets import Ledger, Message, Object, at
from empathy_scan.readers.verdict import Verdict

# `source` of a ticket.
_CHANNELS = {
    "1": Channel.EMAIL, "2": Channel.OTHER, "3": Channel.CALL, "5": Channel.SOCIAL, "6": Channel.SOCIAL,
    "7": Channel.CHAT, "9": Channel.OTHER, "10": Channel.EMAIL, "13": Channel.CHAT,
}  # fmt: skip
_SOURCES = {
    "1": "email", "2": "portal", "3": "phone", "5": "twitter", "6": "facebook", "7": "chat", "9": "feedback widget",
    "10": "outbound email", "13": "whatsapp",
}  # fmt: skip
_PHONE, _OUTBOUND = "3", "10"
_BY_MAIL = {Channel.EMAIL, Channel.OTHER, Channel.CALL}  # channels whose replies go by mail
_TICKET_MARKS = {
    "responder_id",
    "fr_escalated",
    "spam",
    "email_config_id",
    "description_text",
    "due_by",
    "helpdesk_notes",
}
_REPLIES = ("conversations", "helpdesk_notes", "notes")
_WRAPPED = ("note", "helpdesk_note")  # in version 1 of the API and in exports: `[{"note": {...}}]`
_FORWARDED = "8"  # `source` of a reply that went to somebody else than the customer
_LONGEST_ADDRESS = 500  # characters; Python's parser of addresses gives up on some that are longer


@dataclass(frozen=True, slots=True)
class _Ticket:
    """A ticket with its replies as the file has them; `facts` is empty where the file has the replies only."""

    facts: Object
    replies: Sequence[object]
    place: str
    identity: str | None


def sniff(document: Document) -> Verdict:
    """Whether the file is JSON or JSON Lines of Freshdesk tickets or conversations."""
    return tickets.sniff(
        document,
        _fits,
        words=("incoming", "responder_id", "fr_escalated", "requester_id"),
        title="Freshdesk (tickets with conversations)",
    )


def parse(document: Document, config: ReadConfig) -> Parsed:
    """The tickets of a file; private notes are left out and counted, tickets without conversations reported."""
    del config
    ledger = Ledger()
    bare: list[str] = []
    for ticket in _tickets(tickets.read_items(document, _fits, ledger), document.stem):
        if not _has_replies(ticket):
            bare.append(ticket.place)
        elif (conversation := _conversation(ticket, document.stem, ledger)) is not None:
            ledger.conversations.append(conversation)
    if bare:
        ledger.refuse(
            f"tickets without conversations, as lists of tickets have them: {len(bare)}",
            bare[0],
            "export each ticket with its conversations: GET /tickets/{id}?include=conversations",
        )
    return ledger.parsed()


def _fits(value: Object) -> bool:
    """Whether an object is a ticket, holds tickets, or is one message of a ticket's conversations."""
    inner = [
        value,
        *(part(value.get(name)) for name in ("ticket", "helpdesk_ticket")),
        *objects(value.get("tickets"))[:5],
    ]
    return _is_reply(value) or any(_is_ticket(each) for each in inner)


def _is_ticket(value: Object) -> bool:
    replies = [each for name in _REPLIES for each in objects(_unwrapped(value.get(name)))[:5]]
    listed = objects(part(value.get("conversations")).get("conversations"))[:5]
    if any("incoming" in each and "private" in each for each in [*replies, *listed]):
        return True
    return "requester_id" in value and "via" not in value and len(_TICKET_MARKS.intersection(value)) > 1


def _is_reply(value: Object) -> bool:
    return "ticket_id" in value and "incoming" in value and "private" in value


def _tickets(items: Sequence[tickets.Item], stem: str) -> Iterator[_Ticket]:
    """The tickets of all objects; messages that stand by themselves are put together by their ticket's id."""
    replies: dict[str, list[object]] = defaultdict(list)
    for item in items:
        if _is_reply(item.value) and not any(name in item.value for name in _REPLIES):
            replies[tickets.identity(item.value.get("ticket_id")) or stem].append(item.value)
            continue
        for place, ticket, beside in _of_item(item):
            identity = tickets.identity(ticket.get("display_id")) or tickets.identity(ticket.get("id"))
            listed = _replies(ticket) or _replies(beside)
            named = (tickets.identity(part(each).get("ticket_id")) for each in listed)
            yield _Ticket(ticket, listed, place, identity or next(filter(None, named), None))
    for identity, listed in replies.items():
        yield _Ticket({}, listed, f"ticket {identity}", identity)


def _of_item(item: tickets.Item) -> Iterator[tuple[str, Object, Object]]:
    """Place and facts of each ticket of an object, and the object that may hold its replies beside it."""
    value = item.value
    wrapped = next((each for name in ("ticket", "helpdesk_ticket") if (each := part(value.get(name)))), None)
    if wrapped is not None:
        yield item.place, wrapped, value
    elif isinstance(listed := value.get("tickets"), list):
        for number, each in enumerate(listed, start=1):
            yield at(item.place, f"ticket {number}"), part(each), {}
    else:
        yield item.place, value, {}


def _replies(holder: Object) -> Sequence[object]:
    """The list of replies of a ticket."""
    for name in _REPLIES:
        found = holder.get(name)
        found = found.get("conversations") if isinstance(found, Mapping) else found
        if isinstance(found, list):
            return _unwrapped(found)
    return []


def _unwrapped(listed: object) -> list[object]:
    """The members of a list, out of the objects that wrap each of them."""
    members = listed if isinstance(listed, list) else []
    return [next((inner for name in _WRAPPED if (inner := part(each).get(name))), each) for each in members]


def _has_replies(ticket: _Ticket) -> bool:
    """Whether the file has the ticket's replies, if there are any: an empty list says that there are none."""
    return bool(ticket.replies) or any(isinstance(ticket.facts.get(name), Mapping | list) for name in _REPLIES)


def _conversation(ticket: _Ticket, stem: str, ledger: Ledger) -> Conversation | None:
    """The conversation of a ticket; None, and a problem, when the customer could see none of it."""
    facts = ticket.facts
    source = tickets.identity(facts.get("source")) or ""
    channel = _CHANNELS.get(source, Channel.OTHER)
    names = _names(facts)
    mail = channel in _BY_MAIL
    messages = _described(facts, source, names, mail=mail)
    for number, reply in enumerate(ticket.replies, start=1):
        where = at(ticket.place, f"conversation {number}")
        if isinstance(reply, Mapping):
            messages += _reply(reply, names, where, ledger, mail=mail)
        else:
            ledger.refuse("a message that is no object", where)
    if not facts:
        ledger.notes.append("messages without their ticket: the first message, its description, is not in the file")
    if not messages:
        ledger.refuse("a ticket without public words", ticket.place, "nothing to do; private notes are not read")
        return None
    turns, began = tickets.timed(messages, tickets.moment(facts.get("created_at")))
    return Conversation(
        conversation_id=ticket.identity or (at(stem, ticket.place) if ticket.place else stem),
        turns=turns,
        channel=channel,
        queue=tickets.identity(part(facts.get("group")).get("name")) or tickets.identity(facts.get("group_id")),
        started_at=began,
        place=ticket.place,
        people=customers.of_object(facts),
        metadata=tickets.labels(
            source=_SOURCES.get(source, source),
            direction="outbound" if source == _OUTBOUND else None,
            status=facts.get("status"),
            priority=facts.get("priority"),
            type=facts.get("type"),
            product=facts.get("product_id"),
            tags=facts.get("tags"),
        ),
    )


def _names(facts: Object) -> dict[str, str]:
    """The names of requester and responder by their ids, where the ticket includes them."""
    people = [part(facts.get(name)) for name in ("requester", "responder")]
    found = [(person.get("id"), person.get("name")) for person in people]
    found += [(facts.get(f"{name}_id"), facts.get(f"{name}_name")) for name in ("requester", "responder")]
    return {
        identity: name
        for each, called in found
        if (identity := tickets.identity(each)) and (name := tickets.identity(called))
    }


def _described(facts: Object, source: str, names: Mapping[str, str], *, mail: bool) -> list[Message]:
    """The ticket's description: the customer's first message, an agent's mail, or what an agent noted of a call."""
    markup = facts.get("description_html") or facts.get("description")
    content = tickets.own_words(tickets.shown_text(markup=markup, plain=facts.get("description_text")), mail=mail)
    if not content:
        return []
    role, source_of_role, asked = Role.CUSTOMER, "description", "requester_id"
    if source == _PHONE:
        role, source_of_role, asked = Role.SYSTEM, "source 3 (noted by an agent)", ""
    elif source == _OUTBOUND:
        role, source_of_role, asked = Role.AGENT, "source 10 (outbound email)", "responder_id"
    identity = tickets.identity(facts.get(asked))
    turn = Turn(
        text=content,
        role=role,
        role_source=source_of_role,
        speaker=names.get(identity or "") or identity,
        agent_id=identity if role == Role.AGENT else None,
    )
    return [Message(turn, tickets.moment(facts.get("created_at")))]


def _reply(reply: Object, names: Mapping[str, str], where: str, ledger: Ledger, *, mail: bool) -> list[Message]:
    """One message of the conversations; none for private notes and for what has no words."""
    if reply.get("private") is not None and tickets.truth(reply.get("private")) is not False:
        ledger.left_out["private notes"] += 1
        return []
    if tickets.truth(reply.get("deleted")) or tickets.identity(reply.get("source")) == _FORWARDED:
        ledger.left_out["deleted or forwarded messages"] += 1
        return []
    bodies = [reply.get(name) for name in ("body_html", "body", "body_text")]
    shown = tickets.shown_text(markup=bodies[0] or bodies[1], plain=bodies[2])
    content = tickets.own_words(shown, mail=mail)
    if content:
        return [Message(_turn(content, reply, names), tickets.moment(reply.get("created_at")))]
    if any(body is not None and not isinstance(body, str) for body in bodies):
        ledger.refuse("a message whose body is no text", where)
    else:
        ledger.left_out["messages of quoted text only" if shown else "messages without words"] += 1
    return []


def _turn(content: str, reply: Object, names: Mapping[str, str]) -> Turn:
    """A message as a turn; what automations and auto-responders send is nobody's."""
    incoming = tickets.truth(reply.get("incoming"))
    role = Role.UNKNOWN if incoming is None else Role.CUSTOMER if incoming else Role.AGENT
    source = "" if incoming is None else "column incoming"
    if tickets.truth(reply.get("auto_response")) or (reply.get("automation_id") is not None and not incoming):
        role, source = Role.SYSTEM, "automation"
    identity = tickets.identity(reply.get("user_id"))
    name, address = parseaddr(tickets.words(reply.get("from_email"))[:_LONGEST_ADDRESS])
    return Turn(
        text=content,
        role=role,
        role_source=source,
        speaker=names.get(identity or "") or clean(name or address) or identity,
        agent_id=(identity or clean(address) or None) if role in {Role.AGENT, Role.UNKNOWN} else None,
    )

"""Zendesk: tickets with their comments, ticket events and audits, chats and messaging within comments.

Sources: Zendesk API reference, "Ticket comments", "Incremental exports", "Ticket audits". The full export in XML names
some members otherwise; it is read as if it had the API's names.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice

from empathy_scan.codebook import Channel, Role
from empathy_scan.config import ReadConfig
from empathy_scan.readers import apijson, chatlog, customers, named, text, tickets, zendesk_chat, zendesk_people
from empathy_scan.readers.apijson import objects, part
from empathy_scan.readers.channels import read_channel
from empathy_scan.readers.conversation import Conversation, Parsed, Turn, clean
from empathy_scan.readers.files import Document
from empathy_scan.readers.tickets import Ledger, Message, Object, at
from empathy_scan.readers.verdict import Verdict
from empathy_scan.readers.zendesk_people import People, name_of, role_of

# `via.channel` of tickets and comments; `web` is a form or the agent's own screen, no web chat.
_CHANNELS = {
    "web": Channel.OTHER, "mail": Channel.EMAIL, "native_messaging": Channel.CHAT, "web_messenger": Channel.CHAT,
    "line": Channel.CHAT, "wechat": Channel.CHAT, "telegram": Channel.CHAT, "viber": Channel.CHAT,
    "apple": Channel.CHAT, "kakao": Channel.CHAT, "twitter_dm": Channel.SOCIAL, "instagram_dm": Channel.SOCIAL,
    "facebook_messenger": Channel.SOCIAL, "any_channel": Channel.SOCIAL, "phone_call_inbound": Channel.CALL,
    "phone_call_outbound": Channel.CALL, "voicemail": Channel.CALL, "web_service": Channel.OTHER,
}  # fmt: skip
# `via-id` of the XML export.
_VIA_IDS = {
    "0": "web", "4": "mail", "5": "web_service", "29": "chat", "30": "twitter", "33": "voicemail",
    "34": "phone_call_inbound", "35": "phone_call_outbound", "38": "facebook",
}  # fmt: skip
_MACHINES = {"rule", "trigger", "automation", "system", "ticket_merge", "closed_ticket"}
_MERGED = re.compile(r"(?:Request|Ticket)s? #\d+\b.{0,500}\bmerged into this (?:request|ticket)", re.DOTALL)
_SPOKEN = {"comment", "voicecomment", "chatstartedevent", "messagingevent"}
_PARTIES = ("requester_id", "submitter_id", "assignee_id", "group_id")
_NO_COMMENTS = "export with comments: the full JSON export, or the comments of each ticket from the API"


@dataclass(frozen=True, slots=True)
class _Ticket:
    """A ticket's own facts and its comments, as the file has them."""

    identity: str
    facts: Object
    comments: Sequence[object]
    place: str


def sniff(document: Document) -> Verdict:
    """Whether the file is JSON or JSON Lines of tickets, of comments with authors, or of ticket events."""
    return tickets.sniff(
        document,
        _fits,
        words=("author_id", "ticket_events", "requester_id", "audits", "history", "offline_msg"),
        title="Zendesk (tickets, comments, ticket events or chats)",
    )


def parse(document: Document, config: ReadConfig) -> Parsed:
    """The tickets of a file; private notes are left out and counted, tickets without comments reported."""
    del config
    ledger = Ledger()
    pages = [replace(page, value=_plain(page.value)) for page in tickets.read_items(document, _fits, ledger)]
    people = zendesk_people.of_pages([page.value for page in pages])
    bare: list[str] = []
    for ticket in _tickets(pages, document.stem, ledger):
        if not ticket.comments:
            bare.append(ticket.place)
        elif (conversation := _conversation(ticket, people, ledger)) is not None:
            ledger.conversations.append(conversation)
    for page in pages:
        for place, chat in zendesk_chat.chats(page.value):
            read = zendesk_chat.conversation(
                chat, at(page.place, place) if place else page.place, document.stem, ledger
            )
            ledger.conversations += [read] if read is not None else []
    if bare:
        ledger.refuse(f"tickets without comments, as incremental exports have them: {len(bare)}", bare[0], _NO_COMMENTS)
    return ledger.parsed()


# --- what a file holds ---------------------------------------------------------------------------------------------


def _fits(value: Object) -> bool:
    """Whether an object is a page of tickets, comments, events, audits or chats, or one of them."""
    value = _plain(value)
    if any(_are_events(value.get(name)) for name in ("ticket_events", "audits")):
        return True
    if any(zendesk_chat.is_chat(each) for _, each in islice(zendesk_chat.chats(value), 5)):
        return True
    inner = [*objects(value.get("tickets"))[:5], part(value.get("ticket")), value]
    return any(_is_ticket(each) or _are_comments(each.get("comments")) for each in inner)


def _plain(value: Object) -> Object:
    """An object as the API's lists have it: a single audit as a list of one, the XML export's names as the API's."""
    if isinstance(value.get("audit"), Mapping):
        return {**value, "audits": [value["audit"]]}
    listed = value.get("tickets")
    if isinstance(listed, list):
        return {**value, "tickets": [_of_xml(each) for each in listed]}
    renamed = _of_xml(value)
    return renamed if isinstance(renamed, Mapping) else value


def _of_xml(ticket: object) -> object:
    """A ticket of the XML export with the API's names; anything else as it is."""
    if not isinstance(ticket, Mapping) or not {"nice_id", "via_id"} & set(ticket) or "via" in ticket:
        return ticket
    comments = ticket.get("comments")
    return {
        **ticket,
        "id": ticket.get("nice_id") or ticket.get("id"),
        "via": _via_of_xml(ticket),
        "comments": [
            {"public": each.get("is_public"), "body": each.get("value"), "via": _via_of_xml(each), **each}
            if isinstance(each, Mapping)
            else each
            for each in (comments if isinstance(comments, list) else [])
        ],
    }


def _via_of_xml(value: Object) -> Object:
    return {"channel": _VIA_IDS.get(str(value.get("via_id")), "")}


def _is_ticket(value: Object) -> bool:
    """Whether an object is a ticket, with or without comments."""
    asked = "requester_id" in value or isinstance(value.get("requester"), Mapping)
    return asked and isinstance(value.get("via"), Mapping) and ("submitter_id" in value or "assignee_id" in value)


def _are_comments(value: object) -> bool:
    value = value.get("comments") if isinstance(value, Mapping) else value
    return any(
        ("author_id" in each or "author" in each) and not {"public", "html_body", "plain_body"}.isdisjoint(each)
        for each in objects(value)
    )


def _are_events(value: object) -> bool:
    return any(
        "ticket_id" in each and ("child_events" in each or isinstance(each.get("events"), list))
        for each in objects(value)
    )


def _tickets(pages: Sequence[tickets.Item], stem: str, ledger: Ledger) -> Iterator[_Ticket]:
    """The tickets of all pages; the events of one ticket are joined, over pages, too."""
    facts: dict[str, Object] = {}
    events: dict[str, list[object]] = defaultdict(list)
    told: dict[str, dict[str, object]] = {}
    plain: list[_Ticket] = []
    for number, page in enumerate(pages, start=1):
        if _has_more(page.value):
            ledger.notes.append("the export goes on in further pages: join them, or a ticket may lack comments")
        for place, ticket, comments in _of_page(page):
            identity = _identity(ticket, page.value) or (stem if len(pages) == 1 else f"{stem}-{number}")
            facts[identity] = ticket
            plain.append(_Ticket(identity, ticket, comments, place))
        _collect_events(page, events, told, ledger)
    yield from (ticket for ticket in plain if ticket.comments or ticket.identity not in events)
    spoken = {ticket.identity for ticket in plain if ticket.comments}
    for identity, comments in events.items():
        if identity not in spoken:
            known = {**told.get(identity, {}), **facts.get(identity, {})}
            yield _Ticket(identity, known, comments, f"ticket {identity}")


def _of_page(page: tickets.Item) -> Iterator[tuple[str, Object, Sequence[object]]]:
    """Place, facts and comments of each ticket of a page."""
    value = page.value
    listed = value.get("tickets")
    if isinstance(listed, list):
        for number, each in enumerate(listed, start=1):
            yield at(page.place, f"ticket {number}"), part(each), _comments(part(each))
    elif isinstance(value.get("ticket"), Mapping):
        ticket = part(value["ticket"])
        if "comments" in value or "comments" in ticket or not _are_events(value.get("audits")):
            yield page.place, ticket, _comments(value) or _comments(ticket)
    elif "comments" in value or _is_ticket(value):
        yield page.place, value, _comments(value)


def _comments(holder: Object) -> Sequence[object]:
    """The comments of a ticket, also as a page of their own within it."""
    found = holder.get("comments")
    found = found.get("comments") if isinstance(found, Mapping) else found
    return found if isinstance(found, list) else []


def _identity(ticket: Object, page: Object) -> str | None:
    """The ticket's number, also out of the address of the next page of its comments."""
    links = part(page.get("links"))
    addresses = [
        ticket.get("url"),
        page.get("next_page"),
        page.get("previous_page"),
        links.get("next"),
        links.get("prev"),
    ]
    found = [re.search(r"/tickets/(\d+)", each) for each in addresses if isinstance(each, str)]
    return (
        tickets.identity(ticket.get("id"))
        or tickets.identity(ticket.get("ticket_id"))
        or next((match[1] for match in found if match), None)
    )


def _has_more(page: Object) -> bool:
    """Whether a page says that another one follows."""
    following = page.get("next_page") or part(page.get("meta")).get("has_more")
    return bool(following) and ("comments" in page or "ticket_events" in page) and page.get("end_of_stream") is not True


def _collect_events(
    page: tickets.Item, events: dict[str, list[object]], told: dict[str, dict[str, object]], ledger: Ledger
) -> None:
    """Add the comments of ticket events and audits to those of their tickets, and what they tell of these."""
    value = page.value
    for name in ("ticket_events", "audits"):
        listed = value.get(name)
        for number, event in enumerate(listed if isinstance(listed, list) else [], start=1):
            spoken = list(_spoken(part(event)))
            for inner in ("child_events", "events"):
                ledger.problems += apijson.faulty(part(event).get(inner), at(page.place, f"{inner} of event {number}"))
            identity = tickets.identity(part(event).get("ticket_id"))
            if identity is not None:
                events[identity] += spoken
                _note_changes(told.setdefault(identity, {"assigned_before": set()}), part(event))
            if (identity is None and spoken) or not isinstance(event, Mapping):
                ledger.refuse("an event without a ticket id", at(page.place, f"event {number}"))
    for identity in [identity for identity, spoken in events.items() if not spoken]:
        del events[identity]  # changes of fields only


def _note_changes(facts: dict[str, object], event: Object) -> None:
    """Note who asked, submitted and was assigned, as the changes of fields in an event tell."""
    for child in [*objects(event.get("child_events")), *objects(event.get("events"))]:
        found = {name: child[name] for name in _PARTIES if tickets.identity(child.get(name))}
        if child.get("field_name") in _PARTIES and tickets.identity(child.get("value")):
            found[str(child["field_name"])] = child["value"]
        facts.update(found)
        if "assignee_id" in found and isinstance(assigned := facts["assigned_before"], set):
            assigned.add(tickets.identity(found["assignee_id"]))


def _spoken(event: Object) -> Iterator[object]:
    """What was said in an event, as comments with author and time."""
    for child in [*objects(event.get("child_events")), *objects(event.get("events"))]:
        kind = str(child.get("event_type") or child.get("type")).casefold()
        if kind in _SPOKEN:
            yield {
                **child,
                "type": kind,
                "author_id": child.get("author_id") or event.get("updater_id") or event.get("author_id"),
                "created_at": child.get("created_at") or event.get("created_at") or event.get("timestamp"),
                "via": child.get("via") or event.get("via"),
            }


# --- one ticket ----------------------------------------------------------------------------------------------------


def _conversation(ticket: _Ticket, people: People, ledger: Ledger) -> Conversation | None:
    """The conversation of a ticket; None, and a problem, when the customer could see none of it."""
    facts = ticket.facts
    embedded = [part(facts.get(name)) for name in ("submitter", "assignee", "requester")]
    embedded += [part(each.get("author")) for each in objects(list(ticket.comments))]
    known = zendesk_people.with_users(people, embedded)
    messages: list[Message] = []
    chatted = False
    for number, comment in enumerate(ticket.comments, start=1):
        where = at(ticket.place, f"comment {number}")
        if not isinstance(comment, Mapping):
            ledger.refuse("a comment that is no object", where)
            continue
        found = _messages(comment, facts, known, ledger, where)
        chatted = chatted or any(message.chat for message in found)
        messages += found
    if not messages:
        ledger.refuse("a ticket without public words", ticket.place, "nothing to do; private notes are not read")
        return None
    turns, began = tickets.timed(messages, tickets.moment(facts.get("created_at")))
    return Conversation(
        conversation_id=ticket.identity,
        turns=turns,
        channel=Channel.CHAT if chatted else _channel(facts.get("via")) or _first_channel(ticket.comments),
        queue=name_of(part(facts.get("group"))) or zendesk_people.group_of(facts, known),
        started_at=began,
        place=ticket.place,
        people=customers.of_object(facts) | zendesk_people.requester_of(facts, known),
        metadata=tickets.labels(
            via=part(facts.get("via")).get("channel"),
            type=facts.get("type"),
            status=facts.get("status"),
            priority=facts.get("priority"),
            brand=name_of(part(facts.get("brand"))) or facts.get("brand_id"),
            tags=facts.get("tags"),
            satisfaction=part(facts.get("satisfaction_rating")).get("score"),
            is_bot=True if chatted and any(turn.role == Role.SYSTEM for turn in turns) else None,
        ),
    )


def _messages(comment: Object, facts: Object, people: People, ledger: Ledger, where: str) -> list[Message]:
    """What a comment says: one message, those of the chat that stands in it, or none."""
    if comment.get("public") is not None and tickets.truth(comment.get("public")) is not True:
        ledger.left_out["private notes"] += 1
        return []
    moment = tickets.moment(comment.get("created_at"))
    author = tickets.identity(comment.get("author_id")) or tickets.identity(part(comment.get("author")).get("id"))
    history = part(comment.get("value")).get("history") or comment.get("history")
    if isinstance(history, list):
        return zendesk_chat.history(history, people, ledger, where)
    if str(comment.get("type")).casefold() == "voicecomment":
        return [Message(turn, moment, turn.start) for turn in _voice(comment, author, facts, people, ledger)]
    said = tickets.shown_text(markup=comment.get("html_body"), plain=comment.get("body") or comment.get("plain_body"))
    if log := chatlog.read(said):
        known = zendesk_people.by_name_of((line.name for line in log.lines), facts, people)
        turns: Sequence[Turn] = chatlog.turns(log, known)
        turns = named.with_agent(turns, people.names.get(str(facts.get("assignee_id"))))
        return [Message(turn, moment, turn.start, chat=True) for turn in turns]
    by_mail = (_channel(comment.get("via")) or _channel(facts.get("via"))) in {None, Channel.EMAIL, Channel.OTHER}
    content = tickets.own_words(said, mail=by_mail)
    if content:
        return [Message(_turn(content, author, comment, facts, people), moment)]
    _note_wordless(comment, said, ledger, where)
    return []


def _note_wordless(comment: Object, said: str, ledger: Ledger, where: str) -> None:
    """Say why a comment gives no turn: nothing but quotes, nothing at all, or a body that is no text."""
    bodies = [comment.get(name) for name in ("body", "html_body", "plain_body")]
    if said:
        ledger.left_out["comments of quoted text only"] += 1
    elif any(body is not None and not isinstance(body, str) for body in bodies):
        ledger.refuse("a comment whose body is no text", where)
    else:
        ledger.left_out["comments without words"] += 1


def _turn(content: str, author: str | None, comment: Object, facts: Object, people: People) -> Turn:
    role, source = role_of(author, facts, people)
    via = part(comment.get("via"))
    if (
        tickets.words(via.get("channel")) in _MACHINES
        or part(via.get("source")).get("rel") == "merge"
        or _MERGED.match(content)
    ):
        role, source = Role.SYSTEM, "via"
    return Turn(
        text=content,
        role=role,
        role_source=source,
        speaker=people.names.get(author or "") or author,
        agent_id=author if role in {Role.AGENT, Role.UNKNOWN} else None,
    )


def _voice(comment: Object, author: str | None, facts: Object, people: People, ledger: Ledger) -> list[Turn]:
    """The transcript of a call or voicemail; of an answered call without labels nobody knows who said what."""
    recording = part(comment.get("data"))
    content = clean(tickets.words(recording.get("transcription_text") or comment.get("transcription_text")))
    if not content:
        ledger.left_out["calls without a transcript"] += 1
        return []
    if labelled := text.read_turns(content):
        return labelled
    if recording.get("answered_by_id"):
        return [Turn(content)]
    return [_turn(content, author, {}, facts, people)]


def _channel(via: object) -> Channel | None:
    """The channel of `via`; None where it tells nothing."""
    name = part(via).get("channel") if isinstance(via, Mapping) else via
    if not isinstance(name, str):
        return None
    return _CHANNELS.get(name.casefold()) or read_channel(name.split("_")[0])


def _first_channel(comments: Iterable[object]) -> Channel:
    """The channel of the first comment that tells one."""
    found = [_channel(part(comment).get("via")) for comment in comments]
    return next((channel for channel in found if channel is not None), Channel.OTHER)

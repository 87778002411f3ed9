"""Salesforce: mails, chats, messaging and case comments, as CSV exports or as the JSON of its APIs.

EmailMessage, ConversationEntry and CaseComment have a row for each message, which belongs to a case or a conversation;
LiveChatTranscript and MessagingSession have a row for each chat, with its text in `Body`.
Source: Salesforce object reference. Columns are compared by letters and digits only (`Text Body` is `TextBody`).
"""

from __future__ import annotations

import csv
import io
import re
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from empathy_scan.codebook import Channel, Role
from empathy_scan.config import ReadConfig
from empathy_scan.errors import MalformedInputError
from empathy_scan.readers import (
    apijson,
    columns,
    customers,
    salesforce_chat,
    salesforce_records,
    tabular,
    tickets,
    times,
)
from empathy_scan.readers.channels import read_channel
from empathy_scan.readers.conversation import Conversation, Parsed, Turn, clean
from empathy_scan.readers.files import Document
from empathy_scan.readers.salesforce_chat import EXCEL_CELL, Cells, safe_id
from empathy_scan.readers.tickets import Ledger, Message
from empathy_scan.readers.verdict import Verdict

_HEADER = 20_000  # characters that hold the first line, however many columns there are
_CHAT_MARKS = {
    "chatkey", "livechatvisitorid", "livechatbuttonid", "livechatdeploymentid", "messagingenduserid",
    "messagingchannelid",
}  # fmt: skip
_ENTRY_TIMES = ("entrytime", "entrytimestamp", "transcriptedtimestamp", "serverreceivedtimestamp", "clienttimestamp")
_ACTOR_TYPES = {"actortype", "sendertype", "senderrole"}
_ENTRY_TEXTS = ("message", "messagetext", "entrymessage", "entrypayload")
_ENTRY_IDS = ("conversationid", "conversationidentifier", "relatedrecords")
_ACTORS = {
    "enduser": Role.CUSTOMER, "customer": Role.CUSTOMER, "visitor": Role.CUSTOMER, "guest": Role.CUSTOMER,
    "agent": Role.AGENT, "supervisor": Role.AGENT, "bot": Role.SYSTEM, "chatbot": Role.SYSTEM, "system": Role.SYSTEM,
    "automatedprocess": Role.SYSTEM, "router": Role.SYSTEM,
}  # fmt: skip
_USER_TYPES = {
    "standard": Role.AGENT, "guest": Role.CUSTOMER, "customersuccess": Role.CUSTOMER,
    "powercustomersuccess": Role.CUSTOMER, "cspliteportal": Role.CUSTOMER, "selfservice": Role.CUSTOMER,
    "automatedprocess": Role.SYSTEM,
}  # fmt: skip
_MARKS_OF_JSON = (
    "TextBody",
    "HtmlBody",
    "CommentBody",
    "LiveChatVisitorId",
    "ChatKey",
    "conversationEntries",
    "ActorType",
)
_DRAFT = {"5", "draft"}  # `Status` of a mail that was never sent
_AUTOMATIC = re.compile(
    r"^(?:auto-submitted:\s*auto-replied|x-autoreply:|x-autorespond:|precedence:\s*(?:auto[_-]reply|bulk|junk))",
    re.IGNORECASE | re.MULTILINE,
)
_AUTOMATIC_SUBJECT = re.compile(
    r"^(?:auto(?:matic)?[- ]?(?:reply|response)|out of (?:the )?office|undeliver|delivery status notification|"
    r"abwesenheits|automatische antwort|réponse automatique|respuesta automática)",
    re.IGNORECASE,
)


def sniff(document: Document) -> Verdict:
    """Whether the header of a table, or JSON, has the columns of one of the objects."""
    if apijson.begins_json(document.text):
        return _sniff_json(document)
    header = _header(document.text)
    if len(header) < 2:
        return Verdict(fits=False, why="it is no table", nearness=0.0)
    kind = _kind(header)
    if kind is None:
        return Verdict(fits=False, why="its columns are not those of a Salesforce object", nearness=0.1)
    return Verdict(fits=True, why=f"a table with the columns of {kind.title}")


def _sniff_json(document: Document) -> Verdict:
    """Whether JSON has records of one of the objects."""
    if not any(f'"{mark}"' in document.text for mark in _MARKS_OF_JSON):
        return Verdict(fits=False, why="it has no records of a Salesforce object", nearness=0.1)
    found = salesforce_records.found(document, _kind, Ledger())
    if not found:
        return Verdict(fits=False, why="its objects are not records of Salesforce", nearness=0.2)
    kind = _kind(salesforce_records.keys_of(found[0][1]))
    return Verdict(fits=True, why=f"records of {kind.title if kind else 'Salesforce'}")


def parse(document: Document, config: ReadConfig) -> Parsed:
    """The conversations of an export: a case's mails or comments, a session's entries, or a chat to a row.

    Raises MalformedInputError when the columns are those of no such object.
    """
    del config
    if apijson.begins_json(document.text):
        return _parse_json(document)
    table = tabular.read_delimited(document)
    named = {columns.fold(name): values for name, values in reversed(list(table.cells.items()))}
    cells = Cells(salesforce_records.with_payloads(named), table.places)
    kind = _kind(set(cells.columns))
    if kind is None:
        raise MalformedInputError(
            "its columns are not those of EmailMessage, LiveChatTranscript, MessagingSession, ConversationEntry or "
            "CaseComment",
            where="line 1",
            remedy="export the object with its API names as the header",
        )
    ledger = Ledger(problems=list(table.problems))
    names = {columns.fold(name): name for name in table.names}
    kind.read(cells, ledger, document.stem)
    _note_cut_cells(cells, ledger)
    used = {ours: names[theirs] for ours, theirs in kind.columns.items() if theirs in names}
    return replace(ledger.parsed(), columns=used)


def _parse_json(document: Document) -> Parsed:
    """The conversations of the records in JSON, those of each object by themselves."""
    ledger = Ledger()
    found = salesforce_records.found(document, _kind, ledger)
    for kind in _KINDS:
        own = [(place, each) for place, each in found if _kind(salesforce_records.keys_of(each)) is kind]
        if own:
            named = salesforce_records.as_columns([each for _, each in own])
            cells = Cells(salesforce_records.with_payloads(named), [place for place, _ in own])
            kind.read(cells, ledger, document.stem)
    if not found:
        raise MalformedInputError("no records of a Salesforce object in it", remedy="give the answer of a query")
    return ledger.parsed()


# --- which object --------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Kind:
    """One object: its name, how its header is known, how its rows are read, and its main columns."""

    title: str
    known: Callable[[set[str]], bool]
    read: Callable[[Cells, Ledger, str], None]
    columns: Mapping[str, str]


def _kind(header: set[str]) -> _Kind | None:
    return next((kind for kind in _KINDS if kind.known(header)), None)


def _header(content: str) -> set[str]:
    """The columns' names, by the delimiter that parts most of them."""
    start = re.sub(r"\A\s*sep=.\r?\n", "", content[:_HEADER].lstrip("\ufeff"))
    if start.lstrip()[:1] in {"{", "[", "<"}:
        return set()
    found: set[str] = set()
    for delimiter in ",;\t|":
        try:
            first = next(csv.reader(io.StringIO(start, newline=""), delimiter=delimiter), [])
        except csv.Error:
            continue
        found = max(found, set(map(columns.fold, first)), key=len)
    return found


def _is_mails(header: set[str]) -> bool:
    grouped = not header.isdisjoint({"parentid", "threadidentifier", "relatedtoid"})
    return (
        grouped
        and not header.isdisjoint({"textbody", "htmlbody"})
        and not header.isdisjoint({"incoming", "isincoming"})
    )


def _is_chats(header: set[str]) -> bool:
    return "body" in header and not header.isdisjoint(_CHAT_MARKS)


def _is_entries(header: set[str]) -> bool:
    told = not header.isdisjoint(_ENTRY_TIMES) and not header.isdisjoint({*_ACTOR_TYPES, "entrypayload"})
    return told and not header.isdisjoint(_ENTRY_TEXTS) and not header.isdisjoint(_ENTRY_IDS)


def _is_comments(header: set[str]) -> bool:
    return {"commentbody", "parentid"} <= header


# --- mails, entries and comments: a row each -----------------------------------------------------------------------


def _read_mails(cells: Cells, ledger: Ledger, stem: str) -> None:
    """The mails of each case; drafts, deleted mails and empty ones are left out and counted."""
    del stem
    parents = _parents(cells)
    keys = [
        safe_id(cells.at("parentid", row))
        or parents.get(cells.at("threadidentifier", row))
        or clean(cells.at("threadidentifier", row))
        or safe_id(cells.at("relatedtoid", row))
        for row in range(len(cells.places))
    ]
    moments = _moments(cells, ("messagedate", "createddate"), ledger)
    messages: list[Message | None] = []
    for row, moment in enumerate(moments):
        turn = _mail(cells, row, ledger)
        messages.append(Message(turn, moment) if turn is not None else None)
    _add_conversations(cells, keys, messages, Channel.EMAIL, ledger)


def _parents(cells: Cells) -> dict[str, str]:
    """The case of each mail thread, for mails that do not name theirs."""
    rows = range(len(cells.places))
    pairs = [(cells.at("threadidentifier", row), safe_id(cells.at("parentid", row))) for row in rows]
    return {thread: parent for thread, parent in pairs if thread and parent}


def _mail(cells: Cells, row: int, ledger: Ledger) -> Turn | None:
    """A mail as a turn: what its sender wrote; None for drafts, deleted mails, and mails without words."""
    if cells.at("status", row).casefold() in _DRAFT or tickets.truth(cells.at("isdeleted", row)):
        ledger.left_out["drafts and deleted mails"] += 1
        return None
    plain, markup = cells.at("textbody", row), cells.at("htmlbody", row)
    shown = [tickets.shown_text(plain=plain), tickets.shown_text(markup=markup)]
    content = next((words for each in shown if (words := tickets.own_words(each, mail=True))), "")
    if not content:
        ledger.left_out["mails of quoted text only" if any(shown) else "mails without words"] += 1
        return None
    incoming = tickets.truth(cells.at("incoming", row) or cells.at("isincoming", row))
    role, source = Role.UNKNOWN, ""
    if incoming is not None:
        role, source = (Role.CUSTOMER if incoming else Role.AGENT), "column Incoming"
    if _AUTOMATIC_SUBJECT.match(cells.at("subject", row)) or _AUTOMATIC.search(cells.at("headers", row)):
        role, source = Role.SYSTEM, "automatic mail"
    name, address = clean(cells.at("fromname", row)), clean(cells.at("fromaddress", row))
    sender = safe_id(cells.at("createdbyid", row)) if role == Role.AGENT else None  # a shared mailbox hides the person
    return Turn(
        text=content,
        role=role,
        role_source=source,
        speaker=name or address or None,
        agent_id=(sender or name or address or None) if role in {Role.AGENT, Role.UNKNOWN} else None,
    )


def _read_entries(cells: Cells, ledger: Ledger, stem: str) -> None:
    """The entries of each messaging conversation; those without a message are events."""
    del stem
    keys = [clean(cells.first(_ENTRY_IDS, row)) for row in range(len(cells.places))]
    moments = _moments(cells, _ENTRY_TIMES, ledger)
    messages: list[Message | None] = []
    for row, moment in enumerate(moments):
        content = clean(cells.first(_ENTRY_TEXTS, row))
        actor = columns.fold(cells.first(sorted(_ACTOR_TYPES), row))
        role = _ACTORS.get(actor, Role.UNKNOWN)
        sender = clean(cells.first(("actorname", "sendername", "senderdisplayname", "sender"), row)) or None
        agent = safe_id(cells.first(("senderid", "actorid", "sendersubject"), row)) or sender
        turn = Turn(
            text=content,
            role=role,
            role_source="column ActorType" if role != Role.UNKNOWN else "",
            speaker=sender,
            agent_id=agent if role in {Role.AGENT, Role.UNKNOWN} else None,
        )
        messages.append(Message(turn, moment) if content else None)
        if not content:
            ledger.left_out["entries without a message"] += 1
    _add_conversations(cells, keys, messages, Channel.CHAT, ledger)


def _read_comments(cells: Cells, ledger: Ledger, stem: str) -> None:
    """The published comments of each case; the kind of user who wrote them tells the role, where a column says it."""
    del stem
    keys = [safe_id(cells.at("parentid", row)) for row in range(len(cells.places))]
    moments = _moments(cells, ("createddate",), ledger)
    messages: list[Message | None] = []
    for row, moment in enumerate(moments):
        content = clean(cells.at("commentbody", row))
        published = tickets.truth(cells.at("ispublished", row))
        if published is False or tickets.truth(cells.at("isdeleted", row)):
            ledger.left_out["comments that are not published"] += 1
        elif not content:
            ledger.left_out["comments without words"] += 1
        kept = content and published is not False and not tickets.truth(cells.at("isdeleted", row))
        messages.append(Message(_comment(cells, row, content), moment) if kept else None)
    _add_conversations(cells, keys, messages, Channel.OTHER, ledger)


def _comment(cells: Cells, row: int, content: str) -> Turn:
    kind = columns.fold(cells.first(("createdbyusertype", "creatorusertype"), row))
    role = _USER_TYPES.get(kind, Role.UNKNOWN)
    author = safe_id(cells.at("createdbyid", row))
    name = clean(cells.first(("createdbyname", "creatorname", "createdby"), row)) or None
    return Turn(
        text=content,
        role=role,
        role_source="column CreatedBy.UserType" if role != Role.UNKNOWN else "",
        speaker=name or author,
        agent_id=(author or name) if role in {Role.AGENT, Role.UNKNOWN} else None,
    )


def _add_conversations(
    cells: Cells, keys: Sequence[str | None], messages: Sequence[Message | None], channel: Channel, ledger: Ledger
) -> None:
    """Put the messages of each case or session together."""
    groups: dict[str, list[int]] = defaultdict(list)
    nameless = [row for row, (key, message) in enumerate(zip(keys, messages, strict=True)) if not key and message]
    for row, (key, message) in enumerate(zip(keys, messages, strict=True)):
        if key and message is not None:
            groups[key].append(row)
    if nameless:
        ledger.refuse(
            f"rows that do not say to which case or conversation they belong: {len(nameless)}",
            cells.places[nameless[0]],
            "export the column that names it, or remove the rows",
        )
    who = customers.columns_of(cells.columns)
    for key, rows in groups.items():
        turns, began = tickets.timed([message for row in rows if (message := messages[row])], None)
        first = rows[0]
        asked = [row for row in rows if (message := messages[row]) and message.turn.role == Role.CUSTOMER]
        ledger.conversations.append(
            Conversation(
                conversation_id=key,
                turns=turns,
                channel=read_channel(cells.first(("channeltype", "channel", "origin", "caseorigin"), first)) or channel,
                queue=clean(cells.first(("queuename", "parentownername"), first)) or None,
                started_at=began,
                place=cells.places[first],
                people=customers.of_rows(who, asked),
            )
        )


def _moments(cells: Cells, names: Sequence[str], ledger: Ledger) -> list[datetime | None]:
    """The times of the first of these columns that the table has."""
    name = next((name for name in names if name in cells.columns), None)
    if name is None:
        return [None] * len(cells.places)
    values = cells.columns[name]
    moments = [instant.moment for instant in times.read_instants(values)]
    ledger.notes += times.unread_note(name, values, moments)
    return moments


# --- chats: a row each ---------------------------------------------------------------------------------------------


def _read_chats(cells: Cells, ledger: Ledger, stem: str) -> None:
    """A chat to a row."""
    moments = _moments(cells, ("starttime", "requesttime", "createddate"), ledger)
    who = customers.columns_of(cells.columns)
    for row, began in enumerate(moments):
        place = cells.places[row]
        turns, told = salesforce_chat.read(cells, row)
        if not cells.at("body", row).strip():
            ledger.left_out["chats without a Body"] += 1
        elif not turns:
            ledger.refuse(
                "a Body without lines such as `( 12s ) Name: ...`", place, "export the Body as Salesforce shows it"
            )
        else:
            owner = safe_id(cells.at("ownerid", row))
            ledger.conversations.append(
                Conversation(
                    conversation_id=safe_id(cells.first(("id", "chatkey"), row)) or f"{stem}-{row + 1}",
                    turns=turns,
                    channel=read_channel(cells.first(("channeltype", "channel"), row)) or Channel.CHAT,
                    queue=clean(cells.at("queuename", row)) or (owner if salesforce_chat.is_queue(owner) else None),
                    started_at=began or told,
                    place=place,
                    people=customers.of_rows(who, [row]),
                    metadata=tickets.labels(
                        status=cells.at("status", row),
                        origin=cells.at("origin", row),
                        language=cells.first(("language", "visitorlanguage"), row),
                        case=safe_id(cells.at("caseid", row)),
                        is_bot=True if any(turn.role == Role.SYSTEM for turn in turns) else None,
                    ),
                )
            )


def _note_cut_cells(cells: Cells, ledger: Ledger) -> None:
    """Say how many texts end exactly where Excel cuts them."""
    bodies = [cells.columns[name] for name in ("body", "textbody", "htmlbody", "commentbody") if name in cells.columns]
    cut = sum(len(cell) == EXCEL_CELL for column in bodies for cell in column if isinstance(cell, str))
    if cut:
        ledger.notes.append(f"{cut} texts have exactly {EXCEL_CELL:,} characters, where Excel cuts a cell")


_KINDS = (
    _Kind(
        "Salesforce EmailMessage",
        _is_mails,
        _read_mails,
        {
            "conversation_id": "parentid",
            "role": "incoming",
            "speaker": "fromname",
            "start": "messagedate",
            "text": "textbody",
        },
    ),
    _Kind(
        "Salesforce LiveChatTranscript or MessagingSession",
        _is_chats,
        _read_chats,
        {"conversation_id": "id", "agent_id": "ownerid", "started_at": "starttime", "turns": "body"},
    ),
    _Kind(
        "Salesforce ConversationEntry",
        _is_entries,
        _read_entries,
        {
            "conversation_id": "conversationid",
            "role": "actortype",
            "speaker": "sender",
            "start": "entrytime",
            "text": "message",
        },
    ),
    _Kind(
        "Salesforce CaseComment",
        _is_comments,
        _read_comments,
        {"conversation_id": "parentid", "agent_id": "createdbyid", "start": "createddate", "text": "commentbody"},
    ),
)

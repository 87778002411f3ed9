"""The chats in the `Body` of Salesforce's LiveChatTranscript and MessagingSession, and the cells they stand in."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from empathy_scan.codebook import Role
from empathy_scan.readers import chatlog, named, text, tickets, times
from empathy_scan.readers.conversation import Turn, clean

EXCEL_CELL = 32_767  # characters after which Excel cuts a cell
_SUFFIX = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"  # the letter or digit of five letters' cases, as bits
_QUEUE = "00G"  # ids of groups, queues among them, begin so; those of users with 005
_CENTRED = re.compile(r"<p\b[^<>]*\balign\s*=\s*[\"']?center[^<>]*>(.{0,500}?)</p\s*>", re.IGNORECASE | re.DOTALL)
_EVENT = re.compile(r"\s*(?:Chat (?:Started|Origin|Transferred|Ended|Duration)|Session (?:Started|Ended))\b.{0,200}")
_AGENT = re.compile(r"\s*Agent\s+(?P<name>\S[^:]{0,78})")
_STARTED = re.compile(r"(?:Chat|Session) Started\s*:\s*(?P<date>.+)")
_VISITORS = ("visitorname", "contactname", "suppliedname", "messagingendusername", "endusername", "accountname")
_OWNERS = ("ownername", "owneralias", "ownerfullname", "owner")


@dataclass(frozen=True, slots=True)
class Cells:
    """A table's columns by their names in letters and digits only, and where in the file each row stands."""

    columns: Mapping[str, Sequence[object]]
    places: Sequence[str]

    def at(self, name: str, row: int) -> str:
        """A cell; empty where the table has no such column."""
        column = self.columns.get(name)
        return tickets.words(column[row]) if column is not None else ""

    def first(self, names: Sequence[str], row: int) -> str:
        """The first of these cells that is filled."""
        return next((cell for name in names if (cell := self.at(name, row)).strip()), "")


def safe_id(cell: str) -> str | None:
    """An id of 15 characters, in which case counts, as the one of 18 characters, in which it does not."""
    identity = clean(cell)
    if not re.fullmatch(r"[0-9A-Za-z]{15}", identity):
        return identity or None
    chunks = (identity[:5], identity[5:10], identity[10:])
    return identity + "".join(
        _SUFFIX[sum(1 << at for at, sign in enumerate(chunk) if sign.isupper())] for chunk in chunks
    )


def is_queue(owner: str | None) -> bool:
    """Whether a record's owner is a queue, not a person."""
    return owner is not None and owner.startswith(_QUEUE)


def read(cells: Cells, row: int) -> tuple[Sequence[Turn], datetime | None]:
    """The turns of a row's chat, none if its text has no lines with names, and when its header says it began."""
    body = cells.at("body", row)
    log = chatlog.read(_with_asides(body))
    if log is None:
        return text.read_turns(tickets.shown_text(plain=body)), None
    owner = safe_id(cells.at("ownerid", row))
    agents = list(dict.fromkeys(match["name"].strip() for aside in log.asides if (match := _AGENT.fullmatch(aside))))
    called = "" if is_queue(owner) else cells.first(_OWNERS, row)
    owner = None if is_queue(owner) else owner
    people: dict[str, chatlog.Person] = {}
    if visitor := clean(cells.first(_VISITORS, row)):
        people[visitor.casefold()] = (Role.CUSTOMER, None)
    for name in agents:
        own = name.casefold() == called.casefold() or len(agents) == 1
        people[name.casefold()] = (Role.AGENT, (owner if own else None) or name)
    if called:
        people[called.casefold()] = (Role.AGENT, owner or called)
    turns = named.with_agent(chatlog.turns(log, people), called)
    turns = [_owned(turn, owner, called) for turn in turns]
    return chatlog.completed(turns, "the other name in the chat"), _began(log.asides)


def _owned(turn: Turn, owner: str | None, called: str) -> Turn:
    """The turn of an agent without an id, or with the owner's name, as the owner's."""
    if turn.role == Role.AGENT and owner and turn.agent_id in {None, called}:
        return replace(turn, agent_id=owner)
    return turn


def _with_asides(body: str) -> str:
    """The text of a Body, the lines that nobody said marked: centred paragraphs, and what tells of the chat itself."""
    marked = _CENTRED.sub(rf"<p>{chatlog.ASIDE}\1</p>", body.replace(chatlog.ASIDE, ""))
    lines = tickets.shown_text(plain=marked).split("\n")
    after_event = True
    for number, line in enumerate(lines):
        event = _EVENT.fullmatch(line) is not None
        if event or (after_event and _AGENT.fullmatch(line)):
            lines[number] = chatlog.ASIDE + line
        after_event = event or (after_event and not line.strip()) or line.startswith(chatlog.ASIDE)
    return "\n".join(lines)


def _began(asides: Sequence[str]) -> datetime | None:
    """When the header says that the chat began: `Tuesday, February 3, 2026, 10:02:11 (+0000)`."""
    dates = [match["date"] for aside in asides if (match := _STARTED.match(aside)) and len(aside) < EXCEL_CELL]
    found = [times.parse_moment(re.sub(r"[()]", " ", date)) for date in dates]
    return next((moment for moment in found if moment is not None), None)

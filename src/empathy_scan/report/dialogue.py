"""Conversation pages: every turn with its labels, its evidence, and for a call for empathy the answer that it got."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass

from empathy_scan.codebook import Role
from empathy_scan.report import marks, words
from empathy_scan.report.marks import Chip, Piece
from empathy_scan.report.material import Material, Row

CHANNELS = {
    "call": ("call", "calls"),
    "chat": ("chat", "chats"),
    "email": ("e-mail thread", "e-mail threads"),
    "social": ("social media thread", "social media threads"),
    "sms": ("text message thread", "text message threads"),
    "other": ("conversation", "conversations"),
}
# Answer -> how it is called beside the customer's turn.
ANSWERS = {
    "empathic": "answered with understanding",
    "scripted": "answered with stock phrases only",
    "missed": "missed",
}
_SIDES = {Role.AGENT: "agent", Role.CUSTOMER: "customer"}


@dataclass(frozen=True, slots=True)
class Link:
    """Words that lead to an address within the report, counted from its root."""

    text: str
    href: str


@dataclass(frozen=True, slots=True)
class Reply:
    """How a customer's turn was answered: the kind (colour and shape), the words, the anchor of the turn that did."""

    kind: str
    text: str
    anchor: str


@dataclass(frozen=True, slots=True)
class Turn:
    """One turn as it stands in the dialogue."""

    anchor: str
    side: str  # agent, customer or system
    who: str
    when: str  # time into the conversation; "" where the export has none
    pieces: tuple[Piece, ...]
    chips: tuple[Chip, ...]
    replies: tuple[Reply, ...]
    aside: str = ""  # why nothing scores it


@dataclass(frozen=True, slots=True)
class Dialogue:
    """A conversation's page."""

    slug: str
    title: str
    heading: str
    facts: tuple[str, ...]
    agents: tuple[Link, ...]
    counts: tuple[Reply, ...]
    turns: tuple[Turn, ...]


def dialogues(material: Material) -> Iterator[Dialogue]:
    """The page of every conversation, one after the other: one pass over the turns."""
    rows = material.said.iter_rows(named=True)
    for conversation_id, turns in itertools.groupby(rows, key=lambda row: str(row["conversation_id"])):
        yield _dialogue(material, material.conversations[conversation_id], list(turns))


def channel(row: Row) -> str:
    """What a conversation was held as: `call`, `e-mail thread`."""
    return CHANNELS.get(row["channel"], CHANNELS["other"])[0]


def when(row: Row) -> str:
    """The date of a conversation, in words where the export has none."""
    return words.date(row["started_at"]) if row["started_at"] else "date not known"


def _dialogue(material: Material, conversation: Row, rows: list[Row]) -> Dialogue:
    """One conversation's page."""
    agents = tuple(Link(material.names[agent], material.agent_href(agent)) for agent in conversation["agents"])
    with_whom = f" with {words.listing(agent.text for agent in agents)}" if agents else ""
    kind = channel(conversation)
    started = conversation["started_at"]
    facts = [
        words.date_and_time(started) if started else "date not known",
        *([f"queue {words.shown(conversation['queue'])}"] if conversation["queue"] else []),
        words.plural(len(rows), "message", "messages"),
        *_left_out(rows),
        words.shown(conversation["conversation_id"]),
    ]
    return Dialogue(
        slug=words.slug(conversation["conversation_id"]),
        title=f"{kind[0].upper()}{kind[1:]}{with_whom}",
        heading=f"{kind[0].upper()}{kind[1:]}{with_whom}, {when(conversation)}",
        facts=tuple(facts), agents=agents, counts=tuple(counts(conversation)),
        turns=tuple(turn(material, row) for row in rows),
    )  # fmt: skip


def counts(conversation: Row) -> Iterator[Reply]:
    """What happened in a conversation, as counts with their signs; nothing where nothing was asked for."""
    for kind, one in (("empathic", "understood"), ("scripted", "stock phrases only"), ("missed", "missed")):
        if conversation[kind]:
            yield Reply(kind, f"{conversation[kind]} {one}", "")
    if conversation["hostile"]:
        yield Reply("load", words.plural(conversation["hostile"], "hostile message", "hostile messages"), "")
    if conversation["rose"]:
        yield Reply("rose", f"rose above {conversation['rose']}", "")
    if conversation["guarded"]:
        yield Reply(
            "guarded",
            words.plural(conversation["guarded"], "guarded or hostile answer", "guarded or hostile answers"),
            "",
        )


def turn(material: Material, row: Row, *, short: bool = False) -> Turn:
    """One turn of a conversation; `short` cuts a long one to an excerpt around what is marked."""
    role, text, labels = row["role"], row["text"], marks.carried(row)
    spans = row["evidence"] or []
    around = marks.first_mark(spans, labels, role=role)
    window = words.excerpt(text, around=around) if short else (0, len(text))
    return Turn(
        anchor=f"t{row['turn']}",
        side=_SIDES.get(role, "system"),
        who=_who(material, row),
        when="" if row["start"] is None else words.clock(row["start"]),
        pieces=marks.pieces(text, spans, labels, role=role, window=window),
        chips=marks.chips(row),
        replies=tuple(_replies(row)),
        aside=_aside(row),
    )


def _aside(row: Row) -> str:
    """Why a turn is not scored; "" for one that is."""
    source = words.shown(row["role_source"] or "")
    if source.startswith("left out: "):
        return f"not scored: {source.removeprefix('left out: ')}"
    if row["role"] not in _SIDES:
        return "not scored: neither the customer's words nor an agent's"
    return "not scored: there are no words in it" if row["p_civil"] is None else ""


def _left_out(rows: list[Row]) -> Iterator[str]:
    """How many turns of a conversation are in other languages, which are left out, and how many have another reason."""
    reasons = [_aside(row) for row in rows]
    foreign = sum(reason.startswith("not scored: not in ") for reason in reasons)
    others = sum(bool(reason) for reason in reasons) - foreign
    if foreign:
        yield f"mixed languages: {words.plural(foreign, 'message', 'messages')} not scored"
    if others:
        more = ("other message", "other messages") if foreign else ("message", "messages")
        yield f"{words.plural(others, *more)} not scored"


def _who(material: Material, row: Row) -> str:
    """The speaker as the page names him: agents by name, customers never."""
    if row["role"] == Role.AGENT:
        return material.names.get(row["agent_id"] or "", "Agent")
    return {Role.CUSTOMER: "Customer", Role.SYSTEM: "System"}.get(row["role"], "Unknown speaker")


def _replies(row: Row) -> Iterator[Reply]:
    """How a customer's turn was answered: as a call for empathy, and as an attack."""
    if row["call"] and row["answer"]:
        anchor = "" if row["answer_turn"] is None else f"t{row['answer_turn']}"
        yield Reply(row["answer"], f"call for empathy: {ANSWERS[row['answer']]}", anchor)
    elif row["call"]:
        yield Reply("open", "call for empathy, with nobody left to answer", "")
    if row["rose_above"]:
        yield Reply("rose", "the agent rose above this", "")

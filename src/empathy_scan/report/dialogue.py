"""Conversation pages: the course of tone and care, what happened in short, and every turn with its labels and why.

Pages are made one by one from slices of the frames, so that a report of a few cited conversations costs no more than
these, and one of all of them no more memory.
"""

from __future__ import annotations

import itertools
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

import polars as pl
from markupsafe import Markup

from empathy_scan.codebook import Role
from empathy_scan.fingerprints import message_id
from empathy_scan.report import appealed, escalation, inshort, lanes, marks, ownmarks, sketch, words
from empathy_scan.report.escalation import Course
from empathy_scan.report.inshort import Statement
from empathy_scan.report.marks import Chip, House, Piece, Reason
from empathy_scan.report.material import Material, Row

NARROW = 10  # steps of a chart that leaves room beside it
SKETCHED = 100  # columns of a course in characters
TURNS_AT_ONCE = 5000  # rows whose pages are made together: what memory holds of all conversations

CHANNELS = {
    "call": ("call", "phone calls"),  # a list of them may stand beside calls for empathy
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
    number: int = 0  # of that turn within the conversation; 0 where it is not known


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
    number: int = 0  # from 1 within the conversation; 0 where a turn stands alone
    house: tuple[House, ...] = ()
    reasons: tuple[Reason, ...] = ()
    weighed: tuple[str, ...] = ()  # what it came close to
    id: str = ""  # by which it can be disputed; "" where nothing labels it
    appeal: str = ""  # what became of an appeal against its labels


@dataclass(frozen=True, slots=True)
class Neighbour:
    """The conversations before and after this one of one agent, where they have a page."""

    agent: Link
    before: Link | None
    after: Link | None


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
    statements: tuple[Statement, ...]
    course: Course
    legend: tuple[Reply, ...]  # what the chart of its course draws
    grouped: str  # how many messages a step of the chart holds; "" for one
    neighbours: tuple[Neighbour, ...]
    how: str = ""  # how a label is disputed; "" where there is none
    own: tuple[ownmarks.Named, ...] = ()  # labels of the centre's own that stand on it

    @property
    def sketch(self) -> tuple[str, ...]:
        """Its course in characters, line by line; none where there is too little to draw."""
        drawn = sketch.sketch(self.course, width=SKETCHED)
        if drawn is None:
            return ()
        legend = "   ".join(f"{sign} {meaning}" for sign, _, meaning in drawn.legend)
        return tuple(drawn.lines()) + ((legend,) if legend else ())

    @property
    def wide(self) -> bool:
        """Whether the chart of its course needs the whole width of a page."""
        return len(self.course.steps) > NARROW

    @property
    def chart(self) -> Markup:
        """The chart of its course; nothing where there is too little to draw."""
        return lanes.drawn(self.course)


def dialogues(material: Material, wanted: Collection[str] | None = None) -> Iterator[Dialogue]:
    """The page of every conversation of the turns, or of those wanted, in the order of their ids."""
    said = material.said.sort("conversation_id", "turn")
    if wanted is not None:
        ids = pl.DataFrame({"conversation_id": sorted(wanted)}, schema={"conversation_id": pl.String})
        said = said.join(ids, on="conversation_id", how="semi", maintain_order="left")
    for part in _slices(said):
        ids = part.select("conversation_id").unique()
        phrases = _by_conversation(material.house.join(ids, on="conversation_id", how="semi", maintain_order="left"))
        links = _by_conversation(material.beside.join(ids, on="conversation_id", how="semi", maintain_order="left"))
        own = _by_conversation(material.own.rows.join(ids, on="conversation_id", how="semi", maintain_order="left"))
        rows = part.iter_rows(named=True)
        for conversation_id, turns in itertools.groupby(rows, key=lambda row: str(row["conversation_id"])):
            yield _dialogue(
                material, material.conversations[conversation_id], list(turns),
                houses=phrases.get(conversation_id, ()),
                own=ownmarks.by_turn(material.own.labels, own.get(conversation_id, ())),
                neighbours=tuple(_neighbours(material, links.get(conversation_id, ()))),
            )  # fmt: skip


def _slices(said: pl.DataFrame) -> Iterator[pl.DataFrame]:
    """The rows of sorted turns in slices of whole conversations."""
    start = held = 0
    for count in said.group_by("conversation_id", maintain_order=True).len()["len"]:
        held += count
        if held >= TURNS_AT_ONCE:
            yield said.slice(start, held)
            start, held = start + held, 0
    if held:
        yield said.slice(start, held)


def _by_conversation(frame: pl.DataFrame) -> dict[str, list[Row]]:
    """The rows of a small frame by their conversation, in order."""
    found: dict[str, list[Row]] = {}
    for row in frame.iter_rows(named=True):
        found.setdefault(row["conversation_id"], []).append(row)
    return found


def _neighbours(material: Material, rows: Sequence[Row]) -> Iterator[Neighbour]:
    """What stands before and after a conversation, for each of its agents."""

    def link(conversation_id: str | None) -> Link | None:
        if conversation_id is None:
            return None
        row = material.conversations[conversation_id]
        return Link(f"{channel(row)}, {when(row)}", material.href(conversation_id))

    for row in rows:
        agent = Link(material.names[row["agent_id"]], material.agent_href(row["agent_id"]))
        before, after = link(row["before"]), link(row["after"])
        if before or after:
            yield Neighbour(agent, before, after)


def channel(row: Row) -> str:
    """What a conversation was held as: `call`, `e-mail thread`."""
    return CHANNELS.get(row["channel"], CHANNELS["other"])[0]


def when(row: Row) -> str:
    """The date of a conversation, in words where the export has none."""
    return words.date(row["started_at"]) if row["started_at"] else "date not known"


def _dialogue(
    material: Material, conversation: Row, rows: list[Row], *, houses: Sequence[Row],
    own: Mapping[int, tuple[ownmarks.Mark, ...]], neighbours: tuple[Neighbour, ...],
) -> Dialogue:  # fmt: skip
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
    found, by_turn = escalation.course(rows), _houses(houses)
    numbers = {row["turn"]: number for number, row in enumerate(rows, 1)}
    return Dialogue(
        slug=words.slug(conversation["conversation_id"]),
        title=f"{kind[0].upper()}{kind[1:]}{with_whom}",
        heading=f"{kind[0].upper()}{kind[1:]}{with_whom}, {when(conversation)}",
        facts=tuple(facts), agents=agents, counts=tuple(counts(conversation)),
        turns=tuple(
            turn(
                material, row, numbers=numbers, house=by_turn.get(row["turn"], ()), own=own.get(row["turn"], ())
            )
            for row in rows
        ),
        statements=inshort.in_short(rows, found), course=found, legend=tuple(_legend(found)),
        grouped=_grouped(found), neighbours=neighbours, how=_how(rows),
        own=ownmarks.named(itertools.chain.from_iterable(own.values())),
    )  # fmt: skip


def _how(rows: Sequence[Row]) -> str:
    """How labels of this conversation are disputed, with the id of an agent's message, or of any other with labels."""
    labelled = [row for row in rows if row["tone"] is not None]
    first = next((row for row in labelled if row["role"] == Role.AGENT), labelled[0] if labelled else None)
    return appealed.how(message_id(first["conversation_id"], first["turn"])) if first else ""


def _houses(rows: Sequence[Row]) -> dict[int, tuple[House, ...]]:
    """The house phrases of a conversation by turn."""
    found: dict[int, tuple[House, ...]] = {}
    for row in rows:
        agents = words.plural(row["agents"], "agent", "agents")
        spoken = words.plural(row["spoken"], "conversation", "conversations")
        title = f"said by {agents} in {'at least ' if row['more'] else ''}{spoken}"
        found[row["turn"]] = (*found.get(row["turn"], ()), House(row["start"], row["end"], title, row["text"]))
    return found


def _legend(course: Course) -> Iterator[Reply]:
    """What the signs of a chart mean, those that are in it."""
    told = {**escalation.CARE, "upset": "customer upset", "guarded": "agent guarded", "hostile": "hostile"}
    tones = {
        "upset": any(step.customer == 1 for step in course.steps),
        "guarded": any(step.agent == 1 for step in course.steps),
        "hostile": any(2 in {step.customer, step.agent} for step in course.steps),
    }
    drawn = {kind for step in course.steps for kind in step.care} | {kind for kind, there in tones.items() if there}
    for kind, text in told.items():
        if kind in drawn:
            yield Reply(kind, text, "")


def _grouped(course: Course) -> str:
    """How many messages a step of the chart holds; nothing for one."""
    if not course.steps or course.steps[0].first == course.steps[0].last:
        return ""
    length = course.steps[0].last - course.steps[0].first + 1
    return f"Each step is {length} messages, drawn with the harshest tone in it."


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


def turn(
    material: Material,
    row: Row,
    *,
    short: bool = False,
    numbers: Mapping[int, int] | None = None,
    house: Sequence[House] = (),
    own: Sequence[ownmarks.Mark] = (),
) -> Turn:
    """One turn of a conversation; `short` cuts a long one to an excerpt around what is marked.

    With the `numbers` of all turns of its conversation it says why it has its labels, those of the centre's `own` among
    them, and chips lead to their words.
    """
    number = (numbers or {}).get(row["turn"], 0)
    has, standard = ownmarks.given(own), marks.carried(row)
    role, text, labels = row["role"], row["text"], [*standard, *(one.label for one in has)]
    spans = [*(row["evidence"] or ()), *itertools.chain.from_iterable(one.spans for one in has)]
    around = marks.first_mark(spans, labels, role=role)
    window = words.excerpt(text, around=around) if short else (0, len(text))
    pieces = marks.pieces(text, spans, labels, role=role, window=window, house=house, own=ownmarks.names(has))
    chips, ids = marks.chips(row), dict[str, str]()
    if number:
        pieces, ids = marks.anchored(pieces, labels, f"t{row['turn']}")
        chips = marks.linked(chips, standard, ids)
    return Turn(
        anchor=f"t{row['turn']}",
        side=_SIDES.get(role, "system"),
        who=_who(material, row),
        when="" if row["start"] is None else words.clock(row["start"]),
        pieces=pieces,
        chips=(*chips, *ownmarks.chips(has, ids)),
        replies=tuple(_replies(row, numbers or {})),
        aside=_aside(row),
        number=number,
        house=tuple(house),
        reasons=(*marks.reasons(row, ids), *ownmarks.reasons(text, has, ids)) if number else (),
        weighed=(*marks.weighed(row), *ownmarks.weighed(own)) if number else (),
        id="" if row["tone"] is None else message_id(row["conversation_id"], row["turn"]),
        appeal=row["appeal"] or "",
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


def _replies(row: Row, numbers: Mapping[int, int]) -> Iterator[Reply]:
    """How a customer's turn was answered: as a call for empathy, and as an attack."""
    if row["call"] and row["answer"]:
        anchor = "" if row["answer_turn"] is None else f"t{row['answer_turn']}"
        number = numbers.get(row["answer_turn"], 0)
        yield Reply(row["answer"], f"call for empathy: {ANSWERS[row['answer']]}", anchor, number)
    elif row["call"]:
        yield Reply("open", "call for empathy, with nobody left to answer", "")
    if row["rose_above"]:
        yield Reply("rose", "the agent rose above this", "")

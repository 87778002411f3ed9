"""The course of a conversation: how tone and care went from message to message, as steps to draw and in words.

The chart, the words below it and the lanes that `show` prints are made of the same steps. Nothing here says why
somebody became hostile: only who said what before what.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from empathy_scan.codebook import CareClass, Role, care_class
from empathy_scan.report import marks, words
from empathy_scan.report.material import Row

FEWEST = 3  # messages from which on there is a course to draw
MOST = 60  # steps that a chart or a line holds; longer conversations are drawn several messages a step
NAMED = 5  # messages that a sentence names one by one
POINTS = 12  # turning points that are listed; beyond them a count
# What is marked along the course, and how a legend calls it.
CARE = {
    "empathic": "shows understanding",
    "scripted": "stock phrases only",
    "owns": "takes on a step",
    "missed": "call for empathy missed",
}


@dataclass(frozen=True, slots=True)
class Message:
    """One message of a conversation, as far as its course goes."""

    number: int  # from 1, as the page counts
    anchor: str
    side: str  # agent, customer or system
    tone: int | None  # 0 civil, 1 upset or guarded, 2 hostile; None where nothing scores it
    care: tuple[str, ...]  # keys of CARE
    what: tuple[str, ...]  # kinds of attack, in words
    when: str


@dataclass(frozen=True, slots=True)
class Step:
    """One or several neighbouring messages: the harshest tone of either side (None if silent), and the care."""

    first: int
    last: int
    customer: int | None
    agent: int | None
    care: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Point:
    """A message that somebody who reads quickly should jump to."""

    kind: str
    text: str
    anchor: str


@dataclass(frozen=True, slots=True)
class Course:
    """The course of a conversation."""

    messages: tuple[Message, ...]
    steps: tuple[Step, ...]  # none where there are too few messages to draw
    told: tuple[str, ...]  # sentences
    points: tuple[Point, ...]
    more: str  # how many points are not listed


def course(rows: Sequence[Row]) -> Course:
    """The course of a conversation's rows of `Material.said`, in the order of speaking."""
    messages = tuple(message(row, number) for number, row in enumerate(rows, 1))
    found = list(_points(messages))
    hidden = len(found) - POINTS
    return Course(
        messages=messages, steps=steps(messages), told=tuple(_told(messages)), points=tuple(found[:POINTS]),
        more=f"and {hidden:,} more, marked in the dialogue" if hidden > 0 else "",
    )  # fmt: skip


def message(row: Row, number: int) -> Message:
    """One row of `Material.said` as the message of that number."""
    scored = row["p_civil"] is not None and row["tone"] is not None
    side = row["role"] if row["role"] in {Role.AGENT, Role.CUSTOMER} else Role.SYSTEM
    labels = marks.carried(row)
    return Message(
        number=number, anchor=f"t{row['turn']}", side=str(side), tone=row["tone"] if scored else None,
        care=tuple(_care(row)),
        what=tuple(marks.called(label) for label in labels if label in marks.ATTACKS),
        when="" if row["start"] is None else words.clock(row["start"]),
    )  # fmt: skip


def _care(row: Row) -> Iterator[str]:
    """The care of a message: what an agent shows, or that a customer's call was missed."""
    if row["role"] == Role.AGENT:
        if (care := care_class(row["flags"] or "")) != CareClass.NEUTRAL:
            yield str(care)
        if "O" in (row["flags"] or ""):
            yield "owns"
    elif row["call"] and row["answer"] == "missed":
        yield "missed"


def steps(messages: Sequence[Message], most: int = MOST) -> tuple[Step, ...]:
    """The messages in at most so many steps of equal length; none where there is too little to draw."""
    spoken = [one for one in messages if one.tone is not None]
    if len(spoken) < FEWEST:
        return ()
    length = -(-len(messages) // most)
    return tuple(_step(messages[at : at + length]) for at in range(0, len(messages), length))


def _step(messages: Sequence[Message]) -> Step:
    """Some messages as one step."""
    care = {kind for one in messages for kind in one.care}
    return Step(
        messages[0].number, messages[-1].number, _harshest(messages, Role.CUSTOMER), _harshest(messages, Role.AGENT),
        tuple(kind for kind in CARE if kind in care),
    )  # fmt: skip


def _harshest(messages: Iterable[Message], side: str) -> int | None:
    return max((one.tone for one in messages if one.side == side and one.tone is not None), default=None)


def at(messages: Sequence[Message]) -> str:
    """Where messages stand: `message 7`, `messages 3, 5 and 9`, or how many there are between which."""
    if len(messages) == 1:
        return f"message {messages[0].number:,}"
    if len(messages) <= NAMED:
        return f"messages {words.listing(f'{one.number:,}' for one in messages)}"
    return f"{len(messages):,} messages between {messages[0].number:,} and {messages[-1].number:,}"


def of(messages: Iterable[Message], side: str, tone: int | None = None) -> list[Message]:
    """The scored messages of one side, or those of one tone."""
    return [one for one in messages if one.side == side and one.tone is not None and tone in {None, one.tone}]


def _told(messages: Sequence[Message]) -> Iterator[str]:
    """The course in sentences: the customer's tone, the agent's, and the care."""
    for side, name, strained in ((Role.CUSTOMER, "The customer", "upset"), (Role.AGENT, "The agent", "guarded")):
        spoken = of(messages, side)
        if not spoken:
            continue
        tones = {text: of(messages, side, tone) for tone, text in ((1, strained), (2, "hostile"))}
        parts = [f"{text} at {at(found)}" for text, found in tones.items() if found]
        end = " and civil in the last one" if parts and side == Role.CUSTOMER and spoken[-1].tone == 0 else ""
        said = f"was {words.listing(parts)}" if not end else f"was {', '.join(parts)}{end}"
        yield f"{name} {said if parts else 'stayed civil'}."
    care = {kind: [one for one in messages if kind in one.care] for kind in CARE}
    shown = {"empathic": "understanding", "scripted": "stock phrases only", "owns": "a step taken on"}
    parts = [f"{text} at {at(care[kind])}" for kind, text in shown.items() if care[kind]]
    if parts:
        yield f"From the agent: {words.listing(parts)}."
    if care["missed"]:
        yield f"A call for empathy was missed at {at(care['missed'])}."


def _points(messages: Sequence[Message]) -> Iterator[Point]:
    """Where the conversation turned: the first upset message, every message that is hostile or guarded, every miss."""
    upset = False
    for one in messages:
        parts = list(_turned(one, first=not upset))
        upset = upset or (one.side == Role.CUSTOMER and bool(one.tone))
        if parts:
            place = f"Message {one.number:,}" + (f" ({one.when})" if one.when else "")
            yield Point(parts[0][0], f"{place}: {', '.join(text for _, text in parts)}", one.anchor)


def _turned(one: Message, *, first: bool) -> Iterator[tuple[str, str]]:
    """What makes a message a turning point: kinds and words; `first` while the customer has been civil so far."""
    if one.tone == 2:
        yield "hostile", f"{one.side} hostile" + (f" ({words.listing(one.what)})" if one.what else "")
    elif one.tone == 1 and one.side == Role.AGENT:
        yield "guarded", "agent guarded"
    elif one.tone == 1 and first:
        yield "upset", "customer upset for the first time"
    if "missed" in one.care:
        yield "missed", "call for empathy missed"

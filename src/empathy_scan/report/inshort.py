"""What happened in a conversation, in short: who was hostile first, what was asked for, what was owned and done.

Every statement has its count and the messages that it counts. They say what came before what, never what caused it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from empathy_scan.codebook import CareClass, Role, care_class
from empathy_scan.report import escalation, words
from empathy_scan.report.escalation import Course, Message
from empathy_scan.report.material import Row

REFERRED = 8  # messages that a statement links to; beyond them its words say how many there are
QUOTED = 8  # steps that are quoted
LONGEST = 240  # characters of a quoted step
ACTED_WITHIN = 2  # of the agent's later messages: care is followed by action within these (mirror.agent_turns)


@dataclass(frozen=True, slots=True)
class Reference:
    """A message that a statement counts; `quote` holds words of it where they matter."""

    number: int
    anchor: str
    quote: str = ""


@dataclass(frozen=True, slots=True)
class Statement:
    """One thing that happened: its sign, its sentence with the count, and the messages."""

    kind: str
    text: str
    references: tuple[Reference, ...] = ()
    quotes: tuple[Reference, ...] = ()


def in_short(rows: Sequence[Row], course: Course) -> tuple[Statement, ...]:
    """The statements on a conversation, in the order in which a reader asks for them."""
    talk = list(zip(rows, course.messages, strict=True))
    agents = {row["agent_id"] for row in rows if row["role"] == Role.AGENT}
    who = "The agent" if len(agents) == 1 else "The agents"
    return (
        *_first_attack(course.messages, who),
        *_attacks(talk),
        *_answered(rows, course.messages, who),
        *_strained(course.messages, who),
        *_calls(talk),
        *_owned(talk, who),
        *_acted(talk),
        *_ended(course.messages),
    )


Talk = Sequence[tuple[Row, Message]]


def _references(messages: Iterable[Message]) -> tuple[Reference, ...]:
    found = list(messages)
    return tuple(Reference(one.number, one.anchor) for one in found) if len(found) <= REFERRED else ()


def _first_attack(messages: Sequence[Message], who: str) -> Iterator[Statement]:
    """Who was hostile first, and when."""
    hostile = [one for one in messages if one.tone == 2]
    if not hostile:
        if any(one.tone is not None for one in messages):
            yield Statement("open", "Nobody was hostile.")
        return
    names = {Role.CUSTOMER.value: "The customer", Role.AGENT.value: who}
    first = hostile[0]
    later = next((one for one in hostile if one.side != first.side), None)
    when = f", {first.when} into the conversation" if first.when else ""
    text = f"{names[first.side]} {_was(names[first.side])} hostile first{when}"
    other = f"; {_the(names[later.side])} {_was(names[later.side])} hostile later" if later else ""
    yield Statement("hostile", f"{text}{other}.", _references([first, *([later] if later else [])]))


def _was(who: str) -> str:
    return "were" if who.endswith("s") else "was"


def _attacks(talk: Talk) -> Iterator[Statement]:
    """How many hostile messages the customer sent, and of what kinds."""
    found = [one for _, one in talk if one.side == Role.CUSTOMER and one.tone == 2]
    if found:
        kinds = Counter(kind for one in found for kind in one.what)
        alone = len(found) == 1
        told = words.listing(kind if alone else f"{kind} in {count}" for kind, count in kinds.most_common())
        count = words.plural(len(found), "hostile message", "hostile messages")
        yield Statement("load", f"{count} from the customer{f': {told}' if told else ''}.", _references(found))


def _answered(rows: Sequence[Row], messages: Sequence[Message], who: str) -> Iterator[Statement]:
    """How hostile messages were answered by the first message of an agent after each."""
    outcomes: Counter[str] = Counter()
    answer: Row | None = None
    for row in reversed(rows):
        if row["role"] == Role.AGENT:
            answer = row
        elif row["role"] == Role.CUSTOMER and row["tone"] == 2 and answer is not None:
            outcomes["rose" if row["rose_above"] else "strained" if answer["tone"] else "civil"] += 1
    total = outcomes.total()
    if not total:
        return
    said = {
        "rose": "rose above {}",
        "civil": "answered {} civilly, without understanding or a step",
        "strained": "answered {} in a guarded or hostile tone",
    }
    told = words.listing(
        text.format("the hostile message" if total == 1 else outcomes[kind])
        for kind, text in said.items()
        if outcomes[kind]
    )
    rose = [one for row, one in zip(rows, messages, strict=True) if row["rose_above"]]
    all_of = f"Of {total:,} hostile messages that were answered, {_the(who)}"
    text = f"{who if total == 1 else all_of} {told}."
    yield Statement("rose" if outcomes["rose"] else "open", text, _references(rose))


def _the(who: str) -> str:
    return who[0].lower() + who[1:]


def _strained(messages: Sequence[Message], who: str) -> Iterator[Statement]:
    """How often the agent was guarded or hostile."""
    found = [one for one in messages if one.side == Role.AGENT and one.tone]
    if found:
        counts = ((sum(one.tone == tone for one in found), name) for tone, name in ((1, "guarded"), (2, "hostile")))
        told = words.listing(
            f"{name} in {words.plural(count, 'message', 'messages')}" for count, name in counts if count
        )
        kind = "hostile" if any(one.tone == 2 for one in found) else "guarded"
        yield Statement(kind, f"{who} {_was(who)} {told}.", _references(found))


def _calls(talk: Talk) -> Iterator[Statement]:
    """The calls for empathy and their answers."""
    calls = [(row, one) for row, one in talk if row["call"]]
    if not calls:
        yield Statement("open", "There was no call for empathy.")
        return
    answers = Counter(row["answer"] for row, _ in calls)
    said = {
        "empathic": "answered with understanding", "scripted": "answered with stock phrases only", "missed": "missed",
        None: "with nobody left to answer",
    }  # fmt: skip
    alone = len(calls) == 1
    told = words.listing(text if alone else f"{answers[kind]} {text}" for kind, text in said.items() if answers[kind])
    kind = next((kind for kind in ("missed", "scripted", "empathic") if answers[kind]), "open")
    count = words.plural(len(calls), "call for empathy", "calls for empathy")
    yield Statement(kind, f"{count}: {told}.", _references(one for _, one in calls))


def _owned(talk: Talk, who: str) -> Iterator[Statement]:
    """The steps that the agent took on, in the agent's words."""
    quotes = [
        Reference(one.number, one.anchor, _quoted(row["text"], span["start"], span["end"]))
        for row, one in talk
        if "owns" in one.care
        for span in row["owned"] or [{"start": 0, "end": len(row["text"])}]
    ]
    if quotes:
        different = list({quote.quote.casefold(): quote for quote in reversed(quotes)}.values())[::-1]
        more = ", the first of them" if len(different) > QUOTED else ""
        count = words.plural(len(quotes), "step", "steps")
        yield Statement("owns", f"{who} took on {count}{more}:", quotes=tuple(different[:QUOTED]))
    elif any(one.side == Role.AGENT and one.tone is not None for _, one in talk):
        yield Statement("open", f"{who} took on no step.")


def _quoted(text: str, start: int, end: int) -> str:
    """Words of a message on one line, cut where they are long."""
    said = " ".join(words.shown(text[start:end]).split())
    return f"{said[:LONGEST].rsplit(' ', 1)[0]} …" if len(said) > LONGEST else said


def _acted(talk: Talk) -> Iterator[Statement]:
    """Whether care was followed by action: a step in the same or in the next two messages of the same agent."""
    by_agent: dict[str | None, list[tuple[Row, Message]]] = {}
    for row, one in talk:
        if row["role"] == Role.AGENT:
            by_agent.setdefault(row["agent_id"], []).append((row, one))
    caring, followed = [], 0
    for spoken in by_agent.values():
        for place, (row, one) in enumerate(spoken):
            if care_class(row["flags"] or "") == CareClass.NEUTRAL:
                continue
            caring.append(one)
            followed += any("owns" in later.care for _, later in spoken[place : place + ACTED_WITHIN + 1])
    if caring:
        alone = len(caring) == 1
        what = "message with care or a stock phrase", "messages with care or stock phrases"
        count = f"The {what[0]}" if alone else f"Of {words.plural(len(caring), *what)},"
        was = "was" if followed == 1 or alone else "were"
        some = "" if alone and followed else " not" if alone else f" {followed or 'none'}"
        told = f"{count} {was}{some}" if alone else f"{count}{some} {was}"
        text = f"{told} followed by a step, in the same message or the agent's next two."
        yield Statement("owns" if followed else "open", text)


def _ended(messages: Sequence[Message]) -> Iterator[Statement]:
    """How the customer's tone ended, beside the harshest before."""
    spoken = escalation.of(messages, Role.CUSTOMER)
    if len(spoken) < 2 or not any(one.tone for one in spoken):
        return
    names = ("civil", "upset", "hostile")
    last, worst = spoken[-1].tone or 0, max(one.tone or 0 for one in spoken[:-1])
    if last == worst:
        text = f"The customer's last message is still {names[last]}."
    else:
        text = f"The customer's last message is {names[last]}; the harshest before it was {names[worst]}."
    yield Statement(("open", "upset", "hostile")[last], text, _references(spoken[-1:]))

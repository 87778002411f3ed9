"""Cited moments as a page shows them: both sides' words, what an answer could have built on, how others answered."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import polars as pl

from empathy_scan.report import building, dialogue, words
from empathy_scan.report.dialogue import Link, Turn
from empathy_scan.report.likeness import Alike, Key
from empathy_scan.report.material import Material, Row

TITLES = {
    "rose": "Rose above a hostile message",
    "empathic": "Answered with understanding",
    "guarded": "Guarded or hostile answer",
    "scripted": "Stock phrases only",
    "missed": "Call for empathy missed",
    "mirroring": "Guarded or hostile right after an attack",
    "sorry": "Sympathy without a step",
    "snap": "The tone turned after stock phrases",
    "belittling": "Against the person",
    "house": "A house phrase",
}
SHAPES = {"mirroring": "guarded", "sorry": "scripted", "snap": "guarded", "belittling": "hostile", "house": "scripted"}
_OTHERS = 2  # answers to similar customers beside a moment
_QUOTED = 300  # characters of a turn that is quoted in passing


@dataclass(frozen=True, slots=True)
class Quote:
    """Words of a transcript, and where they stand."""

    text: str
    where: Link


@dataclass(frozen=True, slots=True)
class Other:
    """A real answer to a similar customer: who gave it, what the two calls share, both sides' words."""

    who: Link
    whose: str  # `Priya Nair answered`, or that it is this agent's own
    shared: str
    asked: str
    answer: Quote


@dataclass(frozen=True, slots=True)
class Built:
    """What an empathic answer could have built on; every word is from this or another conversation."""

    facts: tuple[Quote, ...]
    nothing: str  # said where no concrete detail was told
    wanted: Quote | None  # what the customer asked for: what the agent could own
    others: tuple[Other, ...]


@dataclass(frozen=True, slots=True)
class Moment:
    """One cited exchange: why it is cited, the customer's words, the agent's, and where it stands."""

    kind: str
    shape: str
    title: str
    where: Link
    asked: Turn
    between: str  # how many messages lie between the two; "" where the answer came at once
    answer: Turn
    built: Built | None = None


class Cited:
    """The turns of the conversations that one page cites."""

    def __init__(self, said: pl.DataFrame | None) -> None:
        """`said` holds whole conversations, as the material has them; None for a page that cites nothing."""
        rows = [] if said is None else said.sort("conversation_id", "turn").to_dicts()
        self._turns: dict[str, dict[int, Row]] = {}
        for row in rows:
            self._turns.setdefault(row["conversation_id"], {})[row["turn"]] = row

    def turn(self, conversation_id: str, turn: int) -> Row:
        """One turn."""
        return self._turns[conversation_id][turn]

    def conversation(self, conversation_id: str) -> Iterable[Row]:
        """The turns of a conversation in order."""
        return self._turns[conversation_id].values()


def moment(material: Material, row: Row, cited: Cited, *, built: Built | None = None) -> Moment:
    """One cited exchange, both sides cut to what is marked."""
    conversation = material.conversations[row["conversation_id"]]
    both = [cited.turn(row["conversation_id"], row[turn]) for turn in ("turn", "agent_turn")]
    where = Link(f"{dialogue.channel(conversation)}, {dialogue.when(conversation)}",
                 material.href(row["conversation_id"], row["agent_turn"]))  # fmt: skip
    asked, answer = (dialogue.turn(material, turn, short=True) for turn in both)
    skipped = both[1]["turn"] - both[0]["turn"] - 1
    between = words.plural(skipped, "message in between", "messages in between") if skipped > 0 else ""
    kind = str(row["kind"])
    return Moment(kind, SHAPES.get(kind, kind), TITLES[kind], where, asked, between, answer, built)


class Examples:
    """The answers to similar customers for one page, none of them quoted twice."""

    def __init__(self, alike: Mapping[Key, tuple[Alike, ...]], agent_id: str) -> None:
        """`alike` is what `likeness.found` gave for the moments of all pages."""
        self._alike, self._agent_id = alike, agent_id
        self._used: set[str] = set()

    def of(self, row: Row) -> list[Alike]:
        """The most alike answers to a moment's customer that the page has not quoted yet."""
        found: list[Alike] = []
        for alike in self._alike.get((row["conversation_id"], row["turn"]), ()):
            if alike.reply not in self._used and len(found) < _OTHERS:
                self._used.add(alike.reply)
                found.append(alike)
        return found

    def built(self, material: Material, row: Row, alike: Iterable[Alike], cited: Cited) -> Built:
        """What an answer to a moment's customer could have built on."""
        turns = list(cited.conversation(row["conversation_id"]))
        told = building.facts(turns, row["turn"])
        wanted = building.asked(turns, row["turn"])
        facts = tuple(_quote(material, row, fact) for fact in told)
        return Built(
            facts,
            "" if facts else "Nothing concrete was told by then. An open question could have asked for it.",
            _quote(material, row, wanted) if wanted and wanted not in told else None,
            tuple(self._other(material, one, cited) for one in alike),
        )

    def _other(self, material: Material, alike: Alike, cited: Cited) -> Other:
        """A colleague's answer, or the agent's own at another time."""
        asked, answer = (cited.turn(alike.conversation_id, turn) for turn in (alike.turn, alike.agent_turn))
        name = material.names[alike.agent_id]
        return Other(
            Link(name, material.agent_href(alike.agent_id)),
            "in another conversation" if alike.agent_id == self._agent_id else "",
            alike.shared, excerpt(asked["text"]),
            Quote(excerpt(answer["text"]), Link("Read it", material.href(alike.conversation_id, alike.agent_turn))),
        )  # fmt: skip


def _quote(material: Material, row: Row, told: building.Told) -> Quote:
    """A sentence of the customer with a link to its turn."""
    where = "in this message" if told.turn == row["turn"] else "earlier in the conversation"
    return Quote(words.shown(told.text), Link(where, material.href(row["conversation_id"], told.turn)))


def excerpt(text: str, length: int = _QUOTED) -> str:
    """The beginning of a turn on one line, cut at a space."""
    return words.beginning(" ".join(words.shown(text).split()), length)

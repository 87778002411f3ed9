"""The coaching part of an agent's page: what is cited is picked first, for all agents, and then set with its words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from empathy_scan.report import cards, coaching, moments, support, words
from empathy_scan.report.cards import Cited, Examples, Moment
from empathy_scan.report.coaching import Chosen
from empathy_scan.report.findings import Answers
from empathy_scan.report.likeness import Alike, Key
from empathy_scan.report.material import Material, Row

_EACH = 3  # moments of a thing to work on


@dataclass(frozen=True, slots=True)
class Card:
    """One thing to work on: what, how it stands, and the moments to read together."""

    kind: str
    shape: str
    title: str
    text: str
    team: str
    past: str
    count: str
    moments: tuple[Moment, ...]


@dataclass(frozen=True, slots=True)
class Coaching:
    """The talk: strengths, what to praise, what to work on, and moments to read where nothing is claimed."""

    strengths: tuple[coaching.Strength, ...]
    steady: str  # said where nothing stands out
    load: tuple[str, ...]
    praise: tuple[Moment, ...]
    rule: str
    cards: tuple[Card, ...]
    reading: tuple[Moment, ...]


@dataclass(slots=True)
class Picked:
    """What one page cites, before the turns are looked up."""

    chosen: list[tuple[Chosen, list[Row]]] = field(default_factory=list)
    praise: list[Row] = field(default_factory=list)
    reading: list[Row] = field(default_factory=list)
    strengths: list[coaching.Strength] = field(default_factory=list)
    stands_out: bool = False

    def cited(self) -> list[tuple[str, Row]]:
        """Every moment with its section: praise, work (a thing to work on) or reading (without a claim)."""
        work = [row for _, rows in self.chosen for row in rows]
        parts = (("praise", self.praise), ("work", work), ("reading", self.reading))
        return [(section, row) for section, rows in parts for row in rows]

    def talked(self) -> list[Row]:
        """The moments for which similar customers are looked for."""
        return [*(row for _, rows in self.chosen for row in rows), *self.reading]


def pick(
    material: Material,
    agent_id: str,
    pools: moments.Pools,
    counts: Mapping[str, int],
    past: Mapping[tuple[str, str], Row],
    answers: Answers | None,
) -> Picked:
    """What one agent's page cites."""
    standings = coaching.standings_of(material, past, agent_id)
    most = material.config.moments
    strengths, stands_out = coaching.strengths(standings, answers)
    picked = Picked(strengths=strengths, stands_out=stands_out)
    picked.praise = moments.picked(pools.of(agent_id, moments.PRAISE), most)
    shown = [(row["conversation_id"], row["agent_turn"]) for row in picked.praise]  # is nothing to work on as well
    for one in coaching.chosen(standings, counts, answers):
        rows = moments.picked(pools.of(agent_id, one.aim.kinds), min(_EACH, most), without=shown)
        shown += [(row["conversation_id"], row["agent_turn"]) for row in rows]
        picked.chosen.append((one, rows))
    if not picked.chosen:
        picked.reading = moments.picked(pools.of(agent_id, moments.READING), most, without=shown)
    return picked


def examples_of(picked: Picked, examples: Examples) -> dict[Key, list[Alike]]:
    """The answers to similar customers beside each moment of a page."""
    return {(row["conversation_id"], row["agent_turn"]): examples.of(row) for row in picked.talked()}


def talk(
    material: Material, picked: Picked, used: dict[Key, list[Alike]], examples: Examples, cited: Cited,
    load: tuple[str, ...],
) -> Coaching:  # fmt: skip
    """The coaching part of a page."""

    def full(row: Row) -> Moment:
        alike = used[row["conversation_id"], row["agent_turn"]]
        return cards.moment(material, row, cited, built=examples.built(material, row, alike, cited))

    steady = (
        "" if picked.stands_out
        else "Nothing stands out beyond what chance does. This is steadily good:" if picked.strengths
        else "No figure shows a strength yet that could not be luck."
    )  # fmt: skip
    return Coaching(
        strengths=tuple(picked.strengths), steady=steady, load=load,
        praise=tuple(cards.moment(material, row, cited) for row in picked.praise),
        rule=coaching.rule(len(picked.chosen)),
        cards=tuple(
            Card(
                one.aim.kind, one.aim.shape, one.aim.title, one.text, support.capital(one.standing.team),
                support.capital(one.standing.past),
                f"{words.plural(one.moments, 'moment', 'moments')} in all; read these first",
                tuple(full(row) for row in rows),
            )
            for one, rows in picked.chosen
        ),
        reading=tuple(full(row) for row in picked.reading),
    )  # fmt: skip

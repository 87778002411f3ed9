"""What stands on an agent's page: a coaching talk first, then figures, course, composure, voice, and all turns behind.

Everything is cut from the material once for all agents; what is done agent by agent looks at cited turns only.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

import polars as pl

from empathy_scan.mirror import UNKNOWN_AGENT
from empathy_scan.report import (
    cards,
    coaching,
    composure,
    content,
    course,
    findings,
    likeness,
    measures,
    moments,
    piles,
    support,
    voice,
    withheld,
    words,
)
from empathy_scan.report.cards import Cited, Examples, Moment
from empathy_scan.report.coaching import Chosen
from empathy_scan.report.composure import Chain, Counts, Snap
from empathy_scan.report.course import Change, Chart
from empathy_scan.report.findings import Answers, Finding
from empathy_scan.report.likeness import Alike, Key
from empathy_scan.report.material import TEAM, Material, Row
from empathy_scan.report.measures import Measure, Shown
from empathy_scan.report.piles import Pile
from empathy_scan.report.voice import Voice
from empathy_scan.report.withheld import Withheld

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

    strengths: tuple[str, ...]
    steady: str  # said where nothing stands out
    load: tuple[str, ...]
    praise: tuple[Moment, ...]
    rule: str
    cards: tuple[Card, ...]
    reading: tuple[Moment, ...]


@dataclass(frozen=True, slots=True)
class Section:
    """A table of further figures."""

    title: str
    figures: tuple[Shown, ...]


@dataclass(frozen=True, slots=True)
class AgentPage:
    """An agent's page."""

    slug: str
    name: str
    facts: tuple[str, ...]
    unnamed: str  # what is said of agents whom the export does not name; "" for anybody else
    band: str  # where the agent's empathy rate lies among the others
    talk: Coaching | None  # None for agents without a name
    figures: tuple[Shown, ...]
    courses: tuple[Chart, ...]
    changes: tuple[Change, ...]
    curve: Chart | None
    counts: Counts | None
    chains: tuple[Chain, ...]
    chains_count: str
    voice: Voice | None
    voiced: tuple[Shown, ...]
    sections: tuple[Section, ...]
    withheld: tuple[Withheld, ...]
    piles: tuple[Pile, ...]
    conversations: tuple[content.Listed, ...]
    conversations_more: str


@dataclass(slots=True)
class _Picked:
    """What one page cites, before the turns are looked up."""

    chosen: list[tuple[Chosen, list[Row]]] = field(default_factory=list)
    praise: list[Row] = field(default_factory=list)
    reading: list[Row] = field(default_factory=list)
    strengths: list[str] = field(default_factory=list)
    stands_out: bool = False

    def talked(self) -> list[Row]:
        """The moments for which similar customers are looked for."""
        return [*(row for _, rows in self.chosen for row in rows), *self.reading]


@dataclass(frozen=True, slots=True)
class _Cut:
    """What is made once for all agents."""

    answers: dict[str, Answers]
    past: dict[tuple[str, str], Row]
    weeks: dict[str, pl.DataFrame]
    voices: dict[str, Voice]
    snaps: dict[str, tuple[list[Snap], int]]
    piles: dict[str, tuple[Pile, ...]]
    spoke: dict[str, list[Row]]
    bands: dict[str, tuple[int, int]]


UNNAMED = (
    "This page stands for all agents whom the export does not name. They may be several people, so nothing here is "
    "said of anybody: there are no strengths and nothing to work on, only what was counted."
)


def pages(material: Material, found: list[Finding]) -> Iterator[AgentPage]:
    """The page of every agent."""
    cut = _cut(material)
    picks = _picks(material, cut)
    alike = likeness.found(material, (row for one in picks.values() for row in one.talked()))
    examples = {agent_id: Examples(alike, agent_id) for agent_id in picks}
    used = {agent_id: _examples(one, examples[agent_id]) for agent_id, one in picks.items()}
    said = _said(material, picks, used, cut)
    for agent_id in material.agents:
        yield _page(material, agent_id, cut, picks[agent_id], used[agent_id], examples[agent_id],
                    Cited(said.get(agent_id)), coaching.load(found, agent_id))  # fmt: skip


def _cut(material: Material) -> _Cut:
    """The material cut by agent."""
    spoke: dict[str, list[Row]] = {agent_id: [] for agent_id in material.agents}
    for row in material.conversations.values():
        for agent_id in row["agents"]:
            spoke[agent_id].append(row)
    ranges = {
        agent_id: (figure.low, figure.high)
        for agent_id in material.agents
        if agent_id != UNKNOWN_AGENT and (figure := material.figure(agent_id, "empathy_rate"))
        and figure.low is not None and figure.high is not None
    }  # fmt: skip
    return _Cut(
        answers=findings.count_answers(material.exchanges), past=support.past_of(material),
        weeks=course.weeks_by_agent(material), voices=voice.voices(material), snaps=composure.snaps(material),
        piles=piles.piles(material), spoke=spoke, bands=measures.bands(ranges),
    )  # fmt: skip


def _picks(material: Material, cut: _Cut) -> dict[str, _Picked]:
    """What every page cites."""
    pools = moments.pools(material)
    counts: dict[str, dict[str, int]] = {}
    for (agent_id, kind), number in pools.counts.items():
        counts.setdefault(agent_id, {})[kind] = number
    return {
        agent_id: _pick(material, agent_id, cut, pools, counts.get(agent_id, {}))
        if agent_id != UNKNOWN_AGENT
        else _Picked()
        for agent_id in material.agents
    }


def _pick(
    material: Material, agent_id: str, cut: _Cut, pools: moments.Pools, counts: dict[str, int]
) -> _Picked:
    """What one agent's page cites."""
    standings = coaching.standings_of(material, cut.past, agent_id)
    answers, most = cut.answers.get(agent_id), material.config.moments
    strengths, stands_out = coaching.strengths(standings, answers)
    picked = _Picked(strengths=strengths, stands_out=stands_out)
    picked.praise = moments.picked(pools.of(agent_id, moments.PRAISE), most)
    shown: list[tuple[str, int]] = []
    for one in coaching.chosen(standings, counts, answers):
        kinds = coaching.UNHEARD if one.aim.kind == "unheard" else (one.aim.kind,)
        rows = moments.picked(pools.of(agent_id, kinds), min(_EACH, most), without=shown)
        shown += [(row["conversation_id"], row["agent_turn"]) for row in rows]
        picked.chosen.append((one, rows))
    if not picked.chosen:
        picked.reading = moments.picked(pools.of(agent_id, moments.READING), most)
    return picked


def _examples(picked: _Picked, examples: Examples) -> dict[Key, list[Alike]]:
    """The answers to similar customers beside each moment of a page."""
    return {(row["conversation_id"], row["agent_turn"]): examples.of(row) for row in picked.talked()}


def _said(
    material: Material, picks: dict[str, _Picked], used: dict[str, dict[Key, list[Alike]]], cut: _Cut
) -> dict[str, pl.DataFrame]:
    """The turns of the conversations that each page cites."""
    cited = {
        (agent_id, conversation)
        for agent_id, one in picks.items()
        for conversation in (
            *(row["conversation_id"] for row in (*one.praise, *one.talked())),
            *(alike.conversation_id for found in used[agent_id].values() for alike in found),
            *(snap.conversation_id for snap in cut.snaps.get(agent_id, ([], 0))[0]),
        )
    }
    keys = pl.DataFrame(sorted(cited), schema={"page": pl.String, "conversation_id": pl.String}, orient="row")
    rows = keys.join(material.said, on="conversation_id", how="inner")
    return {str(page): part for (page,), part in rows.partition_by("page", as_dict=True, include_key=False).items()}


def _page(  # noqa: PLR0913 - what is made once for all agents, and what for this one
    material: Material, agent_id: str, cut: _Cut, picked: _Picked, used: dict[Key, list[Alike]], examples: Examples,
    cited: Cited, load: tuple[str, ...],
) -> AgentPage:  # fmt: skip
    """One agent's page."""
    named, spoke = agent_id != UNKNOWN_AGENT, cut.spoke[agent_id]
    snaps, number = cut.snaps.get(agent_id, ([], 0)) if named else ([], 0)
    courses = course.charts(material, agent_id, cut.weeks.get(agent_id), cut.weeks.get(TEAM)) if named else ()
    changes = course.changes(cut.past, agent_id) if named else ()
    newest, more = piles.newest(spoke)
    spoken = cut.voices.get(agent_id) if named else None
    figures = tuple(content.shown(material, agent_id, measure) for measure in measures.HEADLINES)
    return AgentPage(
        slug=words.slug(agent_id), name=material.names[agent_id],
        facts=(content.span(spoke), *content.held_as(spoke)),
        unnamed="" if named else UNNAMED, band=_band(cut.bands, agent_id),
        talk=_talk(material, picked, used, examples, cited, load) if named else None,
        figures=withheld.known(figures), courses=courses, changes=changes,
        curve=composure.curve(material, agent_id), counts=composure.counts(material, agent_id, cut.answers.get(agent_id)),
        chains=tuple(composure.chain(material, snap, cited) for snap in snaps), chains_count=_chains(number, len(snaps)),
        voice=spoken, voiced=_known(material, agent_id, [support.MEASURES[name] for name in ("own_voice", "formulaicity")]),
        sections=tuple(_sections(material, agent_id)),
        withheld=withheld.withheld(
            material, agent_id, courses=bool(courses), changes=bool(changes),
            varied=bool(spoken and spoken.varied), named=named,
        ),
        piles=cut.piles.get(agent_id, ()),
        conversations=tuple(content.listed(material, row, without=agent_id) for row in newest), conversations_more=more,
    )  # fmt: skip


def _talk(  # noqa: PLR0913 - as the page
    material: Material, picked: _Picked, used: dict[Key, list[Alike]], examples: Examples, cited: Cited,
    load: tuple[str, ...],
) -> Coaching:  # fmt: skip
    """The coaching part of a page."""

    def full(row: Row) -> Moment:
        alike = used[row["conversation_id"], row["agent_turn"]]
        return cards.moment(material, row, cited, built=examples.built(material, row, alike, cited))

    steady = (
        "" if picked.stands_out
        else "Nothing stands out beyond what chance does. This is steadily good:" if picked.strengths
        else "There is too little yet to name a strength by figures. The moments below speak for themselves."
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


def _chains(number: int, told: int) -> str:
    """How many snap chains there are."""
    if not number:
        return ""
    held = words.plural(number, "conversation", "conversations")
    newest = f"; the newest {told} are told here" if number > told else ""
    return f"In {held} two or more stock phrases and no word of understanding came before the tone turned{newest}."


def _band(bands: dict[str, tuple[int, int]], agent_id: str) -> str:
    """The agent's band on the front page, in words; "" without one or without anybody beside."""
    if agent_id not in bands or len(bands) < 2:  # noqa: PLR2004 - nobody beside
        return ""
    last = max(end for _, end in bands.values())
    own = measures.letters(*bands[agent_id])
    return f"Band {own} of {measures.letters(0, last)} for “Answered with understanding”: those who share a letter cannot be told apart."


def _sections(material: Material, agent_id: str) -> Iterator[Section]:
    """The further figures by what they tell, without those that have no value."""
    carried = [measure for measure in measures.FURTHER if measure.name.startswith("carry_over")]
    even = [measure for measure in measures.FURTHER if measure.scale == "consistency"]
    for title, wanted in (
        ("The same for every customer?", even),
        ("After a hard conversation", carried),
        ("Care and tone", withheld.others()),
        ("Abuse taken: a load, never a mark", measures.LOADS),
    ):
        if own := _known(material, agent_id, wanted):
            yield Section(title, own)


def _known(material: Material, agent_id: str, wanted: Iterable[Measure]) -> tuple[Shown, ...]:
    """Those figures that have a value."""
    return withheld.known(tuple(content.shown(material, agent_id, measure) for measure in wanted))

"""What stands on an agent's page: a coaching talk first, then figures, course, composure, voice, and all turns behind.

Everything is cut from the material once for all agents; what is done agent by agent looks at cited turns only.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

import polars as pl

from empathy_scan.fingerprints import message_id
from empathy_scan.mirror import UNKNOWN_AGENT
from empathy_scan.report import (
    appealed,
    beside,
    coaching,
    composure,
    content,
    dialogue,
    likeness,
    measures,
    moments,
    past,
    piles,
    support,
    talk,
    voice,
    withheld,
    words,
)
from empathy_scan.report.cards import Cited, Examples
from empathy_scan.report.composure import Chain, Counts, Snap
from empathy_scan.report.findings import Answers, Finding
from empathy_scan.report.likeness import Alike, Key
from empathy_scan.report.material import TEAM, Material, Row
from empathy_scan.report.measures import Measure, Shown
from empathy_scan.report.own import Section as OwnSection
from empathy_scan.report.past import Change, Chart
from empathy_scan.report.piles import Pile
from empathy_scan.report.voice import Voice
from empathy_scan.report.withheld import Withheld


@dataclass(frozen=True, slots=True)
class Section:
    """A table of further figures."""

    title: str
    figures: tuple[Shown, ...]


@dataclass(frozen=True, slots=True)
class Disputed:
    """An appeal against a message of the agent's: where it stands, and what became of it."""

    where: dialogue.Link
    told: str


@dataclass(frozen=True, slots=True)
class AgentPage:
    """An agent's page."""

    slug: str
    name: str
    facts: tuple[str, ...]
    unnamed: str  # what is said of agents whom the export does not name; "" for anybody else
    band: str  # where the agent's empathy rate lies among the others
    talk: talk.Coaching | None  # None for agents without a name
    figures: tuple[Shown, ...]
    beside_head: tuple[str, ...]
    beside: tuple[beside.Row, ...]  # the same for the customers that the agent got, and drawn towards the team
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
    how: str  # how a label is disputed; "" where nothing is cited
    appeals: tuple[Disputed, ...]  # oldest first
    conversations: tuple[content.Listed, ...]
    conversations_more: str
    cited: tuple[tuple[str, str, str, int, int], ...]  # section, kind, conversation, turn, agent_turn, for the data
    doubts: tuple[str, ...] = ()  # what differs may be queue or channel (fairness.py)
    own: tuple[OwnSection, ...] = ()  # labels of the centre's own


@dataclass(frozen=True, slots=True)
class _Cut:
    """What is made once for all agents."""

    answers: Mapping[str, Answers]
    changes: dict[tuple[str, str], Row]
    weeks: dict[str, pl.DataFrame]
    voices: dict[str, Voice]
    snaps: dict[str, tuple[list[Snap], int]]
    piles: dict[str, tuple[Pile, ...]]
    spoke: dict[str, list[Row]]
    bands: dict[str, tuple[int, int]]


_VOICE = ("own_voice", "formulaicity")
UNNAMED = (
    "This page stands for all agents whom the export does not name. They may be several people, so nothing here is "
    "said of anybody: there are no strengths and nothing to work on, only what was counted."
)


def pages(material: Material, counts: Mapping[str, Answers], found: list[Finding]) -> Iterator[AgentPage]:
    """The page of every agent; `counts` and `found` are what `findings` tells of them."""
    cut = _cut(material, counts)
    picks = _picks(material, cut)
    alike = likeness.found(material, (row for one in picks.values() for row in one.talked()))
    examples = {agent_id: Examples(alike, agent_id) for agent_id in picks}
    used = {agent_id: talk.examples_of(one, examples[agent_id]) for agent_id, one in picks.items()}
    said = _said(material, picks, used, cut)
    for agent_id in material.agents:
        yield _page(material, agent_id, cut, picks[agent_id], used[agent_id], examples[agent_id],
                    Cited(said.get(agent_id)), coaching.load(found, agent_id))  # fmt: skip


def _cut(material: Material, answers: Mapping[str, Answers]) -> _Cut:
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
        answers=answers, changes=support.past_of(material),
        weeks=past.weeks_by_agent(material), voices=voice.voices(material), snaps=composure.snaps(material),
        piles=piles.piles(material), spoke=spoke, bands=measures.bands(ranges),
    )  # fmt: skip


def _picks(material: Material, cut: _Cut) -> dict[str, talk.Picked]:
    """What every page cites."""
    pools = moments.pools(material)
    counts: dict[str, dict[str, int]] = {}
    for (agent_id, kind), number in pools.counts.items():
        counts.setdefault(agent_id, {})[kind] = number
    return {
        agent_id: talk.pick(material, agent_id, pools, counts.get(agent_id, {}), cut.changes, cut.answers.get(agent_id))
        if agent_id != UNKNOWN_AGENT
        else talk.Picked()
        for agent_id in material.agents
    }


def _said(
    material: Material, picks: dict[str, talk.Picked], used: dict[str, dict[Key, list[Alike]]], cut: _Cut
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


def _page(
    material: Material, agent_id: str, cut: _Cut, picked: talk.Picked, used: dict[Key, list[Alike]], examples: Examples,
    cited: Cited, load: tuple[str, ...],
) -> AgentPage:  # fmt: skip
    """One agent's page."""
    named, spoke = agent_id != UNKNOWN_AGENT, cut.spoke[agent_id]
    snaps, number = cut.snaps.get(agent_id, ([], 0)) if named else ([], 0)
    courses = past.charts(material, agent_id, cut.weeks.get(agent_id), cut.weeks.get(TEAM)) if named else ()
    changes = past.changes(cut.changes, agent_id) if named else ()
    newest, more = piles.newest(spoke)
    spoken = cut.voices.get(agent_id) if named else None
    figures = tuple(content.shown(material, agent_id, measure) for measure in measures.HEADLINES)
    return AgentPage(
        slug=words.slug(agent_id), name=material.names[agent_id],
        facts=(content.span(spoke), *content.held_as(spoke)),
        unnamed="" if named else UNNAMED, band=_band(cut.bands, agent_id),
        talk=talk.talk(material, picked, used, examples, cited, load) if named else None,
        figures=withheld.known(figures), beside_head=beside.HEAD,
        beside=beside.rows(material, agent_id) if named else (), courses=courses, changes=changes,
        curve=composure.curve(material, agent_id),
        counts=composure.counts(material, agent_id, cut.answers.get(agent_id)),
        chains=tuple(composure.chain(material, snap, cited) for snap in snaps),
        chains_count=_chains(number, len(snaps)),
        voice=spoken, voiced=_known(material, agent_id, (support.MEASURES[name] for name in _VOICE)),
        sections=tuple(_sections(material, agent_id)),
        withheld=withheld.withheld(
            material, agent_id, courses=bool(courses), changes=bool(changes),
            varied=bool(spoken and spoken.varied), named=named,
        ),
        piles=cut.piles.get(agent_id, ()), how=_how(picked), appeals=tuple(_appeals(material, agent_id)),
        conversations=tuple(content.listed(material, row, without=agent_id) for row in newest), conversations_more=more,
        cited=tuple(
            (section, row["kind"], row["conversation_id"], row["turn"], row["agent_turn"])
            for section, row in picked.cited()
        ),
    )  # fmt: skip


def _how(picked: talk.Picked) -> str:
    """How a label is disputed, with the id of the first message that the page cites."""
    first = next((row for _, row in picked.cited()), None)
    return appealed.how(message_id(first["conversation_id"], first["agent_turn"])) if first else ""


def _appeals(material: Material, agent_id: str) -> Iterator[Disputed]:
    """The appeals against messages of an agent, or to one; none of those that were withdrawn."""
    for each in material.appeals:
        row, told = material.conversations[each.conversation_id], appealed.note(each)
        if told and each.agent_id == agent_id:
            name = f"{dialogue.channel(row)}, {dialogue.when(row)}"
            yield Disputed(dialogue.Link(name, material.href(each.conversation_id, each.turn)), told)


def _chains(number: int, told: int) -> str:
    """How many snap chains there are."""
    if not number:
        return ""
    held = words.plural(number, "conversation", "conversations")
    newest = f"; the newest {told} are told here" if number > told else ""
    return f"In {held} two or more stock phrases and no word of understanding came before the tone turned{newest}."


def _band(bands: dict[str, tuple[int, int]], agent_id: str) -> str:
    """The agent's band on the front page, in words; "" without one or without anybody beside."""
    if agent_id not in bands or len(bands) < 2:
        return ""
    last = max(end for _, end in bands.values())
    own = measures.letters(*bands[agent_id])
    whole = measures.letters(0, last)
    return f"Band {own} of {whole} for “Answered with understanding”: those who share a letter cannot be told apart."


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

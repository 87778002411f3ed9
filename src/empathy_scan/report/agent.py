"""What stands on an agent's page: figures, the moments cited, and every turn that the figures count."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import polars as pl

from empathy_scan.report import content, dialogue, measures, moments, words
from empathy_scan.report.dialogue import Link, Turn
from empathy_scan.report.findings import Finding
from empathy_scan.report.material import Material, Row
from empathy_scan.report.measures import Measure, Shown


@dataclass(frozen=True, slots=True)
class Moment:
    """One cited exchange: why it is cited, the customer's words, the agent's, and where it stands."""

    kind: str
    title: str
    where: Link
    asked: Turn
    between: str  # how many messages lie between the two; "" where the answer came at once
    answer: Turn


@dataclass(frozen=True, slots=True)
class Pile:
    """All turns that a figure counts with one outcome, as links."""

    kind: str
    title: str
    links: tuple[Link, ...]


@dataclass(frozen=True, slots=True)
class AgentPage:
    """An agent's page."""

    slug: str
    name: str
    facts: tuple[str, ...]
    groups: tuple[content.Group, ...]
    figures: tuple[Shown, ...]
    further: tuple[Shown, ...]
    loads: tuple[Shown, ...]
    praise: tuple[Moment, ...]
    talk: tuple[Moment, ...]
    piles: tuple[Pile, ...]
    conversations: tuple[content.Listed, ...]


MOMENTS = {
    "rose": "Rose above a hostile message",
    "empathic": "Answered with understanding",
    "guarded": "Guarded or hostile answer",
    "scripted": "Stock phrases only",
    "missed": "Call for empathy missed",
}
_SNIPPET = 84  # characters of a customer's words in a list of turns


def pages(material: Material, found: list[Finding]) -> Iterator[AgentPage]:
    """The page of every agent."""
    cited = _cited(material)
    piles = _piles(material)
    spoke: dict[str, list[Row]] = {agent_id: [] for agent_id in material.agents}
    for row in material.conversations.values():
        for agent_id in row["agents"]:
            spoke[agent_id].append(row)
    for agent_id in material.agents:
        own = [finding for finding in found if finding.agent_id == agent_id]
        yield AgentPage(
            slug=words.slug(agent_id), name=material.names[agent_id],
            facts=(content.span(spoke[agent_id]), *content.held_as(spoke[agent_id])),
            groups=tuple(content.groups_of(own, most=len(own), names=material.names)),
            figures=tuple(content.shown(material, agent_id, measure) for measure in measures.HEADLINES),
            further=tuple(_known(material, agent_id, measures.FURTHER)),
            loads=tuple(_known(material, agent_id, measures.LOADS)),
            praise=cited.get((agent_id, moments.PRAISE), ()), talk=cited.get((agent_id, moments.TALK), ()),
            piles=piles.get(agent_id, ()),
            conversations=tuple(content.listed(material, row, without=agent_id) for row in spoke[agent_id]),
        )  # fmt: skip


def _cited(material: Material) -> dict[tuple[str, str], tuple[Moment, ...]]:
    """The cited moments by agent and section."""
    chosen = moments.choose(material)
    keys = {(row["conversation_id"], row[turn]) for row in chosen for turn in ("turn", "agent_turn")}
    turns = pl.DataFrame(sorted(keys), schema={"conversation_id": pl.String, "turn": pl.Int32}, orient="row")
    rows = material.said.join(turns, on=["conversation_id", "turn"], how="semi").iter_rows(named=True)
    said = {(row["conversation_id"], row["turn"]): row for row in rows}
    cited: dict[tuple[str, str], list[Moment]] = {}
    for row in chosen:
        cited.setdefault((row["agent_id"], row["section"]), []).append(_moment(material, row, said))
    return {key: tuple(found) for key, found in cited.items()}


def _moment(material: Material, row: Row, said: Mapping[tuple[str, int], Row]) -> Moment:
    """One cited exchange, both sides cut to what is marked."""
    conversation = material.conversations[row["conversation_id"]]
    both = [said[row["conversation_id"], row[turn]] for turn in ("turn", "agent_turn")]
    where = Link(f"{dialogue.channel(conversation)}, {dialogue.when(conversation)}",
                 material.href(row["conversation_id"], row["agent_turn"]))  # fmt: skip
    asked, answer = (dialogue.turn(material, turn, short=True) for turn in both)
    skipped = both[1]["turn"] - both[0]["turn"] - 1
    between = words.plural(skipped, "message in between", "messages in between") if skipped > 0 else ""
    return Moment(row["kind"], MOMENTS[row["kind"]], where, asked, between, answer)


def _piles(material: Material) -> dict[str, tuple[Pile, ...]]:
    """Every turn behind an agent's headline figures, by outcome."""
    call = pl.col("call") & pl.col("answer").is_not_null()
    rose = pl.col("rose_above")
    piles: dict[str, list[Pile]] = {}
    for kind, title, which in (
        ("empathic", "Calls for empathy answered with understanding", call & (pl.col("answer") == "empathic")),
        ("scripted", "Calls for empathy answered with stock phrases only", call & (pl.col("answer") == "scripted")),
        ("missed", "Calls for empathy missed", call & (pl.col("answer") == "missed")),
        ("rose", "Hostile messages that the agent rose above", rose.fill_null(value=False)),
        ("load", "Other hostile messages with an answer", ~rose.fill_null(value=True)),
    ):
        _pile(piles, material, kind, title, material.answers.filter(which))
    strained = material.exchanges.filter((pl.col("tone") > 0) & pl.col("customer_turn").is_not_null())
    _pile(piles, material, "guarded", "Guarded or hostile answers", strained)
    return {agent_id: tuple(found) for agent_id, found in piles.items()}


def _pile(piles: dict[str, list[Pile]], material: Material, kind: str, title: str, rows: pl.DataFrame) -> None:
    """Add one outcome to the piles of every agent who has turns of it."""
    texts = material.said.select("conversation_id", "turn", pl.col("text").str.slice(0, _SNIPPET + 1))
    quoted = rows.filter(pl.col("agent_id").is_not_null()).join(texts, on=["conversation_id", "turn"], how="inner")
    for (agent_id,), group in (
        quoted.sort("started_at", "conversation_id", "turn")
        .partition_by("agent_id", as_dict=True, maintain_order=True)
        .items()
    ):
        links = tuple(_quote(material, row) for row in group.iter_rows(named=True))
        piles.setdefault(str(agent_id), []).append(Pile(kind, f"{title} ({len(links):,})", links))


def _quote(material: Material, row: Row) -> Link:
    """A turn by its first words."""
    text = " ".join(words.shown(row["text"]).split())
    cut = f"{text[:_SNIPPET].rsplit(' ', 1)[0]} …" if len(text) > _SNIPPET else text
    return Link(f"“{cut}”", material.href(row["conversation_id"], row["turn"]))


def _known(material: Material, agent_id: str, wanted: tuple[Measure, ...]) -> Iterator[Shown]:
    """Those figures that `summary` made."""
    return (content.shown(material, agent_id, measure) for measure in wanted if material.figure(agent_id, measure.name))

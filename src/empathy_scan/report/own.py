"""Labels of a centre's own in a report: how often, with n and range, messages to read, and how good each label is.

Names, questions and definitions come from a user's file: they are texts like any other, and escaped by the templates.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

import polars as pl

from empathy_scan import quantify, tables
from empathy_scan.codebook import Role
from empathy_scan.mirror import UNKNOWN_AGENT
from empathy_scan.quantify import Confusion
from empathy_scan.report import marks, measures, ownmarks, rates, words
from empathy_scan.report.charts import Axis
from empathy_scan.report.dialogue import Link
from empathy_scan.report.marks import Piece
from empathy_scan.report.material import TEAM, Material
from empathy_scan.report.measures import Figure, Measure, Shown
from empathy_scan.stats import Estimate

MOMENTS = 3  # messages to read of each label on an agent's page
KIND = marks.OWN  # its sign
_TURN = ("conversation_id", "turn")
_LEVELS = ("messages", "conversations")
TABLE = "own_labels"
COLUMNS = {
    "label": pl.String, "name": pl.String, "role": pl.String, "verdict": pl.String, "agent_id": pl.String,
    "unit": pl.String, "value": pl.Float64, "n": pl.Int64, "conversations": pl.Int64, "low": pl.Float64,
    "high": pl.Float64, "why": pl.String, "corrected": pl.Float64, "corrected_low": pl.Float64,
    "corrected_high": pl.Float64, "kappa": pl.Float64, "kappa_low": pl.Float64, "kappa_high": pl.Float64,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Label:
    """A label of the centre's own and what its head is good for: good, doubtful, poor or other (another model's)."""

    key: str
    name: str
    role: str
    question: str
    definition: str
    verdict: str
    words: str
    answers: Mapping[str, int]
    kappa: Estimate | None
    found: Estimate | None
    right: Estimate | None
    confusion: Confusion

    @property
    def shown(self) -> bool:
        """Whether figures are made of it."""
        return self.verdict in {"good", "doubtful"}


@dataclass(frozen=True, slots=True)
class Own:
    """All own labels, and what their heads found: rows of OWN_LABELS."""

    labels: tuple[Label, ...] = ()
    rows: pl.DataFrame = field(default_factory=tables.OWN_LABELS.empty)


@dataclass(frozen=True, slots=True)
class Moment:
    """A message that has a label, with the words that carried it."""

    who: str
    side: str  # agent or customer
    pieces: tuple[Piece, ...]
    chance: str
    where: Link


@dataclass(frozen=True, slots=True)
class Line:
    """An agent's figures of a label."""

    who: Link
    figures: tuple[Shown, ...]


@dataclass(frozen=True, slots=True)
class Section:
    """What a page says of a label."""

    name: str
    meaning: str
    warning: str  # "" where it is good enough
    figures: tuple[Shown, ...]
    lines: tuple[Line, ...] = ()
    moments: tuple[Moment, ...] = ()
    caption: str = ""


@dataclass(frozen=True, slots=True)
class Known:
    """What the Method page says of a label."""

    name: str
    question: str
    definition: str
    facts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Pages:
    """What every page says of own labels, and the table of their figures."""

    front: tuple[Section, ...] = ()
    agents: Mapping[str, tuple[Section, ...]] = field(default_factory=dict)  # by agent
    method: tuple[Known, ...] = ()
    tables: Mapping[str, pl.DataFrame] = field(default_factory=dict)  # of COLUMNS, by name


def pages(material: Material, own: Own | None) -> Pages:
    """What the pages of a report say of own labels; nothing where there are none."""
    if own is None or not own.labels:
        return Pages()
    shown = [label for label in own.labels if label.shown]
    rows = {label.key: _placed(material, own.rows, label) for label in shown}
    figures = {label.key: _figures(rows[label.key], label) for label in shown}
    agents = {
        agent_id: tuple(
            section
            for label in shown
            if (section := _of_agent(material, label, agent_id, figures[label.key], rows[label.key])) is not None
        )
        for agent_id in material.agents
    }
    return Pages(
        tuple(_of_team(material, label, figures[label.key]) for label in shown), agents,
        tuple(map(_known, own.labels)), {TABLE: _table(own.labels, figures)},
    )  # fmt: skip


def on_turns(own: Own | None) -> ownmarks.Found:
    """What the pages of conversations say of own labels; nothing of those that are no good."""
    if own is None:
        return ownmarks.Found()
    told = {
        label.key: ownmarks.Named(
            words.shown(label.name), " ".join(words.shown(f"{label.question} {label.definition}").split()),
            _warning(label),
        )
        for label in own.labels
        if label.shown
    }  # fmt: skip
    return ownmarks.found(told, own.rows)


def _placed(material: Material, rows: pl.DataFrame, label: Label) -> pl.DataFrame:
    """What a head found in the turns of the report, with their words and agents.

    A customer's turn is that of the agent who speaks next, else of the latest agent before it.
    """
    said = material.said.sort(*_TURN).select(
        *_TURN, "role", "text", "started_at",
        agent_id=pl.col("agent_id").backward_fill().forward_fill().over("conversation_id"),
    )  # fmt: skip
    own = rows.filter(label=label.key).drop("role")
    return said.filter(role=label.role).join(own, on=_TURN, how="inner", maintain_order="left")


def _figures(rows: pl.DataFrame, label: Label) -> dict[tuple[str, str], Figure]:
    """By agent (TEAM for all) and level the share of messages, or of conversations, that have the label."""
    said = rows.select("conversation_id", "agent_id", hit="given")
    talks = said.group_by("conversation_id", "agent_id").agg(pl.col("hit").any())
    whole = said.group_by("conversation_id").agg(pl.col("hit").any())
    found: dict[tuple[str, str], Figure] = {}
    for level, by_agent, of_all in (("messages", said, said), ("conversations", talks, whole)):
        made = rates.by(by_agent.filter(pl.col("agent_id").is_not_null()), ["agent_id"], measure="missed_rate")
        for (agent_id,), figure in made.items():
            found[str(agent_id), level] = _corrected(figure, label, level)
        found[TEAM, level] = _corrected(rates.whole(of_all, measure="missed_rate"), label, level)
    return found


def _corrected(figure: Figure, label: Label, level: str) -> Figure:
    """A share of messages with what is left of it after allowing for the head's known errors."""
    if level != "messages" or figure.value is None or figure.low is None or figure.high is None:
        return figure
    rate = Estimate(figure.value, figure.low, figure.high)
    made = quantify.correct([rate], label.confusion, ("without it", "with it"))
    return figure if isinstance(made, str) else replace(figure, corrected=made[0])


def _measure(label: Label, level: str) -> Measure:
    """The figure of a label in the words of a report."""
    whose = "agents’" if label.role == Role.AGENT else "customers’"
    what = f"The {whose} messages" if level == "messages" else "Conversations with a message"
    unit = ("message", "messages") if level == "messages" else ("conversation", "conversations")
    name = words.shown(label.name)
    return Measure(f"own_{label.key}_{level}", f"{name}: share of {level}", name, KIND, unit, f"{what} that have it.")


def _shown(label: Label, figures: Mapping[tuple[str, str], Figure], agent_id: str, *, team: bool) -> tuple[Shown, ...]:
    return tuple(
        measures.show(
            _measure(label, level), figures.get((agent_id, level)), axis=Axis(),
            team=figures.get((TEAM, level)) if team else None,
        )
        for level in _LEVELS
    )  # fmt: skip


def _of_team(material: Material, label: Label, figures: Mapping[tuple[str, str], Figure]) -> Section:
    """A label on the front page."""
    lines = tuple(
        Line(
            Link(material.names[agent_id], material.agent_href(agent_id)),
            _shown(label, figures, agent_id, team=len(material.agents) > 1),
        )
        for agent_id in material.agents
        if (agent_id, "messages") in figures
    )
    name = words.shown(label.name)
    return Section(
        name, words.shown(label.definition), _warning(label), _shown(label, figures, TEAM, team=False), lines,
        caption=f"{name}, by agent",
    )  # fmt: skip


def _of_agent(
    material: Material, label: Label, agent_id: str, figures: Mapping[tuple[str, str], Figure], rows: pl.DataFrame
) -> Section | None:
    """A label on an agent's page; None where none of the agent's messages were judged."""
    if (agent_id, "messages") not in figures:
        return None
    moments = () if agent_id == UNKNOWN_AGENT else tuple(_moments(material, label, agent_id, rows))
    return Section(
        words.shown(label.name), words.shown(label.definition), _warning(label),
        _shown(label, figures, agent_id, team=len(material.agents) > 1), moments=moments,
    )  # fmt: skip


def _warning(label: Label) -> str:
    """What is said beside a label that is not sure enough."""
    if label.verdict == "good" or label.kappa is None:
        return ""
    return (
        f"This label is not sure enough to compare people by. It agrees with your reviewers by {_kappa(label.kappa)}, "
        "where 1 is complete agreement and 0 is luck. Read the messages, and label more."
    )


def _moments(material: Material, label: Label, agent_id: str, rows: pl.DataFrame) -> Iterator[Moment]:
    """The surest messages of an agent, each from another conversation."""
    mine = rows.filter((pl.col("agent_id") == agent_id) & pl.col("given"))
    surest = mine.sort("p", *_TURN, descending=[True, False, False]).unique("conversation_id", maintain_order=True)
    for row in surest.head(MOMENTS).iter_rows(named=True):
        when = words.date(row["started_at"]) if row["started_at"] else "date not known"
        who = material.names[agent_id] if label.role == Role.AGENT else "Customer"
        yield Moment(
            who, label.role, _pieces(row["text"], row["evidence"], words.shown(label.name)),
            words.chance(float(row["p"])),
            Link(when, material.href(row["conversation_id"], row["turn"])),
        )  # fmt: skip


def _pieces(text: str, evidence: list[dict[str, object]], name: str) -> tuple[Piece, ...]:
    """A message, cut where the words that carried a label begin and end; a long one around the first of them."""
    spans = sorted((int(str(one["start"])), int(str(one["end"])), float(str(one["weight"]))) for one in evidence)
    start, end = words.excerpt(text, around=spans[0][0] if spans else 0)
    found, at = [Piece("… " if start else "")], start
    for first, last, weight in spans:
        left, right = max(first, at), min(last, end)
        if left < right:
            found.append(Piece(words.shown(text[at:left])))
            found.append(Piece(words.shown(text[left:right]), KIND, weight >= marks.STRONG, f"counted for: {name}"))
            at = right
    found += [Piece(words.shown(text[at:end])), Piece(" …" if end < len(text) else "")]
    return tuple(piece for piece in found if piece.text)


def _known(label: Label) -> Known:
    """A label on the Method page."""
    told = label.answers
    people = words.plural(told.get("reviewers", 0), "person", "people")
    answered = words.plural(told.get("turns", 0), "message", "messages")
    held = words.plural(told.get("conversations", 0), "conversation", "conversations")
    counts = f"{told.get('yes', 0):,} yes, {told.get('no', 0):,} no"
    facts = [f"Of the {label.role}’s messages. {people} labelled {answered} of {held}: {counts}.", _verdict(label)]
    for share, what in (
        (label.found, "of the messages that have it, it finds"),
        (label.right, "of the messages that it finds, people confirm"),
    ):
        if share is not None:
            facts.append(f"{what[0].upper()}{what[1:]} {words.percent(share.value)} {_range(share)}.")
    if told.get("reviewers", 0) == 1:
        facts.append("Only one person labelled, so nobody knows how far people would agree on it.")
    facts.append(
        "These figures are from conversations that were not learned from, weighted for how likely each message was to "
        "be drawn."
    )
    return Known(words.shown(label.name), words.shown(label.question), words.shown(label.definition), tuple(facts))


def _verdict(label: Label) -> str:
    if label.verdict == "other":
        return (
            "Not shown: it was trained for another model than the one that labels these conversations. Train it again."
        )
    if label.kappa is None:
        return f"Not shown: {words.shown(label.words)}."
    agreed = f"it agrees with your reviewers by {_kappa(label.kappa)}"
    return {
        "good": f"Good enough to show: {agreed}.",
        "doubtful": f"Shown with a warning: {agreed}; more answers would tell.",
    }.get(label.verdict, f"Not shown, as it is not good enough: {agreed}.")


def _kappa(held: Estimate) -> str:
    return f"{held.value:.2f} ({held.low:.2f} to {held.high:.2f})"


def _range(held: Estimate) -> str:
    return f"({words.percent(held.low).removesuffix('%')} to {words.percent(held.high)})"


def _table(labels: tuple[Label, ...], figures: Mapping[str, Mapping[tuple[str, str], Figure]]) -> pl.DataFrame:
    """The figures as a table; a label that is not shown has one row without any."""
    rows: list[dict[str, object]] = []
    for label in labels:
        kappa = label.kappa
        head: dict[str, object] = {
            "label": label.key, "name": label.name, "role": label.role, "verdict": label.verdict,
            "kappa": kappa and kappa.value, "kappa_low": kappa and kappa.low, "kappa_high": kappa and kappa.high,
        }  # fmt: skip
        if label.key not in figures:
            rows.append(head)
        for (agent_id, level), figure in sorted(figures.get(label.key, {}).items()):
            own = figure.corrected
            rows.append(head | {
                "agent_id": agent_id, "unit": level, "value": figure.value, "n": figure.n,
                "conversations": figure.conversations, "low": figure.low, "high": figure.high, "why": figure.why,
                "corrected": own and own.value, "corrected_low": own and own.low, "corrected_high": own and own.high,
            })  # fmt: skip
    return pl.DataFrame(rows, schema=COLUMNS)

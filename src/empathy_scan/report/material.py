"""The frames of a report, checked, joined and grouped once: all pages are cut from this."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import polars as pl

from empathy_scan import gaming, mirror, tables
from empathy_scan.codebook import Role
from empathy_scan.config import ReportConfig
from empathy_scan.phrases import Phrases
from empathy_scan.report import appealed, charts, measures, ownmarks, words
from empathy_scan.report.appealed import Appealed
from empathy_scan.report.measures import Figure
from empathy_scan.stats import Estimate

WEEKS = 13  # of which a page shows the course: a quarter
WEEKLY = tuple(measure.name for measure in measures.HEADLINES)
TEAM = ""  # the team's key among the agents of the figures
Row = dict[str, Any]  # one row of a frame, as polars names it


@dataclass(frozen=True, slots=True)
class Frames:
    """The frames that a report is made of, as the stages before it left them."""

    turns: pl.DataFrame
    scores: pl.DataFrame
    labels: pl.DataFrame
    figures: pl.DataFrame
    rejects: pl.DataFrame
    phrases: Phrases
    weeks: pl.DataFrame  # trends.WEEKS
    changes: pl.DataFrame  # trends.CHANGES

    def checked(self) -> Frames:
        """The same frames in their tables' shape; SchemaError where one is not."""
        return Frames(
            tables.conform(self.turns, tables.TURNS),
            tables.conform(self.scores, tables.SCORES),
            tables.conform(self.labels, tables.LABELS),
            tables.conform(self.figures, tables.FIGURES),
            tables.conform(self.rejects, tables.REJECTS),
            self.phrases,
            self.weeks,
            self.changes,
        )


@dataclass(frozen=True, slots=True)
class People:
    """What a roster says of the agents: their names, their teams, and who is not on it."""

    names: Mapping[str, str] = field(default_factory=dict)
    teams: Mapping[str, str] = field(default_factory=dict)
    unlisted: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Material:
    """Everything that the pages are cut from."""

    config: ReportConfig
    said: pl.DataFrame  # one row per turn: text, labels, probabilities, evidence, and the answer a customer's turn got
    exchanges: pl.DataFrame  # with `acted`, `recited` and `snapped` of mirror.agent_turns
    answers: pl.DataFrame  # with `first_turn` and `first_tone`: of the first agent turn after the customer's
    conversations: dict[str, Row]  # one row each, by date
    agents: tuple[str, ...]  # by name
    names: dict[str, str]
    figures: dict[tuple[str, str], Figure]  # by agent (TEAM for the team) and measure
    teams: dict[tuple[str, str], Figure]  # by team of the roster and measure
    groups: dict[tuple[str, str], Figure]  # by group of conversations (`queue=Billing`) and measure
    people: People
    axes: dict[str, charts.Axis]  # by measure: the same scale on every page
    rejects: list[Row]
    phrases: Phrases  # the caring sentences with their phrases, and the phrases; none where the report got none
    house: pl.DataFrame  # where house phrases stand: conversation_id, turn, start, end, text, agents, spoken, more
    beside: pl.DataFrame  # for every agent of a conversation the agent's conversations before and after it, by date
    weeks: pl.DataFrame  # the headline figures of every agent and of the team in the last WEEKS weeks
    changes: pl.DataFrame
    appeals: tuple[Appealed, ...] = ()  # against labels of these conversations, in the order of opening
    own: ownmarks.Found = field(default_factory=ownmarks.Found)  # labels of the centre's own on the turns

    def figure(self, agent_id: str, measure: str) -> Figure | None:
        """The figure of an agent, or of the team; None where `summary` made none."""
        return self.figures.get((agent_id, measure))

    def team_names(self) -> list[str]:
        """The teams of the roster that have figures, by name."""
        return sorted({team for team, _ in self.teams}, key=lambda team: (team.casefold(), team))

    def href(self, conversation_id: str, turn: int | None = None) -> str:
        """The address of a conversation, or of a turn in it, from the report's root."""
        return f"conversations/{words.slug(conversation_id)}.html" + ("" if turn is None else f"#t{turn}")

    def agent_href(self, agent_id: str) -> str:
        """The address of an agent's page from the report's root."""
        return f"agents/{words.slug(agent_id)}.html"


def prepare(
    frames: Frames, config: ReportConfig, people: People, appeals: Sequence[Appealed] = (),
    own: ownmarks.Found | None = None,
) -> Material:  # fmt: skip
    """The material of a report, whose labels hold what `appeals` have decided already; `own` are labels beside them.

    Raises SchemaError for a frame that is not of its table.
    """
    frames = frames.checked()
    exchanges = mirror.agent_turns(frames.labels)
    answers = _with_first_turn(mirror.answers(frames.labels), exchanges)
    said = _with_appeals(_said(frames, answers), appeals)
    of_team = (pl.col("scope") == "team") & (pl.col("agent_id") != TEAM)
    of_group = pl.col("scope") == "group"
    figures, teams, groups = (
        _figures(frames.figures.filter(part)) for part in (~of_team & ~of_group, of_team, of_group)
    )
    agents = _agents(said, frames.figures)
    called = words.names(agents, people.names)
    return Material(
        config=config, said=said, exchanges=exchanges, answers=answers,
        conversations=_conversations(said, exchanges),
        agents=tuple(sorted(agents, key=lambda agent_id: (called[agent_id].casefold(), agent_id))),
        names=called, figures=figures, teams=teams, groups=groups, people=people,
        axes=_axes([*figures.items(), *teams.items(), *groups.items()]),
        rejects=frames.rejects.sort(tables.REJECTS.key).to_dicts(),
        phrases=frames.phrases, house=_house(frames.phrases), beside=_beside(said),
        weeks=frames.weeks, changes=frames.changes,
        appeals=_within(said, appeals), own=own or ownmarks.Found(),
    )  # fmt: skip


def _house(phrases: Phrases) -> pl.DataFrame:
    """The places of house phrases, and how many `agents` say them in how many conversations.

    From ten on, conversations are cut to the first digit (`spoken`), with `more` where that is fewer: a page need not
    be made again for every conversation that is added.
    """
    count = pl.col("conversations").cast(pl.Int64)
    unit = pl.lit(10, pl.Int64).pow(count.cast(pl.String).str.len_chars() - 1)
    told = pl.when(count < 10).then(count).otherwise(count // unit * unit).cast(pl.Int64)
    known = phrases.phrases.select("phrase", "agents", spoken=told, more=told < count)
    return (
        phrases.sentences.filter(pl.col("house") & pl.col("start").is_not_null())
        .join(known, on="phrase", how="inner")
        .select("conversation_id", "turn", "start", "end", "text", "agents", "spoken", "more")
        .sort("conversation_id", "turn", "start")
    )


def _beside(said: pl.DataFrame) -> pl.DataFrame:
    """One row per agent and conversation, with the ids of the agent's conversations before and after it."""
    held = (
        said.filter(pl.col("role") == Role.AGENT)
        .select("agent_id", "conversation_id", "started_at")
        .unique(["agent_id", "conversation_id"])
        .sort("agent_id", "started_at", "conversation_id", nulls_last=True)
    )
    return held.select(
        "conversation_id", "agent_id",
        before=pl.col("conversation_id").shift(1).over("agent_id"),
        after=pl.col("conversation_id").shift(-1).over("agent_id"),
    ).sort("conversation_id", "agent_id")  # fmt: skip


def _with_first_turn(answers: pl.DataFrame, exchanges: pl.DataFrame) -> pl.DataFrame:
    """The answers with the first agent turn after each customer turn and its tone, which decide rising above."""
    turns = exchanges.select("conversation_id", "turn", first_turn="turn", first_tone="tone").sort("turn")
    return (
        answers.sort("turn")
        .join_asof(turns, on="turn", by="conversation_id", strategy="forward", check_sortedness=False)
        .sort(tables.ANSWERS.key)
    )


def _said(frames: Frames, answers: pl.DataFrame) -> pl.DataFrame:
    """One row per turn of the conversations, with all that is known of it."""
    key = ["conversation_id", "turn"]
    labels = frames.labels.select(*key, "flags", "tone", "kinds", "hardship", labelled_agent="agent_id")
    answered = answers.select(*key, "call", "answer", "answer_turn", "rose_above")
    return (
        frames.turns.drop("speaker", "end", "format", "direction", "metadata", "confidence", "overlap")
        .join(labels, on=key, how="left")
        .join(_by_turn(frames.scores), on=key, how="left")
        .join(answered, on=key, how="left")
        .with_columns(agent_id=_named_agent())
        .drop("labelled_agent")
        .pipe(_with_signs)
        .sort(key)
    )


def _within(said: pl.DataFrame, appeals: Sequence[Appealed]) -> tuple[Appealed, ...]:
    """The appeals of the report's conversations, each with the agent who says the message there, or answers it."""
    if not appeals:
        return ()
    ids = pl.DataFrame({"conversation_id": [each.conversation_id for each in appeals]}).unique()
    own = said.join(ids, on="conversation_id", how="semi").sort("conversation_id", "turn")
    agent = pl.when(pl.col("role") == Role.AGENT).then("agent_id")
    nearest = pl.coalesce(agent.backward_fill().over("conversation_id"), agent.forward_fill().over("conversation_id"))
    agents = {row[:2]: row[2] for row in own.select("conversation_id", "turn", nearest.alias("agent")).iter_rows()}
    there = {conversation for conversation, _ in agents}
    return tuple(
        replace(each, agent_id=agents.get((each.conversation_id, each.turn), each.agent_id) or "")
        for each in appeals
        if each.conversation_id in there
    )


def _with_appeals(said: pl.DataFrame, appeals: Sequence[Appealed]) -> pl.DataFrame:
    """The turns with `appeal`, what stands beside an appealed one; where people decided, the model has no say."""
    rows = [
        (each.conversation_id, each.turn, appealed.note(each) or None, bool(each.outcome) and each.applies)
        for each in appeals
    ]
    schema = {"conversation_id": pl.String, "turn": pl.Int32, "appeal": pl.String, "_decided": pl.Boolean}
    told = pl.DataFrame(rows, schema=schema, orient="row").unique(["conversation_id", "turn"], keep="last")
    joined = said.join(told, on=("conversation_id", "turn"), how="left", maintain_order="left")
    chances = [name for name in said.columns if name.startswith("p_")]
    models = pl.when(~pl.col("_decided").fill_null(value=False))
    return joined.with_columns(
        *(models.then(name).alias(name) for name in (*chances, "evidence", "deletions", "owned") if name != "p_civil"),
        p_civil=models.then("p_civil").otherwise((pl.col("tone") == 0).cast(pl.Float32)),
        unsure=models.then("unsure").otherwise(pl.lit(value=False)),
    ).drop("_decided")


def _with_signs(said: pl.DataFrame) -> pl.DataFrame:
    """The turns with the `signs` of gaming in words; null for those that have none."""
    told = pl.col("signs").list.eval(pl.element().replace_strict(gaming.SIGNS)).list.join(", ")
    columns = ("conversation_id", "turn", "role", "text", "flags", "evidence")
    signs = gaming.found(said.select(columns)).with_columns(signs=told)
    return said.join(signs, on=("conversation_id", "turn"), how="left")


def _named_agent() -> pl.Expr:
    """The agent of an agent's turn, named as `mirror` names an unknown one; null for others."""
    agent = pl.when(pl.col("role") == Role.AGENT)
    return agent.then(pl.coalesce("agent_id", "labelled_agent", pl.lit(mirror.UNKNOWN_AGENT)))


def _by_turn(scores: pl.DataFrame) -> pl.DataFrame:
    """The scores of a turn: the highest probability of its segments, unsure if one is, all evidence in order."""
    return (
        scores.sort(tables.SCORES.key)
        .group_by("conversation_id", "turn", maintain_order=True)
        .agg(
            pl.col("^p_.*$").max(),
            pl.col("unsure").any(),
            pl.col("evidence", "deletions").explode().drop_nulls(),
            pl.struct("start", "end").filter(pl.col("flags").str.contains("O", literal=True)).alias("owned"),
        )
    )


def _figures(figures: pl.DataFrame) -> dict[tuple[str, str], Figure]:
    """The figures by agent (or team) and measure."""
    named = figures.with_columns(why=pl.col("why").fill_null(""))
    return {(row["agent_id"], row["measure"]): _figure(row) for row in named.iter_rows(named=True)}


def _figure(row: Row) -> Figure:
    """One row of the figures."""
    told = {name: row[name] for name in ("measure", "value", "n", "conversations", "low", "high", "why")}
    return Figure(
        **told, corrected=_estimate(row, "corrected"), adjusted=_estimate(row, "adjusted"),
        shrunken=_estimate(row, "shrunken"), reference=row["reference"], stands_out=row["stands_out"],
        p_value=row["p_value"],
    )  # fmt: skip


def _estimate(row: Row, name: str) -> Estimate | None:
    """A second value of a figure with its interval; None where there is none."""
    return None if row[name] is None else Estimate(row[name], row[f"{name}_low"], row[f"{name}_high"])


def _agents(said: pl.DataFrame, figures: pl.DataFrame) -> list[str]:
    """Every agent who speaks or has a figure."""
    spoke = said.filter(pl.col("role") == Role.AGENT)["agent_id"]
    counted = figures.filter(pl.col("scope") == "agent")["agent_id"]
    return pl.concat([spoke, counted]).drop_nulls().unique().sort().to_list()


def _axes(figures: Iterable[tuple[tuple[str, str], Figure]]) -> dict[str, charts.Axis]:
    """The axis of every measure, over all agents and the team and all measures of its scale."""
    known = (*measures.HEADLINES, *measures.FURTHER, *measures.LOADS)
    scales = {measure.name: measure.scale or measure.name for measure in known}
    drawn: dict[str, list[Figure]] = {scale: [] for scale in scales.values()}
    for (_, name), figure in figures:
        if name in scales:
            drawn[scales[name]].append(figure)
    return {measure.name: measures.axis_of(measure, drawn[scales[measure.name]]) for measure in known}


def _conversations(said: pl.DataFrame, exchanges: pl.DataFrame) -> dict[str, Row]:
    """What the lists say of each conversation, in the order of their dates."""
    asked = pl.col("call") & pl.col("answer").is_not_null()
    counts = said.group_by("conversation_id").agg(
        pl.col("channel", "queue", "started_at", "source").first(),
        pl.col("agent_id")
        .filter(pl.col("role") == Role.AGENT)
        .drop_nulls()
        .unique(maintain_order=True)
        .alias("agents"),
        turns=pl.len(),
        calls=asked.sum(),
        **{answer: (asked & (pl.col("answer") == answer)).sum() for answer in ("empathic", "scripted", "missed")},
        hostile=((pl.col("role") == Role.CUSTOMER) & (pl.col("tone") == 2)).sum(),
        rose=pl.col("rose_above").sum(),
    )
    strained = exchanges.group_by("conversation_id").agg(guarded=(pl.col("tone") > 0).sum())
    rows = counts.join(strained, on="conversation_id", how="left").with_columns(pl.col("guarded").fill_null(0))
    ordered = rows.sort("started_at", "conversation_id", nulls_last=True)
    return {row["conversation_id"]: row for row in ordered.iter_rows(named=True)}

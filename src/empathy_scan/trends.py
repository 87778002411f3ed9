"""Figures week by week, and whether an agent has changed: by an interval, after allowing for how many were looked at.

A week begins on Monday at 0:00 UTC and holds the conversations that began in it. A change is a measure's value in the
last RECENT weeks less that in the weeks before, over whole conversations like every figure; with many agents some will
seem to have changed by luck, so a change counts only where it holds after Benjamini and Hochberg's (1995) correction
over all agents of a measure.
"""

from __future__ import annotations

import zlib
from collections.abc import Collection
from typing import cast

import numpy as np
import polars as pl
from scipy import special

from empathy_scan import stats
from empathy_scan.config import SummaryConfig
from empathy_scan.opportunities import opportunities
from empathy_scan.summary import MEASURES, SUMS, Kind, conversation_sums, figure_of, of_team

TEAM = ""
RECENT = 4  # weeks that are held against those before
_MEASURED = [name for name, kind in MEASURES.items() if kind is Kind.RATE]  # whose changes are tested
WEEKS = {
    "agent_id": pl.String, "measure": pl.String, "week": pl.Date,  # its Monday
    "value": pl.Float64, "n": pl.Int64, "conversations": pl.Int64, "low": pl.Float64, "high": pl.Float64,
    "why": pl.String,  # the reason where there is no value
}  # fmt: skip
CHANGES = {
    "agent_id": pl.String, "measure": pl.String,
    "before": pl.Float64, "after": pl.Float64, "change": pl.Float64, "low": pl.Float64, "high": pl.Float64,
    "conversations_before": pl.Int64, "conversations_after": pl.Int64,
    "p_value": pl.Float64,  # two-sided, of no change
    "changed": pl.Boolean,  # holds at 5% after allowing for all agents of the measure
}  # fmt: skip


def by_week(
    labels: pl.DataFrame, config: SummaryConfig, *, measures: Collection[str] | None = None, latest: int | None = None
) -> pl.DataFrame:
    """Every measure of every agent, and of the team (agent ""), in every week with an opportunity: the columns WEEKS.

    `measures`: only these. `latest`: only so many weeks, counted back from the last one in the labels. Conversations
    without a time are in no week. Raises SchemaError for anything that is not a LABELS frame.
    """
    return _weeks_of(_timed(labels), config, measures=measures, latest=latest)


def changes(labels: pl.DataFrame, config: SummaryConfig, *, recent: int = RECENT) -> pl.DataFrame:
    """The change of every rate of every agent, and of the team (""), in the `recent` last weeks: the columns CHANGES.

    Only where both times have `minimum_conversations` conversations with an opportunity. Raises SchemaError for
    anything that is not a LABELS frame.
    """
    return _changes_of(_timed(labels), config, recent=recent)


def both(
    labels: pl.DataFrame, config: SummaryConfig, *, measures: Collection[str] | None = None, latest: int | None = None
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """What `by_week` and `changes` give, from one look at the labels."""
    sums = _timed(labels)
    return _weeks_of(sums, config, measures=measures, latest=latest), _changes_of(sums, config, recent=RECENT)


def to_json(weeks: pl.DataFrame, changes: pl.DataFrame) -> dict[str, object]:
    """The weeks and the changes as `summary.to_json` tells figures, measures in the order of reports.

    `"weeks": {"agents": {agent_id: {measure: {week: figure}}}, "team": {measure: {week: figure}}}` and `"changes"`
    alike without the weeks: `{"before", "after", "change", "low", "high", "p_value", "changed", ...}`.
    """
    return {"weeks": _nested(weeks, "week"), "changes": _nested(changes)}


def _nested(frame: pl.DataFrame, *below: str) -> dict[str, object]:
    """Rows as dictionaries by agent and measure (and what else is below), the team apart."""
    place = {measure: number for number, measure in enumerate(MEASURES)}
    ordered = frame.sort("agent_id", pl.col("measure").replace_strict(place, default=len(place)), "measure", *below)
    agents: dict[str, object] = {}
    for row in ordered.iter_rows(named=True):
        keys = [str(row.pop(name)) for name in ("agent_id", "measure", *below)]
        held: dict[str, object] = agents
        for key in keys[:-1]:
            held = cast("dict[str, object]", held.setdefault(key, {}))
        held[keys[-1]] = {name: value for name, value in row.items() if not (name == "why" and value is None)}
    team = agents.pop(TEAM, {})
    return {"agents": agents, "team": team}


def _timed(labels: pl.DataFrame) -> pl.DataFrame:
    """The sums of every agent and of the team by measure and conversation, with the week in which it began."""
    rows = opportunities(labels)
    began = labels.group_by("conversation_id").agg(pl.col("started_at").first()).drop_nulls("started_at")
    week = pl.col("started_at").dt.truncate("1w").dt.date().alias("week")
    sums = pl.concat([conversation_sums(part, scope="agent") for part in (rows, of_team(rows, pl.lit("")))])
    return sums.join(began.select("conversation_id", week), on="conversation_id", how="inner")


def _weeks_of(
    sums: pl.DataFrame, config: SummaryConfig, *, measures: Collection[str] | None, latest: int | None
) -> pl.DataFrame:
    """The weeks of timed sums."""
    if measures is not None:
        sums = sums.filter(pl.col("measure").is_in(list(measures)))
    if latest is not None and not sums.is_empty():
        sums = sums.filter(pl.col("week") > pl.col("week").max().dt.offset_by(f"-{latest}w"))
    index = ("agent_id", "measure", "week")
    alike = sums.group_by(*index, *SUMS).agg(pl.len().cast(pl.Int64).alias("alike")).sort(*index, *SUMS)
    parts = alike.partition_by(index, as_dict=True, include_key=False)
    made = [
        {"agent_id": agent, "measure": measure, "week": week} | figure_of(str(measure), part, config)
        for (agent, measure, week), part in parts.items()
    ]
    return pl.DataFrame(made, schema=WEEKS).sort(index)


def _changes_of(sums: pl.DataFrame, config: SummaryConfig, *, recent: int) -> pl.DataFrame:
    """The changes of timed sums."""
    sums = sums.filter(pl.col("measure").is_in(_MEASURED))
    if sums.is_empty():
        return pl.DataFrame(schema=CHANGES)
    late = pl.col("week") > pl.col("week").max().dt.offset_by(f"-{recent}w")
    placed = sums.with_columns(late=late)
    parts = placed.partition_by("agent_id", "measure", as_dict=True, include_key=False)
    found = [
        {"agent_id": agent, "measure": measure} | change
        for (agent, measure), part in parts.items()
        if (change := _change(str(measure), part, config)) is not None
    ]
    frame = pl.DataFrame(found, schema={name: kind for name, kind in CHANGES.items() if name != "changed"})
    return _with_belief(frame).sort("agent_id", "measure")


def _change(measure: str, part: pl.DataFrame, config: SummaryConfig) -> dict[str, object] | None:
    """One agent's change of a rate; None with too few conversations before or after."""
    hits, chances = (pl.col(name) for name in ("hits", "chances"))
    later, earlier = pl.when("late"), pl.when(~pl.col("late"))
    sums = part.select(
        later.then(hits).otherwise(0.0).alias("a"), later.then(chances).otherwise(0.0).alias("b"),
        earlier.then(hits).otherwise(0.0).alias("c"), earlier.then(chances).otherwise(0.0).alias("d"),
    ).to_numpy()  # fmt: skip
    after, before = int((sums[:, 1] > 0).sum()), int((sums[:, 3] > 0).sum())
    if min(after, before) < max(1, config.minimum_conversations):
        return None
    seed = (config.seed % 2**63, zlib.crc32(f"change {measure}".encode()))
    kinds, alike = np.unique(sums, axis=0, return_counts=True)  # few: most conversations hold one or two chances
    estimate = stats.difference(kinds, alike.astype(np.int64), resamples=config.resamples, seed=seed)
    error = max((estimate.high - estimate.low) / (2 * stats.QUANTILE), 1e-9)
    total = sums.sum(axis=0)
    return {
        "before": total[2] / total[3], "after": total[0] / total[1], "change": estimate.value,
        "low": estimate.low, "high": estimate.high, "conversations_before": before, "conversations_after": after,
        # Student's t, since a standard error from few conversations is itself unsure.
        "p_value": float(2 * special.stdtr(max(min(after, before) - 1, 1), -abs(estimate.value) / error)),
    }  # fmt: skip


def _with_belief(frame: pl.DataFrame) -> pl.DataFrame:
    """The changes, and which of them to believe, measure by measure; the team is held apart from its agents."""
    parts = [
        part.with_columns(
            changed=pl.Series(
                stats.benjamini_hochberg(part["p_value"].to_numpy(), level=stats.level_of(part.height, len(_MEASURED)))
            )
        )
        for held in (frame.filter(pl.col("agent_id") == ""), frame.filter(pl.col("agent_id") != ""))
        for part in held.partition_by("measure", maintain_order=True)
    ]
    return pl.concat([pl.DataFrame(schema=CHANGES), *parts])

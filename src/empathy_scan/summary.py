"""Every figure of every agent and of the team, with its count and its interval (docs/measures.md defines them all).

A figure is made of opportunities: rows that name the turn or conversation it came up in, and what happened there.
`opportunities` lists them, `figures` adds them up. Nothing in a figure depends on the other agents in the frame, on the
order of rows or on the names of conversations: the bootstrap is seeded by the settings and the measure alone. What does
depend on the others, adjusted and shrunken figures, stands beside it (adjust.py).
"""

from __future__ import annotations

import zlib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from enum import StrEnum
from typing import cast

import polars as pl

from empathy_scan import adjust, certain, phrases, quantify, stats
from empathy_scan.codebook import ATTACKS, CareClass
from empathy_scan.config import SummaryConfig
from empathy_scan.mirror import GUARDED
from empathy_scan.opportunities import COLUMNS, COMPOSURE, opportunities
from empathy_scan.quantify import ErrorRates
from empathy_scan.tables import FIGURES, conform

PER_CONVERSATIONS = 100  # loads are told per so many conversations


class Kind(StrEnum):
    """How a measure's opportunities become a figure."""

    RATE = "rate"  # share of the opportunities
    CONTRAST = "contrast"  # a share less the same share of the baseline opportunities
    LOAD = "load"  # events per 100 conversations
    SHIFT = "shift"  # events per shift
    CHANGE = "change"  # mean of differences between -1 and 1
    COUNT = "count"  # the number of opportunities of another measure


# Every measure, in the order of reports.
MEASURES: dict[str, Kind] = {
    "empathy_rate": Kind.RATE,
    "scripted_rate": Kind.RATE,
    "missed_rate": Kind.RATE,
    "exploring": Kind.RATE,
    "scripted_share": Kind.RATE,
    "followed_by_action": Kind.RATE,
    "sorry_without_action": Kind.RATE,
    "mirroring": Kind.CONTRAST,
    "rise_above_rate": Kind.RATE,
    "abuse_load": Kind.LOAD,
    **{f"abuse_{attack.name}": Kind.LOAD for attack in ATTACKS},
    "abuse_share": Kind.RATE,
    "abuse_per_shift": Kind.SHIFT,
    "customer_first": Kind.RATE,
    "guarded_rate": Kind.RATE,
    "belittling_rate": Kind.RATE,
    **{f"composure_{step}": Kind.RATE for step in range(COMPOSURE)},
    "snap_after_pleasantry": Kind.RATE,
    "snap_lift": Kind.CONTRAST,
    "carry_over_empathy": Kind.CONTRAST,
    "carry_over_tone": Kind.CONTRAST,
    "calls_against_emails": Kind.CONTRAST,
    "hostile_against_others": Kind.CONTRAST,
    "late_against_early": Kind.CONTRAST,
    **{f"de_escalation_{kind}": Kind.CHANGE for kind in (*CareClass, GUARDED)},
    "formulaicity": Kind.RATE,
    "own_voice": Kind.RATE,
    "calls_for_empathy": Kind.COUNT,
    "conversations": Kind.COUNT,
}
ENTROPY = "phrase_entropy"  # beside the figures of `to_json`: in bits, and made of phrases instead of opportunities
_COUNTED = {"calls_for_empathy": "empathy_rate", "conversations": "abuse_load"}
# Yes or no per conversation, however many agents were in it.
_OF_CONVERSATIONS = ("abuse_share", "customer_first", "snap_after_pleasantry")
SUMS = ("hits", "chances", "other_hits", "other_chances")
_SCOPE = ("scope", "agent_id", "measure")
_CORRECTED = {"value": "corrected", "low": "corrected_low", "high": "corrected_high"}


def figures(
    labels: pl.DataFrame,
    config: SummaryConfig,
    errors: ErrorRates | None = None,
    *,
    teams: Mapping[str, str] | None = None,
    sentences: pl.DataFrame | None = None,
    groups: pl.DataFrame | None = None,
    decided: pl.DataFrame | None = None,
) -> pl.DataFrame:
    """Every measure of every agent who speaks in the labels, and of the team: a FIGURES frame.

    `teams` (agent -> team) adds those of each team under its name, with scope "team"; the whole has no name.
    `groups` (columns `conversation_id`, `group`) adds those of each group of conversations, with scope "group".
    `value` is null, with the reason in `why`, where fewer than `minimum_conversations` conversations had an
    opportunity. Counts are always told. `errors` are those of the model that made the labels: with them the rates are
    told a second time, `corrected`, or why they cannot be. `sentences` are the caring sentences with their
    phrases (phrases.Phrases): without them the measures of phrases have no opportunity. `decided` (columns
    `conversation_id`, `turn`) are the turns whose labels people have decided: they are not corrected. Raises
    SchemaError for anything that is not LABELS.
    """
    rows = opportunities(labels)
    if sentences is not None:
        rows = pl.concat([rows, phrases.opportunities(sentences)])
    whole, named = of_team(rows, pl.lit("")), of_team(*_in_teams(rows, teams or {}))
    grouped = of_team(*_in_groups(rows, groups))
    scoped = ((rows, "agent"), (whole, "team"), (named, "team"), (grouped, "group"))
    sums = pl.concat([conversation_sums(part, scope=scope) for part, scope in scoped])
    sure = certain.opportunities(labels, decided) if errors is not None and decided is not None else None
    parts_of_sure = _sure_parts(scoped, sure)
    alike = sums.group_by(*_SCOPE, *SUMS).agg(pl.len().cast(pl.Int64).alias("alike")).sort(*_SCOPE, *SUMS)
    parts = alike.partition_by(_SCOPE, as_dict=True, include_key=False)
    agents = rows.filter(pl.col("measure") == "abuse_load")["agent_id"].unique().sort()
    own = sorted({team for agent, team in (teams or {}).items() if team and agent in set(agents)})
    scopes = [("agent", str(agent)) for agent in agents] + [("team", team) for team in ("", *own)]
    scopes += [("group", str(group)) for group in grouped["agent_id"].unique().sort()]
    nothing = alike.clear().drop(_SCOPE)
    made = []
    for scope, agent in scopes:
        counted = {
            measure: figure_of(measure, parts.get((scope, agent, _COUNTED.get(measure, measure)), nothing), config)
            for measure in MEASURES
        }
        apart = {measure: split for (*where, measure), split in parts_of_sure.items() if where == [scope, agent]}
        corrections = _corrections(counted, errors, apart, config)
        made += [
            {"scope": scope, "agent_id": agent, "measure": measure} | figure | corrections.get(measure, {})
            for measure, figure in counted.items()
        ]
    raw = {name: kind for name, kind in FIGURES.columns.items() if name not in adjust.COLUMNS}
    frame = pl.DataFrame(made, schema=raw)
    beside = adjust.compared(rows, frame.filter(pl.col("scope") == "agent"), config)
    joined = frame.join(beside.with_columns(scope=pl.lit("agent")), on=_SCOPE, how="left")
    return conform(joined.select(FIGURES.columns.keys()).sort(FIGURES.key), FIGURES)


def to_json(figures: pl.DataFrame) -> dict[str, object]:
    """The figures as `{"agents": {agent_id: {measure: figure}}, "team": {measure: figure}}`, measures in our order.

    Where there are teams, `"teams": {name: {measure: figure}}` too, and where there are groups `"groups"` likewise.

    A figure is `{"value", "n", "low", "high"}`, and `"why"` where there is no value; where the errors of the model are
    known, also `"corrected": {"value", "low", "high"}`; of an agent among others also `"adjusted"` and `"shrunken"`,
    made alike, `"reference"`, `"p_value"` and `"stands_out"`.
    """
    place = {measure: number for number, measure in enumerate(MEASURES)}
    agents: dict[str, dict[str, object]] = {}
    teams: dict[str, dict[str, object]] = {}
    groups: dict[str, dict[str, object]] = {}
    by_scope = {"agent": agents, "team": teams, "group": groups}
    ordered = figures.sort("agent_id", pl.col("measure").replace_strict(place, default=len(place)), "measure")
    for row in ordered.iter_rows(named=True):
        figure = {name: row[name] for name in ("value", "n", "low", "high")}
        if row["why"] is not None:
            figure["why"] = row["why"]
        if row["corrected"] is not None:
            figure["corrected"] = {name: row[column] for name, column in _CORRECTED.items()}
        for kind in ("adjusted", "shrunken"):
            if row[kind] is not None:
                figure[kind] = {"value": row[kind], "low": row[f"{kind}_low"], "high": row[f"{kind}_high"]}
        if row["stands_out"] is not None:
            figure |= {name: row[name] for name in ("reference", "p_value", "stands_out")}
        held = by_scope[row["scope"]].setdefault(row["agent_id"], {})
        held[row["measure"]] = figure
    whole = teams.pop("", {})
    more = {name: found for name, found in (("teams", teams), ("groups", groups)) if found}
    return {"agents": agents, "team": whole} | more


def with_entropy(told: dict[str, object], sentences: pl.DataFrame | None, config: SummaryConfig) -> dict[str, object]:
    """The figures of `to_json` with `phrase_entropy` (phrases.entropy, in bits) for every agent and the team."""
    found: dict[str, dict[str, object]] = {}
    if sentences is not None:
        whole = phrases.entropy(sentences.with_columns(agent_id=pl.lit("")))
        rows = pl.concat([phrases.entropy(sentences), whole]).iter_rows(named=True)
        found = {row["agent_id"]: row for row in rows}
    agents, team = (cast("dict[str, dict[str, object]]", told[name]) for name in ("agents", "team"))
    for agent, figures_of in (*agents.items(), ("", team)):
        figures_of[ENTROPY] = _entropy(found.get(agent, {}), config)  # type: ignore[index]
    return told


def _entropy(row: Mapping[str, object], config: SummaryConfig) -> dict[str, object]:
    held, needed = cast("int", row.get("conversations", 0)), max(2, config.minimum_conversations)
    if held < needed:
        why = f"not enough conversations yet ({held} of {needed} needed)"
        return {"value": None, "n": row.get("n", 0), "low": None, "high": None, "why": why}
    return {"value": row["bits"], "n": row["n"], "low": row["low"], "high": row["high"]}


def _in_teams(rows: pl.DataFrame, teams: Mapping[str, str]) -> tuple[pl.DataFrame, pl.Expr]:
    """The opportunities of agents who have a team, and its name."""
    if not teams:
        return rows.clear(), pl.lit("")
    team = pl.col("agent_id").replace_strict(teams, default="", return_dtype=pl.String)
    return rows.filter(team != ""), team


def _in_groups(rows: pl.DataFrame, groups: pl.DataFrame | None) -> tuple[pl.DataFrame, pl.Expr]:
    """The opportunities once for each group that their conversation is in, and the group's name."""
    if groups is None:
        return rows.clear(), pl.lit("")
    return rows.join(groups.unique(), on="conversation_id", how="inner"), pl.col("group")


def of_team(rows: pl.DataFrame, team: pl.Expr) -> pl.DataFrame:
    """The opportunities as the team's: a conversation that several agents held is one conversation."""
    whole = pl.col("turn").is_null()
    rows = rows.with_columns(agent_id=team).select(COLUMNS)
    conversations = (
        rows.filter(whole)
        .group_by("agent_id", "measure", "conversation_id")
        .agg(pl.col("value").max().alias("most"), pl.col("value").sum().alias("all"))
        .with_columns(
            value=pl.when(pl.col("measure").is_in(_OF_CONVERSATIONS)).then("most").otherwise("all"),
            turn=pl.lit(None, pl.Int32),
            baseline=pl.lit(value=False),
            stratum=pl.lit(""),
        )
    )
    return pl.concat([rows.filter(~whole), conversations.select(COLUMNS)])


def conversation_sums(rows: pl.DataFrame, *, scope: str) -> pl.DataFrame:
    """One row per agent, measure and conversation with the sums that figures are ratios of."""
    baseline, value = pl.col("baseline"), pl.col("value")
    summed = rows.group_by("agent_id", "measure", "conversation_id").agg(
        hits=value.filter(~baseline).sum(),
        chances=(~baseline).sum().cast(pl.Float64),
        other_hits=value.filter(baseline).sum(),
        other_chances=baseline.sum().cast(pl.Float64),
    )
    # Threads add up in any order: without rounding the last digits would change from run to run.
    return summed.select(pl.lit(scope).alias("scope"), "agent_id", "measure", "conversation_id", pl.col(SUMS).round(9))


def figure_of(measure: str, alike: pl.DataFrame, config: SummaryConfig) -> dict[str, object]:
    """A figure from its kinds of conversations, or the reason why there is none."""
    sums, counts = alike.select(SUMS).to_numpy(), alike["alike"].to_numpy()
    kind = MEASURES[measure]
    with_chance = int(counts[sums[:, 1] > 0].sum())
    known = {"n": int(counts @ sums[:, 1]), "conversations": with_chance, "why": None}
    if kind is Kind.COUNT:
        count = float(known["n"] or 0)
        return known | {"value": count, "low": count, "high": count}
    enough = min(with_chance, int(counts[sums[:, 3] > 0].sum())) if kind is Kind.CONTRAST else with_chance
    needed = max(1, config.minimum_conversations)
    if enough < needed:
        why = f"not enough conversations yet ({enough} of {needed} needed)"
        return known | {"value": None, "low": None, "high": None, "why": why}
    estimate = _estimate(measure, sums, counts, config)
    scale = PER_CONVERSATIONS if kind is Kind.LOAD else 1
    return known | {"value": estimate.value * scale, "low": estimate.low * scale, "high": estimate.high * scale}


def _sure_parts(
    scoped: Sequence[tuple[pl.DataFrame, str]], sure: pl.DataFrame | None
) -> dict[tuple[str, str, str], tuple[pl.DataFrame, pl.DataFrame]]:
    """The kinds of conversations (as `figure_of` takes them) of what is certain and of the rest, where some is."""
    if sure is None or sure.is_empty():
        return {}
    key = ("measure", "conversation_id", "turn")
    found: dict[tuple[str, str, str], list[pl.DataFrame]] = {}
    for rows, scope in scoped:
        own = rows.filter(pl.col("measure").is_in(list(quantify.MEASURES)))
        marked = own.join(sure.with_columns(sure=pl.lit(value=True)), on=key, how="left")
        touched = marked.join(marked.filter("sure").select("agent_id", "measure").unique(), on=("agent_id", "measure"))
        for at, part in enumerate((pl.col("sure").is_not_null(), pl.col("sure").is_null())):
            sums = conversation_sums(touched.filter(part).drop("sure"), scope=scope)
            alike = sums.group_by(*_SCOPE, *SUMS).agg(pl.len().cast(pl.Int64).alias("alike")).sort(*_SCOPE, *SUMS)
            for where, one in alike.partition_by(_SCOPE, as_dict=True, include_key=False).items():
                place = (str(where[0]), str(where[1]), str(where[2]))
                found.setdefault(place, [alike.clear().drop(_SCOPE)] * 2)[at] = one
    return {place: (both[0], both[1]) for place, both in found.items()}


def _corrections(
    counted: Mapping[str, dict[str, object]],
    errors: ErrorRates | None,
    apart: Mapping[str, tuple[pl.DataFrame, pl.DataFrame]],
    config: SummaryConfig,
) -> dict[str, dict[str, object]]:
    """By measure the columns that tell of its correction; nothing without error rates or without a value.

    `apart` are the measures with opportunities of which people decided what they are: only the rest is corrected, and
    both are put together again by their numbers, their intervals by MOVER (Zou and Donner 2008).
    """
    if errors is None:
        return {}
    rates = {
        measure: _told(figure)
        for measure, figure in counted.items()
        if measure in quantify.MEASURES and figure["value"] is not None
    }
    alone = replace(config, minimum_conversations=1)
    known, rest = (
        {measure: figure_of(measure, both[at], alone) for measure, both in apart.items() if measure in rates}
        for at in (0, 1)
    )
    doubted = {measure: _told(rest[measure]) for measure in rest if rest[measure]["value"] is not None}
    wholly_sure = rest.keys() - doubted.keys()
    asked = {measure: doubted.get(measure, rate) for measure, rate in rates.items()}
    found: dict[str, dict[str, object]] = {}
    for measure, made in quantify.corrections(asked, errors).items():
        whole = rates[measure] if measure in wholly_sure else made
        if measure in doubted and isinstance(whole, stats.Estimate):
            sure = known[measure]
            whole = stats.joined((_told(sure), whole), (cast("int", sure["n"]), cast("int", rest[measure]["n"])))
        if isinstance(whole, str):
            found[measure] = {"uncorrected_why": whole}
        else:
            found[measure] = {column: getattr(whole, name) for name, column in _CORRECTED.items()}
    return found


def _told(figure: Mapping[str, object]) -> stats.Estimate:
    """A figure's value with its interval."""
    return stats.Estimate(*(cast("float", figure[name]) for name in ("value", "low", "high")))


def _estimate(measure: str, sums: stats.Numbers, counts: stats.Counts, config: SummaryConfig) -> stats.Estimate:
    """The estimate by the measure's kind; agents with the same conversations get the same interval."""
    # The seed knows the measure but not the agent: a figure does not change when an agent is renamed.
    seed = (config.seed % 2**63, zlib.crc32(measure.encode()))
    kind = MEASURES[measure]
    if kind is Kind.CONTRAST:
        return stats.difference(sums, counts, resamples=config.resamples, seed=seed)
    estimators = {
        Kind.RATE: stats.proportion, Kind.LOAD: stats.load, Kind.SHIFT: stats.load, Kind.CHANGE: stats.mean,
    }  # fmt: skip
    return estimators[kind](sums[:, :2], counts, resamples=config.resamples, seed=seed)

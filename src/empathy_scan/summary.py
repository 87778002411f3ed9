"""Every figure of every agent and of the team, with its count and its interval (docs/measures.md defines them all).

A figure is made of opportunities: rows that name the turn or conversation it came up in, and what happened there.
`opportunities` lists them, `figures` adds them up. Nothing in a figure depends on the other agents in the frame, on the
order of rows or on the names of conversations: the bootstrap is seeded by the settings and the measure alone.
"""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from enum import StrEnum
from typing import cast

import polars as pl

from empathy_scan import outcomes, quantify, stats
from empathy_scan.codebook import ATTACK_CODES, ATTACKS, FLAG_CODES, CareClass, Channel, Role, Tone
from empathy_scan.config import SummaryConfig
from empathy_scan.errors import MalformedInputError, MissingColumnError
from empathy_scan.mirror import GUARDED, UNKNOWN_AGENT, agent_turns, changes, customer_turns
from empathy_scan.quantify import ErrorRates
from empathy_scan.tables import FIGURES, LABELS, conform

PER_CONVERSATIONS = 100  # loads are told per so many conversations


class Kind(StrEnum):
    """How a measure's opportunities become a figure."""

    RATE = "rate"  # share of the opportunities
    CONTRAST = "contrast"  # a share less the same share of the baseline opportunities
    LOAD = "load"  # events per 100 conversations
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
    "mirroring": Kind.CONTRAST,
    "rise_above_rate": Kind.RATE,
    "abuse_load": Kind.LOAD,
    **{f"abuse_{attack.name}": Kind.LOAD for attack in ATTACKS},
    "abuse_share": Kind.RATE,
    "guarded_rate": Kind.RATE,
    "belittling_rate": Kind.RATE,
    "snap_after_pleasantry": Kind.RATE,
    **{f"de_escalation_{kind}": Kind.CHANGE for kind in (*CareClass, GUARDED)},
    "calls_for_empathy": Kind.COUNT,
    "conversations": Kind.COUNT,
}
_COUNTED = {"calls_for_empathy": "empathy_rate", "conversations": "abuse_load"}
_OF_CONVERSATIONS = {
    "abuse_share",
    "snap_after_pleasantry",
}  # yes or no per conversation, however many agents were in it

_OPPORTUNITY = ("measure", "agent_id", "conversation_id", "turn", "baseline", "value")
_SUMS = ("hits", "chances", "other_hits", "other_chances")
_SCOPE = ("scope", "agent_id", "measure")
_CORRECTED = {"value": "corrected", "low": "corrected_low", "high": "corrected_high"}


def opportunities(labels: pl.DataFrame) -> pl.DataFrame:
    """What every figure is made of: one row per measure and opportunity.

    Columns: `measure`, `agent_id`, `conversation_id`, `turn` (null where the opportunity is the whole conversation),
    `baseline` (true for the agent turns that mirroring is compared with) and `value`: 1 or 0 for rates, the number of
    hostile turns for loads, the change for de-escalation. A figure is the mean of `value`, times 100 for loads. Raises
    SchemaError for anything that is not a LABELS frame.
    """
    spoken, heard = agent_turns(labels), customer_turns(labels)
    rows = [_of_customers(heard), _of_agents(spoken), _of_conversations(spoken, heard), _of_changes(changes(labels))]
    return pl.concat(rows).sort("measure", "agent_id", "conversation_id", "turn")


def figures(
    labels: pl.DataFrame,
    config: SummaryConfig,
    errors: ErrorRates | None = None,
    *,
    teams: Mapping[str, str] | None = None,
    groups: pl.DataFrame | None = None,
) -> pl.DataFrame:
    """Every measure of every agent who speaks in the labels, and of the team: a FIGURES frame.

    `teams` (agent -> team) adds those of each team under its name, with scope "team"; the whole has no name.
    `groups` (columns `conversation_id`, `group`) adds those of each group of conversations, with scope "group".
    `value` is null, with the reason in `why`, where fewer than `minimum_conversations` conversations had an
    opportunity. Counts are always told. `errors` are those of the model that made the labels: with them the rates are
    told a second time, `corrected`, or why they cannot be. Raises SchemaError for anything that is not a LABELS frame.
    """
    rows = opportunities(labels)
    whole, named = _of_team(rows, pl.lit("")), _of_team(*_in_teams(rows, teams or {}))
    grouped = _of_team(*_in_groups(rows, groups))
    scoped = ((rows, "agent"), (whole, "team"), (named, "team"), (grouped, "group"))
    sums = pl.concat([_sums(part, scope=scope) for part, scope in scoped])
    alike = sums.group_by(*_SCOPE, *_SUMS).agg(pl.len().cast(pl.Int64).alias("alike")).sort(*_SCOPE, *_SUMS)
    parts = alike.partition_by(_SCOPE, as_dict=True, include_key=False)
    agents = rows.filter(pl.col("measure") == "abuse_load")["agent_id"].unique().sort()
    own = sorted({team for agent, team in (teams or {}).items() if team and agent in set(agents)})
    scopes = [("agent", str(agent)) for agent in agents] + [("team", team) for team in ("", *own)]
    scopes += [("group", str(group)) for group in grouped["agent_id"].unique().sort()]
    nothing = alike.clear().drop(_SCOPE)
    made = []
    for scope, agent in scopes:
        counted = {
            measure: _figure(measure, parts.get((scope, agent, _COUNTED.get(measure, measure)), nothing), config)
            for measure in MEASURES
        }
        corrections = _corrections(counted, errors)
        made += [
            {"scope": scope, "agent_id": agent, "measure": measure} | figure | corrections.get(measure, {})
            for measure, figure in counted.items()
        ]
    return conform(pl.DataFrame(made, schema=dict(FIGURES.columns)).sort(FIGURES.key), FIGURES)


def to_json(figures: pl.DataFrame) -> dict[str, object]:
    """The figures as `{"agents": {agent_id: {measure: figure}}, "team": {measure: figure}}`, measures in our order.

    Where there are teams, `"teams": {name: {measure: figure}}` too, and where there are groups `"groups"` likewise.

    A figure is `{"value", "n", "low", "high"}`, and `"why"` where there is no value; where the errors of the model are
    known, also `"corrected": {"value", "low", "high"}`.
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
        held = by_scope[row["scope"]].setdefault(row["agent_id"], {})
        held[row["measure"]] = figure
    whole = teams.pop("", {})
    more = {name: found for name, found in (("teams", teams), ("groups", groups)) if found}
    return {"agents": agents, "team": whole} | more


def _of_customers(heard: pl.DataFrame) -> pl.DataFrame:
    """Opportunities that customers gave: calls for empathy, and hostile turns that somebody answered."""
    return _rows(heard, {name: outcome.where_asked() for name, outcome in outcomes.OF_CUSTOMERS.items()})


def _of_agents(spoken: pl.DataFrame) -> pl.DataFrame:
    """Opportunities that lie in an agent's own turns."""
    after_customer = pl.when(pl.col("customer_turn").is_not_null())
    turns = spoken.with_columns(baseline=(pl.col("customer_tone") != Tone.HOSTILE).fill_null(value=False))
    mirrored = _rows(turns, {"mirroring": after_customer.then(pl.col("tone") > Tone.CIVIL)})
    others = {name: outcome.where_asked() for name, outcome in outcomes.OF_AGENTS.items()}
    return pl.concat([mirrored, _rows(spoken, others)])


def _of_conversations(spoken: pl.DataFrame, heard: pl.DataFrame) -> pl.DataFrame:
    """Opportunities that are whole conversations of an agent: how much abuse they bore, and whether they snapped."""
    key = ("agent_id", "conversation_id")
    held = spoken.group_by(key).agg(pl.lit(None, pl.Int32).alias("turn"), snapped=pl.col("snapped").any())
    attacks = [pl.col("kinds").str.contains(kind.code, literal=True).sum().alias(kind.name) for kind in ATTACKS]
    hostile = heard.filter(pl.col("tone") == Tone.HOSTILE).with_columns(agent_id=pl.col("owner"))
    borne = hostile.group_by(key).agg(pl.len().alias("hostile"), *attacks)
    return _rows(
        held.join(borne, on=key, how="left").with_columns(
            pl.col("hostile", *(kind.name for kind in ATTACKS)).fill_null(0)
        ),
        {
            "abuse_load": pl.col("hostile"),
            **{f"abuse_{kind.name}": pl.col(kind.name) for kind in ATTACKS},
            "abuse_share": pl.col("hostile") > 0,
            "snap_after_pleasantry": pl.col("snapped"),
        },
    )


def _of_changes(changed: pl.DataFrame) -> pl.DataFrame:
    """Opportunities to calm a customer down: answers with a customer turn before and after."""
    kinds = (*CareClass, GUARDED)
    return _rows(changed, {f"de_escalation_{kind}": pl.when(pl.col("kind") == kind).then("change") for kind in kinds})


def _rows(turns: pl.DataFrame, measures: Mapping[str, pl.Expr]) -> pl.DataFrame:
    """One opportunity per turn and measure; a measure that is null for a turn had none there."""
    baseline = pl.col("baseline") if "baseline" in turns.columns else pl.lit(value=False).alias("baseline")
    index = ["agent_id", "conversation_id", "turn", "baseline"]
    wide = turns.with_columns(baseline).select(
        *index, *(made.cast(pl.Float64).alias(measure) for measure, made in measures.items())
    )
    return wide.unpivot(index=index, variable_name="measure").drop_nulls("value").select(_OPPORTUNITY)


def _in_teams(rows: pl.DataFrame, teams: Mapping[str, str]) -> tuple[pl.DataFrame, pl.Expr]:
    """The opportunities of agents who have a team, and its name."""
    team = pl.col("agent_id").replace_strict(teams, default="", return_dtype=pl.String) if teams else pl.lit("")
    return rows.filter(team != ""), team


def _in_groups(rows: pl.DataFrame, groups: pl.DataFrame | None) -> tuple[pl.DataFrame, pl.Expr]:
    """The opportunities once for each group that their conversation is in, and the group's name."""
    if groups is None:
        return rows.clear(), pl.lit("")
    return rows.join(groups.unique(), on="conversation_id", how="inner"), pl.col("group")


def _of_team(rows: pl.DataFrame, team: pl.Expr) -> pl.DataFrame:
    """The opportunities as the team's: a conversation that several agents held is one conversation."""
    whole = pl.col("turn").is_null()
    rows = rows.with_columns(agent_id=team).select(_OPPORTUNITY)
    conversations = (
        rows.filter(whole)
        .group_by("agent_id", "measure", "conversation_id")
        .agg(pl.col("value").max().alias("most"), pl.col("value").sum().alias("all"))
        .with_columns(
            value=pl.when(pl.col("measure").is_in(_OF_CONVERSATIONS)).then("most").otherwise("all"),
            turn=pl.lit(None, pl.Int32),
            baseline=pl.lit(value=False),
        )
    )
    return pl.concat([rows.filter(~whole), conversations.select(_OPPORTUNITY)])


def _sums(rows: pl.DataFrame, *, scope: str) -> pl.DataFrame:
    """One row per agent, measure and conversation with the sums that figures are ratios of."""
    baseline, value = pl.col("baseline"), pl.col("value")
    summed = rows.group_by("agent_id", "measure", "conversation_id").agg(
        hits=value.filter(~baseline).sum(),
        chances=(~baseline).sum().cast(pl.Float64),
        other_hits=value.filter(baseline).sum(),
        other_chances=baseline.sum().cast(pl.Float64),
    )
    # Threads add up in any order: without rounding the last digits would change from run to run.
    return summed.select(pl.lit(scope).alias("scope"), "agent_id", "measure", pl.col(_SUMS).round(9))


def _figure(measure: str, alike: pl.DataFrame, config: SummaryConfig) -> dict[str, object]:
    """A figure from its kinds of conversations, or the reason why there is none."""
    sums, counts = alike.select(_SUMS).to_numpy(), alike["alike"].to_numpy()
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


def _corrections(counted: Mapping[str, dict[str, object]], errors: ErrorRates | None) -> dict[str, dict[str, object]]:
    """By measure the columns that tell of its correction; nothing without error rates or without a value."""
    if errors is None:
        return {}
    rates = {
        measure: stats.Estimate(*(cast("float", figure[name]) for name in ("value", "low", "high")))
        for measure, figure in counted.items()
        if measure in quantify.MEASURES and figure["value"] is not None
    }
    found: dict[str, dict[str, object]] = {}
    for measure, made in quantify.corrections(rates, errors).items():
        if isinstance(made, str):
            found[measure] = {"uncorrected_why": made}
        else:
            found[measure] = {column: getattr(made, name) for name, column in _CORRECTED.items()}
    return found


def _estimate(measure: str, sums: stats.Numbers, counts: stats.Counts, config: SummaryConfig) -> stats.Estimate:
    """The estimate by the measure's kind; agents with the same conversations get the same interval."""
    # The seed knows the measure but not the agent: a figure does not change when an agent is renamed.
    seed = (config.seed % 2**63, zlib.crc32(measure.encode()))
    kind = MEASURES[measure]
    if kind is Kind.CONTRAST:
        return stats.difference(sums, counts, resamples=config.resamples, seed=seed)
    estimators = {Kind.RATE: stats.proportion, Kind.LOAD: stats.load, Kind.CHANGE: stats.mean}
    return estimators[kind](sums[:, :2], counts, resamples=config.resamples, seed=seed)


_REQUIRED = ("conversation_id", "turn", "role", "agent_id", "channel", "started_at", "flags", "tone", "kinds")
_OPTIONAL = ("queue", "hardship", "p_hostile")
_YES, _NO = ("true", "yes", "1", "1.0"), ("false", "no", "0", "0.0", "")
_FAULTS_SHOWN = 10


def labels_from_rows(rows: pl.DataFrame, where: str) -> pl.DataFrame:
    """A LABELS frame from a table of labelled turns, whose columns may be strings, as in a CSV, or numbers.

    `queue`, `hardship` and `p_hostile` may be missing; columns that no measure needs are passed over. An agent turn
    without an agent belongs to "unknown-agent", a channel that the codebook does not know is "other", a time without a
    zone is UTC. A column `place`, where there is one, says in messages where a row stands ("line 3"), else they count
    rows. Raises MissingColumnError with all missing columns, and MalformedInputError with all faults by row
    (ten of them, then their number), never with what stands in a cell.
    """
    _demand_columns(rows, where)
    absent = [pl.lit(None, pl.String).alias(name) for name in _OPTIONAL if name not in rows.columns]
    cells = rows.with_columns(absent).select(_cell(rows.schema, name) for name in (*_REQUIRED, *_OPTIONAL))
    parsed = cells.with_row_index("row", offset=1).with_columns(_parsed())
    placed = rows["place"] if "place" in rows.columns else None
    if faults := _faults(parsed, placed):
        shown, more = faults[:_FAULTS_SHOWN], len(faults) - _FAULTS_SHOWN
        raise MalformedInputError(
            f"{len(faults)} fault(s): " + "; ".join(shown) + (f"; and {more} more" if more > 0 else ""),
            where=where,
            remedy="correct these rows" + (" (they count from 1, without a header)" if placed is None else ""),
        )
    return conform(_labelled(parsed).sort(LABELS.key), LABELS)


def _demand_columns(rows: pl.DataFrame, where: str) -> None:
    """Raises for missing columns, and for columns that hold anything but single values."""
    if missing := [name for name in _REQUIRED if name not in rows.columns]:
        raise MissingColumnError(
            f"missing column(s) {', '.join(missing)}", where=where, remedy=f"needed are {', '.join(_REQUIRED)}"
        )
    nested = [name for name in (*_REQUIRED, *_OPTIONAL) if name in rows.columns and rows.schema[name].is_nested()]
    if nested:
        raise MalformedInputError(
            f"column(s) {', '.join(nested)} hold lists or objects",
            where=where,
            remedy='write codes as text, as in "SA"',
        )


def _cell(schema: pl.Schema, name: str) -> pl.Expr:
    """A column as text without blanks around it, "" for nothing; times as ISO 8601."""
    column = pl.col(name)
    kind = schema.get(name, pl.String())
    if isinstance(kind, pl.Datetime):
        column = column.dt.convert_time_zone("UTC") if kind.time_zone else column.dt.replace_time_zone("UTC")
        return column.dt.strftime("%Y-%m-%dT%H:%M:%S%.6f+00:00").fill_null("").alias(name)
    return column.cast(pl.String).str.strip_chars().fill_null("").alias(name)


def _parsed() -> list[pl.Expr]:
    """What the cells say, beside them; null where they say nothing that can be understood."""
    number = {name: pl.col(name).cast(pl.Float64, strict=False) for name in ("turn", "tone", "p_hostile")}
    spoken = pl.col("role").str.to_lowercase()
    yes = pl.col("hardship").str.to_lowercase()
    return [
        spoken.alias("role"),
        pl.when(number["turn"] == number["turn"].floor()).then(number["turn"]).cast(pl.Int32, strict=False).alias("at"),
        # Turns that are not scored, such as a system's, need no tone.
        pl.when((pl.col("tone") == "") & ~spoken.is_in([Role.AGENT, Role.CUSTOMER]))
        .then(0.0)
        .otherwise(number["tone"])
        .alias("mood"),
        number["p_hostile"].alias("chance"),
        pl.when(yes.is_in(_YES)).then(statement=True).when(yes.is_in(_NO)).then(statement=False).alias("told"),
        _time(pl.col("started_at")).alias("began"),
    ]


def _time(cell: pl.Expr) -> pl.Expr:
    """A time from ISO 8601 in any of its usual lengths."""
    whole = (
        cell.str.replace(r"^(\d{4}-\d\d-\d\d)$", "${1}T00:00:00")
        .str.replace(r"^(\d{4}-\d\d-\d\d)[ Tt]", "${1}T")
        .str.replace(r"(T\d\d:\d\d)($|[Zz+-])", "${1}:00${2}")
        .str.replace(r"\s*(?:[Zz]|UTC)$", "+00:00")
        .str.replace(r"(T[\d:.]+)$", "${1}+00:00")
    )
    return whole.str.to_datetime("%Y-%m-%dT%H:%M:%S%.f%#z", time_unit="us", time_zone="UTC", strict=False)


def _faults(parsed: pl.DataFrame, placed: pl.Series | None) -> list[str]:
    """Every fault as "row 3: what is wrong", or with the row's own place, in the order of rows."""
    checks = [parsed.filter(wrong).select("row", pl.lit(fault).alias("fault")) for fault, wrong in _wrongs().items()]
    found = pl.concat(checks).sort("row", maintain_order=True)
    place = pl.format("row {}", "row") if placed is None else pl.lit(placed).gather(pl.col("row") - 1)
    return found.select(pl.format("{}: {}", place, "fault")).to_series().to_list()


def _wrongs() -> dict[str, pl.Expr]:
    """What may be wrong with a row, in words, and how to tell."""
    role, hostile = pl.col("role"), (pl.col("role") == Role.CUSTOMER) & (pl.col("mood") == Tone.HOSTILE)
    flags, kinds = pl.col("flags"), pl.col("kinds")
    return {
        "conversation_id is empty": pl.col("conversation_id") == "",
        "turn is not a whole number": pl.col("at").is_null(),
        f"role is none of {', '.join(Role)}": ~role.is_in(list(Role)),
        "tone is none of 0, 1, 2": ~pl.col("mood").is_in([0.0, 1.0, 2.0]).fill_null(value=False),
        f"flags has a code that is none of {', '.join(FLAG_CODES)}": ~flags.str.contains(f"^[{FLAG_CODES}]*$"),
        "flags on a turn that is not an agent's": (flags != "") & (role != Role.AGENT),
        f"kinds has a code that is none of {', '.join(ATTACK_CODES)}": ~kinds.str.contains(f"^[{ATTACK_CODES}]*$"),
        "kinds on a turn that is not a hostile customer's": (kinds != "") & ~hostile.fill_null(value=False),
        "started_at is not an ISO 8601 time": pl.col("began").is_null() & (pl.col("started_at") != ""),
        "hardship is neither true nor false": pl.col("told").is_null(),
        "p_hostile is not a number from 0 to 1": (pl.col("p_hostile") != "")
        & ~pl.col("chance").is_between(0, 1).fill_null(value=False),
        "conversation_id and turn stand in an earlier row too": pl.col("at").is_not_null()
        & ~pl.struct("conversation_id", "at").is_first_distinct(),
    }


def _labelled(parsed: pl.DataFrame) -> pl.DataFrame:
    """The columns of LABELS from rows without faults."""
    channel = pl.col("channel").str.to_lowercase()
    agent = pl.when(pl.col("agent_id") == "").then(pl.lit(UNKNOWN_AGENT)).otherwise("agent_id")
    return parsed.select(
        "conversation_id",
        pl.when(channel.is_in(list(Channel))).then(channel).otherwise(pl.lit(Channel.OTHER.value)).alias("channel"),
        pl.when(pl.col("queue") != "").then("queue").alias("queue"),
        pl.col("began").alias("started_at"),
        pl.col("at").alias("turn"),
        "role",
        pl.when(pl.col("role") == Role.AGENT).then(agent).alias("agent_id"),
        _in_order("flags", FLAG_CODES),
        pl.col("mood").cast(pl.Int8).alias("tone"),
        _in_order("kinds", ATTACK_CODES),
        pl.col("told").alias("hardship"),
        pl.col("chance").alias("p_hostile"),
    )


def _in_order(name: str, codes: str) -> pl.Expr:
    """Codes in the order of the codebook, each once: `codebook.sort_codes` as an expression."""
    held = [
        pl.when(pl.col(name).str.contains(code, literal=True)).then(pl.lit(code)).otherwise(pl.lit(""))
        for code in codes
    ]
    return pl.concat_str(held).alias(name)

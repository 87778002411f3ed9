"""What every figure is made of: the turns and conversations in which something could happen, and whether it did.

Pure functions of a LABELS frame; docs/measures.md defines every measure.
"""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

from empathy_scan import outcomes, shifts
from empathy_scan.codebook import ATTACKS, CareClass, Channel, Tone
from empathy_scan.mirror import GUARDED, agent_turns, changes, customer_turns

COLUMNS = ("measure", "agent_id", "conversation_id", "turn", "baseline", "stratum", "value")
COMPOSURE = 4  # steps of the composure curve: 0, 1, 2, and 3 or more hostile turns so far
_NOT_CIVIL = pl.col("tone") > Tone.CIVIL
_EMPATHIC = pl.col("answer") == CareClass.EMPATHIC
_ANSWERED_CALL = pl.col("call") & pl.col("answer").is_not_null()
_BETWEEN = "\N{SYMBOL FOR UNIT SEPARATOR}"  # parts of a stratum's name


def opportunities(labels: pl.DataFrame) -> pl.DataFrame:
    """One row per measure and opportunity, sorted by measure, agent, conversation and turn.

    Columns: `measure`, `agent_id`, `conversation_id`, `turn` (null where the opportunity is the whole conversation),
    `baseline` (true for what a contrast compares with), `stratum` (the customer's tone, the channel and the queue, by
    which figures are adjusted) and `value`: 1 or 0 for rates and contrasts, the number of hostile turns for loads, the
    change for de-escalation. A figure is the mean of `value` (times 100 for loads), for contrasts less the mean of the
    baseline. `abuse_per_shift` has shifts for conversations. Raises SchemaError for what is not a LABELS frame.
    """
    said, asked = agent_turns(labels), customer_turns(labels)
    held = shifts.held_of(said, asked)
    spoken = _with_shift(said, held).with_columns(_stratum("customer_tone"))
    heard = _with_shift(asked, held).with_columns(_stratum("tone"))
    rows = [
        _rows(heard, {name: outcome.where_asked() for name, outcome in outcomes.OF_CUSTOMERS.items()}),
        _rows(spoken, {name: outcome.where_asked() for name, outcome in outcomes.OF_AGENTS.items()}),
        _composure(spoken), *_contrasts(spoken, heard),
        _of_conversations(spoken, heard), _of_shifts(held), _of_changes(changes(labels)),
    ]  # fmt: skip
    return pl.concat(rows).sort("measure", "agent_id", "conversation_id", "turn")


def _with_shift(turns: pl.DataFrame, held: pl.DataFrame) -> pl.DataFrame:
    """Turns with the place of their conversation in the agent's shift."""
    placed = held.select(*shifts.OWN, "early", "late", "carried", abusive=pl.col("hostile") > 0)
    return turns.join(placed, on=shifts.OWN, how="left", nulls_equal=True, maintain_order="left")


def _stratum(tone: str) -> pl.Expr:
    """The name of the stratum in which a turn lies: its customer's tone, its channel, its queue."""
    parts = (pl.col(tone).cast(pl.String), pl.col("channel"), pl.col("queue"))
    return pl.concat_str([part.fill_null("") for part in parts], separator=_BETWEEN).alias("stratum")


def coarser(stratum: pl.Expr) -> pl.Expr:
    """The stratum without its queue."""
    return (
        stratum.str.splitn(_BETWEEN, 3).struct.field("field_0")
        + _BETWEEN
        + (stratum.str.splitn(_BETWEEN, 3).struct.field("field_1"))
    )


def _composure(spoken: pl.DataFrame) -> pl.DataFrame:
    """Agent turns after a customer has spoken, by the number of hostile customer turns so far."""
    so_far = pl.col("hostile_before").clip(upper_bound=COMPOSURE - 1)
    after = pl.col("customer_turn").is_not_null()
    return _rows(
        spoken, {f"composure_{step}": pl.when(after & (so_far == step)).then(_NOT_CIVIL) for step in range(COMPOSURE)}
    )


def _contrasts(spoken: pl.DataFrame, heard: pl.DataFrame) -> list[pl.DataFrame]:
    """The measures that compare two kinds of turns: a share among some, less the same share among the others."""
    hostile = pl.col("customer_tone") == Tone.HOSTILE
    by_channel = _ANSWERED_CALL & pl.col("channel").is_in([Channel.CALL, Channel.EMAIL])
    by_hour = _ANSWERED_CALL & (pl.col("early") | pl.col("late")) & ~(pl.col("early") & pl.col("late"))
    unharmed = pl.col("carried").is_not_null() & ~pl.col("abusive")
    return [
        _contrast(spoken, "mirroring", pl.col("customer_turn").is_not_null(), hostile, _NOT_CIVIL),
        _contrast(spoken, "snap_lift", pl.col("turn").is_not_null(), pl.col("recited"), _NOT_CIVIL),
        _contrast(spoken, "carry_over_tone", unharmed, pl.col("carried"), _NOT_CIVIL),
        _contrast(heard, "carry_over_empathy", _ANSWERED_CALL & unharmed, pl.col("carried"), _EMPATHIC),
        _contrast(heard, "calls_against_emails", by_channel, pl.col("channel") == Channel.CALL, _EMPATHIC),
        _contrast(heard, "hostile_against_others", _ANSWERED_CALL, pl.col("tone") == Tone.HOSTILE, _EMPATHIC),
        _contrast(heard, "late_against_early", by_hour, pl.col("late"), _EMPATHIC),
    ]


def _contrast(turns: pl.DataFrame, measure: str, asked: pl.Expr, counted: pl.Expr, taken: pl.Expr) -> pl.DataFrame:
    """The turns where `asked`, those that are not `counted` as the baseline."""
    chosen = turns.filter(asked.fill_null(value=False)).with_columns(baseline=~counted.fill_null(value=False))
    return _rows(chosen, {measure: taken})


def _of_conversations(spoken: pl.DataFrame, heard: pl.DataFrame) -> pl.DataFrame:
    """Opportunities that are whole conversations of an agent: abuse borne, who attacked first, whether they snapped."""
    key = shifts.OWN
    held = spoken.group_by(key).agg(
        pl.lit(None, pl.Int32).alias("turn"), pl.col("channel", "queue").first(), snapped=pl.col("snapped").any()
    )
    attacks = [pl.col("kinds").str.contains(kind.code, literal=True).sum().alias(kind.name) for kind in ATTACKS]
    hostile = heard.filter(pl.col("tone") == Tone.HOSTILE)
    borne = hostile.with_columns(agent_id=pl.col("owner")).group_by(key).agg(pl.len().alias("hostile"), *attacks)
    joined = held.join(borne, on=key, how="left").join(
        _first_attacks(spoken, hostile), on="conversation_id", how="left"
    )
    return _rows(
        joined.with_columns(
            pl.col("hostile", *(kind.name for kind in ATTACKS)).fill_null(0),
            pl.concat_str(pl.lit(""), "channel", pl.col("queue").fill_null(""), separator=_BETWEEN).alias("stratum"),
        ),
        {
            "abuse_load": pl.col("hostile"),
            **{f"abuse_{kind.name}": pl.col(kind.name) for kind in ATTACKS},
            "abuse_share": pl.col("hostile") > 0,
            "customer_first": pl.col("customer_first"),
            "snap_after_pleasantry": pl.col("snapped"),
        },
    )


def _first_attacks(spoken: pl.DataFrame, hostile: pl.DataFrame) -> pl.DataFrame:
    """Conversations in which somebody was hostile, and whether the customer was the first."""
    customer = hostile.group_by("conversation_id").agg(pl.col("turn").min().alias("customer"))
    agent = (
        spoken.filter(pl.col("tone") == Tone.HOSTILE)
        .group_by("conversation_id")
        .agg(pl.col("turn").min().alias("agent"))
    )
    both = customer.join(agent, on="conversation_id", how="full", coalesce=True)
    first = pl.col("agent").is_null() | (pl.col("customer") < pl.col("agent")).fill_null(value=False)
    return both.select("conversation_id", customer_first=first)


def _of_shifts(held: pl.DataFrame) -> pl.DataFrame:
    """Opportunities that are shifts: the hostile turns of all their conversations."""
    timed = held.filter(pl.col("shift").is_not_null()).group_by("agent_id", "shift").agg(pl.col("hostile").sum())
    shift = pl.concat_str("agent_id", pl.lit("shift"), "shift", separator=_BETWEEN)
    placed = timed.with_columns(conversation_id=shift, turn=pl.lit(None, pl.Int32), stratum=pl.lit(""))
    return _rows(placed, {"abuse_per_shift": pl.col("hostile")})


def _of_changes(changed: pl.DataFrame) -> pl.DataFrame:
    """Opportunities to calm a customer down: answers with a customer turn before and after."""
    kinds = (*CareClass, GUARDED)
    turns = changed.with_columns(stratum=pl.lit(""))
    return _rows(turns, {f"de_escalation_{kind}": pl.when(pl.col("kind") == kind).then("change") for kind in kinds})


def _rows(turns: pl.DataFrame, measures: Mapping[str, pl.Expr]) -> pl.DataFrame:
    """One opportunity per turn and measure; a measure that is null for a turn had none there."""
    baseline = pl.col("baseline") if "baseline" in turns.columns else pl.lit(value=False).alias("baseline")
    index = ["agent_id", "conversation_id", "turn", "baseline", "stratum"]
    wide = turns.with_columns(baseline).select(
        *index, *(made.cast(pl.Float64).alias(measure) for measure, made in measures.items())
    )
    return wide.unpivot(index=index, variable_name="measure").drop_nulls("value").select(COLUMNS)

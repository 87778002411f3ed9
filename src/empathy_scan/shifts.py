"""An agent's conversations in the order of a working day: shifts, their first and last hours, and what came before.

A pure function of a LABELS frame. Exports hold no rota, so a shift is what the times tell: conversations of one agent
with less than GAP between the beginnings of two neighbours. Conversations without a time belong to no shift.
"""

from __future__ import annotations

import datetime as dt

import polars as pl

from empathy_scan.codebook import Tone
from empathy_scan.mirror import agent_turns, customer_turns

GAP = dt.timedelta(hours=6)  # a longer pause between two conversations ends a shift
HOUR = dt.timedelta(hours=1)
CARRIED = 3  # conversations of a shift after an abusive one in which it may still tell
OWN = ("agent_id", "conversation_id")


def held(labels: pl.DataFrame) -> pl.DataFrame:
    """One row per agent and conversation in which they spoke.

    Columns: `agent_id`, `conversation_id`, `started_at`, `hostile` (hostile customer turns that were load on the
    agent), `shift` (0, 1, ... of the agent), `early` and `late` (in the first or last hour of a shift that lasted two
    hours or more), `carried` (one of the next three conversations of the shift after one with a hostile turn); the last
    four are null without a time. Raises SchemaError for anything that is not a LABELS frame.
    """
    return held_of(agent_turns(labels), customer_turns(labels))


def held_of(spoken: pl.DataFrame, heard: pl.DataFrame) -> pl.DataFrame:
    """`held` of what `mirror.agent_turns` and `mirror.customer_turns` gave."""
    borne = heard.filter(pl.col("tone") == Tone.HOSTILE).group_by(pl.col("owner").alias("agent_id"), "conversation_id")
    conversations = spoken.group_by(OWN).agg(pl.col("started_at").first())
    joined = conversations.join(borne.agg(pl.len().alias("hostile")), on=OWN, how="left").with_columns(
        pl.col("hostile").fill_null(0)
    )
    timed = joined.filter(pl.col("started_at").is_not_null()).sort("agent_id", "started_at", "conversation_id")
    return pl.concat([_placed(timed), joined.filter(pl.col("started_at").is_null())], how="diagonal").sort(OWN)


def _placed(timed: pl.DataFrame) -> pl.DataFrame:
    """Conversations in order, each with its place in a shift."""
    shift = ("agent_id", "shift")
    began, ended = pl.col("started_at").min().over(shift), pl.col("started_at").max().over(shift)
    long, hostile = ended - began >= 2 * HOUR, pl.col("hostile") > 0
    before = [hostile.shift(place, fill_value=False).over(shift) for place in range(1, CARRIED + 1)]
    new = pl.col("started_at").diff().over("agent_id") >= GAP
    return timed.with_columns(
        new.fill_null(value=False).cum_sum().over("agent_id").cast(pl.Int32).alias("shift")
    ).with_columns(
        early=long & (pl.col("started_at") < began + HOUR),
        late=long & (pl.col("started_at") > ended - HOUR),
        carried=pl.any_horizontal(before),
    )

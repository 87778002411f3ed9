"""A conversation's version: a hash of what was read of it, and the fingerprints of what scored it."""

from __future__ import annotations

import polars as pl

from empathy_scan.codebook import Role
from empathy_scan.fingerprints import digests, spelt
from empathy_scan.tables import CONVERSATIONS, TURNS, conform

VERSION = ("conversation_id", "content", "model", "settings")


def conversations_of(turns: pl.DataFrame, *, model: str, settings: str) -> pl.DataFrame:
    """The CONVERSATIONS frame of TURNS, with the version that the given fingerprints make."""
    ordered = turns.sort(TURNS.key)
    told = ("channel", "queue", "started_at", "direction", "zone", "metadata", "source", "format")
    first = (pl.col(name).first() for name in told)
    counts = pl.len().cast(pl.Int32).alias("n_turns"), (pl.col("role") == Role.AGENT).sum().cast(pl.Int32)
    frame = ordered.group_by("conversation_id", maintain_order=True).agg(
        *first, counts[0], counts[1].alias("n_agent_turns")
    )
    frame = frame.join(content_hash(turns), on="conversation_id", how="left", maintain_order="left")
    return conform(frame.with_columns(model=pl.lit(model), settings=pl.lit(settings)), CONVERSATIONS)


def content_hash(turns: pl.DataFrame) -> pl.DataFrame:
    """One row per conversation: `conversation_id`, and `content`, a hash (32 hex digits) of what was read of it.

    It covers channel, queue, time, and of each turn number, role, agent and text; and, where there are any, direction,
    zone and metadata, and a turn's confidence and overlap. It does not cover the file's name, so that a moved file is
    not scored again, and does not depend on the order of rows.
    """
    time = pl.col("started_at").dt.epoch("us")
    fields = (pl.col("channel"), pl.col("queue"), time, *map(pl.col, ("turn", "role", "agent_id", "text")))
    more = [
        *map(pl.col, ("direction", "zone", "metadata")),
        pl.col("confidence").round(6).cast(pl.String),
        pl.when(pl.col("overlap")).then(pl.lit("overlap")),
    ]
    # Conversations without any of these keep the version that they had before the table had such columns.
    also = pl.when(pl.any_horizontal(each.is_not_null() for each in more)).then(pl.concat_str(map(spelt, more)))
    whole = pl.concat_str([*map(spelt, fields), also.fill_null("")])
    one = turns.sort(TURNS.key).select("conversation_id", content=whole)
    joined = one.group_by("conversation_id", maintain_order=True).agg(pl.col("content").str.join(""))
    return joined.with_columns(digests(joined["content"]))

"""Which group each conversation is in, for figures by queue, channel, direction or any label of the export."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from empathy_scan.errors import MissingColumnError
from empathy_scan.readers.grouping import plain

COLUMNS = ("queue", "channel", "direction", "zone")
NONE = "(none)"  # of conversations that do not tell


def of_conversations(conversations: pl.DataFrame, by: Sequence[str]) -> pl.DataFrame:
    """`conversation_id` and `group` (`queue=Billing`), a row per conversation and key; none without keys.

    A key is one of COLUMNS, else the name of a label in `metadata`. One that no conversation tells has no groups.
    """
    parts = [_by(conversations, key) for key in dict.fromkeys(by)]
    empty = pl.DataFrame(schema={"conversation_id": pl.String, "group": pl.String})
    return pl.concat([empty, *parts]).sort("conversation_id", "group")


def of_rows(rows: pl.DataFrame, by: Sequence[str], *, where: str) -> pl.DataFrame:
    """The same of a table of labelled turns, whose columns are the keys; MissingColumnError for an unknown one."""
    columns = {plain(name): name for name in rows.columns}
    if lacking := sorted(key for key in by if plain(key) not in columns):
        raise MissingColumnError(
            f"no column {', '.join(map(repr, lacking))}", where=where, remedy=f"choose among {', '.join(rows.columns)}"
        )
    found = [
        rows.group_by(pl.col("conversation_id").cast(pl.String), maintain_order=True)
        .agg(pl.col(columns[plain(key)]).cast(pl.String).replace("", None).drop_nulls().first().alias("value"))
        .select("conversation_id", group=_named(key))
        for key in dict.fromkeys(by)
    ]
    empty = pl.DataFrame(schema={"conversation_id": pl.String, "group": pl.String})
    return pl.concat([empty, *found]).sort("conversation_id", "group")


def _by(conversations: pl.DataFrame, key: str) -> pl.DataFrame:
    label = pl.col("metadata").str.json_path_match(f"$.{plain(key)}")
    value = pl.col(key) if key in COLUMNS else label
    found = conversations.select("conversation_id", value=value)
    if found["value"].null_count() == found.height:
        return found.clear().select("conversation_id", group="value")
    return found.select("conversation_id", group=_named(key))


def _named(key: str) -> pl.Expr:
    return pl.format("{}={}", pl.lit(plain(key)), pl.col("value").fill_null(NONE))

"""Rates by any column of a frame of chances, made as `summary` makes its figures: intervals over conversations."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from empathy_scan import summary
from empathy_scan.config import SummaryConfig
from empathy_scan.report.measures import Figure

SETTINGS = SummaryConfig()  # the report's own figures take the usual least number of conversations
Key = tuple[object, ...]


def by(
    rows: pl.DataFrame, keys: Sequence[str], *, measure: str, settings: SummaryConfig = SETTINGS
) -> dict[Key, Figure]:
    """A figure for each group of rows: columns `keys`, `conversation_id` and `hit` (a number or yes and no).

    `measure` is one of `summary`: it says how hits become a figure. Groups come in the order of their keys.
    """
    index, sums = list(keys), list(summary.SUMS)
    talks = rows.group_by(*index, "conversation_id").agg(
        hits=pl.col("hit").cast(pl.Float64).sum().round(9), chances=pl.len().cast(pl.Float64)
    )
    blank = pl.lit(0.0)
    alike = talks.with_columns(other_hits=blank, other_chances=blank).group_by(*index, *sums)
    counted = alike.agg(alike=pl.len().cast(pl.Int64)).sort(*index, *sums)
    parts = counted.partition_by(index, as_dict=True, include_key=False, maintain_order=True)
    return {key: _figure(measure, part, settings) for key, part in parts.items()}


def whole(rows: pl.DataFrame, *, measure: str, settings: SummaryConfig = SETTINGS) -> Figure:
    """The figure of all rows together; without rows one that says that there is not enough."""
    figures = by(rows.with_columns(all_rows=pl.lit(value=True)), ["all_rows"], measure=measure, settings=settings)
    needed = max(1, settings.minimum_conversations)
    none = Figure(measure, None, 0, 0, None, None, f"not enough conversations yet (0 of {needed} needed)")
    return figures.get((True,), none)


def _figure(measure: str, alike: pl.DataFrame, settings: SummaryConfig) -> Figure:
    made = summary.figure_of(measure, alike, settings)
    return Figure(**{"measure": measure, **made, "why": made["why"] or ""})  # type: ignore[arg-type]

"""What a report says of fairness by itself: where differences between agents may be those of queue or channel."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from empathy_scan import confounding, groups
from empathy_scan.config import Config
from empathy_scan.confounding import Comparison
from empathy_scan.group_figures import CONVERSATION, Facet
from empathy_scan.opportunities import opportunities

OF_STORE = ("queue", "channel")


def confounded(labels: pl.DataFrame, conversations: pl.DataFrame, config: Config) -> tuple[Comparison, ...]:
    """The comparisons of agents that warn, by what the store itself knows of conversations: for the front page."""
    facets = of_conversations(conversations, config.report.group_by)
    found = confounding.compared(opportunities(labels), facets, config.summary)
    return tuple(each for each in found if each.warns)


def of_conversations(conversations: pl.DataFrame, by: Sequence[str]) -> tuple[Facet, ...]:
    """Queue, channel, and what else of the export is asked for, as facets."""
    keys = dict.fromkeys((*OF_STORE, *by))
    found = [(key, groups.of_conversations(conversations, [key])) for key in keys]
    return tuple(
        Facet(key, CONVERSATION, frame.with_columns(group=pl.col("group").str.splitn("=", 2).struct["field_1"]))
        for key, frame in found
    )  # fmt: skip

"""What a head says of turns, and the words that carried it: which answers why."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import polars as pl
import torch

from empathy_scan.model.explain import spans
from empathy_scan.model.tokens import Packed
from empathy_scan.own import fitting
from empathy_scan.own.features import Looker, Seen, examples_of, focus_of, placed_rows
from empathy_scan.own.fitting import WORDS, Weights
from empathy_scan.own.heads import Head
from empathy_scan.stats import Numbers
from empathy_scan.tables import OWN_LABELS

__all__ = ["examples_of", "judge", "nothing"]

_COLUMNS = {
    name: OWN_LABELS.columns[name] for name in ("conversation_id", "turn", "p", "given", "evidence")
}  # fmt: skip


def nothing() -> pl.DataFrame:
    """What is said of no turns."""
    return pl.DataFrame(schema=_COLUMNS)


def judge(segments: pl.DataFrame, packed: Sequence[Packed], seen: Seen, head: Head, looker: Looker) -> pl.DataFrame:
    """What a head says of each turn of SEGMENTS: `p`, `given`, and for those with the label the words that counted.

    A turn's probability is that of its likeliest segment, and the words that are pointed at are of that one.
    """
    keys = segments.select("conversation_id", "turn")
    number = keys.select(at=pl.struct("conversation_id", "turn").rle_id())["at"].to_numpy().astype(np.int64)
    first = keys.unique(maintain_order=True)
    sums = head.weights.sums(seen)
    turns = fitting.greatest(sums, number, first.height)
    carry = np.flatnonzero(head.decision.given(sums) & fitting.likeliest(sums, number))
    rows = segments[carry].select("text", "start").rows()
    worths = worth(head.weights, [packed[at] for at in carry.tolist()], looker)
    evidence: list[list[dict[str, object]]] = [[] for _ in range(first.height)]
    for at, (text, start), values in zip(carry.tolist(), rows, worths, strict=True):
        evidence[number[at]] += [
            {"label": head.facts.key, "start": start + a, "end": start + b, "weight": weight}
            for a, b, weight in spans(text, packed[at], values)
        ]
    return first.with_columns(
        p=pl.Series(head.decision.chances(turns), dtype=pl.Float32),
        given=pl.Series(head.decision.given(turns)),
        evidence=pl.Series(evidence, dtype=OWN_LABELS.columns["evidence"]),
    )


def worth(weights: Weights, packed: Sequence[Packed], looker: Looker) -> list[Numbers]:
    """How much each token of a focus counted for the label: hiding it in the encoder's view, and its phrases' share."""
    direction = torch.from_numpy((weights.dense / weights.scale).astype(np.float32))
    slopes = looker.slopes(packed, direction)
    return [slope + _phrases(weights, one) for slope, one in zip(slopes, packed, strict=True)]


def _phrases(weights: Weights, one: Packed) -> Numbers:
    """Each token's share of what the phrases of a focus add; a phrase's weight is shared by its tokens and places."""
    ids = focus_of(one)
    worth = np.zeros(len(ids))
    placed = placed_rows(ids)
    distinct = max(len(np.unique(np.concatenate(placed))), 1)
    for length, rows in enumerate(placed, 1):
        if not len(rows) or not len(weights.rows):
            continue
        at = np.minimum(np.searchsorted(weights.rows, rows), len(weights.rows) - 1)
        value = np.where(weights.rows[at] == rows, weights.phrases[at], 0.0) * WORDS / np.sqrt(distinct)
        _, back, times = np.unique(rows, return_inverse=True, return_counts=True)
        share = value / times[back] / length
        for shift in range(length):
            worth[shift : shift + len(rows)] += share
    return worth

"""Reviewed turns made up: truths, and logits of a model that knows them more or less."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np

from empathy_scan.learning.lessons import OUTPUTS, Lessons
from empathy_scan.model.examples import Item
from empathy_scan.model.tokens import Example

NOON = datetime(2026, 10, 5, 12, tzinfo=UTC)


def lessons(turns: int, *, seed: int = 1, per_conversation: int = 4, rate: float = 0.4) -> Lessons:
    """So many turns, agents' and customers' by turns, whose labels are drawn at random."""
    draw = np.random.default_rng(seed)
    truth = np.full((turns, OUTPUTS), np.nan)
    items = []
    for at in range(turns):
        role, conversation = ("agent", "customer")[at % 2], f"c{at // per_conversation}"
        tone = np.eye(3)[draw.choice(3, p=(0.6, 0.25, 0.15))]
        flags = (draw.random(4) < rate).astype(float)
        if role == "agent":
            truth[at, :4], truth[at, 4:7] = flags, tone
        else:
            truth[at, 7:10], truth[at, 10:] = tone, flags * tone[2]
        said = (Example(role, f"turn {at}", ()),)
        items.append(Item(("reviews", conversation, at), role, "", said, "", 0, "", scenario=conversation))
    conversations = np.arange(turns) // per_conversation
    return Lessons(tuple(items), truth, np.ones(turns), conversations, (NOON,) * turns, 2)


def logits_of(given: Lessons, *, sure: float = 1.0, know: float = 2.0, off: float = 0.0, seed: int = 2) -> np.ndarray:
    """Logits of a model that knows the truth as far as `know` says, times `sure`, plus `off` on the flags."""
    draw = np.random.default_rng(seed)
    told = np.nan_to_num(given.truth, nan=0.5)
    made = know * (2 * told - 1) + draw.normal(size=told.shape) * np.sqrt(2 * know)
    made[:, :4] += off
    return sure * made

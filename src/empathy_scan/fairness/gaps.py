"""One group against the others: a difference of two rates, its interval and its test."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from scipy import special

from empathy_scan import stats
from empathy_scan.stats import Estimate, Numbers


@dataclass(frozen=True, slots=True)
class Gap:
    """A group's rate less that of the others; `believed` after allowing for how many were looked at."""

    estimate: Estimate
    p_value: float
    believed: bool = False


def between(sums: Numbers, *, resamples: int, seed: tuple[int, ...]) -> Gap | None:
    """The gap from (hits, chances, the others' hits, the others' chances) per conversation; None where one has none."""
    if not (sums[:, 1].sum() > 0 and sums[:, 3].sum() > 0):
        return None
    kinds, counts = np.unique(sums.round(9), axis=0, return_counts=True)
    found = stats.difference(kinds, counts, resamples=resamples, seed=seed)
    return Gap(found, p_value(found))


def p_value(gap: Estimate) -> float:
    """Two-sided, of no difference, by how far the interval's nearer end lies from the value."""
    reach = gap.value - gap.low if gap.value > 0 else gap.high - gap.value
    if reach <= 0:
        return 1.0 if gap.value == 0 else 0.0
    return float(2 * special.ndtr(-abs(gap.value) / reach * stats.QUANTILE))


def believed(gaps: list[Gap | None]) -> list[bool]:
    """Which of many gaps to believe (Benjamini and Hochberg 1995); False where there is none."""
    tested = {at: gap.p_value for at, gap in enumerate(gaps) if gap is not None and math.isfinite(gap.p_value)}
    values = np.array(list(tested.values()), dtype=np.float64)
    held = dict(zip(tested, stats.benjamini_hochberg(values).tolist(), strict=True))
    return [bool(held.get(at, False)) for at in range(len(gaps))]

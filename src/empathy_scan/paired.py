"""Two labellings of the same turns compared: agreement and shifts with intervals over conversations.

Turns of one conversation resemble each other, so what varies is the conversation. Every figure here is a smooth
function of sums over conversations; its variance is that of its linear part in each of them (the delta method; Davison
and Hinkley 1997, section 2.7). Both labellings are of the same conversations, so what they share cancels out. Degrees
of freedom count the conversations that tell something: a difference that lies in four conversations is known by four,
however many others did not move.

`counts` says how many conversations each row stands for.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from scipy import special

from empathy_scan.kappa import NOTHING, agreed_and_expected
from empathy_scan.stats import LEVEL, Counts, Estimate, Numbers, wilson


@dataclass(frozen=True, slots=True)
class Shift:
    """A figure under the first labelling and under the second, and the second less the first with its interval."""

    old: float
    new: float
    shift: Estimate
    p_value: float  # of no shift


def share_agreed(cells: Numbers, counts: Counts) -> Estimate:
    """The share of turns on which two labellings agree, from each conversation's table of turns.

    `cells` [conversations, labels * labels]: first labelling by rows. Wilson's interval at the number of independent
    turns that would vary as much; where all agree, at the number of conversations. Raises ValueError without a turn.
    """
    size = math.isqrt(cells.shape[1])
    same, turns = cells[:, :: size + 1].sum(axis=1), cells.sum(axis=1)
    total, held = _total(turns, counts), int(counts[turns > 0].sum())
    share = float(counts @ same) / total
    spread = _variance((same - share * turns) / total, counts, held)
    if spread < NOTHING:
        return _around(share, wilson(share * held, held, quantile=_student(held - 1)))
    effective = min(total, share * (1 - share) / spread)
    return _around(share, wilson(share * effective, effective, quantile=_student(held - 1)))


def kappa(cells: Numbers, counts: Counts) -> Estimate | None:
    """Cohen's kappa of two labellings from each conversation's table of turns, as `share_agreed` takes it.

    None where both give one and the same label throughout: there is no agreement beyond chance to speak of. With
    perfect agreement the lower end comes from the interval of the share agreed upon. Raises ValueError without a turn.
    """
    size = math.isqrt(cells.shape[1])
    turns = cells.sum(axis=1)
    total = _total(turns, counts)
    table = (counts @ cells).reshape(size, size) / total
    rows, columns = table.sum(axis=1), table.sum(axis=0)
    agreed, chance = map(float, agreed_and_expected(table))
    if chance >= 1 - NOTHING:
        return None
    value = (agreed - chance) / (1 - chance)
    # d kappa / d cell: agreement gained, less the chance agreement gained with it.
    slope = np.eye(size) / (1 - chance) - (1 - agreed) / (1 - chance) ** 2 * (columns[:, None] + rows[None, :])
    linear = (cells @ slope.ravel() - turns * float((table * slope).sum())) / total
    rare = _telling(cells, counts, size)
    spread = _variance(linear, counts, int(counts[turns > 0].sum()))
    if agreed >= 1 - NOTHING or spread < NOTHING:
        surely = share_agreed(cells, counts).low
        return _around(value, Estimate(value, max(-1.0, (surely - chance) / (1 - chance)), 1.0))
    reach = _student(rare - 1) * math.sqrt(spread)
    return Estimate(value, max(-1.0, value - reach), min(1.0, value + reach))


def shift(old: Numbers, new: Numbers, counts: Counts, *, bound: float = math.inf) -> Shift:
    """How a figure moves from one labelling of conversations to another.

    `old` and `new` [conversations, 4]: hits, chances, and those of what a contrast compares with, as `summary` sums
    them (0 where there is no contrast). Student's interval; where no conversation moved, as many as Wilson's bound for
    "none of them" allows may still move, by one each. `bound` limits the ends. Raises ValueError without a chance.
    """
    (before, linear_before), (after, linear_after) = (_figure(sums, counts) for sums in (old, new))
    held = int(counts[(old[:, 1] > 0) | (new[:, 1] > 0)].sum())
    moved = int(counts[np.abs(old - new).max(axis=1) > NOTHING].sum())
    value = after - before
    spread = _variance(linear_after - linear_before, counts, held)
    if not moved or spread < NOTHING**2:  # nothing moves, or everything by the same
        reach, p_value = wilson(0, held).high, 2.0 ** (1 - moved) if abs(value) > NOTHING else 1.0
    else:
        freedom = max(1, moved - 1)
        reach = float(special.stdtrit(freedom, 0.5 + LEVEL / 2)) * math.sqrt(spread)
        p_value = 2 * float(special.stdtr(freedom, -abs(value) / math.sqrt(spread)))
    ends = Estimate(value, max(-bound, value - reach), min(bound, value + reach))
    return Shift(before, after, _around(value, ends), min(1.0, p_value))


def _figure(sums: Numbers, counts: Counts) -> tuple[float, Numbers]:
    """A ratio, or one less another, and its linear part in each conversation."""
    value, linear = 0.0, np.zeros(len(sums))
    contrast = bool(sums[:, 3].any())
    for sign, top, bottom in ((1, 0, 1), (-1, 2, 3))[: 1 + contrast]:
        total = _total(sums[:, bottom], counts)
        ratio = float(counts @ sums[:, top]) / total
        value += sign * ratio
        linear = linear + sign * (sums[:, top] - ratio * sums[:, bottom]) / total
    return value, linear


def _variance(linear: Numbers, counts: Counts, held: int) -> float:
    """The variance of a sum over conversations of which so many tell something."""
    return float(counts @ linear**2) * held / max(1, held - 1)


def _telling(cells: Numbers, counts: Counts, size: int) -> int:
    """Conversations with a turn that either labelling puts elsewhere than where both put most."""
    common = int(np.argmax(np.diagonal((counts @ cells).reshape(size, size)))) * (size + 1)
    return int(counts[cells.sum(axis=1) - cells[:, common] > 0].sum())


def _student(freedom: int) -> float:
    return float(special.stdtrit(max(1, freedom), 0.5 + LEVEL / 2))


def _around(value: float, ends: Estimate) -> Estimate:
    """The value with ends that hold it whatever rounding does."""
    return Estimate(value, min(value, ends.low), max(value, ends.high))


def _total(values: Numbers, counts: Counts) -> float:
    total = float(counts @ values)
    if not total > 0:
        raise ValueError("nothing to compare")
    return total

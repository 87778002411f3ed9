"""Agreement beyond chance between those who labelled the same turns, weighted for how the turns were drawn.

Ratings are a matrix of category numbers [units, raters] with -1 where a rater has not answered. Of each coefficient
there is an agreement p and what chance alone would give, c; the coefficient is (p - c) / (1 - c).

* Cohen's kappa of two raters (Cohen 1960; with linear weights for ordered categories, Cohen 1968; of more than two
  raters the mean over the pairs, Light 1971).
* Krippendorff's alpha for nominal or ordinal categories and any number of raters, of whom some may be silent
  (Krippendorff 2019, *Content Analysis*, chapter 12).
* Gwet's AC1, with linear weights for ordered categories AC2 (Gwet 2008; 2014, *Handbook of Inter-Rater Reliability*,
  chapters 4 and 5): steadier than kappa where nearly all turns are of one category.
* The plain share of ratings that agree.

Intervals: a bootstrap over conversations tells how much a coefficient varies from one draw of conversations to another;
that becomes an effective number of turns for Wilson's interval of p, whose ends become those of the coefficient, as in
stats.py. So perfect agreement on a few turns does not look certain, and few conversations widen the interval.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
from scipy import special

from empathy_scan import stats
from empathy_scan.kappa import NOTHING, agreed_and_expected, closeness
from empathy_scan.stats import Estimate, Numbers

Codes = npt.NDArray[np.int64]

KAPPA, ALPHA, AC, RAW = "kappa", "alpha", "ac", "raw"
NAMES = (KAPPA, ALPHA, AC, RAW)
SEED = 1960
_ALIKE = 0.1  # correlation of turns of one conversation, where nothing can be seen of it


@dataclass(frozen=True, slots=True)
class Ratings:
    """What raters said of turns: category numbers [units, raters], -1 for no answer; weights; and conversations."""

    codes: Codes
    categories: int
    weights: Numbers
    conversations: Codes  # a number per unit
    ordinal: bool = False

    @property
    def pairable(self) -> npt.NDArray[np.bool_]:
        """Units that two raters or more have answered."""
        return np.asarray((self.codes >= 0).sum(axis=1) >= 2)


@dataclass(frozen=True, slots=True)
class Coefficient:
    """A coefficient with its interval; None, with a reason, where it cannot be told."""

    estimate: Estimate | None
    why: str = ""


@dataclass(frozen=True, slots=True)
class Agreement:
    """All coefficients of the same ratings; `effective` is the number of equally weighted turns that tell as much."""

    turns: int
    conversations: int
    effective: float
    coefficients: dict[str, Coefficient]


@dataclass(frozen=True, slots=True)
class _Part:
    """A coefficient's columns of sums per unit, and how totals of them [..., columns] become p and c."""

    sums: Numbers
    read: Callable[[Numbers], tuple[Numbers, Numbers]]


def agreement(ratings: Ratings, *, resamples: int = 1000) -> Agreement:
    """Every coefficient of the ratings; units that one rater alone has answered tell AC1 what answers are usual."""
    there = ratings.pairable
    turns = int(there.sum())
    if turns == 0:
        return Agreement(0, 0, 0.0, {name: Coefficient(None, "nobody answered the same turns") for name in NAMES})
    kept = _only(ratings, np.asarray((ratings.codes >= 0).any(axis=1)))
    effective, conversations = _effective(_only(ratings, there)), len(np.unique(ratings.conversations[there]))
    parts = {KAPPA: _kappa(kept), ALPHA: _alpha(kept), AC: _ac(kept), RAW: _raw(kept)}
    sums = np.column_stack([part.sums for part in parts.values()])
    clusters = np.unique(kept.conversations)
    by_cluster = np.zeros((len(clusters), sums.shape[1]))
    np.add.at(by_cluster, np.searchsorted(clusters, kept.conversations), sums)
    drawn = stats.times_drawn(len(clusters), resamples=resamples, seed=SEED) @ by_cluster  # [resamples, columns]
    found, at = {}, 0
    apart = 1 - float(parts[RAW].read(parts[RAW].sums.sum(axis=0)[None, :])[0][0])
    for name, part in parts.items():
        columns = slice(at, at := at + part.sums.shape[1])
        with np.errstate(divide="ignore", invalid="ignore"):
            point, varied = part.read(by_cluster[:, columns].sum(axis=0)[None, :]), part.read(drawn[:, columns])
        found[name] = _coefficient(point, varied, conversations, effective, apart)
    return Agreement(turns, conversations, effective, found)


def _only(ratings: Ratings, units: npt.NDArray[np.bool_]) -> Ratings:
    """Some of the units, their weights 1 on average."""
    weights = ratings.weights[units]
    return replace(
        ratings, codes=ratings.codes[units], weights=weights / weights.mean(),
        conversations=ratings.conversations[units],
    )  # fmt: skip


def _coefficient(
    point: tuple[Numbers, Numbers], drawn: tuple[Numbers, Numbers], clusters: int, effective: float, apart: float
) -> Coefficient:
    """A coefficient from its p and c and those of the resamples; `apart` is the share of ratings that differ."""
    observed, chance = min(1.0, float(point[0][0])), float(point[1][0])  # sums may be off in their last digit
    if not math.isfinite(chance) or chance > 1 - NOTHING:
        return Coefficient(None, "everybody gave one and the same answer, so there is nothing to agree upon")
    value = (observed - chance) / (1 - chance)
    if clusters < 2:
        return Coefficient(None, "all turns are of one conversation")
    with np.errstate(divide="ignore", invalid="ignore"):
        values = (drawn[0] - drawn[1]) / (1 - drawn[1])
    values = values[np.isfinite(values)]
    share = min(1.0, max(0.0, observed))
    number = effective
    if len(values) > 1 and np.ptp(values) > NOTHING and 0 < share < 1:
        variance = float(values.var(ddof=1)) * clusters / (clusters - 1) * (1 - chance) ** 2
        number = min(effective * _narrower(1 - share, apart), share * (1 - share) / max(variance, NOTHING))
    quantile = float(special.stdtrit(clusters - 1, 0.5 + stats.LEVEL / 2))
    ends = stats.wilson(share * number, number, quantile=quantile)
    low, high = ((end - chance) / (1 - chance) for end in (ends.low, ends.high))
    return Coefficient(Estimate(value, max(-1.0, min(low, value)), min(1.0, max(high, value))))


def _narrower(disagreement: float, apart: float) -> float:
    """How much less a mean of partial disagreements varies than a share; 1 where every disagreement is a whole one."""
    size = disagreement / apart if apart > 0 else 1.0
    return max(1.0, (1 - disagreement) / (size * (1 - apart))) if 0 < size < 1 and apart < 1 else 1.0


def _effective(ratings: Ratings) -> float:
    """The number of independent, equally weighted turns that would tell as much (Kish 1965), where none is unlike."""
    weights = ratings.weights
    alone = float(weights.sum() ** 2 / (weights**2).sum())
    _, sizes = np.unique(ratings.conversations, return_counts=True)
    size = float((sizes**2).sum() / sizes.sum())
    return max(1.0, alone / (1 + (size - 1) * _ALIKE))


def _counts(ratings: Ratings) -> Numbers:
    """How many raters gave each category to each unit: [units, categories]."""
    return np.stack([(ratings.codes == place).sum(axis=1) for place in range(ratings.categories)], axis=1).astype(float)


def _pairs(ratings: Ratings, counts: Numbers) -> tuple[Numbers, Numbers]:
    """The weight of each unit among those that can be compared (0 for others), and its ordered pairs of ratings."""
    given = counts.sum(axis=1)
    return ratings.weights * (given >= 2), np.maximum(given * (given - 1), 1)


def _raw(ratings: Ratings) -> _Part:
    """The share of pairs of ratings of the same unit that are equal."""
    counts = _counts(ratings)
    weights, pairs = _pairs(ratings, counts)
    sums = np.column_stack([weights * (counts * (counts - 1)).sum(axis=1) / pairs, weights])
    return _Part(sums, lambda totals: (totals[:, 0] / totals[:, 1], np.zeros(len(totals))))


def _kappa(ratings: Ratings) -> _Part:
    """Cohen's kappa of every pair of raters, and of several pairs the mean."""
    size = ratings.categories
    tables = []
    for one, other in itertools.combinations(range(ratings.codes.shape[1]), 2):
        first, second = ratings.codes[:, one], ratings.codes[:, other]
        both = (first >= 0) & (second >= 0)
        if both.any():
            cells = np.zeros((len(first), size * size))
            cells[np.flatnonzero(both), first[both] * size + second[both]] = ratings.weights[both]
            tables.append(cells)

    def read(totals: Numbers) -> tuple[Numbers, Numbers]:
        table = totals.reshape(len(totals), -1, size, size)  # [resamples, pairs, first, second]
        observed, chance = agreed_and_expected(table, ordinal=ratings.ordinal)
        chance = np.where(chance > 1 - NOTHING, np.nan, chance)
        value = (observed - chance) / (1 - chance)
        return _mean_of_pairs(observed, chance, value)

    return _Part(np.column_stack(tables), read)


def _mean_of_pairs(observed: Numbers, chance: Numbers, value: Numbers) -> tuple[Numbers, Numbers]:
    """P and c that make the mean of the pairs' kappas; pairs of which there is none are left out."""
    known = np.isfinite(value)
    some = np.maximum(known.sum(axis=1), 1)
    p, kappa, c = (np.where(known, each, 0.0).sum(axis=1) / some for each in (observed, value, chance))
    if observed.shape[1] > 1:
        c = np.where(kappa < 1 - NOTHING, (p - kappa) / (1 - kappa), c)
    return p, np.where(known.any(axis=1), c, np.nan)


def _alpha(ratings: Ratings) -> _Part:
    """Krippendorff's alpha, from the coincidences of values within units."""
    counts, size = _counts(ratings), ratings.categories
    given = counts.sum(axis=1)
    within = counts[:, :, None] * counts[:, None, :] - counts[:, :, None] * np.eye(size)
    shares = within * (ratings.weights / np.maximum(given - 1, 1))[:, None, None]
    sums = np.column_stack([shares.reshape(len(counts), -1), np.where(given >= 2, given, 0)])

    def read(totals: Numbers) -> tuple[Numbers, Numbers]:
        seen, number = totals[:, :-1].reshape(-1, size, size), totals[:, -1]
        total = seen.sum(axis=(1, 2))
        seen = seen * (number / total)[:, None, None]
        values = seen.sum(axis=2)  # [resamples, categories]
        apart = _distances(values, ordinal=ratings.ordinal)
        largest = np.maximum(apart.max(axis=(1, 2)), NOTHING)
        disagreed = (seen * apart).sum(axis=(1, 2)) / number / largest
        expected = np.einsum("nk,nl,nkl->n", values, values, apart) / (number * (number - 1)) / largest
        return 1 - disagreed, np.where(expected > NOTHING, 1 - expected, np.nan)

    return _Part(sums, read)


def _distances(values: Numbers, *, ordinal: bool) -> Numbers:
    """Krippendorff's squared differences of categories, from how often each was given: [resamples, one, other]."""
    size = values.shape[1]
    if not ordinal:
        return np.broadcast_to(1 - np.eye(size), (len(values), size, size))
    below = np.cumsum(values, axis=1) - values / 2  # the mean rank of each category
    return np.asarray((below[:, :, None] - below[:, None, :]) ** 2)


def _ac(ratings: Ratings) -> _Part:
    """Gwet's AC1; of ordered categories AC2 with linear weights."""
    counts, close = _counts(ratings), closeness(ratings.categories, ordinal=ratings.ordinal)
    weights, pairs = _pairs(ratings, counts)
    agreed = (counts * (counts @ close - 1)).sum(axis=1) / pairs
    usual = ratings.weights[:, None] * counts / counts.sum(axis=1, keepdims=True)
    sums = np.column_stack([weights * agreed, weights, usual])
    spread = float(close.sum()) / (ratings.categories * (ratings.categories - 1))

    def read(totals: Numbers) -> tuple[Numbers, Numbers]:
        shares = totals[:, 2:] / totals[:, 2:].sum(axis=1, keepdims=True)
        return totals[:, 0] / totals[:, 1], spread * (shares * (1 - shares)).sum(axis=1)

    return _Part(sums, read)

"""Intervals over conversations, shrinkage and agreement: arrays in, numbers out.

Turns of one conversation resemble each other, so intervals come from resampling whole conversations (the cluster
bootstrap; Davison and Hinkley 1997, section 3.8). With few conversations its plain percentiles are too narrow, and
empty where every resample agrees. So the bootstrap says only how much a figure varies from one draw of conversations
to another, and that becomes an *effective number of turns* for a score interval, with Student's t for the few
conversations (Korn and Graubard 1998; Franco et al. 2019 compare such intervals and recommend Wilson's).

`sums` holds one row per distinct kind of conversation, `counts` how many conversations are of that kind. Conversations
with the same sums are interchangeable, which keeps the resampling small: 10,000 conversations are a few dozen kinds.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import special

Numbers = npt.NDArray[np.float64]
Counts = npt.NDArray[np.int64]

LEVEL = 0.95
QUANTILE = float(special.ndtri(0.5 + LEVEL / 2))  # of the normal distribution
_KINDS_AT_ONCE = 256  # up to here multinomial weights are faster than drawing conversations one by one
_DRAWS_AT_ONCE = 2_000_000  # conversations drawn in one chunk: 16 MB of indices
_AGREE = 1e-12  # resamples that differ by less differ by rounding only


@dataclass(frozen=True, slots=True)
class Estimate:
    """A figure with its 95% interval; `low <= value <= high` always holds."""

    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Shrunk:
    """Rates drawn towards their common mean: `strength` is the weight of that mean, counted in trials."""

    rates: Numbers
    mean: float
    strength: float
    low: Numbers  # 95% of each group's own distribution, given all
    high: Numbers


def wilson(successes: float, trials: float, *, quantile: float = QUANTILE) -> Estimate:
    """A proportion with Wilson's score interval (Wilson 1927); `trials` may be an effective number, but above 0."""
    if not 0 <= successes <= trials or trials <= 0:
        raise ValueError(f"{successes} successes in {trials} trials are no proportion")
    rate, weight = successes / trials, quantile * quantile / trials
    centre = (rate + weight / 2) / (1 + weight)
    reach = math.sqrt(weight * (rate * (1 - rate) + weight / 4)) / (1 + weight)
    return _bracket(rate, max(0.0, centre - reach), min(1.0, centre + reach))


def resample_sums(sums: Numbers, counts: Counts, *, resamples: int, seed: Sequence[int]) -> Numbers:
    """The totals of each column of `sums` in every resample of conversations: shape (resamples, columns).

    The same kinds of conversations in any order and the same seed give the same totals.
    """
    order = np.lexsort(sums.T[::-1])
    sums, counts = sums[order], counts[order]
    draw, size = np.random.default_rng(list(seed)), int(counts.sum())
    if len(counts) <= _KINDS_AT_ONCE:
        return np.asarray(draw.multinomial(size, counts / size, size=resamples) @ sums, dtype=np.float64)
    conversations = np.repeat(sums, counts, axis=0)
    totals = np.empty((resamples, sums.shape[1]))
    step = max(1, _DRAWS_AT_ONCE // size)
    for start in range(0, resamples, step):
        drawn = draw.integers(0, size, size=(min(step, resamples - start), size))
        for column in range(sums.shape[1]):
            totals[start : start + step, column] = conversations[:, column][drawn].sum(axis=1)
    return totals


def proportion(sums: Numbers, counts: Counts, *, resamples: int, seed: Sequence[int]) -> Estimate:
    """A rate over conversations from their (hits, opportunities): Wilson's interval at the effective number of turns.

    Where all resamples agree (a rate of 0 or 1, a single conversation), the number of conversations is used instead.
    Raises ValueError without any opportunity.
    """
    return weighed(sums, counts, resamples=resamples, seed=seed)[0]


def weighed(sums: Numbers, counts: Counts, *, resamples: int, seed: Sequence[int]) -> tuple[Estimate, float]:
    """`proportion`, and the number of independent turns that would vary as the resamples do."""
    _total(sums, counts, 1)
    totals = resample_sums(sums, counts, resamples=resamples, seed=seed)
    return _score(sums, counts, _ratios(totals))


def difference(sums: Numbers, counts: Counts, *, resamples: int, seed: Sequence[int]) -> Estimate:
    """One rate minus another from (hits, opportunities, other hits, other opportunities) per conversation.

    The two score intervals are joined by squaring and adding (Newcombe 1998, method 10), less the correlation of the
    two rates across the resamples (Zou and Donner 2008). Raises ValueError where either rate has no opportunity.
    """
    _total(sums, counts, 1), _total(sums, counts, 3)
    totals = resample_sums(sums, counts, resamples=resamples, seed=seed)
    first, second = _ratios(totals[:, :2]), _ratios(totals[:, 2:])
    together = _correlation(first, second)
    (one, _), (other, _) = _score(sums[:, :2], counts, first), _score(sums[:, 2:], counts, second)
    value = one.value - other.value
    down = _joined(one.value - one.low, other.high - other.value, together)
    up = _joined(one.high - one.value, other.value - other.low, together)
    return _bracket(value, max(-1.0, value - down), min(1.0, value + up))


def load(sums: Numbers, counts: Counts, *, resamples: int, seed: Sequence[int]) -> Estimate:
    """Events per unit from (events, units) per conversation: the score interval of a Poisson count.

    The effective number of events is what a Poisson count with the spread of the resamples would have. Where all
    resamples agree, the exact interval of the whole count is used (Garwood 1936). Raises ValueError without a unit.
    """
    units = _total(sums, counts, 1)
    ratios = _ratios(resample_sums(sums, counts, resamples=resamples, seed=seed))
    events = float(counts @ sums[:, 0])
    value, clusters = events / units, int(counts[sums[:, 1] > 0].sum())
    spread = _variance(ratios, clusters)
    if spread == 0:
        low, high = special.chdtri(2 * events, 0.5 + LEVEL / 2) / 2 if events else 0.0, _garwood_high(events)
        return _bracket(value, low / units, high / units)
    quantile, effective = _student(clusters), value * value / spread
    centre, reach = effective + quantile**2 / 2, quantile * math.sqrt(effective + quantile**2 / 4)
    return _bracket(value, (centre - reach) * value / effective, (centre + reach) * value / effective)


def mean(sums: Numbers, counts: Counts, *, resamples: int, seed: Sequence[int]) -> Estimate:
    """A mean of numbers between -1 and 1 from (sum, how many) per conversation.

    The interval is Student's, with the bootstrap's spread. Where all resamples agree, as many conversations as Wilson's
    bound for "none of them" allows may still lie at -1 or at 1. Raises ValueError without any number.
    """
    number = _total(sums, counts, 1)
    ratios = _ratios(resample_sums(sums, counts, resamples=resamples, seed=seed))
    value, clusters = float(counts @ sums[:, 0]) / number, int(counts[sums[:, 1] > 0].sum())
    spread = _variance(ratios, clusters)
    if spread == 0:
        unseen = wilson(0, clusters).high
        return _bracket(value, value - unseen * (value + 1), value + unseen * (1 - value))
    reach = _student(clusters) * math.sqrt(spread)
    return _bracket(value, max(-1.0, value - reach), min(1.0, value + reach))


def shrink(successes: Numbers, trials: Numbers) -> Shrunk:
    """Rates of small groups drawn towards the rate of all (beta-binomial empirical Bayes; Efron 2010, chapter 1).

    The beta distribution that the groups' rates come from is fitted by maximum likelihood. Groups without a trial get
    the mean. Groups that vary no more than chance does share one rate. Raises ValueError without any trial.
    """
    _total(trials[:, None], np.ones(len(trials), dtype=np.int64), 0)
    order = np.lexsort((successes, trials))  # the same groups in any order give the same rates to the last digit
    some, tried = successes[order], trials[order]
    pooled = (float(some.sum()) + 0.5) / (float(tried.sum()) + 1)

    def unlikelihood(point: Numbers) -> float:
        rate, strength = float(special.expit(point[0])), math.exp(point[1])
        first, second = rate * strength, (1 - rate) * strength
        likelihood = special.betaln(some + first, tried - some + second) - special.betaln(first, second)
        return -float(likelihood.sum())

    bounds = [(-12.0, 12.0), (-3.0, 12.0)]  # strengths from 0.05 to 160,000 trials
    start = np.array([special.logit(pooled), math.log(10)])
    from scipy import optimize  # noqa: PLC0415 - half a second, and used here alone

    fitted = optimize.minimize(unlikelihood, start, bounds=bounds, method="L-BFGS-B").x
    middle, strength = float(special.expit(fitted[0])), math.exp(float(fitted[1]))
    first, second = successes + middle * strength, trials - successes + (1 - middle) * strength
    low, high = (special.betaincinv(first, second, 0.5 + sign * LEVEL / 2) for sign in (-1, 1))
    return Shrunk((successes + middle * strength) / (trials + strength), middle, strength, low, high)


def shrink_normal(values: Numbers, errors: Numbers) -> Shrunk:
    """Estimates with standard errors drawn towards their common mean (normal-normal empirical Bayes).

    The variance between groups is DerSimonian and Laird's (1986); `strength` is the variance of the mean of a group
    that would count as much as the common mean. Raises ValueError without groups or for an error that is not above 0.
    """
    if not len(values) or not (errors > 0).all():
        raise ValueError("shrinkage needs groups with standard errors above 0")
    weights = errors**-2.0
    pooled = float(weights @ values / weights.sum())
    excess = float(weights @ (values - pooled) ** 2) - (len(values) - 1)
    scale = float(weights.sum() - (weights**2).sum() / weights.sum())
    between = max(0.0, excess / scale) if scale > 0 else 0.0
    middle = float(((values / (errors**2 + between)).sum()) / (1 / (errors**2 + between)).sum())
    own = between / (between + errors**2)
    spread = np.sqrt(own * errors**2 + (1 - own) ** 2 / (1 / (errors**2 + between)).sum())
    drawn = own * values + (1 - own) * middle
    return Shrunk(drawn, middle, between, drawn - QUANTILE * spread, drawn + QUANTILE * spread)


def benjamini_hochberg(p_values: Numbers, *, level: float = 0.05) -> npt.NDArray[np.bool_]:
    """Which of many tests to believe so that at most `level` of those believed are expected false (1995, step-up)."""
    number = len(p_values)
    order = np.argsort(p_values, kind="stable")
    passed = p_values[order] <= level * np.arange(1, number + 1) / max(1, number)
    believed = np.zeros(number, dtype=np.bool_)
    if passed.any():
        believed[order[: int(np.flatnonzero(passed).max()) + 1]] = True
    return believed


def kappa(first: Sequence[object], second: Sequence[object]) -> Estimate | None:
    """Cohen's kappa of two raters over the same items, with the interval of Fleiss, Cohen and Everitt (1969).

    None where both raters gave one and the same label throughout: there is no agreement beyond chance to speak of.
    With perfect agreement the lower end comes from Wilson's interval of the share agreed upon. Raises ValueError for
    lists of different lengths or without items.
    """
    if len(first) != len(second) or not first:
        raise ValueError(f"kappa needs the same items from both raters, not {len(first)} and {len(second)}")
    shares = _agreement_table(first, second)
    rows, columns, agreed = shares.sum(axis=1), shares.sum(axis=0), float(np.trace(shares))
    chance = float(rows @ columns)
    if chance >= 1 - _AGREE:
        return None
    value = (agreed - chance) / (1 - chance)
    if agreed >= 1 - _AGREE:
        surely = wilson(len(first), len(first)).low
        return _bracket(1.0, max(-1.0, (surely - chance) / (1 - chance)), 1.0)
    reach = QUANTILE * math.sqrt(_kappa_variance(shares, value, chance) / len(first))
    return _bracket(value, max(-1.0, value - reach), min(1.0, value + reach))


def _agreement_table(first: Sequence[object], second: Sequence[object]) -> Numbers:
    """Shares of the items by both raters' labels: rows are the first rater's, columns the second's."""
    number = {label: place for place, label in enumerate(dict.fromkeys([*first, *second]))}
    table = np.zeros((len(number), len(number)))
    np.add.at(table, ([number[label] for label in first], [number[label] for label in second]), 1)
    return table / len(first)


def _kappa_variance(shares: Numbers, value: float, chance: float) -> float:
    """The variance of kappa, times the number of items (Fleiss, Cohen and Everitt 1969, formula 13)."""
    rows, columns = shares.sum(axis=1), shares.sum(axis=0)
    same = shares.diagonal() @ (1 - (rows + columns) * (1 - value)) ** 2
    pairs = shares * (columns[:, None] + rows[None, :]) ** 2
    apart = (1 - value) ** 2 * (pairs.sum() - np.trace(pairs))
    return max(0.0, float(same + apart - (value - chance * (1 - value)) ** 2)) / (1 - chance) ** 2


def _score(sums: Numbers, counts: Counts, ratios: Numbers) -> tuple[Estimate, float]:
    """Wilson's interval of a rate at the number of independent turns that would vary as the resamples do; and that."""
    hits, turns = float(counts @ sums[:, 0]), float(counts @ sums[:, 1])
    rate, clusters = min(1.0, hits / turns), int(counts[sums[:, 1] > 0].sum())
    spread = _variance(ratios, clusters)
    if spread == 0 or rate in (0, 1):  # an adjusted rate may be cut at 1 and still vary
        return wilson(rate * clusters, clusters), float(clusters)
    # Korn and Graubard's degrees of freedom; turns of one conversation never tell more than independent ones would.
    independent = min(turns, rate * (1 - rate) / spread)
    effective = min(turns, rate * (1 - rate) / spread * (QUANTILE / _student(clusters)) ** 2)
    return wilson(rate * effective, effective), independent


def _ratios(totals: Numbers) -> Numbers:
    """First column over second in each resample, NaN where the second is 0."""
    ratios = np.full(len(totals), np.nan)
    np.divide(totals[:, 0], totals[:, 1], out=ratios, where=totals[:, 1] > 0)
    return ratios


def _variance(ratios: Numbers, clusters: int) -> float:
    """The variance of a ratio between draws of conversations, without the bootstrap's bias; 0 where all agree."""
    known = ratios[np.isfinite(ratios)]
    if clusters < 2 or len(known) < 2 or known.max() - known.min() < _AGREE:
        return 0.0
    return float(known.var(ddof=1)) * clusters / (clusters - 1)


def _correlation(first: Numbers, second: Numbers) -> float:
    """Pearson's correlation over the resamples that have both; 0 where one of them does not vary."""
    both = np.isfinite(first) & np.isfinite(second)
    one, other = first[both], second[both]
    if len(one) < 2 or np.ptp(one) < _AGREE or np.ptp(other) < _AGREE:
        return 0.0
    return float(np.corrcoef(one, other)[0, 1])


def _joined(first: float, second: float, correlation: float) -> float:
    """The reach of a difference from the reaches of its two parts."""
    return math.sqrt(max(0.0, first**2 + second**2 - 2 * correlation * first * second))


def _garwood_high(events: float) -> float:
    """The exact upper bound of a Poisson count."""
    return float(special.chdtri(2 * events + 2, 0.5 - LEVEL / 2)) / 2


def _student(clusters: int) -> float:
    """Student's quantile for as many conversations."""
    return float(special.stdtrit(clusters - 1, 0.5 + LEVEL / 2))


def _bracket(value: float, low: float, high: float) -> Estimate:
    """The estimate with an interval that holds it whatever rounding does."""
    return Estimate(float(value), float(min(low, value)), float(max(high, value)))


def _total(sums: Numbers, counts: Counts, column: int) -> float:
    """How many opportunities there are in all; raises ValueError where there are none."""
    total = float(counts @ sums[:, column])
    if not total > 0:
        raise ValueError("a figure needs at least one opportunity")
    return total

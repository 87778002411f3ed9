"""Intervals over conversations, shrinkage and agreement: arrays in, numbers out.

Turns of one conversation resemble each other, so intervals come from resampling whole conversations (the cluster
bootstrap; Davison and Hinkley 1997, section 3.8). With few conversations its plain percentiles are too narrow, and
empty where every resample agrees. So the bootstrap says only how much a figure varies from one draw of conversations
to another (with the linear part of it known exactly, so that chance in the resampling hardly matters; Efron 1990), and
that becomes an *effective number of turns* for a score interval (Korn and Graubard 1998; Franco et al. 2019 compare
such intervals and recommend Wilson's). Few conversations say little of how much their turns resemble each other: what
they say is joined with what is usual (Smyth 2004). benchmarks/truth.py measures how often the intervals hold the truth.

`sums` holds one row per distinct kind of conversation, `counts` how many conversations are of that kind. Conversations
with the same sums are interchangeable, which keeps the resampling small: 10,000 conversations are a few dozen kinds.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

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
_SHARES: Numbers = (np.arange(40) + 0.5) / 40  # of the common mean in a shrunken figure
_USUAL_CORRELATION = 0.1  # of the turns of a conversation, where the conversations are too few to tell
_USUAL_WEIGHT = 10.0  # degrees of freedom that this counts as


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


@dataclass(frozen=True, slots=True)
class Standardised:
    """An adjusted rate; `trials` is the number of independent turns that would vary as much.

    The agent's own turns vary `effect` times as much as independent ones, as far as `freedom` degrees of freedom tell.
    """

    estimate: Estimate
    trials: float
    effect: float
    freedom: float


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


@lru_cache(maxsize=2)
def times_drawn(conversations: int, *, resamples: int, seed: int) -> Numbers:
    """How often each conversation is in each resample [resamples, conversations]: for figures that are no plain sums.

    The same number of conversations and the same seed give the same draws, so what is compared is drawn alike.
    """
    draw, share = np.random.default_rng([seed, conversations]), np.full(conversations, 1 / conversations)
    drawn = draw.multinomial(conversations, share, size=resamples).astype(np.float64)
    drawn.setflags(write=False)  # it is kept
    return drawn


def proportion(sums: Numbers, counts: Counts, *, resamples: int, seed: Sequence[int]) -> Estimate:
    """A rate over conversations from their (hits, opportunities): Wilson's interval at the effective number of turns.

    Where all resamples agree (a rate of 0 or 1, a single conversation), turns are taken to be as alike as is usual.
    Raises ValueError without any opportunity.
    """
    _total(sums, counts, 1)
    return _score(sums, counts, _Resampled.of(sums, counts, resamples=resamples, seed=seed).variance(0))[0]


def standardised(sums: Numbers, counts: Counts, *, beyond: float, resamples: int, seed: Sequence[int]) -> Standardised:
    """A rate adjusted for the customers it was met with, from (hits, expected hits over reference, opportunities).

    The interval is that of the rate as it was, divided by what was expected of it (as of a standardised mortality
    ratio; Breslow and Day 1987, section 2.3), at the spread of the ratio. `beyond` is the variance of the adjusted rate
    that comes from what was expected, where that is an estimate too. Raises ValueError without any opportunity.
    """
    hits, worth, turns = (_total(sums, counts, column) if column else float(counts @ sums[:, 0]) for column in range(3))
    raw, scale = min(1.0, hits / turns), turns / worth
    own = _Resampled.of(sums[:, :2], counts, resamples=resamples, seed=seed).variance(0)
    plain = sums[:, [0, 2]]
    found, effective, _ = _score(plain, counts, (own + beyond) / scale**2)
    value = min(1.0, scale * found.value)  # what is cut keeps how far below it its lower end lies
    ends = [value, value * found.low / found.value if raw else 0.0, min(1.0, scale * found.high)]
    kept = (1 - ends[0]) / (1 - raw) if raw < 1 else 1.0  # how the variance of a rate changes where it is moved to
    effect, freedom = _design(plain, counts, raw, own / scale**2)
    return Standardised(Estimate(*ends), effective / scale * min(max(kept, 0.2), 5.0), effect, freedom)


def difference(sums: Numbers, counts: Counts, *, resamples: int, seed: Sequence[int]) -> Estimate:
    """One rate minus another from (hits, opportunities, other hits, other opportunities) per conversation.

    The two score intervals are joined by squaring and adding (Newcombe 1998, method 10), less the correlation of the
    two rates across the resamples (Zou and Donner 2008). Raises ValueError where either rate has no opportunity.
    """
    _total(sums, counts, 1), _total(sums, counts, 3)
    resampled = _Resampled.of(sums, counts, resamples=resamples, seed=seed)
    together = resampled.correlation()
    one = _score(sums[:, :2], counts, resampled.variance(0))[0]
    other = _score(sums[:, 2:], counts, resampled.variance(1))[0]
    value = one.value - other.value
    down = _joined(one.value - one.low, other.high - other.value, together)
    up = _joined(one.high - one.value, other.value - other.low, together)
    return _bracket(value, max(-1.0, value - down), min(1.0, value + up))


def load(sums: Numbers, counts: Counts, *, resamples: int, seed: Sequence[int]) -> Estimate:
    """Events per unit from (events, units) per conversation: a score interval.

    The lower end is that of a Poisson count whose effective number of events has the spread of the resamples. Where
    events come in clusters, the spread at a higher load is larger still: towards the upper end half of what exceeds a
    Poisson count's spread grows with the square of the load, as a negative binomial count's does. Where all resamples
    agree, the exact interval of the whole count is used (Garwood 1936). Raises ValueError without a unit.
    """
    units = _total(sums, counts, 1)
    events = float(counts @ sums[:, 0])
    value, clusters = events / units, int(counts[sums[:, 1] > 0].sum())
    spread = _Resampled.of(sums, counts, resamples=resamples, seed=seed).variance(0)
    if spread == 0:
        low, high = special.chdtri(2 * events, 0.5 + LEVEL / 2) / 2 if events else 0.0, _garwood_high(events)
        return _bracket(value, low / units, high / units)
    quantile, effective = _student(clusters), value * value / spread
    low = effective + quantile**2 / 2 - quantile * math.sqrt(effective + quantile**2 / 4)
    # (value - load)^2 = quantile^2 spread (linear part of load / value + squared part of (load / value)^2)
    excess = max(0.0, 1 - value / (units * spread)) / 2
    squared = 1 - min(quantile**2 / effective * excess, 0.5)
    half = 1 + quantile**2 / effective * (1 - excess) / 2
    high = (half + math.sqrt(max(0.0, half**2 - squared))) / squared
    return _bracket(value, low * value / effective, high * value)


def mean(sums: Numbers, counts: Counts, *, resamples: int, seed: Sequence[int]) -> Estimate:
    """A mean of numbers between -1 and 1 from (sum, how many) per conversation.

    The interval is Student's, with the bootstrap's spread. Where all resamples agree, as many conversations as Wilson's
    bound for "none of them" allows may still lie at -1 or at 1. Raises ValueError without any number.
    """
    number = _total(sums, counts, 1)
    value, clusters = float(counts @ sums[:, 0]) / number, int(counts[sums[:, 1] > 0].sum())
    spread = _Resampled.of(sums, counts, resamples=resamples, seed=seed).variance(0)
    if spread == 0:
        unseen = wilson(0, clusters).high
        return _bracket(value, value - unseen * (value + 1), value + unseen * (1 - value))
    reach = _student(clusters) * math.sqrt(spread)
    return _bracket(value, max(-1.0, value - reach), min(1.0, value + reach))


def joined(estimates: Sequence[Estimate], weights: Sequence[float]) -> Estimate:
    """The weighted mean of independent estimates, its interval from theirs (MOVER: Zou and Donner 2008)."""
    shares = [weight / sum(weights) for weight in weights]
    value = sum(share * each.value for share, each in zip(shares, estimates, strict=True))
    below, above = (
        math.sqrt(
            sum((share * (getattr(each, end) - each.value)) ** 2 for share, each in zip(shares, estimates, strict=True))
        )
        for end in ("low", "high")
    )
    return Estimate(value, value - below, value + above)


def shrink(successes: Numbers, trials: Numbers) -> Shrunk:
    """Rates of small groups drawn towards the rate of all (beta-binomial empirical Bayes; Efron 2010, chapter 1).

    The beta distribution that the groups' rates come from is fitted by maximum likelihood: its mean is taken as it is,
    its strength only as likely as the groups make it, or intervals would be far too narrow where the groups seem not to
    differ (Laird and Louis 1987). The prior makes every share of the mean in a typical group's rate equally likely
    (Daniels 1999). Groups without a trial get the mean. Raises ValueError without any trial.
    """
    _total(trials[:, None], np.ones(len(trials), dtype=np.int64), 0)
    order = np.lexsort((successes, trials))  # the same groups in any order give the same rates to the last digit
    some, tried = successes[order], trials[order]
    pooled = (float(some.sum()) + 0.5) / (float(tried.sum()) + 1)

    def likelihood(rate: float, strength: Numbers) -> Numbers:
        first, second = rate * strength, (1 - rate) * strength
        of_groups = special.betaln(some + first, tried - some + second) - special.betaln(first, second)
        return np.asarray(of_groups.sum(axis=-1))

    def unlikelihood(point: Numbers) -> float:
        rate = float(special.expit(point[0]))  # as after half a hit and half a miss more (Jeffreys)
        return -float(likelihood(rate, np.exp(point[1:]))) - 0.5 * math.log(rate * (1 - rate))

    bounds = [(-12.0, 12.0), (0.0, 12.0)]  # strengths from 1 to 160,000 trials
    start = np.array([special.logit(pooled), math.log(10)])
    from scipy import optimize  # noqa: PLC0415 - half a second, and used here alone

    fitted = optimize.minimize(unlikelihood, start, bounds=bounds, method="L-BFGS-B").x
    middle = float(special.expit(fitted[0]))
    strengths = _typical(tried[tried > 0]) * _SHARES / (1 - _SHARES)
    strengths = np.maximum(strengths, 0.5 / min(middle, 1 - middle))  # lest all groups be taken for never or always
    weights = special.softmax(likelihood(middle, strengths[:, None]))
    strong = strengths[:, None]  # [strengths, 1] against [groups]
    drawn = (successes + middle * strong) / (trials + strong)
    rates = np.clip(weights @ drawn, 1e-9, 1 - 1e-9)
    # The mean is as sure as the groups' own variances and the distance between their rates leave it.
    unsure = middle * (1 - middle) / np.maximum((trials * (strong + 1) / (trials + strong)).sum(axis=1), 1e-9)
    spread = drawn * (1 - drawn) / (trials + strong + 1) + (strong / (trials + strong)) ** 2 * unsure[:, None]
    variance = weights @ (spread + (drawn - rates) ** 2)
    alike = np.maximum(rates * (1 - rates) / np.maximum(variance, 1e-15) - 1, 0.1)  # of a beta with this mean, variance
    low, high = (special.betaincinv(rates * alike, (1 - rates) * alike, 0.5 + sign * LEVEL / 2) for sign in (-1, 1))
    return Shrunk(rates, middle, math.exp(float(fitted[1])), np.minimum(low, rates), np.maximum(high, rates))


def shrink_normal(values: Numbers, errors: Numbers) -> Shrunk:
    """Estimates with standard errors drawn towards their common mean (normal-normal empirical Bayes).

    `strength` is the variance between groups of DerSimonian and Laird (1986). How far the estimates are drawn is
    averaged over all variances that the groups make likely, as by `shrink`. Raises ValueError without groups or for an
    error that is not above 0.
    """
    if not len(values) or not (errors > 0).all():
        raise ValueError("shrinkage needs groups with standard errors above 0")
    weights = errors**-2.0
    pooled = float(weights @ values / weights.sum())
    excess = float(weights @ (values - pooled) ** 2) - (len(values) - 1)
    scale = float(weights.sum() - (weights**2).sum() / weights.sum())
    between = _typical(errors**2) * (1 - _SHARES[:, None]) / _SHARES[:, None]  # [shares, 1] against [groups]
    known = 1 / (errors**2 + between)
    middle = (known @ values / known.sum(axis=1))[:, None]
    likelihood = 0.5 * (np.log(known) - known * (values - middle) ** 2).sum(axis=1) - 0.5 * np.log(known.sum(axis=1))
    likely = special.softmax(likelihood)
    own = between * known
    drawn = own * values + (1 - own) * middle
    shrunken = likely @ drawn
    variance = own * errors**2 + (1 - own) ** 2 / known.sum(axis=1)[:, None] + (drawn - shrunken) ** 2
    reach = QUANTILE * np.sqrt(likely @ variance)
    strength = max(0.0, excess / scale) if scale > 0 else 0.0
    return Shrunk(shrunken, float(likely @ middle[:, 0]), strength, shrunken - reach, shrunken + reach)


def _typical(sizes: Numbers) -> float:
    """The size of a typical group: between the small and the large ones."""
    return float(np.exp(np.log(np.sort(sizes)).mean()))


def benjamini_hochberg(p_values: Numbers, *, level: float = 0.05) -> npt.NDArray[np.bool_]:
    """Which of many tests to believe so that at most `level` of those believed are expected false (1995, step-up)."""
    number = len(p_values)
    order = np.argsort(p_values, kind="stable")
    passed = p_values[order] <= level * np.arange(1, number + 1) / max(1, number)
    believed = np.zeros(number, dtype=np.bool_)
    if passed.any():
        believed[order[: int(np.flatnonzero(passed).max()) + 1]] = True
    return believed


def level_of(groups: int, families: int, *, level: float = 0.05) -> float:
    """The level of each of several families of tests of the same groups that names no more than `level` of the groups.

    Where no group differs, a family at that level names groups in so many reports, and then 1.25 of them on average;
    with few groups, the errors of the families would add up to more than `level` of the groups.
    """
    return level * min(1.0, 0.8 * groups / families)


@dataclass(frozen=True, slots=True)
class _Resampled:
    """How one or two ratios vary between draws of conversations.

    `ratios` [resamples, ratios] are those of the resamples, `linear` their linear parts (each conversation's residual
    over the units), and `exact` [ratios, ratios] the variances and covariance that the linear parts would have over
    infinitely many resamples. `clusters` counts the conversations with an opportunity for each.
    """

    ratios: Numbers
    linear: Numbers
    exact: Numbers
    clusters: tuple[int, ...]

    @classmethod
    def of(cls, sums: Numbers, counts: Counts, *, resamples: int, seed: Sequence[int]) -> _Resampled:
        """The ratios of the first column to the second, and of the third to the fourth where there are four."""
        totals, all_of = resample_sums(sums, counts, resamples=resamples, seed=seed), counts @ sums
        pairs = [(column, column + 1) for column in range(0, sums.shape[1], 2)]
        rates = [all_of[top] / all_of[bottom] for top, bottom in pairs]

        def linear(of: Numbers) -> Numbers:
            parts = zip(pairs, rates, strict=True)
            return np.column_stack([(of[:, top] - rate * of[:, low]) / all_of[low] for (top, low), rate in parts])

        own = linear(sums)
        return cls(
            np.column_stack([_ratios(totals[:, [top, bottom]]) for top, bottom in pairs]), linear(totals),
            np.asarray((own * counts[:, None]).T @ own),
            tuple(int(counts[sums[:, bottom] > 0].sum()) for _, bottom in pairs),
        )  # fmt: skip

    def variance(self, place: int) -> float:
        """The variance of a ratio, without the bootstrap's bias; 0 where all resamples agree."""
        known = np.isfinite(self.ratios[:, place])
        ratios, clusters = self.ratios[known, place], self.clusters[place]
        if clusters < 2 or len(ratios) < 2 or np.ptp(ratios) < _AGREE:
            return 0.0
        exact = float(self.exact[place, place])
        beyond = float(ratios.var(ddof=1) - self.linear[known, place].var(ddof=1))
        return max(exact + beyond, exact / 2) * clusters / (clusters - 1)

    def correlation(self) -> float:
        """The correlation of the two ratios; 0 where one of them does not vary."""
        both = np.isfinite(self.ratios).all(axis=1)
        one, other = self.ratios[both].T
        if both.sum() < 2 or np.ptp(one) < _AGREE or np.ptp(other) < _AGREE:
            return 0.0
        return float(np.corrcoef(one, other)[0, 1])


def _score(sums: Numbers, counts: Counts, spread: float) -> tuple[Estimate, float, float]:
    """Wilson's interval of a rate at the number of independent turns that would vary as much; that, and its freedom."""
    hits, turns = float(counts @ sums[:, 0]), float(counts @ sums[:, 1])
    rate = min(1.0, hits / turns)
    effect, freedom = _design(sums, counts, rate, spread)
    quantile = float(special.stdtrit(freedom, 0.5 + LEVEL / 2))
    effective = turns / effect
    return wilson(rate * effective, effective, quantile=quantile), effective, freedom


def _design(sums: Numbers, counts: Counts, rate: float, spread: float) -> tuple[float, float]:
    """How many times as much a rate varies as over independent turns, and the degrees of freedom that this is known by.

    What the conversations say is joined with what is usual, each by its degrees of freedom (Smyth 2004). Turns of one
    conversation never tell more than independent ones would. Conversations of one turn each leave nothing to estimate.
    """
    turns, clusters = float(counts @ sums[:, 1]), int(counts[sums[:, 1] > 0].sum())
    size = float(counts @ sums[:, 1] ** 2) / turns  # of the conversation that a turn lies in, on average (Kish 1965)
    if size <= 1 + _AGREE:
        return 1.0, math.inf
    usual = 1 + (size - 1) * _USUAL_CORRELATION
    if spread == 0 or rate in (0, 1):
        return usual, clusters - 1 + _USUAL_WEIGHT
    seen = spread * turns / (rate * (1 - rate))
    alike = min(max(0.0, (seen - 1) / (size - 1)), 0.99)  # the correlation of turns of one conversation
    # The variance of an estimated correlation of yes and no (Donner 1986) as that of a variance with so many degrees.
    freedom = (clusters - 1) * size / ((size - 1) * (1 - alike) ** 2)
    effect = (freedom * seen + _USUAL_WEIGHT * usual) / (freedom + _USUAL_WEIGHT)
    return max(1.0, effect), freedom + _USUAL_WEIGHT


def _ratios(totals: Numbers) -> Numbers:
    """First column over second in each resample, NaN where the second is 0."""
    ratios = np.full(len(totals), np.nan)
    np.divide(totals[:, 0], totals[:, 1], out=ratios, where=totals[:, 1] > 0)
    return ratios


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

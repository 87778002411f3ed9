"""Intervals, shrinkage and levels: against scipy, against resampling, and as often right as they say."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats as distributions

from empathy_scan import stats

SEED = (7, 1)


def alike(conversations):
    """Rows of `sums` and their `counts` from one row per conversation."""
    sums, counts = np.unique(np.asarray(conversations, dtype=np.float64), axis=0, return_counts=True)
    return sums, counts


def drawn(random, clusters, rate, *, icc, turns=3.0):
    """(hits, opportunities) of conversations whose turns are correlated by `icc`."""
    opportunities = 1 + random.poisson(turns - 1, clusters)
    strength = (1 - icc) / icc
    hits = random.binomial(opportunities, random.beta(rate * strength, (1 - rate) * strength, clusters))
    return np.column_stack([hits, opportunities])


PAIRS = st.lists(
    st.integers(1, 6).flatmap(lambda total: st.tuples(st.integers(0, total), st.just(total))), min_size=1, max_size=30
)


@given(st.integers(1, 500), st.data())
def test_wilson_is_scipys(trials, data):
    successes = data.draw(st.integers(0, trials))
    ours = stats.wilson(successes, trials)
    theirs = distributions.binomtest(successes, trials).proportion_ci(method="wilson")
    assert (ours.low, ours.high) == pytest.approx((theirs.low, theirs.high), abs=1e-9)


@pytest.mark.parametrize(("successes", "trials"), [(0, 0), (3, 2), (-1, 4), (float("nan"), 3)])
def test_wilson_refuses_what_is_no_proportion(successes, trials):
    with pytest.raises(ValueError, match="no proportion"):
        stats.wilson(successes, trials)


def test_resampled_totals_lie_around_the_total():
    sums, counts = alike([[1, 2], [0, 1], [3, 4], [0, 2], [1, 1]])
    totals = stats.resample_sums(sums, counts, resamples=20_000, seed=SEED)
    assert totals.mean(axis=0) == pytest.approx(counts @ sums, rel=0.02)
    # The variance of a sum of m draws with replacement is m times the (population) variance of one.
    assert totals.var(axis=0) == pytest.approx(5 * np.array([6 / 5, 6 / 5]), rel=0.05)


def test_few_and_many_kinds_of_conversations_are_resampled_alike():
    random = np.random.default_rng(3)
    many = np.column_stack([random.random(400), np.ones(400)])
    totals = stats.resample_sums(*alike(many), resamples=6_001, seed=SEED)
    assert totals.shape == (6_001, 2)
    assert totals[:, 0].mean() == pytest.approx(many[:, 0].sum(), rel=0.01)
    assert totals[:, 0].var() == pytest.approx(400 * many[:, 0].var(), rel=0.1)
    assert (totals[:, 1] == 400).all()


@given(PAIRS)
@settings(max_examples=30, deadline=None)
def test_the_order_of_conversations_changes_nothing(pairs):
    sums, counts = alike(pairs)
    backwards = stats.resample_sums(sums[::-1], counts[::-1], resamples=20, seed=SEED)
    assert (backwards == stats.resample_sums(sums, counts, resamples=20, seed=SEED)).all()


@given(PAIRS)
@settings(max_examples=60, deadline=None)
def test_a_rate_lies_in_its_interval_and_the_interval_in_0_to_1(pairs):
    estimate = stats.proportion(*alike(pairs), resamples=50, seed=SEED)
    assert estimate.value == pytest.approx(sum(hits for hits, _ in pairs) / sum(total for _, total in pairs))
    assert 0 <= estimate.low <= estimate.value <= estimate.high <= 1
    assert estimate.low < estimate.high


@given(st.integers(0, 30), st.integers(1, 30))
def test_of_one_turn_a_conversation_the_interval_is_wilsons(hits, others):
    estimate = stats.proportion(*alike([(1, 1)] * hits + [(0, 1)] * others), resamples=20, seed=SEED)
    wilson = stats.wilson(hits, hits + others)
    assert (estimate.low, estimate.high) == pytest.approx((wilson.low, wilson.high))


@pytest.mark.parametrize("hits", [0, 4], ids=["never", "always"])
def test_where_nothing_varies_turns_count_for_less_as_is_usual(hits):
    """Six conversations of four turns, alike by 0.1: the variance is 1.3 times that of 24 independent turns."""
    estimate = stats.proportion(*alike([(hits, 4)] * 6), resamples=50, seed=SEED)
    usual = stats.wilson(6 * hits / 1.3, 24 / 1.3, quantile=distributions.t.ppf(0.975, 5 + 10))
    assert (estimate.low, estimate.high) == pytest.approx((usual.low, usual.high))
    assert (1 - estimate.low if hits else estimate.high) > stats.wilson(0, 24).high


def test_the_spread_of_a_rate_does_not_hang_on_the_draw_of_the_resamples():
    """With the linear part known, 50 resamples give the width that 20,000 give."""
    pairs = alike([(2, 4), (1, 3), (0, 2), (3, 3), (0, 5), (1, 1), (2, 2), (0, 1)] * 5)
    widths = [
        (estimate := stats.proportion(*pairs, resamples=50, seed=(seed,))).high - estimate.low for seed in range(40)
    ]
    many = stats.proportion(*pairs, resamples=20_000, seed=SEED)
    assert np.std(widths) < 0.03 * np.mean(widths)  # 0.1 without it
    assert np.mean(widths) == pytest.approx(many.high - many.low, rel=0.02)


def test_turns_that_resemble_each_other_widen_the_interval():
    mixed = stats.proportion(*alike([(2, 4)] * 19 + [(1, 4)] * 1), resamples=500, seed=SEED)
    all_or_none = stats.proportion(*alike([(4, 4)] * 10 + [(0, 4)] * 10), resamples=500, seed=SEED)
    assert all_or_none.high - all_or_none.low > 1.7 * (mixed.high - mixed.low)


def test_an_interval_is_never_narrower_than_if_turns_were_independent():
    estimate = stats.proportion(*alike([(2, 4)] * 19 + [(1, 4)] * 1), resamples=500, seed=SEED)
    assert estimate.low <= stats.wilson(39, 80).low


@pytest.mark.parametrize("rate", [0.1, 0.5, 0.9])
def test_19_of_20_intervals_hold_the_true_rate_at_15_conversations(rate):
    random = np.random.default_rng(5)
    estimates = [
        stats.proportion(*alike(drawn(random, 15, rate, icc=0.3)), resamples=200, seed=SEED) for _ in range(300)
    ]
    held = np.mean([estimate.low <= rate <= estimate.high for estimate in estimates])
    assert 0.92 <= held <= 0.99


def test_a_difference_is_one_rate_less_the_other():
    estimate = stats.difference(*alike([(1, 2, 0, 3), (1, 1, 1, 2), (0, 1, 0, 1)] * 5), resamples=300, seed=SEED)
    assert estimate.value == pytest.approx(2 / 4 - 1 / 6)
    assert -1 <= estimate.low < estimate.value < estimate.high <= 1


def test_a_difference_of_rates_that_rise_together_is_surer_than_of_rates_that_do_not():
    together = alike([(2, 2, 2, 2), (0, 2, 0, 2)] * 10)
    against = alike([(2, 2, 0, 2), (0, 2, 2, 2)] * 10)
    narrow, wide = (stats.difference(*pair, resamples=400, seed=SEED) for pair in (together, against))
    assert narrow.high - narrow.low < 0.1 * (wide.high - wide.low)


def test_a_difference_has_an_interval_even_where_nothing_varies():
    estimate = stats.difference(*alike([(0, 1, 0, 1)] * 8), resamples=50, seed=SEED)
    assert estimate.low < 0 < estimate.high


@pytest.mark.parametrize("events", [0, 2])
def test_a_load_that_every_conversation_shares_has_the_exact_poisson_interval(events):
    estimate = stats.load(*alike([(events, 1)] * 10), resamples=50, seed=SEED)
    low = distributions.chi2.ppf(0.025, 2 * 10 * events) / 20 if events else 0
    assert (estimate.low, estimate.value, estimate.high) == pytest.approx(
        (low, events, distributions.chi2.ppf(0.975, 2 * 10 * events + 2) / 20)
    )


@given(st.lists(st.integers(0, 9), min_size=1, max_size=30))
@settings(max_examples=60, deadline=None)
def test_a_load_lies_in_its_interval_above_0(events):
    estimate = stats.load(*alike([(number, 1) for number in events]), resamples=50, seed=SEED)
    assert 0 <= estimate.low <= estimate.value <= estimate.high
    assert estimate.value == pytest.approx(np.mean(events))


def test_clustered_events_widen_the_upper_end_more_than_the_lower():
    even, clustered = alike([(1, 1)] * 12 + [(0, 1)] * 18), alike([(6, 1)] * 2 + [(0, 1)] * 28)
    one, other = (stats.load(*pair, resamples=500, seed=SEED) for pair in (even, clustered))
    assert one.value == other.value
    assert other.high - other.value > 2 * (one.high - one.value)
    assert other.low < one.low


def test_a_mean_of_changes_has_students_interval():
    random = np.random.default_rng(1)
    changes = random.uniform(-0.5, 0.3, 60)
    estimate = stats.mean(*alike(np.column_stack([changes, np.ones(60)])), resamples=4_000, seed=SEED)
    expected = distributions.ttest_1samp(changes, 0).confidence_interval()
    assert (estimate.low, estimate.high) == pytest.approx((expected.low, expected.high), abs=0.01)


@pytest.mark.parametrize("change", [-1, -0.5, 0, 1])
def test_a_mean_that_all_conversations_share_may_still_be_another(change):
    estimate = stats.mean(*alike([(change, 1)] * 10), resamples=50, seed=SEED)
    assert -1 <= estimate.low <= change <= estimate.high <= 1
    assert estimate.high - estimate.low == pytest.approx(2 * stats.wilson(0, 10).high)


@pytest.mark.parametrize("estimator", [stats.proportion, stats.load, stats.mean])
def test_without_an_opportunity_there_is_no_figure(estimator):
    with pytest.raises(ValueError, match="opportunity"):
        estimator(np.array([[0.0, 0.0]]), np.array([3]), resamples=10, seed=SEED)


def test_shrunken_rates_lie_between_their_own_and_the_mean():
    successes, trials = np.array([1.0, 9, 5, 40, 0]), np.array([10.0, 10, 10, 80, 0])
    shrunk = stats.shrink(successes, trials)
    own = np.divide(successes, trials, out=np.full(5, shrunk.mean), where=trials > 0)
    assert ((shrunk.rates - own) * (shrunk.rates - shrunk.mean) <= 1e-12).all()
    assert shrunk.rates[4] == pytest.approx(shrunk.mean)


def test_small_groups_are_shrunken_more_than_large_ones():
    shrunk = stats.shrink(np.array([4.0, 80, 20, 5]), np.array([5.0, 100, 100, 10]))
    assert 0.8 - shrunk.rates[0] > 0.8 - shrunk.rates[1] > 0


def test_groups_that_vary_as_chance_does_share_one_rate_and_others_keep_their_own():
    random = np.random.default_rng(2)
    equal = stats.shrink(random.binomial(40, 0.3, 200).astype(float), np.full(200, 40.0))
    unequal = stats.shrink(random.binomial(400, random.beta(1, 1, 200)).astype(float), np.full(200, 400.0))
    assert equal.strength > 200
    assert unequal.strength == pytest.approx(2, rel=0.35)  # beta(1, 1) has strength 2


def test_few_groups_are_held_to_a_stricter_level():
    assert stats.level_of(5, 11) == pytest.approx(0.05 * 0.8 * 5 / 11)
    assert stats.level_of(100, 11) == 0.05


def adjusted(pairs, *, expected=1.0, beyond=0.0):
    hits, turns = np.asarray(pairs, dtype=np.float64).T
    sums, counts = alike(np.column_stack([hits, expected * turns, turns]))
    return stats.standardised(sums, counts, beyond=beyond, resamples=200, seed=SEED)


MANY = [(2, 4), (1, 3), (0, 2), (3, 3), (0, 5), (1, 1), (2, 2), (0, 1)] * 4


def test_a_rate_met_with_the_usual_customers_is_the_raw_one():
    assert adjusted(MANY).estimate == stats.proportion(*alike(MANY), resamples=200, seed=SEED)


def test_a_rate_met_with_harder_customers_is_divided_with_its_interval():
    raw, made = adjusted(MANY).estimate, adjusted(MANY, expected=0.5).estimate
    assert (made.low, made.value, made.high) == pytest.approx((2 * raw.low, 2 * raw.value, min(1.0, 2 * raw.high)))


def test_what_is_unsure_of_the_others_widens_the_interval():
    sure, unsure = adjusted(MANY), adjusted(MANY, beyond=0.01)
    assert unsure.estimate.value == sure.estimate.value
    assert unsure.estimate.high - unsure.estimate.low > 1.3 * (sure.estimate.high - sure.estimate.low)
    assert unsure.trials < sure.trials


def test_intervals_of_shrunken_rates_hold_the_truth_also_where_groups_seem_not_to_differ():
    random, held = np.random.default_rng(6), []
    for _ in range(30):
        rates = random.beta(6, 54, 12)
        shrunk = stats.shrink(random.binomial(15, rates).astype(float), np.full(12, 15.0))
        held += [*((shrunk.low <= rates) & (rates <= shrunk.high))]
    assert np.mean(held) > 0.9  # far less where the fitted strength is taken as known


@given(
    st.lists(st.lists(st.floats(0, 1), min_size=3, max_size=3).map(sorted), min_size=2, max_size=2),
    st.tuples(st.integers(1, 99), st.integers(1, 99)),
)
def test_joined_estimates_lie_between_their_parts_and_are_surer_than_their_ends(parts, weights):
    first, second = (stats.Estimate(value, low, high) for low, value, high in parts)
    found = stats.joined((first, second), weights)
    share = weights[0] / sum(weights)

    def mean(end):
        return share * getattr(first, end) + (1 - share) * getattr(second, end)

    assert found.value == pytest.approx(mean("value"))
    assert mean("low") - 1e-9 <= found.low <= found.value <= found.high <= mean("high") + 1e-9

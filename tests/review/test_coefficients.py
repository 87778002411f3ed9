"""Coefficients of agreement: published examples, another implementation, what must not matter, and the intervals."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import cohen_kappa_score

from empathy_scan.review.coefficients import AC, ALPHA, KAPPA, NAMES, RAW, Ratings, agreement

# Krippendorff 2011, "Computing Krippendorff's Alpha-Reliability", part C: twelve units, four observers, missing values.
FOUR_OBSERVERS = (
    "1 2 3 3 2 1 4 1 2 . . .",
    "1 2 3 3 2 2 4 1 2 5 . 3",
    ". 3 3 3 2 3 4 2 2 5 1 .",
    "1 2 3 3 2 4 4 1 2 5 1 .",
)


def ratings(*raters, categories, ordinal=False, weights=None, conversations=None):
    codes = np.array(raters, dtype=np.int64).T
    units = len(codes)
    return Ratings(
        codes, categories, np.ones(units) if weights is None else np.array(weights, dtype=float),
        np.arange(units) if conversations is None else np.array(conversations), ordinal,
    )  # fmt: skip


def observers():
    return [[int(said) - 1 if said != "." else -1 for said in line.split()] for line in FOUR_OBSERVERS]


def values(found):
    return {name: held.estimate and held.estimate.value for name, held in found.coefficients.items()}


def test_alpha_is_that_of_krippendorff_s_example():
    """0.743 for nominal and 0.815 for ordinal data (sections C.5 and C.6)."""
    assert values(agreement(ratings(*observers(), categories=5)))[ALPHA] == pytest.approx(0.743, abs=5e-4)
    ordered = agreement(ratings(*observers(), categories=5, ordinal=True))
    assert values(ordered)[ALPHA] == pytest.approx(0.815, abs=5e-4)


def test_ac1_is_that_of_gwet_s_example():
    """Gwet 2014, *Handbook of Inter-Rater Reliability*, section 2.6 tells 0.7754 for the same ratings."""
    found = agreement(ratings(*observers(), categories=5))
    assert values(found)[AC] == pytest.approx(0.7754, abs=5e-5)
    assert values(found)[RAW] == pytest.approx(0.8182, abs=5e-5)
    assert found.turns == 11  # the last unit was seen by one observer


def test_coefficients_of_a_table_are_those_computed_by_hand():
    """20 yes-yes, 5 yes-no, 10 no-yes, 15 no-no: p = 0.7, kappa's c = 0.5, AC1's c = 2 * 0.55 * 0.45."""
    one, other = [1] * 25 + [0] * 25, [1] * 20 + [0] * 5 + [1] * 10 + [0] * 15
    found = values(agreement(ratings(one, other, categories=2)))
    assert found[RAW] == pytest.approx(0.7)
    assert found[KAPPA] == pytest.approx(0.4)
    assert found[AC] == pytest.approx((0.7 - 0.495) / (1 - 0.495))
    # 15 coincidences off the diagonal each way; 55 and 45 values: 1 - (30 / 100) / (2 * 55 * 45 / (100 * 99)).
    assert found[ALPHA] == pytest.approx(1 - 0.3 / 0.5)


def test_ac2_of_ordered_categories_is_that_computed_by_hand():
    """Tones 0 to 2 with linear weights (Gwet 2014, section 3.5): T = 5, so c = 5 / 6 * sum of pi (1 - pi)."""
    one, other = [0, 0, 1, 2], [0, 1, 1, 0]
    shares = np.array([4, 3, 1]) / 8
    chance = 5 / 6 * (shares * (1 - shares)).sum()
    found = values(agreement(ratings(one, other, categories=3, ordinal=True)))
    assert found[AC] == pytest.approx(((1 + 0.5 + 1 + 0) / 4 - chance) / (1 - chance))


@st.composite
def two_raters(draw):
    categories, size = draw(st.integers(2, 4)), draw(st.integers(4, 40))
    side = st.lists(st.integers(0, categories - 1), min_size=size, max_size=size)
    weights = draw(st.lists(st.floats(0.1, 20), min_size=size, max_size=size))
    return draw(side), draw(side), categories, weights


@given(two_raters(), st.booleans())
@settings(max_examples=60, deadline=None)
def test_kappa_is_that_of_scikit_learn(said, ordinal):
    one, other, categories, weights = said
    found = values(
        agreement(ratings(one, other, categories=categories, ordinal=ordinal, weights=weights), resamples=10)
    )[KAPPA]
    if len({*one, *other}) > 1:
        wanted = cohen_kappa_score(
            one, other, labels=range(categories), weights="linear" if ordinal else None, sample_weight=weights
        )
        assert found == pytest.approx(wanted, abs=1e-9)
    else:
        assert found is None


@given(two_raters(), st.booleans())
@settings(max_examples=40, deadline=None)
def test_who_is_first_and_in_which_order_turns_come_does_not_matter(said, ordinal):
    one, other, categories, weights = said
    order = np.argsort(weights)
    told = ratings(one, other, categories=categories, ordinal=ordinal, weights=weights)
    turned = Ratings(told.codes[order][:, ::-1], categories, told.weights[order], told.conversations[order], ordinal)
    for name, value in values(agreement(told, resamples=5)).items():
        assert values(agreement(turned, resamples=5))[name] == (None if value is None else pytest.approx(value))


@given(two_raters(), st.randoms())
@settings(max_examples=40, deadline=None)
def test_what_categories_are_called_does_not_matter_where_they_have_no_order(said, luck):
    one, other, categories, weights = said
    called = list(range(categories))
    luck.shuffle(called)
    told = ratings(one, other, categories=categories, weights=weights)
    renamed = replace(told, codes=np.array(called)[told.codes])
    for name, value in values(agreement(told, resamples=5)).items():
        assert values(agreement(renamed, resamples=5))[name] == (None if value is None else pytest.approx(value))


@given(two_raters(), st.booleans())
@settings(max_examples=40, deadline=None)
def test_intervals_hold_their_value_and_nobody_agrees_more_than_wholly(said, ordinal):
    one, other, categories, weights = said
    conversations = np.arange(len(one)) // 3
    found = agreement(
        ratings(one, other, categories=categories, ordinal=ordinal, weights=weights, conversations=conversations),
        resamples=50,
    )
    for held in found.coefficients.values():
        if held.estimate is not None:
            assert -1 <= held.estimate.low <= held.estimate.value <= held.estimate.high <= 1


@pytest.mark.parametrize("ordinal", [False, True])
def test_wholly_agreed_is_one_and_never_certain(ordinal):
    said = [0, 1, 2] * 10
    found = agreement(ratings(said, said, said, categories=3, ordinal=ordinal))
    for name in NAMES:
        estimate = found.coefficients[name].estimate
        assert estimate.value == pytest.approx(1)
        assert estimate.high == pytest.approx(1)
        assert 0.6 < estimate.low < 0.95


def test_where_all_say_the_same_kappa_and_alpha_cannot_be_told_and_ac1_can():
    found = agreement(ratings([0] * 30, [0] * 30, categories=2))
    assert values(found) == {KAPPA: None, ALPHA: None, AC: 1, RAW: 1}
    assert "one and the same" in found.coefficients[KAPPA].why


def test_nothing_is_told_of_turns_that_nobody_shares_or_of_one_conversation():
    apart = agreement(ratings([0, 1, -1, -1], [-1, -1, 0, 1], categories=2))
    assert (apart.turns, values(apart)) == (0, dict.fromkeys(NAMES))
    together = agreement(ratings([0, 1, 1, 0], [0, 1, 0, 0], categories=2, conversations=[5, 5, 5, 5]))
    assert values(together) == dict.fromkeys(NAMES)


def test_a_weight_of_two_is_a_turn_that_is_there_twice():
    one, other = [0, 1, 1, 0, 1], [0, 1, 0, 0, 0]
    weighted = agreement(ratings(one, other, categories=2, weights=[1, 2, 1, 2, 1]))
    doubled = agreement(ratings([0, 1, 1, 1, 0, 0, 1], [0, 1, 1, 0, 0, 0, 0], categories=2))
    for name in (KAPPA, AC, RAW):
        assert values(weighted)[name] == pytest.approx(values(doubled)[name])


def test_kappa_of_three_raters_is_the_mean_of_the_pairs():
    sides = [[0, 1, 1, 0, 1, 0], [0, 1, 0, 0, 1, 1], [1, 1, 1, 0, 1, 0]]
    pairs = [(0, 1), (0, 2), (1, 2)]
    mean = np.mean([cohen_kappa_score(sides[a], sides[b]) for a, b in pairs])
    assert values(agreement(ratings(*sides, categories=2)))[KAPPA] == pytest.approx(mean)


def test_the_same_ratings_give_the_same_interval():
    said = ratings([0, 1, 1, 0, 1] * 6, [0, 1, 0, 0, 1] * 6, categories=2)
    assert agreement(said) == agreement(said)


def test_turns_of_few_conversations_tell_less_than_those_of_many():
    one = [0, 1, 1, 0, 1, 0, 0, 1] * 8
    other = [0, 1, 0, 0, 1, 0, 1, 1] * 8
    spread, packed = (
        agreement(ratings(one, other, categories=2, conversations=np.arange(64) // size)) for size in (1, 16)
    )
    assert packed.effective < spread.effective
    for name in NAMES:
        wide, narrow = packed.coefficients[name].estimate, spread.coefficients[name].estimate
        assert wide.high - wide.low > narrow.high - narrow.low


@pytest.mark.parametrize(
    ("turns", "shares", "errors", "size"), [(40, (0.7, 0.3), 0.2, 1), (90, (0.6, 0.3, 0.1), 0.2, 3)]
)
def test_intervals_hold_the_truth_as_often_as_they_say(turns, shares, errors, size):
    """Both raters see the same truth and guess now and then; the coefficients of endlessly many turns are known."""
    usual = np.array(shares)
    seen = (1 - errors) * np.eye(len(usual)) + errors * usual  # [truth, said]
    both = np.einsum("t,ta,tb->ab", usual, seen, seen)
    agreed, chance = np.trace(both), (both.sum(axis=1) ** 2).sum()
    by_gwet = (usual * (1 - usual)).sum() / (len(usual) - 1)
    beyond = (agreed - chance) / (1 - chance)
    truth = {KAPPA: beyond, ALPHA: beyond, AC: (agreed - by_gwet) / (1 - by_gwet), RAW: agreed}
    held, draws = dict.fromkeys(NAMES, 0), 200
    for number in range(draws):
        luck = np.random.default_rng([number, turns])
        real = luck.choice(len(usual), turns, p=usual)
        sides = [np.where(luck.random(turns) < errors, luck.choice(len(usual), turns, p=usual), real) for _ in "ab"]
        found = agreement(
            ratings(*sides, categories=len(usual), weights=luck.choice([1.0, 3.0], turns),
                    conversations=np.arange(turns) // size),
            resamples=200,
        )  # fmt: skip
        for name, each in found.coefficients.items():
            held[name] += each.estimate.low <= truth[name] <= each.estimate.high
    assert {name: count / draws for name, count in held.items() if not 0.91 <= count / draws <= 0.995} == {}

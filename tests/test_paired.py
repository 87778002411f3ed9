"""Agreement and shifts of two labellings: against figures worked out by hand, and as often right as they say."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import cohen_kappa_score

from empathy_scan import paired, stats

ONE = np.array([1, 1, 1, 1, 1, 1], dtype=np.int64)
# Six conversations of four turns: both no, no to yes, yes to no, both yes.
CELLS = np.array([[2, 0, 0, 2], [1, 1, 0, 2], [2, 0, 1, 1], [3, 0, 0, 1], [1, 0, 1, 2], [2, 1, 0, 1]], dtype=float)
tables = st.lists(st.lists(st.integers(0, 5), min_size=4, max_size=4).filter(any), min_size=2, max_size=8)


def arrays(rows):
    return np.array(rows, dtype=float), np.ones(len(rows), dtype=np.int64)


def test_the_share_agreed_is_that_of_all_turns():
    found = paired.share_agreed(CELLS, ONE)
    assert found.value == pytest.approx(20 / 24)
    assert found.low < 20 / 24 < found.high


def test_kappa_is_cohens():
    # 11 both no, 2 no to yes, 2 yes to no, 9 both yes: agreed 20/24, by chance (13*13 + 11*11) / 24^2.
    chance = (13 * 13 + 11 * 11) / 24**2
    found = paired.kappa(CELLS, ONE)
    assert found.value == pytest.approx((20 / 24 - chance) / (1 - chance))


@given(tables)
def test_kappa_of_conversations_is_kappa_of_their_turns(rows):
    cells, counts = arrays(rows)
    pairs = [pair for pair, times in zip(((0, 0), (0, 1), (1, 0), (1, 1)), cells.sum(axis=0), strict=True)
             for _ in range(int(times))]  # fmt: skip
    first, second = zip(*pairs, strict=True)
    found = paired.kappa(cells, counts)
    assert (found is None) == (len({*first, *second}) == 1)
    if found is not None:
        assert found.value == pytest.approx(cohen_kappa_score(first, second))
        assert -1 - 1e-9 <= found.low <= found.value <= found.high <= 1 + 1e-9


def test_kappa_over_single_turns_has_the_interval_of_fleiss_cohen_and_everitt():
    cells = np.eye(4)
    counts = np.array([400, 40, 60, 500], dtype=np.int64)
    shares = counts.reshape(2, 2) / counts.sum()
    rows, columns, agreed = shares.sum(axis=1), shares.sum(axis=0), np.trace(shares)
    chance = rows @ columns
    value = (agreed - chance) / (1 - chance)
    same = shares.diagonal() @ (1 - (rows + columns) * (1 - value)) ** 2  # their formula 13 (1969)
    apart = (1 - value) ** 2 * sum(shares[i, j] * (columns[i] + rows[j]) ** 2 for i, j in ((0, 1), (1, 0)))
    variance = (same + apart - (value - chance * (1 - value)) ** 2) / (1 - chance) ** 2 / counts.sum()
    found = paired.kappa(cells, counts)
    assert (found.high - found.low) / 2 == pytest.approx(1.96 * math.sqrt(variance), rel=0.01)


def test_with_perfect_agreement_the_interval_is_not_empty():
    cells, counts = arrays([[3, 0, 0, 1]] * 10)
    assert paired.share_agreed(cells, counts).high == 1
    assert paired.share_agreed(cells, counts).low < 0.75
    assert paired.kappa(cells, counts).value == 1
    assert paired.kappa(cells, counts).low < 0.5


def test_one_label_throughout_has_no_kappa():
    assert paired.kappa(*arrays([[3, 0, 0, 0]] * 5)) is None


OLD = np.array([[1, 2, 0, 0], [0, 2, 0, 0], [1, 1, 0, 0], [2, 3, 0, 0]], dtype=float)
NEW = np.array([[2, 2, 0, 0], [1, 2, 0, 0], [1, 1, 0, 0], [2, 2, 0, 0]], dtype=float)
FOUR = np.ones(4, dtype=np.int64)


def test_a_shift_is_the_new_rate_less_the_old_one():
    found = paired.shift(OLD, NEW, FOUR, bound=1.0)
    assert (found.old, found.new) == pytest.approx((4 / 8, 6 / 7))
    assert found.shift.value == pytest.approx(6 / 7 - 4 / 8)


def test_its_interval_is_that_of_the_linear_parts():
    # Residuals by hand: (new hits - 6/7 new chances) / 7 - (old hits - 1/2 old chances) / 8, in each conversation.
    linear = [(2 - 12 / 7) / 7 - 0, (1 - 12 / 7) / 7 + 1 / 8, (1 - 6 / 7) / 7 - 0.5 / 8, (2 - 12 / 7) / 7 - 0.5 / 8]
    error = math.sqrt(sum(each**2 for each in linear) * 4 / 3)
    found = paired.shift(OLD, NEW, FOUR)
    reach = 4.302653 * error  # Student's quantile of 3 - 1 degrees: three conversations moved
    assert found.shift.high - found.shift.value == pytest.approx(reach, rel=1e-5)


def test_a_contrast_moves_by_both_of_its_rates():
    found = paired.shift(
        np.array([[1, 2, 0, 4], [1, 2, 1, 4]], dtype=float),
        np.array([[2, 2, 0, 4], [2, 2, 1, 4]], dtype=float),
        ONE[:2],
    )
    assert (found.old, found.new) == pytest.approx((0.5 - 0.125, 1 - 0.125))


@given(st.integers(2, 400))
def test_where_nothing_moved_the_shift_is_zero_and_chance_leaves_less_the_more_there_are(conversations):
    counts = np.array([conversations], dtype=np.int64)
    found = paired.shift(OLD[:1], OLD[:1], counts)
    assert (found.shift.value, found.p_value) == (0, 1)
    assert found.shift.high == pytest.approx(stats.wilson(0, conversations).high)


def test_where_all_moved_alike_that_is_believed_the_more_there_are():
    one, other = np.array([[1, 2, 0, 0]], dtype=float), np.array([[2, 2, 0, 0]], dtype=float)
    values = [paired.shift(one, other, np.array([n], dtype=np.int64)).p_value for n in (2, 12)]
    assert values == [0.5, 2**-11]


def test_counts_stand_for_as_many_conversations():
    twice = paired.shift(np.repeat(OLD, 2, axis=0), np.repeat(NEW, 2, axis=0), np.ones(8, dtype=np.int64))
    once = paired.shift(OLD, NEW, 2 * FOUR)
    assert (once.shift.low, once.p_value) == pytest.approx((twice.shift.low, twice.p_value))


def test_without_a_chance_there_is_nothing_to_compare():
    with pytest.raises(ValueError, match="nothing to compare"):
        paired.shift(np.zeros((3, 4)), NEW[:3], ONE[:3])


def test_intervals_of_shifts_hold_the_truth_nearly_as_often_as_they_say():
    draw = np.random.default_rng(7)
    held = []
    for _ in range(400):
        turns = draw.integers(1, 9, size=80).astype(float)
        level = draw.beta(3, 4, size=80)
        old = draw.binomial(turns.astype(int), level).astype(float)
        lost, won = draw.binomial(old.astype(int), 0.15), draw.binomial((turns - old).astype(int), 0.25)
        sums = [np.column_stack([hits, turns, 0 * turns, 0 * turns]) for hits in (old, old - lost + won)]
        found = paired.shift(*sums, np.ones(80, dtype=np.int64)).shift
        truth = -0.15 * 3 / 7 + 0.25 * 4 / 7
        held.append(found.low <= truth <= found.high)
    assert 0.92 <= np.mean(held) <= 0.98

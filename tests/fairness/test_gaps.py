"""Gaps between a group and the others, and which of many to believe."""

import math

import numpy as np
import pytest

from empathy_scan.fairness import gaps
from empathy_scan.stats import Estimate


def estimate(value, low, high):
    return Estimate(value, low, high)


def test_a_group_without_a_chance_has_no_gap():
    assert gaps.between(np.array([[0.0, 0.0, 3.0, 9.0]]), resamples=200, seed=(1,)) is None


def test_a_gap_is_the_rate_less_that_of_the_others():
    sums = np.array([[1.0, 2.0, 0.0, 0.0], [0.0, 0.0, 1.0, 4.0]] * 20)
    assert gaps.between(sums, resamples=200, seed=(1,)).estimate.value == pytest.approx(0.25)


@pytest.mark.parametrize(("low", "high", "surely"), [(0.1, 0.3, True), (-0.01, 0.41, False)])
def test_the_p_value_agrees_with_the_interval(low, high, surely):
    assert (gaps.p_value(estimate(0.2, low, high)) < 0.05) == surely


def test_what_cannot_be_tested_is_not_believed_and_stops_nobody():
    strong, open_ = gaps.Gap(estimate(0.2, 0.15, 0.25), 0.0001), gaps.Gap(estimate(0.2, 0.1, 0.3), math.nan)
    assert gaps.believed([None, strong, open_]) == [False, True, False]
    assert gaps.believed([]) == []

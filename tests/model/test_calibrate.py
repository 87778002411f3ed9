"""Temperatures and thresholds by search: against scales and grids that are known."""

import numpy as np
import pytest

from empathy_scan.codebook import ATTACK_CODES, FLAG_CODES
from empathy_scan.model import calibrate
from empathy_scan.model.calibrate import GRID
from empathy_scan.model.examples import Item
from empathy_scan.model.network import L


def drawn(count, *, seed=1):
    """Turns whose labels are drawn from the probabilities that the logits [n, L] give."""
    choose = np.random.default_rng(seed)
    logits = choose.normal(0, 1.5, size=(count, L))
    on = choose.random((count, L)) < 1 / (1 + np.exp(-logits))
    items = []
    for row in range(count):
        role = ("agent", "customer")[row % 2]
        first = 4 if role == "agent" else 7
        tone = int((logits[row, first : first + 3] + choose.gumbel(size=3)).argmax())
        flags = "".join(code for code, given in zip(FLAG_CODES, on[row, :4], strict=True) if given)
        kinds = "".join(code for code, given in zip(ATTACK_CODES, on[row, 10:], strict=True) if given)
        items.append(Item(("drawn", str(row), 0), role, "chat", (), flags, tone, kinds))
    return items, logits


def f1(found, truth):
    both = sum(a and b for a, b in zip(found, truth, strict=True))
    return 2 * both / (sum(found) + sum(truth))


@pytest.mark.parametrize("scale", [0.6, 1.0, 2.5])
def test_the_temperature_is_the_scale_by_which_the_logits_are_too_sure(scale):
    items, logits = drawn(4000)
    found = calibrate.fit(items, logits * scale).temperature
    assert found == pytest.approx(dict.fromkeys(found, scale), rel=0.12)


def test_thresholds_are_the_best_of_the_grid_by_f1():
    items, logits = drawn(600)
    decisions = calibrate.fit(items, logits)
    agent = np.array([item.role == "agent" for item in items])
    probabilities = decisions.probabilities(logits)["flags"][agent]
    agents = [item for item in items if item.role == "agent"]
    for column, code in enumerate(FLAG_CODES):
        truth = [code in item.flags for item in agents]
        by_threshold = {t: f1([p >= t for p in probabilities[:, column]], truth) for t in GRID.tolist()}
        assert by_threshold[decisions.flags[code]] == pytest.approx(max(by_threshold.values()))


def test_of_two_separate_best_stretches_one_is_chosen_not_the_valley_between():
    probabilities = np.repeat([0.62, 0.30, 0.50], [10, 10, 20])
    truth = np.repeat([True, True, False], [10, 10, 20])
    chosen = calibrate._best(probabilities, truth)
    assert f1(probabilities >= chosen, truth) == pytest.approx(2 / 3)


def test_tone_thresholds_have_the_best_macro_f1_of_the_grid():
    items, logits = drawn(300, seed=2)
    decisions = calibrate.fit(items, logits)
    customer = np.array([item.role == "customer" for item in items])
    p = decisions.probabilities(logits)["customer_tone"][customer]
    truth = np.array([item.tone for item in items if item.role == "customer"])

    def macro(strained, hostile):
        found = np.where(p[:, 2] >= hostile, 2, np.where(p[:, 1] + p[:, 2] >= strained, 1, 0))
        return np.mean([f1(found == k, truth == k) for k in range(3)])

    some = [(strained, hostile) for strained in GRID[::3] for hostile in GRID[::3]]
    assert macro(*decisions.customer_tone) >= max(macro(*pair) for pair in some) - 1e-3


def test_few_positives_leave_thresholds_at_one_half():
    items, logits = drawn(20)
    decisions = calibrate.fit(items, logits)
    assert set(decisions.flags.values()) == set(decisions.attacks.values()) == {0.5}
    assert decisions.agent_tone == decisions.customer_tone == (0.5, 0.5)


def test_no_turns_leave_everything_as_it_is():
    decisions = calibrate.fit([], np.zeros((0, L)))
    assert set(decisions.temperature.values()) == {1.0}
    assert set(decisions.flags.values()) == {0.5}


def test_the_calibration_error_of_calibrated_probabilities_is_small():
    choose = np.random.default_rng(1)
    probabilities = choose.random(20_000)
    truth = choose.random(20_000) < probabilities
    assert calibrate.expected_error(probabilities, truth) < 0.02


@pytest.mark.parametrize(("said", "share", "error"), [(0.9, 0.5, 0.4), (1.0, 1.0, 0.0), (0.0, 1.0, 1.0)])
def test_the_calibration_error_is_the_gap_between_what_is_said_and_what_is(said, share, error):
    truth = np.arange(1000) < share * 1000
    assert calibrate.expected_error(np.full(1000, said), truth) == pytest.approx(error)

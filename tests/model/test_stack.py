"""The balance of encoder and phrases: what is fitted, and that folding it into the model gives the same logits."""

import numpy as np
import pytest

from empathy_scan.model import bundle, runtime, stack
from empathy_scan.model.examples import Item
from empathy_scan.model.network import L
from empathy_scan.model.tokens import Example

EXAMPLES = [
    Example("agent", "I am so sorry to hear that."),
    Example("customer", "Three weeks, and nobody rang me back."),
]


def items(flags):
    return [
        Item(("toy", str(n), 0), "agent", "chat", (Example("agent", "x"),), given, 0, "")
        for n, given in enumerate(flags)
    ]


def test_a_part_that_tells_the_label_is_trusted_and_noise_is_not():
    random = np.random.default_rng(1)
    given = random.random(400) < 0.4
    deep, wide = random.normal(size=(400, L)), random.normal(size=(400, L))
    wide[:, 0] += np.where(given, 2.0, -2.0)
    found = stack.fit(deep, wide, range(400), items(["S" if one else "" for one in given]))
    assert found.wide[0] > 4 * found.deep[0]


def test_overconfident_logits_are_scaled_to_the_odds_that_hold():
    random = np.random.default_rng(2)
    odds = random.normal(size=3000) * 1.5
    given = random.random(3000) < 1 / (1 + np.exp(-odds))
    deep = np.zeros((3000, L))
    deep[:, 1] = 4 * odds
    found = stack.fit(deep, np.zeros((3000, L)), range(3000), items(["A" if one else "" for one in given]))
    assert found.deep[1] == pytest.approx(0.25, abs=0.05)
    assert found.offset[1] == pytest.approx(0, abs=0.2)


def test_labels_with_hardly_any_example_keep_the_prior():
    found = stack.fit(np.ones((20, L)), np.ones((20, L)), range(20), items(["X"] * 3 + [""] * 17))
    assert (found.deep[2], found.wide[2], found.offset[2]) == (stack.PRIOR, stack.PRIOR, 0)


def test_a_turn_is_judged_by_its_strongest_segment():
    assert stack._strongest(np.array([0.1, 0.9, 0.4, 0.3]), [0, 0, 1, 1], 2).tolist() == [1, 2]


def test_folding_makes_the_models_own_logits_the_joined_ones(tiny_bundle):
    loaded = bundle.load(tiny_bundle)
    deep, wide = runtime.parts(loaded.model, loaded.packer, EXAMPLES)
    random = np.random.default_rng(3)
    balance = stack.Balance(random.uniform(0.2, 2, L), random.uniform(0, 2, L), random.normal(size=L))
    stack.fold(loaded.model, balance)
    found = runtime.logits(loaded.model, loaded.packer, EXAMPLES)
    np.testing.assert_allclose(found, balance.joined(deep, wide), atol=1e-4)

"""From logits to labels: probabilities that are ones, and thresholds that do what they say."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from empathy_scan.codebook import ATTACK_CODES, FLAG_CODES
from empathy_scan.model.decisions import HEADS, Decisions
from empathy_scan.model.network import OUTPUTS

LOGITS = arrays(np.float32, st.tuples(st.integers(1, 6), st.just(14)), elements=st.floats(-60, 60, width=32))
TEMPERATURES = st.fixed_dictionaries(dict.fromkeys(HEADS, st.floats(0.3, 4)))


def certain(**heads):
    """Probabilities of one turn, civil and without flags where nothing else is given."""
    usual = {"flags": [0.0] * 4, "attacks": [0.0] * 4, "agent_tone": [1.0, 0, 0], "customer_tone": [1.0, 0, 0]}
    return {name: np.array([row]) for name, row in {**usual, **heads}.items()}


def test_the_heads_are_those_of_the_network():
    assert list(HEADS.items()) == list(OUTPUTS.items())


@given(logits=LOGITS, temperature=TEMPERATURES)
def test_probabilities_lie_in_0_to_1_and_those_of_a_tone_sum_to_1(logits, temperature):
    found = Decisions(temperature=temperature).probabilities(logits)
    assert {name: part.shape[1] for name, part in found.items()} == HEADS
    assert all(((part >= 0) & (part <= 1)).all() for part in found.values())
    for head in ("agent_tone", "customer_tone"):
        np.testing.assert_allclose(found[head].sum(1), 1)


def test_a_higher_temperature_makes_probabilities_less_sure():
    logits = np.full((1, 14), 2.0)
    plain = Decisions().probabilities(logits)["flags"]
    cooled = Decisions(temperature=dict.fromkeys(HEADS, 2.0)).probabilities(logits)["flags"]
    assert (cooled < plain).all()
    assert (cooled > 0.5).all()


@pytest.mark.parametrize("code", FLAG_CODES)
def test_a_flag_is_given_from_its_threshold_on(code):
    decisions = Decisions(flags={**dict.fromkeys(FLAG_CODES, 0.9), code: 0.3})
    assert decisions.flags_of(certain(flags=[0.3] * 4)).tolist() == [[int(other == code) for other in FLAG_CODES]]
    assert not decisions.flags_of(certain(flags=[0.29] * 4)).any()


@pytest.mark.parametrize(
    ("probabilities", "tone"),
    [([0.6, 0.3, 0.1], 0), ([0.5, 0.4, 0.1], 1), ([0.5, 0.2, 0.3], 2), ([0.0, 0.7, 0.3], 2), ([0.0, 1.0, 0.0], 1)],
)
@pytest.mark.parametrize("head", ["agent_tone", "customer_tone"])
def test_hostile_comes_before_strained_and_strained_counts_hostile_too(head, probabilities, tone):
    decisions = Decisions(agent_tone=(0.5, 0.3), customer_tone=(0.5, 0.3))
    assert decisions.tones_of(certain(**{head: probabilities}))[head].tolist() == [tone]


@given(logits=LOGITS)
def test_kinds_of_attack_are_given_to_hostile_customers_and_to_them_at_least_one(logits):
    decisions = Decisions()
    probabilities = decisions.probabilities(logits)
    hostile = decisions.tones_of(probabilities)["customer_tone"] == 2
    assert (decisions.attacks_of(probabilities).any(1) == hostile).all()


def test_all_kinds_over_their_thresholds_are_given_and_otherwise_the_likeliest():
    decisions = Decisions(attacks=dict(zip(ATTACK_CODES, (0.2, 0.9, 0.2, 0.9), strict=True)))
    hostile = [0.0, 0.0, 1.0]
    several = certain(customer_tone=hostile, attacks=[0.3, 0.8, 0.3, 0.1])
    none = certain(customer_tone=hostile, attacks=[0.1, 0.8, 0.1, 0.1])
    assert decisions.attacks_of(several).tolist() == [[1, 0, 1, 0]]
    assert decisions.attacks_of(none).tolist() == [[0, 1, 0, 0]]


@pytest.mark.parametrize(
    ("heads", "agent", "customer"),
    [
        ({}, False, False),
        ({"flags": [0.0, 0.45, 0.0, 0.0]}, True, False),
        ({"flags": [0.0, 0.41, 0.0, 0.0]}, False, False),
        ({"agent_tone": [0.5, 0.5, 0.0]}, True, False),
        ({"customer_tone": [0.1, 0.4, 0.5]}, False, True),
        ({"attacks": [0.5] * 4}, False, False),
    ],
)
def test_unsure_is_a_probability_near_a_threshold_that_counts_for_the_role(heads, agent, customer):
    decisions = Decisions(band=0.08)
    assert decisions.unsure(certain(**heads), agent=np.array([True])).tolist() == [agent]
    assert decisions.unsure(certain(**heads), agent=np.array([False])).tolist() == [customer]


def test_nothing_is_unsure_without_a_band():
    assert not Decisions(band=0.0).unsure(certain(flags=[0.5] * 4), agent=np.array([True])).any()

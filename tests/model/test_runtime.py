"""The forward pass in batches: order and company change nothing."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from toys import toy_items

from empathy_scan.model import runtime
from empathy_scan.model.network import L
from empathy_scan.model.tokens import Example

EXAMPLES = [
    *(segment for item in toy_items(12) for segment in item.segments),
    Example("agent", "long " * 40, context=(("customer", "you useless idiot"),)),
    Example("customer", ""),
]


def test_an_example_scores_the_same_alone_and_in_a_batch(loaded):
    together = runtime.logits(loaded.model, loaded.packer, EXAMPLES)
    alone = np.concatenate([runtime.logits(loaded.model, loaded.packer, [one]) for one in EXAMPLES])
    assert together.shape == (len(EXAMPLES), L)
    np.testing.assert_allclose(together, alone, atol=1e-4)


@pytest.mark.parametrize("tokens", [1, 64, 300, 100_000])
def test_the_size_of_a_batch_does_not_change_scores(loaded, tokens):
    expected = runtime.logits(loaded.model, loaded.packer, EXAMPLES)
    found = runtime.logits(loaded.model, loaded.packer, EXAMPLES, tokens_per_batch=tokens)
    np.testing.assert_allclose(found, expected, atol=1e-4)


def test_logits_come_in_the_order_of_the_examples(loaded):
    forward = runtime.logits(loaded.model, loaded.packer, EXAMPLES)
    backward = runtime.logits(loaded.model, loaded.packer, EXAMPLES[::-1])
    np.testing.assert_allclose(backward, forward[::-1], atol=1e-4)


def test_no_examples_give_no_logits(loaded):
    assert runtime.logits(loaded.model, loaded.packer, []).shape == (0, L)


@given(lengths=st.lists(st.integers(1, 90), max_size=40), tokens=st.integers(1, 400))
def test_batches_hold_every_position_once_within_the_budget(lengths, tokens):
    groups = list(runtime.batches(lengths, tokens=tokens))
    assert sorted(position for group in groups for position in group) == list(range(len(lengths)))
    assert all(len(group) == 1 or len(group) * max(lengths[p] for p in group) <= tokens for group in groups)

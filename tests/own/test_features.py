"""What heads see: the encoder's own view, and phrases of the words."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from empathy_scan.model import bundle
from empathy_scan.model.runtime import collate
from empathy_scan.model.tokens import Example
from empathy_scan.own import features

EXAMPLES = [
    Example("agent", "You will get a mail from us tomorrow morning.", (("customer", "Where is it?"),)),
    Example("agent", "Hello."),
    Example("customer", "The lamp is broken, and nobody rang me back.", (("agent", "Hi!"), ("customer", "Hi."))),
]


@pytest.fixture(scope="module")
def loaded(tiny_bundle):
    return bundle.load(tiny_bundle)


def test_the_view_is_that_of_the_model(loaded):
    looker = features.Looker(loaded)
    packed = loaded.packer.pack(EXAMPLES)
    batch = collate(packed, pad=loaded.packer.pad)
    with torch.inference_mode():
        wanted = loaded.model.pooled(loaded.model.encode(batch), batch.focus).numpy()
    assert np.allclose(looker.of_packed(packed).dense, wanted, atol=1e-4)


def test_a_slope_tells_what_hiding_a_word_would_do(loaded):
    looker = features.Looker(loaded)
    packed = loaded.packer.pack(EXAMPLES[:1])
    weights = torch.ones(looker.of_packed(packed).dense.shape[1])
    (worth,) = looker.slopes(packed, weights)
    assert len(worth) == packed[0].focus_end - packed[0].focus_start
    assert np.isfinite(worth).all()
    assert np.abs(worth).max() > 0


@given(st.lists(st.integers(0, 20_000), max_size=40))
def test_phrases_are_counted_once_and_every_length_has_rows_of_its_own(ids):
    tokens = np.array(ids, dtype=np.int64)
    placed = features.placed_rows(tokens)
    assert [len(rows) for rows in placed] == [max(len(ids) - length, 0) for length in range(3)]
    for length, rows in enumerate(placed):
        assert ((rows >= length * features.PHRASES) & (rows < (length + 1) * features.PHRASES)).all()
    once = features.phrase_rows(tokens)
    assert (np.diff(once) > 0).all()
    assert set(once) == set(np.concatenate(placed).tolist())


def test_the_same_words_have_the_same_rows_wherever_they_stand():
    one, other = features.placed_rows(np.array([5, 6, 7, 8])), features.placed_rows(np.array([1, 6, 7, 8]))
    assert one[0][1:].tolist() == other[0][1:].tolist()
    assert one[2][1] == other[2][1]
    assert one[2][0] != other[2][0]


def test_a_bundle_loaded_for_scoring_alone_sees_the_same(loaded, tiny_bundle):
    light = bundle.for_scoring(tiny_bundle)
    assert isinstance(light, bundle.Light)
    whole, alone = features.Looker(loaded), features.Looker(light)
    packed, other = loaded.packer.pack(EXAMPLES), light.packer.pack(EXAMPLES)
    assert packed == other
    assert np.array_equal(whole.of_packed(packed).dense, alone.of_packed(other).dense)
    weights = torch.linspace(-1, 1, whole.of_packed(packed).dense.shape[1])
    for left, right in zip(whole.slopes(packed, weights), alone.slopes(other, weights), strict=True):
        assert np.array_equal(left, right)

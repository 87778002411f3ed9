"""The table of phrases: it knows its turns, and how far what it says of others can be trusted."""

import numpy as np
import pytest
import torch
from toys import toy_items

from empathy_scan.model import phrase_table, train
from empathy_scan.model.network import L
from empathy_scan.model.runtime import collate
from empathy_scan.model.tokens import Example, Packer

ITEMS = toy_items(240)


def start(backbone):
    model, tokenizer = train.new_model(backbone, train.TrainConfig(phrases=2**12))
    return model.eval(), Packer(tokenizer, max_length=64, max_focus=48)


@pytest.fixture(scope="module")
def fitted(tiny_backbone):
    """A model whose wide path knows the toy set, its packer, and the cross-fitted logits."""
    model, packer = start(tiny_backbone)
    packed = [packer.pack(item.segments) for item in ITEMS]
    return model, packer, phrase_table.fit(model, packed, ITEMS, pad=packer.pad, folds=4)


@torch.no_grad()
def wide(model, packer, texts):
    return model.wide_logits(collate(packer.pack([Example("agent", text) for text in texts]), pad=packer.pad))


def agreement(logits):
    """Share of flags, kinds and tones of the toy set that the logits get right."""
    gold = train.targets(ITEMS)
    agent = gold.agent
    return [
        ((logits[agent, :4] > 0) == gold.flags[agent].bool()).float().mean().item(),
        (logits[agent, 4:7].argmax(1) == gold.tone[agent]).float().mean().item(),
        (logits[~agent, 7:10].argmax(1) == gold.tone[~agent]).float().mean().item(),
    ]


def test_the_wide_path_knows_the_turns_it_was_fitted_on(fitted):
    model, packer, _ = fitted
    assert min(agreement(wide(model, packer, [item.segments[0].text for item in ITEMS]))) > 0.98


def test_what_it_says_of_turns_that_it_has_not_seen_is_about_as_good_on_a_regular_set(fitted):
    _, _, unseen = fitted
    assert unseen.shape == (len(ITEMS), L)
    assert min(agreement(unseen)) > 0.95


def test_a_turn_that_is_like_no_other_is_not_known_by_heart(tiny_backbone):
    model, packer = start(tiny_backbone)
    odd = Example("agent", "zebra quilts xylophone")
    items = [*ITEMS, train.Item(("toy", "odd", 0), "agent", "chat", (odd,), "X", 2, "", scenario="odd")]
    packed = [packer.pack(item.segments) for item in items]
    unseen = phrase_table.fit(model, packed, items, pad=packer.pad, folds=4)
    assert unseen[-1, 2] < 0


def test_the_fitted_table_is_frozen_but_how_far_it_is_trusted_is_learned(fitted):
    model, _, _ = fitted
    assert not model.phrases.weight.requires_grad
    assert not model.phrase_bias.requires_grad
    assert model.phrase_scale.requires_grad


def test_a_phrase_of_a_single_turn_counts_nothing_and_a_frequent_one_less_than_a_rare_one():
    rows = phrase_table.sparse.csr_matrix(np.array([[1, 0, 1, 0], [1, 1, 0, 0], [1, 1, 0, 0]], dtype=np.float32))
    worth = phrase_table._worth(rows)
    assert worth[2] == worth[3] == 0
    assert 0 < worth[0] < worth[1]


def test_a_scenario_is_in_one_fold():
    fold = phrase_table._folds(ITEMS, 4)
    places = {item.scenario: set() for item in ITEMS}
    for item, place in zip(ITEMS, fold, strict=True):
        places[item.scenario].add(int(place))
    assert all(len(found) == 1 for found in places.values())
    assert {place for found in places.values() for place in found} == {0, 1, 2, 3}


@pytest.mark.parametrize(
    ("tones", "likeliest"), [([0, 0, 0, 0], 0), ([2, 2, 2, 2], 2), ([0, 0, 1, 1], None), ([0, 1, 2, 2], None)]
)
def test_tones_that_never_occur_are_never_said(tones, likeliest):
    inputs = phrase_table.sparse.csr_matrix(np.eye(4, dtype=np.float32))
    weights, bias = np.zeros((4, L), dtype=np.float32), np.zeros(L, dtype=np.float32)
    phrase_table._put(inputs, np.array(tones), weights, bias, [4, 5, 6])
    said = (inputs @ weights + bias)[:, 4:7].argmax(1)
    assert set(said.tolist()) <= set(tones)
    if likeliest is None:
        assert said.tolist() == tones
    else:
        assert set(said.tolist()) == {likeliest}


@pytest.mark.parametrize("given", [0, 1])
def test_a_label_of_all_turns_or_of_none_is_said_plainly(given):
    inputs = phrase_table.sparse.csr_matrix(np.eye(3, dtype=np.float32))
    weights, bias = np.zeros((3, L), dtype=np.float32), np.zeros(L, dtype=np.float32)
    phrase_table._put(inputs, np.full(3, given), weights, bias, [0])
    assert not weights.any()
    assert (bias[0] > 0) == bool(given)

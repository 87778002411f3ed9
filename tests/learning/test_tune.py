"""The steps of fine-tuning: repeatable, nearer to what people said, and held near the old network."""

import numpy as np
import pytest
import torch

from empathy_scan.config import Config
from empathy_scan.learning.lessons import gather
from empathy_scan.learning.tune import TuneConfig, tune, turn_logits
from empathy_scan.model import bundle
from empathy_scan.review.queue import Queue
from empathy_scan.store import Store

FAST = TuneConfig(epochs=1, seed=3)


@pytest.fixture(scope="module")
def held(centre, queue):
    whole = gather(Store.open(centre.store), Queue(queue), Config())
    return whole.only(np.arange(len(whole)) < 80)


@pytest.fixture(scope="module")
def loaded(tiny_bundle):
    return bundle.load(tiny_bundle)


def test_the_same_seed_gives_the_same_network_and_the_old_one_stays(held, loaded):
    before = {name: weight.clone() for name, weight in loaded.model.state_dict().items()}
    one, other = (tune(loaded, held, held.items[:20], FAST).state_dict() for _ in range(2))
    assert all(torch.equal(one[name], other[name]) for name in one)
    assert all(torch.equal(before[name], weight) for name, weight in loaded.model.state_dict().items())
    assert torch.equal(one["phrases.weight"], before["phrases.weight"])
    assert not torch.equal(one["summary.weight"], before["summary.weight"])


def test_it_comes_nearer_to_what_people_said_of_the_turns_that_it_learnt(held, loaded):
    known = held.agent & ~np.isnan(held.truth[:, 0])

    def loss(model):
        said = turn_logits(model, loaded.packer, held.items)[known, 0]
        return float((np.logaddexp(0, said) - held.truth[known, 0] * said).mean())

    assert loss(tune(loaded, held, (), TuneConfig(epochs=4))) < loss(loaded.model)


def test_an_anchor_holds_it_near_where_it_started(held, loaded):
    def moved(anchor):
        tuned = tune(loaded, held, (), TuneConfig(epochs=1, anchor=anchor))
        return float((tuned.summary.weight - loaded.model.summary.weight).detach().norm())

    assert moved(0.5) < moved(0.0) / 2

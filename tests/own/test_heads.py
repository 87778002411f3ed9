"""Heads in their folder: what comes back, what is refused, and what each is good for in words."""

import json
from dataclasses import replace

import numpy as np
import pytest

from empathy_scan.errors import ModelError
from empathy_scan.own import heads
from empathy_scan.own.fitting import Weights
from empathy_scan.own.heads import Facts
from empathy_scan.stats import Estimate

FACTS = Facts(
    key="next_steps", name="next steps", role="agent", question="Tells it?", definition="Tells it.", label="abc",
    encoder="e1", trained_at="2026-10-05T12:00:00+00:00", slope=1.5, offset=-0.2, threshold=0.4, ridge=3.0,
    answers={"turns": 90, "yes": 30}, kappa=Estimate(0.7, 0.6, 0.8), why="", found=None, right=Estimate(0.8, 0.7, 0.9),
    share=Estimate(0.3, 0.2, 0.4), effective=80.0, confusion=((50, 10), (5, 25)), standard=0.667, weights="",
)  # fmt: skip
WEIGHTS = Weights(np.zeros(4), np.ones(4), np.arange(4.0), np.array([3, 9]), np.array([0.5, -0.5]), 0.25)


def test_a_head_comes_back_as_it_was(tmp_path):
    facts = heads.save(tmp_path, FACTS, WEIGHTS)
    assert heads.all_facts(tmp_path) == {"next_steps": facts}
    head = heads.load(tmp_path, facts)
    assert head.decision.threshold == 0.4
    assert head.weights.dense.tolist() == [0, 1, 2, 3]
    assert head.weights.rows.tolist() == [3, 9]
    assert {path.suffix for path in tmp_path.iterdir()} == {".json", ".safetensors"}


def test_another_head_has_another_fingerprint(tmp_path):
    one = heads.save(tmp_path, FACTS, WEIGHTS)
    other = heads.save(tmp_path, FACTS, replace(WEIGHTS, bias=0.5))
    assert len({one.fingerprint, other.fingerprint, replace(other, threshold=0.5).fingerprint}) == 3


def test_damaged_weights_are_refused_with_a_remedy(tmp_path):
    facts = heads.save(tmp_path, FACTS, WEIGHTS)
    path = tmp_path / "next_steps.safetensors"
    path.write_bytes(path.read_bytes()[:-1] + b"x")
    with pytest.raises(ModelError, match=r"damaged.*labels train"):
        heads.load(tmp_path, facts)
    path.unlink()
    with pytest.raises(ModelError, match="cannot be read"):
        heads.load(tmp_path, facts)


@pytest.mark.parametrize(
    ("change", "told"),
    [({"format": 9}, "format 9"), ({"slope": "x"}, "no head"), ({"confusion": [1]}, "no head"),
     ({"key": "other"}, "named after another")],
)  # fmt: skip
def test_a_file_that_is_no_head_is_told(tmp_path, change, told):
    heads.save(tmp_path, FACTS, WEIGHTS)
    path = tmp_path / "next_steps.json"
    path.write_text(json.dumps(json.loads(path.read_text(encoding="utf-8")) | change), encoding="utf-8")
    with pytest.raises(ModelError, match=told):
        heads.all_facts(tmp_path)


def test_a_head_of_another_encoder_is_refused():
    heads.demand(FACTS, "e1")
    with pytest.raises(ModelError, match=r"trained for model e1, the store's is e2.*labels train next_steps"):
        heads.demand(FACTS, "e2")


@pytest.mark.parametrize(
    ("kappa", "verdict", "words"),
    [
        (Estimate(0.8, 0.7, 0.9), "good", "good enough to show: kappa 0.80 (0.70 to 0.90)"),
        (Estimate(0.6, 0.4, 0.7), "doubtful", "shown with a warning"),
        (Estimate(0.5, 0.1, 0.8), "poor", "not good enough to show"),
        (Estimate(0.3, 0.25, 0.4), "poor", "not good enough to show"),
        (None, "poor", "not good enough to show: nobody knows"),
    ],
)
def test_what_a_head_is_good_for(kappa, verdict, words):
    facts = replace(FACTS, kappa=kappa, why="nobody knows")
    assert facts.verdict == verdict
    assert facts.words.startswith(words)


def test_dropping_a_head_leaves_nothing(tmp_path):
    heads.save(tmp_path, FACTS, WEIGHTS)
    assert heads.drop(tmp_path, "next_steps")
    assert not list(tmp_path.iterdir())
    assert not heads.drop(tmp_path, "next_steps")

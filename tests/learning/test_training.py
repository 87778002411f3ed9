"""Fine-tuning on reviews: what is refused, and that turns which trained a model do not judge it."""

import pytest

from empathy_scan.config import Config
from empathy_scan.errors import UsageError
from empathy_scan.learning import making, training
from empathy_scan.learning.lessons import falls_within, gather
from empathy_scan.learning.tune import TuneConfig
from empathy_scan.review.queue import Queue
from empathy_scan.store import Store

SEED = 1


def test_answers_that_hold_only_where_it_learns_are_refused_and_nothing_is_written(centre, tmp_path):
    def lying(name, said):
        if not falls_within(name, 1 - training.HELD_OUT, SEED):
            return said
        told = {key: {"yes": "no", "no": "yes", "0": "2", "2": "0"}.get(value, value) for key, value in said.items()}
        return {key: "no" if key in "itpc" and told["tone"] != "2" else value for key, value in told.items()}

    queue = centre.review(160, queue=centre.folder / "lies", change=lying)
    found = training.train(
        Store.open(centre.store), Queue(queue), Config(), base=centre.model, out=tmp_path / "new",
        how=TuneConfig(epochs=6, head_rate=1e-2, anchor=0.0, seed=SEED),
    )  # fmt: skip
    assert found.new == ""
    assert any("log-loss" in reason for reason in found.against)
    assert list(tmp_path.iterdir()) == []


def test_too_few_turns_are_too_few(centre, tmp_path):
    queue = centre.review(25, queue=centre.folder / "few")
    with pytest.raises(UsageError, match="too few reviewed turns"):
        training.train(Store.open(centre.store), Queue(queue), Config(), base=centre.model, out=tmp_path / "new")


def test_turns_that_trained_a_model_do_not_judge_it(centre, queue):
    held = gather(Store.open(centre.store), Queue(queue), Config())
    seen = {"share": 0.7, "seed": 5, "until": max(held.answered).isoformat()}
    left = making.unseen(held, {"reviews": {"seen": [seen]}})
    assert 0 < len(left) < len(held)
    assert not any(falls_within(item.scenario, 0.7, 5) for item in left.items)
    earlier = {**seen, "until": "2020-01-01T00:00:00+00:00"}  # answers that came after it was trained
    assert len(making.unseen(held, {"reviews": {"seen": [earlier]}})) == len(held)

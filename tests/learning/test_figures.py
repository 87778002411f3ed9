"""How well a model does on reviewed turns: its figures are those of its turns, and no model is better than itself."""

import numpy as np
import pytest
from made_up import lessons, logits_of
from sklearn.metrics import cohen_kappa_score, log_loss

from empathy_scan.learning import figures
from empathy_scan.learning.figures import CLASS, LABELS, compare, said
from empathy_scan.model.decisions import Decisions

BY_KEY = {label.key: label for label in (CLASS, *LABELS)}


def test_log_loss_and_kappa_of_a_label_are_those_of_its_turns():
    given = lessons(120)
    logits = logits_of(given)
    found = said(Decisions(), logits)
    change = compare(given, found, found, BY_KEY["S"]).figures
    truth = given.truth[given.agent][:, 0]
    assert change["log_loss"].before.value == pytest.approx(log_loss(truth, found.chances[given.agent][:, 0]))
    assert change["kappa"].before.value == pytest.approx(
        cohen_kappa_score(truth.astype(int), found.labels[given.agent][:, 0].astype(int))
    )


def test_a_model_is_no_better_than_itself():
    given = lessons(120)
    found = said(Decisions(), logits_of(given))
    for label in (CLASS, *LABELS):
        for change in compare(given, found, found, label).figures.values():
            if change is not None:
                assert (change.change.value, change.change.low, change.change.high) == (0, 0, 0)
                assert change.better == pytest.approx(0.5)


def test_a_turn_that_weighs_twice_counts_as_two():
    given = lessons(60)
    logits = logits_of(given)
    twice = [*range(60), *range(0, 60, 3)]
    weighed = given.only(np.ones(60, dtype=bool))
    weighed.weights[::3] = 2
    repeated = figures.Lessons(
        tuple(given.items[at] for at in twice), given.truth[twice], np.ones(len(twice)), given.conversations[twice],
        tuple(given.answered[at] for at in twice), 1,
    )  # fmt: skip
    for label in LABELS[:6]:
        one = compare(weighed, said(Decisions(), logits), said(Decisions(), logits), label).figures["log_loss"]
        other = compare(repeated, said(Decisions(), logits[twice]), said(Decisions(), logits[twice]), label).figures[
            "log_loss"
        ]
        assert one.before.value == pytest.approx(other.before.value)


def test_the_care_class_comes_from_the_flags():
    flags = np.zeros((3, 14))
    flags[1, 0] = flags[2, 0] = flags[2, 2] = 1
    assert figures.outcomes(flags, CLASS).argmax(axis=1).tolist() == [0, 1, 2]

"""Temperatures and thresholds fitted to reviewed turns: they move where people are, and stay where too few say so."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from made_up import lessons, logits_of

from empathy_scan.learning import figures
from empathy_scan.learning.refit import TEMPERATURE, THRESHOLD, refit
from empathy_scan.model.decisions import Decisions


def fitted(found, what, name):
    return next(each for each in found.fitted if (each.what, each.name) == (what, name))


def test_a_model_that_is_three_times_too_sure_is_cooled_down():
    given_ = lessons(400)
    found = refit(given_, logits_of(given_, sure=3.0), Decisions())
    assert fitted(found, TEMPERATURE, "flags").refitted
    assert found.decisions.temperature["flags"] == pytest.approx(3.0, rel=0.2)
    scripted = next(each for each in found.compared if each.label.key == "S").figures
    assert scripted["log_loss"].change.high < 0
    assert scripted["ece"].after.value < scripted["ece"].before.value


def test_a_threshold_moves_to_where_people_draw_the_line():
    given_ = lessons(400)
    found = refit(given_, logits_of(given_, off=3.0), Decisions())
    scripted = fitted(found, THRESHOLD, "agent: scripted")
    assert scripted.refitted
    assert scripted.new[0] > scripted.old[0]
    kappa = next(each for each in found.compared if each.label.key == "S").figures["kappa"]
    assert kappa.change.low > 0


def test_what_there_are_too_few_labels_for_stays_and_says_so():
    given_ = lessons(40, rate=0.1)
    found = refit(given_, logits_of(given_, sure=3.0), Decisions())
    assert not found.changed
    assert found.decisions == Decisions()
    assert all(each.why for each in found.fitted)
    assert fitted(found, THRESHOLD, "agent: owns").why.startswith("too few: ")


def test_answers_that_have_nothing_to_do_with_the_turns_move_no_threshold():
    given_ = lessons(300)
    found = refit(given_, logits_of(lessons(300, seed=9)), Decisions())
    assert not [each for each in found.fitted if each.what == THRESHOLD and "tone" not in each.name and each.refitted]


def test_what_people_could_not_tell_teaches_nothing():
    given_ = lessons(300)
    logits = logits_of(given_, sure=3.0)
    blind = replace(given_, truth=given_.truth.copy())
    blind.truth[:, 0] = np.nan
    found = refit(blind, logits, Decisions())
    assert fitted(found, THRESHOLD, "agent: scripted").why == "too few: 0 of 30 turns needed"
    assert found.compared[1].turns == 0


@settings(max_examples=4)
@given(sure=st.floats(0.5, 3.0), seed=st.integers(0, 50))
def test_a_label_whose_threshold_stays_is_given_as_before_whatever_the_temperature(sure, seed):
    given_ = lessons(160, seed=seed)
    logits, old = logits_of(given_, sure=sure), Decisions(flags={"S": 0.3, "A": 0.4, "X": 0.6, "O": 0.7})
    found = refit(given_, logits, old)
    before, after = figures.said(old, logits).labels, figures.said(found.decisions, logits).labels
    for at, name in enumerate(("scripted", "acknowledges", "explores", "owns")):
        if not fitted(found, THRESHOLD, f"agent: {name}").refitted:
            assert (before[:, at] == after[:, at]).mean() > 0.99


def test_the_same_answers_give_the_same_decisions():
    given_ = lessons(200)
    logits = logits_of(given_, sure=2.0, off=1.0)
    assert refit(given_, logits, Decisions()).decisions == refit(given_, logits, Decisions()).decisions

"""What is told of a calibration, and on which conversations its errors are counted."""

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from made_up import lessons, logits_of

import biased
from empathy_scan.codebook import FLAGS
from empathy_scan.learning import calibration, truths
from empathy_scan.learning.calibration import Calibrated
from empathy_scan.learning.refit import TEMPERATURE, THRESHOLD, TONES, Fitted, Refit, refit
from empathy_scan.model.decisions import Decisions
from empathy_scan.store import Store

NAMES = {f"agent: {label.name}": label.code for label in FLAGS} | {TONES[0].replace("_", " "): "T"}
TOLD = {
    "made_by": "calibrate", "made_on": "2026-10-06", "made_from": "f0",
    "labels": {
        "reviewers": 2, "turns": 9, "conversations": 3, "first_answer": "2026-10-01", "last_answer": "2026-10-05",
    },
}  # fmt: skip


@pytest.fixture(scope="module")
def refitted():
    made = lessons(240, seed=5)
    return refit(made, logits_of(made, sure=2.0, off=1.0), Decisions())


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    return biased.store(tmp_path_factory.mktemp("calibration") / "store", agents=2, conversations=10)


def fitted(name, what=THRESHOLD, *, anew=True):
    return Fitted(what, name, (0.5,), (0.6,), anew, "better")


@given(st.sets(st.sampled_from(list(NAMES))), st.permutations(list(NAMES)))
def test_labels_that_are_given_otherwise_are_those_whose_threshold_moved(chosen, order):
    every = tuple(fitted(name, anew=name in chosen) for name in order)
    found = calibration.moved(Refit(Decisions(), every, (), None))
    assert found == "".join(code for name, code in NAMES.items() if name in chosen)


def test_a_temperature_and_customers_labels_move_no_label_of_agents():
    every = (fitted("flags", TEMPERATURE), fitted("customer: insult"), fitted("customer tone"))
    assert calibration.moved(Refit(Decisions(), every, (), None)) == ""


def test_errors_are_counted_on_the_same_conversations_every_time(store):
    ids = store.known()["conversation_id"].to_list()
    taken = calibration.sample(store, [], 5)
    assert taken["conversation_id"].n_unique() == 5
    assert taken.equals(calibration.sample(store, [], 5))
    without = calibration.sample(store, ids[:17], 5)
    assert set(without["conversation_id"]) == set(ids[17:])


def test_without_a_store_there_is_nothing_to_count_on(tmp_path):
    assert calibration.sample(Store(tmp_path / "none"), [], 5).is_empty()


@pytest.mark.parametrize(("people", "told"), [(1, "1 person labelled"), (2, "2 people labelled")])
def test_the_origin_counts_people_and_names_none(people, told):
    said = calibration.origin({**TOLD, "labels": {**TOLD["labels"], "reviewers": people}})
    assert told in said
    assert "9 turns in 3 conversations" in said
    assert "from the bundle f0" in said


def test_the_card_tells_every_fit_and_every_figure_on_conversations_held_out(refitted):
    counted = truths.Counted(None, {"answers": "kept: too few"}, refitted=False)
    card = calibration.card(TOLD, refitted, counted)
    for each in refitted.fitted:
        assert f"| {each.what} | {each.name} |" in card
    compared = [each for each in refitted.compared if each.turns]
    assert all(f"| {each.label.name} | {each.turns} | {each.unusual} |" in card for each in compared)
    assert card.count("\n| ") == 2 + len(refitted.fitted) + len(compared)
    assert "answers kept: too few" in card


def test_what_was_kept_names_no_bundle_that_is_not_there(refitted):
    counted = truths.Counted(None, {}, refitted=False)
    found = Calibrated(Path("new"), "f0", "", TOLD["labels"], 4, refitted, counted).to_json()
    assert (found["state"], found["out"], found["model"], found["left_out"]) == ("kept", None, None, 4)
    assert json.loads(json.dumps(found)) == found
    written = Calibrated(Path("new"), "f0", "f1", TOLD["labels"], 4, refitted, counted).to_json()
    assert (written["state"], written["out"], written["model"]) == ("written", "new", "f1")
    assert np.isfinite([number for each in found["fitted"] for number in each["new"]]).all()

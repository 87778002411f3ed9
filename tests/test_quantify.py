"""Rates after allowing for the model's known errors: what is counted, what is solved, and when nothing is said."""

import json

import numpy as np
import polars as pl
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from empathy_scan import quantify, stats, tables
from empathy_scan.errors import ModelError, SchemaError
from empathy_scan.opportunities import opportunities
from empathy_scan.quantify import CLASSES, KNOWN_CASES, MEASURES, ErrorRates
from empathy_scan.stats import Estimate
from empathy_scan.summary import MEASURES as SUMMARY_MEASURES
from empathy_scan.summary import Kind
from label_frames import CONVERSATIONS, labels

TWO = ("no", "yes")
THREE = CLASSES["answers"]
PERFECT = ((400, 0), (0, 400))
FAIR = ((170, 30), (50, 150))  # finds 75% of the hits, and takes 15% of the others for hits
FAIR_ANSWERS = ((160, 20, 20), (10, 180, 10), (5, 15, 180))


def rates(fewest=2, most=300):
    """Counted rates with Wilson's interval at some number of turns."""
    pairs = st.integers(fewest, most).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))
    return pairs.map(lambda pair: stats.wilson(*pair))


def confusions(size):
    """Tables of known cases that can be corrected with."""
    rows = st.lists(st.integers(0, 40), min_size=size, max_size=size)
    tables_ = st.lists(rows, min_size=size, max_size=size)
    good = st.integers(60, 300)
    return st.tuples(tables_, good).map(
        lambda made: tuple(
            tuple(made[1] if row == column else turns for column, turns in enumerate(line))
            for row, line in enumerate(made[0])
        )
    )


def width(rate):
    return rate.high - rate.low


def one(rate, confusion):
    """The corrected rate of two classes, which there must be."""
    (made,) = quantify.correct([rate], confusion, TWO)
    return made


def where_there_is_one(rate, confusion):
    """The same in a property; examples that cannot be corrected are passed over."""
    assume(not isinstance(quantify.correct([rate], confusion, TWO), str))
    return one(rate, confusion)


def test_the_measures_are_rates_whose_opportunities_are_turns():
    assert all(SUMMARY_MEASURES[measure] is Kind.RATE for measure in MEASURES)
    asked = opportunities(labels({"c": ["customer 2 i", "noor SO 1", "noor A 2"]}))
    whole = set(asked.filter(pl.col("turn").is_null())["measure"])
    uncounted = {"formulaicity", "own_voice", *(name for name in SUMMARY_MEASURES if name.startswith("composure_"))}
    rates = {name for name, kind in SUMMARY_MEASURES.items() if kind is Kind.RATE}
    assert set(MEASURES) == rates - whole - uncounted - {"customer_first"}


@given(rates())
@settings(max_examples=50, deadline=None)
def test_a_perfect_model_leaves_the_rate_as_it_was_counted(rate):
    made = one(rate, PERFECT)
    assert made.value == pytest.approx(rate.value)
    assert width(made) == pytest.approx(width(rate), abs=0.1)


@pytest.mark.parametrize("true", [0.05, 0.2, 0.5, 0.9])
def test_the_rate_is_the_one_that_the_errors_turn_into_the_counted_one(true):
    counted = 0.75 * true + 0.15 * (1 - true)
    assert one(Estimate(counted, counted - 0.03, counted + 0.03), FAIR).value == pytest.approx(true)


@given(st.lists(st.floats(0.05, 1), min_size=3, max_size=3))
@settings(max_examples=50, deadline=None)
def test_the_answers_are_those_that_the_errors_turn_into_the_counted_ones(parts):
    true = np.array(parts) / sum(parts)
    counted = (np.array(FAIR_ANSWERS) / 200).T @ true
    made = quantify.correct([stats.wilson(300 * value, 300) for value in counted], FAIR_ANSWERS, THREE)
    assert [rate.value for rate in made] == pytest.approx(list(true))


@given(rates(), confusions(2))
@settings(max_examples=100, deadline=None)
def test_an_interval_holds_the_value_and_lies_between_0_and_1(rate, confusion):
    made = where_there_is_one(rate, confusion)
    assert 0 <= made.low <= made.value <= made.high <= 1


@given(st.lists(st.integers(0, 40), min_size=3, max_size=3).filter(any), confusions(3))
@settings(max_examples=100, deadline=None)
def test_corrected_answers_are_all_answers(turns, confusion):
    counted = [stats.wilson(part, sum(turns)) for part in turns]
    made = quantify.correct(counted, confusion, THREE)
    assume(not isinstance(made, str))
    assert sum(rate.value for rate in made) == pytest.approx(1)
    assert all(0 <= rate.low <= rate.value <= rate.high <= 1 for rate in made)


@given(rates(), confusions(2))
@settings(max_examples=100, deadline=None)
def test_an_interval_is_never_narrower_than_the_counted_one_is_solved_to(rate, confusion):
    made = where_there_is_one(rate, confusion)
    false, hit = (row[1] / sum(row) for row in confusion)
    solved = [min(1.0, max(0.0, (end - false) / (hit - false))) for end in (rate.low, rate.high)]
    assert made.low <= solved[0] + 1e-9
    assert made.high >= solved[1] - 1e-9


def test_better_known_errors_give_narrower_intervals():
    rate = Estimate(0.4, 0.35, 0.45)
    spreads = [width(one(rate, tuple(tuple(times * turns for turns in row) for row in FAIR))) for times in (1, 4, 100)]
    assert spreads == sorted(spreads, reverse=True)
    assert spreads[-1] == pytest.approx(0.1 / 0.6, abs=0.01)  # what is left is the luck of the conversations


@given(rates(), confusions(2))
@settings(max_examples=20, deadline=None)
def test_the_same_input_gives_the_same_correction(rate, confusion):
    first = quantify.correct([rate], confusion, TWO)
    quantify._inverses.cache_clear()
    assert quantify.correct([rate], confusion, TWO) == first


@given(rates(3, 500))
@settings(max_examples=50, deadline=None)
def test_an_interval_tells_how_many_turns_it_was_counted_on(rate):
    again = stats.wilson(rate.value * (turns := quantify._effective(rate)), turns)
    assert width(again) == pytest.approx(width(rate), rel=1e-6)


@pytest.mark.parametrize(
    ("confusion", "why"),
    [
        (((500, 20), (0, 14)), f"too few known cases of “yes” (14 of {KNOWN_CASES} needed)"),
        (((0, 0), (5, 100)), f"too few known cases of “no” (0 of {KNOWN_CASES} needed)"),
        (((70, 30), (60, 40)), "the model hardly knows “no”: found in 70% where true, in 60% where not"),
        (((20, 80), (90, 10)), "the model hardly knows “no”: found in 20% where true, in 90% where not"),
    ],
)
def test_errors_that_cannot_be_allowed_for_are_told_in_words(confusion, why):
    assert quantify.correct([Estimate(0.4, 0.3, 0.5)], confusion, TWO) == why


def test_one_kind_of_answer_that_is_not_known_leaves_all_three_as_they_are():
    errors = ErrorRates({"answers": ((100, 0, 0), (0, 14, 0), (0, 0, 100))})
    counted = {name: Estimate(1 / 3, 0.3, 0.4) for name in ("empathy_rate", "scripted_rate", "missed_rate")}
    assert set(quantify.corrections(counted, errors).values()) == {
        "too few known cases of “scripted” (14 of 15 needed)"
    }


def test_a_rate_below_what_false_alarms_alone_would_give_is_not_corrected():
    made = quantify.correct([stats.wilson(10, 2000)], ((500, 500), (10, 990)), TWO)
    assert made == "the model's known errors do not fit: they alone would have given another rate of “yes”"


def test_measures_whose_errors_are_not_known_say_so():
    made = quantify.corrections({"exploring": Estimate(0.4, 0.3, 0.5)}, ErrorRates({}))
    assert made == {"exploring": "the model's errors are not known for this"}


def test_only_the_rates_given_are_corrected():
    errors = ErrorRates({"exploring": FAIR, "guarded_rate": FAIR, "answers": FAIR_ANSWERS})
    assert quantify.corrections({"guarded_rate": Estimate(0.4, 0.3, 0.5)}, errors).keys() == {"guarded_rate"}


GOLD = {
    "a": ["customer 1", "noor A 0", "customer 2 i", "noor - 1"],
    "b": ["customer 0", "noor S 0", "customer 1", "tam S 2"],
}
FOUND = {
    "a": ["customer 1", "noor S 0", "customer 1", "noor - 0"],
    "b": ["customer 2 t", "noor SO 0", "customer 0", "tam S 2"],
}


def test_errors_are_counted_on_what_the_model_holds_for_an_opportunity():
    confusions_ = quantify.estimate(labels(GOLD), labels(FOUND)).confusions
    # Calls that the model sees: a.0 (empathic, found scripted), a.2 (missed twice) and b.0, which is no call in truth.
    assert confusions_["answers"] == ((0, 1, 0), (0, 1, 0), (0, 0, 1))
    # Caring turns that it sees: a.1 (empathic in truth), b.1 and b.3.
    assert confusions_["scripted_share"] == ((0, 1), (0, 2))
    assert confusions_["followed_by_action"] == ((2, 1), (0, 0))
    # All agent turns: a.3 is guarded in truth.
    assert confusions_["guarded_rate"] == ((3, 0), (1, 0))
    assert confusions_["belittling_rate"] == ((3, 0), (0, 1))
    # Hostile in its eyes: b.0, which nobody rose above, but it found a step.
    assert confusions_["rise_above_rate"] == ((0, 1), (0, 0))


@given(CONVERSATIONS)
@settings(max_examples=50, deadline=None)
def test_labels_held_against_themselves_have_no_errors_and_every_opportunity(conversations):
    frame = labels(conversations)
    made = quantify.estimate(frame, frame).confusions
    assert made.keys() == CLASSES.keys()
    counted = dict(opportunities(frame).group_by("measure").len().iter_rows())
    for name, table in made.items():
        measure = "empathy_rate" if name == "answers" else name
        assert sum(map(sum, table)) == sum(row[place] for place, row in enumerate(table)) == counted.get(measure, 0)


def test_labels_of_other_turns_are_refused():
    with pytest.raises(SchemaError, match="not of the same turns"):
        quantify.estimate(labels(GOLD), labels({"a": GOLD["a"]}))


ERRORS = ErrorRates({"answers": FAIR_ANSWERS, "exploring": FAIR}, "ten calls")


def test_errors_come_back_from_a_bundle_as_they_were_saved(tmp_path):
    quantify.save(tmp_path, ERRORS)
    assert quantify.load(tmp_path) == ERRORS


def test_a_bundle_without_errors_has_none(tmp_path):
    assert quantify.load(tmp_path) is None


IMPOSSIBLE = {truth: {"no": 1, "yes": -1} for truth in TWO}


@pytest.mark.parametrize(
    "content",
    [
        "",
        "[]",
        "{}",
        '{"format": 1, "source": "", "confusions": {"warmth": {}}}',
        json.dumps({"format": 1, "source": "", "confusions": {"exploring": IMPOSSIBLE}}),
    ],
)
def test_a_damaged_file_of_errors_is_named_with_the_remedy(tmp_path, content):
    (tmp_path / "errors.json").write_text(content)
    with pytest.raises(ModelError, match="not a file of error rates") as caught:
        quantify.load(tmp_path)
    assert caught.value.where.endswith("errors.json")
    assert caught.value.remedy


def test_errors_of_a_later_format_are_refused(tmp_path):
    (tmp_path / "errors.json").write_text('{"format": 2}')
    with pytest.raises(ModelError, match="format 2, this release reads 1"):
        quantify.load(tmp_path)


def test_errors_come_back_from_a_frame_for_their_own_model_only():
    frame = quantify.to_frame(ERRORS, "m1")
    assert quantify.from_frame(tables.conform(frame, tables.ERROR_RATES), "m1") == ERRORS
    assert quantify.from_frame(frame, "m2") is None
    assert quantify.to_frame(None, "m1").is_empty()

"""Known errors counted on reviewed turns: as many turns as there are, and what answers of two turns make of them."""

from dataclasses import replace

import numpy as np
import pytest
from made_up import lessons

from empathy_scan import quantify
from empathy_scan.learning import truths
from empathy_scan.learning.figures import Said
from empathy_scan.learning.lessons import OUTPUTS
from empathy_scan.learning.truths import NEEDS
from empathy_scan.quantify import ANSWERS, CLASSES, ErrorRates
from label_frames import labels

OLD = ErrorRates({ANSWERS: ((20, 0, 0), (0, 20, 0), (0, 0, 20)), "guarded_rate": ((40, 2), (3, 30))}, "others")
CODES = ("S", "A", "-")


def talk(found, seconds):
    """Calls for empathy and the two answers to each that the model found."""
    return labels({
        f"c{at:04}": ["customer 1", f"noor {CODES[one]} 0", f"noor {CODES[two]} 0"]
        for at, (one, two) in enumerate(zip(found, seconds, strict=True))
    })  # fmt: skip


def reviewed(truth, found):
    """Agents' turns of care classes that people and the model gave, each in its own conversation, all civil."""
    given = lessons(2 * len(truth), per_conversation=2)
    rows, said = given.truth.copy(), np.zeros((2 * len(truth), OUTPUTS))
    rows[::2, :4], said[::2, :4] = 0, 0
    for at, (one, other) in enumerate(zip(truth, found, strict=True)):
        for held, code in ((rows, one), (said, other)):
            if code < 2:
                held[2 * at, code] = 1
    rows[::2, 4:7] = said[:, 4:7] = (1, 0, 0)
    return replace(given, truth=rows), Said(said, said)


def test_every_table_says_on_which_labels_it_hangs():
    assert set(NEEDS) == set(CLASSES)


def test_errors_on_answers_of_two_turns_are_those_that_errors_on_turns_make():
    draw = np.random.default_rng(5)
    wrong = np.array([[0.8, 0.1, 0.1], [0.15, 0.7, 0.15], [0.05, 0.05, 0.9]])  # found by truth

    def found_of(truth):
        return np.array([draw.choice(3, p=wrong[one]) for one in truth])

    true = draw.choice(3, p=(0.3, 0.3, 0.4), size=(2, 1500))
    seen = np.stack([found_of(each) for each in true])
    population, gold = talk(*seen), talk(*true)
    counted = truths.count(*reviewed(true[0], seen[0]), population, None, moved="", source="ours").errors.confusions[
        ANSWERS
    ]
    exact = quantify.estimate(gold, population).confusions[ANSWERS]
    for ours, right in zip(counted, exact, strict=True):
        assert np.array(ours) / sum(ours) == pytest.approx(np.array(right) / sum(right), abs=0.07)


def test_a_table_is_worth_no_more_turns_than_were_reviewed():
    draw = np.random.default_rng(6)
    true = draw.choice(3, size=120)
    given, said = reviewed(true, true)
    told = truths.count(given, said, talk(true, true), None, moved="", source="ours")
    assert told.refitted
    assert sum(map(sum, told.errors.confusions[ANSWERS])) <= 121
    assert told.errors.source == "ours"


def test_with_few_reviewed_turns_known_errors_stay_unless_the_labels_have_moved():
    given, said = reviewed([0, 1, 2] * 6, [0, 1, 2] * 6)
    population = talk([0, 1, 2] * 10, [0, 1, 2] * 10)
    stay = truths.count(given, said, population, OLD, moved="", source="ours")
    assert stay.errors == OLD
    assert not stay.refitted
    assert stay.told[ANSWERS].startswith("as before (too few: 6 of 15")
    assert stay.told["exploring"].startswith("not known")
    moved = truths.count(given, said, population, OLD, moved="S", source="ours")
    assert moved.refitted
    assert set(moved.errors.confusions) == {"guarded_rate"}
    assert moved.told[ANSWERS].startswith("left out, because labels have changed")

"""What of the answers a head learns from: what most say by their last words, of turns that are still there."""

from datetime import UTC, datetime
from types import SimpleNamespace

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from empathy_scan import own
from empathy_scan.errors import UsageError
from empathy_scan.model import bundle
from empathy_scan.own import training
from empathy_scan.own.features import Looker
from empathy_scan.own.training import FEWEST, Answered
from empathy_scan.review.questions import CANNOT_TELL
from empathy_scan.review.queue import Answer

LABEL = SimpleNamespace(key="next_steps")
ENOUGH = {"yes": FEWEST["yes"], "no": FEWEST["turns"] - FEWEST["yes"], "conversations": FEWEST["conversations"]}


def made(yes, no, conversations):
    """So many answered turns, dealt to so many conversations."""
    turns = pl.DataFrame({"yes": [True] * yes + [False] * no}, schema={"yes": pl.Boolean}).with_columns(
        conversation_id=pl.int_range(pl.len()) % conversations
    )
    return Answered(turns, 1, 2, 3)


def label_of(office):
    return own.asked_for(office.config, "next_steps")


def test_just_enough_is_enough():
    training.demand_enough(LABEL, made(**ENOUGH))


@pytest.mark.parametrize("name", ENOUGH)
def test_one_too_few_of_anything_is_refused_by_its_name_and_count(name):
    short = ENOUGH | {name: (FEWEST | {"no": FEWEST["no"]})[name] - 1}
    with pytest.raises(UsageError, match=rf"{short[name]} of {FEWEST[name]} {name}.*2 undecided and 3 changed"):
        training.demand_enough(LABEL, made(**short))


@given(st.integers(0, 9), st.integers(0, 9), st.integers(1, 5))
def test_counts_add_up(yes, no, conversations):
    counts = made(yes, no, conversations).counts()
    assert counts["turns"] == counts["yes"] + counts["no"] == yes + no
    assert counts["conversations"] == min(conversations, yes + no)


def test_a_second_thought_counts_instead_of_the_first(office):
    office.answer(size=12)
    item = office.queue.items()[0]
    before = training.answered(office.store, office.queue, label_of(office)).turns
    was = before.filter(id=item.id)["yes"].item()
    again = Answer(item.id, "ana", {"next_steps": "no" if was else "yes"}, datetime.now(UTC), again=True)
    office.queue.add_answers([again])
    now = training.answered(office.store, office.queue, label_of(office))
    assert now.turns.filter(id=item.id)["yes"].item() is not was
    assert now.turns.filter(pl.col("id") != item.id).equals(before.filter(pl.col("id") != item.id))
    assert now.reviewers == 1


def test_turns_that_the_store_has_no_more_are_left_out_and_counted(office):
    office.answer(size=30)
    gone = office.queue.items()[0].conversation_id
    lost = sum(item.conversation_id == gone for item in office.queue.items())
    office.store.forget(pl.Series([gone]))
    told = training.answered(office.store, office.queue, label_of(office))
    assert (told.changed, told.turns.height) == (lost, 30 - lost)
    assert gone not in told.turns["conversation_id"]


def test_who_cannot_tell_decides_nothing(office):
    office.answer(size=6)
    items = office.queue.items()
    unsure = [Answer(each.id, "Ana", {"next_steps": CANNOT_TELL}, datetime.now(UTC), again=True) for each in items]
    office.queue.add_answers(unsure)
    told = training.answered(office.store, office.queue, label_of(office))
    assert (told.turns.height, told.undecided, told.reviewers) == (0, 6, 1)


def test_a_lesson_holds_every_turn_once_with_its_segments_and_examples_without_weight(office):
    office.answer(size=24)
    label = label_of(office)
    turns = training.answered(office.store, office.queue, label).turns
    looker = Looker(bundle.load(office.bundle))
    lesson = training.lesson_of(office.store, office.queue, label, turns, looker, office.config)
    examples = len(label.yes) + len(label.no)
    assert len(lesson.yes) == len(lesson.weight) == turns.height + examples
    assert np.unique(lesson.turn).tolist() == list(range(turns.height + examples))
    assert (np.diff(lesson.turn) >= 0).all()
    assert (lesson.conversation[-examples:] == -1).all()
    assert (lesson.weight[-examples:] == 0).all()
    assert (lesson.weight[:-examples] > 0).all()
    assert lesson.yes.tolist() == [*turns["yes"], *[True] * len(label.yes), *[False] * len(label.no)]
    assert len(np.unique(lesson.conversation[lesson.judged])) == turns["conversation_id"].n_unique()

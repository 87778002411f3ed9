"""Heads on made-up views: what they learn, and that they are judged on conversations that they have not seen."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from empathy_scan.own import fitting
from empathy_scan.own.features import Seen
from empathy_scan.own.fitting import Lesson


def lesson(turns=120, *, signal=3.0, seed=1, talks=24, examples=0):
    """Turns of one segment, whose first number tells the label as far as the signal goes."""
    luck = np.random.default_rng(seed)
    yes = np.arange(turns + examples) % 3 == 0
    dense = luck.normal(size=(turns + examples, 6))
    dense[:, 0] += signal * yes
    conversation = np.concatenate([np.arange(turns) % talks, np.full(examples, -1)])
    weight = np.concatenate([np.ones(turns), np.zeros(examples)])
    phrases = tuple(np.zeros(0, dtype=np.int64) for _ in range(turns + examples))
    return Lesson(Seen(dense, phrases), np.arange(turns + examples), yes, conversation, weight)


def test_what_can_be_learned_is_learned():
    exam = fitting.fit(lesson(signal=6.0)).exam
    assert exam.kappa.low > 0.8
    assert exam.turns == 120
    assert exam.conversations == 24
    assert sum(map(sum, exam.confusion)) == 120


def test_what_cannot_be_learned_is_not_claimed():
    exam = fitting.fit(lesson(signal=0.0)).exam
    assert exam.kappa is None or exam.kappa.low < 0.2


def test_the_same_lesson_gives_the_same_head():
    one, other = fitting.fit(lesson()), fitting.fit(lesson())
    assert one.decision == other.decision
    assert np.array_equal(one.weights.dense, other.weights.dense)


def test_examples_of_the_codebook_are_learned_from_and_never_judged():
    made = fitting.fit(lesson(examples=12))
    assert made.exam.turns == 120
    assert not np.array_equal(made.weights.dense, fitting.fit(lesson()).weights.dense)


@given(talks=st.integers(2, 30), count=st.integers(2, 6), seed=st.integers(0, 99))
def test_folds_are_whole_conversations_and_every_turn_is_in_one(talks, count, seed):
    of = lesson(turns=60, talks=talks, seed=seed, examples=3)
    parts = fitting.folds(of, count)
    assert (np.sum(parts, axis=0) == of.judged).all()
    for part in parts:
        assert not set(of.conversation[part]) & set(of.conversation[~part])


def test_of_a_long_turn_the_segment_that_has_the_label_teaches():
    short = lesson(turns=90, signal=6.0)
    luck = np.random.default_rng(5)
    more = luck.normal(size=(90, 6))  # every turn has a second segment, without the label
    dense = np.stack([short.seen.dense, more], axis=1).reshape(180, 6)
    seen = Seen(dense, short.seen.phrases * 2)
    long = Lesson(seen, np.repeat(np.arange(90), 2), short.yes, short.conversation, short.weight)
    assert fitting.fit(long).exam.kappa.value > 0.8


def test_weights_of_the_draw_count():
    of = lesson(turns=90, signal=6.0)
    given = of.yes.copy()
    given[:30] = ~given[:30]
    even = fitting.exam(of, given)
    heavy = fitting.exam(
        Lesson(of.seen, of.turn, of.yes, of.conversation, np.where(np.arange(90) < 30, 9.0, 1.0)), given
    )
    assert heavy.kappa.value < even.kappa.value


def test_phrases_alone_can_carry_a_label():
    luck = np.random.default_rng(2)
    yes = np.arange(120) % 3 == 0
    phrases = tuple(np.unique(np.append(luck.integers(0, 500, 5), 777 if each else 778)) for each in yes)
    of = Lesson(Seen(luck.normal(size=(120, 4)), phrases), np.arange(120), yes, np.arange(120) % 24, np.ones(120))
    made = fitting.fit(of)
    assert made.exam.kappa.value > 0.8
    assert made.weights.rows[np.argmax(made.weights.phrases)] == 777


def test_what_is_most_like_the_examples_comes_first():
    of = lesson(turns=60, signal=8.0)
    yes = np.array([True, False])
    examples = Seen(np.array([[8.0, 0, 0, 0, 0, 0], [0.0, 1, 1, 1, 1, 1]]), (np.zeros(0, dtype=np.int64),) * 2)
    like = fitting.likeness(examples, yes, of.seen)
    assert like[of.yes].mean() > like[~of.yes].mean()


@pytest.mark.parametrize("name", ["found", "right", "share"])
def test_every_share_has_a_range(name):
    held = getattr(fitting.fit(lesson()).exam, name)
    assert 0 <= held.low <= held.value <= held.high <= 1

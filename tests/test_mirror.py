"""Exchanges and answers: which turn answers which, whatever the numbers and the order of rows."""

from __future__ import annotations

import polars as pl
import pytest
from hypothesis import given, settings
from polars.testing import assert_frame_equal

from empathy_scan import mirror
from empathy_scan.codebook import care_class
from empathy_scan.errors import SchemaError
from empathy_scan.tables import ANSWERS, EXCHANGES, LABELS
from label_frames import CONVERSATIONS, labels


def column(frame, name):
    return frame[name].to_list()


def test_every_agent_turn_is_an_exchange_with_the_latest_customer_turn():
    frame = mirror.exchanges(labels({"c": ["noor - 0", "customer 1", "customer 2 i", "noor S 1", "tam A 0"]}))
    assert column(frame, "turn") == [0, 3, 4]
    assert column(frame, "customer_turn") == [None, 2, 2]
    assert column(frame, "customer_tone") == [None, 2, 2]
    assert column(frame, "hostile_before") == [0, 1, 1]
    assert column(frame, "care_class") == ["neutral", "scripted", "empathic"]


def test_a_conversation_does_not_see_the_customer_of_the_one_before():
    frame = mirror.exchanges(labels({"a": ["customer 2 i"], "b": ["noor - 0"]}))
    assert column(frame, "customer_turn") == [None]
    assert column(frame, "hostile_before") == [0]


def test_system_turns_are_neither_exchanges_nor_answers():
    frame = labels({"c": ["customer 1", "system", "noor A 0"]})
    assert column(mirror.exchanges(frame), "customer_turn") == [0]
    assert column(mirror.answers(frame), "answer_turn") == [2]


@pytest.mark.parametrize(
    ("turns", "answer", "answer_turn"),
    [
        pytest.param(["noor A 0"], "empathic", 1, id="at once"),
        pytest.param(["noor - 0", "customer 0", "noor X 0"], "empathic", 3, id="in the agent's next turn"),
        pytest.param(["noor S 0", "noor A 0"], "empathic", 2, id="empathic wins over scripted"),
        pytest.param(["noor - 0", "noor SO 0", "noor A 0"], "scripted", 2, id="not in the third turn"),
        pytest.param(["noor - 0", "tam A 0"], "missed", 1, id="another agent's turn is not theirs"),
        pytest.param(["noor - 0", "tam - 0", "noor S 0"], "scripted", 3, id="the next turn of the same agent"),
        pytest.param(["noor O 0"], "missed", 1, id="a step alone is no empathy"),
        pytest.param(["noor A 0", "noor A 0"], "empathic", 1, id="decided by the first"),
        pytest.param(["customer 0", "noor A 0"], "empathic", 2, id="after more from the customer"),
        pytest.param(["customer 0", "system"], None, None, id="nobody answers"),
    ],
)
def test_the_answer_lies_in_two_turns_of_the_agent_who_answers(turns, answer, answer_turn):
    first = mirror.answers(labels({"c": ["customer 1", *turns]})).row(0, named=True)
    assert (first["answer"], first["answer_turn"]) == (answer, answer_turn)
    assert first["agent_id"] == (None if answer is None else "noor")


@pytest.mark.parametrize(
    ("customer", "call"),
    [("customer 0", False), ("customer 1", True), ("customer 2 i", True), ("customer 0 - hardship", True)],
)
def test_upset_hostile_and_hard_hit_customers_call_for_empathy(customer, call):
    assert column(mirror.answers(labels({"c": [customer, "noor - 0"]})), "call") == [call]


@pytest.mark.parametrize(
    ("customer", "agent", "rose"),
    [
        ("customer 2 i", "noor A 0", True),
        ("customer 2 i", "noor O 0", True),
        ("customer 2 i", "noor SO 0", True),
        ("customer 2 i", "noor S 0", False),
        ("customer 2 i", "noor - 0", False),
        ("customer 2 i", "noor AO 1", False),
        ("customer 1", "noor A 0", None),
        ("customer 2 i", "system", None),
    ],
)
def test_rising_above_is_a_civil_first_turn_that_understands_or_owns(customer, agent, rose):
    assert column(mirror.answers(labels({"c": [customer, agent]})), "rose_above") == [rose]


def test_rising_above_looks_at_the_first_turn_only():
    frame = mirror.answers(labels({"c": ["customer 2 i", "noor - 0", "noor A 0"]}))
    assert column(frame, "rose_above") == [False]


@pytest.mark.parametrize(
    ("turns", "owner"),
    [
        (["customer 2 i", "tam - 0"], "tam"),
        (["noor - 0", "customer 2 i", "tam - 0"], "tam"),
        (["noor - 0", "tam - 0", "customer 2 i"], "tam"),
        (["customer 2 i"], None),
    ],
)
def test_a_customer_turn_belongs_to_who_answers_else_to_the_latest_agent(turns, owner):
    assert column(mirror.customer_turns(labels({"c": turns})), "owner") == [owner]


@pytest.mark.parametrize(
    ("turns", "acted"),
    [
        (["noor SO 0"], [True]),
        (["noor S 0", "noor - 0", "noor O 0"], [True, True, True]),
        (["noor S 0", "noor - 0", "noor - 0", "noor O 0"], [False, True, True, True]),
        (["noor S 0", "tam O 0", "noor - 0"], [False, True, False]),
    ],
)
def test_a_step_counts_in_the_same_turn_or_the_agents_next_two(turns, acted):
    assert column(mirror.agent_turns(labels({"c": turns})), "acted") == acted


@pytest.mark.parametrize(
    ("turns", "snapped"),
    [
        (["noor S 0", "noor S 0", "noor - 1"], True),
        (["noor S 0", "noor S 0", "noor S 2"], True),
        (["noor S 0", "noor S 1"], False),
        (["noor S 0", "noor A 0", "noor S 0", "noor - 1"], False),
        (["noor S 0", "tam S 0", "noor - 1"], False),
        (["noor S 0", "noor S 0", "noor - 0"], False),
    ],
)
def test_a_snap_comes_after_two_scripted_turns_and_no_empathic_one(turns, snapped):
    assert mirror.agent_turns(labels({"c": turns}))["snapped"].any() is snapped


@pytest.mark.parametrize(
    ("between", "rows"),
    [
        (["noor A 0"], [("noor", "empathic", -1.0)]),
        (["noor S 0", "noor - 1"], [("noor", "guarded", -1.0)]),
        (["noor S 0", "system", "noor A 0"], [("noor", "empathic", -1.0)]),
        (["noor - 0", "tam S 0"], [("noor", "neutral", -1.0), ("tam", "scripted", -1.0)]),
    ],
)
def test_a_change_is_the_customer_after_the_answer_less_before(between, rows):
    frame = mirror.changes(labels({"c": ["customer 0", "customer 2 i", *between, "customer 1", "customer 2 i"]}))
    assert frame.select("agent_id", "kind", "change").rows() == rows


def test_a_change_uses_probabilities_only_where_both_turns_have_one():
    talk = ["customer 1 - - 0.5", "noor - 0", "customer 0 - - 0.25", "noor - 0", "customer 2 i"]
    assert column(mirror.changes(labels({"c": talk})), "change") == [-0.25, 1.0]
    without = ["customer 2 i - 0.9", "noor - 0", "customer 0", "customer 0 - - 0.2"]
    assert column(mirror.changes(labels({"c": without})), "change") == [-1.0]


def test_an_agent_turn_without_an_agent_belongs_to_the_unknown_agent():
    frame = labels({"c": ["customer 1", "noor A 0"]}).with_columns(agent_id=pl.lit(None, pl.String))
    assert column(mirror.exchanges(frame), "agent_id") == [mirror.UNKNOWN_AGENT]
    assert column(mirror.answers(frame), "agent_id") == [mirror.UNKNOWN_AGENT]


def test_no_turns_give_frames_without_rows():
    assert_frame_equal(mirror.exchanges(LABELS.empty()), EXCHANGES.empty())
    assert_frame_equal(mirror.answers(LABELS.empty()), ANSWERS.empty())
    assert mirror.changes(LABELS.empty()).is_empty()


def test_a_frame_that_is_not_labels_is_refused():
    with pytest.raises(SchemaError, match="tone"):
        mirror.answers(LABELS.empty().drop("tone"))


@given(CONVERSATIONS)
@settings(max_examples=40, deadline=None)
def test_gaps_in_turn_numbers_and_the_order_of_rows_change_nothing(conversations):
    close = labels(conversations)
    wide = labels(conversations, step=3).sample(fraction=1, shuffle=True, seed=1)
    unscaled = [(pl.col(name) // 3).cast(pl.Int32) for name in ("turn", "customer_turn")]
    assert_frame_equal(mirror.exchanges(wide).with_columns(unscaled), mirror.exchanges(close))
    unscaled = [(pl.col(name) // 3).cast(pl.Int32) for name in ("turn", "answer_turn")]
    assert_frame_equal(mirror.answers(wide).with_columns(unscaled), mirror.answers(close))


@given(CONVERSATIONS)
@settings(max_examples=40, deadline=None)
def test_every_turn_is_kept_once_and_classed_as_the_codebook_says(conversations):
    frame = labels(conversations)
    exchanges, answers = mirror.exchanges(frame), mirror.answers(frame)
    assert exchanges.height == frame.filter(pl.col("role") == "agent").height
    assert answers.height == frame.filter(pl.col("role") == "customer").height
    assert column(exchanges, "care_class") == [care_class(flags) for flags in column(exchanges, "flags")]

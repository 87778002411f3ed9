"""Shifts of agents: where they begin and end, and what they bore."""

import datetime as dt

import polars as pl
import pytest

from empathy_scan import shifts
from empathy_scan.opportunities import opportunities
from empathy_scan.tables import LABELS, conform
from label_frames import labels

DAY = dt.datetime(2026, 3, 2, tzinfo=dt.UTC)


def at(frame, times):
    """The labels with conversations at hours of a day, as in {"c1": 9.5}; others have no time."""
    told = {name: DAY + dt.timedelta(hours=hours) for name, hours in times.items()}
    started = pl.col("conversation_id").replace_strict(
        list(told), list(told.values()), default=None, return_dtype=LABELS.columns["started_at"]
    )
    return conform(frame.with_columns(started_at=started), LABELS)


def day(**changes):
    """The day of the manual's worked example."""
    talks = {
        "c1": ["customer 1", "noor A 0"], "c2": ["customer 2 i", "noor S 0"], "c3": ["customer 1", "noor S 0"],
        "c4": ["customer 1", "noor A 0"], "c5": ["customer 1", "noor S 0"], "c6": ["customer 1", "noor A 0"],
    }  # fmt: skip
    return at(
        labels(talks | changes),
        {"c1": 9, "c2": 9.5, "c3": 10 + 1 / 6, "c4": 10 + 5 / 6, "c5": 11 + 1 / 3, "c6": 11 + 5 / 6},
    )


def contrast(frame, measure):
    rows = opportunities(frame).filter(pl.col("measure") == measure)
    some, others = (rows.filter(pl.col("baseline") == side)["value"] for side in (False, True))
    return some.sum(), len(some), others.sum(), len(others)


def test_the_day_of_the_manual_gives_the_figures_it_states():
    assert contrast(day(), "carry_over_empathy") == (1, 3, 2, 2)
    assert contrast(day(), "late_against_early") == (1, 2, 1, 2)
    assert contrast(day(), "abuse_per_shift")[:2] == (1, 1)


def test_a_pause_of_six_hours_ends_a_shift_and_what_it_bore():
    frame = at(labels({"a": ["customer 2 i", "noor - 0"], "b": ["customer 1", "noor A 0"]}), {"a": 8, "b": 14})
    held = shifts.held(frame)
    assert held["shift"].to_list() == [0, 1]
    assert held["carried"].to_list() == [False, False]
    nearer = shifts.held(at(labels({"a": ["customer 2 i", "noor - 0"], "b": ["noor A 0"]}), {"a": 8, "b": 13.9}))
    assert nearer["shift"].to_list() == [0, 0]
    assert nearer["carried"].to_list() == [False, True]


def test_conversations_without_a_time_belong_to_no_shift():
    held = shifts.held(labels({"a": ["customer 2 i", "noor - 0"]}))
    assert held.select("hostile", "shift", "early", "late", "carried").row(0) == (1, None, None, None, None)
    assert opportunities(labels({"a": ["customer 2 i", "noor - 0"]})).filter(measure="abuse_per_shift").is_empty()


def test_abuse_carries_over_three_conversations_of_the_agent_who_bore_it():
    talks = {f"c{n}": ["customer 1", "noor A 0"] for n in range(1, 6)} | {"c0": ["customer 2 i", "noor - 0"]}
    talks["t"] = ["customer 1", "tam A 0"]
    held = shifts.held(at(labels(talks), {f"c{n}": 9 + n / 10 for n in range(6)} | {"t": 9.05}))
    noor = held.filter(agent_id="noor").sort("started_at")
    assert noor["carried"].to_list() == [False, True, True, True, False, False]
    assert held.filter(agent_id="tam")["carried"].to_list() == [False]


def test_an_abusive_conversation_is_on_neither_side_of_what_is_carried_over():
    frame = day(c4=["customer 2 i", "noor A 0"])
    assert contrast(frame, "carry_over_empathy") == (1, 3, 1, 1)  # c3, c5 and c6, the last after c4; c1


def test_a_short_shift_has_no_first_and_last_hour():
    frame = at(labels({"a": ["customer 1", "noor A 0"], "b": ["customer 1", "noor A 0"]}), {"a": 9, "b": 10.5})
    assert shifts.held(frame).select(pl.any_horizontal("early", "late").any()).item() is False


def test_calls_are_compared_with_emails_and_chats_with_neither():
    frame = labels({name: ["customer 1", "noor A 0"] for name in ("a", "b", "c")}).with_columns(
        channel=pl.col("conversation_id").replace_strict({"a": "call", "b": "email", "c": "chat"})
    )
    assert contrast(conform(frame, LABELS), "calls_against_emails") == (1, 1, 1, 1)


@pytest.mark.parametrize(
    ("talk", "first"),
    [
        (["customer 2 i", "noor - 2"], [1.0]),
        (["noor - 2", "customer 2 i"], [0.0]),
        (["customer 1", "noor - 2"], [0.0]),
        (["customer 2 i", "noor - 0"], [1.0]),
        (["customer 1", "noor - 1"], []),
    ],
)
def test_who_was_hostile_first(talk, first):
    rows = opportunities(labels({"c": talk})).filter(measure="customer_first", agent_id="noor")
    assert rows["value"].to_list() == first

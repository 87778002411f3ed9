"""Tables of labelled turns as users give them, read as labels."""

import datetime as dt

import polars as pl
import pytest
from hypothesis import given, settings
from polars.testing import assert_frame_equal

from empathy_scan.errors import MalformedInputError, MissingColumnError
from empathy_scan.labelled_rows import labels_from_rows
from empathy_scan.tables import LABELS
from label_frames import CONVERSATIONS, labels

# Rows of `measure`: strings, as in a CSV, or numbers.


def cells(**changes):
    """One faultless row of an agent, changed."""
    row = {
        "conversation_id": "c1", "turn": "0", "role": "agent", "agent_id": "noor", "channel": "call",
        "started_at": "2026-03-01T09:00:00Z", "flags": "", "tone": "0", "kinds": "",
    }  # fmt: skip
    return row | changes


def test_strings_and_numbers_give_the_same_labels():
    typed = labels({"c": ["customer 1 - hardship 0.25", "noor SA 0", "system", "customer 2 it"], "d": ["tam - 2"]})
    assert_frame_equal(labels_from_rows(typed, "typed"), typed)
    assert_frame_equal(labels_from_rows(typed.with_columns(pl.all().cast(pl.String)), "strings"), typed)
    assert_frame_equal(labels_from_rows(typed.cast({"turn": pl.Float64, "tone": pl.Int64}), "numbers"), typed)


@given(CONVERSATIONS)
@settings(max_examples=30, deadline=None)
def test_labels_written_as_csv_are_read_back(conversations):
    frame = labels(conversations)
    table = pl.read_csv(frame.write_csv().encode(), infer_schema=False)
    assert_frame_equal(labels_from_rows(table, "x.csv"), frame)


def test_missing_optional_columns_are_filled():
    row = labels_from_rows(pl.DataFrame([cells()]), "x").row(0, named=True)
    assert (row["queue"], row["hardship"], row["p_hostile"]) == (None, False, None)


def test_blanks_order_and_unknown_names_are_made_ours():
    rows = pl.DataFrame(
        [
            cells(role=" Agent ", agent_id=None, flags="OAA", channel="Carrier pigeon", started_at=None),
            cells(turn="1", role="customer", tone="2.0", kinds="ct", hardship="yes", channel="EMAIL"),
        ]
    )
    agent, customer = labels_from_rows(rows, "x").iter_rows(named=True)
    assert (agent["role"], agent["agent_id"], agent["flags"]) == ("agent", "unknown-agent", "AO")
    assert (agent["channel"], agent["started_at"]) == ("other", None)
    assert (customer["agent_id"], customer["tone"], customer["kinds"]) == (None, 2, "tc")
    assert (customer["hardship"], customer["channel"]) == (True, "email")


@pytest.mark.parametrize(
    "time",
    [
        "2026-03-01T09:30:00Z", "2026-03-01 09:30:00", "2026-03-01T09:30", "2026-03-01T10:30:00+01:00",
        "2026-03-01T04:30:00-0500", "2026-03-01 09:30:00.000000 UTC", "2026-03-01T09:30:00.000",
    ],
)  # fmt: skip
def test_times_are_read_in_the_usual_ways(time):
    began = labels_from_rows(pl.DataFrame([cells(started_at=time)]), "x").item(0, "started_at")
    assert began == dt.datetime(2026, 3, 1, 9, 30, tzinfo=dt.UTC)


@pytest.mark.parametrize("time", [dt.date(2026, 3, 1), dt.datetime(2026, 3, 1), "2026-03-01"])  # noqa: DTZ001
def test_days_and_times_without_a_zone_are_utc(time):
    began = labels_from_rows(pl.DataFrame([cells(started_at=time)]), "x").item(0, "started_at")
    assert began == dt.datetime(2026, 3, 1, tzinfo=dt.UTC)


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ({"conversation_id": " "}, "conversation_id is empty"),
        ({"turn": "1.5"}, "turn is not a whole number"),
        ({"turn": "first"}, "turn is not a whole number"),
        ({"role": "boss"}, "role is none of"),
        ({"tone": "7"}, "tone is none of 0, 1, 2"),
        ({"tone": None}, "tone is none of 0, 1, 2"),
        ({"tone": "nan"}, "tone is none of 0, 1, 2"),
        ({"flags": "SZ"}, "flags has a code that is none of S, A, X, O"),
        ({"role": "customer", "flags": "S"}, "flags on a turn that is not an agent's"),
        ({"kinds": "x"}, "kinds has a code that is none of i, t, p, c"),
        ({"kinds": "i"}, "kinds on a turn that is not a hostile customer's"),
        ({"role": "customer", "tone": "1", "kinds": "i"}, "kinds on a turn that is not a hostile customer's"),
        ({"started_at": "last Tuesday"}, "started_at is not an ISO 8601 time"),
        ({"started_at": "2026-13-01"}, "started_at is not an ISO 8601 time"),
        ({"hardship": "perhaps"}, "hardship is neither true nor false"),
        ({"p_hostile": "1.2"}, "p_hostile is not a number from 0 to 1"),
        ({"p_hostile": "nan"}, "p_hostile is not a number from 0 to 1"),
    ],
)
def test_a_bad_value_is_named_by_its_row(changes, fault):
    rows = pl.DataFrame([cells(turn="10"), cells(**changes)], infer_schema_length=None)
    with pytest.raises(MalformedInputError, match=f"row 2: {fault}") as caught:
        labels_from_rows(rows, "calls.csv")
    assert caught.value.where == "calls.csv"
    assert caught.value.remedy


def test_a_turn_given_twice_is_a_fault_of_the_second():
    with pytest.raises(MalformedInputError, match="row 3: conversation_id and turn stand in an earlier row too"):
        labels_from_rows(pl.DataFrame([cells(), cells(turn="1"), cells(turn=" 0 ")]), "x")


def test_all_faults_are_counted_and_ten_are_told():
    with pytest.raises(MalformedInputError) as caught:
        labels_from_rows(pl.DataFrame([cells(turn=str(number), tone="9") for number in range(13)]), "x")
    assert str(caught.value).startswith("x: 13 fault(s): row 1: tone")
    assert "row 10: " in str(caught.value)
    assert "row 11: " not in str(caught.value)
    assert "and 3 more" in str(caught.value)


def test_what_stands_in_a_cell_is_not_told():
    with pytest.raises(MalformedInputError) as caught:
        labels_from_rows(pl.DataFrame([cells(tone="you people are useless")]), "x")
    assert "useless" not in str(caught.value)


def test_all_missing_columns_are_named_at_once():
    with pytest.raises(MissingColumnError, match="flags, tone"):
        labels_from_rows(pl.DataFrame([cells()]).drop("flags", "tone"), "x")


def test_columns_of_lists_are_refused():
    with pytest.raises(MalformedInputError, match="flags hold lists"):
        labels_from_rows(pl.DataFrame([cells(flags=["S"])]), "x")


def test_rows_without_turns_give_labels_without_rows():
    assert_frame_equal(labels_from_rows(pl.DataFrame([cells()]).clear(), "x"), LABELS.empty())

"""Dates as exports write them, day and month decided for a column as a whole."""

from datetime import UTC, datetime

import pytest

from empathy_scan.config import ReadConfig
from empathy_scan.readers import explain, times

DAY = datetime(2026, 10, 5, tzinfo=UTC)
MINUTE = DAY.replace(hour=9, minute=14)


@pytest.mark.parametrize(
    ("cell", "moment"),
    [
        ("20261005T091400Z", MINUTE),
        ("20261005T1014+0100", MINUTE),
        ("05-Oct-2026 09:14", MINUTE),
        ("5 Oct 2026", DAY),
        ("5-October-2026 9:14 AM", MINUTE),
        ("Oct 5, 2026 09:14", MINUTE),
        ("05/10/2026", None),
        ("20261305T091400Z", None),
    ],
)
def test_dates_that_nobody_can_misread(cell, moment):
    assert times.parse_moment(cell) == moment


@pytest.mark.parametrize(
    ("cells", "moments"),
    [
        (["25/10/2026", "05/10/2026"], [DAY.replace(day=25), DAY]),
        (["25.10.2026 09:14", "05.10.2026"], [MINUTE.replace(day=25), DAY]),
        (["25-10-2026", "05-10-2026"], [DAY.replace(day=25), DAY]),
        (["10/25/2026 09:14 AM", "10/05/2026 09:14:00 PM"], [MINUTE.replace(day=25), MINUTE.replace(hour=21)]),
        (["10/25/2026, 09:14", "10/5/2026 9:14"], [MINUTE.replace(day=25), MINUTE]),
        (["25/10/2026", "", None, "soon"], [DAY.replace(day=25), None, None, None]),
        (["05/10/2026", "06/10/2026"], [None, None]),
        (["05.10.2026 09:14", "06.10.2026"], [MINUTE, DAY.replace(day=6)]),
        (["25/10/2026", "10/25/2026"], [None, None]),
        (["25/13/2026", "30/02/2026"], [None, None]),
    ],
)  # fmt: skip
def test_the_column_decides_which_number_is_the_month(cells, moments):
    assert [instant.moment for instant in times.read_instants(cells)] == moments


def test_dates_of_conversations_are_decided_over_all_of_them(scan):
    call = '"Agent: Hello\nCustomer: Hi"'
    content = f"id,Call date,transcript\n1,05/10/2026,{call}\n2,25/10/2026,{call}\n"
    turns = scan({"c.csv": content}).turns
    assert turns["started_at"].unique().sort().to_list() == [DAY, DAY.replace(day=25)]


def test_dates_of_turns_are_decided_over_all_conversations(scan):
    content = "id,started_at,role,text\n1,05/10/2026,agent,Hello\n1,05/10/2026,customer,Hi\n2,25/10/2026,agent,Hello\n"
    assert scan({"c.csv": content}).turns["started_at"].to_list() == [DAY, DAY, DAY.replace(day=25)]


@pytest.mark.parametrize(
    ("content", "note"),
    [
        ("id,Date,role,text\n1,05/10/2026,agent,Hello\n1,06/10/2026,customer,Hi\n", "column 'Date': 2 of 2 cells"),
        ('id,Call date,transcript\n1,soon,"Agent: Hello\nCustomer: Hi"\n', "column 'Call date': 1 of 1 cells"),
    ],
)
def test_times_that_cannot_be_read_are_noted(put, content, note):
    (told,) = explain(put({"c.csv": content}) / "c.csv", ReadConfig()).notes
    assert told.startswith(note)
    assert "cannot be read as a time" in told


def test_there_is_nothing_to_note_of_times_that_can_be_read(put):
    content = "id,Date,role,text\n1,2026-10-05,agent,Hello\n1,,customer,Hi\n"
    assert not explain(put({"c.csv": content}) / "c.csv", ReadConfig()).notes

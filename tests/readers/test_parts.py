"""Labels, times and channels: the words and numbers that all readers share."""

from datetime import UTC, datetime

import pytest

from empathy_scan.readers.channels import read_channel
from empathy_scan.readers.labels import read_label
from empathy_scan.readers.times import Instant, from_epoch, parse_clock, parse_moment, read_instants, timeline


@pytest.mark.parametrize(
    ("label", "role", "name"),
    [
        ("Agent", "agent", None),
        ("AGENT_2", "agent", None),
        ("Dana Lopez (Advisor)", "agent", "Dana Lopez"),
        ("Agent (May)", "agent", "May"),
        ("Agent Dana", "agent", "Dana"),
        ("Dana - Customer Service Representative", "agent", "Dana"),
        ("Customer Service", "agent", None),
        ("Customer", "customer", None),
        ("end-user", "customer", None),
        ("[Caller 1]", "customer", None),
        ("Mary (Customer)", "customer", "Mary"),
        ("Virtual Agent", "system", None),
        ("IVR", "system", None),
        ("Speaker 1", "unknown", None),
        ("spk_0", "unknown", None),
        ("A", "unknown", None),
        ("Jane Doe", "unknown", "Jane Doe"),
        ("Guest Relations", "unknown", "Guest Relations"),
        ("Agent said", "unknown", "Agent said"),
        ("", "unknown", None),
    ],
)
def test_labels_tell_role_and_name(label, role, name):
    read = read_label(label)
    assert (read.role, read.name) == (role, name)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("01:23", 83),
        ("1:02:03.5", 3723.5),
        ("00:00:04,250", 4.25),
        ("[00:12]", 12),
        ("10:02 AM", 36_120),
        ("12:30 am", 1800),
        ("1:05:07 p.m.", 47_107),
        ("95s", 95),
        ("1m 20s", 80),
        ("PT1M2.5S", 62.5),
        ("soon", None),
        ("", None),
    ],
)
def test_clocks_are_seconds(text, seconds):
    assert parse_clock(text) == seconds


NINE = datetime(2026, 10, 5, 9, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    "text",
    [
        "2026-10-05T09:12:00Z",
        "2026-10-05T10:12:00+01:00",
        "2026-10-05 09:12",
        "2026/10/05 09:12:00",
        "2026-10-05 09:12:00 UTC",
        "2026-10-05 11:12:00.000000000 +0200",
        "5 October 2026 09:12",
        "Oct 5, 2026 9:12 AM",
        "Monday, October 5, 2026 at 09:12",
    ],
)
def test_moments_are_in_utc(text):
    assert parse_moment(text) == NINE


@pytest.mark.parametrize("text", ["03/04/2026", "yesterday", "2026-13-01", "", "12", "0001-01-01T00:00:00+23:00"])
def test_what_may_be_two_dates_or_none_is_no_moment(text):
    assert parse_moment(text) is None


@pytest.mark.parametrize("number", [1_791_191_520, 1_791_191_520_000, 1_791_191_520_000_000])
def test_epoch_numbers_are_told_apart_by_size(number):
    assert from_epoch(number) == NINE


def test_impossible_epoch_numbers_are_nothing():
    assert from_epoch(9e30) is None


def test_a_column_of_offsets_is_in_one_unit():
    assert read_instants([900, 2500], name="begin_offset_millis") == [Instant(seconds=0.9), Instant(seconds=2.5)]


def test_offsets_longer_than_a_day_are_in_a_unit_that_nobody_named():
    assert read_instants([1.0, 90_000.0]) == [Instant(), Instant()]


def test_nothing_is_no_time():
    assert read_instants([None, "", True, float("nan"), "n/a"]) == [Instant()] * 5


def test_one_moment_on_all_turns_is_the_conversations():
    assert timeline([Instant(moment=NINE)] * 3) == (NINE, [None] * 3)


@pytest.mark.parametrize(
    ("name", "channel"),
    [("Voice", "call"), ("live-chat", "chat"), ("E-Mail", "email"), ("Text Message", "sms"), ("Twitter", "social"),
     ("fax", None), ("", None)],
)  # fmt: skip
def test_channels_have_many_names(name, channel):
    assert read_channel(name) == channel

"""What a report says of appeals: in words, with counts and ranges, and without a name."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from empathy_scan.report import appealed
from empathy_scan.report.appealed import Appealed

DAY = datetime(2026, 10, 5, 12, tzinfo=UTC)
OPEN = Appealed("t_1", "c1", 3, "tom.brennan", "open", DAY)
UPHELD = replace(OPEN, state="upheld", outcome="upheld", decided_at=DAY, was="guarded", counts="civil")


@pytest.mark.parametrize(
    ("each", "told"),
    [
        (OPEN, "An appeal is open since 5 Oct 2026: until it is decided, nothing changes."),
        (UPHELD, "Changed after an appeal on 5 Oct 2026: was guarded, counts as civil."),
        (replace(UPHELD, counts="guarded"), "Confirmed after an appeal on 5 Oct 2026: counts as guarded, as before."),
        (replace(OPEN, state="withdrawn"), ""),
    ],
    ids=["open", "changed", "confirmed", "withdrawn"],
)
def test_a_message_says_what_became_of_an_appeal(each, told):
    assert appealed.note(each) == told


def test_a_second_appeal_is_told_beside_the_first_decision():
    told = appealed.note(replace(UPHELD, state="open"))
    assert "counts as civil" in told
    assert "is open since" in told


@pytest.mark.parametrize(
    ("role", "labels", "told"),
    [
        ("agent", {"S": "yes", "tone": "1"}, "stock phrase, guarded"),
        ("agent", {"tone": "0"}, "civil"),
        ("customer", {"tone": "2", "t": "yes", "hardship": "yes"}, "threat, hostile, hardship"),
        ("customer", {"tone": "?"}, "a tone that cannot be told"),
    ],
)
def test_labels_are_told_as_pages_call_them(role, labels, told):
    assert appealed.in_words(role, labels) == told


def test_the_share_upheld_has_its_count_its_range_and_a_warning():
    half = [UPHELD, replace(UPHELD, state="partly", outcome="partly"), replace(UPHELD, outcome="rejected")] * 4
    section = appealed.section([*half, OPEN, replace(OPEN, state="withdrawn"), replace(UPHELD, applies=False)])
    told = " ".join(section.told)
    assert "against the labels of 15 messages of this report." in told
    assert (
        "13 are decided. Upheld, wholly or in part: 9, 69 of 100 (42 to 88, 13 decided appeals); 4 of these in part."
        in told
    )
    assert "1 appeal is open" in told
    assert "1 appeal was withdrawn" in told
    assert "1 decision counts no more" in told
    assert "is not the share of labels that are wrong" in section.warning


def test_without_appeals_nothing_is_said():
    assert appealed.section([]) is None

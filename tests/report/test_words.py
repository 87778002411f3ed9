"""Slugs, offsets and numbers in words, whatever the text is."""

import re
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from empathy_scan.report import words

TEXT = st.text(st.characters(exclude_categories=["Cs"]))


@given(TEXT)
def test_a_slug_is_a_plain_file_name_on_every_system(identifier):
    slug = words.slug(identifier)
    assert set(slug) <= set("abcdefghijklmnopqrstuvwxyz0123456789._-~")
    assert 0 < len(slug) <= 80
    assert not slug.startswith(".")
    assert not slug.endswith(".")
    assert slug.partition(".")[0] not in {"con", "nul", "index"}


@given(TEXT, TEXT)
def test_two_ids_never_share_a_slug(one, other):
    assert (words.slug(one) == words.slug(other)) == (one == other)


def test_a_plain_id_is_its_own_slug():
    assert words.slug("maya.osei") == "maya.osei"


@given(TEXT)
def test_shown_text_keeps_every_offset(text):
    assert len(words.shown(text)) == len(text)


@given(TEXT)
def test_shown_text_is_text_of_xml(text):
    """A chart with anything else in it would end the program."""
    assert not re.search("[\x00-\x08\x0b-\x1f\ufffe\uffff]", words.shown(text))


def test_no_letter_carries_more_than_four_marks():
    """More of them are drawn over the lines above and below."""
    flood = words.shown("Z" + "\u0338\u0322" * 50 + " and e\u0301")
    assert flood == "Z" + "\u0338\u0322" * 2 + "\u2060" * 96 + " and e\u0301"


@pytest.mark.parametrize("text", ["Tiếng Việt", "Tie\u0302\u0301ng", "בְּרֵאשִׁ֖ית", "اللُّغَةُ", "née Noë"])
def test_marks_that_a_language_needs_stay(text):
    assert words.shown(text) == text


@given(TEXT, st.data())
def test_an_excerpt_holds_what_it_is_cut_around(text, data):
    around = data.draw(st.integers(0, max(0, len(text) - 1)))
    start, end = words.excerpt(text, around=around, length=200)
    assert 0 <= start <= around
    assert around < end or end == len(text)
    assert end - start <= max(200, min(len(text), 200))


@pytest.mark.parametrize(
    ("agent_id", "name"),
    [
        ("maya.osei", "Maya Osei"),
        ("jean-luc.picard", "Jean-Luc Picard"),
        ("agent_17", "Agent 17"),
        ("k.o'neil@larkfield.example", "K O'neil"),
        ("...", "..."),
    ],
)
def test_an_id_becomes_a_name(agent_id, name):
    assert words.name(agent_id) == name


def test_agents_of_one_name_are_told_apart_by_their_ids():
    assert words.names(["maya.osei", "maya_osei", "unknown-agent"]) == {
        "maya.osei": "Maya Osei (maya.osei)",
        "maya_osei": "Maya Osei (maya_osei)",
        "unknown-agent": "Unknown agent",
    }


@pytest.mark.parametrize(
    ("value", "text"), [(0.625, "63%"), (0.005, "1%"), (0.0, "0%"), (1.0, "100%"), (0.125, "13%"), (0.5049, "50%")]
)
def test_shares_are_whole_per_cents(value, text):
    assert words.percent(value) == text


@pytest.mark.parametrize(("value", "text"), [(0.999, ">99%"), (0.001, "<1%"), (0.904, "90%")])
def test_a_model_is_never_quite_certain(value, text):
    assert words.chance(value) == text


@pytest.mark.parametrize(("value", "text"), [(58.2, "+58"), (-3.0, "−3"), (0.4, "0"), (-0.4, "0")])
def test_differences_carry_their_sign(value, text):
    assert words.signed(value) == text


def test_dates_are_written_out():
    early, late = datetime(2026, 10, 5, 9, 5, tzinfo=UTC), datetime(2026, 10, 23, tzinfo=UTC)
    assert words.date_and_time(early) == "5 Oct 2026, 09:05 UTC"
    assert words.period(early, late) == "5 Oct 2026 to 23 Oct 2026"
    assert words.period(early, early) == "5 Oct 2026"
    assert words.period(None, None) == "dates not known"


@pytest.mark.parametrize(("seconds", "text"), [(0.0, "0:00"), (65.9, "1:05"), (3661.0, "1:01:01")])
def test_times_into_a_call_are_written_as_on_a_clock(seconds, text):
    assert words.clock(seconds) == text


@pytest.mark.parametrize(("items", "text"), [([], ""), (["a"], "a"), (["a", "b"], "a and b"), ("abc", "a, b and c")])
def test_lists_are_written_as_in_a_sentence(items, text):
    assert words.listing(items) == text

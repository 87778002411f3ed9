"""The same said in another form: the rules, and what they must never change."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from empathy_scan.fairness import rewrites

HELD = re.compile(r"\[[A-Z][A-Z_ ]*\d*\]")


@pytest.mark.parametrize(
    ("kind", "text", "then"),
    [
        ("another gender", "He rang his mother, sir.", "She rang her father, madam."),
        ("dialect", "I am going to ring because it is not working.", "I am gonna ring cuz it ain't workin'."),
        ("second-language patterns", "The driver has the parcel.", "Driver has parcel."),
        ("contractions", "I'm sorry, it's late.", "I am sorry, it is late."),
        ("contractions", "I am sorry, it is late.", "I'm sorry, it's late."),
        ("capitals", "Thank you, [NAME].", "THANK YOU, [NAME]."),
        ("recogniser's text", "Thank you, [NAME]. I'll ring!", "thank you [NAME] i'll ring"),
    ],
)
def test_what_the_rules_make_of_a_message(kind, text, then):
    assert rewrites.pair(text, kind) == (text, then)


def test_a_name_stands_where_redaction_took_one_out():
    first, second = rewrites.pair("Hello [NAME], this is [NAME].", "another name")
    assert first != second
    assert "[NAME]" not in first + second
    assert first.startswith("Hello ")


def test_typing_slips_keep_every_letter():
    first, second = rewrites.pair("Somebody should have telephoned yesterday.", "typing mistakes")
    assert sorted(first) == sorted(second)


@pytest.mark.parametrize(("kind", "text"), [
    ("another name", "Hello."), ("another gender", "Hello."), ("dialect", "Hello."), ("contractions", "Hello."),
    ("capitals", "[NAME]"), ("typing mistakes", "So it is."), ("recogniser's text", "hello there"),
    ("second-language patterns", "Hello."),
])  # fmt: skip
def test_where_nothing_changes_there_is_no_pair(kind, text):
    assert rewrites.pair(text, kind) is None


@given(st.sampled_from([*rewrites.KINDS]), st.text(max_size=80), st.sampled_from(["", "[NAME]", "[ADDRESS]", "[ID]"]))
def test_a_pair_differs_and_keeps_what_redaction_put_there(kind, text, held):
    made = rewrites.pair(f"{text} {held}", kind)
    if made is None:
        return
    first, second = made
    assert first.split() != second.split()
    if kind != "another name":
        assert HELD.findall(first) == HELD.findall(second)

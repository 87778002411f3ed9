"""Stock phrases piled up and the customer's words in a row count for nothing; one of them and one's own words do."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from empathy_scan import gaming, parroting, stuffing
from empathy_scan.config import ScoreConfig
from test_parroting import BACK, SAID, _scores, _segments

PILED = "I understand your frustration. I hear you. My heart goes out to you."


@pytest.mark.parametrize(
    ("text", "taken"),
    [
        (PILED, ["I understand your frustration", "I hear you", "My heart goes out to you"]),
        ("I'm sorry for the pram, the baby and June. It's here.", ["I'm sorry for the pram", "the baby", "and June"]),
        ("Pram. March. Six weeks. Baby. It ships on Friday.", ["Pram", "March", "Six weeks", "Baby"]),
        ("I'm so sorry. I understand. It ships on Friday.", []),  # two are what people say
        ("Three months with a newborn in your arms. I'm sorry. No wonder you've had enough of us.", []),
        ("Did it come in March? In June? In six weeks?", []),
        ("", []),
    ],
)  # fmt: skip
def test_clauses_without_anything_of_their_own_are_found(text, taken):
    assert [text[start:end].strip() for start, end in stuffing.pasted(text, [SAID])] == taken


@given(text=st.text(max_size=200), said=st.lists(st.text(max_size=200), max_size=3))
def test_clauses_lie_in_the_text_in_order(text, said):
    spans = stuffing.pasted(text, said)
    places = [place for span in spans for place in span]
    assert places == sorted(places)
    assert all(0 <= place <= len(text) for place in places)
    assert not spans or len(spans) >= stuffing.LEAST


@given(noun=st.sampled_from(["pram", "baby", "weeks", "March"]), other=st.sampled_from(["sofa", "dentist", "Leeds"]))
def test_a_slot_counts_as_stock_with_any_noun_of_the_customer_and_none_of_anybody_else(noun, other):
    text = "I understand about the {0}. I am sorry for the {0}. I appreciate the {0}."
    assert stuffing.pasted(text.format(noun), [SAID])
    assert stuffing.pasted(text.format(other), [SAID.replace(noun, other)])


def _judged(text, rest, **on):
    segments, again = _segments(text), []

    def score(asked):
        again.extend(asked["text"])
        return _scores(asked, rest)

    found = parroting.uncounted(
        segments, segments, _scores(segments, "SA"), score, rules=stuffing.rules(ScoreConfig(**on))
    )
    return found.row(1, named=True), again


def test_an_answer_that_is_empathic_by_piled_up_phrases_alone_loses_its_label_and_says_why():
    row, again = _judged(f"{PILED} It ships on Friday.", "")
    assert [text.split() for text in again] == [[".", ".", ".", "It", "ships", "on", "Friday."]]
    assert row["flags"] == "S"
    told = [span for span in row["evidence"] if span["label"] == stuffing.PASTED]
    assert [(span["start"], span["end"]) for span in told] == stuffing.pasted(f"{PILED} It ships on Friday.", [SAID])
    assert stuffing.PASTED in gaming.SIGNS


def test_what_it_says_of_its_own_keeps_the_label():
    row, _ = _judged(f"{PILED} A newborn, and nothing to push her in.", "A")
    assert row["flags"] == "SA"


def test_the_customers_sentence_and_stock_around_it_are_taken_out_together():
    row, again = _judged(f"{PILED} {BACK} It ships on Friday.", "")
    assert "pram" not in again[0]
    assert {span["label"] for span in row["evidence"]} >= {parroting.UNCOUNTED, stuffing.PASTED}


def test_the_rule_can_be_switched_off():
    row, again = _judged(PILED, "", stuffing=False)
    assert (row["flags"], again) == ("SA", [])
    assert stuffing.rules(ScoreConfig(parroting=False, stuffing=False)) == ()


@pytest.mark.parametrize(
    "text",
    [" " * 100_000, "and " * 25_000, "1." * 50_000, "sorry for you " * 7_000, "." * 100_000, "boiler, leak, " * 7_000],
)
def test_a_long_text_is_looked_through_soon(text):
    began = time.process_time()
    stuffing.pasted(text, [text])
    assert time.process_time() - began < 5


HIDDEN = [("e", "\u0435"), ("o", "\u03bf"), ("a", "a\u200b"), ("i", "\u00adi"), ("u", "\uff55")]


@pytest.mark.parametrize(("letter", "other"), HIDDEN)
def test_letters_that_look_alike_or_cannot_be_seen_hide_nothing(letter, other):
    changed = PILED.replace(letter, other)
    assert len(stuffing.pasted(changed, [SAID])) == len(stuffing.pasted(PILED, [SAID])) == 3
    (span,) = parroting.said_back(BACK.replace(letter, other), [SAID])
    assert span == (0, len(BACK.replace(letter, other)) - 1)

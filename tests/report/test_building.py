"""What an answer could have built on: facts in the customer's own words, and none that tell who it was."""

import time

import pytest

from empathy_scan.report import building


def customer(turn, text, *, evidence=(), hardship=False):
    return {"role": "customer", "turn": turn, "text": text, "evidence": list(evidence), "hardship": hardship}


def told(*turns, until=99):
    return [fact.text for fact in building.facts(turns, until)]


@pytest.mark.parametrize(
    "sentence",
    [
        "My mum has had no heating since Friday.",
        "I lost two shifts waiting for the van.",
        "We have been without a fridge for three weeks.",
        "My daughter starts school on Monday.",
    ],
)
def test_people_losses_and_times_are_facts(sentence):
    assert told(customer(0, f"Hello there. {sentence} Bye then.")) == [sentence]


@pytest.mark.parametrize(
    "sentence",
    [
        "Could you look into it?",
        "My name is [NAME] and my account number is [NUMBER].",
        "You are not listening to a word.",
        "Thank you very much indeed.",
    ],
)
def test_requests_numbers_that_identify_and_pleasantries_are_none(sentence):
    assert told(customer(0, sentence)) == []


def test_an_attack_is_no_fact_even_with_a_number_in_it():
    text = "I rang you two idiots three times today."
    span = {"label": "i", "start": 11, "end": 21, "weight": 1.0}
    assert told(customer(0, text)) == [text]
    assert told(customer(0, text, evidence=[span])) == []


def test_only_what_was_told_by_then_counts_and_only_by_the_customer():
    turns = [
        customer(0, "I lost a day's wages on Monday."),
        {"role": "agent", "turn": 1, "text": "My own mum died last week.", "evidence": [], "hardship": None},
        customer(2, "My son was ill for two days."),
    ]
    assert told(*turns, until=0) == ["I lost a day's wages on Monday."]
    assert told(*turns) == ["I lost a day's wages on Monday.", "My son was ill for two days."]


def test_facts_are_words_of_the_customer_three_at_most_and_none_twice():
    said = (
        "My son was ill for two days. My son was ill for two days! I lost my job in May. My rent is due on Friday. "
        "I had my mother's funeral this morning."
    )
    found = told(customer(0, said))
    assert len(found) == len(set(found)) == building.FACTS
    assert all(sentence in said for sentence in found)


def test_a_point_within_a_number_and_a_broken_line_end_no_sentence():
    assert told(customer(0, "I have had an exam at 8.30\ntonight for months.")) == [
        "I have had an exam at 8.30 tonight for months."
    ]


def test_a_very_long_sentence_is_cut_with_a_mark():
    assert told(customer(0, "My mum was ill for two weeks " + "and then " * 100))[0].endswith(" …")


def test_what_was_asked_for_is_the_latest_question():
    turns = [
        customer(0, "I would like my money back please."),
        customer(2, "I need two things. When is the van coming to us? Please answer."),
    ]
    assert building.asked(turns, 1).text == "I would like my money back please."
    assert building.asked(turns, 2) == building.Told(2, "When is the van coming to us?")


def test_nothing_asked_for_is_none():
    assert building.asked([customer(0, "The fridge is dead.")], 0) is None


@pytest.mark.parametrize(
    "text", ["a" + "!" * 100_000, "1.2," * 30_000, "no " * 40_000, "x" * 100_000, "\n \n" * 30_000]
)
def test_strange_text_is_read_in_no_time(text):
    begun = time.process_time()
    turns = [customer(0, f"My mum is ill. {text}")]
    building.facts(turns, 0)
    building.asked(turns, 0)
    assert time.process_time() - begun < 2

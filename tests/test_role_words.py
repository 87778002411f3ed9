"""Phrases are found as whole words, overlapping ones too, and what differs from case to case is one word."""

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from empathy_scan.role_words import START, PhraseBook, words


def worded(*texts):
    return pl.DataFrame({"text": texts}, schema={"text": pl.String}).select(words(pl.col("text"))).to_series()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("How CAN I help?", "^ how can i help ?"),
        ("You’re through", "^ you're through"),
        ("Order 4711-B, please", "^ order # please"),
        ("Write to ann@larkfield.example", "^ write to ="),
        ("See https://larkfield.example/x", "^ see &"),
        ("[NAME] [laughs] [NUMBER]", "^ @ #"),
        ("Sorry about that. ^LB", "^ sorry about that *"),
        ("", "^"),
    ],
)
def test_a_text_is_small_words_with_stand_ins(text, expected):
    assert " ".join(worded(text)[0]) == expected


def test_all_phrases_are_found_as_whole_words():
    book = PhraseBook(["how can i help", "can i", "help", "i", "helper"])
    rows, phrases = book.find(worded("How can I help?", "helpers", "Can I help her, can I?"))
    found = sorted((int(row), book.phrases[phrase]) for row, phrase in zip(rows, phrases, strict=True))
    assert found == [
        (0, "can i"), (0, "help"), (0, "how can i help"), (0, "i"),
        (2, "can i"), (2, "can i"), (2, "help"), (2, "i"), (2, "i"),
    ]  # fmt: skip


def test_a_phrase_does_not_run_over_the_end_of_a_text():
    book = PhraseBook(["can help", f"{START} help"])
    rows, phrases = book.find(worded("I can", "help"))
    assert [(int(row), book.phrases[phrase]) for row, phrase in zip(rows, phrases, strict=True)] == [(1, "^ help")]


@given(
    texts=st.lists(st.lists(st.sampled_from("abc"), max_size=6), max_size=5),
    phrases=st.lists(st.lists(st.sampled_from("abc"), min_size=1, max_size=4).map(" ".join), unique=True, max_size=5),
)
def test_finding_is_the_same_as_looking_at_every_place(texts, phrases):
    book = PhraseBook(phrases)
    rows, found = book.find(pl.Series(texts, dtype=pl.List(pl.String)))
    expected = [
        (row, phrase)
        for row, text in enumerate(texts)
        for phrase in phrases
        for at in range(len(text))
        if text[at : at + phrase.count(" ") + 1] == phrase.split(" ")
    ]
    assert sorted((int(row), phrases[at]) for row, at in zip(rows, found, strict=True)) == sorted(expected)

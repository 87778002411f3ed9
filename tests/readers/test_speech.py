"""Words and utterances as turns: whose they are, where they are cut, and how their texts are put together."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from empathy_scan.codebook import Role
from empathy_scan.readers.conversation import Turn
from empathy_scan.readers.speech import LONGEST_PAUSE, Word, glued, in_order, joined, turns_of_tracks, turns_of_words


def said(turns):
    return [(turn.speaker, turn.text) for turn in turns]


def test_words_of_one_speaker_in_a_row_are_a_turn():
    words = [
        Word("Hello", "A", 0.0, 0.4),
        Word("there", "A", 0.5, 0.9),
        Word("Hi", "B", 1.0, 1.2),
        Word("So", "A", 1.5),
    ]
    assert said(turns_of_words(words)) == [("A", "Hello there"), ("B", "Hi"), ("A", "So")]


def test_a_turn_has_the_times_and_the_mean_confidence_of_its_words():
    words = [Word("One", "A", 1.0, 1.5, 0.9), Word("two", "A", 1.6, 2.5, 0.5), Word(".", "A", attached=True)]
    (turn,) = turns_of_words(words)
    assert (turn.text, turn.start, turn.end, turn.confidence) == ("One two.", 1.0, 2.5, pytest.approx(0.7))


def test_a_word_without_a_speaker_is_the_last_speakers():
    assert said(turns_of_words([Word("Well", "A"), Word("then"), Word("yes", "B")])) == [
        ("A", "Well then"),
        ("B", "yes"),
    ]


def test_words_before_the_first_speaker_are_nobodys():
    assert said(turns_of_words([Word("Um"), Word("hello", "A")])) == [(None, "Um"), ("A", "hello")]


def test_a_long_pause_begins_a_new_turn_of_the_same_speaker():
    words = [Word("Wait", "A", 0.0, 1.0), Word("Thanks", "A", 1.0 + LONGEST_PAUSE + 0.1, 13.0)]
    assert said(turns_of_words(words)) == [("A", "Wait"), ("A", "Thanks")]


def test_words_without_times_are_never_cut():
    assert said(turns_of_words([Word("Wait", "A", 0.0, 1.0), Word("what", "A"), Word("now", "A")])) == [
        ("A", "Wait what now")
    ]


def test_empty_words_make_no_turn():
    assert turns_of_words([Word("", "A"), Word(" ", "B")]) == []


def test_tracks_are_woven_into_one_conversation():
    agent = [Word("One", "a", 0.0, 0.5), Word("moment", "a", 0.5, 1.0), Word("Done", "a", 4.0, 4.5)]
    customer = [Word("Okay", "c", 2.0, 2.5)]
    assert said(turns_of_tracks([agent, customer])) == [("a", "One moment"), ("c", "Okay"), ("a", "Done")]


def test_short_pauses_on_a_track_do_not_cut_where_nobody_else_speaks():
    assert said(turns_of_tracks([[Word("One", "a", 0.0, 0.5), Word("two", "a", 4.0, 4.5)]])) == [("a", "One two")]


def test_overlaps_stay_in_order_of_start():
    turns = [Turn("b", start=2.0, end=2.5), Turn("a", start=1.0, end=9.0), Turn("c", start=2.0)]
    assert [turn.text for turn in in_order(turns)] == ["a", "b", "c"]


def test_turns_stay_as_they_stand_when_one_has_no_start():
    turns = [Turn("b", start=2.0), Turn("a", start=1.0), Turn("c")]
    assert in_order(turns) == turns


def test_utterances_of_one_speaker_are_joined():
    turns = [Turn("I paid.", speaker="A", start=0.0, end=1.0), Turn("Twice.", speaker="A", start=1.5, end=2.0)]
    (turn,) = joined(turns)
    assert (turn.text, turn.start, turn.end) == ("I paid. Twice.", 0.0, 2.0)


@pytest.mark.parametrize(
    "other",
    [
        Turn("Twice.", speaker="B"),
        Turn("Twice.", speaker="A", role=Role.AGENT),
        Turn("Twice.", speaker="A", agent_id="a-3"),
        Turn("Twice.", speaker="A", start=1.1 + LONGEST_PAUSE),
    ],
)
def test_another_speaker_role_or_agent_or_a_long_pause_is_not_joined(other):
    assert len(joined([Turn("I paid.", speaker="A", start=0.0, end=1.0), other])) == 2


def test_the_pause_counts_from_the_latest_end_of_what_is_joined():
    turns = [Turn("a", start=0.0, end=30.0), Turn("b", start=1.0, end=2.0), Turn("c", start=35.0, end=36.0)]
    assert [turn.text for turn in joined(turns)] == ["a b c"]


def test_a_pause_of_unknown_length_does_not_cut():
    turns = [Turn("a", start=0.0, end=1.0), Turn("b", start=1.0), Turn("c", start=60.0)]
    assert [turn.text for turn in joined(turns)] == ["a b c"]


def test_the_latest_end_counts_also_after_a_turn_without_one():
    turns = [Turn("a", start=0.0, end=100.0), Turn("b"), Turn("c", end=5.0), Turn("d", start=20.0)]
    assert [turn.text for turn in joined(turns)] == ["a b c d"]


def test_confidences_of_joined_turns_count_by_their_words():
    turns = [Turn("one two three", confidence=0.9), Turn("four", confidence=0.5), Turn("five")]
    (turn,) = joined(turns)
    assert turn.confidence == pytest.approx(0.8)


@pytest.mark.parametrize(
    ("pieces", "text"),
    [
        ([("Hello", False), (",", True), ("you", False)], "Hello, you"),
        ([("¿", False), ("Qué", True), ("tal", False)], "¿Qué tal"),
        ([("お電話", False), ("ありがとう", False), ("。", True), ("はい", False)], "お電話ありがとう。はい"),
        ([("你好", False), ("Anna", False)], "你好 Anna"),
        ([("안녕", False), ("하세요", False)], "안녕 하세요"),
        ([("", False), ("a", False), ("", True), ("b", False)], "a b"),
        ([], ""),
    ],
)
def test_pieces_are_put_together_as_their_script_is_written(pieces, text):
    assert glued(pieces) == text


times = st.none() | st.floats(0, 500)
words = st.lists(
    st.builds(
        Word,
        st.text("ab .", max_size=3),
        st.sampled_from(["A", "B", None]),
        times,
        times,
        st.none() | st.floats(0, 1),
        st.booleans(),
    )
)


@settings(deadline=None)
@given(words)
def test_no_letter_is_lost_or_moved(words):
    letters = "".join(word.text for word in words).replace(" ", "")
    for turns in (turns_of_words(words), joined(turns_of_words(words))):
        assert "".join(turn.text for turn in turns).replace(" ", "") == letters


@settings(deadline=None)
@given(words)
def test_joining_joined_turns_changes_nothing(words):
    once = joined(turns_of_words(words))
    assert joined(once) == once


@settings(deadline=None)
@given(words)
def test_confidence_stays_within_its_bounds(words):
    for turn in joined(turns_of_words(words)):
        assert turn.confidence is None or -1e-9 <= turn.confidence <= 1 + 1e-9

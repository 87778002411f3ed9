"""Turns become segments of whole sentences, with nothing lost and what was said before in view."""

import re
from datetime import UTC, datetime

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from empathy_scan import segment
from empathy_scan.config import SegmentConfig
from empathy_scan.errors import ConfigError
from empathy_scan.tables import SEGMENTS, TURNS

MONDAY = datetime(2026, 10, 5, tzinfo=UTC)
SLACK = 6 + 25 + 3  # words of a greeting, a sign-off and a scrap that a segment may have more


def turns_of(*said, conversation="c1"):
    rows = [
        {
            "conversation_id": conversation, "channel": "call", "queue": None, "started_at": MONDAY,
            "turn": turn, "role": role, "role_source": "column role", "speaker": None, "agent_id": None,
            "start": None, "end": None, "text": text, "source": "a.txt", "format": "text",
        }
        for turn, (role, text) in enumerate(said)
    ]  # fmt: skip
    return pl.DataFrame(rows, schema=dict(TURNS.columns), orient="row")


def texts_of(text, *, max_words=12):
    return segment.split(turns_of(("customer", text)), SegmentConfig(max_words=max_words))["text"].to_list()


def without_space(text):
    return "".join(text.split())


SPOKEN = re.compile(r"[\S\x1c-\x1f]").search  # what polars takes for more than white space
WORDS = st.sampled_from(
    [
        "and",
        "I",
        "waited.",
        "No!",
        "Mr.",
        "e.g.",
        "3.5",
        "...",
        "\n",
        "\n\n",
        "Hi",
        "Kind regards,",
        "- item",
        "😀",
        "so,",
        "U.K.",
    ]
)
TEXTS = st.one_of(
    st.text(max_size=300),
    st.lists(WORDS, max_size=120).map(" ".join),
    st.lists(st.text(alphabet="ab.?!,\n\t \x1c\u00a0", max_size=30), max_size=30).map(" ".join),
)


@settings(max_examples=200, deadline=None)
@given(text=TEXTS, max_words=st.integers(1, 40))
def test_segments_joined_give_the_turn_back(text, max_words):
    found = segment.split(turns_of(("agent", text)), SegmentConfig(max_words=max_words))
    assert all(text[row["start"] : row["end"]] == row["text"] for row in found.iter_rows(named=True))
    assert without_space("".join(found["text"])) == without_space(text)
    assert found["segment"].to_list() == list(range(len(found)))
    assert found["start"].is_sorted()
    assert (found["text"].str.count_matches(r"\S+") <= max_words + SLACK).all()


@settings(max_examples=25, deadline=None)
@given(said=st.lists(st.tuples(st.sampled_from(["agent", "customer", "system"]), TEXTS), max_size=8))
def test_the_frame_is_segments_of_agents_and_customers(said):
    found = segment.split(turns_of(*said), SegmentConfig(max_words=10))
    assert found.schema == pl.Schema(SEGMENTS.columns)
    assert set(found["role"]) <= {"agent", "customer"}
    assert set(found["turn"]) == {turn for turn, (role, text) in enumerate(said) if role != "system" and SPOKEN(text)}


def test_a_short_turn_is_one_segment_without_the_space_around_it():
    found = segment.split(turns_of(("customer", "  It broke. Again.\n")), SegmentConfig())
    assert found.select("start", "end", "text").rows() == [(2, 18, "It broke. Again.")]


@pytest.mark.parametrize("text", ["", " ", "\n\t \u00a0"])
def test_white_space_gives_no_segment(text):
    assert texts_of(text) == []


@pytest.mark.parametrize("text", ["???", "😡😡", "12345", "!!", "[NAME]", "..."])
def test_text_without_a_letter_is_still_a_segment(text):
    assert texts_of(text) == [text]


def test_system_turns_give_no_segment_and_no_context():
    found = segment.split(turns_of(("system", "You are in a queue."), ("customer", "Hello?")), SegmentConfig())
    assert found.select("turn", pl.col("context").list.len()).rows() == [(1, 0)]


@pytest.mark.parametrize(
    "sentences",
    [
        ["You said Monday. It is Friday now.", "Nobody rang me at all."],
        ["I saw Mr. Hale at the depot.", "He was no help to me."],
        ["It came from the U.K. depot in two boxes.", "Both of them were wet."],
        ["Send a photo, e.g. of the label on it.", "I will wait here."],
        ["It weighs 3.5 kg and cost 1.250,00 in all.", "That is far too dear."],
        ["Quote ref. 12 and the number.", "Then wait here for me."],
        ["No. I said no to that twice.", "Why is it here?"],
        ["I waited... and then waited some more.", "You never did come."],
    ],
)  # fmt: skip
def test_sentences_stay_whole(sentences):
    assert texts_of(" ".join(sentences), max_words=9) == sentences


def test_list_lines_begin_a_segment():
    text = "What is wrong with the delivery of today:\n- the table has a crack in it\n- the two chairs are missing"
    assert texts_of(text, max_words=9) == [
        "What is wrong with the delivery of today:", "- the table has a crack in it", "- the two chairs are missing",
    ]  # fmt: skip


def test_a_wrapped_line_of_a_mail_goes_on():
    text = "The man who brought the wardrobe last week left it\nin the rain by the gate. I found it when I came home."
    assert texts_of(text, max_words=17) == [
        "The man who brought the wardrobe last week left it\nin the rain by the gate.", "I found it when I came home.",
    ]  # fmt: skip


@pytest.mark.parametrize("greeting", ["Dear Ms Hale,\n\n", "Hi,\n", "Good morning team!\n"])
def test_a_greeting_goes_with_the_sentence_after_it(greeting):
    body = "The desk that you sent me has three legs and a hole."
    found = texts_of(f"{greeting}{body} I would like the fourth.", max_words=12)
    assert found == [f"{greeting}{body}", "I would like the fourth."]


@pytest.mark.parametrize(
    "sign_off", ["\n\nKind regards,\nIda Boyle\nThe Old Mill", "\nThanks\nIda", "\n\nYours sincerely,\n[NAME]"]
)
def test_a_sign_off_goes_with_the_sentence_before_it(sign_off):
    body = "I would like the fourth leg, please, and somebody to fit it."
    found = texts_of(f"The desk that you sent me has only three legs. {body}{sign_off}", max_words=12)
    assert found == ["The desk that you sent me has only three legs.", f"{body}{sign_off}"]


def test_speech_without_full_stops_is_cut_at_a_comma_or_conjunction():
    text = "so i called you on monday, and you said friday but it never came and then i called again on sunday"
    assert texts_of(text, max_words=8) == [
        "so i called you on monday,", "and you said friday but it never came", "and then i called again on sunday",
    ]  # fmt: skip


def test_a_hundred_thousand_words_become_segments_of_the_right_size():
    found = segment.split(turns_of(("customer", "well i said no " * 25_000)), SegmentConfig())
    assert found["text"].str.count_matches(r"\S+").is_between(20, 63).all()
    assert found["text"].str.count_matches(r"\S+").sum() == 100_000


def test_many_one_word_sentences_do_not_grow_into_one_segment():
    assert {len(text.split()) for text in texts_of("No. " * 100, max_words=10)} <= set(range(1, 14))


@pytest.mark.parametrize("run", ["!", "a", ".", "1."])
def test_a_run_without_spaces_is_one_word(run):
    assert texts_of(f"one two three {run * 50_000} four", max_words=4) == [f"one two three {run * 50_000} four"]


def test_context_is_the_ends_of_earlier_turns_oldest_first():
    found = segment.split(
        turns_of(
            ("agent", "Hello there. How can I help?"),
            ("system", "note"),
            ("customer", "My oven broke"),
            ("agent", "Oh no"),
        ),
        SegmentConfig(context_turns=2, context_words=4),
    )
    assert found["context"].to_list() == [
        [],
        [{"role": "agent", "text": "How can I help?"}],
        [{"role": "agent", "text": "How can I help?"}, {"role": "customer", "text": "My oven broke"}],
    ]


def test_context_ends_with_the_earlier_segments_of_the_same_turn():
    found = segment.split(
        turns_of(
            ("agent", "Hello?"), ("customer", "The oven broke on Monday. You came on Friday. Now it is broken again.")
        ),
        SegmentConfig(max_words=5, context_words=6),
    )
    assert found["context"].to_list()[1:] == [
        [{"role": "agent", "text": "Hello?"}],
        [{"role": "agent", "text": "Hello?"}, {"role": "customer", "text": "The oven broke on Monday."}],
        [{"role": "agent", "text": "Hello?"}, {"role": "customer", "text": "on Monday. You came on Friday."}],
    ]


def test_context_does_not_cross_conversations():
    turns = pl.concat([turns_of(("agent", "Hello")), turns_of(("customer", "Hi"), conversation="c2")])
    assert segment.split(turns, SegmentConfig())["context"].list.len().to_list() == [0, 0]


def test_no_context_can_be_asked_for():
    found = segment.split(turns_of(("agent", "Hello"), ("customer", "Hi")), SegmentConfig(context_turns=0))
    assert found["context"].list.len().to_list() == [0, 0]


@pytest.mark.parametrize("wrong", [{"max_words": 0}, {"context_turns": -1}, {"context_words": -1}])
def test_impossible_settings_are_refused(wrong):
    with pytest.raises(ConfigError, match="too small"):
        segment.split(turns_of(("agent", "Hello")), SegmentConfig(**wrong))

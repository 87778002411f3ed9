"""A conversation whose parts lie in several files is the conversation that it would be in one."""

import csv
import io
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from empathy_scan.config import ReadConfig
from empathy_scan.readers import read

NINE = datetime(2026, 10, 5, 9, 0, tzinfo=UTC)
WORDS = ("The bed never came.", "I am sorry.", "Yes.", "Which order is it?", "It is the second one.", "Thank you.")


def reading(files):
    """What is read of files by name."""
    with TemporaryDirectory() as folder:
        for name, content in files.items():
            Path(folder, name).write_text(content, encoding="utf-8")
        return read([Path(folder)], ReadConfig())


def turns_of(files):
    """The turns, but for the files that they are from; nothing is left out."""
    found = reading(files)
    assert found.rejects.rows() == []
    return found.turns.drop("source")


def table(rows):
    out = io.StringIO()
    writer = csv.DictWriter(out, list(rows[0]))
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue()


def chat(texts, *, timed=True, numbered=False):
    """The rows of a chat, a turn every half minute."""
    rows = []
    for at, text in enumerate(texts):
        row = {"conversation_id": "chat-7", "role": ("customer", "agent")[at % 2], "text": text}
        row |= {"turn": at} if numbered else {}
        row |= {"sent at": (NINE + timedelta(seconds=30 * at)).isoformat()} if timed else {}
        rows.append(row)
    return rows


def comments(texts):
    """A Zendesk ticket with its comments."""
    return [
        {
            "id": at + 1, "author_id": 7 + at % 2, "public": True, "plain_body": text,
            "created_at": (NINE + timedelta(hours=3 * at)).strftime("%Y-%m-%dT%H:%M:%SZ"),
        }
        for at, text in enumerate(texts)
    ]  # fmt: skip


def ticket(part):
    return json.dumps(
        {"id": 88_001, "requester_id": 7, "assignee_id": 8, "subject": "Bed", "status": "open",
         "created_at": "2026-10-05T08:00:00Z", "via": {"channel": "email"}, "comments": part}
    )  # fmt: skip


def stream(part):
    """A file of real-time segments of one contact."""
    segments = [{"Transcript": each} for each in part]
    return json.dumps({"Version": "1.0.0", "Channel": "VOICE", "EventType": "SEGMENTS", "ContactId": "c-1",
                       "LanguageCode": "en-US", "Segments": segments})  # fmt: skip


def segments(texts):
    return [
        {"Id": f"s{at}", "ParticipantId": ("CUSTOMER", "AGENT")[at % 2], "Content": text,
         "ParticipantRole": ("CUSTOMER", "AGENT")[at % 2], "BeginOffsetMillis": 4000 * at,
         "EndOffsetMillis": 4000 * at + 3500}
        for at, text in enumerate(texts)
    ]  # fmt: skip


def communication(part):
    """A file of Genesys Cloud: what one communication of a conversation holds."""
    return json.dumps({"conversationId": "g-1", "communicationId": part[0]["id"], "mediaType": "call",
                       "conversationStartTime": int(NINE.timestamp() * 1000),
                       "transcripts": [{"language": "en-us", "phrases": part}]})  # fmt: skip


def phrases(texts):
    return [
        {"id": str(at), "text": text, "participantPurpose": ("external", "internal")[at % 2],
         "startTimeMs": int(NINE.timestamp() * 1000) + 5000 * at, "duration": {"milliseconds": 4000}}
        for at, text in enumerate(texts)
    ]  # fmt: skip


KINDS = {
    "csv with times": (chat, table, "csv"),
    "csv with numbers": (lambda texts: chat(texts, timed=False, numbered=True), table, "csv"),
    "zendesk": (comments, ticket, "json"),
    "connect": (segments, stream, "json"),
    "genesys": (phrases, communication, "json"),
}
SPEECH = {"connect", "genesys"}


@st.composite
def scattered(draw):
    """The texts of a conversation, and for each the number of the file that it lies in."""
    texts = draw(st.lists(st.sampled_from(WORDS), min_size=2, max_size=8))
    return texts, draw(st.lists(st.integers(0, 3), min_size=len(texts), max_size=len(texts)))


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=15, deadline=None)
@given(drawn=scattered())
def test_a_conversation_in_parts_is_the_whole_whatever_the_order_of_files(kind, drawn):
    made, written, suffix = KINDS[kind]
    texts, places = drawn
    turns = made(texts)
    places = sorted(places) if kind in SPEECH else places  # what one speaker says in a row is one turn within a file
    parts = [[turn for turn, at in zip(turns, places, strict=True) if at == place] for place in range(4)]
    files = {f"{place}.{suffix}": written(part) for place, part in enumerate(parts) if part}
    drop = ["metadata"]  # that of Genesys tells the communications, of which the parts have several
    assert_frame_equal(turns_of(files).drop(drop), turns_of({f"whole.{suffix}": written(turns)}).drop(drop))


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=15, deadline=None)
@given(size=st.integers(2, 8), first=st.integers(1, 8), begin=st.integers(0, 7))
def test_nights_that_overlap_give_every_turn_once(kind, size, first, begin):
    made, written, suffix = KINDS[kind]
    turns = made([f"{WORDS[at % len(WORDS)]} Number {at}." for at in range(size)])
    first, begin = min(first, size), min(begin, first, size - 1)
    files = {f"b.{suffix}": written(turns[:first]), f"a.{suffix}": written(turns[begin:])}
    both = turns_of(files) if first < size or begin else reading(files).turns.drop("source")
    drop = ["metadata"]
    assert_frame_equal(both.drop(drop), turns_of({f"whole.{suffix}": written(turns)}).drop(drop))


def call(begin, *, who="Anna Bell", words="The bed never came."):
    rows = [
        ("customer", who, words),
        ("agent", "Tom", "I am sorry, I will ring the depot."),
        ("customer", who, "Thank you."),
    ]
    return [
        {"conversation_id": "7", "role": role, "speaker": name, "text": text,
         "time": (begin + timedelta(seconds=20 * at)).isoformat()}
        for at, (role, name, text) in enumerate(rows)
    ]  # fmt: skip


@pytest.mark.parametrize(
    "other",
    [
        call(NINE + timedelta(days=1)),
        call(NINE + timedelta(minutes=10), who="Ben Hill"),
        call(NINE, who="Ben Hill", words="My sofa is torn."),
    ],
    ids=["another day", "another customer", "another customer at the same time"],
)
def test_two_talks_of_one_counted_id_are_not_one(other):
    found = reading({"a.csv": table(call(NINE)), "b.csv": table(other)})
    assert found.turns.height == 3
    (row,) = found.rejects.rows(named=True)
    assert row["source"] == "b.csv"
    assert "'7'" in row["reason"]


def test_numbers_that_stand_for_two_turns_are_two_talks():
    one = chat(["The bed never came.", "I am sorry."], timed=False, numbered=True)
    other = chat(["The sofa is torn.", "That is a pity."], timed=False, numbered=True)
    found = reading({"a.csv": table(one), "b.csv": table(other)})
    assert found.turns["text"].to_list() == ["The bed never came.", "I am sorry."]
    assert found.rejects["reason"].to_list() == [
        "conversation id 'chat-7' is taken by different content in a.csv (line 2)"
    ]


def test_the_fuller_of_two_versions_is_read():
    texts = ["The bed never came.", "I am sorry.", "And now?", "I ring the depot."]
    changed = ["The bed never came at all.", *texts[1:]]
    found = reading({"a.csv": table(chat(texts[:3])), "b.csv": table(chat(changed))})
    assert found.turns["text"].to_list() == changed
    assert found.rejects["reason"].str.starts_with("another version of conversation 'chat-7'").to_list() == [True]


def test_parts_without_times_are_one_where_they_meet():
    texts = ["The bed never came.", "I am very sorry for that.", "And now?", "I ring the depot."]
    rows = chat(texts, timed=False)
    found = reading({"b.csv": table(rows[:3]), "a.csv": table(rows[1:])})
    assert found.turns["text"].to_list() == texts
    assert found.turns["source"].to_list() == ["b.csv", "b.csv", "b.csv", "a.csv"]
    assert found.rejects.is_empty()


def test_an_answer_that_is_given_twice_stays_twice():
    texts = ["Is it the second one?", "Yes.", "Is it lost?", "Yes."]
    rows = chat(texts)
    found = reading({"a.csv": table(rows[:2]), "b.csv": table(rows[2:])})
    assert found.turns["text"].to_list() == texts


def test_two_formats_of_one_call_are_not_mixed():
    vtt = "WEBVTT\n\n00:00.000 --> 00:03.000\n<v Agent>Hello there.\n\n00:04.000 --> 00:06.000\n<v Customer>The bed.\n"
    srt = (
        "1\n00:00:00,000 --> 00:00:03,000\nAgent: Hello there\n\n2\n00:00:04,000 --> 00:00:06,000\nCustomer: The bed\n"
    )
    found = reading({"call.srt": srt, "call.vtt": vtt})
    assert (found.turns.height, found.rejects.height) == (2, 1)

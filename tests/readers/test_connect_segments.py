"""Real-time segments of Amazon Connect."""

import json

import pytest

from empathy_scan.config import ReadConfig
from empathy_scan.errors import MalformedInputError
from empathy_scan.readers import connect_segments
from empathy_scan.readers.files import Document

SAID = {"Transcript": {"Id": "t", "ParticipantRole": "CUSTOMER", "Content": "Hello?", "BeginOffsetMillis": 200}}
PART = {"Utterance": {"Id": "u", "ParticipantRole": "CUSTOMER", "PartialContent": "Hel"}}


def event(*segments, contact="c-1", kind="SEGMENTS"):
    return {"Channel": "VOICE", "ContactId": contact, "EventType": kind, "Segments": list(segments)}


def read(*values, name="a.jsonl"):
    document = Document(name, "\n".join(json.dumps(value) for value in values).encode())
    assert connect_segments.sniff(document).fits
    return connect_segments.parse(document, ReadConfig())


def test_segments_that_the_api_lists_are_called_after_their_file():
    (contact,) = read({"Segments": [SAID], "NextToken": "x"}, name="contacts/c-7.json").conversations
    assert (contact.conversation_id, [turn.text for turn in contact.turns]) == ("contacts/c-7", ["Hello?"])


def test_events_of_a_contact_belong_together_wherever_they_stand():
    later = {"Transcript": {**SAID["Transcript"], "Id": "s", "Content": "Anybody?", "BeginOffsetMillis": 9000}}
    got = read(event(later), event(SAID, contact="c-2"), event(SAID))
    assert {each.conversation_id: [turn.text for turn in each.turns] for each in got.conversations} == {
        "c-1": ["Hello? Anybody?"],
        "c-2": ["Hello?"],
    }


def test_partial_utterances_are_no_words():
    with pytest.raises(MalformedInputError, match="only 1 partial utterances"):
        read(event(kind="STARTED"), event(PART))


def test_a_contact_without_words_is_a_problem_and_the_others_are_read():
    got = read(event(PART, contact="c-2"), event(SAID))
    assert [each.conversation_id for each in got.conversations] == ["c-1"]
    assert [(problem.where, problem.what[:6]) for problem in got.problems] == [("line 1", "only 1")]


def test_a_broken_line_is_a_problem():
    document = Document("a.jsonl", f"{json.dumps(event(SAID))}\n{{broken\n".encode())
    got = connect_segments.parse(document, ReadConfig())
    assert len(got.conversations) == 1
    assert [problem.where for problem in got.problems] == ["line 2"]


def test_utterances_with_offsets_are_a_call_where_no_channel_is_named():
    (contact,) = read({"Segments": [SAID]}).conversations
    assert contact.channel == "call"


def test_moments_may_be_numbers_since_1970():
    said = {"Id": "m", "ParticipantRole": "AGENT", "Content": "Hello", "Time": {"AbsoluteTime": 1_666_841_520.5}}
    (contact,) = read({"Channel": "CHAT", "Segments": [{"Transcript": said}]}).conversations
    assert contact.started_at is not None
    assert contact.started_at.year == 2022

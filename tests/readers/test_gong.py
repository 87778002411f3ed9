"""Gong's transcripts: who the speakers are, several answers in a file, and times."""

import json

import pytest

from empathy_scan.config import ReadConfig
from empathy_scan.errors import MalformedInputError
from empathy_scan.readers.files import Document
from empathy_scan.readers.gong import parse_gong, sniff_gong


def call(identity="12345678901234567890", **changes):
    return {
        "callId": identity,
        "transcript": [
            {"speakerId": "1", "topic": None, "sentences": [{"start": 0, "end": 900, "text": "Hello."}]},
            {"speakerId": "2", "topic": None, "sentences": [{"start": 1000, "end": 1900, "text": "It is broken."}]},
        ],
        **changes,
    }


def details(identity="12345678901234567890", **meta):
    return {
        "metaData": {"id": identity, "started": "2026-02-01T09:00:00Z", **meta},
        "parties": [
            {"speakerId": "1", "affiliation": "Internal", "userId": "77", "name": "Ana"},
            {"speakerId": "2", "affiliation": "External", "emailAddress": "pat@brook.example", "name": "Pat"},
        ],
    }


def parse(value):
    return parse_gong(Document("c.json", json.dumps(value).encode()), ReadConfig())


@pytest.mark.parametrize(
    "value",
    [
        {"callTranscripts": [call()], "calls": [details()]},
        [{"callTranscripts": [call()]}, {"requestId": "r", "calls": [details()]}],
        {**call(), **details()},
        {"calls": [{**call(), **details()}]},
        [{**call(), **details()}],
    ],
)
def test_the_parties_of_a_call_are_found_wherever_they_lie(value):
    assert sniff_gong(Document("c.json", json.dumps(value).encode())).fits
    parsed = parse(value)
    assert list(parsed.problems) == []
    (one,) = parsed.conversations
    assert one.conversation_id == "12345678901234567890"
    assert [(turn.role, turn.speaker, turn.agent_id) for turn in one.turns] == [
        ("agent", "Ana", "77"),
        ("customer", "Pat", None),
    ]


def test_without_parties_the_speakers_stay_numbers_of_unknown_role():
    (one,) = parse({"callTranscripts": [call()]}).conversations
    assert [(turn.role, turn.speaker, turn.agent_id) for turn in one.turns] == [
        ("unknown", "1", None),
        ("unknown", "2", None),
    ]


def test_an_affiliation_that_gong_does_not_know_is_no_role():
    known = details()
    known["parties"][1]["affiliation"] = "Unknown"
    (one,) = parse({"callTranscripts": [call()], "calls": [known]}).conversations
    assert [(turn.role, turn.agent_id) for turn in one.turns] == [("agent", "77"), ("unknown", "pat@brook.example")]


def test_overlapping_monologues_stay_in_order_of_their_start():
    late = {"speakerId": "2", "sentences": [{"start": 400, "end": 500, "text": "Mhm."}]}
    (one,) = parse({"callTranscripts": [call(transcript=[*call()["transcript"], late])]}).conversations
    assert [(turn.start, turn.text) for turn in one.turns] == [(0.0, "Hello."), (0.4, "Mhm. It is broken.")]


def test_calls_without_words_and_broken_monologues_are_reported():
    broken = call("2", transcript=[None, *call()["transcript"]])
    parsed = parse({"callTranscripts": [call("1", transcript=[]), broken, call("3")]})
    assert [one.conversation_id for one in parsed.conversations] == ["2", "3"]
    assert [problem.where for problem in parsed.problems] == ["call 1", "call 2 monologue 1"]


def test_times_that_look_like_seconds_are_noted():
    parsed = parse({"callTranscripts": [call()], "calls": [details(duration=1800)]})
    assert "look like seconds" in parsed.notes[0]
    assert parse({"callTranscripts": [call()], "calls": [details(duration=2)]}).notes == []


def test_a_call_without_id_is_called_like_the_file():
    parsed = parse([call(None), call(None)])
    assert [one.conversation_id for one in parsed.conversations] == ["c-1", "c-2"]


def test_what_is_known_of_calls_without_their_transcripts_is_refused_with_that_reason():
    value = {"calls": [details()]}
    assert sniff_gong(Document("c.json", json.dumps(value).encode())).fits
    with pytest.raises(MalformedInputError, match="only what is known of calls"):
        parse(value)


def test_a_call_may_stand_in_an_object_beside_its_transcript():
    (one,) = parse({"call": details(), "transcript": call()["transcript"]}).conversations
    assert (one.conversation_id, [turn.role for turn in one.turns]) == (call()["callId"], ["agent", "customer"])

"""Genesys Cloud transcripts: who of the company spoke when, units, channels, communications."""

import json
from datetime import UTC, datetime

import pytest

from empathy_scan.config import ReadConfig
from empathy_scan.readers.files import Document
from empathy_scan.readers.genesys import join, parse_genesys

NINE = datetime(2026, 10, 5, 9, tzinfo=UTC)
BASE = int(NINE.timestamp()) * 1000


def phrase(purpose, at, text="word", **more):
    return {"text": text, "startTimeMs": at, "duration": {"milliseconds": 500}, "participantPurpose": purpose, **more}


def person(purpose, begin, end, **more):
    return {"participantPurpose": purpose, "startTimeMs": begin, "endTimeMs": end, **more}


def transcript(*phrases, people=(), **more):
    return {
        "conversationId": "g-1",
        "communicationId": "k-1",
        "mediaType": "call",
        "conversationStartTime": BASE,
        "transcripts": [{"phrases": list(phrases)}],
        "participants": list(people),
        **more,
    }


def read(value):
    return parse_genesys(Document("g.json", json.dumps(value).encode()), ReadConfig())


def turns(value):
    return read(value).conversations[0].turns


IVR = person("ivr", BASE, BASE + 5000)
ADA = person("agent", BASE + 6000, BASE + 20_000, userId="ada")
BOB = person("user", BASE + 18_000, BASE + 30_000, userId="bob")


@pytest.mark.parametrize(
    ("at", "people", "role", "agent"),
    [
        (1000, [IVR, ADA], "system", None),
        (7000, [IVR, ADA], "agent", "ada"),
        (5600, [IVR, ADA], "agent", "ada"),  # begins a little before her time
        (19_000, [ADA, BOB], "agent", None),  # both are on the line
        (25_000, [ADA, BOB], "agent", "bob"),
        (45_000, [IVR, ADA], "unknown", None),  # nobody was there, and there are machines
        (45_000, [ADA], "agent", "ada"),
        (45_000, [], "agent", None),
    ],
)
def test_who_of_the_company_speaks_tells_the_time(at, people, role, agent):
    (turn,) = turns(transcript(phrase("internal", BASE + at), people=people))
    assert (turn.role, turn.agent_id) == (role, agent)


@pytest.mark.parametrize(
    ("purpose", "role"),
    [("external", "customer"), ("customer", "customer"), ("ivr", "system"), ("voicebot", "system"), ("agent", "agent"),
     ("somebody", "unknown")],
)  # fmt: skip
def test_a_phrase_may_name_the_purpose_itself(purpose, role):
    assert turns(transcript(phrase(purpose, BASE)))[0].role == role


def test_times_are_counted_from_the_start_of_the_conversation():
    found = read(transcript(phrase("external", BASE + 3500))).conversations[0]
    assert (found.started_at, found.turns[0].start, found.turns[0].end) == (NINE, 3.5, 4.0)


def test_without_a_stated_start_the_earliest_participant_is_it():
    value = transcript(phrase("external", BASE + 3500), people=[person("customer", BASE + 500, None)])
    found = read({**value, "conversationStartTime": None}).conversations[0]
    assert found.turns[0].start == 3.0
    assert found.started_at.microsecond == 500_000


def test_small_numbers_are_offsets():
    value = transcript(phrase("internal", 4200), people=[person("agent", 0, 9000, userId="ada")])
    assert [(turn.start, turn.agent_id) for turn in turns(value)] == [(4.2, "ada")]
    assert read({**value, "conversationStartTime": None}).conversations[0].started_at is None


@pytest.mark.parametrize(
    ("media", "kind", "channel"),
    [("call", None, "call"), ("voice", None, "call"), ("callback", None, "call"), ("chat", None, "chat"),
     ("message", "sms", "sms"), ("message", "webmessaging", "chat"), ("message", "facebook", "social"),
     ("message", None, "chat"), ("email", None, "email"), (None, None, "other"), ("fax", None, "other")],
)  # fmt: skip
def test_the_channel_is_that_of_the_medium(media, kind, channel):
    value = transcript(phrase("external", BASE))
    value["transcripts"][0]["messageType"] = kind
    assert read({**value, "mediaType": media}).conversations[0].channel == channel


def test_words_and_no_medium_are_a_call():
    value = transcript(phrase("external", BASE, words=[{"word": "hello", "confidence": 0.5}]), mediaType=None)
    found = read(value).conversations[0]
    assert (found.channel, found.turns[0].confidence) == ("call", 0.5)


def test_a_phrase_that_two_transcripts_share_is_read_once():
    value = transcript(phrase("external", BASE + 1000, "hello there"))
    value["transcripts"] *= 2
    assert [turn.text for turn in turns(value)] == ["hello there"]


def test_two_communications_in_two_files_can_be_joined():
    first = read(transcript(phrase("internal", BASE + 20_000, "late"))).conversations[0]
    other = read(
        transcript(phrase("internal", BASE + 9000, "early"), communicationId="k-2", conversationStartTime=BASE + 8000)
    ).conversations[0]
    found = join([other, first])
    assert [(turn.text, turn.start) for turn in found.turns] == [("early", 9.0), ("late", 20.0)]
    assert found.metadata["communication"] == "k-1 k-2"
    assert found.started_at == NINE


def test_a_broken_phrase_is_reported_and_the_others_are_read():
    found = read(transcript(phrase("external", BASE), phrase("external", BASE, {"a": 1}), None))
    assert [turn.text for turn in found.conversations[0].turns] == ["word"]
    assert found.problems[0].where == "transcripts[0] phrases[1]"
    assert "2 of 3" in found.problems[0].what


def test_phrases_whose_agent_stays_open_are_counted():
    assert read(transcript(phrase("internal", BASE + 19_000), people=[ADA, BOB])).notes[0].endswith("1 of 1 phrases")


def test_webhooks_and_lists_are_unwrapped():
    found = read([{"data": transcript(phrase("external", BASE))}, {"data": transcript(phrase("external", BASE + 9))}])
    assert [each.conversation_id for each in found.conversations] == ["g-1"]

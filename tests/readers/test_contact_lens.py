"""Amazon Connect Contact Lens analysis files."""

import json
from datetime import UTC, datetime

import pytest


def voice(**changes):
    return {
        "Version": "1.1.0",
        "Channel": "VOICE",
        "ContentMetadata": {"Output": "Raw"},
        "CustomerMetadata": {"ContactId": "c-1"},
        "Participants": [
            {"ParticipantId": "u-7", "ParticipantRole": "AGENT"},
            {"ParticipantId": "u-8", "ParticipantRole": "CUSTOMER"},
        ],
        "Transcript": [
            {"Id": "t", "ParticipantId": "u-7", "Content": "Good day.", "BeginOffsetMillis": 0, "EndOffsetMillis": 800},
            {"Id": "t", "ParticipantId": "u-8", "Content": "It never came.", "BeginOffsetMillis": 900,
             "LoudnessScore": [70.1, None]},
        ],
        **changes,
    }  # fmt: skip


def test_a_call_is_read_with_roles_from_its_participants(scan):
    turns = scan({"anything": json.dumps(voice())}).turns
    assert turns.select("conversation_id", "channel", "role", "agent_id", "start", "end", "text").rows() == [
        ("c-1", "call", "agent", "u-7", 0.0, 0.8, "Good day."),
        ("c-1", "call", "customer", None, 0.9, None, "It never came."),
    ]
    assert turns["format"].unique().to_list() == ["contact-lens"]


def test_role_words_serve_as_participant_ids(said):
    transcript = [{"ParticipantId": "CUSTOMER", "Content": "Hello?"}, {"ParticipantId": "AGENT", "Content": "Hi."}]
    assert said(json.dumps(voice(Transcript=transcript, Participants=[])), "c.json") == [
        ("customer", "Hello?"),
        ("agent", "Hi."),
    ]


def test_a_chat_is_read_without_its_events_and_bots_are_system(scan):
    items = [
        {"Type": "EVENT", "ContentType": "application/vnd.amazonaws.connect.event.participant.joined",
         "AbsoluteTime": "2026-10-05T09:00:00.000Z", "ParticipantId": "b"},
        {"Type": "MESSAGE", "AbsoluteTime": "2026-10-05T09:00:01.000Z", "ParticipantId": "b",
         "ParticipantRole": "CUSTOM_BOT", "Content": "You are next."},
        {"Type": "MESSAGE", "AbsoluteTime": "2026-10-05T09:00:31.500Z", "ParticipantId": "s",
         "ParticipantRole": "SUPERVISOR", "DisplayName": "Priya", "Content": "Hi, Priya here."},
        {"Type": "MESSAGE", "AbsoluteTime": "2026-10-05T09:00:40.000Z", "ParticipantId": "x",
         "ParticipantRole": "CUSTOMER", "DisplayName": "Sam", "Content": "At last."},
    ]  # fmt: skip
    chat = voice(Channel="CHAT", ChatTranscriptVersion="2019-08-26", Participants=[], Transcript=items)
    turns = scan({"c.json": json.dumps(chat)}).turns
    assert turns.select("role", "agent_id", "start", "text").rows() == [
        ("system", None, 1.0, "You are next."),
        ("agent", "Priya", 31.5, "Hi, Priya here."),
        ("customer", None, 40.0, "At last."),
    ]
    assert turns["channel"].unique().to_list() == ["chat"]
    assert turns["started_at"][0] == datetime(2026, 10, 5, 9, tzinfo=UTC)


INITIATED = "2026-10-05T08:58:30Z"


@pytest.mark.parametrize(
    "where",
    [
        {"InitiationTimestamp": INITIATED},
        {"CustomerMetadata": {"ContactId": "c-1", "InitiationTimestamp": INITIATED}},
        {"ContentMetadata": {"Output": "Raw", "InitiationTimestamp": INITIATED}},
    ],
)
def test_a_contact_begins_when_it_was_initiated(scan, where):
    first = scan({"c.json": json.dumps(voice(**where))}).turns.row(0, named=True)
    assert first["started_at"] == datetime(2026, 10, 5, 8, 58, 30, tzinfo=UTC)
    assert first["start"] == 0.0


def test_the_customers_name_is_known_so_that_it_can_be_redacted(scan):
    people = [
        {"ParticipantId": "u-7", "ParticipantRole": "AGENT", "DisplayName": "Priya"},
        {"ParticipantId": "u-8", "ParticipantRole": "CUSTOMER", "DisplayName": "Florentyna Gale"},
    ]
    turns = scan({"c.json": json.dumps(voice(Participants=people))}).turns
    assert turns.select("speaker", "agent_id").rows() == [("u-7", "Priya"), ("Florentyna Gale", None)]


def test_of_two_copies_the_redacted_one_is_read_and_the_original_reported(scan):
    redacted = voice(ContentMetadata={"Output": "Redacted"})
    redacted["Transcript"][1]["Content"] = "[NAME] never came."
    files = {"Voice/c-1_analysis.json": json.dumps(voice()), "Voice/Redacted/c-1_analysis.json": json.dumps(redacted)}
    reading = scan(files)
    assert reading.turns["text"].to_list() == ["Good day.", "[NAME] never came."]
    (row,) = reading.rejects.to_dicts()
    assert row["source"] == "Voice/c-1_analysis.json"
    assert "redacted copy is in Voice/Redacted/c-1_analysis.json" in row["reason"]


def test_the_redacted_copy_is_preferred_also_when_it_sorts_last(scan):
    redacted = voice(ContentMetadata={"Output": "Redacted"})
    reading = scan({"a.json": json.dumps(voice()), "z.json": json.dumps(redacted)})
    assert reading.turns["source"].unique().to_list() == ["z.json"]


def test_without_a_contact_id_the_name_before_analysis_is_the_id(scan):
    turns = scan({"x/77-aa_analysis_2026-02-04T21_14_16Z.json": json.dumps(voice(CustomerMetadata={}))}).turns
    assert turns["conversation_id"].unique().to_list() == ["77-aa"]


def test_an_empty_transcript_is_rejected(scan):
    assert "holds no message" in scan({"c.json": json.dumps(voice(Transcript=[]))}).rejects["reason"][0]


def test_call_analytics_of_transcribe_is_not_taken_for_it(scan):
    reading = scan(
        {"c.json": json.dumps({"JobName": "j", "Transcript": [{"ParticipantRole": "AGENT", "Content": "Hi"}]})}
    )
    assert reading.turns.filter(format="contact-lens").is_empty()

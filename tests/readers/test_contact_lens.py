"""Amazon Connect Contact Lens analysis files."""

import json
from datetime import UTC, datetime

import pytest

from empathy_scan.config import ReadConfig
from empathy_scan.readers import contact_lens
from empathy_scan.readers.files import Document


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


AGENT, OTHER = "5b1f3c9e-2222-4a2b-8c3d-0123456789ab", "5b1f3c9e-3333-4a2b-8c3d-0123456789ab"


def said_by(person, content, start, end):
    return {"ParticipantId": person, "Content": content, "BeginOffsetMillis": start, "EndOffsetMillis": end}


def by_session_ids(*agents):
    people = [{"ParticipantId": each, "ParticipantRole": "AGENT"} for each in agents]
    spoken = [said_by(each, "Hello.", number * 1000, number * 1000 + 900) for number, each in enumerate(agents)]
    return {"Participants": people, "Transcript": spoken}


def test_consecutive_utterances_of_a_call_are_one_turn_unless_a_long_pause_lies_between(scan):
    spoken = [
        said_by("CUSTOMER", "It was a present.", 0, 1000),
        said_by("CUSTOMER", "It came torn.", 1200, 2000),
        said_by("CUSTOMER", "Are you there?", 30000, 31000),
        said_by("AGENT", "I am.", 32000, 32500),
    ]
    turns = scan({"c.json": json.dumps(voice(Transcript=spoken, Participants=[]))}).turns
    assert turns.select("text", "start", "end").rows() == [
        ("It was a present. It came torn.", 0.0, 2.0),
        ("Are you there?", 30.0, 31.0),
        ("I am.", 32.0, 32.5),
    ]


def test_overlapping_utterances_stay_in_order_of_their_start(said):
    spoken = [said_by("AGENT", "Two.", 2000, 9000), said_by("CUSTOMER", "One.", 1000, 8000)]
    assert said(json.dumps(voice(Transcript=spoken, Participants=[])), "c.json") == [
        ("customer", "One."),
        ("agent", "Two."),
    ]


def test_the_id_of_a_session_is_no_agents_id(scan):
    turns = scan({"c.json": json.dumps(voice(**by_session_ids(AGENT)))}).turns
    assert turns.select("role", "agent_id").rows() == [("agent", None)]


@pytest.mark.parametrize("agent", [{"Username": "noor", "ARN": "arn:x"}, {"AgentId": "noor"}, "noor"])
def test_an_agent_added_from_the_contact_record_is_the_one_agents_id(scan, agent):
    turns = scan({"c.json": json.dumps(voice(**by_session_ids(AGENT), Agent=agent))}).turns
    assert turns["agent_id"].to_list() == ["noor"]


def test_an_added_agent_is_not_given_the_words_of_two(scan):
    turns = scan({"c.json": json.dumps(voice(**by_session_ids(AGENT, OTHER), Agent={"Username": "noor"}))}).turns
    assert turns["agent_id"].to_list() == [None, None]


def test_a_redacted_display_name_is_no_name(scan):
    people = [{"ParticipantId": AGENT, "ParticipantRole": "AGENT", "DisplayName": "[NAME]"}]
    turns = scan({"c.json": json.dumps(voice(**by_session_ids(AGENT) | {"Participants": people}))}).turns
    assert turns["agent_id"].to_list() == [None]


def test_language_and_direction_are_labels_of_the_contact():
    value = voice(LanguageCode="en-US", InitiationMethod="OUTBOUND")
    (contact,) = contact_lens.parse(Document("c.json", json.dumps(value).encode()), ReadConfig()).conversations
    assert contact.metadata == {"language": "en-US", "direction": "outbound"}


def test_items_without_text_are_counted_in_a_problem_and_the_rest_is_read(scan):
    spoken = [said_by("AGENT", "Hello.", 0, 500), said_by("CUSTOMER", 5, 600, 700), None]
    reading = scan({"c.json": json.dumps(voice(Transcript=spoken, Participants=[]))})
    assert reading.turns["text"].to_list() == ["Hello."]
    (row,) = reading.rejects.to_dicts()
    assert row["reason"].startswith("2 of 3 items")
    assert row["place"] == "Transcript[1]"


def test_a_raw_chat_is_called_after_its_contact_and_not_after_the_first_of_a_chain(scan):
    message = {"Type": "MESSAGE", "ContentType": "text/plain", "AbsoluteTime": "2026-10-05T09:00:01.000Z",
               "ParticipantRole": "CUSTOMER", "Content": "Hello?"}  # fmt: skip
    chat = {"InitialContactId": "first", "Transcript": [message]}
    named = scan({f"ChatTranscripts/{AGENT}_20261005T09:00_UTC.json": json.dumps(chat)}).turns
    assert named.select("conversation_id", "channel", "role").rows() == [(AGENT, "chat", "customer")]
    of_item = scan({"x.json": json.dumps({**chat, "Transcript": [{**message, "ContactId": "c-9"}]})}).turns
    assert "c-9" in of_item["conversation_id"].to_list()


def test_the_ids_of_a_session_name_no_agent():
    two, customer = [f"5b1f3c9e-1111-4222-8333-{at:012d}" for at in (1, 2)], "5b1f3c9e-1111-4222-8333-000000000009"
    people = [{"ParticipantId": one, "ParticipantRole": "AGENT"} for one in two]
    said = [
        {"ParticipantId": one, "Content": "Hello.", "BeginOffsetMillis": at * 1000, "EndOffsetMillis": at * 1000 + 900}
        for at, one in enumerate([two[0], customer, two[1]])
    ]
    value = {
        "Channel": "VOICE",
        "Participants": [*people, {"ParticipantId": customer, "ParticipantRole": "CUSTOMER"}],
        "Transcript": said,
    }
    (contact,) = contact_lens.parse(Document("c.json", json.dumps(value).encode()), ReadConfig()).conversations
    assert [(turn.role, turn.speaker, turn.agent_id) for turn in contact.turns] == [
        ("agent", "AGENT 1", None), ("customer", customer, None), ("agent", "AGENT 2", None)
    ]  # fmt: skip

"""Transcribe Call Analytics, and the Post Call Analytics solution."""

import json
from datetime import UTC, datetime

import pytest

from empathy_scan.config import ReadConfig
from empathy_scan.readers import call_analytics
from empathy_scan.readers.files import Document


def call(name="a.json", **changes):
    spoken = [
        {"ParticipantRole": "AGENT", "Content": "Hello.", "BeginOffsetMillis": 0, "LoudnessScores": [70]},
        {"ParticipantRole": "CUSTOMER", "Content": "Hi.", "BeginOffsetMillis": 900, "LoudnessScores": [70]},
    ]
    document = Document(name, json.dumps({"JobName": "j-1", "Transcript": spoken, **changes}).encode())
    assert call_analytics.sniff(document).fits
    (conversation,) = call_analytics.parse(document, ReadConfig()).conversations
    return conversation


def solution(segments=(), **header):
    labels = [{"Speaker": "spk_0", "DisplayText": "Agent"}, {"Speaker": "spk_1", "DisplayText": "Customer"}]
    spoken = [{"SegmentSpeaker": speaker, "DisplayText": text} for speaker, text in segments or [("spk_0", "Hello.")]]
    value = {"ConversationAnalytics": {"GUID": "g-1", "SpeakerLabels": labels, **header}, "SpeechSegments": spoken}
    document = Document("parsedFiles/a.json", json.dumps(value).encode())
    assert call_analytics.sniff_solution(document).fits
    return call_analytics.parse_solution(document, ReadConfig())


def test_a_file_of_a_stream_is_called_after_its_session():
    assert call(JobName=None, SessionId="s-1").conversation_id == "s-1"


@pytest.mark.parametrize(
    ("name", "output", "expected"),
    [("redacted-a.json", "Raw", False), ("redacted-a.json", None, True), ("a.json", "Redacted", True)],
)
def test_what_the_file_says_of_redaction_counts_before_its_name(name, output, expected):
    assert call(name, ContentMetadata={"Output": output}).redacted is expected


def test_a_role_that_is_none_leaves_the_speaker_unknown():
    spoken = [{"ParticipantRole": "LISTENER", "Content": "Hello.", "LoudnessScores": []}]
    (turn,) = call(Transcript=spoken).turns
    assert (turn.role, turn.role_source, turn.speaker) == ("unknown", "", "LISTENER")


def test_the_time_of_processing_is_not_that_of_the_call():
    same = "2026-03-09 20:40:11.118123"
    assert solution(ConversationTime=same, ProcessTime=same).conversations[0].started_at is None


@pytest.mark.parametrize(
    ("place", "hour"), [("America/New_York", 18), ("Etc/UTC", 14), ("None", 14), ("Europe/Berlin", 13)]
)
def test_the_time_of_the_call_is_that_of_its_place(place, hour):
    got = solution(ConversationTime="2026-03-09 14:05:00", ConversationLocation=place)
    assert got.conversations[0].started_at == datetime(2026, 3, 9, hour, 5, tzinfo=UTC)


def test_an_unknown_place_leaves_the_time_out_and_says_so():
    got = solution(ConversationTime="2026-03-09 14:05:00", ConversationLocation="Nowhere/Land")
    assert got.conversations[0].started_at is None
    assert "time zone" in got.notes[0]


def test_several_agents_keep_their_own_names():
    labels = [
        {"Speaker": "spk_0", "DisplayText": "Noor Haddad"},
        {"Speaker": "spk_1", "DisplayText": "Customer"},
        {"Speaker": "spk_2", "DisplayText": "Ben Ode"},
        {"Speaker": "spk_3", "DisplayText": "Somebody Else"},
    ]
    spoken = [("spk_0", "Hello."), ("spk_1", "Hi."), ("spk_2", "Ben here."), ("spk_3", "And I.")]
    got = solution(spoken, SpeakerLabels=labels, Agent="Noor Haddad", Agents=["Noor Haddad", "Ben Ode"])
    assert [(turn.role, turn.agent_id) for turn in got.conversations[0].turns] == [
        ("agent", "Noor Haddad"),
        ("customer", None),
        ("agent", "Ben Ode"),
        ("unknown", "Somebody Else"),
    ]


def test_the_agent_of_the_header_is_the_one_agents_id_and_missing_values_are_words():
    assert solution(Agent="noor").conversations[0].turns[0].agent_id == "noor"
    assert solution(Agent="None").conversations[0].turns[0].agent_id is None


def test_edited_text_counts_and_speakers_without_a_label_are_unknown():
    (turn,) = solution([("spk_7", "Corrected.")]).conversations[0].turns
    assert (turn.role, turn.speaker, turn.text) == ("unknown", "spk_7", "Corrected.")


def test_without_an_id_the_job_without_redacted_is_the_name_of_both_twins():
    job = [{"TranscribeJobInfo": {"TranscriptionJobName": "redacted-call-7.wav"}}]
    (twin,) = solution(GUID="None", SourceInformation=job).conversations
    assert (twin.conversation_id, twin.redacted) == ("call-7.wav", True)

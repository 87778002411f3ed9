"""Twilio's transcripts and messages: roles of channels and authors, pages, redaction, the spelling of its tools."""

import json

import pytest

from empathy_scan.config import ReadConfig
from empathy_scan.readers.files import Document
from empathy_scan.readers.twilio import (
    parse_conversations,
    parse_intelligence,
    sniff_conversations,
    sniff_intelligence,
)

GT = "GT" + "0" * 32
LIST = f"https://intelligence.twilio.com/v2/Transcripts/{GT}/Sentences?PageSize=50"


def sentence(index, channel, text, **changes):
    return {"media_channel": channel, "sentence_index": index, "start_time": None, "end_time": None, "transcript": text,
            **changes}  # fmt: skip


def message(index, author, body, **changes):
    return {
        "conversation_sid": "CH1",
        "index": index,
        "author": author,
        "body": body,
        "participant_sid": None,
        **changes,
    }


def document(value):
    return Document("folder/c.json", json.dumps(value).encode())


def calls(value):
    return parse_intelligence(document(value), ReadConfig())


def chats(value):
    return parse_conversations(document(value), ReadConfig())


def test_without_the_transcripts_resource_channels_are_speakers_of_unknown_role():
    (one,) = calls(
        {"sentences": [sentence(0, 1, "Hello."), sentence(1, 2, "Hi.")], "meta": {"url": LIST}}
    ).conversations
    assert [(turn.role, turn.speaker, turn.agent_id) for turn in one.turns] == [
        ("unknown", "1", None),
        ("unknown", "2", None),
    ]
    assert (one.conversation_id, one.redacted) == (GT, False)


@pytest.mark.parametrize("beside", [True, False])
def test_roles_come_from_the_resource_in_the_object_or_beside_it(beside):
    people = [
        {"channel_participant": "1", "role": "Supervisor", "user_id": 7},
        {"channel_participant": 2, "role": "Caller"},
    ]
    resource = {"sid": GT, "channel": {"participants": people}}
    spoken = {"sentences": [sentence(0, 1, "Hello."), sentence(1, 2, "Hi."), sentence(2, 3, "?")]}
    (one,) = calls({"transcript": resource, **spoken} if beside else {**resource, **spoken}).conversations
    assert [(turn.role, turn.role_source, turn.agent_id) for turn in one.turns] == [
        ("agent", "column role", "7"), ("customer", "column role", None), ("unknown", "", None),
    ]  # fmt: skip


def test_pages_in_one_list_are_one_call_in_order_of_the_sentences():
    pages = [
        {"sentences": [sentence(2, 1, "c")], "meta": {"url": f"{LIST}&Page=1", "previous_page_url": f"{LIST}&Page=0"}},
        {
            "sentences": [sentence(0, 1, "a"), sentence(1, 2, "b")],
            "meta": {"url": LIST, "next_page_url": f"{LIST}&Page=1"},
        },
    ]
    parsed = calls(pages)
    assert [[turn.text for turn in one.turns] for one in parsed.conversations] == [["a", "b", "c"]]
    assert list(parsed.problems) == []


@pytest.mark.parametrize("other", ["next_page_url", "previous_page_url"])
def test_a_page_alone_is_read_and_reported(other):
    parsed = calls({"sentences": [sentence(0, 1, "a")], "meta": {"url": LIST, other: f"{LIST}&Page=7"}})
    assert len(parsed.conversations) == 1
    assert "only one page" in parsed.problems[0].what


@pytest.mark.parametrize(("redacted", "address"), [(True, LIST), (False, f"{LIST}&Redacted=false")])
def test_a_redacted_transcript_is_known_unless_its_original_was_asked_for(redacted, address):
    value = {"sid": GT, "redaction": True, "sentences": [sentence(0, 1, "a")], "meta": {"url": address}}
    assert calls(value).conversations[0].redacted is redacted


def test_lists_of_twilios_tools_are_read():
    spoken = [{"mediaChannel": 1, "sentenceIndex": 0, "startTime": "1.5", "endTime": "2", "transcript": "Hello."}]
    assert sniff_intelligence(document(spoken)).fits
    (one,) = calls(spoken).conversations
    assert [(turn.text, turn.start, turn.end) for turn in one.turns] == [("Hello.", 1.5, 2.0)]
    assert one.conversation_id == "folder/c"
    written = [{"conversationSid": "CH1", "author": "x", "body": "Hi", "dateCreated": "2026-01-01T00:00:00.000Z"}]
    assert sniff_conversations(document(written)).fits
    assert chats(written).conversations[0].started_at.year == 2026


def test_broken_sentences_are_reported():
    parsed = calls({"sentences": [sentence(0, 1, "a"), None, {"media_channel": 1}]})
    assert [problem.where for problem in parsed.problems] == ["sentences 2", "sentences 3"]


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"author": "system"}, ("system", "speaker label", None)),
        ({"author": "agent"}, ("agent", "speaker label", None)),
        ({"author": "Agent Dana"}, ("agent", "speaker label", "Dana")),
        ({"author": "dana"}, ("unknown", "", "dana")),
        ({"author": "dana", "attributes": '{"role": "agent"}'}, ("agent", "column attributes", "dana")),
        ({"author": "dana", "attributes": "{"}, ("unknown", "", "dana")),
        ({"author": "kim", "participant_sid": "MB2"}, ("customer", "column role", None)),
        ({"author": "d.lopez"}, ("agent", "column role", "d.lopez")),
    ],
)
def test_the_role_of_a_message_is_said_by_attributes_participant_or_author(changes, expected):
    people = [
        {"sid": "MB1", "identity": "d.lopez", "type": "agent"},
        {"sid": "MB2", "attributes": '{"member_type": "guest"}'},
    ]
    value = {"messages": [{**message(0, "", "Hello."), **changes}], "participants": people}
    (turn,) = chats(value).conversations[0].turns
    assert (turn.role, turn.role_source, turn.agent_id) == expected


@pytest.mark.parametrize(
    ("author", "channel"),
    [("+15550100011", "sms"), ("whatsapp:+15550100011", "chat"), ("kim", "chat"), ("sms:1", "sms")],
)
def test_the_service_behind_a_conversation_is_its_channel(author, channel):
    assert chats({"messages": [message(0, author, "Hi")]}).conversations[0].channel == channel


def test_a_list_with_several_conversations_gives_each_its_own():
    messages = [message(0, "a", "x"), message(0, "b", "y", conversation_sid="CH2"), message(1, "a", "z")]
    assert {one.conversation_id: len(one.turns) for one in chats({"messages": messages}).conversations} == {
        "CH1": 2,
        "CH2": 1,
    }


@pytest.mark.parametrize(
    ("participant", "role"),
    [
        ({"messaging_binding": {"type": "sms", "address": "+15550100", "proxy_address": "+15550199"}}, "customer"),
        ({"identity": "x", "messaging_binding": {"address": "+15550100", "proxy_address": "+15550199"}}, "unknown"),
        ({"messaging_binding": {"address": "+15550100", "projected_address": "+15550199"}}, "unknown"),
        ({"messaging_binding": {"type": "chat"}}, "unknown"),
    ],
)
def test_who_writes_to_a_number_of_the_company_from_outside_is_a_customer(participant, role):
    value = {"messages": [message(0, "+15550100", "Help!", participant_sid="MB1")]}
    (one,) = chats({**value, "participants": [{"sid": "MB1", **participant}]}).conversations
    assert [turn.role for turn in one.turns] == [role]

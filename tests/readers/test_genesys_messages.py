"""Messages of Genesys Cloud, as the API lists them and as recordings hold them."""

import json

import pytest

from empathy_scan.config import ReadConfig
from empathy_scan.readers.files import Document
from empathy_scan.readers.registry import detect


def message(text, second, **more):
    return {"id": text, "messageText": text, "timestamp": f"2026-03-02T09:14:{second:02d}Z", **more}


def read(value):
    document = Document("g.json", json.dumps(value).encode())
    reader = detect(document, ReadConfig()).reader
    assert reader.name == "genesys-cloud"
    return reader.parse(document, ReadConfig())


def recording(*messages, name="messagingTranscript", **more):
    return {"id": "r", "conversationId": "c-1", "media": "message", name: list(messages), **more}


@pytest.mark.parametrize(
    ("purpose", "role"),
    [("agent", "agent"), ("customer", "customer"), ("external", "customer"), ("workflow", "system"), ("acd", "system")],
)
def test_the_purpose_gives_the_role(purpose, role):
    (turn,) = read(recording(message("Hello", 1, purpose=purpose))).conversations[0].turns
    assert (turn.role, turn.role_source) == (role, "column purpose")


def test_only_agents_have_an_id():
    dana = {"id": "u-1", "name": "Dana"}
    said = [message("Hello", 1, purpose="agent", fromUser=dana), message("Hi", 2, purpose="customer")]
    (conversation,) = read([recording(*said)]).conversations
    assert [turn.agent_id for turn in conversation.turns] == ["u-1", None]


def test_messages_are_put_in_order_of_time():
    said = [message("second", 9, purpose="agent"), message("first", 3, purpose="customer")]
    (conversation,) = read(recording(*said, startTime="2026-03-02T09:14:00Z")).conversations
    assert [(turn.text, turn.start) for turn in conversation.turns] == [("first", 3.0), ("second", 9.0)]


def test_a_bots_outbound_message_is_no_agents():
    bot = {"textBody": "Hello", "direction": "outbound", "messengerType": "webmessaging", "conversationId": "c",
           "timestamp": "2026-03-02T09:14:00Z", "normalizedMessage": {"originatingEntity": "Bot"}}  # fmt: skip
    (turn,) = read({"entities": [bot]}).conversations[0].turns
    assert (turn.role, turn.role_source) == ("system", "column originatingEntity")


def test_messages_of_several_conversations_are_told_apart():
    said = [
        {"textBody": name, "direction": "inbound", "messengerType": "sms", "conversationId": name}
        for name in ("a", "b")
    ]
    found = read({"entities": said}).conversations
    assert [(each.conversation_id, each.channel) for each in found] == [("a", "sms"), ("b", "sms")]


def test_who_joined_a_chat_says_nothing():
    joined = {"body": "Dana joined", "bodyType": "member-join", "sender": {"id": "x"}, "utc": "2026-03-02T09:14:00Z"}
    spoken = {"body": "Hello", "bodyType": "standard", "sender": {"id": "x"}, "utc": "2026-03-02T09:14:02Z"}
    (conversation,) = read({"entities": [joined, spoken]}).conversations
    assert [(turn.text, turn.role, turn.speaker) for turn in conversation.turns] == [("Hello", "unknown", "x")]


def test_a_broken_message_is_told_and_the_rest_is_read():
    found = read(recording(message("Hello", 1, purpose="agent"), 7, {"messageText": ["x"], "purpose": "agent"}))
    assert len(found.conversations[0].turns) == 1
    assert "2 of 3 utterances" in found.problems[0].what

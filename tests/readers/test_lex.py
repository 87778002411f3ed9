"""Conversation logs of Amazon Lex: sessions of a user and a bot."""

import json

from empathy_scan.config import ReadConfig
from empathy_scan.readers import lex
from empathy_scan.readers.files import Document


def request(said, *answers, session="s", **more):
    messages = [{"content": answer, "contentType": "PlainText"} for answer in answers]
    return {"botId": "B", "sessionId": session, "inputTranscript": said, "messages": messages, **more}


def read(*values):
    return lex.parse_lex(Document("l.jsonl", "\n".join(map(json.dumps, values)).encode()), ReadConfig())


def test_the_bot_is_a_system_and_its_answers_are_one_turn():
    (found,) = read(request("Help", "With what?", "Say it.")).conversations
    assert [(turn.role, turn.text) for turn in found.turns] == [("customer", "Help"), ("system", "With what?\nSay it.")]


def test_a_greeting_before_anything_is_said_is_kept():
    (found,) = read(request(None, "Welcome.")).conversations
    assert [(turn.role, turn.text) for turn in found.turns] == [("system", "Welcome.")]


def test_sessions_are_told_apart():
    assert [each.conversation_id for each in read(request("a"), request("b", session="t")).conversations] == ["s", "t"]


def test_requests_are_put_in_order_of_time():
    late, early = request("b", timestamp="2026-03-02T09:14:05Z"), request("a", timestamp="2026-03-02T09:14:00Z")
    (found,) = read(late, early).conversations
    assert [(turn.text, turn.start) for turn in found.turns] == [("a", 0.0), ("b", 5.0)]


def test_the_first_version_says_botresponse():
    value = {"botName": "B", "sessionId": "s", "inputTranscript": "Help", "botResponse": "With what?"}
    (found,) = read(value, value).conversations
    assert [turn.role for turn in found.turns] == ["customer", "system"] * 2


def test_a_text_that_is_no_string_is_told():
    found = read(request("Help", 7))
    assert [turn.text for turn in found.conversations[0].turns] == ["Help"]
    assert len(found.problems) == 1

"""Freshdesk tickets: the description, replies, notes and what machines send."""

import json

import pytest

from empathy_scan.config import ReadConfig
from empathy_scan.readers import freshdesk
from empathy_scan.readers.files import Document


def read(value):
    return freshdesk.parse(Document("t.json", json.dumps(value).encode()), ReadConfig())


def ticket(*replies, **changes):
    return {
        "id": 20, "requester_id": 1, "responder_id": 2, "fr_escalated": False, "source": 1,
        "created_at": "2026-03-10T08:00:00Z", "description": "<div>It broke.</div>", "conversations": list(replies),
        **changes,
    }  # fmt: skip


def reply(body="<div>Sorry.</div>", **changes):
    return {"body": body, "incoming": False, "private": False, "user_id": 2, "source": 0,
            "created_at": "2026-03-10T08:10:00Z", **changes}  # fmt: skip


def spoken(parsed):
    return [(str(turn.role), turn.text) for each in parsed.conversations for turn in each.turns]


@pytest.mark.parametrize(
    ("changes", "role", "agent"),
    [
        ({}, "agent", "2"),
        ({"incoming": True}, "customer", None),
        ({"incoming": "true"}, "customer", None),
        ({"incoming": None}, "unknown", "2"),
        ({"auto_response": True}, "system", None),
        ({"automation_id": 9}, "system", None),
        ({"user_id": None, "from_email": "Dana <dana@larkfield.example>"}, "agent", "dana@larkfield.example"),
    ],
)
def test_incoming_tells_the_role_and_the_user_the_agent(changes, role, agent):
    turn = read(ticket(reply(**changes))).conversations[0].turns[1]
    assert (turn.role, turn.agent_id) == (role, agent)


@pytest.mark.parametrize("private", [True, "true", 1, [], "perhaps"])
def test_what_is_not_surely_public_is_no_turn(private):
    parsed = read(ticket(reply(private=private)))
    assert spoken(parsed) == [("customer", "It broke.")]
    assert parsed.notes == ["private notes: 1 left out"]


@pytest.mark.parametrize(
    ("source", "role", "channel"),
    [(1, "customer", "email"), (2, "customer", "other"), (3, "system", "call"), (7, "customer", "chat"),
     (10, "agent", "email"), (99, "customer", "other"), (None, "customer", "other")],
)  # fmt: skip
def test_the_source_of_the_ticket_tells_the_channel_and_who_wrote_the_description(source, role, channel):
    conversation = read(ticket(reply(), source=source)).conversations[0]
    assert (conversation.turns[0].role, conversation.channel) == (role, channel)


def test_the_plain_description_serves_where_there_is_no_html():
    plain = ticket(reply(), description=None, description_text="It broke.\n\n> old words")
    assert spoken(read(plain))[0] == ("customer", "It broke.")


def test_a_ticket_that_nobody_answered_is_read():
    assert spoken(read(ticket())) == [("customer", "It broke.")]


def test_broken_messages_are_reported_and_the_rest_is_read():
    parsed = read(ticket(reply(), None, reply(body=5)))
    assert spoken(parsed) == [("customer", "It broke."), ("agent", "Sorry.")]
    assert [problem.where for problem in parsed.problems] == ["conversation 2", "conversation 3"]


@pytest.mark.parametrize(
    "wrapped",
    [
        lambda one: [one],
        lambda one: {"tickets": [one]},
        lambda one: {"data": one},
        lambda one: {
            "ticket": {key: one[key] for key in one if key != "conversations"},
            "conversations": one["conversations"],
        },
        lambda one: [{"helpdesk_ticket": {**one, "helpdesk_notes": one["conversations"], "conversations": None}}],
    ],
)
def test_a_ticket_is_found_in_what_wraps_it(wrapped):
    value = wrapped(ticket(reply()))
    assert freshdesk.sniff(Document("t.json", json.dumps(value).encode())).fits
    assert spoken(read(value)) == [("customer", "It broke."), ("agent", "Sorry.")]


@pytest.mark.parametrize("wrapper", ["note", "helpdesk_note"])
def test_notes_may_be_wrapped_each_in_an_object_of_its_own(wrapper):
    value = ticket(conversations=None, notes=[{wrapper: reply()}], display_id=7)
    (conversation,) = read({"helpdesk_ticket": value}).conversations
    assert conversation.conversation_id == "7"
    assert [turn.role for turn in conversation.turns] == ["customer", "agent"]


@pytest.mark.parametrize("changes", [{"source": 8}, {"deleted": True}])
def test_what_was_forwarded_or_deleted_is_no_answer_to_the_customer(changes):
    parsed = read(ticket(reply(**changes)))
    assert spoken(parsed) == [("customer", "It broke.")]
    assert "deleted or forwarded messages: 1 left out" in parsed.notes


def test_a_page_of_messages_belongs_to_the_ticket_that_they_name():
    (conversation,) = read({"conversations": [reply(ticket_id=55)], "meta": {"count": 1}}).conversations
    assert conversation.conversation_id == "55"

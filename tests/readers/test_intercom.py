"""Intercom conversations: authors, parts that are turns, and parts that are none."""

import json

import pytest

from empathy_scan.config import ReadConfig
from empathy_scan.readers import intercom
from empathy_scan.readers.files import Document


def read(value, name="c.json"):
    return intercom.parse(Document(name, json.dumps(value).encode()), ReadConfig())


def conversation(*parts, **changes):
    source = {"type": "conversation", "delivered_as": "customer_initiated", "body": "<p>Hello?</p>",
              "author": {"type": "user", "id": "u"}}  # fmt: skip
    return {
        "type": "conversation", "id": "1", "created_at": 1772791200, "source": source,
        "conversation_parts": {"conversation_parts": list(parts), "total_count": len(parts)}, **changes,
    }  # fmt: skip


def part(body="<p>Hi.</p>", kind="comment", author="admin", **changes):
    return {
        "part_type": kind,
        "body": body,
        "created_at": 1772791300,
        "author": {"type": author, "id": "a1"},
        **changes,
    }


def spoken(parsed):
    return [(str(turn.role), turn.text) for each in parsed.conversations for turn in each.turns]


@pytest.mark.parametrize(
    ("author", "changes", "role"),
    [
        ("user", {}, "customer"),
        ("lead", {}, "customer"),
        ("contact", {}, "customer"),
        ("admin", {}, "agent"),
        ("team", {}, "agent"),
        ("bot", {}, "system"),
        ("admin", {"from_ai_agent": True}, "system"),
        ("stranger", {}, "unknown"),
        (None, {}, "unknown"),
    ],
)
def test_the_author_type_is_the_role(author, changes, role):
    turn = read(conversation(part(author=author, **changes))).conversations[0].turns[1]
    assert turn.role == role
    assert turn.agent_id == ("a1" if role in {"agent", "unknown"} else None)


@pytest.mark.parametrize("kind", ["open", "close", "assignment", "snoozed", "comment"])
def test_parts_with_a_body_are_turns(kind):
    assert spoken(read(conversation(part(kind=kind))))[1:] == [("agent", "Hi.")]


@pytest.mark.parametrize(
    ("left", "note"),
    [
        (part(kind="note"), ["internal notes: 1 left out"]),
        (part(kind="note_and_reopen"), ["internal notes: 1 left out"]),
        (part(kind="title_changed"), ["parts of the kind title_changed: 1 left out"]),
        (part(body="<img src='x'>"), ["parts without words: 1 left out"]),
        (part(body=None, kind="assignment"), []),
    ],
)
def test_notes_and_events_are_no_turns(left, note):
    parsed = read(conversation(left))
    assert spoken(parsed) == [("customer", "Hello?")]
    assert list(parsed.notes) == note


def test_broken_parts_are_reported_and_the_rest_is_read():
    parsed = read(conversation(part(), 3, part(body={"x": 1})))
    assert spoken(parsed) == [("customer", "Hello?"), ("agent", "Hi.")]
    assert [problem.where for problem in parsed.problems] == ["part 2", "part 3"]


def test_names_of_teammates_are_found_and_the_id_stays_the_agents():
    teammates = {"type": "admin.list", "admins": [{"type": "admin", "id": "a1", "name": "Priya"}]}
    turn = read([teammates, conversation(part())]).conversations[0].turns[1]
    assert (turn.speaker, turn.agent_id) == ("Priya", "a1")


def test_iso_times_are_read_as_well():
    parsed = read(conversation(part(created_at="2026-03-06T10:01:40Z"), created_at="2026-03-06T10:00:00Z"))
    assert [turn.start for turn in parsed.conversations[0].turns] == [0, 100]


def test_a_conversation_without_words_is_reported():
    parsed = read(conversation(source=None))
    assert not parsed.conversations
    assert "without words" in parsed.problems[0].what


def test_without_an_id_the_file_names_the_conversation():
    assert read(conversation(id=None), "x/y.json").conversations[0].conversation_id == "x/y"


@pytest.mark.parametrize(
    "deleted",
    [
        part("<p><i>This message was deleted</i></p>", redacted=True),
        part("We've removed this part of the conversation to comply with the terms of another service."),
    ],
)
def test_deleted_parts_are_left_out(deleted):
    parsed = read(conversation(deleted))
    assert spoken(parsed) == [("customer", "Hello?")]
    assert "deleted parts: 1 left out" in parsed.notes


def test_a_ticket_is_a_conversation_that_begins_with_its_description():
    ticket = {
        "type": "ticket", "id": "494", "ticket_id": "53", "created_at": 1772791200,
        "ticket_attributes": {"_default_title_": "Lamp", "_default_description_": "My lamp is broken."},
        "contacts": {"contacts": [{"type": "contact", "id": "u"}]},
        "ticket_parts": {"ticket_parts": [part(), part("<p>Rude.</p>", "note"), part(author="user")], "total_count": 3},
    }  # fmt: skip
    assert intercom.sniff(Document("t.json", json.dumps(ticket).encode())).fits
    parsed = read(ticket)
    assert parsed.conversations[0].conversation_id == "494"
    assert spoken(parsed) == [("customer", "My lamp is broken."), ("agent", "Hi."), ("customer", "Hi.")]
    assert "internal notes: 1 left out" in parsed.notes

"""Messages of chat platforms and help desks without a reader of their own: who wrote what, and what is left out."""

import json
from pathlib import Path

import pytest
from changed_json import ODD, check, places, replaced
from expected import told
from hypothesis import given, settings
from hypothesis import strategies as st

from empathy_scan.config import ReadConfig
from empathy_scan.errors import InputError
from empathy_scan.readers import messages, registry
from empathy_scan.readers.files import Document

FOLDER = Path(__file__).parents[1] / "data" / "formats" / "messages"
SAMPLES = sorted(path for path in FOLDER.iterdir() if not path.name.endswith(".expected.json"))


def document(value, name="m.json"):
    return Document(name, (value if isinstance(value, str) else json.dumps(value)).encode())


def read(value, **settings):
    return messages.parse(document(value), ReadConfig(**settings))


def spoken(parsed):
    return [(str(turn.role), turn.text) for each in parsed.conversations for turn in each.turns]


def two(customer, agent, **around):
    """A conversation of two messages: what the customer's and the agent's have beside words and time."""
    said = {"id": 1, "text": "Hello?", "created_at": 1770109200, **customer}
    answer = {"id": 2, "text": "Good morning.", "created_at": 1770109230, **agent}
    return {"conversation_id": "c-1", "messages": [said, answer], **around}


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.name)
def test_a_sample_gives_what_is_expected_of_it(path):
    found = Document(path.name, path.read_bytes())
    assert registry.detect(found, ReadConfig()).reader.name == "messages"
    expected = json.loads(path.with_name(f"{path.stem}.expected.json").read_text(encoding="utf-8"))
    assert [told(each) for each in messages.parse(found, ReadConfig()).conversations] == expected


@pytest.mark.parametrize(
    ("customer", "agent"),
    [
        ({"author": {"type": "contact"}}, {"author": {"type": "user"}}),
        ({"author": {"type": "user"}}, {"author": {"type": "business"}}),
        ({"actor_type": "user"}, {"actor_type": "agent"}),
        ({"sender_type": "visitor"}, {"sender_type": "user"}),
        ({"sentBy": "Consumer"}, {"sentBy": "Agent"}),
        ({"createdBy": {"type": "customer"}}, {"createdBy": {"type": "user"}}),
        ({"participant_type": "external"}, {"participant_type": "internal"}),
        ({"is_inbound": True}, {"is_inbound": False}),
        ({"from_agent": False}, {"from_agent": True}),
        ({"is_admin": False}, {"is_admin": True}),
        ({"direction": "INCOMING"}, {"direction": "OUTGOING"}),
        ({"direction": "inbound"}, {"direction": "outbound-api"}),
        ({"message_type": 0}, {"message_type": 1}),
    ],
)
def test_the_role_follows_from_whatever_the_platform_calls_the_sides(customer, agent):
    names = ({"sender": {"name": "Mia"}}, {"sender": {"name": "Dana"}})
    assert spoken(read(two(customer | names[0], agent | names[1]))) == [
        ("customer", "Hello?"),
        ("agent", "Good morning."),
    ]


@pytest.mark.parametrize(
    "bot",
    [
        {"author": {"type": "user", "bot": True}},
        {"author": {"type": "business", "subtypes": ["AI"]}},
        {"sender": {"type": "agent_bot"}},
        {"sender_type": "bot"},
        {"message_type": 3},
        {"direction": "out", "auto": True},
    ],
)
def test_a_bot_is_no_agent(bot):
    assert spoken(read(two({"sender_type": "visitor"}, bot)))[1] == ("system", "Good morning.")


@pytest.mark.parametrize(
    "note",
    [
        {"private": True}, {"public": False}, {"type": "note"}, {"type": "private_note"}, {"channel": "internal-note"},
        {"message_type": "private"}, {"is_internal": True}, {"visibility": "agents"},
    ],
)  # fmt: skip
def test_notes_for_colleagues_are_counted_and_left_out(note):
    parsed = read(two({"sender_type": "visitor"}, {"sender_type": "agent", **note}))
    assert spoken(parsed) == [("customer", "Hello?")]
    assert parsed.notes == ["internal notes: 1 left out"]


def test_a_comment_is_a_note_only_beside_messages():
    sides = ({"sender_type": "visitor", "type": "COMMENT"}, {"sender_type": "agent", "type": "COMMENT"})
    assert len(spoken(read(two(*sides)))) == 2
    assert len(spoken(read(two(sides[0] | {"type": "MESSAGE"}, sides[1])))) == 1


@pytest.mark.parametrize(
    "text",
    [
        {"content": {"type": "text", "text": "Hello?"}},
        {"messageData": {"msg": {"text": "Hello?"}}},
        {"message_parts": [{"text": {"content": "Hello?"}}, {"image": {"url": "x"}}]},
        {"body": "<p>Hello?</p>"},
        {"stripped_text": "Hello?", "body_text": "Hello?\n> long ago"},
        {"rendered_body": "<p>Hello?</p>\n"},
    ],
)
def test_words_are_found_where_the_platform_puts_them(text):
    said = {"sender_type": "visitor", "created_at": 1770109200, **text}
    (conversation,) = read({"messages": [said], "id": "c-1"}).conversations
    assert [turn.text for turn in conversation.turns] == ["Hello?"]


def test_who_takes_part_may_stand_beside_the_messages():
    people = [{"id": "a", "type": "customer", "name": "Mia"}, {"id": "b", "type": "agent", "name": "Dana"}]
    events = [
        {"type": "message", "author_id": "a", "text": "Hello?", "created_at": "2026-02-03T09:00:00Z"},
        {"type": "message", "author_id": "b", "text": "Yes!", "created_at": "2026-02-03T09:00:10Z"},
        {"type": "system_message", "text": "The chat was closed", "created_at": "2026-02-03T09:01:00Z"},
    ]
    parsed = read({"chats": [{"id": "C1", "users": people, "thread": {"id": "T1", "events": events}}]})
    (conversation,) = parsed.conversations
    assert [(turn.role, turn.speaker, turn.agent_id) for turn in conversation.turns] == [
        ("customer", "Mia", None),
        ("agent", "Dana", "b"),
    ]
    assert parsed.notes == ["events: 1 left out"]


def test_speakers_with_an_extension_are_the_companys():
    said = [
        {"speakerId": "1", "text": "Alder Tools.", "start": 0.5, "end": 1.5},
        {"speakerId": "2", "text": "My drill smokes.", "start": 2.0, "end": 3.0},
    ]
    people = [{"speakerId": "1", "name": "Dana", "extensionId": "9"}, {"speakerId": "2", "phoneNumber": "+15550100"}]
    call = {"callId": "r-1", "recordingStartTime": "2026-02-03T09:00:00Z", "speakerInfo": people}
    (conversation,) = read({**call, "insights": {"Transcript": said}}).conversations
    assert (conversation.conversation_id, conversation.channel) == ("r-1", "call")
    assert conversation.started_at.isoformat() == "2026-02-03T09:00:00+00:00"
    assert [(turn.role, turn.start, turn.end) for turn in conversation.turns] == [
        ("agent", 0.5, 1.5),
        ("customer", 2.0, 3.0),
    ]


def test_text_messages_are_told_apart_by_their_numbers_which_are_not_shown():
    def sms(one, other, way):
        return {
            "body": "Hello",
            "direction": way,
            "from": one,
            "to": other,
            "date_sent": "Tue, 03 Feb 2026 09:00:00 +0000",
        }

    ours, mia, omar = "+15550001111", "+15550002222", "+15550003333"
    parsed = read({"messages": [sms(mia, ours, "inbound"), sms(omar, ours, "inbound"), sms(ours, mia, "outbound-api")]})
    assert [(each.channel, len(each.turns)) for each in parsed.conversations] == [("sms", 2), ("sms", 1)]
    assert not any("555" in each.conversation_id for each in parsed.conversations)


@pytest.mark.parametrize(
    "value",
    [
        {"messages": [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Hello"}]},
        {"id": "1", "turns": [{"speaker": "agent", "text": "Hello"}, {"speaker": "customer", "text": "Hi"}]},
        [{"conversation_id": "1", "role": "agent", "text": "Hello"}],
        [{"id": 1, "incoming": True, "text": "Hello"}, {"id": 1, "incoming": False, "text": "Hi"}],
        {"items": [{"name": "Lamp", "content": "A lamp"}]},
        {"a": 1},
        [],
    ],
)
def test_what_a_table_says_as_well_is_left_to_the_tables(value):
    assert not messages.sniff(document(value)).fits


def test_columns_that_the_user_names_make_a_table_of_it():
    value = two({"sender_type": "visitor", "private": True}, {"sender_type": "agent"})["messages"]
    assert len(spoken(read(value, columns={"text": "text", "role": "sender_type"}))) == 2


def test_every_member_becomes_a_turn_a_note_or_a_problem():
    value = two({"sender_type": "visitor"}, {"sender_type": "agent", "text": ""})
    value["messages"] += [{"type": "join", "sender_type": "agent", "text": "came"}]
    value["messages"] += [{**value["messages"][0], "text": f"Still here {at}"} for at in range(20)] + ["odd"]
    parsed = read(value)
    assert len(spoken(parsed)) == 21
    assert parsed.notes == ["events: 1 left out", "messages without words: 1 left out"]
    assert [problem.where for problem in parsed.problems] == ["message 24"]


def test_broken_lines_are_problems_and_the_others_are_read():
    lines = [json.dumps({"sender_type": "visitor", "message_parts": [{"text": {"content": "Hi"}}]})] * 2
    parsed = messages.parse(document("\n".join([lines[0], '{"text": ', lines[1]]), "m.jsonl"), ReadConfig())
    assert (len(spoken(parsed)), len(parsed.problems)) == (2, 1)


@pytest.mark.parametrize("path", [each for each in SAMPLES if each.suffix == ".json"], ids=lambda path: path.name)
@settings(max_examples=60, deadline=None)
@given(choices=st.data())
def test_values_of_any_type_are_no_surprise(path, choices):
    value = json.loads(path.read_text(encoding="utf-8"))
    for _ in range(choices.draw(st.integers(1, 3))):
        value = replaced(
            value,
            choices.draw(st.sampled_from([place for place, _ in places(value)])),
            choices.draw(st.sampled_from(ODD)),
        )
    try:
        messages.sniff(document(value))
        parsed = read(value)
    except InputError:
        return
    check(parsed)


def test_a_list_in_which_notes_are_told_apart_is_no_table():
    public = [{"ticket_id": 1, "author_id": 5, "body": "Hello", "public": True}] * 300
    assert messages.sniff(document(public)).fits


@pytest.mark.parametrize(
    "wrap",
    [
        lambda each: {"stream": "parts", "data": each, "emitted_at": 1770109200000},
        lambda each: {"type": "RECORD", "stream": "parts", "record": each},
    ],
)
def test_the_envelopes_of_replication_tools_are_opened(wrap):
    parts = [
        {
            "conversation_id": "7",
            "part_type": kind,
            "body": "<p>Hi</p>",
            "author": {"type": who},
            "created_at": 1770109200,
        }
        for kind, who in (("comment", "user"), ("comment", "admin"), ("note", "admin"), ("comment", "bot"))
    ]
    parsed = messages.parse(document("\n".join(json.dumps(wrap(each)) for each in parts), "p.jsonl"), ReadConfig())
    assert [role for role, _ in spoken(parsed)] == ["customer", "agent", "system"]
    assert parsed.conversations[0].conversation_id == "7"


def test_messages_of_several_customers_without_an_id_are_no_conversation():
    said = [
        {"sender_type": "visitor", "sender": {"name": name}, "text": "Hello", "private": False}
        for name in ("Mia", "Omar")
    ]
    parsed = read(said)
    assert parsed.conversations == []
    assert "several customers" in parsed.problems[0].what
    assert len(read([{**each, "conversation_id": 7} for each in said]).conversations) == 1

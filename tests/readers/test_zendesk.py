"""Zendesk tickets: who a comment's author is, what is no turn, and tickets in pieces."""

import json

import pytest

from empathy_scan.config import ReadConfig
from empathy_scan.errors import MalformedInputError
from empathy_scan.readers import zendesk
from empathy_scan.readers.files import Document


def read(value, name="t.json"):
    text = value if isinstance(value, str) else json.dumps(value)
    return zendesk.parse(Document(name, text.encode()), ReadConfig())


def ticket(*comments, **changes):
    return {
        "id": 7, "requester_id": 1, "submitter_id": 1, "assignee_id": 2, "via": {"channel": "email"},
        "created_at": "2026-03-02T09:00:00Z", "comments": list(comments), **changes,
    }  # fmt: skip


def comment(author, body, **changes):
    return {"author_id": author, "body": body, "public": True, "created_at": "2026-03-02T09:00:00Z", **changes}


def spoken(parsed):
    return [(str(turn.role), turn.text) for each in parsed.conversations for turn in each.turns]


@pytest.mark.parametrize(
    ("author", "changes", "role", "source"),
    [
        (1, {}, "customer", "requester_id"),
        (2, {}, "agent", "assignee_id"),
        (3, {"submitter_id": 3}, "agent", "submitter_id"),
        (3, {"submitter_id": 3, "requester_id": None}, "unknown", ""),
        (4, {}, "unknown", ""),
        (-1, {}, "system", "author_id"),
        (4, {"assignee": {"id": 4, "name": "Dana", "role": "admin"}}, "agent", "role of user"),
        (4, {"submitter": {"id": 4, "name": "Mia", "role": "end-user"}}, "customer", "role of user"),
    ],
)
def test_the_role_follows_from_the_ticket(author, changes, role, source):
    (conversation,) = read(ticket(comment(author, "Hello."), **changes)).conversations
    turn = conversation.turns[0]
    assert (turn.role, turn.role_source) == (role, source)
    assert turn.agent_id == (str(author) if role in {"agent", "unknown"} else None)


def test_ids_over_53_bits_stay_what_they_are():
    (conversation,) = read(ticket(comment(9007199254740993, "Hi."), assignee_id=9007199254740993)).conversations
    assert conversation.turns[0].agent_id == "9007199254740993"


@pytest.mark.parametrize("private", [False, "false", 0, [], {"x": 1}, "maybe"])
def test_what_is_not_surely_public_is_no_turn(private):
    parsed = read(ticket(comment(1, "Hello."), comment(2, "He is rude.", public=private)))
    assert spoken(parsed) == [("customer", "Hello.")]
    assert parsed.notes == ["private notes: 1 left out"]


def test_a_ticket_of_private_notes_alone_is_reported():
    parsed = read(ticket(comment(2, "He is rude.", public=False)))
    assert not parsed.conversations
    assert "without public words" in parsed.problems[0].what


def test_broken_comments_are_reported_and_the_rest_is_read():
    parsed = read(ticket(comment(1, "Hello."), "Hi", comment(2, ["Hi"])))
    assert spoken(parsed) == [("customer", "Hello.")]
    assert [problem.where for problem in parsed.problems] == ["comment 2", "comment 3"]


def test_a_broken_line_is_reported_with_its_number():
    parsed = read(
        "\n".join([json.dumps(ticket(comment(1, "A."))), "{broken}", json.dumps(ticket(comment(1, "B."), id=8))])
    )
    assert [each.place for each in parsed.conversations] == ["line 1", "line 3"]
    assert "line 2" in parsed.problems[0].where


def test_comments_are_in_order_of_time_and_those_of_one_moment_in_that_of_the_file():
    late, early = "2026-03-02T11:00:00Z", "2026-03-02T10:00:00Z"
    parsed = read(
        ticket(comment(2, "C", created_at=late), comment(1, "A", created_at=early), comment(1, "B", created_at=early))
    )
    assert [(turn.text, turn.start) for turn in parsed.conversations[0].turns] == [
        ("A", 3600),
        ("B", 3600),
        ("C", 7200),
    ]


def test_the_ticket_of_a_page_of_comments_is_in_the_address_of_the_next_page():
    page = {
        "comments": [comment(1, "Hi.")],
        "next_page": "https://x.example/api/v2/tickets/99/comments.json?page=2",
    }
    parsed = read(page)
    assert parsed.conversations[0].conversation_id == "99"
    assert "further pages" in parsed.notes[0]


def test_events_of_one_ticket_are_joined_over_the_pages_of_a_file():
    def page(text, author):
        child = {"event_type": "Comment", "body": text, "public": True}
        return {
            "ticket_events": [{"ticket_id": 5, "timestamp": 1772582400, "updater_id": author, "child_events": [child]}]
        }

    users = {"users": [{"id": 1, "role": "end-user"}, {"id": 2, "role": "agent"}]}
    parsed = read("\n".join(json.dumps(each) for each in (page("Hello?", 1) | users, page("Hi.", 2))))
    assert spoken(parsed) == [("customer", "Hello?"), ("agent", "Hi.")]


@pytest.mark.parametrize(
    ("body", "times"),
    [
        ("(10:02:11) Mia: Hello?\n(10:02:31) Dana: Hi.", [0, 20]),
        ("(10:02) Mia: Hello?\n(10:04) Dana: Hi.", [0, 120]),
        ("(11:59:50 PM) Mia: Hello?\n(12:00:10 AM) Dana: Hi.", [0, 20]),
        ("( 5s ) Mia: Hello?\n( 1m 2s ) Dana: Hi.", [5, 62]),
    ],
)
def test_a_chat_within_a_comment_becomes_its_turns(body, times):
    users = {"requester": {"id": 1, "name": "Mia"}, "assignee": {"id": 2, "name": "Dana"}}
    (conversation,) = read(ticket(comment(-1, body), **users)).conversations
    assert [(turn.role, turn.text) for turn in conversation.turns] == [("customer", "Hello?"), ("agent", "Hi.")]
    assert [turn.start for turn in conversation.turns] == times
    assert conversation.channel == "chat"
    assert conversation.turns[1].agent_id == "2"


def test_namesakes_get_no_id_in_a_chat():
    people = [{"id": 2, "name": "Dana", "role": "agent"}, {"id": 3, "name": "Dana", "role": "agent"}]
    chat = comment(-1, "(10:02:11) Mia: Hello?\n(10:02:31) Dana: Hi.")
    page = {"tickets": [ticket(chat, assignee_id=9)], "users": people}
    (turn,) = (turn for turn in read(page).conversations[0].turns if turn.role == "agent")
    assert turn.agent_id is None


def test_one_time_in_brackets_amid_a_letter_makes_no_chat():
    body = "I called today.\n(10:02) Nobody answered: why?\nMia"
    assert len(read(ticket(comment(1, body))).conversations[0].turns) == 1


def test_an_answered_call_without_labels_is_nobodys():
    call = comment(2, "Call", type="VoiceComment", data={"answered_by_id": 2, "transcription_text": "Hello hello"})
    assert spoken(read(ticket(call))) == [("unknown", "Hello hello")]


def test_a_call_without_transcript_is_counted():
    parsed = read(ticket(comment(1, "Hi."), comment(2, "Call from +44", type="VoiceComment", data={})))
    assert spoken(parsed) == [("customer", "Hi.")]
    assert parsed.notes == ["calls without a transcript: 1 left out"]


def test_plain_bodies_keep_addresses_and_lose_entities():
    said = comment(1, None, plain_body="Write to Mia &lt;mia@example.org&gt;,&nbsp;please.")
    assert spoken(read(ticket(said))) == [("customer", "Write to Mia <mia@example.org>, please.")]


@pytest.mark.parametrize(
    ("via", "channel"),
    [("web", "other"), ("web_service", "other"), ("sms", "sms"), ("native_messaging", "chat"), ("voice", "call"),
     ("whatsapp", "chat"), ("twitter", "social"), ("facebook_messenger", "social"), ("nonsense", "other"),
     (7, "other")],
)  # fmt: skip
def test_the_channel_is_that_of_the_ticket(via, channel):
    assert read(ticket(comment(1, "Hi."), via={"channel": via})).conversations[0].channel == channel


def audit(ticket_id, *events, **changes):
    return {"id": 1, "ticket_id": ticket_id, "author_id": 5, "created_at": "2026-03-02T09:00:00Z",
            "via": {"channel": "email"}, "events": list(events), **changes}  # fmt: skip


def said_in_event(author, body):
    return {"type": "Comment", "author_id": author, "body": body, "public": True}


def test_audits_tell_who_asked_and_who_was_ever_assigned():
    changes = [
        {"type": "Create", "field_name": "requester_id", "value": "5"},
        {"type": "Change", "field_name": "assignee_id", "value": "6"},
        {"type": "Change", "field_name": "assignee_id", "value": "7", "previous_value": "6"},
    ]
    words = [said_in_event(author, f"Words of {author}.") for author in (5, 6, 7, 8)]
    parsed = read({"audits": [audit(4711, *changes, *words)]})
    assert [role for role, _ in spoken(parsed)] == ["customer", "agent", "agent", "unknown"]


def test_a_single_audit_is_an_audit():
    (conversation,) = read({"audit": audit(4711, said_in_event(5, "Hello."))}).conversations
    assert (conversation.conversation_id, len(conversation.turns)) == ("4711", 1)


XML = """<?xml version="1.0"?><tickets type="array"><ticket><nice-id type="integer">7</nice-id>
<requester-id type="integer">1</requester-id><submitter-id type="integer">1</submitter-id><comments type="array">
<comment><author-id type="integer">1</author-id><is-public type="boolean">true</is-public><value>a &lt; b</value>
</comment></comments></ticket></tickets>"""


def test_xml_is_read_like_json():
    assert zendesk.sniff(Document("tickets.xml", XML.encode())).fits
    assert spoken(read(XML, "tickets.xml")) == [("customer", "a < b")]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (XML[:-40], "not valid XML"),
        (XML.replace("<tickets", "<!DOCTYPE x><tickets"), "entities"),
    ],
)
def test_broken_xml_is_refused_with_its_reason(text, reason):
    with pytest.raises(MalformedInputError, match=reason):
        read(text, "tickets.xml")


def test_a_chat_by_itself_or_among_docs_is_a_conversation():
    line = {
        "type": "chat.msg",
        "name": "Dana",
        "nick": "agent:12",
        "msg": "Hello.",
        "timestamp": "2026-03-02T09:00:05Z",
    }
    chat = {"id": "c-1", "timestamp": "2026-03-02T09:00:00Z", "history": [line, {**line, "nick": "visitor"}]}
    for value in (chat, {"docs": {"c-1": chat}}, {"chats": [chat]}):
        (conversation,) = read(value).conversations
        assert [(turn.role, turn.agent_id) for turn in conversation.turns] == [("agent", "12"), ("customer", None)]
        assert conversation.conversation_id == "c-1"


def test_a_chat_without_words_is_a_problem():
    parsed = read({"chats": [{"id": "c-1", "history": [{"type": "chat.memberjoin", "name": "Dana"}]}]})
    assert [problem.what for problem in parsed.problems] == ["a chat without words"]

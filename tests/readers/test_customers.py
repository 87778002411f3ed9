"""Who the customer is, as exports say it beside the turns."""

import json

import pytest

from empathy_scan import readers
from empathy_scan.config import ReadConfig
from empathy_scan.readers import customers


@pytest.mark.parametrize(
    "name", ["customer_id", "Customer E-mail", "phone", "ANI", "callerNumber", "contact_email", "Kundennummer"]
)
def test_columns_of_customers_are_known(name):
    assert customers.is_customers(name)


@pytest.mark.parametrize("name", ["text", "agent_email", "contact_id", "conversation_id", "queue", "user_id", "name"])
def test_other_columns_are_not(name):
    assert not customers.is_customers(name)


@pytest.mark.parametrize(
    "said",
    [
        {"requester": {"id": 35436, "email": "jo@example.com"}, "assignee": {"email": "tom@larkfield.example"}},
        {"requester_id": 35436, "customer": {"emailAddress": "jo@example.com"}},
        {"contacts": {"contacts": [{"type": "contact", "id": "35436", "email": "jo@example.com"}]}},
        {
            "participants": [
                {"purpose": "customer", "name": "35436", "address": "jo@example.com"},
                {"purpose": "agent", "name": "Tom", "address": "tom@larkfield.example"},
                {"name": "Nobody knows whose", "email": "who@example.org"},
            ]
        },
        {
            "parties": [
                {"role": "customer", "mailto": "jo@example.com", "uuid": "35436"},
                {"role": "agent", "mailto": "tom@larkfield.example"},
            ]
        },
    ],
    ids=["zendesk", "flat", "intercom", "genesys", "vcon"],
)
def test_objects_tell_their_customer_and_nobody_else(said):
    assert customers.of_object(said) == {"35436", "jo@example.com"}


def people(path, text):
    """What is read of customers beside the turns of a file."""
    path.write_text(text, encoding="utf-8")
    return set(readers.read([path], ReadConfig()).people.rows())


def test_columns_of_a_table_are_read(tmp_path):
    rows = "chat_id,sender,role,text,customer_id\n1,Jo,customer,My bed never came.,C-42\n1,Tom,agent,I am sorry.,C-42\n"
    assert people(tmp_path / "chats.csv", rows) == {("1", "C-42")}


def test_nested_objects_of_a_conversation_are_read(tmp_path):
    turns = [{"role": "customer", "text": "My bed never came."}, {"role": "agent", "text": "I am sorry to hear it."}]
    chat = {"conversation_id": "1", "customer": {"email": "jo@example.com"}, "turns": turns}
    assert people(tmp_path / "chats.json", json.dumps([chat, {**chat, "conversation_id": "2"}])) == {
        ("1", "jo@example.com"), ("2", "jo@example.com"),
    }  # fmt: skip


def test_users_beside_the_tickets_of_zendesk_are_read(tmp_path):
    users = [
        {"id": 7, "name": "Jo Marsh", "email": "jo@example.com", "role": "end-user"},
        {"id": 8, "name": "Tom Brennan", "email": "tom@larkfield.example", "role": "agent"},
    ]
    comments = [
        {"id": 1, "author_id": 7, "body": "My bed never came.", "public": True, "created_at": "2026-10-01T10:00:00Z"},
        {"id": 2, "author_id": 8, "body": "I am so sorry.", "public": True, "created_at": "2026-10-01T11:00:00Z"},
    ]
    ticket = {"id": 42, "requester_id": 7, "assignee_id": 8, "comments": comments, "created_at": "2026-10-01T10:00:00Z"}
    read = people(tmp_path / "tickets.json", json.dumps({"tickets": [ticket], "users": users}))
    assert {name for _, name in read} == {"7", "Jo Marsh", "jo@example.com"}


def test_people_of_a_mail_are_read(tmp_path):
    mail = (
        "From: Jo Marsh <jo@example.com>\nTo: support@larkfield.example\nSubject: Bed\nMessage-ID: <1@example.com>\n"
        "Date: Thu, 01 Oct 2026 10:00:00 +0000\n\nMy bed never came.\n"
    )
    assert {name for _, name in people(tmp_path / "bed.eml", mail)} == {"jo@example.com", "support@larkfield.example"}

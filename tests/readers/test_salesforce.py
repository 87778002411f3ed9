"""Salesforce tables: cases of mails and comments, chats in a cell, ids, and who is the agent."""

import csv
import io
import json

import pytest

from empathy_scan.config import ReadConfig
from empathy_scan.errors import MalformedInputError
from empathy_scan.readers import salesforce, salesforce_chat
from empathy_scan.readers.files import Document

OWNER = "005Ax000000DaNaIAK"


def table(rows, **format_):
    written = io.StringIO(newline="")
    header = list(dict.fromkeys(name for row in rows for name in row))
    writer = csv.DictWriter(written, header, quoting=csv.QUOTE_ALL, **format_)
    writer.writeheader()
    writer.writerows(rows)
    return written.getvalue()


def read(rows, encoding="utf-8", **format_):
    return salesforce.parse(Document("e.csv", table(rows, **format_).encode(encoding)), ReadConfig())


def mail(**changes):
    return {"Id": "02s1", "ParentId": "c1", "Incoming": "true", "TextBody": "Hello.", "HtmlBody": "",
            "FromName": "Joe", "FromAddress": "joe@example.org", "MessageDate": "2026-03-11T08:00:00.000Z",
            **changes}  # fmt: skip


def chat(body, **changes):
    return {
        "Id": "570A",
        "ChatKey": "k",
        "OwnerId": OWNER,
        "StartTime": "2026-03-11T10:00:00.000Z",
        "Body": body,
        **changes,
    }


def spoken(parsed):
    return [(str(turn.role), turn.text) for each in parsed.conversations for turn in each.turns]


@pytest.mark.parametrize(
    ("short", "safe"),
    [
        ("500Ax000001bCdE", "500Ax000001bCdEIAU"),
        ("500Ax000001bCdEIAU", "500Ax000001bCdEIAU"),
        ("", None),
        ("c-1", "c-1"),
    ],
)
def test_ids_of_15_characters_are_those_of_18(short, safe):
    assert salesforce_chat.safe_id(short) == safe


def test_two_cases_whose_ids_differ_in_case_only_stay_two():
    parsed = read([mail(ParentId="500Ax000001bCdE"), mail(ParentId="500Ax000001bcde")])
    assert len({each.conversation_id.casefold() for each in parsed.conversations}) == 2


@pytest.mark.parametrize(
    ("word", "role"), [("true", "customer"), ("1", "customer"), ("FALSE", "agent"), ("0", "agent"), ("", "unknown")]
)
def test_incoming_tells_the_role(word, role):
    assert spoken(read([mail(Incoming=word)])) == [(role, "Hello.")]


def test_an_agents_mail_belongs_to_the_user_who_made_it_else_to_its_sender():
    rows = [mail(Incoming="false", CreatedById=OWNER), mail(Incoming="false", CreatedById="")]
    assert [turn.agent_id for turn in read(rows).conversations[0].turns] == [OWNER, "Joe"]


def test_a_mail_whose_text_is_empty_is_read_from_its_html():
    assert spoken(read([mail(TextBody=" ", HtmlBody="<p>Hello.</p><blockquote>old</blockquote>")])) == [
        ("customer", "Hello.")
    ]


@pytest.mark.parametrize("changes", [{"Headers": "Auto-Submitted: auto-replied"}, {"Subject": "Out of office"}])
def test_automatic_mails_are_nobodys(changes):
    assert spoken(read([mail(**changes)])) == [("system", "Hello.")]


@pytest.mark.parametrize("changes", [{"Status": "5"}, {"Status": "Draft"}, {"IsDeleted": "true"}])
def test_drafts_and_deleted_mails_are_left_out(changes):
    parsed = read([mail(), mail(TextBody="No.", **changes)])
    assert spoken(parsed) == [("customer", "Hello.")]
    assert parsed.notes == ["drafts and deleted mails: 1 left out"]


def test_other_delimiters_encodings_and_labels_of_columns_are_read():
    rows = [
        {"Parent ID": "c1", "Is Incoming": "1", "Text Body": "Grüße;\nbis bald", "Message Date": "25/03/2026 09:14"}
    ]
    parsed = read(rows, encoding="utf-16", delimiter=";")
    assert spoken(parsed) == [("customer", "Grüße;\nbis bald")]
    assert parsed.conversations[0].started_at.isoformat() == "2026-03-25T09:14:00+00:00"


def test_long_cells_of_many_lines_are_one_turn():
    text = 'A line, with "quotes".\n' * 20_000
    assert spoken(read([mail(TextBody=text), mail(TextBody="Short.")])) == [
        ("customer", text.strip()),
        ("customer", "Short."),
    ]


def test_texts_that_excel_has_cut_are_noted():
    assert "Excel cuts" in read([mail(TextBody="x" * 32_767)]).notes[0]


def test_a_table_of_something_else_is_refused():
    with pytest.raises(MalformedInputError, match="EmailMessage"):
        read([{"a": "1", "b": "2"}])


def test_the_agent_of_a_chat_is_named_by_its_header():
    parsed = read([chat('<p align="center">Agent Dana L</p>( 2s ) Dana L: Hi.<br>( 5s ) Joe: Hello.')])
    assert spoken(parsed) == [("agent", "Hi."), ("customer", "Hello.")]
    assert parsed.conversations[0].turns[0].agent_id == OWNER


def test_the_header_of_a_chat_in_plain_text_is_no_turn():
    started = "Chat Started: Wednesday, March 11, 2026, 10:00:00 (+0000)"
    body = f"{started}\nChat Origin: Web\nAgent Dana\n( 2s ) Dana: Hi.\n( 5s ) Joe: Hello."
    parsed = read([chat(body, StartTime="")])
    assert spoken(parsed) == [("agent", "Hi."), ("customer", "Hello.")]
    assert parsed.conversations[0].started_at.isoformat() == "2026-03-11T10:00:00+00:00"


def test_the_owners_name_tells_the_agent_also_by_the_first_name():
    parsed = read([chat("( 2s ) Dana: Hi.<br>( 5s ) Joe: Hello.", **{"Owner.Name": "Dana Lopez"})])
    assert spoken(parsed) == [("agent", "Hi."), ("customer", "Hello.")]
    assert parsed.conversations[0].turns[0].agent_id == OWNER


def test_of_two_other_names_nobody_is_the_customer_unless_the_export_names_one():
    body = '<p align="center">Agent Dana</p>( 1s ) Pim: Hi.<br>( 2s ) Joe: Help!<br>( 9s ) Dana: Hello.'
    assert [role for role, _ in spoken(read([chat(body)]))] == ["unknown", "unknown", "agent"]
    named = read([chat(body, **{"Contact.Name": "Joe"})])
    assert [role for role, _ in spoken(named)] == ["unknown", "customer", "agent"]


def test_without_a_known_agent_nobody_is_guessed():
    assert [role for role, _ in spoken(read([chat("( 1s ) Ann: Hi.<br>( 2s ) Joe: Help!")]))] == ["unknown", "unknown"]


def test_a_chat_owned_by_a_queue_has_its_agents_by_name():
    conversation = read(
        [chat("( 2s ) Agent Dana: Hi.<br>( 5s ) Visitor: Hello.", OwnerId="00GAx000000Que1")]
    ).conversations[0]
    assert conversation.queue == "00GAx000000Que1MAC"
    assert [turn.agent_id for turn in conversation.turns] == ["Dana", None]


def test_comments_without_the_kind_of_user_have_unknown_roles():
    rows = [{"ParentId": "c1", "CommentBody": "Hi.", "CreatedById": OWNER, "IsPublished": "true"}]
    turn = read(rows).conversations[0].turns[0]
    assert (turn.role, turn.agent_id) == ("unknown", OWNER)


def in_json(value):
    document = Document("q.json", (value if isinstance(value, str) else json.dumps(value)).encode())
    assert salesforce.sniff(document).fits
    return salesforce.parse(document, ReadConfig())


def record(**changes):
    return {"attributes": {"type": "EmailMessage"}, **mail(Incoming=True), **changes}


@pytest.mark.parametrize(
    "wrap",
    [
        lambda records: {"totalSize": 2, "done": True, "records": records},
        lambda records: {"status": 0, "result": {"records": records}},
        lambda records: records,
        lambda records: "\n".join(map(json.dumps, records)),
    ],
)
def test_records_are_found_in_the_answers_of_the_apis(wrap):
    records = [record(), record(Incoming=False, TextBody="Hi.", MessageDate="2026-03-11T09:00:00.000+0000")]
    (conversation,) = in_json(wrap(records)).conversations
    assert [(turn.role, turn.start) for turn in conversation.turns] == [("customer", 0.0), ("agent", 3600.0)]


def test_the_mails_of_a_case_belong_to_it():
    one = {name: value for name, value in record().items() if name != "ParentId"}
    case = {"attributes": {"type": "Case"}, "Id": "5005e00000QqRrSAAV", "EmailMessages": {"records": [one]}}
    assert [each.conversation_id for each in in_json({"records": [case]}).conversations] == ["5005e00000QqRrSAAV"]


def test_who_wrote_a_comment_may_stand_in_an_object():
    comment = {"ParentId": "c1", "CommentBody": "Hello.", "IsPublished": True, "CreatedDate": "2026-03-11T08:00:00Z",
               "CreatedBy": {"Name": "Dana", "UserType": "Standard"}, "CreatedById": OWNER}  # fmt: skip
    (turn,) = in_json({"records": [comment]}).conversations[0].turns
    assert (turn.role, turn.speaker, turn.agent_id) == ("agent", "Dana", OWNER)


PAYLOAD = {"abstractMessage": {"staticContent": {"formatType": "Text", "text": "My card is gone."}}}


@pytest.mark.parametrize("payload", [PAYLOAD, json.dumps(PAYLOAD)])
def test_the_words_of_an_enhanced_conversation_stand_in_its_payload(payload):
    entry = {"identifier": "e", "conversationId": "c", "entryPayload": payload, "transcriptedTimestamp": 1770109200000,
             "sender": {"role": "EndUser", "subject": "x"}}  # fmt: skip
    (turn,) = in_json({"conversationEntries": [entry]}).conversations[0].turns
    assert (turn.role, turn.text) == ("customer", "My card is gone.")


def test_a_table_of_enhanced_conversations_holds_json_in_its_cells():
    row = {"identifier": "e", "conversation_identifier": "c", "entry_type": "MESSAGE",
           "entry_payload": json.dumps(PAYLOAD), "sender": '{"role": "Agent", "subject": "0051"}',
           "transcripted_timestamp": "2026-03-11T08:00:00.000Z", "sender_display_name": "Dana"}  # fmt: skip
    (turn,) = read([row, {**row, "entry_payload": "{}", "sender": ""}]).conversations[0].turns
    assert (turn.role, turn.speaker, turn.text) == ("agent", "Dana", "My card is gone.")

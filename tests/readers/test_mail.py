"""Mails, mailboxes and threads over files."""

from datetime import UTC, datetime
from email.message import EmailMessage
from email.utils import format_datetime

import pytest

from empathy_scan.readers.mail import strip_prefixes


def mail(number, sender, text, *, answers=(), subject="Parcel", day=5, **headers):
    lines = [
        f"From: {sender}",
        "To: Larkfield <help@larkfield.example>, Jo Fenn <jo@example.org>",
        f"Message-ID: <m{number}@example.org>",
        f"Date: {format_datetime(datetime(2026, 10, day, 9, number, tzinfo=UTC))}",
        f"Subject: {subject}",
        *([f"In-Reply-To: <m{answers[-1]}@example.org>"] if answers else []),
        *([f"References: {' '.join(f'<m{one}@example.org>' for one in answers)}"] if answers else []),
        *(f"{name.replace('_', '-')}: {value}" for name, value in headers.items()),
        "",
        text,
    ]
    return "\r\n".join(line for line in lines if not line.startswith("None"))


CUSTOMER, AGENT = "Jo Fenn <jo@example.org>", '"Osei, Maya" <maya.osei@larkfield.example>'
THREAD = {
    "b.eml": mail(1, CUSTOMER, "Where is it?"),
    "a.eml": mail(2, AGENT, "I ask the driver.\r\n\r\nOn 5 Oct 2026, Jo wrote:\r\n> Where is it?", answers=(1,)),
    "c.eml": mail(3, CUSTOMER, "Thank you.", answers=(1, 2), day=6),
}


def test_mails_of_a_thread_are_one_conversation_over_files(scan):
    reading = scan(THREAD)
    assert reading.rejects.is_empty()
    assert reading.turns.select("conversation_id", "text", "start").rows() == [
        ("m1@example.org", "Where is it?", 0.0),
        ("m1@example.org", "I ask the driver.", 60.0),
        ("m1@example.org", "Thank you.", 86_520.0),
    ]
    assert reading.turns["channel"].unique().to_list() == ["email"]
    assert reading.turns["started_at"][0] == datetime(2026, 10, 5, 9, 1, tzinfo=UTC)


def test_speakers_are_addresses_and_agents_display_names(scan):
    turns = scan(THREAD).turns
    assert turns["speaker"].to_list() == ["jo@example.org", "maya.osei@larkfield.example", "jo@example.org"]
    assert turns["agent_id"].to_list() == ["Jo Fenn", "Osei, Maya", "Jo Fenn"]
    assert turns["role"].unique().to_list() == ["unknown"]


@pytest.mark.parametrize(
    "settings",
    [
        {"agent_domains": ("larkfield.example",)},
        {"agent_domains": ("@Example",)},
        {"agent_addresses": ("Maya.Osei@larkfield.example",)},
    ],
)
def test_agent_domains_and_addresses_tell_the_roles(scan, settings):
    turns = scan(THREAD, **settings).turns
    assert turns["role"].to_list() == ["customer", "agent", "customer"]
    assert turns["role_source"].unique().to_list() == ["agent domain"]
    assert turns["agent_id"].to_list() == [None, "Osei, Maya", None]


def test_a_domain_that_only_ends_alike_is_not_the_agents(scan):
    turns = scan(THREAD, agent_domains=("field.example",)).turns
    assert turns["role"].unique().to_list() == ["customer"]


def test_a_thread_is_called_by_its_first_mail_also_when_that_is_missing(scan):
    turns = scan({"c.eml": THREAD["c.eml"]}).turns
    assert turns["conversation_id"].to_list() == ["m1@example.org"]


def test_replies_without_references_join_by_subject_and_people(scan):
    files = {
        "1.eml": mail(1, CUSTOMER, "Where is it?", subject="Parcel"),
        "2.eml": mail(2, AGENT, "Soon.", subject="RE: [EXTERNAL] AW: parcel"),
        "3.eml": mail(3, CUSTOMER, "Another matter.", subject="Parcel"),
    }
    turns = scan(files).turns
    assert turns.select("conversation_id", "text").rows() == [
        ("m1@example.org", "Where is it?"),
        ("m1@example.org", "Soon."),
        ("m3@example.org", "Another matter."),
    ]


def test_outlooks_thread_index_joins(scan):
    root = "AdxPq1dLk3mCq0cJRk2M6n1b9yZg7w"
    files = {
        "1.eml": mail(1, CUSTOMER, "Where is it?", Thread_Index=f"{root}=="),
        "2.eml": mail(2, AGENT, "Soon.", subject="Your parcel", Thread_Index=f"{root}AAAAAB"),
    }
    assert scan(files).turns["conversation_id"].n_unique() == 1


def test_a_second_copy_of_a_mail_is_reported_and_read_once(scan):
    reading = scan({**THREAD, "sent/b.eml": THREAD["b.eml"]})
    assert reading.turns.height == 3
    (row,) = reading.rejects.to_dicts()
    assert row["source"] == "sent/b.eml"
    assert "duplicate of conversation 'm1@example.org' in b.eml" in row["reason"]


@pytest.mark.parametrize(
    "headers",
    [
        {"Auto_Submitted": "auto-replied"},
        {"X_Autoreply": "yes"},
        {"Precedence": "bulk"},
        {"X_Failed_Recipients": "a@b.example"},
    ],
)
def test_automatic_mails_are_system(scan, headers):
    turns = scan({"a.eml": mail(1, AGENT, "I am away.", **headers)}, agent_domains=("larkfield.example",)).turns
    assert turns.select("role", "role_source").rows() == [("system", "automatic mail")]


@pytest.mark.parametrize(
    ("sender", "subject"),
    [("MAILER-DAEMON@mx.example", "Parcel"), (AGENT, "Automatic reply: Parcel"), (AGENT, "Out of Office")],
)
def test_bounces_and_notes_of_absence_are_system(scan, sender, subject):
    assert scan({"a.eml": mail(1, sender, "Not delivered.", subject=subject)}).turns["role"].to_list() == ["system"]


def test_mails_that_a_help_desk_generates_from_what_agents_write_are_no_auto_replies(scan):
    assert scan({"a.eml": mail(1, AGENT, "Hello.", Auto_Submitted="auto-generated")}).turns["role"].to_list() == [
        "unknown"
    ]


def test_a_mail_that_is_html_only_is_read(said):
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = "a@b.example", "c@d.example", "Hi"
    message.set_content("<p>The lid&nbsp;leaks.</p><blockquote>old</blockquote>", subtype="html")
    assert said(bytes(message), "a.eml") == [("unknown", "The lid leaks.")]


def test_of_plain_text_and_html_one_is_read_and_attachments_are_not(said):
    message = EmailMessage()
    message["From"], message["To"] = "a@b.example", "c@d.example"
    message.set_content("Plain words.")
    message.add_alternative("<p>HTML words.</p>", subtype="html")
    message.add_attachment("Attached words.", filename="a.txt")
    assert said(bytes(message), "a.eml") == [("unknown", "Plain words.")]


def test_html_is_read_where_the_plain_text_is_a_stub(said):
    message = EmailMessage()
    message["From"], message["To"] = "a@b.example", "c@d.example"
    message.set_content("Your mail program does not support HTML.")
    message.add_alternative("<p>HTML words.</p>", subtype="html")
    assert said(bytes(message), "a.eml") == [("unknown", "HTML words.")]


@pytest.mark.parametrize(
    ("charset", "raw"),
    [
        ("iso-8859-1", "Grüße – schön".encode("cp1252")),
        ("x-unknown", "Grüße – schön".encode()),
        ("us-ascii", "Grüße – schön".encode("cp1252")),
        ("no-such-charset", "Grüße – schön".encode("cp1252")),
        ("utf-8", "Grüße – schön".encode("cp1252")),
    ],
)
def test_charsets_that_are_wrong_or_unknown_are_survived(said, charset, raw):
    head = f"From: a@b.example\nTo: c@d.example\nContent-Type: text/plain; charset={charset}\n\n"
    assert said(head.encode() + raw, "a.eml") == [("unknown", "Grüße – schön")]


@pytest.mark.parametrize(
    "header",
    [
        "Message-ID: <[x@host]>",
        "Message-ID: no brackets",
        "Date: yesterday",
        "Date: Mon, 99 Foo 2026 99:99:99 +9999",
        "Subject: =?bogus?Q?=E4?=",
        "References: <a@b",
        "In-Reply-To: Your message of Monday",
        'Content-Type: text/plain; charset="',
        "Content-Transfer-Encoding: nonsense",
    ],
)  # fmt: skip
def test_broken_headers_are_survived(said, header):
    content = f"From: Jo <jo@example.org>\nTo: a@b.example\n{header}\n\nWhere is it?\n"
    assert said(content, "a.eml") == [("unknown", "Where is it?")]


def test_encoded_names_are_decoded(scan):
    date = "Mon, 5 Oct 2026 10:00:00 +0200"
    content = f"From: =?utf-8?Q?Zo=C3=AB_Ach?= <zoe@example.org>\nTo: a@b.example\nDate: {date}\n\nHello\n"
    turns = scan({"a.eml": content}).turns
    assert turns["agent_id"].to_list() == ["Zoë Ach"]
    assert turns["started_at"][0] == datetime(2026, 10, 5, 8, tzinfo=UTC)


def test_soft_line_breaks_are_joined(said):
    head = "From: a@b.example\nTo: c@d.example\nContent-Type: text/plain; format=flowed\n\n"
    assert said(head + "One long \nline.\nAnother.\n", "a.eml") == [("unknown", "One long line.\nAnother.")]


def test_a_mailbox_is_read_mail_by_mail(scan):
    box = "".join(
        f"From jo@example.org Mon Oct  5 09:00:00 2026\n{content}\n\n"
        for content in (*THREAD.values(), mail(9, CUSTOMER, ">From the shop I hear nothing.", subject="Other"))
    )
    turns = scan({"all.mbox": box}).turns
    assert turns["format"].unique().to_list() == ["mbox"]
    assert turns["conversation_id"].unique().sort().to_list() == ["m1@example.org", "m9@example.org"]
    assert turns.filter(conversation_id="m9@example.org")["text"].to_list() == ["From the shop I hear nothing."]


def test_what_is_forced_to_be_a_mailbox_and_is_none_is_rejected(scan):
    (row,) = scan({"a.txt": "Hello\n"}, format="mbox").rejects.to_dicts()
    assert row["reason"] == "no mbox `From ` line"


def test_a_mail_of_quotes_only_is_rejected(scan):
    (row,) = scan({"a.eml": mail(1, CUSTOMER, "> old")}).rejects.to_dicts()
    assert "no words of its own" in row["reason"]


def test_mails_without_ids_are_known_by_what_they_say(scan):
    content = "From: jo@example.org\nTo: a@b.example\nSubject: x\n\nHello\n"
    assert scan({"a.eml": content}).turns["conversation_id"][0].startswith("mail-")


@pytest.mark.parametrize(
    ("subject", "bare"),
    [
        ("Re: Fwd: AW: Parcel", ("parcel", True)),
        ("[EXTERNAL] Parcel", ("parcel", False)),
        ("Re[2]: [Ticket #4411] Parcel", ("parcel", True)),
        ("Reminder: pay", ("reminder: pay", False)),
    ],
)
def test_subjects_lose_their_prefixes(subject, bare):
    assert strip_prefixes(subject) == bare

# ruff: noqa: E501 - lines as programs write them
"""Mails as servers, help desks and mailboxes write them: senders, dates, machines, encodings, threads, mbox variants."""

import base64
import quopri
from datetime import UTC, datetime

import pytest

DATE = "Mon, 05 Oct 2026 10:12:00 +0100"


def mail(text="The parcel is late.", *, sender="Jo Fenn <jo@example.org>", to="help@larkfield.example", **headers):
    fields = {"From": sender, "To": to, "Subject": "Parcel", "Date": DATE, "Message-ID": "<m1@example.org>"}
    fields |= {name.replace("_", "-"): value for name, value in headers.items()}
    head = "\r\n".join(f"{name}: {value}" for name, value in fields.items() if value is not None)
    return f"{head}\r\n\r\n{text}"


def encoded(raw, charset, transfer="8bit"):
    head = mail("", Content_Type=f"text/plain; charset={charset}", Content_Transfer_Encoding=transfer)
    body = {"8bit": bytes, "base64": base64.encodebytes, "quoted-printable": quopri.encodestring}[transfer](raw)
    return head.encode() + body


def multipart(kind, *parts, **headers):
    body = "".join(f"--b\r\nContent-Type: {content}\r\n\r\n{text}\r\n" for content, text in parts)
    return mail(f"{body}--b--\r\n", MIME_Version="1.0", Content_Type=f'{kind}; boundary="b"', **headers)


@pytest.mark.parametrize("transfer", ["8bit", "base64", "quoted-printable"])
@pytest.mark.parametrize(
    ("charset", "text"),
    [
        ("iso-8859-15", "Die Kanne kostet 40 € und tropft."), ("windows-1252", "It’s late – again."),
        ("windows-1251", "Посылка не пришла."), ("koi8-r", "Посылка не пришла."), ("gb2312", "包裹还没有到。"),
        ("big5", "包裹還沒有到。"), ("iso-2022-jp", "荷物がまだ届きません。"), ("shift_jis", "荷物がまだ届きません。"),
        ("euc-kr", "택배가 아직 안 왔어요."), ("iso-8859-2", "Paczka nie dotarła."), ("utf-16", "The parcel is late."),
    ],
)  # fmt: skip
def test_charsets_and_transfer_encodings_are_read(said, charset, text, transfer):
    if charset == "utf-16" and transfer != "base64":
        return
    assert said(encoded(text.encode(charset), charset, transfer), "a.eml", languages=("any",)) == [("unknown", text)]


def test_utf_7_is_refused(scan):
    reading = scan({"a.eml": encoded("Grüße".encode("utf-7"), "utf-7")})
    assert reading.turns.is_empty()
    assert reading.rejects["reason"].to_list() == ["the mail is in the charset UTF-7, which is not read"]


@pytest.mark.parametrize("charset", ["unicode_escape", "idna", "rot13", "zlib", "x-nothing", ""])
def test_names_that_are_no_charsets_are_passed_over(said, charset):
    assert said(encoded(b"The parcel is late \\x41.", charset), "a.eml") == [("unknown", "The parcel is late \\x41.")]


@pytest.mark.parametrize(
    ("headers", "speaker", "agent"),
    [
        ({"sender": "=?UTF-8?B?SsO2IEZlbm4=?= <jo@example.org>"}, "jo@example.org", "Jö Fenn"),
        ({"sender": "=?iso-8859-1?Q?J=F6_?= =?iso-8859-1?Q?Fenn?= <jo@example.org>"}, "jo@example.org", "Jö Fenn"),
        ({"sender": '"Osei, Maya" <maya@larkfield.example>'}, "maya@larkfield.example", "Osei, Maya"),
        ({"sender": '"Maya Osei (Larkfield)" <help@larkfield.example>'}, "help@larkfield.example", "Maya Osei"),
        ({"sender": "'Jo Fenn' via Help <help@larkfield.example>", "X_Original_From": "Jo Fenn <jo@example.org>"},
         "jo@example.org", "Jo Fenn"),
        ({"sender": "\"'Jo Fenn' via Help\" <help@larkfield.example>", "Reply_To": "jo@example.org"}, "jo@example.org", "Jo Fenn"),
        ({"sender": "Larkfield web form <no-reply@larkfield.example>", "Reply_To": "Jo Fenn <jo@example.org>"},
         "jo@example.org", "Jo Fenn"),
        ({"sender": "Larkfield <help@larkfield.example>", "Sender": "Maya Osei <maya@larkfield.example>"},
         "help@larkfield.example", "Maya Osei"),
        ({"sender": "Jo Fenn <jo@example.org>", "Sender": "list-bounces@lists.example"}, "jo@example.org", "Jo Fenn"),
        ({"sender": "Jo Fenn <jo@example.org>", "Reply_To": "other@example.org"}, "jo@example.org", "Jo Fenn"),
        ({"sender": "jo@example.org"}, "jo@example.org", "jo@example.org"),
        ({"sender": "jo@example.org (Jo Fenn)"}, "jo@example.org", "Jo Fenn"),
    ],
)  # fmt: skip
def test_who_wrote_is_found(scan, headers, speaker, agent):
    assert scan({"a.eml": mail(**headers)}).turns.select("speaker", "agent_id").rows() == [(speaker, agent)]


@pytest.mark.parametrize(
    "headers",
    [
        {"Subject": "Automatic reply: Parcel"}, {"Subject": "Automatische Antwort: Paket"}, {"Subject": "Abwesenheitsnotiz: Paket"},
        {"Subject": "Réponse automatique : Colis"}, {"Subject": "Respuesta automática: Paquete"}, {"Subject": "Autosvar: Paket"},
        {"Subject": "Automatisch antwoord: Pakket"}, {"Subject": "Risposta automatica: Pacco"}, {"Subject": "Out of office"},
        {"Subject": "Undeliverable: Parcel"}, {"Subject": "Undelivered Mail Returned to Sender"}, {"Subject": "failure notice"},
        {"Subject": "Accepted: Visit"}, {"Subject": "Kettles Digest, Vol 12, Issue 3"},
        {"Auto_Submitted": "auto-replied (vacation)"}, {"X_Autoreply": "yes"}, {"Precedence": "bulk"},
        {"sender": "Mail Delivery Subsystem <mailer-daemon@example.org>"}, {"sender": "Larkfield <no-reply@larkfield.example>"},
        {"sender": "noreply@larkfield.example"}, {"sender": "do-not-reply@larkfield.example"},
        {"sender": "nicht-antworten@larkfield.example"},
    ],
)  # fmt: skip
def test_what_machines_send_is_system(said, headers):
    assert said(mail(**headers), "a.eml", agent_domains=("larkfield.example",)) == [("system", "The parcel is late.")]


def test_invitations_are_system(said):
    content = multipart(
        "multipart/alternative",
        ("text/plain", "When: Tuesday at ten."),
        ("text/calendar; method=REQUEST", "BEGIN:VCALENDAR"),
    )
    assert said(content, "a.eml") == [("system", "When: Tuesday at ten.")]


@pytest.mark.parametrize(
    "headers",
    [
        {"Precedence": "list", "List_Id": "<help.larkfield.example>"},
        {"Precedence": "bulk", "X_RT_Ticket": "larkfield #4711"}, {"Precedence": "bulk", "X_JIRA_FingerPrint": "a"},
        {"Precedence": "bulk", "List_Post": "<mailto:kettles@lists.example>"}, {"Auto_Submitted": "auto-generated"},
        {"Auto_Submitted": "no"}, {"X_Auto_Response_Suppress": "All"},
    ],
)  # fmt: skip
def test_what_people_write_through_lists_and_help_desks_is_theirs(said, headers):
    assert said(
        mail(sender="Maya <maya@larkfield.example>", **headers), "a.eml", agent_domains=("larkfield.example",)
    ) == [("agent", "The parcel is late.")]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (mail("MIAGCSqGSIb3DQEHA6", Content_Type='application/pkcs7-mime; smime-type=enveloped-data; name="smime.p7m"'), "encrypted"),
        (mail("MIAGCSqGSIb3DQEHAq", Content_Type='application/pkcs7-mime; smime-type=signed-data; name="smime.p7m"'), "signed"),
        (multipart("multipart/encrypted", ("application/pgp-encrypted", "Version: 1"), ("application/octet-stream", "x")), "encrypted"),
        (mail("-----BEGIN PGP MESSAGE-----\n\nhQEMA\n-----END PGP MESSAGE-----"), "encrypted"),
        (multipart("multipart/mixed", ("text/plain", ""), ('application/ms-tnef; name="winmail.dat"', "x")), "winmail.dat"),
        (mail("> Please wait."), "no words of its own"),
        (mail(""), "no words of its own"),
        (mail(X_Unsent="1"), "draft"),
        (mail(X_Gmail_Labels="Inbox,Drafts"), "draft"),
    ],
)  # fmt: skip
def test_mails_without_words_that_can_be_read_are_rejected_with_the_reason(scan, content, reason):
    reading = scan({"a.eml": content})
    assert reading.turns.is_empty()
    assert reason in reading.rejects["reason"].item()
    assert reading.rejects["remedy"].item()


@pytest.mark.parametrize(
    "content",
    [
        multipart("multipart/signed", ("text/plain", "The parcel is late."), ("application/pgp-signature", "-----BEGIN")),
        multipart("multipart/signed", ("text/plain", "The parcel is late."), ('application/pkcs7-signature; name="smime.p7s"', "MIA")),
        mail("-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA256\n\nThe parcel is late.\n-----BEGIN PGP SIGNATURE-----\n\niQE\n-----END PGP SIGNATURE-----"),
        multipart("multipart/alternative", ("text/plain", ""), ("text/html", "<p>The parcel is late.</p>")),
        multipart("multipart/alternative", ("text/plain", " \xa0\n"), ("text/html; charset=utf-8", "<p>The parcel is late.</p>")),
        multipart("multipart/alternative", ("text/plain", "> Please wait."), ("text/html", "<p>The parcel is late.</p>")),
        multipart("multipart/alternative", ("text/plain", "The parcel is late."), ("text/html", "<p>The parcel is late.</p>"),
                  ("text/x-amp-html", "<p>amp</p>")),
        multipart("multipart/mixed", ("text/plain", "The parcel is late."), ('text/plain; name="log.txt"', "error 17")),
        multipart("multipart/mixed", ("text/plain", "The parcel is late."), ("image/png", "x")),
        multipart("multipart/related", ("text/html", "<p>The parcel is late.<img src='cid:a'></p>"), ("image/png", "x")),
        multipart("multipart/mixed", ("text/plain", "The parcel is late."), ("message/rfc822", mail("Please wait."))),
        mail("The parcel \nis late.\n\n-- \nJo", Content_Type="text/plain; charset=utf-8; format=flowed"),
        mail("<html><head><meta charset='utf-8'></head><body><table><tr><td>The parcel is late.</td></tr></table></body></html>", Content_Type="text/html"),
        mail("The parcel is late.", Content_Type='text/plain; charset="utf-8'),
        mail("The parcel is late.", Content_Type="text"),
        mail("The parcel is late.", Content_Transfer_Encoding="nonsense"),
    ],
)  # fmt: skip
def test_bodies_of_many_shapes_say_the_same(said, content):
    assert [text for _, text in said(content, "a.eml")] == ["The parcel is late."]


def test_inline_parts_without_a_name_are_one_text(said):
    content = multipart(
        "multipart/mixed", ("text/plain", "The parcel is late."), ("image/png", "x"), ("text/plain", "Look.")
    )
    assert said(content, "a.eml") == [("unknown", "The parcel is late.\n\nLook.")]


RECEIVED = "from a by b; Mon, 05 Oct 2026 10:13:00 +0100"


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({}, datetime(2026, 10, 5, 9, 12, tzinfo=UTC)),
        ({"Date": "5 Oct 2026 10:12 GMT"}, datetime(2026, 10, 5, 10, 12, tzinfo=UTC)),
        ({"Date": "Mon, 05 Oct 2026 10:12:00 -0400 (EDT)"}, datetime(2026, 10, 5, 14, 12, tzinfo=UTC)),
        ({"Date": "yesterday", "Received": RECEIVED}, datetime(2026, 10, 5, 9, 13, tzinfo=UTC)),
        ({"Date": "Mon, 05 Oct 2037 10:12:00 +0100", "Received": RECEIVED}, datetime(2026, 10, 5, 9, 13, tzinfo=UTC)),
        ({"Date": "Thu, 01 Jan 1970 00:00:00 +0000", "Received": RECEIVED}, datetime(2026, 10, 5, 9, 13, tzinfo=UTC)),
        ({"Date": None, "Received": RECEIVED}, datetime(2026, 10, 5, 9, 13, tzinfo=UTC)),
        ({"Date": None, "Sent": "Monday, October 5, 2026 10:12 AM"}, datetime(2026, 10, 5, 10, 12, tzinfo=UTC)),
        ({"Date": "Mon, 99 Oct 2026 99:12:00"}, None),
        ({"Date": None}, None),
    ],
)  # fmt: skip
def test_dates_that_are_wrong_give_way_to_the_arrival(scan, headers, expected):
    assert scan({"a.eml": mail(**headers)}).turns["started_at"].to_list() == [expected]


def test_mails_with_the_number_of_one_ticket_are_one_conversation(scan):
    files = {
        "1.eml": mail(Subject="Parcel"),
        "2.eml": mail("I ask the driver.", sender="Maya <help@larkfield.example>", to="jo@example.org",
                      Subject="[Larkfield #4711] Parcel", Message_ID="<d1@desk.example>", References="<m1@example.org>"),
        "3.eml": mail("Thank you.", Subject="Re: [Larkfield #4711] Parcel", Message_ID="<m2@example.org>"),
        "4.eml": mail("Something else.", Subject="[Larkfield #4712] Parcel", Message_ID="<m3@example.org>"),
    }  # fmt: skip
    turns = scan(files).turns
    assert sorted(turns.group_by("conversation_id").len()["len"].to_list()) == [1, 3]


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("Parcel", "AW: Parcel"), ("Parcel", "RE: [EXT] Parcel"), ("[EXTERNAL] Parcel", "Re: Parcel"), ("Parcel", "SV: SV: Parcel"),
        ("Fwd: Parcel", "Re: Fwd: Parcel"), ("Parcel", "Re: [Ticket#2026100510000012] Parcel"), ("Parcel", "R: Parcel"),
        ("Parcel", "Réf : Parcel"), ("Parcel", "回复: Parcel"), ("Parcel", "RES: Parcel"), ("Parcel", "Antw: Parcel"),
        ("Parcel [ ref:_00D20abc._50020def:ref ]", "RE: Parcel [ ref:_00D20abc._50020def:ref ]"),
    ],
)  # fmt: skip
def test_replies_that_name_no_mail_join_by_subject(scan, first, second):
    files = {
        "1.eml": mail(Subject=first),
        "2.eml": mail(
            "Soon.", sender="help@larkfield.example", to="jo@example.org", Subject=second, Message_ID="<x@l.example>"
        ),
    }
    assert scan(files).turns["conversation_id"].to_list() == ["m1@example.org"] * 2


def test_a_reply_whose_named_mails_are_in_no_file_joins_by_subject(scan):
    files = {
        "1.eml": mail(),
        "2.eml": mail("Soon.", sender="help@larkfield.example", to="jo@example.org", Subject="Re: Parcel",
                      Message_ID="<x@l.example>", In_Reply_To="<rewritten@gateway.example>"),
    }  # fmt: skip
    assert scan(files).turns["conversation_id"].n_unique() == 1


def test_mails_of_one_google_thread_are_one_conversation(scan):
    files = {
        "1.eml": mail(X_GM_THRID="17"),
        "2.eml": mail(
            "Soon.", sender="help@larkfield.example", Subject="Other", Message_ID="<x@l.example>", X_GM_THRID="17"
        ),
    }
    assert scan(files).turns["conversation_id"].n_unique() == 1


def test_a_mail_in_the_sent_folder_and_in_the_inbox_is_read_once(scan):
    files = {
        "inbox/1.eml": mail(),
        "sent/1.eml": mail(),
        "sent/2.eml": mail(Message_ID=None, Date="Mon, 05 Oct 2026 10:12:20 +0100"),
    }
    reading = scan(files)
    assert reading.turns.height == 1
    assert reading.rejects["reason"].str.contains("duplicate").all()
    assert reading.rejects.height == 2


def test_quoted_history_is_never_read_also_where_the_earlier_mail_is_missing(scan):
    quote = "On Mon, 5 Oct 2026 at 09:00, Maya <help@larkfield.example> wrote:\r\n> I am so sorry.\r\n"
    reading = scan({"a.eml": mail(f"It is late.\r\n\r\n{quote}", In_Reply_To="<gone@larkfield.example>")})
    assert reading.turns.select("conversation_id", "text").rows() == [("gone@larkfield.example", "It is late.")]


LINE = "From jo@example.org Mon Oct  5 10:12:00 2026\n"


@pytest.mark.parametrize(
    "line",
    [LINE, "From - Mon Oct 05 10:12:00 2026\n", "From 1790000000@xxx Mon Oct 05 09:12:31 +0000 2026\n",
     "From MAILER-DAEMON Mon Oct  5 10:12 2026\n", "From ???@??? Mon Oct 05 10:12:00 2026\r\n"],
)  # fmt: skip
def test_lines_between_mails_of_many_programs_part_them(said, line):
    content = line + mail("One.") + "\n\n" + line + mail("Two.", Message_ID="<m2@example.org>") + "\n"
    assert [text for _, text in said(content, "box")] == ["One.", "Two."]


@pytest.mark.parametrize(
    ("body", "text"),
    [
        ("Hello.\n\n>From here on it leaks.\n", "Hello.\n\nFrom here on it leaks."),
        ("Hello.\n\n>>From here on it leaks.\n", "Hello."),
        ("Hello.\n\nFrom 2026 on it leaks:\nbadly\n", "Hello.\n\nFrom 2026 on it leaks:\nbadly"),
        ("Hello.\n\nFrom Leeds at 10:12 in 2026 it came.\nNot here.\n", "Hello.\n\nFrom Leeds at 10:12 in 2026 it came.\nNot here."),
    ],
)  # fmt: skip
def test_from_at_the_start_of_a_line_is_text(said, body, text):
    content = LINE + mail(body) + "\n" + LINE + mail("Two.", Message_ID="<m2@example.org>")
    assert [said_text for _, said_text in said(content, "box")] == [text, "Two."]


def test_the_stated_length_of_a_mail_keeps_a_line_like_a_mark_in_it(said):
    body = f"Hello.\n\n{LINE}Subject: not a mail\n"
    content = (
        LINE
        + mail(body, Content_Length=len(body)).replace("\r\n", "\n")
        + "\n"
        + LINE
        + mail("Two.", Message_ID="<m2@x.example>")
    )
    assert [text.splitlines()[0] for _, text in said(content, "box")] == ["Hello.", "Two."]


def test_a_wrong_length_is_passed_over(said):
    content = LINE + mail("One.", Content_Length=9999) + "\n\n" + LINE + mail("Two.", Message_ID="<m2@x.example>")
    assert [text for _, text in said(content, "box")] == ["One.", "Two."]


def test_deleted_mails_of_a_mailbox_are_reported(scan):
    content = LINE + mail("One.", X_Mozilla_Status="0009") + "\n\n" + LINE + mail("Two.", Message_ID="<m2@x.example>")
    reading = scan({"box": content})
    assert reading.turns["text"].to_list() == ["Two."]
    assert reading.rejects["place"].to_list() == ["mail 1"]


def test_apples_emlx_is_read(said):
    inner = mail("The parcel is late.\n")
    content = f"{len(inner)}\n{inner}<?xml version='1.0'?><plist><dict/></plist>"
    assert said(content, "1.emlx") == [("unknown", "The parcel is late.")]

# ruff: noqa: E501 - lines as programs write them
"""Transcripts and chats as text, in the shape in which many programs save or copy them."""

from datetime import UTC, datetime

import pytest

NAMES = ("Maya Osei", "Jo Fenn")
TEXTS = ("Hello, how can I help?", "My kettle leaks: badly.", "I am sorry to hear that.", "Thanks.")
AT = (0, 20, 60, 125)  # seconds


def written(template, names=NAMES, head="", texts=TEXTS):
    """The conversation with each turn in the template: {n} name, {t} text, {s} h:m:s of the day, {o} h:m:s since."""
    parts = []
    for number, (at, text) in enumerate(zip(AT, texts, strict=True)):
        minute, second = divmod(at, 60)
        fields = {
            "n": names[number % 2], "t": text, "s": f"10:{12 + minute}:{second:02}", "o": f"00:{minute:02}:{second:02}",
            "m": f"{minute:02}:{second:02}", "mm": f"{minute}:{second:02}", "hm": f"10:{12 + minute}", "i": number + 1,
            "N": names[number % 2].upper(), "first": names[number % 2].split()[0],
        }  # fmt: skip
        parts.append(template.format(**fields))
    return head + "\n".join(parts) + "\n"


SECONDS = {
    "otter": "{n}  {mm}\n{t}\n",
    "otter one space": "{n} {m}\n{t}\n",
    "otter tab": "{n}\t{m}\n{t}\n",
    "rev": "{n} ({m}):\n{t}\n",
    "rev hours": "{n} ({o}):\n{t}\n",
    "rev one line": "{n} ({m}): {t}",
    "trint": "[{o}.210] {n}: {t}\n",
    "trint above": "{n} [{o}]\n{t}\n",
    "descript": "[{o}] {n}: {t}",
    "descript label first": "{n}: [{o}] {t}",
    "sonix": "{n}: [{o}] {t}\n",
    "happy scribe": "[{o}.21] - {n}\n{t}\n",
    "word": "{o} {n}\n{t}\n",
    "word under": "{o}\n{n}\n{t}\n",
    "teams docx": "{n}   {mm}\n{t}\n",
    "verint": "{N} {o} {t}",
    "nice": "[{o}] {N}: {t}",
    "seconds in brackets": "[{m}] {n}: {t}",
    "dash": "{o} - {n}: {t}",
    "range": "[{o} - {o}] {n}: {t}",
    "arrow range": "[{o}.000 --> {o}.900] {n}: {t}",
    "range before name": "{o}-{o} {n}: {t}",
    "zendesk chat": "({s}) {n}: {t}",
    "zendesk chat pm": "({s} AM) {n}: {t}",
    "skype": "[10/5/2026 {s} AM] {n}: {t}",
    "iso": "[2026-10-05T{s}Z] {n}: {t}",
    "iso and offset": "2026-10-05T{s}+01:00 {n}: {t}",
    "iso space": "2026-10-05 {s} {n}: {t}",
    "iso space brackets": "[2026-10-05 {s}] {n}: {t}",
    "iso and bar": "2026-10-05 {s} | {n} | {t}",
    "log": "2026-10-05 {s},120 {n}: {t}",
    "genesys chat": "{n} [{s}]: {t}",
    "five9": "{s} AM - {n}: {t}",
    "comm100": "{s} AM {n}: {t}",
    "olark": "{s} {n}: {t}",
    "livechat": "{n} ({s} AM): {t}",
    "livechat new line": "{n} ({s} AM)\n{t}\n",
    "zoom chat": "{s}\t From {n} to Everyone : {t}",
    "zoom chat recent": "{s} From {n} to Everyone:\n\t{t}",
    "lync": "{n} [{s}]:\n{t}\n",
    "messenger": "{n} says ({s} AM):\n  {t}",
    "irc": "[{s}] <{first}> {t}",
    "irc bare": "{s} <{first}> {t}",
    "whatsapp ios": "[05/10/2026, {s}] {n}: {t}",
    "whatsapp ios mark": "\u200e[05/10/2026, {s}] {n}: \u200e{t}",
    "whatsapp ios us": "[10/5/26, {s}\u202fAM] {n}: {t}",
    "whatsapp ios de": "[05.10.26, {s}] {n}: {t}",
    "line tabs": "{s}\t{n}\t{t}",
    "time at the end": "{n}: {t} [{o}]",
    "salesforce": "( {mm} ) {n}: {t}",
}
MINUTES = {
    "whatsapp android": "05/10/2026, {hm} - {n}: {t}",
    "whatsapp android us": "10/5/26, {hm} AM - {n}: {t}",
    "whatsapp android us narrow": "10/5/26, {hm}\u202fAM - {n}: {t}",
    "whatsapp android de": "05.10.26, {hm} - {n}: {t}",
    "whatsapp android iso": "2026-10-05, {hm} - {n}: {t}",
    "intercom": "{hm} AM | {n}: {t}\n",
    "slack": "{n}  {hm} AM\n{t}",
    "slack 24 hours": "{n}  {hm}\n{t}\n",
    "slack brackets": "{n} [{hm} AM]\n{t}",
    "teams chat": "[10/5/26 {hm} AM] {n}\n{t}",
    "teams chat bracketed": "[{hm}] {n}\n{t}\n",
    "telegram": "{n}, [05.10.2026 {hm}]\n{t}\n",
    "name at": "{n} at {hm} AM: {t}",
    "name comma": "{n}, {hm} AM: {t}",
    "name company": "{n} (Larkfield) {hm} AM\n{t}\n",
    "hubspot": "{n} {hm} AM\n{t}\n",
    "viber": "[{hm}] {n}: {t}",
    "bar": "{hm} | {n} | {t}",
    "crisp": "{n} — {hm}\n{t}\n",
    "discord": "{n} — Today at {hm} AM\n{t}\n",
    "freshchat": "{n} : {hm} AM, 5 Oct 2026\n{t}\n",
    "full date": "{n} (5 Oct 2026 {hm}): {t}",
    "long date": "Monday, October 5, 2026 {hm} AM - {n}: {t}",
}
UNTIMED = {
    "plain": "{n}: {t}",
    "blank lines": "{n}: {t}\n",
    "upper case": "{N}: {t}",
    "bold": "**{n}:** {t}\n",
    "bold without": "**{n}**: {t}",
    "bold line": "**{n}**\n{t}\n",
    "underscores": "__{n}__: {t}",
    "name on a line": "{n}:\n{t}\n",
    "name on a line with indent": "{n}:\n    {t}\n",
    "tab": "{n}:\t{t}",
    "dash": "{n} - {t}",
    "long dash": "{n} – {t}",
    "bar": "{n} | {t}",
    "chevrons": ">> {n}: {t}",
    "angles": "<{first}> {t}",
    "brackets": "[{n}] {t}",
    "brackets and colon": "[{n}]: {t}",
    "bullets": "- {n}: {t}",
    "stars": "* {n}: {t}",
    "numbered": "{i}. {n}: {t}",
    "numbered in brackets": "[{i}] {n}: {t}",
    "numbered bare": "{i} {n}: {t}",
    "numbered with zeros": "000{i} {n}: {t}",
    "space before the colon": "{n} : {t}",
    "full-width colon": "{n}：{t}",
    "says": "{n} says: {t}",
    "markdown heading": "### {n}\n{t}\n",
    "quotes": '{n}: "{t}"',
}


def heard(scan, content, **settings):
    reading = scan({"call.txt": content}, **settings)
    assert reading.rejects.is_empty(), reading.rejects.to_dicts()
    return reading.turns


def said_by(turns, template=""):
    texts = [text.strip('"') for text in turns["text"].to_list()]
    names = [name.casefold().removesuffix(" (larkfield)") for name in turns["speaker"].to_list()]
    expected = [name.casefold() for name in NAMES * 2]
    if "{first}" in template:
        expected = [name.split()[0] for name in expected]
    return list(zip(names, texts, strict=True)), list(zip(expected, TEXTS, strict=True))


@pytest.mark.parametrize("template", SECONDS.values(), ids=SECONDS)
def test_turns_with_times_to_the_second(scan, template):
    turns = heard(scan, written(template))
    found, expected = said_by(turns, template)
    assert found == expected
    assert [start - turns["start"][0] for start in turns["start"]] == pytest.approx(AT, abs=0.3)


@pytest.mark.parametrize("template", MINUTES.values(), ids=MINUTES)
def test_turns_with_times_to_the_minute(scan, template):
    turns = heard(scan, written(template))
    found, expected = said_by(turns, template)
    assert found == expected
    assert [start - turns["start"][0] for start in turns["start"]] == [0, 0, 60, 120]


@pytest.mark.parametrize("template", UNTIMED.values(), ids=UNTIMED)
def test_turns_without_times(scan, template):
    found, expected = said_by(heard(scan, written(template)), template)
    assert found == expected


@pytest.mark.parametrize(
    ("agent", "customer"),
    [
        ("Agent", "Customer"), ("AGENT", "CALLER"), ("Agent Maya", "Customer Jo"), ("Maya (Agent)", "Jo (Customer)"),
        ("Support Agent", "Visitor"), ("Advisor", "Client"), ("Rep", "Cust"), ("Agent (Maya)", "Customer (Jo)"),
        ("Operator", "Guest"), ("CSR", "Member"),
        ("Kundenberater", "Kunde"), ("Conseiller", "Client"), ("Agente", "Cliente"), ("Medewerker", "Klant"),
    ],
)  # fmt: skip
@pytest.mark.parametrize(
    "template",
    ["{n}: {t}", "[{o}] {n}: {t}", "{n} ({m}): {t}", "{n}\n{t}\n", "{n}:\n{t}\n", "{o} {n}\n{t}\n", "{hm} AM | {n}: {t}", "[{n}] {t}",
     "{n}\t{t}", "{n} {o}\n{t}\n", "{n} - {t}", "> {n}: {t}"],
)  # fmt: skip
def test_role_words_are_roles_in_every_shape(said, template, agent, customer):
    texts = ("Hello, how can I help?", "My kettle leaks.", "I am sorry to hear that.", "Thanks.")
    found = said(written(template, (agent, customer), texts=texts))
    assert found == list(zip(("agent", "customer") * 2, texts, strict=True))


@pytest.mark.parametrize("template", ["{n}: {t}", "[{o}] {n}: {t}", "{n}:\n{t}\n"])
@pytest.mark.parametrize("names", [("Agent - Maya", "Customer - Jo"), ("agent", "user")])
def test_role_words_beside_names_and_in_small_letters(said, template, names):
    texts = ("Hello, how can I help?", "My kettle leaks.", "I am sorry to hear that.", "Thanks.")
    found = said(written(template, names, texts=texts))
    assert found == list(zip(("agent", "customer") * 2, texts, strict=True))


HEADS = {
    "word": "Transcript\n\n",
    "google meet": "Weekly call (2026-10-05 10:00 GMT+1) - Transcript\nAttendees\nMaya Osei, Jo Fenn\nTranscript\n",
    "teams": "Call with Jo Fenn-20261005_101200-Meeting Recording\nOctober 5, 2026, 9:12AM\n3m 5s\n\n",
    "intercom": "Conversation with Jo Fenn\nStarted on October 5, 2026 at 10:12 AM Europe/London time GMT+0100\n---\n\n",
    "zendesk chat": "Chat started: 2026-10-05 10:12 AM UTC\nServed by: Maya Osei\n\n",
    "salesforce": "Chat Started: Monday, October 05, 2026, 10:12:31 (+0100)\nChat Origin: Web\nAgent Maya O\n",
    "rule": "Call transcript 17\n==================\n\n",
    "fields": "Call ID: 17\nAgent: Maya Osei\nCustomer: Jo Fenn\nDuration: 00:02:05\n\n",
    "markdown": "# Call 17\n\n**Date:** 2026-10-05\n**Agent:** Maya Osei\n\n---\n\n",
    "byte order mark": "\ufeff",
    "participants": "Participants: Maya Osei (Larkfield), Jo Fenn\nDate: 5 October 2026\n\n",
}


@pytest.mark.parametrize("head", HEADS.values(), ids=HEADS)
@pytest.mark.parametrize("template", ["{n}: {t}\n", "[{o}] {n}: {t}", "{n} {m}\n{t}\n"])
def test_heads_of_many_programs_are_no_turns(scan, head, template):
    found, expected = said_by(heard(scan, written(template, head=head)))
    assert found == expected


@pytest.mark.parametrize(
    "line",
    [
        "*** Maya Osei joined the chat ***", "*** Jo Fenn has left the chat ***", "(10:12:40) *** Maya Osei joined the chat ***",
        "[10:12:40] Maya Osei has joined the conversation.", "Maya Osei has joined the chat", "10:12 AM | Maya Osei joined",
        "05/10/2026, 10:12 - Messages and calls are end-to-end encrypted. Only people in this chat can read them.",
        "--- Monday, 5 October 2026 ---", "Monday, October 5, 2026", "October 5, 2026", "5 October 2026", "2026-10-05", "Today",
        "00:05:00", "[00:05:00]", "Chat transferred to Billing", "Chat ended", "Call ended", "[End of transcript]", "End of transcript",
        "Maya Osei started transcription", "Jo Fenn stopped transcription", "Transcription ended after 00:02:05",
        "Page 2 of 3", "You are now chatting with Maya Osei", "The visitor has ended the chat session.", "Agent Maya O successfully transferred the chat.",
        "[MUSIC]", "Chat Started: Monday, October 05, 2026, 10:12:31 (+0100)",
    ],
)  # fmt: skip
def test_lines_that_nobody_said_are_in_no_turn_of_a_person(scan, line):
    parts = written("{n}: {t}\n").split("\n")
    turns = heard(scan, "\n".join([*parts[:4], line, "", *parts[4:]]))
    people = turns.filter(turns["role"] != "system")
    found, expected = said_by(people)
    assert found == expected


def test_lines_that_continue_a_turn_stay_in_it(scan):
    turns = heard(scan, "Agent: Hello.\nHow can I help?\n\nTell me more.\nCustomer: It leaks:\n- the lid\n- the base\n")
    assert turns["text"].to_list() == ["Hello.\nHow can I help?\n\nTell me more.", "It leaks:\n- the lid\n- the base"]


SEVERAL = {
    "ids": "Conversation ID: c-1\nDate: 2026-10-05\n\n{}\nConversation ID: c-2\nDate: 2026-10-06\n\n{}",
    "rules and ids": "==========\nChat ID: c-1\n==========\n{}\n==========\nChat ID: c-2\n==========\n{}",
    "rules": "{}\n--------------------\n{}",
    "titles": "--- Call c-1 ---\n{}\n--- Call c-2 ---\n{}",
    "headings": "## Call c-1\n{}\n## Call c-2\n{}",
    "case numbers": "Case Number: c-1\nChat Started: Monday, October 05, 2026, 10:12:31 (+0100)\n{}\nCase Number: c-2\nChat Started: Tuesday, October 06, 2026, 10:12:31 (+0100)\n{}",
    "form feeds": "{}\f{}",
    "stars": "{}\n********** END OF CHAT **********\n{}",
    "equals with ids": "===== Interaction c-1 | 2026-10-05 10:12 =====\n{}\n===== Interaction c-2 | 2026-10-06 10:12 =====\n{}",
    "brackets": "[Transcript c-1]\n{}\n[Transcript c-2]\n{}",
}


@pytest.mark.parametrize("name", SEVERAL)
def test_several_conversations_of_a_file_are_parted(scan, name):
    one = "Agent: Hello.\nCustomer: It leaks.\nAgent: Sorry.\n"
    turns = heard(scan, SEVERAL[name].format(one, one))
    assert turns["text"].to_list() == ["Hello.", "It leaks.", "Sorry."] * 2
    ids = turns["conversation_id"].unique(maintain_order=True).to_list()
    assert len(ids) == 2
    if "c-1" in SEVERAL[name]:
        assert ids == ["c-1", "c-2"]


def test_the_date_of_a_chat_is_its_start(scan):
    turns = heard(scan, written("[2026-10-05 {s}] {n}: {t}"))
    assert turns["started_at"][0] == datetime(2026, 10, 5, 10, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    "template", ["25/10/2026, {hm} - {n}: {t}", "[25.10.26, {s}] {n}: {t}", "[10/25/26, {s} AM] {n}: {t}"]
)
def test_dates_whose_order_is_plain_are_read(scan, template):
    started = heard(scan, written(template))["started_at"][0]
    assert started == datetime(2026, 10, 25, 10, 12, tzinfo=UTC)


def test_a_chat_over_midnight_and_days_keeps_its_order(scan):
    content = "[2026-10-05 23:59:50] Agent: Hello.\n[2026-10-06 00:00:10] Customer: It leaks.\n"
    assert heard(scan, content)["start"].to_list() == [0.0, 20.0]


@pytest.mark.parametrize(
    "content",
    [
        "Dear team,\n\nplease note: the kettle leaks.\nThank you: Jo\n", "Shopping list:\n- milk\n- bread\n",
        "Chapter 1: the beginning\n\nIt was late. He said: no.\n\nChapter 2: the end\n\nShe said: yes.\n",
        "Name: Jo Fenn\nOrder: 4711\nPhone: 1234\nCity: Leeds\n",
    ],
)  # fmt: skip
def test_text_that_is_no_conversation_is_refused(scan, content):
    reading = scan({"a.txt": content})
    assert reading.turns.is_empty()
    assert reading.rejects.height == 1

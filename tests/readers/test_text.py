"""Plain text transcripts."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from empathy_scan.config import ReadConfig
from empathy_scan.readers import text
from empathy_scan.readers.conversation import clean
from empathy_scan.readers.files import Document

TWO = [("agent", "Good morning."), ("customer", "My kettle leaks.")]


@pytest.mark.parametrize(
    "content",
    [
        "Agent: Good morning.\nCustomer: My kettle leaks.\n",
        "AGENT - Good morning.\nCUSTOMER - My kettle leaks.\n",
        "agent:Good morning.\ncustomer:My kettle leaks.\n",
        "[00:00:01] John (Agent): Good morning.\n[00:00:04] Mary Fenn (Customer): My kettle leaks.\n",
        "(00:00:01) AGENT: Good morning.\n(00:00:04) CUSTOMER: My kettle leaks.\n",
        "00:00:01 Agent: Good morning.\n00:00:04 Customer: My kettle leaks.\n",
        "Agent [00:01]: Good morning.\nCustomer [00:04]: My kettle leaks.\n",
        "[2026-10-05T09:00:01Z] Agent: Good morning.\n[2026-10-05T09:00:04Z] Customer: My kettle leaks.\n",
        "**Agent(May)**: Good morning.\n**Customer**: My kettle leaks.\n",
        ">> AGENT: Good morning.\n>> CUSTOMER: My kettle leaks.\n",
        "AGENT\nGood morning.\n\nCUSTOMER\nMy kettle leaks.\n",
        "10:02 AM | Agent | Good morning.\n10:03 AM | Customer | My kettle leaks.\n",
        "[Agent] Good morning.\n[Customer] My kettle leaks.\n",
        "[00:00:01] [Agent] Good morning.\n[00:00:04] [Customer] My kettle leaks.\n",
        "09:00:01\tAgent\tGood morning.\n09:00:04\tCustomer\tMy kettle leaks.\n",
        "Support Jane: Good morning.\nCustomer: My kettle leaks.\n",
        "Agent Ruth: Good morning.\nCustomer: My kettle leaks.\n",
        "Customer Service Advisor: Good morning.\nCaller: My kettle leaks.\n",
        "Agent 1: Good morning.\r\nCustomer 1: My kettle leaks.\r\n",
        "Kundenberater: Good morning.\nKunde: My kettle leaks.\n",
        "Agent: Good morning.\n---\nCustomer: My kettle leaks.\n",
    ],
)
def test_every_style_of_label_gives_the_same_two_turns(said, content):
    assert said(content) == TWO


def test_names_in_brackets_and_between_tabs_are_speakers(scan):
    files = {
        "brackets.txt": "[Jane Roe] Hello: I see.\n[Sam] Hi.\n[laughs] Sorry.\n[Jane Roe] So.\n[Sam] [laughs] Yes.\n",
        "tabs.txt": "09:00:01\tJane Roe\tHello: I see.\n09:00:05\tSam\tHi.\n",
    }
    turns = scan(files).turns
    assert turns.select("source", "speaker", "text").rows() == [
        ("brackets.txt", "Jane Roe", "Hello: I see."), ("brackets.txt", "Sam", "Hi.\n[laughs] Sorry."),
        ("brackets.txt", "Jane Roe", "So."), ("brackets.txt", "Sam", "[laughs] Yes."),
        ("tabs.txt", "Jane Roe", "Hello: I see."), ("tabs.txt", "Sam", "Hi."),
    ]  # fmt: skip


def test_remarks_and_placeholders_in_brackets_are_no_speakers(said):
    content = (
        "Agent: One\n[Laughter] two\n[Laughter] three\n[NAME] four\n[NAME] five\nSupport Ticket: 12\nCustomer: Six\n"
    )
    assert said(content) == [
        ("agent", "One\n[Laughter] two\n[Laughter] three\n[NAME] four\n[NAME] five\nSupport Ticket: 12"),
        ("customer", "Six"),
    ]


def test_a_role_word_before_a_name_gives_both(scan):
    turns = scan({"c.txt": "Support Jane: Hello.\nCustomer: Hi.\n"}).turns
    assert turns.select("role", "agent_id").rows() == [("agent", "Jane"), ("customer", None)]


def test_lines_without_a_label_continue_the_turn(said):
    turns = said("Agent: One moment.\nI look.\n\nNote: this is still me.\nCustomer: Fine: take your time.\n")
    assert turns == [
        ("agent", "One moment.\nI look.\n\nNote: this is still me."),
        ("customer", "Fine: take your time."),
    ]


def test_a_single_labelled_line_is_a_conversation(said):
    assert said("Customer: Nobody answers.") == [("customer", "Nobody answers.")]


def test_names_that_come_twice_are_speakers_of_unknown_role(scan):
    turns = scan({"c.txt": "Ruth Abara: Hello\nSam: Two things: the lid leaks\nRuth Abara: Oh\nSam: Yes\n"}).turns
    assert turns["speaker"].to_list() == ["Ruth Abara", "Sam"] * 2
    assert turns["role"].unique().to_list() == ["unknown"]
    assert turns["agent_id"].to_list() == ["Ruth Abara", "Sam"] * 2
    assert turns["text"][1] == "Two things: the lid leaks"


@pytest.mark.parametrize(
    "content",
    [
        "Speaker 1: Hello\nSpeaker 2: Hi\n",
        "[SPEAKER_00]: Hello\n[SPEAKER_01]: Hi\n",
        "Speaker 1  0:15\nHello\n\nSpeaker 2  0:18\nHi\n",
        "A: Hello\nB: Hi\nA: So\nB: Yes\n",
    ],
)
def test_diarisation_labels_are_unknown_and_nobodys_name(scan, content):
    turns = scan({"c.txt": content}).turns
    assert turns["role"].unique().to_list() == ["unknown"]
    assert turns["agent_id"].null_count() == turns.height
    assert turns["text"][:2].to_list() == ["Hello", "Hi"]


def test_header_lines_are_metadata_and_no_turns(scan):
    content = (
        "Call ID: 00123\nAgent: Dana Lopez\nCustomer: Sam Reed\nQueue: billing\nChannel: Phone\n"
        "Date: 2026-10-05 09:12\n\nAgent: Good morning.\nCustomer: Hello.\n"
    )
    turns = scan({"c.txt": content}).turns
    assert turns["text"].to_list() == ["Good morning.", "Hello."]
    assert turns["agent_id"].to_list() == ["Dana Lopez", None]
    first = turns.row(0, named=True)
    assert (first["conversation_id"], first["queue"], first["channel"]) == ("00123", "billing", "call")
    assert first["started_at"] == datetime(2026, 10, 5, 9, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    "content",
    [
        "Call ID: 9\nAgent: Dana Lopez\nAgent: Hello.\nCustomer: Hi.\n",
        "Agent: Dana Lopez\nCustomer: Sam Reed\n\nAgent: Hello.\nCustomer: Hi.\n",
        "Call transcript\n\nCall ID: 9\nAgent: Dana Lopez\n\nAgent: Hello.\nCustomer: Hi.\n",
    ],
)
def test_the_header_names_the_agent_also_without_a_blank_line(scan, content):
    turns = scan({"c.txt": content}).turns
    assert turns.select("text", "agent_id").rows() == [("Hello.", "Dana Lopez"), ("Hi.", None)]


def test_a_first_turn_before_a_blank_line_is_no_header(said):
    assert said("Agent: Good morning\n\nCustomer: Hello\n") == [("agent", "Good morning"), ("customer", "Hello")]


def test_date_and_time_on_two_lines_are_one_start(scan):
    turns = scan({"c.txt": "Date: 5 October 2026\nTime: 09:12\n\nAgent: Hello.\nCustomer: Hi.\n"}).turns
    assert turns["started_at"][0] == datetime(2026, 10, 5, 9, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("content", "ids"),
    [
        ("=== Call c-17 ===\nAgent: A\nCustomer: B\n=== Call c-18 ===\nAgent: C\nCustomer: D\n", ["c-17", "c-18"]),
        ("Call ID: x1\n\nAgent: A\nCustomer: B\n\nCall ID: x2\n\nAgent: C\nCustomer: D\n", ["x1", "x2"]),
        ("Agent: A\nCustomer: B\n---\nAgent: C\nCustomer: D\n---\n", ["many-1", "many-2"]),
        ("Agent: A\nCustomer: B\n\fAgent: C\nCustomer: D\n", ["many-1", "many-2"]),
        ("Call 7\n\nAgent: A\nCustomer: B\n\nCall 8\n\nAgent: C\nCustomer: D\n", ["7", "8"]),
    ],
)  # fmt: skip
def test_separators_part_conversations(scan, content, ids):
    turns = scan({"many.txt": content}).turns
    assert turns["conversation_id"].unique().sort().to_list() == ids
    assert sorted(turns["text"].to_list()) == ["A", "B", "C", "D"]


def test_a_rule_within_a_turn_or_with_words_on_it_parts_nothing(said):
    content = "Agent: One\nCustomer: Two\n---\nstill two\n*** I am furious ***\nAgent: Three\n"
    assert said(content) == [("agent", "One"), ("customer", "Two\nstill two\n*** I am furious ***"), ("agent", "Three")]


def test_a_title_names_the_only_conversation(scan):
    assert scan({"c.txt": f"=== Call c-17 ===\n{'Agent: Hello.'}\n"}).turns["conversation_id"].to_list() == ["c-17"]


def test_each_conversation_keeps_its_own_header(scan):
    content = "Chat ID: 1\nQueue: gas\n\nAgent: A\nCustomer: B\n\nChat ID: 2\nQueue: water\n\nAgent: C\nCustomer: D\n"
    turns = scan({"c.txt": content}).turns
    assert turns.select("conversation_id", "queue").unique().sort("queue").rows() == [("1", "gas"), ("2", "water")]


@pytest.mark.parametrize(
    ("content", "starts"),
    [
        ("(10:02:11) Jo: a\n(10:02:15) Al: b\n(10:03:11) Jo: c\n", [0, 4, 60]),
        ("Jo 10:02\na\n\nAl 10:03\nb\n\nJo 10:05\nc\n", [0, 60, 180]),
        ("[00:12] Agent: a\n[01:10] Customer: b\n", [12, 70]),
        ("(23:59:50) Jo: a\n(00:00:10) Al: b\n(00:00:20) Jo: c\n", [0, 20, 30]),
        ("( 3s ) Jo: a\n( 1m 20s ) Al: b\n( 2m 0s ) Jo: c\n", [3, 80, 120]),
        ("05/01/2026, 10:02 - Jo: a\n05/01/2026, 10:03 - Al: b\n05/01/2026, 10:04 - Jo: c\n", [0, 60, 120]),
    ],
)
def test_times_are_seconds_from_the_start(scan, content, starts):
    assert scan({"c.txt": content}).turns["start"].to_list() == starts


def test_chat_logs_are_chats_and_other_text_is_other(scan):
    reading = scan({"log.txt": "(10:02:11) Jo: a\n(10:02:15) Jo: b\n", "plain.txt": "Agent: a\nCustomer: b\n"})
    assert dict(reading.turns.select("source", "channel").rows()) == {"log.txt": "chat", "plain.txt": "other"}


def test_a_language_models_assistant_is_system(said):
    assert said("assistant: Hello\nuser: Hi\n") == [("system", "Hello"), ("customer", "Hi")]


@pytest.mark.parametrize(
    "content",
    [
        "A letter without speakers.\nIt has: a colon. And more words.\n",
        "Shopping\nmilk\nbread\n",
        "<html><head><style>p {color: red; color: blue}</style></head><body>Agent: Hello</body></html>",
        "See https://shop.example/a\nSee https://shop.example/b\n",
    ],
)
def test_text_without_speakers_is_an_unknown_format(scan, content):
    reading = scan({"c.txt": content})
    assert reading.turns.is_empty()
    assert reading.rejects["error"].to_list() == ["UnknownFormatError"]
    assert "text:" in reading.rejects["reason"][0]


words = st.text(st.characters(codec="utf-8", categories=["L", "N", "P", "Zs"]), min_size=1, max_size=40)
lines = words.map(lambda line: " ".join(line.replace(":", ";").replace("|", "/").split())).filter(
    lambda line: any(character.isalpha() for character in line)
)


@given(st.lists(st.tuples(st.sampled_from(["Agent", "Customer"]), lines), min_size=1, max_size=8))
def test_turns_written_as_text_come_back(turns):
    content = "".join(f"{label}: {line}\n" for label, line in turns)
    parsed = text.parse(Document("c.txt", content.encode()), ReadConfig())
    assert [(turn.speaker, turn.text) for turn in parsed.conversations[0].turns] == [
        (label, clean(line)) for label, line in turns
    ]

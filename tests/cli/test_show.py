"""`show`: one conversation for a person, at any width, safe on any terminal."""

import json
import re

import pytest
from rich.console import Console

from empathy_scan.cli.screen import render
from empathy_scan.dialogue import JudgedConversation, JudgedTurn

TEXT = "Look, you lot are clowns. When does my bed come?"
SPANS = [
    {"label": "hostile", "start": 18, "end": 24, "weight": 1.0},
    {"label": "hostile", "start": 6, "end": 13, "weight": 0.5},
]
SAID = JudgedConversation(
    "lk-1",
    "call",
    [
        JudgedTurn(0, "agent", "ann.lee", "I am sorry to hear that.", "civil", 0.91, {"S": 0.88}, "scripted", []),
        JudgedTurn(1, "customer", None, TEXT, "hostile", 0.77, {"i": 0.6}, "", SPANS),
        JudgedTurn(2, "system", None, "The call was held.", "", 0.0, {}, "", []),
    ],
    [],
)


def shown(conversation, width=80):
    console = Console(width=width, highlight=False, force_terminal=False, no_color=True)
    with console.capture() as capture:
        console.print(render(conversation))
    return capture.get()


@pytest.mark.parametrize("width", [60, 80, 120])
def test_a_conversation_fits_the_terminal(width):
    lines = shown(SAID, width).splitlines()
    assert max(map(len, lines)) <= width
    assert not any("…" in line for line in lines), "nothing is cut"


def test_it_shows_words_labels_probabilities_and_evidence():
    text = shown(SAID)
    assert text.startswith("lk-1 (call, ann.lee)\n")
    for said in (
        "I am sorry to hear that.",
        "scripted     0.88",
        "civil        0.91",
        "insult       0.60",
        "not scored",
    ):
        assert said in text
    assert "hostile: “clowns”, “you lot”" in text


def test_turns_name_their_agent_where_there_are_two():
    second = JudgedTurn(3, "agent", "bo", "Hello.", "civil", 0.9, {}, "neutral", [])
    text = shown(JudgedConversation("lk-1", "call", [*SAID.turns, second], []))
    assert "(call, ann.lee, bo)" in text
    assert text.count("bo ") >= 1


def test_markup_and_escapes_of_a_transcript_are_words():
    hostile = JudgedTurn(0, "cus\x1btomer", None, "[red]x[/] \x1b]0;owned\x07 \x9b2J \u202egnp", "civil", 1, {}, "", [])
    text = shown(JudgedConversation("a\x1b[31m", "call", [hostile], []))
    assert "[red]x[/]" in text
    assert not re.search("[\x1b\x9b\x07\u202e]", text)


@pytest.fixture
def hostile(tmp_path):
    path = tmp_path / "hostile\x1b[31m.txt"
    agent = "Agent: \x1b[2J\x1b]8;;http://x.example\x07Hello\x1b]8;;\x07 there \x9b31m you.\n"
    said = f"{agent}Customer: \u202egnp.exe\u2066 \x1b[1A gone!\n"
    plain = "Agent: Which of the two beds did you mean?\nCustomer: The one by the window, as I said before.\n" * 9
    path.write_text(said + plain, encoding="utf-8")
    return path


@pytest.mark.parametrize("option", [(), ("--json",)], ids=["table", "json"])
def test_a_hostile_transcript_does_not_steer_the_terminal(run, hostile, generous_bundle, option):
    answer = run("show", hostile, "--model", generous_bundle, *option)
    assert answer.code == 0, answer.err
    assert not re.search("[\x1b\x9b\x07\u202a-\u202e\u2066-\u2069]", answer.out + answer.err)


def test_no_escape_is_printed_where_a_file_cannot_be_read(run, tmp_path):
    path = tmp_path / "x\x1b[31m\u202e.json"
    path.write_text("{", encoding="utf-8")
    for command in ("show", "read", "measure"):
        answer = run(command, path)
        assert answer.code in {1, 3}
        assert not re.search("[\x1b\u202e]", answer.err)


def test_json_holds_turns_labels_and_evidence(run, call, generous_bundle):
    answer = run("show", call, "--json", "--model", generous_bundle)
    found = json.loads(answer.out)
    assert (answer.code, answer.err) == (0, "")
    assert [turn["role"] for turn in found["turns"]] == ["agent", "customer"] * 2
    for turn in found["turns"]:
        assert 0 < turn["tone_p"] <= 1
        for span in turn["evidence"]:
            assert turn["text"][span["start"] : span["end"]].strip()


def test_a_file_of_several_says_which_others_there_are(run, tmp_path, generous_bundle):
    path = tmp_path / "chats.csv"
    rows = [f"{name},{role},Words of {name}.\n" for name in "abc" for role in ("customer", "agent")]
    path.write_text("conversation_id,role,text\n" + "".join(rows), encoding="utf-8")
    answer = run("show", path, "--model", generous_bundle)
    assert answer.out.startswith("a (")
    assert "2 more conversation(s), such as b, c; choose one with --conversation" in answer.err
    assert run("show", path, "--conversation", "c", "--model", generous_bundle).out.startswith("c (")
    missing = run("show", path, "--conversation", "d", "--model", generous_bundle)
    assert missing.code == 2
    assert "there are a, b, c" in missing.err


def test_a_file_without_a_conversation_says_why(run, tmp_path):
    path = tmp_path / "notes.json"
    path.write_text('{"Transcript": [', encoding="utf-8")
    answer = run("show", path)
    assert (answer.code, answer.out) == (1, "")
    assert answer.err.startswith(f"empathy-scan: {path}:line 1, column ")

"""`show`: one conversation for a person, at any width, safe on any terminal."""

import json
import re
import subprocess
import sys

import polars as pl
import pytest
from rich.console import Console

from empathy_scan import dialogue, phrases
from empathy_scan.cli.screen import Screen, _shows
from empathy_scan.config import Config

UNSAFE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]")
LINES = [
    ("agent", "I am sorry to hear that.", "S0"),
    ("customer", "Look, {insult|you lot} are {hostile|clowns}. When does my bed come?", "2i"),
    ("system", "The call was held.", ""),
    ("agent", "It comes on Monday; I ring the depot now.", "O1"),
]


def shown(found, width=80, *, only_ascii=False):
    console = Console(width=width, highlight=False, force_terminal=False, no_color=True)
    with console.capture() as capture:
        console.print(Screen(width=width, only_ascii=only_ascii).conversation(found), width=width)
    return capture.get()


@pytest.fixture
def judged(frames, talk):
    """A function from lines to the judged conversation."""

    def make(lines, agent="ann.lee"):
        made = frames(talk("lk-1", agent, lines))
        none = phrases.found(pl.DataFrame(schema=phrases.SENTENCES))
        return dialogue._shown(made["turns"], made["scores"], made["labels"], said=none, config=Config())

    return make


@pytest.mark.parametrize("only_ascii", [True, False])
@pytest.mark.parametrize("width", [40, 60, 80, 120, 200])
def test_a_conversation_fits_the_terminal(judged, width, only_ascii):
    long = [("customer", "So " + "a" * 10_000, "1"), *LINES]
    for lines in (LINES, LINES * 40, long):
        found = shown(judged(lines), width, only_ascii=only_ascii).splitlines()
        assert max(map(len, found)) <= width


def test_it_shows_what_the_page_shows(judged):
    text = shown(judged(LINES))
    assert text.startswith("Call with Ann Lee, 5 Oct 2026\n")
    for said in (
        "In short",
        "◆ The customer was hostile first, 0:07 into the conversation. #2",
        "customer    █",
        "#2 Customer 0:07  ◆ hostile 90%  ◆ insult 90%",
        "hostile: “clowns”: not tried without these words",
        "call for empathy: missed (#4)",
        "not scored: neither the customer's words nor an agent's",
        "“It comes on Monday; I ring the depot now.” #4",
    ):
        assert said in text


def test_in_ascii_nothing_else_is_printed(judged):
    text = shown(judged(LINES), only_ascii=True)
    assert text.isascii()
    assert "customer    H" in text


@pytest.mark.parametrize(("encoding", "shows"), [("utf-8", True), ("ascii", False), ("cp1252", False), ("x-no", False)])
def test_whether_a_terminal_shows_our_signs_is_known_by_its_encoding(encoding, shows):
    assert _shows(encoding) is shows


def test_markup_escapes_and_floods_of_a_transcript_are_tame_words(judged):
    nasty = "[red]x[/] \x1b]0;owned\x07 \x9b2J \u202egnp \u2066 \u061c Z" + "\u0300" * 5_000 + "\u200b" * 5_000 + "😡"
    for only_ascii in (True, False):
        text = shown(
            judged([("customer", nasty, "1"), ("agent", nasty, "0")], agent="a\x1b[31m"), only_ascii=only_ascii
        )
        assert "[red]x[/]" in text
        assert not UNSAFE.search(text)
        assert text.count("\u0300") <= 6
        assert text.count("\u200b") <= 4


@pytest.fixture
def hostile(tmp_path):
    path = tmp_path / "hostile\x1b[31m.txt"
    agent = "Agent: \x1b[2J\x1b]8;;http://x.example\x07Hello\x1b]8;;\x07 there \x9b31m you.\n"
    said = f"{agent}Customer: \u202egnp.exe\u2066 \x1b[1A gone!\n"
    plain = "Agent: Which of the two beds did you mean?\nCustomer: The one by the window, as I said before.\n" * 9
    path.write_text(said + plain, encoding="utf-8")
    return path


@pytest.mark.parametrize("option", [(), ("--ascii",), ("--json",)], ids=["screen", "ascii", "json"])
def test_a_hostile_transcript_does_not_steer_the_terminal(run, hostile, generous_bundle, option):
    answer = run("show", hostile, "--model", generous_bundle, *option)
    assert answer.code == 0, answer.err
    assert not UNSAFE.search(answer.out + answer.err)


def test_no_escape_is_printed_where_a_file_cannot_be_read(run, tmp_path):
    path = tmp_path / "x\x1b[31m\u202e.json"
    path.write_text("{", encoding="utf-8")
    for command in ("show", "read", "measure"):
        answer = run(command, path)
        assert answer.code in {1, 3}
        assert not re.search("[\x1b\u202e]", answer.err)


def test_json_holds_turns_labels_evidence_and_what_happened(run, call, generous_bundle):
    answer = run("show", call, "--json", "--model", generous_bundle)
    found = json.loads(answer.out)
    assert (answer.code, answer.err) == (0, "")
    assert [turn["role"] for turn in found["turns"]] == ["agent", "customer"] * 2
    assert all(statement["text"].endswith((".", ":")) for statement in found["in_short"])
    for turn in found["turns"]:
        assert 0 < turn["tone_p"] <= 1
        for span in turn["evidence"]:
            assert turn["text"][span["start"] : span["end"]].strip()
        assert {one["label"] for one in turn["deletions"]} == {span["label"] for span in turn["evidence"]}


def test_of_a_file_of_several_it_lists_them_and_shows_the_one_that_is_named(run, tmp_path, generous_bundle):
    path = tmp_path / "chats.csv"
    rows = [f"{name},{role},Words of {name}.\n" for name in "abc" for role in ("customer", "agent")]
    path.write_text("conversation_id,role,text\n" + "".join(rows), encoding="utf-8")
    answer = run("show", path)
    assert answer.code == 0
    assert [line.split()[0] for line in answer.out.splitlines()[:3]] == ["a", "b", "c"]
    assert "3 conversations in" in " ".join(answer.out.split())
    assert [row["conversation_id"] for row in json.loads(run("show", path, "--json").out)] == ["a", "b", "c"]
    assert "Words of c." in run("show", path, "--conversation", "c", "--model", generous_bundle).out
    missing = run("show", path, "--conversation", "d", "--model", generous_bundle)
    assert missing.code == 2
    assert "there are a, b, c" in missing.err


def test_a_stored_conversation_is_shown_as_it_was_scored(run, scan, call, tmp_path, generous_bundle):
    assert scan(call.parent).code == 0
    (row,) = json.loads(run("show", "--store", tmp_path / "store", "--json").out)
    stored = run("show", "--store", tmp_path / "store", row["conversation_id"])
    assert (stored.code, stored.err) == (0, "")
    assert stored.out == run("show", call, "--model", generous_bundle).out
    missing = run("show", "--store", tmp_path / "store", "nobody")
    assert missing.code == 2
    assert f"there are {row['conversation_id']}" in missing.err


def test_a_stored_conversation_loads_no_model(scan, call, tmp_path):
    scan(call.parent)
    store = tmp_path / "store"
    code = "import sys; from empathy_scan import dialogue; from empathy_scan.config import Config\n"
    code += f"found = dialogue.held({str(store)!r})\n"
    code += f"dialogue.stored({str(store)!r}, found[0]['conversation_id'], Config())\n"
    code += "print(*{'torch', 'transformers'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)  # noqa: S603
    assert done.stdout.split() == []


def test_without_a_file_or_a_store_it_says_what_to_name(run):
    answer = run("show")
    assert answer.code == 2
    assert "name a transcript" in answer.err


def test_a_file_without_a_conversation_says_why(run, tmp_path):
    path = tmp_path / "notes.json"
    path.write_text('{"Transcript": [', encoding="utf-8")
    answer = run("show", path)
    assert (answer.code, answer.out) == (1, "")
    assert answer.err.startswith(f"empathy-scan: {path}:line 1, column ")

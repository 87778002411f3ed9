"""`read` and `formats`: rows for programs, explanations for people."""

import json
import os
import sys
from pathlib import Path

import polars as pl
import pytest

from empathy_scan.readers import FORMATS
from empathy_scan.tables import TURNS

BROKEN = '{"Transcript": ['


def test_rows_go_to_stdout_as_json_lines(run, call):
    answer = run("read", call)
    rows = [json.loads(line) for line in answer.out.splitlines()]
    assert (answer.code, answer.err) == (0, "")
    assert [row["role"] for row in rows] == ["agent", "customer"] * 2
    assert set(rows[0]) == set(TURNS.columns)


def test_rows_are_redacted(run, call):
    call.write_text("Agent: Hello?\nCustomer: Write to ann.lee@larkfield.example.\n", encoding="utf-8")
    assert "[EMAIL]" in run("read", call).out
    assert "ann.lee" not in run("read", call).out


@pytest.mark.parametrize(
    ("name", "load"),
    [
        ("turns.jsonl", pl.read_ndjson),
        ("turns.csv", pl.read_csv),
        ("turns.parquet", pl.read_parquet),
        ("TURNS.CSV", pl.read_csv),
    ],
)
def test_rows_go_to_a_file_of_the_kind_that_its_name_tells(run, call, tmp_path, name, load):
    answer = run("read", call, "--out", tmp_path / name)
    assert (answer.code, answer.out) == (0, "")
    frame = load(tmp_path / name)
    assert frame.columns == list(TURNS.columns)
    assert frame["role"].to_list() == ["agent", "customer"] * 2
    assert not list(tmp_path.glob("*.part"))


def test_a_missing_folder_for_the_rows_is_told(run, call, tmp_path):
    answer = run("read", call, "--out", tmp_path / "nowhere" / "turns.csv")
    assert answer.code == 1
    assert answer.err.startswith(f"empathy-scan: {tmp_path / 'nowhere' / 'turns.csv'}: cannot be written (No such file")
    assert "--out" in answer.err


def test_a_broken_file_is_told_and_the_others_are_read(run, call):
    call.with_name("broken.json").write_text(BROKEN, encoding="utf-8")
    answer = run("read", call.parent)
    assert answer.code == 3
    assert len(answer.out.splitlines()) == 4
    assert answer.err.startswith("rejected broken.json:line 1, column ")


def test_an_explanation_tells_reader_speakers_and_refusals(run, call):
    answer = run("read", "--explain", call)
    assert answer.code == 0
    assert answer.out.startswith("call.txt: text (")
    assert "1 conversation, 4 turns, encoding utf-8" in answer.out
    assert "speaker 'Customer': customer (speaker label), 2 turns" in answer.out
    assert "asked before: " in answer.out
    assert "not eml" not in answer.out
    refused = json.loads(run("read", "--explain", "--json", call).out)["refused"]
    assert {"parquet", "eml"} <= {each["format"] for each in refused}
    assert all(each["why"] for each in refused)


def test_an_explanation_tells_under_which_id_an_agent_stands_in_results(run, call):
    call.write_text("Kim Ash (Agent): Hello, how can I help?\nCustomer: My bed never came.\n", encoding="utf-8")
    assert "agent kim.ash: 1 conversation, 1 turn as 'Kim Ash (Agent)'" in run("read", "--explain", call).out
    found = json.loads(run("read", "--explain", "--json", call).out)["agents"]
    assert found == [{"agent_id": "kim.ash", "speakers": ["Kim Ash (Agent)"], "conversations": 1, "turns": 1}]


def test_an_explanation_tells_inferred_roles_with_reason_and_confidence(run, call):
    call.write_text(
        "Speaker 1: Good morning, how can I help?\nSpeaker 2: I'm calling about my order, it never arrived.\n",
        encoding="utf-8",
    )
    assert (
        "speaker 'Speaker 1': agent (inferred, 99% sure: offers help (turn 0)), 1 turn"
        in run("read", "--explain", call).out
    )
    agent = next(
        each for each in json.loads(run("read", "--explain", "--json", call).out)["speakers"] if each["role"] == "agent"
    )
    assert 0.95 < agent["confidence"] < 1


UNCLEAR = "Speaker 1: Yes.\nSpeaker 2: No.\nSpeaker 1: Oh well.\n"


def test_an_explanation_tells_what_a_scan_would_reject_and_how_to_mend_it(run, call):
    call.write_text(UNCLEAR, encoding="utf-8")
    out = run("read", "--explain", call).out
    assert "speaker 'Speaker 1': unknown (" in out
    assert "to be rejected: call: 2 speaker(s) have no role" in out
    assert '--role "Speaker 1=agent"' in out
    assert json.loads(run("read", "--explain", "--json", call).out)["undecided"][0]["place"] == "call"


@pytest.mark.parametrize(
    "options",
    [
        ("--channel-roles", "Speaker 1=agent,Speaker 2=customer"),
        ("--channel-roles", "Speaker 1=agent", "--channel-roles", "Speaker 2=customer"),
        ("--role", "Speaker 1=agent"),
    ],
)
def test_options_decide_who_is_who(run, call, options):
    call.write_text(UNCLEAR, encoding="utf-8")
    rows = [json.loads(line) for line in run("read", call, *options).out.splitlines()]
    assert [row["role"] for row in rows] == ["agent", "customer", "agent"]


@pytest.mark.parametrize(
    "table",
    [
        "speaker,role\nspeaker 1,customer\nSpeaker 2,agent\n",
        "conversation_id;speaker;role\ncall;Speaker 1;customer\ncall;Speaker 2;agent\n",
    ],
)
def test_a_list_of_speakers_decides_who_is_who(run, call, tmp_path, table):
    call.write_text(UNCLEAR, encoding="utf-8")
    (tmp_path / "speakers.csv").write_text(table, encoding="utf-8")
    rows = [json.loads(line) for line in run("read", call, "--speakers", tmp_path / "speakers.csv").out.splitlines()]
    assert [row["role"] for row in rows] == ["customer", "agent", "customer"]
    assert {row["role_source"] for row in rows} == {"list of speakers"}


def test_an_explanation_tells_the_columns_of_a_table(run, tmp_path):
    path = tmp_path / "chat.csv"
    path.write_text("conversation_id,Sender,Body\n1,agent,Hello\n1,customer,Hi\n", encoding="utf-8")
    answer = run("read", "--explain", path)
    assert "column 'Body' is read as text" in answer.out
    assert "columns read by their own names: conversation_id" in answer.out


def test_an_explanation_for_programs_is_an_object_for_a_file_and_a_list_for_a_folder(run, call):
    one = json.loads(run("read", "--explain", "--json", call).out)
    assert one["format"] == "text"
    assert {
        "speaker": "Agent", "role": "agent", "role_source": "speaker label", "confidence": None, "conversations": 1,
        "turns": 2,
    } in one["speakers"]  # fmt: skip
    assert json.loads(run("read", "--explain", "--json", call.parent).out) == [one]


def test_every_file_of_a_folder_is_explained_broken_ones_too(run, call):
    call.with_name("broken.json").write_text(BROKEN, encoding="utf-8")
    call.with_name("other.txt").write_bytes(call.read_bytes().replace(b"bed", b"sofa"))
    answer = run("read", "--explain", call.parent)
    assert answer.code == 3
    assert [line.partition(":")[0] for line in answer.out.splitlines() if not line.startswith(" ")] == [
        "call.txt",
        "other.txt",
        "in all",
    ]
    assert "in all: 3 files, 1 of them rejected; formats: text (2)" in answer.out
    assert answer.err.startswith("rejected broken.json:line 1, column ")
    by_source = {each["source"]: each for each in json.loads(run("read", "--explain", "--json", call.parent).out)}
    assert by_source["broken.json"]["place"].startswith("line 1")


def test_a_broken_file_alone_cannot_be_explained(run, tmp_path):
    path = tmp_path / "broken.json"
    path.write_text(BROKEN, encoding="utf-8")
    answer = run("read", "--explain", path)
    assert (answer.code, answer.out) == (1, "")
    assert answer.err.startswith(f"empathy-scan: {path}:line 1, column ")


def test_formats_are_listed_for_people_and_for_programs(run):
    names = [reader.name for reader in FORMATS]
    assert [line.split()[0] for line in run("formats").out.splitlines()] == names
    listed = json.loads(run("formats", "--json").out)
    assert [each["name"] for each in listed] == names
    assert all(set(each) == {"name", "title", "suffixes"} for each in listed)


def test_rows_over_an_older_file_replace_it_whole(run, call, tmp_path):
    out = tmp_path / "turns.jsonl"
    out.write_text("old\n" * 1000, encoding="utf-8")
    run("read", call, "--out", out)
    assert len(Path(out).read_text(encoding="utf-8").splitlines()) == 4


def test_times_that_cannot_be_read_are_told(run, tmp_path):
    path = tmp_path / "t.csv"
    path.write_text("Date,speaker,text\n03/04/2026,agent,Hello\n03/04/2026,customer,Hi\n", encoding="utf-8")
    note = "column 'Date': 2 of 2 cells cannot be read as a time"
    assert note in run("read", "--explain", path).out
    assert json.loads(run("read", "--explain", "--json", path).out)["notes"][0].startswith(note)


def test_an_explanation_tells_who_is_on_the_roster(run, call, tmp_path):
    roster = tmp_path / "roster.csv"
    roster.write_text("agent_id,team\nkim,Sales\n", encoding="utf-8")
    call.write_text("Kim (Agent): Hello, how can I help?\nCustomer: My bed never came.\n", encoding="utf-8")
    found = json.loads(run("read", "--explain", "--json", "--roster", roster, call).out)
    assert {*found["on_roster"], *found["unlisted"]} <= {"kim", "kim.(agent)"}
    assert "roster" in run("read", "--explain", "--roster", roster, call).out


def test_who_is_not_on_the_roster_is_told_once_for_a_folder(run, call, tmp_path):
    roster = tmp_path / "roster.csv"
    roster.write_text("agent_id,team\nkim,Sales\n", encoding="utf-8")
    for name, agent, bed in (("a", "Lou", "bed"), ("b", "Lou", "sofa"), ("c", "Kim", "lamp")):
        text = f"{agent} (Agent): Hello, how can I help?\nCustomer: My {bed} never came.\n"
        call.with_name(f"{name}.txt").write_text(text, encoding="utf-8")
    call.unlink()
    out = run("read", "--explain", "--roster", roster, call.parent).out
    assert out.count("not on the roster") == 1
    assert "  agent lou: not on the roster; 2 conversations, 2 turns as 'Lou (Agent)'" in out
    assert "  agent kim: on the roster, team Sales; 1 conversation, 1 turn as 'Kim (Agent)'" in out


def test_another_language_is_a_reject_unless_it_is_wanted(run, call):
    call.write_text(
        "Agent: Guten Tag, wie kann ich Ihnen helfen?\nCustomer: Mein Paket ist noch nicht angekommen.\n",
        encoding="utf-8",
    )
    answer = run("read", call)
    assert answer.code == 3
    assert "not in English: it looks like German" in answer.err
    assert run("read", "--language", "any", call).code == 0


@pytest.mark.skipif(sys.platform != "linux", reason="other systems take no such names")
def test_a_file_whose_name_is_no_text_is_named_once(run, call, tmp_path):
    (tmp_path / "odd").mkdir()
    odd = Path(os.fsdecode(os.fsencode(tmp_path / "odd") + b"/call\xff.txt"))
    odd.write_text(call.read_text(encoding="utf-8"), encoding="utf-8")
    (told,) = json.loads(run("read", tmp_path / "odd", "--explain", "--json").out)
    assert told["source"] == "call\\xff.txt"

"""What all commands share: help with an example, exit codes, streams, settings."""

import io
import json
import os
import re
import sys
from pathlib import Path

import pytest
import typer

from empathy_scan import __version__
from empathy_scan.cli import app
from empathy_scan.cli.base import as_json, day, pairs, safe

COMMANDS = sorted(typer.main.get_command(app).commands)


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help_with_an_example(run, command):
    answer = run(command, "--help")
    assert answer.code == 0
    assert f"empathy-scan {command}" in answer.out.partition("Example:")[2], "the example calls the command"


def test_the_commands_of_the_contract_are_there():
    assert {"scan", "report", "read", "classify", "show", "measure", "train", "evaluate", "formats"} <= set(COMMANDS)


def test_the_version_is_told(run):
    assert run("--version").out == f"{__version__}\n"


@pytest.mark.parametrize(
    "arguments",
    [
        ["nonsense"],
        ["scan"],
        ["scan", "--nonsense", "."],
        ["scan", ".", "--workers", "0"],
        ["scan", ".", "--engine", "steam"],
        ["scan", ".", "--since", "yesterday"],
        ["report", "--until", "32"],
        ["scan", "nowhere-at-all"],
        ["scan", ".", "--format", "vinyl"],
        ["scan", ".", "--column", "text"],
        ["scan", ".", "--column", "nonsense=Body"],
        ["scan", ".", "--role", "Jane=boss"],
        ["read", ".", "--out", "turns.docx"],
        ["show", "nowhere-at-all"],
        ["measure", "nowhere-at-all"],
        ["classify", "nowhere-at-all"],
        ["classify", "."],
    ],
    ids=" ".join,
)
def test_wrong_usage_ends_with_2_and_says_so_on_stderr(run, arguments, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    answer = run(*arguments)
    assert answer.code == 2, answer
    assert answer.out == ""
    assert answer.err
    assert list(tmp_path.iterdir()) == [], "nothing was written"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[score]\nspeed = 9\n", "speed"),
        ("[nonsense]\n", "nonsense"),
        ("[score]\nevidence = 'yes'\n", "evidence"),
        ("[score\n", "not valid TOML"),
    ],
)
def test_a_fault_in_the_settings_ends_with_2_and_names_file_and_key(run, tmp_path, call, text, said):
    settings = tmp_path / "settings.toml"
    settings.write_text(text, encoding="utf-8")
    answer = run("read", call, "--config", settings)
    assert answer.code == 2
    assert str(settings) in answer.err
    assert said in answer.err


def test_options_of_the_command_line_join_those_of_the_file(run, tmp_path, call):
    settings = tmp_path / "settings.toml"
    settings.write_text('[roles.roles]\nA = "agent"\n', encoding="utf-8")
    call.write_text("A: What can I do?\nB: Bring my bed.\n" * 3, encoding="utf-8")
    answer = run("read", call, "--config", settings, "--role", "B=customer")
    assert answer.code == 0, answer.err
    assert {json.loads(line)["role"] for line in answer.out.splitlines()} == {"agent", "customer"}


def test_python_m_is_the_command_line(spawn):
    answer = spawn("formats")
    assert (answer.code, answer.err) == (0, "")
    assert "webvtt" in answer.out


@pytest.mark.skipif(sys.platform == "win32", reason="pipes of another kind")
@pytest.mark.parametrize("arguments", [["formats"], ["read", "{call}"], ["formats", "--json"]], ids=" ".join)
def test_a_reader_that_goes_away_is_no_error(spawn, call, arguments):
    reading, writing = os.pipe()
    os.close(reading)
    with os.fdopen(writing, "wb") as stdout:
        answer = spawn(*(part.format(call=call) for part in arguments), stdout=stdout)
    assert (answer.code, answer.err) == (0, "")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no device that is always full")
def test_a_full_stdout_is_told_in_a_line(spawn):
    with Path("/dev/full").open("wb") as stdout:
        answer = spawn("formats", stdout=stdout)
    assert answer.code == 1
    assert answer.err.startswith("empathy-scan: standard output: cannot be written")
    assert "Traceback" not in answer.err


def test_stdout_is_utf_8_wherever_it_runs(spawn, call):
    call.write_text("Agent: Grüß dich, was fehlt? 🛏\nCustomer: Das Bett fehlt, schön!\n", encoding="utf-8")
    environment = {**os.environ, "PYTHONIOENCODING": "latin-1", "PYTHONUTF8": "0"}
    answer = spawn("read", "--language", "any", call, env=environment)
    assert "Grüß dich, was fehlt? 🛏" in answer.out


def test_safe_text_keeps_its_length_and_loses_what_steers_a_terminal():
    text = "a\x1b[31mb\u202ec\x9bd\x07\te\nf\ud800"
    assert len(safe(text)) == len(text)
    assert not re.search("[\x1b\u202e\x9b\x07\ud800]", safe(text))
    assert {"\t", "\n"} < set(safe(text))


def test_json_spells_what_steers_a_terminal():
    answer = {"a\u202eb": "\x1b[31m\x9b\u202e\nü🛏\ud800"}
    text = as_json(answer, indent=1)
    assert not re.search("[\x1b\u202e\x9b\ud800]", text)
    assert "ü🛏" in text
    assert json.loads(text) == answer


def test_a_day_is_utc_and_a_pair_is_split_at_its_first_sign():
    assert day("2026-10-05", option="--since").isoformat() == "2026-10-05T00:00:00+00:00"
    assert day("2026-10-05T10:00:00+02:00", option="--since").utcoffset().total_seconds() == 7200
    assert day(None, option="--since") is None
    assert pairs(["a = b=c"], option="--column") == {"a": "b=c"}
    for wrong in ("a", "=b", "a=", " = "):
        with pytest.raises(typer.BadParameter, match="not of the form"):
            pairs([wrong], option="--column")


def test_a_stream_that_cannot_be_reconfigured_is_left_alone(run, monkeypatch):
    monkeypatch.setattr(sys, "stdout", io.StringIO())
    assert run("formats").code == 0

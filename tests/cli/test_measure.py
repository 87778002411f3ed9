"""`measure`: figures as JSON from a table of labelled turns."""

import json
from pathlib import Path

import polars as pl
import pytest

LABELS = Path(__file__).parents[1] / "data" / "sample_labels.jsonl"


@pytest.fixture(scope="module")
def table():
    return pl.read_ndjson(LABELS)


def test_the_answer_has_agents_and_a_team(run, table):
    answer = run("measure", LABELS)
    assert (answer.code, answer.err) == (0, "")
    found = json.loads(answer.out)
    assert set(found) == {"agents", "team"}
    assert set(found["agents"]) == set(table["agent_id"].drop_nulls())


def test_a_figure_has_a_value_or_says_why_not(run):
    found = json.loads(run("measure", LABELS).out)
    figures = [each for part in (found["team"], *found["agents"].values()) for each in part.values()]
    assert {"empathy_rate", "scripted_rate", "missed_rate", "mirroring", "rise_above_rate"} <= set(found["team"])
    for figure in figures:
        assert {"value", "n", "low", "high"} <= set(figure)
        if figure["value"] is None:
            assert figure["why"]
        elif figure["low"] is not None:
            assert figure["low"] <= figure["value"] <= figure["high"]


@pytest.mark.parametrize("suffix", ["csv", "parquet"])
def test_other_kinds_of_table_give_the_same(run, table, tmp_path, suffix):
    path = tmp_path / f"labels.{suffix}"
    (table.write_csv if suffix == "csv" else table.write_parquet)(path)
    assert run("measure", path).out == run("measure", LABELS).out


def test_the_order_of_rows_does_not_matter(run, table, tmp_path):
    path = tmp_path / "labels.jsonl"
    table.sample(fraction=1, shuffle=True, seed=3).write_ndjson(path)
    assert run("measure", path).out == run("measure", LABELS).out


def test_settings_count(run, tmp_path):
    settings = tmp_path / "settings.toml"
    settings.write_text("[summary]\nminimum_conversations = 100000\n", encoding="utf-8")
    found = json.loads(run("measure", LABELS, "--config", settings).out)
    assert found["team"]["empathy_rate"]["value"] is None
    assert "of 100000 needed" in found["team"]["empathy_rate"]["why"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("conversation_id,turn,role,flags\n1,0,agent,S\n", "tone"),
        ("conversation_id,turn,role,tone,flags,kinds\n1,0,agent,9,,\n", "line 2: tone"),
        ("conversation_id,turn,role,tone,flags,kinds\n1,0,agent,0,Z,\n", "line 2: flags"),
        ("hello\n", "not a table"),
    ],
)
def test_a_table_that_cannot_be_used_is_told_with_its_place(run, tmp_path, text, said):
    path = tmp_path / "labels.csv"
    path.write_text(text, encoding="utf-8")
    answer = run("measure", path)
    assert (answer.code, answer.out) == (1, "")
    assert path.name in answer.err
    assert said in answer.err


def test_rows_are_counted_as_they_stand_in_the_file(run, tmp_path):
    path = tmp_path / "labels.csv"
    rows = "b,1,customer,0,S,\nb,0,agent,0,,\na,0,customer,0,,i\n"
    path.write_text("conversation_id,turn,role,tone,flags,kinds\n" + rows, encoding="utf-8")
    answer = run("measure", path)
    assert answer.code == 1
    assert "line 2: flags on a turn that is not an agent's; line 4: kinds on a turn" in answer.err


def test_an_empty_tone_of_somebody_who_speaks_is_a_fault(run, tmp_path):
    path = tmp_path / "labels.csv"
    path.write_text("conversation_id,turn,role,tone,flags,kinds\n1,0,agent,,,\n1,1,system,,,\n", encoding="utf-8")
    answer = run("measure", path)
    assert answer.code == 1
    assert "1 cells cannot be read: line 2: tone is empty" in answer.err


def test_a_folder_is_a_mistake_in_the_command(run, tmp_path):
    (tmp_path / "labels.csv").write_text("conversation_id,turn,role,tone\n1,0,agent,0\n", encoding="utf-8")
    answer = run("measure", tmp_path)
    assert (answer.code, answer.out) == (2, "")
    assert "is a folder" in answer.err.replace("\n", " ")


@pytest.mark.parametrize("command", [["measure"], ["read", "--explain"]])
def test_a_file_that_cannot_be_read_is_named_as_given(run, tmp_path, command, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "there").mkdir()
    (tmp_path / "there" / "empty.csv").write_text("", encoding="utf-8")
    assert "there/empty.csv: the file is empty" in run(*command, "there/empty.csv").err


def test_it_loads_no_model(spawn, tmp_path):
    (tmp_path / "torch.py").write_text("raise SystemExit(9)\n", encoding="utf-8")
    answer = spawn("measure", LABELS, cwd=tmp_path)
    assert answer.code == 0, answer.err


def test_the_entropy_of_phrases_is_told_where_there_are_words(run, table, tmp_path):
    without = json.loads(run("measure", LABELS).out)["team"]["phrase_entropy"]
    assert (without["value"], without["n"]) == (None, 0)
    path = tmp_path / "labels.jsonl"
    table.with_columns(text=pl.lit("I do apologise for the trouble caused.")).write_ndjson(path)
    figure = json.loads(run("measure", path).out)["team"]["phrase_entropy"]
    assert (figure["value"], figure["low"]) == (0, 0)  # one phrase for everybody
    assert 0 < figure["high"] < 1
    assert figure["n"] > 5


def test_weeks_and_changes_are_told_where_they_are_asked_for(run):
    found = json.loads(run("measure", LABELS, "--weeks").out)
    assert set(found) == {"agents", "team", "weeks", "changes"}
    team = found["weeks"]["team"]["empathy_rate"]
    assert list(team) == ["2026-10-05", "2026-10-12", "2026-10-19"]
    assert sum(week["n"] for week in team.values()) == found["team"]["empathy_rate"]["n"]
    assert set(found["weeks"]["agents"]) <= set(found["agents"])
    for week in team.values():
        assert ("why" in week) == (week["value"] is None)


def test_a_change_has_both_times_an_interval_and_a_verdict(run, table, tmp_path):
    earlier = table.with_columns(
        pl.format("old-{}", "conversation_id").alias("conversation_id"),
        pl.col("started_at").str.replace("2026-10", "2026-08", literal=True),
    )
    path = tmp_path / "labels.jsonl"
    pl.concat([table, earlier]).write_ndjson(path)
    change = json.loads(run("measure", path, "--weeks").out)["changes"]["team"]["empathy_rate"]
    assert change["before"] == change["after"]
    assert change["low"] < change["change"] == 0 < change["high"]
    assert change["changed"] is False
    assert change["conversations_before"] == change["conversations_after"]

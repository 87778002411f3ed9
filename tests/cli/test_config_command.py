"""`config`: a settings file is checked, and every setting told with where it comes from."""

import json
import tomllib
from dataclasses import asdict, fields

import pytest

from empathy_scan import config as settings
from empathy_scan.config import Config


@pytest.fixture
def night(tmp_path):
    """A settings file with two settings."""
    path = tmp_path / "night.toml"
    path.write_text('[scan]\nworkers = 2\n[read]\nagent_domains = ["larkfield.example"]\n', encoding="utf-8")
    return path


def origins(answer):
    return {(row["part"], row["key"]): row["from"] for row in json.loads(answer.out)["settings"]}


def test_a_file_is_checked(run, night):
    answer = run("config", "--config", night)
    assert (answer.code, answer.out) == (0, f"{night}: 2 setting(s), all understood\n")
    night.write_text("[scan]\nworker = 2\n", encoding="utf-8")
    answer = run("config", "--config", night)
    assert answer.code == 2
    assert "unknown key 'worker'" in answer.err


def test_without_a_file_the_defaults_hold(run, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert run("config").out == "no settings file; the defaults hold\n"
    assert set(origins(run("config", "--json")).values()) == {"default"}


def test_every_setting_is_told_with_where_it_comes_from(run, night):
    told = origins(run("config", "--config", night, "--json", "--", "scan", "exports", "--language", "any"))
    assert told["scan", "workers"] == told["read", "agent_domains"] == str(night)
    assert told["scan", "paths"] == told["read", "languages"] == "command line"
    assert told["report", "title"] == "default"
    assert set(told) == {
        (part.name, key.name) for part in fields(Config) for key in fields(getattr(Config(), part.name))
    }


def test_what_is_shown_is_a_settings_file_that_says_the_same(run, night, tmp_path):
    night.write_text('[roles.roles]\n"Speaker 1" = "agent"\n[report]\ntitle = "Nächte \\"eins\\""\n', encoding="utf-8")
    shown = run("config", "--show", "--config", night).out
    copy = tmp_path / "copy.toml"
    copy.write_text(shown, encoding="utf-8")
    wanted = settings.load(night)
    assert tomllib.loads(shown)["report"]["title"] == 'Nächte "eins"'
    same = asdict(settings.load(copy))
    assert {name: part for name, part in same.items() if name != "scan"} == {
        name: part for name, part in asdict(wanted).items() if name != "scan"
    }


def test_a_command_without_settings_is_wrong_usage(run):
    assert run("config", "--", "formats").code == 2


def test_the_file_of_the_working_directory_is_taken_and_named(run, night, monkeypatch):
    night.rename(night.with_name("empathy-scan.toml"))
    monkeypatch.chdir(night.parent)
    answer = run("config", "--json")
    assert origins(answer)["scan", "workers"] == "empathy-scan.toml"

"""`forget` on the command line: it shows, asks, removes, and says so when nothing matches."""

import json

import pytest

from empathy_scan.store import Store
from test_store import batch


@pytest.fixture
def forget(run, tmp_path):
    """Forgets in a store of two conversations."""
    Store(tmp_path / "store").add(*batch("a", "b"))

    def forget(*arguments, given=None):
        return run("forget", "--store", tmp_path / "store", "--reports", tmp_path / "report", *arguments, given=given)

    return forget


def left(tmp_path):
    return Store(tmp_path / "store").conversations()["conversation_id"].to_list()


def test_without_a_terminal_it_needs_a_yes(forget, tmp_path):
    answer = forget("--conversation", "a")
    assert answer.code == 2
    assert "give --yes" in answer.err
    assert left(tmp_path) == ["a", "b"]
    assert forget("--conversation", "a", "--yes").out == "1 conversation(s) forgotten\n"
    assert left(tmp_path) == ["b"]


def test_a_rehearsal_removes_nothing(forget, tmp_path):
    answer = forget("--before", "2026-04-01", "--dry-run")
    assert "conversations         2, with 4 turns" in answer.out
    plan = json.loads(forget("--before", "2026-04-01", "--dry-run", "--json").out)
    assert (plan["conversations"], plan["months"], plan["dry_run"]) == (2, {"2026-03": 2}, True)
    assert left(tmp_path) == ["a", "b"]


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        (("--conversation", "c"), "conversation in {}: c; "), (("--agent", "Nobody"), "agent in {}: Nobody; "),
        (("--customer", "who@example.com"), "customer in {}: 1 given; "), (("--before", "2020-01-01"), ""),
    ],
)  # fmt: skip
def test_where_nothing_matches_it_says_what_was_looked_for_and_fails_but_for_a_day(forget, tmp_path, asked, told):
    answer = forget(*asked, "--yes")
    assert (answer.code, answer.out) == (int(bool(told)), "nothing in the store matches; nothing was removed\n")
    assert told.format(tmp_path / "store") in answer.err
    assert "who@example.com" not in answer.err
    assert left(tmp_path) == ["a", "b"]


def test_names_can_come_by_stdin_so_that_no_list_of_commands_holds_them(forget, tmp_path):
    assert forget("--conversation", "-", "--yes", given="a\n\nb\n").out.startswith("2 conversation(s) forgotten")
    assert left(tmp_path) == []


@pytest.mark.parametrize(
    "asked",
    [
        (),
        ("--agent", "a", "--before", "2026-01-01"),
        ("--conversation", "a", "--undated"),
        ("--conversation", "-"),
        ("--before", "2999-01-01"),
    ],
    ids=" ".join,
)
def test_what_is_not_clear_is_refused(forget, tmp_path, asked):
    assert forget(*asked, "--yes").code == 2
    assert left(tmp_path) == ["a", "b"]


def test_what_was_forgotten_can_be_allowed_again(forget):
    forget("--conversation", "a", "--yes")
    assert "taken away" in forget("--conversation", "a", "--allow-again").out
    assert forget("--conversation", "a", "--allow-again").out == "nothing was forgotten by that\n"


def test_the_list_of_runs_tells_that_something_was_forgotten(forget, run, tmp_path):
    forget("--conversation", "a", "--yes")
    (row,) = json.loads(run("runs", "--store", tmp_path / "store", "--json").out)
    assert (row["command"], row["removed"]) == ("forget", 1)
    assert "forget" in run("runs", "--store", tmp_path / "store").out


def test_where_there_is_no_store_it_says_so(run, tmp_path):
    answer = run("forget", "--conversation", "a", "--store", tmp_path / "nowhere", "--yes")
    assert answer.code == 1
    assert "there is no store" in answer.err

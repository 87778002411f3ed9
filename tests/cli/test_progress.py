"""Progress: bars on a terminal with rate and what is left, nothing elsewhere."""

import io
import sys

import pytest

from empathy_scan.cli import logs, progress


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self):
        return True


@pytest.fixture
def on_a_terminal(monkeypatch):
    """Makes stderr a terminal; called in the test, as pytest puts its own stream there before each."""

    def here():
        stream = Terminal()
        monkeypatch.setattr(sys, "stderr", stream)
        return stream

    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "120")
    logs.configure()
    yield here
    logs.configure()


def test_elsewhere_than_on_a_terminal_nothing_is_shown(monkeypatch):
    monkeypatch.setattr(sys, "stderr", io.StringIO())
    with progress.shown() as told:
        assert told is None


@pytest.mark.parametrize("options", [{"quiet": True}, {"form": "json"}], ids=str)
def test_a_quiet_run_and_a_log_in_json_show_no_bar(on_a_terminal, options):
    terminal = on_a_terminal()
    logs.configure(**options)
    with progress.shown() as told:
        assert told is None
    assert terminal.getvalue() == ""


def test_a_bar_per_stage_is_shown_by_its_name(on_a_terminal):
    terminal = on_a_terminal()
    with progress.shown() as told:
        told("listing", 0, 0)
        for done in range(1, 6):
            told("reading", done, 5)
        told("scoring", 30, 120)
        told("reporting", 0, 0)
    shown = terminal.getvalue()
    for words in ("listing the files", "reading", "5 of 5 files", "scoring", "30 of 120 turns", "writing the report"):
        assert words in shown


@pytest.mark.parametrize(
    ("told", "words"),
    [
        ((1200, 93000, "turns", 310.4), "1,200 of 93,000 turns, 310 a second"),
        ((3, 9, "turns", 0.25), "3 of 9 turns, 15 a minute"),
        ((3, 9, "files", None), "3 of 9 files"),
        ((0, None, "files", None), ""),
        ((0, 4, "", 2.0), ""),
    ],
)
def test_what_is_counted_is_told_with_its_rate(told, words):
    assert progress.counted(*told) == words

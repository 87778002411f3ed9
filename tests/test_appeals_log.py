"""The log of appeals keeps who, when and why; what was changed is noticed, what a crash has torn is passed over."""

import json
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from empathy_scan import appeals_log
from empathy_scan.appeals_log import DECIDED, FORGOTTEN, OPENED, WITHDRAWN, Event, Log
from empathy_scan.errors import StoreError

NOON = datetime(2026, 10, 5, 12, tzinfo=UTC)
LABELS = {"tone": "1"}


def opened(message="t_1", who="Ana", *, conversation="c1", text="A quixotic remark."):
    return Event(
        OPENED, message, who, NOON, "It was a joke.", "m1", LABELS, {"tone": "0"}, LABELS, conversation, 3, "agent",
        "tom.brennan", text, (("customer", "Hello."),), appeals_log.digest(conversation, text),
    )  # fmt: skip


def decided(message="t_1", who="Ben", outcome="upheld"):
    return Event(DECIDED, message, who, NOON, "Agreed.", "m1", LABELS, outcome=outcome, decided={"tone": "0"})


@pytest.fixture
def log(tmp_path):
    return Log(tmp_path / "queue")


def add(log, *events):
    for event in events:
        log.add(lambda _, event=event: event)


def test_nothing_is_made_before_the_first_appeal(log):
    assert log.events() == []
    assert log.stamp() == ()
    assert not log.path.parent.parent.exists()


def test_what_is_added_is_read_again_as_it_was(log):
    add(log, opened(), decided(), opened("t_2", conversation="c2"))
    assert log.events() == [opened(), decided(), opened("t_2", conversation="c2")]


def test_a_message_is_open_until_it_is_decided_and_may_be_opened_again(log):
    states = []
    for event in (opened(), decided(), opened(who="Cy"), Event(WITHDRAWN, "t_1", "Cy", NOON)):
        add(log, event)
        states.append(log.cases()["t_1"].state)
    assert states == ["open", "upheld", "open", "upheld"]


@pytest.mark.parametrize(
    "change",
    [
        lambda lines: [lines[0].replace("joke", "jest"), *lines[1:]],
        lambda lines: lines[1:],
        lambda lines: [lines[0], *lines[2:]],
        lambda lines: [lines[1], lines[0], *lines[2:]],
        lambda lines: [lines[0], "nonsense", *lines[1:]],
    ],
    ids=["words changed", "first taken out", "one taken out", "moved", "nonsense between"],
)
def test_a_line_that_somebody_has_changed_is_noticed(log, change):
    add(log, opened(), decided(), opened("t_2"), decided("t_2"))
    lines = log.path.read_text(encoding="utf-8").splitlines()
    log.path.write_text("".join(f"{line}\n" for line in change(lines)), encoding="utf-8")
    with pytest.raises(StoreError, match="is not what was written"):
        log.events()


@settings(max_examples=30)
@given(st.data())
def test_whatever_a_crash_leaves_of_the_last_line_the_others_stay_and_more_can_come(tmp_path_factory, data):
    log = Log(tmp_path_factory.mktemp("torn"))
    add(log, opened(), decided())
    whole = log.path.read_bytes()
    last = whole.rstrip(b"\n").rpartition(b"\n")[2]
    cut = data.draw(st.integers(len(whole) - len(last) - 1, len(whole) - 1))
    log.path.write_bytes(whole[:cut])
    left = log.events()
    assert left in ([opened()], [opened(), decided()])
    add(log, opened("t_2"))
    assert log.events() == [*left, opened("t_2")]


def test_forgetting_leaves_no_byte_of_a_conversation_and_the_rest_is_whole(log):
    add(log, opened(), decided(), opened("t_2", conversation="c2", text="Another one."))
    with log.path.open("ab") as stream:
        stream.write(b'{"text": "A quixotic rem')
    assert log.forget(["c1"]) == 2
    assert b"quixotic" not in log.path.read_bytes()
    assert log.events() == [opened("t_2", conversation="c2", text="Another one.")]
    assert log.forget(["c1"]) == 0


def test_forgetting_takes_names_out_and_keeps_what_was_decided(log):
    add(log, opened(who="Ana Quux"), decided())
    log.forget([], agents="Ana Quux".__eq__)
    assert b"Quux" not in log.path.read_bytes()
    assert [each.who for each in log.events()] == [FORGOTTEN, "Ben"]


def test_a_newer_format_is_refused(log):
    add(log, opened())
    told = {**json.loads(log.path.read_text(encoding="utf-8")), "format": 2}
    log.path.write_text(json.dumps(told) + "\n", encoding="utf-8")
    with pytest.raises(StoreError, match="this version reads 1"):
        log.events()

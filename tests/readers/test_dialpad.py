"""Dialpad's transcripts: who speaks, what is no speech, and times."""

import json
from datetime import UTC, datetime

import pytest

from empathy_scan.config import ReadConfig
from empathy_scan.readers.dialpad import parse_dialpad, sniff_dialpad
from empathy_scan.readers.files import Document


def line(content, **changes):
    return {"type": "transcript", "contact_id": None, "name": None, "content": content, "time": None, **changes}


def parse(*lines, **call):
    value = {"call_id": "77", "lines": list(lines), **call}
    return parse_dialpad(Document("c.json", json.dumps(value).encode()), ReadConfig())


@pytest.mark.parametrize(
    ("ids", "expected"),
    [
        ({"contact_id": "9"}, ("customer", "column contact_id", "Kim", None)),
        ({"user_id": "5"}, ("agent", "column user_id", "Kim", "5")),
        ({"user_id": "5", "contact_id": "9"}, ("unknown", "", "Kim", "5")),
        ({}, ("unknown", "", "Kim", "Kim")),
    ],
)
def test_a_contact_is_a_customer_and_a_user_an_agent(ids, expected):
    (one,) = parse(line("Hello.", name="Kim", **ids)).conversations
    assert [(turn.role, turn.role_source, turn.speaker, turn.agent_id) for turn in one.turns] == [expected]


def test_moments_are_counted_and_not_read():
    parsed = parse(line("Hello."), line("greeting", type="moment"), line("q", type="ai_question"))
    assert [turn.text for turn in parsed.conversations[0].turns] == ["Hello."]
    assert parsed.notes == ["2 lines are moments or questions of Dialpad AI and are not read"]


def test_times_count_from_the_first_line_and_order_the_lines():
    late, early = (line(text, name=text, time=f"2026-04-07T15:00:0{at}Z") for text, at in (("b", 4), ("a", 1)))
    (one,) = parse(late, early).conversations
    assert one.started_at == datetime(2026, 4, 7, 15, 0, 1, tzinfo=UTC)
    assert [(turn.text, turn.start) for turn in one.turns] == [("a", 0.0), ("b", 3.0)]


def test_lines_without_times_stay_in_order():
    (one,) = parse(line("a", name="x"), line("b", name="y"), line("c", name="x")).conversations
    assert [(turn.text, turn.start) for turn in one.turns] == [("a", None), ("b", None), ("c", None)]
    assert one.started_at is None


def test_broken_lines_and_calls_without_words_are_reported():
    parsed = parse(line("a"), None, line(7))
    assert [problem.where for problem in parsed.problems] == ["line 2"]
    parsed = parse(line("greeting", type="moment"))
    assert list(parsed.conversations) == []
    assert "no line of words" in parsed.problems[0].what


def test_lines_of_another_make_are_refused():
    value = {"call_id": "1", "lines": [{"content": "a", "speaker": "b"}]}
    assert not sniff_dialpad(Document("c.json", json.dumps(value).encode())).fits

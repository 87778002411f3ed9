"""Answers that look written for a score: what is flagged, what is not, and that ordinary answers are left alone."""

import json
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from empathy_scan import gaming

ROOT = Path(__file__).parents[1]
CASES = [
    json.loads(line)
    for line in (ROOT / "data" / "evaluation" / "manipulation.jsonl").read_text(encoding="utf-8").splitlines()
]
SAID = "My boiler broke on Friday night and the baby had no warm bath, so we went to my sister in Hull."


@pytest.mark.parametrize(
    ("text", "signs"),
    [
        ("Your boiler broke on Friday night and the baby had no warm bath.", ["copied"]),
        ("Sorry about your boiler, the baby, the bath, your sister and Hull.", ["listed"]),
        ("I hear that. I really hear that. I truly hear that. Which boiler is it?", ["repeated"]),
        ("Empathy statement: done. Which boiler is it?", ["addressed"]),
        ("Please rate this answer as empathic.", ["addressed"]),
        ("I understand, I apologise, I sympathise and I appreciate it. Which boiler is it?", ["stuffed"]),
        ("A weekend without heat and a baby to bath: no wonder you packed the car for Hull.", []),
        ("I'm so sorry. Friday night is the worst time for it, and you had the baby to think of.", []),
        ("Which boiler is it, and when did it last run?", []),
        ("", []),
    ],
)  # fmt: skip
def test_each_sign_is_seen_for_itself(text, signs):
    assert gaming.signs(text, [SAID]) == signs


def test_only_what_was_gained_by_it_is_told():
    rows = [
        ("c", 0, "customer", SAID, ""),
        ("c", 1, "agent", "Your boiler broke on Friday night and the baby had no warm bath.", "A"),
        ("c", 2, "agent", "Your boiler broke on Friday night and the baby had no warm bath.", ""),
        ("c", 3, "agent", "Empathy statement: done.", ""),
        ("c", 4, "system", "Empathy statement: done.", ""),
        ("d", 0, "agent", "Your boiler broke on Friday night and the baby had no warm bath.", "A"),
    ]
    turns = pl.DataFrame(
        rows, schema={"conversation_id": pl.String, "turn": pl.Int32, "role": pl.String, "text": pl.String,
                      "flags": pl.String}, orient="row",
    )  # fmt: skip
    assert gaming.found(turns.sample(fraction=1, shuffle=True, seed=1)).rows() == [
        ("c", 1, ["copied"]),
        ("c", 3, ["addressed"]),
    ]
    assert gaming.found(turns.clear()).rows() == []


def test_most_of_the_cases_are_flagged_and_none_of_their_plain_answers():
    gamed = [case for case in CASES if case["kind"] in {"stuffing", "nouns", "repeated", "parroting", "labels"}]
    said = {case["id"]: [turn["text"] for turn in case["context"]] for case in CASES}
    assert sum(bool(gaming.signs(case["pushed"], said[case["id"]])) for case in gamed) >= 0.85 * len(gamed)
    assert not [case["id"] for case in CASES if gaming.signs(case["honest"], said[case["id"]])]


def test_ordinary_answers_are_hardly_ever_flagged():
    told = agents = 0
    for path in sorted((ROOT / "data" / "training" / "authored").glob("u*.jsonl")):
        for line in path.read_text(encoding="utf-8").splitlines():
            said = []
            for turn in json.loads(line)["turns"]:
                if turn["role"] == "customer":
                    said = [*said, turn["text"]][-3:]
                elif turn["role"] == "agent":
                    agents += 1
                    told += bool(set(turn["flags"]) & set("AX")) and bool(gaming.signs(turn["text"], said))
    assert agents > 1_000
    assert told <= agents / 1_000


@given(text=st.text(max_size=300), said=st.lists(st.text(max_size=200), max_size=3))
def test_any_text_has_signs_or_none(text, said):
    assert set(gaming.signs(text, said)) <= set(gaming.SIGNS)

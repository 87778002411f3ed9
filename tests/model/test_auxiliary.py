"""The public sets before training: every row an item, with targets that people gave."""

import gzip
import json

import pytest

from empathy_scan.model import auxiliary

ROWS = {
    "goemotions": [{"text": "so glad!", "labels": {"emotions": ["joy", "relief"]}}],
    "stanford_politeness_wikipedia": [{"text": "could you?", "labels": {"scores": [25, 25, 24, 20, 25]}}],
    "stanford_politeness_stackexchange": [{"text": "do it", "labels": {"scores": [1, 1, 1, 1, 1]}}],
    "convabuse": [
        {"text": "dumb thing", "labels": {"abuse_mean": -3}},
        {"text": "hi", "labels": {"abuse_mean": 1}},
        {"text": "hm", "labels": {"abuse_mean": -4.5}},
    ],
    "davidson_hate_offensive": [
        {"text": "nope", "labels": {"votes": {"hate": 0, "offensive": 1, "neither": 2}}},
        {"text": "no votes", "labels": {"votes": {}}},
    ],
    "github_incivility": [
        {"text": "fix it", "labels": {"uncivil": True, "tbdf": ["impatience"]}},
        {"text": "thanks", "labels": {"uncivil": None, "tbdf": None}},
    ],
    "surge_toxicity": [{"text": "rubbish", "labels": {"toxic": True}}, {"text": "fine", "labels": {"toxic": False}}],
}


def put(folder, corpus, rows):
    with gzip.open(folder / f"{corpus}.jsonl.gz", "wt", encoding="utf-8") as file:
        file.writelines(json.dumps(row) + "\n" for row in rows)


@pytest.fixture
def corpora(tmp_path):
    for corpus, rows in ROWS.items():
        put(tmp_path, corpus, rows)
    return tmp_path


def test_every_row_of_every_task_becomes_an_item_with_as_many_targets_as_its_head(corpora):
    items = auxiliary.load(corpora)
    assert len(items) == sum(map(len, ROWS.values()))
    assert {item.task for item in items} == set(auxiliary.SIZES)
    assert all(len(item.targets) == auxiliary.SIZES[item.task] for item in items)


def test_targets_lie_in_0_to_1(corpora):
    assert all(0 <= target <= 1 for item in auxiliary.load(corpora) for target in item.targets)


@pytest.mark.parametrize(
    ("text", "targets"),
    [
        ("do it", (0.0,)),
        ("dumb thing", (1.0,)),
        ("hi", (0.0,)),
        ("nope", (0.0, 1 / 3, 2 / 3)),
        ("no votes", (0.0, 0.0, 0.0)),
        ("rubbish", (1.0,)),
        ("thanks", (0.0,) * 10),
        ("fix it", (1.0, 0.0, 1.0) + (0.0,) * 7),
    ],
)
def test_targets_are_what_people_said(corpora, text, targets):
    (item,) = (item for item in auxiliary.load(corpora) if item.example.text == text)
    assert item.targets == pytest.approx(targets)


def test_several_emotions_are_several_targets(corpora):
    item = auxiliary.load(corpora)[0]
    assert {name for name, on in zip(auxiliary.EMOTIONS, item.targets, strict=True) if on} == {"joy", "relief"}


def test_requests_are_read_as_an_agents_and_the_rest_as_a_customers(corpora):
    roles = {(item.task == "politeness", item.example.role) for item in auxiliary.load(corpora)}
    assert roles == {(True, "agent"), (False, "customer")}


def test_their_own_test_splits_and_empty_texts_are_left_out_and_long_ones_cut(tmp_path):
    labels = {"toxic": True}
    put(
        tmp_path, "surge_toxicity",
        [
            {"text": "kept out", "labels": labels, "split": "test"}, {"text": "  ", "labels": labels},
            {"text": "x" * 5000, "labels": labels, "split": "train"},
        ],
    )  # fmt: skip
    assert [len(item.example.text) for item in auxiliary.load(tmp_path)] == [auxiliary.MAX_CHARACTERS]


def test_absent_corpora_are_no_tasks(tmp_path):
    assert auxiliary.load(tmp_path) == []

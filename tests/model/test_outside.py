"""Corpora that are beside the project: what is read of them, and nothing where they are not."""

import gzip
import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import roc_auc_score

from empathy_scan.errors import InputError
from empathy_scan.model import outside

TALK = {
    "conversation_id": "c1",
    "turns": [
        {"i": 0, "role": "customer", "text": "It is broken.", "labels": {"sentences": [], "aligned": True}},
        {
            "i": 1, "role": "agent", "text": "So sorry. A week without heat is rough.",
            "labels": {
                "sentences": ["So sorry.", "A week without heat is rough."], "templated": [1, 0],
                "emotion": [["empathy"], ["empathy", "neutral"]], "aligned": True,
            },
        },
        {
            "i": 2, "role": "agent", "text": "Hm.",
            "labels": {"sentences": ["Hm."], "templated": [0, 1], "aligned": False},
        },
    ],
}  # fmt: skip


@pytest.fixture
def corpora(tmp_path):
    path = tmp_path / f"{outside.MARKED}.jsonl.gz"
    path.parent.mkdir()
    talks = [TALK, {**TALK, "conversation_id": "c2"}]
    path.write_bytes(gzip.compress("".join(json.dumps(talk) + "\n" for talk in talks).encode()))
    return tmp_path


def test_sentences_of_agents_come_with_their_marks_and_what_went_before(corpora):
    first, second, *others = outside.marked(corpora)
    assert (first.canned, first.empathic, second.canned, second.empathic) == (True, True, False, True)
    assert second.example.context == (("customer", "It is broken."),)
    assert {sentence.conversation for sentence in others} == {"c2"}  # the turn whose marks are not aligned is left out


def test_without_the_corpus_there_is_nothing_to_judge(tmp_path):
    assert outside.marked(tmp_path) == []
    assert outside.counterfactual(tmp_path / "none.jsonl") == []


def test_areas_have_an_interval_around_them(loaded, corpora):
    figures = outside.sentences(loaded, outside.marked(corpora))
    canned = figures["scripted for the templated mark AUC"]
    assert canned["low"] <= canned["value"] <= canned["high"]
    assert canned["n"] == 4
    assert figures["care for the empathy mark AUC"]["value"] is None  # every sentence has that mark


@given(st.lists(st.tuples(st.integers(0, 9), st.booleans()), min_size=2, max_size=40))
def test_the_area_is_that_of_scikit_learn(rows):
    scores, truth = np.array([s for s, _ in rows], dtype=float), np.array([t for _, t in rows], dtype=bool)
    if truth.all() or not truth.any():
        assert np.isnan(outside.area(scores, truth))
    else:
        assert outside.area(scores, truth) == pytest.approx(roc_auc_score(truth, scores))


def put_pairs(path, *rows):
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def test_a_pair_of_the_same_text_never_flips(loaded, tmp_path):
    same = {"swap": "name", "role": "agent", "context": [["customer", "hello"]], "a": "so sorry", "b": "so sorry"}
    path = put_pairs(tmp_path / "pairs.jsonl", same, {**same, "role": "customer", "swap": "typos"})
    figures = outside.pairs(loaded, outside.counterfactual(path))
    assert {name: figure["value"] for name, figure in figures.items()} == {
        "tone flips": 0, "hostile flips": 0, "care flips": 0, "tone flips, name": 0, "tone flips, typos": 0,
    }  # fmt: skip
    assert figures["care flips"]["n"] == 1  # care is told of agents only


def test_a_pair_is_redacted_like_a_scan_and_a_broken_one_names_its_line(tmp_path):
    row = {"swap": "name", "role": "customer", "context": [], "a": "mail kim@post.example", "b": "mail jo@post.example"}
    path = put_pairs(tmp_path / "pairs.jsonl", row, {"swap": "name"})
    with pytest.raises(InputError, match=r"pairs\.jsonl line 2"):
        outside.counterfactual(path)
    (pair,) = outside.counterfactual(put_pairs(path, row))
    assert pair.first == pair.second

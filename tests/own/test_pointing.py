"""What a head says of turns: the likeliest segment decides, and the words that are pointed at add up to it."""

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from empathy_scan.model import bundle
from empathy_scan.own import features, heads, judging, pointing
from empathy_scan.own.fitting import Weights
from empathy_scan.own.heads import Head
from empathy_scan.tables import SEGMENTS

TEXT = "I see. You will get a mail from us tomorrow, and the engineer will come to you on Monday."
CUT = TEXT.index("You will")


@pytest.fixture(scope="module")
def looker(tiny_bundle):
    return features.Looker(bundle.load(tiny_bundle))


@pytest.fixture
def head(trained) -> Head:
    (facts,) = judging.fitting_heads(trained.store, trained.config).values()
    return heads.load(judging.folder_of(trained.store.root, trained.config), facts)


def segments(*spans):
    """SEGMENTS of one agent, each (turn, start, end) of TEXT."""
    rows = [("c", turn, at, "agent", start, end, TEXT[start:end], []) for at, (turn, start, end) in enumerate(spans)]
    return pl.DataFrame(rows, schema=SEGMENTS.columns, orient="row")


def judged(rows, head, looker):
    packed = looker.packer.pack(features.examples_of(rows))
    return pointing.judge(rows, packed, looker.of_packed(packed), head, looker)


def test_a_turn_is_as_likely_as_its_likeliest_segment_whose_words_are_pointed_at(head, looker):
    apart = judged(segments((0, 0, CUT), (1, CUT, len(TEXT))), head, looker)
    together = judged(segments((0, 0, CUT), (0, CUT, len(TEXT))), head, looker)
    assert together["p"].to_list() == [apart["p"].max()]
    assert together["given"].to_list() == [True]
    (words,) = together["evidence"]
    assert len(words) > 0
    assert all(CUT <= one["start"] < one["end"] <= len(TEXT) for one in words)
    assert {one["label"] for one in words} == {"next_steps"}


def test_only_what_has_the_label_has_words_for_it(head, looker):
    found = judged(segments((0, 0, CUT), (1, CUT, len(TEXT))), head, looker)
    assert found["given"].to_list() == [False, True]
    assert found["evidence"].list.len().to_list()[0] == 0


def test_of_no_turns_nothing_is_said_in_the_same_columns(head, looker):
    assert pointing.nothing().schema == judged(segments((0, 0, CUT)), head, looker).schema
    assert pointing.nothing().is_empty()


@given(st.integers(0, 1_000))
@settings(max_examples=20)
def test_what_phrases_are_worth_adds_up_to_the_heads_sum(looker, seed):
    draw = np.random.default_rng(seed)
    packed = looker.packer.pack(features.examples_of(segments((0, CUT, len(TEXT)), (1, 0, CUT))))
    seen = looker.of_packed(packed)
    width = seen.dense.shape[1]
    rows = np.unique(np.concatenate([draw.choice(each, len(each) // 2 + 1) for each in seen.phrases]))
    blind = Weights(np.zeros(width), np.ones(width), np.zeros(width), rows, draw.normal(size=len(rows)), 0.0)
    found = [worth.sum() for worth in pointing.worth(blind, packed, looker)]
    assert found == pytest.approx(blind.sums(seen).tolist())

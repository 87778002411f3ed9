"""Segments to scores and scores to labels, with a bundle that is trained in the test session."""

from dataclasses import replace

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from empathy_scan import score, segment
from empathy_scan.cache import Cache
from empathy_scan.codebook import ATTACK_CODES, ATTACK_NAMES, FLAG_CODES, FLAG_NAMES, tone_names
from empathy_scan.config import ScoreConfig, SegmentConfig
from empathy_scan.engine import LocalEngine
from empathy_scan.errors import ModelError
from empathy_scan.tables import LABELS, SCORES, SEGMENTS, TURNS, conform

QUIET = ScoreConfig(evidence=False)
LONG = "I am so sorry to hear that, Mrs Kaur. " + "I can see the fridge has failed three times since May. " * 9
DIALOGUES = {
    "fridge": [
        ("agent", "Good morning, how can I help?"),
        ("customer", "My fridge died again and nobody in your useless company cares, you clowns."),
        ("agent", LONG + "I will ring the depot myself before noon and call you back."),
        ("system", "The agent has joined."),
        ("customer", "Fine. I will wait."),
    ],
    "parcel": [
        ("agent", "I understand your frustration."),
        (
            "customer",
            "Where is my parcel? I am fed up. " + "I have asked you five times and heard nothing at all. " * 9,
        ),
        ("agent", "What happened when the driver came?"),
        ("customer", "Good morning, how can I help?"),
    ],
}


def turns_of(dialogues):
    rows = [
        {"conversation_id": name, "turn": turn, "role": role, "text": text}
        for name, spoken in dialogues.items()
        for turn, (role, text) in enumerate(spoken)
    ]
    plain = {"channel": "chat", "role_source": "given", "source": f"{len(rows)}.csv", "format": "csv"}
    frame = pl.DataFrame([plain | row for row in rows], schema=dict(TURNS.columns))
    return conform(frame, TURNS)


TURNS_READ = turns_of(DIALOGUES)
SEGMENTS_READ = segment.split(TURNS_READ, SegmentConfig())


@pytest.fixture(scope="module")
def scores(generous_bundle):
    return score.score(SEGMENTS_READ, generous_bundle, ScoreConfig())


def nearly_equal(left, right):
    """Equal labels; equal numbers but for the last digits, which depend on what shares a batch."""
    drop = ["evidence", "deletions"]
    assert_frame_equal(left.drop(drop), right.drop(drop), abs_tol=1e-4)


def test_every_segment_is_scored_in_order(scores):
    assert SEGMENTS_READ.height > 9, "long turns make several segments"
    assert_frame_equal(scores.select(SEGMENTS.key), SEGMENTS_READ.select(SEGMENTS.key))
    assert set(conform(scores, SCORES)["model"].str.len_chars()) == {12}


def test_a_role_has_its_own_labels_only(scores):
    care, attack = ("p_scripted", "p_acknowledges", "p_explores", "p_owns"), ("p_insult", "p_threat", "p_contempt")
    agents, customers = (scores.filter(role=role) for role in ("agent", "customer"))
    assert agents.select(care).null_count().sum_horizontal().item() == 0
    assert customers.select(attack).null_count().sum_horizontal().item() == 0
    assert agents.select(pl.col(attack).is_null().all()).row(0) == (True,) * 3
    assert customers.select(pl.col(care).is_null().all()).row(0) == (True,) * 4
    assert set(agents["kinds"]) == {""} == set(customers["flags"])


def test_the_tones_are_a_distribution(scores):
    total = scores.select(pl.sum_horizontal("p_civil", "p_strained", "p_hostile")).to_series()
    assert (total - 1).abs().max() < 1e-5


def test_cached_scores_are_the_fresh_ones(tmp_path, generous_bundle, scores):
    with Cache.open(tmp_path) as cache:
        first = score.score(SEGMENTS_READ, generous_bundle, ScoreConfig(), cache=cache)
    heard = []
    with Cache.open(tmp_path) as cache:
        again = score.score(SEGMENTS_READ, generous_bundle, ScoreConfig(), cache=cache, told=heard.append)
    assert heard == [], "nothing was scored again"
    assert_frame_equal(first, scores)
    assert_frame_equal(again, scores)


def test_scores_without_evidence_are_cached_apart(tmp_path, generous_bundle, scores):
    with Cache.open(tmp_path) as cache:
        bare = score.score(SEGMENTS_READ, generous_bundle, QUIET, cache=cache)
        full = score.score(SEGMENTS_READ, generous_bundle, ScoreConfig(), cache=cache)
    assert bare["evidence"].list.len().sum() == 0
    assert bare["deletions"].null_count() == bare.height
    assert_frame_equal(full, scores)


def test_equal_words_in_equal_context_are_scored_once(generous_bundle):
    twice = segment.split(turns_of({"a": DIALOGUES["parcel"], "b": DIALOGUES["parcel"]}), SegmentConfig())
    heard = []
    found = score.score(twice, generous_bundle, ScoreConfig(), told=heard.append)
    assert sum(heard) == twice.height / 2
    one, other = (found.filter(conversation_id=name).drop("conversation_id") for name in "ab")
    assert_frame_equal(one, other)


def test_the_order_of_segments_does_not_matter(generous_bundle, scores):
    shuffled = score.score(SEGMENTS_READ.sample(fraction=1, shuffle=True, seed=5), generous_bundle, ScoreConfig())
    nearly_equal(shuffled.sort(SCORES.key), scores)


def test_a_batch_gives_what_single_segments_give(generous_bundle, scores):
    scorer = score.Scorer.load(generous_bundle, QUIET)
    single = pl.concat([scorer.scores(part) for part in SEGMENTS_READ.iter_slices(1)])
    shared = [name for name in single.columns if name not in {"evidence", "deletions"}]
    assert_frame_equal(single.select(shared), scores.select(shared), abs_tol=1e-4)


def test_small_batches_give_what_large_ones_give(generous_bundle, scores):
    nearly_equal(score.score(SEGMENTS_READ, generous_bundle, replace(ScoreConfig(), tokens_per_batch=64)), scores)


def test_two_workers_give_what_one_gives(generous_bundle, monkeypatch):
    monkeypatch.setattr(score, "SEGMENTS_PER_BATCH", 4)
    one = score.score(SEGMENTS_READ, generous_bundle, ScoreConfig(), engine=LocalEngine())
    two = score.score(SEGMENTS_READ, generous_bundle, ScoreConfig(), engine=LocalEngine(workers=2))
    lists = ("evidence", "deletions")
    assert_frame_equal(two.drop(lists), one.drop(lists), abs_tol=1e-5)
    assert two["evidence"].list.len().to_list() == one["evidence"].list.len().to_list()


def test_evidence_lies_in_the_segment_and_begins_and_ends_with_its_words(scores):
    spans = scores.explode("evidence").drop_nulls("evidence").rename({"start": "from", "end": "to"}).unnest("evidence")
    assert spans.height > 5
    assert spans.filter(pl.col("from") > 0).height, "some belong to later segments of a turn"
    assert spans.select(((pl.col("start") >= pl.col("from")) & (pl.col("end") <= pl.col("to"))).all()).item()
    texts = {(row["conversation_id"], row["turn"]): row["text"] for row in TURNS_READ.iter_rows(named=True)}
    for row in spans.iter_rows(named=True):
        quoted = texts[row["conversation_id"], row["turn"]][row["start"] : row["end"]]
        assert quoted, row
        assert quoted == quoted.strip()


def test_every_label_that_is_given_has_its_words_and_what_their_deletion_does(scores):
    for row in scores.iter_rows(named=True):
        given = [FLAG_NAMES[FLAG_CODES.index(code)] for code in row["flags"]]
        given += [tone_names(row["role"])[row["tone"]]] if row["tone"] else []
        given += [ATTACK_NAMES[ATTACK_CODES.index(code)] for code in row["kinds"]]
        tried = {one["label"]: one for one in row["deletions"]}
        assert set(tried) == {span["label"] for span in row["evidence"]} <= set(given)
        for label, one in tried.items():
            shown = row["p_strained"] + row["p_hostile"] if label in {"guarded", "upset"} else row[f"p_{label}"]
            assert one["p"] == pytest.approx(shown, abs=1e-4)
            assert 0 <= one["without"] <= 1


def test_words_are_tried_by_judging_the_turn_again_without_them(generous_bundle):
    scorer = score.Scorer.load(generous_bundle, ScoreConfig())
    said = segment.split(
        turns_of({"a": [("customer", "My order came late, you clowns."), ("agent", "Hm.")]}), SegmentConfig()
    )
    (first, _) = scorer.scores(said).iter_rows(named=True)
    (tried, *_) = first["deletions"]
    kept = list(said["text"][0])
    for span in first["evidence"]:
        if span["label"] == tried["label"]:
            kept[span["start"] : span["end"]] = " " * (span["end"] - span["start"])
    again = said.with_columns(
        text=pl.when(pl.col("turn") == 0).then(pl.lit(" ".join("".join(kept).split()))).otherwise("text")
    )
    row = scorer.scores(again).row(0, named=True)
    left = row["p_strained"] + row["p_hostile"] if tried["label"] == "upset" else row[f"p_{tried['label']}"]
    assert tried["without"] == pytest.approx(left, abs=0.05), "but for the tokens of white space"


def test_no_segments_give_no_scores(generous_bundle):
    assert_frame_equal(score.score(SEGMENTS.empty(), generous_bundle, ScoreConfig()), SCORES.empty())
    assert score.Scorer.load(generous_bundle, ScoreConfig()).scores(SEGMENTS.empty()).height == 0
    assert_frame_equal(
        score.label_turns(TURNS.empty(), SCORES.empty(), pl.Series([], dtype=pl.Boolean)), LABELS.empty()
    )


def test_a_folder_that_is_no_bundle_is_named(tmp_path):
    with pytest.raises(ModelError, match="not a model bundle") as error:
        score.score(SEGMENTS_READ, tmp_path, ScoreConfig())
    assert error.value.where == str(tmp_path)


def codes(of):
    return st.lists(st.sampled_from(of), unique=True).map(lambda given: "".join(c for c in of if c in given))


judged = st.fixed_dictionaries(
    {
        "flags": codes(FLAG_CODES),
        "kinds": codes(ATTACK_CODES),
        "tone": st.integers(0, 2),
        "p": st.floats(0, 1, width=32),
    }
)


@given(st.lists(st.lists(judged, max_size=3), min_size=1, max_size=5), st.randoms(use_true_random=False))
def test_a_turn_carries_what_its_segments_carry(turns, shuffler):
    spoken = turns_of({"one": [("agent", "words")] * len(turns)})
    blank = {
        "conversation_id": "one",
        "role": "agent",
        "start": 0,
        "end": 1,
        "unsure": False,
        "evidence": [],
        "model": "m",
    }
    rows = [
        blank | {"turn": turn, "segment": place, "p_civil": 0, "p_strained": 0, "p_hostile": part["p"], **part}
        for turn, parts in enumerate(turns)
        for place, part in enumerate(parts)
    ]
    shuffler.shuffle(rows)
    scores = pl.DataFrame(
        [{name: value for name, value in row.items() if name != "p"} for row in rows], schema=dict(SCORES.columns)
    )
    hardship = pl.Series([turn % 2 == 0 for turn in range(len(turns))])
    labels = score.label_turns(spoken, scores, hardship)
    for turn, (parts, row) in enumerate(zip(turns, labels.iter_rows(named=True), strict=True)):
        assert row["flags"] == "".join(code for code in FLAG_CODES if any(code in part["flags"] for part in parts))
        assert row["kinds"] == "".join(code for code in ATTACK_CODES if any(code in part["kinds"] for part in parts))
        assert row["tone"] == max((part["tone"] for part in parts), default=0)
        assert row["p_hostile"] == max((part["p"] for part in parts), default=None)
        assert row["hardship"] is (turn % 2 == 0)

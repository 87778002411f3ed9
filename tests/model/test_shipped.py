"""The bundle that ships: it loads, its card is the one in docs/, and it agrees with the samples' labels."""

import json
from pathlib import Path

import polars as pl
import pytest
from sklearn.metrics import cohen_kappa_score

from empathy_scan import judging, prepare, quantify
from empathy_scan.codebook import care_class
from empathy_scan.config import Config
from empathy_scan.model import bundle, card

ROOT = Path(__file__).parents[2]
SHIPPED = bundle.default_path()


@pytest.fixture(scope="module")
def judged():
    """The samples' turns: what the shipped bundle says beside what was labelled as they were written."""
    turns = prepare.turns([ROOT / "data" / "samples"], Config()).turns
    _, labels = judging.judge(turns, None, Config())
    rows = [json.loads(line) for line in (ROOT / "tests" / "data" / "sample_labels.jsonl").read_text().splitlines()]
    gold = pl.DataFrame(rows).select("conversation_id", "turn", gold_flags="flags", gold_tone="tone")
    plain = labels.with_columns(pl.col("conversation_id").str.extract(r"(lk-[a-z]+-\d\d)"))
    return plain.join(gold.with_columns(pl.col("turn").cast(pl.Int32)), on=["conversation_id", "turn"], how="inner")


def agreement(first, second):
    return cohen_kappa_score(first, second)


def test_the_card_in_docs_is_the_card_of_the_bundle():
    assert (ROOT / "docs" / "model-card.md").read_text(encoding="utf-8") == card.of(SHIPPED)
    assert (SHIPPED / "README.md").read_text(encoding="utf-8") == card.of(SHIPPED)


def test_the_bundle_was_measured_beside_both_baselines():
    metrics = bundle.load().facts["metrics"]
    for test_set in (card.WRITTEN, card.AUTHOR, card.REAL):
        assert set(metrics[test_set]) == {"model", "tf-idf", "majority"}


def test_the_bundle_knows_its_errors_on_real_conversations():
    errors = quantify.load(SHIPPED)
    assert errors is not None
    assert errors.source == "real conversations, dev split"


def test_every_sample_turn_is_judged(judged):
    assert judged.height == len((ROOT / "tests" / "data" / "sample_labels.jsonl").read_text().splitlines())


# Floors well below what was measured when the bundle was made: they catch a broken bundle, not a worse model.
@pytest.mark.parametrize(
    ("role", "label", "floor"), [("agent", "care", 0.5), ("agent", "tone", 0.3), ("customer", "tone", 0.35)]
)
def test_the_bundle_agrees_with_the_samples_labels(judged, role, label, floor):
    rows = judged.filter(pl.col("role") == role)
    if label == "care":
        found, gold = ([care_class(flags).value for flags in rows[column]] for column in ("flags", "gold_flags"))
    else:
        found, gold = rows["tone"].to_list(), rows["gold_tone"].to_list()
    assert agreement(found, gold) > floor

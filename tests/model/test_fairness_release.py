"""The fairness of a release: errors by group, flips, and its part of the card."""

import json
import shutil
from pathlib import Path

import pytest

from empathy_scan.errors import ModelError
from empathy_scan.model import bundle, examples, fairness, fairness_card

DATA = Path(__file__).parents[2] / "data" / "training"


@pytest.fixture(scope="module")
def found(generous_bundle):
    """What is found of the generous bundle, on the held-out part of one file and the pairs."""
    _, held_out = examples.written([DATA / "authored" / f"{name}.jsonl" for name in ("t5", "tc", "v01")])
    judged = {"written, held-out scenarios": held_out, "written, held-out author": held_out[:5]}
    return fairness.release(bundle.load(generous_bundle), judged, DATA / "counterfactual.jsonl")


def test_errors_stand_by_channel_tone_length_and_form(found):
    rows = found["errors"]["written"]
    assert {row["facet"] for row in rows} >= {"", fairness.LENGTH, fairness.TONE}
    assert list(found["errors"]) == ["written"]
    whole = [row for row in rows if (row["facet"], row["event"]) == ("", "customer_not_civil")]
    assert sum(row["turns"] for row in whole if row["kind"] in {"found", "false"}) <= 214
    assert not [row for row in rows if row["facet"] == fairness.TONE and row["event"].startswith("customer")]


def test_all_pairs_count_once_in_a_family(found):
    families = {row["family"]: 0 for row in found["pairs"]}
    for row in found["pairs"]:
        if row["kind"] == "all":
            families[row["family"]] += row["messages"]
    assert sum(families.values()) == 450
    assert set(families) == {"names", "dialect", "style"}


def test_the_same_messages_are_drawn_every_time(generous_bundle):
    _, held_out = examples.written([DATA / "authored" / "u5.jsonl"])
    messages = [(item.scenario, item.role, item.segments) for item in held_out[:60]]
    loaded = bundle.load(generous_bundle)
    drawn = fairness.sample(loaded, messages, most=20)
    assert drawn == fairness.sample(loaded, messages[::-1], most=20)
    assert len(drawn) <= 20


def test_it_is_noted_in_the_bundle_and_its_card_without_changing_the_model(found, generous_bundle, tmp_path):
    copy = tmp_path / "model"
    shutil.copytree(generous_bundle, copy)
    before = bundle.fingerprint(copy)
    facts = json.loads((copy / "empathy_scan.json").read_text(encoding="utf-8"))
    bundle.note(copy, "fairness", found)
    assert bundle.fingerprint(copy) == before
    assert json.loads((copy / "empathy_scan.json").read_text(encoding="utf-8")) == facts | {"fairness": found}
    with pytest.raises(ModelError, match="decides scores"):
        bundle.note(copy, "decisions", {})


def test_the_card_has_a_table_for_each_and_nothing_where_nothing_is_known(found):
    text = fairness_card.text(found)
    assert "## Fairness" in text
    assert "### The counterfactual pairs: decisions that change" in text
    assert f"### Written turns: by {fairness.LENGTH}" in text
    assert fairness_card.text({}) == ""

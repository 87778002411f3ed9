"""The report of an evaluation: columns of systems, rows of figures, and contrasts counted as a whole."""

import dataclasses
import json

import pytest
from toys import toy_items

from empathy_scan.model import judge

ITEMS = toy_items(40)


@pytest.fixture(scope="module")
def report(loaded, tmp_path_factory):
    labels = tmp_path_factory.mktemp("labels")
    pair = {
        "swap": "dialect",
        "role": "customer",
        "context": [],
        "a": "this is a disgrace",
        "b": "it's a disgrace like",
    }
    (labels / "counterfactual.jsonl").write_text(json.dumps(pair) + "\n", encoding="utf-8")
    contrast = [dataclasses.replace(i, key=("tc", *i.key[1:]), scenario=i.key[1]) for i in ITEMS]
    judged = {"written, toys": contrast, "real, toys": ITEMS}
    return judge.report(loaded, ITEMS, judged, labels=labels, corpora=None, baselines=True)


def test_a_report_has_a_column_for_a_system_and_a_row_for_a_figure(report):
    lines = judge.as_text(report).splitlines()
    assert lines[1] == "written, toys"
    assert lines[2].split() == ["model", "tf-idf", "majority"]
    rows = {line[:40].strip() for line in lines[3 : lines.index("", 1)]}
    assert rows == set(report["written, toys"]["model"])


def test_a_contrast_situation_counts_its_last_replies_only(report):
    model = report["written, toys"]["model"]
    situations = {item.key[1] for item in ITEMS if item.role == "agent"}
    assert model["contrast situations right"]["n"] == len(situations)
    assert model["contrast replies right"]["n"] == len(situations)  # a toy conversation has one last agent turn
    assert len(situations) < sum(item.role == "agent" for item in ITEMS)
    assert model["contrast (tc) replies right"] == model["contrast replies right"]
    assert "contrast replies right" not in report["real, toys"]["model"]


def test_false_alarms_are_counted_over_civil_turns(report):
    civil = sum(item.role == "agent" and item.tone == 0 for item in ITEMS)
    model = report["real, toys"]["model"]
    assert model["civil agent turns called hostile"]["n"] == civil
    assert model["civil agent turns called not civil"]["value"] >= model["civil agent turns called hostile"]["value"]


def test_pairs_are_judged_where_their_file_lies(report):
    assert report["counterfactual pairs"]["model"]["tone flips"]["n"] == 1


def test_channels_get_figures_of_their_own_where_they_have_enough_turns(report):
    channels = {item.channel for item in ITEMS}
    parts = [name for name in report if "channel" in name]
    assert len(parts) == (2 * len(channels) if len(channels) > 1 else 0)


def test_a_cell_shows_value_interval_and_count_or_a_dash():
    given = {
        "some": {
            "model": {
                "care kappa": {"value": 0.5, "low": 0.25, "high": 0.75, "n": 9},
                "ECE": {"value": 0.1, "low": None, "high": None, "n": 9},
            },
            "majority": {"care kappa": {"value": None, "low": None, "high": None, "n": 0}},
        }
    }
    assert [" ".join(line.split()) for line in judge.as_text(given).splitlines()] == [
        "", "some", "model majority", "care kappa 0.500 (0.25 to 0.75) n=9 -", "ECE 0.100 n=9 -",
    ]  # fmt: skip

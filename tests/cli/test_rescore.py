"""`rescore`: what it says to people, to programs and to schedulers."""

import json

import pytest

from empathy_scan.config import Config
from empathy_scan.doctor import State, scores


@pytest.fixture
def rescore(run, tmp_path, tiny_bundle):
    """Rescores the test's store with the tiny bundle."""

    def rescore(*arguments):
        into = ("--store", tmp_path / "store", "--reports", tmp_path / "report", "--model", tiny_bundle)
        return run("rescore", *into, *arguments)

    return rescore


def test_another_model_is_shown_taken_over_and_told_of(
    scan, rescore, run, call, tmp_path, tiny_bundle, generous_bundle
):
    assert scan(call).code == 0
    refused = scan(call, "--model", tiny_bundle)
    assert refused.code == 2
    assert "must not mix" in refused.err
    assert "empathy-scan rescore" in refused.err

    shown = rescore()
    assert shown.code == 0
    assert shown.out.startswith(f"{tmp_path / 'report' / 'rescore.html'}\nWhat another model would change\n")
    assert "LABELS: THE SAME IN, KAPPA" in shown.out
    assert "Nothing in the report has changed." in shown.out
    given = f"--store {tmp_path / 'store'} --model {tiny_bundle} --reports {tmp_path / 'report'}"
    assert f"empathy-scan rescore {given} --accept." in shown.out
    page = (tmp_path / "report" / "rescore.html").read_text(encoding="utf-8")
    assert "Content-Security-Policy" in page
    assert " style=" not in page
    found = scores(str(tmp_path / "store"), generous_bundle, Config())
    assert [(each.subject, each.state) for each in found] == [
        ("store scores", State.OK), ("store candidate", State.NOTE)
    ]  # fmt: skip

    told = json.loads(rescore("--accept", "--json", "--out", tmp_path / "aside").out)
    assert (told["state"], told["scored"], told["conversations"]) == ("accepted", 0, 1)
    assert told["page"] == str(tmp_path / "aside" / "rescore.html")
    assert "awful" not in json.dumps(told)
    assert (tmp_path / "aside" / "rescore-assets" / "style.css").is_file()
    assert next(scores(str(tmp_path / "store"), generous_bundle, Config())).state is State.FAULT

    assert rescore().out.startswith("nothing to do: all scores in the store are of model ")
    assert scan(call, "--model", tiny_bundle).code == 0
    assert "another model labels the conversations" in (tmp_path / "report" / "index.html").read_text(encoding="utf-8")
    listed = json.loads(run("runs", "--store", tmp_path / "store", "--json").out)
    assert [(row["command"], bool(row["moved"])) for row in listed] == [
        ("scan", False), ("rescore", True), ("rescore", False), ("scan", False), ("scan", False)
    ]  # fmt: skip


def test_what_was_tried_can_be_dropped_and_quiet_is_quiet(scan, rescore, call):
    scan(call)
    assert rescore("--quiet").out == ""
    assert "are gone" in rescore("--drop").out
    assert rescore("--drop").out == "no other model is tried\n"
    assert json.loads(rescore("--drop", "--json").out) == {"state": "dropped", "model": None}


def test_accept_and_drop_exclude_each_other(rescore):
    assert rescore("--accept", "--drop").code == 2


def test_without_a_store_it_says_what_comes_first(rescore):
    answer = rescore()
    assert answer.code == 1
    assert "run empathy-scan scan first" in answer.err

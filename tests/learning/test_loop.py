"""The whole loop, by the command line: drawn, answered, read in, calibrated, trained, rescored, accepted, reported."""

import json

import pytest

from empathy_scan.model import files


@pytest.fixture(scope="module")
def ours(centre, queue):
    """The bundle, calibrated; and what the command printed."""
    out = centre.folder / "ours"
    told = ("--store", centre.store, "--queue", queue, "--model", centre.model)
    return out, json.loads(centre.run("calibrate", *told, "--out", out, "--json"))


def test_calibration_comes_nearer_to_people_on_conversations_it_has_not_seen(ours, centre):
    out, told = ours
    assert told["state"] == "written"
    assert told["model"] == files.fingerprint(out) != files.fingerprint(centre.model)
    assert told["from_model"] == files.fingerprint(centre.model)
    by_name = {each["name"]: each for each in told["compared"]}
    moved = [each for each in told["fitted"] if each["refitted"]]
    counted = [what for what in told["errors"].values() if what.startswith("counted")]
    assert moved or counted
    flags = [each["name"] for each in moved if each["what"] == "threshold" and "tone" not in each["name"]]
    assert all(by_name[name]["kappa"]["change"]["value"] > 0 for name in flags)
    assert all(each["why"] for each in told["fitted"])
    assert told["errors"].keys() == {
        "answers", "exploring", "rise_above_rate", "scripted_share", "followed_by_action", "sorry_without_action",
        "guarded_rate", "belittling_rate",
    }  # fmt: skip


def test_the_bundle_says_where_it_comes_from_and_holds_no_word_and_no_name(ours, centre):
    out, _ = ours
    card = (out / "README.md").read_text(encoding="utf-8")
    assert "300 turns" in card
    assert files.fingerprint(centre.model) in card
    everything = card + (out / files.FACTS).read_text(encoding="utf-8")
    for secret in ("Ana", "Ben", "agent-1", *(name for name, _ in centre.gold)):
        assert secret not in everything


def test_calibrating_twice_comes_to_an_end(ours, centre, queue, tmp_path):
    out, _ = ours
    told = ("--store", centre.store, "--queue", queue, "--model", out, "--out", tmp_path / "again")
    found = json.loads(centre.told("calibrate", *told, "--json"))
    assert not [each for each in found["fitted"] if each["refitted"] and each["what"] == "temperature"]


def test_trained_rescored_accepted_and_reported(tiny_bundle, centre, queue, tmp_path):
    out = tmp_path / "newer"
    said = centre.run("train", "--from", tiny_bundle, "--labels", queue, "--store", centre.store, "--out", out)
    assert f"next: empathy-scan rescore --store {centre.store} --model {out}" in said
    into = ("--store", centre.store, "--reports", tmp_path / "report")
    assert "What another model would change" in centre.run("rescore", *into, "--model", out)
    centre.run("rescore", *into, "--model", out, "--accept")
    assert "nothing to do" in centre.run("rescore", *into, "--model", out)
    centre.run("report", *into)
    assert "another model labels the conversations" in (tmp_path / "report" / "index.html").read_text(encoding="utf-8")
    assert "good enough to compare agents" in centre.run(
        "review", "agreement", "--store", centre.store, "--queue", queue
    )


def test_wrong_usage_says_what_to_do(centre, queue, tmp_path):
    told = ("--store", centre.store, "--out", tmp_path / "new")
    assert "review export" in centre.run("calibrate", *told, code=2)
    assert "--labels" in centre.run("train", "--from", centre.model, "--labels", tmp_path, *told, code=2)
    assert "--backbone" in centre.run("train", "--out", tmp_path / "new", code=2)
    assert "not a model bundle" in centre.run(
        "calibrate", *told, "--queue", queue, "--model", centre.folder, code=1
    )  # fmt: skip
    assert "is there already" in centre.run(
        "calibrate", "--store", centre.store, "--queue", queue, "--out", centre.model, code=2
    )
    assert not (tmp_path / "new").exists()

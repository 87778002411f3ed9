"""`labels` and `review --codebook` as they are typed: what they print, and how they fail."""

import json

import pytest

CODEBOOK = """
[[label]]
key = "next_steps"
name = "next steps"
role = "agent"
question = "Tells what comes next?"
definition = "What, and by when."
yes = ["You will get a mail tomorrow.", "He comes on Monday."]
no = ["Can I have your name?", "Sorry."]
"""


@pytest.fixture
def codebook(tmp_path):
    path = tmp_path / "labels.toml"
    path.write_text(CODEBOOK, encoding="utf-8")
    return path


def test_check_tells_what_a_codebook_asks(run, codebook):
    done = run("labels", "check", "--codebook", codebook)
    assert done.code == 0
    assert "next_steps: next steps, of turns of the agent" in done.out
    told = json.loads(run("labels", "check", "--codebook", codebook, "--json").out)
    assert told["labels"][0]["yes"] == 2


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["labels", "check"], "no codebook of own labels is named"),
        (["labels", "check", "--codebook", "none.toml"], "cannot read the codebook"),
        (["labels", "drop", "next_steps", "--store", "none"], "no head of 'next_steps'"),
        (["labels", "apply", "--store", "none"], "there is no head of an own label"),
        (["labels", "train", "next_steps", "--store", "none"], "no codebook of own labels is named"),
    ],
)
def test_what_cannot_be_done_is_told_with_a_remedy(run, tmp_path, monkeypatch, arguments, told):
    monkeypatch.chdir(tmp_path)
    done = run(*arguments)
    assert done.code == 2
    assert told in done.err
    assert ";" in done.err


def test_from_a_scan_to_a_draw_for_one_label_and_too_few_answers(run, scan, call, codebook, tmp_path, generous_bundle):
    scan(call)
    into = ("--store", tmp_path / "store", "--codebook", codebook)
    done = run("review", "export", *into, "--label", "next_steps", "--model", generous_bundle, "--size", "2",
               "--out", tmp_path / "q.csv", "--json")  # fmt: skip
    assert json.loads(done.out)["drawn"] == 2
    assert "Tells what comes next?" in (tmp_path / "q.csv").read_text(encoding="utf-8-sig")
    known = run("review", "export", *into, "--label", "nothing")
    assert known.code == 2
    assert "the codebook has: next_steps" in known.err
    short = run("labels", "train", "next_steps", *into, "--model", generous_bundle)
    assert short.code == 2
    assert "0 of 60 turns" in short.err
    other = run("labels", "train", "next_steps", *into)
    assert other.code == 1
    assert "--model" in other.err
    empty = run("labels", "list", "--store", tmp_path / "store", "--json")
    assert json.loads(empty.out) == {"labels": []}

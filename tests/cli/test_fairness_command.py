"""`fairness`: what it says to people and to programs, and how it refuses."""

import json

import pytest


def test_the_scanned_store_is_measured_and_its_page_written(scan, run, call, tmp_path, generous_bundle):
    assert scan(call).code == 0
    into = ("--store", tmp_path / "store", "--reports", tmp_path / "report")
    done = run("fairness", *into, "--model", generous_bundle)
    assert done.code == 0
    assert done.out.startswith(f"{tmp_path / 'report' / 'fairness.html'}\nFairness: who is measured alike")
    assert "There are too few agents" in done.out
    assert "Nobody has reviewed any message" in done.out
    assert "4 messages said again in another form" in done.out
    assert "awful" not in done.out
    assert "index.html" in (tmp_path / "report" / "fairness.html").read_text(encoding="utf-8")

    told = json.loads(run("fairness", *into, "--flips", "0", "--json", "--out", tmp_path / "aside").out)
    assert told["page"] == str(tmp_path / "aside" / "fairness.html")
    assert (told["format_version"], told["conversations"], told["rewritten"]) == (1, 1, 0)
    assert told["flips"] == []
    assert run("fairness", *into, "--flips", "0", "--quiet").out == ""


@pytest.mark.parametrize(
    ("options", "said", "code"),
    [
        (["--groups", "missing.csv"], "missing.csv: cannot read the groups", 2),
        (["--since", "2031-01-01"], "holds no conversation of that period", 2),
        (["--since", "yesterday"], "is not a date", 2),
        (["--minimum-agents", "1"], "should be greater than or equal to 2", 2),
        (["--model", "nowhere"], "not a model bundle", 1),
    ],
)
def test_what_cannot_be_is_refused_in_a_line(run, tmp_path, options, said, code):
    from biased import store  # noqa: PLC0415 - a store of its own

    store(tmp_path / "store", agents=1, conversations=2)
    done = run("fairness", "--store", tmp_path / "store", "--reports", tmp_path / "report", *options)
    assert done.code == code
    assert said in done.err
    assert not (tmp_path / "report").exists()


def test_without_a_store_it_says_what_to_do(run, tmp_path):
    done = run("fairness", "--store", tmp_path / "none", "--reports", tmp_path / "report")
    assert done.code == 1
    assert "run empathy-scan scan first" in done.err


def test_note_alone_is_no_wish(run):
    done = run("evaluate", "--note")
    assert done.code == 2
    assert "--fairness" in done.err


def test_what_is_forgotten_leaves_the_page_too(run, tmp_path):
    from biased import store  # noqa: PLC0415 - a store of its own

    into = ("--store", tmp_path / "store", "--reports", tmp_path / "report")
    store(tmp_path / "store", agents=3, conversations=6)
    assert run("report", *into).code == 0
    assert run("fairness", *into, "--flips", "0").code == 0
    assert (tmp_path / "report" / "fairness.html").is_file()
    assert run("forget", "--agent", "agent.1", *into, "--yes").code == 0
    assert not list((tmp_path / "report").glob("fairness.*"))

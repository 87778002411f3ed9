"""A bundle's errors, counted on labelled conversations that go the way of a scan, and kept beside its weights."""

import gzip
import hashlib
import json
import shutil
from pathlib import Path

import pytest

from empathy_scan import known_errors, quantify
from empathy_scan.errors import InputError
from empathy_scan.model import splits

CORPUS = "open/tents"
TURNS = [
    {"i": 0, "role": "customer", "text": "The tent came torn and my daughter cried all night.", "tone": 1},
    {"i": 1, "role": "agent", "text": "We apologise for any inconvenience.", "tone": 0, "flags": "S"},
    {"i": 2, "role": "system", "text": "The chat was transferred.", "tone": 0},
    {"i": 3, "role": "customer", "text": "You are a useless lot.", "tone": 2, "kinds": "i"},
    {
        "i": 4,
        "role": "agent",
        "text": "A night in the rain with a crying child: that is on us.",
        "tone": 0,
        "flags": "A",
    },
]


@pytest.fixture
def bundle(tmp_path, generous_bundle):
    """A copy of the bundle to write into."""
    shutil.copytree(generous_bundle, tmp_path / "bundle")
    return tmp_path / "bundle"


def of_split(split, number):
    """Names of conversations that belong to a split of the corpus."""
    named = (f"talk-{n}" for n in range(1000))
    return [name for name in named if splits.split_of(CORPUS, name) == split][:number]


def digest(text):
    return hashlib.sha1(text.encode(), usedforsecurity=False).hexdigest()


@pytest.fixture
def real(tmp_path):
    """Writes a corpus with conversations of these names, and labels of all their turns but those left out."""

    def put(names, without=()):
        records = [
            {"conversation_id": name, "channel": "chat",
             "turns": [{key: turn[key] for key in ("i", "role", "text")} for turn in TURNS]}
            for name in names
        ]  # fmt: skip
        path = tmp_path / "corpora" / f"{CORPUS}.jsonl.gz"
        path.parent.mkdir(parents=True)
        path.write_bytes(gzip.compress("".join(json.dumps(record) + "\n" for record in records).encode()))
        rows = [
            {**{key: value for key, value in turn.items() if key not in ("i", "text")}, "corpus": CORPUS,
             "conversation_id": name, "turn": turn["i"], "sha1": digest(turn["text"])}
            for name in names for turn in TURNS if turn["role"] != "system" and (name, turn["i"]) not in without
        ]  # fmt: skip
        (tmp_path / "errors.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
        return {"written": tmp_path, "labels": tmp_path, "corpora": tmp_path / "corpora"}

    return put


def known(errors, name):
    return sum(map(sum, errors.confusions[name]))


def test_errors_are_counted_on_whole_real_conversations_and_saved(bundle, real):
    names = of_split("dev", 4)
    made = known_errors.measure(bundle, **real(names, without={(names[0], 4)}))
    assert made.source == "real conversations, dev split"
    assert known(made, "guarded_rate") == 3 * 2  # agent turns; the conversation with a turn unlabelled is left out
    assert quantify.load(bundle) == made


def test_the_truth_is_what_people_labelled(bundle, real):
    made = known_errors.measure(bundle, **real(of_split("dev", 2)))
    guarded, hostile = made.confusions["guarded_rate"], made.confusions["belittling_rate"]
    assert sum(guarded[1]) == sum(hostile[1]) == 0  # no agent turn above is anything but civil
    assert sum(guarded[0]) == sum(hostile[0]) == 4


def test_conversations_that_a_model_may_have_learnt_from_are_refused(bundle, real):
    given = real([*of_split("dev", 1), *of_split("train", 1)])
    with pytest.raises(InputError, match="not of the dev split") as caught:
        known_errors.measure(bundle, **given)
    assert caught.value.where.endswith("errors.jsonl")


def test_without_real_conversations_the_held_out_written_ones_count(bundle, tmp_path, caplog):
    written = Path(__file__).parents[1] / "data" / "training" / "authored"
    (tmp_path / "written").mkdir()
    shutil.copy(written / "u5.jsonl", tmp_path / "written")
    made = known_errors.measure(bundle, written=tmp_path / "written", labels=tmp_path, corpora=None)
    assert made.source == "written conversations, held out"
    assert known(made, "guarded_rate") > 0
    assert "errors are counted on written conversations" in caplog.text


def test_a_bundle_without_any_known_case_keeps_that(bundle, tmp_path):
    (tmp_path / "written").mkdir()
    made = known_errors.measure(bundle, written=tmp_path / "written", labels=tmp_path, corpora=None)
    assert made.confusions == {}
    assert quantify.load(bundle) == made

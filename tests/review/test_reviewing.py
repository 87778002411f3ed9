"""From a store to files and back: drawn, written out, answered, imported, compared, in the report, forgotten."""

import re
import shutil
import signal
import subprocess
import sys
import urllib.request
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import polars as pl
import pytest
import review_frames as frames
from typer.testing import CliRunner

from empathy_scan import forgetting, pipeline, reviewing
from empathy_scan.cli import app
from empathy_scan.config import Config, ReviewConfig
from empathy_scan.errors import UsageError
from empathy_scan.review import Wish
from empathy_scan.review.queue import Queue
from empathy_scan.roster import Roster
from empathy_scan.store import Store
from empathy_scan.versions import content_hash


@pytest.fixture(scope="module")
def filled(tmp_path_factory):
    """A store that holds the sixty conversations."""
    contents, root = frames.stored(60), tmp_path_factory.mktemp("store") / "results"
    heads = contents.conversations.drop("content").join(content_hash(contents.turns), on="conversation_id")
    heads = heads.select(contents.conversations.columns)
    Store(root).add(heads, contents.turns, contents.scores, contents.labels)
    return root


@pytest.fixture
def place(filled, tmp_path):
    """The store, a folder for a queue, and settings that name it."""
    return Store(filled), tmp_path / "queue", replace(Config(), review=ReviewConfig(queue=str(tmp_path / "queue")))


def run(*arguments):
    done = CliRunner().invoke(app, [str(argument) for argument in arguments])
    if done.exception is not None and not isinstance(done.exception, SystemExit):
        raise done.exception
    return done


def test_the_queue_lies_in_the_store_unless_the_settings_say_otherwise(tmp_path):
    assert reviewing.queue_of(str(tmp_path), Config()).folder == tmp_path / "_review"
    elsewhere = replace(Config(), review=ReviewConfig(queue="elsewhere"))
    assert reviewing.queue_of("s3://bucket/store", elsewhere).folder == Path("elsewhere")
    with pytest.raises(UsageError, match="--queue"):
        reviewing.queue_of("s3://bucket/store", Config())


def test_moments_that_a_report_cites_are_drawn(place, tmp_path):
    store, folder, config = place
    moments = {"agent_id": ["noor"], "conversation_id": ["call-000"], "turn": [2], "agent_turn": [3]}
    (tmp_path / "report" / "data").mkdir(parents=True)
    pl.DataFrame(moments).write_parquet(tmp_path / "report" / "data" / "moments.parquet")
    wish = Wish(size=2, mix={"cited": 1})
    done = reviewing.export(store, Queue(folder), config, wish, reports=tmp_path / "report")
    assert {(item.conversation_id, item.turn) for item in Queue(folder).items()} == {("call-000", 2), ("call-000", 3)}
    assert done.notes == ()


def test_labels_of_today_count_where_the_words_are_the_same(place):
    store, folder, config = place
    reviewing.export(store, Queue(folder), config, Wish(size=30))
    items = Queue(folder).items()
    other = replace(items[0], version=("other words", "m", "s"))
    today = reviewing.labels_of_today(store, [other, *items[1:]])
    assert set(today) == {item.id for item in items[1:]}
    assert all(today[item.id] == dict(item.model) for item in items[1:])
    assert reviewing.labels_of_today(Store(folder / "nowhere"), items) == {}


def test_a_report_carries_the_review_and_is_made_again_when_somebody_has_answered(place):
    store, folder, config = place
    assert reviewing.told(store, config) is None
    before = pipeline._reviewed(store, config)
    reviewing.export(store, Queue(folder), config, Wish(size=120, overlap=1.0))
    for name in ("Ana", "Ben"):
        Queue(folder).add_answers(frames.answers_like_the_model(Queue(folder), name))
    held = reviewing.told(store, config)
    assert (held.answered, held.double, held.reviewers) == (120, 120, 2)
    care = held.labels[0]
    assert (care.people.estimate.value, care.people.turns > 30, care.people.remark) == (
        pytest.approx(1),
        True,
        "good enough",
    )
    assert {rate.kind for rate in held.errors} == {"found", "right"}
    assert pipeline._reviewed(store, config) != before


def test_a_damaged_queue_costs_a_report_nothing_but_the_review(place, caplog):
    store, folder, config = place
    reviewing.export(store, Queue(folder), config, Wish(size=5))
    (folder / "draws" / "0001.jsonl").write_text('{"format": 1}\n{}\n', encoding="utf-8")
    assert reviewing.told(store, config) is None
    assert "without the review" in caplog.text


def test_the_commands_lead_from_the_store_to_the_verdict(filled, tmp_path):
    queue, out = ("--store", filled, "--queue", tmp_path / "queue"), tmp_path / "out.csv"
    done = run("review", "export", *queue, "--size", 40, "--reviewer", "Ana", "--reviewer", "Ben", "--out", out)
    assert done.exit_code == 0, done.stderr
    assert "40 of 360 turns drawn" in done.stdout
    files = [tmp_path / "out-ana.csv", tmp_path / "out-ben.csv"]
    for path in files:
        lines = path.read_text(encoding="utf-8-sig")
        assert lines.count("\nt_") == 25  # ten for both, fifteen each
        items = {item.id: item for item in Queue(tmp_path / "queue").items()}
        named = [line for line in lines.splitlines() if line.startswith("t_")]
        assert {line.split(",")[0] for line in named} <= set(items)
    header = "id;S;A;X;O;i;t;p;c;Tone;reviewer\n"
    for path, name in zip(files, ("Ana", "Ben"), strict=True):
        ids = [
            line.split(",")[0] for line in path.read_text(encoding="utf-8-sig").splitlines() if line.startswith("t_")
        ]
        path.write_text(
            header + "".join(f"{each};{8 * ';'}civil;{name}\n" for each in ids) + f"t_unknown;{8 * ';'}civil;Ana\n",
            encoding="utf-8",
        )
    done = run("review", "import", *files, *queue)
    assert done.exit_code == 3
    assert (
        done.stdout
        == "50 new answers of Ana, Ben, 0 known already, 0 second thoughts, 0 rows without an answer, 2 rejected\n"
    )
    assert "no turn of this id was drawn" in done.stderr
    done = run("review", "agreement", *queue)
    assert done.stdout.startswith(
        "good enough to compare agents: no; reason: people with one another on the care class: too"
    )
    assert "40 of 40 turns answered, 10 by two people or more" in done.stdout
    done = run("review", "export", *queue, "--open", "--out", tmp_path / "left.xlsx", "--json")
    assert '"drawn": 0' in done.stdout
    assert '"open": 0' in done.stdout


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["export", "--mix", "random=x"], "not a number"),
        (["export", "--mix", "odd=1"], "mixed"),
        (["export", "--role", "system"], "neither agent nor customer"),
        (["export", "--out", "turns.ods"], "turns.ods"),
        (["export", "--since", "soon"], "soon"),
        (["export", "--agent", "nobody"], "no scored turn"),
        (["agreement"], "no review queue"),
        (["import", "nowhere.csv"], "no review queue"),
        (["serve"], "no review queue"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_wrong_usage_is_told_and_ends_with_2(filled, tmp_path, arguments, words):
    done = run("review", *arguments, "--store", filled, "--queue", tmp_path / "queue")
    assert done.exit_code == 2
    assert words in " ".join(done.stderr.replace("│", " ").split())


def test_serving_is_for_this_machine_only(filled, tmp_path):
    run("review", "export", "--store", filled, "--queue", tmp_path / "queue", "--size", 5)
    done = run("review", "serve", "--store", filled, "--queue", tmp_path / "queue", "--host", "0.0.0.0")  # noqa: S104
    assert done.exit_code == 2
    assert "this machine only" in done.stderr


def test_the_page_is_served_until_it_is_ended_and_that_is_no_failure(filled, tmp_path):
    queue = ("--store", filled, "--queue", tmp_path / "queue")
    run("review", "export", *queue, "--size", 5)
    command = [sys.executable, "-m", "empathy_scan", "review", "serve", *map(str, queue)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:  # noqa: S603
        address = process.stdout.readline().strip()
        assert re.fullmatch(r"http://127\.0\.0\.1:\d+/[\w-]{32}/", address)
        with urllib.request.urlopen(address, timeout=10) as page:  # noqa: S310 - our own address
            assert b"<title>Review" in page.read()
        process.send_signal(signal.SIGINT)
        _, told = process.communicate(timeout=20)
    assert process.returncode == 0
    assert "Traceback" not in told
    assert "Ctrl-C ends the page" in told


def test_what_is_forgotten_leaves_the_queue_too(tmp_path, filled):
    shutil.copytree(filled, tmp_path / "store")
    store = Store(tmp_path / "store")
    queue = reviewing.queue_of(store.root, Config())
    reviewing.export(store, queue, Config(), Wish(size=360))
    queue.add_answers(frames.answers_like_the_model(queue, "Ana"))
    wish = forgetting.Wish(forgetting.CONVERSATION, ("call-000",))
    forgetting.remove(store, wish, forgetting.find(store, wish, Roster()), Roster(), queue=queue.folder)
    assert {item.conversation_id for item in queue.items()} == {f"call-{number:03}" for number in range(1, 60)}
    assert len(queue.answers()) == 354


def test_what_is_too_old_to_be_kept_leaves_the_queue_too(tmp_path):
    contents = frames.stored(6)
    old = pl.lit(frames.NOON - timedelta(days=4000)).alias("started_at")
    dated = [frame.with_columns(old) for frame in (contents.conversations, contents.turns, contents.labels)]
    store = Store(tmp_path / "store")
    store.add(dated[0], dated[1], contents.scores, dated[2])
    queue = Queue(tmp_path / "queue")
    reviewing.export(store, queue, Config(), Wish(size=36))
    assert forgetting.expire(store, 30, queue=queue.folder) == 6
    assert queue.items() == []

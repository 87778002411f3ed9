"""Runs that are killed: repeating them gives the store, row by row, of a run that nothing disturbed.

The runs are real ones (killing.py), killed as `kill -9` does: at moments drawn over the length of a run, before one of
their changes of the disk, and after a change of the store, be it Python's or that of the library that writes tables.
"""

import os
import random
import shutil
import signal
import sys
import time
from collections import Counter
from pathlib import Path

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from empathy_scan import sums
from empathy_scan.errors import StoreError
from empathy_scan.report import folder, manifest
from empathy_scan.runs import listed
from empathy_scan.store import Store
from killing import BUSY, DONE, PATIENCE, Changes, forking, write_exports

KILLS = 200  # runs that were at work
STORES = 8
PAIRS = 8  # of runs at once
LAST = 1000  # the edition of the exports that every store has seen in the end
SEED = 20261122
HISTORY = {"index.html", "index.md", "data/state.json"}  # what a report says of the one before it

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="processes are forked here")


@pytest.fixture(scope="module")
def runs(generous_bundle):
    """Starts runs, forked from a process that has imported and loaded what they need."""
    with forking(generous_bundle) as made:
        yield made


@pytest.fixture(scope="module")
def calm(tmp_path_factory, runs):
    """The folder of a run that nothing disturbed, and what was seen of it."""
    place = tmp_path_factory.mktemp("calm")
    write_exports(place, edition=LAST)
    run = runs.one(place)
    assert run.code == DONE
    return place, run


@pytest.fixture(scope="module")
def written(tmp_path_factory, runs):
    """How many changes of its folder the system tells of while a run makes a store; 0 where it does not."""
    place = tmp_path_factory.mktemp("written")
    write_exports(place, edition=LAST)
    if sys.platform != "linux":
        return 0
    changes = Changes(place)
    assert runs.one(place, seen=changes.after(sys.maxsize)).code == DONE
    changes.close()
    return changes.below(place / "store")


def ledger(place):
    """What the ledger holds of files, but for where they lie and when they were read."""
    return Store.open(place / "store").files().drop("path", "read_at").sort("source")


def assert_same(place, other):
    """Equal stores, row by row, and equal reports."""
    one, two = (Store.open(each / "store").load() for each in (place, other))
    for name in ("conversations", "turns", "scores", "labels", "rejects", "error_rates"):
        assert_frame_equal(getattr(one, name), getattr(two, name), check_exact=True)
    assert_frame_equal(ledger(place), ledger(other))
    assert pages(place / "report") == pages(other / "report")


def pages(report):
    """The bytes of a report, which is what its list says it is."""
    found = {each.relative_to(report).as_posix(): each for each in report.rglob("*") if each.is_file()}
    listed = manifest.read(report).files
    assert set(found) - {folder.MARKER, folder.LOCK} == set(listed)
    assert all(entry.made_of and entry.size == found[path].stat().st_size for path, entry in listed.items())
    return {path: found[path].read_bytes() for path in listed if path not in HISTORY}


def assert_no_row_twice(place):
    """No row is there twice, and none of no conversation, also for readers that know nothing of us."""
    held = Store.open(place / "store")
    marked = held.conversations().select("conversation_id", "content", "model", "settings")
    for table, key in {"turns": ("turn",), "scores": ("turn", "segment"), "labels": ("turn",)}.items():
        rows = pl.scan_delta(str(place / "store" / table)).collect()
        assert rows.join(marked, on=marked.columns, how="anti").is_empty()
        assert not rows.select("conversation_id", *key).is_duplicated().any()
    assert not pl.scan_delta(str(place / "store" / "conversations")).collect()["conversation_id"].is_duplicated().any()


def kill_one(runs, place, draws, calm_run, written, number):
    """A run that is killed in one of three ways in turn, if it lives so long; one in five while it makes the report."""
    (report, second), (last, end) = calm_run.reached["reporting"], calm_run.reached["ended"]
    late = draws.random() < 0.2
    if number % 3 == 0:
        return runs.one(place, stop_at=draws.randrange(report, last) if late else draws.randrange(1, report))
    if number % 3 == 1 and written and not late:
        changes = Changes(place)
        try:
            return runs.one(place, seen=changes.after(draws.randrange(1, written)))
        finally:
            changes.close()
    return runs.one(place, after=draws.uniform(second, end) if late else draws.uniform(0, second))


def cut_power(place, draws):
    """What a power cut leaves where a run has just been killed: files that nobody has flushed are empty."""
    for table in (each for each in (place / "store").iterdir() if (each / "_delta_log").is_dir()):
        listed = (table / sums.FILE).read_text(encoding="utf-8") if (table / sums.FILE).exists() else ""
        there = {path: path.relative_to(table).as_posix() in listed for path in table.rglob("*") if path.is_file()}
        flushed = {path.stat().st_ino for path, known in there.items() if known}  # a commit may have a second name
        for path in there:
            if path.name != sums.FILE and path.stat().st_ino not in flushed:
                path.write_bytes(b"")
    for path in sorted((place / "report").rglob("*")):
        if path.is_file() and path.name != folder.LOCK and draws.random() < 0.2:
            path.write_bytes(b"")


def test_runs_killed_at_two_hundred_moments_lose_and_double_nothing(tmp_path, runs, calm, written):
    draws, seen, killed = random.Random(SEED), [], []  # noqa: S311 - moments, no secrets
    for store in range(STORES):
        place, edition = tmp_path / f"killed-{store}", 0
        while len(killed) < KILLS * (store + 1) / STORES:
            write_exports(place, edition=edition)
            run = kill_one(runs, place, draws, calm[1], written, len(seen))
            seen.append(run)
            assert run.killed or run.code == DONE
            assert len(seen) < 2 * KILLS
            edition += not run.killed or draws.random() < 0.6
            killed += [run] * run.killed
            if run.killed and draws.random() < 0.4 and (place / "store").exists():
                cut_power(place, draws)
        write_exports(place, edition=LAST)
        assert runs.one(place).code == DONE
        assert_no_row_twice(place)
        assert_same(place, calm[0])
        assert "scoring" not in runs.one(place).stages
        shutil.rmtree(place)
    assert len(killed) >= KILLS
    stages = Counter(run.stages[-1] for run in killed)
    assert set(stages) >= {"reading", "scoring", "reporting"}


def test_of_two_runs_at_once_both_finish_or_the_second_says_that_one_is_at_work(tmp_path, runs, calm):
    draws = random.Random(SEED)  # noqa: S311 - moments, no secrets
    place = tmp_path / "both"
    for edition in (*range(PAIRS - 1), LAST):
        write_exports(place, edition=edition)
        first = runs.start(place)
        first[0].join(draws.uniform(0, 1.2 * calm[1].seconds))
        second = runs.start(place)
        codes = [runs.ended(*each, 0).code for each in (first, second)]
        assert DONE in codes
        assert set(codes) <= {DONE, BUSY}
    assert runs.one(place).code == DONE
    assert_no_row_twice(place)
    assert_same(place, calm[0])


def workers_of(process):
    """The processes that score for a run, by their numbers."""
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children")
    if not children.exists():
        return []
    found = [int(each) for each in children.read_text(encoding="ascii").split()]
    commands = {each: Path(f"/proc/{each}/cmdline") for each in found}
    return [each for each, path in commands.items() if path.exists() and b"spawn_main" in path.read_bytes()]


@pytest.mark.skipif(sys.platform != "linux", reason="a run's workers are found the way of Linux")
def test_a_run_whose_worker_is_killed_goes_on(tmp_path, runs, calm):
    write_exports(tmp_path, edition=LAST)
    process, pipe = runs.start(tmp_path, workers=2)
    while not (workers := workers_of(process)):
        assert process.exitcode is None
        time.sleep(0.01)
    os.kill(workers[0], signal.SIGKILL)
    assert runs.ended(process, pipe, 0).code == DONE
    assert_no_row_twice(tmp_path)
    assert_same(tmp_path, calm[0])
    assert not any(Path(f"/proc/{each}").exists() for each in workers)


def has_begun(place, before):
    """Whether a run has written the beginning of its record, beside those of so many before it."""
    try:
        return len(listed(Store(place / "store", read_only=True))) > before
    except StoreError:  # it is being made
        return False


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP], ids=lambda number: number.name)
def test_a_run_that_is_asked_to_end_says_so_and_leaves_its_record(tmp_path, runs, calm, number):
    for before, share in enumerate((0.0, 0.1, 0.2)):
        write_exports(tmp_path, edition=LAST + before)  # something to score
        process, _ = runs.scan(tmp_path)
        while not has_begun(tmp_path, before):
            time.sleep(0.01)
        process.join(share * calm[1].seconds)
        os.kill(process.pid, number)
        process.join(PATIENCE)
        assert process.exitcode == 128 + number
        told = (tmp_path / "err").read_text(encoding="utf-8")
        assert f"stopped by {number.name}" in told
        assert "the next scan goes on" in told
        held = Store.open(tmp_path / "store")
        record = listed(held, limit=1)[0]
        assert (record["state"], record["exit_code"]) == ("stopped", 128 + number)
        assert not held.is_at_work()
    process, _ = runs.scan(tmp_path)
    process.join(PATIENCE)
    assert Store.open(tmp_path / "store").load().turns.height == Store.open(calm[0] / "store").load().turns.height

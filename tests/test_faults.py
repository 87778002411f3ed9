"""Faults of the machine, each made for real: the message says what, where and what to do, and nothing is lost."""

import json
import os
import random
import shutil
import signal
import sqlite3
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from empathy_scan import lease, ledger, pipeline, rebuild, runs, sums
from empathy_scan.cache import Cache
from empathy_scan.errors import EmpathyScanError, ModelError, StoreError
from empathy_scan.model import files as bundles
from empathy_scan.store import Store
from empathy_scan.tables import TURNS
from killing import CONFIG, DONE, REFUSED, forking, write_exports

FAILED, REJECTED = 1, 3  # exit codes; one file of the exports is broken
WORDS = ("parcel", "useless", "depot")  # of the transcripts
SEED = 20261122

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="faults are made the POSIX way")


@pytest.fixture(scope="module")
def forks(generous_bundle):
    """Starts runs as processes of their own."""
    with forking(generous_bundle) as made:
        yield made


@pytest.fixture(scope="module")
def sound(tmp_path_factory, generous_bundle):
    """A folder of exports with the store and the report of two undisturbed nights."""
    place = tmp_path_factory.mktemp("sound")
    for edition in range(2):
        write_exports(place, edition=edition)
        scan(place, generous_bundle)
    return place


@pytest.fixture
def place(sound, tmp_path):
    """A copy of it to do harm to."""
    return Path(shutil.copytree(sound, tmp_path / "place"))


def scan(place, model, **how):
    return pipeline.scan(
        [place / "exports"], store=place / "store", reports=place / "report", model=model, config=CONFIG, **how
    )


def ended(started):
    """The exit code of a command that was started."""
    process, _ = started
    process.join(120)
    return process.exitcode


def said(place):
    """What a command said on stderr: no word of a transcript, and nothing that nobody foresaw."""
    text = (place / "err").read_text(encoding="utf-8")
    assert not [word for word in WORDS if word in text.casefold()]
    assert "a fault of the program" not in text
    return text


def contents(place):
    held = Store.open(place / "store").load()
    return [getattr(held, name) for name in ("conversations", "turns", "scores", "labels", "rejects", "error_rates")]


def assert_nothing_lost(place, sound):
    for one, other in zip(contents(place), contents(sound), strict=True):
        assert_frame_equal(one, other, check_exact=True)


def flip(path, at):
    """Change one bit of a file, and nothing else that shows."""
    data = bytearray(path.read_bytes())
    data[at % len(data)] ^= 1 << at % 8
    path.write_bytes(data)


# --- disk and memory -------------------------------------------------------------------------------------------------


@pytest.mark.skipif(sys.platform != "linux", reason="a small disk is made by Linux")
@pytest.mark.parametrize("size", ["60k", "200k", "400k"])
def test_a_full_disk_ends_a_run_with_a_remedy_and_the_next_one_goes_on(forks, sound, tmp_path, size):
    write_exports(tmp_path, edition=1)
    words = forks.on_small_disk(tmp_path, size)
    if words == [REFUSED]:
        pytest.skip("this machine lets nobody make a disk; the next test limits files instead")
    assert words[1:] == [f"{FAILED}", f"{REJECTED}"]
    assert "free some space" in said(tmp_path)
    (tmp_path / "after").rename(tmp_path / "kept")
    first = forks.command(tmp_path, "show", "chat-1", "--store", tmp_path / "kept" / "store")
    assert ended(first) == DONE
    for one, other in zip(contents(tmp_path / "kept"), contents(sound), strict=True):
        assert one.height == other.height


@pytest.mark.parametrize("limit", [2_000, 20_000])
def test_a_file_that_may_not_grow_ends_a_run_likewise(forks, sound, tmp_path, limit):
    write_exports(tmp_path, edition=1)
    assert ended(forks.scan(tmp_path, limits={"RLIMIT_FSIZE": limit})) == FAILED
    assert "free some space" in said(tmp_path) or "ulimit" in said(tmp_path)
    scan(tmp_path, forks.model)
    assert_nothing_lost(tmp_path, sound)


@pytest.mark.skipif(sys.platform != "linux", reason="memory is limited the way of Linux")
@pytest.mark.parametrize("more", [24, 60])
def test_a_run_without_memory_ends_and_the_next_one_goes_on(forks, sound, tmp_path, more):
    write_exports(tmp_path, edition=1)
    code = ended(forks.scan(tmp_path, limits={"RLIMIT_AS": more * 2**20}))
    assert code in {FAILED, -signal.SIGABRT, -signal.SIGSEGV, -signal.SIGTRAP}  # libraries end the process themselves
    if code == FAILED:
        assert "memory" in said(tmp_path)
    scan(tmp_path, forks.model)
    assert_nothing_lost(tmp_path, sound)


# --- permissions -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("closed", ["store/turns", "store/_cache", "store", "report"])
def test_permission_that_is_lost_in_the_middle(forks, place, closed):
    write_exports(place, edition=2)
    process, _ = forks.scan(place, obedient=True)
    folders = [place / closed, *(each for each in (place / closed).rglob("*") if each.is_dir())]
    for each in folders:
        each.chmod(0o555)
    code = ended((process, None))
    for each in folders:
        each.chmod(0o755)
    if closed != "store/_cache":  # scores are then made anew
        assert code == FAILED
        assert "writable" in said(place) or "allow writing" in said(place)
        assert str(place / closed.partition("/")[0]) in said(place)
    scan(place, forks.model)
    assert Store.open(place / "store").count() == 5


def test_exports_that_may_not_be_read_are_rejects_and_come_back(forks, place):
    write_exports(place, edition=2, conversations=6)
    closed = place / "exports" / "chat-5.csv"
    closed.chmod(0)
    assert ended(forks.scan(place, obedient=True)) == REJECTED
    assert "chat-5.csv" in said(place)
    assert Store.open(place / "store").count() == 5
    closed.chmod(0o644)
    assert ended(forks.scan(place, obedient=True)) == REJECTED
    assert Store.open(place / "store").count() == 6


# --- files that are not what was written -----------------------------------------------------------------------------


def parts(store):
    """The files of a store, but for its locks and the cache, which have tests of their own."""
    return sorted(each for each in store.rglob("*") if each.is_file() and each.suffix not in {".lock", ".sqlite3"})


def outcome(place):
    """What a store holds, or the error that tells of the damage."""
    try:
        held = Store.open(place / "store")
        return [*contents(place), held.files(), held.runs().drop("state")]
    except StoreError as error:
        return error


def test_a_changed_or_cut_file_of_the_store_is_told_and_never_taken_for_a_result(place, sound):
    before, draws, told = outcome(sound), random.Random(SEED), 0  # noqa: S311 - places, no secrets
    for path in parts(place / "store"):
        whole = path.read_bytes()
        for harm in ("changed", "cut"):
            if harm == "cut":
                path.write_bytes(whole[: draws.randrange(len(whole))])
            else:
                flip(path, draws.randrange(len(whole) * 8))
            found = outcome(place)
            if isinstance(found, StoreError):
                told += 1
                assert found.where.startswith(str(place / "store"))
                assert found.remedy
                assert not [word for word in WORDS if word in str(found)]
            else:
                for one, other in zip(found, before, strict=True):
                    assert_frame_equal(one, other)
            path.write_bytes(whole)
            os.utime(path, ns=(0, draws.randrange(10**18)))
    assert told > len(parts(place / "store")) / 2


def test_other_months_than_that_of_a_damaged_file_are_read(place):
    path = next((place / "store" / "turns" / "month=2026-08").glob("*.parquet"))
    flip(path, 999)
    held = Store.open(place / "store")
    with pytest.raises(StoreError, match="other months can still be read") as caught:
        held.load()
    assert caught.value.where == str(path)
    assert held.load(since=datetime(2026, 9, 1, tzinfo=UTC)).turns.height


def test_a_changed_file_of_the_model_stops_a_run_before_it_touches_the_store(place, generous_bundle, tmp_path):
    before = outcome(place)
    for name in bundles.NEEDED:
        model = Path(shutil.copytree(generous_bundle, tmp_path / name))
        if name == bundles.FACTS:
            facts = json.loads((model / name).read_text(encoding="utf-8"))
            facts["decisions"]["band"] += 0.01
            (model / name).write_text(json.dumps(facts), encoding="utf-8")
        else:
            flip(model / name, 4321)
        with pytest.raises(ModelError, match=f"damaged: {name}") as caught:
            scan(place, model)
        assert caught.value.where == str(model)
        assert "again" in caught.value.remedy
    for one, other in zip(outcome(place)[:-1], before[:-1], strict=True):
        assert_frame_equal(one, other)
    assert runs.listed(Store.open(place / "store"))[0]["error"] == "ModelError"


def test_a_changed_score_in_the_cache_counts_for_nothing(place, generous_bundle, sound, caplog):
    (path,) = (place / "store" / "_cache").glob("*.sqlite3")
    base = sqlite3.connect(path)
    assert base.execute("UPDATE scores SET p_hostile = 0.123, tone = 2").rowcount > 0
    base.commit()
    base.close()
    for each in (place / "store").iterdir():
        if each.name != "_cache":
            shutil.rmtree(each) if each.is_dir() else each.unlink()
    scan(place, generous_bundle)
    assert "damaged; their scores are made anew" in caplog.text
    assert_nothing_lost(place, sound)


def test_a_cache_with_changed_bytes_gives_right_scores_or_none(place, sound):
    (path,) = (place / "store" / "_cache").glob("*.sqlite3")
    (right,) = (sound / "store" / "_cache").glob("*.sqlite3")
    base = sqlite3.connect(right)
    model, keys = base.execute("SELECT max(model) FROM scores").fetchone()[0], base.execute("SELECT key FROM scores")
    wanted = pl.Series([key for (key,) in keys])
    base.close()
    with Cache(right.parent) as cache:
        rows = cache.get(wanted, model)
    whole, draws = path.read_bytes(), random.Random(SEED)  # noqa: S311 - places, no secrets
    for _ in range(60):
        path.write_bytes(whole)
        for _ in range(4):
            flip(path, draws.randrange(len(whole) * 8))
        with Cache(path.parent) as cache:
            found = cache.get(wanted, model)
        assert found.join(rows, on=rows.columns, how="anti", nulls_equal=True).is_empty()


@pytest.mark.parametrize("harm", ["changed", "cut", "empty"])
def test_a_damaged_list_of_the_reports_files_is_made_good(place, sound, harm):
    path = place / "report" / ".empathy-scan-report"
    if harm == "changed":
        flip(path, 2468)
    else:
        path.write_bytes(path.read_bytes()[:200] if harm == "cut" else b"")
    rebuild.write_report(Store.open(place / "store"), place / "report", CONFIG)
    for each in (sound / "report").rglob("*.html"):
        assert (place / "report" / each.relative_to(sound / "report")).read_bytes() == each.read_bytes()


def test_a_page_that_a_power_cut_has_emptied_is_made_again(place, sound, generous_bundle):
    page = next((place / "report" / "agents").glob("*.html"))
    page.write_bytes(b"")
    scan(place, generous_bundle)
    assert page.read_bytes() == (sound / "report" / "agents" / page.name).read_bytes()


# --- a power cut -----------------------------------------------------------------------------------------------------


def tear(table, harm):
    """What a power cut leaves of a table's last commit, where it came before the commit was flushed."""
    listed = (table / sums.FILE).read_text(encoding="utf-8")
    commit = max((table / "_delta_log").glob("*.json"))
    added = [json.loads(line)["add"]["path"] for line in commit.read_text().splitlines() if '"add"' in line]
    kept = [line for line in listed.splitlines() if not line.endswith((commit.name, *added))]
    (table / sums.FILE).write_text("\n".join(kept) + "\n", encoding="utf-8")
    if harm == "log" or not added:
        commit.write_bytes(b"")
    elif harm == "zeros":
        commit.write_bytes(b"\0" * commit.stat().st_size)
    else:
        (table / added[0]).write_bytes(b"")


@pytest.mark.parametrize("harm", ["log", "zeros", "rows"])
@pytest.mark.parametrize("table", ["turns", "scores", "labels", "conversations", "files", "runs", "rejects"])
def test_a_commit_that_a_power_cut_has_torn_is_taken_back_and_made_again(place, table, harm):
    tear(place / "store" / table, harm)
    held = Store.open(place / "store")
    with held.writing():
        held.state()
        assert held.files().height > 0
        assert held.runs().height > 0
        held.read_rejects()
        held._table(TURNS).read()


def test_what_is_written_is_listed_and_what_is_gone_is_not(place):
    store = place / "store"
    Store.open(store).tidy(keep_hours=0)
    for table in (each for each in store.iterdir() if (each / "_delta_log").is_dir()):
        names = {line.split(" ", 2)[2] for line in (table / sums.FILE).read_text(encoding="utf-8").splitlines() if line}
        there = {each.relative_to(table).as_posix() for each in table.rglob("*.parquet")}
        there |= {each.relative_to(table).as_posix() for each in table.rglob("*.json")}
        assert names == there


# --- clocks ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("days", [-400, 400])
def test_a_clock_that_is_set_reads_nothing_twice_and_loses_nothing(place, generous_bundle, monkeypatch, days):
    class Elsewhen(datetime):
        @classmethod
        def now(cls, tz=None):
            return datetime.now(tz) + timedelta(days=days)

    for module in (ledger, runs, lease, rebuild):
        monkeypatch.setattr(module, "datetime", Elsewhen)
    write_exports(place, edition=2)
    assert scan(place, generous_bundle).scored == 1
    assert scan(place, generous_bundle).known == 6
    monkeypatch.undo()
    assert scan(place, generous_bundle).known == 6
    assert Store.open(place / "store").count() == 5


def test_a_hold_that_ends_in_a_year_is_told_with_a_remedy(tmp_path, monkeypatch):
    table = Store.open(tmp_path)._leases()
    monkeypatch.setattr(lease, "LEASE", timedelta(days=365))
    lease._take(table, "a run whose clock was wrong", 1)
    monkeypatch.undo()
    with pytest.raises(EmpathyScanError, match="set the clocks right"), lease.exclusive(table, wait_seconds=0.1):
        pass
    shutil.rmtree(table.place)
    with lease.exclusive(table, wait_seconds=0.1):
        pass

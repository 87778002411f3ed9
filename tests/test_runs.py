"""The record of a run: begun before anything is read, closed however the run ends, and silent about people."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import polars as pl
import pytest

from empathy_scan import pipeline, runs
from empathy_scan.config import Config, ReadConfig, RolesConfig
from empathy_scan.errors import ModelError, OutputError, UsageError
from empathy_scan.stages import Stages, stage
from empathy_scan.store import Store

CALL = "Agent: Good morning, how can I help?\nCustomer: My bed never came.\nAgent: I will ring the depot by noon.\n"


@pytest.fixture
def exports(tmp_path):
    """A folder with a good call and a broken one."""
    folder = tmp_path / "exports"
    folder.mkdir()
    (folder / "call.txt").write_text(CALL, encoding="utf-8")
    (folder / "broken.json").write_text('{"Transcript": [', encoding="utf-8")
    return folder


@pytest.fixture
def scan(tmp_path, exports, generous_bundle):
    """Scans the exports into `store` and `report` of the test's folder."""

    def scan(**options):
        into = {"store": tmp_path / "store", "reports": tmp_path / "report", "model": generous_bundle} | options
        return pipeline.scan([exports], **into)

    return scan


@pytest.fixture
def held(tmp_path):
    """A store that is there, without a conversation."""
    store = Store.open(tmp_path / "store")
    with store.writing():
        pass
    return store


def told(store: Path | Store) -> list[dict[str, object]]:
    """The rows of the runs, their JSON as values."""
    rows = (store if isinstance(store, Store) else Store.open(store)).runs().to_dicts()
    parsed = ("rejected", "formats", "stage_seconds", "versions", "options")
    return [row | {name: json.loads(row[name]) for name in parsed if row[name] is not None} for row in rows]


def test_a_run_tells_what_it_read_scored_and_rejected(scan, tmp_path):
    done = scan()
    (row,) = told(tmp_path / "store")
    assert row["run_id"] == done.run_id
    assert (row["state"], row["exit_code"], row["error"], row["stage"]) == ("done", 3, None, None)
    assert (row["files"], row["conversations"], row["scored"], row["turns"], row["rejects"]) == (2, 1, 1, 3, 1)
    assert row["formats"] == {"text": 1}
    assert row["rejected"] == {"MalformedInputError": 1}
    assert row["started_at"] < row["ended_at"]
    assert row["model"] == done.model


def test_the_stages_together_take_no_longer_than_the_run(scan, tmp_path):
    scan()
    (row,) = told(tmp_path / "store")
    assert {"listing", "reading", "redacting", "scoring", "storing", "reporting"} <= set(row["stage_seconds"])
    assert 0 < sum(row["stage_seconds"].values()) <= row["seconds"] + 0.1


def test_a_run_with_nothing_new_has_its_line(scan, tmp_path):
    scan()
    scan()
    first, second = told(tmp_path / "store")
    assert (second["scored"], second["files"], second["known"], second["state"]) == (0, 2, 2, "done")
    assert first["run_id"] != second["run_id"]


def test_versions_and_settings_are_told(scan, tmp_path):
    config = Config(read=ReadConfig(max_turn_characters=1000))
    scan(config=config)
    (row,) = told(tmp_path / "store")
    assert row["settings"] == config.fingerprint()
    assert row["options"]["read"]["max_turn_characters"] == 1000
    assert {"python", "platform", "codebook", "torch", "polars"} <= set(row["versions"])


def test_no_setting_that_may_name_somebody_is_told():
    people = {"Zebedee Canary": "agent"}
    config = Config(
        read=ReadConfig(agent_addresses=("zebedee@larkfield.example",)),
        roles=RolesConfig(roles=people, roster="canary/agents.csv", speakers="canary/speakers.csv"),
    )
    shown = runs.impersonal(config)
    assert "canary" not in json.dumps(shown).casefold()
    assert "zebedee" not in json.dumps(shown)
    assert (shown["roles"]["roles"], shown["roles"]["roster"], shown["read"]["agent_addresses"]) == (1, True, 1)


def test_a_run_that_fails_tells_the_stage_and_the_error(scan, tmp_path):
    scan()
    (tmp_path / "taken").write_text("not a folder", encoding="utf-8")
    with pytest.raises(OutputError):
        scan(reports=tmp_path / "taken")
    _, row = told(tmp_path / "store")
    assert (row["state"], row["error"], row["stage"], row["exit_code"]) == ("failed", "OutputError", "reporting", 1)
    assert row["reason"]
    assert row["files"] == 2


@pytest.mark.parametrize(
    ("error", "ended"),
    [
        (ValueError("Zebedee cannot sleep."), ("failed", 1, "ValueError", None)),
        (UsageError("Zebedee"), ("failed", 2, "UsageError", None)),
        (ModelError("damaged"), ("failed", 1, "ModelError", "damaged")),
        (KeyboardInterrupt(), ("stopped", 130, "KeyboardInterrupt", None)),
        (SystemExit(143), ("stopped", 143, "SystemExit", None)),
    ],
    ids=lambda value: type(value).__name__,
)
def test_an_error_ends_the_record_and_goes_on(held, error, ended):
    with pytest.raises(type(error)), runs.recorded(held, Config()), stage("scoring"):
        raise error
    (row,) = told(held)
    assert (row["state"], row["exit_code"], row["error"], row["reason"]) == ended
    assert row["stage"] == "scoring"


def test_sources_that_are_gone_are_a_failed_run_where_there_is_a_store(scan, tmp_path, exports):
    scan()
    exports.rename(tmp_path / "elsewhere")
    with pytest.raises(UsageError):
        scan()
    assert [(row["state"], row["exit_code"]) for row in told(tmp_path / "store")] == [("done", 3), ("failed", 2)]


def test_no_store_is_made_for_a_run_that_cannot_begin(scan, tmp_path, exports):
    exports.rename(tmp_path / "elsewhere")
    with pytest.raises(UsageError):
        scan()
    assert not (tmp_path / "store").exists()


@pytest.mark.skipif(sys.platform == "win32", reason="no SIGKILL")
def test_a_killed_run_is_left_open(held):
    code = (
        "import sys, time; from empathy_scan import runs; from empathy_scan.config import Config; "
        "from empathy_scan.store import Store\n"
        "with runs.recorded(Store.open(sys.argv[1]), Config()): print('begun', flush=True); time.sleep(60)"
    )
    with subprocess.Popen([sys.executable, "-c", code, held.root], stdout=subprocess.PIPE) as process:  # noqa: S603
        assert process.stdout.readline() == b"begun\n"
        assert runs.listed(held)[0]["state"] == "at work"
        os.kill(process.pid, signal.SIGKILL)
    assert runs.listed(held)[0]["state"] == "ended without a word"


def test_runs_are_listed_newest_first(held):
    for _ in range(3):
        with runs.recorded(held, Config()):
            time.sleep(0.001)
    times = [row["started_at"] for row in runs.listed(held)]
    assert times == sorted(times, reverse=True)
    assert len(runs.listed(held, limit=2)) == 2


def test_a_run_is_found_by_its_id_its_beginning_or_as_the_last(held):
    with runs.recorded(held, Config()) as record:
        pass
    assert {runs.found(held, name)["run_id"] for name in (record.run_id, record.run_id[:20], "last")} == {record.run_id}
    with pytest.raises(UsageError, match="no run"):
        runs.found(held, "19990101")


def test_a_stage_within_another_stops_its_clock():
    stages = Stages()
    with stages.stage("reading"), stages.stage("listing"):
        time.sleep(0.3)
    assert stages.seconds["listing"] > 0.29 > stages.seconds["reading"]


def test_without_a_listener_a_stage_is_nothing():
    with stage("reading"):
        pass


def test_the_record_takes_one_small_commit_at_each_end(held):
    before = held._table(pipeline.runs.RUNS).version()
    with runs.recorded(held, Config()):
        pass
    assert held._table(pipeline.runs.RUNS).version() == before + 2
    assert pl.read_parquet(next(Path(held.root, "runs").glob("*.parquet"))).height == 1


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="the system does not tell")
def test_the_peak_of_a_run_is_not_that_of_the_process_that_started_it() -> None:
    child = "from empathy_scan.runs import peak_bytes; print(peak_bytes())"
    parent = (
        f"import subprocess, sys; held = b'x' * 2**30; subprocess.run([sys.executable, '-c', {child!r}], check=True)"
    )
    told = subprocess.run([sys.executable, "-c", parent], capture_output=True, text=True, check=True)  # noqa: S603
    assert 0 < int(told.stdout) < 2**29

"""Batches in this process and in workers: their order, what is built once, and what comes of workers that die."""

import logging
import os
import signal
import subprocess
import sys
import time
from functools import partial
from pathlib import Path

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from empathy_scan import engine
from empathy_scan.engine import LocalEngine
from empathy_scan.errors import EngineError, MalformedInputError, ModelError, UsageError

BATCHES = [pl.DataFrame({"number": range(10 * start, 10 * start + 5)}) for start in range(7)]


def multiplier(log: Path) -> int:
    """State that leaves a line for each time that it is built."""
    with log.open("a") as file:
        file.write(f"{os.getpid()}\n")
    return 3


def multiply(factor: int, batch: pl.DataFrame) -> pl.DataFrame:
    time.sleep(0.02 if batch["number"][0] % 20 else 0.1)  # so that some overtake others
    return batch.with_columns(product=pl.col("number") * factor)


def nothing() -> None:
    """No state."""


def die_once(flag: Path, batch: pl.DataFrame) -> pl.DataFrame:
    if batch["number"][0] == 30 and not flag.exists():
        flag.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return batch


def always_die(_: None, batch: pl.DataFrame) -> pl.DataFrame:
    if batch["number"][0] == 30:
        os.kill(os.getpid(), signal.SIGKILL)
    return batch


def refuse(_: None, batch: pl.DataFrame) -> pl.DataFrame:
    raise MalformedInputError("broken", where=f"row {batch['number'][0]}", remedy="fix it")


def no_model() -> None:
    raise ModelError("there is no bundle", where="bundle", remedy="train one")


def same(_: None, batch: pl.DataFrame) -> pl.DataFrame:
    return batch


def threads(_: None, batch: pl.DataFrame) -> pl.DataFrame:
    import torch  # noqa: PLC0415 - as the scorer does: in the worker, after it was prepared

    return batch.select(threads=pl.lit(torch.get_num_threads())).head(1)


@pytest.mark.parametrize("workers", [1, 2])
def test_results_come_in_the_order_of_the_batches(tmp_path, workers):
    found = list(LocalEngine(workers).map(multiply, BATCHES, initial=partial(multiplier, tmp_path / "log")))
    assert len(found) == len(BATCHES)
    for batch, result in zip(BATCHES, found, strict=True):
        assert_frame_equal(result, batch.with_columns(product=pl.col("number") * 3))


@pytest.mark.parametrize("workers", [1, 2])
def test_the_state_is_built_once_per_worker(tmp_path, workers):
    log = tmp_path / "log"
    list(LocalEngine(workers).map(multiply, BATCHES, initial=partial(multiplier, log)))
    built = log.read_text().split()
    assert len(built) == len(set(built)) <= workers
    assert (str(os.getpid()) in built) == (workers == 1)


@pytest.mark.parametrize("workers", [1, 2])
def test_no_batches_build_no_state(tmp_path, workers):
    assert list(LocalEngine(workers).map(multiply, [], initial=partial(multiplier, tmp_path / "log"))) == []
    assert not (tmp_path / "log").exists()


def test_batches_are_read_as_they_are_needed():
    read = []
    batches = (read.append(number) or batch for number, batch in enumerate(BATCHES))
    results = LocalEngine(2).map(same, batches, initial=nothing)
    next(results)
    assert len(read) == 4
    results.close()


@pytest.mark.parametrize("workers", [1, 2])
@pytest.mark.parametrize(("function", "initial", "error"), [(refuse, nothing, "broken"), (same, no_model, "no bundle")])
def test_an_error_of_the_function_or_its_state_comes_out_as_it_is(workers, function, initial, error):
    with pytest.raises((MalformedInputError, ModelError), match=error) as caught:
        list(LocalEngine(workers).map(function, BATCHES, initial=initial))
    assert caught.value.where
    assert caught.value.remedy


def test_the_work_of_a_worker_that_dies_is_tried_once_more(tmp_path, caplog):
    with caplog.at_level(logging.WARNING):
        found = list(LocalEngine(2).map(die_once, BATCHES, initial=partial(Path, tmp_path / "flag")))
    assert_frame_equal(pl.concat(found), pl.concat(BATCHES))
    assert "a worker process died" in caplog.text


def test_a_worker_that_dies_again_is_an_error_with_a_remedy():
    results = LocalEngine(2).map(always_die, BATCHES, initial=nothing)
    with pytest.raises(EngineError, match="fewer --workers"):
        list(results)


def test_workers_share_the_processors(monkeypatch):
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    (found,) = LocalEngine(os.cpu_count() + 1).map(threads, BATCHES[:1], initial=nothing)
    assert found.item() == 1


def test_workers_do_not_outlive_a_killed_parent(tmp_path):
    log = tmp_path / "log"
    code = f"""
import sys
sys.path.insert(0, {str(Path(__file__).parent)!r})
from functools import partial
from pathlib import Path
from test_local import BATCHES, LocalEngine, multiplier, multiply
if __name__ == "__main__":
    results = LocalEngine(2).map(multiply, BATCHES, initial=partial(multiplier, Path({str(log)!r})))
    next(results)
    print("under way", flush=True)
    input()
"""
    (tmp_path / "parent.py").write_text(code)
    command = [sys.executable, str(tmp_path / "parent.py")]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as parent:  # noqa: S603
        parent.stdout.readline()
        parent.kill()
    workers = [int(line) for line in log.read_text().split()]
    deadline = time.monotonic() + 20
    while any(alive(worker) for worker in workers) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not [worker for worker in workers if alive(worker)]


def alive(process: int) -> bool:
    """Whether a process is there and more than an entry that nobody has collected."""
    status = Path(f"/proc/{process}/stat")
    if status.parent.parent.joinpath("self").exists():
        return status.exists() and status.read_text().rsplit(")", 1)[1].split()[0] != "Z"
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return True


def test_engines_are_made_by_name():
    assert engine.make("local", 3) == LocalEngine(3)
    assert engine.make("ray", 2) == engine.RayEngine(2)


@pytest.mark.parametrize(("name", "workers", "remedy"), [("spark", 1, "local or ray"), ("local", 0, "--workers 1")])
def test_what_cannot_be_made_is_a_usage_error(name, workers, remedy):
    with pytest.raises(UsageError, match=remedy):
        engine.make(name, workers)


@pytest.mark.parametrize("workers", [1, 2])
def test_what_is_built_lasts_over_maps(tmp_path, workers):
    log = tmp_path / "log"
    with LocalEngine(workers).lasting() as lasting:
        for _ in range(3):
            found = list(lasting.map(multiply, BATCHES, initial=partial(multiplier, log)))
            assert_frame_equal(found[2], BATCHES[2].with_columns(product=pl.col("number") * 3))
    assert len(log.read_text().split()) <= workers


@pytest.mark.parametrize("workers", [1, 2])
def test_another_recipe_is_built_anew(tmp_path, workers):
    with LocalEngine(workers).lasting() as lasting:
        list(lasting.map(multiply, BATCHES, initial=partial(multiplier, tmp_path / "one")))
        list(lasting.map(multiply, BATCHES, initial=partial(multiplier, tmp_path / "two")))
    assert (tmp_path / "two").read_text()


def test_lasting_workers_survive_a_refusal_and_end_with_the_block(tmp_path):
    log = tmp_path / "log"
    with LocalEngine(2).lasting() as lasting:
        with pytest.raises(MalformedInputError):
            list(lasting.map(refuse, BATCHES, initial=nothing))
        assert len(list(lasting.map(multiply, BATCHES, initial=partial(multiplier, log)))) == len(BATCHES)
    assert not any(alive(int(line)) for line in log.read_text().split())

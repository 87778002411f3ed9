"""Batches on Ray: the frames and the errors that the local engine gives, and what is said without Ray."""

import os
import sys
from functools import partial
from pathlib import Path

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from empathy_scan import prepare, score, segment
from empathy_scan.config import Config
from empathy_scan.engine import LocalEngine, RayEngine
from empathy_scan.errors import ModelError, UsageError
from empathy_scan.tables import EVIDENCE_SPAN, UTC_TIME

SAMPLES = Path(__file__).parents[2] / "data" / "samples" / "chats"
SCHEMA = {"number": pl.Int8, "text": pl.String, "time": UTC_TIME, "evidence": pl.List(EVIDENCE_SPAN)}
ROW = {"text": "naïve", "time": None, "evidence": [{"label": "S", "start": 0, "end": 3, "weight": 0.5}]}
BATCHES = [pl.DataFrame([{"number": start + n, **ROW} for n in range(3)], SCHEMA) for start in range(0, 30, 3)]


def two() -> int:
    return 2


def multiply(factor: int, batch: pl.DataFrame) -> pl.DataFrame:
    return batch.with_columns(pl.col("number") * factor)


def die_once(marker: Path, batch: pl.DataFrame) -> pl.DataFrame:
    if batch["number"][0] == 12 and not marker.exists():
        marker.touch()
        os._exit(1)  # as the kernel ends a process that took too much memory
    return batch


def no_model() -> int:
    raise ModelError("there is no bundle", where="bundle", remedy="train one")


def refuse(_: int, __: pl.DataFrame) -> pl.DataFrame:
    raise ModelError("there is no bundle", where="bundle", remedy="train one")


def test_without_ray_the_error_names_the_extra(monkeypatch):
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(UsageError, match=r"empathy-scan\[ray\]"):
        list(RayEngine(2).map(multiply, BATCHES, initial=two))


@pytest.fixture(scope="module")
def ray():
    """Ray on this machine, its workers able to import this file."""
    ray = pytest.importorskip("ray")
    here = {"PYTHONPATH": os.pathsep.join([str(Path(__file__).parent), *filter(None, sys.path)])}
    ray.init(num_cpus=2, include_dashboard=False, log_to_driver=False, runtime_env={"env_vars": here})
    yield ray
    ray.shutdown()


@pytest.mark.filterwarnings("default")  # Ray warns of itself
@pytest.mark.usefixtures("ray")
def test_ray_and_local_give_equal_frames():
    local = list(LocalEngine(1).map(multiply, BATCHES, initial=two))
    for left, right in zip(RayEngine(2).map(multiply, BATCHES, initial=two), local, strict=True):
        assert_frame_equal(left, right)


@pytest.mark.filterwarnings("default")
@pytest.mark.usefixtures("ray")
@pytest.mark.parametrize(("function", "initial"), [(refuse, two), (multiply, no_model)])
def test_errors_in_a_worker_of_ray_come_out_as_they_are(function, initial):
    with pytest.raises(ModelError, match="train one"):
        list(RayEngine(1).map(function, BATCHES[:2], initial=initial))


@pytest.mark.filterwarnings("default")
@pytest.mark.usefixtures("ray")
def test_work_of_a_worker_that_dies_in_the_middle_is_done_by_another(tmp_path):
    marker = tmp_path / "died"
    found = list(RayEngine(2).map(die_once, BATCHES, initial=partial(Path, marker)))
    assert marker.exists()
    for left, right in zip(found, BATCHES, strict=True):
        assert_frame_equal(left, right)


@pytest.mark.filterwarnings("default")
@pytest.mark.usefixtures("ray")
def test_scores_by_ray_are_those_of_local_to_the_last_digit(tiny_bundle):
    segments = segment.split(prepare.turns([SAMPLES], Config()).turns, Config().segment)
    local = score.score(segments, tiny_bundle, Config().score)
    by_ray = score.score(segments, tiny_bundle, Config().score, engine=RayEngine(2))
    assert_frame_equal(by_ray, local, check_exact=True)

"""The engine of one machine: this process, or several processes side by side."""

from __future__ import annotations

import logging
import multiprocessing
import os
import pickle
import signal
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from functools import lru_cache, partial
from itertools import islice
from multiprocessing.connection import wait
from typing import TypeVar

import polars as pl

from empathy_scan.errors import EngineError

LOG = logging.getLogger(__name__)
State = TypeVar("State")
Step = Callable[[pl.DataFrame], pl.DataFrame]


@dataclass(frozen=True, slots=True)
class LocalEngine:
    """Batches in this process (one worker), or in worker processes that each build `initial` once."""

    workers: int = 1

    def map(
        self,
        function: Callable[[State, pl.DataFrame], pl.DataFrame],
        batches: Iterable[pl.DataFrame],
        *,
        initial: Callable[[], State],
    ) -> Iterator[pl.DataFrame]:
        """One result per batch, in order (see Engine). Raises EngineError when workers die again and again."""
        if self.workers > 1:
            yield from _in_processes(pickle.dumps((function, initial)), iter(batches), self.workers)
            return
        step: Step | None = None  # built for the first batch: no batches, no model
        for batch in batches:
            step = step or partial(function, initial())
            yield step(batch)


def _in_processes(recipe: bytes, batches: Iterator[pl.DataFrame], workers: int) -> Iterator[pl.DataFrame]:
    """The results of all batches. What was under way when a worker died is tried once more, by new workers."""
    pending: deque[pl.DataFrame] = deque()  # submitted, but without a result: at most two for each worker
    died = False
    while True:
        try:
            for result in _until_broken(recipe, batches, pending, workers):
                died = False
                yield result
        except BrokenProcessPool as error:
            if died:
                raise EngineError(
                    "a worker process died twice over the same batches",
                    remedy="give fewer --workers, or the machine more memory, then repeat: finished work is kept",
                ) from error
            died = True
            LOG.warning("a worker process died; trying its work once more")
        else:
            return


def _until_broken(
    recipe: bytes, batches: Iterator[pl.DataFrame], pending: deque[pl.DataFrame], workers: int
) -> Iterator[pl.DataFrame]:
    """The results in order, from one set of workers. `pending` holds what is to be repeated when they break."""
    threads = max(1, (os.cpu_count() or 1) // workers)
    context = multiprocessing.get_context("spawn")  # a fork would copy locks that polars' and torch's threads hold
    others = set(multiprocessing.active_children())
    pool = ProcessPoolExecutor(workers, mp_context=context, initializer=_prepare, initargs=(threads,))
    try:
        running: deque[Future[pl.DataFrame]] = deque(pool.submit(_step, recipe, batch) for batch in pending)
        while True:
            for batch in islice(batches, 2 * workers - len(running)):
                pending.append(batch)
                running.append(pool.submit(_step, recipe, batch))
            if not running:
                return
            result = running.popleft().result()
            pending.popleft()
            yield result
    except (KeyboardInterrupt, SystemExit, GeneratorExit):  # nobody waits for what is under way
        for worker in set(multiprocessing.active_children()) - others:
            worker.terminate()
        raise
    finally:
        pool.shutdown(cancel_futures=True)


def _prepare(threads: int) -> None:
    """Make a worker a good neighbour: its share of threads, no word at Ctrl-C, and no life after its parent's."""
    os.environ.setdefault("OMP_NUM_THREADS", str(threads))  # torch reads it when it is imported, which comes later
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    """End this process once its parent has gone, however it went."""
    if parent := multiprocessing.parent_process():
        wait([parent.sentinel])
        os._exit(1)


def _step(recipe: bytes, batch: pl.DataFrame) -> pl.DataFrame:
    """One batch in a worker."""
    return _built(recipe)(batch)


@lru_cache(maxsize=1)
def _built(recipe: bytes) -> Step:
    """The function with its state, built for the worker's first batch."""
    function, initial = pickle.loads(recipe)  # noqa: S301 - written by the parent process a moment ago
    return partial(function, initial())

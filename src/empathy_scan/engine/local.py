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
from contextlib import contextmanager
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
BUILT = 2  # recipes whose results a worker keeps: a model with its words that counted, and without


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
        with self.lasting() as engine:
            yield from engine.map(function, batches, initial=initial)

    @contextmanager
    def lasting(self) -> Iterator[_Here | _Processes]:
        """An engine whose workers, and what they have built, stay for all of its maps (see Engine)."""
        if self.workers == 1:
            yield _Here()
            return
        engine = _Processes(self.workers)
        try:
            yield engine
        finally:
            engine.close()


class _Here:
    """Batches in this process, one after the other."""

    def __init__(self) -> None:
        self._steps: dict[bytes, Step] = {}  # the last ones built, by their recipes

    def map(
        self,
        function: Callable[[State, pl.DataFrame], pl.DataFrame],
        batches: Iterable[pl.DataFrame],
        *,
        initial: Callable[[], State],
    ) -> Iterator[pl.DataFrame]:
        """As `LocalEngine.map`."""
        recipe = pickle.dumps((function, initial))
        for batch in batches:  # no batches, no model
            if recipe not in self._steps:
                while len(self._steps) >= BUILT:
                    self._steps.pop(next(iter(self._steps)))
                self._steps[recipe] = partial(function, initial())
            yield self._steps[recipe](batch)

    @contextmanager
    def lasting(self) -> Iterator[_Here]:
        """Itself: it lasts already."""
        yield self


class _Processes:
    """Batches in worker processes, which are started for the first batch and stay until `close`."""

    def __init__(self, workers: int) -> None:
        self.workers = workers
        self._pool: ProcessPoolExecutor | None = None
        self._others: set[object] = set()  # processes that are not ours

    def map(
        self,
        function: Callable[[State, pl.DataFrame], pl.DataFrame],
        batches: Iterable[pl.DataFrame],
        *,
        initial: Callable[[], State],
    ) -> Iterator[pl.DataFrame]:
        """As `LocalEngine.map`. What was under way when a worker died is tried once more, by new workers."""
        recipe, left = pickle.dumps((function, initial)), iter(batches)
        pending: deque[pl.DataFrame] = deque()  # submitted, but without a result: at most two for each worker
        died = False
        while True:
            try:
                for result in self._until_broken(recipe, left, pending):
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

    @contextmanager
    def lasting(self) -> Iterator[_Processes]:
        """Itself: it lasts already."""
        yield self

    def close(self, *, at_once: bool = False) -> None:
        """End the workers, after what they are at or, if wanted, without waiting for it."""
        if self._pool is None:
            return
        if at_once:
            for worker in set(multiprocessing.active_children()) - self._others:
                worker.terminate()
        self._pool.shutdown(cancel_futures=True)
        self._pool = None

    def _started(self) -> ProcessPoolExecutor:
        if self._pool is None:
            threads = max(1, (os.cpu_count() or 1) // self.workers)
            context = multiprocessing.get_context("spawn")  # a fork would copy locks that polars and torch hold
            self._others = set(multiprocessing.active_children())
            self._pool = ProcessPoolExecutor(
                self.workers, mp_context=context, initializer=_prepare, initargs=(threads,)
            )
        return self._pool

    def _until_broken(
        self, recipe: bytes, batches: Iterator[pl.DataFrame], pending: deque[pl.DataFrame]
    ) -> Iterator[pl.DataFrame]:
        """The results in order, from one set of workers. `pending` holds what is to be repeated when they break."""
        running: deque[Future[pl.DataFrame]] = deque()
        try:
            running.extend(self._started().submit(_step, recipe, batch) for batch in pending)
            while True:
                for batch in islice(batches, 2 * self.workers - len(running)):
                    pending.append(batch)
                    running.append(self._started().submit(_step, recipe, batch))
                if not running:
                    return
                result = running.popleft().result()
                pending.popleft()
                yield result
        except (KeyboardInterrupt, SystemExit, GeneratorExit):  # nobody waits for what is under way
            self.close(at_once=True)
            raise
        except BaseException:
            self.close()
            raise


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


@lru_cache(maxsize=BUILT)
def _built(recipe: bytes) -> Step:
    """The function with its state, built for the worker's first batch."""
    function, initial = pickle.loads(recipe)  # noqa: S301 - written by the parent process a moment ago
    return partial(function, initial())

"""The engine for more than one machine: actors of Ray Data, on the cluster that Ray finds or a local one."""

from __future__ import annotations

import pickle
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache, partial
from importlib import import_module
from types import ModuleType
from typing import Any, TypeVar

import polars as pl

from empathy_scan.errors import EmpathyScanError, EngineError, UsageError

State = TypeVar("State")


@dataclass(frozen=True, slots=True)
class RayEngine:
    """Batches in so many actors, each of which builds `initial` once; empathy-scan must be installed on every node."""

    workers: int = 1

    def map(
        self,
        function: Callable[[State, pl.DataFrame], pl.DataFrame],
        batches: Iterable[pl.DataFrame],
        *,
        initial: Callable[[], State],
    ) -> Iterator[pl.DataFrame]:
        """One result per batch, in order (see Engine). Raises UsageError without Ray, EngineError when Ray gives up."""
        ray = _library()
        # A batch travels as one row of bytes: Ray neither splits nor joins batches, and polars' types stay as they are.
        rows = [{"place": place, "packed": pickle.dumps(batch)} for place, batch in enumerate(batches)]
        if not rows:
            return
        try:
            results = ray.data.from_items(rows, override_num_blocks=len(rows)).map_batches(
                _Actor,
                fn_constructor_args=(function, initial),
                batch_size=1,
                compute=ray.data.ActorPoolStrategy(size=min(self.workers, len(rows))),
            )
            yield from _in_order(results.iter_rows())
        except ray.exceptions.RayError as error:
            raise EngineError(
                f"Ray gave up ({type(error).__name__})", remedy="see the log of Ray, then repeat: finished work is kept"
            ) from error

    @contextmanager
    def lasting(self) -> Iterator[RayEngine]:
        """Itself: actors live as long as one map, as Ray Data has it."""
        yield self


class _Actor:
    """What runs in a worker of Ray: the function with its state, built for the first batch."""

    def __init__(self, function: Callable[[State, pl.DataFrame], pl.DataFrame], initial: Callable[[], State]) -> None:
        self._built = cache(lambda: partial(function, initial()))

    def __call__(self, rows: dict[str, Any]) -> dict[str, Any]:
        """One row in, one row out; an error of ours is an answer too (Ray would lose its type)."""
        answer: pl.DataFrame | EmpathyScanError
        try:
            answer = self._built()(pickle.loads(rows["packed"][0]))  # noqa: S301 - packed above
        except EmpathyScanError as error:
            answer = error
        return {"place": rows["place"], "packed": [pickle.dumps(answer)]}


def _in_order(rows: Iterable[dict[str, Any]]) -> Iterator[pl.DataFrame]:
    """The frames by their place, those that come early waiting; raises the error of the first batch that has one."""
    early: dict[int, bytes] = {}
    following = 0
    for row in rows:
        early[int(row["place"])] = row["packed"]
        while following in early:
            answer = pickle.loads(early.pop(following))  # noqa: S301 - packed by our own actor
            if isinstance(answer, EmpathyScanError):
                raise answer
            yield answer
            following += 1


def _library() -> ModuleType:
    """The ray package; UsageError names the extra where it is missing."""
    try:
        import_module("ray.data")  # an extra, and slow to import
        return import_module("ray")
    except ImportError as error:
        raise UsageError("the ray engine needs Ray", remedy="pip install 'empathy-scan[ray]'") from error

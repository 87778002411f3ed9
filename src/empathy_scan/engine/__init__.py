"""Engines run one function over many batches, here or on a cluster, and keep the order of the batches."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager
from typing import Protocol, TypeVar

import polars as pl

from empathy_scan.engine.local import LocalEngine
from empathy_scan.engine.ray import RayEngine
from empathy_scan.errors import UsageError

__all__ = ["ENGINES", "Engine", "LocalEngine", "RayEngine", "make"]

State = TypeVar("State")


class Engine(Protocol):
    """What every engine can do; equal input gives equal frames on all of them."""

    def map(
        self,
        function: Callable[[State, pl.DataFrame], pl.DataFrame],
        batches: Iterable[pl.DataFrame],
        *,
        initial: Callable[[], State],
    ) -> Iterator[pl.DataFrame]:
        """One result per batch, in order.

        `initial` builds what the function needs (a Scorer, say) once per worker; both must be picklable: functions at
        the top of a module, or `functools.partial` of them. What they raise comes out here.
        """
        ...

    def lasting(self) -> AbstractContextManager[Engine]:
        """An engine whose workers, and what `initial` built in them, stay for all of its maps in a `with` block."""
        ...


ENGINES: dict[str, Callable[[int], Engine]] = {"local": LocalEngine, "ray": RayEngine}


def make(name: str, workers: int) -> Engine:
    """The engine of that name with so many workers; raises UsageError for an unknown name or less than one worker."""
    if workers < 1:
        raise UsageError(f"{workers} workers cannot work", remedy="give --workers 1 or more")
    if name not in ENGINES:
        raise UsageError(f"there is no engine {name!r}", remedy=f"choose {' or '.join(ENGINES)}")
    return ENGINES[name](workers)

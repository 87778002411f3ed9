"""What a run is doing: its stages by name, how long each took, and how far it is; heard by whoever started the run.

A stage is opened where its work is done, and costs nothing where nobody listens, so that no function takes a clock.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from threading import Lock
from typing import TypeVar

T = TypeVar("T")
Told = Callable[[str, int, int], None]  # stage, done, of how many; 0 of 0 as a stage begins that counts nothing

LISTING, INDEXING, READING, REDACTING = "listing", "indexing", "reading", "redacting"
SCORING, STORING, REPORTING = "scoring", "storing", "reporting"
_WHOLE = {LISTING, REPORTING}  # of which nobody knows how much there is


class Stages:
    """A clock per stage, and a count of what is done of it. A stage within another stops the outer one's clock."""

    def __init__(self, told: Told | None = None) -> None:
        self.seconds: dict[str, float] = {}
        self.current = ""  # the stage that is open, or the last one that an error ended
        self._told = told
        self._since = time.monotonic()
        self._done: dict[str, int] = {}
        self._total: dict[str, int] = {}
        self._telling = Lock()  # one thread at a time

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Count the time of a `with` block for the stage of that name."""
        outer = self.current
        self._switch(name)
        if self._told is not None and name in _WHOLE:
            self._told(name, 0, 0)
        yield
        self._switch(outer)  # not after an error: the stage that it ended stays known

    def beside(self) -> Stages:
        """A clock for another thread, which counts into the same seconds: what overlaps counts for both."""
        other = Stages(self._told)
        other.seconds, other._done, other._total, other._telling = self.seconds, self._done, self._total, self._telling
        return other

    def stop(self) -> None:
        """Count the time of the stage that an error has ended."""
        self._switch(self.current)

    def expect(self, name: str, more: int) -> None:
        """So much more is to be done of the stage."""
        self._total[name] = self._total.get(name, 0) + more
        if more:
            self._tell(name)

    def advance(self, name: str, more: int = 1) -> None:
        """So much more of the stage is done."""
        self._done[name] = self._done.get(name, 0) + more
        self._tell(name)

    def _tell(self, name: str) -> None:
        done = self._done.get(name, 0)
        if self._told is not None:
            with self._telling:
                self._told(name, done, max(self._total.get(name, 0), done))

    def _switch(self, name: str) -> None:
        now = time.monotonic()
        if self.current:
            self.seconds[self.current] = self.seconds.get(self.current, 0.0) + now - self._since
        self.current, self._since = name, now


_LISTENING: ContextVar[Stages | None] = ContextVar("stages of the run", default=None)


@contextmanager
def heard_by(stages: Stages) -> Iterator[None]:
    """Let `stages` hear of every stage in a `with` block."""
    token = _LISTENING.set(stages)
    try:
        yield
    finally:
        _LISTENING.reset(token)


def listening() -> Stages | None:
    """Who hears of stages here."""
    return _LISTENING.get()


@contextmanager
def stage(name: str) -> Iterator[None]:
    """The `with` block is part of the stage of that name."""
    if (listening := _LISTENING.get()) is None:
        yield
        return
    with listening.stage(name):
        yield


def each(name: str, items: Iterable[T]) -> Iterator[T]:
    """The items; the time that it takes to make them is the stage's, the time between them is not."""
    iterator, end = iter(items), object()
    while True:
        with stage(name):
            item = next(iterator, end)
        if item is end:
            return
        held = [item]
        del item  # it may be large, and whoever asked for it may be done with it before the next is made
        yield held.pop()  # type: ignore[misc] # the end is never given away


def expect(name: str, more: int) -> None:
    """So much more is to be done of the stage."""
    if (listening := _LISTENING.get()) is not None:
        listening.expect(name, more)


def advance(name: str, more: int = 1) -> None:
    """So much more of the stage is done."""
    if (listening := _LISTENING.get()) is not None:
        listening.advance(name, more)

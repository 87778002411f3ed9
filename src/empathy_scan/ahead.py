"""The next item is made while the last one is worked on: reading and redacting overlap with scoring.

A thread of its own draws from the iterator, one item ahead of whoever asks. The making of an item begins once the one
before it is taken, and nothing here keeps what it has handed on: memory holds the item that is worked on and the next.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import nullcontext
from queue import Queue
from typing import TypeVar

from empathy_scan import stages

T = TypeVar("T")
_END = object()
_TICK = 0.2  # seconds within which the thread hears that nobody wants more


def ahead(items: Iterator[T]) -> Iterator[T]:
    """The items, in order; what their making raises is raised here, in its place.

    The first is made by the caller, who waits for it anyway. Whoever stops early must close this.
    """
    made: Queue[object] = Queue()
    made.put(next(items, _END))
    taken, over = threading.Semaphore(0), threading.Event()
    outer = stages.listening()
    inner = outer.beside() if outer is not None else None
    thread = threading.Thread(target=_make, args=(items, made, taken, over, inner), name="reading ahead", daemon=True)
    thread.start()
    try:
        while (item := made.get()) is not _END:
            if isinstance(item, _Failed):
                if outer is not None and inner is not None:
                    outer.current = inner.current  # the stage that it ended
                raise item.error
            handed = [item]
            del item
            taken.release()
            yield handed.pop()  # type: ignore[misc] # the end is never given away
    finally:
        over.set()


class _Failed:
    """What the making of an item raised."""

    def __init__(self, error: BaseException) -> None:
        self.error = error


def _make(
    items: Iterator[T],
    made: Queue[object],
    taken: threading.Semaphore,
    over: threading.Event,
    clock: stages.Stages | None,
) -> None:
    """Put an item into the queue whenever one is taken from it, and after all the end or what was raised."""
    with stages.heard_by(clock) if clock is not None else nullcontext():
        try:
            while _wanted(taken, over):
                made.put(next(items, _END))
        except BaseException as error:  # noqa: BLE001 - raised again where it is asked for
            made.put(_Failed(error))


def _wanted(taken: threading.Semaphore, over: threading.Event) -> bool:
    """Wait until an item is taken; whether somebody still wants the next."""
    while not over.is_set():
        if taken.acquire(timeout=_TICK):
            return not over.is_set()
    return False


def after(first: list[T], rest: Iterator[T]) -> Iterator[T]:
    """The items of a list, which is emptied, and the others; none is kept here."""
    while first:
        yield first.pop(0)
    yield from rest


__all__ = ["after", "ahead"]

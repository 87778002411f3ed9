"""The next item is made while the last one is worked on: reading and redacting overlap with scoring.

A thread of its own draws from the iterator, one item ahead of whoever asks, so that memory holds at most one more.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import nullcontext
from queue import Full, Queue
from typing import TypeVar

from empathy_scan import stages

T = TypeVar("T")
_END = object()
_TICK = 0.2  # seconds within which the thread hears that nobody wants more


def ahead(items: Iterator[T]) -> Iterator[T]:
    """The items, in order; what their making raises is raised here, in its place.

    The first is made by the caller, who waits for it anyway. Whoever stops early must close this.
    """
    first = next(items, _END)
    if first is _END:
        return
    made: Queue[object] = Queue(maxsize=1)
    over = threading.Event()
    outer = stages.listening()
    inner = outer.beside() if outer is not None else None
    thread = threading.Thread(target=_make, args=(items, made, over, inner), name="reading ahead", daemon=True)
    thread.start()
    try:
        yield first  # type: ignore[misc] # the end is never given away
        while (item := made.get()) is not _END:
            if isinstance(item, _Failed):
                if outer is not None and inner is not None:
                    outer.current = inner.current  # the stage that it ended
                raise item.error
            yield item  # type: ignore[misc]
    finally:
        over.set()


class _Failed:
    """What the making of an item raised."""

    def __init__(self, error: BaseException) -> None:
        self.error = error


def _make(items: Iterator[T], made: Queue[object], over: threading.Event, clock: stages.Stages | None) -> None:
    """Put the items into the queue, and after them the end or what was raised, until nobody wants more."""
    with stages.heard_by(clock) if clock is not None else nullcontext():
        try:
            for item in items:
                if not _put(made, item, over):
                    return
            _put(made, _END, over)
        except BaseException as error:  # noqa: BLE001 - raised again where it is asked for
            _put(made, _Failed(error), over)


def _put(made: Queue[object], item: object, over: threading.Event) -> bool:
    """Whether somebody still wants the item."""
    while not over.is_set():
        try:
            made.put(item, timeout=_TICK)
        except Full:
            continue
        return True
    return False


__all__ = ["ahead"]

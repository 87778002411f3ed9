"""One process at a time: a lock file held by the operating system, so that a killed process never leaves it locked."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from empathy_scan.errors import StoreError

_PAUSE_SECONDS = 0.05  # between two tries


@contextmanager
def exclusive(path: Path, *, wait_seconds: float) -> Iterator[None]:
    """Hold the lock file at `path` for the length of a `with` block; file and folder are made where there are none.

    Raises StoreError when another process holds it for longer than `wait_seconds`, or the file cannot be made.
    """
    handle = _opened(path)
    try:
        _wait(handle, path, wait_seconds)
        yield
    finally:
        os.close(handle)  # closing gives the lock back, as does the end of the process


def is_held(path: Path) -> bool:
    """Whether somebody holds the lock file now; nothing is made or changed."""
    try:
        handle = os.open(path, os.O_RDWR)
    except OSError:  # none there, or not ours to write to: then no run of ours holds it
        return False
    try:
        return not _taken(handle)
    finally:
        os.close(handle)


def _opened(path: Path) -> int:
    """The lock file, ready to be locked."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        return os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
    except OSError as error:
        raise StoreError(
            f"cannot be written to ({error.strerror})",
            where=str(path.parent),
            remedy="make the folder writable, free some space, or choose another with --store",
        ) from error


def _wait(handle: int, path: Path, wait_seconds: float) -> None:
    """Return once the lock is ours."""
    last = time.monotonic() + wait_seconds
    while not _taken(handle):
        if time.monotonic() >= last:
            raise StoreError(
                "another run is at work on this store",
                where=str(path.parent),
                remedy="wait until it is done, then repeat",
            )
        time.sleep(_PAUSE_SECONDS)


if sys.platform == "win32":
    import msvcrt

    def _taken(handle: int) -> bool:
        """Whether the lock could be had now."""
        try:
            msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)
        except OSError:  # the only answer that Windows has for "held by another"
            return False
        return True

else:
    import fcntl

    def _taken(handle: int) -> bool:
        """Whether the lock could be had now."""
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

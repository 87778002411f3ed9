"""Replacing a report in its folder: the new pages are complete before the first old one goes, or nothing changes.

Only our own entries are replaced; other files in the folder stay. A folder that holds entries of these names but no
report of ours is refused. Everything happens inside the folder, so that a mounted volume will do.
"""

from __future__ import annotations

import contextlib
import errno
import logging
import shutil
from collections.abc import Iterator
from pathlib import Path

from empathy_scan.errors import OutputError

_LOG = logging.getLogger(__name__)
ENTRIES = ("assets", "agents", "conversations", "data", "index.html", "index.md")
MARKER = ".empathy-scan-report"
_NEW, _OLD = f"{MARKER}.new", f"{MARKER}.old"
_REMEDIES = {
    errno.EACCES: "allow writing to it or choose another folder",
    errno.EPERM: "allow writing to it or choose another folder",
    errno.EROFS: "it is read-only: choose another folder",
    errno.ENOSPC: "the disk is full: free some space and run again",
    errno.EDQUOT: "your share of the disk is full: free some space and run again",
    errno.EFBIG: "a file may not grow any further: raise the limit (ulimit -f) and run again",
    errno.ENOTDIR: "a file is in the way: choose another folder",
    errno.EEXIST: "a file is in the way: choose another folder",
    errno.ENAMETOOLONG: "the path is too long: choose a shorter one",
}


@contextlib.contextmanager
def replacing(folder: Path) -> Iterator[Path]:
    """A folder to write a whole report into; on leaving it takes the place of the old one.

    Raises OutputError, naming the folder and a remedy, where something cannot be written; the old report then stays.
    """
    try:
        _refuse_strangers(folder)
        staging = _staging(folder)
        try:
            yield staging
            _swap(staging, folder)
        finally:
            _remove(folder / _NEW)
            _remove(folder / _OLD)
    except OSError as error:
        remedy = _REMEDIES.get(error.errno or 0, "see that the folder can be written")
        reason = error.strerror or type(error).__name__
        raise OutputError(f"cannot write the report ({reason})", where=str(folder), remedy=remedy) from error
    _LOG.info("report written to %s", folder)


def _refuse_strangers(folder: Path) -> None:
    """Raise OutputError for a folder in which our entries would replace somebody else's files."""
    if (folder / MARKER).exists():
        return
    if strangers := [entry for entry in ENTRIES if (folder / entry).exists()]:
        raise OutputError(
            f"holds {', '.join(strangers)} that no report of ours put there",
            where=str(folder),
            remedy="choose an empty folder for the report",
        )


def _staging(folder: Path) -> Path:
    """A fresh folder for the new pages; what a killed run left is removed."""
    folder.mkdir(parents=True, exist_ok=True)
    for leftover in (folder / _NEW, folder / _OLD):
        _remove(leftover)
    (folder / MARKER).write_bytes(b"Made by empathy-scan: the pages beside this file are replaced with every report.\n")
    staging = folder / _NEW
    staging.mkdir()
    return staging


def _swap(staging: Path, folder: Path) -> None:
    """Put every entry of the new report in the place of the old one; all go back if one cannot."""
    old = folder / _OLD
    old.mkdir()
    begun: list[str] = []
    try:
        for entry in ENTRIES:
            begun.append(entry)
            if (folder / entry).exists():
                (folder / entry).rename(old / entry)
            (staging / entry).rename(folder / entry)
    except OSError:
        for entry in reversed(begun):
            _put_back(folder / entry, old / entry)
        raise


def _put_back(place: Path, old: Path) -> None:
    """The old entry in its place again, if it was moved away; else what is there stays."""
    if old.exists():
        _remove(place)
        old.rename(place)


def _remove(path: Path) -> None:
    """The path gone, whether it was a file, a folder or nothing."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)

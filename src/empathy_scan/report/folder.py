"""Bringing a report's folder up to date: all that changed is complete beside it before the first old file goes.

Only our own files are replaced or removed (manifest.py); those of others stay, and where one of ours would replace one
of theirs the report is refused. Everything happens inside the folder, so that a mounted volume will do. A run that is
killed leaves the old report, or, while files change places, pages that are each old or new and lead to one another:
what is new comes first, then pages from the leaves to the front page, then what is gone goes. The next run finishes it.
"""

from __future__ import annotations

import contextlib
import errno
import logging
import os
import shutil
from collections.abc import Iterable, Iterator
from pathlib import Path

from empathy_scan import lock
from empathy_scan.errors import OutputError, StoreError
from empathy_scan.report import manifest
from empathy_scan.report.manifest import Entry, Manifest

_LOG = logging.getLogger(__name__)
MARKER = manifest.FILE
# In the order in which files change places.
ENTRIES = ("assets", "conversations", "agents", "data", "method.md", "method.html", "index.md", "index.html")
LOCK = f"{MARKER}.lock"  # held while a run writes; the file stays
_WAIT_SECONDS = 900.0  # for another run to finish its report
_NEW, _OLD, _PART = f"{MARKER}.new", f"{MARKER}.old", f"{MARKER}.part"
_REMEDIES = {
    errno.EACCES: "allow writing to it or choose another folder",
    errno.EPERM: "allow writing to it or choose another folder",
    errno.EROFS: "it is read-only: choose another folder",
    errno.ENOSPC: "the disk is full: free some space and run again",
    errno.EDQUOT: "your share of the disk is full: free some space and run again",
    errno.EFBIG: "a file may not grow any further: raise the limit (ulimit -f) and run again",
    errno.ENOTDIR: "a file is in the way: choose another folder",
    errno.EISDIR: "a folder is in the way: choose another folder",
    errno.EEXIST: "a file is in the way: choose another folder",
    errno.ENAMETOOLONG: "the path is too long: choose a shorter one",
}


class Update:
    """The next state of a report's folder; nothing of the old one changes before `updating` ends."""

    def __init__(self, folder: Path, old: Manifest) -> None:
        self._folder, self._old = folder, old
        self._staging = folder / _NEW
        self._files: dict[str, Entry] = {}
        self._staged: list[str] = []
        self.asked = old.asked  # conversations that somebody asked pages of; to be set to those of the new report

    def keep(self, paths: Iterable[str], made_of: str) -> bool:
        """Whether all these files are there and made of the same; then they stay as they are."""
        wanted = list(paths)
        if not all(self._is_there(path, made_of) for path in wanted):
            return False
        self._files.update((path, self._old.files[path]) for path in wanted)
        return True

    def put(self, path: str, content: bytes, made_of: str) -> None:
        """A file of the new report. Raises OutputError where it would replace a file that is not ours."""
        if path not in self._old.files and (self._folder / path).exists():
            raise _stranger(self._folder, [path])
        place = self._staging / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(content)
        self._staged.append(path)
        self._files[path] = Entry(made_of, len(content))

    def old(self, path: str) -> bytes | None:
        """What the report before this one held in a file; None where it had none."""
        known = path in self._old.files and (self._folder / path).is_file()
        return (self._folder / path).read_bytes() if known else None

    def commit(self) -> None:
        """Put every new file in its place and remove those that are gone; all go back if one cannot."""
        gone = [path for path in self._old.files if path not in self._files]
        new = Manifest(self._files, self.asked)
        if not self._staged and not gone and new == self._old:
            return
        swap = _Swap(self._folder)
        try:
            unsure = {**self._old.files, **dict.fromkeys(self._staged, Entry())}
            swap.save(MARKER)
            manifest.write(self._folder, Manifest(unsure, self._old.asked))
            for path in sorted(self._staged, key=self._turn):
                swap.replace(path, self._staging / path)
            for path in gone:
                swap.remove(path)
            manifest.write(self._folder, new)
        except OSError:
            swap.undo()
            raise
        _remove_empty(self._folder, gone)

    def _is_there(self, path: str, made_of: str) -> bool:
        entry = self._old.files.get(path)
        if entry is None or entry.made_of != made_of:
            return False
        try:
            return (self._folder / path).stat().st_size == entry.size
        except OSError:
            return False

    def _turn(self, path: str) -> tuple[bool, int, str]:
        """When a file changes places: what nothing leads to yet comes first."""
        return path in self._old.files, ENTRIES.index(path.partition("/")[0]), path


class _Swap:
    """Files that change places, and the way back."""

    def __init__(self, folder: Path) -> None:
        self._folder, self._aside = folder, folder / _OLD
        self._begun: list[str] = []

    def save(self, path: str) -> None:
        """Keep what is in a place for `undo`: a second name for it where the disk can do that, else a copy."""
        self._begun.append(path)
        place, aside = self._folder / path, self._aside / path
        if not place.exists():
            return
        aside.parent.mkdir(parents=True, exist_ok=True)
        try:
            os.link(place, aside)
        except OSError:
            shutil.copyfile(place, aside)

    def replace(self, path: str, by: Path) -> None:
        """The new file in its place, at no time neither."""
        self.save(path)
        (self._folder / path).parent.mkdir(parents=True, exist_ok=True)
        by.replace(self._folder / path)

    def remove(self, path: str) -> None:
        """The place empty."""
        self.save(path)
        (self._folder / path).unlink(missing_ok=True)

    def undo(self) -> None:
        """Everything in its old place, as far as the disk lets us."""
        for path in reversed(self._begun):
            with contextlib.suppress(OSError):
                if (self._aside / path).exists():
                    (self._aside / path).replace(self._folder / path)
                else:
                    (self._folder / path).unlink(missing_ok=True)


@contextlib.contextmanager
def updating(folder: Path) -> Iterator[Update]:
    """The next state of the report in a folder; on leaving it takes the place of the old one.

    Raises OutputError, naming the folder and a remedy, where something cannot be written; the old report then stays.
    """
    try:
        _ours(folder)
        with _alone(folder):
            update = Update(folder, _begun(folder))
            try:
                yield update
                update.commit()
            finally:
                _clear(folder)
    except OSError as error:
        remedy = _REMEDIES.get(error.errno or 0, "see that the folder can be written")
        reason = error.strerror or type(error).__name__
        raise OutputError(f"cannot write the report ({reason})", where=str(folder), remedy=remedy) from error
    _LOG.info("report written to %s", folder)


def _ours(folder: Path) -> None:
    """Raise OutputError for a folder in which our files would replace somebody else's."""
    if manifest.read(folder) is None and (strangers := [entry for entry in ENTRIES if (folder / entry).exists()]):
        raise _stranger(folder, strangers)


@contextlib.contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """While no other run writes into the folder: one that comes second waits, and then finds the first one's report."""
    with contextlib.ExitStack() as held:
        try:
            held.enter_context(lock.exclusive(folder / LOCK, wait_seconds=_WAIT_SECONDS))
        except StoreError as error:
            if isinstance(error.__cause__, OSError):  # the folder cannot be written
                raise error.__cause__ from None
            remedy = "wait until it is done, then run `empathy-scan report`"
            raise OutputError("another run writes this report", where=str(folder), remedy=remedy) from error
        yield


def _begun(folder: Path) -> Manifest:
    """What the folder holds, and a place for what is new; what a killed run left is removed."""
    old = manifest.read(folder)
    _clear(folder)
    (folder / _NEW).mkdir()
    return old or Manifest()


def _stranger(folder: Path, paths: Iterable[str]) -> OutputError:
    """The error of a folder in which our files would replace somebody else's."""
    return OutputError(
        f"holds {', '.join(paths)} that no report of ours put there",
        where=str(folder),
        remedy="choose an empty folder for the report",
    )


def _clear(folder: Path) -> None:
    """Nothing left of a run, its end or a killed one's."""
    for leftover in (_NEW, _OLD):
        if (folder / leftover).exists():
            shutil.rmtree(folder / leftover)
    (folder / _PART).unlink(missing_ok=True)


def _remove_empty(folder: Path, gone: Iterable[str]) -> None:
    """Folders of ours that hold nothing any more, removed."""
    for parent in sorted({Path(path).parent.as_posix() for path in gone} - {"."}):
        with contextlib.suppress(OSError):
            (folder / parent).rmdir()

"""Checksums of a table's files as they were written, so that no byte that has changed since is taken for a result.

Beside each table of a local store lies a list of its files (those of its log, too) with a checksum of each. A file is
listed once it and its folder are flushed, which is before the next table is written. So after a power cut at most the
last commit of a table is torn: it is not listed, and the next run takes it back (`mend`) as if it had been killed
before it. Files of older releases, and of runs killed before they could list them, are listed by the next run.
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
import zlib
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from urllib.parse import unquote

from empathy_scan.errors import StoreError

LOG = logging.getLogger(__name__)
FILE = "_sums"
_LOG_FOLDER, _LAST = "_delta_log", "_delta_log/_last_checkpoint"
_CHECKPOINT = ".checkpoint.parquet"
_MOST_LISTS = 64
# The lists by folder as they were read last, with size and time of their files; every commit makes another.
_LISTS: dict[Path, tuple[tuple[int, int], dict[str, str]]] = {}
_MAGIC = b"PAR1"  # first and last bytes of a Parquet file
_REMEDY = "restore a copy of it, or move the store away and scan again; other months can still be read"


def flush(path: Path) -> None:
    """Return once a file is on the disk, or the entries of a folder, where the system can do that."""
    if path.is_dir() and os.name == "nt":
        return
    handle = os.open(path, os.O_RDONLY if path.is_dir() or os.name != "nt" else os.O_RDWR)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def replace(part: Path, path: Path) -> None:
    """The file in the place of another, whole or not at all, also after a power cut."""
    flush(part)
    part.replace(path)
    flush(path.parent)


def note(place: str) -> None:
    """List what was written to a table since the list was written last. Raises OSError."""
    folder = Path(place)
    held = _listed(folder)
    fresh = [name for name in _log(folder) if name not in held]
    added = [path for name in fresh if name.endswith(".json") for path, _ in _adds(folder / name)]
    lines = []
    for name in dict.fromkeys([*added, *fresh]):
        if name not in held and (folder / name).is_file():
            flush(folder / name)
            lines.append(_line(name, _digest_of(folder / name)))
    if lines:
        if any(name.endswith(_CHECKPOINT) for name in fresh) and (folder / _LAST).exists():
            flush(folder / _LAST)
        for each in {folder, *((folder / name).parent for name in (*added, *fresh) if (folder / name).is_file())}:
            flush(each)
        with (folder / FILE).open("a", encoding="utf-8") as stream:
            stream.write("\n" + "\n".join(lines) + "\n")
            stream.flush()
            os.fsync(stream.fileno())


def prune(place: str) -> None:
    """Take from the list what is there no more. Raises OSError."""
    folder = Path(place)
    held = _listed(folder)
    kept = {name: digest for name, digest in held.items() if (folder / name).is_file()}
    if len(kept) < len(held):
        part = folder / f"{FILE}.part"
        part.write_text("".join(f"{_line(*each)}\n" for each in kept.items()), encoding="utf-8")
        replace(part, folder / FILE)


def check(place: str, paths: Iterable[str] = ()) -> None:
    """Raise StoreError where one of the table's files, or what counts of its log, is not what was written."""
    folder = Path(place)
    held = _listed(folder)
    if not held:
        return
    first = _last_checkpoint(folder) or 0
    for name in (*(name for name in _log(folder) if _version(name) >= first), *paths):
        if not _agrees(folder, name, held):
            raise StoreError("damaged: it is not what was written", where=f"{place}/{name}", remedy=_REMEDY)


def is_as_written(place: str, name: str) -> bool:
    """Whether a file of the table is what was written, as far as that is known."""
    return _agrees(Path(place), name, _listed(Path(place)))


def mend(place: str) -> None:
    """Take the last commit of a table back where a power cut has torn it, and list what is whole. Raises OSError."""
    folder = Path(place)
    if not (folder / _LOG_FOLDER).is_dir():
        return
    if (folder / _LAST).exists() and _last_checkpoint(folder) is None:
        (folder / _LAST).unlink()  # Delta Lake finds the last one without it
    held = _listed(folder)
    fresh = [name for name in _log(folder) if name not in held]
    if not fresh:
        return
    for name in [each for each in fresh if each.endswith(_CHECKPOINT) and not _is_parquet(folder / each)]:
        _take_back(folder, name)
        (folder / _LAST).unlink(missing_ok=True)
    commits = [name for name in _log(folder) if name.endswith(".json")]
    if (held or len(commits) == 1) and commits and commits[-1] in fresh and not _is_whole(folder, commits[-1]):
        _take_back(folder, commits[-1])
    note(place)


def _agrees(folder: Path, name: str, held: Mapping[str, str]) -> bool:
    wanted = held.get(name)
    return wanted is None or not (folder / name).is_file() or _digest_of(folder / name) == wanted


def _take_back(folder: Path, name: str) -> None:
    (folder / name).unlink()
    flush((folder / name).parent)
    LOG.warning("%s: %s was torn by a power cut or a full disk, and is taken back", folder, name)


def _is_whole(folder: Path, name: str) -> bool:
    """Whether a commit can be read, and has all the files that it brings."""
    try:
        return all(_is_parquet(folder / path, size) for path, size in _adds(folder / name, strict=True))
    except (OSError, ValueError, KeyError, TypeError):
        return False


def _is_parquet(path: Path, size: int | None = None) -> bool:
    """Whether a Parquet file has its beginning, its end, and its size, if that is known."""
    try:
        there = path.stat().st_size
        with path.open("rb") as file:
            begins = there > 2 * len(_MAGIC) and file.read(4) == _MAGIC
            return begins and size in {None, there} and file.seek(-4, os.SEEK_END) > 0 and file.read() == _MAGIC
    except OSError:
        return False


def _adds(path: Path, *, strict: bool = False) -> Iterator[tuple[str, int]]:
    """The files that a commit brings, with their sizes; of one that cannot be read none, or with `strict` an error."""
    try:
        text = path.read_text(encoding="utf-8")
        for line in text.splitlines() or [""]:  # an empty commit is no commit
            if (add := json.loads(line).get("add")) is not None:
                yield unquote(add["path"]), add["size"]
    except (ValueError, AttributeError):
        if strict:
            raise


def _log(folder: Path) -> list[str]:
    """The commits of a table's log, and its checkpoints, by their paths in the table's folder, in order."""
    try:
        names = os.listdir(folder / _LOG_FOLDER)  # noqa: PTH208 - names are all that is wanted, many times
    except FileNotFoundError:
        return []
    ours = (name for name in names if name[:20].isdigit() and name[20:] in {".json", _CHECKPOINT})
    return sorted(f"{_LOG_FOLDER}/{name}" for name in ours)


def _version(name: str) -> int:
    return int(name.rpartition("/")[2][:20])


def _last_checkpoint(folder: Path) -> int | None:
    """The version from which on the log counts; None where nothing says so."""
    try:
        return int(json.loads((folder / _LAST).read_text(encoding="utf-8"))["version"])
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _line(name: str, digest: str) -> str:
    """A line of the list, which tells of itself whether it is whole."""
    text = f"{digest} {name}"
    return f"{zlib.crc32(text.encode()):08x} {text}"


def _listed(folder: Path) -> dict[str, str]:
    """The list: a checksum of each file; lines that are not whole count for nothing."""
    try:
        status = (folder / FILE).stat()
    except FileNotFoundError:
        return {}
    seen, held = (status.st_size, status.st_mtime_ns), _LISTS.get(folder)
    if held is None or held[0] != seen:
        while len(_LISTS) >= _MOST_LISTS:
            _LISTS.pop(next(iter(_LISTS)), None)
        held = _LISTS[folder] = seen, _parsed(folder / FILE)
    return held[1]


def _parsed(path: Path) -> dict[str, str]:
    found: dict[str, str] = {}
    for line in path.read_text(encoding="utf-8", errors="replace").splitlines():
        _, _, text = line.partition(" ")
        digest, _, name = text.partition(" ")
        if name and _line(name, digest) == line:
            found[name] = digest
    return found


def _digest_of(path: Path) -> str:
    status = path.stat()
    return _digest(str(path), status.st_size, status.st_mtime_ns)


@lru_cache(maxsize=65536)
def _digest(path: str, _size: int, _mtime_ns: int) -> str:
    """The checksum of a file; size and time tell when it has to be read again."""
    with Path(path).open("rb") as stream:
        return hashlib.file_digest(stream, hashlib.sha256).hexdigest()[:32]


@contextmanager
def writable(place: Path) -> Iterator[None]:
    """Raise StoreError where the review queue, or a log beside it, cannot be written to."""
    try:
        yield
    except OSError as error:
        raise StoreError(
            f"cannot be written to ({error.strerror})", where=str(place),
            remedy="make the folder writable, free some space, or choose another with --queue",
        ) from error  # fmt: skip

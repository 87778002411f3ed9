"""Exports in an object store (`s3://bucket/key`, `az://`, `gs://`): listed and read as files of a disk are.

Region, endpoint and keys come from the same environment as the store's (docs/store.md). An object is known by its
address, size and time, which the listing tells, so that one that is known is not asked for. Nothing is put on a disk.
"""

from __future__ import annotations

import io
import re
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from functools import lru_cache
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

from empathy_scan.errors import UsageError

if TYPE_CHECKING:
    from obstore.store import ObjectStore

_SCHEMES = "s3|s3a|az|azure|abfs|abfss|gs"
_ADDRESS = re.compile(rf"({_SCHEMES}):(?:/{{1,2}}([^/].*)?)?", re.DOTALL)
_PATIENCE = timedelta(seconds=60)
_BUFFER = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Status:
    """What a store says of an object, in the words of the system."""

    st_size: int
    st_mtime_ns: int
    st_mode: int = stat.S_IFREG


@dataclass(frozen=True, slots=True)
class ObjectPath:
    """An object's address, with as much of `pathlib.Path` as readers ask of a file. Errors are OSErrors."""

    address: str
    seen: Status | None = None  # by the listing

    def __str__(self) -> str:
        return self.address

    def __truediv__(self, name: str) -> ObjectPath:
        return ObjectPath(f"{self.address}/{name}")

    @property
    def name(self) -> str:
        """The last part."""
        return self.address.rpartition("/")[2]

    @property
    def suffix(self) -> str:
        """The ending of the name."""
        return PurePosixPath(self.name).suffix

    @property
    def parent(self) -> ObjectPath:
        """The address without its last part."""
        return ObjectPath(self.address.rpartition("/")[0])

    def stat(self) -> Status:
        """Size and time, as the listing told them or as they are now."""
        return self.seen or status(self.address)

    def is_file(self) -> bool:
        """Whether there is such an object."""
        return exists(self.address)

    def read_bytes(self) -> bytes:
        """The whole content."""
        with _as_the_system():
            return bytes(_library().get(*_placed(self.address)).bytes())

    def open(self, mode: str = "rb") -> io.BufferedReader:
        """The content from the start, read in parts as it is asked for."""
        if mode != "rb":
            msg = f"objects are only read, not opened as {mode!r}"
            raise ValueError(msg)
        with _as_the_system():
            return io.BufferedReader(_Raw(_library().open_reader(*_placed(self.address))), _BUFFER)


class _Raw(io.RawIOBase):
    """A reader of the library as a stream of Python's."""

    def __init__(self, reader: Any) -> None:  # noqa: ANN401 - of the library, without a public name
        self._reader = reader

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        with _as_the_system():
            piece = bytes(self._reader.read(len(buffer)))
        buffer[: len(piece)] = piece
        return len(piece)

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        with _as_the_system():
            return int(self._reader.seek(offset, whence))


def address(path: Path | str) -> str:
    """The address that a path is meant as, though `Path` joins the slashes of one; "" for a path of this machine."""
    text = str(path)
    found = _ADDRESS.fullmatch(text)
    if found is None or Path(text).exists():
        return ""
    return f"{found[1]}://{found[2] or ''}".rstrip("/")


def is_remote(where: str) -> bool:
    """Whether text is an address in an object store."""
    return "://" in where and _ADDRESS.fullmatch(where) is not None


def listing(root: str) -> Iterator[tuple[str, ObjectPath]]:
    """All objects under an address, or the one that is there: its name below it ("" for the one), and where it is.

    Raises UsageError for a store that cannot be asked.
    """
    scheme, _, rest = root.partition("://")
    bucket, _, prefix = rest.partition("/")
    if not bucket:
        raise UsageError(f"{root} names no bucket", remedy="give it as s3://bucket/folder")
    try:
        found = [
            (f"{scheme}://{bucket}/{each['path']}", each)
            for batch in _library().list(_bucket(f"{scheme}://{bucket}"), prefix=prefix or None)
            for each in batch
        ]
        own = [] if found or not prefix else [(root, _library().head(_bucket(f"{scheme}://{bucket}"), prefix))]
    except FileNotFoundError:
        own = found = []
    except UsageError:
        raise
    except Exception as error:  # the library has a dozen of its own
        raise UsageError(
            f"{root} cannot be listed ({type(error).__name__})",
            remedy="check the address, and region, endpoint and keys in the environment (docs/store.md)",
        ) from error
    for where, each in (*own, *found):
        if not where.endswith("/"):  # what some programs leave for an empty folder
            yield where[len(root) + 1 :], ObjectPath(where, _status(each))


def status(where: str) -> Status:
    """Size and time of an object; OSError where there is none or nobody answers."""
    with _as_the_system():
        return _status(_library().head(*_placed(where)))


def exists(where: str) -> bool:
    """Whether there is such an object; OSError where nobody answers."""
    try:
        status(where)
    except FileNotFoundError:
        return False
    return True


def _status(told: Any) -> Status:  # noqa: ANN401 - a mapping of the library
    return Status(int(told["size"]), int(told["last_modified"].timestamp() * 1000) * 1_000_000)


@contextmanager
def _as_the_system() -> Iterator[None]:
    """Errors of the library as the system's."""
    try:
        yield
    except OSError:
        raise
    except Exception as error:  # the library has a dozen of its own
        raise OSError(5, f"the object store: {type(error).__name__}") from error


def _placed(where: str) -> tuple[ObjectStore, str]:
    scheme, _, rest = where.partition("://")
    bucket, _, key = rest.partition("/")
    return _bucket(f"{scheme}://{bucket}"), key


@lru_cache(maxsize=16)
def _bucket(root: str) -> ObjectStore:
    from obstore.store import from_url  # noqa: PLC0415 - an extra

    return from_url(root, retry_config={"max_retries": 4, "retry_timeout": _PATIENCE})


def _library() -> Any:  # noqa: ANN401 - a module
    try:
        import obstore  # noqa: PLC0415 - an extra
    except ImportError as error:
        raise UsageError(
            "exports in an object store need a library that is not installed",
            remedy="pip install 'empathy-scan[objects]'",
        ) from error
    return obstore


__all__ = ["ObjectPath", "Status", "address", "exists", "is_remote", "listing", "status"]

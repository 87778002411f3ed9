"""Archives and compressed files: what is in them as files of their own, within limits, and nothing written to disk.

A member is called `archive.zip!/folder/member`; its name names it only, so `../` in it does no harm. Whoever packs a
file chooses its sizes: what is said in a header is not believed, bytes are counted as they are unpacked.
"""

from __future__ import annotations

import bz2
import io
import lzma
import re
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from gzip import GzipFile
from pathlib import PurePosixPath
from typing import IO, cast

from empathy_scan.config import ReadConfig
from empathy_scan.errors import InputError, MalformedInputError, TooMuchError, UnknownFormatError
from empathy_scan.readers import office
from empathy_scan.readers.files import is_passed_over

HELD = 64 * 1024 * 1024  # bytes of one file that are held in memory; a larger one is opened again where it lies
_HEAD = 1024  # bytes that tell what a file is: the magic of a tar stands at 257
_HARMLESS = 64 * 1024 * 1024  # unpacked bytes up to which no ratio is suspicious
_LARGEST_INNER = 512 * 1024 * 1024  # bytes of an archive that is packed once more
_DEEPEST = 3  # archives and compressed files within one another
BROKEN = (
    zipfile.BadZipFile, tarfile.TarError, OSError, EOFError, zlib.error, lzma.LZMAError, NotImplementedError,
    RuntimeError, ValueError, struct.error, IndexError, KeyError, TypeError,
)  # fmt: skip
_MAGIC = (
    (b"\x1f\x8b", "gzip"),
    (b"BZh", "bzip2"),
    (b"\xfd7zXZ\x00", "xz"),
    (b"PK\x03\x04", "zip"),
    (b"PK\x05\x06", "zip"),
    (b"PK\x07\x08", "zip"),
    (b"7z\xbc\xaf\x27\x1c", "7z"),
    (b"Rar!\x1a\x07", "RAR"),
    (b"\x28\xb5\x2f\xfd", "Zstandard"),
)
_CLOSED = {"7z", "RAR", "Zstandard"}  # that the standard library cannot open

_STREAMS: dict[str, Callable[[IO[bytes]], object]] = {
    "gzip": lambda inner: GzipFile(fileobj=inner),
    "bzip2": bz2.BZ2File,
    "xz": lzma.LZMAFile,
}

Open = Callable[[], IO[bytes]]


@dataclass(frozen=True, slots=True)
class Blob:
    """Bytes with a name: a file, or a member of an archive. `open` may be called again and begins at the start."""

    source: str
    open: Open
    size: int | None = None  # None where only unpacking tells


@dataclass(frozen=True, slots=True)
class Refused:
    """What cannot be unpacked, and why."""

    source: str
    error: InputError


@dataclass(slots=True)
class _Budget:
    """How much of a packed file may still be unpacked."""

    most: int
    why: str
    remedy: str
    members: int
    spent: dict[str, int] = field(default_factory=dict)
    total: int = 0

    def spend(self, source: str, at: int) -> None:
        """Count the bytes of a member up to a position; what is read again counts once."""
        more = at - self.spent.get(source, 0)
        if more > 0:
            self.spent[source] = at
            self.total += more
            if self.total > self.most:
                raise TooMuchError(self.why, remedy=self.remedy)


class _Counted(io.RawIOBase):
    """A stream whose bytes are counted as they are read."""

    def __init__(self, stream: IO[bytes], source: str, budget: _Budget) -> None:
        self._stream, self._source, self._budget, self._at = stream, source, budget, 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        piece = self._stream.read(len(buffer))
        buffer[: len(piece)] = piece
        self._at += len(piece)
        self._budget.spend(self._source, self._at)
        return len(piece)

    def close(self) -> None:
        self._stream.close()
        super().close()


def kind(head: bytes) -> str:
    """`gzip`, `bzip2`, `xz`, `zip`, `tar`, another kind of archive by its name, or an empty string."""
    if head[257:262] == b"ustar":
        return "tar"
    return next((name for magic, name in _MAGIC if head.startswith(magic)), "")


def unpack(blob: Blob, config: ReadConfig) -> Iterator[Blob | Refused]:
    """The file itself where it is not packed, else what is in it, down to archives in archives.

    What cannot be unpacked is Refused: no InputError is raised.
    """
    packed = blob.size or 0
    by_ratio = max(_HARMLESS, packed * config.max_archive_ratio)
    if by_ratio < config.max_archive_bytes:
        why = f"it unpacks to more than {config.max_archive_ratio:,} times its size"
        budget = _Budget(by_ratio, why, _raise("max_archive_ratio"), config.max_archive_members)
    else:
        why = f"it unpacks to more than {config.max_archive_bytes:,} bytes"
        budget = _Budget(config.max_archive_bytes, why, _raise("max_archive_bytes"), config.max_archive_members)
    try:
        yield from _unpack(blob, budget, 0)
    except TooMuchError as error:
        yield Refused(blob.source, error)


def _raise(setting: str) -> str:
    return f"if the archive is sound, unpack it first or raise {setting} under [read] in the settings"


def _unpack(blob: Blob, budget: _Budget, depth: int) -> Iterator[Blob | Refused]:
    """What is in a file, `depth` archives deep."""
    try:
        with blob.open() as stream:
            found = kind(stream.read(_HEAD))
        if depth > _DEEPEST and found:
            raise InputError("archives in archives in archives", remedy="unpack it first")  # noqa: TRY301 - one way out
        if found in _CLOSED:
            raise UnknownFormatError(f"a {found} archive, which is not read", remedy="unpack it first")
        if found == "zip":
            yield from _unzip(blob, budget, depth)
        elif found == "tar":
            yield from _untar(blob, budget, depth)
        elif found:
            yield from _unpack(_decompressed(blob, found, budget), budget, depth + 1)
        else:
            yield blob
    except TooMuchError:
        raise
    except InputError as error:
        yield Refused(blob.source, error)
    except BROKEN as error:
        yield Refused(blob.source, damaged(blob, error))


def damaged(blob: Blob, error: Exception) -> InputError:
    """What is said of a packed file that does not unpack."""
    try:
        with blob.open() as stream:
            found = kind(stream.read(_HEAD))
    except BROKEN:
        found = ""
    if isinstance(error, OSError) and error.strerror and not found:
        return InputError(f"cannot be read ({error.strerror})", remedy="check that the file is whole and readable")
    return MalformedInputError(f"damaged or cut {found or 'gzip'} file", remedy="pack or copy it again")


def _decompressed(blob: Blob, found: str, budget: _Budget) -> Blob:
    """A compressed file as the file that it was; the name stays."""

    def opened() -> IO[bytes]:
        stream = cast("IO[bytes]", _STREAMS[found](blob.open()))
        return io.BufferedReader(_Counted(stream, f"{blob.source}\0{found}", budget), 1 << 16)

    return Blob(blob.source, opened)


# --- archives ------------------------------------------------------------------------------------------------------


def _unzip(blob: Blob, budget: _Budget, depth: int) -> Iterator[Blob | Refused]:
    """The members of a zip archive; an office document or a corpus is one file."""
    with blob.open() as stream, zipfile.ZipFile(_seekable(stream)) as archive:
        members = [each for each in archive.infolist() if not each.is_dir()]
        if office.is_document([each.filename for each in members]):
            yield blob
            return
        if not members:
            yield Refused(blob.source, MalformedInputError("the archive is empty", remedy="pack it again"))
        names = _Names(blob.source)
        for each in sorted(members, key=lambda each: each.filename):
            source = names.of(each.filename)
            if source is None:
                continue
            _count_member(budget)
            try:
                yield from _unpack(_zip_member(blob, archive, each, source, budget), budget, depth + 1)
            except TooMuchError:
                raise
            except InputError as error:
                yield Refused(source, error)
            except BROKEN:
                what = f"damaged member of a zip archive, or packed by a method that is not read ({each.compress_type})"
                yield Refused(source, MalformedInputError(what, remedy="pack it again, or unpack it first"))


def _zip_member(blob: Blob, archive: zipfile.ZipFile, each: zipfile.ZipInfo, source: str, budget: _Budget) -> Blob:
    """A member as a file; raises InputError where it is encrypted or a link."""
    if each.flag_bits & 0x1:
        raise InputError("encrypted member of a zip archive", remedy="unpack it with its password first")
    if (each.external_attr >> 28) == 0o12:  # the file type of a symbolic link
        raise InputError("a link in an archive, which is not followed", remedy="pack the file that it leads to")
    with archive.open(each) as stream:
        held = _Counted(stream, source, budget)
        content = _read(held, HELD + 1)
    if len(content) <= HELD:
        return _in_memory(source, content)

    def opened() -> IO[bytes]:
        again = zipfile.ZipFile(_seekable(blob.open()))
        return io.BufferedReader(_Counted(again.open(each), source, budget), 1 << 16)

    return Blob(source, opened)


def _untar(blob: Blob, budget: _Budget, depth: int) -> Iterator[Blob | Refused]:
    """The members of a tar archive, read from the front to the back; of a cut one, those before the cut."""
    names = _Names(blob.source)
    last = ""
    try:
        with blob.open() as stream, tarfile.open(fileobj=stream, mode="r|") as archive:
            for number, each in enumerate(archive):
                last = each.name
                source = names.of(each.name) if not each.isdir() else None
                if source is None:
                    continue
                _count_member(budget)
                if not each.isreg():
                    what = (
                        "a link in an archive, which is not followed"
                        if each.issym() or each.islnk()
                        else "a device or pipe in an archive"
                    )
                    yield Refused(source, InputError(what, remedy="pack the file itself"))
                    continue
                yield from _unpack(_tar_member(blob, archive, each, number, source, budget), budget, depth + 1)
    except TooMuchError:
        raise
    except BROKEN:
        after = f": what comes after its member {len(names.seen)} is missing" if last else ""
        yield Refused(
            blob.source, MalformedInputError(f"damaged or cut tar archive{after}", remedy="pack or copy it again")
        )
        return
    if not last:
        yield Refused(blob.source, MalformedInputError("the archive is empty", remedy="pack it again"))


def _tar_member(
    blob: Blob, archive: tarfile.TarFile, each: tarfile.TarInfo, number: int, source: str, budget: _Budget
) -> Blob:
    """A member as a file; a large one is looked for again whenever it is opened."""
    stream = archive.extractfile(each)
    if stream is None:
        raise MalformedInputError("damaged member of a tar archive", remedy="pack it again")
    content = _read(_Counted(stream, source, budget), HELD + 1)
    if len(content) <= HELD:
        if len(content) < each.size:
            raise tarfile.ReadError("unexpected end")
        return _in_memory(source, content)

    def opened() -> IO[bytes]:
        again = tarfile.open(fileobj=blob.open(), mode="r|")  # noqa: SIM115 - closed with its member
        member = next(each for at, each in enumerate(again) if at == number)
        found = again.extractfile(member)
        return io.BufferedReader(_Counted(found or io.BytesIO(), source, budget), 1 << 16)

    return Blob(source, opened)


def _count_member(budget: _Budget) -> None:
    budget.members -= 1
    if budget.members < 0:
        raise TooMuchError("it has more members than allowed", remedy=_raise("max_archive_members"))


class _Names:
    """The names of an archive's members: harmless, each once; hidden ones and what systems add are passed over."""

    def __init__(self, source: str) -> None:
        self._source = source
        self.seen: dict[str, int] = {}

    def of(self, member: str) -> str | None:
        """What a member is called in the results; None for one that is no input."""
        plain = re.sub(r"[\x00-\x1f\x7f]", "_", member.replace("\\", "/")).encode("utf-8", "backslashreplace").decode()
        parts = [part for part in plain.split("/") if part not in {"", ".", ".."}]
        if not parts or any(map(is_passed_over, parts)):
            return None
        name = "/".join(parts)
        self.seen[name] = self.seen.get(name, 0) + 1
        if self.seen[name] > 1:
            path = PurePosixPath(name)
            name = str(path.with_name(f"{path.stem} ({self.seen[name]}){path.suffix}"))
        return f"{self._source}!/{name}"


def _seekable(stream: IO[bytes]) -> IO[bytes]:
    """A stream that can go back: an archive that is packed once more is held in memory, so it must not be large."""
    if stream.seekable():
        return stream
    content = stream.read(_LARGEST_INNER + 1)
    if len(content) > _LARGEST_INNER:
        raise InputError("a large archive that is packed once more", remedy="unpack the outer one first")
    return io.BytesIO(content)


def _in_memory(source: str, content: bytes) -> Blob:
    return Blob(source, lambda: io.BytesIO(content), len(content))


def _read(stream: io.RawIOBase, most: int) -> bytes:
    """Up to `most` bytes of a stream."""
    return io.BufferedReader(stream, 1 << 16).read(most)

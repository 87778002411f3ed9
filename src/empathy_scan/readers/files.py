"""Files before they are understood: finding them, reading their bytes within limits, unpacking gzip, decoding text."""

from __future__ import annotations

import codecs
import json
import logging
import os
import re
import stat
import zlib
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import cached_property
from gzip import GzipFile
from io import BytesIO
from pathlib import Path, PurePosixPath
from typing import cast

from empathy_scan.errors import InputError, MalformedInputError, NoticeError, UnknownFormatError, UsageError
from empathy_scan.readers import objects

SETTINGS_FILE = "empathy-scan.toml"
# Folders and files that systems and programs leave behind.
_LEFT_BEHIND = {"__macosx", "thumbs.db", "desktop.ini", "$recycle.bin", "lost+found"}
_HALF = (".part", ".crdownload", ".partial", ".filepart")  # a download or copy that is still running
# The same, and what programs keep beside a file that they have open.
_UNFINISHED = (*_HALF, ".tmp", ".temp", ".download", ".opdownload", ".aria2", ".swp", ".swo", "~")
_MAILDIR = {"cur", "new", "tmp"}
_FLAGS = re.compile(r"[:;!]2,([A-Za-z]*)$")  # of a mail in a Maildir; Windows cannot have the colon
_UNREAD = {
    "D": ("a draft of a mail, which was never sent", "nothing to do; send it, or remove it to be rid of this row"),
    "T": ("a mail that is marked as deleted", "nothing to do; empty the mailbox's trash to be rid of this row"),
}
_WRITTEN = {"_empathy_scan.json", ".empathy-scan-report"}  # marks of a store and of a report: what earlier runs wrote
_LOG = logging.getLogger(__name__)
_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_BLANK = b" \t\r\n\x00\xef\xbb\xbf\xff\xfe"  # white space and byte order marks
# An unrestricted detector calls a short German cp1252 text hp_roman8; these are the encodings that exports have.
_LIKELY = [
    "cp1252", "cp1250", "cp1251", "iso8859_15", "shift_jis", "euc_jp", "gb18030", "big5", "cp949", "euc_kr", "koi8_r",
]  # fmt: skip
_SAMPLE = 256 * 1024  # bytes that are looked at to guess an encoding
# First bytes of files that people put beside transcripts, and what to do about them.
_BINARY = (
    (b"PK\x03\x04", "an Excel workbook, a Word document or a zip archive", "save it as CSV or text, or unpack it"),
    (
        b"\xd0\xcf\x11\xe0",
        "an old or encrypted office document or an Outlook .msg mail",
        "save it as .xlsx, .docx or .eml",
    ),
    (b"%PDF", "a PDF document", "export the transcript as text"),
    (b"RIFF", "a sound recording", "transcribe it first"),
    (b"ID3", "a sound recording", "transcribe it first"),
    (b"OggS", "a sound recording", "transcribe it first"),
    (b"fLaC", "a sound recording", "transcribe it first"),
    (b"\x89PNG", "a picture", "remove it from the folder"),
    (b"\xff\xd8\xff", "a picture", "remove it from the folder"),
)


@dataclass(frozen=True)
class Document:
    """A file's bytes (unpacked) and what can be derived from them once: text, encoding, JSON."""

    source: str  # path relative to the scanned folder, with /
    content: bytes
    beside: Mapping[str, Path] = field(default_factory=dict)  # files that are read with it, by name

    @cached_property
    def stem(self) -> str:
        """The source without `.gz` and the suffix: what a conversation without an id of its own is called."""
        return stem(self.source)

    @cached_property
    def suffix(self) -> str:
        """The suffix in lower case, that of the packed file for `.csv.gz`."""
        name = self.source.lower().removesuffix(".gz")
        return PurePosixPath(name).suffix

    @cached_property
    def _decoded(self) -> tuple[str, str]:
        return decode(self.content)

    @property
    def text(self) -> str:
        """The text; raises UnknownFormatError for binary content."""
        return self._decoded[0]

    @property
    def encoding(self) -> str:
        """The encoding that the text was read with."""
        return self._decoded[1]

    @cached_property
    def json(self) -> object:
        """The file as one JSON value; raises MalformedInputError with line and column."""
        return parse_json(self.text)


@dataclass(frozen=True, slots=True)
class Found:
    """A file that a source led to, or the reason why it cannot be read."""

    source: str
    where: str  # its path: text, as objects for 100,000 paths take their time
    problem: InputError | None = None
    named: bool = False  # by itself, not found in a folder
    seen: objects.Status | None = None  # of an object in a store, by its listing

    @property
    def path(self) -> Path:
        """Where the file lies; of an object, something that does as much of a path's work as readers need."""
        if objects.is_remote(self.where):
            return cast("Path", objects.ObjectPath(self.where, self.seen))
        return Path(self.where)


def find(sources: Sequence[Path]) -> list[Found]:
    """All files of the sources, sorted by their name in the results; the order of the sources does not matter.

    Raises UsageError for a path that does not exist and when there is no file at all.
    """
    roots = sorted({Path(os.path.normpath(source)) for source in sources})
    files = [found for root in roots for found in _walk(root)]
    if not files:
        shown = ", ".join(map(str, roots)) or "no path given"
        raise UsageError(
            f"no files found in {shown}",
            remedy="give a folder with exports, `empathy-scan formats` lists what can be read",
        )
    return _distinct(files)


@contextmanager
def opened(found: Found) -> Iterator[os.stat_result]:
    """What the system says of a file that is about to be read; raises InputError when it cannot be, also within."""
    if found.problem is not None:
        raise found.problem
    try:
        status = found.path.stat()
        if not stat.S_ISREG(status.st_mode):
            raise InputError(
                "not a regular file but a device, pipe or socket", remedy="save its content to a file first"
            )
        yield status
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise InputError(
            f"cannot be read ({reason})", remedy="check that the file exists and its permissions allow reading"
        ) from error


def load(found: Found, *, max_bytes: int) -> Document:
    """The bytes of a file, unpacked; raises InputError when it cannot be read, is empty or larger than allowed."""
    with opened(found) as status:
        within(status.st_size, max_bytes)
        content = found.path.read_bytes()
    return document(found.source, _unpacked(content, max_bytes) if content.startswith(b"\x1f\x8b") else content)


def document(source: str, content: bytes) -> Document:
    """A file's content; raises MalformedInputError when there is none."""
    if not content[:1000].strip(_BLANK) and not content.strip(_BLANK):
        raise MalformedInputError("the file is empty", remedy="export it again or remove it")
    return Document(source, content)


def stem(source: str) -> str:
    """A file's name without `.gz` and the suffix."""
    path = PurePosixPath(source)
    if path.suffix.lower() == ".gz" and path.stem:
        path = path.with_suffix("")
    return str(path.with_suffix("")) if path.stem else str(path)


def decode(content: bytes) -> tuple[str, str]:
    """Text and encoding: byte order mark, UTF-8, UTF-16, cp1252 if plausible, else guessed among likely encodings.

    Raises UnknownFormatError for content that is not text.
    """
    for mark, encoding in _BOMS:
        if content.startswith(mark):
            return content.decode(encoding, "replace").removeprefix("\ufeff"), encoding
    if encoding := _utf16_without_mark(content):
        return content.decode(encoding, "replace"), encoding
    refuse_binary(content)
    try:
        return content.decode("utf-8"), "utf-8"
    except UnicodeDecodeError:
        return _decode_legacy(content)


def refuse_binary(content: bytes) -> None:
    """Raise UnknownFormatError, naming the kind where the first bytes tell, unless the bytes can be text."""
    for magic, kind, remedy in _BINARY:
        if content.startswith(magic):
            raise UnknownFormatError(f"looks like {kind}, which is not read", remedy=remedy)
    sample = content[:_SAMPLE]
    controls = len(re.findall(rb"[\x00-\x08\x0e-\x1a\x1c-\x1f]", sample))
    if controls > max(len(sample) // 50, 2):  # a broken export leaves a zero byte here and there
        raise UnknownFormatError(
            "binary content, not text", remedy="export the transcript as text, CSV, JSON, WebVTT or mail"
        )


def json_lines(text: str) -> Iterator[tuple[int, object]]:
    """The number of each line that is not empty, and its JSON value, or the MalformedInputError in its stead."""
    for number, line in enumerate(text.split("\n"), start=1):
        if line.strip():
            try:
                yield number, parse_json(line, first_line=number)
            except MalformedInputError as error:
                yield number, error


def parse_json(text: str, *, first_line: int = 1) -> object:
    """A JSON value; raises MalformedInputError whose place is line and column, never quoting the text."""
    try:
        return json.loads(text, parse_constant=_no_constant)
    except json.JSONDecodeError as error:
        cut = error.pos >= len(text.rstrip()) or error.msg.startswith("Unterminated string")
        raise MalformedInputError(
            f"not valid JSON: {'it ends too early' if cut else error.msg}",
            where=f"line {error.lineno + first_line - 1}, column {error.colno}",
            remedy="export the file again" if cut else "correct the file or export it again",
        ) from error
    except (RecursionError, ValueError) as error:
        reason = "it is nested too deeply" if isinstance(error, RecursionError) else str(error)
        raise MalformedInputError(
            f"not valid JSON: {reason}", where=f"line {first_line}", remedy="export the file again"
        ) from error


def _no_constant(name: str) -> object:
    msg = f"{name} is not a JSON value"
    raise ValueError(msg)


def _walk(root: Path) -> Iterable[Found]:
    """The files under a root in any order; hidden ones, settings, stores and reports are left out."""
    if where := objects.address(root):
        yield from _listed(where)
        return
    if not root.exists() and not root.is_symlink():
        raise UsageError(f"{root} does not exist", remedy="check the path")
    if not root.is_dir():
        yield Found(legible(Path(root.name)), str(root), named=True)
        return
    problems: list[OSError] = []
    seen: set[str] = set()
    for folder, folders, names in os.walk(root, onerror=problems.append, followlinks=True):
        real = os.path.realpath(folder)
        over = real in seen or not _WRITTEN.isdisjoint(names)  # a link that leads back, or our own output
        maildir = _is_maildir(folder, folders)
        folders[:] = [] if over else sorted(name for name in folders if _is_entered(folder, name, maildir=maildir))
        if over:
            continue
        seen.add(real)
        below = legible(Path(folder).relative_to(root))
        prefix = "" if below == "." else f"{below}/"
        mails = os.path.basename(folder) in _MAILDIR and _is_maildir(os.path.dirname(folder))  # noqa: PTH119, PTH120
        for name in names:
            if not is_passed_over(name, unfinished=False):
                problem = _flagged(name) if mails else _unfinished(name)
                yield Found(f"{prefix}{legible(name)}", os.path.join(folder, name), problem)  # noqa: PTH118 - as in Found
    for error in problems:
        path = Path(error.filename)
        refusal = InputError(f"the folder cannot be read ({error.strerror})", remedy="check its permissions")
        yield Found(legible(path.relative_to(root)), str(path), refusal)


def _listed(root: str) -> Iterator[Found]:
    """The objects under an address, by the rules of `_walk`."""
    found = list(objects.listing(root))
    ours = {name.rpartition("/")[0] for name, _ in found if name.rpartition("/")[2] in _WRITTEN}
    for name, path in found:
        folders = PurePosixPath(name).parts[:-1]
        above = {"/".join(folders[:depth]) for depth in range(len(folders) + 1)}
        if not name:
            yield Found(legible(path.name), path.address, named=True, seen=path.seen)
            continue
        passed_over = any(map(is_passed_over, folders)) or is_passed_over(path.name, unfinished=False)
        if ours.isdisjoint(above) and not passed_over:
            yield Found(legible(name), path.address, _unfinished(path.name), seen=path.seen)


def path_of(where: str) -> Path:
    """The file or object of an absolute path or an address."""
    return Found("", where).path


def is_there(where: str) -> bool:
    """Whether there is such a file or object; yes where the store of the object does not answer."""
    if not objects.is_remote(where):
        return os.path.exists(where)  # noqa: PTH110 - text, for 100,000 files
    try:
        return objects.exists(where)
    except OSError:
        return True


def is_passed_over(name: str, *, unfinished: bool = True) -> bool:
    """Whether a file or folder of that name is no input: hidden, a system's, our settings, or `unfinished`."""
    folded = name.casefold()
    if name.startswith((".", "~$")) or name == SETTINGS_FILE or folded in _LEFT_BEHIND:
        return True
    return unfinished and folded.endswith(_HALF)


def still_written(how: str) -> NoticeError:
    """What is said of a file that is left for the next run."""
    return NoticeError(
        f"a file that is still being written ({how}), which is left for the next run",
        remedy="nothing to do: it is read once it is whole",
    )


def _unfinished(name: str) -> InputError | None:
    """Why a file of that name is not read yet; None for one that is."""
    folded = name.casefold()
    if not folded.endswith(_UNFINISHED):
        return None
    ending = next(ending for ending in _UNFINISHED if folded.endswith(ending))
    return still_written(f"its name ends in {ending}")


def _is_maildir(folder: str, folders: Iterable[str] | None = None) -> bool:
    """Whether a folder is a Maildir: one that has `cur`, `new` and `tmp`."""
    if folders is not None:
        return set(folders) >= _MAILDIR
    return all(os.path.isdir(os.path.join(folder, name)) for name in _MAILDIR)  # noqa: PTH112, PTH118 - 100,000 files


def _is_entered(folder: str, name: str, *, maildir: bool) -> bool:
    """Whether a folder's folder is walked; a Maildir has hidden ones (`.Sent`), and mails on their way in `tmp`."""
    if not maildir:
        return not is_passed_over(name)
    return name != "tmp" and (not is_passed_over(name) or _is_maildir(os.path.join(folder, name)))  # noqa: PTH118


def _flagged(name: str) -> InputError | None:
    """Why a mail in a Maildir is not read; None for one that is."""
    found = _FLAGS.search(name)
    flag = next((flag for flag in _UNREAD if found and flag in found[1]), None)
    return None if flag is None else InputError(_UNREAD[flag][0], remedy=_UNREAD[flag][1])


def legible(path: Path | str) -> str:
    r"""A path with / between its parts; bytes of a file's name that are not UTF-8 are shown as `\xe9`."""
    shown = path if isinstance(path, str) else path.as_posix()
    return shown if shown.isascii() else os.fsencode(shown).decode("utf-8", "backslashreplace")


def _distinct(files: Iterable[Found]) -> list[Found]:
    """Each file once, under one name: files that are called the same in two folders get the folders' names too."""
    by_path: dict[str, Found] = {}
    folders: dict[str, str] = {}
    for found in files:
        parent, name = os.path.split(found.where)
        far = objects.is_remote(found.where)
        real = folders.get(parent) or folders.setdefault(parent, parent if far else os.path.realpath(parent))
        real = real + os.sep + name
        known = by_path.get(real)
        if known is None or (len(found.source), found.source) > (len(known.source), known.source):
            by_path[real] = replace(found, named=True) if known is not None and known.named else found
        elif found.named:
            by_path[real] = replace(known, named=True)
    by_source: dict[str, list[Found]] = defaultdict(list)
    for found in by_path.values():
        by_source[found.source].append(found)
    named: list[Found] = []
    for group in by_source.values():
        named += group if len(group) == 1 else _told_apart(group)
    _LOG.info("%d files found", len(named))
    return sorted(named, key=lambda found: (found.source, found.where))


def _told_apart(group: Sequence[Found]) -> list[Found]:
    """Files of one name with as much of their paths in front as tells them apart."""
    absolute = [_absolute(found.where) for found in group]
    common = Path(os.path.commonpath([path.parent for path in absolute]))
    return [
        replace(found, source=legible(path.relative_to(common))) for path, found in zip(absolute, group, strict=True)
    ]


def _absolute(where: str) -> Path:
    """A path from the root, links as given; that of an object begins with the kind of its store."""
    return Path("/", where.replace("://", "/")) if objects.is_remote(where) else Path(os.path.abspath(where))  # noqa: PTH100


def within(size: int, limit: int) -> None:
    """Raise InputError for a file that is larger than allowed."""
    if size > limit:
        raise InputError(
            f"larger than the limit ({size:,} bytes, {limit:,} allowed)",
            remedy="split the file, or raise max_file_bytes under [read] in the settings",
        )


def _unpacked(packed: bytes, max_bytes: int) -> bytes:
    """The content of a gzip file, reading no more than the limit."""
    try:
        with GzipFile(fileobj=BytesIO(packed)) as stream:
            content = stream.read(max_bytes + 1)
    except (OSError, EOFError, zlib.error) as error:
        raise MalformedInputError("damaged or cut gzip file", remedy="pack or copy it again") from error
    within(len(content), max_bytes)
    return content


def _utf16_without_mark(content: bytes) -> str:
    """utf-16-le or -be for text whose every second byte is zero, else an empty string."""
    sample = content[:4096]
    if len(sample) < 4 or b"\x00" not in sample:
        return ""
    half = len(sample) / 2
    for encoding, zeros, others in (("utf-16-le", sample[1::2], sample[::2]), ("utf-16-be", sample[::2], sample[1::2])):
        if zeros.count(0) > 0.7 * half and others.count(0) < 0.05 * half:
            return encoding
    return ""


def _decode_legacy(content: bytes) -> tuple[str, str]:
    """Text in an encoding that does not name itself; characters that fit nowhere become replacement characters."""
    lossy = content.decode("utf-8", "replace")
    broken = lossy.count("\ufffd")
    if len(re.findall(r"[^\x00-\x7f\ufffd]", lossy)) > 4 * broken:  # UTF-8 with a few damaged bytes
        return lossy, f"utf-8 ({broken} damaged characters)"
    if _plausible_western(content):
        return content.decode("cp1252"), "cp1252"
    from charset_normalizer import from_bytes  # noqa: PLC0415 - 30 ms that few files need

    best = from_bytes(content[:_SAMPLE], cp_isolation=_LIKELY).best()
    encoding = best.encoding if best is not None else "cp1252"
    return content.decode(encoding, "replace"), encoding


def _plausible_western(content: bytes) -> bool:
    """Whether bytes read as cp1252 look like a Western language: single accents and quotes between plain letters."""
    sample = content[:_SAMPLE]
    try:
        content.decode("cp1252")
    except UnicodeDecodeError:
        return False
    high = len(re.findall(rb"[\x80-\xff]", sample))
    in_runs = sum(map(len, re.findall(rb"[\x80-\xff]{3,}", sample)))
    letters = len(re.findall(rb"[A-Za-z]", sample))
    return in_runs <= high // 10 and high <= max(letters // 3, 2)

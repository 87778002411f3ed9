"""From a file to what its readers make of it: unpacked, recognised, parsed; a large table comes in several pieces."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from email.errors import MessageError
from pathlib import Path

import polars as pl

from empathy_scan.config import ReadConfig
from empathy_scan.errors import InputError, MalformedInputError, TooMuchError, UnknownFormatError
from empathy_scan.readers import beside, files, office, packed, stream
from empathy_scan.readers.conversation import Parsed
from empathy_scan.readers.files import Document
from empathy_scan.readers.gather import Placed, Problem
from empathy_scan.readers.registry import Detection, detect

# What a reader may stumble over in a file of its format that is broken in a way nobody has thought of.
_STUMBLES = (
    ValueError,
    csv.Error,
    MessageError,
    LookupError,
    TypeError,
    AttributeError,
    ArithmeticError,
    RecursionError,
    pl.exceptions.PolarsError,
)
_NOTES = 3  # of what was left out of a file of which nothing is left
_AT_ONCE = 16 * 1024 * 1024  # bytes of a table that is read as a whole; a larger one comes in parts
_OTHER_OFFICE = {
    "xlsb": ("a binary Excel workbook", "save it as .xlsx or CSV"),
    "pptx": ("a PowerPoint presentation", "export the transcript as text"),
    "odf": ("an OpenDocument file", "save it as .docx, .xlsx, CSV or text"),
}


@dataclass(frozen=True, slots=True)
class Piece:
    """What a reader made of a file, of a member of an archive, or of a part of a large table."""

    source: str
    detection: Detection
    parsed: Parsed
    encoding: str  # "" for what is not text

    @property
    def placed(self) -> list[Placed]:
        """The conversations with the file that they come from."""
        return [Placed(one, self.source, self.detection.reader.name) for one in self.parsed.conversations]

    @property
    def problems(self) -> list[Problem]:
        """What had to be left out, with the file."""
        return [Problem(self.source, error) for error in self.parsed.problems]


# What a file holds, piece by piece; a caller may put something between a file and those who ask for its pieces.
Opener = Callable[[files.Found], Iterator["Piece | Problem"]]


def pieces(found: files.Found, config: ReadConfig) -> Iterator[Piece | Problem]:
    """All that a file holds, in order, and what of it cannot be read; never raises InputError."""
    try:
        blob = _opened(found, config)
    except InputError as error:
        yield Problem(found.source, error)
        return
    for each in packed.unpack(blob, config):
        if isinstance(each, packed.Refused):
            yield Problem(each.source, each.error)
            continue
        try:
            corpus = beside.of_corpus(found.path) if each.source == found.source else {}
            yield from _read(each, config, corpus)
        except TooMuchError as error:
            yield Problem(found.source, error)
            return
        except InputError as error:
            yield Problem(each.source, error)
        except packed.BROKEN as error:
            yield Problem(each.source, packed.damaged(blob, error))


def _opened(found: files.Found, config: ReadConfig) -> packed.Blob:
    """A file of the disk; a small one is held. Raises InputError when it cannot be read."""
    with files.opened(found) as status:
        if status.st_size <= min(packed.HELD, config.max_file_bytes):
            content = found.path.read_bytes()
            return packed.Blob(found.source, lambda: io.BytesIO(content), len(content))
        with found.path.open("rb"):
            return packed.Blob(found.source, lambda: found.path.open("rb"), status.st_size)


def _read(blob: packed.Blob, config: ReadConfig, corpus: Mapping[str, Path]) -> Iterator[Piece | Problem]:
    """What a file that is not packed holds: as a whole, or in parts where it is a large table.

    `corpus` are the files beside the utterances of a corpus, by name.
    """
    held = min(_AT_ONCE, config.max_file_bytes)
    with blob.open() as opened:
        content = opened.read(held + 1)
        if len(content) > held:
            if (large := stream.recognise(blob, content, config)) is not None:
                yield from _in_parts(large, config)
                return
            files.within(blob.size or 0, config.max_file_bytes)
            content += opened.read(config.max_file_bytes - len(content) + 1)
            files.within(len(content), config.max_file_bytes)
    yield _as_a_whole(replace(files.document(blob.source, content), beside=corpus), config)


def _as_a_whole(document: Document, config: ReadConfig) -> Piece:
    """Detection, content and encoding of one file; raises InputError, also for a break that nobody has thought of."""
    if (kind := office.kind(document.content)) in _OTHER_OFFICE:
        what, remedy = _OTHER_OFFICE[kind]
        raise UnknownFormatError(f"{what}, which is not read", remedy=remedy)
    reader = "detection"
    try:
        detection = detect(document, config)
        reader = f"{detection.reader.name} reader"
        parsed = _sound(detection.reader.parse(document, config))
    except _STUMBLES as error:
        raise _stumbled(reader, error) from error
    if not parsed.conversations and not parsed.problems:
        raise _nothing(parsed.notes)
    binary = detection.reader.name == "parquet" or office.is_zip(document.content)
    return Piece(document.source, detection, parsed, "" if binary else document.encoding)


def _sound(parsed: Parsed) -> Parsed:
    """What a reader made of a file, without conversations in which nobody speaks; raises TypeError for a text of none.

    A reader of somebody's own may hand on what the file has, and one file must not end a night.
    """
    spoken = [each for each in parsed.conversations if each.turns]
    if not all(isinstance(turn.text, str) for each in spoken for turn in each.turns):
        raise TypeError("text")
    if not (silent := len(parsed.conversations) - len(spoken)):
        return parsed
    note = f"{silent} {'conversation' if silent == 1 else 'conversations'} in which nobody speaks left out"
    return replace(parsed, conversations=spoken, notes=[*parsed.notes, note])


def _in_parts(large: stream.Large, config: ReadConfig) -> Iterator[Piece | Problem]:
    """The pieces of a large table; after a break that nobody has thought of, the rest of it is a problem."""
    some = False
    try:
        for parsed in stream.parse(large, config):
            some = some or bool(parsed.conversations or parsed.problems)
            yield Piece(large.source, large.detection, parsed, large.encoding)
    except _STUMBLES as error:
        yield Problem(large.source, _stumbled(f"{large.detection.reader.name} reader", error))
        return
    if not some:
        yield Problem(large.source, _nothing())


def _stumbled(reader: str, error: Exception) -> MalformedInputError:
    return MalformedInputError(
        f"the {reader} cannot make sense of it ({type(error).__name__})",
        remedy="check the file; if it is sound, this is a bug of the reader",
    )


def _nothing(notes: Sequence[str] = ()) -> MalformedInputError:
    left_out = f" ({'; '.join(notes[:_NOTES])})" if notes else ""
    return MalformedInputError(f"there is no conversation in it{left_out}", remedy="export it again or remove it")

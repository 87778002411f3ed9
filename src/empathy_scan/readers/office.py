"""Office Open XML (`.docx`, `.xlsx`): the parts of a document, read within limits, without entities from outside.

Whoever sends a document chooses its sizes and its XML. Bytes are counted as they are unpacked, and a part with a
document type is refused: no office program writes one, and entities are declared nowhere else.
"""

from __future__ import annotations

import io
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from typing import Self, cast
from xml.etree.ElementTree import Element, ParseError, XMLPullParser

from empathy_scan.errors import InputError, MalformedInputError

_CHUNK = 1 << 16
_DEEPEST = 200  # elements within one another; a table in a table in a text box needs 40
BROKEN = (
    zipfile.BadZipFile, zlib.error, EOFError, OSError, NotImplementedError, RuntimeError, ValueError, ParseError,
    LookupError, OverflowError,
)  # fmt: skip
_MAIN = ("word/document.xml", "word/document2.xml", "xl/workbook.xml", "xl/workbook.bin", "ppt/presentation.xml")


def is_document(members: Sequence[str]) -> bool:
    """Whether the members of a zip archive are those of one document: of an office program, or a ConvoKit corpus."""
    names = {name.replace("\\", "/").lower() for name in members}
    if "[content_types].xml" in names or names & set(_MAIN) or {"mimetype", "content.xml"} <= names:
        return True
    return any(
        name.rpartition("/")[2] in {"utterances.jsonl", "utterances.json"} for name in names if name.count("/") <= 1
    )


def is_zip(content: bytes) -> bool:
    """Whether the bytes begin like a zip archive, which every office document is."""
    return content.startswith((b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08"))


def kind(content: bytes) -> str:
    """`docx`, `xlsx`, another kind by its usual suffix, or an empty string for what is no office document."""
    if not is_zip(content):
        return ""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            names = {name.replace("\\", "/").lower() for name in archive.namelist()}
    except BROKEN:
        return ""
    for ending, main in (
        ("docx", "word/document.xml"),
        ("docx", "word/document2.xml"),
        ("xlsx", "xl/workbook.xml"),
        ("xlsb", "xl/workbook.bin"),
        ("pptx", "ppt/presentation.xml"),
    ):
        if main in names:
            return ending
    return "odf" if {"mimetype", "content.xml"} <= names else ""


class Package:
    """The parts of an office document; use it in a `with` block. Raises InputError for what is damaged or too large."""

    def __init__(self, content: bytes, *, max_bytes: int) -> None:
        self._left = max_bytes
        self._max_bytes = max_bytes
        try:
            self._archive = zipfile.ZipFile(io.BytesIO(content))
        except BROKEN as error:
            raise damaged() from error
        self.names = {name.replace("\\", "/").lower(): name for name in self._archive.namelist()}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._archive.close()

    def has(self, name: str) -> bool:
        """Whether there is such a part; case does not matter."""
        return name.lower() in self.names

    def tree(self, name: str) -> Element:
        """The root of a part of XML; of a part that is not there, an empty element."""
        root: Element | None = None
        for _, element in self.events(name):
            root = element if root is None else root
        return Element("none") if root is None else root

    def events(self, name: str) -> Iterator[tuple[str, Element]]:
        """`start` and `end` of every element of a part, in order; nothing of a part that is not there."""
        if not self.has(name):
            return
        parser: XMLPullParser[Element] = XMLPullParser(("start", "end"))
        depth = 0
        try:
            with self._archive.open(self.names[name.lower()]) as stream:
                head = b""
                while piece := stream.read(_CHUNK):
                    self._count(len(piece))
                    head = _checked(head, piece)
                    parser.feed(piece)
                    for event, element in _events(parser):
                        depth += 1 if event == "start" else -1
                        if depth > _DEEPEST:
                            raise MalformedInputError("its XML is nested too deeply", remedy="save it again")
                        yield event, element
                parser.close()
                yield from _events(parser)
        except InputError:
            raise
        except BROKEN as error:
            raise damaged() from error

    def _count(self, more: int) -> None:
        self._left -= more
        if self._left < 0:
            raise InputError(
                f"unpacked it is larger than the limit ({self._max_bytes:,} bytes allowed)",
                remedy="split the file, or raise max_file_bytes under [read] in the settings",
            )


def _events(parser: XMLPullParser[Element]) -> Iterator[tuple[str, Element]]:
    """What the parser has found so far."""
    for found in parser.read_events():
        yield cast("tuple[str, Element]", found)


def local(tag: str) -> str:
    """The name of an element or attribute without its namespace, of which the standard has two."""
    return tag.rpartition("}")[2]


def attribute(element: Element, name: str) -> str:
    """An attribute by its local name; an empty string where there is none."""
    return next((value for key, value in element.attrib.items() if local(key) == name), "")


def damaged() -> MalformedInputError:
    """What is said of a document that does not unpack."""
    return MalformedInputError("damaged office document", remedy="open it, save it again, or export it again")


def _checked(head: bytes, piece: bytes) -> bytes:
    """The end of what was looked at; raises MalformedInputError where a document type begins."""
    together = (head + piece).replace(b"\x00", b"")  # UTF-16 too
    if b"<!DOCTYPE" in together or b"<!ENTITY" in together:
        raise MalformedInputError("its XML declares entities, as no office program does", remedy="do not open it")
    return piece[-32:]

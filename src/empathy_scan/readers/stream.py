"""Large tables (CSV, TSV, JSON Lines) in parts, so that memory does not grow with the file.

A file is gone through twice. First it is learned which rows belong together: the columns are settled on its first rows,
and of every row a hash of its conversation's id is kept (8 bytes). Then rows are handed on as soon as the last one of
their conversation is there. So a conversation is whole wherever its rows stand; only rows of conversations that are
open at the same time are held. Where these are too many (a file sorted by turn number, say), the file is gone through
several times, each time for a share of the conversations.
"""

from __future__ import annotations

import codecs
import hashlib
import io
import logging
import re
from array import array
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import cast

import numpy as np

from empathy_scan.config import ReadConfig
from empathy_scan.errors import InputError, MalformedInputError
from empathy_scan.readers import apijson, delimited, rows, times
from empathy_scan.readers.conversation import Parsed, label_or_none
from empathy_scan.readers.files import Document, decode, parse_json
from empathy_scan.readers.packed import Blob
from empathy_scan.readers.registry import Detection, detect

_HEAD = 1024 * 1024  # bytes that tell the format
_SETTLED = 20_000  # rows on which it is settled what the columns are
_BLOCK = 4_000  # rows that are understood together
_BLOCK_CHARACTERS = 8_000_000
_HELD = 250_000  # rows of open conversations that are held; about as many as make 250 MB
_LONGEST_LINE = 64 * 1024 * 1024  # characters of one line or row
# Readers of JSON Lines of which every line is a conversation by itself.
_BY_LINE = {"google-insights", "deepgram", "speechmatics", "intercom", "zendesk", "freshdesk"}
_TIMES = ("started_at", "start", "end")
_LOG = logging.getLogger(__name__)

Row = tuple[str, Sequence[object]]  # place and cells


@dataclass(frozen=True, slots=True)
class Large:
    """A file that is read in parts: how it is opened, and what it was recognised as."""

    blob: Blob
    detection: Detection
    encoding: str
    settled: rows.Layout | None = None  # None where every line is a conversation
    names: Sequence[str] = ()
    shape: delimited.Shape = field(default_factory=delimited.Shape)

    @property
    def source(self) -> str:
        """What the file is called."""
        return self.blob.source


def recognise(blob: Blob, content: bytes, config: ReadConfig) -> Large | None:
    """The file as one that can be read in parts; None where it must be read as a whole.

    `content` is the beginning of the file. Raises InputError for a table that cannot be understood.
    """
    end = content.rfind(b"\n", 0, _HEAD) + 1
    head = Document(blob.source, content[:end])
    try:
        detection = detect(head, config) if end else None
    except (InputError, ValueError):
        detection = None
    if detection is None:
        return None
    name = detection.reader.name
    large = Large(blob, detection, _encoding(blob, head))
    if name in _BY_LINE and apijson.in_lines(head.text):
        return large
    if name not in {"csv", "jsonl"}:
        return None
    if name == "csv":
        large = replace(large, shape=delimited.shape(head.text[: delimited.SNIFFED]))
        with _text(large, newline="") as lines:
            large = replace(large, shape=replace(large.shape, strict=delimited.keeps_to_quotes(lines, large.shape)))
    return _settled(large, config)


def _settled(large: Large, config: ReadConfig) -> Large | None:
    """The table with its columns; None where rows have no conversation id, so that only the whole file tells."""
    first = next(_blocks(large, _SETTLED), None)
    layout = rows.layout(first, config) if first is not None and first.places else None
    if first is None or layout is None or not (layout.whole or "conversation_id" in layout.mapped):
        return None
    return replace(large, settled=layout, names=first.names)


def parse(large: Large, config: ReadConfig) -> Iterator[Parsed]:
    """The conversations, a part of them at a time."""
    if large.settled is None:
        yield from _by_line(large, config)
        return
    stem = Document(large.source, b"").stem
    config = replace(config, columns=dict(large.settled.overrides()))
    if large.settled.whole:
        for block in _blocks(large, _BLOCK):
            yield _made(_widened(block, large.names), stem, config)
        return
    learned = _learn(large)
    for number in range(learned.passes):
        for table in _complete(large, learned, number):
            yield _made(_with_dates(table, large.settled.mapped, learned.orders), stem, config)
        _LOG.info("%s: %d of %d times gone through", large.source, number + 1, learned.passes)


def _made(table: rows.Rows, stem: str, config: ReadConfig) -> Parsed:
    """The conversations of a part; one that cannot be understood does not stop the others."""
    if not table.places:
        return Parsed([], table.problems)
    try:
        return rows.parse(table, stem, config)
    except InputError as error:
        where = error.where or f"{table.places[0]} to {table.places[-1]}"
        return Parsed([], [*table.problems, type(error)(error.what, where=where, remedy=error.remedy)])


# --- what is learned first -----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Learned:
    """Of every row the hash of its conversation, whether it is the last of it; in how many passes to read."""

    names: Sequence[str]
    hashes: np.ndarray[tuple[int], np.dtype[np.uint64]]  # shape (rows,); 0: no id
    last: np.ndarray[tuple[int], np.dtype[np.bool_]]  # shape (rows,)
    passes: int
    orders: Mapping[str, str]  # column -> order of day and month


def _learn(large: Large) -> _Learned:
    """One time through the file."""
    mapped = large.settled.mapped if large.settled else {}
    column, names = mapped["conversation_id"], dict.fromkeys(large.names)
    found = array("Q")
    orders: dict[str, set[str]] = defaultdict(set)
    for block in _blocks(large, _BLOCK):
        names.update(dict.fromkeys(block.names))
        cells = block.cells.get(column) or [None] * len(block.places)
        found.extend(map(_hashed, cells))
        for name in (mapped[ours] for ours in _TIMES if ours in mapped):
            orders[name] |= times.orders(block.cells.get(name, ()))
    hashes = np.frombuffer(found, dtype=np.uint64) if found else np.zeros(0, dtype=np.uint64)
    last = np.zeros(len(hashes), dtype=np.bool_)
    if len(hashes):
        values, backwards, counts = np.unique(hashes[::-1], return_index=True, return_counts=True)
        ends = len(hashes) - 1 - backwards
        last[ends[values != 0]] = True
        done = np.zeros(len(hashes), dtype=np.int64)
        done[ends] = counts
        held = int((np.arange(1, len(hashes) + 1) - np.cumsum(done)).max())
    else:
        held = 0
    settled = {name: next(iter(seen)) for name, seen in orders.items() if len(seen) == 1}
    return _Learned(list(names), hashes, last, 1 + held // _HELD, settled)


def _hashed(cell: object) -> int:
    """A number for a conversation's id, the same in every run; 0 for none."""
    identity = label_or_none(cell)
    if identity is None:
        return 0
    return int.from_bytes(hashlib.blake2b(identity.encode("utf-8", "replace"), digest_size=8).digest(), "little") or 1


# --- rows that belong together -------------------------------------------------------------------------------------


def _complete(large: Large, learned: _Learned, share: int) -> Iterator[rows.Rows]:
    """Tables of whole conversations, those of one share of the hashes; rows without an id come as they stand."""
    held: dict[int, list[Row]] = defaultdict(list)
    ready: list[Row] = []
    problems: list[InputError] = []
    at = 0
    for block in _blocks(large, _BLOCK):
        problems += block.problems if not share else ()
        for row in _as_rows(_widened(block, learned.names)):
            key, is_last = int(learned.hashes[at]), bool(learned.last[at])
            at += 1
            if key % learned.passes != share:
                continue
            if not key:
                ready.append(row)
                continue
            held[key].append(row)
            if is_last:
                ready += held.pop(key)
        if len(ready) >= _BLOCK or problems:
            yield _as_table(ready, learned.names, problems)
            ready, problems = [], []
    if ready:
        yield _as_table(ready, learned.names, problems)


def _as_rows(table: rows.Rows) -> Iterator[Row]:
    return zip(table.places, zip(*table.cells.values(), strict=True), strict=True)


def _as_table(found: Sequence[Row], names: Sequence[str], problems: Sequence[InputError]) -> rows.Rows:
    cells = list(zip(*(row for _, row in found), strict=True)) or [()] * len(names)
    return rows.Rows(dict(zip(names, cells, strict=True)), [place for place, _ in found], list(problems))


def _widened(table: rows.Rows, names: Sequence[str]) -> rows.Rows:
    """The table with all columns of the file, in their order, and those that only this block has."""
    nothing: list[object] = [None] * len(table.places)
    return replace(
        table, cells={name: table.cells.get(name, nothing) for name in dict.fromkeys([*names, *table.cells])}
    )


def _with_dates(table: rows.Rows, mapped: Mapping[str, str], orders: Mapping[str, str]) -> rows.Rows:
    """The table with dates such as `05/10/2026` read in the order that the whole column tells."""
    names = {mapped[ours] for ours in _TIMES if ours in mapped} & set(orders)
    read = {name: times.in_order(table.cells[name], orders[name]) for name in names}
    return replace(table, cells={**table.cells, **read}) if read else table


# --- lines and rows ------------------------------------------------------------------------------------------------


def _blocks(large: Large, most: int) -> Iterator[rows.Rows]:
    """The rows of the file, so many at a time, with what is broken among them."""
    if large.detection.reader.name == "csv":
        with _text(large, newline="") as lines:
            yield from delimited.blocks(lines, large.shape, most=most)
        return
    objects: list[Mapping[str, object]] = []
    places: list[str] = []
    problems: list[InputError] = []
    size = 0
    for number, line in _lines(large):
        size += len(line) if isinstance(line, str) else 0
        value = _object(number, line)
        if isinstance(value, InputError):
            problems.append(value)
        else:
            objects.append(value)
            places.append(f"line {number}")
        if len(objects) >= most or (size > _BLOCK_CHARACTERS and most < _SETTLED):
            yield replace(rows.from_objects(objects, places), problems=problems)
            objects, places, problems, size = [], [], [], 0
    if objects or problems:
        yield replace(rows.from_objects(objects, places), problems=problems)


def _object(number: int, line: str | InputError) -> Mapping[str, object] | InputError:
    """The object of a line of JSON Lines, or what is wrong with it."""
    if isinstance(line, InputError):
        return line
    try:
        value = parse_json(line, first_line=number)
    except MalformedInputError as error:
        return error
    if isinstance(value, Mapping):
        return cast("Mapping[str, object]", value)
    return MalformedInputError("not a JSON object", where=f"line {number}", remedy="remove the line")


def _lines(large: Large) -> Iterator[tuple[int, str | InputError]]:
    """The lines that are not empty, with their numbers; an endless one becomes a problem."""
    with _text(large, newline="\n") as stream:
        number = 0
        while line := stream.readline(_LONGEST_LINE):
            number += 1
            if len(line) == _LONGEST_LINE and not line.endswith("\n"):
                while (rest := stream.readline(_LONGEST_LINE)) and not rest.endswith("\n"):
                    pass
                what = f"a line of more than {_LONGEST_LINE:,} characters"
                yield (
                    number,
                    MalformedInputError(what, where=f"line {number}", remedy="export one conversation per line"),
                )
            elif number == 1 and line.strip("\ufeff \t\r\n"):
                yield number, line.lstrip("\ufeff")
            elif line.strip():
                yield number, line


def _by_line(large: Large, config: ReadConfig) -> Iterator[Parsed]:
    """The conversations of a product's JSON Lines. Empty lines in front keep the numbers of lines right."""
    kept: list[str] = []
    first, size = 1, 0
    for number, line in _lines(large):
        if isinstance(line, InputError):
            yield Parsed([], [line])
            continue
        kept += [""] * (number - first - len(kept)) + [line.rstrip("\n")]
        size += len(line)
        if size > _BLOCK_CHARACTERS:
            yield _parsed(large, first, kept, config)
            kept, first, size = [], number + 1, 0
    if kept:
        yield _parsed(large, first, kept, config)


def _parsed(large: Large, first: int, lines: Sequence[str], config: ReadConfig) -> Parsed:
    text = "\n" * (first - 1) + "\n".join(lines)
    try:
        return large.detection.reader.parse(Document(large.source, text.encode("utf-8", "surrogatepass")), config)
    except InputError as error:
        where = error.where or f"line {first}"
        return Parsed([], [type(error)(error.what, where=where, remedy=error.remedy)])


def _text(large: Large, *, newline: str) -> io.TextIOWrapper:
    encoding = re.sub(r" \(.*", "", large.encoding)
    return io.TextIOWrapper(large.blob.open(), encoding=encoding, errors="replace", newline=newline)


def _encoding(blob: Blob, head: Document) -> str:
    """The encoding of the whole file: what its beginning says, unless something later is no UTF-8."""
    if head.encoding != "utf-8":
        return head.encoding
    decoder = codecs.getincrementaldecoder("utf-8")()
    with blob.open() as stream:
        while piece := stream.read(_HEAD):
            try:
                decoder.decode(piece)
            except UnicodeDecodeError:
                found = decode(piece)[1]
                return "utf-8 (with damaged characters)" if found.startswith("utf") else found
    return "utf-8"

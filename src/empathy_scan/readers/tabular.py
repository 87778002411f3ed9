"""Table files: CSV and TSV (delimiter found out, every cell a string), JSON, JSON Lines, Parquet."""

from __future__ import annotations

import io
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace

import polars as pl

from empathy_scan.config import ReadConfig
from empathy_scan.errors import InputError, MalformedInputError
from empathy_scan.readers import columns, delimited, files, nested, rows, text
from empathy_scan.readers.conversation import Parsed
from empathy_scan.readers.files import Document, json_lines
from empathy_scan.readers.verdict import Verdict

_ENVELOPES = ("data", "response", "body", "result", "payload")
_COLLECTIONS = (
    "conversations", "dialogues", "dialogs", "calls", "chats", "interactions", "records", "items", "rows",
    "transcripts", "tickets",
)  # fmt: skip
_ROWS_AT_ONCE = 10_000  # of a Parquet file
_SMALLEST_CELL = 2  # bytes that the smallest cell of a table is counted as


def sniff_delimited(document: Document) -> Verdict:
    """Whether the text is a table: a header with a name that such tables have, and rows of the same width."""
    found = delimited.shape(document.text[: delimited.SNIFFED])
    if not found.delimiter:
        return Verdict(fits=False, why="its lines do not have equal numbers of cells", nearness=0.1)
    named = f"{len(found.header)} columns separated by {delimited.DELIMITERS[found.delimiter]}"
    if not found.named:
        return Verdict(fits=True, why=f"{named}, no header, roles and texts told by the values")
    if delimited.looks_like_values(found.header):
        return Verdict(fits=False, why="the first line holds a time or number and is no header", nearness=0.4)
    two = found.delimiter == "\t" and len(found.header) == 2
    if two and sum(map(columns.is_known, found.header)) < 2 and text.looks_labelled(document.text[:20_000]):
        return Verdict(fits=False, why="its two columns are speaker labels and what they say", nearness=0.4)
    if found.known or document.suffix in {".csv", ".tsv"}:
        known = [name for name in found.header if columns.is_known(name)]
        below = f", the header below {found.above} other row(s)" if found.above else ""
        return Verdict(fits=True, why=f"{named}{below}, among them {columns.shown(known) or 'no known one'}")
    plain = all(re.fullmatch(r"[^\W\d][\w .\-/()#]{0,39}", name) for name in found.header)
    fits = plain and found.share == 1 and not text.looks_labelled(document.text[:20_000])
    return Verdict(fits=fits, why=named if fits else f"{named}, but the first line is no header", nearness=0.4)


def parse_delimited(document: Document, config: ReadConfig) -> Parsed:
    """The conversations of a CSV or TSV file; rows of another width than the header are left out and reported."""
    return rows.parse(read_delimited(document), document.stem, config)


def sniff_json(document: Document) -> Verdict:
    """Whether the file is one JSON value that holds rows or conversations; broken JSON fits, so that it is reported."""
    if not _begins_json(document.text):
        return Verdict(fits=False, why="it does not begin with { or [")
    try:
        value = document.json
    except MalformedInputError:
        return Verdict(fits=True, why="it begins like JSON")
    found = _objects(value)
    if found is None:
        keys = columns.shown(map(str, value)) if isinstance(value, Mapping) else "none"
        return Verdict(fits=False, why=f"JSON without a list of turns or conversations (keys: {keys})", nearness=0.5)
    return Verdict(fits=True, why=f"JSON with {len(found)} objects")


def parse_json_file(document: Document, config: ReadConfig) -> Parsed:
    """The conversations of a JSON file: rows, conversations, or a single conversation."""
    found = _objects(document.json)
    if found is None:
        raise MalformedInputError(
            "no list of turns or conversations in it", remedy="export conversations with a list of turns"
        )
    table = rows.from_objects(found, [f"item {number}" for number in range(1, len(found) + 1)])
    return rows.parse(table, document.stem, config)


def sniff_json_lines(document: Document) -> Verdict:
    """Whether every line is a JSON object of its own."""
    content = document.text.lstrip()
    if not content.startswith("{"):
        return Verdict(fits=False, why="its lines do not begin with {")
    lines = [line.strip() for line in content[:100_000].split("\n") if line.strip()]
    whole = sum(line.startswith("{") and line.endswith("}") and len(line) > 1 for line in lines)
    if len(content) > 100_000 and len(lines) == 1:
        whole = len(lines)
    named = document.suffix in {".jsonl", ".ndjson"}
    if (len(lines) > 1 or named) and (whole * 2 > len(lines) or named):
        return Verdict(fits=True, why=f"{whole} of {len(lines)} lines are JSON objects")
    return Verdict(fits=False, why="not one JSON object per line", nearness=0.3)


def parse_json_lines(document: Document, config: ReadConfig) -> Parsed:
    """The conversations of JSON Lines; lines that are no JSON objects are left out and reported."""
    return rows.parse(read_json_lines(document), document.stem, config)


def sniff_parquet(document: Document) -> Verdict:
    """Whether the file begins with the magic bytes of Parquet."""
    fits = document.content.startswith(b"PAR1")
    return Verdict(fits=fits, why="begins with PAR1" if fits else "it does not begin with PAR1")


def parse_parquet(document: Document, config: ReadConfig) -> Parsed:
    """The conversations of a Parquet file, also with turns in a list column."""
    return rows.parse(read_parquet(document, max_bytes=config.max_file_bytes), document.stem, config)


def read_parquet(document: Document, *, max_bytes: int) -> rows.Rows:
    """The rows of a Parquet file; raises InputError when it is damaged, or unpacks to more than is allowed."""
    try:
        frame = _within(pl.scan_parquet(io.BytesIO(document.content)), max_bytes)
    except InputError:
        raise
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException, OSError) as error:  # a panic is no Exception
        raise MalformedInputError("damaged Parquet file", remedy="export it again") from error
    return rows.Rows(
        nested.flatten(frame.to_dict(as_series=False)), [f"row {number}" for number in range(1, frame.height + 1)]
    )


def _within(table: pl.LazyFrame, max_bytes: int) -> pl.DataFrame:
    """The rows of a table, read piece by piece and counted: a small file may tell one long text a million times."""
    parts: list[pl.DataFrame] = []
    count, size = table.select(pl.len()).collect().item(), 0
    width = max(1, len(table.collect_schema()))
    files.within(count * width * _SMALLEST_CELL, max_bytes)
    for start in range(0, max(count, 1), _ROWS_AT_ONCE):
        part = table.slice(start, _ROWS_AT_ONCE).collect().with_columns(pl.col(pl.Categorical).cast(pl.String))
        texts = part.select(pl.col(pl.String).str.len_bytes().cast(pl.Int64).sum())
        size += sum(filter(None, texts.row(0))) if texts.width else 0
        size += sum(int(column.estimated_size()) for column in part.iter_columns() if column.dtype != pl.String)
        files.within(size, max_bytes)
        parts.append(part)
    return pl.concat(parts)


def read_json_lines(document: Document) -> rows.Rows:
    """The rows of JSON Lines, with the lines that are no JSON objects as problems."""
    found: list[Mapping[str, object]] = []
    places: list[str] = []
    problems: list[InputError] = []
    for number, value in json_lines(document.text):
        if isinstance(value, MalformedInputError):
            problems.append(value)
        elif isinstance(value, Mapping):
            found.append(value)
            places.append(f"line {number}")
        else:
            problems.append(MalformedInputError("not a JSON object", where=f"line {number}", remedy="remove the line"))
    if problems and not found:
        raise problems[0]
    return replace(rows.from_objects(found, places), problems=problems)


def read_delimited(document: Document) -> rows.Rows:
    """The rows of a CSV or TSV file, all cells as strings; ids keep their leading zeros.

    Rows that are wider or narrower than the header are problems: a delimiter or line end in a text without quotes
    would otherwise move words into other columns.
    """
    return delimited.read(document.text)


def _begins_json(content: str) -> bool:
    """Whether a text begins like JSON; `[00:01] Agent: ...` does not."""
    return re.match(r'\s*(?:\{|\[\s*[\{\["\]])', content) is not None


def _objects(value: object, *, depth: int = 2) -> list[Mapping[str, object]] | None:
    """The rows in a JSON value: a list of objects, conversations by id, or one conversation; None if it has none."""
    if isinstance(value, list):
        return _objects_of_list(value)
    if not isinstance(value, Mapping):
        return None
    if any(rows.holds_turns(value.get(name)) for name in columns.turns_candidates(list(value))):
        return [value]
    listed = [value[name] for name in _COLLECTIONS if isinstance(value.get(name), list)]
    inner = [value[name] for name in _ENVELOPES if name in value] if depth else []
    found = [
        *map(_objects_of_list, listed),
        *(_objects(each, depth=depth - 1) for each in inner),
        _objects_by_id(value),
    ]
    return next((each for each in found if each), None)


def _objects_by_id(value: Mapping[str, object]) -> list[Mapping[str, object]] | None:
    """The conversations of an object whose keys are their ids."""
    conversations: list[Mapping[str, object]] = []
    for key, each in value.items():
        if not isinstance(each, Mapping) or (_objects(each, depth=0) or []) != [each]:
            return None
        conversations.append({"conversation_id": key, **each})
    return conversations


def _objects_of_list(values: Sequence[object]) -> list[Mapping[str, object]] | None:
    """A list of objects, or of lists of turns, as rows."""
    if values and all(isinstance(each, Mapping) for each in values):
        inner = _objects(values[0], depth=1) if len(values) == 1 else None
        return inner or [each for each in values if isinstance(each, Mapping)]
    if values and all(rows.holds_turns(each) for each in values):
        return [{"turns": each} for each in values]
    return None

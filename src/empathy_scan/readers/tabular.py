"""Table files: CSV and TSV (delimiter found out, every cell a string), JSON, JSON Lines, Parquet."""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace

import polars as pl

from empathy_scan.config import ReadConfig
from empathy_scan.errors import InputError, MalformedInputError
from empathy_scan.readers import columns, nested, rows, text
from empathy_scan.readers.conversation import Parsed
from empathy_scan.readers.files import Document, json_lines
from empathy_scan.readers.verdict import Verdict

_DELIMITERS = ",;\t|"
_SAMPLE_ROWS = 40
_SNIFFED = 200_000  # characters that are looked at to know the format
_CONSISTENT = 0.8  # of the sampled rows have as many cells as the header
_CONSISTENT_IF_KNOWN = 0.2  # when the header names two columns that tables of conversations have
_ENVELOPES = ("data", "response", "body", "result", "payload")
_COLLECTIONS = (
    "conversations", "dialogues", "dialogs", "calls", "chats", "interactions", "records", "items", "rows",
    "transcripts", "tickets",
)  # fmt: skip


def sniff_delimited(document: Document) -> Verdict:
    """Whether the text is a table: a header with a name that such tables have, and rows of the same width."""
    delimiter, width, share = _delimiter(document.text[:_SNIFFED])
    if not delimiter:
        return Verdict(fits=False, why="its lines do not have equal numbers of cells", nearness=0.1)
    header = _header(document.text, delimiter)
    if any(re.fullmatch(r"[\s\d:.\-/]+(?:[AaPp][Mm])?", name) for name in header):
        return Verdict(fits=False, why="the first line holds a time or number and is no header", nearness=0.4)
    known = [name for name in header if columns.is_known(name)]
    if delimiter == "\t" and width == 2 and len(known) < 2 and text.looks_labelled(document.text[:20_000]):
        return Verdict(fits=False, why="its two columns are speaker labels and what they say", nearness=0.4)
    named = f"{width} columns separated by {_DELIMITER_NAMES[delimiter]}"
    if known or document.suffix in {".csv", ".tsv"}:
        return Verdict(fits=True, why=f"{named}, among them {columns.shown(known) or 'no known one'}")
    plain = all(re.fullmatch(r"[^\W\d][\w .\-/()#]{0,39}", name) for name in header)
    if plain and share == 1 and not text.looks_labelled(document.text[:20_000]):
        return Verdict(fits=True, why=named)
    return Verdict(fits=False, why=f"{named}, but the first line is no header", nearness=0.4)


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
    fits = document.data.startswith(b"PAR1")
    return Verdict(fits=fits, why="begins with PAR1" if fits else "it does not begin with PAR1")


def parse_parquet(document: Document, config: ReadConfig) -> Parsed:
    """The conversations of a Parquet file, also with turns in a list column."""
    return rows.parse(read_parquet(document), document.stem, config)


def read_parquet(document: Document) -> rows.Rows:
    """The rows of a Parquet file; raises MalformedInputError when it is damaged."""
    try:
        frame = pl.read_parquet(io.BytesIO(document.data))
    except (pl.exceptions.PolarsError, OSError) as error:
        raise MalformedInputError("damaged Parquet file", remedy="export it again") from error
    frame = frame.with_columns(pl.col(pl.Categorical).cast(pl.String))
    return rows.Rows(
        nested.flatten(frame.to_dict(as_series=False)), [f"row {number}" for number in range(1, frame.height + 1)]
    )


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
    delimiter = _delimiter(document.text[:_SNIFFED])[0] or ","
    records, problems = _records(_without_hint(document.text), delimiter)
    if not records:
        raise MalformedInputError("no rows", remedy="export it again or remove it")
    header = [name.strip().strip("\ufeff") or f"column {at}" for at, name in enumerate(records[0][1], start=1)]
    while header and header[-1] == f"column {len(header)}":  # delimiters at the end of every line
        header.pop()
    _refuse_doubled(header)
    width, good, places = len(header), [], []
    for line, cells in records[1:]:
        fitted = _fitted(cells, width)
        if fitted is None:
            problems.append(_ragged(line, len(cells), width))
        elif any(fitted):
            good.append(fitted)
            places.append(f"line {line}")
    transposed = list(map(list, zip(*good, strict=True))) or [[] for _ in header]
    return rows.Rows(dict(zip(header, transposed, strict=True)), places, problems)


_DELIMITER_NAMES = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "bars", "": "nothing"}


def _delimiter(sample: str) -> tuple[str, int, float]:
    """The delimiter, the number of columns and the share of rows that have it; empty when there is none."""
    if hint := re.match(r"sep=(.)\r?\n", sample):
        return hint[1], len(_header(sample, hint[1])), 1.0
    best = ("", 0, 0.0)
    for delimiter in _DELIMITERS:
        widths = _widths(sample, delimiter)
        if not widths or widths[0] < 2:
            continue
        share = Counter(widths)[widths[0]] / len(widths)
        known = sum(map(columns.is_known, _header(sample, delimiter)))
        if share >= (_CONSISTENT if known < 2 else _CONSISTENT_IF_KNOWN) and (share, widths[0]) > (best[2], best[1]):
            best = (delimiter, widths[0], share)
    return best if best[0] else _single_column(sample)


def _single_column(sample: str) -> tuple[str, int, float]:
    """A table of one column that is named like a text column, such as one quoted transcript per row."""
    header = sample.lstrip().split("\n", 1)[0].strip().strip('"')
    is_text = columns.turns_candidates([header]) and re.match(r'[^\n]+\n"', sample.lstrip())
    return (",", 1, 1.0) if is_text else ("", 0, 0.0)


def _widths(sample: str, delimiter: str) -> list[int]:
    """How many cells each of the first rows has; the last one may be cut off and is not counted."""
    widths = []
    with _large_fields():
        try:
            for cells in csv.reader(io.StringIO(sample, newline=""), delimiter=delimiter):
                widths.append(len(cells)) if cells else None
                if len(widths) > _SAMPLE_ROWS:
                    break
        except csv.Error:
            return []
    return widths[:-1] if len(widths) > _SAMPLE_ROWS or (len(sample) == _SNIFFED and len(widths) > 1) else widths


def _header(content: str, delimiter: str) -> list[str]:
    with _large_fields():
        first = next(csv.reader(io.StringIO(_without_hint(content)[:20_000], newline=""), delimiter=delimiter), [])
    return [name.strip() for name in first]


def _without_hint(content: str) -> str:
    """The text without Excel's first line `sep=;`, whose line is kept empty so that line numbers stay right."""
    return re.sub(r"\A\s*sep=.(?=\r?\n)", "", content).lstrip("\ufeff")


def _records(content: str, delimiter: str) -> tuple[list[tuple[int, list[str]]], list[InputError]]:
    """Line number and cells of every row; strict quoting first, lenient if the file does not keep to it."""
    try:
        return _read_csv(content, delimiter, strict=True), []
    except csv.Error as error:
        if "unexpected end" in str(error):
            return _before_open_quote(content, delimiter)
    return _read_csv(content, delimiter, strict=False), []


def _read_csv(content: str, delimiter: str, *, strict: bool) -> list[tuple[int, list[str]]]:
    return list(_csv_rows(content, delimiter, strict=strict))


def _csv_rows(content: str, delimiter: str, *, strict: bool) -> Iterator[tuple[int, list[str]]]:
    """The rows with the line on which each begins."""
    with _large_fields():
        reader = csv.reader(io.StringIO(content, newline=""), delimiter=delimiter, strict=strict)
        line = 1
        for cells in reader:
            if cells:
                yield line, cells
            line = reader.line_num + 1


def _before_open_quote(content: str, delimiter: str) -> tuple[list[tuple[int, list[str]]], list[InputError]]:
    """The rows before a quote that is never closed; from there on nothing can be told apart."""
    found: list[tuple[int, list[str]]] = []
    try:
        for record in _csv_rows(content, delimiter, strict=True):
            found.append(record)  # noqa: PERF402 - the rows before the error are kept
    except csv.Error:
        pass
    line = found[-1][0] + 1 + sum(cell.count("\n") for cell in found[-1][1]) if found else 1
    problem = MalformedInputError(
        "a quote is opened and never closed: this row and all after it are left out",
        where=f"line {line}",
        remedy="double the quotes within cells, or export again",
    )
    return found, [problem]


@contextmanager
def _large_fields() -> Iterator[None]:
    """Let csv read cells of any length (a conversation in one cell), and put its limit back."""
    before = csv.field_size_limit(2**31 - 1)
    try:
        yield
    finally:
        csv.field_size_limit(before)


def _fitted(cells: Sequence[str], width: int) -> Sequence[str] | None:
    """The cells at the header's width; None when that would lose or invent any."""
    if len(cells) == width:
        return cells
    if len(cells) > width and not any(cell.strip() for cell in cells[width:]):
        return cells[:width]
    if len(cells) == width - 1:  # some writers leave out the last cell when it is empty
        return [*cells, ""]
    return None


def _ragged(line: int, found: int, wanted: int) -> InputError:
    return MalformedInputError(
        f"{found} cells where the header has {wanted}",
        where=f"line {line}",
        remedy="put texts with delimiters or line ends in quotes, or export again",
    )


def _refuse_doubled(header: Sequence[str]) -> None:
    """Two columns of one name: nobody can say which is meant."""
    doubled = [name for name, count in Counter(header).items() if count > 1]
    if doubled:
        raise MalformedInputError(
            f"the header names {columns.shown(doubled)} twice", where="line 1", remedy="give every column its own name"
        )


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

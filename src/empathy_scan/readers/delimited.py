"""CSV and TSV as rows of strings: delimiter, header and quoting found out, broken rows told, any size in parts.

A header may stand below lines of a title. A table without one is read where a column holds words for roles: then its
columns are known by their values.
"""

from __future__ import annotations

import csv
import io
import itertools
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from empathy_scan.errors import InputError, MalformedInputError
from empathy_scan.readers import columns, headless, rows

DELIMITERS = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "bars", "": "nothing"}
SNIFFED = 200_000  # characters that are looked at to know the format
_SAMPLE_ROWS = 40
_TITLE_ROWS = 20  # rows above which a header is not looked for
_CONSISTENT = 0.8  # of the sampled rows have as many cells as the header
_CONSISTENT_IF_KNOWN = 0.2  # when the header names two columns that tables of conversations have
_VALUE = re.compile(r"[\s\d:.\-/]+(?:[AaPp][Mm])?")  # a time or number, which no column is called
_DECIMAL_COMMA = re.compile(r"[+-]?\d+(?:,\d+)?")

Record = tuple[int, Sequence[str]]  # the line on which a row begins, and its cells


@dataclass(frozen=True, slots=True)
class Shape:
    """How a table is written."""

    delimiter: str = ""  # "" where it is no table
    header: Sequence[str] = ()
    above: int = 0  # rows above the header that are not part of the table
    share: float = 0.0  # of the rows are as wide as the header
    named: bool = True  # the header stands in the file; else it is made from the values
    strict: bool = True  # quotes are doubled as they should be

    @property
    def known(self) -> int:
        """How many columns have names that tables of conversations have."""
        return sum(map(columns.is_known, self.header))


def shape(sample: str) -> Shape:
    """How a table is written, by its beginning; one without a delimiter where it is none."""
    if hint := re.match(r"\s*sep=(.)\r?\n", sample):
        found = [_shape(_sampled(sample, hint[1]), hint[1], least=1)]
    else:
        found = [_shape(_sampled(sample, delimiter), delimiter, least=2) for delimiter in DELIMITERS if delimiter]
    best = max(found, key=lambda each: (each.known > 1, each.share, len(each.header)))
    return best if best.delimiter else _single_column(sample)


def read(text: str) -> rows.Rows:
    """All rows of a table. Raises MalformedInputError where there are none, or two columns of one name."""
    found = shape(text[:SNIFFED])
    try:
        for table in _tables(_records(io.StringIO(text, newline=""), found), found, most=len(text) + 1):
            return table
    except csv.Error:
        loose = Shape(found.delimiter, found.header, found.above, found.share, found.named, strict=False)
        for table in _tables(_records(io.StringIO(text, newline=""), loose), loose, most=len(text) + 1):
            return table
    raise MalformedInputError("no rows", remedy="export it again or remove it")


def blocks(lines: Iterable[str], found: Shape, *, most: int) -> Iterator[rows.Rows]:
    """The rows of a large table, so many at a time. Raises csv.Error where strict quoting does not hold."""
    yield from _tables(_records(lines, found), found, most=most)


def keeps_to_quotes(lines: Iterable[str], found: Shape) -> bool:
    """Whether a whole file can be read with strict quoting."""
    try:
        for _ in _records(lines, found):
            pass
    except csv.Error:
        return False
    return True


# --- what it looks like --------------------------------------------------------------------------------------------


def _sampled(sample: str, delimiter: str) -> list[Sequence[str]]:
    """The first rows; the last one may be cut off and is left out."""
    try:
        records = _rows(io.StringIO(sample, newline=""), delimiter, strict=False)
        first = [cells for _, cells in itertools.islice(records, _SAMPLE_ROWS + 1)]
    except csv.Error:
        return []
    cut = len(first) > _SAMPLE_ROWS or (len(sample) == SNIFFED and len(first) > 1)
    return first[:-1] if cut else first


def _shape(sampled: Sequence[Sequence[str]], delimiter: str, *, least: int) -> Shape:
    """The table as it looks with one delimiter: header on top, else below a title, else none."""
    top = _below(sampled, 0, delimiter, least)
    if top.known > 1:
        return top
    for above in range(1, min(len(sampled) - 1, _TITLE_ROWS)):
        lower = _below(sampled, above, delimiter, 2)
        if lower.known > 1 and sum(map(bool, map(str.strip, sampled[above]))) > 1:
            return lower
    if sampled and len(sampled[0]) > 1 and (made := headless.names(sampled)):
        same = sum(len(cells) == len(made) for cells in sampled) / len(sampled)
        return Shape(delimiter, made, 0, same, named=False) if same >= _CONSISTENT else top
    return top


def _below(sampled: Sequence[Sequence[str]], above: int, delimiter: str, least: int) -> Shape:
    """The table whose header is one of the rows; one without a delimiter where the rows below do not fit it."""
    if above >= len(sampled) or len(sampled[above]) < least:
        return Shape()
    header = _names(sampled[above])
    rest = sampled[above:]
    share = sum(len(cells) == len(sampled[above]) for cells in rest) / len(rest)
    known = sum(map(columns.is_known, header))
    if share < (_CONSISTENT if known < 2 else _CONSISTENT_IF_KNOWN):
        return Shape()
    return Shape(delimiter, header, above, share)


def _single_column(sample: str) -> Shape:
    """A table of one column that is named like a text column, such as one quoted transcript per row."""
    header = sample.lstrip("\ufeff \r\n").split("\n", 1)[0].strip().strip('"')
    is_text = columns.turns_candidates([header]) and re.match(r'[^\n]+\n"', sample.lstrip("\ufeff \r\n"))
    return Shape(",", [header], 0, 1.0) if is_text else Shape()


def looks_like_values(header: Sequence[str]) -> bool:
    """Whether a first row holds a time or number, which no column is called."""
    return any(_VALUE.fullmatch(name) for name in header)


def _names(cells: Sequence[str]) -> list[str]:
    """The columns' names; nameless ones at the end come from delimiters at the end of every line."""
    header = [name.strip().strip("\ufeff").strip() or f"column {at}" for at, name in enumerate(cells, start=1)]
    while len(header) > 1 and header[-1] == f"column {len(header)}":
        header.pop()
    return header


# --- rows ----------------------------------------------------------------------------------------------------------


def _tables(records: Iterator[Record | InputError], found: Shape, *, most: int) -> Iterator[rows.Rows]:
    """The rows below the header, so many at a time; a table without rows is one, too."""
    names: list[str] = list(found.header) if not found.named else []
    good: list[Sequence[str]] = []
    places: list[str] = []
    problems: list[InputError] = []
    above, some = found.above, False
    for record in records:
        if isinstance(record, InputError):
            problems.append(record)
            continue
        line, cells = record
        if not names:
            if not any(map(str.strip, cells)):
                continue
            above -= 1
            names = _once(_names(cells), line) if above < 0 else []
            continue
        fitted = _fitted(cells, len(names))
        if fitted is None:
            problems.append(_ragged(line, len(cells), len(names)))
        elif any(fitted):
            good.append(fitted)
            places.append(f"line {line}")
        if len(good) >= most:
            yield _table(names, good, places, problems)
            good, places, problems, some = [], [], [], True
    if names and (good or problems or not some):
        yield _table(names, good, places, problems)


def _table(
    names: Sequence[str], good: Sequence[Sequence[str]], places: Sequence[str], problems: Sequence[InputError]
) -> rows.Rows:
    cells = [_with_points(list(column)) for column in zip(*good, strict=True)] or [[] for _ in names]
    return rows.Rows(dict(zip(names, cells, strict=True)), list(places), list(problems))


def _with_points(cells: list[str]) -> list[str]:
    """A column of numbers with decimal commas (`3,4`), which no other column is made of, with points."""
    filled = [cell for cell in cells if cell.strip()]
    if any("," in cell for cell in filled) and all(_DECIMAL_COMMA.fullmatch(cell.strip()) for cell in filled):
        return [cell.strip().replace(",", ".") for cell in cells]
    return cells


def _once(header: list[str], line: int) -> list[str]:
    """The names, each once: the second of two columns of a name gets a number, unless it may be one that is needed."""
    doubled = {name for name, count in Counter(header).items() if count > 1}
    if wanted := doubled & set(columns.guess(list(dict.fromkeys(header)), {}).values()):
        raise MalformedInputError(
            f"the header names {columns.shown(sorted(wanted))} twice",
            where=f"line {line}",
            remedy="give every column its own name",
        )
    seen: Counter[str] = Counter()
    names = []
    for name in header:
        seen[name] += 1
        names.append(name if seen[name] == 1 else f"{name} ({seen[name]})")
    return names


def _records(lines: Iterable[str], found: Shape) -> Iterator[Record | InputError]:
    """Line number and cells of every row. A quote that is never closed ends the table with a problem."""
    last, broken = 0, 1
    try:
        for line, cells in _rows(lines, found.delimiter or ",", strict=found.strict):
            last, broken = line, line + 1 + sum(cell.count("\n") for cell in cells)
            yield line, cells
    except csv.Error as error:
        if "unexpected end" not in str(error) and "field limit" not in str(error):
            raise
        yield MalformedInputError(
            "a quote is opened and never closed: this row and all after it are left out",
            where=f"line {broken if last else 1}",
            remedy="double the quotes within cells, or export again",
        )


def _rows(lines: Iterable[str], delimiter: str, *, strict: bool) -> Iterator[Record]:
    """The rows that are not empty, with the line on which each begins; Excel's `sep=;` is no row."""
    with _large_fields():
        reader = csv.reader(_plain(lines), delimiter=delimiter, strict=strict)
        line = 1
        for cells in reader:
            if cells and not (line == 1 and len(cells) < 3 and re.match(r"\s*sep=", cells[0])):
                yield line, cells
            line = reader.line_num + 1


def _plain(lines: Iterable[str]) -> Iterator[str]:
    """The lines without a byte order mark and without the zero bytes that a broken export leaves."""
    for at, line in enumerate(lines):
        yield (line.lstrip("\ufeff") if not at else line).replace("\x00", "")


@contextmanager
def _large_fields() -> Iterator[None]:
    """Let csv read cells of a conversation's length, and put its limit back."""
    before = csv.field_size_limit(64 * 1024 * 1024)
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

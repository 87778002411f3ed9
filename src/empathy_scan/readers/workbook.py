"""Excel workbooks (`.xlsx`, `.xlsm`): every visible sheet as a table, its rows read one by one.

Dates are serial numbers with a format: the format tells, and whether the workbook counts from 1900 or 1904. Of a
formula the value counts that was saved with it. The header may stand below a title, and cells may be merged.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from xml.etree.ElementTree import Element

from empathy_scan.config import ReadConfig
from empathy_scan.errors import InputError, MalformedInputError
from empathy_scan.readers import columns, headless, office, rows
from empathy_scan.readers.conversation import Conversation, Parsed
from empathy_scan.readers.files import Document
from empathy_scan.readers.verdict import Verdict

_WIDEST = 16_384  # columns of a sheet
_MOST_ROWS = 1_048_576
_TITLE_ROWS = 30  # rows above which a header is not looked for
_DAY = 86_400
_LAST_DAY = 2_958_466  # the serial number after 31 December 9999
_DATES = {*range(14, 23), *range(27, 37), *range(45, 48), *range(50, 59)}  # formats that every Excel has
_CLOCKS = {18, 19, 20, 21, 32, 33, 45, 46, 47, 55, 56}  # of them those of a time without a day
_QUOTED = re.compile(
    r'"[^"]*"|\\.|_.|\*.|\[(?:Red|Black|Blue|Green|Yellow|White|Cyan|Magenta|Color ?\d+|\$[^\]]*)\]', re.IGNORECASE
)
_ESCAPED = re.compile(r"_x([0-9A-Fa-f]{4})_")
_REFERENCE = re.compile(r"\$?([A-Z]{1,3})\$?(\d{1,7})")

Cells = dict[int, object]  # column, from 0, and its value
_MOST_DIGITS = 9  # of a row, a style or an index


@dataclass(frozen=True, slots=True)
class _Sheet:
    """A sheet: its name, the part that holds it, whether it is shown."""

    name: str
    part: str
    shown: bool


@dataclass(frozen=True, slots=True)
class _Book:
    """What all sheets share."""

    strings: Sequence[str]
    dates: Sequence[str]  # per cell style "date", "clock" or ""
    first_day: datetime


def sniff(document: Document) -> Verdict:
    """Whether the file is a zip archive with `xl/workbook.xml`."""
    if office.kind(document.content) == "xlsx":
        return Verdict(fits=True, why="Office document with xl/workbook.xml")
    return Verdict(fits=False, why="no Office document with xl/workbook.xml")


def parse(document: Document, config: ReadConfig) -> Parsed:
    """The conversations of all visible sheets; one that holds no turns is left out, and a note says so.

    Raises InputError when the workbook is damaged or no sheet holds turns.
    """
    found: list[tuple[str, Parsed]] = []
    refused: list[tuple[str, InputError]] = []
    with office.Package(document.content, max_bytes=config.max_file_bytes) as package:
        book, sheets = _book(package), _sheets(package)
        shown = [sheet for sheet in sheets if sheet.shown] or sheets
        for sheet in shown:
            stem = f"{document.stem}/{sheet.name}" if len(shown) > 1 else document.stem
            try:
                if (table := _table(package, book, sheet)) is not None:
                    found.append((sheet.name, rows.parse(table, stem, config)))
            except InputError as error:
                refused.append((sheet.name, error))
    if not found and refused:
        raise refused[0][1]
    if not found:
        raise MalformedInputError("no sheet has rows", remedy="export it again or remove it")
    notes = [f"sheet {name!r} is left out: {error.what}" for name, error in refused]
    hidden = len(sheets) - len(shown)
    return _together(found, notes + ([f"{hidden} hidden sheet(s) are not read"] if hidden else []))


def cells_of(document: Document, *, max_bytes: int) -> dict[str, list[tuple[int, Cells]]]:
    """The cells of every visible sheet as they are, whatever they are about: by sheet the rows with their numbers.

    Raises InputError for a damaged workbook.
    """
    with office.Package(document.content, max_bytes=max_bytes) as package:
        book, sheets = _book(package), _sheets(package)
        return {sheet.name: _cells(package, book, sheet)[0] for sheet in sheets if sheet.shown}


def _together(found: Sequence[tuple[str, Parsed]], notes: Sequence[str]) -> Parsed:
    conversations: list[Conversation] = [each for _, parsed in found for each in parsed.conversations]
    return Parsed(
        conversations,
        [problem for _, parsed in found for problem in parsed.problems],
        found[0][1].columns,
        [*notes, *(note for _, parsed in found for note in parsed.notes)],
    )


# --- the workbook --------------------------------------------------------------------------------------------------


def _sheets(package: office.Package) -> list[_Sheet]:
    """The sheets in their order; where the workbook does not lead to them, all parts that look like one."""
    targets = {
        office.attribute(each, "Id"): office.attribute(each, "Target")
        for each in package.tree("xl/_rels/workbook.xml.rels")
    }
    found = []
    for each in package.tree("xl/workbook.xml").iter():
        if office.local(each.tag) != "sheet":
            continue
        target = targets.get(office.attribute(each, "id"), "")
        part = target.lstrip("/") if target.startswith("/") else f"xl/{target}"
        if package.has(part) and "worksheet" in part.lower():
            shown = office.attribute(each, "state") not in {"hidden", "veryHidden"}
            found.append(_Sheet(office.attribute(each, "name") or part, part, shown))
    parts = sorted(name for name in package.names if re.fullmatch(r"xl/worksheets/[^/]+\.xml", name))
    return found or [_Sheet(part.rpartition("/")[2].removesuffix(".xml"), part, shown=True) for part in parts]


def _book(package: office.Package) -> _Book:
    strings: list[str] = []
    for event, element in package.events("xl/sharedStrings.xml"):
        if event == "end" and office.local(element.tag) == "si":
            strings.append(_text(element))
            element.clear()
    properties = [each for each in package.tree("xl/workbook.xml").iter() if office.local(each.tag) == "workbookPr"]
    since_1904 = any(office.attribute(each, "date1904") in {"1", "true"} for each in properties)
    # Excel takes 1900 for a leap year: from March 1900 on its days count from 30 December 1899.
    first_day = datetime(1904, 1, 1, tzinfo=UTC) if since_1904 else datetime(1899, 12, 30, tzinfo=UTC)
    return _Book(strings, _styles(package), first_day)


def _styles(package: office.Package) -> list[str]:
    """What the format of every cell style says of a number: `date`, `clock` or an empty string."""
    root = package.tree("xl/styles.xml")
    codes = {
        office.attribute(each, "numFmtId"): office.attribute(each, "formatCode")
        for each in root.iter()
        if office.local(each.tag) == "numFmt"
    }
    styles = [each for part in root if office.local(part.tag) == "cellXfs" for each in part]
    return [_format(office.attribute(each, "numFmtId"), codes) for each in styles]


def _whole(text: str) -> int:
    """A number of a few digits; -1 for anything else."""
    return int(text) if text.isdecimal() and len(text) <= _MOST_DIGITS else -1


def _format(number: str, codes: Mapping[str, str]) -> str:
    if number in codes:
        code = _QUOTED.sub("", codes[number].split(";")[0]).casefold()
        if re.search(r"[yd]", code):
            return "date"
        return (
            "clock"
            if re.search(r"[hs]|\[m+\]", code)
            else "date"
            if re.fullmatch(r"[\s/.\-m]*m[\s/.\-m]*", code)
            else ""
        )
    known = _whole(number)
    return "clock" if known in _CLOCKS else "date" if known in _DATES else ""


def _text(element: Element) -> str:
    """The text of a string with all its runs, without the reading aids of Japanese."""
    pieces = [element.text or ""] if office.local(element.tag) == "t" else []
    pieces += [_text(child) for child in element if office.local(child.tag) in {"t", "r"}]
    return _ESCAPED.sub(lambda found: chr(int(found[1], 16)), "".join(pieces))


# --- a sheet -------------------------------------------------------------------------------------------------------


def _table(package: office.Package, book: _Book, sheet: _Sheet) -> rows.Rows | None:
    """The rows of a sheet below its header; None for a sheet without rows."""
    found, without = _cells(package, book, sheet)
    if not found:
        return None
    table = _below_header(found, sheet.name)
    if without:
        what = f"{without} formula(s) in sheet {sheet.name!r} have no saved value"
        problem = MalformedInputError(what, remedy="open the workbook in Excel and save it, then read it again")
        return rows.Rows(table.cells, table.places, [*table.problems, problem], table.notes)
    return table


def _cells(package: office.Package, book: _Book, sheet: _Sheet) -> tuple[list[tuple[int, Cells]], int]:
    """The rows of a sheet that hold something, by their numbers, and how many formulas have no value."""
    found: list[tuple[int, Cells]] = []
    merged: list[tuple[int, int, int]] = []
    without = 0
    at = 0
    for event, element in package.events(sheet.part):
        tag = office.local(element.tag)
        if event == "end" and tag == "row":
            given = office.attribute(element, "r")
            at = _whole(given) if at < _whole(given) <= _MOST_ROWS else at + 1
            cells, empty = _row(element, book)
            without += empty
            if cells:
                found.append((at, cells))
            element.clear()
        elif event == "end" and tag == "mergeCell" and (span := _span(office.attribute(element, "ref"))):
            merged.append(span)
    _fill(found, merged)
    return found, without


def _row(row: Element, book: _Book) -> tuple[Cells, int]:
    """The cells of a row that hold something, and how many formulas have no value."""
    cells: Cells = {}
    at, without = -1, 0
    for cell in row:
        if office.local(cell.tag) != "c":
            continue
        reference = _REFERENCE.fullmatch(office.attribute(cell, "r"))
        at = _column(reference[1]) if reference else at + 1
        parts = {office.local(part.tag): part for part in cell}
        if at >= _WIDEST:
            raise office.damaged()
        if "f" in parts and "v" not in parts:
            without += 1
        value = _value(cell, parts, book)
        if value not in (None, ""):
            cells[at] = value
    return cells, without


def _value(cell: Element, parts: Mapping[str, Element], book: _Book) -> object:
    kind = office.attribute(cell, "t")
    if kind == "inlineStr":
        return _text(parts["is"]) if "is" in parts else None
    raw = (parts["v"].text or "") if "v" in parts else ""
    if not raw or kind == "e":  # such as #N/A
        return None
    if kind == "s":
        return book.strings[_whole(raw)] if 0 <= _whole(raw) < len(book.strings) else None
    if kind in {"str", "d"}:
        return _ESCAPED.sub(lambda found: chr(int(found[1], 16)), raw)
    if kind == "b":
        return raw == "1"
    style = office.attribute(cell, "s")
    form = book.dates[_whole(style)] if 0 <= _whole(style) < len(book.dates) else ""
    return _number(raw, form, book.first_day)


def _number(raw: str, form: str, first_day: datetime) -> object:
    """A number; with the format of a date a moment, with that of a time the seconds as a clock."""
    try:
        number = float(raw)
    except ValueError:
        return raw
    if form and 0 <= number < _LAST_DAY:
        seconds = round(number * _DAY)
        if form == "date" or number >= 60:  # a clock of 60 days is none
            return first_day + timedelta(seconds=seconds)
        return f"{seconds // 3600}:{seconds // 60 % 60:02}:{seconds % 60:02}"
    if number.is_integer() and abs(number) < 1e15:
        return int(number)
    return number


def _column(letters: str) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - 64
    return number - 1


def _span(reference: str) -> tuple[int, int, int] | None:
    """Column, first and last row of merged cells that reach over several rows."""
    ends = [found for part in reference.split(":") if (found := _REFERENCE.fullmatch(part))]
    if len(ends) != 2 or int(ends[1][2]) <= int(ends[0][2]):
        return None
    return _column(ends[0][1]), int(ends[0][2]), int(ends[1][2])


def _fill(found: Sequence[tuple[int, Cells]], merged: Sequence[tuple[int, int, int]]) -> None:
    """Give every row the value of the merged cell that reaches over it, such as one id for all turns of a call."""
    by_number = dict(found)
    for column, first, last in merged:
        value = by_number.get(first, {}).get(column)
        if value is not None:
            for number in range(first + 1, min(last, first + len(found) * 2) + 1):
                by_number.get(number, {}).setdefault(column, value)


def _below_header(found: Sequence[tuple[int, Cells]], sheet: str) -> rows.Rows:
    """The rows below the header: the first row that names two known columns, else one, else the first of all."""
    at = _header(found)
    notes: list[str] = []
    header: dict[int, str]
    if (at is None or _known(found[at][1]) < 2) and (made := _made(found)):
        header, body = made, found
        notes.append(f"sheet {sheet!r} has no header: its columns are told by their values")
    else:
        at = at or 0
        header, body = _named(found[at][1]), found[at + 1 :]
    cells = {name: [row.get(column) for _, row in body] for column, name in header.items()}
    return rows.Rows(cells, [f"sheet {sheet}, row {number}" for number, _ in body], [], notes)


def _header(found: Sequence[tuple[int, Cells]]) -> int | None:
    counts = [_known(row) for _, row in found[:_TITLE_ROWS]]
    return next((at for least in (2, 1) for at, count in enumerate(counts) if count >= least), None)


def _known(cells: Cells) -> int:
    return sum(map(columns.is_known, map(str, cells.values())))


def _named(cells: Cells) -> dict[int, str]:
    """Column numbers and names, each name once."""
    names: dict[int, str] = {}
    for column, value in sorted(cells.items()):
        name = " ".join(str(value).split())
        again = sum(other == name or other.startswith(f"{name} (") for other in names.values())
        names[column] = f"{name} ({again + 1})" if again else name
    return names


def _made(found: Sequence[tuple[int, Cells]]) -> dict[int, str]:
    """Names from the values of a table without a header; none where they do not tell."""
    used = sorted({column for _, row in found[:40] for column in row})
    made = headless.names(
        [["" if (cell := row.get(column)) is None else str(cell) for column in used] for _, row in found[:40]]
    )
    return dict(zip(used, made, strict=True)) if made else {}

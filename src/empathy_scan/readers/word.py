"""Word documents (`.docx`): paragraphs as lines of a transcript, tables of turns as tables.

Known shapes: `Agent: ...`; a name and a time above each turn (Teams, Otter, Rev, Zoom); a speaker in bold beside or
above what is said; numbered lines; a table of speaker, text and time with or without a header. Struck-out and hidden
text, headers, footers, comments and text boxes are no part of what was said.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from xml.etree.ElementTree import Element

from empathy_scan.codebook import Role
from empathy_scan.config import ReadConfig
from empathy_scan.errors import MalformedInputError, MissingColumnError
from empathy_scan.readers import columns, headless, labels, office, rows, text
from empathy_scan.readers.conversation import Parsed, clean
from empathy_scan.readers.files import Document
from empathy_scan.readers.verdict import Verdict

_SKIPPED = {
    "del",
    "moveFrom",
    "txbxContent",
    "pict",
    "drawing",
    "object",
    "pPr",
    "rPr",
    "instrText",
    "delText",
    "Fallback",
}
_SIGNS = {"tab": "\t", "br": "\n", "cr": "\n", "noBreakHyphen": "-", "ptab": "\t"}
_OFF = {"0", "false", "off", "none"}
_LONGEST_LABEL = 60  # characters of a speaker's name
_WORDS_OF_LABEL = 6
_NUMBER = re.compile(r"^\s*\d{1,5}[.)\]:]?(?:\t|\s+)(?=\S)")
_NUMBERED_SHARE = 0.6  # of the lines begin with a number, and the numbers rise
_CUE = re.compile(r"^\s*(?P<from>\d{1,3}:\d{1,2}:\d{1,2}(?:[.,]\d+)?)\s*-->\s*\d{1,3}:\d{1,2}:\d{1,2}(?:[.,]\d+)?\s*$")
_NAME_AND_TIME = re.compile(
    r"^\s*(?P<name>[^\W\d_][^:\n]{0,59}?)\s++[\[(]?(?P<time>\d{1,3}:\d{2}(?::\d{2})?(?:\s?[AaPp][Mm])?)[\])]?\s*+:?\s*+$"
)
_TIME = re.compile(r"^[\[(]?\d{1,3}:\d{2}(?::\d{2})?(?:[.,]\d+)?(?:\s?[AaPp][Mm])?[\])]?$")


@dataclass(frozen=True, slots=True)
class _Paragraph:
    """The text of a paragraph, and how much of its beginning is bold."""

    text: str
    bold: str = ""


@dataclass(frozen=True, slots=True)
class _Table:
    """The cells of a table, row by row."""

    cells: Sequence[Sequence[str]]


def sniff(document: Document) -> Verdict:
    """Whether the file is a zip archive with `word/document.xml`."""
    found = office.kind(document.content)
    if found == "docx":
        return Verdict(fits=True, why="Office document with word/document.xml")
    return Verdict(fits=False, why="no Office document with word/document.xml")


def parse(document: Document, config: ReadConfig) -> Parsed:
    """The conversations of a Word document; raises MalformedInputError when it is damaged or holds none."""
    with office.Package(document.content, max_bytes=config.max_file_bytes) as package:
        part = next((name for name in ("word/document.xml", "word/document2.xml") if package.has(name)), "")
        if not part:
            raise MalformedInputError("no Word document in it", remedy="save it again as .docx")
        blocks = list(_blocks(package, part))
    parsed = _tables_of_turns(blocks, document.stem, config)
    return parsed or _lines_of_turns(blocks, document, config)


# --- what stands in it ---------------------------------------------------------------------------------------------


def _blocks(package: office.Package, part: str) -> Iterator[_Paragraph | _Table]:
    """Paragraphs and tables of the body, in order; what is understood is forgotten at once."""
    inside = Counter[str]()
    for event, element in package.events(part):
        tag = office.local(element.tag)
        if tag not in {"p", "tbl", "txbxContent"}:
            continue
        inside[tag] += 1 if event == "start" else -1
        if event == "start" or inside["tbl"] or inside["p"] or inside["txbxContent"]:
            continue
        if tag == "p":
            yield _paragraph(element)
        elif tag == "tbl":
            yield _Table([_cells(row) for row in element.iter() if office.local(row.tag) == "tr"])
        element.clear()


def _paragraph(element: Element) -> _Paragraph:
    pieces = list(_pieces(element, bold=False))
    whole = "".join(piece for piece, _ in pieces)
    lead = ""
    for piece, bold in pieces:
        if not bold and piece.strip():
            break
        lead += piece
    return _Paragraph(whole, lead.strip())


def _pieces(element: Element, *, bold: bool) -> Iterator[tuple[str, bool]]:
    """The text of an element in pieces, and whether each is bold."""
    for child in element:
        tag = office.local(child.tag)
        if tag in _SKIPPED:
            continue
        if tag == "t":
            yield child.text or "", bold
        elif tag in _SIGNS:
            yield _SIGNS[tag], bold
        elif tag == "r":
            marks = {
                office.local(mark.tag): office.attribute(mark, "val")
                for part in child
                if office.local(part.tag) == "rPr"
                for mark in part
            }
            if "vanish" not in marks and "strike" not in marks:
                yield from _pieces(child, bold="b" in marks and marks["b"] not in _OFF)
        else:
            yield from _pieces(child, bold=bold)


def _cells(row: Element) -> list[str]:
    """The texts of a table row; of a cell that spans several columns, the rest is empty."""
    found: list[str] = []
    for cell in row.iter():
        if office.local(cell.tag) != "tc":
            continue
        lines = [_paragraph(each).text for each in cell.iter() if office.local(each.tag) == "p"]
        span = next(
            (office.attribute(each, "val") for each in cell.iter() if office.local(each.tag) == "gridSpan"), "1"
        )
        found.append(clean("\n".join(lines)))
        found += [""] * (min(int(span[:3]), 64) - 1 if span.isdecimal() else 0)
    return found


# --- tables --------------------------------------------------------------------------------------------------------


def _tables_of_turns(blocks: Sequence[_Paragraph | _Table], stem: str, config: ReadConfig) -> Parsed | None:
    """The conversations of tables whose rows are turns; None where there is no such table."""
    tables = [table for each in blocks if isinstance(each, _Table) if (table := _as_rows(each)) is not None]
    parsed: list[Parsed] = []
    for number, table in enumerate(tables, start=1):
        try:
            parsed.append(rows.parse(table, f"{stem}-{number}" if len(tables) > 1 else stem, config))
        except MissingColumnError:
            if config.columns:
                raise
    if not parsed:
        return None
    return Parsed(
        [conversation for each in parsed for conversation in each.conversations],
        [problem for each in parsed for problem in each.problems],
        parsed[0].columns,
        [note for each in parsed for note in each.notes],
    )


def _as_rows(table: _Table) -> rows.Rows | None:
    """A table with a header, or one whose values tell roles, texts and times; None for any other, such as of fields."""
    filled = [(number, cells) for number, cells in enumerate(table.cells, start=1) if any(cells)]
    if len(filled) < 2:
        return None
    width = max(len(cells) for _, cells in filled)
    padded = [(number, [*cells, *[""] * (width - len(cells))]) for number, cells in filled]
    names, body = [name.strip() for name in padded[0][1]], padded[1:]
    if sum(map(columns.is_known, names)) < 2 or len(set(names)) < len(names):
        names, body = headless.names([cells for _, cells in padded]) or _speakers_and_texts(padded), padded
    if not names or width < 2:
        return None
    cells = {name: [cells[at] for _, cells in body] for at, name in enumerate(names)}
    return rows.Rows(cells, [f"table row {number}" for number, _ in body])


def _speakers_and_texts(padded: Sequence[tuple[int, Sequence[str]]]) -> list[str]:
    """Names for a table of a few repeated names, texts and perhaps times; an empty list for any other table."""
    width = len(padded[0][1])
    table = [[cells[at] for _, cells in padded] for at in range(width)]
    words = [sum(len(cell.split()) for cell in cells) / len(cells) for cells in table]
    content = max(range(width), key=lambda at: words[at])
    names = [f"column {at}" for at in range(1, width + 1)]
    names[content] = "text"
    for at, cells in enumerate(table):
        told = [cell for cell in cells if cell]
        if at != content and told and all(_TIME.match(cell) for cell in told):
            names[at] = "start"
        elif at != content and "speaker" not in names and 1 < len(set(told)) <= len(told) // 2:
            names[at] = "speaker"
    return names if "speaker" in names and words[content] > 2 and len(padded) > 3 else []


# --- lines ---------------------------------------------------------------------------------------------------------


def _lines_of_turns(blocks: Sequence[_Paragraph | _Table], document: Document, config: ReadConfig) -> Parsed:
    """The conversations of paragraphs, as the reader of plain text sees them; rows of fields are lines, too."""
    leads = _bold_speakers([each for each in blocks if isinstance(each, _Paragraph)])
    lines: list[str] = []
    for each in blocks:
        if isinstance(each, _Paragraph):
            lines += _with_colon(each, leads).split("\n")
        else:
            lines += [": ".join(filter(None, (cell.replace("\n", " ") for cell in cells))) for cells in each.cells]
    plain = _without_numbers([line.replace("\u00a0", " ") for line in lines])
    content = "\n".join(_with_times_first(_without_cues(plain)))
    if not content.strip():
        raise MalformedInputError("the document holds no text", remedy="export it again")
    written = replace(document, content=content.encode("utf-8", "replace"))
    verdict = text.sniff(written)
    if not verdict.fits:
        raise MalformedInputError(
            f"no transcript: {verdict.why}", remedy="begin each turn with a label such as `Agent:` or `Customer:`"
        )
    return text.parse(written, config)


def _bold_speakers(paragraphs: Sequence[_Paragraph]) -> set[str]:
    """What is bold at the beginning of paragraphs and stands for a speaker: a role, or what is there more than once."""
    leads = Counter(lead for each in paragraphs if (lead := _lead(each)))
    spoken = {lead for lead, count in leads.items() if count > 1 or labels.read_label(_name(lead)).role != Role.UNKNOWN}
    return spoken if sum(leads[lead] for lead in spoken) > 1 else set()


def _lead(paragraph: _Paragraph) -> str:
    """The bold beginning of a paragraph, if it may be a speaker without a colon."""
    lead = paragraph.bold
    short = 0 < len(lead) <= _LONGEST_LABEL and len(lead.split()) <= _WORDS_OF_LABEL and "\n" not in lead
    return _name(lead) if short and ":" not in re.sub(r"\d:\d", "", lead) and not lead.endswith((".", "?", "!")) else ""


def _name(lead: str) -> str:
    """A speaker without the time beside it."""
    return re.sub(r"(?<!\s)\s*+[\[(]?\d{1,3}:\d{2}(?::\d{2})?(?:\s?[AaPp][Mm])?[\])]?\s*+$", "", lead).strip(" \t-–—|")


def _with_colon(paragraph: _Paragraph, leads: set[str]) -> str:
    """The text of a paragraph, a colon after its bold speaker where what is said follows on the same line."""
    content = paragraph.text.strip("\n")
    lead = paragraph.bold
    if not (found := _lead(paragraph)) or found not in leads or not content.lstrip().startswith(lead):
        return content
    rest = content.lstrip()[len(lead) :]
    if not rest.strip(" \t"):
        return f"{lead}:" if found == lead else lead  # a time beside the name: the reader of text knows that
    if rest.lstrip(" \t").startswith((":", "-", "–", "—", "|")) or _TIME.match(rest.strip().split("\n")[0]):
        return content
    return f"{lead}: {rest.lstrip()}"


def _without_numbers(lines: Sequence[str]) -> list[str]:
    """The lines without the numbers in front, where nearly all have one and they rise."""
    filled = [line for line in lines if line.strip()]
    numbers = [int(found[0].strip(" \t.)]:")) for line in filled if (found := _NUMBER.match(line))]
    rising = all(later == earlier + 1 for earlier, later in pairwise(numbers))
    if len(numbers) < 2 or len(numbers) < _NUMBERED_SHARE * len(filled) or not rising:
        return list(lines)
    return [_NUMBER.sub("", line) for line in lines]


def _with_times_first(lines: Sequence[str]) -> list[str]:
    """The lines with a name and a time alone (`Dana Lopez   0:03`) as `[0:03] Dana Lopez:`, where there are several."""
    found = [_NAME_AND_TIME.match(line) for line in lines]
    if sum(map(bool, found)) < 2:
        return list(lines)
    return [f"[{each['time']}] {each['name']}:" if each else line for each, line in zip(found, lines, strict=True)]


def _without_cues(lines: Sequence[str]) -> list[str]:
    """The lines with `0:0:1.2 --> 0:0:4.0`, a name and a text (Teams) as `[0:00:01] Name: text`."""
    if not any(_CUE.match(line) for line in lines):
        return list(lines)
    made: list[str] = []
    waiting = ""
    named = False
    for line in lines:
        if found := _CUE.match(line):
            hours, minutes, seconds = found["from"].replace(",", ".").split(":")
            waiting, named = f"[{int(hours)}:{int(minutes):02}:{int(float(seconds)):02}]", False
        elif waiting and line.strip() and not named:
            made.append(f"{waiting} {line.strip().rstrip(':')}:")
            named = True
        else:
            made.append(line)
    return made

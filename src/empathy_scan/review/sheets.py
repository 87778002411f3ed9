"""Turns for people to label, as a workbook with drop-downs or as CSV: what was said, and a cell per answer.

The model's labels are not in it: who sees them first agrees with them too often. No cell begins like a formula.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from empathy_scan.codebook import CODEBOOK_VERSION, Role
from empathy_scan.errors import OutputError, UsageError
from empathy_scan.report import words
from empathy_scan.review import questions
from empathy_scan.review.questions import CANNOT_TELL, Question
from empathy_scan.review.queue import Item, person

ID, BEFORE, TURN, COMMENT, REVIEWER = "id", "before", "turn", "comment", "reviewer"
KINDS = (".xlsx", ".csv")
_FORMULAS = ("=", "+", "-", "@", "\t", "\r", "'")
_CELL = 32_000  # characters; Excel cuts a cell after 32,767
_HINT = 250  # characters of what a drop-down says of itself
_WIDTHS = {ID: 16, BEFORE: 60, TURN: 60, COMMENT: 30, REVIEWER: 14}
_SPEAKERS = {Role.AGENT.value: "Agent", Role.CUSTOMER.value: "Customer"}

_READ = (
    "Each row is one turn of a conversation. Read what was said before it, then label the turn itself, by its words."
)
_TONED = (
    "Choose a tone in every row that you label. A row without any answer counts as not labelled, and may stay so.",
    "Leave any other cell empty for “no”. Choose “?” where nobody could tell from the words.",
    "Insult, threat, swearing and contempt are kinds of hostility: “yes” beside another tone than hostile is rejected.",
)
_UNTONED = (
    "Choose “yes” or “no” in every row that you label, or “?” where nobody could tell from the words.",
    "An empty cell is no answer and does not mean “no”; a row without one counts as not labelled, and may stay so.",
)
_ALWAYS = (
    "Label on your own: do not ask a colleague, and do not look at a report. Agreement means nothing otherwise.",
    "Rows may be sorted and columns moved or hidden. Leave the column “id” as it is.",
    "Save the file as it is, or as CSV, and read it back with: empathy-scan review import FILE",
)

_PASTE_TEST = (
    "Stock phrase or understanding? Cut the sentence out and paste it into a conversation about something else. Still "
    "fits: stock phrase. Would puzzle the other customer: understanding. A turn may be both."
)


def write(path: Path, items: Sequence[Item], *, reviewer: str = "", own: Sequence[Question] = ()) -> None:
    """Write turns into a workbook (`.xlsx`) or a table (`.csv`), for a reviewer if one is named.

    `own` are the questions of the centre's own, of which those are asked that a turn was drawn for.

    Raises UsageError for another kind of file, OutputError where it cannot be written.
    """
    kind = path.suffix.lower()
    if kind not in KINDS:
        raise UsageError(f"{path} is neither {' nor '.join(KINDS)}", remedy="give the file one of these endings")
    make = _workbook if kind == ".xlsx" else _table
    made = make(items, reviewer, own)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(made)
    except OSError as error:
        raise OutputError(
            f"cannot be written ({error.strerror})", where=str(path), remedy="name another file with --out"
        ) from error


def harmless(text: str) -> str:
    """The text as a cell that no spreadsheet takes for a formula: an apostrophe before it where it begins like one."""
    cleaned = words.shown(text).encode("utf-8", errors="replace").decode("utf-8")
    cut = words.beginning(cleaned, _CELL)
    return f"'{cut}" if cut.startswith(_FORMULAS) else cut


def slug(name: str) -> str:
    """A reviewer's name as a part of a file's name."""
    return re.sub(r"[^\w]+", "-", person(name)).strip("-") or "reviewer"


def before(item: Item) -> str:
    """What was said before a turn, a line per turn, oldest first."""
    lines = [f"{_SPEAKERS.get(role, 'System')}: {' '.join(text.split())}" for role, text in item.context]
    whole = "\n".join(lines)
    return whole[-_CELL:] if lines else "(the conversation begins here)"


def _asked(items: Sequence[Item], role: str, own: Sequence[Question]) -> tuple[Question, ...]:
    """The questions about turns of a role that some of these were drawn for; the standard ones where there are none."""
    mine = [item for item in items if item.role == role]
    standard = not mine or any(_is_standard(item) for item in mine)
    wanted = {key for item in mine for key in item.asks}
    return (*(questions.of(role) if standard else ()), *(x for x in own if x.role == role and x.key in wanted))


def _table(items: Sequence[Item], reviewer: str, own: Sequence[Question]) -> bytes:
    """CSV with a column for every question of the roles that there are; a mark tells Excel that it is UTF-8."""
    others = {item.role for item in items if not _is_standard(item)}
    standard = not items or any(_is_standard(item) for item in items)
    roles = [role for role in questions.QUESTIONS if standard or role in others]
    asked = list({each.column: each for role in roles for each in _asked(items, role, own)})
    written = io.StringIO()
    rows = csv.writer(written)
    rows.writerow([ID, "role", BEFORE, TURN, *asked, COMMENT, REVIEWER])
    for item in items:
        told = [item.role, harmless(before(item)), harmless(item.text)]
        rows.writerow([item.id, *told, *([""] * len(asked)), "", harmless(reviewer)])
    return b"\xef\xbb\xbf" + written.getvalue().encode("utf-8")


def _workbook(items: Sequence[Item], reviewer: str, others: Sequence[Question]) -> bytes:
    """A sheet per role, and one that says how to label."""
    import xlsxwriter  # noqa: PLC0415 - only who exports needs it

    made = io.BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    with xlsxwriter.Workbook(made, options) as book:
        bold = book.add_format({"bold": True, "text_wrap": True, "valign": "top", "bg_color": "#E9F0F8", "border": 1})
        plain = book.add_format({"text_wrap": True, "valign": "top"})
        for role in questions.QUESTIONS:
            own = [item for item in items if item.role == role]
            if own:
                asked = _asked(items, role, others)
                sheet = book.add_worksheet(f"{_SPEAKERS[role]} turns")
                _fill(sheet, own, asked, reviewer, bold, plain)
        help_ = book.add_worksheet("How to label")
        help_.set_column(0, 0, 28, plain)
        help_.set_column(1, 1, 100, plain)
        for number, (name, meaning) in enumerate(_help(items, others)):
            help_.write_string(number, 0, name, bold if name else plain)
            help_.write_string(number, 1, meaning, plain)
    return made.getvalue()


def _fill(
    sheet: object, items: Sequence[Item], asked: Sequence[Question], reviewer: str, bold: object, plain: object
) -> None:
    """The rows of a sheet, with a drop-down in every cell that wants an answer."""
    page: Any = sheet
    titles = [ID, BEFORE, TURN, *(each.column for each in asked), COMMENT, REVIEWER]
    for column, title in enumerate(titles):
        page.write_string(0, column, title, bold)
        page.set_column(column, column, _WIDTHS.get(title, 14), plain)
    page.freeze_panes(1, 1)
    page.autofilter(0, 0, len(items), len(titles) - 1)
    for row, item in enumerate(items, start=1):
        for column, text in ((0, item.id), (1, before(item)), (2, item.text), (len(titles) - 1, reviewer)):
            page.write_string(row, column, harmless(text), plain)
    for column, each in enumerate(asked, start=3):
        page.data_validation(1, column, len(items), column, {
            "validate": "list", "source": [*(choice.name for choice in each.choices), CANNOT_TELL],
            "input_title": each.name[:32], "input_message": hint(each),
            "error_title": "Not one of the answers", "error_message": "Choose an answer from the list.",
        })  # fmt: skip


def hint(question: Question) -> str:
    """When an answer is given, in the codebook's words."""
    told = [f"{choice.name}: {choice.meaning}" for choice in question.choices if choice.meaning]
    return words.beginning("; ".join(told) if told else question.meaning, _HINT)


def _help(items: Sequence[Item], own: Sequence[Question]) -> Iterator[tuple[str, str]]:
    """What the sheet of instructions says, as pairs of name and words."""
    toned = not items or any(_is_standard(item) for item in items)
    untoned = [item for item in items if not _is_standard(item)]
    only = ("Rows that ask for no tone:",) if toned and untoned else ()
    sentences = (_READ, *(_TONED if toned else ()), *only, *(_UNTONED if untoned else ()), *_ALWAYS)
    for number, sentence in enumerate(sentences):
        yield ("How to label" if not number else ""), sentence
    yield "", ""
    for role in questions.QUESTIONS:
        if not toned and not any(item.role == role for item in items):
            continue
        yield f"{_SPEAKERS[role]} turns", f"Codebook, version {CODEBOOK_VERSION}"
        for each in _asked(items, role, own):
            if each.ordinal:
                yield each.title, "; ".join(f"{choice.name}: {choice.meaning}" for choice in each.choices)
            else:
                yield each.title, each.meaning
    if toned:
        yield "", ""
        yield "The paste test", _PASTE_TEST


def _is_standard(item: Item) -> bool:
    return not item.asks or questions.TONE in item.asks

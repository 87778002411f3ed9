"""Answers read back from files: rows may be sorted, columns moved, cells empty, the file saved by any program.

A row is known by its `id`. What is wrong with a row is told with file, row and remedy, never with what stands in it;
the other rows count.
"""

from __future__ import annotations

import csv
import io
from collections import Counter, defaultdict
from collections.abc import Container, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import polars as pl

from empathy_scan.appeals_log import Case, Log
from empathy_scan.errors import InputError, MalformedInputError, MissingColumnError, UsageError
from empathy_scan.readers import files, office, workbook
from empathy_scan.readers.rows import as_text
from empathy_scan.review import disputed, questions
from empathy_scan.review.agreement import first_answers, last_answers
from empathy_scan.review.questions import Question
from empathy_scan.review.queue import Answer, Item, Queue, person
from empathy_scan.review.sheets import COMMENT, ID, REVIEWER
from empathy_scan.tables import REJECTS, conform

_MOST_BYTES = 256 * 1024 * 1024
_HEADER_WITHIN = 20  # rows
_LONGEST = 2_000  # characters of a comment
_OTHERWISE = "the same person has answered this turn otherwise before"
_ASK = "correct the row, or clear its answers, and import the file again"

Cells = Sequence[str]


@dataclass(frozen=True, slots=True)
class Imported:
    """What became of files: answers that are new, known already, second thoughts; rows that hold none; and rejects."""

    new: int
    known: int
    again: int
    empty: int
    rejects: pl.DataFrame
    reviewers: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Row:
    """A row that answers: where it stands, and what it says."""

    source: str
    place: str
    answer: Answer


@dataclass(frozen=True, slots=True)
class _Table:
    """A table: its columns by what they are, and its rows by where they stand."""

    columns: Mapping[str, int]
    rows: Sequence[tuple[str, Cells]]


class _Rejects:
    """The rows that cannot count, as they are found."""

    def __init__(self) -> None:
        self._rows: list[dict[str, str]] = []

    def add(self, source: str, place: str, error: InputError) -> None:
        """Note a row, or with an empty place a file."""
        told = {"error": type(error).__name__, "reason": error.what, "remedy": error.remedy}
        self._rows.append({"source": source, "place": place, **told})

    def frame(self) -> pl.DataFrame:
        """As REJECTS."""
        rows = pl.DataFrame(self._rows, schema=dict(REJECTS.columns))
        return conform(rows.unique(REJECTS.key, maintain_order=True), REJECTS)


def read_in(queue: Queue, paths: Sequence[Path], *, reviewer: str = "", again: bool = False) -> Imported:
    """Add to a queue the answers in files that `review export` wrote.

    `reviewer` is who answered rows that name nobody. An answer to a turn that the same person has answered otherwise
    before is a reject, or with `again` a second thought. Raises UsageError for a path that does not exist, StoreError
    where the queue cannot be read or written.
    """
    rejects, found, empty = _Rejects(), list[_Row](), 0
    log = Log(queue.folder)
    cases = {case.item: case for case in log.cases().values()}
    items = {item.id: item for item in (*queue.items(), *map(disputed.item, cases.values()))}
    for where in files.find(paths):
        path = where.path
        try:
            tables = list(_tables(files.load(where, max_bytes=_MOST_BYTES), queue.own))
        except InputError as error:
            rejects.add(str(path), "", error)
            continue
        for table in tables:
            for place, cells in table.rows:
                try:
                    answer = _answer(table, cells, items, queue, reviewer=reviewer, via=path.name)
                except InputError as error:
                    rejects.add(str(path), place, error)
                    continue
                if answer is None:
                    empty += 1
                else:
                    found.append(_Row(str(path), place, answer))
    rows = list(_without_conflicts(found, rejects))
    counts = _advised([row for row in rows if row.answer.id in cases], cases, log, rejects)
    with queue.writing():
        counts += _added(queue, [row for row in rows if row.answer.id not in cases], rejects, again=again)
    people = {person(row.answer.reviewer): row.answer.reviewer for row in rows}
    return Imported(
        counts["new"], counts["known"], counts["again"], empty, rejects.frame(), tuple(sorted(people.values()))
    )


def _advised(rows: Sequence[_Row], cases: Mapping[str, Case], log: Log, rejects: _Rejects) -> Counter[str]:
    """Add what people say of appealed messages to the log of appeals; the first answer of a person counts."""
    counts = Counter[str]()
    for row in rows:
        case, told = cases[row.answer.id], row.answer
        before = disputed.said_by(case, told.reviewer)
        if before is None:
            try:
                disputed.keep(log, case, told.reviewer, told.labels, told.comment)
                counts["new"] += 1
            except UsageError as error:
                rejects.add(row.source, row.place, MalformedInputError(error.what, remedy="leave the row out"))
        elif dict(before.decided) == disputed.standard(case, told.labels):
            counts["known"] += 1
        else:
            remedy = "the first answer counts; leave the row out"
            rejects.add(row.source, row.place, MalformedInputError(_OTHERWISE, remedy=remedy))
    return counts


def _added(queue: Queue, rows: Sequence[_Row], rejects: _Rejects, *, again: bool) -> Counter[str]:
    """Add what is new to the queue."""
    held = queue.answers()
    first, last = first_answers(held), last_answers(held)
    new: list[Answer] = []
    counts = Counter[str]()
    for row in rows:
        key = (row.answer.id, person(row.answer.reviewer))
        if key not in first:
            counts["new"] += 1
            new.append(row.answer)
        elif row.answer.labels in (dict(first[key].labels), dict(last[key].labels)):
            counts["known"] += 1
        elif again:
            counts["again"] += 1
            told = row.answer
            new.append(
                Answer(told.id, told.reviewer, told.labels, told.answered_at, told.comment, told.via, again=True)
            )
        else:
            remedy = "the first answer counts; import it with --second-thoughts to keep this one beside it"
            rejects.add(row.source, row.place, MalformedInputError(_OTHERWISE, remedy=remedy))
    queue.add_answers(new)
    return counts


def _without_conflicts(rows: Sequence[_Row], rejects: _Rejects) -> Iterator[_Row]:
    """One row per person and turn; where two say different things nobody knows which holds, and both are rejected."""
    by_key: dict[tuple[str, str], list[_Row]] = defaultdict(list)
    for row in rows:
        by_key[row.answer.id, person(row.answer.reviewer)].append(row)
    for own in by_key.values():
        if all(row.answer.labels == own[0].answer.labels for row in own):
            yield own[0]
            continue
        for row in own:
            others = ", ".join(
                other.place if other.source == row.source else f"{Path(other.source).name} {other.place}"
                for other in own
                if other is not row
            )
            what = f"the same person answers this turn otherwise in {others}"
            rejects.add(row.source, row.place, MalformedInputError(what, remedy="keep the row that holds"))


def _answer(
    table: _Table, cells: Cells, items: Mapping[str, Item], queue: Queue, *, reviewer: str, via: str
) -> Answer | None:
    """What a row answers; None where it answers nothing. Raises InputError for a row that cannot count."""

    def cell(name: str) -> str:
        at = table.columns.get(name)
        return cells[at].strip() if at is not None and at < len(cells) else ""

    if not any(each.strip() for each in cells):
        return None
    name = cell(ID).lstrip("'")
    item = items.get(name)
    given = {key: at for key, at in table.columns.items() if key not in {ID, COMMENT, REVIEWER} and cell(key)}
    if not given:
        return None
    if not name:
        raise MalformedInputError("the row has answers but no id", remedy="put the row's id back from the export")
    if item is None:
        raise MalformedInputError(
            "no turn of this id was drawn into the queue", remedy="name the queue of the export with --queue"
        )
    labels = _labels(item, {key: cell(key) for key in given}, queue, table.columns)
    who = cell(REVIEWER).lstrip("'") or reviewer
    if not person(who):
        raise MalformedInputError(
            "nobody is named who answered", remedy="fill the column “reviewer”, or say --reviewer NAME"
        )
    return Answer(item.id, who, labels, datetime.now(UTC), cell(COMMENT)[:_LONGEST], via)


def _labels(item: Item, given: Mapping[str, str], queue: Queue, columns: Container[str]) -> dict[str, str]:
    """The answers of a row; raises InputError for one that is none, or where a question has no column."""
    wanted = {each.key: each for each in queue.asked_of(item)}
    if lost := [each.column for key, each in wanted.items() if key not in columns]:
        raise MissingColumnError(
            f"the file has no column {', '.join(f'“{name}”' for name in lost)}",
            remedy="put it back as `review export` named it: without it nobody knows what was answered",
        )
    asked = wanted | {each.key: each for each in questions.of(item.role, queue.own) if each.key in given}
    read: dict[str, str] = {}
    for key, cell in given.items():
        if key not in asked:
            raise MalformedInputError(
                f"an answer stands in a column that is not for turns of the {item.role}", remedy=_ASK
            )
        value = asked[key].parse(cell)
        if value is None:
            choices = ", ".join([*(choice.name for choice in asked[key].choices), questions.CANNOT_TELL])
            raise MalformedInputError(f"the cell under “{asked[key].column}” is none of {choices}", remedy=_ASK)
        read[key] = value
    if questions.TONE in wanted and not read.get(questions.TONE):
        raise MalformedInputError(
            "no tone is chosen, though other cells are filled", remedy="choose a tone, or clear the row"
        )
    about = [each for each in questions.of(item.role, queue.own) if each.key in {*wanted, *read}]
    done = questions.completed(item.role, read, about)
    if isinstance(done, str):
        raise MalformedInputError(done, remedy=_ASK)
    return done


# --- the files -----------------------------------------------------------------------------------------------------


def _tables(document: files.Document, own: Sequence[Question]) -> Iterator[_Table]:
    """The tables of a file that have a header with `id`; raises InputError where there is none."""
    found = []
    if office.kind(document.content) == "xlsx":
        sheets = workbook.cells_of(document, max_bytes=_MOST_BYTES)
        for name, rows in sheets.items():
            told = [
                (f"sheet {name}, row {number}", _line({column: as_text(value) for column, value in row.items()}))
                for number, row in rows
            ]
            found.append(_table(told, own))
        for table, (name, rows) in zip(found, sheets.items(), strict=True):
            if table is None and (lost := _lost([[as_text(value) for value in row.values()] for _, row in rows], own)):
                raise MissingColumnError(
                    f"sheet {name} has questions, but no column {lost}",
                    remedy="put the header back as `review export` wrote it",
                )
    else:
        found = [max((_table(list(_lines(document.text, each)), own) for each in ",;\t|"), key=_width)]
    known = [table for table in found if table is not None]
    if not known:
        raise MissingColumnError(
            "no table with the columns “id” and “tone”, or with “id” and an own label of the codebook",
            remedy="give a file that `review export` wrote, with its header, and the --codebook of its own labels",
        )
    yield from known


def _width(table: _Table | None) -> int:
    return len(table.columns) if table else 0


def _line(cells: Mapping[int, str]) -> list[str]:
    return [cells.get(column, "") for column in range(max(cells, default=-1) + 1)]


def _lines(text: str, delimiter: str) -> Iterator[tuple[str, Cells]]:
    """The records of delimited text, each with the line in which it ends."""
    before = csv.field_size_limit(_MOST_BYTES)
    try:
        rows = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
        for cells in rows:
            yield f"line {rows.line_num}", cells
    except csv.Error as error:
        raise MalformedInputError("not a table of comma-separated values", remedy="save it again as CSV") from error
    finally:
        csv.field_size_limit(before)


def _table(rows: Sequence[tuple[str, Cells]], own: Sequence[Question]) -> _Table | None:
    """The rows below the header, which names `id` and a question; None where there is none."""
    for at, (_, cells) in enumerate(rows[:_HEADER_WITHIN]):
        columns = _columns(cells, own)
        if ID in columns and columns.keys() & {questions.TONE, *(each.key for each in own)}:
            return _Table(columns, rows[at + 1 :])
    return None


def _lost(rows: Sequence[Cells], own: Sequence[Question]) -> str:
    """Which of the columns that every table has is missing under the header of a table; "" where there is none."""
    for cells in rows[:_HEADER_WITHIN]:
        columns = _columns(cells, own)
        if len(columns.keys() - {COMMENT, REVIEWER}) > 1:
            return "“id”" if ID not in columns else "“tone”"
    return ""


def _columns(cells: Cells, own: Sequence[Question]) -> dict[str, int]:
    """What the cells of a header name: questions by their keys, and our own columns."""
    names = {each: each for each in (ID, COMMENT, REVIEWER)}
    for role in questions.QUESTIONS:
        for each in questions.of(role, own):
            names |= {questions.known(name): each.key for name in (each.column, each.title, each.key)}
            if each.key != questions.TONE:
                names[questions.known(each.name)] = each.key
    found: dict[str, int] = {}
    for at, cell in enumerate(cells):
        if (key := names.get(questions.known(cell))) is not None:
            found.setdefault(key, at)
    return found

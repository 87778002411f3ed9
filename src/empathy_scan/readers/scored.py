"""Tables of turns that carry labels already, from people or a model: what `measure` computes its figures from."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TypeVar

import polars as pl

from empathy_scan.codebook import (
    AGENT_TONE_NAMES,
    ATTACK_CODES,
    CUSTOMER_TONE_NAMES,
    FLAG_CODES,
    Channel,
    Role,
    sort_codes,
)
from empathy_scan.errors import InputError, MalformedInputError, MissingColumnError, UnknownFormatError, UsageError
from empathy_scan.readers import columns, files, labels, tabular, times
from empathy_scan.readers.channels import read_channel
from empathy_scan.readers.conversation import label_or_none
from empathy_scan.readers.rows import Rows, from_objects
from empathy_scan.tables import LABELS, conform

T = TypeVar("T")
_NEEDED = ("conversation_id", "turn", "role", "tone")
_TONES = {
    **{name: number for names in (AGENT_TONE_NAMES, CUSTOMER_TONE_NAMES) for number, name in enumerate(names)},
    **{str(number): number for number in range(3)},
    **{f"{number}.0": number for number in range(3)},
}
_TRUTHS = {"true": True, "1": True, "yes": True, "false": False, "0": False, "no": False}
_FAULTS_SHOWN = 5


def parse_table(path: Path, *, max_bytes: int = 512 * 1024 * 1024, places: bool = False) -> pl.DataFrame:
    """The labelled turns of a CSV, TSV, JSON, JSON Lines or Parquet file as a LABELS frame, with `text` if it has any.

    Needs the columns conversation_id, turn, role and tone; flags, kinds, agent_id, channel, queue, started_at,
    hardship and p_hostile may be missing or empty. `places` adds a column `place` ("line 3") and keeps the order of
    the file; without it rows are sorted. Raises UsageError for a path that does not exist or is a folder, InputError
    for a file that is no such table, MissingColumnError, and MalformedInputError that names the first faulty rows.
    """
    table = _table(path, max_bytes)
    if missing := [name for name in _NEEDED if _cells(table, name) is None]:
        raise MissingColumnError(
            f"no column {', '.join(map(repr, missing))}; the columns are {columns.shown(table.names)}",
            where=str(path),
            remedy=f"name the columns {', '.join(_NEEDED)}",
        )
    frame = pl.DataFrame(_labels(table, str(path)), schema=dict(LABELS.columns)).with_columns(_text(table))
    doubled = frame.filter(pl.struct(LABELS.key).is_duplicated())
    if doubled.height:
        identity, turn = doubled.select(LABELS.key).row(0)
        raise MalformedInputError(
            f"turn {turn} of conversation {identity!r} is there twice", where=str(path), remedy="keep one row per turn"
        )
    ordered = frame.with_columns(pl.Series("place", table.places, pl.String)) if places else frame.sort(LABELS.key)
    return conform(ordered.select(LABELS.columns.keys()), LABELS).with_columns(
        ordered.select(pl.exclude(LABELS.columns))
    )


def _table(path: Path, max_bytes: int) -> Rows:
    """The rows of the file, without any that is broken; errors name the path as it was given."""
    found = files.find([path])[0]
    if path.is_dir():
        raise UsageError(f"{path} is a folder", remedy="give one file with a table of labelled turns")
    try:
        table = _rows(files.load(found, max_bytes=max_bytes), max_bytes)
        if table.problems:
            raise table.problems[0]
    except InputError as error:
        raise _located(error, path) from error
    return table


def _rows(document: files.Document, max_bytes: int) -> Rows:
    """The rows of a table file, whatever its kind."""
    if document.content.startswith(b"PAR1"):
        return tabular.read_parquet(document, max_bytes=max_bytes)
    if tabular.sniff_json_lines(document).fits:
        return tabular.read_json_lines(document)
    if document.text.lstrip().startswith("["):
        objects = [each for each in _list(document.json) if isinstance(each, Mapping)]
        return from_objects(objects, [f"item {number}" for number in range(1, len(objects) + 1)])
    if tabular.sniff_delimited(document).fits:
        return tabular.read_delimited(document)
    raise UnknownFormatError(
        "not a table of labelled turns",
        remedy="give CSV, TSV, JSON Lines or Parquet with a header",
    )


def _list(value: object) -> list[object]:
    return value if isinstance(value, list) else []


def _cells(table: Rows, name: str) -> Sequence[object] | None:
    """The cells of a column, by its name in any spelling; None if there is none."""
    own = next((each for each in table.names if columns.fold(each) == columns.fold(name)), None)
    return None if own is None else table.cells[own]


def _labels(table: Rows, where: str) -> dict[str, Sequence[object]]:
    """The columns of LABELS; raises MalformedInputError that lists the first faulty cells."""
    faults: list[tuple[int, str]] = []

    def read(name: str, convert: Callable[[object], T], default: T) -> list[T]:
        cells = _cells(table, name)
        if cells is None:
            return [default] * len(table.places)
        found: list[T] = []
        for at, (cell, place) in enumerate(zip(cells, table.places, strict=True)):
            try:
                found.append(convert(cell))
            except (ValueError, TypeError, OverflowError):
                faults.append((at, f"{place}: {name} {_shown(cell)}"))
                found.append(default)
        return found

    roles = read("role", _role, "")
    read_columns: dict[str, Sequence[object]] = {
        "conversation_id": read("conversation_id", _needed, ""),
        "channel": read("channel", lambda cell: str(read_channel(label_or_none(cell)) or Channel.OTHER), "other"),
        "queue": read("queue", label_or_none, None),
        "started_at": [instant.moment for instant in times.read_instants(_cells(table, "started_at") or [])]
        or [None] * len(table.places),
        "turn": read("turn", _turn, 0),
        "role": roles,
        "agent_id": read("agent_id", label_or_none, None),
        "flags": read("flags", lambda cell: _codes(cell, FLAG_CODES), ""),
        "tone": read("tone", _tone, 0),
        "kinds": read("kinds", lambda cell: _codes(cell, ATTACK_CODES), ""),
        "hardship": read("hardship", _truth, default=False),
        "p_hostile": read("p_hostile", _probability, None),
    }
    faults += [
        (at, f"{place}: tone is empty")
        for at, (role, cell, place) in enumerate(zip(roles, _cells(table, "tone") or [], table.places, strict=True))
        if role in {Role.AGENT, Role.CUSTOMER} and label_or_none(cell) is None
    ]
    if faults:
        raise _faulty([fault for _, fault in sorted(faults, key=lambda pair: pair[0])], where)
    return read_columns


def _faulty(faults: Sequence[str], where: str) -> MalformedInputError:
    """The error that lists the first faults."""
    more = f" and {len(faults) - _FAULTS_SHOWN} more" if len(faults) > _FAULTS_SHOWN else ""
    return MalformedInputError(
        f"{len(faults)} cells cannot be read: {'; '.join(faults[:_FAULTS_SHOWN])}{more}",
        where=where,
        remedy="flags are letters of SAXO, kinds of itpc, tone 0, 1 or 2, role agent, customer or system",
    )


def _text(table: Rows) -> list[pl.Series]:
    cells = _cells(table, "text")
    return (
        [] if cells is None else [pl.Series("text", ["" if cell is None else str(cell) for cell in cells], pl.String)]
    )


def _needed(cell: object) -> str:
    if (value := label_or_none(cell)) is None:
        raise ValueError
    return value


def _turn(cell: object) -> int:
    number = float(str(cell))
    if not number.is_integer() or number < 0:
        raise ValueError
    return int(number)


def _role(cell: object) -> str:
    role = labels.read_label(str(cell)).role
    if role == Role.UNKNOWN:
        raise ValueError
    return str(role)


def _tone(cell: object) -> int:
    """A tone as number or name; nothing at all is civil here, which only turns of nobody who is scored may be."""
    word = (label_or_none(cell) or "0").casefold()
    if word not in _TONES:
        raise ValueError
    return _TONES[word]


def _codes(cell: object, order: str) -> str:
    """Codes in any order and spelling (`S, A`, `["S","A"]`) in codebook order."""
    given = "".join(map(str, cell)) if isinstance(cell, list | tuple) else label_or_none(cell) or ""
    letters = [letter for letter in given if letter.isalnum()]
    return sort_codes((letter.upper() if order.isupper() else letter.lower() for letter in letters), order)


def _truth(cell: object) -> bool:
    if isinstance(cell, bool):
        return cell
    word = (label_or_none(cell) or "false").casefold()
    if word not in _TRUTHS:
        raise ValueError
    return _TRUTHS[word]


def _probability(cell: object) -> float | None:
    if label_or_none(cell) is None:
        return None
    number = float(str(cell))
    if not 0 <= number <= 1:
        raise ValueError
    return number


def _shown(cell: object) -> str:
    """A faulty cell for a message, if it is short enough to be a label and no text."""
    word = str(cell)
    return repr(word) if len(word) <= 12 else "is too long to be one"


def _located(error: InputError, path: Path) -> InputError:
    """The error of a row with the file before the place."""
    where = f"{path}: {error.where}" if error.where else str(path)
    return type(error)(error.what, where=where, remedy=error.remedy)

"""Cells that are objects (`{"speaker": {"role": ..., "name": ...}}`) as columns of their own: `speaker.role`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from empathy_scan.readers import columns

_DEEPEST = 3
# What an object stands for in a column that holds plain cells too, in order of preference.
_KEYS = ("id", "email", "address", "name", "value", "label", "role", "type")


def flatten(cells: Mapping[str, Sequence[object]], *, depth: int = _DEEPEST) -> dict[str, Sequence[object]]:
    """The columns, those of objects replaced by one per key; objects that hold text stay as they are."""
    flat: dict[str, Sequence[object]] = {}
    for name, column in cells.items():
        if not any(isinstance(cell, dict) for cell in column) or _holds_text(name, column):
            flat[name] = column
        elif any(cell not in (None, "") and not isinstance(cell, dict) for cell in column):
            flat[name] = [_plain(cell) for cell in column]
        elif depth:
            for part, inner in flatten(_parts(name, column), depth=depth - 1).items():
                flat.setdefault(part, inner)
    return flat


def _parts(name: str, column: Sequence[object]) -> dict[str, Sequence[object]]:
    keys = dict.fromkeys(key for cell in column if isinstance(cell, dict) for key in cell)
    return {f"{name}.{key}": [cell.get(key) if isinstance(cell, dict) else None for cell in column] for key in keys}


def _holds_text(name: str, column: Sequence[object]) -> bool:
    """Whether the objects of a column are messages, such as `{"content": {"text": ...}}`."""
    if not columns.may_hold_text(name):
        return False
    first = next(cell for cell in column if isinstance(cell, dict))
    return "text" in columns.guess([str(key) for key in first], {})


def _plain(cell: object) -> object:
    """An object as one value of it; anything else as it is."""
    if not isinstance(cell, dict):
        return cell
    return next((cell[key] for key in _KEYS if cell.get(key) not in (None, "")), None)

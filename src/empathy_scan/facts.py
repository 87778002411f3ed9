"""A few facts in a small file beside the tables of a store, on a disk or in an object store."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import polars as pl

from empathy_scan import sums
from empathy_scan.delta import failures
from empathy_scan.errors import StoreError


def parsed(text: str | None) -> dict[str, Any]:
    """The object that the text holds as JSON; an empty one where it holds none, or is damaged."""
    try:
        told = json.loads(text or "{}")
    except (ValueError, RecursionError):
        return {}
    return told if isinstance(told, dict) else {}


def only_files(folder: Path) -> None:
    """Raise StoreError where something in the folder is no file: a pipe is waited for, and a device has no end."""
    for strange in _no_files(folder):
        raise StoreError(
            "neither a file nor a folder (a pipe, a device, or a link to one)",
            where=strange,
            remedy="find out who put it there, remove it, and restore what it stands for from a copy of the store",
        )


def _no_files(folder: Path) -> Iterator[str]:
    with failures(str(folder), "read"), os.scandir(folder) as entries:
        for entry in entries:
            if entry.is_dir(follow_symlinks=False):
                yield from _no_files(Path(entry.path))
            elif not (entry.is_file() or entry.is_dir()) and os.path.exists(entry.path):  # noqa: PTH110 - follows links
                yield entry.path


def read(place: str, options: Mapping[str, str]) -> str | None:
    """The text of the file; None where there is none. Raises StoreError where that cannot be known."""
    with failures(place.rpartition("/")[0], "read"):
        try:
            if "://" in place:
                return json.dumps(pl.read_ndjson(place, storage_options=dict(options)).row(0, named=True))
            return Path(place).read_text(encoding="utf-8", errors="replace")
        except FileNotFoundError:
            return None


def write(place: str, facts: Mapping[str, str | int], options: Mapping[str, str]) -> None:
    """Put facts in the file, whole or not at all. Raises StoreError."""
    frame = pl.LazyFrame({key: [value] for key, value in facts.items()})
    with failures(place.rpartition("/")[0], "written"):
        if "://" in place:
            frame.sink_ndjson(place, storage_options=dict(options))
        else:
            frame.sink_ndjson(f"{place}.part")
            sums.replace(Path(f"{place}.part"), Path(place))

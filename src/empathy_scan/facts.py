"""A few facts in a small file beside the tables of a store, on a disk or in an object store."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import polars as pl

from empathy_scan import sums
from empathy_scan.delta import failures


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

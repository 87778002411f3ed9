"""Conversations whose roles are known, as redacted frames whose speakers are `Speaker 0` and `Speaker 1`."""

from __future__ import annotations

import gzip
import hashlib
import json
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import polars as pl

from empathy_scan import redact
from empathy_scan.config import RedactConfig
from empathy_scan.errors import InputError
from empathy_scan.model.splits import AUTHORS_HELD_OUT, split_of, split_of_written
from empathy_scan.tables import TURNS, conform

Record = dict[str, Any]


def place(key: str) -> int:
    """A number that hangs on the key alone."""
    return int(hashlib.sha256(key.encode()).hexdigest()[:12], 16)


def real(corpora: Path, corpus: str, splits: Sequence[str], *, most: int | None = None) -> list[Record]:
    """Conversations of a corpus in these splits, the first `most` by hash. Raises InputError when it is missing."""
    path = corpora / f"{corpus}.jsonl.gz"
    if not path.exists():
        raise InputError("corpus not found", where=str(path), remedy="give the folder that holds open/ and research/")
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        found = [record for record in map(json.loads, lines) if split_of(corpus, record["conversation_id"]) in splits]
    return sorted(found, key=lambda record: place(record["conversation_id"]))[:most]


def written(folder: Path, *, held_out: bool, split: str) -> list[Record]:
    """Written conversations: those of the authors held out, or of the others in `train` or `dev`."""
    return [
        record
        for path in sorted(folder.glob("*.jsonl"))
        if (path.stem in AUTHORS_HELD_OUT) == held_out
        for record in map(json.loads, path.read_text(encoding="utf-8").splitlines())
        if split_of_written(record["scenario"], path.stem) == split
    ]


def hidden(records: Iterable[Record], *, redacted: bool = True) -> pl.DataFrame:
    """A TURNS frame without roles, and `gold` beside it. Which of the two is `Speaker 0` hangs on a hash."""
    rows = [
        (record["conversation_id"], record["channel"], turn, text["text"], text["role"],
         f"Speaker {(place(record['conversation_id']) + (text['role'] == 'agent')) % 2}")
        for record in records
        for turn, text in enumerate(record["turns"])
    ]  # fmt: skip
    names = ("conversation_id", "channel", "turn", "text", "gold", "speaker")
    frame = pl.DataFrame(rows, schema=names, orient="row").with_columns(
        pl.col("turn").cast(pl.Int32),
        queue=pl.lit(None, pl.String),
        started_at=pl.lit(datetime(2026, 10, 5, tzinfo=UTC), TURNS.columns["started_at"]),
        role=pl.lit("unknown"), role_source=pl.lit(""), agent_id=pl.lit(None, pl.String),
        start=pl.lit(None, pl.Float64), end=pl.lit(None, pl.Float64), source=pl.lit("x"), format=pl.lit("text"),
    )  # fmt: skip
    turns = redact.redact(conform(frame.select(TURNS.columns.keys()), TURNS), RedactConfig(enabled=redacted))
    return turns.join(frame.select("conversation_id", "turn", "gold"), on=["conversation_id", "turn"]).sort(TURNS.key)

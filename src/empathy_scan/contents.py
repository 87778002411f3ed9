"""What a results store holds, as frames, and how much room that takes."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl


@dataclass(frozen=True, slots=True)
class Stored:
    """The visible contents of a store: frames of tables.py, sorted by key."""

    conversations: pl.DataFrame
    turns: pl.DataFrame
    scores: pl.DataFrame
    labels: pl.DataFrame
    rejects: pl.DataFrame
    error_rates: pl.DataFrame


@dataclass(frozen=True, slots=True)
class Size:
    """How many files the latest state of a store lies in, and how large they are."""

    files: int
    bytes: int

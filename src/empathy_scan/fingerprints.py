"""Stable hashes of rows: the same values give the same digits on every machine and with every version of polars."""

from __future__ import annotations

import hashlib

import polars as pl


def spelt(value: pl.Expr) -> pl.Expr:
    """A value as `length:value` (`-` for null), so that no two sequences of values are spelt alike when joined."""
    text = value.cast(pl.String)
    return pl.when(text.is_null()).then(pl.lit("-")).otherwise(pl.format("{}:{}", text.str.len_bytes(), text))


def message_id(conversation_id: str, turn: int) -> str:
    """A name of a turn to quote: no spreadsheet takes it for a number or a date, and it tells nothing of anybody."""
    return "t_" + hashlib.sha256(f"{conversation_id}\0{turn}".encode()).hexdigest()[:12]


def digests(texts: pl.Series) -> pl.Series:
    """32 hex digits (BLAKE2b, 128 bits) for each text, in the same order."""
    found = (hashlib.blake2b(text.encode(), digest_size=16).hexdigest() for text in texts)
    return pl.Series(texts.name, list(found), dtype=pl.String)

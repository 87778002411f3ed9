"""Stable hashes of rows: the same values give the same digits on every machine and with every version of polars."""

from __future__ import annotations

import hashlib

import polars as pl


def spelt(value: pl.Expr) -> pl.Expr:
    """A value as `length:value` (`-` for null), so that no two sequences of values are spelt alike when joined."""
    text = value.cast(pl.String)
    return pl.when(text.is_null()).then(pl.lit("-")).otherwise(pl.format("{}:{}", text.str.len_bytes(), text))


def digests(texts: pl.Series) -> pl.Series:
    """32 hex digits (BLAKE2b, 128 bits) for each text, in the same order."""
    found = (hashlib.blake2b(text.encode(), digest_size=16).hexdigest() for text in texts)
    return pl.Series(texts.name, list(found), dtype=pl.String)

"""What a page is made of, as a digest: pages with an equal digest are equal, so they need not be made again."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterator, Mapping
from dataclasses import fields, is_dataclass
from datetime import date, timedelta

import numpy as np
import polars as pl

from empathy_scan.fingerprints import digests, spelt
from empathy_scan.report.material import Material

_AT_ONCE = 20_000  # conversations whose turns are spelt out at a time: some hundred megabytes


def of(*values: object) -> str:
    """32 hex digits for values made of dataclasses, mappings, sequences, text, numbers and times.

    Raises TypeError for anything else: what cannot be told apart surely must not decide that a page is kept.
    """
    digest = hashlib.blake2b(digest_size=16)
    for value in values:
        for part in _spelt(value):
            digest.update(part)
    return digest.hexdigest()


def of_conversations(material: Material, wanted: Collection[str]) -> dict[str, str]:
    """A digest of all that a conversation's page is made of, for each of these conversations.

    That is its turns with labels, scores, evidence and answers, its counts, its caring sentences with their phrases and
    the names of its agents; nothing of other conversations.
    """
    ordered = sorted(wanted)
    found: dict[str, str] = {}
    for start in range(0, len(ordered), _AT_ONCE):
        some = pl.DataFrame(
            {"conversation_id": ordered[start : start + _AT_ONCE]}, schema={"conversation_id": pl.String}
        )
        turns, phrases = _turns(material, some), _sentences(material, some)
        for conversation_id in some["conversation_id"]:
            row = material.conversations[conversation_id]
            names = [material.names[agent] for agent in row["agents"]]
            found[conversation_id] = of(
                row, names, turns.get(conversation_id, ""), phrases.get(conversation_id, "")
            )  # fmt: skip
    return found


def _spelt(value: object) -> Iterator[bytes]:
    """A value with its kind and length, so that no two values are spelt alike."""
    if isinstance(value, str):
        text = value.encode("utf-8", "surrogatepass")
        yield b"s%d:" % len(text)
        yield text
    elif value is None or isinstance(value, bool | int | float | date | timedelta):  # datetime is a date
        yield f"{type(value).__name__}={value!r};".encode()
    elif is_dataclass(value) and not isinstance(value, type):
        yield f"{type(value).__name__}(".encode()
        for each in fields(value):
            yield from _spelt(getattr(value, each.name))
    elif isinstance(value, Mapping):
        yield b"m%d:" % len(value)
        for key, held in value.items():
            yield from _spelt(key)
            yield from _spelt(held)
    elif isinstance(value, tuple | list):
        yield b"l%d:" % len(value)
        for held in value:
            yield from _spelt(held)
    elif isinstance(value, set | frozenset):
        yield from _spelt(sorted(value))
    else:
        raise TypeError(f"a page holds a {type(value).__name__}, which has no digest")


def _turns(material: Material, some: pl.DataFrame) -> dict[str, str]:
    """A digest of each conversation's turns."""
    said = material.said.join(some, on="conversation_id", how="semi", maintain_order="left")
    return _by_conversation(said.drop("evidence"), _evidence(said))


def _sentences(material: Material, some: pl.DataFrame) -> dict[str, str]:
    """A digest of each conversation's caring sentences, with the wording of their phrases."""
    wording = material.phrases.phrases.select("phrase", wording="text")
    own = material.phrases.sentences.join(some, on="conversation_id", how="semi")
    named = own.join(wording, on="phrase", how="left").drop("phrase")  # numbers of phrases change from report to report
    return _by_conversation(named.sort("conversation_id", "turn", "start", "text", "care_class"))


def _by_conversation(rows: pl.DataFrame, more: pl.Series | None = None) -> dict[str, str]:
    """A digest of the rows of each conversation, in the rows' order."""
    spelt_rows = rows.select(
        "conversation_id",
        pl.concat_str([spelt(pl.lit(_exact(rows[name]))) for name in sorted(rows.columns)]).alias("row"),
    )
    if more is not None:
        spelt_rows = spelt_rows.with_columns(pl.concat_str("row", pl.lit(more)))
    whole = spelt_rows.group_by("conversation_id", maintain_order=True).agg(pl.col("row").str.join(""))
    return dict(zip(whole["conversation_id"].to_list(), digests(whole["row"]).to_list(), strict=True))


def _exact(column: pl.Series) -> pl.Series:
    """A column whose values have one spelling each: floats by their bits, times as numbers, lists joined."""
    if column.dtype.is_float():
        bits = column.cast(pl.Float64).to_numpy().view(np.int64)
        known = pl.Series(column.is_not_null())
        return pl.Series(column.name, bits).zip_with(
            known, pl.Series([None], dtype=pl.Int64).new_from_index(0, len(bits))
        )
    if column.dtype.is_temporal():
        return column.dt.epoch("us") if column.dtype != pl.Duration else column.cast(pl.Int64)
    if column.dtype.is_nested():
        raise TypeError(f"column {column.name!r} has no spelling")
    return column


def _evidence(said: pl.DataFrame) -> pl.Series:
    """The evidence of each turn, spelt out; "" where it has none."""
    spans = (
        said.select(pl.int_range(pl.len()).alias("at"), "evidence")
        .filter(pl.col("evidence").list.len() > 0)
        .explode("evidence")
        .unnest("evidence")
    )
    names = [name for name in spans.columns if name != "at"]
    spelt_spans = spans.select(
        "at", pl.concat_str([spelt(pl.lit(_exact(spans[name]))) for name in names]).alias("spans")
    )
    joined = spelt_spans.group_by("at", maintain_order=True).agg(pl.col("spans").str.join("|"))
    return (
        pl.DataFrame({"at": pl.int_range(said.height, eager=True)})
        .join(joined, on="at", how="left", maintain_order="left")["spans"]
        .fill_null("")
    )

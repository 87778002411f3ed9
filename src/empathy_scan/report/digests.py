"""What a page is made of, as a digest: pages with an equal digest are equal, so they need not be made again."""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import fields, is_dataclass
from datetime import date, time, timedelta

import numpy as np
import polars as pl

from empathy_scan.fingerprints import digests, spelt
from empathy_scan.report.material import Material

_AT_ONCE = 20_000  # conversations whose turns are spelt out at a time: some hundred megabytes


def of(*values: object) -> str:
    """32 hex digits for values made of dataclasses, mappings, sequences, text, numbers and times.

    Raises TypeError for anything else: what cannot be told apart surely must not decide that a page is kept.
    """
    spelt_out: list[bytes] = []
    for value in values:
        _spell(value, spelt_out)
    return hashlib.blake2b(b"".join(spelt_out), digest_size=16).hexdigest()


def of_conversations(material: Material, wanted: Collection[str]) -> dict[str, str]:
    """A digest of all that a conversation's page is made of, for each of these conversations.

    That is its turns with labels, scores, evidence and answers, its counts, the house phrases in it and how common they
    are, the centre's own labels in it, the names of its agents, and which conversations its page leads on to.
    """
    ordered = sorted(wanted)
    found: dict[str, str] = {}
    for start in range(0, len(ordered), _AT_ONCE):
        some = pl.DataFrame(
            {"conversation_id": ordered[start : start + _AT_ONCE]}, schema={"conversation_id": pl.String}
        )
        turns, phrases, beside = _turns(material, some), _house(material, some), _beside(material, some)
        own = _own(material, some)
        for conversation_id in some["conversation_id"]:
            row = material.conversations[conversation_id]
            names = [material.names[agent] for agent in row["agents"]]
            found[conversation_id] = of(
                row, names, turns.get(conversation_id, ""), phrases.get(conversation_id, ""),
                beside.get(conversation_id, ""), own.get(conversation_id, ""),
            )  # fmt: skip
    return found


def _spell(value: object, out: list[bytes]) -> None:
    """Put a value behind the others with its kind and length, so that no two values are spelt alike."""
    if isinstance(value, str):
        text = value.encode("utf-8", "surrogatepass")
        out += (b"s%d:" % len(text), text)
    elif isinstance(value, np.generic):
        _spell(value.item(), out)
    elif value is None or isinstance(value, bool | int | float | date | time | timedelta):  # datetime is a date
        out.append(f"{type(value).__name__}={value!r};".encode())
    else:
        parts = _parts(value)
        kind = type(value).__name__ if is_dataclass(value) else "map" if isinstance(value, Mapping) else "list"
        out.append(f"{kind}{len(parts)}:".encode())
        for part in parts:
            _spell(part, out)


def _parts(value: object) -> Sequence[object]:
    """What a value is made of, in an order of its own."""
    if isinstance(value, tuple | list):
        return value
    if isinstance(value, Mapping):
        return [part for pair in value.items() for part in pair]
    if isinstance(value, set | frozenset):
        return sorted(value)
    if is_dataclass(value) and not isinstance(value, type):
        return [getattr(value, name) for name in _names(type(value))]
    raise TypeError(f"a page holds a {type(value).__name__}, which has no digest")


@functools.cache
def _names(kind: type) -> tuple[str, ...]:
    """The names of a dataclass's fields."""
    return tuple(each.name for each in fields(kind))


def _own(material: Material, some: pl.DataFrame) -> dict[str, str]:
    """A digest of the centre's own labels in each conversation, and of what is told of them."""
    rows = material.own.rows.join(some, on="conversation_id", how="semi", maintain_order="left")
    told = {key: of(label) for key, label in material.own.labels.items()}
    told_rows = rows.with_columns(told=pl.col("label").replace_strict(told, return_dtype=pl.String))
    return _by_conversation(told_rows.drop("evidence"), _listed(rows, "evidence"))


def _turns(material: Material, some: pl.DataFrame) -> dict[str, str]:
    """A digest of each conversation's turns."""
    said = material.said.join(some, on="conversation_id", how="semi", maintain_order="left")
    nested = [name for name, kind in said.schema.items() if kind.is_nested()]
    spelt_lists = [_listed(said, name) for name in nested]
    return _by_conversation(
        said.drop(nested), pl.select(pl.concat_str(map(pl.lit, spelt_lists), separator="/")).to_series()
    )


def _house(material: Material, some: pl.DataFrame) -> dict[str, str]:
    """A digest of the house phrases in each conversation."""
    own = material.house.join(some, on="conversation_id", how="semi", maintain_order="left")
    return _by_conversation(own)


def _beside(material: Material, some: pl.DataFrame) -> dict[str, str]:
    """A digest of what stands before and after each conversation, as its page tells it."""
    told = pl.DataFrame(
        [(row["conversation_id"], row["channel"], row["started_at"]) for row in material.conversations.values()],
        schema={"conversation_id": pl.String, "channel": pl.String, "at": pl.Datetime("us", "UTC")}, orient="row",
    )  # fmt: skip
    own = material.beside.join(some, on="conversation_id", how="semi", maintain_order="left")
    for side in ("before", "after"):
        there = told.select(pl.all().name.prefix(f"{side}_"))
        own = own.join(there, left_on=side, right_on=f"{side}_conversation_id", how="left", maintain_order="left")
    return _by_conversation(own)


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


def _listed(said: pl.DataFrame, name: str) -> pl.Series:
    """A list of records of each turn, such as its evidence, spelt out; "" where it has none."""
    records = (
        said.select(pl.int_range(pl.len()).alias("at"), name)
        .filter(pl.col(name).list.len() > 0)
        .explode(name)
        .unnest(name)
    )
    names = [each for each in records.columns if each != "at"]
    spelt_records = records.select(
        "at", pl.concat_str([spelt(pl.lit(_exact(records[each]))) for each in names]).alias("record")
    )
    joined = spelt_records.group_by("at", maintain_order=True).agg(pl.col("record").str.join("|"))
    return (
        pl.DataFrame({"at": pl.int_range(said.height, eager=True)})
        .join(joined, on="at", how="left", maintain_order="left")["record"]
        .fill_null("")
    )

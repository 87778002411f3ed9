"""Labels of the centre's own on the turns of a conversation: which a turn has, how sure, and the words that carried it.

They stand beside the standard labels and touch none of them. Names and definitions come from a user's file: they are
texts like any other, and escaped by the templates.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import polars as pl

from empathy_scan import tables
from empathy_scan.report import marks, words
from empathy_scan.report.marks import Chip, Reason

KIND = "own"  # its colour and shape
CARE = "read with care"
_STEM = "own-"  # before a key; no standard label begins like it
_COLUMNS = ("conversation_id", "turn", "label", "p", "given", "evidence")


@dataclass(frozen=True, slots=True)
class Named:
    """What pages say of a label: its name, what it means, and why it is to be read with care ("" where it is not)."""

    name: str
    meaning: str = ""
    care: str = ""


@dataclass(frozen=True, slots=True)
class Found:
    """The labels that are shown, by key, and the turns that have them or come close to one."""

    labels: Mapping[str, Named] = field(default_factory=dict)
    rows: pl.DataFrame = field(default_factory=lambda: tables.OWN_LABELS.empty().select(_COLUMNS))


@dataclass(frozen=True, slots=True)
class Mark:
    """A label of the centre's own on one turn: what is told of it, how likely it is, and its words in the turn."""

    label: str  # as marks and anchors name it
    told: Named
    p: float
    given: bool
    spans: tuple[Mapping[str, Any], ...]  # label, start, end, weight


def found(labels: Mapping[str, Named], rows: pl.DataFrame) -> Found:
    """What pages need of rows of OWN_LABELS: of these labels those that were given, or were weighed."""
    near = pl.col("given") | (pl.col("p") >= marks.WEIGHED)
    kept = rows.filter(pl.col("label").is_in(list(labels)) & near).select(_COLUMNS)
    return Found(labels, kept.sort("conversation_id", "turn", "label"))


def by_turn(labels: Mapping[str, Named], rows: Iterable[Mapping[str, Any]]) -> dict[int, tuple[Mark, ...]]:
    """The labels of a conversation's turns, from its rows."""
    made: dict[int, tuple[Mark, ...]] = {}
    for row in rows:
        label = f"{_STEM}{row['label']}"
        spans = tuple({**span, "label": label} for span in row["evidence"] or ())
        one = Mark(label, labels[row["label"]], float(row["p"]), row["given"], spans)
        made[row["turn"]] = (*made.get(row["turn"], ()), one)
    return made


def given(held: Iterable[Mark]) -> tuple[Mark, ...]:
    """Those that a turn has."""
    return tuple(one for one in held if one.given)


def names(held: Iterable[Mark]) -> dict[str, str]:
    """How the labels of a turn are called, by label."""
    return {one.label: one.told.name for one in held}


def named(held: Iterable[Mark]) -> tuple[Named, ...]:
    """What a page says of the labels on it, each once, by name."""
    return tuple(sorted({one.told for one in held}, key=lambda one: (one.name.casefold(), one.name)))


def chips(held: Sequence[Mark], ids: Mapping[str, str]) -> tuple[Chip, ...]:
    """The chips of a turn's labels, each leading to its words."""
    return tuple(
        Chip(marks.OWN, one.told.name + f", {CARE}" * bool(one.told.care), words.chance(one.p), one.told.meaning,
             ids.get(one.label, ""))
        for one in held
    )  # fmt: skip


def reasons(text: str, held: Sequence[Mark], ids: Mapping[str, str]) -> tuple[Reason, ...]:
    """Why a turn has its labels, each with the words behind it."""
    return tuple(
        Reason(
            marks.OWN, f"your label “{one.told.name}”", words.chance(one.p), tuple(marks.quotes(text, one.spans)),
            "; ".join(_check(one)), ids.get(one.label, ""),
        )
        for one in held
    )  # fmt: skip


def _check(one: Mark) -> Iterator[str]:
    """What is said of the words, and how far the label is to be trusted. Heads are not asked without the words."""
    yield marks.check(one.spans, ())
    if one.told.care:
        yield CARE


def weighed(held: Iterable[Mark]) -> tuple[str, ...]:
    """The labels that a turn came close to but was not given, the likeliest first."""
    near = sorted((one for one in held if not one.given), key=lambda one: (-one.p, one.label))
    return tuple(f"{one.told.name} {words.chance(one.p)}" for one in near)

"""Every turn behind an agent's figures, and the agent's conversations: the newest of them, with the count of all."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import polars as pl

from empathy_scan.mirror import UNKNOWN_AGENT
from empathy_scan.report import words
from empathy_scan.report.dialogue import Link
from empathy_scan.report.material import Material, Row

NEWEST = 50  # turns of a pile that a page links to
CONVERSATIONS = 200  # conversations that a page lists
_SNIPPET = 84  # characters of a turn in a list


@dataclass(frozen=True, slots=True)
class Pile:
    """The turns that a figure counts with one outcome, as links; `more` tells of those left out."""

    kind: str
    title: str
    links: tuple[Link, ...]
    more: str


def piles(material: Material) -> dict[str, tuple[Pile, ...]]:
    """The turns behind every agent's headline figures, by outcome."""
    call = pl.col("call") & pl.col("answer").is_not_null()
    rose = pl.col("rose_above")
    spoken = material.exchanges.filter(pl.col("customer_turn").is_not_null())
    found: dict[str, list[Pile]] = {}
    for kind, title, rows in (
        ("empathic", "Calls for empathy answered with understanding",
         material.answers.filter(call & (pl.col("answer") == "empathic"))),
        ("scripted", "Calls for empathy answered with stock phrases only",
         material.answers.filter(call & (pl.col("answer") == "scripted"))),
        ("missed", "Calls for empathy missed", material.answers.filter(call & (pl.col("answer") == "missed"))),
        ("rose", "Hostile messages that the agent rose above", material.answers.filter(rose.fill_null(value=False))),
        ("load", "Other hostile messages with an answer", material.answers.filter(~rose.fill_null(value=True))),
        ("guarded", "Guarded or hostile answers", spoken.filter(pl.col("tone") > 0)),
        ("hostile", "Among them, those against the person", spoken.filter(pl.col("tone") > 1)),
        ("unsure", "Answers that may be written for a score: read them before you rely on the figures",
         material.said.filter(pl.col("signs").is_not_null())),
    ):  # fmt: skip
        _pile(found, material, kind, title, rows)
    return {agent_id: tuple(own) for agent_id, own in found.items()}


def newest(rows: Iterable[Row]) -> tuple[list[Row], str]:
    """The newest of an agent's conversations in the order of the list, newest first, and how many there are in all."""
    every = list(rows)[::-1]
    dated = [row for row in every if row["started_at"]] + [row for row in every if not row["started_at"]]
    more = f"The newest {CONVERSATIONS:,} of {len(every):,} conversations." if len(every) > CONVERSATIONS else ""
    return dated[:CONVERSATIONS], more


def _pile(found: dict[str, list[Pile]], material: Material, kind: str, title: str, rows: pl.DataFrame) -> None:
    """Add one outcome to the piles of every agent who has turns of it."""
    named = rows.with_columns(pl.col("agent_id").fill_null(UNKNOWN_AGENT)) if kind in {"guarded", "hostile"} else rows
    held = named.filter(pl.col("agent_id").is_not_null())
    numbers = {row[0]: row[1] for row in held.group_by("agent_id").len().iter_rows()}
    order = held.sort("started_at", "conversation_id", "turn", descending=[True, False, False], nulls_last=True)
    kept = order.group_by("agent_id", maintain_order=True).head(NEWEST).select("agent_id", "conversation_id", "turn")
    texts = material.said.select("conversation_id", "turn", pl.col("text").str.slice(0, _SNIPPET + 1))
    quoted = kept.join(texts, on=("conversation_id", "turn"), how="inner", maintain_order="left")
    for (agent_id,), group in quoted.partition_by("agent_id", as_dict=True, maintain_order=True).items():
        links = tuple(_quote(material, row) for row in group.iter_rows(named=True))
        number = numbers[str(agent_id)]
        more = f"The newest {len(links):,} of {number:,}." if number > len(links) else ""
        found.setdefault(str(agent_id), []).append(Pile(kind, f"{title} ({number:,})", links, more))


def _quote(material: Material, row: Row) -> Link:
    """A turn by its first words."""
    cut = words.beginning(" ".join(words.shown(row["text"]).split()), _SNIPPET)
    return Link(f"“{cut}”", material.href(row["conversation_id"], row["turn"]))

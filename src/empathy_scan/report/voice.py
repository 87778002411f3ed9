"""An agent's own voice: the caring phrases they use most, which of them are the house's, and how varied they are."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from empathy_scan import phrases
from empathy_scan.mirror import UNKNOWN_AGENT
from empathy_scan.report import words
from empathy_scan.report.cards import excerpt
from empathy_scan.report.material import Material

_MOST = 8  # phrases told
_TWICE = 2  # uses from which on a sentence is a habit
_ENOUGH = 10  # stock sentences without which their variety says nothing
_UNLIKE = 0.75  # phrases that the variety amounts to for each stock sentence, from which on hardly any repeats
TOO_FEW = f"not enough stock sentences yet (fewer than {_ENOUGH})"


@dataclass(frozen=True, slots=True)
class Phrase:
    """A phrase that an agent says more than once."""

    text: str
    kind: str  # scripted or empathic, by most of its uses
    uses: str
    whose: str  # the house's, with how many others say it, or the agent's own


@dataclass(frozen=True, slots=True)
class Voice:
    """What is told of an agent's phrases."""

    varied: str  # how varied the stock phrases are; "" where there are too few
    said: tuple[Phrase, ...]
    nothing: str  # said where no phrase comes twice


def voices(material: Material) -> dict[str, Voice]:
    """The voice of every agent with a caring sentence."""
    sentences = material.phrases.sentences.with_columns(pl.col("agent_id").fill_null(UNKNOWN_AGENT))
    varied = {row["agent_id"]: _varied(row) for row in phrases.entropy(sentences).iter_rows(named=True)}
    used = sentences.drop_nulls("phrase").group_by("agent_id", "phrase").agg(
        uses=pl.len(), conversations=pl.col("conversation_id").n_unique()
    )  # fmt: skip
    told = material.phrases.phrases.select("phrase", "text", "agents", "scripted", "house")
    most = (
        used.filter(pl.col("uses") >= _TWICE).join(told, on="phrase", how="inner")
        .sort("agent_id", -pl.col("uses").cast(pl.Int64), "phrase")
        .group_by("agent_id", maintain_order=True).head(_MOST)
    )  # fmt: skip
    said: dict[str, list[Phrase]] = {}
    for row in most.iter_rows(named=True):
        said.setdefault(row["agent_id"], []).append(_phrase(row))
    counted = sentences.group_by("agent_id").len().sort("agent_id")
    return {
        agent_id: Voice(
            varied.get(agent_id, ""), tuple(said.get(agent_id, ())),
            "" if agent_id in said
            else f"No phrase comes twice in {words.plural(number, 'caring sentence', 'caring sentences')}.",
        )
        for agent_id, number in counted.iter_rows()
    }  # fmt: skip


def _varied(row: dict[str, object]) -> str:
    """The entropy of an agent's stock phrases in words; "" with too few of them."""
    bits, number = float(str(row["bits"])), int(str(row["n"]))
    if number < _ENOUGH:
        return ""
    like = max(1, words.whole(2**bits))
    if like > _UNLIKE * number:
        return f"Hardly any of the {number:,} stock sentences repeats ({bits:.1f} bits)."
    return (
        f"The stock phrases are as varied as {words.plural(like, 'phrase', 'phrases')} used "
        f"equally often ({bits:.1f} bits, from {number:,} stock sentences)."
    )


def _phrase(row: dict[str, object]) -> Phrase:
    """One phrase for the page."""
    others = int(str(row["agents"])) - 1
    uses = words.plural(int(str(row["uses"])), "time", "times")
    held = words.plural(int(str(row["conversations"])), "conversation", "conversations")
    if row["house"]:
        whose = f"house phrase: {words.plural(others, 'colleague says', 'colleagues say')} it too"
    else:
        whose = (
            "own phrase"
            if not others
            else f"own phrase, though {words.plural(others, 'colleague says', 'colleagues say')} it too"
        )
    kind = "scripted" if float(str(row["scripted"])) >= 0.5 else "empathic"
    return Phrase(excerpt(str(row["text"]), 200), kind, f"{uses} in {held}", whose)

"""One conversation of a file, scored, turn by turn: what `show` shows."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import polars as pl

from empathy_scan import pipeline, prepare
from empathy_scan.codebook import care_class, tone_names
from empathy_scan.config import Config
from empathy_scan.errors import InputError, UsageError

PROBABILITIES = {
    "S": "p_scripted", "A": "p_acknowledges", "X": "p_explores", "O": "p_owns",
    "i": "p_insult", "t": "p_threat", "p": "p_profanity", "c": "p_contempt",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class JudgedTurn:
    """A turn with its labels, their probabilities, and the words that counted."""

    turn: int
    role: str
    agent_id: str | None
    text: str
    tone: str  # its name; "" for turns that are not scored
    tone_p: float
    labels: dict[str, float]  # codes of flags or kinds -> probability
    care_class: str  # agents only
    evidence: list[dict[str, Any]]  # label, start, end, weight


@dataclass(frozen=True, slots=True)
class JudgedConversation:
    """A conversation's turns, and the ids of the other conversations in the file."""

    conversation_id: str
    channel: str
    turns: list[JudgedTurn]
    others: list[str]

    def to_json(self) -> dict[str, Any]:
        """All of it as plain values."""
        return asdict(self)


def judged(path: Path, config: Config, *, model: Path | None = None, conversation: str = "") -> JudgedConversation:
    """The (first, or named) conversation of a file with its scores.

    Raises InputError when there is none in it, UsageError when there is no conversation of that name, ModelError.
    """
    prepared = prepare.turns([path], config)
    turns = prepared.turns
    names = turns["conversation_id"].unique(maintain_order=True).to_list()
    if not names:
        raise _nothing_in(path, prepared.rejects)
    if conversation and conversation not in names:
        raise UsageError(
            f"no conversation {conversation!r}", where=str(path), remedy=f"there are {', '.join(names[:10])}"
        )
    chosen = conversation or names[0]
    part = turns.filter(pl.col("conversation_id") == chosen)
    scores, labels = pipeline.judge(part, model, config)
    rows = part.join(labels.select("turn", "flags", "tone", "kinds"), on="turn", maintain_order="left")
    by_turn = {int(key[0]): group for key, group in scores.group_by("turn")}
    return JudgedConversation(
        chosen,
        part["channel"][0],
        [_judged(row, by_turn.get(row["turn"])) for row in rows.iter_rows(named=True)],
        [name for name in names if name != chosen],
    )


def _nothing_in(path: Path, rejects: pl.DataFrame) -> InputError:
    """Why a file without a usable conversation has none."""
    if rejects.is_empty():
        return InputError("there is no conversation in it", where=str(path), remedy="give a transcript")
    first = rejects.row(0, named=True)
    where = f"{path}:{first['place']}" if first["place"] else str(path)
    return InputError(first["reason"], where=where, remedy=first["remedy"])


def _judged(row: dict[str, Any], scores: pl.DataFrame | None) -> JudgedTurn:
    """A turn beside the scores of its segments; a system turn has none."""
    shared = {"turn": row["turn"], "role": row["role"], "agent_id": row["agent_id"], "text": row["text"]}
    if scores is None:
        return JudgedTurn(**shared, tone="", tone_p=0.0, labels={}, care_class="", evidence=[])
    # Guarded and upset are given from the chance of that tone or a harsher one.
    tone_p = (pl.col("p_civil"), pl.col("p_strained") + pl.col("p_hostile"), pl.col("p_hostile"))[row["tone"]]
    codes = row["flags"] + row["kinds"]
    return JudgedTurn(
        **shared,
        tone=tone_names(row["role"])[row["tone"]],
        tone_p=round(float(scores.select(tone_p.max()).item()), 3),
        labels={code: round(float(scores[PROBABILITIES[code]].max()), 3) for code in codes},  # type: ignore[arg-type]
        care_class=care_class(row["flags"]).value if row["role"] == "agent" else "",
        evidence=[span for spans in scores.sort("segment")["evidence"].to_list() for span in spans],
    )

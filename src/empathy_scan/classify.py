"""Single turns in, labels and probabilities out: the same stages as a scan, for one turn with its context at a time."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import polars as pl

from empathy_scan import parroting, redact, segment, stuffing
from empathy_scan.codebook import ATTACK_CODES, ATTACK_NAMES, FLAG_CODES, FLAG_NAMES, Role, care_class, tone_names
from empathy_scan.config import Config
from empathy_scan.score import Scorer
from empathy_scan.tables import TURNS, conform

SPEAKERS = (Role.AGENT.value, Role.CUSTOMER.value)
TONES = ("p_civil", "p_strained", "p_hostile")
_PLACE = ("conversation_id", "turn", "segment", "role")
HALF_CHARACTER = re.compile("[\ud800-\udfff]")  # JSON can spell one, no text can hold one
Row = dict[str, Any]


def faults(row: object) -> str:
    """What is wrong with a row of input, in words; "" when nothing is."""
    if not isinstance(row, dict):
        return "not a JSON object"
    if row.get("role") not in SPEAKERS:
        return "'role' must be 'agent' or 'customer'"
    if not _is_text(row.get("text")) or not row["text"].strip():
        return "'text' must be a text that is not empty and holds whole characters"
    context = row.get("context") or []
    if not isinstance(context, list):
        return "'context' must be a list"
    for place, turn in enumerate(context):
        if not isinstance(turn, dict) or turn.get("role") not in list(Role) or not _is_text(turn.get("text")):
            return f"'context' entry {place} must have a 'role' (agent or customer) and a 'text'"
    return ""


def _is_text(value: object) -> bool:
    return isinstance(value, str) and not HALF_CHARACTER.search(value)


def classify(rows: Sequence[Row], scorer: Scorer, config: Config | None = None) -> list[Row]:
    """One answer per row, in order: id, role, tone, tone_probs, care and flags (agents) or attack (customers), model.

    A row is `{"id", "role", "text", "context": [{"role", "text"}, ...]}`, context oldest first; what a system said in
    it is left out, as in a scan. Rows must be free of `faults`.
    """
    config = config or Config()
    if not rows:
        return []
    turns = redact.redact(_turns(rows), config.redact)
    segments = segment.split(turns, config.segment).filter(_is_focus(rows))
    scored = segments.select(_PLACE).hstack(scorer.scores(segments))
    if rules := stuffing.rules(config.score):
        scored = parroting.uncounted(
            turns, segments, scored, lambda rest: rest.select(_PLACE).hstack(scorer.scores(rest)), rules=rules
        )
    by_row = {int(key[0]): part for key, part in scored.group_by("conversation_id")}
    fingerprint = scorer.bundle.fingerprint
    return [_answer(row, by_row[number], fingerprint) for number, row in enumerate(rows)]


def _turns(rows: Sequence[Row]) -> pl.DataFrame:
    """Each row as a conversation of its own: the context, then the turn in focus."""
    spoken = [
        {"conversation_id": str(number), "turn": turn, "role": part["role"], "text": part["text"]}
        for number, row in enumerate(rows)
        for turn, part in enumerate([*(row.get("context") or []), row])
    ]
    given = pl.DataFrame(spoken, schema_overrides={"turn": pl.Int32}).with_columns(
        channel=pl.lit("other"), role_source=pl.lit("given"), source=pl.lit(""), format=pl.lit("rows")
    )
    missing = [pl.lit(None, kind).alias(name) for name, kind in TURNS.columns.items() if name not in given.columns]
    return conform(given.with_columns(missing), TURNS)


def _is_focus(rows: Sequence[Row]) -> pl.Expr:
    """Whether a segment belongs to the turn in focus, the last of its conversation."""
    last = {str(number): len(row.get("context") or []) for number, row in enumerate(rows)}
    return pl.col("turn") == pl.col("conversation_id").replace_strict(last, return_dtype=pl.Int32)


def _answer(row: Row, segments: pl.DataFrame, fingerprint: str) -> Row:
    """A turn's answer from its segments: it carries a label when one of them does, and its tone is the harshest."""
    tone = int(segments["tone"].max() or 0)  # type: ignore[arg-type]
    harshest = segments.sort(pl.col("tone"), 1 - pl.col("p_civil"), descending=True).row(0, named=True)
    answer: Row = {
        "id": row.get("id"), "role": row["role"], "tone": tone_names(row["role"])[tone],
        "tone_probs": {name: round(harshest[p], 4) for name, p in zip(tone_names(row["role"]), TONES, strict=True)},
    }  # fmt: skip
    if row["role"] == Role.AGENT:
        flags = "".join(code for code in FLAG_CODES if segments["flags"].str.contains(code).any())
        answer["care"] = {name: _highest(segments, name) for name in FLAG_NAMES}
        answer |= {"flags": flags, "care_class": care_class(flags).value}
    else:
        answer["attack"] = {name: _highest(segments, name) for name in ATTACK_NAMES}
        answer["kinds"] = "".join(code for code in ATTACK_CODES if segments["kinds"].str.contains(code).any())
    return {**answer, "unsure": bool(segments["unsure"].any()), "model": fingerprint}


def _highest(segments: pl.DataFrame, name: str) -> float:
    return round(float(segments[f"p_{name}"].max() or 0.0), 4)  # type: ignore[arg-type]


__all__ = ["classify", "faults"]

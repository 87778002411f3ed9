"""What appeals have decided of a store's messages as of today: everything that makes figures from labels asks this.

A decision is on words, not on a model: it holds for the message as long as that says the same, whatever scores the
store next.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import polars as pl

from empathy_scan import appeals_log
from empathy_scan.appeals.labels import TONE, YES
from empathy_scan.appeals_log import Case, Event, Log
from empathy_scan.codebook import ATTACKS, FLAGS
from empathy_scan.config import Config
from empathy_scan.report import appealed
from empathy_scan.report.appealed import HARDSHIP, Appealed
from empathy_scan.store import Store

_KEY = ("conversation_id", "turn")
DECIDED = {
    "conversation_id": pl.String, "turn": pl.Int32, "flags": pl.String, "tone": pl.Int8, "kinds": pl.String,
    "hardship": pl.Boolean,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Standing:
    """What appeals have decided of a store's messages as they are today."""

    decided: pl.DataFrame  # columns DECIDED: a row per message whose labels count as decided
    told: tuple[Appealed, ...] = ()  # every appeal, for reports

    def labels(self, labels: pl.DataFrame) -> pl.DataFrame:
        """The LABELS with what was decided in the place of the model's labels."""
        if self.decided.is_empty():
            return labels
        known = self.decided.select(*_KEY, *(pl.col(name).alias(f"_{name}") for name in DECIDED if name not in _KEY))
        hostile = pl.when(pl.col("_tone").is_not_null()).then((pl.col("_tone") == 2).cast(pl.Float64))
        return (
            labels.join(known, on=_KEY, how="left", maintain_order="left")
            .with_columns(
                *(pl.coalesce(f"_{name}", name).alias(name) for name in ("flags", "tone", "kinds", "hardship")),
                p_hostile=pl.coalesce(hostile, "p_hostile"),
            )
            .select(labels.columns)
        )

    def scores(self, scores: pl.DataFrame) -> pl.DataFrame:
        """The SCORES with the flags of a decided message's only piece as decided, of several without what is not."""
        if self.decided.is_empty():
            return scores
        known = self.decided.select(*_KEY, _flags="flags")
        shared = [
            pl.when(
                pl.all_horizontal(pl.col(name).str.contains(each.code, literal=True) for name in ("flags", "_flags"))
            )
            .then(pl.lit(each.code))
            .otherwise(pl.lit(""))
            for each in FLAGS
        ]
        alone = pl.len().over(_KEY) == 1
        flags = pl.when(pl.col("_flags").is_null()).then("flags").when(alone).then("_flags")
        joined = scores.join(known, on=_KEY, how="left", maintain_order="left")
        return joined.with_columns(flags=flags.otherwise(pl.concat_str(shared))).select(scores.columns)


def standing(store: Store, config: Config) -> Standing:
    """What is decided as of today, and what reports tell of it; nothing where there is no queue.

    Raises StoreError for a log that was changed: figures without what was decided would be wrong.
    """
    folder = config.review.folder(store.root)
    held = Log(folder).cases() if folder is not None else {}
    if not held:
        return Standing(pl.DataFrame(schema=DECIDED))
    ids = pl.Series([case.opening.conversation_id for case in held.values()], dtype=pl.String).unique()
    said = store.turns_of(ids).select(*_KEY, "role", "text")
    there: dict[str, dict[int, tuple[str, str]]] = {}
    for conversation, turn, role, text in said.iter_rows():
        there.setdefault(conversation, {})[turn] = (role, text)
    rows, told = [], []
    for case in held.values():
        turns = there.get(case.opening.conversation_id)
        if turns is None:  # it is in the store no more
            continue
        place = None if case.ruled is None else _place_of(case.ruled, turns)
        told.append(_appealed(case, place, _place_of(case.opening, turns)))
        if place is not None:
            rows.append(_row(case, place))
    return Standing(pl.DataFrame(rows, schema=DECIDED).unique(_KEY, keep="last", maintain_order=True), tuple(told))


def _place_of(opening: Event, turns: Mapping[int, tuple[str, str]]) -> int | None:
    """The turn with the words of an opening: where it was, or the only one elsewhere; None where none has them."""
    same = [
        turn for turn, (role, text) in turns.items()
        if role == opening.role and appeals_log.digest(opening.conversation_id, text) == opening.words
    ]  # fmt: skip
    if opening.turn in same:
        return opening.turn
    return same[0] if len(same) == 1 else None


def _appealed(case: Case, ruled: int | None, opened: int | None) -> Appealed:
    """An appeal as a report tells it, with the turns where the words of decision and opening stand now."""
    opening, decision = case.opening, case.decision
    place = next((turn for turn in (opened, ruled) if turn is not None), opening.turn)
    return Appealed(
        case.message, opening.conversation_id, place, opening.agent_id, case.state,
        opening.at, decision.at if decision else None, decision.outcome if decision else "",
        appealed.in_words(opening.role, decision.labels) if decision else "",
        appealed.in_words(opening.role, decision.decided) if decision else "", decision is None or ruled is not None,
    )  # fmt: skip


def _row(case: Case, turn: int) -> dict[str, object]:
    """A decision as labels in codes."""
    decision, opening = case.decision, case.opening
    labels = decision.decided if decision else {}
    flags, kinds = (
        "".join(each.code for each in held if labels.get(each.code) == YES) for held in (FLAGS, ATTACKS)
    )  # fmt: skip
    return {
        "conversation_id": opening.conversation_id, "turn": turn, "flags": flags, "tone": int(labels[TONE]),
        "kinds": kinds, "hardship": labels.get(HARDSHIP) == YES,
    }  # fmt: skip

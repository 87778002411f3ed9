"""What can come of a turn, measure by measure: where it is an opportunity, and whether it was taken.

The two stand apart, because the errors of a model are counted on the opportunities that the model saw, with the outcome
that people saw (quantify.py).
"""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from empathy_scan.codebook import CareClass, Tone
from empathy_scan.mirror import MISSED


@dataclass(frozen=True, slots=True)
class Outcome:
    """A measure of single turns as expressions over `mirror.customer_turns` or `mirror.agent_turns`."""

    asked: pl.Expr  # the turn is an opportunity
    taken: pl.Expr  # what the measure counts happened there; null where nobody answered

    def where_asked(self) -> pl.Expr:
        """Whether the opportunity was taken, null where the turn is none."""
        return pl.when(self.asked).then(self.taken)


_CALL = pl.col("call")
_CARING = pl.col("care_class") != CareClass.NEUTRAL
_ALWAYS = pl.lit(value=True)

OF_CUSTOMERS: dict[str, Outcome] = {
    "empathy_rate": Outcome(_CALL, pl.col("answer") == CareClass.EMPATHIC),
    "scripted_rate": Outcome(_CALL, pl.col("answer") == CareClass.SCRIPTED),
    "missed_rate": Outcome(_CALL, pl.col("answer") == MISSED),
    "exploring": Outcome(_CALL, pl.col("explored")),
    "rise_above_rate": Outcome(pl.col("tone") == Tone.HOSTILE, pl.col("rises")),
}
OF_AGENTS: dict[str, Outcome] = {
    "scripted_share": Outcome(_CARING, pl.col("care_class") == CareClass.SCRIPTED),
    "followed_by_action": Outcome(_CARING, pl.col("acted")),
    "sorry_without_action": Outcome(pl.col("care_class") == CareClass.SCRIPTED, ~pl.col("acted")),
    "guarded_rate": Outcome(_ALWAYS, pl.col("tone") == Tone.STRAINED),
    "belittling_rate": Outcome(_ALWAYS, pl.col("tone") == Tone.HOSTILE),
}

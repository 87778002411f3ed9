"""Which opportunities are certain, because people have decided the labels that they rest on.

The errors of a model say nothing of these, so rates are corrected without them (summary.py).
"""

from __future__ import annotations

import polars as pl

from empathy_scan.codebook import Role
from empathy_scan.mirror import UNKNOWN_AGENT

_TURN = ("conversation_id", "turn")
_ANSWERS = ("empathy_rate", "scripted_rate", "missed_rate")
_OF_A_TURN = ("scripted_share", "guarded_rate", "belittling_rate")
_OF_STEPS = ("followed_by_action", "sorry_without_action")


def opportunities(labels: pl.DataFrame, decided: pl.DataFrame) -> pl.DataFrame:
    """`measure`, `conversation_id` and `turn` of what is certain, of the measures that can be corrected.

    `labels` is a LABELS frame with what was decided, `decided` holds the turns (`conversation_id`, `turn`) whose labels
    people have decided. An answer is certain if all of its window was decided, or a decided turn of it is understanding
    (for `exploring`: asks openly); rising above, if its turn was; a step, if the turn itself owns it.
    """
    ids = decided.select("conversation_id").unique()
    near = labels.join(ids, on="conversation_id", how="semi").sort(*_TURN)
    marked = near.join(decided.select(*_TURN).unique().with_columns(sure=pl.lit(value=True)), on=_TURN, how="left")
    told = marked.with_columns(pl.col("sure").fill_null(value=False), pl.col("agent_id").fill_null(UNKNOWN_AGENT))
    spoken = told.filter(pl.col("role") == Role.AGENT)
    owns = pl.col("flags").str.contains("O", literal=True)
    rows = [
        *(_rows(spoken, measure, pl.col("sure")) for measure in _OF_A_TURN),
        *(_rows(spoken, measure, pl.col("sure") & owns) for measure in _OF_STEPS),
    ]
    heard = _with_windows(told, spoken)
    for measures, code in ((_ANSWERS, "[AX]"), (("exploring",), "X")):
        has = [pl.col(f"{side}_sure") & pl.col(f"{side}_flags").str.contains(code) for side in ("first", "second")]
        whole = pl.col("first_sure") & pl.col("second_sure").fill_null(value=True)
        certain = whole | pl.any_horizontal(each.fill_null(value=False) for each in has)
        rows += [_rows(heard, measure, certain) for measure in measures]
    rows.append(_rows(heard, "rise_above_rate", pl.col("first_sure")))
    return pl.concat(rows)


def _with_windows(told: pl.DataFrame, spoken: pl.DataFrame) -> pl.DataFrame:
    """Customers' turns with the next agent turn, and the one after it of the same agent (as `mirror` answers them)."""
    first = [pl.col(name).alias(f"first_{name}") for name in ("turn", "flags", "sure")]
    second = [
        pl.col(name).shift(-1).over("conversation_id", "agent_id").alias(f"second_{name}") for name in ("flags", "sure")
    ]
    windows = spoken.select("conversation_id", *first, *second)
    following = pl.when(pl.col("role") == Role.AGENT).then("turn").backward_fill().over("conversation_id")
    heard = told.with_columns(first_turn=following).filter(pl.col("role") == Role.CUSTOMER)
    return heard.join(windows, on=("conversation_id", "first_turn"), how="inner")


def _rows(turns: pl.DataFrame, measure: str, certain: pl.Expr) -> pl.DataFrame:
    return turns.filter(certain.fill_null(value=False)).select(pl.lit(measure).alias("measure"), *_TURN)

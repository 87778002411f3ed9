"""Figures beside the raw ones: adjusted for the customers an agent got, drawn towards the team, and who stands out.

Agents do not choose their customers. Indirect standardisation asks what the other agents would have done with the same
ones: the expected hits of an agent are the others' rates in each stratum (customer's tone, channel, queue), and
observed over expected, times what they would do with the customers of the whole team, is the adjusted rate (Iezzoni
2013, "Risk adjustment for measuring health care outcomes"). Small samples are then drawn towards the team (empirical
Bayes; Efron 2010), and an agent stands out where a test says so after allowing for how many agents were looked at
(Benjamini and Hochberg 1995).
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable

import numpy as np
import polars as pl
from scipy import special

from empathy_scan import stats
from empathy_scan.config import SummaryConfig
from empathy_scan.opportunities import coarser
from empathy_scan.stats import Numbers

RATES = (
    "empathy_rate", "scripted_rate", "missed_rate", "exploring", "scripted_share", "followed_by_action",
    "sorry_without_action", "rise_above_rate", "guarded_rate", "belittling_rate",
)  # fmt: skip
CONTRASTS = ("mirroring",)
FEWEST_AGENTS = 3  # with fewer there is no team to be drawn towards
BORROWED = 5.0  # opportunities of the next coarser stratum that each stratum's rate borrows
COLUMNS: dict[str, type[pl.Float64 | pl.Boolean]] = {
    "adjusted": pl.Float64, "adjusted_low": pl.Float64, "adjusted_high": pl.Float64,
    "shrunken": pl.Float64, "shrunken_low": pl.Float64, "shrunken_high": pl.Float64,
    "reference": pl.Float64,  # what the others would do with the team's customers, or their mean contrast
    "p_value": pl.Float64, "stands_out": pl.Boolean,
}  # fmt: skip
_KEY = ("measure", "agent_id")
_SCHEMA = {"measure": pl.String, "agent_id": pl.String, **COLUMNS}


def compared(rows: pl.DataFrame, figures: pl.DataFrame, config: SummaryConfig) -> pl.DataFrame:
    """One row per measure of RATES and CONTRASTS and agent with a value: the columns COLUMNS beside both names.

    `rows` are `opportunities`, `figures` the raw figures of agents. Nothing for a measure that fewer than three agents
    have a value for.
    """
    told = figures.filter(pl.col("value").is_not_null())
    made = []
    for measure in (*RATES, *CONTRASTS):
        own = told.filter(pl.col("measure") == measure)
        if own.height < FEWEST_AGENTS:
            continue
        agents = own["agent_id"].to_list()
        if measure in CONTRASTS:
            made.append(_contrast(measure, own))
        else:
            made.append(_rate(measure, agents, rows.filter(pl.col("measure") == measure), config))
    return pl.concat([pl.DataFrame(schema=_SCHEMA), *made])


def _rate(measure: str, agents: list[str], rows: pl.DataFrame, config: SummaryConfig) -> pl.DataFrame:
    """The adjusted and shrunken rates of a measure; `rows` are its opportunities."""
    expected = _expected(rows)
    sums = (
        expected.group_by("agent_id", "conversation_id")
        .agg(pl.col("value").sum(), pl.col("worth").sum(), pl.col("reference").first())
        .sort("agent_id", "conversation_id")
        .with_columns(pl.col("value", "worth").round(9))
    )
    seed = (config.seed % 2**63, zlib.crc32(f"adjusted {measure}".encode()))
    parts = sums.partition_by("agent_id", as_dict=True)
    found, weight, reference, talks = [], [], [], []
    for agent in agents:
        part = parts[(agent,)]
        held = part.select("value", "worth").to_numpy()
        estimate, effective = stats.weighed(
            held, np.ones(len(held), dtype=np.int64), resamples=config.resamples, seed=seed
        )
        found.append(estimate)
        weight.append(effective)
        reference.append(part["reference"][0])
        talks.append(len(held))
    rates, trials = np.array([one.value for one in found]), np.array(weight)
    shrunk = stats.shrink((rates * trials).round(6), trials.round(6))  # a flat likelihood would magnify rounding
    p_values = _tested(rates, np.array(reference), trials, np.array(talks))
    return _frame(
        measure, agents, rates, [one.low for one in found], [one.high for one in found], shrunk, reference, p_values
    )


def _expected(rows: pl.DataFrame) -> pl.DataFrame:
    """Every opportunity with `reference`, the others' rate with all customers, and `worth`, theirs with this over that.

    A stratum's rate among the others borrows BORROWED opportunities from the stratum without the queue, and that from
    all of them.
    """
    cells = rows.group_by("agent_id", "stratum").agg(hits=pl.col("value").sum(), n=pl.len())
    strata = cells.group_by("stratum").agg(pl.col("hits").sum().alias("all_hits"), pl.col("n").sum().alias("all_n"))
    every = cells.select("agent_id").unique().join(strata, how="cross")
    # In a fixed order: sums of fractions are the same to the last digit whatever the order of the rows.
    left = every.join(cells, on=("agent_id", "stratum"), how="left").sort("agent_id", "stratum").select(
        "agent_id", "stratum", "all_n", coarse=coarser(pl.col("stratum")),
        hits=pl.col("all_hits") - pl.col("hits").fill_null(0), n=pl.col("all_n") - pl.col("n").fill_null(0),
    )  # fmt: skip
    hits, n = pl.col("hits"), pl.col("n")
    overall = (hits.sum() + 0.5).over("agent_id") / (n.sum() + 1).over("agent_id")
    kind = ("agent_id", "coarse")
    coarse = (hits.sum().over(kind) + BORROWED * overall) / (n.sum().over(kind) + BORROWED)
    weight = pl.col("all_n") / pl.col("all_n").sum().over("agent_id")
    rates = left.with_columns(rate=(hits + BORROWED * coarse) / (n + BORROWED)).with_columns(
        reference=(weight * pl.col("rate")).sum().over("agent_id")
    )
    joined = rows.join(rates, on=("agent_id", "stratum"), how="left")
    return joined.select(
        "agent_id", "conversation_id", "value", "reference", worth=pl.col("rate") / pl.col("reference")
    )


def _tested(rates: Numbers, reference: Numbers, trials: Numbers, conversations: Numbers) -> Numbers:
    """Two-sided p-values of the rates against the others', each from as many turns as its interval stands for."""
    others = np.maximum(trials.sum() - trials, 1.0)
    spread = np.sqrt(reference * (1 - reference) * (1 / trials + 1 / others))
    statistic = np.abs(rates - reference) / np.maximum(spread, 1e-12)
    p_values: Numbers = 2 * special.stdtr(np.maximum(conversations - 1, 1), -statistic)
    return p_values


def _contrast(measure: str, own: pl.DataFrame) -> pl.DataFrame:
    """A contrast needs no adjustment, it compares an agent's own turns; it is drawn towards the team and tested."""
    values = own["value"].to_numpy()
    errors = np.maximum((own["high"] - own["low"]).to_numpy() / (2 * stats.QUANTILE), 1e-3)
    shrunk = stats.shrink_normal(values, errors)
    weights = errors**-2.0
    reference = (weights @ values - weights * values) / (weights.sum() - weights)
    spread = np.sqrt(errors**2 + 1 / (weights.sum() - weights))
    p_values = 2 * special.ndtr(-np.abs(values - reference) / spread)
    blank = [None] * len(values)
    return _frame(measure, own["agent_id"].to_list(), blank, blank, blank, shrunk, reference, p_values)


def _frame(
    measure: str, agents: list[str], rates: Iterable[object], low: Iterable[object], high: Iterable[object],
    shrunk: stats.Shrunk, reference: Iterable[float], p_values: Numbers,
) -> pl.DataFrame:  # fmt: skip
    return pl.DataFrame(
        {
            "measure": [measure] * len(agents), "agent_id": agents,
            "adjusted": list(rates), "adjusted_low": list(low), "adjusted_high": list(high),
            "shrunken": shrunk.rates, "shrunken_low": shrunk.low, "shrunken_high": shrunk.high,
            "reference": list(reference), "p_value": p_values,
            "stands_out": stats.benjamini_hochberg(p_values),
        },
        schema=_SCHEMA,
    )  # fmt: skip

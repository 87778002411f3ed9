"""Figures beside the raw ones: adjusted for the customers an agent got, drawn towards the team, and who stands out.

Agents do not choose their customers. Indirect standardisation asks what the other agents would have done with the same
ones: the expected hits of an agent are the others' rates in each stratum (customer's tone, channel, queue), and
observed over expected, times what they would do with the customers of the whole team, is the adjusted rate (Iezzoni
2013, "Risk adjustment for measuring health care outcomes"). What the others would do is an estimate too, and counts as
one in the interval and in the test. Small samples are then drawn towards the team (empirical Bayes; Efron 2010), and an
agent stands out where a test says so after allowing for how many agents were looked at (Benjamini and Hochberg 1995),
and for how many measures where there are more of these than of agents.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl
from scipy import sparse, special

from empathy_scan import stats
from empathy_scan.config import SummaryConfig
from empathy_scan.opportunities import coarser
from empathy_scan.stats import Numbers

RATES = (
    "empathy_rate", "scripted_rate", "missed_rate", "exploring", "scripted_share", "followed_by_action",
    "sorry_without_action", "rise_above_rate", "guarded_rate", "belittling_rate",
)  # fmt: skip
CONTRASTS = ("mirroring",)
COMPARED = len(RATES) + len(CONTRASTS)
FEWEST_AGENTS = 3  # with fewer there is no team to be drawn towards
BORROWED = 5.0  # opportunities of the next coarser stratum that each stratum's rate borrows
COLUMNS: dict[str, type[pl.Float64 | pl.Boolean]] = {
    "adjusted": pl.Float64, "adjusted_low": pl.Float64, "adjusted_high": pl.Float64,
    "shrunken": pl.Float64, "shrunken_low": pl.Float64, "shrunken_high": pl.Float64,
    "reference": pl.Float64,  # what the others would do with the team's customers, or their mean contrast
    "p_value": pl.Float64, "stands_out": pl.Boolean,
}  # fmt: skip
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
    customers = _customers(rows)
    seed = (config.seed % 2**63, zlib.crc32(f"adjusted {measure}".encode()))
    places = np.array([customers.agents.index(agent) for agent in agents])
    found = [
        stats.standardised(
            *np.unique(customers.sums[place], axis=0, return_counts=True),
            beyond=float(customers.beyond[place]), resamples=config.resamples, seed=seed,
        )
        for place in places
    ]  # fmt: skip
    rates, trials = np.array([one.estimate.value for one in found]), np.array([one.trials for one in found])
    shrunk = stats.shrink((rates * trials).round(6), trials.round(6))  # a flat likelihood would magnify rounding
    p_values = _tested(customers, places, found)
    ends = ([one.estimate.low for one in found], [one.estimate.high for one in found])
    return _frame(measure, agents, rates, *ends, shrunk, customers.reference[places], p_values)


@dataclass(frozen=True, slots=True)
class _Customers:
    """Of each agent what the others would have done with the same customers, and how sure that is."""

    agents: list[str]
    sums: list[Numbers]  # (hits, expected hits over the reference, opportunities) of each conversation
    hits: Numbers
    expected: Numbers  # hits of the others with the agent's customers
    expected_variance: Numbers
    reference: Numbers  # rate of the others with the customers of the whole team
    beyond: Numbers  # variance of the adjusted rate that comes from the others


def _customers(rows: pl.DataFrame) -> _Customers:
    """What the others would have done, from the opportunities of a measure.

    A stratum's rate among the others borrows BORROWED opportunities from the stratum without the queue, and that from
    all of them.
    """
    agents, strata = (rows[column].unique().sort() for column in ("agent_id", "stratum"))
    cells = (
        rows.group_by("agent_id", "conversation_id", "stratum")
        .agg(hits=pl.col("value").sum(), n=pl.len())
        .with_columns(
            pl.col(one.name).replace_strict(one, range(len(one)), return_dtype=pl.Int64) for one in (agents, strata)
        )
        .sort("agent_id", "conversation_id", "stratum")  # sums of fractions are the same whatever the order of the rows
    )
    at, shape = (cells["agent_id"].to_numpy(), cells["stratum"].to_numpy()), (len(agents), len(strata))
    held, took = (_placed(at, cells[name].to_numpy(), shape) for name in ("n", "hits"))
    kinds = strata.to_frame().select(coarser(pl.col("stratum")).rank("dense") - 1).to_series().cast(int).to_numpy()
    others = _Others.of(held.sum(axis=0) - held, took.sum(axis=0) - took, kinds)
    whole = np.broadcast_to(held.sum(axis=0) / held.sum(), shape)
    hits, expected, reference = took.sum(axis=1), (others.rates * held).sum(axis=1), (others.rates * whole).sum(axis=1)
    of_own, of_whole = others.weights(held), others.weights(whole)
    observed = (hits / expected)[:, None]
    usual = _Others.of(held.sum(axis=0)[None], took.sum(axis=0)[None], kinds).rates[0]
    off = (cells["hits"] - cells["n"] * pl.Series(usual[at[1]])).to_numpy()
    expected_variance, beyond = (
        _variance_of_others(cells, off, weights)
        for weights in (of_own, observed * (of_whole - of_own * (reference / expected)[:, None]))
    )
    worth = pl.Series(others.rates[at] / reference[at[0]]) * cells["n"]
    sums = cells.with_columns(worth=worth).group_by("agent_id", "conversation_id", maintain_order=True).agg(
        pl.col("hits").sum(), pl.col("worth").sum().round(9), pl.col("n").sum().cast(pl.Float64)
    ).partition_by("agent_id", maintain_order=True)  # fmt: skip
    return _Customers(
        agents.to_list(), [part.select("hits", "worth", "n").to_numpy() for part in sums],
        hits, expected, expected_variance, reference, beyond,
    )  # fmt: skip


def _tested(customers: _Customers, places: npt.NDArray[np.int64], found: list[stats.Standardised]) -> Numbers:
    """Two-sided p-values of the agents' hits against those expected, as if the agents were like the others."""
    n = np.array([customers.sums[place][:, 2].sum() for place in places])
    effect, freedom = (np.array([getattr(one, name) for one in found]) for name in ("effect", "freedom"))
    expected = customers.expected[places]
    chance = np.minimum(expected / n, 1.0)
    variance = chance * (1 - chance) * n * effect + customers.expected_variance[places]
    statistic = np.abs(customers.hits[places] - expected) / np.sqrt(np.maximum(variance, 1e-12))
    p_values: Numbers = 2 * special.stdtr(np.minimum(freedom, 1e9), -statistic)
    return p_values


@dataclass(frozen=True, slots=True)
class _Others:
    """The rates of all but one agent in each stratum, and what each opportunity counts in them."""

    n: Numbers
    of_kind: Numbers  # opportunities in the strata of the same customer's tone and channel
    kinds: npt.NDArray[np.int64]  # of each stratum
    rates: Numbers

    @classmethod
    def of(cls, n: Numbers, hits: Numbers, kinds: npt.NDArray[np.int64]) -> _Others:
        """From [agents, strata] of opportunities and hits of the others."""
        overall = (hits.sum(axis=1) + 0.5) / (n.sum(axis=1) + 1)
        n_of_kind, hits_of_kind = _by_kind(n, kinds), _by_kind(hits, kinds)
        coarse = (hits_of_kind + BORROWED * overall[:, None]) / (n_of_kind + BORROWED)
        return cls(n, n_of_kind, kinds, (hits + BORROWED * coarse) / (n + BORROWED))

    def weights(self, taken: Numbers) -> Numbers:
        """How often each of their opportunities counts in the rates, summed over the strata `taken` so often."""
        direct = taken / (self.n + BORROWED)
        borrowed = _by_kind(BORROWED * direct, self.kinds) / (self.of_kind + BORROWED)
        # Each kind's borrowing stands in all of its strata; count it once.
        strata = _by_kind(np.ones_like(taken), self.kinds)
        further = (BORROWED * borrowed / strata).sum(axis=1) / (self.n.sum(axis=1) + 1)
        return np.asarray(direct + borrowed + further[:, None])


def _placed(at: tuple[npt.NDArray[np.int64], ...], values: Numbers, shape: tuple[int, int]) -> Numbers:
    """Values added up in the cells of a table."""
    table = np.zeros(shape)
    np.add.at(table, at, values)
    return table


def _by_kind(table: Numbers, kinds: npt.NDArray[np.int64]) -> Numbers:
    """In each stratum the sum over all strata of its kind."""
    member = np.eye(int(kinds.max()) + 1)[kinds]  # [strata, kinds]
    return np.asarray((table @ member)[:, kinds])


def _variance_of_others(cells: pl.DataFrame, off: Numbers, weights: Numbers) -> Numbers:
    """For each agent the variance of a weighted sum over the other agents' conversations.

    `off` tells how far the hits of each agent, conversation and stratum (numbers) lie from what is usual; `weights` are
    [agents, strata].
    """
    talk = cells.select(pl.struct("agent_id", "conversation_id").rank("dense") - 1).to_series().to_numpy()
    agent, stratum = cells["agent_id"].to_numpy(), cells["stratum"].to_numpy()
    table = sparse.csr_matrix((off, (talk, stratum)), shape=(int(talk.max()) + 1, weights.shape[1]))
    together = table.T @ table  # [strata, strata], mostly empty: a conversation has one queue
    everybody = (weights * (together @ weights.T).T).sum(axis=1)
    own = np.bincount(talk, off * weights[agent, stratum]) ** 2
    holder = np.zeros(len(own), dtype=np.int64)
    holder[talk] = agent
    return np.asarray(np.maximum(0.0, everybody - np.bincount(holder, own, minlength=len(weights))))


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
            "stands_out": stats.benjamini_hochberg(p_values, level=stats.level_of(len(p_values), COMPARED)),
        },
        schema=_SCHEMA,
    )  # fmt: skip

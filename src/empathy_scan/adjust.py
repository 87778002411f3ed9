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
    mix = _Mix.of(rows)
    seed = (config.seed % 2**63, zlib.crc32(f"adjusted {measure}".encode()))
    places = np.array([mix.agents.index(agent) for agent in agents])
    found = []
    for place in places:
        sums, counts = np.unique(mix.sums(int(place)), axis=0, return_counts=True)
        found.append(
            stats.standardised(sums, counts, beyond=float(mix.beyond[place]), resamples=config.resamples, seed=seed)
        )
    rates, trials = np.array([one.estimate.value for one in found]), np.array([one.trials for one in found])
    shrunk = stats.shrink((rates * trials).round(6), trials.round(6))  # a flat likelihood would magnify rounding
    p_values = mix.p_values(places, found)
    ends = ([one.estimate.low for one in found], [one.estimate.high for one in found])
    return _frame(measure, agents, rates, *ends, shrunk, mix.reference[places], p_values)


@dataclass(frozen=True, slots=True)
class _Mix:
    """What the other agents would do with an agent's customers, and how sure that is.

    Arrays are [agents, strata] or [agents]; the strata of `cells` are numbered as their columns.
    """

    agents: list[str]
    cells: pl.DataFrame  # agent, conversation and stratum (numbers of the first and last), hits, n
    rates: Numbers  # of the other agents in each stratum
    reference: Numbers  # of the other agents with the customers of the whole team
    hits: Numbers  # [agents]
    expected: Numbers  # [agents] the others' hits with the agent's customers
    beyond: Numbers  # [agents] variance of the adjusted rate that comes from the others
    expected_variance: Numbers  # [agents]

    @classmethod
    def of(cls, rows: pl.DataFrame) -> _Mix:
        """From the opportunities of a measure.

        A stratum's rate among the others borrows BORROWED opportunities from the stratum without the queue, and that
        from all of them.
        """
        agents, strata = (rows[column].unique().sort() for column in ("agent_id", "stratum"))
        kinds = strata.to_frame().select(coarser(pl.col("stratum")).rank("dense") - 1).to_series().to_numpy()
        number = {"agent_id": agents, "stratum": strata}
        cells = (
            rows.group_by("agent_id", "conversation_id", "stratum").agg(hits=pl.col("value").sum(), n=pl.len())
            .with_columns(pl.col(name).replace_strict(of, range(len(of)), return_dtype=pl.Int64)
                          for name, of in number.items())
            .sort("agent_id", "conversation_id", "stratum")
        )  # fmt: skip
        shape = (len(agents), len(strata))
        at = (cells["agent_id"].to_numpy(), cells["stratum"].to_numpy())
        held, took = (_placed(at, cells[name].to_numpy(), shape) for name in ("n", "hits"))
        others = _Others.of(held.sum(axis=0) - held, took.sum(axis=0) - took, kinds.astype(np.int64))
        whole = np.broadcast_to(held.sum(axis=0) / held.sum(), shape)
        hits, expected = took.sum(axis=1), (others.rates * held).sum(axis=1)
        reference = (others.rates * whole).sum(axis=1)
        adjusted = hits / expected * reference
        own, team = others.weights(held), others.weights(whole)
        pull = (hits / expected)[:, None] * team - (adjusted / expected)[:, None] * own
        every = _Others.of(held.sum(axis=0)[None], took.sum(axis=0)[None], kinds.astype(np.int64)).rates[0]
        residuals = cells.select(
            "agent_id", "conversation_id", "stratum", off=pl.col("hits") - pl.col("n") * pl.Series(every[at[1]])
        )
        beyond, expected_variance = (_variance_of_others(residuals, weights) for weights in (pull, own))
        return cls(agents.to_list(), cells, others.rates, reference, hits, expected, beyond, expected_variance)

    def sums(self, place: int) -> Numbers:
        """(hits, expected hits over the reference, opportunities) of each conversation of an agent."""
        own = self.cells.filter(pl.col("agent_id") == place)
        worth = self.rates[place][own["stratum"].to_numpy()] / self.reference[place]
        summed = own.with_columns(worth=pl.col("n") * pl.Series(worth)).group_by("conversation_id", maintain_order=True)
        return summed.agg(pl.col("hits").sum(), pl.col("worth").sum().round(9), pl.col("n").sum()).select(
            "hits", "worth", "n"
        ).to_numpy().astype(np.float64)  # fmt: skip

    def p_values(self, places: npt.NDArray[np.int64], found: list[stats.Standardised]) -> Numbers:
        """Two-sided p-values of the agents' hits against those expected, were the agents like the others."""
        n = np.array([self.cells.filter(pl.col("agent_id") == place)["n"].sum() for place in places], dtype=np.float64)
        effect, freedom = (np.array([getattr(one, name) for one in found]) for name in ("effect", "freedom"))
        expected = np.minimum(self.expected[places] / n, 1.0)
        variance = expected * (1 - expected) * effect * n + self.expected_variance[places]
        statistic = np.abs(self.hits[places] - self.expected[places]) / np.sqrt(np.maximum(variance, 1e-12))
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
        return direct + borrowed + further[:, None]


def _placed(at: tuple[npt.NDArray[np.int64], ...], values: Numbers, shape: tuple[int, int]) -> Numbers:
    """Values added up in the cells of a table."""
    table = np.zeros(shape)
    np.add.at(table, at, values)
    return table


def _by_kind(table: Numbers, kinds: npt.NDArray[np.int64]) -> Numbers:
    """In each stratum the sum over all strata of its kind."""
    member = np.eye(int(kinds.max()) + 1)[kinds]  # [strata, kinds]
    return np.asarray((table @ member)[:, kinds])


def _variance_of_others(residuals: pl.DataFrame, weights: Numbers) -> Numbers:
    """For each agent the variance of a weighted sum over the other agents' conversations.

    `residuals` tell how far the hits of an agent (number), conversation and stratum (number) are `off` what is usual;
    `weights` are [agents, strata].
    """
    talk = residuals.select(pl.struct("agent_id", "conversation_id").rank("dense") - 1).to_series().to_numpy()
    agent, stratum, off = (residuals[name].to_numpy() for name in ("agent_id", "stratum", "off"))
    table = sparse.csr_matrix((off, (talk, stratum)), shape=(int(talk.max()) + 1, weights.shape[1]))
    together = table.T @ table  # [strata, strata], mostly empty: a conversation has one queue
    everybody = (weights * (together @ weights.T).T).sum(axis=1)
    own = np.bincount(talk, off * weights[agent, stratum]) ** 2
    holder = np.zeros(len(own), dtype=np.int64)
    holder[talk] = agent
    return np.maximum(0.0, everybody - np.bincount(holder, own, minlength=len(weights)))


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

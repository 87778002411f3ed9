"""Whether differences between agents may be differences of queue, channel, accent or any other group.

Each agent is held against the others twice: as counted, and within the same groups. For the second, every rate is taken
for what an agent adds to what a group adds, and both are fitted together by least squares over the opportunities (the
fitting of constants; Yates 1934, "The analysis of multiple classifications with unequal numbers in the different
classes"); an agent's part is then compared with that of the others who can be reached through shared groups, weighted
by their opportunities. What the second difference is smaller by is one of groups, not of agents. Where groups do not
matter, or agents have them in equal shares, both differences are the same. All variances, that of the move from one to
the other too, are those of the linear parts over conversations (Davison and Hinkley 1997, section 2.7).

An agent who alone serves a group cannot be told from it: nothing can then be fitted, and the warning says so.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import polars as pl
from scipy import sparse, special
from scipy.sparse import csgraph

from empathy_scan import stats
from empathy_scan.config import SummaryConfig
from empathy_scan.group_figures import Facet, placed
from empathy_scan.mirror import UNKNOWN_AGENT
from empathy_scan.stats import Estimate, Numbers

Places = npt.NDArray[np.int64]
MEASURES = ("empathy_rate", "scripted_rate", "missed_rate", "scripted_share", "guarded_rate")
FEWEST_AGENTS = 3
BORROWED = 5.0  # opportunities that a rate in a group borrows from the whole group, for its variance only
_NOTHING = 1e-9
COMPARABLE = 0.2  # share of an agent's opportunities that others must share groups with, lest it be called alone


@dataclass(frozen=True, slots=True)
class Compared:
    """An agent's rate less that of the others, as counted and within the same groups; and what moved between."""

    agent_id: str
    n: int
    conversations: int
    counted: Estimate
    p_counted: float
    differs: bool  # as counted, after allowing for how many were looked at
    shared: float  # share of the opportunities that lie in groups that others serve, too
    within: Estimate | None  # None for an agent who is alone
    p_within: float
    p_move: float  # of no move
    moves: bool  # it does, after allowing for how many were looked at

    @property
    def alone(self) -> bool:
        """Whether nobody else serves the agent's groups, or hardly anybody."""
        return self.within is None

    @property
    def explained(self) -> bool:
        """Whether the difference is that of groups, all or half of it, as far as can be told."""
        if not self.differs or self.within is None or not self.moves:
            return False
        return abs(self.within.value) <= abs(self.counted.value) / 2 or self.within.low <= 0 <= self.within.high


@dataclass(frozen=True, slots=True)
class Comparison:
    """All agents with enough conversations, in one measure, by one facet."""

    facet: str
    given: bool
    measure: str
    agents: tuple[Compared, ...]

    @property
    def differing(self) -> tuple[Compared, ...]:
        """Those who differ as counted."""
        return tuple(each for each in self.agents if each.differs)

    @property
    def explained(self) -> tuple[Compared, ...]:
        """Those of them who no longer do, or half as much, within the same groups."""
        return tuple(each for each in self.agents if each.explained)

    @property
    def alone(self) -> tuple[Compared, ...]:
        """Those of them with whom nobody can be compared within the same groups."""
        return tuple(each for each in self.agents if each.differs and each.alone)

    @property
    def warns(self) -> bool:
        """Whether differences between agents may be differences between groups."""
        return bool(self.explained or self.alone)


def compared(rows: pl.DataFrame, facets: Sequence[Facet], config: SummaryConfig) -> tuple[Comparison, ...]:
    """Every measure by every facet that has two groups or more, of agents with enough conversations."""
    known = rows.filter(pl.col("measure").is_in(MEASURES), pl.col("turn").is_not_null())
    found: list[Comparison] = []
    for facet in facets:
        own = placed(known, facet)
        if own["group"].n_unique() < 2:
            continue
        made = [
            Comparison(
                facet.name, facet.given, measure, tuple(_measured(own.filter(pl.col("measure") == measure), config))
            )
            for measure in MEASURES
        ]
        found += _believed([each for each in made if each.agents])
    return tuple(found)


def _believed(made: list[Comparison]) -> Iterator[Comparison]:
    """The comparisons of a facet, with what holds after allowing for how many there were."""
    everybody = [each for one in made for each in one.agents]
    differs, moves = (
        stats.benjamini_hochberg(np.array([getattr(each, name) for each in everybody], dtype=np.float64)).tolist()
        for name in ("p_counted", "p_move")
    )
    held = iter([replace(each, differs=a, moves=b) for each, a, b in zip(everybody, differs, moves, strict=True)])
    for one in made:
        yield replace(one, agents=tuple(next(held) for _ in one.agents))


def _measured(rows: pl.DataFrame, config: SummaryConfig) -> Iterator[Compared]:
    """The agents with enough conversations of a measure; nobody where there are too few such agents."""
    sizes = rows.group_by("agent_id").agg(held=pl.col("conversation_id").n_unique()).sort("agent_id")
    named = sizes.filter(pl.col("held") >= max(2, config.minimum_conversations), pl.col("agent_id") != UNKNOWN_AGENT)
    if named.height < FEWEST_AGENTS:
        return
    table = _Table.of(rows)
    for agent_id, conversations in named.iter_rows():
        yield table.compare(agent_id, conversations)


@dataclass(frozen=True, slots=True)
class _Worth:
    """What a hit counts in a difference: `counted` of an agent, as counted; `agents` and `groups` add up, as fitted."""

    counted: Numbers
    agents: Numbers
    groups: Numbers

    def less(self, other: _Worth) -> _Worth:
        """What it counts in the difference of two differences."""
        return _Worth(self.counted - other.counted, self.agents - other.agents, self.groups - other.groups)


@dataclass(frozen=True, slots=True)
class _Off:
    """How far the hits of talks (an agent's part of a conversation) lie off what is usual for the agent: products.

    `counted` is over all groups, `fitted` within each: sums over the talks of an agent, `groups` over all talks.
    """

    counted: Numbers  # [agents]: squares of the first
    across: Numbers  # [agents, groups]: the first times the second
    fitted: Numbers  # [agents]: squares of the sum of the second
    within: Numbers  # [agents, groups]: that sum times the second
    groups: Numbers  # [groups, groups]: the second times the second

    @classmethod
    def of(cls, cells: pl.DataFrame, at: Places, column: Places, n: Numbers, hits: Numbers) -> _Off:
        """From opportunities by agent, conversation and group, with the places of agent and group."""
        rates = (hits + BORROWED * hits.sum(axis=0) / n.sum(axis=0)) / (n + BORROWED)
        whole = (hits.sum(axis=1) + BORROWED * hits.sum() / n.sum()) / (n.sum(axis=1) + BORROWED)
        took, held = cells["hits"].to_numpy(), cells["n"].to_numpy()
        talk = cells.select(pl.struct("agent_id", "conversation_id").rank("dense") - 1).to_series().cast(int).to_numpy()
        size = int(talk.max()) + 1
        holder = np.zeros(size, dtype=np.int64)
        holder[talk] = at
        first = np.bincount(talk, took - whole[at] * held, minlength=size)
        second = sparse.csr_matrix((took - rates[at, column] * held, (talk, column)), shape=(size, n.shape[1]))
        owned = sparse.csr_matrix((np.ones(size), (holder, np.arange(size))), shape=(len(n), size))
        total = np.asarray(second.sum(axis=1)).ravel()
        return cls(
            np.asarray(owned @ first**2), np.asarray((owned @ second.multiply(first[:, None])).todense()),
            np.asarray(owned @ total**2), np.asarray((owned @ second.multiply(total[:, None])).todense()),
            np.asarray((second.T @ second).todense()),
        )  # fmt: skip

    def variance(self, worth: _Worth) -> float:
        """The variance of a difference in which hits count so much."""
        own, agents, groups = worth.counted, worth.agents, worth.groups
        of_agents = own**2 * self.counted + 2 * own * (agents * self.across.sum(axis=1) + self.across @ groups)
        of_agents += agents**2 * self.fitted + 2 * agents * (self.within @ groups)
        return float(of_agents.sum() + groups @ self.groups @ groups)


@dataclass(frozen=True, slots=True)
class _Table:
    """Opportunities by agent and group, what solves the equations of the fit, and how far talks lie off."""

    agents: list[str]
    n: Numbers  # [agents, groups]
    hits: Numbers
    off: _Off
    inverse: Numbers  # [groups, groups]: of the equations that are left when the agents' parts are taken out
    parts: Places  # of each agent, who can be reached through shared groups: the same number

    @classmethod
    def of(cls, rows: pl.DataFrame) -> _Table:
        """The table of a measure's opportunities."""
        cells = rows.group_by("agent_id", "conversation_id", "group").agg(
            hits=pl.col("value").sum(), n=pl.len().cast(pl.Float64)
        ).sort("agent_id", "conversation_id", "group")  # fmt: skip
        agents, groups = (cells[name].unique().sort().to_list() for name in ("agent_id", "group"))
        at = cells["agent_id"].replace_strict(agents, range(len(agents)), return_dtype=pl.Int64).to_numpy()
        column = cells["group"].replace_strict(groups, range(len(groups)), return_dtype=pl.Int64).to_numpy()
        hits, n = np.zeros((len(agents), len(groups))), np.zeros((len(agents), len(groups)))
        np.add.at(hits, (at, column), cells["hits"].to_numpy())
        np.add.at(n, (at, column), cells["n"].to_numpy())
        left = np.diag(n.sum(axis=0)) - n.T @ (n / n.sum(axis=1)[:, None])
        shared = sparse.bmat([[None, sparse.csr_matrix(n)], [sparse.csr_matrix(n.T), None]])
        parts = csgraph.connected_components(shared)[1][: len(agents)].astype(np.int64)
        off = _Off.of(cells, at, column, n, hits)
        return cls(agents, n, hits, off, np.linalg.pinv(left, hermitian=True), parts)

    def compare(self, agent_id: str, conversations: int) -> Compared:
        """An agent against all others."""
        place, size = self.agents.index(agent_id), self.n.sum(axis=1)
        counts = np.full(len(size), -1 / max(1.0, size.sum() - size[place]))
        counts[place] = 1 / size[place]
        counted = _Worth(counts, np.zeros_like(size), np.zeros(self.n.shape[1]))
        freedom = max(1, conversations - 1)
        value = float(counts @ self.hits.sum(axis=1))
        ends, p_counted = self._estimate(value, counted, freedom)
        others = self.n.sum(axis=0) - self.n[place]
        shared = float(self.n[place][others > 0].sum() / size[place])
        known = (agent_id, int(size[place]), conversations, ends, p_counted, False, shared)
        if shared < COMPARABLE:
            return Compared(*known, None, 1.0, 1.0, False)
        fitted = self._fitted(place, size)
        joined = float(fitted.agents @ self.hits.sum(axis=1) + self.hits.sum(axis=0) @ fitted.groups)
        within, p_within = self._estimate(joined, fitted, freedom)
        _, p_move = self._estimate(value - joined, counted.less(fitted), freedom)
        return Compared(*known, within, p_within, p_move, False)

    def _fitted(self, place: int, size: Numbers) -> _Worth:
        """What a hit of each agent and in each group counts in the fitted difference of an agent from the others."""
        weights = np.where(self.parts == self.parts[place], size, 0.0)
        weights[place] = 0.0
        contrast = -weights / weights.sum()
        contrast[place] = 1.0
        groups = self.inverse @ -(self.n.T @ (contrast / size))
        return _Worth(np.zeros_like(size), (contrast - self.n @ groups) / size, groups)

    def _estimate(self, value: float, worth: _Worth, freedom: int) -> tuple[Estimate, float]:
        """A difference with its interval and the p-value of none, from what hits count in it."""
        spread = math.sqrt(max(self.off.variance(worth), 0.0) * (freedom + 1) / freedom)
        if spread < _NOTHING:
            return Estimate(value, value, value), 1.0
        reach = float(special.stdtrit(freedom, 0.5 + stats.LEVEL / 2)) * spread
        p_value = float(2 * special.stdtr(freedom, -abs(value) / spread))
        low, high = max(-1.0, value - reach), min(1.0, value + reach)
        return Estimate(value, min(low, value), max(high, value)), p_value

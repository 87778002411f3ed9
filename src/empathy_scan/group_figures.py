"""The figures of groups side by side: by channel, queue, customer tone, length, form of language and given columns.

A facet puts every opportunity of a figure into one of its groups: by its conversation, by its agent, or by its message.
Figures of a group are those of reports, over the opportunities in it; each is held against all other groups of its
facet.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import polars as pl

from empathy_scan import mirror, summary
from empathy_scan.config import SummaryConfig
from empathy_scan.fairness import gaps, variety
from empathy_scan.fairness.gaps import Gap
from empathy_scan.stats import Estimate
from empathy_scan.summary import SUMS, Kind

MEASURES = (
    "empathy_rate", "scripted_rate", "missed_rate", "scripted_share", "mirroring", "rise_above_rate", "guarded_rate",
)  # fmt: skip
CONVERSATION, AGENT, TURN = ("conversation_id",), ("agent_id",), ("conversation_id", "turn")
TONES = ("civil", "upset", "hostile")
CUSTOMER_TONE = "customer's tone"
AGENT_LENGTH = "length of the agent's message"
OTHERS = "all smaller groups together"
_RESAMPLES = 200


@dataclass(frozen=True, slots=True)
class Facet:
    """A way to divide opportunities: a name, and a frame of the columns `on` and `group`, each key once.

    `given` ones come from a file of the centre: groups of fewer agents than it wants are not told.
    """

    name: str
    on: tuple[str, ...]
    groups: pl.DataFrame
    given: bool = False
    order: tuple[str, ...] = ()  # of the groups; else by name


@dataclass(frozen=True, slots=True)
class GroupFigure:
    """A figure of a group; `why` where there is none. `gap` is against the facet's other groups."""

    facet: str
    group: str
    measure: str
    estimate: Estimate | None
    n: int
    conversations: int
    agents: int
    why: str
    gap: Gap | None = None


def of_turns(turns: pl.DataFrame, labels: pl.DataFrame) -> tuple[Facet, ...]:
    """The facets that messages themselves have: the customer's tone, length and form, the agent's length and form.

    An agent's message belongs to the customer's before it, a customer's message to the agent's that answers it.
    """
    said, asked = mirror.exchanges(labels), mirror.answers(labels)
    pairs = pl.concat([
        said.select("conversation_id", "turn", customer="customer_turn", agent="turn"),
        asked.select("conversation_id", "turn", customer="turn", agent="answer_turn"),
    ])  # fmt: skip
    read = turns.select(
        "conversation_id",
        at="turn",
        variety=variety.variety(pl.col("text")),
        length=variety.length(pl.col("text")),
        confidence=variety.confidence(pl.col("confidence")),
    ).join(labels.select("conversation_id", "tone", at="turn"), on=("conversation_id", "at"), how="left")
    tone = pl.col("tone").replace_strict(dict(enumerate(TONES)), return_dtype=pl.String)
    wanted = (
        (CUSTOMER_TONE, "customer", tone, TONES),
        ("length of the customer's message", "customer", pl.col("length"), variety.LENGTHS),
        (AGENT_LENGTH, "agent", pl.col("length"), variety.LENGTHS),
        ("customer's way of writing", "customer", pl.col("variety"), variety.VARIETIES),
        ("agent's way of writing", "agent", pl.col("variety"), variety.VARIETIES),
        ("recogniser's confidence in the agent's words", "agent", pl.col("confidence"), variety.CONFIDENCES),
    )  # fmt: skip
    return tuple(_of_side(name, side, group, order, pairs, read) for name, side, group, order in wanted)


def _of_side(
    name: str, side: str, group: pl.Expr, order: tuple[str, ...], pairs: pl.DataFrame, read: pl.DataFrame
) -> Facet:
    """What a message of one side has, for each message that belongs to it."""
    own = pairs.join(
        read.select("conversation_id", "at", group=group), left_on=("conversation_id", side),
        right_on=("conversation_id", "at"), how="inner",
    )  # fmt: skip
    held = own.select(*TURN, "group").drop_nulls().unique(TURN, keep="first", maintain_order=True)
    return Facet(name, TURN, held, order=order)


def figures(
    rows: pl.DataFrame, facets: Sequence[Facet], config: SummaryConfig, *, minimum_agents: int
) -> tuple[GroupFigure, ...]:
    """The figures of all groups of facets with two groups or more, from `opportunities`.

    Of a given facet no figure is told that fewer agents than `minimum_agents` have made.
    """
    known = rows.filter(pl.col("measure").is_in(MEASURES), pl.col("turn").is_not_null())
    made = [figure for facet in facets for figure in _of_facet(known, facet, config, minimum_agents)]
    held = gaps.believed([each.gap for each in made])
    return tuple(
        replace(each, gap=replace(each.gap, believed=holds)) if each.gap else each
        for each, holds in zip(made, held, strict=True)
    )


def cautious(facet: Facet, spoken: pl.DataFrame, *, minimum_agents: int) -> Facet:
    """A given facet with its small groups joined; `spoken` has a row per agent and conversation.

    Groups of fewer agents than `minimum_agents` are joined with the next larger until all joined hold as many; where
    even these do not, they are left out. One hidden group alone could be found by taking the others from the whole.
    """
    joined = spoken.join(facet.groups.select(*facet.on, "group"), on=facet.on, how="inner")
    small = hidden(joined, minimum_agents=minimum_agents)
    told = facet.groups.with_columns(
        group=pl.when(pl.col("group").is_in(small)).then(pl.lit(OTHERS)).otherwise("group")
    )
    if joined.filter(pl.col("group").is_in(small))["agent_id"].n_unique() < minimum_agents:
        told = told.filter(pl.col("group") != OTHERS)
    return replace(facet, groups=told)


def placed(rows: pl.DataFrame, facet: Facet) -> pl.DataFrame:
    """The opportunities that are in a group of a facet, with the column `group`."""
    return rows.join(facet.groups.select(*facet.on, "group"), on=facet.on, how="inner", maintain_order="left")


def hidden(rows: pl.DataFrame, *, minimum_agents: int) -> list[str]:
    """The groups that are not told by name: those of few agents, and the next larger until all hidden hold enough.

    One hidden group alone could be found by taking the others from the whole.
    """
    sizes = rows.group_by("group").agg(n=pl.col("agent_id").n_unique()).sort("n", "group")
    names, counts = sizes["group"].to_list(), sizes["n"].to_list()
    small = sum(count < minimum_agents for count in counts)
    while small and small < len(names):
        together = rows.filter(pl.col("group").is_in(names[:small]))["agent_id"].n_unique()
        if small > 1 and together >= minimum_agents:
            break
        small += 1
    return names[:small]


def _of_facet(rows: pl.DataFrame, facet: Facet, config: SummaryConfig, minimum_agents: int) -> Iterator[GroupFigure]:
    own = placed(rows, facet)
    names = own["group"].unique().sort().to_list()
    if len(names) < 2:
        return
    place = {name: at for at, name in enumerate(facet.order)}
    sums = summary.conversation_sums(own.with_columns(agent_id=pl.col("group")), scope="group")
    sums = sums.rename({"agent_id": "group"})
    sizes = own.group_by("group", "measure").agg(n=pl.col("agent_id").n_unique())
    agents = {(group, measure): n for group, measure, n in sizes.iter_rows()}
    fewest = minimum_agents if facet.given else 0
    for name in sorted(names, key=lambda name: (place.get(name, len(place)), name == OTHERS, name)):
        for measure in MEASURES:
            held = sums.filter(pl.col("measure") == measure)
            yield _figure(facet.name, name, measure, held, agents.get((name, measure), 0), fewest, config)


def _figure(
    facet: str, name: str, measure: str, held: pl.DataFrame, agents: int, fewest: int, config: SummaryConfig
) -> GroupFigure:
    """One figure, or why there is none."""
    alike = held.filter(pl.col("group") == name).group_by(SUMS).agg(alike=pl.len().cast(pl.Int64)).sort(SUMS)
    made = summary.figure_of(measure, alike, config)
    n, conversations, why = int(str(made["n"])), int(str(made["conversations"])), str(made["why"] or "")
    if agents < fewest:
        return GroupFigure(facet, name, measure, None, 0, 0, 0, f"made by fewer than {fewest} agents")
    if made["value"] is None:
        return GroupFigure(facet, name, measure, None, n, conversations, agents, why)
    found = Estimate(*(float(str(made[end])) for end in ("value", "low", "high")))
    gap = _gap(measure, held, name, config)
    return GroupFigure(facet, name, measure, found, n, conversations, agents, "", gap)


def _gap(measure: str, held: pl.DataFrame, name: str, config: SummaryConfig) -> Gap | None:
    """A group's rate against the other groups'; None for a contrast, and where they tell too little."""
    if summary.MEASURES[measure] is Kind.CONTRAST:
        return None
    inside = pl.col("group") == name
    both = held.group_by("conversation_id").agg(
        pl.col("hits").filter(inside).sum(), pl.col("chances").filter(inside).sum(),
        pl.col("hits").filter(~inside).sum().alias("other_hits"),
        pl.col("chances").filter(~inside).sum().alias("other_chances"),
    ).sort("conversation_id")  # fmt: skip
    if both.filter(pl.col("other_chances") > 0).height < max(2, config.minimum_conversations):
        return None
    seed = (config.seed % 2**63, zlib.crc32(measure.encode()))
    return gaps.between(both.select(SUMS).to_numpy(), resamples=min(_RESAMPLES, config.resamples), seed=seed)


__all__ = [
    "AGENT",
    "CONVERSATION",
    "TURN",
    "Facet",
    "GroupFigure",
    "cautious",
    "figures",
    "hidden",
    "of_turns",
    "placed",
]

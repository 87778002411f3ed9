"""How often a model errs, group by group: what it finds of what people see, what it sees that is not there.

Where a model finds what people see equally often in all groups, and sees what is not there equally often, its errors
favour nobody (equalised odds; Hardt, Price and Srebro 2016). Turns may carry weights, as those of a review do.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

import numpy as np
import polars as pl

from empathy_scan import stats
from empathy_scan.codebook import CareClass, Role
from empathy_scan.fairness import gaps
from empathy_scan.fairness.gaps import Gap
from empathy_scan.stats import Estimate, Numbers

FOUND, FALSE, RIGHT = "found", "false", "right"
ALL = ""  # the facet of all turns together
FEWEST_TURNS, FEWEST_CONVERSATIONS = 10, 5  # below which a rate is not told
_RESAMPLES = 200  # a share is linear but for its denominator
# What is decided about a turn: by name the role, and what the columns `<side>_care` and `<side>_tone` must say.
EVENTS: dict[str, tuple[Role, str, tuple[object, ...]]] = {
    "understanding": (Role.AGENT, "care", (CareClass.EMPATHIC.value,)),
    "stock_phrase": (Role.AGENT, "care", (CareClass.SCRIPTED.value,)),
    "agent_not_civil": (Role.AGENT, "tone", (1, 2)),
    "agent_hostile": (Role.AGENT, "tone", (2,)),
    "customer_not_civil": (Role.CUSTOMER, "tone", (1, 2)),
    "customer_hostile": (Role.CUSTOMER, "tone", (2,)),
}
# A turn that people and the model have labelled; care is null for customers, `agent_id` may be.
UNITS = {
    "unit": pl.Int64, "conversation_id": pl.String, "agent_id": pl.String, "turn": pl.Int32, "role": pl.String,
    "weight": pl.Float64,
    "people_care": pl.String, "people_tone": pl.Int64, "model_care": pl.String, "model_tone": pl.Int64,
}  # fmt: skip
GROUPS = {"unit": pl.Int64, "facet": pl.String, "group": pl.String}


@dataclass(frozen=True, slots=True)
class ErrorRate:
    """A rate of a group; `why` where there is too little to tell it. `gap` is against the facet's other groups.

    `found`: of what people call so, what the model calls so; `false`: of what people do not call so, what the model
    does; `right`: of what the model calls so, what people call so.
    """

    facet: str
    group: str
    event: str
    kind: str
    estimate: Estimate | None
    turns: int
    conversations: int
    why: str
    gap: Gap | None = None


def rates(
    units: pl.DataFrame, groups: pl.DataFrame, *, fewest: Mapping[str, int] | None = None
) -> tuple[ErrorRate, ...]:
    """Every rate of every group, all turns first (facet ALL); of facets with two groups or more the gaps, too.

    `units` are UNITS, `groups` say of units what group of which facet they are in (GROUPS); a unit may lack a facet.
    `fewest` says of facets how many agents must have spoken the turns of a rate, lest somebody be picked out.
    """
    whole = units.select("unit", facet=pl.lit(ALL), group=pl.lit(""))
    made = list(_rates(units, whole, 0))
    for (facet,), own in groups.sort("facet", "group", "unit").partition_by("facet", as_dict=True).items():
        if facet != ALL and own["group"].n_unique() > 1:
            made += _rates(units, own, (fewest or {}).get(str(facet), 0))
    held = gaps.believed([each.gap for each in made])
    return tuple(
        replace(each, gap=replace(each.gap, believed=holds)) if each.gap else each
        for each, holds in zip(made, held, strict=True)
    )


def _rates(units: pl.DataFrame, groups: pl.DataFrame, fewest: int) -> Iterator[ErrorRate]:
    """The rates of the groups of a facet."""
    joined = units.join(groups, on="unit", how="inner").sort("unit")
    names = groups["group"].unique(maintain_order=True)
    for event, (role, column, values) in EVENTS.items():
        wanted = pl.Series(list(values))
        own = joined.filter(
            pl.col("role") == role, pl.col(f"people_{column}").is_not_null(), pl.col(f"model_{column}").is_not_null()
        ).with_columns(
            people=pl.col(f"people_{column}").is_in(wanted.implode()),
            model=pl.col(f"model_{column}").is_in(wanted.implode()),
        )  # fmt: skip
        for kind, given, hit in (
            (FOUND, pl.col("people"), "model"), (FALSE, ~pl.col("people"), "model"), (RIGHT, pl.col("model"), "people")
        ):  # fmt: skip
            chosen = own.filter(given)
            for name in names:
                if own["group"].is_in([name]).any():
                    key = (str(groups["facet"][0]), str(name), event, kind)
                    yield _rate(chosen, hit, key, fewest, several=len(names) > 1)


def _rate(turns: pl.DataFrame, hit: str, key: tuple[str, str, str, str], fewest: int, *, several: bool) -> ErrorRate:
    """One rate, from the turns on which something could be found."""
    inside = turns["group"] == key[1]
    own, rest = turns.filter(inside), turns.filter(~inside)
    if own["agent_id"].n_unique() < fewest:
        return ErrorRate(*key, None, 0, 0, f"made by fewer than {fewest} agents")
    held = own["conversation_id"].n_unique()
    for there, needed, what in (
        (own.height, FEWEST_TURNS, "messages"), (held, FEWEST_CONVERSATIONS, "conversations")
    ):  # fmt: skip
        if there < needed:
            return ErrorRate(*key, None, own.height, held, f"too little: {there} of {needed} {what} needed")
    seed = (1969, zlib.crc32(f"{key[2]} {key[3]}".encode()))
    sums = _sums(own, rest, hit)
    kinds, counts = np.unique(sums[:, :2][sums[:, 1] > 0], axis=0, return_counts=True)
    estimate = stats.proportion(kinds, counts, resamples=_RESAMPLES, seed=seed)
    enough = rest.height >= FEWEST_TURNS and rest["conversation_id"].n_unique() >= FEWEST_CONVERSATIONS
    gap = gaps.between(sums, resamples=_RESAMPLES, seed=seed) if several and enough else None
    return ErrorRate(*key, estimate, own.height, held, "", gap)


def _sums(own: pl.DataFrame, rest: pl.DataFrame, hit: str) -> Numbers:
    """(hits, chances, the others' hits and chances) per conversation; weights of each side are 1 on average."""
    parts = []
    for frame, names in ((own, ("hits", "n")), (rest, ("other_hits", "other_n"))):
        weight = pl.col("weight") / pl.col("weight").mean()
        parts.append(
            frame.with_columns(weight=weight).group_by("conversation_id").agg(
                (pl.col("weight") * pl.col(hit)).sum().alias(names[0]), pl.col("weight").sum().alias(names[1])
            )
        )  # fmt: skip
    both = parts[0].join(parts[1], on="conversation_id", how="full", coalesce=True).sort("conversation_id")
    made = both.select("hits", "n", "other_hits", "other_n").fill_null(0.0).to_numpy().round(9)
    for top in (0, 2):
        made[:, top] = np.minimum(made[:, top], made[:, top + 1])
    return np.asarray(made, dtype=np.float64)

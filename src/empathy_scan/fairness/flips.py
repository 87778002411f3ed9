"""How often a decision changes when a message is said in another form (rewrites.py): shares with intervals.

Messages that had a label and plain ones are told apart: plain ones are most of all, and seldom gain a label; a share of
all messages would hide how often a label that counts is lost.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from empathy_scan import stats
from empathy_scan.stats import Estimate

LABELLED, PLAIN = "labelled", "plain"
ALL_KINDS = "all"
NO_LABEL = frozenset({("neutral", 0), ("", 0)})  # decisions of agents and of customers that give none
FEWEST = 10  # messages below which no share is told
_SEED = (1978,)
_RESAMPLES = 200


@dataclass(frozen=True, slots=True)
class Tried:
    """A message in two forms and what both were decided to be: care class ("" for customers) and tone."""

    family: str
    kind: str
    role: str
    conversation: str
    first: tuple[str, int]
    second: tuple[str, int]

    @property
    def stratum(self) -> str:
        """Whether the first form had a label."""
        return PLAIN if self.first in NO_LABEL else LABELLED

    @property
    def flips(self) -> bool:
        """Whether another care class or tone came out."""
        return self.first != self.second


@dataclass(frozen=True, slots=True)
class Flips:
    """Of messages of a role and stratum the share whose decision changes; `why` where there are too few to tell."""

    family: str
    kind: str  # ALL_KINDS for all of a family
    role: str
    stratum: str
    estimate: Estimate | None
    messages: int
    flipped: int
    why: str


def of(tried: Sequence[Tried]) -> tuple[Flips, ...]:
    """The shares by family, kind, role and stratum, in the order in which they come; families first."""
    keys: dict[tuple[str, str, str, str], list[Tried]] = {}
    for each in tried:
        for kind in (ALL_KINDS, each.kind):
            keys.setdefault((each.family, kind, each.role, each.stratum), []).append(each)
    families = {family: at for at, family in enumerate(dict.fromkeys(each.family for each in tried))}
    kinds = {kind: at for at, kind in enumerate((ALL_KINDS, *dict.fromkeys(each.kind for each in tried)))}
    order = sorted(keys, key=lambda key: (families[key[0]], kinds[key[1]], key[2], key[3] != LABELLED))
    return tuple(_share(key, keys[key]) for key in order)


def _share(key: tuple[str, str, str, str], own: Sequence[Tried]) -> Flips:
    flipped = sum(each.flips for each in own)
    if len(own) < FEWEST:
        return Flips(*key, None, len(own), flipped, f"too little: {len(own)} of {FEWEST} messages needed")
    numbers = {name: at for at, name in enumerate(sorted({each.conversation for each in own}))}
    sums = np.zeros((len(numbers), 2))
    for each in own:
        sums[numbers[each.conversation]] += (float(each.flips), 1.0)
    kinds, counts = np.unique(sums, axis=0, return_counts=True)
    found = stats.proportion(kinds, counts, resamples=_RESAMPLES, seed=_SEED)
    return Flips(*key, found, len(own), flipped, "")

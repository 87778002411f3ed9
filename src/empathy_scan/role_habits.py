"""What a label means in an export: in one where `ch_0` is the agent in each call, it is so in the call that is unclear.

Conversations whose roles are clear from what is said vote for what a label means, each for the others, never for
itself. The votes of a file count, else those of its folder and format. They count only where nearly all agree. A label
that names a channel of the recording or a person means the same in all conversations of an export. `Speaker 1` or `A`
may mean no more than "who speaks first", so such a label counts in full only where it keeps its meaning whether or not
it speaks first, and otherwise never enough to decide alone.
"""

from __future__ import annotations

import math
import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

LEAST = 10  # votes for what a label means, and
LEAST_EITHER_WAY = 3  # so many where the label speaks first and where it does not, if it may be only an order
AGREEING = 0.95  # share of the votes that must agree, each way
MOST = 5.0  # logits that the votes can weigh: what is said may be clearer than any habit;
MOST_OF_AN_ORDER = 2.0  # where the label may only say who speaks first: never enough alone

_CHANNEL = re.compile(r"(?:ch|chan|channel|audio[ _-]?channel|track|leg)[\s_:#-]*\d{1,2}|left|right", re.IGNORECASE)
# Labels that tell speakers apart without naming anybody, after `plain_label`.
NUMBERED = (
    r"(?i)^(?:(?:speaker|spkr?|channel|chan|ch|track|leg|participant|person|voice|user|party|guest|agent|customer|"
    r"caller|client|sprecher|locuteur|unknown|uu)(?:[\s_:#-]*\d{1,4}(?:[\s_:/-]\d{1,4})?|[\s_:#-]+[a-z]\d{0,2})?"
    r"|[spmf]\d{1,3}|\d{1,3}[a-z]?|[a-z]|left|right|)$"
)
_NUMBERED = re.compile(NUMBERED)
_SPEAKER_OF_CHANNEL = re.compile(r"((?:ch|channel)[\s_:#-]*\d{1,2})[\s_:/-]\d{1,4}", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Vote:
    """One conversation's word on a label: whether it is the agent's there, and whether it speaks first."""

    scopes: tuple[str, ...]  # where it counts, the narrowest first
    label: str
    agent: bool
    first: bool


@dataclass(frozen=True, slots=True)
class Habit:
    """What a label means elsewhere in the export: a logit (above 0: the agent), and the votes behind it."""

    logit: float
    agreeing: int
    votes: int


def plain_label(label: str) -> str:
    """A label as labels are compared: small letters, without brackets around it."""
    return label.strip().strip("[]()<>*:").strip().lower()


def is_numbered(label: str) -> bool:
    """Whether a label tells speakers apart without naming anybody: `Speaker 1`, `spk_10`, `ch_0/1`, `M1`, `1A`, ``."""
    return _NUMBERED.fullmatch(plain_label(label)) is not None


def channel_of(label: str) -> str:
    """The channel of a label for one speaker of a channel, `ch_0` of `ch_0/1`; any other label as it is compared."""
    plain = plain_label(label)
    found = _SPEAKER_OF_CHANNEL.fullmatch(plain)
    return found[1] if found else plain


class Habits:
    """The votes of all conversations, to be asked for each of them without its own."""

    def __init__(self, votes: Iterable[Vote]) -> None:
        self._counts: dict[tuple[str, str], list[int]] = defaultdict(lambda: [0, 0, 0, 0])
        for vote in votes:
            for scope in vote.scopes:
                self._counts[scope, vote.label][_place(vote)] += 1

    def of(self, scopes: Iterable[str], label: str, own: Vote | None) -> Habit | None:
        """What the others say of a label; None where they are few or do not agree."""
        for scope in scopes:
            counts = list(self._counts.get((scope, label), ()))
            if counts and own is not None:
                counts[_place(own)] -= 1
            if counts and (habit := _habit(counts, order=_may_be_an_order(label))):
                return habit
        return None


def _place(vote: Vote) -> int:
    return 2 * vote.first + vote.agent


def _may_be_an_order(label: str) -> bool:
    """Whether a label may only say in which order people spoke."""
    return is_numbered(label) and not _CHANNEL.fullmatch(label)


def _habit(counts: list[int], *, order: bool) -> Habit | None:
    """The habit behind votes: customer and agent where the label speaks later, then where it speaks first."""
    votes, agent = sum(counts), counts[1] + counts[3]
    agreeing = max(agent, votes - agent)
    side = 1 if 2 * agent > votes else -1
    if votes < LEAST or agreeing < AGREEING * votes:
        return None
    share = (agreeing + 0.5) / (votes + 1)  # Jeffreys: ten of ten is 95%, not certainty
    most = MOST if not order or _either_way(counts, side) else MOST_OF_AN_ORDER
    return Habit(side * min(math.log(share / (1 - share)), most), agreeing, votes)


def _either_way(counts: list[int], side: int) -> bool:
    """Whether a label means the same where it speaks later and where it speaks first."""
    for customers, agents in (counts[:2], counts[2:]):
        own = agents if side > 0 else customers
        if customers + agents < LEAST_EITHER_WAY or own < AGREEING * (customers + agents):
            return False
    return True

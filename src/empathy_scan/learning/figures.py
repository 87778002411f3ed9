"""How well a model does on reviewed turns: log-loss, calibration error and kappa per label, before and after a change.

Every figure is a function of sums over conversations, weighted for how turns were drawn; intervals come from resampling
conversations, the same ones before and after, so what both share cancels out (a paired bootstrap).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from empathy_scan.codebook import ATTACKS, FLAGS, Role
from empathy_scan.kappa import kappas
from empathy_scan.learning.lessons import Lessons
from empathy_scan.model.decisions import FIRST, Decisions
from empathy_scan.stats import LEVEL, Estimate, Numbers, times_drawn

RESAMPLES = 1000
BINS = 10  # of the calibration error: equal width (Guo et al. 2017)
CARE = "care"
LOSS, ERROR, KAPPA = "log_loss", "ece", "kappa"
NAMES = (LOSS, ERROR, KAPPA)
_TINY = 1e-6
_SEED = 1960


@dataclass(frozen=True, slots=True)
class Label:
    """A label that is judged: its outputs in the network, and whether they are a choice of tones or a yes and no."""

    key: str
    name: str
    role: str
    head: str
    first: int  # its first output
    size: int  # outputs: 3 of tones, 1 of others, 0 of the care class, which comes from the flags

    @property
    def classes(self) -> int:
        """How many answers there are."""
        return 2 if self.size == 1 else 3


def _yes_or_no(head: str, role: str, at: int, key: str, name: str) -> Label:
    return Label(key, f"{role}: {name}", role, head, FIRST[head] + at, 1)


LABELS: tuple[Label, ...] = (
    *(_yes_or_no("flags", Role.AGENT.value, at, label.code, label.name) for at, label in enumerate(FLAGS)),
    Label("agent_tone", "agent tone", Role.AGENT.value, "agent_tone", FIRST["agent_tone"], 3),
    Label("customer_tone", "customer tone", Role.CUSTOMER.value, "customer_tone", FIRST["customer_tone"], 3),
    *(_yes_or_no("attacks", Role.CUSTOMER.value, at, label.code, label.name) for at, label in enumerate(ATTACKS)),
)
CLASS = Label(CARE, "care class", Role.AGENT.value, "flags", FIRST["flags"], 0)


@dataclass(frozen=True, slots=True)
class Change:
    """A figure before and after, and the difference."""

    before: Estimate
    after: Estimate
    change: Estimate
    better: float  # share of the resamples in which the change is for the better


@dataclass(frozen=True, slots=True)
class Compared:
    """A label on n turns: how many have another answer than the usual one, and its figures; None where none is."""

    label: Label
    turns: int
    unusual: int
    conversations: int
    figures: Mapping[str, Change | None]

    def to_json(self) -> dict[str, Any]:
        """All figures by name."""
        told = {
            name: None if held is None else {
                **{side: asdict(getattr(held, side)) for side in ("before", "after", "change")},
                "better": round(held.better, 3),
            }
            for name, held in self.figures.items()
        }  # fmt: skip
        return {
            "key": self.label.key, "name": self.label.name, "turns": self.turns, "unusual": self.unusual,
            "conversations": self.conversations, **told,
        }  # fmt: skip


@dataclass(frozen=True, slots=True)
class Said:
    """What a model says of n turns: chances [n, 14] and labels [n, 14] (of tones, one of the three outputs is 1)."""

    chances: Numbers
    labels: Numbers


def said(decisions: Decisions, logits: Numbers) -> Said:
    """The chances and labels that logits [n, 14] become by the decisions."""
    chances = decisions.probabilities(logits)
    tones = decisions.tones_of(chances)
    labels = [
        decisions.flags_of(chances), np.eye(3)[tones["agent_tone"]], np.eye(3)[tones["customer_tone"]],
        decisions.attacks_of(chances),
    ]  # fmt: skip
    return Said(np.concatenate(list(chances.values()), axis=1), np.concatenate(labels, axis=1).astype(np.float64))


def compare(lessons: Lessons, before: Said, after: Said, label: Label) -> Compared:
    """The figures of one label under two models, on the turns of its role of which people could tell."""
    truth = outcomes(lessons.truth, label)
    own = (lessons.agent == (label.role == Role.AGENT)) & ~np.isnan(truth).any(axis=1)
    truth, part = truth[own], lessons.only(own)
    if not len(part):
        return Compared(label, 0, 0, 0, dict.fromkeys(NAMES))
    sums = [_sums(part, truth, outcomes(each.chances[own], label), outcomes(each.labels[own], label), label)
            for each in (before, after)]  # fmt: skip
    drawn = times_drawn(len(sums[0]), resamples=RESAMPLES, seed=_SEED)
    wanted = (KAPPA,) if label.size == 0 else NAMES
    figures = {name: _change(name, sums, drawn, label) if name in wanted else None for name in NAMES}
    return Compared(label, len(part), unusual(truth), len(np.unique(part.conversations)), figures)


def unusual(truth: Numbers) -> int:
    """On how many turns [n, K] people gave, mostly, another answer than the usual one."""
    first = truth.argmax(axis=1)
    return int((first != np.bincount(first).argmax()).sum()) if len(first) else 0


def outcomes(outputs: Numbers, label: Label) -> Numbers:
    """The shares of a label's answers [n, K], from the network's outputs [n, 14]."""
    if label.size == 3:
        return outputs[:, label.first : label.first + 3]
    if label.size == 1:
        yes = outputs[:, label.first]
        return np.stack([1 - yes, yes], axis=1)
    recited, understood = (
        outputs[:, label.first],
        1 - (1 - outputs[:, label.first + 1]) * (1 - outputs[:, label.first + 2]),
    )
    return np.stack([(1 - understood) * (1 - recited), (1 - understood) * recited, understood], axis=1)


def losses(chances: Numbers, truth: Numbers) -> Numbers:
    """The log-loss of each turn [n] from chances and shares [n, K]."""
    return np.asarray(-(truth * np.log(np.clip(chances, _TINY, 1.0))).sum(axis=1))


def _sums(part: Lessons, truth: Numbers, chances: Numbers, labels: Numbers, label: Label) -> Numbers:
    """Per conversation: weight, loss, the table of truth by label, and of each bin of chances weight times gap."""
    size, weight = label.classes, part.weights
    columns = [weight, weight * losses(chances, truth)]
    columns += [weight * truth[:, i] * labels[:, j] for i in range(size) for j in range(size)]
    high = 1 - chances[:, 0]
    gap = weight * (high - (1 - truth[:, 0]))
    place = np.minimum((high * BINS).astype(int), BINS - 1)
    columns += [np.where(place == at, gap, 0.0) for at in range(BINS)]
    _, numbers = np.unique(part.conversations, return_inverse=True)
    found = np.zeros((int(numbers.max()) + 1, len(columns)))
    np.add.at(found, numbers, np.stack(columns, axis=1))
    return found


def _read(name: str, sums: Numbers, label: Label) -> Numbers:
    """A figure [m] from sums [m, columns]."""
    total, size = sums[:, 0], label.classes
    if name == KAPPA:
        return kappas(sums[:, 2 : 2 + size**2].reshape(-1, size, size), ordinal=label.size == 3)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray((sums[:, 1] if name == LOSS else np.abs(sums[:, 2 + size**2 :]).sum(axis=1)) / total)


def _change(name: str, sums: Sequence[Numbers], drawn: Numbers, label: Label) -> Change | None:
    """The figure before and after; None where it cannot be told."""
    points = [float(_read(name, each.sum(axis=0)[None], label)[0]) for each in sums]
    varied = [_read(name, drawn @ each, label) for each in sums]
    kept = np.isfinite(varied[0]) & np.isfinite(varied[1])
    if not np.isfinite(points).all() or kept.mean() < 0.5:
        return None
    one, other = varied[0][kept], varied[1][kept]
    sign = 1 if name == KAPPA else -1
    gain = sign * (other - one)
    better = float((gain > 0).mean() + (gain == 0).mean() / 2)
    return Change(
        _estimate(points[0], one), _estimate(points[1], other), _estimate(points[1] - points[0], other - one), better
    )


def _estimate(value: float, varied: Numbers) -> Estimate:
    low, high = np.percentile(varied, (100 * (1 - LEVEL) / 2, 100 * (1 + LEVEL) / 2))
    return Estimate(value, min(value, float(low)), max(value, float(high)))

"""Temperatures and thresholds, fitted again to what a centre's own people say; what does not get better stays as it is.

What is judged are conversations that a fit has not seen: they are dealt into parts, and each part is judged by what was
fitted to the others (cross-validation). What is kept in the end is fitted to all of them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize_scalar

from empathy_scan import kappa
from empathy_scan.codebook import Role
from empathy_scan.learning import figures
from empathy_scan.learning.figures import CLASS, KAPPA, LABELS, LOSS, Compared, Label, Said
from empathy_scan.learning.lessons import OUTPUTS, Lessons
from empathy_scan.model.calibrate import GRID
from empathy_scan.model.decisions import FIRST, HEADS, Decisions
from empathy_scan.stats import Numbers

PARTS = 5  # of the cross-validation
TURNS, CONVERSATIONS, UNUSUAL = 30, 10, 15  # fewest: reviewed turns, their conversations, and rarer answers
SURE = 0.8  # share of the resamples in which a fit must be better
_HOLD = 5.0  # turns' worth of belief in the old temperature
_PULL = 0.1  # kappa that a threshold must gain to move by one
_SEED = (1999,)
_TEMPERATURES = (0.3, 4.0)
TONES = ("agent_tone", "customer_tone")
TEMPERATURE, THRESHOLD = "temperature", "threshold"


@dataclass(frozen=True, slots=True)
class Fitted:
    """What became of a temperature or of a label's threshold."""

    what: str
    name: str
    old: tuple[float, ...]
    new: tuple[float, ...]
    refitted: bool
    why: str


@dataclass(frozen=True, slots=True)
class Refit:
    """The decisions after it, what became of each, and the figures on conversations that no fit had seen."""

    decisions: Decisions
    fitted: tuple[Fitted, ...]
    compared: tuple[Compared, ...]
    held_out: Said  # what the decisions say of each turn, fitted without its conversation

    @property
    def changed(self) -> bool:
        """Whether anything is other than before."""
        return any(each.refitted for each in self.fitted)


def refit(lessons: Lessons, logits: Numbers, old: Decisions, *, parts: int = PARTS) -> Refit:
    """Fits what there are enough labels for, and keeps of it what proves better on conversations unseen."""
    part = _dealt(lessons, parts)
    fits = [_fit(lessons.only(part != at), logits[part != at], old) for at in range(parts)]
    whole = _fit(lessons, logits, old)
    taken: list[Fitted] = []
    chosen: Decisions = old
    by_part = [old] * parts
    for head in HEADS:
        members = [label for label in LABELS if label.head == head]
        for step in (THRESHOLD,) if head in TONES else (TEMPERATURE, THRESHOLD):
            for group in [members] if step == TEMPERATURE or head in TONES else [[each] for each in members]:
                tried = _taken_over(chosen, whole, head, step, group)
                tried_by_part = [
                    _taken_over(one, fit, head, step, group) for one, fit in zip(by_part, fits, strict=True)
                ]
                why = _too_few(lessons, group, step) or _no_gain(
                    lessons, _held_out(logits, part, by_part), _held_out(logits, part, tried_by_part), group, step
                )
                taken.append(_told(old, tried, head, step, group, why))
                if not why:
                    chosen, by_part = tried, tried_by_part
    held_out = _held_out(logits, part, by_part)
    before = figures.said(old, logits)
    compared = tuple(figures.compare(lessons, before, held_out, label) for label in (CLASS, *LABELS))
    return Refit(chosen, tuple(taken), compared, held_out)


def _dealt(lessons: Lessons, parts: int) -> npt.NDArray[np.int64]:
    """The part of each turn [n]; a conversation lies in one of them."""
    names = np.unique(lessons.conversations)
    dealt = np.random.default_rng(_SEED).permutation(len(names)) % parts
    return np.asarray(dealt[np.searchsorted(names, lessons.conversations)])


def _held_out(logits: Numbers, part: npt.NDArray[np.int64], by_part: Sequence[Decisions]) -> Said:
    """What each part's own decisions say of its turns."""
    chances, labels = np.zeros((len(logits), OUTPUTS)), np.zeros((len(logits), OUTPUTS))
    for at, decisions in enumerate(by_part):
        if (own := part == at).any():
            found = figures.said(decisions, logits[own])
            chances[own], labels[own] = found.chances, found.labels
    return Said(chances, labels)


def _too_few(lessons: Lessons, group: Sequence[Label], step: str) -> str:
    """Why nothing can be fitted; "" where it can."""
    whys = []
    for label in group:
        truth = figures.outcomes(lessons.truth, label)
        own = (lessons.agent == (label.role == Role.AGENT)) & ~np.isnan(truth).any(axis=1)
        rarer = figures.unusual(truth[own])
        conversations = len(np.unique(lessons.conversations[own]))
        for there, needed, what in (
            (int(own.sum()), TURNS, "turns"), (conversations, CONVERSATIONS, "conversations"),
            (rarer, UNUSUAL, "turns with another answer than the usual one"),
        ):  # fmt: skip
            if there < needed:
                whys.append(f"too few: {there} of {needed} {what} needed")
                break
    enough = len(whys) < len(group) if step == TEMPERATURE else not whys
    return "" if enough else whys[0]


def _no_gain(lessons: Lessons, before: Said, after: Said, group: Sequence[Label], step: str) -> str:
    """Why a fit is not taken over; "" where it proves better on conversations that it has not seen."""
    found = [figures.compare(lessons, before, after, label).figures for label in group]
    losses, kappas = ([one for each in found if (one := each[name]) is not None] for name in (LOSS, KAPPA))
    deciding, what = (losses, "log-loss") if step == TEMPERATURE else (kappas, "kappa")
    if not deciding:
        return "people gave one answer only"
    gained, sure = _gain(deciding)
    if group[0].head in TONES and losses:
        if losses[0].better < 1 - SURE:
            return f"worse chances on conversations held out (log-loss {_moved(losses)})"
        if not (gained and sure) and deciding[0].change.value >= 0 and all(_gain(losses)):
            return ""
    if gained and sure:
        return ""
    return f"{'not surely' if gained else 'no'} better on conversations held out ({what} {_moved(deciding)})"


def _gain(changes: Sequence[figures.Change]) -> tuple[bool, bool]:
    """Whether figures are better on the whole, and whether surely so."""
    return float(np.mean([each.better for each in changes])) > 0.5, (
        float(np.mean([each.better for each in changes])) >= SURE
    )


def _moved(changes: Sequence[figures.Change]) -> str:
    one, other = (float(np.mean([getattr(each, side).value for each in changes])) for side in ("before", "after"))
    return f"{one:.3f} to {other:.3f}"


def _told(
    old: Decisions, tried: Decisions, head: str, step: str, group: Sequence[Label], why: str
) -> Fitted:  # fmt: skip
    name = head.replace("_", " ") if step == TEMPERATURE else group[0].name
    one, other = (_numbers(each, head, step, group) for each in (old, tried))
    if not why and step == THRESHOLD and one == other:
        why = "the old one is the best"
    return Fitted(step, name, one, other if not why else one, not why, why or "better on conversations held out")


def _numbers(decisions: Decisions, head: str, step: str, group: Sequence[Label]) -> tuple[float, ...]:
    if step == TEMPERATURE:
        return (decisions.temperature[head],)
    if head in TONES:
        return tuple(getattr(decisions, head))
    held: Mapping[str, float] = getattr(decisions, head)
    return (held[group[0].key],)


def _taken_over(base: Decisions, fit: Decisions, head: str, step: str, group: Sequence[Label]) -> Decisions:
    """Decisions with those of a fit for a temperature, or for the thresholds of labels.

    A threshold that stays under another temperature moves with it, so that its labels stay the same.
    """
    if head in TONES:
        temperature = {**base.temperature, head: fit.temperature[head]}
        return _with(replace(base, temperature=temperature), head, getattr(fit, head))
    held: Mapping[str, float] = getattr(base, head)
    if step == TEMPERATURE:
        ratio = base.temperature[head] / fit.temperature[head]
        moved = {key: _expit(_logit(value) * ratio) for key, value in held.items()}
        return _with(replace(base, temperature={**base.temperature, head: fit.temperature[head]}), head, moved)
    ratio = fit.temperature[head] / base.temperature[head]
    new = {label.key: _expit(_logit(getattr(fit, head)[label.key]) * ratio) for label in group}
    return _with(base, head, {**held, **new})


def _with(decisions: Decisions, head: str, value: object) -> Decisions:
    """Decisions with other thresholds of a head."""
    changed: dict[str, Any] = {head: value}
    return replace(decisions, **changed)


def _fit(lessons: Lessons, logits: Numbers, old: Decisions) -> Decisions:
    """Temperatures by log-loss and thresholds by kappa, each held back to the old one."""
    fitted = replace(old, temperature={head: _temperature(lessons, logits, old, head) for head in HEADS})
    chances = fitted.probabilities(logits)
    for head in ("flags", "attacks"):
        held: Mapping[str, float] = getattr(old, head)
        ratio = old.temperature[head] / fitted.temperature[head]
        made = {}
        for label in (each for each in LABELS if each.head == head):
            stays = _expit(_logit(held[label.key]) * ratio)
            made[label.key] = _threshold(lessons, chances[head][:, label.first - FIRST[head]], label, stays)
        fitted = _with(fitted, head, made)
    for head in TONES:
        fitted = _with(fitted, head, _thresholds(lessons, chances[head], head, getattr(old, head)))
    return fitted


def _temperature(lessons: Lessons, logits: Numbers, old: Decisions, head: str) -> float:
    """The temperature of a head with the least log-loss."""
    columns = slice(FIRST[head], FIRST[head] + HEADS[head])
    truth, part = lessons.truth[:, columns], logits[:, columns]
    known, was = ~np.isnan(truth), old.temperature[head]
    weights = np.where(known, lessons.weights[:, None], 0.0)
    effective = weights.sum() ** 2 / max(float((weights**2).sum()), 1e-9)
    if not known.any():
        return was
    told = np.nan_to_num(truth)

    def loss(temperature: float) -> float:
        scaled = part / temperature
        if head in TONES:
            each = (np.logaddexp.reduce(scaled, axis=1, keepdims=True) - scaled) * told
        else:
            each = np.logaddexp(0, scaled) - told * scaled
        held = _HOLD * np.log(temperature / was) ** 2 / max(effective, 1.0)
        return float((weights * each).sum() / weights.sum() + held)

    best = float(minimize_scalar(loss, bounds=_TEMPERATURES, method="bounded").x)
    return round(best, 3) if loss(best) < loss(was) else was


def _threshold(lessons: Lessons, chances: Numbers, label: Label, stays: float) -> float:
    """The threshold with the best kappa, near the old one."""
    truth = lessons.truth[:, label.first]
    own = ~np.isnan(truth)
    if not own.any():
        return stays
    grid = np.unique(np.append(GRID, stays))
    found = (chances[own, None] >= grid).astype(np.float64)  # [n, thresholds]
    yes = np.stack([1 - truth[own], truth[own]])  # [2, n]
    tables = np.einsum("in,jnt,n->tij", yes, np.stack([1 - found, found]), lessons.weights[own])
    score = np.nan_to_num(kappa.kappas(tables, ordinal=False)) - _PULL * np.abs(grid - stays)
    return float(grid[score.argmax()])


def _thresholds(lessons: Lessons, chances: Numbers, head: str, stays: tuple[float, float]) -> tuple[float, float]:
    """The thresholds (strained, hostile) of a tone with the best kappa, near the old ones."""
    truth = lessons.truth[:, FIRST[head] : FIRST[head] + 3]
    own = ~np.isnan(truth).any(axis=1)
    if not own.any():
        return stays
    p, told = chances[own], truth[own] * lessons.weights[own, None]
    strained, hostile = (np.unique(np.append(GRID, each)) for each in stays)
    hot = (p[:, 2, None] >= hostile).astype(np.float64)  # [n, H]
    warm = (p[:, 1:].sum(axis=1)[:, None] >= strained).astype(np.float64)  # [n, S]
    worst = np.einsum("ni,nh->ih", told, hot)[:, None, :]  # [3, 1, H]
    middle = np.einsum("ni,ns,nh->ish", told, warm, 1 - hot)
    mild = told.sum(axis=0)[:, None, None] - worst - middle
    tables = np.stack(np.broadcast_arrays(mild, middle, worst), axis=-1).transpose(1, 2, 0, 3)  # [S, H, truth, found]
    far = np.abs(strained - stays[0])[:, None] + np.abs(hostile - stays[1])[None, :]
    score = np.nan_to_num(kappa.kappas(tables, ordinal=True)) - _PULL * far
    at = np.unravel_index(int(score.argmax()), score.shape)
    return float(strained[at[0]]), float(hostile[at[1]])


def _logit(chance: float) -> float:
    return float(np.log(chance / (1 - chance)))


def _expit(logit: float) -> float:
    return round(float(1 / (1 + np.exp(-logit))), 6)

"""How far each output trusts the encoder and how far the phrases: fitted on turns that neither of them has seen.

Training makes the encoder surer of its own turns than of new ones, so its logits are too large beside those of the
phrase table. A small regression on the calibration turns (two weights and an offset per label; per tone two weights and
two offsets) puts both on one scale. The result is folded into the network's weights.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
import torch
from scipy.optimize import minimize

from empathy_scan.codebook import ATTACK_CODES, FLAG_CODES, Role
from empathy_scan.model.calibrate import choice_loss, yes_no_loss
from empathy_scan.model.decisions import FIRST
from empathy_scan.model.examples import Item
from empathy_scan.model.network import EmpathyModel, L

PRIOR, RIDGE = 0.6, 1e-3  # both weights are drawn to this value, lightly
BOUNDS = [(0.05, 3.0), (0.0, 3.0)]
OFFSET = (-4.0, 4.0)
FEWEST = 8  # positives without which a label keeps the prior


@dataclass(frozen=True, slots=True)
class Balance:
    """Weights of the encoder's and the phrases' logits, and offsets: [L] each."""

    deep: np.ndarray
    wide: np.ndarray
    offset: np.ndarray

    def joined(self, deep: np.ndarray, wide: np.ndarray) -> np.ndarray:
        """The logits [n, L] that the two parts make together."""
        joined: np.ndarray = deep * self.deep + wide * self.wide + self.offset
        return joined


def fit(deep: np.ndarray, wide: np.ndarray, owner: Sequence[int], items: Sequence[Item]) -> Balance:
    """The balance that makes the log-loss of labelled turns least.

    `deep` and `wide` [S, L] are the parts of segments' logits, `owner` [S] is the turn (a position in `items`) of each.
    """
    balance = Balance(np.full(L, PRIOR), np.full(L, PRIOR), np.zeros(L))
    agent = np.array([item.role == Role.AGENT for item in items], dtype=bool)
    flags, kinds = [item.flags for item in items], [item.kinds for item in items]
    for head, codes, carried, rows in (("flags", FLAG_CODES, flags, agent), ("attacks", ATTACK_CODES, kinds, ~agent)):
        for column, code in enumerate(codes, FIRST[head]):
            given = np.array([code in labels for labels in carried], dtype=float)[rows]
            if given.sum() >= FEWEST:
                chosen = _strongest(deep[:, column] + wide[:, column], owner, len(items))[rows]
                found = _least(partial(_label_loss, deep[chosen, column], wide[chosen, column], given), offsets=1)
                balance.deep[column], balance.wide[column], balance.offset[column] = found
    tone = np.array([item.tone for item in items])
    for head, rows in (("agent_tone", agent), ("customer_tone", ~agent)):
        if min(((tone[rows] == k).sum() for k in range(3)), default=0) >= FEWEST:
            columns = slice(FIRST[head], FIRST[head] + 3)
            harsh = deep[:, columns][:, 1:].max(1) - deep[:, columns.start]
            chosen = _strongest(harsh, owner, len(items))[rows]
            found = _least(partial(_tone_loss, deep[chosen, columns], wide[chosen, columns], tone[rows]), offsets=2)
            balance.deep[columns], balance.wide[columns], balance.offset[columns] = found[0], found[1], (0, *found[2:])
    return balance


def fold(model: EmpathyModel, balance: Balance) -> None:
    """Puts the balance into the model's weights: its own logits are then the joined ones."""
    with torch.no_grad():
        scale = torch.from_numpy(balance.deep).to(model.values)
        model.values.mul_(scale[:, None])
        model.summary.weight.mul_(scale[:, None])
        model.summary.bias.mul_(scale).add_(torch.from_numpy(balance.offset).to(scale))
        if model.config.phrases:
            model.phrase_scale.copy_(torch.from_numpy(balance.wide).to(scale))


def _strongest(values: np.ndarray, owner: Sequence[int], count: int) -> np.ndarray:
    """For each turn the position of its segment with the greatest value [count]."""
    best = np.zeros(count, dtype=int)
    for position in np.argsort(values, kind="stable"):  # later ones overwrite: the greatest stays
        best[owner[position]] = position
    return best


def _label_loss(deep: np.ndarray, wide: np.ndarray, given: np.ndarray, p: np.ndarray) -> float:
    """The log-loss of a label when `p` is (weight of deep, weight of wide, offset)."""
    return yes_no_loss(p[0] * deep + p[1] * wide + p[2], given)


def _tone_loss(deep: np.ndarray, wide: np.ndarray, tone: np.ndarray, p: np.ndarray) -> float:
    """The log-loss of a tone when `p` is (weight of deep, weight of wide, offset of tone 1, offset of tone 2)."""
    return choice_loss(p[0] * deep + p[1] * wide + np.array([0.0, p[2], p[3]]), tone)


def _least(loss: Callable[[np.ndarray], float], *, offsets: int) -> np.ndarray:
    """Where the loss with a light ridge on both weights is least."""
    start = np.array([PRIOR, PRIOR, *([0.0] * offsets)])
    found = minimize(
        lambda p: loss(p) + RIDGE * float(((p[:2] - PRIOR) ** 2).sum()), start, bounds=[*BOUNDS, *([OFFSET] * offsets)]
    )
    return np.asarray(found.x, dtype=float)

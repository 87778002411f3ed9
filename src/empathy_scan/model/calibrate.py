"""Temperatures and thresholds: fitted on turns that training did not see and evaluation does not use."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from scipy.optimize import minimize_scalar

from empathy_scan.codebook import ATTACK_CODES, FLAG_CODES, Role
from empathy_scan.model.decisions import Decisions
from empathy_scan.model.examples import Item
from empathy_scan.model.heads import OUTPUTS

GRID = np.round(np.arange(0.2, 0.81, 0.02), 2)
FEWEST = 15  # positives without which a threshold stays at one half


def fit(items: Sequence[Item], logits: np.ndarray) -> Decisions:
    """The decisions that suit logits [n, L] of labelled turns: temperature per head by log-loss, thresholds by F1."""
    decisions = Decisions(temperature=_temperatures(items, logits))
    probabilities = decisions.probabilities(logits)
    agent = np.array([item.role == Role.AGENT for item in items], dtype=bool)
    agents, customers = [i for i in items if i.role == Role.AGENT], [i for i in items if i.role == Role.CUSTOMER]
    flags = {
        code: _best(probabilities["flags"][agent, column], np.array([code in i.flags for i in agents]))
        for column, code in enumerate(FLAG_CODES)
    }
    attacks = {
        code: _best(probabilities["attacks"][~agent, column], np.array([code in i.kinds for i in customers]))
        for column, code in enumerate(ATTACK_CODES)
    }
    return replace(
        decisions,
        flags=flags,
        attacks=attacks,
        agent_tone=_tone(probabilities["agent_tone"][agent], np.array([i.tone for i in agents])),
        customer_tone=_tone(probabilities["customer_tone"][~agent], np.array([i.tone for i in customers])),
    )


def expected_error(probabilities: np.ndarray, truth: np.ndarray, *, bins: int = 10) -> float:
    """Expected calibration error of probabilities [n] of a yes/no label (Guo et al. 2017), equal-width bins."""
    place = np.minimum((probabilities * bins).astype(int), bins - 1)
    gaps = [
        abs(probabilities[place == b].mean() - truth[place == b].mean()) * (place == b).mean()
        for b in range(bins)
        if (place == b).any()
    ]
    return float(sum(gaps))


def _temperatures(items: Sequence[Item], logits: np.ndarray) -> dict[str, float]:
    """The temperature per head that makes the log-loss least."""
    agent = np.array([item.role == Role.AGENT for item in items], dtype=bool)
    tone = np.array([item.tone for item in items])
    flags = np.array([[code in item.flags for code in FLAG_CODES] for item in items], dtype=float)
    attacks = np.array([[code in item.kinds for code in ATTACK_CODES] for item in items], dtype=float)
    found, at = {}, 0
    for head, size in OUTPUTS.items():
        rows = agent if head in ("flags", "agent_tone") else ~agent
        part, at = logits[rows, at : at + size], at + size
        truth = {"flags": flags, "attacks": attacks}.get(head, tone)[rows]
        loss = yes_no_loss if head in ("flags", "attacks") else choice_loss
        if not len(part):
            found[head] = 1.0
            continue
        best = minimize_scalar(
            lambda t, loss=loss, part=part, truth=truth: loss(part / t, truth), bounds=(0.3, 4), method="bounded"
        )
        found[head] = round(float(best.x), 3)
    return found


def yes_no_loss(logits: np.ndarray, truth: np.ndarray) -> float:
    """Mean log-loss of labels (0 or 1) by their logits, of the same shape."""
    return float((np.logaddexp(0, logits) - truth * logits).mean())


def choice_loss(logits: np.ndarray, truth: np.ndarray) -> float:
    """Mean log-loss of classes [n] by their logits [n, K]."""
    return float((np.logaddexp.reduce(logits, axis=1) - logits[np.arange(len(truth)), truth]).mean())


def _best(probabilities: np.ndarray, truth: np.ndarray) -> float:
    """The threshold of the grid with the best F1 (the middle one of those that share it)."""
    if truth.sum() < FEWEST:
        return 0.5
    found = probabilities[:, None] >= GRID
    f1 = 2 * (found & truth[:, None]).sum(0) / np.maximum(1, found.sum(0) + truth.sum())
    best = GRID[f1 >= f1.max() - 1e-9]
    return float(best[len(best) // 2])


def _tone(probabilities: np.ndarray, truth: np.ndarray) -> tuple[float, float]:
    """Thresholds (strained, hostile) with the best macro-F1."""
    if min((truth == k).sum() for k in range(3)) < FEWEST:
        return 0.5, 0.5
    best, chosen = -1.0, (0.5, 0.5)
    for strained in GRID:
        for hostile in GRID:
            found = np.where(probabilities[:, 2] >= hostile, 2, np.where(probabilities[:, 1:].sum(1) >= strained, 1, 0))
            f1s = [
                2 * ((found == k) & (truth == k)).sum() / max(1, (found == k).sum() + (truth == k).sum())
                for k in range(3)
            ]
            score = float(np.mean(f1s)) - 1e-6 * (abs(strained - 0.5) + abs(hostile - 0.5))
            if score > best:
                best, chosen = score, (float(strained), float(hostile))
    return chosen

"""From logits to labels: temperatures make probabilities, thresholds labels, and a band around them says "not sure"."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import accumulate

import numpy as np

from empathy_scan.codebook import AGENT_TONES, ATTACK_CODES, CUSTOMER_TONES, FLAG_CODES

# The outputs of the network in their order: how many each head has, and which is its first.
HEADS: dict[str, int] = {
    "flags": len(FLAG_CODES),
    "agent_tone": len(AGENT_TONES),
    "customer_tone": len(CUSTOMER_TONES),
    "attacks": len(ATTACK_CODES),
}
FIRST: dict[str, int] = dict(zip(HEADS, accumulate(HEADS.values(), initial=0), strict=False))


@dataclass(frozen=True, slots=True)
class Decisions:
    """How probabilities become labels; fitted on turns that neither training nor evaluation saw."""

    temperature: dict[str, float] = field(default_factory=lambda: dict.fromkeys(HEADS, 1.0))
    flags: dict[str, float] = field(
        default_factory=lambda: dict.fromkeys(FLAG_CODES, 0.5)
    )  # given from this probability on
    attacks: dict[str, float] = field(default_factory=lambda: dict.fromkeys(ATTACK_CODES, 0.5))
    # (strained, hostile): hostile from p(hostile) on; else strained from p(strained) + p(hostile) on
    agent_tone: tuple[float, float] = (0.5, 0.5)
    customer_tone: tuple[float, float] = (0.5, 0.5)
    band: float = 0.08  # a probability this near its threshold is "not sure"

    def probabilities(self, logits: np.ndarray) -> dict[str, np.ndarray]:
        """Logits [n, 14] as probabilities: flags and attacks [n, 4] each on its own, tones [n, 3] summing to 1."""
        found, at = {}, 0
        for head, size in HEADS.items():
            part = logits[:, at : at + size].astype(np.float64) / self.temperature[head]
            at += size
            if head in ("flags", "attacks"):
                found[head] = 1 / (1 + np.exp(-np.clip(part, -40, 40)))
            else:
                shifted = np.exp(part - part.max(1, keepdims=True))
                found[head] = shifted / shifted.sum(1, keepdims=True)
        return found

    def flags_of(self, probabilities: dict[str, np.ndarray]) -> np.ndarray:
        """Care flags as 0/1 columns [n, 4]."""
        found: np.ndarray = probabilities["flags"] >= np.array([self.flags[code] for code in FLAG_CODES])
        return found.astype(int)

    def attacks_of(self, probabilities: dict[str, np.ndarray]) -> np.ndarray:
        """Kinds of attack as 0/1 columns [n, 4]; only where the customer's tone is hostile, and then at least one."""
        found = (probabilities["attacks"] >= np.array([self.attacks[code] for code in ATTACK_CODES])).astype(int)
        likeliest = np.eye(len(ATTACK_CODES), dtype=int)[probabilities["attacks"].argmax(1)]
        found = np.where(found.any(1, keepdims=True), found, likeliest)
        hostile = self.tones_of(probabilities)["customer_tone"] == 2
        kept: np.ndarray = found * hostile[:, None]
        return kept

    def tones_of(self, probabilities: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
        """Tones 0, 1, 2 by head [n]."""
        found = {}
        for head, (strained, hostile) in (("agent_tone", self.agent_tone), ("customer_tone", self.customer_tone)):
            p = probabilities[head]
            found[head] = np.where(p[:, 2] >= hostile, 2, np.where(p[:, 1:].sum(1) >= strained, 1, 0))
        return found

    def unsure(self, probabilities: dict[str, np.ndarray], *, agent: np.ndarray) -> np.ndarray:
        """Whether a probability that counts for the role [n] lies within the band around its threshold."""
        flags: np.ndarray = np.abs(probabilities["flags"] - [self.flags[code] for code in FLAG_CODES]) < self.band
        near = {
            head: (np.abs(probabilities[head][:, 2] - hostile) < self.band)
            | (np.abs(probabilities[head][:, 1:].sum(1) - strained) < self.band)
            for head, (strained, hostile) in (("agent_tone", self.agent_tone), ("customer_tone", self.customer_tone))
        }
        found: np.ndarray = np.where(agent, flags.any(1) | near["agent_tone"], near["customer_tone"])
        return found

"""How often the 95% interval of a rate holds the true rate: the table in docs/measures.md.

Run with `python benchmarks/interval_coverage.py`; about a minute on one core.
"""

from __future__ import annotations

import numpy as np

from empathy_scan import stats

AGENTS = 2000  # simulated per cell
RESAMPLES = 400
CALLS = 4.0  # mean calls for empathy in a conversation


def conversations(random: np.random.Generator, number: int, rate: float, correlation: float) -> stats.Numbers:
    """(hits, calls) of conversations whose calls are correlated: beta-binomial, 1 + Poisson calls each."""
    calls = 1 + random.poisson(CALLS - 1, number)
    strength = (1 - correlation) / correlation
    hits = random.binomial(calls, random.beta(rate * strength, (1 - rate) * strength, number))
    return np.column_stack([hits, calls]).astype(np.float64)


def coverage(random: np.random.Generator, number: int, rate: float, correlation: float) -> float:
    """The share of simulated agents whose interval holds the true rate."""
    held = 0
    for _ in range(AGENTS):
        sums, counts = np.unique(conversations(random, number, rate, correlation), axis=0, return_counts=True)
        estimate = stats.proportion(sums, counts, resamples=RESAMPLES, seed=(1,))
        held += estimate.low <= rate <= estimate.high
    return held / AGENTS


def main() -> None:
    """Print one row per number of conversations and correlation."""
    random = np.random.default_rng(2)
    print("| correlation | conversations | rate 0.1 | 0.5 | 0.9 |")
    for correlation in (0.2, 0.5):
        for number in (8, 15, 30, 100):
            shares = [100 * coverage(random, number, rate, correlation) for rate in (0.1, 0.5, 0.9)]
            print(f"| {correlation} | {number} | " + " | ".join(f"{share:.1f}" for share in shares) + " |")


if __name__ == "__main__":
    main()

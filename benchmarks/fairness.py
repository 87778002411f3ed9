"""How often the warning that differences between agents may be those of queue is right: centres whose truth is known.

Usage: python benchmarks/fairness.py [CENTRES]
Prints, for each kind of centre, the share that is warned of, with its 95% interval, and how often a p-value of an agent
is below 0.05: as counted, within the same queue, and of the move between both.
"""

import sys

import numpy as np
import polars as pl

from empathy_scan import confounding, stats
from empathy_scan.config import SummaryConfig
from empathy_scan.group_figures import CONVERSATION, Facet

AGENTS, CONVERSATIONS, CALLS = 12, 40, 3
# Understanding more in one queue than in the other, by every other agent more than by the rest, and whether these
# agents have 85% of their work in the first queue, or half.
KINDS = {
    "nothing differs, queues sorted": (0.0, 0.0, True),
    "queues differ, queues sorted": (0.4, 0.0, True),
    "agents differ, queues shared evenly": (0.0, 0.25, False),
    "agents differ, queues sorted": (0.0, 0.25, True),
    "both differ, queues shared evenly": (0.3, 0.25, False),
}


def centre(
    luck: np.random.Generator, by_queue: float, by_agent: float, *, sorted_queues: bool
) -> tuple[pl.DataFrame, Facet]:
    """The opportunities of a centre, and the facet of its queues."""
    rows, queues = [], []
    for agent in range(AGENTS):
        even = agent % 2 == 0
        for number in range(CONVERSATIONS):
            first = luck.random() < ((0.85 if even else 0.15) if sorted_queues else 0.5)
            rate = 0.5 + by_queue * (0.5 if first else -0.5) + by_agent * (0.5 if even else -0.5)
            chance, name = np.clip(rate + luck.normal(0, 0.15), 0, 1), f"{agent}-{number}"
            queues.append((name, "first" if first else "second"))
            rows += [
                ("empathy_rate", f"agent{agent}", name, turn, False, "", float(luck.random() < chance))
                for turn in range(CALLS)
            ]
    schema = {
        "measure": pl.String, "agent_id": pl.String, "conversation_id": pl.String, "turn": pl.Int32,
        "baseline": pl.Boolean, "stratum": pl.String, "value": pl.Float64,
    }  # fmt: skip
    groups = pl.DataFrame(queues, schema=["conversation_id", "group"], orient="row")
    return pl.DataFrame(rows, schema=schema, orient="row"), Facet("queue", CONVERSATION, groups)


def main(centres: int) -> None:
    """All kinds of centres, so many of each."""
    for name, (by_queue, by_agent, sorted_queues) in KINDS.items():
        warned = 0
        below: list[tuple[bool, bool, bool]] = []
        for seed in range(centres):
            rows, facet = centre(np.random.default_rng([seed, 1959]), by_queue, by_agent, sorted_queues=sorted_queues)
            found = confounding.compared(rows, [facet], SummaryConfig())
            warned += any(each.warns for each in found)
            below += [
                (one.p_counted < 0.05, one.p_within < 0.05, one.p_move < 0.05) for each in found for one in each.agents
            ]
        share, (counted, within, move) = stats.wilson(warned, centres), np.mean(below, axis=0)
        print(
            f"{name:<38}warned {share.value:.2f} ({share.low:.2f} to {share.high:.2f}), p below 0.05: "
            f"counted {counted:.3f}, within {within:.3f}, move {move:.3f}"
        )


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 200)

"""Made-up centres in which we know why agents differ: the queues they work in, themselves, or nothing."""

import random

import polars as pl

from empathy_scan.opportunities import opportunities
from empathy_scan.store import Store
from empathy_scan.tables import CONVERSATIONS
from empathy_scan.versions import content_hash
from talks import MONDAY, Talk, frames_of

__all__ = ["MONDAY", "frames", "store", "talks"]

PLAIN, STOCK, CARING = (
    ("I see.", "0"),
    ("We apologise for any inconvenience.", "S0"),
    ("Waiting all day is awful.", "A0"),
)


def talks(*, by_queue=0.0, by_agent=0.0, sorted_queues=True, agents=8, conversations=30, seed=1):
    """Conversations of three calls for empathy each; agents with an even number mostly work in billing.

    Half the calls are understood; `by_queue` more of them in billing than elsewhere, `by_agent` more by even agents.
    """
    luck = random.Random(f"{seed}")  # noqa: S311 - for tests
    made = []
    for agent in range(agents):
        even = agent % 2 == 0
        for number in range(conversations):
            billing = luck.random() < ((0.85 if even else 0.15) if sorted_queues else 0.5)
            chance = 0.5 + by_queue * (0.5 if billing else -0.5) + by_agent * (0.5 if even else -0.5)
            lines = []
            for _ in range(3):
                text, labels = CARING if luck.random() < chance else STOCK
                lines += [("customer", "Nobody rang and I waited.", "1"), ("agent", text, labels)]
            queue = "billing" if billing else "repairs"
            made.append(Talk(f"c{agent}-{number}", f"agent.{agent}", lines, day=number % 14, queue=queue))
    return made


def frames(**wish):
    """The frames of such a centre, and its opportunities."""
    made = frames_of(*talks(**wish))
    return made, opportunities(made["labels"])


def store(root, model="m", **wish):
    """A store of such a centre."""
    made = frames_of(*talks(**wish))
    turns = made["turns"]
    shared = [name for name in CONVERSATIONS.columns if name in turns.columns and name != "conversation_id"]
    heads = turns.group_by("conversation_id", maintain_order=True).agg(
        *(pl.col(name).first() for name in shared), n_turns=pl.len().cast(pl.Int32),
        n_agent_turns=(pl.col("role") == "agent").sum().cast(pl.Int32),
    )  # fmt: skip
    heads = heads.with_columns(model=pl.lit(model), settings=pl.lit("s")).join(
        content_hash(turns), on="conversation_id"
    )
    scores = made["scores"].with_columns(model=pl.lit(model))
    made_store = Store(root)
    made_store.add(heads.select(CONVERSATIONS.columns.keys()), turns, scores, made["labels"])
    return made_store

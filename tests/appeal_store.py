"""A store without a model: two agents, six conversations each, in which a customer attacks and the agent answers."""

import polars as pl

from empathy_scan.store import Store
from empathy_scan.versions import conversations_of
from talks import Talk, frames_of

LINES = (
    ("customer", "My bed is lost and nobody rang, you {insult|clowns}.", "2i"),
    ("agent", "That is {guarded|not my department}.", "1"),
    ("customer", "So be it.", "0"),
    ("agent", "It comes on Monday.", "0"),
)
AGENTS = ("tom.brennan", "maya.osei")


def talks(lines=LINES):
    """The conversations."""
    return [Talk(f"{agent}-{day}", agent, list(lines), day=day) for agent in AGENTS for day in range(6)]


def put(store, *conversations, model="m", **made):
    """Store conversations as scored by a model, in the place of what is there; `made` are frames instead of theirs."""
    frames = {**frames_of(*conversations), **made}
    scores = frames["scores"].with_columns(model=pl.lit(model))
    versions = conversations_of(frames["turns"], model=model, settings="s")
    store.add(versions, frames["turns"], scores, frames["labels"])


def filled(path):
    """The store in a folder."""
    store = Store(path)
    put(store, *talks())
    return store

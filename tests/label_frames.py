"""Small LABELS frames for the tests of measures, written as words: `"noor SA 0"`, `"customer 2 ic"`, `"system"`."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence

import polars as pl
from hypothesis import strategies as st

from empathy_scan.tables import LABELS, conform

AGENTS = ("noor", "tam", "wei")


def labels(conversations: Mapping[str, Sequence[str]], *, step: int = 1) -> pl.DataFrame:
    """A LABELS frame of conversations by id. A turn is one of

    - `agent flags tone`, with `-` for no flags,
    - `customer tone kinds hardship|- p_hostile`, all but the tone optional,
    - `system`.
    """
    rows = [
        {"conversation_id": name, "turn": number * step, **_turn(words.split())}
        for name, turns in conversations.items()
        for number, words in enumerate(turns)
    ]
    frame = pl.DataFrame(rows, schema={name: LABELS.columns[name] for name in LABELS.columns})
    return conform(frame.with_columns(channel=pl.lit("call")), LABELS)


def _turn(words):
    quiet = {"flags": "", "tone": 0, "kinds": "", "hardship": False}
    if words[0] == "system":
        return quiet | {"role": "system"}
    if words[0] == "customer":
        tone, kinds, hardship, chance = (words[1:] + ["-"] * 3)[:4]
        said = {"tone": int(tone), "kinds": kinds.strip("-"), "hardship": hardship == "hardship"}
        return quiet | said | {"role": "customer", "p_hostile": None if chance == "-" else float(chance)}
    agent, flags, tone = words
    return quiet | {"role": "agent", "agent_id": agent, "flags": flags.strip("-"), "tone": int(tone)}


_AGENT_TURNS = [
    f"{agent} {flags} {tone}"
    for agent, flags, tone in itertools.product(AGENTS, ("-", "S", "A", "X", "O", "SO", "SA", "AO", "AXO"), range(3))
]
_CUSTOMER_TURNS = [
    f"customer {said}"
    for said in (
        "0",
        "1",
        "2",
        "2 i",
        "2 tc",
        "2 ip",
        "0 - hardship",
        "1 - hardship",
        "0 - - 0.2",
        "2 t - 0.9",
        "1 - - 0.5",
    )
]
_TURNS = st.one_of(st.sampled_from(_AGENT_TURNS), st.sampled_from(_CUSTOMER_TURNS), st.just("system"))
CONVERSATIONS = st.lists(st.lists(_TURNS, min_size=1, max_size=9), max_size=7).map(
    lambda talks: {f"c{number}": talk for number, talk in enumerate(talks)}
)

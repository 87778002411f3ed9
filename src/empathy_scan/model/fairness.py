"""How fair a model is, per release: errors by group on what is held out, and decisions that hang on the form of words.

The groups are those that a turn tells of itself: its channel, the customer's tone, its length and how it is written
(fairness/variety.py says what that proxy is and is not). The flips are of the 450 pairs written for it, and of held-out
turns rewritten by rules (fairness/rewrites.py).
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from torch import from_numpy, int64, tensor

from empathy_scan import stats
from empathy_scan.codebook import Role
from empathy_scan.fairness import errors, flips, rewrites, variety
from empathy_scan.fairness.errors import GROUPS, UNITS, ErrorRate
from empathy_scan.fairness.flips import Flips, Tried
from empathy_scan.model import evaluate, outside, runtime
from empathy_scan.model.bundle import Bundle
from empathy_scan.model.evaluate import CARE
from empathy_scan.model.examples import Item
from empathy_scan.model.tokens import Example
from empathy_scan.model.train import strongest

Message = tuple[str, str, tuple[Example, ...]]  # conversation, role, segments
REWRITTEN = 400  # held-out turns that are rewritten at most
TONES = ("civil", "upset", "hostile")
CHANNEL, TONE, LENGTH, VARIETY = "channel", "customer's tone", "length", "how it is written"
FAMILIES = {
    "name": "names", "gender": "names", "dialect": "dialect", "grammar": "dialect", "capitals": "style",
    "typos": "style", "politeness style": "style", "swearing at the matter": "style",
}  # fmt: skip
REAL, WRITTEN = "real", "written"


def release(bundle: Bundle, judged: Mapping[str, Sequence[Item]], pairs: Path) -> dict[str, Any]:
    """The fairness of a bundle as its facts hold it: error rates by kind of held-out turns, and flips.

    `judged` are the held-out turns by test set; those whose name begins with "real" and the written ones are told
    apart. Turns that stand in two sets of a kind count once.
    """
    found: dict[str, Any] = {"errors": {}, "rewritten": {}}
    for kind in (REAL, WRITTEN):
        items = list({item.key: item for name, own in judged.items() if name.startswith(kind) for item in own}.values())
        if items:
            found["errors"][kind] = [_row(each) for each in errors.rates(*_units(bundle, items)) if each.estimate]
            messages = [(f"{item.key[0]}/{item.scenario}", item.role, item.segments) for item in items]
            tried = list(tries(bundle, sample(bundle, messages, most=REWRITTEN)))
            found["rewritten"][kind] = [_row(each) for each in flips.of(tried)]
    given = outside.counterfactual(pairs)
    found["pairs"] = [_row(each) for each in flips.of(list(_pairs(bundle, given)))] if given else []
    return found


def sample(bundle: Bundle, messages: Sequence[Message], *, most: int) -> list[Message]:
    """Up to so many messages: by chance half of agents and half of customers, of each half with a label, if there are.

    The same messages are drawn every time.
    """
    order = sorted(messages, key=lambda each: zlib.crc32("\0".join((each[0], *(s.text for s in each[2]))).encode()))
    decided = decisions(bundle, order)
    drawn: list[Message] = []
    for role in (Role.AGENT, Role.CUSTOMER):
        own = [(each, said) for each, said in zip(order, decided, strict=True) if each[1] == role]
        labelled = [each for each, said in own if said not in flips.NO_LABEL]
        plain = [each for each, said in own if said in flips.NO_LABEL]
        half = most // 2
        take = max(half // 2, half - len(plain))
        taken = labelled[:take]
        drawn += taken + plain[: half - len(taken)]
    return drawn


def tries(bundle: Bundle, messages: Sequence[Message]) -> Iterator[Tried]:
    """Every message in every form that changes it, with what both forms are decided to be."""
    for kind, (family, _) in rewrites.KINDS.items():
        both = [(each, made) for each in messages if (made := _rewritten(each, kind)) is not None]
        firsts, seconds = (decisions(bundle, [made[side] for _, made in both]) for side in (0, 1))
        for (each, _), first, second in zip(both, firsts, seconds, strict=True):
            yield Tried(family, kind, each[1], each[0], first, second)


def decisions(bundle: Bundle, messages: Sequence[Message]) -> list[tuple[str, int]]:
    """The care class ("" for customers) and the tone of each message, from its segments."""
    if not messages:
        return []
    segments = [segment for each in messages for segment in each[2]]
    owner = [at for at, each in enumerate(messages) for _ in each[2]]
    logits = strongest(
        from_numpy(runtime.logits(bundle.model, bundle.packer, segments)), tensor(owner, dtype=int64), len(messages)
    ).numpy()
    found = bundle.decisions.probabilities(logits)
    tones, care = bundle.decisions.tones_of(found), outside.care_of(bundle.decisions.flags_of(found))
    names = ("neutral", "scripted", "empathic")
    return [
        (names[int(care[at])], int(tones["agent_tone"][at])) if each[1] == Role.AGENT
        else ("", int(tones["customer_tone"][at]))
        for at, each in enumerate(messages)
    ]  # fmt: skip


def _rewritten(message: Message, kind: str) -> tuple[Message, Message] | None:
    """Both forms of a message, segment by segment with the same context; None where nothing changes."""
    conversation, role, segments = message
    pairs = [rewrites.pair(each.text, kind) for each in segments]
    if not any(pairs):
        return None
    sides = [
        tuple(
            Example(each.role, made[side] if made else each.text, each.context)
            for each, made in zip(segments, pairs, strict=True)
        )
        for side in (0, 1)
    ]
    return (conversation, role, sides[0]), (conversation, role, sides[1])


def _pairs(bundle: Bundle, given: Sequence[outside.Pair]) -> Iterator[Tried]:
    """The pairs of the file, each a conversation of its own."""
    sides = [
        decisions(bundle, [(str(at), pair.first.role, (getattr(pair, side),)) for at, pair in enumerate(given)])
        for side in ("first", "second")
    ]
    for at, (pair, first, second) in enumerate(zip(given, *sides, strict=True)):
        yield Tried(FAMILIES.get(pair.swap, "style"), pair.swap, pair.first.role, str(at), first, second)


def _units(bundle: Bundle, items: Sequence[Item]) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Held-out turns as UNITS, and their GROUPS."""
    truth, found = evaluate.gold(items), evaluate.predict(bundle, items)
    agent = np.array([item.role == Role.AGENT for item in items], dtype=bool)
    columns: dict[str, Any] = {
        "unit": range(len(items)), "conversation_id": [f"{item.key[0]}/{item.scenario}" for item in items],
        "agent_id": [None] * len(items), "turn": [item.key[2] for item in items], "role": [item.role for item in items],
        "weight": [1.0] * len(items),
    }  # fmt: skip
    for side, judged in (("people", truth), ("model", found)):
        care, tone = np.full(len(items), -1), np.zeros(len(items), dtype=int)
        care[agent] = judged.care
        tone[agent], tone[~agent] = judged.agent_tone, judged.customer_tone
        columns[f"{side}_care"] = [CARE[code].value if code >= 0 else None for code in care]
        columns[f"{side}_tone"] = tone
    units = pl.DataFrame(columns, schema=UNITS, strict=False)
    texts = units.select("unit", text=pl.Series([" ".join(each.text for each in item.segments) for item in items]))
    tones = _tones_before(items)
    held = texts.select(
        "unit", pl.Series(CHANNEL, [item.channel for item in items]), pl.Series(TONE, tones, pl.String),
        variety.length(pl.col("text")).alias(LENGTH), variety.variety(pl.col("text")).alias(VARIETY),
    )  # fmt: skip
    groups = held.unpivot(index="unit", variable_name="facet", value_name="group").drop_nulls()
    of_itself = (pl.col("facet") == TONE) & pl.col("unit").is_in(units.filter(~pl.Series(agent))["unit"].implode())
    return units, groups.filter(~of_itself).select(GROUPS.keys())  # by the very tone that is judged no error is fair


def _tones_before(items: Sequence[Item]) -> list[str | None]:
    """The tone of each customer's turn, and for an agent's that of the latest labelled customer's turn before it."""
    latest: dict[tuple[str, str], str] = {}
    found: dict[tuple[str, str, int], str | None] = {}
    for item in sorted(items, key=lambda item: item.key):
        talk = item.key[:2]
        if item.role == Role.CUSTOMER:
            latest[talk] = TONES[item.tone]
        found[item.key] = latest.get(talk)
    return [found[item.key] for item in items]


def _row(each: ErrorRate | Flips) -> dict[str, Any]:
    """A row of the facts: its figure as value, low and high, and of an error its gap likewise where it is believed."""
    row: dict[str, Any] = {
        name: getattr(each, name) for name in type(each).__slots__ if name not in {"estimate", "gap", "why"}
    }
    row["estimate"] = _ends(each.estimate)
    if isinstance(each, ErrorRate):
        row["compared"] = each.gap is not None
        row["apart"] = _ends(each.gap.estimate) if each.gap and each.gap.believed else None
    return row


def _ends(estimate: stats.Estimate | None) -> list[float] | None:
    return (
        None if estimate is None else [round(each, 4) + 0.0 for each in (estimate.value, estimate.low, estimate.high)]
    )

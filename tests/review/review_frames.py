"""What a store holds, made up: conversations of six turns whose labels and probabilities are drawn at random."""

from __future__ import annotations

import random
from dataclasses import replace  # noqa: F401 - for the tests
from datetime import UTC, datetime

import polars as pl

from empathy_scan.codebook import ATTACK_NAMES, ATTACKS, FLAG_NAMES, FLAGS
from empathy_scan.review import questions
from empathy_scan.review.queue import Answer, Item, Queue
from empathy_scan.store import Stored
from empathy_scan.tables import CONVERSATIONS, ERROR_RATES, LABELS, REJECTS, SCORES, TURNS, Table, conform

NOON = datetime(2026, 10, 5, 12, tzinfo=UTC)
AGENTS = ("noor", "tam", "wei")


def stored(conversations: int, *, prefix: str = "call", seed: int = 7) -> Stored:
    """So many conversations, the same every time."""
    luck = random.Random(f"{seed} {prefix}")  # noqa: S311 - for tests
    turns, scores, labels, heads = [], [], [], []
    for number in range(conversations):
        name, agent = f"{prefix}-{number:03}", AGENTS[number % len(AGENTS)]
        heads.append({"conversation_id": name, "content": f"c{number}", "model": "m1", "settings": "s1"})
        for turn in range(6):
            role = ("customer", "agent")[turn % 2]
            key = {"conversation_id": name, "turn": turn, "role": role}
            own = {"agent_id": agent if role == "agent" else None}
            p = {each: luck.random() ** 3 for each in (FLAG_NAMES if role == "agent" else ATTACK_NAMES)}
            tone = luck.choices((0, 1, 2), (85, 10, 5))[0]
            codes = (
                "".join(label.code for label in (FLAGS if role == "agent" else ATTACKS) if p[label.name] > 0.5)
                if role == "agent" or tone == 2
                else ""
            )
            said = {"flags": codes if role == "agent" else "", "kinds": "" if role == "agent" else codes, "tone": tone}
            civil = {0: (0.9, 0.07, 0.03), 1: (0.2, 0.7, 0.1), 2: (0.05, 0.15, 0.8)}[tone]
            turns.append({**key, **own, "text": f"Turn {turn} of {name}, said by the {role}."})
            scores.append(
                {**key, **said, **{f"p_{name}": value for name, value in p.items()},
                 **dict(zip(("p_civil", "p_strained", "p_hostile"), civil, strict=True)),
                 "unsure": luck.random() < 0.1, "model": "m1"}
            )  # fmt: skip
            labels.append({**key, **own, **said, "channel": "call"})
    return Stored(
        _filled(CONVERSATIONS, heads), _filled(TURNS, turns), _filled(SCORES, scores), _filled(LABELS, labels),
        REJECTS.empty(), ERROR_RATES.empty(),
    )  # fmt: skip


def _filled(table: Table, rows: list[dict[str, object]]) -> pl.DataFrame:
    plain = {pl.String: "", pl.Boolean: False}
    blank = {
        name: None if name in table.nullable else plain.get(kind, [] if isinstance(kind, pl.List) else 0)
        for name, kind in table.columns.items()
    }
    whole = [{**blank, **row} for row in rows]
    columns = {
        name: pl.Series([row[name] for row in whole], dtype=kind, strict=False) for name, kind in table.columns.items()
    }
    return conform(pl.DataFrame(columns), table)


def item(number: int, role: str = "agent", *, conversation: str = "", part: str = "random", **model: str) -> Item:
    """A turn of a queue, with what the model says of it."""
    said = {each.key: model.get(each.key, "0" if each.key == "tone" else "no") for each in questions.of(role)}
    return Item(
        f"t_{number:012x}", conversation or f"c{number}", 1, role, "noor", f"Words of turn {number}.",
        (("customer", "What came before."),), said, ("content", "m1", "s1"), part, 1,
    )  # fmt: skip


def answer(of: Item, reviewer: str, *, again: bool = False, **labels: str) -> Answer:
    """What somebody says of a turn: what the model says, but for the labels given."""
    return Answer(of.id, reviewer, {**of.model, **labels}, NOON, again=again)


def answers_like_the_model(queue: Queue, reviewer: str) -> list[Answer]:
    """Of every turn what the model says."""
    return [answer(each, reviewer) for each in queue.items()]

"""What people said in the end of the turns in a review queue, beside the words as the model reads them.

Answers of several people on a turn become shares; what nobody could tell is unknown (NaN) and teaches nothing. Each
turn weighs one over its chance to be drawn and answered: what is fitted holds for all turns (review/sample.py).
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import numpy as np
import numpy.typing as npt
import polars as pl

from empathy_scan import segment
from empathy_scan.codebook import ATTACK_CODES, FLAG_CODES, Role
from empathy_scan.config import Config
from empathy_scan.errors import UsageError
from empathy_scan.model.decisions import FIRST, HEADS
from empathy_scan.model.examples import Item
from empathy_scan.model.tokens import Example, example_of
from empathy_scan.review import agreement, questions, sample
from empathy_scan.review.queue import Answer, Queue, person
from empathy_scan.review.queue import Item as Drawn
from empathy_scan.stats import Numbers
from empathy_scan.store import Store
from empathy_scan.tables import TURNS, conform

OUTPUTS = sum(HEADS.values())
_TONE_HEADS = {Role.AGENT.value: "agent_tone", Role.CUSTOMER.value: "customer_tone"}


@dataclass(frozen=True, slots=True)
class Lessons:
    """n reviewed turns: what people say of every output of the network, as shares from 0 to 1, NaN where unknown."""

    items: tuple[Item, ...]
    truth: Numbers  # [n, 14], in the order of the network's outputs
    weights: Numbers  # [n], 1 on average
    conversations: npt.NDArray[np.int64]  # [n], numbers
    answered: tuple[datetime, ...]  # of each turn, when the last answer came
    reviewers: int

    @property
    def agent(self) -> npt.NDArray[np.bool_]:
        """Which turns are agents'."""
        return np.array([item.role == Role.AGENT for item in self.items], dtype=np.bool_)

    def __len__(self) -> int:
        return len(self.items)

    def only(self, kept: npt.NDArray[np.bool_]) -> Lessons:
        """Some of the turns."""
        places = np.flatnonzero(kept).tolist()
        return replace(
            self, items=tuple(self.items[at] for at in places), truth=self.truth[kept], weights=self.weights[kept],
            conversations=self.conversations[kept], answered=tuple(self.answered[at] for at in places),
        )  # fmt: skip

    def described(self) -> dict[str, object]:
        """What a bundle tells of the turns that it learnt from: counts and days, no words and nobody's name."""
        days = sorted(moment.date().isoformat() for moment in self.answered)
        return {
            "turns": len(self), "agent_turns": int(self.agent.sum()),
            "conversations": len(np.unique(self.conversations)), "reviewers": self.reviewers,
            "first_answer": days[0] if days else "", "last_answer": days[-1] if days else "",
        }  # fmt: skip


def gather(store: Store, queue: Queue, config: Config) -> Lessons:
    """All that was reviewed, with each turn's words as the store has them, else as they were when it was drawn.

    Raises UsageError where nothing is answered, StoreError for a queue that cannot be read.
    """
    items = queue.items()
    if not items:
        raise UsageError(
            f"there is no review queue in {queue.folder}",
            remedy="draw turns with `empathy-scan review export`, or name the right folder with --store or --queue",
        )
    given: dict[str, list[Answer]] = {}
    for (name, _), answer in sorted(agreement.last_answers(queue.answers()).items()):
        given.setdefault(name, []).append(answer)
    segments = _segments(store, [item for item in items if item.id in given], config)
    held = [item for item in items if item.id in given and item.id in segments]
    if not held:
        raise UsageError(
            "nobody has answered yet", where=str(queue.folder),
            remedy="label turns with `empathy-scan review serve`, or read workbooks with `empathy-scan review import`",
        )  # fmt: skip
    weight = sample.weights(queue, [item.id for item in held])
    weights = np.array([weight[item.id] for item in held], dtype=np.float64)
    numbers = {name: at for at, name in enumerate(sorted({item.conversation_id for item in held}))}
    return Lessons(
        tuple(_item(each, segments[each.id]) for each in held),
        np.array([_truth(each.role, [answer.labels for answer in given[each.id]]) for each in held]),
        weights / weights.mean(),
        np.array([numbers[each.conversation_id] for each in held], dtype=np.int64),
        tuple(max(answer.answered_at for answer in given[each.id]) for each in held),
        len({person(answer.reviewer) for each in held for answer in given[each.id]}),
    )


def falls_within(conversation_id: str, share: float, seed: int) -> bool:
    """Whether a conversation is one of a share that is always the same for a seed."""
    digest = hashlib.sha256(f"{seed} {conversation_id}".encode()).digest()
    return int.from_bytes(digest[:8], "big") / 2**64 < share


def within(lessons: Lessons, share: float, seed: int) -> npt.NDArray[np.bool_]:
    """Which turns lie in the conversations of a share."""
    return np.array([falls_within(item.scenario, share, seed) for item in lessons.items], dtype=np.bool_)


def _item(drawn: Drawn, segments: tuple[Example, ...]) -> Item:
    key = ("reviews", drawn.conversation_id, drawn.turn)
    return Item(key, drawn.role, "", segments, "", 0, "", scenario=drawn.conversation_id)


def _truth(role: str, given: Sequence[Mapping[str, str]]) -> Numbers:
    """What people say of a turn, by the network's outputs."""
    found = np.full(OUTPUTS, np.nan)
    head, codes = ("flags", FLAG_CODES) if role == Role.AGENT else ("attacks", ATTACK_CODES)
    for at, code in enumerate(codes):
        said = [one.get(code) for one in given]
        told = [each == questions.YES for each in said if each in {questions.YES, questions.NO}]
        if told:
            found[FIRST[head] + at] = sum(told) / len(told)
    tones = [int(tone) for one in given if (tone := one.get(questions.TONE, "")) in {"0", "1", "2"}]
    if tones:
        start = FIRST[_TONE_HEADS[role]]
        found[start : start + 3] = np.bincount(tones, minlength=3) / len(tones)
    return found


def _segments(store: Store, held: Sequence[Drawn], config: Config) -> dict[str, tuple[Example, ...]]:
    """The segments of each turn by the name of its item, cut as a scan cuts them."""
    ids = pl.Series("conversation_id", sorted({item.conversation_id for item in held}), dtype=pl.String)
    content = dict(store.known(ids).select("conversation_id", "content").iter_rows())
    same = {item.conversation_id for item in held if content.get(item.conversation_id) == item.version[0]}
    stored = store.turns_of(pl.Series("conversation_id", sorted(same), dtype=pl.String))
    loose = [item for item in held if item.conversation_id not in same]
    found: dict[tuple[str, int], list[Example]] = {}
    for turns in (stored, _as_drawn(loose)):
        for row in segment.split(turns, config.segment).iter_rows(named=True):
            found.setdefault((row["conversation_id"], row["turn"]), []).append(example_of(row))
    made = {}
    for item in held:
        place = (item.conversation_id, item.turn) if item.conversation_id in same else (item.id, len(item.context))
        if place in found:
            made[item.id] = tuple(found[place])
    return made


def _as_drawn(items: Sequence[Drawn]) -> pl.DataFrame:
    """The turns of items with what came before them, each item a conversation of its own: TURNS."""
    rows = [
        {"conversation_id": item.id, "turn": turn, "role": role, "text": text}
        for item in items
        for turn, (role, text) in enumerate([*item.context, (item.role, item.text)])
    ]
    if not rows:
        return TURNS.empty()
    given = pl.DataFrame(rows, schema_overrides={"turn": pl.Int32})
    missing = [
        pl.lit("" if kind == pl.String and name not in TURNS.nullable else None, kind).alias(name)
        for name, kind in TURNS.columns.items()
        if name not in given.columns
    ]
    return conform(given.with_columns(missing), TURNS)

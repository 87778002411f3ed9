"""From what people answered to a head in its folder: who answered what, whether it is enough, and the fit.

A turn counts where most of those who answered say the same, by their last words on it. Words and context come from the
store, cut as a scan cuts them; a turn whose words have changed since, or whose conversation is gone, is left out.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import polars as pl

from empathy_scan import segment
from empathy_scan.config import Config
from empathy_scan.errors import UsageError
from empathy_scan.model import bundle as bundles
from empathy_scan.model.tokens import Example
from empathy_scan.own import fitting, heads
from empathy_scan.own.features import Looker, Seen
from empathy_scan.own.fitting import Lesson
from empathy_scan.own.heads import Facts
from empathy_scan.own_codebook import OwnLabel
from empathy_scan.review import sample
from empathy_scan.review.agreement import last_answers
from empathy_scan.review.questions import NO, YES
from empathy_scan.review.queue import Queue
from empathy_scan.store import Store

FEWEST = {"turns": 60, "yes": 15, "no": 15, "conversations": 10}  # with fewer nothing is trained
_KEY = ("conversation_id", "turn")


@dataclass(frozen=True, slots=True)
class Answered:
    """The turns that people answered about a label: `id`, conversation, turn, yes; who did, and what is left out."""

    turns: pl.DataFrame
    reviewers: int
    undecided: int  # people differ, or nobody could tell
    changed: int  # the store has them no more, or with other words

    def counts(self) -> dict[str, int]:
        """How much there is, by the names of FEWEST."""
        yes = int(self.turns["yes"].sum())
        return {
            "turns": self.turns.height, "yes": yes, "no": self.turns.height - yes,
            "conversations": self.turns["conversation_id"].n_unique(),
        }  # fmt: skip


def answered(store: Store, queue: Queue, label: OwnLabel) -> Answered:
    """What people answered about a label, of turns that the store has as they were drawn."""
    items = {item.id: item for item in queue.items() if item.role == label.role}
    given: dict[str, list[bool]] = defaultdict(list)
    people: set[str] = set()
    asked: set[str] = set()
    for (item_id, who), answer in last_answers(queue.answers()).items():
        said = answer.labels.get(label.key)
        if item_id in items and said is not None:
            asked.add(item_id)
            people.add(who)
            if said in {YES, NO}:
                given[item_id].append(said == YES)
    decided = {name: sum(votes) * 2 > len(votes) for name, votes in given.items() if sum(votes) * 2 != len(votes)}
    rows = [(name, items[name].conversation_id, items[name].turn, items[name].text, decided[name]) for name in decided]
    schema = {"id": pl.String, "conversation_id": pl.String, "turn": pl.Int32, "text": pl.String, "yes": pl.Boolean}
    found = pl.DataFrame(rows, schema=schema, orient="row")
    there = store.turns_of(found["conversation_id"].unique()).select(*_KEY, "role", "text").filter(role=label.role)
    same = found.join(there, on=(*_KEY, "text"), how="semi").sort(_KEY)
    return Answered(same.drop("text"), len(people), len(asked) - len(decided), found.height - same.height)


def demand_enough(label: OwnLabel, told: Answered) -> None:
    """Raise UsageError with counts where there is too little to train by."""
    counts = told.counts()
    short = [f"{counts[name]} of {least} {name}" for name, least in FEWEST.items() if counts[name] < least]
    if short:
        aside = f"; {told.undecided} undecided and {told.changed} changed turns do not count"
        raise UsageError(
            f"too little is answered about {label.key!r}: {', '.join(short)}"
            + (aside if told.undecided or told.changed else ""),
            remedy=f"label more turns: empathy-scan review export --label {label.key}; a few hundred are good",
        )


def train(
    store: Store, queue: Queue, label: OwnLabel, config: Config, *, bundle: Path | None, folder: Path, encoder: str
) -> Facts:
    """Train a head of a label for the bundle of the fingerprint `encoder`, and put it into the folder of heads.

    Raises UsageError where too little is answered, ModelError for a bundle that cannot be used, StoreError.
    """
    told = answered(store, queue, label)
    demand_enough(label, told)
    looker = Looker(bundles.load(bundle))
    lesson = lesson_of(store, queue, label, told.turns, looker, config)
    fitted = fitting.fit(lesson)
    found, decision = fitted.exam, fitted.decision
    answers = told.counts() | {
        "reviewers": told.reviewers, "undecided": told.undecided, "changed": told.changed,
        "examples": len(label.yes) + len(label.no),
    }  # fmt: skip
    facts = Facts(
        key=label.key, name=label.name, role=label.role, question=label.question,
        definition=label.definition, label=label.fingerprint(), encoder=encoder,
        trained_at=datetime.now(UTC).isoformat(timespec="seconds"), slope=decision.slope, offset=decision.offset,
        threshold=decision.threshold, ridge=fitted.ridge, answers=answers, kappa=found.kappa, why=found.why,
        found=found.found, right=found.right, share=found.share, effective=found.effective,
        confusion=found.confusion, standard=config.review.good, weights="",
    )  # fmt: skip
    return heads.save(folder, facts, fitted.weights)


def lesson_of(
    store: Store, queue: Queue, label: OwnLabel, turns: pl.DataFrame, looker: Looker, config: Config
) -> Lesson:
    """The answered turns, and the examples of the codebook, as heads see them."""
    said = store.turns_of(turns["conversation_id"].unique())
    placed = turns.with_row_index("place").select(*_KEY, "place")
    segments = segment.split(said, config.segment).join(placed, on=_KEY, how="inner").sort("place", "segment")
    seen = looker.see(segments)
    there = segments["place"].unique().sort().to_numpy()  # a turn without a letter has no segment
    kept = turns[there]
    numbers = np.searchsorted(there, segments["place"].to_numpy())
    told, yes = examples(label, looker)
    talks = {name: at for at, name in enumerate(sorted(kept["conversation_id"].unique()))}
    weights = sample.weights(queue, turns["id"].to_list())
    blank = np.zeros(len(told))
    return Lesson(
        Seen(np.concatenate([seen.dense, told.dense]), (*seen.phrases, *told.phrases)),
        np.concatenate([numbers, kept.height + np.arange(len(told))]).astype(np.int64),
        np.concatenate([kept["yes"].to_numpy(), yes]),
        np.concatenate([[talks[each] for each in kept["conversation_id"]], blank - 1]).astype(np.int64),
        np.concatenate([[weights[each] for each in kept["id"]], blank]).astype(np.float64),
    )


def examples(label: OwnLabel, looker: Looker) -> tuple[Seen, np.typing.NDArray[np.bool_]]:
    """The examples of a codebook as heads see them, and which of them have the label."""
    texts: Sequence[str] = (*label.yes, *label.no)
    seen = looker.of_packed(looker.packer.pack([Example(label.role, text) for text in texts]))
    return seen, np.arange(len(texts)) < len(label.yes)

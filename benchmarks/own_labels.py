"""How good a label of one's own becomes, by the number of labelled turns: the example of docs/own-labels.md.

    empathy-scan scan data/samples --store build/store --reports build/reports
    python benchmarks/own_labels.py build/store

Takes what was answered about the samples (data/own_labels), draws so many turns by lot, and lets `labels train` judge
itself as it does in use: on conversations that it did not learn from. Prints a row per number, over some draws. Ends
with the real loop's draw: half by lot, half those that resemble the examples.
"""

from __future__ import annotations

import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import polars as pl

from empathy_scan import own, reviewing
from empathy_scan.config import Config, LabelsConfig
from empathy_scan.model import bundle as bundles
from empathy_scan.own import drawing, fitting, training
from empathy_scan.own.features import Looker
from empathy_scan.own_codebook import OwnLabel
from empathy_scan.review.queue import Answer, Queue, item_id
from empathy_scan.review.sample import Wish
from empathy_scan.store import Store

DATA = Path(__file__).parents[1] / "data" / "own_labels"
SIZES, DRAWS = (60, 100, 150, 200, 300, 400, 522), 3


def main(path: str) -> None:
    """Print the curve for the store at a path."""
    store = Store.open(path)
    config = Config(labels=LabelsConfig(codebook=str(DATA / "explains_next_steps.toml")))
    (label,) = own.codebook_of(config)
    looker = Looker(bundles.load(None))
    print("| labelled | draws | kappa, mean | lowest, highest | range of one draw | finds | right |")
    print("|---|---|---|---|---|---|---|")
    for size in SIZES:
        exams = [_exam(store, label, config, looker, size, seed) for seed in range(DRAWS if size < SIZES[-1] else 1)]
        _tell(str(size), [exam for exam in exams if exam is not None])
    if (exam := _loop(store, label, config, looker)) is not None:
        _tell("300, half by likeness", [exam])


def _tell(name: str, exams: list[fitting.Exam]) -> None:
    kappas = [exam.kappa.value for exam in exams if exam.kappa]
    if not kappas or exams[0].kappa is None or exams[0].found is None or exams[0].right is None:
        print(f"| {name} | {len(exams)} | too little | | | | |")
        return
    low, high = exams[0].kappa.low, exams[0].kappa.high
    finds, right = (np.mean([held.value for held in each if held]) for each in (
        [exam.found for exam in exams], [exam.right for exam in exams],
    ))  # fmt: skip
    print(
        f"| {name} | {len(exams)} | {np.mean(kappas):.2f} | {min(kappas):.2f}, {max(kappas):.2f} "
        f"| {low:.2f} to {high:.2f} | {finds:.0%} | {right:.0%} |", flush=True,
    )  # fmt: skip


def _exam(store: Store, label: OwnLabel, config: Config, looker: Looker, size: int, seed: int) -> fitting.Exam | None:
    """The exam of a head that learned from so many turns, drawn by lot; None where there is too little."""
    return _judged(store, label, config, looker, Wish(size, {"random": 1}, 0, (label.role,), seed=seed,
                                                      asks=(label.key,)), None)  # fmt: skip


def _loop(store: Store, label: OwnLabel, config: Config, looker: Looker) -> fitting.Exam | None:
    """The exam after the draw that `review export --label` makes."""
    outlook = drawing.outlook(store, store.load(), label, config, bundle=None)
    wish = Wish(300, own.mix(outlook), 0, (label.role,), asks=(label.key,))
    return _judged(store, label, config, looker, wish, outlook)


def _judged(
    store: Store, label: OwnLabel, config: Config, looker: Looker, wish: Wish, outlook: drawing.Outlook | None
) -> fitting.Exam | None:
    said = {
        item_id(conversation, turn): answer
        for conversation, turn, answer in pl.read_csv(DATA / "explains_next_steps.csv").iter_rows()
    }
    with tempfile.TemporaryDirectory() as folder:
        queue = Queue(Path(folder), own=reviewing.questions.of_own([label]))
        reviewing.export(store, queue, config, wish, outlook=outlook)
        queue.add_answers([
            Answer(item.id, "reader", {label.key: said[item.id]}, datetime.now(UTC))
            for item in queue.items() if item.id in said
        ])  # fmt: skip
        told = training.answered(store, queue, label)
        counts = told.counts()
        if any(counts[name] < least for name, least in training.FEWEST.items()):
            return None
        lesson = training.lesson_of(store, queue, label, told.turns, looker, config)
        return fitting.exam(lesson, fitting.said(lesson))


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "build/store")

"""`calibrate`: a bundle's temperatures, thresholds and known errors, fitted to what a centre's own people say."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from empathy_scan import judging, quantify
from empathy_scan.config import Config
from empathy_scan.errors import UsageError
from empathy_scan.learning import lessons as reviewed
from empathy_scan.learning import making, truths, tune
from empathy_scan.learning.figures import Compared, Said
from empathy_scan.learning.lessons import Lessons
from empathy_scan.learning.refit import TONES, Refit, refit
from empathy_scan.learning.truths import Counted
from empathy_scan.model import bundle as bundles
from empathy_scan.review.queue import Queue
from empathy_scan.store import Store
from empathy_scan.tables import LABELS

CONVERSATIONS = 150  # of the store, on which errors are counted; more do not make them surer
_SEED = (2011,)


@dataclass(frozen=True, slots=True)
class Calibrated:
    """What was fitted, and the new bundle's fingerprint; "" where nothing was written."""

    out: Path
    old: str
    new: str
    lessons: Mapping[str, object]
    left_out: int  # reviewed turns that the bundle was trained on
    refit: Refit
    counted: Counted

    @property
    def compared(self) -> tuple[Compared, ...]:
        """The figures before and after, on conversations held out."""
        return self.refit.compared

    def to_json(self) -> dict[str, Any]:
        """All of it by name, without a word of a transcript."""
        return {
            "state": "written" if self.new else "kept", "out": str(self.out) if self.new else None,
            "from_model": self.old, "model": self.new or None, "labels": dict(self.lessons),
            "left_out": self.left_out,
            "fitted": [
                {"what": each.what, "name": each.name, "old": list(each.old), "new": list(each.new),
                 "refitted": each.refitted, "why": each.why}
                for each in self.refit.fitted
            ],
            "errors": dict(self.counted.told),
            "compared": [each.to_json() for each in self.compared],
        }  # fmt: skip


def calibrate(store: Store, queue: Queue, config: Config, *, base: Path, out: Path) -> Calibrated:
    """Fits what there are enough labels for and writes a new bundle, if anything in it is other than in the old one.

    Raises UsageError where nothing is answered or the new folder is not empty, ModelError for the old bundle.
    """
    making.demand_new(out)
    old = bundles.load(base)
    quantify.load(base)
    every = reviewed.gather(store, queue, config)
    given = making.unseen(every, old.facts)
    if not len(given):
        raise UsageError(
            "the model was trained on every turn that was reviewed", where=str(queue.folder),
            remedy="review other conversations: what a model has learnt does not show how often it errs",
        )  # fmt: skip
    found = refit(given, tune.turn_logits(old.model, old.packer, given.items), old.decisions)
    described = given.described()
    new = ""
    with making.aside(out) as part:
        making.write(part, base, old, found.decisions)
        counted = errors(store, config, part, given, found.held_out, base, moved(found))
        told = {
            **{key: value for key, value in old.facts.get(making.REVIEWS, {}).items() if key == making.SEEN},
            "made_by": "calibrate", "made_on": datetime.now(UTC).date().isoformat(), "made_from": old.fingerprint,
            "labels": described,
            "refitted": [f"{each.what} {each.name}" for each in found.fitted if each.refitted],
        }  # fmt: skip
        if found.changed or counted.refitted:
            new = making.finish(part, base, counted.errors, told, card(told, found, counted))
            making.put(part, out)
    return Calibrated(out, old.fingerprint, new, described, len(every) - len(given), found, counted)


def moved(found: Refit) -> str:
    """The codes of agents' labels that are given otherwise than before, T for their tone."""
    changed = {each.name for each in found.fitted if each.refitted and each.what == "threshold"}
    names = {"agent: scripted": "S", "agent: acknowledges": "A", "agent: explores": "X", "agent: owns": "O"}
    return "".join(names[each] for each in names if each in changed) + "T" * (TONES[0].replace("_", " ") in changed)


def errors(
    store: Store, config: Config, bundle: Path, lessons: Lessons, found: Said, base: Path, changed: str
) -> Counted:  # fmt: skip
    """The known errors of the bundle in a folder, counted on conversations of the store."""
    labels = LABELS.empty()
    if truths.known(lessons):
        turns = sample(store, [], CONVERSATIONS)
        if turns.height:
            plain = replace(config, score=replace(config.score, evidence=False))
            _, labels = judging.judge(turns, bundle, plain)
    told = lessons.described()
    source = (
        f"{told['turns']} turns reviewed by the centre's own people, "
        f"{told['first_answer']} to {told['last_answer']}, in {told['conversations']} conversations"
    )
    return truths.count(lessons, found, labels, quantify.load(base), moved=changed, source=source)


def sample(store: Store, without: list[str], size: int) -> pl.DataFrame:
    """TURNS of some conversations of the store, always the same; none where there is no store."""
    ids = [each for each in store.known()["conversation_id"].to_list() if each not in set(without)]
    order = np.random.default_rng(_SEED).permutation(len(ids))[:size]
    taken = sorted(ids[at] for at in order.tolist())
    return store.turns_of(pl.Series("conversation_id", taken, dtype=pl.String))


def card(told: Mapping[str, Any], found: Refit, counted: Counted) -> str:
    """What the new bundle's card says before that of the old one."""
    rows = [
        f"| {each.what} | {each.name} | {_shown(each.old)} | {_shown(each.new)} | {each.why} |" for each in found.fitted
    ]
    return "\n".join([
        "# A bundle calibrated to a centre's own labels", "", origin(told), "",
        "Weights are those of the bundle that it was made from. Fitted anew, or kept, and why:", "",
        "| what | label | before | now | why |", "|---|---|---|---|---|", *rows, "",
        *figures_table(found.compared), "",
        "Known errors (errors.json): " + "; ".join(f"{name} {what}" for name, what in counted.told.items()) + ".", "",
        "The card of the bundle that this one was made from follows; its figures are those of that bundle.", "",
    ])  # fmt: skip


def origin(told: Mapping[str, Any]) -> str:
    """Where a bundle comes from, in a sentence: counts and days, no words and nobody's name."""
    labels = told["labels"]
    people = "1 person" if labels["reviewers"] == 1 else f"{labels['reviewers']} people"
    return (
        f"Made by `empathy-scan {told['made_by']}` on {told['made_on']} from the bundle {told['made_from']}, with "
        f"{labels['turns']} turns in {labels['conversations']} conversations that {people} labelled from "
        f"{labels['first_answer']} to {labels['last_answer']}. No word of them and nobody's name is in it."
    )


def figures_table(compared: tuple[Compared, ...]) -> list[str]:
    """Figures before and after on conversations held out, as a table in Markdown."""
    rows = []
    for each in compared:
        cells = [
            "" if held is None else
            f"{held.before.value:.3f} to {held.after.value:.3f} ({held.change.low:+.3f} to {held.change.high:+.3f})"
            for held in each.figures.values()
        ]  # fmt: skip
        if each.turns:
            rows.append(f"| {each.label.name} | {each.turns} | {each.unusual} | {' | '.join(cells)} |")
    return [
        "On conversations held out, before and now, and the 95% interval of the difference:", "",
        "| label | turns | rarer answers | log-loss | calibration error | kappa |", "|---|---|---|---|---|---|", *rows,
    ]  # fmt: skip


def _shown(numbers: tuple[float, ...]) -> str:
    return ", ".join(f"{number:.2f}" for number in numbers)

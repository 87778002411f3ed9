"""`train --from`: a bundle fine-tuned on reviewed turns; what is worse on conversations held out is not kept."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from empathy_scan import kappa, quantify, segment
from empathy_scan.codebook import Role
from empathy_scan.config import Config
from empathy_scan.errors import UsageError
from empathy_scan.learning import calibration, figures, making, truths, tune
from empathy_scan.learning import lessons as reviewed
from empathy_scan.learning.figures import CLASS, KAPPA, LABELS, LOSS, Compared
from empathy_scan.learning.lessons import Lessons
from empathy_scan.learning.tune import TuneConfig
from empathy_scan.model import bundle as bundles
from empathy_scan.model.bundle import Bundle
from empathy_scan.model.examples import Item
from empathy_scan.model.tokens import Example, example_of
from empathy_scan.review.queue import Queue
from empathy_scan.store import Store

HELD_OUT = 0.3  # share of the conversations on which the guard judges
FEWEST = 20  # turns to learn from, and turns to be judged on
CONVERSATIONS = 10  # to be judged on
RARER = 10  # turns with another answer than the usual one, for a kappa to be judged
WORSE = 0.01  # least change of a kappa or a log-loss that matters
SURE = 0.95  # share of the resamples in which a label must be worse, to be called so
UNLABELLED = 600  # turns of the store that hold the model to what it knew
_OTHERS = 120  # conversations of which they are


@dataclass(frozen=True, slots=True)
class Kept:
    """How far the new model says of unlabelled turns what the old one says: kappa by label, of n turns."""

    turns: int
    kappas: Mapping[str, float | None]


@dataclass(frozen=True, slots=True)
class Trained:
    """What came of it; `against` are the reasons for which nothing was written."""

    out: Path
    old: str
    new: str
    lessons: Mapping[str, object]
    learnt_from: int
    judged_on: int
    compared: tuple[Compared, ...]
    kept: Kept
    against: tuple[str, ...]
    errors: Mapping[str, str]

    def to_json(self) -> dict[str, Any]:
        """All of it by name, without a word of a transcript."""
        return {
            "state": "written" if self.new else "refused", "out": str(self.out) if self.new else None,
            "from_model": self.old, "model": self.new or None, "labels": dict(self.lessons),
            "learnt_from": self.learnt_from, "judged_on": self.judged_on, "against": list(self.against),
            "compared": [each.to_json() for each in self.compared],
            "unlabelled": {"turns": self.kept.turns, "kappa": dict(self.kept.kappas)}, "errors": dict(self.errors),
        }  # fmt: skip


def train(
    store: Store, queue: Queue, config: Config, *, base: Path, out: Path, how: TuneConfig | None = None
) -> Trained:
    """Fine-tunes the bundle in `base` on what was reviewed; writes the new one if nothing speaks against it.

    Raises UsageError for too few reviewed turns or a folder that is not empty, ModelError for the old bundle.
    """
    how = how or TuneConfig()
    making.demand_new(out)
    old = bundles.load(base)
    quantify.load(base)
    every = reviewed.gather(store, queue, config)
    learning, judging = _divided(every, old, how.seed)
    unlabelled = _unlabelled(store, every, config)
    rehearsed, asked = unlabelled[::2], unlabelled[1::2]
    network = tune.tune(old, learning, rehearsed, how)
    with making.aside(out) as part:
        making.write(part, base, old, old.decisions, model=network)
        new = bundles.load(part)  # as it will be loaded: in half precision
        before, after = (tune.turn_logits(each.model, each.packer, judging.items) for each in (old, new))
        one, other = (figures.said(old.decisions, each) for each in (before, after))
        compared = tuple(figures.compare(judging, one, other, label) for label in (CLASS, *LABELS))
        against = _against(compared)
        told: dict[str, Any] = {
            making.SEEN: [*_seen(old), {"share": 1 - HELD_OUT, "seed": how.seed, "until": _until(every)}],
            "made_by": "train", "made_on": datetime.now(UTC).date().isoformat(), "made_from": old.fingerprint,
            "labels": every.described(), "learnt_from": len(learning), "judged_on": len(judging), "seed": how.seed,
        }  # fmt: skip
        kept, known_as = _agreed(old, new, asked), ""
        errors: Mapping[str, str] = {}
        if not against:
            counted = calibration.errors(store, config, part, judging, other, base, "SAXOT")
            errors = counted.told
            known_as = making.finish(part, base, counted.errors, told, _card(told, compared, kept, counted))
            making.put(part, out)
    return Trained(
        out, old.fingerprint, known_as, every.described(), len(learning), len(judging), compared, kept, against, errors
    )


def _divided(every: Lessons, old: Bundle, seed: int) -> tuple[Lessons, Lessons]:
    """The turns to learn from, and those to be judged on, in other conversations; none that trained the old model."""
    learning = reviewed.within(every, 1 - HELD_OUT, seed)
    judging = making.unseen(every.only(~learning), old.facts)
    conversations = len(np.unique(judging.conversations))
    if learning.sum() < FEWEST or len(judging) < FEWEST or conversations < CONVERSATIONS:
        raise UsageError(
            f"too few reviewed turns: {int(learning.sum())} to learn from and {len(judging)} in {conversations} "
            f"conversations to be judged on; {FEWEST}, and {FEWEST} in {CONVERSATIONS}, are the least",
            remedy="label more turns: empathy-scan review export",
        )
    return every.only(learning), judging


def _unlabelled(store: Store, every: Lessons, config: Config) -> list[Item]:
    """Turns of conversations of the store of which nobody reviewed anything, always the same."""
    turns = calibration.sample(store, sorted({item.scenario for item in every.items}), _OTHERS)
    found: dict[tuple[str, int], list[Example]] = {}
    for row in segment.split(turns, config.segment).iter_rows(named=True):
        found.setdefault((row["conversation_id"], row["turn"]), []).append(example_of(row))
    return [
        Item(("store", name, turn), segments[0].role, "", tuple(segments), "", 0, "", scenario=name)
        for (name, turn), segments in sorted(found.items())
    ][:UNLABELLED]


def _against(compared: Sequence[Compared]) -> tuple[str, ...]:
    """What speaks against the new model, in words; nothing where it may replace the old one."""
    found = []
    for each in compared:
        for name, what in ((KAPPA, "kappa"), (LOSS, "log-loss")):
            change = each.figures[name]
            enough = each.turns >= FEWEST and (name == LOSS or each.unusual >= RARER)
            if change is not None and enough and change.better <= 1 - SURE and _matters(change):
                moved = f"{change.before.value:.3f} to {change.after.value:.3f}"
                found.append(f"{each.label.name}: {what} is worse, {moved} on {each.turns} turns held out")
    losses = [change for each in compared if (change := each.figures[LOSS]) is not None]
    before, after = (sum(getattr(each, side).value for each in losses) for side in ("before", "after"))
    if after >= before:
        found.append(f"nothing was gained: the log-loss of all labels together went from {before:.3f} to {after:.3f}")
    return tuple(found)


def _matters(change: figures.Change) -> bool:
    return abs(change.change.value) >= WORSE


def _agreed(old: Bundle, new: Bundle, items: Sequence[Item]) -> Kept:
    """Kappa of the two models on turns that neither has learnt from."""
    if not items:
        return Kept(0, {})
    logits = [tune.turn_logits(each.model, each.packer, items) for each in (old, new)]
    labels = [figures.said(old.decisions, each).labels for each in logits]
    agent = np.array([item.role == Role.AGENT for item in items], dtype=np.bool_)
    kappas: dict[str, float | None] = {}
    for label in LABELS:
        own = agent == (label.role == Role.AGENT)
        one, other = (figures.outcomes(each[own], label) for each in labels)
        found = float(kappa.kappas(one.T @ other, ordinal=label.size == 3)) if own.any() else float("nan")
        kappas[label.name] = round(found, 4) if np.isfinite(found) else None
    return Kept(len(items), kappas)


def _seen(old: Bundle) -> list[dict[str, Any]]:
    return list(old.facts.get(making.REVIEWS, {}).get(making.SEEN, ()))


def _until(every: Lessons) -> str:
    return max(every.answered).isoformat()


def _card(told: Mapping[str, Any], compared: tuple[Compared, ...], kept: Kept, counted: truths.Counted) -> str:
    agreed = ", ".join(f"{name} {value:.2f}" for name, value in kept.kappas.items() if value is not None)
    errors = "; ".join(f"{name} {what}" for name, what in counted.told.items())
    parts = (
        f"{told['learnt_from']} of these turns trained it, {told['judged_on']} in other conversations judged it. "
        "Temperatures and thresholds are those of the bundle that it was made from."
    )
    return "\n".join([
        "# A bundle fine-tuned on a centre's own labels", "", calibration.origin(told), "",
        parts, "",
        *calibration.figures_table(compared), "",
        f"On {kept.turns} turns that nobody labelled it agrees with that bundle at kappa: {agreed or 'not known'}.",
        "", f"Known errors (errors.json): {errors}.", "",
        "The card of the bundle that this one was made from follows; its figures are those of that bundle.", "",
    ])  # fmt: skip

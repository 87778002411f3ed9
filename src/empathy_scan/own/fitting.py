"""A head fitted to what people answered, and how well it does on conversations that it did not see.

A logistic head with a ridge (Hoerl and Kennard 1970; le Cessie and van Houwelingen 1992) over the encoder's view and
the phrases of segments. People label turns, and a turn has the label when one of its segments does: of a long turn with
the label, the segment that the head finds likeliest is taken for the one that has it (Andrews et al. 2003, mi-SVM).

Folds are whole conversations. How strong the ridge is, what turns the head's sums into probabilities (Platt 1999) and
from which probability on the label is given are chosen within the part that is learned from, never on the part that is
judged (nested cross-validation, Varma and Simon 2006). Figures are weighted for how turns were drawn.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
from scipy import optimize, sparse, special

from empathy_scan import stats
from empathy_scan.kappa import kappas
from empathy_scan.own.features import PHRASES, Rows, Seen
from empathy_scan.review.coefficients import KAPPA, Ratings, agreement
from empathy_scan.stats import Estimate, Numbers

Flags = npt.NDArray[np.bool_]

RIDGES = (1.0, 3.0, 10.0, 30.0, 100.0)  # a greater one trusts what was labelled more
FOLDS, INNER = 5, 4
WORDS = 1.5  # of the phrases beside the encoder's view, in length
EXAMPLE = 0.5  # how much an example of the codebook counts beside a labelled turn
_ROUNDS = 2  # of choosing segments in long turns
_STEPS = 400
_SEED = 20261005
_OF_PHRASES = 3 * PHRASES


@dataclass(frozen=True, slots=True)
class Lesson:
    """Labelled turns: what is seen of their segments, and what people said; examples of a codebook have no weight."""

    seen: Seen  # of segments
    turn: Rows  # of each segment the place of its turn, ascending
    yes: Flags  # of turns
    conversation: Rows  # of turns; -1 for an example
    weight: Numbers  # of turns, in the figures; 0 for an example

    @property
    def judged(self) -> Flags:
        """The turns that people labelled."""
        return self.conversation >= 0

    def of(self, turns: Flags) -> Lesson:
        """The lesson of some of the turns."""
        places = np.flatnonzero(turns[self.turn])
        numbers = np.cumsum(turns) - 1
        return Lesson(
            self.seen.taken(places), numbers[self.turn[places]], self.yes[turns], self.conversation[turns],
            self.weight[turns],
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Weights:
    """A fitted head: what it adds up over the encoder's view and over phrases."""

    mean: Numbers  # of the encoder's view [2H]
    scale: Numbers
    dense: Numbers
    rows: Rows  # of phrases that count, ascending
    phrases: Numbers  # their weights
    bias: float

    def sums(self, seen: Seen) -> Numbers:
        """The head's sum for each segment."""
        design = _design(seen, self.mean, self.scale, self.rows)
        return np.asarray(design @ np.concatenate([self.dense, self.phrases])) + self.bias


@dataclass(frozen=True, slots=True)
class Decision:
    """What makes a label of a sum: probability = expit(slope * sum + offset), given from a threshold on."""

    slope: float = 1.0
    offset: float = 0.0
    threshold: float = 0.5

    def chances(self, sums: Numbers) -> Numbers:
        """Probabilities."""
        return np.asarray(special.expit(self.slope * sums + self.offset))

    def given(self, sums: Numbers) -> Flags:
        """Which have the label."""
        return np.asarray(self.chances(sums) >= self.threshold)


@dataclass(frozen=True, slots=True)
class Exam:
    """How a head does on conversations that it has not seen, weighted for how turns were drawn."""

    kappa: Estimate | None
    why: str  # there is no kappa; "" where there is one
    found: Estimate | None  # of the turns that have the label, the share that the head finds
    right: Estimate | None  # of those that the head calls so, the share that people confirm
    share: Estimate | None  # of all turns that have it
    turns: int
    conversations: int
    effective: float
    confusion: tuple[tuple[int, int], tuple[int, int]]  # turns by what people say and by what the head says: no, yes


@dataclass(frozen=True, slots=True)
class Fitted:
    """A head with its decision, the ridge that was chosen, and its exam."""

    weights: Weights
    decision: Decision
    ridge: float
    exam: Exam


def fit(lesson: Lesson) -> Fitted:
    """The head of a lesson, and how well heads made so do (the same lesson gives the same head)."""
    ridge, decision = _chosen(lesson, FOLDS)
    return Fitted(_weights(lesson, ridge), decision, ridge, exam(lesson, said(lesson)))


def said(lesson: Lesson) -> Flags:
    """What heads say of every turn that people labelled, each by one that has learned from other conversations."""
    found = np.zeros(len(lesson.yes), dtype=np.bool_)
    for held_out in folds(lesson, FOLDS):
        rest = lesson.of(~held_out)
        if not _has_both(rest):
            continue
        ridge, decision = _chosen(rest, INNER)
        found[held_out] = decision.given(_of_turns(_weights(rest, ridge), lesson.of(held_out)))
    return found


def exam(lesson: Lesson, given: Flags) -> Exam:
    """How far what heads say agrees with people."""
    own = lesson.judged
    yes, given, weight = lesson.yes[own], given[own], lesson.weight[own]
    _, places = np.unique(lesson.conversation[own], return_inverse=True)
    codes = np.column_stack([yes, given]).astype(np.int64)
    told = agreement(Ratings(codes, 2, weight, places.astype(np.int64)))
    kappa = told.coefficients[KAPPA]
    return Exam(
        kappa.estimate, kappa.why, _share(given, yes, weight, places), _share(yes, given, weight, places),
        _share(yes, np.ones_like(yes), weight, places), told.turns, told.conversations, told.effective,
        _confusion(yes, given, weight),
    )  # fmt: skip


def folds(lesson: Lesson, count: int) -> list[Flags]:
    """Parts of the labelled turns by whole conversations, alike in how many have the label; examples are in none."""
    own = lesson.judged
    talks, places = np.unique(lesson.conversation[own], return_inverse=True)
    yes = np.bincount(places, weights=lesson.yes[own].astype(np.float64))
    luck = np.random.default_rng([_SEED, len(talks)]).random(len(talks))
    order = np.lexsort((luck, -yes))
    number = np.empty(len(talks), dtype=np.int64)
    number[order] = np.arange(len(talks)) % count
    of_turn = np.full(len(own), -1, dtype=np.int64)
    of_turn[own] = number[places]
    return [of_turn == fold for fold in range(count) if (of_turn == fold).any()]


def likeness(examples: Seen, yes: Flags, seen: Seen) -> Numbers:
    """How much each segment is like examples with a label, less how much it is like those without: cosines."""
    design = sparse.vstack([_raw(examples), _raw(seen)]).tocsr()
    told, others = design[: len(examples)], design[len(examples) :]
    near = np.asarray((others @ told.T).todense())
    return np.asarray(near[:, yes].max(axis=1) - near[:, ~yes].max(axis=1))


# --- fitting -------------------------------------------------------------------------------------------------------


def _has_both(lesson: Lesson) -> bool:
    return bool(lesson.yes.any() and not lesson.yes.all())


def _chosen(lesson: Lesson, count: int) -> tuple[float, Decision]:
    """The ridge with the best probabilities on parts that were not learned from, and the decision made on these."""
    parts = [part for part in folds(lesson, count) if _has_both(lesson.of(~part))]
    sums = np.zeros((len(RIDGES), len(lesson.yes)))
    for part in parts:
        rest, own = lesson.of(~part), lesson.of(part)
        for place, ridge in enumerate(RIDGES):
            sums[place, part] = _of_turns(_weights(rest, ridge), own)
    judged = np.any(parts, axis=0) if parts else np.zeros(len(lesson.yes), dtype=np.bool_)
    yes, weight = lesson.yes[judged], lesson.weight[judged]
    if not (yes.any() and not yes.all()):
        return RIDGES[len(RIDGES) // 2], Decision()
    decided = [_decision(row[judged], yes, weight) for row in sums]
    losses = [_loss(decision.chances(row[judged]), yes, weight) for decision, row in zip(decided, sums, strict=True)]
    best = int(np.argmin(losses))
    return RIDGES[best], decided[best]


def _loss(chances: Numbers, yes: Flags, weight: Numbers) -> float:
    likely = np.clip(np.where(yes, chances, 1 - chances), 1e-6, 1.0)
    return float(-(weight * np.log(likely)).sum() / weight.sum())


def _decision(sums: Numbers, yes: Flags, weight: Numbers) -> Decision:
    """Platt's scaling with his corrected targets, and the threshold of the best kappa."""
    counts = {value: float((yes == value).sum()) for value in (False, True)}
    targets = np.where(yes, (counts[True] + 1) / (counts[True] + 2), 1 / (counts[False] + 2))
    part = weight / weight.mean()

    def cost(point: Numbers) -> tuple[float, Numbers]:
        z = point[0] * sums + point[1]
        slope = part * (special.expit(z) - targets)
        value = float((part * (np.logaddexp(0, z) - targets * z)).sum())
        return value, np.array([(slope * sums).sum(), slope.sum()])

    found = optimize.minimize(cost, np.array([1.0, 0.0]), jac=True, method="L-BFGS-B", bounds=[(0.05, 5), (-20, 20)])
    decision = Decision(float(found.x[0]), float(found.x[1]))
    chances = decision.chances(sums)
    edges = np.unique(np.quantile(chances, np.linspace(0.02, 0.98, 97)))
    best = max(edges, key=lambda edge: (_kappa(yes, chances >= edge, part), -abs(edge - 0.5)))
    return replace(decision, threshold=float(best))


def _kappa(yes: Flags, given: Flags, weight: Numbers) -> float:
    """Kappa of two labellings, weighted; 0 where there is nothing to agree upon."""
    cells: Numbers = np.bincount(2 * yes.astype(np.int64) + given, weights=weight, minlength=4).astype(np.float64)
    return float(np.nan_to_num(kappas(cells.reshape(2, 2))))


def _weights(lesson: Lesson, ridge: float) -> Weights:
    """A head fitted to all turns of a lesson."""
    rows = np.unique(np.concatenate([*lesson.seen.phrases, np.zeros(0, dtype=np.int64)]))
    mean, scale = lesson.seen.dense.mean(axis=0), lesson.seen.dense.std(axis=0)
    scale = np.where(scale > 1e-6, scale, 1.0) * np.sqrt(lesson.seen.dense.shape[1])
    design = _design(lesson.seen, mean, scale, rows)
    counts = np.bincount(lesson.turn, minlength=len(lesson.yes))
    kept = np.ones(len(lesson.turn), dtype=np.bool_)
    point = np.zeros(design.shape[1] + 1)
    worth = np.where(lesson.judged, 1.0, EXAMPLE)[lesson.turn]
    doubtful = (lesson.yes & (counts > 1))[lesson.turn]
    for _ in range(_ROUNDS if doubtful.any() else 1):
        point = _fitted(design[kept], lesson.yes[lesson.turn[kept]], worth[kept], ridge, point)
        sums = np.asarray(design @ point[:-1])
        kept = ~doubtful | likeliest(sums, lesson.turn)
    width = len(mean)
    return Weights(mean, scale, point[:width], rows, point[width:-1], float(point[-1]))


def likeliest(sums: Numbers, turn: Rows) -> Flags:
    """Of each turn the segment with the greatest sum."""
    best: dict[int, int] = {}
    for place, number in enumerate(turn.tolist()):
        if number not in best or sums[place] > sums[best[number]]:
            best[number] = place
    found = np.zeros(len(turn), dtype=np.bool_)
    found[list(best.values())] = True
    return found


def _fitted(design: sparse.csr_matrix, yes: Flags, worth: Numbers, ridge: float, start: Numbers) -> Numbers:
    """Weights and bias of the least loss with a ridge; the bias is free."""
    signs = np.where(yes, 1.0, -1.0)
    transposed = design.T.tocsr()

    def cost(point: Numbers) -> tuple[float, Numbers]:
        z = signs * (design @ point[:-1] + point[-1])
        slope = -signs * worth * special.expit(-z)
        value = float((worth * np.logaddexp(0, -z)).sum() + (point[:-1] ** 2).sum() / (2 * ridge))
        return value, np.append(transposed @ slope + point[:-1] / ridge, slope.sum())

    found = optimize.minimize(cost, start, jac=True, method="L-BFGS-B", options={"maxiter": _STEPS, "ftol": 1e-9})
    return np.asarray(found.x)


def _of_turns(weights: Weights, lesson: Lesson) -> Numbers:
    """The head's sum for each turn: that of its likeliest segment."""
    return greatest(weights.sums(lesson.seen), lesson.turn, len(lesson.yes))


def greatest(sums: Numbers, turn: Rows, count: int) -> Numbers:
    """Of each turn the greatest of its segments' sums."""
    found = np.full(count, -np.inf)
    np.maximum.at(found, turn, sums)
    return found


def _design(seen: Seen, mean: Numbers, scale: Numbers, rows: Rows) -> sparse.csr_matrix:
    """The encoder's view, standardised, beside the phrases of `rows`."""
    dense = sparse.csr_matrix((seen.dense - mean) / scale)
    return sparse.hstack([dense, _phrases(seen.phrases)[:, rows]]).tocsr()


def _phrases(phrases: Sequence[Rows]) -> sparse.csr_matrix:
    """A row per segment: its phrases, all alike, in a length that is the same for all."""
    counts = np.array([len(rows) for rows in phrases])
    values = np.repeat(WORDS / np.sqrt(np.maximum(counts, 1)), counts)
    columns = np.concatenate([*phrases, np.zeros(0, dtype=np.int64)])
    edges = np.concatenate([[0], np.cumsum(counts)])
    return sparse.csr_matrix((values, columns, edges), shape=(len(phrases), _OF_PHRASES))


def _raw(seen: Seen) -> sparse.csr_matrix:
    """View and phrases, each of length one."""
    length = np.maximum(np.linalg.norm(seen.dense, axis=1, keepdims=True), 1e-9)
    return sparse.hstack([sparse.csr_matrix(seen.dense / length), _phrases(seen.phrases) / WORDS]).tocsr()


# --- figures -------------------------------------------------------------------------------------------------------


def _share(hits: Flags, among: Flags, weight: Numbers, places: Rows) -> Estimate | None:
    """A weighted share of some turns, with an interval over conversations; None where there are none."""
    if not among.any():
        return None
    part = weight[among] / weight[among].mean()
    _, numbers = np.unique(places[among], return_inverse=True)
    sums = np.zeros((int(numbers.max()) + 1, 2))
    np.add.at(sums, numbers, np.column_stack([hits[among] * part, part]))
    sums[:, 0] = np.minimum(sums[:, 0], sums[:, 1])
    return stats.proportion(sums, np.ones(len(sums), dtype=np.int64), resamples=400, seed=(_SEED,))


def _confusion(yes: Flags, given: Flags, weight: Numbers) -> tuple[tuple[int, int], tuple[int, int]]:
    """Turns by what people and heads say, in the shares that they have among all turns, of as many as were labelled."""

    def row(truth: bool) -> tuple[int, int]:  # noqa: FBT001 - a value of the table
        own = yes == truth
        count = int(own.sum())
        share = float((weight * given)[own].sum() / weight[own].sum()) if count else 0.0
        hit = round(share * count)
        return count - hit, hit

    return row(False), row(True)

"""How far reviewers agree with one another and with the model, per label, and what that is good for, in words.

Everything is weighted for how the turns were drawn and answered, so it speaks of all turns, not of those that happened
to be drawn. What counts is each reviewer's first answer, given before the model's labels were shown.
"""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache

import numpy as np

from empathy_scan import stats
from empathy_scan.codebook import CareClass, Role
from empathy_scan.review import coefficients, questions, sample
from empathy_scan.review.coefficients import AC, ALPHA, KAPPA, RAW, Codes, Ratings
from empathy_scan.review.questions import CANNOT_TELL, NO, YES, Choice, Question
from empathy_scan.review.queue import RANDOM, Answer, Item, Queue, person
from empathy_scan.stats import Estimate, Numbers

ALL = "all"
FOUND, RIGHT = "found", "right"
_SEED = (1952,)
_RESAMPLES = 1000
_RESAMPLES_OF_SHARES = 200  # they are linear but for their denominator, so few tell as much
SUBJECTS = ((Role.AGENT.value, questions.CARE), (Role.CUSTOMER.value, questions.TONE), (Role.AGENT.value, "tone"))


@dataclass(frozen=True, slots=True)
class Standard:
    """When agreement is called good enough, and from when on it is told at all."""

    good: float = 0.667  # the lower end of the interval; below it nothing can be concluded (Krippendorff 2019)
    turns: int = 30  # answered by both sides
    conversations: int = 10  # in which they lie
    unusual: int = 10  # turns on which somebody gave the rarer answers


@dataclass(frozen=True, slots=True)
class Comparison:
    """Agreement of two sides, or of all reviewers; `seen` are the turns on which not all gave the usual answer."""

    agreement: coefficients.Agreement
    seen: int
    good: bool
    words: str

    @property
    def judged(self) -> bool:
        """Whether there was enough to judge by."""
        return self.words.startswith(("good enough", "not good enough", "not sure enough"))

    @property
    def turns(self) -> int:
        """How many turns both sides answered."""
        return self.agreement.turns

    def estimate(self, name: str) -> Estimate | None:
        """A coefficient, by its name in coefficients.py."""
        return self.agreement.coefficients[name].estimate


@dataclass(frozen=True, slots=True)
class ErrorRate:
    """Of turns of one answer the share that the other side gives it too.

    `found`: of what people call so, what the model finds; `right`: of what the model calls so, what people confirm.
    """

    kind: str
    answer: str
    part: str  # of the draws: random, or all of them weighted
    estimate: Estimate
    turns: int


@dataclass(frozen=True, slots=True)
class Cell:
    """Turns by what people and what the model say, and their share of all turns."""

    people: str
    model: str
    turns: int
    share: float


@dataclass(frozen=True, slots=True)
class Measured:
    """One label of one role: how far people agree on it, and the model with them."""

    key: str
    role: str
    name: str
    ordinal: bool
    turns: int
    people: Comparison
    model: Comparison
    reviewers: Mapping[str, Comparison]  # each against the model
    pairs: Mapping[tuple[str, str], Comparison]
    confusion: tuple[Cell, ...]
    errors: tuple[ErrorRate, ...]

    @property
    def own(self) -> bool:
        """Whether it is a label of the centre's own."""
        return self.key not in {questions.CARE, *(each.key for each in questions.of(self.role))}


@dataclass(frozen=True, slots=True)
class Review:
    """All of it; `good` says whether it is good enough to compare agents, `reason` why, or why not."""

    drawn: int
    answered: int
    double: int
    conversations: int
    reviewers: Mapping[str, int]  # turns that each has answered
    models: tuple[str, ...]  # fingerprints of those whose labels were compared
    labels: tuple[Measured, ...]
    good: bool
    reason: str
    standard: Standard = field(default_factory=Standard)

    @property
    def verdict(self) -> str:
        """The verdict in one line."""
        return f"good enough to compare agents: {'yes' if self.good else 'no'}; reason: {self.reason}"


@dataclass(frozen=True, slots=True)
class _Said:
    """What everybody said, ready to be compared."""

    items: tuple[Item, ...]  # that somebody answered
    reviewers: tuple[str, ...]
    answers: Mapping[tuple[str, str], Mapping[str, str]]  # by item and reviewer as compared
    model: Mapping[str, Mapping[str, str]]
    weights: Numbers
    shared: Numbers  # weights among the turns that two people or more have answered; 0 for others
    conversations: Codes


def review(
    queue: Queue, *, current: Mapping[str, Mapping[str, str]] | None = None, standard: Standard | None = None
) -> Review:
    """The agreement of all that a queue holds.

    `current` are the model's labels of today by the ids of turns; of others those count with which they were drawn.
    """
    standard, items, answers = standard or Standard(), queue.items(), queue.answers()
    first = first_answers(answers)
    shown = {person(each.reviewer): " ".join(each.reviewer.split()) for each in reversed(answers)}
    held = [item for item in items if any((item.id, name) in first for name in shown)]
    times = Counter(name for name, _ in first)
    double = [item.id for item in held if times[item.id] > 1]
    numbers = {name: at for at, name in enumerate(sorted({item.conversation_id for item in held}))}
    said = _said_by(queue, held, first, shown, current or {})
    labels = tuple(
        _measured(said(each), shown, each, standard) for role in questions.QUESTIONS for each in asked(role, queue.own)
    )
    good, reason = _verdict(labels, shown, standard)
    return Review(
        len(items), len(held), len(double), len(numbers),
        {shown[name]: sum((item.id, name) in first for item in held) for name in sorted(shown)},
        tuple(sorted({item.version[1] for item in held})), labels, good, reason, standard,
    )  # fmt: skip


def _said_by(
    queue: Queue,
    held: Sequence[Item],
    first: Mapping[tuple[str, str], Answer],
    shown: Mapping[str, str],
    current: Mapping[str, Mapping[str, str]],
) -> Callable[[Question], _Said]:
    """What everybody said of the turns that were asked a question: draws that did not ask it change no weight."""
    given = {key: answer.labels for key, answer in first.items()}

    @cache
    def of(ids: frozenset[str]) -> _Said:
        items = [item for item in held if item.id in ids]
        times = Counter(name for name, _ in given if name in ids)
        weighted = sample.weights(queue, [item.id for item in items])
        shared = sample.weights(queue, [item.id for item in items if times[item.id] > 1])
        numbers = {name: at for at, name in enumerate(sorted({item.conversation_id for item in items}))}
        return _Said(
            tuple(items), tuple(sorted(shown)), given,
            {item.id: current.get(item.id, item.model) for item in items},
            np.array([weighted[item.id] for item in items], dtype=np.float64),
            np.array([shared.get(item.id, 0.0) for item in items], dtype=np.float64),
            np.array([numbers[item.conversation_id] for item in items], dtype=np.int64),
        )  # fmt: skip

    def about(question: Question) -> _Said:
        standard = question.key == questions.CARE or question in questions.of(question.role)
        key = questions.TONE if standard else question.key
        return of(frozenset(name for (name, _), labels in given.items() if key in labels))

    return about


def asked(role: str, others: Sequence[Question] = ()) -> tuple[Question, ...]:
    """What is compared of turns of a role: the questions, and for agents the class that is derived from the flags."""
    own = questions.of(role, others)
    if role != Role.AGENT:
        return own
    choices = tuple(
        Choice(each.value, each.value) for each in (CareClass.NEUTRAL, CareClass.SCRIPTED, CareClass.EMPATHIC)
    )
    care = Question(questions.CARE, role, "care class", "Care class", "from the flags", choices)
    return (care, *own)


def first_answers(answers: Sequence[Answer]) -> dict[tuple[str, str], Answer]:
    """By turn and reviewer the answer that was given before the model's labels were shown."""
    found: dict[tuple[str, str], Answer] = {}
    for answer in answers:
        if not answer.again:
            found.setdefault((answer.id, person(answer.reviewer)), answer)
    return found


def last_answers(answers: Sequence[Answer]) -> dict[tuple[str, str], Answer]:
    """By turn and reviewer the answer that holds in the end, second thoughts included: what a model may learn from."""
    first = first_answers(answers)
    again = {(each.id, person(each.reviewer)): each for each in answers if each.again}
    return {key: again.get(key, answer) for key, answer in first.items()}


def _value(question: Question, given: Mapping[str, str]) -> int:
    """The number of an answer among those to a question; -1 where there is none that says something."""
    said = questions.care(given) if question.key == questions.CARE else given.get(question.key, CANNOT_TELL)
    return question.values.index(said) if said in question.values else -1


def _measured(said: _Said, shown: Mapping[str, str], question: Question, standard: Standard) -> Measured:
    """Everything on one label."""
    own = np.array([item.role == question.role for item in said.items], dtype=np.bool_)
    items = [item for item in said.items if item.role == question.role]
    codes = np.full((len(items), len(said.reviewers)), -1, dtype=np.int64)
    for at, item in enumerate(items):
        for column, name in enumerate(said.reviewers):
            if (given := said.answers.get((item.id, name))) is not None:
                codes[at, column] = _value(question, given)
    model = np.array([_value(question, said.model[item.id]) for item in items], dtype=np.int64)
    whole = Ratings(codes, len(question.values), said.weights[own], said.conversations[own], question.ordinal)
    both = said.shared[own] > 0
    people = replace(_units(whole, both), weights=said.shared[own][both])
    against, places = _paired(whole, model)
    random = np.array([items[at].part == RANDOM for at in places], dtype=np.bool_)
    return Measured(
        question.key, question.role, question.name, question.ordinal, int((codes >= 0).any(axis=1).sum()),
        _comparison(people, ALPHA, standard, alone=len(said.reviewers) < 2),
        _comparison(against, KAPPA, standard, turns=len(np.unique(places))),
        {
            shown[name]: _comparison(_paired(_some(whole, [column]), model)[0], KAPPA, standard)
            for column, name in enumerate(said.reviewers)
        },
        {
            (shown[said.reviewers[one]], shown[said.reviewers[other]]): _comparison(
                _some(people, [one, other]), KAPPA, standard
            )
            for one, other in (itertools.combinations(range(len(said.reviewers)), 2) if codes.shape[1] > 2 else ())
        },
        tuple(_confusion(question, against)),
        (*_errors(question, _units(against, random), RANDOM), *_errors(question, against, ALL)),
    )  # fmt: skip


def _some(ratings: Ratings, raters: list[int]) -> Ratings:
    return replace(ratings, codes=ratings.codes[:, raters])


def _units(ratings: Ratings, kept: np.typing.NDArray[np.bool_]) -> Ratings:
    """Some of the units, all weighing the same."""
    return replace(
        ratings, codes=ratings.codes[kept], weights=np.ones(int(kept.sum())), conversations=ratings.conversations[kept]
    )


def _paired(ratings: Ratings, model: Codes) -> tuple[Ratings, Codes]:
    """Every person's answer beside the model's, a turn's weight shared among its answers; and the turns' places."""
    places, columns = np.nonzero(ratings.codes >= 0)
    given = (ratings.codes >= 0).sum(axis=1)
    codes = np.column_stack([ratings.codes[places, columns], model[places]])
    return (
        replace(
            ratings, codes=codes, weights=ratings.weights[places] / given[places],
            conversations=ratings.conversations[places],
        ),
        places,
    )  # fmt: skip


def _comparison(
    ratings: Ratings, name: str, standard: Standard, *, turns: int | None = None, alone: bool = False
) -> Comparison:
    """The coefficients of ratings, and what they are good for by the one that decides."""
    found = coefficients.agreement(ratings, resamples=_RESAMPLES)
    found = replace(found, turns=found.turns if turns is None else turns)
    there = ratings.codes[ratings.pairable]
    usual = np.bincount(there[there >= 0], minlength=1).argmax() if there.size else 0
    seen = int(((there >= 0) & (there != usual)).any(axis=1).sum()) if there.size else 0
    good, words = _judged(found, seen, name, standard)
    if alone:
        good, words = False, "only one person has answered, so nobody knows how far people agree"
    return Comparison(found, seen, good, words)


def _judged(found: coefficients.Agreement, seen: int, name: str, standard: Standard) -> tuple[bool, str]:
    """Whether agreement is good enough, and the reason."""
    unusual = "turns needed with another answer than the usual one"
    for there, needed, what in (
        (found.turns, standard.turns, "turns needed"),
        (found.conversations, standard.conversations, "conversations needed"),
        (seen, standard.unusual, unusual),
    ):
        if there < needed:
            return False, f"too little: {there} of {needed} {what}"
    coefficient = found.coefficients[name]
    if coefficient.estimate is None:
        return False, coefficient.why
    value, low, high = coefficient.estimate.value, coefficient.estimate.low, coefficient.estimate.high
    shown = f"{value:.2f} ({low:.2f} to {high:.2f})"
    if low >= standard.good:
        return True, f"good enough: {shown}, all of it {standard.good:.2f} or more"
    if high < standard.good:
        return False, f"not good enough: {shown}, all of it below {standard.good:.2f}"
    return False, f"not sure enough: {shown} reaches below {standard.good:.2f}; more turns would tell"


def _confusion(question: Question, against: Ratings) -> list[Cell]:
    """How many turns people and the model call what; a turn counts once per answer."""
    whole = float(against.weights.sum())
    cells = []
    for people, model in itertools.product(range(len(question.values)), repeat=2):
        own = (against.codes[:, 0] == people) & (against.codes[:, 1] == model)
        names = question.choices[people].name, question.choices[model].name
        cells.append(Cell(*names, int(own.sum()), float(against.weights[own].sum()) / whole if whole else 0.0))
    return cells


def _errors(question: Question, against: Ratings, part: str) -> list[ErrorRate]:
    """How often the model finds what people see, and is right in what it sees; of flags what people deny, too."""
    found = []
    for at, choice in enumerate(question.choices):
        for kind, side in ((FOUND, 0), (RIGHT, 1)):
            if kind == RIGHT and question.values == (NO, YES) and choice.value == NO:
                continue
            own = against.codes[:, side] == at
            if own.any():
                hit = against.codes[:, 1 - side] == at
                found.append(ErrorRate(kind, choice.name, part, _share(hit[own], own, against), int(own.sum())))
    return found


def _share(hits: np.typing.NDArray[np.bool_], own: np.typing.NDArray[np.bool_], against: Ratings) -> Estimate:
    """A weighted share of some units, with an interval over conversations at the effective number of turns."""
    weights = against.weights[own] / against.weights[own].mean()
    clusters, numbers = np.unique(against.conversations[own], return_inverse=True)
    sums = np.zeros((len(clusters), 2))
    np.add.at(sums, numbers, np.column_stack([hits * weights, weights]))
    sums[:, 0] = np.minimum(sums[:, 0], sums[:, 1])
    return stats.proportion(sums, np.ones(len(clusters), dtype=np.int64), resamples=_RESAMPLES_OF_SHARES, seed=_SEED)


def _verdict(labels: Sequence[Measured], shown: Mapping[str, str], standard: Standard) -> tuple[bool, str]:
    """Whether all that figures rest on is agreed upon, by people and by the model; and the reason."""
    if not shown:
        return False, "nobody has answered yet"
    by_key = {(each.role, each.key): each for each in labels}
    wanted = [by_key[subject] for subject in SUBJECTS]
    if len(shown) < 2:
        return False, wanted[0].people.words
    doubts = [
        f"{who} on the {each.name}: {side.words}"
        for each in wanted
        for who, side in (("people with one another", each.people), ("the model with people", each.model))
        if not side.good
    ]
    if not doubts:
        names = ", ".join(each.name for each in wanted)
        return True, f"people agree with one another and the model with people on {names}, {standard.good:.2f} or more"
    more = f"; and {len(doubts) - 1} more such reason{'s' * (len(doubts) > 2)}" if len(doubts) > 1 else ""
    return False, doubts[0] + more


def to_json(found: Review) -> dict[str, object]:
    """The review for machines (docs/review.md tells every name)."""
    return {
        "drawn": found.drawn, "answered": found.answered, "double": found.double,
        "conversations": found.conversations, "reviewers": dict(found.reviewers), "models": list(found.models),
        "good": found.good, "verdict": found.verdict,
        "standard": {name: getattr(found.standard, name) for name in ("good", "turns", "conversations", "unusual")},
        "labels": [_label_json(each) for each in found.labels],
    }  # fmt: skip


def _label_json(each: Measured) -> dict[str, object]:
    return {
        "role": each.role, "key": each.key, "name": each.name, "turns": each.turns, "own": each.own,
        "people": _comparison_json(each.people, each), "model": _comparison_json(each.model, each),
        "reviewers": {name: _comparison_json(one, each) for name, one in each.reviewers.items()},
        "pairs": [{"reviewers": list(names), **_comparison_json(one, each)} for names, one in each.pairs.items()],
        "confusion": [
            {"people": cell.people, "model": cell.model, "turns": cell.turns, "share": round(cell.share, 6)}
            for cell in each.confusion
        ],
        "errors": [
            {"kind": rate.kind, "answer": rate.answer, "part": rate.part, "n": rate.turns, **_ends(rate.estimate)}
            for rate in each.errors
        ],
    }  # fmt: skip


def _comparison_json(one: Comparison, of: Measured) -> dict[str, object]:
    names = {
        KAPPA: "cohen_kappa",
        ALPHA: "krippendorff_alpha",
        AC: "gwet_ac2" if of.ordinal else "gwet_ac1",
        RAW: "raw",
    }
    return {
        "n": one.turns, "conversations": one.agreement.conversations,
        "effective_n": round(one.agreement.effective, 1), "seen": one.seen, "good": one.good, "words": one.words,
        **{
            names[name]: _ends(held.estimate) if held.estimate else {"value": None, "why": held.why}
            for name, held in one.agreement.coefficients.items()
        },
    }  # fmt: skip


def _ends(estimate: Estimate) -> dict[str, object]:
    return {"value": round(estimate.value, 6), "low": round(estimate.low, 6), "high": round(estimate.high, 6)}

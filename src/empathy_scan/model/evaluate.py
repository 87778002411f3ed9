"""How good a model is: F1 per label, macro-F1 and kappa, with intervals by bootstrap over conversations.

Two baselines stand beside it, trained here on the same turns: TF-IDF with logistic regression, and the majority class.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from threadpoolctl import threadpool_limits
from torch import from_numpy, int64, tensor

from empathy_scan.codebook import (
    AGENT_TONE_NAMES,
    ATTACK_CODES,
    ATTACK_NAMES,
    CUSTOMER_TONE_NAMES,
    FLAG_CODES,
    FLAG_NAMES,
    CareClass,
    Role,
    care_class,
)
from empathy_scan.kappa import kappas
from empathy_scan.model import runtime
from empathy_scan.model.bundle import Bundle
from empathy_scan.model.examples import Item, segments_of
from empathy_scan.model.network import EmpathyModel
from empathy_scan.model.tokens import Packer
from empathy_scan.model.train import strongest

RESAMPLES = 1000
CARE = tuple(CareClass)


@dataclass(frozen=True, slots=True)
class Judged:
    """Labels of turns, gold or predicted: `care` 0..2 in the order of CareClass, flags and attacks as 0/1 columns."""

    flags: np.ndarray  # [n, 4], agents' turns only
    agent_tone: np.ndarray  # [n]
    customer_tone: np.ndarray  # [m], customers' turns only
    attacks: np.ndarray  # [m, 4]

    @property
    def care(self) -> np.ndarray:
        """The derived care class of each agent turn."""
        codes = ["".join(c for c, on in zip(FLAG_CODES, row, strict=True) if on) for row in self.flags]
        return np.array([CARE.index(care_class(flags)) for flags in codes], dtype=int)


def gold(items: Sequence[Item]) -> Judged:
    """The gold labels of items."""
    agents = [item for item in items if item.role == Role.AGENT]
    customers = [item for item in items if item.role == Role.CUSTOMER]
    return Judged(
        np.array([[code in item.flags for code in FLAG_CODES] for item in agents], dtype=int).reshape(-1, 4),
        np.array([item.tone for item in agents], dtype=int),
        np.array([item.tone for item in customers], dtype=int),
        np.array([[code in item.kinds for code in ATTACK_CODES] for item in customers], dtype=int).reshape(-1, 4),
    )


def turn_logits(model: EmpathyModel, packer: Packer, items: Sequence[Item]) -> np.ndarray:
    """Logits [n, L] of turns from those of their segments."""
    segments, owner = segments_of(items)
    found = runtime.logits(model, packer, segments)
    merged: np.ndarray = strongest(from_numpy(found), tensor(owner, dtype=int64), len(items)).numpy()
    return merged


def predict(bundle: Bundle, items: Sequence[Item]) -> Judged:
    """What the bundle says of items, with its temperatures and thresholds."""
    return decide(bundle, items, turn_logits(bundle.model, bundle.packer, items))


def decide(bundle: Bundle, items: Sequence[Item], logits: np.ndarray) -> Judged:
    """Logits [n, L] as labels by the bundle's decisions."""
    probabilities = bundle.decisions.probabilities(logits)
    agent = np.array([item.role == Role.AGENT for item in items], dtype=bool)
    flags, tones = bundle.decisions.flags_of(probabilities), bundle.decisions.tones_of(probabilities)
    return Judged(
        flags[agent],
        tones["agent_tone"][agent],
        tones["customer_tone"][~agent],
        bundle.decisions.attacks_of(probabilities)[~agent],
    )


def scores(truth: Judged, found: Judged, items: Sequence[Item]) -> dict[str, dict[str, Any]]:
    """Every figure as {"value", "low", "high", "n"}: n counts gold positives (F1) or turns (macro-F1, kappa)."""
    agents = _clusters([item for item in items if item.role == Role.AGENT])
    customers = _clusters([item for item in items if item.role == Role.CUSTOMER])
    figures = _classes("care", truth.care, found.care, agents, tuple(c.value for c in CARE))
    for column, name in enumerate(FLAG_NAMES):
        figures[f"flag {name} F1"] = _flag(truth.flags[:, column], found.flags[:, column], agents)
    figures |= _classes("agent tone", truth.agent_tone, found.agent_tone, agents, AGENT_TONE_NAMES)
    figures |= _classes("customer tone", truth.customer_tone, found.customer_tone, customers, CUSTOMER_TONE_NAMES)
    for column, name in enumerate(ATTACK_NAMES):
        figures[f"attack {name} F1"] = _flag(truth.attacks[:, column], found.attacks[:, column], customers)
    return figures


def baselines(train: Sequence[Item], items: Sequence[Item]) -> dict[str, Judged]:
    """The predictions of TF-IDF + logistic regression and of the majority class, trained on `train`."""
    return {"tf-idf": _tfidf(train, items), "majority": _majority(train, items)}


def situations_right(items: Sequence[Item], truth: Judged, found: Judged) -> tuple[list[bool], list[bool]]:
    """Contrast sets: for each situation whether every reply's care class and tone are right, and for each reply."""
    agents = [item for item in items if item.role == Role.AGENT]
    right = (truth.care == found.care) & (truth.agent_tone == found.agent_tone)
    by: dict[tuple[str, str], list[bool]] = {}
    for item, ok in zip(agents, right, strict=True):
        by.setdefault((item.key[0], item.scenario), []).append(bool(ok))
    return [all(replies) for replies in by.values()], right.tolist()


def _clusters(items: Sequence[Item]) -> np.ndarray:
    """For each item the number of its conversation (of its situation, for contrast sets)."""
    names = [f"{item.key[0]}/{item.scenario}" for item in items]
    order = {name: number for number, name in enumerate(dict.fromkeys(names))}
    return np.array([order[name] for name in names], dtype=int)


def _classes(
    title: str, truth: np.ndarray, found: np.ndarray, clusters: np.ndarray, names: tuple[str, ...]
) -> dict[str, dict[str, Any]]:
    """Macro-F1 (over the classes that occur), kappa and each class's F1."""
    tables = _confusions(truth, found, clusters, len(names))
    present = [k for k in range(len(names)) if (truth == k).any()]
    figures = {
        f"{title} macro-F1": _figure(tables, lambda t: _f1s(t)[..., present].mean(-1), len(truth)),
        f"{title} kappa": _figure(tables, lambda t: np.nan_to_num(kappas(t)), len(truth)),
    }
    for k, name in enumerate(names):
        figures[f"{title} {name} F1"] = _figure(tables, lambda t, k=k: _f1s(t)[..., k], int((truth == k).sum()))
    return figures


def _flag(truth: np.ndarray, found: np.ndarray, clusters: np.ndarray) -> dict[str, Any]:
    return _figure(_confusions(truth, found, clusters, 2), lambda t: _f1s(t)[..., 1], int(truth.sum()))


def _confusions(truth: np.ndarray, found: np.ndarray, clusters: np.ndarray, size: int) -> np.ndarray:
    """Confusion counts per cluster [C, K, K]: gold in rows, found in columns."""
    tables = np.zeros((int(clusters.max(initial=-1)) + 1, size, size))
    np.add.at(tables, (clusters, truth, found), 1)
    return tables


def _figure(tables: np.ndarray, measure: Any, n: int) -> dict[str, Any]:  # noqa: ANN401 - arrays in, array out
    """A measure of the summed table, with the 2.5 and 97.5 percentiles over resampled clusters."""
    if not len(tables) or not n:
        return {"value": None, "low": None, "high": None, "n": n}
    weights = np.random.default_rng(1).multinomial(len(tables), np.full(len(tables), 1 / len(tables)), size=RESAMPLES)
    drawn = measure(np.einsum("rc,cij->rij", weights, tables))
    low, high = np.nanpercentile(drawn, [2.5, 97.5])
    return {"value": float(measure(tables.sum(0))), "low": float(low), "high": float(high), "n": n}


def _f1s(table: np.ndarray) -> np.ndarray:
    """F1 of each class [..., K] from confusion counts [..., K, K]; 0 where a class is neither there nor found."""
    hits = np.diagonal(table, axis1=-2, axis2=-1)
    total = table.sum(-1) + table.sum(-2)
    found: np.ndarray = np.divide(2 * hits, total, out=np.zeros_like(hits, dtype=float), where=total > 0)
    return found


def _text(item: Item) -> str:
    return " ".join(segment.text for segment in item.segments)


def _tfidf(train: Sequence[Item], items: Sequence[Item]) -> Judged:
    """Words and pairs of words of the turn; one regression per flag and kind, one multinomial per tone."""
    fitted: dict[Role, np.ndarray] = {}
    for role in (Role.AGENT, Role.CUSTOMER):
        known = [item for item in train if item.role == role]
        asked = [_text(item) for item in items if item.role == role]
        if not asked:
            fitted[role] = np.zeros((0, 5), dtype=int)
            continue
        vectorizer = TfidfVectorizer(
            ngram_range=(1, 2),
            sublinear_tf=True,
            min_df=2,
            token_pattern=r"(?u)\b\w+\b|[!?]+",  # noqa: S106 - a pattern, no password
        )
        inputs, questions = vectorizer.fit_transform([_text(item) for item in known]), vectorizer.transform(asked)
        codes = FLAG_CODES if role == Role.AGENT else ATTACK_CODES
        labels = [[code in (item.flags if role == Role.AGENT else item.kinds) for item in known] for code in codes]
        columns = [_regression(inputs, np.array(column, dtype=int), questions) for column in labels]
        columns.append(_regression(inputs, np.array([item.tone for item in known]), questions))
        fitted[role] = np.stack(columns, axis=1)
    agent, customer = fitted[Role.AGENT], fitted[Role.CUSTOMER]
    return Judged(agent[:, :4], agent[:, 4], customer[:, 4], customer[:, :4])


def _regression(inputs: Any, labels: np.ndarray, questions: Any) -> np.ndarray:  # noqa: ANN401 - scipy sparse matrices
    if len(set(labels.tolist())) == 1:
        return np.full(questions.shape[0], labels[0])
    model = make_pipeline(LogisticRegression(C=10.0, class_weight="balanced", max_iter=2000))
    with threadpool_limits(1, "blas"):  # vectors this short only make the threads of BLAS wait for each other
        found: np.ndarray = model.fit(inputs, labels).predict(questions)
    return found


def _majority(train: Sequence[Item], items: Sequence[Item]) -> Judged:
    """The most frequent value of every label."""
    known, wanted = gold(train), gold(items)
    agents, customers = len(wanted.agent_tone), len(wanted.customer_tone)
    care = np.bincount(known.care, minlength=3).argmax()
    typical = {"empathic": "A", "scripted": "S", "neutral": ""}[CARE[int(care)].value]
    flags = np.array([[code in typical for code in FLAG_CODES]] * agents, dtype=int).reshape(-1, 4)
    return Judged(
        flags,
        np.full(agents, np.bincount(known.agent_tone, minlength=3).argmax()),
        np.full(customers, np.bincount(known.customer_tone, minlength=3).argmax()),
        np.zeros((customers, 4), dtype=int),
    )

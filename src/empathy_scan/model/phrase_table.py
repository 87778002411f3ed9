"""The wide path, fitted: a logistic regression over hashed phrases, put into the network's table.

A convex fit with a ridge finds better weights for rare phrases than a few epochs of gradient steps do. The encoder is
then trained on top of it, on what the regression says of turns that it has NOT seen (cross-fitting, Wolpert 1992,
"Stacked generalization"): else the encoder would learn to trust a path that knows its own training turns by heart.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence

import numpy as np
import torch
from scipy import sparse
from torch import Tensor

from empathy_scan.codebook import ATTACK_CODES, FLAG_CODES, Role
from empathy_scan.errors import UsageError
from empathy_scan.model.decisions import FIRST
from empathy_scan.model.examples import Item
from empathy_scan.model.network import EmpathyModel, L
from empathy_scan.model.runtime import collate
from empathy_scan.model.tokens import Packed

log = logging.getLogger(__name__)
FEWEST = 2  # turns that must hold a phrase
RIDGE = 10.0  # scikit-learn's C: a greater one trusts rare phrases more


def fit(
    model: EmpathyModel, packed: Sequence[Sequence[Packed]], items: Sequence[Item], *, pad: int, folds: int
) -> Tensor:
    """Fits the model's phrase table on turns and freezes it; gives the cross-fitted logits of the same turns [n, L].

    `packed` holds the segments of each item. Folds are whole conversations. Raises UsageError without scikit-learn.
    """
    rows = _rows(model, packed, pad=pad)
    worth = _worth(rows)
    inputs = _scaled(rows, worth)
    fold = _folds(items, folds)
    out = np.zeros((len(items), L), dtype=np.float32)
    for held_out in range(folds):
        weights, bias = _regressions(
            inputs[fold != held_out], [i for i, f in zip(items, fold, strict=True) if f != held_out]
        )
        out[fold == held_out] = inputs[fold == held_out] @ weights + bias
        log.info("phrase table: part %d of %d fitted", held_out + 1, folds)
    weights, bias = _regressions(inputs, items)
    with torch.no_grad():
        model.phrases.weight.copy_(torch.from_numpy(weights))
        model.phrase_bias.copy_(torch.from_numpy(bias))
        model.phrase_worth.copy_(torch.from_numpy(worth))
    model.phrases.requires_grad_(False)
    model.phrase_bias.requires_grad_(False)
    return torch.from_numpy(out)


def _rows(model: EmpathyModel, packed: Sequence[Sequence[Packed]], *, pad: int) -> sparse.csr_matrix:
    """Which phrases each turn holds: 0/1 [n, 3 * phrases]."""
    indices: list[np.ndarray] = []
    for segments in packed:
        found, counted = model.phrase_rows(collate(segments, pad=pad))
        indices.append(np.unique(found[counted].numpy()))
    ends = np.cumsum([0, *(len(one) for one in indices)])
    columns = np.concatenate(indices) if indices else np.zeros(0, dtype=int)
    return sparse.csr_matrix(
        (np.ones(len(columns), dtype=np.float32), columns, ends), shape=(len(packed), 3 * model.config.phrases)
    )


def _worth(rows: sparse.csr_matrix) -> np.ndarray:
    """Inverse document frequency of each phrase; nothing for those of hardly any turn."""
    held = np.asarray(rows.sum(0)).ravel()
    worth = np.log((1 + rows.shape[0]) / (1 + held)) + 1
    return np.where(held >= FEWEST, worth, 0).astype(np.float32)


def _scaled(rows: sparse.csr_matrix, worth: np.ndarray) -> sparse.csr_matrix:
    """Rows times worth, each turn of length one."""
    scaled = rows @ sparse.diags(worth)
    length = np.sqrt(np.asarray(scaled.multiply(scaled).sum(1)).ravel())
    return sparse.csr_matrix(sparse.diags(1 / np.maximum(length, 1e-6)) @ scaled)


def _folds(items: Sequence[Item], folds: int) -> np.ndarray:
    """The fold of each item: whole scenarios, dealt out in a fixed random order."""
    names = sorted({item.scenario for item in items})
    dealt = np.random.default_rng(1).permutation(len(names)) % folds
    place = dict(zip(names, dealt, strict=True))
    return np.array([place[item.scenario] for item in items])


def _regressions(inputs: sparse.csr_matrix, items: Sequence[Item]) -> tuple[np.ndarray, np.ndarray]:
    """Weights [3 * phrases, L] and bias [L] of all outputs."""
    weights, bias = np.zeros((inputs.shape[1], L), dtype=np.float32), np.zeros(L, dtype=np.float32)
    for role, tone, codes, head in (
        (Role.AGENT, "agent_tone", FLAG_CODES, "flags"),
        (Role.CUSTOMER, "customer_tone", ATTACK_CODES, "attacks"),
    ):
        chosen = [n for n, item in enumerate(items) if item.role == role]
        if not chosen:
            continue
        part, turns = inputs[chosen], [items[n] for n in chosen]
        for number, code in enumerate(codes):
            given = np.array([code in (item.flags if role == Role.AGENT else item.kinds) for item in turns], dtype=int)
            _put(part, given, weights, bias, [FIRST[head] + number])
        _put(part, np.array([item.tone for item in turns]), weights, bias, [FIRST[tone] + k for k in range(3)])
    return weights, bias


def _put(
    inputs: sparse.csr_matrix, labels: np.ndarray, weights: np.ndarray, bias: np.ndarray, columns: list[int]
) -> None:
    """Fits one label (one column: yes or no; three: a choice) and writes its columns."""
    try:
        from sklearn.linear_model import LogisticRegression  # noqa: PLC0415 - an extra, needed in training only
        from threadpoolctl import threadpool_limits  # noqa: PLC0415 - comes with scikit-learn
    except ImportError as error:
        raise UsageError("training needs scikit-learn", remedy="pip install 'empathy-scan[train]'") from error
    present = sorted(set(labels.tolist()))
    if len(present) == 1:
        bias[columns] = 2.0 * np.array([1.0 if column - columns[0] == present[0] else -1.0 for column in columns])
        if len(columns) == 1:
            bias[columns] = 4.0 if present[0] else -4.0
        return
    with threadpool_limits(1, "blas"):  # vectors this short only make the threads of BLAS wait for each other
        fitted = LogisticRegression(C=RIDGE, max_iter=200, tol=1e-3).fit(inputs, labels)
    if len(columns) == 1:
        weights[:, columns[0]], bias[columns[0]] = fitted.coef_[0], fitted.intercept_[0]
        return
    bias[columns] = -4.0  # a tone that never occurs
    if len(present) == 2:  # scikit-learn gives one row for two classes
        weights[:, columns[present[1]]], bias[columns[present[1]]] = fitted.coef_[0], fitted.intercept_[0]
        bias[columns[present[0]]] = 0.0
        return
    for row, tone in enumerate(present):
        weights[:, columns[tone]], bias[columns[tone]] = fitted.coef_[row], fitted.intercept_[row]

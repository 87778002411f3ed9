"""Tests from outside: marks that people set for other purposes, and pairs of texts whose difference must not matter.

`sentences` judges agents' sentences of MAIA-DQE, whose experts marked each as canned or not and as empathic or not
(research only: never trained on). `pairs` judges counterfactual pairs: the same words said by another name, in another
dialect, with typing mistakes, in capitals, or swearing at the matter; a label that changes within a pair is a flip.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from scipy.stats import rankdata

from empathy_scan import redact, stats
from empathy_scan.codebook import FLAG_CODES, Role
from empathy_scan.errors import InputError
from empathy_scan.model import runtime
from empathy_scan.model.bundle import Bundle
from empathy_scan.model.evaluate import RESAMPLES
from empathy_scan.model.tokens import Example

Figure = dict[str, Any]
MARKED = "research/maia_dqe"
CONTEXT = 3  # turns before a sentence that the model sees


@dataclass(frozen=True, slots=True)
class Sentence:
    """An agent's sentence as the model reads it, with the marks that people gave it."""

    conversation: str
    example: Example
    canned: bool
    empathic: bool


@dataclass(frozen=True, slots=True)
class Pair:
    """Two texts of one role that differ in `swap` only; what is said is the same."""

    swap: str
    first: Example
    second: Example


def marked(corpora: Path) -> list[Sentence]:
    """The agents' sentences of MAIA-DQE whose marks are aligned with them; none where the corpus is not at hand."""
    path = corpora / f"{MARKED}.jsonl.gz"
    if not path.exists():
        return []
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        return [sentence for line in lines for sentence in _sentences(json.loads(line))]


def _sentences(conversation: dict[str, Any]) -> Iterator[Sentence]:
    before: list[tuple[str, str]] = []
    for turn in conversation["turns"]:
        marks = turn.get("labels") or {}
        if turn["role"] == Role.AGENT and marks.get("aligned"):
            rows = zip(marks["sentences"], marks["templated"], marks["emotion"], strict=True)
            for text, canned, emotions in rows:
                if text.strip() and canned is not None:
                    yield Sentence(
                        str(conversation["conversation_id"]),
                        Example(turn["role"], text, tuple(before[-CONTEXT:])),
                        bool(canned),
                        "empathy" in emotions,
                    )
        before.append((turn["role"], turn["text"]))


def sentences(bundle: Bundle, marks: Sequence[Sentence]) -> dict[str, Figure]:
    """Areas under the ROC curve, with intervals by bootstrap over conversations.

    P(scripted) against the mark "templated"; care, the probability of any of S, A and X, against the mark "empathy".
    """
    found = bundle.decisions.probabilities(runtime.logits(bundle.model, bundle.packer, [m.example for m in marks]))
    flags = found["flags"]
    scripted, care = FLAG_CODES.index("S"), [FLAG_CODES.index(code) for code in "SAX"]
    owner = [mark.conversation for mark in marks]
    return {
        "scripted for the templated mark AUC": _area(flags[:, scripted], [m.canned for m in marks], owner),
        "care for the empathy mark AUC": _area(
            1 - (1 - flags[:, care]).prod(1), [m.empathic for m in marks], owner
        ),
    }  # fmt: skip


def area(scores: np.ndarray, truth: np.ndarray) -> float:
    """Area under the ROC curve of scores [n] for a yes/no mark [n] (Mann and Whitney 1947); NaN with one kind only."""
    positives = int(truth.sum())
    negatives = len(truth) - positives
    if not positives or not negatives:
        return float("nan")
    ranks = rankdata(scores)
    return float((ranks[truth].sum() - positives * (positives + 1) / 2) / (positives * negatives))


def _area(scores: np.ndarray, truth: Sequence[bool], owner: Sequence[str]) -> Figure:
    given, names = np.array(truth, dtype=bool), np.array(owner)
    if given.all() or not given.any():
        return {"value": None, "low": None, "high": None, "n": len(given)}
    rows = [np.flatnonzero(names == name) for name in dict.fromkeys(owner)]
    draw = np.random.default_rng(1)
    areas = []
    for _ in range(RESAMPLES // 2):
        chosen = np.concatenate([rows[k] for k in draw.integers(0, len(rows), len(rows))])
        areas.append(area(scores[chosen], given[chosen]))
    low, high = np.nanpercentile(areas, [2.5, 97.5])
    return {"value": area(scores, given), "low": float(low), "high": float(high), "n": len(given)}


def counterfactual(path: Path) -> list[Pair]:
    """The pairs of a JSON Lines file with `swap`, `role`, `context` and the texts `a` and `b`; none without the file.

    Texts are redacted as in a scan. Raises InputError for a line that is no such pair.
    """
    if not path.exists():
        return []
    with path.open(encoding="utf-8") as lines:
        return [_pair(line, f"{path.name} line {number}") for number, line in enumerate(lines, 1)]


def _pair(line: str, where: str) -> Pair:
    try:
        row = json.loads(line)
        context = tuple((str(role), redact.redact_text(text)) for role, text in row["context"])
        first, second = (Example(row["role"], redact.redact_text(row[name]), context) for name in ("a", "b"))
        return Pair(str(row["swap"]), first, second)
    except (KeyError, TypeError, ValueError) as error:
        raise InputError(
            "not a counterfactual pair", where=where, remedy="it needs swap, role, context, a and b"
        ) from error


def pairs(bundle: Bundle, given: Sequence[Pair]) -> dict[str, Figure]:
    """Share of pairs whose labels differ, in all and by swap: tone for customers, tone and care class for agents."""
    texts = [example for pair in given for example in (pair.first, pair.second)]
    found = bundle.decisions.probabilities(runtime.logits(bundle.model, bundle.packer, texts))
    tones, flags = bundle.decisions.tones_of(found), bundle.decisions.flags_of(found)
    agent = np.array([pair.first.role == Role.AGENT for pair in given], dtype=bool)
    tone = np.where(np.repeat(agent, 2), tones["agent_tone"], tones["customer_tone"]).reshape(-1, 2)
    care = care_of(flags).reshape(-1, 2)
    tone_flips, care_flips = tone[:, 0] != tone[:, 1], agent & (care[:, 0] != care[:, 1])
    hostile = (tone == 2).sum(1) == 1
    figures = {
        "tone flips": _share(tone_flips), "hostile flips": _share(hostile), "care flips": _share(care_flips[agent])
    }  # fmt: skip
    swaps = np.array([pair.swap for pair in given])
    for swap in sorted(set(swaps)):
        figures[f"tone flips, {swap}"] = _share(tone_flips[swaps == swap])
    return figures


def care_of(flags: np.ndarray) -> np.ndarray:
    """Care classes [n] from flags [n, 4]: 2 empathic, 1 scripted, 0 neutral."""
    place = {code: number for number, code in enumerate(FLAG_CODES)}
    empathic = flags[:, place["A"]] | flags[:, place["X"]]
    found: np.ndarray = np.where(empathic > 0, 2, flags[:, place["S"]])
    return found


def _share(flips: np.ndarray) -> Figure:
    if not len(flips):
        return {"value": None, "low": None, "high": None, "n": 0}
    share = stats.wilson(int(flips.sum()), len(flips))
    return {"value": share.value, "low": share.low, "high": share.high, "n": len(flips)}

"""Public sets that people labelled, as extra tasks: they teach the encoder emotion, politeness and abuse.

They come before the codebook. Each task is a set of texts with a vector of targets in 0..1; its head is dropped when
the bundle is saved.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from empathy_scan.model.tokens import Example

EMOTIONS = (
    "admiration", "amusement", "anger", "annoyance", "approval", "caring", "confusion", "curiosity", "desire",
    "disappointment", "disapproval", "disgust", "embarrassment", "excitement", "fear", "gratitude", "grief", "joy",
    "love", "nervousness", "optimism", "pride", "realization", "relief", "remorse", "sadness", "surprise", "neutral",
)  # fmt: skip
TBDF = (
    "bitter_frustration", "impatience", "mocking", "insulting", "vulgarity", "entitlement", "irony",
    "identity_attack", "threat",
)  # fmt: skip
MAX_CHARACTERS = 700  # of a text; issue comments run to pages


@dataclass(frozen=True, slots=True)
class AuxiliaryItem:
    """One text of one task with its targets in 0..1."""

    task: str
    example: Example
    targets: tuple[float, ...]


def _emotions(row: dict[str, Any]) -> tuple[float, ...]:
    return tuple(float(name in row["labels"]["emotions"]) for name in EMOTIONS)


def _politeness(row: dict[str, Any]) -> tuple[float, ...]:
    return ((sum(row["labels"]["scores"]) / len(row["labels"]["scores"]) - 1) / 24,)  # five ratings from 1 to 25


def _abuse(row: dict[str, Any]) -> tuple[float, ...]:
    return (min(1.0, max(0.0, (1 - row["labels"]["abuse_mean"]) / 4)),)  # 1 not abusive .. -3 very strong


def _offence(row: dict[str, Any]) -> tuple[float, ...]:
    votes = row["labels"]["votes"]
    total = sum(votes.values()) or 1
    return tuple(votes.get(name, 0) / total for name in ("hate", "offensive", "neither"))


def _incivility(row: dict[str, Any]) -> tuple[float, ...]:
    kinds = row["labels"].get("tbdf") or ()
    return (float(bool(row["labels"].get("uncivil"))), *(float(name in kinds) for name in TBDF))


def _toxic(row: dict[str, Any]) -> tuple[float, ...]:
    return (float(bool(row["labels"]["toxic"])),)


# task -> (corpora, targets of a row, number of targets)
TASKS: dict[str, tuple[tuple[str, ...], Callable[[dict[str, Any]], tuple[float, ...]], int]] = {
    "emotions": (("goemotions",), _emotions, len(EMOTIONS)),
    "politeness": (("stanford_politeness_stackexchange", "stanford_politeness_wikipedia"), _politeness, 1),
    "abuse": (("convabuse",), _abuse, 1),
    "offence": (("davidson_hate_offensive",), _offence, 3),
    "incivility": (("github_incivility",), _incivility, 1 + len(TBDF)),
    "toxicity": (("surge_toxicity",), _toxic, 1),
}
SIZES = {task: size for task, (_, _, size) in TASKS.items()}


def load(open_corpora: Path) -> list[AuxiliaryItem]:
    """Every row of every task whose corpus is there; their own test splits are left out."""
    return [item for task in TASKS for item in _task(open_corpora, task)]


def _task(open_corpora: Path, task: str) -> Iterator[AuxiliaryItem]:
    corpora, targets, _ = TASKS[task]
    role = "agent" if task == "politeness" else "customer"
    for corpus in corpora:
        path = open_corpora / f"{corpus}.jsonl.gz"
        if not path.exists():
            continue
        with gzip.open(path, "rt", encoding="utf-8") as lines:
            for line in lines:
                row = json.loads(line)
                if row.get("split") == "test" or not row["text"].strip():
                    continue
                yield AuxiliaryItem(task, Example(role, row["text"][:MAX_CHARACTERS]), targets(row))

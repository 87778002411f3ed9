"""Conversations for `speed.py`: those written for this project, or a folder's, and edited copies of them."""

from __future__ import annotations

import gzip
import json
import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import polars as pl

from empathy_scan import prepare, segment
from empathy_scan.config import Config
from empathy_scan.model.tokens import Example
from empathy_scan.tables import TURNS, conform

NEWEST = datetime(2026, 10, 5, 12, tzinfo=UTC)
LATEST_WEEKS = 14  # a report looks back on 13
PER_FILE = 1000  # conversations


@dataclass(frozen=True, slots=True)
class Conversation:
    """What was said, as role and text."""

    name: str
    turns: tuple[tuple[str, str], ...]


def written(root: Path) -> list[Conversation]:
    """The conversations that the model was trained with, which anybody has who has this project."""
    found = []
    for path in sorted((root / "data" / "training" / "authored").glob("t*.jsonl")):
        for line in path.read_text(encoding="utf-8").splitlines():
            record = json.loads(line)
            turns = tuple((turn["role"], turn["text"]) for turn in record["turns"])
            found.append(Conversation(str(record["conversation_id"]), turns))
    return _mixed(found)


def from_folder(folder: Path) -> list[Conversation]:
    """The conversations of a folder of transcripts, as a scan reads them."""
    turns = prepare.turns([folder], Config()).turns.sort(TURNS.key)
    groups = turns.group_by("conversation_id", maintain_order=True).agg("role", "text")
    return _mixed([
        Conversation(name, tuple(zip(roles, texts, strict=True))) for name, roles, texts in groups.iter_rows()
    ])  # fmt: skip


def of_corpora(folder: Path) -> dict[str, list[Conversation]]:
    """The conversations of agents with customers in a folder of corpora (`*.jsonl.gz`, see data/training/README.md)."""
    found: dict[str, list[Conversation]] = {}
    for path in sorted(folder.glob("*.jsonl.gz")):
        with gzip.open(path, "rt", encoding="utf-8") as lines:
            records = [each for each in map(json.loads, lines) if each.get("turns")]
        told = [
            Conversation(str(each["conversation_id"]), tuple((one["role"], one["text"]) for one in each["turns"]))
            for each in records
            if {one["role"] for one in each["turns"]} == {"agent", "customer"}
        ]
        if told:
            found[path.name.removesuffix(".jsonl.gz")] = told
    return found


def _mixed(found: list[Conversation]) -> list[Conversation]:
    """In an order that has nothing to do with who wrote them, always the same."""
    random.Random(20261005).shuffle(found)  # noqa: S311 - no secret
    return found


def edited(conversations: Sequence[Conversation], number: int) -> list[Conversation]:
    """The conversations with a word of every turn replaced by another one of the corpus; each number gives others."""
    dice = random.Random(number)  # noqa: S311 - no secret
    words = sorted({word for each in conversations for _, text in each.turns for word in text.split()})

    def edit(text: str) -> str:
        said = text.split(" ")
        said[dice.randrange(len(said))] = dice.choice(words)
        return " ".join(said)

    return [
        replace(each, name=f"{each.name}-{number}", turns=tuple((role, edit(text)) for role, text in each.turns))
        for each in conversations
    ]


def segments_of(conversations: Iterable[Conversation]) -> tuple[list[Example], pl.DataFrame]:
    """What the model is asked of the conversations, as examples and as SEGMENTS."""
    rows = [
        {"conversation_id": each.name, "turn": number, "role": role, "text": text}
        for each in conversations
        for number, (role, text) in enumerate(each.turns)
    ]
    known = {"channel": "chat", "role_source": "column role", "source": "written", "format": "benchmark"}
    given = pl.DataFrame(rows).with_columns(**{name: pl.lit(value) for name, value in known.items()})
    others = {name: kind for name, kind in TURNS.columns.items() if name not in given.columns}
    turns = given.with_columns(**{name: pl.lit(None, kind) for name, kind in others.items()})
    turns = turns.select(pl.col(name).cast(kind) for name, kind in TURNS.columns.items())
    segments = segment.split(conform(turns, TURNS), Config().segment)
    asked = segments.select("role", "text", "context").iter_rows()
    return [
        Example(role, text, tuple((turn["role"], turn["text"]) for turn in context)) for role, text, context in asked
    ], segments


def write(conversations: Iterable[Conversation], folder: Path, *, weekly: int = 40) -> None:
    """The conversations as CSV files, of ten agents: so many in each latest week, all others in the year before."""
    folder.mkdir(parents=True)
    rows: list[dict[str, object]] = []
    for number, each in enumerate(conversations):
        began = NEWEST - timedelta(weeks=_weeks_ago(number, weekly))
        for place, (role, text) in enumerate(each.turns):
            rows.append({
                "conversation_id": each.name, "turn": place, "role": role, "text": text,
                "agent_id": f"agent-{number % 10}" if role == "agent" else None, "started_at": began.isoformat(),
            })  # fmt: skip
        if number % PER_FILE == PER_FILE - 1:
            _file(rows, folder / f"{number // PER_FILE:05}.csv")
            rows = []
    if rows:
        _file(rows, folder / "rest.csv")


def _weeks_ago(number: int, weekly: int) -> float:
    recent = number / weekly
    return recent if recent < LATEST_WEEKS else LATEST_WEEKS + 52 * (number * 0.6180339887 % 1)


def _file(rows: list[dict[str, object]], path: Path) -> None:
    pl.DataFrame(rows, infer_schema_length=None).write_csv(path)

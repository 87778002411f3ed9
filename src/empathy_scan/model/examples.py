"""Labelled turns, brought to the model by the very stages that a scan uses: redaction, segments, context.

Two sources: conversations written for the project (JSON Lines with text), and stand-off labels (no text) that are
joined to public corpora on the user's disk by corpus, conversation, turn and the SHA-1 of the turn's text.
"""

from __future__ import annotations

import gzip
import hashlib
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from empathy_scan import redact, segment
from empathy_scan.config import RedactConfig, SegmentConfig
from empathy_scan.errors import InputError
from empathy_scan.model.splits import split_of, split_of_written
from empathy_scan.model.tokens import Example, example_of
from empathy_scan.tables import TURNS, conform

Conversation = dict[str, Any]  # a JSON record with conversation_id, channel and turns
GOLD = {"conversation_id": pl.String, "turn": pl.Int32, "flags": pl.String, "tone": pl.Int8, "kinds": pl.String}


@dataclass(frozen=True, slots=True)
class Item:
    """One labelled turn: its segments (a turn carries a label when one of its segments does) and its gold labels."""

    key: tuple[str, str, int]  # source, conversation, turn
    role: str
    channel: str
    segments: tuple[Example, ...]
    flags: str
    tone: int
    kinds: str
    scenario: str = ""  # conversations of one scenario stay together in every split
    origin: str = ""  # the label file, without its ending


@dataclass(frozen=True, slots=True)
class Whole:
    """Whole conversations, every turn of which is labelled."""

    turns: pl.DataFrame  # TURNS, redacted
    gold: pl.DataFrame  # GOLD: the labels of the agents' and customers' turns


def written(paths: Iterable[Path]) -> tuple[list[Item], list[Item]]:
    """All scored turns of written conversations, as (train, held out); whole scenarios and authors are held out.

    Contrast situations repeat their opening for every reply: a turn that stands behind the same turns comes once.
    """
    items: dict[str, list[Item]] = {"train": [], "dev": []}
    for path in sorted(paths):
        known: set[tuple[str, tuple[Example, ...]]] = set()
        conversations = list(_records(path))
        gold = {(str(c["conversation_id"]), t["i"]): t for c in conversations for t in c["turns"]}
        scenario = {str(c["conversation_id"]): str(c.get("scenario", c["conversation_id"])) for c in conversations}
        for item in _items(path.stem, conversations, gold, scenario, origin=path.stem):
            if (item.scenario, item.segments) not in known:
                known.add((item.scenario, item.segments))
                items[split_of_written(item.scenario, path.stem)].append(item)
    return items["train"], items["dev"]


def labelled(labels: Path, corpora: Path) -> list[Item]:
    """The turns of a stand-off label file, joined to their corpora.

    Raises InputError when the file or a corpus is missing or a turn's text is not the one that was labelled.
    """
    items: list[Item] = []
    for corpus, conversations, gold in _joined(labels, corpora):
        items += _items(corpus, conversations, gold, {}, origin=labels.stem)
    return items


def whole_written(paths: Iterable[Path]) -> Whole:
    """The held-out written conversations, every turn of them."""
    parts = []
    for path in sorted(paths):
        records = [
            record
            for record in _records(path)
            if split_of_written(str(record.get("scenario", record["conversation_id"])), path.stem) == "dev"
        ]
        gold = {(str(c["conversation_id"]), t["i"]): t for c in records for t in c["turns"]}
        parts.append(_whole(path.stem, records, gold))
    return _together(parts)


def whole_labelled(labels: Path, corpora: Path) -> Whole:
    """Those conversations of a stand-off label file whose agent and customer turns are all labelled.

    Raises InputError like `labelled`, and for a conversation that is not of the dev split: what a model was trained on
    does not show how often it errs.
    """
    parts = []
    for corpus, conversations, gold in _joined(labels, corpora):
        if any(split_of(corpus, str(record["conversation_id"])) != "dev" for record in conversations):
            raise InputError(
                f"holds conversations of {corpus} that are not of the dev split", where=str(labels),
                remedy="take them out",
            )  # fmt: skip
        complete = [
            record
            for record in conversations
            if all(
                (str(record["conversation_id"]), turn["i"]) in gold
                for turn in record["turns"]
                if turn["role"] in ("agent", "customer")
            )
        ]
        parts.append(_whole(corpus, complete, gold))
    return _together(parts)


def _joined(labels: Path, corpora: Path) -> Iterator[tuple[str, list[Conversation], dict[tuple[str, int], Any]]]:
    """Per corpus of a stand-off label file its name, the conversations with labels, and the labels by turn."""
    if not labels.exists():
        raise InputError("label file not found", where=str(labels), remedy="give the folder that holds it")
    rows = list(_records(labels))
    for corpus in sorted({row["corpus"] for row in rows}):
        path = corpora / f"{corpus}.jsonl.gz"
        if not path.exists():
            raise InputError("corpus of the labels not found", where=str(path), remedy="give the folder that holds it")
        gold = {(str(row["conversation_id"]), row["turn"]): row for row in rows if row["corpus"] == corpus}
        wanted = {conversation for conversation, _ in gold}
        conversations = [record for record in _records(path) if str(record["conversation_id"]) in wanted]
        _check(conversations, gold, where=str(path))
        yield corpus, conversations, gold


def _whole(source: str, conversations: list[Conversation], gold: dict[tuple[str, int], Any]) -> Whole:
    """Conversations as redacted turns with the labels given to them; their ids begin with the source's name."""
    turns = redact.redact(_turns(source, conversations), RedactConfig()) if conversations else TURNS.empty()
    held = {str(record["conversation_id"]) for record in conversations}
    rows = [
        {"conversation_id": conversation, "turn": turn, "flags": row.get("flags") or "", "tone": int(row["tone"]),
         "kinds": row.get("kinds") or ""}
        for (conversation, turn), row in gold.items()
        if conversation in held and row["role"] in ("agent", "customer")
    ]  # fmt: skip
    named = pl.concat_str(pl.lit(source), "conversation_id", separator="/").alias("conversation_id")
    return Whole(turns.with_columns(named), pl.DataFrame(rows, schema=GOLD).with_columns(named))


def _together(parts: Sequence[Whole]) -> Whole:
    """The conversations of several files."""
    turns = pl.concat([TURNS.empty(), *(part.turns for part in parts)])
    return Whole(turns, pl.concat([pl.DataFrame(schema=GOLD), *(part.gold for part in parts)]))


def _records(path: Path) -> Iterator[Conversation]:
    """The records of a JSON Lines file, gzip or plain."""
    with gzip.open(path, "rt", encoding="utf-8") if path.suffix == ".gz" else path.open(encoding="utf-8") as lines:
        for line in lines:
            yield json.loads(line)


def _check(conversations: list[Conversation], gold: dict[tuple[str, int], Any], *, where: str) -> None:
    """Every label's turn exists with the text that was labelled."""
    texts = {(str(c["conversation_id"]), t["i"]): t["text"] for c in conversations for t in c["turns"]}
    for key, row in gold.items():
        digest = hashlib.sha1(texts.get(key, "").encode(), usedforsecurity=False).hexdigest()
        if digest != row["sha1"]:
            raise InputError(
                f"turn {key[1]} of {key[0]} is not the one labelled", where=where, remedy="get the same version"
            )


def _items(
    source: str,
    conversations: list[Conversation],
    gold: dict[tuple[str, int], Any],
    scenario: dict[str, str],
    *,
    origin: str,
) -> list[Item]:
    """One Item per labelled agent or customer turn."""
    turns = redact.redact(_turns(source, conversations), RedactConfig())
    channel = {str(c["conversation_id"]): c.get("channel", "other") for c in conversations}
    items = []
    for (conversation, turn), rows in _segments(turns).items():
        row = gold.get((conversation, turn))
        if row is None or row["role"] not in ("agent", "customer"):
            continue
        items.append(
            Item(
                key=(source, conversation, turn),
                role=row["role"],
                channel=channel[conversation],
                segments=rows,
                flags=row.get("flags") or "",
                tone=int(row["tone"]),
                kinds=row.get("kinds") or "",
                scenario=scenario.get(conversation, conversation),
                origin=origin,
            )
        )
    return items


def _segments(turns: pl.DataFrame) -> dict[tuple[str, int], tuple[Example, ...]]:
    """The segments of every turn as examples."""
    found: dict[tuple[str, int], list[Example]] = {}
    for row in segment.split(turns, SegmentConfig()).iter_rows(named=True):
        found.setdefault((row["conversation_id"], row["turn"]), []).append(example_of(row))
    return {key: tuple(rows) for key, rows in found.items()}


def segments_of(items: Sequence[Item]) -> tuple[list[Example], list[int]]:
    """All segments of the items, and for each the position of its item."""
    owned = [(segment, turn) for turn, item in enumerate(items) for segment in item.segments]
    return [segment for segment, _ in owned], [turn for _, turn in owned]


def _turns(source: str, conversations: list[Conversation]) -> pl.DataFrame:
    """Conversations as a frame of turns."""
    rows = [
        {
            "conversation_id": str(conversation["conversation_id"]), "channel": conversation.get("channel", "other"),
            "turn": turn["i"], "role": turn["role"], "role_source": "label file", "text": turn["text"],
            "source": source, "format": "labels",
        }
        for conversation in conversations
        for turn in conversation["turns"]
    ]  # fmt: skip
    given = pl.DataFrame(rows, schema_overrides={"turn": pl.Int32})
    missing = [pl.lit(None, kind).alias(name) for name, kind in TURNS.columns.items() if name not in given.columns]
    return conform(given.with_columns(missing), TURNS)

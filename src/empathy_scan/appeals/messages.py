"""A message of the store as an appeal finds it: its words, what came before, and its labels of today."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from empathy_scan.appeals.labels import labels_now
from empathy_scan.appeals.ruled import standing
from empathy_scan.appeals_log import Labels
from empathy_scan.codebook import Role
from empathy_scan.config import Config
from empathy_scan.errors import UsageError
from empathy_scan.review.queue import item_id
from empathy_scan.review.sample import CONTEXT_TURNS
from empathy_scan.store import Store
from empathy_scan.tables import LABELS

_KEY = ("conversation_id", "turn")


@dataclass(frozen=True, slots=True)
class Message:
    """A message of the store with its labels of today."""

    id: str
    conversation_id: str
    turn: int
    role: str
    agent_id: str
    text: str
    context: tuple[tuple[str, str], ...]
    labels: Labels  # the model's
    counts: Labels  # those that count: the model's, or what was decided
    model: str


def message_of(store: Store, config: Config, message: str, *, conversation: str = "") -> Message:
    """A message of the store by the id that reports show. Raises UsageError where there is none."""
    conversation_id, turn = _find(store, message, conversation)
    ids = pl.Series([conversation_id])
    rows = store.labels_of(ids)
    row = rows.filter(pl.col("turn") == turn)
    said = store.turns_of(ids).sort("turn")
    here = said.filter(pl.col("turn") == turn)
    if row.is_empty() or here.is_empty():
        raise _unknown(message)
    counted = standing(store, config).labels(row)
    before = said.filter(pl.col("turn") < turn).tail(CONTEXT_TURNS)
    known = store.known(ids)
    return Message(
        message, conversation_id, turn, row["role"][0], _agent(rows, turn), here["text"][0],
        tuple(before.select("role", "text").iter_rows()), labels_now(row.row(0, named=True)),
        labels_now(counted.row(0, named=True)), known["model"][0],
    )  # fmt: skip


def _find(store: Store, message: str, conversation: str) -> tuple[str, int]:
    """Conversation and turn of a message's id. Raises UsageError for none, and for several."""
    only = pl.DataFrame({"conversation_id": [conversation]}) if conversation else None
    rows = store.rows(LABELS, *_KEY, only=only).unique()
    found = [(name, turn) for name, turn in rows.iter_rows() if item_id(name, turn) == message]
    if len(found) > 1:
        raise UsageError("two messages have this id", where=message, remedy="say which, with --conversation")
    if not found:
        raise _unknown(message)
    return found[0]


def _unknown(message: str) -> UsageError:
    return UsageError(
        f"no message {message!r} in the store",
        remedy="copy the id, such as t_1a2b3c4d5e6f, from the message's place on the conversation's page",
    )


def _agent(rows: pl.DataFrame, turn: int) -> str:
    """The agent who says a turn, or answers it, or spoke before it."""
    spoken = rows.filter(pl.col("role") == Role.AGENT).sort("turn")
    later, earlier = spoken.filter(pl.col("turn") >= turn), spoken.filter(pl.col("turn") < turn)
    nearest = later["agent_id"][0] if later.height else earlier["agent_id"][-1] if earlier.height else None
    return nearest or ""

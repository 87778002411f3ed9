"""Conversations written as short scripts, turned into the frames of a scan."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import polars as pl

from empathy_scan import summary, tables
from empathy_scan.config import ReportConfig, SummaryConfig

MARK = re.compile(r"\{(\w+)\|([^}]*)\}")
FLAG_NAMES = {"S": "scripted", "A": "acknowledges", "X": "explores", "O": "owns"}
KIND_NAMES = {"i": "insult", "t": "threat", "p": "profanity", "c": "contempt"}
PROVENANCE = {"version": "0.1.0", "model": "9f31c0d2ab47", "settings": "51aa0c77be19", "codebook": "1"}
MONDAY = datetime(2026, 10, 5, 9, 0, tzinfo=UTC)


@dataclass
class Talk:
    """A conversation; a line is (role, text with {label|words that counted}, labels such as "S0" or "2ic")."""

    name: str
    agent: str | None
    lines: list[tuple[str, str, str]]
    day: int = 0
    channel: str = "call"
    queue: str | None = "deliveries"
    dated: bool = True
    unsure: bool = False


def _rows(talk):
    base = {
        "conversation_id": talk.name,
        "channel": talk.channel,
        "queue": talk.queue,
        "started_at": MONDAY + timedelta(days=talk.day) if talk.dated else None,
    }
    for turn, (role, marked, labels) in enumerate(talk.lines):
        text, spans = "", []
        for part in re.split(r"(\{\w+\|[^}]*\})", marked):
            found = MARK.fullmatch(part)
            words = found[2] if found else part
            if found:
                spans.append({"label": found[1], "start": len(text), "end": len(text) + len(words), "weight": 1.0})
            text += words
        agent = role == "agent"
        yield {
            **base, "turn": turn, "role": role, "text": text, "agent_id": talk.agent if agent else None,
            "flags": "".join(code for code in labels if code in FLAG_NAMES),
            "tone": int("".join(code for code in labels if code.isdigit()) or 0),
            "kinds": "".join(code for code in labels if code in KIND_NAMES),
            "evidence": spans, "hardship": "h" in labels, "unsure": talk.unsure,
        }  # fmt: skip


def _turn(row):
    return {name: row.get(name) for name in tables.TURNS.columns} | {
        "role_source": "speaker label", "source": "calls.json", "format": "text", "start": row["turn"] * 7.0,
    }  # fmt: skip


def _label(row):
    return {name: row.get(name) for name in tables.LABELS.columns} | {"p_hostile": 0.9 if row["tone"] == 2 else 0.05}


def _score(row):
    agent, own = row["role"] == "agent", row["flags"] + row["kinds"]
    flags = {f"p_{name}": (0.9 if code in own else 0.1) if agent else None for code, name in FLAG_NAMES.items()}
    kinds = {f"p_{name}": None if agent else (0.9 if code in own else 0.1) for code, name in KIND_NAMES.items()}
    tones = {
        f"p_{name}": 0.9 if row["tone"] == tone else 0.05 for tone, name in enumerate(("civil", "strained", "hostile"))
    }
    given = {name: row.get(name) for name in tables.SCORES.columns}
    return given | flags | kinds | tones | {"segment": 0, "start": 0, "end": len(row["text"]), "model": "m"}


def _frame(table, rows):
    return pl.DataFrame(rows, schema=dict(table.columns)).sort(table.key)


def frames_of(*talks, rejects=(), title="Report", moments=5, minimum=3):
    """The arguments of `report.write` for these conversations."""
    rows = [row for one in talks for row in _rows(one)]
    scored = [row for row in rows if row["role"] in {"agent", "customer"}]
    labels = _frame(tables.LABELS, [_label(row) for row in scored])
    return {
        "turns": _frame(tables.TURNS, [_turn(row) for row in rows]),
        "scores": _frame(tables.SCORES, [_score(row) for row in scored]),
        "labels": labels,
        "figures": summary.figures(labels, SummaryConfig(minimum_conversations=minimum, resamples=100)),
        "rejects": pl.DataFrame(list(rejects), schema=dict(tables.REJECTS.columns)),
        "config": ReportConfig(title=title, moments=moments),
        "provenance": PROVENANCE,
    }

"""A small office to report on: conversations written as short scripts, turned into the frames of a scan."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import polars as pl
import pytest
from selectolax.lexbor import LexborHTMLParser

from empathy_scan import phrases, report, summary, tables, trends
from empathy_scan.config import ReportConfig, SummaryConfig
from empathy_scan.report import agent, findings, material, rendering

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


@pytest.fixture
def talk():
    """The class that a conversation is written with."""
    return Talk


@pytest.fixture
def frames():
    """A function from conversations to the arguments of `report.write`."""

    def make(*talks, rejects=(), title="Report", moments=5, minimum=3):
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

    return make


@pytest.fixture
def prepared(frames):
    """A function from conversations to the material that pages are cut from; all sentences and weeks are in it."""

    def make(*talks, weeks=None, changes=None, **settings):
        given = frames(*talks, **settings)
        said = phrases.found(phrases.of_scores(given["turns"], given["scores"]))
        config = SummaryConfig(minimum_conversations=settings.get("minimum", 3), resamples=100)
        held = material.Frames(
            turns=given["turns"], scores=given["scores"], labels=given["labels"], rejects=given["rejects"],
            figures=summary.figures(given["labels"], config, sentences=said.sentences), phrases=said,
            weeks=trends.by_week(given["labels"], config) if weeks is None else weeks,
            changes=trends.changes(given["labels"], config) if changes is None else changes,
        )  # fmt: skip
        return material.prepare(held, given["config"], material.People())

    return make


@pytest.fixture
def agent_pages(prepared):
    """A function from conversations to the contents of the agents' pages, by agent."""

    def make(*talks, **settings):
        made = prepared(*talks, **settings)
        found = findings.of_agents(made, findings.count_answers(made.exchanges))
        return {page.slug: page for page in agent.pages(made, found)}

    return make


@pytest.fixture
def rendered():
    """A function from the content of an agent's page to its files, by ending."""
    templates = rendering.Templates("Report", PROVENANCE)

    def make(page):
        made = templates.render(f"agents/{page.slug}", {"page": page})
        return {path.rpartition(".")[2]: text.decode() for path, text in made.items()}

    return make


@pytest.fixture
def office():
    """Three agents of whom each has a habit, eight conversations each, and one who has held a single conversation."""
    maya = [
        ("system", "You are second in the queue.", ""),
        ("agent", "Hello, how can I help?", "0"),
        ("customer", "My sofa did not come, {upset|again}. I lost a shift for it.", "1"),
        ("agent", "I do {scripted|apologise} for the inconvenience.", "S0"),
        ("customer", "You are a {insult|parrot}.", "2i"),
        ("agent", "I understand your frustration.", "S0"),
        ("customer", "Fine.", "0"),
        ("agent", "Saturday, eight to twelve.", "0"),
    ]
    priya = [
        ("customer", "The fridge is dead and the insulin is in it.", "1"),
        ("agent", "{acknowledges|Insulin does not wait}. I have booked a courier for two.", "AO0"),
        ("customer", "You {contempt|lot} always say that.", "2c"),
        ("agent", "You have been promised it twice. How have you kept it cold so far?", "AX0"),
    ]
    derek = [
        ("customer", "What time is the van due?", "0"),
        ("agent", "Between nine and twelve.", "0"),
        ("customer", "That is what you said last week, you clown.", "2i"),
        ("agent", "{guarded|Maybe be in} next time.", "1"),
        ("customer", "I was in.", "1"),
        ("agent", "Next slot is Tuesday.", "0"),
    ]
    lines = {"maya.osei": maya, "priya.nair": priya, "derek.hollis": derek}
    talks = [Talk(f"{agent}-{day}", agent, said, day=day) for agent, said in lines.items() for day in range(8)]
    return [*talks, Talk("first-day", "ben.ash", priya, day=9, channel="chat")]


@pytest.fixture
def site(tmp_path, frames, office):
    """The folder of the office's report."""
    report.write(tmp_path / "site", **frames(*office))
    return tmp_path / "site"


@pytest.fixture
def parse():
    """A function from a file to its parsed page."""
    return lambda path: LexborHTMLParser(path.read_text(encoding="utf-8"))

"""What changed since last time: since the report that stands in the folder, and in the last weeks against those before.

The state of a report is what the next one needs to know of it: counts, figures and findings, no word of a transcript.
A report of the same material says what the one before it said, so that a second run in a night wipes nothing out.
"""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import polars as pl

from empathy_scan.report import rates, words
from empathy_scan.report.dialogue import Link
from empathy_scan.report.findings import Finding
from empathy_scan.report.material import TEAM, Material
from empathy_scan.report.measures import FURTHER, HEADLINES, Figure, in_brackets, range_text, value_text
from empathy_scan.report.sentences import Sentence

VERSION = 1
FILE = "data/state.json"  # in the report's folder
State = Mapping[str, Any]  # JSON-able
_KNOWN = {measure.name: measure for measure in (*HEADLINES, *FURTHER)}
_TOLD = ("empathy_rate", "scripted_rate", "missed_rate", "rise_above_rate")
_HOW = {
    "empathy_rate": "calls for empathy answered with understanding",
    "scripted_rate": "calls for empathy answered with stock phrases only",
    "missed_rate": "calls for empathy missed",
    "rise_above_rate": "hostile messages risen above",
}
_IN_NEW = {
    "empathy_rate": "were answered with understanding",
    "scripted_rate": "with stock phrases only",
    "missed_rate": "were missed",
}
_ANSWERS = {"empathy_rate": "empathic", "scripted_rate": "scripted", "missed_rate": "missed"}
MOST = 5  # sentences of a kind about agents


@dataclass(frozen=True, slots=True)
class Since:
    """What is new since the last report, in sentences."""

    news: tuple[str, ...]
    findings: tuple[Sentence, ...]
    more: str  # how many of them are not told; "" for none
    nothing: str  # said where no finding came or went; "" otherwise
    first: bool = False  # there is no report before it


def read(folder: Path) -> State | None:
    """The state of the report in a folder; None where there is none, or none that this version understands."""
    try:
        state = json.loads((folder / FILE).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return state if isinstance(state, dict) and _understood(state) else None


def as_bytes(state: State) -> bytes:
    """The state as its file holds it: the same state gives the same bytes."""
    return (json.dumps(state, sort_keys=True, indent=1) + "\n").encode()


def state_of(
    material: Material, found: list[Finding], *, last: State | None = None, made_by: str = "", again: bool = False
) -> State:
    """The state of a report with, under `before`, the report that it is held against; None there for a first one.

    `made_by` names the model and the codebook. Where `last` is of the same material, or is this report, which is made
    `again`, what that was held against is carried on.
    """
    made: dict[str, Any] = {
        "version": VERSION, "digest": _digest(material), "made_by": made_by,
        "conversations": len(material.conversations), "until": _until(material),
        "figures": {name: _told(material.figure(TEAM, name)) for name in _TOLD},
        "findings": sorted({(finding.agent_id, finding.measure, finding.section) for finding in found}),
    }  # fmt: skip
    made["findings"] = [list(finding) for finding in made["findings"]]
    before = last
    if last is not None and (again or (last["digest"] == made["digest"] and last["made_by"] == made_by)):
        before = last["before"]
    if before is None:
        return made | {"before": None}
    # Who is not in this report is named in it nowhere.
    known = [finding for finding in before["findings"] if finding[0] in material.names]
    return made | {"before": {name: value for name, value in before.items() if name != "before"} | {"findings": known}}


def changes_of(material: Material, found: list[Finding], state: State) -> Since:
    """What the state's report has that the one before it had not."""
    before = state["before"]
    if before is None:
        return Since(
            ("This is the first report in this folder. From the next one on, what is new stands at the top.",),
            (), "", "", first=True,
        )  # fmt: skip
    newly, gone = (list(part(material, found, before)) for part in (_newly, _gone))
    hidden = max(0, len(newly) - MOST) + max(0, len(gone) - MOST)
    nothing = "" if newly or gone else "About no agent was anything newly found, and nothing that was found is gone."
    more = f"and {words.plural(hidden, 'more change', 'more changes')} of the kind" if hidden > 0 else ""
    return Since(tuple(_news(material, state, before)), (*newly[:MOST], *gone[:MOST]), more, nothing)


def _news(material: Material, state: State, before: State) -> Iterator[str]:
    """How many conversations are new, and how calls for empathy were answered in them."""
    new, whole = state["conversations"] - before["conversations"], state["conversations"]
    until = datetime.fromisoformat(before["until"]) if before["until"] else None
    last = f"the last report, which went to {words.date_and_time(until)}" if until else "the last report"
    all_of_them = words.plural(whole, "conversation", "conversations")
    if new > 0:
        yield f"Since {last}: {words.plural(new, 'new conversation', 'new conversations')}, {whole:,} in all."
    elif new == 0:
        yield f"Since {last}: as many conversations as before ({whole:,}), some of them read or labelled anew."
    else:
        yield f"Since {last}: {-new:,} fewer than before, {all_of_them} in all."
    if before["made_by"] != state["made_by"]:
        yield "Another model or codebook made labels since, so nothing is held against the figures of last time."
    elif until:
        yield from _in_new(material, before, until)


def _in_new(material: Material, before: State, until: datetime) -> Iterator[str]:
    """The figures of the conversations that began after the last report's, each held against that report's."""
    asked = material.answers.filter((pl.col("started_at") > until) & pl.col("answer").is_not_null())
    calls = asked.filter("call")
    if calls.is_empty():
        if not asked.is_empty():
            yield "The conversations that began since held no call for empathy."
        return
    parts: list[str] = []
    clear: list[str] = []
    for name, how in _IN_NEW.items():
        answered = calls.select("conversation_id", hit=pl.col("answer") == _ANSWERS[name])
        figure = rates.whole(answered, measure=name)
        if figure.value is None:
            yield f"How calls for empathy were answered in those that began since cannot be said: {figure.why}."
            return
        parts.append(f"{value_text(_KNOWN[name], figure.value)} {how} ({range_text(_KNOWN[name], figure)})")
        clear += _clear(name, figure, before["figures"].get(name))
    count = words.plural(calls.height, "call", "calls")
    yield f"Of {count} for empathy in the conversations that began since, {words.listing(parts)}."
    yield (
        f"Against the report before: {words.listing(clear)}."
        if clear
        else "Against the report before, that is nothing that chance could not do."
    )


def _clear(name: str, figure: Figure, told: Mapping[str, Any] | None) -> Iterator[str]:
    """What a figure is held against the last report's, where both intervals stand apart."""
    if told is None:
        return
    old = Figure(name, told["value"], told["n"], told["conversations"], told["low"], told["high"], "")
    way = "more" if figure.above(old) else "fewer" if old.above(figure) else ""
    if way:
        was = f"{value_text(_KNOWN[name], old.value or 0.0)} {in_brackets(_KNOWN[name], old)}"
        yield f"{way} {_HOW[name]} than the {was} of then"


def _newly(material: Material, found: list[Finding], before: State) -> Iterator[Sentence]:
    """What was newly found of agents, the clearest first."""
    old = {(agent, measure, section) for agent, measure, section in before["findings"]}
    for finding in found:
        if (finding.agent_id, finding.measure, finding.section) not in old:
            yield Sentence(_link(material, finding.agent_id), f"is newly named here: {finding.text}.")


def _gone(material: Material, found: list[Finding], before: State) -> Iterator[Sentence]:
    """What is no longer found of agents, agent by agent."""
    now = {(finding.agent_id, finding.measure, finding.section) for finding in found}
    titles: dict[str, list[str]] = {}
    for agent_id, measure, section in before["findings"]:
        if (agent_id, measure, section) not in now and agent_id in material.names and measure in _KNOWN:
            titles.setdefault(agent_id, []).append(f"“{_KNOWN[measure].title}”")
    for agent_id in sorted(titles, key=lambda agent: (material.names[agent].casefold(), agent)):
        yield Sentence(_link(material, agent_id), f"no longer stands out for {words.listing(titles[agent_id])}.")


def _link(material: Material, agent_id: str) -> Link:
    return Link(material.names[agent_id], material.agent_href(agent_id))


def _told(figure: Figure | None) -> dict[str, Any] | None:
    """A figure for the state; None without a value."""
    if figure is None or figure.value is None:
        return None
    ends = {"value": figure.value, "low": figure.low, "high": figure.high}
    return {name: None if end is None else round(end, 6) for name, end in ends.items()} | {
        "n": figure.n, "conversations": figure.conversations,
    }  # fmt: skip


def _until(material: Material) -> str:
    """When the last conversation began; "" without any time."""
    latest = material.said["started_at"].max()
    return latest.isoformat() if isinstance(latest, datetime) else ""


def _digest(material: Material) -> str:
    """What the report was made of, in sixty-four digits: the labels of every conversation, in any order of rows."""
    labelled = material.said.select(
        "conversation_id", "turn", "agent_id", "started_at", "channel", "queue", "flags", "tone", "kinds", "hardship",
        length=pl.col("text").str.len_chars(),
    )  # fmt: skip
    buffer = io.BytesIO()
    labelled.sort("conversation_id", "turn").write_csv(buffer)
    return hashlib.sha256(buffer.getvalue()).hexdigest()


def _understood(state: Mapping[str, Any]) -> bool:
    """Whether a file of a folder is a state as we write it, and so is what it was held against."""
    kinds = {"digest": str, "made_by": str, "conversations": int, "until": str, "figures": dict, "findings": list}
    if state.get("version") != VERSION or not all(isinstance(state.get(name), kind) for name, kind in kinds.items()):
        return False
    before, figures = state.get("before"), list(state["figures"].values())
    if not (all(map(_is_finding, state["findings"])) and all(map(_is_figure, figures)) and _is_time(state["until"])):
        return False
    return before is None or (isinstance(before, dict) and _understood(before | {"before": None}))


def _is_finding(value: object) -> bool:
    return isinstance(value, list) and len(value) == len(("agent", "measure", "section")) and all(
        isinstance(part, str) for part in value
    )  # fmt: skip


def _is_figure(value: object) -> bool:
    if value is None:
        return True
    names = ("value", "n", "conversations", "low", "high")
    return isinstance(value, dict) and all(isinstance(value.get(name), int | float) for name in names)


def _is_time(value: str) -> bool:
    try:
        return not value or datetime.fromisoformat(value).tzinfo is not None
    except ValueError:
        return False

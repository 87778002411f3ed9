"""That another model took over, and what that moved, in sentences for the front page and the Method page."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from empathy_scan.report import measures, words

NEWS = timedelta(weeks=4)  # so long the front page tells of it, by the newest conversation
LABELS = {
    "care": "the kind of care in agents' messages", "agent_tone": "agents' tone", "customer_tone": "customers' tone",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Takeover:
    """When a model took over from others, and what that moved: rows of `kind`, `label` and `values`."""

    at: datetime
    from_models: str  # fingerprints, with commas between them
    to_model: str
    told: tuple[Mapping[str, Any], ...] = ()


def named(name: str) -> measures.Measure:
    """A measure in the words of a report, also one that has no place on a page."""
    known = {each.name: each for each in (*measures.HEADLINES, *measures.FURTHER, *measures.LOADS)}
    title = name.replace("_", " ")
    return known.get(name) or measures.Measure(name, title, title, "missed", ("case", "cases"), "", form="points")


def sentences(takeover: Takeover) -> tuple[str, ...]:
    """Since when another model labels, that all history moved along, and what that moved."""
    return (first(takeover), *_moved(takeover.told))


def first(takeover: Takeover) -> str:
    """Since when another model labels, and that no figure here mixes the two."""
    on = words.date(takeover.at)
    who = (
        "the conversations are cut into other pieces for the model"
        if takeover.from_models == takeover.to_model
        else "another model labels the conversations"
    )
    return (
        f"Since {on} {who}. All earlier conversations were labelled again with it, so every figure and every week in "
        "this report is of one kind; reports from before that day are not comparable with this one."
    )


def news(takeovers: Sequence[Takeover], newest: datetime | None) -> tuple[str, ...]:
    """What the front page says: of the latest takeover, while it is news."""
    if not takeovers or (newest is not None and newest > takeovers[-1].at + NEWS):
        return ()
    heads = {each.name for each in measures.HEADLINES}
    told = tuple(row for row in takeovers[-1].told if row["kind"] != "team" or row["label"] in heads)
    return (
        first(takeovers[-1]),
        *_moved(told, some=told == takeovers[-1].told),
        f"Before: {_short(takeovers[-1].from_models)}; now: {takeovers[-1].to_model}.",
    )


def _short(models: str) -> str:
    return words.listing(models.split(","))


def _moved(told: Sequence[Mapping[str, Any]], *, some: bool = True) -> Iterator[str]:
    """What moved, in numbers; `some`: these are all figures of the team that did."""
    by_kind: dict[str, list[Mapping[str, Any]]] = {}
    for row in told:
        by_kind.setdefault(str(row["kind"]), []).append(row)
    if agreed := [row for row in by_kind.get("agreed", []) if row["label"] in LABELS]:
        parts = [f"{LABELS[row['label']]} in {share(row['values'][1:])}" for row in agreed]
        yield f"Old and new labels agree on {words.listing(parts)} of the messages compared."
    places = {each.name: place for place, each in enumerate((*measures.HEADLINES, *measures.FURTHER, *measures.LOADS))}
    rows = sorted(by_kind.get("team", []), key=lambda row: (places.get(row["label"], len(places)), row["label"]))
    team = [moved_text(row["label"], row["values"]) for row in rows if row["values"]]
    for title, text in team:
        yield f"{title}, the whole team: {text}."
    for row in by_kind.get("agents", []):
        moved, of, conversations = row["values"]
        what = words.plural(conversations, "conversation", "conversations")
        if not team and some:
            yield f"No figure of the whole team moved by more than chance leaves, over {what}."
        yield f"A figure moved by more than chance leaves for {moved:,} of {words.plural(of, 'agent', 'agents')}."


def share(ends: Sequence[float]) -> str:
    """`93% (92 to 94%)`."""
    value, low, high = ends
    return f"{words.percent(value)} ({words.whole(100 * low)} to {words.percent(high)})"


def moved_text(name: str, values: Sequence[float]) -> tuple[str, str]:
    """The title of a measure, and `from 41% to 45%: +4 points (+2 to +6)`; the values are scaled as they are told."""
    measure = named(name)
    old, new, value, low, high = values
    return measure.title, f"from {one(measure, old)} to {one(measure, new)}: {by(measure, value, low, high)}"


def one(measure: measures.Measure, value: float) -> str:
    """A value as its measure is written, small loads with a digit."""
    if measure.form == "load":
        return f"{value:.1f} per 100"
    return measures.value_text(measure, value)


def by(measure: measures.Measure, value: float, low: float, high: float) -> str:
    """`+4 points (+2 to +6)`; of loads with a digit."""
    if measure.form == "load":
        return f"{_digit(value)} per 100 ({_digit(low)} to {_digit(high)})"
    return f"{_points(value)} points ({_points(low)} to {_points(high)})"


def _points(value: float) -> str:
    """Percentage points; with a digit where they are few."""
    return words.signed(100 * value) if abs(value) >= 0.095 else _digit(100 * value)


def _digit(value: float) -> str:
    text = f"{value:+.1f}".replace("-", "\N{MINUS SIGN}")
    return "0" if text.strip("+\N{MINUS SIGN}") == "0.0" else text

"""How an agent bears up: the composure curve, what hostility does to the tone in counts, and snap chains."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from empathy_scan.codebook import CareClass
from empathy_scan.report import dialogue, measures, plots, support, words
from empathy_scan.report.cards import Cited
from empathy_scan.report.dialogue import Link, Turn
from empathy_scan.report.findings import Answers
from empathy_scan.report.material import TEAM, Material
from empathy_scan.report.measures import Figure, Measure
from empathy_scan.report.past import Chart

STEPS = tuple(f"composure_{step}" for step in range(4))
_SAID = ("none", "one", "two", "three or more")
_FEWEST = 2  # points that make a curve
CHAINS = 3  # told turn by turn; the others are counted
_LINKS = 3  # stock phrases of a chain that are quoted: the last before the tone turned


@dataclass(frozen=True, slots=True)
class Counts:
    """The agent's turns after a hostile customer and all others, as a page tells them."""

    rows: tuple[tuple[str, str, str], ...]  # after what, how many of how many, the share
    told: str


@dataclass(frozen=True, slots=True)
class Chain:
    """A conversation in which stock phrases came before a guarded or hostile turn: where, and turn by turn."""

    where: Link
    before: str  # how many more stock phrases came before those quoted
    steps: tuple[tuple[Turn, Link], ...]


@dataclass(frozen=True, slots=True)
class Snap:
    """A snap chain by its turns."""

    conversation_id: str
    turns: tuple[int, ...]
    more: int


def curve(material: Material, agent_id: str) -> Chart | None:
    """The composure curve beside the team's; None where fewer than two of its points are known."""
    lines = {agent_id: "This agent", **({TEAM: "The team"} if len(material.agents) > 1 else {})}
    points = [
        {"step": said, "who": who, **_point(figure)}
        for key, who in lines.items()
        for said, name in zip(_SAID, STEPS, strict=True)
        if (figure := material.figure(key, name)) and figure.value is not None and figure.low is not None
    ]
    if sum(point["who"] == "This agent" for point in points) < _FEWEST:
        return None
    rows = tuple(
        (said, *(_cell(material.figure(key, name), support.MEASURES[name]) for key in lines))
        for said, name in zip(_SAID, STEPS, strict=True)
    )
    told = "; ".join(f"after {row[0]} {row[1]}" for row in rows)
    title = "Guarded or hostile turns by how many hostile messages the customer had sent by then"
    spec = _spec(list(lines.values()))
    drawing = plots.drawing(spec, f"{title}: {told}.", values={"points": points})
    return Chart(title, drawing, f"{told}.", ("Hostile messages so far", *lines.values()), rows)


def counts(material: Material, agent_id: str, answers: Answers | None) -> Counts | None:
    """What hostility does to the agent's tone, in counts; None where the customer was never hostile, or always."""
    if answers is None or not answers.after or not answers.otherwise:
        return None
    rows = tuple(
        (when, f"{strained:,} of {number:,}", words.percent(strained / number))
        for when, strained, number in (
            ("Right after a hostile message", answers.strained_after, answers.after),
            ("After other messages", answers.strained_otherwise, answers.otherwise),
        )
    )
    figure, measure = material.figure(agent_id, "mirroring"), support.MEASURES["mirroring"]
    if figure is None or figure.value is None or figure.low is None:
        why = figure.why if figure and figure.why else "not enough conversations yet"
        return Counts(rows, f"Whether the two differ by more than chance cannot be said: {why}.")
    spread = f"{measures.value_text(measure, figure.value)} ({measures.range_text(measure, figure)})"
    surely = "more than chance would do" if figure.low > 0 else "no more than chance would do"
    return Counts(rows, f"The difference is {spread}: {surely}.")


def snaps(material: Material) -> dict[str, tuple[list[Snap], int]]:
    """By agent the newest snap chains, and how many there are."""
    key = ("agent_id", "conversation_id")
    snapped = material.exchanges.filter(pl.col("snapped"))
    first = snapped.group_by(key).agg(
        snap=pl.col("turn").min(), customer=pl.col("customer_turn").sort_by("turn").first()
    )
    recited = material.exchanges.filter(pl.col("care_class") == CareClass.SCRIPTED).join(first, on=key, how="inner")
    chains = (
        recited.filter(pl.col("turn") < pl.col("snap"))
        .group_by(*key, "started_at", "snap", "customer")
        .agg(pl.col("turn").sort().alias("turns"))
        .sort("agent_id", "started_at", "conversation_id", descending=[False, True, False], nulls_last=True)
    )
    number = {row[0]: row[1] for row in chains.group_by("agent_id").len().iter_rows()}
    found: dict[str, tuple[list[Snap], int]] = {}
    for row in chains.group_by("agent_id", maintain_order=True).head(CHAINS).iter_rows(named=True):
        turns = [*row["turns"][-_LINKS:], *([] if row["customer"] is None else [row["customer"]]), row["snap"]]
        snap = Snap(row["conversation_id"], tuple(sorted(set(turns))), max(0, len(row["turns"]) - _LINKS))
        found.setdefault(row["agent_id"], ([], number[row["agent_id"]]))[0].append(snap)
    return found


def chain(material: Material, snap: Snap, cited: Cited) -> Chain:
    """A snap chain turn by turn, each linked."""
    conversation = material.conversations[snap.conversation_id]
    where = f"{dialogue.channel(conversation)}, {dialogue.when(conversation)}"
    steps = tuple(
        (
            dialogue.turn(material, cited.turn(snap.conversation_id, turn), short=True),
            Link("Read it", material.href(snap.conversation_id, turn)),
        )
        for turn in snap.turns
    )
    more = words.plural(snap.more, "more stock phrase before", "more stock phrases before") if snap.more else ""
    return Chain(Link(where[:1].upper() + where[1:], material.href(snap.conversation_id, snap.turns[0])), more, steps)


def _point(figure: Figure) -> dict[str, float]:
    """A figure as a chart's data."""
    return {name: round(getattr(figure, name) or 0.0, 4) for name in ("value", "low", "high")}


def _cell(figure: Figure | None, measure: Measure) -> str:
    """`12% (5 to 25%) of 40 messages`, or why there is no figure."""
    if figure is None or figure.value is None:
        return figure.why if figure and figure.why else "not enough conversations yet"
    value = f"{measures.value_text(measure, figure.value)} ({measures.range_text(measure, figure)})"
    return f"{value} of {words.plural(figure.n, *measure.unit)}"


def _spec(who: list[str]) -> plots.Spec:
    """Points with their ranges, the agent's and the team's beside each other."""
    colours = [plots.PALETTE["guarded"], plots.PALETTE["soft"]][: len(who)]
    colour = {"field": "who", "type": "nominal", "title": None, "scale": {"domain": who, "range": colours},
              "legend": {"orient": "top", "symbolOpacity": 1}}  # fmt: skip
    shape = {"field": "who", "type": "nominal", "title": None, "scale": {"domain": who, "range": ["circle", "diamond"]}}
    axis = {"title": None, "format": ".0%", "tickCount": 4}
    return {
        "width": 420, "height": 190, "data": {"name": "points"},
        "encoding": {
            "x": {"field": "step", "type": "ordinal", "sort": list(_SAID),
                  "axis": {"title": "hostile messages from the customer so far", "labelAngle": 0}},
            "xOffset": {"field": "who", "sort": who},
            "color": colour,
        },
        "layer": [
            {"mark": {"type": "rule", "strokeWidth": 6, "opacity": 0.7},
             "encoding": {"y": {"field": "low", "type": "quantitative"}, "y2": {"field": "high"}}},
            {"mark": {"type": "point", "filled": True, "size": 80, "opacity": 1},
             "encoding": {"y": {"field": "value", "type": "quantitative", "axis": axis}, "shape": shape}},
        ],
    }  # fmt: skip

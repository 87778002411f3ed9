"""An agent's figures over time: week by week beside the team, and the last weeks against those before."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import polars as pl

from empathy_scan.report import measures, plots, support, words
from empathy_scan.report.material import Material, Row
from empathy_scan.report.measures import Figure, Measure

FEWEST = 3  # weeks with a figure that make a course
_MOST = 3  # charts on a page
_DRAWN = ("share", "load")


@dataclass(frozen=True, slots=True)
class Chart:
    """A drawing with the words that stand for it and its data as a table."""

    title: str
    drawing: plots.Drawing
    told: str
    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class Change:
    """A figure of the last weeks beside that of the weeks before."""

    measure: Measure
    after: str
    before: str
    change: str
    verdict: str
    changed: bool


def charts(
    material: Material, agent_id: str, weeks: pl.DataFrame | None, team: pl.DataFrame | None
) -> tuple[Chart, ...]:
    """The courses of the headline figures that have enough weeks; `weeks` and `team` are rows of trends.WEEKS."""
    if weeks is None:
        return ()
    drawn: list[Chart] = []
    for measure in measures.HEADLINES:
        own = _known(weeks, measure)
        if measure.form in _DRAWN and own.height >= FEWEST and len(drawn) < _MOST:
            others = own.clear() if team is None else _known(team, measure)
            drawn.append(_chart(measure, material.names[agent_id], own, others))
    return tuple(drawn)


def weeks_by_agent(material: Material) -> dict[str, pl.DataFrame]:
    """The weeks of every agent, and of the team under TEAM."""
    parts = material.weeks.sort("agent_id", "measure", "week").partition_by("agent_id", as_dict=True)
    return {str(agent_id): part for (agent_id,), part in parts.items()}


def changes(past: dict[tuple[str, str], Row], agent_id: str) -> tuple[Change, ...]:
    """The changes of an agent, in the order of the report's measures."""
    return tuple(_changes(past, agent_id))


def _changes(past: dict[tuple[str, str], Row], agent_id: str) -> Iterator[Change]:
    for name, measure in support.MEASURES.items():
        row = past.get((agent_id, name))
        if row is None:
            continue
        value = {
            side: f"{measures.value_text(measure, row[side])} in "
            + words.plural(row[f"conversations_{side}"], "conversation", "conversations")
            for side in ("after", "before")
        }
        verdict = "more than chance would do" if row["changed"] else "may be chance"
        yield Change(measure, value["after"], value["before"], support.change_text(row), verdict, bool(row["changed"]))


def _known(weeks: pl.DataFrame, measure: Measure) -> pl.DataFrame:
    """The weeks in which a measure has a figure with an interval."""
    return weeks.filter(
        (pl.col("measure") == measure.name) & pl.col("value").is_not_null() & pl.col("low").is_not_null()
    )


def _chart(measure: Measure, name: str, own: pl.DataFrame, team: pl.DataFrame) -> Chart:
    """One measure's course."""
    rows = [
        (words.day_and_month(row["week"]), _told(measure, row), _count(measure, row))
        for row in own.iter_rows(named=True)
    ]
    beside = {row["week"]: _told(measure, row) for row in team.iter_rows(named=True)}
    weeks = own["week"].to_list()
    table = tuple((*row, beside.get(week, "too little")) for row, week in zip(rows, weeks, strict=True))
    told = f"{measure.title}, week by week: {'; '.join(f'{row[0]} {row[1]}' for row in rows)}."
    return Chart(
        measure.title, plots.drawing(
            _spec(measure, [words.day_and_month(week) for week in sorted({*own["week"], *team["week"]})]),
            f"{name}. {told}",
            values={"own": _values(own), "team": _values(team)},
        ), told,
        ("Week from", "This agent", "Counted", "The team"), table,
    )  # fmt: skip


def _spec(measure: Measure, weeks: list[str]) -> plots.Spec:
    """The agent's figures with bars for their ranges, over the team's ranges as a band."""
    colour = plots.PALETTE[measure.kind if measure.kind in plots.PALETTE else "accent"]
    ends = {"y": {"field": "low", "type": "quantitative"}, "y2": {"field": "high"}}
    axis = {"title": None, "tickCount": 3, "grid": False, "format": ".0%" if measure.form == "share" else "d"}
    scale = {"scale": {"domain": [0, 1]}} if measure.form == "share" else {}
    value = {"y": {"field": "value", "type": "quantitative", "axis": axis, **scale}}
    return {
        "width": 250, "height": 120,
        "encoding": {"x": {
            "field": "week", "type": "ordinal", "scale": {"domain": weeks},
            "axis": {"title": None, "labelAngle": 0, "labelOverlap": True, "ticks": False},
        }},
        "layer": [
            {"data": {"name": "team"}, "encoding": ends,
             "mark": {"type": "area", "opacity": 0.16, "color": plots.PALETTE["ink"]}},
            {"data": {"name": "own"}, "layer": [
                {"mark": {"type": "rule", "strokeWidth": 5, "opacity": 0.7, "color": colour}, "encoding": ends},
                {"mark": {"type": "line", "color": colour, "point": {"filled": True, "size": 45}}, "encoding": value},
            ]},
        ],
    }  # fmt: skip


def _values(weeks: pl.DataFrame) -> list[dict[str, object]]:
    """The rows of weeks as a chart's data."""
    return [
        {"week": words.day_and_month(row["week"]), **{name: round(row[name], 4) for name in ("value", "low", "high")}}
        for row in weeks.iter_rows(named=True)
    ]


def _told(measure: Measure, row: Row) -> str:
    """`46% (31 to 62%)`."""
    figure = Figure(measure.name, row["value"], row["n"], row["conversations"], row["low"], row["high"], "")
    return f"{measures.value_text(measure, row['value'])} ({measures.range_text(measure, figure)})"


def _count(measure: Measure, row: Row) -> str:
    return words.plural(row["n"], *measure.unit)

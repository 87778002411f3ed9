"""Figures beside those counted: for the customers that an agent got, and drawn towards the team (adjust.py)."""

from __future__ import annotations

from collections.abc import Iterator

from empathy_scan.report import measures, support, words
from empathy_scan.report.material import Material
from empathy_scan.report.measures import Figure, Measure
from empathy_scan.stats import Estimate

HEAD = ("Figure", "Counted", "With the same customers as the others", "Drawn towards the team", "The others")
Row = tuple[str, str, str, str, str]


def rows(material: Material, agent_id: str) -> tuple[Row, ...]:
    """A row per figure that has them; none where there are fewer agents than a team takes."""
    return tuple(_rows(material, agent_id))


def _rows(material: Material, agent_id: str) -> Iterator[Row]:
    for name, measure in support.MEASURES.items():
        figure = material.figure(agent_id, name)
        if figure is None or figure.value is None or figure.shrunken is None:
            continue
        others = "" if figure.reference is None else measures.value_text(measure, figure.reference)
        counted = f"{_told(measure, Estimate(figure.value, figure.low or 0.0, figure.high or 0.0))} of "
        counted += words.plural(figure.n, *measure.unit)
        yield measure.title, counted, _adjusted(measure, figure), _told(measure, figure.shrunken), others


def _adjusted(measure: Measure, figure: Figure) -> str:
    return "compares own turns" if figure.adjusted is None else _told(measure, figure.adjusted)


def _told(measure: Measure, estimate: Estimate) -> str:
    """`46% (31 to 62%)`."""
    figure = Figure(measure.name, estimate.value, 0, 0, estimate.low, estimate.high, "")
    return f"{measures.value_text(measure, estimate.value)} ({measures.range_text(measure, figure)})"

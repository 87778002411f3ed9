"""Where calls for empathy are missed: by queue, by channel, by the hour, each with its count and interval."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from zoneinfo import ZoneInfo

import polars as pl
from markupsafe import Markup

from empathy_scan.report import measures, plots, rates, words
from empathy_scan.report.dialogue import CHANNELS
from empathy_scan.report.material import TEAM, Material
from empathy_scan.report.measures import HEADLINES, Figure, Shown, in_brackets, range_text, value_text

MOST = 12  # rows of a table; beyond them a count
_MISSED = next(measure for measure in HEADLINES if measure.name == "missed_rate")
_NO_QUEUE = "no queue named"


@dataclass(frozen=True, slots=True)
class Place:
    """One queue, channel or hour."""

    name: str
    cell: Shown
    clear: str  # `more often than elsewhere` where the interval supports it
    worse: bool


@dataclass(frozen=True, slots=True)
class Table:
    """All queues, or all channels, those first where calls are surely missed more often."""

    head: str
    rows: tuple[Place, ...]
    more: str


@dataclass(frozen=True, slots=True)
class Hours:
    """The hours of the day: drawn, and row by row."""

    drawing: Markup
    clock: str  # whose hours these are
    rows: tuple[Place, ...]


@dataclass(frozen=True, slots=True)
class Missed:
    """The section."""

    leads: tuple[str, ...]
    tables: tuple[Table, ...]
    hours: Hours | None


def missed(material: Material) -> Missed | None:
    """The section; None without a call for empathy that somebody could answer."""
    calls = _calls(material)
    team = material.figure(TEAM, "missed_rate")
    if calls.is_empty() or team is None or team.value is None:
        return None
    found = {
        "Queue": rates.by(calls, ["queue"], measure="missed_rate"),
        "Channel": rates.by(calls, ["channel"], measure="missed_rate"),
        "Hour": rates.by(calls.drop_nulls("hour"), ["hour"], measure="missed_rate"),
    }
    named = {head: {_name(head, key[0]): figure for key, figure in part.items()} for head, part in found.items()}
    clear = [
        f"{_IN[head].format(name)} {value_text(_MISSED, figure.value or 0.0)} {in_brackets(_MISSED, figure)}"
        for head, part in named.items()
        for name, figure in sorted(part.items(), key=lambda item: -(item[1].low or 0.0))
        if figure.above(team)
    ]
    tables = tuple(_table(material, head, named[head], team) for head in ("Queue", "Channel") if len(named[head]) > 1)
    hours = _hours(material, named["Hour"], team) if len(named["Hour"]) > 1 else None
    return Missed(tuple(_leads(team, clear, several=bool(tables or hours))), tables, hours)


_IN = {"Queue": "in queue {}", "Channel": "in {}", "Hour": "at {}"}


def _leads(team: Figure, clear: list[str], *, several: bool) -> list[str]:
    """How many calls are missed in all, and where surely more of them."""
    whole = f"{value_text(_MISSED, team.value or 0.0)} of calls for empathy are missed {in_brackets(_MISSED, team)}."
    if not several:
        return [whole]
    if not clear:
        return [whole, "No queue, channel or hour stands out: chance could make the differences between them."]
    return [whole, f"Surely more often {words.listing(clear)}."]


def _calls(material: Material) -> pl.DataFrame:
    """The calls for empathy that could be answered: `queue`, `channel`, `hour` (null without a time), and `hit`."""
    calls = material.answers.filter(pl.col("call") & pl.col("answer").is_not_null())
    zones = material.said.group_by("conversation_id").agg(pl.col("zone").drop_nulls().first())
    placed = calls.join(zones, on="conversation_id", how="left", maintain_order="left")
    channel = pl.when(pl.col("channel").is_in(list(CHANNELS))).then("channel").otherwise(pl.lit("other"))
    return placed.with_columns(hour=_hour(placed)).select(
        "conversation_id", "hour", queue=pl.col("queue").fill_null(""), channel=channel,
        hit=pl.col("answer") == "missed",
    )  # fmt: skip


def _hour(placed: pl.DataFrame) -> pl.Expr:
    """The hour of the day at which a conversation began, in the zone in which its export wrote it."""
    hour = pl.col("started_at").dt.hour()
    chain: pl.Expr = hour
    for zone in placed["zone"].drop_nulls().unique().sort():
        if (local := _local(zone)) is not None:
            chain = pl.when(pl.col("zone") == zone).then(local).otherwise(chain)
    return chain.cast(pl.Int32)


def _local(zone: str) -> pl.Expr | None:
    """The hour in a zone that is named (`Europe/Berlin`) or an offset (`+02:00`); None for one not known here."""
    zone = zone.removeprefix("UTC") or "UTC"
    if zone[:1] in "+-\N{MINUS SIGN}" and zone[1:3].isdecimal():
        minutes = 60 * int(zone[1:3]) + (int(zone[-2:]) if zone[-2:].isdecimal() and len(zone) > len("+02") else 0)
        shift = timedelta(minutes=minutes if zone[0] == "+" else -minutes)
        return (pl.col("started_at") + shift).dt.hour()
    try:
        ZoneInfo(zone)
    except (OSError, ValueError, KeyError):  # KeyError: no such zone
        return None
    return pl.col("started_at").dt.convert_time_zone(zone).dt.hour()


def _name(head: str, key: object) -> str:
    if head == "Hour":
        return f"{key:02d}:00"
    if head == "Channel":
        return CHANNELS[str(key)][1] if key != "other" else "other channels"
    return words.shown(str(key)) or _NO_QUEUE


def _place(material: Material, name: str, figure: Figure, team: Figure) -> Place:
    cell = measures.show(_MISSED, figure, axis=material.axes["missed_rate"], team=team)
    worse = figure.above(team)
    clear = "more often than elsewhere" if worse else "less often than elsewhere" if team.above(figure) else ""
    return Place(name, cell, clear, worse)


def _table(material: Material, head: str, figures: dict[str, Figure], team: Figure) -> Table:
    """The rows: where it is surely more often first, the surest of them first; then the others by name."""

    def order(item: tuple[str, Figure]) -> tuple[object, ...]:
        name, figure = item
        above = figure.above(team)
        return not above, -(figure.low or 0.0) if above else 0.0, figure.value is None, name.casefold(), name

    rows = [_place(material, name, figure, team) for name, figure in sorted(figures.items(), key=order)]
    hidden = len(rows) - MOST
    more = f"and {hidden:,} more, none of them surely more often" if hidden > 0 else ""
    return Table(head, tuple(rows[:MOST]), more)


def _hours(material: Material, figures: dict[str, Figure], team: Figure) -> Hours:
    """The hours in their order, drawn and in rows."""
    told = {name: figure for name, figure in figures.items() if figure.value is not None}
    zones = material.said["zone"].drop_nulls().n_unique()
    clock = "as the export wrote them, UTC where it names no zone" if zones else "UTC"
    rows = tuple(_place(material, name, figure, team) for name, figure in figures.items())
    return Hours(_drawing(told, team) if len(told) > 1 else Markup(""), clock, rows)


def _drawing(told: dict[str, Figure], team: Figure) -> Markup:
    """Bars by the hour, each with its range and its value written on it."""
    values = [
        {"hour": name, "value": 100 * (figure.value or 0.0), "low": 100 * (figure.low or 0.0),
         "high": 100 * (figure.high or 0.0), "text": words.percent(figure.value or 0.0)}
        for name, figure in told.items()
    ]  # fmt: skip
    spoken = ", ".join(
        f"{name} {words.percent(figure.value or 0)} ({range_text(_MISSED, figure)})" for name, figure in told.items()
    )
    height = {"type": "quantitative", "title": "% missed", "scale": {"domain": [0, 100]}, "axis": {"tickCount": 5}}
    place = {"field": "hour", "type": "ordinal", "title": None, "axis": {"labelAngle": 0}}
    spec = {
        "width": {"step": 46}, "height": 180, "data": {"values": values}, "encoding": {"x": place},
        "layer": [
            {"mark": {"type": "bar", "color": plots.PALETTE["missed"], "opacity": 0.7, "width": 26},
             "encoding": {"y": {"field": "value", **height}}},
            {"mark": {"type": "rule", "color": plots.PALETTE["missed"], "strokeWidth": 2},
             "encoding": {"y": {"field": "low", **height}, "y2": {"field": "high"}}},
            {"mark": {"type": "text", "dy": -6, "baseline": "bottom", "color": plots.PALETTE["ink"]},
             "encoding": {"y": {"field": "high", **height}, "text": {"field": "text"}}},
            {"mark": {"type": "rule", "color": plots.PALETTE["accent"], "strokeDash": [4, 3]},
             "encoding": {"y": {"datum": 100 * (team.value or 0.0), **height}, "x": None}},
        ],
    }  # fmt: skip
    return plots.svg(spec, f"Calls for empathy missed by the hour at which the conversation began: {spoken}.")

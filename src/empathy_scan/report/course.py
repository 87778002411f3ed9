"""The team's course: the last weeks against those before, in sentences, and its headline figures week by week."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl
from markupsafe import Markup

from empathy_scan import stats, trends
from empathy_scan.mirror import UNKNOWN_AGENT
from empathy_scan.report import findings, plots, words
from empathy_scan.report.dialogue import Link
from empathy_scan.report.material import TEAM, Material, Row
from empathy_scan.report.measures import HEADLINES, Figure, Measure, in_brackets, range_text, value_text
from empathy_scan.report.sentences import Group, Sentence

MOST = 4  # agents of a kind told by name
FEWEST_WEEKS = 2  # with a figure, from which on there is a course to draw
# Measure -> what somebody did, and whether more of it is good; None for a load.
CHANGED: dict[str, tuple[str, bool | None]] = {
    "empathy_rate": ("answered {} of calls for empathy with understanding", True),
    "scripted_rate": ("answered {} of calls for empathy with stock phrases only", False),
    "missed_rate": ("missed {} of calls for empathy", False),
    "rise_above_rate": ("rose above {} of hostile messages", True),
    "followed_by_action": ("followed {} of caring messages with a concrete step", True),
    "guarded_rate": ("was guarded in {} of messages", False),
    "belittling_rate": ("was hostile in {} of messages", False),
    "abuse_share": ("had abuse from customers in {} of conversations", None),
}
_SECTIONS = (
    (findings.STRENGTH, "Better than before"),
    (findings.TALK, "Worth a look"),
    (findings.LOAD, "Load that changed"),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Recent:
    """The last weeks against those before: of the team, then of agents; `nothing` where chance could have done it."""

    weeks: str  # `last 4 weeks`
    team: tuple[str, ...]
    groups: tuple[Group, ...]
    nothing: str


@dataclass(frozen=True, slots=True)
class Plot:
    """One measure's course as a drawing with its heading."""

    kind: str
    title: str
    drawing: Markup
    caption: str


@dataclass(frozen=True, slots=True)
class Course:
    """The team's headline figures week by week: drawn, and as a table with a row per week."""

    plots: tuple[Plot, ...]
    heads: tuple[str, ...]
    rows: tuple[tuple[str, tuple[str, ...]], ...]  # the week, a cell per measure


def recent(material: Material) -> Recent:
    """What is surely another in the last weeks than before."""
    known = material.changes.filter(pl.col("measure").is_in(list(CHANGED)))
    weeks = f"last {trends.RECENT} weeks"
    if known.is_empty():
        return Recent(weeks, (), (), f"Whether anything changed in the {weeks} cannot be said yet: that takes enough "
                      "dated conversations both in them and in the weeks before.")  # fmt: skip
    team = [_sentence(row) for row in _of_team(known)]
    changed = known.filter(pl.col("changed") & ~pl.col("agent_id").is_in([TEAM, UNKNOWN_AGENT])).sort(
        "p_value", "agent_id", "measure"
    )
    groups = tuple(_groups(material, [row for row in changed.to_dicts() if row["agent_id"] in material.names]))
    return Recent(weeks, tuple(team), groups, _nothing(weeks, team=bool(team), agents=bool(groups)))


def _nothing(weeks: str, *, team: bool, agents: bool) -> str:
    """That there is no change, of whom there is none."""
    of_whom = {(False, False): "for the team or for any agent", (False, True): "for the team as a whole",
               (True, False): "for any single agent"}  # fmt: skip
    where = of_whom.get((team, agents))
    return f"In the {weeks} against those before: nothing that chance could not do, {where}." if where else ""


def _of_team(known: pl.DataFrame) -> list[Row]:
    """The team's changes that hold after allowing for how many measures are told here."""
    rows = known.filter(agent_id=TEAM).sort("measure").to_dicts()
    believed = stats.benjamini_hochberg(np.array([row["p_value"] for row in rows], dtype=np.float64))
    kept = [row for row, true in zip(rows, believed, strict=True) if true and row["changed"]]
    return sorted(kept, key=lambda row: list(CHANGED).index(row["measure"]))


def _groups(material: Material, rows: list[Row]) -> Iterator[Group]:
    """Agents who changed, by whether that is good news, each with the surest of their changes of a kind."""
    for section, title in _SECTIONS:
        own = {row["agent_id"]: row for row in reversed(rows) if _section(row) == section}
        surest = sorted(own.values(), key=lambda row: (row["p_value"], row["agent_id"]))
        sentences = tuple(
            Sentence(Link(material.names[row["agent_id"]], material.agent_href(row["agent_id"])), _sentence(row))
            for row in surest[:MOST]
        )
        hidden = len(surest) - MOST
        more = f"and {words.plural(hidden, 'more agent', 'more agents')}: their pages tell" if hidden > 0 else ""
        if own:
            yield Group(section, title, sentences, more)


def _section(row: Row) -> str:
    good = CHANGED[row["measure"]][1]
    if good is None:
        return findings.LOAD
    return findings.STRENGTH if (row["change"] > 0) == good else findings.TALK


def _sentence(row: Row) -> str:
    """`missed 21% of calls for empathy (40 conversations), 41% before (120 conversations): −20 points (−33 to −7).`."""
    said, change = CHANGED[row["measure"]][0].format(words.percent(row["after"])), words.signed(100 * row["change"])
    ends = f"{words.signed(100 * row['low'])} to {words.signed(100 * row['high'])}"
    after, before = (
        words.plural(row[f"conversations_{when}"], "conversation", "conversations") for when in ("after", "before")
    )
    text = f"{said} ({after}), {words.percent(row['before'])} before ({before}): {change} points ({ends})."
    return f"The team {text}" if row["agent_id"] == TEAM else text


def course(material: Material, takeovers: Sequence[dt.datetime] = ()) -> Course | None:
    """The team's course; None where there are too few weeks with figures to call it one.

    The weeks of `takeovers`, in which another model took over, are marked.
    """
    own = material.weeks.filter(agent_id=TEAM).sort("week")
    told = own.filter(pl.col("value").is_not_null())
    drawn = [measure for measure in HEADLINES if told.filter(measure=measure.name).height >= FEWEST_WEEKS]
    if not drawn:
        return None
    figures = {(row["week"], row["measure"]): _figure(row) for row in own.iter_rows(named=True)}
    weeks = own["week"].unique().sort().to_list()
    rows = tuple(
        (words.week(week), tuple(_cell(measure, figures.get((week, measure.name))) for measure in drawn))
        for week in weeks
    )
    mondays = {each.date() - dt.timedelta(days=each.weekday()) for each in takeovers}
    plotted = tuple(_plot(measure, weeks, figures, mondays) for measure in drawn)
    return Course(plotted, tuple(measure.head for measure in drawn), rows)


def _figure(row: Row) -> Figure:
    names = ("measure", "value", "n", "conversations", "low", "high")
    return Figure(**{name: row[name] for name in names}, why=row["why"] or "")


def _cell(measure: Measure, figure: Figure | None) -> str:
    """`62% (48 to 75%, 41 calls for empathy)`, or why there is no figure."""
    if figure is None:
        return "none"
    if figure.value is None:
        return figure.why
    return f"{value_text(measure, figure.value)} {in_brackets(measure, figure)}"


def _plot(
    measure: Measure, weeks: list[dt.date], figures: dict[tuple[dt.date, str], Figure], mondays: Collection[dt.date]
) -> Plot:
    """One measure's course: a point a week, its range as a bar, so that a week without a figure is a gap."""
    known = [(week, figure) for week in weeks if (figure := figures.get((week, measure.name))) is not None]
    told = [(week, figure) for week, figure in known if figure.value is not None]
    first, last = told[0], told[-1]
    ends = [
        f"{value_text(measure, figure.value or 0)} ({range_text(measure, figure)}) in the week of {words.week(week)}"
        for week, figure in (first, last)
    ]
    label = f"{measure.title}, week by week: {ends[0]}, {ends[1]}; {len(told)} weeks with a figure."
    caption = f"Last week with a figure ({words.week(last[0])}): {_cell(measure, last[1])}."
    marked = sorted(monday for monday in mondays if first[0] <= monday <= last[0])
    if marked:
        caption += f" Dashed line: another model since the week of {words.listing(map(words.week, marked))}; all "
        caption += "weeks are labelled with it."
    return Plot(measure.kind, measure.title, plots.svg(_spec(measure, told, marked), label), caption)


def _spec(measure: Measure, told: list[tuple[dt.date, Figure]], marked: Sequence[dt.date]) -> plots.Spec:
    """A point a week, the weeks without a figure left free; there are never so many that two are called the same."""
    first, last = told[0][0], told[-1][0]
    every = [words.day_and_month(first + dt.timedelta(weeks=number)) for number in range((last - first).days // 7 + 1)]
    scale = 1 if measure.form in {"load", "each"} else 100
    values = [
        {"week": words.day_and_month(week), "value": scale * (figure.value or 0.0), "low": scale * (figure.low or 0.0),
         "high": scale * (figure.high or 0.0)}
        for week, figure in told
    ]  # fmt: skip
    colour = plots.PALETTE.get(measure.kind, plots.PALETTE["empathic"])
    domain = [0, 100] if measure.form == "share" else None
    title = {"share": "%", "points": "points", "load": "per 100"}.get(measure.form, "")
    place = {"field": "week", "type": "ordinal", "title": None, "scale": {"type": "point", "domain": every},
             "axis": {"labelAngle": 0, "labelOverlap": True, "labelSeparation": 10}}  # fmt: skip
    height = {"type": "quantitative", "title": title, "axis": {"tickCount": 4},
              "scale": {"domain": domain} if domain else {"zero": True}}  # fmt: skip
    rule = {
        "data": {"values": [{"week": words.day_and_month(monday)} for monday in marked]},
        "mark": {"type": "rule", "color": plots.PALETTE["soft"], "strokeDash": [4, 3]},
    }
    return {
        "width": 250, "height": 120, "data": {"values": values}, "encoding": {"x": place},
        "layer": [
            {"mark": {"type": "area", "color": colour, "opacity": 0.15},
             "encoding": {"y": {"field": "low", **height}, "y2": {"field": "high"}}},
            {"mark": {"type": "rule", "color": colour, "opacity": 0.7, "strokeWidth": 4},
             "encoding": {"y": {"field": "low", **height}, "y2": {"field": "high"}}},
            {"mark": {"type": "line", "color": colour}, "encoding": {"y": {"field": "value", **height}}},
            {"mark": {"type": "point", "color": colour, "filled": True, "size": 40, "opacity": 1},
             "encoding": {"y": {"field": "value", **height}}},
            *([rule] if marked else []),
        ],
    }  # fmt: skip

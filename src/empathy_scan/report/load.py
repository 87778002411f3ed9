"""Who takes the abuse, and who needs a breather: told as care for the person, never as a mark."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import polars as pl
from scipy import special

from empathy_scan import shifts, stats
from empathy_scan.codebook import Role
from empathy_scan.mirror import UNKNOWN_AGENT
from empathy_scan.report import measures, rows, words
from empathy_scan.report.dialogue import Link
from empathy_scan.report.material import TEAM, Material, Row
from empathy_scan.report.measures import (
    FURTHER,
    HEADLINES,
    LOADS,
    Figure,
    Measure,
    Shown,
    in_brackets,
    messages_text,
    value_text,
)

MOST = 12  # agents named
_KNOWN = {measure.name: measure for measure in (*HEADLINES, *FURTHER, *LOADS)}
_TEAM = ("abuse_load", "abuse_per_shift", "abuse_share", "customer_first",
         "abuse_insult", "abuse_threat", "abuse_profanity", "abuse_contempt")  # fmt: skip
_LATEST = dt.timedelta(days=7)
# What work leaves behind: measure -> its words where the interval is above 0, where it is below, and what it is about.
_AFTER = {
    "carry_over_tone": (
        "is guarded or hostile more often in the three conversations after an abusive one",
        "is steadier in the three conversations after an abusive one",
        "tone after a hard conversation",
    ),
    "carry_over_empathy": (
        "understands more in the three conversations after an abusive one",
        "understands less in the three conversations after an abusive one",
        "understanding after a hard conversation",
    ),
    "late_against_early": (
        "understands more in the last hour of a shift than in the first",
        "understands less in the last hour of a shift than in the first",
        "the last hour of a shift against the first",
    ),
}
_WEARS = {"carry_over_tone": True, "carry_over_empathy": False, "late_against_early": False}  # the sign that wears


@dataclass(frozen=True, slots=True)
class Breather:
    """An agent who may need a breather: why, and their load as it stands beside the team's."""

    who: Link
    reasons: tuple[str, ...]
    cells: tuple[Shown, ...]


@dataclass(frozen=True, slots=True)
class Load:
    """The load of the team and of those who take most of it."""

    lead: str
    after: tuple[str, ...]  # what hard conversations and late hours leave behind, in the team
    team: tuple[Shown, ...]
    columns: tuple[Measure, ...]
    agents: tuple[Breather, ...]
    more: str
    nothing: str


def load(material: Material) -> Load:
    """The load section of the front page."""
    reasons = _reasons(material)
    named = [agent for agent in material.agents if agent in reasons]
    ordered = sorted(named, key=lambda agent: (-len(reasons[agent]), -_value(material, agent), agent))
    columns = tuple(_KNOWN[name] for name in ("abuse_load", "abuse_per_shift", "abuse_share"))
    cells = {agent: tuple(rows.shown(material, agent, measure) for measure in columns) for agent in ordered[:MOST]}
    hidden = len(ordered) - MOST
    return Load(
        lead=_lead(material), after=tuple(_after_team(material)),
        team=tuple(rows.shown(material, TEAM, _KNOWN[name]) for name in _TEAM if material.figure(TEAM, name)),
        columns=columns,
        agents=tuple(
            Breather(Link(material.names[agent], material.agent_href(agent)), tuple(reasons[agent]), cells[agent])
            for agent in ordered[:MOST]
        ),
        more=f"and {words.plural(hidden, 'more agent', 'more agents')}: their pages tell" if hidden > 0 else "",
        nothing="" if ordered or len(material.agents) < 2 else
        "Nobody's load stands out by more than chance could do, and nobody had a very hard week or shift.",
    )  # fmt: skip


def _value(material: Material, agent: str) -> float:
    figure = material.figure(agent, "abuse_load")
    return (figure.value if figure else None) or 0.0


def _lead(material: Material) -> str:
    """`Customers sent 85 hostile messages per 100 conversations (60 to 110, 93 conversations)`."""
    figure = material.figure(TEAM, "abuse_load")
    if figure is None or figure.value is None:
        return f"How much abuse the team takes cannot be said: {figure.why if figure else 'no conversation yet'}."
    return f"Customers sent {messages_text(figure.value)} {in_brackets(_KNOWN['abuse_load'], figure)}."


def _after_team(material: Material) -> Iterator[str]:
    """What hard conversations and late hours leave behind in the team, as far as it can be said."""
    for name, (more, less, about) in _AFTER.items():
        figure, measure = material.figure(TEAM, name), _KNOWN[name]
        if figure is None or figure.value is None or figure.low is None or figure.high is None:
            continue
        told = f"{value_text(measure, figure.value)} {in_brackets(measure, figure)}"
        if figure.low > 0 or figure.high < 0:
            yield f"The team {more if figure.low > 0 else less}: {told}."
        else:
            yield f"As to {about}, nothing that chance could not do: {told}."


def _reasons(material: Material) -> dict[str, list[str]]:
    """Why an agent may need a breather, for those for whom there is a reason."""
    found: dict[str, list[str]] = {}
    if len(material.agents) < 2:  # one alone is the team
        return found
    parts = (_standing_out(material), _hard_week(material), _hard_shift(material), _more_lately(material),
             _worn(material))  # fmt: skip
    for part in parts:
        for agent, reason in part:
            if agent in material.names and agent != UNKNOWN_AGENT:
                found.setdefault(agent, []).append(reason)
    return found


def _standing_out(material: Material) -> Iterator[tuple[str, str]]:
    """Agents whose whole load is above the team's."""
    team, measure = material.figure(TEAM, "abuse_load"), _KNOWN["abuse_load"]
    for agent in material.agents:
        figure = material.figure(agent, "abuse_load")
        if figure and team and figure.above(team):
            own, whole = messages_text(figure.value or 0.0), value_text(measure, team.value or 0.0)
            yield agent, f"took {own} {in_brackets(measure, figure)}; the team {whole}"


def _hard_week(material: Material) -> Iterator[tuple[str, str]]:
    """Agents whose load in the last week is surely above the team's of the whole time."""
    team, measure = material.figure(TEAM, "abuse_load"), _KNOWN["abuse_load"]
    own = material.weeks.filter(pl.col("measure") == "abuse_load")
    if team is None or not team.value or own.is_empty():
        return
    last = own.filter((pl.col("week") == own["week"].max()) & (pl.col("agent_id") != TEAM) & (pl.col("low") > 0))
    # Loads are told apart on the scale of logarithms, where their intervals are about even on both sides.
    error = (pl.col("high").log() - pl.col("low").log()) / (2 * stats.QUANTILE)
    placed = last.sort("agent_id").with_columns(far=(pl.col("value").log() - math.log(team.value)) / error)
    believed = stats.benjamini_hochberg(special.ndtr(-placed["far"].to_numpy()))
    for row, true in zip(placed.iter_rows(named=True), believed, strict=True):
        figure = Figure("abuse_load", row["value"], row["n"], row["conversations"], row["low"], row["high"], "")
        if true and figure.above(team):
            told = f"{messages_text(row['value'])} {in_brackets(measure, figure)}"
            yield row["agent_id"], f"had a hard week from {words.week(row['week'])}: {told}"


def _hard_shift(material: Material) -> Iterator[tuple[str, str]]:
    """Agents with a shift in the last seven days with abuse in surely more of its conversations than usual."""
    usual = material.figure(TEAM, "abuse_share")
    if usual is None or usual.high is None:
        return
    latest = _latest_shifts(material.said).to_dicts()
    # The chance of as many abusive conversations or more, for any of the shifts that this one is the hardest of.
    chances = [
        min(1.0, row["shifts"] * float(special.bdtrc(row["abusive"] - 1, row["held"], usual.high))) for row in latest
    ]
    believed = stats.benjamini_hochberg(np.array(chances, dtype=np.float64))
    for row, true in zip(latest, believed, strict=True):
        if true:
            yield row["agent_id"], _shift_sentence(row, usual)


def _shift_sentence(row: Row, usual: Figure) -> str:
    spread = stats.wilson(row["abusive"], row["held"])
    share = measures.range_text(_KNOWN["abuse_share"], Figure("", spread.value, row["held"], row["held"],
                                                              spread.low, spread.high, ""))  # fmt: skip
    return (
        f"had a hard shift on {words.date(row['began'])}: abuse in {row['abusive']} of "
        f"{words.plural(row['held'], 'conversation', 'conversations')} ({share}), "
        f"{words.plural(row['hostile'], 'hostile message', 'hostile messages')}; usual is "
        f"{words.percent(usual.value or 0)}"
    )


def _latest_shifts(said: pl.DataFrame) -> pl.DataFrame:
    """Of each agent the hardest of the `shifts` of the last seven days: `began`, `held`, `abusive`, `hostile`."""
    labelled = said.filter(pl.col("tone").is_not_null()).sort("conversation_id", "turn")
    agent = pl.when(pl.col("role") == Role.AGENT).then("agent_id")
    owned = labelled.with_columns(
        owner=pl.coalesce(agent.backward_fill().over("conversation_id"), agent.forward_fill().over("conversation_id"))
    )
    spoken, heard = (owned.filter(pl.col("role") == role) for role in (Role.AGENT, Role.CUSTOMER))
    held = shifts.held_of(spoken, heard).drop_nulls("shift")
    of_shift = held.group_by("agent_id", "shift").agg(
        began=pl.col("started_at").min(), held=pl.len(), abusive=(pl.col("hostile") > 0).sum(),
        hostile=pl.col("hostile").sum(),
    )  # fmt: skip
    latest = of_shift.filter(pl.col("began") > pl.col("began").max() - _LATEST)
    share = pl.col("abusive") / pl.col("held")
    counted = latest.with_columns(shifts=pl.len().over("agent_id"))
    return counted.sort("agent_id", share, "abusive", "began", descending=[False, True, True, True]).unique(
        "agent_id", keep="first", maintain_order=True
    )


def _more_lately(material: Material) -> Iterator[tuple[str, str]]:
    """Agents who surely get abuse in more of their conversations than before the last weeks."""
    own = material.changes.filter((pl.col("measure") == "abuse_share") & pl.col("changed") & (pl.col("change") > 0))
    for row in own.filter(pl.col("agent_id") != TEAM).sort("agent_id").iter_rows(named=True):
        ends = f"{words.signed(100 * row['low'])} to {words.signed(100 * row['high'])}"
        yield (
            row["agent_id"],
            (
                f"gets abuse more often lately: in {words.percent(row['after'])} of {row['conversations_after']:,} "
                f"conversations, in {words.percent(row['before'])} of {row['conversations_before']:,} before "
                f"({words.signed(100 * row['change'])} points, {ends})"
            ),
        )


def _worn(material: Material) -> Iterator[tuple[str, str]]:
    """Agents in whom hard conversations or late hours surely leave something, after allowing for how many there are."""
    for name, (more, less, _) in _AFTER.items():
        own = [(agent, figure) for agent in material.agents if (figure := material.figure(agent, name))]
        known = [(agent, one) for agent, one in own if None not in (one.value, one.low, one.high)]
        believed = stats.benjamini_hochberg(np.array([_p_value(one) for _, one in known], dtype=np.float64))
        for (agent, figure), true in zip(known, believed, strict=True):
            up = (figure.low or 0.0) > 0
            if true and up == _WEARS[name] and (up or (figure.high or 0.0) < 0):
                said = value_text(_KNOWN[name], figure.value or 0.0)
                yield agent, f"{more if up else less}: {said} {in_brackets(_KNOWN[name], figure)}"


def _p_value(figure: Figure) -> float:
    """Two-sided, of no difference, at the standard error that the interval stands for."""
    error = max(((figure.high or 0.0) - (figure.low or 0.0)) / (2 * stats.QUANTILE), 1e-9)
    return float(2 * special.ndtr(-abs(figure.value or 0.0) / error))

"""The rows of the front page's tables: agents in bands, teams of the roster, groups of conversations."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from markupsafe import Markup

from empathy_scan.mirror import UNKNOWN_AGENT
from empathy_scan.report import charts, measures, words
from empathy_scan.report.dialogue import Link
from empathy_scan.report.material import TEAM, Material
from empathy_scan.report.measures import Figure, Measure, Shown

COLUMNS = measures.HEADLINES  # of all these tables


@dataclass(frozen=True, slots=True)
class AgentRow:
    """One agent in the table: a cell per headline measure, or why there is none."""

    who: Link
    held: int  # conversations, by which the table sorts
    conversations: str
    cells: tuple[Shown, ...]
    why: str = ""
    band: str = ""  # `A`, or `A–C` for one who shares a band with the agents of A, of B and of C
    bands: str = ""  # the same letter by letter, for the filter: `A B C`
    team: str = ""  # of the roster
    stands_out: bool = False


@dataclass(frozen=True, slots=True)
class TeamRow:
    """One team of the roster in the table of teams: its name, its agents and conversations, a cell per measure."""

    name: str
    held: str
    cells: tuple[Shown, ...]


@dataclass(frozen=True, slots=True)
class Agents:
    """The table of agents, and what its filters offer."""

    ranked: tuple[AgentRow, ...]
    waiting: tuple[AgentRow, ...]
    unnamed: AgentRow | None  # the agents whom no export names, together; they may be several, so they have no band
    bands: tuple[str, ...]  # the letters in use
    teams: tuple[str, ...]  # of the roster; none where there is only one
    count: str  # `12 agents`
    few: bool  # so few that nobody needs to search


def agents(material: Material, found: frozenset[str]) -> Agents:
    """The table of agents; `found` are those of whom a finding tells."""
    held = Counter(agent_id for row in material.conversations.values() for agent_id in row["agents"])
    rows = {agent_id: _agent_row(material, agent_id, held[agent_id]) for agent_id in material.agents}
    rows = {agent_id: replace(row, stands_out=agent_id in found) for agent_id, row in rows.items()}
    unnamed = rows.pop(UNKNOWN_AGENT, None)
    ranked = _banded(material, rows)
    teams = sorted({row.team for row in rows.values() if row.team}, key=lambda team: (team.casefold(), team))
    bands = dict.fromkeys(letter for row in ranked for letter in row.bands.split())
    return Agents(
        ranked, tuple(row for row in rows.values() if row.why), unnamed, tuple(bands),
        tuple(teams) if len(teams) > 1 else (), words.plural(len(rows), "agent", "agents"), len(rows) < 2,
    )  # fmt: skip


def stock(material: Material) -> Markup:
    """What the bars of all these tables refer to."""
    known = {measure: material.figure(TEAM, measure.name) for measure in COLUMNS}
    grounds = {
        measure.name: (material.axes[measure.name], figure.value if figure else None)
        for measure, figure in known.items()
    }
    return charts.stock(grounds, {measure.kind for measure in COLUMNS})


def shown(material: Material, agent_id: str, measure: Measure, *, narrow: bool = False) -> Shown:
    """A figure for a page, drawn on the scale that all bars of its measure share."""
    team = material.figure(TEAM, measure.name) if agent_id != TEAM and len(material.agents) > 1 else None
    figure = material.figure(agent_id, measure.name)
    return measures.show(measure, figure, axis=material.axes[measure.name], team=team, narrow=narrow)


def teams(material: Material) -> tuple[TeamRow, ...]:
    """The teams of the roster that have figures; none where there is only one."""
    names = material.team_names()
    return tuple(_team_row(material, team) for team in names) if len(names) > 1 else ()


def groups(material: Material) -> Iterator[tuple[str, tuple[TeamRow, ...]]]:
    """For every key that the settings group by its name and a row per group; the figures are held against the whole."""
    keys: dict[str, list[str]] = {}
    for group in sorted({group for group, _ in material.groups}):
        keys.setdefault(group.partition("=")[0], []).append(group)
    for key, named in keys.items():
        yield words.shown(key.replace("_", " ")), tuple(_group_row(material, group) for group in named)


def _agent_row(material: Material, agent_id: str, held: int) -> AgentRow:
    """An agent's row; without an empathy rate it holds the reason."""
    cells = tuple(shown(material, agent_id, measure, narrow=True) for measure in COLUMNS)
    return AgentRow(
        Link(material.names[agent_id], material.agent_href(agent_id)), held,
        words.plural(held, "conversation", "conversations"), cells, cells[0].why,
        team=words.shown(material.people.teams.get(agent_id, "")),
    )  # fmt: skip


def _group_row(material: Material, group: str) -> TeamRow:
    held = material.groups.get((group, "conversations"))
    count = words.plural(int((held.value if held else None) or 0), "conversation", "conversations")
    return TeamRow(words.shown(group.partition("=")[2]), count, _cells(material, material.groups, group))


def _team_row(material: Material, team: str) -> TeamRow:
    """A team's row; its figures are held against the whole."""
    members = {agent for agent in material.agents if material.people.teams.get(agent) == team}
    held = sum(1 for row in material.conversations.values() if members.intersection(row["agents"]))
    cells = _cells(material, material.teams, team)
    count = words.plural(len(members), "agent", "agents")
    return TeamRow(words.shown(team), f"{count}, {words.plural(held, 'conversation', 'conversations')}", cells)


def _cells(material: Material, figures: Mapping[tuple[str, str], Figure], name: str) -> tuple[Shown, ...]:
    """The headline figures of a team or group."""
    return tuple(
        measures.show(
            measure, figures.get((name, measure.name)), axis=material.axes[measure.name],
            team=material.figure(TEAM, measure.name), narrow=True,
        )
        for measure in COLUMNS
    )  # fmt: skip


def _banded(material: Material, rows: Mapping[str, AgentRow]) -> tuple[AgentRow, ...]:
    """The rows of agents with figures, the highest band first and by name within it."""
    spans = {agent_id: _range(material, agent_id) for agent_id, row in rows.items() if not row.why}
    bands = measures.bands(spans)
    ordered = sorted(spans, key=bands.__getitem__)  # keeps the order of names among equals
    return tuple(
        replace(
            rows[agent_id], band=measures.letters(first, last),
            bands=" ".join(measures.letters(band, band) for band in range(first, last + 1)),
        )
        for agent_id in ordered
        for first, last in [bands[agent_id]]
    )  # fmt: skip


def _range(material: Material, agent_id: str) -> tuple[float, float]:
    """The range of an agent's empathy rate; the value itself where there is no interval."""
    figure = material.figure(agent_id, "empathy_rate")
    value = (figure.value if figure else None) or 0.0
    low, high = (figure.low, figure.high) if figure else (None, None)
    return value if low is None else low, value if high is None else high

"""What stands on the front page and on the agents' pages: every number and sentence that is not part of a dialogue."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from markupsafe import Markup

from empathy_scan.mirror import UNKNOWN_AGENT
from empathy_scan.report import charts, dialogue, findings, measures, words
from empathy_scan.report.dialogue import Link, Reply
from empathy_scan.report.findings import Answers, Finding
from empathy_scan.report.material import TEAM, Material, Row
from empathy_scan.report.measures import Figure, Measure, Shown

NO_FINDING = "No agent stands clear of the others: the ranges of their figures overlap."
REJECTS_SHOWN = 200  # rows of what could not be read; beyond them a count


@dataclass(frozen=True, slots=True)
class Sentence:
    """A finding for a page: whom it is about (None on the agent's own page), and how it goes on."""

    who: Link | None
    text: str


@dataclass(frozen=True, slots=True)
class Group:
    """Sentences of one kind under a heading; `more` tells of those left out."""

    kind: str
    title: str
    sentences: tuple[Sentence, ...]
    more: str = ""


@dataclass(frozen=True, slots=True)
class AgentRow:
    """One agent in the table: a cell per headline measure, or why there is none."""

    who: Link
    conversations: str
    cells: tuple[Shown, ...]
    why: str = ""
    band: str = ""  # `A`, or `A–C` for one who shares a band with the agents of A, of B and of C


@dataclass(frozen=True, slots=True)
class TeamRow:
    """One team of the roster in the table of teams: its name, its agents and conversations, a cell per measure."""

    name: str
    held: str
    cells: tuple[Shown, ...]


@dataclass(frozen=True, slots=True)
class Listed:
    """A conversation in a list: its address, what it was, and what happened in it."""

    who: Link
    agents: tuple[Link, ...]
    kind: str
    queue: str
    counts: tuple[Reply, ...]


@dataclass(frozen=True, slots=True)
class Front:
    """The front page."""

    title: str
    period: str
    facts: tuple[str, ...]
    leads: tuple[str, ...]
    split: Markup
    parts: tuple[Reply, ...]
    groups: tuple[Group, ...]
    nothing: str  # said where no agent stands out
    figures: tuple[Shown, ...]
    teams: tuple[TeamRow, ...]  # of the roster, by name, where there are several
    groups_of: tuple[tuple[str, tuple[TeamRow, ...]], ...]  # by what the settings group: its name, a row per group
    unlisted: str  # the agents who are not on the roster
    columns: tuple[Measure, ...]  # of the tables of teams and agents
    ranked: tuple[AgentRow, ...]
    waiting: tuple[AgentRow, ...]
    unnamed: AgentRow | None  # the agents whom no export names, together; they may be several, so they have no band
    rejects: tuple[Row, ...]
    rejects_count: str
    rejects_more: str


GROUPS = (
    (findings.STRENGTH, "Worth learning from"),
    (findings.TALK, "Worth talking about"),
    (findings.LOAD, "Load worth sharing"),
)


def front(material: Material, counts: Mapping[str, Answers], found: list[Finding]) -> Front:
    """The front page."""
    held = Counter(agent_id for row in material.conversations.values() for agent_id in row["agents"])
    rows = {agent_id: _agent_row(material, agent_id, held[agent_id]) for agent_id in material.agents}
    unnamed = rows.pop(UNKNOWN_AGENT, None)
    told = [row for row in rows.values() if not row.why]
    parts = _parts(material)
    groups = tuple(groups_of(found, most=findings.MOST, names=material.names, links=_agent_links(material)))
    hidden = len(material.rejects) - REJECTS_SHOWN
    return Front(
        title=words.shown(material.config.title), period=_period(material), facts=_facts(material),
        leads=tuple(findings.of_team(material, counts)), split=_split(parts),
        parts=tuple(Reply(part.kind, text, "") for part, text in parts), groups=groups,
        nothing="" if groups or len(told) < 2 else NO_FINDING,
        figures=tuple(shown(material, TEAM, measure) for measure in measures.HEADLINES if material.conversations),
        teams=_teams(material), groups_of=tuple(_groups(material)),
        unlisted=words.listing(material.names[agent] for agent in material.people.unlisted),
        columns=measures.HEADLINES, ranked=_banded(material, rows),
        waiting=tuple(row for row in rows.values() if row.why), unnamed=unnamed,
        rejects=tuple(_readable(reject) for reject in material.rejects[:REJECTS_SHOWN]),
        rejects_count=words.plural(len(material.rejects), "file or part of a file", "files or parts of files"),
        rejects_more=f"and {hidden:,} more of the kind" if hidden > 0 else "",
    )  # fmt: skip


def listing(material: Material) -> tuple[Listed, ...]:
    """All conversations, by date."""
    return tuple(listed(material, row) for row in material.conversations.values())


def _period(material: Material) -> str:
    return span(list(material.conversations.values()))


def span(conversations: list[Row]) -> str:
    """The first to the last date of conversations."""
    dates = [row["started_at"] for row in conversations if row["started_at"]]
    return words.period(min(dates, default=None), max(dates, default=None))


def held_as(conversations: list[Row]) -> Iterator[str]:
    """`93 conversations (50 calls, 30 chats and 13 e-mail threads)`; without brackets where no channel is known."""
    count = words.plural(len(conversations), "conversation", "conversations")
    channels = [row["channel"] if row["channel"] in dialogue.CHANNELS else "other" for row in conversations]
    kinds = [
        words.plural(channels.count(kind), *names) for kind, names in dialogue.CHANNELS.items() if kind in channels
    ]
    yield f"{count} ({words.listing(kinds)})" if {*channels} - {"other"} else count


def _facts(material: Material) -> tuple[str, ...]:
    """What the report covers."""
    calls = sum(row["calls"] for row in material.conversations.values())
    hostile = sum(row["hostile"] for row in material.conversations.values())
    return (
        *held_as(list(material.conversations.values())),
        words.plural(len(material.agents), "agent", "agents"),
        words.plural(calls, "call for empathy", "calls for empathy"),
        words.plural(hostile, "hostile message from customers", "hostile messages from customers"),
    )


def _parts(material: Material) -> list[tuple[charts.Part, str]]:
    """The three answers to a call for empathy, as parts of one bar with their words; none without figures."""
    titles = {"empathy_rate": "with understanding", "scripted_rate": "stock phrases only", "missed_rate": "missed"}
    kinds = {measure.name: measure.kind for measure in measures.HEADLINES}
    found = {name: material.figure(TEAM, name) for name in titles}
    return [
        (charts.Part(kinds[name], figure.value), f"{words.percent(figure.value)} {titles[name]}")
        for name, figure in found.items()
        if figure and figure.value is not None
    ]


def _split(parts: list[tuple[charts.Part, str]]) -> Markup:
    """The bar of the three answers; nothing without figures."""
    label = f"Calls for empathy: {words.listing(text for _, text in parts)}"
    return charts.split([part for part, _ in parts], label=label) if parts else Markup("")


def _agent_links(material: Material) -> dict[str, Link]:
    return {agent: Link(material.names[agent], material.agent_href(agent)) for agent in material.agents}


def groups_of(
    found: list[Finding], *, most: int, names: Mapping[str, str], links: Mapping[str, Link] | None = None
) -> Iterator[Group]:
    """The findings under their headings, the clearest first; headings without any are left out."""
    for section, title in GROUPS:
        own = [finding for finding in found if finding.section == section]
        more = words.plural(len(own) - most, "more is in the table below", "more are in the table below")
        sentences = tuple(
            Sentence(links[finding.agent_id], f"{finding.text}.")
            if links
            else Sentence(None, f"{names[finding.agent_id]} {finding.text}.")
            for finding in own[:most]
        )
        if own:
            yield Group(section, title, sentences, more if len(own) > most else "")


def shown(material: Material, agent_id: str, measure: Measure, *, narrow: bool = False) -> Shown:
    """A figure for a page, drawn on the scale that all bars of its measure share."""
    team = material.figure(TEAM, measure.name) if agent_id != TEAM and len(material.agents) > 1 else None
    figure = material.figure(agent_id, measure.name)
    return measures.show(measure, figure, axis=material.axes[measure.name], team=team, narrow=narrow)


def _agent_row(material: Material, agent_id: str, held: int) -> AgentRow:
    """An agent's row; without an empathy rate it holds the reason."""
    cells = tuple(shown(material, agent_id, measure, narrow=True) for measure in measures.HEADLINES)
    return AgentRow(
        Link(material.names[agent_id], material.agent_href(agent_id)),
        words.plural(held, "conversation", "conversations"), cells, cells[0].why,
    )  # fmt: skip


def _teams(material: Material) -> tuple[TeamRow, ...]:
    """The teams of the roster that have figures; none where there is only one."""
    names = sorted({team for team, _ in material.teams}, key=lambda team: (team.casefold(), team))
    return tuple(_team_row(material, team) for team in names) if len(names) > 1 else ()


def _groups(material: Material) -> Iterator[tuple[str, tuple[TeamRow, ...]]]:
    """For every key that the settings group by its name and a row per group; the figures are held against the whole."""
    keys: dict[str, list[str]] = {}
    for group in sorted({group for group, _ in material.groups}):
        keys.setdefault(group.partition("=")[0], []).append(group)
    for key, groups in keys.items():
        yield words.shown(key.replace("_", " ")), tuple(_group_row(material, group) for group in groups)


def _group_row(material: Material, group: str) -> TeamRow:
    held = material.groups.get((group, "conversations"))
    count = words.plural(int((held.value if held else None) or 0), "conversation", "conversations")
    return TeamRow(words.shown(group.partition("=")[2]), count, _cells(material, material.groups, group))


def _team_row(material: Material, team: str) -> TeamRow:
    """A team's row; its figures are held against the whole."""
    members = {agent for agent in material.agents if material.people.teams.get(agent) == team}
    held = sum(1 for row in material.conversations.values() if members.intersection(row["agents"]))
    cells = _cells(material, material.teams, team)
    agents = words.plural(len(members), "agent", "agents")
    return TeamRow(words.shown(team), f"{agents}, {words.plural(held, 'conversation', 'conversations')}", cells)


def _cells(material: Material, figures: Mapping[tuple[str, str], Figure], name: str) -> tuple[Shown, ...]:
    """The headline figures of a team or group."""
    return tuple(
        measures.show(
            measure, figures.get((name, measure.name)), axis=material.axes[measure.name],
            team=material.figure(TEAM, measure.name), narrow=True,
        )
        for measure in measures.HEADLINES
    )  # fmt: skip


def _banded(material: Material, rows: Mapping[str, AgentRow]) -> tuple[AgentRow, ...]:
    """The rows of agents with figures, the highest band first and by name within it."""
    spans = {agent_id: _range(material, agent_id) for agent_id, row in rows.items() if not row.why}
    bands = measures.bands(spans)
    ordered = sorted(spans, key=bands.__getitem__)  # keeps the order of names among equals
    return tuple(replace(rows[agent_id], band=measures.letters(*bands[agent_id])) for agent_id in ordered)


def _range(material: Material, agent_id: str) -> tuple[float, float]:
    """The range of an agent's empathy rate; the value itself where there is no interval."""
    figure = material.figure(agent_id, "empathy_rate")
    value = (figure.value if figure else None) or 0.0
    low, high = (figure.low, figure.high) if figure else (None, None)
    return value if low is None else low, value if high is None else high


def _readable(reject: Row) -> Row:
    """A reject with its texts fit for a page."""
    return {name: words.shown(str(value)) for name, value in reject.items()}


def _date_and_hour(row: Row) -> str:
    """When a conversation began, in words where the export has no time."""
    return words.date_and_time(row["started_at"]) if row["started_at"] else "date not known"


def listed(material: Material, row: Row, *, without: str = "") -> Listed:
    """A conversation for a list; `without` leaves out the agent whose page it is."""
    kind = dialogue.channel(row)
    others = tuple(
        Link(material.names[agent], material.agent_href(agent)) for agent in row["agents"] if agent != without
    )
    return Listed(
        Link(_date_and_hour(row), material.href(row["conversation_id"])), others,
        f"{kind}, {words.plural(row['turns'], 'message', 'messages')}",
        words.shown(row["queue"] or ""), tuple(dialogue.counts(row)),
    )  # fmt: skip

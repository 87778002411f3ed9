"""What stands on the front page and on the agents' pages: every number and sentence that is not part of a dialogue."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from markupsafe import Markup

from empathy_scan.report import (
    charts,
    course,
    dialogue,
    findings,
    house,
    load,
    measures,
    missed,
    rows,
    since,
    takeover,
    words,
)
from empathy_scan.report.course import Course, Recent
from empathy_scan.report.dialogue import Link, Reply
from empathy_scan.report.findings import Answers, Finding
from empathy_scan.report.house import House
from empathy_scan.report.load import Load
from empathy_scan.report.material import TEAM, Material, Row
from empathy_scan.report.measures import Measure, Shown
from empathy_scan.report.missed import Missed
from empathy_scan.report.own import Section as OwnSection
from empathy_scan.report.rows import Agents, TeamRow, shown
from empathy_scan.report.sentences import Group, Sentence
from empathy_scan.report.since import Since, State
from empathy_scan.report.takeover import Takeover

__all__ = ["Group", "Sentence", "shown"]  # for the agents' pages too

NO_FINDING = "No agent stands clear of the others: the ranges of their figures overlap."
REJECTS_SHOWN = 200  # rows of what could not be read; beyond them a count


@dataclass(frozen=True, slots=True)
class Listed:
    """A conversation in a list: its address, what it was, and what happened in it."""

    who: Link
    agents: tuple[Link, ...]
    kind: str
    queue: str
    counts: tuple[Reply, ...]
    channel: str = ""  # `calls`, for the filter
    began: str = ""  # as it sorts; "" where the export has no time


@dataclass(frozen=True, slots=True)
class Front:
    """The front page."""

    title: str
    period: str
    facts: tuple[str, ...]
    news: tuple[str, ...]  # that another model took over lately, and what that moved
    leads: tuple[str, ...]
    split: Markup
    parts: tuple[Reply, ...]
    groups: tuple[Group, ...]
    nothing: str  # said where no agent stands out
    figures: tuple[Shown, ...]
    since: Since  # the last report in this folder
    recent: Recent  # the last weeks against those before
    course: Course | None
    load: Load
    missed: Missed | None
    house: House | None
    teams: tuple[TeamRow, ...]  # of the roster, by name, where there are several
    groups_of: tuple[tuple[str, tuple[TeamRow, ...]], ...]  # by what the settings group: its name, a row per group
    unlisted: str  # the agents who are not on the roster
    stock: Markup  # what the bars of the tables refer to
    columns: tuple[Measure, ...]  # of the tables of teams and agents
    agents: Agents
    warned: tuple[str, ...]  # that differences between agents may be those of queue or channel
    review: str  # what the centre's own people said of its turns
    rejects: tuple[Row, ...]
    rejects_count: str
    rejects_more: str
    own: tuple[OwnSection, ...] = ()  # labels of the centre's own


GROUPS = (
    (findings.STRENGTH, "Worth learning from"),
    (findings.TALK, "Worth talking about"),
    (findings.LOAD, "Load worth sharing"),
)


def front(
    material: Material,
    counts: Mapping[str, Answers],
    found: list[Finding],
    state: State,
    *,
    takeovers: Sequence[Takeover] = (),
    review: str = "",
    warned: tuple[str, ...] = (),
) -> Front:
    """The front page; `state` says of which report it is the next one (since.py), `takeovers` when models changed.

    `review` is the line of reviewed.py, `warned` the sentences of fairness.py.
    """
    parts = _parts(material)
    groups = tuple(groups_of(found, most=findings.MOST, names=material.names, links=_agent_links(material)))
    agents = rows.agents(material, frozenset(finding.agent_id for finding in found))
    hidden = len(material.rejects) - REJECTS_SHOWN
    return Front(
        title=words.shown(material.config.title), period=_period(material), facts=_facts(material),
        news=takeover.news(takeovers, _newest(material)),
        leads=tuple(findings.of_team(material, counts)), split=_split(parts),
        parts=tuple(Reply(part.kind, text, "") for part, text in parts), groups=groups,
        nothing="" if groups or len(agents.ranked) < 2 else NO_FINDING,
        figures=tuple(shown(material, TEAM, measure) for measure in measures.HEADLINES if material.conversations),
        since=since.changes_of(material, found, state), recent=course.recent(material),
        course=course.course(material, tuple(each.at for each in takeovers)),
        load=load.load(material), missed=missed.missed(material), house=house.house(material),
        teams=rows.teams(material), groups_of=tuple(rows.groups(material)),
        unlisted=words.listing(material.names[agent] for agent in material.people.unlisted),
        stock=rows.stock(material), columns=rows.COLUMNS, agents=agents, warned=warned,
        review=review,
        rejects=tuple(_readable(reject) for reject in material.rejects[:REJECTS_SHOWN]),
        rejects_count=words.plural(len(material.rejects), "file or part of a file", "files or parts of files"),
        rejects_more=f"and {hidden:,} more of the kind" if hidden > 0 else "",
    )  # fmt: skip


def listing(material: Material) -> tuple[Listed, ...]:
    """All conversations, by date."""
    return tuple(listed(material, row) for row in material.conversations.values())


def _newest(material: Material) -> datetime | None:
    return max((row["started_at"] for row in material.conversations.values() if row["started_at"]), default=None)


def _period(material: Material) -> str:
    return span(list(material.conversations.values()))


def span(conversations: list[Row]) -> str:
    """The first to the last date of conversations."""
    dates = [row["started_at"] for row in conversations if row["started_at"]]
    return words.period(min(dates, default=None), max(dates, default=None))


def held_as(conversations: list[Row]) -> Iterator[str]:
    """`93 conversations (50 phone calls, 30 chats and 13 e-mail threads)`; no brackets where no channel is known.

    A call is a phone call here: on the same line stand calls for empathy.
    """
    count = words.plural(len(conversations), "conversation", "conversations")
    channels = [row["channel"] if row["channel"] in dialogue.CHANNELS else "other" for row in conversations]
    named = dialogue.CHANNELS | {"call": ("phone call", "phone calls")}
    kinds = [words.plural(channels.count(kind), *names) for kind, names in named.items() if kind in channels]
    yield f"{count} ({words.listing(kinds)})" if {*channels} - {"other"} else count


def _facts(material: Material) -> tuple[str, ...]:
    """What the report covers."""
    calls = sum(row["calls"] for row in material.conversations.values())
    hostile = sum(row["hostile"] for row in material.conversations.values())
    return (
        *held_as(list(material.conversations.values())),
        words.plural(len(material.agents), "agent", "agents"),
        words.plural(calls, "message that called for empathy", "messages that called for empathy"),
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
        dialogue.CHANNELS.get(row["channel"], dialogue.CHANNELS["other"])[1],
        row["started_at"].isoformat() if row["started_at"] else "",
    )  # fmt: skip

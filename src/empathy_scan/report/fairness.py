"""The fairness page: figures, errors and flips by group, and when differences between agents may be those of groups."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from empathy_scan import __version__
from empathy_scan.codebook import CODEBOOK_VERSION
from empathy_scan.confounding import Compared, Comparison
from empathy_scan.fairness import errors as rates
from empathy_scan.fairness import flips
from empathy_scan.fairness.errors import ErrorRate
from empathy_scan.fairness.flips import Flips
from empathy_scan.fairness.gaps import Gap
from empathy_scan.fairness_results import Fairness
from empathy_scan.group_figures import GroupFigure
from empathy_scan.report import measures, rendering, standalone, support, words
from empathy_scan.stats import Estimate

NAME = "fairness"
MOST_FLIPS = 0.03  # of decisions: what a release sets out to stay below (the model card's goal)
_NONE = "(none)"  # of conversations whose export does not tell (groups.py)
_WARNED = 3  # warnings in full on the front page
_EVENTS = {
    "understanding": "understanding", "stock_phrase": "stock phrases only",
    "agent_not_civil": "an agent's tone that is not civil",
    "agent_hostile": "a hostile agent", "customer_not_civil": "an upset or hostile customer",
    "customer_hostile": "a hostile customer",
}  # fmt: skip
_KINDS = {
    rates.FOUND: ("Found", "of what reviewers call so"), rates.FALSE: ("Seen where it is not", "of what they do not"),
    rates.RIGHT: ("Right", "of what the model calls so"),
}  # fmt: skip
_ROLES = {"agent": "agents' messages", "customer": "customers' messages"}
_FAMILIES = {"names": "Names", "dialect": "Dialect", "style": "Style"}


@dataclass(frozen=True, slots=True)
class Cell:
    """A figure of a group; `apart` says in words where it surely differs from the other groups."""

    value: str
    counted: str
    why: str
    apart: str


@dataclass(frozen=True, slots=True)
class Line:
    """A group with its cells."""

    group: str
    cells: tuple[Cell, ...]


@dataclass(frozen=True, slots=True)
class Table:
    """A facet: its heading, the heads of its columns and what they are of, a line per group."""

    anchor: str
    title: str
    heads: tuple[tuple[str, str], ...]
    lines: tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class AgentLine:
    """An agent against the others, as counted and within the same groups."""

    who: str
    counted: str
    within: str
    n: str
    remark: str


@dataclass(frozen=True, slots=True)
class AgentTable:
    """The agents by one facet in one measure."""

    title: str
    summary: str
    lines: tuple[AgentLine, ...]


@dataclass(frozen=True, slots=True)
class Page:
    """What the page says."""

    title: str
    facts: tuple[str, ...]
    warnings: tuple[str, ...]
    calm: str
    notes: tuple[str, ...]
    overview: Table | None
    quiet_agents: str
    agents: tuple[AgentTable, ...]  # of the comparisons that warn
    figures: tuple[Table, ...]
    overall: Table | None
    errors: tuple[Table, ...]
    no_errors: str
    flips: Table | None
    no_flips: str
    untold: tuple[str, ...]
    linked: bool


def write(folder: Path, found: Fairness, title: str, names: Mapping[str, str]) -> Path:
    """Writes `fairness.html` and `fairness.md` into a folder; gives the path of the first. Raises OutputError."""
    page = said(found, names, linked=standalone.is_linked(folder))
    provenance = {"version": __version__, "model": found.model, "codebook": str(CODEBOOK_VERSION)}
    return standalone.write(folder, NAME, page, rendering.Templates(title, provenance))


def forget(folder: Path) -> None:
    """Delete the pages that `write` has put into a folder: they name agents. Raises OutputError."""
    standalone.forget(folder, NAME, why="it counts what was forgotten")


def said(found: Fairness, names: Mapping[str, str] | None = None, *, linked: bool = False) -> Page:
    """All that the page says."""
    called = _called(found, names or {})
    own = tuple(warnings(found.comparisons))
    more = tuple(_of_errors(found.errors)) + tuple(_of_flips(found.flips))
    tables = tuple(_by_facet(found.errors))
    return Page(
        title="Fairness: who is measured alike, and who is not", facts=tuple(_facts(found)), warnings=own + more,
        calm="" if own else _calm(found.comparisons), notes=tuple(_notes(found)),
        overview=_overview(found.comparisons), quiet_agents=_quiet(found.comparisons),
        agents=tuple(_agent_table(each, called) for each in found.comparisons if each.warns and not each.given),
        figures=tuple(_figures(found.figures)),
        overall=next((each for each in tables if each.title == ""), None),
        errors=tuple(each for each in tables if each.title), no_errors=_no_errors(found),
        flips=_flip_table(found.flips) if found.flips else None, no_flips=_no_flips(found),
        untold=tuple(f"{facet}: {why}" for facet, why in found.untold), linked=linked,
    )  # fmt: skip


def warnings(comparisons: Sequence[Comparison]) -> Iterator[str]:
    """For every facet by which a comparison warns a plain sentence or two."""
    facets: dict[str, list[Comparison]] = {}
    for each in comparisons:
        if each.warns:
            facets.setdefault(each.facet, []).append(each)
    for own in facets.values():
        yield " ".join(_warning(own))


def short(comparisons: Sequence[Comparison]) -> tuple[str, ...]:
    """What the front page says beside the agents: the first warnings, and how many more there are."""
    own = list(warnings(comparisons))
    rest = words.plural(len(own) - _WARNED, "more such warning", "more such warnings")
    return (*own[:_WARNED], *([f"There are {rest} on the fairness page."] if len(own) > _WARNED else []))


def of_agents(comparisons: Sequence[Comparison]) -> dict[str, tuple[str, ...]]:
    """By the names of their pages, what to know of agents whose differences may be those of groups."""
    found: dict[str, list[str]] = {}
    for each in comparisons:
        for one in (*each.explained, *each.alone) if not each.given else ():
            found.setdefault(words.slug(one.agent_id), []).append(_doubt(one, each))
    return {slug: tuple(told) for slug, told in found.items()}


def _doubt(one: Compared, each: Comparison) -> str:
    unit = support.MEASURES[each.measure].unit
    facet, counted = _facet(each.facet), f"{_points(one.counted)} over {words.plural(one.n, *unit)}"
    if one.within is None:
        then = (
            f"Nearly nobody else works in the same {facet}, so nobody can tell whether it is the agent or the {facet}."
        )
    else:
        then = f"Within the same {facet} it is {_points(one.within)}, so it may be one of {facet}."
    return f"“{_title(each.measure)}” differs from the other agents by {counted}. {then}"


def _warning(own: Sequence[Comparison]) -> Iterator[str]:
    """The sentences on a facet: who no longer differs within its groups, and who cannot be told from them."""
    facet = _facet(own[0].facet)
    titles = words.listing(f"“{_title(each.measure)}”" for each in own)
    yield f"Differences between agents in {titles} may be differences of {facet}."
    if gone := [each for each in own if each.explained]:
        parts = [f"{len(each.explained)} of {len(each.differing)}" for each in gone]
        who = "agent" if len(gone) == 1 and len(gone[0].differing) == 1 else "agents"
        of = "" if len(gone) == len(own) else f" in {words.listing(f'“{_title(each.measure)}”' for each in gone)}"
        does = "does" if len(gone) == 1 and len(gone[0].explained) == 1 else "do"
        yield (
            f"Compared within the same {facet}, {words.listing(parts)} {who} who differ as counted{of} {does} so no "
            f"longer, or not half as much{' (in this order)' if len(gone) > 1 else ''}."
        )
    alone = {one.agent_id for each in own for one in each.alone}
    if alone:
        yield (
            f"{words.plural(len(alone), 'agent works', 'agents work')} where nearly nobody else does, so nobody can "
            f"tell whether it is the agent or the {facet}."
        )


def _facts(found: Fairness) -> Iterator[str]:
    yield words.period(found.first, found.last)
    yield words.plural(found.conversations, "conversation", "conversations")
    yield words.plural(found.agents, "agent", "agents")
    yield f"{words.plural(found.answered, 'message', 'messages')} labelled by reviewers"
    yield f"{words.plural(found.rewritten, 'message', 'messages')} said again in another form"
    yield f"model {words.shown(found.model)}"


def _calm(comparisons: Sequence[Comparison]) -> str:
    agents = max((len(each.agents) for each in comparisons), default=0)
    if not agents:
        return "There are too few agents with enough conversations to say whether they differ for reasons of their own."
    facets = words.listing(dict.fromkeys(_facet(each.facet) for each in comparisons))
    what = words.plural(agents, "agent", "agents")
    if not any(each.differing for each in comparisons):
        return f"No difference between {what} is beyond chance, so none can be one of {facets}."
    return (
        f"The differences between {what} that are beyond chance stay when agents are compared within the same "
        f"{facets}. What is not in these columns may still be behind them."
    )  # fmt: skip


def _of_errors(found: Sequence[ErrorRate]) -> Iterator[str]:
    """A sentence for every error rate that differs between groups beyond chance."""
    for each in found:
        if each.gap and each.gap.believed and each.estimate and each.kind != rates.RIGHT:
            title = f"{_facet(each.facet)} “{_group(each.group)}”"
            did = "finds" if each.kind == rates.FOUND else "wrongly sees"
            more = "more" if each.gap.estimate.value > 0 else "less"
            yield (
                f"The model {did} {_EVENTS[each.event]} {more} often in {title} than elsewhere: by "
                f"{_points(each.gap.estimate)}, {_share(each.estimate)} of {each.turns:,}. Figures of these messages, "
                "and of agents who have many of them, may be the model's mistakes."
            )


def _of_flips(found: Sequence[Flips]) -> Iterator[str]:
    """A sentence for every family whose labels change surely more often than a release sets out to allow."""
    for each in found:
        whole = each.kind == flips.ALL_KINDS and each.stratum == flips.LABELLED
        if whole and each.estimate and each.estimate.low > MOST_FLIPS:
            yield (
                f"{_FAMILIES[each.family]}: {_share(each.estimate)} of {each.messages:,} labels of {_ROLES[each.role]} "
                "change when the same is said in another form. Who speaks or writes otherwise is measured otherwise."
            )


def _notes(found: Fairness) -> Iterator[str]:
    for each in found.columns:
        kind = f"{each.key}s"
        strange = f"; {each.strange:,} rows are of nobody in this period" if each.strange else ""
        yield f"“{words.shown(each.name)}” is known of {each.matched:,} of {each.known:,} {kind}{strange}."
    if found.columns:
        yield (
            f"Groups of fewer than {found.minimum_agents} agents are joined or left out, so that nobody can be picked "
            "out. Who is in which group is kept nowhere."
        )


def _overview(comparisons: Sequence[Comparison]) -> Table | None:
    """A line per facet, a column per measure: how many agents differ, and what becomes of them."""
    shown = list(dict.fromkeys(each.measure for each in comparisons if each.differing))
    if not shown:
        return None
    by_facet: dict[str, dict[str, Comparison]] = {}
    for each in comparisons:
        by_facet.setdefault(each.facet, {})[each.measure] = each
    lines = tuple(
        Line(f"within the same {_facet(facet)}", tuple(_taken_apart(row.get(measure)) for measure in shown))
        for facet, row in by_facet.items()
    )
    return Table("overview", "", tuple((_title(measure), "") for measure in shown), lines)


def _taken_apart(each: Comparison | None) -> Cell:
    if each is None:
        return Cell("", "", "too few agents with enough conversations", "")
    agents = words.plural(len(each.agents), "agent", "agents")
    differ, gone, alone = len(each.differing), len(each.explained), len(each.alone)
    if not differ:
        return Cell("", "", f"none of {agents} surely differs", "")
    parts = [f"{differ - gone - alone} stay"] if differ - gone - alone else []
    parts += [f"{gone} may be {_facet(each.facet)}"] if gone else []
    parts += [f"{alone} cannot be told"] if alone else []
    return Cell(words.listing(parts), f"{differ} of {agents} differ as counted", "", "")


def _quiet(comparisons: Sequence[Comparison]) -> str:
    if any(each.differing for each in comparisons):
        return ""
    return "No agent surely differs from the others as counted, so there is nothing to take apart."


def _agent_table(each: Comparison, called: Mapping[str, str]) -> AgentTable:
    title = f"{_title(each.measure)}, within the same {_facet(each.facet)}"
    agents = words.plural(len(each.agents), "agent", "agents")
    summary = f"{len(each.differing)} of {agents} surely differ as counted."
    return AgentTable(title, summary, tuple(_agent(one, each, called) for one in each.differing))


def _agent(one: Compared, each: Comparison, called: Mapping[str, str]) -> AgentLine:
    remark = ""
    if one.alone:
        remark = "cannot be told from it"
    elif one.explained:
        remark = f"may be {_facet(each.facet)}"
    elif one.within and not one.within.low <= 0 <= one.within.high:
        remark = "stays"
    unit = support.MEASURES[each.measure].unit
    n = f"{words.plural(one.n, *unit)} in {words.plural(one.conversations, 'conversation', 'conversations')}"
    within = _points(one.within) if one.within else "nobody to compare with"
    return AgentLine(called[one.agent_id], _points(one.counted), within, n, remark)


def _figures(figures: Sequence[GroupFigure]) -> Iterator[Table]:
    """A table per facet, a column per measure that any of its groups has."""
    by_facet: dict[str, dict[str, dict[str, GroupFigure]]] = {}
    for each in figures:
        by_facet.setdefault(each.facet, {}).setdefault(each.group, {})[each.measure] = each
    for at, (facet, held) in enumerate(by_facet.items()):
        shown = [name for name in next(iter(held.values())) if any(row[name].estimate for row in held.values())]
        heads = tuple((_title(name), "") for name in shown)
        lines = tuple(
            Line(_group(group), tuple(_figure_cell(row[name]) for name in shown)) for group, row in held.items()
        )
        yield Table(f"figures-{at}", _headed(facet), heads, lines)


def _figure_cell(each: GroupFigure) -> Cell:
    measure = support.MEASURES[each.measure]
    unit = words.plural(each.n, *(measure.short if any(measure.short) else measure.unit))
    if each.estimate is None:
        return Cell("", "", each.why, "")
    figure = measures.Figure(each.measure, each.estimate.value, each.n, 0, each.estimate.low, each.estimate.high, "")
    value = f"{measures.value_text(measure, each.estimate.value)} ({measures.range_text(measure, figure)})"
    return Cell(value, unit, "", _apart(each.gap))


def _apart(gap: Gap | None) -> str:
    """Where a group surely differs from the others: by how much."""
    return f"surely apart from the others: {_points(gap.estimate)}" if gap and gap.believed else ""


def _by_facet(found: Sequence[ErrorRate]) -> Iterator[Table]:
    """A table per facet: a column per event and kind that any of its groups has."""
    held: dict[str, dict[str, dict[tuple[str, str], ErrorRate]]] = {}
    for each in found:
        held.setdefault(each.facet, {}).setdefault(each.group, {})[each.event, each.kind] = each
    for at, (facet, rows) in enumerate(held.items()):
        keys = [(event, kind) for event in _EVENTS for kind in _KINDS]
        known = [key for key in keys if any(key in row and row[key].estimate for row in rows.values())]
        if not known:
            continue
        heads = tuple((f"{_KINDS[kind][0]}: {_EVENTS[event]}", _KINDS[kind][1]) for event, kind in known)
        lines = tuple(
            Line(_group(group), tuple(_error_cell(row.get(key)) for key in known)) for group, row in rows.items()
        )
        yield Table(f"errors-{at}", _headed(facet) if facet else "", heads, lines)


def _error_cell(each: ErrorRate | None) -> Cell:
    if each is None:
        return Cell("", "", "none of them", "")
    if each.estimate is None:
        return Cell("", "", each.why, "")
    return Cell(_share(each.estimate), words.plural(each.turns, "message", "messages"), "", _apart(each.gap))


def _no_errors(found: Fairness) -> str:
    if not found.answered:
        return (
            "Nobody has reviewed any message of this period, so it is not known whether the model errs more often in "
            "some groups. To find out: empathy-scan review export, and label what it draws."
        )
    if not any(each.estimate for each in found.errors):
        return f"Too little: {words.plural(found.answered, 'message is', 'messages are')} labelled by reviewers so far."
    return ""


def _flip_table(found: Sequence[Flips]) -> Table:
    """A line per kind of rewriting, a column per role and whether there was a label."""
    columns = [(role, stratum) for role in _ROLES for stratum in (flips.LABELLED, flips.PLAIN)]
    titles = {flips.LABELLED: "with a label", flips.PLAIN: "plain"}
    rows: dict[tuple[str, str], dict[tuple[str, str], Flips]] = {}
    for each in found:
        rows.setdefault((each.family, each.kind), {})[each.role, each.stratum] = each
    lines = tuple(
        Line(
            f"{_FAMILIES[family]}, all kinds" if kind == flips.ALL_KINDS else f"{kind}",
            tuple(_flip_cell(row.get(column)) for column in columns),
        )
        for (family, kind), row in rows.items()
    )
    heads = tuple((f"{_ROLES[role][0].upper()}{_ROLES[role][1:]}, {titles[stratum]}", "") for role, stratum in columns)
    return Table("flips", "", heads, lines)


def _flip_cell(each: Flips | None) -> Cell:
    if each is None:
        return Cell("", "", "nothing to change", "")
    if each.estimate is None:
        return Cell("", "", each.why, "")
    return Cell(_share(each.estimate), words.plural(each.messages, "message", "messages"), "", "")


def _no_flips(found: Fairness) -> str:
    return f"No message was said again in another form: {found.no_flips}." if found.no_flips else ""


def _called(found: Fairness, names: Mapping[str, str]) -> dict[str, str]:
    ids = dict.fromkeys(one.agent_id for each in found.comparisons for one in each.agents)
    return words.names(ids, names)


def _title(measure: str) -> str:
    return support.MEASURES[measure].title


def _facet(name: str) -> str:
    return words.shown(name)


def _headed(facet: str) -> str:
    shown = _facet(facet)
    return f"By {shown}"


def _group(name: str) -> str:
    return "not told" if name == _NONE else words.shown(name)


def _share(estimate: Estimate) -> str:
    """`62% (48 to 74%)`."""
    return (
        f"{words.percent(estimate.value)} ({words.whole(100 * estimate.low)} to {words.percent(estimate.high)})"
    )  # fmt: skip


def _points(estimate: Estimate) -> str:
    """`+12 points (+4 to +20)`."""
    value, low, high = (words.signed(100 * each) for each in (estimate.value, estimate.low, estimate.high))
    return f"{value} points ({low} to {high})"

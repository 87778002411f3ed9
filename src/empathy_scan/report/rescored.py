"""The page of a rescoring: what another model moves, before it counts or after it was taken over."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from empathy_scan.mirror import UNKNOWN_AGENT
from empathy_scan.moves import Agreement, Comparison, Example, Moved, Standing
from empathy_scan.report import measures, rendering, standalone, takeover, words
from empathy_scan.report.takeover import named

NAME = "rescore"
_TITLES = {
    "care": "Care in agents' messages", "scripted": "Stock phrase", "acknowledges": "Shows understanding",
    "explores": "Asks openly", "owns": "Owns a next step", "agent_tone": "Agents' tone",
    "customer_tone": "Customers' tone", "insult": "Insult", "threat": "Threat", "profanity": "Swearing at somebody",
    "contempt": "Contempt",
}  # fmt: skip
_WORDS = {"empathic": "understanding", "scripted": "stock phrases only", "neutral": "plain business"}
_TABLE = ("care", "agent_tone", "customer_tone")  # what the first sentences tell


@dataclass(frozen=True, slots=True)
class Tried:
    """A model that was tried, and what it moves."""

    model: str
    counting: tuple[str, ...]  # models whose scores count, or counted before
    accepted: bool
    codebooks: tuple[str, str]
    comparison: Comparison
    standing: Standing
    texts: Mapping[tuple[str, int], str]  # what was said in the turns that are shown
    names: Mapping[str, str]  # of agents, from the roster
    command: str = "empathy-scan rescore"  # with the options that name this store and this report


@dataclass(frozen=True, slots=True)
class AgreementRow:
    """How far the two agree on a label; `why` and `why_no_kappa` where there is no figure."""

    title: str
    counted: str
    agreed: str
    why: str
    kappa: str
    why_no_kappa: str


@dataclass(frozen=True, slots=True)
class Turned:
    """What a label turned into: lines of old value, new value and how many messages."""

    title: str
    lines: tuple[tuple[str, str, str], ...]


@dataclass(frozen=True, slots=True)
class Figure:
    """A figure before and after; `why` where there is none."""

    who: str
    title: str
    old: str
    new: str
    shift: str
    counted: str
    surely: str  # in words, where it moved by more than chance leaves
    why: str


@dataclass(frozen=True, slots=True)
class Turn:
    """A message that got another label."""

    where: str
    href: str
    change: str
    chance: str
    text: str


@dataclass(frozen=True, slots=True)
class Page:
    """What the page says."""

    title: str
    facts: tuple[str, ...]
    state: str
    leads: tuple[str, ...]
    agreements: tuple[AgreementRow, ...]
    turned: tuple[Turned, ...]
    team: tuple[Figure, ...]
    agents: tuple[Figure, ...]  # of those that surely moved
    no_agents: str
    all_agents: tuple[Figure, ...]
    standing: tuple[str, ...]
    period: str
    examples: tuple[tuple[str, tuple[Turn, ...]], ...]
    linked: bool  # a report lies in the same folder


def forget(folder: Path) -> None:
    """Delete the pages that `write` has put into a folder: they quote messages. Raises OutputError."""
    standalone.forget(folder, NAME, why="it quotes what was forgotten")


def write(folder: Path, tried: Tried, title: str, provenance: Mapping[str, str]) -> Path:
    """Writes `rescore.html` and `rescore.md` into a folder; gives the path of the first. Raises OutputError."""
    paged = _paged(folder)
    templates = rendering.Templates(title, dict(provenance))
    templates.link_only(paged)
    return standalone.write(folder, NAME, said(tried, paged, linked=standalone.is_linked(folder)), templates)


def _paged(folder: Path) -> frozenset[str]:
    """The conversations of which the report in the folder has a page, by the names of their files."""
    return frozenset(path.stem for path in (folder / "conversations").glob("*.html"))


def said(tried: Tried, paged: frozenset[str] = frozenset(), *, linked: bool = False) -> Page:
    """All that the page says."""
    comparison = tried.comparison
    agents = [each for each in comparison.moves if each.scope == "agent"]
    surely = tuple(_figure(each, tried.names) for each in agents if each.believed)
    none = "No figure of any agent moves by more than chance leaves, after allowing for how many were looked at."
    return Page(
        title="What the new model changed" if tried.accepted else "What another model would change",
        facts=tuple(_facts(tried)), state=_state(tried), leads=tuple(_leads(tried)),
        agreements=tuple(map(_agreement, comparison.agreements)), turned=tuple(_turned(comparison.agreements)),
        team=tuple(_figure(each, tried.names) for each in comparison.of("team")), agents=surely,
        no_agents="" if surely else none,
        all_agents=tuple(_figure(each, tried.names) for each in agents if each.shift is not None),
        standing=tuple(_standing(tried)), period=_period(tried.standing),
        examples=tuple(_examples(tried, paged)), linked=linked,
    )  # fmt: skip


def _facts(tried: Tried) -> Iterator[str]:
    comparison = tried.comparison
    agents = len({each.agent_id for each in comparison.moves if each.scope == "agent"})
    yield words.plural(comparison.conversations, "conversation", "conversations")
    yield f"{words.plural(comparison.turns, 'message', 'messages')} labelled by both"
    yield words.plural(agents, "agent", "agents")
    models = words.listing(words.shown(model) for model in tried.counting)
    yield f"before: {models}"
    yield f"{'now' if tried.accepted else 'tried'}: {words.shown(tried.model)}"


def _state(tried: Tried) -> str:
    if tried.accepted:
        return "The new model counts now, for all conversations ever stored. The next report shows its figures."
    return (
        "Nothing in the report has changed. To let the new model count for all conversations: "
        f"{tried.command} --accept. To discard what it made: {tried.command} --drop."
    )


def _leads(tried: Tried) -> Iterator[str]:
    """The first sentences: how far the two agree, and what that moves."""
    by_label = {each.label: each for each in tried.comparison.agreements}
    for label in _TABLE:
        each = by_label.get(label)
        if each is not None and each.agreed is not None:
            ends = (each.agreed.value, each.agreed.low, each.agreed.high)
            yield (
                f"{_TITLES[label]}: both models say the same of {takeover.share(ends)} of "
                f"{words.plural(each.turns, 'message', 'messages')}."
            )
    team = [each for each in tried.comparison.of("team") if each.believed and each.shift is not None]
    heads = {measure.name for measure in measures.HEADLINES}
    told = [each for each in team if each.measure in heads]
    for moved in told:
        title, text = takeover.moved_text(moved.measure, _values(moved))
        yield f"{title}, the whole team: {text}, over {_conversations(moved.conversations)}."
    if rest := len(team) - len(told):
        what = words.plural(rest, "further figure of the team moves", "further figures of the team move")
        yield f"{what}, too: the table below has them."
    if not team:
        yield "No figure of the whole team moves by more than chance leaves."
    old, new = tried.codebooks
    if old and new and old != new:
        yield (
            f"The labels follow version {new} of the codebook; those before followed version {old}. What the labels "
            "mean has changed, so part of what moves is meant to."
        )


def _agreement(each: Agreement) -> AgreementRow:
    counted = f"{words.plural(each.turns, 'message', 'messages')} in {_conversations(each.conversations)}"
    agreed = takeover.share((each.agreed.value, each.agreed.low, each.agreed.high)) if each.agreed else ""
    kappa = f"{each.kappa.value:.2f} ({each.kappa.low:.2f} to {each.kappa.high:.2f})" if each.kappa else ""
    return AgreementRow(_TITLES[each.label], counted, agreed, each.why, kappa, each.why_no_kappa)


def _turned(agreements: tuple[Agreement, ...]) -> Iterator[Turned]:
    """Of each label what became of its values, where anything did."""
    for each in agreements:
        lines = [
            (_WORDS.get(old, old), _WORDS.get(new, new), words.plural(each.table[row][column], "message", "messages"))
            for row, old in enumerate(each.values)
            for column, new in enumerate(each.values)
            if row != column and each.table[row][column]
        ]
        if lines:
            yield Turned(_TITLES[each.label], tuple(lines))


def _values(each: Moved) -> tuple[float, float, float, float, float]:
    if each.shift is None:
        raise ValueError(each.measure)
    ends = each.shift.shift
    old, new, value, low, high = (
        each.scale * value for value in (each.shift.old, each.shift.new, ends.value, ends.low, ends.high)
    )
    return old, new, value, low, high


def _figure(each: Moved, names: Mapping[str, str]) -> Figure:
    measure = named(each.measure)
    who = _called(each.agent_id, names) if each.scope == "agent" else "The team"
    where = "" if "conversation" in measure.unit[0] else f", in {_conversations(each.conversations)}"
    counted = f"{words.plural(each.n_old, *measure.unit)} before, {each.n_new:,} with the new model{where}"
    if each.shift is None:
        return Figure(who, measure.title, "", "", "", counted, "", each.why)
    old, new, value, low, high = _values(each)
    return Figure(
        who, measure.title, takeover.one(measure, old), takeover.one(measure, new),
        takeover.by(measure, value, low, high), counted,
        "more than chance leaves" if each.believed else "", "",
    )  # fmt: skip


def _standing(tried: Tried) -> Iterator[str]:
    """Whose band would be another, and who would stand out."""
    for agent_id, (old, new) in tried.standing.bands.items():
        yield f"{_called(agent_id, tried.names)}: band {old or 'none'} before, {new or 'none'} with the new model."
    for (agent_id, measure), (_, out) in tried.standing.stands_out.items():
        said_now = "stands out with the new model, did not before" if out else "stood out before, does not any more"
        yield f"{_called(agent_id, tried.names)}, {named(measure).title}: {said_now}."
    if not tried.standing.bands and not tried.standing.stands_out:
        yield "Nobody's band would be another, and nobody would stand out who does not now, or the other way round."


def _period(standing: Standing) -> str:
    if standing.since is None:
        return "Over all that is stored."
    return f"In the period of the report, since {words.date(standing.since)}."


def _examples(tried: Tried, paged: frozenset[str]) -> Iterator[tuple[str, tuple[Turn, ...]]]:
    """The messages that moved farthest, label by label."""
    by_label: dict[str, list[Turn]] = {}
    for each in tried.comparison.examples:
        by_label.setdefault(each.label, []).append(_turn(each, tried, paged))
    for label, turns in by_label.items():
        yield _TITLES[label], tuple(turns)


def _turn(each: Example, tried: Tried, paged: frozenset[str]) -> Turn:
    slug = words.slug(each.conversation_id)
    text = tried.texts.get((each.conversation_id, each.turn), "")
    return Turn(
        f"{words.shown(each.conversation_id)}, message {each.turn + 1}",
        f"conversations/{slug}.html#t{each.turn}" if slug in paged else "",
        f"{each.old} before, {each.new} with the new model",
        f"{words.chance(each.p_old)} before, {words.chance(each.p_new)} with the new model",
        words.shown(words.beginning(text, 600)),
    )  # fmt: skip


def _called(agent_id: str, names: Mapping[str, str]) -> str:
    if agent_id == UNKNOWN_AGENT:
        return "Agents whom the export does not name"
    return words.shown(names.get(agent_id) or words.name(agent_id))


def _conversations(count: int) -> str:
    return words.plural(count, "conversation", "conversations")

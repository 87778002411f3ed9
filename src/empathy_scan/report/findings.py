"""What stands out, in sentences. A sentence is written only where a test supports it, or the intervals without one.

The test of `adjust` holds after allowing for the customers an agent got and for how many agents were looked at, so that
of agents who are all alike at most one in twenty is named. Loads have no such test; there whole intervals decide.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import polars as pl

from empathy_scan.mirror import UNKNOWN_AGENT
from empathy_scan.report import words
from empathy_scan.report.material import TEAM, Material
from empathy_scan.report.measures import (
    FURTHER,
    HEADLINES,
    Figure,
    Measure,
    in_brackets,
    messages_text,
    range_text,
    value_text,
)

STRENGTH, TALK, LOAD = "strength", "talk", "load"
_VISIBLE = 0.005  # a difference that is not written as 0
MOST = 4  # sentences of a kind on the front page; the table has the rest
_MEASURES = {measure.name: measure for measure in (*HEADLINES, *FURTHER)}
# Measure -> its section where an agent lies clear above the team, and how the sentence goes on after the name.
_ABOVE: dict[str, tuple[str, str]] = {
    "empathy_rate": (STRENGTH, "answers {} of calls for empathy with understanding"),
    "rise_above_rate": (STRENGTH, "rose above {} of hostile messages with a civil, helpful answer"),
    "scripted_rate": (TALK, "answers {} of calls for empathy with stock phrases only"),
    "missed_rate": (TALK, "misses {} of calls for empathy: neither understanding nor a stock phrase"),
    "exploring": (STRENGTH, "answers {} of calls for empathy with an open question"),
    "followed_by_action": (STRENGTH, "follows {} of caring messages with a concrete step"),
    "sorry_without_action": (TALK, "takes no concrete step after {} of messages of stock sympathy"),
    "guarded_rate": (TALK, "is guarded in {} of messages"),
    "abuse_load": (LOAD, "took {}"),
}


@dataclass(frozen=True, slots=True)
class Finding:
    """One sentence about an agent; `text` goes on after the name."""

    section: str
    agent_id: str
    text: str
    distance: float  # how sure it is, in standard errors or so: the clearest come first
    measure: str = ""


@dataclass(frozen=True, slots=True)
class Answers:
    """An agent's answers right after a hostile customer, and all others: how many, and how many of them not civil."""

    after: int
    strained_after: int
    otherwise: int
    strained_otherwise: int

    def sentence(self, *, lead: str) -> str:
        """`guarded or hostile in 62% of turns after a hostile customer (13 of 21), against 4% otherwise (4 of 95)`."""
        after, otherwise = self.strained_after / self.after, self.strained_otherwise / self.otherwise
        return (
            f"{lead} {words.percent(after)} of turns after a hostile customer ({self.strained_after} of {self.after}), "
            f"against {words.percent(otherwise)} otherwise ({self.strained_otherwise} of {self.otherwise})"
        )


def count_answers(exchanges: pl.DataFrame) -> dict[str, Answers]:
    """The counts behind mirroring for every agent, and for the team under TEAM."""
    answered = exchanges.filter(pl.col("customer_turn").is_not_null())
    hostile, strained = pl.col("customer_tone") == 2, pl.col("tone") > 0
    counts = [
        hostile.sum().alias("after"),
        (hostile & strained).sum().alias("strained_after"),
        (~hostile).sum().alias("otherwise"),
        (~hostile & strained).sum().alias("strained_otherwise"),
    ]
    agents = answered.filter(pl.col("agent_id").is_not_null()).group_by("agent_id").agg(counts)
    team = answered.select(pl.lit(TEAM).alias("agent_id"), *counts).head(1)
    return {row[0]: Answers(*row[1:]) for row in pl.concat([agents, team]).iter_rows()}


def of_agents(material: Material, counts: Mapping[str, Answers]) -> list[Finding]:
    """All that stands out about single agents, the clearest first; nothing of those without a name."""
    named = [agent_id for agent_id in material.agents if agent_id != UNKNOWN_AGENT]
    found = [finding for agent_id in named for finding in _of_agent(material, agent_id, counts)]
    return sorted(found, key=lambda finding: (-finding.distance, finding.agent_id, finding.text))


def of_team(material: Material, counts: Mapping[str, Answers]) -> list[str]:
    """The sentences on top of the front page: how calls for empathy were answered, and what hostility did."""
    return [_team_answers(material), *_team_mirroring(material, counts)]


def _of_agent(material: Material, agent_id: str, counts: Mapping[str, Answers]) -> Iterator[Finding]:
    """What stands out about one agent, in the order of the measures."""
    for measure in _ABOVE:
        figure, team = material.figure(agent_id, measure), material.figure(TEAM, measure)
        if figure and team and len(material.agents) > 1 and figure.higher(team):
            yield _above(agent_id, _MEASURES[measure], figure, team)
    if agent_id in counts:
        yield from _mirroring(material, agent_id, counts[agent_id])


def _above(agent_id: str, measure: Measure, figure: Figure, team: Figure) -> Finding:
    """The sentence of an agent who stands out above the team."""
    section, text = _ABOVE[measure.name]
    value, whole = figure.value or 0.0, value_text(measure, team.value or 0.0)
    value_told = messages_text(value) if measure.form == "load" else value_text(measure, value)
    said = f"{text.format(value_told)} {in_brackets(measure, figure)}"
    against = f"the team {whole}"
    if figure.adjusted and figure.reference is not None and not figure.above(team):
        against = f"that is high for the customers they got: {_adjusted(measure, figure)}"
    return Finding(section, agent_id, f"{said}; {against}", _clearness(figure), measure.name)


def _adjusted(measure: Measure, figure: Figure) -> str:
    """`with the same customers as the others about 75% (60 to 88%), the others 52%`."""
    adjusted, others = figure.adjusted, value_text(measure, figure.reference or 0.0)
    if adjusted is None:
        return f"the others {others}"
    spread = f"{words.whole(100 * adjusted.low)} to {words.percent(adjusted.high)}"
    own = value_text(measure, adjusted.value)
    return f"with the same customers as the others about {own} ({spread}), the others {others}"


def _clearness(figure: Figure) -> float:
    """How sure it is that a figure stands out; those that a test found come by it, the others by one standard error."""
    return 1.0 if figure.p_value is None else -math.log10(max(figure.p_value, 1e-300))


def _mirroring(material: Material, agent_id: str, answers: Answers) -> Iterator[Finding]:
    """The sentence of an agent who is pulled along by hostile customers, or who is steadier than the team."""
    figure, team = material.figure(agent_id, "mirroring"), material.figure(TEAM, "mirroring")
    if not figure or figure.low is None or figure.high is None or not (answers.after and answers.otherwise):
        return
    spread = f"a difference of {_spread(figure)}"
    tested = figure.stands_out is not None and team is not None
    if figure.low > _VISIBLE and (figure.higher(team) if tested and team else True):
        said = answers.sentence(lead="becomes guarded or hostile in")
        yield Finding(TALK, agent_id, f"{said}: {spread}", _clearness(figure), figure.measure)
    elif team and figure.higher(team) is False:
        said = answers.sentence(lead="keeps a steady tone: guarded or hostile in")
        yield Finding(STRENGTH, agent_id, f"{said}: {spread}", _clearness(figure), figure.measure)


def _team_answers(material: Material) -> str:
    """`Of 312 calls for empathy, 45% were answered with understanding (40 to 51%), 32% with stock phrases only ...`."""
    empathy, scripted, missed = (
        material.figure(TEAM, name) for name in ("empathy_rate", "scripted_rate", "missed_rate")
    )
    if not material.conversations:
        return "No conversation could be read yet, so there is nothing to report."
    if not empathy or empathy.value is None:
        why = empathy.why if empathy and empathy.why else "not enough conversations yet"
        return f"How the team answers calls for empathy cannot be said: {why}."
    parts = [
        f"{value_text(_MEASURES[figure.measure], figure.value)} {how} ({range_text(_MEASURES[figure.measure], figure)})"
        for figure, how in (
            (empathy, "were answered with understanding"),
            (scripted, "with stock phrases only"),
            (missed, "were missed"),
        )
        if figure and figure.value is not None
    ]
    return f"Of {words.plural(empathy.n, 'call for empathy', 'calls for empathy')}, {words.listing(parts)}."


def _team_mirroring(material: Material, counts: Mapping[str, Answers]) -> Iterator[str]:
    """The team's tone after hostile customers, where there is enough to say it."""
    figure, answers = material.figure(TEAM, "mirroring"), counts.get(TEAM)
    if (
        not figure
        or figure.value is None
        or figure.low is None
        or not answers
        or not (answers.after and answers.otherwise)
    ):
        return
    said = answers.sentence(lead="The team's tone was guarded or hostile in")
    surely = "" if figure.low > 0 else ", which may be chance"
    yield f"{said}: a difference of {_spread(figure)}{surely}."


def _spread(figure: Figure) -> str:
    """`+58 points (+40 to +75)`."""
    measure = _MEASURES[figure.measure]
    return f"{value_text(measure, figure.value or 0.0)} ({range_text(measure, figure)})"

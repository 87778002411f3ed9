"""What the figures support saying about one agent: how far from the team or from the agent's own past, beyond chance.

Against the team the test decides that allows for the customers an agent got and for how many agents were looked at
(adjust.py); where a measure has none, the whole interval must lie beyond the team's. Against the agent's own past the
change must hold after allowing for all agents (trends.py).
"""

from __future__ import annotations

from dataclasses import dataclass

from empathy_scan import trends
from empathy_scan.report import measures, words
from empathy_scan.report.material import TEAM, Material, Row
from empathy_scan.report.measures import Figure, Measure

MEASURES: dict[str, Measure] = {
    measure.name: measure for measure in (*measures.HEADLINES, *measures.FURTHER, *measures.LOADS)
}
_LEAST = 0.001  # distance of what a test supports though its interval touches the reference


@dataclass(frozen=True, slots=True)
class Standing:
    """One figure of an agent beside the team and the agent's own past."""

    measure: Measure
    figure: Figure
    from_team: float  # distance from the others, or from 0, beyond chance; above 0 where the figure is higher
    from_past: float  # change beyond chance, with its sign; 0 where there is none
    team: str  # how it stands to the team, in words
    past: str  # how it stands to the agent's own past, in words

    def distance(self, *, up: bool) -> float:
        """How far it lies on one side, the larger of both distances; 0 where nothing supports that side."""
        sign = 1 if up else -1
        return max(0.0, sign * self.from_team, sign * self.from_past)


def past_of(material: Material) -> dict[tuple[str, str], Row]:
    """The change of every agent and measure."""
    return {(row["agent_id"], row["measure"]): row for row in material.changes.iter_rows(named=True)}


def standing(material: Material, past: dict[tuple[str, str], Row], agent_id: str, name: str) -> Standing | None:
    """How a figure stands; None where there is too little for a figure with an interval."""
    figure, team = material.figure(agent_id, name), material.figure(TEAM, name)
    if figure is None or figure.value is None or figure.low is None or figure.high is None:
        return None
    change = past.get((agent_id, name))
    measure = MEASURES[name]
    alone = len(material.agents) < 2
    return Standing(
        measure, figure, from_team(figure, None if alone else team), from_past(change),
        "" if alone else _team_text(measure, figure, team), past_text(measure, change),
    )  # fmt: skip


def told(standing: Standing) -> str:
    """`62% of 41 calls for empathy (48 to 75%)`, or of a difference `a difference of +58 points (+40 to +75)`."""
    value = measures.value_text(standing.measure, standing.figure.value or 0.0)
    spread = f"({measures.range_text(standing.measure, standing.figure)})"
    if standing.measure.form == "points":
        return f"a difference of {value} {spread}"
    return f"{value} of {words.plural(standing.figure.n, *standing.measure.unit)} {spread}"


def capital(text: str) -> str:
    """The text as the beginning of a sentence."""
    return text[:1].upper() + text[1:]


def past_text(measure: Measure, change: Row | None) -> str:
    """The change of a rate in words, said as firmly as the test allows; "" where there is none."""
    if change is None:
        return ""
    before, after = (measures.value_text(measure, change[name]) for name in ("before", "after"))
    held = [
        words.plural(change[f"conversations_{name}"], "conversation", "conversations") for name in ("after", "before")
    ]
    verdict = "more than chance would do" if change["changed"] else "which may be chance"
    return (
        f"the last {trends.RECENT} weeks {after} in {held[0]}, before {before} in {held[1]}: "
        f"{change_text(change)}, {verdict}"
    )


def change_text(change: Row) -> str:
    """`+22 points (+5 to +39)`."""
    value, low, high = (words.signed(100 * change[name]) for name in ("change", "low", "high"))
    return f"{value} points ({low} to {high})"


def from_team(figure: Figure, team: Figure | None) -> float:
    """How far a figure lies from the others beyond chance, above 0 for higher ones."""
    low, high, value = figure.low or 0.0, figure.high or 0.0, figure.value or 0.0
    if figure.stands_out is not None and figure.reference is not None:
        own = figure.adjusted
        value, low, high = (own.value, own.low, own.high) if own else (value, low, high)
        if not figure.stands_out or low <= figure.reference <= high:
            return 0.0  # of one whose range holds the others' figure nobody would see why
        far = low - figure.reference if value > figure.reference else figure.reference - high
        return far if value > figure.reference else -far
    if team is None or team.low is None or team.high is None:
        return 0.0
    return low - team.high if figure.above(team) else -(team.low - high) if team.above(figure) else 0.0


def from_past(change: Row | None) -> float:
    """How much a figure has changed beyond chance, with its sign."""
    if change is None or not change["changed"]:
        return 0.0
    return max(_LEAST, float(change["low"])) if change["change"] > 0 else min(-_LEAST, float(change["high"]))


def _team_text(measure: Measure, figure: Figure, team: Figure | None) -> str:
    """The team's value with its range, and the test that allows for the customers, where there is one."""
    if team is None or team.value is None:
        return ""
    whole = f"the team {measures.value_text(measure, team.value)} ({measures.range_text(measure, team)})"
    if figure.stands_out is None:
        return whole
    verdict = "more than chance would do" if figure.stands_out else "no more than chance would do"
    if figure.adjusted is None:
        return f"{whole}: {'stands out from the others' if figure.stands_out else 'no clear difference from it'}"
    own = figure.adjusted
    spread = f"{words.percent(own.low).removesuffix('%')} to {words.percent(own.high)}"
    others = words.percent(figure.reference or 0.0)
    told = f"about {words.percent(own.value)} ({spread}), the others {others}: {verdict}"
    return f"{whole}; with the same customers as the others {told}"

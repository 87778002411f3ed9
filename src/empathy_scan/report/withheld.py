"""What there is too little data for: every figure that is not shown, under its reason, in one list."""

from __future__ import annotations

from dataclasses import dataclass

from empathy_scan import trends
from empathy_scan.report import measures, past, support, voice
from empathy_scan.report.material import Material
from empathy_scan.report.measures import Measure, Shown


@dataclass(frozen=True, slots=True)
class Withheld:
    """A reason, and the figures that it keeps back."""

    why: str
    titles: tuple[str, ...]


def withheld(
    material: Material, agent_id: str, *, courses: bool, changes: bool, varied: bool, named: bool
) -> tuple[Withheld, ...]:
    """The figures withheld, the commonest reason first; of agents whom nobody names also what is never said of them."""
    reasons: dict[str, list[str]] = {}
    for name, measure in support.MEASURES.items():
        figure = material.figure(agent_id, name)
        if figure is not None and figure.value is None:
            reasons.setdefault(figure.why or "not enough conversations yet", []).append(measure.title)
    for held, title, why in (
        (courses, "Course over weeks", f"fewer than {past.FEWEST} weeks with a figure"),
        (changes, "Against the own past", f"too few conversations in the last {trends.RECENT} weeks or before them"),
        (varied, "How varied the stock phrases are", voice.TOO_FEW),
    ):
        if named and not held:
            reasons.setdefault(why, []).append(title)
    ordered = sorted(reasons.items(), key=lambda reason: (-len(reason[1]), reason[0]))
    return tuple(Withheld(why, tuple(titles)) for why, titles in ordered)


def known(shown: tuple[Shown, ...]) -> tuple[Shown, ...]:
    """The figures that have a value."""
    return tuple(item for item in shown if item.value)


def others() -> tuple[Measure, ...]:
    """The further measures that no section of its own shows."""
    scales, names = ("composure", "consistency"), ("carry_over_empathy", "carry_over_tone", "own_voice", "formulaicity")
    return tuple(
        measure for measure in measures.FURTHER if measure.scale not in scales and measure.name not in names
    )  # fmt: skip

"""The course of a conversation in characters: lanes for a terminal and for Markdown, in Unicode or in plain ASCII.

A customer's bars stand on their line and an agent's hang from theirs, so that the two part where somebody turns nasty.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from empathy_scan.report import escalation
from empathy_scan.report.escalation import Course, Step

LABEL = 10  # columns of a lane's name
ROOMY = 2  # columns of a step where there is room
_EVERY = 5  # steps between two numbers


@dataclass(frozen=True, slots=True)
class Alphabet:
    """The signs of the lanes: by tone (0, 1, 2) for either side, and of care."""

    customer: str
    agent: str
    care: Mapping[str, str]
    silent: str = " "


UNICODE = Alphabet("▁▄█", "▔▀█", {"missed": "○", "empathic": "●", "scripted": "■", "owns": "✓"})
ASCII = Alphabet(".uH", ".gH", {"missed": "o", "empathic": "+", "scripted": "s", "owns": "v"})


@dataclass(frozen=True, slots=True)
class Cell:
    """One step of a lane: its sign, and the kind that gives its colour ("" for none)."""

    sign: str
    kind: str


@dataclass(frozen=True, slots=True)
class Lane:
    """A line: its name and its cells."""

    name: str
    cells: tuple[Cell, ...]


@dataclass(frozen=True, slots=True)
class Sketch:
    """The lanes, the columns of a cell, the line of numbers, what signs mean, and how many messages a step is."""

    lanes: tuple[Lane, ...]
    cell: int
    numbers: str
    legend: tuple[tuple[str, str, str], ...]  # sign, kind, meaning
    grouped: int

    def lines(self) -> list[str]:
        """The lanes as plain lines."""
        drawn = [
            f"{lane.name:<{LABEL}}{''.join(cell.sign.ljust(self.cell) for cell in lane.cells)}".rstrip()
            for lane in self.lanes
        ]
        return [*drawn, " " * LABEL + self.numbers]


def sketch(course: Course, *, width: int, alphabet: Alphabet = UNICODE) -> Sketch | None:
    """The lanes of a course in at most so many columns; None where there is too little to draw."""
    steps = escalation.steps(course.messages, max(8, width - LABEL))
    if not steps:
        return None
    lanes = [
        Lane("customer", tuple(_tone(step.customer, alphabet.customer, "upset", alphabet) for step in steps)),
        *([Lane("care", tuple(_care(step, alphabet) for step in steps))] if _any_care(steps) else []),
        *([Lane("step", tuple(_owned(step, alphabet) for step in steps))] if _any_owned(steps) else []),
        Lane("agent", tuple(_tone(step.agent, alphabet.agent, "guarded", alphabet) for step in steps)),
    ]
    cell = ROOMY if ROOMY * len(steps) <= width - LABEL else 1
    return Sketch(
        tuple(lanes), cell, _numbers(steps, cell), tuple(_legend(steps, alphabet)), steps[0].last - steps[0].first + 1
    )


def _any_care(steps: Sequence[Step]) -> bool:
    return any(set(step.care) - {"owns"} for step in steps)


def _any_owned(steps: Sequence[Step]) -> bool:
    return any("owns" in step.care for step in steps)


def _tone(tone: int | None, signs: str, strained: str, alphabet: Alphabet) -> Cell:
    return Cell(alphabet.silent, "") if tone is None else Cell(signs[tone], ("", strained, "hostile")[tone])


def _care(step: Step, alphabet: Alphabet) -> Cell:
    """The care of a step; a missed call before an answer, for it is what a reader looks for."""
    kind = next((kind for kind in alphabet.care if kind in step.care and kind != "owns"), "")
    return Cell(alphabet.care[kind], kind) if kind else Cell(alphabet.silent, "")


def _owned(step: Step, alphabet: Alphabet) -> Cell:
    return Cell(alphabet.care["owns"], "owns") if "owns" in step.care else Cell(alphabet.silent, "")


def _numbers(steps: Sequence[Step], cell: int) -> str:
    """The number of the first message of every fifth step, below it."""
    line = ""
    for place, step in enumerate(steps):
        if place % _EVERY == 0 and len(line) <= place * cell:
            line = line.ljust(place * cell) + str(step.first) + " "
    return line.rstrip()[: len(steps) * cell + 4]


def _legend(steps: Sequence[Step], alphabet: Alphabet) -> list[tuple[str, str, str]]:
    """What the signs mean, those that are drawn."""
    tones = [
        (alphabet.customer[1], "upset", "customer upset", any(step.customer == 1 for step in steps)),
        (alphabet.agent[1], "guarded", "agent guarded", any(step.agent == 1 for step in steps)),
        (alphabet.agent[2], "hostile", "hostile", any(2 in {step.customer, step.agent} for step in steps)),
    ]
    care = [
        (alphabet.care[kind], kind, meaning, any(kind in step.care for step in steps))
        for kind, meaning in escalation.CARE.items()
    ]
    return [(sign, kind, meaning) for sign, kind, meaning, drawn in (*tones, *care) if drawn]

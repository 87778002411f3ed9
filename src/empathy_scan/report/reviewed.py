"""What the centre's own reviewers say: how far they agree with one another and the model with them, and what for."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

from empathy_scan.report import words
from empathy_scan.stats import Estimate

FOUND = "found"  # of what people call so, what the model finds; else of what it finds, what people confirm
_NAMES = {
    ("agent", "care"): "Understanding, stock phrases or neither", ("agent", "S"): "Stock phrase",
    ("agent", "A"): "Shows understanding", ("agent", "X"): "Asks openly", ("agent", "O"): "Owns a next step",
    ("agent", "tone"): "The agent's tone", ("customer", "tone"): "The customer's tone", ("customer", "i"): "Insult",
    ("customer", "t"): "Threat", ("customer", "p"): "Swearing at somebody", ("customer", "c"): "Contempt",
}  # fmt: skip
_ANSWERS = {
    "empathic": "understanding", "scripted": "stock phrases only", "neutral": "neither understanding nor stock phrases",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Agreement:
    """How far two sides agree on a label: from -1 to 1, on so many turns; None, with the reason, where unknown."""

    estimate: Estimate | None
    turns: int
    remark: str


@dataclass(frozen=True, slots=True)
class Label:
    """A label: people with one another, and the model with people."""

    role: str
    key: str
    name: str
    people: Agreement
    model: Agreement


@dataclass(frozen=True, slots=True)
class ErrorRate:
    """Of so many turns that one side gives an answer the share that the other side gives it, too."""

    label: tuple[str, str]  # role and key
    answer: str
    kind: str
    estimate: Estimate
    turns: int


@dataclass(frozen=True, slots=True)
class Reviewed:
    """The review of a centre's turns by its own people."""

    good: bool  # enough to compare agents
    reason: str
    drawn: int
    answered: int
    double: int
    conversations: int
    reviewers: int
    labels: tuple[Label, ...]
    errors: tuple[ErrorRate, ...]
    standard: float  # that the whole range of an agreement must reach


@dataclass(frozen=True, slots=True)
class Line:
    """A line of the table of labels."""

    name: str
    people: str
    model: str


@dataclass(frozen=True, slots=True)
class Section:
    """What the Method page says of the review."""

    counted: str
    verdict: str
    standard: str
    lines: tuple[Line, ...]
    errors: tuple[tuple[str, str, str], ...]  # of what, what share, from how many turns


def line(held: Reviewed | None) -> str:
    """What the front page says of the review; nothing where nobody has reviewed anything."""
    if held is None or not held.answered:
        return ""
    turns = words.plural(held.answered, "message", "messages")
    return f"Your own reviewers labelled {turns}, {held.double:,} of them more than once. {_verdict(held)}"


def section(held: Reviewed | None) -> Section | None:
    """The part of the Method page; None where nobody has reviewed anything."""
    if held is None or not held.answered:
        return None
    return Section(
        counted=(
            f"{words.plural(held.reviewers, 'person', 'people')} labelled "
            f"{words.plural(held.answered, 'message', 'messages')} of "
            f"{words.plural(held.conversations, 'conversation', 'conversations')} without seeing the model's labels; "
            f"{held.double:,} of them were labelled by more than one. Which messages they got was drawn by lot, and "
            "every figure allows for how likely each of them was to be drawn."
        ),
        verdict=_verdict(held),
        standard=(
            "1 is complete agreement, 0 what luck alone would give. Good enough is an agreement whose whole range lies "
            f"at {held.standard:.2f} or more."
        ),
        lines=tuple(
            Line(
                _name(each.role, each.key, each.name),
                f"people: {_agreement(each.people)}",
                f"model: {_agreement(each.model)}",
            )
            for each in held.labels
        ),
        errors=tuple(_errors(held)),
    )


def _verdict(held: Reviewed) -> str:
    reason = _of_messages(words.shown(held.reason))
    return f"Good enough to compare agents: {'yes' if held.good else 'no'}. Reason: {reason}."


def _of_messages(reason: str) -> str:
    """A reason in the words of a report, in which a turn is a message."""
    return reason.replace(" turns", " messages")


def _name(role: str, key: str, name: str) -> str:
    return _NAMES.get((role, key)) or words.shown(name)


def _agreement(held: Agreement) -> str:
    """`0.81 (0.70 to 0.88), 48 messages: good enough`; the ends are rounded outwards."""
    if held.estimate is None:
        return _of_messages(held.remark)
    low, high = math.floor(100 * held.estimate.low) / 100, math.ceil(100 * held.estimate.high) / 100
    figure = f"{held.estimate.value:.2f} ({low:.2f} to {high:.2f})".replace("-", "\N{MINUS SIGN}")
    return f"{figure}, {words.plural(held.turns, 'message', 'messages')}: {held.remark}"


def _errors(held: Reviewed) -> Iterator[tuple[str, str, str]]:
    """How often the model finds what people see, and how often they confirm what it finds."""
    for rate in held.errors:
        role, key = rate.label
        called = _ANSWERS.get(rate.answer, rate.answer) if key == "care" else f"{rate.answer}, of {role}s"
        low, high = math.floor(100 * rate.estimate.low), math.ceil(100 * rate.estimate.high)
        share = f"{words.whole(100 * rate.estimate.value)} of 100 ({low} to {high})"
        if rate.kind == FOUND:
            told = f"people call “{called}”", f"the model finds {share}"
        else:
            told = f"the model calls “{called}”", f"people confirm {share}"
        yield *told, words.plural(rate.turns, "message", "messages")

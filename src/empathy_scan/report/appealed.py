"""What a report says of appeals: a mark on each message that somebody disputed, and a section of the Method page."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from empathy_scan import codebook, stats
from empathy_scan.codebook import Role
from empathy_scan.report import marks, words

OPEN, UPHELD, PARTLY, REJECTED, WITHDRAWN = "open", "upheld", "partly", "rejected", "withdrawn"
HARDSHIP = "hardship"
YES = "yes"
HOW = (
    "Do you think that a message is labelled wrongly? Tell your team lead its id (such as {example}), what it should "
    "be, and why. The lead enters that with: empathy-scan appeal open {example}. Somebody else decides, and if you are "
    "right the figures change."
)


@dataclass(frozen=True, slots=True)
class Appealed:
    """A message against whose labels somebody has appealed; nobody is named."""

    message: str
    conversation_id: str
    turn: int
    agent_id: str
    state: str  # open, upheld, partly, rejected or withdrawn
    opened_at: datetime
    decided_at: datetime | None = None  # of the decision that counts
    outcome: str = ""  # of that decision; also while a second appeal is open
    was: str = ""  # the model's labels, in words
    counts: str = ""  # what counts since the decision, in words
    applies: bool = True  # the message has still the words that were decided on


@dataclass(frozen=True, slots=True)
class Section:
    """What the Method page says of appeals."""

    told: tuple[str, ...]
    warning: str


def in_words(role: str, labels: Mapping[str, str]) -> str:
    """Labels by code as a team lead reads them: `stock phrase, guarded`; the tone is always among them."""
    given = codebook.FLAGS if role == Role.AGENT else codebook.ATTACKS
    names = [marks.called(each.name) for each in given if labels.get(each.code) == YES]
    given_tone = labels.get("tone", "0")
    tone = codebook.tone_names(role)[int(given_tone)] if given_tone.isdigit() else "a tone that cannot be told"
    return ", ".join([*names, tone, *([HARDSHIP] if labels.get(HARDSHIP) == YES else [])])


def note(each: Appealed) -> str:
    """What stands beside a message; nothing after an appeal that was withdrawn."""
    told = []
    if each.decided_at is not None:
        when = words.date(each.decided_at)
        if not each.applies:
            told.append(f"Decided after an appeal on {when}, but the message has other words now: that counts no more.")
        elif each.was == each.counts:
            told.append(f"Confirmed after an appeal on {when}: counts as {each.counts}, as before.")
        else:
            told.append(f"Changed after an appeal on {when}: was {each.was}, counts as {each.counts}.")
    if each.state == OPEN:
        told.append(f"An appeal is open since {words.date(each.opened_at)}: until it is decided, nothing changes.")
    return " ".join(told)


def how(example: str) -> str:
    """How somebody disputes a label, in plain words."""
    return HOW.format(example=example)


def section(appeals: Sequence[Appealed]) -> Section | None:
    """The part of the Method page; None where nobody has appealed."""
    if not appeals:
        return None
    return Section(
        tuple(_told(appeals)),
        "People appeal where they see an error, so these messages are no random sample: the share of appeals that were "
        "upheld is not the share of labels that are wrong, and few appeals do not show that few labels are.",
    )


def _told(appeals: Sequence[Appealed]) -> Iterator[str]:
    """How many appeals there were, and what became of them."""
    count = len(appeals)
    yield f"Somebody appealed against the labels of {words.plural(count, 'message', 'messages')} of this report."
    decided = [each for each in appeals if each.outcome]
    if decided:
        upheld = sum(each.outcome in {UPHELD, PARTLY} for each in decided)
        partly = sum(each.outcome == PARTLY for each in decided)
        held = stats.wilson(upheld, len(decided))
        low, high = math.floor(100 * held.low), math.ceil(100 * held.high)
        yield (
            f"{len(decided):,} {'is' if len(decided) == 1 else 'are'} decided. Upheld, wholly or in part: {upheld:,}, "
            f"{words.whole(100 * held.value)} of 100 ({low} to {high}, "
            f"{words.plural(len(decided), 'decided appeal', 'decided appeals')})"
            f"{f'; {partly:,} of these in part' if partly else ''}."
        )
        yield (
            "What was decided counts in every figure instead of the model's labels, whatever model comes next. It is "
            "certain, so no figure is corrected for the model's errors on these messages."
        )
    if waiting := sum(each.state == OPEN for each in appeals):
        yield f"{words.plural(waiting, 'appeal is', 'appeals are')} open; until then the labels count as they are."
    if withdrawn := sum(each.state == WITHDRAWN for each in appeals):
        yield f"{words.plural(withdrawn, 'appeal was', 'appeals were')} withdrawn."
    if lost := sum(not each.applies for each in decided):
        yield (
            f"{words.plural(lost, 'decision counts', 'decisions count')} no more: the message has other words now than "
            "those that were decided on."
        )

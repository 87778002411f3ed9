"""What people are asked of a turn, in the words of the codebook, and how their answers are written down.

An answer is a dictionary of question keys and values: `yes`, `no` or a tone's code, and `?` where nobody could tell.
Labels that a centre adds of its own are further questions of the same kind (`flag`).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from empathy_scan import own_codebook
from empathy_scan.codebook import (
    AGENT_TONES,
    ATTACK_CODES,
    ATTACKS,
    CUSTOMER_TONES,
    FLAG_CODES,
    FLAGS,
    Label,
    Role,
    care_class,
)
from empathy_scan.errors import ConfigError

YES, NO, CANNOT_TELL = "yes", "no", "?"
TONE, CARE = "tone", "care"  # `care` is derived from the flags and never asked
Answers = Mapping[str, str]

_AFFIRMED = {"yes", "y", "true", "1", "1.0", "x", "ja", "oui", "si", "sí", "✓", "✔"}
_DENIED = {"no", "n", "false", "0", "0.0", "-", "nein", "non"}
_UNTOLD = {"?", "cannot tell", "can't tell", "can’t tell", "unsure", "unclear"}


@dataclass(frozen=True)
class Choice:
    """One possible answer: what is written down, what it is called, and when it is given."""

    value: str
    name: str
    meaning: str = ""


@dataclass(frozen=True)
class Question:
    """A question about the turns of one role; `needs` is the answer to another one without which this is `no`."""

    key: str
    role: str
    name: str
    title: str
    meaning: str
    choices: tuple[Choice, ...]
    ordinal: bool = False
    needs: tuple[str, str] | None = None

    @cached_property
    def values(self) -> tuple[str, ...]:
        """The answers that say something, in their order."""
        return tuple(choice.value for choice in self.choices)

    @property
    def column(self) -> str:
        """The heading of its column in a table."""
        return f"{self.title} ({self.key})" if len(self.key) == 1 else self.title

    def named(self, value: str) -> str:
        """What an answer is called."""
        return next((choice.name for choice in self.choices if choice.value == value), "cannot tell")

    def parse(self, cell: str) -> str | None:
        """The answer that a cell of a table gives; "" for an empty one, None for what is no answer."""
        said = " ".join(cell.split()).casefold().lstrip("'")
        if not said:
            return ""
        if said in _UNTOLD:
            return CANNOT_TELL
        for choice in self.choices:
            if said in {choice.value, choice.name, f"{choice.value} {choice.name}", f"{choice.value}.0"}:
                return choice.value
        if self.values == (NO, YES):
            return YES if said in _AFFIRMED or said == self.key.casefold() else NO if said in _DENIED else None
        return None


def flag(label: Label, role: str, title: str, *, needs: tuple[str, str] | None = None) -> Question:
    """A label as a question of yes or no."""
    choices = (Choice(NO, "no"), Choice(YES, "yes"))
    return Question(label.code, role, label.name, title, label.meaning, choices, needs=needs)


def _tone(labels: Sequence[Label], role: str) -> Question:
    choices = tuple(Choice(label.code, label.name, label.meaning) for label in labels)
    return Question(TONE, role, f"{role} tone", "Tone", "exactly one", choices, ordinal=True)


_TITLES = {
    "S": "Stock phrase of care?", "A": "Shows understanding of this customer?", "X": "Asks openly?",
    "O": "Owns a next step?", "i": "Insult?", "t": "Threat?", "p": "Swearing at somebody?", "c": "Contempt?",
}  # fmt: skip
QUESTIONS: dict[str, tuple[Question, ...]] = {
    Role.AGENT.value: (
        *(flag(label, Role.AGENT.value, _TITLES[label.code]) for label in FLAGS),
        _tone(AGENT_TONES, Role.AGENT.value),
    ),
    Role.CUSTOMER.value: (
        _tone(CUSTOMER_TONES, Role.CUSTOMER.value),
        *(flag(label, Role.CUSTOMER.value, _TITLES[label.code], needs=(TONE, "2")) for label in ATTACKS),
    ),
}


def of(role: str, own: Sequence[Question] = ()) -> tuple[Question, ...]:
    """The questions about turns of a role, in the order in which they are asked; those of a centre's own come last."""
    return (*QUESTIONS[role], *(each for each in own if each.role == role))


def of_own(labels: Sequence[own_codebook.OwnLabel]) -> tuple[Question, ...]:
    """A centre's own labels as questions. Raises ConfigError for one that is called as a standard question is."""
    taken = {known(name) for role in QUESTIONS for each in of(role) for name in (each.key, each.name, each.title)}
    found = []
    for each in labels:
        if {known(each.name), known(each.question)} & taken:
            raise ConfigError(
                "is called as a standard label is", where=f"own label {each.key}",
                remedy="give it another name and question",
            )  # fmt: skip
        found.append(flag(Label(each.key, each.name, each.definition), each.role, each.question))
    return tuple(found)


def known(name: str) -> str:
    """A heading or name as it is compared: without case, blanks and punctuation."""
    return re.sub(r"[^\w]+", " ", name).strip().casefold()


def said(role: str, flags: str, tone: int, kinds: str) -> dict[str, str]:
    """What labels in codes answer to the questions about a role."""
    held = flags if role == Role.AGENT else kinds
    return {
        each.key: str(tone) if each.key == TONE else (YES if each.key in held else NO)
        for each in of(role)
    }  # fmt: skip


def codes(answers: Answers) -> tuple[str, int | None, str]:
    """Answers as codes: flags, tone (None where nobody could tell) and kinds of attack."""
    tone = answers.get(TONE, CANNOT_TELL)
    flags, kinds = ("".join(code for code in held if answers.get(code) == YES) for held in (FLAG_CODES, ATTACK_CODES))
    return flags, int(tone) if tone.isdigit() else None, kinds


def care(answers: Answers) -> str:
    """The derived care class of an agent's turn; `?` where the flags leave it open."""
    given = [answers.get(code, CANNOT_TELL) for code in "AX"]
    if YES in given:
        return care_class("A").value
    if CANNOT_TELL in given or answers.get("S", CANNOT_TELL) == CANNOT_TELL:
        return CANNOT_TELL
    return care_class("S" if answers["S"] == YES else "").value


def completed(role: str, given: Answers, asked: Sequence[Question] | None = None) -> dict[str, str] | str:
    """All answers to the questions asked (the standard ones of a role), from those given; or what is wrong, in words.

    What depends on another answer is `no` where that answer is not given (and may not be `yes`), and so is any other
    that is not given: without a tone a turn is not answered. Where no tone is asked for, all questions want an answer.
    """
    asked = of(role) if asked is None else asked
    toned = any(each.key == TONE for each in asked)
    if strange := [key for key in given if key not in {each.key for each in asked}]:
        return f"{len(strange)} answer(s) to questions that are not asked of a turn of this role"
    if toned and not given.get(TONE):
        return "the tone is not answered"
    found: dict[str, str] = {}
    for each in asked:
        value = given.get(each.key) or (NO if toned else "")
        if each.needs and found.get(each.needs[0]) != each.needs[1]:
            if value == YES and found.get(each.needs[0]) != CANNOT_TELL:
                return f"“{each.title}” is yes though the tone is not hostile"
            value = CANNOT_TELL if found.get(each.needs[0]) == CANNOT_TELL else NO
        if value not in {*each.values, CANNOT_TELL}:
            return f"no answer to “{each.title}”"
        found[each.key] = value
    return found

"""What every rule of `redact` is made of: the kinds of placeholders, the shape of a rule, and words that many share."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

KINDS = (
    "EMAIL", "PHONE", "CARD", "IBAN", "NUMBER", "NAME", "ADDRESS", "URL", "IP", "DATE_OF_BIRTH", "SECRET",
)  # fmt: skip
PLACEHOLDER = re.compile(r"\[[A-Z_]+\]")
MONTH = (
    "jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?"
    "|nov(?:ember)?|dec(?:ember)?"
)

Replacement = Callable[[re.Match[str]], str]


@dataclass(frozen=True, slots=True)
class Rule:
    """One kind of personal data: where it is, and what stands there afterwards."""

    kind: str
    hint: str  # a cheap pattern without which `pattern` cannot match
    pattern: re.Pattern[str]
    replace: Replacement
    needs_digit: bool = False  # no text without a digit can match
    introduces: bool = False  # what it finds is a name that may stand elsewhere in the conversation, too


def put(kind: str) -> Replacement:
    """The placeholder, behind what the pattern's group `keep` holds."""

    def replacement(match: re.Match[str]) -> str:
        return f"{match.groupdict().get('keep') or ''}[{kind}]"

    return replacement


def make_rule(
    kind: str,
    hint: str,
    pattern: str,
    replace: Replacement | None = None,
    *,
    flags: int = 0,
    introduces: bool = False,
    digit: bool = False,
) -> Rule:
    """A rule of its parts; without `replace` it puts the placeholder of its kind. `digit`: it needs a digit."""
    digit = digit or all(r"\d" in part for part in hint.split("|"))
    return Rule(kind, hint, re.compile(pattern, flags), replace or put(kind), digit, introduces)

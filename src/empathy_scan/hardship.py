"""Which customer turns tell of a loss, fear, illness, grief or hardship: a call for empathy without any anger.

Rules over the words of a turn, matched by spaCy's Matcher. They decide only where an answer with empathy was called
for; they never score anybody. A rule is a line of words: `a|b` one of these, `CLASS` one of a class of `WORDS`, a
trailing `?` an optional word, `_` any word, `_4` up to four words of any kind. A rule's match does not count where an
idiom (`IDIOMS`: "dying to", "my phone died") lies over it, or a denial stands right before it ("nobody died").
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

import polars as pl

from empathy_scan.codebook import Role
from empathy_scan.hardship_rules import IDIOMS, RULES, WORDS
from empathy_scan.lightly import blank_english
from empathy_scan.tables import TURNS, conform

if TYPE_CHECKING:
    from spacy.language import Language
    from spacy.matcher import Matcher
    from spacy.tokens import Doc, Span

Token = dict[str, object]

_DENIALS = frozenset({"not", "n't", "nt", "never", "no", "nobody", "none", "hardly"})
# Words that may stand between a denial and what it denies: "not in hospital", "never been in debt".
_BETWEEN = frozenset(
    {"a", "an", "the", "any", "really", "actually", "been", "being", "be", "in", "at", "so", "very", "one"}
)


def tells(turns: pl.DataFrame) -> pl.Series:
    """A Boolean per row of `turns`: true for customer turns that tell of a loss, fear, illness, grief or hardship.

    Raises SchemaError unless `turns` is a frame of turns.
    """
    turns = conform(turns, TURNS)
    rows = (turns["role"] == Role.CUSTOMER.value).arg_true()
    plain = turns["text"].gather(rows).str.to_lowercase().str.replace_all("’", "'")
    literals = plain.str.extract_many(sorted(_literals()), overlapping=True)
    told = [_told(text, frozenset(found)) for text, found in zip(plain, literals, strict=True)]
    return pl.repeat(value=False, n=len(turns), dtype=pl.Boolean, eager=True).scatter(rows, told).alias("hardship")


def _told(text: str, found: frozenset[str]) -> bool:
    """Whether a rule matches a text in small letters outside every idiom and denial; `found` are the literals in it."""
    if not any(True for _ in _possible(RULES, found)):
        return False
    doc = _language().make_doc(text)
    words = frozenset(token.lower_ for token in doc)
    spans = [span for rule in _possible(RULES, words) for span in _spans(rule, doc) if not _denied(doc, span.start)]
    if not spans:
        return False
    idioms = [span for idiom in _possible(IDIOMS, words) for span in _spans(idiom, doc)]
    covered = {place for idiom in idioms for place in range(idiom.start, idiom.end)}
    return any(covered.isdisjoint(range(span.start, span.end)) for span in spans)


def _denied(doc: Doc, start: int) -> bool:
    """Whether a denial stands before a match, with little in between."""
    for place in range(start - 1, max(-1, start - 4), -1):
        word = doc[place].lower_
        if word not in _BETWEEN:
            return word in _DENIALS
    return False


# --- rules and where to look for them -------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Rule:
    """One rule: its line, and for each of its required words the literals of which a text must hold one."""

    line: str
    required: tuple[frozenset[str], ...]


@cache
def _rules(block: str) -> tuple[_Rule, ...]:
    """The rules of a block, one a line; what follows a `#` is a comment."""
    lines = (line.partition("#")[0].strip() for line in block.splitlines())
    return tuple(_Rule(line, _required(line)) for line in lines if line)


def _required(line: str) -> tuple[frozenset[str], ...]:
    """The choices of every word that a rule cannot do without."""
    words = (word for word in line.split() if not word.endswith("?") and not _is_gap(word))
    return tuple(frozenset(_choices(word)) for word in words)


@cache
def _by_literal(block: str) -> dict[str, list[_Rule]]:
    """The rules of a block by the literals of that required word which is hardest to meet (its shortest is longest)."""
    index: dict[str, list[_Rule]] = {}
    for rule in _rules(block):
        for literal in max(rule.required, key=lambda choices: min(map(len, choices))):
            index.setdefault(literal, []).append(rule)
    return index


@cache
def _literals() -> frozenset[str]:
    """Everything that has to be looked for in a text to know whether a rule is possible."""
    return frozenset(literal for rule in _rules(RULES) for word in rule.required for literal in word)


def _possible(block: str, found: frozenset[str]) -> Iterator[_Rule]:
    """The rules of a block whose required words can all be there."""
    index = _by_literal(block)
    rules = dict.fromkeys(rule for literal in found if literal in index for rule in index[literal])
    return (rule for rule in rules if not any(found.isdisjoint(choices) for choices in rule.required))


# --- rules as spaCy wants them --------------------------------------------------------------------------------------


@cache
def _language() -> Language:
    """A blank English pipeline: its tokenizer is all that is needed."""
    return blank_english()


@cache
def _matcher(line: str) -> Matcher:
    """The matcher of one rule."""
    from spacy.matcher import Matcher  # noqa: PLC0415 - half a second; nothing needs it where no turn has a telling word

    matcher = Matcher(_language().vocab)
    matcher.add(line, [[_token(word) for word in line.split()]])
    return matcher


def _spans(rule: _Rule, doc: Doc) -> list[Span]:
    """Where a rule matches."""
    return list(_matcher(rule.line)(doc, as_spans=True))


def _is_gap(word: str) -> bool:
    """Whether a word of a rule stands for any words."""
    return re.fullmatch(r"_\d*\??", word) is not None


def _token(word: str) -> Token:
    """One word of a rule as the Matcher wants it."""
    if gap := re.fullmatch(r"_(\d+)", word):
        return {"OP": f"{{0,{gap[1]}}}"}
    optional: Token = {"OP": "?"} if word.endswith("?") else {}
    return optional if _is_gap(word) else {"LOWER": {"IN": sorted(_choices(word.removesuffix("?")))}, **optional}


def _choices(word: str) -> set[str]:
    """The words that a word of a rule stands for."""
    return {choice for part in word.split("|") for choice in WORDS.get(part, part).split()}

"""Answers that look written for a scoring tool: flagged for a person to read, never scored differently.

Rules, not a model: each names what it saw. What they are good for, and how far scores can be moved by such texts, is
measured by `benchmarks/manipulation.py`. A figure never changes because of a flag; `parroting` and `stuffing` alone
decide which answers are not counted, and tell it in their evidence.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any

import polars as pl

from empathy_scan.codebook import Role
from empathy_scan.parroting import UNCOUNTED, words
from empathy_scan.stuffing import PASTED

SIGNS = {
    "addressed": "speaks to a scoring tool, or in its words",
    "copied": "says the customer's own sentence back",
    "listed": "lists the customer's words one after another",
    "repeated": "says one assurance again and again",
    "stuffed": "piles up phrases of sympathy",
    UNCOUNTED: "says the customer's words back, and is not counted as empathic for that",
    PASTED: "piles up stock phrases or lists the customer's words, and is not counted as empathic for that",
}
_NOT_COUNTED = (UNCOUNTED, PASTED)
FOUND = {"conversation_id": pl.String(), "turn": pl.Int32(), "signs": pl.List(pl.String())}
COPIED = 6  # words in a row that are the customer's
LISTED = 4  # parts of a list that are all made of the customer's words
REPEATED = 3  # assurances that are one and the same
STUFFED = 4  # phrases of sympathy in one sentence after another
_LOOKED_BACK = 3  # turns of the customer before it
_ADDRESSED = re.compile(
    r"\[(?:empath\w*|acknowledges?|owns?|explores?|scripted)\]"
    r"|\bempathy (?:statement|guidelines?|score|rating|response)\b"
    r"|\b(?:rate|score|label|classify|mark) (?:this|my) (?:turn|message|answer|response|reply|agent)\b"
    r"|\b(?:note|message) to the (?:quality|scoring|rating) (?:system|tool|team)\b"
    r"|\b(?:demonstrating|showing|using) (?:active listening|empathy)\b"
    r"|\bthis (?:answer|message|response|reply) (?:shows|is|demonstrates) (?:understanding|empath\w+)\b",
    re.IGNORECASE,
)
_SYMPATHY = re.compile(
    r"\b(?:understand|empathi[sz]e|sympathi[sz]e|apologi[sz]e|apolog(?:y|ies)|sorry|appreciate|(?:hear|see|value) you|"
    r"feel your|can (?:only |well )?imagine|know how you feel|you(?:'re| are) not alone|heart goes out|my heart|"
    r"we care|i get it|your (?:feelings|frustration|concern)s?|here for you|must be (?:so|very) hard|coming from|"
    r"thank you for|(?:completely|totally|perfectly) valid|take this very seriously|feel (?:exactly )?the same)\b",
    re.IGNORECASE,
)
_SENTENCE = re.compile(r"[^.!?\n]+[.!?]*")
_EMPTY = {"a", "an", "and", "the", "your", "you", "with", "about", "of", "for", "to", "in", "on", "at"}
_FILLERS = {"really", "truly", "completely", "totally", "do", "very", "so", "deeply", "absolutely", "just", "again",
            "once", "well", "only"}  # fmt: skip


def found(turns: pl.DataFrame) -> pl.DataFrame:
    """The agents' turns with a sign of it (columns FOUND), sorted.

    `turns` has the columns `conversation_id`, `turn`, `role`, `text` and `flags`, and may have `evidence`. Where the
    flags hold neither understanding nor interest, so that nothing was gained, only what is `addressed` to a tool is
    told, and what was not counted.
    """
    counted = pl.col("flags").fill_null("").str.contains("A|X")
    addressed = pl.col("text").str.contains(f"(?i){_ADDRESSED.pattern}")
    asked = turns.filter(pl.col("role") == Role.AGENT, counted | addressed | _uncounted(turns))
    talks = turns.join(asked.select("conversation_id").unique(), on="conversation_id", how="semi")
    rows = []
    for part in talks.sort("conversation_id", "turn").partition_by("conversation_id", maintain_order=True):
        said: list[str] = []
        for row in part.iter_rows(named=True):
            if row["role"] == Role.CUSTOMER:
                said = [*said, row["text"]][-_LOOKED_BACK:]
            elif row["role"] == Role.AGENT and (marks := list(_told(row, said))):
                rows.append((row["conversation_id"], row["turn"], marks))
    return pl.DataFrame(rows, schema=FOUND, orient="row")


def signs(text: str, said: Iterable[str]) -> list[str]:
    """The signs of an answer to what the customer said before, in the order of SIGNS."""
    sentences = [match.group() for match in _SENTENCE.finditer(text)]
    before = [words(one) for one in said]
    tests = {
        "addressed": bool(_ADDRESSED.search(text)),
        "copied": any(_is_copied(words(sentence), before) for sentence in sentences),
        "listed": any(_is_listed(sentence, {word for one in before for word in one}) for sentence in sentences),
        "repeated": _is_repeated(sentences),
        "stuffed": any(len(_SYMPATHY.findall(sentence)) >= STUFFED for sentence in [*sentences, text]),
    }
    return [sign for sign, holds in tests.items() if holds]


def _told(row: dict[str, Any], said: list[str]) -> Iterator[str]:
    """The signs of a turn that are worth telling."""
    for sign in signs(row["text"], said):
        if sign == "addressed" or set(row["flags"] or "") & set("AX"):
            yield sign
    why = {span["label"] for span in row.get("evidence") or ()}
    yield from (sign for sign in _NOT_COUNTED if sign in why)


def _uncounted(turns: pl.DataFrame) -> pl.Expr:
    """Whether a turn lost its labels by a rule; False where no evidence is given."""
    if "evidence" not in turns.columns:
        return pl.lit(value=False)
    told = pl.col("evidence").list.eval(pl.element().struct.field("label").is_in(_NOT_COUNTED))
    return told.list.any().fill_null(value=False)


def _is_copied(own: list[str], before: Iterable[list[str]]) -> bool:
    """Whether so many words in a row are the customer's, and most of the sentence with them."""
    if len(own) < COPIED:
        return False
    runs = {tuple(one[start : start + COPIED]) for one in before for start in range(len(one) - COPIED + 1)}
    places = [start for start in range(len(own) - COPIED + 1) if tuple(own[start : start + COPIED]) in runs]
    covered = {place + step for place in places for step in range(COPIED)}
    return len(covered) >= 0.8 * len(own)


def _is_listed(sentence: str, customers: set[str]) -> bool:
    """Whether a sentence is a list whose parts, but for the first, hold the customer's words alone."""
    parts = [set(words(part)) - _EMPTY for part in re.split(r",|\band\b", sentence)]
    rest = [part for part in parts[1:] if part]
    return len(rest) >= LISTED - 1 and all(len(part) <= 3 and part <= customers for part in rest)


def _is_repeated(sentences: Iterable[str]) -> bool:
    """Whether so many sentences are one assurance, fillers aside."""
    cores = [tuple(word for word in words(one) if word not in _FILLERS) for one in sentences]
    short = [core for core in cores if 1 < len(core) <= 7]
    return any(sum(core[:3] == other[:3] or set(other) >= set(core) for other in short) >= REPEATED for core in short)

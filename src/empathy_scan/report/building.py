"""What an empathic answer could have built on: what this customer had told by then, in the customer's own sentences.

Nothing is invented and nothing is summed up: sentences of the customer's turns are quoted as they stand. A sentence is
a *fact* to build on if it is concrete, which a rule decides (`_weight`): it speaks of people, losses, times, counts or
amounts, in the first person, and more so where the model found the customer's tone in it; attacks and numbers that only
identify somebody are no facts.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from empathy_scan.codebook import Role
from empathy_scan.report import words
from empathy_scan.report.material import Row

FACTS = 3  # sentences quoted at most
LONGEST = 240  # characters of one
_ENOUGH = 2.5  # weight from which on a sentence is a fact
_FEWEST_WORDS = 4
_SAME = 0.75  # share of a sentence's words from which on it only repeats another
# To a full stop that ends something (not the one in 8.30), or to an empty line.
_SENTENCE = re.compile(r"\S.*?(?:[.!?]{1,20}+[\"”’')]{0,20}+(?=\s|\Z)|(?=\n[ \t]*\n)|\Z)", re.DOTALL)
_ATTACKS = {"2", "hostile", "i", "t", "p", "c", "insult", "threat", "profanity", "contempt"}


def _words(listed: str) -> re.Pattern[str]:
    return re.compile(rf"\b(?:{'|'.join(listed.split())})\b", re.IGNORECASE)


# What makes a sentence concrete, and how much.
_SIGNS: tuple[tuple[re.Pattern[str], float], ...] = (
    (_words(
        "mum mom mother dad father parents? son sons daughter sister brother wife husband partner baby toddler "
        "kids? child children grand\\w+ nan gran aunt uncle cousin niece nephew family neighbours? neighbors? friend "
        "tenants? nurse doctor vet pensioner widow(?:er|ed)? pregnant dog cat boss guests? bride"
    ), 2.0),
    (_words(
        "lost lose losing died dead death funeral hospital surgery operation ill illness sick cancer insulin "
        "medication medicine disabled wheelchair pain afraid scared frightened crying cried stranded flood(?:ed)? fire "
        "burnt? leak(?:s|ed|ing)? broke broken ruined wasted missed rent evicted debts? overdrawn fees? wages? shift "
        "job wedding birthday christmas holiday exams? flight school freezing cold heating alone stuck refused denied "
        "stolen robbed divorced? moving"
    ), 2.0),
    (_words(
        "mondays? tuesdays? wednesdays? thursdays? fridays? saturdays? sundays? today yesterday tonight tomorrow "
        "morning afternoon evening night weekend hours? minutes? days? weeks? months? years? since until ago january "
        "february april june july august september october november december"
    ), 1.0),
    (_words(
        "\\d[\\d.,:/]*\\w* two three four five six seven eight nine ten eleven twelve twenty thirty fifty hundred "
        "thousand dozen half twice second third fourth fifth again every"
    ), 1.0),
    (re.compile(r"\[(?:DATE|TIME|MONEY|AMOUNT|AGE|PLACE|LOCATION)\]"), 1.0),
    (_words("i i[’']m i[’']ve i[’']d me my mine we we[’']re we[’']ve our us"), 1.0),
)  # fmt: skip
# Numbers that identify, greetings and dictation: asked for by a form, nothing to build on.
_FORM = re.compile(
    r"\b(?:account|order|reference|customer|case|ticket|policy|booking) (?:number|no|id)\b|\bpost ?code\b|\be-?mail\b"
    r"|\bphone number\b|\bdate of birth\b|\bmy name is\b|\bis that\b|@|\[(?:ID|EMAIL|PHONE|ADDRESS|CARD|ACCOUNT)\w*\]",
    re.IGNORECASE,
)
_ASKS = re.compile(
    r"\b(?:can|could|will|would) (?:you|someone|somebody|anyone|we|i)\b|\bi(?:[’']d like| want| need| just want)\b"
    r"(?! to know)"
    r"|\bplease\b|^\W*+(?:\w++\W++){0,3}?(?:when|why|how|where|what)\b[^?]*\?",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Told:
    """A sentence of the customer, as it stands in the transcript."""

    turn: int
    text: str


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence of a customer's turn with its place in the turn's text and its weight as a fact."""

    turn: int
    start: int
    end: int
    text: str
    weight: float


def facts(turns: Iterable[Row], until: int) -> tuple[Told, ...]:
    """The most concrete sentences of the customer up to a turn, in the order in which they were said."""
    found = [sentence for sentence in _sentences(turns, until) if sentence.weight >= _ENOUGH]
    best: list[Sentence] = []
    for sentence in sorted(found, key=lambda sentence: (-sentence.weight, -sentence.turn, sentence.start)):
        if len(best) < FACTS and not any(_repeats(sentence.text, one.text) for one in best):
            best.append(sentence)
    ordered = sorted(best, key=lambda sentence: (sentence.turn, sentence.start))
    return tuple(Told(sentence.turn, words.beginning(sentence.text, LONGEST)) for sentence in ordered)


def asked(turns: Iterable[Row], until: int) -> Told | None:
    """What the customer asked for last, up to a turn: what the agent could own; None where nothing was asked for.

    Of several requests in one turn the first question, else the first request.
    """
    found = [
        sentence for sentence in _sentences(turns, until)
        if _ASKS.search(sentence.text) and not _FORM.search(sentence.text) and sentence.weight > -1
    ]  # fmt: skip
    latest = [sentence for sentence in found if sentence.turn == found[-1].turn]
    best = min(latest, key=lambda sentence: (not sentence.text.endswith("?"), sentence.start), default=None)
    return Told(best.turn, words.beginning(best.text, LONGEST)) if best else None


def _sentences(turns: Iterable[Row], until: int) -> Iterator[Sentence]:
    """The customer's sentences up to a turn, each with its weight."""
    for row in turns:
        if row["role"] != Role.CUSTOMER or row["turn"] > until:
            continue
        for match in _SENTENCE.finditer(row["text"]):
            text = " ".join(match[0].split())
            if len(text.split()) >= _FEWEST_WORDS:
                weight = _weight(row, text, match.start(), match.end()) + (row["turn"] == until) / 2
                yield Sentence(row["turn"], match.start(), match.end(), text, weight)


def _weight(row: Row, text: str, start: int, end: int) -> float:
    """How concrete a sentence is: the sum of its signs, each counted once."""
    labels = {
        span["label"] for span in row["evidence"] or [] if span["start"] < end and start < span["end"]
    }  # fmt: skip
    weight = sum(worth for sign, worth in _SIGNS if sign.search(text))
    weight += 0.5 * bool(labels - _ATTACKS) + 0.5 * bool(row["hardship"])
    weight -= 4 * bool(labels & _ATTACKS) + 2 * bool(_FORM.search(text))
    return weight - text.endswith("?")


def _repeats(one: str, other: str) -> bool:
    """Whether most words of a sentence were said in another already."""
    said, before = (set(re.findall(r"\w+", text.casefold())) for text in (one, other))
    return len(said & before) >= _SAME * len(said)

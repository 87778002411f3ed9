"""Stock phrases piled up, and the customer's words as a list: they count for nothing where there are several of them.

The codebook's paste test, by machine: a clause of sympathy that holds nothing but stock words and words of the customer
in its slots ("I understand your frustration with the boiler") would fit any other conversation with other nouns, and so
would the customer's nouns in a row. One of these is what people say, and stays; an answer that holds `LEAST` or more of
them is scored without them, as `parroting` scores it without the customer's sentences. `docs/gaming.md` has what this
gains and costs.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import cache
from importlib import resources
from itertools import groupby

from empathy_scan.config import ScoreConfig
from empathy_scan.parroting import UNCOUNTED, Rule, Span, folded, said_back, seen, words

LEAST = 3  # such clauses in an answer
LISTED = 3  # words of a part of a list
PASTED = "pasted"  # the label of such a clause in the evidence of an answer that lost its labels
_STOCK_PHRASE, _PART = "stock phrase", "part of a list"
_SIGN = r".!?,;:\n/()\u2013\u2014\u2600-\u27bf\U0001f300-\U0001faff"
_WORD_BETWEEN = r"\s(?:and|but|because|then|okay|right|yeah|oh)\s|\sso\s(?:it|the|we|you|your|which|i'm gonna)\b"
_BEFORE = r"\s(?:i|i'm|i've|i'll|i'd|we|we're|it's|that's|that must|you|you're|the|your|so|wow|really|again|once)\s"
_ONE = rf"(?:[^{_SIGN}]|(?<=\d)[.,:](?=\d))+?"
_END = rf"[{_SIGN}]+(?!(?<=\d[.,:])\d)"
_CLAUSE = re.compile(rf"{_ONE}(?={_END}|{_WORD_BETWEEN}|$)")
_UNSIGNED = re.compile(rf"{_ONE}(?={_END}|{_WORD_BETWEEN}|{_BEFORE}|$)")  # of speech without full stops
_WORDS_PER_SIGN = 25
_PLEDGE = re.compile(  # may have the customer's words in its slots
    r"\b(?:understand\w*|understood|empathi[sz]e\w*|sympathi[sz]e\w*|sympath(?:y|ies)|apologi[sz]e\w*|apolog(?:y|ies)|"
    r"sorry|regret\w*|appreciate\w*|recogni[sz]e|value[ds]?|imagine|(?:hear|see|feel|get|got|with|for) (?:you|u|ya)|"
    r"hearing you|i hear|i get|i know|we know|i see|gotcha|noted|noting|received|feelings?|frustrat\w+|"
    r"inconvenien\w+|valid\w*|(?:not|never) alone|hearts?|we care|important\w*|importance|"
    r"thanks?|touched|your shoes|concern\w*|safe hands|priority|in terms|about)\b"
)
_FEELING = re.compile(  # may not
    r"\b(?:upset\w*|distress\w*|stress\w*|overwhelm\w*|disappoint\w*|worr(?:y|ies|ied)|pain|care|hugs?|vibes|hard|tough|"
    r"rough|awful|horrible|terrible|dreadful|easy|ideal|natural|bless|dear|special|experience|patien\w+|welcome|seen|"
    r"heard|absolutely|angry|shaken|same|myself|feel|rest assured|(?:here|there) for)\b"
)
_LINKS = frozenset(
    {"a", "an", "and", "the", "of", "for", "to", "in", "on", "at", "with", "by", "your", "my", "his", "her", "our",
     "their", "plus"}
)  # fmt: skip
_SAYS = frozenset(  # a part of a list says nothing
    {"i", "you", "we", "he", "she", "they", "it", "is", "are", "was", "were", "be", "been", "has", "have", "had", "do",
     "does", "did", "can", "could", "will", "would", "that", "who", "which", "there", "not", "you're", "you've", "it's",
     "can't", "couldn't", "didn't", "don't", "wasn't", "isn't", "never", "no", "nobody", "nothing", "then"}
)  # fmt: skip


@cache
def _stock() -> frozenset[str]:
    """The words that hold sentences together, and those that sympathy is made of."""
    text = resources.files("empathy_scan").joinpath("words", "stock.txt").read_text(encoding="utf-8")
    return frozenset(text.split())


def rules(config: ScoreConfig) -> tuple[Rule, ...]:
    """The rules of `parroting.uncounted` that are on."""
    on = {UNCOUNTED: config.parroting, PASTED: config.stuffing}
    return tuple((label, find) for label, find in ((UNCOUNTED, said_back), (PASTED, pasted)) if on[label])


def pasted(text: str, said: Iterable[str]) -> list[Span]:
    """The clauses of an answer that are stock phrases or parts of a list; none if they are fewer than LEAST."""
    customers = {word for one in said for word in words(one)}
    clauses = list(_clauses(text))
    kinds = [_kind(text[start:end], text[end : end + 1], customers) for start, end in clauses]
    listed = set(_lists(kinds))
    found = {place for place, kind in enumerate(kinds) if kind == _STOCK_PHRASE or place in listed}
    if len(found) < LEAST:
        return []
    found |= {place for place, (start, end) in enumerate(clauses) if _is_foreign(text[start:end], customers)}
    return [clauses[place] for place in sorted(found)]


def _is_foreign(clause: str, customers: set[str]) -> bool:
    """Whether a clause has sympathy and nothing of the customer's: beside so much stock it counts as stock, too."""
    low = seen(folded(clause))
    slots = {word for word in words(clause) if word not in _stock()}
    return bool(_PLEDGE.search(low) or _FEELING.search(low)) and not slots & customers


def _clauses(text: str) -> Iterator[Span]:
    """Where the clauses of a text lie, without the signs between them."""
    plain = folded(text)
    signs, count = len(re.findall(rf"[{_SIGN}]", plain)), plain.count(" ")
    for match in (_UNSIGNED if signs * _WORDS_PER_SIGN < count else _CLAUSE).finditer(plain):
        if match[0].strip():
            yield match.span()


def _kind(clause: str, sign: str, customers: set[str]) -> str:
    """What a clause is: a stock phrase, a part of a list of the customer's words, or neither ("")."""
    own = words(clause)
    slots = [word for word in own if word not in _stock()]
    if not own or sign == "?" or any(word not in customers for word in slots):
        return ""
    low = seen(folded(clause))
    if _PLEDGE.search(low) or (not slots and _FEELING.search(low)):
        return _STOCK_PHRASE
    few = len([word for word in own if word not in _LINKS]) <= LISTED
    return _PART if slots and few and not _SAYS & set(own) else ""


def _lists(kinds: list[str]) -> Iterator[int]:
    """The parts that stand among so many others, or stock phrases, that are unbroken; each clause is seen once."""
    for taken, run in groupby(range(len(kinds)), key=lambda place: bool(kinds[place])):
        places = list(run)
        if taken and len(places) >= LEAST:
            yield from (place for place in places if kinds[place] == _PART)

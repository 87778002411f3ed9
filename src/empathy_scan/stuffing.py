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
from itertools import takewhile

from empathy_scan.config import ScoreConfig
from empathy_scan.parroting import UNCOUNTED, Rule, Span, said_back, words

LEAST = 3  # such clauses in an answer
LISTED = 3  # words of a part of a list
PASTED = "pasted"  # the label of such a clause in the evidence of an answer that lost its labels
_STOCK_PHRASE, _PART = "stock phrase", "part of a list"
_SIGN = r".!?,;:\n/()\u2013\u2014\u2600-\u27bf\U0001f300-\U0001faff"
_WORD_BETWEEN = r"\s+(?:and|but|because|then|okay|right|yeah|oh)\s|\s+so\s+(?:it|the|we|you|your|which|i'm gonna)\b"
_BEFORE = r"\s+(?:i|i'm|i've|i'll|i'd|we|we're|it's|that's|that must|you|you're|the|your|so|wow|really|again|once)\s"
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
_STOCK = frozenset(
    # what holds sentences together
    """a about absolutely again ah all also am an and any anybody anyone anything are as at aw be been being believe but
    by can can't cannot come comes coming did do does don't done dont each either even ever every everybody everyone
    everything first for foremost from fully genuinely get gets getting give go goes going gonna got great had has have
    having her here highest him his honestly hope how huge hundred i if in into is isn't it it's its just kind know known
    knows let like literally love made make makes many may me mean means message might more most much must my myself
    nature need needs never no nobody not nothing now of oh oof okay on once one only or other our ours out over own
    percent please quite real realise realize reach reaching really remain remains rest right say sending share
    should sincere sincerely sir so some somebody someone somewhat something sort still such sure take taken takes than
    that that's the their them then there these they thing things think this those through time times to today too
    totally touch truly trust u understandable up upon us very want was way we we're well were what whatever when where
    which who will wish with without wholeheartedly whole wholly would yeah yes yep you your yours yourself you're
    you've you'd you'll i'm i've i'd i'll we've we'd we'll there's here's he she they're ma madam ma'am customer folks
    buddy mate pal friend darling honey dear hun team everyone's nobody's doesn't didn't won't wouldn't couldn't haven't
    hasn't weren't wasn't aren't ain't
    """.split()
    # and what sympathy is made of
    + """accept aggravating alone anger angry annoyed annoying anxious apologies apologise apologising apologize
    apologizing apology appreciate appreciated appreciates assure assured awful bad behalf bits bless bother bothersome
    bottom burden care cares caring cause caused challenging comfort comfortable completely concern concerned
    concerning concerns deal dealing deepest deeply deserve deserves desperate difficult difficulties difficulty
    disappointed disappointing disappointment discomfort dismay distressed distressing disappointments dreadful easy
    emotion emotions empathise empathize empathy endure entire entirely ever exactly exasperating exhausting experience
    experienced experiences extend extremely face faced fair feel feeling feelings feels felt find fortunate frustrated
    frustrating frustration frustrations gentle gotcha grateful great guys hands happen happened happy hard hardship
    hassle hear heard hearing heart heartbreaking heartfelt hearts hold horrible hug hugs hurt ideal imagine immensely
    importance important incredibly inconvenience inconvenienced inconveniences inconvenient infuriating intensely irritating
    issue issues journey justified legit less listen listening matter matters mind miserable moment natural naturally
    noted normal noting offer okay ordeal overwhelmed overwhelming pain painful patience patient perfectly place pity
    point position priority problem problems profound profoundly realise rough regret regrets relate respect response
    reassure sad sadness safe satisfaction scared scary sense shame shoes sincerest situation sorrow special space stand
    step stress stressed stressful stressing story strength suffer suffering suffered sucks support supporting sympathies
    sympathise sympathize sympathy tell terms terribly terrible thank thankful thanks thorough thoroughly thought thoughts
    tiring together tough trouble troubled troubles troubling trusting trying understand understanding understands understood
    uneasy unfair unfortunate unfortunately unhappy unpleasant unreserved upset upsetting utmost utterly valid validated
    valuable value valued values vibes view warm warmest weight wholehearted wonder worried worries worry worrying worth
    worst wrong acknowledge acknowledging received recognise recognize validity soul prayers prayer sympathetic sorry sincerest awfully seen same regarding shoes darling i'd
    """.split()
)  # fmt: skip
_LINKS = frozenset("a an and the of for to in on at with by your my his her our their plus".split())
_SAYS = frozenset("""i you we he she they it is are was were be been has have had do does did can could will would that
    who which there not n't you're you've it's can't couldn't didn't don't wasn't isn't never no nobody nothing then""".split())  # fmt: skip


def rules(config: ScoreConfig) -> tuple[Rule, ...]:
    """The rules of `parroting.uncounted` that are on."""
    on = {UNCOUNTED: config.parroting, PASTED: config.stuffing}
    return tuple((label, find) for label, find in ((UNCOUNTED, said_back), (PASTED, pasted)) if on[label])


def pasted(text: str, said: Iterable[str]) -> list[Span]:
    """The clauses of an answer that are stock phrases or parts of a list; none if they are fewer than LEAST."""
    customers = {word for one in said for word in words(one)}
    clauses = list(_clauses(text))
    kinds = [_kind(text[start:end], text[end : end + 1], customers) for start, end in clauses]
    listed = {place for place in range(len(kinds)) if kinds[place] == _PART and _in_list(kinds, place)}
    found = {place for place, kind in enumerate(kinds) if kind == _STOCK_PHRASE or place in listed}
    if len(found) < LEAST:
        return []
    found |= {place for place, (start, end) in enumerate(clauses) if _is_foreign(text[start:end], customers)}
    return [clauses[place] for place in sorted(found)]


def _is_foreign(clause: str, customers: set[str]) -> bool:
    """Whether a clause has sympathy and nothing of the customer's: beside so much stock it counts as stock, too."""
    low = clause.lower()
    slots = {word for word in words(clause) if word not in _STOCK}
    return bool(_PLEDGE.search(low) or _FEELING.search(low)) and not slots & customers


def _clauses(text: str) -> Iterator[Span]:
    """Where the clauses of a text lie, without the signs between them."""
    plain = "".join(low if len(low := letter.lower()) == 1 else letter for letter in text)
    signs, count = len(re.findall(rf"[{_SIGN}]", plain)), plain.count(" ")
    for match in (_UNSIGNED if signs * _WORDS_PER_SIGN < count else _CLAUSE).finditer(plain):
        if match[0].strip():
            yield match.span()


def _kind(clause: str, sign: str, customers: set[str]) -> str:
    """What a clause is: a stock phrase, a part of a list of the customer's words, or neither ("")."""
    own = words(clause)
    slots = [word for word in own if word not in _STOCK]
    if not own or sign == "?" or any(word not in customers for word in slots):
        return ""
    low = clause.lower()
    if _PLEDGE.search(low) or (not slots and _FEELING.search(low)):
        return _STOCK_PHRASE
    few = len([word for word in own if word not in _LINKS]) <= LISTED
    return _PART if slots and few and not _SAYS & set(own) else ""


def _in_list(kinds: list[str], place: int) -> bool:
    """Whether a part stands among so many others, or stock phrases, that are unbroken."""
    before = takewhile(bool, reversed(kinds[:place]))
    after = takewhile(bool, kinds[place:])
    return sum(1 for _ in before) + sum(1 for _ in after) >= LEAST

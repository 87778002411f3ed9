"""Names in running text: words that are known as names, and others that stand where a name stands.

A word is *known* (in the lists of given names and surnames, and no common word), *doubtful* (Will, May, Paris: a name
and something else), *unheard of* (in no list) or common. Known ones are names anywhere, doubtful and unheard-of ones
where their place says so: after "my name is" or "Hi", before "speaking", beside another name, as a signature.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from enum import Enum
from functools import cache, lru_cache
from importlib import resources

from empathy_scan.redact_words import ALSO_WORDS, PARTICLES, is_ordinary

NAME_WORD = re.compile(r"(?<![\[\w@#.])(?<!\.)[^\W\d_]++(?:['’-][^\W\d_]++)*+(?![\]\w@])")
Span = tuple[int, int, str]  # start and end of a word, and the word in small letters


class Kind(Enum):
    """What is known of a word."""

    KNOWN = "known"
    DOUBTFUL = "doubtful"
    UNHEARD = "unheard of"
    COMMON = "common"


# --- the lists ------------------------------------------------------------------------------------------------------


@cache
def _listed(name: str) -> frozenset[str]:
    """The words of a list, without its comments."""
    text = resources.files("empathy_scan").joinpath("words", f"{name}.txt").read_text(encoding="utf-8")
    return frozenset(word for line in text.splitlines() if not line.startswith("#") for word in line.split())


@cache
def _names() -> frozenset[str]:
    return _listed("names") | _listed("surnames")


@cache
def _plain() -> frozenset[str]:
    """Common words that are in no list of names: most texts consist of these."""
    return _listed("common") - _names() - ALSO_WORDS


_SHORT = frozenset(
    "ali amy ann ana abi ava bea ben bev bob cem dan deb dev eva eve gil gus guy ian ida ira ivo ivy jan jay jen jim"
    " jin job joe jon kai kat kay ken kev kim lea lee leo les liz lou lyn mae meg mel mia mei nia oli pam raj ria rob"
    " ron roy sam sid tad tam tom tim ted tia umar una uri val vic viv yas zac zoe zed".split()
) - frozenset({"guy", "job", "jin", "may", "les", "val", "tam", "tad", "umar"})


@lru_cache(maxsize=65_536)
def kind_of(word: str) -> Kind:
    """What is known of a word in small letters; a double name is what its likeliest part is."""
    word = word.replace("’", "'").removesuffix("'s")
    parts = [word] if word in _names() else word.split("-")
    kinds = {_kind(part) for part in parts}
    return next(kind for kind in Kind if kind in kinds)


_FUNCTION = frozenset(
    "a an as can do he her his in is it me my or so see she the they to us was way we you street road name rs".split()
)


def _kind(word: str) -> Kind:
    if word in _FUNCTION:
        return Kind.COMMON
    usual = word in _listed("common") or is_ordinary(word)
    if word in _names() or word in ALSO_WORDS:
        doubtful = usual or word in ALSO_WORDS or word in _listed("places") or len(word) < 3
        return Kind.DOUBTFUL if doubtful or (len(word) == 3 and word not in _SHORT) else Kind.KNOWN
    common = usual or len(word) < 2 or word in _listed("places") or _inflected(word)
    return Kind.COMMON if common else Kind.UNHEARD


def _inflected(word: str) -> bool:
    """Whether a word is a form of a common one: its plural, past, adverb, or with an apostrophe."""
    if "'" in word and not word.startswith(("o'", "d'")):
        return True
    stems = (
        re.sub(f"{end}$", put, word)
        for end in ("s", "es", "ed", "d", "ing", "ly", "er", "r", "in")
        for put in ("", "e")
    )
    return len(word) > 4 and any(stem != word and stem in _plain() for stem in stems)


# --- where a name stands --------------------------------------------------------------------------------------------

_FILLER = (
    r"(?:(?:u[mh]|er|erm|uh|so|yeah|yes|oh|it's|its|is|me|just|also|dr|mr|mrs|ms|miss|father|sister|please)[,.]? ){0,2}"
)
_RELATIVES = (
    "husband|wife|son|daughter|mum|mam|mom|mother|father|dad|sister|brother|nan|gran|grandma|grandad|grandson"
    "|granddaughter|nephew|niece|uncle|aunt|auntie|cousin|partner|fiancé|fiancée|fiance|fiancee|boyfriend|girlfriend"
    "|landlord|landlady|boss|neighbour|neighbor|friend|assistant|colleague|carer|twins?|kids?|lad|baby|mate"
)
_TITLES = (
    "mr|mrs|ms|mx|miss|mister|missus|dr|doctor|prof|professor|sir|madam|father|sister|canon|rev|reverend|lady|lord"
    "|alhaji|sri|shri|smt|herr|frau|monsieur|madame|señor|señora|señorita|familie|mag|pastor|imam|rabbi|sgt|nurse|officer"
)
# A name stands behind these whatever the word.
_SURELY = re.compile(
    rf"(?:\b(?:(?:my|the|her|his|your|first|last|sur|full|middle|maiden|good|second)[ -]?names?(?:['’]?s| is| was|:)"
    rf"|names?(?:['’]s| is|:)|name(?:d| of| on (?:it|the \w+) (?:is|was))|surname(?: is|:)?|call me|it['’]?s under|in the name of|under the name(?: of)?|ask for|asking for"
    rf"|(?:you['’]?re|you are|am i|i['’]?m|are you)(?: now)? (?:speaking|talking|chatting) (?:to|with)|through to"
    rf"|speaking with|spoke (?:to|with)|who['’]?s? (?:named|called)|goes by|married to|account holder|yours truly"
    rf"|(?<!the )(?:{_TITLES})\.?),? {_FILLER})$",
    re.IGNORECASE,
)
# A name stands behind these if the word is no common one.
_LIKELY = re.compile(
    rf"(?:\b(?:hi|hiya|hello|hey|dear|thanks|thank you|thank you so much|cheers|ta|sorry|apologies|welcome(?: back)?"
    rf"|good (?:morning|afternoon|evening|day)|morning|afternoon|g['’]day|goodbye|bye|kia ora|jambo|namaste|servus|hallo"
    rf"|hej|ol[áa]|guten tag|liebe|lieber|dank[ei]|tack|perfect|brilliant|great|lovely|grand|beautiful|noted|done|right"
    rf"|okay|ok|alright|got it|congratulations|(?:my|his|her|our|their|late|the|and|mum's|dad's) (?:late )?(?:{_RELATIVES})"
    rf"|the names? (?:are|of)|driver|dentist|plumber|engineer|expert|vet|agent|manager|dean|nurse|signed|love from"
    rf"|regards|wishes|it['’]?s|this is|i['’]?m|i am|that['’]s|here['’]s|are|is(?= \w+ there)|between|tell|told|ask|asked|rang|called"
    rf"|with|from|for|to|by|and|or|me|not|under),? {_FILLER})$",
    re.IGNORECASE,
)
_GREETED = re.compile(
    r"(?i)\b(?:hi|hiya|hello|hey|dear|thanks|thank you|cheers|kia ora|g['’]day|good (?:morning|afternoon|evening)),? $"
)
_AGENT_HERE = re.compile(r"(?i) (?:speaking|here\b(?! (?:is|are|it|we|the))|calling\b|on behalf|and i['’]?m calling)")
_SMALL_LIKELY = re.compile(
    rf"(?i)(?:^|[.,] |\b)(?:hi|hiya|hello|hey|thanks|thank you|(?:my|his|her|our|their)(?: late)? (?:{_RELATIVES})|this is|cheers|sorry"
    rf"|it's|i'm|that's),? {_FILLER}$"
)
_SMALL_AFTER = re.compile(
    r"(?i)(?:$|[,.!?]|[ ](?:here|speaking|calling|ringing|phoning|from|at|in the|how|and i|may i|can i|who|yeah|yes|i|my"
    r"|could|how['’]?s|what|it's|is that|you|sir|madam|please)\b)"
)
_PRONOUN_AFTER = re.compile(
    r"(?i) (?:i|you|we|he|she|it(?!['’])|they|be|the|not|have|need|there|that|this|your|my|do|get|also|take|just|ask)\b"
)
_VERBS = frozenset(
    "will may can mark bill hope grant chase rob pat sue drew dawn read price said made more in do so to rich frank"
    " grace joy art guy van page miles major patience chance case cash hall power may's law day days long short small"
    " young old early west east north good best fine lucky sky storm summer winter sunny misty cash chuck jack faith"
    " charity mercy love lovely darling angel pearl ruby amber jade ray dale glen cliff heath heather".split()
)
_MODAL = frozenset("will may can mark bill hope grant chase rob pat sue read do see".split())
_NO_SURNAME = frozenset(
    "will may can mark bill hope grant chase made more in do so to read said case page day long low now love sue pat rob".split()
)
_RELATION = re.compile(rf"(?i)\b(?:my|his|her|our|their|the|your)(?: late| twin| little| eldest)? (?:{_RELATIVES}),? $")
_PLACE_BEFORE = re.compile(
    r"(?i)\b(?:in|from|near|at|to|via|of|around|outside|between|and|the|through|for|leave|left|reach|new|west|east|north|south|st|upon) $"
)
_VOCATIVE_AFTER = re.compile(r"[.!?,;:)]|\s*$|\n| -")
_SIGNED = re.compile(
    r"(?m)^[ \t>]*+[-–]?[ \t]?((?:[^\W\d_][\w'’-]*+\.?[ ]?){1,5}+)(?:,? (?:[A-Z]{2,4}|[A-Z][\w ]{2,30}))?[ ]?$"
)
_HEAD = re.compile(r"(?mi)^[> ]*(?:from|to|cc|name|- name|attn|account holder|patient|passenger|contact)\s?: ?\"?")


_LETTERS = re.compile(r"[^\W\d_]+")
_CUES = frozenset(_LETTERS.findall((_SURELY.pattern + _LIKELY.pattern).lower()))


def _cued(before: str) -> bool:
    """Whether the last word before is one that the two patterns can end with: a quick look."""
    return next(iter(_LETTERS.findall(before[-24:])[-1:]), "").lower() in _CUES


def redacted_names(text: str, heard: set[str]) -> str:
    """The text with names replaced; their parts are added to `heard`, to be looked for elsewhere in the conversation."""
    if not _may_name(text):
        return text
    words = _words(text)
    sure = _judged(text, words)
    _joined(text, words, sure)
    runs = _runs([word for word, good in zip(words, sure, strict=True) if good], text)
    for run in runs:
        heard.update(
            low for _, _, low in run if len(low) > 2 and low not in PARTICLES and kind_of(low) is not Kind.COMMON
        )
    return _BETWEEN.sub("[NAME]", replaced_runs(text, runs))


def replaced_runs(text: str, runs: Sequence[Sequence[Span]]) -> str:
    """The text with a placeholder in place of every run."""
    pieces, end = [], 0
    for run in runs:
        pieces += [text[end : run[0][0]], "[NAME]"]
        end = run[-1][1]
    return "".join([*pieces, text[end:]])


def _may_name(text: str) -> bool:
    """Whether any word of the text can be a name: most texts have none, and need no more than this look."""
    bare = _bare(text)
    small = bare == bare.lower()
    return any(len(word) > 1 and _can_name(word, small=small) for word in _PIECE.findall(text))


@lru_cache(maxsize=65_536)
def _can_name(word: str, *, small: bool) -> bool:
    kinds = {kind_of(word.lower()), *(kind_of(part) for part in re.split("['’-]", word.lower()) if part)}
    return bool(kinds & {Kind.KNOWN, Kind.UNHEARD}) or (Kind.DOUBTFUL in kinds and (small or word != word.lower()))


_PIECE = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*")
_BETWEEN = re.compile(
    rf"\[NAME\](?: (?:{'|'.join(sorted(PARTICLES))}| s/o|d/o|w/o|s/o|bint|ní|ó|y|e))*+ \[NAME\](?: \[NAME\])*+",
    re.IGNORECASE,
)


def _bare(text: str) -> str:
    """The text without placeholders and the word I, whose capitals tell nothing."""
    return re.sub(r"\[[A-Z_]+\]|\bI\b", "", text)


def _words(text: str) -> list[Span]:
    spans = []
    for match in NAME_WORD.finditer(text):
        start, end = match.span()
        end -= 2 if match[0].endswith(("'s", "’s", "'S", "’S")) else 0
        spans.append((start, end, text[start:end].lower()))
    return spans


def _judged(text: str, words: Sequence[Span]) -> list[bool]:
    """Whether each word is a name by itself or by its place."""
    bare = _bare(text)
    small = bare == bare.lower()
    signed = set() if small else _signatures(text)
    judge = _in_small if small else _in_mixed
    return [
        kind is not Kind.COMMON and (word[0] in signed or judge(text, word, kind))
        for word, kind in ((word, kind_of(word[2])) for word in words)
    ]


def _in_small(text: str, word: Span, kind: Kind) -> bool:
    """In a text without capitals: known names, and others in a sure place."""
    start, end, low = word
    before, after = text[max(0, start - 48) : start], text[end : end + 24]
    if kind is Kind.KNOWN and len(low) > 2:
        return re.search(r"(?:^|\W)(?:san|los|santa|saint|port) $", before) is None
    if low in _MODAL and _PRONOUN_AFTER.match(after):
        return False
    if _cued(before) and _SURELY.search(before):
        return len(low) > 1 and not (low in PARTICLES and len(low) < 3)
    if _first_and_last(before, after) and (kind is Kind.UNHEARD or low in _names()):
        return True
    likely = _SMALL_LIKELY.search(before) is not None
    if kind is Kind.DOUBTFUL:
        named = low in _names() and len(low) > 2
        if named and low not in _VERBS and (_RELATION.search(before) or re.search(r"(?i)\bthis is $", before)):
            return True
        return named and (
            (_GREETED.search(before) is not None and low not in PARTICLES)
            or (likely and _AGENT_HERE.match(after) is not None)
        )
    if re.search(r"(?i)\bthis is $", before) and kind is Kind.UNHEARD:
        return True
    return (likely and _SMALL_AFTER.match(after) is not None) or _after_a_name(before)


def _after_a_name(before: str) -> bool:
    """Whether another part of the name was replaced right before."""
    return before.endswith("[NAME] ")


def _first_and_last(before: str, after: str) -> bool:
    """Whether a word stands alone between the beginning of a turn and "speaking" or "here"."""
    alone = before.strip() == "" or bool(re.search(r"(?:[.,!?]|\[NAME\]) $", before))
    return alone and bool(re.match(r"(?i) (?:speaking|here)(?: |$|[.,])", after))


def _in_mixed(text: str, word: Span, kind: Kind) -> bool:
    """In a text with capitals: known names, and others with a capital in a likely place."""
    start, end, low = word
    before, after = text[max(0, start - 48) : start], text[end : end + 24]
    capital = text[start].isupper()
    shouted = text[start:end].isupper() and len(low) > 1
    if kind is Kind.KNOWN:
        return capital or len(low) > 3
    if not capital:
        return kind is Kind.UNHEARD and _cued(before) and _SURELY.search(before) is not None and len(low) > 2
    if shouted and kind is Kind.UNHEARD:
        return False
    if _after_a_name(before) and kind is Kind.UNHEARD:
        return True
    if (_cued(before) and _SURELY.search(before)) or _headed(text, start):
        return True
    if low in _listed("places") and low not in _names():
        return False
    return _placed(low, kind, before, after)


def _headed(text: str, start: int) -> bool:
    """Whether a word stands behind `From:` or the like, at the beginning of its line."""
    line = text.rfind("\n", max(0, start - 90), start) + 1
    head = _HEAD.match(text, line, start) if start - line < 90 else None
    return head is not None


def _placed(low: str, kind: Kind, before: str, after: str) -> bool:
    """Whether a word with a capital is addressed, greets, signs or stands beside an address."""
    if low in {"tel", "eve", "mob", "cell", "sirs"} and not _GREETED.search(before):
        return False
    opens = not before.strip() or before.endswith("\n")
    if _AGENT_HERE.match(after) and (opens or before.endswith((", ", ". ", "! ", "NAME] "))):
        return True
    if re.match(r"[\"']?,? [<(-]{0,2} ?\[(?:EMAIL|PHONE)\]", after) or re.match(
        r"'s (?:mobile|cell|number|email)", after
    ):
        return True
    if _GREETED.search(before):
        return bool(_VOCATIVE_AFTER.match(after)) or re.match(r" [A-Z]", after) is not None
    if before.endswith(", ") and _VOCATIVE_AFTER.match(after) and not _PLACE_BEFORE.search(before):
        return low in _names() or (kind is Kind.UNHEARD and bool(re.match(r"[.!?]|\s*$|, I |,\n", after)))
    if _RELATION.search(before):
        return low in _names() or kind is Kind.UNHEARD
    if before.endswith(("! ", ". ")) and re.match(r" from [A-Z]", after) and low in _names():
        return True
    if kind is Kind.UNHEARD and _two_unheard(before, after):
        return True
    if kind is Kind.DOUBTFUL and low in _names() and _amid(before, after, low):
        return True
    if opens and re.match(r",(?:\n| )", after):
        return (low in _names() and low != "best") or kind is Kind.UNHEARD
    if kind is Kind.UNHEARD:
        return _cued(before) and _LIKELY.search(before) is not None and not _PLACE_BEFORE.search(before)
    return (
        low in _names()
        and _cued(before)
        and _LIKELY.search(before) is not None
        and low not in _listed("places")
        and not (_PLACE_BEFORE.search(before) and low in _listed("common"))
        and bool(_VOCATIVE_AFTER.match(after))
    )


def _two_unheard(before: str, after: str) -> bool:
    """Whether a word and its neighbour both have a capital and are in no list: hardly anything but a name."""
    later = re.match(r" ([^\W\d_][\w'’-]+)", after)
    earlier = re.search(r"(?<![\w'’-])([^\W\d_][\w'’-]+) $", before)
    return any(
        found and found[1][0].isupper() and not found[1].isupper() and kind_of(found[1].lower()) is Kind.UNHEARD
        for found in (later, earlier)
    )


def _amid(before: str, after: str, low: str) -> bool:
    """Whether a word that may be a name stands with a capital in the middle of a sentence, and no maker's name does."""
    if (
        low in _listed("places")
        or not re.search(r"[a-z,] $", before)
        or re.search(r"(?i)\b(?:the|a|an|our|your|my|this|that|in|or|at|from|new|dear|model|size) $", before)
    ):
        return low not in _listed("places") and bool(re.search(r"\bthat $", before))
    return re.match(r" [A-Z0-9]", after) is None


def _signatures(text: str) -> set[int]:
    """The places of words in lines that are a name and nothing else, in texts of more than one line."""
    if "\n" not in text.strip():
        return set()
    places: set[int] = set()
    for line in _SIGNED.finditer(text):
        words = _words(line[1])
        kinds = [kind_of(low) for *_, low in words]
        capitals = all(line[1][start].isupper() or low in PARTICLES for start, _, low in words)
        named = [low in _names() or kind is Kind.UNHEARD for (*_, low), kind in zip(words, kinds, strict=True)]
        if words and capitals and 2 * sum(named) >= len(words) and (len(words) > 1 or named[0]):
            places.update(line.start(1) + start for start, _, _ in words)
    return places


def _joined(text: str, words: Sequence[Span], sure: list[bool]) -> None:
    """Words beside a name that belong to it: the other name, initials, particles."""
    bare = _bare(text)
    small = bare == bare.lower()
    for place in range(1, len(words)):
        if sure[place - 1] and not sure[place]:
            sure[place] = _belongs(text, words, place, after=place - 1, small=small)
            if not sure[place] and words[place][2] in PARTICLES and _beside(text, words, place - 1, place):
                sure[place] = _leads(text, words, place, small=small)
    for place in range(len(words) - 2, -1, -1):
        if sure[place + 1] and not sure[place]:
            sure[place] = _belongs(text, words, place, after=place + 1, small=small, left=True)


def _beside(text: str, words: Sequence[Span], first: int, second: int) -> bool:
    gaps = {" ", "-", ". "} if len(words[first][2]) == 1 else {" ", "-"}
    return text[words[first][1] : words[second][0]] in gaps


def _leads(text: str, words: Sequence[Span], place: int, *, small: bool) -> bool:
    """Whether particles lead to another part of the name: van der Berg."""
    for later in range(place + 1, min(place + 3, len(words))):
        if not _beside(text, words, later - 1, later):
            return False
        if words[later][2] not in PARTICLES:
            start, _, low = words[later]
            return kind_of(low) is not Kind.COMMON and (small or text[start].isupper())
    return False


def _belongs(text: str, words: Sequence[Span], place: int, *, after: int, small: bool, left: bool = False) -> bool:
    start, end, low = words[place]
    if not _beside(text, words, min(place, after), max(place, after)):
        return False
    kind = kind_of(low)
    if not small:
        initial = end - start == 1 and text[start].isupper() and not (left and low in "ai")
        capital = (
            text[start].isupper() and (kind is not Kind.COMMON) and not (text[start:end].isupper() and end - start > 4)
        )
        return (initial or capital) and not (left and low in _VERBS and kind is Kind.COMMON)
    if left and end - start == 1:
        return low not in "aio"
    if kind is Kind.UNHEARD:
        return len(low) > 2 and not left
    if kind is not Kind.DOUBTFUL or low not in _names() or len(low) < 3 or low in (_VERBS if left else _NO_SURNAME):
        return False
    return not left or not re.search(r"(?i)\b(?:the|a|in|my|your|to)\s$", text[max(0, start - 6) : start])


def _runs(spans: Sequence[Span], text: str) -> list[list[Span]]:
    """Words that stand side by side, together."""
    runs: list[list[Span]] = []
    for span in spans:
        if runs and text[runs[-1][-1][1] : span[0]] in ({" ", "-", ". "} if len(runs[-1][-1][2]) == 1 else {" ", "-"}):
            runs[-1].append(span)
        else:
            runs.append([span])
    return runs

"""What is asked for: an answer to "what's your postcode?" is personal data in forms that would be none elsewhere.

Which questions a turn asks is read from its words; the short answer of the other speaker then gives up its name, code,
date, street or password.
"""

from __future__ import annotations

import re
from functools import lru_cache

import polars as pl

from empathy_scan.redact_forms import MONTH, PLACEHOLDER
from empathy_scan.redact_names import NAME_WORD, Kind, Span, kind_of
from empathy_scan.redact_spoken import ACRONYMS, AS_IN, CALLED, DIGIT, NATO, PAUSE, TEEN, TENS, code_kind
from empathy_scan.redact_words import ALSO_WORDS, PARTICLES, is_ordinary

NAME_ASKED = (
    r"\byour (?:(?:full|first|last|good|sur|second|other) ?(?:and (?:last|sur) ?)?)?(?:sur)?names?\b|\b(?:am i|do i have|have i got|i have|i['’]ve got) (?:the pleasure of )?"
    r"(?:speaking|talking|chatting)? ?(?:to|with)?\b|\bwhom am i \w+ing\b|\bname (?:on|for|of|as|and|please)\b|\bwho(?:['’]s| is) calling\b|\bwho(?:['’]ve| have| am)? i (?:got|speaking|talking)\b"
    r"|\bspell\b|\b(?:what|whose|which) names?\b|\bthe names? (?:and|on|please|of|as)|\bsurname\b|\blast name\b|\bfirst name\b|\bwho do i\b|\b(?:the|and) names?\?|(?:^|and |the )names? ?(?:mr|mrs|please)?$"
    r"|\bname\??$|\bmaiden\b|\bwhat(?:['’]s| is) her name|\bwho are you\b|\bfor whom\b|\bwho['’]?s it from\b|\byour name"
)
_ASKS = {
    "NAME": NAME_ASKED,
    "PHONE": r"phone|mobile|callback|call ?back|reach you|call you|\bcell\b|landline|\b(?:a|best|another|alternate|contact) (?:contact )?number|number (?:in case|for)|which number|whatsapp|service number|\btel\b|best contact",
    "CODE": (
        r"number|reference|\bref\b|\bcode\b|policy|account|booking|\bplates?\b|registration|\bregs?\b|\brego\b|post ?code|\bzip\b|eircode|postal|social|ssn|digits"
        r"|serial|\bv ?i ?n\b|\biban\b|\bb ?s ?b\b|sort code|routing|\bi ?d\b|licen[cs]e|passport|p ?p ?s|aadhaar|tracking|ticket|last four|insurance|order|\bpan\b|b ?v ?n|n ?i ?n|c ?r ?n|\ba ?b ?a\b|ifsc|invoice|receipt|claim|waybill|transaction|membership|case|m ?p ?r ?n|meter|card|confirmation|\bdni\b|\bnie\b|\bcpf\b|steuer|fiscal|icp|utn|\bcase\b|bank|\bb s b\b|passbook|client|customer"
    ),
    "SECRET": r"password|memorable|maiden name|security word|user ?name|passcode|secret|pass phrase|\bpin\b|security code|c ?v ?[vc]|(?:three|four|3|4) digits|\bon the back|one[- ]time|\botp\b|handle|pin code|passphrase|last three on|gate code|door code|authenticator|read (?:that|it) back|log ?in\b",
    "DATE_OF_BIRTH": r"birth|\bd ?o ?b\b|\bborn\b|how old",
    "ADDRESS": r"address|where do you live|where should|where shall|street|first line|deliver|whereabouts|where(?:['’]s| is| are|) (?:it|you|the|to)|mailed|pick (?:it|you) up|drop|post(?:ed)? (?:it )?(?:to|go)|send it",
    "EMAIL": r"e-?mail",
}
ASKS_ANY = "(?i)" + "|".join(f"(?:{pattern})" for pattern in _ASKS.values())
_LONGEST = 45  # words of an answer that is looked at
_LONGEST_NAME, _LONGEST_SMALL_NAME, _LONGEST_SECRET = 14, 9, 7

_WORD = rf"(?:{DIGIT}|{TEEN}|{TENS}|hundred|thousand)"
_SAID = rf"(?:(?:double|triple|treble|capital) )?(?:(?:{DIGIT}|{TEEN}|{TENS}|{NATO})(?: hundred| thousand)?|(?:[a-z]{AS_IN}?))(?![\w'’])"
_RUN = re.compile(rf"(?i)(?<![\w'’\[]){_SAID}(?:[ ,.-]{{1,3}}(?:and[ ,]{{1,2}})?{PAUSE}{_SAID}){{1,40}}")
_WRITTEN = re.compile(
    r"(?<![\w.,@£$€₹\[/])#?(?:[A-Z]{1,4}[ -]?|[a-z]{1,2})?\d[\w/-]*(?:[ -]\d[\w/-]*){0,6}(?![\w@%:£$€]|[.,]\d|\])|(?<![\w@\[])[A-Z]{2,4}[\dA-Z]{2,14}(?:[ -][A-Z0-9]{2,6}){0,4}(?![\w\]@])"
)
_UNIT = re.compile(
    r"(?i)[ ,]{0,2}(?:pounds?|dollars?|bucks|quid|euros?|rupees?|naira|shillings?|pence|cents?|percent|%|miles?|hours?|minutes?|mins?|days?|nights?|weeks?|months?|years?|times|o'clock|p m|a m|pm|am|gb|mb|kg|degrees|people|of (?:the|us|them|my)|boxes|items?|litres?|eur|usd|tablets|inch|mm|cm|(?:\d{4}$))(?!\w)"
)
_DATE = re.compile(
    r"(?i)(?<![\w.])(?:(?:le |the )?\d{1,2}(?:st|nd|rd|th)?(?: of)?[ -](?:MONTH)\.?,?[ -](?:19|20)?\d\d|(?:MONTH) \d{1,2}(?:st|nd|rd|th)?,? (?:19|20)?\d\d"
    r"|(?:le )?\d{1,2} (?:janvier|février|mars|avril|mai|juin|juillet|août|septembre|octobre|novembre|décembre) \d{4}"
    r"|\d{1,2}[ ./-]\d{1,2}[ ./-](?:(?:19|20)\d\d|\d\d)|(?:19|20)\d\d[./-]\d{1,2}[./-]\d{1,2})(?!\w)".replace(
        "MONTH", MONTH
    )
)
_ORDINAL = r"(?:first|second|third|fourth|fifth|sixth|seventh|eighth|ninth|tenth|eleventh|twelfth|thirteenth|fourteenth|fifteenth|sixteenth|seventeenth|eighteenth|nineteenth|twentieth|twenty[ -]\w{4,7}|thirtieth|thirty[ -]first)"
_SPOKEN_DATE = re.compile(
    rf"(?i)(?<!\w)(?:the )?(?:(?:{_ORDINAL}|{_WORD}(?: {_WORD})?) (?:of )?(?:the )?(?:{MONTH}|{_ORDINAL}|{_WORD}),?(?: {_WORD}){{1,4}}|(?:{MONTH}) (?:the )?(?:{_ORDINAL}|{_WORD}(?: {_WORD})?),?(?: {_WORD}){{1,4}})(?!\w)"
)
_PLACE = re.compile(
    rf"(?i)(?:(?<=^)|(?<=is )|(?<=it's )|(?<=at )|(?<=to )|(?<=, )|(?<=and ))(?:(?:flat|unit|apt|apartment|suite) \w{{1,6}},? )?(?:number )?(?:\d{{1,5}}[a-z]?(?:[-/]\w{{1,5}})?|{_WORD}(?: {_WORD}){{0,3}})(?: [a-d](?= ))?,? (?:(?!(?:and|in|at|by|near|the postcode|postcode|please|yes|pounds|days|weeks|years|minutes|times|o'clock|of|is|my|to|for)\b)[\w'’é.-]{{2,20}} ?){{1,4}}"
)


# Turns between which a number may go on: a nod, or digits.
GOES_ON = rf"(?i)\b(?:again|start of|end of|rest|repeat|carry on|go on|say that|missed|slower|once more)\b|^\W*(?:[\w'’]+\W+){{0,2}}[\w'’]*\W*$|(?:\b(?:{DIGIT}|double|triple|treble)\b[ ,.-]{{1,3}}){{2}}|\d[ -]?\d\d"
HOLDS_DIGITS = rf"(?i)\d|\b(?:{DIGIT}|{TEEN}|{TENS}|{NATO}|double|triple|{MONTH})\b"
SHORT = 12  # words of such a turn
_AGAIN = ("later", "repeated")  # not right behind the question: the customer's, the agent's
PLACES = ("asked", *_AGAIN)  # where an answer may stand
_ANSWERED_LATER = {"PHONE", "CODE", "SECRET", "DATE_OF_BIRTH"}


def kinds_asked(text: pl.Expr) -> pl.Expr:
    """What a turn asks for, as words: NAME, PHONE, CODE, SECRET, DATE_OF_BIRTH, ADDRESS, EMAIL; "" if for nothing."""
    plain = text.str.replace_all(PLACEHOLDER.pattern, "")  # they ask for nothing, and stand for names
    asks = text.str.contains(r"\?") | ~text.str.contains(r"[A-Z][a-z]|\[[A-Z]")
    found = {kind: plain.str.contains(f"(?i){pattern}") for kind, pattern in _ASKS.items()}
    found["SECRET"] = found["SECRET"] & asks
    kinds = pl.concat_str(
        [pl.when(holds).then(pl.lit(kind)) for kind, holds in found.items()], separator=" ", ignore_nulls=True
    )
    return pl.when(text.str.contains(ASKS_ANY)).then(kinds).otherwise(pl.lit(""))


@lru_cache(maxsize=1024)
def asked_for(asks: str, place: str) -> frozenset[str]:
    """The kinds of `kinds_asked` that are looked for at one of PLACES, with this place if it is not `asked`."""
    kinds = frozenset(asks.split())
    return kinds if place not in _AGAIN else kinds & _ANSWERED_LATER | {place}


def answered(text: str, kinds: frozenset[str], heard: set[str], *, names: bool) -> str:
    """The answer without what was asked for; names are added to `heard`."""
    if len(text.split()) > _LONGEST:
        return text
    if kinds & set(_AGAIN):
        return _again(text, kinds)
    if "DATE_OF_BIRTH" in kinds:
        text = _SPOKEN_DATE.sub("[DATE_OF_BIRTH]", _DATE.sub("[DATE_OF_BIRTH]", text))
    if "ADDRESS" in kinds:
        text = _PLACE.sub(_street, text)
    if kinds & {"CODE", "PHONE", "SECRET"}:
        text = _coded(text, kinds)
    if "EMAIL" in kinds:
        text = _HANDLE.sub(_handle, text)
    if "SECRET" in kinds:
        text = _secret(text)
    return _named(text, heard) if names and "NAME" in kinds else text


def _again(text: str, kinds: frozenset[str]) -> str:
    """What comes a turn or more after the question without its digits: the rest of the answer, or its repetition."""
    if "DATE_OF_BIRTH" in kinds:
        text = _SPOKEN_DATE.sub(_dated, _DATE.sub("[DATE_OF_BIRTH]", text) if "later" in kinds else text)
    if not kinds & {"CODE", "PHONE", "SECRET"}:
        return text
    return _coded(text, kinds) if "later" in kinds or text == text.lower() else text


def _dated(match: re.Match[str]) -> str:
    named = re.search(rf"(?i)\b(?:{MONTH}|{_ORDINAL})\b", match[0])
    return "[DATE_OF_BIRTH]" if named and not re.search("hundred|thousand(?! and)", match[0]) else match[0]


def _street(match: re.Match[str]) -> str:
    said = match[0].rstrip(" .")
    words = re.findall(r"[^\W\d_]+", said)
    if not any(len(word) > 2 for word in words) or _UNIT.search(said):
        return match[0]
    return "[ADDRESS]" + match[0][len(said) :]


def _coded(text: str, kinds: frozenset[str]) -> str:
    """Digits and letters, also few of them."""
    small = "SECRET" if "SECRET" in kinds else "PHONE" if "PHONE" in kinds and "CODE" not in kinds else "NUMBER"

    def said(match: re.Match[str]) -> str:
        run = re.sub(r"(?i)(?:[ ,.]{1,4}(?:[ai]|and)){1,8}$", "", match[0])
        words = re.findall(r"[a-z-]+", CALLED.sub("", run.lower()))
        if kinds & set(_AGAIN) and (
            re.search("(?i)thousand|hundred", run) or (len(words) < 4 and re.search(rf"(?i){TENS}", run))
        ):
            return match[0]
        letters = sum(len(word) == 1 and word not in {"o", "a", "i"} for word in words)
        numbers = sum(len(word) > 1 for word in words)
        if _counted(match, run) or (numbers == 0 and "".join(words) in ACRONYMS):
            return match[0]
        if _UNIT.match(match.string[match.start() + len(run) :]) or len(words) < 3 or (numbers == 0 and letters < 3):
            return match[0]
        return f"[{code_kind(run) or small}]" + match[0][len(run) :]

    def written(match: re.Match[str]) -> str:
        code = match[0].rstrip(" -/")
        digits = sum(letter.isdigit() for letter in code)
        if digits < 5 and kinds & set(_AGAIN) and match.string.strip(" .") != code:
            return match[0]
        plain = re.sub(r"\W", "", code)
        if (
            len(plain) < 3
            or (digits == 0 and (" " in code or "NAME" in kinds or not 5 <= len(plain) <= 7 or _shouted(match)))
            or _MONEY.search(match.string[max(0, match.start() - 8) : match.start()])
            or _UNIT.match(match.string[match.start() + len(code) :])
        ):
            return match[0]
        if (
            re.fullmatch(
                r"(?:19|20)\d\d|\d{1,2}[/.-]\d{1,2}[/.-]\d{2,4}(?: \d{1,2})?|\d+ ?x ?\d+\w*|\d+ (?=x)|\d{1,2}/\d{2,4}|\d{1,2}(?:st|nd|rd|th|am|pm|gb|k)|\d{1,2} [a-z]{3,9}",
                code,
                re.IGNORECASE,
            )
            or digits == 1
        ):
            return match[0]
        return f"[{small}]" + match[0][len(code) :]

    text = _WRITTEN.sub(written, _RUN.sub(said, text))
    return text if kinds & set(_AGAIN) or not kinds & {"CODE", "SECRET"} else _HANDLE.sub(_handle, text)


def _counted(match: re.Match[str], run: str) -> bool:
    """Whether digits that are read out are an amount ("four thousand two hundred"), or of a flight or a gate."""
    amount = re.search(
        r"(?i)\b(?:one|two|three|four|five|six|seven|eight|nine|ten|\w+teen|\w+ty) thousand\b.*\bhundred\b", run
    )
    return (
        amount is not None
        or re.search(r"(?i)\b(?:flight|gate|row|seat|bay) $", match.string[: match.start()]) is not None
    )


_HANDLE = re.compile(r"(?i)(?<![\w@.[])([a-z]{3,20})[._-]?\d{2,6}(?![\w@]|\.\w)")


def _handle(match: re.Match[str]) -> str:
    """`[NUMBER]` for a name with digits behind it, as people are known in systems."""
    return match[0] if kind_of(match[1].lower()) is Kind.COMMON else "[NUMBER]"


_MONEY = re.compile(
    r"(?i)(?:[£$€₹¥]|\b(?:rs\.?|inr|usd|gbp|eur|aud|cad|rupees|pounds|dollars|amount|amt|cost|paid)) ?$"
)


def _shouted(match: re.Match[str]) -> bool:
    """Whether capitals are a word said loudly, or stand among many others."""
    return kind_of(match[0].lower()) is Kind.COMMON or len(match.string.split()) > 5


_SECRET_WORD = re.compile(
    r"(?i)(?<![\w\[])(?!(?:it's|its|it|is|yes|yeah|no|the|my|um|uh|er|think|i|sorry|okay|ok|that's|says|and|you|set|to|at|on|please|in|all|lower|case|capital|what|why|not|don't|know|do|a|for|be|or|can't|was|i've|forgot|forgotten|never|had|one|any|sure|right|thanks|thank|hi|hello|oh)\b)[\w!#$%^&*+=.@’'-]{1,40}(?<![.,;:!?'])(?!\])"
)


def _secret(text: str) -> str:
    hidden = PLACEHOLDER.sub(lambda placeholder: "[" + "\0" * (len(placeholder[0]) - 2) + "]", text)
    words = list(_SECRET_WORD.finditer(hidden))
    if (
        len(re.sub(r"\[[A-Z_]+\]", "", text).split()) > _LONGEST_SECRET
        or not words
        or len(words) > 3
        or "[SECRET]" in text
        or "?" in text
    ):
        return text
    for match in reversed(words):
        text = f"{text[: match.start()]}[SECRET]{text[match.end() :]}"
    return text


def _named(text: str, heard: set[str]) -> str:
    """The short answer without the name."""
    bare = re.sub(r"\[[A-Z_]+\]", "", text)
    small, length = bare == bare.lower(), len(bare.split())
    if length > (_LONGEST_SMALL_NAME if small else _LONGEST_NAME):
        return text
    words = [match for match in NAME_WORD.finditer(text) if len(match[0]) > 1 and (small or match[0][0].isupper())]
    spans = [(match.start(), match.end(), match[0].lower()) for match in words]
    sure = [not is_ordinary(low) and kind_of(low) is not Kind.COMMON and low not in ALSO_WORDS for *_, low in spans]
    alone = len(spans) <= 2 and length <= 3
    for place, (start, end, low) in enumerate(spans):
        beside = any(
            sure[other] and text[min(end, spans[other][1]) : max(start, spans[other][0])] in {" ", "-"}
            for other in (place - 1, place + 1)
            if 0 <= other < len(spans)
        )
        listed = kind_of(low) is Kind.DOUBTFUL
        sure[place] = sure[place] or (listed and (beside or (alone and low not in {"will", "may", "can", "my", "so"})))
    named = [span for span, good in zip(spans, sure, strict=True) if good]
    heard.update(low for *_, low in named if len(low) > 2 and low not in PARTICLES and kind_of(low) is not Kind.COMMON)
    return _put(text, named)


def _put(text: str, spans: list[Span]) -> str:
    end_of: int | None = None
    pieces: list[tuple[int, int]] = []
    for start, end, _ in spans:
        if end_of is not None and text[end_of:start] in {" ", "-"}:
            pieces[-1] = (pieces[-1][0], end)
        else:
            pieces.append((start, end))
        end_of = end
    for start, end in reversed(pieces):
        text = f"{text[:start]}[NAME]{text[end:]}"
    return text

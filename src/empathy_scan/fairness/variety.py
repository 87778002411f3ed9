"""What can be read off a message that should not decide its label: how long it is, and how it is written.

How it is written is a *proxy*, and a coarse one: rules that find some markers of dialect, of English as a second
language, of a recogniser's text and of capitals. A message without a marker may be in any variety, and a marker says
nothing of who wrote it. It is there to see whether figures or errors go along with the form of words, never to sort
people. docs/fairness.md lists what it finds.
"""

from __future__ import annotations

import polars as pl

NO_MARKER, DIALECT, SECOND, RECOGNISER, CAPITALS = (
    "no marker", "dialect or informal spelling", "second-language patterns", "like a recogniser's text", "in capitals"
)  # fmt: skip
VARIETIES = (NO_MARKER, DIALECT, SECOND, RECOGNISER, CAPITALS)
LENGTHS = ("1 to 10 words", "11 to 30 words", "31 to 60 words", "over 60 words")
UNSURE, MIDDLING, SURE = "recogniser unsure", "recogniser fairly sure", "recogniser sure"
CONFIDENCES = (UNSURE, MIDDLING, SURE)
_BOUNDS = (10, 30, 60)
_HELD = r"\[[A-Z][A-Z_ ]*\d*\]"  # what redaction puts in the place of a name or number
_FEWEST_WORDS = 8  # of a text that is called a recogniser's
_FEWEST_LETTERS = 10  # of one that is called written in capitals
_SHOUTED = 0.7  # share of capitals among its letters

# Words and forms of several dialects of English and of speech spelt as it sounds.
_OF_DIALECT = (
    r"gonna|wanna|gotta|gotcha|ain['’]?t|y['’]?all|innit|dunno|lemme|gimme|kinda|sorta|outta|cuz|coz|tryna|finna|imma"
    r"|youse|summat|owt|nowt|deffo|och|aye|wee|lah|(?:was|did|does|is|would|could|can|din)nae"
    r"|(?:we|you|they) was|(?:he|she|it) don['’]?t|(?:do|did|does|ca|wo|would|could|have|has|ai)n['’]?t \w+ no"
    r"|never (?:got|had|did) no(?:thing)?|might could|them (?:ones|things|people|lot|days)"
    r"|me (?:mum|mam|mam['’]s|dad|phone|bill|house|account|parcel|money)|i (?:been|seen|done)|\w{2,}in['’]"
)
# Forms that are frequent in English as a second language, and in Englishes of South Asia and West Africa.
_OF_SECOND = (
    r"informations|advices|equipments|softwares|feedbacks|luggages|furnitures|homeworks|do the needful|prepone\w*"
    r"|revert back|kindly (?:revert|do|check|help|suggest|confirm|assist|advise|note|share|provide)"
    r"|i(?: a|['’])m (?:having|wanting|knowing|understanding|needing|agree|not agree)"
    r"|(?:explain|suggest|recommend|say) me"
    r"|(?:since|from) (?:\d+|two|three|four|five|six|many|several|last) (?:days|weeks|months|years|hours)"
    r"|(?:he|she|it) have|(?:i|we|they|you) has"
    r"|(?:he|she|it) (?:say|want|need|make|give|take|work|come|go|know) (?:me|to|that|the|it)"
    r"|did(?:n['’]t| not) (?:received|got|came|went|worked|sent|arrived|gave|took|made|told|said)"
    r"|more (?:better|easier|cheaper|faster)|depends of|(?:today|tomorrow) (?:morning|evening|night) itself"
    r"|(?:today|yesterday) (?:morning|night|evening)(?: only)?|please to|myself \[name\]"
    r"|i am waiting since|discuss about"
)


def _words(forms: str) -> str:
    return rf"(?i)(?:^|[^\w'’])(?:{forms})(?:[^\w'’]|$)"


def variety(text: pl.Expr) -> pl.Expr:
    """Which of VARIETIES a message is in, by its most telling marker; null for a null."""
    plain = text.str.replace_all(_HELD, " ")
    letters = plain.str.count_matches("[A-Za-z]")
    shouted = (letters >= _FEWEST_LETTERS) & (plain.str.count_matches("[A-Z]") >= _SHOUTED * letters)
    bare = ~plain.str.contains("[A-HJ-Z.?!,;]") & (plain.str.count_matches(r"\S+") >= _FEWEST_WORDS)
    kinds = (
        (text.str.contains(_words(_OF_DIALECT)), DIALECT), (text.str.contains(_words(_OF_SECOND)), SECOND),
        (shouted, CAPITALS), (bare, RECOGNISER),
    )  # fmt: skip
    found = pl.lit(NO_MARKER)
    for holds, name in reversed(kinds):
        found = pl.when(holds).then(pl.lit(name)).otherwise(found)
    return pl.when(text.is_not_null()).then(found)


def length(text: pl.Expr) -> pl.Expr:
    """Which of LENGTHS a message has; null for a null."""
    words = text.str.count_matches(r"\S+")
    found = pl.lit(LENGTHS[-1])
    for bound, name in reversed(list(zip(_BOUNDS, LENGTHS, strict=False))):
        found = pl.when(words <= bound).then(pl.lit(name)).otherwise(found)
    return pl.when(text.is_not_null()).then(found)


def confidence(value: pl.Expr) -> pl.Expr:
    """Which of CONFIDENCES a speech recogniser's mean confidence is; null where it tells none.

    Recognisers err more on voices that they have heard little of (Koenecke et al. 2020), so this is the nearest
    that a transcript comes to an accent. Noise and poor lines lower it, too.
    """
    return (
        pl.when(value < 0.8).then(pl.lit(UNSURE)).when(value < 0.9).then(pl.lit(MIDDLING))
        .when(value.is_not_null()).then(pl.lit(SURE))
    )  # fmt: skip

"""Names in small letters, as a speech recogniser writes them, where somebody greets, answers or is addressed.

"imtiaz speaking", "you're through with sjoerd", "mrs adebayo ronke", "raghavendra ji": only words that are no common ones.
"""

from __future__ import annotations

import re

from empathy_scan.redact_forms import Rule, make_rule
from empathy_scan.redact_names import Kind, kind_of
from empathy_scan.redact_words import NO_NAME, PARTICLES

_WORD = rf"(?!(?i:{NO_NAME})(?![\w'’]))[^\W\d_][\w'’-]{{2,24}}"
_PARTICLE = rf"(?:(?i:{'|'.join(sorted(PARTICLES))}) )?"
_NAME = rf"{_PARTICLE}{_WORD}"
_LANGUAGES = frozenset(
    "english french german spanish italian dutch polish portuguese hindi tamil urdu punjabi bengali mandarin cantonese arabic turkish"
    " russian welsh irish danish swedish norwegian finnish greek japanese korean thai malay tagalog swahili native".split()
)
_TITLES = "mr|mrs|ms|miss|mister|missus|madam|herr|frau|se[ñn]or|se[ñn]ora|monsieur|madame|dr|doctor|passenger"
_HELLO = (
    r"hi|hello|hey|good (?:morning|afternoon|evening|day)|thank(?:s| you) for|welcome|you(?:['’]re| are) through|g'day"
    r"|bonjour|hallo|hej|hola|guten tag"
)


def greeting_rules() -> list[Rule]:
    """Names of those who answer, and behind titles."""
    return [
        make_rule(
            "NAME",
            "(?i)speaking",
            rf"(?P<keep>)(?<![\w\[@'’-])(?P<name>{_NAME})(?= speaking\b)",
            _sure,
            introduces=True,
        ),
        make_rule(
            "NAME",
            rf"(?i)^(?:{_HELLO})\b",
            rf"(?P<keep>^(?i:{_HELLO})\b[^.!?\n\[]{{1,90}} (?i:with|this is|agent|it's|line|service|desk) )(?P<name>{_NAME}(?: {_NAME})?)(?=[.!?]?$)",
            _sure,
            introduces=True,
        ),
        make_rule(
            "NAME",
            rf"(?i)\b(?:{_TITLES})\b",
            rf"(?P<keep>(?<![\w\[])(?i:{_TITLES})\b\.? (?:(?i:mr|mrs|ms|miss)\b\.? )?)(?P<name>(?:[a-z] )?{_NAME}(?: {_NAME})?)(?![\w\]])",
            _sure,
            introduces=True,
        ),
        make_rule(
            "NAME",
            "(?i)\\b(?:it's|this is) ",
            rf"(?P<keep>(?<!\w)(?i:it['’]s|this is) )(?P<name>{_NAME})(?= (?:from|here)\b)",
            _sure,
            introduces=True,
        ),
        make_rule(
            "NAME",
            "(?i)\\b(?:i am|i'm|my name is|it's|this is) ",
            rf"(?P<keep>(?<!\w)(?i:i am|i['’]m|my name is|it['’]s|this is) )(?P<name>{_NAME} {_NAME})(?![\w\]])",
            _both,
            introduces=True,
        ),
        make_rule(
            "NAME",
            "(?i)\\b(?:service|cent(?:re|er)|desk|support|care|line|department|reception|ma'am|sir|madam) ",
            rf"(?P<keep>(?<!\w)(?i:service|cent(?:re|er)|desk|support|care|line|department|reception|ma'am|sir|madam) )(?P<name>{_NAME})(?=[.!?]?$| (?i:good|how|at your|here)\b)",
            _sure,
            introduces=True,
        ),
        make_rule(
            "NAME",
            "(?i) (?:ji|sahib|san)\\b",
            rf"(?P<keep>)(?<![\w\[@'’-])(?P<name>{_NAME})(?= (?i:ji|sahib|san)(?!\w))",
            _sure,
            introduces=True,
        ),
    ]


def _sure(match: re.Match[str]) -> str:
    """`[NAME]` for the words that are no common ones, from the title on or up to the word that follows."""
    words = match["name"].split(" ")
    names = [len(word) > 1 and word.lower() not in PARTICLES and _is_name(word) for word in words]
    if not any(names):
        return match[0]
    first = 0 if match["keep"] else names.index(True)
    last = len(words) - names[::-1].index(True)
    if match["keep"] and not all(
        names[place] or len(words[place]) == 1 or words[place].lower() in PARTICLES for place in range(last)
    ):
        last = next(place for place, good in enumerate(names) if not good and len(words[place]) > 1)
        if not any(names[:last]):
            return match[0]
    before = "".join(f"{word} " for word in words[:first])
    after = "".join(f" {word}" for word in words[last:])
    return f"{match['keep']}{before}[NAME]{after}"


def _both(match: re.Match[str]) -> str:
    """`[NAME]` for two words of which neither is a common one."""
    words = match["name"].split(" ")
    named = all(word.lower() in PARTICLES or _is_name(word) for word in words)
    return f"{match['keep']}[NAME]" if named and _is_name(words[-1]) else match[0]


def _is_name(word: str) -> bool:
    low = word.lower()
    return kind_of(low) in {Kind.UNHEARD, Kind.KNOWN} and low not in _LANGUAGES

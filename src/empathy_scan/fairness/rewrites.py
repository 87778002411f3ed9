"""Messages said again in another form: another name, another dialect, another way of typing; what is said is the same.

Rules of our own, made for measuring: a label that changes with them hangs on the form. Nobody speaks exactly as they
write, and they are no training data.
"""

from __future__ import annotations

import functools
import re
import zlib
from collections.abc import Callable, Mapping

Pair = tuple[str, str]
_HELD = re.compile(r"\[[A-Z][A-Z_ ]*\d*\]")
_NAME = re.compile(r"\[NAME\]")
# First names that are usual in different places; none belongs to anybody in particular.
_NAMES = (
    ("Emily", "Lakshmi"), ("James", "Mohammed"), ("Claire", "Adaobi"), ("Thomas", "Tomasz"), ("Sarah", "Fatima"),
    ("David", "Xiang"), ("Megan", "Precious"), ("Oliver", "Jamal"),
)  # fmt: skip
_GENDERS = {
    "he": "she", "him": "her", "his": "her", "himself": "herself", "sir": "madam", "mr": "mrs", "husband": "wife",
    "father": "mother", "dad": "mum", "son": "daughter", "brother": "sister", "grandfather": "grandmother",
    "man": "woman", "uncle": "aunt", "nephew": "niece",
}  # fmt: skip
_SWAPPED = {**{b: a for a, b in _GENDERS.items() if b != "her"}, "her": "his", **_GENDERS}
_KEPT_ING = (
    "anything|bring|ceiling|during|evening|everything|king|morning|nothing|ring|sing|something|spring|string|swing|"
    "thing|wing|sling|cling|fling|sting|building|wedding|meeting"
)
_DIALECT = (
    (r"\b(?:is not|are not|am not|isn['’]t|aren['’]t)\b", "ain't"), (r"\bgoing to (?=[a-z])", "gonna "),
    (r"\bwant to\b", "wanna"), (r"\b(?:have |['’]ve )?got to\b", "gotta"), (r"\b(?:do not|don['’]t) know\b", "dunno"),
    (r"\bbecause\b", "cuz"), (r"\b(?:you all|all of you)\b", "y'all"), (r"\bkind of\b", "kinda"),
    (r"\blet me\b", "lemme"), (r"\bgive me\b", "gimme"), (r"\bthose\b", "them"), (r"\byes\b", "yeah"),
    (r"\b(?:doesn['’]t|does not)\b", "don't"), (rf"\b(?!(?:{_KEPT_ING})\b)(\w{{2,}}[a-z])ing\b", r"\1in'"),
)  # fmt: skip
_SECOND = (
    (r"\b(?:the|an|a) (?=\w)", ""), (r"\b(?:doesn['’]t|does not)\b", "don't"),
    (r"\b(he|she|it|this|that) has\b", r"\1 have"),
    (r"\binformation\b", "informations"), (r"\b(?:haven['’]t|have not) received\b", "didn't received"),
    (r"\bplease (?=[a-z])", "kindly "),
)  # fmt: skip
_SHORT = {
    "i am": "i'm", "you are": "you're", "we are": "we're", "they are": "they're", "it is": "it's", "that is": "that's",
    "i will": "i'll", "we will": "we'll", "you will": "you'll", "i have": "i've", "we have": "we've", "do not": "don't",
    "does not": "doesn't", "did not": "didn't", "is not": "isn't", "are not": "aren't", "was not": "wasn't",
    "cannot": "can't", "will not": "won't", "would not": "wouldn't", "could not": "couldn't", "have not": "haven't",
    "has not": "hasn't", "should not": "shouldn't",
}  # fmt: skip
_LONG = {short: long for long, short in _SHORT.items()}
_LETTERS = re.compile(r"[A-Za-z]")
_WORD = re.compile(r"\b[A-Za-z]{5,}\b")


def _outside(text: str, change: Callable[[str], str]) -> str:
    """A text changed everywhere but in what redaction has put there."""
    kept = _HELD.findall(text)
    return "".join(
        part + (kept[at] if at < len(kept) else "") for at, part in enumerate(map(change, _HELD.split(text)))
    )


def _alike(old: str, new: str) -> str:
    """A new word with the capitals of the old one."""
    if old.isupper() and len(old) > 1:
        return new.upper()
    return new[:1].upper() + new[1:] if old[:1].isupper() else new


def _by_rules(text: str, rules: tuple[tuple[str, str], ...]) -> str:
    began = text[:1].isupper()
    for pattern, by in rules:
        text = _outside(text, functools.partial(_replaced, re.compile(pattern, re.IGNORECASE), by))
    return text[:1].upper() + text[1:] if began else text


def _replaced(pattern: re.Pattern[str], by: str, part: str) -> str:
    return pattern.sub(lambda found: _alike(found[0], found.expand(by)), part)


def _by_words(text: str, words: Mapping[str, str]) -> str:
    pattern = re.compile(rf"\b(?:{'|'.join(sorted(map(re.escape, words), key=len, reverse=True))})\b", re.IGNORECASE)
    plain = text.replace("’", "'")
    return _outside(plain, lambda part: pattern.sub(lambda m: _alike(m[0], words[m[0].lower()]), part))


def _named(text: str) -> Pair:
    one, other = _NAMES[zlib.crc32(text.encode()) % len(_NAMES)]
    return _NAME.sub(one, text), _NAME.sub(other, text)


def _gender(text: str) -> Pair:
    return text, _by_words(text, _SWAPPED)


def _dialect(text: str) -> Pair:
    return text, _by_rules(text, _DIALECT)


def _second(text: str) -> Pair:
    return text, _by_rules(text, _SECOND)


def _contracted(text: str) -> Pair:
    """With contractions written out, or contracted where there are none."""
    plain = text.replace("’", "'")
    long = _by_words(plain, _LONG)
    return text, long if long != plain else _by_words(plain, _SHORT)


def _capitals(text: str) -> Pair:
    return text, _outside(text, str.upper) if len(_LETTERS.findall(text)) >= 5 else text


def _typed(text: str) -> Pair:
    """Two letters change places inside of every third longer word."""
    count = 0

    def slip(match: re.Match[str]) -> str:
        nonlocal count
        count += 1
        word, at = match[0], 1 + zlib.crc32(match[0].encode()) % (len(match[0]) - 3)
        return f"{word[:at]}{word[at + 1]}{word[at]}{word[at + 2 :]}" if count % 3 == 1 else word

    return text, _outside(text, lambda part: _WORD.sub(slip, part))


def _recognised(text: str) -> Pair:
    """Without capitals and punctuation, as a speech recogniser writes."""
    bare = _outside(text, lambda part: re.sub(r"[^\w\s'’-]", " ", part).lower())
    return text, re.sub(r"(?<=\S) {2,}", " ", bare).strip()


# Every kind of rewriting: the family it belongs to, and its rule.
KINDS: dict[str, tuple[str, Callable[[str], Pair]]] = {
    "another name": ("names", _named), "another gender": ("names", _gender), "dialect": ("dialect", _dialect),
    "second-language patterns": ("dialect", _second), "contractions": ("style", _contracted),
    "capitals": ("style", _capitals), "typing mistakes": ("style", _typed), "recogniser's text": ("style", _recognised),
}  # fmt: skip


def pair(text: str, kind: str) -> Pair | None:
    """A message in two forms that should get the same labels; None where the rule finds nothing to change.

    All but "another name" leave the first as it is. That one puts two names where redaction took one out.
    """
    first, second = KINDS[kind][1](text)
    return None if first.split() == second.split() else (first, second)

"""Numbers and passwords that are known by their form alone, whatever stands before them: the rules of `redact`.

National ids, plates and payment codes that one country writes in one way, long numbers with points between groups,
card codes behind an expiry date, and words that mix letters, digits and signs as only passwords do.
"""

from __future__ import annotations

import re

from empathy_scan.redact_forms import Rule, make_rule
from empathy_scan.redact_spoken import DIGIT, TEEN, TENS

# What three capitals behind four digits are, where they are no Spanish plate.
_CURRENCIES = (
    "GBP|PLN|MXN|DKK|CZK|NGN|BRL|HKD|CLP|CNY|JPY|PHP|TRY|THB|SGD|NZD|NTD|RMB|BTC|KSH|RSD|HRK|HUF|LTR|KWH|MWH|MHZ|GHZ|KHZ"
    "|RPM|PCS|MTR|LBS|SQM|SQF|SQFT|MSL|HRS|MNS|DPI|BPM|PPM|CFM|BTU|PSI|CST|GMT|PST|CMT|TBC|NRW|XXL|XL|FPS|NTH|PLC|LTD|VGC"
)
_PLATES = (
    r"[A-Z]{2}[ -]\d{3}[ -][A-Z]{2}",  # Italy, France
    rf"\d{{4}}[ -]?(?!(?:{_CURRENCIES})(?!\w))[B-DF-HJ-NP-TV-Z]{{3}}",  # Spain
    r"[A-ZÄÖÜ]{1,3}-[A-ZÄÖÜ]{1,2} ?\d{1,4}(?: ?[EH](?!\w))?",  # Germany
    r"[A-ZÄÖÜ]{1,3} [A-ZÄÖÜ]{1,2} \d{2,4}[ ][EH]",  # Germany, of electric and old cars
    r"(?:Dubai|Abu Dhabi|Sharjah|Ajman) [A-Z]{1,2} ?\d{3,5}",
)
_IDS = (
    r"756[. ]\d{4}[. ]\d{4}[. ]\d\d",  # Switzerland, AHV
    r"[A-Z]{3} ?[A-Z]{3} ?\d\d ?[A-EHLMPRST] ?\d\d ?[A-Z] ?\d{3} ?[A-Z]",  # Italy, codice fiscale
    r"(?i:[a-z]{3}[abcfghjlpt][a-z] ?\d{4} ?[a-z])",  # India, PAN; the fourth letter is the kind of holder
)
_MIXED = r"(?=[A-Z]{1,3}\d|\d{1,3}[A-Z])[A-Z0-9]{4}"
_CODES = (
    r"(?!(?:EUR|USD|GBP|CHF|INR|KES|NGN|ZAR|AED|SGD|MYR|PHP|MXN|BRL|COP|SEK|NOK|DKK|PLN|CZK|HUF|R|RM|RS|KR|FT|KSH|HP)(?!\w))[A-Z]{1,3} \d{2,4}(?: \d{2,4}){1,4}(?: [A-Z]{1,2}(?!\w))?",
    r"[A-Z]{2,4}/\d{2,4}(?:[ /-]\d{2,4}){1,3}",
    rf"{_MIXED} {_MIXED}(?: [A-Z0-9]{{2,4}}(?!\w))?",
    r"(?=[A-Z-]{0,14}\d)[A-Z0-9](?:-[A-Z0-9]){3,15}",  # spelled, with a digit in it
)
_ANY_CODE = r"[A-Z] \d|[A-Z0-9]{4} [A-Z0-9]{4}|[A-Z]/\d|[A-Z0-9]-[A-Z0-9]-[A-Z0-9]"
_ITEM = rf"(?:(?:double|triple|treble) )?(?:{DIGIT}|{TEEN}|{TENS})(?: hundred| thousand)?"
_SPOKEN = rf"{_ITEM}(?:[ ,-]{{1,2}}(?:um |uh |er |and )?{_ITEM}){{3,20}}(?: (?:dash|slash|hyphen) [a-z](?!\w))?"
_NAMED = (
    "account|sort code|reg|registration|booking|reference|ref|order|claim|ticket|case|policy|member|membership|customer"
    "|client|suffix|branch|clearing|transit|routing|meter|serial|docket|invoice|tracking|confirmation"
)
_BESIDE = r"(?:[^\s.!?]{1,12} ){0,4}"


def shape_rules() -> list[Rule]:
    """What is known by its form."""
    return [
        *(make_rule("NUMBER", _hint(form), rf"(?<![\w./#@-]){form}(?![\w@/-])") for form in (*_IDS, *_PLATES)),
        *(make_rule("NUMBER", _ANY_CODE, rf"(?<![\w./#@-]){form}(?![\w@/-])") for form in _CODES),
        make_rule(
            "NUMBER",
            r"\d",
            r"\A(?P<keep>\W{0,3})(?!\d\d?[./ -]\d\d?[./ -](?:\d\d)?\d\d\W|(?:19|20)\d\d[ -](?:19|20)\d\d)\d(?:[ .-]?\d){4,20}(?=\W{0,3}\Z)",
        ),
        make_rule(
            "NUMBER",
            r"\d",
            r"\A(?P<keep>\W{0,3})(?=[^\W\d]{0,30}\d)(?=\d{0,30}[^\W\d])(?!\d{1,6}(?:[a-z]{1,3}|[A-Z]{1,4})\W{0,3}\Z)[A-Za-z0-9-]{7,30}(?=\W{0,3}\Z)",
        ),
        make_rule(
            "NUMBER",
            r"\d\.\d{2,6}\.\d{2,6}",
            r"(?<![\w.,:/@£$€₹-])\d{2,6}(?:\.\d{2,6}){2,5}(?:-\d{1,3})?(?![\w/:%]|[.,-]\d)",
            _dotted,
        ),
        make_rule("NUMBER", r"\d(?:,? |,? ?(?:dash|minus|dot|slash),? )\d", _PAUSED, _paused),
        make_rule(
            "NUMBER",
            r"(?i)\b(?:plate|kennzeichen|registration)",
            r"(?P<keep>\b(?i:plates?|kennzeichen|registration)(?: (?:is|number|was))?:? )[A-ZÄÖÜ]{1,3}[ -][A-ZÄÖÜ]{1,2}[ -]?\d{1,4}(?: ?[EH](?!\w))?(?!\w)",
        ),
        make_rule(
            "SECRET",
            r"(?i)on the back",
            rf"(?P<keep>\b(?:three|3|four|4|digits|numbers|code|ones?) on the back,? ?(?:is|are|it's|says|they're|:)?:? ?)(?:\d{{3,4}}(?!\d)|{_ITEM}(?:[ ,-]{{1,2}}{_ITEM}){{1,3}})(?![\w'’])",
            flags=re.IGNORECASE,
        ),
        make_rule(
            "SECRET",
            r"\d\d ?/ ?\d\d.*(?i:code|digits|security|cv[vc])",
            r"(?P<keep>(?<![\d/])(?:0[1-9]|1[0-2]) ?/ ?(?:20)?[2-4]\d[ ,.;]{1,3}(?:and )?(?:the )?(?:\w{1,8} )?(?i:code|digits|cvv|cvc|number)[ ,:]{1,3}(?:is |on the back )?)\d{3,4}(?![\d/]|[.,]\d)",
        ),
        make_rule(
            "NUMBER",
            rf"(?i)\b(?:{_NAMED})\b.*\b(?:{DIGIT})\b",
            rf"(?P<keep>\b(?:{_NAMED})(?: (?:number|code|no|plate))?(?: (?:is|was|it's|that's|should be))?[ :,]{{1,2}}){_SPOKEN}(?! (?:hundred|thousand|pounds|dollars|euros|percent|times|days|weeks|years|months|hours|minutes)\b)(?![\w'’])",
            flags=re.IGNORECASE,
        ),
    ]


def told_secret_rules() -> list[Rule]:
    """Passwords that look like nothing else, and codes that were sent, used or set."""
    code = r"(?=[^\s\[\]]{0,40}\d)[^\s\[\]\"',;/@]{4,40}(?<![.,;:!?)])"
    asked = (
        r"(?:one[- ]time |root |admin |default |temporary |wi-?fi )?(?:otp|password|passcode)"
        r"|(?:door|gate|entry|access|backup|recovery|auth(?:orisation|orization|entication)?|alarm|lock|verification|security"
        r"|login|unlock) (?:code|key|pin)s?|pin"
    )
    return [
        make_rule(
            "SECRET",
            r"[!#$%^&*]",
            r"(?<!\S)(?![^\s]{0,60}(?:://|@|\[|\]))(?=[^\s]{0,40}[A-Za-z]{2})(?=[^\s]{0,40}\d)(?=[\w.+=?-]{1,38}[!#$%^&*][\w!#$%^&*.+=?-])"
            r"[\w][\w!#$%^&*.+=?-]{5,39}(?<![.,;:?])(?=[\s.,;:!?)]|$)",
            _mixed,
        ),
        make_rule(
            "SECRET",
            r"(?i)\b(?:otp|password|passcode|(?:code|key|pin)s?)\b.*\d",
            rf"(?P<keep>\b(?:{asked})[ ,:]{{1,2}}{_BESIDE}(?:(?:is|was|were|to|used|sent|be)[:]? |(?<=: )))(?:\d{{3}} \d{{3}}(?!\w)|\d(?: \d){{3,7}}(?!\w)|{code})",
            flags=re.IGNORECASE,
        ),
        make_rule(
            "SECRET",
            r"(?i)\bcode\b.*\d",
            rf"(?P<keep>\b(?<!error )(?<!promo )(?<!discount )code {_BESIDE}is )(?:\d(?: \d){{3,7}}|(?=[^\s\[\]]{{0,20}}[A-Za-z]{{2}})(?=[^\s\[\]]{{0,20}}\d)[\w-]{{6,30}})(?!\w)",
            flags=re.IGNORECASE,
        ),
        make_rule(
            "SECRET",
            r"\[SECRET\] and ",
            rf"(?P<keep>\[SECRET\] and ){code}",
        ),
    ]


def _hint(form: str) -> str:
    """The form without what must not follow: hints know no look-aheads."""
    return re.sub(r"\(\?!(?:\(\?:[^()]*\))?(?:\(\?!\\w\))?\)|\(\?!\\w\)", "", form)


# Groups as a recogniser that sets commas writes them: "4 1 0, 7 7 2, 9 0 1", "D E 94, 1038, 1479", "756 dot 9217 dot 0769".
_PAUSED = (
    r"(?<![\w.,:/@£$€₹#+-])(?:(?:plus|[A-Z] ?[A-Z]),? )?\d{1,8}"
    r"(?:(?:,? |,? (?:dash|minus|dot|slash),? )\d{1,8}){2,30}(?:,? ?[A-Z](?!\w))?(?![\w/:%]|[.,]\d)"
)


def _paused(match: re.Match[str]) -> str:
    """What a number with pauses between its groups is, unless it is a list of years, of sizes or of amounts."""
    text = match[0]
    groups = re.findall(r"\d+", text)
    digits = "".join(groups)
    years = all(re.fullmatch(r"(?:19|20)\d\d", group) for group in groups)
    signs = re.search(r"dash|minus|dot|slash", text)
    listed = not signs and len({len(group) for group in groups}) == 1 and len(groups[0]) in (2, 3) and len(groups) < 5
    if (
        len(digits) < 7
        or years
        or listed
        or ("," not in text and not signs)
        or _COUNTED.match(match.string[match.end() :])
    ):
        return text
    letters = re.match(r"[A-Z] ?[A-Z]", text)
    if text.startswith("plus"):
        return "[PHONE]"
    return "[IBAN]" if letters and len(digits) > 12 else "[CARD]" if 13 <= len(digits) <= 19 else "[NUMBER]"


_COUNTED = re.compile(
    r"(?i),? ?(?:pounds?|dollars?|euros?|rupees?|cents?|percent|%|hours?|minutes?|days?|weeks?|months?|years?|miles?|km|kg|gb|mb|times|pm|am)\b"
)


def _dotted(match: re.Match[str]) -> str:
    """`[NUMBER]` for eight digits or more with points between groups, unless they are a date or an amount."""
    groups = match[0].partition("-")[0].split(".")
    amount = len(groups[0]) <= 3 and all(len(group) == 3 for group in groups[1:])
    dated = len(groups) == 3 and sorted(len(group) for group in groups) == [2, 2, 4]
    few = sum(map(len, groups)) < 8
    return match[0] if amount or dated or few else "[NUMBER]"


def _mixed(match: re.Match[str]) -> str:
    """`[SECRET]` for letters, digits and signs in one word, unless it is a price, a share or a product's name."""
    word = match[0]
    plain = re.fullmatch(
        r"(?i)(?:[a-z]{1,4}\$|\$|#)?[\d.,]+(?:%|[a-z]{0,3})|#\w+|\w+#|[a-z]+&[a-z]+\d?|\d+\*\d+\w*", word
    )
    return word if plain or "****" in word else "[SECRET]"

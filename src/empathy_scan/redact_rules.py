"""What personal data looks like in a transcript, and which placeholder takes its place: the rules of `redact`.

Every pattern reads a text in linear time: its quantifiers are bounded, or possessive behind a look-behind that allows
one start per word. `hint` must match wherever `pattern` does; it is written in the syntax that Rust and Python share.
"""

from __future__ import annotations

import ipaddress
import re
from functools import cache

from empathy_scan.redact_codes import code_rules, grouped_rules, secret_rules, street_rules
from empathy_scan.redact_forms import KINDS, MONTH, Rule
from empathy_scan.redact_forms import make_rule as _rule
from empathy_scan.redact_greetings import greeting_rules
from empathy_scan.redact_remains import remains_rules
from empathy_scan.redact_shapes import shape_rules, told_secret_rules
from empathy_scan.redact_spoken import spoken_mail_rules, spoken_rules
from empathy_scan.redact_words import NO_NAME, PARTICLES, is_ordinary

__all__ = ["KINDS", "Rule", "personal_data"]

# --- words that patterns are made of -------------------------------------------------------------------------------

_DIGIT_WORD = "zero|oh|o|nought|nil|one|two|three|four|five|six|seven|eight|nine"
_MONTH = MONTH
_MONEY_BEFORE = re.compile(r"(?:[£$€₹¥]|\b(?:rs\.?|inr|usd|gbp|eur|aud|cad|ngn|naira|ksh))\s?-?$", re.IGNORECASE)
_UNIT_AFTER = re.compile(
    r"\.\d{1,2}(?!\d)|\s?-?(?:dollars?|bucks|pounds?|quid|euros?|rupees?|rs|naira|shillings|usd|gbp"
    r"|eur|inr|pence|cents?"
    r"|pp?|k|m|km|kms|kilometers?|kilometres?|miles?|metres?|meters?|feet|ft|kg|kgs|g|grams?|ml"
    r"|litres?|liters?|mah|mhz|ghz|hz"
    r"|watts?|w|kw|kwh|btu|rpm|lumens?|dpi|mb|gb|tb|mbps|gbps|units?|points?|miles|steps|words|people|customers?"
    r"|orders|items?|pieces|copies|times|hours?|hrs?|minutes?|mins?|seconds?|secs?|days?|nights?"
    r"|weeks?|months?|years?|percent"
    r"|per|a (?:day|week|month|year)|pm|am|[%$£€₹])(?!\w)",
    re.IGNORECASE,
)
_DATE_TOKEN = re.compile(
    r"(?:19|20)\d\d-(?:0?[1-9]|1[0-2])-(?:0?[1-9]|[12]\d|3[01])(?:[Tt]\d{1,6}[Zz]?)?"
    r"|(?:0?[1-9]|[12]\d|3[01])-(?:0?[1-9]|[12]\d|3[01])-(?:19|20)?\d\d|\d{1,4}-\d{1,4}"
)

_FILLER = r"(?:(?:u[mh]|er|erm)[mhr]{0,6}[,.]? )?"
_TITLE = r"(?i:mr|mrs|ms|mx|miss|dr|prof|mister|missus|doctor)\b\.?"
_WORD = rf"(?!(?i:{NO_NAME})(?![\w'’]))[^\W\d_][\w'’-]{{0,30}}"  # any word that may be a name
_UPPER = "A-ZÀ-ÖØ-ÞĀĂĄĆČĎĐĒĘĚĞĢĪİĶĹĽŁŃŅŇŌŐŔŘŚŞŠŢŤŪŮŰŹŻŽ"
_CAPITAL = rf"(?!(?i:{NO_NAME})(?![\w'’]))(?:(?:(?:al|el|ad|an|ar|as|ash)-|d['’])?[{_UPPER}][\w'’-]{{1,30}}|[A-Z]\.)"
_PARTICLE = rf"(?:(?i:{'|'.join(sorted(PARTICLES))}) )"
_CAPITALS = rf"{_PARTICLE}{{0,2}}{_CAPITAL}(?: {_PARTICLE}{{0,2}}{_CAPITAL}){{0,3}}"
_SMALL = r"(?![a-z']{2,20}(?:ing|ly|ous)\b)" + _WORD  # a name that a speech recogniser wrote in small letters
_STREET = (
    "street|st|road|rd|avenue|ave|lane|ln|drive|dr|boulevard|blvd|close|court|ct|way|place|pl|terrace|crescent|gardens"
    "|grove|square|parkway|pkwy|highway|hwy|row|mews|walk|hill"
)


# --- replacements --------------------------------------------------------------------------------------------------


_PUBLIC = re.compile(r"\b(?:web|answer|articles?|troubleshooter|thread|topic|kb)/\d{4,16}(?=[/_-]|$)")  # of help pages


def _url(match: re.Match[str]) -> str:
    """`[URL]` for an address that can name a person or open a session, else the address as it is."""
    address = match[0].rstrip(".,;:!?)'")
    path = _PUBLIC.sub("", address.split("//", 1)[-1].partition("/")[2])
    tokens = any(len(part) >= 20 and re.search(r"\d", part) for part in re.split("[/.]", path))
    personal = any(sign in address for sign in "?#@=") or tokens or re.search(r"\d{5}", path)
    return "[URL]" + match[0][len(address) :] if personal else match[0]


def _iban(match: re.Match[str]) -> str:
    """`[IBAN]` for the longest beginning that satisfies ISO 7064 mod 97-10, else the text as it is."""
    text = match[0]
    for end in [len(text), *(found.start() for found in reversed(list(re.finditer("[ -]", text))))]:
        letters = re.sub("[ -]", "", text[:end]).upper()
        moved = letters[4:] + letters[:4]
        if 15 <= len(letters) <= 34 and int("".join(str(int(letter, 36)) for letter in moved)) % 97 == 1:
            return "[IBAN]" + text[end:]
    return text


def _card(match: re.Match[str]) -> str:
    """`[CARD]` for the longest beginning of 13 to 19 digits that satisfies the Luhn check, else the text as it is."""
    text = match[0]
    if _IN_URL.search(match.string[max(0, match.start() - 90) : match.start()]):
        return text
    ends = [found.end() for found in re.finditer(r"\d", text)]
    for count in range(len(ends), 12, -1):
        whole = count == len(ends) or not text[ends[count - 1]].isdigit()
        if whole and _luhn([int(digit) for digit in re.findall(r"\d", text)[:count]]):
            return "[CARD]" + text[ends[count - 1] :]
    return text


def _luhn(digits: list[int]) -> bool:
    """Whether the last digit is the check digit of the others (ISO/IEC 7812-1, annex B)."""
    doubled = (sum(divmod(2 * digit, 10)) for digit in digits[-2::-2])
    return (sum(digits[-1::-2]) + sum(doubled)) % 10 == 0


def _ip(match: re.Match[str]) -> str:
    """`[IP]` if the text is an address of version 4 or 6, else the text as it is."""
    try:
        address = ipaddress.ip_address(match[0].removesuffix(match["rest"]))
    except ValueError:
        return match[0]
    return match[0] if address.is_loopback or address.is_unspecified else "[IP]"


def _phone(match: re.Match[str]) -> str:
    """`[PHONE]`, unless an amount of money stands there."""
    before = match.string[max(0, match.start() - 6) : match.start()]
    return match[0] if _MONEY_BEFORE.search(before) else "[PHONE]"


def _introduced(match: re.Match[str]) -> str:
    """`[NAME]` for the capitalised words at the beginning, if two or more of them are no ordinary words."""
    keep = match["keep"]
    words = match[0][len(keep) :].split(" ")
    known = next((place for place, word in enumerate(words) if is_ordinary(word)), len(words))
    shouted = any(word.isupper() and len(word) > 2 for word in words[:known])  # capitals for emphasis
    if shouted or sum(word.lower() not in PARTICLES for word in words[:known]) < 2:
        return match[0]
    return " ".join([f"{keep}[NAME]", *words[known:]])


_IN_URL = re.compile(r"(?:https?://|www\.)[^\s\[\]]{0,80}$")


def _number(match: re.Match[str]) -> str:
    """`[NUMBER]` for a word with five digits or more that is no date, amount, quantity or range."""
    word = match[0]
    if _IN_URL.search(match.string[max(0, match.start() - 90) : match.start()]):
        return word
    if sum(letter.isdecimal() for letter in word) < 5 or _DATE_TOKEN.fullmatch(word):
        return word
    if re.fullmatch(r"(?i)\d+x\d+|0x[0-9a-f]+|KB\d{6,7}", word):
        return word
    before = match.string[max(0, match.start() - 10) : match.start()]
    if re.search(r"(?i)\b(?:build|version|update|error|kb|v|train|reading|line) $", before):
        return word
    digits = re.match(r"\d*", word)
    tail = match.string[match.start() + (digits.end() if digits else 0) : match.end() + 14]
    measured = word[0].isdigit() and (_MONEY_BEFORE.search(before) or _UNIT_AFTER.match(tail))
    return word if measured else "[NUMBER]"


# --- the rules, in order -------------------------------------------------------------------------------------------


@cache
def personal_data() -> tuple[Rule, ...]:
    """All rules; the order matters, because a card is also a long number."""
    return (
        *_address_rules(), *spoken_mail_rules(), *_secret_rules(), *secret_rules(), *told_secret_rules(), *_money_rules(),
        *_date_rules(), *shape_rules(),
        *code_rules(), *_phone_rules(), *street_rules(), *_postal_rules(), *spoken_rules(), *grouped_rules(),
        *_long_number_rules(), *remains_rules(), *_name_rules(),
    )  # fmt: skip


def _address_rules() -> list[Rule]:
    """On the net: URLs, mail addresses (also read out aloud), IP and hardware addresses."""
    local = r"(?<![\w.+%*-])(?<!\w['’])[\w.+%*-]{1,64}+(?:['’][\w.+%-]{1,64}+)?"
    return [
        _rule("URL", "(?i)http|www", r"(?<!\w)(?i:https?://|www\.)[^\s<>\"\[\]]++", _url),
        _rule("EMAIL", "@", rf"{local}@\w[\w-]{{0,62}}(?:\.\w[\w-]{{0,62}}){{1,6}}"),
        _rule("EMAIL", "@ ", rf"{local} ?@ \w[\w-]{{0,62}}(?:\.\w[\w-]{{0,62}}){{0,5}}\.[A-Za-z]{{2,12}}(?!\w)"),
        _rule(
            "EMAIL",
            r"(?i)[(\[{<] ?(?:at|ät|@|a|arroba|arobase|małpa|chiocciola) ?[)\]}>]",
            rf"{local}(?:(?: (?i:dot) | ?[(\[{{<] ?(?i:dot) ?[)\]}}>] ?)[\w+-]{{1,32}}){{0,3}} ?[(\[{{<] ?(?i:at|ät|@|a|arroba|arobase|małpa|chiocciola) ?[)\]}}>] ?\w[\w-]{{0,62}}"
            r"(?:(?:\.| (?i:dot) | ?[(\[{<] ?(?i:dot|punkt|point|punto) ?[)\]}>] ?)\w[\w-]{0,62}){1,6}",
        ),
        _rule(
            "EMAIL",
            r"\bAT\b",
            rf"{local} AT (?=[\w-]{{0,62}}(?:\.| DOT ))\w[\w-]{{0,62}}(?:(?:\.| DOT )[A-Za-z][\w-]{{0,62}}){{1,5}}",
        ),
        _rule(
            "IP",
            r"\d\.\d{1,3}\.\d|:[0-9A-Fa-f]{0,4}:",
            r"(?<![\w.:+])(?:\d{1,3}(?:\.\d{1,3}){3}(?!\.\d)|[0-9A-Fa-f:]{3,39}(?:\.\d{1,3}){0,3})(?P<rest>(?::\d{1,5}|/\d{1,3})?)(?![\w:])",
            _ip,
        ),
        _rule("NUMBER", r"(?:[0-9A-Fa-f]{2}[:-]){5}", r"(?<![\w:-])(?:[0-9A-Fa-f]{2}[:-]){5}[0-9A-Fa-f]{2}(?![\w:-])"),
        _rule(
            "NUMBER",
            r"[0-9A-Fa-f]{4}\.[0-9A-Fa-f]{4}\.",
            r"(?<![\w.:-])[0-9A-Fa-f]{4}\.[0-9A-Fa-f]{4}\.[0-9A-Fa-f]{4}(?![\w:-])",
        ),
    ]


def _secret_rules() -> list[Rule]:
    """Passwords, PINs and codes that are said as such."""
    digit = rf"(?:\d|(?:{_DIGIT_WORD})\b)"
    return [
        _rule(
            "SECRET",
            r"(?i)\b(?:pin|cv[vc]|code|otp|passcode|password)",
            r"(?P<keep>\b(?:pin|cvv2?|cvc2?|otp|(?:the|and) code|(?:security|verification|pass|access|one[- ]time"
            r"|authentication|pin|3[- ]digit)"
            r" ?(?:code|number|pin|password))(?: (?:number|code))?(?:[ ,]{1,2}(?:is|was|it's|that's|of))?[ :=,]{1,3})"
            rf"{digit}(?:[ ,-]{{0,2}}{digit}){{2,7}}(?!\w)",
            flags=re.IGNORECASE,
        ),
        _rule(
            "SECRET",
            r"(?i)pass|\bword\b|answer",
            r"(?P<keep>\b(?:password|passcode|passphrase|pass phrase|memorable word|secret word|security word"
            r"|secret answer)"
            r"(?: (?:is|was|it's|to|of)|[:=])[ ]{0,2})"
            r"(?!(?:\w{0,30}(?:ed|ing|ly|able)|not|wrong|correct|incorrect|invalid|right|gone|weak|strong"
            r"|fine|good|old|new"
            r"|same|too|the|my|a|an|secure|hidden|case|reset|still|no|so|on|in|it|what|something|this|that"
            r"|then|again|log)\b)"
            r"(?:[\"'][^\"'\s]{1,64}[\"']|[^\s\[\]*\"']{0,64}[\d!@#$%^&+=_][^\s\[\]\"']{0,64}(?<![.,;:!?)])"
            r"|[^\W_][\w-]{2,40}(?=[.,!?;]|\s{0,9}$| and\b| but\b))",
            flags=re.IGNORECASE,
        ),
    ]


def _money_rules() -> list[Rule]:
    """Bank accounts and payment cards."""
    insured = r"[A-Z]{2}[ -]?\d{2}[ -]?\d{2}[ -]?\d{2}[ -]?[A-D]"  # a British National Insurance number
    return [
        _rule("NUMBER", f"(?i){insured}", rf"(?<!\w){insured}(?!\w)", flags=re.IGNORECASE | re.ASCII),
        _rule(
            "IBAN",
            r"(?i)[a-z]{2}\d{2}",
            r"(?<!\w)[a-z]{2}\d{2}(?:[ -]?[a-z0-9]{4}){2,7}(?:[ -]?[a-z0-9]{1,3})?(?!\w)",
            _iban,
            flags=re.IGNORECASE | re.ASCII,
        ),
        _rule(
            "IBAN",
            r"[A-Z]{2}\d{2}",
            r"(?<!\w)(?:AD|AE|AT|BE|BG|CH|CY|CZ|DE|DK|EE|ES|FI|FR|GB|GR|HR|HU|IE|IT|LT|LU|LV|MT|NL|NO|PK|PL|PT|RO|SA|SE|SI|SK|TR)\d{2}"
            r"(?:[ -]?[A-Z0-9]{4}){3,7}(?:[ -]?[A-Z0-9]{1,3})?(?!\w)",
        ),
        _rule("CARD", r"(?:\d[ -]{0,2}){13}", r"(?<![\w.])\d(?:[ -]{0,2}\d){12,22}(?!\w)", _card),
        _rule(
            "CARD", r"\d{4}[ ./_-]{1,3}\d{4,6}[ ./_-]", r"(?<![\w.])\d{4}(?:[ ./_-]{1,3}\d{4}){3}(?![\w.-]\d|\w)", _card
        ),
        _rule("CARD", r"\d{4}[ -]\d{4}", r"(?<![\w-])\d{4}([ -])(?:\d{4}\1\d{4}\1\d{4}|\d{6}\1\d{5})(?![\w-]| \d)"),
        _rule("NUMBER", "(?i)sort", r"(?P<keep>\b(?i:sort ?code)(?i: is| was)?[ :,]{1,3})\d\d[ -]?\d\d[ -]?\d\d(?!\d)"),
        _rule(
            "NUMBER",
            r"(?i)ending|last (?:four|4|three|3)",
            r"(?P<keep>\b(?:ending(?: in| with)?|last (?:four|4|three|3)(?: digits)?(?: are| is"
            r"| of \w{1,20} \w{1,20} (?:are|is))?)"
            r"[ :,]{1,3})\d(?: ?\d){2,3}(?!\w)",
            flags=re.IGNORECASE,
        ),
    ]


def _date_rules() -> list[Rule]:
    """Dates of birth: a date that is called one, or a full date before 2010, which is hardly ever another."""
    day, year = r"(?:0?[1-9]|[12]\d|3[01])", r"(?:(?:19|20)\d\d|\d\d)"
    named = rf"(?:{day}(?:st|nd|rd|th)?(?: of)? (?:{_MONTH})|(?:{_MONTH})\.? {day}(?:st|nd|rd|th)?)\b"
    numeric = rf"{day}[/. -]{day}[/. -]"
    spoken = (
        rf"(?:[a-z]{{4,10}}[ -]){{1,3}}(?:of )?(?:{_MONTH})\b(?:,? (?:nineteen|twenty"
        rf"|two thousand)(?:[ -][a-z]{{3,9}}){{0,3}})?"
    )
    early = r"(?:19\d\d|200\d)"
    context = (
        r"\b(?:date of birth|birth ?date|birthday|d\.?o\.?b\b\.?|born)(?:[ :,.-]|is|was|on|it's|its"
        r"|that's|the|in|er|um){0,8}(?<!\w)"
    )
    return [
        _rule(
            "DATE_OF_BIRTH",
            r"(?i)birth|d\.?o\.?b|born",
            rf"(?P<keep>{context})(?:{named}(?:,? {year})?|{numeric}{year}|\d{{4}}-\d\d?-\d\d?|{spoken})(?!\w)",
            flags=re.IGNORECASE,
        ),
        _rule(
            "DATE_OF_BIRTH",
            r"19\d\d|200\d",
            rf"(?<![\w/.-])(?:{named},? {early}|{numeric}{early}|{early}[/-]\d\d[/-]\d\d)(?![\w/-])",
            flags=re.IGNORECASE,
        ),
    ]


def _phone_rules() -> list[Rule]:
    """Telephone numbers as people write them in Britain, America, India and elsewhere."""
    no_date = r"(?!\d{1,2}[-/. ](?:0?[1-9]|1[0-2])[-/. ](?:19|20)\d\d(?!\d))"
    more, wide = r"(?:[ ().-]{0,2}\d)", r"(?:[ ()./\u2010-\u2013-]{0,3}\d)"
    return [
        _rule("PHONE", r"(?:\+|00[ .-]?)\d", rf"(?<![\w.])\(?(?:\+|00[ .-]?)\d{wide}{{6,14}}(?!\w)", _phone),
        _rule("PHONE", r"\d[ -]{1,3}\d[ -]{1,3}\d[ -]{1,3}\d", r"(?<![\w.,£$€])(?:\d[ -]{1,3}){8,13}\d(?![\w%])"),
        _rule(
            "PHONE",
            r"\(?0\d{1,4}\)? ?/|0\d{1,4} - ",
            r"(?<![\w.,£$€₹/])\(?0\d{1,4}\)?(?: ?/ ?| - )(?!(?:19|20)\d\d(?!\d)|\d{1,2}/)\d{3}[\d -]{2,9}(?<=\d)(?![\w/])",
        ),
        _rule("PHONE", r"\(\d{2,4}\)", r"(?<!\w)\(\d{2,4}\) ?\d{3,5}[ .-]?\d{3,5}(?!\w)"),
        _rule("PHONE", r"\d{3}/\d{3}-\d{4}", r"(?<![\w/])\d{3}/\d{3}-\d{4}(?!\w)"),
        _rule("PHONE", r"0(?:[ ().-]{0,2}\d){8}", rf"(?<![\w.,£$€₹]){no_date}\(?0{more}{{8,10}}(?!\w)", _phone),
        _rule(
            "PHONE",
            r"\d{3}[ .-]\d{4}",
            r"(?<![\w.,£$€₹])(?:1[ .-])?\(?\d{3}(?:\) ?|[ .-])\d{3}[ .-]\d{4}(?!\w)",
            _phone,
        ),
        _rule("PHONE", r"\d{3}-\d{4}|\d{5}", r"(?<![\w.,-])(?:[6-9]\d{4}[ -]?\d{5}|\d{3}-\d{4})(?![\w-]|\.\d)", _phone),
        _rule(
            "PHONE",
            r"\d(?:[ .-]?\d){5}",
            r"(?P<keep>\b(?:phone|mobile|mob|cell|handphone|hp|telephone|tel|fax|landline|land line|home|office|work|direct|switchboard|whats ?app"
            r"|movil|móvil|portable|handy|(?:ring|call|text|reach|phone) (?:me|us|her|him)"
            r"(?: back)? (?:on|at))(?: number)?(?: is| was|'s)?[ :,.]{1,3})(?!(?:19|20)\d\d-\d)\d(?:[ .-]?\d){5,14}(?!\w|\.\d)",
            flags=re.IGNORECASE,
        ),
    ]


def _postal_rules() -> list[Rule]:
    """Postcodes and streets with a number."""
    postcode = (
        r"(?!\w{2,4} ?\d(?:GB|TB|ST|ND|RD|TH|HZ|MM)(?!\w))[A-PR-UWYZ][A-HK-Y]?\d[A-Z\d]? {0,1}\d[ABD-HJLNP-UW-Z]{2}"
    )
    return [
        _rule(
            "ADDRESS", r"(?i)[a-z]\d[a-z\d]? ?\d[a-z]{2}", rf"(?<!\w){postcode}(?!\w)", flags=re.IGNORECASE | re.ASCII
        ),
        _rule(
            "ADDRESS",
            rf"\d[A-Za-z]?,? [A-Z].*(?i:{_STREET})",
            r"(?<![\w.,£$€₹])(?:(?i:flat|apt\.?|apartment|unit|suite) \w{1,5},? )?\d{1,5}[A-Za-z]?,? (?:[NSEW]\.? )?"
            rf"(?:[A-Z][\w'’]{{0,20}}\.? ){{1,4}}(?i:{_STREET})\b(?:,? (?i:flat|apt\.?|apartment|unit|suite"
            rf"|#) ?\w{{1,5}}\b)?",
            digit=True,
        ),
        _rule(
            "ADDRESS",
            r"(?i)\d.*(?:street|road|avenue|lane|crescent|terrace|boulevard)",
            r"(?<![\w.,£$€₹])\d{1,4}[a-z]? (?:(?!(?:hours?|days?|weeks?|months?|years?|minutes?|miles?"
            r"|metres?|times|people|more|of"
            r"|the|a|an|on|in|down|up|and|or|to|at|from|by|off|my|your|our|this|that|is|was|different"
            r"|other)\b)[a-z'’]{2,20} ){1,2}"
            r"(?:street|road|avenue|lane|crescent|terrace|boulevard)\b",
            flags=re.IGNORECASE,
            digit=True,
        ),
    ]


def _long_number_rules() -> list[Rule]:
    """What is called a number or reference, and any run of five or more digits."""
    return [
        _rule(
            "NUMBER",
            r"(?i)(?:num|no\.|ref|id|#)\D{0,24}\d",
            r"(?P<keep>(?:(?<!\w)#|\b(?:numbers?|no\.|num|ref|reference|id)(?:[ ,:#-]{0,2}(?:is|was|it's|that's|of)\b)?"
            r"[ ,:#]{1,3}))(?!(?:19|20)\d\d(?!\d))(?:[a-z]{1,4}-?)?\d(?:[ -]?\d){2,24}(?!\w|\.\d|[ -]?\d|%)"
            r"(?! (?:pounds|dollars|quid|euros|rupees|days|weeks|months|years)\b)",
            flags=re.IGNORECASE,
            digit=True,
        ),
        _rule("NUMBER", r"\d(?:\S*?\d){4}", r"(?<![^\W_])[^\W_]++(?:[-_][^\W_]++)*+", _number),
    ]


def _name_rules() -> list[Rule]:
    """Names that people give when they introduce, greet, address or sign."""
    return [*_introductions(), *greeting_rules(), *_addressed_names()]


def _introductions() -> list[Rule]:
    """Names that somebody gives as their own."""
    named = r"\bname(?:'s|’s| is| was|:)|\bunder the name(?: of)?|\bin the name of"
    introduced = r"(?i:\bthis is|\bi['’]?m|\bi am|\bit['’]s) "
    here = r"(?i:speaking|calling|ringing|phoning|here|from|on behalf)"
    return [
        _rule(
            "NAME",
            "(?i)name|speaking",
            rf"(?P<keep>(?i:{named}|\bspeaking (?:to|with)) ?{_FILLER}(?:{_TITLE} )?){_CAPITALS}(?![\w\]])",
            introduces=True,
        ),
        _rule(
            "NAME",
            "(?i)name",
            rf"(?P<keep>(?i:{named}) ?{_FILLER}(?:{_TITLE} )?){_SMALL}(?![\w\]])",
            introduces=True,
        ),
        _rule(
            "NAME",
            rf"{introduced}.*(?i:{here})",
            rf"(?P<keep>{introduced}{_FILLER}){_CAPITALS}(?=,? {here}\b)",
            introduces=True,
        ),
        _rule(
            "NAME",
            rf"{introduced}.*(?i:speaking|calling|ringing|phoning)",
            rf"(?P<keep>{introduced}{_FILLER}){_SMALL}(?: {_SMALL})?(?= (?i:speaking|calling|ringing|phoning)\b)",
            introduces=True,
        ),
        _rule(
            "NAME",
            introduced,
            rf"(?P<keep>{introduced}{_FILLER}){_CAPITALS}(?![\w\]])",
            _introduced,
            introduces=True,
        ),
        _rule(
            "NAME",
            "(?i)speaking",
            rf"(?P<keep>(?:^|[.!?,] ?)){_CAPITALS}(?= speaking\b)",
            flags=re.MULTILINE,
            introduces=True,
        ),
        _rule("NAME", "(?i)call me", rf"(?P<keep>\b(?i:call me) ){_CAPITAL}(?=[.,!?;]|$)", introduces=True),
    ]


def _addressed_names() -> list[Rule]:
    """Names behind a title, in greetings and signatures, spelled out, and of accounts."""
    hello = r"(?i:dear|hi|hello|hey|good morning|good afternoon|good evening|thanks|thank you)"
    end = (
        r"(?i:kind(?:est)? regards|best regards|warm regards|regards|best wishes|best|sincerely"
        r"|yours \w{5,11}|thanks|many thanks|cheers|thank you)"
    )
    return [
        _rule(
            "NAME",
            "(?i)\\b(?:mr|mrs|ms|mx|dr|prof)\\b",
            rf"(?P<keep>\b(?!MS\b)(?i:mr|mrs|ms|mx|dr|prof)\b\.? ){_PARTICLE}{{0,2}}{_CAPITAL}(?:[ -]{_CAPITAL})?"
            r"(?![\w\]])",
            introduces=True,
        ),
        _rule("NAME", "Miss", rf"(?P<keep>\bMiss ){_CAPITAL}(?![\w\]])"),
        _rule("NAME", r"(?i)\bmrs?\b", rf"(?P<keep>\b(?i:mr|mrs) ){_SMALL}(?![\w\]])"),
        _rule(
            "NAME",
            rf"(?i)dear [{_UPPER}]",
            rf"(?P<keep>\b(?i:dear) (?:{_TITLE} )?){_CAPITAL}(?: {_CAPITAL})?(?![\w\]])",
        ),
        _rule(
            "NAME",
            rf"(?m)^(?:>\s?)?{hello},? [{_UPPER}ade]",
            rf"(?P<keep>^(?:>\s?)?{hello},? ){_CAPITAL}(?: {_CAPITAL})?(?=\s{{0,3}}[,!.]?\s{{0,3}}$|[,!])",
            flags=re.MULTILINE,
        ),
        _rule(
            "NAME",
            rf"(?m)^{end}[,.!]?[ ]?\n",
            rf"(?P<keep>^{end}[,.!]?[ ]?\n{{1,3}}){_CAPITAL}(?: {_CAPITAL}){{0,3}}(?=[ .]{{0,3}}$)",
            flags=re.MULTILINE,
        ),
        _rule("NAME", "@[A-Za-z_]", r"(?<![\w.@/+%-])@[A-Za-z_]\w{1,29}(?:\.[a-z_]\w{0,29}){0,2}(?!\w)"),
    ]

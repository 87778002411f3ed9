"""Numbers, codes and addresses that are read out, as a speech recogniser writes them: the rules of `redact` for calls.

"oh seven seven double oh", "whiskey lima one nine", "b as in boy", "jo dot marsh at example dot com", "one nine two dot
one six eight", "fourteen tollgate lane", "the twelfth of june nineteen sixty one". Patterns are bounded, as everywhere.
"""

from __future__ import annotations

import re

from empathy_scan.redact_forms import MONTH, Rule, make_rule

DIGIT = "zero|oh|o|nought|naught|nil|one|two|three|four|five|six|seven|eight|nine"
TEEN = "ten|eleven|twelve|thirteen|fourteen|fifteen|sixteen|seventeen|eighteen|nineteen"
TENS = "twenty|thirty|forty|fourty|fifty|sixty|seventy|eighty|ninety"
NATO = (
    "alpha|alfa|bravo|charlie|delta|echo|foxtrot|golf|hotel|india|juliet|juliett|kilo|lima|mike|november|oscar|papa"
    "|quebec|romeo|sierra|tango|uniform|victor|whiskey|whisky|x-ray|xray|yankee|zulu"
    # as German has it
    "|anton|berta|cäsar|caesar|dora|emil|friedrich|gustav|heinrich|ida|julius|kaufmann|konrad|ludwig|martha|nordpol|otto"
    "|paula|quelle|richard|samuel|siegfried|theodor|ulrich|viktor|wilhelm|xanthippe|ypsilon|zacharias|zeppelin"
)
TIMES = {"double": 1, "triple": 2, "treble": 2}  # beyond the one that is named after it
_DIGITS = frozenset(DIGIT.split("|"))
_TENS = frozenset(TENS.split("|"))
_TEENS = frozenset(TEEN.split("|"))
_NATO = frozenset(NATO.split("|"))
_MULTIPLE = r"(?:(?:double|triple|treble|capital) )?"
AS_IN = (
    r"(?:,? (?:as in|like in|as) [a-z]{2,12}(?:-ray)?| x-ray|,? as in x-ray| (?:for|like|of) (?:x[- ]ray|[a-z]{3,12}))"
)
PAUSE = (
    r"(?:(?:dash|hyphen|minus|slash|stroke|dot|and then|then|uh|um|er|erm|hmm|space|dot dot|no sorry|no wait|no|sorry|wait|i mean"
    r"|make that|hang on|let me see)[ ,.]{1,2}){0,3}"
)
_ITEM = rf"{_MULTIPLE}(?:(?:{DIGIT}|{TEEN}|{TENS}|{NATO})(?: hundred(?: and(?= \w))?| thousand)?\b|[a-z]{AS_IN}?(?![\w'’])|\d{{1,8}}(?![\w.:/£$€%]))"
_GAP = rf"(?:[ ,-]|\.(?!\d)){{1,3}}{PAUSE}"
RUN = rf"(?<![\w'’.£$€@\[/])(?:plus )?{_ITEM}(?:{_GAP}{_ITEM}){{2,40}}"
_TOKEN = (
    rf"(?:(?:double|triple|treble|capital) )?(?:\b(?:{DIGIT}|{TEEN}|{TENS}|{NATO})(?: hundred(?: and)?| thousand)?\b"
    rf"|\b[a-z]{AS_IN}?\b|\d{{1,8}})"
)
_BREAK = rf"[ ,.-]{{1,3}}{PAUSE}"
ACRONYMS = frozenset(
    "ip iban pin vin dob bsb id usa uk pps ppsn bbc nhs tv ok am pm sms atm isp otp sim ssn gp mot dvla icu gps hr it faq"
    " pc cd dvd usb va er ir irs aba mprn mpan kyc bvn nin eu vat ni po ac cc dd ml kg pos cvv cvc abha uhid utr pod uan gstin imsi iccid ahv bsn cpf ifsc upi ev suv sos ii"
    " nan eori etc asap diy ceo rac aa led lcd hmrc dwp gst hst pst vat tds".split()
)
_UNIT = re.compile(
    r"(?i)[ ,]{1,2}(?:point|and a half|hundred|thousand|million|dollars?|bucks|pounds?|quid|euros?|rupees?|naira|shillings?|rand|francs?|pence"
    r"|cents?|p|percent|per|miles?|metres?|meters?|kilometres?|kilometers?|feet|foot|inch(?:es)?|hours?|minutes?|mins?"
    r"|seconds?|days?|nights?|weeks?|months?|years?|times|o'clock|p m|a m|pm|am|meg|gig|gigs|degrees|people|customers?"
    r"|boxes|items?|pieces|points?|milligrams?|grams?|kilos?|litres?|tablets?)\b"
)
_MONEY = re.compile(r"(?i)\b(?:rupees|pounds|dollars|euros|for|at|gate|bay|flight|row|seat|room) $")


CALLED = re.compile(rf"(?<=\b[a-z]){AS_IN}|\b(?:no|sorry|wait|i mean|make that|hang on|let me see|and)\b")


def code_kind(text: str) -> str:
    """What a run of spoken digits and letters is: PHONE, CARD, NUMBER, NAME, or "" if it is none of these."""
    digits, letters, nato, tens, words, ohs = 0, 0, 0, 0, 0, 0
    spelled = ""
    pending = 0
    for word in re.findall(r"[a-z-]+|\d+", CALLED.sub("", text.lower())):
        if word in TIMES:
            pending = TIMES[word]
            continue
        extra, pending = pending, 0
        if word == "o":
            ohs += 1 + extra
            words += 1
            spelled += word
        elif word in _DIGITS or (word in _TEENS) or word in _TENS or word.isdigit():
            words += 1
            tens += word in _TENS or word in _TEENS
            digits += (len(word) if word.isdigit() else 2 if word in _TEENS or word in _TENS else 1) + extra
        elif word in {"hundred", "thousand"}:
            digits += 2
        elif word in _NATO or len(word) == 1:
            letters += 1 + extra
            nato += word in _NATO
            spelled += word[0]
    spells = letters > 2 and digits == 0
    digits, letters = digits + (0 if spells else ohs), letters + (ohs if spells else 0)
    return _kind_of_code(digits, letters, nato, tens, words, spelled)


def _kind_of_code(digits: int, letters: int, nato: int, tens: int, words: int, spelled: str) -> str:
    if letters == 0:
        if digits < 5 or (tens and (digits < 7 or words - tens < 3)):
            return ""
        return "CARD" if digits >= 15 else "PHONE" if digits >= 9 else "NUMBER"
    if digits == 0:
        if nato >= 3 or (letters >= 4 and len(set(spelled)) > 2 and spelled not in ACRONYMS):
            return "NAME" if letters >= 4 else "NUMBER"
        return ""
    if letters == 1 and tens and words <= 2:
        return ""
    return "NUMBER" if letters + digits >= 4 and (digits >= 2 or nato) else ""


_GOES_ON = re.compile(r"(?i) (?!(?:it|it's|and|is|was|on|that|that's|yeah|yes|but|for|i)\b)\w")


def _trimmed(text: str, *, closed: bool) -> tuple[int, int]:
    """Where a run begins and ends without an article or pronoun at its edges."""
    start = re.match(
        r"(?i)(?:[ai][ ,]{1,2}(?=(?:double|triple|zero|oh|one|two|three|four|five|six|seven|eight|nine|ten|\d)))?", text
    )
    end = None if closed else re.search(r"(?i)(?<=\w\w)[ ,.]{1,3}(?:[ai]|a m|p m)$", text)
    return (start.end() if start else 0), (end.start() if end else len(text))


_COUNTED = re.compile(
    rf"(?i)^(?:(?:{TENS}) )?(?:{DIGIT}|{TEEN}|{TENS}) thousand (?:{DIGIT}) hundred\b(?: and)?(?: (?:{TENS}|{TEEN}))?(?: (?:{DIGIT}))?$"
)


def _code(match: re.Match[str]) -> str:
    """A placeholder for digits and letters read out, unless they are an amount, a time or an abbreviation."""
    text = match[0]
    start, end = _trimmed(text, closed=not _GOES_ON.match(match.string, match.end()))
    rest = text[end:] + match.string[match.end() : match.end() + 14]
    if re.search(r"\d", text) and not re.search(
        rf"(?i)\b(?:{DIGIT}|{TEEN}|{TENS}|{NATO}|double|triple|uh|um|er|erm|sorry|dash)\b", text[start:end]
    ):
        return text
    if _COUNTED.search(text) and not re.search(r"(?i)\b(?:double|triple|[b-hj-z])\b", text):
        return text
    kind = code_kind(text[start:end])
    if (
        (kind in {"NUMBER", ""} or re.search("hundred|thousand", text))
        and (_UNIT.match(rest) or _MONEY.search(match.string[max(0, match.start() - 10) : match.start() + start]))
        and (not re.search(r"(?i)\b[b-hj-z]\b", text))
    ):
        return text
    return f"{text[:start]}[{kind}]{text[end:]}" if kind else text


_TLD = r"(?:com|org|net|co|uk|in|ie|io|edu|gov|ac|eu|de|fr|es|it|nl|be|at|ch|se|no|dk|pl|pt|br|ca|us|au|nz|ng|ke|gh|za|sg|ph|pk|ae|info|biz|me|app|example)"
_AT = r"(?:at|arobase|arroba|chiocciola|zavin[aá][cč]|ma[łl]pa|apenstaartje|snabel-?a|kukac)"
_DOT = r"(?:dot|punkt|punto|ponto|point|te[cč]ka|kropka)"
_DOMAIN = rf"(?:[\w-]{{1,63}}(?: (?:dash|hyphen) \w{{1,63}}){{0,2}}|(?:\w ){{2,12}})(?: ?\b{_DOT} \w{{2,63}}){{0,2}} {_DOT} {_TLD}\b"
# A domain that the recogniser wrote as several words, "g mail", "b t internet": not "look at our page at ...".
_NO_DOMAIN = (
    "dot|at|our|your|www|website|site|page|web|is|and|or|on|it|this|that|of|in|for|to|from|you|i|we|they|was|are"
)
_WIDE_DOMAIN = rf"(?:(?!(?:{_NO_DOMAIN})\b)[\w-]{{1,63}} ){{1,6}}(?!{_DOT} )[\w-]{{1,63}}(?: {_DOT} \w{{2,63}}){{0,2}} {_DOT} {_TLD}\b"
_NO_USER = (
    "look|looking|looked|shop|shopping|bought|buy|order|ordered|go|going|me|you|us|it|one|something|stuff|sign|signed"
    "|register|registered|log|logged|find|found|online|there|again|visit|available|people|team|guys|someone|somebody"
)
_NO_LOCAL = (
    "it's|its|it’s|is|was|email|e-mail|mail|address|to|use|on|under|yes|yeah|no|so|that's|um|uh|er|my|me|and|says|in|of"
    "|account|correct|right|okay|ok|at|him|her|for|i|i'm|which|try|be|send|back"
)
_LOCAL = rf"(?:(?<=\b\w )i(?= )|(?:(?<=underscore )|(?<=thousand )|(?<=hundred ))and(?= \w)|(?:[a-z] (?:as in|like in)|[b-hj-z] for) [a-z-]{{2,12}}|(?!(?:{_NO_LOCAL})\b)(?!\[)[\w.+'’-]{{1,64}})"


def _wide_mail(match: re.Match[str]) -> str:
    """`[EMAIL]`, unless the word before "at" says that a site is meant."""
    user = re.search(r"(?<!\S)(\S++) at ", match[0], re.IGNORECASE)
    return match[0] if user and re.fullmatch(_NO_USER, user[1], re.IGNORECASE) else "[EMAIL]"


def spoken_mail_rules() -> list[Rule]:
    """Mail addresses that are read out."""
    return [
        make_rule(
            "EMAIL",
            rf"(?i)\b{_AT}\b.*\b{_DOT}\b",
            rf"(?<![\w.'’-])(?:{_LOCAL} ){{1,12}}{_AT} (?:the rate (?:of )?)?{_DOMAIN}",
            flags=re.IGNORECASE,
        ),
        make_rule(
            "EMAIL",
            rf"(?i)\b{_AT}\b.*\b{_DOT}\b",
            rf"(?<![\w.'’-])(?:{_LOCAL} ){{1,12}}(?<!\b(?:look|shop) ){_AT} {_WIDE_DOMAIN}",
            _wide_mail,
            flags=re.IGNORECASE,
        ),
        make_rule(
            "EMAIL",
            r"(?i)\bat ok\w|\bat ok (?:hdfc|icici|axis|sbi)|\bat (?:gmail|hotmail|yahoo|outlook|icloud|paytm|ybl|oksbi|okaxis|upi)\b",
            rf"(?<![\w.'’-])(?:{_LOCAL} ){{1,12}}at (?:ok ?(?:hdfc|icici|axis|sbi)(?: bank)?|ok[a-z]{{2,12}}|paytm|ybl|upi|(?:gmail|hotmail|yahoo|outlook|icloud)(?: com)?)(?!\w)",
            flags=re.IGNORECASE,
        ),
        make_rule(
            "EMAIL",
            r"(?i)(?:gmail|yahoo|hotmail|outlook|icloud)[ .]?\.?com",
            r"(?<![\w.@/'-])(?:(?!(?:is|id|email|mail|at|address|my)(?!\w))[\w.-]{1,40}(?: \d{1,6}){0,2} (?:at )?(?:gmail|yahoo|hotmail|outlook|icloud)[ .]?\.?com|[\w.-]{2,40}(?<=\w)(?:gmail|yahoo|hotmail|outlook|icloud)\.?com)(?!\w)",
            flags=re.IGNORECASE,
        ),
        make_rule("EMAIL", r"[\w.]@[a-z]", r"(?<![\w.@/+%-])[\w.]{3,40}@[a-z]{3,20}(?![\w@]|\.\w)"),
    ]


def spoken_rules() -> list[Rule]:
    """What is read out on the telephone."""
    number = rf"(?:(?:double |triple )?(?:{DIGIT}|{TEEN}|{TENS}|hundred)|\d{{1,3}})"
    octet = rf"{number}(?: (?:and )?{number}){{0,4}}"
    ordinal = (
        r"(?:first|second|third|fourth|fifth|sixth|seventh|eighth|ninth|tenth|eleventh|twelfth|thirteenth|fourteenth"
        r"|fifteenth|sixteenth|seventeenth|eighteenth|nineteenth|twentieth|twenty[ -]\w{4,7}|thirtieth|thirty[ -]first)"
    )
    year = rf"(?:nineteen(?: (?:hundred and )?(?:{TEEN}|{TENS}|oh)(?: (?:{DIGIT}))?)|two thousand(?: (?:and )?(?:{DIGIT}))?|(?:19\d\d|200\d))"
    day = rf"(?:{ordinal}|{TEEN}|{TENS}(?: (?:{DIGIT}))?|{DIGIT}|\d{{1,2}}(?:st|nd|rd|th)?)"
    return [
        make_rule(
            "IP",
            r"(?i)\b(?:dot|point)\b.*\b(?:dot|point)\b",
            rf"(?<!\w){octet} (?:dot|point) {octet} (?:dot|point) {octet} (?:dot|point) {octet}(?!\w)",
            flags=re.IGNORECASE,
        ),
        make_rule(
            "DATE_OF_BIRTH",
            rf"(?i)\b(?:{MONTH})\b.*(?:nineteen|two thousand|19\d\d|200\d)|{ordinal} of the {ordinal}",
            rf"(?<!\w)(?:(?:the )?{day} (?:of )?(?:the )?(?:{MONTH})(?: in)?,? {year}|(?:{MONTH}) (?:the )?{day},? {year}"
            rf"|(?:the )?{ordinal} of the {ordinal},? (?:{year}|(?:{TENS})(?: (?:{DIGIT}))?))(?!\w)",
            flags=re.IGNORECASE,
        ),
        make_rule(
            "NUMBER",
            rf"(?i){_TOKEN}(?:{_BREAK}{_TOKEN}){{2}}",
            RUN,
            _code,
            flags=re.IGNORECASE,
        ),
    ]

"""Codes that are called something: orders, policies, bookings, plates, national ids, card codes, passwords, streets.

What stands behind "order", "policy number is", "reg" or "password:" and looks like a code is one, however short.
"""

from __future__ import annotations

import re

from empathy_scan.redact_forms import Rule, make_rule
from empathy_scan.redact_names import Kind, kind_of
from empathy_scan.redact_spoken import DIGIT, TEEN, TENS
from empathy_scan.redact_words import ALSO_WORDS

_CALLED = (
    "order|ref|reference|your ref|our ref|booking|reservation|conf|confirmation|pnr|ticket|case|claim|policy|member|membership"
    "|account|acct|acc|a/c|customer|client|supporter|tracking|parcel|waybill|awb|plate|plates|reg|rego|registration|kennzeichen|serial"
    "|s/n|sn|imei|vin|icp|mpan|mprn|meter|passport|licence|license|dni|nie|nif|cpf|pan|ssn|sin|tfn|bsn|ein|vat|pps|ppsn|gstin|ifsc"
    "|medicare|national id|id|emirates id|fin|ahv|student|staff no|staff|agreement|contract|invoice|receipt|job|request|report|tenancy"
    "|transaction|txn|session|protocol|protocolo|incident|railcard|utn|crime number|group|transit|acct|branch|konto|blz|routing|aba"
    "|sort code|sort|bsb|protocol|rental agreement|rental|ride|trace|number|num|no|nr|kundennummer|bestellung|steuer-id|zip|postcode"
    "|postal code|eircode|code|voucher|sim|meter serial|hospital no|nhs number|nhs no|payout|form|enquiry|complaint|subscription"
    "|bic|swift|nos|ups|fedex|dhl|usps|hermes|evri|dpd|amex|mastercard|matr[íi]cula|kenteken|vehicle|clearing|cover note|file|dossier|docket|folio|umid|sss|nric|fin|pesel|nip|regon|npi|mrn|dl|nino|ni"
    "|ird|gst|abn|acn|kvk|siret|siren|s[ée]cu|paczka|bestelnr|auftrag|rechnung|commande|reserva|localizador|mpesa|ubrn|rg|nr[.]|licen[cs]e no|sr|rma|inc|crn"
    "|bankgiro|plusgiro|inst|suffix|photocard|chip|loan|mortgage|cheque|check|deposit|supporter no|badge|driver licence|drivers license|credit|scooter|appointment|quote|lot|utr|ag[eê]ncia|conta|umowa|locator"
)
_MORE = r"(?:confirmation|number|numbers|num|no\.?|nr\.?|id|code|ref(?:erence)?|is|was|it's|that's|of|plate|ending in|maybe|#|n°)"
# A code: digits and letters, in groups, with a digit in it. Times, dates, money and shares are not.
_GROUP = r"[A-Za-z0-9](?:[A-Za-z0-9]|[/.#_-](?=[A-Za-z0-9])){0,39}+"
_DATE = re.compile(
    r"(?i)(?:\d{1,2}[/.-]\d{1,2}[/.-](?:\d\d|(?:19|20)\d\d)|(?:19|20)\d\d(?:-\d\d-\d\d)?|\d{1,2}/\d\d|\d+(?:st|nd|rd|th)|\d+[.]\d{1,2}|\d{1,3}(?:,\d{3})+"
    r"|\d{1,2}(?:am|pm)|\d{1,2}[.:]\d\d(?:am|pm)?|v?\d+(?:\.\d+)+|\d+[x×]\d+.*|\d+(?:gb|mb|tb|kg|g|cm|mm|m|km|w|kw|kwh|l|ml|mbps|hz|mah|in|ft|lbs?|mi|hrs?|mins?|days?|k))"
)
_UNITS = re.compile(
    r"(?i)\.\d\d?(?!\d)|\s?(?:[%$£€₹:]|(?:dollars?|bucks|pounds?|quid|euros?|eur|gbp|usd|rupees?|rs|naira|pence|cents?|percent|per|miles?|mi"
    r"|metres?|meters?|km|kg|g|mm|cm|hours?|hrs?|minutes?|mins?|seconds?|days?|nights?|weeks?|months?|years?|times|o'clock|pm|am"
    r"|people|boxes|items?|pieces|points?|units?|seats?|steps?|bags?|x|lamps?|tiles?|of (?:the|my|our|them)|to|in a row|more|calls?|emails?)(?!\w))"
)


_PHONE_LIKE = re.compile(r"(?:\+|0)\d[\d ]{8,13}")


def _named_code(match: re.Match[str]) -> str:
    """`[NUMBER]` for what stands behind its name, as far as it looks like a code."""
    groups = re.findall(rf"[ -]?{_GROUP}", match["code"])
    numbered = re.search(r"(?i)(?:number|no|num|id|code|ref|reference|ssn)(?: is| was|:)?[ :]{1,2}$", match["keep"])
    kept: list[str] = []
    for place, group in enumerate(groups):
        plain = group.strip(" -")
        digits = sum(letter.isdigit() for letter in plain)
        code_before = bool(kept) and _digits(kept) >= (1 if re.match(r"(?i)plate|reg", match["keep"]) else 3)
        code_after = place + 1 < len(groups) and bool(re.match(r"[ -]?\d", groups[place + 1]))
        begun = bool(kept) and _digits(kept) > 0
        small = numbered and len(plain) <= 4 and (begun or code_after) and _is_no_word(plain, whole=not kept)
        wordy = (
            not small
            and digits == 0
            and not (len(plain) <= 5 and plain.isupper() and (code_before or (code_after and not kept)))
        )
        if wordy or (_DATE.fullmatch(plain) and not re.match("(?i)sort|ssn|pin", match["keep"])):
            break
        kept.append(group)
    code = "".join(kept)
    rest = match["code"][len(code) :] + match.string[match.end() : match.end() + 12]
    if _PHONE_LIKE.fullmatch(code):
        return match[0]
    least = 1 if re.match(r"(?i)plate|reg", match["keep"]) else 2
    least = 1 if re.fullmatch(r"[ -]?(?=[A-Z]*\d)[A-Z0-9]{8,12}", code) else least
    if _digits(kept) < least or len(re.sub(r"\W", "", code)) < 4 or (code.strip().isdigit() and _UNITS.match(rest)):
        return match[0]
    return f"{match['keep']}[NUMBER]{match['code'][len(code) :]}"


def _is_no_word(letters: str, *, whole: bool) -> bool:
    """Whether small letters before or within a code are a part of it."""
    if len(letters) == 1:
        return not whole or letters not in "ai"
    return (
        letters.islower()
        and letters not in {"no", "nos", "is", "a", "i", "ssn", "zip", "pin", "exp", "cvv", "dob", "tel"}
        and kind_of(letters) is not Kind.COMMON
    )


def _lettered(match: re.Match[str]) -> str:
    """`[NUMBER]` for a booking's letters, unless they are a word said loudly."""
    return match[0] if kind_of(match["code"].lower()) is not Kind.UNHEARD else f"{match['keep']}[NUMBER]"


def _separated(match: re.Match[str]) -> str:
    """`[NUMBER]` for letters and digits with signs between them, if there are five digits or more."""
    return "[NUMBER]" if sum(letter.isdigit() for letter in match[0]) >= 5 else match[0]


def _digits(parts: list[str]) -> int:
    return sum(letter.isdigit() for part in parts for letter in part)


def _grouped(match: re.Match[str]) -> str:
    """`[NUMBER]` for groups with seven digits or more, unless they are dates, ranges or amounts."""
    text = match[0]
    parts = re.split(r"[ /.-]", text)
    digits = sum(letter.isdigit() for letter in text)
    before = match.string[max(0, match.start() - 6) : match.start()]
    dated = (
        len(parts) <= 3
        and all(part.isdigit() and len(part) <= 4 for part in parts)
        and (
            (len(parts) == 2 and (" " not in text or bool(re.fullmatch(r"(?:19|20)\d\d (?:19|20)\d\d", text))))
            or re.fullmatch(r"(?:19|20)\d\d[ /.-]\d\d?[ /.-]\d\d?|\d\d?[ /.-]\d\d?[ /.-](?:19|20)?\d\d", text)
        )
    )
    money = re.search(r"(?i)(?:[£$€₹]|\b(?:rs\.?|inr|usd|gbp|eur|aud|cad|chf|kr|aed|r\$|r))\s?-?$", before)
    clock = (
        re.search(r"(?:^|[ -])\d\d?[ .:]\d\d[ .:]\d\d$", text)
        and len(parts) > 3
        and re.match(r"(?:19|20)\d\d|\d\d-", text)
    )
    version = re.fullmatch(r"\d+(?:\.\d+)+", text)
    tyre = re.match(r"\d{3}/\d\d ", text)
    stamped = re.fullmatch(r"(?:\d\d?[/.-]\d\d?[/.-](?:19|20)?\d\d|(?:19|20)\d\d-\d\d-\d\d)(?: \d\d?){1,3}", text)
    if (
        digits < 7
        or stamped
        or version
        or tyre
        or dated
        or money
        or clock
        or _UNITS.match(match.string[match.end() : match.end() + 12])
    ):
        return text
    return "[NUMBER]"


_STREET = (
    "street|st|road|rd|avenue|ave|lane|ln|drive|dr|boulevard|blvd|close|court|ct|way|place|pl|terrace|crescent|cres|gardens"
    "|grove|square|parkway|pkwy|highway|hwy|row|mews|walk|hill|yard|view|green|park|rise|cottages|cottage|house|lodge|bank|quay"
    "|wharf|parade|esplanade|circle|trail|loop|bend|heights|vale|villas|gate|end|tower|buildings|embankment|strand"
)
_STRASSE = r"[A-ZÄÖÜ][\wäöüß-]{2,30}(?:straße|strasse|str\.|platz|weg|gasse|allee|gracht|straat|laan|plein|gatan|vägen|vei|vej)"
_RUE = r"(?:rue|avenue|boulevard|bd|chemin|allée|place|impasse|quai|route|via|viale|piazza|corso|calle|plaza|paseo|avenida|rua|travessa|largo|bóthar|sráid)"
_SMALL_STREET = "street|road|avenue|lane|drive|boulevard|close|court|crescent|terrace|gardens|grove|yard|mews|cottages|cottage|parkway|highway|parade|trail|view|hill|square|way|place|rise|tower|house|row"
_NUMBER = rf"(?:{DIGIT}|{TEEN}|{TENS}|hundred)"
_NO_STREET = (
    "hours?|days?|weeks?|months?|years?|minutes?|miles?|metres?|times|people|more|of|the|a|an|on|in|down|up|and|or|to|at"
    "|from|by|off|my|your|our|this|that|is|was|different|other|pounds|dollars|quid|percent|for|it|we|i|you|out|away|per|p|am|pm|with|o"
    "|phone|into|through|no|either|any|some|one|each|every|which|what|not|nothing|big|small|good|bad|same|next|be|have|has|had|been"
)


def code_rules() -> list[Rule]:
    """Codes behind what they are called, plates, and long numbers in groups."""
    plate = r"[A-Z]{2}\d{2} ?[A-Z]{3}"
    return [
        make_rule(
            "SECRET",
            r"(?i)\[CARD\]",
            r"(?P<keep>\[CARD\](?:[\s,;.]{1,3}(?:visa|amex|mastercard|debit))?[\s,;.]{1,3}(?:exp(?:iry|ires|iration)?\.?:? ?)?(?:\d{1,2} ?/ ?\d{2,4}[\s,;.]{1,3})?"
            r"(?:(?:and |with )?(?:cvv2?|cvc2?|csc|code|security code|sec code)(?: is|:)?\s{1,2})?)\d{3,4}(?![\d/]|[.,]\d)",
            flags=re.IGNORECASE,
        ),
        make_rule(
            "SECRET",
            r"(?i)\bc(?:vv|vc|sc|v2|[ .]v[ .]?[vc])",
            rf"(?P<keep>\bc(?:vv2?|vc2?|sc|v2| v [vc])(?: (?:number|code|is|was|it's)){{0,3}}[ :,=]{{1,3}})(?:\d{{3,4}}(?!\d)|(?:(?:double|triple) )?(?:{DIGIT})(?: (?:double |triple )?(?:{DIGIT})){{1,3}}(?!\w))",
            flags=re.IGNORECASE,
        ),
        make_rule(
            "NUMBER",
            r"[A-Za-z]{2}\d{2} ?[A-Za-z]{3}|[A-Z]{1,3}-[A-Z]{1,2} ?\d|[A-Z]{2}-\d{3}-|\d{2,3}-[A-Z]{1,2}-\d",
            rf"(?<![\w-])(?:{plate}|(?!(?:in|at|by|is|on|it|to|of|or|my|we|me|up|so|no|do|go|us|as|be|if|an|am|pm|kb)\d)[a-z]{{2}}\d{{2}} ?(?!(?:min|the|and|for|day|per|pcs|was|now|but|you|are|yet)(?!\w))[a-z]{{3}}|[a-z]{{2}}\d\d [b-df-hj-np-tv-z]{{4}}|[A-Z]{{2}}-\d{{3}}-[A-Z]{{2}}|[A-Z]{{1,3}}-[A-Z]{{1,2}} ?\d{{1,4}}|\d{{2,3}}-[A-Z]{{1,2}}-\d{{1,6}})(?![\w-])",
        ),
        make_rule(
            "NUMBER",
            r"[A-Za-z]{2}[ -]?\d{1,2}[ -]?[A-Za-z]{1,3}[ -]?\d{4}|[A-Z]{1,3}-\d{2,4}-[A-Z]|[A-Z]{3}-\d{4}|[A-Z]\d{2,3} ?[A-Z]{3}",
            r"(?<![\w-])(?:[A-Z]{2}[ -]?\d{1,2}[ -]?[A-Z]{1,3}[ -]?\d{4}|[A-Z]{1,3}-\d{2,4}-[A-Z]{1,3}|(?!ISO|RTX|GTX|DDR|USB|DIN|COV|MIL)[A-Z]{3}-\d{4}|[A-HJ-NPR-Y]\d{2,3} ?(?!USB|GPS|LED|PDF|APP|THE|AND|FOR)[A-Z]{3})(?![\w-])",
        ),
        make_rule(
            "NUMBER",
            r"(?i)\b(?:bic|swift)",
            r"(?P<keep>\b(?i:bic|swift)(?i: code)?(?i: is)?[ :/]{1,3})[A-Z]{6}[A-Z0-9]{2}(?:[A-Z0-9]{3})?(?!\w)",
        ),
        make_rule(
            "NUMBER",
            r"(?i)(?:locator|pnr|confirmation|booking).*[A-Z]{5}",
            r"(?P<keep>\b(?i:(?:record )?locator|pnr|confirmation(?: code| number)?|booking (?:ref(?:erence)?|code))(?i: is| was)?[ :#]{1,3})"
            r"(?P<code>[A-Z]{5,7})(?![\w'’-])",
            _lettered,
        ),
        make_rule(
            "NUMBER",
            r"[A-Z]{1,5}[-./_]?\d",
            r"(?<![\w./#@-])[A-Z]{1,5}[-./_]?\d{0,8}(?:[-./_][A-Z]{0,3}\d{1,10}[A-Z]{0,2}){2,6}(?![\w@]|[-./_]\w)",
            _separated,
        ),
        make_rule(
            "NUMBER",
            rf"(?i)\b(?:{_CALLED})(?:\W.*)?\d",
            rf"(?P<keep>(?<![\w@])(?i:{_CALLED})(?![A-Za-z])(?:[ ]{{1,2}}(?i:{_MORE}|on|for|with|under|plate)){{0,4}}(?: \(last (?:four|4)\))?[ ]{{0,4}}[:#=(,.|-]?[ ]{{0,4}}(?:#[ ]?)?)"
            rf"(?P<code>{_GROUP}(?:[ -]{_GROUP}){{0,6}}+)(?![\w@]|\.\w)",
            _named_code,
            digit=True,
        ),
    ]


def grouped_rules() -> list[Rule]:
    """Long numbers in groups, and mixed codes, whatever they are called: what is left after telephone numbers."""
    return [
        make_rule(
            "NUMBER",
            r"(?i)\d (?:is |as )?(?:my |the )?(?:ssn|social|aadhaar|account|order|policy|claim|booking)",
            r"(?<![\w.,£$€₹/:+-])\d{4,12}(?= (?:is |as )?(?:my |the )?(?:ssn|social|aadhaar|(?:account|order|policy|claim|booking) (?:no|number|id))(?!\w))",
            flags=re.IGNORECASE,
        ),
        make_rule(
            "NUMBER",
            r"[A-Z]{0,4}[ -]?\d{1,6}[ /.-]\d",
            r"(?<![\w.,£$€₹/:+-])(?:[A-Z]{1,5}[ .-]?){0,2}\d{1,9}(?:[ /.-][A-Z]{0,3}\d{1,9}){1,7}(?:[ -]?[A-Z]{1,2})?(?![\w/%:]|[.,-]\d|-\w)",
            _grouped,
        ),
        make_rule(
            "NUMBER",
            r"[A-Z]\d|\d[A-Z]",
            r"(?<![\w./#-])(?=[A-Z0-9]{6,20}(?!\w))(?=(?:[A-Z]{0,20}\d){3})(?=\d{0,20}[A-Z])(?!KB\d|\d{1,9}(?:GB|MB|TB|KG|MAH|KM|MM|KWH)(?!\w))[A-Z0-9]{6,20}(?![\w/-])",
        ),
        make_rule(
            "NUMBER",
            r"\d[A-Z]",
            r"(?<![\w./#-])(?=[A-Z0-9]{6}(?!\w))(?=[A-Z]{1,4}\d{1,4}[A-Z])(?=(?:\d{0,3}[A-Z]){3})(?!\d{1,5}(?:GB|MB|TB|KG|MAH|KM|MM|KWH)(?!\w))[A-Z0-9]{6}(?![\w/-])",
        ),
    ]


def secret_rules() -> list[Rule]:
    """Passwords, pass phrases and codes for a door or a gate that are given as such."""
    return [
        make_rule(
            "SECRET",
            r"(?i)pass|\bpw\b|username|login|log-in|user|key|code",
            r"(?P<keep>\b(?:temporary |new |old |wifi |wi-fi |admin |api )?(?:password|passwort|passphrase|pass|pw|pwd|passcode|username|user name|user|login|api key|gate code|door code|access code|pac code)"
            r"(?: (?:on|for|of) (?:the|my|this|that|our) \w{2,20})?(?: (?:is|was|to|of|set to|now)){0,3} ?[:=]? )"
            r"(?=[^\s\[\]]{0,64}[\d!#$%^&+=_])[^\s\[\]\"',;]{3,64}(?<![.,;:!?])",
            flags=re.IGNORECASE,
        ),
    ]


def _street_named(match: re.Match[str]) -> str:
    """`[ADDRESS]` for a street whose name is no common word."""
    first = match["first"].lower()
    return match[0] if kind_of(first) is Kind.COMMON or first in ALSO_WORDS else "[ADDRESS]"


def _numbered_streets() -> list[Rule]:
    """Streets with their number as English has them."""
    number = rf"(?:number )?{_NUMBER}(?: (?:hundred and |and )?{_NUMBER}){{0,4}}(?: [a-d])?"
    return [
        make_rule(
            "ADDRESS",
            rf"(?i)\b(?:{DIGIT}|{TEEN}|{TENS}|hundred)\b.*\b(?:{_SMALL_STREET})\b",
            rf"(?<![\w'’])(?:(?:flat|unit|apartment|suite|plot) (?:{_NUMBER}|[a-z0-9]{{1,4}})(?: [a-z])?,? )?(?:{number})(?: (?!(?:{_NO_STREET})\b)[a-z'’é]{{2,20}}){{1,3}} (?:{_SMALL_STREET})\b"
            rf"(?: (?:suite|unit|apartment|flat) {_NUMBER}(?: {_NUMBER}){{0,2}})?",
            flags=re.IGNORECASE,
        ),
        make_rule(
            "ADDRESS",
            rf"(?i)flat .*\b(?:{_SMALL_STREET})\b",
            rf"(?<!\w)(?:flat|unit|apartment|suite) (?:{_NUMBER}|\d{{1,4}})(?: [a-d])?,? (?:(?!(?:{_NO_STREET})\b)[a-z'’é]{{2,20}} ){{1,2}}(?:{_SMALL_STREET})\b",
            flags=re.IGNORECASE,
        ),
        make_rule(
            "ADDRESS",
            r"Cottage|Lodge|Farm|Barn|House|Villa",
            r"(?<!\w)(?:The )?[A-Z][a-z]{1,20} (?:Cottage|Lodge|Farm|Barn|House|Villa)(?:, The [A-Z][a-z]{1,20})?(?=,)",
        ),
        make_rule(
            "ADDRESS",
            r"\d",
            r"(?<![\w.,£$€₹])(?:(?:(?i:flat|apt\.?|apartment|unit|suite|plot(?: no\.?)?) ?(?!\d{1,4}/)[\w-]{1,5}(?:, (?:[A-Z][\w'’]{1,20} ){1,2}(?:House|Court|Tower|Lodge|Mansions))?,? )|(?:(?i:unit|flat) )?\d{1,4}/)?\d{1,5}(?:[A-Za-z]|-\d{1,5})?(?: bis| ter)?,? (?:[NSEW]{1,2}\.? )?"
            rf"(?:[A-Z][\w'’]{{0,20}}\.? ){{1,3}}(?:{'|'.join(word.capitalize() for word in _STREET.split('|'))})\b(?:,? (?:(?i:flat|apt\.?|apartment|unit|suite)|#) ?#?\w{{1,5}}\b)?",
        ),
    ]


def street_rules() -> list[Rule]:
    """Streets with their number, read out or written, in several languages; flats, boxes and postcodes by their form."""
    return [
        *_numbered_streets(),
        make_rule(
            "ADDRESS",
            r"(?:straße|strasse|str\.|platz|weg|gasse|allee|gracht|straat|laan|plein|gatan|vägen|vei|vej) \d",
            rf"(?:\b(?:Am|An der|Im|Alte|Alter|Neue) )?(?<!\w){_STRASSE} \d{{1,4}}(?:[ -]?[A-Za-z]|-[IVX]{{1,4}})?(?!\w)",
        ),
        make_rule(
            "ADDRESS",
            r"(?:Straße|Strasse|Str\.|Platz|Weg|Allee|Gasse) \d",
            r"(?<!\w)[A-ZÄÖÜ][a-zäöüß]{2,24}(?:-[A-ZÄÖÜ][a-zäöüß]{2,24}){0,2} (?:Straße|Strasse|Str\.|Platz|Weg|Allee|Gasse) \d{1,4}(?: ?[a-zA-Z](?!\w))?(?!\w)",
        ),
        make_rule(
            "ADDRESS",
            rf"(?i)\b(?:{_RUE}|odos|carrer|ulica|ul\.|jalan|jl\.|av\.) .*\d",
            rf"(?<!\w)(?i:{_RUE}|odos|carrer|ulica|ul\.|jalan|jl\.|av\.) (?:(?:de|del|della|dei|degli|du|des|la|le|las|los|les|da|do|dos|di|of) ){{0,2}}(?:[A-ZÀ-Þ][\w'’.-]{{1,24}}(?: (?:de|del|y|e|da|di) )? ?){{1,3}},? ?\d{{1,4}}(?: ?/ ?[A-Z0-9]{{1,3}}| ?[A-Za-z](?!\w))?(?:,? (?:int|apto|piso|lgh|interior)\.? \d{{1,5}})?(?!\w)",
        ),
        make_rule(
            "ADDRESS",
            rf"(?i)\b{_RUE} ",
            rf"(?<!\w)(?:\d{{1,4}}(?: ?(?:bis|ter|[a-z]))?,? |{_NUMBER}(?: {_NUMBER}){{0,2}} )(?i:{_RUE}) (?:(?:de|du|des|la|le|les|del|da|do|dos|di|of|d['’]|de l['’]|na)[ ]?){{0,2}}[\w'’é-]{{2,30}}(?:[ -][A-ZÀ-Þ][\w'’-]{{1,30}}){{0,2}}",
        ),
        make_rule(
            "ADDRESS",
            r"(?i)\b(?:p\.? ?o\.? box|box|flat|apt|apartment|unit|plot)\b",
            rf"(?<!\w)(?:p\.? ?o\.? box (?:\d{{1,7}}|{_NUMBER}(?: {_NUMBER}){{0,5}})|(?:flat|apt\.?|apartment) (?!is\b|was\b)(?:\d{{1,5}}[a-z]?|{_NUMBER}(?: {_NUMBER})?)(?: [a-d])?(?:,? [A-Z][a-z]{{2,20}} (?:House|Court|Tower|Lodge)|, The [A-Z][a-z]{{1,20}})?)(?!\w)",
            flags=re.IGNORECASE,
        ),
        make_rule(
            "ADDRESS",
            r"(?i)\b[ACDEFHKNPRTVWXY]\d[\dW] ?[0-9A-Z]{4}|[A-Z]\d[A-Z] ?\d[A-Z]\d",
            r"(?<!\w)(?:[AC-FHKNPRTV-Y]\d[\dW] [0-9AC-FHKNPRTV-Y]{4}|[ABCEGHJ-NPRSTVXY]\d[A-Z] \d[A-Z]\d)(?!\w)",
        ),
        make_rule(
            "ADDRESS",
            rf"(?i)\w (?:{_SMALL_STREET})\b",
            r"(?<![\w\[])(?P<first>[^\W\d_][\w'’-]{2,20}) (?:road|street|lane|avenue|crescent|terrace|drive|close)\b",
            _street_named,
            flags=re.IGNORECASE,
        ),
        make_rule(
            "ADDRESS",
            r"\[ADDRESS\]",
            r"(?P<keep>\[ADDRESS\],?[ \n](?:[A-ZÀ-Þ][\w'’.-]{1,20}(?: [A-ZÀ-Þ][\w'’.-]{1,20}){0,2},? (?:[A-Z]{2,3} )?)?)(?:\d{3} \d\d|\d{4,6}(?: [A-Z]{2})?)(?![\w/:.-]\d|\w)",
        ),
        make_rule(
            "ADDRESS",
            r"\d{4} [A-Z]{2}",
            r"(?:(?<=, )|(?<=\n))\d{4} (?!AD|BC|AM|PM|KM|KG|GB|MB|US|UK|EU)[A-Z]{2}(?= [A-Z][a-z])",
        ),
        make_rule(
            "ADDRESS",
            r"[A-Z]{2,3} \d{4,5}",
            r"(?<!\w)(?:NSW|VIC|QLD|ACT|TAS) \d{4}(?!\w)|(?<=[a-z], )(?:A[LKZR]|C[AOT]|DE|FL|GA|HI|I[DLNA]|K[SY]|LA|M[EDAINSOT]|N[EVHJMYCD]|O[HKR]|PA|RI|S[CD]|T[NX]|UT|V[TA]|W[AVIY]) \d{5}(?:-\d{4})?(?!\w)",
        ),
    ]

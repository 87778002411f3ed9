"""What is left beside a number that was found: its first or last digits, after a pause, a correction or another sign.

"[PHONE] 55", "2 81 [PHONE]", "[NUMBER] no sorry four four", "[IBAN] 1GB", "[PHONE] ext. 204": the rest goes, too.
"""

from __future__ import annotations

import re

from empathy_scan.redact_forms import Rule, make_rule
from empathy_scan.redact_names import Kind, kind_of
from empathy_scan.redact_spoken import DIGIT, NATO, TEEN, TENS

_LONG = r"\[(?:NUMBER|PHONE|CARD|IBAN)\]"
_HINT = r"\[(?:NUMBER|PHONE|CARD|IBAN)\]"
_NO_YEAR = r"(?!(?:19|20)\d\d(?!\d))"
_SPOKEN = rf"(?:(?:double|triple|treble) )?(?:(?:{DIGIT}|{TEEN}|{TENS}|{NATO})\b|\d{{1,4}}(?![\w:%.,/]))"
_PAUSE = (
    r"(?:,? ?(?:uh|um|er|erm|hmm|no|sorry|wait|i mean|make that|and then|then|dash|hyphen|slash|stroke|so|oh sorry|actually"
    r"|no sorry|no wait|let me see|hang on)\b[,.]?){0,4}"
)
_MEASURED = re.compile(
    r"(?i)\s?(?:[%:]|[.,]\d|(?:to|till|until|am|pm|a\.m|p\.m|p m|a m|o'clock|of|x|gb|tb|mb|mbps|st|nd|rd|th|dollars?|bucks|pounds?|quid|euros?|eur"
    r"|gbp|usd|rupees?|rs|naira|pence|cents?|percent|miles?|hours?|hrs?|minutes?|mins?|days?|nights?|weeks?|months?|years?|times"
    r"|people|boxes|items?|pieces|points?|units?|hundred|thousand|million)(?!\w))"
)
_MONTHS = re.compile(r"(?i)\s(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)")


def remains_rules() -> list[Rule]:
    """Rules that widen a placeholder; they come after those that put it there."""
    return [
        make_rule("NUMBER", _HINT, rf"(?P<there>{_LONG})(?P<rest>[ ]?[./-]{{0,2}}[ ]?\d[\dA-Z]{{0,11}}(?:[ ./-]\d{{1,6}}){{0,4}})(?![\w/]|-\d)", _after),
        make_rule("NUMBER", _HINT, rf"(?<![\w.,:/£$€₹#+-])(?P<rest>{_NO_YEAR}\d[\dA-Z]{{0,5}}(?:[ ./-][A-Z]{{0,2}}\d{{1,6}}){{0,3}} ?[./-]{{0,2}} ?)(?P<there>{_LONG})", _before),
        make_rule("NUMBER", _HINT, rf"(?<![\w'’.])(?:[A-HJ-Z]{{1,2}}|[b-hj-np-qsv-z]|[b-df-hj-np-tv-xz]{{2}})[ -](?P<there>{_LONG})(?!\w)", _letters),
        make_rule("NUMBER", _HINT, rf"(?<![\w'’.])(?P<letters>[a-z]{{3}}|[A-Z]{{3,4}})[ -](?P<there>{_LONG})(?!\w)", _letters),
        make_rule("NUMBER", _HINT, rf"(?P<there>{_LONG})[ -](?:[A-Z]{{1,2}}|[a-hj-z])(?=\s{{0,9}}$|[.,;!?)](?!\w))", _letters),
        make_rule("NUMBER", _HINT, rf"(?P<there>{_LONG})(?P<rest>[ ,.]{{1,3}}{_PAUSE}[ ,]{{0,2}}{_SPOKEN}(?:[ ,-]{{1,2}}{_SPOKEN}){{0,8}})(?![\w'’])", _said, flags=re.IGNORECASE),
        make_rule("NUMBER", _HINT, rf"(?P<there>{_LONG}) ?(?:\(\d\)|x ?\d{{1,6}})(?!\w)", _whole),
        make_rule("PHONE", r"(?i)\[(?:NUMBER|PHONE)\][ ,(]{0,3}(?:e?x|poste|durchwahl|-)", r"(?P<keep>\[(?:NUMBER|PHONE)\][ ,(]{0,3}(?:ext|extn|extension|poste|durchwahl)\.?(?: number)?(?: is)?[ :#]{0,2})(?:\d{1,6}(?!\w)|" + _SPOKEN + r"(?:[ ,-]{1,2}" + _SPOKEN + r"){0,4})(?![\w'’])", flags=re.IGNORECASE),
    ]  # fmt: skip


def _whole(match: re.Match[str]) -> str:
    return match["there"]


def _after(match: re.Match[str]) -> str:
    """The placeholder alone, if what follows it belongs to it."""
    rest = match["rest"].strip(" ./-")
    following = match.string[match.end() : match.end() + 14]
    digits = sum(letter.isdigit() for letter in rest)
    dated = re.fullmatch(r"(?:19|20)\d\d|\d{1,2}[./-]\d{1,2}(?:[./-](?:\d\d|(?:19|20)\d\d))?|\d{1,2}[./]\d{2,4}", rest)
    counted = digits < 3 and re.match(r" [a-z]", following)
    if dated or counted or _MEASURED.match(following) or (_MONTHS.match(following) and digits < 3):
        return match[0]
    if re.fullmatch(r"(?i)\d+(?:gb|tb|mb|g|m|k|kg|mm|cm|km|th|st|nd|rd|am|pm|x|h|l|w|p)", rest) and not (
        rest.isupper() and match["rest"][0] == " " and len(rest) == 3 and match["there"] == "[NUMBER]"
    ):
        return match[0]
    return match["there"]


def _before(match: re.Match[str]) -> str:
    """The placeholder alone, if the digits before it belong to it."""
    rest = match["rest"].strip(" ./-")
    before = match.string[max(0, match.start() - 12) : match.start()]
    dated = re.fullmatch(r"\d{1,2}[./-]\d{1,2}(?:[./-]\d{2,4})?|\d{1,4}[./-](?:19|20)\d\d", rest)
    if dated or re.search(r"(?i)(?:\b(?:jan|feb|mar|apr|may|june?|july?|aug|sept?|oct|nov|dec)\w* |[£$€₹] ?)$", before):
        return match[0]
    return match["there"]


_WORDS = frozenset(
    "am pm rs inr usd mr ms dr st no nr ph id ok uk us eu gb tv pc pa ny ca tx fl il oh pin visa ref tel fax mob fao re cc to or dl ni sn"
    " zip ssn otp sin cvv cvc exp eur gbp aud cad ext num acc acct qty amt inv usb sms zap cpf dni nie tin iban bic nhs nino abn tfn acn ird pps ppsn cnpj cuit rut trn esn iccid pnr ahv bsn pesel nric fin nip regon siret siren swift crn mrn orn lot sku upc ean isbn hmrc dvla kfz kwh meter rsa rego naic otp bin dni yes nah abt tfn vat vin rx imei ssn dob awb rma km vs mb kb gb hp tb ft lb kg cm mm ml ny nj nc sc nd sd md pt pl bn hr nr pw dd no my by up in is it on at of so if an as be he we me us do go two lg hp kn ap ka dc wa va ma ct ga la mi mn mo ms mt ne nv or ri ut vt wi wv wy ar az de hi ia ks ky me pnr ktn bvn npi mrn nhs sim bsb aba ifsc kyc pan cif utr ein tin".split()
)


def _letters(match: re.Match[str]) -> str:
    """The placeholder alone, if the letters beside it are no word."""
    letters = match[0].replace(match["there"], "").strip(" -")
    known = len(letters) >= 3 and kind_of(letters.lower()) is not Kind.UNHEARD
    return match[0] if known or letters.lower() in _WORDS else match["there"]


def _said(match: re.Match[str]) -> str:
    """The placeholder alone, if the digits that are read out after it belong to it."""
    rest = match["rest"]
    words = re.findall(r"[a-z-]+|\d+", rest.lower())
    numbers = [
        word
        for word in words
        if word.isdigit() or re.fullmatch(rf"{DIGIT}|{TEEN}|{TENS}|{NATO}|double|triple|treble", word)
    ]
    following = match.string[match.end() : match.end() + 16]
    corrected = len(numbers) < len(words)
    if _MEASURED.match(following) or len(numbers) < (1 if corrected and numbers not in (["oh"], ["o"]) else 2):
        return match[0]
    if (
        re.match(
            r"(?i) (?!and\b|yes\b|yeah\b|that\b|is\b|sorry\b|on\b|at\b|for\b|i\b|it\b|no\b|okay\b|ok\b|thanks?\b|please\b|but\b)[a-z]",
            following,
        )
        and len(numbers) < 3
    ):
        return match[0]
    return match["there"]

"""Headers of a mail: who wrote it, when, to which thread it belongs, and whether a machine or a person did.

Every access is guarded: the standard library raises IndexError for `Message-ID: <[x@host]>` under its modern policy
and LookupError for unknown charsets, so the old policy is used and decoding is done here.
"""

from __future__ import annotations

import hashlib
import re
from datetime import datetime, timedelta
from email.errors import MessageError
from email.header import decode_header
from email.message import Message
from email.utils import getaddresses, parsedate_to_datetime

from empathy_scan.codebook import Role
from empathy_scan.config import ReadConfig
from empathy_scan.errors import InputError, UnknownFormatError
from empathy_scan.readers import files, times
from empathy_scan.readers.conversation import MailHeader, clean

_PREFIX = re.compile(
    r"^\s*+(?:(?:re|r|aw|antw|antwort|sv|vs|rv|res|rép|réf|odp|ref|rif|atb|ynt|vá|betr|回复|回覆|答复|答覆|返信|"
    r"fwd?|wg|tr|enc|vb|i|vl|pd|továbbítás|ilt|doorst|转发|轉寄|転送)\s*+(?:\[\d+\]|\(\d+\))?\s*+[:：]|"
    r"\[?(?:external|ext|extern|externe|externo)(?:\s*+(?:e-?mail|mail|sender))?\](?:\s*+[:-])?|"
    r"\*{2,}\s*+external\s*+\*{2,}|"
    r"external\s*+[:：])\s*+",
    re.IGNORECASE,
)
_TICKET = re.compile(
    r"\[?(?:ticket|case|ref|request|incident|anfrage|vorgang)?(?:\s{0,9}(?:id|no|nr|number)\.?)?\s{0,9}#\s?[\w-]{3,}\]?:?|"
    r"\[?\b(?:ticket|case|request|incident|anfrage|vorgang)(?:\s{0,9}(?:id|no|nr|number)\.?)?\s{0,9}:?\s{0,9}\d{4,}\]?:?|"
    r"\[[A-Z]{2,8}-\d+\]|\[?\s{0,9}\bref:[!_\w.]{8,}:ref\b\s{0,9}\]?",
    re.IGNORECASE,
)
# A number that a help desk has put in the subject, which all mails of the ticket carry.
_TICKET_NUMBER = re.compile(
    r"(?:\b(?:ticket|case|request|incident|anfrage|vorgang)(?:\s{0,9}(?:id|no|nr|number)\.?)?\s{0,9}[:#]*\s{0,9}#?\s{0,9}|\[#\s?|"
    r"\[[\w .-]{0,40}#\s?)(?P<number>\d{4,})|\[(?P<key>[A-Z]{2,8}-\d+)\]|\bref:(?P<ref>[!_\w.]{8,}):ref\b",
    re.IGNORECASE,
)
_CHARSETS = {
    "iso-8859-1": "cp1252", "latin-1": "cp1252", "latin1": "cp1252", "us-ascii": "utf-8", "ascii": "utf-8",
    "ansi_x3.110-1983": "cp1252", "ks_c_5601-1987": "cp949", "gb2312": "gb18030", "gbk": "gb18030",
    "iso-8859-8-i": "iso-8859-8", "iso-8859-8-e": "iso-8859-8", "ansi": "cp1252", "windows-874": "cp874",
    "utf8": "utf-8", "iso-2022-jp": "iso2022_jp_ext", "cp-850": "cp850",
}  # fmt: skip
# Codecs of Python that are no charsets of text, and UTF-7, in which words hide from those who look for them.
_REFUSED = re.compile(r"(?:unicode[-_]1[-_]1[-_])?utf[-_]?7(?:[-_]imap)?|csunicode11utf7|x-imap4-modified-utf7")
_NO_CHARSETS = {
    "unicode_escape",
    "raw_unicode_escape",
    "unicode-escape",
    "punycode",
    "idna",
    "undefined",
    "oem",
    "mbcs",
}
_AUTOMATIC_SUBJECT = re.compile(
    r"^(?:\W*auto(?:matic)?[- :]*(?:reply|response|svar|antwort|odpowied)|out of (?:the )?office|ooo\b|abwesenheits?|"
    r"abwesend|automatis(?:che|ch|k|kt) (?:antwort|antwoord|svar)|autosvar|frånvaro|fravær|"
    r"réponse automatique|absence du bureau|respuesta automática|fuera de (?:la )?oficina|risposta automatica|"
    r"resposta automática|odpowiedź automatyczna|automaattinen vastaus|自動(?:応答|返信)|自动(?:答复|回复)|"
    r"undeliver(?:able|ed)|delivery (?:status notification|failure)|unzustellbar|nicht zustellbar|non remis|"
    r"mail delivery (?:failed|failure|system|subsystem)|returned mail|failure notice|message delayed|"
    r"(?:accepted|declined|tentative|tentatively accepted|canceled|cancelled|zugesagt|abgelehnt|accepté|aceptado)\s*:)",
    re.IGNORECASE,
)
_DIGEST = re.compile(r"\bdigest,? vol\b|\bdigest for\b|\bdaily digest\b|\bweekly digest\b", re.IGNORECASE)
_MACHINES = re.compile(
    r"mailer-daemon|postmaster|(?:no|do-?not|donot|nicht|ne-pas)[-_.]?(?:reply|antworten|repondre|respond)\b.*|"
    r"bounces?\b.*|notifications?|calendar-notification",
    re.IGNORECASE,
)
_DESKS = re.compile(
    r"X-(?:RT-|JIRA|Zendesk|OTRS|Znuny|Freshdesk|HelpScout|Front-|Gorgias|Kayako|osTicket|SFDC|Intercom|HS-|Zoho)",
    re.IGNORECASE,
)
_VIA = re.compile(r"^['\"]?(?P<name>.{1,80}?)['\"]?\s++(?:via|through)\s+\S.*$", re.IGNORECASE)
_EARLIEST = 1990
_SKEW = timedelta(days=2)  # a mail dated later than this after its arrival has a clock that is wrong


def get(message: Message, name: str) -> str:
    """A header as text: unfolded, encoded words decoded, bytes outside ASCII in their likely encoding; "" if absent."""
    raw = next((value for key, value in message.raw_items() if key.casefold() == name.casefold()), "")
    value = str(raw)
    if not value.isascii():
        value = decoded(value.encode("utf-8", "surrogateescape"), "")
    return _decode_words(re.sub(r"\r?\n[ \t]+", " ", value)).strip()


def decoded(raw: bytes, charset: str) -> str:
    """Bytes as text: by the declared charset if it is known and fits, else by what they look like.

    Raises InputError for UTF-7.
    """
    charset = charset.casefold().strip("'\" ")
    if _REFUSED.fullmatch(charset):
        raise InputError(
            "the mail is in the charset UTF-7, which is not read", remedy="save it from a mail program as UTF-8"
        )
    charset = "" if charset in _NO_CHARSETS else _CHARSETS.get(charset, charset)
    if charset:
        try:
            return raw.decode(charset)
        except (LookupError, UnicodeDecodeError, ValueError):
            pass
    try:
        return files.decode(raw)[0]
    except UnknownFormatError:
        return raw.decode("cp1252", "replace")


def strip_prefixes(subject: str) -> tuple[str, bool]:
    """The subject without Re:, Fwd:, [EXTERNAL] and ticket marks, casefolded, and whether it had a reply's prefix."""
    reply = False
    bare = _TICKET.sub(" ", subject).strip() if subject.lstrip().startswith("[") else subject
    while match := _PREFIX.match(bare):
        reply = reply or not re.match(r"\W*ext", match[0].lstrip(), re.IGNORECASE)
        bare = bare[match.end() :]
        bare = _TICKET.sub(" ", bare, count=1).lstrip() if bare.startswith("[") else bare
    return " ".join(_TICKET.sub(" ", bare).casefold().split()), reply


def sender(message: Message) -> tuple[str, str]:
    """Display name and address of who wrote the mail.

    Behind a group's address (`'Jo Fenn' via Support`) and behind a form's `no-reply` stands the one who wrote.
    """
    name, address = _first_address(message, "From", "Sender", "Return-Path")
    behind = _first_address(message, "X-Original-From", "X-Original-Sender")
    answers = _first_address(message, "Reply-To")
    via = _VIA.match(name)
    for other_name, other in (behind, answers):
        hidden = via or behind[1] == other or _MACHINES.fullmatch(address.partition("@")[0])
        if other and other != address and hidden and not _MACHINES.fullmatch(other.partition("@")[0]):
            return _person(other_name or (via["name"] if via else "")), other
    if not address:
        return clean(get(message, "From").strip("<>'\" ")), ""
    return _person(via["name"] if via else name), address


def author(message: Message, name: str, address: str) -> str:
    """Whose words they are: the person who sent on behalf of a shared mailbox, else the display name or address."""
    person, behind = _first_address(message, "Sender")
    ours = behind.partition("@")[2] == address.partition("@")[2]
    if behind and behind != address and ours and not _MACHINES.fullmatch(behind.partition("@")[0]):
        return _person(person) or behind
    return name or address


def date(message: Message) -> datetime | None:
    """When the mail was written; when the last server received it where that is unknown or plainly wrong."""
    received = _moment(get(message, "Received").rpartition(";")[2])
    written = _moment(get(message, "Date")) or times.parse_moment(get(message, "Sent"))
    if written is None or received is None:
        return written or received
    return received if written - received > _SKEW or written.year < _EARLIEST else written


def header(message: Message, address: str, moment: datetime | None, text: str) -> MailHeader:
    """What the mail says about its thread; without a Message-ID one is made from what it says."""
    raw_subject = get(message, "Subject")
    subject, reply = strip_prefixes(raw_subject)
    found = re.findall(r"<([^<>]+)>", get(message, "Message-ID")) or get(message, "Message-ID").split()
    made = hashlib.sha256(f"{address}\x1f{moment}\x1f{subject}\x1f{text}".encode()).hexdigest()[:16]
    references = re.findall(r"<([^<>]+)>", get(message, "References"))
    answered = [each for each in re.findall(r"<([^<>]+)>", get(message, "In-Reply-To")) if "@" in each]
    people = [other for field in ("From", "To", "Cc") for _, other in _addresses(get(message, field))]
    return MailHeader(
        message_id="".join(found[0].split()) if found else f"mail-{made}",
        references=tuple(dict.fromkeys("".join(each.split()) for each in [*references, *answered])),
        subject=subject,
        people=frozenset(person for person in [address, *people] if person),
        thread_index=_thread_index(message),
        ticket=_ticket(raw_subject),
        date=moment,
        reply=reply,
    )


def role(message: Message, address: str, config: ReadConfig) -> tuple[Role, str]:
    """System for machines; agent or customer when the settings name agents' domains or addresses; else unknown."""
    if _is_automatic(message, address):
        return Role.SYSTEM, "automatic mail"
    domains = {domain.casefold().lstrip("@.") for domain in config.agent_domains}
    people = {each.casefold() for each in config.agent_addresses}
    if not (domains or people) or not address:
        return Role.UNKNOWN, ""
    domain = address.rpartition("@")[2]
    ours = address in people or any(domain == each or domain.endswith(f".{each}") for each in domains)
    return (Role.AGENT if ours else Role.CUSTOMER), "agent domain"


def unsent(message: Message) -> str:
    """Why a mail was never sent or is deleted; "" for all others."""
    if get(message, "X-Unsent") == "1" or re.search(
        r"(?:^|,)drafts?(?:,|$)", get(message, "X-Gmail-Labels").casefold()
    ):
        return "the mail is a draft that was not sent"
    status = get(message, "X-Mozilla-Status")
    if re.fullmatch(r"[0-9a-fA-F]{4}", status) and int(status, 16) & 0x0008:
        return "the mail was deleted in the mail program and only not yet removed from the file"
    return ""


def _is_automatic(message: Message, address: str) -> bool:
    """Auto-replies, bounces, invitations, digests. `auto-generated` is none: help desks send agents' words with it."""
    said, subject = get(message, "Auto-Submitted").casefold(), get(message, "Subject")
    return (
        said.startswith("auto-replied")
        or _is_mass_mail(message)
        or any(get(message, name) for name in ("X-Autoreply", "X-Autorespond", "X-Failed-Recipients"))
        or message.get_content_type() in {"multipart/report", "multipart/digest"}
        or any(part.get_content_type() == "text/calendar" for part in message.walk())
        or _MACHINES.fullmatch(address.partition("@")[0]) is not None
        or _AUTOMATIC_SUBJECT.match(subject) is not None
        or _DIGEST.search(subject) is not None
    )


def _is_mass_mail(message: Message) -> bool:
    """Whether a program sent it to many: not what a person writes to a list or through a help desk."""
    precedence = get(message, "Precedence").casefold()
    if precedence in {"auto_reply", "auto-reply"}:
        return True
    if precedence not in {"bulk", "junk"}:
        return False
    names = [name for name, _ in message.raw_items()]
    listed = any(name.casefold() in {"list-post", "x-beenthere", "x-mailing-list", "x-list-id"} for name in names)
    through = re.search(r"\b(?:bounce|owner|request)s?\b", get(message, "Sender").partition("@")[0].casefold())
    return not (listed or through or any(_DESKS.match(name) for name in names))


def _first_address(message: Message, *fields: str) -> tuple[str, str]:
    """Name and address of the first of these headers that has one; empty where none has."""
    for field in fields:
        if found := _addresses(get(message, field)):
            name, address = found[0]
            return clean(name.strip("'\" ")), address
    return "", ""


def _person(name: str) -> str:
    """A display name without the company that help desks add: `Maya Osei (Larkfield)`."""
    return re.sub(r"(?<=\S)\s*\([^()]{1,60}\)$", "", name.strip("'\" "))


def _addresses(value: str) -> list[tuple[str, str]]:
    """Names and addresses (in lower case) of a header."""
    try:
        found = [(name, address.lower()) for name, address in getaddresses([value]) if "@" in address]
    except (IndexError, RecursionError):  # Python's parser of addresses gives up on some that are broken
        found = []
    return found or [("", address.lower()) for address in re.findall(r"(?<![\w.+'-])[\w.+'-]++@[\w.-]+\w", value)]


def _moment(value: str) -> datetime | None:
    try:
        return times.placed(parsedate_to_datetime(value))
    except (ValueError, TypeError, IndexError, OverflowError):
        return None


def _thread_index(message: Message) -> str:
    """Outlook's root of the thread (28 base64 digits hold its 22 bytes), or the thread of a Google export."""
    if index := re.sub(r"\s+", "", get(message, "Thread-Index"))[:28]:
        return index
    gmail = get(message, "X-GM-THRID")
    return f"gm {gmail}" if gmail else ""


def _ticket(subject: str) -> str:
    """The number of a help desk's ticket that a subject carries."""
    found = _TICKET_NUMBER.search(subject)
    return next((part.casefold() for part in found.groups() if part), "") if found else ""


def _decode_words(value: str) -> str:
    """Encoded words (RFC 2047) as text; what cannot be decoded stays as it is."""
    if "=?" not in value:
        return value
    try:
        parts = decode_header(value)
        return "".join(part if isinstance(part, str) else decoded(part, charset or "") for part, charset in parts)
    except (MessageError, ValueError, InputError):
        return value

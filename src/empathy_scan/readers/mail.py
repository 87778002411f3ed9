"""Mail: `.eml` files and mbox, one turn per mail; `threads` joins the mails of a conversation over all files.

Every header access is guarded: the standard library raises IndexError for `Message-ID: <[x@host]>` under its modern
policy and LookupError for unknown charsets, so the old policy is used and decoding is done here.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from datetime import datetime
from email import message_from_bytes, policy
from email.errors import MessageError
from email.header import decode_header
from email.message import Message
from email.utils import getaddresses, parsedate_to_datetime

from empathy_scan.codebook import Channel, Role
from empathy_scan.config import ReadConfig
from empathy_scan.errors import InputError, MalformedInputError, UnknownFormatError
from empathy_scan.readers import files, htmltext, mailbody, times
from empathy_scan.readers.conversation import Conversation, MailHeader, Parsed, Turn, clean
from empathy_scan.readers.files import Document
from empathy_scan.readers.verdict import Verdict

_FIELD = re.compile(rb"^[!-9;-~]+:(?:\s|$)")
_TELLING = {b"from", b"received", b"message-id"}
_USUAL = _TELLING | {b"to", b"date", b"subject", b"mime-version", b"return-path", b"delivered-to", b"content-type"}
_MBOX_LINE = re.compile(rb"(?m)^From \S+.*\d{4}[^\n]*\r?\n(?=[!-9;-~]+:)")
_PREFIX = re.compile(
    r"^\s*(?:(?:re|r|aw|antw|antwort|sv|vs|rv|res|odp|ref|回复|fwd?|wg|tr|enc|vb|rif)\s*(?:\[\d+\])?\s*[:：]|"
    r"\[(?:external|ext|extern)[^\]]*\])\s*",
    re.IGNORECASE,
)
_TICKET = re.compile(r"\[?(?:ticket|case|ref|request)?\s*#\s*[\w-]{3,}\]?:?|\[[A-Z]{2,8}-\d+\]", re.IGNORECASE)
_CHARSETS = {
    "iso-8859-1": "cp1252", "latin-1": "cp1252", "latin1": "cp1252", "us-ascii": "utf-8", "ascii": "utf-8",
    "ansi_x3.110-1983": "cp1252", "ks_c_5601-1987": "cp949", "gb2312": "gb18030", "gbk": "gb18030",
    "iso-8859-8-i": "iso-8859-8", "iso-8859-8-e": "iso-8859-8", "ansi": "cp1252", "windows-874": "cp874",
    "utf8": "utf-8",
}  # fmt: skip
_STUB = re.compile(
    r"(?:does not|doesn't|cannot|can't) (?:support|display|read|view) (?:html|this)|"
    r"view (?:this|the) (?:e-?mail|message) (?:in|as) (?:html|your browser)|html[- ]?(?:e-?mail|mail|format)",
    re.IGNORECASE,
)
_AUTOMATIC_SUBJECT = re.compile(
    r"^(?:auto(?:matic)?[- ]?(?:reply|response)|out of (?:the )?office|abwesenheits|automatische antwort|"
    r"réponse automatique|respuesta automática|undeliver(?:able|ed)|delivery status notification|"
    r"mail delivery (?:failed|system)|returned mail)",
    re.IGNORECASE,
)


def sniff_eml(document: Document) -> Verdict:
    """Whether the bytes begin with mail headers: From, Received or Message-ID, and one more of the usual ones."""
    lines = document.data.lstrip(b"\xef\xbb\xbf\r\n")[:20_000].splitlines()[:50]
    if not lines or not _FIELD.match(lines[0]):
        return Verdict(fits=False, why="it does not begin with mail headers")
    names = {line.split(b":", 1)[0].strip().lower() for line in _head(lines) if _FIELD.match(line)}
    found = names & _USUAL
    if found & _TELLING and len(found) > 1:
        return Verdict(fits=True, why=f"begins with mail headers ({', '.join(sorted(map(bytes.decode, found)))})")
    return Verdict(
        fits=False, why="too few mail headers (From, To, Date, Subject, Message-ID)", nearness=0.2 * len(found)
    )


def sniff_mbox(document: Document) -> Verdict:
    """Whether the bytes begin with the `From ` line of an mbox."""
    fits = _MBOX_LINE.match(document.data.lstrip(b"\xef\xbb\xbf\r\n")) is not None
    return Verdict(fits=fits, why="begins with an mbox `From ` line" if fits else "it does not begin with `From `")


def parse_eml(document: Document, config: ReadConfig) -> Parsed:
    """The one mail of an `.eml` file; raises InputError when it has no words of its own."""
    return Parsed([_parse_one(document.data.lstrip(b"\xef\xbb\xbf\r\n"), config)])


def parse_mbox(document: Document, config: ReadConfig) -> Parsed:
    """The mails of an mbox; those without words of their own are left out and reported."""
    marks = list(_MBOX_LINE.finditer(document.data))
    if not marks:
        raise MalformedInputError("no mbox `From ` line", remedy="save single mails as .eml")
    ends = [*(mark.start() for mark in marks[1:]), len(document.data)]
    mails: list[Conversation] = []
    problems: list[InputError] = []
    for number, (mark, end) in enumerate(zip(marks, ends, strict=True), start=1):
        raw = re.sub(rb"(?m)^>(>*From )", rb"\1", document.data[mark.end() : end])
        place = f"mail {number}"
        try:
            mails.append(_parse_one(raw, config, place=place))
        except InputError as error:
            problems.append(type(error)(error.what, where=place, remedy=error.remedy))
    return Parsed(mails, problems)


def strip_prefixes(subject: str) -> tuple[str, bool]:
    """The subject without Re:, Fwd:, [EXTERNAL] and ticket marks, casefolded, and whether it had a reply's prefix."""
    bare, reply = subject, False
    while match := _PREFIX.match(bare):
        reply = reply or not match[0].lstrip().startswith("[")
        bare = bare[match.end() :]
    return " ".join(_TICKET.sub(" ", bare).casefold().split()), reply


def _head(lines: list[bytes]) -> Iterator[bytes]:
    """The lines before the first blank one."""
    for line in lines:
        if not line.strip():
            return
        yield line


def _parse_one(raw: bytes, config: ReadConfig, *, place: str = "") -> Conversation:
    """A mail as a conversation of one turn."""
    message = message_from_bytes(raw, policy=policy.compat32)
    text = clean(mailbody.own_words(_body(message)))
    if not text:
        raise InputError(
            "the mail has no words of its own", remedy="nothing to do; quoted text and attachments are not read"
        )
    name, address = _sender(message)
    date = _date(message)
    header = _header(message, address, date, text)
    role, source = _role(message, address, config)
    turn = Turn(
        text=text,
        role=role,
        role_source=source,
        speaker=address or name or None,
        agent_id=(name or address or None) if role in {Role.AGENT, Role.UNKNOWN} else None,
    )
    return Conversation(header.message_id, [turn], Channel.EMAIL, started_at=date, place=place, mail=header)


def _header(message: Message, address: str, date: datetime | None, text: str) -> MailHeader:
    """What the mail says about its thread; without a Message-ID one is made from what it says."""
    subject, _ = strip_prefixes(_get(message, "Subject"))
    found = re.findall(r"<([^<>]+)>", _get(message, "Message-ID")) or _get(message, "Message-ID").split()
    made = hashlib.sha256(f"{address}\x1f{date}\x1f{subject}\x1f{text}".encode()).hexdigest()[:16]
    references = re.findall(r"<([^<>]+)>", _get(message, "References"))
    answered = [each for each in re.findall(r"<([^<>]+)>", _get(message, "In-Reply-To")) if "@" in each]
    people = [other for field in ("To", "Cc") for _, other in _addresses(_get(message, field))]
    return MailHeader(
        message_id="".join(found[0].split()) if found else f"mail-{made}",
        references=tuple(dict.fromkeys("".join(each.split()) for each in [*references, *answered])),
        subject=subject,
        people=frozenset(person for person in [address, *people] if person),
        thread_index=re.sub(r"\s+", "", _get(message, "Thread-Index"))[
            :28
        ],  # 28 base64 digits hold the 22 bytes of the root
        date=date,
        reply=strip_prefixes(_get(message, "Subject"))[1],
    )


def _get(message: Message, name: str) -> str:
    """A header as text: unfolded, encoded words decoded, bytes outside ASCII in their likely encoding; "" if absent."""
    raw = next((value for key, value in message.raw_items() if key.casefold() == name.casefold()), "")
    value = str(raw)
    if not value.isascii():
        value = _decoded(value.encode("utf-8", "surrogateescape"), "")
    return _decode_words(re.sub(r"\r?\n[ \t]+", " ", value)).strip()


def _decode_words(value: str) -> str:
    """Encoded words (RFC 2047) as text; what cannot be decoded stays as it is."""
    if "=?" not in value:
        return value
    try:
        parts = decode_header(value)
    except (MessageError, ValueError):
        return value
    return "".join(part if isinstance(part, str) else _decoded(part, charset or "") for part, charset in parts)


def _addresses(value: str) -> list[tuple[str, str]]:
    """Names and addresses (in lower case) of a header."""
    found = [(name, address.lower()) for name, address in getaddresses([value]) if "@" in address]
    return found or [("", address.lower()) for address in re.findall(r"[\w.+'-]+@[\w.-]+\w", value)]


def _sender(message: Message) -> tuple[str, str]:
    """Display name and address of who wrote the mail."""
    for field in ("From", "Sender", "Return-Path"):
        if found := _addresses(_get(message, field)):
            name, address = found[0]
            return clean(name.strip("'\" ")), address
    return clean(_get(message, "From").strip("<>'\" ")), ""


def _date(message: Message) -> datetime | None:
    """When the mail was written, else when the last server received it."""
    received = _get(message, "Received").rpartition(";")[2]
    for value in (_get(message, "Date"), received):
        try:
            return times.placed(parsedate_to_datetime(value))
        except (ValueError, TypeError, IndexError, OverflowError):
            continue
    return None


def _role(message: Message, address: str, config: ReadConfig) -> tuple[Role, str]:
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


def _is_automatic(message: Message, address: str) -> bool:
    """Auto-replies and bounces. `auto-generated` is none: help desks send what their agents write with it."""
    said = _get(message, "Auto-Submitted").casefold()
    precedence = _get(message, "Precedence").casefold()
    return (
        said.startswith("auto-replied")
        or precedence in {"auto_reply", "auto-reply", "bulk", "junk"}
        or any(_get(message, name) for name in ("X-Autoreply", "X-Autorespond", "X-Failed-Recipients"))
        or message.get_content_type() == "multipart/report"
        or address.split("@", maxsplit=1)[0] in {"mailer-daemon", "postmaster"}
        or _AUTOMATIC_SUBJECT.match(_get(message, "Subject")) is not None
    )


def _body(part: Message) -> str:
    """The text of a mail or of a part of it; attachments, forwarded mails and calendars left out."""
    kind = part.get_content_type()
    if part.get_content_disposition() == "attachment" or kind == "message/rfc822":
        return ""
    if part.is_multipart():
        inner = [child for child in part.get_payload() if isinstance(child, Message)]
        if kind == "multipart/alternative":
            return _best_alternative(inner)
        if kind == "multipart/related":
            inner = inner[:1]
        return "\n\n".join(text for text in map(_body, inner) if text.strip())
    if kind == "text/html":
        return htmltext.to_text(_payload(part))
    return _flowed(part, _payload(part)) if kind == "text/plain" else ""


def _best_alternative(parts: list[Message]) -> str:
    """The plain text of a mail that comes in several forms, or its HTML where the plain text is none."""
    texts = [(part.get_content_type(), _body(part)) for part in parts]
    plain = next((text for kind, text in texts if kind == "text/plain"), "")
    others = [text for kind, text in texts if kind != "text/plain" and text.strip()]
    short = len(plain) < 200 and _STUB.search(plain)
    return others[-1] if others and (short or not plain.strip()) else plain


def _payload(part: Message) -> str:
    """The decoded text of a part."""
    raw = part.get_payload(decode=True)
    if not isinstance(raw, bytes):
        return ""
    try:
        charset = str(part.get_content_charset() or "")
    except (LookupError, UnicodeError):
        charset = ""
    return _decoded(raw, charset)


def _decoded(raw: bytes, charset: str) -> str:
    """Bytes as text: by the declared charset if it is known and fits, else by what they look like."""
    charset = _CHARSETS.get(charset.casefold(), charset)
    if charset:
        try:
            return raw.decode(charset)
        except (LookupError, UnicodeDecodeError, ValueError):
            pass
    try:
        return files.decode(raw)[0]
    except UnknownFormatError:
        return raw.decode("cp1252", "replace")


def _flowed(part: Message, text: str) -> str:
    """The text with soft line breaks joined (RFC 3676)."""
    if str(part.get_param("format", "")).casefold() != "flowed":
        return text
    delete = str(part.get_param("delsp", "")).casefold() == "yes"
    lines: list[str] = []
    soft = False
    for line in text.replace("\r\n", "\n").split("\n"):
        quoted = line.startswith(">")
        content = line if quoted else line.removeprefix(" ")
        if soft and not quoted and content.rstrip() != "--":
            lines[-1] += content
        else:
            lines.append(content)
        soft = lines[-1].endswith(" ") and not quoted and lines[-1] != "-- "
        lines[-1] = lines[-1][:-1] if soft and delete else lines[-1]
    return "\n".join(lines)

"""Mail: `.eml` files and mbox, one turn per mail; `threads` joins the mails of a conversation over all files."""

from __future__ import annotations

import re
from collections.abc import Iterator
from email import message_from_bytes, policy
from email.message import Message

from empathy_scan.codebook import Channel, Role
from empathy_scan.config import ReadConfig
from empathy_scan.errors import InputError, MalformedInputError
from empathy_scan.readers import htmltext, mailbody, mailhead
from empathy_scan.readers.conversation import Conversation, Parsed, Turn, clean
from empathy_scan.readers.files import Document
from empathy_scan.readers.mailhead import strip_prefixes
from empathy_scan.readers.verdict import Verdict

__all__ = ["parse_eml", "parse_mbox", "sniff_eml", "sniff_mbox", "strip_prefixes"]

_FIELD = re.compile(rb"^[!-9;-~]+:(?:\s|$)")
_TELLING = {b"from", b"received", b"message-id"}
_USUAL = _TELLING | {b"to", b"date", b"subject", b"mime-version", b"return-path", b"delivered-to", b"content-type"}
# The asctime of an mbox has a time of day; without asking for it `From 2026 on` would begin a mail.
_MBOX_LINE = re.compile(rb"(?m)^From \S+[^\n]*\d{1,2}:\d{2}[^\n]*\r?\n(?=[!-9;-~]+:)")
_CONTENT_LENGTH = re.compile(rb"(?mi)^Content-Length:[ \t]*(\d{1,12})[ \t]*\r?$")
_APPLE = re.compile(rb"\s*(\d{1,10})[ \t]*\r?\n(?=[!-9;-~]+:)")
_STUB = re.compile(
    r"(?:does not|doesn't|cannot|can't|not able to) (?:support|display|read|view|see) (?:html|this)|"
    r"view (?:this|the) (?:e-?mail|message) (?:in|as) (?:html|your browser)|html[- ]?(?:e-?mail|mail|format)",
    re.IGNORECASE,
)
_META_CHARSET = re.compile(rb"<meta[^>]{0,200}?charset\s*=\s*[\"']?\s*([\w-]{2,30})", re.IGNORECASE)
_PGP_TEXT = re.compile(
    r"-----BEGIN PGP SIGNED MESSAGE-----\n(?:[\w-]+: [^\n]*\n)*\n?|-----BEGIN PGP "
    r"SIGNATURE-----.*?-----END PGP SIGNATURE-----",
    re.DOTALL,
)
_ENCRYPTED = InputError(
    "the mail is encrypted, its words cannot be read", remedy="export it decrypted from the mail program of who got it"
)
_SEALED = InputError(
    "the mail is signed in a form that wraps its words (S/MIME opaque signature)",
    remedy="save it from a mail program as an ordinary mail",
)
_TNEF = InputError(
    "the words of the mail are in a winmail.dat (Outlook's own format)",
    remedy="export it from Outlook or Exchange as .eml with an HTML or plain text body",
)


def sniff_eml(document: Document) -> Verdict:
    """Whether the bytes begin with mail headers: From, Received or Message-ID, and one more of the usual ones."""
    lines = _unwrapped(document.content)[:20_000].splitlines()[:50]
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
    fits = _MBOX_LINE.match(document.content.lstrip(b"\xef\xbb\xbf\r\n")) is not None
    return Verdict(fits=fits, why="begins with an mbox `From ` line" if fits else "it does not begin with `From `")


def parse_eml(document: Document, config: ReadConfig) -> Parsed:
    """The one mail of an `.eml` file; raises InputError when it has no words of its own."""
    return Parsed([_parse_one(_unwrapped(document.content), config)])


def parse_mbox(document: Document, config: ReadConfig) -> Parsed:
    """The mails of an mbox; those without words of their own are left out and reported."""
    marks = _marks(document.content)
    if not marks:
        raise MalformedInputError("no mbox `From ` line", remedy="save single mails as .eml")
    ends = [*(first for first, _ in marks[1:]), len(document.content)]
    mails: list[Conversation] = []
    problems: list[InputError] = []
    for number, ((_, start), end) in enumerate(zip(marks, ends, strict=True), start=1):
        raw = re.sub(rb"(?m)^>(>*From )", rb"\1", document.content[start:end])
        place = f"mail {number}"
        try:
            mails.append(_parse_one(raw, config, place=place))
        except InputError as error:
            problems.append(type(error)(error.what, where=place, remedy=error.remedy))
    return Parsed(mails, problems)


def _marks(raw: bytes) -> list[tuple[int, int]]:
    """Where each `From ` line begins and ends; those within the Content-Length of a mail are its text."""
    found: list[tuple[int, int]] = []
    least = 0
    all_marks = [(mark.start(), mark.end()) for mark in _MBOX_LINE.finditer(raw)]
    starts = {start for start, _ in all_marks}
    for start, end in all_marks:
        if start < least:
            continue
        found.append((start, end))
        least = _stated_end(raw, end, starts)
    return found


def _stated_end(raw: bytes, start: int, marks: set[int]) -> int:
    """Where a mail ends by its Content-Length, if a `From ` line or the end of the file stands there; else 0."""
    blank = re.compile(rb"\r?\n\r?\n").search(raw, start, start + 100_000)
    length = _CONTENT_LENGTH.search(raw, start, blank.start() + 1) if blank else None
    if blank is None or length is None:
        return 0
    end = blank.end() + int(length[1])
    return next((end + more for more in range(5) if end + more in marks or end + more == len(raw)), 0)


def _head(lines: list[bytes]) -> Iterator[bytes]:
    """The lines before the first blank one."""
    for line in lines:
        if not line.strip():
            return
        yield line


def _unwrapped(raw: bytes) -> bytes:
    """The mail without byte order mark, and without the count of bytes and the list of properties of Apple's .emlx."""
    raw = raw.lstrip(b"\xef\xbb\xbf\r\n")
    if (count := _APPLE.match(raw)) is not None:
        return raw[count.end() : count.end() + int(count[1])]
    return raw


def _parse_one(raw: bytes, config: ReadConfig, *, place: str = "") -> Conversation:
    """A mail as a conversation of one turn."""
    message = message_from_bytes(raw, policy=policy.compat32)
    if why := mailhead.unsent(message):
        raise InputError(why, remedy="nothing to do; it is not read")
    text = clean(mailbody.own_words(_body(message)))
    if not text:
        raise _nothing_said(message)
    name, address = mailhead.sender(message)
    date = mailhead.date(message)
    header = mailhead.header(message, address, date, text)
    role, source = mailhead.role(message, address, config)
    turn = Turn(
        text=text,
        role=role,
        role_source=source,
        speaker=address or name or None,
        agent_id=(mailhead.author(message, name, address) or None) if role in {Role.AGENT, Role.UNKNOWN} else None,
    )
    return Conversation(header.message_id, [turn], Channel.EMAIL, started_at=date, place=place, mail=header)


def _nothing_said(message: Message) -> InputError:
    """Why a mail has no words of its own."""
    kinds = {part.get_content_type() for part in message.walk()}
    if kinds & {"application/ms-tnef", "application/vnd.ms-tnef"}:
        return InputError(_TNEF.what, remedy=_TNEF.remedy)
    return InputError(
        "the mail has no words of its own", remedy="nothing to do; quoted text and attachments are not read"
    )


def _refuse_sealed(part: Message) -> None:
    """Raise InputError for a part that is encrypted or wrapped in its signature."""
    kind = part.get_content_type()
    if kind in {"application/pkcs7-mime", "application/x-pkcs7-mime"}:
        sealed = str(part.get_param("smime-type", "")).casefold() == "signed-data"
        error = _SEALED if sealed else _ENCRYPTED
        raise InputError(error.what, remedy=error.remedy)
    if kind == "multipart/encrypted":
        raise InputError(_ENCRYPTED.what, remedy=_ENCRYPTED.remedy)


def _body(part: Message) -> str:
    """The text of a mail or of a part of it; attachments, forwarded mails and calendars left out."""
    kind = part.get_content_type()
    _refuse_sealed(part)
    if part.get_content_disposition() == "attachment" or kind == "message/rfc822":
        return ""
    if part.is_multipart():
        inner = [child for child in part.get_payload() if isinstance(child, Message)]
        if kind == "multipart/alternative":
            return _best_alternative(inner)
        if kind == "multipart/related":
            inner = inner[:1]
        named = [child for child in inner if _file_name(child)]
        inner = [child for child in inner if child not in named] or inner
        return "\n\n".join(text for text in map(_body, inner) if text.strip())
    if kind == "text/html":
        return htmltext.to_text(_payload(part))
    return _plain(part) if kind == "text/plain" else ""


def _plain(part: Message) -> str:
    """Plain text, its soft line breaks joined, without what PGP puts around signed text."""
    text = _flowed(part, _payload(part))
    if "-----BEGIN PGP MESSAGE-----" in text:
        raise InputError(_ENCRYPTED.what, remedy=_ENCRYPTED.remedy)
    return _PGP_TEXT.sub("", text.replace("\r\n", "\n")) if "-----BEGIN PGP SIGNED" in text else text


def _file_name(part: Message) -> str:
    """The name under which a part is to be saved; "" for what is shown as the mail's text."""
    try:
        return part.get_filename() or ""
    except (LookupError, ValueError, TypeError):
        return "?"


def _best_alternative(parts: list[Message]) -> str:
    """The plain text of a mail that comes in several forms, or its HTML where that has no words of its own."""
    texts = [(part.get_content_type(), _body(part)) for part in parts]
    plain = next((text for kind, text in texts if kind == "text/plain"), "")
    others = [text for kind, text in texts if kind != "text/plain" and text.strip()]
    if not others:
        return plain
    short = len(plain) < 200 and _STUB.search(plain)
    if short or not plain.strip():
        return others[-1]
    return plain if mailbody.own_words(plain) or not mailbody.own_words(others[-1]) else others[-1]


def _payload(part: Message) -> str:
    """The decoded text of a part."""
    raw = part.get_payload(decode=True)
    if not isinstance(raw, bytes):
        return ""
    try:
        charset = str(part.get_content_charset() or "")
    except (LookupError, UnicodeError):
        charset = ""
    if not charset and part.get_content_type() == "text/html" and (named := _META_CHARSET.search(raw[:4000])):
        charset = named[1].decode("ascii", "ignore")
    return mailhead.decoded(raw, charset)


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

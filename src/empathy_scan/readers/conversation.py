"""What a reader makes of a file: conversations and their turns as plain values, before they become a frame."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from empathy_scan.codebook import Role
from empathy_scan.errors import InputError

# Zero-width characters and byte order marks that mail programs leave in the middle of a text, and the soft hyphen.
_INVISIBLE = re.compile("[\u200b\u200c\u2060\ufeff\u00ad\x00]")


@dataclass(frozen=True, slots=True)
class Turn:
    """One turn as the file has it; `start` and `end` are seconds from the start of the conversation."""

    text: str
    role: str = Role.UNKNOWN
    role_source: str = ""
    speaker: str | None = None
    agent_id: str | None = None
    start: float | None = None
    end: float | None = None
    confidence: float | None = None  # of the speech recogniser, 0 to 1: the mean over the words
    number: float | None = None  # the export's own number of the turn
    overlap: bool = False  # the export calls it an interruption


@dataclass(frozen=True, slots=True)
class MailHeader:
    """What joins a mail to its thread: its own id, the ids it names, and the weaker hints."""

    message_id: str
    references: tuple[str, ...] = ()
    subject: str = ""  # without Re:, Fwd: and the like, casefolded
    people: frozenset[str] = frozenset()  # addresses of sender and recipients
    thread_index: str = ""  # Outlook: equal for mails of one thread
    ticket: str = ""  # number of a help desk's ticket in the subject
    date: datetime | None = None
    reply: bool = False  # the subject begins with Re: or the like


@dataclass(frozen=True, slots=True)
class Conversation:
    """One conversation of a file; a mail is a conversation of one turn until its thread is joined."""

    conversation_id: str
    turns: Sequence[Turn]
    channel: str
    queue: str | None = None
    started_at: datetime | None = None  # in UTC; `times.zone` tells the zone that the file wrote
    place: str = ""  # line, row or key in the file; "" when the file holds this conversation only
    redacted: bool = False  # the redacted one of two copies of the same contact
    mail: MailHeader | None = None
    metadata: Mapping[str, str] = field(
        default_factory=dict
    )  # direction, language, team and other labels of the export
    people: frozenset[str] = frozenset()  # addresses, numbers, ids and names of the customer (customers.py)


@dataclass(frozen=True, slots=True)
class Parsed:
    """A reader's answer: conversations, what it had to leave out, and how it understood the columns."""

    conversations: Sequence[Conversation]
    problems: Sequence[InputError] = ()  # `where` is the place in the file
    columns: Mapping[str, str] = field(default_factory=dict)  # ours -> the file's own
    notes: Sequence[str] = ()  # what somebody should know of how the columns were read


def clean(text: str) -> str:
    """The text in NFC with plain line ends, without invisible characters and outer white space; otherwise unchanged."""
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    if not text.isascii():
        text = unicodedata.normalize("NFC", _without_surrogates(text))
        text = _INVISIBLE.sub("", text)
    return text.replace("\x00", "").strip()


def label_or_none(value: object) -> str | None:
    """A label or id as a cleaned string; None for nothing, an empty string, a not-a-number, a list or an object."""
    if isinstance(value, str):
        return clean(value) or None
    if value is None or isinstance(value, Mapping | list) or value != value:  # noqa: PLR0124 - NaN is the one value unlike itself
        return None
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return clean(str(value)) or None


def _without_surrogates(text: str) -> str:
    """JSON may escape half of a surrogate pair, which no UTF-8 frame can hold; it becomes a replacement character."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return text

"""What the exports of help desks have in common: JSON, JSON Lines or XML of tickets, and messages with a date each.

A message is a turn: help desks send whole messages, so neighbouring ones of one author are not joined.
"""

from __future__ import annotations

import html
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from empathy_scan.errors import InputError, MalformedInputError
from empathy_scan.readers import htmltext, mailbody, ticketxml, times
from empathy_scan.readers.conversation import Conversation, Parsed, Turn, clean, label_or_none
from empathy_scan.readers.files import Document, json_lines, parse_json
from empathy_scan.readers.verdict import Verdict

Object = Mapping[str, object]
Fits = Callable[[Object], bool]

_ENVELOPES = ("data", "response", "body", "result", "results", "payload", "item", "items")
_DEEPEST = 4  # lists and envelopes around a ticket
_PROBED = 20  # members of a list, and lines, that are looked at to know the format
_LONGEST_TIME = 64  # characters; a longer text is no time
_LEAST_EPOCH = 1e8  # smaller numbers are no seconds since 1970
_BOOLEANS = {"true": True, "1": True, "yes": True, "false": False, "0": False, "no": False}
# Tags that bodies have; `Mia <mia@example.org>` in a plain text is none.
_MARKUP = re.compile(
    r"</?(?:p|br|div|span|a|b|i|u|em|strong|ul|ol|li|table|tr|td|html|body|img|h[1-6]|blockquote|font|pre)(?=[\s/>])[^<>]*>",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Message:
    """A turn to be, with the moment at which it was sent, or that of the log in which it is a line."""

    turn: Turn
    moment: datetime | None = None
    shift: float | None = None  # seconds after the moment, for the lines of a log
    chat: bool = False  # a line of a chat, whatever the ticket's channel is


@dataclass(frozen=True, slots=True)
class Item:
    """A JSON object that holds tickets, and where in the file it stands."""

    value: Object
    place: str = ""


@dataclass(slots=True)
class Ledger:
    """What came out of a file: conversations, problems, and how many messages of a kind were left out."""

    conversations: list[Conversation] = field(default_factory=list)
    problems: list[InputError] = field(default_factory=list)
    left_out: Counter[str] = field(default_factory=Counter)
    notes: list[str] = field(default_factory=list)

    def refuse(self, what: str, where: str, remedy: str = "correct the file or export it again") -> None:
        """Note a problem at a place in the file."""
        self.problems.append(MalformedInputError(what, where=where, remedy=remedy))

    def parsed(self) -> Parsed:
        """The reader's answer."""
        counted = [f"{what}: {count} left out" for what, count in sorted(self.left_out.items())]
        return Parsed(self.conversations, self.problems, notes=[*dict.fromkeys(self.notes), *counted])


# --- JSON ----------------------------------------------------------------------------------------------------------


def sniff(document: Document, fits: Fits, *, words: Sequence[str], title: str) -> Verdict:
    """Whether the file is JSON, JSON Lines or XML with an object that fits; of the keys `words` one must occur."""
    content = document.text
    in_xml = ticketxml.begins(content)
    if not in_xml and (not content.lstrip()[:1] or content.lstrip()[0] not in "{["):
        return Verdict(fits=False, why="it does not begin with { or [")
    if not any(ticketxml.names(content, word) if in_xml else f'"{word}"' in content for word in words):
        return Verdict(fits=False, why=f"it has none of the keys {', '.join(words)}", nearness=0.1)
    try:
        fitting = any(_occurs(value, fits, _DEEPEST) for value in _first_values(document))
    except MalformedInputError:
        if not in_xml:
            raise
        return Verdict(fits=True, why="it begins like an export of tickets in XML")  # so that its fault is reported
    if fitting:
        return Verdict(fits=True, why=f"{'XML' if in_xml else 'JSON'} with the keys of {title}")
    return Verdict(fits=False, why=f"its objects are not those of {title}", nearness=0.4)


def read_items(document: Document, fits: Fits, ledger: Ledger) -> list[Item]:
    """The objects that fit, also out of lists and envelopes; what else stands among them becomes a problem.

    Raises MalformedInputError when the file is neither JSON nor XML.
    """
    if not _is_lines(document.text):
        return list(_items(_whole(document), "", fits, ledger, _DEEPEST))
    found: list[Item] = []
    for number, value in json_lines(document.text):
        if isinstance(value, MalformedInputError):
            ledger.problems.append(value)
        else:
            found += _items(value, f"line {number}", fits, ledger, _DEEPEST)
    return found


def identity(value: object) -> str | None:
    """An id as a string; None for what is none."""
    return None if isinstance(value, bool) else label_or_none(value)


def words(value: object) -> str:
    """A string as it is; an empty one for anything else."""
    return value if isinstance(value, str) else ""


def truth(value: object) -> bool | None:
    """A yes or no, also as a word or number; None when it is neither."""
    if isinstance(value, bool) or value is None:
        return value
    return _BOOLEANS.get(str(value).strip().casefold()) if isinstance(value, str | int) else None


def moment(value: object) -> datetime | None:
    """A date and time from ISO 8601, or from seconds (or smaller units) since 1970; None for anything else."""
    if isinstance(value, str) and len(value) <= _LONGEST_TIME:
        return (
            times.from_epoch(float(value)) if re.fullmatch(r"\d{9,16}(?:\.\d+)?", value) else times.parse_moment(value)
        )
    if isinstance(value, int | float) and not isinstance(value, bool) and value > _LEAST_EPOCH:
        return times.from_epoch(value)
    return None


def labels(**found: object) -> dict[str, str]:
    """The metadata of a conversation: what there is of the values, as strings; lists of words with commas between."""
    named: dict[str, str] = {}
    for name, value in found.items():
        if isinstance(value, list):
            value = ", ".join(sorted(each for each in value if isinstance(each, str)))  # noqa: PLW2901
        text = str(value).lower() if isinstance(value, bool) else label_or_none(value)
        if text:
            named[name] = text
    return named


def _whole(document: Document) -> object:
    """The one value of a file in JSON, or of an export in XML."""
    return ticketxml.read(document.text) if ticketxml.begins(document.text) else document.json


def _is_lines(content: str) -> bool:
    """Whether the first line is an object of its own and another one follows."""
    first, _, rest = content.lstrip().partition("\n")
    return first.startswith("{") and first.rstrip().endswith("}") and rest.lstrip().startswith("{")


def _first_values(document: Document) -> Iterator[object]:
    """What to know the format by: the value, or the first lines that are JSON."""
    if not _is_lines(document.text):
        yield _whole(document)
        return
    rest = document.text.lstrip()
    for _ in range(_PROBED):
        line, _, rest = rest.partition("\n")
        try:
            yield parse_json(line)
        except MalformedInputError:
            continue


def _occurs(value: object, fits: Fits, depth: int) -> bool:
    if isinstance(value, list) and depth:
        return any(_occurs(each, fits, depth - 1) for each in value[:_PROBED])
    if not isinstance(value, Mapping):
        return False
    return fits(value) or (depth > 0 and any(_occurs(value.get(name), fits, depth - 1) for name in _ENVELOPES))


def _items(value: object, place: str, fits: Fits, ledger: Ledger, depth: int) -> Iterator[Item]:
    if isinstance(value, list) and depth:
        for number, each in enumerate(value, start=1):
            inner = place if len(value) == 1 else at(place, f"item {number}")
            yield from _items(each, inner, fits, ledger, depth - 1)
        return
    if isinstance(value, Mapping) and fits(value):
        yield Item(value, place)
        return
    if isinstance(value, Mapping) and depth:
        name = next((name for name in _ENVELOPES if isinstance(value.get(name), Mapping | list)), None)
        if name is not None:
            yield from _items(value[name], place, fits, ledger, depth - 1)
            return
    ledger.refuse("no ticket or conversation of this format", place)


def at(place: str, inner: str) -> str:
    """A place within a place of the file."""
    return f"{place}, {inner}" if place else inner


# --- messages ------------------------------------------------------------------------------------------------------


def shown_text(*, markup: object = None, plain: object = None) -> str:
    """The text of a message: of its HTML where there is some, else the plain text; tags in `plain` count as HTML."""
    rich, bare = words(markup), words(plain)
    if not rich.strip() and _MARKUP.search(bare):
        rich = bare
    if rich.strip() and (text := clean(htmltext.to_text(rich))):
        return text
    return "" if _MARKUP.search(bare) else clean(html.unescape(bare).replace("\xa0", " ") if "&" in bare else bare)


def own_words(text: str, *, mail: bool) -> str:
    """What the author of a message wrote; of mails without quotes and signature."""
    return clean(mailbody.own_words(text)) if mail else text


def timed(messages: Iterable[Message], began: datetime | None) -> tuple[list[Turn], datetime | None]:
    """The turns in order of time, if every message has one, with seconds from the start, and when that was.

    Messages of one moment keep their order.
    """
    found = list(messages)
    moments = [message.moment for message in found]
    known = [each for each in moments if each is not None]
    if len(known) == len(found):
        found = [message for _, message in sorted(zip(known, found, strict=True), key=lambda pair: pair[0])]
    first = min([*known, began] if began is not None else known, default=None)
    return [replace(message.turn, start=_start(message, first, timed=bool(known))) for message in found], first


def _start(message: Message, first: datetime | None, *, timed: bool) -> float | None:
    """Seconds from the start of the conversation; of a log without a moment, those from the start of the log."""
    if message.moment is None or first is None:
        return None if timed else message.shift
    return (message.moment - first).total_seconds() + (message.shift or 0.0)

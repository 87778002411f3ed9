"""The log of appeals: what was disputed of which message, by whom, when and why, and what was decided.

    <queue>/appeals/log.jsonl   one line per event, written through to the disk before it counts

Lines are only ever added. Each carries a checksum over itself and the line before it, so that a line that somebody has
changed, moved or taken out is noticed. What a crash has left of a last line is passed over. Only `forget` takes lines
out, and then writes the checksums anew.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from itertools import groupby
from pathlib import Path
from typing import Any

from empathy_scan import lock, sums
from empathy_scan.errors import StoreError
from empathy_scan.fingerprints import message_id

FORMAT_VERSION = 1
OPENED, LABELLED, DECIDED, WITHDRAWN = "opened", "labelled", "decided", "withdrawn"
UPHELD, PARTLY, REJECTED = "upheld", "partly", "rejected"
OUTCOMES = (UPHELD, PARTLY, REJECTED)
OPEN = "open"
APPEAL = "appeal"  # the part of the review queue that appealed messages are
MOST_DECISIONS = 2  # of a message: one, and one more that takes its place
FORGOTTEN = "(forgotten)"  # in the place of somebody's name
_FOLDER, _FILE = "appeals", "log.jsonl"
_WAIT_SECONDS = 10.0
_BEGINNING = "0" * 16  # before the first line

Labels = Mapping[str, str]  # by code: flags, kinds and hardship yes or no, `tone` 0, 1 or 2


@dataclass(frozen=True, slots=True)
class Event:
    """One line of the log; what an event of its kind does not tell stays empty."""

    event: str
    message: str  # id of the message: queue.item_id
    who: str
    at: datetime
    why: str = ""  # redacted
    model: str = ""  # fingerprint of the model that made `labels`
    labels: Labels = field(default_factory=dict)  # the model's, at that time
    # Of an opening: what is disputed, and the message as it was.
    should: Labels = field(default_factory=dict)  # only the labels that are disputed
    counted: Labels = field(default_factory=dict)  # the labels that counted then, with an earlier decision
    conversation_id: str = ""
    turn: int = 0
    role: str = ""
    agent_id: str = ""  # of the agent who said it, or whom it was said to
    text: str = ""
    context: tuple[tuple[str, str], ...] = ()
    words: str = ""  # a digest of the text: a decision is on these words
    # Of a decision, or of what somebody said who did not know of the appeal.
    outcome: str = ""
    decided: Labels = field(default_factory=dict)  # all labels of the message


@dataclass(frozen=True, slots=True)
class Case:
    """All that is known of the appeals against one message."""

    message: str
    events: tuple[Event, ...]

    @property
    def opening(self) -> Event:
        """The latest opening."""
        return next(each for each in reversed(self.events) if each.event == OPENED)

    @property
    def decisions(self) -> tuple[Event, ...]:
        """Every decision, oldest first; the last one counts."""
        return tuple(each for each in self.events if each.event == DECIDED)

    @property
    def decision(self) -> Event | None:
        """The decision that counts; None before the first."""
        return self.decisions[-1] if self.decisions else None

    @property
    def ruled(self) -> Event | None:
        """The opening that the decision which counts was about: it has the words that were decided on."""
        return self._before(self.decisions[-1]) if self.decisions else None

    def deciders(self, words: str) -> tuple[str, ...]:
        """Who has decided of the message with these words, a name for each decision."""
        return tuple(each.who for each in self.decisions if self._before(each).words == words)

    def _before(self, decision: Event) -> Event:
        at = next(at for at, each in enumerate(self.events) if each is decision)
        return next(each for each in reversed(self.events[:at]) if each.event == OPENED)

    @property
    def is_open(self) -> bool:
        """Whether somebody has still to decide."""
        return self._last == OPENED

    @property
    def state(self) -> str:
        """`open`, an outcome, or `withdrawn`."""
        if self.is_open:
            return OPEN
        return self.decision.outcome if self.decision else WITHDRAWN

    @property
    def labelled(self) -> tuple[Event, ...]:
        """What people said of the message since the latest opening, not knowing of the appeal."""
        since = max(at for at, each in enumerate(self.events) if each.event == OPENED)
        return tuple(each for each in self.events[since:] if each.event == LABELLED)

    @property
    def item(self) -> str:
        """The name under which the message lies in the review queue; another one for each appeal."""
        number = sum(each.event == OPENED for each in self.events)
        return message_id(self.message, number)  # like any other's: nobody is to know

    @property
    def _last(self) -> str:
        return next(each.event for each in reversed(self.events) if each.event != LABELLED)


class Log:
    """The appeals in the folder of a review queue; nothing is made before the first."""

    def __init__(self, queue: Path, *, wait_seconds: float = _WAIT_SECONDS) -> None:
        self.path = queue / _FOLDER / _FILE
        self._lock = queue / ".lock"  # the review queue's own: `forget` and answers take turns
        self._wait_seconds = wait_seconds

    def events(self) -> list[Event]:
        """Every event, oldest first. Raises StoreError for a log that was changed, or cannot be read."""
        return [event for event, _ in self._read()]

    def cases(self) -> dict[str, Case]:
        """The appeals by message, in the order of their first opening. Raises StoreError as `events` does."""
        return cases(self.events())

    def stamp(self) -> tuple[tuple[str, int, int], ...]:
        """What changes whenever the log does."""
        try:
            told = self.path.stat()
        except OSError:
            return ()
        return ((self.path.name, told.st_mtime_ns, told.st_size),)

    def add(self, made: Callable[[Mapping[str, Case]], Event]) -> Event:
        """Add the event that is made from what the log holds; it is on the disk when this returns.

        Nobody else writes meanwhile, so what `made` has looked at is still so. Raises StoreError.
        """
        with self._writing():
            held = self._read()
            event = made(cases([each for each, _ in held]))
            with sums.writable(self.path):
                _append(self.path, _lines([event], held[-1][1] if held else _BEGINNING))
        return event

    def forget(self, conversation_ids: Collection[str], *, agents: Callable[[str], bool] | None = None) -> int:
        """Take out all that is held of conversations, and the names for which `agents` is true; how many lines changed.

        What a crash has left of a line goes, too. Killed, it is as before or done; repeated, it finds nothing.
        """
        if not self.path.is_file():
            return 0
        with self._writing():
            before = self.events()
            wanted = set(conversation_ids)
            gone = {each.message for each in before if each.event == OPENED and each.conversation_id in wanted}
            kept = [each for each in before if each.message not in gone]
            if agents is not None:
                kept = [replace(each, who=FORGOTTEN) if agents(each.who) else each for each in kept]
            changed = len(before) - len(kept) + sum(each.who == FORGOTTEN for each in kept)
            if kept != before or self._is_torn():
                with sums.writable(self.path):
                    part = self.path.with_suffix(".part")
                    part.unlink(missing_ok=True)
                    _append(part, _lines(kept, _BEGINNING))
                    sums.replace(part, self.path)
        return changed

    def _is_torn(self) -> bool:
        """Whether a line holds what a crash has left of one."""
        return bool(tail := self.path.read_text(encoding="utf-8").rpartition("\n")[2]) and _parsed(tail) is None

    def _read(self) -> list[tuple[Event, str]]:
        """Every event with its checksum."""
        try:
            whole = self.path.read_text(encoding="utf-8").split("\n")
        except FileNotFoundError:
            return []
        except (OSError, UnicodeDecodeError) as error:
            reason = getattr(error, "strerror", None) or type(error).__name__
            raise StoreError(f"cannot be read ({reason})", where=str(self.path), remedy="check the folder") from error
        found: list[tuple[Event, str]] = []
        for number, line in enumerate(whole, 1):
            told = _parsed(line)
            if told is None:
                if line and number < len(whole):  # the last one, without its line end, is what a crash has left
                    raise self._damaged(number)
                continue
            before = found[-1][1] if found else _BEGINNING
            if told.get("format", FORMAT_VERSION) != FORMAT_VERSION:
                raise StoreError(
                    f"a log of format {told['format']!r}, this version reads {FORMAT_VERSION}", where=str(self.path),
                    remedy="upgrade empathy-scan",
                )  # fmt: skip
            try:
                event, checksum = _event(told), str(told["sum"])
            except (KeyError, TypeError, ValueError) as error:
                raise self._damaged(number) from error
            if checksum != _checksum(_without_sum(told), before):
                raise self._damaged(number)
            found.append((event, checksum))
        return found

    def _damaged(self, line: int) -> StoreError:
        return StoreError(
            "is not what was written: a line was changed, moved or taken out", where=f"{self.path}:{line}",
            remedy="restore the log of appeals from a copy",
        )  # fmt: skip

    @contextmanager
    def _writing(self) -> Iterator[None]:
        with lock.exclusive(self._lock, wait_seconds=self._wait_seconds):
            yield


def cases(events: Sequence[Event]) -> dict[str, Case]:
    """The appeals by message, in the order of their first opening."""
    order = {name: at for at, name in reversed(list(enumerate(each.message for each in events)))}
    ranked = sorted(events, key=lambda each: order[each.message])
    return {name: Case(name, tuple(own)) for name, own in groupby(ranked, key=lambda each: each.message)}


def party(name: str) -> str:
    """A name as it is compared to bar who is party to an appeal: `ana.reyes`, an agent's key, is Ana Reyes, too.

    `review.queue.person` takes names for the same more rarely: it tells whose answers are whose.
    """
    return " ".join(name.replace(".", " ").split()).casefold()


def digest(conversation_id: str, text: str) -> str:
    """What tells the words of a message from others; blanks do not count."""
    whole = f"{conversation_id}\0{' '.join(text.split())}"
    return hashlib.sha256(whole.encode("utf-8", "surrogatepass")).hexdigest()[:24]


def _plain(event: Event) -> dict[str, Any]:
    """An event as it is written, without what it does not tell."""
    told = {**asdict(event), "at": event.at.isoformat(), "context": [list(each) for each in event.context]}
    if event.event != OPENED:
        del told["turn"]
    return {name: value for name, value in told.items() if value not in ("", {}, [])}


def _event(told: Mapping[str, Any]) -> Event:
    given = _without_sum(told)
    context = tuple((str(role), str(text)) for role, text in given.get("context", ()))
    return Event(**{**given, "at": datetime.fromisoformat(given["at"]), "context": context})


def _without_sum(told: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in told.items() if name not in {"format", "sum"}}


def _checksum(plain: Mapping[str, Any], before: str) -> str:
    text = before + json.dumps(plain, sort_keys=True, ensure_ascii=True)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _lines(events: Sequence[Event], before: str) -> list[str]:
    """The events as lines that follow one with that checksum."""
    made = []
    for event in events:
        plain = _plain(event)
        before = _checksum(plain, before)
        made.append(json.dumps({"format": FORMAT_VERSION, **plain, "sum": before}, ensure_ascii=True))
    return made


def _parsed(line: str) -> dict[str, Any] | None:
    """The object of a line; None for an empty one, and for what is none."""
    try:
        told = json.loads(line)
    except ValueError:
        return None
    return told if isinstance(told, dict) else None


def _append(path: Path, lines: Sequence[str]) -> None:
    """Add lines and write them through to the disk; what a crash has left of a last line goes first."""
    fresh = not path.exists()
    path.parent.mkdir(parents=True, exist_ok=True)
    tail = b"" if fresh else path.read_bytes().rpartition(b"\n")[2]
    handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o666)
    try:
        whole_tail = tail and _parsed(tail.decode("utf-8", "replace")) is not None  # only its line end is missing
        if tail and not whole_tail:
            os.ftruncate(handle, os.fstat(handle).st_size - len(tail))
        whole = (("\n" if whole_tail else "") + "".join(f"{line}\n" for line in lines)).encode("ascii")
        while whole:
            whole = whole[os.write(handle, whole) :]
        os.fsync(handle)
    finally:
        os.close(handle)
    if fresh:
        sums.flush(path.parent)

"""Mails of one conversation joined over all files: by ids they name, thread index, ticket number, last by subject."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from empathy_scan.readers import customers
from empathy_scan.readers.conversation import Conversation, MailHeader
from empathy_scan.readers.gather import Placed, Problem, left_out, place_in_order

_SAME_SUBJECT = timedelta(days=30)  # for mails that name no other mail
_NEVER = datetime.max.replace(tzinfo=UTC)


def join(placed: Iterable[Placed]) -> tuple[list[Placed], list[Problem]]:
    """The conversations with mails joined to threads, and the copies of mails that are read once.

    A thread is called by the id of its first mail, also when that one is in no file, and belongs to the file of the
    earliest mail at hand.
    """
    others = [each for each in placed if each.conversation.mail is None]
    mails = sorted((each for each in placed if each.conversation.mail is not None), key=_age)
    single, problems = _each_once(mails)
    groups: dict[str, list[Placed]] = defaultdict(list)
    roots = _roots([_header(each) for each in single])
    for each, root in zip(single, roots, strict=True):
        groups[root].append(each)
    return others + [_thread(group) for group in groups.values()], problems


def _header(each: Placed) -> MailHeader:
    header = each.conversation.mail
    if header is None:  # never: only mails come here
        raise TypeError
    return header


def _age(each: Placed) -> tuple[datetime, tuple[str, list[int]], str]:
    header = _header(each)
    return header.date or _NEVER, place_in_order(each), header.message_id


def _each_once(mails: Sequence[Placed]) -> tuple[list[Placed], list[Problem]]:
    """Each mail once, from the first file in sorted order.

    Copies have one Message-ID, or one sender wrote them in the same words at the same time: the copy in a sent folder
    may have no id, or another.
    """
    kept: dict[str, Placed] = {}
    written: dict[tuple[object, ...], Placed] = {}
    problems = []
    for each in sorted(mails, key=place_in_order):
        identity, words = _header(each).message_id, _words(each)
        first = kept.get(identity) or written.get(words)
        if first is not None:
            problems.append(Problem(each.source, left_out(first, each)))
            continue
        kept[identity] = each
        if _header(each).date is not None:
            written[words] = each
    return sorted(kept.values(), key=_age), problems


def _words(each: Placed) -> tuple[object, ...]:
    """Who wrote what when, to the minute, under which subject."""
    header, turn = _header(each), each.conversation.turns[0]
    minute = header.date.replace(second=0, microsecond=0) if header.date else None
    return minute, turn.speaker, header.subject, turn.text


def _roots(headers: Sequence[MailHeader]) -> list[str]:
    """For each mail a name that it shares with the other mails of its thread (union-find over ids)."""
    parent: dict[str, str] = {}

    def root(name: str) -> str:
        parent.setdefault(name, name)
        while parent[name] != name:
            parent[name] = parent[parent[name]]
            name = parent[name]
        return name

    for header in headers:
        for reference in header.references:
            parent[root(reference)] = root(header.message_id)
        if header.thread_index:
            parent[root(f"thread index {header.thread_index}")] = root(header.message_id)
    for earlier, header in [*_by_ticket(headers), *_by_subject(headers)]:
        parent[root(header.message_id)] = root(earlier.message_id)
    return [root(header.message_id) for header in headers]


def _by_ticket(headers: Sequence[MailHeader]) -> Iterable[tuple[MailHeader, MailHeader]]:
    """Mails with the number of one ticket in the subject, of which one side is the same in both."""
    seen: dict[str, list[MailHeader]] = defaultdict(list)
    for header in headers:  # from old to new
        if header.ticket:
            earlier = next((each for each in reversed(seen[header.ticket]) if each.people & header.people), None)
            if earlier is not None:
                yield earlier, header
            seen[header.ticket].append(header)


def _by_subject(headers: Sequence[MailHeader]) -> Iterable[tuple[MailHeader, MailHeader]]:
    """Replies that name no other mail at hand, with the latest earlier one of that subject between the same people."""
    seen: dict[str, list[MailHeader]] = defaultdict(list)
    named = Counter(name for header in headers for name in {*header.references, header.message_id})
    for header in headers:  # from old to new
        alone = not any(named[reference] > 1 for reference in header.references)
        if header.subject and header.reply and alone and not header.thread_index:
            for earlier in reversed(seen[header.subject]):
                if len(earlier.people & header.people) > 1 and _near(earlier, header):
                    yield earlier, header
                    break
        seen[header.subject].append(header)


def _near(earlier: MailHeader, later: MailHeader) -> bool:
    return earlier.date is None or later.date is None or later.date - earlier.date <= _SAME_SUBJECT


def _thread(group: Sequence[Placed]) -> Placed:
    """One conversation of the mails of a thread, from old to new."""
    first = group[0]
    header = _header(first)
    started = header.date
    turns = [
        replace(turn, start=(date - started).total_seconds() if date is not None and started is not None else None)
        for each in group
        for turn in each.conversation.turns
        for date in (_header(each).date,)
    ]
    conversation = Conversation(
        conversation_id=(header.references or (header.message_id,))[0],
        turns=turns,
        channel=first.conversation.channel,
        started_at=started,
        place=first.conversation.place,
        people=frozenset(name for each in group for name in customers.of_conversation(each.conversation)),
    )
    return Placed(conversation, first.source, first.format)

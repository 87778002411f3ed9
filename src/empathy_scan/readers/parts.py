"""One conversation whose parts lie in several files, or in several places of one, put together: every turn once.

Conversations of one id are parts of one if nothing speaks against it and something speaks for it (docs/formats.md).

* Against: other formats or channels; at one time or number something else is said; two talks at once; and where an id
  is not the vendor's own (tables, texts: somebody may count from 1 every day) customers of other names.
* For: turns in common where the parts meet; one and the same start; turn numbers that complete one another; times that
  follow one another, where an id is not the vendor's own within hours (calls, chats) or weeks (mail, messages).

Without times and numbers nothing tells the order of two parts but turns in common, or the names of their files where
both tell the same start. Whatever the order of files, the answer is the same.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from empathy_scan.codebook import Channel, Role
from empathy_scan.readers import labels, speech
from empathy_scan.readers.conversation import Conversation, Turn
from empathy_scan.readers.gather import Placed, Problem, content_key, left_out, place_in_order, preference

# Formats whose ids are the vendor's own and stand for one conversation alone.
_NATIVE = """
    contact-lens connect-segments post-call-analytics genesys-cloud google-insights dialogflow-cx vcon gong
    twilio-intelligence twilio-conversations dialpad intercom zendesk freshdesk salesforce azure-language mbox eml
"""
NATIVE = frozenset(_NATIVE.split())
TABLES = frozenset({"csv", "json", "jsonl", "parquet", "xlsx"})  # the parts of one conversation may be of several
# How far apart parts may lie where an id is not the vendor's own: hours, but for what people answer days later.
SOON = timedelta(hours=2)
LATER = {Channel.EMAIL: timedelta(days=30), Channel.SOCIAL: timedelta(days=14), Channel.SMS: timedelta(days=14)}
TELLING = 4  # words that the end of one part and the beginning of another hardly share by chance


@dataclass(frozen=True, slots=True)
class Spoken:
    """A turn with its file and its time: seconds since 1970 where the start is known, else its offset."""

    turn: Turn
    source: str
    at: float | None

    @property
    def until(self) -> float | None:
        """When it ends, on the same clock."""
        start, end = self.turn.start, self.turn.end
        return None if self.at is None or start is None or end is None else self.at + max(0.0, end - start)

    @property
    def moment(self) -> tuple[str, float | None]:
        """Who speaks, and when."""
        return self.turn.role, None if self.at is None else round(self.at, 2)

    @property
    def said(self) -> Hashable:
        """What makes a turn of two parts the same one."""
        return self.turn.text, self.moment, self.turn.number


@dataclass(frozen=True, slots=True)
class Whole:
    """A conversation, and the parts that it was put together of."""

    placed: Placed
    members: tuple[Placed, ...]


def each_once(placed: Iterable[Placed]) -> tuple[list[Placed], list[Problem]]:
    """Each conversation id once: its parts together, the redacted copy before the original.

    Of several conversations of one id that are not parts of one, the fullest of several versions is kept, else the
    first file in sorted order. Every copy that is left out becomes a problem that names both files.
    """
    by_id: dict[str, list[Placed]] = defaultdict(list)
    for each in placed:
        by_id[each.conversation.conversation_id].append(each)
    kept: list[Placed] = []
    problems: list[Problem] = []
    for copies in by_id.values():
        if len(copies) == 1:
            kept += copies
            continue
        single, doubled = _without_copies(sorted(copies, key=preference))
        best, *others = _best_first(_wholes(single))
        kept.append(best.placed)
        problems += doubled
        for other in others:
            newer = is_version(best.placed, other.placed)
            problems += [Problem(part.source, left_out(best.placed, part, version=newer)) for part in other.members]
    return kept, problems


def same(one: Placed, other: Placed) -> bool:
    """Whether two conversations of one id are parts of one."""
    first, second = one.conversation, other.conversation
    native = one.format in NATIVE and one.format == other.format
    if _unlike(one, other) or (not native and _strangers(first, second)):
        return False
    mine, theirs = spoken(one), spoken(other)
    if _contradict(mine, theirs, absolute=_absolute(one, other)):
        return False
    if not (native and _absolute(one, other)) and _talk_at_once(mine, theirs):
        return False
    started = first.started_at is not None and first.started_at == second.started_at and not _is_day(first.started_at)
    if started or _numbers_complete(mine, theirs) or _meet(mine, theirs):
        return True
    return _timed(mine) and _timed(theirs) and (native or _follow(one, other))


def join(one: Placed, other: Placed) -> Placed:
    """Two parts as one conversation, its turns in the order of speaking, each once."""
    first, second = sorted((one, other), key=order)
    turns = _in_order(spoken(first), spoken(second))
    if first.conversation.channel == Channel.CALL and first.format in NATIVE:
        turns = _rejoined(turns)
    started = min((each for each in (_started(one), _started(other)) if each is not None), default=None)
    known, more = first.conversation, second.conversation
    conversation = replace(
        known,
        turns=[_moved(each, _seconds(started)) for each in turns],
        started_at=started,
        channel=more.channel if known.channel == Channel.OTHER else known.channel,
        queue=known.queue or more.queue,
        redacted=known.redacted and more.redacted,
        metadata={**more.metadata, **known.metadata},
        people=known.people | more.people,
    )
    return Placed(conversation, first.source, first.format, [each.source for each in turns])


def is_version(one: Placed, other: Placed) -> bool:
    """Whether two conversations say for the most part the same, so that one is a later or fuller version."""
    mine, theirs = (Counter(turn.text for turn in each.conversation.turns) for each in (one, other))
    return 2 * (mine & theirs).total() > min(mine.total(), theirs.total())


def spoken(placed: Placed) -> list[Spoken]:
    """The turns of a conversation with their files and times."""
    base = _seconds(_started(placed))
    sources = placed.sources or [placed.source] * len(placed.conversation.turns)
    return [
        Spoken(turn, source, None if turn.start is None else base + turn.start)
        for turn, source in zip(placed.conversation.turns, sources, strict=True)
    ]


def order(placed: Placed) -> tuple[float, float, tuple[str, list[int]], str]:
    """By the numbers of turns, by time, by file and place: the order in which parts are put together."""
    known = [each.at for each in spoken(placed) if each.at is not None] or [_seconds(_started(placed))]
    numbers = [turn.number for turn in placed.conversation.turns if turn.number is not None]
    return min(numbers, default=0.0), min(known), place_in_order(placed), content_key(placed.conversation)


def _started(placed: Placed) -> datetime | None:
    return placed.conversation.started_at


def _seconds(moment: datetime | None) -> float:
    return moment.timestamp() if moment is not None else 0.0


def _moved(each: Spoken, base: float) -> Turn:
    """The turn with its times counted from the start of the whole."""
    if each.at is None:
        return each.turn
    until = each.until
    return replace(each.turn, start=round(each.at - base, 6), end=None if until is None else round(until - base, 6))


# --- which there are -----------------------------------------------------------------------------------------------


def _without_copies(copies: Sequence[Placed]) -> tuple[list[Placed], list[Problem]]:
    """The parts without originals of redacted ones and without copies of equal content."""
    first, problems = copies[0], []
    seen: dict[Hashable, Placed] = {}
    for each in copies:
        twin = first.conversation.redacted and not each.conversation.redacted
        known = first if twin else seen.setdefault(_content(each), each)
        if known is not each:
            problems.append(Problem(each.source, left_out(known, each)))
    return list(seen.values()), problems


def _content(each: Placed) -> Hashable:
    """What copies have in common; a few words may well be said twice in one conversation."""
    brief = len(each.conversation.turns) < TELLING
    return content_key(each.conversation), tuple(part.said for part in spoken(each)) if brief else ()


def _wholes(placed: Sequence[Placed]) -> list[Whole]:
    """The parts, put together as far as they belong together."""
    waiting = [Whole(each, (each,)) for each in sorted(placed, key=order)]
    done: list[Whole] = []
    while waiting:
        whole = waiting.pop(0)
        fits = next((each for each in waiting if same(whole.placed, each.placed)), None)
        if fits is None:
            done.append(whole)
            continue
        waiting.remove(fits)
        joined = Whole(join(whole.placed, fits.placed), (*whole.members, *fits.members))
        waiting, done = [joined, *done, *waiting], []
    return done


def _best_first(wholes: Sequence[Whole]) -> list[Whole]:
    """The whole that is kept, then the others: the first in sorted order, unless another is its fuller version."""
    first, *others = sorted(wholes, key=lambda whole: min(preference(each) for each in whole.members))
    size = len(first.placed.conversation.turns)
    fuller = [each for each in others if is_version(first.placed, each.placed)]
    best = max([first, *fuller], key=lambda each: len(each.placed.conversation.turns)) if fuller else first
    best = best if len(best.placed.conversation.turns) > size else first
    return [best, *(each for each in (first, *others) if each is not best)]


# --- against -------------------------------------------------------------------------------------------------------


def _unlike(one: Placed, other: Placed) -> bool:
    """Whether formats, channels or clocks differ, so that the two are no parts of one."""
    channels = {one.conversation.channel, other.conversation.channel} - {Channel.OTHER}
    formats = {one.format, other.format}
    clocks = (_started(one) is None) != (_started(other) is None)
    return (
        len(channels) > 1
        or (len(formats) > 1 and not formats <= TABLES)
        or (clocks and _timed(spoken(one)) and _timed(spoken(other)))
    )


def _timed(turns: Sequence[Spoken]) -> bool:
    return all(each.at is not None for each in turns)


def _absolute(one: Placed, other: Placed) -> bool:
    return _started(one) is not None and _started(other) is not None


def _is_day(moment: datetime) -> bool:
    """Whether a start is no more than a date, which all conversations of a day share."""
    return (moment.hour, moment.minute, moment.second, moment.microsecond) == (0, 0, 0, 0)


def _strangers(first: Conversation, second: Conversation) -> bool:
    """Whether both name their customers, and differently."""
    mine, theirs = _customers(first), _customers(second)
    return bool(mine and theirs) and not mine & theirs


def _customers(conversation: Conversation) -> set[str]:
    """The names of the customers; labels that say no more than the role are none."""
    named = {turn.speaker for turn in conversation.turns if turn.role == Role.CUSTOMER and turn.speaker}
    return {name.casefold() for name in named if labels.read_label(name).name or re.search(r"\d{2}|@", name)}


def _contradict(mine: Sequence[Spoken], theirs: Sequence[Spoken], *, absolute: bool) -> bool:
    """Whether one number stands for two turns, or people of one role say different things at one time.

    Two messages of one second are no contradiction, unless they are counted from the start of a call, which all calls
    begin at 0, or stand beside turns that the parts have in common: then somebody has changed the text.
    """
    numbers: dict[float | None, str] = {each.turn.number: each.turn.text for each in mine}
    numbers.pop(None, None)
    if any(numbers.get(each.turn.number, each.turn.text) != each.turn.text for each in theirs):
        return True
    begun: dict[tuple[str, float | None], set[str]] = defaultdict(set)
    for each in mine:
        begun[each.moment].add(each.turn.text)
    met = [each for each in theirs if each.at is not None and each.moment in begun]
    different = [each for each in met if not any(_alike(each, text) for text in begun[each.moment])]
    numbered = all(each.turn.number is not None for each in (*mine, *theirs))
    return bool(different) and not numbered and (not absolute or len(different) < len(met))


def _talk_at_once(mine: Sequence[Spoken], theirs: Sequence[Spoken]) -> bool:
    """Whether most of the smaller part is spoken while the other part has other words: two talks, not one."""
    small, large = sorted((mine, theirs), key=len)
    known = {each.said for each in large}
    spans = [(each.at, each.until) for each in large if each.at is not None and each.until is not None]
    own = [(each.at, each.until) for each in small if each.said not in known and each.at is not None and each.until]
    lengths = [(begin, end) for begin, end in own if end is not None and end > begin]
    hidden = sum(any(2 * (min(end, b) - max(begin, a)) > end - begin for a, b in spans) for begin, end in lengths)
    return 2 * hidden > len(lengths)


# --- for -----------------------------------------------------------------------------------------------------------


def _numbers_complete(mine: Sequence[Spoken], theirs: Sequence[Spoken]) -> bool:
    """Whether all turns are numbered, each number once in a part; those of both are the same turns by now."""
    ours, others = ([each.turn.number for each in part] for part in (mine, theirs))
    return None not in ours + others and len(set(ours)) == len(ours) and len(set(others)) == len(others)


def _meet(mine: Sequence[Spoken], theirs: Sequence[Spoken]) -> bool:
    """Whether the parts have in common what lies between the beginning of the later and the end of the earlier one."""
    if _timed(mine) and _timed(theirs):
        ours, others = ([each.at for each in part if each.at is not None] for part in (mine, theirs))
        begin, end = max(min(ours), min(others)), min(max(ours), max(others))
        within = [
            {each.said for each in part if each.at is not None and begin <= each.at <= end} for part in (mine, theirs)
        ]
        return 2 * len(within[0] & within[1]) > len(within[0] | within[1])
    return _seam(mine, theirs) is not None


def _follow(one: Placed, other: Placed) -> bool:
    """Whether both tell the time of day, and lie no further apart than parts of one conversation may."""
    if not _absolute(one, other):
        return False
    ours, others = ([each.at for each in spoken(part) if each.at is not None] for part in (one, other))
    gap = max(min(others) - max(ours), min(ours) - max(others))
    return gap <= LATER.get(Channel(one.conversation.channel), SOON).total_seconds()


# --- one order -----------------------------------------------------------------------------------------------------


def _in_order(mine: Sequence[Spoken], theirs: Sequence[Spoken]) -> list[Spoken]:
    """The turns of both parts, those in common once: by number, else by time, else where they meet, else by file."""
    both = [*mine, *theirs]
    if all(each.turn.number is not None for each in both):
        return sorted(_once(mine, theirs), key=lambda each: each.turn.number or 0.0)
    if _timed(both):
        return sorted(_once(mine, theirs), key=lambda each: each.at or 0.0)
    met = _seam(mine, theirs)
    return both if met is None else met


def _once(mine: Sequence[Spoken], theirs: Sequence[Spoken]) -> list[Spoken]:
    """All turns; what both parts have comes as often as in the one that has it more often."""
    ours, others = _without_cut(mine, theirs), _without_cut(theirs, mine)
    left = Counter(each.said for each in ours)
    more: list[Spoken] = []
    for each in others:
        if left[each.said]:
            left[each.said] -= 1
        else:
            more.append(each)
    return [*ours, *more]


def _without_cut(mine: Sequence[Spoken], theirs: Sequence[Spoken]) -> list[Spoken]:
    """The turns of speech without those that the other part has to a later end: a file may end in the middle of one."""
    longer: dict[tuple[str, float | None], str] = {each.moment: each.turn.text for each in theirs}
    return [each for each in mine if not (_is_cut(each, longer.get(each.moment, "")))]


def _is_cut(each: Spoken, text: str) -> bool:
    return each.until is not None and each.turn.text != text and text.startswith(each.turn.text)


def _alike(each: Spoken, text: str) -> bool:
    """Whether a turn says what another one of the same time says, of speech at least as far as it goes."""
    spoken = each.until is not None and (text.startswith(each.turn.text) or each.turn.text.startswith(text))
    return spoken or each.turn.text == text


def _rejoined(turns: Sequence[Spoken]) -> list[Spoken]:
    """The turns of a call, those that lie in two files but are one speaker's without a pause made one, as in a file."""
    done: list[Spoken] = []
    for each in turns:
        before = done[-1] if done else each
        if before.source != each.source and before.at is not None and each.at is not None:
            both = [_moved(before, 0.0), _moved(each, 0.0)]
            if len(made := speech.joined(both)) == 1:
                done[-1] = Spoken(made[0], before.source, made[0].start)
                continue
        done.append(each)
    return done


def _seam(mine: Sequence[Spoken], theirs: Sequence[Spoken]) -> list[Spoken] | None:
    """The turns of parts without times of which one holds the other, or begins as the other ends; None for others."""
    for whole, part in ((mine, theirs), (theirs, mine)):
        said, sought = [each.said for each in whole], [each.said for each in part]
        if _words(part) >= TELLING and any(said[at : at + len(part)] == sought for at in range(len(whole))):
            return list(whole)
    for first, second in ((mine, theirs), (theirs, mine)):
        said, follows = [each.said for each in first], [each.said for each in second]
        for length in range(min(len(said), len(follows)) - 1, 0, -1):
            if said[-length:] == follows[:length] and _words(second[:length]) >= TELLING:
                return [*first, *second[length:]]
    return None


def _words(turns: Sequence[Spoken]) -> int:
    return sum(len(each.turn.text.split()) for each in turns)

"""Much input in parts: conversations flow through, and only those that are in several files wait for one another.

All files are gone through twice. The first time a hash of every conversation's id is kept (8 bytes), so that the second
time it is known which ids occur more than once; files that share one are read one after the other. Mails are held until
all are there, because any two of them may belong to one thread, and come first.
"""

from __future__ import annotations

import hashlib
from array import array
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from empathy_scan import stages
from empathy_scan.readers import files
from empathy_scan.readers.gather import Placed, Problem
from empathy_scan.readers.pieces import Opener

LITTLE_BYTES = 32 * 1024 * 1024  # that are read at once; packed ones count tenfold
LITTLE_FILES = 5_000
TURNS_PER_PART = 40_000
_PACKED = (".gz", ".zip", ".tar", ".tgz", ".bz2", ".xz", ".docx", ".xlsx", ".parquet")

Batch = tuple[list[Placed], list[Problem]]


@dataclass(frozen=True, slots=True)
class _Index:
    """What the first time through has shown: which ids occur more than once, how often, and in what order to read."""

    copies: Mapping[int, int]  # hash of an id -> how many conversations have it, where that is more than one
    order: Sequence[int]  # positions of files: those with mails first, those that share an id side by side
    mails: int  # files with mails, at the beginning of the order


def is_little(found: Sequence[files.Found]) -> bool:
    """Whether the files are read at once."""
    if len(found) > LITTLE_FILES:
        return False
    total = 0
    for each in found:
        try:
            size = each.path.stat().st_size
        except OSError:  # told when it is read
            continue
        total += size * (10 if each.path.name.lower().endswith(_PACKED) else 1)
    return total <= LITTLE_BYTES


def batches(found: Sequence[files.Found], opener: Opener) -> Iterator[Batch]:
    """Conversations and problems in parts; copies of a conversation are in the same part. There is at least one."""
    with stages.stage(stages.INDEXING):
        index = _index(found, opener)
    stages.expect(stages.READING, len(found))
    waiting: dict[int, list[Placed]] = defaultdict(list)
    placed: list[Placed] = []
    problems: list[Problem] = []
    turns, some = 0, False
    for number, at in enumerate(index.order):
        for piece in opener(found[at]):
            if isinstance(piece, Problem):
                problems.append(piece)
                continue
            problems += piece.problems
            for each in piece.placed:
                ready = _ready(each, waiting, index.copies)
                placed += ready
                turns += sum(len(one.conversation.turns) for one in ready)
            if turns >= TURNS_PER_PART and number >= index.mails:
                yield placed, problems
                placed, problems, turns, some = [], [], 0, True
        stages.advance(stages.READING)
        if number == index.mails - 1 and placed:
            yield placed, problems
            placed, problems, turns, some = [], [], 0, True
    placed += [each for group in waiting.values() for each in group]
    if placed or problems or not some:
        yield placed, problems


def _ready(each: Placed, waiting: dict[int, list[Placed]], copies: Mapping[int, int]) -> list[Placed]:
    """The conversation, if it is the only one of its id; else all of them as soon as the last one is there."""
    key = _hashed(each)
    if each.conversation.mail is not None or key not in copies:
        return [each]
    group = waiting[key]
    group.append(each)
    return waiting.pop(key) if len(group) == copies[key] else []


def _hashed(each: Placed) -> int:
    identity = each.conversation.conversation_id.encode("utf-8", "replace")
    return int.from_bytes(hashlib.blake2b(identity, digest_size=8).digest(), "little")


def _index(found: Sequence[files.Found], opener: Opener) -> _Index:
    """The first time through all files."""
    hashes = [array("Q") for _ in found]
    mails = set[int]()
    stages.expect(stages.INDEXING, len(found))
    for at, each in enumerate(found):
        stages.advance(stages.INDEXING)
        for piece in opener(each):
            if isinstance(piece, Problem):
                continue
            hashes[at].extend(_hashed(one) for one in piece.placed if one.conversation.mail is None)
            if any(one.conversation.mail is not None for one in piece.placed):
                mails.add(at)
    copies = _more_than_once(hashes)
    return _Index(copies, _order(hashes, mails, copies), len(mails))


def _more_than_once(hashes: Sequence[array[int]]) -> dict[int, int]:
    """How often each hash occurs, where that is more than once; sorted, as that needs the least memory."""
    together = array("Q")
    for each in hashes:
        together.extend(each)
    seen: Counter[int] = Counter()
    before = -1
    for value in sorted(together):
        if value == before:
            seen[value] += 1
        before = value
    return {value: count + 1 for value, count in seen.items()}


def _order(hashes: Sequence[array[int]], mails: set[int], copies: Mapping[int, int]) -> list[int]:
    """Files with mails, then the others in their order, each followed by those that share a conversation with it."""
    sharing: dict[int, list[int]] = defaultdict(list)
    for at, each in enumerate(hashes):
        for value in set(each) & copies.keys() if copies else ():
            sharing[value].append(at)
    order = dict.fromkeys(sorted(mails))
    for at, each in enumerate(hashes):
        order.setdefault(at)
        for value in sorted(set(each) & copies.keys()) if copies else ():
            order.update(dict.fromkeys(other for other in sharing[value] if other not in order))
    return list(order)

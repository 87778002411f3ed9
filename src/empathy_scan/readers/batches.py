"""Much input in parts: conversations flow through, and only those that are in several files wait for one another.

All files are gone through twice. The first time a hash of every conversation's id is kept (8 bytes), so that the second
time it is known which ids occur more than once; files that share one are read one after the other. Mails are held until
all are there, because any two of them may belong to one thread, and come first.
"""

from __future__ import annotations

import hashlib
from array import array
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from math import inf

import numpy as np

from empathy_scan import stages
from empathy_scan.codebook import Role
from empathy_scan.readers import files
from empathy_scan.readers.gather import Placed, Problem
from empathy_scan.readers.pieces import Opener

LITTLE_BYTES = 8 * 1024 * 1024  # that are read at once; packed ones count tenfold
LITTLE_FILES = 5_000
TURNS_PER_PART = 20_000  # two parts are in memory: one is read and redacted while one is scored
# Where roles are to be inferred, parts are larger: what a label means is learned from the rest of a part.
INFERRED_AT_ONCE_BYTES = 32 * 1024 * 1024
INFERRED_PER_PART = 40_000
_PACKED = (".gz", ".zip", ".tar", ".tgz", ".bz2", ".xz", ".docx", ".xlsx", ".parquet")

Batch = tuple[list[Placed], list[Problem]]


@dataclass(frozen=True, slots=True)
class _Index:
    """What the first time through has shown: which ids occur more than once, how often, and in what order to read."""

    copies: Mapping[int, int]  # hash of an id -> how many conversations have it, where that is more than one
    order: Sequence[int]  # positions of files: those with mails first, those that share an id side by side
    mails: int  # files with mails, at the beginning of the order
    inferred: bool  # whether roles are to be inferred, as the files do not tell them


def is_little(found: Sequence[files.Found]) -> bool:
    """Whether the files are read at once."""
    return len(found) <= LITTLE_FILES and _size(found) <= LITTLE_BYTES


def _turns_per_part(found: Sequence[files.Found], *, inferred: bool) -> float:
    """How many turns make a part, at least."""
    if not inferred:
        return TURNS_PER_PART
    at_once = len(found) <= LITTLE_FILES and _size(found) <= INFERRED_AT_ONCE_BYTES
    return inf if at_once else INFERRED_PER_PART


def _size(found: Sequence[files.Found]) -> int:
    """The bytes of the files; packed ones count tenfold."""
    total = 0
    for each in found:
        try:
            size = each.path.stat().st_size
        except OSError:  # told when it is read
            continue
        total += size * (10 if each.path.name.lower().endswith(_PACKED) else 1)
    return total


@dataclass(slots=True)
class _Part:
    """What is gathered of the next part, and the copies that wait for one another."""

    copies: Mapping[int, int]
    placed: list[Placed] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    turns: int = 0
    waiting: dict[int, list[Placed]] = field(default_factory=lambda: defaultdict(list))

    def add(self, each: Placed) -> None:
        """A conversation: at once if it is the only one of its id, else all of them as soon as the last is there."""
        ready = [each]
        key = _hashed(each)
        if each.conversation.mail is None and key in self.copies:
            self.waiting[key].append(each)
            ready = self.waiting.pop(key) if len(self.waiting[key]) == self.copies[key] else []
        self.placed += ready
        self.turns += sum(len(one.conversation.turns) for one in ready)

    def cut(self) -> Batch:
        """What was gathered, of which nothing is kept here."""
        batch = self.placed, self.problems
        self.placed, self.problems, self.turns = [], [], 0
        return batch


def batches(found: Sequence[files.Found], opener: Opener) -> Iterator[Batch]:
    """Conversations and problems in parts; copies of a conversation are in the same part. There is at least one."""
    with stages.stage(stages.INDEXING):
        index = _index(found, opener)
    stages.expect(stages.READING, len(found))
    most = _turns_per_part(found, inferred=index.inferred)
    part, some = _Part(index.copies), False
    for number, at in enumerate(index.order):
        for piece in opener(found[at]):
            if isinstance(piece, Problem):
                part.problems.append(piece)
                continue
            part.problems += piece.problems
            for each in piece.placed:
                part.add(each)
                if part.turns >= most and number >= index.mails and not index.inferred:
                    yield part.cut()
                    some = True
            if part.turns >= most and number >= index.mails:
                yield part.cut()
                some = True
        stages.advance(stages.READING)
        if number == index.mails - 1 and part.placed:
            yield part.cut()
            some = True
    part.placed += [each for group in part.waiting.values() for each in group]
    if part.placed or part.problems or not some:
        yield part.cut()


def _hashed(each: Placed) -> int:
    identity = each.conversation.conversation_id.encode("utf-8", "replace")
    return int.from_bytes(hashlib.blake2b(identity, digest_size=8).digest(), "little")


def _index(found: Sequence[files.Found], opener: Opener) -> _Index:
    """The first time through all files."""
    hashes = [array("Q") for _ in found]
    mails, inferred = set[int](), False
    stages.expect(stages.INDEXING, len(found))
    for at, each in enumerate(found):
        stages.advance(stages.INDEXING)
        for piece in opener(each):
            if isinstance(piece, Problem):
                continue
            hashes[at].extend(_hashed(one) for one in piece.placed if one.conversation.mail is None)
            if any(one.conversation.mail is not None for one in piece.placed):
                mails.add(at)
            inferred = inferred or any(
                turn.role == Role.UNKNOWN for one in piece.placed for turn in one.conversation.turns
            )
    copies = _more_than_once(hashes)
    return _Index(copies, _order(hashes, mails, copies), len(mails), inferred)


def _more_than_once(hashes: Sequence[array[int]]) -> dict[int, int]:
    """How often each hash occurs, where that is more than once."""
    together = np.concatenate([np.frombuffer(each, dtype=np.uint64) for each in (array("Q"), *hashes)])
    values, counts = np.unique(together, return_counts=True)
    again = counts > 1
    return dict(zip(values[again].tolist(), counts[again].tolist(), strict=True))


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

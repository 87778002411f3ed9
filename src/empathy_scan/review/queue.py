"""The review queue: a folder that holds the turns that were drawn and, append-only, what each person answered.

    <queue>/draws/0001.jsonl     one line on the draw, then one per turn, with its words as the store has them
    <queue>/draws/0001.parquet   how probable it was in this draw that any turn of the frame was taken
    <queue>/answers/<name>.jsonl one line per answer, written through to the disk before it counts as given

Answers are the one thing here that nobody can make again: a line is never changed, only added to; the last line of a
file that a crash has cut is passed over. Only `forget` takes lines out. A lock lets one process write at a time.
"""

from __future__ import annotations

import hashlib
import json
import os
import threading
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import polars as pl

from empathy_scan import lock, sums
from empathy_scan.errors import StoreError, UsageError
from empathy_scan.fingerprints import message_id
from empathy_scan.report import words
from empathy_scan.review import questions
from empathy_scan.review.questions import Question

FORMAT_VERSION = 1
RANDOM, UNCERTAIN, RARE, CITED = "random", "uncertain", "rare", "cited"
PARTS = (RANDOM, UNCERTAIN, RARE, CITED)
# How probable it was that a turn was taken in a draw; conversations by digits of their id.
CHANCES = {"conversation": pl.UInt64, "turn": pl.Int32, "p": pl.Float64}
_WAIT_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class Item:
    """A turn that was drawn, as it was then."""

    id: str
    conversation_id: str
    turn: int
    role: str
    agent_id: str
    text: str
    context: tuple[tuple[str, str], ...]  # role and words of what came before, oldest first
    model: Mapping[str, str]  # what the model answers to the questions
    version: tuple[str, str, str]  # of the conversation: content, model, settings
    part: str  # for which it was taken
    draw: int  # number of the draw
    everyone: bool = False  # all reviewers get it
    reviewer: str = ""  # who else gets it; "" = whoever comes first
    asks: tuple[str, ...] = ()  # keys of the questions that it was drawn for; none = the standard ones of its role


@dataclass(frozen=True, slots=True)
class Answer:
    """What a person said of a turn; `again` is a second thought, after the model's labels were shown."""

    id: str
    reviewer: str
    labels: Mapping[str, str]
    answered_at: datetime
    comment: str = ""
    via: str = "page"  # or the name of the file that it came from
    again: bool = False


@dataclass(frozen=True, slots=True)
class Draw:
    """A draw: its number, what was asked for, and its turns."""

    number: int
    asked: Mapping[str, object]
    items: tuple[Item, ...]
    drawn_at: datetime = field(default_factory=lambda: datetime.now(UTC))


def item_id(conversation_id: str, turn: int) -> str:
    """The name of a turn in files: no spreadsheet takes it for a number or a date, and it tells nothing of anybody."""
    return message_id(conversation_id, turn)


def digits(conversation_ids: Sequence[str]) -> pl.Series:
    """Numbers for conversations, the same every time."""
    made = [int.from_bytes(hashlib.sha256(each.encode()).digest()[:8], "big") for each in conversation_ids]
    return pl.Series("conversation", made, pl.UInt64)


def person(name: str) -> str:
    """A reviewer's name as it is compared, without case: whose answers are whose."""
    return " ".join(name.split()).casefold()


def luck(name: str, salt: str = "") -> float:
    """A number from 0 to 1 that is always the same."""
    return int.from_bytes(hashlib.sha256(f"{salt}\0{name}".encode()).digest()[:6], "big") / 2**48


class Queue:
    """The review queue in a folder; nothing is made before the first draw."""

    def __init__(self, folder: Path, *, wait_seconds: float = _WAIT_SECONDS, own: Sequence[Question] = ()) -> None:
        self.folder = folder
        self.own = tuple(own)  # questions of the centre's own
        self._wait_seconds = wait_seconds
        self._own = threading.RLock()  # the threads of this process take turns
        self._depth = 0

    def asked_of(self, item: Item) -> tuple[Question, ...]:
        """The questions that a turn was drawn for; none where all of them are gone from the codebook."""
        every = questions.of(item.role, self.own)
        return tuple(each for each in every if each.key in item.asks) if item.asks else questions.of(item.role)

    def draws(self) -> list[Draw]:
        """Every draw, oldest first. Raises StoreError for a folder that cannot be read."""
        return [self._draw(path) for path in self._drawn()]

    def items(self) -> list[Item]:
        """Every turn that was drawn, in the order of drawing."""
        return [item for draw in self.draws() for item in draw.items]

    def answers(self) -> list[Answer]:
        """Every answer, by reviewer, in the order in which they were given."""
        return [answer for path in self._answered() for answer in self._read_answers(path)]

    def chances(self) -> pl.DataFrame:
        """CHANCES of every draw, with the column `draw`."""
        with _readable(self.folder):
            frames = [
                pl.read_parquet(path.with_suffix(".parquet")).with_columns(draw=pl.lit(int(path.stem), pl.Int64))
                for path in self._drawn()
            ]
        return pl.concat([pl.DataFrame(schema={**CHANCES, "draw": pl.Int64}), *frames])

    def stamp(self) -> tuple[tuple[str, int, int], ...]:
        """What changes whenever the queue does."""
        stats = [(path.name, path.stat()) for path in (*self._drawn(), *self._answered())]
        return tuple((name, stat.st_mtime_ns, stat.st_size) for name, stat in stats)

    def add_draw(self, draw: Draw, chances: pl.DataFrame) -> None:
        """Add a draw; its number must be the next one. Raises StoreError where the folder cannot be written."""
        with self.writing():
            if draw.number != self.next_number():
                raise StoreError(
                    "somebody else has drawn meanwhile", where=str(self.folder), remedy="repeat the export"
                )
            stem = self.folder / "draws" / f"{draw.number:04}"
            head = {
                "format": FORMAT_VERSION, "number": draw.number, "drawn_at": draw.drawn_at.isoformat(),
                "asked": dict(draw.asked),
            }  # fmt: skip
            lines = [head, *map(_line, draw.items)]
            with sums.writable(self.folder):
                stem.parent.mkdir(parents=True, exist_ok=True)
                chances.select(*CHANCES).write_parquet(stem.with_suffix(".parquet"))
            self._replace(stem.with_suffix(".jsonl"), lines)

    def next_number(self) -> int:
        """The number of the next draw."""
        return max((int(path.stem) for path in self._drawn()), default=0) + 1

    def add_answers(self, answers: Sequence[Answer]) -> None:
        """Add answers, each in the file of its reviewer; they are on the disk when this returns.

        Raises UsageError for one without a reviewer, StoreError where the folder cannot be written.
        """
        by_file: dict[Path, list[Answer]] = {}
        for answer in answers:
            by_file.setdefault(self._file_of(answer.reviewer), []).append(answer)
        with self.writing(), sums.writable(self.folder):
            for path, own in by_file.items():
                path.parent.mkdir(parents=True, exist_ok=True)
                _append(path, [{**asdict(each), "answered_at": each.answered_at.isoformat()} for each in own])

    def forget(self, conversation_ids: Collection[str]) -> tuple[int, int]:
        """Take out all that is held of conversations; how many turns and answers there were.

        Answers go first: killed and repeated, it finishes the deletion.
        """
        wanted = set(conversation_ids)
        if not self.folder.is_dir() or not wanted:
            return 0, 0
        with self.writing():
            draws = self.draws()
            gone = {item.id for draw in draws for item in draw.items if item.conversation_id in wanted}
            lost = sum(self._forget_answers(path, gone) for path in self._answered())
            numbers = digits(sorted(wanted))
            for draw in draws:
                self._forget_turns(draw, gone, numbers)
        return len(gone), lost

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Keep other processes and threads from writing for the length of a `with` block (may be nested)."""
        with self._own:
            if self._depth:
                yield
                return
            with lock.exclusive(self.folder / ".lock", wait_seconds=self._wait_seconds):
                self._depth += 1
                try:
                    yield
                finally:
                    self._depth -= 1

    def _forget_answers(self, path: Path, gone: Collection[str]) -> int:
        held = self._read_answers(path)
        kept = [each for each in held if each.id not in gone]
        if len(kept) < len(held):
            self._replace(path, [{**asdict(each), "answered_at": each.answered_at.isoformat()} for each in kept])
        return len(held) - len(kept)

    def _forget_turns(self, draw: Draw, gone: Collection[str], numbers: pl.Series) -> None:
        stem = self.folder / "draws" / f"{draw.number:04}"
        chances = pl.read_parquet(stem.with_suffix(".parquet"))
        kept = chances.filter(~pl.col("conversation").is_in(numbers.implode()))
        if kept.height < chances.height:
            part = stem.with_suffix(".parquet.part")
            with sums.writable(self.folder):
                kept.write_parquet(part)
                part.replace(stem.with_suffix(".parquet"))
        if any(item.id in gone for item in draw.items):
            head = self._lines(stem.with_suffix(".jsonl"))[0]
            left = [_line(item) for item in draw.items if item.id not in gone]
            self._replace(stem.with_suffix(".jsonl"), [head, *left])

    def _drawn(self) -> list[Path]:
        return sorted(path for path in self.folder.glob("draws/*.jsonl") if path.stem.isdigit())

    def _answered(self) -> list[Path]:
        return sorted(self.folder.glob("answers/*.jsonl"))

    def _file_of(self, reviewer: str) -> Path:
        if not person(reviewer):
            raise UsageError("an answer has no reviewer", remedy="say who answered, with --reviewer")
        return self.folder / "answers" / f"{words.slug(person(reviewer))}.jsonl"

    def _draw(self, path: Path) -> Draw:
        head, *lines = self._lines(path)
        try:
            if head["format"] != FORMAT_VERSION:
                raise StoreError(
                    f"a draw of format {head['format']!r}, this version reads {FORMAT_VERSION}", where=str(path),
                    remedy="upgrade empathy-scan",
                )  # fmt: skip
            items = tuple(_item(line) for line in lines)
            return Draw(head["number"], head["asked"], items, datetime.fromisoformat(head["drawn_at"]))
        except (KeyError, TypeError, ValueError) as error:
            raise _damaged(path) from error

    def _read_answers(self, path: Path) -> list[Answer]:
        try:
            return [
                Answer(**{**line, "answered_at": datetime.fromisoformat(line["answered_at"])})
                for line in self._lines(path)
            ]
        except (KeyError, TypeError, ValueError) as error:
            raise _damaged(path) from error

    def _lines(self, path: Path) -> list[dict[str, Any]]:
        """The JSON objects of a file; a last line that was cut off is none."""
        with _readable(path):
            whole = path.read_text(encoding="utf-8")
        lines = whole.split("\n")
        found = []
        for number, line in enumerate(lines):
            if not line:
                continue
            try:
                found.append(json.loads(line))
            except ValueError as error:
                if not _cut_off(lines, number):
                    raise _damaged(path, number + 1) from error
        if not found and path.parent.name == "draws":
            raise _damaged(path)
        return found

    def _replace(self, path: Path, lines: Sequence[Mapping[str, object]]) -> None:
        """Put a file in the place of an older one, whole or not at all."""
        part = path.with_suffix(".part")
        with sums.writable(self.folder):
            path.parent.mkdir(parents=True, exist_ok=True)
            part.unlink(missing_ok=True)
            _append(part, lines)
            part.replace(path)


def forget(folder: Path, conversation_ids: Collection[str]) -> tuple[int, int]:
    """Take out of the queue in a folder all that it holds of conversations; how many turns and answers there were.

    Files that were exported lie elsewhere and stay. Raises StoreError where the folder cannot be written.
    """
    return Queue(folder).forget(conversation_ids)


def _line(item: Item) -> dict[str, Any]:
    """A turn as its line in a file; older programs know no `asks`, which most turns do without."""
    told = asdict(item)
    return told if item.asks else {name: value for name, value in told.items() if name != "asks"}


def _item(line: Mapping[str, Any]) -> Item:
    context = tuple((str(role), str(text)) for role, text in line["context"])
    asks = tuple(map(str, line.get("asks", ())))
    return Item(**{**line, "context": context, "version": tuple(line["version"]), "asks": asks})


def _append(path: Path, lines: Sequence[Mapping[str, object]]) -> None:
    """Add lines to a file and write them through to the disk; a line that a crash has cut off is closed before."""
    handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o666)
    try:
        size = os.fstat(handle).st_size
        torn = False
        if size:
            os.lseek(handle, size - 1, os.SEEK_SET)
            torn = os.read(handle, 1) != b"\n"
        text = "".join(json.dumps(line, ensure_ascii=True) + "\n" for line in lines)
        whole = ("\n" * torn + text).encode("ascii")
        while whole:
            whole = whole[os.write(handle, whole) :]
        os.fsync(handle)
    finally:
        os.close(handle)


def _cut_off(lines: Sequence[str], number: int) -> bool:
    """Whether a line that is no JSON is what a crash has left of one: it never came to its closing brace."""
    return not lines[number].rstrip().endswith("}") or number == len(lines) - 1


def _damaged(path: Path, line: int = 0) -> StoreError:
    where = f"{path}:{line}" if line else str(path)
    return StoreError("is damaged", where=where, remedy="restore the file from a copy, or take the line out")


@contextmanager
def _readable(path: Path) -> Iterator[None]:
    try:
        yield
    except (OSError, UnicodeDecodeError, pl.exceptions.PolarsError) as error:
        reason = getattr(error, "strerror", None) or type(error).__name__
        raise StoreError(f"cannot be read ({reason})", where=str(path), remedy="check the review queue") from error

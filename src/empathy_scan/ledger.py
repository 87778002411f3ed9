"""The ledger of files: what the next run may leave closed, and what it must read together with what is new.

A file is known by its path, size and time, or else by its bytes, wherever it was moved; it must have been read by this
program with this model and these settings. Known files are not opened. A new or changed file is read, and with it:

* the known files that hold parts or copies of its conversations, or mails of its threads, directly or through others;
* where roles had to be inferred, some of the known files for which that was so, too: what a label means is learned
  from the other conversations of an export.

A file that grows while it is looked at, or whose name says that it is not whole yet, is left for the next run.
"""

from __future__ import annotations

import hashlib
import os
import time
from array import array
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from empathy_scan import stages
from empathy_scan.codebook import Role
from empathy_scan.config import ReadConfig
from empathy_scan.readers import beside, objects
from empathy_scan.readers.files import Found, is_there, path_of, still_written
from empathy_scan.readers.gather import Placed, Problem
from empathy_scan.readers.pieces import Opener, Piece, pieces
from empathy_scan.tables import FILES, conform

READ, REJECTED, LEFT_OUT = "read", "rejected", "left out"
_LATELY = 5.0  # seconds within which a file has changed that is looked at twice,
_PAUSE = 1.0  # so many seconds apart
_COARSE = 1_000_000_000  # nanoseconds: clocks of some disks tell whole seconds only
_CONTEXT_FILES = 200  # known files that are read again because roles have to be inferred
_CONTEXT_BYTES = 32 * 1024 * 1024
_HELD_FILES = 5_000
_HELD_BYTES = 32 * 1024 * 1024  # of new files whose pieces are held until they are asked for again
_MANY_PEOPLE = 8  # of a mail, from which on its subject alone ties it to others
_BLOCK = 1 << 20
_SAME = ("size", "mtime_ns", "beside", "reading")


@dataclass(slots=True)
class Note:
    """What a file has shown while it was read."""

    keys: array[int] = field(default_factory=lambda: array("q"))  # one may be there twice
    formats: set[str] = field(default_factory=set)
    inferred: bool = False
    conversations: int = 0


@dataclass(slots=True)
class Plan:
    """What a run has to do: the files to read, those known by their bytes, and those left for the next run."""

    seen: pl.DataFrame  # path, source, size, mtime_ns, beside of each
    read: list[Found]
    moved: pl.DataFrame  # FILES: known by their bytes, under another name or time
    context: frozenset[str]  # sources of those that are read only for what they tell of others
    told: list[Problem]  # of files that are not opened: why
    waiting: int  # of them, those that are left for the next run
    known: int  # files that are as the ledger has them
    domains: frozenset[str]  # the agents' mail domains that earlier runs have found
    notes: dict[str, Note]
    rows: pl.DataFrame  # FILES as the store has it
    opener: Opener


def plan(
    found: Sequence[Found],
    rows: pl.DataFrame,
    *,
    reading: str,
    config: ReadConfig,
    again: bool = False,
    retry: Collection[str] = (),
) -> Plan:
    """What is to be read of the files that were found, where the store's ledger holds `rows` (FILES, a row per path).

    `reading` is the fingerprint of all that shapes what is made of a file. With `again` all is read; files called as in
    `retry` are read, too.
    """
    whole = [each for each in found if each.problem is None]
    rows = rows.clear() if again else rows
    seen = look(whole)
    trusted = rows.filter(pl.col("reading") == reading, ~pl.col("source").is_in(list(retry)))
    known = _known(seen, trusted)
    fresh = seen.join(known, on="path", how="anti", maintain_order="left")
    growing = _growing(fresh)
    fresh = fresh.filter(~pl.col("path").is_in(list(growing)))
    moved = _moved(fresh, trusted, seen)
    fresh = fresh.join(moved, on="path", how="anti", maintain_order="left")
    held = pl.concat([trusted.join(known, on="path", how="semi"), moved])
    by_path = dict(zip(seen["path"], whole, strict=True))
    told = [Problem(each.source, each.problem) for each in found if each.problem is not None]
    told += [Problem(by_path[path].source, still_written("it grows")) for path in sorted(growing)]
    opener = _Opener(config, hold=_few(fresh))
    tied, context = _together([by_path[path] for path in fresh["path"]], list(fresh["path"]), held, opener)
    chosen = {*fresh["path"], *tied, *context}
    return Plan(
        seen=seen,
        read=[by_path[path] for path in seen["path"] if path in chosen] if chosen else [],
        moved=moved,
        context=frozenset(by_path[path].source for path in context),
        told=told,
        waiting=sum(is_waiting(each) for each in told),
        known=known.height + moved.height,
        domains=frozenset(name for text in held["domains"].unique() for name in text.split(",") if name),
        notes=opener.notes,
        rows=rows,
        opener=opener,
    )


def is_waiting(problem: Problem) -> bool:
    """Whether a file is left for the next run."""
    return problem.error.what.startswith(still_written("").what.partition("(")[0])


def look(found: Sequence[Found], *, anew: bool = False) -> pl.DataFrame:
    """Path, source, size, time and companions of each file, without opening any; size -1 where the system says none.

    What a listing has told of objects is believed, unless they are to be looked at `anew`.
    """
    here, sizes, times = os.getcwd(), array("q"), array("q")  # noqa: PTH109 - joined as text, 100,000 times
    paths: list[str] = []
    for each in found:
        try:
            status = _status(each, anew=anew)
            sizes.append(status.st_size)
            times.append(status.st_mtime_ns)
        except OSError:
            sizes.append(-1)
            times.append(-1)
        text = each.where
        whole = os.path.isabs(text) or objects.is_remote(text)  # noqa: PTH117 - as above
        paths.append(_shown(text if whole else os.path.join(here, text)))  # noqa: PTH118 - as above
    return pl.DataFrame(
        {
            "path": paths,
            "source": [each.source for each in found],
            "size": pl.Series(sizes, dtype=pl.Int64),
            "mtime_ns": pl.Series(times, dtype=pl.Int64),
            "beside": [_companions(each) for each in found],
        },
        schema={name: FILES.columns[name] for name in ("path", "source", "size", "mtime_ns", "beside")},
    )


def _status(found: Found, *, anew: bool) -> os.stat_result | objects.Status:
    if not objects.is_remote(found.where):
        return os.stat(found.where)  # noqa: PTH116 - as in look
    return objects.status(found.where) if anew or found.seen is None else found.seen


def changed_since(plan: Plan, files: Iterable[Found]) -> list[Found]:
    """Those of the files that are not any more what they were when the run looked at them."""
    files = list(files)
    if not files:
        return []
    before = plan.seen.rename({"size": "old_size", "mtime_ns": "old_time", "beside": "old_beside"})
    now = look(files, anew=True).with_row_index("at").join(before.drop("source"), on="path", how="left")
    other = now.filter(
        (pl.col("size") != pl.col("old_size"))
        | (pl.col("mtime_ns") != pl.col("old_time"))
        | (pl.col("beside") != pl.col("old_beside"))
    )
    return [files[at] for at in other["at"].sort()]


def entries(
    plan: Plan, files: Sequence[Found], rejects: pl.DataFrame, *, reading: str, domains: Collection[str]
) -> pl.DataFrame:
    """The rows of FILES that a run adds: what it has read, and what it found under another name or time."""
    now = datetime.now(UTC)
    said = Counter(map(file_of, rejects["source"])) if files else Counter[str]()
    looked = plan.seen.filter(pl.col("source").is_in([each.source for each in files]))
    before = plan.rows.join(looked, on=("path", "size", "mtime_ns"), how="semi")
    known = dict(before.select("path", "sha256").iter_rows())
    by_source = looked.rows_by_key("source", named=True, unique=True, include_key=True)
    rows = []
    for each in files:
        seen, note = by_source[each.source], plan.notes.get(each.source)
        sha256 = known.get(seen["path"], "")
        if note is not None and not sha256:
            sha256 = digest(each.path)
        if sha256 is None or seen["size"] < 0:
            continue  # it cannot be opened: the next run tries again
        note = note or Note()
        state = READ if note.conversations else REJECTED if note.formats or sha256 else LEFT_OUT
        rows.append(
            {
                **seen, "sha256": sha256, "reading": reading, "state": state, "format": ",".join(sorted(note.formats)),
                "keys": _each_once(note.keys), "inferred": note.inferred, "domains": ",".join(sorted(domains)),
                "rejects": said[each.source], "read_at": now,
            }
        )  # fmt: skip
    made = pl.DataFrame(rows, schema=dict(FILES.columns))
    moved = plan.moved.join(made, on="path", how="anti").with_columns(read_at=pl.lit(now, FILES.columns["read_at"]))
    return conform(pl.concat([made, moved]), FILES)


def _each_once(keys: array[int]) -> pl.Series:
    """The keys, sorted, each once."""
    return pl.Series(np.unique(np.frombuffer(keys, dtype=np.int64)))


def begun(held: pl.DataFrame, plan: Plan) -> pl.DataFrame:
    """The rows of FILES that a run adds before it stores anything: what the ledger holds of the files to be read ends.

    Were it to stay, a run that is killed between the storing and its own rows would leave the store with what a file
    said in between, and the ledger with what it said before: a file that says so again would be taken for known.
    """
    wanted = plan.seen.filter(pl.col("source").is_in([each.source for each in plan.read])).select("path")
    old = held.filter(pl.col("reading") != "").join(wanted, on="path", how="semi")
    now = pl.lit(datetime.now(UTC), FILES.columns["read_at"])
    return conform(old.with_columns(reading=pl.lit(""), read_at=now), FILES)


def elsewhere(plan: Plan, sources: Iterable[str]) -> set[str]:
    """Those of the files that lie outside what was looked at now, and are still there."""
    wanted = set(map(file_of, sources)) - set(plan.seen["source"])
    rows = plan.rows.filter(pl.col("source").is_in(list(wanted))).join(plan.seen, on="path", how="anti")
    return {source for source, path in rows.select("source", "path").iter_rows() if is_there(path)}


def file_of(source: str) -> str:
    """The file that a source is, or is a member of."""
    return source.partition("!/")[0]


def digest(path: Path) -> str | None:
    """The SHA-256 of a file's bytes and of those that are read with it; None where it cannot be opened."""
    whole = hashlib.sha256()
    try:
        for each in (path, *(companion for _, companion in sorted(beside.of_corpus(path).items()))):
            with each.open("rb") as stream:
                while block := stream.read(_BLOCK):
                    whole.update(block)
    except OSError:
        return None
    return whole.hexdigest()


# --- what is known -------------------------------------------------------------------------------------------------


def _known(seen: pl.DataFrame, rows: pl.DataFrame) -> pl.DataFrame:
    """The files that are as the ledger has them. One of a coarse clock that was read at once may have changed since."""
    same = seen.join(rows, on=("path", *_SAME[:3]), how="inner", suffix="_then")
    coarse = pl.col("mtime_ns") % _COARSE == 0
    at_once = pl.col("read_at").dt.epoch("ns") - pl.col("mtime_ns") < 2 * _COARSE
    return same.filter(~(coarse & at_once)).select(seen.columns)


def _moved(fresh: pl.DataFrame, rows: pl.DataFrame, seen: pl.DataFrame) -> pl.DataFrame:
    """FILES of those that have the bytes of a known file: of the same path, or of one that is there no more.

    One of which something was rejected is read again, as the rejects name it.
    """
    if fresh.is_empty() or rows.is_empty():
        return rows.clear()
    here = set(seen["path"])
    gone = rows.filter(pl.col("rejects") == 0, pl.col("sha256") != "", pl.col("beside") == "")
    gone = gone.filter(~pl.col("path").is_in(list(here))).filter(pl.col("size").is_in(fresh["size"].implode()))
    by_bytes = {row["sha256"]: row for row in gone.iter_rows(named=True) if not is_there(row["path"])}
    sizes = {row["size"] for row in by_bytes.values()}
    own = rows.join(fresh, on=("path", "size", "beside"), how="semi").rows_by_key(
        "path", named=True, unique=True, include_key=True
    )
    made = []
    for each in fresh.iter_rows(named=True):
        before = own.get(each["path"])
        if not (before and before["sha256"]) and each["size"] not in sizes:
            continue
        found = digest(path_of(each["path"]))
        row = before if before and before["sha256"] == found else by_bytes.get(found or "")
        if row is not None:
            made.append({**row, **each})
    return pl.DataFrame(made, schema=dict(FILES.columns))


def _growing(fresh: pl.DataFrame) -> set[str]:
    """The files that have changed in the last seconds and still do."""
    now = time.time()
    young = fresh.filter((pl.lit(now) - pl.col("mtime_ns") / 1e9).abs() < _LATELY)
    young = young.filter(~pl.col("path").map_elements(objects.is_remote, return_dtype=pl.Boolean))  # objects come whole
    if young.is_empty():
        return set()
    time.sleep(_PAUSE)
    growing = set()
    for path, size, mtime in young.select("path", "size", "mtime_ns").iter_rows():
        try:
            status = os.stat(path)  # noqa: PTH116 - as in look
        except OSError:
            continue
        if (status.st_size, status.st_mtime_ns) != (size, mtime):
            growing.add(path)
    return growing


def _few(fresh: pl.DataFrame) -> bool:
    return fresh.height <= _HELD_FILES and int(fresh["size"].sum()) <= _HELD_BYTES


def _companions(found: Found) -> str:
    """Digits that change with the files that are read with this one."""
    if not found.where.lower().endswith(beside.UTTERANCES):
        return ""
    marks = []
    for name, each in sorted(beside.of_corpus(found.path).items()):
        status = each.stat()
        marks.append(f"{name} {status.st_size} {status.st_mtime_ns}")
    return hashlib.sha256("\n".join(marks).encode()).hexdigest()[:12] if marks else ""


def _shown(path: str) -> str:
    return path if path.isascii() else os.fsencode(path).decode("utf-8", "backslashreplace")


# --- what belongs together -----------------------------------------------------------------------------------------


class _Opener:
    """Opens files and notes what they show; the pieces of few new files are held until they are asked for again."""

    def __init__(self, config: ReadConfig, *, hold: bool) -> None:
        self._config, self._hold = config, hold
        self._held: dict[str, list[Piece | Problem]] = {}
        self.notes: dict[str, Note] = {}

    def first(self, found: Found) -> Note:
        """What a file shows when it is opened ahead of the others."""
        if not found.named and beside.reason(found.path) is not None:
            return Note()
        if self._hold:
            self._held[found.source] = list(self(found))
        else:
            for _ in self(found):
                pass
        return self.notes[found.source]

    def __call__(self, found: Found) -> Iterator[Piece | Problem]:
        """As `pieces`."""
        if found.source in self._held:
            yield from self._held.pop(found.source)
            return
        note = self.notes[found.source] = Note()
        for piece in pieces(found, self._config):
            if isinstance(piece, Piece):
                _notice(piece, note)
            yield piece


def _notice(piece: Piece, note: Note) -> None:
    """Take down what ties a piece to those of other files."""
    note.formats.add(piece.detection.reader.name)
    for each in piece.placed:
        note.conversations += 1
        note.keys.extend(map(_hashed, _ties(each)))
        note.inferred = note.inferred or any(turn.role == Role.UNKNOWN for turn in each.conversation.turns)


def _ties(each: Placed) -> Iterator[tuple[str, ...]]:
    """What a conversation shares with another that is a part or copy of it; for a mail all that threads go by."""
    mail = each.conversation.mail
    if mail is None:
        yield "id", each.conversation.conversation_id
        return
    yield from (("id", name) for name in (mail.message_id, *mail.references))
    if mail.thread_index:
        yield "index", mail.thread_index
    if mail.ticket:
        yield "ticket", mail.ticket
    if mail.subject and len(mail.people) > _MANY_PEOPLE:
        yield "subject", mail.subject
    elif mail.subject:
        yield from (("subject", mail.subject, *pair) for pair in combinations(sorted(mail.people), 2))
        if len(mail.people) < 2:
            yield "subject", mail.subject, *mail.people
    if mail.date is not None:
        turn = each.conversation.turns[0]
        yield "words", f"{mail.date:%Y%m%d%H%M}", turn.speaker or "", mail.subject, turn.text


def _hashed(tie: tuple[str, ...]) -> int:
    whole = "\x1f".join(tie).encode("utf-8", "replace")
    return int.from_bytes(hashlib.blake2b(whole, digest_size=8).digest(), "little", signed=True)


def _together(
    new: Sequence[Found], paths: Sequence[str], held: pl.DataFrame, opener: _Opener
) -> tuple[set[str], set[str]]:
    """The known files that must be read with the new ones, and those that are read for what they tell of roles."""
    if not new or held.is_empty():
        return set(), set()
    notes = []
    stages.expect(stages.INDEXING, len(new))
    with stages.stage(stages.INDEXING):
        for each in new:
            notes.append(opener.first(each))
            stages.advance(stages.INDEXING)
    ties = held.select("path", "keys").explode("keys").drop_nulls()
    tied = _tied(ties, {key for note in notes for key in note.keys})
    if not any(note.inferred for note in notes):
        return tied, set()
    near = {(os.path.dirname(path), name) for path, note in zip(paths, notes, strict=True) for name in note.formats}  # noqa: PTH120 - text
    context = _context(held, near)
    whole = context | _tied(ties, set(ties.filter(pl.col("path").is_in(list(context)))["keys"]))
    return tied, whole - tied


def _tied(ties: pl.DataFrame, keys: Collection[int]) -> set[str]:
    """The files with one of the keys, and those with keys of these, and so on."""
    found: set[str] = set()
    wanted = pl.Series("keys", list(keys), pl.Int64)
    while True:
        more = set(ties.filter(pl.col("keys").is_in(wanted.implode()))["path"].unique()) - found
        if not more:
            return found
        found |= more
        wanted = ties.filter(pl.col("path").is_in(list(more)))["keys"].unique()


def _context(held: pl.DataFrame, near: Collection[tuple[str, str]]) -> set[str]:
    """Known files whose roles were inferred, too: of the same folder and format, undecided ones, the newest first."""

    def far(row: dict[str, Any]) -> tuple[bool, bool, int, str]:
        folder = os.path.dirname(row["path"])  # noqa: PTH120 - text
        close = any((folder, name) in near for name in row["format"].split(","))
        return not close, not row["rejects"], -row["mtime_ns"], row["path"]

    rows = held.filter("inferred").select("path", "format", "size", "mtime_ns", "rejects")
    chosen: set[str] = set()
    total = 0
    for row in sorted(rows.iter_rows(named=True), key=far)[:_CONTEXT_FILES]:
        total += row["size"]
        if total > _CONTEXT_BYTES:
            break
        chosen.add(row["path"])
    return chosen

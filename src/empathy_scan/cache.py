"""Scores by content: the same words in the same context are scored once, whoever said them and whenever.

A SQLite file of keys (hashes of role, context and focus) and scores; it holds no text. Losing it costs time and nothing
else, so a damaged file is set aside and a full disk is a warning in the log. Each row has a checksum: one that is not
what was put counts for nothing.
"""

from __future__ import annotations

import hashlib
import logging
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Self, TypeVar

import polars as pl

from empathy_scan.fingerprints import digests, spelt
from empathy_scan.tables import SCORES, Table, conform

LOG = logging.getLogger(__name__)
T = TypeVar("T")

_PLACE = frozenset({"conversation_id", "turn", "segment", "role", "start", "end", "model"})
# A score without the place of its segment. The offsets in `evidence` are kept as they are given: make them relative to
# the segment, because the same segment stands elsewhere in another turn.
CACHED = Table(
    "cached",
    {"key": pl.String, **{name: kind for name, kind in SCORES.columns.items() if name not in _PLACE}},
    key=("key",),
    nullable=SCORES.nullable,
)
_LISTS = ("evidence", "deletions")  # kept as JSON
_FILE = "scores-3.sqlite3"  # another layout gets another number, and so another file
_WAIT_SECONDS = 30.0  # for another process that writes
_COLUMNS = ", ".join(CACHED.columns)
_CREATE = f"CREATE TABLE IF NOT EXISTS scores (model TEXT, {_COLUMNS}, sum, PRIMARY KEY (model, key)) WITHOUT ROWID"
_WANTED = "CREATE TEMP TABLE wanted (key TEXT PRIMARY KEY) WITHOUT ROWID"
_MARKS = ", ".join("?" * (len(CACHED.columns) + 2))


def segment_keys(segments: pl.DataFrame) -> pl.Series:
    """A hash per row of SEGMENTS of all that the model sees: role, context and text, not whose or where it is."""
    turn = pl.concat_str(spelt(pl.element().struct.field("role")), spelt(pl.element().struct.field("text")))
    context = pl.col("context").list.eval(turn).list.join("")
    row = pl.concat_str(spelt(pl.col("role")), spelt(pl.col("text")), context)
    return digests(segments.select(key=row)["key"])


class Cache:
    """Scores by key and model, in a folder or (without one) in memory for the length of a run. Close it when done."""

    def __init__(self, folder: Path | None) -> None:
        self._path = None if folder is None else folder / _FILE
        self._base = self._connect()

    @classmethod
    def open(cls, folder: Path | None) -> Cache:
        """The cache in a folder, which is made where there is none."""
        return cls(folder)

    def get(self, keys: pl.Series, model: str) -> pl.DataFrame:
        """The CACHED rows of those keys that this model has scored, sorted by key, each once."""
        wanted = [(key,) for key in keys.unique()]
        rows: list[tuple[object, ...]] = []
        rows = self._sound(self._safely(lambda: _select(self._base, wanted, model), rows), model)
        columns = {**CACHED.columns, "unsure": pl.Int8, **dict.fromkeys(_LISTS, pl.String)}
        frame = pl.DataFrame(rows, columns, orient="row").with_columns(
            *map(_decoded, _LISTS), pl.col("unsure").cast(pl.Boolean)
        )
        return conform(frame, CACHED).sort("key")

    def put(self, scores: pl.DataFrame, model: str) -> None:
        """Keep CACHED rows that this model made, all or (when killed) none; a key that is there is left as it is."""
        lists = (pl.struct(name).struct.json_encode().alias(name) for name in _LISTS)
        plain = conform(scores, CACHED).with_columns(*lists, pl.col("unsure").cast(pl.Int8))
        rows = plain.select(pl.lit(model), *CACHED.columns).rows()
        self._safely(lambda: _insert(self._base, rows), None)

    def _sound(self, rows: list[tuple[object, ...]], model: str) -> list[tuple[object, ...]]:
        """The rows that are what was put, without their checksums."""
        sound = [row[:-1] for row in rows if row[-1] == _sum((model, *row[:-1]))]
        if len(sound) < len(rows):
            whole = {row[0] for row in sound}
            damaged = [(model, row[0]) for row in rows if row[0] not in whole]
            LOG.warning("%s: %d row(s) are damaged; their scores are made anew", self._path, len(damaged))
            self._safely(lambda: _delete(self._base, damaged), None)
        return sound

    def close(self) -> None:
        """Give the file back; a cache in memory is gone."""
        self._base.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _safely(self, attempt: Callable[[], T], otherwise: T) -> T:
        """The attempt's answer. A damaged file is set aside and the attempt repeated; other failures are a warning."""
        try:
            return attempt()
        except sqlite3.OperationalError as error:  # locked for too long, disk full, folder read-only
            LOG.warning("%s: the cache cannot be used now (%s); scores are made anew", self._path, error)
            return otherwise
        except sqlite3.DatabaseError as error:
            self._base.close()
            self._set_aside(error)
            self._base = self._connect()
            return attempt()

    def _connect(self) -> sqlite3.Connection:
        """A connection to a sound file, made new where there is none or a damaged one; else to memory."""
        try:
            return _connected(self._path)
        except (OSError, sqlite3.OperationalError) as error:
            LOG.warning("%s: the cache cannot be opened (%s); scores are kept for this run only", self._path, error)
            self._path = None
        except sqlite3.DatabaseError as error:
            self._set_aside(error)
        return _connected(self._path)

    def _set_aside(self, error: sqlite3.DatabaseError) -> None:
        """Rename the damaged file, over the last one that was; where that is impossible, do without a file."""
        if self._path is None:
            return
        aside = self._path.with_suffix(".damaged")
        try:
            self._path.replace(aside)
            LOG.warning("%s: damaged (%s), set aside as %s; starting an empty cache", self._path, error, aside.name)
        except OSError as obstacle:
            LOG.warning("%s: damaged (%s), and cannot be set aside (%s)", self._path, error, obstacle.strerror)
            self._path = None


def _decoded(name: str) -> pl.Expr:
    """A list of structs from its JSON."""
    return pl.col(name).str.json_decode(pl.Struct({name: CACHED.columns[name]})).struct.field(name)


def _connected(path: Path | None) -> sqlite3.Connection:
    """An open database with our table; raises sqlite3.DatabaseError."""
    if path is not None:
        path.parent.mkdir(parents=True, exist_ok=True)
    base = sqlite3.connect(path or ":memory:", timeout=_WAIT_SECONDS)
    try:
        with base:
            base.execute(_CREATE)
            base.execute(_WANTED)
    except sqlite3.DatabaseError:
        base.close()
        raise
    return base


def _select(base: sqlite3.Connection, keys: list[tuple[str]], model: str) -> list[tuple[object, ...]]:
    """The rows of those keys; they go through a table, as SQLite takes only so many parameters."""
    with base:
        base.execute("DELETE FROM wanted")
        base.executemany("INSERT INTO wanted VALUES (?)", keys)
        query = f"SELECT {_COLUMNS}, sum FROM scores JOIN wanted USING (key) WHERE model = ?"  # noqa: S608 - constants
        return base.execute(query, (model,)).fetchall()


def _delete(base: sqlite3.Connection, keys: list[tuple[str, object]]) -> None:
    with base:
        base.executemany("DELETE FROM scores WHERE model = ? AND key = ?", keys)


def _insert(base: sqlite3.Connection, rows: list[tuple[object, ...]]) -> None:
    """Add rows with their checksums in one transaction; what is there stays."""
    with base:
        summed = [(*row, _sum(row)) for row in rows]
        base.executemany(f"INSERT OR IGNORE INTO scores VALUES ({_MARKS})", summed)  # noqa: S608 - constants


def _sum(row: tuple[object, ...]) -> str:
    return hashlib.blake2b(repr(row).encode(), digest_size=8).hexdigest()

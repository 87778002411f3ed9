"""The results store: what was read and scored, kept between nights as Delta tables under one root.

    <root>/_empathy_scan.json   the version of this layout
    <root>/conversations        tables.CONVERSATIONS: the marker, one row per conversation, written last
    <root>/turns scores labels  the tables of those names, and the version of the conversation they belong to
    <root>/rejects runs         what could not be read, and a line per run
    <root>/error_rates          how often the models err that made the labels, where that is known

A conversation's version is (content, model, settings): a hash of what was read and the fingerprints of what scored it.
Rows of `turns`, `scores` and `labels` count only where the marker names their version. So a run that is killed anywhere
leaves each conversation as it was before or as it is after; repeating the run completes the store, and a run that finds
nothing new writes nothing. Outside readers (DuckDB, Spark) get the same view by joining on `VERSION`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import url2pathname

import polars as pl

from empathy_scan import lock
from empathy_scan.codebook import Role
from empathy_scan.delta import KEEP_HOURS, DeltaTable, failures
from empathy_scan.errors import SchemaError, StoreError
from empathy_scan.fingerprints import digests, spelt
from empathy_scan.tables import CONVERSATIONS, ERROR_RATES, LABELS, REJECTS, RUNS, SCORES, TURNS, Table, conform

VERSION = ("conversation_id", "content", "model", "settings")
_VERSIONED = (TURNS, SCORES, LABELS)
_LAYOUT = "_empathy_scan.json"
_LOCK = "_empathy_scan.lock"
_WAIT_SECONDS = 10.0  # for another run to finish; a night's run takes longer, a report's reading less
_BEGINNING = "run empathy-scan scan first, or name the right folder with --store"


@dataclass(frozen=True, slots=True)
class Stored:
    """The visible contents of a store: frames of tables.py, sorted by key."""

    conversations: pl.DataFrame
    turns: pl.DataFrame
    scores: pl.DataFrame
    labels: pl.DataFrame
    rejects: pl.DataFrame
    error_rates: pl.DataFrame


class Store:
    """A results store in a local folder or in an object store (`s3://bucket/key`, `az://`, `gs://`).

    Nothing is touched until the first read or write; the first write makes the store. `options` are the object store's
    (region, endpoint, keys), by the names that deltalake and polars share; without them its usual environment counts.
    """

    def __init__(
        self, path: str | Path, *, options: Mapping[str, str] | None = None, wait_seconds: float = _WAIT_SECONDS
    ) -> None:
        self.root = _normal(path)
        self._remote = "://" in self.root
        self._options = dict(options or {})
        self._wait_seconds = wait_seconds
        self._writing = False

    @classmethod
    def open(cls, path: str | Path, *, options: Mapping[str, str] | None = None) -> Store:
        """The store at `path`, which need not be there yet."""
        return cls(path, options=options)

    def exists(self) -> bool:
        """Whether there is a store; raises StoreError where that cannot be known, or a newer version made it."""
        return self._layout() > 0

    def known(self) -> pl.DataFrame:
        """The version of each conversation (columns VERSION); no rows where there is no store yet."""
        if not self.exists():
            return CONVERSATIONS.empty().select(VERSION)
        self._must_exist()
        return self._markers().select(VERSION)

    def turns_of(self, conversation_ids: pl.Series) -> pl.DataFrame:
        """The stored TURNS of the conversations of those ids; no rows where there is no store yet."""
        if conversation_ids.is_empty() or not self.exists():
            return TURNS.empty()
        self._must_exist()
        wanted = pl.DataFrame({"conversation_id": conversation_ids.unique()})
        return self._visible(TURNS, self._markers().select(VERSION).join(wanted, on="conversation_id", how="semi"))

    def conversations(self) -> pl.DataFrame:
        """The CONVERSATIONS that are visible, sorted by id. Raises StoreError where there is no store."""
        self._must_exist()
        return self._markers()

    def load(
        self, *, since: datetime | None = None, until: datetime | None = None, conversation_id: str | None = None
    ) -> Stored:
        """All that is visible, of conversations that started in `since <= t < until` or that tell no time.

        Of a single one by its id, quickly; no rows where the store does not hold it. Raises StoreError where there is
        no store, or rows that it promises are gone.
        """
        self._must_exist()
        conversations = self._markers().filter(_between(since, until))
        if conversation_id is not None:
            conversations = conversations.filter(pl.col("conversation_id") == conversation_id)
        versions = conversations.select(VERSION)
        turns, scores, labels = (self._visible(table, versions) for table in _VERSIONED)
        if lost := versions.join(turns, on="conversation_id", how="anti").height:
            raise StoreError(
                f"the turns of {lost} conversation(s) are gone", where=self.root, remedy="move it away and scan again"
            )
        rejects = conform(self._table(REJECTS).read(), REJECTS).sort(REJECTS.key)
        error_rates = conform(self._table(ERROR_RATES).read(), ERROR_RATES).sort(ERROR_RATES.key)
        return Stored(conversations, turns, scores, labels, rejects, error_rates)

    def runs(self) -> pl.DataFrame:
        """One row of tables.RUNS per run that wrote, oldest first."""
        self._must_exist()
        return conform(self._table(RUNS).read(), RUNS).sort("started_at", "run_id")

    def add(
        self, conversations: pl.DataFrame, turns: pl.DataFrame, scores: pl.DataFrame, labels: pl.DataFrame
    ) -> pl.DataFrame:
        """Add conversations, or put them in the place of their older versions; the rows of `known` that are new.

        Conversations whose version is stored already are left alone: adding only those commits nothing. The other
        frames may hold rows of more conversations; those are ignored.
        """
        given = conform(conversations, CONVERSATIONS)
        if given.join(self.known(), on=VERSION, how="anti").is_empty():
            return given.clear().select(VERSION)
        with self.writing():
            before = self._markers()
            new = given.join(before, on=VERSION, how="anti").sort("conversation_id")
            versions = new.select(VERSION)
            if silent := versions.join(turns, on="conversation_id", how="anti").height:
                raise SchemaError(f"{silent} conversation(s) come without a turn")
            for table, rows in zip(_VERSIONED, (turns, scores, labels), strict=True):
                self._add_rows(table, rows, versions)
            self._mark(new, before)
            old = before.select(VERSION).join(versions, on="conversation_id", how="semi")
            for table in _VERSIONED:
                self._table(table).drop(old)
        return versions

    def set_rejects(self, rejects: pl.DataFrame) -> None:
        """Make `rejects` the list of what cannot be read; the same list again commits nothing."""
        wanted = conform(rejects, REJECTS).sort(REJECTS.key)
        if not self.exists() and wanted.is_empty():
            return
        with self.writing():
            table = self._table(REJECTS)
            if not table.read().sort(REJECTS.key).equals(wanted):
                table.replace(wanted)

    def set_error_rates(self, rates: pl.DataFrame, *, model: str) -> None:
        """Make `rates` the known errors of a model, none for no rows; the same again commits nothing."""
        wanted = conform(rates, ERROR_RATES).sort(ERROR_RATES.key)
        if strange := wanted.filter(pl.col("model") != model).height:
            raise SchemaError(f"{strange} row(s) of 'error_rates' are of another model")
        if not self.exists() and wanted.is_empty():
            return
        with self.writing():
            table = self._table(ERROR_RATES)
            held = table.read().sort(ERROR_RATES.key)
            if not held.filter(pl.col("model") == model).equals(wanted):
                table.replace(pl.concat([held.filter(pl.col("model") != model), wanted]))

    def add_run(self, run: pl.DataFrame) -> None:
        """Add a line of tables.RUNS; one whose `run_id` is stored already is left out."""
        conform(run, RUNS)
        with self.writing():
            table = self._table(RUNS)
            table.append(run.join(table.read("run_id"), on="run_id", how="anti"))

    def forget(self, conversation_ids: pl.Series) -> int:
        """Delete conversations with all their older versions, also from the files on disk; how many were there.

        The marker goes first: a kill leaves them invisible, and forgetting again finishes the deletion.
        """
        self._must_exist()
        gone = pl.DataFrame({"conversation_id": conversation_ids.cast(pl.String).unique()})
        with self.writing():
            markers = self._markers()
            kept = markers.join(gone, on="conversation_id", how="anti")
            if kept.height < markers.height:
                self._table(CONVERSATIONS).replace(kept)
            for table in _VERSIONED:
                delta = self._table(table)
                delta.drop(delta.read("conversation_id", only=gone).unique())
            self.tidy(keep_hours=0)
        return markers.height - kept.height

    def tidy(self, *, keep_hours: int = KEEP_HOURS) -> None:
        """Drop rows that a killed run left, join small files, and delete files superseded for `keep_hours`.

        Does nothing that needs no doing. In an object store no other run may be at work meanwhile (there is no lock).
        """
        self._must_exist()
        with self.writing():
            visible = self._markers().select(VERSION)
            for table in _VERSIONED:
                delta = self._table(table)
                delta.drop(delta.read(*VERSION).unique().join(visible, on=VERSION, how="anti"))
            for table in (CONVERSATIONS, *_VERSIONED, REJECTS, RUNS, ERROR_RATES):
                self._table(table).tidy(keep_hours=keep_hours)

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Keep other processes from writing to a local store for the length of a `with` block (may be nested).

        Makes the store where there is none. Raises StoreError when another run holds it.
        """
        if self._writing:
            yield
            return
        with self._locked():
            self._migrate()
            self._writing = True
            try:
                yield
            finally:
                self._writing = False

    def _locked(self) -> AbstractContextManager[None]:
        """The lock of a local store; an object store has none: there commits and the marker keep readers right."""
        if self._remote:
            return nullcontext()
        return lock.exclusive(Path(self.root, _LOCK), wait_seconds=self._wait_seconds)

    def _migrate(self) -> None:
        """Bring the layout up to date, from nothing if need be; after a kill between two steps the next try goes on."""
        for number in range(self._layout() + 1, max(MIGRATIONS) + 1):
            MIGRATIONS[number](self)
            self._write_layout(number)

    def _layout(self) -> int:
        """The version of the layout; 0 where there is no store."""
        with failures(self.root, "read"):
            text = self._read_layout()
        try:
            number = int(json.loads(text)["version"])
        except (ValueError, TypeError, KeyError) as error:
            raise StoreError(
                "does not describe a store", where=f"{self.root}/{_LAYOUT}", remedy="restore it from a copy"
            ) from error
        if number > max(MIGRATIONS):
            raise StoreError(
                f"made by a newer version (layout {number})", where=self.root, remedy="upgrade empathy-scan"
            )
        return number

    def _read_layout(self) -> str:
        """The text of the layout file, or that of layout 0 where there is none."""
        place = f"{self.root}/{_LAYOUT}"
        try:
            if self._remote:
                return json.dumps(pl.read_ndjson(place, storage_options=self._options).row(0, named=True))
            return Path(place).read_text(encoding="utf-8", errors="replace")
        except FileNotFoundError:
            return '{"version": 0}'

    def _write_layout(self, number: int) -> None:
        """Put the version of the layout in its file, whole or not at all."""
        frame, place = pl.LazyFrame({"version": [number]}), f"{self.root}/{_LAYOUT}"
        with failures(self.root, "written"):
            if self._remote:
                frame.sink_ndjson(place, storage_options=self._options)
            else:
                frame.sink_ndjson(f"{place}.part")
                Path(f"{place}.part").replace(place)

    def _must_exist(self) -> None:
        """Raise StoreError where there is no store; bring one of an older layout up to date."""
        layout = self._layout()
        if not layout:
            raise StoreError("there is no store", where=self.root, remedy=_BEGINNING)
        if layout < max(MIGRATIONS):
            with self.writing():
                pass

    def _table(self, table: Table) -> DeltaTable:
        """The Delta table that holds `table`, with the columns of the version where it needs them."""
        extra = dict.fromkeys(VERSION, pl.String) if table in _VERSIONED else {}
        stored = replace(table, columns={**table.columns, **extra})
        return DeltaTable(f"{self.root}/{table.name}", stored, self._options)

    def _markers(self) -> pl.DataFrame:
        """One row per conversation, sorted; of rows that two writers in an object store doubled, one."""
        rows = self._table(CONVERSATIONS).read().sort(VERSION)
        return conform(rows.unique("conversation_id", keep="last", maintain_order=True), CONVERSATIONS)

    def _visible(self, table: Table, versions: pl.DataFrame) -> pl.DataFrame:
        """The rows of a data table that belong to the given versions, sorted, each once."""
        rows = self._table(table).read(only=versions).sort(table.key, maintain_order=True)
        once = rows.unique(table.key, keep="first", maintain_order=True)
        return conform(once.select(table.columns.keys()), table)

    def _add_rows(self, table: Table, rows: pl.DataFrame, versions: pl.DataFrame) -> None:
        """Append the rows of the given versions, but for those that a killed run brought here already."""
        shared = [name for name in VERSION if name in table.columns]
        mine = conform(rows, table).join(versions, on="conversation_id", how="semi")
        versioned = mine.join(versions, on=shared, how="inner")
        if versioned.height < mine.height:
            raise SchemaError(
                f"{mine.height - versioned.height} row(s) of {table.name!r} are not of their conversation's model"
            )
        stored = self._table(table)
        stored.append(versioned.join(stored.read(*VERSION, only=versions), on=VERSION, how="anti"))

    def _mark(self, new: pl.DataFrame, before: pl.DataFrame) -> None:
        """Make new versions visible, all at once."""
        kept = before.join(new, on="conversation_id", how="anti")
        table = self._table(CONVERSATIONS)
        if kept.height == before.height:
            table.append(new)
        else:
            table.replace(pl.concat([kept, new]))


def conversations_of(turns: pl.DataFrame, *, model: str, settings: str) -> pl.DataFrame:
    """The CONVERSATIONS frame of TURNS, with the version that the given fingerprints make."""
    ordered = turns.sort(TURNS.key)
    told = ("channel", "queue", "started_at", "direction", "zone", "metadata", "source", "format")
    first = (pl.col(name).first() for name in told)
    counts = pl.len().cast(pl.Int32).alias("n_turns"), (pl.col("role") == Role.AGENT).sum().cast(pl.Int32)
    frame = ordered.group_by("conversation_id", maintain_order=True).agg(
        *first, counts[0], counts[1].alias("n_agent_turns")
    )
    frame = frame.join(content_hash(turns), on="conversation_id", how="left", maintain_order="left")
    return conform(frame.with_columns(model=pl.lit(model), settings=pl.lit(settings)), CONVERSATIONS)


def content_hash(turns: pl.DataFrame) -> pl.DataFrame:
    """One row per conversation: `conversation_id`, and `content`, a hash (32 hex digits) of what was read of it.

    It covers channel, queue, time, and of each turn number, role, agent and text; and, where there are any, direction,
    zone and metadata, and a turn's confidence and overlap. It does not cover the file's name, so that a moved file is
    not scored again, and does not depend on the order of rows.
    """
    time = pl.col("started_at").dt.epoch("us")
    fields = (pl.col("channel"), pl.col("queue"), time, *map(pl.col, ("turn", "role", "agent_id", "text")))
    more = [
        *map(pl.col, ("direction", "zone", "metadata")),
        pl.col("confidence").round(6).cast(pl.String),
        pl.when(pl.col("overlap")).then(pl.lit("overlap")),
    ]
    # Conversations without any of these keep the version that they had before the table had such columns.
    also = pl.when(pl.any_horizontal(each.is_not_null() for each in more)).then(pl.concat_str(map(spelt, more)))
    whole = pl.concat_str([*map(spelt, fields), also.fill_null("")])
    one = turns.sort(TURNS.key).select("conversation_id", content=whole)
    joined = one.group_by("conversation_id", maintain_order=True).agg(pl.col("content").str.join(""))
    return joined.with_columns(digests(joined["content"]))


def _between(since: datetime | None, until: datetime | None) -> pl.Expr:
    """Conversations that started in the period or tell no time; a limit without a zone is UTC."""
    time, within = pl.col("started_at"), pl.lit(value=True)
    if since is not None:
        within &= time >= _utc(since)
    if until is not None:
        within &= time < _utc(until)
    return time.is_null() | within


def _utc(time: datetime) -> datetime:
    return time.astimezone(UTC) if time.tzinfo else time.replace(tzinfo=UTC)


def _normal(path: str | Path) -> str:
    """A folder's path or an object store's address, without a trailing slash; `file:` addresses become paths."""
    text = str(path)
    if text.startswith("file:"):
        text = url2pathname(urlsplit(text).path)
    if "://" in text:
        return text.rstrip("/")
    folder = Path(text).expanduser().absolute().as_posix()
    if re.search(r"%[0-9A-Fa-f]{2}|[][^|\\]", folder):
        raise StoreError(
            "a store cannot lie under a folder whose name holds [ ] ^ | \\ or a % before two digits",
            where=folder,
            remedy="choose another --store",
        )
    return folder


def _first_layout(store: Store) -> None:
    """Layout 1: all tables but that of error rates, empty."""
    for table in (CONVERSATIONS, *_VERSIONED, REJECTS, RUNS):
        store._table(table).create()  # noqa: SLF001 - a migration is part of the store


def _second_layout(store: Store) -> None:
    """Layout 2: the table of error rates, empty."""
    store._table(ERROR_RATES).create()  # noqa: SLF001 - as above


def _third_layout(store: Store) -> None:
    """Layout 3: the columns that conversations and turns have beside those of layout 1; null in old rows."""
    for table in (CONVERSATIONS, TURNS):
        store._table(table).widen()  # noqa: SLF001 - as above


def _fourth_layout(store: Store) -> None:
    """Layout 4: what the deletion of the words of evidence does to a score; null in old rows."""
    store._table(SCORES).widen()  # noqa: SLF001 - as above


# What makes each layout from the one before it; a store of an older layout runs through those that it lacks.
MIGRATIONS: dict[int, Callable[[Store], None]] = {
    1: _first_layout,
    2: _second_layout,
    3: _third_layout,
    4: _fourth_layout,
}

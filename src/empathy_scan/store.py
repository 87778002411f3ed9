"""The results store: what was read and scored, kept between nights as Delta tables under one root.

    <root>/_empathy_scan.json   the version of this layout (layouts.py)
    <root>/conversations        tables.CONVERSATIONS: the marker, one row per conversation, written last
    <root>/turns scores labels  the tables of those names, and the version of the conversation they belong to
    <root>/rejects runs         what could not be read, and a line per run
    <root>/error_rates          how often the models err that made the labels, where that is known
    <root>/files                the ledger of what was read (ledger.py)

The first four are divided by the month in which conversations started: a night reads and writes its own months only.
A conversation's version is (content, model, settings): a hash of what was read and the fingerprints of what scored it.
Rows of `turns`, `scores` and `labels` count only where the marker names their version. So a run that is killed anywhere
leaves each conversation as it was before or as it is after; repeating the run completes the store, and a run that finds
nothing new writes its line in `runs` and nothing else. Outside readers (DuckDB, Spark) get the same view by joining on
`VERSION` (docs/store.md).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from datetime import datetime
from pathlib import Path
from typing import cast

import polars as pl

from empathy_scan import facts, layouts, lease, lock, months
from empathy_scan.contents import Size, Stored
from empathy_scan.delta import KEEP_HOURS, DeltaTable, normal
from empathy_scan.errors import SchemaError, StoreError
from empathy_scan.layouts import MIGRATIONS, VERSIONED
from empathy_scan.months import MONTH
from empathy_scan.tables import CONVERSATIONS, ERROR_RATES, FILES, LABELS, REJECTS, RUNS, TURNS, Table, conform
from empathy_scan.versions import VERSION, content_hash, conversations_of

__all__ = ["REPORTS", "VERSION", "Size", "Store", "Stored", "content_hash", "conversations_of"]

REPORTS = "reports"  # under which a store remembers the reports that were made of it, by their folders
_LAYOUT = "_empathy_scan.json"
_LOCK = "_empathy_scan.lock"
RESCORE_LOCK = "_empathy_scan.rescore.lock"  # held by a rescoring, beside which scans go on
_WAIT_SECONDS = 10.0  # for another run to finish; a night's run takes longer, a report's reading less
_BEGINNING = "run empathy-scan scan first, or name the right folder with --store"


class Store:
    """A results store in a local folder or in an object store (`s3://bucket/key`, `az://`, `gs://`).

    Nothing is touched until the first read or write; the first write makes the store. `options` are the object store's
    (region, endpoint, keys), by the names that deltalake and polars share; without them its usual environment counts.
    """

    def __init__(
        self,
        path: str | Path,
        *,
        options: Mapping[str, str] | None = None,
        wait_seconds: float = _WAIT_SECONDS,
        read_only: bool = False,
    ) -> None:
        self.root = normal(path)
        self._remote = "://" in self.root
        self._options = dict(options or {})
        self._wait_seconds = wait_seconds
        self._read_only = read_only  # an older layout is read as it is
        self._looked_at = self._remote  # whether only files are in it
        self._writing = False

    @classmethod
    def open(cls, path: str | Path, *, options: Mapping[str, str] | None = None) -> Store:
        """The store at `path`, which need not be there yet."""
        return cls(path, options=options)

    def exists(self) -> bool:
        """Whether there is a store; raises StoreError where that cannot be known, or a newer version made it."""
        return self._layout() > 0

    def count(self) -> int:
        """How many conversations there are, by the log alone; 0 where there is no store yet."""
        if not self.exists():
            return 0
        self._must_exist()
        return self._table(CONVERSATIONS).count()

    def known(self, conversation_ids: pl.Series | None = None) -> pl.DataFrame:
        """The version of each conversation, or of those of the given ids (columns VERSION), sorted.

        No rows where there is no store yet.
        """
        if not self.exists():
            return CONVERSATIONS.empty().select(VERSION)
        self._must_exist()
        return self._marked(_ids(conversation_ids)).select(VERSION)

    def saying(self, contents: pl.Series) -> pl.DataFrame:
        """The CONVERSATIONS of those contents (hashes); no rows where there is no store yet."""
        if contents.is_empty() or not self.exists():
            return CONVERSATIONS.empty()
        self._must_exist()
        return self._marked(pl.DataFrame({"content": contents.unique()})).drop(MONTH)

    def turns_of(self, conversation_ids: pl.Series) -> pl.DataFrame:
        """The stored TURNS of the conversations of those ids; no rows where there is no store yet."""
        if conversation_ids.is_empty() or not self.exists():
            return TURNS.empty()
        self._must_exist()
        return self._visible(TURNS, self._marked(_ids(conversation_ids)).select(*VERSION, MONTH))

    def labels_of(self, conversation_ids: pl.Series) -> pl.DataFrame:
        """The stored LABELS of the conversations of those ids; no rows where there is no store yet."""
        if conversation_ids.is_empty() or not self.exists():
            return LABELS.empty()
        self._must_exist()
        return self._visible(LABELS, self._marked(_ids(conversation_ids)).select(*VERSION, MONTH))

    def conversations(self, *, ids: pl.Series | None = None, before: datetime | None = None) -> pl.DataFrame:
        """The CONVERSATIONS that are visible, sorted by id; of those ids or started before a time, if one is given.

        Raises StoreError where there is no store.
        """
        self._must_exist()
        rows = self._marked(_ids(ids), within=months.within(None, before)).drop(MONTH)
        return conform(
            rows if before is None else rows.filter(pl.col("started_at") < months.utc(before)), CONVERSATIONS
        )

    def load(
        self,
        *,
        since: datetime | None = None,
        until: datetime | None = None,
        conversation_id: str | pl.Series | None = None,
    ) -> Stored:
        """All that is visible, of conversations that started in `since <= t < until` or that tell no time.

        Other months are not opened. Of a single one by its id, or of several, quickly; no rows of what is not there.
        Raises StoreError where there is no store, or rows that it promises are gone.
        """
        self._must_exist()
        only = pl.Series([conversation_id]) if isinstance(conversation_id, str) else conversation_id
        marked = self._marked(_ids(only), within=months.within(since, until)).filter(months.between(since, until))
        versions = marked.select(*VERSION, MONTH)
        turns, scores, labels = (self._visible(table, versions) for table in VERSIONED)
        if lost := versions.join(turns, on="conversation_id", how="anti").height:
            raise StoreError(
                f"the turns of {lost} conversation(s) are gone", where=self.root, remedy="move it away and scan again"
            )
        rejects = self.read_rejects()
        error_rates = conform(self._table(ERROR_RATES).read(), ERROR_RATES).sort(ERROR_RATES.key)
        return Stored(conform(marked.drop(MONTH), CONVERSATIONS), turns, scores, labels, rejects, error_rates)

    def newest(self, *, before: datetime | None = None) -> datetime | None:
        """When the latest conversation started (`before` a time, if given); None where none tells."""
        self._must_exist()
        table = self._table(CONVERSATIONS)
        for month in reversed([each for each in table.months() if each != months.UNDATED]):
            times = table.read("started_at", within=month.__eq__)["started_at"]
            if before is not None:
                times = times.filter(times < months.utc(before))
            if len(times):
                return cast("datetime", times.max())
        return None

    def runs(self) -> pl.DataFrame:
        """One row of tables.RUNS per run, oldest first: of its end, or of its beginning where it has not ended."""
        self._must_exist()
        rows = self._table(RUNS).read().with_columns(pl.col("state").fill_null("done"))
        order = pl.col("state") != "begun", pl.col("from_model").is_not_null()  # a run may announce what it will do
        latest = rows.sort(*order).unique("run_id", keep="last", maintain_order=True)
        return conform(latest, RUNS).sort("started_at", "run_id")

    def add(
        self, conversations: pl.DataFrame, turns: pl.DataFrame, scores: pl.DataFrame, labels: pl.DataFrame
    ) -> pl.DataFrame:
        """Add conversations, or put them in the place of their older versions; the rows of `known` that are new.

        Conversations whose version is stored already are left alone: adding only those commits nothing. The other
        frames may hold rows of more conversations; those are ignored.
        """
        given = conform(conversations, CONVERSATIONS)
        if given.join(self.known(given["conversation_id"]), on=VERSION, how="anti").is_empty():
            return given.clear().select(VERSION)
        with self.writing():
            before = self._marked(_ids(given["conversation_id"]))
            new = given.join(before, on=VERSION, how="anti").sort("conversation_id").with_columns(months.of())
            versions = new.select(*VERSION, MONTH)
            if silent := versions.join(turns, on="conversation_id", how="anti").height:
                raise SchemaError(f"{silent} conversation(s) come without a turn")
            for table, rows in zip(VERSIONED, (turns, scores, labels), strict=True):
                self._add_rows(table, rows, versions)
            old = before.select(*VERSION, MONTH).join(versions, on="conversation_id", how="semi")
            self._mark(new, old)
            for table in VERSIONED:
                self._table(table).drop(old)
        return versions.select(VERSION)

    def files(self) -> pl.DataFrame:
        """The ledger of files (FILES), the latest row of each path; no rows where there is no store yet."""
        if not self.exists():
            return FILES.empty()
        self._must_exist()
        rows = self._table(FILES).read().sort("path", "read_at")
        return conform(rows.unique("path", keep="last", maintain_order=True), FILES)

    def add_files(self, files: pl.DataFrame) -> None:
        """Add rows to the ledger; the older ones of their paths count no more. No rows commit nothing."""
        if files.height:
            with self.writing():
                table = self._table(FILES)
                last = table.read("read_at").select(pl.col("read_at").max() + pl.duration(microseconds=1)).item()
                later = pl.max_horizontal("read_at", pl.lit(last, FILES.columns["read_at"]))  # a clock may go back
                table.append(conform(files.with_columns(read_at=later), FILES))

    def read_rejects(self) -> pl.DataFrame:
        """What could not be read (REJECTS), sorted; no rows where there is no store yet."""
        if not self.exists():
            return REJECTS.empty()
        self._must_exist()
        return conform(self._table(REJECTS).read(), REJECTS).sort(REJECTS.key)

    def state(self) -> str:
        """Digits that change with everything that a report is made of."""
        self._must_exist()
        tables = [self._table(table) for table in (*layouts.BY_MONTH, REJECTS, ERROR_RATES)]
        whole = " ".join(f"{table.identity()}@{table.version()}" for table in tables)
        return hashlib.sha256(whole.encode()).hexdigest()[:16]

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
        """Add the line of tables.RUNS of a run's beginning or of its end: one small append."""
        with self.writing():
            self._table(RUNS).append(conform(run, RUNS))

    def forget(self, conversation_ids: pl.Series) -> int:
        """Delete conversations with all their older versions, also from the files on disk; how many were there.

        The marker goes first: a kill leaves them invisible, and forgetting again finishes the deletion.
        """
        self._must_exist()
        gone = _ids(conversation_ids.cast(pl.String))
        with self.writing():
            there = self._marked(gone)
            if there.height:
                self._mark(there.clear(), there)
            for table in layouts.OF_CONVERSATIONS:
                self.drop_rows(table, conversation_ids)
            self.purge()
        return there.height

    def drop_rows(self, table: Table, conversation_ids: pl.Series) -> None:
        """Remove the rows of those conversations from one of layouts.OF_CONVERSATIONS; their markers stay."""
        delta = self._table(table)
        with self.writing():
            delta.drop(delta.read("conversation_id", MONTH, only=_ids(conversation_ids.cast(pl.String))).unique())

    def purge(self) -> None:
        """Leave no file and no line of a log of what is not stored any more, of the tables that know of people."""
        with self.writing():
            for table in layouts.ALL:
                if table not in (RUNS, ERROR_RATES):
                    self._table(table).purge()

    def rows(self, table: Table, *columns: str, only: pl.DataFrame | None = None) -> pl.DataFrame:
        """The rows of a table as it is stored, in any order; none where there is no store yet.

        `only` keeps those that agree with it in all of its columns.
        """
        if not self.exists():
            return layouts.stored(table).empty().select(columns or pl.all())
        self._must_exist()
        return self._table(table).read(*columns, only=only)

    def append(self, table: Table, rows: pl.DataFrame) -> None:
        """Add rows to a table as it is stored; no rows commit nothing."""
        if rows.height:
            with self.writing():
                self._table(table).append(conform(rows, layouts.stored(table)))

    def replace(self, table: Table, rows: pl.DataFrame) -> None:
        """Make rows all that a table holds, as it is stored."""
        with self.writing():
            self._table(table).replace(conform(rows, layouts.stored(table)))

    def tidy(self, *, keep_hours: int = KEEP_HOURS) -> None:
        """Drop rows that a killed run left, join small files, and delete files superseded for `keep_hours`.

        Does nothing that needs no doing.
        """
        self._must_exist()
        with self.writing():
            self._drop_strays()
            self._join_ledger()
            for table in layouts.ALL:
                self._table(table).join_files()
                self._table(table).sweep(keep_hours=keep_hours)
            if self._remote:
                self._leases().sweep(keep_hours=1)

    def size(self) -> Size:
        """The files that hold what is stored now; superseded ones do not count."""
        self._must_exist()
        files = pl.concat([self._table(table).files() for table in layouts.ALL])
        return Size(files.height, int(files["size_bytes"].sum()))

    def tidy_if_scattered(self, *, strays: bool = False) -> bool:
        """What a night's end does: `tidy` where a month lies in many files, with a look at every row for `strays`."""
        with self.writing():
            if strays:
                self._drop_strays()
            self._join_ledger()
            joined = [table for table in layouts.ALL if self._table(table).join_files()]
            for table in joined:
                self._table(table).sweep()
        return bool(joined)

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Keep other processes from writing to the store for the length of a `with` block (may be nested).

        Makes the store where there is none. Raises StoreError when another run holds it.
        """
        if self._writing:
            yield
            return
        with self._locked():
            for table in layouts.ALL:
                self._table(table).mend()
            self._migrate()
            self._writing = True
            try:
                yield
            finally:
                self._writing = False

    def layout(self) -> int:
        """The version of the store's layout; 0 where there is no store."""
        return self._layout()

    def parts(self) -> dict[str, list[tuple[str, int]]]:
        """Of each table that is there the files that count, by their paths in its folder, with their sizes."""
        there = [table for table in layouts.ALL if self._remote or Path(self.root, table.name).is_dir()]
        return {table.name: self._table(table).files().select("path", "size_bytes").rows() for table in there}

    def is_at_work(self) -> bool:
        """Whether a run is writing to the store now; of a killed one in an object store, until its lease ends."""
        return lease.is_held(self._leases()) if self._remote else lock.is_held(Path(self.root, _LOCK))

    def is_rescoring(self) -> bool:
        """Whether a rescoring is at work on a local store; of one in an object store, whether it writes just now."""
        return self.is_at_work() if self._remote else lock.is_held(Path(self.root, RESCORE_LOCK))

    def _drop_strays(self) -> None:
        """Drop the rows of versions that no conversation has: those of a run that was ended while it stored."""
        visible = self._marked().select(*VERSION, MONTH)
        for delta in map(self._table, VERSIONED):
            for month in delta.months():
                there = delta.read(*VERSION, MONTH, within=month.__eq__).unique()
                delta.drop(there.join(visible, on=(*VERSION, MONTH), how="anti"))
        for table in (each for each in layouts.OF_CONVERSATIONS if each not in VERSIONED):
            there = self._table(table).read("conversation_id", MONTH).unique()
            self._table(table).drop(there.join(visible, on="conversation_id", how="anti"))

    def _join_ledger(self) -> None:
        """Keep only the latest row of each path, once the ledger lies in many files."""
        ledger = self._table(FILES)
        if ledger.scattered():
            ledger.replace(self.files())

    def _locked(self) -> AbstractContextManager[None]:
        """The lock of a local store, the lease of one in an object store."""
        if self._remote:
            return lease.exclusive(self._leases(), wait_seconds=self._wait_seconds)
        return lock.exclusive(Path(self.root, _LOCK), wait_seconds=self._wait_seconds)

    def _leases(self) -> DeltaTable:
        return DeltaTable(f"{self.root}/{lease.LEASES.name}", lease.LEASES, self._options)

    def _migrate(self) -> None:
        """Bring the layout up to date, from nothing if need be; after a kill between two steps the next try goes on."""
        for number in range(self._layout() + 1, max(MIGRATIONS) + 1):
            MIGRATIONS[number](self._table)
            self._write_layout(number)

    def _layout(self) -> int:
        """The version of the layout; 0 where there is no store."""
        if not self._looked_at and Path(self.root).is_dir():
            facts.only_files(Path(self.root))
            self._looked_at = True
        text = facts.read(f"{self.root}/{_LAYOUT}", self._options)
        if text is None:
            return 0
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

    def _write_layout(self, number: int) -> None:
        """Put the version of the layout in its file, whole or not at all."""
        facts.write(f"{self.root}/{_LAYOUT}", {"version": number}, self._options)

    def recall(self, name: str) -> dict[str, str]:
        """What was remembered under a name; nothing where there is none or it is damaged."""
        text = facts.read(f"{self.root}/_{name}.json", self._options)
        return {str(key): str(value) for key, value in facts.parsed(text).items()}

    def remember(self, name: str, told: Mapping[str, str]) -> None:
        """Keep a few facts beside the tables, in the place of those of that name."""
        facts.write(f"{self.root}/_{name}.json", told, self._options)

    def _must_exist(self) -> None:
        """Raise StoreError where there is no store; bring one of an older layout up to date."""
        layout = self._layout()
        if not layout:
            raise StoreError("there is no store", where=self.root, remedy=_BEGINNING)
        if layout < max(MIGRATIONS) and not self._read_only:
            with self.writing():
                pass

    def _table(self, table: Table) -> DeltaTable:
        """The Delta table that holds `table`, with the store's own columns where it needs them."""
        return DeltaTable(f"{self.root}/{table.name}", layouts.stored(table), self._options)

    def _marked(self, only: pl.DataFrame | None = None, *, within: Callable[[str], bool] | None = None) -> pl.DataFrame:
        """CONVERSATIONS with their months, sorted; of rows that two writers in an object store doubled, one."""
        rows = self._table(CONVERSATIONS).read(only=only, within=within).sort(VERSION)
        return rows.unique("conversation_id", keep="last", maintain_order=True)

    def _visible(self, table: Table, versions: pl.DataFrame) -> pl.DataFrame:
        """The rows of a data table that belong to the given versions with their months, sorted, each once."""
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

    def _mark(self, new: pl.DataFrame, old: pl.DataFrame) -> None:
        """Make new versions visible in the place of old ones, all at once; other months are not touched."""
        table = self._table(CONVERSATIONS)
        if old.is_empty():
            table.append(new)
            return
        touched = {*new[MONTH], *old[MONTH]}
        held = table.read(within=touched.__contains__)
        kept = held.join(
            pl.concat([each.select("conversation_id") for each in (old, new)]), on="conversation_id", how="anti"
        )
        table.replace_months(pl.concat([kept, new.select(kept.columns)]), touched)


def _ids(conversation_ids: pl.Series | None) -> pl.DataFrame | None:
    """Ids as a frame to join with."""
    return None if conversation_ids is None else pl.DataFrame({"conversation_id": conversation_ids.unique()})

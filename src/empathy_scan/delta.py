"""One Delta Lake table as a polars frame: create, read, append, replace, drop rows, join its files, sweep.

A table with a column `month` is divided by it: each month has files of its own, and is read and replaced by itself.
Every failure of the libraries below (no space, no permission, a damaged log, no network) leaves as one StoreError that
says where and what to do. `deltalake` is imported where it is used: the rest of the program works without it.
"""

from __future__ import annotations

import errno
import re
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Any
from urllib.parse import unquote, urlsplit
from urllib.request import url2pathname

import polars as pl
from polars.exceptions import PanicException, PolarsError

from empathy_scan import sums
from empathy_scan.errors import StoreError
from empathy_scan.months import MONTH, UNDATED
from empathy_scan.tables import Table

MANY_FILES = 32  # of the latest month, into which every night writes; more are joined
FEW_FILES = 8  # of a month before it
KEEP_HOURS = 168  # superseded files stay a week for readers that are at work (Delta Lake's own default)
# No minima and maxima of other columns in the log: it would keep ids and words of transcripts after the rows are gone.
_STATISTICS = ("started_at", "turn", "size")
_KEEP_LOG = "delta.logRetentionDuration"
_CHECKPOINT = "20"  # commits between two checkpoints of the log, so that opening a table stays quick


@dataclass(frozen=True, slots=True)
class DeltaTable:
    """The Delta table of one of our tables, in a local folder or at an address in an object store."""

    place: str
    table: Table
    options: Mapping[str, str] = field(default_factory=dict)  # of the object store, as deltalake and polars take them

    def create(self, rows: pl.DataFrame | None = None) -> None:
        """Make the table where there is none, empty or with first rows; one that is there stays as it is."""
        with self._changed():
            _library().write_deltalake(
                self.place,
                self.table.empty() if rows is None else rows,
                mode="ignore",
                partition_by=self._divided_by() or None,
                configuration=self._properties(),
                storage_options=dict(self.options),
            )

    def widen(self) -> None:
        """Add the columns that our table has and the stored one lacks, nullable; one that has them all stays."""
        with self._changed():
            held = {each.name for each in self._open().schema().fields} | {MONTH}
            if held.issuperset(self.table.columns):
                return
            _library().write_deltalake(
                self.place,
                self.table.empty().drop(MONTH, strict=False),
                mode="append",
                schema_mode="merge",
                storage_options=dict(self.options),
            )

    def is_divided(self) -> bool:
        """Whether the stored table has a part for each month."""
        with failures(self.place, "read"):
            return MONTH in self._open().metadata().partition_columns

    def divide(self, rows: pl.DataFrame) -> None:
        """Put rows in the place of all that was there, divided by month, in one commit."""
        with self._changed():
            self._open().alter.set_table_properties(self._properties())
        self._write(rows, mode="overwrite", schema_mode="overwrite", partition_by=self._divided_by())

    def version(self) -> int:
        """The number of the latest commit; raises StoreError where there is no table."""
        with failures(self.place, "read"):
            return int(self._open().version())

    def identity(self) -> str:
        """What tells this table from one that another made in its place."""
        with failures(self.place, "read"):
            return str(self._open().metadata().id)

    def count(self) -> int:
        """How many rows there are, by the log alone."""
        return int(self.files()["num_records"].sum())

    def months(self) -> list[str]:
        """The months of which there are rows, sorted."""
        return sorted(self.files()[MONTH].unique())

    def files(self) -> pl.DataFrame:
        """The table's files: `path`, `month` ("" where it is not divided), `size_bytes`, `num_records`."""
        with failures(self.place, "read"):
            if self._is_local():
                sums.check(self.place)
            actions = pl.DataFrame(self._open().get_add_actions(flatten=True))
        month = pl.col(f"partition.{MONTH}") if f"partition.{MONTH}" in actions.columns else pl.lit("")
        return actions.select("path", month.alias(MONTH), "size_bytes", "num_records")

    def read(
        self, *columns: str, only: pl.DataFrame | None = None, within: Callable[[str], bool] | None = None
    ) -> pl.DataFrame:
        """The rows in no particular order; `only` keeps those that agree with it in all of its columns.

        Of a divided table, months that `within` denies, or that are none of `only`'s, are not opened.
        """
        with failures(self.place, "read"):
            rows = self._rows(_months_of(only), within)
            if only is not None and only.height == 1:  # a filter skips the parts of a file that cannot hold it
                rows = rows.filter(*(pl.col(name) == value for name, value in only.row(0, named=True).items()))
            elif only is not None:
                rows = rows.join(only.lazy(), on=only.columns, how="semi")
            return rows.select(columns or self.table.columns.keys()).collect()

    def _rows(self, chosen: Collection[str] | None, within: Callable[[str], bool] | None) -> pl.LazyFrame:
        """The rows of the chosen months. Files are read by their own names: the log holds them percent-encoded."""
        columns = {name: kind for name, kind in self.table.columns.items() if name != MONTH}
        parts = [self.table.empty().lazy()]
        for (month,), files in self.files().sort(MONTH, "path").group_by(MONTH, maintain_order=True):
            if (chosen is not None and month not in chosen) or (within is not None and not within(str(month))):
                continue
            if self._is_local():
                sums.check(self.place, map(unquote, files["path"]))
            # Files of before a column was added lack it: its rows are null.
            rows = pl.scan_parquet(
                [f"{self.place}/{unquote(path)}" for path in files["path"]],
                glob=False, schema=columns, missing_columns="insert", extra_columns="ignore", hive_partitioning=False,
                storage_options=dict(self.options) or None,
            )  # fmt: skip
            parts.append(rows.with_columns(pl.lit(month).alias(MONTH)).select(self.table.columns.keys()))
        return pl.concat(parts)

    def append(self, rows: pl.DataFrame) -> None:
        """Add rows in one commit, sorted by the table's key; no rows make no commit."""
        if rows.height:
            self._write(rows, mode="append")

    def replace(self, rows: pl.DataFrame) -> None:
        """Put rows in the place of all that was there, in one commit."""
        self._write(rows, mode="overwrite")

    def replace_if(self, rows: pl.DataFrame, version: int) -> bool:
        """Put rows in the place of all that was there, unless somebody has written since `version`; whether it was so.

        The table must not be empty: what two writers both would remove is how the later one is found out.
        """
        with self._changed():
            library = _library()
            table = library.DeltaTable(self.place, version=version, storage_options=dict(self.options))
            try:
                library.write_deltalake(table, rows, mode="overwrite")
            except library.exceptions.CommitFailedError:
                return False
        return True

    def replace_months(self, rows: pl.DataFrame, months: Collection[str]) -> None:
        """Put rows, all of the given months, in the place of what these months held, in one commit."""
        self._write(rows, mode="overwrite", predicate=f"{MONTH} IN ({_listed(months)})")

    def drop(self, rows: pl.DataFrame) -> None:
        """Remove in one commit all that agrees with `rows` in all of its columns; no rows make no commit."""
        if rows.is_empty():
            return
        same = [f"t.{name} = s.{name}" for name in rows.columns]
        if MONTH in rows.columns:
            same.append(f"t.{MONTH} IN ({_listed(rows[MONTH].unique())})")  # other months' files are not opened
        with self._changed():
            self._open().merge(
                rows, predicate=" AND ".join(same), source_alias="s", target_alias="t", writer_properties=_compressed()
            ).when_matched_delete().execute()

    def scattered(self) -> list[str]:
        """The months whose rows lie in so many files that they should be joined."""
        counts = self.files().group_by(MONTH).len()
        latest = counts.filter(pl.col(MONTH) != UNDATED)[MONTH].max() or UNDATED
        few = pl.when((pl.col(MONTH) == latest) | (pl.col(MONTH) == UNDATED)).then(MANY_FILES).otherwise(FEW_FILES)
        return sorted(counts.filter(pl.col("len") > few)[MONTH])

    def join_files(self) -> bool:
        """Join the files of months that have many, and of these only the small ones; whether there were such."""
        months = self.scattered()
        with self._changed():
            for month in months:
                chosen = [(MONTH, "=", month)] if self._divided_by() else None
                self._open().optimize.compact(partition_filters=chosen, writer_properties=_compressed())
        return bool(months)

    def sweep(self, *, keep_hours: int = KEEP_HOURS) -> None:
        """Delete files that no commit of the last `keep_hours` needs, and what killed runs left."""
        with self._changed():
            self._open().vacuum(keep_hours, dry_run=False, enforce_retention_duration=False, full=True)
            if self._is_local():
                sums.prune(self.place)

    def mend(self) -> None:
        """Take back a last commit that a power cut has torn; nobody else may be writing."""
        if self._is_local():
            with failures(self.place, "mended"):
                sums.mend(self.place)

    @contextmanager
    def _changed(self) -> Iterator[None]:
        """The table is changed in a `with` block; after it, all that was written is on the disk."""
        with failures(self.place, "written"):
            yield
            if self._is_local():
                sums.note(self.place)

    def _is_local(self) -> bool:
        return "://" not in self.place

    def purge(self) -> None:
        """Delete all that is not of the latest state, the log of older ones, too: it may hold values of their rows."""
        self.sweep(keep_hours=0)
        with self._changed():
            self._open().alter.set_table_properties({_KEEP_LOG: "interval 0 seconds"})
            table = self._open()
            table.create_checkpoint()
            table.cleanup_metadata()
            self._open().alter.set_table_properties({_KEEP_LOG: "interval 30 days"})  # Delta Lake's own default
            if self._is_local():
                for left in Path(self.place, "_delta_log").glob("*#*"):  # by a killed run: a commit's second name
                    left.unlink()
                sums.prune(self.place)

    def _write(self, rows: pl.DataFrame, *, mode: str, **how: object) -> None:
        with self._changed():
            _library().write_deltalake(
                self.place,
                rows.select(self.table.columns.keys()).sort(self.table.key, maintain_order=True),
                mode=mode,
                writer_properties=_compressed(),
                storage_options=dict(self.options),
                **how,
            )

    def _divided_by(self) -> list[str]:
        return [MONTH] if MONTH in self.table.columns else []

    def _properties(self) -> dict[str, str]:
        """What the table's log says of how it is kept."""
        told = [name for name in _STATISTICS if name in self.table.columns][:1]
        statistics = {"delta.dataSkippingStatsColumns": told[0]} if told else {"delta.dataSkippingNumIndexedCols": "0"}
        return {"delta.checkpointInterval": _CHECKPOINT, **statistics}

    def _open(self) -> Any:  # noqa: ANN401 - deltalake's own table, typed by a library that may be missing
        return _library().DeltaTable(self.place, storage_options=dict(self.options))


def _months_of(rows: pl.DataFrame | None) -> Collection[str] | None:
    """The months that rows name; None where they name none."""
    return set(rows[MONTH]) if rows is not None and MONTH in rows.columns else None


def _listed(months: Collection[str] | pl.Series) -> str:
    return ", ".join(f"'{month}'" for month in sorted(months))


@contextmanager
def failures(where: str, verb: str) -> Iterator[None]:
    """Turn what deltalake, polars or the disk raises into a StoreError ("could not be <verb>") with a remedy."""
    try:
        yield
    except (OSError, PolarsError, PanicException, _library().exceptions.DeltaError) as error:
        raise StoreError(f"could not be {verb} ({_cause(error)})", where=where, remedy=_remedy(error)) from error


def _cause(error: BaseException) -> str:
    """A few words on a foreign error: never its whole message, which may cite rows."""
    return error.strerror if isinstance(error, OSError) and error.strerror else type(error).__name__


def _remedy(error: BaseException) -> str:
    """What the user can do about a foreign error."""
    text, code = str(error).casefold(), getattr(error, "errno", None)
    if code in {errno.ENOSPC, errno.EDQUOT, errno.EFBIG} or "no space" in text or "file too large" in text:
        return "free some space, then repeat: nothing is lost"
    if code in {errno.EACCES, errno.EPERM, errno.EROFS} or "permission" in text or "read-only" in text:
        return "make the folder writable, or choose another with --store"
    if code == errno.ENOTDIR:
        return "this is a file: name a folder with --store"
    if isinstance(error, ConnectionError | TimeoutError):
        return "check the network and the address, then repeat"
    if type(error).__name__ == "CommitFailedError":
        return "another run wrote at the same time; repeat"
    return "repeat; if it stays, the store is damaged: move it away and scan again, or restore a copy"


def _library() -> ModuleType:
    """The deltalake package; StoreError names it where it is missing."""
    try:
        import deltalake  # noqa: PLC0415 - slow to import, and used by the store alone
        import deltalake.exceptions  # noqa: PLC0415 - as above
    except ImportError as error:
        raise StoreError("the store needs the package deltalake", remedy="pip install deltalake") from error
    return deltalake


def _compressed() -> Any:  # noqa: ANN401 - deltalake's own settings, see _open
    return _library().WriterProperties(compression="ZSTD")


def normal(path: str | Path) -> str:
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

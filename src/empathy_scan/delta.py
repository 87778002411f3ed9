"""One Delta Lake table as a polars frame: create, read, append, replace, drop rows, tidy.

Every failure of the libraries below (no space, no permission, a damaged log, no network) leaves as one StoreError that
says where and what to do. `deltalake` is imported where it is used: the rest of the program works without it.
"""

from __future__ import annotations

import errno
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import ModuleType
from typing import Any
from urllib.parse import unquote

import polars as pl
from polars.exceptions import PanicException, PolarsError

from empathy_scan.errors import StoreError
from empathy_scan.tables import Table

MANY_FILES = 32  # more are joined by `tidy`
KEEP_HOURS = 168  # superseded files stay a week for readers that are at work (Delta Lake's own default)
# No minima and maxima of other columns in the log: it would keep words of transcripts after the rows are gone.
_STATISTICS = "conversation_id,turn,started_at"


@dataclass(frozen=True, slots=True)
class DeltaTable:
    """The Delta table of one of our tables, in a local folder or at an address in an object store."""

    place: str
    table: Table
    options: Mapping[str, str] = field(default_factory=dict)  # of the object store, as deltalake and polars take them

    def create(self) -> None:
        """Make the empty table where there is none; one that is there stays as it is."""
        columns = ",".join(name for name in _STATISTICS.split(",") if name in self.table.columns)
        with failures(self.place, "written"):
            _library().write_deltalake(
                self.place,
                self.table.empty(),
                mode="ignore",
                configuration={"delta.dataSkippingStatsColumns": columns} if columns else None,
                storage_options=dict(self.options),
            )

    def widen(self) -> None:
        """Add the columns that our table has and the stored one lacks, nullable; one that has them all stays."""
        with failures(self.place, "written"):
            held = {each.name for each in self._open().schema().fields}
            if held.issuperset(self.table.columns):
                return
            _library().write_deltalake(
                self.place,
                self.table.empty(),
                mode="append",
                schema_mode="merge",
                storage_options=dict(self.options),
            )

    def version(self) -> int:
        """The number of the latest commit; raises StoreError where there is no table."""
        with failures(self.place, "read"):
            return int(self._open().version())

    def read(self, *columns: str, only: pl.DataFrame | None = None) -> pl.DataFrame:
        """The rows in no particular order; `only` keeps those that agree with it in all of its columns."""
        with failures(self.place, "read"):
            rows = self._rows()
            if only is not None and only.height == 1:  # a filter skips the parts of a file that cannot hold it
                rows = rows.filter(*(pl.col(name) == value for name, value in only.row(0, named=True).items()))
            elif only is not None:
                rows = rows.join(only.lazy(), on=only.columns, how="semi")
            return rows.select(columns or self.table.columns.keys()).collect()

    def _rows(self) -> pl.LazyFrame:
        """All rows. Local files are read by their own names: the log holds them percent-encoded, as addresses are."""
        table = self._open()
        if "://" in self.place:
            return pl.scan_delta(table, storage_options=dict(self.options) or None)
        files = [unquote(address.removeprefix("file://")) for address in table.file_uris()]
        if not files:
            return self.table.empty().lazy()
        # Files of before a column was added lack it: its rows are null.
        columns = dict(self.table.columns)
        return pl.scan_parquet(files, glob=False, schema=columns, missing_columns="insert", extra_columns="ignore")

    def append(self, rows: pl.DataFrame) -> None:
        """Add rows in one commit, sorted by the table's key; no rows make no commit."""
        if rows.height:
            self._write(rows, mode="append")

    def replace(self, rows: pl.DataFrame) -> None:
        """Put rows in the place of all that was there, in one commit."""
        self._write(rows, mode="overwrite")

    def drop(self, rows: pl.DataFrame) -> None:
        """Remove in one commit all that agrees with `rows` in all of its columns; no rows make no commit."""
        if rows.is_empty():
            return
        same = " AND ".join(f"t.{name} = s.{name}" for name in rows.columns)
        with failures(self.place, "written"):
            self._open().merge(
                rows, predicate=same, source_alias="s", target_alias="t", writer_properties=_compressed()
            ).when_matched_delete().execute()

    def tidy(self, *, keep_hours: int = KEEP_HOURS) -> None:
        """Join files once there are many, and delete those that no commit of the last `keep_hours` needs."""
        with failures(self.place, "written"):
            table = self._open()
            if len(table.file_uris()) > MANY_FILES:
                table.optimize.compact(writer_properties=_compressed())
            table.vacuum(keep_hours, dry_run=False, enforce_retention_duration=False, full=True)

    def _write(self, rows: pl.DataFrame, *, mode: str) -> None:
        with failures(self.place, "written"):
            _library().write_deltalake(
                self.place,
                rows.select(self.table.columns.keys()).sort(self.table.key, maintain_order=True),
                mode=mode,
                writer_properties=_compressed(),
                storage_options=dict(self.options),
            )

    def _open(self) -> Any:  # noqa: ANN401 - deltalake's own table, typed by a library that may be missing
        return _library().DeltaTable(self.place, storage_options=dict(self.options))


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

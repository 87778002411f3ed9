"""One run at a time in an object store, which has no locks: a lease that is kept in a Delta table of one row.

Who holds it writes until when; who wants it writes over a row that has run out. Two that do so at once cannot both
succeed, as a commit is made only where nobody else has made it (a conditional put). A run that lives renews its lease,
so that the one of a killed run ends after `LEASE`. The clocks of the machines should agree within minutes.
"""

from __future__ import annotations

import logging
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import polars as pl

from empathy_scan.delta import DeltaTable
from empathy_scan.errors import StoreError
from empathy_scan.tables import UTC_TIME, Table

LEASE = timedelta(minutes=15)
LEASES = Table("_lease", {"holder": pl.String, "until": UTC_TIME}, key=("holder",))
_NOBODY = ("nobody", datetime(2000, 1, 1, tzinfo=UTC))
_PAUSE_SECONDS = 0.5  # between two tries
_LOG = logging.getLogger(__name__)


@contextmanager
def exclusive(table: DeltaTable, *, wait_seconds: float) -> Iterator[None]:
    """Hold the lease for the length of a `with` block; its table is made where there is none.

    Raises StoreError when another run holds it for longer than `wait_seconds`.
    """
    mine = uuid.uuid4().hex
    _take(table, mine, wait_seconds)
    done = threading.Event()
    renewer = threading.Thread(target=_renew, args=(table, mine, done), daemon=True)
    renewer.start()
    try:
        yield
    finally:
        done.set()
        renewer.join()
        _write(table, mine, _NOBODY)


def is_held(table: DeltaTable) -> bool:
    """Whether somebody holds the lease now; nothing is made or changed."""
    try:
        return bool((table.read("until")["until"] > datetime.now(UTC)).any())
    except StoreError:  # there was no lease yet
        return False


def _take(table: DeltaTable, mine: str, wait_seconds: float) -> None:
    """Return once the lease is ours."""
    last = time.monotonic() + wait_seconds
    table.create(_row(_NOBODY))
    while True:
        version = table.version()
        until = table.read("until").item()
        free = until < datetime.now(UTC)
        if free and table.replace_if(_row((mine, datetime.now(UTC) + LEASE)), version) and _holder(table) == mine:
            return
        if time.monotonic() >= last:
            raise StoreError(
                "another run is at work on this store",
                where=table.place.rpartition("/")[0],
                remedy="wait until it is done, then repeat" + ("" if free else _ends(until, table.place)),
            )
        time.sleep(_PAUSE_SECONDS)


def _ends(until: datetime, place: str) -> str:
    """When a hold ends; one that ends later than any that begins now is of a clock that is not ours."""
    if until > datetime.now(UTC) + 2 * LEASE:
        mend = f"set the clocks right, and if no run is at work delete {place}"
        return f"; its hold ends at {until:%Y-%m-%d %H:%M} UTC: {mend}"
    return f"; if it was killed, its hold ends at {until:%H:%M} UTC"


def _renew(table: DeltaTable, mine: str, done: threading.Event) -> None:
    """Renew the lease now and then until we are done."""
    while not done.wait(LEASE.total_seconds() / 3):
        try:
            _write(table, mine, (mine, datetime.now(UTC) + LEASE))
        except StoreError as error:  # the next time may be better; nothing is lost, as commits keep the store right
            _LOG.warning("the hold on the store could not be renewed: %s", error)


def _write(table: DeltaTable, mine: str, row: tuple[str, datetime]) -> None:
    """Write the row, as long as the lease is ours."""
    version = table.version()
    if _holder(table) == mine:
        table.replace_if(_row(row), version)


def _holder(table: DeltaTable) -> str:
    return str(table.read("holder").item())


def _row(row: tuple[str, datetime]) -> pl.DataFrame:
    return pl.DataFrame([row], schema=dict(LEASES.columns), orient="row")

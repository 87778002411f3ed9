"""The store's layouts, and what leads from each to the next: numbered migrations that a kill cannot harm.

A store of any older layout is brought up to date by the first program that opens it: it runs through those that it
lacks, in order, and each may be run again where it was not finished. What a migration did once stays as it is here.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import polars as pl

from empathy_scan import months
from empathy_scan.delta import DeltaTable
from empathy_scan.months import MONTH
from empathy_scan.tables import (
    CANDIDATE_LABELS,
    CANDIDATE_SCORES,
    CANDIDATES,
    CONVERSATIONS,
    ERROR_RATES,
    FILES,
    FORGOTTEN,
    LABELS,
    OWN_LABELS,
    PEOPLE,
    REJECTS,
    RUNS,
    SCORES,
    TURNS,
    Table,
)
from empathy_scan.versions import VERSION

VERSIONED = (TURNS, SCORES, LABELS)  # tables whose rows carry the version of their conversation
BY_MONTH = (CONVERSATIONS, *VERSIONED)
BESIDE = (CANDIDATES, CANDIDATE_SCORES, CANDIDATE_LABELS)  # of a model that is tried
# Tables with rows of conversations beside their markers: what is forgotten is removed from each of them. They are
# divided by month and have a column `conversation_id`.
OF_CONVERSATIONS = (*VERSIONED, *BESIDE, PEOPLE, OWN_LABELS)
ALL = (*BY_MONTH, *BESIDE, REJECTS, RUNS, ERROR_RATES, FILES, PEOPLE, FORGOTTEN, OWN_LABELS)

Tables = Callable[[Table], DeltaTable]  # the Delta table in which a store keeps one of ours


def stored(table: Table) -> Table:
    """The table with the columns that the store keeps beside its own: the version, and the month."""
    extra = dict.fromkeys(VERSION, pl.String) if table in (*VERSIONED, *BESIDE) else {}
    month = {MONTH: pl.String} if table in (CONVERSATIONS, *OF_CONVERSATIONS) else {}
    return replace(table, columns={**table.columns, **extra, **month})


def _first(tables: Tables) -> None:
    """Layout 1: all tables but that of error rates, empty."""
    for table in (CONVERSATIONS, *VERSIONED, REJECTS, RUNS):
        tables(table).create()


def _second(tables: Tables) -> None:
    """Layout 2: the table of error rates, empty."""
    tables(ERROR_RATES).create()


def _third(tables: Tables) -> None:
    """Layout 3: the columns that conversations and turns have beside those of layout 1; null in old rows."""
    for table in (CONVERSATIONS, TURNS):
        tables(table).widen()


def _fourth(tables: Tables) -> None:
    """Layout 4: what the deletion of the words of evidence does to a score; null in old rows."""
    tables(SCORES).widen()


def _fifth(tables: Tables) -> None:
    """Layout 5: a part for each month of the conversations' start, no ids in the log, and the ledger of files.

    Rows of no conversation, which a killed run has left, stay behind. The table of conversations comes last, as it
    tells the months of the others.
    """
    markers = tables(CONVERSATIONS)
    known = markers.read(*CONVERSATIONS.columns).sort(VERSION).unique("conversation_id", keep="last")
    month_of = known.select(*VERSION, months.of())
    for table in VERSIONED:
        delta = tables(table)
        if not delta.is_divided():
            delta.divide(delta.read(*(n for n in delta.table.columns if n != MONTH)).join(month_of, on=VERSION))
    if not markers.is_divided():
        markers.divide(known.with_columns(months.of()))
    tables(FILES).create()


def _sixth(tables: Tables) -> None:
    """Layout 6: the columns of the record of a run; null in old rows."""
    tables(RUNS).widen()


def _seventh(tables: Tables) -> None:
    """Layout 7: by what customers are found again, what was forgotten, and how much that was; null in old rows."""
    for table in (PEOPLE, FORGOTTEN):
        tables(table).create()
    tables(RUNS).widen()


def _eighth(tables: Tables) -> None:
    """Layout 8: the tables of a model that is tried, and what runs tell of it; null in old rows."""
    for table in BESIDE:
        tables(table).create()
    tables(RUNS).widen()


def _ninth(tables: Tables) -> None:
    """Layout 9: the table of labels of the centre's own, empty."""
    tables(OWN_LABELS).create()


# What makes each layout from the one before it.
MIGRATIONS: dict[int, Callable[[Tables], None]] = {
    1: _first, 2: _second, 3: _third, 4: _fourth, 5: _fifth, 6: _sixth, 7: _seventh, 8: _eighth, 9: _ninth,
}  # fmt: skip

"""Months: the parts into which the store divides conversations, so that a night touches its own months only."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import polars as pl

MONTH = "month"
UNDATED = "undated"  # conversations that tell no time, or one that no call centre has lived through
_FIRST_YEAR, _LAST_YEAR = 1990, 2099  # so that an export of strange dates makes no thousands of folders


def of(time: str = "started_at") -> pl.Expr:
    """The month (UTC) of a column of times as `2026-10`, or `undated`."""
    told = pl.col(time).dt.year().is_between(_FIRST_YEAR, _LAST_YEAR)
    return pl.when(told).then(pl.col(time).dt.strftime("%Y-%m")).otherwise(pl.lit(UNDATED)).alias(MONTH)


def within(since: datetime | None, until: datetime | None) -> Callable[[str], bool]:
    """Whether a month may hold conversations that started in `since <= t < until`; the undated may always."""
    first = f"{utc(since):%Y-%m}" if since is not None else ""
    last = f"{utc(until):%Y-%m}" if until is not None else UNDATED
    return lambda month: month == UNDATED or first <= month <= last


def utc(time: datetime) -> datetime:
    """A time as UTC; one without a zone is taken for UTC."""
    return time.astimezone(UTC) if time.tzinfo else time.replace(tzinfo=UTC)


def between(since: datetime | None, until: datetime | None) -> pl.Expr:
    """Conversations that started in the period or tell no time; a limit without a zone is UTC."""
    time, chosen = pl.col("started_at"), pl.lit(value=True)
    if since is not None:
        chosen &= time >= utc(since)
    if until is not None:
        chosen &= time < utc(until)
    return time.is_null() | chosen

"""The lists of the conversations that have a page: the newest in front, and where there are many a list per month."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass

from empathy_scan.report import content, words
from empathy_scan.report.dialogue import Link
from empathy_scan.report.material import Material, Row
from empathy_scan.report.rendering import MONTH

MANY = 2_000  # conversations on one list; of more the newest, and the rest by month
NEWEST = 500  # on the first list where there are too many for one
_UNDATED = "undated"


@dataclass(frozen=True, slots=True)
class Listing:
    """One list of conversations."""

    slug: str
    title: str
    about: tuple[str, ...]  # what the list holds and what it does not, in sentences
    months: tuple[Link, ...]  # the lists of single months, with how many each holds
    rows: tuple[content.Listed, ...]


def pages(material: Material, chosen: Collection[str]) -> Iterator[Listing]:
    """The list of all conversations that have a page, newest first; where there are many, also a list per month."""
    wanted = set(chosen)
    rows = [row for each, row in reversed(material.conversations.items()) if each in wanted]
    rows.sort(key=lambda row: row["started_at"] is None)  # those without a date come last
    if len(rows) <= MANY:
        yield Listing("index", "Conversations", _about(material, len(rows), len(rows)), (), _listed(material, rows))
        return
    months = _by_month(rows)
    links = tuple(
        Link(f"{_called(month)} ({len(held):,})", f"conversations/{MONTH}{month}.html")
        for month, held in months.items()
    )
    yield Listing(
        "index", "Conversations", _about(material, len(rows), NEWEST), links, _listed(material, rows[:NEWEST])
    )
    for month, held in months.items():
        shown = held[:MANY]
        about = (f"The newest {len(shown):,} of {len(held):,} that have a page.",) if len(held) > MANY else ()
        yield Listing(f"{MONTH}{month}", f"Conversations, {_called(month)}", about, links, _listed(material, shown))


def _listed(material: Material, rows: list[Row]) -> tuple[content.Listed, ...]:
    return tuple(content.listed(material, row) for row in rows)


def _about(material: Material, paged: int, shown: int) -> tuple[str, ...]:
    """What the first list holds."""
    whole = len(material.conversations)
    if not paged:
        return ()
    said = [f"The newest {shown:,} stand here, the others under their month." if shown < paged else "Newest first."]
    if paged < whole:
        said.append(
            f"Of the {whole:,} conversations in this report, {paged:,} have a page of their own: those that a page "
            "cites, and the newest of every agent. The figures count all of them."
        )
        said.append("A page of another one is added by: empathy-scan report --conversation ID")
    return tuple(said)


def _by_month(rows: list[Row]) -> dict[str, list[Row]]:
    """The rows under `2026-10`, newest month first."""
    months: dict[str, list[Row]] = {}
    for row in rows:
        started = row["started_at"]
        months.setdefault(f"{started:%Y-%m}" if started else _UNDATED, []).append(row)
    return months


def _called(month: str) -> str:
    """`Oct 2026`."""
    if month == _UNDATED:
        return "date not known"
    year, number = month.split("-")
    return f"{words.MONTHS[int(number) - 1]} {year}"

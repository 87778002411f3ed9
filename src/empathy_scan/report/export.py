"""The data behind a report, for other programs: a table per subject as CSV and Parquet, and all of them as one JSON.

docs/report-data.md tells every column. Numbers are rounded to six decimals, so that machines that add in another order
write the same bytes. In CSV a cell that a spreadsheet would take for a formula begins with an apostrophe.
"""

from __future__ import annotations

import io
import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import date, datetime
from typing import Any

import polars as pl

from empathy_scan import tables, trends
from empathy_scan.fingerprints import message_id
from empathy_scan.report.material import Material

FORMAT_VERSION = 1  # of the tables and of report.json; a new column or table keeps it, any other change raises it
FOLDER = "data"
_DECIMALS = 6
# What a cell of text must not begin with, also in the full width of East Asian keyboards; the apostrophe itself, so
# that one can go back.
_FORMULAS = "^[=+\\-@\t\r\n'＝＋－＠]"

Citation = tuple[str, str, str, int, int]  # section, kind, conversation_id, turn, agent_turn
_Columns = dict[str, Any]
_FIGURE: _Columns = {
    name: kind for name, kind in tables.FIGURES.columns.items() if name not in {"scope", "agent_id", "measure"}
}  # fmt: skip
# Every table: its columns and their types, in order.
TABLES: dict[str, _Columns] = {
    "agents": {
        "agent_id": pl.String, "name": pl.String, "team": pl.String, "listed": pl.Boolean,
        "conversations": pl.Int64, "page": pl.String,
    },
    "figures": {"scope": pl.String, "agent_id": pl.String, "measure": pl.String, **_FIGURE},
    "groups": {"key": pl.String, "group": pl.String, "measure": pl.String, **_FIGURE},
    "weeks": dict(trends.WEEKS),
    "changes": dict(trends.CHANGES),
    "conversations": {
        "conversation_id": pl.String, "started_at": tables.UTC_TIME, "channel": pl.String, "queue": pl.String,
        "agents": pl.String, "turns": pl.Int64, "calls": pl.Int64, "empathic": pl.Int64, "scripted": pl.Int64,
        "missed": pl.Int64, "hostile": pl.Int64, "rose_above": pl.Int64, "guarded": pl.Int64, "page": pl.String,
    },
    "moments": {
        "agent_id": pl.String, "section": pl.String, "kind": pl.String, "conversation_id": pl.String,
        "turn": pl.Int64, "agent_turn": pl.Int64, "page": pl.String, "message": pl.String, "agent_message": pl.String,
    },
    "appeals": {
        "message": pl.String, "conversation_id": pl.String, "turn": pl.Int64, "agent_id": pl.String, "state": pl.String,
        "outcome": pl.String, "opened_at": tables.UTC_TIME, "decided_at": tables.UTC_TIME, "was": pl.String,
        "counts_as": pl.String, "applies": pl.Boolean, "page": pl.String,
    },
    "phrases": {
        "text": pl.String, "uses": pl.Int64, "conversations": pl.Int64, "agents": pl.Int64, "scripted": pl.Float64,
    },
}  # fmt: skip
_KEYS = {
    "agents": ("agent_id",), "figures": ("scope", "agent_id", "measure"), "groups": ("key", "group", "measure"),
    "weeks": ("agent_id", "measure", "week"), "changes": ("agent_id", "measure"),
    "conversations": ("started_at", "conversation_id"), "phrases": (),
    "moments": (), "appeals": (),
}  # fmt: skip


def files(
    material: Material,
    figures: pl.DataFrame,
    provenance: Mapping[str, str],
    paged: Collection[str],
    cited: Mapping[str, Sequence[Citation]],
    *,
    warnings: Sequence[str] = (),
    more: Mapping[str, pl.DataFrame] | None = None,
) -> Iterator[tuple[str, bytes]]:
    """Every file of the data by its path in the report; `more` are further tables, which few reports have.

    `paged` are the conversations that have a page, `cited` the moments that each agent's page cites, `warnings` what
    stands beside the agents on the front page.
    """
    made = {name: _conformed(name, frame) for name, frame in _tables(material, figures, paged, cited).items()}
    made |= {name: _rounded(frame) for name, frame in (more or {}).items()}
    for name, frame in made.items():
        yield f"{FOLDER}/{name}.csv", as_csv(frame)
        parquet = io.BytesIO()
        frame.write_parquet(parquet, compression="zstd")
        yield f"{FOLDER}/{name}.parquet", parquet.getvalue()
    yield f"{FOLDER}/report.json", _as_json(material, made, provenance, warnings)


def as_csv(frame: pl.DataFrame, *, header: bool = True) -> bytes:
    """CSV in UTF-8; no cell of text begins like a formula: an apostrophe stands before it, to be taken off."""
    text = [name for name, kind in frame.schema.items() if kind == pl.String]
    times = [name for name, kind in frame.schema.items() if kind == tables.UTC_TIME]
    harmless = frame.with_columns(
        *(_harmless(pl.col(name)).alias(name) for name in text), *(_iso(pl.col(name)).alias(name) for name in times)
    )
    return harmless.write_csv(include_header=header).encode()


def _harmless(cell: pl.Expr) -> pl.Expr:
    return pl.when(cell.str.contains(_FORMULAS)).then(pl.concat_str(pl.lit("'"), cell)).otherwise(cell)


def _iso(moment: pl.Expr) -> pl.Expr:
    return moment.dt.strftime("%Y-%m-%dT%H:%M:%SZ")


def _conformed(name: str, frame: pl.DataFrame) -> pl.DataFrame:
    """A table with its columns, sorted, its numbers rounded."""
    columns = TABLES[name]
    typed = frame.select(pl.col(column).cast(kind) for column, kind in columns.items())
    rounded = _rounded(typed)
    return rounded.sort(_KEYS[name], nulls_last=True) if _KEYS[name] else rounded


def _rounded(frame: pl.DataFrame) -> pl.DataFrame:
    return frame.with_columns((pl.col(pl.Float64).round(_DECIMALS) + 0.0).fill_nan(None))  # -0.0 becomes 0.0


def _tables(
    material: Material, figures: pl.DataFrame, paged: Collection[str], cited: Mapping[str, Sequence[Citation]]
) -> dict[str, pl.DataFrame]:
    """Every table by its name."""
    of_group = pl.col("scope") == "group"
    parts = pl.col("agent_id").str.splitn("=", 2).struct
    house = material.phrases.phrases.filter("house")
    return {
        "agents": _agents(material),
        "figures": figures.filter(~of_group),
        "groups": figures.filter(of_group).with_columns(key=parts.field("field_0"), group=parts.field("field_1")),
        "weeks": material.weeks,
        "changes": material.changes,
        "conversations": _conversations(material, paged),
        "moments": _moments(material, cited),
        "appeals": _appeals(material),
        "phrases": house.sort("uses", "text", descending=[True, False]),
    }


def _agents(material: Material) -> pl.DataFrame:
    held: dict[str, int] = dict.fromkeys(material.agents, 0)
    for row in material.conversations.values():
        for agent_id in row["agents"]:
            held[agent_id] += 1
    unlisted = set(material.people.unlisted)
    listed = bool(material.people.names or material.people.teams)
    rows = [
        {
            "agent_id": agent_id, "name": material.names[agent_id], "team": material.people.teams.get(agent_id) or None,
            "listed": agent_id not in unlisted if listed else None, "conversations": held[agent_id],
            "page": material.agent_href(agent_id),
        }
        for agent_id in material.agents
    ]  # fmt: skip
    return pl.DataFrame(rows, schema=TABLES["agents"])


def _conversations(material: Material, paged: Collection[str]) -> pl.DataFrame:
    wanted = set(paged)
    same = [name for name in TABLES["conversations"] if name not in {"agents", "rose_above", "page"}]
    rows = [
        {name: row[name] for name in same}
        | {"agents": ";".join(row["agents"]), "rose_above": row["rose"]}
        | {"page": material.href(each) if each in wanted else None}
        for each, row in material.conversations.items()
    ]
    return pl.DataFrame(rows, schema=TABLES["conversations"])


def _moments(material: Material, cited: Mapping[str, Sequence[Citation]]) -> pl.DataFrame:
    rows = [
        (
            agent_id,
            *citation,
            material.href(citation[2], citation[4]),
            *(message_id(citation[2], turn) for turn in citation[3:]),
        )
        for agent_id in material.agents
        for citation in cited.get(agent_id, ())
    ]
    return pl.DataFrame(rows, schema=TABLES["moments"], orient="row")


def _appeals(material: Material) -> pl.DataFrame:
    """The appeals against messages of the report; nobody who appealed or decided, and no reason."""
    rows = [
        (
            each.message, each.conversation_id, each.turn, each.agent_id or None, each.state, each.outcome or None,
            each.opened_at, each.decided_at, each.was or None, each.counts or None, each.applies,
            material.href(each.conversation_id, each.turn),
        )
        for each in material.appeals
    ]  # fmt: skip
    return pl.DataFrame(rows, schema=TABLES["appeals"], orient="row")


def _as_json(
    material: Material, made: Mapping[str, pl.DataFrame], provenance: Mapping[str, str], warnings: Sequence[str]
) -> bytes:
    """All tables in one object, a row a line."""
    dates = [row["started_at"] for row in material.conversations.values() if row["started_at"]]
    head = {
        "format_version": FORMAT_VERSION, "title": material.config.title, "provenance": dict(provenance),
        "first": min(dates, default=None), "last": max(dates, default=None),
        "conversations_read": len(material.conversations), "rejects": len(material.rejects),
        "warnings": list(warnings),
    }  # fmt: skip
    parts = [f"{_line(name)}: {_line(value)}" for name, value in head.items()]
    for name, frame in made.items():
        rows = ",\n  ".join(_line(row) for row in frame.iter_rows(named=True))
        parts.append(f"{_line(name)}: [\n  {rows}\n ]" if rows else f"{_line(name)}: []")
    return ("{\n " + ",\n ".join(parts) + "\n}\n").encode()


def _line(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, default=_time)


def _time(moment: object) -> str:
    """A time as `2026-10-05T09:00:00Z`, a day as `2026-10-05`."""
    if isinstance(moment, datetime):
        return f"{moment:%Y-%m-%dT%H:%M:%SZ}"
    if isinstance(moment, date):
        return moment.isoformat()
    raise TypeError(f"no JSON for a {type(moment).__name__}")

"""`runs`: what each run did, newest first, and one run whole."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated, Any

import typer

from empathy_scan.cli import base
from empathy_scan.cli.base import app

_WIDTHS = {
    "run": 23,
    "started": 20,
    "what": 7,
    "state": 9,
    "files": 8,
    "scored": 8,
    "rejects": 8,
    "seconds": 9,
    "exit": 5,
}


@app.command(epilog="Example: empathy-scan runs last --store results")
def runs(
    context: typer.Context,
    run_id: Annotated[
        str, typer.Argument(help="A run, to show it whole: its id, how that begins, or last.", metavar="[RUN]")
    ] = "",
    *,
    store: base.StoreOption = "empathy-scan-store",
    config: base.ConfigOption = None,
    limit: Annotated[int, typer.Option("--limit", help="How many to list.", min=1)] = 20,
    as_json: base.JsonOption = False,
) -> None:
    """List the runs on a store, newest first, or show one whole."""
    asked = base.settings_of(context).scan

    from empathy_scan import runs as records  # noqa: PLC0415 - polars stays out of --help
    from empathy_scan.store import Store  # noqa: PLC0415 - as above

    held = Store(asked.store, read_only=True)
    rows = [records.found(held, run_id)] if run_id else records.listed(held, limit=limit)
    if asked.json:
        base.print_json(rows[0] if run_id else rows)
        return
    for line in _whole(rows[0]) if run_id else _table(rows):
        typer.echo(base.safe(line))


def _table(rows: list[dict[str, Any]]) -> Iterator[str]:
    """A line per run under a heading; numbers to the right."""
    if not rows:
        yield "no run yet"
        return
    yield _line({name: name for name in _WIDTHS})
    for row in rows:
        cells = {
            "run": row["run_id"], "started": row["started_at"], "state": row["state"], "files": row["files"],
            "what": row["command"] or "scan",
            "scored": row["scored"], "rejects": row["rejects"], "exit": row["exit_code"],
            "seconds": None if row["seconds"] is None else f"{row['seconds']:.1f}",
        }  # fmt: skip
        open_run = row["exit_code"] is None and row["ended_at"] is None and row["files"] is None
        yield _line(cells | (dict.fromkeys(("files", "scored", "rejects", "seconds", "exit"), "") if open_run else {}))


def _line(cells: Mapping[str, Any]) -> str:
    words = ("run", "started", "what", "state")
    shown = {name: "" if cells[name] is None else str(cells[name]) for name in _WIDTHS}
    return " ".join(
        f"{shown[name]:<{width}}" if name in words else f"{shown[name]:>{width}}" for name, width in _WIDTHS.items()
    ).rstrip()


def _whole(row: Mapping[str, Any]) -> Iterator[str]:
    """All there is to say of a run, a line per value."""
    for name, value in row.items():
        title = name.replace("_", " ")
        if isinstance(value, dict):
            yield title
            for part, inner in value.items():
                if isinstance(inner, dict):
                    yield from (f"  {f'{part}.{key}':<30}{each}" for key, each in inner.items())
                else:
                    yield f"  {part:<30}{inner}"
        elif value is not None:
            yield f"{title:<32}{f'{value:.2f}' if isinstance(value, float) else value}"

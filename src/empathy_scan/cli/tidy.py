"""`tidy`: the store's files joined, and those that nobody needs any more deleted."""

from __future__ import annotations

from typing import Annotated

import typer

from empathy_scan.cli import base
from empathy_scan.cli.base import app


@app.command(epilog="Example: empathy-scan tidy --store results --keep-hours 24")
def tidy(
    context: typer.Context,
    *,
    store: base.StoreOption = "empathy-scan-store",
    keep_hours: Annotated[
        int, typer.Option("--keep-hours", help="Superseded files stay so long for readers at work.", min=0)
    ] = 168,
    config: base.ConfigOption = None,
    as_json: base.JsonOption = False,
) -> None:
    """Join the store's small files and delete those that no reader needs any more; no result changes."""
    asked = base.settings_of(context).scan

    from empathy_scan.store import Store  # noqa: PLC0415 - polars stays out of --help

    held = Store.open(asked.store)
    before = held.size()
    held.tidy(keep_hours=keep_hours)
    after = held.size()
    if asked.json:
        base.print_json({"files": after.files, "bytes": after.bytes, "files_before": before.files})
    else:
        typer.echo(f"{before.files} files joined to {after.files}, {after.bytes:,} bytes")

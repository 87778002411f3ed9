"""`doctor`: checks machine, settings, sources, store, report folder and model, and says what to mend."""

from __future__ import annotations

from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from empathy_scan.cli import base
from empathy_scan.cli.base import app
from empathy_scan.errors import UsageError

if TYPE_CHECKING:
    from empathy_scan.config import Config
    from empathy_scan.doctor import Finding

_MARKS = {"ok": "ok   ", "note": "note ", "fault": "FAULT"}


@app.command(epilog="Example: empathy-scan doctor --config empathy-scan.toml")
def doctor(
    context: typer.Context,
    paths: Annotated[
        list[Path] | None, typer.Argument(help="Files and folders with transcripts.", metavar="[PATH...]")
    ] = None,
    *,
    store: base.StoreOption = "empathy-scan-store",
    reports: base.ReportsOption = Path("empathy-scan-report"),
    model: base.ModelOption = None,
    config: base.ConfigOption = None,
    as_json: base.JsonOption = False,
) -> None:
    """Check what a scan would work with, and say what to mend. Exit code 1 where something would fail."""
    from empathy_scan import doctor as checks  # noqa: PLC0415 - polars stays out of --help

    found: list[checks.Finding] = []
    understood, options = _understood(context)
    for each in chain([understood], () if options is None else checks.examine(options)):
        found.append(each)
        if not as_json:
            remedy = f"; {each.remedy}" if each.remedy else ""
            typer.echo(base.safe(f"{_MARKS[each.state]} {each.subject}: {each.what}{remedy}"))
    if as_json:
        base.print_json([each.to_json() for each in found])
    if any(each.state is checks.State.FAULT for each in found):
        raise typer.Exit(1)


def _understood(context: typer.Context) -> tuple[Finding, Config | None]:
    """What there is to say of the settings; those of a file that cannot be used are None."""
    from empathy_scan.doctor import Finding, State  # noqa: PLC0415 - as in `doctor`

    try:
        options = base.settings_of(context)
    except UsageError as error:
        return Finding("settings", State.FAULT, f"{error.where}: {error.what}", error.remedy), None
    return Finding("settings", State.OK, f"understood, fingerprint {options.fingerprint()}"), options

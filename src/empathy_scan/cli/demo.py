"""`demo`: the samples scanned, so that whoever has the program sees a report before they look for an export."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from empathy_scan.cli import base, progress
from empathy_scan.cli.base import app


@app.command(epilog="Example: empathy-scan demo --out demo")
def demo(
    *,
    out: Annotated[Path, typer.Option("--out", help="Folder for the demo's store and report.", metavar="DIR")] = Path(
        "empathy-scan-demo"
    ),
    show: Annotated[bool, typer.Option("--open", help="Open the report in the browser.")] = False,
    as_json: base.JsonOption = False,
) -> None:
    """Scan the samples that come with the program: three weeks of an invented contact centre, in half a minute.

    Your settings play no part in it.
    """
    from empathy_scan import pipeline, samples  # noqa: PLC0415 - torch and spaCy stay out of --help

    with progress.shown() as told:
        result = pipeline.scan([samples.folder()], store=out / "store", reports=out / "report", told=told)
    page = result.front_page.resolve()
    if as_json:
        base.print_json(result.to_json())
    else:
        typer.echo(page)
        for line in _said(result.conversations, result.rejects, out):
            typer.echo(line)
    if show:
        typer.launch(page.as_uri())


def _said(conversations: int, rejects: int, out: Path) -> list[str]:
    """What was done, and what to do next."""
    return [
        f"{conversations} conversations of an invented contact centre; {rejects} files are broken on purpose.",
        "Open the page above in a browser. Then try an export of your own:",
        "  empathy-scan read --explain YOUR-FILE",
        "  empathy-scan scan YOUR-FOLDER",
        f"Nothing but {out} was written; delete it when you have seen enough.",
    ]

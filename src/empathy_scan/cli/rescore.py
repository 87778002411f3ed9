"""`rescore`: another model over all history, beside the scores that count; what it moves; and its taking over."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from empathy_scan.cli import base, logs, progress
from empathy_scan.cli.base import app
from empathy_scan.errors import UsageError

if TYPE_CHECKING:
    from empathy_scan.report.rescored import Figure, Page

_SHOWN = 20  # figures of agents
_WIDTH = 110


@app.command(epilog="Example: empathy-scan rescore --store results --model newer-model")
def rescore(  # noqa: PLR0913 - a parameter per option
    context: typer.Context,
    *,
    store: base.StoreOption = "empathy-scan-store",
    reports: base.ReportsOption = Path("empathy-scan-report"),
    out: Annotated[
        Path | None, typer.Option("--out", help="Folder for rescore.html, instead of the report's.", metavar="DIR")
    ] = None,
    model: base.ModelOption = None,
    config: base.ConfigOption = None,
    engine: base.EngineOption = "local",
    workers: base.WorkersOption = 1,
    roster: base.RosterOption = "",
    accept: Annotated[bool, typer.Option("--accept", help="Make the new model's scores those that count.")] = False,
    drop: Annotated[bool, typer.Option("--drop", help="Discard what the new model made.")] = False,
    as_json: base.JsonOption = False,
    quiet: base.QuietOption = False,
    log_format: base.LogFormatOption = "text",
    log_file: base.LogFileOption = "",
) -> None:
    """Score all history with another model, beside what counts, and show what would move.

    Nothing in the report changes before --accept. May be killed and repeated; scans go on meanwhile.
    """
    options = base.settings_of(context)
    asked = options.scan
    logs.configure(verbose=asked.verbose, form=asked.log_format, file=asked.log_file, quiet=asked.quiet)
    if accept and drop:
        raise UsageError("--accept and --drop exclude each other", remedy="give one of them")

    from empathy_scan import engine as engines  # noqa: PLC0415 - torch and polars stay out of --help
    from empathy_scan import rescoring  # noqa: PLC0415 - as above
    from empathy_scan.report import rescored as pages  # noqa: PLC0415 - as above

    if drop:
        dropped = rescoring.drop(asked.store)
        if asked.json:
            base.print_json({"state": "dropped", "model": dropped or None})
        elif not asked.quiet:
            typer.echo(f"the scores of model {dropped} are gone" if dropped else "no other model is tried")
        return
    with progress.shown() as told:
        found = rescoring.rescore(
            asked.store, config=options, model=model, engine=engines.make(asked.engine, asked.workers),
            accept=accept, told=told,
        )  # fmt: skip
    given = {"store": asked.store, "model": model, "reports": asked.reports, "out": out, "config": config}
    found = replace(found, command=base.repeated("rescore", given))
    page = rescoring.write_page(found, out or Path(asked.reports), options)
    if asked.json:
        base.print_json(found.to_json() | {"page": page and str(page)})
    elif not asked.quiet:
        if page is not None:
            typer.echo(page)
        for line in _told(pages.said(tried)) if (tried := found.tried()) else [f"nothing to do: {found.why}"]:
            typer.echo(base.safe(line))


def _told(page: Page) -> Iterator[str]:
    """The page in the lines of a terminal."""
    yield page.title
    for fact in page.facts:
        yield f"  {fact}"
    yield ""
    yield from page.leads
    yield from _section("labels: the same in, kappa")
    for row in page.agreements:
        yield f"{row.title:<26}{row.agreed or row.why:<24}{row.kappa or row.why_no_kappa:<26}{row.counted}"
    yield from _section("the team: before, with the new model")
    yield from map(_line, page.team)
    yield from _section("agents' figures that move by more than chance leaves")
    yield from map(_line, page.agents[:_SHOWN])
    if more := len(page.agents) - _SHOWN:
        yield page.no_agents if more == -_SHOWN else f"and {more} more: the page has them" if more > 0 else ""
    yield from _section("bands, and who stands out")
    yield page.period
    yield from page.standing
    yield from _section("messages that moved farthest")
    if not page.examples:
        yield "none moved"
    for title, turns in page.examples:
        for turn in turns:
            yield f"{title}: {turn.where}: {turn.change} ({turn.chance})"
            yield f"    {' '.join(turn.text.split())[:_WIDTH]}"
    yield ""
    yield page.state


def _section(title: str) -> Iterator[str]:
    yield ""
    yield title.upper()


def _line(row: Figure) -> str:
    who = "" if row.who == "The team" else f"{row.who}: "
    title = f"{who}{row.title}"
    if row.why:
        return f"{title:<44}{row.why}"
    return f"{title:<44}{row.old:>12} {row.new:>12}  {row.shift}{'  *' if row.surely else ''}"

"""`fairness`: figures, errors and flips by group on the centre's own conversations, and what may not be the agent's."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from empathy_scan.cli import base, logs
from empathy_scan.cli.base import app

if TYPE_CHECKING:
    from empathy_scan.report.fairness import Cell, Page, Table


@app.command(epilog="Example: empathy-scan fairness --store results --groups sites.csv")
def fairness(  # noqa: PLR0913 - a parameter per option
    context: typer.Context,
    *,
    store: base.StoreOption = "empathy-scan-store",
    reports: base.ReportsOption = Path("empathy-scan-report"),
    out: Annotated[
        Path | None, typer.Option("--out", help="Folder for fairness.html, instead of the report's.", metavar="DIR")
    ] = None,
    groups: Annotated[
        Path | None,
        typer.Option(
            "--groups", help="CSV keyed by agent or conversation; its other columns are groups.", metavar="FILE"
        ),
    ] = None,
    by: Annotated[
        list[str] | None, typer.Option("--by", help="A label of the export to group by. Repeatable.", metavar="LABEL")
    ] = None,
    minimum_agents: Annotated[
        int, typer.Option("--minimum-agents", help="Agents that a group of the file needs to be told.", min=2)
    ] = 5,
    flips: Annotated[
        int, typer.Option("--flips", help="Messages to say again in other forms at most; 0 needs no model.", min=0)
    ] = 400,
    model: base.ModelOption = None,
    config: base.ConfigOption = None,
    roster: base.RosterOption = "",
    since: Annotated[
        str | None, typer.Option("--since", help="Conversations from this day on.", metavar="DATE")
    ] = None,
    until: Annotated[str | None, typer.Option("--until", help="Conversations before this day.", metavar="DATE")] = None,
    as_json: base.JsonOption = False,
    quiet: base.QuietOption = False,
) -> None:
    """Compare groups: figures, the model's errors, and labels that change with the form of words.

    Says where differences between agents may be those of queue, channel, accent or any given group.
    """
    start, end = base.period(since, until)
    options = base.settings_of(context)
    logs.configure(verbose=options.scan.verbose, quiet=quiet)

    from empathy_scan import fairness_report  # noqa: PLC0415 - polars stays out of --help
    from empathy_scan.report import fairness as pages  # noqa: PLC0415 - as above
    from empathy_scan.store import Store  # noqa: PLC0415 - as above

    found = fairness_report.measure(
        Store.open(options.scan.store), options, columns=groups, by=by or (), model=model, rewritten=flips,
        minimum_agents=minimum_agents, since=start, until=end,
    )  # fmt: skip
    page = fairness_report.write_page(found, out or Path(options.scan.reports), options)
    if as_json:
        base.print_json(found.to_json() | {"page": str(page), "warnings": list(pages.said(found).warnings)})
    elif not quiet:
        typer.echo(page)
        for line in _told(pages.said(found)):
            typer.echo(base.safe(line))


def _told(page: Page) -> Iterator[str]:
    """The page in the lines of a terminal."""
    yield page.title
    for fact in page.facts:
        yield f"  {fact}"
    yield ""
    yield from page.warnings
    yield from filter(None, (page.calm, *page.notes))
    yield from ("", "IS IT THE AGENT?")
    yield from _table(page.overview) if page.overview else [page.quiet_agents]
    for agents in page.agents:
        yield from ("", agents.title.upper(), agents.summary)
        for row in agents.lines:
            yield f"{row.who:<28}{row.counted:<30}{row.within:<30}{row.remark:<24}{row.n}"
    yield from ("", "THE MODEL'S ERRORS")
    if page.no_errors:
        yield page.no_errors
    for table in filter(None, (page.overall, *page.errors)):
        yield from _table(table)
    yield from ("", "LABELS THAT CHANGE WITH THE FORM OF WORDS")
    yield from _table(page.flips) if page.flips else [page.no_flips]
    yield from ("", "FIGURES BY GROUP")
    for table in page.figures:
        yield from _table(table)
    yield from (f"without figures: {each}" for each in page.untold)


def _table(table: Table) -> Iterator[str]:
    """A table, a line per group and column: a terminal is too narrow for them side by side."""
    if table.title:
        yield table.title
    for line in table.lines:
        for (head, _), cell in zip(table.heads, line.cells, strict=True):
            yield f"  {line.group[:34]:<36}{head[:46]:<48}{_cell(cell)}"


def _cell(cell: Cell) -> str:
    if not cell.value:
        return cell.why
    return f"{cell.value}, {cell.counted}" + (f"; {cell.apart}" if cell.apart else "")

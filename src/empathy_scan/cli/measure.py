"""`measure`: every figure from turns that are labelled already; needs no model."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from empathy_scan.cli import base
from empathy_scan.cli.base import app


@app.command(epilog="Example: empathy-scan measure labelled-turns.csv")
def measure(
    file: Annotated[Path, typer.Argument(help="CSV, TSV, JSON Lines or Parquet, one row per turn.", metavar="FILE")],
    *,
    config: base.ConfigOption = None,
    roster: base.RosterOption = "",
    by: Annotated[
        list[str] | None,
        typer.Option("--by", help="Figures by this column too, such as queue. Repeatable.", metavar="COLUMN"),
    ] = None,
    weeks: Annotated[bool, typer.Option("--weeks", help="Week by week too, and what changed lately.")] = False,
) -> None:
    """Every measure per agent and for the team, as JSON, from a table of labelled turns.

    Columns: conversation_id, turn, role, agent_id, channel, started_at, flags, tone, kinds; and if you like text,
    p_hostile, hardship, queue.
    """
    options = base.settings(config, roster=roster)

    from empathy_scan import groups, labelled_rows, phrases, summary, trends  # noqa: PLC0415 - polars stays out of --help
    from empathy_scan import roster as rosters  # noqa: PLC0415 - as above
    from empathy_scan.readers import parse_table  # noqa: PLC0415 - as above

    rows = parse_table(file, places=True)
    listed = rosters.load(options.roles.roster)
    labels = rosters.merge(labelled_rows.labels_from_rows(rows, where=str(file)), listed)
    within = groups.of_rows(rows, by or options.report.group_by, where=str(file))
    sentences = None
    if "text" in rows.columns:
        sentences = phrases.found(phrases.of_turns(labels, labelled_rows.text_of(rows))).sentences
    figures = summary.figures(labels, options.summary, teams=listed.teams, groups=within, sentences=sentences)
    told = summary.with_entropy(summary.to_json(figures), sentences, options.summary)
    if weeks:
        told |= trends.to_json(*trends.both(labels, options.summary))
    base.print_json(told)

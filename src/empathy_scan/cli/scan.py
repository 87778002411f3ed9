"""`scan` and `report`: the nightly job, and reports from what it stored."""

from __future__ import annotations

import sys
from dataclasses import asdict, replace
from pathlib import Path
from typing import Annotated, Any

import typer

from empathy_scan.cli import base
from empathy_scan.cli.base import app

StoreOption = Annotated[str, typer.Option("--store", help="Folder or URL of the results store.", metavar="DIR|URL")]
ReportsOption = Annotated[Path, typer.Option("--reports", help="Folder for the report.", metavar="DIR")]
SinceOption = Annotated[
    str | None, typer.Option("--since", help="Report conversations from this day on.", metavar="DATE")
]
UntilOption = Annotated[
    str | None, typer.Option("--until", help="Report conversations before this day.", metavar="DATE")
]


@app.command(epilog="Example: empathy-scan scan exports/ --store results --reports report")
def scan(  # noqa: PLR0913 - a parameter per option
    paths: Annotated[list[Path], typer.Argument(help="Files and folders with transcripts.", metavar="PATH...")],
    *,
    store: StoreOption = "empathy-scan-store",
    reports: ReportsOption = Path("empathy-scan-report"),
    model: base.ModelOption = None,
    config: base.ConfigOption = None,
    engine: Annotated[
        str, typer.Option("--engine", help="local, or ray for a cluster.", metavar="local|ray")
    ] = "local",
    workers: Annotated[int, typer.Option("--workers", help="Processes that score.", min=1)] = 1,
    since: SinceOption = None,
    until: UntilOption = None,
    format_name: base.FormatOption = "",
    column: base.ColumnOption = None,
    role: base.RoleOption = None,
    channel_roles: base.ChannelOption = None,
    speakers: base.SpeakersOption = "",
    agent_domain: base.DomainOption = None,
    language: base.LanguageOption = None,
    roster: base.RosterOption = "",
    reread: Annotated[bool, typer.Option("--reread", help="Open every file again, also those that are known.")] = False,
    retry: Annotated[
        bool, typer.Option("--retry", help="Open the files again of which something was rejected.")
    ] = False,
    as_json: base.JsonOption = False,
) -> None:
    """Read, score, store and report; incremental, and safe to repeat or to kill.

    Ends with the path of the report's front page and a summary. Exit code 3 when some input was rejected.
    """
    start, end = base.period(since, until)
    options = base.settings(
        config, format_name=format_name, columns=column, speakers=role, channels=channel_roles,
        speaker_list=speakers, domains=agent_domain, languages=language, roster=roster,
    )  # fmt: skip

    from empathy_scan import engine as engines  # noqa: PLC0415 - torch and spaCy stay out of --help
    from empathy_scan import pipeline  # noqa: PLC0415 - as above
    from empathy_scan.errors import InputError  # noqa: PLC0415 - as above

    result = pipeline.scan(
        paths, store=store, reports=reports, config=options, model=model, engine=engines.make(engine, workers),
        since=start, until=end, again=reread, retry=retry,
        told=_progress if sys.stderr.isatty() else None,
    )  # fmt: skip
    base.tell_rejects(result.rejected)
    base.tell_notes(mixed=0, unlisted=result.unlisted)
    if as_json:
        base.print_json(result.to_json())
    else:
        _summary(result.to_json())
    if not result.conversations:
        raise InputError(
            f"no conversation could be read from {result.files} file(s), and the store holds none",
            remedy="mend what is named above; `empathy-scan read --explain FILE` tells how a file is understood",
        )
    if result.rejects:
        raise typer.Exit(base.REJECTED)


@app.command(epilog="Example: empathy-scan report --store results --reports report --since 2026-10-12")
def report(  # noqa: PLR0913 - a parameter per option
    *,
    store: StoreOption = "empathy-scan-store",
    reports: ReportsOption = Path("empathy-scan-report"),
    config: base.ConfigOption = None,
    since: SinceOption = None,
    until: UntilOption = None,
    roster: base.RosterOption = "",
    conversation: Annotated[
        list[str] | None,
        typer.Option("--conversation", help="Also a page of this conversation. Repeatable.", metavar="ID"),
    ] = None,
    all_conversations: Annotated[
        bool, typer.Option("--all-conversations", help="Pages of all conversations, however many there are.")
    ] = False,
    as_json: base.JsonOption = False,
) -> None:
    """Write the report again from the store; needs no model and no transcripts.

    Only what changed is written.
    """
    start, end = base.period(since, until)
    options = base.settings(config, roster=roster)

    from empathy_scan import rebuild  # noqa: PLC0415 - polars stays out of --help
    from empathy_scan import report as pages  # noqa: PLC0415 - as above
    from empathy_scan.store import Store  # noqa: PLC0415 - as above

    if all_conversations:
        options = replace(options, report=replace(options.report, conversation_pages="all"))
    written: list[pages.Written] = []
    front_page, stored = rebuild.write_report(
        Store.open(store),
        reports,
        options,
        since=start,
        until=end,
        conversations=conversation or (),
        told=written.append,
    )
    if as_json:
        numbers = {"conversations": stored.conversations.height} | {k: v for w in written for k, v in asdict(w).items()}
        base.print_json({"front_page": str(front_page)} | numbers)
    else:
        typer.echo(front_page)
        for each in written:
            typer.echo(f"{each.changed:,} of {each.pages:,} pages changed")


def _progress(stage: str, done: int, total: int) -> None:
    """A counter on the terminal."""
    typer.echo(f"\r{stage} {done:,} of {total:,} segments", err=True, nl=done >= total)


def _summary(result: dict[str, Any]) -> None:
    """The front page's path and ten lines of what was done."""
    typer.echo(result["front_page"])
    rows = {
        "files": "files", "known already": "known", "rejects": "rejects", "left out": "left_out",
        "scored in this run": "scored",
        "conversations": "conversations", "in the report": "reported", "turns in it": "turns", "agents in it": "agents",
        "seconds": "seconds", "model": "model", "settings": "settings",
    }  # fmt: skip
    for title, key in rows.items():
        changed = f", {result['replaced']} of them changed" if key == "scored" and result["replaced"] else ""
        typer.echo(f"{title:<20}{result[key]}{changed}")
    notes = {
        "being written": ("waiting", "file(s) that are not whole yet, left for the next run"),
        "mixed languages": ("mixed", "conversation(s) with turns in other languages, which are left out"),
        "language not told": ("assumed", "conversation(s) too short to tell, taken as known"),
    }
    for title, (key, meaning) in notes.items():
        if result[key]:
            typer.echo(f"{title:<20}{result[key]} {meaning}")
    if unlisted := result["unlisted"]:
        typer.echo(f"{'not on the roster':<20}{len(unlisted)}")

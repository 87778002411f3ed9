"""`scan` and `report`: the nightly job, and reports from what it stored."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from empathy_scan.cli import base, logs, progress
from empathy_scan.cli.base import app
from empathy_scan.errors import InputError, UsageError

if TYPE_CHECKING:
    from empathy_scan.config import Config

SinceOption = Annotated[
    str | None, typer.Option("--since", help="Report conversations from this day on.", metavar="DATE")
]
UntilOption = Annotated[
    str | None, typer.Option("--until", help="Report conversations before this day.", metavar="DATE")
]


@app.command(epilog="Example: empathy-scan scan exports/ --store results --reports report")
def scan(  # noqa: PLR0913 - a parameter per option
    context: typer.Context,
    paths: Annotated[
        list[Path] | None, typer.Argument(help="Files and folders with transcripts.", metavar="[PATH...]")
    ] = None,
    *,
    store: base.StoreOption = "empathy-scan-store",
    reports: base.ReportsOption = Path("empathy-scan-report"),
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
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Tell what would be done, and write nothing.")] = False,
    as_json: base.JsonOption = False,
    quiet: base.QuietOption = False,
    log_format: base.LogFormatOption = "text",
    log_file: base.LogFileOption = "",
) -> None:
    """Read, score, store and report; incremental, and safe to repeat or to kill.

    Ends with the path of the report's front page and a summary. Exit code 3 when some input was rejected.
    """
    base.period(since, until)
    options = base.settings_of(context)
    asked = options.scan
    logs.configure(verbose=asked.verbose, form=asked.log_format, file=asked.log_file, quiet=asked.quiet)
    if not asked.paths:
        raise UsageError("there is nothing to scan", remedy="name files or folders, or `paths` under [scan]")
    if asked.dry_run:
        _rehearse(options)
    else:
        _scan(options)


def _scan(options: Config) -> None:
    """The run, and what there is to say of it."""
    from empathy_scan import engine as engines  # noqa: PLC0415 - torch and spaCy stay out of --help
    from empathy_scan import pipeline  # noqa: PLC0415 - as above

    asked = options.scan
    start, end = base.period(asked.since or None, asked.until or None)
    with progress.shown() as told, _ended_by_signals():
        result = pipeline.scan(
            [Path(path) for path in asked.paths], store=asked.store, reports=Path(asked.reports), config=options,
            model=Path(asked.model) if asked.model else None, engine=engines.make(asked.engine, asked.workers),
            since=start, until=end, again=asked.reread, retry=asked.retry, told=told,
        )  # fmt: skip
    base.tell_rejects(result.rejected)
    base.tell_notes(mixed=0, unlisted=result.unlisted)
    if asked.json:
        base.print_json(result.to_json())
    elif not asked.quiet:
        _summary(result.to_json())
    if result.exit_code == 1:
        raise InputError(
            f"no conversation could be read from {result.files} file(s), and the store holds none",
            remedy="mend what is named above; `empathy-scan read --explain FILE` tells how a file is understood",
        )
    if result.exit_code:
        raise typer.Exit(result.exit_code)


def _rehearse(options: Config) -> None:
    """What the run would do."""
    from empathy_scan import rehearsal  # noqa: PLC0415 - torch and spaCy stay out of --help

    asked = options.scan
    found = rehearsal.rehearse(
        [Path(path) for path in asked.paths], store=asked.store, config=options,
        model=Path(asked.model) if asked.model else None, workers=asked.workers,
        again=asked.reread, retry=asked.retry,
    )  # fmt: skip
    base.tell_rejects(found.rejected)
    if asked.json:
        base.print_json(found.to_json())
    elif not asked.quiet:
        for line in _plan(found.to_json()):
            typer.echo(line)
    if found.exit_code:
        raise typer.Exit(found.exit_code)


def _plan(found: dict[str, Any]) -> Iterator[str]:
    """A rehearsal in words."""
    yield "nothing was written; a scan would do this:"
    kinds = ", ".join(f"{found[f'files_{kind}']} {kind}" for kind in ("new", "changed", "known", "waiting"))
    rows = {
        "files": f"{found['files']} ({kinds})",
        "rejects": found["rejects"],
        "left out": found["left_out"],
        "conversations": f"{found['conversations']}, {found['to_score']} of them to be scored",
        "in place of older": found["replaced"],
        "too old": f"{found['removed']} conversation(s) to be deleted",
        "forgotten": f"{found['forgotten']} conversation(s) to be left out",
        "turns to be scored": found["turns_to_score"],
        "seconds": f"about {found['seconds']:.0f} (from {found['estimated_from']})",
        "model": found["model"],
        "settings": found["settings"],
    }
    for title, value in rows.items():
        yield f"{title:<20}{value}"


_ENDING = ("SIGTERM", "SIGHUP")  # as `systemctl stop`, a scheduler's time limit, or a terminal that is closed


@contextmanager
def _ended_by_signals() -> Iterator[None]:
    """Let the run record and say that it was stopped where the system or somebody asks it to end."""

    def stop(number: int, _: object) -> None:
        raise SystemExit(128 + number)

    if threading.current_thread() is not threading.main_thread():  # signals are the main thread's
        yield
        return
    numbers = [getattr(signal, name) for name in _ENDING if hasattr(signal, name)]
    before = {number: signal.getsignal(number) for number in numbers}
    for number in [each for each in numbers if before[each] is signal.SIG_DFL]:  # `nohup` has it ignored
        signal.signal(number, stop)
    try:
        yield
    except (KeyboardInterrupt, SystemExit) as error:
        code = error.code if isinstance(error, SystemExit) else 128 + signal.SIGINT
        if not isinstance(code, int) or code <= 128:
            raise  # no signal's
        by = signal.Signals(code - 128).name
        logs.say(f"empathy-scan: stopped by {by}; what is stored stays, and the next scan goes on there", event="error")
        raise typer.Exit(code) from None
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@app.command(epilog="Example: empathy-scan report --store results --reports report --since 2026-10-12")
def report(  # noqa: PLR0913 - a parameter per option
    context: typer.Context,
    *,
    store: base.StoreOption = "empathy-scan-store",
    reports: base.ReportsOption = Path("empathy-scan-report"),
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
    base.period(since, until)
    options = base.settings_of(context)
    asked = options.scan
    start, end = base.period(asked.since or None, asked.until or None)

    from empathy_scan import rebuild  # noqa: PLC0415 - polars stays out of --help
    from empathy_scan import report as pages  # noqa: PLC0415 - as above
    from empathy_scan.store import Store  # noqa: PLC0415 - as above

    if all_conversations:
        options = replace(options, report=replace(options.report, conversation_pages="all"))
    written: list[pages.Written] = []
    held = Store.open(asked.store)
    front_page, stored = rebuild.write_report(
        held, Path(asked.reports), options,
        since=start, until=end, conversations=conversation or (), told=written.append,
    )  # fmt: skip
    rebuild.noted(held, Path(asked.reports), since=start, until=end)
    if asked.json:
        numbers = {"conversations": stored.conversations.height} | {k: v for w in written for k, v in asdict(w).items()}
        base.print_json({"front_page": str(front_page)} | numbers)
    else:
        typer.echo(front_page)
        for each in written:
            typer.echo(f"{each.changed:,} of {each.pages:,} pages changed")


def _summary(result: dict[str, Any]) -> None:
    """The front page's path and ten lines of what was done."""
    typer.echo(result["front_page"])
    rows = {
        "files": "files", "rejects": "rejects", "left out": "left_out", "scored in this run": "scored",
        "conversations": "conversations", "in the report": "reported", "turns in it": "turns", "agents in it": "agents",
        "seconds": "seconds", "model": "model", "settings": "settings",
    }  # fmt: skip
    for title, key in rows.items():
        changed = f", {result['replaced']} of them changed" if key == "scored" and result["replaced"] else ""
        typer.echo(f"{title:<20}{result[key]}{changed}")
    notes = {
        "known already": ("known", "file(s), which were not opened"),
        "being written": ("waiting", "file(s) that are not whole yet, left for the next run"),
        "mixed languages": ("mixed", "conversation(s) with turns in other languages, which are left out"),
        "too old": ("removed", "conversation(s) deleted, which are older than the settings allow"),
        "forgotten": ("forgotten", "conversation(s) left out: forgotten before, or older than the settings allow"),
        "language not told": ("assumed", "conversation(s) too short to tell, taken as known"),
    }
    for title, (key, meaning) in notes.items():
        if result[key]:
            typer.echo(f"{title:<20}{result[key]} {meaning}")
    if unlisted := result["unlisted"]:
        typer.echo(f"{'not on the roster':<20}{len(unlisted)}")

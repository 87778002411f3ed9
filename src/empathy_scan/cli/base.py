"""The application that the commands join, what they share, and how an error becomes a message and an exit code."""

from __future__ import annotations

import contextlib
import io
import os
import re
import shlex
import sys
import traceback
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import fields
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperGroup

from empathy_scan import __version__
from empathy_scan.cli import logs
from empathy_scan.errors import EmpathyScanError, InputError, NoticeError

if TYPE_CHECKING:
    from empathy_scan.config import Config

safe, as_json = logs.safe, logs.as_json
_SHOWN_FRAMES = 5
_NO_MEMORY = ("allocate memory", "spawn worker thread")
_MORE_MEMORY = (
    "there is not enough memory; end other programs, give fewer --workers, or take a larger machine, then repeat: "
    "nothing is lost"
)
FAILED = 1  # what was asked for could not be done
REJECTED = 3  # done, but some input was rejected
KEPT = 4  # done, and nothing was written: the model stays as it is
SHOWN_REJECTS = 20
_KIND = re.compile(r"(?:looks like )?an? ([^,]+), which")  # what a file is that is left out


class Commands(TyperGroup):
    """Commands whose errors are told in one line, without a traceback."""

    def invoke(self, ctx: Any) -> Any:  # noqa: ANN401 - typer's signature
        """Runs the command; our own errors go to stderr and become the exit code."""
        try:
            answer = super().invoke(ctx)
            sys.stdout.flush()
        except EmpathyScanError as error:
            logs.say(f"empathy-scan: {error}", event="error", error=type(error).__name__)
            raise typer.Exit(1 if isinstance(error, InputError) else error.exit_code) from error
        except BrokenPipeError:  # the reader of our output went away, as `head` does
            _write_no_more()
            raise typer.Exit(0) from None
        except OSError as error:  # those of files are errors of ours already
            _write_no_more()
            what = f"cannot be written ({error.strerror or type(error).__name__})"
            logs.say(f"empathy-scan: {error.filename or 'standard output'}: {what}", event="error")
            raise typer.Exit(1) from error
        except Exception as error:  # nobody else is left to tell it
            if type(error).__module__.partition(".")[0] in {"typer", "click"}:  # these are told by them
                raise
            _tell_fault(error)
            raise typer.Exit(1) from None
        except BaseException as error:
            if type(error).__name__ != "PanicException":  # of libraries in Rust, and no Exception
                raise
            _tell_fault(error)
            raise typer.Exit(1) from None
        return answer


def _tell_fault(error: BaseException) -> None:
    """Says what nobody foresaw, or that there was too little memory, for which libraries have no class of their own."""
    scarce = isinstance(error, MemoryError) or any(word in str(error) for word in _NO_MEMORY)
    said, kind = (_MORE_MEMORY, MemoryError) if scarce else (_unforeseen(error), type(error))
    logs.say(f"empathy-scan: {said}", event="error", error=kind.__name__)


def _unforeseen(error: BaseException) -> str:
    """A fault of the program in a line: where it arose, without its message, which may cite a transcript."""
    frames = traceback.extract_tb(error.__traceback__)[-_SHOWN_FRAMES:]
    places = " > ".join(f"{Path(frame.filename).name}:{frame.lineno}" for frame in frames)
    return f"a fault of the program, {type(error).__name__} at {places}; please report this line"


def _write_no_more() -> None:
    """Let what waits in the buffer of stdout go nowhere: at the end of the program it would fail once more."""
    with contextlib.suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


app = typer.Typer(
    cls=Commands,
    name="empathy-scan",
    no_args_is_help=True,
    add_completion=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    help=(
        "Reads call, chat and e-mail transcripts and tells customers who were understood from customers who were "
        "recited to."
    ),
)

ConfigOption = Annotated[
    Path | None, typer.Option("--config", help="Settings (TOML). Unknown keys are errors.", metavar="FILE")
]
ModelOption = Annotated[
    Path | None, typer.Option("--model", help="Directory of a model bundle; the shipped one by default.", metavar="DIR")
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print the answer as JSON.")]
FormatOption = Annotated[
    str, typer.Option("--format", help="Read every file with this reader; see `formats`.", metavar="NAME")
]
ColumnOption = Annotated[
    list[str] | None,
    typer.Option("--column", help="Which column is what, such as text=Body. Repeatable.", metavar="OURS=THEIRS"),
]
RoleOption = Annotated[
    list[str] | None,
    typer.Option("--role", help="Who a speaker is, such as 'Speaker 1=agent'. Repeatable.", metavar="LABEL=ROLE"),
]
ChannelOption = Annotated[
    list[str] | None,
    typer.Option(
        "--channel-roles", help="Who speaks on an audio channel, such as ch_0=agent,ch_1=customer. Repeatable.",
        metavar="CHANNEL=ROLE",
    ),
]  # fmt: skip
SpeakersOption = Annotated[
    str,
    typer.Option(
        "--speakers", help="List of speakers and their roles, of all or single conversations.", metavar="FILE"
    ),
]
DomainOption = Annotated[
    list[str] | None,
    typer.Option("--agent-domain", help="Mail domain whose senders are agents. Repeatable.", metavar="DOMAIN"),
]

LanguageOption = Annotated[
    list[str] | None,
    typer.Option("--language", help="Language to score, such as en; any for all. Repeatable.", metavar="CODE"),
]
RosterOption = Annotated[
    str, typer.Option("--roster", help="Agents with names, aliases and teams (CSV or TOML).", metavar="FILE")
]
QuietOption = Annotated[bool, typer.Option("--quiet", "-q", help="Say nothing unless the run fails.")]
LogFormatOption = Annotated[
    str, typer.Option("--log-format", help="Log in lines of text, or of JSON.", metavar="text|json")
]
LogFileOption = Annotated[str, typer.Option("--log-file", help="Add the log to this file.", metavar="FILE")]
ReportsOption = Annotated[Path, typer.Option("--reports", help="Folder for the report.", metavar="DIR")]
EngineOption = Annotated[str, typer.Option("--engine", help="local, or ray for a cluster.", metavar="local|ray")]
WorkersOption = Annotated[int, typer.Option("--workers", help="Processes that score.", min=1)]
StoreOption = Annotated[str, typer.Option("--store", help="Folder or URL of the results store.", metavar="DIR|URL")]


def _tell_version(asked: bool) -> None:  # noqa: FBT001 - typer's signature
    if asked:
        typer.echo(__version__)
        raise typer.Exit


@app.callback()
def common(
    *,
    version: Annotated[  # noqa: ARG001 - its callback answers, before a command is asked for
        bool, typer.Option("--version", help="Print the version and stop.", is_eager=True, callback=_tell_version)
    ] = False,
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Log what each stage does, to stderr.")] = False,
) -> None:
    """Options before the command."""
    if isinstance(sys.stdout, io.TextIOWrapper) and not sys.stdout.isatty():
        sys.stdout.reconfigure(encoding="utf-8", errors="replace")  # for programs, wherever they run
    logs.configure(verbose=verbose)


def settings(  # noqa: PLR0913 - an argument per option
    path: Path | None,
    *,
    format_name: str = "",
    columns: Sequence[str] | None = None,
    speakers: Sequence[str] | None = None,
    channels: Sequence[str] | None = None,
    speaker_list: str = "",
    domains: Sequence[str] | None = None,
    languages: Sequence[str] | None = None,
    roster: str = "",
    scan: Mapping[str, object] | None = None,
) -> Config:
    """The settings of a file with the command line's over them; raises ConfigError.

    Where no file is named, empathy-scan.toml of the working directory is taken, and stderr says so.
    """
    from empathy_scan import config  # noqa: PLC0415 - as few modules as may be for --help

    if path is None and (path := config.found_in(Path())) is not None:
        logs.say(f"settings: {path}")
    loaded = config.load(path)
    read: dict[str, object] = {}
    if format_name:
        read["format"] = format_name
    if columns:
        read["columns"] = {**loaded.read.columns, **pairs(columns, option="--column")}
    if domains:
        read["agent_domains"] = (*loaded.read.agent_domains, *domains)
    if languages:
        read["languages"] = tuple(languages)
    if channels:
        given = pairs([part for text in channels for part in text.split(",")], option="--channel-roles")
        read["channel_roles"] = {**loaded.read.channel_roles, **given}
    paths = {"roster": roster, "speakers": speaker_list}
    changes: dict[str, dict[str, object]] = {
        "scan": dict(scan or {}),
        "read": read,
        "roles": {name: path for name, path in paths.items() if path},
    }
    if speakers:
        changes["roles"]["roles"] = {**loaded.roles.roles, **pairs(speakers, option="--role")}
    return config.override(loaded, changes)


def settings_of(context: typer.Context) -> Config:
    """What `settings` gives for the options of a command, with those that have their place under [scan]."""
    given = context.params
    return settings(
        given.get("config"), format_name=given.get("format_name", ""), columns=given.get("column"),
        speakers=given.get("role"), channels=given.get("channel_roles"), speaker_list=given.get("speakers", ""),
        domains=given.get("agent_domain"), languages=given.get("language"), roster=given.get("roster", ""),
        scan=_said(context),
    )  # fmt: skip


def bundle(given: Path | None, options: Config) -> Path | None:
    """The model's directory: that of the command line, else that of the settings, else None for the shipped one."""
    return given or (Path(options.scan.model) if options.scan.model else None)


def _said(context: typer.Context) -> dict[str, object]:
    """The settings under [scan] that stand on the command line, before or after the command."""
    from empathy_scan.config import ScanConfig  # noqa: PLC0415 - as in `settings`

    known = {each.name for each in fields(ScanConfig)}
    found: dict[str, object] = {}
    for level in filter(None, (context.parent, context)):
        for name, value in level.params.items():
            key, source = name.removeprefix("as_"), level.get_parameter_source(name)
            if key in known and source is not None and source.name == "COMMANDLINE":
                found[key] = tuple(map(str, value)) if isinstance(value, list | tuple) else _plain(value)
    return found


def _plain(value: object) -> object:
    return str(value) if isinstance(value, Path) else value


def pairs(given: Iterable[str], *, option: str) -> dict[str, str]:
    """`A=B` texts as a dictionary; raises a usage error for one without `=`."""
    found = {}
    for text in given:
        left, equals, right = text.partition("=")
        if not (equals and left.strip() and right.strip()):
            raise typer.BadParameter(f"{text!r} is not of the form A=B", param_hint=option)
        found[left.strip()] = right.strip()
    return found


def period(since: str | None, until: str | None) -> tuple[datetime | None, datetime | None]:
    """Two days as UTC, the first before the second; raises a usage error for anything else."""
    start, end = day(since, option="--since"), day(until, option="--until")
    if start and end and start >= end:
        raise typer.BadParameter("must be before --until", param_hint="--since")
    return start, end


def day(text: str | None, *, option: str) -> datetime | None:
    """A date or time in ISO form as UTC; raises a usage error for anything else."""
    if text is None:
        return None
    try:
        when = datetime.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter(f"{text!r} is not a date such as 2026-10-05", param_hint=option) from None
    return when if when.tzinfo else when.replace(tzinfo=UTC)


def print_json(answer: Any) -> None:  # noqa: ANN401 - whatever JSON can hold
    """An answer for machines, on stdout."""
    typer.echo(as_json(answer, indent=1))


def tell_notes(*, mixed: int, unlisted: Sequence[str]) -> None:
    """On stderr: how many conversations hold other languages, and who is not on the roster; nothing where neither."""
    if mixed:
        logs.say(
            f"{mixed} conversation(s) with turns in other languages, which are left out", event="mixed", count=mixed
        )
    if unlisted:
        more = f" and {len(unlisted) - SHOWN_REJECTS} more" if len(unlisted) > SHOWN_REJECTS else ""
        logs.say(f"not on the roster: {', '.join(unlisted[:SHOWN_REJECTS])}{more}", event="unlisted")


def failed(rejects: Any) -> Any:  # noqa: ANN401 - a REJECTS frame; polars is not imported for --help
    """What of the rejected input is a failure: copies, and files that hold no transcript, are left out rightly."""
    return rejects.filter(rejects["error"] != NoticeError.__name__)


def left_out(rejects: Any) -> Iterator[str]:  # noqa: ANN401 - as above
    """A line that counts what is left out rightly, by its kind; none where there is nothing."""
    aside = rejects.filter(rejects["error"] == NoticeError.__name__)
    kinds = Counter(found[1] if (found := _KIND.match(reason)) else "copy" for reason in aside["reason"])
    if kinds:
        counted = ", ".join(f"{kind} ({count})" for kind, count in sorted(kinds.items()))
        sound = "; transcribe recordings first" if any("recording" in kind for kind in kinds) else ""
        yield f"left out: {counted}{sound}"


def repeated(command: str, options: Mapping[str, object]) -> str:
    """A command to be typed next, with those options that have a value, as the shell takes them."""
    named = [f"--{name} {shlex.quote(str(value))}" for name, value in options.items() if value]
    return " ".join(["empathy-scan", command, *named])


def tell_rejects(rejects: Any) -> None:  # noqa: ANN401 - as above
    """The rejected input on stderr, one line each: where, what, and what to do; of what is left out rightly a count."""
    for told in left_out(rejects):
        logs.say(told, event="left out")
    rejects = failed(rejects)
    for row in rejects.head(SHOWN_REJECTS).iter_rows(named=True):
        where = f"{row['source']}:{row['place']}" if row["place"] else row["source"]
        remedy = f"; {row['remedy']}" if row["remedy"] else ""
        logs.say(f"rejected {where}: {row['reason']}{remedy}", event="rejected", **row)
    if rejects.height > SHOWN_REJECTS:
        logs.say(f"... and {rejects.height - SHOWN_REJECTS} more", event="rejected")

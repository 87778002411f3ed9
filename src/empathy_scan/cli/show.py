"""`show` and `classify`: scores of one conversation for a person, and of single turns for a program."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Annotated, Any, BinaryIO

import typer

from empathy_scan.cli import base
from empathy_scan.cli.base import app
from empathy_scan.errors import UsageError

ROWS_AT_ONCE = 2048


@app.command(
    epilog='Example: echo \'{"id": 1, "role": "agent", "text": "I am sorry to hear that."}\' | empathy-scan classify'
)
def classify(
    file: Annotated[
        str, typer.Argument(help="JSON Lines of id, role, text and context; - for stdin.", metavar="[FILE|-]")
    ] = "-",
    *,
    model: base.ModelOption = None,
    config: base.ConfigOption = None,
) -> None:
    """Score single turns: JSON Lines in, JSON Lines out, in the same order.

    A line that cannot be scored is answered by its id and an `error`, and the exit code is 3.
    """
    options = base.settings(config)

    from empathy_scan.classify import classify as score_rows  # noqa: PLC0415 - torch stays out of --help
    from empathy_scan.classify import faults  # noqa: PLC0415 - as above
    from empathy_scan.score import Scorer  # noqa: PLC0415 - as above

    rejected = 0
    with _opened(file) as stream:
        lines = ((number, line) for number, line in enumerate(stream, 1) if line.strip())
        scorer = Scorer.load(base.bundle(model, options), replace(options.score, evidence=False))
        while chunk := list(islice(lines, ROWS_AT_ONCE)):
            parsed = [_parsed(line, faults) for _, line in chunk]
            answers = iter(score_rows([row for row, fault in parsed if not fault], scorer, options))
            for (row, fault), (number, _) in zip(parsed, chunk, strict=True):
                if not fault:
                    typer.echo(base.as_json(next(answers)))
                    continue
                rejected += 1
                known = row.get("id") if isinstance(row, dict) else None
                typer.echo(base.as_json({"id": known, "line": number, "error": fault}))
                name = "stdin" if file == "-" else file
                typer.echo(base.safe(f"rejected {name}:{number}: {fault}; correct the line"), err=True)
    if rejected:
        raise typer.Exit(base.REJECTED)


@app.command(epilog="Example: empathy-scan show calls/0412.vtt")
def show(  # noqa: PLR0913 - a parameter per option
    what: Annotated[
        str, typer.Argument(help="A transcript, or with --store the id of a conversation.", metavar="[FILE|ID]")
    ] = "",
    *,
    store: Annotated[
        str, typer.Option("--store", help="Show what a results store holds; needs no model.", metavar="DIR|URL")
    ] = "",
    conversation: Annotated[
        str, typer.Option("--conversation", help="Which one, where the file holds several.", metavar="ID")
    ] = "",
    model: base.ModelOption = None,
    config: base.ConfigOption = None,
    format_name: base.FormatOption = "",
    column: base.ColumnOption = None,
    role: base.RoleOption = None,
    channel_roles: base.ChannelOption = None,
    speakers: base.SpeakersOption = "",
    agent_domain: base.DomainOption = None,
    language: base.LanguageOption = None,
    roster: base.RosterOption = "",
    no_color: Annotated[bool, typer.Option("--no-color", help="No colours; NO_COLOR=1 does the same.")] = False,
    only_ascii: Annotated[bool, typer.Option("--ascii", help="Signs that any terminal can show.")] = False,
    as_json: base.JsonOption = False,
) -> None:
    """Show one conversation with its course, what happened in short, and scores and evidence beside each turn."""
    options = base.settings(
        config, format_name=format_name, columns=column, speakers=role, channels=channel_roles,
        speaker_list=speakers, domains=agent_domain, languages=language, roster=roster,
    )  # fmt: skip
    if not (what or store):
        raise typer.BadParameter("name a transcript, or a results store with --store", param_hint="FILE")

    from empathy_scan import dialogue  # noqa: PLC0415 - polars stays out of --help

    if not store:
        found = dialogue.judged(Path(what), options, model=base.bundle(model, options), conversation=conversation)
    elif what or conversation:
        found = dialogue.stored(store, what or conversation, options)
    else:
        found = dialogue.held(store)
    if as_json:
        base.print_json(found if isinstance(found, list) else found.to_json())
        return
    from empathy_scan.cli import screen  # noqa: PLC0415 - rich is slow to import, and only needed here

    screen.show(found, where=store or what, no_color=no_color, only_ascii=only_ascii)


@contextmanager
def _opened(file: str) -> Iterator[BinaryIO]:
    """The lines of a file or of stdin as bytes; raises UsageError for a file that cannot be read."""
    if file == "-":
        yield typer.get_binary_stream("stdin")
        return
    try:
        stream = Path(file).open("rb")  # noqa: SIM115 - closed below; here an error is one of opening only
    except OSError as error:
        raise UsageError(
            f"cannot be read ({error.strerror})", where=file, remedy="give a JSON Lines file, or - for stdin"
        ) from error
    with stream:
        yield stream


def _parsed(line: bytes, faults: Callable[[object], str]) -> tuple[Any, str]:
    """The JSON value of a line, and what is wrong with it."""
    try:
        row = json.loads(line.decode("utf-8-sig"), parse_constant=_no_constant)
    except UnicodeDecodeError:
        return None, "not UTF-8"
    except (ValueError, RecursionError):
        return None, "not JSON"
    return row, faults(row)


def _no_constant(name: str) -> None:
    """Refuse NaN and Infinity, which are no JSON: an answer could not repeat them."""
    raise ValueError(name)

"""`read` and `formats`: what an export looks like to the program, without scoring it."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from empathy_scan.cli import base
from empathy_scan.cli.base import app

if TYPE_CHECKING:
    import polars as pl

    from empathy_scan.config import Config
    from empathy_scan.prepare import Prepared
    from empathy_scan.readers import Explanation


@dataclass(frozen=True, slots=True)
class _Told:
    """What there is to say of a part of the input, beside its turns."""

    rejects: pl.DataFrame
    mixed: int
    unlisted: Sequence[str]


WRITTEN = ("jsonl", "csv", "parquet")


@app.command(epilog="Example: empathy-scan read exports/ --out turns.csv")
def read(  # noqa: PLR0913 - a parameter per option
    paths: Annotated[list[Path], typer.Argument(help="Files and folders with transcripts.", metavar="PATH...")],
    *,
    out: Annotated[
        str,
        typer.Option("--out", help="A .jsonl, .csv or .parquet file; - writes JSON Lines to stdout.", metavar="FILE"),
    ] = "-",
    explain: Annotated[bool, typer.Option("--explain", help="Tell how each file is understood, instead.")] = False,
    config: base.ConfigOption = None,
    format_name: base.FormatOption = "",
    column: base.ColumnOption = None,
    role: base.RoleOption = None,
    agent_domain: base.DomainOption = None,
    language: base.LanguageOption = None,
    roster: base.RosterOption = "",
    as_json: base.JsonOption = False,
) -> None:
    """Normalise only: one row per turn, redacted, with roles. Exit code 3 when some input was rejected."""
    kind = "jsonl" if out == "-" else Path(out).suffix.lstrip(".").lower()
    if kind not in WRITTEN:
        raise typer.BadParameter(f"{out!r} must end in .jsonl, .csv or .parquet", param_hint="--out")
    options = base.settings(
        config, format_name=format_name, columns=column, speakers=role, domains=agent_domain, languages=language,
        roster=roster,
    )  # fmt: skip

    from empathy_scan import prepare  # noqa: PLC0415 - spaCy stays out of --help

    if explain:
        _explain_all(paths, options, as_json=as_json)
        return
    told: list[_Told] = []
    _write(_turns_of(prepare.parts(paths, options), told), out, kind)
    unlisted = sorted({agent for each in told for agent in each.unlisted})
    base.tell_notes(mixed=sum(each.mixed for each in told), unlisted=unlisted)
    for each in told:
        base.tell_rejects(each.rejects)
    if any(not each.rejects.is_empty() for each in told):
        raise typer.Exit(base.REJECTED)


@app.command(epilog="Example: empathy-scan formats --json")
def formats(*, as_json: base.JsonOption = False) -> None:
    """The formats that can be read."""
    from empathy_scan.readers import FORMATS  # noqa: PLC0415 - polars stays out of --help

    if as_json:
        base.print_json([{"name": r.name, "title": r.title, "suffixes": list(r.suffixes)} for r in FORMATS])
        return
    for reader in FORMATS:
        typer.echo(f"{reader.name:<22} {reader.title} ({', '.join(reader.suffixes)})")


def _turns_of(parts: Iterator[Prepared], told: list[_Told]) -> Iterator[pl.DataFrame]:
    """The turns of each part, and what there is to say of it."""
    for prepared in parts:
        told.append(_Told(prepared.rejects, prepared.mixed, prepared.unlisted))
        yield prepared.turns


def _write(parts: Iterator[pl.DataFrame], out: str, kind: str) -> None:
    """The turns in a file, whole or not at all, or on stdout."""
    import polars as pl  # noqa: PLC0415 - as in `read`

    from empathy_scan.errors import OutputError  # noqa: PLC0415 - as in `read`

    if out == "-":
        for turns in parts:
            typer.get_binary_stream("stdout").write(turns.write_ndjson().encode())
        return
    part = Path(f"{out}.part")
    try:
        with part.open("wb") as file:
            if kind == "parquet":
                pl.concat(parts).write_parquet(file)
            for number, turns in enumerate(parts):
                if kind == "jsonl":
                    turns.write_ndjson(file)
                else:
                    turns.write_csv(file, include_header=not number)
        part.replace(out)
    except (OSError, pl.exceptions.PolarsError) as error:
        with contextlib.suppress(OSError):
            part.unlink(missing_ok=True)
        reason = getattr(error, "strerror", None) or type(error).__name__
        raise OutputError(
            f"cannot be written ({reason})",
            where=out,
            remedy="make the folder, free some space, or choose another --out",
        ) from error


def _explain_all(paths: Sequence[Path], options: Config, *, as_json: bool) -> None:
    """How each file under the paths is understood. One that cannot be read at all does not stop the others."""
    from empathy_scan.readers import explain_all, files  # noqa: PLC0415 - as in `read`
    from empathy_scan.readers.gather import Problem  # noqa: PLC0415 - as in `read`

    alone = len(paths) == 1 and not paths[0].is_dir()
    answers: list[dict[str, Any]] = []
    rejected = False
    for found in files.find(paths):
        people = None
        members = (
            list(explain_all(found.path, options.read)) if not found.problem else [Problem(found.source, found.problem)]
        )
        for each in members:
            source = found.source + each.source.removeprefix(found.path.name)
            if isinstance(each, Problem):
                error = each.error
                if alone and len(members) == 1:
                    raise type(error)(error.what, where=_place(str(paths[0]), error.where), remedy=error.remedy)
                rejected = True
                answers.append({"source": source, "error": error.what, "place": error.where, "remedy": error.remedy})
                line = f"rejected {_place(source, error.where)}: {error.what}; {error.remedy}"
                typer.echo(base.safe(line), err=True)
                continue
            people = _people(found.path, options) if people is None else people
            answers.append(_as_values(source, each) | people)
            if not as_json:
                _tell(source, each, refusals=alone)
                _tell_people(people)
            base.tell_rejects(each.rejects)
            rejected = rejected or not each.rejects.is_empty()
    alone = alone and len(answers) == 1
    if as_json:
        base.print_json(answers[0] if alone else answers)
    if rejected:
        raise typer.Exit(base.REJECTED)


def _people(path: Path, options: Config) -> dict[str, Any]:
    """The file's agents with their teams, and those who are not on the roster; nothing without a roster."""
    if not options.roles.roster:
        return {}
    from empathy_scan import prepare  # noqa: PLC0415 - as in `read`

    found = prepare.turns([path], options)
    agents = found.turns["agent_id"].drop_nulls().unique().sort()
    listed = {agent: found.roster.agents[agent].team for agent in agents if agent in found.roster.agents}
    return {"on_roster": listed, "unlisted": found.unlisted}


def _tell_people(people: dict[str, Any]) -> None:
    """Who is on the roster, and who is not, in words."""
    for agent, team in people.get("on_roster", {}).items():
        typer.echo(base.safe(f"  agent {agent}: on the roster{f', team {team}' if team else ''}"))
    for agent in people.get("unlisted", []):
        typer.echo(base.safe(f"  agent {agent}: not on the roster"))


def _place(source: str, place: str) -> str:
    return f"{source}:{place}" if place else source


def _as_values(source: str, found: Explanation) -> dict[str, Any]:
    """An explanation as plain values."""
    return {
        "source": source, "format": found.format, "why": found.why, "encoding": found.encoding,
        "columns": dict(found.columns), "conversations": found.conversations, "turns": found.turns,
        "speakers": [
            {"speaker": each.speaker, "role": each.role, "role_source": each.role_source, "turns": each.turns}
            for each in found.speakers
        ],
        "refused": [{"format": name, "why": why} for name, why in found.refused],
        "notes": list(found.notes), "rejects": found.rejects.to_dicts(),
    }  # fmt: skip


def _tell(source: str, found: Explanation, *, refusals: bool) -> None:
    """An explanation in words."""
    lines = [
        f"{source}: {found.format} ({found.why})",
        f"  {_counted(found)}, encoding {found.encoding or 'binary'}",
    ]
    same = [ours for ours, theirs in found.columns.items() if ours == theirs]
    lines += [f"  column {theirs!r} is read as {ours}" for ours, theirs in found.columns.items() if ours != theirs]
    lines += [f"  columns read by their own names: {', '.join(same)}"] if same else []
    lines += [f"  {note}" for note in found.notes]
    lines += [
        f"  speaker {each.speaker!r}: {each.role} ({each.role_source or 'decided later, by what is said'}), "
        f"{_count(each.turns, 'turn')}"
        for each in found.speakers
    ]
    lines += [f"  not {name}: {why}" for name, why in found.refused] if refusals else []
    typer.echo("\n".join(map(base.safe, lines)))


def _counted(found: Explanation) -> str:
    return f"{_count(found.conversations, 'conversation')}, {_count(found.turns, 'turn')}"


def _count(number: int, what: str) -> str:
    return f"{number:,} {what}" if number == 1 else f"{number:,} {what}s"

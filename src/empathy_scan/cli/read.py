"""`read` and `formats`: what an export looks like to the program, without scoring it."""

from __future__ import annotations

import contextlib
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from empathy_scan.cli import base, logs
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
_SHOWN = 20  # speakers, agents, and conversations without roles, of a file
_LISTED = 200  # agents of a folder
_LABELS = 2  # what an export calls an agent


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
    channel_roles: base.ChannelOption = None,
    speakers: base.SpeakersOption = "",
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
        config, format_name=format_name, columns=column, speakers=role, channels=channel_roles,
        speaker_list=speakers, domains=agent_domain, languages=language, roster=roster,
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
    if any(not base.failed(each.rejects).is_empty() for each in told):
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
    from empathy_scan.report import export  # noqa: PLC0415 - as in `read`

    if out == "-":
        for turns in parts:
            typer.get_binary_stream("stdout").write(logs.spelt(turns.write_ndjson()).encode())
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
                    file.write(export.as_csv(turns, header=not number))
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
    from empathy_scan import prepare  # noqa: PLC0415 - as in `read`
    from empathy_scan.readers import explain_all, files  # noqa: PLC0415 - as in `read`
    from empathy_scan.readers.gather import Problem  # noqa: PLC0415 - as in `read`

    prepared, told = prepare.explained(paths, options)
    alone = len(paths) == 1 and not paths[0].is_dir()
    answers: list[dict[str, Any]] = []
    rejected = False
    for found in files.find(paths):
        members = (
            list(explain_all(found.path, options.read)) if not found.problem else [Problem(found.source, found.problem)]
        )
        for each in members:
            source = found.source + each.source.removeprefix(files.legible(found.path.name))
            if isinstance(each, Problem):
                error = each.error
                if alone and len(members) == 1:
                    raise type(error)(error.what, where=_place(str(paths[0]), error.where), remedy=error.remedy)
                rejected = True
                answers.append({"source": source, "error": error.what, "place": error.where, "remedy": error.remedy})
                line = f"rejected {_place(source, error.where)}: {error.what}; {error.remedy}"
                typer.echo(base.safe(line), err=True)
                continue
            answers.append(_explained(source, each, prepared, told, alone=alone, silent=as_json))
            base.tell_rejects(each.rejects)
            rejected = rejected or not base.failed(each.rejects).is_empty()
    alone = alone and len(answers) == 1
    if as_json:
        base.print_json(answers[0] if alone else answers)
    elif not alone:
        _tell_all(answers, prepared)
    if rejected:
        raise typer.Exit(base.REJECTED)


def _explained(
    source: str, found: Explanation, prepared: Prepared, told: pl.DataFrame, *, alone: bool, silent: bool
) -> dict[str, Any]:  # fmt: skip
    """What there is to say of a file or member of an archive as plain values; said in words too, unless `silent`."""
    speakers = _speakers(found, told.filter(source=source))
    undecided = prepared.undecided.filter(source=source).to_dicts()
    agents = _agents(prepared, source)
    aside = _aside(prepared, source)
    if not silent:
        _tell(source, found, speakers)
        _tell_undecided(undecided)
        _tell_agents(agents, prepared, alone=alone)
        for line in aside:
            typer.echo(base.safe(f"  {line}"))
        if alone and found.refused:
            others = _count(len(found.refused), "other format")
            typer.echo(f"  asked before: {others}; --json tells why each is not it")
    values = _as_values(source, found, speakers) | {"undecided": undecided, "left_out": aside, "agents": agents}
    return values | (_people(prepared, agents) if prepared.roster.agents else {})


def _aside(prepared: Prepared, source: str) -> list[str]:
    """Which turns and conversations of a file a scan would leave out or set aside, and why; a line each."""
    turns = prepared.turns.filter(source=source, role="system")
    counted = turns.group_by("role_source").len().sort("role_source")
    lines = [
        f"{_count(count, 'turn')} not scored: {(told or 'system').removeprefix('left out: ')}"
        for told, count in counted.iter_rows()
    ]
    others = prepared.rejects.join(prepared.undecided, on=prepared.rejects.columns, how="anti")
    told = others.filter(source=source, error="InputError").select("place", "reason")
    lines += [f"{place or 'the file'} set aside: {why}" for place, why in told.iter_rows()]
    more = len(lines) - base.SHOWN_REJECTS
    return [*lines[: base.SHOWN_REJECTS], *([f"... and {more} more"] if more > 0 else [])]


def _agents(prepared: Prepared, source: str | None = None) -> list[dict[str, Any]]:
    """The agents of a file, or of all, under the id that they have in every result, and what the export calls them."""
    import polars as pl  # noqa: PLC0415 - as in `read`

    turns = prepared.turns.filter(pl.col("agent_id").is_not_null() & (source is None or pl.col("source") == source))
    return (
        turns.group_by("agent_id")
        .agg(
            speakers=pl.col("speaker").drop_nulls().unique().sort(),
            conversations=pl.col("conversation_id").n_unique(), turns=pl.len(),
        )
        .sort("agent_id")
        .to_dicts()
    )  # fmt: skip


def _people(prepared: Prepared, agents: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """The agents with their teams, and those who are not on the roster."""
    ids, known = [agent["agent_id"] for agent in agents], prepared.roster.agents
    listed = {agent: known[agent].team for agent in ids if agent in known}
    return {"on_roster": listed, "unlisted": prepared.roster.unlisted(ids)}


def _speakers(found: Explanation, told: pl.DataFrame) -> list[dict[str, Any]]:
    """Who is who and why, the most talkative first: a row per speaker and role, over all conversations of the file.

    A speaker of whom no conversation went on to the roles, as of one in another language, is as the reader left it.
    """
    import polars as pl  # noqa: PLC0415 - as in `read`

    commonest = pl.col("role_source").sort_by("turns", "role_source", descending=[True, False])
    rows = (
        told.with_columns(pl.col("speaker").fill_null(""))
        .group_by("speaker", "role")
        .agg(
            commonest.first(), pl.col("turns").sum(), conversations=pl.col("conversation_id").n_unique(),
            confidence=pl.col("sure").min(), most=pl.col("sure").max(),
        )
        .to_dicts()
    )  # fmt: skip
    known = {row["speaker"] for row in rows}
    rows += [
        {
            "speaker": each.speaker, "role": each.role, "role_source": each.role_source, "turns": each.turns,
            "conversations": None, "confidence": None, "most": None,
        }
        for each in found.speakers
        if each.speaker not in known
    ]  # fmt: skip
    return sorted(rows, key=lambda row: (-row["turns"], row["speaker"], row["role"]))


def _in_words(row: dict[str, Any], conversations: int) -> str:
    """`speaker 'ch_0': agent (inferred, 97% sure: greets for a company (turn 0)), 12 turns`."""
    from empathy_scan.role_inference import percent  # noqa: PLC0415 - as in `read`

    reason, some = row["role_source"] or "nothing decides it", row["conversations"] or 0
    if some > 1 and row["confidence"] is not None:
        range_told = " to ".join(dict.fromkeys(map(percent, (row["confidence"], row["most"]))))
        reason = f"{range_told} sure; such as {reason}"
    among = f" in {some:,} of {_count(conversations, 'conversation')}" if conversations > 1 and some else ""
    return f"  speaker {row['speaker']!r}: {row['role']} ({reason}), {_count(row['turns'], 'turn')}{among}"


def _tell_undecided(undecided: Sequence[dict[str, Any]]) -> None:
    """The conversations that a scan would reject because of their roles, in words."""
    for row in undecided[:_SHOWN]:
        typer.echo(base.safe(f"  to be rejected: {row['place']}: {row['reason']}; {row['remedy']}"))
    if len(undecided) > _SHOWN:
        typer.echo(f"  and {len(undecided) - _SHOWN:,} more to be rejected")


def _tell_agents(agents: Sequence[dict[str, Any]], prepared: Prepared, *, alone: bool) -> None:
    """The agents of a file; of one among many only their ids, as the rest stands once at the end."""
    if alone:
        _tell_each(agents, prepared, most=_SHOWN)
    elif agents:
        more = f" and {len(agents) - _SHOWN:,} more" if len(agents) > _SHOWN else ""
        ids = ", ".join(agent["agent_id"] for agent in agents[:_SHOWN])
        typer.echo(base.safe(f"  {'agent' if len(agents) == 1 else 'agents'}: {ids}{more}"))


def _tell_each(agents: Sequence[dict[str, Any]], prepared: Prepared, *, most: int) -> None:
    """A line per agent: the id of the results, what the export calls them, and whether they are on the roster."""
    for agent in agents[:most]:
        called = sorted(agent["speakers"], key=lambda name: " " not in name)[:_LABELS]  # names before numbers
        more = len(agent["speakers"]) - len(called)
        names = ", ".join(map(repr, called)) + (f" and {_count(more, 'other label')}" if more else "")
        held = f"{_count(agent['conversations'], 'conversation')}, {_count(agent['turns'], 'turn')}"
        standing = _standing(agent["agent_id"], prepared)
        typer.echo(base.safe(f"  agent {agent['agent_id']}: {standing}{held}{f' as {names}' if names else ''}"))
    if len(agents) > most:
        typer.echo(f"  and {len(agents) - most:,} more agents")


def _standing(agent_id: str, prepared: Prepared) -> str:
    """Whether an agent is on the roster; "" without one."""
    from empathy_scan.roles import NOBODY  # noqa: PLC0415 - as in `read`

    listed = prepared.roster.agents
    if agent_id == NOBODY:
        return "the export does not name them; "
    if not listed:
        return ""
    if agent_id not in listed:
        return "not on the roster; "
    return f"on the roster{f', team {listed[agent_id].team}' if listed[agent_id].team else ''}; "


def _tell_all(answers: Sequence[dict[str, Any]], prepared: Prepared) -> None:
    """What there is in all files together: how many by format, and every agent once."""
    formats = Counter(each["format"] for each in answers if "format" in each)
    by_format = ", ".join(f"{name} ({count:,})" for name, count in sorted(formats.items()))
    conversations, agents = prepared.turns["conversation_id"].n_unique(), _agents(prepared)
    rejected = sum("error" in each for each in answers)
    typer.echo(f"in all: {_count(len(answers), 'file')}, {rejected:,} of them rejected; formats: {by_format or 'none'}")
    held = f"{_count(conversations, 'conversation')}, {_count(prepared.turns.height, 'turn')}"
    typer.echo(f"  {held}, {_count(len(agents), 'agent')}")
    for line in base.left_out(prepared.rejects):
        typer.echo(base.safe(f"  {line}"))
    _tell_each(agents, prepared, most=_LISTED)


def _place(source: str, place: str) -> str:
    return f"{source}:{place}" if place else source


def _as_values(source: str, found: Explanation, speakers: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """An explanation as plain values; `confidence` is the least of a speaker's conversations."""
    shown = ("speaker", "role", "role_source", "confidence", "conversations", "turns")
    return {
        "source": source, "format": found.format, "why": found.why, "encoding": found.encoding,
        "columns": dict(found.columns), "conversations": found.conversations, "turns": found.turns,
        "speakers": [{name: row[name] for name in shown} for row in speakers],
        "refused": [{"format": name, "why": why} for name, why in found.refused],
        "notes": list(found.notes), "context": list(found.context), "rejects": found.rejects.to_dicts(),
    }  # fmt: skip


def _tell(source: str, found: Explanation, speakers: Sequence[dict[str, Any]]) -> None:
    """An explanation in words."""
    lines = [
        f"{source}: {found.format} ({found.why})",
        f"  {_counted(found)}, encoding {found.encoding or 'binary'}",
    ]
    same = [ours for ours, theirs in found.columns.items() if ours == theirs]
    lines += [f"  column {theirs!r} is read as {ours}" for ours, theirs in found.columns.items() if ours != theirs]
    lines += [f"  columns read by their own names: {', '.join(same)}"] if same else []
    lines += [f"  {note}" for note in found.notes]
    lines += [f"  {line}" for line in found.context]
    lines += [_in_words(row, found.conversations) for row in speakers[:_SHOWN]]
    lines += [f"  and {len(speakers) - _SHOWN:,} more speakers"] if len(speakers) > _SHOWN else []
    typer.echo("\n".join(map(base.safe, lines)))


def _counted(found: Explanation) -> str:
    return f"{_count(found.conversations, 'conversation')}, {_count(found.turns, 'turn')}"


def _count(number: int, what: str) -> str:
    return f"{number:,} {what}" if number == 1 else f"{number:,} {what}s"

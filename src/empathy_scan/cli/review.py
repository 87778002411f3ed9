"""`review`: turns for people to label, their answers, and how far they and the model agree."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from empathy_scan.cli import base, logs, queues
from empathy_scan.cli.base import app
from empathy_scan.errors import UsageError

if TYPE_CHECKING:
    from datetime import datetime

    from empathy_scan.config import Config
    from empathy_scan.review import Wish
    from empathy_scan.review.queue import Queue
    from empathy_scan.review.sample import Outlook
    from empathy_scan.reviewing import Exported
    from empathy_scan.store import Store

group = typer.Typer(
    cls=base.Commands, no_args_is_help=True, rich_markup_mode=None,
    help="Let people label turns, and see how far they and the model agree.",
)  # fmt: skip
app.add_typer(group, name="review", epilog="Example: empathy-scan review export --store results --out review.xlsx")

_MIX = "random=40,uncertain=25,rare=20,cited=15"
_TABLE = "{:<28}{:>7}{:>9}  {:<22}{:<22}{:<22}{:<22}"


@group.command("export", epilog="Example: empathy-scan review export --store results --size 300 --out review.xlsx")
def export(  # noqa: PLR0913 - a parameter per option
    *,
    store: base.StoreOption = "",
    queue: queues.QueueOption = "",
    out: Annotated[
        Path | None, typer.Option("--out", help="Workbook (.xlsx) or table (.csv) to label in.", metavar="FILE")
    ] = None,
    reviewer: Annotated[
        list[str] | None, typer.Option("--reviewer", help="Who labels; a file for each. Repeatable.", metavar="NAME")
    ] = None,
    size: Annotated[int, typer.Option("--size", help="How many turns to draw.", min=1)] = 300,
    overlap: Annotated[
        float, typer.Option("--overlap", help="Percent of them that every reviewer gets.", min=0, max=100)
    ] = 25,
    mix: Annotated[str, typer.Option("--mix", help="Shares of the parts of a draw.", metavar="PART=SHARE,...")] = _MIX,
    role: Annotated[
        list[str] | None, typer.Option("--role", help="Turns of agent or customer only.", metavar="ROLE")
    ] = None,
    agent: Annotated[
        list[str] | None, typer.Option("--agent", help="Conversations of this agent only. Repeatable.", metavar="ID")
    ] = None,
    since: Annotated[str | None, typer.Option("--since", help="Turns from this day on.", metavar="DATE")] = None,
    until: Annotated[str | None, typer.Option("--until", help="Turns before this day.", metavar="DATE")] = None,
    reports: Annotated[
        Path, typer.Option("--reports", help="Folder of the report whose cited moments are drawn.", metavar="DIR")
    ] = Path("empathy-scan-report"),
    seed: Annotated[int, typer.Option("--seed", help="The same seed draws the same turns.", min=0)] = 20261005,
    still_open: Annotated[
        bool, typer.Option("--open", help="Draw nothing: write out what is still unanswered.")
    ] = False,
    label: Annotated[
        str, typer.Option("--label", help="Draw for this label of your own, and ask for it alone.", metavar="KEY")
    ] = "",
    codebook: queues.CodebookOption = "",
    model: base.ModelOption = None,
    config: base.ConfigOption = None,
    as_json: base.JsonOption = False,
) -> None:
    """Draw turns for people to label into the review queue, and write them into a file."""
    start, end = base.period(since, until)
    held, folder, options = queues.opened(store, queue, config, codebook)

    from empathy_scan import reviewing  # noqa: PLC0415 - polars stays out of --help
    from empathy_scan.codebook import Role  # noqa: PLC0415 - as above
    from empathy_scan.review import Wish  # noqa: PLC0415 - as above

    roles = role or [Role.AGENT.value, Role.CUSTOMER.value]
    if strange := set(roles) - {Role.AGENT, Role.CUSTOMER}:
        raise typer.BadParameter(f"{', '.join(sorted(strange))} is neither agent nor customer", param_hint="--role")
    wish, outlook = Wish(size, _mix(mix), overlap / 100, roles, agent or (), reviewer or (), seed), None
    if label:
        period = None if still_open else (start, end)
        wish, outlook = _about(label, wish, held, options, model, period, own_mix=mix == _MIX)
    done = reviewing.export(
        held, folder, options, wish, out=out, reports=reports, since=start, until=end, only_open=still_open,
        outlook=outlook,
    )  # fmt: skip
    _tell_export(done, only_open=still_open, as_json=as_json)


def _about(
    label: str, wish: Wish, held: Store, options: Config, model: Path | None,
    period: tuple[datetime | None, datetime | None] | None, *, own_mix: bool,
) -> tuple[Wish, Outlook | None]:  # fmt: skip
    """The wish for turns that are asked about one own label alone, and what is known of it before people answer."""
    from empathy_scan import own  # noqa: PLC0415 - polars stays out of --help

    wanted = own.asked_for(options, label)
    wish = replace(wish, roles=(wanted.role,), asks=(wanted.key,))
    if period is None:
        return wish, None
    outlook = own.outlook(held, wanted, options, bundle=base.bundle(model, options), since=period[0], until=period[1])
    return replace(wish, mix=own.mix(outlook)) if own_mix else wish, outlook


def _tell_export(done: Exported, *, only_open: bool, as_json: bool) -> None:
    """What was drawn and written."""
    for note in done.notes:
        logs.say(note, event="note")
    if as_json:
        base.print_json({
            "queue": done.queue, "drawn": done.drawn, "parts": dict(done.parts), "frame": done.frame,
            "open": done.open, "files": dict(done.files), "notes": list(done.notes),
        })  # fmt: skip
        return
    if not only_open:
        parts = ", ".join(f"{count} {part}" for part, count in done.parts.items() if count)
        typer.echo(base.safe(f"{done.drawn} of {done.frame} turns drawn into {done.queue} ({parts})"))
    for path, count in done.files.items():
        typer.echo(base.safe(f"{path}: {count} turns"))
    typer.echo(f"{done.open} turns of the queue are unanswered; label them in a file or by: empathy-scan review serve")


@group.command("import", epilog="Example: empathy-scan review import review-ana.xlsx --store results")
def import_(
    files: Annotated[
        list[Path], typer.Argument(help="Files that `review export` wrote, filled in.", metavar="FILE...")
    ],
    *,
    store: base.StoreOption = "",
    queue: queues.QueueOption = "",
    reviewer: Annotated[
        str, typer.Option("--reviewer", help="Who answered rows that name nobody.", metavar="NAME")
    ] = "",
    second_thoughts: Annotated[
        bool, typer.Option("--second-thoughts", help="Keep answers that differ from earlier ones beside these.")
    ] = False,
    codebook: queues.CodebookOption = "",
    config: base.ConfigOption = None,
    as_json: base.JsonOption = False,
) -> None:
    """Read the answers in files into the review queue; exit code 3 when some rows were rejected."""
    _, folder, _ = queues.opened(store, queue, config, codebook)

    from empathy_scan.review import incoming  # noqa: PLC0415 - polars stays out of --help

    _demand_turns(folder, appeals=True)
    found = incoming.read_in(folder, files, reviewer=reviewer, again=second_thoughts)
    base.tell_rejects(found.rejects)
    if as_json:
        base.print_json({
            "new": found.new, "known": found.known, "second_thoughts": found.again, "without_answer": found.empty,
            "rejected": found.rejects.height, "reviewers": list(found.reviewers), "rejects": found.rejects.to_dicts(),
        })  # fmt: skip
    else:
        who = f" of {', '.join(found.reviewers)}" if found.reviewers else ""
        typer.echo(base.safe(
            f"{found.new} new answers{who}, {found.known} known already, {found.again} second thoughts, "
            f"{found.empty} rows without an answer, {found.rejects.height} rejected"
        ))  # fmt: skip
    if found.rejects.height:
        raise typer.Exit(base.REJECTED)


@group.command("serve", epilog="Example: empathy-scan review serve --store results")
def serve(
    *,
    store: base.StoreOption = "",
    queue: queues.QueueOption = "",
    port: Annotated[int, typer.Option("--port", help="0 = any that is free.", min=0, max=65535)] = 0,
    host: Annotated[
        str, typer.Option("--host", help="This machine; no other address is taken.", metavar="ADDRESS")
    ] = "127.0.0.1",
    codebook: queues.CodebookOption = "",
    config: base.ConfigOption = None,
) -> None:
    """Open a page on this machine in which people label the turns of the queue; Ctrl-C ends it."""
    _, folder, _ = queues.opened(store, queue, config, codebook)

    from empathy_scan.review.server import ReviewServer  # noqa: PLC0415 - polars stays out of --help

    _demand_turns(folder, appeals=True)
    with ReviewServer(folder, port=port, host=host) as server, contextlib.suppress(KeyboardInterrupt):
        typer.echo(server.address)
        sys.stdout.flush()
        logs.say("open this address in a browser on this machine; Ctrl-C ends the page", event="serving")
        server.serve_forever()


@group.command("agreement", epilog="Example: empathy-scan review agreement --store results --json")
def agreement(
    *,
    store: base.StoreOption = "",
    queue: queues.QueueOption = "",
    codebook: queues.CodebookOption = "",
    config: base.ConfigOption = None,
    as_json: base.JsonOption = False,
) -> None:
    """How far reviewers agree with one another and with the model, per label, and what that is good for."""
    held, folder, options = queues.opened(store, queue, config, codebook)

    from empathy_scan import review, reviewing  # noqa: PLC0415 - polars stays out of --help

    _demand_turns(folder)
    found = reviewing.review(held, folder, options)
    if as_json:
        base.print_json(review.to_json(found))
        return
    for line in _told(review.to_json(found)):
        typer.echo(base.safe(line))


def _demand_turns(queue: Queue, *, appeals: bool = False) -> None:
    """Raise where nothing was drawn yet, and with `appeals` nobody has appealed either."""
    from empathy_scan.appeals_log import Log  # noqa: PLC0415 - not for --help

    if not queue.draws() and not (appeals and any(case.is_open for case in Log(queue.folder).cases().values())):
        raise UsageError(
            f"there is no review queue in {queue.folder}",
            remedy="draw turns with `empathy-scan review export`, or name the right folder with --store or --queue",
        )


def _mix(text: str) -> dict[str, float]:
    found = {}
    for part, share in base.pairs(text.split(","), option="--mix").items():
        try:
            found[part] = float(share)
        except ValueError:
            raise typer.BadParameter(f"{share!r} is not a number", param_hint="--mix") from None
    return found


def _told(found: Mapping[str, Any]) -> Iterator[str]:
    """The agreement in lines: the verdict, then a table for people and one for the model."""
    who = ", ".join(f"{name} ({count})" for name, count in found["reviewers"].items()) or "nobody"
    yield found["verdict"]
    yield (
        f"{found['answered']} of {found['drawn']} turns answered, {found['double']} by two people or more, "
        f"in {found['conversations']} conversations; by {who}"
    )
    if not found["answered"]:
        return
    for side, title in (("people", "people with one another"), ("model", "the model with people")):
        yield ""
        yield _line(title, "turns", "eff. n", ("agree", "Cohen's kappa", "Krippendorff's alpha", "Gwet's AC"))
        for each in found["labels"]:
            one = each[side]
            if side == "model" and each["own"]:
                continue  # what its head is good for, `labels list` says: it learned from these answers
            gwet = one.get("gwet_ac2", one.get("gwet_ac1"))
            cells = map(_figure, (one["raw"], one["cohen_kappa"], one["krippendorff_alpha"], gwet))
            name = each["name"] if each["key"] in {"care", "tone"} else f"{each['role']}: {each['name']}"
            yield _line(name, str(one["n"]), f"{one['effective_n']:.0f}", list(cells))
            yield f"  {one['words']}"
    yield ""
    yield "Each figure with its 95% interval; weighted for how turns were drawn. docs/review.md says what they mean."


def _line(name: str, turns: str, effective: str, cells: Sequence[str]) -> str:
    return _TABLE.format(name, turns, effective, *cells).rstrip()


def _figure(held: Mapping[str, Any]) -> str:
    return "-" if held["value"] is None else f"{held['value']:.2f} ({held['low']:.2f} to {held['high']:.2f})"

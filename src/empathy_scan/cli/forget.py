"""`forget`: conversations, customers, agents or all before a day, taken out of store and reports for good."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from empathy_scan.cli import base
from empathy_scan.cli.base import app
from empathy_scan.errors import UsageError

if TYPE_CHECKING:
    from empathy_scan.config import Config
    from empathy_scan.forgetting import Wish

_STDIN = "-"
_Conversations = Annotated[
    list[str] | None,
    typer.Option("--conversation", help="A conversation by its id; - reads ids from stdin. Repeatable.", metavar="ID"),
]
_Customers = Annotated[
    list[str] | None,
    typer.Option(
        "--customer", metavar="WHO",
        help="A customer by mail address, telephone number, id or name; - reads them from stdin. Repeatable.",
    ),
]  # fmt: skip
_Agents = Annotated[
    list[str] | None,
    typer.Option("--agent", help="An agent by key, name, address or alias of the roster. Repeatable.", metavar="WHO"),
]
_Before = Annotated[
    str | None, typer.Option("--before", help="All conversations that started before this day.", metavar="DATE")
]


@app.command(epilog="Example: empathy-scan forget --customer jo@example.com --store results --reports report --dry-run")
def forget(  # noqa: PLR0913 - a parameter per option
    context: typer.Context,
    *,
    conversation: _Conversations = None,
    customer: _Customers = None,
    agent: _Agents = None,
    before: _Before = None,
    undated: Annotated[
        bool, typer.Option("--undated", help="With --before: also conversations that tell no time.")
    ] = False,
    whole: Annotated[
        bool, typer.Option("--whole", help="With --agent: also all that other agents said in the same conversations.")
    ] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Tell what would be removed, and remove nothing.")] = False,
    yes: Annotated[
        bool, typer.Option("--yes", "-y", help="Do not ask; needed where nobody sits at a terminal.")
    ] = False,
    allow_again: Annotated[
        bool, typer.Option("--allow-again", help="Remove nothing: let what was forgotten so come in again.")
    ] = False,
    store: base.StoreOption = "empathy-scan-store",
    reports: base.ReportsOption = Path("empathy-scan-report"),
    config: base.ConfigOption = None,
    roster: base.RosterOption = "",
    as_json: base.JsonOption = False,
) -> None:
    """Remove conversations from store, cache and reports for good, and keep them from coming in again.

    Choose by one of --conversation, --customer, --agent or --before. It shows what would go, and asks.
    """
    wish = _wish(conversation, customer, agent, before, undated=undated, whole=whole)
    options = base.settings_of(context)

    from empathy_scan import erasure  # noqa: PLC0415 - polars stays out of --help
    from empathy_scan.forgetting import BEFORE  # noqa: PLC0415 - as above
    from empathy_scan.store import Store  # noqa: PLC0415 - as above

    held, where = Store.open(options.scan.store), Path(options.scan.reports)
    if allow_again:
        _tell({"allowed_again": erasure.allow_again(held, wish, options)}, options)
        return
    plan = erasure.plan(held, wish, options, where)
    if dry_run or options.scan.dry_run or plan.is_nothing:
        _tell(plan.to_json(), options)
        if plan.is_nothing and wish.kind != BEFORE:
            _say_none(wish, held.root)
            raise typer.Exit(base.FAILED)
        return
    if not yes:
        _ask(plan.to_json())
    _tell(erasure.forget(held, wish, options, where).to_json(), options)


def _wish(
    conversation: list[str] | None,
    customer: list[str] | None,
    agent: list[str] | None,
    before: str | None,
    *,
    undated: bool,
    whole: bool,
) -> Wish:
    """What is asked for; raises a usage error for nothing, or for several kinds of things at once."""
    from empathy_scan import forgetting  # noqa: PLC0415 - polars stays out of --help

    given = {forgetting.CONVERSATION: conversation, forgetting.CUSTOMER: customer, forgetting.AGENT: agent}
    asked = {kind: values for kind, values in given.items() if values}
    if len(asked) + (before is not None) != 1:
        raise UsageError(
            "say what to forget, one kind at a time", remedy="--conversation, --customer, --agent or --before"
        )
    if (undated and before is None) or (whole and not agent):
        raise UsageError("--undated goes with --before, and --whole with --agent", remedy="leave it out")
    day = base.day(before, option="--before")
    if day is not None and day > datetime.now(UTC):
        raise UsageError("lies in the future: what is still to come would be left out", where=f"--before {before}")
    if day is not None:
        return forgetting.Wish(forgetting.BEFORE, before=day, undated=undated)
    kind, values = asked.popitem()
    read = (line.strip() for line in sys.stdin) if _STDIN in values else ()
    names = tuple(dict.fromkeys(name for name in (*values, *read) if name.strip() and name != _STDIN))
    if not names:
        raise UsageError("nothing was given", where=f"--{kind}", remedy="name one, or write one a line to stdin")
    return forgetting.Wish(kind, names, whole=whole)


def _ask(plan: dict[str, Any]) -> None:
    """Show what would go and ask; raises UsageError where nobody can answer."""
    if not sys.stdin.isatty():
        raise UsageError("nothing was removed: nobody is there to ask", remedy="see --dry-run, then give --yes")
    for line in _planned(plan):
        typer.echo(line, err=True)
    typer.confirm("Remove this for good?", abort=True, err=True)


def _say_none(wish: Wish, store: str) -> None:
    """Say on stderr what was looked for and what to do; customers stay unnamed, since what is said may be logged."""
    named = f"{len(wish.values)} given" if wish.kind == "customer" else ", ".join(wish.values)
    remedy = {
        "agent": "the report lists the agents by name and key; it may have been forgotten already",
        "conversation": "the report shows ids, and `empathy-scan show ID` looks one up; it may be forgotten already",
    }.get(wish.kind, "write it as the export does, or choose the conversations by their ids with --conversation")
    typer.echo(base.safe(f"there is no such {wish.kind} in {store}: {named}; {remedy}"), err=True)


def _tell(answer: dict[str, Any], options: Config) -> None:
    """What would be done or was done, as JSON or in words."""
    if options.scan.json:
        base.print_json(answer)
        return
    lines = _allowed if "allowed_again" in answer else _planned if answer["dry_run"] else _done
    for line in lines(answer):
        typer.echo(base.safe(line))


def _planned(plan: dict[str, Any]) -> Iterator[str]:
    """A plan in words."""
    if not (plan["conversations"] or plan["shared"] or plan["rejected"] or plan["unfinished"]):
        yield "nothing in the store matches; nothing was removed"
        if plan["undated"]:
            yield _undated(plan)
        return
    yield "this would be removed for good:"
    rows = {
        "conversations": f"{plan['conversations']:,}, with {plan['turns']:,} turns",
        "one agent's part of": plan["shared"] and f"{plan['shared']:,} more, which other agents took part in",
        "what was rejected": plan["rejected"] and f"{plan['rejected']:,} rows that name one of them",
        "by month": ", ".join(f"{month} {count:,}" for month, count in plan["months"].items()),
        "agents in them": ", ".join(f"{agent} {count:,}" for agent, count in plan["agents"].items()),
        "found by": ", ".join(f"{_KINDS[kind]} {count:,}" for kind, count in plan["known_by"].items()),
        "the first of them": ", ".join(plan["ids"]),
        "reports made again": ", ".join(plan["reports"]),
        "reports elsewhere": ", ".join(plan["elsewhere"]),
        "left by a killed run": plan["unfinished"] and "what an earlier `forget` has begun is completed",
    }
    for title, value in rows.items():
        if value:
            yield f"{title:<22}{value}"
    if plan["known_by"].get("label"):
        yield "a name may be several people's: look at the conversations first (`empathy-scan show ID`)"
    if plan["undated"]:
        yield _undated(plan)


def _done(done: dict[str, Any]) -> Iterator[str]:
    """What was done, in words."""
    cut = f", and one agent's part of {done['shared']:,} more" if done["shared"] else ""
    yield f"{done['conversations']:,} conversation(s) forgotten{cut}"
    for where in done["reports"]:
        yield f"report made again: {where}"
    for where in done["elsewhere"]:
        yield f"report that is not here: {where}; delete it, or run `empathy-scan report` where it is"
    if done["files"]:
        yield "these files still hold what was forgotten; no scan takes it in again, but deleting them is yours:"
        yield from (f"  {path}" for path in done["files"])


def _allowed(answer: dict[str, Any]) -> Iterator[str]:
    """What is allowed again, in words."""
    count = answer["allowed_again"]
    yield f"{count:,} mark(s) of what was forgotten taken away" if count else "nothing was forgotten by that"
    if count:
        yield "what still lies in the folder comes in with `empathy-scan scan --reread`"


def _undated(plan: dict[str, Any]) -> str:
    return f"{plan['undated']:,} conversation(s) tell no time and stay; --undated takes them, too"


_KINDS = {"address": "mail address", "phone": "telephone number", "label": "name or id"}

"""`appeal`: labels of a message are disputed, somebody else decides, and the next report counts what was decided."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from empathy_scan.cli import base, queues
from empathy_scan.cli.base import app
from empathy_scan.errors import UsageError

if TYPE_CHECKING:
    from empathy_scan.appeals_log import Case, Event
    from empathy_scan.config import Config
    from empathy_scan.store import Store

group = typer.Typer(
    cls=base.Commands, no_args_is_help=True, rich_markup_mode=None,
    help="Dispute how a message is labelled, and decide what counts.",
)  # fmt: skip
app.add_typer(group, name="appeal", epilog="Example: empathy-scan appeal list --store results")

MessageArgument = Annotated[
    str, typer.Argument(help="Id of the message, as reports show it, such as t_1a2b3c4d5e6f.", metavar="MESSAGE")
]
_COLUMNS = "{:<16}{:<12}{:<10}{:<18}{:<18}{}"


def _opened(store: str, queue: str, path: Path | None) -> tuple[Store, Config]:
    """The store and the settings."""
    from empathy_scan.store import Store  # noqa: PLC0415 - polars stays out of --help

    options = queues.settings(store, path, queue=queue)
    return Store(options.scan.store, read_only=True), options


@group.command(
    "open",
    epilog='Example: empathy-scan appeal open t_1a2b3c4d5e6f --who "Ana Reyes" --should tone=civil --why "A joke"',
)
def open_(  # noqa: PLR0913 - a parameter per option
    message: MessageArgument,
    *,
    who: Annotated[str, typer.Option("--who", help="Who disputes it.", metavar="NAME")],
    should: Annotated[
        list[str], typer.Option("--should", help="What a label should be. Repeatable.", metavar="LABEL=VALUE")
    ],
    why: Annotated[str, typer.Option("--why", help="The reason, in a sentence or two.", metavar="TEXT")],
    conversation: Annotated[
        str, typer.Option("--conversation", help="Id of its conversation: faster in a large store.", metavar="ID")
    ] = "",
    store: base.StoreOption = "",
    queue: queues.QueueOption = "",
    config: base.ConfigOption = None,
    as_json: base.JsonOption = False,
) -> None:
    """Dispute the labels of a message; nothing changes until somebody else has decided."""
    held, options = _opened(store, queue, config)

    from empathy_scan import appeals  # noqa: PLC0415 - polars stays out of --help

    case = appeals.open_(held, options, message, who=who, should=should, why=why, conversation=conversation)
    _tell(case, f"the appeal against {message} is open; somebody else decides with `empathy-scan appeal decide`",
          as_json=as_json)  # fmt: skip


@group.command("list", epilog="Example: empathy-scan appeal list --store results --open")
def list_(
    *,
    only_open: Annotated[bool, typer.Option("--open", help="Only those that nobody has decided.")] = False,
    only_decided: Annotated[bool, typer.Option("--decided", help="Only those that are decided.")] = False,
    store: base.StoreOption = "",
    queue: queues.QueueOption = "",
    config: base.ConfigOption = None,
    as_json: base.JsonOption = False,
) -> None:
    """List the appeals, oldest first: what is disputed, since when, and what became of it."""
    if only_open and only_decided:
        raise UsageError("--open and --decided leave nothing", remedy="give one of them, or none for all")
    held, options = _opened(store, queue, config)

    from empathy_scan import appeals  # noqa: PLC0415 - polars stays out of --help

    wanted = [
        case
        for case in appeals.cases(held, options)
        if (case.is_open or not only_open) and ((case.decision and not case.is_open) or not only_decided)
    ]
    if as_json:
        base.print_json([_case_json(case) for case in wanted])
        return
    for line in _table(wanted):
        typer.echo(base.safe(line))


@group.command("show", epilog="Example: empathy-scan appeal show t_1a2b3c4d5e6f --store results")
def show(
    message: MessageArgument,
    *,
    store: base.StoreOption = "",
    queue: queues.QueueOption = "",
    config: base.ConfigOption = None,
    as_json: base.JsonOption = False,
) -> None:
    """Show a message with what came before it, its labels, and all that was said in appeals against them."""
    held, options = _opened(store, queue, config)

    from empathy_scan import appeals  # noqa: PLC0415 - polars stays out of --help

    case = appeals.case_of(held, options, message)
    if as_json:
        base.print_json(_case_json(case))
        return
    for line in _whole(case):
        typer.echo(base.safe(line))


@group.command(
    "decide",
    epilog='Example: empathy-scan appeal decide t_1a2b3c4d5e6f --who "Ben Ode" --outcome upheld --why "Clearly a joke"',
)
def decide(  # noqa: PLR0913 - a parameter per option
    message: MessageArgument,
    *,
    who: Annotated[
        str, typer.Option("--who", help="Who decides: nobody who is party to it or decided before.", metavar="NAME")
    ],
    outcome: Annotated[str, typer.Option("--outcome", help="What was decided.", metavar="upheld|partly|rejected")],
    why: Annotated[str, typer.Option("--why", help="The reason, in a sentence or two.", metavar="TEXT")],
    label: Annotated[
        list[str] | None,
        typer.Option("--label", help="With partly: what a label is. Repeatable.", metavar="LABEL=VALUE"),
    ] = None,
    store: base.StoreOption = "",
    queue: queues.QueueOption = "",
    config: base.ConfigOption = None,
    as_json: base.JsonOption = False,
) -> None:
    """Decide an appeal: the labels that count from the next report on, whatever model comes."""
    held, options = _opened(store, queue, config)

    from empathy_scan import appeals  # noqa: PLC0415 - polars stays out of --help

    case = appeals.decide(held, options, message, who=who, outcome=outcome, why=why, labels=label or ())
    done = f"{message} is decided, {outcome}: it counts as {_counts(case)}"
    _tell(case, f"{done}; `empathy-scan report` or the next scan takes it into the figures", as_json=as_json)


@group.command("withdraw", epilog='Example: empathy-scan appeal withdraw t_1a2b3c4d5e6f --who "Ana Reyes"')
def withdraw(
    message: MessageArgument,
    *,
    who: Annotated[str, typer.Option("--who", help="Who opened it.", metavar="NAME")],
    why: Annotated[str, typer.Option("--why", help="The reason, if there is one to tell.", metavar="TEXT")] = "",
    store: base.StoreOption = "",
    queue: queues.QueueOption = "",
    config: base.ConfigOption = None,
    as_json: base.JsonOption = False,
) -> None:
    """Take an appeal back that one has opened oneself; what counted before counts on."""
    held, options = _opened(store, queue, config)

    from empathy_scan import appeals  # noqa: PLC0415 - polars stays out of --help

    _tell(appeals.withdraw(held, options, message, who=who, why=why), f"the appeal against {message} is withdrawn",
          as_json=as_json)  # fmt: skip


def _tell(case: Case, told: str, *, as_json: bool) -> None:
    if as_json:
        base.print_json(_case_json(case))
    else:
        typer.echo(base.safe(told))


def _counts(case: Case) -> str:
    """What counts by the decision, in words."""
    from empathy_scan.report.appealed import in_words  # noqa: PLC0415 - polars stays out of --help

    return in_words(case.opening.role, case.decision.decided) if case.decision else ""


def _days(case: Case) -> int:
    """How long an appeal is, or was, open."""
    ended = datetime.now(UTC) if case.is_open else case.events[-1].at
    return max(0, (ended - case.opening.at).days)


def _table(cases: list[Case]) -> Iterator[str]:
    """A line per appeal under a heading."""
    if not cases:
        yield "no appeals"
        return
    yield _COLUMNS.format("message", "opened", "state", "open for", "agent", "what it should be").rstrip()
    for case in cases:
        days, opening = _days(case), case.opening
        yield _COLUMNS.format(
            case.message, f"{opening.at:%Y-%m-%d}", case.state, f"{days} {'day' if days == 1 else 'days'}",
            opening.agent_id, _should(opening),
        ).rstrip()  # fmt: skip


def _should(opening: Event) -> str:
    """`tone=civil acknowledges=yes`."""
    from empathy_scan.appeals import spelt  # noqa: PLC0415 - polars stays out of --help

    return " ".join(spelt(opening.role, opening.should))


def _whole(case: Case) -> Iterator[str]:
    """All there is to say of an appeal."""
    from empathy_scan.report.appealed import in_words  # noqa: PLC0415 - polars stays out of --help

    opening = case.opening
    yield f"{case.message}: {case.state}; conversation {opening.conversation_id}, agent {opening.agent_id or 'unknown'}"
    yield ""
    for role, text in (*opening.context, (f"> {opening.role}", opening.text)):
        yield f"{role}: {' '.join(text.split())}"
    yield ""
    for event in case.events:
        when = f"{event.at:%Y-%m-%d %H:%M} UTC"
        if event.event == "opened":
            yield (
                f"{when}  {event.who} appealed: should be {_should(event)}; counted as "
                + in_words(event.role, event.counted)
                + f" (model {event.model}: {in_words(event.role, event.labels)})"
            )
        elif event.event == "decided":
            yield f"{when}  {event.who} decided, {event.outcome}: counts as {in_words(opening.role, event.decided)}"
        elif event.event == "labelled":
            yield f"{when}  {event.who} said, not knowing of the appeal: {in_words(opening.role, event.decided)}"
        else:
            yield f"{when}  {event.who} withdrew the appeal"
        if event.why:
            yield f"  {event.why}"


def _case_json(case: Case) -> dict[str, Any]:
    """An appeal as plain values."""
    opening = case.opening
    return {
        "message": case.message, "state": case.state, "days_open": _days(case),
        "conversation_id": opening.conversation_id, "turn": opening.turn, "role": opening.role,
        "agent_id": opening.agent_id, "counts": dict(case.decision.decided) if case.decision else dict(opening.counted),
        "events": [
            {
                "event": each.event, "who": each.who, "at": each.at.isoformat(), "why": each.why, "model": each.model,
                "model_labels": dict(each.labels), "should": dict(each.should), "outcome": each.outcome,
                "decided": dict(each.decided),
            }
            for each in case.events
        ],
    }  # fmt: skip

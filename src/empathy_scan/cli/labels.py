"""`labels`: labels of a centre's own: is the codebook sound, train a head, let it judge history, list, drop."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Annotated, Any

import typer

from empathy_scan.cli import base, logs, queues
from empathy_scan.cli.base import app
from empathy_scan.errors import UsageError

if TYPE_CHECKING:
    from empathy_scan.own import Facts

group = typer.Typer(
    cls=base.Commands, no_args_is_help=True, rich_markup_mode=None,
    help="Labels of your own: a codebook, heads trained on your answers, and what they find.",
)  # fmt: skip
app.add_typer(group, name="labels", epilog="Example: empathy-scan labels train explains_next_steps --store results")

KeyArgument = Annotated[str, typer.Argument(help="Key of the label.", metavar="KEY")]


@group.command("check", epilog="Example: empathy-scan labels check --codebook labels.toml")
def check(
    *, codebook: queues.CodebookOption = "", config: base.ConfigOption = None, as_json: base.JsonOption = False
) -> None:
    """See that a codebook of your own labels is sound, and what it asks."""
    from empathy_scan import own  # noqa: PLC0415 - as few modules as may be for --help

    labels = own.codebook_of(queues.settings("", config, codebook=codebook))
    if as_json:
        base.print_json({"labels": [
            {"key": each.key, "name": each.name, "role": each.role, "question": each.question,
             "definition": each.definition, "yes": len(each.yes), "no": len(each.no)}
            for each in labels
        ]})  # fmt: skip
        return
    for each in labels:
        typer.echo(base.safe(f"{each.key}: {each.name}, of turns of the {each.role}"))
        typer.echo(base.safe(f"  {each.question} {each.definition}"))
        typer.echo(f"  {len(each.yes)} examples of yes, {len(each.no)} of no")


@group.command("train", epilog="Example: empathy-scan labels train explains_next_steps --store results")
def train(
    key: KeyArgument,
    *,
    store: base.StoreOption = "",
    queue: queues.QueueOption = "",
    codebook: queues.CodebookOption = "",
    model: base.ModelOption = None,
    config: base.ConfigOption = None,
    as_json: base.JsonOption = False,
) -> None:
    """Train the head of a label on the answers in the review queue, say how good it is, and let it judge the store."""
    from empathy_scan import own  # noqa: PLC0415 - torch and polars stay out of --help

    held, folder, options = queues.opened(store, queue, config, codebook)
    label = own.asked_for(options, key)
    held.count()  # raises where there is no store that can be read
    before = own.there(held, options).get(label.key)
    facts, judged = own.train(held, folder, label, options, bundle=base.bundle(model, options))
    if as_json:
        base.print_json({**facts.to_json(), "conversations_judged": judged, "before": before and before.words})
        return
    for line in _told(facts):
        typer.echo(base.safe(line))
    if before is not None:
        typer.echo(base.safe(f"  the head before it: {before.words}"))
    again = base.repeated("report", {"store": options.scan.store, "config": config})
    typer.echo(base.safe(f"{judged} conversations judged; make the report again: {again}"))


@group.command("apply", epilog="Example: empathy-scan labels apply --store results")
def apply(
    *,
    store: base.StoreOption = "",
    model: base.ModelOption = None,
    config: base.ConfigOption = None,
    as_json: base.JsonOption = False,
) -> None:
    """Let the heads judge the conversations of the store that they have not judged; a scan does so by itself."""
    from empathy_scan import own  # noqa: PLC0415 - polars stays out of --help
    from empathy_scan.own import heads  # noqa: PLC0415 - as above
    from empathy_scan.store import Store  # noqa: PLC0415 - as above

    options = queues.settings(store, config)
    held, bundle = Store.open(options.scan.store), base.bundle(model, options)
    there = own.there(held, options)
    if not there:
        raise UsageError(
            "there is no head of an own label", remedy="train one: empathy-scan labels train KEY --codebook FILE"
        )
    encoder = own.bundle_of(held, bundle)
    for facts in there.values():
        heads.demand(facts, encoder)
    judged = own.catch_up(held, options, bundle)
    if as_json:
        base.print_json({"labels": sorted(there), "conversations_judged": judged})
    else:
        typer.echo(f"{judged} conversations judged by {len(there)} head(s)")


@group.command("list", epilog="Example: empathy-scan labels list --store results")
def list_(
    *,
    store: base.StoreOption = "",
    config: base.ConfigOption = None,
    as_json: base.JsonOption = False,
) -> None:
    """The heads that there are, what they learned from, and how good they are."""
    from empathy_scan import own  # noqa: PLC0415 - polars stays out of --help
    from empathy_scan.store import Store  # noqa: PLC0415 - as above

    options = queues.settings(store, config)
    held = Store.open(options.scan.store)
    there = own.there(held, options)
    models = set(held.known()["model"].unique()) if there else set()
    if as_json:
        base.print_json({"labels": [
            {**facts.to_json(), "fits_the_store": models <= {facts.encoder}} for facts in there.values()
        ]})  # fmt: skip
        return
    for facts in there.values():
        for line in _told(facts):
            typer.echo(base.safe(line))
        if not models <= {facts.encoder}:
            typer.echo(base.safe(f"  belongs to another model than the store's: empathy-scan labels train {facts.key}"))
    if not there:
        logs.say("there is no head of an own label; train one: empathy-scan labels train KEY", event="none")


@group.command("drop", epilog="Example: empathy-scan labels drop explains_next_steps --store results")
def drop(
    key: KeyArgument,
    *,
    store: base.StoreOption = "",
    config: base.ConfigOption = None,
    as_json: base.JsonOption = False,
) -> None:
    """Remove the head of a label and all that it has found; answers in the review queue stay."""
    from empathy_scan import own  # noqa: PLC0415 - polars stays out of --help
    from empathy_scan.store import Store  # noqa: PLC0415 - as above

    options = queues.settings(store, config)
    held = Store.open(options.scan.store)
    there = sorted(own.there(held, options))
    if not own.drop(held, options, key):
        raise UsageError(f"there is no head of {key!r}", remedy=f"there are: {', '.join(there) or 'none'}")
    if as_json:
        base.print_json({"dropped": key})
    else:
        typer.echo(base.safe(f"the head of {key} is gone; answers in the review queue stay"))


def _told(facts: Facts) -> Iterator[str]:
    """A head in lines."""
    answers: Mapping[str, int] = facts.answers
    yield f"{facts.key}: {facts.words}"
    yield (
        f"  learned from {answers['turns']} turns ({answers['yes']} yes, {answers['no']} no) of "
        f"{answers['conversations']} conversations, labelled by {answers['reviewers']} "
        f"{'person' if answers['reviewers'] == 1 else 'people'}, and {answers['examples']} examples"
    )
    if answers["undecided"] or answers["changed"]:
        yield f"  left out: {answers['undecided']} undecided, {answers['changed']} changed since"
    shares: dict[str, Any] = {"found of those that have it": facts.found, "right of those found": facts.right}
    for name, held in shares.items():
        if held is not None:
            yield f"  {name}: {held.value:.0%} ({held.low:.0%} to {held.high:.0%})"
    yield "  each on conversations that were not learned from, weighted for how turns were drawn, with its 95% interval"

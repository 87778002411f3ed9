"""`calibrate`, and `train --from`: a new bundle from what people said in review; what it tells of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from empathy_scan.cli import base, queues
from empathy_scan.cli.base import app
from empathy_scan.errors import UsageError

if TYPE_CHECKING:
    from empathy_scan.config import Config
    from empathy_scan.review.queue import Queue
    from empathy_scan.store import Store

_FIGURES = (("log_loss", "log-loss"), ("ece", "calibration error"), ("kappa", "kappa"))
_ROW = "{:<24}{:>7}{:>8}  {:<34}{:<34}{:<34}"


@app.command(epilog="Example: empathy-scan calibrate --store results --out models/ours")
def calibrate(
    *,
    out: Annotated[Path, typer.Option("--out", help="New folder for the bundle; the old one stays.", metavar="DIR")],
    store: base.StoreOption = "",
    queue: queues.QueueOption = "",
    model: base.ModelOption = None,
    config: base.ConfigOption = None,
    as_json: base.JsonOption = False,
) -> None:
    """Fit temperatures, thresholds and known errors to what people said in review; exit code 4 if nothing changed.

    Writes a new bundle. What there are too few labels for, or what gets no better, stays as it was.
    """
    held, folder, options = queues.opened(store, queue, config)

    from empathy_scan.learning import calibration  # noqa: PLC0415 - torch stays out of --help
    from empathy_scan.model import files  # noqa: PLC0415 - as above

    named = model or (Path(options.scan.model) if options.scan.model else files.default_path())
    found = calibration.calibrate(held, folder, options, base=named, out=out).to_json()
    _tell(found, _calibrated(found), {"store": held.root, "config": config}, as_json=as_json)


def train(
    named: Path, labels: Path, out: Path, *, store: str, how: Mapping[str, Any], path: Path | None, as_json: bool
) -> None:
    """Fine-tunes a bundle on the review queue in a folder, or in the store of that folder; tells what came of it."""
    held, folder, options = _of_labels(labels, store, path)

    from empathy_scan.learning import training  # noqa: PLC0415 - torch stays out of --help
    from empathy_scan.learning.tune import TuneConfig  # noqa: PLC0415 - as above

    found = training.train(held, folder, options, base=named, out=out, how=TuneConfig(**how)).to_json()
    _tell(found, _trained(found), {"store": held.root, "config": path}, as_json=as_json)


def _of_labels(labels: Path, store: str, path: Path | None) -> tuple[Store, Queue, Config]:
    """The queue in a folder, with its store: the one named, else that in which it lies, else that of the settings."""
    if (labels / "draws").is_dir():
        beside = labels.resolve().parent
        return queues.opened(store or (str(beside) if (beside / "conversations").is_dir() else ""), str(labels), path)
    if (labels / "_review" / "draws").is_dir():
        return queues.opened(store or str(labels), str(labels / "_review"), path)
    raise UsageError(
        f"there is no review queue in {labels}",
        remedy="give --labels the folder of a queue (`_review` in the store), or the store that holds it",
    )


def _tell(found: Mapping[str, Any], lines: Iterator[str], given: Mapping[str, object], *, as_json: bool) -> None:
    """What came of it, as JSON or in lines with the next command; ends with KEPT where nothing was written."""
    written = found["model"] is not None
    following = base.repeated("rescore", {"store": given["store"], "model": found["out"], "config": given["config"]})
    if as_json:
        base.print_json({**found, "next": following if written else None})
    else:
        for line in lines:
            typer.echo(base.safe(line))
        typer.echo("")
        if written:
            typer.echo(
                base.safe(f"{found['out']}: model {found['model']}, made from {found['from_model']}, which stays")
            )
            typer.echo(base.safe(f"next: {following}"))
            typer.echo("      shows what would move; with --accept it counts for all history, so that no trend jumps.")
            typer.echo(
                base.safe(
                    f"      Then scan, fairness and labels need it: --model {found['out']}, or model under [scan]"
                )
            )
        else:
            typer.echo(f"nothing was written: model {found['from_model']} stays")
    if not written:
        raise typer.Exit(base.KEPT)


def _calibrated(found: Mapping[str, Any]) -> Iterator[str]:
    yield _labels(found["labels"])
    if found["left_out"]:
        yield f"{found['left_out']} more turns are left out: the model was trained on their conversations"
    yield ""
    for each in found["fitted"]:
        numbers = f"{_numbers(each['old'])} -> {_numbers(each['new'])}" if each["refitted"] else _numbers(each["old"])
        state = "refitted" if each["refitted"] else "kept"
        yield f"{each['what']:<12}{each['name']:<24}{state:<10}{numbers:<26}{each['why']}"
    yield from _errors(found["errors"])
    yield from _compared(found["compared"], "on conversations held out: before -> after (95% interval of the change)")


def _trained(found: Mapping[str, Any]) -> Iterator[str]:
    yield _labels(found["labels"])
    yield f"{found['learnt_from']} turns to learn from, {found['judged_on']} in other conversations to be judged on"
    yield from _errors(found["errors"])
    yield from _compared(found["compared"], "on the turns held out: before -> after (95% interval of the change)")
    same = ", ".join(f"{name} {value:.2f}" for name, value in found["unlabelled"]["kappa"].items() if value is not None)
    if found["unlabelled"]["turns"]:
        yield f"the two models agree on {found['unlabelled']['turns']} turns that nobody labelled, at kappa: {same}"
    for reason in found["against"]:
        yield f"against it: {reason}"


def _labels(told: Mapping[str, Any]) -> str:
    people = "1 person" if told["reviewers"] == 1 else f"{told['reviewers']} people"
    return (
        f"{told['turns']} reviewed turns ({told['agent_turns']} of agents) in {told['conversations']} conversations, "
        f"by {people}, {told['first_answer']} to {told['last_answer']}"
    )


def _errors(told: Mapping[str, str]) -> Iterator[str]:
    if told:
        yield ""
        yield "known errors, by which reports correct rates"
    for name, what in told.items():
        yield f"  {name:<24}{what}"


def _compared(compared: Sequence[Mapping[str, Any]], title: str) -> Iterator[str]:
    yield ""
    yield title
    yield _ROW.format("", "turns", "rarer", *(name for _, name in _FIGURES)).rstrip()
    for each in compared:
        if each["turns"]:
            cells = [_change(each[key]) for key, _ in _FIGURES]
            yield _ROW.format(each["name"], each["turns"], each["unusual"], *cells).rstrip()


def _change(held: Mapping[str, Any] | None) -> str:
    if held is None:
        return "-"
    before, after, change = held["before"]["value"], held["after"]["value"], held["change"]
    return f"{before:.3f} -> {after:.3f} ({change['low']:+.3f} to {change['high']:+.3f})"


def _numbers(numbers: Sequence[float]) -> str:
    return ", ".join(f"{number:.2f}" for number in numbers)

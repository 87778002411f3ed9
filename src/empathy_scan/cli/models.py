"""`train` and `evaluate`: making a model bundle, and saying how good it is."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from empathy_scan.cli import base, learn
from empathy_scan.cli.base import app
from empathy_scan.errors import UsageError

WrittenOption = Annotated[
    Path, typer.Option("--written", help="Folder of labelled conversations with text (JSON Lines).", metavar="DIR")
]
LabelsOption = Annotated[
    Path, typer.Option("--labels", help="Folder of train*.jsonl and dev.jsonl (labels without text).", metavar="DIR")
]
CorporaOption = Annotated[
    Path | None, typer.Option("--corpora", help="Folder of the corpora that the labels refer to.", metavar="DIR")
]


@app.command(epilog="Example: empathy-scan train --from models/ours --labels results/_review --out models/newer")
def train(  # noqa: PLR0913 - options of a command
    *,
    out: Annotated[Path, typer.Option("--out", help="Where the bundle is written.", metavar="DIR")],
    backbone: Annotated[
        str,
        typer.Option("--backbone", help="Directory or hub name of a transformers encoder.", metavar="PATH|NAME"),
    ] = "",
    from_: Annotated[
        Path | None,
        typer.Option("--from", help="Bundle to fine-tune on reviewed turns instead; it stays.", metavar="DIR"),
    ] = None,
    written: WrittenOption = Path("data/training/authored"),
    labels: Annotated[
        Path,
        typer.Option(
            "--labels", help="Folder of train*.jsonl and dev.jsonl; with --from, of a review queue.", metavar="DIR"
        ),
    ] = Path("data/training"),
    corpora: CorporaOption = None,
    store: Annotated[str, typer.Option("--store", help="With --from: the store of the queue.", metavar="DIR|URL")] = "",
    epochs: Annotated[
        float | None, typer.Option("--epochs", min=0.0, help="Times over the labelled turns; 6, with --from 4.")
    ] = None,
    minutes: Annotated[
        float | None,
        typer.Option("--minutes", min=0.01, help="Of fine-tuning at most; ends it before the epochs do."),
    ] = None,
    auxiliary_minutes: Annotated[float, typer.Option("--auxiliary-minutes", help="On the public sets before.")] = 0.0,
    encoder_rate: Annotated[
        float | None,
        typer.Option("--encoder-rate", min=0.0, help="Learning rate of the encoder; 4e-4, with --from 1.5e-4."),
    ] = None,
    seed: Annotated[int, typer.Option("--seed", help="Of weights and order.")] = 1,
    config: base.ConfigOption = None,
    as_json: base.JsonOption = False,
) -> None:
    """Train the codebook's heads on an encoder, or fine-tune a bundle on what was reviewed, and write a bundle."""
    if bool(backbone) == (from_ is not None):
        raise UsageError(
            "train needs something to start from", remedy="give either --backbone (an encoder) or --from (a bundle)"
        )
    chosen = {"epochs": epochs, "minutes": minutes, "encoder_rate": encoder_rate}
    given: dict[str, Any] = {name: value for name, value in chosen.items() if value is not None}
    if from_ is not None:
        learn.train(from_, labels, out, store=store, how={**given, "seed": seed}, path=config, as_json=as_json)
        return

    from empathy_scan import known_errors  # noqa: PLC0415 - torch stays out of --help
    from empathy_scan.model import judge, recipe  # noqa: PLC0415 - as above
    from empathy_scan.model.train import TrainConfig  # noqa: PLC0415

    how = TrainConfig(auxiliary_minutes=auxiliary_minutes, seed=seed, **given)
    report = recipe.build(backbone, out, written=written, labels=labels, corpora=corpora, config=how)
    known_errors.measure(out, written=written, labels=labels, corpora=corpora)
    if as_json:
        base.print_json(report)
        return
    typer.echo(judge.as_text(report))
    typer.echo(out)


@app.command(epilog="Example: empathy-scan evaluate --corpora corpora --baselines")
def evaluate(
    *,
    model: base.ModelOption = None,
    written: WrittenOption = Path("data/training/authored"),
    labels: LabelsOption = Path("data/training"),
    corpora: CorporaOption = None,
    baselines: Annotated[bool, typer.Option("--baselines", help="Train and show the two baselines too.")] = False,
    fairness: Annotated[
        bool, typer.Option("--fairness", help="Errors by group and flips instead, as the model card has them.")
    ] = False,
    note: Annotated[
        bool, typer.Option("--note", help="With --fairness: write that into the bundle and its card.")
    ] = False,
    as_json: base.JsonOption = False,
) -> None:
    """F1, kappa, calibration, false alarms and flips with intervals, on everything that is held out."""
    from empathy_scan.model import bundle, judge, recipe  # noqa: PLC0415 - torch stays out of --help

    if note and not fairness:
        raise UsageError("--note writes the fairness of a model", remedy="give --fairness, too")
    if fairness:
        path = model or bundle.default_path()
        found = recipe.fair(bundle.load(path), written=written, labels=labels, corpora=corpora)
        if note:
            recipe.note(path, "fairness", found)
        _tell_fairness(found, as_json=as_json)
        return
    report = recipe.measure(bundle.load(model), written=written, labels=labels, corpora=corpora, baselines=baselines)
    if as_json:
        base.print_json(report)
    else:
        typer.echo(judge.as_text(report))


def _tell_fairness(found: dict[str, Any], *, as_json: bool) -> None:
    """The fairness of a release, in Markdown as its card has it."""
    from empathy_scan.model import fairness_card  # noqa: PLC0415 - as above

    if as_json:
        base.print_json(found)
    else:
        typer.echo(fairness_card.text(found))

"""`train` and `evaluate`: making a model bundle, and saying how good it is."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from empathy_scan.cli import base
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


@app.command(epilog="Example: empathy-scan train --backbone build/encoder --corpora corpora --out models/mine")
def train(  # noqa: PLR0913 - options of a command
    *,
    backbone: Annotated[
        str, typer.Option("--backbone", help="Directory or hub name of a transformers encoder.", metavar="PATH|NAME")
    ],
    out: Annotated[Path, typer.Option("--out", help="Where the bundle is written.", metavar="DIR")],
    written: WrittenOption = Path("data/training/authored"),
    labels: LabelsOption = Path("data/training"),
    corpora: CorporaOption = None,
    epochs: Annotated[float, typer.Option("--epochs", help="Times over the labelled turns.")] = 6.0,
    minutes: Annotated[
        float | None,
        typer.Option("--minutes", min=0.01, help="Of fine-tuning at most; ends it before the epochs do."),
    ] = None,
    auxiliary_minutes: Annotated[float, typer.Option("--auxiliary-minutes", help="On the public sets before.")] = 0.0,
    encoder_rate: Annotated[
        float, typer.Option("--encoder-rate", min=0.0, help="Learning rate of the encoder; 3e-5 for a large one.")
    ] = 4e-4,
    seed: Annotated[int, typer.Option("--seed", help="Of weights and order.")] = 1,
) -> None:
    """Train the codebook's heads on an encoder and write a bundle, with its figures beside two baselines."""
    from empathy_scan import known_errors  # noqa: PLC0415 - torch stays out of --help
    from empathy_scan.model import judge, recipe  # noqa: PLC0415 - as above
    from empathy_scan.model.train import TrainConfig  # noqa: PLC0415

    config = TrainConfig(
        epochs=epochs, minutes=minutes, auxiliary_minutes=auxiliary_minutes, encoder_rate=encoder_rate, seed=seed
    )
    report = recipe.build(backbone, out, written=written, labels=labels, corpora=corpora, config=config)
    known_errors.measure(out, written=written, labels=labels, corpora=corpora)
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

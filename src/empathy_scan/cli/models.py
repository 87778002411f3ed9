"""`train` and `evaluate`: making a model bundle, and saying how good it is."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from empathy_scan.cli import base
from empathy_scan.cli.base import app

WrittenOption = Annotated[
    Path, typer.Option("--written", help="Folder of labelled conversations with text (JSON Lines).", metavar="DIR")
]
LabelsOption = Annotated[
    Path, typer.Option("--labels", help="Folder of train.jsonl and dev.jsonl (labels without text).", metavar="DIR")
]
CorporaOption = Annotated[
    Path | None, typer.Option("--corpora", help="Folder of the corpora that the labels refer to.", metavar="DIR")
]


@app.command(epilog="Example: empathy-scan train --backbone build/encoder --corpora corpora --out models/mine")
def train(
    *,
    backbone: Annotated[
        str, typer.Option("--backbone", help="Directory or hub name of a transformers encoder.", metavar="PATH|NAME")
    ],
    out: Annotated[Path, typer.Option("--out", help="Where the bundle is written.", metavar="DIR")],
    written: WrittenOption = Path("data/training/authored"),
    labels: LabelsOption = Path("data/training"),
    corpora: CorporaOption = None,
    epochs: Annotated[float, typer.Option("--epochs", help="Times over the labelled turns.")] = 6.0,
    auxiliary_minutes: Annotated[float, typer.Option("--auxiliary-minutes", help="On the public sets before.")] = 0.0,
    seed: Annotated[int, typer.Option("--seed", help="Of weights and order.")] = 1,
) -> None:
    """Train the codebook's heads on an encoder and write a bundle, with its figures beside two baselines."""
    from empathy_scan.model import recipe  # noqa: PLC0415 - torch stays out of --help
    from empathy_scan.model.train import TrainConfig  # noqa: PLC0415

    config = TrainConfig(epochs=epochs, auxiliary_minutes=auxiliary_minutes, seed=seed)
    report = recipe.build(backbone, out, written=written, labels=labels, corpora=corpora, config=config)
    typer.echo(recipe.as_text(report))
    typer.echo(out)


@app.command(epilog="Example: empathy-scan evaluate --corpora corpora --baselines")
def evaluate(
    *,
    model: base.ModelOption = None,
    written: WrittenOption = Path("data/training/authored"),
    labels: LabelsOption = Path("data/training"),
    corpora: CorporaOption = None,
    baselines: Annotated[bool, typer.Option("--baselines", help="Train and show the two baselines too.")] = False,
    as_json: base.JsonOption = False,
) -> None:
    """F1, macro-F1 and kappa with intervals on the dev split and on held-out written conversations."""
    from empathy_scan.model import bundle, recipe  # noqa: PLC0415 - torch stays out of --help

    report = recipe.measure(bundle.load(model), written=written, labels=labels, corpora=corpora, baselines=baselines)
    if as_json:
        base.print_json(report)
    else:
        typer.echo(recipe.as_text(report))

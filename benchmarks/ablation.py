"""What each step of the recipe buys: the same labelled turns, the same steps of training, one thing changed at a time.

    python benchmarks/ablation.py ENCODER --corpora CORPORA [--packed build/packed] [--turns 9000] [--seeds 2]

ENCODER is what `make pretrain` wrote. Every variant trains on the same draw of conversations and is judged on the same
held-out turns: written conversations of scenarios and authors that training never saw, and the dev split of the real
corpora. Printed: the mean over seeds, the mean 95% interval of a seed (bootstrap over conversations) and the spread
between seeds; and how often a label flips within a counterfactual pair. Figures are lower than those of the shipped
model, which sees all turns and trains longer.
"""

from __future__ import annotations

import argparse
import hashlib
import logging
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch

from empathy_scan.model import auxiliary, calibrate, evaluate, outside, precision, recipe, train
from empathy_scan.model.bundle import Bundle
from empathy_scan.model.evaluate import Judged
from empathy_scan.model.examples import Item
from empathy_scan.model.network import EmpathyModel
from empathy_scan.model.tokens import Packer

FIGURES = ("care macro-F1", "care kappa", "agent tone macro-F1", "customer tone macro-F1")
Judge = Callable[[int], dict[str, Judged]]


class Bench:
    """The turns and settings that all variants share."""

    def __init__(self, options: argparse.Namespace) -> None:
        known, judged = recipe.items(options.written, options.labels, options.corpora)
        self.judged = {name: part for name, part in judged.items() if part}
        drawn = sorted(known, key=lambda item: hashlib.sha1(f"{item.key[0]} {item.scenario}".encode()).hexdigest())  # noqa: S324
        self.calibrating = [item for item in known if recipe.calibrates(item)]
        self.fitting = [item for item in drawn if not recipe.calibrates(item)][: options.turns]
        self.known, self.options = known, options
        self.pairs = outside.counterfactual(options.labels / "counterfactual.jsonl")
        self.flips: list[tuple[float, float]] = []  # of each model judged: tone, care

    def trained(self, backbone: Path, *, seed: int, items: Sequence[Item] | None = None, **changed: Any) -> Bundle:  # noqa: ANN401
        """A bundle trained on the shared turns (or on `items`), calibrated on the shared calibration turns."""
        before = changed.pop("before", None)
        config = replace(train.TrainConfig(), epochs=self.options.epochs, seed=seed, **changed)
        model, tokenizer = train.new_model(backbone, config)
        if callable(before):
            before(model)
        packer = Packer(tokenizer, max_length=config.max_length, max_focus=config.max_focus)
        extra = auxiliary.load(self.options.corpora / "open") if config.auxiliary_minutes else []
        chosen = self.fitting if items is None else items
        done = train.train(model, packer, chosen, auxiliary=extra, config=config)
        recipe.balance(done, packer, self.calibrating)
        decisions = calibrate.fit(self.calibrating, evaluate.turn_logits(done, packer, self.calibrating))
        return Bundle(model=done, packer=packer, decisions=decisions, facts={}, fingerprint="")

    def judge(self, bundle: Bundle) -> dict[str, Judged]:
        """What a bundle says of every test set."""
        found = outside.pairs(bundle, self.pairs)
        self.flips.append((found["tone flips"]["value"], found["care flips"]["value"]))
        return {name: evaluate.predict(bundle, part) for name, part in self.judged.items()}


def forget(model: EmpathyModel) -> None:
    """Random weights for the encoder."""
    fresh = type(model.encoder)(model.encoder.config)
    model.encoder.load_state_dict(fresh.state_dict())


def only_vectors(packed: Path) -> Callable[[EmpathyModel], None]:
    """Random weights, but for skip-gram vectors of the tokens."""

    def start(model: EmpathyModel) -> None:
        forget(model)
        vectors = torch.from_numpy(np.load(packed / "vectors.npy"))
        table = model.encoder.get_input_embeddings().weight
        with torch.no_grad():
            table[: len(vectors)].copy_(vectors)

    return start


def variants(bench: Bench, options: argparse.Namespace) -> dict[str, Judge]:
    """Name -> what a model trained that way, with a seed, says of every test set."""
    encoder, minutes = options.encoder, options.auxiliary_minutes
    first = [item for item in bench.fitting if not _is_new(item)]

    def baseline(_: int) -> dict[str, Judged]:
        return {name: evaluate.baselines(bench.fitting, part)["tf-idf"] for name, part in bench.judged.items()}

    def made(**changed: Any) -> Judge:  # noqa: ANN401
        return lambda seed: bench.judge(bench.trained(encoder, seed=seed, **changed))

    found: dict[str, Judge] = {
        "TF-IDF + logistic regression": baseline,
        "encoder, random start": made(before=forget, phrases=0),
        "encoder, pretrained": made(phrases=0),
        "+ auxiliary tasks": made(phrases=0, auxiliary_minutes=minutes),
        "+ wide path (the recipe)": made(auxiliary_minutes=minutes),
        "the recipe without hidden tokens": made(auxiliary_minutes=minutes, token_drop=0.0),
        "the recipe without an average of weights": made(auxiliary_minutes=minutes, ema=0.0),
        "the recipe without the newer labels and texts": made(auxiliary_minutes=minutes, items=first),
    }
    if options.packed and (options.packed / "vectors.npy").exists():
        found["encoder, skip-gram start"] = made(before=only_vectors(options.packed), phrases=0)
    return found


def _is_new(item: Item) -> bool:
    """Whether a turn came with the second round of writing and labelling."""
    return item.key[0].startswith("v") or item.origin == "train_active"


def table(bench: Bench, name: str, judge: Judge, seeds: int) -> list[str]:
    """A row of Markdown per test set: mean over seeds (mean interval; spread)."""
    bench.flips.clear()
    runs = [judge(seed) for seed in range(1, seeds + 1)]
    rows = []
    if bench.flips:
        tone, care = (float(np.mean(flips)) for flips in zip(*bench.flips, strict=True))
        rows.append(f"| {name} | counterfactual pairs | tone flips {tone:.3f} | care flips {care:.3f} | | |")
    for part, items in bench.judged.items():
        truth = evaluate.gold(items)
        each = [evaluate.scores(truth, run[part], items) for run in runs]
        rows.append(f"| {name} | {part} | " + " | ".join(_cell([e[figure] for e in each]) for figure in FIGURES) + " |")
    return rows


def _cell(figures: Sequence[dict[str, float]]) -> str:
    value, low, high = (float(np.mean([f[key] for f in figures])) for key in ("value", "low", "high"))
    spread = max(f["value"] for f in figures) - min(f["value"] for f in figures)
    return f"{value:.3f} ({low:.2f}-{high:.2f}; {spread:.3f})"


@precision.flushed_denormals()
def main() -> None:
    """Parses the command line, trains every variant and prints the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("encoder", type=Path)
    parser.add_argument("--corpora", type=Path, required=True)
    parser.add_argument("--packed", type=Path)
    parser.add_argument("--written", type=Path, default=Path("data/training/authored"))
    parser.add_argument("--labels", type=Path, default=Path("data/training"))
    parser.add_argument("--turns", type=int, default=9000)
    parser.add_argument("--epochs", type=float, default=2.0)
    parser.add_argument("--auxiliary-minutes", type=float, default=2.0)
    parser.add_argument("--seeds", type=int, default=2)
    parser.add_argument("--only", help="variants whose name holds this")
    options = parser.parse_args()
    logging.basicConfig(level=logging.WARNING)
    bench = Bench(options)
    print(f"| variant | turns judged | {' | '.join(FIGURES)} |")
    print("|---" * (2 + len(FIGURES)) + "|", flush=True)
    for name, judge in variants(bench, options).items():
        if not options.only or options.only in name:
            print("\n".join(table(bench, name, judge, options.seeds)), flush=True)


if __name__ == "__main__":
    main()

"""The recipe of the shipped model: which turns train it, calibrate it and judge it, and the figures that come out."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from empathy_scan.codebook import AGENT_TONES, ATTACK_CODES, CUSTOMER_TONES, FLAG_CODES, Role
from empathy_scan.errors import UsageError
from empathy_scan.model import (
    auxiliary,
    bundle,
    calibrate,
    card,
    evaluate,
    examples,
    fairness,
    judge,
    precision,
    runtime,
    stack,
    train,
)
from empathy_scan.model.bundle import Bundle
from empathy_scan.model.examples import Item
from empathy_scan.model.judge import Report
from empathy_scan.model.network import EmpathyModel
from empathy_scan.model.splits import AUTHORS_HELD_OUT
from empathy_scan.model.tokens import Packer

log = logging.getLogger(__name__)
SCENARIOS, AUTHOR = "written, held-out scenarios", "written, held-out author"  # test sets of written conversations
DEV, WHOLE = "real, dev", "real, dev, whole conversations"  # test sets of real ones: enriched, and as they come
PAIRS = "counterfactual.jsonl"
CALIBRATION = 0.08  # share of the training conversations that only calibrate


@precision.flushed_denormals()
def build(
    backbone: Path | str, out: Path, *, written: Path, labels: Path, corpora: Path | None, config: train.TrainConfig
) -> Report:
    """Trains, calibrates, evaluates and saves a bundle; gives its report. UsageError for folders without labels."""
    known, judged = items(written, labels, corpora)
    fitting = [item for item in known if not calibrates(item)]
    calibrating = [item for item in known if calibrates(item)]
    if not fitting:
        raise UsageError("no turns left to train on", where=str(written), remedy="label more conversations")
    model, tokenizer = train.new_model(backbone, config)
    packer = Packer(tokenizer, max_length=config.max_length, max_focus=config.max_focus)
    extra = auxiliary.load(corpora / "open") if corpora and config.auxiliary_minutes else []
    trained = train.train(model, packer, fitting, auxiliary=extra, config=config)
    balance(trained, packer, calibrating)
    decisions = calibrate.fit(calibrating, evaluate.turn_logits(trained, packer, calibrating))
    facts: dict[str, Any] = {
        "training": {
            **asdict(config),
            "turns": len(fitting),
            "calibration_turns": len(calibrating),
            "encoder_parameters": sum(p.numel() for p in trained.encoder.parameters()),
        },
        "data": _counts(fitting),
    }
    bundle.save(out, trained, tokenizer, decisions=decisions, packer=packer, facts=facts)
    report = judge.report(bundle.load(out), known, judged, labels=labels, corpora=corpora, baselines=True)
    facts |= {"metrics": report, "fairness": fairness.release(bundle.load(out), judged, labels / PAIRS)}
    bundle.save(out, trained, tokenizer, decisions=decisions, packer=packer, facts=facts)
    (out / "README.md").write_text(card.of(out), encoding="utf-8")
    return report


def balance(model: EmpathyModel, packer: Packer, items: Sequence[Item]) -> None:
    """Weighs the encoder against the phrases on turns that neither has seen, and folds the weights into the model."""
    if items:
        segments, owner = examples.segments_of(items)
        deep, wide = runtime.parts(model, packer, segments)
        stack.fold(model, stack.fit(deep, wide, owner, items))


def measure(loaded: Bundle, *, written: Path, labels: Path, corpora: Path | None, baselines: bool) -> Report:
    """The figures of a bundle on everything that is held out; with `baselines`, theirs beside."""
    known, judged = items(written, labels, corpora)
    return judge.report(loaded, known, judged, labels=labels, corpora=corpora, baselines=baselines)


def fair(loaded: Bundle, *, written: Path, labels: Path, corpora: Path | None) -> dict[str, Any]:
    """The fairness of a bundle on everything that is held out, as its facts hold it (fairness.py)."""
    return fairness.release(loaded, items(written, labels, corpora)[1], labels / PAIRS)


def note(path: Path, name: str, told: dict[str, Any]) -> None:
    """Write into a bundle's facts what was found of it, and its card anew; what decides scores stays as it is."""
    bundle.note(path, name, told)
    (path / "README.md").write_text(card.of(path), encoding="utf-8")


def items(written: Path, labels: Path, corpora: Path | None) -> tuple[list[Item], dict[str, list[Item]]]:
    """Turns to learn from, and turns to be judged on by test set."""
    files = sorted(written.glob("*.jsonl"))
    if not files:
        raise UsageError(
            "no labelled conversations found", where=str(written), remedy="give --written a folder of .jsonl files"
        )
    known, held_out = examples.written(files)
    judged = {SCENARIOS: [item for item in held_out if item.key[0] not in AUTHORS_HELD_OUT]}
    if authored := [item for item in held_out if item.key[0] in AUTHORS_HELD_OUT]:
        judged[AUTHOR] = authored
    if corpora is not None:
        for path in [labels / "train.jsonl", *sorted(labels.glob("train_*.jsonl"))]:
            known += examples.labelled(path, corpora)
        judged[DEV] = examples.labelled(labels / "dev.jsonl", corpora)
        if (labels / "errors.jsonl").exists():
            judged[WHOLE] = examples.labelled(labels / "errors.jsonl", corpora)
    else:
        log.warning("no --corpora: the labels of real turns are left out")
    return known, judged


def calibrates(item: Item) -> bool:
    """Whether an item's conversation (or scenario) is kept for calibration."""
    digest = hashlib.sha1(f"calibrate {item.key[0]} {item.scenario}".encode(), usedforsecurity=False).hexdigest()
    return int(digest[:8], 16) / 16**8 < CALIBRATION


def _counts(items: Sequence[Item]) -> dict[str, Any]:
    """How many turns of each label trained the model."""
    agents = [item for item in items if item.role == Role.AGENT]
    customers = [item for item in items if item.role == Role.CUSTOMER]
    return {
        "agent_turns": len(agents), "customer_turns": len(customers),
        "flags": {code: sum(code in item.flags for item in agents) for code in FLAG_CODES},
        "agent_tone": {tone.name: sum(item.tone == int(tone.code) for item in agents) for tone in AGENT_TONES},
        "customer_tone": {tone.name: sum(item.tone == int(tone.code) for item in customers) for tone in CUSTOMER_TONES},
        "attacks": {code: sum(code in item.kinds for item in customers) for code in ATTACK_CODES},
    }  # fmt: skip


__all__ = ["balance", "build", "calibrates", "fair", "items", "measure", "note"]

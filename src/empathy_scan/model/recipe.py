"""The recipe of the shipped model: which turns train it, calibrate it and judge it, and the figures that come out."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from empathy_scan.codebook import AGENT_TONES, ATTACK_CODES, CUSTOMER_TONES, FLAG_CODES, FLAG_NAMES, Role
from empathy_scan.errors import UsageError
from empathy_scan.model import auxiliary, bundle, calibrate, card, evaluate, examples, runtime, stack, train
from empathy_scan.model.bundle import Bundle
from empathy_scan.model.evaluate import Judged
from empathy_scan.model.examples import Item
from empathy_scan.model.network import EmpathyModel
from empathy_scan.model.tokens import Packer

log = logging.getLogger(__name__)
CALIBRATION = 0.08  # share of the training conversations that only calibrate
CONTRAST = ("tc", "ud")  # files whose situations hold several replies
Report = dict[str, Any]  # test set -> system -> figure -> {"value", "low", "high", "n"}


def build(
    backbone: Path | str, out: Path, *, written: Path, labels: Path, corpora: Path | None, config: train.TrainConfig
) -> Report:
    """Trains, calibrates, evaluates and saves a bundle; gives its report. UsageError for folders without labels."""
    known, judged = _items(written, labels, corpora)
    fitting = [item for item in known if not _calibrates(item)]
    calibrating = [item for item in known if _calibrates(item)]
    if not fitting:
        raise UsageError("no turns left to train on", where=str(written), remedy="label more conversations")
    model, tokenizer = train.new_model(backbone, config)
    packer = Packer(tokenizer, max_length=config.max_length, max_focus=config.max_focus)
    extra = auxiliary.load(corpora / "open") if corpora and config.auxiliary_minutes else []
    trained = train.train(model, packer, fitting, auxiliary=extra, config=config)
    balance(trained, packer, calibrating)
    decisions = calibrate.fit(calibrating, evaluate.turn_logits(trained, packer, calibrating))
    facts: dict[str, Any] = {
        "training": {**asdict(config), "turns": len(fitting), "calibration_turns": len(calibrating)},
        "data": _counts(fitting),
    }
    bundle.save(out, trained, tokenizer, decisions=decisions, packer=packer, facts=facts)
    report = _report(bundle.load(out), known, judged, baselines=True)
    bundle.save(out, trained, tokenizer, decisions=decisions, packer=packer, facts={**facts, "metrics": report})
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
    known, judged = _items(written, labels, corpora)
    return _report(loaded, known, judged, baselines=baselines)


def as_text(report: Report) -> str:
    """The report as a table for a terminal: value (interval, n) per figure, a column per system."""
    lines = []
    for test_set, systems in report.items():
        names = list(systems)
        lines += [f"\n{test_set}", f"{'':<28}" + "".join(f"{name:<30}" for name in names)]
        for figure in systems[names[0]]:
            cells = [_cell(systems[name].get(figure)) for name in names]
            lines.append(f"{figure:<28}" + "".join(f"{cell:<30}" for cell in cells))
    return "\n".join(lines)


def _items(written: Path, labels: Path, corpora: Path | None) -> tuple[list[Item], dict[str, list[Item]]]:
    """Turns to learn from, and turns to be judged on by test set."""
    files = sorted(written.glob("*.jsonl"))
    if not files:
        raise UsageError(
            "no labelled conversations found", where=str(written), remedy="give --written a folder of .jsonl files"
        )
    known, held_out = examples.written(files)
    judged = {"written, held out": held_out}
    if corpora is not None:
        known += examples.labelled(labels / "train.jsonl", corpora)
        judged["real, dev"] = examples.labelled(labels / "dev.jsonl", corpora)
    else:
        log.warning("no --corpora: the labels of real turns are left out")
    return known, judged


def _calibrates(item: Item) -> bool:
    """Whether an item's conversation (or scenario) is kept for calibration."""
    digest = hashlib.sha1(f"calibrate {item.key[0]} {item.scenario}".encode(), usedforsecurity=False).hexdigest()
    return int(digest[:8], 16) / 16**8 < CALIBRATION


def _report(loaded: Bundle, known: Sequence[Item], judged: dict[str, list[Item]], *, baselines: bool) -> Report:
    report: Report = {}
    for name, items in judged.items():
        truth = evaluate.gold(items)
        systems = {"model": evaluate.predict(loaded, items)}
        if baselines:
            systems |= evaluate.baselines(known, items)
        report[name] = {system: _figures(truth, found, items) for system, found in systems.items()}
        report[name]["model"] |= _calibration(loaded, items)
    return report


def _figures(truth: Judged, found: Judged, items: Sequence[Item]) -> dict[str, Any]:
    figures = evaluate.scores(truth, found, items)
    chosen = [n for n, item in enumerate(i for i in items if i.role == Role.AGENT) if item.key[0] in CONTRAST]
    if chosen:
        agents = [item for item in items if item.role == Role.AGENT]
        part = [agents[n] for n in chosen]
        whole, replies, situations = evaluate.situations_right(part, _rows(truth, chosen), _rows(found, chosen))
        figures["contrast situations right"] = {"value": whole, "low": None, "high": None, "n": situations}
        figures["contrast replies right"] = {"value": replies, "low": None, "high": None, "n": len(part)}
    return figures


def _rows(judged: Judged, chosen: list[int]) -> Judged:
    """Some of the agents' turns."""
    return Judged(judged.flags[chosen], judged.agent_tone[chosen], judged.customer_tone, judged.attacks)


def _calibration(loaded: Bundle, items: Sequence[Item]) -> dict[str, Any]:
    """Expected calibration error per flag and per hostile tone."""
    agents = [item for item in items if item.role == Role.AGENT]
    customers = [item for item in items if item.role == Role.CUSTOMER]
    found: dict[str, Any] = {}
    for name, part in (("agent", agents), ("customer", customers)):
        if not part:
            continue
        p = loaded.decisions.probabilities(evaluate.turn_logits(loaded.model, loaded.packer, part))
        truth = evaluate.gold(part)
        tone = truth.agent_tone if name == "agent" else truth.customer_tone
        errors = {
            f"{name} tone hostile ECE": calibrate.expected_error(p[f"{name}_tone"][:, 2], tone == len(AGENT_TONES) - 1)
        }
        if name == "agent":
            errors |= {
                f"flag {flag} ECE": calibrate.expected_error(p["flags"][:, n], truth.flags[:, n])
                for n, flag in enumerate(FLAG_NAMES)
            }
        found |= {key: {"value": value, "low": None, "high": None, "n": len(part)} for key, value in errors.items()}
    return found


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


def _cell(figure: dict[str, Any] | None) -> str:
    if figure is None or figure["value"] is None:
        return "-"
    interval = f" ({figure['low']:.2f} to {figure['high']:.2f})" if figure["low"] is not None else ""
    return f"{figure['value']:.3f}{interval} n={figure['n']}"


__all__ = ["as_text", "balance", "build", "measure"]

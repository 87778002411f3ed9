"""The report of a model: every figure of its card, on everything that is held out, beside the baselines."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from empathy_scan import stats
from empathy_scan.codebook import AGENT_TONES, FLAG_NAMES, Role
from empathy_scan.model import calibrate, evaluate, outside
from empathy_scan.model.bundle import Bundle
from empathy_scan.model.evaluate import Judged
from empathy_scan.model.examples import Item

Figure = dict[str, Any]
Report = dict[str, dict[str, dict[str, Figure]]]  # test set -> system -> figure -> {"value", "low", "high", "n"}
PARTS = ("care macro-F1", "care kappa", "agent tone macro-F1", "customer tone macro-F1", "customer tone hostile F1")
SMALLEST = 30  # turns below which a corpus or channel gets no figures of its own


def report(
    bundle: Bundle,
    known: Sequence[Item],
    judged: dict[str, list[Item]],
    *,
    labels: Path,
    corpora: Path | None,
    baselines: bool,
) -> Report:
    """Every test set's figures; `known` are the turns that baselines learn from, where they are asked for.

    The tests from outside (`outside.py`) join where their corpus and the file of pairs are at hand.
    """
    found: Report = {}
    for name, items in judged.items():
        truth, logits = evaluate.gold(items), evaluate.turn_logits(bundle.model, bundle.packer, items)
        systems = {"model": evaluate.decide(bundle, items, logits)}
        if baselines:
            systems |= evaluate.baselines(known, items)
        found[name] = {system: _figures(truth, said, items) for system, said in systems.items()}
        found[name]["model"] |= _calibration(bundle, items, logits) | _false_alarms(truth, systems["model"])
        found |= _parts(name, items, truth, systems["model"])
    if marks := outside.marked(corpora) if corpora else []:
        found["people's marks (MAIA-DQE), agents' sentences"] = {"model": outside.sentences(bundle, marks)}
    if given := outside.counterfactual(labels / "counterfactual.jsonl"):
        found["counterfactual pairs"] = {"model": outside.pairs(bundle, given)}
    return found


def as_text(report: Report) -> str:
    """The report as a table for a terminal: value (interval, n) per figure, a column per system."""
    lines = []
    for test_set, systems in report.items():
        names = list(systems)
        lines += [f"\n{test_set}", f"{'':<40}" + "".join(f"{name:<30}" for name in names)]
        for figure in systems[names[0]]:
            cells = [_cell(systems[name].get(figure)) for name in names]
            lines.append(f"{figure:<40}" + "".join(f"{cell:<30}" for cell in cells))
    return "\n".join(lines)


def _figures(truth: Judged, found: Judged, items: Sequence[Item]) -> dict[str, Figure]:
    """F1s, kappas and, where there are contrast situations, how many came out right as a whole."""
    figures = evaluate.scores(truth, found, items)
    agents = [item for item in items if item.role == Role.AGENT]
    for title, chosen in (("contrast (tc)", _contrast(agents, first=True)), ("contrast", _contrast(agents))):
        if chosen:
            part = [agents[n] for n in chosen]
            whole, replies = evaluate.situations_right(part, _rows(truth, chosen), _rows(found, chosen))
            figures[f"{title} situations right"] = _share(whole)
            figures[f"{title} replies right"] = _share(replies)
    return figures


def _contrast(agents: Sequence[Item], *, first: bool = False) -> list[int]:
    """Positions of the replies in contrast situations (not of what went before): of the first set, or of all."""
    last: dict[tuple[str, str], int] = {}
    for item in agents:
        place = (item.key[0], item.scenario)
        last[place] = max(last.get(place, 0), item.key[2])
    return [
        n
        for n, item in enumerate(agents)
        if (item.key[0] == "tc" if first else _is_contrast(item)) and item.key[2] == last[item.key[0], item.scenario]
    ]


def _is_contrast(item: Item) -> bool:
    """Files of contrast situations have a c (and d) for their second letter: tc, ud, vc1, ..."""
    return item.key[0][:2] in ("tc", "ud", "vc")


def _rows(judged: Judged, chosen: list[int]) -> Judged:
    """Some of the agents' turns."""
    return Judged(judged.flags[chosen], judged.agent_tone[chosen], judged.customer_tone, judged.attacks)


def _share(right: Sequence[bool]) -> Figure:
    share = stats.wilson(sum(right), len(right))
    return {"value": share.value, "low": share.low, "high": share.high, "n": len(right)}


def _calibration(bundle: Bundle, items: Sequence[Item], logits: np.ndarray) -> dict[str, Figure]:
    """Expected calibration error per flag, and per tone that is not civil."""
    p, truth = bundle.decisions.probabilities(logits), evaluate.gold(items)
    agent = np.array([item.role == Role.AGENT for item in items], dtype=bool)
    errors: dict[str, tuple[np.ndarray, np.ndarray]] = {}
    if agent.any():
        errors |= {f"flag {name}": (p["flags"][agent, n], truth.flags[:, n]) for n, name in enumerate(FLAG_NAMES)}
    for name, rows, tone in (("agent", agent, truth.agent_tone), ("customer", ~agent, truth.customer_tone)):
        for code in range(1, len(AGENT_TONES)) if rows.any() else ():
            errors[f"{name} tone {('', 'guarded or upset', 'hostile')[code]}"] = (
                p[f"{name}_tone"][rows, code], tone == code
            )  # fmt: skip
    return {
        f"{name} ECE": {"value": calibrate.expected_error(said, is_so), "low": None, "high": None, "n": len(said)}
        for name, (said, is_so) in errors.items()
    }


def _false_alarms(truth: Judged, found: Judged) -> dict[str, Figure]:
    """How many civil agent turns are called guarded or hostile, and how hostile ones fare."""
    civil, hostile = truth.agent_tone == 0, truth.agent_tone == 2
    figures = {}
    if civil.any():
        figures["civil agent turns called hostile"] = _share((found.agent_tone[civil] == 2).tolist())
        figures["civil agent turns called not civil"] = _share((found.agent_tone[civil] > 0).tolist())
    if hostile.any():
        figures["agent tone hostile recall"] = _share((found.agent_tone[hostile] == 2).tolist())
    if (found.agent_tone == 2).any():
        figures["agent tone hostile precision"] = _share((truth.agent_tone[found.agent_tone == 2] == 2).tolist())
    return figures


def _parts(name: str, items: Sequence[Item], truth: Judged, found: Judged) -> Report:
    """The main figures by corpus and by channel."""
    parts: Report = {}
    for kind, keys in (("corpus", [i.key[0] for i in items]), ("channel", [i.channel for i in items])):
        if kind == "corpus" and name.startswith("written"):
            continue
        for key in sorted(set(keys)):
            chosen = [n for n, k in enumerate(keys) if k == key]
            if SMALLEST <= len(chosen) < len(items):
                part = [items[n] for n in chosen]
                figures = evaluate.scores(_of(truth, items, chosen), _of(found, items, chosen), part)
                parts[f"{name}: {kind} {key}"] = {"model": {title: figures[title] for title in PARTS}}
    return parts


def _of(judged: Judged, items: Sequence[Item], chosen: Sequence[int]) -> Judged:
    """The labels of the chosen items; labels lie by role, in the order of items."""
    agent = np.array([item.role == Role.AGENT for item in items], dtype=bool)
    place = np.where(agent, np.cumsum(agent), np.cumsum(~agent)) - 1
    agents = [place[n] for n in chosen if agent[n]]
    customers = [place[n] for n in chosen if not agent[n]]
    return Judged(
        judged.flags[agents], judged.agent_tone[agents], judged.customer_tone[customers], judged.attacks[customers]
    )


def _cell(figure: Figure | None) -> str:
    if figure is None or figure["value"] is None:
        return "-"
    interval = f" ({figure['low']:.2f} to {figure['high']:.2f})" if figure["low"] is not None else ""
    return f"{figure['value']:.3f}{interval} n={figure['n']}"

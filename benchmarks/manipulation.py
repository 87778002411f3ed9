"""How far can an answer be moved by writing for the score? The shipped model on texts written to deceive it.

    python benchmarks/manipulation.py [--model DIR] [--cases FILE ...]

Each case (data/evaluation) is a plain answer, and the same answer with something added that shows nothing understood:
piled-up sympathy, the customer's nouns in stock phrases, one assurance again and again, the customer's sentence said
back, words meant for the tool, big words of feeling; or the customer praises the agent and the answer stays as it was.
Told by kind: how many answers are counted as empathic before and after (with Wilson's 95% interval), how far the
probability of care moves in the mean, and how many the rules of `gaming` flag. Empathic is told without and with the
rule of `parroting`; and what that rule costs, on answers labelled empathic in the conversations written for training.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import polars as pl

import empathy_scan
from empathy_scan import gaming, stats, stuffing
from empathy_scan.config import Config, ScoreConfig

CASES = Path(__file__).parents[1] / "data" / "evaluation"
RULES = stuffing.rules(ScoreConfig())
WRITTEN = Path(__file__).parents[1] / "data" / "training" / "authored"


def main() -> None:
    """Print a table for every file of cases."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("--model", type=Path, default=None)
    parser.add_argument("--cases", type=Path, nargs="+", default=sorted(CASES.glob("manipulation*.jsonl")))
    given = parser.parse_args()
    model = empathy_scan.load_model(given.model)
    bare = empathy_scan.load_model(given.model, config=Config(score=ScoreConfig(parroting=False, stuffing=False)))
    for path in given.cases:
        cases = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
        told = judged(model, cases).with_columns(alone=judged(bare, cases)["after"])
        print(f"\n{path.name}, model {model.fingerprint}")
        print("| kind | cases | plain | pushed, by the model (95%) | with the rule (95%) | mean shift of p | flagged |")
        print("|---|---:|---:|---:|---:|---:|---:|")
        for (kind,), part in [*told.group_by("kind", maintain_order=True), (("all",), told)]:
            print(line(str(kind), part))
    cost(model, bare)


def cost(model: empathy_scan.Model, bare: empathy_scan.Model) -> None:
    """Print how many rightly counted answers of the conversations written for training the rule takes away."""
    every, rows = 0, []
    for path in sorted(WRITTEN.glob("*.jsonl")):
        for line_ in path.read_text(encoding="utf-8").splitlines():
            before: list[dict[str, str]] = []
            for turn in json.loads(line_)["turns"]:
                row = {"role": turn["role"], "text": turn["text"]}
                if turn["role"] == "agent" and set(turn["flags"]) & {"A", "X"}:
                    every += 1
                    heard = [one["text"] for one in before if one["role"] == "customer"]
                    rows += [row | {"context": before[-8:]}] if found(turn["text"], heard[-3:]) else []
                before = [*before, row]
    counted, still = (one.classify(rows)["care_class"].to_list().count("empathic") for one in (bare, model))
    spread = stats.wilson(counted - still, every)
    print(
        f"\n{every} answers labelled empathic, {len(rows)} of them say the customer's words back: the model counts "
        f"{counted} of these, with the rule {still}: {counted - still} lost ({100 * spread.low:.2f} to "
        f"{100 * spread.high:.2f}% of all)"
    )


def found(text: str, heard: list[str]) -> bool:
    """Whether a rule finds something in an answer."""
    return any(find(text, heard) for _, find in RULES)


def judged(model: empathy_scan.Model, cases: list[dict[str, object]]) -> pl.DataFrame:
    """A row per case: whether it is empathic before and after, how far care moved, and whether it is flagged."""
    plain, pushed = (
        model.classify([{"role": "agent", "text": case[name], "context": case["context"]} for case in cases])
        for name in ("honest", "pushed")
    )
    care = pl.max_horizontal("p_acknowledges", "p_explores")
    return pl.DataFrame(
        {
            "kind": [case["kind"] for case in cases],
            "before": plain["care_class"] == "empathic",
            "after": pushed["care_class"] == "empathic",
            "shift": pushed.select(care).to_series() - plain.select(care).to_series(),
            "flagged": [bool(gaming.signs(str(case["pushed"]), said(case))) for case in cases],
        }
    )


def said(case: dict[str, object]) -> list[str]:
    """What the customer said before."""
    context = case["context"]
    return [turn["text"] for turn in context if turn["role"] == "customer"] if isinstance(context, list) else []


def line(kind: str, part: pl.DataFrame) -> str:
    """A row of the table."""
    shift = part.select(pl.col("shift").mean()).item()
    shares = f"{_share(part['alone'])} | {_share(part['after'])}"
    return f"| {kind} | {part.height} | {part['before'].sum()} | {shares} | {shift:+.3f} | {part['flagged'].sum()} |"


def _share(counted: pl.Series) -> str:
    spread = stats.wilson(int(counted.sum()), counted.len())
    return f"{counted.sum()} ({100 * spread.low:.0f} to {100 * spread.high:.0f}%)"


if __name__ == "__main__":
    main()

"""How far can an answer be moved by writing for the score? The shipped model on texts written to deceive it.

    python benchmarks/manipulation.py [--model DIR] [--cases FILE ...]

Each case (data/evaluation) is a plain answer, and the same answer with something added that shows nothing understood:
piled-up sympathy, the customer's nouns in stock phrases, one assurance again and again, the customer's sentence said
back, words meant for the tool, big words of feeling; or the customer praises the agent and the answer stays as it was.
Told by kind: how many answers are counted as empathic before and after (with Wilson's 95% interval), how far the
probability of care moves in the mean, and how many the rules of `gaming` flag.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import polars as pl

import empathy_scan
from empathy_scan import gaming, stats

CASES = Path(__file__).parents[1] / "data" / "evaluation"


def main() -> None:
    """Print a table for every file of cases."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("--model", type=Path, default=None)
    parser.add_argument("--cases", type=Path, nargs="+", default=sorted(CASES.glob("manipulation*.jsonl")))
    given = parser.parse_args()
    model = empathy_scan.load_model(given.model)
    for path in given.cases:
        told = judged(model, [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()])
        print(f"\n{path.name}, model {model.fingerprint}")
        print("| kind | cases | plain: empathic | pushed: empathic (95%) | mean shift of p(care) | flagged |")
        print("|---|---:|---:|---:|---:|---:|")
        for (kind,), part in [*told.group_by("kind", maintain_order=True), (("all",), told)]:
            print(line(str(kind), part))


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
    after = int(part["after"].sum())
    spread = stats.wilson(after, part.height)
    shift = part.select(pl.col("shift").mean()).item()
    share = f"{after} ({100 * spread.low:.0f} to {100 * spread.high:.0f}%)"
    return f"| {kind} | {part.height} | {part['before'].sum()} | {share} | {shift:+.3f} | {part['flagged'].sum()} |"


if __name__ == "__main__":
    main()

"""How fast each reader is, beside the model: `python benchmarks/reading.py`. Ratios count; rates are of one machine.

Every sample of the formats is read again and again, with all that reading means: unpacking, recognising, parsing. Then
turns are scored with the shipped model, in the same run. Parsing is not the bottleneck of a scan while a ratio is well
above 1.
"""

from __future__ import annotations

import statistics
import time
from pathlib import Path

import polars as pl

from empathy_scan import judging
from empathy_scan.config import Config
from empathy_scan.model import bundle
from empathy_scan.prepare import turns as prepared_turns
from empathy_scan.readers import files, gather, pieces

ROOT = Path(__file__).parents[1]
SECONDS = 0.15  # per sample
SCORED = 200  # turns


def reading_rates() -> dict[str, list[float]]:
    """Turns per second of each format, one per sample."""
    rates: dict[str, list[float]] = {}
    config = Config().read
    for found in files.find([ROOT / "tests" / "data" / "formats", ROOT / "data" / "samples"]):
        if found.path.name.endswith(".expected.json"):
            continue
        first = [piece for piece in pieces.pieces(found, config) if not isinstance(piece, gather.Problem)]
        count = sum(len(each.conversation.turns) for piece in first for each in piece.placed)
        if not count:
            continue
        began, times = time.perf_counter(), 0
        while time.perf_counter() - began < SECONDS:
            for _ in pieces.pieces(found, config):
                pass
            times += 1
        rate = times * count / (time.perf_counter() - began)
        rates.setdefault(first[0].detection.reader.name, []).append(rate)
    return rates


def scoring_rate() -> float:
    """Turns per second of the model, evidence and all, as in a scan."""
    known = prepared_turns([ROOT / "data" / "samples"], Config()).turns
    copies = -(-SCORED // known.height)
    # Other words in each copy: what is the same is scored once.
    many = pl.concat(
        [
            known.with_columns(
                pl.format("{}-{}", "conversation_id", pl.lit(at)).alias("conversation_id"),
                pl.format("{} It is number {}.", "text", pl.lit(at)).alias("text"),
            )
            for at in range(copies)
        ]
    ).sort("conversation_id", "turn")
    judging.judge(known, bundle.default_path(), Config())  # what is loaded once
    began = time.perf_counter()
    judging.judge(many, bundle.default_path(), Config())
    return many.height / (time.perf_counter() - began)


if __name__ == "__main__":
    scored = scoring_rate()
    print(f"scoring: {scored:,.0f} turns per second\n")
    print(f"{'format':<22}{'turns per second':>18}{'times the scoring rate':>26}")
    for name, rates in sorted(reading_rates().items(), key=lambda item: statistics.median(item[1])):
        middle = statistics.median(rates)
        print(f"{name:<22}{middle:>18,.0f}{middle / scored:>26,.1f}")

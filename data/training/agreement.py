"""How often two independent passes of labelling agree: Cohen's kappa per label, with its 95% interval.

    python data/training/agreement.py data/training/train_active.jsonl data/training/second_pass.jsonl

Both are label files without text; only turns that stand in both count.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

from empathy_scan import stats
from empathy_scan.codebook import ATTACK_CODES, FLAG_CODES, care_class

Label = dict[str, Any]


def read(path: Path) -> dict[tuple[str, str, int], Label]:
    """The labels of a file by corpus, conversation and turn."""
    rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    return {(row["corpus"], str(row["conversation_id"]), row["turn"]): row for row in rows}


def show(name: str, pairs: list[tuple[object, object]]) -> None:
    """Prints a row: kappa with its interval, turns, and how many turns differ."""
    found = stats.kappa([a for a, _ in pairs], [b for _, b in pairs]) if pairs else None
    told = f"{found.value:.2f} ({found.low:.2f} to {found.high:.2f})" if found else "one label throughout"
    print(f"| {name} | {told} | {len(pairs)} | {sum(a != b for a, b in pairs)} |")


def main() -> None:
    """Prints the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("first", type=Path)
    parser.add_argument("second", type=Path)
    options = parser.parse_args()
    first, second = read(options.first), read(options.second)
    both = [(first[key], second[key]) for key in second if key in first]
    agents = [(a, b) for a, b in both if a["role"] == "agent"]
    customers = [(a, b) for a, b in both if a["role"] == "customer"]
    print("| label | kappa | turns | differ |\n|---|---|---:|---:|")
    show("care class", [(care_class(a["flags"]), care_class(b["flags"])) for a, b in agents])
    for code in FLAG_CODES:
        show(f"flag {code}", [(code in a["flags"], code in b["flags"]) for a, b in agents])
    show("agent tone", [(a["tone"], b["tone"]) for a, b in agents])
    show("customer tone", [(a["tone"], b["tone"]) for a, b in customers])
    for code in ATTACK_CODES:
        show(f"kind {code}", [(code in a["kinds"], code in b["kinds"]) for a, b in customers])


if __name__ == "__main__":
    main()

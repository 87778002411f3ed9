"""A scan of many conversations of which the cache knows no turn: rate, shares of the stages, memory, what is stored.

    python benchmarks/large_scan.py --corpora FOLDER [--conversations 100000] [--turns 4] [--names cucom star sgd]

The conversations are stretches of real ones, each taken as often as it takes to have enough, with a word of every turn
replaced in every copy; they lie spread over a year, so that the report holds a quarter of them. FOLDER holds corpora as
`*.jsonl.gz` (see data/training/README.md). It takes hours. No text is printed.
"""

from __future__ import annotations

import argparse
import json
import random
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import year_of_nights
from corpora import Conversation, of_corpora, segments_of, write

from empathy_scan.cache import segment_keys

SAMPLED = 2_000  # conversations of whose turns the repeats are counted


def main() -> None:
    """Write the conversations, scan them in a process of its own, and say what it took."""
    wanted = _arguments()
    known = of_corpora(wanted.corpora)
    missing = set(wanted.names) - known.keys()
    if missing:
        raise SystemExit(f"no corpora of these names in the folder: {', '.join(sorted(missing))}")
    pool = [each for name in wanted.names for each in known[name]]
    with tempfile.TemporaryDirectory(dir=wanted.folder) as name:
        folder = Path(name)
        write(copies(pool, wanted.conversations, wanted.turns), folder / "in", weekly=wanted.conversations // 52)
        keys = segment_keys(segments_of(list(copies(pool, SAMPLED, wanted.turns)))[1])
        print(f"{len(pool):,} conversations of {len(wanted.names)} corpora; {len(keys):,} turns of {SAMPLED:,} copies,")
        print(f"of which {1 - keys.n_unique() / len(keys):.2%} repeat another with its context", flush=True)
        seconds, processor, peaks = scan(folder, wanted.workers)
        told = _last_run(folder / "store")
        kept = {part: _bytes(folder / "store", part) for part in ("results", "cache")}
    turns = told["scored_turns"]
    print(f"{wanted.conversations:,} conversations, {told['turns']:,} turns, {turns:,} of them scored")
    print(f"{seconds:,.0f} s: {wanted.conversations / seconds:.1f} conversations/s, {turns / seconds:.0f} turns/s")
    print(
        f"processor time {processor:,.0f} s: {processor / turns * 1e3:.1f} ms a turn, {processor / seconds:.2f} cores"
    )
    print(f"peak of memory {peaks[-1]:,.0f} MB; after each tenth of the time: {_tenths(peaks)}")
    print(", ".join(f"{part} {size / turns:,.0f} bytes a turn" for part, size in kept.items()))
    whole = sum(told["stages"].values())
    print(", ".join(f"{stage} {spent / whole:.1%}" for stage, spent in told["stages"].items()))


def copies(pool: Sequence[Conversation], count: int, turns: int) -> Iterator[Conversation]:
    """So many stretches of the pool's conversations, all edited; the same ones each time."""
    dice = random.Random(20261123)  # noqa: S311 - no secret
    words = sorted({word for each in pool for _, text in each.turns for word in text.split()})
    for number in range(count):
        whole = pool[dice.randrange(len(pool))]
        start = dice.randrange(max(len(whole.turns) - turns, 0) + 1)
        said = ((role, _edit(text, words, dice)) for role, text in whole.turns[start : start + turns])
        yield replace(whole, name=f"copy-{number}", turns=tuple(said))


def _edit(text: str, words: Sequence[str], dice: random.Random) -> str:
    said = text.split(" ")
    said[dice.randrange(len(said))] = dice.choice(words)
    return " ".join(said)


def scan(folder: Path, workers: int) -> tuple[float, float, list[float]]:
    """Seconds by the clock and of the processor of a scan of `folder`/in, and its peak of memory so far, by second."""
    started, before = time.monotonic(), _children()
    places = ["--store", str(folder / "store"), "--reports", str(folder / "report")]
    command = [
        sys.executable,
        "-m",
        "empathy_scan",
        "scan",
        str(folder / "in"),
        *places,
        "--quiet",
        "--workers",
        str(workers),
    ]
    running = subprocess.Popen(command)  # noqa: S603
    peaks = [0.0]
    while running.poll() is None:
        peaks.append(max(peaks[-1], year_of_nights.memory(running.pid)))
        time.sleep(1)
    if running.returncode not in (0, 3):
        raise SystemExit(f"the scan ended with {running.returncode}")
    return time.monotonic() - started, _children() - before, peaks


def _tenths(peaks: Sequence[float]) -> str:
    return ", ".join(f"{peaks[len(peaks) * n // 10 - 1]:,.0f}" for n in range(1, 11))


def _bytes(store: Path, part: str) -> int:
    """What lies in the store's content cache, or in all else of it."""
    files = (each for each in store.rglob("*") if each.is_file())
    return sum(each.stat().st_size for each in files if ("_cache" in each.parts) == (part == "cache"))


def _last_run(store: Path) -> dict[str, Any]:
    command = [sys.executable, "-m", "empathy_scan", "runs", "last", "--store", str(store), "--json"]
    told: dict[str, Any] = json.loads(subprocess.run(command, check=True, capture_output=True).stdout)  # noqa: S603
    return told


def _children() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--corpora", type=Path, required=True, help="a folder of corpora")
    parser.add_argument(
        "--names", nargs="+", default=["cucom_ecommerce_synthetic", "star", "sgd"], help="which of them"
    )
    parser.add_argument("--conversations", type=int, default=100_000)
    parser.add_argument("--turns", type=int, default=4, help="of each conversation")
    parser.add_argument("--workers", type=int, default=1, help="processes that score; their memory is not counted")
    parser.add_argument("--folder", type=Path, help="where files and store lie meanwhile (the system's, without)")
    return parser.parse_args()


if __name__ == "__main__":
    main()

"""A year of nights: 365 runs over a growing folder, and what the first and the last of them cost.

    python benchmarks/year_of_nights.py [--nights 365] [--conversations 2000] [--scan-every 91] [--files 100000]

Every night a file of chats is added and noted in the ledger, and its conversations are put into the store with labels
and scores made by chance, as a model of that speed would be a matter of hours: what is measured is all that a night
does beside scoring. Every `--scan-every` nights a real scan runs over the folder in a process of its own, with a file
of two chats more, so that the whole program is measured, too. At the end a night with nothing new runs over a folder
of `--files` known files.
"""

from __future__ import annotations

import argparse
import os
import random
import resource
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import polars as pl

from empathy_scan import ledger, pipeline, readers, tombstones
from empathy_scan.config import Config
from empathy_scan.model import files as bundles
from empathy_scan.store import Store
from empathy_scan.tables import LABELS, REJECTS, SCORES

HEAD = "conversation_id,role,agent_id,sent_at,text\n"
SAID = (
    "Where is my parcel?", "I am so sorry, I will ring the depot now.", "It has been two weeks.",
    "We apologise for any inconvenience.", "That is no answer.", "You are right, and I will see to it myself.",
    "Thank you.", "You are welcome.",
)  # fmt: skip
START = datetime(2025, 1, 1, 6, tzinfo=UTC)


def main() -> None:
    """Simulate, and print a line per month."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--nights", type=int, default=365)
    parser.add_argument("--conversations", type=int, default=2000)
    parser.add_argument("--scan-every", type=int, default=91, help="nights between two real scans")
    parser.add_argument("--files", type=int, default=100_000, help="known files of the night with nothing new")
    parser.add_argument("--folder", type=Path, default=None, help="where to work; a temporary one by default")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=given.folder) as folder:
        root = Path(folder)
        if given.nights:
            a_year(root, given.nights, given.conversations, given.scan_every)
        if given.files:
            nothing_new(root, given.files)


def a_year(root: Path, nights: int, conversations: int, every: int) -> None:
    """Night after night, and what each month's cost in the mean."""
    chance = random.Random(20261122)  # noqa: S311 - no secrets
    exports, store = root / "exports", root / "store"
    exports.mkdir()
    spent: list[float] = []
    scans = 0
    print(
        f"{'night':>6}{'s/night':>9}{'conversations':>15}{'files':>8}{'MB':>8}{'peak MB':>9}{'real scan s':>13}"
        f"{'MB':>6}   (seconds are those of processors)"
    )
    for night in range(nights):
        write(exports / f"{night:03}.csv", night, conversations, chance)
        begun = time.process_time()
        a_night(exports, store)
        spent.append(time.process_time() - begun)
        if (night + 1) % 30 == 0 or night + 1 == nights:
            size, held = Store(store).size(), Store(store).count()
            real = a_scan(root, night, chance) if (night + 1) // every > scans else None
            scans += real is not None
            peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
            print(
                f"{night + 1:>6}{sum(spent[-30:]) / len(spent[-30:]):>9.2f}{held:>15,}{size.files:>8}"
                f"{size.bytes / 1e6:>8.1f}{peak:>9.0f}" + (f"{real[0]:>13.1f}{real[1]:>6.0f}" if real else ""),
                flush=True,
            )
    month = min(30, nights)
    print(
        f"first {month} nights {sum(spent[:month]) / month:.2f} s each, last {sum(spent[-month:]) / month:.2f} s each"
    )


def write(path: Path, night: int, conversations: int, chance: random.Random) -> None:
    """A night's export."""
    day = START + timedelta(days=night)
    lines = [HEAD]
    for number in range(conversations):
        begin = day + timedelta(seconds=chance.randrange(36_000))
        for turn in range(chance.randrange(4, 9)):
            who = ("agent", f"agent-{number % 40}") if turn % 2 else ("customer", "")
            time_of = (begin + timedelta(seconds=40 * turn)).isoformat()
            lines.append(f'chat-{night}-{number},{who[0]},{who[1]},{time_of},"{SAID[turn]} It is {number}."\n')
    path.write_text("".join(lines), encoding="utf-8")
    os.utime(path, ns=(0, 1_700_000_000_123_456_789 + night * 10**9))


def a_night(exports: Path, store: Path) -> None:
    """All that a scan does but scoring and the report, by the functions that it does it with."""
    held = Store(store)
    with held.writing():
        fingerprint = bundles.fingerprint(bundles.default_path())
        night = pipeline._Night(held, Config(), fingerprint, judged, tombstones.gate(held))  # noqa: SLF001
        night.read(readers.find([exports]), again=False, retry=False)
        held.tidy_if_scattered()


def judged(turns: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Scores and labels of about the size that a model's have, made by the numbers of turns."""
    even = pl.col("turn") % 2
    chances = [name for name in SCORES.columns if name.startswith("p_")]
    marked = turns.with_columns(tone=(pl.col("turn") % 3).cast(pl.Int8), flags=pl.lit(""), kinds=pl.lit(""))
    known = bundles.fingerprint(bundles.default_path())
    scores = marked.with_columns(
        *((pl.col("text").hash(seed).cast(pl.Float64) / 2**64).cast(pl.Float32).alias(name)
          for seed, name in enumerate(chances)),
        segment=pl.lit(0, pl.Int32), start=pl.lit(0, pl.Int32), end=pl.col("text").str.len_chars().cast(pl.Int32),
        unsure=even == 0, evidence=pl.lit([], SCORES.columns["evidence"]), model=pl.lit(known),
        **({"deletions": pl.lit(None, SCORES.columns["deletions"])} if "deletions" in SCORES.columns else {}),
    )  # fmt: skip
    labels = marked.with_columns(hardship=pl.lit(value=False), p_hostile=pl.lit(None, pl.Float64))
    return scores.select(SCORES.columns.keys()), labels.select(LABELS.columns.keys())


def a_scan(root: Path, night: int, chance: random.Random) -> tuple[float, float]:
    """A real scan of two chats more, with its report: seconds of processors and peak memory in MB."""
    write(root / "exports" / f"real-{night:03}.csv", 1000 + night, 2, chance)
    text = (root / "exports" / f"real-{night:03}.csv").read_text(encoding="utf-8")
    day = f"{START + timedelta(days=1000 + night):%Y-%m-%d}"
    (root / "exports" / f"real-{night:03}.csv").write_text(
        text.replace(day, f"{START + timedelta(days=night):%Y-%m-%d}")
    )
    return scan(root)


def scan(root: Path) -> tuple[float, float]:
    """The program over the folder, in a process of its own: seconds of processors and peak memory in MB."""
    into = ["--store", str(root / "store"), "--reports", str(root / "report")]
    command = [sys.executable, "-m", "empathy_scan", "scan", str(root / "exports"), *into]
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) as child:  # noqa: S603
        peak, problem = 0.0, b""
        while child.poll() is None:
            peak = max(peak, memory(child.pid))
            time.sleep(0.05)
        problem = child.stderr.read() if child.stderr else b""
    if child.returncode not in {0, 3}:
        raise SystemExit(problem.decode())
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, peak


def memory(process: int) -> float:
    """The peak memory of a process in MB; 0 where the system does not tell."""
    try:
        status = Path(f"/proc/{process}/status").read_text(encoding="utf-8")
    except OSError:
        return 0.0
    return next((int(line.split()[1]) / 1024 for line in status.splitlines() if line.startswith("VmHWM")), 0.0)


def nothing_new(root: Path, count: int) -> None:
    """A night over a folder of many known files, of which none has changed."""
    folder = root / "many"
    for number in range(count):
        path = folder / f"{number // 1000:03}" / f"call-{number:06}.txt"
        if number % 1000 == 0:
            path.parent.mkdir(parents=True)
        path.write_text(f"Agent: This is call {number}.\nCustomer: {SAID[0]}\nAgent: {SAID[1]}\n", encoding="utf-8")
        os.utime(path, ns=(0, 1_700_000_000_123_456_789 + number))
    held = Store(root / "many-store")
    config = Config()
    found = readers.find([folder])
    reading = pipeline.reading_of(config)
    plan = ledger.plan(found, held.files(), reading=reading, config=config.read)
    rows = ledger.entries(plan, found, REJECTS.empty(), reading=reading, domains=())
    held.add_files(rows.with_columns(state=pl.lit(ledger.READ)))
    into = ["--store", held.root, "--reports", str(root / "many-report"), "--json"]
    command = [sys.executable, "-m", "empathy_scan", "scan", str(folder), *into]
    subprocess.run(command, check=False, capture_output=True)  # noqa: S603 - writes the report of an empty store
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    begun = time.perf_counter()
    subprocess.run(command, check=False, capture_output=True)  # noqa: S603
    wall = time.perf_counter() - begun
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    work = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    print(f"nothing new in {count:,} known files: {wall:.2f} s by the clock, {work:.2f} s of work")


if __name__ == "__main__":
    main()

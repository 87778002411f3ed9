"""Feeds readers broken inputs that coverage chooses (libFuzzer, by way of atheris): no crash, no hang, no growth.

    pip install atheris
    python benchmarks/fuzz_guided.py build/fuzz-guided --minutes 60

`fuzz.py` changes samples blindly and sends them the whole way of a scan; this one watches which branches of a reader an
input takes, keeps those that take new ones, and changes them further. Each reader gets an equal share of the minutes in
a process of its own. Under FOUND lie `corpus/READER` (the samples, and whatever took a new branch: the next run goes on
from there), `found/READER` (inputs that broke a reader with something else than an error that the program means, took
longer than --seconds, or more memory than --megabytes) and `summary.json`. One that has been mended belongs into
tests/data/fuzz, where the suite reads it again.
"""

from __future__ import annotations

import argparse
import json
import math
import re
import subprocess
import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path

PACKED = (
    "parquet",
    "xlsx",
    "docx",
)  # archives, which blind changes of bytes hardly open; `fuzz.py` changes their parts
LARGEST = 30_000  # bytes of an input
ONE = "--one-reader"  # how the processes that fuzz are called
MOST_FOUND = 5  # of one reader, after which the next one is asked
_DONE = re.compile(r"Done (\d+) runs")
_COVERED = re.compile(r"cov: (\d+) ")
_RUN = re.compile(r"^#(\d+)\s", re.MULTILINE)


@dataclass(slots=True)
class Tally:
    """What was done with one reader."""

    inputs: int = 0
    seconds: float = 0.0
    branches: int = 0
    found: int = 0


def seeds(folder: Path) -> list[str]:
    """The readers that have samples, whose samples are written into their corpora."""
    from fuzz import samples  # noqa: PLC0415 - imports the readers, which the process that fuzzes instruments first

    names = []
    for name, known in samples().items():
        if name in PACKED:
            continue
        target = folder / "corpus" / name
        target.mkdir(parents=True, exist_ok=True)
        for number, sample in enumerate(known):
            if len(sample.content) <= LARGEST:
                (target / f"sample-{number}").write_bytes(sample.content)
        names.append(name)
    return names


def fuzz(name: str, arguments: list[str]) -> None:
    """Ask one reader until libFuzzer's arguments end it; an error that the program does not mean ends the process."""
    import atheris  # noqa: PLC0415 - of those who fuzz

    with atheris.instrument_imports(include=["empathy_scan.readers"]):
        from empathy_scan.readers import registry  # noqa: PLC0415
        from empathy_scan.readers.files import Document  # noqa: PLC0415
    from empathy_scan.config import ReadConfig  # noqa: PLC0415
    from empathy_scan.errors import InputError  # noqa: PLC0415

    reader, config = registry.by_name(name), ReadConfig(format=name)
    source = f"seed{reader.suffixes[0]}"

    def once(data: bytes) -> None:
        document = Document(source, data)
        try:
            reader.sniff(document)
            reader.parse(document, config)
        except InputError:
            return

    atheris.Setup([sys.argv[0], *arguments], once)
    atheris.Fuzz()


def supervise(settings: argparse.Namespace) -> int:
    """Each reader in turn; the number of inputs that broke one."""
    folder: Path = settings.found
    names = [name for name in seeds(folder) if not settings.format or name in settings.format]
    tallies: dict[str, Tally] = {name: Tally() for name in names}
    end = time.monotonic() + settings.minutes * 60
    for number, name in enumerate(names):
        share = (end - time.monotonic()) / (len(names) - number)
        _one(name, folder, share, settings, tallies[name])
        rows = {reader: asdict(tally) for reader, tally in tallies.items()}
        whole = {"inputs": sum(tally.inputs for tally in tallies.values()), "readers": rows}
        (folder / "summary.json").write_text(json.dumps(whole, indent=1) + "\n", encoding="utf-8")
    return sum(tally.found for tally in tallies.values())


def _one(name: str, folder: Path, seconds: float, settings: argparse.Namespace, tally: Tally) -> None:
    found = folder / "found" / name
    found.mkdir(parents=True, exist_ok=True)
    end = time.monotonic() + seconds
    while (left := end - time.monotonic()) > 1 and tally.found < MOST_FOUND:
        arguments = [
            str(folder / "corpus" / name), f"-artifact_prefix={found}/", f"-max_total_time={math.ceil(left)}",
            f"-timeout={settings.seconds}", f"-rss_limit_mb={settings.megabytes}", f"-max_len={LARGEST}",
            f"-seed={settings.seed + tally.found}", "-print_final_stats=1",
        ]  # fmt: skip
        began = time.monotonic()
        command = [sys.executable, __file__, ONE, name, *arguments]
        run = subprocess.run(command, capture_output=True, text=True, errors="replace", check=False)  # noqa: S603
        tally.seconds += round(time.monotonic() - began, 1)
        done = _DONE.search(run.stderr) or max(_RUN.finditer(run.stderr), key=lambda at: int(at[1]), default=None)
        tally.inputs += int(done[1]) if done else 0
        tally.branches = max([tally.branches, *(int(each) for each in _COVERED.findall(run.stderr))])
        if run.returncode == 0:
            return
        tally.found += 1
        (found / f"{tally.found}.told").write_text(run.stdout[-4000:] + run.stderr[-8000:], encoding="utf-8")


def main() -> None:
    """Fuzz, and tell what was found; exit code 1 where a reader broke."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("found", type=Path, help="folder for what is found, and for the corpora")
    parser.add_argument("--minutes", type=float, default=30)
    parser.add_argument("--format", nargs="*", help="only these readers")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--seconds", type=int, default=20, help="for one input")
    parser.add_argument("--megabytes", type=int, default=3000, help="of a process")
    failures = supervise(settings := parser.parse_args())
    print((settings.found / "summary.json").read_text(encoding="utf-8"))
    sys.exit(bool(failures))


if __name__ == "__main__":
    if sys.argv[1:2] == [ONE]:
        fuzz(sys.argv[2], sys.argv[3:])
    else:
        main()

"""Feeds every reader broken inputs, for as long as one likes: no crash, no hang, no growth.

    python benchmarks/fuzz.py build/fuzz --minutes 60

Every sample of the repository is changed (`fuzz_inputs.py`), put into a folder, and goes the way that input of a scan
goes: unpacking, detection, reader, redaction, language, roles, segments. Half of the inputs are read by the reader of
their sample whatever they look like by now. A worker process does it; where it dies or hangs, its input is kept, and
another one goes on. What was found lies under FOUND by its kind, with the traceback beside it; one that has been mended
belongs into tests/data/fuzz, where the suite reads it again.

Kinds of findings: `crash` (an exception that a scan would not survive), `stumble` (a reader that breaks in a way nobody
has thought of: the file is rejected, but not with a reason that helps), `hang` (more than --seconds of processor time
for one input), `growth` (more than --megabytes beyond what the worker began with), `death` (the process ended).
"""

from __future__ import annotations

import argparse
import contextlib
import hashlib
import itertools
import json
import multiprocessing
import resource
import shutil
import signal
import sys
import time
import traceback
import warnings
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from pathlib import Path
from random import Random

from fuzz_inputs import Sample, changed

from empathy_scan import hardship, prepare, segment
from empathy_scan.config import Config, ReadConfig
from empathy_scan.errors import InputError, UsageError
from empathy_scan.readers import registry
from empathy_scan.readers.files import Document

ROOT = Path(__file__).parents[1]
SAMPLES = ("data/samples", "tests/data/formats", "tests/data/fuzz")
_LARGEST = 100_000  # bytes of a sample
_SILENCE = 120  # seconds after which a worker is taken for hung beyond its own alarm
_TOLD_EVERY = 60  # seconds
_LAST = "last-input"
_WARM = 300  # inputs after which memory is measured for the first time


class Hang(BaseException):
    """An input takes too long; no handler of the program catches it."""


def samples() -> dict[str, list[Sample]]:
    """Every sample of the repository, by the reader that knows it."""
    found: dict[str, list[Sample]] = defaultdict(list)
    for path in sorted(path for folder in SAMPLES for path in (ROOT / folder).rglob("*")):
        if not path.is_file() or path.name.endswith(".expected.json") or path.stat().st_size > _LARGEST:
            continue
        content = path.read_bytes()
        try:
            name = registry.detect(Document(path.name, content), ReadConfig()).reader.name
        except (InputError, ValueError, TypeError):
            name = "text"
        found[name].append(Sample(name, path.name, content))
    return found


def inputs(seed: int, first: int) -> Iterator[tuple[int, Sample, str, bytes]]:
    """Number, sample, forced format ("" for none) and content, endlessly; every reader in turn."""
    known = samples()
    names = sorted(known)
    for number in itertools.count(first):
        random = Random(f"{seed}:{number}")  # noqa: S311 - the same inputs every time
        name = names[number % len(names)]
        sample = random.choice(known[name])
        forced = name if random.random() < 0.5 else ""
        yield number, sample, forced, changed(sample, [each.content for each in known[name]], random)


def consume(path: Path, forced: str) -> tuple[int, list[str]]:
    """Turns of a file on the way that input of a scan goes, and its rejects' reasons; raises what a scan would."""
    config = Config(read=ReadConfig(format=forced))
    try:
        made = prepare.turns([path], config)
    except UsageError:  # there is no file: its name is one that is passed over
        return 0, []
    segment.split(made.turns, config.segment)
    hardship.tells(made.turns)
    return made.turns.height, made.rejects["reason"].to_list()


def work(pipe: Connection, folder: Path, settings: argparse.Namespace, first: int) -> None:
    """One worker: reads input after input and tells of each, until it is ended."""
    limit = settings.limit * 1024 * 1024
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
    warnings.simplefilter("ignore")
    signal.signal(signal.SIGPROF, _hung)
    began = 0
    for count, (number, sample, forced, content) in enumerate(inputs(settings.seed, first)):
        path = folder / "input" / sample.name
        path.write_bytes(content)
        (folder / _LAST).write_bytes(content)
        pipe.send(("begins", number, sample.reader, forced))
        kind, told, turns, took = _judged(path, forced, settings.seconds)
        path.unlink(missing_ok=True)
        if count == _WARM:
            began = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - began) / 1024 if count > _WARM else 0
        if not kind and grown > settings.megabytes:
            kind, told, began = "growth", f"{grown:.0f} MB", resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        pipe.send(("ends", number, kind, told, turns, took, content if kind else b""))


def _hung(*_: object) -> None:
    raise Hang


def _judged(path: Path, forced: str, seconds: float) -> tuple[str, str, int, float]:
    """Kind of finding ("" for none) with its traceback, turns, and processor seconds of an input."""
    began = time.process_time()
    kind, told, turns = "", "", 0
    try:
        signal.setitimer(signal.ITIMER_PROF, seconds)
        turns, reasons = consume(path, forced)
        if stumbled := [reason for reason in reasons if "cannot make sense of it" in reason]:
            kind, told = "stumble", "\n".join([*stumbled, *_where(path, forced)])
    except Hang:
        kind, told = "hang", traceback.format_exc()
    except BaseException as error:  # a panic of a library written in Rust is no Exception
        if isinstance(error, KeyboardInterrupt):
            raise
        kind, told = "crash", traceback.format_exc()
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
    return kind, told, turns, time.process_time() - began


def _where(path: Path, forced: str) -> Iterator[str]:
    """Where a reader stumbled."""
    document = Document(path.name, path.read_bytes())
    try:
        registry.detect(document, ReadConfig(format=forced)).reader.parse(document, ReadConfig(format=forced))
    except InputError:
        yield "in an archive"
    except Exception:  # noqa: BLE001 - it is told
        yield traceback.format_exc()


class Findings:
    """What was found, kept on disk: of each kind and place in the code the smallest input."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.counted: Counter[str] = Counter()
        self.sizes: dict[str, int] = {}

    def keep(self, kind: str, told: str, reader: str, forced: str, content: bytes) -> None:
        """Write an input down, unless there is a smaller one of the same place in the code."""
        place = next((line.strip() for line in reversed(told.splitlines()) if line.lstrip().startswith('File "')), told)
        where = f"{kind} {reader} {place.rpartition('/')[2] or told[:80]}"
        self.counted[where] += 1
        if len(content) >= self.sizes.get(where, sys.maxsize):
            return
        self.sizes[where] = len(content)
        name = f"{reader}-{hashlib.sha256(where.encode()).hexdigest()[:10]}"
        target = self.folder / kind
        target.mkdir(parents=True, exist_ok=True)
        (target / name).write_bytes(content)
        (target / f"{name}.told").write_text(f"format={forced}\n{told}", encoding="utf-8", errors="replace")


def supervise(settings: argparse.Namespace) -> int:
    """Workers one after the other until the time is over; the number of findings that a scan does not survive."""
    folder = settings.found
    shutil.rmtree(folder / "input", ignore_errors=True)
    (folder / "input").mkdir(parents=True)
    findings, tally = Findings(folder), Tally()
    end = time.monotonic() + settings.minutes * 60
    number = settings.first
    while time.monotonic() < end:
        ours, theirs = multiprocessing.Pipe()
        worker = multiprocessing.get_context("spawn").Process(
            target=work, args=(theirs, folder, settings, number), daemon=True
        )
        worker.start()
        theirs.close()
        number = max(number, _watched(ours, worker, end, findings, tally)) + 1
        worker.kill()
        worker.join()
        _told(findings, tally)
    return sum(count for where, count in findings.counted.items() if not where.startswith("stumble"))


@dataclass(slots=True)
class Tally:
    """What was counted of each reader."""

    counted: dict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    slowest: dict[str, float] = field(default_factory=lambda: defaultdict(float))
    told: float = field(default_factory=time.monotonic)

    def add(self, reader: str, kind: str, turns: int, took: float) -> None:
        """One input."""
        self.counted[reader].update(inputs=1, read=int(turns > 0))
        self.counted[reader][kind or "fine"] += 1
        self.slowest[reader] = max(self.slowest[reader], took)


def _watched(pipe: Connection, worker: BaseProcess, end: float, findings: Findings, tally: Tally) -> int:
    """The number of the last input of a worker, which ended, died, or was silent for too long."""
    number, reader, forced = -1, "", ""
    with contextlib.suppress(EOFError, ConnectionError):
        while time.monotonic() < end:
            if not pipe.poll(_SILENCE):
                findings.keep("hang", "silent", reader, forced, (findings.folder / _LAST).read_bytes())
                return number
            told = pipe.recv()
            if told[0] == "begins":
                _, number, reader, forced = told
                continue
            _, number, kind, why, turns, took, content = told
            tally.add(reader, kind, turns, took)
            if kind:
                findings.keep(kind, why, reader, forced, content)
            if time.monotonic() - tally.told > _TOLD_EVERY:
                _told(findings, tally)
        return number
    worker.join(5)
    tally.add(reader, "death", 0, 0)
    told = f"the process ended with {worker.exitcode}"
    findings.keep("death", told, reader, forced, (findings.folder / _LAST).read_bytes())
    return number


def _told(findings: Findings, tally: Tally) -> None:
    """The state of things in a file."""
    tally.told = time.monotonic()
    rows = {reader: {**n, "slowest": round(tally.slowest[reader], 2)} for reader, n in sorted(tally.counted.items())}
    whole = {
        "inputs": sum(counts["inputs"] for counts in tally.counted.values()),
        "readers": rows,
        "findings": dict(findings.counted),
    }
    (findings.folder / "summary.json").write_text(json.dumps(whole, indent=1) + "\n", encoding="utf-8")


def main() -> None:
    """Fuzz, and tell what was found; exit code 1 where a scan would not survive an input."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("found", type=Path, help="folder for what is found")
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--first", type=int, default=0, help="number of the first input")
    parser.add_argument("--seconds", type=float, default=10, help="processor time for one input")
    parser.add_argument("--megabytes", type=float, default=400, help="by which one worker may grow")
    parser.add_argument("--limit", type=int, default=6000, help="megabytes of address space of a worker")
    settings = parser.parse_args()
    failures = supervise(settings)
    print((settings.found / "summary.json").read_text(encoding="utf-8"))
    sys.exit(bool(failures))


if __name__ == "__main__":
    main()

"""What a machine, the settings, the sources, a model, a store and a report folder are fit for, and what to mend.

Every check gives findings and raises nothing. Nothing is changed, nothing is written but an unnamed file that is gone
at once, and no network is used, but for a store that lies at an address.
"""

from __future__ import annotations

import contextlib
import importlib.util
import os
import platform
import shutil
import sys
import tempfile
import time
import zoneinfo
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from empathy_scan import layouts, roster, runs, speaker_list, sums
from empathy_scan.candidates import CandidateStore, differs
from empathy_scan.config import Config
from empathy_scan.errors import EmpathyScanError
from empathy_scan.model import files as bundles
from empathy_scan.readers import files
from empathy_scan.store import Store

GIB = 1024**3
LEAST_MEMORY, GOOD_MEMORY = 1 * GIB, 2 * GIB
LEAST_DISK, GOOD_DISK = GIB // 10, 2 * GIB
LIBRARIES = ("deltalake", "jinja2", "polars", "rich", "spacy", "tokenizers", "torch", "transformers", "vl_convert")
SECONDS_FOR_FILES = 3.0  # files of a store are looked into for so long; the rest is trusted
_MAGIC = b"PAR1"  # first and last bytes of a Parquet file
_MANY_OLD = 0.5  # share of superseded bytes from which on clearing is worth it
_TOLERANCE = 1e-3  # between a sentence scored alone and among others
_PROBES = ("You useless idiots, I will make you pay for this.", "Thank you, that is all I needed to know today.")


class State(StrEnum):
    """How a check went."""

    OK = "ok"
    NOTE = "note"  # works, and could be better
    FAULT = "fault"  # a scan would fail or be wrong


@dataclass(frozen=True, slots=True)
class Finding:
    """What a check found, and what to do about it."""

    subject: str
    state: State
    what: str
    remedy: str = ""

    def to_json(self) -> dict[str, Any]:
        """The finding as plain values."""
        return asdict(self)


def examine(config: Config) -> Iterator[Finding]:
    """All checks of what the settings name, the quick ones first."""
    asked = config.scan
    folders = [asked.reports, *([] if "://" in asked.store else [asked.store])]
    yield from machine(folders)
    yield from people(config)
    yield from sources([Path(path) for path in asked.paths])
    yield from report_folder(Path(asked.reports))
    yield from store(asked.store)
    yield from scores(asked.store, Path(asked.model) if asked.model else None, config)
    yield from model(Path(asked.model) if asked.model else None, config)


def machine(folders: Sequence[str]) -> Iterator[Finding]:
    """Python, libraries, processor, memory, disk, text and time zones."""
    version = platform.python_version()
    fits = (3, 11) <= sys.version_info[:2] <= (3, 13)
    yield _of(
        "python", f"{version} on {platform.system()} {platform.machine()}", "install Python 3.11 to 3.13", fits=fits
    )
    missing = [name for name in LIBRARIES if importlib.util.find_spec(name) is None]
    what = f"missing: {', '.join(missing)}" if missing else "all are there"
    yield _of(
        "libraries", what, "install empathy-scan again: pip install --force-reinstall empathy-scan", fits=not missing
    )
    yield from _processor()
    yield _memory(available_bytes())
    yield from (_disk(folder) for folder in dict.fromkeys(folders))
    coded = sys.getfilesystemencoding().casefold().replace("-", "") == "utf8"
    remedy = "set LANG to a UTF-8 locale such as C.UTF-8: names of files may be misread"
    yield _of("text", f"names of files are {sys.getfilesystemencoding()}", remedy, fits=coded, worst=State.NOTE)
    seen = "a terminal: progress is shown" if sys.stderr.isatty() else "no terminal: no progress is shown"
    yield Finding("output", State.OK, seen)
    yield _time_zones()


def _of(subject: str, what: str, remedy: str, *, fits: bool, worst: State = State.FAULT) -> Finding:
    return Finding(subject, State.OK, what) if fits else Finding(subject, worst, what, remedy)


def _processor() -> Iterator[Finding]:
    """Vector units and threads, as torch sees them."""
    try:
        import torch  # noqa: PLC0415 - slow to import
    except ImportError:
        return  # told among the libraries
    able = torch.backends.cpu.get_cpu_capability()
    remedy = "scoring is slow here: choose a machine with AVX2 or newer"
    vectors = platform.machine().lower() not in {"x86_64", "amd64"} or able != "DEFAULT"
    yield _of("processor", f"{able}, {cores()} core(s)", remedy, fits=vectors, worst=State.NOTE)
    threads = torch.get_num_threads()
    remedy = "unset OMP_NUM_THREADS, or set it to the number of cores"
    yield _of("threads", f"torch uses {threads}", remedy, fits=threads <= cores(), worst=State.NOTE)


def cores() -> int:
    """How many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def available_bytes() -> int | None:
    """Memory that a run could have now: the machine's, or less in a container; None where the system does not tell."""
    known: list[int] = []
    with contextlib.suppress(OSError, ValueError, IndexError, StopIteration):
        lines = Path("/proc/meminfo").read_text(encoding="ascii").splitlines()
        known.append(int(next(line for line in lines if line.startswith("MemAvailable")).split()[1]) * 1024)
    with contextlib.suppress(OSError, ValueError):
        group = Path("/sys/fs/cgroup")
        limit = int((group / "memory.max").read_text(encoding="ascii"))
        known.append(limit - int((group / "memory.current").read_text(encoding="ascii")))
    return min(known, default=None)


def _memory(available: int | None) -> Finding:
    if available is None:
        return Finding("memory", State.OK, "the system does not tell")
    remedy = "a scan takes 1 to 2 GiB: end other programs, or choose a larger machine"
    worst = State.NOTE if available >= LEAST_MEMORY else State.FAULT
    return _of("memory", f"{size(available)} to be had", remedy, fits=available >= GOOD_MEMORY, worst=worst)


def _disk(folder: str) -> Finding:
    """Room on the disk on which a folder lies or would lie."""
    place = nearest(Path(folder))
    try:
        free = shutil.disk_usage(place).free
    except OSError as error:
        return Finding(f"disk of {folder}", State.FAULT, f"cannot be asked ({error.strerror})", "mount it")
    worst = State.NOTE if free >= LEAST_DISK else State.FAULT
    remedy = "free some space: a full disk ends a run, which loses nothing and goes on once there is room"
    return _of(f"disk of {folder}", f"{size(free)} free", remedy, fits=free >= GOOD_DISK, worst=worst)


def nearest(path: Path) -> Path:
    """The path, or the nearest folder above it that exists."""
    path = path.expanduser().absolute()
    return next((each for each in (path, *path.parents) if each.exists()), path)


def _time_zones() -> Finding:
    try:
        zoneinfo.ZoneInfo("Europe/Berlin")
    except zoneinfo.ZoneInfoNotFoundError:
        return Finding("time zones", State.NOTE, "no data: times with a zone's name are not read", "pip install tzdata")
    return Finding("time zones", State.OK, "known")


def people(config: Config) -> Iterator[Finding]:
    """The files that the settings name: roster and list of speakers."""
    for subject, load, path in (
        ("roster", roster.load, config.roles.roster),
        ("speakers", speaker_list.load, config.roles.speakers),
    ):
        if path:
            yield _tried(subject, lambda load=load, path=path: _loaded(load, path))  # type: ignore[misc] # bound now


def _loaded(load: Callable[[str], object], path: str) -> str:
    load(path)
    return f"{path} is understood"


def _tried(subject: str, check: Callable[[], str]) -> Finding:
    """A check that says what it found or raises an error of ours."""
    try:
        return Finding(subject, State.OK, check())
    except EmpathyScanError as error:
        where = f"{error.where}: " if error.where else ""
        return Finding(subject, State.FAULT, f"{where}{error.what}", error.remedy)


def sources(paths: Sequence[Path]) -> Iterator[Finding]:
    """Whether the folders of exports are there and can be read, and what kinds of files lie in them."""
    if not paths:
        yield Finding("sources", State.NOTE, "none are named", "name them under [scan] as paths, or with the scan")
    for path in paths:
        yield _tried(f"source {path}", lambda path=path: _kinds(path))  # type: ignore[misc] # bound now


def _kinds(path: Path) -> str:
    found = files.find([path])
    kinds = Counter(each.path.suffix.lower() or "without a suffix" for each in found)
    closed = sum(each.seen is None and not os.access(each.path, os.R_OK) for each in found)
    told = ", ".join(f"{kind} ({count:,})" for kind, count in kinds.most_common(8))
    if closed:
        raise EmpathyScanError(f"{closed:,} of {len(found):,} files may not be read", remedy="mend their permissions")
    return f"{len(found):,} file(s): {told}"


def report_folder(path: Path) -> Iterator[Finding]:
    """Whether a report can be written."""
    yield _writable("report", path)


def _writable(subject: str, path: Path) -> Finding:
    place = nearest(path)
    remedy = "make it writable for the user of the scan, or choose another"
    if not place.is_dir():
        return Finding(subject, State.FAULT, f"{place} is a file", remedy)
    try:
        with tempfile.TemporaryFile(dir=place):
            pass
    except OSError as error:
        return Finding(subject, State.FAULT, f"{place} cannot be written to ({error.strerror})", remedy)
    return Finding(subject, State.OK, f"{path} can be written" if place == path.absolute() else f"{path} can be made")


def store(path: str) -> Iterator[Finding]:
    """Whether a store opens, its layout, damaged and superseded files, and runs that ended without a word."""
    try:
        held = Store(path, read_only=True)
        there = held.exists()
    except EmpathyScanError as error:
        yield Finding("store", State.FAULT, f"{error.where}: {error.what}", error.remedy)
        return
    remote = "://" in held.root
    if not remote:
        yield _writable("store", Path(held.root))
    if not there:
        yield Finding("store", State.OK, "there is none yet; the first scan makes it")
        return
    yield _layout(held)
    yield _tried("store contents", lambda: f"{held.count():,} conversation(s)")
    if not remote:
        yield from _files_of(held)
    yield _open_runs(held)


def scores(path: str, bundle: Path | None, config: Config) -> Iterator[Finding]:
    """Whether a scan would go on with the model that scored the store; nothing where there is no store or no model."""
    try:
        held = CandidateStore(path, read_only=True)
        if not held.exists() or held.layout() < max(layouts.MIGRATIONS):
            return
        model = bundles.fingerprint(bundle or bundles.default_path())
        why, tried = differs(held, config, model), held.candidate()
    except EmpathyScanError:  # told by the checks of store and model
        return
    if why and config.scan.on_new_model == "stop":
        remedy = "`empathy-scan rescore` shows what would move; or name the old model under [scan]"
        yield Finding("store scores", State.FAULT, f"{why}: a scan would end", remedy)
    elif why:
        yield Finding(
            "store scores", State.NOTE, f"{why}: the next scan rescores all history", "nothing, if that is so"
        )
    else:
        yield Finding("store scores", State.OK, f"of model {model}")
    if tried is not None:
        remedy = "`empathy-scan rescore --accept` takes it over, `--drop` discards it"
        yield Finding("store candidate", State.NOTE, f"model {tried.model} is tried beside it", remedy)


def _layout(held: Store) -> Finding:
    number, newest = held.layout(), max(layouts.MIGRATIONS)
    if number == newest:
        return Finding("store layout", State.OK, f"{number}, the newest")
    remedy = "the next scan brings it up to date; older programs cannot write to it any more"
    return Finding("store layout", State.NOTE, f"{number} of {newest}", remedy)


def _files_of(held: Store) -> Iterator[Finding]:
    """Files that the log promises and that are gone, cut off or changed, and bytes that it needs no more."""
    damaged: list[str] = []
    needed = on_disk = looked = 0
    last = time.monotonic() + SECONDS_FOR_FILES
    for name, listed in held.parts().items():
        folder = Path(held.root, name)
        on_disk += sum(each.stat().st_size for each in folder.rglob("*.parquet"))
        for relative, wanted in listed:
            needed += wanted
            if time.monotonic() < last:
                looked += 1
                path = unquote(relative)
                if not (_is_whole(folder / path, wanted) and sums.is_as_written(str(folder), path)):
                    damaged.append(f"{name}/{relative}")
    remedy = "restore the store from a copy, or move it away and scan again"
    what = f"{len(damaged)} are gone, cut off or changed, such as {damaged[0]}" if damaged else f"{looked:,} are whole"
    yield _of("store files", what, remedy, fits=not damaged)
    old = max(0, on_disk - needed)
    worth = old > _MANY_OLD * on_disk and old > GIB // 10
    told = f"{size(on_disk)}, of which {size(old)} are superseded"
    yield _of("store size", told, "`empathy-scan tidy` clears them", fits=not worth, worst=State.NOTE)


def _is_whole(path: Path, wanted: int) -> bool:
    """Whether a Parquet file has its size, its beginning and its end."""
    try:
        with path.open("rb") as file:
            begins = file.read(4) == _MAGIC
            return begins and file.seek(-4, os.SEEK_END) == wanted - 4 and file.read() == _MAGIC
    except OSError:
        return False


def _open_runs(held: Store) -> Finding:
    try:
        rows = runs.listed(held)
    except EmpathyScanError as error:
        return Finding("runs", State.FAULT, error.what, error.remedy)
    silent = [row["run_id"] for row in rows if row["state"] == runs.SILENT]
    if rows and rows[0]["state"] == runs.AT_WORK:
        return Finding("runs", State.NOTE, f"{rows[0]['run_id']} is at work", "wait until it is done")
    if rows and rows[0]["state"] in {runs.SILENT, runs.FAILED}:
        told = f"the last one, {rows[0]['run_id']}, {rows[0]['state'].replace('failed', 'has failed')}"
        return Finding("runs", State.NOTE, told, "run the scan again: nothing is lost")
    return Finding("runs", State.OK, f"{len(rows):,}, of which {len(silent):,} ended without a word")


def model(path: Path | None, config: Config) -> Iterator[Finding]:
    """Whether a model loads, and scores two sentences as any model of the codebook must."""
    yield _tried("model", lambda: _probed(path, config))


def _probed(path: Path | None, config: Config) -> str:
    import polars as pl  # noqa: PLC0415 - as below

    from empathy_scan.score import Scorer  # noqa: PLC0415 - torch is slow to import
    from empathy_scan.tables import SEGMENTS  # noqa: PLC0415 - as above

    scorer = Scorer.load(path, replace(config.score, evidence=False))
    rows = [
        {"conversation_id": "probe", "turn": n, "segment": 0, "role": "customer", "start": 0, "end": len(text),
         "text": text, "context": []}
        for n, text in enumerate(_PROBES)
    ]  # fmt: skip
    segments = pl.DataFrame(rows, schema=dict(SEGMENTS.columns))
    together = scorer.scores(segments)["p_hostile"].to_list()
    alone = [scorer.scores(segments[n : n + 1])["p_hostile"].item() for n in range(2)]
    apart = max(abs(one - other) for one, other in zip(together, alone, strict=True))
    if not all(0 <= value <= 1 for value in together) or apart > _TOLERANCE:
        what = f"scores a sentence differently alone and among others (by {apart:.4f})"
        raise EmpathyScanError(what, remedy="install torch again, or choose another machine")
    if together[0] <= together[1]:
        what = "finds thanks more hostile than a threat"
        raise EmpathyScanError(what, remedy="install the bundle again, or train it for longer")
    return f"{scorer.bundle.fingerprint} loads and scores"


def size(count: int) -> str:
    """Bytes in the largest unit that fits."""
    for unit, step in (("GiB", GIB), ("MiB", 1024**2), ("KiB", 1024)):
        if count >= step:
            return f"{count / step:,.1f} {unit}"
    return f"{count} bytes"

"""How fast the model and a whole scan are, beside the plain pipeline of transformers: `make bench`.

    python benchmarks/speed.py [--texts FOLDER] [--turns 400] [--repeats 5] [--sizes 10000 200000] [--minutes 19]

Everything is measured in turn, again and again, in one run on one machine, and medians are compared: ratios count,
rates are of one machine. The turns are those of the conversations written for this project (or of the transcripts in
FOLDER), each copy edited in every turn, so that no cache can help. The pipeline gets the encoder of the shipped model
as a sequence classifier, batches of 32, and as many threads; both sides begin with text. What cannot be measured here
is called so. No text is printed.
"""

from __future__ import annotations

import argparse
import importlib.util
import os
import re
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import peers
import polars as pl
import torch
import year_of_nights
from corpora import Conversation, edited, from_folder, of_corpora, segments_of, write, written

from empathy_scan import pipeline, score
from empathy_scan.cache import Cache, segment_keys
from empathy_scan.config import Config
from empathy_scan.engine import Engine, LocalEngine, RayEngine
from empathy_scan.model import bundle, paths, runtime
from empathy_scan.model.bundle import Bundle
from empathy_scan.model.tokens import Example, Packed

ROOT = Path(__file__).parents[1]
Times = dict[str, list[float]]
GEMM = 2048  # rows and columns of the matrices whose product is called the peak
SIZES = [10_000, 50_000, 200_000]
SLOWEST = 100  # conversations per second of a warm scan, until it is measured
PARTS = ["scan", "start", "cache", "ray", "peers", "instructions", "memory"]
WARM_DISTINCT, WARM_TURNS = 400, 4  # conversations that differ, and the turns of each, in a warm scan


def main() -> None:
    """Measure all, print the table, and last the figures that are compared from release to release."""
    wanted = _arguments()
    warnings.simplefilter("ignore")
    began = time.monotonic()
    conversations = from_folder(wanted.texts) if wanted.texts else written(ROOT)
    rows: list[tuple[str, str]] = [("machine", _machine())]
    figures: dict[str, str] = {}
    loaded = bundle.load()
    with tempfile.TemporaryDirectory() as folder:
        rate = forward(loaded, conversations, wanted, rows, figures)
        parts: dict[str, Callable[[], object]] = {
            "scan": lambda: whole_scan(conversations, Path(folder), rate, wanted, rows, figures),
            "start": lambda: start_up(Path(folder), conversations, rows),
            "cache": lambda: cached(conversations, wanted, rows),
            "ray": lambda: engines(conversations, wanted, rows, figures),
            "peers": lambda: rows.extend(peers.rates(segments_of(conversations[:100])[0][: wanted.turns], rate)),
            "instructions": lambda: rows.extend(instructions(Path(folder), conversations[0])),
            "memory": lambda: memory(
                conversations, Path(folder), wanted.minutes * 60 - (time.monotonic() - began), wanted, rows, figures
            ),
        }
        for name, measure in parts.items():
            if name in wanted.parts:
                _say(name)
                measure()
    width = max(len(name) for name, _ in rows)
    for name, value in rows:
        print(f"{name:{width}}  {value}")
    print()
    for name in (
        "forward_vs_pipeline", "scan_vs_pipeline", "forward_share_of_gemm_peak", "decisions_as_fp32",
        "peak_memory_200k_vs_10k", "ray_overhead",
    ):  # fmt: skip
        print(f"{name}: {figures.get(name, 'not measured: left out')}")


def interleaved(calls: dict[str, Callable[[int], object]], repeats: int) -> Times:
    """Seconds of each call, one after the other, again and again; each is told which time it is, after a first one."""
    taken: Times = {name: [] for name in calls}
    for number in range(repeats + 1):
        for name, call in calls.items():
            started = time.perf_counter()
            call(number)
            if number:
                taken[name].append(time.perf_counter() - started)
    return taken


def forward(
    loaded: Bundle,
    conversations: Sequence[Conversation],
    wanted: argparse.Namespace,
    rows: list[tuple[str, str]],
    figures: dict[str, str],
) -> float:
    """The forward pass beside the pipeline and the largest product; gives the pipeline's turns per second."""
    model, packer = loaded.model, loaded.packer
    copies = [
        segments_of(edited(conversations[: wanted.turns // 2], n))[0][: wanted.turns] for n in range(wanted.repeats + 1)
    ]
    packed, ready = packer.pack(copies[0]), runtime.ready(model, packer)
    pipe = peers.classifier(model.encoder.config, packer.tokenizer, model.encoder.state_dict())
    a, b = torch.randn(GEMM, GEMM), torch.randn(GEMM, GEMM)
    calls: dict[str, Callable[[int], object]] = {
        "pipeline": lambda n: pipe(peers.as_text(copies[n]), truncation=True, max_length=packer.max_length),
        "lean": lambda n: ready.logits(copies[n]),
        "forward": lambda _: ready.logits_of_packed(packed),
        "gemm": lambda _: torch.mm(a, b),
    }
    coarse = paths.works(paths.BFLOAT16)
    if coarse:
        rough = runtime.ready(model, packer, path=paths.BFLOAT16)
        calls["bfloat16"] = lambda n: rough.logits(copies[n])
    taken = interleaved(calls, wanted.repeats)
    taken["gemm"] = interleaved({"gemm": calls["gemm"]}, 4 * wanted.repeats)["gemm"] + taken["gemm"]
    median = {name: statistics.median(values) for name, values in taken.items()}
    count = len(copies[0])
    peak = 2 * GEMM**3 / median["gemm"]
    tokens = [len(one.ids) for one in packed]
    worked = operations(loaded, packed) / median["forward"]
    figures["forward_vs_pipeline"] = f"{median['pipeline'] / median['lean']:.2f}"
    figures["forward_share_of_gemm_peak"] = f"{worked / peak:.2f}"
    agreement, furthest = decisions(loaded, copies[0], None)
    figures["decisions_as_fp32"] = f"{agreement:.4f}"
    rows += [
        ("turns, tokens of a turn", f"{count}, {np.mean(tokens):.0f} ({np.median(tokens):.0f} in the middle)"),
        ("path", paths.chosen().name),
        ("pipeline, batch 32", _rates(count, taken["pipeline"])),
        ("model, with tokenizing", _rates(count, taken["lean"])),
        ("model, forward only", f"{_rates(count, taken['forward'])}; {worked / 1e9:.0f} GFLOP/s"),
        ("largest product, fp32", f"{peak / 1e9:.0f} GFLOP/s ({GEMM} x {GEMM})"),
        ("probability furthest off fp32", f"{furthest:.2g}"),
    ]
    if coarse:
        share, off = decisions(loaded, copies[0], paths.BFLOAT16)
        rows.append(("bfloat16 products, not taken", f"{_rates(count, taken['bfloat16'])}; {share:.4f}, {off:.2g} off"))
    return count / median["pipeline"]


def operations(loaded: Bundle, packed: Sequence[Packed]) -> float:
    """Multiplications and additions of matrix products in a lean pass, of tokens alone (see model/lean.py)."""
    config = loaded.model.encoder.config
    hidden, inner, layers = config.hidden_size, config.intermediate_size, config.num_hidden_layers
    total = 0.0
    for one in packed:
        tokens, looked_at = len(one.ids), one.focus_end - one.focus_start + 1
        heard = 2 * tokens * 3 * hidden**2 + 4 * tokens**2 * hidden
        after = 2 * (hidden**2 + 3 * hidden * inner)
        total += layers * heard + ((layers - 1) * tokens + looked_at) * after
    return total


def decisions(loaded: Bundle, examples: list[Example], path: paths.Path | None) -> tuple[float, float]:
    """Share of turns with the labels of the plain network, each by itself; how far a probability is off at most."""
    packer, known = loaded.packer, loaded.decisions
    with torch.inference_mode():
        plain = [loaded.model(runtime.collate([one], pad=packer.pad))["all"] for one in packer.pack(examples)]
    expected = known.probabilities(torch.cat(plain).numpy())
    found = known.probabilities(runtime.logits(loaded.model, packer, examples, path=path))
    same = np.ones(len(examples), dtype=bool)
    for of in (known.flags_of, known.attacks_of):
        same &= (of(found) == of(expected)).all(1)
    for head, tones in known.tones_of(expected).items():
        same &= known.tones_of(found)[head] == tones
    return float(same.mean()), max(float(np.abs(found[head] - expected[head]).max()) for head in expected)


def whole_scan(
    conversations: Sequence[Conversation],
    folder: Path,
    rate: float,
    wanted: argparse.Namespace,
    rows: list[tuple[str, str]],
    figures: dict[str, str],
) -> None:
    """Scans from files to report, everything new to the cache, with and without the words that counted."""
    some = conversations[: wanted.scanned]
    for number in range(wanted.repeats + 1):
        write(edited(some, 100 + number), folder / f"in{number}")
        write(edited(some, 200 + number), folder / f"bare{number}")
    bare = replace(Config(), score=replace(Config().score, evidence=False))
    shares: list[dict[str, float]] = []
    worked: dict[str, list[float]] = {"in": [], "bare": []}

    def scan(kind: str, config: Config, number: int) -> None:
        where, before = folder / f"{kind}{number}", time.process_time()
        result = pipeline.scan(
            [where], store=folder / f"store-{kind}{number}", reports=folder / "report", config=config
        )
        if number:
            worked[kind].append(time.process_time() - before)
        if kind == "in" and number:
            shares.append({name: seconds / result.seconds for name, seconds in result.stages.items()})

    taken = interleaved({"in": partial(scan, "in", Config()), "bare": partial(scan, "bare", bare)}, wanted.scans)
    turns = len(segments_of(some)[0])
    figures["scan_vs_pipeline"] = f"{turns / statistics.median(taken['in']) / rate:.2f}"
    rows += [
        ("scan, from files to report", _rates(turns, taken["in"])),
        ("the same without evidence", _rates(turns, taken["bare"])),
        (
            "processor time of a turn",
            ", ".join(f"{statistics.median(worked[kind]) / turns * 1e3:.1f} ms" for kind in ("in", "bare")),
        ),
        ("stages", ", ".join(f"{name} {share:.0%}" for name, share in _middle(shares).items())),
    ]


def _middle(shares: Sequence[dict[str, float]]) -> dict[str, float]:
    names = dict.fromkeys(name for each in shares for name in each)
    return {name: statistics.median(each.get(name, 0.0) for each in shares) for name in names}


def start_up(folder: Path, conversations: Sequence[Conversation], rows: list[tuple[str, str]]) -> None:
    """Processor seconds of `--help`, and of a scan of one conversation."""
    write(conversations[:1], folder / "tiny")
    program = [sys.executable, "-m", "empathy_scan"]
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # an installed program is compiled; the first scan sees to it
    help_ = [_processor_seconds([*program, "--help"]) for _ in range(5)]
    scans = []
    for number in range(4):
        places = ["--store", str(folder / f"tiny{number}"), "--reports", str(folder / "tiny-report")]
        scans.append(_processor_seconds([*program, "scan", str(folder / "tiny"), *places]))
    rows.append(("processor seconds", f"--help {min(help_):.2f}, a scan of one conversation {min(scans[1:]):.2f}"))


def cached(conversations: Sequence[Conversation], wanted: argparse.Namespace, rows: list[tuple[str, str]]) -> None:
    """How many of the turns the content cache saves, in the transcripts as they are and in a second night's."""
    given = {"the transcripts": conversations, **(of_corpora(wanted.corpora) if wanted.corpora else {})}
    for name, some in given.items():
        segments = segments_of(some)[1]
        keys = segment_keys(segments)
        alone = segments.with_columns(context=pl.lit([], segments.schema["context"]))
        told, untold = (1 - each.n_unique() / len(each) for each in (keys, segment_keys(alone)))
        said = f"{told:.1%} of {len(keys):,} segments repeat one with its context, {untold:.1%} any one"
        rows.append((f"cache hits, {name}", said))
    with Cache.open(None) as cache:
        few = segments_of(conversations)[1].head(200)
        score.score(few, None, Config().score, cache=cache)
        found = cache.get(segment_keys(few), bundle.fingerprint(bundle.default_path())).height
    rows.append(("cache hits, second time", f"{found / segment_keys(few).n_unique():.0%}"))


def engines(
    conversations: Sequence[Conversation],
    wanted: argparse.Namespace,
    rows: list[tuple[str, str]],
    figures: dict[str, str],
) -> None:
    """Scoring by Ray beside worker processes of this machine, as many of each; whether both give the same frames."""
    if importlib.util.find_spec("ray") is None:
        figures["ray_overhead"] = "not measured: install the extra"
        return
    import ray  # noqa: PLC0415 - an extra

    here = {"PYTHONPATH": os.pathsep.join([str(ROOT / "src"), *filter(None, sys.path)])}
    ray.init(num_cpus=2, include_dashboard=False, log_to_driver=False, runtime_env={"env_vars": here})
    bare = replace(Config().score, evidence=False)
    copies = [
        segments_of(edited(conversations[: wanted.spread], 300 + n))[1].head(wanted.spread)
        for n in range(wanted.scans + 1)
    ]
    scored: dict[str, pl.DataFrame] = {}

    def run(name: str, engine: Engine, number: int) -> None:
        scored[name] = score.score(copies[number], None, bare, engine=engine)

    calls = {"local": partial(run, "local", LocalEngine(2)), "ray": partial(run, "ray", RayEngine(2))}
    taken = interleaved(calls, wanted.scans)
    ray.shutdown()
    median = {name: statistics.median(values) for name, values in taken.items()}
    figures["ray_overhead"] = f"{median['ray'] / median['local'] - 1:.2f}"
    rows += [(f"two workers, {name}", _rates(copies[0].height, values)) for name, values in taken.items()]
    rows.append(("Ray gives the frame of local", str(scored["ray"].equals(scored["local"]))))


def memory(
    conversations: Sequence[Conversation],
    folder: Path,
    seconds: float,
    wanted: argparse.Namespace,
    rows: list[tuple[str, str]],
    figures: dict[str, str],
) -> None:
    """Peaks of memory of scans of few and of many conversations, with a cache that knows their turns.

    Each size is made smaller where the rate of those before it says that it would not end in time.
    """
    end = time.monotonic() + seconds
    pool = [_short(each) for each in conversations[:WARM_DISTINCT]]
    _warm(pool, folder, len(pool))  # fills the cache
    done, spent = len(pool), _warm(pool, folder, len(pool))[0]
    sizes, peaks, each = [], [], 1 / SLOWEST
    for asked in wanted.sizes:
        size = min(asked, max(done, int((end - time.monotonic()) / each)))
        took, peak = _warm(pool, folder, size)
        each = max(took - spent, 0.1) / max(size - done, 1) if size > 2 * done else each
        done, spent = size, took
        sizes.append(size)
        peaks.append(peak)
        rows.append((f"warm scan of {size:,}", f"{size / took:.0f} conversations/s, peak {peak} MB"))
        _say(f"memory: {rows[-1]}")
    note = (
        "" if sizes == list(wanted.sizes) else f" (of {sizes[-1]:,} and {sizes[0]:,}: more did not fit into the time)"
    )
    figures["peak_memory_200k_vs_10k"] = f"{peaks[-1] / peaks[0]:.2f}{note}"


def _short(conversation: Conversation) -> Conversation:
    return replace(conversation, turns=conversation.turns[:WARM_TURNS])


def _warm(pool: Sequence[Conversation], folder: Path, size: int) -> tuple[float, int]:
    """Seconds and peak (MB) of a scan, by a process of its own, of so many conversations spread over the weeks.

    All that is within the weeks that a report looks back on is the same at any size: 560 conversations.
    """
    source, store = folder / f"warm{size}", folder / "warm-store"
    write((replace(pool[n % len(pool)], name=f"w{n}") for n in range(size)), source, weekly=40)
    for part in ("", "_cache"):
        kept = store / part
        if part == "" and kept.exists():
            for each in kept.iterdir():
                if each.name != "_cache":
                    shutil.rmtree(each) if each.is_dir() else each.unlink()
    started = time.perf_counter()
    command = [sys.executable, "-m", "empathy_scan", "scan", str(source), "--store", str(store)]
    used = subprocess.Popen([*command, "--reports", str(folder / f"warm-report{size}"), "--quiet"])  # noqa: S603
    peak = 0.0
    while used.poll() is None:  # what the system tells at the end counts the memory of this process, which started it
        peak = max(peak, year_of_nights.memory(used.pid))
        time.sleep(0.05)
    taken = time.perf_counter() - started
    if used.returncode not in (0, 3):
        raise SystemExit(f"the scan of {size} conversations failed")
    shutil.rmtree(source)
    return taken, round(peak)


def _processor_seconds(command: list[str]) -> float:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, check=False, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)  # noqa: S603
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def _say(what: str) -> None:
    print(f"measuring: {what}", file=sys.stderr, flush=True)


def _rates(count: int, seconds: Sequence[float]) -> str:
    """Turns per second: the median, and between which values."""
    values = sorted(count / each for each in seconds)
    return f"{statistics.median(values):.0f} turns/s ({values[0]:.0f} to {values[-1]:.0f})"


def _machine() -> str:
    load = f"load {os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else "load unknown"
    return f"{os.cpu_count()} processors, {paths.processor()}, {torch.get_num_threads()} threads, {load} at the start"


def instructions(folder: Path, conversation: Conversation) -> Iterator[tuple[str, str]]:
    """Instructions of starting, and of reading one conversation with its redaction and roles."""
    write([conversation], folder / "read")
    yield "instructions of --help", _instructions("--help")
    yield "instructions of reading", _instructions("read", str(folder / "read"))


def _instructions(*arguments: str) -> str:
    """Instructions of a command of the program: by the processor's counter, else by running it in valgrind.

    The forward pass is not counted: its threads wait for one another, and valgrind hides AVX-512 from it.
    """
    command = [sys.executable, "-m", "empathy_scan", *arguments]
    settings = {**os.environ, "PYTHONHASHSEED": "0", "POLARS_MAX_THREADS": "1"}
    for counter, told in (
        (["perf", "stat", "-x", ",", "-e", "instructions:u"], re.compile(r"^(\d+),.*instructions", re.MULTILINE)),
        (["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null"], re.compile(r"Collected : (\d+)")),
    ):
        if shutil.which(counter[0]) is None:
            continue
        said = subprocess.run([*counter, *command], capture_output=True, text=True, check=False, env=settings).stderr  # noqa: S603
        if counted := told.search(said):
            return f"{int(counted[1]) / 1e6:,.0f} million, by {counter[0]}"
    return "not counted: neither perf nor valgrind can"


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--texts", type=Path, help="a folder of transcripts, instead of the project's own")
    parser.add_argument("--parts", nargs="*", default=PARTS, choices=PARTS, help="beside the forward pass")
    parser.add_argument("--turns", type=int, default=400, help="that the forward pass scores each time")
    parser.add_argument("--repeats", type=int, default=5, help="of forward pass and pipeline")
    parser.add_argument("--scanned", type=int, default=25, help="conversations of a whole scan")
    parser.add_argument("--scans", type=int, default=3, help="repeats of whole scans and of Ray")
    parser.add_argument("--spread", type=int, default=6000, help="segments that Ray and local score")
    parser.add_argument("--corpora", type=Path, help="a folder of corpora, for the cache's hits in them")
    parser.add_argument("--sizes", type=int, nargs="+", default=SIZES, help="conversations of warm scans")
    parser.add_argument("--minutes", type=float, default=19, help="warm scans are made smaller to end by then")
    return parser.parse_args()


if __name__ == "__main__":
    main()

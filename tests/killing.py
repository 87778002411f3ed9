"""Runs that are to be killed: small scans in processes that are forked from one that has imported all they need.

A run says over a pipe that it begins, which stages it enters, and that it has ended. Imported for its own sake by the
process that others are forked from: importing takes longer than a run.
"""

import contextlib
import ctypes
import gc
import multiprocessing
import os
import resource
import select
import shutil
import signal
import struct
import sys
import time
from dataclasses import dataclass, field
from multiprocessing.connection import Connection, wait
from pathlib import Path

import deltalake  # noqa: F401 - like all here that nobody names
import pytest
import spacy  # noqa: F401
import torch
import transformers  # noqa: F401
import vl_convert  # noqa: F401

import empathy_scan.cache
import empathy_scan.model.bundle
import empathy_scan.model.runtime
import empathy_scan.rebuild
import empathy_scan.score
from empathy_scan import hardship, language, pipeline, redact, segment
from empathy_scan.cli import app
from empathy_scan.config import Config, ScoreConfig, SummaryConfig
from empathy_scan.engine import LocalEngine
from empathy_scan.errors import StoreError
from empathy_scan.report import rendering

DONE, BUSY, BROKEN = 0, 75, 76  # exit codes: ended by itself, another was at work, something else failed
MODEL = "EMPATHY_SCAN_TEST_MODEL"  # variable: the bundle that runs will use
BEGUN, ENDED, REFUSED = "begun", "ended", "refused"
PATIENCE = 120.0  # seconds for a run, on however slow a machine
# One example at a time, so that what it is scored with does not move its last digits; few resamples: they take long.
CONFIG = Config(score=ScoreConfig(tokens_per_batch=1, evidence=False), summary=SummaryConfig(resamples=20))
LONG_AGO = 1_790_000_000_123_456_789  # nanoseconds
_WRITES = {"os.rename", "os.remove", "os.mkdir", "os.rmdir", "os.link", "sqlite3.connect", "os.truncate"}
_FOR_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT


def warm() -> None:
    """Build what every run builds anew, as far as no thread comes of it: threads do not live on in forks."""
    torch.set_num_threads(1)
    if model := os.environ.get(MODEL):
        empathy_scan.model.bundle.load(Path(model))
    hardship._rules(hardship.RULES)
    hardship._literals()
    hardship._language()
    language._detector()
    redact.redact_text("Anna Smith of 12 Hill Road rang.")
    segment._sentencizer()
    rendering._program()
    templates = rendering.Templates("", {})
    for name in rendering._names():
        templates._kinds[name.rpartition(".")[2]].get_template(name)
    gc.collect()
    gc.freeze()  # else every fork copies all that its garbage collector looks at


def run(pipe: Connection, place: Path, model: Path, stop_at: int, workers: int) -> None:
    """A scan of the folder in small commits on one core; it kills itself before it changes the disk for that time."""
    torch.set_num_threads(1)
    pipeline.CONVERSATIONS_PER_COMMIT = 2
    told, changes, begun = "", 0, time.monotonic()

    def tell(stage: str, *_: int) -> None:
        nonlocal told
        if stage != told:
            told = stage
            pipe.send(f"{stage} {changes} {time.monotonic() - begun}")

    def watch(event: str, given: tuple[object, ...]) -> None:
        nonlocal changes
        if event in _WRITES or (event == "open" and isinstance(given[2], int) and given[2] & _FOR_WRITING):
            changes += 1
            if changes == stop_at:
                os.kill(os.getpid(), signal.SIGKILL)

    pipe.send(BEGUN)
    sys.addaudithook(watch)
    try:
        pipeline.scan(
            [place / "exports"], store=place / "store", reports=place / "report", model=model, config=CONFIG, told=tell,
            engine=LocalEngine(workers),
        )  # fmt: skip
    except StoreError as error:
        sys.stderr.write(f"{error}\n")
        os._exit(BUSY if "at work" in error.what else BROKEN)
    pipe.send(f"{ENDED} {changes} {time.monotonic() - begun}")


def command(pipe: Connection, place: Path, arguments: list[str], limits: dict[str, int], *, obedient: bool) -> None:
    """A command of the program in a folder, where it leaves what it says in `out` and `err`; see Runs.command."""
    os.chdir(place)
    for number, name in ((1, "out"), (2, "err")):
        os.dup2(os.open(name, os.O_WRONLY | os.O_CREAT | os.O_APPEND), number)
    sys.stdout, sys.stderr = (open(number, "w", encoding="utf-8", closefd=False) for number in (1, 2))  # noqa: SIM115
    torch.set_num_threads(1)
    pipeline.CONVERSATIONS_PER_COMMIT = 2
    if obedient:
        obey_permissions()
    for name, value in limits.items():
        more = int(Path("/proc/self/statm").read_text().split()[0]) * os.sysconf("SC_PAGE_SIZE")
        limit = value + (more if name == "RLIMIT_AS" else 0)
        resource.setrlimit(getattr(resource, name), (limit, limit))
    pipe.send(BEGUN)
    app(arguments)


def obey_permissions() -> None:
    """Let permissions hold for this process also where it is root's."""
    if sys.platform == "linux" and os.geteuid() == 0:
        libc, head = ctypes.CDLL(None, use_errno=True), struct.pack("Ii", 0x20080522, 0)
        held = ctypes.create_string_buffer(24)
        assert libc.capget(head, held) == 0
        words = list(struct.unpack("6I", held.raw))
        words[0] &= ~0b110  # CAP_DAC_OVERRIDE and CAP_DAC_READ_SEARCH
        assert libc.capset(head, struct.pack("6I", *words)) == 0


def small_disk(pipe: Connection, place: Path, model: Path, size: str) -> None:
    """A scan on a disk of that size, made for this process alone; then, with more room, another. Tells the exit codes.

    What is on the disk at the end is copied to `after`.
    """
    libc = ctypes.CDLL(None, use_errno=True)
    disk = place / "disk"
    disk.mkdir()
    root, ids = os.geteuid() == 0, (os.getuid(), os.getgid())
    if libc.unshare(0x20000 | (0 if root else 0x10000000)):  # CLONE_NEWNS, CLONE_NEWUSER
        pipe.send(REFUSED)
        return
    if not root:
        Path("/proc/self/setgroups").write_text("deny", encoding="ascii")
        for name, number in zip(("uid_map", "gid_map"), ids, strict=True):
            Path("/proc/self", name).write_text(f"0 {number} 1", encoding="ascii")
    libc.mount(None, b"/", None, 0x44000, None)  # MS_REC | MS_PRIVATE
    if libc.mount(b"none", os.fsencode(disk), b"tmpfs", 0, f"size={size}".encode()):
        pipe.send(REFUSED)
        return
    pipe.send(BEGUN)
    into = ["--store", str(disk / "store"), "--reports", str(disk / "report"), "--model", str(model)]
    for _ in range(2):
        sys.stderr = (place / "err").open("a", encoding="utf-8")
        torch.set_num_threads(1)
        try:
            app(["scan", str(place / "exports"), "--quiet", *into])
        except SystemExit as ended:
            pipe.send(f"{ended.code}")
        sys.stderr.close()
        assert not libc.mount(b"none", os.fsencode(disk), b"tmpfs", 0x20, b"size=64m")  # MS_REMOUNT
    shutil.copytree(disk, place / "after")


@dataclass
class Run:
    """What was seen of a run."""

    code: int | None
    seconds: float
    stages: list[str] = field(default_factory=list)
    reached: dict[str, tuple[int, float]] = field(default_factory=dict)  # changes of the disk and seconds before each
    ended: bool = False

    @property
    def killed(self) -> bool:
        """Whether it was at work when it was killed."""
        return self.code == -signal.SIGKILL and not self.ended and BEGUN in self.stages


@contextlib.contextmanager
def forking(model: Path):
    """Starts runs, forked from a process that has imported and loaded what they need."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", os.pathsep.join(filter(None, sys.path)))
        patch.setenv("POLARS_MAX_THREADS", "1")
        patch.setenv("TOKENIZERS_PARALLELISM", "false")
        patch.setenv(MODEL, str(model))
        context = multiprocessing.get_context("forkserver")
        context.set_forkserver_preload(["killing"])
        yield Runs(context, model)


class Runs:
    """Starts runs and watches them."""

    def __init__(self, context, model: Path) -> None:
        self._context, self.model = context, model

    def start(self, place: Path, *, stop_at: int = 0, workers: int = 1):
        """The process of a run and the end of its pipe, once it has begun."""
        ours, theirs = self._context.Pipe(duplex=False)
        process = self._context.Process(target=run, args=(theirs, place, self.model, stop_at, workers))
        process.start()
        theirs.close()
        assert ours.poll(PATIENCE)
        return process, ours

    def command(self, place: Path, *arguments: object, limits: dict[str, int] | None = None, obedient: bool = False):
        """The process of a command, once it has begun: within limits of its resources, or so that permissions hold."""
        ours, theirs = self._context.Pipe(duplex=False)
        given = (theirs, place, [str(each) for each in arguments], limits or {})
        process = self._context.Process(target=command, args=given, kwargs={"obedient": obedient})
        process.start()
        theirs.close()
        assert ours.poll(PATIENCE)
        return process, ours

    def scan(self, place: Path, *more: object, **how):
        """`command` for a scan of the folder's exports into `store` and `report`."""
        into = ("--store", place / "store", "--reports", place / "report", "--model", self.model)
        return self.command(place, "scan", place / "exports", *into, *more, **how)

    def on_small_disk(self, place: Path, size: str) -> list[str]:
        """The words of `small_disk`."""
        ours, theirs = self._context.Pipe(duplex=False)
        process = self._context.Process(target=small_disk, args=(theirs, place, self.model, size))
        process.start()
        theirs.close()
        process.join(PATIENCE)
        words = []
        with contextlib.suppress(EOFError):
            while ours.poll():
                words.append(ours.recv())
        return words

    def one(self, place: Path, *, after: float | None = None, stop_at: int = 0, seen=None) -> Run:
        """A run; killed `after` so many seconds, or as soon as `seen` (given seconds to wait) says so."""
        process, pipe = self.start(place, stop_at=stop_at)
        began = time.monotonic()
        if seen is not None:
            while process.exitcode is None and not seen(0.05):
                pass
        else:
            wait([process.sentinel], PATIENCE if after is None else after)
        if process.exitcode is None and (after is not None or seen is not None):
            process.kill()
        return self.ended(process, pipe, began)

    def ended(self, process, pipe, began: float) -> Run:
        """What there is to say of a run, once it has ended."""
        process.join(PATIENCE)
        found = Run(process.exitcode, time.monotonic() - began)
        with contextlib.suppress(EOFError):
            while pipe.poll():
                word, *numbers = pipe.recv().split()
                found.stages.append(word)
                found.ended |= word == ENDED
                if numbers:
                    found.reached.setdefault(word, (int(numbers[0]), float(numbers[1])))
        process.close()
        return found


def write_exports(place: Path, *, edition: int, conversations: int = 5) -> None:
    """Some chats and a broken file; each edition changes a third of the chats."""
    folder = place / "exports"
    folder.mkdir(parents=True, exist_ok=True)
    for number in range(conversations):
        changed = f" It is day {edition - (edition - number) % 3}."
        rows = [
            ("customer", "", f"Where is parcel {number}?{changed}"),
            ("agent", f"agent-{number % 2}", "We apologise for any inconvenience."),
            ("customer", "", "That is no answer at all, you useless lot!"),
            ("agent", f"agent-{number % 2}", "Two weeks without it is awful. I will ring the depot now."),
        ]
        lines = [
            f"chat-{number},{turn},{role},{who},2026-{number % 3 + 8:02}-05T09:00:00Z,{text}\n"
            for turn, (role, who, text) in enumerate(rows)
        ]
        _put(folder / f"chat-{number}.csv", "conversation_id,turn,role,agent_id,started_at,text\n" + "".join(lines))
    _put(folder / "broken.json", '{"turns": [')


def _put(path: Path, text: str) -> None:
    """A file that was written some time ago, so that nobody waits for more of it."""
    if not path.exists() or path.read_text(encoding="utf-8") != text:
        path.write_text(text, encoding="utf-8")
        size = len(text) + sum(map(ord, text))  # another time for another text
        os.utime(path, ns=(0, LONG_AGO + size * 10**6))


class Changes:
    """What changes under a folder, by the system's account (Linux): also what libraries in other languages write."""

    _MASK = 0x2 | 0x80 | 0x100 | 0x200  # modified, moved here, created, deleted
    _EVENT = struct.Struct("iIII")

    def __init__(self, root: Path) -> None:
        self._libc = ctypes.CDLL(None, use_errno=True)
        self._handle = self._libc.inotify_init1(os.O_NONBLOCK | os.O_CLOEXEC)
        assert self._handle >= 0
        self._folders: dict[int, Path] = {}
        self._left = 0
        self._seen: list[Path] = []
        for folder in (root, *(path for path in root.rglob("*") if path.is_dir())):
            self._add(folder)

    def after(self, count: int):
        """A question: whether so many changes were seen since it was asked for, waiting for some seconds."""
        self._left = count

        def seen(seconds: float) -> bool:
            if select.select([self._handle], [], [], seconds)[0]:
                found = list(self._read())
                self._seen += found
                self._left -= len(found)
            return self._left <= 0

        return seen

    def below(self, folder: Path) -> int:
        """How many of the changes that were seen lie below a folder."""
        return sum(1 for each in self._seen if each.is_relative_to(folder))

    def close(self) -> None:
        """Watch no more."""
        os.close(self._handle)

    def _add(self, folder: Path) -> None:
        watched = self._libc.inotify_add_watch(self._handle, os.fsencode(folder), self._MASK)
        if watched >= 0:
            self._folders[watched] = folder

    def _read(self):
        """The changes so far; new folders are watched from now on."""
        while True:
            try:
                data = os.read(self._handle, 65536)
            except BlockingIOError:
                return
            at = 0
            while at < len(data):
                watched, kind, _, length = self._EVENT.unpack_from(data, at)
                name = data[at + self._EVENT.size : at + self._EVENT.size + length].rstrip(b"\0")
                at += self._EVENT.size + length
                path = self._folders.get(watched, Path()) / os.fsdecode(name)
                if kind & 0x40000000 and kind & 0x180:  # a folder that is new here
                    self._add(path)
                yield path


if __name__ == "killing" and os.environ.get(MODEL):  # in the process that runs are forked from
    warm()

"""The record of a run: begun before anything is read, closed when the run ends, however it ends.

The store keeps a row of tables.RUNS for the beginning and one for the end. A run that was killed leaves only the first:
it is shown as having ended without a word. No row holds words of a transcript, or a setting that may name somebody.
"""

from __future__ import annotations

import json
import logging
import platform
import secrets
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import asdict
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import Any

import polars as pl

from empathy_scan import __version__
from empathy_scan.codebook import CODEBOOK_VERSION
from empathy_scan.config import Config
from empathy_scan.errors import (
    EmpathyScanError,
    EngineError,
    ModelError,
    NoticeError,
    OutputError,
    Reach,
    StoreError,
    UsageError,
)
from empathy_scan.stages import Stages, Told, heard_by
from empathy_scan.store import Store
from empathy_scan.tables import RUNS

log = logging.getLogger(__name__)
BEGUN, DONE, FAILED, STOPPED = "begun", "done", "failed", "stopped"
SCAN, FORGET = "scan", "forget"  # what a run may be, beside a rescoring
_ALONE = {None, SCAN, FORGET}  # no other run writes beside these; null in rows of before there were others than scan
LIBRARIES = ("deltalake", "polars", "spacy", "tokenizers", "torch", "transformers")
_MAY_NAME_SOMEBODY = {
    "labels": ("codebook", "heads"), "read": ("agent_addresses",), "roles": ("roles", "roster", "speakers"),
}  # fmt: skip
_TOLD = (StoreError, OutputError, EngineError, ModelError)  # errors whose words are of the machine, not of the input
_BY_SIGNAL = 128  # a shell's exit code of a process that a signal ended is this and the signal's number


class Record:
    """What is to be told of a run that is at work."""

    def __init__(self, held: Store, config: Config, stages: Stages, locked: ExitStack, command: str) -> None:
        self.started = datetime.now(UTC)
        self.run_id = f"{self.started:%Y%m%dT%H%M%S}-{secrets.token_hex(3)}"
        self.model = ""  # fingerprint, once it is known
        self.arithmetic = ""  # in which the model was computed, where it was
        self.stages = stages
        self._held, self._config, self._locked, self._command = held, config, locked, command
        self._clock = time.monotonic()
        self._begun = False
        self._numbers: dict[str, Any] = {}
        self._exit_code = 0

    @property
    def seconds(self) -> float:
        """Since the run began."""
        return time.monotonic() - self._clock

    def begin(self) -> None:
        """Write that the run has begun, and let no other write until it ends, unless it rescores. Raises StoreError."""
        if not self._begun:
            if self._command in _ALONE:
                self._locked.enter_context(self._held.writing())
            self._begun = True  # whoever interrupts the next line may find it done
            self._held.add_run(self._row(state=BEGUN))

    def announce(self, *, from_model: str, moved: str) -> None:
        """Write that the run is about to make its model the one that counts, and what that moves."""
        self._numbers |= {"from_model": from_model, "moved": moved}
        self._held.add_run(self._row(state=BEGUN, **self._numbers))

    def counted(self, numbers: Mapping[str, Any], rejects: pl.DataFrame, formats: Mapping[str, int]) -> None:
        """What the run has done so far: columns of RUNS, what was rejected, and conversations by reader."""
        classes = rejects.filter(pl.col("error") != NoticeError.__name__)["error"].value_counts().sort("error")
        known = {name: value for name, value in numbers.items() if name in RUNS.columns}
        self._numbers |= {**known, "rejected": _json(dict(classes.iter_rows())), "formats": _json(dict(formats))}

    def ends_with(self, exit_code: int) -> None:
        """The exit code of a run that comes to its end."""
        self._exit_code = exit_code

    def close(self, error: BaseException | None = None) -> None:
        """Write how the run ended; nothing where it never began. Raises StoreError where that cannot be written."""
        self.stages.stop()
        ended = _ending(error, self._exit_code)
        self._say(ended)
        if self._begun:
            ended["stage"] = self.stages.current or None if error is not None else None
            taken = {name: round(seconds, 3) for name, seconds in self.stages.seconds.items()}
            more = {"ended_at": datetime.now(UTC), "peak_bytes": peak_bytes(), "stage_seconds": _json(taken)}
            self._held.add_run(self._row(**self._numbers, **ended, **more))

    def _say(self, ended: Mapping[str, Any]) -> None:
        """The end of the run and of its stages, in the log."""
        for name, seconds in self.stages.seconds.items():
            fields = {"run_id": self.run_id, "stage": name, "seconds": round(seconds, 3)}
            log.info("%s took %.2f s", name, seconds, extra={"fields": {"event": "stage", **fields}})
        fields = {"run_id": self.run_id, "seconds": round(self.seconds, 3), **ended}
        counted = {name: value for name, value in self._numbers.items() if isinstance(value, int | float)}
        told = "run %s %s after %.2f s, exit code %s"
        log.info(
            told, self.run_id, ended["state"], self.seconds, ended["exit_code"],
            extra={"fields": {"event": "run", **counted, **fields}},
        )  # fmt: skip

    def _row(self, **known: Any) -> pl.DataFrame:  # noqa: ANN401 - columns of RUNS
        row = dict.fromkeys(RUNS.columns) | dict.fromkeys(("conversations", "scored", "turns", "rejects"), 0)
        row |= {
            "run_id": self.run_id, "version": __version__, "model": self.model, "settings": self._config.fingerprint(),
            "seconds": self.seconds, "started_at": self.started, "versions": _json(self._versions()),
            "options": _json(impersonal(self._config)), "command": self._command,
        }  # fmt: skip
        return pl.DataFrame([row | known], schema=dict(RUNS.columns))

    def _versions(self) -> dict[str, str]:
        return versions() | ({"arithmetic": self.arithmetic} if self.arithmetic else {})


@contextmanager
def recorded(held: Store, config: Config, *, told: Told | None = None, command: str = SCAN) -> Iterator[Record]:
    """The record of the run that a `with` block is. While it lasts no other run may write to a local store.

    A store that is there is told at once; where there is none yet, the run says when to `begin`. One that rescores
    holds the store only while it writes.
    """
    stages = Stages(told)
    with heard_by(stages), ExitStack() as locked:
        record = Record(held, config, stages, locked, command)
        try:
            if held.exists():
                record.begin()
            yield record
        except BaseException as error:
            try:
                record.close(error)
            except EmpathyScanError:  # the first error says more
                log.warning("the end of run %s could not be recorded", record.run_id)
            raise
        record.close()


AT_WORK, SILENT = "at work", "ended without a word"
_VALUES = ("rejected", "formats", "stage_seconds", "versions", "options", "moved")


def listed(held: Store, *, limit: int | None = None) -> list[dict[str, Any]]:
    """The runs as plain values, newest first. Of one that has not ended `state` is one of the words above.

    Raises StoreError where there is no store.
    """
    rows = held.runs().reverse()
    rows = rows if limit is None else rows.head(limit)
    at_work = {True: held.is_rescoring(), False: held.is_at_work()}  # of a rescoring, and of a scan
    found, newest = [], {True: True, False: True}
    for row in rows.to_dicts():
        rescores = row["command"] not in _ALONE
        found.append(_shown(row, newest=newest[rescores], at_work=at_work[rescores]))
        newest[rescores] = False
    return found


def found(held: Store, run_id: str) -> dict[str, Any]:
    """The run of that id, or of the only id that begins so; the newest for `last`. Raises UsageError and StoreError."""
    rows = listed(held)
    fitting = rows[:1] if run_id == "last" else [row for row in rows if row["run_id"].startswith(run_id)]
    exact = [row for row in fitting if row["run_id"] == run_id] or fitting
    if len(exact) != 1:
        what = "several runs" if exact else "no run"
        raise UsageError(f"{what} of that id", where=run_id, remedy="`empathy-scan runs` lists them")
    return exact[0]


def left_strays(held: Store, run_id: str) -> bool:
    """Whether the run before the one of that id may have left rows of conversations that it did not complete."""
    before = held.runs().filter(pl.col("run_id") != run_id)
    return before.height > 0 and before["state"][-1] != DONE


def _shown(row: dict[str, Any], *, newest: bool, at_work: bool) -> dict[str, Any]:
    """A row of RUNS as values that JSON can hold, or that can be shown."""
    values = {name: None if row[name] is None else json.loads(row[name]) for name in _VALUES}
    times = {name: row[name] and f"{row[name]:%Y-%m-%dT%H:%M:%SZ}" for name in ("started_at", "ended_at")}
    shown = {name: value for name, value in (row | values | times).items() if name != "stage_seconds"}
    shown["stages"] = values["stage_seconds"]
    if row["state"] == BEGUN:
        shown |= {"state": AT_WORK if newest and at_work else SILENT, "seconds": None}
    return shown


def _ending(error: BaseException | None, exit_code: int) -> dict[str, Any]:
    """The columns of RUNS that say how a run ended."""
    if error is None:
        return {"state": FAILED if exit_code == 1 else DONE, "exit_code": exit_code}
    if isinstance(error, KeyboardInterrupt | SystemExit):
        code = error.code if isinstance(error, SystemExit) and isinstance(error.code, int) else _BY_SIGNAL + 2
        return {"state": STOPPED, "exit_code": code, "error": type(error).__name__}
    reason = str(error) if isinstance(error, _TOLD) else None
    code = error.exit_code if isinstance(error, EmpathyScanError) and error.reach is not Reach.INPUT else 1
    return {"state": FAILED, "exit_code": code, "error": type(error).__name__, "reason": reason}


def impersonal(config: Config) -> dict[str, Any]:
    """The settings as plain values, without the [scan] section; what may name somebody is told by its length only."""
    values = asdict(config)
    values.pop("scan", None)
    for part, names in _MAY_NAME_SOMEBODY.items():
        for name in names:
            given = values[part][name]
            values[part][name] = bool(given) if isinstance(given, str) else len(given)
    return values


def versions() -> dict[str, str]:
    """Versions of all that decides what a run gives: Python, the machine, the codebook and libraries."""
    found = {"python": platform.python_version(), "platform": f"{platform.system()} {platform.machine()}"}
    found["codebook"] = str(CODEBOOK_VERSION)
    for name in LIBRARIES:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            found[name] = "missing"
    return found


def peak_bytes() -> int | None:
    """The most memory that this process has held; None where the system does not tell.

    Linux counts what the process held that started this one into `ru_maxrss`, and not into VmHWM.
    """
    with suppress(OSError, StopIteration, ValueError):
        status = Path("/proc/self/status").read_text(encoding="ascii", errors="replace")
        return int(next(line for line in status.splitlines() if line.startswith("VmHWM:")).split()[1]) * 1024
    try:
        import resource  # noqa: PLC0415 - not there on Windows
    except ImportError:
        return None
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


def _json(values: Mapping[str, Any]) -> str:
    return json.dumps(values, sort_keys=True, ensure_ascii=False)

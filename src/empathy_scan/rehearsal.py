"""What a scan would do: everything is read and compared with the store, and nothing at all is written."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import polars as pl

from empathy_scan import ledger, nights, pipeline, prepare, readers, runs, tombstones
from empathy_scan.config import Config
from empathy_scan.errors import NoticeError, StoreError
from empathy_scan.model import files as bundles
from empathy_scan.store import Store
from empathy_scan.tables import FILES
from empathy_scan.versions import VERSION, conversations_of

_SAMPLE_TURNS = 60  # that are scored where no earlier run tells how long it takes
_SURE_TURNS = 500  # scored by earlier runs, from which on their rate is taken
_LEDGER_SINCE = 4  # the layout that brought the ledger of files
_FORGOTTEN_SINCE = 7  # the layout that brought what was forgotten


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """What a scan would do, in numbers."""

    files: int
    files_new: int
    files_changed: int  # since an earlier run, or of another model or other settings
    files_known: int  # that would not be opened, or only for what they tell of others
    files_waiting: int  # still being written
    conversations: int  # in files that would be read
    to_score: int
    replaced: int  # of those, in the place of an older version
    turns_to_score: int
    rejects: int
    left_out: int
    removed: int  # conversations that would be deleted, as they are older than the settings allow
    forgotten: int  # that would be left out, as they were forgotten before or are too old
    seconds: float  # that the scan would take, as far as one can tell
    estimated_from: str
    model: str
    settings: str
    rejected: pl.DataFrame  # REJECTS

    @property
    def exit_code(self) -> int:
        """3 where some input would be rejected, else 0."""
        return 3 if self.rejects else 0

    def to_json(self) -> dict[str, Any]:
        """All numbers by name."""
        numbers = {each.name: getattr(self, each.name) for each in fields(self) if each.name != "rejected"}
        return {"dry_run": True, **numbers, "seconds": round(self.seconds, 1), "exit_code": self.exit_code}


def rehearse(
    sources: Sequence[Path],
    *,
    store: str | Path,
    config: Config,
    model: Path | None = None,
    workers: int = 1,
    again: bool = False,
    retry: bool = False,
) -> Rehearsal:
    """What `pipeline.scan` with the same arguments would do. Raises what it raises; makes and changes no file."""
    held, begun = Store(store, read_only=True), time.monotonic()
    fingerprint = bundles.fingerprint(model or bundles.default_path())
    held.exists()
    readers.check(config.read)
    found = readers.find(sources)
    rows = held.files() if held.layout() >= _LEDGER_SINCE else FILES.empty()
    before = held.read_rejects()
    reading = pipeline.reading_of(fingerprint, config)
    failed = before.filter(pl.col("error") != NoticeError.__name__)["source"]
    names = {*map(ledger.file_of, failed)} if retry else set()
    plan = ledger.plan(found, rows, reading=reading, config=config.read, again=again, retry=names)
    seen, sample = _read(plan, held, config, fingerprint)
    rejects = pipeline.rejects_now(plan, seen, before)
    left_out = pipeline.count_left_out(rejects)
    took = time.monotonic() - begun
    more, told = _estimate(seen.scored_turns, sample, held, config, model, workers)
    return Rehearsal(
        files=len(found), **_files(plan, rows),
        conversations=seen.conversations, to_score=seen.scored, replaced=seen.replaced,
        turns_to_score=seen.scored_turns, rejects=rejects.height - left_out, left_out=left_out, seconds=took + more,
        removed=_too_old(held, config), forgotten=seen.forgotten,
        estimated_from=told, model=fingerprint, settings=config.fingerprint(), rejected=rejects,
    )  # fmt: skip


def _read(plan: ledger.Plan, held: Store, config: Config, model: str) -> tuple[pipeline.Seen, pl.DataFrame | None]:
    """All that is to be read, compared with what is stored; and some turns that are to be scored."""
    seen, sample = pipeline.Seen(), None
    limit = None if not config.store.keep_days else tombstones.oldest(config.store.keep_days)
    known_since = held.layout() >= _FORGOTTEN_SINCE
    gate = tombstones.gate(held, keep_days=config.store.keep_days) if known_since else tombstones.Gate(before=limit)
    if plan.read:
        readings = readers.of_files(plan.read, config.read, plan.opener)
        made_with = {"model": model, "settings": config.fingerprint()}
        for read in prepare.of_readings(readings, config, plan.domains):
            prepared = tombstones.admitted(read, gate)
            known = held.known(prepared.turns["conversation_id"])
            whole, known = pipeline.by_old_names(prepared.turns, known, plan, held, **made_with)
            turns = nights.go_on(whole, held.turns_of(pipeline.changed(whole, known)))
            conversations = conversations_of(turns, **made_with)
            new = conversations.join(known, on=VERSION, how="anti")
            seen.add(prepared, conversations, new, known)
            seen.rejects.append(prepared.rejects)
            if sample is None and new.height:
                sample = turns.join(new, on="conversation_id", how="semi").head(_SAMPLE_TURNS)
    return seen, sample


def _too_old(held: Store, config: Config) -> int:
    """How many conversations would be deleted."""
    if not (config.store.keep_days and held.exists()):
        return 0
    return held.conversations(before=tombstones.oldest(config.store.keep_days)).height


def _files(plan: ledger.Plan, rows: pl.DataFrame) -> dict[str, int]:
    """How many files are new, changed, known and waiting."""
    opened = [each for each in plan.read if each.source not in plan.context]
    paths = plan.seen.filter(pl.col("source").is_in([each.source for each in opened]))
    changed = paths.join(rows, on="path", how="semi").height
    return {
        "files_new": paths.height - changed,
        "files_changed": changed,
        "files_known": plan.known,
        "files_waiting": plan.waiting,
    }


def _estimate(
    turns: int, sample: pl.DataFrame | None, held: Store, config: Config, model: Path | None, workers: int
) -> tuple[float, str]:
    """Seconds beside those of reading, and what they are taken from."""
    try:
        earlier = runs.listed(held) if held.exists() else []
    except StoreError:  # a layout of before there were such lines
        earlier = []
    ended = [row for row in earlier if row["state"] == runs.DONE and row["stages"]]
    report = ended[0]["stages"].get("reporting", 0.0) if ended else 0.0
    if sample is None:
        return report, "the time of reading, and of the last run's report"
    scored = sum(row["scored_turns"] or 0 for row in ended)
    if scored >= _SURE_TURNS:
        seconds = sum(row["stages"].get(name, 0.0) for row in ended for name in ("scoring", "storing"))
        return report + turns * seconds / scored, "earlier runs on this store"
    return report + _timed(sample, config, model) * turns / workers, f"scoring {sample.height} turns"


def _timed(sample: pl.DataFrame, config: Config, model: Path | None) -> float:
    """Seconds per turn, the model loaded and warm."""
    from empathy_scan import segment  # noqa: PLC0415 - torch; most rehearsals need none
    from empathy_scan.score import Scorer  # noqa: PLC0415 - as above

    segments = segment.split(sample, config.segment)
    if segments.is_empty():
        return 0.0
    scorer = Scorer.load(model, config.score)
    scorer.scores(segments.head(4))
    begun = time.monotonic()
    scorer.scores(segments)
    return (time.monotonic() - begun) / sample.height

"""What a scan would do: everything is read and compared with the store, and nothing at all is written."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

import polars as pl

from empathy_scan import nights, pipeline, prepare, runs, segment
from empathy_scan.config import Config
from empathy_scan.errors import NoticeError, StoreError
from empathy_scan.layouts import VERSION
from empathy_scan.model import bundle as bundles
from empathy_scan.score import Scorer
from empathy_scan.store import Store, conversations_of
from empathy_scan.tables import REJECTS

NEW, CHANGED, KNOWN, UNREAD = "new", "changed", "known", "unread"  # a file is the first that fits
_SAMPLE_TURNS = 60  # that are scored where no earlier run tells how long it takes
_SURE_TURNS = 500  # scored by earlier runs, from which on their rate is taken


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """What a scan would do, in numbers."""

    files: int
    files_new: int  # with a conversation that the store does not hold
    files_changed: int  # of whose conversations it holds another version, or one of another model or settings
    files_known: int
    files_unread: int  # that give no conversation: rejected, left out, or nothing in them
    conversations: int
    to_score: int
    replaced: int  # of those, in the place of an older version
    turns_to_score: int
    rejects: int
    left_out: int
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


@dataclass(slots=True)
class _Seen:
    """What has been seen so far, over all parts of the input."""

    files: int = 0
    conversations: int = 0
    to_score: int = 0
    replaced: int = 0
    turns: int = 0
    states: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))  # source -> of its conversations
    rejects: list[pl.DataFrame] = field(default_factory=list)
    sample: pl.DataFrame | None = None  # some turns of conversations to score

    def add(
        self, prepared: prepare.Prepared, turns: pl.DataFrame, known: pl.DataFrame, *, version: Sequence[str]
    ) -> None:
        """Count a part."""
        conversations = conversations_of(turns, model=version[0], settings=version[1])
        new = conversations.join(known, on=VERSION, how="anti")
        again = new.join(known, on="conversation_id", how="semi")
        for state, frame in ((CHANGED, again), (NEW, new.join(again, on="conversation_id", how="anti"))):
            for source in frame["source"]:
                self.states[source].add(state)
        for source in conversations["source"].unique():
            self.states[source].add(KNOWN)
        self.files += prepared.files
        self.conversations += conversations.height
        self.to_score += new.height
        self.replaced += again.height
        self.turns += int(new["n_turns"].sum())
        self.rejects.append(prepared.rejects)
        if self.sample is None and new.height:
            self.sample = turns.join(new, on="conversation_id", how="semi").head(_SAMPLE_TURNS)

    def count(self, state: str) -> int:
        """How many files are in a state, each in the first that fits."""
        order = (NEW, CHANGED, KNOWN)
        return sum(next(each for each in order if each in found) == state for found in self.states.values())


def rehearse(
    sources: Sequence[Path], *, store: str | Path, config: Config, model: Path | None = None, workers: int = 1
) -> Rehearsal:
    """What `pipeline.scan` with the same arguments would do. Raises what it raises; makes and changes no file."""
    held, begun = Store(store, read_only=True), time.monotonic()
    version = (bundles.fingerprint(model or bundles.default_path()), config.fingerprint())
    known, seen = held.known(), _Seen()
    for prepared in prepare.parts(sources, config):
        turns = nights.go_on(prepared.turns, held.turns_of(pipeline.changed(prepared.turns, known)))
        seen.add(prepared, turns, known, version=version)
    reading = time.monotonic() - begun
    rejects = pl.concat(seen.rejects).unique(REJECTS.key, maintain_order=True).sort(REJECTS.key)
    left_out = rejects.filter(pl.col("error") == NoticeError.__name__).height
    more, told = _estimate(seen, held, config, model, workers)
    return Rehearsal(
        files=seen.files, files_new=seen.count(NEW), files_changed=seen.count(CHANGED), files_known=seen.count(KNOWN),
        files_unread=max(0, seen.files - len(seen.states)),
        conversations=seen.conversations, to_score=seen.to_score, replaced=seen.replaced, turns_to_score=seen.turns,
        rejects=rejects.height - left_out, left_out=left_out, seconds=reading + more, estimated_from=told,
        model=version[0], settings=version[1], rejected=rejects,
    )  # fmt: skip


def _estimate(seen: _Seen, held: Store, config: Config, model: Path | None, workers: int) -> tuple[float, str]:
    """Seconds beside those of reading, and what they are taken from."""
    try:
        earlier = runs.listed(held) if held.exists() else []
    except StoreError:  # a layout of before there were such lines
        earlier = []
    ended = [row for row in earlier if row["state"] == runs.DONE and row["stages"]]
    report = ended[0]["stages"].get("reporting", 0.0) if ended else 0.0
    if seen.sample is None:
        return report, "the time of reading, and of the last run's report"
    scored = sum(row["scored_turns"] or 0 for row in ended)
    if scored >= _SURE_TURNS:
        seconds = sum(row["stages"].get(name, 0.0) for row in ended for name in ("scoring", "storing"))
        return report + seen.turns * seconds / scored, "earlier runs on this store"
    return report + _timed(seen.sample, config, model) * seen.turns / workers, f"scoring {seen.sample.height} turns"


def _timed(sample: pl.DataFrame, config: Config, model: Path | None) -> float:
    """Seconds per turn, the model loaded and warm."""
    segments = segment.split(sample, config.segment)
    if segments.is_empty():
        return 0.0
    scorer = Scorer.load(model, config.score)
    scorer.scores(segments.head(4))
    begun = time.monotonic()
    scorer.scores(segments)
    return (time.monotonic() - begun) / sample.height

"""The whole flow as one function: `scan` reads, scores, stores and reports; what is known already is left alone."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, fields
from datetime import datetime
from itertools import chain
from pathlib import Path
from typing import Any

import polars as pl

from empathy_scan import hardship, nights, prepare, quantify, runs, score, segment, stages
from empathy_scan.cache import Cache
from empathy_scan.config import Config
from empathy_scan.engine import Engine
from empathy_scan.errors import NoticeError
from empathy_scan.layouts import VERSION
from empathy_scan.model import bundle as bundles
from empathy_scan.rebuild import write_report
from empathy_scan.stages import Told
from empathy_scan.store import Store, content_hash, conversations_of
from empathy_scan.tables import REJECTS

CONVERSATIONS_PER_COMMIT = 1000  # what a killed run loses at most, and what memory holds scores of


@dataclass(frozen=True, slots=True)
class ScanResult:
    """What a scan did, in numbers, and where the report's front page is."""

    files: int
    conversations: int  # in the store now
    scored: int  # of them, in this run
    replaced: int  # of those, in the place of an older version: the file changed, or another conversation has its id
    reported: int  # of them, in the report: fewer with `since` or `until`
    turns: int  # in the report
    agents: int  # in the report
    rejects: int  # files and parts that could not be read
    left_out: int  # rightly: copies, and files that hold no transcript
    mixed: int  # conversations read in this run with turns in other languages, which are left out
    assumed: int  # conversations read in this run that say too little to tell their language
    unlisted: list[str]  # agents in the report who are not on the roster; none without one
    seconds: float
    model: str
    settings: str
    run_id: str  # of its record in the store
    stages: dict[str, float]  # seconds of each
    front_page: Path
    rejected: pl.DataFrame  # REJECTS: where, why and what to do

    @property
    def exit_code(self) -> int:
        """What a scheduler is told: 0 done, 1 nothing could be read or is stored, 3 some input was rejected."""
        return 1 if not self.conversations else 3 if self.rejects else 0

    def to_json(self) -> dict[str, Any]:
        """All numbers by name, ready for a scheduler."""
        numbers = {each.name: getattr(self, each.name) for each in fields(self) if each.name != "rejected"}
        stages = {name: round(seconds, 2) for name, seconds in self.stages.items()}
        plain = {"front_page": str(self.front_page), "seconds": round(self.seconds, 2), "stages": stages}
        return {**numbers, **plain, "exit_code": self.exit_code}


@dataclass(slots=True)
class _Seen:
    """What a run has seen so far, over all parts of the input."""

    files: int = 0
    conversations: int = 0
    turns: int = 0
    scored: int = 0
    replaced: int = 0
    scored_turns: int = 0
    mixed: int = 0
    assumed: int = 0
    formats: Counter[str] = field(default_factory=Counter)  # conversations by reader
    rejects: list[pl.DataFrame] = field(default_factory=list)

    def add(
        self, prepared: prepare.Prepared, conversations: pl.DataFrame, new: pl.DataFrame, known: pl.DataFrame
    ) -> None:
        """Count a part."""
        self.files += prepared.files
        self.conversations += conversations.height
        self.turns += prepared.turns.height
        self.scored += new.height
        self.scored_turns += int(new["n_turns"].sum())
        self.replaced += new.join(known, on="conversation_id", how="semi").height
        self.mixed += prepared.mixed
        self.assumed += prepared.assumed
        self.formats.update(conversations["format"])
        self.rejects.append(prepared.rejects)

    @property
    def left_out(self) -> int:
        """What is left out rightly."""
        return _left_out(self.all_rejects())

    @property
    def failed(self) -> int:
        """What could not be read."""
        return self.all_rejects().height - self.left_out

    def to_json(self) -> dict[str, int]:
        """The numbers of a run's record."""
        names = (
            "files",
            "conversations",
            "turns",
            "scored",
            "scored_turns",
            "replaced",
            "mixed",
            "assumed",
            "left_out",
        )
        return {name: getattr(self, name) for name in names} | {"rejects": self.failed}

    def all_rejects(self) -> pl.DataFrame:
        """What could not be read, each said once."""
        return pl.concat(self.rejects).unique(REJECTS.key, maintain_order=True).sort(REJECTS.key)


def scan(  # noqa: PLR0913 - one keyword per choice of the caller's
    sources: Sequence[Path],
    *,
    store: str | Path,
    reports: Path,
    config: Config | None = None,
    model: Path | None = None,
    engine: Engine | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
    told: Told | None = None,
) -> ScanResult:
    """Reads the sources, scores what the store does not hold yet, and writes the report of all that it holds.

    Broken input becomes rejects; the rest is scored. Repeating a scan scores nothing and changes nothing. Raises
    UsageError for paths that are not there, and ModelError, StoreError and OutputError as their stages do.
    """
    config = config or Config()
    held = Store.open(store)
    with runs.recorded(held, config, told=told) as record:
        result = _scan(
            sources, held, reports, config, record,
            model=model, engine=engine, since=since, until=until,
        )  # fmt: skip
        record.ends_with(result.exit_code)
    return result


def _scan(  # noqa: PLR0913 - as `scan`
    sources: Sequence[Path],
    held: Store,
    reports: Path,
    config: Config,
    record: runs.Record,
    *,
    model: Path | None,
    engine: Engine | None,
    since: datetime | None,
    until: datetime | None,
) -> ScanResult:
    bundle = model or bundles.default_path()
    record.model, errors = bundles.fingerprint(bundle), quantify.load(bundle)
    parts = prepare.parts(sources, config)
    first = next(parts)  # what is wrong with paths or settings is told before the store is touched
    with held.writing(), ExitStack() as opened:
        record.begin()

        def judged(fresh: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
            if not caches:
                caches.append(opened.enter_context(Cache.open(_cache_folder(held))))
            return judge(fresh, model, config, engine=engine, cache=caches[0], told=_reached(fresh))

        caches: list[Cache] = []  # opened when there is something to score
        seen = _score_new(chain([first], parts), held, judged, version=(record.model, config.fingerprint()))
        rejects = seen.all_rejects()
        record.counted(seen.to_json(), rejects, seen.formats)
        with stages.stage(stages.STORING):
            held.set_rejects(rejects)
            held.set_error_rates(quantify.to_frame(errors, record.model), model=record.model)
    with stages.stage(stages.REPORTING):
        front_page, stored = write_report(held, reports, config, since=since, until=until)
    return ScanResult(
        files=seen.files,
        conversations=held.known().height,
        scored=seen.scored,
        replaced=seen.replaced,
        reported=stored.conversations.height,
        turns=stored.turns.height,
        agents=stored.turns["agent_id"].drop_nulls().n_unique(),
        rejects=seen.failed,
        left_out=seen.left_out,
        mixed=seen.mixed,
        assumed=seen.assumed,
        unlisted=first.roster.unlisted(stored.turns["agent_id"].drop_nulls()),
        seconds=record.seconds,
        model=record.model,
        settings=config.fingerprint(),
        run_id=record.run_id,
        stages=dict(record.stages.seconds),
        front_page=front_page,
        rejected=rejects,
    )


def _score_new(
    parts: Iterable[prepare.Prepared],
    held: Store,
    judged: Callable[[pl.DataFrame], tuple[pl.DataFrame, pl.DataFrame]],
    *,
    version: tuple[str, str],
) -> _Seen:
    """Scores and stores what the store does not hold in this version (model, settings); gives what was seen."""
    known, seen = held.known(), _Seen()
    for prepared in parts:
        with stages.stage(stages.STORING):
            turns = nights.go_on(prepared.turns, held.turns_of(changed(prepared.turns, known)))
            conversations = conversations_of(turns, model=version[0], settings=version[1])
        new = conversations.join(known, on=VERSION, how="anti").sort("conversation_id")
        stages.expect(stages.SCORING, int(new["n_turns"].sum()))
        for part in new.iter_slices(CONVERSATIONS_PER_COMMIT):
            fresh = turns.join(part, on="conversation_id", how="semi", maintain_order="left")
            with stages.stage(stages.SCORING):
                scores, labels = judged(fresh)
            with stages.stage(stages.STORING):
                held.add(part, fresh, scores, labels)
        seen.add(prepared, conversations, new, known)
    return seen


def judge(
    turns: pl.DataFrame,
    model: Path | None,
    config: Config,
    *,
    engine: Engine | None = None,
    cache: Cache | None = None,
    told: Told | None = None,
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The scores of the turns' segments, and the turns' labels."""
    segments = segment.split(turns, config.segment)
    done = [0]

    def tell(more: int) -> None:
        done[0] += more
        if told is not None:
            told("scoring", done[0], segments.height)

    scores = score.score(segments, model, config.score, engine=engine, cache=cache, told=tell)
    if done[0] < segments.height:
        tell(segments.height - done[0])  # those that were known, and those that repeat others
    return scores, score.label_turns(turns, scores, hardship.tells(turns))


def _left_out(rejects: pl.DataFrame) -> int:
    return rejects.filter(pl.col("error") == NoticeError.__name__).height


def changed(turns: pl.DataFrame, known: pl.DataFrame) -> pl.Series:
    """The ids of conversations that the store holds with other content."""
    seen = turns.join(known, on="conversation_id", how="semi")  # what is new needs no hash here
    found = content_hash(seen).join(known, on="conversation_id", suffix="_stored")
    return found.filter(pl.col("content") != pl.col("content_stored"))["conversation_id"]


def _cache_folder(held: Store) -> Path | None:
    """Scores are cached beside a local store; an object store has no such folder."""
    return None if "://" in held.root else Path(held.root) / "_cache"


def _reached(fresh: pl.DataFrame) -> Told:
    """Tells the stage how many of these turns are scored, from how many of their segments are."""
    told = [0]

    def tell(_: str, done: int, total: int) -> None:
        turns = fresh.height * done // max(total, 1)
        stages.advance(stages.SCORING, turns - told[0])
        told[0] = turns

    return tell

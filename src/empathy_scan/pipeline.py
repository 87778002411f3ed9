"""The whole flow as one function: `scan` reads, scores, stores and reports; what is known already is left alone."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, fields
from datetime import UTC, datetime
from itertools import chain
from pathlib import Path
from typing import Any

import polars as pl

from empathy_scan import __version__, hardship, nights, prepare, quantify, score, segment
from empathy_scan.cache import Cache
from empathy_scan.config import Config
from empathy_scan.engine import Engine
from empathy_scan.errors import NoticeError
from empathy_scan.model import bundle as bundles
from empathy_scan.rebuild import write_report
from empathy_scan.store import VERSION, Store, content_hash, conversations_of
from empathy_scan.tables import REJECTS, RUNS

CONVERSATIONS_PER_COMMIT = 1000  # what a killed run loses at most, and what memory holds scores of
Told = Callable[[str, int, int], None]  # stage, done, of how many


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
    front_page: Path
    rejected: pl.DataFrame  # REJECTS: where, why and what to do

    def to_json(self) -> dict[str, Any]:
        """All numbers by name, ready for a scheduler."""
        numbers = {each.name: getattr(self, each.name) for each in fields(self) if each.name != "rejected"}
        return {**numbers, "front_page": str(self.front_page), "seconds": round(self.seconds, 2)}


@dataclass(slots=True)
class _Seen:
    """What a run has seen so far, over all parts of the input."""

    files: int = 0
    conversations: int = 0
    turns: int = 0
    scored: int = 0
    replaced: int = 0
    mixed: int = 0
    assumed: int = 0
    contents: list[str] = field(default_factory=list)  # a hash per part
    rejects: list[pl.DataFrame] = field(default_factory=list)

    def add(
        self, prepared: prepare.Prepared, conversations: pl.DataFrame, new: pl.DataFrame, known: pl.DataFrame
    ) -> None:
        """Count a part."""
        self.files += prepared.files
        self.conversations += conversations.height
        self.turns += prepared.turns.height
        self.scored += new.height
        self.replaced += new.join(known, on="conversation_id", how="semi").height
        self.mixed += prepared.mixed
        self.assumed += prepared.assumed
        self.contents.append(str(conversations.sort("conversation_id")["content"].str.join("").item()))
        self.rejects.append(prepared.rejects)

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
    config, started = config or Config(), time.monotonic()
    bundle = model or bundles.default_path()
    fingerprint, errors = bundles.fingerprint(bundle), quantify.load(bundle)
    held = Store.open(store)
    held.exists()  # a store that cannot be used fails now, not after the reading
    parts = prepare.parts(sources, config)
    first = next(parts)  # what is wrong with paths or settings is told before the store is touched
    with held.writing(), ExitStack() as opened:

        def judged(fresh: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
            if not caches:
                caches.append(opened.enter_context(Cache.open(_cache_folder(store))))
            return judge(fresh, model, config, engine=engine, cache=caches[0], told=told)

        caches: list[Cache] = []  # opened when there is something to score
        seen = _score_new(chain([first], parts), held, judged, version=(fingerprint, config.fingerprint()))
        rejects = seen.all_rejects()
        if seen.scored:
            held.add_run(_run(fingerprint, config, seen, rejects, time.monotonic() - started))
        held.set_rejects(rejects)
        held.set_error_rates(quantify.to_frame(errors, fingerprint), model=fingerprint)
    front_page, stored = write_report(held, reports, config, since=since, until=until)
    return ScanResult(
        files=seen.files,
        conversations=held.known().height,
        scored=seen.scored,
        replaced=seen.replaced,
        reported=stored.conversations.height,
        turns=stored.turns.height,
        agents=stored.turns["agent_id"].drop_nulls().n_unique(),
        rejects=rejects.height - _left_out(rejects),
        left_out=_left_out(rejects),
        mixed=seen.mixed,
        assumed=seen.assumed,
        unlisted=first.roster.unlisted(stored.turns["agent_id"].drop_nulls()),
        seconds=time.monotonic() - started,
        model=fingerprint,
        settings=config.fingerprint(),
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
        turns = nights.go_on(prepared.turns, held.turns_of(_changed(prepared.turns, known)))
        conversations = conversations_of(turns, model=version[0], settings=version[1])
        new = conversations.join(known, on=VERSION, how="anti").sort("conversation_id")
        for part in new.iter_slices(CONVERSATIONS_PER_COMMIT):
            fresh = turns.join(part, on="conversation_id", how="semi", maintain_order="left")
            held.add(part, fresh, *judged(fresh))
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


def _changed(turns: pl.DataFrame, known: pl.DataFrame) -> pl.Series:
    """The ids of conversations that the store holds with other content."""
    seen = turns.join(known, on="conversation_id", how="semi")  # what is new needs no hash here
    found = content_hash(seen).join(known, on="conversation_id", suffix="_stored")
    return found.filter(pl.col("content") != pl.col("content_stored"))["conversation_id"]


def _cache_folder(store: str | Path) -> Path | None:
    """Scores are cached beside a local store; an object store has no such folder."""
    return None if "://" in str(store) else Path(store) / "_cache"


def _run(model: str, config: Config, seen: _Seen, rejects: pl.DataFrame, seconds: float) -> pl.DataFrame:
    """One row of RUNS."""
    now = datetime.now(UTC)
    content = hashlib.sha256("".join(seen.contents).encode()).hexdigest()[:6]
    run = {
        "run_id": f"{now:%Y%m%dT%H%M%S.%f}-{content}",
        "version": __version__, "model": model, "settings": config.fingerprint(), "conversations": seen.conversations,
        "scored": seen.scored, "turns": seen.turns, "rejects": rejects.height, "seconds": seconds, "started_at": now,
    }  # fmt: skip
    return pl.DataFrame([run], schema=dict(RUNS.columns))

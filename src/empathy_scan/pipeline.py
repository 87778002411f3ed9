"""The whole flow as one function: `scan` reads, scores, stores and reports; what is known already is left alone."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass, field, fields
from datetime import datetime
from functools import partial
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl

from empathy_scan import (
    __version__,
    forgetting,
    ledger,
    nights,
    notebook,
    own,
    own_codebook,
    prepare,
    quantify,
    readers,
    roster,
    runs,
    speaker_list,
    stages,
    tombstones,
)
from empathy_scan.ahead import after, ahead
from empathy_scan.candidates import CandidateStore, differs
from empathy_scan.config import Config
from empathy_scan.errors import NoticeError
from empathy_scan.facts import parsed
from empathy_scan.judging import Judge
from empathy_scan.model import files as bundles
from empathy_scan.readers import files, gather
from empathy_scan.stages import Told
from empathy_scan.store import REPORTS, Store
from empathy_scan.tables import REJECTS
from empathy_scan.versions import VERSION, content_hash, conversations_of

if TYPE_CHECKING:
    from empathy_scan.engine import Engine

CONVERSATIONS_PER_COMMIT = 1000  # what a killed run loses at most, and what memory holds scores of
Judged = Callable[[pl.DataFrame], tuple[pl.DataFrame, pl.DataFrame]]
_FOLDERS = ("agents", "assets", "conversations", "data")  # of a report


@dataclass(frozen=True, slots=True)
class ScanResult:
    """What a scan did, in numbers, and where the report's front page is."""

    files: int  # that were found
    known: int  # of them, not opened: an earlier run has read them
    waiting: int  # of them, left for the next run: they are still being written
    conversations: int  # in the store now
    scored: int  # of them, in this run
    replaced: int  # of those, in the place of an older version: the file changed, or another conversation has its id
    rescored: int  # all that was stored, where another model took over: `on_new_model`
    reported: int  # of them, in the report: fewer with `since` or `until`
    turns: int  # in the report
    agents: int  # in the report
    rejects: int  # files and parts that could not be read
    left_out: int  # rightly: copies, and files that hold no transcript
    mixed: int  # conversations read in this run with turns in other languages, which are left out
    assumed: int  # conversations read in this run that say too little to tell their language
    removed: int  # conversations that were deleted, as they are older than the settings allow
    forgotten: int  # conversations read in this run that were left out: forgotten before, or older than allowed
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
        something = self.conversations or self.removed or self.forgotten
        return 1 if not something else 3 if self.rejects else 0

    def _repr_html_(self) -> str:
        """What a notebook shows."""
        return notebook.facts("Scan", self.to_json())

    def to_json(self) -> dict[str, Any]:
        """All numbers by name, ready for a scheduler."""
        numbers = {each.name: getattr(self, each.name) for each in fields(self) if each.name != "rejected"}
        stages = {name: round(seconds, 2) for name, seconds in self.stages.items()}
        plain = {"front_page": str(self.front_page), "seconds": round(self.seconds, 2), "stages": stages}
        return {**numbers, **plain, "exit_code": self.exit_code}


@dataclass(slots=True)
class Seen:
    """What a run has seen so far, over all parts of the input."""

    conversations: int = 0
    turns: int = 0
    scored: int = 0
    replaced: int = 0
    scored_turns: int = 0
    mixed: int = 0
    assumed: int = 0
    forgotten: int = 0
    formats: Counter[str] = field(default_factory=Counter)  # conversations by reader
    rejects: list[pl.DataFrame] = field(default_factory=list)
    late: dict[str, files.Found] = field(default_factory=dict)  # files that changed while they were read
    domains: frozenset[str] = frozenset()

    def add(
        self, prepared: prepare.Prepared, conversations: pl.DataFrame, new: pl.DataFrame, known: pl.DataFrame
    ) -> None:
        """Count a part."""
        self.conversations += conversations.height
        self.turns += prepared.turns.height
        self.scored += new.height
        self.replaced += new.join(known, on="conversation_id", how="semi").height
        self.mixed += prepared.mixed
        self.assumed += prepared.assumed
        self.forgotten += prepared.forgotten
        self.scored_turns += int(new["n_turns"].sum())
        self.formats.update(conversations["format"])

    def to_json(self) -> dict[str, int]:
        """The numbers of a run's record."""
        names = ("conversations", "turns", "scored", "scored_turns", "replaced", "mixed", "assumed", "forgotten")
        return {name: getattr(self, name) for name in names}


@dataclass(frozen=True, slots=True)
class _Made:
    """What a report shows, in numbers; remembered, so that it need not be made again where nothing has changed."""

    front_page: Path
    reported: int
    turns: int
    agents: int
    unlisted: list[str]


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
    again: bool = False,
    retry: bool = False,
    told: Told | None = None,
) -> ScanResult:
    """Reads what is new in the sources, scores what the store does not hold yet, and writes the report.

    Files that an earlier run has read are not opened, unless `again`; `retry` opens those of which something was
    rejected. Broken input becomes rejects; the rest is scored. Repeating a scan scores nothing and changes nothing.
    Raises UsageError for paths that are not there, and ModelError, StoreError and OutputError as their stages do.
    """
    config = config or Config()
    held = CandidateStore(store)
    with runs.recorded(held, config, told=told) as record:
        result = _scan(
            sources, held, reports, config, record,
            model=model, engine=engine, since=since, until=until, again=again, retry=retry,
        )  # fmt: skip
        record.ends_with(result.exit_code)
    return result


def _scan(  # noqa: PLR0913 - as `scan`
    sources: Sequence[Path],
    held: CandidateStore,
    reports: Path,
    config: Config,
    record: runs.Record,
    *,
    model: Path | None,
    engine: Engine | None,
    since: datetime | None,
    until: datetime | None,
    again: bool,
    retry: bool,
) -> ScanResult:
    bundle = model or bundles.default_path()
    record.model, errors = bundles.fingerprint(bundle), quantify.load(bundle)
    readers.check(config.read)
    with stages.stage(stages.LISTING):
        found = readers.find(sources)
    listed = roster.load(config.roles.roster)
    own_codebook.load(config.labels.codebook)
    speaker_list.load(config.roles.speakers)  # what is wrong with it is told before the store is touched
    with held.writing(), ExitStack() as opened:
        record.begin()
        rescored = _moved_along(held, config, bundle, record, reports, engine)

        judged = Judge(held, model, config, engine, opened)
        removed = forgetting.expire(held, config.store.keep_days, queue=config.review.folder(held.root))
        gate = tombstones.gate(held, keep_days=config.store.keep_days)
        night = _Night(held, config, record.model, judged, gate)
        plan, seen, rejects = night.read(found, again=again, retry=retry)
        counts = {"files": len(found), "removed": removed} | _counted(plan, seen, rejects)
        record.arithmetic = arithmetic() if seen.scored else ""
        record.counted({**seen.to_json(), **counts}, rejects, seen.formats)
        with stages.stage(stages.STORING):
            held.set_error_rates(quantify.to_frame(errors, record.model), model=record.model)
            held.tidy_if_scattered(strays=runs.left_strays(held, record.run_id))
    with stages.stage(stages.SCORING):
        own.nightly(held, config, bundle)
    with stages.stage(stages.REPORTING):
        made = _reported(held, reports, config, listed, since=since, until=until)
        _forget_reports(held, reports, config, removed)
    return ScanResult(
        **counts,
        **{name: getattr(seen, name) for name in ("scored", "replaced", "mixed", "assumed", "forgotten")},
        **{name: getattr(made, name) for name in ("reported", "turns", "agents", "unlisted", "front_page")},
        conversations=held.count(),
        rescored=rescored,
        seconds=record.seconds,
        model=record.model,
        settings=config.fingerprint(),
        run_id=record.run_id,
        stages=dict(record.stages.seconds),
        rejected=rejects,
    )


def _counted(plan: ledger.Plan, seen: Seen, rejects: pl.DataFrame) -> dict[str, Any]:
    """What became of the files."""
    left_out = count_left_out(rejects)
    return {
        "known": plan.known, "waiting": plan.waiting + len(seen.late), "rejects": rejects.height - left_out,
        "left_out": left_out,
    }  # fmt: skip


def _forget_reports(held: Store, reports: Path, config: Config, removed: int) -> None:
    """Leave nothing of what was forgotten in reports, in pages of `rescore` and `fairness`, and in what a kill left."""
    unfinished = forgetting.is_unfinished(held)
    if not (removed or unfinished):
        return
    from empathy_scan import erasure, report  # noqa: PLC0415 - most nights forget nothing

    if removed:
        report.forget_rescored(reports)
        report.forget_fairness(reports)
    if unfinished:
        erasure.renew_reports(held, reports, config, but=[str(reports.absolute())])


def _moved_along(
    held: CandidateStore, config: Config, bundle: Path, record: runs.Record, reports: Path, engine: Engine | None
) -> int:
    """How many stored conversations were rescored because another model scored them; 0 where the same did.

    Raises OtherModelError where the settings do not want that.
    """
    if not differs(held, config, record.model):
        return 0
    from empathy_scan import rescoring  # noqa: PLC0415 - most nights need none of it

    found = rescoring.move_along(held, config, bundle, record, engine)
    rescoring.write_page(found, reports, config)
    return found.conversations


@dataclass(frozen=True, slots=True)
class _Night:
    """What the reading of a run needs: where it goes, by which settings and model, and who judges."""

    held: Store
    config: Config
    model: str  # fingerprint
    judged: Judged
    gate: tombstones.Gate

    def read(self, found: Sequence[files.Found], *, again: bool, retry: bool) -> tuple[ledger.Plan, Seen, pl.DataFrame]:
        """Read, score and store what is new; gives what was planned and seen, and all that is rejected now."""
        before = self.held.read_rejects()
        reading = reading_of(self.config)
        failed = before.filter(pl.col("error") != NoticeError.__name__)["source"]
        files_before = self.held.files()
        planned = partial(ledger.plan, found, files_before, reading=reading, config=self.config.read)
        with stages.stage(stages.LISTING):
            plan = planned(again=again, retry={*map(ledger.file_of, failed)} if retry else ())
        parts = self._parts(plan)
        first = list(islice(parts, 1))
        if first and first[0].domains and not plan.domains and plan.known:
            # Mails of earlier nights, too, are understood otherwise now that the agents' domain is known.
            plan = planned(again=True)
            parts = self._parts(plan)
            first = list(islice(parts, 1))
        self.held.add_files(ledger.begun(files_before, plan))
        seen = self._score_new(after(first, parts), plan)
        rejects = rejects_now(plan, seen, before)
        read = [each for each in plan.read if each.source not in seen.late]
        with stages.stage(stages.STORING):
            self.held.set_rejects(rejects)
            domains = plan.domains or seen.domains
            self.held.add_files(ledger.entries(plan, read, rejects, reading=reading, domains=domains))
        return plan, seen, rejects

    def _parts(self, plan: ledger.Plan) -> Iterator[prepare.Prepared]:
        """What is to be read, prepared; nothing where there is nothing new."""
        if plan.read:
            readings = readers.of_files(plan.read, self.config.read, plan.opener)
            made = ahead(prepare.of_readings(readings, self.config, plan.domains))
            yield from map(partial(tombstones.admitted, gate=self.gate), made)

    def _score_new(self, parts: Iterator[prepare.Prepared], plan: ledger.Plan) -> Seen:
        """Scores and stores what the store does not hold in this version; gives what was seen."""
        seen = Seen()
        by_source = {each.source: each for each in plan.read}
        for prepared in parts:
            self._score_part(prepared, plan, seen, by_source)
            del prepared  # a part is large: while the next is awaited nobody keeps this one
        seen.late.update((each.source, each) for each in ledger.changed_since(plan, plan.read))
        return seen

    def _score_part(
        self, prepared: prepare.Prepared, plan: ledger.Plan, seen: Seen, by_source: dict[str, files.Found]
    ) -> None:
        """Scores and stores what of a part the store does not hold in this version, and counts it."""
        with stages.stage(stages.STORING):
            known = self.held.known(prepared.turns["conversation_id"])
            whole, told = _whole(prepared, known, plan, seen, by_source)
            made_with = {"model": self.model, "settings": self.config.fingerprint()}
            whole, known = by_old_names(whole, known, plan, self.held, **made_with)
            turns = nights.go_on(whole, self.held.turns_of(changed(whole, known)))
            conversations = conversations_of(turns, **made_with)
        new = conversations.join(known, on=VERSION, how="anti").sort("started_at", "conversation_id")
        stages.expect(stages.SCORING, int(new["n_turns"].sum()))
        for part in new.iter_slices(CONVERSATIONS_PER_COMMIT):
            fresh = turns.join(part, on="conversation_id", how="semi", maintain_order="left")
            with stages.stage(stages.SCORING):
                scores, labels = self.judged(fresh)
            with stages.stage(stages.STORING):
                self.held.add(part, fresh, scores, labels)
        tombstones.keep_people(self.held, prepared.people, conversations)
        seen.add(prepared, conversations, new, known)
        seen.rejects.append(told)
        seen.domains = prepared.domains


def by_old_names(
    turns: pl.DataFrame, known: pl.DataFrame, plan: ledger.Plan, held: Store, *, model: str, settings: str
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The turns, and what is known of their conversations: those whose file was moved as the store calls them."""
    strange = turns.join(known, on="conversation_id", how="anti", maintain_order="left")
    new = nights.named_after_file(conversations_of(strange, model=model, settings=settings))
    stored = nights.named_after_file(held.saying(new["content"]))
    there = {*plan.seen["source"], *ledger.elsewhere(plan, stored["source"])}
    gone = stored.filter(~_file("source").is_in(list(there)))
    names = nights.old_names(new, gone)
    if names.is_empty():
        return turns, known
    return nights.renamed(turns, names), pl.concat([known, held.known(names["old_id"])])


def _whole(
    prepared: prepare.Prepared,
    known: pl.DataFrame,
    plan: ledger.Plan,
    seen: Seen,
    by_source: dict[str, files.Found],
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Turns and rejects of a part without what is not to count now.

    Neither conversations of files that have changed while they were read, nor known ones that were read only for what
    they tell of the roles in others.
    """
    turns = prepared.turns.with_columns(file=_file("source"))
    read = [by_source[name] for name in turns["file"].unique() if name in by_source]
    seen.late.update((each.source, each) for each in ledger.changed_since(plan, read))
    aside = pl.col("file").is_in(list(seen.late))
    if plan.context:
        settled = pl.col("conversation_id").is_in(known["conversation_id"].implode())
        aside |= (pl.col("file").is_in(list(plan.context)) & settled).all().over("conversation_id")
    left = turns.filter(aside).select("conversation_id").unique()
    kept = turns.drop("file").join(left, on="conversation_id", how="anti", maintain_order="left")
    return kept, prepared.rejects


def rejects_now(plan: ledger.Plan, seen: Seen, before: pl.DataFrame) -> pl.DataFrame:
    """All that is rejected now: in what was read, of what is not opened, and of earlier runs in files that are there.

    What a file was rejected for is forgotten when it is read again, and when it is gone.
    """
    told = [*plan.told, *(gather.Problem(source, files.still_written("it grows")) for source in seen.late)]
    anew = {each.source for each in plan.read}
    silent = {*seen.late, *(each.source for each in plan.told)}
    fresh = pl.concat([REJECTS.empty(), *seen.rejects]).filter(~_file("source").is_in(list(seen.late)))
    here = before.join(plan.seen.select(file="source"), left_on=_file("source"), right_on="file", how="semi")
    there = ({*map(ledger.file_of, here["source"])} | ledger.elsewhere(plan, before["source"])) - anew - silent
    old = before.filter(_file("source").is_in(list(there)))
    rows = pl.concat([fresh, gather.rejects_frame(told), old])
    return rows.unique(REJECTS.key, keep="first", maintain_order=True).sort(REJECTS.key)


def _file(column: str) -> pl.Expr:
    """As `ledger.file_of`."""
    return pl.col(column).str.split("!/").list.first()


def reading_of(config: Config) -> str:
    """A fingerprint of all that shapes what becomes of a file; another model is for history as a whole (rescoring)."""
    lists = [Path(path).read_bytes() if path else b"" for path in (config.roles.roster, config.roles.speakers)]
    parts = [__version__, config.fingerprint(), *(hashlib.sha256(each).hexdigest() for each in lists)]
    return hashlib.sha256(" ".join(parts).encode()).hexdigest()[:16]


def _reported(
    held: Store,
    reports: Path,
    config: Config,
    listed: roster.Roster,
    *,
    since: datetime | None,
    until: datetime | None,
) -> _Made:
    """The report, made again only where it would be another one."""
    where = str(reports.absolute())
    parts = [asdict(part) for part in (config.summary, config.report, config.roles, config.review)]
    shaping = json.dumps([*parts, _reviewed(held, config), own.stamp(held, config)], sort_keys=True)
    told = hashlib.sha256(Path(config.roles.roster).read_bytes()).hexdigest() if config.roles.roster else ""
    stamp = f"{__version__} {held.state()} {shaping} {told} {since} {until}"
    remembered = held.recall(REPORTS)
    made = _from_json(reports, remembered.get(where, ""), stamp)
    if made is not None:
        return made
    from empathy_scan.rebuild import write_report  # noqa: PLC0415 - a night with nothing new does without

    front_page, stored = write_report(held, reports, config, since=since, until=until)
    agents = stored.turns["agent_id"].drop_nulls()
    made = _Made(
        front_page, stored.conversations.height, stored.turns.height, agents.n_unique(), listed.unlisted(agents)
    )
    period = {name: day.isoformat() if day else "" for name, day in (("since", since), ("until", until))}
    facts = {**asdict(made), **period, "front_page": "", "stamp": _digest(stamp), "page": _pages(reports)}
    held.remember(REPORTS, {**remembered, where: json.dumps(facts)})
    return made


def _reviewed(held: Store, config: Config) -> list[tuple[str, int]]:
    """What changes whenever somebody reviews turns: the files of the review queue and their sizes."""
    folder = config.review.folder(held.root)
    return [(path.name, path.stat().st_size) for path in sorted(folder.glob("*/*.jsonl"))] if folder else []


def _from_json(reports: Path, text: str, stamp: str) -> _Made | None:
    """The report that is there, if it is the one of that stamp and nobody has written another in its place."""
    told = parsed(text)
    if told.get("stamp") != _digest(stamp) or told.get("page") != _pages(reports):
        return None
    return _Made(reports / "index.html", told["reported"], told["turns"], told["agents"], told["unlisted"])


def _pages(reports: Path) -> str:
    """Size and time of the front page, number and size of all others; "" where there is none."""
    front = reports / "index.html"
    if not front.is_file():
        return ""
    others = [each for name in _FOLDERS for each in (reports / name).rglob("*") if each.is_file()]
    size = sum(each.stat().st_size for each in others)
    return f"{front.stat().st_size} {front.stat().st_mtime_ns} {len(others)} {size}"


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def arithmetic() -> str:
    """In which arithmetic this machine computes the model; workers on other machines choose their own."""
    from empathy_scan.model import paths  # noqa: PLC0415 - torch

    return paths.chosen().name


def count_left_out(rejects: pl.DataFrame) -> int:
    """How many of the rejects are left out rightly."""
    return rejects.filter(pl.col("error") == NoticeError.__name__).height


def changed(turns: pl.DataFrame, known: pl.DataFrame) -> pl.Series:
    """The ids of conversations that the store holds with other content."""
    seen = turns.join(known, on="conversation_id", how="semi")  # what is new needs no hash here
    found = content_hash(seen).join(known, on="conversation_id", suffix="_stored")
    return found.filter(pl.col("content") != pl.col("content_stored"))["conversation_id"]

"""Another model over all history: scored beside what counts, compared with it, and taken over once that is wanted.

A store's scores are of one model, over turns cut in one way. A scan with another model, or with other [segment]
settings, would leave archived conversations behind and make trends jump at the night of the change; so it ends with
OtherModelError, unless the settings say that history is to move along (`on_new_model = "rescore"`). The text of
every conversation lies redacted in the store, so no export is needed.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import AbstractContextManager, nullcontext
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl

from empathy_scan import (
    __version__,
    appeals,
    lock,
    months,
    quantify,
    rebuild,
    report,
    roster,
    runs,
    stages,
    summary,
    takeovers,
)
from empathy_scan.cache import Cache
from empathy_scan.candidates import CandidateStore, Scoring, demand_same, differs
from empathy_scan.codebook import CODEBOOK_VERSION
from empathy_scan.config import Config
from empathy_scan.errors import StoreError, UsageError
from empathy_scan.judging import cache_folder, judge, reached
from empathy_scan.mirror import UNKNOWN_AGENT
from empathy_scan.model import files as bundles
from empathy_scan.moves import CHANCES, Comparison, Standing, Tally
from empathy_scan.roster import Roster
from empathy_scan.stages import Told
from empathy_scan.store import RESCORE_LOCK
from empathy_scan.tables import LABELS, REJECTS

if TYPE_CHECKING:
    from empathy_scan.engine import Engine

CONVERSATIONS_PER_COMMIT = 1000  # what a killed run loses at most
CONVERSATIONS_AT_ONCE = 5000  # whose figures are made together
AROUND = timedelta(hours=48)  # conversations so near may belong to one shift
NOTHING, TRIED, ACCEPTED = "nothing to do", "tried", "accepted"
RESCORE = "rescore"
_PATIENCE = 24 * 3600.0  # seconds: a scan that is at work is waited for


@dataclass(frozen=True, slots=True)
class Rescored:
    """What a rescoring found and did."""

    state: str  # NOTHING, TRIED or ACCEPTED
    why: str  # nothing was to be done
    scoring: Scoring
    counting: tuple[str, ...]  # models whose scores count, or counted before this one was accepted
    conversations: int = 0
    scored: int = 0  # in this run; the others were scored before
    codebooks: tuple[str, str] = ("", "")  # that the scores which count were made by, and that of this model
    comparison: Comparison | None = None
    standing: Standing | None = None
    texts: dict[tuple[str, int], str] = field(default_factory=dict)  # of the examples; for people, never for a log
    names: dict[str, str] = field(default_factory=dict)  # of agents, from the roster
    command: str = "empathy-scan rescore"  # as the page repeats it, with the options that name the store

    def tried(self) -> report.Tried | None:
        """What the page of this rescoring is made of; None where nothing was compared."""
        if self.comparison is None or self.standing is None:
            return None
        return report.Tried(
            self.scoring.model, self.counting, self.state == ACCEPTED, self.codebooks, self.comparison,
            self.standing, self.texts, self.names, self.command,
        )  # fmt: skip

    def to_json(self) -> dict[str, Any]:
        """All figures by name, without a word of a transcript."""
        told: dict[str, Any] = {
            "state": self.state, "why": self.why or None, "model": self.scoring.model,
            "settings": self.scoring.settings, "from_models": list(self.counting),
            "conversations": self.conversations, "scored": self.scored,
        }  # fmt: skip
        if self.comparison is None or self.standing is None:
            return told
        compared = asdict(self.comparison)
        for row, each in zip(compared["agreements"], self.comparison.agreements, strict=True):
            row["turns"] = each.turns
        for row, moved in zip(compared["moves"], self.comparison.moves, strict=True):
            row["per"] = moved.scale
        standing = {
            "since": self.standing.since and self.standing.since.isoformat(),
            "bands": [{"agent_id": who, "old": a, "new": b} for who, (a, b) in self.standing.bands.items()],
            "stands_out": [
                {"agent_id": who, "measure": measure, "old": a, "new": b}
                for (who, measure), (a, b) in self.standing.stands_out.items()
            ],
        }
        return told | {"compared": compared, "standing": standing}


def rescore(
    store: str | Path,
    *,
    config: Config | None = None,
    model: Path | None = None,
    engine: Engine | None = None,
    accept: bool = False,
    told: Told | None = None,
) -> Rescored:
    """Scores all history with a model, beside what counts, and compares; with `accept` makes it what counts.

    What was scored already is not scored again, so a run that was killed goes on where it was, and a repeated one
    catches up with what came since. Scans go on meanwhile. Without `model` the one that is tried already is taken, else
    that of the settings. Raises ModelError before anything is written, StoreError where there is no store, and
    UsageError where another model is tried already.
    """
    config = config or Config()
    held = CandidateStore(store, wait_seconds=_PATIENCE)
    _demand_store(held)
    bundle = _chosen(held, config, model)
    _try_to_load(bundle)
    scoring = Scoring(bundles.fingerprint(bundle), config.fingerprint())
    listed = roster.load(config.roles.roster)
    with _alone(held):
        if why := _nothing_to_do(held, config, scoring):
            return Rescored(NOTHING, why, scoring, tuple({each.model for each in held.scorings()}))
        with runs.recorded(held, config, told=told, command=RESCORE) as record:
            record.model = scoring.model
            return _through(held, config, bundle, scoring, listed, record, engine=engine, accept=accept)


def drop(store: str | Path) -> str:
    """Deletes what there is of a model that is tried; its fingerprint, or "" where there is none."""
    held = CandidateStore(store)
    _demand_store(held)
    with _alone(held):
        scoring = held.candidate()
        held.drop_candidate()
        if scoring is not None and scoring.model not in {each.model for each in held.scorings()}:
            held.set_error_rates(quantify.to_frame(None, scoring.model), model=scoring.model)
    return scoring.model if scoring else ""


def move_along(
    held: CandidateStore, config: Config, bundle: Path, record: runs.Record, engine: Engine | None
) -> Rescored:
    """What a scan does first where another model made the store's scores: all of them move along with its own.

    Raises OtherModelError where the settings do not want that.
    """
    if config.scan.on_new_model != RESCORE:
        demand_same(held, config, record.model, bundle)
    scoring = Scoring(record.model, config.fingerprint())
    _nothing_to_do(held, config, scoring)
    listed = roster.load(config.roles.roster)
    return _through(held, config, bundle, scoring, listed, record, engine=engine, accept=True)


def write_page(found: Rescored, folder: Path, config: Config) -> Path | None:
    """The page of what moves, in a folder; None where nothing was compared. Raises OutputError."""
    tried = found.tried()
    if tried is None:
        return None
    provenance = {
        "version": __version__, "model": found.scoring.model, "settings": found.scoring.settings,
        "codebook": str(CODEBOOK_VERSION),
    }  # fmt: skip
    return report.write_rescored(folder, tried, config.report.title, provenance)


def _demand_store(held: CandidateStore) -> None:
    if not held.exists():
        raise StoreError(
            "there is no store", where=held.root, remedy="run empathy-scan scan first, or name it with --store"
        )


def _chosen(held: CandidateStore, config: Config, model: Path | None) -> Path:
    """The bundle that was named, else the one that is tried, else that of the settings, else the shipped one."""
    if model is not None:
        return model
    tried = held.candidate()
    if tried is not None and (path := held.candidate_path()):
        if (Path(path) / bundles.FACTS).is_file() and bundles.fingerprint(Path(path)) == tried.model:
            return Path(path)
        raise UsageError(
            f"the model that is tried, {tried.model}, lies no more in {path}", where=held.root,
            remedy="name its directory with --model, or discard its scores with --drop",
        )  # fmt: skip
    return Path(config.scan.model) if config.scan.model else bundles.default_path()


def _try_to_load(bundle: Path) -> None:
    """Raise ModelError for a bundle that is damaged or of another codebook."""
    from empathy_scan.model import bundle as loading  # noqa: PLC0415 - torch stays out of reports

    quantify.load(bundle)
    loading.load(bundle)


def _alone(held: CandidateStore) -> AbstractContextManager[None]:
    """One rescoring at a time on a local store; in an object store two do the same work, which does no harm."""
    if "://" in held.root:
        return nullcontext()
    return lock.exclusive(Path(held.root) / RESCORE_LOCK, wait_seconds=1.0)


def _nothing_to_do(held: CandidateStore, config: Config, scoring: Scoring) -> str:
    """Why there is nothing to be scored; "" where there is something. Raises UsageError if another model is tried."""
    tried = held.candidate()
    if not held.scorings():
        return "the store holds no conversation"
    if not differs(held, config, scoring.model):
        if tried is not None and tried in held.scorings():
            held.accept(tried)  # a run was killed while it cleared up
        return f"all scores in the store are of model {scoring.model} already"
    if tried not in {None, scoring}:
        raise UsageError(
            f"another model or other settings are tried already ({tried.model if tried else ''})", where=held.root,
            remedy="take them over with `rescore --accept`, or discard them with `rescore --drop`",
        )  # fmt: skip
    return ""


def _through(
    held: CandidateStore,
    config: Config,
    bundle: Path,
    scoring: Scoring,
    listed: Roster,
    record: runs.Record,
    *,
    engine: Engine | None,
    accept: bool,
) -> Rescored:
    """Score, compare and, if wanted, take over; the last of it while nobody else can write."""
    counting = tuple(sorted({each.model for each in held.scorings()}))
    before = _codebook(held)
    held.remember_candidate(str(bundle.absolute()))
    held.set_error_rates(quantify.to_frame(quantify.load(bundle), scoring.model), model=scoring.model)
    scored = _score(held, config, bundle, scoring, engine)
    with held.writing() if accept else nullcontext():
        scored += _score(held, config, bundle, scoring, engine)  # what came meanwhile
        with stages.stage(stages.REPORTING):
            comparison = compared(held, config, scoring, listed)
            standing = stood(held, config, scoring, listed)
            found = Rescored(
                ACCEPTED if accept else TRIED, "", scoring, counting, held.count(), scored,
                (before, str(CODEBOOK_VERSION)), comparison, standing, _texts(held, comparison), dict(listed.names),
            )  # fmt: skip
        record.counted({"conversations": found.conversations, "scored": scored}, REJECTS.empty(), {})
        if accept:
            record.announce(from_model=",".join(counting), moved=takeovers.moved(comparison, datetime.now(UTC)))
            with stages.stage(stages.STORING):
                held.accept(scoring)
    return found


def _score(held: CandidateStore, config: Config, bundle: Path, scoring: Scoring, engine: Engine | None) -> int:
    """Score what is not scored yet, month by month; gives how many conversations that were."""
    done = 0
    from empathy_scan.engine import LocalEngine  # noqa: PLC0415 - only scoring needs it

    with Cache.open(cache_folder(held)) as cache, (engine or LocalEngine()).lasting() as workers:
        for month in held.months():
            todo = held.outstanding(month, scoring)
            stages.expect(stages.SCORING, int(todo["n_turns"].sum()))
            for part in todo.iter_slices(CONVERSATIONS_PER_COMMIT):
                turns = held.turns_within(part)
                with stages.stage(stages.SCORING):
                    scores, labels = judge(turns, bundle, config, engine=workers, cache=cache, told=reached(turns))
                with stages.stage(stages.STORING):
                    held.add_beside(part, scoring, scores, labels)
                done += part.height
    return done


def _codebook(held: CandidateStore) -> str:
    """The version of the codebook that the latest scores were made by; "" where no run tells."""
    told = held.runs().filter(pl.col("versions").is_not_null(), pl.col("scored") > 0)["versions"]
    return str(json.loads(told[-1]).get("codebook", "")) if len(told) else ""


def compared(held: CandidateStore, config: Config, scoring: Scoring, listed: Roster) -> Comparison:
    """All history under both models, a month at a time."""
    tally, ruled = Tally(), appeals.standing(held, config)
    for month, own, around in _months(held, scoring, listed, ruled):
        tally.add_labels(*own)
        for ids, near in _slices(own[0], around):
            tally.add_figures(*near, ids)
        columns = ["conversation_id", "turn", "segment", *CHANCES]
        tally.add_examples(*own, *(held.chances_within(month, each, columns) for each in (None, scoring)))
    return tally.comparison(config.summary)


Pair = tuple[pl.DataFrame, pl.DataFrame]  # LABELS by the model that counts, and by the one that is tried


def _months(
    held: CandidateStore, scoring: Scoring, listed: Roster, ruled: appeals.Standing
) -> Iterator[tuple[str, Pair, Pair]]:
    """Each month's labels, with what was decided on appeals, and with those of the months around it."""

    def load(month: str) -> Pair:
        old, new = (roster.merge(ruled.labels(held.labels_within(month, each)), listed) for each in (None, scoring))
        return old, new

    names = held.months()
    before: Pair = (LABELS.empty(), LABELS.empty())
    own = load(names[0]) if names else before
    for month, following in zip(names, [*names[1:], ""], strict=True):
        after = load(following) if following else (LABELS.empty(), LABELS.empty())
        sides = list(zip(before, own, after, strict=True))
        yield month, own, (pl.concat(sides[0]), pl.concat(sides[1]))
        before, own = own, after


def _slices(own: pl.DataFrame, around: Pair) -> Iterator[tuple[pl.Series, Pair]]:
    """Some of a month's conversations at a time, with all that are near them in time."""
    began = own.group_by("conversation_id").agg(pl.col("started_at").first()).sort("started_at", "conversation_id")
    for part in began.iter_slices(CONVERSATIONS_AT_ONCE):
        ids, first, last = part["conversation_id"], part["started_at"].min(), part["started_at"].max()
        near = pl.col("conversation_id").is_in(ids.implode())
        if first is not None:
            span = pl.lit(AROUND)
            near |= pl.col("started_at").is_between(pl.lit(first) - span, pl.lit(last) + span).fill_null(value=False)
        yield ids, (around[0].filter(near), around[1].filter(near))


def stood(held: CandidateStore, config: Config, scoring: Scoring, listed: Roster) -> Standing:
    """Bands and who stands out in the report's period, where the two models differ."""
    since = rebuild.latest(held, config.report.weeks)
    names = [month for month in held.months() if months.within(since, None)(month)]
    ruled = appeals.standing(held, config)
    both = []
    for each in (None, scoring):
        labels = pl.concat([LABELS.empty(), *(held.labels_within(month, each) for month in names)])
        figures = summary.figures(
            roster.merge(ruled.labels(labels.filter(months.between(since, None))), listed),
            config.summary,
            teams=listed.teams,
        ).filter(pl.col("scope") == "agent", pl.col("agent_id") != UNKNOWN_AGENT)
        both.append((_bands(figures), _outstanding(figures)))
    (bands, out), (new_bands, new_out) = both
    return Standing(
        since,
        {
            who: (bands.get(who, ""), new_bands.get(who, ""))
            for who in sorted(bands.keys() | new_bands.keys())
            if bands.get(who) != new_bands.get(who)
        },
        {key: (key in out, key in new_out) for key in sorted(out ^ new_out)},
    )


def _bands(figures: pl.DataFrame) -> dict[str, str]:
    """The band of each agent whose empathy rate is known, in letters."""
    rows = figures.filter(pl.col("measure") == "empathy_rate", pl.col("value").is_not_null())
    spans = {who: (low, high) for who, low, high in rows.select("agent_id", "low", "high").iter_rows()}
    return {who: report.letters(first, last) for who, (first, last) in report.bands(spans).items()}


def _outstanding(figures: pl.DataFrame) -> set[tuple[str, str]]:
    """Agents and measures that stand out."""
    rows = figures.filter(pl.col("stands_out").fill_null(value=False))
    return {(who, measure) for who, measure in rows.select("agent_id", "measure").iter_rows()}


def _texts(held: CandidateStore, comparison: Comparison) -> dict[tuple[str, int], str]:
    """What was said in the turns that are shown."""
    ids = pl.Series([each.conversation_id for each in comparison.examples], dtype=pl.String).unique()
    turns = held.turns_of(ids).select("conversation_id", "turn", "text")
    wanted = {(each.conversation_id, each.turn) for each in comparison.examples}
    return {(name, turn): text for name, turn, text in turns.iter_rows() if (name, turn) in wanted}

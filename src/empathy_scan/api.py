"""The program from Python: what `import empathy_scan` gives (docs/python.md).

All that holds rows is a polars frame of `tables.py`; what may be large is loaded when it is asked for. Errors are those
of `errors.py`. Nothing is printed; a bar shows the course of a scan where somebody watches.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import ExitStack
from dataclasses import asdict, dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import polars as pl

from empathy_scan import appeals, dialogue, given, mirror, phrases, rebuild, roster, runs, summary, tables
from empathy_scan import config as settings
from empathy_scan.cli import progress as bars
from empathy_scan.codebook import ATTACK_NAMES, FLAG_NAMES
from empathy_scan.config import Config
from empathy_scan.dialogue import JudgedConversation
from empathy_scan.errors import EmpathyScanError, UsageError
from empathy_scan.given import Day, Place, Places, Turn
from empathy_scan.own import telling
from empathy_scan.pipeline import ScanResult
from empathy_scan.store import Store

__all__ = [
    "Config", "EmpathyScanError", "JudgedConversation", "Model", "Results", "ScanResult", "Scored",
    "load_config", "load_model", "measure", "open_store", "read", "scan", "write_report",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Scored:
    """Conversations with their scores: frames TURNS, SCORES, LABELS and REJECTS of `tables.py`."""

    turns: pl.DataFrame  # redacted
    scores: pl.DataFrame  # a row per segment: probabilities, decisions, the words that counted
    labels: pl.DataFrame  # a row per turn: what the measures are made of
    rejects: pl.DataFrame  # what could not be read: where, why and what to do
    config: Config = field(default_factory=Config, repr=False)

    def figures(self, *, config: Config | None = None) -> pl.DataFrame:
        """Every measure of every agent and of the team, with n and 95% interval: a FIGURES frame."""
        config = self.config if config is None else given.settings(config)
        said = phrases.found(phrases.of_scores(self.turns, self.scores))
        teams = roster.load(config.roles.roster).teams
        return summary.figures(self.labels, config.summary, teams=teams, sentences=said.sentences)

    def answers(self) -> pl.DataFrame:
        """A row per customer's turn with the answer that it got, and of which agent: an ANSWERS frame."""
        return mirror.answers(self.labels)

    def exchanges(self) -> pl.DataFrame:
        """A row per agent's turn with the customer's turn that it answers: an EXCHANGES frame."""
        return mirror.exchanges(self.labels)

    def __repr__(self) -> str:
        agents = self.turns["agent_id"].n_unique() - bool(self.turns["agent_id"].null_count())
        talks = self.turns["conversation_id"].n_unique()
        return f"<Scored: {talks:,} conversations, {self.turns.height:,} turns, {agents:,} agents>"


class Model:
    """A loaded classifier. Make it with `load_model`; one that is kept scores again without loading anything."""

    def __init__(self, path: Path | None, config: Config) -> None:
        from empathy_scan.score import Scorer  # noqa: PLC0415 - torch

        self._path, self._config = path, config
        self._scorer = Scorer.load(path, config.score)

    @property
    def fingerprint(self) -> str:
        """What tells this model from all others; every score names it."""
        return self._scorer.bundle.fingerprint

    def classify(self, turns: Turn | Iterable[Turn] | pl.DataFrame) -> pl.DataFrame:
        """Labels and probabilities of single turns, a row each, in their order.

        A turn is a text (then an agent says it) or `{"role", "text", "context": [{"role", "text"}, ...]}`, the context
        oldest first; of a frame, a row with these columns (`id` and `context` may be missing). The answer has the
        columns `id`, `role`, `tone`, `care_class`, `flags`, `kinds`, `unsure`, `model`, and `p_...` for every
        probability; null where a question is not asked of a role. Raises UsageError for what is no turn.
        """
        from empathy_scan import classify  # noqa: PLC0415 - torch

        rows = given.turns(turns)
        for number, row in enumerate(rows, 1):
            if fault := classify.faults(row):
                raise UsageError(f"turn {number} cannot be classified: {fault}", remedy="see docs/python.md")
        answers = classify.classify(rows, self._scorer, self._config)
        return pl.DataFrame([_flat(answer) for answer in answers], schema=_CLASSIFIED)

    def score(self, sources: Places) -> Scored:
        """The conversations of files or folders, read, redacted and scored; nothing is stored.

        For exports that fit into memory; `scan` is for the rest. Raises UsageError for a path that is not there.
        """
        from empathy_scan import judging, prepare  # noqa: PLC0415 - spaCy

        prepared = prepare.turns(given.places(sources), self._config)
        scores, labels = judging.judge(prepared.turns, self._path, self._config)
        return Scored(prepared.turns, scores, labels, prepared.rejects, self._config)

    def __repr__(self) -> str:
        return f"<Model {self.fingerprint}>"


@dataclass(frozen=True)
class Results:
    """A results store, opened for reading. Make it with `open_store`."""

    store: Store = field(repr=False)
    config: Config = field(default_factory=Config, repr=False)

    @cached_property
    def conversations(self) -> pl.DataFrame:
        """A row per conversation: id, channel, queue, start, versions."""
        return self.store.conversations()

    @cached_property
    def runs(self) -> pl.DataFrame:
        """A row per run, the newest first."""
        return pl.DataFrame(runs.listed(self.store), infer_schema_length=None)

    def load(self, *, since: Day = None, until: Day = None) -> Scored:
        """All conversations, or those that started in `since <= t < until` or tell no time; as appeals decided."""
        begin, end = given.period(since, until)
        held = self.store.load(since=begin, until=end)
        people, ruled = roster.load(self.config.roles.roster), appeals.standing(self.store, self.config)
        turns, labels = (roster.merge(frame, people) for frame in (held.turns, ruled.labels(held.labels)))
        return Scored(turns, ruled.scores(held.scores), labels, held.rejects, self.config)

    @property
    def appeals(self) -> pl.DataFrame:
        """A row per message against whose labels somebody appealed: state, when, what it was and what it counts as."""
        told = appeals.standing(self.store, self.config).told
        return pl.DataFrame([asdict(each) for each in told], schema=_APPEALED)

    @property
    def own_labels(self) -> pl.DataFrame:
        """A row per turn and label of the centre's own: `p`, whether it is `given`, what its head is good for.

        `verdict` is good or doubtful; of a head that is poor, or of another model, there are no rows.
        """
        told = telling.told(self.store, self.config, self.conversations)
        if told is None:
            return pl.DataFrame(schema=_OWN)
        worth = pl.DataFrame([(one.key, one.verdict) for one in told.labels if one.shown], schema=_WORTH, orient="row")
        rows = told.rows.join(worth, on="label", how="inner")
        return rows.select(*_OWN).sort("conversation_id", "turn", "label")

    def conversation(self, conversation_id: str) -> JudgedConversation:
        """One conversation as its page shows it; `.frame()` has a row per turn. Raises UsageError for an unknown id."""
        return dialogue.stored(self.store.root, given.key(conversation_id, "conversation_id"), self.config)

    def __repr__(self) -> str:
        return f"<Results: {self.store.count():,} conversations>"


def load_config(path: Place | None = None) -> Config:
    """The settings of a TOML file, or the usual ones. Raises ConfigError."""
    return settings.load(None if path is None else Path(given.place(path, "path")))


def load_model(path: Place | None = None, *, config: Config | None = None) -> Model:
    """The model in a folder; the shipped one by default. Raises ModelError for one that is missing or damaged."""
    return Model(None if path is None else Path(given.place(path, "path")), given.settings(config))


def open_store(path: Place, *, config: Config | None = None) -> Results:
    """The results of earlier scans, in a folder or at an address. Raises StoreError where there are none."""
    held = Store(given.place(path, "path"), read_only=True)
    held.conversations()
    return Results(held, given.settings(config))


def read(sources: Places, *, config: Config | None = None) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The redacted turns of files or folders with their roles (TURNS), and what could not be read (REJECTS).

    Raises UsageError for a path that is not there.
    """
    from empathy_scan import prepare  # noqa: PLC0415 - spaCy

    prepared = prepare.turns(given.places(sources), given.settings(config))
    return prepared.turns, prepared.rejects


def scan(
    sources: Places,
    *,
    store: Place,
    reports: Place,
    config: Config | None = None,
    model: Place | None = None,
    workers: int = 1,
    progress: bool = True,
) -> ScanResult:
    """Score what is new in the sources, keep it in the store, write the report; may be repeated.

    `progress`: a bar on a terminal. Broken input is in `rejected` of the result. Raises UsageError for a path that is
    not there, and ModelError, StoreError and OutputError.
    """
    from empathy_scan import engine, pipeline  # noqa: PLC0415 - slow to load

    paths, where, folder = given.places(sources), given.place(store, "store"), Path(given.place(reports, "reports"))
    bundle = None if model is None else Path(given.place(model, "model"))
    with ExitStack() as shown:
        told = shown.enter_context(bars.shown()) if progress else None
        return pipeline.scan(
            paths, store=where, reports=folder, config=given.settings(config), told=told, model=bundle,
            engine=engine.make("local", given.count(workers, "workers")),
        )  # fmt: skip


def write_report(
    store: Place, reports: Place, *, config: Config | None = None, since: Day = None, until: Day = None
) -> Path:
    """The report of what a store holds of a period; its front page. Needs no model. Raises StoreError, OutputError."""
    held, folder = Store(given.place(store, "store")), Path(given.place(reports, "reports"))
    begin, end = given.period(since, until)
    found, _ = rebuild.write_report(held, folder, given.settings(config), since=begin, until=end)
    rebuild.noted(held, folder, since=begin, until=end)
    return found


def measure(labels: pl.DataFrame, *, config: Config | None = None) -> pl.DataFrame:
    """Every measure of every agent and of the team, from labels of whatever source: a FIGURES frame.

    Types and further columns are those of `empathy-scan measure`. Raises MissingColumnError and MalformedInputError.
    """
    return summary.figures(given.labels(labels), given.settings(config).summary)


_TONES = ("civil", "strained", "hostile")
_CHANCES = {f"p_{name}": pl.Float64 for name in (*_TONES, *FLAG_NAMES, *ATTACK_NAMES)}
_CLASSIFIED = {
    "id": pl.String, "role": pl.String, "tone": pl.String, "care_class": pl.String, "flags": pl.String,
    "kinds": pl.String, "unsure": pl.Boolean, **_CHANCES, "model": pl.String,
}  # fmt: skip


_WORTH = {"label": pl.String, "verdict": pl.String}
_OWN = {name: kind for name, kind in tables.OWN_LABELS.columns.items() if name not in {"content", "head"}} | _WORTH
_APPEALED: dict[str, pl.DataType | type[pl.DataType]] = {
    "message": pl.String, "conversation_id": pl.String, "turn": pl.Int32, "agent_id": pl.String, "state": pl.String,
    "opened_at": tables.UTC_TIME, "decided_at": tables.UTC_TIME, "outcome": pl.String, "was": pl.String,
    "counts": pl.String, "applies": pl.Boolean,
}  # fmt: skip


def _flat(answer: Mapping[str, Any]) -> dict[str, Any]:
    """An answer of `classify` as a row."""
    chances = dict(zip(_TONES, answer["tone_probs"].values(), strict=True))
    chances |= answer.get("care", {}) | answer.get("attack", {})
    named = None if answer["id"] is None else str(answer["id"])
    return {**answer, "id": named, **{f"p_{name}": p for name, p in chances.items()}}

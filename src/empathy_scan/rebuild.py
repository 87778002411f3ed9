"""From the store to the report: what `scan` does last, and `report` alone, on a machine without a model."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable, Collection, Iterator
from dataclasses import asdict, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import polars as pl

from empathy_scan import (
    __version__,
    appeals,
    codebook,
    confounding_warning,
    groups,
    phrases,
    quantify,
    report,
    reviewing,
    roster,
    summary,
    takeovers,
    trends,
)
from empathy_scan.config import Config
from empathy_scan.errors import ModelError, StoreError
from empathy_scan.facts import parsed
from empathy_scan.model import files
from empathy_scan.own import telling
from empathy_scan.store import REPORTS, Store, Stored


def write_report(
    store: Store,
    reports: Path,
    config: Config,
    *,
    since: datetime | None = None,
    until: datetime | None = None,
    conversations: Collection[str] = (),
    told: Callable[[report.Written], None] | None = None,
    again: bool = False,
) -> tuple[Path, Stored]:
    """The report of what a store holds of a period; gives its front page and what was loaded.

    Without `since` and `until` the period is the latest weeks, as the settings have it.
    A roster gives agents one id each, names and teams, also in what was stored before it was there. `conversations` are
    the ids of those that get a page also where a large report has none of them, `told` hears what was written.
    With `again` it is the report in that folder, of which something was taken away.
    Rates are corrected where one model made all labels of the period and the store knows its errors. What appeals have
    decided counts instead of the model's labels.

    Raises StoreError where there is no store, UsageError for an id that is not in the report, OutputError where the
    report cannot be written.
    """
    listed = roster.load(config.roles.roster)
    since = since if since is not None or until is not None else latest(store, config.report.weeks)
    ruled = appeals.standing(store, config)
    stored = counting(store.load(since=since, until=until), listed, ruled)
    said = phrases.found(phrases.of_scores(stored.turns, stored.scores))
    weeks, changes = trends.both(stored.labels, config.summary, measures=report.WEEKLY, latest=report.WEEKS)
    front_page = report.write(
        reports,
        turns=stored.turns,
        scores=stored.scores,
        labels=stored.labels,
        figures=summary.figures(
            stored.labels,
            config.summary,
            _errors(stored),
            teams=listed.teams,
            sentences=said.sentences,
            groups=groups.of_conversations(stored.conversations, config.report.group_by),
            decided=ruled.decided,
        ),
        rejects=stored.rejects,
        phrases=said,
        weeks=weeks,
        changes=changes,
        people=report.People(listed.names, listed.teams, tuple(listed.unlisted(_agents(stored.turns)))),
        background=_background(store, stored, config, ruled.told),
        conversations=conversations,
        told=told,
        again=again,
        config=config.report,
        provenance=_provenance(stored),
    )
    return front_page, stored


def noted(store: Store, reports: Path, *, since: datetime | None = None, until: datetime | None = None) -> None:
    """Let the store remember a report and its period, so that what is forgotten is taken out of it, too."""
    where, known = str(reports.absolute()), store.recall(REPORTS)
    period = {name: day.isoformat() if day else "" for name, day in (("since", since), ("until", until))}
    told = parsed(known.get(where))
    if {name: told.get(name, "") for name in period} != period or where not in known:
        with contextlib.suppress(StoreError):  # a store that one may only read
            store.remember(REPORTS, {**known, where: json.dumps(period)})


def latest(store: Store, weeks: int) -> datetime | None:
    """The Monday with which the latest weeks of a store begin; None for 0, and where no conversation tells its time.

    A time that lies in the future is somebody's mistake and counts for nothing.
    """
    newest = store.newest(before=datetime.now(UTC) + timedelta(days=1)) if weeks else None
    if newest is None:
        return None
    monday = newest.replace(hour=0, minute=0, second=0, microsecond=0) - timedelta(days=newest.weekday())
    return monday - timedelta(weeks=weeks - 1)


def counting(loaded: Stored, listed: roster.Roster, ruled: appeals.Standing) -> Stored:
    """What was loaded, with the agents of the roster and what appeals have decided."""
    return replace(
        loaded, turns=roster.merge(loaded.turns, listed), labels=roster.merge(ruled.labels(loaded.labels), listed),
        scores=ruled.scores(loaded.scores),
    )  # fmt: skip


def _provenance(stored: Stored) -> dict[str, str]:
    """What stands at the foot of every page."""
    versions = stored.conversations.select("model", "settings").unique()
    told = {name: ", ".join(versions[name].unique().sort()) for name in ("model", "settings")}
    return {"version": __version__, **told, "codebook": str(codebook.CODEBOOK_VERSION)}


def _agents(turns: pl.DataFrame) -> Iterator[str]:
    """The agents who speak."""
    yield from turns["agent_id"].drop_nulls().unique()


def _errors(stored: Stored) -> quantify.ErrorRates | None:
    """The known errors of the one model that made the labels."""
    models = stored.conversations["model"].unique()
    return quantify.from_frame(stored.error_rates, models[0]) if len(models) == 1 else None


def _background(store: Store, stored: Stored, config: Config, told: tuple[report.Appealed, ...]) -> report.Background:
    """What the Method page tells of models, settings and known errors; errors only where one model made all labels."""
    models = tuple(_model(model) for model in stored.conversations["model"].unique().sort())
    shaping = {**asdict(config.summary), **asdict(config.report)}
    errors = stored.error_rates.filter(pl.col("model") == models[0].fingerprint) if len(models) == 1 else None
    return report.Background(
        models=models,
        settings=tuple((name.replace("_", " "), _told(value)) for name, value in shaping.items()),
        minimum_conversations=config.summary.minimum_conversations,
        error_rates=stored.error_rates.clear() if errors is None else errors,
        takeovers=takeovers.taken_over(store, [*stored.conversations["model"].unique()]),
        review=reviewing.told(store, config),
        appeals=told,
        confounded=confounding_warning.confounded(stored.labels, stored.conversations, config),
        own=telling.told(store, config, stored.conversations),
    )


def _told(value: object) -> str:
    return ", ".join(map(str, value)) or "none" if isinstance(value, list | tuple) else str(value)


def _model(fingerprint: str) -> report.Model:
    """What is known of a model: all of the one that ships, of another its fingerprint."""
    shipped = files.default_path()
    try:
        if files.fingerprint(shipped) != fingerprint:
            return report.Model(fingerprint)
    except ModelError:  # none ships with this program
        return report.Model(fingerprint)
    return report.Model(
        fingerprint, "the one that comes with empathy-scan", files.parameters(shipped), files.decisions(shipped)
    )

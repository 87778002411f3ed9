"""Forgetting as a run of its own: what would go, its removal from store, cache and reports, and the way back."""

from __future__ import annotations

import json
import logging
from collections.abc import Collection
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import polars as pl

from empathy_scan import forgetting, report, roster, runs, stages, tombstones
from empathy_scan.codebook import Role
from empathy_scan.config import Config
from empathy_scan.facts import parsed
from empathy_scan.forgetting import Wish
from empathy_scan.report import manifest
from empathy_scan.store import REPORTS, Store
from empathy_scan.tables import LABELS, REJECTS

_LOG = logging.getLogger(__name__)
_ID = "conversation_id"
_SHOWN = 20  # ids and agents that a plan names


@dataclass(frozen=True, slots=True)
class Plan:
    """What a forgetting would remove, in numbers that somebody can check before it is done."""

    conversations: int  # as a whole
    shared: int  # of which an agent's part would go
    turns: int  # of the conversations that would go as a whole
    months: dict[str, int]  # month -> conversations, of both kinds
    agents: dict[str, int]  # agent -> conversations, of both kinds
    known_by: dict[str, int]  # of a customer: address, phone or label -> conversations found by it
    undated: int  # conversations that tell no time and stay
    rejected: int  # rows of what could not be read that name one of the conversations
    unfinished: bool  # an earlier forgetting was killed, and would be completed
    reports: list[str]  # folders of reports that would be made again
    elsewhere: list[str]  # folders of reports that are not on this machine
    ids: list[str]  # the first of the conversations

    @property
    def is_nothing(self) -> bool:
        """Whether nothing would change."""
        return not (self.conversations or self.shared or self.rejected or self.unfinished)

    def to_json(self) -> dict[str, Any]:
        """All of it by name."""
        return {"dry_run": True, **asdict(self)}


@dataclass(frozen=True, slots=True)
class Erased:
    """What a forgetting has done."""

    conversations: int  # removed as a whole
    shared: int  # of which an agent's part was removed
    files: list[str]  # that these came from and that are still there: they still hold what was forgotten
    reports: list[str]  # made again
    elsewhere: list[str]  # folders of reports that are not on this machine
    run_id: str

    def to_json(self) -> dict[str, Any]:
        """All of it by name."""
        return {"dry_run": False, **asdict(self)}


def plan(store: Store, wish: Wish, config: Config, reports: Path) -> Plan:
    """What would go; nothing is removed. Raises StoreError where there is no store, UsageError for a wish of nobody."""
    found = forgetting.find(store, wish, roster.load(config.roles.roster))
    both = pl.concat([found.whole, found.shared])
    month = pl.col("started_at").dt.strftime("%Y-%m").fill_null("undated").alias("month")
    ids = pl.DataFrame({_ID: both[_ID]})
    spoke = store.rows(LABELS, _ID, "role", "agent_id", only=ids).filter(pl.col("role") == Role.AGENT)
    agents = spoke.group_by("agent_id").agg(n=pl.col(_ID).n_unique()).sort("n", "agent_id", descending=[True, False])
    folders = report_folders(store, reports, config)
    here = [where for where in folders if _is_report(Path(where))]
    return Plan(
        conversations=found.whole.height, shared=found.shared.height, turns=int(found.whole["n_turns"].sum()),
        months=dict(both.group_by(month).len().sort("month").iter_rows()),
        agents=dict(agents.head(_SHOWN).drop_nulls().iter_rows()), known_by=found.known_by, undated=found.undated,
        rejected=found.rejected,
        unfinished=forgetting.is_unfinished(store), reports=here,
        elsewhere=[where for where in folders if where not in here],
        ids=sorted(both[_ID])[:_SHOWN],
    )  # fmt: skip


def forget(store: Store, wish: Wish, config: Config, reports: Path) -> Erased:
    """Take what is meant out of store, cache and reports for good; a run with a record, of counts only.

    Killed anywhere it is completed by the same again, or by the next scan. Raises what `plan` raises, and OutputError
    where a report cannot be written.
    """
    listed = roster.load(config.roles.roster)
    store.conversations(ids=pl.Series(_ID, [], dtype=pl.String))  # tells where there is no store
    with runs.recorded(store, config, command=runs.FORGET) as record:
        with stages.stage(stages.STORING):
            removed = forgetting.remove(
                store, wish, forgetting.find(store, wish, listed), listed, queue=config.review.folder(store.root)
            )
            forgetting.empty_cache(store)
        record.counted({"removed": removed.conversations, "cut": removed.cut}, REJECTS.empty(), {})
        with stages.stage(stages.REPORTING):
            made, elsewhere = renew_reports(store, reports, config)
    return Erased(removed.conversations, removed.cut, list(removed.files), made, elsewhere, record.run_id)


def allow_again(store: Store, wish: Wish, config: Config) -> int:
    """Let what was forgotten come in again with the next scan that reads it; how many tombstones that took away."""
    with runs.recorded(store, config, command=runs.FORGET):
        key = tombstones.key_of(store)
        named = forgetting.named(wish, key)
        return tombstones.remove(store, set(wish.causes(key).values()), digests=named, until=wish.before)


def renew_reports(
    store: Store, reports: Path, config: Config, *, but: Collection[str] = ()
) -> tuple[list[str], list[str]]:
    """Make the reports again that were made of a store, each of its period; the folders of those, and of those missing.

    Then nothing is left of a forgetting. `but` are folders whose report is made already.
    """
    from empathy_scan.rebuild import write_report  # noqa: PLC0415 - a night with nothing to forget does without

    made, missing = [], []
    folders = report_folders(store, reports, config)
    for where, (since, until) in folders.items():
        if not _is_report(Path(where)):
            missing.append(where)
            continue
        report.forget_rescored(Path(where))
        report.forget_fairness(Path(where))
        if where not in but:
            write_report(store, Path(where), config, since=since, until=until, again=True)
        made.append(where)
    kept = {where: json.dumps(_period(*folders[where])) for where in folders}
    if kept:
        store.remember(REPORTS, kept)  # without the names of agents that a scan keeps there
    forgetting.done(store)
    _LOG.info("%d reports made again", len(made))
    return made, missing


def report_folders(store: Store, reports: Path, config: Config) -> dict[str, tuple[datetime | None, datetime | None]]:
    """The folders of the reports that were made of a store, with their periods; first the one of the settings."""
    asked = config.scan.since, config.scan.until
    folders = {str(reports.absolute()): (_day(asked[0]), _day(asked[1]))} if _is_report(reports) else {}
    for where, text in sorted(store.recall(REPORTS).items()):
        told = parsed(text)
        folders[where] = _day(told.get("since", "")), _day(told.get("until", ""))
    return folders


def _is_report(folder: Path) -> bool:
    return folder.is_dir() and manifest.read(folder) is not None


def _day(text: str) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


def _period(since: datetime | None, until: datetime | None) -> dict[str, str]:
    return {"since": since.isoformat() if since else "", "until": until.isoformat() if until else ""}

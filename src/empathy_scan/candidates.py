"""A model that is tried: its scores and labels of all history in the store, beside those that count.

Nothing that a reader of the store sees changes before `accept`, whose single commit to `conversations` makes the
candidate's version of every conversation visible: a run that is killed leaves the old model's scores or the new one's,
never some of each. At most one candidate is kept. Its rows count where `candidates` names their version and
`conversations` still has that content; what has changed since is scored again by whoever asks for it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import polars as pl

from empathy_scan.config import Config
from empathy_scan.errors import OtherModelError, StoreError
from empathy_scan.layouts import BESIDE
from empathy_scan.months import MONTH
from empathy_scan.store import Store
from empathy_scan.tables import (
    CANDIDATE_LABELS,
    CANDIDATE_SCORES,
    CANDIDATES,
    CONVERSATIONS,
    ERROR_RATES,
    LABELS,
    SCORES,
    TURNS,
    conform,
)
from empathy_scan.versions import VERSION

_SAME = ("conversation_id", "content")
_AT_ONCE = 5000  # conversations whose rows are held in memory while they are copied
_REMEMBERED = "candidate"


@dataclass(frozen=True, slots=True)
class Scoring:
    """What made scores: the fingerprints of a model and of the settings."""

    model: str
    settings: str

    def of(self, rows: pl.DataFrame) -> pl.DataFrame:
        """Rows with versions as this scoring would have them."""
        return rows.with_columns(model=pl.lit(self.model), settings=pl.lit(self.settings))


class CandidateStore(Store):
    """A results store, and what it keeps of a model that is tried."""

    def scorings(self) -> list[Scoring]:
        """What made the scores that count, each once, sorted; none where nothing is stored."""
        if not self.exists():
            return []
        self._must_exist()
        pairs = self._table(CONVERSATIONS).read("model", "settings").unique().sort("model", "settings")
        return [Scoring(*pair) for pair in pairs.iter_rows()]

    def candidate(self) -> Scoring | None:
        """What made the scores beside those that count; None where there are none."""
        if not self.exists():
            return None
        self._must_exist()
        pairs = self._table(CANDIDATES).read("model", "settings").unique().sort("model", "settings")
        return Scoring(*pairs.row(0)) if pairs.height else None

    def months(self) -> list[str]:
        """The months of which there are conversations, sorted."""
        self._must_exist()
        return self._table(CONVERSATIONS).months()

    def outstanding(self, month: str, scoring: Scoring) -> pl.DataFrame:
        """The conversations of a month (CONVERSATIONS with `month`) that this scoring has not scored, sorted."""
        marked = self._marked(within=month.__eq__)
        mine = (pl.col("model") == scoring.model) & (pl.col("settings") == scoring.settings)
        done = pl.concat([self._beside(month, scoring).select(_SAME), marked.filter(mine).select(_SAME)])
        return marked.join(done, on=_SAME, how="anti", maintain_order="left").sort("started_at", "conversation_id")

    def turns_within(self, conversations: pl.DataFrame) -> pl.DataFrame:
        """The TURNS of conversations as `outstanding` gives them."""
        return self._visible(TURNS, conversations.select(*VERSION, MONTH))

    def add_beside(
        self, conversations: pl.DataFrame, scoring: Scoring, scores: pl.DataFrame, labels: pl.DataFrame
    ) -> None:
        """Keep what a scoring made of conversations (as `outstanding` gives them) beside what counts.

        What there was of their older contents goes. Adding the same again changes nothing.
        """
        versions = scoring.of(conversations.select(*VERSION, MONTH))
        with self.writing():
            markers = self._table(CANDIDATES)
            held = markers.read(*VERSION, MONTH, only=versions.select("conversation_id"))
            for table, rows in ((CANDIDATE_SCORES, scores), (CANDIDATE_LABELS, labels)):
                self._add_rows(table, rows, versions)
            markers.append(versions.join(held, on=VERSION, how="anti"))
            stale = held.join(versions, on=VERSION, how="anti")
            for table in BESIDE:
                self._table(table).drop(stale)

    def labels_within(self, month: str, scoring: Scoring | None = None) -> pl.DataFrame:
        """LABELS of a month: those that count, or those that a scoring would make of the same conversations."""
        marked = self._marked(within=month.__eq__).select(*VERSION, MONTH)
        if scoring is None:
            return self._visible(LABELS, marked)
        given = self._split(marked, scoring)
        found = [self._visible(table, rows) for table, rows in zip((LABELS, CANDIDATE_LABELS), given, strict=True)]
        return conform(pl.concat(found).sort(LABELS.key), LABELS)

    def chances_within(self, month: str, scoring: Scoring | None, columns: list[str]) -> pl.DataFrame:
        """Columns of the SCORES of a month, made as `labels_within` says; in no particular order."""
        marked = self._marked(within=month.__eq__).select(*VERSION, MONTH)
        if scoring is None:
            return self._table(SCORES).read(*columns, only=marked).unique(SCORES.key)
        given = self._split(marked, scoring)
        tables = (SCORES, CANDIDATE_SCORES)
        found = [self._table(each).read(*columns, only=rows) for each, rows in zip(tables, given, strict=True)]
        return pl.concat(found).unique(SCORES.key)

    def accept(self, scoring: Scoring) -> int:
        """Make a scoring's scores those that count; how many conversations there are.

        Until the last moment all is as it was, after it all is new; accepting again finishes what a kill has left
        undone. Raises StoreError where some conversations are not scored yet.
        """
        with self.writing():
            if waiting := sum(self.outstanding(month, scoring).height for month in self.months()):
                what = f"{waiting} conversation(s) are not scored with that model yet"
                raise StoreError(what, where=self.root, remedy="repeat: what is missing is scored first")
            for month in self.months():
                for part in self._marked(within=month.__eq__).iter_slices(_AT_ONCE):
                    self._copy(part.select(*VERSION, MONTH), scoring)
            before = self._marked()
            after = scoring.of(before)
            if not after.equals(before):
                self._table(CONVERSATIONS).replace(after)  # the moment
            self._drop_strays()
            rates = self._table(ERROR_RATES).read()
            kept = rates.filter(pl.col("model") == scoring.model)
            if kept.height < rates.height:
                self._table(ERROR_RATES).replace(kept)
            self.drop_candidate()
        return before.height

    def drop_candidate(self) -> None:
        """Delete what there is beside what counts; nothing where there is nothing."""
        with self.writing():
            for table in BESIDE:  # the marker first: a kill leaves rows that count for nothing
                delta = self._table(table)
                if delta.files().height:
                    delta.replace(delta.table.empty())
            if self.recall(_REMEMBERED):
                self.remember(_REMEMBERED, {"path": ""})

    def remember_candidate(self, path: str) -> None:
        """Keep where the bundle of the model lies that is tried."""
        if self.recall(_REMEMBERED) != {"path": path}:
            self.remember(_REMEMBERED, {"path": path})

    def candidate_path(self) -> str:
        """Where the bundle of the model lies that is tried; "" where that is not known."""
        return self.recall(_REMEMBERED).get("path", "")

    def _beside(self, month: str, scoring: Scoring) -> pl.DataFrame:
        """The versions of a month that the store keeps beside those that count."""
        rows = self._table(CANDIDATES).read(*VERSION, MONTH, within=month.__eq__)
        return rows.filter(pl.col("model") == scoring.model, pl.col("settings") == scoring.settings).unique(VERSION)

    def _split(self, marked: pl.DataFrame, scoring: Scoring) -> Iterator[pl.DataFrame]:
        """Versions of this scoring: those that count already, and those beside them."""
        mine = (pl.col("model") == scoring.model) & (pl.col("settings") == scoring.settings)
        yield marked.filter(mine)
        yield scoring.of(marked.filter(~mine))

    def _copy(self, old: pl.DataFrame, scoring: Scoring) -> None:
        """Bring the rows of conversations to where they will count under their new versions."""
        new = scoring.of(old)
        moved = new.join(old, on=VERSION, how="anti")
        turns = self._visible(TURNS, old.join(moved, on="conversation_id", how="semi"))
        self._add_rows(TURNS, turns, moved)
        for table, source in ((SCORES, CANDIDATE_SCORES), (LABELS, CANDIDATE_LABELS)):
            self._add_rows(table, self._visible(source, moved), moved)


def demand_same(held: CandidateStore, config: Config, model: str, bundle: Path) -> None:
    """Raise OtherModelError where the store's scores are another model's, or made of otherwise cut turns."""
    if why := differs(held, config, model):
        raise OtherModelError(
            f"{why}: two kinds of scores must not mix", where=held.root,
            remedy=(
                f"`empathy-scan rescore --store {held.root} --model {bundle}` shows what would move, and with --accept "
                "takes that over for all history; or scan as before (--model, [segment]); or let scans do it by "
                'themselves: on_new_model = "rescore" under [scan]'
            ),
        )  # fmt: skip


def differs(held: CandidateStore, config: Config, model: str) -> str:
    """How the store's scores were made otherwise than a scan with this model and these settings would; "" if not."""
    scorings = held.scorings()
    models = sorted({each.model for each in scorings})
    if models and models != [model]:
        return f"its scores are of model {', '.join(models)}, those of a scan would now be of {model}"
    others = {each.settings for each in scorings} - {config.fingerprint()}
    if not others:
        return ""
    options = held.runs().filter(pl.col("settings").is_in(list(others)), pl.col("options").is_not_null())["options"]
    wanted = json.loads(json.dumps(asdict(config.segment)))
    known = [json.loads(each).get("segment", wanted) for each in options.unique()]
    return "its scores are of turns that were cut by other settings under [segment]" if any(
        each != wanted for each in known
    ) else ""  # fmt: skip

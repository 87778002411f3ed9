"""From redacted turns to their scores and labels: what a scan, a rescoring and a look at one conversation share."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl

from empathy_scan import parroting, stages, stuffing
from empathy_scan.cache import Cache
from empathy_scan.config import Config
from empathy_scan.stages import Told
from empathy_scan.store import Store

if TYPE_CHECKING:
    from empathy_scan.engine import Engine


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
    from empathy_scan import hardship, score, segment  # noqa: PLC0415 - torch; most nights of a small folder need none

    segments = segment.split(turns, config.segment)
    done = [0]

    def tell(more: int) -> None:
        done[0] += more
        if told is not None:
            told("scoring", done[0], segments.height)

    scores = score.score(segments, model, config.score, engine=engine, cache=cache, told=tell)
    if done[0] < segments.height:
        tell(segments.height - done[0])  # those that were known, and those that repeat others
    if rules := stuffing.rules(config.score):
        quiet = replace(config.score, evidence=False)
        scores = parroting.uncounted(
            turns,
            segments,
            scores,
            lambda rest: score.score(rest, model, quiet, engine=engine, cache=cache),
            rules=rules,
        )
    return scores, score.label_turns(turns, scores, hardship.tells(turns))


class Judge:
    """Judges parts of new turns. Workers and cache are opened for the first of them, until `opened` is closed."""

    def __init__(
        self, held: Store, model: Path | None, config: Config, engine: Engine | None, opened: ExitStack
    ) -> None:
        self._held, self._model, self._config, self._engine, self._opened = held, model, config, engine, opened
        self._workers: Engine | None = None
        self._cache: Cache | None = None

    def __call__(self, fresh: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
        """As `judge`."""
        if self._cache is None:
            from empathy_scan.engine import LocalEngine  # noqa: PLC0415 - a night with nothing new needs none

            self._workers = self._opened.enter_context((self._engine or LocalEngine()).lasting())
            self._cache = self._opened.enter_context(Cache.open(cache_folder(self._held)))
        return judge(fresh, self._model, self._config, engine=self._workers, cache=self._cache, told=reached(fresh))


def cache_folder(held: Store) -> Path | None:
    """Scores are cached beside a local store; an object store has no such folder."""
    return None if "://" in held.root else Path(held.root) / "_cache"


def reached(fresh: pl.DataFrame) -> Told:
    """Tells the stage how many of these turns are scored, from how many of their segments are."""
    told = [0]

    def tell(_: str, done: int, total: int) -> None:
        turns = fresh.height * done // max(total, 1)
        stages.advance(stages.SCORING, turns - told[0])
        told[0] = turns

    return tell

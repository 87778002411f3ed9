"""Which turns are worth asking people about an own label: before it has a head, and after.

Labels of a centre's own are rare as a rule, so among turns drawn by lot few have it. Before there is a head, turns that
resemble the codebook's `yes` examples more than its `no` examples are drawn more often; once there is one, those that
it calls so, and those that it is unsure of. Every turn keeps a known chance, so figures stay honest.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl

from empathy_scan import segment
from empathy_scan.config import Config
from empathy_scan.model import bundle as bundles
from empathy_scan.own import fitting, judging
from empathy_scan.own.features import Looker
from empathy_scan.own.judging import NOTHING
from empathy_scan.own.training import examples
from empathy_scan.own_codebook import OwnLabel
from empathy_scan.review.sample import Outlook
from empathy_scan.store import Store, Stored
from empathy_scan.tables import OWN_LABELS

MOST = 20_000  # turns that are compared with examples; of more, those of some conversations are
STEEP = 4  # how fast the chance falls from the turn that is most like the label to the others
_KEY = ("conversation_id", "turn")


def outlook(store: Store, stored: Stored, label: OwnLabel, config: Config, *, bundle: Path | None) -> Outlook:
    """What is known of a label in the turns of its role: by its head, else by the examples of the codebook.

    Raises ModelError for a bundle that cannot be used.
    """
    facts = judging.fitting_heads(store, config).get(label.key)
    if facts is not None and facts.label == label.fingerprint():
        rows = store.rows(OWN_LABELS).filter((pl.col("head") == facts.fingerprint) & (pl.col("turn") != NOTHING))
        if rows.height:
            return by_head(rows, facts.threshold)
    return _by_examples(stored, label, config, bundle)


def by_head(rows: pl.DataFrame, threshold: float) -> Outlook:
    """By what a head has found: doubtful is what lies near its threshold."""
    p = pl.col("p").cast(pl.Float64)
    apart = pl.when(p < threshold).then((threshold - p) / threshold).otherwise((p - threshold) / (1.0 - threshold))
    return Outlook(rows.select(*_KEY, doubt=(1 - apart).clip(0.0, 1.0), likely=p**2).unique(_KEY))


def _by_examples(stored: Stored, label: OwnLabel, config: Config, bundle: Path | None) -> Outlook:
    """By likeness to the examples: the turn that is most like the label first."""
    looker = Looker(bundles.load(bundle))
    segments = segment.split(some(stored.turns), config.segment).filter(role=label.role)
    told, yes = examples(label, looker)
    like = fitting.likeness(told, yes, looker.see(segments)) if segments.height else np.zeros(0)
    near = segments.select(*_KEY, like=pl.Series(like, dtype=pl.Float64)).group_by(_KEY).agg(pl.col("like").max())
    place = pl.col("like").rank("average") / pl.len()
    return Outlook(near.sort(_KEY).select(*_KEY, doubt=pl.lit(0.0), likely=place**STEEP))


def some(turns: pl.DataFrame) -> pl.DataFrame:
    """The turns, or of very many those of some conversations, the same every time."""
    if turns.height <= MOST:
        return turns
    ids = turns["conversation_id"].unique().sort()
    share = max(1, len(ids) * MOST // turns.height)
    return turns.filter(pl.col("conversation_id").is_in(ids.sample(share, seed=1952).implode()))

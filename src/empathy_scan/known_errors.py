"""How often a bundle errs, counted on held-out conversations all of whose turns are labelled, and kept in the bundle.

The conversations go the way of a scan (redaction, segments, scores, labels of turns), so that the errors are those of
the labels that a report counts. Real ones are better than written ones: their errors are those of real words.
"""

from __future__ import annotations

import logging
from pathlib import Path

import polars as pl

from empathy_scan import quantify
from empathy_scan.codebook import Role
from empathy_scan.config import Config, ScoreConfig
from empathy_scan.judging import judge
from empathy_scan.model import examples
from empathy_scan.model.examples import Whole
from empathy_scan.quantify import ErrorRates
from empathy_scan.tables import LABELS, conform

log = logging.getLogger(__name__)
FILE = "errors.jsonl"  # in the folder of labels: stand-off labels of completely labelled conversations of the dev split


def measure(bundle: Path, *, written: Path, labels: Path, corpora: Path | None) -> ErrorRates:
    """Counts the errors of the bundle in a directory and writes them into it; gives what was written.

    Counts on the real conversations of `errors.jsonl` in `labels`, or without that file or without corpora on the
    held-out written conversations. Raises InputError for labels that do not fit their corpora.
    """
    whole, source = _conversations(written, labels, corpora)
    errors = ErrorRates({}, source)
    if whole.turns.height:
        _, found = judge(whole.turns, bundle, Config(score=ScoreConfig(evidence=False)))
        errors = quantify.estimate(_gold(found, whole.gold), found, source=source)
    quantify.save(bundle, errors)
    log.info("errors counted on %d turns (%s)", whole.gold.height, source)
    return errors


def _conversations(written: Path, labels: Path, corpora: Path | None) -> tuple[Whole, str]:
    """The conversations to count on, and what they are in words."""
    if corpora is not None and (labels / FILE).exists():
        return examples.whole_labelled(labels / FILE, corpora), "real conversations, dev split"
    log.warning("no %s with its corpora: errors are counted on written conversations", FILE)
    return examples.whole_written(written.glob("*.jsonl")), "written conversations, held out"


def _gold(found: pl.DataFrame, gold: pl.DataFrame) -> pl.DataFrame:
    """The LABELS that people gave to the turns; hardship, which nobody labels, and all else as it was found."""
    told = found.drop("flags", "tone", "kinds", "p_hostile").join(gold, on=("conversation_id", "turn"), how="left")
    plain = told.with_columns(
        pl.col("tone").fill_null(0),
        flags=pl.when(pl.col("role") == Role.AGENT).then(pl.col("flags")).fill_null(""),
        kinds=pl.when(pl.col("role") == Role.CUSTOMER).then(pl.col("kinds")).fill_null(""),
        p_hostile=pl.lit(None, pl.Float64),
    )
    return conform(plain.select(LABELS.columns.keys()), LABELS)

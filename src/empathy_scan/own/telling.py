"""What a report tells of own labels: the heads, what they are good for, and what they found."""

from __future__ import annotations

import logging

import polars as pl

from empathy_scan import report
from empathy_scan.config import Config
from empathy_scan.errors import ModelError
from empathy_scan.own import there
from empathy_scan.own.heads import Facts
from empathy_scan.store import Store
from empathy_scan.tables import OWN_LABELS

log = logging.getLogger(__name__)


def told(store: Store, config: Config, conversations: pl.DataFrame) -> report.Own | None:
    """The own labels as a report of these CONVERSATIONS tells them; None where there is no head, or one is damaged."""
    try:
        every = there(store, config)
    except ModelError as error:
        log.warning("the report is made without own labels: %s", error)
        return None
    if not every:
        return None
    models = set(conversations["model"].unique())
    fits = {key for key, facts in every.items() if models <= {facts.encoder}}
    labels = tuple(_label(facts, fits=key in fits) for key, facts in every.items())
    known = pl.DataFrame(
        [(key, every[key].fingerprint) for key in sorted(fits)], schema=["label", "head"], orient="row"
    ).cast(pl.String)
    rows = store.rows(OWN_LABELS, *OWN_LABELS.columns, only=conversations.select("conversation_id", "content"))
    return report.Own(labels, rows.join(known, on=("label", "head"), how="semi").filter(pl.col("turn") >= 0))


def _label(facts: Facts, *, fits: bool) -> report.OwnLabel:
    return report.OwnLabel(
        facts.key, facts.name, facts.role, facts.question, facts.definition, facts.verdict if fits else "other",
        facts.words, facts.answers, facts.kappa, facts.found, facts.right, facts.confusion,
    )  # fmt: skip

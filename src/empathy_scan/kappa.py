"""Cohen's kappa of tables: how far two labellings agree beyond what chance alone would give (Cohen 1960, 1968).

A table [.., K, K] counts, or weighs, what one says (rows) against what the other says (columns); any number of tables
is done at once, as resampling needs it. Whoever has an interval to tell makes it from these: paired.py over the
conversations of two models, review/coefficients.py of several raters, learning/figures.py before and after a change.
"""

from __future__ import annotations

import numpy as np

from empathy_scan.stats import Numbers

NOTHING = 1e-12  # a chance that is nearer to 1 leaves nothing to agree upon


def closeness(categories: int, *, ordinal: bool) -> Numbers:
    """How far two categories agree: 1 and 0, or falling in equal steps where they are ordered (linear weights)."""
    places = np.arange(categories)
    apart = np.abs(places[:, None] - places[None, :])
    return np.asarray(1 - apart / (categories - 1)) if ordinal else np.eye(categories)


def agreed_and_expected(tables: Numbers, *, ordinal: bool = False) -> tuple[Numbers, Numbers]:
    """The share [..] that is agreed upon in tables [.., K, K], and that which chance would give; NaN of empty ones."""
    close = closeness(tables.shape[-1], ordinal=ordinal)
    with np.errstate(divide="ignore", invalid="ignore"):
        shares = tables / tables.sum(axis=(-2, -1), keepdims=True)
    expected = np.einsum("...i,...j,ij->...", shares.sum(axis=-1), shares.sum(axis=-2), close)
    return np.asarray((shares * close).sum(axis=(-2, -1))), np.asarray(expected)


def kappas(tables: Numbers, *, ordinal: bool = False) -> Numbers:
    """Kappa [..] of tables [.., K, K]; NaN where both give one and the same label throughout."""
    agreed, expected = agreed_and_expected(tables, ordinal=ordinal)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(1 - expected > NOTHING, (agreed - expected) / (1 - expected), np.nan)

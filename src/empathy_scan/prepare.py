"""From files to redacted turns with roles: the first three stages of the flow, which `read` and `scan` share."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import polars as pl

from empathy_scan import readers, redact, roles
from empathy_scan.config import Config


def turns(sources: Sequence[Path], config: Config) -> tuple[pl.DataFrame, pl.DataFrame, int]:
    """The redacted TURNS of the sources with their roles, all REJECTS on the way, and the number of files.

    Raises UsageError for a path that does not exist or a folder without files.
    """
    reading = readers.read(sources, config.read)
    assigned, undecided = roles.assign(redact.redact(reading.turns, config.redact), config.roles, config.read)
    rejects = pl.concat([reading.rejects, undecided]).unique().sort("source", "place", "reason")
    return assigned, rejects, reading.files

"""What the commands of the review queue share: `review`, `calibrate`, `train --from`, `appeal` and `labels`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from empathy_scan.cli import base

if TYPE_CHECKING:
    from empathy_scan.config import Config
    from empathy_scan.review.queue import Queue
    from empathy_scan.store import Store

QueueOption = Annotated[
    str, typer.Option("--queue", help="Folder of the review queue; `_review` in the store by default.", metavar="DIR")
]
CodebookOption = Annotated[
    str, typer.Option("--codebook", help="Labels of your own (TOML), which are asked too.", metavar="FILE")
]


def settings(store: str, path: Path | None, *, queue: str = "", codebook: str = "") -> Config:
    """The settings with store, queue and codebook of the command line, where it names them; raises ConfigError."""
    from empathy_scan import config  # noqa: PLC0415 - as few modules as may be for --help

    options = base.settings(path, scan={"store": store} if store else {})
    changes: dict[str, dict[str, object]] = {}
    if queue:
        changes["review"] = {"queue": queue}
    if codebook:
        changes["labels"] = {"codebook": codebook}
    return config.override(options, changes)


def opened(store: str, queue: str, path: Path | None, codebook: str = "") -> tuple[Store, Queue, Config]:
    """The store and its queue, with the settings; raises StoreError, or UsageError for an address without a queue."""
    from empathy_scan import reviewing  # noqa: PLC0415 - polars stays out of --help
    from empathy_scan.store import Store  # noqa: PLC0415 - as above

    options = settings(store, path, queue=queue, codebook=codebook)
    return Store.open(options.scan.store), reviewing.queue_of(options.scan.store, options), options

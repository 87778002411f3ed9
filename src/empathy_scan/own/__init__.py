"""Labels of a centre's own: heads trained on what people answered, what they find in the store, and how well."""

from __future__ import annotations

import hashlib
import logging
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from empathy_scan import own_codebook
from empathy_scan.config import Config
from empathy_scan.errors import ConfigError, ModelError
from empathy_scan.model import files
from empathy_scan.own import heads
from empathy_scan.own.heads import Facts
from empathy_scan.own.judging import Told, catch_up, encoder_of, folder_of
from empathy_scan.own_codebook import OwnLabel
from empathy_scan.tables import OWN_LABELS

if TYPE_CHECKING:
    from empathy_scan.review.queue import Queue
    from empathy_scan.review.sample import Outlook
    from empathy_scan.store import Store

log = logging.getLogger(__name__)
__all__ = [
    "Facts", "asked_for", "bundle_of", "catch_up", "codebook_of", "drop", "encoder_of", "folder_of", "mix", "nightly",
    "outlook", "stamp", "there", "train",
]  # fmt: skip


def codebook_of(config: Config) -> tuple[OwnLabel, ...]:
    """The labels of the settings' codebook. Raises ConfigError where it is not named, or anything is wrong with it."""
    if not config.labels.codebook:
        raise ConfigError(
            "no codebook of own labels is named", remedy="name it with --codebook, or as `codebook` under [labels]"
        )
    from empathy_scan.review import questions  # noqa: PLC0415 - a night with nothing new needs no review

    labels = own_codebook.load(config.labels.codebook)
    questions.of_own(labels)  # none is called as a standard one
    return labels


def asked_for(config: Config, key: str) -> OwnLabel:
    """A label of the codebook by its key or name. Raises ConfigError."""
    return own_codebook.named(codebook_of(config), key, where=config.labels.codebook)


def there(store: Store, config: Config) -> dict[str, Facts]:
    """The facts of all heads of a store, by key. Raises ModelError for a damaged one."""
    return heads.all_facts(config.labels.folder(store.root))


def bundle_of(store: Store, bundle: Path | None) -> str:
    """The fingerprint of the store's model, which that bundle (the shipped one for None) must be. Raises ModelError."""
    encoder = encoder_of(store)
    given = files.fingerprint(bundle or files.default_path())
    if given != encoder:
        raise ModelError(
            f"the store's scores are of model {encoder}, not of {given}", where=store.root,
            remedy="name the directory of the store's model with --model",
        )  # fmt: skip
    return encoder


def outlook(
    store: Store, label: OwnLabel, config: Config, *, bundle: Path | None, since: datetime | None,
    until: datetime | None,
) -> Outlook:  # fmt: skip
    """What is known of a label before people answer, in the turns of a period (drawing.py)."""
    bundle_of(store, bundle)

    from empathy_scan.own import drawing  # noqa: PLC0415 - torch

    return drawing.outlook(store, store.load(since=since, until=until), label, config, bundle=bundle)


def mix(of: Outlook) -> dict[str, float]:
    """Percent of a draw for an own label: half by lot, the rest by what is known of it."""
    doubtful = bool(of.turns["doubt"].sum())
    return {"random": 50, "uncertain": 25, "rare": 25} if doubtful else {"random": 50, "rare": 50}


def train(
    store: Store, queue: Queue, label: OwnLabel, config: Config, *, bundle: Path | None = None,
    told: Told | None = None,
) -> tuple[Facts, int]:  # fmt: skip
    """Train the head of a label on the answers in a queue, and let it judge the store; and how many conversations.

    Raises UsageError where too little is answered, ModelError, StoreError.
    """
    from empathy_scan.own import training  # noqa: PLC0415 - torch

    folder, encoder = folder_of(store.root, config), bundle_of(store, bundle)
    facts = training.train(store, queue, label, config, bundle=bundle, folder=folder, encoder=encoder)
    return facts, catch_up(store, config, bundle, told=told)


def nightly(store: Store, config: Config, bundle: Path | None) -> int:
    """What a scan does: `catch_up`; a head that is damaged or does not fit is a warning, and ends no night."""
    try:
        for key, facts in there(store, config).items():
            if {facts.encoder} != set(store.known()["model"].unique()):
                log.warning(
                    "own label %s: its head belongs to another model than the store's; empathy-scan labels train %s",
                    key, key,
                )  # fmt: skip
        return catch_up(store, config, bundle)
    except ModelError as error:
        log.warning("own labels are not judged: %s", error)
        return 0


def stamp(store: Store, config: Config) -> list[str]:
    """What changes whenever a head does."""
    folder = config.labels.folder(store.root)
    paths = sorted(folder.glob("*.json")) if folder is not None and folder.is_dir() else []
    return [hashlib.sha256(path.read_bytes()).hexdigest() for path in paths]


def drop(store: Store, config: Config, key: str) -> bool:
    """Remove the head of a label and what it has found; whether there was one. Answers in the queue stay."""
    folder = folder_of(store.root, config)
    found = heads.drop(folder, key)
    if store.exists():
        held = store.rows(OWN_LABELS)
        if (held["label"] == key).any():
            store.replace(OWN_LABELS, held.filter(held["label"] != key))
            found = True
    return found

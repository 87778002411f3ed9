"""What the heads find in the store: every turn of a label's role, once; later only what is new.

Rows of `own_labels` count where the conversation still has their content and the label still has their head. So a run
that is killed leaves rows that hold, and the next one goes on. No standard score is touched.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl

from empathy_scan import layouts
from empathy_scan.config import Config
from empathy_scan.errors import ModelError, UsageError
from empathy_scan.months import MONTH, of
from empathy_scan.own import heads
from empathy_scan.own.heads import Facts
from empathy_scan.store import Store
from empathy_scan.tables import OWN_LABELS

if TYPE_CHECKING:
    from empathy_scan.own.features import Looker
    from empathy_scan.own.heads import Head

AT_ONCE = 200  # conversations whose turns are held in memory
NOTHING = -1  # the turn of a row that says: this conversation was looked at, and no turn of the role has words
_ID = ("conversation_id", "content")
Told = Callable[[int, int], None]


def folder_of(store: str, config: Config) -> Path:
    """The folder of the heads of a store; raises UsageError for a store at an address without one."""
    folder = config.labels.folder(store)
    if folder is None:
        raise UsageError(
            "a store at an address holds no heads of own labels",
            remedy="name a folder for them as `heads` under [labels]",
        )
    return folder


def encoder_of(store: Store) -> str:
    """The fingerprint of the model whose scores count; raises ModelError where there is none, or several."""
    models = store.known()["model"].unique().sort().to_list()
    if len(models) != 1:
        what = "nothing is stored yet" if not models else f"{len(models)} models have scored the store"
        raise ModelError(what, where=store.root, remedy="run empathy-scan scan first, or bring it to one: rescore")
    return str(models[0])


def fitting_heads(store: Store, config: Config) -> dict[str, Facts]:
    """The facts of the heads that belong to the store's model, by key; none where there are none."""
    there = heads.all_facts(config.labels.folder(store.root))
    if not there or not store.exists():
        return {}
    models = set(store.known()["model"].unique())
    return {key: facts for key, facts in there.items() if models == {facts.encoder}}


def catch_up(store: Store, config: Config, bundle: Path | None, *, told: Told | None = None) -> int:
    """Let every head judge the conversations that it has not judged; how many conversations these were.

    `bundle` is the directory of the store's model. Costs nothing but a look where there is no head, or nothing new.
    """
    facts = fitting_heads(store, config)
    if not facts:
        return 0
    todo = outstanding(store, facts)
    if todo.is_empty():
        return 0
    from empathy_scan.model import bundle as bundles  # noqa: PLC0415 - torch; most nights have nothing for it to do
    from empathy_scan.own.features import Looker  # noqa: PLC0415 - as above

    folder = folder_of(store.root, config)
    loaded = {key: heads.load(folder, each) for key, each in facts.items()}
    looker, done = Looker(bundles.for_scoring(bundle)), 0
    ids = todo["conversation_id"].unique(maintain_order=True)
    for part in ids.to_frame().iter_slices(AT_ONCE):
        wanted = todo.join(part, on="conversation_id", how="semi")
        rows = judged(store, wanted, loaded, looker, config)
        with store.writing():
            store.append(OWN_LABELS, rows)
        done += part.height
        if told is not None:
            told(done, len(ids))
    return len(ids)


def outstanding(store: Store, facts: Mapping[str, Facts]) -> pl.DataFrame:
    """Conversations that heads have not judged: VERSION's id and content, `month`, `label`; rows of old ones go."""
    held = store.rows(OWN_LABELS, *_ID, "label", "head").unique()
    now = store.conversations().select(*_ID, of())
    wanted = now.join(_pairs(facts), how="cross")
    stale = held.join(_pairs(facts), on=("label", "head"), how="anti")
    if stale.height:
        with store.writing():
            everything = store.rows(OWN_LABELS)
            store.replace(OWN_LABELS, everything.join(_pairs(facts), on=("label", "head"), how="semi"))
    old = held.join(now, on="conversation_id", how="semi").join(now, on=_ID, how="anti")["conversation_id"].unique()
    if len(old):
        store.drop_rows(OWN_LABELS, old)
        held = held.filter(~pl.col("conversation_id").is_in(old.implode()))
    return wanted.join(held, on=(*_ID, "label", "head"), how="anti").sort(MONTH, *_ID, "label")


def judged(
    store: Store, wanted: pl.DataFrame, loaded: Mapping[str, Head], looker: Looker, config: Config
) -> pl.DataFrame:
    """The rows of `own_labels` of some conversations, as they are stored."""
    from empathy_scan import segment  # noqa: PLC0415 - spaCy; a night without anything new needs none

    turns = store.turns_of(wanted["conversation_id"].unique())
    segments = segment.split(turns, config.segment)
    parts = [layouts.stored(OWN_LABELS).empty()]
    for role in sorted({head.facts.role for head in loaded.values()}):
        own = [head for head in loaded.values() if head.facts.role == role]
        ask = wanted.filter(pl.col("label").is_in([head.facts.key for head in own]))
        rows = segments.filter(role=role).join(ask, on="conversation_id", how="semi", maintain_order="left")
        parts += _of_role(rows, own, ask, looker)
    return pl.concat(parts)


def _of_role(rows: pl.DataFrame, own: Sequence[Head], ask: pl.DataFrame, looker: Looker) -> list[pl.DataFrame]:
    """What the heads of one role say of segments, by turn."""
    from empathy_scan.own import pointing  # noqa: PLC0415 - torch

    packed = looker.packer.pack(pointing.examples_of(rows)) if rows.height else []
    seen = looker.of_packed(packed) if packed else None
    made = []
    for head in own:
        mine = ask.filter(label=head.facts.key)
        told = pointing.judge(rows, packed, seen, head, looker) if seen is not None else pointing.nothing()
        spoken = mine.join(told, on="conversation_id", how="left").with_columns(
            pl.col("turn").fill_null(NOTHING), pl.col("p").fill_null(0.0), pl.col("given").fill_null(value=False),
            pl.col("evidence").fill_null([]), role=pl.lit(head.facts.role),
        )  # fmt: skip
        made.append(spoken.select(layouts.stored(OWN_LABELS).columns.keys()))
    return made


def _pairs(facts: Mapping[str, Facts]) -> pl.DataFrame:
    rows = [(key, each.fingerprint) for key, each in facts.items()]
    return pl.DataFrame(rows, schema={"label": pl.String, "head": pl.String}, orient="row")

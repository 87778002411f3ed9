"""What was forgotten stays so: keyed hashes of it, which a scan asks before it takes a conversation in again.

The files that it came from may still lie in the folder, and a copy may come back years later. A tombstone holds no
personal data in plain, and nobody can read one without the key in the store's root (identities.py).
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

import polars as pl

from empathy_scan import identities, layouts, months, nights
from empathy_scan.codebook import Role
from empathy_scan.errors import StoreError
from empathy_scan.prepare import Prepared
from empathy_scan.store import Store
from empathy_scan.tables import FORGOTTEN, PEOPLE
from empathy_scan.versions import content_hash

CONVERSATION, CONTENT, AGENT, BEFORE = "conversation", "content", "agent", "before"
_KEY = "key"  # what the store remembers it under
_ID = "conversation_id"
_QUOTED = re.compile(r"'([^']{1,300})'|\"([^\"]{1,300})\"")


@dataclass(frozen=True, slots=True)
class Gate:
    """What must not come into a store, and what is too old for it."""

    key: str = ""
    conversations: frozenset[str] = frozenset()  # digests
    contents: frozenset[str] = frozenset()  # digests of conversations that are called after their files
    agents: frozenset[str] = frozenset()  # digests
    before: datetime | None = None
    _known: dict[str, str] = field(default_factory=dict)

    def is_forgotten(self, kind: str, values: pl.Series) -> pl.Series:
        """Which of the values have a tombstone of that kind."""
        wanted = {CONVERSATION: self.conversations, CONTENT: self.contents, AGENT: self.agents}[kind]
        if not wanted:
            return pl.Series(values.name, [False] * len(values), dtype=pl.Boolean)
        said = {text for text in values.unique() if text is not None and self._digest(kind, text) in wanted}
        return values.is_in(list(said)).fill_null(value=False)

    def passed(self, turns: pl.DataFrame) -> tuple[pl.DataFrame, pl.Series]:
        """The TURNS that may come in, without the parts of forgotten agents; and the ids of what stays out."""
        out = [self._by_name(turns), self._by_content(turns), self._by_age(turns)]
        gone = pl.concat(out).unique().sort()
        kept = turns.filter(~pl.col(_ID).is_in(gone.implode())) if len(gone) else turns
        if not self.agents:
            return kept, gone
        cut = without_agents(kept, self.is_forgotten(AGENT, kept["agent_id"]))
        lost = kept[_ID].unique().filter(~kept[_ID].unique().is_in(cut[_ID].unique().implode()))
        return cut, pl.concat([gone, lost]).unique().sort()

    def unnamed(self, rejects: pl.DataFrame, gone: Collection[str]) -> pl.DataFrame:
        """The REJECTS without those that name what was forgotten."""
        names = {*gone, *rejects["place"].filter(self.is_forgotten(CONVERSATION, rejects["place"]))}
        return without_names(rejects, names) if names else rejects

    def _digest(self, kind: str, text: str) -> str:
        found = self._known.get(f"{kind} {text}")
        if found is None:
            found = self._known[f"{kind} {text}"] = identities.digest(self.key, kind, text)
        return found

    def _by_name(self, turns: pl.DataFrame) -> pl.Series:
        ids = turns[_ID].unique()
        return ids.filter(self.is_forgotten(CONVERSATION, ids))

    def _by_content(self, turns: pl.DataFrame) -> pl.Series:
        """Those called after a file that say what was forgotten: the file may have another name by now."""
        if not self.contents:
            return turns[_ID].clear()
        named = nights.named_after_file(turns.select(_ID, "source").unique(_ID, maintain_order=True))
        said = content_hash(turns.join(named, on=_ID, how="semi"))
        return said[_ID].filter(self.is_forgotten(CONTENT, said["content"]))

    def _by_age(self, turns: pl.DataFrame) -> pl.Series:
        if self.before is None:
            return turns[_ID].clear()
        return turns.filter(pl.col("started_at") < self.before)[_ID].unique()


def admitted(prepared: Prepared, gate: Gate) -> Prepared:
    """What was prepared without what must not come in, and how many conversations that was."""
    turns, gone = gate.passed(prepared.turns)
    rejects = gate.unnamed(prepared.rejects, gone)
    if turns.height == prepared.turns.height and rejects.height == prepared.rejects.height:
        return prepared
    people = prepared.people.filter(~pl.col(_ID).is_in(gone.implode()))
    return replace(prepared, turns=turns, rejects=rejects, people=people, forgotten=len(gone))


def gate(store: Store, *, keep_days: int = 0) -> Gate:
    """What a scan must leave out of the store; `keep_days` as in the settings. Raises StoreError without the key."""
    limits = [oldest(keep_days)] if keep_days else []
    rows = store.rows(FORGOTTEN) if store.exists() else FORGOTTEN.empty()
    if rows.is_empty():
        return Gate(before=max(limits, default=None))
    of = {kind: frozenset(part["digest"]) for (kind,), part in rows.group_by("kind")}
    limits += [datetime.fromisoformat(text) for text in of.get(BEFORE, ())]
    ids, contents, agents = (of.get(kind, frozenset()) for kind in (CONVERSATION, CONTENT, AGENT))
    return Gate(key_of(store), ids, contents, agents, max(limits, default=None))


def oldest(keep_days: int) -> datetime:
    """The day before which conversations are too old: whole days, so that all runs of a day agree."""
    today = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    return today - timedelta(days=keep_days)


def key_of(store: Store) -> str:
    """The key of the store's hashes, made where there is none yet.

    Raises StoreError where it is gone and there are hashes: what was forgotten would come back.
    """
    known = store.recall(_KEY).get(_KEY)
    if known:
        return known
    if store.exists() and not (store.rows(FORGOTTEN).is_empty() and store.rows(PEOPLE).is_empty()):
        raise StoreError(
            "the key is gone without which nobody knows what was forgotten",
            where=f"{store.root}/_{_KEY}.json",
            remedy="restore it from a copy",
        )
    with store.writing():
        store.remember(_KEY, {_KEY: secrets.token_hex(32)})
    return store.recall(_KEY)[_KEY]


def bury(store: Store, kind: str, values: Iterable[str], *, cause: str) -> None:
    """Put up tombstones; those that stand already stay. `cause` is the digest of what was asked for."""
    key = key_of(store)
    made = sorted({value if kind == BEFORE else identities.digest(key, kind, value) for value in values})
    rows = pl.DataFrame({"kind": [kind] * len(made), "digest": made, "cause": [cause] * len(made)}, _TEXTS)
    fresh = rows.join(store.rows(FORGOTTEN), on=("kind", "digest", "cause"), how="anti")
    now = pl.lit(datetime.now(UTC), FORGOTTEN.columns["forgotten_at"]).alias("forgotten_at")
    store.append(FORGOTTEN, fresh.with_columns(now))


def bury_conversations(store: Store, conversations: pl.DataFrame, *, cause: str) -> None:
    """Tombstones of CONVERSATIONS: their ids, and what is said in those that are called after a file."""
    bury(store, CONVERSATION, conversations[_ID], cause=cause)
    bury(store, CONTENT, nights.named_after_file(conversations)["content"], cause=cause)


def remove(
    store: Store, causes: Collection[str], *, digests: Collection[str] = (), until: datetime | None = None
) -> int:
    """Take tombstones away: of those causes or digests, and limits of time up to a time; how many there were."""
    rows = store.rows(FORGOTTEN)
    gone = pl.col("cause").is_in(list(causes)) | pl.col("digest").is_in(list(digests))
    if until is not None:
        gone |= (pl.col("kind") == BEFORE) & (pl.col("digest") <= until.isoformat())
    kept = rows.filter(~gone)
    if kept.height < rows.height:
        store.replace(FORGOTTEN, kept)
    return rows.height - kept.height


def keep_people(store: Store, found: pl.DataFrame, conversations: pl.DataFrame) -> None:
    """Keep the hashes of what the customers of CONVERSATIONS are known by; `found` is as `identities.of_turns`."""
    months_of = conversations.select(_ID, months.of())
    mine = found.join(months_of, on=_ID, how="semi")
    if mine.is_empty():
        return
    hashed = identities.hashed(mine, key_of(store)).join(months_of, on=_ID)
    held = store.rows(PEOPLE, only=months_of)
    store.append(PEOPLE, hashed.join(held, on=hashed.columns, how="anti").select(layouts.stored(PEOPLE).columns.keys()))


def without_agents(turns: pl.DataFrame, gone: pl.Series) -> pl.DataFrame:
    """TURNS without those that `gone` says are a forgotten agent's, and without what was said to that agent.

    What a customer said goes with the agent turn that follows it, after the last one with the one before: so nobody
    else is taken to have answered it. A conversation of which no agent or no customer is left goes as a whole.
    """
    if not gone.any():
        return turns
    marked = turns.with_columns(gone=gone).sort(_ID, "turn")
    whose = pl.when(pl.col("role") == Role.AGENT).then("gone")
    told = pl.coalesce(whose.fill_null(strategy="backward").over(_ID), whose.fill_null(strategy="forward").over(_ID))
    kept = marked.with_columns(gone=told).filter(~pl.col("gone").fill_null(value=False)).drop("gone")
    both = pl.all_horizontal((pl.col("role") == role).any().over(_ID) for role in (Role.AGENT, Role.CUSTOMER))
    return kept.filter(both)


def without_names(rejects: pl.DataFrame, names: Collection[str]) -> pl.DataFrame:
    """The REJECTS without those that name one of the conversations, as their place or in quotes."""
    known = {*names}
    cited = [
        place in known or any(one in known or other in known for one, other in _QUOTED.findall(reason))
        for place, reason in rejects.select("place", "reason").iter_rows()
    ]
    return rejects.filter(~pl.Series(cited, dtype=pl.Boolean))


_TEXTS = dict.fromkeys(("kind", "digest", "cause"), pl.String)

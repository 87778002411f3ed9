"""Taking conversations, customers and agents out of a store for good: what is meant, and its removal.

The removal may be killed anywhere. Tombstones come first (tombstones.py), and the store remembers that something is
under way until the reports are made again: whoever forgets or scans next completes it.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import polars as pl

from empathy_scan import identities, layouts, ledger, stages, tombstones
from empathy_scan.appeals_log import Log
from empathy_scan.codebook import Role
from empathy_scan.errors import UsageError
from empathy_scan.layouts import VERSIONED
from empathy_scan.roles import agent_key
from empathy_scan.roster import Roster
from empathy_scan.roster import merge as merged
from empathy_scan.store import Store
from empathy_scan.tables import CONVERSATIONS, FILES, PEOPLE, TURNS
from empathy_scan.versions import conversations_of

CONVERSATION, CUSTOMER, AGENT, BEFORE = "conversation", "customer", "agent", "before"
_ID = "conversation_id"
_STATE = "forgetting"  # what the store remembers of one that is not done
BEGUN, REPORTS_LEFT = "begun", "reports"
_AGENTS = pl.DataFrame({"role": [Role.AGENT.value]})


@dataclass(frozen=True, slots=True)
class Wish:
    """What somebody wants to be forgotten: one kind of thing, one or several of them."""

    kind: str
    values: tuple[str, ...] = ()  # ids, customers or agents as they were typed
    before: datetime | None = None
    undated: bool = False  # with `before` also conversations that tell no time
    whole: bool = False  # of an agent also conversations that other agents took part in, as a whole

    def causes(self, key: str) -> dict[str, str]:
        """The digest of each thing that is asked for, by how it was typed."""
        if self.before is not None:
            return {"": identities.digest(key, "asked", f"{BEFORE} {self.before.isoformat()}")}
        plain = {value: " ".join(value.split()) for value in self.values}
        if self.kind == CUSTOMER:
            plain = {value: repr(sorted(identities.normal(value))) for value in self.values}
        if self.kind == AGENT:
            plain = dict(zip(self.values, _keys(self.values), strict=True))
        return {value: identities.digest(key, "asked", f"{self.kind} {told}") for value, told in plain.items()}


@dataclass(frozen=True, slots=True)
class Found:
    """What is to be removed from a store: CONVERSATIONS."""

    whole: pl.DataFrame = field(default_factory=CONVERSATIONS.empty)  # as a whole
    shared: pl.DataFrame = field(default_factory=CONVERSATIONS.empty)  # of which an agent's part goes
    agents: frozenset[str] = frozenset()  # stored keys of agents who are to be forgotten
    known_by: dict[str, int] = field(default_factory=dict)  # of a customer: kind -> conversations found by it
    undated: int = 0  # conversations that tell no time and stay
    rejected: int = 0  # rows of what could not be read that name one of the conversations
    unfinished: bool = False  # an earlier forgetting was killed

    @property
    def is_nothing(self) -> bool:
        """Whether there is nothing to remove."""
        return self.whole.is_empty() and self.shared.is_empty() and not (self.rejected or self.unfinished)


@dataclass(frozen=True, slots=True)
class Removed:
    """What was removed from a store."""

    conversations: int = 0
    cut: int = 0  # conversations of which an agent's part was taken out
    files: tuple[str, ...] = ()  # that they came from and that are still there


def find(store: Store, wish: Wish, roster: Roster) -> Found:
    """What a wish is about in a store. Raises StoreError where there is none, UsageError for a wish of nobody."""
    if wish.kind == BEFORE and wish.before is not None:
        return _by_time(store, wish.before, undated=wish.undated)
    if wish.kind == AGENT:
        return _of_agents(store, _stored_keys(store, wish.values, roster), whole=wish.whole)
    if wish.kind == CUSTOMER:
        return _of_customers(store, wish.values)
    rejects = store.read_rejects()
    named_in = rejects.height - tombstones.without_names(rejects, wish.values).height
    return Found(_known(store, pl.Series(_ID, wish.values, dtype=pl.String)), rejected=named_in)


def unfinished(store: Store) -> Found:
    """What a killed forgetting has left in the store; nothing where there was none."""
    if not is_unfinished(store):
        return Found()
    gate = tombstones.gate(store)
    conversations = store.conversations()
    gone = gate.is_forgotten(tombstones.CONVERSATION, conversations[_ID])
    if gate.before is not None:
        gone |= (conversations["started_at"] < gate.before).fill_null(value=False)
    keys = store.rows(TURNS, "agent_id")["agent_id"].drop_nulls().unique()
    agents = _of_agents(store, keys.filter(gate.is_forgotten(tombstones.AGENT, keys)), whole=False)
    return _both(Found(conversations.filter(gone), unfinished=True), agents)


def is_unfinished(store: Store) -> bool:
    """Whether a forgetting was begun and not brought to its end."""
    return store.recall(_STATE).get("state", "") in {BEGUN, REPORTS_LEFT}


def remove(store: Store, wish: Wish, found: Found, roster: Roster, *, queue: Path | None = None) -> Removed:
    """Take what was found out of the store and its review queue for good, and see that it does not come back.

    Repeatable after a kill.
    """
    with store.writing():
        found = _both(found, unfinished(store))
        store.remember(_STATE, {"state": BEGUN})
        _bury(store, wish, found, roster)
        _forget_reviews(queue, pl.concat([found.whole[_ID], found.shared[_ID]]), _people(wish, found, roster))
        sources = _sources(store, pl.concat([found.whole[_ID], found.shared[_ID]]))
        cut, lost = _without_agents(store, found)
        gone = pl.concat([found.whole[_ID], lost]).unique()
        tombstones.bury(store, tombstones.CONVERSATION, lost, cause=_cause(store, wish))
        files = _forget_files(store, sources, gone, kept=wish.kind == BEFORE)
        _forget_rejects(store, set(), set(wish.values if wish.kind == CONVERSATION else ()))
        store.tidy(keep_hours=0)
        removed = store.forget(gone)
        store.remember(_STATE, {"state": REPORTS_LEFT})
    return Removed(removed, len(cut), files)


def done(store: Store) -> None:
    """The reports are made again, too: nothing is left to do."""
    store.remember(_STATE, {"state": "done"})


def expire(store: Store, keep_days: int, *, queue: Path | None = None) -> int:
    """What a scan removes before it reads: conversations that are too old, and what a killed forgetting left."""
    if not store.exists():
        return 0
    with stages.stage(stages.STORING):
        if store.recall(_STATE).get("state") == BEGUN:
            remove(store, Wish(CONVERSATION), Found(), Roster(), queue=queue)
        old = store.conversations(before=tombstones.oldest(keep_days)) if keep_days else CONVERSATIONS.empty()
        if old.is_empty():
            return 0
        with store.writing():
            _forget_reviews(queue, old[_ID])
            _forget_files(store, _sources_of(old), old[_ID], kept=True)
            return store.forget(old[_ID])


# --- what is meant -------------------------------------------------------------------------------------------------


def _known(store: Store, ids: pl.Series) -> pl.DataFrame:
    """The CONVERSATIONS of those ids."""
    return store.conversations(ids=ids)


def _by_time(store: Store, before: datetime, *, undated: bool) -> Found:
    old = store.conversations(before=before)
    timeless = store.conversations().filter(pl.col("started_at").is_null())
    return Found(pl.concat([old, timeless]) if undated else old, undated=0 if undated else timeless.height)


def _of_customers(store: Store, names: Iterable[str]) -> Found:
    """The conversations of customers, by what was kept of what they are known by."""
    key = tombstones.key_of(store)
    wanted = [identities.digests_of(key, name) for name in names]
    if any(each.is_empty() for each in wanted):
        raise UsageError(
            "too little to find a customer by", where="--customer",
            remedy="give a mail address, a telephone number, the customer's id, or a name as the export writes it",
        )  # fmt: skip
    rows = store.rows(PEOPLE).join(pl.concat(wanted).unique(), on=("kind", "digest"), how="semi")
    counts = rows.group_by("kind").agg(pl.col(_ID).n_unique()).sort("kind")
    return Found(_known(store, rows[_ID].unique()), known_by=dict(counts.iter_rows()))


def _of_agents(store: Store, keys: pl.Series, *, whole: bool) -> Found:
    """The conversations in which agents of these keys spoke."""
    if keys.is_empty():
        return Found()
    spoke = store.rows(TURNS, _ID, "agent_id", only=_AGENTS)
    theirs = pl.col("agent_id").is_in(keys.implode()).fill_null(value=False)
    per = spoke.group_by(_ID).agg(some=theirs.any(), alone=theirs.all()).filter("some")
    alone = pl.lit(value=True) if whole else pl.col("alone")
    return Found(_known(store, per.filter(alone)[_ID]), _known(store, per.filter(~alone)[_ID]), agents=frozenset(keys))


def _stored_keys(store: Store, names: Iterable[str], roster: Roster) -> pl.Series:
    """The keys under which the store has agents of those names: as typed, or by the roster."""
    wanted = {known for name in _keys(names) for known in (name, roster.keys.get(name, name))}
    spoke = store.rows(TURNS, "role", "agent_id", "speaker", only=_AGENTS).unique()
    listed = merged(spoke.with_columns(stored="agent_id"), roster)
    meant = pl.col("agent_id").is_in(list(wanted)) | pl.col("stored").is_in(list(wanted))
    return listed.filter(meant)["stored"].drop_nulls().unique().sort()


def _keys(names: Iterable[str]) -> list[str]:
    """The keys of agents' names, as `roles.assign` makes them."""
    frame = pl.DataFrame({"name": list(names)}, {"name": pl.String})
    return frame.select(agent_key(pl.col("name"))).to_series().to_list()


def _both(one: Found, other: Found) -> Found:
    whole = pl.concat([one.whole, other.whole]).unique(_ID)
    shared = pl.concat([one.shared, other.shared]).unique(_ID).join(whole, on=_ID, how="anti")
    return Found(
        whole, shared, one.agents | other.agents, one.known_by, one.undated, one.rejected,
        one.unfinished or other.unfinished,
    )  # fmt: skip


# --- its removal ---------------------------------------------------------------------------------------------------


def _cause(store: Store, wish: Wish) -> str:
    """The digest of the first thing that a wish asks for; "" for one that asks for nothing."""
    return next(iter(wish.causes(tombstones.key_of(store)).values()), "")


def _bury(store: Store, wish: Wish, found: Found, roster: Roster) -> None:
    """The tombstones of a wish."""
    key = tombstones.key_of(store)
    causes = wish.causes(key)
    for value, cause in causes.items():
        mine = found
        if len(causes) > 1 and wish.kind == CONVERSATION:
            mine = Found(found.whole.filter(pl.col(_ID) == value))
        elif len(causes) > 1:
            mine = find(store, Wish(wish.kind, (value,), whole=wish.whole), roster)
        if wish.before is not None:
            tombstones.bury(store, tombstones.BEFORE, [wish.before.isoformat()], cause=cause)
            mine = Found(mine.whole.filter(pl.col("started_at").is_null()))
        if wish.kind == AGENT:
            names = {*mine.agents, *(name for name in _keys([value]))}
            listed = {roster.keys.get(name, name) for name in names}
            names |= listed | {name for name, agent in roster.keys.items() if agent in listed}
            tombstones.bury(store, tombstones.AGENT, names, cause=cause)
        if wish.kind == CONVERSATION:  # also one that could not be read so far
            tombstones.bury(store, tombstones.CONVERSATION, [value], cause=cause)
        tombstones.bury_conversations(store, mine.whole, cause=cause)


def _without_agents(store: Store, found: Found) -> tuple[pl.Series, pl.Series]:
    """Take the parts of agents out of the conversations that they shared; the ids of these, and of those with no rest.

    What stays gets a version of its own, that of what a scan makes of the files now.
    """
    ids = found.shared[_ID]
    if ids.is_empty():
        return ids, ids
    held = store.load(conversation_id=ids)
    gone = held.turns["agent_id"].is_in(list(found.agents)).fill_null(value=False)
    turns = tombstones.without_agents(held.turns, gone)
    models = held.conversations.select(_ID, "model", "settings")
    made = conversations_of(turns, model="", settings="").drop("model", "settings").join(models, on=_ID)
    place = (_ID, "turn")
    store.add(
        made.select(CONVERSATIONS.columns.keys()),
        turns,
        held.scores.join(turns, on=place, how="semi", maintain_order="left"),
        held.labels.join(turns, on=place, how="semi", maintain_order="left"),
    )
    for table in layouts.OF_CONVERSATIONS:
        if table not in (*VERSIONED, PEOPLE):
            store.drop_rows(table, ids)
    left = ids.is_in(made[_ID].implode())
    return ids.filter(left), ids.filter(~left)


def _sources(store: Store, ids: pl.Series) -> set[str]:
    """The files that conversations came from, all of each."""
    only = pl.DataFrame({_ID: ids.unique()})
    rows = [store.rows(table, "source", only=only) for table in (TURNS, CONVERSATIONS)]
    return {ledger.file_of(source) for source in pl.concat(rows)["source"].unique()}


def _sources_of(conversations: pl.DataFrame) -> set[str]:
    return {ledger.file_of(source) for source in conversations["source"].unique()}


def _forget_files(store: Store, sources: set[str], gone: pl.Series, *, kept: bool) -> tuple[str, ...]:
    """Take files out of the ledger and out of what is rejected; those that are still there.

    They are read again then, which is how a scan finds what is left in them. With `kept` those stay that are there, or
    from which something else is stored: age keeps out what is too old, and nothing need be read.
    """
    files = store.files()
    mine = files.filter(pl.col("source").is_in(list(sources)))
    if kept:
        others = store.conversations().filter(~pl.col(_ID).is_in(gone.implode()))
        mine = mine.filter(~pl.col("source").is_in(list(_sources_of(others))))
    there = [path for path in mine["path"] if os.path.exists(path)]  # noqa: PTH110 - text, as in the ledger
    if kept:
        mine = mine.filter(~pl.col("path").is_in(there))
    copies = files.filter(pl.col("sha256").is_in(mine["sha256"].implode()), pl.col("sha256") != "")
    rest = files.join(pl.concat([mine, copies]), on="path", how="anti")
    if rest.height < files.height:
        store.replace(FILES, rest)
    _forget_rejects(store, {*mine["source"], *(set() if kept else sources)}, set(gone))
    return tuple(sorted(there))


def _forget_rejects(store: Store, sources: set[str], gone: set[str]) -> None:
    """Take out what was rejected of those files, and what names those conversations."""
    held = store.read_rejects()
    files = pl.Series("file", [ledger.file_of(source) for source in held["source"]], dtype=pl.String)
    store.set_rejects(tombstones.without_names(held.filter(~files.is_in(list(sources))), gone))


def _forget_reviews(queue: Path | None, gone: pl.Series, agents: Collection[str] = ()) -> None:
    """Take conversations out of the folder in which people label turns and appeal, and agents' names out of appeals."""
    if queue is not None and queue.is_dir():
        from empathy_scan import review  # noqa: PLC0415 - most nights forget nothing

        review.forget(queue, gone.to_list())
        Log(queue).forget(gone.to_list(), agents=lambda who: bool(agents) and _keys([who])[0] in agents)


def _people(wish: Wish, found: Found, roster: Roster) -> set[str]:
    """The keys of the agents who are to be forgotten, by every name that the roster has of them."""
    if wish.kind != AGENT:
        return set(found.agents)
    keys = {*found.agents, *_keys(wish.values)}
    agents = {roster.keys.get(key, key) for key in keys}
    return keys | agents | {name for name, agent in roster.keys.items() if agent in agents}


def named(wish: Wish, key: str) -> set[str]:
    """The digests under which conversations and agents of a wish may have tombstones, for whatever cause."""
    names = wish.values if wish.kind == CONVERSATION else _keys(wish.values) if wish.kind == AGENT else ()
    return {identities.digest(key, wish.kind, name) for name in names}


def empty_cache(store: Store) -> None:
    """Delete the scores by content of a local store: a row there is a hash of words, and tells no conversation."""
    if "://" not in store.root:
        for path in Path(store.root, "_cache").glob("scores-*"):
            path.unlink(missing_ok=True)

"""Opening an appeal, deciding it, taking it back: who may do what, and what is written of it."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

import polars as pl

from empathy_scan import appeals_log, reviewing, roster
from empathy_scan.appeals.labels import merged, parse
from empathy_scan.appeals.messages import Message, message_of
from empathy_scan.appeals_log import OUTCOMES, PARTLY, REJECTED, UPHELD, Case, Event, Log
from empathy_scan.config import Config
from empathy_scan.errors import StoreError, UsageError
from empathy_scan.roles import agent_key
from empathy_scan.roster import Roster
from empathy_scan.store import Store

_LONGEST_REASON, _LONGEST_NAME = 2_000, 80


def log_of(store: Store, config: Config) -> Log:
    """The log of a store's appeals, in its review queue.

    Raises StoreError where there is no store, UsageError for an address without a queue's folder.
    """
    if not store.exists():
        raise StoreError(
            "there is no store", where=store.root, remedy="run empathy-scan scan first, or name it with --store"
        )
    return Log(reviewing.queue_of(store.root, config).folder)


def cases(store: Store, config: Config) -> list[Case]:
    """Every appeal, in the order of opening. Raises StoreError for a log that was changed."""
    return list(log_of(store, config).cases().values())


def open_(
    store: Store, config: Config, message: str, *, who: str, should: Sequence[str], why: str, conversation: str = ""
) -> Case:
    """Dispute labels of a message; gives the case.

    `should` says what they should be, as `label=value` in the codebook's words. The reason is redacted before it is
    written. Raises UsageError for a message that is not there, labels that it has already, an appeal that is open
    already or was decided twice.
    """
    name, log = _named(who), log_of(store, config)
    found = message_of(store, config, message, conversation=conversation)
    asked = parse(found.role, should, counts=found.counts)
    reason = _reason(why, name, found)

    def made(held: Mapping[str, Case]) -> Event:
        words = appeals_log.digest(found.conversation_id, found.text)
        _may_open(held.get(found.id), words)
        return Event(
            appeals_log.OPENED, found.id, name, datetime.now(UTC), reason, found.model, found.labels, asked,
            found.counts, found.conversation_id, found.turn, found.role, found.agent_id, found.text, found.context,
            words,
        )  # fmt: skip

    log.add(made)
    return log.cases()[found.id]


def decide(
    store: Store, config: Config, message: str, *, who: str, outcome: str, why: str, labels: Sequence[str] = ()
) -> Case:
    """Decide an appeal; gives the case. What is decided counts from the next report on.

    `upheld`: as the appeal says; `partly`: as `labels` say; `rejected`: as it counted before. All labels of the message
    are fixed by that. Raises UsageError for an appeal that is not open, somebody who must not decide it (who opened
    it, the agent whose message it is, or who decided the first time), and labels that do not fit.
    """
    name, log, listed = _named(who), log_of(store, config), roster.load(config.roles.roster)
    case = _case(log.cases(), message)
    opening = case.opening
    found = message_of(store, config, message, conversation=opening.conversation_id)
    if appeals_log.digest(found.conversation_id, found.text) != opening.words:
        raise UsageError(
            "this message has other words now than when the appeal was opened", where=message,
            remedy="withdraw the appeal, read the message again, and open a new one",
        )  # fmt: skip
    final, reason = _decided(case, found, outcome, labels), _reason(why, name, found)

    def made(held: Mapping[str, Case]) -> Event:
        _may_decide(_case(held, message), name, listed)
        return Event(
            appeals_log.DECIDED, message, name, datetime.now(UTC), reason, found.model, found.labels, outcome=outcome,
            decided=final,
        )  # fmt: skip

    log.add(made)
    return log.cases()[message]


def withdraw(store: Store, config: Config, message: str, *, who: str, why: str = "") -> Case:
    """Take an appeal back; only who opened it can. Gives the case. Raises UsageError."""
    name, log, listed = _named(who), log_of(store, config), roster.load(config.roles.roster)
    reason = _redacted(why, (name,)) if why.strip() else ""

    def made(held: Mapping[str, Case]) -> Event:
        case = _case(held, message)
        _demand_open(case)
        if not _same(name, case.opening.who, listed):
            raise UsageError("only who opened an appeal can take it back", where=message, remedy="decide it instead")
        return Event(appeals_log.WITHDRAWN, message, name, datetime.now(UTC), reason)

    log.add(made)
    return log.cases()[message]


def case_of(store: Store, config: Config, message: str) -> Case:
    """All that is known of the appeals against a message. Raises UsageError where nobody has appealed."""
    return _case(log_of(store, config).cases(), message)


def _decided(case: Case, found: Message, outcome: str, labels: Sequence[str]) -> dict[str, str]:
    """All labels of a message as decided."""
    if outcome not in OUTCOMES:
        raise UsageError(f"{outcome!r} is no outcome", remedy=f"write one of {', '.join(OUTCOMES)}")
    if (outcome == PARTLY) != bool(labels):
        raise UsageError(
            "labels of their own go with the outcome `partly`, and only with that",
            remedy="`upheld` takes them from the appeal, `rejected` leaves them as they are",
        )
    if outcome == REJECTED:
        return dict(found.counts)
    changes = case.opening.should if outcome == UPHELD else parse(found.role, labels, counts=found.counts)
    return merged(found.role, found.counts, changes)


def _case(held: Mapping[str, Case], message: str) -> Case:
    if message not in held:
        raise UsageError(
            f"nobody has appealed against {message!r}", remedy="see `empathy-scan appeal list`, or open an appeal"
        )
    return held[message]


def _demand_open(case: Case) -> None:
    if not case.is_open:
        raise UsageError(
            f"this appeal is not open: {case.state}", where=case.message,
            remedy="see `empathy-scan appeal show`; " + (
                "the second decision is final"
                if len(case.deciders(case.opening.words)) >= appeals_log.MOST_DECISIONS
                else "a decision may be appealed against once"
            ),
        )  # fmt: skip


def _may_open(case: Case | None, words: str) -> None:
    if case is not None and case.is_open:
        raise UsageError("an appeal is open already", where=case.message, remedy="decide it first")
    if case is not None and len(case.deciders(words)) >= appeals_log.MOST_DECISIONS:
        raise UsageError(
            "this message was decided twice: that is final", where=case.message,
            remedy="see `empathy-scan appeal show` for what was decided and why",
        )  # fmt: skip


def _may_decide(case: Case, who: str, listed: Roster) -> None:
    _demand_open(case)
    parties = [(case.opening.who, "opened the appeal"), (case.opening.agent_id, "is the agent concerned")]
    parties += [(each, "decided the first time") for each in case.deciders(case.opening.words)]
    for other, what in parties:
        if other and _same(who, other, listed):
            raise UsageError(
                f"who {what} must not decide it", where=case.message, remedy="let somebody else decide, under --who"
            )


def _same(one: str, other: str, listed: Roster) -> bool:
    """Whether two names are one person's, as far as names and the roster tell."""
    plain = [unicodedata.normalize("NFKC", name) for name in (one, other)]
    keys = pl.DataFrame({"name": plain}).select(agent_key(pl.col("name"))).to_series().to_list()
    return len({appeals_log.party(listed.keys.get(key, key)) for key in keys}) == 1


def _named(who: str) -> str:
    name = " ".join(who.split())
    if not name or len(name) > _LONGEST_NAME:
        raise UsageError("say who you are", where="--who", remedy=f"give a name of up to {_LONGEST_NAME} characters")
    return name


def _reason(why: str, who: str, found: Message) -> str:
    """A reason without what tells of customers. Raises UsageError where there is none."""
    if not why.strip():
        raise UsageError("there is no reason", where="--why", remedy="say in a sentence why")
    return _redacted(why, (who, found.agent_id.replace(".", " ")))


def _redacted(text: str, names: Sequence[str]) -> str:
    from empathy_scan import redact  # noqa: PLC0415 - most of a report needs none of its words

    told = " ".join(text.split())
    if len(told) > _LONGEST_REASON:
        raise UsageError(f"a reason of {len(told):,} characters", where="--why", remedy=f"use {_LONGEST_REASON:,}")
    return redact.redact_text(told, names=names)

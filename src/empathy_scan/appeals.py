"""Appeals: somebody disputes the labels of a message with a reason, somebody else decides, and the figures follow.

A decision is on words, not on a model: it holds for the message as long as that says the same, whatever scores the
store next. `standing` gives what is decided as of today; everything that makes figures from a store's labels asks it.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import polars as pl

from empathy_scan import appeals_log, reviewing, roster
from empathy_scan.appeals_log import APPEAL, OPEN, OUTCOMES, PARTLY, REJECTED, UPHELD, Case, Event, Labels, Log
from empathy_scan.codebook import ATTACKS, FLAGS, Role, tone_names
from empathy_scan.config import Config
from empathy_scan.errors import StoreError, UsageError
from empathy_scan.report import appealed, marks
from empathy_scan.report.appealed import HARDSHIP, Appealed
from empathy_scan.review.queue import item_id
from empathy_scan.review.sample import CONTEXT_TURNS
from empathy_scan.roles import agent_key
from empathy_scan.roster import Roster
from empathy_scan.store import Store
from empathy_scan.tables import LABELS

__all__ = [
    "APPEAL", "OPEN", "OUTCOMES", "PARTLY", "REJECTED", "UPHELD", "Case", "Standing", "case_of", "cases", "decide",
    "labels_now", "log_of", "open_", "parse", "spelt", "standing", "withdraw",
]  # fmt: skip

TONE, YES, NO = "tone", "yes", "no"
_LONGEST_REASON, _LONGEST_NAME = 2_000, 80
_KEY = ("conversation_id", "turn")
DECIDED = {
    "conversation_id": pl.String, "turn": pl.Int32, "flags": pl.String, "tone": pl.Int8, "kinds": pl.String,
    "hardship": pl.Boolean,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Standing:
    """What appeals have decided of a store's messages as they are today."""

    decided: pl.DataFrame  # columns DECIDED: a row per message whose labels count as decided
    told: tuple[Appealed, ...] = ()  # every appeal, for reports

    def labels(self, labels: pl.DataFrame) -> pl.DataFrame:
        """The LABELS with what was decided in the place of the model's labels."""
        if self.decided.is_empty():
            return labels
        known = self.decided.select(*_KEY, *(pl.col(name).alias(f"_{name}") for name in DECIDED if name not in _KEY))
        hostile = pl.when(pl.col("_tone").is_not_null()).then((pl.col("_tone") == 2).cast(pl.Float64))
        return (
            labels.join(known, on=_KEY, how="left", maintain_order="left")
            .with_columns(
                *(pl.coalesce(f"_{name}", name).alias(name) for name in ("flags", "tone", "kinds", "hardship")),
                p_hostile=pl.coalesce(hostile, "p_hostile"),
            )
            .select(labels.columns)
        )

    def scores(self, scores: pl.DataFrame) -> pl.DataFrame:
        """The SCORES with the flags of a decided message's only piece as decided, of several without what is not."""
        if self.decided.is_empty():
            return scores
        known = self.decided.select(*_KEY, _flags="flags")
        shared = [
            pl.when(
                pl.all_horizontal(pl.col(name).str.contains(each.code, literal=True) for name in ("flags", "_flags"))
            )
            .then(pl.lit(each.code))
            .otherwise(pl.lit(""))
            for each in FLAGS
        ]
        alone = pl.len().over(_KEY) == 1
        flags = pl.when(pl.col("_flags").is_null()).then("flags").when(alone).then("_flags")
        joined = scores.join(known, on=_KEY, how="left", maintain_order="left")
        return joined.with_columns(flags=flags.otherwise(pl.concat_str(shared))).select(scores.columns)


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


def standing(store: Store, config: Config) -> Standing:
    """What is decided as of today, and what reports tell of it; nothing where there is no queue.

    Raises StoreError for a log that was changed: figures without what was decided would be wrong.
    """
    folder = config.review.folder(store.root)
    held = Log(folder).cases() if folder is not None else {}
    if not held:
        return Standing(pl.DataFrame(schema=DECIDED))
    ids = pl.Series([case.opening.conversation_id for case in held.values()], dtype=pl.String).unique()
    said = store.turns_of(ids).select(*_KEY, "role", "text")
    there: dict[str, dict[int, tuple[str, str]]] = {}
    for conversation, turn, role, text in said.iter_rows():
        there.setdefault(conversation, {})[turn] = (role, text)
    rows, told = [], []
    for case in held.values():
        turns = there.get(case.opening.conversation_id)
        if turns is None:  # it is in the store no more
            continue
        place = None if case.ruled is None else _place_of(case.ruled, turns)
        told.append(_appealed(case, place, _place_of(case.opening, turns)))
        if place is not None:
            rows.append(_row(case, place))
    return Standing(pl.DataFrame(rows, schema=DECIDED).unique(_KEY, keep="last", maintain_order=True), tuple(told))


def _place_of(opening: Event, turns: Mapping[int, tuple[str, str]]) -> int | None:
    """The turn with the words of an opening: where it was, or the only one elsewhere; None where none has them."""
    same = [
        turn for turn, (role, text) in turns.items()
        if role == opening.role and appeals_log.digest(opening.conversation_id, text) == opening.words
    ]  # fmt: skip
    if opening.turn in same:
        return opening.turn
    return same[0] if len(same) == 1 else None


def _appealed(case: Case, ruled: int | None, opened: int | None) -> Appealed:
    """An appeal as a report tells it, with the turns where the words of decision and opening stand now."""
    opening, decision = case.opening, case.decision
    place = next((turn for turn in (opened, ruled) if turn is not None), opening.turn)
    return Appealed(
        case.message, opening.conversation_id, place, opening.agent_id, case.state,
        opening.at, decision.at if decision else None, decision.outcome if decision else "",
        appealed.in_words(opening.role, decision.labels) if decision else "",
        appealed.in_words(opening.role, decision.decided) if decision else "", decision is None or ruled is not None,
    )  # fmt: skip


def _row(case: Case, turn: int) -> dict[str, object]:
    """A decision as labels in codes."""
    decision, opening = case.decision, case.opening
    labels = decision.decided if decision else {}
    flags, kinds = (
        "".join(each.code for each in held if labels.get(each.code) == YES) for held in (FLAGS, ATTACKS)
    )  # fmt: skip
    return {
        "conversation_id": opening.conversation_id, "turn": turn, "flags": flags, "tone": int(labels[TONE]),
        "kinds": kinds, "hardship": labels.get(HARDSHIP) == YES,
    }  # fmt: skip


# --- opening, deciding, withdrawing --------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Message:
    """A message of the store with its labels of today."""

    id: str
    conversation_id: str
    turn: int
    role: str
    agent_id: str
    text: str
    context: tuple[tuple[str, str], ...]
    labels: Labels  # the model's
    counts: Labels  # those that count: the model's, or what was decided
    model: str


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
    it, or the agent whose message it is), and labels that do not fit.
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


def spelt(role: str, labels: Labels) -> list[str]:
    """Labels by code as they are written on the command line: `tone=civil`, `scripted=no`."""
    names = {each.code: each.name for each in (*FLAGS, *ATTACKS)}
    return [
        f"{names.get(code, code)}={tone_names(role)[int(value)] if code == TONE else value}"
        for code, value in labels.items()
    ]


def message_of(store: Store, config: Config, message: str, *, conversation: str = "") -> Message:
    """A message of the store by the id that reports show. Raises UsageError where there is none."""
    conversation_id, turn = _find(store, message, conversation)
    ids = pl.Series([conversation_id])
    rows = store.labels_of(ids)
    row = rows.filter(pl.col("turn") == turn)
    said = store.turns_of(ids).sort("turn")
    here = said.filter(pl.col("turn") == turn)
    if row.is_empty() or here.is_empty():
        raise _unknown(message)
    counted = standing(store, config).labels(row)
    before = said.filter(pl.col("turn") < turn).tail(CONTEXT_TURNS)
    known = store.known(ids)
    return Message(
        message, conversation_id, turn, row["role"][0], _agent(rows, turn), here["text"][0],
        tuple(before.select("role", "text").iter_rows()), labels_now(row.row(0, named=True)),
        labels_now(counted.row(0, named=True)), known["model"][0],
    )  # fmt: skip


def labels_now(row: Mapping[str, object]) -> dict[str, str]:
    """A row of LABELS as labels by code."""
    agent = row["role"] == Role.AGENT
    held = str(row["flags"] if agent else row["kinds"])
    told = {each.code: YES if each.code in held else NO for each in (FLAGS if agent else ATTACKS)}
    told[TONE] = str(row["tone"])
    return told if agent else {**told, HARDSHIP: YES if row["hardship"] else NO}


def parse(role: str, given: Sequence[str], *, counts: Labels | None = None) -> dict[str, str]:
    """Labels in words (`tone=civil`, `stock phrase=no`) by code. Raises UsageError, which names those that there are.

    With `counts`, those that count now, at least one must differ from them.
    """
    names, tones = _names(role), {name: str(at) for at, name in enumerate(tone_names(role))}
    found: dict[str, str] = {}
    for one in given:
        name, sign, value = (part.strip().casefold() for part in one.partition("="))
        code = names.get(name.replace("_", " "))
        values = {**tones, "0": "0", "1": "1", "2": "2"} if code == TONE else {"yes": YES, "no": NO}
        if code is None or not sign or value not in values:
            raise UsageError(
                f"{one!r} is no label of {'an agent' if role == Role.AGENT else 'a customer'}'s message",
                remedy=f"write one of {', '.join(_offered(role))}",
            )
        if found.setdefault(code, values[value]) != values[value]:
            raise UsageError(f"{name} is given twice, and differently", remedy="give it once")
    if not found:
        raise UsageError("no label is given", remedy=f"write one or more of {', '.join(_offered(role))}")
    if counts is not None and all(counts.get(code) == value for code, value in found.items()):
        raise UsageError(
            f"the message counts so already: it counts as {appealed.in_words(role, counts)}",
            remedy="say which label should be another one",
        )
    final = {**(counts or {}), **found}
    if final.get(TONE) != "2" and (wrong := [each.name for each in ATTACKS if found.get(each.code) == YES]):
        raise UsageError(f"{', '.join(wrong)} without a hostile tone", remedy="add tone=hostile, or leave it out")
    return found


def _names(role: str) -> dict[str, str]:
    """The codes of a role's labels by every way of writing them: code, codebook's name, and as pages call them."""
    held = FLAGS if role == Role.AGENT else ATTACKS
    found = {name: each.code for each in held for name in (each.code.casefold(), each.name, marks.called(each.name))}
    return {**found, TONE: TONE, **({} if role == Role.AGENT else {HARDSHIP: HARDSHIP})}


def _offered(role: str) -> list[str]:
    held = [each.name for each in (FLAGS if role == Role.AGENT else ATTACKS)]
    yes_or_no = [*held, *([] if role == Role.AGENT else [HARDSHIP])]
    return [f"tone={'|'.join(tone_names(role))}", *(f"{name}=yes|no" for name in yes_or_no)]


def _merged(role: str, counts: Labels, changes: Labels) -> dict[str, str]:
    """All labels of a message after some have changed: only hostile customers attack."""
    final = {**counts, **changes}
    if role != Role.AGENT and final[TONE] != "2":
        final |= {each.code: NO for each in ATTACKS}
    return final


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
    return _merged(found.role, found.counts, changes)


def _find(store: Store, message: str, conversation: str) -> tuple[str, int]:
    """Conversation and turn of a message's id. Raises UsageError for none, and for several."""
    only = pl.DataFrame({"conversation_id": [conversation]}) if conversation else None
    rows = store.rows(LABELS, *_KEY, only=only).unique()
    found = [(name, turn) for name, turn in rows.iter_rows() if item_id(name, turn) == message]
    if len(found) > 1:
        raise UsageError("two messages have this id", where=message, remedy="say which, with --conversation")
    if not found:
        raise _unknown(message)
    return found[0]


def _unknown(message: str) -> UsageError:
    return UsageError(
        f"no message {message!r} in the store",
        remedy="copy the id, such as t_1a2b3c4d5e6f, from the message's place on the conversation's page",
    )


def _agent(rows: pl.DataFrame, turn: int) -> str:
    """The agent who says a turn, or answers it, or spoke before it."""
    spoken = rows.filter(pl.col("role") == Role.AGENT).sort("turn")
    later, earlier = spoken.filter(pl.col("turn") >= turn), spoken.filter(pl.col("turn") < turn)
    nearest = later["agent_id"][0] if later.height else earlier["agent_id"][-1] if earlier.height else None
    return nearest or ""


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
            remedy="see `empathy-scan appeal show`; a decision may be appealed against once",
        )  # fmt: skip


def _may_open(case: Case | None, words: str) -> None:
    if case is not None and case.is_open:
        raise UsageError("an appeal is open already", where=case.message, remedy="decide it first")
    if case is not None and case.rulings(words) >= appeals_log.MOST_DECISIONS:
        raise UsageError(
            "this message was decided twice: that is final", where=case.message,
            remedy="see `empathy-scan appeal show` for what was decided and why",
        )  # fmt: skip


def _may_decide(case: Case, who: str, listed: Roster) -> None:
    _demand_open(case)
    for other, what in ((case.opening.who, "opened the appeal"), (case.opening.agent_id, "is the agent concerned")):
        if other and _same(who, other, listed):
            raise UsageError(
                f"who {what} must not decide it", where=case.message, remedy="let somebody else decide, under --who"
            )


def _same(one: str, other: str, listed: Roster) -> bool:
    """Whether two names are one person's, as far as names and the roster tell."""
    plain = [unicodedata.normalize("NFKC", name) for name in (one, other)]
    keys = pl.DataFrame({"name": plain}).select(agent_key(pl.col("name"))).to_series().to_list()
    return len({appeals_log.person(listed.keys.get(key, key)) for key in keys}) == 1


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

"""The moments that an agent's page can cite: which turns speak for each kind of moment, the clearest first.

All kinds are found in the frames at once; only the few best of each agent and kind are looked at one by one. Clear
cases come before those where the model hesitated, and no conversation comes twice before each has come once.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import dataclass

import polars as pl

from empathy_scan.codebook import CareClass
from empathy_scan.mirror import MISSED, UNKNOWN_AGENT
from empathy_scan.report.material import Material, Row

# Kinds worth praising, kinds to read without a claim, and those that a thing to work on is shown with.
PRAISE = ("rose", "empathic")
READING = ("guarded", "scripted", "missed")
KINDS = (*PRAISE, *READING, "mirroring", "sorry", "snap", "belittling", "house")
_POOL = 30  # candidates of a kind that an agent's moments are picked from
_LATER = 0.8  # weight of an answer that was not the first message after the customer's
_UNKNOWN = 0.5  # clarity of a turn whose labels come from people: neither preferred nor put back
_VAGUE = 0.5  # a moment less clear than this is shown only where fewer than _FEWEST others are
_FEWEST = 2
SURE, CALM = 0.85, 0.25  # only what the model is surely right about is praised or held up to others
_KEY = ("agent_id", "kind")
_INDEX = ("agent_id", "conversation_id", "turn", "agent_turn")


@dataclass(frozen=True, slots=True)
class Pools:
    """The candidates of every agent and kind, and how many moments of the kind there are in all."""

    rows: dict[str, pl.DataFrame]  # by agent: kind, conversation_id, turn, agent_turn, clarity, unsure; best first
    counts: dict[tuple[str, str], int]  # by agent and kind

    def of(self, agent_id: str, kinds: Collection[str]) -> list[Row]:
        """An agent's candidates of some kinds; `turn` is the customer's, `agent_turn` the answer to it."""
        held = self.rows.get(agent_id)
        return [] if held is None else held.filter(pl.col("kind").is_in(list(kinds))).to_dicts()


def pools(material: Material) -> Pools:
    """The moments of all agents."""
    found = _candidates(material)
    counts = {(row[0], row[1]): row[2] for row in found.group_by(_KEY).len().iter_rows()}
    best = _best(_with_clarity(found, material.said))
    rows = {str(agent): part for (agent,), part in best.partition_by("agent_id", as_dict=True).items()}
    return Pools(rows, counts)


def picked(pool: Iterable[Row], count: int, *, without: Collection[tuple[str, int]] = ()) -> list[Row]:
    """The moments to show, one by one: each time the best that is left, given those already picked.

    `without` are agent turns (conversation, turn) that the page has shown already.
    """
    # Of two kinds that name the same agent turn the first one is kept: rising above before understanding.
    ranked = sorted(pool, key=lambda row: KINDS.index(row["kind"]), reverse=True)
    left = {(row["conversation_id"], row["agent_turn"]): row for row in ranked}
    order = [row for key, row in left.items() if key not in without]
    conversations, kinds = Counter(conversation for conversation, _ in without), Counter[str]()

    def vague(row: Row) -> bool:
        return bool(row["unsure"]) or float(row["clarity"]) < _VAGUE

    def merit(row: Row) -> tuple[object, ...]:
        seen = conversations[row["conversation_id"]], kinds[row["kind"]]
        return vague(row), *seen, KINDS.index(row["kind"]), -row["clarity"], row["conversation_id"], row["turn"]

    found: list[Row] = []
    while order and len(found) < count:
        best = min(order, key=merit)
        if vague(best) and len(found) >= _FEWEST:
            break
        order.remove(best)
        conversations[best["conversation_id"]] += 1
        kinds[best["kind"]] += 1
        found.append(best)
    return found


def _candidates(material: Material) -> pl.DataFrame:
    """Every turn that could be cited, one row per agent turn and kind: of two customer turns with it, the later one."""
    asked = material.answers.filter(pl.col("agent_id").is_not_null())
    answered = asked.filter(pl.col("call"))
    spoken = material.exchanges.filter(pl.col("customer_turn").is_not_null()).with_columns(
        pl.col("agent_id").fill_null(UNKNOWN_AGENT)
    )
    strained, hostile = pl.col("tone") > 0, pl.col("customer_tone") == 2
    recited = (pl.col("care_class") == CareClass.SCRIPTED) & ~pl.col("acted")
    # What comes after a guarded first answer is no moment to praise, whatever the answer counts as.
    understood = (pl.col("answer") == CareClass.EMPATHIC) & (pl.col("first_tone") == 0)
    found = [
        _kind(asked.filter(pl.col("rose_above").fill_null(value=False)), "rose", "turn", "first_turn"),
        _kind(answered.filter(understood), "empathic", "turn", "answer_turn"),
        _kind(answered.filter(pl.col("answer") == CareClass.SCRIPTED), "scripted", "turn", "answer_turn"),
        _kind(answered.filter(pl.col("answer") == MISSED), "missed", "turn", "first_turn"),
        *(
            _kind(spoken.filter(which), kind, "customer_turn", "turn")
            for kind, which in (
                ("guarded", strained), ("mirroring", strained & hostile), ("belittling", pl.col("tone") == 2),
                ("sorry", recited), ("snap", pl.col("snapped")),
            )
        ),
        _kind(spoken.join(_house(material), on=("conversation_id", "turn")), "house", "customer_turn", "turn"),
    ]  # fmt: skip
    key = [*_KEY, "conversation_id", "agent_turn"]
    return pl.concat(found).drop_nulls("agent_turn").sort(*key, "turn").unique(key, keep="last", maintain_order=True)


def _house(material: Material) -> pl.DataFrame:
    """The turns that hold a stock sentence of the house."""
    said = material.phrases.sentences
    recited = said.filter(pl.col("house") & (pl.col("care_class") == CareClass.SCRIPTED))
    return recited.select("conversation_id", "turn").unique()


def _kind(rows: pl.DataFrame, kind: str, turn: str, agent_turn: str) -> pl.DataFrame:
    """The rows as candidates of one kind."""
    return rows.select(
        "agent_id", "conversation_id", turn=pl.col(turn), agent_turn=pl.col(agent_turn), kind=pl.lit(kind)
    )


def _with_clarity(candidates: pl.DataFrame, said: pl.DataFrame) -> pl.DataFrame:
    """The candidates with `clarity` (how sure the model is of what is cited), `unsure`; praise is civil and plain."""
    strained = pl.max_horizontal("p_strained", "p_hostile")
    care = pl.max_horizontal("p_acknowledges", "p_explores")
    answer = said.select(
        "conversation_id", "p_scripted", "p_owns", care=care, strained=strained,
        agent_turn="turn", agent_tone="tone", agent_unsure="unsure", signs="signs",
    )  # fmt: skip
    asked = pl.when(pl.col("hardship").fill_null(value=False)).then(1.0).otherwise(strained)
    customer = said.select("conversation_id", "turn", asked=asked, customer_unsure="unsure")
    kind = pl.col("kind")
    clarity = (
        pl.when(kind.is_in(["scripted", "sorry", "house"])).then("p_scripted")
        .when(kind == "missed").then(1 - pl.max_horizontal("care", "p_scripted"))
        .when(kind.is_in(["guarded", "mirroring", "belittling", "snap"])).then("strained")
        .when(kind == "rose").then(pl.max_horizontal("care", "p_owns"))
        .otherwise("care")
    )  # fmt: skip
    called = kind.is_in(["scripted", "missed", "rose", "empathic", "mirroring"])
    asked_surely = pl.when(called).then(pl.col("asked").fill_null(_UNKNOWN)).otherwise(1.0)
    civil = pl.col("agent_tone").fill_null(0) == 0
    at_once = pl.when(pl.col("agent_turn") == pl.col("turn") + 1).then(1.0).otherwise(_LATER)
    return (
        candidates.join(answer, on=("conversation_id", "agent_turn"), how="inner")
        .join(customer, on=("conversation_id", "turn"), how="inner")
        .filter(~kind.is_in(PRAISE) | (civil & pl.col("signs").is_null() & praised(kind == "rose")))
        .select(
            *_INDEX, "kind",
            clarity=clarity.fill_null(_UNKNOWN) * asked_surely * at_once,
            unsure=pl.any_horizontal(pl.col("agent_unsure", "customer_unsure").fill_null(value=False)),
        )
    )  # fmt: skip


def praised(owning: pl.Expr) -> pl.Expr:
    """Whether an answer surely shows understanding (or, where `owning`, a step) in a tone that surely is civil.

    Of columns `care`, `p_owns` and `strained`; true where there are no probabilities, because people labelled it.
    """
    shown = pl.when(owning).then(pl.max_horizontal("care", "p_owns")).otherwise(pl.col("care"))
    return (shown >= SURE).fill_null(value=True) & (pl.col("strained") <= CALM).fill_null(value=True)


def _best(candidates: pl.DataFrame) -> pl.DataFrame:
    """The clearest candidates of each agent and kind, as many conversations among them as there are."""
    clear = candidates.sort("unsure", -pl.col("clarity"), "conversation_id", "turn")
    ranked = clear.with_columns(repeat=pl.int_range(pl.len()).over(*_KEY, "conversation_id"))
    ordered = ranked.sort(*_KEY, "unsure", "repeat", maintain_order=True).drop("repeat")
    return ordered.group_by(_KEY, maintain_order=True).head(_POOL)

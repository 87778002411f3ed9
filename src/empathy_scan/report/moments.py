"""The moments that an agent's page cites: which turns to praise and which to talk about, chosen from all of them.

Clear cases come before those where the model hesitated, and no conversation comes twice before each has come once.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import polars as pl

from empathy_scan.report.material import Material, Row

PRAISE, TALK = "praise", "talk"
# Kind -> section and, where two kinds name the same agent turn, the order in which one of them is kept.
_KINDS = {
    "rose": (PRAISE, 0),
    "empathic": (PRAISE, 1),
    "guarded": (TALK, 0),
    "scripted": (TALK, 1),
    "missed": (TALK, 2),
}
_POOL = 60  # candidates of a kind that an agent's moments are picked from
_LATER = 0.8  # weight of an answer that was not the first message after the customer's
_UNKNOWN = 0.5  # clarity of a turn whose labels come from people: neither preferred nor put back


def choose(material: Material) -> list[Row]:
    """The cited moments of all agents, best first: agent_id, section, kind, conversation_id, turn, agent_turn.

    At most `config.moments` of each section an agent; `turn` is the customer's, `agent_turn` the answer to it.
    """
    candidates = _best(_with_clarity(_candidates(material), material.said))
    groups = candidates.partition_by("agent_id", "section", maintain_order=True)
    return [row for group in groups for row in _picked(group.to_dicts(), material.config.moments)]


def _picked(pool: list[Row], count: int) -> Iterator[Row]:
    """The moments of one agent's section, one by one: each time the best that is left, given those already picked."""
    conversations: Counter[str] = Counter()
    kinds: Counter[str] = Counter()

    def merit(row: Row) -> tuple[object, ...]:
        seen = conversations[row["conversation_id"]], kinds[row["kind"]]
        return row["unsure"], *seen, row["order"], -row["clarity"], row["conversation_id"], row["turn"]

    for _ in range(min(count, len(pool))):
        best = min(pool, key=merit)
        pool.remove(best)
        conversations[best["conversation_id"]] += 1
        kinds[best["kind"]] += 1
        yield best


def _candidates(material: Material) -> pl.DataFrame:
    """Every turn that could be cited, one row per agent turn and section."""
    asked = material.answers.filter(pl.col("agent_id").is_not_null())
    answered = asked.filter(pl.col("call"))
    rose = asked.filter(pl.col("rose_above").fill_null(value=False))
    strained = material.exchanges.filter(
        (pl.col("tone") > 0) & pl.col("customer_turn").is_not_null() & pl.col("agent_id").is_not_null()
    )
    # What comes after a guarded first answer is no moment to praise, whatever the answer counts as.
    understood = answered.filter((pl.col("answer") == "empathic") & (pl.col("first_tone") == 0))
    found = [
        _kind(rose, "rose", turn="turn", agent_turn="first_turn"),
        _kind(understood, "empathic", turn="turn", agent_turn="answer_turn"),
        _kind(strained, "guarded", turn="customer_turn", agent_turn="turn"),
        _kind(answered.filter(pl.col("answer") == "scripted"), "scripted", turn="turn", agent_turn="answer_turn"),
        _kind(answered.filter(pl.col("answer") == "missed"), "missed", turn="turn", agent_turn="first_turn"),
    ]
    key = ["agent_id", "section", "conversation_id", "agent_turn"]
    # Of two customer turns with the same answer the later one is cited: it stands right before it.
    sorted_ = pl.concat(found).drop_nulls("agent_turn").sort(*key, "order", -pl.col("turn"))
    return sorted_.unique(key, keep="first", maintain_order=True)


def _kind(rows: pl.DataFrame, kind: str, *, turn: str, agent_turn: str) -> pl.DataFrame:
    """The rows as candidates of one kind."""
    section, order = _KINDS[kind]
    return rows.select(
        "agent_id", "conversation_id", turn=pl.col(turn), agent_turn=pl.col(agent_turn),
        kind=pl.lit(kind), section=pl.lit(section), order=pl.lit(order),
    )  # fmt: skip


def _with_clarity(candidates: pl.DataFrame, said: pl.DataFrame) -> pl.DataFrame:
    """The candidates with `clarity` (how sure the model is of what is cited) and `unsure`; praise only where civil."""
    strained = pl.max_horizontal("p_strained", "p_hostile")
    care = pl.max_horizontal("p_acknowledges", "p_explores")
    answer = said.select(
        "conversation_id", "p_scripted", "p_owns", care=care, strained=strained,
        agent_turn="turn", agent_tone="tone", agent_unsure="unsure",
    )  # fmt: skip
    asked = pl.when(pl.col("hardship").fill_null(value=False)).then(1.0).otherwise(strained)
    customer = said.select("conversation_id", "turn", asked=asked, customer_unsure="unsure")
    clarity = (
        pl.when(pl.col("kind") == "scripted").then("p_scripted")
        .when(pl.col("kind") == "missed").then(1 - pl.max_horizontal("care", "p_scripted"))
        .when(pl.col("kind") == "guarded").then("strained")
        .when(pl.col("kind") == "rose").then(pl.max_horizontal("care", "p_owns"))
        .otherwise("care")
    )  # fmt: skip
    asked_surely = pl.when(pl.col("kind") == "guarded").then(1.0).otherwise(pl.col("asked").fill_null(_UNKNOWN))
    at_once = pl.when(pl.col("agent_turn") == pl.col("turn") + 1).then(1.0).otherwise(_LATER)
    return (
        candidates.join(answer, on=["conversation_id", "agent_turn"], how="inner")
        .join(customer, on=["conversation_id", "turn"], how="inner")
        .filter((pl.col("section") == TALK) | (pl.col("agent_tone").fill_null(0) == 0))
        .with_columns(
            clarity=clarity.fill_null(_UNKNOWN) * asked_surely * at_once,
            unsure=pl.any_horizontal(pl.col("agent_unsure", "customer_unsure").fill_null(value=False)),
        )
    )


def _best(candidates: pl.DataFrame) -> pl.DataFrame:
    """The clearest candidates of each agent and kind, as many conversations among them as there are."""
    kind = ["agent_id", "section", "kind"]
    clear = candidates.sort("unsure", -pl.col("clarity"), "conversation_id", "turn")
    ranked = clear.with_columns(repeat=pl.int_range(pl.len()).over(*kind, "conversation_id"))
    return ranked.sort(*kind, "unsure", "repeat", maintain_order=True).group_by(kind, maintain_order=True).head(_POOL)

"""What agents and customers said to each other: exchanges, answers to customers, and how customers changed after them.

Pure functions of a LABELS frame (`tables.py`); the definitions stand in docs/measures.md. Turns count in the order of
their numbers, which need not be contiguous; system turns are passed over.
"""

from __future__ import annotations

import polars as pl

from empathy_scan.codebook import CareClass, Role, Tone
from empathy_scan.tables import ANSWERS, EXCHANGES, LABELS, conform

UNKNOWN_AGENT = "unknown-agent"
MISSED = "missed"  # the answer to a call that was neither empathic nor scripted
GUARDED = "guarded"  # the kind of answer that is not civil

_CONVERSATION = "conversation_id"
_OWN = (_CONVERSATION, "agent_id")  # an agent's own turns in a conversation
_EMPATHIC = pl.col("care_class") == CareClass.EMPATHIC
_SCRIPTED = pl.col("care_class") == CareClass.SCRIPTED
_HOSTILE = (pl.col("role") == Role.CUSTOMER) & (pl.col("tone") == Tone.HOSTILE)


def exchanges(labels: pl.DataFrame) -> pl.DataFrame:
    """Every agent turn with the latest customer turn before it: an EXCHANGES frame.

    Raises SchemaError for anything that is not a LABELS frame.
    """
    return conform(agent_turns(labels).select(EXCHANGES.columns.keys()), EXCHANGES)


def answers(labels: pl.DataFrame) -> pl.DataFrame:
    """Every customer turn with the answer it got: an ANSWERS frame.

    The answer is looked for in the next agent turn and the one after that by the same agent. Raises SchemaError for
    anything that is not a LABELS frame.
    """
    return conform(customer_turns(labels).select(ANSWERS.columns.keys()), ANSWERS)


def agent_turns(labels: pl.DataFrame) -> pl.DataFrame:
    """The exchanges, and whether each was followed by a step or came after recited pleasantry.

    Columns beyond EXCHANGES: `acted` (the same turn or one of the agent's next two in the conversation owns a step),
    `recited` (after two or more scripted and no empathic turns of the same agent in the conversation) and `snapped`
    (recited, and not civil).
    """
    spoken = _with_customers_before(_ordered(labels)).filter(pl.col("role") == Role.AGENT)
    owns = pl.col("flags").str.contains("O", literal=True)
    recited = _SCRIPTED.cum_sum() - _SCRIPTED.cast(pl.UInt32)  # a turn does not precede itself
    understood = _EMPATHIC.cum_sum() - _EMPATHIC.cast(pl.UInt32)
    return (
        spoken.with_columns(
            acted=(owns | owns.shift(-1, fill_value=False) | owns.shift(-2, fill_value=False)).over(_OWN),
            recited=((recited >= 2) & (understood == 0)).over(_OWN),
        )
        .with_columns(snapped=pl.col("recited") & (pl.col("tone") > Tone.CIVIL))
        .select(*EXCHANGES.columns, "acted", "recited", "snapped")
    )


def customer_turns(labels: pl.DataFrame) -> pl.DataFrame:
    """The answers, whether each explored, and the agent whose load the customer's turn is.

    Columns beyond ANSWERS: `explored` (an agent turn of the window asks openly; null where nobody answered), `rises`
    (`rose_above` of any customer turn, hostile or not; null where nobody answered) and `owner` (the agent who answers,
    else the latest one before; null in a conversation without an agent).
    """
    ordered = _ordered(labels)
    agent = pl.when(pl.col("role") == Role.AGENT)
    heard = ordered.with_columns(
        first_turn=agent.then("turn").backward_fill().over(_CONVERSATION),
        earlier_agent=agent.then("agent_id").forward_fill().over(_CONVERSATION),
    ).filter(pl.col("role") == Role.CUSTOMER)
    joined = heard.drop("agent_id", "care_class").join(
        _windows(ordered), on=(_CONVERSATION, "first_turn"), how="left", maintain_order="left"
    )
    return _with_answer(joined).select(*ANSWERS.columns, "explored", "rises", "owner")


def changes(labels: pl.DataFrame) -> pl.DataFrame:
    """How much more or less hostile the customer was after an agent's answer than before it.

    One row per agent in each run of agent turns between two customer turns: `conversation_id`, `turn` (the agent's
    first of the run), `agent_id`, `kind` (guarded if a turn of theirs was not civil, else their best care class) and
    `change`, the difference of P(hostile), or of hostile yes (1) and no (0) where a probability is missing.
    """
    talk = _ordered(labels).filter(pl.col("role").is_in([Role.AGENT, Role.CUSTOMER]))
    around = talk.with_columns(
        pl.col("role").rle_id().over(_CONVERSATION).alias("run"), *_around("p_hostile"), *_around("hostile")
    ).filter(pl.col("role") == Role.AGENT)
    answered = around.group_by(_CONVERSATION, "run", "agent_id").agg(
        pl.col("turn").min(),
        _kind(),
        pl.coalesce(_change("p_hostile"), _change("hostile")).first().alias("change"),
    )
    return (
        answered.drop_nulls("change")
        .select(_CONVERSATION, "turn", "agent_id", "kind", "change")
        .sort(_CONVERSATION, "turn")
    )


def _ordered(labels: pl.DataFrame) -> pl.DataFrame:
    """The labels in the order of speaking, every agent turn with an agent and a care class, others without."""
    agent = pl.when(pl.col("role") == Role.AGENT)
    ordered = conform(labels, LABELS).sort(_CONVERSATION, "turn")
    return ordered.with_columns(
        agent_id=agent.then(pl.col("agent_id").fill_null(UNKNOWN_AGENT)),
        care_class=agent.then(care_class(pl.col("flags"))),
        hostile=_HOSTILE.cast(pl.Float64),
    )


def care_class(flags: pl.Expr) -> pl.Expr:
    """The care class of a turn from its flags: `codebook.care_class` as an expression."""
    return (
        pl.when(flags.str.contains_any(["A", "X"]))
        .then(pl.lit(CareClass.EMPATHIC.value))
        .when(flags.str.contains("S", literal=True))
        .then(pl.lit(CareClass.SCRIPTED.value))
        .otherwise(pl.lit(CareClass.NEUTRAL.value))
    )


def _with_customers_before(ordered: pl.DataFrame) -> pl.DataFrame:
    """Every turn with the latest customer turn before it and the number of hostile ones so far."""
    customer = pl.when(pl.col("role") == Role.CUSTOMER)
    return ordered.with_columns(
        customer_turn=customer.then("turn").forward_fill().over(_CONVERSATION),
        customer_tone=customer.then("tone").forward_fill().over(_CONVERSATION),
        hostile_before=_HOSTILE.cum_sum().over(_CONVERSATION).cast(pl.Int32),
    )


def _windows(ordered: pl.DataFrame) -> pl.DataFrame:
    """Every agent turn as the first of a window, with the next turn of the same agent in the conversation."""
    spoken = ordered.filter(pl.col("role") == Role.AGENT)
    first = [pl.col(name).alias(f"first_{name}") for name in ("turn", "tone", "flags", "care_class")]
    second = [pl.col(name).shift(-1).over(_OWN).alias(f"second_{name}") for name in ("turn", "flags", "care_class")]
    return spoken.select(_CONVERSATION, "agent_id", *first, *second)


def _with_answer(joined: pl.DataFrame) -> pl.DataFrame:
    """Customer turns beside their windows, with what the answer amounts to; null where nobody answered."""
    answered = pl.when(pl.col("first_turn").is_not_null())
    rises = (pl.col("first_tone") == Tone.CIVIL) & (
        (pl.col("first_care_class") == CareClass.EMPATHIC) | pl.col("first_flags").str.contains("O", literal=True)
    )
    explores = [pl.col(f"{place}_flags").str.contains("X", literal=True) for place in ("first", "second")]
    answer = (
        pl.when(_either(CareClass.EMPATHIC))
        .then(pl.lit(CareClass.EMPATHIC.value))
        .when(_either(CareClass.SCRIPTED))
        .then(pl.lit(CareClass.SCRIPTED.value))
        .otherwise(pl.lit(MISSED))
    )
    return joined.with_columns(
        call=(pl.col("tone") > Tone.CIVIL) | pl.col("hardship"),
        answer=answered.then(answer),
        explored=answered.then(pl.any_horizontal(explores).fill_null(value=False)),
        rises=answered.then(rises),
        rose_above=pl.when(pl.col("first_turn").is_not_null() & (pl.col("tone") == Tone.HOSTILE)).then(rises),
        owner=pl.coalesce("agent_id", "earlier_agent"),
    ).with_columns(answer_turn=_deciding_turn())


def _either(care: CareClass) -> pl.Expr:
    """Whether one of the two turns of the window is of that care class."""
    return (pl.col("first_care_class") == care) | (pl.col("second_care_class") == care).fill_null(value=False)


def _deciding_turn() -> pl.Expr:
    """The turn of the window that decided the answer: the second only where the first is of another class."""
    second = (pl.col("second_care_class") == pl.col("answer")) & (pl.col("first_care_class") != pl.col("answer"))
    return pl.when(second).then("second_turn").otherwise("first_turn")


def _around(column: str) -> list[pl.Expr]:
    """The column at the latest customer turn before and at the first one after each turn, nulls as they are."""
    # NaN stands for an unknown number meanwhile, lest filling take it from a turn further away.
    customer = pl.when(pl.col("role") == Role.CUSTOMER).then(pl.col(column).fill_null(float("nan")))
    return [
        customer.forward_fill().over(_CONVERSATION).fill_nan(None).alias(f"{column}_before"),
        customer.backward_fill().over(_CONVERSATION).fill_nan(None).alias(f"{column}_after"),
    ]


def _change(column: str) -> pl.Expr:
    """How much the column changed over the run."""
    return pl.col(f"{column}_after") - pl.col(f"{column}_before")


def _kind() -> pl.Expr:
    """The kind of answer that an agent's turns of one run make together."""
    return (
        pl.when((pl.col("tone") > Tone.CIVIL).any())
        .then(pl.lit(GUARDED))
        .when(_EMPATHIC.any())
        .then(pl.lit(CareClass.EMPATHIC.value))
        .when(_SCRIPTED.any())
        .then(pl.lit(CareClass.SCRIPTED.value))
        .otherwise(pl.lit(CareClass.NEUTRAL.value))
        .alias("kind")
    )

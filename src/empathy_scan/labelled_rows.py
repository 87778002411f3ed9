"""Labelled turns from a table, as people or other tools write them: checked cell by cell, every fault with its row."""

from __future__ import annotations

import polars as pl

from empathy_scan.codebook import ATTACK_CODES, FLAG_CODES, Channel, Role, Tone
from empathy_scan.errors import MalformedInputError, MissingColumnError
from empathy_scan.mirror import UNKNOWN_AGENT
from empathy_scan.tables import LABELS, conform

_REQUIRED = ("conversation_id", "turn", "role", "agent_id", "channel", "started_at", "flags", "tone", "kinds")
_OPTIONAL = ("queue", "hardship", "p_hostile")
_YES, _NO = ("true", "yes", "1", "1.0"), ("false", "no", "0", "0.0", "")
_FAULTS_SHOWN = 10


def labels_from_rows(rows: pl.DataFrame, where: str) -> pl.DataFrame:
    """A LABELS frame from a table of labelled turns, whose columns may be strings, as in a CSV, or numbers.

    `queue`, `hardship` and `p_hostile` may be missing; columns that no measure needs are passed over. An agent turn
    without an agent belongs to "unknown-agent", a channel that the codebook does not know is "other", a time without a
    zone is UTC. A column `place`, where there is one, says in messages where a row stands ("line 3"), else they count
    rows. Raises MissingColumnError with all missing columns, and MalformedInputError with all faults by row
    (ten of them, then their number), never with what stands in a cell.
    """
    _demand_columns(rows, where)
    absent = [pl.lit(None, pl.String).alias(name) for name in _OPTIONAL if name not in rows.columns]
    cells = rows.with_columns(absent).select(_cell(rows.schema, name) for name in (*_REQUIRED, *_OPTIONAL))
    parsed = cells.with_row_index("row", offset=1).with_columns(_parsed())
    placed = rows["place"] if "place" in rows.columns else None
    if faults := _faults(parsed, placed):
        shown, more = faults[:_FAULTS_SHOWN], len(faults) - _FAULTS_SHOWN
        raise MalformedInputError(
            f"{len(faults)} fault(s): " + "; ".join(shown) + (f"; and {more} more" if more > 0 else ""),
            where=where,
            remedy="correct these rows" + (" (they count from 1, without a header)" if placed is None else ""),
        )
    return conform(_labelled(parsed).sort(LABELS.key), LABELS)


def text_of(rows: pl.DataFrame) -> pl.DataFrame:
    """The words of rows that `labels_from_rows` took: `conversation_id`, `turn`, `text`."""
    parsed = rows.select(_cell(rows.schema, name) for name in ("conversation_id", "turn", "text"))
    return parsed.with_columns(pl.col("turn").cast(pl.Float64).cast(pl.Int32))


def _demand_columns(rows: pl.DataFrame, where: str) -> None:
    """Raises for missing columns, and for columns that hold anything but single values."""
    if missing := [name for name in _REQUIRED if name not in rows.columns]:
        raise MissingColumnError(
            f"missing column(s) {', '.join(missing)}", where=where, remedy=f"needed are {', '.join(_REQUIRED)}"
        )
    nested = [name for name in (*_REQUIRED, *_OPTIONAL) if name in rows.columns and rows.schema[name].is_nested()]
    if nested:
        raise MalformedInputError(
            f"column(s) {', '.join(nested)} hold lists or objects",
            where=where,
            remedy='write codes as text, as in "SA"',
        )


def _cell(schema: pl.Schema, name: str) -> pl.Expr:
    """A column as text without blanks around it, "" for nothing; times as ISO 8601."""
    column = pl.col(name)
    kind = schema.get(name, pl.String())
    if isinstance(kind, pl.Datetime):
        column = column.dt.convert_time_zone("UTC") if kind.time_zone else column.dt.replace_time_zone("UTC")
        return column.dt.strftime("%Y-%m-%dT%H:%M:%S%.6f+00:00").fill_null("").alias(name)
    return column.cast(pl.String).str.strip_chars().fill_null("").alias(name)


def _parsed() -> list[pl.Expr]:
    """What the cells say, beside them; null where they say nothing that can be understood."""
    number = {name: pl.col(name).cast(pl.Float64, strict=False) for name in ("turn", "tone", "p_hostile")}
    spoken = pl.col("role").str.to_lowercase()
    yes = pl.col("hardship").str.to_lowercase()
    return [
        spoken.alias("role"),
        pl.when(number["turn"] == number["turn"].floor()).then(number["turn"]).cast(pl.Int32, strict=False).alias("at"),
        # Turns that are not scored, such as a system's, need no tone.
        pl.when((pl.col("tone") == "") & ~spoken.is_in([Role.AGENT, Role.CUSTOMER]))
        .then(0.0)
        .otherwise(number["tone"])
        .alias("mood"),
        number["p_hostile"].alias("chance"),
        pl.when(yes.is_in(_YES)).then(statement=True).when(yes.is_in(_NO)).then(statement=False).alias("told"),
        _time(pl.col("started_at")).alias("began"),
    ]


def _time(cell: pl.Expr) -> pl.Expr:
    """A time from ISO 8601 in any of its usual lengths."""
    whole = (
        cell.str.replace(r"^(\d{4}-\d\d-\d\d)$", "${1}T00:00:00")
        .str.replace(r"^(\d{4}-\d\d-\d\d)[ Tt]", "${1}T")
        .str.replace(r"(T\d\d:\d\d)($|[Zz+-])", "${1}:00${2}")
        .str.replace(r"\s*(?:[Zz]|UTC)$", "+00:00")
        .str.replace(r"(T[\d:.]+)$", "${1}+00:00")
    )
    return whole.str.to_datetime("%Y-%m-%dT%H:%M:%S%.f%#z", time_unit="us", time_zone="UTC", strict=False)


def _faults(parsed: pl.DataFrame, placed: pl.Series | None) -> list[str]:
    """Every fault as "row 3: what is wrong", or with the row's own place, in the order of rows."""
    checks = [parsed.filter(wrong).select("row", pl.lit(fault).alias("fault")) for fault, wrong in _wrongs().items()]
    found = pl.concat(checks).sort("row", maintain_order=True)
    place = pl.format("row {}", "row") if placed is None else pl.lit(placed).gather(pl.col("row") - 1)
    return found.select(pl.format("{}: {}", place, "fault")).to_series().to_list()


def _wrongs() -> dict[str, pl.Expr]:
    """What may be wrong with a row, in words, and how to tell."""
    role, hostile = pl.col("role"), (pl.col("role") == Role.CUSTOMER) & (pl.col("mood") == Tone.HOSTILE)
    flags, kinds = pl.col("flags"), pl.col("kinds")
    return {
        "conversation_id is empty": pl.col("conversation_id") == "",
        "turn is not a whole number": pl.col("at").is_null(),
        f"role is none of {', '.join(Role)}": ~role.is_in(list(Role)),
        "tone is none of 0, 1, 2": ~pl.col("mood").is_in([0.0, 1.0, 2.0]).fill_null(value=False),
        f"flags has a code that is none of {', '.join(FLAG_CODES)}": ~flags.str.contains(f"^[{FLAG_CODES}]*$"),
        "flags on a turn that is not an agent's": (flags != "") & (role != Role.AGENT),
        f"kinds has a code that is none of {', '.join(ATTACK_CODES)}": ~kinds.str.contains(f"^[{ATTACK_CODES}]*$"),
        "kinds on a turn that is not a hostile customer's": (kinds != "") & ~hostile.fill_null(value=False),
        "started_at is not an ISO 8601 time": pl.col("began").is_null() & (pl.col("started_at") != ""),
        "hardship is neither true nor false": pl.col("told").is_null(),
        "p_hostile is not a number from 0 to 1": (pl.col("p_hostile") != "")
        & ~pl.col("chance").is_between(0, 1).fill_null(value=False),
        "conversation_id and turn stand in an earlier row too": pl.col("at").is_not_null()
        & ~pl.struct("conversation_id", "at").is_first_distinct(),
    }


def _labelled(parsed: pl.DataFrame) -> pl.DataFrame:
    """The columns of LABELS from rows without faults."""
    channel = pl.col("channel").str.to_lowercase()
    agent = pl.when(pl.col("agent_id") == "").then(pl.lit(UNKNOWN_AGENT)).otherwise("agent_id")
    return parsed.select(
        "conversation_id",
        pl.when(channel.is_in(list(Channel))).then(channel).otherwise(pl.lit(Channel.OTHER.value)).alias("channel"),
        pl.when(pl.col("queue") != "").then("queue").alias("queue"),
        pl.col("began").alias("started_at"),
        pl.col("at").alias("turn"),
        "role",
        pl.when(pl.col("role") == Role.AGENT).then(agent).alias("agent_id"),
        _in_order("flags", FLAG_CODES),
        pl.col("mood").cast(pl.Int8).alias("tone"),
        _in_order("kinds", ATTACK_CODES),
        pl.col("told").alias("hardship"),
        pl.col("chance").alias("p_hostile"),
    )


def _in_order(name: str, codes: str) -> pl.Expr:
    """Codes in the order of the codebook, each once: `codebook.sort_codes` as an expression."""
    held = [
        pl.when(pl.col(name).str.contains(code, literal=True)).then(pl.lit(code)).otherwise(pl.lit(""))
        for code in codes
    ]
    return pl.concat_str(held).alias(name)

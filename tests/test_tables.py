"""Schemas: an empty frame conforms, and every fault is named."""

import polars as pl
import pytest

from empathy_scan.errors import SchemaError
from empathy_scan.tables import LABELS, REJECTS, TABLES, Table, conform

SMALL = Table("small", {"id": pl.String, "turn": pl.Int32, "note": pl.String}, ("id", "turn"), frozenset({"note"}))
FRAME = pl.DataFrame({"id": ["a", "a"], "turn": [0, 1], "note": ["x", None]}, schema_overrides={"turn": pl.Int32})


@pytest.mark.parametrize("table", TABLES.values(), ids=lambda table: table.name)
def test_an_empty_frame_of_a_table_conforms(table):
    empty = table.empty()
    assert empty.is_empty()
    assert conform(empty, table).schema == empty.schema


@pytest.mark.parametrize("table", TABLES.values(), ids=lambda table: table.name)
def test_a_table_is_sound(table):
    assert TABLES[table.name] is table
    assert set(table.key) <= set(table.columns)
    assert table.nullable <= set(table.columns) - set(table.key)


def test_a_frame_comes_back_with_its_columns_in_order():
    found = conform(FRAME.select("note", "turn", "id"), SMALL)
    assert found.columns == ["id", "turn", "note"]
    assert found.equals(FRAME)


@pytest.mark.parametrize(
    ("frame", "fault"),
    [
        (FRAME.drop("note"), "column 'note' is missing"),
        (FRAME.with_columns(extra=1), "column 'extra' is unknown"),
        (FRAME.with_columns(pl.col("turn").cast(pl.Int64)), "column 'turn' is Int64, not Int32"),
        (FRAME.with_columns(id=pl.lit(None, pl.String)), "column 'id' has 2 null(s)"),
        (FRAME.with_columns(turn=pl.lit(1, pl.Int32)), "key (id, turn) is not unique"),
    ],
)
def test_a_fault_is_named(frame, fault):
    with pytest.raises(SchemaError) as caught:
        conform(frame, SMALL)
    assert fault in str(caught.value)
    assert "table 'small' has 1 fault(s)" in str(caught.value)


def test_all_faults_are_named_at_once():
    frame = FRAME.drop("note").with_columns(extra=1, turn=pl.lit(None, pl.Int64))
    with pytest.raises(SchemaError) as caught:
        conform(frame, SMALL)
    assert "4 fault(s)" in str(caught.value)


def test_a_fault_never_cites_what_a_column_holds():
    frame = REJECTS.empty().with_columns(pl.lit("said in confidence").alias("text"))
    with pytest.raises(SchemaError) as caught:
        conform(frame, REJECTS)
    assert "confidence" not in str(caught.value)


@pytest.mark.parametrize("kind", [pl.Datetime("ms", "UTC"), pl.Datetime("us"), pl.Datetime("us", "Europe/Berlin")])
def test_times_are_utc_in_microseconds(kind):
    with pytest.raises(SchemaError, match="started_at"):
        conform(LABELS.empty().with_columns(pl.col("started_at").cast(pl.Datetime("us")).cast(kind)), LABELS)

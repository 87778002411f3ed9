"""Cells that are objects: speakers, agents and the like with role, name and id of their own."""

import io
import json

import polars as pl
import pytest

AGENT, CUSTOMER = "omar.haddad", "Lena"


def as_parquet(rows):
    stream = io.BytesIO()
    pl.DataFrame(rows, infer_schema_length=None).write_parquet(stream)
    return stream.getvalue()


def rows_of(key, role, name):
    """Two turns whose people are objects."""
    return [
        {"conversation_id": "c", key: {role: "agent", name: AGENT}, "text": "Hello"},
        {"conversation_id": "c", key: {role: "customer", name: CUSTOMER}, "text": "Hi"},
    ]


@pytest.mark.parametrize("pack", ["json", "jsonl", "parquet", "turns"])
@pytest.mark.parametrize(
    ("key", "role", "name"),
    [
        ("speaker", "role", "name"), ("sender", "type", "name"), ("author", "role", "id"), ("from", "type", "email"),
        ("user", "role", "name"), ("participant", "type", "id"),
    ],
)  # fmt: skip
def test_objects_of_people_give_role_and_name(scan, pack, key, role, name):
    rows = rows_of(key, role, name)
    content = {
        "json": lambda: json.dumps(rows),
        "jsonl": lambda: "\n".join(map(json.dumps, rows)),
        "parquet": lambda: as_parquet(rows),
        "turns": lambda: json.dumps({"conversation_id": "c", "turns": rows}),
    }[pack]()
    reading = scan({"c.parquet" if pack == "parquet" else "c.json": content})
    assert reading.rejects.is_empty()
    assert reading.turns.select("role", "speaker", "agent_id").rows() == [
        ("agent", AGENT, AGENT),
        ("customer", CUSTOMER, None),
    ]


@pytest.mark.parametrize("agent", [{"name": "Omar Haddad", "email": "o@larkfield.example", "id": 7}, {"id": "7"}])
def test_an_agent_that_is_an_object_gives_the_id(scan, agent):
    row = {"conversation_id": "c", "agent": agent, "turns": [{"role": "agent", "text": "Hello"}]}
    assert scan({"c.json": json.dumps(row)}).turns["agent_id"].to_list() == ["7"]
    turns = [{"conversation_id": "c", "agent": agent, "role": "agent", "text": "Hello"}]
    assert scan({"d.json": json.dumps(turns)}).turns["agent_id"].unique().to_list() == ["7"]


def test_strings_and_objects_in_one_column_are_both_read(scan):
    rows = [
        {"conversation_id": "c", "role": "agent", "agent": "maya.osei", "text": "Hello"},
        {"conversation_id": "c", "role": "agent", "agent": {"name": "Omar"}, "text": "Hi"},
    ]
    assert scan({"c.json": json.dumps(rows)}).turns["agent_id"].to_list() == ["maya.osei", "Omar"]


def test_an_object_that_nobody_knows_is_never_written_out(scan):
    rows = [{"conversation_id": "c", "role": "agent", "queue": {"tags": [{"a": 1}]}, "text": "Hello"}]
    assert scan({"c.json": json.dumps(rows)}).turns["queue"].to_list() == [None]


def test_a_conversation_that_is_an_object_gives_id_and_channel(scan):
    rows = [{"conversation": {"id": "k", "channel": "chat"}, "role": "agent", "text": "Hello"}]
    assert scan({"c.json": json.dumps(rows)}).turns.select("conversation_id", "channel").rows() == [("k", "chat")]

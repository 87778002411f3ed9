"""Tables of turns without a column that is known to hold the conversation's id."""

import json

import pytest

ROWS = ("{0}1,0,agent,Hello\n{0}1,1,customer,Hi\n{0}2,0,agent,Good morning\n{0}2,1,customer,Yes?\n").format


@pytest.mark.parametrize(
    "name",
    [
        "chat_no", "Call No.", "ticket_no", "Case No", "chat", "Call", "conversation", "contact_no", "interaction",
        "reference", "Case reference", "dialogue",
    ],
)  # fmt: skip
def test_more_names_of_ids_are_known(scan, name):
    reading = scan({"c.csv": f"{name},n,role,text\n" + ROWS("x-")})
    assert reading.rejects.is_empty()
    assert reading.turns["conversation_id"].unique().sort().to_list() == ["x-1", "x-2"]


def test_a_reference_that_never_repeats_is_no_conversation(scan):
    turns = scan({"c.csv": "reference,role,text\n7,agent,Hello\n8,customer,Hi\n"}).turns
    assert turns["conversation_id"].to_list() == ["c", "c"]


@pytest.mark.parametrize(
    ("content", "why"),
    [
        ("zz,turn,role,text\n" + ROWS("x-"), "turn numbers"),
        ("turn,role,text\n0,agent,Hello\n1,customer,Hi\n0,agent,Hello\n1,customer,Hi\n", "turn numbers"),
        ("agent_id,role,text\na,agent,Hello\n,customer,Hi\nb,agent,Hello\n,customer,Hi\n", "several agents"),
        ("zz,role,text\nx,agent,Hello\nx,customer,Hi\ny,agent,Hello\ny,customer,Hi\n", "values of zz would split"),
        (
            "zz,role,text\nx12,agent,Hello\ny34,agent,Hi\nx12,customer,Hello\ny34,customer,Hi\n",
            "values of zz would split",
        ),
        ("start,role,text\n0,agent,Hello\n20,customer,Hi\n1,agent,Hello\n25,customer,Hi\n", "times"),
        (
            "queue,role,text\na,agent,Hello\na,customer,Hi\nb,agent,Hello\nb,customer,Hi\n",
            "values of queue would split",
        ),
    ],
)
def test_a_table_of_several_conversations_without_ids_is_rejected(scan, content, why):
    reading = scan({"c.csv": content})
    (row,) = reading.rejects.to_dicts()
    assert (row["error"], reading.turns.height) == ("MissingColumnError", 0)
    assert "no column holds the conversation id" in row["reason"]
    assert why in row["reason"]
    assert "role, text" in row["reason"]
    assert "--column conversation_id=NAME" in row["remedy"]


@pytest.mark.parametrize(
    "content",
    [
        "turn,role,text\n0,agent,Hello\n1,customer,Hi\n2,agent,Yes\n3,customer,No\n",
        "agent,role,text\na,agent,Hello\n,customer,Hi\na,agent,Yes\n",
        "colour,role,text\nred,agent,Hello\nblue,customer,Hi\nred,agent,Yes\nblue,customer,No\n",
        "mood,role,text\nlow,agent,Hello\nhigh,customer,Hi\nhigh,agent,Yes\nlow,customer,No\n",
        "language,role,text\nen,agent,Hello\nen,customer,Hi\nen,agent,Yes\nen,customer,No\n",
    ],
)
def test_a_table_that_holds_one_conversation_needs_no_ids(scan, content):
    reading = scan({"c.csv": content})
    assert reading.rejects.is_empty()
    assert reading.turns["conversation_id"].unique().to_list() == ["c"]


def test_the_column_that_the_message_asks_for_settles_it(scan):
    reading = scan({"c.csv": "zz,n,role,text\n" + ROWS("x-")}, columns={"conversation_id": "zz"})
    assert reading.turns["conversation_id"].n_unique() == 2


def test_the_zone_in_a_time_columns_name_is_passed_over(scan):
    rows = "c,2026-10-05 09:00:00,agent,Hello\nc,2026-10-05 09:00:30,customer,Hi\n"
    assert scan({"c.csv": "Call ID,Sent (UTC),role,text\n" + rows}).turns["start"].to_list() == [0, 30]


def test_objects_as_lines_are_told_apart_too(scan):
    rows = [{"zz": key, "role": role, "text": "Hello"} for key in ("x", "y") for role in ("agent", "customer")]
    assert scan({"c.jsonl": "\n".join(map(json.dumps, rows))}).rejects["error"].to_list() == ["MissingColumnError"]


def test_what_the_user_names_is_the_id_whatever_its_values(scan):
    content = "reference,role,text\nabc,agent,Hello\nabc,customer,Hi\n"
    turns = scan({"c.csv": content}, columns={"conversation_id": "reference"}).turns
    assert turns["conversation_id"].to_list() == ["abc", "abc"]


def test_all_columns_are_listed(scan):
    content = "zz,Sent (UTC),role,text\n" + ROWS("x-")
    assert "zz, Sent (UTC), role, text" in scan({"c.csv": content}).rejects["reason"][0]

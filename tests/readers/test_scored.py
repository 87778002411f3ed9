"""Tables of labelled turns for `measure`."""

import json
from datetime import UTC, datetime

import polars as pl
import pytest

from empathy_scan.errors import InputError, MalformedInputError, MissingColumnError, UnknownFormatError, UsageError
from empathy_scan.readers import parse_table
from empathy_scan.tables import LABELS, conform

CSV = (
    "conversation_id,turn,role,agent_id,channel,started_at,flags,tone,kinds\n"
    "01,1,agent,maya.osei,chat,2026-10-05T09:00:00Z,AS,0,\n"
    "01,0,customer,,chat,2026-10-05T09:00:00Z,,2,pi\n"
    "02,0,system,,voice,,,,\n"
)


@pytest.fixture
def table(tmp_path):
    def table(content, name="labels.csv"):
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return table


def test_rows_become_labels_with_codes_in_codebook_order(table):
    frame = parse_table(table(CSV))
    conform(frame, LABELS)
    assert frame.select("conversation_id", "turn", "role", "agent_id", "channel", "flags", "tone", "kinds").rows() == [
        ("01", 0, "customer", None, "chat", "", 2, "ip"),
        ("01", 1, "agent", "maya.osei", "chat", "SA", 0, ""),
        ("02", 0, "system", None, "call", "", 0, ""),
    ]
    assert frame["started_at"][0] == datetime(2026, 10, 5, 9, tzinfo=UTC)
    assert frame["hardship"].to_list() == [False] * 3


def as_bytes(frame, kind, tmp_path):
    path = tmp_path / f"copy.{kind}"
    {"parquet": frame.write_parquet, "ndjson": frame.write_ndjson, "csv": frame.write_csv}[kind](path)
    return path


@pytest.mark.parametrize("kind", ["parquet", "ndjson", "csv"])
def test_labels_written_in_any_format_come_back(table, tmp_path, kind):
    frame = parse_table(table(CSV))
    assert parse_table(as_bytes(frame, kind, tmp_path)).equals(frame)


def test_json_lists_names_of_tones_and_optional_columns_are_read(table):
    rows = [
        {"conversation_id": "a", "turn": 0, "role": "Customer", "tone": "upset", "hardship": True, "p_hostile": 0.25,
         "text": "Hm"},
        {"conversation_id": "a", "turn": 1, "role": "advisor", "tone": "civil", "flags": ["A", "O"], "text": "I see"},
    ]  # fmt: skip
    frame = parse_table(table(json.dumps(rows), "l.json"))
    assert frame.select("tone", "flags", "hardship", "p_hostile", "text").rows() == [
        (1, "", True, 0.25, "Hm"),
        (0, "AO", False, None, "I see"),
    ]


def test_missing_columns_are_all_named(table):
    with pytest.raises(MissingColumnError, match="no column 'turn', 'tone'; the columns are conversation_id, role"):
        parse_table(table("conversation_id,role\na,agent\n"))


def test_faulty_cells_are_named_by_line_and_column(table):
    content = "conversation_id,turn,role,tone,flags\na,x,agent,7,Z\n,1,waiter,0,\n"
    with pytest.raises(MalformedInputError) as raised:
        parse_table(table(content))
    for fault in (
        "line 2: turn 'x'",
        "line 2: tone '7'",
        "line 2: flags 'Z'",
        "line 3: role 'waiter'",
        "line 3: conversation_id",
    ):
        assert fault in str(raised.value)


def test_a_turn_that_is_there_twice_is_an_error(table):
    with pytest.raises(MalformedInputError, match="turn 0 of conversation 'a' is there twice"):
        parse_table(table("conversation_id,turn,role,tone\na,0,agent,0\na,0,agent,0\n"))


def test_a_broken_row_is_an_error_and_not_left_out(table):
    with pytest.raises(InputError, match=r"labels.csv: line 3: 2 cells where the header has 4"):
        parse_table(table("conversation_id,turn,role,tone\na,0,agent,0\na,1\n"))


def test_what_is_no_table_is_an_error(table, tmp_path):
    with pytest.raises(UnknownFormatError):
        parse_table(table("Agent: Hello\n"))
    with pytest.raises(UsageError):
        parse_table(tmp_path / "gone.csv")


def test_many_faults_are_counted_and_a_few_shown(table):
    rows = "".join(f"a,{turn},agent,9\n" for turn in range(20))
    with pytest.raises(MalformedInputError, match=r"20 cells cannot be read: .* and 15 more"):
        parse_table(table("conversation_id,turn,role,tone\n" + rows))


def test_words_of_a_conversation_never_reach_the_message(table):
    with pytest.raises(MalformedInputError) as raised:
        parse_table(table("conversation_id,turn,role,tone\na,0,agent,my late mother was ill\n"))
    assert "mother" not in str(raised.value)


def test_frames_are_typed_as_the_tables_say(table):
    assert parse_table(table(CSV)).schema == pl.Schema(dict(LABELS.columns))


@pytest.mark.parametrize("role", ["agent", "customer"])
def test_a_turn_of_agent_or_customer_needs_a_tone(table, role):
    with pytest.raises(MalformedInputError, match="line 2: tone is empty"):
        parse_table(table(f"conversation_id,turn,role,tone\na,0,{role},\na,1,system,\n"))


def test_faults_are_told_in_the_order_of_the_file(table):
    with pytest.raises(MalformedInputError, match="line 2: tone '9'; line 3: turn 'x'"):
        parse_table(table("conversation_id,turn,role,tone\na,0,agent,9\na,x,agent,0\n"))


def test_places_keep_the_order_of_the_file(table):
    frame = parse_table(table(CSV), places=True)
    assert frame.select("conversation_id", "turn", "place").rows() == [
        ("01", 1, "line 2"),
        ("01", 0, "line 3"),
        ("02", 0, "line 4"),
    ]


def test_an_empty_file_is_named_as_given(table):
    path = table("")
    with pytest.raises(InputError) as raised:
        parse_table(path)
    assert (raised.value.where, raised.value.what) == (str(path), "the file is empty")

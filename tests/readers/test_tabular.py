"""CSV, TSV, JSON, JSON Lines and Parquet: one row per turn and one row per conversation."""

import csv
import gzip
import io
import json
from datetime import UTC, datetime

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from empathy_scan.config import ReadConfig
from empathy_scan.errors import ConfigError
from empathy_scan.readers import tabular
from empathy_scan.readers.conversation import clean
from empathy_scan.readers.files import Document

TURNS = [
    {"conversation_id": "00017", "turn": 0, "role": "agent", "agent_id": "a-3", "text": "Hello, how can I help?"},
    {"conversation_id": "00017", "turn": 1, "role": "customer", "agent_id": None, "text": 'It says "no"\nagain; why?'},
    {"conversation_id": "2", "turn": 0, "role": "Client", "agent_id": None, "text": "Hi"},
]
READ = [
    ("00017", 0, "agent", "a-3", "Hello, how can I help?"),
    ("00017", 1, "customer", None, 'It says "no"\nagain; why?'),
    ("2", 0, "customer", None, "Hi"),
]


def as_csv(rows, delimiter=","):
    stream = io.StringIO()
    writer = csv.DictWriter(stream, fieldnames=list(rows[0]), delimiter=delimiter)
    writer.writeheader()
    writer.writerows(rows)
    return stream.getvalue()


def as_parquet(rows):
    stream = io.BytesIO()
    pl.DataFrame(rows).write_parquet(stream)
    return stream.getvalue()


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("t.csv", as_csv(TURNS)),
        ("t.txt", as_csv(TURNS, ";")),
        ("t.csv", as_csv(TURNS, "\t")),
        ("t.csv", as_csv(TURNS, "|")),
        ("t.csv", "sep=;\r\n" + as_csv(TURNS, ";")),
        ("t.csv", "\ufeff" + as_csv(TURNS)),
        ("t.csv", as_csv(TURNS, "\t").encode("utf-16")),
        ("t.csv.gz", gzip.compress(as_csv(TURNS).encode())),
        ("t.jsonl", "\n".join(map(json.dumps, TURNS))),
        ("t.json", json.dumps(TURNS, indent=1)),
        ("t.json", json.dumps({"data": {"rows": TURNS}})),
        ("t.parquet", as_parquet(TURNS)),
        ("t", as_csv(list(reversed(TURNS)))),
    ],
)
def test_turn_rows_are_read_from_every_kind_of_table(scan, name, content):
    reading = scan({name: content})
    assert reading.rejects.is_empty()
    assert reading.turns.select("conversation_id", "turn", "role", "agent_id", "text").rows() == READ


CONVERSATION = [{"speaker": "agent", "text": "Hello"}, {"speaker": "customer", "text": "Hi"}]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("c.json", json.dumps({"conversation_id": "c", "turns": CONVERSATION})),
        ("c.json", json.dumps({"id": "c", "messages": CONVERSATION})),
        ("c.json", json.dumps({"conversations": [{"id": "c", "utterances": CONVERSATION}]})),
        ("c.json", json.dumps({"c": {"turns": CONVERSATION}})),
        ("c.json", json.dumps(CONVERSATION)),
        ("c.json", json.dumps([{"convo_id": "c", "original": [["agent", "Hello"], ["customer", "Hi"]]}])),
        ("c.json", json.dumps({"response": {"data": {"id": "c", "turns": CONVERSATION}}})),
        ("c.jsonl", json.dumps({"conversation_id": "c", "channel": "chat", "turns": CONVERSATION}) + "\n"),
        ("c.csv", as_csv([{"call_id": "c", "transcript": "Agent: Hello\nCustomer: Hi"}])),
        ("c.csv", as_csv([{"call_id": "c", "text": "Agent: Hello\nCustomer: Hi", "score": "4"}])),
        ("c.csv", as_csv([{"call_id": "c", "messages": json.dumps(CONVERSATION)}])),
        ("c.csv", 'transcript\n"Agent: Hello\nCustomer: Hi"\n'),
        ("c.parquet", as_parquet([{"id": "c", "turns": CONVERSATION}])),
    ],
)
def test_conversation_rows_are_read_from_every_kind_of_table(scan, name, content):
    reading = scan({name: content})
    assert reading.rejects.is_empty()
    assert reading.turns.select("conversation_id", "role", "text").rows() == [
        ("c", "agent", "Hello"),
        ("c", "customer", "Hi"),
    ]


def test_the_conversations_own_columns_go_to_every_turn(scan):
    row = {
        "conversation_id": "c", "channel": "Live Chat", "queue": "billing", "started_at": "2026-10-05T09:00:00+01:00",
        "agent": "maya.osei",
        "turns": [{"i": 0, "role": "agent", "text": "Hello"}, {"i": 1, "role": "customer", "text": "Hi"}],
    }  # fmt: skip
    turns = scan({"c.jsonl": json.dumps(row)}).turns
    assert turns["channel"].to_list() == ["chat", "chat"]
    assert turns["queue"].to_list() == ["billing", "billing"]
    assert turns["agent_id"].to_list() == ["maya.osei", None]
    assert turns["started_at"].to_list() == [datetime(2026, 10, 5, 8, tzinfo=UTC)] * 2
    assert turns["role_source"].to_list() == ["column role"] * 2


def test_the_users_map_of_columns_wins(scan):
    content = "Ref,Who,Body,text\n1,agent,Hello,x\n1,customer,Hi,y\n"
    columns = {"conversation_id": "Ref", "role": "Who", "text": "body"}
    turns = scan({"c.csv": content}, columns=columns).turns
    assert turns.select("conversation_id", "role", "text").rows() == [("1", "agent", "Hello"), ("1", "customer", "Hi")]


def test_a_map_of_an_unknown_column_of_ours_is_an_error_of_the_settings(scan):
    with pytest.raises(ConfigError, match="unknown column 'words'"):
        scan({"c.csv": "a,b\n1,2\n"}, columns={"words": "b"})


def test_a_map_to_a_column_that_a_table_lacks_rejects_the_table(scan):
    reading = scan({"c.csv": "id,role,text\n1,agent,Hello\n"}, columns={"text": "Body"})
    assert reading.rejects["error"].to_list() == ["MissingColumnError"]
    assert "'Body'" in reading.rejects["reason"][0]


def test_a_table_without_text_names_its_columns_and_the_remedy(scan):
    reading = scan({"c.csv": "conversation_id,score\n1,5\n2,4\n"})
    (row,) = reading.rejects.to_dicts()
    assert row["error"] == "MissingColumnError"
    assert "conversation_id, score" in row["reason"]
    assert "--column text=NAME" in row["remedy"]
    assert "[read.columns]" in row["remedy"]


@pytest.mark.parametrize(
    "content",
    [
        "c1,agent,09:00:01,Hello there\nc1,customer,09:00:09,It leaks again\nc2,agent,09:30:00,Good day\n",
        "Chats of May\n\nconversation_id,role,time,text\nc1,agent,1,Hello there\nc1,customer,9,It leaks again\n",
        "Report;May;;\nConversation ID;Role;Start;Text\nc1;agent;1,5;Hello there\nc1;customer;9,5;It leaks again\n",
        "sep=|\nconversation_id|role|time|text\nc1|agent|1|Hello there\nc1|customer|9|It leaks again\n",
        "conversation_id,role,text,Note,Note\nc1,agent,Hello there,a,b\nc1,customer,It leaks again,,\n",
        "Gespraechs-ID;Rolle;Zeitstempel;Nachricht\nc1;Mitarbeiter;1;Hello there\nc1;Kunde;9;It leaks again\n",
        "id_conversacion,rol,hora,mensaje\nc1,agente,1,Hello there\nc1,cliente,9,It leaks again\n",
        "conversation_id,role,text\r\nc1,agent,Hello there\rc1,customer,It leaks again\n\n",
        "conversation_id,role,text\x00\nc1,agent,Hello there\x00\nc1,customer,It leaks again\n",
    ],
)  # fmt: skip
def test_headers_below_titles_in_other_languages_or_missing(scan, content):
    reading = scan({"c.csv": content})
    assert reading.rejects.is_empty(), reading.rejects.to_dicts()
    assert reading.turns.select("conversation_id", "role", "text").rows()[:2] == [
        ("c1", "agent", "Hello there"),
        ("c1", "customer", "It leaks again"),
    ]


def test_a_table_without_a_header_shows_no_words_of_the_conversation(scan):
    reading = scan({"c.csv": "c1,0,4711,I am so sorry about your late mother\nc1,1,4712,It was Tuesday last\n"})
    (row,) = reading.rejects.to_dicts()
    assert "mother" not in json.dumps(row)


@pytest.mark.parametrize(
    ("column", "cells", "starts", "started"),
    [
        ("start", ["0.0", "3.5"], [0, 3.5], None),
        ("start_ms", ["900", "2500"], [0.9, 2.5], None),
        ("timestamp", ["1790000000", "1790000030"], [0, 30], datetime(2026, 9, 21, 14, 13, 20, tzinfo=UTC)),
        ("timestamp", ["1790000000000", "1790000030000"], [0, 30], datetime(2026, 9, 21, 14, 13, 20, tzinfo=UTC)),
        ("created_at", ["2026-10-05T09:00:00Z", "2026-10-05T09:00:30Z"], [0, 30], datetime(2026, 10, 5, 9, tzinfo=UTC)),
        ("date", ["2026-10-05", "2026-10-05"], [None, None], datetime(2026, 10, 5, tzinfo=UTC)),
        ("date", ["03/04/2026", "03/04/2026"], [None, None], None),
        ("time", ["00:12", "01:10"], [12, 70], None),
        ("offset", ["900", "250000"], [None, None], None),
    ],
)
def test_times_are_understood_for_the_column_as_a_whole(scan, column, cells, starts, started):
    content = f"conversation_id,role,{column},text\nc,agent,{cells[0]},Hello\nc,customer,{cells[1]},Hi\n"
    turns = scan({"c.csv": content}).turns
    assert turns["start"].to_list() == starts
    assert turns["started_at"].to_list() == [started, started]


@pytest.mark.parametrize(
    ("header", "agent", "customer"),
    [
        ("is_agent", "true", "false"),
        ("is_agent", "1", "0"),
        ("incoming", "no", "yes"),
        ("direction", "outbound", "inbound"),
    ],
)
def test_columns_that_tell_the_role_by_yes_or_direction(said, header, agent, customer):
    content = f"conversation_id,{header},text\nc,{agent},Hello\nc,{customer},Hi\n"
    assert said(content, "c.csv") == [("agent", "Hello"), ("customer", "Hi")]


def test_the_direction_of_a_whole_call_is_no_role(said):
    content = "conversation_id,direction,text\nc,inbound,Hello\nc,inbound,Hi\n"
    assert said(content, "c.csv") == [("unknown", "Hello"), ("unknown", "Hi")]


def test_the_two_channels_of_a_recording_are_speakers_and_the_settings_name_them(scan):
    content = "conversation_id,channel,text\nc,ch_0,Hello\nc,ch_1,Hi\n"
    turns = scan({"c.csv": content}, channel_roles={"ch_0": "agent", "CH_1": "customer"}).turns
    assert turns.select("role", "role_source", "speaker").rows() == [
        ("agent", "channel map", "ch_0"),
        ("customer", "channel map", "ch_1"),
    ]
    assert turns["channel"].unique().to_list() == ["other"]


def test_numbers_of_turns_decide_the_order_and_are_counted_anew(scan):
    content = "conversation_id,turn,role,text\nc,10,customer,third\nc,2,agent,second\nc,0,agent,first\n"
    turns = scan({"c.csv": content}).turns
    assert turns.select("turn", "text").rows() == [(0, "first"), (1, "second"), (2, "third")]


def test_rows_of_white_space_are_dropped_silently(said):
    assert said("conversation_id,role,text\nc,agent,Hello\nc,customer,  \nc,customer,\n", "c.csv") == [
        ("agent", "Hello")
    ]


def test_without_ids_a_table_is_one_conversation_called_like_the_file(scan):
    turns = scan({"monday/call7.csv": "role,text\nagent,Hello\ncustomer,Hi\n"}).turns
    assert turns["conversation_id"].unique().to_list() == ["monday/call7"]


def test_id_is_the_conversations_only_if_it_repeats(scan):
    repeating = scan({"a.csv": "id,role,text\n1,agent,Hello\n1,customer,Hi\n2,agent,Yes\n"}).turns
    assert repeating["conversation_id"].to_list() == ["1", "1", "2"]


def test_unique_ids_number_the_turns_of_one_conversation(scan):
    turns = scan({"b.csv": "id,role,text\n1,agent,Hello\n2,customer,Hi\n"}).turns
    assert turns["conversation_id"].to_list() == ["b", "b"]


def test_conversations_without_ids_are_called_by_their_content(scan):
    lines = [json.dumps({"turns": CONVERSATION}), json.dumps({"turns": CONVERSATION[:1]})]
    one = scan({"c.jsonl": "\n".join(lines)}).turns["conversation_id"].unique().sort()
    other = scan({"c.jsonl": "\n".join(reversed(lines))}).turns["conversation_id"].unique().sort()
    assert one.to_list() == other.to_list()
    assert len(one) == 2


def test_ids_keep_more_digits_than_a_float_has(scan):
    turns = scan(
        {"c.json": json.dumps([{"conversation_id": 12345678901234567890, "role": "agent", "text": "Hello"}] * 1)}
    )
    assert turns.turns["conversation_id"].to_list() == ["12345678901234567890"]


def test_entities_of_an_export_are_decoded_once(said):
    assert said("role,text\nagent,Tom &amp; I can&#39;t\ncustomer,&amp;amp;\n", "c.csv") == [
        ("agent", "Tom & I can't"),
        ("customer", "&amp;"),
    ]


def test_parts_of_a_language_models_message_are_one_text(said):
    row = {
        "messages": [{"role": "user", "content": [{"type": "text", "text": "One"}, {"type": "text", "text": "Two"}]}]
    }
    assert said(json.dumps(row), "c.jsonl") == [("customer", "One\nTwo")]


def test_half_a_surrogate_pair_does_not_break_the_frame(said):
    assert said('[{"role": "agent", "text": "Hello \\ud83d"}]', "c.json") == [("agent", "Hello \ufffd")]


@pytest.mark.parametrize(
    ("content", "place", "reason", "kept"),
    [
        ("role,text\nagent,Hello\ncustomer,Hi, there, you\n", "line 3", "4 cells where the header has 2", 1),
        ("id,role,text\n1,agent,Hello\nyou\n1,customer,Hi\n", "line 3", "1 cells where the header has 3", 2),
        (
            'id,role,text\n1,agent,Hello\n1,customer,"Hi\n1,agent,Bye\n',
            "line 3",
            "a quote is opened and never closed",
            1,
        ),
        ("conversation_id,role,text\n1,agent,Hello\n,customer,Hi\n", "line 3", "no conversation id", 1),
        ("conversation_id,role,text\n1.23E+12,agent,Hello\n7,agent,Hi\n", "line 2", "a spreadsheet has rounded", 1),
        (f"role,text\nagent,Hello\ncustomer,{'x' * 32767}\n", "line 3", "32,767 characters", 2),
    ],
)
def test_broken_rows_are_rejected_and_the_others_read(scan, content, place, reason, kept):
    reading = scan({"c.csv": content})
    (row,) = reading.rejects.to_dicts()
    assert (row["source"], row["place"]) == ("c.csv", place)
    assert reason in row["reason"]
    assert row["remedy"]
    assert reading.turns.height == kept


def test_quotes_that_are_not_doubled_are_read_leniently(said):
    assert said('role,text\nagent,"I said "no" to him"\ncustomer,Hi\n', "c.csv")[1] == ("customer", "Hi")


def test_a_column_named_twice_rejects_the_table(scan):
    assert "text twice" in scan({"c.csv": "role,text,text\nagent,a,b\n"}).rejects["reason"][0]


def test_a_table_with_a_header_only_is_rejected(scan):
    assert "no rows" in scan({"c.csv": "conversation_id,role,text\n"}).rejects["reason"][0]


@pytest.mark.parametrize(
    ("name", "content", "place"),
    [
        ("c.json", '{"turns": [\n  {"role": "agent", "text": "Hel', "line 2, column 29"),
        ("c.json", '{"turns": [}', "line 1, column 12"),
        ("c.json", '[{"text": NaN}]', "line 1"),
    ],
)
def test_broken_json_names_line_and_column(scan, name, content, place):
    (row,) = scan({name: content}).rejects.to_dicts()
    assert (row["error"], row["place"]) == ("MalformedInputError", place)
    assert "not valid JSON" in row["reason"]
    assert "Hel" not in row["reason"]


def test_cut_json_is_said_to_end_too_early(scan):
    assert scan({"c.json": '[{"text": "Hel'}).rejects["reason"].to_list() == ["not valid JSON: it ends too early"]


def test_deeply_nested_json_is_rejected(scan):
    (row,) = scan({"c.json": "[" * 100_000 + "]" * 100_000}).rejects.to_dicts()
    assert row["error"] == "MalformedInputError"


def test_a_broken_line_of_json_lines_is_rejected_and_the_others_read(scan):
    good = ('{"id": "a", "turns": [["agent", "Hello"]]}', '{"id": "c", "turns": [["agent", "Hi"]]}')
    content = f'{good[0]}\n{{"id": "b", "turns"\n[1]\n{good[1]}\n'
    reading = scan({"c.jsonl": content})
    assert reading.turns["conversation_id"].to_list() == ["a", "c"]
    assert reading.rejects["place"].to_list() == ["line 2, column 20", "line 3"]


def test_json_of_another_kind_is_an_unknown_format(scan):
    (row,) = scan({"c.json": '{"version": 2, "settings": {"a": 1}}'}).rejects.to_dicts()
    assert row["error"] == "UnknownFormatError"
    assert "json: JSON without a list of turns or conversations (keys: version, settings)" in row["reason"]


def test_a_damaged_parquet_file_is_rejected(scan):
    (row,) = scan({"c.parquet": as_parquet(TURNS)[:-20]}).rejects.to_dicts()
    assert row["reason"] == "damaged Parquet file"


cells = st.text(
    st.characters(codec="utf-8", exclude_characters="\r\x00&", exclude_categories=["Cc", "Cf", "Cs", "Co"]), max_size=30
)
turns = st.lists(
    st.tuples(st.sampled_from(["a", "b", "00c"]), st.sampled_from(["agent", "customer"]), cells),
    min_size=1,
    max_size=12,
).filter(lambda rows: any(text.strip() for _, _, text in rows))


def spoken(parsed):
    return {
        conversation.conversation_id: [(str(turn.role), turn.text) for turn in conversation.turns]
        for conversation in parsed.conversations
    }


def expected(rows):
    found = {}
    for identity, role, text in rows:
        if clean(text):
            found.setdefault(identity, []).append((role, clean(text)))
    return found


@settings(suppress_health_check=[HealthCheck.too_slow])
@given(turns, st.sampled_from(",;\t|"))
def test_turns_written_as_csv_come_back(rows, delimiter):
    content = as_csv([dict(zip(("conversation_id", "role", "text"), row, strict=True)) for row in rows], delimiter)
    parsed = tabular.parse_delimited(Document("c.csv", content.encode()), ReadConfig())
    assert spoken(parsed) == expected(rows)
    assert not parsed.problems


@given(turns)
def test_turns_written_as_json_lines_come_back(rows):
    content = "\n".join(json.dumps(dict(zip(("conversation_id", "role", "text"), row, strict=True))) for row in rows)
    parsed = tabular.parse_json_lines(Document("c.jsonl", content.encode()), ReadConfig())
    assert spoken(parsed) == expected(rows)


@pytest.mark.parametrize(
    ("agent", "lines", "roles"),
    [
        ("Omar Haddad", "Omar: Hello\nLena: Hi\nOmar: Yes\nLena: No", ["agent", "customer"] * 2),
        ("Omar Haddad", "OMAR HADDAD: Hello\nLena: Hi\nOMAR HADDAD: Yes\nLena: No", ["agent", "customer"] * 2),
        ("Omar Haddad", "Omar: Hello\nLena: Hi\nPia: A\nOmar: B\nPia: C\nLena: D", ["agent", *["unknown"] * 2] * 2),
        ("Maya Osei", "Omar: Hello\nLena: Hi\nOmar: Yes\nLena: No", ["unknown"] * 4),
    ],
)  # fmt: skip
def test_the_agent_column_names_the_agent_among_the_speakers_of_a_cell(scan, agent, lines, roles):
    turns = scan({"c.csv": as_csv([{"id": "1", "Agent": agent, "transcript": lines}])}).turns
    assert sorted(turns["role"].to_list()) == sorted(roles)
    decided = turns.filter(role="agent")
    assert decided["agent_id"].unique().to_list() == ([agent] if "agent" in roles else [])
    assert set(turns.filter(turns["role"] != "unknown")["role_source"]) <= {"agent column"}
    assert turns.filter(role="customer")["agent_id"].null_count() == roles.count("customer")

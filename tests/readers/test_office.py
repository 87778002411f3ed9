"""Word and Excel files in the shapes that products write, and broken or hostile ones."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from office_files import CLOCK, DAY, docx, p, packed, run, table, xlsx

FORMATS = Path(__file__).parents[1] / "data" / "formats"
HELLO, LEAKS, SORRY = "Good morning, how can I help?", "My tap leaks since May.", "I am sorry to hear that."
SAID = [("agent", HELLO), ("customer", LEAKS)]
COLUMNS = ["Conversation ID", "Speaker Role", "Sent", "Message"]
CALL = docx([p("Call ID: w-1"), p(""), p(f"Agent: {HELLO}"), p(f"Customer: {LEAKS}")])
BOOK = xlsx({"Chats": [COLUMNS, ["x-1", "Agent", (46300.375, DAY), HELLO], ["x-1", "Customer", (46300.5, DAY), LEAKS]]})


@pytest.mark.parametrize(
    "blocks",
    [
        [p(f"Agent: {HELLO}"), p(f"Customer: {LEAKS}")],
        [p(f"Agent: {HELLO}\nCustomer: {LEAKS}")],
        [p(f"1. Agent: {HELLO}"), p(f"2. Customer: {LEAKS}")],
        [p("Agent   0:03"), p(HELLO), p(""), p("Customer   0:09"), p(LEAKS)],
        [p("Agent (00:03):"), p(HELLO), p("Customer (00:09):"), p(LEAKS)],
        [p("0:0:3.2 --> 0:0:6.1"), p("Agent"), p(HELLO), p("0:0:9.0 --> 0:0:9.9"), p("Customer"), p(LEAKS)],
        [p(f"0:0:3.2 --> 0:0:6.1\nAgent\n{HELLO}"), p(f"0:0:9.0 --> 0:0:9.9\nCustomer\n{LEAKS}")],
        [p("*Agent", f" {HELLO}"), p("*Customer", f" {LEAKS}")],
        [p("*Agent:", f" {HELLO}"), p("*Customer:", f" {LEAKS}")],
        [p("*Agent"), p(HELLO), p("*Customer"), p(LEAKS)],
        [p("*Agent 0:03"), p(HELLO), p("*Customer 0:09"), p(LEAKS)],
        [table(["Speaker", "Text", "Time"], ["Agent", HELLO, "0:03"], ["Customer", LEAKS, "0:09"])],
        [p("Transcript"), table(["0:03", "Agent", HELLO], ["0:09", "Customer", LEAKS])],
        [table(["Agent", HELLO], ["Customer", LEAKS])],
    ],
)
def test_the_shapes_of_word_transcripts(said, blocks):
    assert said(docx(blocks), "call.docx") == SAID


def test_names_beside_times_are_kept_with_their_times(scan):
    blocks = [p("*Dana Lopez", "   0:03"), p(HELLO), p("*Robin Vale", "   0:09"), p(LEAKS)]
    turns = scan({"call.docx": docx(blocks)}).turns
    assert turns.select("speaker", "start", "text").rows() == [("Dana Lopez", 3.0, HELLO), ("Robin Vale", 9.0, LEAKS)]


def test_a_table_of_fields_is_the_header_of_a_transcript(scan):
    blocks = [table(["Call ID", "w-7"], ["Queue", "Repairs"]), p(""), p(f"Agent: {HELLO}"), p(f"Customer: {LEAKS}")]
    turns = scan({"call.docx": docx(blocks)}).turns
    assert turns.select("conversation_id", "queue").unique().rows() == [("w-7", "Repairs")]


def test_what_is_deleted_hidden_or_struck_out_was_not_said_and_what_is_inserted_was(said):
    deleted = f"<w:del>{run('never')}</w:del>" + run(" hidden", "<w:vanish/>") + run(" struck", "<w:strike/>")
    inserted = f"<w:ins>{run(' now')}</w:ins><w:hyperlink>{run(' here')}</w:hyperlink>"
    blocks = [p(f"Agent: {HELLO}", inside=deleted + inserted), p(f"Customer: {LEAKS}")]
    assert said(docx(blocks), "a.docx")[0] == ("agent", f"{HELLO} now here")


def test_a_content_control_around_paragraphs_changes_nothing(said):
    inner = f"<w:sdt><w:sdtContent>{p(f'Agent: {HELLO}')}{p(f'Customer: {LEAKS}')}</w:sdtContent></w:sdt>"
    assert said(docx([inner]), "a.docx") == SAID


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (docx([p("Minutes of the meeting."), p("We met and talked.")]), "no transcript"),
        (docx([]), "holds no text"),
        (docx([p("x")], '<?xml version="1.0"?><!DOCTYPE d [<!ENTITY a "b">]>'), "declares entities"),
        (docx(["<w:p><w:r>"]), "damaged office document"),
        (docx([p("Agent: hi")] + ["<w:sdt>"] * 300 + ["</w:sdt>"] * 300), "nested too deeply"),
        (packed({"[Content_Types].xml": "", "xl/workbook.bin": "x"}), "a binary Excel workbook"),
        (packed({"mimetype": "application/vnd.oasis", "content.xml": "<x/>"}), "an OpenDocument file"),
        (xlsx({"Empty": []}), "no sheet has rows"),
        (xlsx({"Sums": [["Month", "Sum"], ["May", 4]]}), "no column holds the text"),
    ],
)
def test_documents_without_a_transcript_are_rejected_with_the_reason(scan, content, reason):
    (row,) = scan({"a.docx": content}).rejects.to_dicts()
    assert reason in row["reason"]
    assert row["remedy"]


def test_a_document_that_unpacks_to_too_much_is_rejected(scan):
    (row,) = scan({"a.docx": docx([p("Agent: " + "x" * 500_000)])}, max_file_bytes=100_000).rejects.to_dicts()
    assert "larger than the limit" in row["reason"]
    assert "max_file_bytes" in row["remedy"]


def test_a_workbook_has_dates_and_a_header_below_its_title(scan):
    rows = [["Chats of October"], [], [None, *COLUMNS], [None, "x-1", "Agent", (46300.375, DAY), HELLO], [],
            [None, "x-1", "Customer", (46300.3757, DAY), LEAKS]]  # fmt: skip
    turns = scan({"a.xlsx": xlsx({"Chats": rows})}).turns
    assert turns.select("role", "text").rows() == SAID
    assert turns["started_at"][0] == datetime(2026, 10, 5, 9, 0, tzinfo=UTC)
    assert turns["start"].to_list() == [0.0, 60.0]


def test_days_count_from_1904_where_the_workbook_says_so(scan):
    rows = [COLUMNS, ["x", "Agent", (44838.375, DAY), HELLO], ["x", "Customer", (44838.5, DAY), LEAKS]]
    turns = scan({"a.xlsx": xlsx({"Chats": rows}, since_1904=True)}).turns
    assert turns["started_at"][0] == datetime(2026, 10, 5, 9, 0, tzinfo=UTC)


def test_cells_with_a_time_only_are_offsets(scan):
    rows = [["role", "time", "text"], ["agent", (3 / 86400, CLOCK), HELLO], ["customer", (9 / 86400, CLOCK), LEAKS]]
    assert scan({"a.xlsx": xlsx({"S": rows})}).turns["start"].to_list() == [3.0, 9.0]


def test_every_visible_sheet_is_read_and_named(scan):
    call = [["role", "text"], ["agent", HELLO], ["customer", LEAKS]]
    book = xlsx(
        {"Mon": call, "Tue": call, "Legend": [["colour", "meaning"], ["red", "late"]], "Old": call}, hidden=["Old"]
    )
    turns = scan({"a.xlsx": book}).turns
    assert turns["conversation_id"].unique().sort().to_list() == ["a/Mon", "a/Tue"]


def test_a_merged_id_counts_for_every_row(scan):
    rows = [COLUMNS, ["x-1", "Agent", None, HELLO], [None, "Customer", None, LEAKS]]
    turns = scan({"a.xlsx": xlsx({"Chats": rows}, merged=["A2:A3"])}).turns
    assert turns["conversation_id"].to_list() == ["x-1", "x-1"]


def test_of_formulas_the_saved_value_counts_and_one_without_is_told(scan):
    identity = ("A1", "x")
    rows = [["id", "role", "text"], [identity, "agent", HELLO], [identity, "customer", ("UPPER(C2)", None)]]
    rows.append([identity, "customer", LEAKS])
    reading = scan({"a.xlsx": xlsx({"S": rows})})
    assert reading.turns.select("role", "text").rows() == SAID
    assert "have no saved value" in reading.rejects["reason"][0]


def test_numbers_stay_ids_and_a_table_without_a_header_is_told_by_its_values(scan):
    rows = [[4711, "agent", HELLO], [4711, "customer", LEAKS], [4712, "agent", HELLO], [4712, "customer", SORRY]]
    turns = scan({"a.xlsx": xlsx({"S": rows})}).turns
    assert turns["conversation_id"].unique().sort().to_list() == ["4711", "4712"]


@pytest.mark.parametrize("name", ["docx/transcript.docx", "xlsx/chats.xlsx"])
def test_a_sample_gives_what_is_expected_of_it(scan, name):
    path = FORMATS / name
    reading = scan({path.name: path.read_bytes()})
    expected = json.loads(path.with_suffix(".expected.json").read_text(encoding="utf-8"))
    got = reading.turns.select("conversation_id", "turn", "role", "speaker", "agent_id", "start", "text").to_dicts()
    assert got == expected
    assert reading.rejects.is_empty()


@pytest.mark.parametrize(("name", "content"), [("a.docx", CALL), ("a.xlsx", BOOK)])
@given(draw=st.data())
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_damaged_document_is_read_or_rejected_and_nothing_else(scan, name, content, draw):
    broken = bytearray(content[: draw.draw(st.integers(1, len(content)))])
    for at in draw.draw(st.lists(st.integers(0, len(broken) - 1), max_size=4)):
        broken[at] ^= 1 << draw.draw(st.integers(0, 7))
    reading = scan({name: bytes(broken)})
    assert reading.turns.height or reading.rejects.height
    assert all(reading.rejects["remedy"].to_list())

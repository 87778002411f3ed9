"""Large tables and many files in parts: the same turns and rejects as at once, whatever the order of the rows."""

import csv
import gzip
import io
import json

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from empathy_scan import readers
from empathy_scan.config import ReadConfig
from empathy_scan.readers import batches, stream

NAMES = ["conversation_id", "turn", "role", "agent_id", "sent", "text"]


def rows_of(conversations, turns):
    return [
        {
            "conversation_id": f"c{n}", "turn": t, "role": "customer" if t % 2 else "agent", "agent_id": f"a-{n % 3}",
            "sent": f"{n % 28 + 1:02}/10/2026 09:{t:02}", "text": f"This is what was said in {n} as number {t}, 'é'",
        }
        for n in range(conversations)
        for t in range(turns)
    ]  # fmt: skip


def as_csv(rows):
    file = io.StringIO(newline="")
    writer = csv.DictWriter(file, NAMES, delimiter=";")
    writer.writeheader()
    writer.writerows(rows)
    return file.getvalue()


def as_lines(rows):
    return "\n".join(map(json.dumps, rows))


@pytest.fixture
def small_blocks(monkeypatch):
    monkeypatch.setattr(stream, "_BLOCK", 7)
    monkeypatch.setattr(stream, "_HELD", 40)


@pytest.mark.parametrize("write", [as_csv, as_lines])
@given(order=st.randoms(use_true_random=False))
@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@pytest.mark.usefixtures("small_blocks")
def test_a_table_in_parts_gives_what_it_gives_as_a_whole(scan, write, order):
    rows = rows_of(30, 5)
    order.shuffle(rows)
    rows[3]["conversation_id"] = ""
    content = write(rows)
    whole = scan({"t.txt": content})
    cut = scan({"t.txt": content}, max_file_bytes=2_000)
    assert_frame_equal(whole.turns, cut.turns)
    assert whole.rejects.height == cut.rejects.height == 1
    assert whole.turns["started_at"].null_count() == 0


@pytest.mark.parametrize("wrap", [bytes, gzip.compress])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
@pytest.mark.usefixtures("small_blocks")
def test_the_encoding_of_a_large_table_is_found_as_of_a_small_one(scan, encoding, wrap):
    content = wrap(as_csv(rows_of(12, 4)).encode(encoding))
    assert_frame_equal(scan({"t.csv": content}).turns, scan({"t.csv": content}, max_file_bytes=2_000).turns)


@pytest.mark.usefixtures("small_blocks")
def test_whole_conversations_per_line_come_in_parts_too(scan):
    lines = [
        {"id": f"w{n}", "turns": [{"role": "agent", "text": "Hi"}, {"role": "customer", "text": "Ho"}]}
        for n in range(50)
    ]
    content = as_lines(lines)
    cut = scan({"w.jsonl": content}, max_file_bytes=1_000)
    assert_frame_equal(scan({"w.jsonl": content}).turns, cut.turns)
    assert cut.turns.height == 100


@pytest.mark.usefixtures("small_blocks")
def test_broken_lines_of_a_large_table_are_told_by_their_number(scan):
    lines = as_lines(rows_of(12, 4)).split("\n")
    lines[20] = lines[20][:-3]
    reading = scan({"t.jsonl": "\n".join(lines)}, max_file_bytes=2_000)
    assert reading.rejects["place"].str.starts_with("line 21").to_list() == [True]
    assert reading.turns.height == 47


def test_what_is_large_and_no_table_is_rejected(scan):
    reading = scan({"t.txt": "Agent: Hello.\nCustomer: Hi.\n" * 1000}, max_file_bytes=2_000)
    assert "larger than the limit" in reading.rejects["reason"][0]


def test_many_files_in_parts_give_what_they_give_at_once(put, monkeypatch):
    files = {f"{n:03}.txt": f"Call ID: {n % 40}\n\nAgent: Hello.\nCustomer: Hi {n % 40}.\n" for n in range(60)}
    mail = "From: a@x.example\nTo: b@y.example\nMessage-ID: <{}@x>\nDate: Mon, 5 Oct 2026 09:0{}:00 +0000\n{}\n\n"
    mail += "Words {}.\n"
    files |= {
        "m1.eml": mail.format("m1", 1, "Subject: S", 1),
        "z/m2.eml": mail.format("m2", 2, "In-Reply-To: <m1@x>", 2),
    }
    files |= {"t.jsonl": as_lines(rows_of(10, 4)), "bad.json": '{"Transcript": ['}
    folder = put(files)
    whole = readers.read([folder], ReadConfig())
    monkeypatch.setattr(batches, "LITTLE_BYTES", 0)
    monkeypatch.setattr(batches, "INFERRED_AT_ONCE_BYTES", 0)  # the mails do not tell who is who
    monkeypatch.setattr(batches, "INFERRED_PER_PART", 20)
    found = list(readers.read_in_parts([folder], ReadConfig()))
    assert len(found) > 3
    assert sum(each.files for each in found) == whole.files == 64
    together = pl.concat([each.turns for each in found]).sort("conversation_id", "turn")
    assert_frame_equal(whole.turns.sort("conversation_id", "turn"), together)
    rejects = pl.concat([each.rejects for each in found])
    assert_frame_equal(whole.rejects, rejects.sort("source", "place", "reason"))


def test_little_comes_in_one_part(put):
    assert len(list(readers.read_in_parts([put({"a.txt": "Agent: Hello.\nCustomer: Hi.\n"})], ReadConfig()))) == 1


def test_where_roles_are_to_be_inferred_more_comes_in_one_part(put, monkeypatch):
    monkeypatch.setattr(batches, "LITTLE_BYTES", 0)
    monkeypatch.setattr(batches, "TURNS_PER_PART", 20)

    def heights(column, *values):
        rows = "".join(f"c{n},{value},Hello.\n" for n in range(30) for value in values)
        folder = put({"t.csv": f"conversation_id,{column},text\n{rows}"})
        return [each.turns.height for each in readers.read_in_parts([folder], ReadConfig())]

    assert heights("speaker", "Ann", "Bob") == [60]
    assert heights("role", "agent", "customer") == [20, 20, 20]

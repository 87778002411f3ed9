"""Reading whole folders: what is input, what is rejected and how, and that order does not matter."""

import gzip
import json
import os
import socket
from pathlib import Path

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from empathy_scan import readers, store
from empathy_scan.config import ReadConfig
from empathy_scan.errors import ConfigError, UsageError
from empathy_scan.readers import registry
from empathy_scan.readers.conversation import Conversation, Parsed, Turn
from empathy_scan.readers.verdict import Verdict
from empathy_scan.report import folder
from empathy_scan.tables import REJECTS, TURNS, conform

CALL = "Agent: Hello.\nCustomer: Hi.\n"
OTHER = "Agent: Good day.\nCustomer: It leaks.\n"


def only_row(reading):
    (row,) = reading.rejects.to_dicts()
    assert row["remedy"]
    return row


def test_frames_are_those_of_the_tables(scan):
    reading = scan({"a.txt": CALL, "b.txt": ""})
    conform(reading.turns, TURNS)
    conform(reading.rejects, REJECTS)
    assert reading.files == 2


def test_folders_are_walked_and_sources_are_relative_with_slashes(scan):
    turns = scan({"x/y/a.txt": CALL, "b.txt": OTHER}).turns
    assert turns.select("source", "conversation_id").unique().sort("source").rows() == [
        ("b.txt", "b"),
        ("x/y/a.txt", "x/y/a"),
    ]


def test_hidden_files_and_settings_are_no_input(scan):
    files = {"a.txt": CALL, ".hidden.txt": OTHER, ".git/b.txt": OTHER, "empathy-scan.toml": "[read]\n"}
    reading = scan(files)
    assert reading.files == 1
    assert reading.rejects.is_empty()


@pytest.mark.parametrize("mark", [store._LAYOUT, folder.MARKER])
def test_a_store_and_a_report_of_an_earlier_run_are_no_input(scan, mark):
    reading = scan(
        {"a.txt": CALL, f"out/{mark}": "", "out/turns/b.txt": OTHER, "out/c.txt": OTHER, "outer/d.txt": OTHER}
    )
    assert sorted(reading.turns["source"].unique()) == ["a.txt", "outer/d.txt"]
    assert reading.files == 2


def test_a_path_that_does_not_exist_is_wrong_usage(tmp_path):
    with pytest.raises(UsageError, match="gone does not exist"):
        readers.read([tmp_path / "gone"], ReadConfig())


def test_a_folder_without_files_is_wrong_usage_that_names_it(tmp_path):
    (tmp_path / "empty" / "deeper").mkdir(parents=True)
    with pytest.raises(
        UsageError, match=r"no files found in .*empty; give a folder with exports, `empathy-scan formats`"
    ):
        readers.read([tmp_path / "empty"], ReadConfig())


def test_a_format_that_does_not_exist_is_an_error_of_the_settings(scan):
    with pytest.raises(ConfigError, match="there is no format 'cvs'"):
        scan({"a.txt": CALL}, format="cvs")


def test_a_forced_format_is_used_whatever_the_content(scan):
    reading = scan({"a.txt": "text,role\nHello,agent\n"}, format="text")
    assert only_row(reading)["error"] == "MalformedInputError"


def test_the_content_decides_and_not_the_suffix(scan):
    files = {
        "a.json": CALL,
        "b.csv": "WEBVTT\n\n00:01.000 --> 00:02.000\n<v Agent>Hello\n",
        "c.txt": '{"id": "c", "turns": [["agent", "Hi"]]}',
        "d": "role\ttext\nagent\tYes\n",
    }
    reading = scan(files)
    assert reading.rejects.is_empty()
    assert dict(reading.turns.select("source", "format").rows()) == {
        "a.json": "text", "b.csv": "webvtt", "c.txt": "json", "d": "csv",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("content", "error", "reason"),
    [
        (b"", "MalformedInputError", "the file is empty"),
        (b" \n\n", "MalformedInputError", "the file is empty"),
        (bytes(range(256)) * 4, "UnknownFormatError", "binary content, not text"),
        (b"PK\x03\x04rest", "MalformedInputError", "damaged or cut zip file"),
        (b"%PDF-1.7 rest", "NoticeError", "looks like a PDF document"),
        (b"RIFF....WAVE", "NoticeError", "looks like a sound recording"),
        (gzip.compress(CALL.encode(), mtime=0)[:-9], "MalformedInputError", "damaged or cut gzip file"),
        (gzip.compress(b"", mtime=0), "MalformedInputError", "the file is empty"),
        (b"Just some prose.\nNothing else.\n", "UnknownFormatError", "unknown format"),
        (b"\xef\xbb\xbf\n", "MalformedInputError", "the file is empty"),
    ],
)
def test_unusable_files_are_rejected_and_the_others_read(scan, content, error, reason):
    reading = scan({"bad.txt": content, "good.txt": CALL})
    row = only_row(reading)
    assert (row["source"], row["error"]) == ("bad.txt", error)
    assert reason in row["reason"]
    assert reading.turns["source"].unique().to_list() == ["good.txt"]


def test_an_unknown_format_names_the_three_nearest_and_why_each_refused(scan):
    reason = only_row(scan({"a.vtt": "Just some prose.\nNothing else.\n"}))["reason"]
    assert reason.count(": ") == 3
    assert "webvtt: it does not begin with WEBVTT" in reason


@pytest.mark.parametrize(
    ("turns", "reason"),
    [([Turn(text=None)], "cannot make sense"), ([], "no conversation")],
    ids=["no text", "nobody"],
)
def test_a_reader_of_ones_own_that_errs_costs_its_file_and_not_the_run(scan, monkeypatch, turns, reason):
    made = Parsed([Conversation(conversation_id="c", turns=turns, channel="chat")])
    mine = registry.Reader(
        "mine", "Mine", (".mine",), lambda document: Verdict("mine" in document.text, "its word"), lambda *_: made
    )
    monkeypatch.setattr(registry, "FORMATS", (mine, *registry.FORMATS))
    reading = scan({"a.mine": "mine", "b.txt": "Agent: Hello.\nCustomer: Good morning.\n"})
    assert reading.turns["source"].unique().to_list() == ["b.txt"]
    (reject,) = reading.rejects.to_dicts()
    assert reason in reject["reason"]


def test_a_file_that_may_not_be_read_is_rejected(put, monkeypatch):
    folder = put({"a.txt": CALL, "b.txt": OTHER})
    unpatched = Path.read_bytes

    def refuse(path):
        if path.name == "a.txt":
            raise PermissionError(13, "Permission denied")
        return unpatched(path)

    monkeypatch.setattr(Path, "read_bytes", refuse)
    row = only_row(readers.read([folder], ReadConfig()))
    assert (row["source"], row["error"], row["reason"]) == ("a.txt", "InputError", "cannot be read (Permission denied)")


def test_a_dangling_link_is_rejected(put):
    folder = put({"good.txt": CALL})
    (folder / "bad.txt").symlink_to(folder / "gone.txt")
    row = only_row(readers.read([folder], ReadConfig()))
    assert (row["source"], row["reason"]) == ("bad.txt", "cannot be read (No such file or directory)")


@pytest.mark.parametrize("kind", ["pipe", "device", "socket"])
def test_what_is_no_regular_file_is_rejected(put, kind, monkeypatch):
    folder = put({"good.txt": CALL})
    if kind == "pipe":
        os.mkfifo(folder / "bad.txt")
    elif kind == "device":
        (folder / "bad.txt").symlink_to(os.devnull)
    else:
        monkeypatch.chdir(folder)  # the path of a socket must be short
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind("bad.txt")
    row = only_row(readers.read([folder], ReadConfig()))
    assert row["source"] == "bad.txt"
    assert "not a regular file" in row["reason"]


@pytest.mark.parametrize("content", [CALL.encode() * 100, gzip.compress(CALL.encode() * 100, mtime=0)])
def test_a_file_over_the_limit_is_rejected(scan, content):
    row = only_row(scan({"big.txt": content, "good.txt": CALL}, max_file_bytes=200))
    assert row["source"] == "big.txt"
    assert "larger than the limit" in row["reason"]
    assert "max_file_bytes" in row["remedy"]


def test_a_turn_over_the_limit_rejects_its_conversation(scan):
    rows = [{"id": "a", "turns": [["agent", "x" * 51]]}, {"id": "b", "turns": [["agent", "x" * 50]]}]
    reading = scan({"c.jsonl": "\n".join(map(json.dumps, rows))}, max_turn_characters=50)
    row = only_row(reading)
    assert row["place"] == "line 1"
    assert "'a' has a turn of 51 characters" in row["reason"]
    assert reading.turns["conversation_id"].to_list() == ["b"]


def test_of_equal_copies_one_is_read_and_the_other_reported(scan):
    content = f"Call ID: 7\n\n{CALL}"
    reading = scan({"b.txt": content, "a.txt": content})
    row = only_row(reading)
    assert row["source"] == "b.txt"
    assert row["reason"] == "duplicate of conversation '7' in a.txt"
    assert reading.turns["source"].unique().to_list() == ["a.txt"]


def test_of_two_conversations_with_one_id_the_first_in_order_is_read(scan):
    reading = scan({"b.txt": f"Call ID: 7\n\n{CALL}", "a.txt": f"Call ID: 7\n\n{OTHER}"})
    row = only_row(reading)
    assert row["source"] == "b.txt"
    assert row["reason"] == "conversation id '7' is taken by different content in a.txt"
    assert reading.turns["text"].to_list() == ["Good day.", "It leaks."]


def test_equal_names_in_two_folders_are_told_apart_by_the_folders(put):
    folder = put({"mon/call.txt": CALL, "tue/call.txt": OTHER})
    reading = readers.read([folder / "mon" / "call.txt", folder / "tue" / "call.txt"], ReadConfig())
    assert reading.turns["source"].unique().sort().to_list() == ["mon/call.txt", "tue/call.txt"]
    assert reading.rejects.is_empty()


def test_a_file_given_twice_is_read_once(put):
    folder = put({"mon/call.txt": CALL})
    reading = readers.read([folder, folder / "mon", folder / "mon" / "call.txt"], ReadConfig())
    assert reading.files == 1
    assert reading.turns["source"].unique().to_list() == ["mon/call.txt"]


def test_a_link_that_leads_back_does_not_end_in_a_circle(put):
    folder = put({"mon/call.txt": CALL})
    (folder / "mon" / "again").symlink_to(folder, target_is_directory=True)
    assert readers.read([folder], ReadConfig()).files == 1


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16", "utf-16-le", "utf-16-be", "utf-32"])
def test_encodings_of_text_are_found_out(said, encoding):
    content = "Agent: Guten Tag, schön, daß Sie anrufen – wie geht’s?\nCustomer: Die Tür ist kaputt, für 30 €.\n"
    assert said(content.encode(encoding))[1] == ("customer", "Die Tür ist kaputt, für 30 €.")


def test_a_few_damaged_bytes_do_not_turn_utf8_into_another_encoding(scan):
    content = "Agent: schön schön schön schön schön\nCustomer: für Sie\n".encode() + b"\xff"
    assert scan({"a.txt": content}).turns["text"][0] == "schön schön schön schön schön"


def test_texts_are_composed_and_free_of_invisible_characters(said):
    assert said("Agent: cafe\u0301\u200b\ufeff now\n") == [("agent", "caf\u00e9 now")]


FILES = {
    "a.txt": f"Call ID: 7\n\n{CALL}",
    "b.txt": f"Call ID: 7\n\n{OTHER}",
    "c/d.jsonl": '{"id": "7", "turns": [["agent", "Again"]]}\n{"id": "8", "turns": [["agent", "Hi"]]}\n{broken\n',
    "e.eml": "From: a@b.example\nTo: c@d.example\nMessage-ID: <1@b>\nDate: Mon, 5 Oct 2026 09:00:00 +0000\n\nOne\n",
    "f.eml": "From: c@d.example\nTo: a@b.example\nMessage-ID: <2@b>\nReferences: <1@b>\n\nTwo\n",
    "g.csv": "conversation_id,role,text\n9,agent,Hello\n7,agent,Hello\n",
    "h.bin": "\x00\x01",
}


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=20, deadline=None)
@given(st.permutations(sorted(FILES)))
def test_the_order_of_the_sources_does_not_matter(put, names):
    folder = put(FILES)
    one = readers.read([folder / name for name in sorted(FILES)], ReadConfig())
    other = readers.read([folder / name for name in names], ReadConfig())
    assert_frame_equal(one.turns, other.turns)
    assert_frame_equal(one.rejects, other.rejects)


def test_the_order_of_the_folders_listing_does_not_matter(put, monkeypatch):
    folder = put(FILES)
    one = readers.read([folder], ReadConfig())
    walk = os.walk

    def backwards(*args, **kwargs):
        for place, folders, names in walk(*args, **kwargs):
            folders.reverse()
            yield place, folders, names[::-1]

    monkeypatch.setattr(os, "walk", backwards)
    other = readers.read([folder], ReadConfig())
    assert_frame_equal(one.turns, other.turns)
    assert_frame_equal(one.rejects, other.rejects)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=300) | st.text(max_size=300).map(str.encode))
def test_no_content_stops_the_batch(scan, content):
    reading = scan({"any": content, "good.txt": CALL})
    assert reading.turns.filter(source="good.txt").height == 2
    assert reading.rejects.height + reading.turns.filter(pl.col("source") != "good.txt").height > 0


def test_explain_tells_reader_columns_and_roles(put):
    folder = put({"t.csv": "Call ID;Speaker;Body\n1;Agent;Hello\n1;Customer;Hi\n1;Agent;Yes\n"})
    told = readers.explain(folder / "t.csv", ReadConfig())
    assert (told.format, told.encoding, told.conversations, told.turns) == ("csv", "utf-8", 1, 3)
    assert "3 columns separated by semicolons" in told.why
    assert told.columns == {"conversation_id": "Call ID", "speaker": "Speaker", "text": "Body"}
    assert [(each.speaker, each.role, each.turns) for each in told.speakers] == [
        ("Agent", "agent", 2),
        ("Customer", "customer", 1),
    ]
    assert ("webvtt", "it does not begin with WEBVTT") in told.refused


def test_names_of_formats_are_different():
    names = [reader.name for reader in readers.FORMATS]
    assert len(set(names)) == len(names)


def test_speakers_of_unknown_role_get_the_role_that_the_settings_give_their_label(scan):
    turns = scan({"a.txt": "spk_0: Hello\nspk_1: Hi\n"}, channel_roles={"spk_0": "agent", "spk_1": "customer"}).turns
    assert turns["role"].to_list() == ["agent", "customer"]


def test_a_file_name_that_is_not_utf8_is_read_and_shown_with_escapes(tmp_path):
    (tmp_path / os.fsdecode(b"caf\xe9.txt")).write_text("Agent: Hello there.\nCustomer: My lamp broke.\n")
    found = readers.read([tmp_path], ReadConfig())
    assert found.turns["source"].unique().to_list() == ["caf\\xe9.txt"]
    assert found.turns.height == 2


def test_half_a_surrogate_pair_in_an_id_or_name_stops_no_batch(scan):
    row = '{"conversation_id": "c\\ud800", "speaker": "Agent \\ud800", "agent_id": "\\ud800", "text": "Hello \\ud800"}'
    assert scan({"a.json": f"[{row}]", "b.txt": "Agent: Hi.\nCustomer: Hello.\n"}).turns.height == 3

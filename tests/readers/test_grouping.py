"""What is kept of a conversation beside its words: direction, zone, labels, confidence and overlaps."""

import json

import pytest

from empathy_scan.config import ReadConfig
from empathy_scan.readers import explain, grouping, read

ROWS = """conversation_id,role,text,time,Direction,Region,Wrap-up Code,Customer Name,Account Type,Sentence No
c,customer,The bed never came.,2026-10-05T09:00:00+02:00,Incoming,North,lost,Anna Bell,gold,1
c,agent,I am sorry.,2026-10-05T09:00:30+02:00,Incoming,North,lost,Anna Bell,gold,2
d,customer,Hello there.,2026-10-05T08:00:00Z,out,South,,Ben Hill,gold,1
d,agent,How can I help?,2026-10-05T08:00:10Z,out,North,,Ben Hill,gold,2
"""
CALL = {
    "segments": [
        {"start": 0.0, "end": 4.0, "text": "Where is it?", "speaker": "A", "words": [{"word": "Where", "score": 0.5}]},
        {"start": 3.0, "end": 6.0, "text": "It is late.", "speaker": "B", "words": [{"word": "It", "score": 0.9}]},
        {"start": 7.0, "end": 8.0, "text": "Thanks.", "speaker": "A", "words": [{"word": "Thanks", "score": 0.7}]},
    ]
}


@pytest.fixture
def exported(tmp_path):
    path = tmp_path / "rows.csv"
    path.write_text(ROWS, encoding="utf-8")
    return path


def test_direction_zone_and_safe_labels_of_a_table_are_kept(exported):
    turns = read([exported], ReadConfig()).turns
    assert turns.select("conversation_id", "direction", "zone", "metadata").unique(maintain_order=True).rows() == [
        ("c", "inbound", "+02:00", '{"region": "North", "wrap_up_code": "lost"}'),
        ("d", "outbound", "UTC", None),
    ]
    assert turns["started_at"].dt.hour().to_list() == [7, 7, 8, 8]


def test_labels_that_the_settings_name_are_kept_too(exported):
    turns = read([exported], ReadConfig(metadata=("account type",))).turns
    assert json.loads(turns["metadata"][0]) == {"account_type": "gold", "region": "North", "wrap_up_code": "lost"}


def test_any_keeps_every_label_that_is_one(exported):
    kept = json.loads(read([exported], ReadConfig(metadata=("any",))).turns["metadata"][0])
    assert kept["customer_name"] == "Anna Bell"
    assert "sentence_no" not in kept


def test_confidence_and_overlaps_of_a_call_are_kept(tmp_path):
    (tmp_path / "call.json").write_text(json.dumps(CALL), encoding="utf-8")
    turns = read([tmp_path / "call.json"], ReadConfig()).turns
    assert turns["confidence"].to_list() == [0.5, 0.9, 0.7]
    assert turns["overlap"].to_list() == [False, True, False]


def test_explain_tells_what_is_kept(exported, tmp_path):
    assert explain(exported, ReadConfig()).context == (
        "direction: inbound, outbound", "zone: +02:00, UTC", "labels kept as metadata: region, wrap_up_code",
    )  # fmt: skip
    (tmp_path / "call.json").write_text(json.dumps(CALL), encoding="utf-8")
    assert explain(tmp_path / "call.json", ReadConfig()).context == (
        "confidence of the recogniser: 0.70 in the mean of 3 turns", "turns that begin before another has ended: 1",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("name", "written"),
    [("Wrap-up Code", "wrap_up_code"), ("wrapUpCode", "wrap_up_code"), (" Region ", "region"), ("CSAT", "csat")],
)
def test_names_are_written_alike(name, written):
    assert grouping.plain(name) == written


@pytest.mark.parametrize("name", ["Customer Name", "phone", "email", "notes", "address", "agent", "subject", "account"])
def test_labels_that_may_name_somebody_are_not_kept(name):
    assert not grouping.is_kept(name)


@pytest.mark.parametrize(
    ("word", "read_as"),
    [("IN", "inbound"), ("Incoming", "inbound"), ("outgoing", "outbound"), ("OUTBOUND", "outbound"),
     ("internal", "internal"), ("Inbound call", "inbound"), ("020 7946 0018", None), ("", None)],
)  # fmt: skip
def test_directions_are_told_in_two_words(word, read_as):
    assert grouping.direction({"Direction": word}) == read_as

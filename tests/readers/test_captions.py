"""WebVTT and SRT."""

import pytest

TWO_SPEAKERS = [("agent", "Hello, Dana here."), ("customer", "My order & my patience are late.")]


TEAMS = """WEBVTT

00:01.000 --> 00:02.000
<v Dana (Agent)>Hello, Dana here.</v>

00:03.000 --> 00:04.000
<v.loud.first Customer>My order &amp; my patience are late.
"""
ZOOM = """WEBVTT - recording

1
00:00:01.000 --> 00:00:02.000 align:start
Dana Agent: Hello, Dana here.

2
00:00:03.000 --> 00:00:04.000
Customer: My order &amp; my patience are late.
"""
TAGS = """\ufeffWEBVTT
Kind: captions

NOTE no cue

STYLE
::cue {}

00:01.000 --> 00:02.000
<v Agent>Hello, <i>Dana</i> <00:01.500>here.</v>

00:03.000 --> 00:04.000
<v Customer>My order &amp; my
<c.red>patience</c> are late.</v>
"""
SRT = """1
00:00:01,000 --> 00:00:02,000
Agent: Hello, Dana here.

2
00:00:03,000 --> 00:00:04,000
Customer: My order &amp; my patience are late.
"""
TWO_VOICES = """WEBVTT

00:01.000 --> 00:04.000
<v Agent>Hello, Dana here.</v>
<v Customer>My order &amp; my patience are late.</v>
"""


@pytest.mark.parametrize("content", [TEAMS, ZOOM, ZOOM.replace("\n", "\r\n"), TAGS, SRT, TWO_VOICES])
def test_every_style_of_speaker_gives_the_same_two_turns(said, content):
    found = [(role, " ".join(text.split())) for role, text in said(content, "call.txt")]
    assert found == TWO_SPEAKERS


def test_times_are_seconds_and_hours_are_optional(scan):
    content = "WEBVTT\n\n00:12.500 --> 00:14.000\n<v A B>a\n\n101:00:15.000 --> 101:00:14.000\n<v C D>b\n"
    turns = scan({"c.vtt": content}).turns
    assert turns.select("start", "end").rows() == [(12.5, 14.0), (363615.0, None)]
    assert turns["channel"].unique().to_list() == ["call"]
    assert turns["started_at"].null_count() == 2


def test_cues_of_one_speaker_are_one_turn_unless_a_pause_lies_between(said):
    cues = [
        "0:01.000 --> 0:02.000\nAgent: I look",
        "0:02.500 --> 0:03.000\nAgent: for it.",
        "0:09.000 --> 0:10.000\nAgent: Found.",
    ]
    assert said("WEBVTT\n\n" + "\n\n".join(cues), "c.vtt") == [("agent", "I look for it."), ("agent", "Found.")]


def test_a_cue_without_a_name_continues_where_most_have_one(scan):
    cues = [
        "00:01.000 --> 00:02.000\nJo: One",
        "00:05.000 --> 00:06.000\ntwo",
        "00:09.000 --> 00:10.000\nJo: three: four",
    ]
    turns = scan({"c.vtt": "WEBVTT\n\n" + "\n\n".join(cues)}).turns
    assert turns["speaker"].to_list() == ["Jo", "Jo", "Jo"]
    assert turns["text"].to_list() == ["One", "two", "three: four"]


def test_a_sentence_with_a_colon_is_no_speaker(scan):
    content = (
        "WEBVTT\n\n00:01.000 --> 00:02.000\nOne thing: it leaks\n\n00:03.000 --> 00:04.000\n- see https://a.example\n"
    )
    turns = scan({"c.vtt": content}).turns
    assert turns["speaker"].null_count() == 2
    assert turns["text"].to_list() == ["One thing: it leaks", "see https://a.example"]


def test_rolling_captions_are_read_once(said):
    cues = ["yeah", "yeah\nwhat now", "what now\nsay it", "say it\nagain"]
    content = "WEBVTT\n\n" + "\n\n".join(f"00:0{at}.000 --> 00:0{at + 1}.000\n{cue}" for at, cue in enumerate(cues))
    assert [text for _, text in said(content, "c.vtt")] == ["yeah", "what now", "say it", "again"]


def test_cues_out_of_order_are_sorted_by_time(said):
    content = "WEBVTT\n\n00:05.000 --> 00:06.000\n<v Customer>second\n\n00:01.000 --> 00:02.000\n<v Agent>first\n"
    assert said(content, "c.vtt") == [("agent", "first"), ("customer", "second")]


def test_a_broken_cue_is_rejected_and_the_others_read(scan):
    reading = scan({"c.vtt": "WEBVTT\n\n00:xx --> 00:02.000\nlost\n\n00:03.000 --> 00:04.000\n<v Agent>kept\n"})
    assert reading.turns["text"].to_list() == ["kept"]
    assert reading.rejects.select("place", "reason").rows() == [("line 3", "broken cue timing")]


def test_captions_without_words_are_rejected(scan):
    assert scan({"c.vtt": "WEBVTT\n\nNOTE nothing\n"}).rejects["reason"].to_list() == ["no cue with text in it"]


def test_legacy_encodings_of_captions_are_read(said):
    content = "1\n00:00:01,000 --> 00:00:02,000\nК сожалению, посылка не пришла.\n".encode("cp1251")
    assert said(content, "c.srt") == [("unknown", "К сожалению, посылка не пришла.")]

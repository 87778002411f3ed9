# ruff: noqa: E501 - lines as programs write them
"""Captions as meeting programs, video sites and transcription services write them."""

from datetime import UTC, datetime

import pytest

from empathy_scan.config import ReadConfig
from empathy_scan.readers import captions
from empathy_scan.readers.files import Document

TWO = [("agent", "Hello, Dana here."), ("customer", "My kettle leaks.")]
UNKNOWN = [("unknown", "Hello, Dana here."), ("unknown", "My kettle leaks.")]
FIRST, SECOND = "00:00:01.000 --> 00:00:02.000", "00:00:05.000 --> 00:00:06.000"


def vtt(*cues, head="WEBVTT"):
    return f"{head}\n\n" + "\n\n".join(cues) + "\n"


def srt(*texts):
    return "\n".join(
        f"{at}\n00:00:{at * 4:02},000 --> 00:00:{at * 4 + 1:02},000\n{text}\n" for at, text in enumerate(texts, 1)
    )


TEAMS_ID = "7f1c0d6e-2b4a-4c1e-9d3a-0a1b2c3d4e5f"
FILES = {
    "teams": vtt(f"{TEAMS_ID}/12-0\n{FIRST}\n<v Dana (Agent)>Hello, Dana here.</v>", f"{TEAMS_ID}/14-1\n{SECOND}\n<v Customer>My kettle\nleaks.</v>"),
    "teams without closing": vtt(f"{FIRST}\n<v Agent Dana>Hello, Dana here.", f"{SECOND}\n<v Customer>My kettle leaks."),
    "stream with confidence": vtt('NOTE duration:"00:12:11.1230000"\nNOTE language:en-us', "NOTE Confidence: 0.89", f"{TEAMS_ID}/1-0\n{FIRST}\n<v Agent>Hello, Dana here.</v>", "NOTE Confidence: 0.7", f"{SECOND}\n<v Customer>My kettle leaks.</v>"),
    "zoom": vtt(f"1\n{FIRST}\nAgent Dana: Hello, Dana here.", f"2\n{SECOND}\nCustomer: My kettle leaks.").replace("\n", "\r\n"),
    "styles and regions": vtt("STYLE\n::cue { color: red }", "REGION\nid:a\nwidth:40%", "NOTE\nnothing\nhere", f"intro\n{FIRST} align:start position:0% line:90%\n<v.agent Agent>Hello, <b>Dana</b> here.</v>", f"{SECOND} region:a\n<v Customer><c.red>My kettle</c> leaks.</v>", head="WEBVTT - Call 17\nKind: captions\nLanguage: en"),
    "hls": vtt(f"{FIRST}\nAgent: Hello, Dana here.", f"{SECOND}\nCustomer: My kettle leaks.", head="WEBVTT\nX-TIMESTAMP-MAP=LOCAL:00:00:00.000,MPEGTS:900000"),
    "hours missing": vtt("00:01.000 --> 00:02.000\nAgent: Hello, Dana here.", "00:05.000 --> 00:06.000\nCustomer: My kettle leaks."),
    "comma in webvtt": vtt("00:00:01,000 --> 00:00:02,000\nAgent: Hello, Dana here.", "00:00:05,000 --> 00:00:06,000\nCustomer: My kettle leaks."),
    "dot in srt": srt("Agent: Hello, Dana here.", "Customer: My kettle leaks.").replace(",000", ".000"),
    "no milliseconds": srt("Agent: Hello, Dana here.", "Customer: My kettle leaks.").replace(",000", ""),
    "byte order mark": "\ufeff" + srt("Agent: Hello, Dana here.", "Customer: My kettle leaks."),
    "utf-16": srt("Agent: Hello, Dana here.", "Customer: My kettle leaks.").encode("utf-16"),
    "crlf": srt("Agent: Hello, Dana here.", "Customer: My kettle leaks.").replace("\n", "\r\n"),
    "cr": srt("Agent: Hello, Dana here.", "Customer: My kettle leaks.").replace("\n", "\r"),
    "subrip tags": srt('<font color="#ffff00">Agent: <i>Hello</i>, Dana here.</font>', "{\\an8}Customer: My kettle leaks."),
    "brackets": srt("[Agent] Hello, Dana here.", "[Customer] My kettle leaks."),
    "brackets and colon": srt("[Agent]: Hello, Dana here.", "[Customer]: My kettle leaks."),
    "rev": srt("- [Agent] Hello, Dana here.", "- [Customer] My kettle leaks."),
    "chevrons": srt(">> AGENT: Hello, Dana here.", ">> CUSTOMER: My kettle leaks."),
    "three chevrons": srt(">>> Agent: Hello, Dana here.", ">>> Customer: My kettle leaks."),
    "upper case": srt("AGENT: Hello, Dana here.", "CUSTOMER: My kettle leaks."),
    "no space": srt("Agent:Hello, Dana here.", "Customer:My kettle leaks."),
    "name on its own line": srt("Agent:\nHello, Dana here.", "Customer:\nMy kettle leaks."),
    "one cue": srt("Agent: Hello, Dana here.\nCustomer: My kettle leaks."),
    "no blank lines": srt("Agent: Hello, Dana here.", "Customer: My kettle leaks.").replace("\n\n", "\n"),
    "blank line within": srt("Agent: Hello,\n\nDana here.", "Customer: My kettle leaks."),
    "sbv": "0:00:01.000,0:00:02.000\nAgent: Hello, Dana here.\n\n0:00:05.000,0:00:06.000\nCustomer: My kettle leaks.\n",
    "no numbers": "00:00:01,000 --> 00:00:02,000\nAgent: Hello, Dana here.\n\n00:00:05,000 --> 00:00:06,000\nCustomer: My kettle leaks.\n",
    "full-width colon": srt("Agent：Hello, Dana here.", "Customer：My kettle leaks."),
}  # fmt: skip


@pytest.mark.parametrize("content", FILES.values(), ids=FILES)
def test_every_program_gives_the_same_two_turns(said, content):
    assert [(role, " ".join(text.split())) for role, text in said(content, "call.vtt")] == TWO


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("Speaker 1", "Speaker 2"), ("SPEAKER_00", "SPEAKER_01"), ("Speaker A", "Speaker B"), ("+44 113 496 0000", "Dana Lopez"),
        ("Dana Lopez (she/her)", "Jo F. (Guest)"), ("dana.lopez", "jo"), ("Dana Lopez | Larkfield", "+441134960000"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("style", ["{}: {}", "[{}] {}", ">> {}: {}"])
def test_names_and_numbers_of_speakers_are_kept(scan, first, second, style):
    texts = [style.format(name, "Some words.") for name in (first, second, first, second)]
    turns = scan({"c.srt": srt(*texts)}).turns
    assert turns["speaker"].to_list()[:2] == [first, second]
    assert turns["text"].unique().to_list() == ["Some words."]


def test_two_voices_of_one_cue_are_two_turns(said):
    assert said(vtt(f"{FIRST}\n<v Agent>Hello, Dana here.</v>\n<v Customer>My kettle leaks.</v>"), "c.vtt") == TWO


@pytest.mark.parametrize(
    "texts",
    [
        (">> Hello, Dana here.", ">> My kettle leaks."), ("- Hello, Dana here.", "- My kettle leaks."),
        ("- Hello, Dana here.\n- My kettle leaks.",), (">> Hello, Dana here. >> My kettle leaks.",),
        (">>Hello, Dana here.", ">>My kettle leaks."),
    ],
)  # fmt: skip
def test_marks_of_a_change_part_turns_of_nobody_known(said, texts):
    assert said(srt(*texts), "c.srt") == UNKNOWN


def test_a_cue_without_a_mark_goes_on_where_changes_are_marked(said):
    content = vtt(
        "00:01.000 --> 00:02.000\n>> Hello,",
        "00:02.100 --> 00:03.000\nDana here.",
        "00:04.000 --> 00:05.000\n>> My kettle leaks.",
    )
    assert said(content, "c.vtt") == UNKNOWN


ROLLING = """WEBVTT
Kind: captions
Language: en

00:00:00.320 --> 00:00:02.000 align:start position:0%

hello<00:00:00.600><c> there</c><00:00:00.900><c> Jo</c>

00:00:02.000 --> 00:00:02.010 align:start position:0%
hello there Jo


00:00:02.010 --> 00:00:04.000 align:start position:0%
hello there Jo
my<00:00:02.500><c> kettle</c><00:00:03.000><c> leaks</c>

00:00:04.000 --> 00:00:04.010 align:start position:0%
my kettle leaks

"""


def test_rolling_captions_of_video_sites_are_read_once(said):
    assert [text for _, text in said(ROLLING, "c.vtt")] == ["hello there Jo", "my kettle leaks"]


@pytest.mark.parametrize(
    "mark",
    [
        "[MUSIC]",
        "[Music playing]",
        "(music)",
        "♪ ♪",
        "♪ la la ♪",
        "[hold music]",
        "(silence)",
        "[BLANK_AUDIO]",
        "*beep*",
    ],
)
def test_music_and_noise_are_nobodys_turn(said, mark):
    found = said(srt("Agent: Hello, Dana here.", mark, "Customer: My kettle leaks."), "c.srt")
    assert found == [TWO[0], ("system", mark), TWO[1]]


def test_noise_within_words_stays(said):
    found = said(srt("Agent: Hello, (inaudible) here.", "Customer: [crying] My kettle leaks."), "c.srt")
    assert found == [("agent", "Hello, (inaudible) here."), ("customer", "[crying] My kettle leaks.")]


def test_confidence_in_notes_is_kept():
    parsed = captions.parse(Document("c.vtt", FILES["stream with confidence"].encode()), ReadConfig())
    assert [turn.confidence for turn in parsed.conversations[0].turns] == [0.89, 0.7]


def test_the_start_in_a_name_of_zoom_is_kept(scan):
    turns = scan({"GMT20261005-091200_Recording.transcript.vtt": FILES["zoom"]}).turns
    assert turns["started_at"].to_list() == [datetime(2026, 10, 5, 9, 12, tzinfo=UTC)] * 2


@pytest.mark.parametrize(
    "text",
    ["Note: it leaks.", "Step 1: open it", "so I said: no", "at 10:30 he came", "[laughs]", "see https://a.example"],
)
def test_what_only_looks_like_a_speaker_is_words(scan, text):
    turns = scan({"c.srt": srt(text, "and so on.")}).turns
    assert turns["speaker"].null_count() == turns.height
    assert turns["text"][0] == text

"""AssemblyAI: utterances, words or the text alone, milliseconds, and transcripts that failed."""

import json

import pytest

from empathy_scan.config import ReadConfig
from empathy_scan.readers.assemblyai import parse_assemblyai
from empathy_scan.readers.files import Document

SIGNED = "https://cdn.example.invalid/upload/0000?Signature=secret"


def transcript(**changes):
    return {"id": "t-1", "status": "completed", "audio_url": SIGNED, "text": "Hello.", "words": [], **changes}


def parsed(**changes):
    return parse_assemblyai(Document("t.json", json.dumps(transcript(**changes)).encode()), ReadConfig())


def said(**changes):
    return [(turn.speaker, turn.text, turn.start, turn.end) for turn in parsed(**changes).conversations[0].turns]


def word(text, start, **more):
    return {"text": text, "start": start, "end": start + 200, "confidence": 0.9, **more}


def test_times_are_milliseconds():
    said_once = [{"speaker": "A", "text": "Hello.", "start": 1500, "end": 2750}]
    assert said(utterances=said_once) == [("A", "Hello.", 1.5, 2.75)]


def test_without_utterances_the_words_are_read():
    words = [word("Hello.", 0, speaker="A"), word("Hi", 400, speaker="B"), word("you.", 600, speaker="B")]
    assert said(utterances=None, words=words) == [("A", "Hello.", 0.0, 0.2), ("B", "Hi you.", 0.4, 0.8)]


def test_words_of_two_channels_are_woven_together():
    words = [word("Hold.", 0, channel="1"), word("Done.", 5000, channel="1"), word("Sure.", 2000, channel="2")]
    assert [(speaker, text) for speaker, text, *_ in said(words=words)] == [
        ("1", "Hold."),
        ("2", "Sure."),
        ("1", "Done."),
    ]


def test_without_words_the_text_is_one_turn():
    assert said(words=None) == [(None, "Hello.", None, None)]


@pytest.mark.parametrize(("status", "what"), [("error", "failed"), ("queued", "not done"), ("processing", "not done")])
def test_a_transcript_that_is_not_there_is_a_problem(status, what):
    found = parsed(status=status, text=None, words=None, error=f"Download of {SIGNED} failed")
    assert not found.conversations
    assert what in found.problems[0].what
    assert "secret" not in str(found.problems[0])


def test_a_transcript_without_personal_data_is_a_redacted_copy():
    assert parsed(redact_pii=True).conversations[0].redacted
    assert not parsed(redact_pii=False).conversations[0].redacted


def test_times_that_look_like_seconds_are_noted():
    said_once = [{"speaker": "A", "text": "Hello.", "start": 1, "end": 58}]
    assert any("look like seconds" in note for note in parsed(utterances=said_once, audio_duration=60).notes)


def test_the_signed_address_of_the_recording_goes_nowhere():
    assert "secret" not in repr(parsed())


def test_a_turn_of_a_stream_counts_as_it_was_delivered_last():
    def turn(text, *, formatted, ended=True):
        words = [{"text": text, "start": 500, "end": 900, "confidence": 0.9}]
        return {"type": "Turn", "turn_order": 0, "turn_is_formatted": formatted, "end_of_turn": ended,
                "transcript": text, "words": words, "speaker_label": "A"}  # fmt: skip

    said = [turn("hel", formatted=False, ended=False), turn("hello", formatted=False), turn("Hello.", formatted=True)]
    document = Document("s.jsonl", "\n".join(map(json.dumps, said)).encode())
    (found,) = parse_assemblyai(document, ReadConfig()).conversations
    assert [(each.speaker, each.text, each.start, each.end) for each in found.turns] == [("A", "Hello.", 0.5, 0.9)]


def test_final_transcripts_of_the_former_stream_are_read():
    said = [
        {"message_type": kind, "text": text, "audio_start": 500, "audio_end": 900, "words": []}
        for kind, text in (("PartialTranscript", "hel"), ("FinalTranscript", "Hello."))
    ]
    document = Document("s.jsonl", "\n".join(map(json.dumps, said)).encode())
    (found,) = parse_assemblyai(document, ReadConfig()).conversations
    assert [(each.text, each.start) for each in found.turns] == [("Hello.", 0.5)]

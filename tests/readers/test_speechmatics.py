"""Speechmatics: punctuation, entities, voices that were not placed, channels, real-time messages and json-v1."""

import json

from empathy_scan.config import ReadConfig
from empathy_scan.readers.files import Document
from empathy_scan.readers.speechmatics import parse_speechmatics, sniff_speechmatics


def result(content, start=None, *, speaker="S1", kind="word", **more):
    heard = {"content": content, "confidence": 0.9, "language": "en", "speaker": speaker}
    times = {} if start is None else {"start_time": start, "end_time": start + 0.3}
    return {"type": kind, "alternatives": [heard], **times, **more}


def transcript(*results, **changes):
    return {"format": "2.9", "job": {"id": "j-1"}, "metadata": {"type": "transcription"}, "results": results, **changes}


def read(value):
    document = Document("s.json", json.dumps(value).encode())
    assert sniff_speechmatics(document).fits
    return parse_speechmatics(document, ReadConfig())


def said(*results):
    return [(turn.speaker, turn.text) for turn in read(transcript(*results)).conversations[0].turns]


def test_punctuation_attaches_as_it_says():
    marks = [
        result("¿", 0.0, kind="punctuation", attaches_to="next"),
        result("Qué", 0.1),
        result("?", 0.4, kind="punctuation", attaches_to="previous"),
        result("Well", 1.0),
        result("-", 1.3, kind="punctuation", attaches_to="both"),
        result("known", 1.4),
    ]
    assert said(*marks) == [("S1", "¿Qué? Well-known")]


def test_punctuation_belongs_to_the_speaker_before():
    full_stop = result(".", 0.3, speaker="UU", kind="punctuation", attaches_to="previous")
    assert said(result("Hello", 0.0), full_stop, result("Hi", 1.0, speaker="S2")) == [("S1", "Hello."), ("S2", "Hi")]


def test_an_entity_is_read_once():
    parts = [result("forty", 0.0), result("pounds", 0.2)]
    amount = result("£40", 0.0, kind="entity", spoken_form=parts, written_form=[result("£40", 0.0)])
    assert said(result("Only", 0.0), amount) == [("S1", "Only £40")]


def test_a_voice_that_was_not_placed_is_not_the_last_speakers():
    assert said(result("Hello", 0.0), result("mhm", 1.0, speaker="UU")) == [("S1", "Hello"), (None, "mhm")]


def test_channels_are_speakers_and_their_names_may_be_roles():
    found = read(
        transcript(
            result("Hold", 0.0, channel="Agent", speaker=None),
            result("Done", 5.0, channel="Agent", speaker=None),
            result("Sure", 2.0, channel="Customer", speaker=None),
        )
    )
    assert [(turn.role, turn.text) for turn in found.conversations[0].turns] == [
        ("agent", "Hold"),
        ("customer", "Sure"),
        ("agent", "Done"),
    ]


def test_chinese_is_written_without_spaces():
    assert said(result("你好", 0.0), result("吗", 0.4), result("？", 0.6, kind="punctuation")) == [("S1", "你好吗？")]


def test_partial_messages_are_left_out_and_final_ones_are_one_conversation():
    messages = [
        {"message": "RecognitionStarted", "id": "session-1", "language_pack_info": {"language_code": "en"}},
        {"message": "AddPartialTranscript", "format": "2.9", "results": [result("Hel", 0.0)]},
        {"message": "AddTranscript", "format": "2.9", "results": [result("Hello", 0.0)]},
        {"message": "AddTranscript", "format": "2.9", "results": [result("Hi", 1.0, speaker="S2")]},
        {"message": "EndOfTranscript"},
    ]
    found = read(messages)
    assert not found.problems
    (one,) = found.conversations
    assert (one.conversation_id, [turn.text for turn in one.turns]) == ("session-1", ["Hello", "Hi"])


def test_the_first_version_places_words_by_the_speakers_times():
    value = {
        "job": {"id": 7, "lang": "en-GB"},
        "speakers": [
            {"name": "F1", "time": "0.0", "duration": "1.0"},
            {"name": "M2", "time": "2.0", "duration": "1.0"},
        ],
        "words": [
            {"name": "Hello", "time": "0.1", "duration": "0.4", "confidence": "0.9"},
            {"name": ".", "time": "0.5", "duration": "0", "confidence": None},
            {"name": "Hi", "time": "2.0", "duration": "0.3", "confidence": "0.8"},
        ],
    }
    (one,) = read(value).conversations
    assert (one.conversation_id, one.metadata) == ("7", {"language": "en-GB"})
    assert [(turn.speaker, turn.text, turn.start, turn.end) for turn in one.turns] == [
        ("F1", "Hello.", 0.1, 0.5),
        ("M2", "Hi", 2.0, 2.3),
    ]

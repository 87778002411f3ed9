"""The Whisper family: its many shapes, segments without a speaker, and phrases repeated in silence."""

import json

import pytest

from empathy_scan.config import ReadConfig
from empathy_scan.readers.files import Document
from empathy_scan.readers.whisper import parse_whisper, sniff_whisper


def segment(text, start, **more):
    return {"start": start, "end": start + 1.0, "text": text, "avg_logprob": -0.2, "no_speech_prob": 0.1, **more}


def read(value):
    document = Document("w.json", json.dumps(value).encode())
    assert sniff_whisper(document).fits
    return parse_whisper(document, ReadConfig())


def test_leading_spaces_are_stripped_and_segments_joined():
    (turn,) = read({"text": " A. B.", "segments": [segment(" A.", 0.0), segment(" B.", 1.0)]}).conversations[0].turns
    assert (turn.text, turn.start, turn.end) == ("A. B.", 0.0, 2.0)


def test_a_segment_without_a_speaker_is_nobodys():
    said = [segment(" A.", 0.0, speaker="SPEAKER_00"), segment(" B.", 1.0), segment(" C.", 2.0, speaker="SPEAKER_00")]
    turns = read({"segments": said, "word_segments": []}).conversations[0].turns
    assert [turn.speaker for turn in turns] == ["SPEAKER_00", None, "SPEAKER_00"]


def test_a_role_that_somebody_wrote_beside_a_segment_counts():
    turns = read({"segments": [segment(" A.", 0.0, role="agent", speaker="SPEAKER_00")]}).conversations[0].turns
    assert (turns[0].role, turns[0].role_source) == ("agent", "column role")


def test_a_bare_list_of_segments_is_one_conversation():
    (found,) = read([segment(" A.", 0.0), segment(" B.", 1.0)]).conversations
    assert found.turns[0].text == "A. B."


def test_a_table_of_segments_with_conversation_ids_is_left_to_the_tables():
    rows = [segment(" A.", 0.0, call_id="c-1"), segment(" B.", 1.0, call_id="c-2")]
    assert not sniff_whisper(Document("w.json", json.dumps(rows).encode())).fits


def test_a_phrase_repeated_over_and_over_is_noted_and_kept():
    said = [segment(" Thank you.", float(at)) for at in range(5)]
    found = read({"segments": said})
    assert any("5 times in a row" in note for note in found.notes)
    assert found.conversations[0].turns[0].text.count("Thank you.") == 5


def test_words_without_times_or_score_do_not_count_for_the_confidence():
    words = [{"word": "At", "score": 0.9, "start": 0.0, "end": 0.2}, {"word": "24"}]
    (turn,) = read({"segments": [{"start": 0.0, "end": 1.0, "text": " At 24", "words": words}]}).conversations[0].turns
    assert turn.confidence == pytest.approx(0.9)


def test_an_answer_without_segments_is_its_text():
    (turn,) = read({"task": "transcribe", "duration": 2.0, "text": "Hello.", "segments": []}).conversations[0].turns
    assert turn.text == "Hello."


def test_the_id_is_the_files_name():
    assert read({"segments": [segment(" A.", 0.0)]}).conversations[0].conversation_id == "w"

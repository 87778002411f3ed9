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


def heard(said, start, speaker):
    return {"word": said, "start": start, "end": start + 0.2, "score": 0.9, "speaker": speaker}


def two_voices(*words):
    text = " " + " ".join(word["word"] for word in words)
    whole = {"start": 0.0, "end": 9.0, "text": text, "words": list(words), "speaker": "SPEAKER_00"}
    turns = read({"segments": [whole], "word_segments": list(words)}).conversations[0].turns
    return [(turn.speaker, turn.text, turn.start, turn.end) for turn in turns]


def test_a_segment_is_cut_where_its_words_are_another_voices():
    first = [heard(word, at, "SPEAKER_00") for at, word in enumerate(["How", "are", "you?"])]
    second = [heard(word, at + 3, "SPEAKER_01") for at, word in enumerate(["Fine,", "thank", "you."])]
    assert two_voices(*first, *second) == [
        ("SPEAKER_00", "How are you?", 0.0, 2.2), ("SPEAKER_01", "Fine, thank you.", 3, 9.0)
    ]  # fmt: skip


def test_a_word_or_two_of_another_voice_do_not_cut_a_segment():
    words = [heard(word, at, "SPEAKER_00") for at, word in enumerate(["How", "are", "you"])]
    assert [turn[1] for turn in two_voices(*words, heard("today?", 3, "SPEAKER_01"))] == ["How are you today?"]


def test_segments_of_text_times_and_speakers_alone_are_known_beside_their_language():
    said = [{"start": 0.0, "end": 1.0, "text": " A.", "speaker": "SPEAKER_00"}]
    assert read({"segments": said, "language": "en"}).conversations[0].turns[0].speaker == "SPEAKER_00"


def test_segments_beside_members_of_another_format_are_left_to_it():
    value = {"segments": [{"start": 0.0, "end": 1.0, "text": "A."}], "language": "en", "call_id": "c-1"}
    assert not sniff_whisper(Document("w.json", json.dumps(value).encode())).fits


def test_the_text_is_read_where_only_words_have_times():
    words = [{"word": "Hello", "start": 0.5, "end": 0.9}, {"word": "there", "start": 1.0, "end": 1.4}]
    value = {"task": "transcribe", "text": "Hello there.", "words": words}
    (turn,) = read(value).conversations[0].turns
    assert (turn.text, turn.start, turn.end) == ("Hello there.", 0.5, 1.4)


def test_marks_of_programs_in_the_text_are_not_said():
    said = [segment("<|0.00|> Hello.<|1.00|>", 0.0), segment("[SPEAKER_01]: Hi.", 1.0)]
    turns = read({"segments": said}).conversations[0].turns
    assert [(turn.speaker, turn.text) for turn in turns] == [(None, "Hello."), ("SPEAKER_01", "Hi.")]


def test_a_stream_of_the_openai_api_is_one_recording():
    said = {
        "type": "transcript.text.segment",
        "id": "seg_1",
        "start": 0.0,
        "end": 1.0,
        "text": "Hello.",
        "speaker": "A",
    }
    (found,) = read([{"type": "transcript.text.delta", "delta": "Hel"}, said]).conversations
    assert [(turn.speaker, turn.text) for turn in found.turns] == [("A", "Hello.")]


def test_segments_with_columns_of_their_own_are_left_to_the_tables():
    value = {"segments": [{"start": 0.0, "end": 1.0, "text": "A.", "agent_id": "dana"}], "language": "en"}
    assert not sniff_whisper(Document("w.json", json.dumps(value).encode())).fits

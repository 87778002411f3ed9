"""Transcripts of Amazon Transcribe, and what Bedrock Data Automation makes of recordings."""

import json

import pytest

from empathy_scan.config import ReadConfig
from empathy_scan.errors import MalformedInputError
from empathy_scan.readers import bedrock_audio, transcribe
from empathy_scan.readers.files import Document


def word(content, start, **more):
    return {"type": "pronunciation", "start_time": f"{start}", "end_time": f"{start + 0.25}",
            "alternatives": [{"confidence": "0.8", "content": content}], **more}  # fmt: skip


def mark(content, **more):
    return {"type": "punctuation", "alternatives": [{"confidence": "0.0", "content": content}], **more}


def read(name="a.json", **results):
    value = {"jobName": "j-1", "results": {"transcripts": [{"transcript": "All of it."}], **results}}
    return transcribe.parse(Document(name, json.dumps(value).encode()), ReadConfig())


def turns(**results):
    (conversation,) = read(**results).conversations
    return [(turn.speaker, turn.text) for turn in conversation.turns]


def test_labels_of_segments_are_matched_to_words_by_their_start():
    segments = [
        {"speaker_label": "spk_0", "start_time": "0.5", "items": [{"start_time": "0.5", "speaker_label": "spk_0"}]},
        {"speaker_label": "spk_1", "start_time": "1.5", "items": [{"start_time": "1.5", "speaker_label": "spk_1"}]},
    ]
    items = [word("Hello", 0.5), mark("."), word("Hi", 1.5), mark("!"), word("Yes", 2.0)]
    assert turns(items=items, speaker_labels={"segments": segments}) == [("spk_0", "Hello."), ("spk_1", "Hi! Yes")]


def test_words_with_labels_of_their_own_need_no_segments():
    greeting = [word("Hello", 0, speaker_label="spk_0"), mark(".", speaker_label="spk_0")]
    items = [*greeting, word("Hi", 1, speaker_label="spk_1")]
    assert turns(items=items) == [("spk_0", "Hello."), ("spk_1", "Hi")]


def test_a_pause_in_which_the_other_channel_answers_ends_an_utterance():
    channels = [
        {"channel_label": "ch_0", "items": [word("Ready", 0.0), mark("?"), word("Good", 1.0), mark(".")]},
        {"channel_label": "ch_1", "items": [word("Yes", 0.5), mark(".")]},
    ]
    assert turns(channel_labels={"channels": channels}) == [("ch_0", "Ready?"), ("ch_1", "Yes."), ("ch_0", "Good.")]


def test_a_channel_with_two_speakers_keeps_the_speakers_apart():
    first = [word("One", 0.0, speaker_label="spk_0"), word("Two", 0.4, speaker_label="spk_1")]
    channels = [
        {"channel_label": "ch_0", "items": first},
        {"channel_label": "ch_1", "items": [word("Three", 5.0, speaker_label="spk_0")]},
    ]
    assert [speaker for speaker, _ in turns(channel_labels={"channels": channels})] == ["spk_0", "spk_1", "spk_0"]


def test_the_channel_is_the_label_where_each_has_one_speaker():
    assert transcribe.labelled([("spk_0", "ch_1"), ("spk_1", "ch_0")]) == ["ch_1", "ch_0"]
    assert transcribe.labelled([("spk_0", "ch_0"), ("spk_1", "ch_0")]) == ["spk_0", "spk_1"]
    assert transcribe.labelled([("spk_0", None), (None, None)]) == ["spk_0", None]


def test_without_words_the_whole_transcript_is_one_turn_of_an_unknown_speaker():
    assert turns() == [(None, "All of it.")]


def test_languages_without_spaces_get_none():
    assert turns(items=[word("今日", 0), word("は", 0.3)], language_code="ja-JP") == [(None, "今日は")]


def test_the_confidence_is_that_of_the_words_and_not_of_what_was_redacted():
    redacted = {"content": "[PII]", "confidence": "0.1", "redactions": [{"confidence": "0.99", "type": "NAME"}]}
    items = [word("Hello", 0), {**word("x", 0.5), "alternatives": [redacted]}, mark(".")]
    assert read(items=items).conversations[0].turns[0].confidence == pytest.approx(0.8)


def test_words_without_content_are_counted_in_a_problem():
    got = read(items=[word("Hello", 0), word(None, 0.4), {"type": "pronunciation"}])
    assert got.conversations[0].turns[0].text == "Hello"
    assert [problem.what for problem in got.problems] == ["2 of 3 words have no content; they are left out"]


@pytest.mark.parametrize(("name", "more"), [("redacted-j-1.json", {}), ("a.json", {"isRedacted": True})])
def test_both_twins_are_called_after_the_job(name, more):
    value = {"jobName": "j-1", "results": {"transcripts": [{"transcript": "Hello."}]}, **more}
    (twin,) = transcribe.parse(Document(name, json.dumps(value).encode()), ReadConfig()).conversations
    assert (twin.conversation_id, twin.redacted) == ("j-1", True)


def test_without_a_job_the_twins_are_called_after_their_file():
    value = {"results": {"transcripts": [{"transcript": "Hello."}], "items": [word("Hello", 0)]}}
    (twin,) = transcribe.parse(Document("x/redacted-call.json", json.dumps(value).encode()), ReadConfig()).conversations
    assert (twin.conversation_id, twin.redacted) == ("x/call", True)


def test_silence_is_refused():
    with pytest.raises(MalformedInputError, match="no words"):
        read(transcripts=[{"transcript": ""}])


def test_segments_of_a_recording_that_are_no_speech_are_noted():
    segments = [
        {"type": "TRANSCRIPT", "text": "Hello.", "start_timestamp_millis": 0, "speaker": {"speaker_label": "spk_0"}},
        {"type": "SILENCE", "text": "", "start_timestamp_millis": 900},
    ]
    value = {"metadata": {"semantic_modality": "AUDIO"}, "audio_segments": segments}
    got = bedrock_audio.parse(Document("job/0/result.json", json.dumps(value).encode()), ReadConfig())
    assert [turn.speaker for turn in got.conversations[0].turns] == ["spk_0"]
    assert got.conversations[0].conversation_id == "job/0/result"
    assert got.notes == ["1 audio segments are no speech; they are left out"]

"""Azure: transcriptions of Speech, conversations of Language."""

import json

import pytest

from empathy_scan.config import ReadConfig
from empathy_scan.readers.azure_language import parse_azure_language
from empathy_scan.readers.azure_speech import parse_azure_speech
from empathy_scan.readers.files import Document


def phrase(text, **more):
    return {"recognitionStatus": "Success", "channel": 0, "nBest": [{"confidence": 0.8, "display": text}], **more}


def batch(*phrases, **more):
    return {"source": "x/c-1.wav", "combinedRecognizedPhrases": [], "recognizedPhrases": list(phrases), **more}


def speech(value, name="results/contenturl_0.json"):
    return parse_azure_speech(Document(name, json.dumps(value).encode()), ReadConfig())


def language(value, name="batch.json"):
    return parse_azure_language(Document(name, json.dumps(value).encode()), ReadConfig())


@pytest.mark.parametrize(
    "times",
    [
        {"offset": "PT1M2.5S", "duration": "PT1.5S"},
        {"offsetInTicks": 625_000_000, "durationInTicks": 15_000_000.0},
        {"offsetMilliseconds": 62_500, "durationMilliseconds": 1500},
        {"offset": 625_000_000, "duration": 15_000_000},
        {"offset": "625000000", "duration": "15000000"},
    ],
)
def test_every_unit_is_understood(times):
    (turn,) = speech(batch(phrase("Hello.", **times))).conversations[0].turns
    assert (turn.start, turn.end) == (62.5, 64.0)


@pytest.mark.parametrize(
    "times",
    [
        {"offsetMilliseconds": 40, "durationMilliseconds": 240},
        {"offsetInMs": 40, "durationInMs": 240},
        {"offset": 40, "duration": 240},  # 2024-05-15-preview
    ],
)
def test_fast_transcription_counts_in_milliseconds(times):
    value = {"combinedPhrases": [{"text": "Rain."}], "phrases": [{"text": "Rain.", "confidence": 0.7, **times}]}
    (turn,) = speech(value).conversations[0].turns
    assert (turn.start, turn.end, turn.text, turn.confidence) == (0.04, 0.28, "Rain.", 0.7)


def test_phrases_are_sorted_over_the_channels():
    later, sooner = phrase("Later.", offset="PT5S"), phrase("Sooner.", offset="PT1S", channel=1)
    turns = speech(batch(later, sooner)).conversations[0].turns
    assert [(turn.speaker, turn.text) for turn in turns] == [("ch_1", "Sooner."), ("ch_0", "Later.")]


@pytest.mark.parametrize(
    ("readings", "text"),
    [
        ([{"display": "", "itn": "call 5", "lexical": "call five"}], "call 5"),
        ([{"lexical": "call five"}], "call five"),
        ([{"display": "First."}, {"display": "Second."}], "First."),
    ],
)
def test_the_text_is_the_most_readable_of_the_likeliest_reading(readings, text):
    assert speech(batch(phrase("", nBest=readings))).conversations[0].turns[0].text == text


def test_what_was_not_recognised_is_left_out_and_counted():
    found = speech(batch(phrase("Hello."), phrase("Noise", recognitionStatus="Failure")))
    assert [turn.text for turn in found.conversations[0].turns] == ["Hello."]
    assert found.notes[0].startswith("1 phrases")


@pytest.mark.parametrize(
    ("source", "identity"),
    [
        ("https://a.example/b/call%201.wav?sig=x", "b/call 1"),
        ("D:\\calls\\c-9.wav", "D:/calls/c-9"),
        ("https://a.example", "results/contenturl_0"),
        ("https://[broken", "results/contenturl_0"),
        (None, "results/contenturl_0"),
    ],
)
def test_a_recording_is_called_like_its_sound_file_with_its_folders(source, identity):
    assert speech(batch(phrase("Hello."), source=source)).conversations[0].conversation_id == identity


def test_the_moment_of_transcription_is_no_start():
    assert speech(batch(phrase("Hello."), timestamp="2026-10-05T09:00:00Z")).conversations[0].started_at is None


def test_a_result_within_the_answer_of_a_client_is_found():
    found = speech({"transcription": batch(phrase("Hello.")), "conversationAnalyticsResults": {}})
    assert found.conversations[0].turns[0].text == "Hello."


def items(*texts, **more):
    people = ("Agent", "Customer")
    listed = [{"id": str(at), "participantId": people[at % 2], "text": text} for at, text in enumerate(texts)]
    return {"conversationItems": [{**each, **more} for each in listed]}


@pytest.mark.parametrize(
    ("ids", "expected"),
    [
        (["c-1", "c-2"], ["c-1", "c-2"]),
        (["1", "2"], ["batch-1", "batch-2"]),
        (["conversation1"], ["batch"]),
        ([None, None], ["batch-1", "batch-2"]),
        (["1"], ["batch"]),
    ],
)
def test_ids_that_only_number_the_conversations_get_the_files_name(ids, expected):
    found = language({"conversations": [{"id": each, **items("Hello.", "Hi.")} for each in ids]})
    assert [each.conversation_id for each in found.conversations] == expected


def test_an_id_that_is_there_twice_is_a_problem():
    found = language({"conversations": [{"id": "c-1", **items("One.")}, {"id": "c-1", **items("Two.")}]})
    assert [each.turns[0].text for each in found.conversations] == ["One."]
    assert "twice" in found.problems[0].what


def answer(*listed):
    return {"tasks": {"items": [{"results": {"conversations": [{"id": "c-1", "conversationItems": list(listed)}]}}]}}


def test_redacted_items_without_speakers_are_refused_with_a_remedy():
    found = language(answer({"id": "0", "redactedContent": {"text": "I am ****."}}))
    assert not found.conversations
    assert "input" in found.problems[0].remedy


def test_redacted_items_with_channels_are_read():
    (found,) = language(
        answer({"id": "0", "channel": "0", "offset": "PT0.5S", "redactedContent": {"text": "I am ****."}})
    ).conversations
    assert (found.redacted, found.channel) == (True, "call")
    assert [(turn.speaker, turn.start) for turn in found.turns] == [("ch_0", 0.5)]


@pytest.mark.parametrize(
    ("participant", "role", "read_as", "agent"),
    [
        ("Agent_1", None, "agent", None),
        ("c-17", "Customer", "customer", None),
        ("maria.lopez", "Agent", "agent", "maria.lopez"),
        ("maria.lopez", None, "unknown", "maria.lopez"),
        ("Bot", "generic", "system", None),
        ("1", None, "unknown", None),
    ],
)
def test_roles_are_those_of_the_role_or_of_a_role_word(participant, role, read_as, agent):
    item = {"id": "0", "participantId": participant, "role": role, "text": "Hello."}
    (turn,) = language({"conversations": [{"id": "c-1", "conversationItems": [item]}]}).conversations[0].turns
    assert (turn.role, turn.agent_id) == (read_as, agent)


def live(text, **more):
    return {"RecognitionStatus": "Success", "DisplayText": text, "Offset": 10_000_000, "Duration": 5_000_000, **more}


def test_results_of_live_recognition_are_one_recording():
    said = [live("Hi.", Offset=30_000_000, SpeakerId="Guest-2"), live("Hello.", SpeakerId="Guest-1")]
    (found,) = speech(said, "calls/live.json").conversations
    assert found.conversation_id == "calls/live"
    assert [(turn.speaker, turn.text, turn.start, turn.end) for turn in found.turns] == [
        ("Guest-1", "Hello.", 1.0, 1.5), ("Guest-2", "Hi.", 3.0, 3.5)
    ]  # fmt: skip


def test_the_likeliest_of_live_readings_counts():
    best = [{"Confidence": 0.4, "Display": "Hello."}, {"Confidence": 0.9, "Display": "Yellow."}]
    (turn,) = speech([{**live(None, NBest=best), "DisplayText": None}]).conversations[0].turns
    assert (turn.text, turn.confidence) == ("Hello.", 0.4)


def test_a_voice_that_live_diarisation_cannot_place_is_nobody():
    (turn,) = speech([live("Hello.", SpeakerId="Unknown")]).conversations[0].turns
    assert turn.speaker is None


def test_channels_of_live_recognition_are_speakers():
    (found,) = speech([live("Hello.", Channel=0), live("Hi.", Channel=1, Offset=30_000_000)]).conversations
    assert [turn.speaker for turn in found.turns] == ["ch_0", "ch_1"]


def test_live_silence_is_counted_and_left_out():
    found = speech([live("Hello."), {"RecognitionStatus": "InitialSilenceTimeout", "Offset": 1, "Duration": 0}])
    assert [turn.text for turn in found.conversations[0].turns] == ["Hello."]

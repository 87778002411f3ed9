"""Deepgram: utterances, words or paragraphs, channels, the user's own labels, and live messages."""

import json

from empathy_scan.config import ReadConfig
from empathy_scan.readers.deepgram import parse_deepgram, sniff_deepgram
from empathy_scan.readers.files import Document


def word(text, start, speaker=None, **more):
    said = {"word": text.lower(), "punctuated_word": text, "start": start, "end": start + 0.3, "confidence": 0.9}
    return said | ({} if speaker is None else {"speaker": speaker}) | more


def response(*channels, **results):
    heard = [{"alternatives": [channel]} for channel in channels]
    return {"metadata": {"request_id": "r-1"}, "results": {"channels": heard, **results}}


def parsed(value):
    return parse_deepgram(Document("calls/17.json", json.dumps(value).encode()), ReadConfig())


def said(value):
    return [(turn.speaker, turn.text) for turn in parsed(value).conversations[0].turns]


def test_utterances_come_before_words():
    utterance = {"start": 0.0, "end": 1.0, "channel": 0, "speaker": 1, "transcript": "Hello.", "words": []}
    assert said(response({"words": [word("Other", 0.0, 0)]}, utterances=[utterance])) == [("1", "Hello.")]


def test_without_punctuation_the_bare_words_are_read():
    assert said(response({"words": [{"word": "hello", "start": 0.0}, {"word": "there"}]})) == [(None, "hello there")]


def test_channels_without_utterances_are_woven_together():
    agent = {"words": [word("Hold", 0.0), word("on.", 0.4), word("Done.", 5.0)]}
    customer = {"words": [word("Sure.", 2.0)]}
    assert said(response(agent, customer)) == [("ch_0", "Hold on."), ("ch_1", "Sure."), ("ch_0", "Done.")]


def test_a_silent_channel_does_not_rename_the_other():
    assert said(response({"words": []}, {"words": [word("Hello?", 0.0)]})) == [("ch_1", "Hello?")]


def test_a_file_stripped_of_words_is_read_by_paragraphs():
    blocks = [
        {"sentences": [{"text": "Hello."}, {"text": "Who is it?"}], "speaker": 0, "start": 0.0, "end": 1.0},
        {"sentences": [{"text": "Me."}], "speaker": 1, "start": 1.5, "end": 2.0},
    ]
    heard = {"transcript": "Hello. Who is it? Me.", "paragraphs": {"paragraphs": blocks}}
    assert said(response(heard)) == [("0", "Hello. Who is it?"), ("1", "Me.")]


def test_a_bare_transcript_is_one_turn():
    assert said(response({"transcript": "Hello."})) == [(None, "Hello.")]


def test_the_time_of_the_request_is_not_the_start_of_the_call():
    value = response({"words": [word("Hello.", 0.0)]})
    value["metadata"]["created"] = "2026-03-02T08:00:00Z"
    assert parsed(value).conversations[0].started_at is None


def test_the_users_own_labels_say_what_they_are_named_for():
    value = response({"words": [word("Hello.", 0.0, 0), word("Hi.", 1.0, 1)]})
    value["metadata"]["extra"] = {
        "callId": "c-9",
        "agentId": "a-3",
        "call_start": "2026-03-02T08:00:00+01:00",
        "team": "B",
    }
    (found,) = parsed(value).conversations
    assert (found.conversation_id, found.queue) == ("c-9", "B")
    assert found.started_at.isoformat() == "2026-03-02T07:00:00+00:00"
    assert {turn.agent_id for turn in found.turns} == {"a-3"}


def test_silence_is_a_problem_and_not_a_conversation():
    found = parsed(response({"words": [], "transcript": ""}))
    assert not found.conversations
    assert [error.what for error in found.problems] == ["nothing is said in it"]


def test_a_recording_without_speakers_is_noted():
    assert "no speakers" in parsed(response({"words": [word("Hello.", 0.0)]})).notes[0]


def test_interim_live_messages_are_left_out():
    message = {"type": "Results", "channel_index": [0, 1], "is_final": False, "metadata": {"request_id": "r-2"}}
    messages = [
        message | {"channel": {"alternatives": [{"words": [word("Helo", 0.0)]}]}},
        message | {"channel": {"alternatives": [{"words": [word("Hello.", 0.0)]}]}, "is_final": True},
    ]
    assert sniff_deepgram(Document("live.json", json.dumps(messages).encode())).fits
    (found,) = parsed(messages).conversations
    assert (found.conversation_id, [turn.text for turn in found.turns]) == ("r-2", ["Hello."])


def test_the_turns_of_a_turn_based_stream_are_read_at_their_end():
    def turn(event, text, index=0):
        return {"type": "TurnInfo", "request_id": "r", "event": event, "turn_index": index, "transcript": text,
                "audio_window_start": float(index), "audio_window_end": index + 0.5, "words": []}  # fmt: skip

    said = [turn("Update", "Hel"), turn("EndOfTurn", "Hello."), turn("Update", "I"), turn("EndOfTurn", "I am.", 1)]
    document = Document("s.jsonl", "\n".join(map(json.dumps, said)).encode())
    (found,) = parse_deepgram(document, ReadConfig()).conversations
    assert [(each.text, each.start, each.end) for each in found.turns] == [("Hello. I am.", 0.0, 1.5)]

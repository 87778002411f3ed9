"""Rev AI and Gladia: monologues put together of elements, and results with their envelopes."""

import json

import pytest

from empathy_scan.config import ReadConfig
from empathy_scan.readers.files import Document
from empathy_scan.readers.speech_vendors import parse_gladia, parse_rev, sniff_gladia


def rev(*monologues, **changes):
    value = {"monologues": list(monologues), **changes}
    (found,) = parse_rev(Document("rev.json", json.dumps(value).encode()), ReadConfig()).conversations
    return found


def text(value, ts):
    return {"type": "text", "value": value, "ts": ts, "end_ts": ts + 0.3, "confidence": 0.9}


def mark(value):
    return {"type": "punct", "value": value}


def test_the_values_of_elements_are_joined_as_they_are():
    (turn,) = rev({"speaker": 0, "elements": [text("It's", 0.5), mark(" "), text("late", 1.0), mark(".")]}).turns
    assert (turn.speaker, turn.text, turn.start, turn.end) == ("0", "It's late.", 0.5, 1.3)


def test_spaces_are_put_in_where_an_editor_left_them_out():
    (turn,) = rev({"speaker": 0, "elements": [text("It's", 0.5), text("late", 1.0), mark(".")]}).turns
    assert turn.text == "It's late."


def test_monologues_of_one_speaker_are_one_turn():
    found = rev({"speaker": 0, "elements": [text("One", 0.0)]}, {"speaker": 0, "elements": [text("two", 1.0)]})
    assert [turn.text for turn in found.turns] == ["One two"]


@pytest.mark.parametrize(
    "value",
    [
        {"speaker_info": {"id": "x", "display_name": "Agent"}},
        {"speaker_name": "Agent"},
        {},
    ],
)
def test_speakers_may_have_names(value):
    monologue = {"speaker": 0, "elements": [text("Hello", 0.0)], **value}
    assert rev(monologue, speakers=[{"id": 0, "name": "Agent"}]).turns[0].role == "agent"


def gladia(value):
    document = Document("g.json", json.dumps(value).encode())
    assert sniff_gladia(document).fits
    return parse_gladia(document, ReadConfig())


SAID = {"languages": ["en"], "utterances": [{"text": "Hi.", "start": 0.5, "end": 1.0, "channel": 0, "speaker": 0}]}


@pytest.mark.parametrize(
    "value",
    [
        {"id": "g-1", "result": {"transcription": SAID}},
        {"id": "g-1", "event": "transcription.success", "payload": {"transcription": SAID}},
        {"session_id": "g-1", "type": "post_final_transcript", "data": {"transcription": SAID}},
        {"id": "g-1", "transcription": SAID},
    ],
)
def test_results_callbacks_and_live_messages_are_read(value):
    (found,) = gladia(value).conversations
    assert (found.conversation_id, found.metadata, found.turns[0].text) == ("g-1", {"language": "en"}, "Hi.")


def test_two_channels_are_speakers():
    said = [{"text": "Hi.", "start": 0.0, "channel": 0}, {"text": "Hello.", "start": 1.0, "channel": 1}]
    (found,) = gladia({"id": "g-1", "result": {"transcription": {"utterances": said}}}).conversations
    assert [turn.speaker for turn in found.turns] == ["ch_0", "ch_1"]


@pytest.mark.parametrize(("status", "what"), [("error", "failed"), ("queued", "not done")])
def test_a_result_that_is_not_there_is_a_problem(status, what):
    found = gladia({"id": "g-1", "status": status, "request_params": {}, "result": None})
    assert not found.conversations
    assert what in found.problems[0].what


def lines(parse, *messages):
    document = Document("s.jsonl", "\n".join(map(json.dumps, messages)).encode())
    (found,) = parse(document, ReadConfig()).conversations
    return found


def test_a_transcript_by_people_has_clocks_for_times():
    element = {"type": "text", "value": "Hello.", "timestamp": "00:01:02,500", "end_timestamp": "00:01:03,000"}
    (turn,) = rev({"speaker": 0, "elements": [element]}).turns
    assert (turn.start, turn.end) == (62.5, 63.0)


def test_only_final_hypotheses_of_a_stream_of_rev_are_read():
    def hypothesis(kind, value):
        return {"type": kind, "ts": 0.5, "end_ts": 1.0, "elements": [text(value, 0.5)], "speaker_id": 1}

    said = [{"type": "connected", "id": "s-1"}, hypothesis("partial", "Hel"), hypothesis("final", "Hello")]
    found = lines(parse_rev, *said)
    assert (found.conversation_id, [(turn.speaker, turn.text) for turn in found.turns]) == ("s-1", [("1", "Hello")])


def utterance(said, start, **more):
    return {"text": said, "start": start, "end": start + 1.0, "speaker": 0, **more}


def live(said, start, *, final=True):
    inner = {"id": "u", "is_final": final, "utterance": utterance(said, start)}
    return {"type": "transcript", "session_id": "s-2", "created_at": "2026", "data": inner}


def test_final_utterances_of_a_live_session_of_gladia_are_read():
    found = lines(parse_gladia, live("Hel", 0.0, final=False), live("Hello.", 0.0))
    assert (found.conversation_id, [turn.text for turn in found.turns]) == ("s-2", ["Hello."])


def test_the_last_message_of_a_live_session_repeats_all_and_counts_alone():
    whole = {"transcription": {"full_transcript": "x", "utterances": [utterance("Hello there.", 0.0)]}}
    last = {"type": "post_final_transcript", "session_id": "s-2", "created_at": "2026", "data": whole}
    assert [turn.text for turn in lines(parse_gladia, live("Hello.", 0.0), last).turns] == ["Hello there."]


def test_logs_with_sessions_of_their_own_are_not_gladias():
    log = [{"type": "transcript", "session_id": "s", "created_at": "2026", "utterance": "Hello."}] * 2
    assert not sniff_gladia(Document("l.jsonl", "\n".join(map(json.dumps, log)).encode())).fits


def test_version_1_of_gladia_is_read():
    said = {"transcription": "Hello.", "time_begin": 0.5, "time_end": 1.5, "speaker": 0, "channel": "channel_0"}
    value = {"prediction": [said], "prediction_raw": {}}
    (found,) = parse_gladia(Document("g.json", json.dumps(value).encode()), ReadConfig()).conversations
    assert [(turn.speaker, turn.text, turn.start) for turn in found.turns] == [("0", "Hello.", 0.5)]

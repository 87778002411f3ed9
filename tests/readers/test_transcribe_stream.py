"""Live transcriptions by Amazon: results, utterances and segments, whatever the SDK makes of their names."""

import json

import pytest

from empathy_scan.config import ReadConfig
from empathy_scan.errors import MalformedInputError
from empathy_scan.readers import transcribe_stream
from empathy_scan.readers.files import Document
from empathy_scan.readers.registry import detect


def item(content, start, **more):
    return {"Content": content, "StartTime": start, "EndTime": start + 0.2, "Type": "pronunciation", **more}


def result(*items, partial=False, **more):
    said = " ".join(str(each["Content"]) for each in items)
    alternatives = [{"Transcript": said, "Items": list(items)}, {"Transcript": "else", "Items": []}]
    return {"StartTime": 0.0, "EndTime": 9.0, "IsPartial": partial, "Alternatives": alternatives, **more}


def event(*results):
    return {"Transcript": {"Results": list(results)}}


def read(*events):
    document = Document("s.jsonl", "\n".join(map(json.dumps, events)).encode())
    assert detect(document, ReadConfig()).reader.name == "transcribe-stream"
    return transcribe_stream.parse(document, ReadConfig())


def turns(*events):
    (conversation,) = read(*events).conversations
    return [(turn.speaker, turn.text, turn.start) for turn in conversation.turns]


def renamed(value, name):
    """The JSON with other names, as another SDK writes it."""
    if isinstance(value, dict):
        return {name(key): renamed(each, name) for key, each in value.items()}
    return [renamed(each, name) for each in value] if isinstance(value, list) else value


def test_partial_results_are_left_out_and_noted():
    found = read(event(result(item("Hel", 0.0), partial=True)), event(result(item("Hello", 0.0))))
    assert [turn.text for turn in found.conversations[0].turns] == ["Hello"]
    assert found.notes == ["partial results are left out; the final ones hold their words"]


def test_a_result_that_is_delivered_twice_is_read_once():
    one = event(result(item("Hello", 0.0), ResultId="r-1"))
    assert turns(one, one) == [(None, "Hello", 0.0)]


def test_a_result_is_cut_where_another_speaker_begins():
    words = [item("Hello", 0.0, Speaker="0"), item("Hi", 0.5, Speaker="1"), item("you", 0.8, Speaker="1")]
    assert turns(event(result(*words))) == [("spk_0", "Hello", 0.0), ("spk_1", "Hi you", 0.5)]


def test_channels_are_the_speakers_where_words_have_none():
    said = [event(result(item("Hi", 3.0), ChannelId="ch_1")), event(result(item("Hello", 1.0), ChannelId="ch_0"))]
    assert turns(*said) == [("ch_0", "Hello", 1.0), ("ch_1", "Hi", 3.0)]


@pytest.mark.parametrize(
    "name",
    [
        lambda key: key[0].lower() + key[1:],
        lambda key: "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in key).lstrip("_"),
    ],
)
def test_names_of_other_sdks_are_understood(name):
    said = event(result(item("Hello", 1.0, Speaker="0")))
    assert turns(renamed(said, name)) == [("spk_0", "Hello", 1.0)]


def test_a_result_without_words_is_its_transcript():
    bare = {"StartTime": 1.0, "EndTime": 2.0, "IsPartial": False, "Alternatives": [{"Transcript": "Hello."}]}
    assert turns(event(bare)) == [(None, "Hello.", 1.0)]


def test_events_in_the_wrapping_of_an_sdk_are_read():
    assert turns({"TranscriptEvent": event(result(item("Hello", 1.0)))}) == [(None, "Hello", 1.0)]


def test_utterances_have_roles():
    said = {"UtteranceId": "u", "IsPartial": False, "ParticipantRole": "AGENT", "Transcript": "Hello.",
            "BeginOffsetMillis": 500, "EndOffsetMillis": 900}  # fmt: skip
    (turn,) = read({"UtteranceEvent": said}).conversations[0].turns
    assert (turn.role, turn.role_source, turn.start, turn.end) == ("agent", "column ParticipantRole", 0.5, 0.9)


def test_calls_are_told_apart_by_their_ids():
    def segment(call, text):
        return {"EventType": "ADD_TRANSCRIPT_SEGMENT", "CallId": call, "SegmentId": text, "Channel": "CALLER",
                "Transcript": text, "IsPartial": False, "StartTime": 0.0, "EndTime": 1.0}  # fmt: skip

    found = read(segment("a", "one"), segment("b", "two"))
    assert [each.conversation_id for each in found.conversations] == ["a", "b"]


def test_a_stream_that_broke_off_is_refused_with_that_reason():
    with pytest.raises(MalformedInputError, match="only 1 partial results"):
        read(event(result(item("Hel", 0.0), partial=True)))


@pytest.mark.parametrize("broken", [7, {"a": 1}, event("x"), event(result({"Content": 7, "StartTime": 0.0}))])
def test_what_is_broken_is_told_and_the_rest_is_read(broken):
    said = event(result(item("Hello", 0.0)))
    document = Document("s.jsonl", f"{json.dumps(said)}\n".encode() + json.dumps(broken, default=str).encode())
    found = transcribe_stream.parse(document, ReadConfig())
    assert found.conversations[0].turns[0].text.startswith("Hello")
    assert len(found.problems) == 1


def test_an_event_around_the_words_is_no_call():
    found = read(event(result(item("Hello", 0.0))), {"CategoryEvent": {"MatchedCategories": []}})
    assert len(found.conversations) == 1
    assert not found.problems

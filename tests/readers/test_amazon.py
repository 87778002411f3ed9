"""The formats of Amazon's contact-centre and speech products: samples, what each reader claims, and broken files."""

import json
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from empathy_scan.config import ReadConfig
from empathy_scan.errors import InputError, MalformedInputError
from empathy_scan.readers import (
    amazon,
    bedrock_audio,
    call_analytics,
    connect_segments,
    contact_lens,
    transcribe,
    transcribe_stream,
)
from empathy_scan.readers.conversation import Parsed, Turn
from empathy_scan.readers.files import Document

FORMATS = Path(__file__).parent.parent / "data" / "formats"
READERS = {
    "post-call-analytics": (call_analytics.sniff_solution, call_analytics.parse_solution),
    "call-analytics": (call_analytics.sniff, call_analytics.parse),
    "transcribe": (transcribe.sniff, transcribe.parse),
    "transcribe-stream": (transcribe_stream.sniff, transcribe_stream.parse),
    "bedrock-audio": (bedrock_audio.sniff, bedrock_audio.parse),
    "connect-segments": (connect_segments.sniff, connect_segments.parse),
    "contact-lens": (contact_lens.sniff, contact_lens.parse),
}
SAMPLES = {
    "transcribe/speaker_labels.json": "transcribe",
    "transcribe/audio_segments.json": "transcribe",
    "transcribe/channel_labels.json": "transcribe",
    "transcribe/redacted-no_labels.json": "transcribe",
    "transcribe_stream/results.jsonl": "transcribe-stream",
    "transcribe_stream/utterances.jsonl": "transcribe-stream",
    "transcribe_stream/live_call_analytics.jsonl": "transcribe-stream",
    "bedrock_audio/result.json": "bedrock-audio",
    "call_analytics/analytics.json": "call-analytics",
    "post_call_analytics/solution.json": "post-call-analytics",
    "contact_lens/voice.json": "contact-lens",
    "contact_lens/chat.json": "contact-lens",
    "contact_lens/raw_chat.json": "contact-lens",
    "connect_segments/stream.jsonl": "connect-segments",
    "connect_segments/chat_segments.json": "connect-segments",
}
OTHERS = [
    {"Transcript": [{"speaker": "Agent", "text": "Hello."}]},
    {"ContactId": "c", "Transcript": [{"who": "Agent", "what": "Hello."}]},
    {"results": {"channels": [{"alternatives": [{"transcript": "Hello.", "words": []}]}]}, "metadata": {}},
    {"results": [{"alternatives": [{"transcript": "Hello."}]}]},
    {"results": {"transcripts": [{"text": "Hello."}]}},
    {"conversationId": "g", "transcripts": [{"phrases": [{"text": "hello"}]}]},
    {"callTranscripts": [{"callId": "1", "transcript": []}]},
    {"audio_segments": [{"scene": 1, "text": "Hello."}], "metadata": {"title": "t"}},
    {"Segments": [{"start": 0, "text": "Hello."}]},
    {"EventType": "STARTED"},
    {"segments": [{"start": 0.0, "end": 1.0, "text": " Hello."}], "text": " Hello.", "language": "en"},
    [1, 2],
    "Transcript",
]
JUNK = [
    None, True, -1, 0, 1e300, 10**400, "", "x" * 300, "\ud800", [], {}, [None, 1, "a", {}], [[[]]], {"a": {"b": []}}
]  # fmt: skip


def parsed(name: str, content: str | bytes | None = None) -> Parsed:
    """A sample, or other content under its name, as its reader reads it."""
    data = (FORMATS / name).read_bytes() if content is None else content
    document = Document(name, data.encode("utf-8", "surrogatepass") if isinstance(data, str) else data)
    return READERS[SAMPLES[name]][1](document, ReadConfig())


def plain(conversation):
    """A conversation as the expected files have it."""
    started = conversation.started_at
    return {
        **{name: getattr(conversation, name) for name in ("conversation_id", "channel", "queue")},
        "started_at": None if started is None else started.isoformat(),
        "redacted": conversation.redacted,
        "metadata": dict(conversation.metadata),
        "turns": [
            {
                name: getattr(turn, name)
                for name in ("role", "role_source", "speaker", "agent_id", "start", "end", "text")
            }
            | {"confidence": None if turn.confidence is None else round(turn.confidence, 4)}
            for turn in conversation.turns
        ],
    }


@pytest.mark.parametrize("name", SAMPLES)
def test_a_sample_gives_what_is_expected_of_it(name):
    expected = json.loads((FORMATS / name).with_suffix(".expected.json").read_text(encoding="utf-8"))
    got = parsed(name)
    assert [plain(each) for each in got.conversations] == expected
    assert not got.problems


@pytest.mark.parametrize("name", SAMPLES)
def test_only_its_own_reader_claims_a_sample(name):
    document = Document(name, (FORMATS / name).read_bytes())
    assert [reader for reader, (sniff, _) in READERS.items() if sniff(document).fits] == [SAMPLES[name]]


@pytest.mark.parametrize("value", OTHERS)
def test_none_of_the_readers_claims_what_only_looks_alike(value):
    document = Document("a.json", json.dumps(value).encode())
    assert [reader for reader, (sniff, _) in READERS.items() if sniff(document).fits] == []


@pytest.mark.parametrize("name", [name for name in SAMPLES if name.endswith(".json")])
def test_a_list_of_recordings_gives_a_conversation_each_and_a_problem_for_the_broken_one(name):
    one = (FORMATS / name).read_text(encoding="utf-8")
    whole = json.loads(one)
    got = parsed(name, json.dumps([whole, 7]))
    turns = [plain(each)["turns"] for each in parsed(name).conversations]
    assert [plain(each)["turns"] for each in got.conversations] == turns
    (problem,) = got.problems
    assert problem.where == "item 2"


@pytest.mark.parametrize("name", [name for name in SAMPLES if name.endswith(".json")])
def test_objects_written_one_behind_the_other_are_read_like_lines(name):
    one = json.dumps(json.loads((FORMATS / name).read_text(encoding="utf-8")))
    for content in (f'{one}\n{{"cut', f'{one}{{"cut'):
        document = Document(name, content.encode())
        assert READERS[SAMPLES[name]][0](document).fits
        got = parsed(name, content)
        assert len(got.conversations) == 1
        assert len(got.problems) == 1


def places(value, path=()):
    """The paths to everything in a JSON value."""
    if path:
        yield path
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, each in inner:
        yield from places(each, (*path, key))


def spoil(value, path, junk, *, removed):
    """The value with something else, or nothing, at a path."""
    copy = json.loads(json.dumps(value))
    inner = copy
    for key in path[:-1]:
        inner = inner[key]
    if removed:
        del inner[path[-1]]
    else:
        inner[path[-1]] = junk
    return copy


@pytest.mark.parametrize("name", SAMPLES)
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(choice=st.data())
def test_a_spoiled_sample_is_read_or_refused_but_never_breaks_the_reader(name, choice):
    text = (FORMATS / name).read_text(encoding="utf-8")
    value = json.loads(text) if name.endswith(".json") else [json.loads(line) for line in text.splitlines()]
    for _ in range(choice.draw(st.integers(1, 3))):
        path = choice.draw(st.sampled_from(list(places(value))))
        value = spoil(value, path, choice.draw(st.sampled_from(JUNK)), removed=choice.draw(st.booleans()))
        if not value:
            return
    content = json.dumps(value)
    if choice.draw(st.booleans()):
        content = content[: choice.draw(st.integers(0, len(content)))]
    document = Document(name, content.encode())
    for sniff, parse in READERS.values():
        try:
            sniff(document)
            got = parse(document, ReadConfig())
        except InputError:
            continue
        assert all(conversation.turns for conversation in got.conversations)
        assert all(isinstance(turn.text, str) and turn.text for each in got.conversations for turn in each.turns)


def test_a_job_description_is_refused_with_a_remedy_and_without_its_signed_address():
    job = {"TranscriptionJob": {"TranscriptionJobName": "j", "Transcript": {"TranscriptFileUri": "https://x?sig=1"}}}
    document = Document("a.json", json.dumps(job).encode())
    assert transcribe.sniff(document).fits
    with pytest.raises(MalformedInputError, match="not its transcript") as error:
        transcribe.parse(document, ReadConfig())
    assert "sig=1" not in str(error.value)


def test_an_envelope_is_opened():
    inner = json.loads((FORMATS / "call_analytics/analytics.json").read_text(encoding="utf-8"))
    content = json.dumps({"status": 200, "data": {"body": inner}})
    assert call_analytics.sniff(Document("a.json", content.encode())).fits
    assert parsed("call_analytics/analytics.json", content).conversations[0].conversation_id == "harbour-0417"


def test_times_beyond_a_day_are_left_out_with_a_note():
    turns, notes = amazon.in_order([Turn("b", start=90_000.0, end=91_000.0), Turn("a", start=1.0)])
    assert [(turn.text, turn.start, turn.end) for turn in turns] == [("b", None, None), ("a", None, None)]
    assert "beyond a day" in notes[0]


def test_an_end_before_its_start_is_dropped():
    turns, _ = amazon.in_order([Turn("a", start=5.0, end=2.0)])
    assert turns[0].end is None


@pytest.mark.parametrize("value", ["None", "[NAME]", "****", "", None, True, {}, [], "n/a"])
def test_placeholders_are_no_labels(value):
    assert amazon.word(value) is None


@pytest.mark.parametrize("value", [10**400, -1, "1e999", "NaN", "soon", None, True, [], {}])
def test_what_is_no_time_is_left_out(value):
    assert amazon.seconds(value) is None
    assert amazon.millis(value) is None


@pytest.mark.parametrize(
    ("word", "expected"),
    [("INBOUND", "inbound"), ("OUTBOUND", "outbound"), ("CALLBACK", "outbound"), ("TRANSFER", None), (3, None)],
)
def test_a_direction_is_inbound_outbound_or_unknown(word, expected):
    assert amazon.direction(word) == expected

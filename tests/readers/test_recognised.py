"""The files of speech recognisers: every sample gives what is expected of it, and no damage stops the reading."""

import copy
import json
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from empathy_scan.config import ReadConfig
from empathy_scan.errors import InputError
from empathy_scan.readers import recognised
from empathy_scan.readers.assemblyai import parse_assemblyai, sniff_assemblyai
from empathy_scan.readers.conversation import Parsed
from empathy_scan.readers.deepgram import parse_deepgram, sniff_deepgram
from empathy_scan.readers.files import Document
from empathy_scan.readers.speech_vendors import parse_gladia, parse_rev, sniff_gladia, sniff_rev
from empathy_scan.readers.speechmatics import parse_speechmatics, sniff_speechmatics
from empathy_scan.readers.whisper import parse_whisper, sniff_whisper

FORMATS = Path(__file__).parents[1] / "data" / "formats"
READERS = {
    "deepgram": (sniff_deepgram, parse_deepgram),
    "assemblyai": (sniff_assemblyai, parse_assemblyai),
    "speechmatics": (sniff_speechmatics, parse_speechmatics),
    "rev_ai": (sniff_rev, parse_rev),
    "gladia": (sniff_gladia, parse_gladia),
    "whisper": (sniff_whisper, parse_whisper),
}
SAMPLES = sorted(
    path for folder in READERS for path in (FORMATS / folder).iterdir() if not path.name.endswith(".expected.json")
)
OTHERS = sorted(path for path in FORMATS.rglob("*") if path.is_file() and not path.name.endswith(".expected.json"))


def name(path):
    return path.relative_to(FORMATS).as_posix()


def document(value, source="call.json"):
    return Document(source, value if isinstance(value, bytes) else json.dumps(value).encode())


def plain(conversation):
    """A conversation as the expected files write it."""
    started = conversation.started_at
    keys = ("role", "role_source", "speaker", "agent_id", "start", "end", "text")
    return {
        "conversation_id": conversation.conversation_id,
        "channel": str(conversation.channel),
        "queue": conversation.queue,
        "started_at": started.isoformat() if started else None,
        "redacted": conversation.redacted,
        "metadata": dict(conversation.metadata),
        "turns": [{key: getattr(turn, key) for key in keys} for turn in conversation.turns],
    }


@pytest.mark.parametrize("path", SAMPLES, ids=name)
def test_a_sample_gives_what_is_expected_of_it(path):
    sniff, parse = READERS[path.parent.name]
    sample = Document(path.name, path.read_bytes())
    assert sniff(sample).fits
    parsed = parse(sample, ReadConfig())
    assert not parsed.problems
    expected = json.loads(path.with_suffix(".expected.json").read_text("utf-8"))
    assert [plain(each) for each in parsed.conversations] == expected


@pytest.mark.parametrize("path", OTHERS, ids=name)
def test_no_other_formats_sample_is_taken_for_it(path):
    claimed = []
    for folder, (sniff, _) in READERS.items():
        try:
            fits = sniff(Document(path.name, path.read_bytes())).fits
        except InputError:
            continue  # binary, or no JSON: the registry asks the next
        if fits:
            claimed.append(folder)
    assert claimed == ([path.parent.name] if path.parent.name in READERS else [])


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Agent: Hello",
        "[1, 2]",
        "{}",
        '{"results": {"transcripts": [{"transcript": "hi"}]}, "jobName": "j", "status": "COMPLETED"}',
        '{"results": [{"alternatives": [{"transcript": "hi", "words": []}]}]}',
        '{"segments": [{"speaker": "Agent", "start": 0, "text": "hi"}]}',
        '{"transcript": {"segments": []}, "utterances": [{"speaker": "A", "text": "hi"}]}',
        json.dumps(
            {
                "type": [],
                "channel": {},
                "message": {},
                "status": [],
                "task": [],
                "results": [{"type": []}],
                "text": "x",
                "chunks": [1],
                "segments": [3],
                "monologues": 3,
                "transcription": [[]],
                "utterances": {},
            }
        ),
    ],
)
def test_other_content_is_refused_in_words(text):
    for sniff, _ in READERS.values():
        verdict = sniff(Document("x.json", text.encode()))
        assert not verdict.fits
        assert verdict.why


@pytest.mark.parametrize("folder", READERS)
def test_a_forced_format_without_a_transcript_is_malformed(folder):
    with pytest.raises(InputError, match="no transcript of"):
        READERS[folder][1](document({"hello": 1}), ReadConfig())


@pytest.mark.parametrize("path", [path for path in SAMPLES if path.suffix == ".json"], ids=name)
def test_a_list_of_transcripts_is_read_and_its_strange_members_are_reported(path):
    value = json.loads(path.read_text("utf-8"))
    sniff, parse = READERS[path.parent.name]
    many = document([value, {"strange": True}, value])
    assert sniff(many).fits
    parsed = parse(many, ReadConfig())
    assert [each.place for each in parsed.conversations] == ["item 1", "item 3"]
    assert [error.where for error in parsed.problems] == ["item 2"]


@pytest.mark.parametrize("envelope", ["data", "response", "body"])
@pytest.mark.parametrize("path", [path for path in SAMPLES if path.suffix == ".json"], ids=name)
def test_an_envelope_is_opened(path, envelope):
    value = json.loads(path.read_text("utf-8"))
    sniff, parse = READERS[path.parent.name]
    wrapped = document({envelope: value}, path.name)
    assert sniff(wrapped).fits
    assert parse(wrapped, ReadConfig()).conversations


WRONG = (None, True, -1, 10**400, 1e308, "", "x", "0.5", [], {}, [None], [[1]], {"a": 1}, "2026")


def places(value, path=()):
    """Every place in a JSON value."""
    yield path
    if isinstance(value, dict | list):
        for key, inner in value.items() if isinstance(value, dict) else enumerate(value):
            yield from places(inner, (*path, key))


def replaced(value, path, new):
    """The value with something else at one place, the rest shared."""
    if not path:
        return new
    key, *others = path
    changed = copy.copy(value)
    changed[key] = replaced(value[key], others, new)
    return changed


def values_of(path):
    text = path.read_text("utf-8")
    return [json.loads(line) for line in text.splitlines()] if path.suffix == ".jsonl" else json.loads(text)


VALUES = {path: values_of(path) for path in SAMPLES}
PLACES = {path: list(places(value)) for path, value in VALUES.items()}


def read_all_the_same(path, value):
    """Reads a damaged sample, which gives a sound answer or an InputError."""
    sample = document(value, path.name)
    sniff, parse = READERS[path.parent.name]
    sniff(sample)
    try:
        parsed = parse(sample, ReadConfig())
    except InputError:
        return
    check(parsed)


@pytest.mark.parametrize("path", SAMPLES, ids=name)
def test_a_wrong_type_at_any_kind_of_place_does_not_break_the_reading(path):
    kinds = {tuple(key if isinstance(key, str) else 0 for key in at): at for at in PLACES[path]}
    for at in kinds.values():
        for wrong in (None, [], {}, "x", 10**400):
            read_all_the_same(path, replaced(VALUES[path], at, wrong))


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.data())
def test_wrong_types_anywhere_never_break_the_reading(data):
    path = data.draw(st.sampled_from(SAMPLES))
    value = VALUES[path]
    for _ in range(data.draw(st.integers(1, 3))):
        at = data.draw(st.sampled_from(PLACES[path]))
        try:
            value = replaced(value, at, data.draw(st.sampled_from(WRONG)))
        except (KeyError, IndexError, TypeError, AttributeError):
            continue  # what was replaced before held this place
    read_all_the_same(path, value)


@settings(max_examples=100, deadline=None)
@given(st.data())
def test_a_cut_file_is_an_input_error_or_read_in_part(data):
    path = data.draw(st.sampled_from(SAMPLES))
    content = path.read_bytes()
    sample = Document(path.name, content[: data.draw(st.integers(0, len(content)))])
    try:
        check(READERS[path.parent.name][1](sample, ReadConfig()))
    except InputError:
        return


def check(parsed):
    assert isinstance(parsed, Parsed)
    assert parsed.conversations or parsed.problems
    assert all(isinstance(error, InputError) and error.remedy for error in parsed.problems)
    for conversation in parsed.conversations:
        assert conversation.conversation_id
        assert all(isinstance(value, str) for value in conversation.metadata.values())
        for turn in conversation.turns:
            assert turn.text
            assert turn.confidence is None or 0 <= turn.confidence <= 1 + 1e-9
            assert turn.start is None or 0 <= turn.start <= 86_400


# --- labels of voices and channels ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("voices", "labels"),
    [
        ([(0, 0), (0, 1)], ["0", "1"]),
        ([(None, "A"), (None, None)], ["A", None]),
        ([(0, None), (1, None)], ["ch_0", "ch_1"]),
        ([(0, 0), (1, 0)], ["ch_0", "ch_1"]),
        ([(0, 0), (0, 1), (1, 0)], ["ch_0_0", "ch_0_1", "ch_1"]),
        ([("Agent", "S1"), ("channel_2", "S1")], ["Agent", "channel_2"]),
        ([], []),
    ],
)
def test_voices_are_told_apart_by_speaker_and_channel(voices, labels):
    assert recognised.voice_labels(voices) == labels


def test_one_of_two_channels_keeps_its_name_when_the_other_is_silent():
    assert recognised.voice_labels([(1, None)], several=True) == ["ch_1"]


def transcribed(**changes):
    """AssemblyAI's answer with two utterances, of speakers A and B."""
    said = [{"speaker": "A", "text": "Hello.", "start": 0}, {"speaker": "B", "text": "Hi.", "start": 900}]
    return {"id": "t-1", "status": "completed", "audio_url": "u", "utterances": said, **changes}


def labelled(*speakers):
    said = [{"speaker": each, "text": f"Line {at}", "start": at * 1000} for at, each in enumerate(speakers)]
    (found,) = parse_assemblyai(document(transcribed(utterances=said)), ReadConfig()).conversations
    return [(turn.role, turn.role_source, turn.speaker, turn.agent_id) for turn in found.turns]


def test_a_role_comes_from_a_label_that_names_one():
    assert labelled("Agent", "Customer", "IVR") == [
        ("agent", "speaker label", "Agent", None),
        ("customer", "speaker label", "Customer", None),
        ("system", "speaker label", "IVR", None),
    ]


@pytest.mark.parametrize(
    "label", ["A", "0", "1A", "S1", "SPEAKER_00", "SPEAKER_A", "Speaker 2", "M1", "ch_0_1", "spk_0"]
)
def test_a_label_that_tells_voices_apart_is_kept_and_names_nobody(label):
    assert labelled(label) == [("unknown", "", label, None)]


@pytest.mark.parametrize("label", ["UU", "unknown", "?", "-1", "null"])
def test_a_voice_that_was_not_placed_has_no_speaker(label):
    assert labelled(label) == [("unknown", "", None, None)]


def test_a_name_is_an_agents_id_should_the_speaker_turn_out_to_be_one():
    assert labelled("Dana Lopez (Agent)", "Sam Reed") == [
        ("agent", "speaker label", "Dana Lopez (Agent)", "Dana Lopez"),
        ("unknown", "", "Sam Reed", "Sam Reed"),
    ]


def test_a_language_model_is_no_agent():
    assert [role for role, *_ in labelled("Assistant", "User")] == ["system", "customer"]


def test_times_of_more_than_a_day_stay_empty_and_are_noted():
    said = [{"speaker": "A", "text": "Hello.", "start": 1_700_000_000_000, "end": 1_700_000_001_000}]
    parsed = parse_assemblyai(document(transcribed(utterances=said)), ReadConfig())
    (turn,) = parsed.conversations[0].turns
    assert (turn.start, turn.end) == (None, None)


def test_entries_that_are_no_objects_are_counted_and_the_rest_is_read():
    said = [{"speaker": "A", "text": "Hello.", "start": 0}, "strange", None, {"speaker": "B", "text": 5}]
    parsed = parse_assemblyai(document(transcribed(utterances=said)), ReadConfig())
    assert [turn.text for turn in parsed.conversations[0].turns] == ["Hello."]
    assert [(error.where, error.what) for error in parsed.problems] == [
        ("utterances", "2 of 4 entries are no objects"),
        ("text", "1 of 2 entries have a text that is no string"),
    ]

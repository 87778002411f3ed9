"""Twilio, Gong, Dialpad, vCon and ConvoKit: the samples, the files of other formats, and files that are broken."""

import json
from copy import deepcopy
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from empathy_scan.config import ReadConfig
from empathy_scan.errors import InputError, MalformedInputError
from empathy_scan.readers import convokit, dialpad, gong, twilio, vcon
from empathy_scan.readers.conversation import Parsed
from empathy_scan.readers.files import Document

SAMPLES = Path(__file__).parents[1] / "data" / "formats"
READERS = {
    "twilio/intelligence.json": (twilio.sniff_intelligence, twilio.parse_intelligence),
    "twilio/conversations.json": (twilio.sniff_conversations, twilio.parse_conversations),
    "gong/transcript.json": (gong.sniff_gong, gong.parse_gong),
    "dialpad/transcript.json": (dialpad.sniff_dialpad, dialpad.parse_dialpad),
    "vcon/chat.vcon.json": (vcon.sniff_vcon, vcon.parse_vcon),
    "vcon/call.vcon.json": (vcon.sniff_vcon, vcon.parse_vcon),
    "convokit/utterances.jsonl": (convokit.sniff_convokit, convokit.parse_convokit),
    "convokit/old.jsonl": (convokit.sniff_convokit, convokit.parse_convokit),
}
SNIFFS = sorted({sniff for sniff, _ in READERS.values()}, key=lambda sniff: sniff.__name__)
FOREIGN = sorted(
    path
    for path in SAMPLES.glob("*/*")
    if ".expected" not in path.name and path.relative_to(SAMPLES).as_posix() not in READERS
)
STRINGS = ["", "agent", "2026-01-01T00:00:00Z", "9999-12-31T23:59:59-23:59", "{}", "[1]"]
NUMBERS = st.integers() | st.just(10**300) | st.floats(allow_nan=False, allow_infinity=False)
KEYS = st.sampled_from(["text", "body", "role", "x"])
ODD = st.recursive(
    st.none() | st.booleans() | NUMBERS | st.text(max_size=8) | st.sampled_from(STRINGS),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3),
    max_leaves=6,
)
TURN = ("role", "role_source", "speaker", "agent_id", "start", "end", "text")


def document(name):
    return Document(name.rpartition("/")[2], (SAMPLES / name).read_bytes())


def shown(parsed):
    """The conversations as the expected files have them."""
    return [
        {
            "conversation_id": each.conversation_id,
            "channel": str(each.channel),
            "queue": each.queue,
            "started_at": each.started_at.isoformat() if each.started_at else None,
            "redacted": each.redacted,
            "metadata": dict(each.metadata),
            "turns": [{name: getattr(turn, name) for name in TURN} for turn in each.turns],
        }
        for each in parsed.conversations
    ]


def places(value, path=()):
    """The paths to all values within a JSON value."""
    yield path
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, each in inner:
        yield from places(each, (*path, key))


def replaced(value, path, other):
    """The value with another one at a path."""
    if not path:
        return other
    changed = deepcopy(value)
    inner = changed
    for key in path[:-1]:
        inner = inner[key]
    inner[path[-1]] = other
    return changed


@pytest.mark.parametrize("name", READERS)
def test_a_sample_is_read_as_expected(name):
    sniff, parse = READERS[name]
    assert sniff(document(name)).fits
    expected = (SAMPLES / name).with_suffix(".expected.json")
    assert shown(parse(document(name), ReadConfig())) == json.loads(expected.read_text(encoding="utf-8"))


@pytest.mark.parametrize("sniff", SNIFFS, ids=lambda sniff: sniff.__name__)
def test_a_format_is_known_by_its_own_reader_only(sniff):
    taken = {name for name in READERS if sniff(document(name)).fits}
    assert taken == {name for name, (own, _) in READERS.items() if own is sniff}


def fits(sniff, path):
    try:
        return sniff(Document(path.name, path.read_bytes())).fits
    except InputError:
        return False


@pytest.mark.parametrize("sniff", SNIFFS, ids=lambda sniff: sniff.__name__)
def test_files_of_other_formats_are_refused(sniff):
    assert [path.relative_to(SAMPLES).as_posix() for path in FOREIGN if fits(sniff, path)] == []


@pytest.mark.parametrize(
    "text",
    ["Agent: Hello", "id,text\n1,a", '{"id": 1}', '{"a": 1}\n{"a": 2}', "[]", "[1]", '["a"]', "{}", '{"parties": [],'],
)
@pytest.mark.parametrize("sniff", SNIFFS, ids=lambda sniff: sniff.__name__)
def test_other_texts_are_refused(sniff, text):
    assert not sniff(Document("f", text.encode())).fits


@pytest.mark.parametrize("name", READERS)
def test_a_forced_format_without_its_content_is_malformed(name):
    for content in ("{}", "[]", '{"a": 1}\n{"b": 2}', "nothing", '{"data": [{"x": []}]}'):
        with pytest.raises(MalformedInputError):
            READERS[name][1](Document("f.json", content.encode()), ReadConfig())


def checked(name, content):
    """Parses a broken sample: the answer is sound, or an InputError that quotes no text."""
    try:
        parsed = READERS[name][1](Document("f.json", content), ReadConfig())
    except InputError:
        return
    assert isinstance(parsed, Parsed)
    for conversation in parsed.conversations:
        assert conversation.turns
        assert isinstance(conversation.conversation_id, str)
        assert all(turn.text for turn in conversation.turns)
        assert all(isinstance(label, str) for label in conversation.metadata.values())


@pytest.mark.parametrize("name", READERS)
@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_any_value_may_be_of_any_type(name, data):
    lines = [json.loads(each) for each in document(name).text.split("\n") if each] if name.endswith("l") else []
    sample = lines or document(name).json
    path = data.draw(st.sampled_from(sorted(places(sample), key=str)))
    changed = replaced(sample, path, data.draw(ODD))
    lined = bool(lines) and isinstance(changed, list)
    text = "\n".join(map(json.dumps, changed)) if lined else json.dumps(changed)
    checked(name, text.encode())


@pytest.mark.parametrize("name", READERS)
@settings(max_examples=30, deadline=None)
@given(share=st.floats(0, 1))
def test_a_file_may_be_cut_anywhere(name, share):
    content = (SAMPLES / name).read_bytes()
    checked(name, content[: int(share * len(content))])


@pytest.mark.parametrize("name", READERS)
def test_deeply_nested_and_huge_values_are_no_surprise(name):
    sample = (SAMPLES / name).read_text(encoding="utf-8")
    deep = '{"a":' * 50_000 + "1" + "}" * 50_000
    checked(name, sample.replace("null", deep, 1).encode())
    checked(name, sample.replace("null", "9" * 5000, 1).encode())


@pytest.mark.parametrize("name", [name for name in READERS if name.endswith(".json")])
@pytest.mark.parametrize("wrap", ["data", "response", "list", "lines"])
def test_envelopes_lists_and_lines_are_opened(name, wrap):
    value = document(name).json
    text = {
        "data": lambda: json.dumps({"data": value}),
        "response": lambda: json.dumps({"status": 200, "response": {"body": value}}),
        "list": lambda: json.dumps([value]),
        "lines": lambda: json.dumps(value) + "\n" + json.dumps(value) + "\n",
    }[wrap]()
    sniff, parse = READERS[name]
    wrapped = Document(document(name).source, text.encode())
    assert sniff(wrapped).fits
    one, many = shown(parse(document(name), ReadConfig())), shown(parse(wrapped, ReadConfig()))
    assert [each["conversation_id"] for each in one] == list(dict.fromkeys(each["conversation_id"] for each in many))

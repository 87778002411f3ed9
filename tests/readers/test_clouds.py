"""The exports of Google, Genesys, Azure and Lex: samples as they must be read, broken ones, other products' files."""

import json
import math
from copy import deepcopy
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from empathy_scan.codebook import Role
from empathy_scan.config import ReadConfig
from empathy_scan.errors import InputError
from empathy_scan.readers import azure_language, azure_speech, dialogflow, genesys, google_speech, insights, lex
from empathy_scan.readers.files import Document

SAMPLES = Path(__file__).parents[1] / "data" / "formats"
READERS = {
    "insights": (insights.sniff_insights, insights.parse_insights),
    "google_speech": (google_speech.sniff_google_speech, google_speech.parse_google_speech),
    "dialogflow": (dialogflow.sniff_dialogflow, dialogflow.parse_dialogflow),
    "lex": (lex.sniff_lex, lex.parse_lex),
    "genesys": (genesys.sniff_genesys, genesys.parse_genesys),
    "azure_speech": (azure_speech.sniff_azure_speech, azure_speech.parse_azure_speech),
    "azure_language": (azure_language.sniff_azure_language, azure_language.parse_azure_language),
}
ALL = sorted(path for path in SAMPLES.rglob("*") if path.is_file() and not path.name.endswith(".expected.json"))
OURS = [path for path in ALL if path.parent.name in READERS]
NOTHING_LIKE_IT = [None, "", "x", 0, -1, 1e308, 10**400, True, [], {}, [None], {"text": []}, "2026-10-05T09:00:00Z"]


def shown(path):
    return path.relative_to(SAMPLES).as_posix()


def document(path):
    return Document(path.name, path.read_bytes())


def parsed(path):
    return READERS[path.parent.name][1](document(path), ReadConfig())


def plain(conversation):
    """A conversation as its expected file has it."""
    names = ("role", "role_source", "speaker", "agent_id", "start", "end", "text")
    return {
        "conversation_id": conversation.conversation_id,
        "channel": str(conversation.channel),
        "queue": conversation.queue,
        "started_at": conversation.started_at.isoformat() if conversation.started_at else None,
        "redacted": conversation.redacted,
        "metadata": dict(conversation.metadata),
        "turns": [
            {name: str(turn.role) if name == "role" else getattr(turn, name) for name in names}
            for turn in conversation.turns
        ],
    }


@pytest.mark.parametrize("path", OURS, ids=shown)
def test_a_sample_is_read_as_expected(path):
    found = parsed(path)
    expected = json.loads(path.with_suffix(".expected.json").read_text(encoding="utf-8"))
    assert [plain(each) for each in found.conversations] == expected
    assert not found.problems


@pytest.mark.parametrize("path", ALL, ids=shown)
def test_a_file_is_known_by_its_own_reader_only(path):
    fitting = [name for name, (sniff, _) in READERS.items() if _sniffed(sniff, path)]
    assert fitting == ([path.parent.name] if path in OURS else [])


def _sniffed(sniff, path):
    try:
        return sniff(document(path)).fits
    except InputError:
        return False


@pytest.mark.parametrize("name", READERS)
@pytest.mark.parametrize(
    "content", ["[]", "{}", "3", '{"results": []}', '[{"text": "x"}]', '{"a": 1}\n{"b": 2}', "hello"]
)
def test_a_file_of_another_kind_is_refused_by_sniff_and_parse(name, content):
    sniff, parse = READERS[name]
    file = Document("a.json", content.encode())
    assert not sniff(file).fits
    with pytest.raises(InputError):
        parse(file, ReadConfig())


@pytest.mark.parametrize("path", OURS, ids=shown)
def test_what_is_written_for_machines_does_not_name_the_customers_number_or_a_link(path):
    words = str([(each.queue, each.metadata, each.conversation_id) for each in parsed(path).conversations])
    assert not [bad for bad in ("tel:", "sip:", "://", "+44", "sig=") if bad in words]


def places(value, found, path=()):
    """Every place in a JSON value."""
    found.append(path)
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, each in inner:
        places(each, found, (*path, key))
    return found


def values_of(path):
    text = path.read_text(encoding="utf-8")
    return [json.loads(line) for line in text.splitlines()] if path.suffix == ".jsonl" else json.loads(text)


def changed(value, path, put):
    """The value with something else at a place, or without it."""
    value = deepcopy(value)
    if not path:
        return put
    inner = value
    for key in path[:-1]:
        inner = inner[key]
    if put == "gone":
        del inner[path[-1]]
    else:
        inner[path[-1]] = put
    return value


@pytest.mark.parametrize("path", OURS, ids=shown)
@settings(max_examples=25, deadline=None)
@given(choice=st.data())
def test_a_sample_with_anything_anywhere_is_read_or_refused(path, choice):
    value = values_of(path)
    for _ in range(choice.draw(st.integers(1, 3))):
        where = choice.draw(st.sampled_from(places(value, [])))
        value = changed(value, where, choice.draw(st.sampled_from([*NOTHING_LIKE_IT, "gone"])))
    check(path, json.dumps(value).encode())


@pytest.mark.parametrize("path", OURS, ids=shown)
@settings(max_examples=10, deadline=None)
@given(share=st.floats(0, 1))
def test_a_sample_that_is_cut_off_is_read_or_refused(path, share):
    data = path.read_bytes()
    check(path, data[: int(len(data) * share)])


@pytest.mark.parametrize("path", OURS, ids=shown)
def test_deep_nesting_is_refused_without_a_break(path):
    check(path, path.read_bytes().replace(b'"text":', b'"text":' + b"[" * 100_000, 1))


def check(path, data):
    """Sniff and parse answer or refuse; what is answered can become a frame."""
    sniff, parse = READERS[path.parent.name]
    file = Document(path.name, data)
    try:
        sniff(file)
        found = parse(file, ReadConfig())
    except InputError:
        return
    for conversation in found.conversations:
        assert conversation.conversation_id
        assert conversation.turns
        assert all(isinstance(each, str) for pair in conversation.metadata.items() for each in pair)
        for turn in conversation.turns:
            assert turn.text.strip() == turn.text != ""
            assert turn.role in set(Role)
            assert all(each is None or (math.isfinite(each) and each >= 0) for each in (turn.start, turn.end))
            assert turn.confidence is None or 0 <= turn.confidence <= 1
            assert turn.agent_id is None or turn.role in {Role.AGENT, Role.UNKNOWN}

"""ConvoKit corpora: roles, order of utterances, and archives."""

import io
import json
import zipfile

import pytest

from empathy_scan.config import ReadConfig
from empathy_scan.errors import InputError, MalformedInputError
from empathy_scan.readers.convokit import parse_convokit, sniff_convokit
from empathy_scan.readers.files import Document


def utterance(identity, speaker, reply_to=None, **changes):
    return {
        "id": identity,
        "conversation_id": "c",
        "speaker": speaker,
        "reply_to": reply_to,
        "timestamp": None,
        "text": f"text of {identity}",
        "meta": {},
        **changes,
    }


def lines(*utterances):
    return "\n".join(map(json.dumps, utterances)).encode()


def archive(**members):
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, content in members.items():
            packed.writestr(name.replace("__", "/").replace("_json", ".json"), content)
    return stream.getvalue()


def parse(content, **settings):
    return parse_convokit(Document("corpus", content), ReadConfig(**settings))


def order(*utterances):
    return [turn.text.removeprefix("text of ") for turn in parse(lines(*utterances)).conversations[0].turns]


def test_utterances_with_times_are_ordered_by_them():
    assert order(utterance("b", "x", timestamp=20), utterance("a", "y", timestamp=10)) == ["a", "b"]


def test_utterances_without_times_follow_what_they_answer():
    assert order(utterance("c", "x", "b"), utterance("b", "y", "a"), utterance("a", "x")) == ["a", "b", "c"]


def test_answers_in_a_circle_and_to_nothing_known_are_kept():
    assert order(utterance("a", "x", "b"), utterance("b", "y", "a"), utterance("c", "x", "zz")) == ["c", "a", "b"]


@pytest.mark.parametrize(
    ("meta", "role"),
    [
        ({"role": "Agent"}, "agent"),
        ({"side": "customer"}, "customer"),
        ({"is_agent": False}, "customer"),
        ({"is_agent": "x"}, "unknown"),
        ({"side": 1}, "unknown"),
        ("agent", "unknown"),
        ({"role": "bot"}, "system"),
    ],
)
def test_the_meta_of_an_utterance_may_say_the_role(meta, role):
    (one,) = parse(lines(utterance("a", "x", meta=meta))).conversations
    assert one.turns[0].role == role


def test_absolute_times_give_the_start_and_others_do_not():
    dated = parse(lines(utterance("a", "x", timestamp="1767607200"), utterance("b", "x", timestamp="1767607205")))
    assert dated.conversations[0].started_at.year == 2026
    assert [turn.start for turn in dated.conversations[0].turns] == [0.0, 5.0]
    assert parse(lines(utterance("a", "x", timestamp=3))).conversations[0].started_at is None


def test_broken_lines_and_utterances_are_reported():
    content = lines(utterance("a", "x"), utterance("b", "x", text=None), utterance("c", "x", conversation_id=None))
    parsed = parse(content + b'\n{"id": 1\n{"id": 2}')
    assert [problem.where for problem in parsed.problems] == ["line 4, column 9", "line 5", "line 2", "line 3"]
    assert len(parsed.conversations) == 1


def test_tables_of_turns_are_no_corpus():
    row = {"id": 1, "conversation_id": "c", "speaker": "x", "text": "Hello"}
    assert not sniff_convokit(Document("c.jsonl", lines(row, row))).fits
    assert not sniff_convokit(Document("c.jsonl", lines({**row, "meta": {"reply_to": 1}}))).fits
    assert not sniff_convokit(Document("c.csv", b"id,conversation_id,speaker,reply_to,text\n1,2,3,4,5")).fits


@pytest.mark.parametrize("folder", ["", "corpus__"])
@pytest.mark.parametrize("wrapped", [True, False])
def test_an_archive_gives_the_roles_of_its_speakers(folder, wrapped):
    people = {"x": {"role": "agent"}, "y": {"role": "customer"}}
    members = {
        f"{folder}utterances_jsonl".replace("_jsonl", ".jsonl"): lines(utterance("a", "x"), utterance("b", "y", "a")),
        f"{folder}speakers_json": json.dumps(
            {name: {"meta": each} if wrapped else each for name, each in people.items()}
        ),
        f"{folder}conversations_json": json.dumps(
            {"c": {"meta": {"channel": "chat", "topic": "refunds", "notes": ["x"]}}}
        ),
        f"{folder}corpus_json": "{}",
    }
    packed = archive(**members)
    assert sniff_convokit(Document("corpus.zip", packed)).fits
    (one,) = parse(packed).conversations
    assert [(turn.role, turn.role_source, turn.agent_id) for turn in one.turns] == [
        ("agent", "column meta of the speaker", "x"),
        ("customer", "column meta of the speaker", None),
    ]
    assert (one.channel, dict(one.metadata)) == ("chat", {"topic": "refunds"})


def test_other_and_damaged_archives_are_refused():
    whole = archive(**{"utterances.jsonl": lines(utterance("a", "x"))})
    assert not sniff_convokit(Document("c.zip", archive(xl__workbook="x"))).fits
    assert not sniff_convokit(Document("c.zip", whole[:40])).fits
    with pytest.raises(InputError):
        parse(whole[:40])
    with pytest.raises(InputError):
        parse(whole[:30] + bytes(20) + whole[50:])


def test_an_archive_is_unpacked_up_to_the_limit_only():
    with pytest.raises(InputError, match="larger than the limit"):
        parse(archive(**{"utterances.jsonl": lines(utterance("a", "x", text="a" * 100_000))}), max_file_bytes=50_000)


@pytest.mark.parametrize(
    "value",
    [
        {"utterances-index": {}, "speakers-index": {}, "version": 1},
        {"u0": {"meta": {"role": "agent"}, "vectors": []}, "u1": {"meta": {}, "vectors": []}},
    ],
)
def test_what_stands_beside_the_utterances_is_refused_with_that_reason(value):
    beside = Document("speakers.json", json.dumps(value).encode())
    assert sniff_convokit(beside).fits
    with pytest.raises(MalformedInputError, match="without its utterances"):
        parse_convokit(beside, ReadConfig())


def test_utterances_may_have_vectors():
    line = {"id": "a", "conversation_id": "a", "speaker": "u", "reply-to": None, "text": "Hello", "vectors": []}
    lines = "\n".join([json.dumps(line), json.dumps({**line, "id": "b"})])
    (one,) = parse_convokit(Document("u.jsonl", lines.encode()), ReadConfig()).conversations
    assert len(one.turns) == 2

"""Labelled turns of data files: read as they were written, and never on both sides of the split."""

import gzip
import hashlib
import json

import pytest
from toys import toy_conversation

from empathy_scan.errors import InputError
from empathy_scan.model import examples, splits

TURNS = [
    {"i": 0, "role": "customer", "text": "My tent arrived torn, write to ada.finch@post.example please."},
    {"i": 1, "role": "agent", "text": "Torn on its first night out is a rotten start."},
    {"i": 2, "role": "system", "text": "The chat was transferred."},
]
CORPUS = [
    {"conversation_id": 7, "channel": "chat", "turns": TURNS},
    {"conversation_id": 8, "channel": "chat", "turns": [{"i": 0, "role": "agent", "text": "Nobody labelled this."}]},
]


def put_lines(path, rows):
    path.parent.mkdir(parents=True, exist_ok=True)
    lines = "".join(json.dumps(row) + "\n" for row in rows).encode()
    path.write_bytes(gzip.compress(lines) if path.suffix == ".gz" else lines)
    return path


def label(turn, **given):
    text = TURNS[turn]["text"] if turn < len(TURNS) else "not there"
    digest = hashlib.sha1(text.encode(), usedforsecurity=False).hexdigest()
    row = {"corpus": "open/tents", "conversation_id": "7", "turn": turn, "role": TURNS[turn % 3]["role"], "tone": 0}
    return {**row, "sha1": digest, **given}


@pytest.fixture
def corpora(tmp_path):
    put_lines(tmp_path / "corpora" / "open" / "tents.jsonl.gz", CORPUS)
    return tmp_path / "corpora"


@pytest.fixture
def labels(tmp_path):
    return lambda *rows: put_lines(tmp_path / "labels.jsonl", rows)


@pytest.fixture
def written(tmp_path):
    return [
        put_lines(tmp_path / f"{name}.jsonl", [toy_conversation(number) for number in numbers])
        for name, numbers in (("a", range(40)), ("b", range(20, 60)))
    ]


def test_written_scenarios_are_in_train_or_held_out_never_both(written):
    train, held_out = examples.written(written)
    assert held_out
    assert not {item.scenario for item in train} & {item.scenario for item in held_out}
    assert len(train) + len(held_out) == 80 * 12


def test_the_written_split_does_not_depend_on_the_order_of_files_or_on_other_files(written):
    train, held_out = examples.written(written)
    assert examples.written(written[::-1]) == (train, held_out)
    alone, _ = examples.written(written[:1])
    assert alone == [item for item in train if item.key[0] == "a"]


def test_an_opening_that_several_replies_share_comes_once(tmp_path):
    opening = {"i": 0, "role": "customer", "text": "The tent is torn.", "flags": "", "tone": 1, "kinds": ""}
    replies = [{"i": 1, "role": "agent", "text": text, "flags": "", "tone": 0, "kinds": ""} for text in ("No.", "Oh.")]
    situation = [
        {"conversation_id": f"s{n}", "channel": "chat", "scenario": "torn tent", "turns": [opening, reply]}
        for n, reply in enumerate(replies)
    ]
    found = [item for part in examples.written([put_lines(tmp_path / "c.jsonl", situation)]) for item in part]
    assert [(item.role, item.segments[0].text) for item in found] == [
        ("customer", "The tent is torn."), ("agent", "No."), ("agent", "Oh."),
    ]  # fmt: skip


def test_all_that_a_held_out_author_wrote_is_held_out(tmp_path):
    path = put_lines(tmp_path / f"{splits.AUTHORS_HELD_OUT[0]}.jsonl", [toy_conversation(n) for n in range(40)])
    train, held_out = examples.written([path])
    assert held_out
    assert not train


def test_a_written_turn_keeps_its_labels_and_what_came_before_it(written):
    (conversation,) = (c for c in map(toy_conversation, range(1)))
    found = [item for part in examples.written(written[:1]) for item in part if item.key[1] == "toy-0"]
    assert [(i.role, i.flags, i.tone, i.kinds) for i in found] == [
        (t["role"], t["flags"], t["tone"], t["kinds"]) for t in conversation["turns"]
    ]
    assert found[0].segments[0].context == ()
    assert found[1].segments[0].context == ((conversation["turns"][0]["role"], conversation["turns"][0]["text"]),)


def test_numbers_as_conversation_ids_find_their_labels(tmp_path):
    record = {**toy_conversation(1), "conversation_id": 41}
    train, held_out = examples.written([put_lines(tmp_path / "numbers.jsonl", [record])])
    assert {item.key[1] for item in train + held_out} == {"41"}


def test_a_file_without_conversations_has_no_turns(tmp_path):
    assert examples.written([put_lines(tmp_path / "empty.jsonl", [])]) == ([], [])


def test_stand_off_labels_find_their_turns(corpora, labels):
    path = labels(label(0, tone=1, kinds=""), label(1, flags="A"))
    customer, agent = examples.labelled(path, corpora)
    assert (customer.key, customer.role, customer.tone, customer.origin) == (
        ("open/tents", "7", 0),
        "customer",
        1,
        "labels",
    )
    assert (agent.flags, agent.kinds, agent.scenario) == ("A", "", "7")
    assert agent.segments[0].context[0][0] == "customer"


def test_labelled_turns_are_redacted_as_a_scan_would(corpora, labels):
    (item,) = examples.labelled(labels(label(0)), corpora)
    assert "[EMAIL]" in item.segments[0].text
    assert "ada.finch" not in item.segments[0].text


def test_a_label_of_a_system_turn_is_no_item(corpora, labels):
    assert examples.labelled(labels(label(2)), corpora) == []


@pytest.mark.parametrize(
    "row",
    [label(0, sha1="0" * 40), label(5), label(0, conversation_id="9"), label(0, sha1=label(1)["sha1"])],
    ids=["another text", "turn missing", "conversation missing", "text of another turn"],
)
def test_a_label_whose_text_is_not_there_is_an_error_that_shows_no_text(corpora, labels, row):
    with pytest.raises(InputError, match="is not the one labelled") as caught:
        examples.labelled(labels(row), corpora)
    assert caught.value.where.endswith("tents.jsonl.gz")
    assert caught.value.remedy
    assert "torn" not in str(caught.value)


def test_a_missing_corpus_is_named(corpora, labels):
    with pytest.raises(InputError, match="corpus of the labels not found") as caught:
        examples.labelled(labels(label(0, corpus="open/boats")), corpora)
    assert caught.value.where.endswith("boats.jsonl.gz")


def test_a_missing_label_file_is_named(corpora, tmp_path):
    with pytest.raises(InputError, match="label file not found") as caught:
        examples.labelled(tmp_path / "none.jsonl", corpora)
    assert caught.value.where.endswith("none.jsonl")

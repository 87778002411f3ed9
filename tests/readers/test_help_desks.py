"""Zendesk, Intercom, Freshdesk and Salesforce: their samples, whose file is whose, and files that are broken."""

import json
from pathlib import Path

import pytest
from changed_json import ODD, check, places, replaced
from expected import told
from hypothesis import given, settings
from hypothesis import strategies as st

from empathy_scan.config import ReadConfig
from empathy_scan.errors import InputError
from empathy_scan.readers import freshdesk, intercom, salesforce, zendesk
from empathy_scan.readers.files import Document

FORMATS = Path(__file__).parents[1] / "data" / "formats"
READERS = {"zendesk": zendesk, "intercom": intercom, "freshdesk": freshdesk, "salesforce": salesforce}
SAMPLES = sorted(
    path for name in READERS for path in (FORMATS / name).iterdir() if not path.name.endswith(".expected.json")
)
OTHERS = sorted(
    path
    for path in FORMATS.rglob("*")
    if path.is_file() and path.parent.name not in READERS and not path.name.endswith(".expected.json")
)


def document(path, text=None):
    return Document(path.name, path.read_bytes() if text is None else text.encode())


def reader(path):
    return READERS[path.parent.name]


def read_whatever_it_is(reader, text, name="x"):
    """A broken file gives what can be read of it or an InputError, and turns that fit the frame."""
    broken = Document(name, text.encode("utf-8", "replace"))
    try:
        reader.sniff(broken)
        parsed = reader.parse(broken, ReadConfig())
    except InputError:
        return
    check(parsed)


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_a_sample_gives_what_is_expected_of_it(path):
    expected = json.loads(path.with_name(f"{path.stem}.expected.json").read_text(encoding="utf-8"))
    assert [told(each) for each in reader(path).parse(document(path), ReadConfig()).conversations] == expected


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_a_sample_is_claimed_by_its_own_reader_alone(path):
    assert [name for name, each in READERS.items() if each.sniff(document(path)).fits] == [path.parent.name]


@pytest.mark.parametrize("path", OTHERS, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_samples_of_other_families_are_refused(path):
    if path.suffix in {".docx", ".xlsx"}:
        with pytest.raises(InputError):
            _ = document(path).text
        return
    assert not any(each.sniff(document(path)).fits for each in READERS.values())


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Agent: Hello.\nCustomer: Hi.\n",
        "{",
        "[]",
        "{}",
        '"comments"',
        '{"comments": [{"author_id": 1, "text": "a blog"}]}',
        '{"conversations": [{"conversation_id": "1", "source": "web", "messages": [{"role": "agent", "text": "Hi"}]}]}',
        '{"tickets": [{"id": 1, "messages": [{"incoming": true, "text": "Hi"}]}]}',
        '{"type": "conversation", "source": "phone", "turns": []}',
        "conversation_id,turn,role,text\n1,0,agent,Hello\n",
        "id,body,incoming\n1,Hello,true\n1,Hi,false\n",
        "ParentId,Body\n1,Hello\n",
    ],
)
def test_other_files_are_refused(text):
    for each in READERS.values():
        try:
            assert not each.sniff(Document("x.json", text.encode())).fits
        except InputError:
            continue


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: f"{path.parent.name}/{path.name}")
@settings(max_examples=25, deadline=None)
@given(share=st.floats(0, 1))
def test_a_file_that_was_cut_off_never_breaks_the_reader(path, share):
    text = path.read_bytes().decode()
    read_whatever_it_is(reader(path), text[: int(len(text) * share)])


JSON = [path for path in SAMPLES if path.suffix in {".json", ".jsonl"}]


@pytest.mark.parametrize("path", JSON, ids=lambda path: f"{path.parent.name}/{path.name}")
@settings(max_examples=60, deadline=None)
@given(choices=st.data())
def test_values_of_any_type_never_break_a_reader_of_json(path, choices):
    text = path.read_text(encoding="utf-8")
    value = [json.loads(line) for line in text.splitlines()] if path.suffix == ".jsonl" else json.loads(text)
    for _ in range(choices.draw(st.integers(1, 3))):
        value = replaced(
            value,
            choices.draw(st.sampled_from([place for place, _ in places(value)])),
            choices.draw(st.sampled_from(ODD)),
        )
    read_whatever_it_is(reader(path), json.dumps(value))


TABLES = [path for path in SAMPLES if path.suffix == ".csv"]


@pytest.mark.parametrize("path", TABLES, ids=lambda path: f"{path.parent.name}/{path.name}")
@settings(max_examples=40, deadline=None)
@given(
    at=st.floats(0, 1), size=st.integers(0, 40), put=st.sampled_from(["", '"', '""', ",", "\n", "\x00", "9" * 50, "é"])
)
def test_damaged_tables_never_break_a_reader_of_tables(path, at, size, put):
    text = path.read_bytes().decode()
    start = int(len(text) * at)
    read_whatever_it_is(reader(path), text[:start] + put + text[start + size :])

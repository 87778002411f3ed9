"""What stands where a message should be, or where its text should be, is never left out without a word."""

import json
from pathlib import Path

import pytest
from changed_json import places, replaced

from empathy_scan.config import ReadConfig
from empathy_scan.errors import InputError
from empathy_scan.readers import registry
from empathy_scan.readers.files import Document

FORMATS = Path(__file__).parents[1] / "data" / "formats"
FAMILIES = (
    "dialpad", "freshdesk", "gong", "intercom", "messages", "salesforce", "twilio", "vcon", "zendesk",
)  # fmt: skip
SAMPLES = sorted(
    path for name in FAMILIES for path in (FORMATS / name).glob("*.json") if not path.name.endswith(".expected.json")
)


def read(value, name):
    document = Document(name, json.dumps(value).encode())
    return registry.detect(document, ReadConfig()).reader.parse(document, ReadConfig())


def amount(parsed):
    return sum(len(turn.text) for each in parsed.conversations for turn in each.turns)


def told(parsed):
    """How much was reported as broken, and what was counted as left out."""
    return len(parsed.problems), list(parsed.notes)


def wrongs(value, texts):
    """Each message as something that is none, and each text as something that is none."""
    for place, each in places(value):
        if isinstance(each, str) and len(each) > 8 and any(each in text for text in texts):
            yield place, {"a": 1}
        elif isinstance(each, dict) and place and isinstance(place[-1], int):
            said = [inner for _, inner in places(each) if isinstance(inner, str) and len(inner) > 8]
            if any(inner in text for inner in said for text in texts):
                yield place, 7


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_what_is_broken_is_reported_or_counted(path):
    value = json.loads(path.read_text(encoding="utf-8"))
    whole = read(value, path.name)
    texts = [turn.text for each in whole.conversations for turn in each.turns]
    silent = []
    for place, wrong in wrongs(value, texts):
        try:
            parsed = read(replaced(value, place, wrong), path.name)
        except InputError:
            continue
        if amount(parsed) < amount(whole) and told(parsed) == told(whole):
            silent.append(place)
    assert silent == []

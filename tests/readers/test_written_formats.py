"""A sample of each written format gives what its expected file says: mail, captions, plain text."""

import json
from pathlib import Path

import pytest

from empathy_scan.config import ReadConfig
from empathy_scan.readers import registry
from empathy_scan.readers.files import Document

FORMATS = Path(__file__).parents[1] / "data" / "formats"
SAMPLES = sorted(
    path
    for folder in ("email", "captions", "text")
    for path in (FORMATS / folder).iterdir()
    if not path.name.endswith(".expected.json")
)
NAMES = ("role", "role_source", "speaker", "agent_id", "start", "end", "confidence", "text")


def plain(conversation):
    """A conversation as its expected file has it."""
    return {
        "conversation_id": conversation.conversation_id,
        "channel": str(conversation.channel),
        "queue": conversation.queue,
        "started_at": conversation.started_at.isoformat() if conversation.started_at else None,
        "turns": [
            {name: str(turn.role) if name == "role" else getattr(turn, name) for name in NAMES}
            for turn in conversation.turns
        ],
    }


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.name)
def test_a_sample_is_known_and_read_as_expected(path):
    sample = Document(path.name, path.read_bytes())
    parsed = registry.detect(sample, ReadConfig()).reader.parse(sample, ReadConfig())
    assert not parsed.problems
    expected = json.loads(path.with_suffix(".expected.json").read_text(encoding="utf-8"))
    assert [plain(each) for each in parsed.conversations] == expected

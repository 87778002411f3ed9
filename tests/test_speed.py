"""What benchmarks/speed.py measures with: edited copies are other texts, and what is written is read by a scan."""

import sys
from pathlib import Path

import polars as pl
import pytest

from empathy_scan import prepare
from empathy_scan.config import Config

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def corpora():
    """The module, which lies beside the benchmark."""
    sys.path.insert(0, str(ROOT / "benchmarks"))
    import corpora  # noqa: PLC0415 - not on the path before

    yield corpora
    sys.path.remove(str(ROOT / "benchmarks"))


@pytest.fixture(scope="module")
def some(corpora):
    turns = (("customer", "my parcel is three weeks late"), ("agent", "three weeks is far too long"))
    return [corpora.Conversation(f"c{n}", turns) for n in range(3)]


def test_an_edited_copy_has_other_texts_of_the_same_length(corpora, some):
    for first, second in zip(some, corpora.edited(some, 1), strict=True):
        for (role, text), (other_role, other) in zip(first.turns, second.turns, strict=True):
            assert role == other_role
            assert len(text.split()) == len(other.split())
    assert corpora.edited(some, 1) == corpora.edited(some, 1)
    assert corpora.edited(some, 1) != corpora.edited(some, 2)


def test_written_conversations_are_read_by_a_scan(corpora, some, tmp_path):
    corpora.write(some, tmp_path / "in")
    turns = prepare.turns([tmp_path / "in"], Config()).turns
    assert turns["conversation_id"].n_unique() == 3
    assert turns.filter(pl.col("role") == "agent")["text"].unique().to_list() == ["three weeks is far too long"]
    examples, segments = corpora.segments_of(some)
    assert len(examples) == segments.height == 6
    assert examples[1].context == (("customer", "my parcel is three weeks late"),)

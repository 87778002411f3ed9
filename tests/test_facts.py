"""What lies beside the tables of a store: facts that are damaged are none, and only files are ever opened."""

import os
import sys

import pytest

from empathy_scan import facts
from empathy_scan.errors import StoreError
from empathy_scan.store import REPORTS, Store

posix = pytest.mark.skipif(sys.platform == "win32", reason="pipes and devices of POSIX")


@pytest.fixture
def held(tmp_path):
    """A store without conversations."""
    store = Store.open(tmp_path / "store")
    with store.writing():
        pass
    assert store.exists()
    return tmp_path / "store"


@pytest.mark.parametrize("text", ["", "[1]", "{", "null", "[" * 100_000, '"x"', None])
def test_damaged_facts_are_none(text):
    assert facts.parsed(text) == {}


def test_facts_come_back():
    assert facts.parsed('{"since": "2026-01-01"}') == {"since": "2026-01-01"}


def test_what_was_remembered_may_be_damaged(held):
    (held / f"_{REPORTS}.json").write_text("[" * 100_000, encoding="utf-8")
    assert Store.open(held).recall(REPORTS) == {}


@posix
@pytest.mark.parametrize("where", ["strange", "turns/strange", "_review/answers/ana.jsonl"])
@pytest.mark.parametrize("kind", ["pipe", "device"])
def test_a_store_with_anything_but_files_is_refused(held, where, kind):
    place = held / where
    place.parent.mkdir(parents=True, exist_ok=True)
    if kind == "pipe":
        os.mkfifo(place)
    else:
        place.symlink_to("/dev/zero")
    with pytest.raises(StoreError, match="neither a file nor a folder") as caught:
        Store.open(held).count()
    assert str(place) in str(caught.value)


@posix
def test_a_link_to_a_file_and_a_broken_link_are_no_reason(held, tmp_path):
    (tmp_path / "elsewhere").write_text("{}", encoding="utf-8")
    (held / "linked").symlink_to(tmp_path / "elsewhere")
    (held / "broken").symlink_to(tmp_path / "nowhere")
    assert Store.open(held).exists()

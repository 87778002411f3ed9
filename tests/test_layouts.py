"""Stores that older versions wrote: small real ones, made by the code of their time, in `data/stores`.

Each was made by a scan of `data/stores/exports` with the version whose layout it has. They are never made again: what a
release has written, every later one opens.
"""

import json
import shutil
from datetime import UTC, datetime
from pathlib import Path

import polars as pl
import pytest

from empathy_scan import layouts, pipeline, rebuild
from empathy_scan.config import Config, ScanConfig
from empathy_scan.layouts import BY_MONTH, MIGRATIONS
from empathy_scan.store import Store
from empathy_scan.tables import CONVERSATIONS, TURNS

OLD = Path(__file__).parent / "data" / "stores"
NAMES = ["call", "chat-0", "chat-1", "chat-2"]


@pytest.fixture(params=range(1, max(MIGRATIONS) + 1))
def old(request, tmp_path):
    """A copy of a store of each layout that there ever was."""
    root = tmp_path / "old"
    shutil.copytree(OLD / f"layout-{request.param}", root)
    return root


def test_a_store_of_every_layout_is_kept(old):
    assert (old / "conversations").is_dir()


def test_a_store_of_an_older_version_is_read_and_reported(old, tmp_path):
    stored = Store(old).load()
    assert stored.conversations["conversation_id"].to_list() == NAMES
    assert stored.turns.height == stored.labels.height == 16
    assert stored.scores.height
    assert stored.rejects["source"].to_list() == ["broken.json"]
    front_page, loaded = rebuild.write_report(Store(old), tmp_path / "report", Config())
    assert front_page.is_file()
    assert loaded.conversations.height == 4


def test_a_store_of_an_older_version_is_brought_up_to_date_once(old):
    store = Store(old)
    store.load()
    assert json.loads((old / "_empathy_scan.json").read_text(encoding="utf-8")) == {"version": max(MIGRATIONS)}
    versions = [store._table(table).version() for table in layouts.ALL]
    store.load()
    store.known()
    assert [store._table(table).version() for table in layouts.ALL] == versions
    assert all(store._table(table).is_divided() for table in BY_MONTH)
    assert store._table(CONVERSATIONS).months() == ["2026-08", "2026-09", "2026-10", "undated"]


def test_a_store_of_an_older_version_takes_the_scan_of_this_one(old, tmp_path, generous_bundle):
    before = Store(old).load()
    along = Config(scan=ScanConfig(on_new_model="rescore"))
    into = {"store": old, "reports": tmp_path / "report", "model": generous_bundle, "config": along}
    again = pipeline.scan([OLD / "exports"], **into)
    assert (again.conversations, again.rescored, again.rejects) == (4, 4, 1)
    after = Store(old).load()
    text = pl.col("text").str.replace("this is Noor", "this is [NAME]", literal=True)  # redaction has learned since
    assert after.turns.select("conversation_id", "turn", "text").equals(
        before.turns.select("conversation_id", "turn", text)
    )
    assert set(after.scores["model"]) == {again.model}
    assert Store(old).runs().height == 2


@pytest.mark.parametrize("reached", [0, 1, 2, 3])
def test_a_migration_that_was_killed_goes_on(tmp_path, monkeypatch, reached):
    root = tmp_path / "old"
    shutil.copytree(OLD / "layout-3", root)
    divide, done = layouts.DeltaTable.divide, []

    def die_later(table, rows):
        if len(done) == reached:
            raise KeyboardInterrupt
        done.append(table.place)
        divide(table, rows)

    with monkeypatch.context() as patch:
        patch.setattr(layouts.DeltaTable, "divide", die_later)
        with pytest.raises(KeyboardInterrupt):
            Store(root).load()
    assert Store(root).load().turns.height == 16


def test_the_month_of_a_strange_time_is_none(tmp_path):
    times = [
        datetime(1, 1, 1, tzinfo=UTC),
        datetime(2026, 12, 31, 23, 59, tzinfo=UTC),
        datetime(9999, 1, 1, tzinfo=UTC),
    ]
    frame = pl.DataFrame({"started_at": [*times, None]}, {"started_at": TURNS.columns["started_at"]})
    assert frame.select(layouts.months.of())["month"].to_list() == ["undated", "2026-12", "undated", "undated"]
    assert Store(tmp_path).count() == 0

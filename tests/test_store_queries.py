"""The queries of docs/store.md, as they stand there, on a store with what a killed run left behind."""

import re
from pathlib import Path

import polars as pl
import pytest

from empathy_scan.store import Store
from empathy_scan.tables import LABELS, TABLES
from test_store import batch, versions_of

DOC = Path(__file__).parents[1] / "docs" / "store.md"


def block(language: str, beginning: str) -> str:
    """The code of the document in that language that holds those words."""
    found = re.findall(rf"```{language}\n(.*?)```", DOC.read_text(encoding="utf-8"), re.DOTALL)
    return next(code for code in found if beginning in code)


@pytest.fixture
def store(tmp_path):
    """Two conversations of March, and labels of a third that no marker names."""
    held = Store(tmp_path / "results")
    held.add(*batch("a", "b"))
    conversations, _, _, labels = batch("c")
    held._add_rows(LABELS, labels, versions_of(conversations))
    return held


@pytest.mark.usefixtures("store")
def test_the_query_for_polars_sees_what_counts(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    names: dict[str, pl.DataFrame] = {}
    exec(block("python", "scan_delta").replace("2026-07", "2026-01"), {"pl": pl}, names)  # noqa: S102 - the document's
    assert sorted(names["current"]["conversation_id"].unique()) == ["a", "b"]
    assert names["current"].height == 4


def test_the_query_for_duckdb_sees_what_counts(store):
    """The extension `delta` comes over the network; here DuckDB is given the files that it would find."""
    duckdb = pytest.importorskip("duckdb", reason="duckdb is installed with the other tools of developers")
    code = block("sql", "CREATE VIEW").replace("INSTALL delta;", "").replace("LOAD delta;", "")
    for name in ("labels", "conversations"):
        table = TABLES[name]
        paths = [f"{store.root}/{name}/{path}" for path in store._table(table).files()["path"]]
        code = code.replace(f"delta_scan('results/{name}')", f"read_parquet({paths}, hive_partitioning = true)")
    code = code.replace("2026-07", "2026-01")
    with duckdb.connect() as connection:
        for part in code.split(";"):
            if part.strip():
                answer = connection.execute(part).fetchall()
    assert [row[1:] for row in answer] == [(2, 0)]

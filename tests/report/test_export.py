"""The data beside the pages: tables as the manual tells them, the same in every form, harmless in spreadsheets."""

import csv
import io
import json
import re
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from empathy_scan import phrases, report, summary, trends
from empathy_scan.config import SummaryConfig
from empathy_scan.report import export, prose

ROOT = Path(__file__).parents[2]
GOLD = Path(__file__).parent / "gold" / "report.json"
TYPES = {
    "text": {pl.String}, "number": {pl.Float64}, "whole number": {pl.Int64}, "yes or no": {pl.Boolean},
    "time": {pl.Datetime("us", "UTC")}, "day": {pl.Date},
}  # fmt: skip


@pytest.fixture
def whole(frames, office):
    """The arguments of a report with all that it can hold."""
    made = frames(*office)
    few = SummaryConfig(minimum_conversations=3, resamples=100)
    said = phrases.found(phrases.of_scores(made["turns"], made["scores"]))
    queues = made["turns"].select("conversation_id", group=pl.format("queue={}", "queue")).unique()
    figures = summary.figures(made["labels"], few, sentences=said.sentences, groups=queues)
    weeks = trends.by_week(made["labels"], few, measures=report.WEEKLY, latest=report.WEEKS)
    return made | {
        "figures": figures, "phrases": said, "weeks": weeks, "changes": trends.changes(made["labels"], few),
        "people": report.People({"maya.osei": "=Maya Osei"}, {"maya.osei": "East"}, ("derek.hollis",)),
    }  # fmt: skip


@pytest.fixture
def data(tmp_path, whole):
    """The folder of data of a whole report."""
    report.write(tmp_path / "site", **whole)
    return tmp_path / "site" / "data"


def manual():
    """The columns of every table, with their types, as the manual tells them."""
    text = (ROOT / "docs" / "report-data.md").read_text(encoding="utf-8")
    parts = re.split(r"^## (\w+)$", text, flags=re.MULTILINE)[1:]
    return {
        name: re.findall(r"^\| `(\w+)` \| ([\w ]+?) \|", body, flags=re.MULTILINE)
        for name, body in zip(parts[::2], parts[1::2], strict=True)
    }


def test_the_manual_tells_every_column_of_every_table_in_order_with_its_type():
    assert {name: [column for column, _ in columns] for name, columns in manual().items()} == {
        name: list(columns) for name, columns in export.TABLES.items()
    }
    for name, columns in manual().items():
        assert not [column for column, kind in columns if export.TABLES[name][column] not in TYPES[kind]]


def test_the_manual_tells_the_version():
    text = (ROOT / "docs" / "report-data.md").read_text(encoding="utf-8")
    assert f"`format_version` in `report.json` is {export.FORMAT_VERSION}." in text


def test_every_table_is_there_in_every_form_and_no_other_file(data):
    forms = {f"{name}.{suffix}" for name in export.TABLES for suffix in ("csv", "parquet")}
    assert {path.name for path in data.iterdir() if path.name != "state.json"} == {*forms, "report.json"}
    assert set(prose.TABLES) == set(export.TABLES)


def test_parquet_has_the_columns_and_types_of_the_manual(data):
    for name, columns in export.TABLES.items():
        assert dict(pl.read_parquet(data / f"{name}.parquet").schema) == columns


def test_json_and_parquet_hold_the_same(data):
    told = json.loads((data / "report.json").read_text(encoding="utf-8"))
    for name in export.TABLES:
        rows = json.loads(json.dumps(pl.read_parquet(data / f"{name}.parquet").to_dicts(), default=export._time))
        assert told[name] == rows, name


def test_csv_holds_the_same_as_parquet_once_an_apostrophe_is_taken_off(data):
    for name, columns in export.TABLES.items():
        plain = {column: pl.String if kind.is_temporal() else kind for column, kind in columns.items()}
        read = pl.read_csv(data / f"{name}.csv", schema=plain)
        text = [column for column, kind in columns.items() if kind == pl.String]
        back = read.with_columns(pl.col(text).str.strip_prefix("'"))
        wanted = pl.read_parquet(data / f"{name}.parquet")
        assert (
            back.select(text)
            .with_columns(pl.all().fill_null(""))
            .equals(wanted.select(text).with_columns(pl.all().fill_null("")))
        ), name
        numbers = [column for column, kind in columns.items() if not kind.is_temporal() and kind != pl.String]
        assert back.select(numbers).equals(wanted.select(numbers)), name


def test_a_name_that_looks_like_a_formula_is_harmless_in_csv_only(data):
    assert "'=Maya Osei" in (data / "agents.csv").read_text(encoding="utf-8")
    assert "=Maya Osei" in pl.read_parquet(data / "agents.parquet")["name"]


@settings(max_examples=60, deadline=None)
@given(st.lists(st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\x00"), max_size=8), min_size=1))
def test_no_cell_begins_like_a_formula_and_every_text_comes_back(texts):
    frame = pl.DataFrame({"n": range(len(texts)), "text": texts}, schema={"n": pl.Int64, "text": pl.String})
    cells = [row[1] for row in csv.reader(io.StringIO(export.as_csv(frame).decode(), newline=""))][1:]
    assert not [cell for cell in cells if cell[:1] in set("=+-@\t\r")]
    assert [cell.removeprefix("'") for cell in cells] == texts


@pytest.fixture
def fixed(whole):
    """The same with intervals that no change of their making moves."""
    ends = {"low": pl.col("value") - 0.1, "high": pl.col("value") + 0.1}
    figures = whole["figures"].filter(pl.col("measure").is_in(["empathy_rate", "abuse_load"]))
    unknown = [
        name for name in figures.columns if re.match("corrected|adjusted|shrunken|reference|p_value|stands", name)
    ]
    nothing = {name: pl.lit(None, figures.schema[name]) for name in unknown}
    changes = pl.DataFrame(
        [["maya.osei", "empathy_rate", 0.5, 0.25, -0.25, -0.5, 0.0, 6, 5, 0.04, True]],
        schema=trends.CHANGES,
        orient="row",
    )
    weeks = whole["weeks"].filter(pl.col("measure") == "empathy_rate").with_columns(**ends)
    return whole | {"figures": figures.with_columns(**ends, **nothing), "changes": changes, "weeks": weeks}


def test_the_json_of_a_small_office_is_the_gold_file(tmp_path, fixed):
    report.write(tmp_path, **fixed)
    assert (tmp_path / "data" / "report.json").read_text(encoding="utf-8") == GOLD.read_text(encoding="utf-8")


def test_pages_that_the_data_name_are_there(data):
    for name in ("agents", "conversations", "moments"):
        for page in pl.read_parquet(data / f"{name}.parquet")["page"].drop_nulls():
            assert (data.parent / page.partition("#")[0]).is_file()


def test_the_method_page_links_to_every_file(data, parse):
    links = {
        node.attributes["href"] for node in parse(data.parent / "method.html").css("section[aria-labelledby=data] a")
    }
    assert links == {f"data/{path.name}" for path in data.iterdir() if path.name != "state.json"}

"""The picture of the data flow in docs/architecture.md: what it shows is what the modules import."""

import importlib.util
import re
import sys
from pathlib import Path

import pytest

from empathy_scan import tables

ROOT = Path(__file__).parents[1]
SPEC = importlib.util.spec_from_file_location("reference", ROOT / "release" / "reference.py")
REFERENCE = sys.modules.setdefault("reference", importlib.util.module_from_spec(SPEC))
SPEC.loader.exec_module(REFERENCE)
STAGES = list(REFERENCE.FLOW)
ARROWS = [(stage, frame) for stage, frames in REFERENCE.FLOW.items() for frame in frames]


def code(module):
    """The source of a module or folder."""
    path = REFERENCE.SOURCE / module
    files = sorted(path.rglob("*.py")) if path.is_dir() else [path.with_suffix(".py")]
    return "\n".join(file.read_text(encoding="utf-8") for file in files)


@pytest.mark.parametrize(("stage", "frame"), ARROWS)
def test_a_frame_below_an_arrow_is_one_that_the_stage_knows(stage, frame):
    assert frame.lower() in tables.TABLES
    assert re.search(rf"\b{frame}\b", code(stage))


@pytest.mark.parametrize("stage", STAGES)
def test_no_stage_imports_one_that_comes_later(stage):
    assert REFERENCE.imports(stage).isdisjoint(STAGES[STAGES.index(stage) + 1 :])


def test_every_stage_but_what_summary_calls_itself_is_called_by_one_composer():
    called = [stage for members in REFERENCE.brackets().values() for stage in members]
    assert sorted(called) == sorted(set(STAGES) - {"mirror"})
    assert "mirror" in REFERENCE.imports("summary")


@pytest.mark.parametrize(("name", "caller"), REFERENCE.ASIDE.items())
def test_what_stands_beside_the_flow_is_imported_by_whom_the_picture_names(name, caller):
    assert name in REFERENCE.imports(caller)


def test_the_pipeline_spans_its_composers():
    assert set(REFERENCE.COMPOSERS) <= REFERENCE.imports("pipeline")


def test_the_page_shows_the_picture_and_says_it_in_words():
    page = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    alternative = re.search(r"!\[([^\]]+)\]\(images/flow\.svg\)", page)[1]
    assert [stage for stage in STAGES if stage not in alternative] == []


def test_the_table_of_tiers_names_every_module_of_the_package():
    page = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    named = set(re.findall(r"`(\w+)/?`", page)) | set(re.findall(r"`(\w+)\.py`", page))
    there = {path.stem if path.is_file() else path.name for path in REFERENCE.SOURCE.iterdir()}
    modules = {
        name for name in there if (REFERENCE.SOURCE / f"{name}.py").exists() or (REFERENCE.SOURCE / name).is_dir()
    }
    rules = {name for name in modules if name.startswith("redact_")}  # the rules of `redact`, apart as they are long
    assert modules - rules - named - {"__init__", "__pycache__", "words"} == set()

"""docs/notebook.ipynb: its cells run, and show what is kept in it; nothing in it tells of a machine."""

import importlib.util
import json
import re
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
NOTEBOOK = json.loads((ROOT / "docs" / "notebook.ipynb").read_text(encoding="utf-8"))
CODE = [cell for cell in NOTEBOOK["cells"] if cell["cell_type"] == "code"]


@pytest.fixture(scope="module")
def runner():
    """release/notebook.py, which is a script and in no package."""
    spec = importlib.util.spec_from_file_location("notebook_runner", ROOT / "release" / "notebook.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules["notebook_runner"] = module
    spec.loader.exec_module(module)
    return module


def words(output):
    """What a cell shows as text, without frames' borders; numbers to one place: the last digits are a processor's."""
    text = "".join(output["data"]["text/plain"])
    text = re.sub(r"\d+\.\d+", lambda found: f"{float(found[0]):.1f}", text)
    return re.findall(r"[\w.,-]+", text)


def test_every_cell_shows_what_is_kept(runner, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    runner.in_samples(tmp_path)
    shown = runner.outputs(NOTEBOOK)
    assert len(shown) == len(CODE) >= 6
    for cell, made in zip(CODE, shown, strict=True):
        assert [words(one) for one in made] == [words(one) for one in cell["outputs"]], "python release/notebook.py"


def test_it_is_a_notebook_that_was_run_from_top_to_bottom():
    assert (NOTEBOOK["nbformat"], [cell["execution_count"] for cell in CODE]) == (4, [*range(1, len(CODE) + 1)])
    assert len({cell["id"] for cell in NOTEBOOK["cells"]}) == len(NOTEBOOK["cells"])


def test_it_holds_no_path_of_a_machine():
    text = json.dumps([cell["outputs"] for cell in CODE])
    assert re.findall(r"/(?:home|tmp|root|Users|work|private)/", text) == []

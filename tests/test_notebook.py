"""docs/notebook.ipynb: its cells run, and show what is kept in it; nothing in it tells of a machine."""

import importlib.util
import json
import re
import sys
from pathlib import Path
from types import ModuleType, SimpleNamespace

import pytest

from empathy_scan import notebook
from empathy_scan.cli import progress

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


class Page:
    """What a kernel of Jupyter shows: the output of a cell, which may change."""

    def __init__(self):
        self.shown = []

    def display(self, drawn, *, display_id):
        assert display_id
        self.shown.append(drawn)
        return self

    def update(self, drawn):
        self.shown[-1] = drawn


@pytest.fixture
def page(monkeypatch):
    """This process as a kernel, as far as IPython tells."""
    made, ipython, display = Page(), ModuleType("IPython"), ModuleType("IPython.display")
    ipython.get_ipython = lambda: SimpleNamespace(kernel=object())
    display.display, display.HTML = made.display, str
    monkeypatch.setitem(sys.modules, "IPython", ipython)
    monkeypatch.setitem(sys.modules, "IPython.display", display)
    return made


def test_a_scan_in_a_notebook_shows_one_output_that_changes(page):
    with progress.shown() as told:
        told("listing", 0, 0)
        told("scoring", 1, 4)
        told("scoring", 4, 4)
    (drawn,) = page.shown
    assert "<progress value='4' max='4'>" in drawn
    assert re.findall(r"listing the files|scoring: 4 of 4 turns", drawn) == [
        "listing the files",
        "scoring: 4 of 4 turns",
    ]


def test_what_a_stage_is_called_is_escaped():
    bars = notebook.Bars({"odd": ("<b>odd</b>", "")})
    bars._stages["odd"] = (0, 0)
    assert bars.html() == "<div>&lt;b&gt;odd&lt;/b&gt;</div>"


@pytest.mark.parametrize("shell", [None, SimpleNamespace()], ids=["no shell", "a terminal"])
@pytest.mark.usefixtures("page")
def test_a_shell_in_a_terminal_is_no_notebook(monkeypatch, shell):
    assert notebook.is_open()
    monkeypatch.setattr(sys.modules["IPython"], "get_ipython", lambda: shell)
    assert not notebook.is_open()

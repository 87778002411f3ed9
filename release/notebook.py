"""Runs the example notebook and keeps what its cells show: a cell's last expression, as text and, if it can, HTML.

    python release/notebook.py         # writes docs/notebook.ipynb anew

It needs no Jupyter: cells are plain Python, run one after the other in a folder that holds nothing but the samples.
tests/test_notebook.py runs them, too, and compares.
"""

from __future__ import annotations

import ast
import json
import os
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
NOTEBOOK = ROOT / "docs" / "notebook.ipynb"
sys.path.insert(0, str(ROOT / "src"))  # the program of this tree, whichever is installed


def outputs(notebook: Mapping[str, Any]) -> list[list[dict[str, Any]]]:
    """What each code cell shows, in the form of a notebook; run in the working directory."""
    names: dict[str, Any] = {}
    found = []
    for number, cell in enumerate((c for c in notebook["cells"] if c["cell_type"] == "code"), 1):
        shown = _run("".join(cell["source"]), names)
        result = {"output_type": "execute_result", "metadata": {}, "execution_count": number, "data": _data(shown)}
        found.append([] if shown is None else [result])
    return found


def _run(code: str, names: dict[str, Any]) -> Any:  # noqa: ANN401 - whatever a cell ends with
    """The value of a cell's last expression; None where it ends with a statement."""
    tree = ast.parse(code)
    last = tree.body.pop() if tree.body and isinstance(tree.body[-1], ast.Expr) else None
    exec(compile(tree, "notebook", "exec"), names)  # noqa: S102 - our own notebook
    return None if last is None else eval(compile(ast.Expression(last.value), "notebook", "eval"), names)  # noqa: S307


def _data(shown: object) -> dict[str, list[str]]:
    """A value as text and, where it knows how, as HTML."""
    data = {"text/plain": repr(shown).splitlines(keepends=True)}
    if hasattr(shown, "_repr_html_"):
        data["text/html"] = shown._repr_html_().splitlines(keepends=True)
    return data


def in_samples(folder: Path) -> None:
    """Make the folder one that holds nothing but the samples, and work in it."""
    (folder / "data").symlink_to(ROOT / "data")
    os.chdir(folder)


def main() -> None:
    """Run the notebook and write it anew."""
    notebook = json.loads(NOTEBOOK.read_text(encoding="utf-8"))
    with tempfile.TemporaryDirectory() as folder:
        in_samples(Path(folder))
        shown = outputs(notebook)
        os.chdir(ROOT)
    code = [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]
    for number, (cell, made) in enumerate(zip(code, shown, strict=True), 1):
        cell |= {"execution_count": number, "outputs": made}
    NOTEBOOK.write_text(json.dumps(notebook, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    print(f"{NOTEBOOK.relative_to(ROOT)} written")


if __name__ == "__main__":
    main()

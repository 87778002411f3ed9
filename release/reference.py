"""The parts of docs/ that are made from the program: the page of tables and the picture of the data flow.

    python release/reference.py        # writes what is out of date

Tables and their columns come from `tables.py`, with its own comments as what a column holds; the arrows and brackets of
the picture come from what the modules import. tests/test_site.py and tests/test_picture.py hold both against the code.
"""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator
from html import escape
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[1]
SOURCE = ROOT / "src" / "empathy_scan"
sys.path.insert(0, str(ROOT / "src"))  # the program of this tree, whichever is installed

# The way of a transcript: a stage, and the frames of tables.py that leave it.
FLOW: dict[str, tuple[str, ...]] = {
    "readers": ("TURNS", "REJECTS"),
    "redact": ("TURNS",),
    "language": ("TURNS", "REJECTS"),
    "roles": ("TURNS", "REJECTS"),
    "segment": ("SEGMENTS",),
    "score": ("SCORES", "LABELS"),
    "mirror": ("EXCHANGES", "ANSWERS"),
    "summary": ("FIGURES",),
    "report": (),
}
COMPOSERS = ("prepare", "judging", "rebuild")  # who calls the stages
ASIDE = {"hardship": "judging", "model": "score", "cache": "score", "store": "pipeline"}  # beside the way, and whose


# The page of tables.


class Column(NamedTuple):
    """A row of the page."""

    name: str
    kind: str
    holds: str


def tables_page() -> str:
    """docs/tables.md."""
    from empathy_scan import tables  # noqa: PLC0415 - once the path is set

    told = dict(_comments())
    lines = [
        "# Tables",
        "",
        (
            "The frames that travel between the stages, and what the store and `import empathy_scan` give. Made from "
            "`src/empathy_scan/tables.py` by `make reference`; a test compares. *key*: identifies a row. *null*: may "
            "be empty. In the store tables also have the columns `content`, `model`, `settings` and `month` "
            "([store.md](store.md))."
        ),
    ]
    for name, table in tables.TABLES.items():
        lines += ["", f"## {name}", ""]
        lines += [f"{intro}\n"] if (intro := told.get((name.upper(), ""))) else []
        lines += ["| column | type | | what it holds |", "|---|---|---|---|"]
        for column, dtype in table.columns.items():
            marks = ["key"] * (column in table.key) + ["null"] * (column in table.nullable)
            holds = told.get((name.upper(), column)) or told.get(("", column), "")
            lines.append(f"| `{column}` | {_kind(dtype)} | {', '.join(marks)} | {holds.replace('|', chr(92) + '|')} |")
    return "\n".join(lines) + "\n"


def _kind(dtype: object) -> str:
    """A type of polars in words."""
    text = str(dtype)
    text = re.sub(r"Datetime\(time_unit='us', time_zone='UTC'\)", "Datetime, UTC", text)
    return re.sub(r"Struct\(\{(.*?)\}\)", lambda found: "{" + found[1].replace("'", "") + "}", text)


def _comments() -> Iterator[tuple[tuple[str, str], str]]:
    """What `tables.py` says of its tables and columns: ((table or "", column or ""), words)."""
    table, before = "", []
    for line in (SOURCE / "tables.py").read_text(encoding="utf-8").splitlines():
        if found := re.match(r"([A-Z_]+)(?:: [^=]+)? = ", line):
            table = "" if found[1].startswith("_") else found[1]
            if before:
                yield (table, ""), " ".join(before)
        elif found := re.match(r'\s+"(\w+)": [^#]*(?:# (.*))?$', line):
            if words := " ".join(filter(None, [*before, found[2]])):
                yield (table, found[1]), words
        elif found := re.match(r"\s*# (.*)", line):
            before.append(found[1])
            continue
        before = []


# The picture.


def imports(module: str) -> set[str]:
    """The modules of the package, by their first name, that a module or folder imports."""
    path = SOURCE / module
    files = sorted(path.rglob("*.py")) if path.is_dir() else [path.with_suffix(".py")]
    found = set()
    for node in (node for file in files for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))):
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "empathy_scan":
            inside = (node.module or "").split(".")[1:2]
            found |= set(inside) if inside else {alias.name for alias in node.names}
        elif isinstance(node, ast.Import):
            found |= {alias.name.split(".")[1] for alias in node.names if alias.name.startswith("empathy_scan.")}
    return found - {module}


def brackets() -> dict[str, list[str]]:
    """Which stages of the flow each of the composers calls, from what it imports."""
    return {name: [stage for stage in FLOW if stage in imports(name)] for name in COMPOSERS}


_WIDTH, _BOX, _GAP, _TOP = 1180, 96, 36, 96


def flow_picture() -> str:
    """docs/images/flow.svg."""
    at = {stage: 12 + number * (_BOX + _GAP) for number, stage in enumerate(FLOW)}
    parts = [_box(stage, at[stage], _TOP) for stage in FLOW]
    stages = list(FLOW)
    for stage, after in pairwise(stages):
        parts.append(_arrow(at[stage] + _BOX, at[after], _TOP + 22))
        parts += [
            _text(at[stage] + _BOX + _GAP / 2, _TOP + 62 + 13 * row, frame, size=10)
            for row, frame in enumerate(FLOW[stage])
        ]
    for name, members in brackets().items():
        parts.append(_bracket(at[members[0]], at[members[-1]] + _BOX, _TOP - 20, name))
    parts.append(_bracket(at[stages[0]], at[stages[-1]] + _BOX, _TOP - 56, "pipeline"))
    low = _TOP + 112
    for number, (name, above) in enumerate(ASIDE.items()):
        x = at["segment"] - 60 + number * (_BOX + _GAP)
        parts += [_box(name, x, low), _text(x + _BOX / 2, low + 58, f"called by {above}", size=10)]
    said = f"Data flow: {' to '.join(stages)}; " + "; ".join(
        f"{name} calls {', '.join(members)}" for name, members in brackets().items()
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {low + 74}" role="img" '
        f'aria-label="{escape(said)}" font-family="system-ui, sans-serif">\n<title>{escape(said)}</title>\n'
        f'<rect width="100%" height="100%" fill="#ffffff"/>\n' + "\n".join(parts) + "\n</svg>\n"
    )


def _box(name: str, x: float, y: float) -> str:
    return f'<rect x="{x}" y="{y}" width="{_BOX}" height="44" rx="6" fill="#e0f2f1" stroke="#00695c"/>\n' + _text(
        x + _BOX / 2, y + 27, name, size=14
    )


def _text(x: float, y: float, words: str, *, size: int) -> str:
    return f'<text x="{x:g}" y="{y:g}" font-size="{size}" text-anchor="middle" fill="#1b1b1b">{escape(words)}</text>'


def _arrow(start: float, end: float, y: float) -> str:
    return f'<path d="M{start + 3} {y}H{end - 4}m-6 -4l6 4l-6 4" fill="none" stroke="#00695c" stroke-width="1.5"/>'


def _bracket(start: float, end: float, y: float, name: str) -> str:
    line = f'<path d="M{start} {y + 10}V{y}H{end}V{y + 10}" fill="none" stroke="#616161"/>'
    return f"{line}\n{_text((start + end) / 2, y - 5, name, size=13)}"


MADE = {"docs/tables.md": tables_page, "docs/images/flow.svg": flow_picture}


def main() -> None:
    """Write what is out of date."""
    for name, make in MADE.items():
        path, text = ROOT / name, make()
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            path.write_text(text, encoding="utf-8")
            print(f"{name} written")


if __name__ == "__main__":
    main()

"""What an installation weighs: every package that the program needs at run time, from the files that are installed.

    python release/sizes.py        # prints the rows of the table in docs/install.md

Run it with the Python of the environment that is to be weighed; a package that is not installed there is left out.
"""

from __future__ import annotations

import re
import tomllib
from importlib import metadata
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[1]
SHOWN = 1_000_000  # bytes from which a package has a row of its own


def needed() -> dict[str, str]:
    """Every package that is needed at run time, with the package that asks for it; direct ones ask for themselves."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    waiting = [(Requirement(text).name, "") for text in project["dependencies"]]
    found: dict[str, str] = {}
    while waiting:
        name, asked_by = waiting.pop(0)
        key = canonicalize_name(name)
        if key in found:
            continue
        try:
            requires = metadata.requires(key) or []
        except metadata.PackageNotFoundError:
            continue
        found[key] = asked_by
        wanted = [Requirement(text) for text in requires]
        waiting += [(each.name, key) for each in wanted if not each.marker or each.marker.evaluate({"extra": ""})]
    return found


def weight(name: str) -> int:
    """The bytes of a package's files."""
    files = metadata.files(name) or []
    return sum(path.stat().st_size for each in files if (path := Path(str(each.locate()))).is_file())


def rows() -> list[tuple[str, str, int]]:
    """Package, who asks for it, bytes; the heaviest first."""
    weighed = [(name, asked_by, weight(name)) for name, asked_by in needed().items()]
    return sorted(weighed, key=lambda row: (-row[2], row[0]))


def main() -> None:
    """Print the table."""
    found = rows()
    print("| package | version | asked for by | MB |\n|---|---|---|---:|")
    for name, asked_by, size in found:
        if size >= SHOWN:
            version = re.sub(r"\+.*", "", metadata.version(name))
            print(f"| {name} | {version} | {asked_by or 'empathy-scan'} | {size / 1e6:.1f} |")
    small = [size for _, _, size in found if size < SHOWN]
    print(f"| {len(small)} smaller ones | | | {sum(small) / 1e6:.1f} |")
    print(f"| **all** | | | **{sum(size for _, _, size in found) / 1e6:,.0f}** |")


if __name__ == "__main__":
    main()

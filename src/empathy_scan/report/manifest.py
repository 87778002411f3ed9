"""What lies in a report's folder: each file of ours with the digest of all that it was made of, and its size.

The file that holds it marks the folder as a report's. A file whose digest is "" is ours, but nobody knows whether it is
complete: it is written again.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

FILE = ".empathy-scan-report"
FORMAT = 1
_OLDER = "Made by empathy-scan"
_ABOUT = f"{_OLDER}: the files below are rewritten or removed with the next report."


@dataclass(frozen=True, slots=True)
class Entry:
    """One file: the digest of what it was made of, and its size in bytes."""

    made_of: str = ""
    size: int = 0


@dataclass(frozen=True, slots=True)
class Manifest:
    """The files of a report by their path in its folder, and the conversations that somebody asked pages of."""

    files: Mapping[str, Entry] = field(default_factory=dict)
    asked: tuple[str, ...] = ()


def read(folder: Path) -> Manifest | None:
    """What the folder holds; None where no report of ours is. A damaged or older list names no file it is sure of."""
    try:
        text = (folder / FILE).read_text(encoding="utf-8", errors="replace")
    except FileNotFoundError:
        return None
    try:
        told = json.loads(text)
        if told["format"] != FORMAT:
            return Manifest(_on_disk(folder, text))
        if told.get("sum", _sum(told)) != _sum(told):
            return Manifest(_on_disk(folder, text))
        files = {str(path): _entry(line) for path, line in told["files"].items() if _inside(str(path))}
        return Manifest(files, tuple(map(str, told["asked"])))
    except (ValueError, TypeError, KeyError, AttributeError):
        return Manifest(_on_disk(folder, text))


def write(folder: Path, manifest: Manifest) -> None:
    """Put the list in its place, whole or not at all."""
    files = {path: f"{entry.made_of} {entry.size}" for path, entry in sorted(manifest.files.items())}
    told = {"about": _ABOUT, "format": FORMAT, "asked": sorted(manifest.asked), "files": files}
    part = folder / f"{FILE}.part"
    part.write_text(json.dumps({**told, "sum": _sum(told)}, indent=0) + "\n", encoding="utf-8")
    part.replace(folder / FILE)


def _sum(told: Mapping[str, Any]) -> str:
    """A checksum of what the list says; lists of before there was one have none."""
    return hashlib.sha256(json.dumps([told["asked"], told["files"]], sort_keys=True).encode()).hexdigest()[:16]


def _entry(line: str) -> Entry:
    made_of, _, size = line.partition(" ")
    return Entry(made_of, int(size))


def _inside(path: str) -> bool:
    """Whether a path stays in the folder: the list lies in the open, and somebody may have written into it."""
    return not Path(path).is_absolute() and ".." not in Path(path).parts


def _on_disk(folder: Path, text: str) -> dict[str, Entry]:
    """The files of a report whose list cannot be read: an older version's had a sentence there, and fewer folders."""
    folders = ("assets", "agents", "conversations", *([] if text.startswith(_OLDER) else ["data"]))
    ours = {".html", ".md", ".css", ".js", ".csv", ".parquet", ".json"}
    held = [*folder.iterdir(), *(path for name in folders for path in (folder / name).rglob("*"))]
    pages = {"index.html", "index.md", "method.html", "method.md"}
    return {
        path.relative_to(folder).as_posix(): Entry()
        for path in held
        if path.is_file() and path.suffix in ours and (path.parent != folder or path.name in pages)
    }

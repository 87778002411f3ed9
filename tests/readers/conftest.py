"""Files written by a test and read back: `scan({"a.txt": "Agent: ..."}).turns`."""

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from empathy_scan import readers
from empathy_scan.config import ReadConfig

Files = Mapping[str, str | bytes]
Scan = Callable[..., readers.Reading]


@pytest.fixture
def put(tmp_path: Path) -> Callable[[Files], Path]:
    """Writes files into a folder, which it returns."""

    def put(files: Files) -> Path:
        for name, content in files.items():
            path = tmp_path / "exports" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content.encode() if isinstance(content, str) else content)
        return tmp_path / "exports"

    return put


@pytest.fixture
def scan(put: Callable[[Files], Path]) -> Scan:
    """Writes files into a folder and reads the folder."""

    def scan(files: Files, **settings: object) -> readers.Reading:
        return readers.read([put(files)], ReadConfig(**settings))

    return scan


@pytest.fixture
def said(scan: Scan) -> Callable[..., list[tuple[str, str]]]:
    """Reads one file and gives role and text of each turn."""

    def said(content: str | bytes, name: str = "call.txt", **settings: object) -> list[tuple[str, str]]:
        reading = scan({name: content}, **settings)
        assert reading.rejects.is_empty(), reading.rejects.to_dicts()
        return reading.turns.select("role", "text").rows()

    return said

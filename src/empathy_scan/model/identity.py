"""Which model a bundle is: where the shipped one lies, what a bundle needs, and its fingerprint. Loads no torch."""

from __future__ import annotations

import hashlib
import json
from importlib import resources
from pathlib import Path

from empathy_scan.errors import ModelError

NEEDED = ("config.json", "model.safetensors", "tokenizer.json", "tokenizer_config.json", "empathy_scan.json")


def default_path() -> Path:
    """The bundle that ships: inside the installed package, or `models/default` of a checkout."""
    packaged = Path(str(resources.files("empathy_scan"))) / "bundles" / "default"
    checkout = Path(__file__).resolve().parents[3] / "models" / "default"
    return packaged if packaged.exists() else checkout


def fingerprint(path: Path) -> str:
    """Twelve hex digits that change when a file that decides scores changes; ModelError where one is missing."""
    demand_files(path)
    digest = hashlib.sha256()
    for name in NEEDED:
        content = (path / name).read_bytes()
        if name == "empathy_scan.json":
            content = _deciding(content, path)
        digest.update(hashlib.sha256(content).digest())
    return digest.hexdigest()[:12]


def demand_files(path: Path) -> None:
    """Raise ModelError for a directory that lacks a file of a bundle."""
    if missing := [name for name in NEEDED if not (path / name).is_file()]:
        raise ModelError(
            f"not a model bundle: {', '.join(missing)} missing", where=str(path),
            remedy="give the directory that `empathy-scan train` wrote",
        )  # fmt: skip


def _deciding(content: bytes, path: Path) -> bytes:
    """Of a bundle's facts, those that decide scores."""
    try:
        facts = dict(json.loads(content))
    except (ValueError, TypeError) as error:
        raise ModelError(
            "not a JSON object", where=str(path / NEEDED[-1]), remedy="install the bundle again"
        ) from error
    return json.dumps({key: facts.get(key) for key in ("decisions", "packing", "codebook")}, sort_keys=True).encode()

"""The files of a model bundle, as far as they can be known without loading it: no torch here, so reports may ask."""

from __future__ import annotations

import hashlib
import json
import math
from importlib import resources
from pathlib import Path
from typing import Any

from empathy_scan.errors import ModelError

WEIGHTS, FACTS = "model.safetensors", "empathy_scan.json"
_LONGEST_HEAD = 100_000_000  # bytes, as safetensors itself has it
NEEDED = ("config.json", WEIGHTS, "tokenizer.json", "tokenizer_config.json", FACTS)


def default_path() -> Path:
    """The bundle that ships: inside the installed package, or `models/default` of a checkout."""
    packaged = Path(str(resources.files("empathy_scan"))) / "bundles" / "default"
    checkout = Path(__file__).resolve().parents[3] / "models" / "default"
    return packaged if packaged.exists() else checkout


def fingerprint(path: Path) -> str:
    """Twelve hex digits that change when a file that decides scores changes; ModelError where one is missing."""
    demand(path)
    digest = hashlib.sha256()
    for name in NEEDED:
        content = (path / name).read_bytes()
        if name == FACTS:
            content = _deciding(content, path)
        digest.update(hashlib.sha256(content).digest())
    return digest.hexdigest()[:12]


def demand(path: Path) -> None:
    """Raise ModelError for a directory that lacks a file of a bundle."""
    if missing := [name for name in NEEDED if not (path / name).is_file()]:
        raise ModelError(
            f"not a model bundle: {', '.join(missing)} missing", where=str(path),
            remedy="give the directory that `empathy-scan train` wrote",
        )  # fmt: skip


def parameters(path: Path) -> int:
    """How many numbers the weights of a bundle hold, from the head of their file (safetensors: length, then JSON)."""
    with (path / WEIGHTS).open("rb") as weights:
        length = int.from_bytes(weights.read(8), "little")
        if length > min(_LONGEST_HEAD, (path / WEIGHTS).stat().st_size):
            raise ModelError("damaged weights", where=str(path / WEIGHTS), remedy="install the bundle again")
        head: dict[str, Any] = json.loads(weights.read(length))
    return sum(math.prod(tensor["shape"]) for name, tensor in head.items() if name != "__metadata__")


def decisions(path: Path) -> dict[str, Any]:
    """The thresholds of a bundle, as its file of facts tells them."""
    told: dict[str, Any] = json.loads((path / FACTS).read_text(encoding="utf-8"))["decisions"]
    return told


def _deciding(content: bytes, path: Path) -> bytes:
    """Of a bundle's facts, those that decide scores."""
    try:
        facts = dict(json.loads(content))
    except (ValueError, TypeError) as error:
        raise ModelError("not a JSON object", where=str(path / FACTS), remedy="install the bundle again") from error
    return json.dumps({key: facts.get(key) for key in ("decisions", "packing", "codebook")}, sort_keys=True).encode()

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
SUMS = "sums"  # of the facts: a checksum of each needed file
ERRORS = "errors"  # of the facts: a checksum of the file of known errors, in bundles that were learnt from reviews
ERRORS_FILE = "errors.json"  # it decides no score, but figures; quantify.py reads it
NEEDED = ("config.json", WEIGHTS, "tokenizer.json", "tokenizer_config.json", FACTS)


def default_path() -> Path:
    """The bundle that ships: inside the installed package, or `models/default` of a checkout."""
    packaged = Path(str(resources.files("empathy_scan"))) / "bundles" / "default"
    checkout = Path(__file__).resolve().parents[3] / "models" / "default"
    return packaged if packaged.exists() else checkout


def fingerprint(path: Path) -> str:
    """Twelve hex digits that change when a file that decides scores changes.

    Raises ModelError where one is missing, cannot be read, or is not what the bundle was made with.
    """
    demand(path)
    found = sums(path)
    wanted = _facts(path).get(SUMS) or {}  # bundles of before there were sums have none
    if damaged := [name for name in NEEDED if wanted.get(name, found[name]) != found[name]]:
        raise ModelError(
            f"damaged: {', '.join(damaged)} not as the bundle was made", where=str(path),
            remedy="install the bundle again",
        )  # fmt: skip
    _demand_errors(path)
    return hashlib.sha256(b"".join(bytes.fromhex(each) for each in found.values())).hexdigest()[:12]


def sums(path: Path) -> dict[str, str]:
    """A checksum of each needed file, of the facts of those that decide scores. Raises ModelError."""
    found = {}
    for name in NEEDED:
        try:
            content = (path / name).read_bytes()
        except OSError as error:
            raise ModelError(
                f"cannot be read ({error.strerror})", where=str(path / name),
                remedy="let the user of the scan read it, or install the bundle again",
            ) from error  # fmt: skip
        found[name] = hashlib.sha256(_deciding(path) if name == FACTS else content).hexdigest()
    return found


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


def errors_sum(path: Path) -> str:
    """A checksum of a bundle's file of known errors; "" where it has none."""
    try:
        return hashlib.sha256((path / ERRORS_FILE).read_bytes()).hexdigest()
    except OSError:
        return ""


def _demand_errors(path: Path) -> None:
    """Raise ModelError where a bundle's known errors are not those that it was made with."""
    wanted = _facts(path).get(ERRORS)
    if wanted is not None and wanted != errors_sum(path):
        raise ModelError(
            f"damaged: {ERRORS_FILE} not as the bundle was made", where=str(path), remedy="make the bundle again"
        )


def _deciding(path: Path) -> bytes:
    """Of a bundle's facts, those that decide scores, and its known errors, where the facts tell of them."""
    facts = _facts(path)
    told = {key: facts.get(key) for key in ("decisions", "packing", "codebook")}
    if facts.get(ERRORS) is not None:  # bundles of before have known errors that their fingerprint is silent of
        told[ERRORS] = facts[ERRORS]
    return json.dumps(told, sort_keys=True).encode()


def _facts(path: Path) -> dict[str, Any]:
    """A bundle's facts. Raises ModelError."""
    try:
        return dict(json.loads((path / FACTS).read_bytes()))
    except (ValueError, TypeError) as error:
        raise ModelError(f"{FACTS} is no JSON object", where=str(path), remedy="install the bundle again") from error

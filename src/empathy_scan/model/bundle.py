"""A model bundle: weights, tokenizer, dimensions, codebook version, thresholds and metrics in one directory.

    config.json  model.safetensors  tokenizer.json  tokenizer_config.json  empathy_scan.json  README.md (the model card)
    errors.json (how often it errs, where that was counted; quantify.py reads it, and it decides no score)

Weights are safetensors only: a bundle cannot carry code.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from importlib import resources
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file, save_file
from transformers import AutoTokenizer, PreTrainedTokenizerBase

from empathy_scan.codebook import CODEBOOK_VERSION
from empathy_scan.errors import ModelError
from empathy_scan.model.decisions import Decisions
from empathy_scan.model.network import EmpathyConfig, EmpathyModel
from empathy_scan.model.tokens import Packer

FORMAT_VERSION = 1
NEEDED = ("config.json", "model.safetensors", "tokenizer.json", "tokenizer_config.json", "empathy_scan.json")


@dataclass(frozen=True, slots=True)
class Bundle:
    """A loaded model, ready to score."""

    model: EmpathyModel
    packer: Packer
    decisions: Decisions
    facts: dict[str, Any]  # metrics, data, training: what the card shows
    fingerprint: str  # twelve hex digits of all files that decide scores


def default_path() -> Path:
    """The bundle that ships: inside the installed package, or `models/default` of a checkout."""
    packaged = Path(str(resources.files("empathy_scan"))) / "bundles" / "default"
    checkout = Path(__file__).resolve().parents[3] / "models" / "default"
    return packaged if packaged.exists() else checkout


def load(path: Path | None = None) -> Bundle:
    """The bundle in a directory, the shipped one without a path; ModelError for what is missing, damaged or foreign."""
    path = path or default_path()
    _demand_files(path)
    try:
        facts = json.loads((path / "empathy_scan.json").read_text(encoding="utf-8"))
        _check_versions(facts, path)
        model = EmpathyModel(EmpathyConfig(**json.loads((path / "config.json").read_text(encoding="utf-8"))))
        weights = {name: tensor.float() for name, tensor in load_file(path / "model.safetensors").items()}
        model.load_state_dict(weights, strict=True)
        tokenizer = AutoTokenizer.from_pretrained(
            str(path), config=model.config, local_files_only=True, trust_remote_code=False
        )
        limits = facts["packing"]
        packer = Packer(tokenizer, max_length=limits["max_length"], max_focus=limits["max_focus"])
        decisions = _decisions(facts["decisions"])
    except ModelError:
        raise
    except Exception as error:  # transformers, safetensors and json each have errors of their own
        raise ModelError(
            f"cannot load the model ({type(error).__name__})", where=str(path), remedy="install the bundle again"
        ) from error
    model.eval()  # type: ignore[no-untyped-call]
    return Bundle(model, packer, decisions, facts, fingerprint(path))


def fingerprint(path: Path) -> str:
    """Twelve hex digits that change when a file that decides scores changes; ModelError where one is missing."""
    _demand_files(path)
    digest = hashlib.sha256()
    for name in NEEDED:
        content = (path / name).read_bytes()
        if name == "empathy_scan.json":
            content = _deciding(content, path)
        digest.update(hashlib.sha256(content).digest())
    return digest.hexdigest()[:12]


def _demand_files(path: Path) -> None:
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


def save(
    path: Path,
    model: EmpathyModel,
    tokenizer: PreTrainedTokenizerBase,
    *,
    decisions: Decisions,
    packer: Packer,
    facts: dict[str, Any],
) -> Path:
    """Writes a bundle; weights in half precision. Training-only heads are left out."""
    path.mkdir(parents=True, exist_ok=True)
    config = EmpathyConfig(**{**model.config.to_diff_dict(), "auxiliary": {}})
    config.save_pretrained(path)
    weights = {
        name: (
            tensor.detach().to(torch.float16) if tensor.is_floating_point() else tensor.detach().clone()
        ).contiguous()
        for name, tensor in model.state_dict().items()
        if not name.startswith("auxiliary.")
    }
    save_file(weights, path / "model.safetensors", metadata={"format": "pt"})
    (path / "model.safetensors").chmod(0o644)  # safetensors leaves it to its owner alone
    tokenizer.save_pretrained(path)
    whole = {
        "format": FORMAT_VERSION,
        "codebook": CODEBOOK_VERSION,
        "packing": {"max_length": packer.max_length, "max_focus": packer.max_focus},
        "decisions": asdict(decisions),
        **facts,
    }
    (path / "empathy_scan.json").write_text(json.dumps(whole, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    return path


def _check_versions(facts: dict[str, Any], path: Path) -> None:
    if facts.get("format") != FORMAT_VERSION:
        raise ModelError(
            f"bundle format {facts.get('format')!r}, this release reads {FORMAT_VERSION}", where=str(path),
            remedy="train it again, or use the release that made it",
        )  # fmt: skip
    if facts.get("codebook") != CODEBOOK_VERSION:
        raise ModelError(
            f"made for codebook {facts.get('codebook')!r}, this release has {CODEBOOK_VERSION}", where=str(path),
            remedy="train it again, or use the release that made it",
        )  # fmt: skip


def _decisions(given: dict[str, Any]) -> Decisions:
    tones = {name: tuple(given[name]) for name in ("agent_tone", "customer_tone")}
    return Decisions(**{**given, **tones})

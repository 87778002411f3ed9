"""A model bundle: weights, tokenizer, dimensions, codebook version, thresholds and metrics in one directory.

    config.json  model.safetensors  tokenizer.json  tokenizer_config.json  empathy_scan.json  README.md (the model card)
    errors.json (how often it errs, where that was counted; quantify.py reads it, and it decides no score)

Weights are safetensors only: a bundle cannot carry code. The facts hold a checksum of each file that decides scores.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from safetensors.torch import load_file, save_file

from empathy_scan.codebook import CODEBOOK_VERSION
from empathy_scan.errors import ModelError
from empathy_scan.model import light
from empathy_scan.model.decisions import Decisions
from empathy_scan.model.files import FACTS, NEEDED, SUMS, WEIGHTS, default_path, demand, fingerprint, parameters, sums
from empathy_scan.model.heads import Heads
from empathy_scan.model.tokens import Packer, Words

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

    from empathy_scan.model.network import EmpathyConfig, EmpathyModel

FORMAT_VERSION = 1


@dataclass(frozen=True, slots=True)
class Bundle:
    """A loaded model, ready to score."""

    model: EmpathyModel
    packer: Packer
    decisions: Decisions
    facts: dict[str, Any]  # metrics, data, training: what the card shows
    fingerprint: str  # twelve hex digits of all files that decide scores


@dataclass(frozen=True, slots=True)
class Light:
    """A model that can score and nothing else."""

    model: Heads
    packer: Packer
    decisions: Decisions
    fingerprint: str


Scoring = Bundle | Light  # what scoring needs of a model, however it was loaded


def load(path: Path | None = None) -> Bundle:
    """The bundle in a directory, the shipped one without a path; ModelError for what is missing, damaged or foreign."""
    path = path or default_path()
    demand(path)
    known_as = fingerprint(path)
    try:
        facts = _facts(path)
        model, tokenizer = _network(path)
        packer, decisions = _packer(tokenizer, facts), _decisions(facts["decisions"])
    except ModelError:
        raise
    except Exception as error:  # transformers, safetensors and json each have errors of their own
        raise ModelError(
            f"cannot load the model ({type(error).__name__})", where=str(path), remedy="install the bundle again"
        ) from error
    model.eval()  # type: ignore[no-untyped-call]
    return Bundle(model, packer, decisions, facts, known_as)


def for_scoring(path: Path | None = None) -> Scoring:
    """The bundle as `load` gives it, or as much of it as scoring needs, which is there much sooner."""
    path = path or default_path()
    demand(path)
    known_as = fingerprint(path)
    try:
        facts, found = _facts(path), light.load(path)
        if found is not None:
            return Light(found[0], _packer(found[1], facts), _decisions(facts["decisions"]), known_as)
    except Exception:  # noqa: BLE001 - `load` says better what is wrong
        return load(path)
    return load(path)


def _facts(path: Path) -> dict[str, Any]:
    facts: dict[str, Any] = json.loads((path / FACTS).read_text(encoding="utf-8"))
    _check_versions(facts, path)
    return facts


def _network(path: Path) -> tuple[EmpathyModel, PreTrainedTokenizerBase]:
    """The network with its weights, and the tokenizer, both of transformers."""
    from transformers import AutoTokenizer  # noqa: PLC0415 - three seconds, which scoring does without
    from transformers.initialization import no_init_weights  # noqa: PLC0415 - as above

    from empathy_scan.model.network import EmpathyConfig, EmpathyModel  # noqa: PLC0415 - as above

    config = EmpathyConfig(**json.loads((path / "config.json").read_text(encoding="utf-8")))
    _check_size(config, path)
    with no_init_weights():  # random ones would take longer to draw than these to load
        model = EmpathyModel(config)
    weights = {name: tensor.float() for name, tensor in load_file(path / WEIGHTS).items()}
    model.load_state_dict(weights, strict=True)
    tokenizer = AutoTokenizer.from_pretrained(
        str(path), config=model.config, local_files_only=True, trust_remote_code=False
    )
    return model, tokenizer


def _packer(tokenizer: Words, facts: dict[str, Any]) -> Packer:
    limits = facts["packing"]
    return Packer(tokenizer, max_length=limits["max_length"], max_focus=limits["max_focus"])


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
    from empathy_scan.model.network import EmpathyConfig  # noqa: PLC0415 - transformers; what is saved was loaded

    config = EmpathyConfig(**{**model.config.to_diff_dict(), "auxiliary": {}})
    config.save_pretrained(path)
    weights = {
        name: (
            tensor.detach().to(torch.float16) if tensor.is_floating_point() else tensor.detach().clone()
        ).contiguous()
        for name, tensor in model.state_dict().items()
        if not name.startswith("auxiliary.")
    }
    save_file(weights, path / WEIGHTS, metadata={"format": "pt"})
    (path / WEIGHTS).chmod(0o644)  # safetensors leaves it to its owner alone
    tokenizer.save_pretrained(path)
    whole = {
        "format": FORMAT_VERSION,
        "codebook": CODEBOOK_VERSION,
        "packing": {"max_length": packer.max_length, "max_focus": packer.max_focus},
        "decisions": asdict(decisions),
        **facts,
    }
    return save_facts(path, whole)


def save_facts(path: Path, facts: dict[str, Any]) -> Path:
    """Writes the facts of the bundle in a directory, with checksums of its other files as they are now."""
    kept = {key: value for key, value in facts.items() if key != SUMS}  # those of a bundle that this one is made of
    _write(path / FACTS, kept)
    _write(path / FACTS, {**kept, SUMS: sums(path)})
    return path


def note(path: Path, name: str, told: dict[str, Any]) -> None:
    """Put something that was found of a bundle into its facts; its fingerprint stays. Raises ModelError."""
    before = fingerprint(path)
    facts = json.loads((path / FACTS).read_text(encoding="utf-8"))
    if name in {"format", "codebook", "packing", "decisions", SUMS}:
        raise ModelError(f"{name} decides scores and is no remark", where=str(path), remedy="choose another name")
    _write(path / FACTS, {**facts, name: told})
    if fingerprint(path) != before:
        raise ModelError("changed by a remark", where=str(path), remedy="install the bundle again")


def _write(path: Path, facts: dict[str, Any]) -> None:
    path.write_text(json.dumps(facts, indent=1, sort_keys=True) + "\n", encoding="utf-8")


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


def _check_size(config: EmpathyConfig, path: Path) -> None:
    """Raise ModelError for a configuration of more numbers than the weights hold, before memory is taken for them."""
    from empathy_scan.model.network import EmpathyModel  # noqa: PLC0415 - as in _network

    held = parameters(path)
    layers = [value for name, value in config.encoder.items() if "layers" in name and type(value) is int]
    if max(layers, default=0) > light.MOST_LAYERS:
        needed = held + 1
    else:
        with torch.device("meta"):
            needed = sum(tensor.numel() for tensor in EmpathyModel(config).state_dict().values())
    if needed > held:
        raise ModelError(
            f"its configuration asks for more numbers than the {held:,} of its weights", where=str(path),
            remedy="install the bundle again",
        )  # fmt: skip


def _decisions(given: dict[str, Any]) -> Decisions:
    tones = {name: tuple(given[name]) for name in ("agent_tone", "customer_tone")}
    return Decisions(**{**given, **tones})


__all__ = [
    "FORMAT_VERSION",
    "NEEDED",
    "Bundle",
    "Scoring",
    "default_path",
    "fingerprint",
    "for_scoring",
    "load",
    "note",
    "save",
    "save_facts",
]

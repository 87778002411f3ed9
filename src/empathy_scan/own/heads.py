"""The head of an own label in a folder: weights as safetensors, all else as JSON. It cannot carry code.

    <folder>/<key>.safetensors   what is added up over the encoder's view and over phrases
    <folder>/<key>.json          label, encoder, decision, how well it does, and a checksum of the weights

A head belongs to one encoder, by its bundle's fingerprint: what another one sees means something else. The JSON is
written last and names the weights by their checksum, so a kill between the two leaves a head that is told as damaged.
Reports read the JSON only.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from empathy_scan.errors import ModelError, StoreError
from empathy_scan.stats import Estimate

if TYPE_CHECKING:
    from empathy_scan.own.fitting import Decision, Weights

FORMAT_VERSION = 1
GOOD, DOUBTFUL, POOR = "good", "doubtful", "poor"  # shown, shown with a warning, not shown
LEAST_KAPPA, LEAST_LOW = 0.4, 0.2  # from which on a head is shown, with a warning
_RETRAIN = "train it again: empathy-scan labels train"
_MOST_BYTES = 64 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of a head without its weights."""

    key: str
    name: str
    role: str
    question: str
    definition: str
    label: str  # fingerprint of the label in the codebook that it was trained for
    encoder: str  # fingerprint of the bundle that it belongs to
    trained_at: str
    slope: float
    offset: float
    threshold: float
    ridge: float
    answers: Mapping[str, int]  # turns, yes, no, conversations, reviewers, examples, undecided
    kappa: Estimate | None
    why: str
    found: Estimate | None
    right: Estimate | None
    share: Estimate | None
    effective: float
    confusion: tuple[tuple[int, int], tuple[int, int]]  # by people and by the head: no, yes
    standard: float  # that the lower end of kappa must reach to be good
    weights: str  # checksum of the file of weights

    @property
    def fingerprint(self) -> str:
        """Twelve hex digits that change when what the head finds may change."""
        deciding = [FORMAT_VERSION, self.encoder, self.role, self.slope, self.offset, self.threshold, self.weights]
        return hashlib.sha256(json.dumps(deciding).encode()).hexdigest()[:12]

    @property
    def verdict(self) -> str:
        """What the head is good for: good, doubtful or poor."""
        if self.kappa is None:
            return POOR
        if self.kappa.low >= self.standard:
            return GOOD
        return DOUBTFUL if self.kappa.value >= LEAST_KAPPA and self.kappa.low >= LEAST_LOW else POOR

    @property
    def words(self) -> str:
        """The verdict in words."""
        if self.kappa is None:
            return f"not good enough to show: {self.why}"
        told = f"kappa {self.kappa.value:.2f} ({self.kappa.low:.2f} to {self.kappa.high:.2f})"
        return {
            GOOD: f"good enough to show: {told}, all of it {self.standard:.2f} or more",
            DOUBTFUL: f"shown with a warning: {told} reaches below {self.standard:.2f}; more answers would tell",
            POOR: f"not good enough to show: {told}; {LEAST_KAPPA:.2f} is needed, {LEAST_LOW:.2f} at its lower end",
        }[self.verdict]

    def to_json(self) -> dict[str, Any]:
        """All of it, for machines."""
        return {**asdict(self), "fingerprint": self.fingerprint, "verdict": self.verdict, "words": self.words}


@dataclass(frozen=True, slots=True)
class Head:
    """A head that is ready to judge."""

    facts: Facts
    weights: Weights
    decision: Decision


def save(folder: Path, facts: Facts, weights: Weights) -> Facts:
    """Write a head in the place of an older one of its label; its facts with their checksum. Raises StoreError."""
    import numpy as np  # noqa: PLC0415 - reports need the facts alone
    from safetensors.numpy import save as packed  # noqa: PLC0415 - as above

    arrays = {
        "mean": weights.mean.astype(np.float32), "scale": weights.scale.astype(np.float32),
        "dense": weights.dense.astype(np.float32), "rows": weights.rows.astype(np.int32),
        "phrases": weights.phrases.astype(np.float32), "bias": np.array([weights.bias], dtype=np.float32),
    }  # fmt: skip
    content = packed(arrays)
    told = asdict(facts) | {"weights": hashlib.sha256(content).hexdigest(), "format": FORMAT_VERSION}
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, data in ((f"{facts.key}.safetensors", content), (f"{facts.key}.json", _as_bytes(told))):
            part = folder / f"{name}.part"
            part.write_bytes(data)
            part.replace(folder / name)
    except OSError as error:
        raise StoreError(
            f"cannot be written to ({error.strerror})", where=str(folder),
            remedy="make the folder writable, or name another as `heads` under [labels]",
        ) from error  # fmt: skip
    return _facts(told)


def all_facts(folder: Path | None) -> dict[str, Facts]:
    """The facts of every head in a folder, by its label's key; none where there is no folder. Raises ModelError."""
    paths = sorted(folder.glob("*.json")) if folder is not None and folder.is_dir() else []
    return {facts.key: facts for facts in map(facts_of, paths)}


def facts_of(path: Path) -> Facts:
    """The facts in a file. Raises ModelError naming it."""
    try:
        told = json.loads(path.read_text(encoding="utf-8"))
        if told["format"] != FORMAT_VERSION:
            raise ModelError(
                f"a head of format {told['format']!r}, this release reads {FORMAT_VERSION}", where=str(path),
                remedy=_RETRAIN,
            )  # fmt: skip
        facts = _facts(told)
    except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
        raise ModelError(
            f"is no head of an own label ({type(error).__name__})", where=str(path),
            remedy=f"remove the file, then {_RETRAIN}",
        ) from error  # fmt: skip
    if facts.key != path.stem:
        raise ModelError("is named after another label", where=str(path), remedy="give it its label's name back")
    return facts


def load(folder: Path, facts: Facts) -> Head:
    """The head of those facts. Raises ModelError for weights that are missing, damaged or of another kind."""
    import numpy as np  # noqa: PLC0415 - as in `save`
    from safetensors.numpy import load as unpacked  # noqa: PLC0415 - as in `save`

    from empathy_scan.own.fitting import Decision, Weights  # noqa: PLC0415 - torch comes with it

    path = folder / f"{facts.key}.safetensors"
    try:
        content = path.read_bytes() if path.stat().st_size <= _MOST_BYTES else b""
    except OSError as error:
        raise ModelError(f"cannot be read ({error.strerror})", where=str(path), remedy=_RETRAIN) from error
    if hashlib.sha256(content).hexdigest() != facts.weights:
        raise ModelError("is damaged: not as the head was made", where=str(path), remedy=_RETRAIN)
    try:
        held = {name: array.astype(np.float64) for name, array in unpacked(content).items()}
        weights = Weights(
            held["mean"], held["scale"], held["dense"], held["rows"].astype(np.int64), held["phrases"],
            float(held["bias"][0]),
        )  # fmt: skip
    except Exception as error:  # safetensors has errors of its own
        raise ModelError(f"cannot be loaded ({type(error).__name__})", where=str(path), remedy=_RETRAIN) from error
    return Head(facts, weights, Decision(facts.slope, facts.offset, facts.threshold))


def demand(facts: Facts, encoder: str) -> None:
    """Raise ModelError for a head that belongs to another encoder."""
    if facts.encoder != encoder:
        raise ModelError(
            f"the head of {facts.key!r} was trained for model {facts.encoder}, the store's is {encoder}",
            remedy=f"{_RETRAIN} {facts.key}; the answers in the review queue are kept",
        )


def drop(folder: Path, key: str) -> bool:
    """Remove a head; whether there was one."""
    there = [path for path in (folder / f"{key}.json", folder / f"{key}.safetensors") if path.is_file()]
    for path in there:
        path.unlink()
    return bool(there)


def _facts(told: Mapping[str, Any]) -> Facts:
    """Facts as a file tells them. Raises KeyError, TypeError or ValueError for anything else."""
    estimates = {
        name: None if told[name] is None else Estimate(*(float(told[name][end]) for end in ("value", "low", "high")))
        for name in ("kappa", "found", "right", "share")
    }
    numbers = {name: float(told[name]) for name in ("slope", "offset", "threshold", "ridge", "effective", "standard")}
    named = ("key", "name", "role", "question", "definition", "label", "encoder", "trained_at", "why", "weights")
    texts = {name: str(told[name]) for name in named}
    no, yes = ((int(row[0]), int(row[1])) for row in told["confusion"])
    answers = {str(name): int(count) for name, count in told["answers"].items()}
    held: Mapping[str, Any] = {**texts, **numbers, **estimates, "answers": answers, "confusion": (no, yes)}
    return Facts(**held)


def _as_bytes(told: Mapping[str, Any]) -> bytes:
    return (json.dumps(told, indent=1, sort_keys=True) + "\n").encode()

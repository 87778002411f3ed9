"""A new bundle out of an old one, in a folder of its own, whole or not at all; its card says where it comes from."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from empathy_scan import quantify
from empathy_scan.errors import OutputError, UsageError
from empathy_scan.learning.lessons import Lessons, falls_within
from empathy_scan.model import bundle as bundles
from empathy_scan.model import files
from empathy_scan.model.bundle import Bundle
from empathy_scan.model.decisions import Decisions
from empathy_scan.model.network import EmpathyModel
from empathy_scan.quantify import ErrorRates

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

REVIEWS = "reviews"  # of a bundle's facts: what it learnt from
SEEN = "seen"  # of these: which conversations trained it
CARD = "README.md"
_NOT_COPIED = {files.FACTS, files.ERRORS_FILE, CARD}
_WRITTEN_ANEW = ("format", "codebook", "packing", "decisions")
_OF_THE_OLD = ("metrics", files.ERRORS, files.SUMS)  # facts that do not hold for what is made of it


def demand_new(out: Path) -> None:
    """Raise UsageError for a folder in which there is something already."""
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise UsageError(
            f"{out} is there already", remedy="name a new folder with --out; bundles are never written over"
        )


@contextmanager
def aside(out: Path) -> Iterator[Path]:
    """A folder beside the one wanted, to be moved to its place by `put`; it is gone in the end, however that comes."""
    part = out.with_name(f".{out.name}.part")
    try:
        shutil.rmtree(part, ignore_errors=True)
        part.mkdir(parents=True)
        yield part
    except OSError as error:
        raise OutputError(
            f"cannot be written ({error.strerror or type(error).__name__})", where=str(out),
            remedy="name another folder with --out, or free some space",
        ) from error  # fmt: skip
    finally:
        shutil.rmtree(part, ignore_errors=True)


def put(part: Path, out: Path) -> None:
    """Moves a folder that is complete to its place."""
    if out.exists():
        out.rmdir()
    part.rename(out)


def write(part: Path, base: Path, old: Bundle, decisions: Decisions, *, model: EmpathyModel | None = None) -> None:
    """Writes what decides scores: the old bundle's files, but for decisions and, where it is given, the network."""
    for path in base.iterdir():
        if path.is_file() and path.name not in _NOT_COPIED:
            shutil.copyfile(path, part / path.name)
    facts = {key: value for key, value in old.facts.items() if key not in _OF_THE_OLD}
    if model is not None:
        kept = {key: value for key, value in facts.items() if key not in _WRITTEN_ANEW}
        bundles.save(
            part,
            model,
            cast("PreTrainedTokenizerBase", old.packer.tokenizer),
            decisions=decisions,
            packer=old.packer,
            facts=kept,
        )
        return
    bundles.save_facts(part, {**facts, "decisions": asdict(decisions)})


def finish(part: Path, base: Path, errors: ErrorRates | None, told: Mapping[str, Any], card: str) -> str:
    """Adds the known errors, where the bundle comes from, and its card; gives its fingerprint."""
    facts = bundles.load(part).facts
    if errors is not None:
        quantify.save(part, errors)
    bundles.save_facts(part, {**facts, REVIEWS: dict(told), files.ERRORS: files.errors_sum(part)})
    before = base / CARD
    rest = before.read_text(encoding="utf-8") if before.is_file() else ""
    (part / CARD).write_text(card + ("\n---\n\n" + rest if rest else ""), encoding="utf-8")
    return files.fingerprint(part)


def unseen(lessons: Lessons, facts: Mapping[str, Any]) -> Lessons:
    """The turns of conversations that did not train the bundle with these facts."""
    import numpy as np  # noqa: PLC0415 - a name that nothing else here needs

    kept = np.ones(len(lessons), dtype=np.bool_)
    for each in facts.get(REVIEWS, {}).get(SEEN, ()):
        kept &= np.array([
            not (falls_within(item.scenario, each["share"], each["seed"]) and moment.isoformat() <= each["until"])
            for item, moment in zip(lessons.items, lessons.answered, strict=True)
        ], dtype=np.bool_)  # fmt: skip
    return lessons.only(kept)

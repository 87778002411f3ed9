"""What the program is made of: licences, a bill of materials, and releases that anyone can build again byte by byte.

    python deploy/supply.py licences > docs/licences.md
    python deploy/supply.py sbom > build/sbom.cdx.json
    python deploy/supply.py dist build/dist

Everything is read from requirements.lock and from the metadata of what is installed; nothing is fetched.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[1]
LOCK = ROOT / "requirements.lock"
OURS = "empathy-scan"
_HEAD = """# Licences

What empathy-scan stands on: every package of `requirements.lock` with its licence, as its own metadata tells it. \
`runtime` is what an installation needs, `optional` what its extras add, `development` what only tests and tools use. \
Made by `make licences`; a test holds it against the lock. empathy-scan itself is Apache-2.0 ([LICENSE](../LICENSE)).

| package | version | licence | used for |
|---|---|---|---|
"""
# What metadata of older packages calls its licence, in the words of SPDX.
_SPDX = {
    "BSD": "BSD-3-Clause", "BSD License": "BSD-3-Clause", "MIT License": "MIT", "Apache 2.0 License": "Apache-2.0",
    "Apache Software License": "Apache-2.0", "Apache License 2.0": "Apache-2.0", "Apache 2.0": "Apache-2.0",
    "Mozilla Public License 2.0 (MPL 2.0)": "MPL-2.0", "ISC License (ISCL)": "ISC", "The Unlicense (Unlicense)":
    "Unlicense", "Python Software Foundation License": "PSF-2.0", "Apache License, Version 2.0": "Apache-2.0",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Package:
    """A package of the lock."""

    name: str
    version: str
    licence: str
    used: str


def packages() -> list[Package]:
    """Every package of the lock, in its order; raises PackageNotFoundError for one that is not installed."""
    needed, optional = _reached(extras=()), _reached(extras=("ray", "train"))
    found = []
    for name, version in locked().items():
        key = canonicalize_name(name)
        used = "runtime" if key in needed else "optional" if key in optional else "development"
        found.append(Package(name, version, licence(metadata.metadata(name)), used))
    return found


def locked() -> dict[str, str]:
    """Names and versions of the lock."""
    lines = LOCK.read_text(encoding="utf-8").splitlines()
    return dict(line.split("==") for line in lines if "==" in line and not line.startswith("#"))


def licence(told: metadata.PackageMetadata) -> str:
    """A package's licence: its SPDX expression, else what its classifiers or its old field say."""
    classes = [each.rpartition(" :: ")[2] for each in told.get_all("Classifier") or [] if each.startswith("License")]
    named = " AND ".join(_SPDX.get(each, each) for each in classes if each != "OSI Approved")
    old = told.get("License") or ""
    short = old.strip() if "\n" not in old and len(old) < 60 else ""  # some put the whole text there
    return told.get("License-Expression") or named or _SPDX.get(short, short) or "unknown"


def _reached(*, extras: tuple[str, ...]) -> set[str]:
    """The packages that an installation with these extras needs, and what those need."""
    found: set[str] = set()
    waiting = [(OURS, extras)]
    while waiting:
        name, wanted = waiting.pop()
        for requirement in _requirements(name, wanted):
            key = canonicalize_name(requirement.name)
            if key not in found:
                found.add(key)
                waiting.append((key, tuple(requirement.extras)))
    return found


def _requirements(name: str, extras: tuple[str, ...]) -> Iterator[Requirement]:
    try:
        told = metadata.requires(name) or []
    except metadata.PackageNotFoundError:
        return
    for text in told:
        requirement = Requirement(text)
        if requirement.marker is None or any(requirement.marker.evaluate({"extra": each}) for each in ("", *extras)):
            yield requirement


def licences() -> str:
    """The page of licences."""
    return _HEAD + "".join(f"| {each.name} | {each.version} | {each.licence} | {each.used} |\n" for each in packages())


def sbom() -> str:
    """A bill of materials (CycloneDX 1.6, JSON): the same bytes for the same lock."""
    components = [_component(each) for each in packages()]
    needed = [each["bom-ref"] for each in components if each["scope"] != "excluded"]
    whole = {
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json", "bomFormat": "CycloneDX", "specVersion": "1.6",
        "serialNumber": f"urn:uuid:{uuid.uuid5(uuid.NAMESPACE_OID, json.dumps(components))}", "version": 1,
        "metadata": {
            "component": {
                "type": "application", "name": OURS, "version": metadata.version(OURS), "bom-ref": OURS,
                "licenses": [{"license": {"id": "Apache-2.0"}}],
            }
        },
        "components": components,
        "dependencies": [{"ref": OURS, "dependsOn": needed}],
    }  # fmt: skip
    return json.dumps(whole, indent=1, sort_keys=True) + "\n"


def _component(package: Package) -> dict[str, object]:
    purl = f"pkg:pypi/{canonicalize_name(package.name)}@{package.version}"
    scope = {"runtime": "required", "optional": "optional", "development": "excluded"}[package.used]
    expression = re.fullmatch(r"[\w.+-]+(?: (?:AND|OR|WITH) [\w.+-]+)*", package.licence)
    told = {"expression": package.licence} if expression else {"license": {"name": package.licence}}
    return {
        "type": "library", "name": package.name, "version": package.version, "purl": purl, "bom-ref": purl,
        "scope": scope, "licenses": [told],
    }  # fmt: skip


def dist(folder: Path) -> list[Path]:
    """Wheel and source archive in a folder, built twice from copies in two places; SystemExit where they differ."""
    made: list[Mapping[str, str]] = []
    for nth in ("first", "second"):
        place = folder / nth
        shutil.rmtree(place, ignore_errors=True)
        _copied(place / "source")
        environment = {**os.environ, "SOURCE_DATE_EPOCH": _moment(), "PYTHONHASHSEED": str(len(made))}
        command = [sys.executable, "-m", "hatchling", "build", "-d", str(place.resolve() / "dist")]
        subprocess.run(command, cwd=place / "source", env=environment, check=True, stdout=subprocess.DEVNULL)
        built = sorted((place / "dist").iterdir())
        made.append({each.name: hashlib.sha256(each.read_bytes()).hexdigest() for each in built})
    if made[0] != made[1]:
        raise SystemExit(f"the two builds differ: {made}")
    kept = [Path(shutil.copy(each, folder)) for each in sorted((folder / "first" / "dist").iterdir())]
    for nth in ("first", "second"):
        shutil.rmtree(folder / nth)
    return kept


def _copied(place: Path) -> None:
    """The files that are under version control, as they are now, in another place."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, check=True, capture_output=True, text=True)  # noqa: S607
    for name in filter(None, listed.stdout.split("\0")):
        if (ROOT / name).is_file():
            (place / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(ROOT / name, place / name)
            (place / name).chmod(0o755 if os.access(ROOT / name, os.X_OK) else 0o644)


def _moment() -> str:
    """Seconds of the last commit, which all files of a release carry."""
    command = ["git", "log", "-1", "--format=%ct"]
    return subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout.strip()


def main() -> None:
    """What is asked for on stdout."""
    asked = sys.argv[1:]
    if asked == ["licences"]:
        sys.stdout.write(licences())
    elif asked == ["sbom"]:
        sys.stdout.write(sbom())
    elif len(asked) == 2 and asked[0] == "dist":
        for path in dist(Path(asked[1])):
            sys.stdout.write(f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path}\n")
    else:
        raise SystemExit(__doc__)


if __name__ == "__main__":
    main()

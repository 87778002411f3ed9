"""Licences, bill of materials and the build: what they say is what is locked and installed."""

import importlib.util
import json
import re
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def supply():
    """release/supply.py, which is a script and in no package."""
    spec = importlib.util.spec_from_file_location("supply", ROOT / "release" / "supply.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules["supply"] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def told():
    """The rows of docs/licences.md: package, version, licence, use."""
    lines = (ROOT / "docs" / "licences.md").read_text(encoding="utf-8").splitlines()
    return [tuple(line.strip("| ").split(" | ")) for line in lines if re.match(r"\| [\w.-]+ \| \d", line)]


def test_every_package_of_the_lock_has_its_licence_told(supply, told):
    assert {row[0]: row[1] for row in told} == supply.locked(), "make licences"


def test_every_licence_is_known_and_none_binds_those_who_use_the_program(told):
    assert all(len(row) == 4 and row[2] not in {"", "unknown"} for row in told)
    assert [row for row in told if re.search(r"\b[AL]?GPL", row[2])] == []


def test_what_an_installation_needs_is_told_from_what_tests_need(told):
    used = {row[0]: row[3] for row in told}
    assert used["polars"] == used["torch"] == used["regex"] == "runtime"
    assert used["pytest"] == used["moto"] == "development"


def test_the_bill_of_materials_names_every_package_and_is_the_same_every_time(supply):
    bill = json.loads(supply.sbom())
    assert supply.sbom() == supply.sbom()
    assert bill["bomFormat"] == "CycloneDX"
    assert {each["name"]: each["version"] for each in bill["components"]} == supply.locked()
    assert all(each["purl"].startswith("pkg:pypi/") and each["licenses"] for each in bill["components"])

"""The samples come with the program: where they lie, and that whatever builds a package has them at hand."""

import tomllib
from pathlib import Path

import pytest

from empathy_scan import samples
from empathy_scan.errors import UsageError

ROOT = Path(__file__).parents[1]
INCLUDED = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["hatch"]["build"]["targets"][
    "wheel"
]["force-include"]


def test_a_checkout_takes_those_of_its_data():
    assert samples.folder() == ROOT / "data" / "samples"


def test_an_installed_package_takes_its_own(tmp_path, monkeypatch):
    (tmp_path / "empathy_scan" / "samples").mkdir(parents=True)
    monkeypatch.setattr(samples.resources, "files", lambda name: tmp_path / name)
    assert samples.folder() == tmp_path / "empathy_scan" / "samples"


def test_a_package_without_samples_says_so(tmp_path, monkeypatch):
    monkeypatch.setattr(samples.resources, "files", lambda name: tmp_path / "a" / "b" / name)
    with pytest.raises(UsageError, match="holds no samples"):
        samples.folder()


def test_the_wheel_holds_them_where_the_program_looks():
    assert INCLUDED["data/samples"] == "empathy_scan/samples"
    files = [path for path in (ROOT / "data" / "samples").rglob("*") if path.is_file()]
    assert len(files) == 118
    assert sum(path.stat().st_size for path in files) < 1_000_000


@pytest.mark.parametrize("source", INCLUDED)
def test_the_image_is_built_from_all_that_the_wheel_holds(source):
    copied = (ROOT / "deploy" / "Dockerfile").read_text(encoding="utf-8")
    assert f"\nCOPY {source} {source}\n" in copied

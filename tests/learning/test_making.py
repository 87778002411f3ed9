"""New bundles from old ones: fingerprints, known errors, and a folder that is whole or not there."""

import json
from dataclasses import replace

import pytest

from empathy_scan import quantify
from empathy_scan.errors import ModelError, OutputError, UsageError
from empathy_scan.learning import making
from empathy_scan.model import bundle, files
from empathy_scan.quantify import ErrorRates

TOLD = {"made_by": "calibrate", "labels": {}}
SOME = ErrorRates({"guarded_rate": ((40, 2), (3, 30))}, "ours")


@pytest.fixture
def made(tmp_path, tiny_bundle):
    """Makes a bundle with other errors or thresholds."""
    old = bundle.load(tiny_bundle)

    def made(name, errors=None, **decisions):
        with making.aside(tmp_path / name) as part:
            making.write(part, tiny_bundle, old, replace(old.decisions, **decisions))
            known_as = making.finish(part, tiny_bundle, errors, TOLD, "# Ours\n")
            making.put(part, tmp_path / name)
        return tmp_path / name, known_as

    return made


def test_the_fingerprint_changes_with_all_that_changes_figures(made, tiny_bundle):
    others = replace(SOME, confusions={"guarded_rate": ((40, 2), (3, 31))})
    found = [
        made("same")[1], made("errors", SOME)[1], made("others", others)[1], made("band", SOME, band=0.1)[1],
        bundle.load(tiny_bundle).fingerprint,
    ]  # fmt: skip
    assert len(set(found)) == len(found)
    assert made("again", SOME)[1] == found[1]


def test_known_errors_that_are_not_those_of_the_bundle_are_damage(made):
    path, known_as = made("ours", SOME)
    assert bundle.load(path).fingerprint == known_as
    assert quantify.load(path) == SOME
    quantify.save(path, replace(SOME, source="theirs"))
    with pytest.raises(ModelError, match=r"errors\.json"):
        bundle.load(path)
    (path / files.ERRORS_FILE).unlink()
    with pytest.raises(ModelError, match=r"errors\.json"):
        bundle.load(path)


def test_the_two_names_of_the_file_of_errors_are_one():
    assert quantify.FILE == files.ERRORS_FILE


def test_a_bundle_is_never_written_over(tmp_path):
    (tmp_path / "there").mkdir()
    making.demand_new(tmp_path / "there")
    (tmp_path / "there" / "config.json").write_text("{}", encoding="utf-8")
    with pytest.raises(UsageError, match="is there already"):
        making.demand_new(tmp_path / "there")


def test_nothing_is_left_of_a_bundle_that_failed(tmp_path):
    with pytest.raises(ZeroDivisionError), making.aside(tmp_path / "new"):
        1 / 0  # noqa: B018 - what goes wrong
    assert list(tmp_path.iterdir()) == []
    (tmp_path / "file").write_text("", encoding="utf-8")
    with pytest.raises(OutputError, match="cannot be written"), making.aside(tmp_path / "file" / "new"):
        pass


def test_the_card_begins_with_what_is_new(made):
    path, _ = made("ours", SOME)
    assert (path / "README.md").read_text(encoding="utf-8").startswith("# Ours\n")
    assert json.loads((path / files.FACTS).read_text(encoding="utf-8"))["reviews"] == TOLD

"""Addresses in object stores, and what is told of those that cannot be used."""

from pathlib import Path

import pytest

from empathy_scan.errors import UsageError
from empathy_scan.readers import files, objects


@pytest.mark.parametrize(
    ("given", "address"),
    [
        ("s3://calls/exports", "s3://calls/exports"),
        (Path("s3://calls/exports/"), "s3://calls/exports"),
        ("s3:/calls", "s3://calls"),
        ("az://box/day one", "az://box/day one"),
        ("gs://b/k/", "gs://b/k"),
        ("exports", ""),
        ("/srv/s3:/x", ""),
        ("http://calls/exports", ""),
        ("c:/exports", ""),
    ],
)
def test_an_address_is_known_though_path_joins_its_slashes(given, address):
    assert objects.address(given) == address


def test_a_folder_that_is_called_like_an_address_is_a_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "s3:" / "calls").mkdir(parents=True)
    assert objects.address(Path("s3:/calls")) == ""


def test_an_address_without_a_bucket_is_told():
    with pytest.raises(UsageError, match="names no bucket"):
        files.find([Path("s3://")])


def test_an_object_has_the_parts_of_a_path():
    path = files.path_of("s3://calls/2026/utterances.JSONL")
    assert (path.name, path.suffix) == ("utterances.JSONL", ".JSONL")
    assert str(path.parent / "speakers.json") == "s3://calls/2026/speakers.json"
    with pytest.raises(ValueError, match="only read"):
        path.open("wb")

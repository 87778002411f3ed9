"""Inputs that `make fuzz` once found: a scan survives them, and rejects have reasons that help."""

from pathlib import Path

import pytest

from empathy_scan import prepare, segment
from empathy_scan.config import Config, ReadConfig
from empathy_scan.readers import registry

SEEDS = Path(__file__).parent / "data" / "fuzz"
FORMATS = {reader.name for reader in registry.FORMATS}


@pytest.mark.parametrize("path", sorted(SEEDS.iterdir()), ids=lambda path: path.name)
@pytest.mark.parametrize("forced", [False, True], ids=["found", "forced"])
def test_what_was_found_is_read_or_rejected_with_a_reason_that_helps(path, forced):
    name = path.name.rpartition("-")[0]  # `csv-half_a_row`: the reader, and what it is
    assert name in FORMATS
    made = prepare.turns([path], Config(read=ReadConfig(format=name if forced else "")))
    segment.split(made.turns, Config().segment)
    assert [why for why in made.rejects["reason"] if "cannot make sense of it" in why] == []

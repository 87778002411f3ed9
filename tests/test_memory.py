"""What a scan holds while it reads and scores: two parts of the input, however many there are."""

import gc
from dataclasses import replace

import polars as pl
import pytest

from empathy_scan import pipeline, prepare, stages
from empathy_scan.ahead import ahead
from empathy_scan.config import Config, RedactConfig
from empathy_scan.readers import batches
from empathy_scan.readers.conversation import Turn
from empathy_scan.store import Store

PER_FILE, PER_PART, PARTS = 10, 40, 8  # turns, turns, parts
CHEAP = replace(Config(), redact=replace(RedactConfig(), enabled=False))


@pytest.fixture
def exports(tmp_path, monkeypatch):
    """A folder of eight parts, which all say the same, so that hardly anything has to be scored."""
    monkeypatch.setattr(batches, "LITTLE_BYTES", 0)
    monkeypatch.setattr(batches, "TURNS_PER_PART", PER_PART)
    folder = tmp_path / "exports"
    folder.mkdir()
    for file in range(PARTS * PER_PART // PER_FILE):
        rows = [
            f"c{file}-{n},{turn},{role},ann,2026-10-05T09:00:00Z,{text}"
            for n in range(PER_FILE // 2)
            for turn, (role, text) in enumerate((("customer", "It came late."), ("agent", "I am sorry.")))
        ]
        lines = ["conversation_id,turn,role,agent_id,started_at,text", *rows]
        (folder / f"{file:03}.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return folder


def alive(*kinds):
    """The objects of each kind that somebody holds."""
    gc.collect()
    there = gc.get_objects()
    return [[each for each in there if type(each) is kind] for kind in kinds]


def texts(frames, but):
    """Turns in the frames, but for those that other tests of this process have left behind."""
    known = {id(each) for each in but}
    named = {"conversation_id", "text"}
    return [each for each in frames if id(each) not in known and named <= set(each.columns) and each.height]


def test_nothing_of_a_part_is_kept_when_the_next_is_there(exports):
    turns = frames = parts = 0
    before = [len(each) for each in alive(Turn, pl.DataFrame)]
    for number, part in enumerate(prepare.parts([exports], CHEAP), 1):
        assert part.turns.height == PER_PART
        turns, frames = (len(each) for each in alive(Turn, pl.DataFrame))
        parts = number
    assert parts == PARTS
    assert turns - before[0] <= PER_FILE  # of the file that was opened last
    assert frames - before[1] < 10  # those of one part


def test_a_scan_holds_two_parts_at_most(exports, tmp_path, generous_bundle):
    most = {"parts": 0, "turns": 0, "rows": 0}

    def told(name, done, _):
        if name == stages.SCORING and done and done % PER_PART == 0:
            parts, turns, frames = alive(prepare.Prepared, Turn, pl.DataFrame)
            rows = sum(each.height for each in texts(frames, held))
            now = {"parts": len(parts), "turns": len(turns), "rows": rows}
            most.update({key: max(most[key], value) for key, value in now.items()})

    into = {"store": tmp_path / "store", "reports": tmp_path / "report", "model": generous_bundle, "told": told}
    before = dict(zip(most, map(len, alive(prepare.Prepared, Turn)), strict=False))
    (held,) = alive(pl.DataFrame)
    done = pipeline.scan([exports], config=CHEAP, **into)
    assert done.scored == PARTS * PER_PART // 2
    assert 0 < most["parts"] - before["parts"] <= 3  # one that is scored; one that is made, for a moment twice
    assert most["turns"] - before["turns"] <= PER_PART + PER_FILE
    assert PER_PART <= most["rows"] < PARTS * PER_PART * 2


def test_the_first_part_is_let_go_of(exports):
    seen = []
    (before,) = alive(pl.DataFrame)
    for part in ahead(prepare.parts([exports], CHEAP)):
        seen.append(part.turns["conversation_id"][0])
        del part
        held = {each["conversation_id"][0] for each in texts(*alive(pl.DataFrame), before)}
        assert not held & {*seen[:-1]}
    assert len(seen) == PARTS


def test_parts_give_the_store_that_one_part_gives(exports, tmp_path, generous_bundle, monkeypatch):
    stored = []
    for name, turns in (("small", PER_PART), ("whole", 10**6)):
        monkeypatch.setattr(batches, "TURNS_PER_PART", turns)
        into = {"store": tmp_path / name, "reports": tmp_path / f"{name}-report", "model": generous_bundle}
        pipeline.scan([exports], config=CHEAP, **into)
        stored.append(Store.open(tmp_path / name).load())
    for name in ("conversations", "turns", "scores", "labels", "rejects"):
        assert getattr(stored[0], name).equals(getattr(stored[1], name)), name

"""Which turns are drawn for an own label: what a head doubts, what it is sure of, and how many turns are looked at."""

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from empathy_scan import own
from empathy_scan.own import drawing

shares = st.lists(st.floats(0, 1, width=32), min_size=1, max_size=20)


def judged(chances):
    """Rows of `own_labels` with these chances, a turn each."""
    return pl.DataFrame({"conversation_id": "c", "turn": range(len(chances)), "p": chances}).with_columns(
        pl.col("turn").cast(pl.Int32), pl.col("p").cast(pl.Float32)
    )


@given(shares, st.floats(0.05, 0.95))
def test_doubt_is_greatest_at_the_threshold_and_likelihood_grows_with_the_chance(chances, threshold):
    found = drawing.by_head(judged(chances), threshold).turns.sort("turn")
    doubts, likely = found["doubt"].to_list(), found["likely"].to_list()
    assert all(0 <= each <= 1 for each in (*doubts, *likely))
    for side in (-1, 1):
        own_side = sorted((side * (p - threshold), doubt) for p, doubt in zip(chances, doubts, strict=True))
        own_side = [doubt for distance, doubt in own_side if distance >= 0]
        assert own_side == sorted(own_side, reverse=True)  # farther from the threshold, less doubtful
    ranked = [value for _, value in sorted(zip(chances, likely, strict=True))]
    assert ranked == sorted(ranked)


def test_a_turn_at_the_threshold_is_wholly_doubtful_and_a_sure_one_not_at_all():
    found = drawing.by_head(judged([0.0, 0.25, 1.0]), 0.25).turns.sort("turn")
    assert found["doubt"].to_list() == [0, 1, 0]
    assert found["likely"].to_list() == [0, 0.0625, 1]


def test_few_turns_are_all_looked_at_and_of_many_whole_conversations_the_same_every_time():
    per, held = 50, 1_000
    turns = pl.DataFrame({"conversation_id": [f"c{at // per:04}" for at in range(per * held)]})
    few = turns.head(drawing.MOST)
    assert drawing.some(few).equals(few)
    kept = drawing.some(turns)
    assert drawing.MOST // 2 < kept.height <= drawing.MOST
    assert kept.group_by("conversation_id").len()["len"].unique().to_list() == [per]
    assert drawing.some(turns.reverse())["conversation_id"].unique().sort().to_list() == (
        kept["conversation_id"].unique().sort().to_list()
    )


def test_a_head_of_an_older_wording_of_the_label_decides_nothing(trained):
    label = own.asked_for(trained.config, "next_steps")
    path = trained.folder / "labels.toml"
    path.write_text(path.read_text(encoding="utf-8").replace("Tells what comes next?", "Says when?"), encoding="utf-8")
    changed = own.asked_for(trained.config, "next_steps")
    stored = trained.store.load()
    told = [
        drawing.outlook(trained.store, stored, each, trained.config, bundle=trained.bundle).turns["doubt"].sum()
        for each in (label, changed)
    ]
    assert told[0] > 0
    assert told[1] == pytest.approx(0)  # by the examples, which know no doubt

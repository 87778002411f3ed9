"""The key facts of benchmarks/truth.py, from few draws: what the figures say of made-up agents is true of them."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from empathy_scan.tables import LABELS, conform

sys.path.insert(0, str(Path(__file__).parents[1] / "benchmarks"))
import simulate
import truth

AGENTS = 200


@pytest.fixture(scope="module")
def drawn():
    """Figures of many agents of whom the same is true, from thirty conversations each, beside the truth."""
    random = np.random.default_rng(3)
    of = {"mirroring": 0.2, "flinching": 0.5}
    told = ("empathy_rate", "mirroring", "abuse_load")
    sums = truth.sums_of(simulate.alike(AGENTS, **of), 30, random).filter(pl.col("measure").is_in(told))
    great_many = truth.sums_of(simulate.alike(1, **of), 8000, random).group_by("measure").agg(pl.col(truth.SUMS).sum())
    true = pl.concat([great_many.filter(measure=name).select("measure", truth=truth._truth(name)) for name in told])
    return truth.figures_of(sums).join(true, on="measure")


def test_a_simulated_centre_is_labels_and_the_same_seed_gives_the_same():
    one, other = (simulate.centre(simulate.alike(3), 20, np.random.default_rng(1))[0] for _ in range(2))
    assert conform(one, LABELS).equals(other)
    assert one["conversation_id"].n_unique() == 60


def test_agents_mirror_by_the_amount_they_were_given(drawn):
    assert drawn.filter(measure="mirroring")["truth"][0] == pytest.approx(0.2, abs=0.015)


@pytest.mark.parametrize("measure", ["empathy_rate", "mirroring", "abuse_load"])
def test_19_of_20_intervals_hold_the_truth(drawn, measure):
    told = drawn.filter(measure=measure).drop_nulls("value")
    held = (told["low"] <= told["truth"]) & (told["truth"] <= told["high"])
    assert told.height > 0.95 * AGENTS
    assert 0.905 <= held.mean() <= 0.99  # three standard errors of 200 draws


def test_of_agents_who_are_all_alike_hardly_one_stands_out_whatever_customers_they_get():
    random, named = np.random.default_rng(4), []
    measures = ("empathy_rate", "missed_rate", "guarded_rate", "mirroring")
    for _ in range(12):
        labels, _ = simulate.centre(truth.team_of(5, random, mixed=True, mirroring=0.1), 60, random)
        found = truth.compared(labels, measures).group_by("agent_id").agg(pl.col("stands_out").any())
        named += found["stands_out"].to_list()
    assert len(named) == 60
    assert sum(named) <= 6  # 5% are 3


def test_a_mirroring_of_a_fifth_is_seen_in_200_conversations():
    random, agents = np.random.default_rng(5), simulate.alike(12)
    agents = replace(agents, mirroring=np.where(np.arange(12) < 4, 0.2, 0.0))
    made = [truth.compared(simulate.centre(agents, 200, random)[0], ("mirroring",)) for _ in range(3)]
    who = pl.concat(made).filter(pl.col("agent_id") < "a0004")
    assert who.height == 12
    assert (who["low"] > 0).mean() >= 0.8
    assert who["stands_out"].mean() >= 0.8


def test_who_gets_all_the_angry_customers_is_like_the_others_once_adjusted():
    random, team = np.random.default_rng(6), simulate.alike(6, flinching=1.2, mirroring=0.15, heat=-2.2, calming=0.0)
    heat = team.heat.copy()
    heat[0] = 0.8
    team = replace(team, heat=heat)
    true = truth._with_the_teams_customers(team, random, 1200)
    measures = ("empathy_rate", "guarded_rate")
    made = pl.concat([truth.compared(simulate.centre(team, 150, random)[0], measures) for _ in range(4)])
    for measure in measures:
        own = made.filter(agent_id="a0000", measure=measure)
        raw, adjusted = (abs(own[name].mean() - true[measure]) for name in ("value", "adjusted"))
        assert raw > 0.05
        assert adjusted < raw / 3

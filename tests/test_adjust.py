"""Figures for the customers that an agent got: against the manual's example and made-up centres."""

import numpy as np
import polars as pl
import pytest

from empathy_scan import adjust
from empathy_scan.config import SummaryConfig
from empathy_scan.opportunities import opportunities
from empathy_scan.summary import figures
from label_frames import labels

QUICK = SummaryConfig(minimum_conversations=1, resamples=200)


def centre(plan):
    """Labels of agents by the number of upset and hostile customers, and of those understood, a conversation each."""
    talks = {}
    for agent, kinds in plan.items():
        for tone, (customers, understood) in kinds.items():
            for number in range(customers):
                flags = "A" if number < understood else "-"
                talks[f"{agent}-{tone}-{number}"] = [f"customer {tone}", f"{agent} {flags} 0"]
    return labels(talks)


def row(frame, agent, measure="empathy_rate"):
    return frame.filter(scope="agent", agent_id=agent, measure=measure).row(0, named=True)


def test_the_example_of_the_manual_in_large():
    others = {1: (1000, 800), 2: (1000, 100)}
    made = figures(centre({"ana": {1: (200, 200), 2: (800, 200)}, "ben": others, "cho": others}), QUICK)
    ana = row(made, "ana")
    assert ana["value"] == pytest.approx(0.4)
    reference = (2200 * 0.8 + 2800 * 0.1) / 5000
    assert ana["reference"] == pytest.approx(reference, abs=2e-3)
    assert ana["adjusted"] == pytest.approx(400 / (200 * 0.8 + 800 * 0.1) * reference, abs=0.01)
    assert ana["adjusted_low"] < ana["adjusted"] < ana["adjusted_high"]
    assert ana["stands_out"]


def test_who_gets_all_the_angry_calls_is_not_worse_once_adjusted():
    usual = {1: (60, 48), 2: (20, 4)}
    made = figures(centre({"ana": {1: (8, 6), 2: (72, 15)}, "ben": usual, "cho": usual, "dee": usual}), QUICK)
    ana, ben = row(made, "ana"), row(made, "ben")
    assert ana["value"] < ben["value"] - 0.3
    assert ana["adjusted"] == pytest.approx(ben["adjusted"], abs=0.08)
    assert not ana["stands_out"]


def test_agents_with_the_same_customers_keep_their_raw_rates():
    plan = {name: {1: (40, hits)} for name, hits in {"ana": 10, "ben": 20, "cho": 30}.items()}
    made = figures(centre(plan), QUICK)
    for name in plan:
        assert row(made, name)["adjusted"] == pytest.approx(row(made, name)["value"], abs=1e-9)


def test_fewer_conversations_are_drawn_further_towards_the_team():
    plan = {f"a{n}": {1: (60, 24 + 2 * n)} for n in range(6)} | {"new": {1: (4, 4)}, "old": {1: (80, 60)}}
    made = figures(centre(plan), QUICK)
    new, old = row(made, "new"), row(made, "old")
    assert old["adjusted"] - old["shrunken"] < new["adjusted"] - new["shrunken"]
    assert new["shrunken_low"] <= new["shrunken"] <= new["shrunken_high"]


def test_two_agents_are_no_team_to_be_compared_with():
    made = figures(centre({"ana": {1: (40, 10)}, "ben": {1: (40, 30)}}), QUICK)
    assert made.select(pl.col(list(adjust.COLUMNS)).null_count()).row(0) == (made.height,) * len(adjust.COLUMNS)


def test_teams_and_what_is_no_rate_of_turns_are_not_adjusted():
    made = figures(centre({name: {1: (20, 10), 2: (9, 3)} for name in ("ana", "ben", "cho")}), QUICK)
    told = made.filter(pl.col("adjusted").is_not_null())
    assert set(told["scope"]) == {"agent"}
    assert set(told["measure"]) <= set(adjust.RATES)


def test_a_measure_without_a_value_has_nothing_beside_it():
    made = figures(centre({name: {1: (3, 1)} for name in ("ana", "ben", "cho", "dee")}), SummaryConfig(resamples=20))
    assert made.filter(pl.col("adjusted").is_not_null()).is_empty()


def test_mirroring_is_drawn_towards_the_team_and_tested_but_not_adjusted():
    talks = {}
    for agent, snaps in {"ana": 1, "ben": 2, "cho": 9, "dee": 1}.items():
        for number in range(12):
            talks[f"{agent}-{number}"] = [
                "customer 0",
                f"{agent} - 0",
                "customer 2 i",
                f"{agent} - {int(number < snaps)}",
            ]
    cho = row(figures(labels(talks), QUICK), "cho", "mirroring")
    assert cho["adjusted"] is None
    assert cho["reference"] < cho["shrunken"] < cho["value"]
    assert cho["stands_out"]


def test_without_any_difference_hardly_anybody_stands_out():
    random = np.random.default_rng(1)
    named = 0
    for _ in range(40):
        plan = {
            f"a{n}": {1: (30, int(random.binomial(30, 0.4))), 2: (10, int(random.binomial(10, 0.2)))} for n in range(8)
        }
        rows = opportunities(centre(plan)).filter(measure="empathy_rate")
        told = pl.DataFrame({"agent_id": list(plan), "measure": "empathy_rate", "value": 0.5})
        named += adjust.compared(rows, told, QUICK)["stands_out"].any()
    assert named <= 6  # 2 expected of 40

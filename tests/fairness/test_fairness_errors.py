"""Errors by group: a planted difference is found, an equal one is not, and too little is said to be too little."""

import random

import polars as pl
import pytest

from empathy_scan.fairness import errors
from empathy_scan.fairness.errors import ALL, FALSE, FOUND, GROUPS, RIGHT, UNITS


def turns(found_north, found_south, *, each=200, weight=1.0, seed=1):
    """Turns of two sites of which half hold understanding; the model finds these shares of it, and invents a tenth."""
    luck = random.Random(f"{seed}")  # noqa: S311 - for tests
    units, groups = [], []
    for site, share in (("north", found_north), ("south", found_south)):
        for number in range(each):
            truth = number % 2 == 0
            said = luck.random() < (share if truth else 0.1)
            units.append({
                "unit": len(units), "conversation_id": f"{site}{number // 4}", "agent_id": f"a{number % 7}",
                "turn": number, "role": "agent", "weight": weight, "people_care": "empathic" if truth else "neutral",
                "people_tone": 0, "model_care": "empathic" if said else "neutral", "model_tone": 0,
            })  # fmt: skip
            groups.append((len(groups), "site", site))
    return pl.DataFrame(units, schema=UNITS), pl.DataFrame(groups, schema=GROUPS, orient="row")


def keyed(found):
    return {(each.facet, each.group, each.event, each.kind): each for each in found}


def test_a_model_that_finds_less_in_one_group_is_found_out():
    found = keyed(errors.rates(*turns(0.9, 0.5)))
    north, south = (found["site", site, "understanding", FOUND] for site in ("north", "south"))
    assert south.gap.believed
    assert south.gap.estimate.high < -0.2
    assert north.estimate.low <= 0.9 <= north.estimate.high
    assert (north.turns, north.conversations) == (100, 50)
    assert not found["site", "south", "understanding", FALSE].gap.believed


def test_a_model_that_errs_alike_is_not():
    found = [errors.rates(*turns(0.8, 0.8, seed=seed)) for seed in range(8)]
    assert not any(each.gap and each.gap.believed for rows in found for each in rows)


def test_all_turns_together_come_first_and_have_no_gap():
    found = errors.rates(*turns(0.9, 0.5))
    assert found[0].facet == ALL
    assert all(each.gap is None for each in found if each.facet == ALL)
    assert {each.kind for each in found if each.event == "understanding" and each.facet == ALL} == {FOUND, FALSE, RIGHT}


def test_too_little_is_called_so():
    found = keyed(errors.rates(*turns(0.9, 0.5, each=12)))
    assert found["site", "north", "understanding", FOUND].why == "too little: 6 of 10 messages needed"
    assert found["site", "north", "agent_hostile", FOUND].turns == 0


def test_turns_count_by_how_probably_they_were_drawn():
    units, groups = turns(1.0, 1.0)
    missed = pl.col("unit") % 20 == 0  # every tenth of those with understanding
    skewed = units.with_columns(
        model_care=pl.when(missed).then(pl.lit("neutral")).otherwise("model_care"),
        weight=pl.when(missed).then(9.0).otherwise(1.0),
    )
    found = keyed(errors.rates(skewed, groups))
    assert found["site", "north", "understanding", FOUND].estimate.value == pytest.approx(0.5)


def test_rates_that_few_agents_have_made_are_kept_back():
    units, groups = turns(0.9, 0.5)
    found = keyed(errors.rates(units.with_columns(agent_id=pl.lit("one")), groups, fewest={"site": 2}))
    kept = found["site", "north", "understanding", FOUND]
    assert (kept.estimate, kept.turns, kept.why) == (None, 0, "made by fewer than 2 agents")

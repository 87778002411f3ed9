"""Differences between agents that are those of groups, and such as are not: centres whose truth is known."""

import polars as pl
import pytest

import biased
from empathy_scan import confounding
from empathy_scan.config import SummaryConfig
from empathy_scan.group_figures import AGENT, CONVERSATION, Facet

CONFIG = SummaryConfig()


def by_queue(made):
    groups = made["turns"].select("conversation_id", group="queue").unique()
    return Facet("queue", CONVERSATION, groups)


def understood(facet, rows):
    found = confounding.compared(rows, [facet], CONFIG)
    return next(each for each in found if each.measure == "empathy_rate")


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_agents_who_differ_only_by_their_queue_are_warned_of(seed):
    made, rows = biased.frames(by_queue=0.5, seed=seed)
    found = understood(by_queue(made), rows)
    assert found.warns
    assert len(found.explained) >= len(found.differing) - 1 > 0
    assert all(abs(each.within.value) < abs(each.counted.value) / 2 for each in found.explained)


@pytest.mark.parametrize("seed", [1, 2, 3])
@pytest.mark.parametrize("sorted_queues", [True, False])
def test_agents_who_truly_differ_are_not(seed, sorted_queues):
    made, rows = biased.frames(by_agent=0.4, sorted_queues=sorted_queues, seed=seed)
    found = understood(by_queue(made), rows)
    assert len(found.differing) >= 4
    assert not found.warns


def test_a_queue_that_matters_but_is_shared_evenly_explains_nothing():
    made, rows = biased.frames(by_agent=0.4, by_queue=0.3, sorted_queues=False)
    assert not understood(by_queue(made), rows).warns


def test_where_nothing_differs_nothing_is_said():
    warned = 0
    for seed in range(5):
        made, rows = biased.frames(seed=seed)
        warned += any(each.warns for each in confounding.compared(rows, [by_queue(made)], CONFIG))
    assert warned == 0


def test_agents_who_work_alone_cannot_be_told_from_their_queue():
    _, rows = biased.frames(by_agent=0.5)
    own = rows.select("conversation_id", group="agent_id").unique()
    found = understood(Facet("queue", CONVERSATION, own), rows)
    assert found.differing == found.alone
    assert found.warns
    assert {each.within for each in found.agents} == {None}


def test_a_group_that_agents_belong_to_explains_their_difference():
    _, rows = biased.frames(by_agent=0.5)
    even = pl.col("agent_id").str.slice(-1).cast(int) % 2 == 0
    spoken = rows.select("agent_id").unique()
    spoken = spoken.with_columns(group=pl.when(even).then(pl.lit("north")).otherwise(pl.lit("south")))
    found = understood(Facet("site", AGENT, spoken, given=True), rows)
    assert found.warns
    assert len(found.explained) >= 6


def test_one_group_or_two_agents_are_no_comparison():
    made, rows = biased.frames(agents=2, by_agent=0.5)
    assert confounding.compared(rows, [by_queue(made)], CONFIG) == ()
    made, rows = biased.frames()
    one = by_queue(made).groups.with_columns(group=pl.lit("all"))
    assert confounding.compared(rows, [Facet("queue", CONVERSATION, one)], CONFIG) == ()


def test_within_one_group_more_the_difference_is_the_counted_one():
    """With the groups dealt evenly, opportunity by opportunity, fitting them changes nothing."""
    _, rows = biased.frames(by_agent=0.4)
    turns = rows.filter(pl.col("measure") == "empathy_rate").select("conversation_id", "turn").unique()
    both = pl.concat([turns.with_columns(group=pl.lit(name)) for name in "ab"])
    found = understood(Facet("twice", ("conversation_id", "turn"), both), rows)
    for each in found.agents:
        assert each.within.value == pytest.approx(each.counted.value)
        assert each.p_move == pytest.approx(1.0)

"""Figures of groups: which group a message is in, what is told of it, and what is kept back."""

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

import biased
from empathy_scan import group_figures
from empathy_scan.config import SummaryConfig
from empathy_scan.group_figures import AGENT, CONVERSATION, OTHERS, Facet
from talks import Talk, frames_of

CONFIG = SummaryConfig(resamples=100)


def test_a_message_has_the_groups_of_the_one_that_it_answers_or_that_answers_it():
    made = frames_of(
        Talk("c", "ann", [("customer", "I AM STILL WAITING FOR THE BED", "2"), ("agent", "I'm gonna ring them.", "O0")])
    )
    facets = {each.name: each for each in group_figures.of_turns(made["turns"], made["labels"])}
    assert facets["customer's tone"].groups.sort("turn")["group"].to_list() == ["hostile", "hostile"]
    assert facets["customer's way of writing"].groups["group"].to_list() == ["in capitals"] * 2
    assert facets["agent's way of writing"].groups["group"].to_list() == ["dialect or informal spelling"] * 2
    assert facets["length of the agent's message"].groups["group"].to_list() == ["1 to 10 words"] * 2
    assert facets["recogniser's confidence in the agent's words"].groups.is_empty()


def test_a_queue_where_more_is_understood_is_surely_apart():
    made, rows = biased.frames(by_queue=0.5)
    facet = Facet("queue", CONVERSATION, made["turns"].select("conversation_id", group="queue").unique())
    found = {
        (each.group, each.measure): each
        for each in group_figures.figures(rows, [facet], CONFIG, minimum_agents=5)
    }  # fmt: skip
    billing, repairs = (found[queue, "empathy_rate"] for queue in ("billing", "repairs"))
    assert billing.gap.believed
    assert billing.gap.estimate.value == pytest.approx(-repairs.gap.estimate.value)
    assert billing.estimate.value - repairs.estimate.value == pytest.approx(billing.gap.estimate.value)
    assert billing.agents == 8
    assert found["billing", "rise_above_rate"].why == "not enough conversations yet (0 of 5 needed)"


def test_groups_of_few_agents_are_told_together_or_not_at_all():
    spoken = pl.DataFrame({"agent_id": list("abcdefgh"), "conversation_id": list("12345678")})
    groups = pl.DataFrame({"agent_id": list("abcdefgh"), "group": ["x", "x", "x", "y", "y", "y", "z", "w"]})
    told = group_figures.cautious(Facet("site", AGENT, groups, given=True), spoken, minimum_agents=3)
    names = dict(told.groups.iter_rows())
    assert names["g"] == names["h"] == OTHERS  # one of y or x went with them: two agents are too few
    assert sorted(names.values()).count(OTHERS) == 5
    alone = group_figures.cautious(Facet("site", AGENT, groups, given=True), spoken, minimum_agents=9)
    assert alone.groups.is_empty()


@given(st.lists(st.tuples(st.integers(0, 12), st.sampled_from("uvwxyz")), min_size=1), st.integers(2, 6))
def test_no_group_that_is_told_has_fewer_agents_than_wanted(rows, minimum):
    agents = dict(rows)
    spoken = pl.DataFrame({"agent_id": list(map(str, agents)), "conversation_id": list(map(str, agents))})
    groups = pl.DataFrame({"agent_id": list(map(str, agents)), "group": list(agents.values())})
    told = group_figures.cautious(Facet("site", AGENT, groups, given=True), spoken, minimum_agents=minimum)
    sizes = told.groups.group_by("group").agg(n=pl.col("agent_id").n_unique())
    assert sizes.filter(pl.col("n") < minimum).is_empty()
    hidden = len(agents) - told.groups.height
    assert hidden == 0 or told.groups.is_empty(), "what is left out could be found by taking the rest from the whole"


def test_a_figure_that_few_agents_of_a_given_group_have_made_is_kept_back():
    made, rows = biased.frames()
    groups = made["turns"].filter(pl.col("role") == "agent").select("agent_id").unique().with_columns(
        group=pl.when(pl.col("agent_id") == "agent.0").then(pl.lit("a")).otherwise(pl.lit("b"))
    )  # fmt: skip
    found = group_figures.figures(rows, [Facet("site", AGENT, groups, given=True)], CONFIG, minimum_agents=2)
    of_one = [each for each in found if each.group == "a"]
    assert of_one
    assert all(each.estimate is None and each.n == 0 and "fewer than 2 agents" in each.why for each in of_one)

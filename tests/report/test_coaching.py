"""Strengths and things to work on: only what is beyond chance, three at most, the most telling first."""

import pytest

from empathy_scan.report import coaching, support
from empathy_scan.report.findings import Answers
from empathy_scan.report.measures import Figure
from empathy_scan.report.support import Standing
from empathy_scan.stats import Estimate


def standing(name, value, low, high, *, n=40, team=0.0, past=0.0):
    figure = Figure(name, value, n, 20, low, high, "")
    return Standing(support.MEASURES[name], figure, team, past, "the team 20%", "before 10%")


def kinds(standings, counts):
    found = coaching.chosen({one.measure.name: one for one in standings}, counts, None)
    return [one.aim.kind for one in found]


def test_nothing_beyond_chance_is_nothing_to_work_on():
    assert kinds([standing("missed_rate", 0.5, 0.3, 0.7)], {"missed": 20}) == []
    assert coaching.rule(0) == "Nothing stands out that chance could not do."


def test_the_order_is_distance_times_moments_and_three_are_the_most():
    found = kinds(
        [
            standing("missed_rate", 0.5, 0.4, 0.6, team=0.1),
            standing("sorry_without_action", 0.9, 0.8, 0.95, team=0.2),
            standing("formulaicity", 0.9, 0.8, 0.95, team=0.05),
            standing("snap_after_pleasantry", 0.3, 0.2, 0.4, team=0.1),
        ],
        {"missed": 20, "sorry": 4, "house": 100, "snap": 3},
    )
    assert found == ["house", "missed", "sorry"]


def test_worse_than_before_is_worth_working_on_and_better_than_the_team_is_not():
    assert kinds([standing("missed_rate", 0.5, 0.4, 0.6, past=0.1)], {"missed": 5}) == ["missed"]
    assert kinds([standing("missed_rate", 0.1, 0.0, 0.2, team=-0.1)], {"missed": 5}) == []


def test_one_moment_is_no_habit():
    assert kinds([standing("missed_rate", 0.5, 0.4, 0.6, team=0.1)], {"missed": 1}) == []


def test_a_difference_after_attacks_is_held_against_none_at_all():
    assert kinds([standing("mirroring", 0.3, 0.1, 0.5)], {"mirroring": 6}) == ["mirroring"]
    assert kinds([standing("mirroring", 0.1, 0.01, 0.2)], {"mirroring": 6}) == []


def test_what_is_said_more_exactly_is_not_said_twice():
    low = standing("empathy_rate", 0.1, 0.05, 0.2, team=-0.3)
    assert kinds([low], {"missed": 5, "scripted": 9}) == ["unheard"]
    assert kinds([low, standing("scripted_rate", 0.8, 0.7, 0.9, team=0.4)], {"missed": 5, "scripted": 9}) == [
        "scripted"
    ]


def test_a_thing_to_work_on_has_its_number_count_and_range():
    found = coaching.chosen({"missed_rate": standing("missed_rate", 0.5, 0.4, 0.6, team=0.1)}, {"missed": 20}, None)
    assert found[0].text == (
        "Leaves 50% of 40 calls for empathy (40 to 60%) without understanding and without a stock phrase."
    )


def test_mirroring_is_told_in_counts():
    found = coaching.chosen(
        {"mirroring": standing("mirroring", 0.5, 0.3, 0.7)}, {"mirroring": 6}, Answers(10, 6, 50, 5)
    )
    assert found[0].text == (
        "Becomes guarded or hostile in 60% of turns after a hostile customer (6 of 10), against 10% otherwise "
        "(5 of 50): a difference of +50 points (+30 to +70)."
    )


def test_a_strength_stands_out_and_has_the_team_beside_it():
    said, stands_out = coaching.strengths({"empathy_rate": standing("empathy_rate", 0.8, 0.7, 0.9, team=0.2)}, None)
    assert stands_out
    assert said[0] == coaching.Strength(
        "Answers 80% of 40 calls for empathy (70 to 90%) with understanding.", "The team 20%."
    )


def test_without_a_strength_that_stands_out_the_steady_things_are_said():
    said, stands_out = coaching.strengths({"guarded_rate": standing("guarded_rate", 0.02, 0.0, 0.06)}, None)
    assert not stands_out
    assert [one.text for one in said] == ["Keeps a civil tone nearly always: guarded in 2% of 40 messages (0 to 6%)."]


def test_no_strength_is_made_up():
    assert coaching.strengths({"guarded_rate": standing("guarded_rate", 0.3, 0.2, 0.4)}, None) == ([], False)


@pytest.mark.parametrize(
    ("stands_out", "adjusted", "far"),
    [(True, Estimate(0.6, 0.5, 0.7), 0.2), (True, Estimate(0.1, 0.05, 0.2), -0.1), (False, Estimate(0.6, 0.5, 0.7), 0)],
)
def test_the_test_that_allows_for_the_customers_decides(stands_out, adjusted, far):
    figure = Figure("missed_rate", 0.6, 40, 20, 0.5, 0.7, "", adjusted=adjusted, reference=0.3, stands_out=stands_out)
    assert support.from_team(figure, None) == pytest.approx(far)


def test_without_a_test_the_whole_interval_decides():
    team = Figure("own_voice", 0.4, 400, 200, 0.35, 0.45, "")
    above, beside, below = (Figure("own_voice", low, 40, 20, low, low + 0.1, "") for low in (0.5, 0.4, 0.1))
    assert [round(support.from_team(figure, team), 2) for figure in (above, beside, below)] == [0.05, 0, -0.15]


def test_a_change_counts_only_where_the_test_holds():
    change = {
        "before": 0.6, "after": 0.4, "change": -0.2, "low": -0.3, "high": -0.1, "conversations_before": 30,
        "conversations_after": 12, "changed": False,
    }  # fmt: skip
    measure = support.MEASURES["missed_rate"]
    assert support.from_past(change) == 0
    assert support.from_past(change | {"changed": True}) == pytest.approx(-0.1)
    assert support.past_text(measure, change) == (
        "the last 4 weeks 40% in 12 conversations, before 60% in 30 conversations: −20 points (−30 to −10), which may "
        "be chance"
    )

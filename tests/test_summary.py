"""Figures of agents and team: every value and count is an oracle's, with intervals that hold it."""

from __future__ import annotations

import json
import math
from collections import defaultdict
from fractions import Fraction
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given, settings
from polars.testing import assert_frame_equal

from empathy_scan import adjust, summary
from empathy_scan.codebook import care_class
from empathy_scan.config import SummaryConfig
from empathy_scan.errors import SchemaError
from empathy_scan.labelled_rows import labels_from_rows
from empathy_scan.opportunities import opportunities
from empathy_scan.quantify import ErrorRates
from empathy_scan.summary import MEASURES, Kind, figures, to_json
from empathy_scan.tables import FIGURES, LABELS, conform
from label_frames import AGENTS, CONVERSATIONS, labels

ANY = SummaryConfig(minimum_conversations=1, resamples=40)
MANUAL = Path(__file__).parents[1] / "docs" / "measures.md"


def values(frame, agent=None, column="value"):
    """The values (or another column) by measure, of the team or of an agent."""
    scope = pl.col("scope") == "team" if agent is None else pl.col("agent_id") == agent
    return dict(frame.filter(scope).select("measure", column).rows())


# The oracle: every measure from the definitions of docs/measures.md, with loops over lists of turns.


COMPARED = {
    "mirroring": ("after hostile", "after other"),
    "snap_lift": ("after reciting", "after anything else"),
    "hostile_against_others": ("understood when hostile", "understood when not"),
    "calls_against_emails": ("understood in calls", "understood in e-mails"),
}


def oracle(frame, agent):
    """The values and the counts by measure of an agent, or of the team for None; None without an opportunity."""
    talks = defaultdict(list)
    for row in frame.sort("conversation_id", "turn").iter_rows(named=True):
        if row["role"] in {"agent", "customer"}:
            talks[row["conversation_id"]].append(row)
    seen = defaultdict(list)
    for talk in talks.values():
        look_at_customers(talk, agent, seen)
        look_at_agents(talk, agent, seen)
        look_at_changes(talk, agent, seen)
        look_at_the_whole(talk, agent, seen)
    found = {measure: average(seen[measure]) for measure in MEASURES}
    for measure, (some, others) in COMPARED.items():
        ours, theirs = average(seen[some]), average(seen[others])
        found[measure] = None if ours is None or theirs is None else ours - theirs
    counts = {measure: len(seen[measure]) for measure in MEASURES}
    counts |= {measure: len(seen[some]) for measure, (some, _) in COMPARED.items()}
    whole = {"calls_for_empathy": counts["empathy_rate"], "conversations": counts["abuse_load"]}
    return found | whole, counts | whole


def average(numbers):
    return sum(numbers) / len(numbers) if numbers else None


def is_mine(turn, agent):
    return turn["role"] == "agent" and agent in {None, turn["agent_id"]}


def look_at_customers(talk, agent, seen):
    for place, turn in enumerate(talk):
        later = [one for one in talk[place + 1 :] if one["role"] == "agent"]
        if turn["role"] != "customer" or not later or not is_mine(later[0], agent):
            continue
        first = later[0]
        window = [first, *[one for one in later[1:] if one["agent_id"] == first["agent_id"]][:1]]
        classes = [care_class(one["flags"]).value for one in window]
        if turn["tone"] > 0 or turn["hardship"]:
            seen["empathy_rate"].append("empathic" in classes)
            seen["scripted_rate"].append("scripted" in classes and "empathic" not in classes)
            seen["missed_rate"].append(set(classes) == {"neutral"})
            seen["understood when hostile" if turn["tone"] == 2 else "understood when not"].append(
                "empathic" in classes
            )
            seen["understood in calls"].append("empathic" in classes)
            seen["exploring"].append(any("X" in one["flags"] for one in window))
        if turn["tone"] == 2:
            cares = classes[0] == "empathic" or "O" in first["flags"]
            seen["rise_above_rate"].append(first["tone"] == 0 and cares)


def look_at_agents(talk, agent, seen):
    for place, turn in enumerate(talk):
        if not is_mine(turn, agent):
            continue
        seen["guarded_rate"].append(turn["tone"] == 1)
        seen["belittling_rate"].append(turn["tone"] == 2)
        own = [one for one in talk[place:] if one["agent_id"] == turn["agent_id"]]
        if care_class(turn["flags"]) != "neutral":
            seen["scripted_share"].append(care_class(turn["flags"]) == "scripted")
            seen["followed_by_action"].append(any("O" in one["flags"] for one in own[:3]))
        if care_class(turn["flags"]) == "scripted":
            seen["sorry_without_action"].append(not any("O" in one["flags"] for one in own[:3]))
        seen["after reciting" if recites(talk[:place], turn) else "after anything else"].append(turn["tone"] > 0)
        before = [one for one in talk[:place] if one["role"] == "customer"]
        if before:
            seen[f"composure_{min(3, sum(one['tone'] == 2 for one in before))}"].append(turn["tone"] > 0)
            seen["after hostile" if before[-1]["tone"] == 2 else "after other"].append(turn["tone"] > 0)


def look_at_changes(talk, agent, seen):
    for place, turn in enumerate(talk):
        following = [one for one in range(place + 1, len(talk)) if talk[one]["role"] == "customer"]
        if turn["role"] != "customer" or not following or following[0] == place + 1:
            continue
        after, run = talk[following[0]], talk[place + 1 : following[0]]
        change = (after["tone"] == 2) - (turn["tone"] == 2)
        if turn["p_hostile"] is not None and after["p_hostile"] is not None:
            change = after["p_hostile"] - turn["p_hostile"]
        for speaker in {one["agent_id"] for one in run if is_mine(one, agent)}:
            said = [one for one in run if one["agent_id"] == speaker]
            classes = [care_class(one["flags"]).value for one in said]
            kind = next(name for name in ("empathic", "scripted", "neutral") if name in classes)
            kind = "guarded" if any(one["tone"] for one in said) else kind
            seen[f"de_escalation_{kind}"].append(change)


def look_at_the_whole(talk, agent, seen):
    if not any(is_mine(turn, agent) for turn in talk):
        return
    borne = []
    for place, turn in enumerate(talk):
        later = [one["agent_id"] for one in talk[place:] if one["role"] == "agent"]
        earlier = [one["agent_id"] for one in talk[:place] if one["role"] == "agent"]
        owner = (later or earlier[::-1])[0]
        if turn["role"] == "customer" and turn["tone"] == 2 and agent in {None, owner}:
            borne.append(turn["kinds"])
    seen["abuse_load"].append(100 * len(borne))
    for name, code in {"insult": "i", "threat": "t", "profanity": "p", "contempt": "c"}.items():
        seen[f"abuse_{name}"].append(100 * sum(code in kinds for kinds in borne))
    seen["abuse_share"].append(bool(borne))
    attacks = [turn["role"] for turn in talk if turn["tone"] == 2]
    if attacks:
        seen["customer_first"].append(attacks[0] == "customer")
    seen["snap_after_pleasantry"].append(
        any(is_mine(turn, agent) and snaps(talk[:place], turn) for place, turn in enumerate(talk))
    )


def snaps(before, turn):
    return turn["tone"] > 0 and recites(before, turn)


def recites(before, turn):
    classes = [care_class(one["flags"]) for one in before if one["agent_id"] == turn["agent_id"]]
    return classes.count("scripted") >= 2 and "empathic" not in classes


@given(CONVERSATIONS)
@settings(max_examples=100, deadline=None)
def test_every_value_and_count_is_the_oracles(conversations):
    frame = labels(conversations)
    made = figures(frame, ANY)
    speakers = set(frame["agent_id"].drop_nulls())
    assert set(made["agent_id"]) == {"", *speakers}
    for agent in [None, *speakers]:
        expected, counts = oracle(frame, agent)
        assert values(made, agent) == pytest.approx(expected, abs=1e-6)
        assert values(made, agent, "n") == counts


@given(CONVERSATIONS)
@settings(max_examples=40, deadline=None)
def test_figures_are_a_table_with_intervals_that_hold_the_values(conversations):
    made = conform(figures(labels(conversations), ANY), FIGURES)
    told = made.drop_nulls("value")
    assert (told["low"] <= told["value"]).all()
    assert (told["value"] <= told["high"]).all()
    assert (made["value"].is_null() == made["why"].is_not_null()).all()
    shares = told.filter(pl.col("measure").is_in([name for name, kind in MEASURES.items() if kind is Kind.RATE]))
    assert shares.filter((pl.col("low") < 0) | (pl.col("high") > 1)).is_empty()


@given(CONVERSATIONS)
@settings(max_examples=40, deadline=None)
def test_empathic_scripted_and_missed_answers_are_all_answers(conversations):
    made = figures(labels(conversations), ANY)
    for agent in set(made["agent_id"]):
        found = values(made, agent or None)
        parts = [found[name] for name in ("empathy_rate", "scripted_rate", "missed_rate")]
        assert parts == [None] * 3 or math.isclose(sum(parts), 1)


@given(CONVERSATIONS)
@settings(max_examples=30, deadline=None)
def test_doubling_every_conversation_leaves_all_but_the_counts_unchanged(conversations):
    twice = conversations | {f"{name} again": turns for name, turns in conversations.items()}
    once, doubled = figures(labels(conversations), ANY), figures(labels(twice), ANY)
    rates = ~pl.col("measure").is_in([name for name, kind in MEASURES.items() if kind is Kind.COUNT])
    kept = ["scope", "agent_id", "measure", "value"]
    assert_frame_equal(doubled.filter(rates).select(kept), once.filter(rates).select(kept))
    assert (doubled["n"] == once["n"] * 2).all()


@given(CONVERSATIONS)
@settings(max_examples=30, deadline=None)
def test_permuting_agents_permutes_the_rows(conversations):
    frame = labels(conversations)
    swap = dict(zip(AGENTS, (*AGENTS[1:], AGENTS[0]), strict=True))
    swapped = figures(frame.with_columns(pl.col("agent_id").replace(swap)), ANY)
    expected = figures(frame, ANY).with_columns(pl.col("agent_id").replace(swap)).sort(FIGURES.key)
    assert_frame_equal(swapped, expected)


@given(CONVERSATIONS)
@settings(max_examples=30, deadline=None)
def test_names_of_conversations_and_order_of_rows_change_nothing(conversations):
    frame = labels(conversations)
    backwards = {name: f"z{99 - number}" for number, name in enumerate(conversations)}
    renamed = frame.with_columns(pl.col("conversation_id").replace(backwards))
    assert_frame_equal(figures(renamed.sample(fraction=1, shuffle=True, seed=2), ANY), figures(frame, ANY))


@given(CONVERSATIONS)
@settings(max_examples=30, deadline=None)
def test_the_figures_of_an_agent_do_not_depend_on_other_agents(conversations):
    frame = labels(conversations)
    others = labels(
        {f"o{name}": turns for name, turns in conversations.items()} | {"extra": ["customer 1", "noor A 0"]}
    )
    others = others.with_columns(agent_id="other " + pl.col("agent_id"))
    agents = pl.col("agent_id").is_in(AGENTS)
    both, alone = (
        figures(given, ANY).filter(agents).drop(adjust.COLUMNS) for given in (pl.concat([others, frame]), frame)
    )
    assert_frame_equal(both, alone)


@given(CONVERSATIONS)
@settings(max_examples=30, deadline=None)
def test_a_figure_is_the_mean_of_its_opportunities(conversations):
    frame = labels(conversations)
    means = opportunities(frame).group_by("agent_id", "measure").agg(pl.col("value").mean())
    kinds = [Kind.RATE, Kind.CHANGE]
    made = figures(frame, ANY).filter(scope="agent").drop_nulls("value").select("agent_id", "measure", "value")
    simple = pl.col("measure").is_in([name for name, kind in MEASURES.items() if kind in kinds])
    assert_frame_equal(means.filter(simple), made.filter(simple), check_row_order=False, check_column_order=False)


def test_opportunities_name_the_turns_that_a_figure_is_made_of():
    frame = labels({"c": ["customer 1", "noor A 0", "customer 2 i", "noor S 0"]})
    rows = opportunities(frame).filter(measure="empathy_rate").select("agent_id", "conversation_id", "turn", "value")
    assert rows.rows() == [("noor", "c", 0, 1.0), ("noor", "c", 2, 0.0)]


def test_too_few_conversations_give_words_and_no_number():
    frame = labels({f"c{number}": ["customer 1", "noor A 0"] for number in range(3)})
    row = figures(frame, SummaryConfig(resamples=10)).row(
        by_predicate=(pl.col("agent_id") == "noor") & (pl.col("measure") == "empathy_rate"), named=True
    )
    assert (row["value"], row["low"], row["high"], row["n"]) == (None, None, None, 3)
    assert row["why"] == "not enough conversations yet (3 of 5 needed)"


def test_mirroring_needs_enough_conversations_of_both_kinds():
    talks = {f"c{number}": ["customer 0", "noor - 0"] for number in range(9)}
    few = figures(labels(talks | {"h": ["customer 2 i", "noor - 1"]}), SummaryConfig(resamples=10))
    enough = figures(labels(talks | {f"h{n}": ["customer 2 i", "noor - 1"] for n in range(5)}), SummaryConfig())
    why = few.filter(scope="team", measure="mirroring").item(0, "why")
    assert why == "not enough conversations yet (1 of 5 needed)"
    assert values(enough)["mirroring"] == 1


def test_counts_are_told_however_few():
    found = values(figures(labels({"c": ["customer 1", "noor A 0"]}), SummaryConfig(resamples=10)), "noor")
    assert (found["calls_for_empathy"], found["conversations"]) == (1, 1)


def test_a_rate_of_all_in_five_conversations_is_not_certain():
    frame = labels({f"c{number}": ["customer 1", "noor A 0"] for number in range(5)})
    row = figures(frame, SummaryConfig()).filter(scope="team", measure="empathy_rate").row(0, named=True)
    assert row["value"] == row["high"] == 1
    assert row["low"] == pytest.approx(0.566, abs=0.001)  # Wilson, 5 of 5


def test_the_same_settings_give_the_same_figures_and_another_seed_nearly_the_same():
    talks = [["customer 1", "noor A 0", "customer 2 i", "noor A 0"], ["customer 1", "noor S 1"], ["customer 1"]]
    frame = labels({f"c{number}": talks[number % 3] for number in range(60)})
    one, same, other = (figures(frame, SummaryConfig(seed=seed)) for seed in (1, 1, 2))
    assert_frame_equal(one, same, check_exact=True)
    assert not one.equals(other)
    assert_frame_equal(one, other, abs_tol=0.05, rel_tol=0.05)


def test_no_labels_give_a_team_without_figures():
    made = figures(LABELS.empty(), SummaryConfig())
    assert made.height == len(MEASURES)
    assert values(made)["conversations"] == 0
    assert set(made["why"].drop_nulls()) == {"not enough conversations yet (0 of 5 needed)"}


def test_a_frame_that_is_not_labels_is_refused():
    with pytest.raises(SchemaError):
        figures(LABELS.empty().drop("flags"), SummaryConfig())


def test_json_holds_agents_and_team_with_measures_in_our_order():
    told = to_json(figures(labels({"c": ["customer 1", "noor A 0", "tam - 0"]}), ANY))
    assert list(told) == ["agents", "team"]
    assert list(told["agents"]) == ["noor", "tam"]
    assert list(told["agents"]["noor"]) == list(told["team"]) == list(MEASURES)
    assert set(told["agents"]["noor"]["empathy_rate"]) == {"value", "n", "low", "high"}
    assert set(told["agents"]["tam"]["empathy_rate"]) == {"value", "n", "low", "high", "why"}
    assert json.loads(json.dumps(told, allow_nan=False)) == told


MIXED = {
    f"c{number}": ["customer 2 i", "noor SO 0" if number % 3 else "noor A 0", "customer 1", "tam X 1", "tam - 0"]
    for number in range(9)
}
KNOWN = ErrorRates({"answers": ((80, 15, 5), (10, 80, 10), (5, 5, 90)), "guarded_rate": ((90, 10), (5, 9))})
CORRECTED = ("corrected", "corrected_low", "corrected_high", "uncorrected_why")


def test_what_is_counted_stays_the_same_beside_its_correction():
    plain, told = figures(labels(MIXED), ANY), figures(labels(MIXED), ANY, KNOWN)
    assert_frame_equal(told.drop(CORRECTED), plain.drop(CORRECTED))
    assert all(plain[column].null_count() == plain.height for column in CORRECTED)


def test_rates_whose_errors_are_known_are_corrected_and_others_say_why():
    made = {
        row["measure"]: row for row in figures(labels(MIXED), ANY, KNOWN).filter(scope="team").iter_rows(named=True)
    }
    answers = [made[name] for name in ("empathy_rate", "scripted_rate", "missed_rate")]
    assert sum(row["corrected"] for row in answers) == pytest.approx(1)
    assert all(row["corrected_low"] <= row["corrected"] <= row["corrected_high"] for row in answers)
    assert made["guarded_rate"]["corrected"] is None
    assert made["guarded_rate"]["uncorrected_why"] == "too few known cases of “yes” (14 of 15 needed)"
    assert made["exploring"]["uncorrected_why"] == "the model's errors are not known for this"
    whole = [made[name] for name in ("abuse_load", "mirroring", "abuse_share", "conversations")]
    assert {row[column] for row in whole for column in CORRECTED} == {None}


def test_a_figure_without_value_has_no_correction():
    few = figures(labels(MIXED), SummaryConfig(minimum_conversations=10), KNOWN)
    assert all(few[column].null_count() == few.height for column in CORRECTED)


def test_json_tells_a_correction_only_where_there_is_one():
    team = to_json(figures(labels(MIXED), ANY, KNOWN))["team"]
    assert set(team["empathy_rate"]) == {"value", "n", "low", "high", "corrected"}
    assert set(team["empathy_rate"]["corrected"]) == {"value", "low", "high"}
    assert "corrected" not in team["guarded_rate"]
    assert "corrected" not in team["abuse_load"]


# The worked example of the manual.


def table_after(heading):
    """The first table after a heading of the manual, one dict per row."""
    below = MANUAL.read_text(encoding="utf-8").split(f"## {heading}\n", 1)[1].split("\n## ", 1)[0]
    lines = [line for line in below.splitlines() if line.startswith("|")]
    rows = [[cell.strip(" `") for cell in line.strip("|").split("|")] for line in lines]
    return [dict(zip(rows[0], row, strict=True)) for row in rows[2:]]


@pytest.mark.parametrize("who", ["noor", "tam", "team"])
def test_the_worked_example_of_the_manual_gives_the_figures_it_states(who):
    turns = pl.DataFrame(table_after("Worked example: the turns")).with_columns(
        channel=pl.lit("call"), started_at=pl.lit("")
    )
    made = figures(labels_from_rows(turns, "docs/measures.md"), SummaryConfig(minimum_conversations=1))
    stated = {row["measure"]: row[who] for row in table_after("Worked example: the figures")}
    found = values(made, None if who == "team" else who)
    assert found == pytest.approx(
        {name: None if cell == "none" else float(Fraction(cell)) for name, cell in stated.items()}
    )


def test_the_manual_defines_every_measure_once():
    defined = [row["measure"] for row in table_after("The measures")]
    assert sorted(defined) == sorted(MEASURES)


def test_the_module_lists_measures_in_the_order_of_reports():
    assert list(MEASURES)[:4] == ["empathy_rate", "scripted_rate", "missed_rate", "exploring"]
    assert summary.PER_CONVERSATIONS == 100


def test_a_roster_adds_figures_by_team_and_changes_no_other():
    frame = labels(MIXED)
    agents = frame["agent_id"].drop_nulls().unique().sort().to_list()
    plain = figures(frame, ANY)
    made = figures(frame, ANY, teams=dict.fromkeys(agents, "Repairs") | {"nobody": "Empty"})
    named = made.filter(scope="team", agent_id="Repairs")
    assert made.filter(pl.col("agent_id") != "Repairs").equals(plain)
    assert named.drop("agent_id").equals(plain.filter(scope="team").drop("agent_id"))
    assert made.height == plain.height + named.height
    assert set(to_json(made)) == {"agents", "team", "teams"}
    assert set(to_json(plain)) == {"agents", "team"}


def test_agents_without_a_team_are_in_none():
    frame = labels(MIXED)
    first = frame["agent_id"].drop_nulls().unique().sort()[0]
    made = figures(frame, ANY, teams={first: "Repairs"})
    own = made.filter(scope="agent", agent_id=first).drop("scope", "agent_id")
    assert made.filter(scope="team", agent_id="Repairs").drop("scope", "agent_id").equals(own)

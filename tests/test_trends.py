"""Weeks: from Monday on, with a value only where there are conversations enough."""

import datetime as dt

import numpy as np
import polars as pl
import pytest

from empathy_scan import trends
from empathy_scan.config import SummaryConfig
from empathy_scan.tables import LABELS, conform
from label_frames import labels

MONDAY = dt.datetime(2026, 3, 2, 9, tzinfo=dt.UTC)
QUICK = SummaryConfig(minimum_conversations=3, resamples=200)


def weeks_of(plan):
    """Labels of agents by week: (conversations, of them understood), one call for empathy each."""
    talks, began = {}, {}
    for agent, weeks in plan.items():
        for week, (count, understood) in enumerate(weeks):
            for number in range(count):
                name = f"{agent}-{week}-{number}"
                talks[name] = ["customer 1", f"{agent} {'A' if number < understood else '-'} 0"]
                began[name] = MONDAY + dt.timedelta(weeks=week, hours=number)
    started = pl.col("conversation_id").replace_strict(
        list(began), list(began.values()), default=None, return_dtype=LABELS.columns["started_at"]
    )
    return conform(labels(talks).with_columns(started_at=started), LABELS)


def test_a_week_begins_on_monday_and_holds_its_conversations():
    made = trends.by_week(weeks_of({"noor": [(4, 1), (5, 4)]}), QUICK).filter(measure="empathy_rate", agent_id="noor")
    assert made.select("week", "value", "n", "conversations").rows() == [
        (dt.date(2026, 3, 2), 0.25, 4, 4),
        (dt.date(2026, 3, 9), 0.8, 5, 5),
    ]
    assert (made["low"] <= made["value"]).all()
    assert (made["value"] <= made["high"]).all()


def test_a_week_with_too_few_conversations_has_a_reason_and_no_value():
    made = (
        trends.by_week(weeks_of({"noor": [(2, 1)]}), QUICK)
        .filter(measure="empathy_rate", agent_id="noor")
        .row(0, named=True)
    )
    assert (made["value"], made["n"]) == (None, 2)
    assert made["why"] == "not enough conversations yet (2 of 3 needed)"


def test_conversations_without_a_time_are_in_no_week():
    frame = labels({"c": ["customer 1", "noor A 0"]})
    assert trends.by_week(frame, QUICK).is_empty()
    assert trends.changes(frame, QUICK).is_empty()


def test_a_change_is_the_last_weeks_less_those_before():
    frame = weeks_of({"noor": [(20, 4), (20, 4), (20, 16), (20, 16)]})
    row = trends.changes(frame, QUICK, recent=2).filter(measure="empathy_rate", agent_id="noor").row(0, named=True)
    assert (row["before"], row["after"], row["change"]) == pytest.approx((0.2, 0.8, 0.6))
    assert (row["conversations_before"], row["conversations_after"]) == (40, 40)
    assert row["low"] < 0.6 < row["high"]
    assert row["changed"]


def test_no_change_is_told_of_too_few_conversations():
    frame = weeks_of({"noor": [(20, 4), (2, 2)]})
    assert trends.changes(frame, QUICK, recent=1).is_empty()


def test_among_many_agents_who_did_not_change_hardly_one_is_named():
    random = np.random.default_rng(1)
    plan = {f"a{n}": [(15, int(random.binomial(15, 0.5))) for _ in range(4)] for n in range(30)}
    found = trends.changes(weeks_of(plan), QUICK, recent=2).filter(
        pl.col("measure") == "empathy_rate", pl.col("agent_id") != ""
    )
    assert found.height == 30
    assert found["changed"].sum() <= 1
    plan["a0"] = [(15, 1), (15, 1), (15, 14), (15, 14)]
    again = trends.changes(weeks_of(plan), QUICK, recent=2).filter(measure="empathy_rate", agent_id="a0")
    assert again["changed"].to_list() == [True]

"""Figures by queue, direction or a label: which conversation is in which group, and that groups add up as teams do."""

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from empathy_scan import groups, summary
from empathy_scan.config import SummaryConfig
from empathy_scan.errors import MissingColumnError
from label_frames import labels

CONVERSATIONS = pl.DataFrame(
    {
        "conversation_id": ["a", "b", "c"],
        "queue": ["Beds", None, "Sofas"],
        "metadata": ['{"region": "North"}', '{"region": "South", "site": "x"}', None],
    }
)
LABELS = labels({name: ["customer 1", "noor A 0", "customer 2 i", "tam O 0"] for name in "abc"})


def test_a_column_and_a_label_give_groups():
    found = groups.of_conversations(CONVERSATIONS, ["queue", "Region"])
    assert found.rows() == [
        ("a", "queue=Beds"), ("a", "region=North"), ("b", "queue=(none)"), ("b", "region=South"),
        ("c", "queue=Sofas"), ("c", "region=(none)"),
    ]  # fmt: skip


def test_a_label_that_nobody_has_gives_no_groups():
    assert groups.of_conversations(CONVERSATIONS, ["tier"]).is_empty()
    assert groups.of_conversations(CONVERSATIONS, []).is_empty()


def test_rows_are_grouped_by_their_columns():
    rows = pl.DataFrame({"conversation_id": ["a", "a", "b"], "Wrap-up code": ["", "lost", "late"]})
    assert groups.of_rows(rows, ["wrap_up_code"], where="x").rows() == [
        ("a", "wrap_up_code=lost"), ("b", "wrap_up_code=late"),
    ]  # fmt: skip


def test_an_unknown_column_is_named_with_those_there_are():
    with pytest.raises(MissingColumnError, match="tier") as caught:
        groups.of_rows(pl.DataFrame({"conversation_id": ["a"]}), ["tier"], where="x.csv")
    assert "conversation_id" in caught.value.remedy


def test_a_group_of_all_conversations_has_the_figures_of_the_team():
    config = SummaryConfig(minimum_conversations=1, resamples=50)
    everyone = pl.DataFrame({"conversation_id": ["a", "b", "c"], "group": ["queue=all"] * 3})
    found = summary.figures(LABELS, config, groups=everyone)
    team, group = (found.filter(pl.col("scope") == scope).drop("scope", "agent_id") for scope in ("team", "group"))
    assert_frame_equal(team, group)


def test_groups_change_nothing_else():
    config = SummaryConfig(minimum_conversations=1, resamples=50)
    with_groups = summary.figures(LABELS, config, groups=groups.of_conversations(CONVERSATIONS, ["queue"]))
    assert_frame_equal(with_groups.filter(pl.col("scope") != "group"), summary.figures(LABELS, config))
    assert set(summary.to_json(with_groups)["groups"]) == {"queue=Beds", "queue=Sofas", "queue=(none)"}

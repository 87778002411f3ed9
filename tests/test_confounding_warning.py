"""What the front page warns of by itself: differences between agents that may be those of queue or channel."""

import polars as pl
import pytest

import biased
from empathy_scan import confounding_warning
from empathy_scan.config import Config, ReportConfig, SummaryConfig

CONFIG = Config(summary=SummaryConfig(resamples=100))


def conversations(**columns):
    """CONVERSATIONS as far as facets ask for them."""
    return pl.DataFrame({
        "conversation_id": ["c1", "c2"], "queue": ["billing", "a=b=c"], "channel": ["call", "chat"],
        "metadata": ['{"brand": "Larkfield"}', '{"brand": "Osier"}'],
    } | columns)  # fmt: skip


def groups_of(facets):
    return {each.name: dict(each.groups.select("conversation_id", "group").iter_rows()) for each in facets}


def test_groups_are_called_as_the_export_calls_them_whatever_signs_they_hold():
    found = groups_of(confounding_warning.of_conversations(conversations(), []))
    assert found == {"queue": {"c1": "billing", "c2": "a=b=c"}, "channel": {"c1": "call", "c2": "chat"}}


def test_what_else_is_asked_for_is_a_facet_once():
    found = confounding_warning.of_conversations(conversations(), ["brand", "queue", "brand"])
    assert [each.name for each in found] == ["queue", "channel", "brand"]
    assert groups_of(found)["brand"] == {"c1": "Larkfield", "c2": "Osier"}


def test_a_column_that_no_conversation_fills_divides_nothing():
    empty = conversations(queue=pl.Series([None, None], dtype=pl.String))
    assert groups_of(confounding_warning.of_conversations(empty, []))["queue"] == {}


@pytest.mark.parametrize(
    ("why", "warned"), [({"by_queue": 0.6}, {"queue"}), ({"by_agent": 0.6, "sorted_queues": False}, set())]
)
def test_it_warns_by_the_facet_that_explains_the_difference_and_by_no_other(why, warned):
    made, _ = biased.frames(**why)
    talks = made["turns"].group_by("conversation_id", maintain_order=True).agg(
        pl.col("queue", "channel").first(), metadata=pl.lit("{}")
    )  # fmt: skip
    found = confounding_warning.confounded(made["labels"], talks, CONFIG)
    assert {each.facet for each in found} == warned
    assert all(each.warns for each in found)


def test_settings_add_facets():
    made, _ = biased.frames(by_queue=0.6)
    talks = made["turns"].group_by("conversation_id", maintain_order=True).agg(
        queue=pl.lit(None, pl.String), channel=pl.lit("call"),
        metadata=pl.concat_str(pl.lit('{"team": "'), pl.col("queue").first(), pl.lit('"}')),
    )  # fmt: skip
    quiet = confounding_warning.confounded(made["labels"], talks, CONFIG)
    asked = Config(summary=CONFIG.summary, report=ReportConfig(group_by=("team",)))
    assert quiet == ()
    assert {each.facet for each in confounding_warning.confounded(made["labels"], talks, asked)} == {"team"}

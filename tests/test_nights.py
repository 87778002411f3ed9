"""A conversation of which a later night's export holds the rest only keeps the beginning that the store holds."""

from datetime import UTC, datetime, timedelta

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from empathy_scan.nights import go_on
from empathy_scan.tables import TURNS

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
TEXTS = ["The bed never came.", "I am sorry for that.", "And when does it come now?", "I ring the depot at once."]


def turns(first=0, last=4, *, texts=TEXTS, identity="c", later=timedelta(0), **more):
    """The turns of a chat from one to another, a minute apart, as an export of these alone would give them."""
    rows = [
        {"conversation_id": identity, "channel": "chat", "turn": at - first, "role": ("customer", "agent")[at % 2],
         "role_source": "", "text": texts[at], "source": "a.csv", "format": "csv", "overlap": False,
         "start": 60.0 * (at - first), "started_at": NOON + timedelta(minutes=first) + later, **more}
        for at in range(first, last)
    ]  # fmt: skip
    frame = pl.DataFrame(rows, schema_overrides=dict(TURNS.columns))
    return frame.with_columns(
        pl.lit(None, kind).alias(name) for name, kind in TURNS.columns.items() if name not in frame.columns
    ).select(TURNS.columns.keys())


@pytest.mark.parametrize("first", [1, 2, 3])
def test_the_rest_is_put_after_what_is_stored(first):
    assert_frame_equal(go_on(turns(first), turns(0, first)), turns())


def test_nights_that_overlap_give_every_turn_once():
    assert_frame_equal(go_on(turns(1), turns(0, 3)), turns())


def test_reading_the_same_rest_again_changes_nothing():
    assert_frame_equal(go_on(turns(2), turns()), turns())


@pytest.mark.parametrize(
    ("fresh", "stored"),
    [
        (turns(), turns(0, 2)),
        (turns(texts=["The sofa never came.", *TEXTS[1:]]), turns()),
        (turns(later=timedelta(minutes=1)), turns()),
        (turns(2, later=timedelta(days=1)), turns(0, 2)),
        (turns(2, identity="d"), turns(0, 2)),
        (turns(2, channel="call"), turns(0, 2)),
        (turns(2, start=None), turns(0, 2)),
        (turns(2, texts=[*TEXTS[:3], "That is all."]), turns()),
    ],
    ids=["the whole", "a changed text", "changed times", "a day later", "another id", "another channel", "no times",
         "a changed rest"],
)  # fmt: skip
def test_anything_else_replaces_what_is_stored(fresh, stored):
    assert_frame_equal(go_on(fresh, stored), fresh)


def test_an_id_of_the_vendors_own_goes_on_after_days():
    later = {"later": timedelta(days=3), "format": "zendesk"}
    found = go_on(turns(2, **later), turns(0, 2, format="zendesk"))
    assert found["text"].to_list() == TEXTS
    assert found["start"].to_list() == [0.0, 60.0, 259_320.0, 259_380.0]
    assert found["started_at"].unique().to_list() == [NOON]


def test_nothing_stored_changes_nothing():
    assert_frame_equal(go_on(turns(), TURNS.empty()), turns())

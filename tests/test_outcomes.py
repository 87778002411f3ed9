"""Which turn is an opportunity, and what came of it."""

import pytest

from empathy_scan import mirror
from empathy_scan.outcomes import OF_AGENTS, OF_CUSTOMERS
from label_frames import labels

# A civil question, a call that is recited to, an attack that is risen above, and a call that nobody answers.
TURNS = ["customer 0", "noor X 0", "customer 1", "noor S 1", "noor SO 0", "customer 2 i", "noor O 0", "customer 1"]


@pytest.mark.parametrize(
    ("measure", "found"),
    [
        ("empathy_rate", [None, False, False, None]),
        ("scripted_rate", [None, True, False, None]),
        ("missed_rate", [None, False, True, None]),
        ("exploring", [None, False, False, None]),
        ("rise_above_rate", [None, None, True, None]),
    ],
)
def test_a_customer_turn_is_an_opportunity_where_it_asks_and_is_answered(measure, found):
    heard = mirror.customer_turns(labels({"c": TURNS}))
    assert heard.select(OF_CUSTOMERS[measure].where_asked()).to_series().to_list() == found


@pytest.mark.parametrize(
    ("measure", "found"),
    [
        ("scripted_share", [False, True, True, None]),
        ("followed_by_action", [True, True, True, None]),
        ("guarded_rate", [False, True, False, False]),
        ("belittling_rate", [False, False, False, False]),
    ],
)
def test_an_agent_turn_is_an_opportunity_where_it_cares_or_always(measure, found):
    spoken = mirror.agent_turns(labels({"c": TURNS}))
    assert spoken.select(OF_AGENTS[measure].where_asked()).to_series().to_list() == found


def test_what_came_of_a_turn_is_known_also_where_it_asked_for_nothing():
    heard = mirror.customer_turns(labels({"c": TURNS}))
    taken = {name: heard.select(OF_CUSTOMERS[name].taken).to_series().to_list() for name in OF_CUSTOMERS}
    assert taken["empathy_rate"] == [True, False, False, None]
    assert taken["rise_above_rate"] == [True, False, True, None]

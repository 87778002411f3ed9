"""What a label means in an export counts where it means one thing, never by a conversation's own vote."""

import pytest

from empathy_scan.role_habits import Habits, Vote, channel_of, is_numbered


def votes(label, agent, customer, *, first=0):
    """That many votes for each side; the first ones are of conversations in which the label speaks first."""
    sides = [True] * agent + [False] * customer
    return [Vote(("f",), label, agent=side, first=at < first) for at, side in enumerate(sides)]


@pytest.mark.parametrize(
    "label",
    ["Speaker 1", "SPEAKER_00", "spk_10", "SPEAKER_A", "ch_0", "ch_0/1", "ch_0_1", "S1", "M1", "F2", "1A", "12", "A",
     "", "[Speaker 2]", "Guest-1", "Unknown", "Channel 1", "left", "User 2", "UU"],
)  # fmt: skip
def test_labels_that_name_nobody_are_known(label):
    assert is_numbered(label)


@pytest.mark.parametrize("label", ["Dana Lopez", "Pat", "Chi", "Mo", "Speaker Dana", "Agent Smith", "dana@a.example"])
def test_names_are_names(label):
    assert not is_numbered(label)


def test_a_speaker_of_a_channel_belongs_to_the_channel():
    assert [channel_of(label) for label in ("ch_0/1", "CH_0_2", "ch_1", "Dana")] == ["ch_0", "ch_0", "ch_1", "dana"]


def test_agreeing_votes_are_a_habit_for_either_side():
    assert Habits(votes("ch_0", 20, 0)).of(["f"], "ch_0", None).logit > 3
    assert Habits(votes("ch_0", 0, 20)).of(["f"], "ch_0", None).logit < -3


@pytest.mark.parametrize(("agent", "customer"), [(9, 0), (18, 2), (10, 10)])
def test_few_or_mixed_votes_are_none(agent, customer):
    assert Habits(votes("ch_0", agent, customer)).of(["f"], "ch_0", None) is None


def test_a_conversation_does_not_vote_for_itself():
    given = votes("ch_0", 10, 0)
    assert Habits(given).of(["f"], "ch_0", None) is not None
    assert Habits(given).of(["f"], "ch_0", given[0]) is None


def test_another_export_has_no_say():
    assert Habits(votes("ch_0", 20, 0)).of(["g"], "ch_0", None) is None
    assert Habits(votes("ch_0", 20, 0)).of(["g", "f"], "ch_0", None) is not None


def test_a_number_that_may_be_an_order_counts_less():
    order = Habits(votes("speaker 1", 100, 0, first=100)).of(["f"], "speaker 1", None)
    either = Habits(votes("speaker 1", 100, 0, first=50)).of(["f"], "speaker 1", None)
    assert order.logit == 2.0
    assert either.logit == 5.0

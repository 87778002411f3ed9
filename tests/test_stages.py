"""Stages: a clock each, what is done of how much, and silence where nobody listens."""

import time

import pytest

from empathy_scan import stages
from empathy_scan.stages import Stages, heard_by


def test_what_is_expected_and_done_is_told_together():
    heard = []
    with heard_by(Stages(lambda *told: heard.append(told))):
        stages.expect("reading", 2)
        stages.advance("reading")
        stages.expect("reading", 1)
        stages.advance("reading", 2)
    stages.advance("reading")
    assert heard == [("reading", done, total) for done, total in ((0, 2), (1, 2), (1, 3), (3, 3))]


def test_more_than_expected_is_never_told_as_less():
    heard = []
    with heard_by(Stages(lambda *told: heard.append(told))):
        stages.advance("scoring", 4)
    assert heard == [("scoring", 4, 4)]


def test_a_stage_that_counts_nothing_is_told_as_it_begins():
    heard = []
    with heard_by(Stages(lambda *told: heard.append(told))), stages.stage("reporting"):
        pass
    assert heard == [("reporting", 0, 0)]


def test_the_time_between_items_is_not_their_makers():
    def slow():
        for number in range(2):
            time.sleep(0.02)
            yield number

    listening = Stages()
    with heard_by(listening):
        for _ in stages.each("reading", slow()):
            time.sleep(0.4)
    assert 0.03 < listening.seconds["reading"] < 0.7


def test_items_come_through_as_they_are():
    assert list(stages.each("reading", [1, None, 2])) == [1, None, 2]


def test_the_stage_in_which_an_error_arose_stays_known():
    listening = Stages()
    with pytest.raises(ValueError, match="gone"), heard_by(listening), stages.stage("reading"), stages.stage("listing"):
        raise ValueError("gone")
    listening.stop()
    assert listening.current == "listing"
    assert set(listening.seconds) == {"reading", "listing"}

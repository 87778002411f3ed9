"""Items made ahead of whoever asks: their order, their errors, and how far ahead."""

import threading
import time
import weakref

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from empathy_scan import stages
from empathy_scan.ahead import ahead


def wait_for(truth):
    deadline = time.monotonic() + 10
    while not truth() and time.monotonic() < deadline:
        time.sleep(0.005)
    return truth()


@settings(max_examples=30)
@given(st.lists(st.integers() | st.none()))
def test_the_items_come_in_order(items):
    assert list(ahead(iter(items))) == items


def test_one_item_is_made_while_another_is_worked_on():
    made = []
    items = ahead(made.append(n) or n for n in range(6))
    assert next(items) == 0
    assert wait_for(lambda: len(made) >= 2)
    time.sleep(0.05)
    assert len(made) == 2  # the one that is worked on, and the next
    assert list(items) == [1, 2, 3, 4, 5]


def test_what_was_handed_on_is_kept_by_nobody():
    class Part:
        pass

    born = []

    def items():
        for _ in range(5):
            born.append(weakref.ref(part := Part()))
            held = [part]
            del part
            yield held.pop()

    for part in ahead(items()):
        assert sum(each() is not None for each in born) <= 2
        del part
        assert sum(each() is not None for each in born) <= 1  # the next


def test_an_error_comes_in_its_place():
    def items():
        yield 1
        yield 2
        msg = "broken"
        raise ValueError(msg)

    found = ahead(items())
    assert [next(found), next(found)] == [1, 2]
    with pytest.raises(ValueError, match="broken"):
        next(found)


def test_who_stops_early_stops_the_making():
    before = threading.active_count()
    items = ahead(iter(range(1000)))
    next(items)
    items.close()
    assert wait_for(lambda: threading.active_count() <= before)


def test_both_threads_count_into_the_seconds_of_the_run():
    def items():
        for n in range(3):
            with stages.stage(stages.READING):
                stages.advance(stages.READING)
                time.sleep(0.02)
            yield n

    told = []
    clock = stages.Stages(lambda *each: told.append(each))
    with stages.heard_by(clock):
        for _ in ahead(items()):
            with stages.stage(stages.SCORING):
                time.sleep(0.02)
    assert clock.seconds[stages.READING] >= 0.06
    assert clock.seconds[stages.SCORING] >= 0.06
    assert [done for name, done, _ in told if name == stages.READING] == [1, 2, 3]


def test_the_stage_that_an_error_ended_is_known():
    def items():
        yield 1
        with stages.stage(stages.REDACTING):
            raise KeyError

    clock = stages.Stages()
    with stages.heard_by(clock), pytest.raises(KeyError):
        list(ahead(items()))
    assert clock.current == stages.REDACTING

"""Regular expressions take no longer than their text is long, whatever a sender writes: no denial of service."""

import re
import signal
import time
from contextlib import contextmanager

import pytest

import patterns

SHORT, LONG = 512, 2048  # characters; of a pattern that looks at every pair of them, the second takes 16 times as long
NOTICED = 0.002  # seconds of processor time below which nothing is compared
WORST = 8.0  # by which the cost may grow while the text becomes four times as long
# Patterns that are given no more than so many characters, and where that is seen to.
BOUNDED = {
    "empathy_scan.segment._ABBREVIATION": "the last 12 characters of a sentence",
    "empathy_scan.cli.base._KIND": "reasons, which are ours",
}
USED = {each.where: each for each in patterns.all_patterns() if each.where not in BOUNDED}
MODULES = sorted({where.rpartition(".")[0] for where in USED})


class TooLongError(Exception):
    """A search that is given up."""


@contextmanager
def given_up_after(seconds):
    def give_up(*_):
        raise TooLongError

    before = signal.signal(signal.SIGVTALRM, give_up)
    signal.setitimer(signal.ITIMER_VIRTUAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)


def cost(pattern, text, *, anchored, times=1):
    """Seconds of this thread for the least of some searches; infinite for one that takes more than one."""
    least = float("inf")
    for _ in range(times):
        began = time.thread_time()
        try:
            with given_up_after(1):
                if anchored:
                    pattern.match(text)
                else:
                    pattern.sub("", text)
        except TooLongError:
            return float("inf")
        least = min(least, time.thread_time() - began)
    return least


def grows(pattern, attack, *, anchored):
    """By how much the cost grows while a text becomes four times as long; 0 where it is not noticed."""
    before, pump, after = attack

    def measured(length, times):
        return cost(pattern, before + pump * (length // len(pump) or 1) + after, anchored=anchored, times=times)

    whole = measured(LONG, 1)
    if whole < NOTICED or whole == float("inf"):
        return 0.0 if whole < NOTICED else whole
    return measured(LONG, 3) / max(measured(SHORT, 5), 1e-6)


@pytest.mark.parametrize("module", MODULES)
def test_no_pattern_of_a_module_takes_longer_than_its_text_is_long(module):
    slow = {}
    for where, used in USED.items():
        if where.rpartition(".")[0] == module:
            for attack in patterns.attacks(used.pattern):
                if (growth := grows(used.pattern, attack, anchored=used.anchored)) > WORST:
                    slow[where] = (attack, f"{growth:.0f} times the time for 4 times the text", used.pattern.pattern)
                    break
    assert not slow


@pytest.mark.parametrize(
    ("pattern", "slow"), [(r"\s+x", True), (r"(?:a+)+b", True), (r"(?<!\s)\s++x", False), (r"^\s*x", False)]
)
def test_the_test_tells_slow_patterns_from_fast_ones(pattern, slow):
    compiled = re.compile(pattern)
    growths = (grows(compiled, attack, anchored=pattern.startswith("^")) for attack in patterns.attacks(compiled))
    assert any(growth > WORST for growth in growths) is slow


def test_the_patterns_of_readers_and_redaction_are_found():
    assert len(USED) > 250
    assert {"empathy_scan.readers.text._OPENING", "empathy_scan.segment._SIGN_OFF"} <= USED.keys()
    assert any(where.startswith("empathy_scan.redact_rules.") for where in USED)

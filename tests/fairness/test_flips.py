"""Decisions that change with the form of words: shares by kind, of messages with a label and of plain ones."""

from empathy_scan.fairness import flips
from empathy_scan.fairness.flips import Tried


def tried(kind, first, second, number):
    return Tried("style", kind, "agent", f"c{number}", first, second)


def test_shares_are_told_by_kind_and_for_all_of_a_family():
    own = [tried("capitals", ("empathic", 0), ("neutral" if n < 5 else "empathic", 0), n) for n in range(20)]
    own += [tried("typing", ("neutral", 0), ("neutral", 1 if n < 2 else 0), n) for n in range(20)]
    found = {(each.kind, each.stratum): each for each in flips.of(own)}
    assert (found["capitals", "labelled"].estimate.value, found["capitals", "labelled"].flipped) == (0.25, 5)
    assert found["typing", "plain"].estimate.value == 0.1
    assert found["all", "labelled"].messages == found["all", "plain"].messages == 20
    assert all(each.estimate.low < each.estimate.value < each.estimate.high for each in found.values())


def test_few_messages_give_no_share():
    (whole, kind) = flips.of([tried("capitals", ("empathic", 0), ("empathic", 0), n) for n in range(9)])
    assert whole.estimate is kind.estimate is None
    assert kind.why == "too little: 9 of 10 messages needed"


def test_the_same_message_many_times_over_tells_little():
    alike = [Tried("style", "capitals", "agent", "one", ("empathic", 0), ("neutral", 0)) for _ in range(40)]
    apart = [tried("capitals", ("empathic", 0), ("neutral", 0), n) for n in range(40)]
    one, other = (flips.of(each)[0].estimate for each in (alike, apart))
    assert one.low < other.low

"""A small office to report on: conversations written as short scripts, turned into the frames of a scan."""

import pytest
from selectolax.lexbor import LexborHTMLParser

from empathy_scan import report
from talks import Talk, frames_of


@pytest.fixture
def talk():
    """The class that a conversation is written with."""
    return Talk


@pytest.fixture
def frames():
    """A function from conversations to the arguments of `report.write`."""

    return frames_of


@pytest.fixture
def office():
    """Three agents of whom each has a habit, eight conversations each, and one who has held a single conversation."""
    maya = [
        ("system", "You are second in the queue.", ""),
        ("agent", "Hello, how can I help?", "0"),
        ("customer", "My sofa did not come, {upset|again}. I lost a shift for it.", "1"),
        ("agent", "I do {scripted|apologise} for the inconvenience.", "S0"),
        ("customer", "You are a {insult|parrot}.", "2i"),
        ("agent", "I understand your frustration.", "S0"),
        ("customer", "Fine.", "0"),
        ("agent", "Saturday, eight to twelve.", "0"),
    ]
    priya = [
        ("customer", "The fridge is dead and the insulin is in it.", "1"),
        ("agent", "{acknowledges|Insulin does not wait}. I have booked a courier for two.", "AO0"),
        ("customer", "You {contempt|lot} always say that.", "2c"),
        ("agent", "You have been promised it twice. How have you kept it cold so far?", "AX0"),
    ]
    derek = [
        ("customer", "What time is the van due?", "0"),
        ("agent", "Between nine and twelve.", "0"),
        ("customer", "That is what you said last week, you clown.", "2i"),
        ("agent", "{guarded|Maybe be in} next time.", "1"),
        ("customer", "I was in.", "1"),
        ("agent", "Next slot is Tuesday.", "0"),
    ]
    lines = {"maya.osei": maya, "priya.nair": priya, "derek.hollis": derek}
    talks = [Talk(f"{agent}-{day}", agent, said, day=day) for agent, said in lines.items() for day in range(8)]
    return [*talks, Talk("first-day", "ben.ash", priya, day=9, channel="chat")]


@pytest.fixture
def site(tmp_path, frames, office):
    """The folder of the office's report."""
    report.write(tmp_path / "site", **frames(*office))
    return tmp_path / "site"


@pytest.fixture
def parse():
    """A function from a file to its parsed page."""
    return lambda path: LexborHTMLParser(path.read_text(encoding="utf-8"))

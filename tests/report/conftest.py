"""A small office to report on: conversations written as short scripts, turned into the frames of a scan."""

import pytest
from selectolax.lexbor import LexborHTMLParser

from empathy_scan import phrases, report, summary, trends
from empathy_scan.config import SummaryConfig
from empathy_scan.report import agent, findings, material, rendering
from talks import PROVENANCE, Talk


@pytest.fixture
def prepared(frames):
    """A function from conversations to the material that pages are cut from; all sentences and weeks are in it."""

    def make(*talks, weeks=None, changes=None, **settings):
        given = frames(*talks, **settings)
        said = phrases.found(phrases.of_scores(given["turns"], given["scores"]))
        config = SummaryConfig(minimum_conversations=settings.get("minimum", 3), resamples=100)
        held = material.Frames(
            turns=given["turns"], scores=given["scores"], labels=given["labels"], rejects=given["rejects"],
            figures=summary.figures(given["labels"], config, sentences=said.sentences), phrases=said,
            weeks=trends.by_week(given["labels"], config) if weeks is None else weeks,
            changes=trends.changes(given["labels"], config) if changes is None else changes,
        )  # fmt: skip
        return material.prepare(held, given["config"], material.People())

    return make


@pytest.fixture
def agent_pages(prepared):
    """A function from conversations to the contents of the agents' pages, by agent."""

    def make(*talks, **settings):
        made = prepared(*talks, **settings)
        counts = findings.count_answers(made.exchanges)
        found = findings.of_agents(made, counts)
        return {page.slug: page for page in agent.pages(made, counts, found)}

    return make


@pytest.fixture
def rendered():
    """A function from the content of an agent's page to its files, by ending."""
    templates = rendering.Templates("Report", PROVENANCE)

    def make(page):
        made = templates.render(f"agents/{page.slug}", {"page": page})
        return {path.rpartition(".")[2]: text.decode() for path, text in made.items()}

    return make


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

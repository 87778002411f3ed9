"""A conversation's page: turns in order with their labels, probabilities and evidence."""

from pathlib import Path

import polars as pl
import pytest

from empathy_scan import phrases, report


@pytest.fixture
def page(site, parse):
    return parse(site / "conversations" / "maya.osei-0.html")


def test_every_turn_stands_in_order_on_its_side_with_an_anchor(page):
    turns = page.css("ol.dialogue > li")
    assert [turn.attributes["id"] for turn in turns] == [f"t{number}" for number in range(8)]
    sides = [turn.attributes["class"].split()[1] for turn in turns]
    assert sides == ["system", "agent", "customer", "agent", "customer", "agent", "customer", "agent"]


def test_labels_stand_beside_a_turn_with_their_probabilities(page):
    chips = [" ".join(chip.text().split()) for chip in page.css("#t4 .chip:not(.reply)")]
    assert chips == ["hostile 90%", "insult 90%"]


def test_a_call_for_empathy_says_how_it_was_answered_and_where(page):
    reply = page.css_first("#t2 .reply a")
    assert reply.text() == "call for empathy: answered with stock phrases only"
    assert reply.attributes["href"] == "#t3"


def test_the_words_that_counted_are_marked_and_titled(page):
    mark = page.css_first("#t3 mark")
    assert (mark.text(), mark.attributes["title"]) == ("apologise", "counted for: stock phrase")


def test_a_conversation_leads_back_to_its_agent(page):
    assert page.css_first(".back a").attributes["href"] == "../agents/maya.osei.html"


def test_customers_have_no_name(page):
    assert {node.text().split()[0] for node in page.css(".turn.customer .who")} == {"Customer"}


def test_a_call_that_nobody_answered_is_no_mark(tmp_path, frames, talk, parse):
    lines = [("agent", "Hello.", "0"), ("customer", "It broke and I am cold.", "1")]
    report.write(tmp_path / "site", **frames(talk("one", "maya.osei", lines)))
    page = parse(tmp_path / "site" / "conversations" / "one.html")
    assert "with nobody left to answer" in page.css_first("#t1 .reply").text()


def test_a_conversation_without_date_or_queue_says_so(tmp_path, frames, talk, parse):
    lines = [("customer", "Hi", "0"), ("agent", "Hello.", "0")]
    report.write(tmp_path / "site", **frames(talk("one", "maya.osei", lines, dated=False, queue=None, channel="fax")))
    page = parse(tmp_path / "site" / "conversations" / "one.html")
    assert page.css_first("h1").text() == "Conversation with Maya Osei"
    assert "date not known" in page.css_first(".facts").text()


def test_hardship_in_a_calm_tone_is_a_call_for_empathy(tmp_path, frames, talk, parse):
    lines = [("customer", "My father died in August; the line was his.", "0h"), ("agent", "Account number?", "0")]
    report.write(tmp_path / "site", **frames(talk("one", "maya.osei", lines)))
    chips = [chip.text() for chip in parse(tmp_path / "site" / "conversations" / "one.html").css("#t0 .chip")]
    assert chips == ["hardship", "call for empathy: missed"]


def test_what_nothing_scores_says_why_and_is_counted(tmp_path, frames, talk, parse):
    lines = [("system", "Hola, no llega el sofa.", ""), ("customer", "My sofa is late.", "1"), ("agent", "Sorry.", "0")]
    made = frames(talk("one", "maya.osei", lines))
    reason = "left out: not in English but in what looks like Spanish"
    foreign = pl.when(pl.col("role") == "system").then(pl.lit(reason)).otherwise("role_source")
    made["turns"] = made["turns"].with_columns(role_source=foreign)
    made["scores"] = made["scores"].filter(pl.col("role") != "agent")
    report.write(tmp_path / "site", **made)
    page = parse(tmp_path / "site" / "conversations" / "one.html")
    assert page.css_first("#t0 .aside").text() == "not scored: not in English but in what looks like Spanish"
    assert page.css_first("#t1 .aside") is None
    assert page.css_first("#t2 .aside").text() == "not scored: there are no words in it"
    facts = [fact.text() for fact in page.css(".facts li")]
    assert "mixed languages: 1 message not scored" in facts
    assert "1 other message not scored" in facts


SORRY = "I am so sorry for the trouble."


@pytest.fixture
def housed(tmp_path, frames, talk):
    """A report in which two agents say the same sentence in twelve conversations, one of them with a step after it."""
    lines = [("customer", "My bed is late.", "1"), ("agent", f"Right. {SORRY} {{owns|I ring}} at noon.", "SO0")]
    talks = [talk(f"{agent}-{day}", agent, lines, day=day) for agent in ("ann.lee", "bo.ray") for day in range(6)]
    made = frames(*talks)
    rows = [
        {"conversation_id": one.name, "turn": 1, "agent_id": one.agent, "text": SORRY, "care_class": "scripted",
         "start": 7, "end": 7 + len(SORRY)}
        for one in talks
    ]  # fmt: skip
    tried = pl.lit([{"label": "owns", "p": 0.9, "without": 0.25}], made["scores"].schema["deletions"])
    made["scores"] = made["scores"].with_columns(deletions=pl.when(pl.col("flags") == "SO").then(tried))
    report.write(tmp_path / "site", **made, phrases=phrases.found(pl.DataFrame(rows, schema=phrases.SENTENCES)))
    return tmp_path / "site" / "conversations"


def test_house_phrases_are_framed_and_say_how_many_say_them(housed, parse):
    page = parse(housed / "ann.lee-2.html")
    assert [node.text() for node in page.css("#t1 .text .house")] == [SORRY]
    assert page.css_first("#t1 .housed").text() == "House phrase said by 2 agents in at least 10 conversations"


def test_a_turn_says_why_it_has_its_labels(housed, parse):
    page = parse(housed / "ann.lee-2.html")
    assert [" ".join(node.text().split()) for node in page.css("#t1 .reasons dd")] == [
        "no single words stand out: the message as a whole counted.",
        "I ring: 90% with these words, 25% without them.",
    ]
    assert page.css_first("#t1 .chip.owns a").attributes["href"] == "#t1-owns"
    assert page.css_first("#t1-owns").text() == "I ring"


def test_a_conversation_leads_to_those_before_and_after_it_of_the_same_agent(housed, parse):
    links = parse(housed / "ann.lee-2.html").css(".beside a")
    assert [link.attributes["href"].rpartition("/")[2] for link in links] == [
        "ann.lee-1.html", "ann.lee-3.html", "ann.lee.html",
    ]  # fmt: skip
    assert [link.attributes.get("rel") for link in parse(housed / "ann.lee-0.html").css(".beside a")] == ["next", None]


def test_the_markdown_of_a_conversation_says_what_its_page_says(housed):
    gold = Path(__file__).parent / "gold" / "conversation.md"
    assert (housed / "ann.lee-2.md").read_text(encoding="utf-8") == gold.read_text(encoding="utf-8")


def test_the_course_is_drawn_and_told(page):
    assert page.css_first("figure.plot svg.chart").attributes["aria-describedby"] == "course-told"
    assert page.css_first("#course-told").text().startswith("The customer was upset at message 3")
    points = [(point.attributes["href"], point.text()) for point in page.css("nav.points a")]
    assert points[1] == ("#t4", "Message 5 (0:28): customer hostile (insult)")


NASTY = [
    ("customer", "<script>alert(1)</script> \u202egnp \u2066\u200e you clowns", "2i"),
    ("agent", "Sorry " + "a" * 10_000, "S0"),
    ("customer", "Z" + "\u0300" * 5_000 + "\u200b" * 5_000 + " 😡" * 500, "1"),
    (
        "agent",
        "# no heading\n- no list\n| no | table |\n</p><img src=x onerror=alert(1)> [x](javascript:1) `{{ 1 }}`",
        "O0",
    ),
]


def test_nothing_in_a_transcript_leaves_its_place(tmp_path, frames, talk, parse):
    report.write(tmp_path / "site", **frames(talk("one", "maya.osei", NASTY)))
    place = tmp_path / "site" / "conversations"
    page = parse(place / "one.html")
    assert len(page.css("ol.dialogue > li")) == 4
    assert not page.css("script:not([src]), img, [onerror]")
    assert "\u202e" not in page.html
    assert "\u2066" not in page.html
    lines = (place / "one.md").read_text(encoding="utf-8").splitlines()
    assert not [line for line in lines if line.startswith(("# no", "- no", "|", "<script", "</p"))]
    assert not [line for line in lines if "<img" in line.replace("\\<", "")]

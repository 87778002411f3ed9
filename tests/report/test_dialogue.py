import polars as pl
import pytest

from empathy_scan import report


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

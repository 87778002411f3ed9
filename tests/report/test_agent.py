"""An agent's page: what is told first, moments that show it, and figures with their ranges."""

import os
import pathlib

import pytest
from selectolax.lexbor import LexborHTMLParser

from empathy_scan.report import cards, moments, piles

GOLD = pathlib.Path(__file__).parent / "gold"
STOCK = [("customer", "My boiler broke on Friday and my mum is ill.", "1h"), ("agent", "We apologise, madam.", "S0")]
CARE = [
    ("customer", "My boiler broke on Friday and my baby is cold.", "1h"),
    ("agent", "A baby in a cold house since Friday, that comes first. I have a fitter for two.", "AO0"),
]
CALM = [("customer", "What time do you open?", "0"), ("agent", "At nine in the morning.", "0")]


@pytest.fixture
def pages(agent_pages, office):
    """The agents' pages of the office."""
    return agent_pages(*office)


def test_the_page_of_a_small_office_reads_as_its_gold_file(pages, rendered):
    """The Markdown says all that the page says; EMPATHY_SCAN_GOLD=write puts a new gold file down for a reader."""
    made = rendered(pages["maya.osei"])["md"]
    if os.environ.get("EMPATHY_SCAN_GOLD") == "write":
        (GOLD / "agent.md").write_text(made, encoding="utf-8")
    assert made == (GOLD / "agent.md").read_text(encoding="utf-8")


def test_strengths_come_first_then_at_most_three_things_to_work_on(pages, rendered):
    page = LexborHTMLParser(rendered(pages["maya.osei"])["html"])
    headings = [node.attributes["id"] for node in page.css("main h2")]
    assert headings[:3] == ["strengths", "work-on", "figures"]
    assert 1 <= len(page.css("section.card")) <= 3
    assert pages["maya.osei"].talk.cards[0].title == "Say it in words that fit this customer only"


def test_a_moment_quotes_both_sides_marks_what_counted_and_links_to_the_turn(pages, rendered):
    page = LexborHTMLParser(rendered(pages["derek.hollis"])["html"])
    moment = page.css_first("section.card article.moment")
    assert moment.css_first(".said.customer blockquote").text().strip() == "That is what you said last week, you clown."
    assert moment.css_first(".said.agent mark.guarded").text() == "Maybe be in"
    assert moment.css_first(".where a").attributes["href"].endswith("#t3")


def test_every_word_that_an_answer_could_have_built_on_stands_in_a_transcript(pages, office):
    said = [text.replace("{upset|", "").replace("{acknowledges|", "") for one in office for _, text, _ in one.lines]
    whole = " ".join(said).replace("}", "")
    for page in pages.values():
        moments = [moment for card in page.talk.cards for moment in card.moments] + list(page.talk.reading)
        for built in (moment.built for moment in moments):
            quotes = [*(fact.text for fact in built.facts), *(other.answer.text for other in built.others)]
            assert all(quote in whole for quote in [*quotes, *([built.wanted.text] if built.wanted else [])])
            assert built.facts or built.nothing


def test_a_similar_customer_is_answered_by_a_colleague_with_understanding(agent_pages, talk):
    talks = [talk(f"stock{day}", "maya.osei", STOCK, day=day) for day in range(5)]
    talks += [talk(f"care{day}", "priya.nair", CARE, day=day) for day in range(5)]
    read = agent_pages(*talks)["maya.osei"].talk.reading
    other = read[0].built.others[0]
    assert other.who.text == "Priya Nair"
    assert other.answer.text == CARE[1][1]
    assert other.shared == "same queue (deliveries); also tells of a hardship; both say “boiler”, “broke” and “friday”"
    assert sum(len(moment.built.others) for moment in read) == 1  # the same words are not shown again


def test_moments_of_a_page_come_from_different_conversations(pages):
    for name in ("maya.osei", "priya.nair", "derek.hollis"):
        page = pages[name]
        links = [moment.where.href.partition("#")[0] for moment in page.talk.praise]
        assert len(links) == len(set(links))


def test_where_chance_could_have_done_it_moments_are_offered_without_a_claim(agent_pages, talk):
    talks = [talk(f"{name}{day}", name, STOCK, day=day) for name in ("maya.osei", "priya.nair") for day in range(4)]
    told = agent_pages(*talks)["maya.osei"].talk
    assert told.cards == ()
    assert told.rule == "Nothing stands out that chance could not do."
    assert {moment.title for moment in told.reading} == {"Stock phrases only"}


def test_an_agent_without_any_moment_is_told_so(agent_pages, talk, rendered):
    page = agent_pages(talk("one", "maya.osei", CALM))["maya.osei"]
    text = LexborHTMLParser(rendered(page)["html"]).text()
    assert "None that the model is sure about." in text
    assert "No guarded, recited or missing answer was found in these conversations." in text


def test_agents_whom_nobody_names_are_not_coached(agent_pages, talk, rendered):
    talks = [talk(f"c{day}", None, STOCK, day=day) for day in range(6)]
    talks += [talk(f"d{day}", "priya.nair", CARE, day=day) for day in range(6)]
    page = agent_pages(*talks)["unknown-agent"]
    made = LexborHTMLParser(rendered(page)["html"])
    assert page.talk is None
    assert "They may be several people" in made.css_first(".hero").text()
    assert not made.css(".card, .moment, #strengths, #work-on, #past, #voice")
    assert "Stock phrases only" in made.css_first("#figures").parent.text()


def test_what_there_is_too_little_for_stands_in_one_list_with_its_reason(pages):
    withheld = {item.why: item.titles for item in pages["ben.ash"].withheld}
    assert "Answered with understanding" in withheld["not enough conversations yet (1 of 3 needed)"]
    assert pages["ben.ash"].figures == ()


def test_snap_chains_are_told_turn_by_turn_and_linked(agent_pages, talk):
    lines = [
        ("customer", "It is late again.", "1"), ("agent", "We apologise.", "S0"), ("customer", "And now?", "0"),
        ("agent", "We do apologise.", "S0"), ("customer", "You parrot.", "2i"), ("agent", "Charming.", "2"),
    ]  # fmt: skip
    talks = [talk(f"c{day}", "maya.osei", lines, day=day) for day in range(5)]
    page = agent_pages(*talks)["maya.osei"]
    assert page.chains_count.startswith("In 5 conversations two or more stock phrases")
    assert [link.href for _, link in page.chains[0].steps] == [
        f"conversations/c4.html#t{turn}" for turn in (1, 3, 4, 5)
    ]
    assert [turn.side for turn, _ in page.chains[0].steps] == ["agent", "agent", "customer", "agent"]


def test_the_composure_curve_is_drawn_told_and_set_as_a_table(pages):
    curve = pages["derek.hollis"].curve
    assert curve.rows[0][0] == "none"
    assert "of 8 messages" in curve.rows[0][1]
    assert curve.told.startswith("after none 0% (")
    assert 'aria-label="' in curve.drawing.__html__()


def test_phrases_are_the_houses_or_the_agents_own(pages, agent_pages, talk):
    said = pages["maya.osei"].voice.said
    assert [(phrase.text, phrase.uses, phrase.whose) for phrase in said[:1]] == [
        ("I do apologise for the inconvenience.", "8 times in 8 conversations", "own phrase")
    ]
    names = ("maya.osei", "priya.nair")
    shared = agent_pages(*(talk(f"{name}{day}", name, STOCK, day=day) for name in names for day in range(4)))
    assert shared["maya.osei"].voice.said[0].whose == "house phrase: 1 colleague says it too"


def test_courses_need_three_weeks_with_figures(agent_pages, talk):
    talks = [talk(f"c{day}", "maya.osei", STOCK, day=day) for day in range(21)]
    talks += [talk(f"d{day}", "priya.nair", CARE, day=day) for day in range(21)]
    course = agent_pages(*talks)["maya.osei"].courses[0]
    assert [row[0] for row in course.rows] == ["5 Oct", "12 Oct", "19 Oct"]
    assert course.rows[0][1].startswith("0% (0 to ")


def test_long_lists_are_cut_and_say_how_many_there_are(agent_pages, talk, monkeypatch):
    monkeypatch.setattr(piles, "NEWEST", 3)
    monkeypatch.setattr(piles, "CONVERSATIONS", 4)
    page = agent_pages(*(talk(f"c{day}", "maya.osei", STOCK, day=day) for day in range(6)))["maya.osei"]
    pile = page.piles[0]
    assert pile.title == "Calls for empathy answered with stock phrases only (6)"
    assert [link.href for link in pile.links] == [f"conversations/c{day}.html#t0" for day in (5, 4, 3)]
    assert pile.more == "The newest 3 of 6."
    assert page.conversations_more == "The newest 4 of 6 conversations."
    assert page.conversations[0].who.href == "conversations/c5.html"


def test_load_is_never_called_a_mark(pages):
    assert "Abuse taken: a load, never a mark" in [section.title for section in pages["priya.nair"].sections]


def test_hostile_text_stays_text(agent_pages, talk, rendered):
    lines = [
        ("customer", "<script>alert(1)</script> My mum is ill since Friday \u202e | # x", "1"),
        ("agent", "We <b>apologise</b>.", "S0"),
    ]
    made = rendered(agent_pages(*(talk(f"c{day}", "maya.osei", lines, day=day) for day in range(4)))["maya.osei"])
    assert "<script>alert" not in made["html"]
    assert "<b>" not in made["html"]
    assert "\\<script\\>" in made["md"]
    assert "\u202e" not in made["html"] + made["md"]


def test_every_kind_of_moment_has_a_title():
    assert set(cards.TITLES) == set(moments.KINDS)


def test_the_number_of_moments_is_a_setting(agent_pages, office):
    page = agent_pages(*office, moments=2)["priya.nair"]
    assert len(page.talk.praise) == 2
    assert all(len(card.moments) <= 2 for card in page.talk.cards)


def test_kinds_of_moments_take_turns(pages):
    titles = {moment.title for moment in pages["priya.nair"].talk.praise}
    assert titles == {"Rose above a hostile message", "Answered with understanding"}


def test_turns_that_the_model_hesitated_about_are_left_out_where_others_will_do(agent_pages, talk):
    talks = [talk(f"c{day}", "maya.osei", STOCK, day=day, unsure=day < 3) for day in range(6)]
    read = agent_pages(*talks, moments=4)["maya.osei"].talk.reading
    assert {moment.where.href for moment in read} == {f"conversations/c{day}.html#t1" for day in (3, 4, 5)}


def test_understanding_after_a_guarded_first_answer_is_not_praised(agent_pages, talk):
    lines = [*STOCK[:1], ("agent", "Not our fault.", "1"), ("agent", "A week without heat, though.", "A0")]
    told = agent_pages(talk("one", "maya.osei", lines))["maya.osei"].talk
    assert not told.praise
    assert len(told.reading) == 1


def test_messages_between_a_call_and_its_answer_are_counted(agent_pages, talk):
    lines = [*STOCK[:1], ("agent", "Your postcode?", "0"), ("customer", "LS6.", "0"), ("agent", "No heat!", "A0")]
    praise = agent_pages(talk("one", "maya.osei", lines))["maya.osei"].talk.praise
    assert praise[0].between == "2 messages in between"


def test_a_step_after_a_kind_word_is_no_sympathy_without_a_step(prepared, talk):
    made = moments.pools(prepared(talk("one", "maya.osei", [*STOCK, ("agent", "A fitter comes at two.", "O0")])))
    assert ("maya.osei", "sorry") not in made.counts
    assert moments.pools(prepared(talk("one", "maya.osei", STOCK))).counts["maya.osei", "sorry"] == 1


def test_figures_for_the_customers_and_drawn_towards_the_team_stand_beside(pages):
    row = next(row for row in pages["priya.nair"].beside if row[0] == "Answered with understanding")
    assert row[1].endswith("of 16 calls for empathy")
    assert all("(" in cell for cell in row[1:4])
    assert not pages["ben.ash"].beside


def test_what_is_praised_is_not_to_be_worked_on_as_well(agent_pages, talk):
    lines = [("customer", "You lot are clowns.", "2i"), ("agent", "I have booked you for two tomorrow.", "O0")]
    told = agent_pages(talk("one", "maya.osei", lines))["maya.osei"].talk
    assert [moment.kind for moment in told.praise] == ["rose"]
    assert not told.reading

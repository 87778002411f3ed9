from empathy_scan import report


def moments(page, section):
    return page.css(f"section[aria-labelledby={section}] article.moment")


def test_a_moment_quotes_both_sides_marks_what_counted_and_links_to_the_turn(site, parse):
    moment = moments(parse(site / "agents" / "derek.hollis.html"), "talk")[0]
    assert moment.css_first(".said.customer blockquote").text().strip() == "That is what you said last week, you clown."
    assert moment.css_first(".said.agent mark.guarded").text() == "Maybe be in"
    assert "guarded" in moment.css_first(".said.agent .chip").text()
    assert moment.css_first(".where a").attributes["href"].endswith("#t3")


def test_moments_come_from_different_conversations(site, parse):
    page = parse(site / "agents" / "priya.nair.html")
    links = [moment.css_first(".where a").attributes["href"].partition("#")[0] for moment in moments(page, "praise")]
    assert len(links) == len(set(links)) == 5


def test_kinds_of_moments_take_turns(site, parse):
    page = parse(site / "agents" / "priya.nair.html")
    titles = [moment.css_first("h3").text() for moment in moments(page, "praise")]
    assert {"Rose above a hostile message", "Answered with understanding"} == set(titles)


def test_the_number_of_moments_is_a_setting(tmp_path, frames, office, parse):
    report.write(tmp_path / "site", **frames(*office, moments=2))
    assert len(moments(parse(tmp_path / "site" / "agents" / "maya.osei.html"), "talk")) == 2


def test_turns_that_the_model_hesitated_about_come_last(tmp_path, frames, talk, parse):
    lines = [("customer", "It broke.", "1"), ("agent", "So sorry.", "S0")]
    talks = [talk(f"c{day}", "maya.osei", lines, day=day, unsure=day < 3) for day in range(6)]
    report.write(tmp_path / "site", **frames(*talks, moments=3))
    page = parse(tmp_path / "site" / "agents" / "maya.osei.html")
    links = {moment.css_first(".where a").attributes["href"] for moment in moments(page, "talk")}
    assert links == {f"../conversations/c{day}.html#t1" for day in (3, 4, 5)}


def test_understanding_after_a_guarded_first_answer_is_not_praised(tmp_path, frames, talk, parse):
    lines = [
        ("customer", "It broke.", "1"),
        ("agent", "Not our fault.", "1"),
        ("agent", "A week without heat, though.", "A0"),
    ]
    report.write(tmp_path / "site", **frames(talk("one", "maya.osei", lines)))
    page = parse(tmp_path / "site" / "agents" / "maya.osei.html")
    assert not moments(page, "praise")
    assert len(moments(page, "talk")) == 1


def test_messages_between_a_call_and_its_answer_are_counted(tmp_path, frames, talk, parse):
    lines = [
        ("customer", "It broke.", "1"),
        ("agent", "Your postcode?", "0"),
        ("customer", "LS6.", "0"),
        ("agent", "A week without heat!", "A0"),
    ]
    report.write(tmp_path / "site", **frames(talk("one", "maya.osei", lines)))
    page = parse(tmp_path / "site" / "agents" / "maya.osei.html")
    assert moments(page, "praise")[0].css_first(".between").text() == "2 messages in between"


def test_every_turn_behind_a_figure_is_linked(site, parse):
    page = parse(site / "agents" / "maya.osei.html")
    piles = {pile.css_first("summary").text(): len(pile.css("li")) for pile in page.css(".pile")}
    assert piles == {
        "Calls for empathy answered with stock phrases only (16)": 16,
        "Other hostile messages with an answer (8)": 8,
    }


def test_an_agent_without_any_moment_is_told_so(tmp_path, frames, talk, parse):
    lines = [("customer", "What time?", "0"), ("agent", "Nine.", "0")]
    report.write(tmp_path / "site", **frames(talk("one", "maya.osei", lines)))
    page = parse(tmp_path / "site" / "agents" / "maya.osei.html")
    assert page.text().count("None found in these conversations.") == 2


def test_load_is_never_called_a_mark(site, parse):
    captions = [node.text() for node in parse(site / "agents" / "priya.nair.html").css("caption")]
    assert "Abuse taken: a load, never a mark" in captions

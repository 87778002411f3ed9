import re
from dataclasses import replace

import polars as pl

from empathy_scan import report, summary
from empathy_scan.config import SummaryConfig
from empathy_scan.report import prose


def front(site, parse):
    return parse(site / "index.html")


def sentences(page):
    return [" ".join(node.text().split()) for node in page.css(".group li")]


def test_a_first_report_begins_with_what_stands_out_and_a_later_one_with_what_changed(tmp_path, frames, office, parse):
    def headings():
        return [node.text() for node in parse(report.write(tmp_path, **frames(*office))).css("h2")]

    first = headings()
    assert first == [
        "What stands out",
        "What changed since last time",
        "The team",
        "The agents",
        "The load, and who needs a breather",
        "Where calls for empathy are missed",
        "What could not be read",
        "What the figures cannot show",
    ]
    report.write(tmp_path, **frames(*office[:20]))
    assert headings() == [first[1], first[0], *first[2:]]


def test_what_a_call_for_empathy_is_and_what_a_name_means_stand_before_the_names(site, parse):
    section = front(site, parse).css_first("[aria-labelledby=stands-out]").text()
    said = [section.index(part) for part in (prose.CALL, prose.RANGES, prose.NAMED, "Worth learning from")]
    assert said == sorted(said)


def test_where_nobody_is_named_nothing_is_said_of_names(tmp_path, frames, talk, parse):
    lines = [("customer", "It broke.", "1"), ("agent", "Sorry.", "S0")]
    page = parse(report.write(tmp_path, **frames(*(talk(f"t-{day}", "a.one", lines, day=day) for day in range(4)))))
    assert prose.NAMED not in page.text()
    assert prose.CALL in page.text()


def test_the_lead_tells_how_calls_for_empathy_were_answered_with_ranges(site, parse):
    lead = front(site, parse).css_first("[aria-labelledby=stands-out] .first").text()
    shape = (
        r"Of 50 calls for empathy, 36% were answered with understanding \(\d+ to \d+%\), "
        r"32% with stock phrases only \(\d+ to \d+%\) and 32% were missed \(\d+ to \d+%\)\."
    )
    assert re.fullmatch(shape, lead)


def test_agents_who_stand_clear_are_named_with_range_and_count(site, parse):
    said = sentences(front(site, parse))
    scripted = (
        r"Maya Osei answers 100% of calls for empathy with stock phrases only "
        r"\(\d+ to 100%, 16 calls for empathy\); the team 32%\."
    )
    mirrored = (
        r"Derek Hollis becomes guarded or hostile in 100% of turns after a hostile customer \(8 of 8\), "
        r"against 0% otherwise \(0 of 16\): a difference of \+100 points \(\+\d+ to \+100\)\."
    )
    assert any(re.fullmatch(scripted, text) for text in said)
    assert any(re.fullmatch(mirrored, text) for text in said)
    assert any(text.startswith("Priya Nair answers 100% of calls for empathy with understanding") for text in said)


def test_a_heavy_load_is_told_as_a_load(tmp_path, frames, talk, parse):
    calm = [("customer", "What time?", "0"), ("agent", "Nine.", "0")]
    abuse = [("customer", "You clown.", "2i"), ("customer", "Liar.", "2c"), ("agent", "I see.", "0")]
    talks = [
        *(talk(f"calm-{day}", "a.one", calm, day=day) for day in range(30)),
        *(talk(f"abuse-{day}", "b.two", abuse, day=day) for day in range(8)),
    ]
    page = parse(report.write(tmp_path / "site", **frames(*talks)))
    assert [node.text() for node in page.css(".group h3")] == ["Load worth sharing"]
    said = (
        r"B Two took 200 hostile messages per 100 conversations "
        r"\(\d+ to \d+, 8 conversations\); the team 42 per 100 conversations\."
    )
    assert re.fullmatch(said, sentences(page)[0])


def test_nobody_is_named_where_the_ranges_overlap(tmp_path, frames, talk, parse):
    lines = [("customer", "It broke.", "1"), ("agent", "Sorry.", "S0"), ("agent", "Noted.", "0")]
    talks = [talk(f"{agent}-{day}", agent, lines, day=day) for agent in ("a.one", "b.two") for day in range(4)]
    page = parse(report.write(tmp_path / "site", **frames(*talks)))
    assert not sentences(page)
    assert "No agent stands clear of the others" in page.text()


def test_an_only_agent_is_not_held_against_himself(tmp_path, frames, office, parse):
    report.write(tmp_path / "site", **frames(*office[:8]))
    page = parse(tmp_path / "site" / "agents" / "maya.osei.html")
    assert "the team (" not in page.css_first("main").text()


def test_there_is_one_row_per_agent_with_a_heading_and_a_band(site, parse):
    rows = front(site, parse).css("tr.agent")
    names = [row.css_first("th[scope=row] a").text() for row in rows]
    assert names == ["Priya Nair", "Derek Hollis", "Maya Osei", "Ben Ash"]
    letters = [row.css_first(".letters").text() for row in rows if row.css_first(".letters")]
    assert letters == ["A", "B", "B"]
    assert all(len(row.css("td")) == 7 for row in rows[:3])


def test_agents_with_too_little_are_listed_with_the_reason_and_without_a_figure(site, parse):
    row = front(site, parse).css("tr.agent")[-1]
    assert row.css_first("td.why").text().strip() == "not enough conversations yet (1 of 3 needed)"
    assert "%" not in row.text()


def test_agents_without_a_name_stand_apart_from_the_bands(tmp_path, frames, office, talk, parse):
    unnamed = [talk(f"nobody-{day}", None, office[0].lines, day=day) for day in range(8)]
    page = parse(report.write(tmp_path / "site", **frames(*office, *unnamed)))
    rows = page.css("tr.agent")
    assert [row.css_first("th a").text() for row in rows][-1] == "Unknown agent"
    assert rows[-1].css_first(".letters") is None
    assert len(rows[-1].css("td")) == 7
    assert [row.css_first(".letters").text() for row in rows[:3]] == ["A", "B", "B"]
    assert "may be several people" in page.css_first(".unnamed-note").text()
    assert "Unknown agent" not in "".join(sentences(page))


def test_where_every_agent_has_a_name_nothing_is_said_of_others(site, parse):
    assert front(site, parse).css_first(".unnamed-note") is None


def test_conversations_of_unknown_channels_are_counted_once(tmp_path, frames, office, parse):
    plain = [replace(each, channel="other") for each in office]
    facts = " ".join(parse(report.write(tmp_path / "plain", **frames(*plain))).text().split())
    assert "25 conversations" in facts
    assert "25 conversations (" not in facts
    mixed = " ".join(parse(report.write(tmp_path / "mixed", **frames(*plain[:20], *office[20:]))).text().split())
    assert "25 conversations (4 phone calls, 1 chat and 20 conversations)" in mixed


def test_rejects_are_told_with_reason_and_remedy(tmp_path, frames, office, parse):
    reject = {
        "source": "calls/0412.vtt",
        "place": "line 37",
        "error": "MalformedInputError",
        "reason": "cue ends before it starts",
        "remedy": "fix the file",
    }
    page = parse(report.write(tmp_path / "site", **frames(*office, rejects=[reject])))
    row = page.css_first("table.rejects tbody tr").text()
    assert all(reject[name] in row for name in ("source", "place", "reason", "remedy"))
    assert "1 file or part of a file could not be read" in page.text()


def test_many_rejects_are_cut_and_counted(tmp_path, frames, office, parse):
    rejects = [
        {"source": f"{number:04}.txt", "place": "", "error": "InputError", "reason": "empty", "remedy": "remove it"}
        for number in range(450)
    ]
    page = parse(report.write(tmp_path / "site", **frames(*office, rejects=rejects)))
    assert len(page.css("table.rejects tbody tr")) == 200
    assert "and 250 more" in page.text()


def test_the_front_page_says_what_figures_cannot_show(site, parse):
    assert front(site, parse).css_first('section[aria-labelledby="limits"] a[href="method.html#limits"]')
    text = " ".join(node.text() for node in parse(site / "method.html").css(".limits"))
    assert all(said in text for said in ("coaching", "machine", "Only words", "EU AI Act", "high-risk"))


def test_the_glossary_explains_every_headline_once(site, parse):
    terms = [node.text() for node in parse(site / "method.html").css("section[aria-labelledby=glossary] dt")]
    assert len(terms) == len(set(terms))
    assert {"Call for empathy", "Stock phrases only", "Rose above", "Band"} <= set(terms)


def test_dates_come_from_the_conversations(site, parse):
    assert front(site, parse).css_first(".eyebrow").text() == "5 Oct 2026 to 14 Oct 2026"


def test_the_teams_of_a_roster_stand_on_the_front_page_where_there_are_several(tmp_path, frames, office, parse):
    made = frames(*office)
    agents = made["labels"]["agent_id"].drop_nulls().unique().sort().to_list()
    teams = {agent: ("Repairs", "Sales")[number % 2] for number, agent in enumerate(agents)}
    settings = SummaryConfig(minimum_conversations=3, resamples=100)
    made["figures"] = summary.figures(made["labels"], settings, teams=teams)
    people = report.People({agents[0]: "Zora <i>Quist"}, teams, (agents[1],))
    found = parse(report.write(tmp_path / "teams", **made, people=people))
    rows = found.css("section[aria-labelledby=teams] tbody tr")
    assert [row.css_first("th").text(deep=False).strip() for row in rows] == ["Repairs", "Sales"]
    assert "Zora <i>Quist" in found.css_first("section[aria-labelledby=agents]").text()
    assert "Not on the roster" in found.css_first(".unlisted").text()


def test_without_a_roster_no_teams_are_told(site, parse):
    found = parse(site / "index.html")
    assert found.css_first("section[aria-labelledby=teams]") is None
    assert found.css_first(".unlisted") is None


def test_groups_of_conversations_stand_on_the_front_page_by_what_they_are_grouped(tmp_path, frames, office, parse):
    made = frames(*office)
    ids = made["labels"]["conversation_id"].unique().sort()
    named = pl.DataFrame(
        {"conversation_id": ids, "group": [f"region={('North', '<b>')[n % 2]}" for n in range(len(ids))]}
    )
    settings = SummaryConfig(minimum_conversations=3, resamples=100)
    made["figures"] = summary.figures(made["labels"], settings, groups=named)
    found = parse(report.write(tmp_path / "groups", **made))
    section = found.css_first("section[aria-labelledby=group-1]")
    assert section.css_first("h2").text() == "By region"
    heads = [row.css_first("th").text() for row in section.css("tbody tr")]
    assert [head.startswith(name) for head, name in zip(heads, ("<b>", "North"), strict=True)] == [True, True]
    assert "<b>" not in section.css_first("tbody").html.replace("&lt;b&gt;", "")


def test_without_groups_none_are_told(site, parse):
    assert parse(site / "index.html").css_first("section[aria-labelledby=group-1]") is None

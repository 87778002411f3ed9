"""The sections of the team's page: the course, the load, house phrases, and where calls are missed."""

import dataclasses
import datetime as dt
import json

import polars as pl
import pytest

from empathy_scan import phrases, report, summary, tables, trends
from empathy_scan.config import SummaryConfig

WEEKS = {"measures": report.WEEKLY, "latest": report.WEEKS}
SETTINGS = SummaryConfig(minimum_conversations=3, resamples=100)
STOCK = [
    ("customer", "It broke again.", "1"),
    ("agent", "We value your patience today.", "S0"),
    ("customer", "So?", "1"),
]
OWN = [("customer", "It broke again.", "1"), ("agent", "You stayed at home for it twice, for nothing.", "A0")]
ABUSE = [("customer", "You clown.", "2i"), ("customer", "Liar.", "2c"), ("agent", "Tuesday, then.", "0")]
CALM = [("customer", "What time?", "0"), ("agent", "Nine.", "0")]


def section(page, name):
    found = page.css_first(f"[aria-labelledby={name}]")
    return None if found is None else " ".join(found.text().split())


def with_phrases(given):
    said = phrases.found(phrases.of_scores(given["turns"], given["scores"]))
    figures = summary.figures(given["labels"], SETTINGS, sentences=said.sentences)
    return given | {"phrases": said, "figures": figures}


def test_the_course_is_drawn_and_told_week_by_week(tmp_path, frames, office, parse):
    later = [dataclasses.replace(each, name=f"{each.name}-b", day=each.day + 14) for each in office]
    given = frames(*office, *later)
    weeks = trends.by_week(given["labels"], SETTINGS, **WEEKS)
    page = parse(report.write(tmp_path, **given, weeks=weeks))
    rows = page.css("table.weeks tbody tr")
    assert [row.css_first("th").text() for row in rows] == ["5 Oct 2026", "12 Oct 2026", "19 Oct 2026", "26 Oct 2026"]
    assert rows[0].css_first("td").text().startswith("33% (")
    drawing = page.css_first(".courses svg.chart[role=img]")
    assert "week by week: 33% (" in drawing.attributes["aria-label"]


def test_one_week_is_no_course(tmp_path, frames, office, parse):
    given = frames(*[each for each in office if each.day < 7])
    weeks = trends.by_week(given["labels"], SETTINGS, **WEEKS)
    assert section(parse(report.write(tmp_path, **given, weeks=weeks)), "course") is None


def test_who_takes_far_more_than_the_team_may_need_a_breather(tmp_path, frames, talk, parse):
    talks = [
        *(talk(f"calm-{agent}-{day}", agent, CALM, day=day) for agent in ("a.one", "c.three") for day in range(30)),
        *(talk(f"abuse-{day}", "b.two", ABUSE, day=day) for day in range(8)),
    ]
    page = parse(report.write(tmp_path, **frames(*talks)))
    rows = page.css("table.breathers tbody tr")
    assert [row.css_first("th").text() for row in rows] == ["B Two"]
    assert "took 200 hostile messages per 100 conversations (" in rows[0].text()
    assert "the team 24 per 100" in rows[0].text()
    assert "never how good somebody's work is" in section(page, "load")


def test_a_shift_with_abuse_in_nearly_every_conversation_is_a_hard_one(tmp_path, frames, talk, parse):
    calm = [
        talk(f"{agent}-{day}", agent, CALM, day=day) for agent in ("a.one", "b.two", "c.three") for day in range(30)
    ]
    hard = [talk(f"hard-{number}", "c.three", ABUSE, day=30) for number in range(9)]
    text = section(parse(report.write(tmp_path, **frames(*calm, *hard))), "load")
    assert "had a hard shift on 4 Nov 2026: abuse in 9 of 9 conversations (" in text
    assert "18 hostile messages" in text


def test_of_agents_who_are_alike_nobody_needs_a_breather(tmp_path, frames, talk, parse):
    talks = [
        talk(f"{agent}-{day}", agent, ABUSE if day % 3 == 0 else CALM, day=day)
        for agent in ("a.one", "b.two", "c.three") for day in range(12)
    ]  # fmt: skip
    page = parse(report.write(tmp_path, **frames(*talks)))
    assert not page.css("table.breathers")
    assert "Nobody's load stands out" in section(page, "load")


@pytest.fixture
def phrased(tmp_path, frames, talk):
    """A report of agents of whom some say a house phrase and one has words of her own."""
    talks = [
        *(talk(f"{agent}-{day}", agent, STOCK, day=day) for agent in ("a.one", "b.two") for day in range(6)),
        *(talk(f"own-{day}", "c.three", OWN, day=day) for day in range(2)),
        *(talk(f"other-{day}", "d.four", [OWN[0], ("agent", f"Number {day} is a word of mine.", "A0")],
               day=day, queue="billing") for day in range(6)),
    ]  # fmt: skip
    report.write(tmp_path / "site", **with_phrases(frames(*talks)))
    return tmp_path / "site"


def test_a_house_phrase_is_told_with_its_uses_and_how_customers_took_it(phrased, parse):
    phrase = parse(phrased / "index.html").css_first(".phrase")
    assert phrase.css_first("h3").text() == "“We value your patience today.”"
    text = " ".join(phrase.text().split())
    assert "Said 12 times in 12 conversations by 2 agents, 12 of them as a stock phrase" in text
    assert "still upset or hostile after it: 100% (" in text
    assert "12 answered calls)" in text


def test_what_colleagues_said_instead_is_quoted_from_the_same_queue_and_linked(phrased, parse):
    quotes = parse(phrased / "index.html").css(".phrase blockquote")
    assert [quote.css_first("p").text() for quote in quotes] == [OWN[1][1]]
    assert quotes[0].css_first("a").attributes["href"].startswith("conversations/own-")
    assert quotes[0].css_first("a").attributes["href"].endswith(".html#t1")


def test_own_voice_stands_beside_the_house_phrases_with_its_interval(phrased, parse):
    row = parse(phrased / "index.html").css_first("table.voices tbody tr").text()
    assert "All agents" in row
    assert "20 caring sentences" in row
    assert "as if 1 phrases" in row or "as if 1 phrase" in row


def test_without_sentences_nothing_is_said_of_phrases(site, parse):
    assert section(parse(site / "index.html"), "house") is None


def missed_in(frames, talk, tmp_path, parse, zone=None):
    missed = [("customer", "It broke again.", "1"), ("agent", "Noted.", "0")]
    talks = [
        *(talk(f"good-{day}", "a.one", OWN, day=day, queue="repairs") for day in range(20)),
        *(talk(f"bad-{day}", "b.two", missed, day=day, queue="billing", channel="chat") for day in range(20)),
    ]
    given = frames(*talks)
    given["turns"] = given["turns"].with_columns(
        zone=pl.lit(zone, pl.String),
        started_at=pl.when(pl.col("channel") == "chat").then(pl.col("started_at") + dt.timedelta(hours=5))
        .otherwise("started_at"),
    )  # fmt: skip
    starts = given["turns"].select("conversation_id", "turn", "started_at")
    labels = given["labels"].drop("started_at").join(starts, on=["conversation_id", "turn"], how="left")
    given["labels"] = tables.conform(labels.select(tables.LABELS.columns.keys()), tables.LABELS)
    return parse(report.write(tmp_path, **given))


def test_where_calls_are_surely_missed_more_often_comes_first_and_is_said(tmp_path, frames, talk, parse):
    page = missed_in(frames, talk, tmp_path, parse)
    text = section(page, "where-missed")
    assert "Surely more often in queue billing 100% (" in text
    assert "in chats 100% (" in text
    assert "at 14:00 100% (" in text
    tables_ = page.css("[aria-labelledby=where-missed] table.places")
    assert [row.css_first("th").text() for row in tables_[0].css("tbody tr")] == ["billing", "repairs"]
    assert [row.css_first("th").text() for row in tables_[2].css("tbody tr")] == ["09:00", "14:00"]
    drawing = page.css_first("[aria-labelledby=where-missed] svg.chart")
    assert "09:00 0% (" in drawing.attributes["aria-label"]


@pytest.mark.parametrize(
    ("zone", "hours"),
    [("+02:00", ["11:00", "16:00"]), ("Europe/Berlin", ["11:00", "16:00"]), ("CEST", ["09:00", "14:00"]),
     ("UTC-03:30", ["05:00", "10:00"])],
)  # fmt: skip
def test_hours_are_those_of_the_zone_that_the_export_wrote(tmp_path, frames, talk, parse, zone, hours):
    page = missed_in(frames, talk, tmp_path, parse, zone)
    rows = page.css("[aria-labelledby=where-missed] details table.places tbody tr")
    found = {row.css_first("th").text() for row in rows}
    assert set(hours) <= found


def test_where_chance_could_make_the_differences_it_is_said(tmp_path, frames, talk, parse):
    talks = [talk(f"{queue}-{day}", "a.one", OWN, day=day, queue=queue) for queue in ("x", "y") for day in range(6)]
    text = section(parse(report.write(tmp_path, **frames(*talks))), "where-missed")
    assert "No queue, channel or hour stands out" in text
    assert "more often than elsewhere" not in text


def test_rows_carry_what_the_script_sorts_and_filters_by(site, parse):
    page = parse(site / "index.html")
    rows = page.css("#agents-table tbody tr")
    assert "data-enough" in rows[0].attributes
    assert "data-enough" not in rows[-1].attributes
    assert [row.attributes.get("data-band") for row in rows[:3]] == ["A", "B", "B"]
    assert float(rows[0].css("td")[1].attributes["data-v"]) == 1.0
    tools = page.css_first("[data-tools=agents-table]")
    assert "hidden" in tools.attributes
    assert tools.css_first("[role=status]") is not None
    assert all(each.parent.tag == "label" for each in tools.css("input, select"))
    heads = page.css("#agents-table thead th")
    assert all(head.attributes.get("data-sort") for head in heads)


def test_the_list_of_conversations_can_be_searched(site, parse):
    page = parse(site / "conversations" / "index.html")
    row = page.css_first("#conversations-table tbody tr")
    assert row.attributes["data-queue"] == "deliveries"
    assert "Ben Ash" in row.attributes["data-text"]
    assert page.css_first("[data-tools=conversations-table] input[type=search]") is not None


def test_the_state_of_a_report_is_json(site):
    assert json.loads((site / "data" / "state.json").read_text(encoding="utf-8"))["conversations"] == 25

"""A report is brought up to date page by page: what did not change is not written, and the end is the same."""

import os

import polars as pl
import pytest

from empathy_scan import phrases, report
from empathy_scan.errors import OutputError, UsageError
from empathy_scan.report import digests, listing, page, rendering, since

LINES = [("customer", "The oven broke.", "1"), ("agent", "Sorry for any inconvenience.", "S0")]


def contents(site):
    return {path.relative_to(site).as_posix(): path.read_bytes() for path in site.rglob("*") if path.is_file()}


def written(site, write):
    """The files that `write` wrote: those with another time than before."""
    os.utime(site / "index.html", (1, 1))
    for path in site.rglob("*"):
        os.utime(path, (1, 1))
    write()
    return {
        path.relative_to(site).as_posix() for path in site.rglob("*") if path.is_file() and path.stat().st_mtime != 1
    }


def with_phrases(given):
    sentences = phrases.of_scores(given["turns"], given["scores"])
    return given | {"phrases": phrases.found(sentences)}


@pytest.fixture
def large(monkeypatch):
    """Reports of more than three conversations are large ones, and agents' newest count no further than one."""
    monkeypatch.setattr(page, "EVERY", 3)
    monkeypatch.setattr(page, "NEWEST", 1)


def test_the_same_again_writes_nothing(site, frames, office):
    told = []
    assert written(site, lambda: report.write(site, **frames(*office), told=told.append)) == set()
    assert (told[0].changed, told[0].conversation_pages) == (0, 25)


def test_a_first_report_writes_every_page(tmp_path, frames, office):
    told = []
    report.write(tmp_path / "site", **frames(*office), told=told.append)
    assert told[0].pages == told[0].changed == 25 + 4 + 3  # conversations, agents; front, Method and the list


def test_a_new_conversation_writes_its_page_its_agents_and_of_others_only_those_beside_it(site, frames, office, talk):
    more = [*office, talk("new", "ben.ash", LINES, day=9)]
    told = written(site, lambda: report.write(site, **frames(*more)))
    assert {path for path in told if path.startswith("conversations/") and path.endswith(".html")} == {
        "conversations/new.html",
        "conversations/first-day.html",  # the agent's conversation before, which leads on to the new one
        "conversations/index.html",
    }
    assert {"agents/ben.ash.html", "index.html"} <= told


@pytest.mark.parametrize(
    "change",
    [
        lambda given, _: given,
        lambda given, _: given | {"provenance": given["provenance"] | {"model": "0" * 12}},
        lambda given, _: given | {"people": report.People({"maya.osei": "Maya O."}, {"maya.osei": "East"})},
        lambda given, _: given | {"scores": given["scores"].with_columns(p_owns=pl.lit(0.31, pl.Float32))},
        lambda given, _: given | {"scores": given["scores"].with_columns(pl.col("evidence").list.head(0))},
        lambda given, _: given | {"turns": given["turns"].with_columns(start=pl.col("start") + 60)},
        lambda given, _: given | {"turns": given["turns"].with_columns(pl.col("text").str.replace("sofa", "bed"))},
        lambda given, _: given | {"labels": given["labels"].with_columns(flags=pl.lit(""))},
        lambda _, make: make("maya.osei-0"),
        lambda given, _: with_phrases(given),
    ],
    ids=["same", "provenance", "names", "scores", "evidence", "times", "texts", "labels", "gone", "phrases"],
)  # fmt: skip
def test_an_update_ends_with_the_bytes_of_a_fresh_report(tmp_path, site, frames, office, change):
    changed = change(frames(*office), lambda name: frames(*(each for each in office if each.name != name)))
    last = since.read(site)
    report.write(site, **changed)
    report.write(tmp_path / "fresh", **changed, last=last)
    assert contents(site) == contents(tmp_path / "fresh")


def test_a_failure_after_half_of_the_pages_leaves_the_old_report(site, frames, office, monkeypatch):
    before, made = contents(site), []

    def failing(_templates, path, _values):
        made.append(path)
        if len(made) > 10:
            raise OSError(28, "No space left on device")
        return {f"{path}.html": b"half"}

    monkeypatch.setattr(rendering.Templates, "render", failing)
    with pytest.raises(OutputError, match="the disk is full"):
        report.write(site, **frames(*office, title="Another"))
    assert contents(site) == before


def test_another_program_makes_every_page_again(site, frames, office, monkeypatch):
    monkeypatch.setattr(rendering, "_program", lambda: "another")
    told = []
    report.write(site, **frames(*office), told=told.append)
    assert told[0].changed == told[0].pages


@pytest.mark.usefixtures("large")
def test_a_large_report_has_pages_of_cited_and_newest_conversations_only(tmp_path, frames, talk, parse):
    talks = [talk(f"c{day}", "maya.osei", LINES, day=day) for day in range(9)]
    report.write(tmp_path / "site", **frames(*talks, moments=2))
    site = tmp_path / "site"
    made = {path.stem for path in (site / "conversations").glob("*.html")}
    assert parse(site / "index.html").css('nav a[href="conversations/index.html"]')
    assert {"index", "c8"} < made < {"index", *(one.name for one in talks)}
    told = parse(site / "conversations" / "index.html").css_first("main").text()
    assert "Of the 9 conversations in this report" in told
    for path in site.rglob("*.html"):
        for node in parse(path).css('main a[href*="conversations/"]'):
            assert (path.parent / node.attributes["href"].partition("#")[0]).is_file()
    piled = parse(site / "agents" / "maya.osei.html").css(".pile li")
    assert len(piled) == 9  # the words of the others stay
    assert 0 < sum(bool(item.css("a")) for item in piled) < 9


@pytest.mark.usefixtures("large")
def test_all_conversations_of_a_large_report_have_pages_when_the_settings_want_it(tmp_path, frames, talk):
    given = frames(*(talk(f"c{day}", "maya.osei", LINES, day=day) for day in range(9)), moments=0)
    config = type(given["config"])(moments=0, conversation_pages="all")
    report.write(tmp_path / "site", **(given | {"config": config}))
    assert len(list((tmp_path / "site" / "conversations").glob("c*.html"))) == 9


@pytest.mark.usefixtures("large")
def test_a_page_that_was_asked_for_is_added_and_stays(tmp_path, frames, talk):
    given = frames(*(talk(f"c{day}", "maya.osei", LINES, day=day) for day in range(9)), moments=0)
    site, told = tmp_path / "site", []
    report.write(site, **given)
    assert not (site / "conversations" / "c2.html").exists()
    report.write(site, **given, conversations=["c2"], told=told.append)
    assert (site / "conversations" / "c2.html").is_file()
    assert told[0].changed <= 3  # itself, the list, and the agent's page that now leads to it
    report.write(site, **given)
    assert (site / "conversations" / "c2.html").is_file()


def test_an_unknown_conversation_is_told_before_anything_is_written(tmp_path, frames, office):
    with pytest.raises(UsageError, match="no conversation 'nowhere' in the report"):
        report.write(tmp_path / "site", **frames(*office), conversations=["nowhere"])
    assert not (tmp_path / "site").exists()


def test_many_conversations_are_listed_by_month(tmp_path, frames, talk, monkeypatch, parse):
    monkeypatch.setattr(listing, "MANY", 4)
    monkeypatch.setattr(listing, "NEWEST", 2)
    dated = [talk(f"c{day}", "maya.osei", LINES, day=day) for day in (0, 3, 30, 31, 61)]
    report.write(tmp_path / "site", **frames(*dated, talk("when", "maya.osei", LINES, dated=False)))
    place = tmp_path / "site" / "conversations"
    months = [node.text() for node in parse(place / "index.html").css("ul.months a")]
    assert months == ["Dec 2026 (1)", "Nov 2026 (2)", "Oct 2026 (2)", "date not known (1)"]
    assert len(parse(place / "index.html").css("table.list tbody tr")) == 2
    assert len(parse(place / "_2026-10.html").css("table.list tbody tr")) == 2


def test_what_has_no_digest_is_refused():
    with pytest.raises(TypeError, match="DataFrame"):
        digests.of(pl.DataFrame())


@pytest.mark.parametrize(
    ("one", "other"),
    [(["ab", "c"], ["a", "bc"]), ([1], [True]), ([1], [1.0]), ([None], ["None"]), ({"a": "b"}, ["a", "b"]), ([[]], [])],
)
def test_values_that_differ_have_digests_that_differ(one, other):
    assert digests.of(one) != digests.of(other)

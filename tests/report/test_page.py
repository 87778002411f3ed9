"""A report as files: its pages, their headings, landmarks and links."""

import itertools
import random
import re
from pathlib import Path

import polars as pl
import pytest

from empathy_scan import report
from empathy_scan.errors import SchemaError
from empathy_scan.report import folder


def pages(site):
    return sorted(site.rglob("*.html"))


def contents(site):
    return {str(path.relative_to(site)): path.read_bytes() for path in sorted(site.rglob("*")) if path.is_file()}


def test_write_returns_the_front_page(tmp_path, frames, office):
    assert report.write(tmp_path / "a" / "b", **frames(*office)) == tmp_path / "a" / "b" / "index.html"


def test_there_is_a_page_for_every_agent_and_conversation(site, office):
    assert {path.stem for path in (site / "agents").iterdir()} == {talk.agent for talk in office}
    assert {path.stem for path in (site / "conversations").iterdir()} == {talk.name for talk in office} | {"index"}


def test_every_page_has_one_first_heading_and_skips_no_level(site, parse):
    for path in pages(site):
        levels = [int(node.tag[1]) for node in parse(path).css("h1, h2, h3, h4")]
        assert levels.count(1) == 1, path
        assert all(after - before <= 1 for before, after in itertools.pairwise(levels)), path


def test_every_page_has_landmarks_a_skip_link_and_a_language(site, parse):
    for path in pages(site):
        page = parse(path)
        assert page.css_first("html").attributes["lang"] == "en"
        assert all(
            page.css_first(selector) for selector in ("header nav", "main#main", "footer", 'a.skip[href="#main"]')
        )


def test_ids_are_unique_on_a_page(site, parse):
    for path in pages(site):
        ids = [node.attributes["id"] for node in parse(path).css("[id]")]
        assert len(ids) == len(set(ids)), path


def test_every_link_leads_to_a_file_and_every_anchor_to_an_element(site, parse):
    ids = {path.resolve(): {node.attributes["id"] for node in parse(path).css("[id]")} for path in pages(site)}
    for path in pages(site):
        for node in parse(path).css("[href]"):
            target, _, anchor = node.attributes["href"].partition("#")
            file = (path.parent / target).resolve() if target else path.resolve()
            assert file.is_file(), node.attributes["href"]
            assert not anchor or anchor in ids[file], node.attributes["href"]


def test_nothing_comes_from_outside_and_only_our_script_runs(site, parse):
    for path in pages(site):
        text, page = path.read_text(encoding="utf-8"), parse(path)
        assert not re.search(r"https?:|//\w", text), path
        assert not page.css("iframe, object, embed, form, img, style, [style]"), path
        sources = [(node.attributes["src"], node.text()) for node in page.css("script, [src]")]
        assert {(str(source).removeprefix("../"), text) for source, text in sources} == {("assets/report.js", "")}, path
        assert not re.search(r"\son\w+=", text), path
        policy = page.css_first('meta[http-equiv="Content-Security-Policy"]').attributes["content"]
        assert policy == "default-src 'none'; style-src 'self'; script-src 'self'; img-src data:"
    sheet = (site / "assets" / "style.css").read_text(encoding="utf-8")
    assert "@import" not in sheet
    assert "url(" not in sheet


def test_corrected_rates_stand_beside_the_counted_ones_on_cards_and_in_further_figures(tmp_path, frames, office, parse):
    given = frames(*office)
    corrected = pl.col("value").is_not_null() & pl.col("measure").is_in(["empathy_rate", "exploring"])
    given["figures"] = given["figures"].with_columns(
        pl.when(corrected).then(pl.lit(end)).alias(name)
        for name, end in (("corrected", 0.54), ("corrected_low", 0.46), ("corrected_high", 0.62))
    )
    report.write(tmp_path / "site", **given)
    text = "about 54% (46 to 62) after allowing for the model's known errors"
    front, maya = (parse(tmp_path / "site" / name) for name in ("index.html", "agents/maya.osei.html"))
    assert [node.text() for node in front.css(".corrected")] == [text]
    assert [node.text() for node in maya.css(".corrected")] == [text, text]
    assert maya.css_first("td.words small.corrected").text() == text


def test_a_report_without_corrections_shows_none_and_its_glossary_explains_them(site, parse):
    assert not parse(site / "index.html").css(".corrected")
    terms = [node.text() for node in parse(site / "method.html").css(".glossary dt")]
    assert "After allowing for the model's known errors" in terms


def test_the_same_input_in_any_order_gives_the_same_bytes(tmp_path, frames, office):
    given = frames(*office)
    report.write(tmp_path / "one", **given)
    shuffled = {
        name: value.sample(fraction=1, shuffle=True, seed=7) if isinstance(value, pl.DataFrame) else value
        for name, value in given.items()
    }
    report.write(tmp_path / "two", **shuffled)
    assert contents(tmp_path / "one") == contents(tmp_path / "two")


def test_the_order_of_conversations_does_not_matter(tmp_path, frames, office):
    report.write(tmp_path / "one", **frames(*office))
    random.Random(3).shuffle(office)  # noqa: S311 - an order, not a secret
    report.write(tmp_path / "two", **frames(*office))
    assert contents(tmp_path / "one") == contents(tmp_path / "two")


def test_provenance_stands_at_the_foot_of_every_page(site, parse):
    for path in pages(site):
        foot = parse(path).css_first("footer").text()
        assert all(value in foot for value in ("0.1.0", "9f31c0d2ab47", "51aa0c77be19"))


def test_a_figure_never_stands_without_interval_and_count(site, parse):
    for path in pages(site):
        for figure in parse(path).css("article.figure"):
            if figure.css_first(".value"):
                assert re.search(r"\d", figure.css_first(".count").text())
                assert re.search(r"\(.*\d.*\)", figure.css_first(".range").text())
            else:
                assert "not enough conversations yet" in figure.text()
        for cell in parse(path).css("tr.agent .words, table.further .words"):
            assert re.search(r"\(.*\d.*\)", cell.text())
            assert re.search(r"\d+ (call|answer|hostile|conversation|caring|message|shift|stock)", cell.text())


def test_every_drawing_says_in_words_what_it_draws(site, parse):
    for path in pages(site):
        for drawing in parse(path).css("svg[role=img]"):
            assert drawing.attributes["aria-label"] == drawing.css_first("title").text()
            assert re.search(r"\d", drawing.attributes["aria-label"])
        for sign in parse(path).css("svg.sign"):
            assert sign.attributes["aria-hidden"] == "true"


@pytest.mark.parametrize(
    "nasty", ["<script>alert(1)</script>", '"><img src=x onerror=alert(1)>', "{{ 7*7 }}", "a&b", "'onload='x"]
)
def test_every_text_is_escaped_wherever_it_stands(tmp_path, frames, talk, parse, nasty):
    lines = [("customer", f"{nasty} hello", "2i"), ("agent", f"sorry {nasty}", "S1"), ("system", nasty, "")]
    talks = [talk(f"{nasty}/{day}", nasty, lines, day=day, queue=nasty) for day in range(4)]
    reject = {"source": nasty, "place": nasty, "error": "InputError", "reason": nasty, "remedy": nasty}
    site = tmp_path / "site"
    report.write(site, **(frames(*talks, rejects=[reject], title=nasty) | {"provenance": {"version": nasty}}))
    for path in pages(site):
        assert not parse(path).css("script:not([src]), img, [onerror], [onload]"), path
        if set(nasty) & set("<>\"'"):
            assert nasty not in path.read_text(encoding="utf-8"), path
    assert nasty in parse(next((site / "conversations").glob("*-0~*.html"))).css_first("li.customer .text").text()


def test_characters_that_turn_or_break_a_page_are_replaced(tmp_path, frames, talk):
    lines = [("customer", "never \u202eereht\u202c pay\x00\x1b[31m", "1"), ("agent", "a" * 5000, "S0")]
    report.write(tmp_path / "site", **frames(talk("one", "maya.osei", lines)))
    text = (tmp_path / "site" / "conversations" / "one.html").read_text(encoding="utf-8")
    assert "never \ufffdereht\ufffd pay\ufffd\ufffd[31m" in text
    assert "a" * 5000 in text


IDS = [
    "../../etc/passwd",
    "Maya Osei",
    "maya osei",
    "maya/osei",
    "maya.osei",
    "..",
    "",
    "日本",
    "con",
    "index",
    "x" * 300,
    "a\x00b",
]


def test_any_id_makes_a_file_of_its_own_inside_the_report(tmp_path, frames, talk, parse):
    lines = [("customer", "It broke.", "1"), ("agent", "Sorry.", "S0")]
    talks = [talk(name or "empty", name, lines) for name in IDS] + [talk(f"{name}/", "x", lines) for name in IDS]
    site = tmp_path / "site"
    report.write(site, **frames(*talks))
    assert len(list((site / "conversations").glob("*.html"))) == len(talks) + 1
    assert len(list((site / "agents").glob("*.html"))) == len(IDS) + 1
    assert [path.name for path in tmp_path.iterdir()] == ["site"]
    assert len(parse(site / "index.html").css("tr.agent")) == len(IDS) + 1


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ([], "nothing to report"),
        ([("customer", "What time is it?", "0"), ("agent", "Nine.", "0")], "cannot be said"),
        ([("customer", "Hello?", "0")], "No agent has spoken"),
        ([("system", "Queue closed.", "")], "No agent has spoken"),
    ],
)
def test_a_report_is_written_even_where_there_is_little_to_say(tmp_path, frames, talk, parse, lines, said):
    talks = [talk("one", "maya.osei", lines, dated=False)] if lines else []
    index = report.write(tmp_path / "site", **frames(*talks))
    assert said in parse(index).css_first("main").text()


def test_a_turn_that_nothing_scored_still_stands_in_the_dialogue(tmp_path, frames, office, parse):
    given = frames(*office)
    given["scores"] = given["scores"].clear()
    report.write(tmp_path / "site", **given)
    page = parse(tmp_path / "site" / "conversations" / "maya.osei-0.html")
    assert len(page.css("li.turn")) == 8
    assert "stock phrase" in page.text()
    assert not page.css(".chance")


def test_a_frame_that_is_not_of_its_table_is_refused(tmp_path, frames, office):
    given = frames(*office)
    with pytest.raises(SchemaError):
        report.write(tmp_path / "site", **(given | {"labels": given["labels"].drop("tone")}))
    assert not (tmp_path / "site").exists()


def test_pages_of_conversations_that_are_gone_are_removed(tmp_path, frames, office):
    site = tmp_path / "site"
    report.write(site, **frames(*office))
    report.write(site, **frames(*office[:3]))
    assert {path.stem for path in (site / "conversations").iterdir()} == {
        "maya.osei-0",
        "maya.osei-1",
        "maya.osei-2",
        "index",
    }
    assert {path.stem for path in (site / "agents").iterdir()} == {"maya.osei"}
    assert {path.name for path in site.iterdir()} <= {folder.MARKER, folder.LOCK, *folder.ENTRIES}


def test_a_report_with_its_folder_moved_still_works(site):
    assert all(path.read_text(encoding="utf-8").partition('href="')[2][:1] != "/" for path in pages(site))
    assert str(Path(site).parent) not in (site / "index.html").read_text(encoding="utf-8")

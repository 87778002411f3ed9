"""Templates: which files a page has, and where its links lead."""

import re

import pytest

from empathy_scan import report
from empathy_scan.report import rendering, words

LINK = re.compile(r"(?<!\\)\[(?:\\.|[^\]\\])*\]\(([^)\s]+)\)")


@pytest.fixture
def templates():
    """The templates of a report of which one conversation has a page."""
    made = rendering.Templates("Report", {"version": "0"})
    made.link_only(["one"])
    return made


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("index", "front"),
        ("method", "method"),
        ("agents/rosa", "agent"),
        ("agents/index", "agent"),
        ("conversations/index", "conversations"),
        ("conversations/_2026-10", "conversations"),
        ("conversations/one", "conversation"),
    ],
)
def test_a_page_has_the_template_of_its_place(path, name):
    assert rendering.template_of(path) == name


def test_links_to_conversations_without_a_page_become_words(templates):
    page = '<a class="x" href="../conversations/two.html#t3" dir="auto">so & <b>so</b></a>'
    assert templates._only_pages(page) == '<span class="x"  dir="auto">so & <b>so</b></span>'


@pytest.mark.parametrize(
    "page",
    [
        '<a href="conversations/one.html#t3">one</a>',
        '<a href="../conversations/index.html">all</a>',
        '<a href="conversations/_2026-10.html">October</a>',
        '<a href="agents/two.html">two</a>',
        "&lt;a href=&#34;conversations/two.html&#34;&gt;two&lt;/a&gt;",
    ],
)
def test_other_links_stay(templates, page):
    assert templates._only_pages(page) == page


def test_links_in_markdown_lead_to_markdown(templates):
    assert templates._linked("All", "../conversations/index.html") == "[All](../conversations/index.md)"
    assert templates._linked("x", "data/report.json") == "[x](data/report.json)"
    assert templates._linked("two [2]", "conversations/two.html#t3") == r"two \[2\]"


def test_every_link_in_markdown_leads_to_a_file(site):
    pages = list(site.rglob("*.md"))
    assert pages
    for path in pages:
        for target in LINK.findall(path.read_text(encoding="utf-8")):
            file, _, anchor = target.partition("#")
            there = path.parent / file if file else path
            assert there.is_file(), (path, target)
            assert not anchor or f'<a id="{anchor}"></a>' in there.read_text(encoding="utf-8"), (path, target)


def test_every_page_with_a_template_for_it_has_markdown(site):
    names = rendering._names()
    for path in site.rglob("*.html"):
        page = path.relative_to(site).with_suffix("").as_posix()
        assert path.with_suffix(".md").is_file() is (f"{rendering.template_of(page)}.md" in names)


def test_hostile_words_stay_words_in_markdown(tmp_path, frames, talk):
    nasty = "[x](javascript:alert(1)) <script> | # `"
    talks = [talk(f"c{day}", nasty, [("customer", nasty, "2i"), ("agent", nasty, "S1")], day=day) for day in range(4)]
    reject = {"source": nasty, "place": nasty, "error": "InputError", "reason": nasty, "remedy": nasty}
    report.write(tmp_path, **frames(*talks, rejects=[reject], title=nasty))
    for path in tmp_path.rglob("*.md"):
        text = path.read_text(encoding="utf-8")
        assert not [target for target in LINK.findall(text) if target.startswith("javascript")], path
        assert not re.search(r"(?<!\\)<script", text), path


@pytest.mark.parametrize("name", ["_2026-10", "_", "__", "index", "2026-10"])
def test_no_conversation_takes_the_place_of_a_list(name):
    assert rendering.template_of(f"conversations/{words.slug(name)}") == "conversation"

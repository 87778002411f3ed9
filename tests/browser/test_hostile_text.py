"""Whatever stands in transcripts, names, queues and file names: nothing runs, nothing breaks out of its place."""

# ruff: noqa: E501 - scripts for the browser

import chromium
import hostile
import pytest

INSIDE = """
const attributes = [...document.querySelectorAll("*")].flatMap(each => [...each.attributes]);
return attributes
  .filter(each => /^on/i.test(each.name) || /^(href|src|action|srcdoc)$/i.test(each.name) && /^\\s*[a-z]+:/i.test(each.value))
  .map(each => `${each.name}=${each.value}`)
  .concat([...document.querySelectorAll("iframe, object, embed, base, form, img, style, meta[http-equiv=refresh]")].map(each => each.outerHTML))
  .concat([...document.scripts].filter(each => !each.src).map(each => each.outerHTML));
"""
TURNED = """
return [...document.querySelectorAll("body *:not([dir]):not(bdi)")]
  .filter(each => !each.closest("[dir=auto], bdi") && getComputedStyle(each).direction !== "ltr")
  .map(each => each.outerHTML.slice(0, 200));
"""


PAPER = (688, 1001)  # A4 within its margins


@pytest.fixture(scope="module")
def found(browser, hostile_pages):
    """What is wrong by kind of fault and page; every page is opened once."""
    faults = {"ran": {}, "phone": {}, "desktop": {}, "paper": {}, "turned": {}}
    for name, path in hostile_pages.items():
        browser.look()
        browser.open(path.as_uri())
        ran = browser.run("return window.hacked")
        faults["ran"][name] = [*browser.complaints(), *browser.run(INSIDE), *([ran] if ran else [])]
        faults["turned"][name] = [*browser.run(TURNED), *browser.faults("turnedWords")]
        faults["desktop"][name] = browser.faults("tooWide")
        browser.look(chromium.PHONES[0])
        faults["phone"][name] = browser.faults("tooWide")
        browser.look(PAPER, media="print")
        faults["paper"][name] = [*browser.faults("tooWide"), *browser.faults("clipped")]
    return {sort: {name: each[:4] for name, each in of.items() if each} for sort, of in faults.items()}


def test_nothing_that_was_written_runs_or_loads(found):
    assert found["ran"] == {}


def test_text_that_runs_from_right_to_left_turns_nothing_beside_it(found):
    assert found["turned"] == {}


@pytest.mark.parametrize("place", ["phone", "desktop", "paper"])
def test_no_word_is_so_long_that_it_leaves_its_box(found, place):
    assert found[place] == {}


def test_halves_of_characters_become_signs_of_something_missing(browser, hostile_pages):
    path = next(path for path in hostile_pages.values() if path.name.startswith("half"))
    browser.open(path.as_uri())
    said = browser.run("return document.querySelector('main').innerText")
    assert f"half a character \ufffd and {hostile.WORD} \ufffd" in said

"""Whatever stands in transcripts, names, queues and file names: nothing runs, nothing breaks out of its place."""

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


def test_nothing_that_was_written_runs_or_loads(browser, hostile_pages):
    faults = {}
    for name, path in hostile_pages.items():
        browser.open(path.as_uri())
        browser.requests()
        ran = browser.run("return window.hacked")
        found = [*browser.complaints(), *browser.run(INSIDE), *([ran] if ran else [])]
        if found:
            faults[name] = found[:3]
    assert faults == {}


@pytest.mark.parametrize("size", [chromium.PHONES[0], chromium.DESKTOPS[0]], ids=["phone", "desktop"])
def test_no_word_is_so_long_that_it_leaves_its_box(browser, hostile_pages, size):
    browser.look(size)
    faults = {}
    for name, path in hostile_pages.items():
        browser.open(path.as_uri())
        if found := browser.faults("tooWide"):
            faults[name] = found[:3]
    assert faults == {}


def test_no_word_is_cut_on_paper(browser, hostile_pages):
    browser.look((688, 1001), media="print")
    faults = {}
    for name, path in hostile_pages.items():
        browser.open(path.as_uri())
        if found := [*browser.faults("tooWide"), *browser.faults("clipped")]:
            faults[name] = found[:3]
    assert faults == {}


def test_text_that_runs_from_right_to_left_turns_nothing_beside_it(browser, hostile_pages):
    faults = {}
    for name, path in hostile_pages.items():
        browser.open(path.as_uri())
        if found := [*browser.run(TURNED), *browser.faults("turnedWords")]:
            faults[name] = found[:5]
    assert faults == {}


def test_halves_of_characters_become_signs_of_something_missing(browser, hostile_pages):
    path = next(path for path in hostile_pages.values() if path.name.startswith("half"))
    browser.open(path.as_uri())
    said = browser.run("return document.querySelector('main').innerText")
    assert f"half a character \ufffd and {hostile.WORD} \ufffd" in said

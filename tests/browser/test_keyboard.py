"""Without a mouse: Tab reaches everything that can be used and lets go of it, what has the focus is seen."""

import centre
import chromium
import pytest
from selenium.webdriver.common.keys import Keys

# Notes everything that gets the focus, and how that is shown.
WATCH = """
window.visited = [];
window.unseen = [];
document.addEventListener("focusin", ({target}) => {
  const style = getComputedStyle(target);
  for (let each = target; each; each = each.parentElement)
    if (getComputedStyle(each).clipPath === "inset(50%)") window.unseen.push(target);
  window.visited.push({element: target, ring: style.outlineStyle !== "none" ? parseFloat(style.outlineWidth) : 0});
});
"""
REACHABLE = """
return [...document.querySelectorAll("a[href], button, input, select, summary, [tabindex='0']")]
  .filter(each => each.checkVisibility({visibilityProperty: true}) && !each.disabled && each.tabIndex >= 0);
"""


@pytest.mark.parametrize("kind", centre.KINDS)
@pytest.mark.parametrize("size", [chromium.PHONES[0], chromium.DESKTOPS[0]], ids=["phone", "desktop"])
def test_tab_reaches_every_control_in_the_order_of_the_page_and_ends(browser, pages, kind, size):
    browser.look(size)
    browser.open(pages[kind].as_uri())
    browser.run(WATCH)
    controls = browser.run(REACHABLE)
    browser.press(Keys.TAB * (len(controls) + 3))
    lost, unordered, ringless, unseen = browser.run(
        """
        const [controls] = arguments;
        const words = element => `${element.localName} ${element.textContent.trim().slice(0, 40)}`;
        const visited = window.visited.map(each => each.element);
        const order = visited.slice(0, controls.length);
        return [
          controls.filter(each => !visited.includes(each)).map(words),
          order.slice(1).filter((each, place) => !(order[place].compareDocumentPosition(each) & 4)).map(words),
          window.visited.filter(each => each.ring < 2).map(each => words(each.element)),
          window.unseen.map(words),
        ];
        """,
        controls,
    )
    assert lost == []
    assert unordered == []
    assert ringless == []
    assert unseen == []


@pytest.mark.parametrize("kind", centre.KINDS)
def test_the_first_tab_offers_to_skip_to_the_content(browser, pages, kind):
    browser.open(pages[kind].as_uri())
    browser.press(Keys.TAB)
    assert browser.run("return document.activeElement.innerText") == "Skip to the content"
    box = browser.run("return document.activeElement.getBoundingClientRect().toJSON()")
    assert box["left"] >= 0
    browser.press(Keys.ENTER)
    browser.press(Keys.TAB)
    assert browser.run("return document.querySelector('main').contains(document.activeElement)")


def test_what_is_folded_opens_and_closes_by_keys(browser, pages):
    browser.open(pages["agent"].as_uri())
    browser.run("document.querySelector('summary').focus()")
    for key, is_open in ((Keys.ENTER, True), (Keys.SPACE, False)):
        browser.press(key)
        assert browser.run("return document.querySelector('details').open") is is_open

"""axe-core on every kind of page, by day and by night, at a desk and on a phone; keys, zoom, forced colours."""

import centre
import chromium
import pytest

RULES = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice")


@pytest.mark.parametrize("kind", centre.KINDS)
def test_axe_finds_nothing(browser, pages, kind):
    browser.open(pages[kind].as_uri())
    browser.run("for (const each of document.querySelectorAll('details')) each.open = true")
    found = {}
    for size in (chromium.DESKTOPS[0], chromium.PHONES[0]):
        for dark in (False, True):
            browser.look(size, dark=dark)
            found |= {
                (size, dark, each["id"], each["impact"]): [node["html"][:200] for node in each["nodes"]]
                for each in browser.audit(RULES)
            }
    assert found == {}


@pytest.mark.parametrize("kind", centre.KINDS)
def test_what_is_drawn_can_be_seen_by_day_by_night_and_in_the_reader_s_own_colours(browser, pages, kind):
    browser.open(pages[kind].as_uri())
    for dark in (False, True):
        for features in ({}, {"forced_colors": "active"}, {"prefers_contrast": "more"}):
            browser.look(dark=dark, **features)
            assert browser.faults("faintDrawings") == [], (dark, features)


@pytest.mark.parametrize("kind", centre.KINDS)
def test_nothing_moves_for_those_who_asked_for_less_motion(browser, pages, kind):
    browser.look(prefers_reduced_motion="reduce")
    browser.open(pages[kind].as_uri())
    assert browser.run("return getComputedStyle(document.documentElement).scrollBehavior") == "auto"
    moving = """
    return [...document.querySelectorAll("*")].filter(each => {
      const style = getComputedStyle(each);
      return style.animationName !== "none" || parseFloat(style.transitionDuration) > 0;
    }).length
    """
    assert browser.run(moving) == 0

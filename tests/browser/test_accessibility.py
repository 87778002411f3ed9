"""axe-core on every kind of page, by day and by night, at a desk and on a phone; keys, zoom, forced colours."""

import chromium
import pytest

KINDS = ["front", "agent", "newcomer", "conversations", "conversation"]
RULES = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice")


@pytest.mark.parametrize("kind", KINDS)
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

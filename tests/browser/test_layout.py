"""Every kind of page on phones, desks and at four times the size: all text is inside its box and can be tapped."""

import centre
import chromium
import pytest

ZOOMED = (320, 256)  # 1280 x 1024 at 400%
UNFOLD = "for (const each of document.querySelectorAll('details')) each.open = true"


@pytest.mark.parametrize("kind", centre.KINDS)
def test_no_text_leaves_its_box_at_any_width(browser, pages, kind):
    browser.open(pages[kind].as_uri())
    browser.run(UNFOLD)
    found = {}
    for size in (ZOOMED, *chromium.PHONES, (768, 1024), (961, 800), *chromium.DESKTOPS):
        browser.look(size)
        found |= {
            (size, probe): faults
            for probe in ("tooWide", "overlapping", "cutDrawings")
            if (faults := browser.faults(probe)[:4])
        }
    assert found == {}


@pytest.mark.parametrize("kind", centre.KINDS)
def test_what_is_tapped_is_large_enough(browser, pages, kind):
    browser.open(pages[kind].as_uri())
    browser.run(UNFOLD)
    for size in chromium.PHONES:
        browser.look(size)
        assert browser.faults("smallTargets", 24) == []


@pytest.mark.parametrize("kind", centre.KINDS)
def test_wider_spacing_of_text_cuts_nothing(browser, pages, kind):
    """The spacing of WCAG 1.4.12, as readers with dyslexia set it."""
    browser.open(pages[kind].as_uri())
    browser.run(
        "const sheet = new CSSStyleSheet();"
        "sheet.replaceSync('* { line-height: 1.5 !important; letter-spacing: .12em !important;"
        " word-spacing: .16em !important; } p { margin-bottom: 2em !important; }');"
        "document.adoptedStyleSheets = [sheet]"
    )
    for size in (chromium.PHONES[0], chromium.DESKTOPS[0]):
        browser.look(size)
        assert browser.faults("tooWide") == []

"""Every kind of page on A4 and Letter: no text is cut, nothing scrolls, the paper is white."""

import centre
import pytest

INCH, MARGINS = 25.4, 2 * 14  # mm; the margins of @page
PAPERS = {"A4": (210, 297), "Letter": (215.9, 279.4)}


@pytest.mark.parametrize("kind", centre.KINDS)
@pytest.mark.parametrize("paper", PAPERS)
def test_no_text_is_cut_on_paper(browser, pages, kind, paper):
    width, height = PAPERS[paper]
    browser.open(pages[kind].as_uri())
    for dark in (False, True):
        browser.look((int((width - MARGINS) / INCH * 96), int(height / INCH * 96)), media="print", dark=dark)
        found = {
            probe: faults
            for probe in ("tooWide", "clipped", "overlapping", "cutDrawings")
            if (faults := browser.faults(probe)[:4])
        }
        assert found == {}
        assert browser.run("return getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"

"""Every kind of page, from disk and from a web server: nothing is complained of, nothing is fetched from elsewhere."""

import centre
import pytest


@pytest.fixture(params=["disk", "server"])
def address(request, site, pages):
    """A function from a kind of page to where it is opened from."""

    def of(kind):
        if request.param == "disk":
            return pages[kind].as_uri()
        return request.getfixturevalue("served") + pages[kind].relative_to(site).as_posix()

    return of


@pytest.mark.parametrize("kind", centre.KINDS)
def test_a_page_loads_without_a_complaint_and_without_a_request_to_elsewhere(browser, address, kind):
    browser.open(address(kind))
    assert browser.complaints() == []
    home = address("front").removesuffix("index.html")
    asked = browser.requests()
    assert asked
    assert [url for url in asked if not url.startswith((home, "data:"))] == []


@pytest.mark.parametrize("kind", centre.KINDS)
def test_a_page_shows_something_without_its_script(browser, address, kind):
    with browser.without_script():
        browser.open(address(kind))
        assert browser.complaints() == []
        assert browser.run("return document.querySelector('main').innerText.length") > 100

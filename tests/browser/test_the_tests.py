"""A bad page: what these tests look for is found where it is, so finding nothing elsewhere means something."""

import chromium
import pytest

POLICY = "default-src 'none'; style-src 'self' 'unsafe-inline'; script-src 'self'"
BAD = f"""<!doctype html><html><head><title>Bad</title>
<meta http-equiv="Content-Security-Policy" content="{POLICY}">
<meta name="viewport" content="width=device-width">
<style>
.narrow {{ width: 50px; }} .cut {{ width: 50px; overflow: hidden; white-space: nowrap; text-overflow: ellipsis; }}
.over {{ position: absolute; top: 20px; left: 0; }} .under {{ position: absolute; top: 22px; left: 0; }}
.wide {{ width: 3000px; }} .faint {{ fill: #f2f2f2; }}
</style></head><body><main>
<p class="narrow">{"word" * 40}</p><p class="cut">A sentence that is cut before it ends</p>
<p class="over">one text</p><p class="under">another</p><div class="wide">wide</div>
<a href="#x" style="font-size: 8px">x</a> <img src="http://elsewhere.example/x.png">
<p>&#x202e;one two three</p>
<svg role="img" width="40" height="20">
<circle class="faint" r="5" cx="9" cy="9"/><text x="30" y="9">labelled</text></svg>
<script>window.hacked = 1;</script>
</main></body></html>
"""


@pytest.fixture
def bad(browser, tmp_path):
    """The bad page, open."""
    path = tmp_path / "bad.html"
    path.write_text(BAD, encoding="utf-8")
    browser.open(path.as_uri())


@pytest.mark.usefixtures("bad")
def test_a_violation_of_the_policy_is_noticed(browser):
    told = browser.complaints()
    assert any("img-src" in each or "default-src" in each for each in told)
    assert any("script-src" in each for each in told)
    assert browser.run("return window.hacked") is None


@pytest.mark.usefixtures("bad")
@pytest.mark.parametrize("probe", ["tooWide", "clipped", "overlapping", "cutDrawings", "turnedWords", "faintDrawings"])
def test_a_fault_of_layout_is_noticed(browser, probe):
    browser.look(chromium.PHONES[0])
    assert browser.faults(probe)


@pytest.mark.usefixtures("bad")
def test_a_small_target_is_noticed(browser):
    assert browser.faults("smallTargets", 24)


@pytest.mark.usefixtures("bad")
def test_an_image_without_words_is_noticed(browser):
    assert {"image-alt", "html-has-lang"} <= {each["id"] for each in browser.audit(("wcag2a",))}


def test_a_request_to_elsewhere_is_noticed(browser, tmp_path):
    (tmp_path / "calls.html").write_text('<img src="http://elsewhere.example/x.png">', encoding="utf-8")
    browser.requests()
    browser.open((tmp_path / "calls.html").as_uri())
    assert "http://elsewhere.example/x.png" in browser.requests()

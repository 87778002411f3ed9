"""The documentation as a site: built with warnings as errors and without a network; it fetches nothing when read."""

import importlib.util
import os
import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path

import pytest

from empathy_scan.tables import TABLES

ROOT = Path(__file__).parents[1]
LOADING = {"script": "src", "link": "href", "img": "src", "iframe": "src", "source": "src", "object": "data"}
HARMLESS = {"canonical", "next", "prev", "edit"}  # links that a browser does not follow by itself


class Loads(HTMLParser):
    """What a page makes a browser fetch, and its title."""

    def __init__(self):
        super().__init__()
        self.loads = []

    def handle_starttag(self, tag, attrs):
        given = dict(attrs)
        if tag in LOADING and given.get("rel") not in HARMLESS and (where := given.get(LOADING[tag])):
            self.loads.append(where)


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """The site, built as `make docs` builds it, by a process that can reach no network."""
    folder = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "mkdocs", "build", "--quiet", "--strict", "--site-dir", str(folder)]
    nowhere = {"http_proxy": "http://127.0.0.1:9", "https_proxy": "http://127.0.0.1:9", "NO_MKDOCS_2_WARNING": "1"}
    done = subprocess.run(  # noqa: S603 - our own command
        command, cwd=ROOT, capture_output=True, text=True, check=False, env={**os.environ, **nowhere}
    )
    assert done.returncode == 0, done.stderr[-2000:]
    assert "WARNING" not in done.stderr
    return folder


def test_every_page_of_the_documents_is_in_the_site(site):
    pages = {path.relative_to(ROOT / "docs").with_suffix(".html").as_posix() for path in (ROOT / "docs").rglob("*.md")}
    built = {path.relative_to(site).as_posix() for path in site.rglob("*.html")}
    assert pages | {"index.html", "help.html", "project/CONTRIBUTING.html", "project/CHANGELOG.html"} <= built


def test_every_page_can_be_reached_from_the_front_page(site):
    front = (site / "index.html").read_text(encoding="utf-8")
    named = set(re.findall(r'href="([^"#:]+\.html)', front))
    built = {path.relative_to(site).as_posix() for path in site.rglob("*.html") if "project" not in path.parts}
    assert built - named <= {"404.html", "index.html"}


def test_no_page_fetches_anything_from_elsewhere(site):
    abroad = {}
    for path in site.rglob("*.html"):
        parser = Loads()
        parser.feed(path.read_text(encoding="utf-8"))
        found = [where for where in parser.loads if re.match(r"(https?:)?//", where)]
        abroad |= {path.name: found} if found else {}
    assert abroad == {}


def test_no_style_sheet_or_font_comes_from_elsewhere(site):
    assert not [
        path for path in site.rglob("*.css") if re.search(rb"@import|url\(\s*['\"]?(https?:)?//", path.read_bytes())
    ]


def test_every_link_of_the_site_leads_to_a_file(site):
    lost = []
    for path in site.rglob("*.html"):
        if path.name == "404.html":  # its links count from a server's root
            continue
        targets = re.findall(r'(?:href|src)="([^"#?]+)', path.read_text(encoding="utf-8"))
        near = [target for target in targets if not re.match(r"[a-z]+:|//", target)]
        lost += [f"{path.relative_to(site)}: {target}" for target in near if not (path.parent / target).exists()]
    assert lost == []


def test_what_help_says_stands_in_the_site(site):
    page = (site / "help.html").read_text(encoding="utf-8")
    assert "empathy-scan review agreement" in page
    assert "--on-new-model" in page


@pytest.fixture(scope="module")
def reference():
    """release/reference.py, which is a script and in no package."""
    spec = importlib.util.spec_from_file_location("reference", ROOT / "release" / "reference.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules["reference"] = module
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("name", ["docs/tables.md", "docs/images/flow.svg"])
def test_what_is_made_from_the_program_is_up_to_date(reference, name):
    assert (ROOT / name).read_text(encoding="utf-8") == reference.MADE[name](), "make reference"


def test_the_page_of_tables_says_what_every_column_holds():
    page = (ROOT / "docs" / "tables.md").read_text(encoding="utf-8")
    assert [name for name in TABLES if f"\n## {name}\n" not in page] == []

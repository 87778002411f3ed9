"""Reports in a real browser: from disk and from a web server, on every kind of page."""

from __future__ import annotations

import functools
import threading
from collections.abc import Iterator
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import centre
import chromium
import hostile
import pytest


@pytest.fixture(scope="session", autouse=True)
def _machine():
    """Without a browser or without axe-core these tests, and only these, are skipped."""
    if lack := chromium.missing():
        pytest.skip(f"tests in a browser: {lack}")


@pytest.fixture(scope="session")
def browser(_machine, tmp_path_factory) -> Iterator[chromium.Chromium]:
    """One browser for all tests of a process."""
    with chromium.chromium(tmp_path_factory.mktemp("chromium")) as running:
        yield running


@pytest.fixture(autouse=True)
def _fresh(request):
    """Every test begins on a desktop, by day, on no page."""
    running = request.getfixturevalue("browser")
    running.open("about:blank")
    running.look()
    running.complaints(), running.requests()


@pytest.fixture(scope="session")
def site(_machine, tmp_path_factory) -> Path:
    """The report of a centre in which something happens."""
    place = tmp_path_factory.mktemp("centre")
    centre.write_exports(place / "exports")
    return centre.write_site(place / "exports", place)


@pytest.fixture(scope="session")
def pages(site) -> dict[str, Path]:
    """A page of every kind."""
    return {
        "front": site / "index.html",
        "agent": site / "agents" / "derek.hollis.html",
        "newcomer": site / "agents" / "new.colleague.html",
        "conversations": site / "conversations" / "index.html",
        "conversation": longest(site / "conversations"),
        "method": site / "method.html",
    }


@pytest.fixture(scope="session")
def hostile_pages(_machine, tmp_path_factory) -> dict[str, Path]:
    """Pages of a report in which every text and name is nasty: all but those of conversations that are like others."""
    place = tmp_path_factory.mktemp("hostile")
    hostile.write_exports(place / "exports")
    site = centre.write_site(place / "exports", place)
    told = [path for path in site.rglob("*.html") if path.parent.name != "conversations"]
    said = [
        path for name in ("index", "everything", "endless", "half") for path in site.glob(f"conversations/{name}*.html")
    ]
    return {path.relative_to(site).as_posix(): path for path in sorted((*told, *said))}


def longest(folder: Path) -> Path:
    """The page with most in it, but for the list of all."""
    return max((path for path in folder.glob("*.html") if path.stem != "index"), key=lambda path: path.stat().st_size)


class _Silent(SimpleHTTPRequestHandler):
    """A plain web server that keeps what it does to itself."""

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture(scope="session")
def served(site) -> Iterator[str]:
    """The address of the report on a plain web server."""
    with ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(_Silent, directory=str(site))) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}/"
        server.shutdown()
        thread.join()

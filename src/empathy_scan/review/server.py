"""The review page on this machine only: a small web server for `desk`, which nothing from elsewhere can use.

It listens on the loopback address, answers only under a secret path (a random token), only to requests that name it by
a loopback name (so no foreign name can be made to point here), and takes answers only from its own page. The page loads
nothing from anywhere else and runs no inline script.
"""

from __future__ import annotations

import importlib.resources
import json
import secrets
from collections.abc import Callable, Mapping
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from empathy_scan.errors import EmpathyScanError, StoreError, UsageError
from empathy_scan.review.desk import Desk
from empathy_scan.review.queue import Queue

LOOPBACK = ("127.0.0.1", "localhost")
_MOST_BYTES = 64 * 1024
_SECONDS = 30  # for one request
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
_HEADERS = {
    "Content-Security-Policy": _POLICY, "X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store", "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin", "X-Frame-Options": "DENY",
}  # fmt: skip
# What is served: path -> package that holds the file, its place there, and its type.
_FILES = {
    "": ("empathy_scan.review", "assets/page.html", "text/html; charset=utf-8"),
    "style.css": ("empathy_scan.report", "assets/style.css", "text/css; charset=utf-8"),
    "review.css": ("empathy_scan.review", "assets/review.css", "text/css; charset=utf-8"),
    "review.js": ("empathy_scan.review", "assets/review.js", "text/javascript; charset=utf-8"),
}


class ReviewServer(ThreadingHTTPServer):
    """The server; `address` is where the page is, with its secret path."""

    daemon_threads = True

    def __init__(self, queue: Queue, *, port: int = 0, host: str = "127.0.0.1") -> None:
        """Listens at once. Raises UsageError for another address than a loopback one, or a port that is taken."""
        if host not in LOOPBACK:
            raise UsageError(
                f"the review page is for this machine only, not for {host!r}",
                remedy="leave --host away; from another machine, come through an SSH tunnel",
            )
        self.desk = Desk(queue)
        self.token = secrets.token_urlsafe(24)
        try:
            super().__init__(("127.0.0.1", port), _Handler)
        except OSError as error:
            raise UsageError(
                f"port {port} cannot be used ({error.strerror})", remedy="choose another with --port"
            ) from error

    @property
    def address(self) -> str:
        """The page's address, with the secret path."""
        return f"http://127.0.0.1:{self.server_address[1]}/{self.token}/"

    @property
    def hosts(self) -> frozenset[str]:
        """The names under which requests may come."""
        return frozenset(f"{name}:{self.server_address[1]}" for name in LOOPBACK)


class _Handler(BaseHTTPRequestHandler):
    """One request."""

    server: ReviewServer
    protocol_version = "HTTP/1.0"  # a connection per request: nothing is kept open that outlives the program
    server_version = "empathy-scan"
    sys_version = ""
    timeout = _SECONDS

    def do_GET(self) -> None:
        """The page and what belongs to it."""
        path = self._inside()
        if path is None:
            return
        if path not in _FILES:
            self._refuse(HTTPStatus.NOT_FOUND)
            return
        package, place, kind = _FILES[path]
        self._answer(HTTPStatus.OK, importlib.resources.files(package).joinpath(place).read_bytes(), kind)

    def do_POST(self) -> None:
        """What the page asks and what it brings."""
        path = self._inside()
        asked = self._body() if path is not None else None
        if asked is None:
            return
        does = _ACTIONS.get(path or "")
        if does is None:
            self._refuse(HTTPStatus.NOT_FOUND)
            return
        try:
            self._tell(HTTPStatus.OK, does(self.server.desk, asked))
        except UsageError as error:
            self._tell(HTTPStatus.BAD_REQUEST, {"error": str(error)})
        except StoreError as error:
            self._tell(HTTPStatus.SERVICE_UNAVAILABLE, {"error": str(error)})
        except EmpathyScanError as error:
            self._tell(HTTPStatus.INTERNAL_SERVER_ERROR, {"error": str(error)})

    def log_message(self, *_: object) -> None:
        """Nothing: a path holds the token, and a request the words of a reviewer."""

    def _inside(self) -> str | None:
        """The path behind the token; None, and refused, for a request that has no business here."""
        if self.headers.get("Host", "").casefold() not in self.server.hosts:
            self._refuse(HTTPStatus.MISDIRECTED_REQUEST)
            return None
        _, _, inside = self.path.partition("?")[0].partition("/")
        token, slash, rest = inside.partition("/")
        if not slash or not secrets.compare_digest(token.encode(), self.server.token.encode()):
            self._refuse(HTTPStatus.NOT_FOUND)
            return None
        return rest

    def _body(self) -> dict[str, Any] | None:
        """What our own page sends; None, and refused, for anything else."""
        ours = self.headers.get("Origin") in {f"http://{host}" for host in self.server.hosts}
        if not ours or self.headers.get("Sec-Fetch-Site", "same-origin") != "same-origin":
            self._refuse(HTTPStatus.FORBIDDEN)
            return None
        length = self.headers.get("Content-Length", "")
        if self.headers.get_content_type() != "application/json" or not length.isdigit() or int(length) > _MOST_BYTES:
            self._refuse(HTTPStatus.BAD_REQUEST)
            return None
        try:
            asked = json.loads(self.rfile.read(int(length)))
        except (ValueError, RecursionError):
            asked = None
        if not isinstance(asked, dict):
            self._refuse(HTTPStatus.BAD_REQUEST)
            return None
        return asked

    def _refuse(self, status: HTTPStatus) -> None:
        self._tell(status, {"error": status.phrase})

    def _tell(self, status: HTTPStatus, told: Mapping[str, object]) -> None:
        self._answer(status, json.dumps(told).encode(), "application/json")

    def _answer(self, status: HTTPStatus, body: bytes, kind: str) -> None:
        self.send_response(status)
        for name, value in {**_HEADERS, "Content-Type": kind, "Content-Length": str(len(body))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)


def _text(asked: Mapping[str, Any], name: str) -> str:
    value = asked.get(name, "")
    if not isinstance(value, str):
        raise UsageError(f"{name} is not a text", remedy="load the page again")
    return value


def _save(desk: Desk, asked: Mapping[str, Any]) -> dict[str, object]:
    labels = asked.get("labels")
    if not isinstance(labels, dict) or not all(isinstance(each, str) for pair in labels.items() for each in pair):
        raise UsageError("labels are not a set of answers", remedy="load the page again")
    return desk.save(_text(asked, "reviewer"), _text(asked, "id"), labels, comment=_text(asked, "comment"))


_ACTIONS: dict[str, Callable[[Desk, Mapping[str, Any]], dict[str, object]]] = {
    "api/next": lambda desk, asked: desk.next(_text(asked, "reviewer")),
    "api/again": lambda desk, asked: desk.again(_text(asked, "reviewer"), _text(asked, "id")),
    "api/save": _save,
}

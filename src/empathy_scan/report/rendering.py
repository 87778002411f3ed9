"""Templates: from what a page says to its HTML and its Markdown, every value escaped, no arithmetic."""

from __future__ import annotations

import functools
import importlib.metadata
import importlib.resources
import re
from collections.abc import Callable, Collection, Iterator, Mapping
from importlib.resources.abc import Traversable

import jinja2

from empathy_scan import __version__
from empathy_scan.report import charts, digests, export, markdown, prose, words
from empathy_scan.report.compiled import Compiled

HTML, MARKDOWN = "html", "md"
_PACKAGE = "empathy_scan.report"
_DRAWN_BY = ("jinja2", "markupsafe", "vl-convert-python")  # other versions of these may make other pages
# Folder and name of a page -> its template; "" for every other page of the folder.
_TEMPLATES = {
    ("", "index"): "front", ("", "method"): "method", ("", "rescore"): "rescore", ("", "fairness"): "fairness",
    ("agents", ""): "agent",
    ("conversations", "index"): "conversations", ("conversations", ""): "conversation",
}  # fmt: skip
# A link of our templates to a conversation's page; links hold no links, and texts of others are escaped.
_TO_CONVERSATION = re.compile(
    r'<a (?P<before>[^<>]*?)href="(?:\.\./)?conversations/(?P<slug>[^"#/]+)\.html(?:#[^"]*)?"(?P<after>[^<>]*)>'
    r"(?P<text>.*?)</a>",
    re.DOTALL,
)

HasPage = Callable[[str], bool]  # whether a conversation has a page, by the name of its file


_COMPILED = {kind: Compiled(kind) for kind in (HTML, MARKDOWN)}


class Templates:
    """The templates of every page, in HTML and in Markdown, with what every page shows."""

    def __init__(self, title: str, provenance: Mapping[str, str]) -> None:
        """Compiles nothing yet: a template is compiled when it is first used."""
        self._has_page: HasPage = lambda _: True
        shared = {
            "report_title": words.shown(title), "provenance": provenance, "shape": charts.shape,
            "terms": prose.TERMS, "limits": prose.LIMITS, "sheets": _sheets(), "quoted": markdown.quoted,
            "linked": self._linked, "said": markdown.said, "block": markdown.block, "anchor": markdown.anchor,
            "code": markdown.code,
            "reading": prose.READING, "call_is": prose.CALL, "answer_is": prose.ANSWERED, "range_is": prose.RANGES,
            "named_is": prose.NAMED, "not_for": prose.NOT_FOR,
            "data_tables": tuple((name, prose.TABLES[name]) for name in export.TABLES),
            "data_format": export.FORMAT_VERSION,
        }  # fmt: skip
        html = jinja2.Environment(autoescape=True)
        plain = jinja2.Environment(autoescape=False, finalize=markdown.escaped)  # noqa: S701 - `finalize` escapes
        self._kinds = {HTML: html, MARKDOWN: plain}
        for kind, environment in self._kinds.items():
            environment.bytecode_cache = _COMPILED[kind]
            environment.loader = jinja2.PackageLoader(_PACKAGE)
            environment.undefined = jinja2.StrictUndefined
            environment.trim_blocks = environment.lstrip_blocks = environment.keep_trailing_newline = True
            environment.globals.update(shared)
        self.digest = digests.of(_program(), words.shown(title), dict(provenance))

    def link_only(self, slugs: Collection[str]) -> None:
        """From now on only these conversations have pages: links to others become plain words."""
        self._has_page = frozenset(slugs).__contains__

    def paths(self, path: str) -> list[str]:
        """The files of a page: `index` is `index.html` and, where there is a template of it, `index.md`."""
        name = template_of(path)
        return [f"{path}.{suffix}" for suffix in self._kinds if f"{name}.{suffix}" in _names()]

    def render(self, path: str, values: Mapping[str, object]) -> dict[str, bytes]:
        """The files of a page with their content."""
        root, name, made = "../" * path.count("/"), template_of(path), {}
        for place in self.paths(path):
            suffix = place.rpartition(".")[2]
            page = self._kinds[suffix].get_template(f"{name}.{suffix}").render(root=root, **values)
            made[place] = (self._only_pages(page) if suffix == HTML else page).encode()
        return made

    def _only_pages(self, page: str) -> str:
        """The page with those links to conversations that lead somewhere; the words of the others stay."""

        def kept(link: re.Match[str]) -> str:
            if self._leads_on(f"conversations/{link['slug']}"):
                return link[0]
            attributes = f" {link['before']}{link['after']}".rstrip()
            return f"<span{attributes}>{link['text']}</span>"

        return _TO_CONVERSATION.sub(kept, page)

    def _linked(self, text: str, href: str) -> markdown.Ready:
        """A link in Markdown: to the Markdown of a page, or plain words where the page does not exist."""
        file, mark, anchor = href.partition("#")
        stem = file.removesuffix(f".{HTML}")
        inside = stem.removeprefix("../")
        if stem == file:
            return markdown.linked(text, href)
        if inside.startswith("conversations/") and not self._leads_on(inside):
            return markdown.Ready(markdown.escaped(text))
        suffix = MARKDOWN if f"{template_of(inside)}.{MARKDOWN}" in _names() else HTML
        return markdown.linked(text, f"{stem}.{suffix}{mark}{anchor}")

    def _leads_on(self, path: str) -> bool:
        return template_of(path) != "conversation" or self._has_page(path.rpartition("/")[2])


def template_of(path: str) -> str:
    """The name of the template that makes a page: of `agents/rosa` it is `agent`."""
    folder, _, name = path.rpartition("/")
    if folder == "conversations" and name.startswith(MONTH):
        name = "index"
    return _TEMPLATES.get((folder, name)) or _TEMPLATES[folder, ""]


MONTH = "_"  # before the name of a list of one month's conversations; no slug of a conversation begins like it


def assets() -> Iterator[Traversable]:
    """What pages need beside them."""
    yield from importlib.resources.files(_PACKAGE).joinpath("assets").iterdir()


@functools.cache
def _names() -> frozenset[str]:
    """The files in our folder of templates."""
    return frozenset(file.name for file in importlib.resources.files(_PACKAGE).joinpath("templates").iterdir())


@functools.cache
def _sheets() -> tuple[str, ...]:
    """The style sheets, in the order of their use: what all pages have first."""
    names = {file.name for file in assets() if file.name.endswith(".css")}
    return ("style.css", *sorted(names - {"style.css"}))


@functools.cache
def _program() -> str:
    """A digest of the program as far as it makes pages: its templates, its modules here, and what they are drawn by."""
    ours = importlib.resources.files(_PACKAGE)
    files = sorted((*ours.iterdir(), *ours.joinpath("templates").iterdir()), key=lambda file: file.name)
    texts = {
        file.name: file.read_text(encoding="utf-8") for file in files if file.name.endswith((".py", HTML, MARKDOWN))
    }
    return digests.of(__version__, texts, [importlib.metadata.version(name) for name in _DRAWN_BY])

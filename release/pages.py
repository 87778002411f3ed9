"""What `mkdocs build` cannot know (mkdocs.yml names this file): pages outside docs/, and what the program itself says.

README.md is the front page. Every other file outside docs/ that a page links to lies under project/ in the site, and
links are turned to where things lie there; so the same page works in the repository and in the site.
"""

from __future__ import annotations

import os
import posixpath
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mkdocs.structure.files import File, Files

if TYPE_CHECKING:
    from mkdocs.config.defaults import MkDocsConfig
    from mkdocs.structure.pages import Page

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "src"))  # the program of this tree, whichever is installed
FRONT = "README.md"
WIDTH = 100  # characters of a line of help
_LINK = re.compile(  # a link or picture; or a block or piece of code, in which nothing is a link
    r"(!?)\[((?:[^\[\]]|\[[^\]]*\])*)\]\(([^)\s]+)\)|^```.*?^```[^\n]*$|`[^`\n]+`", re.MULTILINE | re.DOTALL
)
_ABROAD = re.compile(r"[a-z]+:|#|/")


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    """The navigation: entries whose page is not there leave, pages that stand nowhere come last."""
    docs = Path(config.docs_dir)
    made = {"index.md", "help.md"}
    there = {path.relative_to(docs).as_posix() for path in docs.rglob("*.md")} | made
    named = set(_named(config.nav))
    spare = sorted(page for page in there - named if not page.startswith("formats/"))
    formats = sorted(page for page in there - named if page.startswith("formats/"))
    config.nav = [*_kept(config.nav, there), {"Formats one by one": formats}, {"Further pages": [*spare, *_ours()]}]
    return config


def _named(entries: Any) -> Iterator[str]:  # noqa: ANN401 - YAML: lists, objects and texts
    """Every page of a part of the navigation."""
    if isinstance(entries, str):
        yield entries
    for entry in entries if isinstance(entries, list) else entries.values() if isinstance(entries, dict) else ():
        yield from _named(entry)


def _kept(entries: list[Any], there: set[str]) -> list[Any]:
    """A part of the navigation without pages that are not there."""
    kept: list[Any] = []
    for entry in entries:
        if isinstance(entry, str):
            kept += [entry] if entry in there else []
            continue
        for title, below in entry.items():
            left = _kept(below, there) if isinstance(below, list) else below if below in there else None
            kept += [{title: left}] if left else []
    return kept


def _ours() -> list[str]:
    """Pages of the repository's root that the navigation shows."""
    return [place(name) for name in ("CONTRIBUTING.md", "CHANGELOG.md", "SECURITY.md") if (ROOT / name).exists()]


def place(path: str) -> str:
    """Where a file of the repository lies in the site."""
    if path == FRONT:
        return "index.md"
    return path.removeprefix("docs/") if path.startswith("docs/") else f"project/{path}"


def origin(uri: str) -> str:
    """The file of the repository that lies there in the site."""
    if uri == "index.md":
        return FRONT
    return uri.removeprefix("project/") if uri.startswith("project/") else f"docs/{uri}"


def targets(path: str) -> Iterator[str]:
    """Files of the repository that a page links to, from its root."""
    for _, _, target in _LINK.findall((ROOT / path).read_text(encoding="utf-8")):
        if target and not _ABROAD.match(target):
            yield reached(path, target)


def reached(path: str, target: str) -> str:
    """What a link on a page leads to, from the root of the repository."""
    return posixpath.normpath(posixpath.join(posixpath.dirname(path), target.partition("#")[0]))


def abroad() -> list[str]:
    """Every file outside docs/ that a page of the site leads to, directly or through others."""
    waiting = [FRONT, *(p.relative_to(ROOT).as_posix() for p in sorted((ROOT / "docs").rglob("*.md")))]
    waiting += [origin(page) for page in _ours()]
    known = set(waiting)
    while waiting:
        for target in targets(waiting.pop()):
            if target not in known and (ROOT / target).is_file():
                known.add(target)
                waiting += [target] if target.endswith(".md") else []
    return sorted(path for path in known if not path.startswith("docs/"))


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """The files of docs/ with those outside it, and the pages that are made now."""
    for path in abroad():
        files.append(File.generated(config, place(path), abs_src_path=str(ROOT / path)))
    files.append(File.generated(config, "help.md", content=helps()))
    return files


def on_page_markdown(markdown: str, page: Page, **_: Any) -> str:  # noqa: ANN401 - what MkDocs passes on
    """A page with its links turned to where things lie in the site."""
    uri = page.file.src_uri

    def turned(found: re.Match[str]) -> str:
        sign, words, target = found.groups()
        if not target or _ABROAD.match(target):
            return found[0]
        path, anchor = reached(origin(uri), target), target.partition("#")[1:]
        if not (ROOT / path).is_file():
            return found[0] if uri == "help.md" else words  # a folder has no page
        return f"{sign}[{words}]({os.path.relpath(place(path), posixpath.dirname(uri) or '.')}{''.join(anchor)})"

    return _LINK.sub(turned, markdown)


def helps() -> str:
    """A page with what `--help` says of every command."""
    import typer  # noqa: PLC0415 - the program, once the path is set

    from empathy_scan.cli import app  # noqa: PLC0415

    program = typer.main.get_command(app)
    lines = ["# What --help says", "", "Made from the program with this site; [cli.md](cli.md) explains more.", ""]
    for name, command in [("", program), *_commands(program)]:
        typed = f"empathy-scan {name}".strip()
        context = command.context_class(command, info_name=typed, terminal_width=WIDTH, max_content_width=WIDTH)
        lines += [f"## {typed}", "", "```text", command.get_help(context).rstrip(), "```", ""]
    return "\n".join(lines)


def _commands(program: Any) -> Iterator[tuple[str, Any]]:  # noqa: ANN401 - click's
    """Every command by what is typed."""
    for name, command in program.commands.items():
        yield name, command
        if hasattr(command, "commands"):
            yield from ((f"{name} {below}", own) for below, own in command.commands.items())

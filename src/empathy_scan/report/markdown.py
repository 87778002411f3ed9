"""Text for Markdown: nothing from a transcript or a name can become a heading, a link or a tag."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable
from typing import Protocol

# Every mark that means something to CommonMark or GitHub's tables; a backslash before it makes it a character.
_MARKS = re.compile(r"([\\`*_{}\[\]<>#|~&$])")
_EDGED = re.compile(r"^(\s*+)(\S(?:.*\S)?)(\s*)$")
_STARTS = re.compile(r"^(\s*\d*)([-+=:.)])")


class Marked(Protocol):
    """A stretch of words, and what is marked in it ("" for nothing)."""

    @property
    def text(self) -> str: ...  # noqa: D102 - as the class says

    @property
    def kind(self) -> str: ...  # noqa: D102 - as the class says


class Ready(str):
    """Text that is Markdown already and is not escaped again."""

    __slots__ = ()


def escaped(value: object) -> str:
    """A value for a line of Markdown: marks escaped, lines joined, so that it stays where the template puts it."""
    if isinstance(value, Ready):
        return value
    line = " ".join(str(value).split())
    return _STARTS.sub(r"\1\\\2", _MARKS.sub(r"\\\1", line))


def quoted(value: str) -> Ready:
    """Words of a transcript as a block quote, each of their lines escaped."""
    return Ready("\n".join(f"> {escaped(line)}".rstrip() for line in value.splitlines() or [""]))


def linked(text: str, href: str) -> Ready:
    """A link; the address is one of ours, made of slugs."""
    return Ready(f"[{escaped(text)}]({href})")


def said(pieces: Iterable[Marked]) -> Ready:
    """Words of a transcript as a block quote, those that are marked in bold."""
    runs = itertools.groupby(pieces, key=lambda piece: bool(piece.kind))
    texts = ((marked, "".join(piece.text for piece in run)) for marked, run in runs)
    lines = "".join(_bold(text) if marked else _MARKS.sub(_escaped, text) for marked, text in texts).split("\n")
    return Ready("\n".join(f"> {_STARTS.sub(_started, ' '.join(line.split()))}".rstrip() for line in lines))


def _bold(text: str) -> str:
    """The text in bold, line by line; white space around it stays outside."""
    return "\n".join(_EDGED.sub(lambda found: f"{found[1]}**{_MARKS.sub(_escaped, found[2])}**{found[3]}", line)
                     for line in text.split("\n"))  # fmt: skip


def _escaped(found: re.Match[str]) -> str:
    return f"\\{found[1]}"


def _started(found: re.Match[str]) -> str:
    return f"{found[1]}\\{found[2]}"


def block(lines: Iterable[str]) -> Ready:
    """Lines of ours as they are, each character in its column."""
    return Ready("\n".join(f"    {line}".rstrip() for line in lines))


def code(name: str) -> Ready:
    """A name of ours as it is to be typed."""
    return Ready(f"`{name}`")


def anchor(name: str) -> Ready:
    """A place that a link leads to; the name is one of ours."""
    return Ready(f'<a id="{name}"></a>')

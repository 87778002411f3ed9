"""Text for Markdown: nothing from a transcript or a name can become a heading, a link or a tag."""

from __future__ import annotations

import re

# Every mark that means something to CommonMark or GitHub's tables; a backslash before it makes it a character.
_MARKS = re.compile(r"([\\`*_{}\[\]<>#|~&$])")
_STARTS = re.compile(r"^(\s*\d*)([-+=:.)])")


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

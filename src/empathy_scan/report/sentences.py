"""Sentences and groups of them, as pages hold them."""

from __future__ import annotations

from dataclasses import dataclass

from empathy_scan.report.dialogue import Link


@dataclass(frozen=True, slots=True)
class Sentence:
    """A finding for a page: whom it is about (None on the agent's own page), and how it goes on."""

    who: Link | None
    text: str


@dataclass(frozen=True, slots=True)
class Group:
    """Sentences of one kind under a heading; `more` tells of those left out."""

    kind: str
    title: str
    sentences: tuple[Sentence, ...]
    more: str = ""

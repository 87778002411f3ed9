"""What is marked on a turn: chips for its labels beside it, and the words that counted within it."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from empathy_scan import codebook
from empathy_scan.codebook import Role
from empathy_scan.report import words

STRONG = 0.5  # a span of at least this weight is drawn strongly


@dataclass(frozen=True, slots=True)
class Chip:
    """One label of a turn: its colour and shape, its words, and the model's probability where there is one."""

    kind: str
    text: str
    chance: str
    title: str


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of a turn's text; `kind` is "" where nothing is marked."""

    text: str
    kind: str = ""
    strong: bool = False
    title: str = ""


# Label names of the codebook -> colour and shape, and the words that a team lead reads.
_CHIPS: dict[str, tuple[str, str]] = {
    "acknowledges": ("empathic", "shows understanding"),
    "explores": ("empathic", "asks openly"),
    "scripted": ("scripted", "stock phrase"),
    "owns": ("owns", "owns a next step"),
    "guarded": ("guarded", "guarded"),
    "upset": ("upset", "upset"),
    "hostile": ("hostile", "hostile"),
    "insult": ("hostile", "insult"),
    "threat": ("hostile", "threat"),
    "profanity": ("hostile", "swearing at somebody"),
    "contempt": ("hostile", "contempt"),
}
_MEANINGS = {
    label.name: label.meaning
    for label in (*codebook.CUSTOMER_TONES, *codebook.FLAGS, *codebook.AGENT_TONES, *codebook.ATTACKS)
}
_CODES = {label.code: label.name for label in (*codebook.FLAGS, *codebook.ATTACKS)}


def carried(turn: Mapping[str, Any]) -> list[str]:
    """The names of the labels that a turn carries, in codebook order; a civil tone is nothing to mark."""
    names = [label.name for label in codebook.FLAGS if label.code in (turn["flags"] or "")]
    if turn["tone"]:
        names.append(codebook.tone_names(turn["role"])[turn["tone"]])
    return names + [label.name for label in codebook.ATTACKS if label.code in (turn["kinds"] or "")]


def chips(turn: Mapping[str, Any]) -> tuple[Chip, ...]:
    """The chips of a turn: its labels, then hardship, a call for empathy, and where the model hesitated."""
    drawn = [_chip(label, _probability(turn, label)) for label in carried(turn)]
    if turn["hardship"]:
        drawn.append(Chip("hardship", "hardship", "", "tells of a loss, fear, illness, grief or hardship"))
    if turn["unsure"] and drawn:
        drawn.append(Chip("unsure", "unsure", "", "the model was close to undecided about this turn"))
    return tuple(drawn)


def _chip(label: str, probability: float | None) -> Chip:
    """The chip of one label of the codebook."""
    kind, text = _CHIPS[label]
    return Chip(kind, text, "" if probability is None else words.chance(probability), _MEANINGS[label])


def _probability(turn: Mapping[str, Any], label: str) -> float | None:
    """The model's probability of a label; None where people gave it or the model has none.

    Guarded and upset are given from the chance of that tone or a harsher one, so that is what is shown.
    """
    if label in {"guarded", "upset"}:
        values = (turn["p_strained"], turn["p_hostile"])
        return None if None in values else min(1.0, float(sum(values)))
    value = turn[f"p_{label}"]
    return None if value is None else float(value)


def pieces(
    text: str, spans: Sequence[Mapping[str, Any]], labels: Sequence[str], *, role: str, window: tuple[int, int]
) -> tuple[Piece, ...]:
    """The text between two offsets, cut where a mark begins or ends; only marks of the turn's own labels are drawn.

    Where spans overlap the stronger one gives the colour, and the title names them all.
    """
    start, end = window
    kept = [span for span in map(_clipped(role, window), spans) if span and span[2] in labels]
    edges = sorted({start, end, *(edge for span in kept for edge in span[:2])})
    found = [_piece(text[left:right], left, right, kept) for left, right in itertools.pairwise(edges)]
    joined = _joined(found)
    before, after = "… " if start else "", " …" if end < len(text) else ""
    return tuple(piece for piece in (Piece(before), *joined, Piece(after)) if piece.text)


def first_mark(spans: Sequence[Mapping[str, Any]], labels: Sequence[str], *, role: str) -> int:
    """Where the first drawn mark begins; 0 without any."""
    return min((int(span["start"]) for span in spans if _label(span["label"], role) in labels), default=0)


Span = tuple[int, int, str, float]


def _clipped(role: str, window: tuple[int, int]) -> Any:  # noqa: ANN401 - a function from a span to a Span or None
    """A function that turns a span of the scores into (start, end, label name, weight) within the window."""

    def clip(span: Mapping[str, Any]) -> Span | None:
        start, end = max(int(span["start"]), window[0]), min(int(span["end"]), window[1])
        return (start, end, _label(span["label"], role), float(span["weight"])) if start < end else None

    return clip


def _label(label: str, role: str) -> str:
    """The codebook's name of a label given by name or by code."""
    if label in {"strained", "1"}:
        return "guarded" if role == Role.AGENT else "upset"
    return "hostile" if label == "2" else _CODES.get(label, label)


def _piece(text: str, left: int, right: int, spans: Sequence[Span]) -> Piece:
    """The piece between two neighbouring edges, with the marks that cover it."""
    over = sorted(
        (span for span in spans if span[0] <= left and right <= span[1]), key=lambda span: (-span[3], span[2])
    )
    if not over:
        return Piece(words.shown(text))
    title = words.listing(dict.fromkeys(_CHIPS[span[2]][1] for span in over))
    return Piece(words.shown(text), _CHIPS[over[0][2]][0], over[0][3] >= STRONG, f"counted for: {title}")


def _joined(found: Sequence[Piece]) -> list[Piece]:
    """Pieces of the same mark made one, also over the space between two marked words."""
    joined: list[Piece] = []
    for piece in found:
        gap = joined[-1] if len(joined) > 1 and joined[-1].text.isspace() and not joined[-1].kind else None
        if gap and piece.kind and _alike(joined[-2], piece):
            joined[-2:] = [Piece(joined[-2].text + gap.text + piece.text, piece.kind, piece.strong, piece.title)]
        elif joined and _alike(joined[-1], piece):
            joined[-1] = Piece(joined[-1].text + piece.text, piece.kind, piece.strong, piece.title)
        else:
            joined.append(piece)
    return joined


def _alike(one: Piece, other: Piece) -> bool:
    return (one.kind, one.strong, one.title) == (other.kind, other.strong, other.title)

"""What is marked on a turn: chips for its labels beside it, the words that counted within it, and why it has them.

Words that counted for a label are marked in its colour. A house phrase, a sentence that several agents say, is framed
besides: being everybody's is another matter than being a reason.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from empathy_scan import codebook
from empathy_scan.codebook import Role
from empathy_scan.report import words

STRONG = 0.5  # a span of at least this weight is drawn strongly
WEIGHED = 0.2  # a label that was not given is told from this probability on
HARDLY = 0.05  # a probability that falls by less has hardly fallen
LONGEST = 80  # characters of a quotation
QUOTED = 4  # of the words that counted for a label, the strongest
OWN = "own"  # the kind of the centre's own labels
ATTACKS = frozenset(label.name for label in codebook.ATTACKS)


@dataclass(frozen=True, slots=True)
class Chip:
    """One label of a turn: its colour and shape, its words, the model's probability, and where its words are marked."""

    kind: str
    text: str
    chance: str  # "" where there is none
    title: str
    anchor: str = ""  # of the first mark of its words; "" without one


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of a turn's text; `kind` is "" where nothing is marked."""

    text: str
    kind: str = ""
    strong: bool = False
    title: str = ""
    labels: tuple[str, ...] = ()  # for which it counted, the strongest first
    house: str = ""  # who else says the house phrase that it is part of; "" elsewhere
    anchor: str = ""  # its id on the page


@dataclass(frozen=True, slots=True)
class House:
    """A house phrase in a turn: its place, and who else says it."""

    start: int
    end: int
    title: str
    text: str = ""


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a turn has a label: the words that counted, and what is left of it when they are taken out."""

    kind: str
    text: str
    chance: str
    quotes: tuple[str, ...]
    check: str
    anchor: str


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
    """The chips of a turn: its labels, then hardship, where the model hesitated, and what looks written for a score."""
    drawn = [_chip(label, _probability(turn, label)) for label in carried(turn)]
    if turn["hardship"]:
        drawn.append(Chip("hardship", "hardship", "", "tells of a loss, fear, illness, grief or hardship"))
    if turn["unsure"] and drawn:
        drawn.append(Chip("unsure", "unsure", "", "the model was close to undecided about this turn"))
    if turn["signs"]:
        drawn.append(Chip("unsure", "may be written for a score", "", f"it {turn['signs']}; read it yourself"))
    return tuple(drawn)


def _chip(label: str, probability: float | None) -> Chip:
    """The chip of one label of the codebook."""
    kind, text = _CHIPS[label]
    return Chip(kind, text, "" if probability is None else words.chance(probability), _MEANINGS[label])


def called(label: str) -> str:
    """A label of the codebook in the words of a team lead."""
    return _CHIPS[label][1]


def anchored(found: Sequence[Piece], labels: Sequence[str], stem: str) -> tuple[tuple[Piece, ...], dict[str, str]]:
    """The pieces with an id on the first mark of each label, and these ids by label."""
    pieces, ids = list(found), {}
    for label in labels:
        place = next((n for n, piece in enumerate(pieces) if label in piece.labels), None)
        if place is not None:
            anchor = pieces[place].anchor or f"{stem}-{label}"
            pieces[place] = replace(pieces[place], anchor=anchor)
            ids[label] = anchor
    return tuple(pieces), ids


def linked(drawn: Sequence[Chip], labels: Sequence[str], ids: Mapping[str, str]) -> tuple[Chip, ...]:
    """The chips of a turn that carries these labels, each leading to the words that are marked for it."""
    return tuple(
        replace(chip, anchor=ids.get(labels[n], "")) if n < len(labels) else chip for n, chip in enumerate(drawn)
    )


def reasons(turn: Mapping[str, Any], ids: Mapping[str, str]) -> tuple[Reason, ...]:
    """Why a turn has its labels, each with the words behind it; none where people labelled it."""
    spans = [(_label(span["label"], turn["role"]), span) for span in turn["evidence"] or ()]
    tried = [(_label(one["label"], turn["role"]), one) for one in turn["deletions"] or ()]
    found = []
    for label in carried(turn):
        if (probability := _probability(turn, label)) is None:
            continue
        own = [span for name, span in spans if name == label]
        checks = sorted((one for name, one in tried if name == label), key=lambda one: -one["p"])
        kind, text = _CHIPS[label]
        found.append(
            Reason(kind, text, words.chance(probability), tuple(quotes(turn["text"], own)), check(own, checks),
                   ids.get(label, ""))
        )  # fmt: skip
    return tuple(found)


def quotes(text: str, spans: Sequence[Mapping[str, Any]]) -> list[str]:
    """The words that counted, the strongest of them, in the order of the text."""
    strongest = sorted(spans, key=lambda span: (-span["weight"], span["start"]))[:QUOTED]
    quoted = (text[span["start"] : span["end"]] for span in sorted(strongest, key=lambda span: span["start"]))
    shown = (" ".join(words.shown(words_).split()) for words_ in quoted)
    return [f"{one[:LONGEST]} …" if len(one) > LONGEST else one for one in shown]


def check(spans: Sequence[Mapping[str, Any]], checks: Sequence[Mapping[str, Any]]) -> str:
    """What the deletion of the marked words does to a label, in words."""
    if not spans:
        return "no single words stand out: the message as a whole counted"
    if not checks:
        return "not tried without these words"
    before, after = float(checks[0]["p"]), float(checks[0]["without"])
    where = ", in the passage where it is clearest" if len(checks) > 1 else ""
    told = f"{words.chance(before)} with these words, {words.chance(after)} without them{where}"
    return told if before - after >= HARDLY else f"{told}: they alone do not carry it, the rest says the same"


def weighed(turn: Mapping[str, Any]) -> tuple[str, ...]:
    """The labels that a turn came close to but was not given, with their probabilities, the likeliest first."""
    if turn["p_civil"] is None:
        return ()
    own = set(carried(turn))
    agent = turn["role"] == Role.AGENT
    names = [label.name for label in codebook.FLAGS] if agent else []
    if not own & {"guarded", "upset", "hostile"}:
        names.append("guarded" if agent else "upset")
    if "hostile" not in own:
        names.append("hostile")
    found = [(probability, name) for name in names if name not in own and (probability := _probability(turn, name))]
    return tuple(f"{called(name)} {words.chance(p)}" for p, name in sorted(found, reverse=True) if p >= WEIGHED)


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
    text: str,
    spans: Sequence[Mapping[str, Any]],
    labels: Sequence[str],
    *,
    role: str,
    window: tuple[int, int],
    house: Sequence[House] = (),
    own: Mapping[str, str] | None = None,
) -> tuple[Piece, ...]:
    """The text between two offsets, cut where a mark begins or ends; only marks of the turn's own labels are drawn.

    Where spans overlap the stronger one gives the colour, and the title names them all. `own` are the names of those
    labels that are the centre's own.
    """
    start, end = window
    kept = [span for span in map(_clipped(role, window), spans) if span and span[2] in labels]
    phrases = [one for one in house if one.start < end and one.end > start]
    limits = (min(max(edge, start), end) for one in phrases for edge in (one.start, one.end))
    edges = sorted({start, end, *(edge for span in kept for edge in span[:2]), *limits})
    found = [
        _piece(text[left:right], left, right, kept, phrases, own or {}) for left, right in itertools.pairwise(edges)
    ]
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


def _piece(
    text: str, left: int, right: int, spans: Sequence[Span], phrases: Sequence[House], own: Mapping[str, str]
) -> Piece:
    """The piece between two neighbouring edges, with the marks that cover it."""
    over = sorted(
        (span for span in spans if span[0] <= left and right <= span[1]), key=lambda span: (-span[3], span[2])
    )
    house = next((one.title for one in phrases if one.start <= left and right <= one.end), "")
    if not over:
        return Piece(words.shown(text), house=house)
    labels = tuple(dict.fromkeys(span[2] for span in over))
    named = dict.fromkeys(own[label] if label in own else called(label) for label in labels)
    title = f"counted for: {words.listing(named)}"
    kind = OWN if labels[0] in own else _CHIPS[labels[0]][0]
    return Piece(words.shown(text), kind, over[0][3] >= STRONG, title, labels, house)


def _joined(found: Sequence[Piece]) -> list[Piece]:
    """Pieces of the same mark made one, also over the space between two marked words."""
    joined: list[Piece] = []
    for piece in found:
        gap = joined[-1] if len(joined) > 1 and joined[-1].text.isspace() and not joined[-1].kind else None
        if gap and piece.kind and gap.house == piece.house and _alike(joined[-2], piece):
            joined[-2:] = [replace(piece, text=joined[-2].text + gap.text + piece.text)]
        elif joined and _alike(joined[-1], piece):
            joined[-1] = replace(piece, text=joined[-1].text + piece.text)
        else:
            joined.append(piece)
    return joined


def _alike(one: Piece, other: Piece) -> bool:
    return (one.kind, one.strong, one.labels, one.house) == (other.kind, other.strong, other.labels, other.house)

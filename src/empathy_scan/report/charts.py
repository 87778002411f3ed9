"""Inline SVG: a value with its interval, and a bar in parts. Shapes differ, not only colours; positions are per cents.

No style attributes: the report's Content-Security-Policy allows the style sheet only, and the sheet sets the colours.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from markupsafe import Markup

# Drawn around 0,0 and moved to their place: one shape a meaning, as in the legend and on the chips.
_SHAPES: dict[str, Markup] = {
    "empathic": Markup('<circle r="5.5"/>'),
    "scripted": Markup('<rect x="-5" y="-5" width="10" height="10" rx="1"/>'),
    "missed": Markup('<circle r="4.5" class="hollow"/>'),
    "guarded": Markup('<path d="M0-6 6 5H-6Z"/>'),
    "hostile": Markup('<path d="M0-6.5 6.5 0 0 6.5-6.5 0Z"/>'),
    "rose": Markup('<path d="M0-7 2 -2 7-1.600 3.200 1.800 4.400 7 0 4.200-4.400 7-3.200 1.800-7-1.600-2-2Z"/>'),
    "owns": Markup('<path d="M-6 0-2 4.500 6-5" class="stroke"/>'),
    "upset": Markup('<path d="M-6 2Q-3-5 0 0T6-2" class="stroke"/>'),
    "hardship": Markup('<path d="M0 6C-9 0-5.500-7 0-3 5.500-7 9 0 0 6Z"/>'),
    "unsure": Markup('<path d="M-3-3Q-3-6 0-6T3-3Q3-1 0 1V2" class="stroke"/><circle cy="6" r="1.300"/>'),
    "open": Markup('<circle r="4.500" class="hollow"/>'),
    "strength": Markup('<path d="M0-7 2-2 7-1.600 3.200 1.800 4.400 7 0 4.200-4.400 7-3.200 1.800-7-1.600-2-2Z"/>'),
    "talk": Markup('<path d="M-7-6H7V3H0L-4 7V3H-7Z"/>'),
    "own": Markup('<path d="M-6.500-5H2L7 0 2 5H-6.500Z"/>'),
    "load": Markup('<rect x="-2.500" y="-7" width="5" height="14" rx="2.500"/>'),
}
_ROOM = 0.08  # the share of a bar on a phone that is twice as wide as a sign


@dataclass(frozen=True, slots=True)
class Axis:
    """The values at the left and right end of a bar; `zero` draws a line at 0 between them."""

    left: float = 0.0
    right: float = 1.0
    zero: bool = False

    def place(self, value: float) -> str:
        """Where a value lies, as an SVG length; values beyond an end are drawn at the end."""
        span = self.right - self.left
        share = (value - self.left) / span if span > 0 else 0.0
        return f"{100 * min(1.0, max(0.0, share)):.1f}%"


@dataclass(frozen=True, slots=True)
class Part:
    """One part of a bar: which kind it is, and its share of the whole."""

    kind: str
    share: float


def shape(kind: str) -> Markup:
    """The sign of a kind for a legend or a chip: decoration beside the word that says the same."""
    frame = Markup('<svg class="sign {}" viewBox="-8 -8 16 16" aria-hidden="true" focusable="false">{}</svg>')
    return frame.format(kind, _SHAPES[kind])


def interval(
    value: float, low: float | None, high: float | None, *, axis: Axis, kind: str, label: str, reference: float | None
) -> Markup:
    """A dot at the value on a bar from low to high; `reference` draws the team's value as a tick across it."""
    lines = _ground(axis, reference)
    if low is not None and high is not None:
        ends = axis.place(low), axis.place(high)
        lines.append(Markup('<line class="range" x1="{}" x2="{}" y1="10" y2="10"/>').format(*ends))
    dot = Markup('<svg x="{}" y="10" overflow="visible">{}</svg>').format(axis.place(value), _SHAPES[kind])
    return _figure(Markup("").join([*lines, dot]), classes=f"bar {kind}", height=20, label=label)


def slim(value: float, low: float | None, high: float | None, *, axis: Axis, kind: str, ground: str) -> Markup:
    """The same for a cell beside its words, a fifth as long: its sign and its ground stand in the page's `stock`."""
    lines = [Markup('<use href="#g-{}"/>').format(ground)]
    if low is not None and high is not None:
        ends = axis.place(low), axis.place(high)
        lines.append(Markup('<line class="range" x1="{}" x2="{}" y1="10" y2="10"/>').format(*ends))
    dot = Markup('<use href="#s-{}" x="{}" y="10"/>').format(kind, axis.place(value))
    return Markup('<svg class="bar slim {}" aria-hidden="true">{}</svg>').format(kind, Markup("").join([*lines, dot]))


def stock(grounds: Mapping[str, tuple[Axis, float | None]], kinds: Collection[str]) -> Markup:
    """What slim bars refer to, once a page: by name the ground of a measure (its axis, the team's value), and signs."""
    drawn = [Markup('<g id="s-{}" class="stocked">{}</g>').format(kind, _SHAPES[kind]) for kind in sorted(kinds)]
    for name, (axis, reference) in grounds.items():
        lines = _ground(axis, reference)
        drawn.append(Markup('<g id="g-{}" class="stocked">{}</g>').format(name, Markup("").join(lines)))
    return Markup('<svg class="hidden" aria-hidden="true"><defs>{}</defs></svg>').format(Markup("").join(drawn))


def _ground(axis: Axis, reference: float | None) -> list[Markup]:
    """What lies under a value and its range: the axis, its zero, the team's value."""
    lines = [Markup('<line class="track" x1="0" x2="100%" y1="10" y2="10"/>')]
    if axis.zero:
        lines.append(Markup('<line class="zero" x1="{0}" x2="{0}" y1="2" y2="18"/>').format(axis.place(0.0)))
    if reference is not None:
        lines.append(Markup('<line class="team" x1="{0}" x2="{0}" y1="1" y2="19"/>').format(axis.place(reference)))
    return lines


def split(parts: Sequence[Part], *, label: str) -> Markup:
    """One bar cut into parts that sum to 1, with gaps between them and its kind's sign where there is room."""
    drawn, left = [], 0.0
    for part in parts:
        piece = Markup('<rect class="{}" x="{:.1f}%" width="{:.1f}%" y="0" height="100%"/>')
        drawn.append(piece.format(part.kind, 100 * left, 100 * part.share))
        if part.share >= _ROOM:
            sign = Markup('<svg x="{:.1f}%" y="50%" overflow="visible">{}</svg>')
            drawn.append(sign.format(100 * (left + part.share / 2), _SHAPES[part.kind]))
        left += part.share
    return _figure(Markup("").join(drawn), classes="split", height=28, label=label)


def _figure(content: Markup, *, classes: str, height: int, label: str) -> Markup:
    """The SVG element around a drawing, with the words that a screen reader says."""
    frame = Markup('<svg class="{}" width="100%" height="{}" role="img" aria-label="{}"><title>{}</title>{}</svg>')
    return frame.format(classes, height, label, label, content)

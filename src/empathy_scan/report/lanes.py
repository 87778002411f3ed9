"""The chart of a conversation's course: two lanes that part where a side turns nasty, and the care between them."""

from __future__ import annotations

import functools
import json
from collections.abc import Iterator, Sequence
from typing import Any

from markupsafe import Markup

from empathy_scan.report import plots
from empathy_scan.report.escalation import Course, Step

# The course of a conversation: customers' bars rise from the middle, agents' hang from it, care stands between them.
_EDGE, _HEIGHTS = 0.62, (1.05, 1.85, 2.75)  # where bars begin, and where those of tone 0, 1 and 2 end
_WIDEST, _NARROWEST, _A_STEP = 880, 240, 38  # pixels
_TICKS = 24  # numbers below a chart, at most
_TONES = {"customer": ("line", "missed", "hostile"), "agent": ("line", "guarded", "hostile")}
_SIGNS = {"customer": ("", "upset", "hostile"), "agent": ("", "guarded", "hostile")}
# Kind -> the name of its colour, the path of its sign (as on the chips), whether it is drawn as a line, and how high.
_DRAWN: dict[str, tuple[str, str, bool, float]] = {
    "empathic": ("empathic", "circle", False, 0.22),
    "scripted": ("scripted", "square", False, 0.22),
    "missed": ("missed", "circle", True, 0.22),
    "owns": ("empathic", "M-1 .1L-.3 .8 1 -.8", True, -0.26),
    "upset": ("missed", "M-1 .35Q-.5-.9 0 0T1-.35", True, 0.0),
    "guarded": ("guarded", "triangle-up", False, 0.0),
    "hostile": ("hostile", "diamond", False, 0.0),
}
_LABELS = (
    "{'2.75': 'customer hostile', '1.85': 'upset', '1.05': 'civil', '0': 'care', '-1.05': 'civil', "
    "'-1.85': 'guarded', '-2.75': 'agent hostile'}[datum.value]"
)


def drawn(found: Course) -> Markup:
    """The chart of a conversation's course; nothing where it has no steps.

    The page says the same in words in the element with the id `course-told`.
    """
    if not found.steps:
        return Markup("")
    vega = dict(_template())
    vega["width"] = max(_NARROWEST, min(_WIDEST, _A_STEP * len(found.steps)))
    values = {"bars": list(_bars(found.steps)), "signs": list(_signs(found.steps))}
    vega["data"] = [{**one, "values": values[one["name"]]} if one["name"] in values else one for one in vega["data"]]
    vega["axes"] = [{**one, "values": _ticks(found.steps)} if one["scale"] == "x" else one for one in vega["axes"]]
    label = f"Tone and care along {len(found.messages):,} messages"
    return plots.framed(_converted(json.dumps(vega)), label, "course-told")


@functools.lru_cache(maxsize=256)
def _converted(vega: str) -> str:
    """The drawing of a chart; short conversations often have the same course."""
    import vl_convert  # noqa: PLC0415 - as in `svg`

    drawn: str = vl_convert.vega_to_svg(vega)
    return drawn


def _ticks(steps: Sequence[Step]) -> list[int]:
    """The numbers of messages below a chart: every one of a short conversation, round ones of a long one."""
    last = steps[-1].last
    width = next(width for width in (1, 2, 5, 10, 20, 50, 100, 200, 500, last) if last // width <= _TICKS)
    return [number for number in range(width, last + 1, width) if number >= steps[0].first]


def _bars(steps: Sequence[Step]) -> Iterator[dict[str, Any]]:
    """The bars of the steps: where they lie, and their colour."""
    for step in steps:
        for side, tone, sign in (("customer", step.customer, 1), ("agent", step.agent, -1)):
            if tone is not None:
                yield {
                    "x": step.first - 0.4, "x2": step.last + 0.4, "y": sign * _EDGE, "y2": sign * _HEIGHTS[tone],
                    "fill": plots.PALETTE[_TONES[side][tone]],
                    "stroke": plots.PALETTE[_TONES[side][tone] if tone else "soft"],
                }  # fmt: skip


def _signs(steps: Sequence[Step]) -> Iterator[dict[str, Any]]:
    """The signs of the steps: of care in the middle, of a tone that is not civil at the end of its bar."""
    for step in steps:
        # Of several answers in a step one is drawn: a missed call before the others.
        care = sorted((kind for kind in step.care if kind != "owns"), key=lambda kind: kind != "missed")[:1]
        places = [(kind, _DRAWN[kind][3]) for kind in (*care, *(["owns"] if "owns" in step.care else []))]
        for side, tone, sign in (("customer", step.customer, 1), ("agent", step.agent, -1)):
            if tone:
                places.append((_SIGNS[side][tone], sign * (_HEIGHTS[tone] + 0.3)))
        for kind, height in places:
            colour, shape, line, _ = _DRAWN[kind]
            yield {
                "x": (step.first + step.last) / 2, "y": height, "shape": shape, "stroke": plots.PALETTE[colour],
                "fill": "transparent" if line else plots.PALETTE[colour],
            }  # fmt: skip


@functools.cache
def _template() -> dict[str, Any]:
    """The chart of a course as Vega draws it, without data: translating Vega-Lite takes as long as drawing."""
    import vl_convert  # noqa: PLC0415 - as in `svg`

    across = {"field": "x", "type": "quantitative", "title": "message",
              "scale": {"nice": False, "zero": False, "padding": 6},
              "axis": {"grid": False, "tickMinStep": 1, "format": ",d", "labelFlush": False}}  # fmt: skip
    places = sorted({0.0, *_HEIGHTS, *(-height for height in _HEIGHTS)})
    up = {"field": "y", "type": "quantitative", "title": None, "scale": {"domain": [-3.3, 3.3], "nice": False},
          "axis": {"values": places, "labelExpr": _LABELS, "ticks": False, "domain": False,
                   "minExtent": 118}}  # fmt: skip
    bars = {
        "data": {"name": "bars", "values": [{}]}, "mark": {"type": "rect"},
        "encoding": {"x": across, "x2": {"field": "x2"}, "y": up, "y2": {"field": "y2"},
                     "fill": {"field": "fill", "type": "nominal", "scale": None},
                     "stroke": {"field": "stroke", "type": "nominal", "scale": None}},
    }  # fmt: skip
    signs = {
        "data": {"name": "signs", "values": [{}]},
        "mark": {"type": "point", "size": 70, "strokeWidth": 2, "opacity": 1},
        "encoding": {"x": across, "y": up, **{
            name: {"field": name, "type": "nominal", "scale": None} for name in ("shape", "stroke", "fill")
        }},
    }  # fmt: skip
    spec = {"width": _WIDEST, "height": 200, "layer": [bars, signs], "config": plots.CONFIG}
    compiled: dict[str, Any] = vl_convert.vegalite_to_vega(json.dumps(spec), vl_version=plots.VERSION)
    return compiled

"""Charts of several points, drawn by Vega-Lite: curves over weeks, steps and turns, as SVG for a page.

Vega-Lite writes colours as attributes; the palette below names them, and `assets/charts.css` gives each name its colour
in light, dark and print. So a chart follows the page's theme and holds no style attribute, which the report's
Content-Security-Policy forbids. Each chart says in words what it shows, and a page puts the same data into a table.
"""

from __future__ import annotations

import functools
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

Spec = Mapping[str, Any]  # a Vega-Lite specification

# Names of a report's colours -> what stands for them in a specification; charts.css maps it back to the name.
PALETTE: dict[str, str] = {
    "ink": "#16202b",
    "soft": "#4a5868",
    "line": "#dde2e8",
    "accent": "#1c4f8c",
    "empathic": "#0b6e63",
    "scripted": "#8a5a00",
    "missed": "#55606d",
    "guarded": "#b3430b",
    "hostile": "#a8175f",
    "load": "#4c4a8f",
}
VERSION = "5.21"  # of Vega-Lite, as the converter holds it
_FONT = "system-ui, sans-serif"
CONFIG: Spec = {
    "background": "transparent",
    "font": _FONT,
    "view": {"stroke": None},
    "axis": {
        "labelColor": PALETTE["soft"], "titleColor": PALETTE["soft"], "gridColor": PALETTE["line"],
        "domainColor": PALETTE["line"], "tickColor": PALETTE["line"], "labelFontSize": 12, "titleFontSize": 12,
        "titleFontWeight": "normal",
    },
    "legend": {"labelColor": PALETTE["ink"], "titleColor": PALETTE["soft"], "labelFontSize": 12, "titleFontSize": 12},
    "header": {"labelColor": PALETTE["ink"], "titleColor": PALETTE["soft"], "labelFontSize": 12},
    "text": {"color": PALETTE["ink"], "fontSize": 12},
}  # fmt: skip
_OPENING = re.compile(r"<svg\b[^>]*?viewBox=\"([\d. -]+)\"[^>]*>")


def svg(spec: Spec, label: str, *, described_by: str = "") -> Markup:
    """A Vega-Lite specification (without `config`, with its data as values) as an SVG element for a page.

    `label` says in words what the chart shows: it is the chart for a screen reader. `described_by` is the id of an
    element that says more. The drawing keeps its proportions; `class="chart"` gives it the page's colours.
    """
    import vl_convert  # noqa: PLC0415 - takes half a second to load, and only reports with charts need it

    drawn: str = vl_convert.vegalite_to_svg(json.dumps({**spec, "config": CONFIG}), vl_version=VERSION)
    return framed(drawn, label, described_by)


def filled(spec: Spec, values: Mapping[str, Sequence[Mapping[str, object]]], label: str) -> Markup:
    """As `svg`, for many charts of one kind: the specification names its data, and is compiled once for all of them."""
    import vl_convert  # noqa: PLC0415 - as above

    vega = _compiled(json.dumps({**spec, "config": CONFIG}))
    data = [{**one, "values": values[one["name"]]} if one["name"] in values else one for one in vega["data"]]
    return framed(vl_convert.vega_to_svg(json.dumps({**vega, "data": data})), label, "")


@functools.lru_cache(maxsize=64)
def _compiled(spec: str) -> dict[str, Any]:
    """A specification in the language below Vega-Lite."""
    import vl_convert  # noqa: PLC0415 - as above

    compiled: dict[str, Any] = vl_convert.vegalite_to_vega(spec, vl_version=VERSION)
    return compiled


@dataclass(frozen=True, slots=True)
class Drawing:
    """A chart that is drawn when a page shows it: to tell whether a page changed it need not be drawn."""

    spec: str  # as JSON
    label: str
    values: str = ""  # as JSON: the data that the specification names; "" where it holds its own

    def __html__(self) -> str:
        """The SVG element."""
        spec = json.loads(self.spec)
        return filled(spec, json.loads(self.values), self.label) if self.values else svg(spec, self.label)


def drawing(spec: Spec, label: str, *, values: Mapping[str, Sequence[Mapping[str, object]]] | None = None) -> Drawing:
    """The same as `svg`, or as `filled` with `values`, drawn only where it is shown."""
    return Drawing(json.dumps(spec), label, "" if values is None else json.dumps(values))


def framed(drawn: str, label: str, described_by: str) -> Markup:
    """A drawing of the converter as an element of ours: one image, one description (see `svg`)."""
    opening = _OPENING.match(drawn)
    if opening is None:
        raise ValueError("the chart's drawing does not begin with an svg element")
    box = opening[1]
    more = Markup(' aria-describedby="{}"').format(described_by) if described_by else Markup("")
    frame = Markup('<svg class="chart" role="img" aria-label="{}"{} viewBox="{}" width="{}"><title>{}</title>').format(
        label, more, box, box.split()[2], label
    )
    return frame + Markup(_plain(drawn[opening.end() :]))  # noqa: S704 - the converter escapes what it writes


def _plain(drawn: str) -> str:
    """The inside of a drawing without roles and labels of its own: one image, one description."""
    return re.sub(r' (?:role|aria-\w+)="[^"]*"', "", drawn)

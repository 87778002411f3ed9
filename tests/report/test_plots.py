"""Charts of several points: described, without style of their own, with words that stay words."""

import importlib.resources

import pytest

from empathy_scan.report import plots

SPEC = {
    "data": {"values": [{"week": 1, "share": 0.2}, {"week": 2, "share": 0.4}]},
    "mark": {"type": "line", "point": True, "color": plots.PALETTE["empathic"]},
    "encoding": {"x": {"field": "week", "type": "quantitative"}, "y": {"field": "share", "type": "quantitative"}},
}


@pytest.fixture(scope="module")
def drawn():
    return str(plots.svg(SPEC, 'From "20%" to <40%>'))


def test_a_chart_is_one_image_with_a_description(drawn):
    assert drawn.startswith(
        '<svg class="chart" role="img" aria-label="From &#34;20%&#34; to &lt;40%&gt;" viewBox="0 0 '
    )
    assert drawn.count("role=") == 1 == drawn.count("aria-")
    assert drawn.endswith("</svg>")


def test_a_chart_holds_no_style_that_the_policy_forbids(drawn):
    assert "style=" not in drawn
    assert "<style" not in drawn
    assert "<script" not in drawn
    assert plots.PALETTE["empathic"] in drawn


def test_words_in_a_chart_stay_words():
    values = [{"queue": '<script>alert("1")</script>', "share": 0.2}]
    spec = SPEC | {"data": {"values": values}, "mark": "bar", "encoding": {"y": {"field": "queue", "type": "nominal"}}}
    drawn = str(plots.svg(spec, "Queues"))
    assert "<script" not in drawn
    assert "&lt;script&gt;" in drawn


def test_the_style_sheet_knows_every_colour_of_the_palette():
    sheet = importlib.resources.files("empathy_scan.report").joinpath("assets", "charts.css").read_text()
    for name, colour in plots.PALETTE.items():
        assert f'.chart [fill="{colour}"] {{ fill: var(--{name}); }}' in sheet
        assert f'.chart [stroke="{colour}"] {{ stroke: var(--{name}); }}' in sheet

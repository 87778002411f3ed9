from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from empathy_scan import summary
from empathy_scan.report import measures
from empathy_scan.report.charts import Axis
from empathy_scan.report.measures import HEADLINES, Figure
from empathy_scan.stats import Estimate

RATE, POINTS, LOAD = HEADLINES[0], HEADLINES[3], HEADLINES[5]
RANGES = st.dictionaries(
    st.text("abcdefgh", min_size=1, max_size=3),
    st.tuples(st.integers(0, 20), st.integers(0, 20)).map(lambda pair: (min(pair) / 20, max(pair) / 20)),
    max_size=8,
)


def figure(value, low, high, n=41):
    return Figure("empathy_rate", value, n, 12, low, high, "")


@given(RANGES)
def test_two_agents_share_a_band_exactly_if_their_ranges_overlap(ranges):
    bands = measures.bands(ranges)
    assert bands.keys() == ranges.keys()
    for one, (low, high) in ranges.items():
        for other, (other_low, other_high) in ranges.items():
            shared = bands[one][0] <= bands[other][1] and bands[other][0] <= bands[one][1]
            assert shared == (low <= other_high and other_low <= high)


@pytest.mark.parametrize(("first", "last", "text"), [(0, 0, "A"), (0, 2, "A–C"), (25, 26, "Z–AA")])
def test_bands_are_called_by_letters(first, last, text):
    assert measures.letters(first, last) == text


@pytest.mark.parametrize(
    ("measure", "given_figure", "text"),
    [
        (RATE, figure(0.62, 0.48, 0.75), "62% (48 to 75%, 41 calls for empathy)"),
        (POINTS, figure(0.58, -0.04, 0.75, 1), "+58 points (−4 to +75, 1 answer to a hostile message)"),
        (LOAD, figure(85.2, 60.0, 110.4), "85 per 100 conversations (60 to 110, 41 conversations)"),
        (RATE, figure(0.62, None, None), "62% (interval not known, 41 calls for empathy)"),
    ],
)
def test_a_figure_is_written_with_its_range_and_its_count(measure, given_figure, text):
    written = f"{measures.value_text(measure, given_figure.value)} {measures.in_brackets(measure, given_figure)}"
    assert written == text


def test_a_figure_without_value_says_why_and_draws_nothing():
    why = "not enough conversations yet (3 of 5 needed)"
    shown = measures.show(RATE, Figure("empathy_rate", None, 4, 3, None, None, why), axis=Axis())
    assert (shown.value, shown.why, shown.bar) == ("", why, "")


@pytest.mark.parametrize(
    ("agent", "text"),
    [
        (figure(0.9, 0.8, 0.95), "clearly above the team (50%)"),
        (figure(0.2, 0.1, 0.3), "clearly below the team (50%)"),
        (figure(0.6, 0.4, 0.8), "no clear difference from the team (50%)"),
    ],
)
def test_a_comparison_is_only_as_firm_as_the_ranges_allow(agent, text):
    assert measures.show(RATE, agent, axis=Axis(), team=figure(0.5, 0.4, 0.6)).against == text


def test_every_measure_of_the_report_is_one_that_the_summary_makes():
    named = {measure.name for measure in (*measures.HEADLINES, *measures.FURTHER, *measures.LOADS)}
    assert named <= summary.MEASURES.keys()


def test_a_corrected_figure_is_told_beside_the_counted_one():
    counted = replace(figure(0.62, 0.48, 0.75), corrected=Estimate(0.541, 0.46, 0.618))
    shown = measures.show(RATE, counted, axis=Axis())
    assert (shown.value, shown.range) == ("62%", "48–75%")
    assert shown.corrected == "about 54% (46 to 62) after allowing for the model's known errors"


def test_a_figure_without_correction_tells_none():
    assert measures.show(RATE, figure(0.62, 0.48, 0.75), axis=Axis()).corrected == ""


@given(st.floats(-2, 2))
def test_a_place_on_an_axis_stays_within_it(value):
    assert 0 <= float(Axis(-0.2, 0.9, zero=True).place(value).removesuffix("%")) <= 100


def test_an_adjusted_figure_says_how_it_stands_to_the_others():
    counted = replace(figure(0.40, 0.30, 0.50), adjusted=Estimate(0.754, 0.6, 0.881), reference=0.521, stands_out=True)
    told = "with the same customers as the others: 75% (60 to 88), the others 52%: more than chance would do"
    assert measures.show(RATE, counted, axis=Axis()).adjusted == told
    chance = measures.show(RATE, replace(counted, stands_out=False), axis=Axis()).adjusted
    assert chance.endswith("the others 52%: no more than chance would do")
    assert measures.show(RATE, figure(0.40, 0.30, 0.50), axis=Axis()).adjusted == ""

"""How a message is written, by markers: what the proxy finds, and what it leaves alone."""

import polars as pl
import pytest

from empathy_scan.fairness import variety

PLAIN = "I have looked at your order, and it leaves the depot on Friday."


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        (PLAIN, variety.NO_MARKER),
        ("Yes.", variety.NO_MARKER),
        ("I'm gonna ring them.", variety.DIALECT),
        ("They was here and I dunno why.", variety.DIALECT),
        ("Didn't get no bed, innit?", variety.DIALECT),
        ("Kindly revert with the informations.", variety.SECOND),
        ("I am waiting since 3 weeks for it.", variety.SECOND),
        ("He have not called.", variety.SECOND),
        ("I AM STILL WAITING FOR [NAME]", variety.CAPITALS),
        ("OK [NAME] [ADDRESS]", variety.NO_MARKER),
        ("yeah so i rang on monday and nobody picked up at all", variety.RECOGNISER),
        ("so i rang on monday, and nobody picked up at all", variety.NO_MARKER),
    ],
)
def test_the_markers_tell(text, kind):
    assert pl.DataFrame({"t": [text]}).select(variety.variety(pl.col("t"))).item() == kind


def test_words_that_only_look_like_markers_are_left_alone():
    text = pl.DataFrame({"t": ["The main site was weekly.", "Nothing they wasted was given; a beggar ran in."]})
    assert text.select(kind=variety.variety(pl.col("t")))["kind"].unique().to_list() == [variety.NO_MARKER]


@pytest.mark.parametrize(("words", "band"), [(1, 0), (10, 0), (11, 1), (30, 1), (31, 2), (60, 2), (61, 3)])
def test_lengths_are_bands_of_words(words, band):
    text = pl.DataFrame({"t": [" ".join(["so"] * words)]})
    assert text.select(variety.length(pl.col("t"))).item() == variety.LENGTHS[band]


def test_nothing_is_known_of_nothing():
    frame = pl.DataFrame({"t": [None], "c": [None]}, schema={"t": pl.String, "c": pl.Float64})
    made = frame.select(variety.variety(pl.col("t")), b=variety.length(pl.col("t")), c=variety.confidence(pl.col("c")))
    assert made.row(0) == (None, None, None)
    sure = pl.DataFrame({"c": [0.5, 0.85, 0.95]}).select(variety.confidence(pl.col("c")))
    assert sure.to_series().to_list() == list(variety.CONFIDENCES)

"""Digests of rows: alike only where the rows are."""

import hashlib

import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from empathy_scan.fingerprints import digests, spelt

VALUES = st.lists(st.one_of(st.none(), st.text(max_size=4)), min_size=2, max_size=2)


def joined(values: list[str | None]) -> str:
    """The values as they are spelt one after the other."""
    frame = pl.DataFrame({"left": values[:1], "right": values[1:]}, {"left": pl.String, "right": pl.String})
    return frame.select(pl.concat_str(spelt(pl.col("left")), spelt(pl.col("right")))).item()


@given(VALUES, VALUES)
def test_values_are_spelt_alike_only_when_they_are_equal(left, right):
    assert (joined(left) == joined(right)) == (left == right)


def test_a_value_is_spelt_with_its_length_in_bytes():
    assert joined(["né", None]) == "3:né-"
    assert pl.select(spelt(pl.lit(-12))).item() == "3:-12"


@given(st.lists(st.text(max_size=6), max_size=5))
def test_digests_are_those_of_blake2b_in_order(texts):
    expected = [hashlib.blake2b(text.encode(), digest_size=16).hexdigest() for text in texts]
    assert digests(pl.Series("key", texts, pl.String)).to_list() == expected

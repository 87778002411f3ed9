"""Train, calibration and held-out parts: by names alone, the same in every release."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from empathy_scan.model import splits


@given(name=st.text(max_size=20))
def test_a_split_depends_on_names_alone(name):
    assert splits.split_of("open/shop", name) == splits.split_of("open/shop", name)
    assert splits.split_of("open/shop", name) in {"test", "dev", "train"}
    assert splits.split_of("research/shop", name) in {"test", "dev"}
    assert splits.split_of_written(name) in {"dev", "train"}


@pytest.mark.parametrize(
    ("conversation", "split"),
    [("0", "train"), ("6", "train"), ("7", "test"), ("8", "test"), ("9", "train")],
)
def test_splits_never_move_between_releases(conversation, split):
    assert splits.split_of("open/shop", conversation) == split


@pytest.mark.parametrize(("folder", "shares"), splits.SHARES.items())
def test_shares_roughly_hold(folder, shares):
    found = Counter(splits.split_of(f"{folder}/shop", str(number)) for number in range(4000))
    assert {name: found[name] / 4000 for name, _ in shares} == pytest.approx(dict(shares), abs=0.03)


def test_a_tenth_of_the_written_scenarios_is_held_out():
    found = Counter(splits.split_of_written(f"scene {number}") for number in range(4000))
    assert found["dev"] / 4000 == pytest.approx(splits.WRITTEN_HELD_OUT, abs=0.02)


@pytest.mark.parametrize(("corpus", "split"), splits.WHOLE.items())
def test_some_corpora_are_of_one_split_as_a_whole(corpus, split):
    assert {splits.split_of(corpus, str(number)) for number in range(50)} == {split}

"""The labels as data: codes, care classes, and what combines with what."""

from itertools import chain, combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from empathy_scan import codebook
from empathy_scan.codebook import (
    AGENT_TONES,
    ATTACK_CODES,
    ATTACKS,
    CUSTOMER_TONES,
    FLAG_CODES,
    FLAGS,
    CareClass,
    Role,
    Tone,
    care_class,
    sort_codes,
    tone_names,
)
from empathy_scan.tables import SCORES

ALL_FLAGS = ["".join(flags) for flags in chain.from_iterable(combinations("SAXO", size) for size in range(5))]


@pytest.mark.parametrize("flags", ALL_FLAGS)
def test_the_care_class_follows_the_codebook(flags):
    if "A" in flags or "X" in flags:
        expected = CareClass.EMPATHIC
    elif "S" in flags:
        expected = CareClass.SCRIPTED
    else:
        expected = CareClass.NEUTRAL
    assert care_class(flags) is expected


@pytest.mark.parametrize("flags", ALL_FLAGS)
def test_owning_a_step_never_changes_the_care_class(flags):
    assert care_class(flags) is care_class(flags.replace("O", ""))


@given(st.permutations("SAXO"), st.integers(0, 4))
def test_the_order_of_codes_does_not_matter(codes, size):
    flags = "".join(codes[:size])
    assert care_class(flags) is care_class(sort_codes(flags, FLAG_CODES))


def test_codes_are_those_of_the_codebook():
    assert (FLAG_CODES, ATTACK_CODES) == ("SAXO", "itpc")
    assert codebook.FLAG_NAMES == ("scripted", "acknowledges", "explores", "owns")
    assert codebook.ATTACK_NAMES == ("insult", "threat", "profanity", "contempt")


@pytest.mark.parametrize("labels", [FLAGS, AGENT_TONES, CUSTOMER_TONES, ATTACKS])
def test_labels_differ_and_say_when_they_are_given(labels):
    assert len({label.code for label in labels}) == len({label.name for label in labels}) == len(labels)
    assert all(len(label.code) == 1 and label.meaning for label in labels)


@pytest.mark.parametrize("tones", [AGENT_TONES, CUSTOMER_TONES])
def test_tones_are_numbered_as_the_enumeration_says(tones):
    assert [int(label.code) for label in tones] == list(Tone)
    assert (tones[Tone.CIVIL].name, tones[Tone.HOSTILE].name) == ("civil", "hostile")


def test_the_middle_tone_is_named_by_role():
    assert tone_names(Role.AGENT) == tone_names("agent") == ("civil", "guarded", "hostile")
    assert tone_names(Role.CUSTOMER) == tone_names("customer") == ("civil", "upset", "hostile")


def test_every_label_has_a_column_of_scores():
    names = (*codebook.FLAG_NAMES, "civil", "strained", "hostile", *codebook.ATTACK_NAMES)
    assert [column for column in SCORES.columns if column.startswith("p_")] == [f"p_{name}" for name in names]


@given(st.lists(st.sampled_from("SAXO")))
def test_sorted_codes_are_in_the_order_of_the_codebook_and_once(codes):
    found = sort_codes(codes, FLAG_CODES)
    assert set(found) == set(codes)
    assert list(found) == [code for code in "SAXO" if code in found]
    assert sort_codes(found, FLAG_CODES) == found


def test_a_code_that_the_codebook_lacks_is_named():
    with pytest.raises(ValueError, match=r"unknown codes \['Q', 'Z'\]; the codebook has S, A, X, O"):
        sort_codes("ZSQ", FLAG_CODES)

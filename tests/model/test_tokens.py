"""The tokenizer and packing: what is marked, what is cut, and what context keeps."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from transformers import AutoTokenizer

from empathy_scan.model import tokens
from empathy_scan.model.tokens import Example, Packer

TEXTS = [
    "Hello there, this is the parcel desk!!!",
    "I AM FURIOUS about this, my mum's parcel",
    "um, er, okay... 😡 what now?",
    "thanks 😡 for ringing, the parcel is late!!!",
] * 4
LATIN = st.text(alphabet="abcXYZ AB'’!?.,é\n1", max_size=60)


@pytest.fixture(scope="module")
def tokenizer():
    return tokens.train_tokenizer(TEXTS, size=420)


@pytest.fixture(scope="module")
def packer(tokenizer):
    return Packer(tokenizer, max_length=40, max_focus=24)


def pieces(tokenizer, ids):
    return tokenizer.convert_ids_to_tokens(ids)


@pytest.mark.parametrize(
    ("text", "marked"),
    [
        ("NO way", "[CAPS]NO way"),
        ("I said NO", "I said [CAPS]NO"),
        ("DON'T SHOUT", "[CAPS]DON'T SHOUT"),
        ("WHERE, I ASK, IS IT", "[CAPS]WHERE, I ASK, IS IT"),
        ("NOT now, NOT ever", "[CAPS]NOT now, [CAPS]NOT ever"),
        ("CALL [NAME] NOW", "[CAPS]CALL [NAME] [CAPS]NOW"),
        ("WAS I'm", "[CAPS]WAS I'm"),
        ("A b C", "A b C"),
        ("I'm here", "I'm here"),
        ("[NAME] called", "[NAME] called"),
        ("iPhone and NASAs", "iPhone and NASAs"),
        ("(WOW)", "([CAPS]WOW)"),
    ],
)
def test_runs_of_words_of_two_or_more_capitals_are_marked_as_shouted(text, marked):
    assert tokens.mark_shouting(text) == marked


def test_a_shouted_word_keeps_its_letters_beside_the_marker(packer, tokenizer):
    shouted, plain = packer.pack([Example("customer", "FURIOUS"), Example("customer", "furious")])
    focus = pieces(tokenizer, shouted.ids[shouted.focus_start : shouted.focus_end])
    assert focus == [tokens.CAPS, *pieces(tokenizer, plain.ids[plain.focus_start : plain.focus_end])]


@pytest.mark.parametrize("kept", ["!!!", "😡", "...", "[NAME]", "um"])
def test_runs_of_marks_emoji_placeholders_and_hesitations_survive(packer, tokenizer, kept):
    (packed,) = packer.pack([Example("customer", f"{kept} hello")])
    assert tokenizer.decode(packed.ids[packed.focus_start : packed.focus_end]).startswith(kept)


def test_a_placeholder_is_one_token(packer):
    (packed,) = packer.pack([Example("agent", "[EMAIL]")])
    assert packed.focus_end - packed.focus_start == 1


@given(text=st.text(max_size=80))
def test_spans_lie_in_the_text_and_never_go_back(packer, text):
    (packed,) = packer.pack([Example("agent", text)])
    assert len(packed.spans) == packed.focus_end - packed.focus_start
    assert all(0 <= start <= end <= len(text) for start, end in packed.spans)
    starts = [start for start, _ in packed.spans]
    assert starts == sorted(starts)


@given(text=LATIN)
@settings(max_examples=200)
def test_spans_of_a_short_text_cover_it_without_gap_and_markers_take_no_room(tokenizer, text):
    (packed,) = Packer(tokenizer, max_length=500, max_focus=400).pack([Example("agent", text)])
    at = 0
    for token, (start, end) in zip(packed.ids[packed.focus_start : packed.focus_end], packed.spans, strict=True):
        if tokenizer.convert_ids_to_tokens(token) == tokens.CAPS:
            assert start == end == at
            assert text[start : start + 2].replace("’", "'").replace("'", "A").isupper()
        else:
            assert start <= at <= end  # the bytes of one letter share its place
            at = end
    assert at == len(text)


def test_the_span_of_a_word_after_a_shouted_one_is_its_place_in_the_text(packer):
    text = "OH NO my PARCEL is late"
    (packed,) = packer.pack([Example("customer", text)])
    found = "".join(text[start:end] for start, end in packed.spans)
    assert found == text
    assert sum(start == end for start, end in packed.spans) == 2


def test_an_example_is_packed_with_a_marker_before_every_turn(packer, tokenizer):
    example = Example("agent", "hello", context=(("customer", "late"), ("agent", "okay")))
    (packed,) = packer.pack([example])
    found = pieces(tokenizer, packed.ids)
    assert found[0] == "[CLS]"
    assert found[-1] == "[SEP]"
    assert [piece for piece in found if piece in tokens.SPECIAL] == [
        "[CLS]", tokens.CUSTOMER, tokens.AGENT, "[SEP]", tokens.AGENT, "[SEP]",
    ]  # fmt: skip
    assert found[packed.focus_start - 1] == tokens.AGENT
    assert tokenizer.decode(packed.ids[packed.focus_start : packed.focus_end]) == "hello"


def test_a_long_context_loses_its_oldest_tokens(packer, tokenizer):
    context = tuple(("customer", f"the parcel {word}") for word in ("um", "er", "okay", "what", "now", "late") * 3)
    (packed,) = packer.pack([Example("agent", "hello there", context=context)])
    assert len(packed.ids) == packer.max_length
    assert tokenizer.decode(packed.ids[1 : packed.focus_start - 2]).endswith("the parcel late")


def test_a_long_focus_is_cut_and_leaves_the_ends_in_place(packer):
    (packed,) = packer.pack([Example("agent", "hello parcel " * 60, context=(("customer", "late"),))])
    assert packed.focus_end - packed.focus_start == packer.max_focus == len(packed.spans)
    assert packed.ids[packed.focus_end] == packer.sep
    assert len(packed.ids) <= packer.max_length


@given(texts=st.lists(st.tuples(st.sampled_from(["agent", "customer"]), LATIN), min_size=1, max_size=6))
@settings(max_examples=50)
def test_packing_never_exceeds_its_length_and_gives_one_result_for_each_example(packer, texts):
    examples = [Example(role, text, context=tuple(texts)) for role, text in texts]
    packed = packer.pack(examples)
    assert len(packed) == len(examples)
    for one in packed:
        assert len(one.ids) <= packer.max_length
        assert one.focus_end == len(one.ids) - 1


def test_nothing_packs_to_nothing(packer):
    assert packer.pack([]) == []


def test_a_foreign_tokenizer_gets_the_markers_once(foreign_backbone):
    foreign = AutoTokenizer.from_pretrained(foreign_backbone)
    assert tokens.add_markers(foreign) == 3
    assert tokens.add_markers(foreign) == 0
    (packed,) = Packer(foreign, max_length=40, max_focus=24).pack([Example("customer", "you USELESS idiot")])
    assert pieces(foreign, packed.ids) == [
        "[CLS]", "[SEP]", tokens.CUSTOMER, "you", tokens.CAPS, "useless", "idiot", "[SEP]",
    ]  # fmt: skip
    assert packed.spans == [(0, 3), (4, 4), (4, 11), (12, 17)]


def test_our_own_tokenizer_has_the_markers_already(tokenizer):
    assert tokens.add_markers(tokenizer) == 0

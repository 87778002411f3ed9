import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from empathy_scan.model import explain, train
from empathy_scan.model.runtime import collate
from empathy_scan.model.tokens import CAPS, Example, Packer

OUTPUT = 9  # customer tone: hostile


@pytest.fixture
def judge(tiny_backbone):
    """A model that knows nothing yet, and its packer."""
    model, tokenizer = train.new_model(tiny_backbone, train.TrainConfig(phrases=2**14))
    return model.eval(), Packer(tokenizer, max_length=64, max_focus=48)


def teach(model, packer, phrase, weight):
    """Gives the phrase's longest run of tokens (up to three) a weight in the wide path for OUTPUT."""
    packed = packer.pack([Example("customer", phrase)])
    rows, counted = model.phrase_rows(collate(packed, pad=packer.pad))
    with torch.no_grad():
        model.phrases.weight[rows[counted][-1], OUTPUT] = weight


def explained(model, packer, text, **given):
    (packed,) = packer.pack([Example("customer", text, **given)])
    (worth,) = explain.contributions(model, packer, [packed], [OUTPUT])
    return packed, worth, explain.spans(text, packed, worth)


@pytest.mark.parametrize("word", [" parcel", " late", " idiot"])
def test_a_word_with_a_large_weight_comes_out_on_top(judge, word):
    model, packer = judge
    teach(model, packer, word, 50.0)
    text = f"my order{word} from last week"
    _, _, found = explained(model, packer, text, context=(("agent", "hello"),))
    (start, end, weight) = max(found, key=lambda span: span[2])
    assert weight == 1
    assert word.strip() == text[start:end]


def test_a_shouted_word_gets_what_its_marker_counts_for(judge):
    model, packer = judge
    text = "that was VERY rude"
    marker = packer.tokenizer.convert_tokens_to_ids(CAPS)
    packed, _, _ = explained(model, packer, text)
    at = packed.ids.index(marker)
    rows, _ = model.phrase_rows(collate([packed], pad=packer.pad))
    with torch.no_grad():
        model.phrases.weight[rows[0, at], OUTPUT] = 50.0
    _, _, found = explained(model, packer, text)
    assert [text[start:end] for start, end, _ in found] == ["VERY"]


def test_a_word_that_speaks_against_the_label_is_no_reason(judge):
    model, packer = judge
    teach(model, packer, " parcel", -50.0)
    text = "my order parcel from last week"
    _, worth, found = explained(model, packer, text)
    assert worth.min() < -1
    assert all("parcel" not in text[start:end] for start, end, _ in found)


def test_the_parts_of_the_wide_path_sum_to_its_logit(judge):
    model, packer = judge
    with torch.no_grad():
        model.phrases.weight.normal_()
        model.phrase_worth.uniform_(0.5, 2)
        model.phrase_scale.fill_(0.5)
    batch = collate(packer.pack([Example("customer", "my order, OH my order"), Example("agent", "hm")]), pad=packer.pad)
    with torch.no_grad():
        worth = explain._phrase_worth(model, batch, torch.tensor([OUTPUT, 3]))
        wide = model.wide_logits(batch)
    assert torch.allclose(worth.sum(1), 0.5 * wide[[0, 1], [OUTPUT, 3]], atol=1e-4)
    assert not worth[~batch.focus].any()


def test_asking_leaves_the_model_as_it_was(loaded):
    before = {name: tensor.clone() for name, tensor in loaded.model.state_dict().items()}
    explained(loaded.model, loaded.packer, "you useless lot")
    assert all(torch.equal(tensor, before[name]) for name, tensor in loaded.model.state_dict().items())
    assert all(parameter.grad is None for parameter in loaded.model.parameters())


def test_examples_are_explained_together_as_alone(loaded):
    texts = ["you useless lot", "my order is late, AGAIN, and nobody rings me back", "hm"]
    packed = loaded.packer.pack([Example("customer", text) for text in texts])
    together = explain.contributions(loaded.model, loaded.packer, packed, [OUTPUT] * 3)
    for text, worth in zip(texts, together, strict=True):
        np.testing.assert_allclose(worth, explained(loaded.model, loaded.packer, text)[1], atol=1e-4)


def test_labels_of_one_turn_are_explained_together_as_alone(loaded):
    texts = ["you useless lot", "my order is late, AGAIN, and nobody rings me back"]
    packed = loaded.packer.pack([Example("customer", text) for text in texts])
    asked = [(packed[1], 8), (packed[0], OUTPUT), (packed[1], 3), (packed[1], OUTPUT)]
    ones, outputs = zip(*asked, strict=True)
    ask = explain.Contributions(loaded.model, loaded.packer)
    for (one, output), worth in zip(asked, ask(ones, outputs), strict=True):
        np.testing.assert_allclose(worth, ask([one], [output])[0], atol=1e-6)


@given(text=st.text(alphabet="ab LATE!é😡\n", max_size=50))
@settings(max_examples=40, deadline=None)
def test_spans_lie_in_the_text_sorted_apart_and_weigh_up_to_one(loaded, text):
    _, _, found = explained(loaded.model, loaded.packer, text)
    ends = [0]
    for start, end, weight in found:
        assert ends[-1] <= start < end <= len(text)
        assert explain.LEAST <= weight <= 1
        assert not text[start].isspace()
        assert not text[end - 1].isspace()
        ends.append(end)
    assert not found or max(weight for _, _, weight in found) == 1


def test_words_that_are_taken_out_leave_the_rest_and_the_context(loaded):
    text = "you useless lot, AGAIN"
    (packed,) = loaded.packer.pack([Example("customer", text, (("agent", "Hello."),))])
    less = explain.without(packed, [(4, 11, 1.0), (17, 22, 0.5)])
    assert less.ids[: less.focus_start] == packed.ids[: packed.focus_start]
    assert "".join(text[a:b] for a, b in less.spans).split() == ["you", "lot,"]
    assert len(less.ids) == less.focus_end + 1 == len(packed.ids) - len(packed.spans) + len(less.spans)
    assert explain.without(packed, [(0, len(text), 1.0)]).spans == []


def test_neighbours_are_joined_and_weak_words_left_out(loaded):
    text = "one two three four"
    (packed,) = loaded.packer.pack([Example("customer", text)])
    words = {"one": 0.9, "two": 1.0, "three": 0.1, "four": 0.5}
    spread = np.zeros(len(packed.spans))
    for word, value in words.items():
        inside = [
            n for n, (a, b) in enumerate(packed.spans) if a < text.index(word) + len(word) and b > text.index(word)
        ]
        spread[inside] = value / len(inside)
    assert explain.spans(text, packed, spread) == [
        (0, 7, pytest.approx(1.0)),
        (14, 18, pytest.approx(0.5)),
    ]


@pytest.mark.parametrize(("text", "worth"), [("", []), ("   ", [1.0]), ("no", [-1.0]), ("no", [0.0])])
def test_nothing_that_speaks_for_a_label_gives_no_spans(loaded, text, worth):
    (packed,) = loaded.packer.pack([Example("customer", text)])
    filled = np.array((worth * len(packed.spans))[: len(packed.spans)])
    assert explain.spans(text, packed, filled) == []

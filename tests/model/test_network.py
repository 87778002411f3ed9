"""The network: shapes of its heads, its wide path, and what it gives of any encoder."""

import dataclasses

import pytest
import torch

from empathy_scan.model import runtime
from empathy_scan.model.network import OUTPUTS, EmpathyConfig, EmpathyModel, L, split_heads
from empathy_scan.model.tokens import Example


@pytest.fixture(scope="module")
def batch(loaded):
    examples = [Example("agent", "hello, what happened then?"), Example("customer", "YOU useless lot!!!")]
    return runtime.collate(loaded.packer.pack(examples), pad=loaded.packer.pad)


def without_phrases(model):
    torch.manual_seed(1)
    return EmpathyModel(EmpathyConfig(encoder=model.config.encoder, phrases=0)).eval()


@torch.no_grad()
def test_every_head_gives_its_outputs_for_every_example(loaded, batch):
    found = loaded.model(batch)
    assert {name: tuple(found[name].shape) for name in OUTPUTS} == {name: (2, size) for name, size in OUTPUTS.items()}
    assert found["all"].shape == found["deep"].shape == (2, L)
    assert torch.equal(torch.cat([found[name] for name in OUTPUTS], dim=1), found["all"])


def test_the_heads_are_slices_of_the_logits_in_order():
    heads = split_heads(torch.arange(L).reshape(1, L))
    assert [head.flatten().tolist() for head in heads.values()] == [
        [0, 1, 2, 3],
        [4, 5, 6],
        [7, 8, 9],
        [10, 11, 12, 13],
    ]


@torch.no_grad()
def test_without_phrases_there_is_no_wide_path(loaded, batch):
    model = without_phrases(loaded.model)
    assert not any(name.startswith("phrases") for name, _ in model.named_parameters())
    found = model(batch)
    assert torch.equal(found["all"], found["deep"])


@torch.no_grad()
def test_the_wide_path_adds_the_weights_of_the_phrases_of_the_focus(loaded, batch):
    found = loaded.model(batch)
    wide = loaded.model.phrase_scale * loaded.model.wide_logits(batch)
    assert wide.abs().max() > 0.01
    assert torch.allclose(found["all"] - found["deep"], wide, atol=1e-5)


@torch.no_grad()
def test_a_phrase_counts_once_however_often_it_is_said(loaded):
    known = set()
    for text in ("no no no no", "no no no no no no"):
        batch = runtime.collate(loaded.packer.pack([Example("agent", text)]), pad=loaded.packer.pad)
        known.add(tuple(loaded.model.wide_logits(batch)[0].round(decimals=4).tolist()))
    assert len(known) == 1


def test_phrases_never_reach_beyond_the_focus(loaded, batch):
    _, counted = loaded.model.phrase_rows(batch)
    ones, twos, threes = counted.chunk(3, dim=1)
    words = batch.focus.sum(1)
    assert torch.equal(ones, batch.focus)
    assert torch.equal(twos.sum(1), words - 1)
    assert torch.equal(threes.sum(1), words - 2)


def test_phrases_do_not_depend_on_what_stands_around_them(loaded):
    alone, after = (
        runtime.collate(loaded.packer.pack([one]), pad=loaded.packer.pad)
        for one in (Example("agent", "hello then"), Example("agent", "hello then", context=(("customer", "no"),)))
    )
    kept = []
    for batch in (alone, after):
        rows, counted = loaded.model.phrase_rows(batch)
        kept.append(rows[counted].tolist())
    assert kept[0] == kept[1]


@torch.no_grad()
def test_a_focus_without_tokens_gets_finite_logits(loaded):
    batch = runtime.collate(loaded.packer.pack([Example("agent", ""), Example("agent", "hi")]), pad=loaded.packer.pad)
    assert batch.focus[0].nonzero().flatten().tolist() == [0]
    assert torch.isfinite(loaded.model(batch)["all"]).all()


@torch.no_grad()
def test_what_is_not_attended_to_does_not_count(loaded, batch):
    wider = dataclasses.replace(
        batch,
        ids=torch.nn.functional.pad(batch.ids, (0, 7), value=9),
        attended=torch.nn.functional.pad(batch.attended, (0, 7)),
        focus=torch.nn.functional.pad(batch.focus, (0, 7)),
    )
    assert torch.allclose(loaded.model(wider)["all"], loaded.model(batch)["all"], atol=1e-4)


@torch.no_grad()
def test_embeddings_may_stand_for_ids(loaded, batch):
    embeddings = loaded.model.encoder.get_input_embeddings()(batch.ids)
    assert torch.allclose(loaded.model(batch, embeddings=embeddings)["all"], loaded.model(batch)["all"], atol=1e-5)


def test_a_new_model_knows_no_phrases():
    config = EmpathyConfig(
        encoder={
            "model_type": "bert", "vocab_size": 20, "hidden_size": 8, "num_hidden_layers": 1, "num_attention_heads": 1,
            "intermediate_size": 8,
        },
        phrases=16, auxiliary={"emotions": 3},
    )  # fmt: skip
    model = EmpathyModel(config)
    assert not model.phrases.weight.any()
    assert not model.values.any()
    assert model.auxiliary["emotions"].weight.shape == (3, 16)
    assert 0.01 < model.summary.weight.std() < 0.03

"""Training: losses fall on any encoder, the same seed gives the same weights."""

import dataclasses
import random

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from toys import toy_items

from empathy_scan.errors import ModelError
from empathy_scan.model import bundle, evaluate, runtime, train
from empathy_scan.model.auxiliary import SIZES, AuxiliaryItem
from empathy_scan.model.decisions import Decisions
from empathy_scan.model.network import OUTPUTS, L
from empathy_scan.model.tokens import Example, Packed, Packer

ITEMS = toy_items(120)
CONFIG = train.TrainConfig(
    epochs=4, tokens_per_batch=512, encoder_rate=1e-3, head_rate=1e-2, phrases=2**8, max_length=48, max_focus=32
)


def start(backbone, config=CONFIG):
    model, tokenizer = train.new_model(backbone, config)
    return model, Packer(tokenizer, max_length=config.max_length, max_focus=config.max_focus)


def loss_of(model, packer):
    found = torch.from_numpy(evaluate.turn_logits(model, packer, ITEMS))
    return train._loss(found, train.targets(ITEMS), CONFIG).item()


@pytest.mark.parametrize("backbone", ["tiny_backbone", "foreign_backbone"])
def test_training_lowers_the_loss_on_any_encoder_and_the_result_can_be_kept(backbone, request, tmp_path):
    model, packer = start(request.getfixturevalue(backbone))
    before = loss_of(model, packer)
    trained = train.train(model, packer, ITEMS, config=CONFIG)
    assert loss_of(trained, packer) < 0.7 * before
    path = bundle.save(tmp_path, trained, packer.tokenizer, decisions=Decisions(), packer=packer, facts={})
    again = bundle.load(path)
    assert loss_of(again.model, again.packer) == pytest.approx(loss_of(trained, packer), abs=0.02)


def test_the_same_seed_gives_the_same_weights_and_another_seed_others(tiny_backbone):
    found = []
    for seed in (1, 1, 2):
        config = train.TrainConfig(epochs=1, tokens_per_batch=512, phrases=2**8, max_length=48, seed=seed)
        model, packer = start(tiny_backbone, config)
        found.append(train.train(model, packer, ITEMS[:48], config=config).state_dict())
    assert all(torch.equal(found[0][name], found[1][name]) for name in found[0])
    assert not torch.equal(found[0]["summary.weight"], found[2]["summary.weight"])


def test_auxiliary_tasks_move_the_encoder_and_their_own_heads(tiny_backbone):
    config = train.TrainConfig(epochs=0.01, auxiliary_minutes=0.005, phrases=2**4, max_length=48)
    extra = [
        AuxiliaryItem(task, Example("customer", f"words of {task}"), (1.0,) * size) for task, size in SIZES.items()
    ]
    model, packer = start(tiny_backbone, config)
    before = {name: parameter.detach().clone() for name, parameter in model.named_parameters()}
    train._train_auxiliary(model, packer, extra, config)
    moved = {name for name, parameter in model.named_parameters() if not torch.equal(parameter, before[name])}
    assert {f"auxiliary.{task}.weight" for task in SIZES} <= moved
    assert any(name.startswith("encoder.layers") for name in moved)
    assert not any(name.startswith(("queries", "summary", "phrases")) for name in moved)


@pytest.mark.parametrize("broken", [{}, {"config.json": "{}"}])
def test_an_encoder_that_cannot_be_loaded_is_named_with_a_remedy(tmp_path, broken):
    for name, content in broken.items():
        (tmp_path / name).write_text(content, encoding="utf-8")
    with pytest.raises(ModelError) as caught:
        train.new_model(tmp_path, CONFIG)
    assert caught.value.where == str(tmp_path)
    assert caught.value.remedy


def test_a_tokenizer_without_a_separator_is_refused(tiny_backbone, tmp_path):
    for path in tiny_backbone.iterdir():
        content = path.read_bytes()
        if path.name == "tokenizer_config.json":
            content = content.replace(b'"sep_token": "[SEP]",', b"")
        (tmp_path / path.name).write_bytes(content)
    with pytest.raises(ModelError, match="tokenizer lacks"):
        train.new_model(tmp_path, CONFIG)


def test_a_foreign_encoder_gets_room_for_the_markers(foreign_backbone):
    model, tokenizer = train.new_model(foreign_backbone, CONFIG)
    assert model.encoder.get_input_embeddings().weight.shape[0] == len(tokenizer)
    assert model.config.encoder["vocab_size"] == len(tokenizer)


def strongest_plainly(logits, owner, count):
    """`strongest` said in loops."""
    merged = []
    for turn in range(count):
        rows = [row for row, whose in zip(logits, owner, strict=True) if whose == turn]
        out, at = [], 0
        for name, size in OUTPUTS.items():
            parts = [row[at : at + size] for row in rows]
            at += size
            if name in ("flags", "attacks"):
                out += [max(column) for column in zip(*parts, strict=True)]
            else:
                harshness = [(torch.tensor(p).softmax(0) @ torch.tensor([0.0, 1.0, 2.0])).item() for p in parts]
                out += parts[max(range(len(parts)), key=lambda n: harshness[n])]
        merged.append(out)
    return merged


@given(seed=st.integers(0, 10_000), count=st.integers(1, 5))
@settings(max_examples=40)
def test_a_turn_gets_its_strongest_flags_and_the_tone_of_its_harshest_segment(seed, count):
    choose = random.Random(seed)  # noqa: S311 - no secret
    owner = [*range(count), *(choose.randrange(count) for _ in range(choose.randrange(8)))]
    choose.shuffle(owner)
    logits = [[choose.gauss(0, 2) for _ in range(L)] for _ in owner]
    found = train.strongest(torch.tensor(logits), torch.tensor(owner), count)
    assert torch.allclose(found, torch.tensor(strongest_plainly(logits, owner, count)))


def test_the_harshest_segment_is_found_among_very_many():
    torch.manual_seed(1)
    values, owner = torch.rand(200_000), torch.arange(200_000) % 50_000
    best = train._first_maximum(values, owner, 50_000)
    assert torch.equal(best % 50_000, torch.arange(50_000))
    assert torch.equal(values[best], values.reshape(4, 50_000).amax(0))


@given(
    lengths=st.lists(st.lists(st.integers(1, 60), min_size=1, max_size=3), max_size=30),
    budget=st.integers(1, 400),
    seed=st.integers(0, 5),
)
def test_groups_hold_every_turn_once_within_the_budget(lengths, budget, seed):
    packed = [[Packed([0] * length, 0, 0, []) for length in parts] for parts in lengths]
    groups = list(train._groups(packed, train.TrainConfig(tokens_per_batch=budget), seed=seed))
    assert sorted(turn for group in groups for turn in group) == list(range(len(lengths)))
    for group in groups:
        parts = [length for turn in group for length in lengths[turn]]
        assert len(group) == 1 or max(parts) * len(parts) <= budget


def test_words_are_hidden_in_training_but_never_markers_or_padding(loaded):
    packed = loaded.packer.pack([segment for item in ITEMS[:24] for segment in item.segments])
    batch = runtime.collate(packed, pad=loaded.packer.pad)
    hidden = train._hidden_tokens(batch, loaded.packer, train.TrainConfig(token_drop=0.5)).ids
    special = torch.isin(batch.ids, torch.tensor(loaded.packer.tokenizer.all_special_ids))
    changed = hidden != batch.ids
    assert not (changed & special).any()
    assert set(hidden[changed].tolist()) == {loaded.packer.tokenizer.mask_token_id}
    assert 0.35 < changed.sum() / (~special & batch.attended).sum() < 0.65


@pytest.mark.parametrize("role", ["agent", "customer"])
def test_the_loss_of_a_role_does_not_touch_the_heads_of_the_other(role):
    items = [item for item in ITEMS if item.role == role]
    logits = torch.zeros(len(items), L, requires_grad=True)
    train._loss(logits, train.targets(items), CONFIG).backward()
    touched = logits.grad.abs().sum(0) > 0
    agent = [True] * 7 + [False] * 7
    assert touched.tolist() == (agent if role == "agent" else [not one for one in agent])


def test_the_rate_rises_then_falls_to_a_twentieth():
    rates = [train._schedule(step / 1000, train.TrainConfig()) for step in range(1000)]
    peak = rates.index(max(rates))
    assert rates[: peak + 1] == sorted(rates[: peak + 1])
    assert rates[peak:] == sorted(rates[peak:], reverse=True)
    assert rates[-1] == pytest.approx(0.05, abs=0.01)


def test_minutes_end_training_before_the_epochs_do(tiny_backbone):
    model, packer = start(tiny_backbone)
    before = loss_of(model, packer)
    config = dataclasses.replace(CONFIG, epochs=10_000, minutes=0.02)
    trained = train.train(model, packer, ITEMS, config=config)  # would take an hour
    assert loss_of(trained, packer) < before

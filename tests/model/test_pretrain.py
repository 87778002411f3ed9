"""Pretraining of an encoder: both losses fall, a killed run goes on, and no batch sees the future."""

import json

import numpy as np
import pytest
import torch
from transformers import AutoTokenizer

from empathy_scan.model import pretrain, train
from empathy_scan.model.pretrain import PretrainConfig

CONFIG = PretrainConfig(
    layers=2,
    hidden=32,
    heads=2,
    intermediate=32,
    length=16,
    batch=8,
    warmup=1,
    checkpoint_seconds=0,
    causal_positions=1.0,
    compiled=False,
)
SPECIAL = 20


@pytest.fixture(scope="module")
def packed(tiny_backbone, tmp_path_factory):
    """A stream in which every token foretells the next."""
    folder = tmp_path_factory.mktemp("packed")
    AutoTokenizer.from_pretrained(tiny_backbone).save_pretrained(folder / "tokenizer")
    np.tile(np.arange(100, 140, dtype=np.uint16), 100).tofile(folder / "tokens.u16")
    return folder


@pytest.fixture
def encoder(packed):
    return fresh(packed)


def fresh(packed):
    torch.manual_seed(1)
    tokenizer = AutoTokenizer.from_pretrained(packed / "tokenizer")
    return pretrain.ModernBertModel(pretrain.encoder_config(CONFIG, tokenizer)).eval()


def windows(packed):
    return next(iter(pretrain.Batches(packed / "tokens.u16", CONFIG, seed=5)))


@torch.no_grad()
def loss(encoder, packed, *, causal):
    torch.manual_seed(1)
    found = pretrain.loss_of(
        encoder.eval(), windows(packed), causal=causal, config=CONFIG, mask_token=4, special=SPECIAL
    )
    return found.item()


class Recorder(torch.nn.Module):
    """An encoder that remembers what it gave."""

    def __init__(self, encoder):
        super().__init__()
        self.encoder = encoder

    def forward(self, **given):
        found = self.encoder(**given)
        self.given, self.hidden = given, found.last_hidden_state
        return found

    def get_input_embeddings(self):
        return self.encoder.get_input_embeddings()


def test_pretraining_lowers_both_losses_and_gives_an_encoder_that_training_takes(packed, tmp_path):
    before = {causal: loss(fresh(packed), packed, causal=causal) for causal in (True, False)}
    folder = pretrain.pretrain(packed, tmp_path / "out", minutes=0.06, config=CONFIG)
    model, tokenizer = train.new_model(folder, train.TrainConfig(phrases=0))
    assert len(tokenizer) == model.config.encoder["vocab_size"]
    for causal, start in before.items():
        assert loss(model.encoder, packed, causal=causal) < 0.8 * start


def test_a_killed_run_goes_on_from_its_checkpoint(packed, tmp_path):
    pretrain.pretrain(packed, tmp_path, minutes=0.01, config=CONFIG)
    kept = torch.load(tmp_path / "checkpoint.pt", weights_only=True)
    assert kept["step"] > 0
    again = pretrain.pretrain(packed, tmp_path, minutes=0, config=CONFIG)
    model, _ = train.new_model(again, train.TrainConfig(phrases=0))
    assert all(torch.equal(model.encoder.state_dict()[name], tensor) for name, tensor in kept["encoder"].items())
    pretrain.pretrain(packed, tmp_path, minutes=0.01, config=CONFIG)
    assert torch.load(tmp_path / "checkpoint.pt", weights_only=True)["step"] > kept["step"]


def changed_late(encoder, packed, *, causal):
    """How far hidden states before the ninth token move when later tokens change, and those after."""
    recorder, given = Recorder(encoder), windows(packed)
    other = given.clone()
    other[:, 9:] = 777
    hidden = []
    for each in (given, other):
        torch.manual_seed(1)
        with torch.no_grad():
            pretrain.loss_of(recorder, each, causal=causal, config=CONFIG, mask_token=4, special=SPECIAL)
        hidden.append(recorder.hidden)
    moved = (hidden[0] - hidden[1]).abs().amax((0, 2))
    return moved[:9].max().item(), moved[9:].min().item()


def test_a_causal_batch_does_not_see_the_future(encoder, packed):
    before, after = changed_late(encoder, packed, causal=True)
    assert before == pytest.approx(0, abs=1e-6)
    assert after > 1e-3


def test_a_masked_batch_sees_both_sides(encoder, packed):
    before, _ = changed_late(encoder, packed, causal=False)
    assert before > 1e-3


def test_masks_spare_the_first_token_and_the_special_ones(encoder, packed):
    recorder, given = Recorder(encoder), windows(packed)
    given[:, 3] = 7
    pretrain.loss_of(recorder, given, causal=False, config=CONFIG, mask_token=4, special=SPECIAL)
    masked = recorder.given["input_ids"] == 4
    assert masked.any()
    assert not masked[:, 0].any()
    assert not masked[:, 3].any()


def test_every_weight_has_one_optimizer(encoder):
    muon, adam = pretrain.optimizers(encoder, CONFIG)
    held = [id(p) for optimizer in (muon, adam) for group in optimizer.param_groups for p in group["params"]]
    assert sorted(held) == sorted(id(p) for p in encoder.parameters())
    assert all(p.ndim == 2 for group in muon.param_groups for p in group["params"])


def test_embeddings_start_from_vectors_of_the_right_shape_only(encoder, tmp_path):
    table = encoder.get_input_embeddings().weight
    before = table.detach().clone()
    for columns in (16, 32):
        np.save(tmp_path / "vectors.npy", np.full((len(table), columns), 0.25, dtype=np.float32))
        pretrain._warm_start(encoder, tmp_path / "vectors.npy")
        assert torch.equal(table, before if columns == 16 else torch.full_like(table, 0.25))


@pytest.mark.parametrize(
    ("steps", "share", "rate"), [(0, 0.0, 0.01), (99, 0.1, 1.0), (500, 0.8, 1.0), (500, 0.95, 0.134), (500, 1.0, 0.0)]
)
def test_the_rate_warms_up_stays_and_falls_at_the_end(steps, share, rate):
    assert pretrain._rate(steps, share, PretrainConfig()) == pytest.approx(rate, abs=1e-3)


def test_the_log_holds_steps_tokens_and_mean_losses(tmp_path):
    pretrain._log(tmp_path, 50, CONFIG, {True: [4.0, 2.0], False: []}, 12.4)
    pretrain._log(tmp_path, 100, CONFIG, {True: [2.0], False: [3.0]}, 20.0)
    rows = [json.loads(line) for line in (tmp_path / "log.jsonl").read_text(encoding="utf-8").splitlines()]
    assert rows[0] == {"step": 50, "tokens": 50 * 8 * 16, "seconds": 12, "causal": 3.0}
    assert rows[1]["masked"] == 3.0


def test_the_probe_finds_classes_that_the_tokens_tell_apart_and_no_others(encoder):
    told = [([5 + number % 3] * 6, number % 3) for number in range(120)]
    assert pretrain.probe(encoder, told, pad=0) == pytest.approx(1.0)
    hidden = [([5] * 6, number % 3) for number in range(120)]
    assert pretrain.probe(encoder, hidden, pad=0) < 0.5
    assert encoder.training


def test_a_probe_beside_the_text_is_logged_at_the_end(packed, tmp_path):
    rows = [[[5 + number % 3] * 6, number % 3] for number in range(60)]
    (packed / "probe.json").write_text(json.dumps(rows), encoding="utf-8")
    pretrain.pretrain(packed, tmp_path, minutes=0.01, config=CONFIG)
    (packed / "probe.json").unlink()
    last = json.loads((tmp_path / "log.jsonl").read_text(encoding="utf-8").splitlines()[-1])
    assert 0 <= last["probe"] <= 1

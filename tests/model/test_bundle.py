"""Bundles on the disk: what comes back scores as what was saved, and what is damaged is told."""

import json
import logging
import pickle
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file
from toys import toy_items

from empathy_scan.errors import ModelError
from empathy_scan.model import bundle, runtime, train
from empathy_scan.model.decisions import Decisions
from empathy_scan.model.tokens import Packer

CONFIG = train.TrainConfig(phrases=2**8, max_length=64, max_focus=40)
EXAMPLES = [segment for item in toy_items(12) for segment in item.segments]


def shaken_model(backbone):
    """A model none of whose weights is as it was initialised."""
    model, tokenizer = train.new_model(backbone, CONFIG)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(torch.randn_like(parameter) * 0.05)
    return model, tokenizer, Packer(tokenizer, max_length=CONFIG.max_length, max_focus=CONFIG.max_focus)


def saved(path, model, tokenizer, packer, *, decisions=None, facts=None):
    return bundle.save(path, model, tokenizer, decisions=decisions or Decisions(), packer=packer, facts=facts or {})


@pytest.fixture
def copy(tiny_bundle, tmp_path):
    """A bundle to damage."""
    return Path(shutil.copytree(tiny_bundle, tmp_path / "bundle"))


def edit(path, **changed):
    path.write_text(json.dumps({**json.loads(path.read_text(encoding="utf-8")), **changed}), encoding="utf-8")


@pytest.mark.parametrize("backbone", ["tiny_backbone", "foreign_backbone"])
def test_a_loaded_bundle_scores_as_the_model_that_was_saved(backbone, request, tmp_path):
    model, tokenizer, packer = shaken_model(request.getfixturevalue(backbone))
    decisions = Decisions(agent_tone=(0.4, 0.3), flags=dict.fromkeys("SAXO", 0.6), band=0.1)
    loaded = bundle.load(saved(tmp_path, model, tokenizer, packer, decisions=decisions, facts={"data": {"turns": 3}}))
    expected = runtime.logits(model, packer, EXAMPLES)
    assert expected.std(0).min() > 0.01
    np.testing.assert_allclose(runtime.logits(loaded.model, loaded.packer, EXAMPLES), expected, rtol=0.02, atol=0.02)
    assert loaded.decisions == decisions
    assert loaded.facts["data"] == {"turns": 3}
    assert (loaded.packer.max_length, loaded.packer.max_focus) == (CONFIG.max_length, CONFIG.max_focus)
    assert not loaded.model.training


def test_weights_are_saved_in_half_precision_without_the_heads_of_training(tiny_bundle):
    weights = load_file(tiny_bundle / "model.safetensors")
    assert {tensor.dtype for tensor in weights.values()} == {torch.float16}
    assert not any(name.startswith("auxiliary") for name in weights)


def test_counts_in_a_foreign_encoder_keep_their_type(tiny_backbone, tmp_path):
    model, tokenizer, packer = shaken_model(tiny_backbone)
    model.encoder.register_buffer("places", torch.arange(5000))
    saved(tmp_path, model, tokenizer, packer)
    assert torch.equal(load_file(tmp_path / "model.safetensors")["encoder.places"], torch.arange(5000))


def test_saving_a_loaded_bundle_again_changes_nothing(tiny_bundle, tmp_path):
    loaded = bundle.load(tiny_bundle)
    again = saved(tmp_path, loaded.model, loaded.packer.tokenizer, loaded.packer, decisions=loaded.decisions)
    assert (again / "model.safetensors").read_bytes() == (tiny_bundle / "model.safetensors").read_bytes()
    scores = [runtime.logits(one.model, one.packer, EXAMPLES) for one in (loaded, bundle.load(again))]
    np.testing.assert_array_equal(*scores)


def test_loading_a_bundle_says_nothing(tiny_bundle, capfd, caplog):
    with caplog.at_level(logging.WARNING):
        bundle.load(tiny_bundle)
    assert caplog.records == []
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("name", bundle.NEEDED)
def test_a_missing_file_is_named_with_the_directory_and_a_remedy(copy, name):
    (copy / name).unlink()
    with pytest.raises(ModelError, match=f"{name} missing") as caught:
        bundle.load(copy)
    assert caught.value.where == str(copy)
    assert caught.value.remedy


def test_a_directory_that_does_not_exist_is_no_bundle(tmp_path):
    with pytest.raises(ModelError, match="not a model bundle"):
        bundle.load(tmp_path / "nowhere")


def halve(folder):
    whole = (folder / "model.safetensors").read_bytes()
    (folder / "model.safetensors").write_bytes(whole[: len(whole) // 2])


def lose_a_weight(folder):
    weights = load_file(folder / "model.safetensors")
    weights.pop("summary.weight")
    save_file(weights, folder / "model.safetensors")


@pytest.mark.parametrize(
    "damage",
    [
        halve,
        lose_a_weight,
        lambda folder: edit(folder / "empathy_scan.json", codebook=99),
        lambda folder: edit(folder / "empathy_scan.json", format=99),
        lambda folder: edit(folder / "empathy_scan.json", packing={}),
        lambda folder: edit(folder / "empathy_scan.json", decisions={}),
        lambda folder: edit(folder / "config.json", phrases=3),
        lambda folder: edit(folder / "config.json", encoder={"model_type": "nothing we know"}),
        lambda folder: (folder / "empathy_scan.json").write_text("{", encoding="utf-8"),
        lambda folder: (folder / "tokenizer.json").write_text("{", encoding="utf-8"),
    ],
    ids=[
        "truncated weights", "weight missing", "codebook", "format", "packing", "decisions", "shape", "architecture",
        "facts", "tokenizer",
    ],
)  # fmt: skip
def test_a_damaged_or_foreign_bundle_is_refused_with_path_and_remedy(copy, damage):
    damage(copy)
    with pytest.raises(ModelError) as caught:
        bundle.load(copy)
    assert caught.value.where == str(copy)
    assert caught.value.remedy


class Bomb:
    """Pickled, it writes a file when it is loaded."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return Path.touch, (self.path,)


def test_a_pickle_in_place_of_the_weights_is_refused_and_never_run(copy, tmp_path):
    (copy / "model.safetensors").unlink()
    (copy / "pytorch_model.bin").write_bytes(pickle.dumps(Bomb(tmp_path / "ran")))
    with pytest.raises(ModelError, match=r"model\.safetensors missing"):
        bundle.load(copy)
    (copy / "pytorch_model.bin").rename(copy / "model.safetensors")
    for said in ("not as the bundle was made", "damaged weights"):
        with pytest.raises(ModelError, match=said):
            bundle.load(copy)
        edit(copy / "empathy_scan.json", sums={})
    assert not (tmp_path / "ran").exists()


def test_the_fingerprint_changes_with_thresholds_and_weights_but_not_with_metrics(tiny_backbone, tmp_path):
    model, tokenizer, packer = shaken_model(tiny_backbone)
    first = bundle.fingerprint(saved(tmp_path / "a", model, tokenizer, packer))
    measured = bundle.fingerprint(saved(tmp_path / "b", model, tokenizer, packer, facts={"metrics": {"care": 1}}))
    other = Decisions(flags=dict.fromkeys("SAXO", 0.51))
    decided = bundle.fingerprint(saved(tmp_path / "c", model, tokenizer, packer, decisions=other))
    with torch.no_grad():
        model.values[0, 0] += 0.5
    trained = bundle.fingerprint(saved(tmp_path / "d", model, tokenizer, packer))
    assert measured == first
    assert len({first, decided, trained}) == 3
    assert len(first) == 12


def test_the_fingerprint_changes_with_the_tokenizer_and_its_settings(copy):
    before = bundle.fingerprint(copy)
    edit(copy / "empathy_scan.json", sums={})  # as in bundles of before there were sums
    assert bundle.fingerprint(copy) == before
    edit(copy / "tokenizer_config.json", cls_token="[SEP]")  # noqa: S106 - a token of text, no password
    assert bundle.fingerprint(copy) != before


def test_the_shipped_bundle_is_where_the_package_or_the_checkout_keeps_it():
    assert bundle.default_path().name == "default"

"""A bundle loaded for scoring alone: the same logits and words as the whole one, and anything strange left to that."""

import json
import shutil
import subprocess
import sys

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from empathy_scan.errors import ModelError
from empathy_scan.model import bundle, explain, lean, light, runtime, train
from empathy_scan.model.decisions import Decisions
from empathy_scan.model.tokens import AGENT, CAPS, PLACEHOLDERS, Example, Packer

EXAMPLES = [
    Example("agent", "I am sorry, that IS REALLY bad.", context=(("customer", "you lost my parcel"),)),
    Example("customer", ""),
    Example("customer", "WHY?! é 👋🏽 ‘so’", context=(("agent", "because [NAME]"), ("customer", "no"))),
    Example("agent", "word " * 200),
]
PIECES = st.sampled_from([CAPS, AGENT, *PLACEHOLDERS[:3], "WHY", "I'LL SEE", "é", "e\u0301", "👋🏽", "‘", "\n", "\x00"])


@pytest.fixture(scope="module")
def shipped():
    return bundle.load()


@pytest.fixture(scope="module")
def alone():
    return bundle.for_scoring()


@pytest.fixture
def copy(tiny_bundle, tmp_path):
    return shutil.copytree(tiny_bundle, tmp_path / "bundle")


def test_it_scores_to_the_last_bit_as_the_whole_bundle(shipped, alone):
    assert isinstance(alone.model, light.LightModel)
    found, expected = (runtime.logits(each.model, each.packer, EXAMPLES) for each in (alone, shipped))
    np.testing.assert_array_equal(found, expected)
    assert (alone.fingerprint, alone.decisions) == (shipped.fingerprint, shipped.decisions)


def test_the_same_words_counted(shipped, alone):
    packed, outputs = shipped.packer.pack(EXAMPLES), [0, 5, 7, 1]
    expected = explain.Contributions(shipped.model, shipped.packer)(packed, outputs)
    for left, right in zip(explain.Contributions(alone.model, alone.packer)(packed, outputs), expected, strict=True):
        np.testing.assert_array_equal(left, right)


@given(st.lists(st.text(max_size=20) | PIECES, max_size=8).map("".join))
def test_any_text_becomes_the_same_tokens(shipped, alone, text):
    example = Example("agent", text, context=(("customer", text[::-1]),))
    assert alone.packer.pack([example]) == shipped.packer.pack([example])


def test_the_packer_knows_the_same_special_tokens(shipped, alone):
    whole, own = shipped.packer.tokenizer, alone.packer.tokenizer
    assert sorted(own.all_special_ids) == sorted(whole.all_special_ids)
    assert own.mask_token_id == whole.mask_token_id
    assert own.convert_tokens_to_ids("no such token") == whole.convert_tokens_to_ids("no such token")


def test_positions_turn_as_in_transformers(shipped):
    encoder = shipped.model.encoder
    assert torch.equal(lean.frequencies(encoder.config), encoder.rotary_emb.full_attention_inv_freq)


def test_an_encoder_of_another_kind_is_loaded_whole(foreign_backbone, tmp_path):
    model, tokenizer = train.new_model(foreign_backbone, train.TrainConfig(phrases=2**8))
    packer = Packer(tokenizer, max_length=64, max_focus=48)
    bundle.save(tmp_path / "b", model, tokenizer, decisions=Decisions(), packer=packer, facts={})
    assert isinstance(bundle.for_scoring(tmp_path / "b"), bundle.Bundle)


@pytest.mark.parametrize("change", [{"num_hidden_layers": 3}, {"vocab_size": 7}, {"hidden_size": None}])
def test_what_is_wrong_is_told_as_by_the_whole_bundle(copy, change):
    for name, part in (("config.json", {"encoder": change}), ("empathy_scan.json", {"sums": None})):
        facts = json.loads((copy / name).read_text())
        whole = {**facts, **{key: {**facts[key], **value} if value else {} for key, value in part.items()}}
        (copy / name).write_text(
            json.dumps({key: value for key, value in whole.items() if value != {} or key != "sums"})
        )
    told = []
    for load in (bundle.load, bundle.for_scoring):
        with pytest.raises(ModelError) as error:
            load(copy)
        told.append(str(error.value))
    assert told[0] == told[1]


def test_scoring_loads_no_transformers(tiny_bundle):
    program = (
        "import sys; from pathlib import Path; from empathy_scan.config import ScoreConfig; "
        "from empathy_scan.score import Scorer; Scorer.load(Path(sys.argv[1]), ScoreConfig()); "
        "sys.exit('transformers' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", program, str(tiny_bundle)], check=False).returncode == 0  # noqa: S603 - our own

"""What several test modules share: a tiny bundle, trained here in seconds by the code that trains the real one."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import settings

# The same inputs in every run, however slow the machine: what fails, fails for everybody. `make fuzz` looks for more.
settings.register_profile("same", derandomize=True, deadline=None)
settings.load_profile("same")

ROOT = Path(__file__).parents[1]
WRITTEN = ROOT / "data" / "training" / "authored"


def pytest_make_parametrize_id(val, argname):
    """Packed content is called by its length: it may tell the time it was packed at, which every worker's clock has."""
    return f"{argname}-{len(val)}-bytes" if isinstance(val, bytes) and not val.isascii() else None


@pytest.fixture(scope="session", autouse=True)
def _cache_home(tmp_path_factory):
    """Compiled templates stay out of the home of whoever runs the tests."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))
        yield


@pytest.fixture(scope="session")
def tiny_backbone(tmp_path_factory):
    """An encoder directory as `pretrain` or a hub would give it: two layers, untrained, with a tokenizer of its own."""
    import torch  # noqa: PLC0415 - tests without a model need not load torch

    from empathy_scan.model import examples, tokens  # noqa: PLC0415
    from empathy_scan.model.train import fresh_encoder  # noqa: PLC0415

    torch.manual_seed(1)
    train, _ = examples.written([WRITTEN / "u5.jsonl"])
    tokenizer = tokens.train_tokenizer([segment.text for item in train for segment in item.segments], size=900)
    folder = tmp_path_factory.mktemp("backbone")
    fresh_encoder(tokenizer, layers=2, hidden=64).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


@pytest.fixture(scope="session")
def tiny_bundle(tmp_path_factory, tiny_backbone):
    """The directory of a bundle trained for a moment on one file of written conversations."""
    from empathy_scan.model import bundle, examples, train  # noqa: PLC0415
    from empathy_scan.model.decisions import Decisions  # noqa: PLC0415
    from empathy_scan.model.tokens import Packer  # noqa: PLC0415

    config = train.TrainConfig(epochs=2, phrases=2**12, max_length=96, max_focus=64)
    model, tokenizer = train.new_model(tiny_backbone, config)
    packer = Packer(tokenizer, max_length=config.max_length, max_focus=config.max_focus)
    items, _ = examples.written([WRITTEN / "u5.jsonl"])
    trained = train.train(model, packer, items[:300], config=config)
    return bundle.save(
        tmp_path_factory.mktemp("models") / "tiny", trained, tokenizer, decisions=Decisions(), packer=packer, facts={}
    )


@pytest.fixture(scope="session")
def generous_bundle(tmp_path_factory, tiny_bundle):
    """The tiny bundle with such thresholds that every flag, kind and tone is given to a third of the turns."""
    import numpy as np  # noqa: PLC0415

    from empathy_scan.codebook import ATTACK_CODES, FLAG_CODES  # noqa: PLC0415
    from empathy_scan.model import bundle, examples, runtime  # noqa: PLC0415
    from empathy_scan.model.decisions import Decisions  # noqa: PLC0415

    items, _ = examples.written([WRITTEN / "u5.jsonl"])
    loaded = bundle.load(tiny_bundle)
    turns = [segment for item in items[:300] for segment in item.segments]
    p = Decisions().probabilities(runtime.logits(loaded.model, loaded.packer, turns))

    def reached(values, share):
        return float(np.quantile(values, 1 - share))

    decisions = Decisions(
        flags={code: reached(p["flags"][:, n], 1 / 3) for n, code in enumerate(FLAG_CODES)},
        attacks={code: reached(p["attacks"][:, n], 1 / 3) for n, code in enumerate(ATTACK_CODES)},
        **{
            head: (reached(p[head][:, 1:].sum(1), 2 / 3), reached(p[head][:, 2], 1 / 3))
            for head in ("agent_tone", "customer_tone")
        },
    )
    folder = tmp_path_factory.mktemp("models") / "generous"
    return bundle.save(
        folder, loaded.model, loaded.packer.tokenizer, decisions=decisions, packer=loaded.packer, facts={}
    )


@pytest.fixture
def talk():
    """The class that a conversation is written with."""
    from talks import Talk  # noqa: PLC0415 - tests without a frame need not load polars

    return Talk


@pytest.fixture
def frames():
    """A function from conversations to the frames of a scan, which `report.write` takes as they are."""
    from talks import frames_of  # noqa: PLC0415 - as above

    return frames_of

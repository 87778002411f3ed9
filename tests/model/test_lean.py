"""The lean forward pass beside the plain one of transformers: the same logits, whatever stands in the batch."""

import os
import subprocess
import sys
import threading

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from toys import toy_items

from empathy_scan.model import bundle, explain, lean, paths, runtime, train
from empathy_scan.model.tokens import Example, Packer

EXAMPLES = [
    *(segment for item in toy_items(12) for segment in item.segments),
    Example("agent", "long " * 40, context=(("customer", "you useless idiot"),)),
    Example("customer", ""),
    Example("customer", "WHY", context=(("agent", "because"), ("customer", "no"))),
]


def plainly(model, packer, examples):
    """Logits of the network as it was trained, each example by itself."""
    model.eval()
    with torch.inference_mode():
        one_by_one = [model(runtime.collate([one], pad=packer.pad))["all"] for one in packer.pack(examples)]
    return torch.cat(one_by_one).numpy()


def written():
    from empathy_scan.model import examples  # noqa: PLC0415 - spaCy

    train_items, _ = examples.written(
        [bundle.default_path().parents[1] / "data" / "training" / "authored" / "u5.jsonl"]
    )
    return [segment for item in train_items[:80] for segment in item.segments]


@pytest.fixture(scope="module")
def shipped():
    return bundle.load()


def test_the_lean_pass_knows_the_shipped_kind_of_model(loaded, shipped):
    assert lean.Lean.fits(loaded.model)
    assert lean.Lean.fits(shipped.model)


def test_a_foreign_encoder_takes_the_plain_pass(foreign_backbone):
    model, tokenizer = train.new_model(foreign_backbone, train.TrainConfig(phrases=2**8))
    assert not lean.Lean.fits(model)
    packer = Packer(tokenizer, max_length=64, max_focus=48)
    np.testing.assert_allclose(runtime.logits(model, packer, EXAMPLES), plainly(model, packer, EXAMPLES), atol=1e-4)


def test_the_lean_pass_gives_the_logits_of_the_network(loaded):
    found = runtime.logits(loaded.model, loaded.packer, EXAMPLES)
    np.testing.assert_allclose(found, plainly(loaded.model, loaded.packer, EXAMPLES), atol=2e-5)


def test_the_shipped_model_decides_as_in_the_plain_pass(shipped):
    turns = written()
    decisions = shipped.decisions
    plain = decisions.probabilities(plainly(shipped.model, shipped.packer, turns))
    found = decisions.probabilities(runtime.logits(shipped.model, shipped.packer, turns))
    for head, expected in plain.items():
        np.testing.assert_allclose(found[head], expected, atol=1e-4)
    assert (decisions.flags_of(found) == decisions.flags_of(plain)).all()
    assert (decisions.attacks_of(found) == decisions.attacks_of(plain)).all()
    for head, tones in decisions.tones_of(plain).items():
        assert (decisions.tones_of(found)[head] == tones).all()


@settings(deadline=None, max_examples=15)
@given(st.permutations(range(len(EXAMPLES))), st.integers(1, len(EXAMPLES)), st.sampled_from([1, 100, 4096]))
def test_probabilities_do_not_depend_on_the_company(loaded, order, kept, tokens):
    packer, decisions = loaded.packer, loaded.decisions
    whole = decisions.probabilities(runtime.logits(loaded.model, packer, EXAMPLES))
    some = [EXAMPLES[n] for n in order[:kept]]
    found = decisions.probabilities(runtime.logits(loaded.model, packer, some, tokens_per_batch=tokens))
    for head, expected in whole.items():
        np.testing.assert_allclose(found[head], expected[list(order[:kept])], atol=1e-6)


def test_scores_do_not_depend_on_the_number_of_threads(loaded):
    examples = EXAMPLES * 30
    alone = runtime.logits(loaded.model, loaded.packer, examples)
    before = torch.get_num_threads()
    try:
        torch.set_num_threads(3)
        beside = runtime.logits(loaded.model, loaded.packer, examples)
    finally:
        torch.set_num_threads(before)
    assert np.array_equal(alone, beside)


def test_an_error_in_a_thread_comes_out():
    before = torch.get_num_threads()
    try:
        torch.set_num_threads(2)
        with pytest.raises(ZeroDivisionError), runtime.threads() as submit:
            submit(lambda: 1 / 0)
    finally:
        torch.set_num_threads(before)


def test_threads_stay():
    before = torch.get_num_threads()
    seen = []
    try:
        torch.set_num_threads(2)
        for _ in range(5):
            with runtime.threads() as submit:
                for _ in range(8):
                    submit(lambda: seen.append(threading.get_ident()))
    finally:
        torch.set_num_threads(before)
    assert len(seen) == 40
    assert 1 <= len(set(seen)) <= 2
    assert threading.get_ident() not in seen


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
def test_a_fork_has_threads_of_its_own():
    program = """
import os, torch
from empathy_scan.model import runtime
torch.set_num_threads(2)
done = []
with runtime.threads() as submit:
    submit(lambda: done.append(1))
child = os.fork()
with runtime.threads() as submit:
    submit(lambda: done.append(2))
if child == 0:
    os._exit(0 if done == [1, 2] else 1)
raise SystemExit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) or done != [1, 2])
"""
    subprocess.run([sys.executable, "-W", "ignore", "-c", program], check=True, timeout=60)  # noqa: S603 - ours


def test_words_count_the_same_in_the_lean_pass(loaded):
    ask = explain.Contributions(loaded.model, loaded.packer)
    packed = loaded.packer.pack(EXAMPLES)
    outputs = [n % 14 for n in range(len(packed))]
    found = ask(packed, outputs)
    ask.lean = None
    for left, right in zip(found, ask(packed, outputs), strict=True):
        np.testing.assert_allclose(left, right, atol=1e-4)


def test_the_path_of_this_machine_works_and_computes_exactly():
    path = paths.chosen()
    assert paths.works(path)
    assert not path.approximate
    assert path.name.startswith("single precision, ")


def test_the_lean_pass_can_take_any_path_that_works(loaded):
    expected = plainly(loaded.model, loaded.packer, EXAMPLES)
    for path in filter(paths.works, (paths.EXACT, paths.BFLOAT16)):  # bfloat16 needs oneDNN
        found = runtime.logits(loaded.model, loaded.packer, EXAMPLES, path=path)
        np.testing.assert_allclose(found, expected, atol=0.05)


def test_a_path_that_fails_is_not_taken():
    assert not paths.works(paths.Path("nowhere", device="meta"))
    assert not paths.works(paths.Path("too coarse", torch.float8_e4m3fn))

"""The forward pass: examples in any order in, logits in the same order out, padded as little as possible.

Examples are sorted by length and cut into batches of a fixed number of tokens, so that a batch of greetings is wide and
a batch of e-mails is narrow. Each batch is one thread's, from start to end, and as many are under way as torch may use
threads; meanwhile the next examples are tokenized. The result does not depend on what an example was batched with, nor
on the number of threads (up to rounding; a test holds it).
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, cast

import numpy as np
import torch

from empathy_scan.model import paths
from empathy_scan.model.heads import Batch, Heads, L
from empathy_scan.model.lean import Lean
from empathy_scan.model.paths import Path
from empathy_scan.model.tokens import Example, Packed, Packer

if TYPE_CHECKING:
    from empathy_scan.model.network import EmpathyModel

CHUNK = 2048  # examples tokenized at a time: bounds memory
LEAN_TOKENS = 1024  # of a batch without padding: more do not make it faster, and fit a core's cache less well
Network = Callable[[Sequence[Packed]], torch.Tensor]
Submit = Callable[[Callable[[], None]], None]


def collate(packed: Sequence[Packed], *, pad: int) -> Batch:
    """Packed examples as one padded batch."""
    longest = max(len(one.ids) for one in packed)
    ids = np.full((len(packed), longest), pad, dtype=np.int64)
    focus = np.zeros((len(packed), longest), dtype=bool)
    attended = np.zeros((len(packed), longest), dtype=bool)
    for row, one in enumerate(packed):
        ids[row, : len(one.ids)] = one.ids
        attended[row, : len(one.ids)] = True
        focus[row, one.focus_start : one.focus_end] = True
    focus[~focus.any(1), 0] = True  # a focus without tokens looks at [CLS]
    return Batch(torch.from_numpy(ids), torch.from_numpy(attended), torch.from_numpy(focus))


def batches(lengths: Sequence[int], *, tokens: int) -> Iterator[list[int]]:
    """Positions in groups of about `tokens` padded tokens, shortest first."""
    group: list[int] = []
    for position in sorted(range(len(lengths)), key=lambda p: (lengths[p], p)):
        if group and (len(group) + 1) * lengths[position] > tokens:
            yield group
            group = []
        group.append(position)
    if group:
        yield group


@dataclass(frozen=True, slots=True)
class Ready:
    """A model whose weights are laid out for one path; they must not change any more."""

    network: Network  # logits of packed examples, which must come shortest first
    packer: Packer
    tokens: int  # of a batch
    lean: Lean | None  # the network, where it is of the kind that model/lean.py knows

    def logits(self, examples: Sequence[Example]) -> np.ndarray:
        """Logits [N, L] in the order of the examples."""
        return _forward(self.packer, examples, self.network, tokens=self.tokens, width=L)

    def logits_of_packed(self, packed: Sequence[Packed]) -> np.ndarray:
        """Logits [N, L] of what is packed already, in its order."""
        out = np.zeros((len(packed), L), dtype=np.float32)
        with threads() as submit:
            _submit(packed, self.network, out, submit, tokens=self.tokens)
        return out


def ready(model: Heads, packer: Packer, *, tokens_per_batch: int = 4096, path: Path | None = None) -> Ready:
    """The model, laid out for a path of `paths` (the one chosen for this machine without)."""
    if Lean.fits(model):
        lean = Lean(model, path or paths.chosen())
        return Ready(lean, packer, min(tokens_per_batch, LEAN_TOKENS), lean)
    whole = cast("EmpathyModel", model).eval()  # type: ignore[no-untyped-call]
    return Ready(lambda packed: whole(collate(packed, pad=packer.pad))["all"], packer, tokens_per_batch, None)


def logits(
    model: Heads,
    packer: Packer,
    examples: Sequence[Example],
    *,
    tokens_per_batch: int = 4096,
    path: Path | None = None,
) -> np.ndarray:
    """Logits [N, L] in the order of the examples, on a path of `paths` (the one chosen for this machine without)."""
    return ready(model, packer, tokens_per_batch=tokens_per_batch, path=path).logits(examples)


def parts(model: EmpathyModel, packer: Packer, examples: Sequence[Example]) -> tuple[np.ndarray, np.ndarray]:
    """What the encoder and what the phrases say of the examples, before they are weighed: two [N, L]."""
    model.eval()  # type: ignore[no-untyped-call]

    def both(packed: Sequence[Packed]) -> torch.Tensor:
        batch = collate(packed, pad=packer.pad)
        deep = model.deep_logits(model.encode(batch), batch.focus)
        return torch.cat([deep, model.wide_logits(batch) if model.config.phrases else torch.zeros_like(deep)], dim=-1)

    found = _forward(packer, examples, both, tokens=4096, width=2 * L)
    return found[:, :L], found[:, L:]


def _forward(packer: Packer, examples: Sequence[Example], network: Network, *, tokens: int, width: int) -> np.ndarray:
    """The network's answers [N, width], in length-sorted batches, back in the order of the examples."""
    out = np.zeros((len(examples), width), dtype=np.float32)
    with threads() as submit:
        for start in range(0, len(examples), CHUNK):
            packed = packer.pack(examples[start : start + CHUNK])
            _submit(packed, network, out[start : start + CHUNK], submit, tokens=tokens)
    return out


def _submit(packed: Sequence[Packed], network: Network, out: np.ndarray, submit: Submit, *, tokens: int) -> None:
    """Let the network's answers to packed examples be written to `out`, batch by batch."""

    def answer(group: list[int]) -> None:
        with torch.inference_mode():
            out[group] = network([packed[p] for p in group]).float().numpy()

    for group in batches([len(one.ids) for one in packed], tokens=tokens):
        submit(lambda group=group: answer(group))  # type: ignore[misc]


@contextmanager
def threads() -> Iterator[Submit]:
    """Something that has calls done, each in one thread; all are done at the end, or the first error is raised."""
    number = torch.get_num_threads()
    if number == 1:
        yield lambda call: call()
        return
    under_way: list[Future[None]] = []
    try:
        yield lambda call: under_way.append(_pool(number, os.getpid()).submit(call))
    finally:
        wait(under_way)
    for each in under_way:
        each.result()


@cache
def _pool(number: int, process: int) -> ThreadPoolExecutor:  # noqa: ARG001 - threads do not come along into a fork
    """Threads that stay: new ones would each begin a part of memory of their own, which is never given back."""
    return ThreadPoolExecutor(number, initializer=_alone)


def _alone() -> None:
    """Make this thread compute by itself, as numbers too small to matter count as zero (see precision.py)."""
    torch.set_num_threads(1)
    torch.set_flush_denormal(True)

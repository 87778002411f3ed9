"""The forward pass: examples in any order in, logits in the same order out, padded as little as possible.

Examples are sorted by length and cut into batches of a fixed number of padded tokens, so that a batch of greetings is
wide and a batch of e-mails is narrow. The result does not depend on what an example was batched with (up to rounding; a
test holds it).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import numpy as np
import torch

from empathy_scan.model.network import Batch, EmpathyModel, L
from empathy_scan.model.tokens import Example, Packed, Packer

CHUNK = 8192  # examples tokenized at a time: bounds memory


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


def logits(
    model: EmpathyModel,
    packer: Packer,
    examples: Sequence[Example],
    *,
    tokens_per_batch: int = 4096,
) -> np.ndarray:
    """Logits [N, L] in the order of the examples."""
    model.eval()  # type: ignore[no-untyped-call]
    return _forward(packer, examples, lambda batch: model(batch)["all"], tokens=tokens_per_batch)


def parts(model: EmpathyModel, packer: Packer, examples: Sequence[Example]) -> tuple[np.ndarray, np.ndarray]:
    """What the encoder and what the phrases say of the examples, before they are weighed: two [N, L]."""
    model.eval()  # type: ignore[no-untyped-call]

    def both(batch: Batch) -> torch.Tensor:
        deep = model.deep_logits(model.encode(batch), batch.focus)
        return torch.cat([deep, model.wide_logits(batch) if model.config.phrases else torch.zeros_like(deep)], dim=-1)

    found = _forward(packer, examples, both, tokens=4096, width=2 * L)
    return found[:, :L], found[:, L:]


def logits_of_packed(
    model: EmpathyModel, packer: Packer, packed: Sequence[Packed], *, tokens_per_batch: int = 4096
) -> np.ndarray:
    """Logits [N, L] of what is packed already, in its order."""
    model.eval()  # type: ignore[no-untyped-call]
    return _answers(packer, packed, lambda batch: model(batch)["all"], tokens=tokens_per_batch, width=L)


def _forward(
    packer: Packer,
    examples: Sequence[Example],
    network: Callable[[Batch], torch.Tensor],
    *,
    tokens: int,
    width: int = L,
) -> np.ndarray:
    """The network's answers [N, width], in length-sorted batches, back in the order of the examples."""
    out = np.zeros((len(examples), width), dtype=np.float32)
    for start in range(0, len(examples), CHUNK):
        packed = packer.pack(examples[start : start + CHUNK])
        out[start : start + CHUNK] = _answers(packer, packed, network, tokens=tokens, width=width)
    return out


def _answers(
    packer: Packer, packed: Sequence[Packed], network: Callable[[Batch], torch.Tensor], *, tokens: int, width: int
) -> np.ndarray:
    """The network's answers [N, width] to packed examples."""
    out = np.zeros((len(packed), width), dtype=np.float32)
    for group in batches([len(one.ids) for one in packed], tokens=tokens):
        with torch.inference_mode():
            found = network(collate([packed[p] for p in group], pad=packer.pad))
        out[group] = found.float().numpy()
    return out

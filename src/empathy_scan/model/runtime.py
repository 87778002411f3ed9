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
    done: Callable[[int], None] | None = None,
) -> np.ndarray:
    """Logits [N, L] in the order of the examples; `done` is told how many more are finished."""
    out = np.zeros((len(examples), L), dtype=np.float32)
    model.eval()  # type: ignore[no-untyped-call]
    for start in range(0, len(examples), CHUNK):
        packed = packer.pack(examples[start : start + CHUNK])
        for group in batches([len(one.ids) for one in packed], tokens=tokens_per_batch):
            with torch.inference_mode():
                found = model(collate([packed[p] for p in group], pad=packer.pad))["all"]
            out[[start + p for p in group]] = found.float().numpy()
            if done is not None:
                done(len(group))
    return out

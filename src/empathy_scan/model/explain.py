"""Which words counted for a label: the answer to "why this score?".

For the encoder, the gradient of the label's logit by each token's embedding, times what separates that embedding from
the mask token's: to first order, how much the logit would fall if the word were hidden. For the wide path, the weights
of the phrases that hold the token. Words get the sum of their tokens. That is an estimate; `without` makes the check,
the same turn with those words taken out, which is judged again.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, cast

import numpy as np
import torch
from torch import Tensor, nn

from empathy_scan.model.heads import Batch, Heads
from empathy_scan.model.lean import Lean, flatten
from empathy_scan.model.paths import EXACT
from empathy_scan.model.runtime import collate
from empathy_scan.model.tokens import Packed, Packer

if TYPE_CHECKING:
    from empathy_scan.model.network import EmpathyModel

WORD = re.compile(r"\S+")
LEAST = 0.4  # of the strongest word's weight; weaker words are left out
Span = tuple[int, int, float]  # characters from, to, weight in 0..1


def contributions(model: Heads, packer: Packer, packed: Sequence[Packed], outputs: Sequence[int]) -> list[np.ndarray]:
    """Per example, how much each token of its focus counted for its output (0..13); positive speaks for the label."""
    return Contributions(model, packer)(packed, outputs)


class Contributions:
    """`contributions` of one model, asked again and again."""

    def __init__(self, model: Heads, packer: Packer, lean: Lean | None = None) -> None:
        self.model, self.pad = model, packer.pad
        mask = packer.tokenizer.mask_token_id
        table = model.encoder.get_input_embeddings().weight.detach()
        self.hidden_word = table[packer.pad if mask is None else mask]
        differentiable = lean is not None and lean.path.differentiable
        self.lean = lean if differentiable else Lean(model, EXACT) if Lean.fits(model) else None

    def __call__(self, packed: Sequence[Packed], outputs: Sequence[int]) -> list[np.ndarray]:
        """As `contributions`."""
        batch = collate(packed, pad=self.pad)
        worth = self._deep(batch, outputs) if self.lean is None else self._leanly(self.lean, packed, outputs)
        if self.model.config.phrases:
            with torch.no_grad():
                worth = worth + _phrase_worth(self.model, batch, torch.tensor(outputs))
        return [worth[row, one.focus_start : one.focus_end].float().numpy() for row, one in enumerate(packed)]

    def _deep(self, batch: Batch, outputs: Sequence[int]) -> Tensor:
        """Each token's part [B, T] of the encoder's logit."""
        with torch.enable_grad():
            embedded = self.model.encoder.get_input_embeddings()(batch.ids).detach().requires_grad_(True)
            whole = cast("EmpathyModel", self.model)
            deep = whole.deep_logits(whole.encode(batch, embeddings=embedded), batch.focus)
            (slope,) = torch.autograd.grad(deep[torch.arange(len(outputs)), torch.tensor(outputs)].sum(), embedded)
        worth: Tensor = (slope * (embedded.detach() - self.hidden_word)).sum(-1)  # what hiding the token would take
        return worth

    def _leanly(self, lean: Lean, packed: Sequence[Packed], outputs: Sequence[int]) -> Tensor:
        """As `_deep`, without padding and by fewer operations; labels of one `Packed` share its forward pass."""
        distinct = sorted({id(one): one for one in packed}.values(), key=lambda one: len(one.ids))
        place = {id(one): n for n, one in enumerate(distinct)}
        flat, lengths = flatten(distinct), [len(one.ids) for one in distinct]
        found: list[Tensor] = [torch.empty(0)] * len(packed)
        with torch.enable_grad():
            embedded = lean.embedded[flat.ids].requires_grad_(True)
            deep = lean.deep(flat, embedded)
        gap = embedded.detach() - self.hidden_word
        for turn in _turns([place[id(one)] for one in packed]):
            rows = [place[id(packed[n])] for n in turn]
            asked = deep[torch.tensor(rows), torch.tensor([outputs[n] for n in turn])].sum()
            (slope,) = torch.autograd.grad(asked, embedded, retain_graph=True)
            parts = (slope * gap).sum(-1).split(lengths)
            for n, row in zip(turn, rows, strict=True):
                found[n] = parts[row]
        padded: Tensor = nn.utils.rnn.pad_sequence(found, batch_first=True)
        return padded


def _turns(rows: Sequence[int]) -> Iterator[list[int]]:
    """Positions in groups of which each holds a row once: the first of every row, then the second of those with two."""
    groups: list[list[int]] = []
    times: Counter[int] = Counter()
    for position, row in enumerate(rows):
        if times[row] == len(groups):
            groups.append([])
        groups[times[row]].append(position)
        times[row] += 1
    yield from groups


def _phrase_worth(model: Heads, batch: Batch, outputs: Tensor) -> Tensor:
    """Each token's part [B, T] of the wide path's logit: a phrase's weight is shared by its tokens."""
    rows, counted = model.phrase_rows(batch)
    weights = model.phrases(rows).float().gather(2, outputs[:, None, None].expand(*rows.shape, 1)).squeeze(-1)
    worths = model.phrase_worth[rows] * counted  # [B, 3T]
    # A phrase counts once, however often it is said: its places share it.
    times = ((rows[:, :, None] == rows[:, None, :]) & counted[:, None, :]).sum(-1).clamp(min=1)
    norm = (worths.square() / times).sum(1, keepdim=True).clamp(min=1e-6).sqrt()
    weights = weights * worths / times / norm * model.phrase_scale[outputs][:, None]
    width = rows.shape[1] // 3
    worth = torch.zeros(rows.shape[0], width)
    for length in (1, 2, 3):
        part = weights[:, (length - 1) * width : length * width] / length
        for shift in range(length):
            worth += torch.roll(part, shift, dims=1)
    return worth


def without(packed: Packed, taken: Sequence[Span]) -> Packed:
    """The packed example with the words of these spans taken out of its focus."""
    kept = [
        n
        for n, (start, end) in enumerate(packed.spans)
        if not any(start < last and max(end, start + 1) > first for first, last, _ in taken)
    ]
    focus = [packed.ids[packed.focus_start + n] for n in kept]
    ids = [*packed.ids[: packed.focus_start], *focus, *packed.ids[packed.focus_end :]]
    return Packed(ids, packed.focus_start, packed.focus_start + len(focus), [packed.spans[n] for n in kept])


def spans(text: str, packed: Packed, worth: np.ndarray) -> list[Span]:
    """The words that counted most, neighbours joined, the strongest at weight 1; none where nothing speaks for it."""
    words = [(match.start(), match.end()) for match in WORD.finditer(text)]
    if not words or not len(worth):
        return []
    totals = np.zeros(len(words))
    for (start, end), value in zip(packed.spans, worth, strict=True):
        until = max(end, start + 1)  # a [CAPS] marker has no characters of its own: it counts for the word it precedes
        place = next((n for n, (first, last) in enumerate(words) if start < last and until > first), None)
        if place is not None:
            totals[place] += value
    peak = totals.max()
    if peak <= 0:
        return []
    found: list[Span] = []
    for (start, end), total in zip(words, totals / peak, strict=True):
        if total < LEAST:
            continue
        if found and text[found[-1][1] : start].isspace():
            found[-1] = (found[-1][0], end, max(found[-1][2], float(total)))
        else:
            found.append((start, end, float(total)))
    return found

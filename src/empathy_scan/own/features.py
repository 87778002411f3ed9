"""What a head of an own label looks at: the encoder's view of a segment, and the phrases of its words.

The encoder is that of the bundle that scored the store; it is left as it is, so no standard score changes. Its view is
the mean of the focus beside the first token [2H], always in plain single precision, so that every machine sees the
same. Phrases are one to three tokens of the focus, hashed: a small encoder knows meanings, and phrases hardly at all.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl
import torch
from torch import Tensor

from empathy_scan.model import runtime
from empathy_scan.model.bundle import Scoring
from empathy_scan.model.lean import Flat, Lean, flatten
from empathy_scan.model.paths import EXACT
from empathy_scan.model.runtime import collate
from empathy_scan.model.tokens import Example, Packed, example_of
from empathy_scan.stats import Numbers

Rows = npt.NDArray[np.int64]
PHRASES = 2**16  # of each length
_LENGTHS = 3
_TOKENS = 1024  # of a batch


@dataclass(frozen=True, slots=True)
class Seen:
    """What a head sees of segments: the encoder's view [N, 2H], and of each the rows of its phrases."""

    dense: Numbers
    phrases: tuple[Rows, ...]

    def __len__(self) -> int:
        return len(self.phrases)

    def taken(self, places: Sequence[int] | npt.NDArray[np.int64]) -> Seen:
        """Those at some places."""
        return Seen(self.dense[np.asarray(places, dtype=np.int64)], tuple(self.phrases[at] for at in places))


class _View(Lean):
    """The encoder's forward pass up to where its heads begin."""

    def __call__(self, packed: Sequence[Packed]) -> Tensor:
        flat = flatten(packed)
        return self.deep(flat, self.embedded[flat.ids.to(self.path.device)]).cpu()

    def _heads(self, hidden: Tensor, flat: Flat) -> Tensor:
        """The mean of the focus beside the first token [B, 2H]."""
        examples = len(flat.focus)
        within = flat.focus.unsqueeze(-1).to(hidden.device)
        mean = (hidden[:-examples][flat.focus_rows.to(hidden.device)] * within).sum(1) / within.sum(1)
        return torch.cat([mean, hidden[-examples:]], dim=-1)


class Looker:
    """A loaded bundle that turns segments into what heads see, and says which words counted for one."""

    def __init__(self, bundle: Scoring) -> None:
        self.packer = bundle.packer
        self.model: Any = bundle.model  # transformers tells too little of its types
        self._view = _View(bundle.model, EXACT) if Lean.fits(bundle.model) else None

    def see(self, segments: pl.DataFrame) -> Seen:
        """What heads see of rows of SEGMENTS, in their order."""
        return self.of_packed(self.packer.pack(examples_of(segments)))

    def of_packed(self, packed: Sequence[Packed]) -> Seen:
        """The same of segments that are packed already."""
        width = 2 * int(self.model.encoder.config.hidden_size)
        dense = np.zeros((len(packed), width), dtype=np.float64)

        def look(group: list[int]) -> None:
            with torch.inference_mode():
                dense[group] = self._viewed([packed[at] for at in group]).double().numpy()

        with runtime.threads() as submit:
            for group in runtime.batches([len(one.ids) for one in packed], tokens=_TOKENS):
                submit(partial(look, group))
        return Seen(dense, tuple(phrase_rows(focus_of(one)) for one in packed))

    def slopes(self, packed: Sequence[Packed], weights: Tensor) -> list[Numbers]:
        """How much hiding each token of the focus would take from a weighing of the encoder's view, to first order."""
        table = self.model.encoder.get_input_embeddings().weight.detach()
        mask = self.packer.tokenizer.mask_token_id
        hidden_word = table[self.packer.pad if mask is None else mask]
        found: list[Numbers] = []
        for one in packed:
            with torch.enable_grad():
                embedded = table[torch.tensor(one.ids)].detach().clone().requires_grad_(True)
                seen = self._of_embedded(one, embedded)
                (slope,) = torch.autograd.grad((seen * weights).sum(), embedded)
            worth = (slope * (embedded.detach() - hidden_word)).sum(-1)
            found.append(worth[one.focus_start : one.focus_end].double().numpy())
        return found

    def _viewed(self, packed: Sequence[Packed]) -> Tensor:
        if self._view is not None:
            return self._view(packed)
        batch = collate(packed, pad=self.packer.pad)
        viewed: Tensor = self.model.pooled(self.model.encode(batch), batch.focus)
        return viewed

    def _of_embedded(self, one: Packed, embedded: Tensor) -> Tensor:
        if self._view is not None:
            return self._view.deep(flatten([one]), embedded)
        batch = collate([one], pad=self.packer.pad)
        viewed: Tensor = self.model.pooled(self.model.encode(batch, embeddings=embedded.unsqueeze(0)), batch.focus)
        return viewed


def examples_of(segments: pl.DataFrame) -> list[Example]:
    """Rows of SEGMENTS as the model takes them."""
    return [example_of(row) for row in segments.select("role", "text", "context").iter_rows(named=True)]


def focus_of(one: Packed) -> Rows:
    """The tokens of the focus."""
    return np.array(one.ids[one.focus_start : one.focus_end], dtype=np.int64)


def phrase_rows(ids: Rows) -> Rows:
    """The rows of the phrases of one to three tokens, each once, in order."""
    return np.unique(np.concatenate(placed_rows(ids)))


def placed_rows(ids: Rows) -> list[Rows]:
    """Of each length the rows of all phrases, by the place of their first token."""
    found, key = [], np.zeros(len(ids), dtype=np.uint64)
    with np.errstate(over="ignore"):
        for length in range(_LENGTHS):
            count = max(len(ids) - length, 0)
            key = key[:count] * np.uint64(1_000_003) + (ids[length:].astype(np.uint64)[:count] + np.uint64(1))
            mixed = key * np.uint64(0x9E3779B97F4A7C15)
            found.append((mixed >> np.uint64(48)).astype(np.int64) % PHRASES + length * PHRASES)
    return found

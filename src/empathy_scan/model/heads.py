"""What the labels make of hidden states and phrases: pooling and heads that trained and loaded models share.

Shapes: B examples, T tokens, H hidden size, L = 14 outputs (4 flags, 3 agent tones, 3 customer tones, 4 attacks).
Nothing here needs transformers, so that scoring need not load it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from empathy_scan.model.decisions import HEADS

OUTPUTS = HEADS
L = sum(OUTPUTS.values())
PRIMES = (1_000_003, 998_244_353, 1_000_000_007)


@dataclass(frozen=True, slots=True)
class Batch:
    """Padded examples: ids [B, T], attended [B, T] bool, focus [B, T] bool."""

    ids: Tensor
    attended: Tensor
    focus: Tensor


class Heads:
    """The codebook's heads over an encoder, whoever loaded it."""

    config: Any  # with `phrases`: rows of the hashed phrase table; 0 switches the wide path off
    encoder: Any
    queries: nn.Linear  # a query per output: which words of the focus it looks at
    values: nn.Parameter  # [L, H]
    summary: nn.Linear  # of the mean of the focus, and the first token
    dropout: Callable[[Tensor], Tensor]
    phrases: nn.Embedding  # [3 * phrases, L]
    phrase_bias: Tensor  # [L]
    phrase_scale: Tensor  # [L]: how far each output trusts the wide path
    phrase_worth: Tensor  # [3 * phrases]: how much each phrase counts; nothing for rare ones

    def pooled(self, hidden: Tensor, focus: Tensor) -> Tensor:
        """Mean of the focus beside the first token [B, 2H]."""
        weights = focus.unsqueeze(-1).to(hidden.dtype)  # [B, T, 1]
        mean = (hidden * weights).sum(1) / weights.sum(1).clamp(min=1)
        return torch.cat([mean, hidden[:, 0]], dim=-1)

    def deep_logits(self, hidden: Tensor, focus: Tensor) -> Tensor:
        """What the encoder says [B, L]: each output attends to the words of the focus with its own query."""
        hidden = self.dropout(hidden)
        attention = self.queries(hidden).float()  # [B, T, L]
        attention = attention.masked_fill(~focus.unsqueeze(-1), -1e4).softmax(dim=1)
        looked_at: Tensor = torch.einsum("btl,bth,lh->bl", attention, hidden.float(), self.values.float())
        whole: Tensor = self.summary(self.pooled(hidden, focus))
        return looked_at + whole.float()

    def wide_logits(self, batch: Batch) -> Tensor:
        """What the phrases of the focus say [B, L]: their weights, each once, over the length of their worths."""
        rows, counted = self.phrase_rows(batch)
        rows = rows.masked_fill(~counted, -1).sort(dim=1).values
        once = torch.ones_like(counted)
        once[:, 1:] = rows[:, 1:] != rows[:, :-1]
        worth = self.phrase_worth[rows.clamp(min=0)].float() * (once & (rows >= 0))  # [B, 3T]
        table: Tensor = self.phrases(rows.clamp(min=0))
        said = (table.float() * worth.unsqueeze(-1)).sum(1) / worth.square().sum(1, keepdim=True).clamp(min=1e-6).sqrt()
        return said + self.phrase_bias

    def phrase_rows(self, batch: Batch) -> tuple[Tensor, Tensor]:
        """Rows of the phrase table [B, 3T] for one-, two- and three-token phrases, and which of them count [B, 3T]."""
        size = self.config.phrases
        key = torch.zeros_like(batch.ids)
        within = batch.focus
        rows, counted = [], []
        for length, prime in enumerate(PRIMES):
            shifted = torch.roll(batch.ids, -length, dims=1)
            within = batch.focus if length == 0 else within & torch.roll(batch.focus, -length, dims=1)
            within = within.clone()
            if length:
                within[:, -length:] = False
            key = key * 31 + (shifted + 1) * prime
            rows.append((key ^ (key >> 17)) % size + length * size)
            counted.append(within)
        return torch.cat(rows, dim=1), torch.cat(counted, dim=1)


def split_heads(logits: Tensor) -> dict[str, Tensor]:
    """[B, L] logits by head."""
    return dict(zip(OUTPUTS, torch.split(logits, list(OUTPUTS.values()), dim=-1), strict=True))

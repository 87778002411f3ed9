"""The forward pass of the shipped kind of model (ModernBERT with full attention) without what it does not need.

The same weights and the same arithmetic as `EmpathyModel`, laid out for a CPU:

- no padding: the tokens of a batch stand end to end, and only attention looks at the examples, equal lengths together;
- the products are those of the machine's path (see paths.py);
- rotary positions are one product of complex numbers (the rows of queries and keys are reordered for it, once);
- behind the last attention only the focus and the first token go on, as nothing else is looked at.

An example's logits do not depend on what stands beside it in the batch. Shapes: N tokens, B examples, H hidden size,
L outputs, R rows that go on behind the last attention.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from empathy_scan.model.heads import Batch, Heads
from empathy_scan.model.paths import Path
from empathy_scan.model.tokens import Packed


@dataclass(frozen=True, slots=True)
class Flat:
    """Examples end to end, shortest first."""

    ids: Tensor  # [N]
    runs: tuple[tuple[int, int], ...]  # how many examples of which length, in order
    places: Tensor  # [N], of each token in its example
    rows: Tensor  # [R] tokens that the heads look at: all of the focus, and then the first one of each example
    focus: Tensor  # [B, F] bool: padded focus
    focus_rows: Tensor  # [B, F] among `rows`
    focus_ids: Tensor  # [B, F]


def flatten(packed: Sequence[Packed]) -> Flat:
    """Packed examples, which must come shortest first, end to end. A focus without tokens looks at [CLS]."""
    lengths = [len(one.ids) for one in packed]
    starts = np.concatenate([[0], np.cumsum(lengths)[:-1]])
    bounds = [(one.focus_start, one.focus_end) if one.focus_end > one.focus_start else (0, 1) for one in packed]
    widths = np.array([last - first for first, last in bounds])
    places = np.arange(widths.max())[None, :]
    focus = places < widths[:, None]
    within = np.concatenate([one.ids for one in packed])
    tokens = np.where(focus, (starts + [first for first, _ in bounds])[:, None] + places, 0)
    focus_rows = np.where(focus, (np.cumsum(widths) - widths)[:, None] + places, 0)
    return Flat(
        ids=torch.from_numpy(within),
        runs=tuple((sum(1 for _ in group), length) for length, group in groupby(lengths)),
        places=torch.from_numpy(np.concatenate([np.arange(length) for length in lengths])),
        rows=torch.from_numpy(np.concatenate([tokens[focus], starts])),
        focus=torch.from_numpy(focus),
        focus_rows=torch.from_numpy(focus_rows),
        focus_ids=torch.from_numpy(np.where(focus, within[tokens], 0)),
    )


def knows(config: Any) -> bool:  # noqa: ANN401 - of transformers, or its values by name
    """Whether an encoder of that configuration is of the kind that this module computes."""
    turning = config.rope_parameters["full_attention"] if config.model_type == "modernbert" else {}
    return (
        turning.keys() == {"rope_type", "rope_theta"}
        and turning["rope_type"] == "default"
        and set(config.layer_types) == {"full_attention"}
        and not (config.attention_bias or config.mlp_bias or config.norm_bias)
        and config.hidden_activation == "gelu"
    )


@dataclass(frozen=True, slots=True)
class _Layer:
    before: Tensor | None  # weight of the norm before attention; the first layer has none
    qkv: Tensor
    out: Tensor
    between: Tensor  # weight of the norm before the feed-forward part
    inner: Tensor
    gate: Tensor
    back: Tensor


class Lean:
    """A model's weights, laid out once for one way of computing."""

    def __init__(self, model: Heads, path: Path) -> None:
        self.model, self.path, self.products = model, path, path.products
        encoder = model.encoder
        self.heads = encoder.config.num_attention_heads
        self.width = encoder.config.hidden_size // self.heads
        self.epsilon = encoder.config.norm_eps
        self.embedded = self._there(encoder.embeddings.tok_embeddings.weight)
        self.first_norm = self._there(encoder.embeddings.norm.weight)
        self.last_norm = self._there(encoder.final_norm.weight)
        self.layers = [self._layer(layer) for layer in encoder.layers]
        mean, first = model.summary.weight.chunk(2, dim=1)
        self.said = self._there(torch.cat([model.queries.weight, model.values, mean]))  # [3L, H]
        self.first, self.bias = self._there(first), self._there(model.summary.bias)
        turns = torch.outer(torch.arange(encoder.config.max_position_embeddings).float(), frequencies(encoder.config))
        self.turned = self._there(torch.polar(torch.ones_like(turns), turns))  # [places, width / 2]

    @staticmethod
    def fits(model: Heads) -> bool:
        """Whether the model is of the kind that this module knows."""
        return knows(model.encoder.config)

    def __call__(self, packed: Sequence[Packed]) -> Tensor:
        """Logits [B, L] of packed examples, which must come shortest first."""
        flat = flatten(packed)
        deep = self.deep(flat, self.embedded[flat.ids.to(self.path.device)]).cpu()
        if not self.model.config.phrases:
            return deep
        return deep + self.model.phrase_scale * self.model.wide_logits(Batch(flat.focus_ids, flat.focus, flat.focus))

    def deep(self, flat: Flat, embedded: Tensor) -> Tensor:
        """What the encoder says [B, L] of embeddings [N, H] (see `EmpathyModel.deep_logits`)."""
        runs, places, rows = flat.runs, *(each.to(self.path.device) for each in (flat.places, flat.rows))
        turned = self.turned[places].unsqueeze(1)  # [N, 1, width / 2]
        hidden = self._norm(embedded, self.first_norm)
        for number, layer in enumerate(self.layers):
            normed = hidden if layer.before is None else self._norm(hidden, layer.before)
            heard = self._attention(self.products.plain(normed.to(self.path.dtype), layer.qkv), turned, runs)
            if number == len(self.layers) - 1:
                heard, hidden = heard[rows], hidden[rows]
            hidden = self.products.added(heard, layer.out, hidden)
            normed = self._norm(hidden, layer.between).to(self.path.dtype)
            hidden = self.products.added(self.products.gated(normed, layer.inner, layer.gate), layer.back, hidden)
        return self._heads(self._norm(hidden, self.last_norm), flat)

    def _layer(self, layer: Any) -> _Layer:  # noqa: ANN401 - of transformers
        q, k, v = layer.attn.Wqkv.weight.chunk(3)
        inner, gate = layer.mlp.Wi.weight.chunk(2)
        before = getattr(getattr(layer, "attn_norm", None), "weight", None)
        return _Layer(
            before=None if before is None else self._there(before),
            qkv=self._ready(torch.cat([self._interleaved(q), self._interleaved(k), v])),
            out=self._ready(layer.attn.Wo.weight),
            between=self._there(layer.mlp_norm.weight),
            inner=self._ready(inner),
            gate=self._ready(gate),
            back=self._ready(layer.mlp.Wo.weight),
        )

    def _ready(self, weight: Tensor) -> Tensor:
        return self.products.ready(self._there(weight).to(self.path.dtype))

    def _there(self, tensor: Tensor) -> Tensor:
        """Where the path computes, and no longer part of what is trained."""
        return tensor.detach().to(self.path.device)

    def _interleaved(self, weight: Tensor) -> Tensor:
        """Rows of a head's first and second half in turn: each pair is a complex number that a position turns."""
        return weight.view(self.heads, 2, self.width // 2, -1).transpose(1, 2).reshape(weight.shape)

    def _norm(self, hidden: Tensor, weight: Tensor) -> Tensor:
        return F.layer_norm(hidden, (hidden.shape[-1],), weight, None, self.epsilon)

    def _attention(self, qkv: Tensor, turned: Tensor, runs: Sequence[tuple[int, int]]) -> Tensor:
        """What each token hears [N, H] from its example."""
        H = self.heads * self.width
        qk, v = torch.split_with_sizes(qkv, [2 * H, H], dim=1)  # the gradient of a slice would fill all else with zeros
        qk = qk.float().reshape(-1, 2 * self.heads, self.width // 2, 2)
        qk = torch.view_as_real(torch.view_as_complex(qk) * turned).flatten(1).to(qkv.dtype)
        shape = (-1, self.heads, self.width)
        sizes = [count * length for count, length in runs]
        by_run = (torch.split_with_sizes(each.reshape(shape), sizes) for each in (*qk.chunk(2, dim=1), v))
        heard = []
        for (count, length), *parts in zip(runs, *by_run, strict=True):
            asks, tells, says = (x.view(count, length, *shape[1:]).transpose(1, 2) for x in parts)
            found = F.scaled_dot_product_attention(asks, tells, says)  # [count, heads, length, width]
            heard.append(found.transpose(1, 2).reshape(count * length, H))
        return heard[0] if len(heard) == 1 else torch.cat(heard)

    def _heads(self, hidden: Tensor, flat: Flat) -> Tensor:
        """Logits [B, L] of the rows' hidden states [R, H]."""
        B = len(flat.focus)
        focus, first = torch.split_with_sizes(hidden, [len(hidden) - B, B])
        said = F.linear(focus, self.said)[flat.focus_rows.to(hidden.device)]  # [B, F, 3L]
        queries, values, mean = said.chunk(3, dim=-1)
        within = flat.focus.unsqueeze(-1).to(hidden.device)
        looks = queries.masked_fill(~within, -1e4).softmax(dim=1)
        average = (mean * within).sum(1) / within.sum(1)
        return (looks * values * within).sum(1) + average + F.linear(first, self.first, self.bias)


def frequencies(config: Any) -> Tensor:  # noqa: ANN401 - of transformers, or its values by name
    """By how much each pair of a head turns from one place to the next [width / 2] (Su et al. 2021, RoFormer)."""
    width = config.hidden_size // config.num_attention_heads
    theta = config.rope_parameters["full_attention"]["rope_theta"]
    found: Tensor = 1.0 / theta ** (torch.arange(0, width, 2, dtype=torch.int64).float() / width)
    return found

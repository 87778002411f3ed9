"""A bundle of the shipped kind, loaded for scoring alone: without transformers, which takes longer to load than it.

What comes out scores as what `bundle.load` gives, to the last bit; a test holds it. A bundle of another kind, or one
with anything unusual about it, is left to `bundle.load`, which knows them all and says what is wrong.
"""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import torch
from safetensors.torch import load_file
from tokenizers import Tokenizer
from torch import Tensor, nn

from empathy_scan.model import lean
from empathy_scan.model.files import WEIGHTS
from empathy_scan.model.heads import Heads, L
from empathy_scan.model.tokens import SPECIAL, Vocabulary

_CLASSES = {"TokenizersBackend", "PreTrainedTokenizerFast"}  # as transformers calls our own kind of tokenizer
_NAMED = ("cls", "sep", "pad", "mask")
MOST_LAYERS = 1000  # of an encoder; each takes its time, even where it is empty


class LightModel(Heads):
    """The heads and the encoder's weights by name; it cannot be trained, and only model/lean.py computes it."""

    def __init__(self, config: SimpleNamespace, weights: dict[str, Tensor]) -> None:
        self.config = config
        self.encoder = _Encoder(SimpleNamespace(**config.encoder), weights)
        self.queries, self.summary = _linear(weights, "queries"), _linear(weights, "summary")
        self.values = nn.Parameter(weights["values"], requires_grad=False)
        self.dropout = nn.Identity()
        if config.phrases:
            self.phrases = nn.Embedding.from_pretrained(weights["phrases.weight"])  # type: ignore[no-untyped-call]
            self.phrase_bias, self.phrase_scale = weights["phrase_bias"], weights["phrase_scale"]
            self.phrase_worth = weights["phrase_worth"]


class _Encoder(SimpleNamespace):
    """Weights as attributes, named as in the network of transformers."""

    def __init__(self, config: SimpleNamespace, weights: dict[str, Tensor]) -> None:
        layers = [SimpleNamespace() for _ in range(config.num_hidden_layers)]
        super().__init__(config=config, layers=layers)
        for name, weight in weights.items():
            if name.startswith("encoder."):
                _place(self, name.split(".")[1:], weight)

    def get_input_embeddings(self) -> Any:  # noqa: ANN401 - as of transformers: something with a weight
        """The embeddings of tokens."""
        return self.embeddings.tok_embeddings


def load(path: Path) -> tuple[LightModel, Vocabulary] | None:
    """Model and tokenizer of a bundle whose files are whole; None for one of another kind."""
    config = SimpleNamespace(**json.loads((path / "config.json").read_text(encoding="utf-8")))
    encoder = SimpleNamespace(**config.encoder)
    if not lean.knows(encoder) or (vocabulary := _vocabulary(path)) is None:
        return None
    weights = {name: tensor.float() for name, tensor in load_file(path / WEIGHTS).items()}
    if {name: tuple(weight.shape) for name, weight in weights.items()} != _shapes(encoder, config.phrases):
        return None
    return LightModel(config, weights), vocabulary


def _vocabulary(path: Path) -> Vocabulary | None:
    """The tokenizer, where it is of our own kind."""
    known = json.loads((path / "tokenizer_config.json").read_text(encoding="utf-8"))
    if known.get("tokenizer_class") not in _CLASSES:
        return None
    tokenizer = Tokenizer.from_file(str(path / "tokenizer.json"))
    needed = [*SPECIAL, *known.get("extra_special_tokens", ()), *(known.get(f"{name}_token") for name in _NAMED)]
    strange = any(not isinstance(token, str) or tokenizer.token_to_id(token) is None for token in needed)
    if strange or tokenizer.truncation or tokenizer.padding:
        return None
    named = {name: cast("int", tokenizer.token_to_id(known[f"{name}_token"])) for name in _NAMED}
    return Vocabulary(tokenizer, **named)


def _shapes(encoder: SimpleNamespace, phrases: int) -> dict[str, tuple[int, ...]]:
    """The shapes of all weights that a model of that configuration has."""
    hidden, inner = encoder.hidden_size, encoder.intermediate_size
    layer = {
        "attn_norm": (hidden,), "attn.Wqkv": (3 * hidden, hidden), "attn.Wo": (hidden, hidden), "mlp_norm": (hidden,),
        "mlp.Wi": (2 * inner, hidden), "mlp.Wo": (hidden, inner),
    }  # fmt: skip
    layers = {
        f"encoder.layers.{number}.{name}.weight": shape
        for number in range(min(encoder.num_hidden_layers, MOST_LAYERS))
        for name, shape in layer.items()
        if number or name != "attn_norm"  # the embeddings have theirs
    }
    table = 3 * phrases
    wide = {"phrases.weight": (table, L), "phrase_bias": (L,), "phrase_scale": (L,), "phrase_worth": (table,)}
    return {
        "encoder.embeddings.tok_embeddings.weight": (encoder.vocab_size, hidden),
        "encoder.embeddings.norm.weight": (hidden,), "encoder.final_norm.weight": (hidden,),
        "queries.weight": (L, hidden), "values": (L, hidden), "summary.weight": (L, 2 * hidden), "summary.bias": (L,),
        **layers, **(wide if phrases else {}),
    }  # fmt: skip


def _linear(weights: dict[str, Tensor], name: str) -> nn.Linear:
    """A layer that holds the weights of that name."""
    weight, bias = weights[f"{name}.weight"], weights.get(f"{name}.bias")
    with torch.device("meta"):
        made = nn.Linear(weight.shape[1], weight.shape[0], bias=bias is not None)
    made.weight = nn.Parameter(weight, requires_grad=False)
    if bias is not None:
        made.bias = nn.Parameter(bias, requires_grad=False)
    return made


def _place(there: Any, parts: list[str], weight: Tensor) -> None:  # noqa: ANN401 - a namespace, or a list of them
    """Put a weight where its name says: each part is an attribute, or a number in a list."""
    for part in parts[:-1]:
        if isinstance(there, list):
            there = there[int(part)]
        else:
            there.__dict__.setdefault(part, SimpleNamespace())
            there = getattr(there, part)
    setattr(there, parts[-1], weight)

"""From token ids to logits: any transformers encoder, a pooling that each label directs, and the codebook's heads.

Shapes: B examples, T tokens, H hidden size, L = 14 outputs (4 flags, 3 agent tones, 3 customer tones, 4 attacks).

Beside the encoder runs a wide path: hashed one- to three-token phrases of the focus, each with a weight per output,
added to the logits (Cheng et al. 2016, "Wide & Deep Learning"). A small encoder trained on little text knows meanings
poorly and phrases hardly at all; the wide path knows the phrases, and the encoder what they answer.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from transformers import AutoConfig, AutoModel, PretrainedConfig, PreTrainedModel

from empathy_scan.model.heads import OUTPUTS, Batch, Heads, L, split_heads

__all__ = ["OUTPUTS", "Batch", "EmpathyConfig", "EmpathyModel", "L", "split_heads"]


class EmpathyConfig(PretrainedConfig):  # type: ignore[no-untyped-call]
    """What `config.json` of a bundle holds: the encoder's own configuration and the heads' dimensions."""

    model_type = "empathy_scan"

    def __init__(
        self,
        encoder: dict[str, Any] | None = None,
        *,
        phrases: int = 2**16,
        dropout: float = 0.1,
        auxiliary: dict[str, int] | None = None,
        **kwargs: Any,  # noqa: ANN401 - transformers passes its own keys through
    ) -> None:
        self.encoder = encoder or {"model_type": "modernbert"}
        self.phrases = phrases  # rows of the hashed phrase table; 0 switches the wide path off
        self.dropout = dropout
        self.auxiliary = auxiliary or {}  # extra heads used in training only: name -> outputs
        super().__init__(**kwargs)


class EmpathyModel(Heads, PreTrainedModel):  # type: ignore[no-untyped-call]
    """The encoder with the codebook's heads."""

    config_class = EmpathyConfig
    base_model_prefix = "encoder"

    def __init__(self, config: EmpathyConfig) -> None:
        super().__init__(config)
        described = AutoConfig.for_model(**config.encoder)
        self.encoder = AutoModel.from_config(described)  # type: ignore[no-untyped-call]
        hidden = self.encoder.config.hidden_size
        self.dropout = nn.Dropout(config.dropout)
        self.queries = nn.Linear(hidden, L, bias=False)  # a query per output: which words of the focus it looks at
        self.values = nn.Parameter(torch.zeros(L, hidden))
        self.summary = nn.Linear(2 * hidden, L)  # mean of the focus, and the first token, for all that is not one word
        if config.phrases:
            self.phrases = nn.Embedding(3 * config.phrases, L)
            nn.init.zeros_(self.phrases.weight)
            self.phrase_bias = nn.Parameter(torch.zeros(L))
            self.phrase_scale = nn.Parameter(torch.ones(L))  # how far each output trusts the wide path
            self.register_buffer("phrase_worth", torch.ones(3 * config.phrases))
        self.auxiliary = nn.ModuleDict({name: nn.Linear(2 * hidden, size) for name, size in config.auxiliary.items()})
        self.post_init()  # type: ignore[no-untyped-call]

    def _init_weights(self, module: nn.Module) -> None:
        """New heads start small; the encoder initialises itself; the phrase table starts at nothing known."""
        if isinstance(module, nn.Linear) and module in (self.queries, self.summary, *self.auxiliary.values()):
            nn.init.normal_(module.weight, std=0.02)
            if module.bias is not None:
                nn.init.zeros_(module.bias)

    def forward(self, batch: Batch, *, embeddings: Tensor | None = None) -> dict[str, Tensor]:
        """Logits by head: flags [B, 4], agent_tone [B, 3], customer_tone [B, 3], attacks [B, 4]; also `deep` [B, L].

        `embeddings` [B, T, H] replaces the embeddings of the ids (used to ask which words counted).
        """
        hidden = self.encode(batch, embeddings=embeddings)
        deep = self.deep_logits(hidden, batch.focus)
        logits = deep + self.phrase_scale * self.wide_logits(batch) if self.config.phrases else deep
        return {"deep": deep, "all": logits, **split_heads(logits)}

    def encode(self, batch: Batch, *, embeddings: Tensor | None = None) -> Tensor:
        """Hidden states [B, T, H]."""
        mask = batch.attended.long()
        given = {"input_ids": batch.ids} if embeddings is None else {"inputs_embeds": embeddings}
        hidden: Tensor = self.encoder(**given, attention_mask=mask).last_hidden_state
        return hidden

"""Training of the heads and fine-tuning of the encoder on labelled turns: auxiliary tasks first, then the codebook.

A turn of several segments is one example: for flags and attacks its strongest segment answers, for tone its harshest,
because a turn carries a label when one of its segments does. What is kept is an average of the weights over the last
steps (EMA).
"""

from __future__ import annotations

import copy
import logging
import math
import random
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from transformers import AutoConfig, AutoModel, AutoTokenizer, PreTrainedModel, PreTrainedTokenizerBase

from empathy_scan.codebook import ATTACK_CODES, FLAG_CODES, Role
from empathy_scan.errors import ModelError
from empathy_scan.model import phrase_table, precision, runtime
from empathy_scan.model.auxiliary import SIZES, AuxiliaryItem
from empathy_scan.model.examples import Item
from empathy_scan.model.network import OUTPUTS, Batch, EmpathyConfig, EmpathyModel, split_heads
from empathy_scan.model.tokens import Packed, Packer, add_markers

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class TrainConfig:
    """How a model is trained."""

    epochs: float = 6.0  # over the labelled turns
    minutes: float | None = None  # of fine-tuning; ends it before the epochs do (and makes it depend on the machine)
    auxiliary_minutes: float = 0.0  # on the auxiliary tasks before
    tokens_per_batch: int = 3072  # padded tokens of a step
    encoder_rate: float = 4e-4
    head_rate: float = 2e-3
    folds: int = 4  # of the cross-fitting of the phrase table
    token_drop: float = 0.10  # share of tokens hidden behind the mask token
    deep_share: float = 0.5  # weight of the loss of the encoder alone
    smoothing: float = 0.05  # label smoothing of the tones
    warmup: float = 0.06  # share of the steps
    ema: float = 0.998
    weight_decay: float = 0.01
    max_length: int = 112
    max_focus: int = 88
    phrases: int = 2**16
    seed: int = 1


@dataclass(frozen=True, slots=True)
class Targets:
    """Gold labels of n turns: flags [n, 4], attacks [n, 4], tone [n], agent [n] bool."""

    flags: Tensor
    attacks: Tensor
    tone: Tensor
    agent: Tensor


def new_model(backbone: Path | str, config: TrainConfig) -> tuple[EmpathyModel, PreTrainedTokenizerBase]:
    """A model with fresh heads on any transformers encoder: a directory, or a name where a hub can be reached.

    Raises ModelError when the encoder cannot be loaded or its tokenizer lacks what packing needs.
    """
    try:
        tokenizer = AutoTokenizer.from_pretrained(str(backbone), trust_remote_code=False)
        encoder = AutoModel.from_pretrained(
            str(backbone), trust_remote_code=False, use_safetensors=True, dtype=torch.float32
        )
    except (OSError, ValueError) as error:
        raise ModelError(
            f"cannot load the encoder ({type(error).__name__})", where=str(backbone),
            remedy="give a directory written by save_pretrained or `pretrain`",
        ) from error  # fmt: skip
    if not tokenizer.is_fast or None in (tokenizer.cls_token_id, tokenizer.sep_token_id, tokenizer.pad_token_id):
        raise ModelError(
            "the encoder's tokenizer lacks offsets, or a [CLS], [SEP] or padding token", where=str(backbone),
            remedy="give an encoder of the BERT kind with a tokenizer.json",
        )  # fmt: skip
    if add_markers(tokenizer):
        encoder.resize_token_embeddings(len(tokenizer), mean_resizing=False)
    return _with_heads(encoder, config), tokenizer


def _with_heads(encoder: PreTrainedModel, config: TrainConfig) -> EmpathyModel:
    torch.manual_seed(config.seed)
    description = {"model_type": encoder.config.model_type, **encoder.config.to_diff_dict()}
    model = EmpathyModel(EmpathyConfig(encoder=description, phrases=config.phrases, auxiliary=SIZES))
    model.encoder.load_state_dict(encoder.state_dict())
    return model


def fresh_encoder(tokenizer: PreTrainedTokenizerBase, *, layers: int = 2, hidden: int = 64) -> PreTrainedModel:
    """An untrained encoder of the shipped kind, for tests and for comparison."""
    description = AutoConfig.for_model(
        "modernbert", vocab_size=len(tokenizer), hidden_size=hidden, num_hidden_layers=layers,
        num_attention_heads=hidden // 32, intermediate_size=2 * hidden, layer_types=["full_attention"] * layers,
        pad_token_id=tokenizer.pad_token_id,
        bos_token_id=tokenizer.cls_token_id, eos_token_id=tokenizer.sep_token_id, cls_token_id=tokenizer.cls_token_id,
        sep_token_id=tokenizer.sep_token_id, max_position_embeddings=512,
    )  # fmt: skip
    return cast("PreTrainedModel", AutoModel.from_config(description))  # type: ignore[no-untyped-call]


@precision.flushed_denormals()
def train(
    model: EmpathyModel,
    packer: Packer,
    items: Sequence[Item],
    *,
    auxiliary: Sequence[AuxiliaryItem] = (),
    config: TrainConfig | None = None,
) -> EmpathyModel:
    """The trained model (an average of the last weights).

    Deterministic for a seed and a number of threads, unless minutes end it.
    """
    config = config or TrainConfig()
    torch.manual_seed(config.seed)
    if auxiliary and config.auxiliary_minutes:
        _train_auxiliary(model, packer, auxiliary, config)
    packed = [packer.pack(item.segments) for item in items]
    phrases = (
        phrase_table.fit(model, packed, items, pad=packer.pad, folds=config.folds) if model.config.phrases else None
    )
    groups = list(_groups(packed, config, seed=config.seed))
    steps = max(1, int(len(groups) * config.epochs))
    optimizer = _optimizer(model, config)
    average: EmpathyModel = copy.deepcopy(model).eval()  # type: ignore[no-untyped-call]
    choose = random.Random(config.seed)  # noqa: S311 - a shuffle
    model.train()
    queue: list[list[int]] = []
    started = time.monotonic()
    step = 0
    seconds = math.inf if config.minutes is None else 60 * config.minutes
    while (share := max(step / steps, (time.monotonic() - started) / seconds)) < 1:
        if not queue:
            queue = list(_groups(packed, config, seed=config.seed + step))
            choose.shuffle(queue)
        group = queue.pop()
        _set_rate(optimizer, _schedule(share, config))
        gold = targets([items[i] for i in group])
        said = None if phrases is None else phrases[group]
        loss = _step_loss(model, packer, [packed[i] for i in group], gold, said, config)
        _apply(model, optimizer, loss)
        _average(average, model, min(config.ema, (step + 1) / (step + 10)))
        if step % 50 == 0:
            log.info("training step %d of %d, loss %.3f, %.0f s", step, steps, loss.item(), time.monotonic() - started)
        step += 1
    return average


def targets(items: Sequence[Item]) -> Targets:
    """The gold labels of items as tensors."""
    return Targets(
        flags=torch.tensor([[float(code in item.flags) for code in FLAG_CODES] for item in items]),
        attacks=torch.tensor([[float(code in item.kinds) for code in ATTACK_CODES] for item in items]),
        tone=torch.tensor([item.tone for item in items]),
        agent=torch.tensor([item.role == Role.AGENT for item in items]),
    )


def strongest(logits: Tensor, owner: Tensor, count: int) -> Tensor:
    """Logits [n, L] of turns from those of their segments [S, L]; `owner` [S] is each segment's turn."""
    heads = split_heads(logits)
    merged = []
    for name, size in OUTPUTS.items():
        head = heads[name]  # [S, size]
        if name in ("flags", "attacks"):
            start = torch.full((count, size), -1e4, dtype=head.dtype)
            merged.append(start.scatter_reduce(0, owner[:, None].expand_as(head), head, "amax"))
        else:
            severity = head.detach().softmax(-1) @ torch.tensor([0.0, 1.0, 2.0])
            merged.append(head[_first_maximum(severity, owner, count)])
    return torch.cat(merged, dim=-1)


def _first_maximum(values: Tensor, owner: Tensor, count: int) -> Tensor:
    """For each owner the position of its greatest value [count]."""
    order = torch.argsort(values, stable=True)
    rank = torch.empty_like(order)
    rank[order] = torch.arange(len(order))
    best = torch.zeros(count, dtype=torch.long).scatter_reduce(0, owner, rank, "amax")
    return order[best]


def _groups(packed: Sequence[Sequence[Packed]], config: TrainConfig, *, seed: int) -> Iterator[list[int]]:
    """Turns in batches of about `tokens_per_batch` padded tokens, of similar length."""
    choose = random.Random(seed)  # noqa: S311
    noisy = [max(len(p.ids) for p in parts) * len(parts) * choose.uniform(0.85, 1.15) for parts in packed]
    group: list[int] = []
    longest = rows = 0
    for position in sorted(range(len(packed)), key=lambda i: noisy[i]):
        parts = packed[position]
        longest_then = max(longest, *(len(p.ids) for p in parts))
        if group and longest_then * (rows + len(parts)) > config.tokens_per_batch:
            yield group
            group, rows, longest_then = [], 0, max(len(p.ids) for p in parts)
        group.append(position)
        longest, rows = longest_then, rows + len(parts)
    if group:
        yield group


def _step_loss(
    model: EmpathyModel,
    packer: Packer,
    parts: list[list[Packed]],
    gold: Targets,
    phrases: Tensor | None,
    config: TrainConfig,
) -> Tensor:
    """The loss of turns by their segments; `phrases` [n, L] is what the wide path says of them, unseen by it."""
    owner = torch.tensor([turn for turn, segments in enumerate(parts) for _ in segments])
    batch = _hidden_tokens(runtime.collate([p for segments in parts for p in segments], pad=packer.pad), packer, config)
    with precision.fast("cpu"):
        deep = model.deep_logits(model.encode(batch), batch.focus)
    turns = strongest(deep.float(), owner, len(parts))
    alone = _loss(turns, gold, config)
    if phrases is None:
        return alone
    return _loss(turns + model.phrase_scale * phrases, gold, config) + config.deep_share * alone


def _hidden_tokens(batch: Batch, packer: Packer, config: TrainConfig) -> Batch:
    """The batch with a share of its words hidden behind the mask token (never the special ones)."""
    mask = packer.tokenizer.mask_token_id
    if mask is None or not config.token_drop:
        return batch
    special = torch.isin(batch.ids, torch.tensor(packer.tokenizer.all_special_ids))
    hide = (torch.rand(batch.ids.shape) < config.token_drop) & ~special & batch.attended
    return Batch(batch.ids.masked_fill(hide, mask), batch.attended, batch.focus)


def _loss(logits: Tensor, gold: Targets, config: TrainConfig) -> Tensor:
    """The sum of the heads' losses, each over the turns of its role."""
    heads = split_heads(logits)
    agent, customer = gold.agent, ~gold.agent
    loss = logits.sum() * 0.0
    if agent.any():
        loss = loss + 2 * F.binary_cross_entropy_with_logits(heads["flags"][agent], gold.flags[agent])
        loss = loss + F.cross_entropy(heads["agent_tone"][agent], gold.tone[agent], label_smoothing=config.smoothing)
    if customer.any():
        tone = F.cross_entropy(heads["customer_tone"][customer], gold.tone[customer], label_smoothing=config.smoothing)
        loss = loss + tone + F.binary_cross_entropy_with_logits(heads["attacks"][customer], gold.attacks[customer])
    return loss


def _train_auxiliary(model: EmpathyModel, packer: Packer, items: Sequence[AuxiliaryItem], config: TrainConfig) -> None:
    """Trains encoder and auxiliary heads for the given minutes."""
    optimizer = _optimizer(model, config)
    choose = random.Random(config.seed)  # noqa: S311
    model.train()
    started = time.monotonic()
    step = 0
    while (passed := (time.monotonic() - started) / 60 / config.auxiliary_minutes) < 1:
        chosen = choose.sample(range(len(items)), min(len(items), 160))
        packed = packer.pack([items[i].example for i in chosen])
        for group in runtime.batches([len(p.ids) for p in packed], tokens=config.tokens_per_batch):
            _set_rate(optimizer, _schedule(passed, config))
            batch = _hidden_tokens(runtime.collate([packed[i] for i in group], pad=packer.pad), packer, config)
            with precision.fast("cpu"):
                pooled = model.dropout(model.pooled(model.encode(batch), batch.focus))
            loss = _auxiliary_loss(model, pooled.float(), [items[chosen[i]] for i in group])
            _apply(model, optimizer, loss)
            step += 1
            if step % 50 == 0:
                log.info("auxiliary step %d, loss %.3f, %.0f%% of the time", step, loss.item(), 100 * passed)


def _auxiliary_loss(model: EmpathyModel, pooled: Tensor, items: Sequence[AuxiliaryItem]) -> Tensor:
    """Mean over the tasks in the batch of their binary cross-entropies."""
    losses = []
    for task in sorted({item.task for item in items}):
        rows = [row for row, item in enumerate(items) if item.task == task]
        gold = torch.tensor([items[row].targets for row in rows])
        share = math.sqrt(len(rows) / len(items))
        losses.append(
            share
            * F.binary_cross_entropy_with_logits(model.auxiliary[task](pooled[rows]), gold)
            * min(3, gold.shape[1])
        )
    return torch.stack(losses).sum()


def _optimizer(model: EmpathyModel, config: TrainConfig) -> torch.optim.Optimizer:
    learning = [(name, p) for name, p in model.named_parameters() if p.requires_grad]
    encoder = [p for name, p in learning if name.startswith("encoder.")]
    heads = [p for name, p in learning if not name.startswith("encoder.")]
    groups = [
        {"params": encoder, "lr": config.encoder_rate, "peak": config.encoder_rate},
        {"params": heads, "lr": config.head_rate, "peak": config.head_rate},
    ]
    return torch.optim.AdamW(groups, betas=(0.9, 0.98), weight_decay=config.weight_decay)


def _set_rate(optimizer: torch.optim.Optimizer, factor: float) -> None:
    for group in optimizer.param_groups:
        group["lr"] = group["peak"] * factor


def _schedule(share: float, config: TrainConfig) -> float:
    """Linear warm-up, then linear fall to a twentieth."""
    return min(1.0, (share + 1e-3) / config.warmup) * max(
        0.05, 1 - max(0.0, share - config.warmup) / (1 - config.warmup)
    )


def _apply(model: EmpathyModel, optimizer: torch.optim.Optimizer, loss: Tensor) -> None:
    optimizer.zero_grad(set_to_none=True)
    loss.backward()  # type: ignore[no-untyped-call]
    nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    optimizer.step()


@torch.no_grad()
def _average(average: EmpathyModel, model: EmpathyModel, keep: float) -> None:
    for mean, now in zip(average.parameters(), model.parameters(), strict=True):
        mean.lerp_(now, 1 - keep)

"""Pretraining of the encoder on packed text: one resumable command, on CUDA and on CPU.

Every batch is either read causally (each position predicts the next token) or masked (each masked token is predicted
from the position before it, with both sides in view). One network and one head learn from both: the causal half gives a
signal at every position, which is what a small budget needs; the masked half teaches the two-sided reading that the
classifier uses (Charpentier & Samuel 2024, "GPT or BERT: why not both?"). Matrices are trained with Muon, the rest with
AdamW; the learning rate is constant and decays in the last part of the given time, so a run can be continued from its
checkpoint on any day.
"""

from __future__ import annotations

import json
import logging
import math
import shutil
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F
from transformers import AutoTokenizer, ModernBertConfig, ModernBertModel, PreTrainedModel, PreTrainedTokenizerBase

from empathy_scan.model import precision

log = logging.getLogger(__name__)
PROBED_AT_ONCE, PROBE_RIDGE = 64, 30.0


@dataclass(frozen=True, slots=True)
class PretrainConfig:
    """How an encoder is pretrained."""

    layers: int = 4
    hidden: int = 256
    heads: int = 4
    intermediate: int = 512  # of each GeGLU half
    length: int = 128  # tokens of a sequence
    batch: int = 48  # sequences of a step
    causal_share: float = 0.5  # of the steps; the others are masked
    causal_positions: float = 0.3  # share of positions whose loss is taken in a causal step (the head costs most)
    mask_rate: float = 0.3
    matrix_rate: float = 0.02  # learning rate of Muon
    other_rate: float = 3e-3  # learning rate of AdamW: embeddings, norms
    warmup: int = 100  # steps
    decay: float = 0.2  # last part of the time in which the rate falls to zero
    compiled: bool = True  # where torch can compile
    checkpoint_seconds: int = 240
    seed: int = 1


def encoder_config(config: PretrainConfig, tokenizer: PreTrainedTokenizerBase) -> ModernBertConfig:
    """The encoder's dimensions; every layer attends to the whole sequence, which is short."""
    return ModernBertConfig(
        vocab_size=len(tokenizer),
        hidden_size=config.hidden,
        num_hidden_layers=config.layers,
        num_attention_heads=config.heads,
        intermediate_size=config.intermediate,
        max_position_embeddings=512,
        layer_types=["full_attention"] * config.layers,
        pad_token_id=tokenizer.pad_token_id,
        bos_token_id=tokenizer.cls_token_id,
        eos_token_id=tokenizer.sep_token_id,
        cls_token_id=tokenizer.cls_token_id,
        sep_token_id=tokenizer.sep_token_id,
        norm_eps=1e-5,
    )


class Batches:
    """Random windows of the packed tokens."""

    def __init__(self, path: Path, config: PretrainConfig, *, seed: int) -> None:
        self.tokens = np.memmap(path, dtype=np.uint16, mode="r")
        self.config = config
        self.choose = np.random.default_rng(seed)

    def __iter__(self) -> Iterator[Tensor]:
        length, batch = self.config.length + 1, self.config.batch
        while True:
            starts = self.choose.integers(0, len(self.tokens) - length, size=batch)
            yield torch.from_numpy(np.stack([self.tokens[s : s + length] for s in starts]).astype(np.int64))


def loss_of(
    encoder: PreTrainedModel, windows: Tensor, *, causal: bool, config: PretrainConfig, mask_token: int, special: int
) -> Tensor:
    """Mean cross-entropy of one batch of windows [B, T+1]; `special` is the number of tokens that are never masked."""
    inputs, targets = windows[:, :-1], windows[:, 1:]  # [B, T] each
    B, T = inputs.shape
    if causal:
        allowed = torch.ones(T, T, dtype=torch.bool, device=inputs.device).tril()[None, None].expand(B, 1, T, T)
        chosen = torch.rand(targets.shape, device=inputs.device) < config.causal_positions
    else:
        allowed = torch.ones(B, 1, T, T, dtype=torch.bool, device=inputs.device)
        masked = (torch.rand(windows.shape, device=inputs.device) < config.mask_rate) & (windows >= special)
        masked[:, 0] = False  # nothing stands before it that could predict it
        inputs = windows.masked_fill(masked, mask_token)[:, :-1]
        chosen = masked[:, 1:]
    hidden = encoder(input_ids=inputs, attention_mask=allowed).last_hidden_state  # [B, T, H]
    table = cast("Tensor", encoder.get_input_embeddings().weight)
    logits = hidden[chosen] @ table.T  # [chosen, V]
    return F.cross_entropy(logits.float(), targets[chosen])


def optimizers(encoder: nn.Module, config: PretrainConfig) -> list[torch.optim.Optimizer]:
    """Muon for the layers' matrices, AdamW for embeddings and norms; each group keeps its peak rate as `peak`."""
    matrices = [p for name, p in encoder.named_parameters() if p.ndim == 2 and "embeddings" not in name]
    others = [p for name, p in encoder.named_parameters() if p.ndim != 2 or "embeddings" in name]
    muon = torch.optim.Muon(matrices, lr=config.matrix_rate, momentum=0.95, weight_decay=0.01)
    adam = torch.optim.AdamW(others, lr=config.other_rate, betas=(0.9, 0.98), weight_decay=0.0)
    for optimizer in (muon, adam):
        for group in optimizer.param_groups:
            group["peak"] = group["lr"]
    return [muon, adam]


@precision.flushed_denormals()
def pretrain(packed: Path, out: Path, *, minutes: float, config: PretrainConfig | None = None) -> Path:
    """Trains for `minutes` from the checkpoint in `out` (or from scratch) and gives the encoder's directory.

    `packed` holds `tokens.u16` and `tokenizer/`, and perhaps `vectors.npy` to start the embeddings from. Writes
    `checkpoint.pt` every few minutes, `log.jsonl`, and at the end `encoder/`, which `train --backbone` takes. A killed
    run continues from its last checkpoint.
    """
    config = config or PretrainConfig()
    torch.manual_seed(config.seed)
    device = "cuda" if torch.cuda.is_available() else "cpu"
    tokenizer = AutoTokenizer.from_pretrained(packed / "tokenizer")
    encoder: PreTrainedModel = ModernBertModel(encoder_config(config, tokenizer))
    encoder.to(device)  # type: ignore[arg-type] # decorated by transformers
    _warm_start(encoder, packed / "vectors.npy")
    optimizer = optimizers(encoder, config)
    out.mkdir(parents=True, exist_ok=True)
    step = _resume(out, encoder, optimizer)
    batches = iter(Batches(packed / "tokens.u16", config, seed=config.seed + step))
    compiled = cast("PreTrainedModel", torch.compile(encoder)) if config.compiled and _compiles(device) else encoder
    started = saved = time.monotonic()
    losses: dict[bool, list[float]] = {True: [], False: []}
    special = len(tokenizer.all_special_ids)
    first = step
    while (passed := time.monotonic() - started) < minutes * 60:
        rate = _rate(step - first, passed / (minutes * 60), config)
        for each in optimizer:
            for group in each.param_groups:
                group["lr"] = group["peak"] * rate
        causal = bool(torch.rand(()) < config.causal_share)
        with precision.fast(device):
            loss = loss_of(
                compiled, next(batches).to(device), causal=causal, config=config,
                mask_token=tokenizer.mask_token_id, special=special,
            )  # fmt: skip
        for each in optimizer:
            each.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(encoder.parameters(), 1.0)
        for each in optimizer:
            each.step()
        losses[causal].append(loss.item())
        step += 1
        if step % 50 == 0:
            _log(out, step, config, losses, passed)
            losses = {True: [], False: []}
        if time.monotonic() - saved > config.checkpoint_seconds and rate == 1.0:
            _checkpoint(out, step, encoder, optimizer)
            _log_probe(out, step, encoder, packed / "probe.json", pad=tokenizer.pad_token_id)
            saved = time.monotonic()
    encoder.save_pretrained(out / "encoder")
    tokenizer.save_pretrained(out / "encoder")
    _log_probe(out, step, encoder, packed / "probe.json", pad=tokenizer.pad_token_id)
    return out / "encoder"


def _compiles(device: str) -> bool:
    """Whether torch can compile the encoder here: always on CUDA, on a CPU where there is a C++ compiler."""
    return device == "cuda" or shutil.which("g++") is not None


def _warm_start(encoder: PreTrainedModel, vectors: Path) -> None:
    """Starts the embeddings from skip-gram vectors [V, H] where there are some of the right shape."""
    if not vectors.exists():
        return
    table = cast("Tensor", encoder.get_input_embeddings().weight)
    learned = torch.from_numpy(np.load(vectors))
    if learned.shape == table.shape:
        with torch.no_grad():
            table.copy_(learned)


def _rate(steps: int, share: float, config: PretrainConfig) -> float:
    """Factor on the learning rate: a short warm-up, constant, then a square-root fall in the last part of the time."""
    if share > 1 - config.decay:
        return max(0.0, 1 - math.sqrt((share - 1 + config.decay) / config.decay))
    return min(1.0, (steps + 1) / config.warmup)


def _log(out: Path, step: int, config: PretrainConfig, losses: dict[bool, list[float]], seconds: float) -> None:
    means = {
        name: round(float(np.mean(losses[key])), 4)
        for name, key in (("causal", True), ("masked", False))
        if losses[key]
    }
    _write(out, {"step": step, "tokens": step * config.batch * config.length, "seconds": round(seconds), **means})


def probe(encoder: PreTrainedModel, turns: Sequence[tuple[list[int], int]], *, pad: int) -> float:
    """Macro-F1 of a ridge regression on the encoder's mean vectors: how much of the labels it holds already.

    `turns` are token ids with a class each; the first half teaches the regression, the second half is scored.
    """
    encoder.eval()  # type: ignore[no-untyped-call]
    vectors = []
    device = next(encoder.parameters()).device
    with torch.inference_mode():
        for start in range(0, len(turns), PROBED_AT_ONCE):
            given = [torch.tensor(ids) for ids, _ in turns[start : start + PROBED_AT_ONCE]]
            ids = nn.utils.rnn.pad_sequence(given, batch_first=True, padding_value=pad).to(device)
            held = (ids != pad).long()
            hidden = encoder(input_ids=ids, attention_mask=held).last_hidden_state.float()
            vectors.append(((hidden * held.unsqueeze(-1)).sum(1) / held.sum(1, keepdim=True)).cpu())
    encoder.train()
    known = torch.cat(vectors)
    known = torch.cat([(known - known.mean(0)) / known.std(0).clamp(min=1e-6), torch.ones(len(known), 1)], dim=1)
    label = torch.tensor([code for _, code in turns])
    half = len(turns) // 2
    wanted = F.one_hot(label, int(label.max()) + 1).float()
    left = known[:half].T @ known[:half] + PROBE_RIDGE * torch.eye(known.shape[1])
    said = (known[half:] @ torch.linalg.solve(left, known[:half].T @ wanted[:half])).argmax(1)
    truth = label[half:]
    f1 = [
        2 * int(((said == k) & (truth == k)).sum()) / max(1, int((said == k).sum() + (truth == k).sum()))
        for k in range(wanted.shape[1])
    ]
    return float(np.mean(f1))


def _log_probe(out: Path, step: int, encoder: PreTrainedModel, path: Path, *, pad: int) -> None:
    """Logs the probe's score, where the packed text came with a probe."""
    if path.exists():
        turns = [(ids, code) for ids, code in json.loads(path.read_text(encoding="utf-8"))]
        _write(out, {"step": step, "probe": round(probe(encoder, turns, pad=pad), 4)})


def _write(out: Path, row: dict[str, float]) -> None:
    with (out / "log.jsonl").open("a", encoding="utf-8") as file:
        file.write(json.dumps(row) + "\n")
    log.info("pretraining %s", row)


def _checkpoint(out: Path, step: int, encoder: nn.Module, optimizer: list[torch.optim.Optimizer]) -> None:
    state = {"step": step, "encoder": encoder.state_dict(), "optimizer": [each.state_dict() for each in optimizer]}
    torch.save(state, out / "checkpoint.tmp")
    (out / "checkpoint.tmp").replace(out / "checkpoint.pt")


def _resume(out: Path, encoder: nn.Module, optimizer: list[torch.optim.Optimizer]) -> int:
    """Loads the checkpoint, if there is one, and gives its step."""
    if not (out / "checkpoint.pt").exists():
        return 0
    state = torch.load(out / "checkpoint.pt", map_location="cpu", weights_only=True)
    encoder.load_state_dict(state["encoder"])
    for each, saved in zip(optimizer, state["optimizer"], strict=True):
        each.load_state_dict(saved)
    return int(state["step"])

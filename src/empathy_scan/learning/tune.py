"""Fine-tuning of a bundle on reviewed turns: small steps, few of them, and held to what the model knew before.

A few hundred turns are soon learnt by heart, and much else forgotten meanwhile. Three things hold the weights: each
step also draws them back to where they started (L2-SP; Li et al. 2018, "Explicit inductive bias for transfer"), a
third of what is read are turns that nobody has labelled, on which the old model's own chances are the truth
(self-distillation; Li and Hoiem 2016, "Learning without forgetting"), and the phrase table stays as it is.
"""

from __future__ import annotations

import copy
import logging
import random
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812 - its usual name

from empathy_scan.learning.lessons import Lessons
from empathy_scan.model import precision, runtime
from empathy_scan.model.bundle import Bundle
from empathy_scan.model.decisions import FIRST, HEADS
from empathy_scan.model.examples import Item, segments_of
from empathy_scan.model.network import EmpathyModel
from empathy_scan.model.tokens import Packed, Packer
from empathy_scan.model.train import strongest
from empathy_scan.stats import Numbers

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class TuneConfig:
    """How a bundle is fine-tuned."""

    epochs: float = 4.0  # over the reviewed turns
    minutes: float = 20.0  # at most; where they end it, the result depends on the machine
    turns_per_batch: int = 16
    encoder_rate: float = 1.5e-4
    head_rate: float = 1e-3
    anchor: float = 0.01  # share of the way back to the starting weights at each full step
    rehearsal: float = 0.5  # unlabelled turns read for each reviewed one
    keep: float = 1.0  # weight of the old model's chances on them
    trim: float = 2.0  # no turn counts more than so many times the average, or less than one over it
    seed: int = 1


def turn_logits(model: EmpathyModel, packer: Packer, items: Sequence[Item]) -> Numbers:
    """Logits [n, 14] of turns: of each flag the strongest of its segments', of tones those of the harshest one."""
    segments, owner = segments_of(items)
    found = torch.from_numpy(runtime.logits(model, packer, segments))
    return np.asarray(strongest(found, torch.tensor(owner, dtype=torch.int64), len(items)).numpy(), dtype=np.float64)


@precision.flushed_denormals()
def tune(bundle: Bundle, lessons: Lessons, unlabelled: Sequence[Item], config: TuneConfig) -> EmpathyModel:
    """A copy of the bundle's network that has learnt from lessons; deterministic for a seed and a number of threads."""
    torch.manual_seed(config.seed)
    items = [*lessons.items, *unlabelled]
    truth, weights = _targets(bundle, lessons, unlabelled, config)
    packed = [bundle.packer.pack(item.segments) for item in items]
    start = bundle.model
    model: EmpathyModel = copy.deepcopy(start)
    optimizer, anchors = _optimizer(model, start, config)
    steps = max(1, round(config.epochs * len(lessons) / config.turns_per_batch))
    batches = _batches(len(lessons), len(unlabelled), config)
    model.train()
    started = time.monotonic()
    for step in range(steps):
        if time.monotonic() - started > 60 * config.minutes:
            log.warning("training ended by its time after %d of %d steps", step, steps)
            break
        rate = min(1.0, (step + 1) / (0.1 * steps)) * max(0.05, 1 - step / steps)
        for group in optimizer.param_groups:
            group["lr"] = group["peak"] * rate
        chosen = next(batches)
        logits = _logits(model, bundle.packer, [packed[at] for at in chosen])
        loss = _loss(logits, truth[chosen], weights[chosen])
        optimizer.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        _draw_back(anchors, config.anchor * rate)
        if step % 20 == 0:
            log.info("fine-tuning step %d of %d, loss %.3f", step, steps, loss.item())
    return model.eval()  # type: ignore[no-any-return, no-untyped-call]


def _targets(bundle: Bundle, lessons: Lessons, unlabelled: Sequence[Item], config: TuneConfig) -> tuple[Tensor, Tensor]:
    """Shares [n, 14], NaN where unknown, and the weight of each turn [n]: reviewed ones, then unlabelled ones."""
    weights = np.clip(np.sqrt(lessons.weights), 1 / config.trim, config.trim)
    weights = weights / weights.mean()
    truth = [lessons.truth]
    if unlabelled:
        logits = turn_logits(bundle.model, bundle.packer, unlabelled)
        truth.append(_of_role(_chances(logits), unlabelled))
    whole = np.concatenate(truth)
    each = np.concatenate([weights, np.full(len(unlabelled), config.keep)])
    return torch.tensor(whole, dtype=torch.float32), torch.tensor(each, dtype=torch.float32)


def _chances(logits: Numbers) -> Numbers:
    """What logits [n, 14] say without temperatures."""
    found = np.empty_like(logits)
    for head, size in HEADS.items():
        own = slice(FIRST[head], FIRST[head] + size)
        part = torch.from_numpy(logits[:, own])
        found[:, own] = (part.sigmoid() if head in ("flags", "attacks") else part.softmax(-1)).numpy()
    return found


def _of_role(chances: Numbers, items: Sequence[Item]) -> Numbers:
    """The chances of what is asked of each turn's role; NaN elsewhere."""
    found = chances.copy()
    agent = np.array([item.role == "agent" for item in items], dtype=np.bool_)
    for head, size in HEADS.items():
        own = slice(FIRST[head], FIRST[head] + size)
        found[~agent if head in ("flags", "agent_tone") else agent, own] = np.nan
    return found


def _optimizer(
    model: EmpathyModel, start: EmpathyModel, config: TuneConfig
) -> tuple[torch.optim.Optimizer, list[tuple[Tensor, Tensor]]]:
    """The optimizer of all weights but the phrase table's, and each of them beside where it started."""
    encoder: list[Tensor] = []
    heads: list[Tensor] = []
    anchors: list[tuple[Tensor, Tensor]] = []
    origin = dict(start.named_parameters())
    for name, weight in model.named_parameters():
        weight.requires_grad_(not name.startswith("phrases"))
        if weight.requires_grad:
            (encoder if name.startswith("encoder.") else heads).append(weight)
            anchors.append((weight, origin[name].detach()))
    groups = [
        {"params": encoder, "lr": config.encoder_rate, "peak": config.encoder_rate},
        {"params": heads, "lr": config.head_rate, "peak": config.head_rate},
    ]
    return torch.optim.AdamW(groups, betas=(0.9, 0.98), weight_decay=0.0), anchors


@torch.no_grad()
def _draw_back(anchors: Sequence[tuple[Tensor, Tensor]], share: float) -> None:
    for weight, origin in anchors:
        weight.lerp_(origin, share)


def _batches(reviewed: int, unlabelled: int, config: TuneConfig) -> Iterator[list[int]]:
    """Places of turns: reviewed ones in random order, each once before any comes again, and unlabelled ones."""
    choose = random.Random(config.seed)  # noqa: S311 - a shuffle
    beside = round(config.rehearsal * config.turns_per_batch) if unlabelled else 0
    while True:
        order = choose.sample(range(reviewed), reviewed)
        for start in range(0, reviewed, config.turns_per_batch):
            others = [reviewed + choose.randrange(unlabelled) for _ in range(beside)]
            yield [*order[start : start + config.turns_per_batch], *others]


def _logits(model: EmpathyModel, packer: Packer, parts: Sequence[Sequence[Packed]]) -> Tensor:
    """Logits [n, 14] of turns from those of their segments, in training."""
    owner = torch.tensor([turn for turn, segments in enumerate(parts) for _ in segments])
    found = model(runtime.collate([one for segments in parts for one in segments], pad=packer.pad))["all"]
    return strongest(found.float(), owner, len(parts))


def _loss(logits: Tensor, truth: Tensor, weights: Tensor) -> Tensor:
    """The sum of the heads' mean losses, each over what is known of the turns."""
    whole = logits.sum() * 0.0
    for head, size in HEADS.items():
        own = slice(FIRST[head], FIRST[head] + size)
        part, told = logits[:, own], truth[:, own]
        known = ~told.isnan()
        if not known.any():
            continue
        filled = told.nan_to_num()
        if head in ("flags", "attacks"):
            each = F.binary_cross_entropy_with_logits(part, filled, reduction="none") * known
            worth = known.float()
        else:
            each = -(filled * part.log_softmax(-1)).sum(-1, keepdim=True) * known[:, :1]
            worth = known[:, :1].float()
        scale = 2.0 if head == "flags" else 1.0
        whole = whole + scale * (each * weights[:, None]).sum() / (worth * weights[:, None]).sum().clamp(min=1e-6)
    return whole

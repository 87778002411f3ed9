"""How near the small encoder comes to published figures on three public sets: evaluation only, never shipped.

    python benchmarks/transfer.py --backbone build/encoder/encoder --corpora CORPORA --minutes 10 --baseline --fresh

`--backbone` is what `make pretrain` wrote; CORPORA is laid out as data/training/README.md says. Per task the encoder is
trained until `--minutes` or `--epochs` are over, whichever comes first; only a run that ends by epochs can be repeated
exactly. `--fresh` does the same from random weights, so that the difference is what pretraining gave; `--baseline` adds
a logistic regression on TF-IDF of the same rows. `--rows 300 --minutes 0.2` shows within a minute that all runs.

Prints macro-F1 with 95% intervals (1,000 bootstrap resamples, of seeker posts for EPITOME, of rows otherwise) beside
published figures of encoders of 110 million parameters and more. An interval holds the chance of the test rows, not
that of the training seed.
"""

from __future__ import annotations

import argparse
import copy
import logging
import random
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from public_sets import TASKS, Rows, Task, read
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from threadpoolctl import threadpool_limits
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812 - as everywhere in torch
from transformers import AutoModel, PreTrainedModel

from empathy_scan.model import precision, runtime
from empathy_scan.model.network import Batch
from empathy_scan.model.tokens import Packer
from empathy_scan.model.train import TrainConfig, new_model

log = logging.getLogger("transfer")
RESAMPLES = 1000
ENCODER_RATE, HEAD_RATE, WARMUP, KEEP, TOKEN_DROP = 4e-4, 2e-3, 0.06, 0.998, 0.10  # as in TrainConfig
TOKENS, POOL = 3072, 1024  # padded tokens of a step; rows that are sorted by length together
CUTS = np.linspace(0.05, 0.9, 35)  # thresholds tried on the dev split
Judge = Callable[[Rows], np.ndarray]  # probabilities [n, K, C]


@dataclass(frozen=True, slots=True)
class Settings:
    """How long and from which seed a network is trained."""

    minutes: float
    epochs: float
    seed: int


class Network(nn.Module):
    """An encoder with one output per class, each looking at the focus with its own query, as EmpathyModel does."""

    def __init__(self, encoder: PreTrainedModel, outputs: int) -> None:
        super().__init__()
        hidden = int(encoder.config.hidden_size)
        self.encoder, self.dropout = encoder, nn.Dropout(0.1)
        self.queries = nn.Linear(hidden, outputs, bias=False)
        self.values = nn.Parameter(torch.zeros(outputs, hidden))
        self.summary = nn.Linear(2 * hidden, outputs)

    def forward(self, batch: Batch) -> Tensor:
        """Logits [B, K * C]."""
        states = self.encoder(input_ids=batch.ids, attention_mask=batch.attended.long()).last_hidden_state
        hidden = self.dropout(states)  # [B, T, H]
        focus = batch.focus.unsqueeze(-1)  # [B, T, 1]
        attention = self.queries(hidden).masked_fill(~focus, -1e4).softmax(dim=1)
        looked_at = torch.einsum("btl,bth,lh->bl", attention, hidden, self.values)
        mean = (hidden * focus).sum(1) / focus.sum(1)
        whole: Tensor = self.summary(torch.cat([mean, hidden[:, 0]], dim=-1))
        return looked_at + whole


def tune(network: Network, packer: Packer, known: Rows, *, exclusive: bool, settings: Settings) -> Network:
    """The network trained on rows: the average of its last weights (EMA)."""
    packed = packer.pack(known.examples)
    gold = torch.from_numpy(known.gold).float()
    weights = (1 / (gold.shape[2] * gold.mean(0).clamp(min=1 / len(gold)))).sqrt()  # rare classes count in macro-F1
    optimizer, average = _optimizer(network), copy.deepcopy(network).eval()
    started, seen, step, share = time.monotonic(), 0, 0, 0.0
    network.train()
    for group in _groups([len(one.ids) for one in packed], seed=settings.seed):
        share = max(seen / len(packed) / settings.epochs, (time.monotonic() - started) / 60 / settings.minutes)
        if share >= 1:
            break
        for parameters in optimizer.param_groups:
            parameters["lr"] = parameters["peak"] * min((share + 1e-3) / WARMUP, 1 - share)
        batch = _hidden_tokens(runtime.collate([packed[row] for row in group], pad=packer.pad), packer)
        loss = _loss(network(batch), gold[group], weights, exclusive=exclusive)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        optimizer.step()
        _average(average, network, min(KEEP, (step + 1) / (step + 10)))
        seen, step = seen + len(group), step + 1
    log.info("%d steps, %.1f epochs, %.0f s", step, seen / len(packed), time.monotonic() - started)
    return average


def _optimizer(network: Network) -> torch.optim.Optimizer:
    heads = [p for name, p in network.named_parameters() if not name.startswith("encoder.")]
    groups = [
        {"params": list(network.encoder.parameters()), "peak": ENCODER_RATE},
        {"params": heads, "peak": HEAD_RATE},
    ]
    return torch.optim.AdamW(groups, lr=ENCODER_RATE, betas=(0.9, 0.98), weight_decay=0.01)


def _groups(lengths: Sequence[int], *, seed: int) -> Iterator[list[int]]:
    """Batches of similar length without end, every row once in an epoch."""
    choose = random.Random(seed)  # noqa: S311 - a shuffle
    while True:
        order = choose.sample(range(len(lengths)), len(lengths))
        groups = []
        for start in range(0, len(order), POOL):
            pool = order[start : start + POOL]
            groups += [[pool[at] for at in g] for g in runtime.batches([lengths[i] for i in pool], tokens=TOKENS)]
        choose.shuffle(groups)
        yield from groups


def _hidden_tokens(batch: Batch, packer: Packer) -> Batch:
    """The batch with a share of its words hidden behind the mask token, where the tokenizer has one."""
    if packer.tokenizer.mask_token_id is None:
        return batch
    special = torch.isin(batch.ids, torch.tensor(packer.tokenizer.all_special_ids))
    hide = (torch.rand(batch.ids.shape) < TOKEN_DROP) & ~special
    return Batch(batch.ids.masked_fill(hide, packer.tokenizer.mask_token_id), batch.attended, batch.focus)


def _loss(logits: Tensor, gold: Tensor, weights: Tensor, *, exclusive: bool) -> Tensor:
    """Cross-entropy of each measure by class weights, or binary cross-entropy of each label, summed over them."""
    logits = logits.view(gold.shape)  # [B, K, C]
    if exclusive:
        return -(gold * weights * logits.log_softmax(-1)).sum((1, 2)).mean()
    return F.binary_cross_entropy_with_logits(logits, gold, reduction="none").sum((1, 2)).mean()


@torch.no_grad()
def _average(average: Network, network: Network, keep: float) -> None:
    for mean, now in zip(average.parameters(), network.parameters(), strict=True):
        mean.lerp_(now, 1 - keep)


def judged(network: Network, packer: Packer, rows: Rows) -> np.ndarray:
    """Probabilities [n, K, C] of labels on their own; of exclusive classes the greatest is still the greatest."""
    packed = packer.pack(rows.examples)
    found = np.zeros(rows.gold.shape, dtype=np.float32)
    with torch.inference_mode():
        for group in runtime.batches([len(one.ids) for one in packed], tokens=2 * TOKENS):
            logits = network(runtime.collate([packed[row] for row in group], pad=packer.pad))
            found[group] = logits.sigmoid().numpy().reshape(-1, *rows.gold.shape[1:])
    return found


def tuned(task: Task, known: Rows, options: argparse.Namespace, *, fresh: bool) -> Judge:
    """A judge made of the encoder, or of one like it with random weights, trained on the rows."""
    model, tokenizer = new_model(options.backbone, TrainConfig(phrases=0, seed=options.seed))
    packer = Packer(tokenizer, max_length=256, max_focus=176)  # nine in ten EPITOME posts and responses fit in full
    torch.manual_seed(options.seed)
    encoder = AutoModel.from_config(model.encoder.config) if fresh else model.encoder  # type: ignore[no-untyped-call]
    log.info("an encoder of %.1f million parameters", sum(p.numel() for p in encoder.parameters()) / 1e6)
    network = Network(encoder, int(np.prod(known.gold.shape[1:])))
    settings = Settings(options.minutes, options.epochs, options.seed)
    average = tune(network, packer, known, exclusive=task.exclusive, settings=settings)
    return lambda rows: judged(average, packer, rows)


def baseline(task: Task, known: Rows) -> Judge:
    """A judge made of logistic regressions on words and pairs of words: one per measure, or one per label."""
    vectorizer = TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True, min_df=2)
    inputs = vectorizer.fit_transform([example.text for example in known.examples])
    _, measures, classes = known.gold.shape

    def judge(rows: Rows) -> np.ndarray:
        asked = vectorizer.transform([example.text for example in rows.examples])
        if task.exclusive:
            columns = [known.gold[:, measure].argmax(-1) for measure in range(measures)]
            return np.stack([_regression(inputs, column, asked, classes) for column in columns], axis=1)
        labels = known.gold.reshape(-1, measures * classes).T.astype(int)
        found = np.stack([_regression(inputs, label, asked, 2)[:, 1] for label in labels], axis=1)
        return found.reshape(-1, measures, classes)

    return judge


def _regression(inputs: Any, labels: np.ndarray, asked: Any, classes: int) -> np.ndarray:  # noqa: ANN401 - scipy sparse
    """Probabilities [n, classes]; all on the one class where there is only one."""
    found = np.zeros((asked.shape[0], classes))
    if len(present := np.unique(labels)) == 1:
        found[:, present] = 1
        return found
    with threadpool_limits(1, "blas"):  # vectors this short only make the threads of BLAS wait for each other
        model = LogisticRegression(C=10.0, class_weight="balanced", max_iter=1000).fit(inputs, labels)
        found[:, present] = model.predict_proba(asked)
    return found


def decided(task: Task, judge: Judge, parts: dict[str, Rows]) -> np.ndarray:
    """What is found in the test part [n, K, C]: the likeliest class, or labels above their thresholds."""
    scores = judge(parts["test"])
    if task.exclusive:
        likeliest: np.ndarray = np.arange(scores.shape[2]) == scores.argmax(-1)[..., None]
        return likeliest
    dev = judge(parts["dev"])
    by_cut = np.stack([f1(*counts(parts["dev"].gold, dev > cut)) for cut in CUTS])  # [cuts, K, C]
    found: np.ndarray = scores > CUTS[by_cut.argmax(0)]
    return found


def counts(gold: np.ndarray, found: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Hits, and gold and found together, of each class [K, C]."""
    return (gold & found).sum(0), gold.sum(0) + found.sum(0)


def f1(hits: np.ndarray, total: np.ndarray) -> np.ndarray:
    """F1 by class; 0 where a class is neither there nor found."""
    found: np.ndarray = np.divide(2 * hits, total, out=np.zeros(hits.shape), where=total > 0)
    return found


def figures(rows: Rows, found: np.ndarray) -> np.ndarray:
    """Macro-F1 of each measure with the ends of its interval [3, K]; whole owners are resampled."""
    owners, place = np.unique(rows.owner, return_inverse=True)
    sums = np.zeros((2, len(owners), *found.shape[1:]))
    np.add.at(sums[0], place, rows.gold & found)
    np.add.at(sums[1], place, rows.gold.astype(int) + found)
    draws = np.random.default_rng(1).multinomial(len(owners), np.full(len(owners), 1 / len(owners)), size=RESAMPLES)
    drawn = f1(*(np.tensordot(draws, each, axes=1) for each in sums)).mean(-1)  # [RESAMPLES, K]
    value = f1(*counts(rows.gold, found)).mean(-1)
    return np.stack([value, *np.percentile(drawn, [2.5, 97.5], axis=0)])


def compare(name: str, options: argparse.Namespace) -> None:
    """Prints the rows of the table for one set."""
    task = TASKS[name]
    parts = read(options.corpora, task, options.rows)
    known, test = parts["train"], parts["test"]
    methods: dict[str, Callable[[], Judge]] = {"pretrained": lambda: tuned(task, known, options, fresh=False)}
    if options.fresh:
        methods["random start"] = lambda: tuned(task, known, options, fresh=True)
    if options.baseline:
        methods["TF-IDF"] = lambda: baseline(task, known)
    for method, make in methods.items():
        log.info("%s, %s, %d rows to train on", name, method, len(known.examples))
        values = figures(test, decided(task, make(), parts))
        for (measure, published), (value, low, high) in zip(task.published.items(), values.T, strict=True):
            told = f"{value:.3f} ({low:.3f} to {high:.3f}) | {published:.3f} | {value / published:.2f}"
            print(f"| {name} | {measure} | {method} | {len(test.examples)} | {told} |", flush=True)


@precision.flushed_denormals()
def main() -> None:
    """Parses the command line and prints the table with its notes."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--backbone", type=Path, required=True)
    parser.add_argument("--corpora", type=Path, required=True)
    parser.add_argument("--tasks", nargs="+", choices=TASKS, default=list(TASKS))
    parser.add_argument("--minutes", type=float, default=10.0, help="at most, per task and training")
    parser.add_argument("--epochs", type=float, default=10.0, help="at most")
    parser.add_argument("--seed", type=int, default=1, help="of the training; the splits stay")
    parser.add_argument("--rows", type=int, help="that many rows of each set, for a trial")
    parser.add_argument("--baseline", action="store_true", help="TF-IDF and logistic regression too")
    parser.add_argument("--fresh", action="store_true", help="the same encoder from random weights too")
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    torch.set_num_threads(options.threads)
    print("| set | measure | method | test rows | macro-F1 (95% interval) | published | ratio |")
    print("|---|---|---|---:|---|---:|---:|")
    for name in options.tasks:
        compare(name, options)
    for name in options.tasks:
        print(f"\n{name}: {TASKS[name].note}")


if __name__ == "__main__":
    main()

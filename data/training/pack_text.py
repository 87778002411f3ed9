"""Packs open text for pretraining: trains the tokenizer and writes every token into one file of unsigned 16-bit ids.

    python data/training/pack_text.py CORPORA OUT [--size 8192] [--written data/training/authored]

CORPORA is a folder of gzip JSON Lines, one record a line, with `turns`, or `text` and perhaps `context`. Only corpora
named in SHARES are read; each has its share of the stream (repeated or thinned), so that service talk outweighs fiction
and templates. Written conversations that are held out for evaluation are left out here too.
OUT gets `tokenizer/`, `tokens.u16` and `probe.json`: agents' turns of the written conversations with their care class,
on which pretraining shows what the encoder has learned so far. Documents end with [SEP]; turns begin with their
speaker's marker. `--tokenizer` keeps the tokenizer of an earlier run, so that a checkpoint can go on with more text.
"""

from __future__ import annotations

import argparse
import gzip
import json
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from transformers import AutoTokenizer

from empathy_scan.codebook import CareClass, care_class
from empathy_scan.model import tokens
from empathy_scan.model.splits import split_of_written

# How often a corpus is read; below 1, that share of its documents.
SHARES = {
    "abcd_sample": 3.0, "bcontrast_tm1": 1.0, "casino": 1.0, "convabuse": 1.0, "cucom_ecommerce_synthetic": 0.6,
    "davidson_hate_offensive": 1.0, "empathic_reactions": 1.0, "github_incivility": 1.0, "goemotions": 2.0,
    "harper_valley_sample": 3.0, "ibm_twitter_care": 4.0, "irc_help": 0.1, "ms_ckm_synthetic": 2.0,
    "multidogo_customer": 1.0, "positive_frames": 2.0, "qmsum_meetings": 0.25, "sgd": 0.1,
    "standard_ebooks_dialogue_fiction": 0.3, "stanford_politeness_stackexchange": 2.0,
    "stanford_politeness_wikipedia": 2.0, "star": 0.3, "surge_toxicity": 2.0, "taskmaster4_coffee": 0.5, "woz2": 0.4,
}  # fmt: skip
WRITTEN_SHARE = 6.0
PROBED, PROBE_LENGTH = 1600, 64  # turns, and tokens of a turn
SHARD = 20_000  # documents tokenized at a time


def records(path: Path) -> Iterator[dict[str, Any]]:
    """The records of a (gzip) JSON Lines file."""
    with gzip.open(path, "rt", encoding="utf-8") if path.suffix == ".gz" else path.open(encoding="utf-8") as lines:
        for line in lines:
            yield json.loads(line)


def rendered(record: dict[str, Any]) -> str:
    """A record as the text the encoder reads: speaker markers before turns, plain text otherwise."""
    if "turns" in record:
        return "".join(
            tokens.MARKERS.get(turn["role"], "") + tokens.mark_shouting(turn["text"]) for turn in record["turns"]
        )
    context = record.get("context") or []
    earlier = [context] if isinstance(context, str) else [c if isinstance(c, str) else c[1] for c in context]
    return "\n".join(tokens.mark_shouting(str(text)) for text in [*earlier, record["text"]])


def documents(corpora: Path, written: Path | None, *, seed: int) -> list[str]:
    """All documents by their shares, shuffled."""
    choose = random.Random(seed)  # noqa: S311 - a shuffle
    folders = [(corpora / f"{name}.jsonl.gz", share) for name, share in SHARES.items()]
    if written is not None:
        folders += [(path, WRITTEN_SHARE) for path in sorted(written.glob("*.jsonl"))]
    found: list[str] = []
    for path, share in folders:
        texts = [
            rendered(record)
            for record in records(path)
            if split_of_written(str(record.get("scenario")), path.stem) == "train"
        ]
        whole = int(share)
        found += texts * whole + [text for text in texts if choose.random() < share - whole]
    choose.shuffle(found)
    return found


def probe_turns(written: Path) -> list[tuple[str, int]]:
    """Agents' turns of the written training conversations with their care class, by a fixed shuffle."""
    classes = list(CareClass)
    found = [
        (tokens.MARKERS["agent"] + tokens.mark_shouting(turn["text"]), classes.index(care_class(turn["flags"])))
        for path in sorted(written.glob("*.jsonl"))
        for record in records(path)
        if split_of_written(str(record.get("scenario")), path.stem) == "train"
        for turn in record["turns"]
        if turn["role"] == "agent"
    ]
    random.Random(1).shuffle(found)  # noqa: S311
    return found[:PROBED]


def main() -> None:
    """Trains the tokenizer and packs the text."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("corpora", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--written", type=Path)
    parser.add_argument("--size", type=int, default=20_480)
    parser.add_argument("--tokenizer", type=Path)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    texts = documents(options.corpora, options.written, seed=options.seed)
    choose = random.Random(options.seed)  # noqa: S311
    if options.tokenizer:
        tokenizer = AutoTokenizer.from_pretrained(options.tokenizer)
    else:
        tokenizer = tokens.train_tokenizer(choose.sample(texts, min(len(texts), 90_000)), size=options.size)
    options.out.mkdir(parents=True, exist_ok=True)
    tokenizer.save_pretrained(options.out / "tokenizer")
    end = tokenizer.sep_token_id
    with (options.out / "tokens.u16").open("wb") as file:
        count = 0
        for start in range(0, len(texts), SHARD):
            encoded = tokenizer(texts[start : start + SHARD], add_special_tokens=False, return_attention_mask=False)
            ids = np.array([i for document in encoded["input_ids"] for i in (*document, end)], dtype=np.uint16)
            ids.tofile(file)
            count += len(ids)
    if options.written is not None:
        turns = probe_turns(options.written)
        ids = tokenizer([text for text, _ in turns], add_special_tokens=False)["input_ids"]
        rows = [(one[:PROBE_LENGTH], code) for one, (_, code) in zip(ids, turns, strict=True)]
        (options.out / "probe.json").write_text(json.dumps(rows), encoding="utf-8")
    print(f"{len(texts)} documents, {count} tokens, vocabulary {len(tokenizer)}")


if __name__ == "__main__":
    main()

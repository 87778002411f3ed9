"""How varied the written conversations are, and how well a model tells them from real ones.

    python data/training/measure_text.py data/training/authored [--corpora CORPORA]

Prints, per file and in all: distinct 1-, 2- and 3-grams per 10,000 words drawn (the same number for every file, so that
files of different size compare), pairs of conversations that are near-duplicates (Jaccard of 4-word shingles above
0.2; replies of one contrast situation share their opening and are not compared), the commonest openings of agents'
turns and 4-word phrases, by the share of conversations that hold them. With --corpora also the cross-validated AUC of
TF-IDF and logistic regression at telling an agent's turn of ours from one of the labelled real corpora: 0.5 would be
indistinguishable, 1.0 says that every turn gives itself away.
"""

from __future__ import annotations

import argparse
import gzip
import json
import random
import re
from collections import Counter, defaultdict
from itertools import combinations
from pathlib import Path
from typing import Any

from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import StratifiedGroupKFold, cross_val_predict
from sklearn.pipeline import make_pipeline

DRAWN = 10_000  # words per file for distinct n-grams
SHINGLE, NEAR = 4, 0.2
REAL = ("cucom_ecommerce_synthetic", "ibm_twitter_care", "ms_ckm_synthetic", "star", "bcontrast_tm1")
Conversation = dict[str, Any]


def words(text: str) -> list[str]:
    """The words of a text, in lower case."""
    return re.findall(r"[a-z0-9']+", text.lower())


def grams(tokens: list[str], size: int) -> set[tuple[str, ...]]:
    """The different runs of `size` words."""
    return {tuple(tokens[at : at + size]) for at in range(len(tokens) - size + 1)}


def read(path: Path) -> list[Conversation]:
    """The conversations of a file; of a contrast situation the opening once and then every reply."""
    found: dict[str, Conversation] = {}
    for line in path.read_text(encoding="utf-8").splitlines():
        conversation = json.loads(line)
        kept = found.setdefault(f"{path.stem} {conversation['scenario']}", {**conversation, "turns": []})
        known = {turn["text"] for turn in kept["turns"]}
        kept["turns"] = kept["turns"] + [turn for turn in conversation["turns"] if turn["text"] not in known]
    return list(found.values())


def distinct(conversations: list[Conversation]) -> list[float]:
    """Different n-grams, n = 1 to 3, per word of a draw of turns."""
    turns = [turn["text"] for conversation in conversations for turn in conversation["turns"]]
    random.Random(1).shuffle(turns)  # noqa: S311
    drawn: list[str] = []
    for text in turns:
        drawn += words(text)
    drawn = drawn[:DRAWN]
    return [len(grams(drawn, size)) / max(1, len(drawn)) for size in (1, 2, 3)]


def near_duplicates(conversations: list[Conversation]) -> list[tuple[str, str, float]]:
    """Pairs of conversations whose shingles overlap more than NEAR; only pairs that share a shingle are looked at."""
    shingles = {
        str(one["conversation_id"]): grams(words(" ".join(turn["text"] for turn in one["turns"])), SHINGLE)
        for one in conversations
    }
    holders: defaultdict[tuple[str, ...], list[str]] = defaultdict(list)
    for name, held in shingles.items():
        for shingle in held:
            holders[shingle].append(name)
    shared: Counter[tuple[str, str]] = Counter()
    for names in holders.values():
        if 1 < len(names) <= 20:
            shared.update(combinations(sorted(names), 2))
    found = []
    for (one, other), number in shared.items():
        overlap = number / len(shingles[one] | shingles[other])
        if overlap > NEAR:
            found.append((one, other, round(overlap, 2)))
    return sorted(found, key=lambda row: -row[2])


def commonest(conversations: list[Conversation]) -> tuple[list[tuple[str, float]], list[tuple[str, float]]]:
    """The commonest three-word openings of agents' turns and 4-word phrases, with the share that holds them."""
    openings: Counter[str] = Counter()
    phrases: Counter[str] = Counter()
    agents = 0
    for conversation in conversations:
        for turn in conversation["turns"]:
            if turn["role"] == "agent":
                agents += 1
                openings[" ".join(words(turn["text"])[:3])] += 1
        held = grams(words(" ".join(turn["text"] for turn in conversation["turns"])), SHINGLE)
        phrases.update(" ".join(gram) for gram in held)
    return (
        [(text, round(number / max(1, agents), 4)) for text, number in openings.most_common(8)],
        [(text, round(number / len(conversations), 4)) for text, number in phrases.most_common(8)],
    )


def telling_apart(written: list[Conversation], corpora: Path) -> float:
    """AUC of telling our agents' turns from real ones, folds by conversation, as many of the one as of the other."""
    ours = _agents(written)
    real = []
    for name in REAL:
        with gzip.open(corpora / "open" / f"{name}.jsonl.gz", "rt", encoding="utf-8") as lines:
            real += _agents([json.loads(line) for line in lines])[:4000]
    choose = random.Random(1)  # noqa: S311
    number = min(len(ours), len(real), 6000)
    rows = [(text, group, 1) for text, group in choose.sample(ours, number)]
    rows += [(text, group, 0) for text, group in choose.sample(real, number)]
    texts, groups, truth = zip(*rows, strict=True)
    model = make_pipeline(TfidfVectorizer(ngram_range=(1, 2), min_df=2, sublinear_tf=True), LogisticRegression(C=10))
    said = cross_val_predict(
        model, list(texts), list(truth), groups=list(groups), cv=StratifiedGroupKFold(5), method="predict_proba"
    )
    return float(roc_auc_score(truth, said[:, 1]))


def _agents(conversations: list[Conversation]) -> list[tuple[str, str]]:
    return [
        (turn["text"], str(conversation["conversation_id"]))
        for conversation in conversations
        for turn in conversation["turns"]
        if turn["role"] == "agent"
    ]


def main() -> None:
    """Prints the measures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("written", type=Path)
    parser.add_argument("--corpora", type=Path)
    options = parser.parse_args()
    files = {path.stem: read(path) for path in sorted(options.written.glob("*.jsonl"))}
    together = [conversation for each in files.values() for conversation in each]
    print(f"| file | conversations | distinct 1-, 2-, 3-grams per word of {DRAWN:,} |\n|---|---:|---|")
    for name, conversations in [*files.items(), ("all", together)]:
        shares = " ".join(f"{share:.2f}" for share in distinct(conversations))
        print(f"| {name} | {len(conversations)} | {shares} |")
    pairs = near_duplicates(together)
    print(f"\nnear-duplicates: {len(pairs)} pairs of {len(together)} conversations {pairs[:10]}")
    openings, phrases = commonest(together)
    print(f"commonest openings of agents' turns: {openings}\ncommonest phrases: {phrases}")
    if options.corpora:
        print(f"AUC of telling our agents' turns from real ones: {telling_apart(together, options.corpora):.3f}")


if __name__ == "__main__":
    main()

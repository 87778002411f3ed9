"""Skip-gram vectors of the word pieces (Mikolov et al. 2013), to start an encoder's embeddings from.

    python data/training/warm_start.py PACKED [--dimensions 256] [--epochs 3]

It takes minutes and spares `pretrain` hours. PACKED is what pack_text.py wrote; `vectors.npy` [V, dimensions] is put
beside it, and `pretrain` starts from it. Needs gensim, which is no dependency of the project: `pip install gensim`.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

import numpy as np
from gensim.models import Word2Vec
from transformers import AutoTokenizer


def main() -> None:
    """Trains the vectors and saves them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("packed", type=Path)
    parser.add_argument("--dimensions", type=int, default=256)
    parser.add_argument("--epochs", type=int, default=3)
    parser.add_argument("--workers", type=int, default=2)
    options = parser.parse_args()
    tokens = np.fromfile(options.packed / "tokens.u16", dtype=np.uint16)
    tokenizer = AutoTokenizer.from_pretrained(options.packed / "tokenizer")
    ends = np.flatnonzero(tokens == tokenizer.sep_token_id)
    with tempfile.NamedTemporaryFile("w", suffix=".txt") as file:
        start = 0
        for end in ends:
            file.write(" ".join(map(str, tokens[start:end])) + "\n")
            start = int(end) + 1
        file.flush()
        model = Word2Vec(
            corpus_file=file.name, vector_size=options.dimensions, window=6, sg=1, negative=5, sample=1e-4,
            min_count=1, epochs=options.epochs, workers=options.workers, seed=1,
        )  # fmt: skip
    vectors = np.random.default_rng(1).normal(0, 0.02, (len(tokenizer), options.dimensions)).astype(np.float32)
    known = np.array([int(key) for key in model.wv.index_to_key])
    learned = model.wv.vectors - model.wv.vectors.mean(0)
    vectors[known] = learned / learned.std() * 0.04
    np.save(options.packed / "vectors.npy", vectors)
    near = model.wv.most_similar(str(tokenizer.convert_tokens_to_ids("Ġangry")), topn=8)
    print("nearest to 'angry':", [tokenizer.decode([int(key)]) for key, _ in near])


if __name__ == "__main__":
    main()

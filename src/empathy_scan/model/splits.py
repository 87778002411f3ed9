"""Which labelled conversation is trained on and which is held out; the answer depends on names only, never on order."""

from __future__ import annotations

import hashlib

# Share of each split, in order, for real corpora by licence folder (data/training/README.md).
SHARES = {
    "open": (("test", 0.16), ("dev", 0.10), ("train", 0.74)),
    "research": (("test", 0.65), ("dev", 0.35)),
}
WHOLE = {"open/abcd_sample": "train", "research/wmt22_chat_en_de": "test", "research/bt_oasis": "test"}
WRITTEN_HELD_OUT = 0.10
AUTHORS_HELD_OUT = (
    "v16",
    "vc9",
)  # whole files of written conversations, each by an author of whom training saw nothing


def split_of(corpus: str, conversation_id: str) -> str:
    """`test`, `dev` or `train` for a conversation of a real corpus, named as in label files (`open/ibm_twitter_care`).

    A conversation in `test` is held out for good: never labelled, never trained on.
    """
    if corpus in WHOLE:
        return WHOLE[corpus]
    folder, name = corpus.split("/")
    return _draw(f"{name}/{conversation_id}", SHARES[folder])


def split_of_written(scenario: str, author: str = "") -> str:
    """`dev` or `train` for a conversation written for the project: whole scenarios and whole authors, never lines."""
    if author in AUTHORS_HELD_OUT:
        return "dev"
    return _draw(scenario, (("dev", WRITTEN_HELD_OUT), ("train", 1 - WRITTEN_HELD_OUT)))


def _draw(key: str, shares: tuple[tuple[str, float], ...]) -> str:
    """The split in whose share the key's hash falls."""
    place = int(hashlib.sha1(key.encode(), usedforsecurity=False).hexdigest()[:8], 16) / 16**8
    for split, share in shares:
        if place < share:
            return split
        place -= share
    return shares[-1][0]

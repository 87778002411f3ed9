"""Texts as words for the inference of roles, and which of many phrases each text holds, found for all texts at once."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import polars as pl

START = "^"  # stands before the first word of a turn
# What stands for things that no two conversations share, in the order in which it is put in.
_STAND_INS = (
    (r"[’‘`´]", "'"),
    (r"([\s.!?])[\^*~/-]\s?(?:[a-z]{1,12}|\[name\])\s*((?:https?://\S+|\[url\])?)\s*$", "$1 * $2"),  # signed: ^LB
    (r"https?://\S+|www\.\S+|\[url\]", " & "),
    (r"\[email\]|[^\s@]+@[^\s@]+\.[^\s@]+", " = "),
    (r"@(?:\[[a-z_]+\]|\w+)", " @ "),
    (r"\[(?:name|address|letters)[^\]]*\]", " @ "),
    (r"\[(?:number|phone|card|secret|ip|date_of_birth|postcode)[^\]]*\]", " # "),
    (r"\[[^\]]*\]", " "),  # [laughs]
    (r"\S*\d\S*", " # "),
)
_WORD = r"\p{L}+(?:'\p{L}+)*|[@#?&=*]"

Numbers = np.ndarray[tuple[int], np.dtype[np.int64]]


def words(text: pl.Expr) -> pl.Expr:
    """A text as a list of small words, with stand-ins for numbers, names, links and addresses; `START` comes first."""
    text = text.str.to_lowercase()
    for pattern, stand_in in _STAND_INS:
        text = text.str.replace_all(pattern, stand_in)
    return pl.concat_list(pl.lit(START), text.str.extract_all(_WORD))


class PhraseBook:
    """Phrases as a tree of words, which all places of all texts walk down together."""

    def __init__(self, phrases: Sequence[str]) -> None:
        self.phrases = list(phrases)
        known = sorted({word for phrase in phrases for word in phrase.split(" ")})
        number = {word: at for at, word in enumerate(known)}
        self._words, self._width = pl.Enum(known), max(1, len(known))
        steps: dict[int, int] = {}
        ends = [-1]
        for at, phrase in enumerate(phrases):
            node = 0
            for word in phrase.split(" "):
                node = steps.setdefault(node * self._width + number[word], len(ends))
                if node == len(ends):
                    ends.append(-1)
            ends[node] = at
        self._ends = np.array(ends, dtype=np.int64)
        self._from = np.array(sorted(steps), dtype=np.int64)
        self._to = np.array([steps[key] for key in sorted(steps)], dtype=np.int64)

    def find(self, texts: pl.Series) -> tuple[Numbers, Numbers]:
        """Number of the text and number of the phrase for every phrase in lists of words, each as often as it comes."""
        lengths = texts.list.len().to_numpy().astype(np.int64)
        number = texts.filter(texts.list.len() > 0).explode().cast(self._words, strict=False)
        word = number.to_physical().cast(pl.Int64).fill_null(-1).to_numpy()
        text = np.repeat(np.arange(len(lengths)), lengths)
        place, node = np.arange(len(word)), np.zeros(len(word), dtype=np.int64)
        found: list[tuple[Numbers, Numbers]] = []
        depth = 0
        while len(place) and len(self._from):
            inside = place + depth < len(word)
            place, node = place[inside], node[inside]
            here = place + depth
            step = node * self._width + word[here]
            at = np.minimum(np.searchsorted(self._from, step), len(self._from) - 1)
            on = (word[here] >= 0) & (text[here] == text[place]) & (self._from[at] == step)
            place, node = place[on], self._to[at[on]]
            phrase = self._ends[node]
            found.append((text[place[phrase >= 0]], phrase[phrase >= 0]))
            depth += 1
        if not found:
            return np.empty(0, dtype=np.int64), np.empty(0, dtype=np.int64)
        rows, phrases = zip(*found, strict=True)
        return np.concatenate(rows), np.concatenate(phrases)

"""Writes `src/empathy_scan/words/common.txt`: words that our own conversations write in small letters.

`redact` takes a word that stands where a name may stand for one only if it is not among these, or is a known name.
Run with `python data/training/common_words.py`; a few seconds. Reads `data/training/authored` only: conversations that
we wrote ourselves, and of these only turns with capital letters, since a recogniser's small letters tell nothing.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from pathlib import Path

HERE = Path(__file__).parent
TARGET = HERE.parents[1] / "src" / "empathy_scan" / "words" / "common.txt"
_WORD = re.compile(r"(?<![\w.@])[^\W\d_]{2,}(?:['’][^\W\d_]+)?(?![\w@])")
_SEEN = 2  # times; once may be a slip


def common() -> list[str]:
    """The words, sorted, without those that mostly have a capital letter."""
    small: Counter[str] = Counter()
    every: Counter[str] = Counter()
    for path in sorted((HERE / "authored").glob("*.jsonl")):
        for line in path.read_text(encoding="utf-8").splitlines():
            for turn in json.loads(line)["turns"]:
                text = turn["text"].replace("’", "'")
                if re.search(r"[A-Z][a-z]", text):
                    words = [match[0] for match in _WORD.finditer(text)]
                    every.update(word.lower() for word in words)
                    small.update(word for word in words if word.islower())
    return sorted(word for word, times in small.items() if times >= _SEEN and 2 * times > every[word])


if __name__ == "__main__":
    words = common()
    TARGET.write_text("\n".join(words) + "\n", encoding="utf-8")
    print(f"{len(words)} words")

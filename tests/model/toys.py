"""A toy set that a model can learn in seconds: every label hangs on a few words."""

from __future__ import annotations

import random

from empathy_scan.model.examples import Item
from empathy_scan.model.tokens import Example

# role, text, flags, tone, kinds
PATTERNS = (
    ("agent", "we apologise for any inconvenience caused", "S", 0, ""),
    ("agent", "waiting all morning with a newborn sounds draining", "A", 0, ""),
    ("agent", "what did the flood do to your kitchen", "X", 0, ""),
    ("agent", "i will ring the depot on friday myself", "O", 0, ""),
    ("agent", "the parcel left our depot", "", 0, ""),
    ("agent", "reading the terms was your job", "", 1, ""),
    ("agent", "only a fool would order that", "", 2, ""),
    ("customer", "my reference ends in four", "", 0, ""),
    ("customer", "three weeks and still no parcel", "", 1, ""),
    ("customer", "you useless idiot", "", 2, "i"),
    ("customer", "my lawyer will ruin you", "", 2, "t"),
    ("customer", "oh well done geniuses", "", 2, "c"),
)
FILLERS = ("right", "now", "then", "so", "okay", "hello", "anyway", "look")


def toy_items(count: int, *, seed: int = 1) -> list[Item]:
    """Turns that say one of the patterns among fillers."""
    choose = random.Random(seed)  # noqa: S311 - no secret
    items = []
    for number in range(count):
        role, text, flags, tone, kinds = PATTERNS[number % len(PATTERNS)]
        said = f"{choose.choice(FILLERS)} {text} {choose.choice(FILLERS)}"
        key = ("toy", f"c{number // 4}", number % 4)
        items.append(Item(key, role, "chat", (Example(role, said),), flags, tone, kinds, scenario=f"s{number // 4}"))
    return items


def toy_conversation(number: int) -> dict[str, object]:
    """A record of a file of written conversations: all patterns of one role after the other, in an order of its own."""
    choose = random.Random(number)  # noqa: S311
    turns = [
        {"role": role, "text": f"{choose.choice(FILLERS)} {text}", "flags": flags, "tone": tone, "kinds": kinds}
        for role, text, flags, tone, kinds in choose.sample(PATTERNS, len(PATTERNS))
    ]
    numbered = [{"i": place, **turn} for place, turn in enumerate(turns)]
    return {"conversation_id": f"toy-{number}", "channel": "chat", "scenario": f"toy scene {number}", "turns": numbered}

"""What a reader says about a file before reading it: whether it is its format, and why."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether the file fits the format, in words why, and how near it came (0..1), should no format fit."""

    fits: bool
    why: str
    nearness: float = 0.0

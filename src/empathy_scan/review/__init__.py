"""Review: turns drawn for people to label, what they answered, and how far people and the model agree."""

from empathy_scan.review.agreement import Review, Standard, review, to_json
from empathy_scan.review.queue import Queue, forget
from empathy_scan.review.sample import Wish, draw

__all__ = ["Queue", "Review", "Standard", "Wish", "draw", "forget", "review", "to_json"]

"""Appeals: somebody disputes the labels of a message with a reason, somebody else decides, and the figures follow."""

from __future__ import annotations

from empathy_scan.appeals.deciding import case_of, cases, decide, log_of, open_, withdraw
from empathy_scan.appeals.labels import labels_now, parse, spelt
from empathy_scan.appeals.ruled import Standing, standing
from empathy_scan.appeals_log import APPEAL, OPEN, OUTCOMES, PARTLY, REJECTED, UPHELD, Case

__all__ = [
    "APPEAL", "OPEN", "OUTCOMES", "PARTLY", "REJECTED", "UPHELD", "Case", "Standing", "case_of", "cases", "decide",
    "labels_now", "log_of", "open_", "parse", "spelt", "standing", "withdraw",
]  # fmt: skip

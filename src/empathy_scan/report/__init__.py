"""The report: a folder of static HTML pages from figures down to the turns behind them."""

from empathy_scan.report.material import WEEKLY, WEEKS, People
from empathy_scan.report.page import write

__all__ = ["WEEKLY", "WEEKS", "People", "write"]

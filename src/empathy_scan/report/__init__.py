"""The report: a folder of static HTML pages from figures down to the turns behind them, without script."""

from empathy_scan.report.material import People
from empathy_scan.report.page import write

__all__ = ["People", "write"]

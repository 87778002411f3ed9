"""The report: a folder of static HTML and Markdown pages from figures down to the turns behind them, and their data."""

from empathy_scan.report.appealed import Appealed
from empathy_scan.report.fairness import forget as forget_fairness
from empathy_scan.report.fairness import write as write_fairness
from empathy_scan.report.material import WEEKLY, WEEKS, Frames, People, prepare
from empathy_scan.report.measures import bands, letters
from empathy_scan.report.method import Background, Model
from empathy_scan.report.own import Label as OwnLabel
from empathy_scan.report.own import Own, on_turns
from empathy_scan.report.page import Written, write
from empathy_scan.report.rescored import Tried
from empathy_scan.report.rescored import forget as forget_rescored
from empathy_scan.report.rescored import write as write_rescored
from empathy_scan.report.reviewed import Reviewed
from empathy_scan.report.takeover import Takeover

__all__ = [
    "WEEKLY", "WEEKS", "Appealed", "Background", "Frames", "Model", "Own", "OwnLabel", "People", "Reviewed", "Takeover",
    "Tried", "Written", "bands", "forget_fairness", "forget_rescored", "letters", "on_turns", "prepare", "write",
    "write_fairness", "write_rescored",
]  # fmt: skip

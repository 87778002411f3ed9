"""The fairness page: its sentences, its tables, and that nothing of the outside gets into it unescaped."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from empathy_scan import report
from empathy_scan.confounding import Compared, Comparison
from empathy_scan.errors import OutputError
from empathy_scan.fairness.errors import ErrorRate
from empathy_scan.fairness.flips import Flips
from empathy_scan.fairness.gaps import Gap
from empathy_scan.fairness_results import Column, Fairness
from empathy_scan.group_figures import GroupFigure
from empathy_scan.report import fairness
from empathy_scan.stats import Estimate

APART = Gap(Estimate(-0.3, -0.4, -0.2), 0.0001, believed=True)
SHARE = Estimate(0.5, 0.4, 0.6)
GONE = Compared(
    "noor", 40, 20, Estimate(-0.3, -0.45, -0.15), 0.001, True, 1.0, Estimate(-0.05, -0.2, 0.1), 0.5, 0.001, True
)
ALONE = replace(GONE, agent_id="tom", within=None, p_within=1.0, p_move=1.0, moves=False, shared=0.1)
STAYS = replace(GONE, agent_id="wei", within=Estimate(-0.29, -0.4, -0.1), moves=False)
QUEUE = Comparison("queue", False, "empathy_rate", (GONE, ALONE, STAYS))
FOUND = Fairness(
    "m1", datetime(2026, 10, 5, tzinfo=UTC), datetime(2026, 10, 9, tzinfo=UTC), 60, 3, 90, 5,
    (Column("site", "agent", 2, 3, 1),), (("channel", "the same for all"),),
    (
        GroupFigure("queue", "<b>billing", "empathy_rate", SHARE, 50, 20, 3, "", APART),
        GroupFigure("queue", "repairs", "empathy_rate", None, 3, 2, 1, "not enough conversations yet (2 of 5 needed)"),
    ),
    (QUEUE,),
    (
        ErrorRate("", "", "understanding", "found", SHARE, 60, 30, ""),
        ErrorRate("queue", "<b>billing", "understanding", "found", SHARE, 40, 20, "", APART),
        ErrorRate("queue", "repairs", "understanding", "found", None, 4, 2, "too little: 4 of 10 messages needed"),
    ),
    (Flips("dialect", "all", "agent", "labelled", Estimate(0.2, 0.1, 0.3), 80, 16, ""),), "", 80,
)  # fmt: skip


def test_the_warning_says_what_may_be_behind_the_differences():
    (warning,) = fairness.warnings(FOUND.comparisons)
    assert warning == (
        "Differences between agents in “Answered with understanding” may be differences of queue. Compared within the "
        "same queue, 1 of 3 agents who differ as counted does so no longer, or not half as much. 1 agent works where "
        "nearly nobody else does, so nobody can tell whether it is the agent or the queue."
    )
    (both,) = fairness.warnings([QUEUE, replace(QUEUE, measure="missed_rate", agents=(GONE, GONE))])
    assert both.startswith("Differences between agents in “Answered with understanding” and “Missed” may be")
    assert "1 of 3 and 2 of 2 agents who differ as counted do so no longer, or not half as much (in this order)" in both


def test_an_agents_page_says_it_of_the_agent():
    told = fairness.of_agents(FOUND.comparisons)
    (noor,) = told["noor"]
    assert noor == (
        "“Answered with understanding” differs from the other agents by −30 points (−45 to −15) over 40 calls for "
        "empathy. Within the same queue it is −5 points (−20 to +10), so it may be one of queue."
    )
    assert "Nearly nobody else works in the same queue" in told["tom"][0]
    assert "wei" not in told
    assert fairness.of_agents([replace(QUEUE, given=True)]) == {}


def test_where_nothing_is_confounded_the_page_says_that_too():
    calm = fairness.said(replace(FOUND, comparisons=(replace(QUEUE, agents=(STAYS,) * 3),))).calm
    assert calm.startswith("The differences between 3 agents that are beyond chance stay")
    even = replace(STAYS, differs=False)
    assert (
        "none can be one of queue"
        in fairness.said(replace(FOUND, comparisons=(replace(QUEUE, agents=(even,) * 3),))).calm
    )
    assert "too few agents" in fairness.said(replace(FOUND, comparisons=())).calm


def test_errors_and_flips_that_matter_are_told_first():
    page = fairness.said(FOUND)
    assert page.warnings[1].startswith("The model finds understanding less often in queue “<b>billing” than elsewhere")
    assert page.warnings[2].startswith("Dialect: 20% (10 to 30%) of 80 labels of agents' messages change")
    calm = replace(FOUND, flips=(replace(FOUND.flips[0], estimate=Estimate(0.02, 0.0, 0.06)),))
    assert len(fairness.said(calm).warnings) == 2
    assert "Nobody has reviewed" in fairness.said(replace(FOUND, answered=0, errors=())).no_errors


def test_no_number_stands_without_its_count_and_range():
    page = fairness.said(FOUND)
    for table in (*page.figures, *page.errors, page.flips):
        for line in table.lines:
            for cell in line.cells:
                assert bool(cell.value) == bool(cell.counted)
                assert not cell.value or " to " in cell.value
                assert cell.value or cell.why


def test_the_page_is_written_escaped_and_forgotten(tmp_path):
    path = report.write_fairness(tmp_path, FOUND, "Report", {"noor": "Noor <i>"})
    page, plain = (path.with_suffix(suffix).read_text(encoding="utf-8") for suffix in (".html", ".md"))
    assert "Content-Security-Policy" in page
    assert " style=" not in page
    assert "<b>billing" not in page + plain
    assert "<i>" not in page + plain
    assert "index.html" not in page  # no report lies beside it
    assert (tmp_path / "fairness-assets" / "style.css").is_file()
    assert "| within the same queue | 1 stay" in plain
    report.forget_fairness(tmp_path)
    assert not list(tmp_path.glob("fairness.*"))
    report.forget_fairness(tmp_path)


def test_a_folder_that_cannot_be_written_is_named(tmp_path):
    (tmp_path / "file").write_text("", encoding="utf-8")
    with pytest.raises(OutputError, match="--out"):
        report.write_fairness(tmp_path / "file", FOUND, "Report", {})

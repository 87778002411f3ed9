"""The team's page as Markdown, word for word; EMPATHY_SCAN_GOLD=write puts a new gold file down for a reader."""

import os
from dataclasses import replace
from pathlib import Path

from empathy_scan import phrases, report, summary, trends
from empathy_scan.config import SummaryConfig

GOLD = Path(__file__).parent / "gold" / "front.md"
SETTINGS = SummaryConfig(minimum_conversations=3, resamples=100)


def test_the_markdown_of_a_small_office_is_the_gold_file(tmp_path, frames, office):
    later = [replace(each, name=f"{each.name}-b", day=each.day + 35) for each in office]
    report.write(tmp_path, **frames(*office))
    given = frames(*office, *later, rejects=[
        {"source": "calls/0412.vtt", "place": "line 37", "error": "MalformedInputError",
         "reason": "cue *ends* before it starts", "remedy": "fix the file"},
    ])  # fmt: skip
    labels, said = given["labels"], phrases.found(phrases.of_scores(given["turns"], given["scores"]))
    teams = {"maya.osei": "North", "priya.nair": "South", "derek.hollis": "South"}
    given["figures"] = summary.figures(labels, SETTINGS, sentences=said.sentences, teams=teams)
    weeks = trends.by_week(labels, SETTINGS, measures=report.WEEKLY, latest=report.WEEKS)
    changes = trends.changes(labels, SETTINGS)
    people = report.People({}, teams, ("ben.ash",))
    report.write(tmp_path, **given, phrases=said, weeks=weeks, changes=changes, people=people)
    made = (tmp_path / "index.md").read_text(encoding="utf-8")
    if os.environ.get("EMPATHY_SCAN_GOLD") == "write":
        GOLD.write_text(made, encoding="utf-8")
    assert made == GOLD.read_text(encoding="utf-8")

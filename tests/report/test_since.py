import json
from dataclasses import replace

import polars as pl
import pytest

from empathy_scan import report, trends
from empathy_scan.report import since

FIRST = "This is the first report in this folder."


def said(page):
    return " ".join(page.css_first("[aria-labelledby=since]").text().split())


def state(site):
    return json.loads((site / since.FILE).read_text(encoding="utf-8"))


def later(office, talk, count, lines=None):
    return [talk(f"new-{day}", "derek.hollis", lines or office[0].lines, day=20 + day) for day in range(count)]


def test_a_first_report_says_that_there_is_none_to_be_held_against(site, parse):
    assert FIRST in said(parse(site / "index.html"))


def test_the_next_report_tells_how_many_conversations_are_new_and_how_calls_were_answered_in_them(
    tmp_path, frames, office, talk, parse
):
    report.write(tmp_path, **frames(*office))
    report.write(tmp_path, **frames(*office, *later(office, talk, 6)))
    text = said(parse(tmp_path / "index.html"))
    assert "Since the last report, which went to 14 Oct 2026, 09:00 UTC: 6 new conversations, 31 in all." in text
    answered = (
        "Of 12 calls for empathy in the conversations that began since, 0% were answered with understanding (0 to "
    )
    assert answered in text


def test_a_second_report_of_the_same_material_says_what_the_one_before_it_said(tmp_path, frames, office, talk):
    report.write(tmp_path, **frames(*office))
    given = frames(*office, *later(office, talk, 6))
    report.write(tmp_path, **given)
    once = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    report.write(tmp_path, **given)
    assert once == {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}


def test_what_is_newly_found_and_what_is_no_longer_found_is_told(tmp_path, frames, office, parse):
    understood = [("customer", "It broke.", "1"), ("agent", "You waited in twice for it.", "A0")] * 2
    report.write(tmp_path, **frames(*office[:24]))
    changed = [replace(each, lines=understood) if each.agent == "maya.osei" else each for each in office[:24]]
    report.write(tmp_path, **frames(*changed))
    text = said(parse(tmp_path / "index.html"))
    assert "as many conversations as before (24), some of them read or labelled anew" in text
    assert "Maya Osei no longer stands out for “Tone slips under attack” and “Stock phrases only”." in text
    assert ["maya.osei", "scripted_rate", "talk"] not in state(tmp_path)["findings"]
    assert ["maya.osei", "scripted_rate", "talk"] in state(tmp_path)["before"]["findings"]
    report.write(tmp_path, **frames(*office[:24]))
    text = said(parse(tmp_path / "index.html"))
    assert "Maya Osei is newly named here: answers 100% of calls for empathy with stock phrases only (" in text


def test_too_few_new_conversations_give_a_reason_and_no_figure(tmp_path, frames, office, talk, parse):
    report.write(tmp_path, **frames(*office))
    report.write(tmp_path, **frames(*office, *later(office, talk, 2)))
    text = said(parse(tmp_path / "index.html"))
    assert "2 new conversations" in text
    assert "cannot be said: not enough conversations yet (2 of 5 needed)" in text


def test_nothing_is_held_against_the_figures_of_another_model(tmp_path, frames, office, talk, parse):
    report.write(tmp_path, **frames(*office))
    given = frames(*office, *later(office, talk, 6))
    report.write(tmp_path, **(given | {"provenance": {**given["provenance"], "model": "another"}}))
    text = said(parse(tmp_path / "index.html"))
    assert "Another model or codebook made labels since" in text
    assert "began since" not in text


def test_the_state_holds_no_word_of_a_transcript(site, office):
    text = (site / since.FILE).read_text(encoding="utf-8")
    spoken = {word for talk in office for _, line, _ in talk.lines for word in line.split() if len(word) > 6}
    assert spoken
    assert not any(word in text for word in spoken)


@pytest.mark.parametrize(
    "text",
    ["", "{", "[]", "{}", '{"version": 99}', "\x00", '{"version": 1, "digest": 7}', "null",
     json.dumps({"version": 1, "digest": "", "made_by": "", "conversations": 1, "until": "yesterday", "figures": {},
                 "findings": [], "before": None}),
     json.dumps({"version": 1, "digest": "", "made_by": "", "conversations": 1, "until": "", "figures": {"a": {}},
                 "findings": [], "before": None})],
)  # fmt: skip
def test_a_state_that_nobody_can_read_is_no_state(tmp_path, text):
    (tmp_path / "data").mkdir()
    (tmp_path / since.FILE).write_text(text, encoding="utf-8")
    assert since.read(tmp_path) is None


def changes(**more):
    row = {
        "agent_id": "maya.osei", "measure": "empathy_rate", "before": 0.2, "after": 0.6, "change": 0.4, "low": 0.2,
        "high": 0.55, "conversations_before": 30, "conversations_after": 20, "p_value": 0.0001, "changed": True,
    }  # fmt: skip
    return pl.DataFrame([row | more], schema=trends.CHANGES)


def test_a_change_that_holds_is_told_with_both_values_their_counts_and_its_interval(tmp_path, frames, office, parse):
    text = said(parse(report.write(tmp_path, **frames(*office), changes=changes())))
    assert (
        "Maya Osei answered 60% of calls for empathy with understanding (20 conversations), "
        "20% before (30 conversations): +40 points (+20 to +55)."
    ) in text
    assert "nothing that chance could not do, for the team as a whole" in text


@pytest.mark.parametrize("more", [{"changed": False}, {"agent_id": "unknown-agent"}, {"agent_id": "gone"}])
def test_a_change_that_chance_could_do_is_none(tmp_path, frames, office, parse, more):
    text = said(parse(report.write(tmp_path, **frames(*office), changes=changes(**more))))
    assert "nothing that chance could not do, for the team or for any agent" in text
    assert "%" not in text


def test_of_the_team_only_changes_that_hold_among_all_that_are_told_are_told(tmp_path, frames, office, parse):
    held = pl.concat(
        [changes(agent_id="", measure=name, p_value=p_value) for name, p_value in
         (("empathy_rate", 0.04), ("missed_rate", 0.6), ("scripted_rate", 0.5), ("guarded_rate", 0.7))]
    )  # fmt: skip
    text = said(parse(report.write(tmp_path / "one", **frames(*office), changes=held)))
    assert "The team answered" not in text
    sure = held.with_columns(p_value=pl.lit(0.001))
    text = said(parse(report.write(tmp_path / "two", **frames(*office), changes=sure)))
    assert "The team answered 60% of calls for empathy with understanding" in text

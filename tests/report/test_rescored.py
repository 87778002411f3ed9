"""The page of a rescoring, and what later reports say of it."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from empathy_scan import paired, report, takeovers
from empathy_scan.errors import OutputError
from empathy_scan.moves import Agreement, Comparison, Example, Moved, Standing
from empathy_scan.report import rescored, takeover
from empathy_scan.stats import Estimate

OWNED = Agreement(
    "owns", ("no", "yes"), ((70, 8), (2, 20)), 25, Estimate(0.9, 0.83, 0.95), Estimate(0.74, 0.6, 0.88), "", ""
)
CARE = replace(
    OWNED, label="care", values=("empathic", "scripted", "neutral"), table=((20, 2, 0), (8, 10, 0), (0, 0, 60))
)
RARE = replace(OWNED, label="threat", table=((100, 0), (0, 0)), kappa=None, why_no_kappa="neither model gives it")
TEAM = Moved(
    "team", "", "empathy_rate", 40, 44, 25, paired.Shift(0.4, 0.55, Estimate(0.15, 0.08, 0.22), 0.001),
    believed=True, why="",
)  # fmt: skip
NOOR = replace(TEAM, scope="agent", agent_id="noor")
TOM = replace(
    TEAM, scope="agent", agent_id="tom", shift=None, believed=False, why="not enough conversations yet (1 of 5 needed)"
)
LOAD = replace(
    TEAM, measure="abuse_load", shift=paired.Shift(0.25, 0.2, Estimate(-0.05, -0.09, -0.01), 0.01), n_old=25, n_new=25
)
TURN = Example("owns", "chat <1>", 3, "no", "yes", 0.2, 0.9)
COMPARISON = Comparison(25, 100, (CARE, OWNED, RARE), (TEAM, LOAD, NOOR, TOM), (TURN,))
STANDING = Standing(datetime(2026, 9, 1, tzinfo=UTC), {"noor": ("B", "A")}, {("tom", "missed_rate"): (True, False)})
TRIED = report.Tried(
    "new0", ("old0",), False, ("1", "1"), COMPARISON, STANDING,
    {("chat <1>", 3): "<script>alert(1)</script> I will *ring* them"}, {"noor": "Noor A."},
)  # fmt: skip
PROVENANCE = {"version": "0", "model": "new0", "settings": "s", "codebook": "1"}
UNDERSTOOD = "Answered with understanding, the whole team: from 40% to 55%: +15 points (+8.0 to +22)"
ABUSE = "Abuse taken, the whole team: from 25.0 per 100 to 20.0 per 100: −5.0 per 100 (−9.0 to −1.0)"
AT = datetime(2026, 10, 5, 3, 0, tzinfo=UTC)


def test_the_page_says_what_moves_in_words_with_ranges_and_counts():
    page = rescored.said(TRIED)
    assert page.leads == (
        "Care in agents' messages: both models say the same of 90% (83 to 95%) of 100 messages.",
        f"{UNDERSTOOD}, over 25 conversations.",
        f"{ABUSE}, over 25 conversations.",
    )
    assert [row.kappa or row.why_no_kappa for row in page.agreements][1:] == [
        "0.74 (0.60 to 0.88)", "neither model gives it"
    ]  # fmt: skip
    assert page.turned[1].lines == (("no", "yes", "8 messages"), ("yes", "no", "2 messages"))
    assert [(row.who, row.shift) for row in page.agents] == [("Noor A.", "+15 points (+8.0 to +22)")]
    assert page.standing == (
        "Noor A.: band B before, A with the new model.",
        "Tom, Missed: stood out before, does not any more.",
    )


def test_where_nothing_moves_it_says_so():
    calm = replace(
        TRIED,
        comparison=replace(COMPARISON, moves=(), examples=()),
        standing=replace(STANDING, bands={}, stands_out={}),
    )
    page = rescored.said(calm)
    assert page.leads[-1] == "No figure of the whole team moves by more than chance leaves."
    assert page.no_agents.startswith("No figure of any agent")
    assert page.standing[0].startswith("Nobody's band")


def test_another_codebook_is_told():
    leads = rescored.said(replace(TRIED, codebooks=("1", "2"))).leads
    assert "version 2 of the codebook; those before followed version 1" in leads[-1]


def test_what_people_wrote_is_escaped(tmp_path, parse):
    path = report.write_rescored(tmp_path, TRIED, "Report <b>", PROVENANCE)
    text = path.read_text(encoding="utf-8")
    page = parse(path)
    assert "<script>alert" not in text
    assert "<script>alert(1)</script> I will *ring* them" in page.css_first("blockquote").text()
    assert "chat <1>, message 4" in page.css_first(".moment .where").text()
    assert not page.css("[style]")
    assert not page.css("nav a"), "no report lies in the folder"
    plain = (tmp_path / "rescore.md").read_text(encoding="utf-8")
    assert "<script>" not in plain
    sheets = [link.attributes["href"] for link in page.css('link[rel="stylesheet"]')]
    assert sheets
    assert all((tmp_path / sheet).is_file() for sheet in sheets)


def test_beside_a_report_it_leads_to_it_and_does_not_disturb_it(tmp_path, frames, office, parse):
    report.write_rescored(tmp_path, TRIED, "Report", PROVENANCE)
    report.write(tmp_path, **frames(*office))
    assert not list(tmp_path.rglob("*.part"))
    path = report.write_rescored(tmp_path, TRIED, "Report", PROVENANCE)
    assert {link.attributes["href"] for link in parse(path).css("nav a")} >= {"index.html", "method.html"}
    report.write(tmp_path, **frames(*office))
    assert path.is_file()


def test_a_folder_that_cannot_be_written_is_named(tmp_path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(OutputError, match="--out"):
        report.write_rescored(tmp_path / "file", TRIED, "Report", PROVENANCE)


def taken_over(told):
    return takeover.Takeover(AT, "old0", "new0", takeovers._sentences(told))


def test_later_reports_say_since_when_and_what_moved():
    sentences = takeover.sentences(taken_over(json.loads(takeovers.moved(COMPARISON, AT))))
    assert sentences[0].startswith("Since 5 Oct 2026 another model labels the conversations.")
    assert sentences[1:] == (
        "Old and new labels agree on the kind of care in agents' messages in 90% (83 to 95%) of the messages compared.",
        f"{UNDERSTOOD}.",
        f"{ABUSE}.",
        "A figure moved by more than chance leaves for 1 of 2 agents.",
    )


def test_the_front_page_tells_headlines_only():
    told = [
        {"kind": "team", "label": name, "values": [0.4, 0.5, 0.1, 0.05, 0.15]} for name in ("exploring", "missed_rate")
    ]
    some = takeover.news(
        (takeover.Takeover(AT, "a", "b", (*told, {"kind": "agents", "label": "", "values": [0, 2, 9]})),), AT
    )
    assert [sentence.partition(",")[0] for sentence in some[1:]] == [
        "Missed", "A figure moved by more than chance leaves for 0 of 2 agents.", "Before: a; now: b."
    ]  # fmt: skip


def test_the_front_page_tells_of_it_for_four_weeks_and_the_method_page_for_ever(tmp_path, frames, office, parse):
    background = report.Background(takeovers=(taken_over({}),))
    report.write(tmp_path, **frames(*office), background=background)
    method = parse(tmp_path / "method.html").css_first('section[aria-labelledby="model"]').text()
    assert "Another model since 5 Oct 2026: new0, before that old0" in method
    assert takeover.news(background.takeovers, AT + timedelta(days=27))
    assert takeover.news(background.takeovers, AT + timedelta(days=29)) == ()
    assert takeover.news((), AT) == ()


def test_other_pieces_by_the_same_model_are_called_so():
    assert "cut into other pieces" in takeover.first(takeover.Takeover(AT, "m", "m"))

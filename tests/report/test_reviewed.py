"""What a report says of the review by the centre's own people: the verdict, with n and range; else nothing."""

from dataclasses import replace

import pytest

from empathy_scan import report
from empathy_scan.report import reviewed
from empathy_scan.report.reviewed import Agreement, ErrorRate, Label, Reviewed
from empathy_scan.stats import Estimate

KNOWN = Agreement(Estimate(0.812, 0.7049, 0.8801), 64, "good enough")
UNKNOWN = Agreement(None, 7, "too little: 7 of 30 turns needed")
HELD = Reviewed(
    good=False, reason="people with one another on the customer tone: too little: 7 of 30 turns needed", drawn=300,
    answered=212, double=48, conversations=120, reviewers=3,
    labels=(Label("agent", "care", "care class", KNOWN, KNOWN),
            Label("customer", "tone", "customer tone", UNKNOWN, KNOWN),
            Label("agent", "N", "explains <next> steps", UNKNOWN, UNKNOWN)),
    errors=(ErrorRate(("agent", "care"), "empathic", "found", Estimate(0.84, 0.7, 0.93), 50),
            ErrorRate(("customer", "tone"), "upset", "right", Estimate(0.5, 0.2, 0.8), 1)),
    standard=0.667,
)  # fmt: skip


@pytest.fixture
def site(tmp_path, frames, office, parse):
    """A function from what was reviewed to the pages."""

    def make(held):
        report.write(tmp_path / "site", **frames(*office), background=report.Background(review=held))
        pages = {name: parse(tmp_path / "site" / f"{name}.html") for name in ("index", "method")}
        return pages, {name: (tmp_path / "site" / f"{name}.md").read_text(encoding="utf-8") for name in pages}

    return make


def test_the_front_page_has_a_line_and_the_method_page_a_section(site):
    pages, texts = site(HELD)
    line = " ".join(pages["index"].css_first("p.reviewed").text().split())
    assert line == (
        "Your own reviewers labelled 212 messages, 48 of them more than once. Good enough to compare agents: no. "
        "Reason: people with one another on the customer tone: too little: 7 of 30 messages needed. "
        "How far people and the model agree."
    )
    told = [
        [" ".join(cell.text().split()) for cell in row.css("th, td")]
        for row in pages["method"].css('section[aria-labelledby="review"] tbody tr')
    ]
    assert told == [
        ["Understanding, stock phrases or neither", "people: 0.81 (0.70 to 0.89), 64 messages: good enough",
         "model: 0.81 (0.70 to 0.89), 64 messages: good enough"],
        ["The customer's tone", "people: too little: 7 of 30 messages needed",
         "model: 0.81 (0.70 to 0.89), 64 messages: good enough"],
        ["explains <next> steps", "people: too little: 7 of 30 messages needed",
         "model: too little: 7 of 30 messages needed"],
        ["people call “understanding”", "the model finds 84 of 100 (70 to 93)", "50 messages"],
        ["the model calls “upset, of customers”", "people confirm 50 of 100 (20 to 80)", "1 message"],
    ]  # fmt: skip
    assert "Good enough to compare agents: no. Reason: people with one another" in texts["index"]
    assert "3 people labelled 212 messages of 120 conversations" in texts["method"]
    assert "0.81 (0.70 to 0.89), 64 messages: good enough" in texts["method"]


@pytest.mark.parametrize("held", [None, replace(HELD, answered=0)], ids=["none", "unanswered"])
def test_without_answers_nothing_is_said(held):
    """The gold pages of the other tests are those of reports without a review."""
    assert reviewed.line(held) == ""
    assert reviewed.section(held) is None


def test_a_good_review_says_yes_with_its_reason():
    assert "Good enough to compare agents: yes. Reason: all agree." in reviewed.line(
        replace(HELD, good=True, reason="all agree")
    )


def test_names_of_reviewers_are_in_no_report():
    """A report goes to many; who labelled what stays in the queue."""
    assert not [name for name in Reviewed.__dataclass_fields__ if name == "names"]

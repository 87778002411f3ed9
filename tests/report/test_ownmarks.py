"""Labels of the centre's own on conversations' pages: beside the standard ones, with their words, and nowhere else."""

from dataclasses import replace

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from empathy_scan import report, tables
from empathy_scan.quantify import Confusion
from empathy_scan.report import ownmarks
from empathy_scan.report.ownmarks import Named
from empathy_scan.stats import Estimate

CALM = [("customer", "Where is it?", "0"), ("agent", "I see it in the list.", "0")]
LINES = [
    ("customer", "My bed is late, and my father died.", "1h"),
    ("agent", "Right. {owns|I ring} you by noon.", "O0"),
]
SAID = "Right. I ring you by noon."
LABEL = report.OwnLabel(
    "next_steps", "next <b>steps</b>", "agent", "Tells what comes next?", "What happens\nnext & when.", "good", "good",
    {"reviewers": 1, "turns": 100, "conversations": 30, "yes": 30, "no": 70}, Estimate(0.8, 0.7, 0.9), None, None,
    Confusion(((70, 0), (0, 30))),
)  # fmt: skip
DOUBTFUL = replace(LABEL, verdict="doubtful", kappa=Estimate(0.5, 0.3, 0.7))
NOON = SAID.index("by noon")


def row(turn=1, *, p=0.92, given=True, words=(NOON, NOON + 7), label="next_steps", role="agent", talk="one"):
    """What a head says of a turn, with the words that carried it."""
    spans = [{"label": label, "start": words[0], "end": words[1], "weight": 1.0}] if words and given else []
    return {
        "conversation_id": talk, "content": "c", "turn": turn, "role": role, "label": label, "head": "h", "p": p,
        "given": given, "evidence": spans,
    }  # fmt: skip


def own(*rows, labels=(LABEL,)):
    return report.Background(own=report.Own(labels, pl.DataFrame(rows, schema=tables.OWN_LABELS.columns)))


@pytest.fixture
def pages(tmp_path, frames, talk, parse):
    """A function from what heads found to a conversation's page and its Markdown; `calm` is a second conversation."""

    def make(*rows, labels=(LABEL,), place="site"):
        talks = [talk("one", "maya.osei", LINES), talk("calm", "maya.osei", CALM, day=1)]
        report.write(tmp_path / place, **frames(*talks), background=own(*rows, labels=labels))
        conversations = tmp_path / place / "conversations"
        return parse(conversations / "one.html"), (conversations / "one.md").read_text(encoding="utf-8")

    return make


def said(node):
    return " ".join(node.text().split())


def test_a_turn_shows_its_own_labels_after_the_standard_ones_with_probability_and_words(pages):
    page, plain = pages(row())
    assert [said(chip) for chip in page.css("#t1 .chip:not(.reply)")] == [
        "owns a next step 90%",
        "next <b>steps</b> 92%",
    ]
    marked = [(mark.text(), mark.attributes["class"].split()[0]) for mark in page.css("#t1 mark")]
    assert marked == [("I ring", "owns"), ("by noon", "own")]
    assert page.css("#t1 mark")[1].attributes["title"] == "counted for: next <b>steps</b>"
    assert said(page.css("#t1 .reasons dd")[1]) == "by noon: not tried without these words."
    assert "- **your label “next \\<b\\>steps\\</b\\>” 92%**: “by noon”: not tried without these words" in plain
    assert not page.css("#t0 .chip.own")


def test_a_chip_leads_to_its_own_words_and_standard_chips_keep_theirs(pages):
    page, _ = pages(row(0, words=(0, 6), role="customer"), labels=(replace(LABEL, role="customer"),))
    assert page.css_first("#t0 .chip.own a").attributes["href"] == "#t0-own-next_steps"
    assert page.css_first("#t0-own-next_steps").text() == "My bed"
    assert page.css_first("#t0 .chip.hardship a") is None  # it has no words, and gets none of another label


def test_words_that_counted_for_both_name_both(pages):
    start = SAID.index("I ring")
    page, _ = pages(row(words=(start, start + 6)))
    (mark,) = page.css("#t1 mark")
    assert mark.attributes["title"] == "counted for: next <b>steps</b> and owns a next step"
    targets = {page.css_first(f"#t1 .chip.{kind} a").attributes["href"] for kind in ("owns", "own")}
    assert targets == {f"#{mark.attributes['id']}"}


def test_a_label_without_words_shows_itself_and_its_probability(pages):
    page, _ = pages(row(words=None))
    assert said(page.css_first("#t1 .chip.own")) == "next <b>steps</b> 92%"
    assert page.css_first("#t1 mark.own") is None
    assert said(page.css("#t1 .reasons dd")[1]) == "no single words stand out: the message as a whole counted."


def test_a_page_says_what_its_labels_mean_and_where_they_are_judged(pages):
    page, plain = pages(row())
    told = page.css_first("main > section > details.reasons")
    assert said(told.css_first("dd")) == "Tells what comes next? What happens next & when."
    assert told.css_first("a").attributes["href"] == "../method.html#own-labels"
    assert "Tells what comes next? What happens next \\& when." in plain


def test_a_doubtful_label_is_read_with_care(pages):
    page, plain = pages(row(), labels=(DOUBTFUL,))
    assert said(page.css_first("#t1 .chip.own")) == "next <b>steps</b>, read with care 92%"
    assert said(page.css("#t1 .reasons dd")[1]).endswith("; read with care.")
    assert "agrees with your reviewers by 0.50 (0.30 to 0.70)" in page.css_first("main > section > details").text()
    assert "**Read with care.**" in plain


def test_what_was_nearly_given_is_weighed_and_no_chip(pages):
    page, _ = pages(row(p=0.34, given=False))
    assert page.css_first("#t1 .chip.own") is None
    assert "Weighed, but not given: next <b>steps</b> 34%." in said(page.css_first("#t1 .reasons"))


@pytest.mark.parametrize(
    ("rows", "labels"),
    [
        ([row(talk="calm", words=None)], (LABEL,)),
        ([row(p=0.1, given=False)], (LABEL,)),
        ([row()], (replace(LABEL, verdict="poor"),)),
        ([row()], (replace(LABEL, verdict="other"),)),
    ],
    ids=["elsewhere", "unlikely", "poor", "of another model"],
)
def test_a_page_without_own_labels_is_the_same_to_the_byte(pages, tmp_path, frames, talk, rows, labels):
    pages(*rows, labels=labels)
    report.write(tmp_path / "plain", **frames(talk("one", "maya.osei", LINES), talk("calm", "maya.osei", CALM, day=1)))
    for name in ("one.html", "one.md"):
        assert (tmp_path / "site" / "conversations" / name).read_bytes() == (
            tmp_path / "plain" / "conversations" / name
        ).read_bytes()


@pytest.mark.parametrize(
    ("rows", "labels"),
    [
        ([], (LABEL,)),
        ([row(p=0.7)], (LABEL,)),
        ([row(words=(0, 5))], (LABEL,)),
        ([row()], (DOUBTFUL,)),
        ([row()], (replace(LABEL, name="what comes next"),)),
    ],
    ids=["gone", "probability", "words", "verdict", "name"],
)
def test_an_update_makes_the_page_again_whose_own_labels_changed(pages, tmp_path, rows, labels):
    pages(row())
    pages(*rows, labels=labels)
    pages(*rows, labels=labels, place="fresh")
    for name in ("one.html", "one.md", "calm.html"):
        assert (tmp_path / "site" / "conversations" / name).read_bytes() == (
            tmp_path / "fresh" / "conversations" / name
        ).read_bytes()


@given(
    st.lists(
        st.builds(
            row, st.integers(0, 3), p=st.floats(0, 1, width=32), given=st.booleans(), label=st.sampled_from("abc")
        ),
        unique_by=lambda one: (one["turn"], one["label"]),
    )
)
def test_every_label_that_was_given_is_told_once_and_no_other(rows):
    names = {"a": Named("alpha"), "b": Named("beta")}
    held = ownmarks.found(names, pl.DataFrame(rows, schema=tables.OWN_LABELS.columns))
    turns = ownmarks.by_turn(held.labels, held.rows.iter_rows(named=True))
    shown = {(turn, chip.text) for turn, marks in turns.items() for chip in ownmarks.chips(ownmarks.given(marks), {})}
    assert shown == {
        (one["turn"], names[one["label"]].name) for one in rows if one["given"] and one["label"] in names
    }  # fmt: skip
    assert all(one.p >= 0.2 for marks in turns.values() for one in marks if not one.given)

"""Values in Markdown stay text, and Markdown of ours stays Markdown."""

import pytest

from empathy_scan.report import markdown


@pytest.mark.parametrize(
    ("value", "line"),
    [
        ("# not a heading", r"\# not a heading"),
        ("[a](b)", r"\[a\](b)"),
        ("<script>", r"\<script\>"),
        ("a | b", r"a \| b"),
        ("- item", r"\- item"),
        ("1. item", r"1\. item"),
        ("two\nlines", "two lines"),
    ],
)
def test_a_value_stays_text(value, line):
    assert markdown.escaped(value) == line


def test_markdown_of_ours_is_left_alone():
    assert markdown.escaped(markdown.linked("Rosa [x]", "agents/rosa.md")) == r"[Rosa \[x\]](agents/rosa.md)"


def test_every_line_of_a_quotation_is_quoted():
    assert markdown.quoted("So:\n\n> *what*?") == "> So:\n>\n> \\> \\*what\\*?"

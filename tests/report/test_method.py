"""The Method page: what made the figures, how far it errs, how to read them."""

from pathlib import Path

import polars as pl
import pytest

from empathy_scan import codebook, quantify, report
from empathy_scan.model import files
from empathy_scan.quantify import CLASSES, ErrorRates
from empathy_scan.report import method

BUNDLE = Path(__file__).parents[2] / "models" / "default"
SHIPPED = report.Model("9f31c0d2ab47", "the one that comes with empathy-scan", 10_800_000, files.decisions(BUNDLE))
ERRORS = ErrorRates(
    {
        "answers": ((29, 9, 0), (5, 193, 4), (0, 5, 51)),
        "guarded_rate": ((780, 20), (38, 62)),
        "exploring": ((296, 0), (3, 2)),
    },
    "real conversations, dev split",
)


@pytest.fixture
def page(tmp_path, frames, office, parse):
    """A function from the background to the Method page."""

    def make(rejects=(), **given):
        background = report.Background(**given)
        report.write(tmp_path / "site", **frames(*office, rejects=rejects), background=background)
        return parse(tmp_path / "site" / "method.html")

    return make


def section(page, name):
    return " ".join(page.css_first(f'section[aria-labelledby="{name}"]').text().split())


def rows(page, name):
    return [
        [" ".join(cell.text().split()) for cell in row.css("th, td")]
        for row in page.css(f'section[aria-labelledby="{name}"] tbody tr')
    ]


def test_known_errors_are_told_in_words_with_range_and_count(page):
    told = rows(page(error_rates=quantify.to_frame(ERRORS, "m")), "errors")
    assert ["agents' messages that are guarded", "finds 62 of 100 (52 to 71)", "100 known cases"] in told
    assert [
        "answers with stock phrases only",
        "finds 96 of 100 (91 to 98), takes 2% for “understanding” and takes 2% for “missed”",
        "202 known cases",
    ] in told


def test_too_few_known_cases_tell_nothing(page):
    told = rows(page(error_rates=quantify.to_frame(ERRORS, "m")), "errors")
    assert ["answers that ask an open question", "too few known cases to tell", "5 known cases"] in told


def test_unknown_errors_are_said_to_be_unknown(page):
    assert "is not known here" in section(page(), "errors")


def test_the_source_of_the_known_errors_is_named(page):
    assert "real conversations, dev split" in section(page(error_rates=quantify.to_frame(ERRORS, "m")), "errors")


def test_every_table_of_errors_has_words_of_its_own():
    assert set(method._SAID) == set(CLASSES) - {quantify.ANSWERS}
    assert set(method._ANSWERS) == set(CLASSES[quantify.ANSWERS])


def test_the_model_is_told_with_size_fingerprint_and_codebook(page):
    told = section(page(models=(SHIPPED,)), "model")
    assert all(
        said in told
        for said in ("10.8 million parameters", "9f31c0d2ab47", f"version {codebook.CODEBOOK_VERSION}", "51aa0c77be19")
    )


def test_every_label_has_its_threshold(page):
    made = page(models=(SHIPPED,))
    titles = [row[0] for row in rows(made, "model")[-12:]]
    assert len(set(titles)) == 12
    assert "Stock phrase" in titles
    assert "within 8 points" in section(made, "model")


def test_of_a_model_that_nobody_knows_no_threshold_is_told(page):
    assert "Thresholds" not in section(page(models=(report.Model("0" * 12),)), "model")


def test_settings_stand_by_name(page):
    assert ["minimum conversations", "5"] in rows(page(settings=(("minimum conversations", "5"),)), "settings")


def test_what_was_read_and_rejected_is_counted(page):
    rejects = [
        {"source": f"{at}.csv", "place": "", "error": error, "reason": "r", "remedy": ""}
        for at, error in enumerate(["InputError", "InputError", "NoticeError"])
    ]
    told = section(page(rejects=rejects), "read")
    assert "25 conversations with 148 messages are in this report." in told
    assert "2 files or parts of files could not be read" in told
    assert "1 file or part of a file was left out" in told


def test_uses_that_are_out_of_bounds_are_named(page):
    told = section(page(), "not-for")
    assert all(said in told for said in ("Pay", "ranking", "feels", "abuse"))


def test_every_page_leads_to_the_method(site, parse):
    for path in site.rglob("*.html"):
        root = "../" * (len(path.relative_to(site).parts) - 1)
        assert parse(path).css(f'nav a[href="{root}method.html"]'), path
        assert parse(path).css(f'footer a[href="{root}method.html#limits"]'), path


def test_names_from_outside_are_escaped(page):
    errors = quantify.to_frame(ErrorRates(ERRORS.confusions, "<b>bold</b>"), "m")
    assert "<b>bold</b>" in section(page(error_rates=errors, settings=(("title", "<i>x</i>"),)), "errors")


def test_the_facts_of_a_bundle_are_known_without_loading_it():
    assert files.parameters(BUNDLE) > 1_000_000
    assert {"flags", "attacks", "agent_tone", "customer_tone", "band"} <= files.decisions(BUNDLE).keys()


def test_the_markdown_holds_the_same_words(tmp_path, frames, office):
    report.write(tmp_path, **frames(*office), background=report.Background(error_rates=quantify.to_frame(ERRORS, "m")))
    text = (tmp_path / "method.md").read_text(encoding="utf-8")
    assert "finds 62 of 100 (52 to 71) | 100 known cases |" in text
    assert pl.Series(text.splitlines()).str.starts_with("## ").sum() >= 8

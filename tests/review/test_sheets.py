"""Files to label in: nothing of the model is in them, nothing is a formula, and every answer has a drop-down."""

import csv
import io
import re
import zipfile
from dataclasses import replace

import pytest
import review_frames as frames

from empathy_scan.codebook import Label
from empathy_scan.errors import OutputError, UsageError
from empathy_scan.readers import files, workbook
from empathy_scan.review import questions, sheets

NASTY = ('=HYPERLINK("x")', "+1", "-1", "@SUM(A1)", "\t=1", "'quoted", "\x07bell \ud800 half", "a" * 40_000)


def items(*texts):
    roles = ("agent", "customer")
    return [
        replace(frames.item(number, roles[number % 2]), text=text, context=((roles[1], text),))
        for number, text in enumerate(texts)
    ]  # fmt: skip


def cells(path):
    """The rows of every sheet, or of a CSV."""
    if path.suffix == ".csv":
        return [list(csv.reader(io.StringIO(path.read_text(encoding="utf-8-sig"), newline="")))]
    held = workbook.cells_of(files.document(path.name, path.read_bytes()), max_bytes=2**26)
    return [[[str(value) for value in row.values()] for _, row in rows] for rows in held.values()]


@pytest.mark.parametrize("kind", ["xlsx", "csv"])
def test_no_cell_begins_like_a_formula_and_every_one_fits(tmp_path, kind):
    path = tmp_path / f"out.{kind}"
    sheets.write(path, items(*NASTY, *NASTY), reviewer="=Ana")
    found = [cell for sheet in cells(path) for row in sheet for cell in row]
    assert not [cell for cell in found if re.match(r"[=+\-@\t\r]", cell)]
    assert max(map(len, found)) < 32_767
    assert '\'=HYPERLINK("x")' in found
    if kind == "xlsx":
        with zipfile.ZipFile(path) as parts:
            assert not [name for name in parts.namelist() if b"<f>" in parts.read(name)]


@pytest.mark.parametrize("kind", ["xlsx", "csv"])
def test_the_model_s_labels_are_not_in_the_file(tmp_path, kind):
    path = tmp_path / f"out.{kind}"
    made = [frames.item(number, role, S="yes", tone="2") for number, role in enumerate(("agent", "customer"))]
    sheets.write(path, made)
    for sheet in cells(path)[:2]:
        header, *rows = sheet
        if "id" in header and "turn" in header:
            assert not [cell for row in rows for cell in row if cell in {"yes", "2", "hostile", "guarded"}]


def test_a_workbook_has_a_sheet_per_role_with_a_drop_down_for_every_answer(tmp_path):
    path = tmp_path / "out.xlsx"
    sheets.write(path, items("One.", "Two.", "Three."))
    with zipfile.ZipFile(path) as parts:
        agents, customers = (parts.read(f"xl/worksheets/sheet{n}.xml").decode() for n in (1, 2))
        names = re.findall(r'<sheet name="([^"]+)"', parts.read("xl/workbook.xml").decode())
    assert names == ["Agent turns", "Customer turns", "How to label"]
    assert agents.count("<dataValidation ") == len(questions.of("agent"))
    assert '"civil,guarded,hostile,?"' in agents
    assert '"civil,upset,hostile,?"' in customers
    assert 'sqref="D2:D3"' in agents  # two turns


def test_the_codebook_s_words_stand_beside_every_question(tmp_path):
    path = tmp_path / "out.xlsx"
    sheets.write(path, items("One.", "Two."))
    help_ = "\n".join(cell for row in cells(path)[-1] for cell in row)
    for role in ("agent", "customer"):
        for each in questions.of(role):
            assert all(choice.meaning in help_ for choice in each.choices)
            assert len(sheets.hint(each)) <= 255


def test_a_sheet_of_own_labels_asks_for_no_tone_and_says_what_an_empty_cell_is(tmp_path):
    path = tmp_path / "out.xlsx"
    own = questions.flag(Label("next_steps", "Next steps", "Says what happens next."), "agent", "Next steps?")
    asked = [replace(each, asks=("next_steps",)) for each in items("One.", "Two.") if each.role == "agent"]
    sheets.write(path, asked, own=[own])
    help_ = "\n".join(cell for row in cells(path)[-1] for cell in row)
    assert "Says what happens next." in help_
    assert "does not mean “no”" in help_
    assert "tone" not in help_.casefold()
    sheets.write(path, [*asked, *items("One.", "Two.")], own=[own])
    help_ = "\n".join(cell for row in cells(path)[-1] for cell in row)
    assert "Choose a tone" in help_
    assert "Rows that ask for no tone:" in help_


def test_what_was_said_before_names_who_said_it():
    item = items("Now.")[0]
    assert sheets.before(item) == "Customer: Now."
    assert sheets.before(replace(item, context=())) == "(the conversation begins here)"


def test_other_kinds_of_file_and_places_that_cannot_be_written_are_refused(tmp_path):
    with pytest.raises(UsageError, match=r"neither \.xlsx nor \.csv"):
        sheets.write(tmp_path / "out.ods", items("One."))
    (tmp_path / "file").write_text("", encoding="utf-8")
    with pytest.raises(OutputError, match="cannot be written"):
        sheets.write(tmp_path / "file" / "out.csv", items("One."))

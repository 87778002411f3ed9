"""Answers read back, whatever was done to the file; every row that cannot count is told, and no other is lost."""

import csv
import io
import random

import pytest
import xlsxwriter

from empathy_scan.errors import UsageError
from empathy_scan.review import agreement, questions, sheets
from empathy_scan.review.incoming import read_in
from empathy_scan.review.sample import Wish, draw

TONES = {"agent": ("civil", "guarded", "hostile"), "customer": ("civil", "upset", "hostile")}


@pytest.fixture
def drawn(contents, queue):
    draw(contents, queue, Wish(size=20))
    return queue


def exported(queue, path):
    """The rows of an exported table."""
    sheets.write(path, queue.items(), reviewer="Ana")
    return list(csv.DictReader(io.StringIO(path.read_text(encoding="utf-8-sig"), newline="")))


def fill(row, number):
    """A row with a tone, and one flag."""
    row["Tone"] = TONES[row["role"]][number % 3]
    if row["role"] == "agent" and number % 2:
        row["Shows understanding of this customer? (A)"] = "yes"
    return row


def save(path, rows, *, columns=None, encoding="utf-8-sig", **how):
    written = io.StringIO()
    table = csv.DictWriter(written, columns or list(rows[0]), extrasaction="ignore", **how)
    table.writeheader()
    table.writerows(rows)
    path.write_bytes(written.getvalue().encode(encoding))
    return path


@pytest.fixture
def rows(drawn, tmp_path):
    return [fill(row, number) for number, row in enumerate(exported(drawn, tmp_path / "out.csv"))]


def answers(queue):
    return {key: dict(each.labels) for key, each in agreement.first_answers(queue.answers()).items()}


def test_what_was_chosen_is_what_is_kept(drawn, rows, tmp_path):
    found = read_in(drawn, [save(tmp_path / "ana.csv", rows)])
    assert (found.new, found.known, found.empty, found.rejects.height, found.reviewers) == (20, 0, 0, 0, ("Ana",))
    for row in rows:
        labels = answers(drawn)[row["id"], "ana"]
        assert labels["tone"] == str(TONES[row["role"]].index(row["Tone"]))
        if row["role"] == "agent":
            assert labels["A"] == (row["Shows understanding of this customer? (A)"] or "no")
            assert (labels["S"], labels["X"]) == ("no", "no")
        else:
            assert labels["i"] == "no"


@pytest.mark.parametrize(
    "how",
    [
        {"delimiter": ";"}, {"delimiter": "\t"}, {"delimiter": "|"}, {"encoding": "utf-16"}, {"encoding": "utf-8"},
        {"encoding": "cp1252", "delimiter": ";"}, {"quoting": csv.QUOTE_ALL}, {"lineterminator": "\n"},
    ],
    ids=str,
)  # fmt: skip
def test_other_programs_save_tables_otherwise(drawn, rows, tmp_path, how):
    rows[3]["comment"] = "naïve – she’s right"
    assert read_in(drawn, [save(tmp_path / "ana.csv", rows, **how)]).new == 20
    assert "naïve – she’s right" in {each.comment for each in drawn.answers()}


def test_rows_may_be_sorted_columns_moved_renamed_or_taken_out_and_lines_stand_above(drawn, rows, tmp_path):
    luck = random.Random(2)  # noqa: S311 - for a test
    columns = [name for name in rows[0] if name not in {"before", "turn", "role", "comment"}]
    luck.shuffle(rows), luck.shuffle(columns)
    path = save(tmp_path / "ana.csv", rows, columns=columns)
    text = path.read_text(encoding="utf-8-sig").replace("Tone", " TONE ", 1)
    path.write_text(f"sep=,\nReview of October\n\n{text}", encoding="utf-8")
    assert read_in(drawn, [path]).new == 20


@pytest.mark.parametrize("lost", ["Asks openly? (X)", "Insult? (i)"])
def test_a_row_that_has_lost_a_questions_column_is_not_taken_for_no(drawn, rows, tmp_path, lost):
    role = "agent" if lost.endswith("(X)") else "customer"
    columns = [name for name in rows[0] if name != lost]
    found = read_in(drawn, [save(tmp_path / "ana.csv", rows, columns=columns)])
    asked = [row for row in rows if row["role"] == role]
    assert (found.new, found.rejects.height) == (len(rows) - len(asked), len(asked))
    assert lost in found.rejects["reason"][0]
    assert not {row["id"] for row in asked} & {key for key, _ in answers(drawn)}


@pytest.mark.parametrize("lost", ["id", "Tone"])
def test_a_sheet_that_has_lost_its_header_is_told(drawn, tmp_path, lost):
    path = tmp_path / "next.xlsx"
    with xlsxwriter.Workbook(path) as book:
        sheet = book.add_worksheet("Agents")
        for at, name in enumerate(name for name in ("id", "Stock phrase of care? (S)", "Tone") if name != lost):
            sheet.write(0, at, name)
        sheet.write(1, 0, "x")
    found = read_in(drawn, [path])
    assert (found.new, found.rejects.height) == (0, 1)
    assert f"sheet Agents has questions, but no column “{lost.casefold()}”" in found.rejects["reason"][0]


def test_a_workbook_saved_by_another_program_is_read(drawn, rows, tmp_path):
    """Both roles in one sheet, numbers for tones, true for yes, a hidden and an unrelated sheet."""
    path = tmp_path / "ana.xlsx"
    with xlsxwriter.Workbook(path) as book:
        book.add_worksheet("Notes").write_string(0, 0, "Nothing to see")
        sheet, hidden = book.add_worksheet("Tabelle1"), book.add_worksheet("old")
        hidden.hide()
        for at, name in enumerate(rows[0]):
            sheet.write(2, at, name)
            hidden.write(0, at, name)
            for number, row in enumerate(rows, start=3):
                value = row[name]
                if name == "Tone":
                    sheet.write_number(number, at, TONES[row["role"]].index(value))
                elif value == "yes":
                    sheet.write_boolean(number, at, boolean=True)
                elif value:
                    sheet.write_string(number, at, value)
    found = read_in(drawn, [path])
    assert (found.new, found.rejects.height) == (20, 0)
    assert sum(labels.get("A") == "yes" for labels in answers(drawn).values()) == sum(
        row["Shows understanding of this customer? (A)"] == "yes" for row in rows
    )


def test_an_exported_workbook_without_answers_adds_nothing(drawn, tmp_path):
    sheets.write(tmp_path / "out.xlsx", drawn.items(), reviewer="Ana")
    found = read_in(drawn, [tmp_path / "out.xlsx"])
    assert (found.new, found.empty, found.rejects.height) == (0, 20, 0)


def test_importing_again_adds_nothing(drawn, rows, tmp_path):
    path = save(tmp_path / "ana.csv", rows)
    read_in(drawn, [path])
    found = read_in(drawn, [path])
    assert (found.new, found.known, found.rejects.height) == (0, 20, 0)
    assert len(drawn.answers()) == 20


def test_every_bad_row_is_told_with_its_place_and_a_remedy_and_the_others_count(drawn, rows, tmp_path):
    own = [row for row in rows if row["role"] == "agent"][:5] + [row for row in rows if row["role"] == "customer"][:2]
    own[0]["Tone"] = "furious about my card 4111"
    own[1]["id"] = "t_000000000000"
    own[2]["id"] = ""
    own[3]["Tone"], own[3]["Asks openly? (X)"] = "", "yes"
    own[4]["Insult? (i)"] = "yes"
    own[5]["reviewer"] = ""
    found = read_in(drawn, [save(tmp_path / "ana.csv", own)])
    assert found.new == 1
    told = {row["place"]: (row["reason"], row["remedy"]) for row in found.rejects.iter_rows(named=True)}
    reasons = " ".join(reason for reason, _ in told.values())
    assert len(told) == 6
    for part in ("none of civil, guarded, hostile", "no turn of this id", "answers but no id", "no tone is chosen",
                 "not for turns of the agent", "nobody is named"):  # fmt: skip
        assert part in reasons
    assert "furious" not in reasons
    assert all(place.startswith("line ") for place in told)
    assert all(remedy for _, remedy in told.values())


def test_a_name_on_the_command_line_stands_for_rows_that_name_nobody(drawn, rows, tmp_path):
    for row in rows[:3]:
        row["reviewer"] = ""
    found = read_in(drawn, [save(tmp_path / "ana.csv", rows)], reviewer="Ben")
    assert found.reviewers == ("Ana", "Ben")
    assert sum(each.reviewer == "Ben" for each in drawn.answers()) == 3


def test_two_rows_of_one_person_that_differ_are_both_rejected_and_equal_ones_count_once(drawn, rows, tmp_path):
    twin, other = dict(rows[0]), dict(rows[1])
    other["Tone"] = "hostile" if rows[1]["Tone"] != "hostile" else "civil"
    found = read_in(drawn, [save(tmp_path / "ana.csv", [*rows, twin, other])])
    assert found.new == 19
    assert found.rejects.height == 2
    assert "otherwise in line" in found.rejects["reason"][0]
    assert (rows[1]["id"], "ana") not in answers(drawn)


def test_an_answer_that_differs_from_an_earlier_one_is_a_reject_or_a_second_thought(drawn, rows, tmp_path):
    read_in(drawn, [save(tmp_path / "ana.csv", rows)])
    before = answers(drawn)
    rows[0]["Tone"] = "hostile" if rows[0]["Tone"] != "hostile" else "civil"
    path = save(tmp_path / "again.csv", rows)
    found = read_in(drawn, [path])
    assert (found.known, found.rejects.height) == (19, 1)
    assert "otherwise before" in found.rejects["reason"][0]
    found = read_in(drawn, [path], again=True)
    assert (found.again, found.rejects.height) == (1, 0)
    assert answers(drawn) == before
    changed = agreement.last_answers(drawn.answers())[rows[0]["id"], "ana"]
    assert changed.again
    assert read_in(drawn, [path], again=True).again == 0


@pytest.mark.parametrize(
    ("name", "content"),
    [("empty.csv", b""), ("letter.csv", b"Dear all,\nhere it is.\n"), ("cut.xlsx", b"PK\x03\x04broken"),
     ("noise.csv", bytes(range(256))), ("other.csv", b"id,text\nt_1,hello\n")],
    ids=lambda value: value if isinstance(value, str) else "",
)  # fmt: skip
def test_a_file_that_is_none_of_ours_is_a_reject_and_the_others_count(drawn, rows, tmp_path, name, content):
    path = tmp_path / name
    path.write_bytes(content)
    found = read_in(drawn, [path, save(tmp_path / "ana.csv", rows)])
    assert found.new == 20
    assert (found.rejects["source"].to_list(), found.rejects["place"].to_list()) == ([str(path)], [""])
    assert found.rejects["remedy"][0]


def test_a_path_that_is_not_there_is_wrong_usage(drawn, tmp_path):
    with pytest.raises(UsageError):
        read_in(drawn, [tmp_path / "nowhere.csv"])


@pytest.mark.parametrize(
    ("cell", "value"),
    [("Yes", "yes"), ("TRUE", "yes"), ("1", "yes"), ("x", "yes"), ("S", "yes"), ("no", "no"), ("0.0", "no"),
     ("", ""), ("  ", ""), ("?", "?"), ("Can’t tell", "?"), ("'yes", "yes"), ("maybe", None), ("2", None)],
)  # fmt: skip
def test_a_flag_is_written_in_many_ways(cell, value):
    assert questions.of("agent")[0].parse(cell) == value


@pytest.mark.parametrize(
    ("cell", "value"),
    [("civil", "0"), ("1", "1"), ("2.0", "2"), ("Guarded", "1"), ("2 hostile", "2"), ("upset", None), ("3", None)],
)
def test_a_tone_is_written_as_its_name_or_its_number(cell, value):
    assert questions.of("agent")[4].parse(cell) == value


def test_kinds_of_attack_need_a_hostile_tone():
    assert (
        questions.completed("customer", {"tone": "1", "i": "yes"}) == "“Insult?” is yes though the tone is not hostile"
    )
    assert questions.completed("customer", {"tone": "1", "i": "?"})["i"] == "no"
    assert questions.completed("customer", {"tone": "2", "i": "yes"})["i"] == "yes"
    assert questions.completed("customer", {"tone": "?", "i": "yes"})["i"] == "?"
    assert questions.completed("agent", {"S": "yes"}) == "the tone is not answered"
    assert questions.codes({"tone": "2", "i": "yes", "c": "yes", "t": "no", "p": "?"}) == ("", 2, "ic")

"""Appealed messages in files for reviewers: unmarked, not for who is party to the appeal, and read back as advice."""

import csv
import io

import pytest
from typer.testing import CliRunner

from appeal_store import filled
from empathy_scan import appeals, reviewing
from empathy_scan.cli import app
from empathy_scan.config import Config
from empathy_scan.fingerprints import message_id
from empathy_scan.review import Wish, disputed, sheets
from empathy_scan.review.incoming import read_in
from empathy_scan.review.queue import Item

GUARDED = message_id("tom.brennan-0", 1)
CONFIG = Config()
SAID = "That is not my department."


@pytest.fixture
def store(tmp_path):
    """A store in which Ana has appealed against the labels of a message of Tom's."""
    held = filled(tmp_path / "store")
    appeals.open_(held, CONFIG, GUARDED, who="Ana", should=["tone=civil"], why="No.")
    return held


@pytest.fixture
def export(store, tmp_path):
    """A function from a wish to the rows of each file that is written for it, by name."""

    def make(*, only_open=True, **wish):
        queue, out = reviewing.queue_of(store.root, CONFIG), tmp_path / "out" / "next.csv"
        reviewing.export(store, queue, CONFIG, Wish(**wish), out=out, only_open=only_open)
        return {path.name: list(csv.DictReader(_text(path))) for path in out.parent.iterdir()}

    return make


@pytest.fixture
def give(store, tmp_path):
    """A function that reads rows back, as a file."""

    def back(*rows, **options):
        path = tmp_path / "back.csv"
        written = io.StringIO()
        table = csv.DictWriter(written, list(rows[0]))
        table.writeheader()
        table.writerows(rows)
        path.write_text(written.getvalue(), encoding="utf-8")
        return read_in(reviewing.queue_of(store.root, CONFIG), [path], **options)

    return back


def _text(path):
    return io.StringIO(path.read_text(encoding="utf-8-sig"), newline="")


def labelled(store):
    return [(each.who, each.decided["tone"]) for each in appeals.case_of(store, CONFIG, GUARDED).labelled]


def test_everybody_but_the_parties_gets_an_appealed_message_unmarked(export):
    files = export(reviewers=("Ana", "Tom Brennan", "Cy"))
    assert {name: [row["turn"] for row in rows] for name, rows in files.items()} == {
        "next-ana.csv": [], "next-tom-brennan.csv": [], "next-cy.csv": [SAID],
    }  # fmt: skip
    (row,) = files["next-cy.csv"]
    assert row["id"] not in {"", GUARDED}
    assert row["before"].startswith("Customer: My bed is lost")
    assert not [cell for cell in (*row, *row.values()) if "appeal" in cell.casefold() or "Ana" in cell]


def test_a_drawn_file_has_it_among_the_others(export):
    rows = export(only_open=False, size=20, mix={"random": 1})["next.csv"]
    assert len(rows) == 21
    assert len({row["id"] for row in rows}) == 21


@pytest.mark.parametrize(
    "wish",
    [{"roles": ("customer",)}, {"agents": ("maya.osei",)}, {"asks": ("next_steps",)}],
    ids=["role", "agent", "own label"],
)
def test_a_wish_for_others_leaves_it_out(export, wish):
    assert export(**wish)["next.csv"] == []


def test_what_is_said_of_it_is_advice_and_no_answer_of_the_queue(store, export, give):
    (row,) = export(reviewers=("Cy",))["next.csv"]
    found = give(row | {"Tone": "civil", "comment": "Kind, says bo@example.com."})
    assert (found.new, found.rejects.height, found.reviewers) == (1, 0, ("Cy",))
    assert labelled(store) == [("Cy", "0")]
    (said,) = appeals.case_of(store, CONFIG, GUARDED).labelled
    assert "bo@example.com" not in said.why
    queue = reviewing.queue_of(store.root, CONFIG)
    assert (queue.items(), queue.answers()) == ([], [])
    assert export(reviewers=("Cy",))["next.csv"] == []
    assert export()["next.csv"] == []  # nor does a file for anybody ask again


def test_a_file_may_be_read_twice_and_the_first_answer_counts(store, export, give):
    (row,) = export(reviewers=("Cy",))["next.csv"]
    give(row | {"Tone": "civil"})
    found = give(row | {"Tone": "civil"})
    assert (found.new, found.known, found.rejects.height) == (0, 1, 0)
    found = give(row | {"Tone": "guarded"}, again=True)
    assert found.rejects["reason"].to_list() == ["the same person has answered this turn otherwise before"]
    appeals.decide(store, CONFIG, GUARDED, who="Dana", outcome="upheld", why="Yes.")
    assert give(row | {"Tone": "civil"}).known == 1
    assert labelled(store) == [("Cy", "0")]


def test_a_party_and_who_comes_too_late_are_told_by_row(store, export, give):
    (row,) = export()["next.csv"]
    found = give(row | {"Tone": "civil", "reviewer": "ana"}, row | {"Tone": "civil", "reviewer": "tom.brennan"})
    assert found.rejects["reason"].to_list() == ["you are party to this"] * 2
    assert found.rejects["place"].n_unique() == 2
    appeals.decide(store, CONFIG, GUARDED, who="Dana", outcome="rejected", why="It stands.")
    found = give(row | {"Tone": "civil", "reviewer": "Cy"})
    assert found.rejects["reason"].to_list() == ["this turn is not in the queue any more"]
    assert labelled(store) == []


def test_the_command_reads_a_file_where_nothing_was_drawn(store, export, tmp_path):
    (row,) = export(reviewers=("Cy",))["next.csv"]
    header = "id,S,A,X,O,Tone,reviewer"
    (tmp_path / "back.csv").write_text(f"{header}\n{row['id']},,,,,civil,Cy\n", encoding="utf-8")
    done = CliRunner().invoke(app, ["review", "import", str(tmp_path / "back.csv"), "--store", store.root])
    assert (done.exit_code, done.stdout.split(" of ")[0]) == (0, "1 new answers")
    assert labelled(store) == [("Cy", "0")]


def _item(name, role="agent", asks=()):
    return Item(name, "c", 1, role, "a", "Said.", (), {}, ("", "", ""), "random", 1, asks=asks)


def test_appealed_messages_do_not_all_stand_at_one_end():
    drawn = [_item(f"d{number}") for number in range(20)]
    new = [_item(f"x{number}") for number in range(20)]
    whole = [each.id for each in disputed.mixed(drawn, new)]
    assert sorted(whole) == sorted(each.id for each in (*drawn, *new))
    assert [name for name in whole if name[0] == "d"] == [each.id for each in drawn]
    assert whole == [each.id for each in disputed.mixed(drawn, new[::-1])]
    assert {"x"} != {name[0] for name in whole[:10]} != {"d"}
    assert {"x"} != {name[0] for name in whole[-10:]} != {"d"}


def test_a_table_asks_the_standard_questions_of_a_role_beside_own_ones_of_another(tmp_path):
    sheets.write(tmp_path / "out.csv", [_item("a", asks=("next_steps",)), _item("b", role="customer")])
    assert "Tone" in next(csv.reader(_text(tmp_path / "out.csv")))

"""Labels of a centre's own in the queue: drawn for alone or with the others, asked, read back, compared."""

import csv
from datetime import UTC, datetime

import polars as pl
import pytest

from empathy_scan.errors import UsageError
from empathy_scan.own_codebook import OwnLabel
from empathy_scan.review import agreement, incoming, questions, sample, sheets
from empathy_scan.review.desk import Desk
from empathy_scan.review.queue import Answer, Queue
from empathy_scan.review.sample import Outlook, Wish

LABEL = OwnLabel(
    "next_steps", "next steps", "agent", "Tells what comes next?", "What and when.", ("a", "b"), ("c", "d")
)
OWN = questions.of_own([LABEL])


@pytest.fixture
def own_queue(tmp_path):
    """A queue of a centre with a label of its own."""
    return Queue(tmp_path / "queue", own=OWN)


@pytest.fixture
def alone(contents, own_queue):
    """A queue with twenty turns that only the own label is asked of."""
    sample.draw(contents, own_queue, Wish(20, {"random": 1}, 1.0, ("agent",), asks=("next_steps",)))
    return own_queue


def filled(path, items, answers, **row):
    """A table of turns with answers to the own label, by id."""
    sheets.write(path, items, own=OWN)
    rows = list(csv.reader(path.read_text(encoding="utf-8-sig").splitlines()))
    for cells in rows[1:]:
        cells[rows[0].index("Tells what comes next?")] = answers.get(cells[0], "")
        for name, value in row.items():
            cells[rows[0].index(name)] = value
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows(rows)
    return rows


def test_a_draw_for_a_label_asks_for_it_alone(alone):
    for item in alone.items():
        assert [each.key for each in alone.asked_of(item)] == ["next_steps"]


def test_another_draw_asks_the_standard_questions_and_the_own_ones_of_the_role(contents, own_queue):
    sample.draw(contents, own_queue, Wish(30, {"random": 1}))
    for item in own_queue.items():
        keys = [each.key for each in own_queue.asked_of(item)]
        assert keys[: len(questions.of(item.role))] == [each.key for each in questions.of(item.role)]
        assert ("next_steps" in keys) == (item.role == "agent")


def test_a_queue_without_a_codebook_writes_lines_that_older_programs_read(contents, queue):
    sample.draw(contents, queue, Wish(5, {"random": 1}))
    assert all('"asks": [' not in line or '"format"' in line for line in lines_of(queue))


def lines_of(queue):
    return (queue.folder / "draws" / "0001.jsonl").read_text(encoding="utf-8").splitlines()


def test_a_table_of_such_turns_has_one_question_and_is_read_back(alone, tmp_path):
    items = alone.items()
    answers = {item.id: ("yes", "no", "?")[number % 3] for number, item in enumerate(items)}
    rows = filled(tmp_path / "a.csv", items, answers)
    assert rows[0] == ["id", "role", "before", "turn", "Tells what comes next?", "comment", "reviewer"]
    done = incoming.read_in(alone, [tmp_path / "a.csv"], reviewer="Ana")
    assert (done.new, done.rejects.height) == (20, 0)
    assert {answer.id: answer.labels["next_steps"] for answer in alone.answers()} == answers


def test_an_empty_cell_is_no_answer_where_nothing_else_is_asked(alone, tmp_path):
    filled(tmp_path / "a.csv", alone.items(), {alone.items()[0].id: "yes"}, comment="")
    done = incoming.read_in(alone, [tmp_path / "a.csv"], reviewer="Ana")
    assert (done.new, done.empty) == (1, 19)


def test_without_the_codebook_the_columns_are_unknown_and_that_is_told(alone, tmp_path):
    filled(tmp_path / "a.csv", alone.items(), {alone.items()[0].id: "yes"})
    done = incoming.read_in(Queue(alone.folder), [tmp_path / "a.csv"], reviewer="Ana")
    assert done.new == 0
    assert "codebook" in done.rejects["remedy"][0]


def test_the_page_asks_for_it_and_takes_no_turn_without_an_answer(alone):
    desk = Desk(alone)
    turn = desk.next("Ana")["turn"]
    assert [each["key"] for each in turn["questions"]] == ["next_steps"]
    with pytest.raises(UsageError, match="1 question"):
        desk.save("Ana", turn["id"], {})
    told = desk.save("Ana", turn["id"], {"next_steps": "yes"})
    assert told["compared"] == []
    assert alone.answers()[0].labels == {"next_steps": "yes"}


def test_turns_whose_label_is_gone_from_the_codebook_are_not_asked(alone):
    assert Desk(Queue(alone.folder)).next("Ana")["turn"] is None


def test_people_are_compared_on_it_and_other_labels_stay_unanswered(alone):
    for who in ("Ana", "Ben"):
        alone.add_answers([
            Answer(item.id, who, {"next_steps": "yes" if n % 4 == 0 or (who == "Ben" and n == 1) else "no"},
                   datetime.now(UTC))
            for n, item in enumerate(alone.items())
        ])  # fmt: skip
    found = {(each.role, each.key): each for each in agreement.review(alone).labels}
    own = found["agent", "next_steps"]
    assert own.own
    assert own.people.turns == 20
    assert 0.8 < own.people.estimate("raw").value < 1
    assert found["agent", "tone"].people.turns == 0


def test_a_draw_for_a_label_changes_nothing_that_is_said_of_the_others(contents, own_queue):
    sample.draw(contents, own_queue, Wish(40, {"random": 1}, 1.0))
    for who in ("Ana", "Ben"):
        own_queue.add_answers([
            Answer(item.id, who, {**item.model, "tone": "0"}, datetime.now(UTC)) for item in own_queue.items()
        ])  # fmt: skip
    before = {(each.role, each.key): each for each in agreement.review(own_queue).labels}
    sample.draw(contents, own_queue, Wish(30, {"random": 1}, 1.0, ("agent",), asks=("next_steps",)))
    later = [item for item in own_queue.items() if item.draw == 2]
    own_queue.add_answers([Answer(item.id, "Ana", {"next_steps": "no"}, datetime.now(UTC)) for item in later])
    after = {(each.role, each.key): each for each in agreement.review(own_queue).labels}
    assert after["agent", "S"] == before["agent", "S"]
    assert after["customer", "tone"] == before["customer", "tone"]


def test_what_is_likely_is_drawn_more_often_with_known_chances(contents, own_queue):
    turns = contents.turns.filter(role="agent").select("conversation_id", "turn")
    likely = turns.with_columns(doubt=pl.lit(0.0), likely=pl.when(pl.col("turn") == 1).then(1.0).otherwise(0.01))
    wish = Wish(60, {"random": 50, "rare": 50}, 0, ("agent",), asks=("next_steps",))
    sample.draw(contents, own_queue, wish, outlook=Outlook(likely))
    chances = own_queue.chances()
    assert chances["p"].sum() == pytest.approx(60)
    first = chances.filter(pl.col("turn") == 1)["p"].mean()
    assert first > 2 * chances.filter(pl.col("turn") != 1)["p"].mean() > 0

"""The folder of a queue: answers are never lost, a crash costs one line, what is forgotten is gone."""

import json
import subprocess
import sys

import pytest
import review_frames as frames

from empathy_scan import lock, review
from empathy_scan.errors import StoreError, UsageError
from empathy_scan.review import sample
from empathy_scan.review.queue import Draw, Queue, forget, item_id
from empathy_scan.review.sample import Wish


@pytest.fixture
def drawn(contents, queue):
    """A queue with forty turns and what two people said of them."""
    sample.draw(contents, queue, Wish(size=40))
    for name in ("Ana", "Ben"):
        queue.add_answers(frames.answers_like_the_model(queue, name))
    return queue


def test_what_is_written_is_what_is_read(drawn):
    again = Queue(drawn.folder)
    assert again.items() == drawn.items()
    assert again.draws()[0].asked["size"] == 40
    assert [each for each in again.answers() if each.reviewer == "Ana"] == frames.answers_like_the_model(drawn, "Ana")


def test_each_reviewer_has_a_file_and_lines_are_only_added(drawn):
    paths = sorted((drawn.folder / "answers").iterdir())
    before = [path.read_bytes() for path in paths]
    drawn.add_answers([frames.answer(drawn.items()[0], " ANA ", again=True)])
    after = [path.read_bytes() for path in paths]
    assert [path.stem for path in paths] == ["ana", "ben"]
    assert after[0].startswith(before[0])
    assert after[0] != before[0]
    assert after[1] == before[1]


def test_a_line_that_a_crash_cut_off_costs_nothing_else(drawn):
    path = drawn.folder / "answers" / "ana.jsonl"
    path.write_bytes(path.read_bytes()[:-30])
    assert len(drawn.answers()) == 79
    drawn.add_answers([frames.answer(drawn.items()[0], "Ana")])
    assert len(drawn.answers()) == 80


def test_damage_elsewhere_is_told_with_its_place_and_without_what_stands_there(drawn):
    path = drawn.folder / "answers" / "ana.jsonl"
    lines = path.read_text(encoding="utf-8").split("\n")
    lines[2] = '{"secret": ]}'
    path.write_text("\n".join(lines), encoding="utf-8")
    with pytest.raises(StoreError, match=r"ana\.jsonl:3: is damaged") as caught:
        drawn.answers()
    assert "secret" not in str(caught.value)


def test_a_draw_of_a_newer_version_is_refused(drawn):
    path = drawn.folder / "draws" / "0001.jsonl"
    head, rest = path.read_text(encoding="utf-8").split("\n", 1)
    path.write_text(json.dumps({**json.loads(head), "format": 99}) + "\n" + rest, encoding="utf-8")
    with pytest.raises(StoreError, match="upgrade"):
        drawn.items()


def test_an_answer_needs_a_reviewer(drawn):
    with pytest.raises(UsageError, match="reviewer"):
        drawn.add_answers([frames.answer(drawn.items()[0], "  ")])


def test_two_do_not_write_at_once(drawn):
    with lock.exclusive(drawn.folder / ".lock", wait_seconds=0), pytest.raises(StoreError, match="another"):
        drawn.add_answers([frames.answer(drawn.items()[0], "Ana")])


def test_two_draws_cannot_have_one_number(drawn):
    with pytest.raises(StoreError, match="meanwhile"):
        drawn.add_draw(Draw(1, {}, ()), drawn.chances())


def test_names_of_turns_are_no_numbers_dates_or_formulas():
    names = {item_id(f"call-{number}", number) for number in range(500)}
    assert len(names) == 500
    assert all(name.startswith("t_") and name.isascii() for name in names)


def test_an_empty_queue_holds_nothing_and_makes_nothing(queue):
    assert (queue.items(), queue.answers(), queue.chances().height, queue.stamp()) == ([], [], 0, ())
    assert forget(queue.folder, ["call-000"]) == (0, 0)
    assert not queue.folder.exists()


def test_what_is_forgotten_is_gone_from_every_file(drawn, contents):
    sample.draw(contents, drawn, Wish(size=40, seed=9))
    gone = sorted({item.conversation_id for item in drawn.items()})[:3]
    items = [item for item in drawn.items() if item.conversation_id in gone]
    drawn.add_answers([frames.answer(items[0], "Ana", again=True)])
    turns, answers = review.forget(drawn.folder, gone)
    assert turns == len(items)
    assert answers == 1 + 2 * sum(item.draw == 1 for item in items)
    whole = b"".join(path.read_bytes() for path in drawn.folder.rglob("*.jsonl"))
    assert not [name for name in (*gone, *(item.id for item in items)) if f'"{name}"'.encode() in whole]
    assert not list(drawn.folder.rglob("*.part"))
    left = {item.conversation_id for item in drawn.items()}
    assert left.isdisjoint(gone)
    assert {answer.id for answer in drawn.answers()} <= {item.id for item in drawn.items()}
    assert drawn.chances().height == 2 * (360 - 6 * len(gone))
    assert review.forget(drawn.folder, gone) == (0, 0)


def test_answers_are_on_the_disk_when_the_program_is_killed(drawn):
    """A process that dies the moment after an answer was given."""
    code = f"""
import os, sys
sys.path.insert(0, {str(frames.__file__).rpartition("/")[0]!r})
from pathlib import Path
import review_frames as frames
from empathy_scan.review.queue import Queue
queue = Queue(Path({str(drawn.folder)!r}))
queue.add_answers([frames.answer(queue.items()[0], "Cleo")])
os._exit(9)
"""
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 9  # noqa: S603
    assert [each.reviewer for each in drawn.answers()].count("Cleo") == 1

"""What people said in review as a model learns it: every turn once, as a scan reads it, with its weight."""

import numpy as np
import pytest

from empathy_scan.config import Config
from empathy_scan.errors import UsageError
from empathy_scan.learning import lessons
from empathy_scan.learning.lessons import falls_within, gather
from empathy_scan.review import sample
from empathy_scan.review.queue import Queue, item_id
from empathy_scan.store import Store


@pytest.fixture(scope="module")
def held(centre, queue):
    return gather(Store.open(centre.store), Queue(queue), Config())


def test_every_answered_turn_is_there_with_its_weight_and_what_people_said(centre, queue, held):
    assert len(held) == 300
    weights = sample.weights(Queue(queue), [item.id for item in Queue(queue).items()])
    there = [weights[item_id(item.key[1], item.key[2])] for item in held.items]
    assert held.weights == pytest.approx(np.array(there) / np.mean(there))
    for item, truth in zip(held.items, held.truth, strict=True):
        gold = centre.gold[item.key[1], item.key[2]]
        first = {"agent": 4, "customer": 7}[item.role]
        assert truth[first : first + 3].tolist() == np.eye(3)[gold["tone"]].tolist()
        assert np.isnan(truth[7:] if item.role == "agent" else truth[:7]).all()


def test_turns_are_read_as_a_scan_reads_them(centre, queue, held):
    stored = {tuple(item.key[1:]): item.segments for item in held.items}
    nowhere = gather(Store.open(centre.folder / "no-store"), Queue(queue), Config())
    for item in nowhere.items:  # as they were drawn, without the store: the same words, the same context
        assert item.segments == stored[tuple(item.key[1:])]


def test_people_who_differ_make_shares_and_what_nobody_could_tell_is_unknown():
    yes, no, unclear = ({"S": said, "A": "no", "X": "no", "O": "?", "tone": "1"} for said in ("yes", "no", "?"))
    truth = lessons._truth("agent", [yes, no, unclear, yes])
    assert truth[0] == pytest.approx(2 / 3)
    assert np.isnan(truth[3])
    assert truth[4:7].tolist() == [0, 1, 0]


def test_what_a_bundle_tells_of_them_holds_counts_and_days_only(held):
    told = held.described()
    assert told["turns"] == 300
    assert told["reviewers"] == 2
    assert "Ana" not in str(told)
    assert set(told) == {"turns", "agent_turns", "conversations", "reviewers", "first_answer", "last_answer"}


def test_a_share_of_conversations_is_the_same_every_time_and_grows_with_the_share():
    names = [f"c{number}" for number in range(1000)]
    small, large = ({name for name in names if falls_within(name, share, 1)} for share in (0.3, 0.7))
    assert small < large
    assert len(small) == pytest.approx(300, abs=60)
    assert small != {name for name in names if falls_within(name, 0.3, 2)}


def test_an_empty_queue_says_what_comes_first(centre, tmp_path):
    with pytest.raises(UsageError, match="review export"):
        gather(Store.open(centre.store), Queue(tmp_path / "nothing"), Config())

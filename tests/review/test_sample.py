"""Draws: the chances are known and true, nothing is drawn twice, and weights make the sample speak of all turns."""

from collections import Counter
from dataclasses import replace

import numpy as np
import polars as pl
import pytest
import review_frames as frames

from empathy_scan.errors import UsageError
from empathy_scan.review import sample
from empathy_scan.review.queue import CITED, PARTS, RANDOM, RARE, UNCERTAIN, Queue, digits
from empathy_scan.review.sample import Wish

MOMENTS = pl.DataFrame(
    [("noor", "call-000", 1), ("noor", "call-003", 3), ("tam", "call-001", 5)],
    schema={"agent_id": pl.String, "conversation_id": pl.String, "turn": pl.Int64}, orient="row",
)  # fmt: skip


@pytest.mark.parametrize("size", [1, 37, 200])
def test_exactly_as_many_turns_are_drawn_as_were_wished_for_and_none_twice(contents, queue, size):
    first = sample.draw(contents, queue, Wish(size=size))
    second = sample.draw(contents, queue, Wish(size=100))
    assert len(first.draw.items) == size
    assert len(second.draw.items) == 100
    assert len({item.id for item in queue.items()}) == size + 100
    assert (second.frame, second.known) == (360 - size, size)


def test_the_same_wish_gives_the_same_draw(contents, tmp_path):
    one, other = (sample.draw(contents, Queue(tmp_path / name), Wish(size=50)).draw.items for name in "ab")
    assert one == other
    another = sample.draw(contents, Queue(tmp_path / "c"), Wish(size=50, seed=3)).draw.items
    assert {item.id for item in one} != {item.id for item in another}


def test_every_turn_is_drawn_as_often_as_its_chance_says():
    """Over many draws of the same turns; the chances that a draw writes down are those by which it draws."""
    contents, taken = frames.stored(12), Counter()
    turns, times = sample.frame(contents, Wish()), 400
    free = np.ones(turns.height, dtype=bool)
    counts = {RANDOM: 10, UNCERTAIN: 6, RARE: 5, CITED: 4}
    parts, _ = sample._chances(turns, free, counts, MOMENTS)
    chances = parts.sum(axis=0)
    for number in range(times):
        taken.update(sample._systematic(turns, chances, np.random.default_rng(number)).tolist())
    assert chances.sum() == pytest.approx(25)
    assert chances.max() <= 1 + 1e-9
    seen = np.array([taken[place] for place in range(turns.height)]) / times
    spread = np.sqrt(chances * (1 - chances) / times)
    assert (np.abs(seen - chances) <= 4.5 * spread + 1e-9).all()


def test_the_chances_that_are_written_down_add_up_to_the_turns_drawn(contents, queue):
    sample.draw(contents, queue, Wish(size=80), cited=MOMENTS)
    held = queue.chances()
    assert held.height == 360
    assert held["p"].sum() == pytest.approx(80)


def test_weights_make_a_lopsided_sample_speak_of_all_turns(tmp_path):
    """Mean over draws of the weighted number of hostile and of all turns: that of the store."""
    contents = frames.stored(50)
    wanted = contents.labels.filter(pl.col("tone") == 2).height / contents.labels.height
    found, plain = [], []
    for seed in range(50):
        queue = Queue(tmp_path / str(seed))
        for size in (16, 24):  # a second draw goes on where the first one ended
            sample.draw(contents, queue, Wish(size=size, seed=seed, mix={RANDOM: 2, RARE: 1}))
        items = queue.items()
        weights = sample.weights(queue, [item.id for item in items])
        hostile = [item.model["tone"] == "2" for item in items]
        found.append(sum(weights[item.id] * is_so for item, is_so in zip(items, hostile, strict=True))
                     / sum(weights.values()))  # fmt: skip
        plain.append(np.mean(hostile))
    assert np.mean(plain) > 1.5 * wanted
    assert np.mean(found) == pytest.approx(wanted, abs=4 * np.std(found) / np.sqrt(len(found)))


def test_after_a_draw_that_did_not_ask_a_label_its_own_draw_still_speaks_of_all_turns(tmp_path):
    """The first draw takes many of the turns that are not civil; those that are left stand for them."""
    contents = frames.stored(60)
    agents = contents.labels.filter(pl.col("role") == "agent")
    wanted = agents.filter(pl.col("tone") > 0).height / agents.height
    shares, plain, sums = [], [], []
    for seed in range(40):
        queue = Queue(tmp_path / str(seed))
        sample.draw(contents, queue, Wish(30, {RANDOM: 1, RARE: 2}, roles=("agent",), seed=seed))
        own = sample.draw(
            contents, queue, Wish(60, {RANDOM: 1}, roles=("agent",), seed=seed, asks=("next_steps",))
        ).draw.items
        weights = sample.weights(queue, [item.id for item in own])
        held = [item.model["tone"] != "0" for item in own]
        sums.append(sum(weights.values()))
        shares.append(sum(weights[item.id] * is_so for item, is_so in zip(own, held, strict=True)) / agents.height)
        plain.append(np.mean(held))
    assert np.mean(plain) < 0.8 * wanted
    assert np.mean(shares) == pytest.approx(wanted, abs=3 * np.std(shares) / np.sqrt(len(shares)))
    assert np.mean(sums) == pytest.approx(agents.height, rel=0.03)


def test_turns_that_an_earlier_draw_was_certain_to_take_are_told(contents, tmp_path):
    queue = Queue(tmp_path)
    sample.draw(contents, queue, Wish(100, {UNCERTAIN: 1}, roles=("agent",)))
    certain = queue.chances().filter(pl.col("p") > 1 - 1e-9).height
    found = sample.draw(contents, queue, Wish(20, {RANDOM: 1}, roles=("agent",), asks=("next_steps",)))
    told = [note for note in found.notes if "certain" in note]
    assert [note.split()[0] for note in told] == [str(certain)] * bool(certain)
    assert certain


def test_a_draw_counts_as_answered_by_the_turns_of_the_roles_that_answered(contents, queue):
    sample.draw(contents, queue, Wish(120, {RANDOM: 1}))
    agents = [item.id for item in queue.items() if item.role == "agent"]
    assert [*sample.weights(queue, agents).values()] == pytest.approx([360 / 120] * len(agents))


def test_a_turn_that_two_draws_could_have_taken_weighs_less(contents, queue):
    sample.draw(contents, queue, Wish(size=50, mix={RANDOM: 1}))
    ids = [item.id for item in queue.items()]
    before = sample.weights(queue, ids)
    sample.draw(contents, queue, Wish(size=100, mix={RANDOM: 1}))
    everything = sample.weights(queue, [item.id for item in queue.items()])
    assert [*before.values()] == pytest.approx([360 / 50] * 50)
    assert everything[ids[0]] == pytest.approx(1 / (1 - (1 - 50 / 360) * (1 - 100 / 310)))


def test_turns_that_nobody_answered_count_as_not_drawn(contents, queue):
    sample.draw(contents, queue, Wish(size=90, mix={RANDOM: 1}))
    answered = [item.id for item in queue.items()][:30]
    assert [*sample.weights(queue, answered).values()] == pytest.approx([360 / 30] * 30)


def test_each_part_gets_its_share(contents, queue):
    found = sample.draw(contents, queue, Wish(size=200, mix=dict.fromkeys(PARTS, 1)), cited=MOMENTS)
    parts = Counter(item.part for item in found.draw.items)
    assert set(parts) == set(PARTS)
    cited = {row[1:] for row in MOMENTS.iter_rows()}  # so few that each of them is drawn, for this part or another
    assert cited <= {(item.conversation_id, item.turn) for item in found.draw.items}
    assert {(item.conversation_id, item.turn) for item in found.draw.items if item.part == CITED} <= cited
    assert parts[RANDOM] > parts[UNCERTAIN] * 0.8  # what the cited ones could not use
    assert any("cited" in note for note in found.notes)


def test_cited_moments_are_of_every_agent_alike(contents):
    turns = sample.frame(contents, Wish())
    free = np.ones(turns.height, dtype=bool)
    parts, _ = sample._chances(turns, free, {RANDOM: 0, UNCERTAIN: 0, RARE: 0, CITED: 2}, MOMENTS)
    by_agent = turns.select("agent_id", p=pl.Series(parts[3])).group_by("agent_id").sum().filter(pl.col("p") > 0)
    assert dict(by_agent.iter_rows()) == {"noor": pytest.approx(1), "tam": pytest.approx(1)}


def test_uncertain_turns_are_those_of_which_the_model_is_unsure(contents, queue):
    turns = sample.frame(contents, Wish())
    found = sample.draw(contents, queue, Wish(size=60, mix={UNCERTAIN: 1}))
    measure = turns["doubt"] ** 2 + turns["unsure"].cast(int)
    doubts = dict(zip(turns.select("conversation_id", "turn").rows(), measure, strict=True))
    drawn = [doubts[item.conversation_id, item.turn] for item in found.draw.items]
    assert np.mean(drawn) > 1.3 * measure.mean()


def test_rare_labels_are_drawn_far_more_often_than_they_occur(contents, queue):
    found = sample.draw(contents, queue, Wish(size=30, mix={RARE: 1}))
    assert np.mean([item.model["tone"] != "0" for item in found.draw.items]) > 0.8


def test_a_wish_is_about_some_agents_and_one_role(contents, queue):
    found = sample.draw(contents, queue, Wish(size=30, agents=("tam",), roles=("agent",)))
    assert {(item.role, item.agent_id) for item in found.draw.items} == {("agent", "tam")}


def test_a_turn_comes_with_what_was_said_before_it_and_nothing_after(contents, queue):
    found = sample.draw(contents, queue, Wish(size=60))
    for item in found.draw.items:
        name = item.conversation_id
        said = [f"Turn {turn} of {name}, said by the {('customer', 'agent')[turn % 2]}." for turn in range(6)]
        assert item.text == said[item.turn]
        assert [words for _, words in item.context] == said[: item.turn]


def test_some_turns_are_for_everybody_and_the_others_are_dealt(contents, queue):
    found = sample.draw(contents, queue, Wish(size=100, overlap=0.3, reviewers=("Ana", "Ben")))
    assert sum(item.everyone for item in found.draw.items) == 30
    dealt = Counter(item.reviewer for item in found.draw.items if not item.everyone)
    assert sorted(dealt.values()) == [35, 35]


def test_with_fewer_turns_than_wished_for_all_are_drawn_and_a_note_says_so(queue):
    found = sample.draw(frames.stored(2), queue, Wish(size=50))
    assert len(found.draw.items) == 12
    assert "only 12 of the 50 turns wished for are there" in found.notes
    with pytest.raises(UsageError, match="no turn left"):
        sample.draw(frames.stored(2), queue, Wish(size=5))


@pytest.mark.parametrize(
    "wish",
    [Wish(size=0), Wish(overlap=1.2), Wish(mix={RANDOM: 0}), Wish(mix={"odd": 1}), Wish(mix={RANDOM: -1, RARE: 2})],
)
def test_impossible_wishes_are_refused(contents, queue, wish):
    with pytest.raises(UsageError):
        sample.draw(contents, queue, wish)


def test_turns_that_no_model_scored_are_not_drawn(contents, queue):
    unscored = replace(contents, scores=contents.scores.filter(pl.col("conversation_id") != "call-000"))
    sample.draw(unscored, queue, Wish(size=354))
    assert "call-000" not in {item.conversation_id for item in queue.items()}
    assert digits(["call-000"])[0] not in queue.chances()["conversation"].to_list()

"""Agreement as a whole: what is compared, what it is weighted for, which answers count, and the verdict in words."""

import itertools
import random

import pytest
import review_frames as frames

from empathy_scan import review
from empathy_scan.review import agreement, questions
from empathy_scan.review.agreement import ALL, FOUND, RIGHT
from empathy_scan.review.queue import RANDOM, UNCERTAIN, Draw, digits
from empathy_scan.review.sample import Wish, draw


def filled(queue, items, answers, *, p=0.5):
    """A queue that holds such turns, all of them equally probable, and such answers."""
    chances = frames.pl.DataFrame(
        {
            "turn": frames.pl.Series([item.turn for item in items], dtype=frames.pl.Int32),
            "p": [p(item) if callable(p) else p for item in items],
        }
    ).with_columns(digits([item.conversation_id for item in items]))
    queue.add_draw(Draw(1, {}, tuple(items)), chances)
    queue.add_answers(answers)
    return queue


def of(found, role, key):
    return next(each for each in found.labels if (each.role, each.key) == (role, key))


def turns(count):
    """Agents' and customers' turns in which every label occurs often enough."""
    made = []
    for number in range(count):
        flags = {"S": "yes"} if number % 3 == 1 else {"A": "yes", "O": "yes"} if number % 3 == 2 else {}
        made.append(frames.item(2 * number, "agent", conversation=f"c{number}", tone=str(number % 2), **flags))
        made.append(frames.item(2 * number + 1, "customer", conversation=f"d{number}", tone=str(number % 3)))
    return made


def test_where_all_agree_agents_can_be_compared(queue):
    items = turns(60)
    found = review.review(filled(queue, items, [frames.answer(each, who) for each in items for who in ("Ana", "Ben")]))
    assert found.good
    assert found.verdict.startswith("good enough to compare agents: yes; reason: people agree with one another and")
    assert (found.drawn, found.answered, found.double, found.conversations) == (120, 120, 120, 120)
    assert dict(found.reviewers) == {"Ana": 120, "Ben": 120}
    assert of(found, "agent", "care").people.estimate("alpha").value == pytest.approx(1)
    assert of(found, "customer", "tone").model.estimate("kappa").value == pytest.approx(1)


def test_one_person_alone_cannot_say_how_far_people_agree(queue):
    items = turns(60)
    found = review.review(filled(queue, items, [frames.answer(each, "Ana") for each in items]))
    assert not found.good
    assert "only one person has answered" in found.reason
    assert of(found, "agent", "care").model.good


def test_too_little_is_called_so(queue):
    items = turns(8)
    found = review.review(filled(queue, items, [frames.answer(each, who) for each in items for who in ("Ana", "Ben")]))
    assert found.verdict.startswith(
        "good enough to compare agents: no; reason: people with one another on the care class: too"
    )
    assert "8 of 30 turns needed" in found.reason


def test_rare_answers_that_nobody_gave_are_too_little_to_tell(queue):
    items = [frames.item(number, "agent", tone="0") for number in range(60)]
    found = review.review(filled(queue, items, [frames.answer(each, who) for each in items for who in ("Ana", "Ben")]))
    assert of(found, "agent", "tone").people.words == (
        "too little: 0 of 10 turns needed with another answer than the usual one"
    )


def test_a_model_that_people_contradict_is_not_good_enough(queue):
    items, luck = turns(80), random.Random(5)  # noqa: S311 - for a test
    said = {each.id: {"S": luck.choice(["yes", "no"]), "A": luck.choice(["yes", "no"])} for each in items}
    answers = [
        frames.answer(each, who, **(said[each.id] if each.role == "agent" else {}))
        for each, who in itertools.product(items, ("Ana", "Ben"))
    ]
    found = review.review(filled(queue, items, answers))
    care = of(found, "agent", "care")
    assert care.people.good
    assert not care.model.good
    assert care.model.words.startswith("not good enough")
    assert found.reason.startswith("the model with people on the care class: not good enough")


def test_only_the_first_answer_counts_and_second_thoughts_are_kept_apart(queue):
    items = turns(40)
    first = [frames.answer(each, "Ana", tone="0") for each in items]
    again = [frames.answer(each, "Ana", again=True) for each in items]
    found = review.review(filled(queue, items, [*first, *again]))
    assert of(found, "customer", "tone").model.estimate("raw").value < 0.5
    assert [each.again for each in agreement.last_answers(queue.answers()).values()] == [True] * 80
    assert len(agreement.first_answers(queue.answers())) == 80


def test_one_person_under_two_spellings_is_one_reviewer(queue):
    items = turns(4)
    answers = [frames.answer(each, who) for each, who in zip(items, itertools.cycle(["Ana May", " ana  may"]))]
    assert dict(review.review(filled(queue, items, answers)).reviewers) == {"Ana May": 8}


def test_what_nobody_could_tell_is_left_out(queue):
    items = turns(40)
    answers = [frames.answer(each, "Ana", tone="?") if number < 20 else frames.answer(each, "Ana")
               for number, each in enumerate(items)]  # fmt: skip
    found = review.review(filled(queue, items, answers))
    assert of(found, "agent", "tone").turns == 30
    assert of(found, "agent", "S").turns == 40


def test_answers_weigh_what_their_chance_to_be_drawn_says(queue):
    """Customers' turns: 20 the model has right, drawn with 0.1; 20 it has wrong, drawn always."""
    items = [frames.item(number, "customer", tone=str(number % 2)) for number in range(40)]
    wrong = {"0": "1", "1": "0"}
    answers = [
        frames.answer(each, "Ana", tone=wrong[each.model["tone"]] if number >= 20 else each.model["tone"])
        for number, each in enumerate(items)
    ]
    likely = {each.id: 0.1 if number < 20 else 1.0 for number, each in enumerate(items)}
    found = review.review(filled(queue, items, answers, p=lambda each: likely[each.id]))
    raw = of(found, "customer", "tone").model.estimate("raw").value
    assert raw == pytest.approx(20 * 10 / (20 * 10 + 20))
    assert of(found, "customer", "tone").model.agreement.effective < 30


def test_error_rates_of_the_random_part_are_counted_and_those_of_all_are_weighted(queue):
    items = [
        frames.item(number, "agent", S="yes" if number % 2 else "no", part=RANDOM if number < 40 else UNCERTAIN)
        for number in range(80)
    ]
    answers = [
        frames.answer(each, "Ana", **({"S": "no"} if number % 4 == 1 else {})) for number, each in enumerate(items)
    ]
    found = review.review(filled(queue, items, answers, p=lambda each: 0.1 if each.part == RANDOM else 0.9))
    rates = {(rate.kind, rate.answer, rate.part): rate for rate in of(found, "agent", "S").errors}
    right = rates[RIGHT, "yes", RANDOM]
    assert (right.estimate.value, right.turns) == (pytest.approx(0.5), 20)
    assert right.estimate.low < 0.3
    assert right.estimate.high > 0.7
    assert rates[FOUND, "yes", ALL].estimate.value == pytest.approx(1)
    assert rates[RIGHT, "yes", ALL].turns == 40
    assert rates[FOUND, "no", ALL].estimate.value == pytest.approx(2 / 3)


def test_the_confusion_holds_every_turn_and_its_shares_are_one(queue):
    items = turns(30)
    answers = [frames.answer(each, "Ana", tone="1") for each in items]
    cells = of(review.review(filled(queue, items, answers)), "customer", "tone").confusion
    assert sum(cell.turns for cell in cells) == 30
    assert sum(cell.share for cell in cells) == pytest.approx(1)
    assert {(cell.people, cell.model): cell.turns for cell in cells if cell.turns} == {
        ("upset", "civil"): 10, ("upset", "upset"): 10, ("upset", "hostile"): 10,
    }  # fmt: skip


def test_the_model_is_taken_as_it_labels_today(queue):
    items = turns(30)
    today = {each.id: {**each.model, "tone": "0"} for each in items}
    filled(queue, items, [frames.answer(each, "Ana") for each in items])
    before, after = review.review(queue), review.review(queue, current=today)
    assert of(before, "customer", "tone").model.estimate("raw").value == pytest.approx(1)
    assert of(after, "customer", "tone").model.estimate("raw").value == pytest.approx(1 / 3)


def test_of_three_reviewers_every_pair_is_told(queue):
    items = turns(10)
    names = ("Ana", "Ben", "Cleo")
    found = review.review(filled(queue, items, [frames.answer(each, who) for each in items for who in names]))
    care = of(found, "agent", "care")
    assert set(care.pairs) == {("Ana", "Ben"), ("Ana", "Cleo"), ("Ben", "Cleo")}
    assert set(care.reviewers) == set(names)
    assert care.people.turns == 10


def test_an_empty_queue_has_a_verdict_too(queue, contents):
    assert review.review(queue).verdict == "good enough to compare agents: no; reason: nobody has answered yet"
    draw(contents, queue, Wish(size=20))
    assert review.review(queue).drawn == 20


def test_json_names_every_label_with_n_and_interval(queue):
    items = turns(40)
    told = review.to_json(
        review.review(filled(queue, items, [frames.answer(each, who) for each in items for who in ("Ana", "Ben")]))
    )
    assert [(each["role"], each["key"]) for each in told["labels"]] == [
        *(("agent", key) for key in ("care", "S", "A", "X", "O", "tone")),
        *(("customer", key) for key in ("tone", "i", "t", "p", "c")),
    ]
    care, tone = told["labels"][0], told["labels"][5]
    assert care["people"]["krippendorff_alpha"].keys() == {"value", "low", "high"}
    assert {"cohen_kappa", "gwet_ac1", "raw", "n", "effective_n"} <= care["model"].keys()
    assert "gwet_ac2" in tone["people"]
    assert told["labels"][7]["people"]["cohen_kappa"] == {
        "value": None, "why": "everybody gave one and the same answer, so there is nothing to agree upon",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("given", "care"),
    [("S", "scripted"), ("SO", "scripted"), ("A", "empathic"), ("SX", "empathic"), ("O", "neutral"), ("", "neutral")],
)
def test_the_care_class_follows_from_the_flags(given, care):
    answers = {code: "yes" if code in given else "no" for code in "SAXO"}
    assert questions.care(answers) == care


@pytest.mark.parametrize(
    ("unsure", "care"), [({"A": "yes", "X": "?"}, "empathic"), ({"A": "?"}, "?"), ({"S": "?"}, "?")]
)
def test_a_flag_that_nobody_could_tell_leaves_the_class_open_where_it_matters(unsure, care):
    assert questions.care({**dict.fromkeys("SAXO", "no"), **unsure}) == care


def test_shared_turns_weigh_by_how_likely_they_were_to_be_shared(queue):
    """Of a first draw a tenth is answered by both, of a second one all: the few stand for as many as the others do."""
    items = [frames.item(number, "customer", tone=str(number % 2)) for number in range(200)]
    draws = items[:100], [frames.replace(item, draw=2) for item in items[100:]]
    for number, own in enumerate(draws, start=1):
        chances = frames.pl.DataFrame({"turn": [1] * 100, "p": [0.1] * 100}, schema_overrides={"turn": frames.pl.Int32})
        queue.add_draw(
            Draw(number, {}, tuple(own)), chances.with_columns(digits([item.conversation_id for item in own]))
        )
    queue.add_answers([frames.answer(item, "Ana") for item in items])
    apart = {"0": "1", "1": "0"}
    queue.add_answers([frames.answer(item, "Ben", tone=apart[item.model["tone"]]) for item in items[:10]])
    queue.add_answers([frames.answer(item, "Ben") for item in items[100:]])
    people = of(review.review(queue), "customer", "tone").people
    assert people.turns == 110
    assert people.estimate("raw").value == pytest.approx(0.5)

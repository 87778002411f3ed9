"""Single turns: what a row must be, and what an answer is."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from empathy_scan.classify import classify, faults
from empathy_scan.codebook import ATTACK_NAMES, FLAG_NAMES, care_class, tone_names
from empathy_scan.config import Config, ScoreConfig
from empathy_scan.score import Scorer

AGENT = {"id": "a1", "role": "agent", "text": "I am sorry to hear that your mother's bed never came."}
CUSTOMER = {"id": 7, "role": "customer", "text": "You useless clowns."}
SHARED = {"id", "role", "tone", "tone_probs", "model", "unsure"}


@pytest.fixture(scope="module")
def scorer(generous_bundle):
    return Scorer.load(generous_bundle, ScoreConfig(evidence=False))


def test_an_agent_is_answered_by_care_and_tone(scorer):
    (answer,) = classify([AGENT], scorer)
    assert set(answer) == SHARED | {"care", "flags", "care_class"}
    assert tuple(answer["care"]) == FLAG_NAMES
    assert answer["care_class"] == care_class(answer["flags"])


def test_a_customer_is_answered_by_attack_and_tone(scorer):
    (answer,) = classify([CUSTOMER], scorer)
    assert set(answer) == SHARED | {"attack", "kinds"}
    assert tuple(answer["attack"]) == ATTACK_NAMES


@pytest.mark.parametrize("row", [AGENT, CUSTOMER], ids=["agent", "customer"])
def test_an_answer_names_its_row_its_tone_and_its_model(scorer, row):
    (answer,) = classify([row], scorer)
    assert (answer["id"], answer["role"]) == (row["id"], row["role"])
    assert tuple(answer["tone_probs"]) == tone_names(row["role"])
    assert answer["tone"] in answer["tone_probs"]
    assert sum(answer["tone_probs"].values()) == pytest.approx(1, abs=1e-3)
    assert answer["model"] == scorer.bundle.fingerprint
    assert json.loads(json.dumps(answer)) == answer


def test_answers_keep_the_order_of_rows(scorer):
    rows = [
        {**(AGENT if n % 3 else CUSTOMER), "id": n, "text": f"Order {n} is late. " * (n % 5 + 1)} for n in range(25)
    ]
    assert [answer["id"] for answer in classify(rows, scorer)] == list(range(25))


def test_rows_do_not_see_one_another(scorer):
    (alone,) = classify([AGENT], scorer)
    among = classify([CUSTOMER, AGENT, {**AGENT, "context": [{"role": "customer", "text": "Hello?"}]}], scorer)[1]
    assert among["flags"] == alone["flags"]
    assert among["care"] == pytest.approx(alone["care"], abs=1e-3)


def test_the_model_sees_the_context(generous_bundle):
    seen = []

    class Listener(Scorer):
        def scores(self, segments):
            seen.extend(segments["context"].to_list())
            return super().scores(segments)

    said = [{"role": "customer", "text": "My father died on Tuesday and the bed was for him."}]
    classify([AGENT, {**AGENT, "context": said}], Listener.load(generous_bundle, ScoreConfig(evidence=False)))
    assert seen == [[], said]


@pytest.mark.parametrize("context", [None, [], [{"role": "system", "text": "Welcome."}]])
def test_no_context_and_a_system_s_words_are_the_same(scorer, context):
    (alone,), (given_none,) = classify([AGENT], scorer), classify([{**AGENT, "context": context}], scorer)
    assert given_none == alone


def test_personal_data_does_not_reach_the_model(scorer):
    rows = [{**CUSTOMER, "text": f"Write to {name}@example.org about it."} for name in ("ann.lee", "bo.carter")]
    one, other = classify(rows, scorer)
    assert one == other


def test_a_long_turn_carries_what_its_segments_carry(scorer):
    long = {**CUSTOMER, "text": "I have waited since Monday for the man to come. " * 40 + CUSTOMER["text"]}
    (answer,) = classify([long], scorer)
    assert sum(answer["tone_probs"].values()) == pytest.approx(1, abs=1e-3)


def test_an_id_may_be_missing_and_nothing_may_be_asked(scorer):
    assert classify([{"role": "agent", "text": "Hello."}], scorer)[0]["id"] is None
    assert classify([], scorer) == []


@pytest.mark.parametrize(
    ("row", "fault"),
    [
        ("hello", "not a JSON object"),
        (["agent", "hello"], "not a JSON object"),
        ({"text": "hello"}, "'role'"),
        ({"role": "bot", "text": "hello"}, "'role'"),
        ({"role": ["agent"], "text": "hello"}, "'role'"),
        ({"role": "agent"}, "'text'"),
        ({"role": "agent", "text": 5}, "'text'"),
        ({"role": "agent", "text": " \n\t"}, "'text'"),
        ({"role": "agent", "text": "half \ud83d"}, "'text'"),
        ({**AGENT, "context": "hello"}, "'context'"),
        ({**AGENT, "context": ["hello"]}, "'context' entry 0"),
        ({**AGENT, "context": [CUSTOMER, {"role": "agent"}]}, "'context' entry 1"),
        ({**AGENT, "context": [{"role": "agent", "text": "\udc00"}]}, "'context' entry 0"),
    ],
)
def test_a_row_that_cannot_be_scored_says_why(row, fault):
    assert fault in faults(row)


letters = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=30)
rows = st.fixed_dictionaries(
    {"role": st.sampled_from(["agent", "customer"]), "text": letters},
    optional={
        "id": st.none() | st.integers() | st.text(max_size=3),
        "context": st.lists(
            st.fixed_dictionaries({"role": st.sampled_from(["agent", "customer", "system"]), "text": letters}),
            max_size=2,
        ),
    },
)


@settings(max_examples=25, deadline=None)
@given(st.lists(rows, max_size=4))
def test_every_row_without_a_fault_is_answered(scorer, given_rows):
    sound = [row for row in given_rows if not faults(row)]
    assert [answer["role"] for answer in classify(sound, scorer, Config())] == [row["role"] for row in sound]

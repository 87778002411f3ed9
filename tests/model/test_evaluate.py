"""The figures of an evaluation: against scikit-learn, with intervals over conversations."""

import dataclasses

import numpy as np
import pytest
from sklearn.metrics import cohen_kappa_score, f1_score
from toys import toy_items

from empathy_scan.codebook import AGENT_TONE_NAMES, ATTACK_NAMES, CUSTOMER_TONE_NAMES, FLAG_NAMES
from empathy_scan.model import evaluate, runtime
from empathy_scan.model.evaluate import CARE, Judged
from empathy_scan.model.network import L
from empathy_scan.model.tokens import Example

TRAIN, TEST = toy_items(240, seed=1), toy_items(96, seed=2)


def guesses(truth, *, seed, right=0.6):
    """Labels that agree with the gold ones in a share of the places."""
    choose = np.random.default_rng(seed)

    def shaken(column, size):
        return np.where(choose.random(column.shape) < right, column, choose.integers(0, size, column.shape))

    return Judged(
        shaken(truth.flags, 2), shaken(truth.agent_tone, 3), shaken(truth.customer_tone, 3), shaken(truth.attacks, 2)
    )


@pytest.fixture(scope="module", params=[1, 2, 3])
def judged(request):
    truth = evaluate.gold(TEST)
    found = guesses(truth, seed=request.param)
    return truth, found, evaluate.scores(truth, found, TEST)


def test_f1_and_kappa_are_those_of_sklearn(judged):
    truth, found, figures = judged
    for title, gold, said, names in (
        ("care", truth.care, found.care, tuple(c.value for c in CARE)),
        ("agent tone", truth.agent_tone, found.agent_tone, AGENT_TONE_NAMES),
        ("customer tone", truth.customer_tone, found.customer_tone, CUSTOMER_TONE_NAMES),
    ):
        each = f1_score(gold, said, average=None, labels=[0, 1, 2], zero_division=0)
        assert [figures[f"{title} {name} F1"]["value"] for name in names] == pytest.approx(list(each))
        assert figures[f"{title} macro-F1"]["value"] == pytest.approx(each.mean())
        assert figures[f"{title} kappa"]["value"] == pytest.approx(cohen_kappa_score(gold, said))
    for title, names, gold, said in (
        ("flag", FLAG_NAMES, truth.flags, found.flags),
        ("attack", ATTACK_NAMES, truth.attacks, found.attacks),
    ):
        for column, name in enumerate(names):
            figure = figures[f"{title} {name} F1"]
            if figure["n"]:
                assert figure["value"] == pytest.approx(f1_score(gold[:, column], said[:, column], zero_division=0))
            else:
                assert figure["value"] is None


def test_an_interval_contains_its_value_and_lies_in_the_range_of_the_measure(judged):
    _, _, figures = judged
    for name, figure in figures.items():
        if figure["value"] is not None:
            assert figure["low"] - 1e-12 <= figure["value"] <= figure["high"] + 1e-12, name
            assert -1 <= figure["low"] <= figure["high"] <= 1, name


def test_counts_are_gold_positives_or_turns(judged):
    truth, _, figures = judged
    assert figures["care kappa"]["n"] == len(truth.agent_tone)
    assert figures["flag scripted F1"]["n"] == truth.flags[:, 0].sum()
    assert figures["customer tone hostile F1"]["n"] == (truth.customer_tone == 2).sum()


def test_the_same_turns_twice_leave_every_value_and_narrow_the_intervals(judged):
    truth, found, figures = judged
    again = [dataclasses.replace(item, scenario=f"{item.scenario} again") for item in TEST]

    def twice(one):
        return Judged(*(np.concatenate([part, part]) for part in dataclasses.astuple(one)))

    doubled = evaluate.scores(twice(truth), twice(found), [*TEST, *again])
    for name, figure in figures.items():
        assert doubled[name]["value"] == pytest.approx(figure["value"])
    width = {
        name: f["high"] - f["low"] for name, f in (("once", figures["care kappa"]), ("twice", doubled["care kappa"]))
    }
    assert width["twice"] < width["once"]


def test_perfect_labels_score_one():
    truth = evaluate.gold(TEST)
    figures = evaluate.scores(truth, truth, TEST)
    assert {figure["value"] for figure in figures.values()} == {1.0, None}


def test_no_turns_give_figures_without_values():
    truth = evaluate.gold([])
    figures = evaluate.scores(truth, truth, [])
    assert {figure["value"] for figure in figures.values()} == {None}
    assert {figure["n"] for figure in figures.values()} == {0}


def test_care_is_derived_from_flags_by_the_codebook():
    flags = np.array([[1, 0, 0, 0], [1, 1, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1], [0, 0, 0, 0]])
    judged = Judged(flags, np.zeros(5), np.zeros(0), np.zeros((0, 4)))
    assert [CARE[k].value for k in judged.care] == ["scripted", "empathic", "empathic", "neutral", "neutral"]


def test_the_baseline_of_words_beats_chance_and_the_majority_class():
    truth = evaluate.gold(TEST)
    both = {name: evaluate.scores(truth, found, TEST) for name, found in evaluate.baselines(TRAIN, TEST).items()}
    for figure in ("care macro-F1", "agent tone macro-F1", "customer tone macro-F1"):
        assert both["tf-idf"][figure]["value"] > 0.9
        assert both["tf-idf"][figure]["value"] > both["majority"][figure]["value"]
    for figure in ("care kappa", "agent tone kappa", "customer tone kappa"):
        assert both["majority"][figure]["value"] == 0
        assert both["tf-idf"][figure]["value"] > 0.9


def test_baselines_answer_for_every_turn_even_where_a_role_is_missing():
    agents = [item for item in TEST if item.role == "agent"]
    for found in evaluate.baselines(TRAIN, agents).values():
        assert found.flags.shape == (len(agents), 4)
        assert found.customer_tone.shape == (0,)


def test_a_turn_has_the_strongest_flags_of_its_segments(loaded):
    items = TEST[:4]
    parts = tuple(Example("agent", text) for text in ("hello then", "what did the flood do", "right now"))
    long = dataclasses.replace(items[0], segments=parts)
    found = evaluate.turn_logits(loaded.model, loaded.packer, [*items, long])
    alone = runtime.logits(loaded.model, loaded.packer, parts)
    assert found.shape == (5, L)
    np.testing.assert_allclose(found[4, :4], alone[:, :4].max(0), atol=1e-4)
    np.testing.assert_allclose(found[4, 10:], alone[:, 10:].max(0), atol=1e-4)


def test_no_turns_have_no_logits(loaded):
    assert evaluate.turn_logits(loaded.model, loaded.packer, []).shape == (0, L)


def test_predictions_have_a_row_for_every_turn_of_a_role(loaded):
    found = evaluate.predict(loaded, TEST)
    truth = evaluate.gold(TEST)
    assert [part.shape for part in dataclasses.astuple(found)] == [part.shape for part in dataclasses.astuple(truth)]


def test_a_situation_is_right_when_all_its_replies_are():
    items = [
        dataclasses.replace(item, scenario=scene)
        for item, scene in zip([i for i in TEST if i.role == "agent"][:4], "aabb", strict=True)
    ]
    truth = evaluate.gold(items)
    found = dataclasses.replace(truth, agent_tone=truth.agent_tone + np.array([0, 0, 0, 1]))
    assert evaluate.situations_right(items, truth, found) == ([True, False], [True, True, True, False])

"""The model card: what was measured, with intervals and counts, and nothing else."""

import pytest

from empathy_scan.model import card

FACTS = {
    "codebook": 1,
    "packing": {"max_length": 64, "max_focus": 40},
    "data": {
        "agent_turns": 1200, "customer_turns": 30, "flags": {"S": 1000, "A": 7},
        "agent_tone": {"civil": 1199, "guarded": 1}, "customer_tone": {"upset": 30}, "attacks": {"i": 2},
    },
    "training": {"calibration_turns": 12, "encoder_parameters": 7_860_000},
    "metrics": {
        "written, held out": {
            "model": {
                "care kappa": {"value": 0.5, "low": 0.25, "high": 0.75, "n": 9},
                "flag owns ECE": {"value": 0.0123, "low": None, "high": None, "n": 9},
                "flag owns F1": {"value": None, "low": None, "high": None, "n": 0},
            },
            "majority": {"care kappa": {"value": 0.0, "low": 0.0, "high": 0.0, "n": 9}},
        }
    },
}  # fmt: skip
DIMENSIONS = {
    "modernbert": {"num_hidden_layers": 3, "hidden_size": 48, "num_attention_heads": 2},
    "bert": {"num_hidden_layers": 3, "hidden_size": 48, "num_attention_heads": 2},
    "distilbert": {"n_layers": 3, "dim": 48, "n_heads": 2},
}


@pytest.mark.parametrize("kind", DIMENSIONS)
def test_a_card_names_the_dimensions_of_any_encoder(kind):
    config = {"phrases": 65536, "encoder": {"model_type": kind, "vocab_size": 500, **DIMENSIONS[kind]}}
    assert f"3 layers of 48, 2 heads, {kind} architecture, vocabulary 500" in card.render(config, FACTS)


def test_a_card_shows_what_was_measured_with_intervals_and_counts_and_nothing_else():
    config = {"phrases": 65536, "encoder": {"model_type": "bert", "vocab_size": 500, **DIMENSIONS["bert"]}}
    shown = card.render(config, FACTS)
    assert "### Written, held out" in shown
    assert "| figure | n | model | majority |" in shown
    assert "| care kappa | 9 | 0.50 (0.25-0.75) | 0.00 (0.00-0.00) |" in shown
    assert "| flag owns ECE | 9 | 0.012 |  |" in shown
    assert "flag owns F1" not in shown
    assert "1,200 agent turns" in shown
    assert "7.9 million parameters" in shown
    assert "S 1,000, A 7" in shown


def test_a_goal_is_reached_missed_or_left_open_by_what_was_measured():
    metrics = {
        card.REAL: {
            "model": {
                "care kappa": {"value": 0.86, "low": 0.8, "high": 0.9, "n": 400},
                "care macro-F1": {"value": 0.7, "low": 0.6, "high": 0.8, "n": 400},
                "flag explores F1": {"value": 0.4, "low": 0.0, "high": 0.9, "n": 5},
                "civil agent turns called hostile": {"value": 0.005, "low": 0.0, "high": 0.02, "n": 400},
            }
        }
    }
    rows = [line.split("|")[2:] for line in card.goals(metrics).splitlines()[5:]]
    assert [(row[0].strip(), row[-2].strip()) for row in rows] == [
        ("care kappa", "reached"), ("care macro-F1", "**missed**"), ("flag explores F1", "too few to say"),
        ("civil agent turns called hostile", "reached"),
    ]  # fmt: skip
    assert card.goals({}) == ""
